//! Functions that lock and return what unlocks.

use crate::escape::Env;
use crate::exec::Run;
use crate::flow::Exit;
use crate::names::Known;
use crate::report::LockMode;
use crate::state::{Held, State};
use crate::term::{PlaceId, Root, Term, TermId};
use crate::visit;
use stanch_base::FxHashSet;
use stanch_effects::Op;
use stanch_ir::{Callee, FuncId, InstrKind};
use stanch_types::ObjectId;

/// A result that gives back a lock with which the function returns.
pub(crate) struct Unlocker {
    /// Position among the results.
    pub(crate) result: usize,
    pub(crate) lock: PlaceId,
    pub(crate) mode: LockMode,
    /// The method of the lock.
    pub(crate) method: ObjectId,
}

impl Run<'_, '_> {
    /// The result that gives back a lock which is held, if it does nothing else and is the only function
    /// among the results.
    pub(crate) fn gives_back(&mut self, exit: &mut Exit) -> Option<Unlocker> {
        let functions = self.func.results.iter().enumerate();
        let mut functions = functions.filter(|&(_, &l)| self.package.is_function(self.func, l));
        let (result, _) = functions.next()?;
        if functions.next().is_some() {
            return None;
        }
        let value = *exit.results.get(result)?;
        let (lock, mode, method) = match *self.arena.get(value) {
            Term::Method(recv, method) => {
                (self.arena.pointee(recv), self.unlock_mode(method)?, method)
            }
            Term::Closure(func) => self.unlocking_literal(&mut exit.state, func)?,
            _ => return None,
        };
        let held = |h: &Held| h.lock == lock && h.mode == mode && !h.deferred;
        exit.state.held.iter().any(held).then_some(Unlocker { result, lock, mode, method })
    }

    /// The lock that a literal gives back, if it does nothing else that matters here.
    fn unlocking_literal(
        &mut self,
        state: &mut State,
        literal: FuncId,
    ) -> Option<(PlaceId, LockMode, ObjectId)> {
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(literal) else { return None };
        let [outcome] = summary.outcomes.as_slice() else { return None };
        let [(path, mode)] = outcome.released.as_slice() else { return None };
        let plain = !summary.unknown
            && !summary.gives_others
            && summary.gives.len() <= 1
            && outcome.held.is_empty()
            && outcome.conditions.is_empty();
        let called = visit::kinds(self.package.module.funcs.get(literal)?);
        let mut called = called.filter_map(|kind| match kind {
            InstrKind::Call(call) | InstrKind::Defer(call) => match call.callee {
                Callee::Static(object, _) => Some(object),
                _ => None,
            },
            _ => None,
        });
        let method = called.find(|&object| self.unlock_mode(object) == Some(*mode))?;
        let lock = self.find_place(state, &Env { callee: literal, args: &[] }, path)?;
        plain.then_some((lock, *mode, method))
    }

    /// Locks that callers can give back by what hangs on the results: functions in them, or in new objects
    /// there, and pointers to the locks.
    pub(crate) fn unlocked_by_results(&self, exit: &Exit) -> Vec<PlaceId> {
        let (mut found, pointed) = self.locks_of_results(exit);
        found.extend(pointed);
        found
    }

    /// Whether a new object is returned behind an interface: its methods may give back what is held, and
    /// callers do not know which they are.
    pub(crate) fn returns_guard(&self, exit: &Exit) -> bool {
        if exit.state.held.is_empty() {
            return false;
        }
        let program = self.package.program;
        let results = self.func.results.iter().zip(&exit.results);
        results.into_iter().any(|(&local, &value)| {
            let ty = self.func.locals[local].ty;
            let boxed = match *self.arena.get(value) {
                Term::Iface(inner) => self.arena.get(self.arena.unboxed(inner)),
                _ => return false,
            };
            program.is_interface(ty)
                && !self.package.is_error(ty)
                && matches!(boxed, Term::New(_) | Term::Fresh(_))
        })
    }

    /// The methods of an interface get an object with a lock that is held: they may give that back.
    pub(crate) fn show_locks(&mut self, state: &State, args: &[TermId]) {
        for held in &state.held {
            let Root::Ptr(owner) = self.arena.data(held.lock).root else { continue };
            if args.iter().any(|&arg| self.arena.unboxed(arg) == owner) {
                self.shown.insert(held.site);
            }
        }
    }

    /// Whether methods of an interface may have given a lock back, and nothing else in the function does.
    pub(crate) fn is_shown(&self, held: &Held) -> bool {
        self.shown.contains(&held.site) && !self.unlocked.contains_key(&held.site)
    }

    /// Locks that functions among what hangs on the results give back, and those that pointers there lead to.
    pub(crate) fn locks_of_results(&self, exit: &Exit) -> (Vec<PlaceId>, Vec<PlaceId>) {
        let (mut found, mut pointed) = (Vec::new(), Vec::new());
        if exit.state.held.is_empty() {
            return (found, pointed);
        }
        let mut seen: FxHashSet<TermId> = FxHashSet::default();
        let mut work = exit.results.clone();
        while let Some(term) = work.pop() {
            if !seen.insert(term) {
                continue;
            }
            if let Some(place) = self.arena.known_pointee(term)
                && exit.state.held.iter().any(|h| h.lock == place)
            {
                pointed.push(place);
            }
            let object = match *self.arena.get(term) {
                Term::Iface(inner) | Term::Wrap(inner) | Term::Assert(inner, _) => {
                    work.push(inner);
                    continue;
                }
                Term::Method(recv, method) if self.unlock_mode(method).is_some() => {
                    found.extend(self.arena.known_pointee(recv));
                    continue;
                }
                Term::Closure(func) => {
                    let literal = self.package.module.funcs.get(func);
                    let captured = literal.into_iter().flat_map(|f| &f.captures);
                    let places = captured.filter_map(|c| self.arena.known_local(c.outer));
                    work.extend(places.filter_map(|p| exit.state.mem.get(&p).copied()));
                    continue;
                }
                Term::Addr(place) => Some(place),
                Term::New(_) => self.arena.known_pointee(term),
                _ => None,
            };
            work.extend(object.into_iter().flat_map(|place| self.parts(&exit.state, place)));
        }
        (found, pointed)
    }

    /// How a lock was taken that a method gives back.
    fn unlock_mode(&self, method: ObjectId) -> Option<LockMode> {
        match self.package.names.known(method) {
            Known::Effect(effect) if effect.op == Op::Unlock => Some(LockMode::Write),
            Known::Effect(effect) if effect.op == Op::RUnlock => Some(LockMode::Read),
            _ => None,
        }
    }
}
