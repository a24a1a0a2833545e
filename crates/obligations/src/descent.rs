//! Which contexts a context ends with: what it was made from, as far as that is known.
//!
//! A context that a callee makes from what it was given ends when that does, and the object that a function
//! returns beside a cancel function holds the context which that ends.

use crate::calls::Invocation;
use crate::escape::Env;
use crate::exec::Run;
use crate::state::State;
use crate::summary::{Outcome, Path, path_of};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_ir::{LocalId, Span};
use stanch_types::TypeId;

/// More steps back are not taken.
const MAX_STEPS: usize = 12;

impl Run<'_, '_> {
    /// What a context was made from, itself included.
    pub(crate) fn ancestors(&self, context: TermId) -> Vec<TermId> {
        let mut found: Vec<TermId> = Vec::new();
        let mut work = vec![context];
        while let Some(value) = work.pop() {
            let value = self.arena.unboxed(value);
            if found.contains(&value) || found.len() >= MAX_STEPS {
                continue;
            }
            found.push(value);
            work.extend(self.made_from.get(&value).into_iter().flatten());
            if let Term::Load(place, _) = *self.arena.get(value)
                && let Root::Ptr(object) = self.arena.data(place).root
            {
                work.extend(self.made_from.get(&object).into_iter().flatten());
            }
        }
        found
    }

    /// Where a context was made among these whose cancel function is taken care of, or else among those whose is not.
    pub(crate) fn made_here(&self, state: &State, ancestors: &[TermId]) -> Option<Span> {
        let sites = ancestors.iter().filter_map(|&term| match *self.arena.get(term) {
            Term::Context(site) => Some(site),
            _ => None,
        });
        sites.min_by_key(|site| state.owed.contains_key(site))
    }

    /// The inputs among what a context was made from.
    pub(crate) fn inputs_among(&self, ancestors: &[TermId]) -> Vec<Path> {
        let inputs = ancestors.iter().filter_map(|&term| match *self.arena.get(term) {
            Term::Load(place, None) => path_of(&self.arena, self.func, &[], place),
            _ => None,
        });
        inputs.collect()
    }

    /// What the contexts that a callee has made end with, in terms of the caller.
    pub(crate) fn parents_of(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        outcome: &Outcome,
    ) -> Vec<TermId> {
        let mut found = Vec::new();
        for path in outcome.fresh.iter().flat_map(|fresh| &fresh.of) {
            if let Some(value) = self.find_value(state, env, path) {
                found.extend(self.ancestors(value));
            }
        }
        found
    }

    /// What a call returns may be made from the contexts that it got.
    pub(crate) fn note_descent(&mut self, call: &Invocation<'_>, dst: LocalId, value: TermId) {
        if !matches!(
            self.arena.get(value),
            Term::Fresh(_) | Term::NonNil(_) | Term::New(_) | Term::Pure(..)
        ) || self.func.locals.get(dst).is_none_or(|local| self.package.holds_nothing(local.ty))
        {
            return;
        }
        let contexts: Vec<TermId> =
            call.args.iter().copied().filter(|&arg| self.is_context(arg)).collect();
        if !contexts.is_empty() {
            self.made_from.insert(value, contexts);
        }
    }

    /// The object that is returned beside a cancel function holds the context that it ends.
    pub(crate) fn note_beside(&mut self, value: TermId, site: Span) {
        if matches!(self.arena.get(value), Term::Fresh(_) | Term::NonNil(_) | Term::New(_)) {
            let context = self.arena.term(Term::Context(site));
            self.made_from.insert(value, vec![context]);
        }
    }

    fn is_context(&self, value: TermId) -> bool {
        let value = self.arena.unboxed(value);
        match *self.arena.get(value) {
            Term::Context(_) => true,
            Term::Load(place, _) => {
                let program = self.package.program;
                let named = self.type_of(place).and_then(|ty| program.named_object(ty));
                named.is_some_and(|object| {
                    &*program.object(object).name == "Context"
                        && program.package_path(object.package) == "context"
                })
            }
            _ => self.made_from.contains_key(&value),
        }
    }

    /// The declared type of a place.
    pub(crate) fn type_of(&self, place: PlaceId) -> Option<TypeId> {
        let program = self.package.program;
        let data = self.arena.data(place);
        match (data.parts.last(), data.root) {
            (Some(Part::Field(field)), _) => Some(program.object(*field).ty),
            (None, Root::Local(local)) => self.func.locals.get(local).map(|l| l.ty),
            (None, Root::Global(object)) => Some(program.object(object).ty),
            _ => None,
        }
    }
}
