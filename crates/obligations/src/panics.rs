//! Panics that a deferred function of the same function recovers from: the function returns then, and its
//! callers go on.

use crate::exec::Run;
use crate::flow::Exit;
use crate::names::Known;
use crate::package::Package;
use crate::state::State;
use crate::visit;
use stanch_ir::{Call, Callee, Func, InstrKind, Rvalue, Span, Terminator};

/// More recovered panics of one function are not looked at.
const MAX_PANICS: usize = 40;

/// Whether a function begins with a deferred call of one that recovers from panics, and does not panic
/// itself.
pub(crate) fn recovers(package: &Package<'_>, func: &Func) -> bool {
    let Some(entry) = func.blocks.iter().next() else { return false };
    entry.instrs.iter().any(|instr| match &instr.kind {
        InstrKind::Defer(call) => recovers_in(package, call),
        _ => false,
    })
}

fn recovers_in(package: &Package<'_>, call: &Call) -> bool {
    let body = match call.callee {
        Callee::Closure(body, _) => body,
        Callee::Static(object, _) => match package.names.known(object) {
            Known::Body(body) => body,
            _ => return false,
        },
        _ => return false,
    };
    let Some(deferred) = package.module.funcs.get(body) else { return false };
    let panics = deferred.blocks.iter().any(|b| matches!(b.term, Terminator::Panic(_)));
    let ends = visit::kinds(deferred)
        .any(|kind| matches!(kind, InstrKind::Call(call) if package.never_returns(call)));
    let recovers =
        visit::kinds(deferred).any(|kind| matches!(kind, InstrKind::Assign(_, Rvalue::Recover)));
    recovers && !panics && !ends
}

impl Run<'_, '_> {
    /// A path ends with a panic from which the function recovers.
    pub(crate) fn panicked(&mut self, state: State, span: Span) {
        if self.learning || state.held.is_empty() || self.panics.len() >= MAX_PANICS {
            return;
        }
        self.now.1 = true;
        let states = self.run_defers(state);
        self.now.1 = false;
        for state in states {
            let exit = self.exit(state, span);
            self.panics.push(exit);
        }
    }

    /// The exits with those after panics among them, while `f` looks at them.
    pub(crate) fn with_panics<T>(
        &mut self,
        exits: &mut Vec<Exit>,
        f: impl FnOnce(&Self, &mut [Exit]) -> T,
    ) -> T {
        let n = exits.len();
        exits.append(&mut self.panics);
        let found = f(self, exits);
        exits.truncate(n);
        found
    }
}
