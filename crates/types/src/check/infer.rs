//! Type inference for generic functions (language specification, "Type inference").
//!
//! Type parameters are renamed for each inference, so that a generic function can call itself: the
//! new ones are objects of a package that does not exist, and live only as long as the inference.

use super::unify::{Mode, Unifier};
use super::*;
use crate::subst::Subst;
use stanch_base::FxHashSet;

/// The package of renamed type parameters.
const RENAMED: PackageId = PackageId::from_raw(u32::MAX - 2);
/// Rounds in which inferred types are put into each other.
const MAX_ROUNDS: usize = 64;

/// The type parameters of one inference.
#[derive(Default)]
pub(super) struct Renamer {
    /// The new parameters.
    params: Vec<TypeId>,
    objects: Vec<ObjectId>,
    /// Their constraints, in terms of the new parameters.
    bounds: Vec<TypeId>,
}

/// One function's type parameters with their new names.
pub(super) struct Names<'a> {
    from: &'a [ObjectId],
    to: Vec<TypeId>,
}

impl Names<'_> {
    pub(super) fn apply(&self, p: &Program<'_>, ty: TypeId) -> TypeId {
        Subst { program: p, from: self.from, to: &self.to }.ty(ty)
    }
}

impl Renamer {
    /// Adds a function's type parameters.
    pub(super) fn add<'a>(&mut self, p: &Program<'_>, params: &'a [ObjectId]) -> Names<'a> {
        let first = self.params.len();
        for i in 0..params.len() {
            let object = ObjectId { package: RENAMED, index: (first + i) as u32 };
            self.objects.push(object);
            self.params.push(p.types.intern(TypeKind::TypeParam(object)));
        }
        let names = Names { from: params, to: self.params[first..].to_vec() };
        for &param in params {
            self.bounds.push(names.apply(p, p.constraint(param)));
        }
        names
    }

    pub(super) fn len(&self) -> usize {
        self.params.len()
    }
}

impl Checker<'_, '_> {
    /// The type arguments for `rename`'s parameters, from those given and from the values that are
    /// assigned to `params`.
    pub(super) fn infer(
        &mut self,
        rename: &Renamer,
        given: &[Option<TypeId>],
        params: &[TypeId],
        values: &[Operand],
    ) -> Option<Vec<TypeId>> {
        let all: Option<Vec<TypeId>> = given.iter().copied().collect();
        if let Some(all) = all.filter(|a| a.len() == rename.len()) {
            return Some(all);
        }
        let p = self.p;
        let known = Known::new(rename, given);
        let params: Vec<TypeId> = params.iter().map(|&t| known.apply(p, t)).collect();
        let mut u = Unifier::new(p, &rename.objects, given);
        let mut untyped = Vec::new();
        for (&param, x) in params.iter().zip(values) {
            if !x.ok() || x.ty == UNKNOWN {
                continue;
            }
            if !self.parameterized(rename, param) && !self.parameterized(rename, x.ty) {
                continue;
            }
            if !self.is_untyped(x.ty) {
                if !u.unify(param, x.ty, Mode::ASSIGN) {
                    return None;
                }
            } else if let TypeKind::TypeParam(object) = self.kind(param)
                && !self.is_nil(x)
                && let Some(i) = rename.objects.iter().position(|o| o == object)
            {
                untyped.push((i, x.ty));
            }
        }
        self.constraints(rename, &mut u)?;
        self.untyped_arguments(&mut u, &untyped)?;
        self.simplify(rename, given, u.inferred())
    }

    /// Uses the core types and methods of constraints until nothing new is learnt.
    fn constraints(&self, rename: &Renamer, u: &mut Unifier<'_, '_>) -> Option<()> {
        loop {
            let before = u.n_unknown();
            for (i, &bound) in rename.bounds.iter().enumerate() {
                let known = u.at(i);
                let iface = self.p.interface_of(bound);
                let (core, single) = self.core_term(iface);
                match (core, known) {
                    (Some(core), Some(known)) if !u.unify(known, core.ty, Mode::INEXACT) => {
                        return None;
                    }
                    (Some(core), None) if single && !core.tilde => u.set(i, core.ty),
                    _ => {}
                }
                if let Some(known) = known
                    && !self.parameterized(rename, known)
                    && matches!(self.kind(iface), TypeKind::Interface(_))
                {
                    let set = self.p.type_set(iface);
                    let mut same = |x, y| u.unify(x, y, Mode::EXACT);
                    if !self.p.has_methods(known, &set.methods, &mut same) {
                        return None;
                    }
                }
            }
            if u.n_unknown() == before {
                return Some(());
            }
        }
    }

    /// The core type of a constraint interface, and whether it is its only term.
    fn core_term(&self, iface: TypeId) -> (Option<UnionTerm>, bool) {
        if !matches!(self.kind(iface), TypeKind::Interface(_)) {
            return (None, false);
        }
        let Some(terms) = self.p.type_set(iface).terms.clone().filter(|t| !t.is_empty()) else {
            return (None, false);
        };
        if let [term] = terms[..] {
            return (Some(term), true);
        }
        let tilde = terms.iter().any(|t| t.tilde);
        (self.p.common_of(terms).map(|ty| UnionTerm { tilde, ty }), false)
    }

    /// Parameters that only untyped constants speak of take the largest default type.
    fn untyped_arguments(
        &self,
        u: &mut Unifier<'_, '_>,
        untyped: &[(usize, TypeId)],
    ) -> Option<()> {
        let mut largest: Vec<(usize, TypeId)> = Vec::new();
        for &(i, ty) in untyped {
            if u.at(i).is_some() {
                continue;
            }
            match largest.iter_mut().find(|l| l.0 == i) {
                Some(l) => l.1 = self.max_type(l.1, ty)?,
                None => largest.push((i, ty)),
            }
        }
        for (i, ty) in largest {
            u.set(i, self.default_type(ty));
        }
        Some(())
    }

    /// Puts inferred types into each other until no parameter is left in them.
    fn simplify(
        &self,
        rename: &Renamer,
        given: &[Option<TypeId>],
        mut inferred: Vec<Option<TypeId>>,
    ) -> Option<Vec<TypeId>> {
        self.kill_cycles(rename, &mut inferred);
        let mut dirty: Vec<usize> = (0..inferred.len())
            .filter(|&i| inferred[i].is_some() && given.get(i).is_none_or(Option::is_none))
            .collect();
        for _ in 0..MAX_ROUNDS {
            let known = Known::new(rename, &inferred);
            dirty.retain(|&i| {
                let old = inferred[i].unwrap_or(UNKNOWN);
                let new = known.apply(self.p, old);
                inferred[i] = Some(new);
                new != old
            });
            if dirty.is_empty() {
                break;
            }
        }
        let done: Option<Vec<TypeId>> = inferred.into_iter().collect();
        done.filter(|all| all.iter().all(|&t| !self.parameterized(rename, t)))
    }

    /// Forgets inferred types that contain themselves.
    fn kill_cycles(&self, rename: &Renamer, inferred: &mut [Option<TypeId>]) {
        for i in 0..inferred.len() {
            let mut reached = FxHashSet::default();
            let mut work = vec![i];
            let mut first = true;
            while let Some(at) = work.pop() {
                if at == i && !std::mem::take(&mut first) {
                    inferred[i] = None;
                    break;
                }
                let Some(ty) = inferred[at].filter(|_| at == i || reached.insert(at)) else {
                    continue;
                };
                self.mentions(rename, ty, &mut |j| work.push(j));
            }
        }
    }

    /// Whether one of the parameters occurs in the type.
    fn parameterized(&self, rename: &Renamer, ty: TypeId) -> bool {
        let mut found = false;
        self.mentions(rename, ty, &mut |_| found = true);
        found
    }

    /// Calls `f` for each of the parameters in the type.
    fn mentions(&self, rename: &Renamer, ty: TypeId, f: &mut dyn FnMut(usize)) {
        let mut seen = FxHashSet::default();
        let mut work = vec![ty];
        while let Some(ty) = work.pop() {
            let cell = self.p.types.cell(ty);
            if !cell.parameterized || !seen.insert(ty) {
                continue;
            }
            if let TypeKind::TypeParam(object) = &cell.kind {
                if let Some(i) = rename.objects.iter().position(|o| o == object) {
                    f(i);
                }
                continue;
            }
            crate::store::for_each_child(&cell.kind, &mut |child| work.push(child));
        }
    }
}

/// Parameters with their types so far.
struct Known {
    from: Vec<ObjectId>,
    to: Vec<TypeId>,
}

impl Known {
    fn new(rename: &Renamer, types: &[Option<TypeId>]) -> Self {
        let pairs = rename.objects.iter().zip(types);
        let (from, to) = pairs.filter_map(|(&o, t)| Some((o, (*t)?))).unzip();
        Self { from, to }
    }

    fn apply(&self, p: &Program<'_>, ty: TypeId) -> TypeId {
        Subst { program: p, from: &self.from, to: &self.to }.ty(ty)
    }
}
