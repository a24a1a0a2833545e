//! Channels that nobody else knows: a receive from one does not go on, so no way leads past it.

use crate::exec::Run;
use crate::state::State;
use crate::term::{Root, Term, TermId};
use stanch_ir::{FuncId, InstrKind, LocalId, Operand};

/// Literals within literals are looked at so far.
const MAX_DEPTH: u32 = 3;

impl Run<'_, '_> {
    /// Whether an instruction waits for what nobody can send.
    pub(crate) fn is_never_served(&self, state: &State, kind: &InstrKind) -> bool {
        match kind {
            InstrKind::Recv { chan, .. } => self.is_unknown_channel(state, chan),
            _ => false,
        }
    }

    /// Whether a channel was made here and nobody was given it, nor was anything sent to it.
    pub(crate) fn is_unknown_channel(&self, state: &State, chan: &Operand) -> bool {
        let Operand::Local(local) = *chan else { return false };
        let place = self.arena.known_local(local);
        let value = place.and_then(|place| state.mem.get(&place));
        value.is_some_and(|value| self.channels.contains(value) && !state.escaped.contains(value))
    }

    /// Somebody else may know a value from now on, and the channels in it.
    pub(crate) fn show_channels(&self, state: &mut State, value: TermId) {
        if !self.channels.is_empty() {
            self.show_within(state, value, MAX_DEPTH);
        }
    }

    fn show_within(&self, state: &mut State, value: TermId, depth: u32) {
        let value = self.arena.unboxed(value);
        match *self.arena.get(value) {
            Term::NonNil(_) if self.channels.contains(&value) => {
                state.escaped.insert(value);
            }
            Term::Closure(literal) if depth > 0 => self.show_captured(state, literal, depth),
            Term::Addr(place) if depth > 0 => {
                if let Some(&held) = state.mem.get(&place) {
                    self.show_within(state, held, depth - 1);
                }
            }
            _ => {}
        }
    }

    /// A literal runs, or somebody else may run it.
    pub(crate) fn show_captured(&self, state: &mut State, literal: FuncId, depth: u32) {
        let Some(closure) = self.package.module.funcs.get(literal) else { return };
        if closure.parent != Some(self.id) || self.channels.is_empty() {
            return;
        }
        for capture in &closure.captures {
            self.show_variable(state, capture.outer, depth);
        }
    }

    fn show_variable(&self, state: &mut State, local: LocalId, depth: u32) {
        let root = Root::Local(local);
        let held = state.mem.iter().filter(|(place, _)| self.arena.data(**place).root == root);
        let held: Vec<TermId> = held.map(|(_, &term)| term).collect();
        for value in held {
            self.show_within(state, value, depth.saturating_sub(1));
        }
    }
}
