//! Type inference for generic functions (language specification, "Type inference").

use super::unify::Unifier;
use super::*;
use crate::subst::Subst;

/// Rounds of propagation through constraints.
const ROUNDS: usize = 8;

impl Checker<'_, '_> {
    /// The type arguments of a generic function: the first ones as `given`, the others from the
    /// arguments (parameter type, argument) and, for a function value, from the type it is assigned
    /// to.
    pub(super) fn infer(
        &mut self,
        signature: &SignatureType,
        given: &[TypeId],
        args: &[(TypeId, Operand)],
        target: Option<(TypeId, TypeId)>,
    ) -> Option<Vec<TypeId>> {
        let params = &signature.type_params;
        let mut unifier = Unifier::new(self.p, params);
        for (i, &ty) in given.iter().enumerate().take(params.len()) {
            unifier.set(i, ty);
        }
        if unifier.complete() {
            return unifier.finish();
        }
        for (param, x) in args {
            if x.ok() && !self.is_untyped(x.ty) && x.ty != UNKNOWN {
                let ty = match self.generic(x.ty) {
                    // A generic function as an argument: its own parameters are not known here.
                    Some(_) => continue,
                    None => x.ty,
                };
                unifier.unify(*param, ty, true);
            }
        }
        if let Some((own, target)) = target {
            unifier.unify(own, target, true);
        }
        self.core_types(&mut unifier, params);
        self.untyped_arguments(&mut unifier, args);
        self.core_types(&mut unifier, params);
        unifier.finish()
    }

    /// Constraints with a core type give, or are given, the arguments.
    fn core_types(&self, unifier: &mut Unifier<'_, '_>, params: &[ObjectId]) {
        for _ in 0..ROUNDS {
            let before = unifier.n_known();
            for (i, &param) in params.iter().enumerate() {
                let constraint = self.p.constraint(param);
                let under = self.under(constraint);
                let core = match self.kind(under) {
                    TypeKind::Interface(_) => {
                        let set = self.p.type_set(under);
                        let terms = set.terms.clone();
                        let methods = set.methods.clone();
                        if let Some(known) = unifier.get(i) {
                            self.methods_of_known(unifier, known, &methods);
                        }
                        terms.and_then(|terms| {
                            let tilde = terms.iter().any(|t| t.tilde);
                            let single = (terms.len() == 1).then(|| terms[0].ty);
                            let core = self.p.common_of(terms)?;
                            Some((single.unwrap_or(core), core, tilde))
                        })
                    }
                    TypeKind::Unknown => None,
                    _ => Some((constraint, under, false)),
                };
                let Some((single, core, tilde)) = core else { continue };
                match unifier.get(i) {
                    Some(known) => {
                        let known_under = self.under(known);
                        unifier.unify(core, if tilde { known_under } else { known }, true);
                    }
                    None if !tilde => unifier.set(i, single),
                    None => unifier.set(i, core),
                }
                if unifier.get(i) == Some(single) || unifier.get(i) == Some(core) {
                    unifier.from_core(i);
                }
            }
            if unifier.n_known() == before {
                break;
            }
        }
        // Arguments that came from constraints mention other parameters.
        for _ in 0..ROUNDS {
            let known: Vec<Option<TypeId>> = (0..params.len()).map(|i| unifier.get(i)).collect();
            let mut changed = false;
            for (i, ty) in known.iter().enumerate() {
                let Some(ty) = ty.filter(|_| unifier.is_from_core(i)) else { continue };
                let (from, to): (Vec<ObjectId>, Vec<TypeId>) = params
                    .iter()
                    .zip(&known)
                    .enumerate()
                    .filter(|(j, _)| *j != i)
                    .filter_map(|(_, (&p, k))| Some((p, (*k)?)))
                    .unzip();
                let new = Subst { program: self.p, from: &from, to: &to }.ty(ty);
                if new != ty {
                    unifier.set(i, new);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// Methods that a constraint asks for tell of other parameters by their signatures.
    fn methods_of_known(
        &self,
        unifier: &mut Unifier<'_, '_>,
        known: TypeId,
        methods: &[crate::typeset::SetMethod],
    ) {
        for m in methods {
            if let crate::lookup::Search::Hit(hit) = self.p.find(known, self.pkg, m.name) {
                unifier.unify(m.signature, hit.ty, false);
            }
        }
    }

    /// Parameters that only untyped constants speak of take the largest default type.
    fn untyped_arguments(&self, unifier: &mut Unifier<'_, '_>, args: &[(TypeId, Operand)]) {
        let mut wanted: Vec<(usize, TypeId)> = Vec::new();
        for (param, x) in args {
            if !x.ok() || !self.is_untyped(x.ty) || self.is_nil(x) {
                continue;
            }
            let Some(i) = unifier.param(*param).filter(|&i| unifier.get(i).is_none()) else {
                continue;
            };
            match wanted.iter_mut().find(|w| w.0 == i) {
                Some(w) => w.1 = self.max_type(w.1, x.ty).unwrap_or(w.1),
                None => wanted.push((i, x.ty)),
            }
        }
        for (i, ty) in wanted {
            unifier.set(i, self.default_type(ty));
        }
    }
}
