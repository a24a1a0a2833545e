//! Objects that say that they have ended: a channel that they give out is closed. Who is told so owes them no
//! stop.

use crate::calls::Invocation;
use crate::exec::Run;
use crate::state::State;
use crate::term::{Root, Term, TermId};
use stanch_ir::{LocalId, Operand, Span};
use stanch_types::TypeKind;

/// Values are followed so far to the object that they come from.
const MAX_STEPS: usize = 8;

impl Run<'_, '_> {
    /// Notes the channels that functions know which a call is given.
    pub(crate) fn note_callbacks(&mut self, call: &Invocation<'_>) {
        for &arg in &call.args {
            let Term::Closure(func) = *self.arena.get(arg) else { continue };
            for capture in &self.package.module.funcs[func].captures {
                let Some(local) = self.func.locals.get(capture.outer) else { continue };
                let program = self.package.program;
                if matches!(program.kind(program.underlying(local.ty)), TypeKind::Chan(..)) {
                    self.tellers.insert((capture.outer, call.span));
                }
            }
        }
    }

    /// Something came out of a channel: if it is that of a context, which is over then, so are those made
    /// from it, and nothing is owed for them. Nor for an object whose maker was given a function that
    /// knows the channel: it may have told that the object has ended.
    pub(crate) fn came(&mut self, state: &mut State, chan: &Operand) {
        if state.owed.is_empty() {
            return;
        }
        if let Operand::Local(local) = chan {
            let told = self.tellers.iter().filter(|(known, _)| known == local);
            let told: Vec<Span> = told.map(|&(_, site)| site).collect();
            for site in told {
                self.close(state, site);
            }
        }
        if self.done_of.is_empty() {
            return;
        }
        let chan = self.peek(state, chan);
        let Some(&context) = self.done_of.get(&chan) else { return };
        let own = match *self.arena.get(context) {
            Term::Context(site) => Some(site),
            _ => None,
        };
        let children = self.children.iter().filter(|(parent, _)| *parent == context);
        let over: Vec<Span> = own.into_iter().chain(children.map(|(_, site)| *site)).collect();
        for site in over {
            self.close(state, site);
        }
    }

    /// Something was received, and whether the channel was open: that is asked for later.
    pub(crate) fn note_open(&mut self, state: &State, chan: &Operand, ok: Option<LocalId>) {
        let Some(ok) = ok else { return };
        let place = self.arena.local(ok);
        let ok = state.load(&mut self.arena, place);
        let chan = self.peek(state, chan);
        if !self.arena.is_const(ok) {
            self.opens.insert(ok, chan);
        }
    }

    /// A condition holds or does not: it may say that a channel is closed.
    pub(crate) fn told_over(&mut self, state: &mut State, cond: TermId, truth: bool) {
        let (cond, truth) = match *self.arena.get(cond) {
            Term::Not(inner) => (inner, !truth),
            _ => (cond, truth),
        };
        if !truth && let Some(&chan) = self.opens.get(&cond) {
            self.over(state, chan);
        }
    }

    /// A range is over: if it is one over a channel, that is closed.
    pub(crate) fn over_when_done(&mut self, state: &mut State, over: &Operand, chan: TermId) {
        let Operand::Local(local) = over else { return };
        let program = self.package.program;
        let ty = self.func.locals.get(*local).map(|l| program.underlying(l.ty));
        if ty.is_some_and(|ty| matches!(program.kind(ty), TypeKind::Chan(..))) {
            self.over(state, chan);
        }
    }

    /// A channel is closed: the object that gives it out has ended.
    pub(crate) fn over(&mut self, state: &mut State, chan: TermId) {
        if state.owed.is_empty() {
            return;
        }
        if let Some(site) = self.giver(state, chan) {
            self.close(state, site);
        }
        // What is given together with an object may be what it tells by.
        let input = matches!(*self.arena.get(chan), Term::Load(_, None));
        if let Some(given) = self.given_site.filter(|_| input) {
            self.close(state, given);
        }
    }

    /// What is owed for the object that a channel is of, or whose method returned it.
    fn giver(&self, state: &State, chan: TermId) -> Option<Span> {
        let mut value = chan;
        for _ in 0..MAX_STEPS {
            value = match *self.arena.get(self.arena.unboxed(value)) {
                Term::Owed(site) => return state.owed.contains_key(&site).then_some(site),
                Term::Wrap(inner) | Term::Assert(inner, _) => inner,
                Term::Load(place, _) => match self.arena.data(place).root {
                    Root::Ptr(object) => object,
                    Root::Local(_) | Root::Global(_) => return None,
                },
                _ => return None,
            };
        }
        None
    }
}
