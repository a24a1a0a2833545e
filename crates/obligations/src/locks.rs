//! Locks: taking them, giving them back, and taking them twice.

use crate::applies::is_replaced;
use crate::calls::{Invocation, Target};
use crate::escape::Env;
use crate::exec::Run;
use crate::report::{DoubleLock, LockMode, StepKind};
use crate::state::{Detail, Held, InputCall, State, TakeSite};
use crate::summary::{CallUnder, Take, Value};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_ir::{Call, InstrKind, LocalId, Operand, Span};
use stanch_types::ObjectKind;
use std::sync::Arc;

/// Beyond this many, locks that a function takes at some time are not kept.
const MAX_TAKES: usize = 64;

/// How a lock is taken.
#[derive(Clone, Copy, Default)]
struct Taking {
    /// Whether certainly.
    always: bool,
    /// Whether by a deferred call.
    deferred: bool,
}

/// A lock that a called function takes, in terms of this one.
struct SeenTake {
    lock: PlaceId,
    certain: bool,
    always: bool,
    guarded: bool,
    /// What is known when it does, if it hangs on more than the state knows.
    assumed: Option<Box<State>>,
}

/// Whether a take tells a state more than it knows.
fn is_news(state: &State, lock: PlaceId, mode: LockMode, certain: bool) -> bool {
    match state.takes.get(&(lock, mode)) {
        Some(known) => !known.certain && certain,
        None => state.takes.len() < MAX_TAKES,
    }
}

impl<'a> Run<'a, '_> {
    fn lock_key(&mut self, recv: TermId, mode: LockMode) -> (PlaceId, LockMode) {
        match *self.arena.get(self.arena.unboxed(recv)) {
            Term::ReadSide(lock) => (lock, LockMode::Read),
            _ => (self.arena.pointee(recv), mode),
        }
    }

    pub(crate) fn lock_op(
        &mut self,
        state: &mut State,
        recv: TermId,
        mode: LockMode,
        call: &Invocation<'a>,
    ) {
        // Nobody asks for locks then.
        if self.learning {
            return;
        }
        let (lock, mode) = self.lock_key(recv, mode);
        let conditions = state.input_facts(&self.arena);
        let chain = Arc::new([]);
        let site = TakeSite { span: call.span, chain, conditions, certain: true, guarded: false };
        let how = Taking { always: true, deferred: call.deferred };
        // Behind an interface it may be the read side of a lock.
        let opaque = self.through_interface(recv, call);
        if !opaque {
            self.note_acquire(state, lock, mode, call.span);
        }
        self.taken.insert(call.span);
        if opaque || self.take(state, lock, mode, site, how) {
            state.trace.push(self.step(call.span, StepKind::Acquire));
            state.hold(Held { lock, mode, site: call.span, deferred: false });
        }
    }

    /// Whether the lock is an interface value whose content is unknown.
    fn through_interface(&self, recv: TermId, call: &Invocation<'a>) -> bool {
        let known = matches!(self.arena.get(recv), Term::Iface(_) | Term::ReadSide(_));
        let kind = call.object.map(|object| &self.package.program.object(object).kind);
        !known && matches!(kind, Some(ObjectKind::Func { interface: true, .. }))
    }

    pub(crate) fn unlock_op(
        &mut self,
        state: &mut State,
        recv: TermId,
        mode: LockMode,
        call: &Invocation<'a>,
    ) {
        if self.learning {
            return;
        }
        let (lock, mode) = self.lock_key(recv, mode);
        state.trace.push(self.step(call.span, StepKind::Release));
        self.unlock(state, lock, mode, call.span, false);
    }

    pub(crate) fn try_lock(
        &mut self,
        mut state: State,
        recv: TermId,
        mode: LockMode,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let (lock, mode) = self.lock_key(recv, mode);
        let mut failed = state.clone();
        let (yes, no) = (self.arena.bool(true), self.arena.bool(false));
        self.set(&mut failed, call, 0, no);
        self.set(&mut state, call, 0, yes);
        if !self.learning {
            self.taken.insert(call.span);
            self.tried.insert(call.span);
            state.trace.push(self.step(call.span, StepKind::Acquire));
            state.hold(Held { lock, mode, site: call.span, deferred: false });
        }
        vec![state, failed]
    }

    /// Records that a lock is taken, and reports it if the path holds it. Whether the path now holds
    /// one more.
    fn take(
        &mut self,
        state: &mut State,
        lock: PlaceId,
        mode: LockMode,
        mut site: TakeSite,
        how: Taking,
    ) -> bool {
        let blocks =
            |h: &&Held| h.lock == lock && (h.mode == LockMode::Write || mode == LockMode::Write);
        if let Some(held) = state.held.iter().find(blocks).cloned() {
            // Who takes it only sometimes may go by what the callee that left it locked has noted.
            let left = !self.taken.contains(&held.site);
            let how = Taking { always: how.always && !(left && self.asked), ..how };
            site.guarded |= !how.always && left;
            self.report_double(state, &held, mode, &site, how);
            return false;
        }
        if state.released.iter().any(|&(other, _)| other == lock) {
            // Given back for the caller before: what follows cannot wait for that.
            return site.chain.is_empty() && !state.released.remove(&(lock, mode));
        }
        if is_news(state, lock, mode, site.certain) {
            state.takes.insert((lock, mode), Arc::new(site));
        }
        true
    }

    /// A lock that a called function takes at some time, as far as the arguments do not exclude it.
    pub(crate) fn take_below(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        take: &Take,
        span: Span,
        deferred: bool,
    ) {
        if self.learning {
            return;
        }
        let Some(seen) = self.translate(state, env, take) else { return };
        // A lock that the callee replaces may be another one by the time it is taken.
        let package = self.package;
        if is_replaced(&self.arena, seen.lock, &package.facts[env.callee].writes) {
            return;
        }
        let held = state.held.iter().any(|held| held.lock == seen.lock);
        let given = state.released.iter().any(|&(other, _)| other == seen.lock);
        if !held && !given && !is_news(state, seen.lock, take.mode, seen.certain) {
            return;
        }
        let (lock, how) = (seen.lock, Taking { always: seen.always, deferred });
        let site = self.take_site(state, take, seen, span);
        self.take(state, lock, take.mode, site, how);
    }

    /// Where a lock is taken below a call.
    fn take_site(&self, state: &State, take: &Take, seen: SeenTake, span: Span) -> TakeSite {
        let SeenTake { certain, guarded, assumed, .. } = seen;
        let conditions = assumed.as_deref().unwrap_or(state).input_facts(&self.arena);
        TakeSite { span, chain: Arc::clone(&take.chain), conditions, certain, guarded }
    }

    /// A take of a called function in terms of this one; nothing if the arguments exclude it.
    fn translate(&mut self, state: &mut State, env: &Env<'_>, take: &Take) -> Option<SeenTake> {
        // What is assumed for this lock only.
        let mut assumed: Option<Box<State>> = None;
        let (mut certain, mut always) = (take.always, take.always);
        let mut guarded = take.guarded;
        for (path, wanted) in &take.conditions {
            let Some((term, truth)) = self.condition(state, env, path, wanted) else {
                (certain, always) = (false, false);
                continue;
            };
            let facts = assumed.as_deref().unwrap_or(state);
            match facts.truth(&mut self.arena, term) {
                Some(known) if known != truth => return None,
                Some(_) => {}
                None => {
                    guarded |= matches!(wanted, Value::Bool(_) | Value::Int(_));
                    always = false;
                    certain &= self.arena.leaves(term).is_empty();
                    let assumed = assumed.get_or_insert_with(|| {
                        Box::new(State { facts: state.facts.clone(), ..State::default() })
                    });
                    assumed.assume(&mut self.arena, term, truth);
                }
            }
        }
        let lock = self.find_place(state, env, &take.path)?;
        Some(SeenTake { lock, certain, always, guarded, assumed })
    }

    fn report_double(
        &mut self,
        state: &State,
        held: &Held,
        mode: LockMode,
        site: &TakeSite,
        how: Taking,
    ) {
        let path = self.path_since(state, held.site);
        let found = DoubleLock {
            func: self.id,
            lock: self.lock_name(held),
            rw: mode == LockMode::Read || held.mode == LockMode::Read || self.is_rw(held.lock),
            held: held.mode,
            first: held.site,
            again: mode,
            second: site.span,
            chain: site.chain.to_vec(),
            always: how.always,
            guarded: site.guarded,
            deferred: how.deferred,
            rough: self.detail == Detail::Rough || how.always && self.asks_twice(&state.trace),
            path,
        };
        let key = (site.span, held.lock);
        if how.always {
            self.double_ways.entry(key).or_default().push(state.trace.doubts.clone());
        }
        match self.doubles.get(&key) {
            Some(old) if (old.always, !old.guarded) >= (found.always, !found.guarded) => {}
            _ => {
                self.doubles.insert(key, found);
            }
        }
    }

    /// A library function may call a function value before it returns.
    pub(crate) fn may_call(&mut self, state: &mut State, value: TermId, span: Span) {
        let (target, _, recv) = self.value(value);
        let Target::Body(func) = target else { return };
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else { return };
        let args: Vec<TermId> = recv.into_iter().collect();
        let env = Env { callee: func, args: &args };
        for take in summary.outcomes.iter().flat_map(|o| &o.takes) {
            if !self.learning
                && let Some(seen) = self.translate(state, &env, take)
            {
                let lock = seen.lock;
                let mut site = self.take_site(state, take, seen, span);
                site.certain = false;
                self.take(state, lock, take.mode, site, Taking::default());
            }
        }
        self.release_silently(state, func, &args);
    }

    /// The callee calls a function value that it got from here, with locks held.
    pub(crate) fn call_under(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        under: &CallUnder,
        call: &Invocation<'a>,
    ) {
        if self.learning {
            return;
        }
        let Some(value) = self.find_value(state, env, &under.path) else { return };
        let mut asked: Vec<(TermId, TermId)> = Vec::new();
        for (path, wanted) in &under.flags {
            let Some((term, truth)) = self.condition(state, env, path, wanted) else { continue };
            match state.truth(&mut self.arena, term) {
                Some(known) if known != truth => return,
                Some(_) => {}
                None => asked.push((term, self.arena.bool(truth))),
            }
        }
        let mut held: Vec<(PlaceId, LockMode, Span)> = Vec::new();
        for (path, mode, at) in &under.held {
            held.extend(self.find_place(state, env, path).map(|lock| (lock, *mode, *at)));
        }
        let (target, _, recv) = self.value(value);
        match target {
            Target::Input(input) => {
                held.extend(state.held.iter().map(|h| (h.lock, h.mode, h.site)));
                let mut flags = state.flags(&self.arena);
                flags.extend(asked);
                state.calls.insert(InputCall { input, span: call.span, held, flags });
            }
            Target::Body(func) => {
                let summaries = self.summaries;
                let Some(Some(summary)) = summaries.get(func) else { return };
                let args: Vec<TermId> = recv.into_iter().collect();
                let inner = Env { callee: func, args: &args };
                for take in summary.outcomes.iter().flat_map(|o| &o.takes) {
                    let span = call.span;
                    let Some(seen) = self.translate(state, &inner, take) else { continue };
                    let lock = seen.lock;
                    let mut site = self.take_site(state, take, seen, span);
                    site.certain = false;
                    site.chain = [under.at].into_iter().chain(take.chain.iter().copied()).collect();
                    let conflict = held.iter().find(|(other, mode, _)| {
                        *other == lock && (*mode, take.mode) != (LockMode::Read, LockMode::Read)
                    });
                    if let Some(&(lock, mode, at)) = conflict {
                        let held = Held { lock, mode, site: at, deferred: false };
                        self.report_double(state, &held, take.mode, &site, Taking::default());
                    } else {
                        self.take(state, lock, take.mode, site, Taking::default());
                    }
                }
            }
            Target::Effect(_) | Target::Owed(_) | Target::Unknown => {}
        }
    }

    /// Code out of view is told what callees answered that return with a lock on some ways only: it may go
    /// on for one answer and not for another, as assertions do.
    pub(crate) fn told_of_locks(&mut self, state: &mut State, call: &Call) {
        let told = |dst: &LocalId| {
            call.args.iter().any(|arg| matches!(arg, Operand::Local(local) if local == dst))
        };
        let answers: Vec<Span> = self
            .func
            .blocks
            .iter()
            .flat_map(|block| &block.instrs)
            .filter_map(|instr| match &instr.kind {
                InstrKind::Call(made) if made.dst.iter().any(told) => {
                    let body = self.package.body(&made.callee)?;
                    let summary = self.summaries.get(body)?.as_ref()?;
                    let sometimes = summary.outcomes.iter().any(|o| o.held.is_empty());
                    sometimes.then_some(instr.span)
                }
                _ => None,
            })
            .collect();
        state.held.retain(|h| self.taken.contains(&h.site) || !answers.contains(&h.site));
    }

    /// Gives a lock back.
    pub(crate) fn unlock(
        &mut self,
        state: &mut State,
        lock: PlaceId,
        mode: LockMode,
        span: Span,
        silent: bool,
    ) {
        if self.learning {
            return;
        }
        let exact = |m: Option<LockMode>| {
            state.held.iter().rposition(|h| h.lock == lock && m.is_none_or(|m| h.mode == m))
        };
        if let Some(i) = exact(Some(mode)).or_else(|| exact(None)) {
            let held = state.held.remove(i);
            if !self.taken.contains(&held.site) {
                self.taken_over.insert(lock);
            }
            if !silent {
                self.unlocked.entry(held.site).or_insert(span);
            }
            return;
        }
        let alias = state.held.iter().rposition(|h| self.may_alias(h.lock, lock));
        if let Some(i) = alias {
            state.held.remove(i);
            return;
        }
        self.given.insert(lock);
        state.released.insert((lock, mode));
    }

    /// Whether two names that differ may well be the same lock: the same field of two objects, or an
    /// unknown pointer.
    pub(crate) fn may_alias(&self, a: PlaceId, b: PlaceId) -> bool {
        let (a, b) = (self.arena.data(a), self.arena.data(b));
        match (a.parts.last(), b.parts.last()) {
            (Some(Part::Field(f)), Some(Part::Field(g))) if f == g => true,
            (x, y) => {
                let bare =
                    |part: Option<&Part>, root| part.is_none() && matches!(root, Root::Ptr(_));
                bare(x, a.root) || bare(y, b.root)
            }
        }
    }
}
