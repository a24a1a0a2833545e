//! What a function leaves in a field of an object that it was given: whoever holds the only reference to
//! the object owes it then.

use crate::calls::Invocation;
use crate::escape::Env;
use crate::exec::Run;
use crate::flow::Exit;
use crate::site::Site;
use crate::state::State;
use crate::summary::{Base, Fill, Outcome, Path, PathStep, path_of};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_effects::Kind;
use stanch_ir::Span;

impl<'a> Run<'a, '_> {
    /// A place that others know gets `value`, which was owed until then if it is `owed`.
    pub(crate) fn fill(&mut self, state: &mut State, place: PlaceId, value: TermId, owed: bool) {
        state.filled.remove(&place);
        let Term::Owed(site) = *self.arena.get(self.arena.unboxed(value)) else { return };
        let known = self.sites.get(&site);
        if owed && known.is_some_and(|s| s.kind != Some(Kind::Worker) && s.gathered.is_none()) {
            state.filled.insert(place, site);
        }
    }

    /// What the object that has a place holds already: what is made around that and stored in the object
    /// too stays with it.
    pub(crate) fn filled_beside(&self, state: &State, place: PlaceId) -> Vec<(PlaceId, Span)> {
        let root = self.arena.data(place).root;
        let beside = state.filled.iter().filter(|&(&p, _)| self.arena.data(p).root == root);
        beside.map(|(&p, &site)| (p, site)).collect()
    }

    /// Whether what a value stands for is owed.
    pub(crate) fn is_owed(&self, state: &State, value: TermId) -> bool {
        match *self.arena.get(self.arena.unboxed(value)) {
            Term::Owed(site) => state.owed.get(&site).is_some_and(|owed| !owed.guarded),
            _ => false,
        }
    }

    /// What an exit leaves in fields of its inputs.
    pub(crate) fn fills(&self, exit: &Exit) -> Vec<Fill> {
        let mut fills: Vec<Fill> = Vec::new();
        for (&place, &site) in &exit.state.filled {
            let holds = exit.state.mem.get(&place).map(|&t| self.arena.unboxed(t));
            if holds.map(|t| self.arena.get(t)) != Some(&Term::Owed(site)) {
                continue;
            }
            let path = path_of(&self.arena, self.func, &[], place).filter(is_of_object);
            let (Some(path), Some(known)) = (path, self.sites.get(&site)) else { continue };
            fills.push(Fill { path, kind: known.kind, deadline: known.deadline, ty: known.ty });
        }
        fills
    }

    /// Fields of objects of this function's own hold something afterwards.
    pub(crate) fn apply_fills(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        outcome: &Outcome,
        call: &Invocation<'a>,
    ) {
        let [fill, ..] = &*outcome.fills else { return };
        // One place stands for one thing.
        let started = !outcome.starts.is_empty() && state.owed.contains_key(&call.span);
        if !outcome.fresh.is_empty() || started || self.learning || call.deferred {
            return;
        }
        let Some(place) = self.find_place(state, env, &fill.path) else { return };
        let private = match self.arena.data(place).root {
            Root::Local(local) => {
                !state.leaky.contains(&local)
                    && !self.func.captures.iter().any(|c| c.inner == local)
            }
            Root::Ptr(object) => match *self.arena.get(object) {
                Term::New(_) => !state.escaped.contains(&object),
                Term::Load(from, None) => {
                    let named = path_of(&self.arena, self.func, &[], from).is_some();
                    if !named || fill.kind.is_none() {
                        return;
                    }
                    false
                }
                _ => return,
            },
            Root::Global(_) => return,
        };
        let (kind, deadline) = (fill.kind, fill.deadline);
        let helper = Some(env.callee);
        let site = Site { kind, deadline, helper, ty: fill.ty, ..Site::default() };
        self.own(state, call.span, site, true);
        let value = self.arena.term(Term::Owed(call.span));
        if let Some(Part::Field(field)) = self.arena.data(place).parts.last()
            && let Some(site) = self.sites.get_mut(&call.span)
            && !site.fields.contains(field)
        {
            site.fields.push(*field);
        }
        if !private {
            self.storing = true;
            self.escape(state, value);
            self.storing = false;
        }
        state.store(&self.arena, place, value);
        if let (true, Root::Ptr(object)) = (private, self.arena.data(place).root) {
            self.carriers.insert(object, call.span);
        }
        self.fill(state, place, value, !private);
    }
}

/// Whether a path names a field of the object that a parameter points to.
fn is_of_object(path: &Path) -> bool {
    let field = |step: &PathStep| matches!(step, PathStep::Field(_));
    matches!(path.base, Base::Param(_))
        && matches!(&*path.steps, [PathStep::Deref, fields @ ..] if !fields.is_empty() && fields.iter().all(field))
}
