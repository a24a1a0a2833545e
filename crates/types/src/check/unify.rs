//! Unification of types with parameters (language specification, "Type unification").

use crate::api::*;
use crate::program::Program;
use crate::store::UNKNOWN;
use stanch_syntax::ast::ChanDir;

/// Depth of types that are compared.
const MAX_DEPTH: u32 = 100;

/// Finds types for the parameters of one generic function.
pub(super) struct Unifier<'a, 'p> {
    program: &'a Program<'p>,
    params: &'a [ObjectId],
    known: Vec<Option<TypeId>>,
    from_core: Vec<bool>,
}

impl<'a, 'p> Unifier<'a, 'p> {
    pub(super) fn new(program: &'a Program<'p>, params: &'a [ObjectId]) -> Self {
        let n = params.len();
        Self { program, params, known: vec![None; n], from_core: vec![false; n] }
    }

    pub(super) fn get(&self, i: usize) -> Option<TypeId> {
        self.known.get(i).copied().flatten()
    }

    pub(super) fn set(&mut self, i: usize, ty: TypeId) {
        if let Some(slot) = self.known.get_mut(i) {
            *slot = Some(ty);
        }
    }

    pub(super) fn from_core(&mut self, i: usize) {
        if let Some(slot) = self.from_core.get_mut(i) {
            *slot = true;
        }
    }

    pub(super) fn is_from_core(&self, i: usize) -> bool {
        self.from_core.get(i).copied().unwrap_or(false)
    }

    pub(super) fn n_known(&self) -> usize {
        self.known.iter().flatten().count()
    }

    pub(super) fn complete(&self) -> bool {
        self.n_known() == self.known.len()
    }

    pub(super) fn finish(self) -> Option<Vec<TypeId>> {
        self.known.into_iter().collect()
    }

    /// The number of the parameter that a type is.
    pub(super) fn param(&self, ty: TypeId) -> Option<usize> {
        match self.program.kind(self.program.unalias(ty)) {
            TypeKind::TypeParam(object) => self.params.iter().position(|p| p == object),
            _ => None,
        }
    }

    /// Makes `x` (with parameters) and `y` alike; inexactly if `assign`.
    pub(super) fn unify(&mut self, x: TypeId, y: TypeId, assign: bool) -> bool {
        self.at(x, y, assign, 0)
    }

    fn at(&mut self, x: TypeId, y: TypeId, assign: bool, depth: u32) -> bool {
        if x == y && self.param(x).is_none() {
            return true;
        }
        if depth > MAX_DEPTH || x == UNKNOWN || y == UNKNOWN {
            return depth <= MAX_DEPTH;
        }
        let p = self.program;
        let (x, y) = (p.unalias(x), p.unalias(y));
        if let Some(i) = self.param(x) {
            return self.bind(i, y, assign, depth);
        }
        // A parameter may come back within what is known of another one.
        if let Some(i) = self.param(y).filter(|&i| self.get(i).is_none()) {
            self.set(i, x);
            return true;
        }
        match (p.kind(x), p.kind(y)) {
            (TypeKind::Named { object: a, args: s }, TypeKind::Named { object: b, args: t }) => {
                if a == b {
                    return self.lists(s, t, depth);
                }
                if assign && p.is_interface(x) && !p.is_interface(y) {
                    return self.interface(x, y, depth);
                }
                false
            }
            (TypeKind::Named { .. }, _) if assign => {
                let under = p.underlying(x);
                self.structure(under, y, depth)
            }
            (_, TypeKind::Named { .. }) if assign => {
                if p.is_interface(x) {
                    return self.interface(x, y, depth);
                }
                let under = p.underlying(y);
                self.structure(x, under, depth)
            }
            _ => {
                let loose = assign && matches!(p.kind(x), TypeKind::Chan(..));
                self.structure_at(x, y, loose, depth)
            }
        }
    }

    fn bind(&mut self, i: usize, y: TypeId, assign: bool, depth: u32) -> bool {
        let Some(old) = self.get(i) else {
            self.set(i, y);
            return true;
        };
        let p = self.program;
        if p.identical(old, y) {
            return true;
        }
        if !assign {
            return self.at(old, y, false, depth + 1);
        }
        // Of a defined type and its literal the defined one is kept; of channels the one that has a
        // direction.
        let alike = p.identical(p.underlying(old), p.underlying(y));
        let named = |ty| matches!(p.kind(ty), TypeKind::Named { .. });
        match (p.kind(p.underlying(old)), p.kind(p.underlying(y))) {
            (TypeKind::Chan(ChanDir::Both, a), TypeKind::Chan(dir, b))
                if *dir != ChanDir::Both && p.identical(*a, *b) =>
            {
                self.set(i, y);
                true
            }
            _ if alike && named(y) && !named(old) => {
                self.set(i, y);
                true
            }
            _ => alike,
        }
    }

    /// An interface parameter and a type that implements it: their methods' signatures are alike.
    fn interface(&mut self, x: TypeId, y: TypeId, depth: u32) -> bool {
        let under = self.program.underlying(x);
        let methods = self.program.type_set(under).methods.clone();
        for m in methods {
            let found = self.program.find(y, m.object.package, m.name);
            if let crate::lookup::Search::Hit(hit) = found {
                self.at(m.signature, hit.ty, false, depth + 1);
            }
        }
        true
    }

    fn lists(&mut self, a: &[TypeId], b: &[TypeId], depth: u32) -> bool {
        a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.at(a, b, false, depth + 1))
    }

    fn structure(&mut self, x: TypeId, y: TypeId, depth: u32) -> bool {
        self.structure_at(x, y, true, depth + 1)
    }

    fn structure_at(&mut self, x: TypeId, y: TypeId, loose: bool, depth: u32) -> bool {
        let p = self.program;
        match (p.kind(x), p.kind(y)) {
            (TypeKind::Pointer(a), TypeKind::Pointer(b))
            | (TypeKind::Slice(a), TypeKind::Slice(b)) => self.at(*a, *b, false, depth + 1),
            (TypeKind::Array(n, a), TypeKind::Array(m, b)) => {
                n == m && self.at(*a, *b, false, depth + 1)
            }
            (TypeKind::Map(k, v), TypeKind::Map(l, w)) => {
                self.at(*k, *l, false, depth + 1) && self.at(*v, *w, false, depth + 1)
            }
            (TypeKind::Chan(c, a), TypeKind::Chan(d, b)) => {
                (loose || c == d) && self.at(*a, *b, false, depth + 1)
            }
            (TypeKind::Signature(s), TypeKind::Signature(t)) => {
                s.variadic == t.variadic
                    && self.lists(&s.params, &t.params, depth)
                    && self.lists(&s.results, &t.results, depth)
            }
            (TypeKind::Struct(s), TypeKind::Struct(t)) => {
                s.len() == t.len()
                    && s.iter()
                        .zip(t.iter())
                        .all(|(a, b)| a.name == b.name && self.at(a.ty, b.ty, false, depth + 1))
            }
            (TypeKind::Tuple(a), TypeKind::Tuple(b)) => self.lists(a, b, depth),
            (TypeKind::Interface(s), TypeKind::Interface(t)) => {
                s.methods.len() == t.methods.len()
                    && s.methods.iter().zip(t.methods.iter()).all(|(a, b)| {
                        a.name == b.name && self.at(a.signature, b.signature, false, depth + 1)
                    })
            }
            (TypeKind::Interface(_), _) => self.interface(x, y, depth),
            _ => p.identical(x, y),
        }
    }
}
