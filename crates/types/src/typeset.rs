//! Type sets of interfaces.

use crate::api::*;
use crate::names::exported;
use crate::program::Program;
use stanch_base::FxHashSet;

/// A method of a type set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SetMethod {
    pub(crate) object: ObjectId,
    pub(crate) name: Name,
    pub(crate) signature: TypeId,
}

/// The type set of an interface.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeSet {
    /// All methods, sorted by name.
    pub(crate) methods: Vec<SetMethod>,
    /// The type terms; `None` stands for all types.
    pub(crate) terms: Option<Vec<UnionTerm>>,
    /// Whether restricted to comparable types.
    pub(crate) comparable: bool,
    /// Whether a part of it was not known (yet).
    pub(crate) incomplete: bool,
}

/// Depth of embedded interfaces.
const MAX_EMBEDDING: u32 = 200;
/// Types visited when looking for incomparable parts.
const MAX_SEEN: usize = 2000;
/// Terms of a union.
const MAX_TERMS: usize = 100;

impl<'p> Program<'p> {
    /// The type set of an interface type (not of a named one).
    pub(crate) fn type_set(&self, iface: TypeId) -> std::borrow::Cow<'_, TypeSet> {
        self.type_set_at(iface, 0)
    }

    fn type_set_at(&self, iface: TypeId, depth: u32) -> std::borrow::Cow<'_, TypeSet> {
        use std::borrow::Cow;
        let cell = self.types.cell(iface);
        if let Some(set) = cell.set.get() {
            return Cow::Borrowed(set);
        }
        let TypeKind::Interface(i) = &cell.kind else {
            return Cow::Owned(TypeSet { incomplete: true, ..TypeSet::default() });
        };
        if depth > MAX_EMBEDDING {
            return Cow::Owned(TypeSet { incomplete: true, ..TypeSet::default() });
        }
        let set = crate::deep(|| self.compute_set(i, depth));
        if set.incomplete {
            return Cow::Owned(set);
        }
        Cow::Borrowed(cell.set.get_or_init(|| Box::new(set)))
    }

    fn compute_set(&self, i: &InterfaceType, depth: u32) -> TypeSet {
        let mut set =
            TypeSet { comparable: i.form == InterfaceForm::Comparable, ..TypeSet::default() };
        for m in &i.methods {
            let name = self.cell(m.object).map_or(crate::names::EMPTY, |c| c.name);
            set.methods.push(SetMethod { object: m.object, name, signature: m.signature });
        }
        for &embedded in &i.embedded {
            let under = self.underlying(embedded);
            let (terms, comparable) = match self.kind(under) {
                TypeKind::Interface(_) => {
                    let inner = self.type_set_at(under, depth + 1);
                    set.incomplete |= inner.incomplete;
                    for m in &inner.methods {
                        let same = |o: &SetMethod| self.same_method(o.object, o.name, m);
                        if !set.methods.iter().any(same) {
                            set.methods.push(*m);
                        }
                    }
                    (inner.terms.clone(), inner.comparable)
                }
                TypeKind::Union(terms) => (self.union_terms(terms, depth, &mut set), false),
                TypeKind::Unknown => {
                    set.incomplete = true;
                    continue;
                }
                _ => (Some(vec![UnionTerm { tilde: false, ty: embedded }]), false),
            };
            set.terms = self.intersect(set.terms.take(), terms);
            set.comparable |= comparable;
        }
        if set.comparable
            && let Some(terms) = &mut set.terms
        {
            terms.retain(|t| self.is_comparable(t.ty));
            set.comparable = false;
        }
        set.methods.sort_by(|a, b| {
            let texts = (self.names.text(a.name), self.names.text(b.name));
            texts.0.cmp(texts.1).then_with(|| {
                let path = |o: ObjectId| self.package_path(o.package);
                path(a.object).cmp(path(b.object))
            })
        });
        set
    }

    fn same_method(&self, object: ObjectId, name: Name, other: &SetMethod) -> bool {
        name == other.name
            && (object.package == other.object.package || exported(self.names.text(name)))
    }

    fn union_terms(
        &self,
        terms: &[UnionTerm],
        depth: u32,
        set: &mut TypeSet,
    ) -> Option<Vec<UnionTerm>> {
        let mut all: Vec<UnionTerm> = Vec::new();
        for &term in terms.iter().take(MAX_TERMS) {
            let under = self.underlying(term.ty);
            match self.kind(under) {
                TypeKind::Interface(_) => {
                    let inner = self.type_set_at(under, depth + 1);
                    set.incomplete |= inner.incomplete;
                    match &inner.terms {
                        None => return None,
                        Some(terms) => all = self.normalize(all.into_iter().chain(terms.clone())),
                    }
                }
                TypeKind::Unknown => set.incomplete = true,
                _ => all = self.normalize(all.into_iter().chain([term])),
            }
        }
        Some(all)
    }

    /// Terms without those that another one includes.
    fn normalize(&self, terms: impl Iterator<Item = UnionTerm>) -> Vec<UnionTerm> {
        let mut out: Vec<UnionTerm> = Vec::new();
        for term in terms {
            match out.iter_mut().find(|o| !self.disjoint(**o, term)) {
                Some(o) => {
                    if term.tilde && !o.tilde {
                        *o = term;
                    }
                }
                None => out.push(term),
            }
        }
        out
    }

    fn disjoint(&self, a: UnionTerm, b: UnionTerm) -> bool {
        let x = if b.tilde { self.underlying(a.ty) } else { a.ty };
        let y = if a.tilde { self.underlying(b.ty) } else { b.ty };
        !self.identical(x, y)
    }

    fn intersect(
        &self,
        a: Option<Vec<UnionTerm>>,
        b: Option<Vec<UnionTerm>>,
    ) -> Option<Vec<UnionTerm>> {
        let (Some(a), Some(b)) = (&a, &b) else { return a.or(b) };
        let mut out = Vec::new();
        for &x in a {
            for &y in b {
                if !self.disjoint(x, y) {
                    out.push(if !x.tilde || y.tilde { x } else { y });
                }
            }
        }
        Some(self.normalize(out.into_iter()))
    }

    /// Whether each term of `a` lies in one of `b`, and the other way round.
    pub(crate) fn same_terms(&self, a: Option<&[UnionTerm]>, b: Option<&[UnionTerm]>) -> bool {
        let subset = |a: &[UnionTerm], b: &[UnionTerm]| {
            a.iter().all(|&x| b.iter().any(|&y| !self.disjoint(x, y) && (!x.tilde || y.tilde)))
        };
        match (a, b) {
            (None, None) => true,
            (Some(a), Some(b)) => subset(a, b) && subset(b, a),
            _ => false,
        }
    }

    /// The terms of a type parameter's type set, `None` where it has no specific types.
    pub(crate) fn terms_of(&self, param: TypeId) -> Option<Vec<UnionTerm>> {
        let iface = self.underlying(param);
        if !matches!(self.kind(iface), TypeKind::Interface(_)) {
            return None;
        }
        self.type_set(iface).terms.clone().filter(|t| !t.is_empty())
    }

    /// The types to look at for an operation on a value of type `ty`: the type itself, or the
    /// terms of a type parameter, with their underlying types. Empty where there are none.
    pub(crate) fn type_terms(&self, ty: TypeId) -> Vec<(TypeId, TypeId)> {
        if !self.is_type_param(ty) {
            return vec![(ty, self.underlying(ty))];
        }
        let terms = self.terms_of(ty).unwrap_or_default();
        terms.iter().map(|t| (t.ty, self.underlying(t.ty))).collect()
    }

    /// The single underlying type of all types of `ty`'s type set; channels may differ in
    /// direction.
    pub(crate) fn common_underlying(&self, ty: TypeId) -> Option<TypeId> {
        if !self.is_type_param(ty) {
            return Some(self.underlying(ty));
        }
        self.common_of(self.terms_of(ty)?)
    }

    pub(crate) fn common_of(&self, terms: Vec<UnionTerm>) -> Option<TypeId> {
        let mut common: Option<TypeId> = None;
        for term in terms {
            let under = self.underlying(term.ty);
            let Some(old) = common else {
                common = Some(under);
                continue;
            };
            match (self.kind(old), self.kind(under)) {
                (TypeKind::Chan(a, x), TypeKind::Chan(b, y)) => {
                    use stanch_syntax::ast::ChanDir::Both;
                    if !self.identical(*x, *y) || (a != b && *a != Both && *b != Both) {
                        return None;
                    }
                    if *a == Both {
                        common = Some(under);
                    }
                }
                _ if self.identical(old, under) => {}
                _ => return None,
            }
        }
        common
    }

    /// Whether values of the type can be compared (strictly: without a possible panic for type
    /// parameters).
    pub(crate) fn is_comparable(&self, ty: TypeId) -> bool {
        self.comparable_in(ty, &mut FxHashSet::default())
    }

    fn comparable_in(&self, ty: TypeId, seen: &mut FxHashSet<TypeId>) -> bool {
        if !seen.insert(ty) || seen.len() > MAX_SEEN {
            return true;
        }
        let under = self.underlying(ty);
        crate::deep(|| match self.kind(under) {
            TypeKind::Basic(Basic::UntypedNil) => false,
            TypeKind::Slice(_) | TypeKind::Map(..) | TypeKind::Signature(_) => false,
            TypeKind::Array(_, t) => self.comparable_in(*t, seen),
            TypeKind::Struct(fields) => fields.iter().all(|f| self.comparable_in(f.ty, seen)),
            TypeKind::Interface(_) if self.is_type_param(ty) => {
                let set = self.type_set(under);
                match &set.terms {
                    None => set.comparable,
                    Some(terms) => terms.iter().all(|t| self.comparable_in(t.ty, seen)),
                }
            }
            _ => true,
        })
    }
}
