//! Unification of types with parameters (language specification, "Type unification").

use crate::api::*;
use crate::lookup::Search;
use crate::names::exported;
use crate::program::Program;
use crate::typeset::{SetMethod, TypeSet};
use stanch_syntax::ast::ChanDir;

/// Depth of types that are compared.
const MAX_DEPTH: u32 = 50;
/// Comparisons of one unification.
const MAX_STEPS: u32 = 100_000;

/// How alike types must be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Mode {
    assign: bool,
    exact: bool,
}

impl Mode {
    pub(super) const INEXACT: Self = Self { assign: false, exact: false };
    pub(super) const ASSIGN: Self = Self { assign: true, exact: false };
    pub(super) const EXACT: Self = Self { assign: false, exact: true };

    /// For the elements of types.
    fn element(self) -> Self {
        Self { assign: self.assign, exact: self.exact || self.assign }
    }
}

/// Finds types for type parameters.
pub(super) struct Unifier<'a, 'p> {
    p: &'a Program<'p>,
    params: &'a [ObjectId],
    /// The slot of each parameter; parameters that must be the same share one.
    handles: Vec<usize>,
    slots: Vec<Option<TypeId>>,
    depth: u32,
    steps: u32,
    /// Interfaces whose comparison is under way.
    pairs: Vec<(TypeId, TypeId)>,
}

impl<'a, 'p> Unifier<'a, 'p> {
    pub(super) fn new(
        p: &'a Program<'p>,
        params: &'a [ObjectId],
        given: &[Option<TypeId>],
    ) -> Self {
        let mut slots = given.to_vec();
        slots.resize(params.len(), None);
        let handles = (0..params.len()).collect();
        Self { p, params, handles, slots, depth: 0, steps: 0, pairs: Vec::new() }
    }

    pub(super) fn at(&self, param: usize) -> Option<TypeId> {
        self.slots[self.handles[param]]
    }

    pub(super) fn set(&mut self, param: usize, ty: TypeId) {
        let slot = self.handles[param];
        self.slots[slot] = Some(ty);
    }

    pub(super) fn n_unknown(&self) -> usize {
        (0..self.params.len()).filter(|&i| self.at(i).is_none()).count()
    }

    pub(super) fn inferred(&self) -> Vec<Option<TypeId>> {
        (0..self.params.len()).map(|i| self.at(i)).collect()
    }

    pub(super) fn unify(&mut self, x: TypeId, y: TypeId, mode: Mode) -> bool {
        self.steps += 1;
        if self.depth >= MAX_DEPTH || self.steps > MAX_STEPS {
            return false;
        }
        self.depth += 1;
        let n_pairs = self.pairs.len();
        let result = self.nify(x, y, mode);
        self.pairs.truncate(n_pairs);
        self.depth -= 1;
        result
    }

    fn param(&self, ty: TypeId) -> Option<usize> {
        match self.p.kind(self.p.unalias(ty)) {
            TypeKind::TypeParam(object) => self.params.iter().position(|p| p == object),
            _ => None,
        }
    }

    fn is_named(&self, ty: TypeId) -> bool {
        matches!(self.p.kind(self.p.unalias(ty)), TypeKind::Named { .. })
    }

    fn join(&mut self, x: usize, y: usize) -> bool {
        let (hx, hy) = (self.handles[x], self.handles[y]);
        let (from, to) = match (self.slots[hx], self.slots[hy]) {
            _ if hx == hy => return true,
            (Some(_), Some(_)) => return false,
            (Some(_), None) => (hy, hx),
            (None, _) => (hx, hy),
        };
        self.handles.iter_mut().filter(|h| **h == from).for_each(|h| *h = to);
        true
    }

    fn nify(&mut self, mut x: TypeId, mut y: TypeId, mode: Mode) -> bool {
        let p = self.p;
        if x == y || p.unalias(x) == p.unalias(y) {
            return true;
        }
        if self.is_named(x) || self.param(y).is_some() {
            std::mem::swap(&mut x, &mut y);
        }
        let literal = !self.is_named(x) && !p.is_type_param(x);
        if !mode.exact && self.is_named(y) && literal && !p.is_interface(x) {
            y = p.underlying(y);
            if x == y || p.unalias(x) == y {
                return true;
            }
        }
        match (self.param(x), self.param(y)) {
            (Some(i), Some(j)) => {
                if self.join(i, j) {
                    return true;
                }
                match (self.at(i), self.at(j)) {
                    (Some(a), Some(b)) => return self.unify(a, b, mode),
                    _ => return false,
                }
            }
            (Some(i), None) => return self.bound(i, y, mode),
            _ => {}
        }
        if !mode.exact {
            match (p.is_interface(x), p.is_interface(y)) {
                (true, true) => return self.interfaces(x, y),
                (true, false) => return self.implements(y, x),
                (false, true) => return self.implements(x, y),
                (false, false) => {}
            }
        }
        if p.is_type_param(y) {
            std::mem::swap(&mut x, &mut y);
        }
        self.structure(x, y, mode)
    }

    /// Unifies a parameter with a type.
    fn bound(&mut self, param: usize, y: TypeId, mode: Mode) -> bool {
        let p = self.p;
        let Some(x) = self.at(param) else {
            self.set(param, y);
            return true;
        };
        if !self.unify(x, y, mode) {
            return false;
        }
        let (x_named, y_named) = (self.is_named(x), self.is_named(y));
        match (p.is_interface(x), p.is_interface(y)) {
            (true, true) => {
                if x_named && y_named {
                    return p.identical(x, y);
                }
                let count = |ty| p.type_set(p.underlying(ty)).methods.len();
                if count(x) != count(y) {
                    return false;
                }
            }
            (false, false) => {}
            _ => return false,
        }
        if !mode.exact && !x_named {
            // Keep the defined type, or the directed channel.
            let directed =
                matches!(p.kind(p.underlying(y)), TypeKind::Chan(ChanDir::Send | ChanDir::Recv, _));
            if y_named || directed {
                self.set(param, y);
            }
        }
        true
    }

    fn same_pair(&mut self, x: TypeId, y: TypeId) -> bool {
        if self.pairs.contains(&(x, y)) || self.pairs.contains(&(y, x)) {
            return true;
        }
        self.pairs.push((x, y));
        false
    }

    fn same_sets(&self, x: &TypeSet, y: &TypeSet) -> bool {
        x.comparable == y.comparable && self.p.same_terms(x.terms.as_deref(), y.terms.as_deref())
    }

    /// Inexact unification of interfaces: one has the other's methods.
    fn interfaces(&mut self, x: TypeId, y: TypeId) -> bool {
        let p = self.p;
        let (ux, uy) = (p.underlying(x), p.underlying(y));
        let (xs, ys) = (p.type_set(ux), p.type_set(uy));
        if !self.same_sets(&xs, &ys) {
            return false;
        }
        if self.same_pair(ux, uy) {
            return true;
        }
        let (few, many) = match xs.methods.len() > ys.methods.len() {
            true => (&ys.methods, &xs.methods),
            false => (&xs.methods, &ys.methods),
        };
        few.iter().all(|m| {
            let other = many.iter().find(|o| self.same_name(m, o));
            other.is_some_and(|o| self.unify(m.signature, o.signature, Mode::EXACT))
        })
    }

    fn same_name(&self, a: &SetMethod, b: &SetMethod) -> bool {
        a.name == b.name
            && (a.object.package == b.object.package || exported(self.p.names.text(a.name)))
    }

    /// Inexact unification of an interface with another type: the type has the methods.
    fn implements(&mut self, ty: TypeId, iface: TypeId) -> bool {
        let p = self.p;
        let set = p.type_set(p.underlying(iface));
        set.methods.iter().all(|m| match p.find(ty, m.object.package, m.name) {
            Search::Hit(h) => h.method && self.unify(m.signature, h.ty, Mode::EXACT),
            _ => false,
        })
    }

    fn lists(&mut self, a: &[TypeId], b: &[TypeId], mode: Mode) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.unify(a, b, mode))
    }

    fn structure(&mut self, x: TypeId, y: TypeId, mode: Mode) -> bool {
        let p = self.p;
        let element = mode.element();
        let (x, y) = (p.unalias(x), p.unalias(y));
        match (p.kind(x), p.kind(y)) {
            (TypeKind::Basic(a), TypeKind::Basic(b)) => a == b,
            (TypeKind::Array(n, a), TypeKind::Array(m, b)) => {
                (n.is_none() || m.is_none() || n == m) && self.unify(*a, *b, element)
            }
            (TypeKind::Slice(a), TypeKind::Slice(b))
            | (TypeKind::Pointer(a), TypeKind::Pointer(b)) => self.unify(*a, *b, element),
            (TypeKind::Struct(s), TypeKind::Struct(t)) => {
                s.len() == t.len()
                    && s.iter().zip(t).all(|(a, b)| {
                        a.embedded == b.embedded
                            && a.tag == b.tag
                            && a.name == b.name
                            && (a.object.package == b.object.package || exported(&a.name))
                            && self.unify(a.ty, b.ty, element)
                    })
            }
            (TypeKind::Tuple(a), TypeKind::Tuple(b)) => self.lists(a, b, mode),
            (TypeKind::Signature(s), TypeKind::Signature(t)) => {
                s.variadic == t.variadic
                    && self.lists(&s.params, &t.params, element)
                    && self.lists(&s.results, &t.results, element)
            }
            (TypeKind::Interface(_), TypeKind::Interface(_)) => {
                let (xs, ys) = (p.type_set(x), p.type_set(y));
                if !self.same_sets(&xs, &ys) || xs.methods.len() != ys.methods.len() {
                    return false;
                }
                if self.same_pair(x, y) {
                    return true;
                }
                xs.methods.iter().zip(&ys.methods).all(|(a, b)| {
                    self.same_name(a, b) && self.unify(a.signature, b.signature, Mode::EXACT)
                })
            }
            (TypeKind::Map(k, v), TypeKind::Map(l, w)) => {
                self.unify(*k, *l, element) && self.unify(*v, *w, element)
            }
            (TypeKind::Chan(c, a), TypeKind::Chan(d, b)) => {
                (!mode.exact || c == d) && self.unify(*a, *b, element)
            }
            (TypeKind::Named { object: a, args: s }, TypeKind::Named { object: b, args: t }) => {
                self.lists(s, t, mode) && a == b
            }
            (TypeKind::TypeParam(_), _) => match p.common_underlying(x) {
                Some(core) => self.unify(core, y, Mode::ASSIGN),
                None => false,
            },
            (TypeKind::Unknown, _) | (_, TypeKind::Unknown) => true,
            _ => false,
        }
    }
}
