//! Runs calls: effects of library functions, summaries of functions in view, ownership for the rest.

use crate::escape::Env;
use crate::exec::Run;
use crate::flow::DEFERRED;
use crate::inferred::Act;
use crate::loans::Lent;
use crate::names::Known;
use crate::package::acts;
use crate::report::{LockMode, ResourceLoss, Step, StepKind};
use crate::site::Site;
use crate::slots::is_of_slots;
use crate::state::{InputCall, Owed, Pending, State};
use crate::summary::Start;
use crate::term::{Epoch, EpochId, PlaceId, Root, Term, TermId};
use stanch_effects::{Args, Effect, Gives, Op, When};
use stanch_ir::{BlockId, Call, Callee, FuncId, InstrKind, LocalId, Span};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Basic, Builtin, ObjectId, ObjectKind, TypeId, TypeKind};

/// Who is called, as far as the path knows.
#[derive(Clone, Copy)]
pub(crate) enum Target<'a> {
    Effect(&'a Effect),
    Body(FuncId),
    /// What was acquired there is given back.
    Owed(Span),
    /// The entry value of an input.
    Input(PlaceId),
    Unknown,
}

/// A call whose operands are evaluated.
#[derive(Clone)]
pub(crate) struct Invocation<'a> {
    pub(crate) target: Target<'a>,
    /// The declared function, if it is known.
    pub(crate) object: Option<ObjectId>,
    pub(crate) args: Vec<TermId>,
    pub(crate) dst: &'a [LocalId],
    pub(crate) span: Span,
    pub(crate) deferred: bool,
}

impl<'a> Run<'a, '_> {
    pub(crate) fn call(&mut self, mut state: State, call: &'a Call, span: Span) -> Vec<State> {
        if self.is_second(&state, span) {
            return Vec::new();
        }
        let (target, object, mut args) = self.evaluate(&mut state, call);
        self.note_site(&mut state, call, span);
        self.lend_to_options(&mut state, call, target, &mut args);
        if let (Callee::Builtin(Builtin::Close), Some(&chan)) = (&call.callee, args.first()) {
            self.act_on_value(&mut state, chan, Act::Close);
            return vec![state];
        }
        if matches!(target, Target::Unknown | Target::Input(_)) && !state.held.is_empty() {
            self.told_of_locks(&mut state, call);
        }
        let dst = &call.dst;
        let wraps = self.wraps_unseen(&state, call, &args);
        let called = Invocation { target, object, args, dst, span, deferred: false };
        let mut after = self.perform(state, called);
        if let Some(error) = wraps {
            for state in &mut after {
                let some = self.arena.non_nil();
                self.assign(state, error, some);
            }
        }
        after
    }

    /// Target and arguments of a call, receiver first.
    fn evaluate(
        &mut self,
        state: &mut State,
        call: &'a Call,
    ) -> (Target<'a>, Option<ObjectId>, Vec<TermId>) {
        let (target, object, receiver) = match &call.callee {
            Callee::Static(object, _) => (self.declared(*object), Some(*object), None),
            Callee::Closure(func, _) => (Target::Body(*func), None, None),
            Callee::Value(operand) => {
                let value = self.operand(state, operand);
                self.act_on_value(state, value, Act::Call);
                self.value(value)
            }
            Callee::Interface { recv, method } => {
                let recv = self.operand(state, recv);
                let method = self.concrete(recv, *method).unwrap_or(*method);
                (self.declared(method), Some(method), Some(recv))
            }
            Callee::Builtin(_) => (Target::Unknown, None, None),
        };
        let args = call.args.iter().map(|arg| self.argument(state, arg));
        let args = args.collect::<Vec<_>>();
        args.iter().for_each(|&arg| self.show_channels(state, arg));
        if let Target::Body(literal) = target {
            self.show_captured(state, literal, 1);
        }
        (target, object, receiver.into_iter().chain(args).collect())
    }

    fn declared(&self, object: ObjectId) -> Target<'a> {
        match self.package.names.known(object) {
            Known::Effect(effect) => Target::Effect(effect),
            Known::Body(body) => Target::Body(body),
            Known::Nothing => Target::Unknown,
        }
    }

    /// What calling a function value means, and its bound receiver.
    pub(crate) fn value(
        &mut self,
        value: TermId,
    ) -> (Target<'a>, Option<ObjectId>, Option<TermId>) {
        match *self.arena.get(value) {
            Term::Func(object) => (self.declared(object), Some(object), None),
            Term::Closure(func) => (Target::Body(func), None, None),
            Term::Method(recv, method) => (self.declared(method), Some(method), Some(recv)),
            Term::Owed(site) => (Target::Owed(site), None, None),
            Term::Load(place, None) => (Target::Input(place), None, None),
            _ => (Target::Unknown, None, None),
        }
    }

    pub(crate) fn go(&mut self, state: &mut State, call: &'a Call, span: Span) {
        let (target, object, args) = self.evaluate(state, call);
        self.note_go(state, (target, object), &args, span);
        self.start(state, target, &args, span);
    }

    /// A goroutine starts.
    fn start(&mut self, state: &mut State, target: Target<'a>, args: &[TermId], span: Span) {
        let worker = match target {
            Target::Body(started) => self
                .worker(state, started, args)
                .or_else(|| self.worker_within(state, started, args)),
            Target::Effect(_) | Target::Owed(_) | Target::Input(_) | Target::Unknown => None,
        };
        if let (Some((owner, _)), Target::Body(started)) = (&worker, target) {
            self.leave_to(state, started, *owner, args);
        }
        self.spared = worker.as_ref().map(|(owner, _)| *owner);
        if let Target::Body(started) = target {
            self.start_with_slots(state, started, args);
        }
        self.hand_to(state, target, args);
        self.spared = None;
        self.outside(state);
        if let Some((owner, enders)) = worker {
            self.starts(state, owner, &Start { enders, at: span }, span, None);
        }
    }

    /// A goroutine or unknown code gets the call: what it gives back is its business now.
    fn hand_to(&mut self, state: &mut State, target: Target<'a>, args: &[TermId]) {
        match target {
            Target::Owed(site) => self.discharge(state, site),
            Target::Body(func) => {
                self.release_silently(state, func, args);
                let closure = self.arena.term(Term::Closure(func));
                self.lend_literal(state, closure, Lent::Started);
            }
            Target::Input(place) => {
                self.given_away.insert(place);
                self.use_input(state, place);
            }
            Target::Effect(effect) if matches!(effect.op, Op::Unlock | Op::RUnlock) => {
                if let Some(&recv) = args.first() {
                    let lock = self.arena.pointee(recv);
                    state.held.retain(|h| h.lock != lock);
                }
            }
            Target::Effect(_) | Target::Unknown => {}
        }
        for (i, &arg) in args.iter().enumerate() {
            if !self.is_left_open(state, target, i, arg) {
                self.escape(state, arg);
            }
        }
    }

    pub(crate) fn defer(
        &mut self,
        state: &mut State,
        call: &'a Call,
        at: (BlockId, u32),
        span: Span,
    ) {
        if self.deferred_act(state, call) {
            self.note_deferred_close(state, call, span);
            return;
        }
        let (target, object, args) = self.evaluate(state, call);
        let pending = Invocation { target, object, args, dst: &[], span, deferred: true };
        self.lend_lists(state, &pending);
        if self.learning && self.learned_defer(state, &pending) {
            return;
        }
        let mut before: Vec<Span> = state.owed.keys().copied().collect();
        before.retain(|_| self.learning);
        self.defer_known(state, call, at, pending);
        self.deferred_all(&before, state, target);
    }

    fn defer_known(
        &mut self,
        state: &mut State,
        call: &'a Call,
        at: (BlockId, u32),
        pending: Invocation<'a>,
    ) {
        let callee = match &call.callee {
            Callee::Value(operand) => Some(self.operand(state, operand)),
            Callee::Closure(func, _) => Some(self.arena.term(Term::Closure(*func))),
            Callee::Interface { .. } | Callee::Static(..) | Callee::Builtin(_) => None,
        };
        let (target, span) = (pending.target, pending.span);
        let effect = self.resource_effect(&pending);
        let borrows = effect.is_some_and(|effect| effect.args == Some(Args::Borrow));
        if let Some(effect) = effect
            && let Some(&value) = effect.releases.and_then(|i| pending.args.get(i as usize))
        {
            // A deferred call always runs.
            self.give_back(state, value);
            return;
        }
        let args = pending.args;
        let worth = match target {
            Target::Owed(site) => {
                // A deferred call always runs.
                self.discharge(state, site);
                false
            }
            Target::Input(place) => {
                self.use_input(state, place);
                true
            }
            Target::Body(func) => {
                self.guard(state, func, &args);
                let facts = &self.package.facts[func];
                let worth =
                    facts.relevant || facts.writes_capture.contains(&true) || !facts.returns;
                if !worth {
                    self.hand_to(state, target, &args);
                }
                worth
            }
            Target::Effect(effect) => {
                if !acts(effect.op) {
                    self.note_deferred(state, effect, &args, span);
                    if is_of_slots(effect.op) {
                        // A deferred call always runs.
                        self.slot_op(state, effect.op, &args, span);
                        return;
                    }
                    self.hand_to(state, target, &args);
                }
                acts(effect.op) || self.brings_functions(&args)
            }
            Target::Unknown if borrows => false,
            Target::Unknown => {
                self.hand_to(state, target, &args);
                self.brings_functions(&args)
            }
        };
        if !worth {
            return;
        }
        let pending = Pending { at, callee, args: args.into() };
        if state.defers.iter().any(|d| d.at == at) {
            // In a loop, one pending call stands for all turns; locks of the other turns are taken
            // care of too.
            if let (Target::Effect(_), Some(&recv)) = (target, pending.args.first()) {
                let lock = self.arena.pointee(recv);
                state.held.iter_mut().filter(|h| h.lock == lock).for_each(|h| h.deferred = true);
            }
            return;
        }
        state.defers.push(pending);
    }

    /// Whether functions are among the arguments: what they give back they give back when the call runs,
    /// also what is taken until then (`defer once.Do(mu.Unlock)`).
    fn brings_functions(&self, args: &[TermId]) -> bool {
        let is_function =
            |&arg: &TermId| matches!(self.arena.get(arg), Term::Method(..) | Term::Closure(_));
        args.iter().any(is_function)
    }

    /// A deferred function of the package settles what it gives back whatever happens, and guards
    /// what it gives back sometimes.
    fn guard(&mut self, state: &mut State, func: FuncId, args: &[TermId]) {
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else { return };
        let env = Env { callee: func, args };
        for outcome in &summary.outcomes {
            self.guard_workers(state, &env, outcome);
            for path in outcome.used.iter().chain(&outcome.touched) {
                let Some(value) = self.find_value(state, &env, path) else { continue };
                let Term::Owed(site) = *self.arena.get(self.arena.unboxed(value)) else { continue };
                if summary.outcomes.iter().all(|o| o.used.contains(path)) {
                    self.discharge(state, site);
                } else if let Some(owed) = state.owed.get_mut(&site) {
                    owed.guarded = true;
                }
            }
        }
    }

    pub(crate) fn run_defers(&mut self, mut state: State) -> Vec<State> {
        self.believe_results(&mut state);
        let pending = std::mem::take(&mut state.defers);
        let mut states = vec![state];
        for deferred in pending.into_iter().rev() {
            let (block, index) = deferred.at;
            let Some(instr) = self.func.blocks[block].instrs.get(index as usize) else { continue };
            let InstrKind::Defer(call) = &instr.kind else { continue };
            let (target, object) = match (&call.callee, deferred.callee) {
                (Callee::Static(object, _), _) => (self.declared(*object), Some(*object)),
                (Callee::Interface { method, .. }, _) => {
                    let recv = deferred.args.first().copied();
                    let method = recv.and_then(|r| self.concrete(r, *method)).unwrap_or(*method);
                    (self.declared(method), Some(method))
                }
                (_, Some(callee)) => {
                    let (target, object, _) = self.value(callee);
                    (target, object)
                }
                (_, None) => (Target::Unknown, None),
            };
            let invocation = Invocation {
                target,
                object,
                args: deferred.args.to_vec(),
                dst: &[],
                span: instr.span,
                deferred: true,
            };
            let ran: Vec<State> =
                states.into_iter().flat_map(|s| self.perform(s, invocation.clone())).collect();
            states = self.few(ran, block, DEFERRED + index);
        }
        states
    }

    /// A function that returns nil instead of an object returns an error with it.
    fn believe_results(&mut self, state: &mut State) {
        let func = self.func;
        let mut values = func.results.iter().map(|&local| {
            let place = self.arena.local(local);
            (self.package.is_error(func.locals[local].ty), state.load(&mut self.arena, place))
        });
        let (Some((false, first)), Some((true, error)), None) =
            (values.next(), values.next(), values.next())
        else {
            return;
        };
        if matches!(self.arena.get(first), Term::Nil) {
            let nil = self.arena.nil();
            let equal = self.arena.binary(BinaryOp::Eq, error, nil);
            state.assume(&mut self.arena, equal, false);
        }
    }

    /// Whether a value is the name of the method that asks for no body.
    pub(crate) fn is_head(&self, value: TermId) -> bool {
        matches!(self.arena.get(value), Term::Text(text) if **text == *"\"HEAD\"")
    }

    fn perform(&mut self, state: State, call: Invocation<'a>) -> Vec<State> {
        let bodiless =
            call.args.iter().any(|&arg| self.is_head(arg)) || self.copies_bodiless(&call);
        let dst = call.dst;
        let brings = self.brings(&call);
        self.note_callbacks(&call);
        let ended = self.ended_carrier(&call);
        let sure = self.is_sure(&call);
        let wraps = self.wraps_nothing(&state, &call);
        let mut after = self.perform_plain(state, call);
        self.note_brought(&after, dst, brings);
        if wraps {
            self.note_wrapped(&after, dst);
        }
        if let Some(sure) = sure {
            self.succeeds(&mut after, dst, sure);
        }
        for state in after.iter_mut().filter(|_| ended.is_some()) {
            ended.into_iter().for_each(|site| self.close(state, site));
        }
        if let (true, Some(&dst)) = (bodiless, dst.first()) {
            for state in &after {
                let place = self.arena.local(dst);
                let request = state.load(&mut self.arena, place);
                self.bodiless.insert(request);
            }
        }
        after
    }

    /// Whether a method out of view is called on a request that asks for no body, and returns another
    /// request: it asks for the same.
    fn copies_bodiless(&self, call: &Invocation<'a>) -> bool {
        let (Some(method), Some(&receiver), &[dst]) = (call.object, call.args.first(), call.dst)
        else {
            return false;
        };
        let program = self.package.program;
        let of_result = || {
            let ty = self.func.locals.get(dst)?.ty;
            program.lookup(ty, method.package, &program.object(method).name)
        };
        !self.bodiless.is_empty()
            && self.bodiless.contains(&self.arena.unboxed(receiver))
            && !matches!(call.target, Target::Body(_))
            && of_result().is_some_and(|found| found.object == method)
    }

    fn perform_plain(&mut self, state: State, call: Invocation<'a>) -> Vec<State> {
        if self.learning { self.learned(state, call) } else { self.known_call(state, call) }
    }

    /// Runs a call by what is known of the callee.
    pub(crate) fn known_call(&mut self, mut state: State, call: Invocation<'a>) -> Vec<State> {
        self.note_call(&mut state, &call);
        self.lend_lists(&mut state, &call);
        match call.target {
            Target::Body(func) => {
                self.end_within(&mut state, func, &call.args);
                self.forget_begun_by(&mut state, &Env { callee: func, args: &call.args });
            }
            // Neither locks nor what else is asked of a part of an object changes its fields.
            Target::Effect(effect) if acts(effect.op) => {}
            _ => self.forget_begun_of(&mut state, &call.args),
        }
        if let Target::Effect(effect) = call.target
            && effect.gives == Gives::Alike
        {
            self.given(&mut state, effect.gives, &call);
            return vec![state];
        }
        if let Some(effect) = self.resource_effect(&call) {
            return self.resource(state, effect, &call);
        }
        if let Some(after) = self.look(&state, &call) {
            return after;
        }
        match self.asks_about_nil(&state, &call) {
            Some(true) => {
                let no = self.arena.bool(false);
                self.set(&mut state, &call, 0, no);
                return vec![state];
            }
            Some(false) => self.doubt_latest(&mut state),
            None => {}
        }
        match call.target {
            Target::Effect(effect) => self.effect(state, effect, &call),
            Target::Body(func) => {
                let after = self.body(state, func, &call);
                self.told_by(after, func, &call)
            }
            Target::Owed(site) => {
                state.trace.push(self.step(call.span, StepKind::Release));
                self.close(&mut state, site);
                vec![state]
            }
            Target::Input(_) | Target::Unknown if self.gives_up(&call) => Vec::new(),
            Target::Input(place) => {
                let held = state.held.iter().map(|h| (h.lock, h.mode, h.site)).collect();
                let flags = state.flags(&self.arena);
                state.calls.insert(InputCall { input: place, span: call.span, held, flags });
                self.use_input(&mut state, place);
                self.unknown_call(&mut state, &call);
                vec![state]
            }
            Target::Unknown => {
                match call.object {
                    None => self.may_unlock(&mut state),
                    Some(_) => self.show_locks(&state, call.args.get(1..).unwrap_or_default()),
                }
                let asked = self.asks(&mut state, &call);
                let lent = asked || self.lends_receiver(&call);
                self.give_args(&mut state, &call, usize::from(lent));
                let answer = self.answer(&state, &call);
                self.outside(&mut state);
                self.fresh_results(&mut state, &call);
                if let Some(answer) = answer {
                    self.set(&mut state, &call, 0, answer);
                }
                vec![state]
            }
        }
    }

    /// What a method of an interface says of an input, if it is asked nothing but yes or no.
    fn answer(&mut self, state: &State, call: &Invocation<'a>) -> Option<TermId> {
        let (Some(method), [recv], [dst]) = (call.object, &*call.args, call.dst) else {
            return None;
        };
        let program = self.package.program;
        let interface =
            matches!(program.object(method).kind, ObjectKind::Func { interface: true, .. });
        let yes_or_no = self.func.locals[*dst].ty == program.basic(Basic::Bool);
        let input = matches!(self.arena.get(*recv), Term::Load(_, None));
        let epoch = self.epoch(state, Epoch::Memory);
        (interface && yes_or_no && input)
            .then(|| self.arena.term(Term::Pure(method, 0, [*recv].into(), epoch)))
    }

    /// Whether a function value out of view, called for no result, says by its name that it ends the
    /// process or panics, as loggers' do: then what comes after it is no evidence.
    fn gives_up(&self, call: &Invocation<'a>) -> bool {
        if call.object.is_some() || !call.dst.is_empty() {
            return false;
        }
        let source = self.package.program.source(call.span.package);
        let Some(file) = source.files.get(call.span.file) else { return false };
        let text = file.text.get(call.span.range.start as usize..).unwrap_or_default();
        let name = text.split('(').next().unwrap_or_default();
        let name = name.rsplit('.').next().unwrap_or_default().trim();
        ["Fatal", "Panic", "Exit"].iter().any(|word| name.starts_with(word))
    }

    /// A function value out of view may give back the locks that others know of.
    fn may_unlock(&mut self, state: &mut State) {
        let known = &self.known_elsewhere;
        let given = state.held.iter().map(|h| h.lock).filter(|lock| known.contains(lock));
        self.passed_on.extend(given);
        state.held.retain(|h| !known.contains(&h.lock));
    }

    fn unknown_call(&mut self, state: &mut State, call: &Invocation<'a>) {
        self.give_args(state, call, 0);
        self.outside(state);
        self.fresh_results(state, call);
    }

    /// Code out of view ran: variables that it can reach may have changed.
    pub(crate) fn outside(&mut self, state: &mut State) {
        let volatile = &self.package.facts[self.id].volatile;
        // Nobody else knows of a variable before a literal or its address leaves.
        let own = |local: LocalId| self.func.captures.iter().any(|c| c.inner == local);
        let known = volatile.iter().filter(|&&local| own(local) || state.leaky.contains(&local));
        let epochs = known.map(|&local| self.arena.epoch(Epoch::Local(local)));
        let mut epochs: Vec<EpochId> = epochs.collect();
        epochs.sort();
        state.invalidate(&mut self.arena, &epochs);
        self.bump(state, Epoch::Memory);
    }

    pub(crate) fn fresh_results(&mut self, state: &mut State, call: &Invocation<'a>) {
        let wraps = self.wraps_error(state, call);
        for &dst in call.dst {
            let value = self.unknown_result(dst, wraps);
            self.note_descent(call, dst, value);
            self.assign(state, dst, value);
        }
    }

    pub(crate) fn set(
        &mut self,
        state: &mut State,
        call: &Invocation<'a>,
        result: usize,
        value: TermId,
    ) {
        if let Some(&dst) = call.dst.get(result) {
            self.assign(state, dst, value);
        }
    }

    fn effect(
        &mut self,
        mut state: State,
        effect: &'a Effect,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let receiver = call.args.first().copied();
        match (effect.op, receiver) {
            (Op::Lock, Some(recv)) => self.lock_op(&mut state, recv, LockMode::Write, call),
            (Op::RLock, Some(recv)) => self.lock_op(&mut state, recv, LockMode::Read, call),
            (Op::Unlock, Some(recv)) => self.unlock_op(&mut state, recv, LockMode::Write, call),
            (Op::RUnlock, Some(recv)) => self.unlock_op(&mut state, recv, LockMode::Read, call),
            (Op::TryLock, Some(recv)) => return self.try_lock(state, recv, LockMode::Write, call),
            (Op::TryRLock, Some(recv)) => return self.try_lock(state, recv, LockMode::Read, call),
            (Op::SlotAcquire | Op::SlotTry, _) => return self.ask_for_slot(state, effect.op, call),
            (op, _) if is_of_slots(op) => self.slot_op(&mut state, op, &call.args, call.span),
            (Op::RLocker, Some(recv)) => {
                let lock = self.arena.pointee(recv);
                let value = self.arena.term(Term::ReadSide(lock));
                self.set(&mut state, call, 0, value);
            }
            (Op::ContextWithCancel, Some(parent)) => {
                self.acquire(&mut state, call, parent, false);
            }
            (Op::ContextWithDeadline, Some(parent)) => {
                self.acquire(&mut state, call, parent, true);
            }
            (Op::ContextWithValue, Some(parent)) => {
                let inner = self.arena.get(self.arena.unboxed(parent));
                let known = matches!(inner, Term::Context(_));
                let value = if known { parent } else { self.arena.non_nil() };
                if !known {
                    self.made_from.insert(value, vec![parent]);
                }
                self.set(&mut state, call, 0, value);
                // Whoever gets the context finds the value in it.
                for &arg in call.args.iter().skip(1) {
                    self.escape(&mut state, arg);
                }
            }
            (Op::ContextDone, Some(recv)) => {
                self.other_effect(&mut state, effect, call);
                if let Some(&dst) = call.dst.first() {
                    let place = self.arena.local(dst);
                    let chan = state.load(&mut self.arena, place);
                    let context = self.arena.unboxed(recv);
                    self.done_of.insert(chan, context);
                }
            }
            (Op::ContextBackground, _) => {
                let value = self.arena.term(Term::Background);
                self.set(&mut state, call, 0, value);
            }
            (Op::CondWait, _) => {
                self.outside(&mut state);
                let volatile = &self.package.facts[self.id].volatile;
                state.turn(&mut self.arena, volatile);
            }
            (Op::Exit | Op::Goexit | Op::Panic, _) => return Vec::new(),
            _ => self.other_effect(&mut state, effect, call),
        }
        vec![state]
    }

    fn other_effect(&mut self, state: &mut State, effect: &'a Effect, call: &Invocation<'a>) {
        self.sets(state, call, effect.op);
        if effect.op == Op::WaitGroupWait {
            self.slot_op(state, effect.op, &call.args, call.span);
        }
        if let (Op::OnceDo, Some(&value)) = (effect.op, call.args.get(1))
            && self.may_act(state, value)
        {
            self.may_call(state, value, call.span);
            if let (Target::Body(func), _, _) = self.value(value) {
                self.may_start(state, func, call);
                self.wrote(state, func, &[]);
            }
            return;
        }
        let mut called = Vec::new();
        for callback in &effect.callbacks {
            let Some(&value) = call.args.get(callback.arg as usize) else { continue };
            if callback.when == When::Now {
                self.may_call(state, value, call.span);
                called.push(value);
                self.lend_literal(state, value, Lent::Called);
            } else {
                self.escape(state, value);
            }
        }
        let keeps = matches!(
            effect.op,
            Op::WaitGroupGo
                | Op::OnceDo
                | Op::ContextAfterFunc
                | Op::TimeAfterFunc
                | Op::TestCleanup
        ) || effect.op.changes_atomic()
            || effect.op == Op::AtomicNew;
        if effect.args != Args::Borrow || keeps {
            for &arg in call.args.iter().filter(|arg| !called.contains(arg)) {
                self.escape(state, arg);
            }
        }
        if !effect.callbacks.is_empty() || effect.op == Op::None && effect.args == Args::Escape {
            self.outside(state);
        }
        self.given(state, effect.gives, call);
    }

    /// Whether a function that is given no error where it takes one says what kind of error it is: then
    /// nothing is no kind of error. One that takes more (an assertion) may as well say that there is
    /// none.
    fn asks_about_nil(&mut self, state: &State, call: &Invocation<'a>) -> Option<bool> {
        if matches!(call.target, Target::Body(f) if !self.package.facts[f].tells.is_empty()) {
            return None;
        }
        let followed = matches!(call.target, Target::Body(f) if self.package.facts[f].relevant);
        let program = self.package.program;
        let Some(object) = call.object else {
            let unknown = matches!(call.target, Target::Unknown) && call.dst.len() == 1;
            let nil = |&arg: &TermId| matches!(self.arena.get(arg), Term::Nil);
            return (unknown && call.args.iter().any(nil)).then_some(false);
        };
        let object = program.object(object);
        let TypeKind::Signature(signature) = program.kind(object.ty) else { return None };
        let is_bool = |ty: TypeId| ty == program.basic(Basic::Bool);
        let errors: Vec<usize> = (0..signature.params.len())
            .filter(|&i| self.package.is_error(signature.params[i]))
            .collect();
        let ([result, more @ ..], [first, ..]) = (&*signature.results, &*errors) else {
            return None;
        };
        let receivers = call.args.len().saturating_sub(signature.params.len());
        let error = *call.args.get(first + receivers)?;
        let asks = is_bool(*result) && state.nilness(&self.arena, error) == Some(true);
        // What says more than yes or no may say anything.
        (asks && (!followed || !more.is_empty())).then_some(*first == 0 && more.is_empty())
    }

    /// Whether there is what was acquired last is not known on either side of a branch to come.
    pub(crate) fn doubt_latest(&mut self, state: &mut State) {
        let owed =
            |step: &&Step| step.kind == StepKind::Acquire && state.owed.contains_key(&step.span);
        let site = state.trace.latest().find(owed).map(|step| step.span);
        if let Some(site) = site
            && self.sites.get(&site).is_some_and(|s| s.kind.is_some())
        {
            self.discharge(state, site);
        }
    }

    /// Something that the caller of `call` owes to give back.
    fn acquire(
        &mut self,
        state: &mut State,
        call: &Invocation<'a>,
        parent: TermId,
        deadline: bool,
    ) {
        let parent_value = parent;
        let ancestors = self.ancestors(parent);
        let parent = self.made_here(state, &ancestors);
        // A child of a context whose cancel function is taken care of ends with it.
        let bounded = parent.is_some_and(|p| !state.owed.contains_key(&p));
        if !bounded {
            let free = matches!(self.arena.get(self.arena.unboxed(parent_value)), Term::Background);
            let exposed = deadline || !free;
            let inner = parent.and_then(|p| self.sites.get(&p)).is_some_and(|s| s.rooted);
            let rooted = !deadline && (free || inner);
            let of = self.inputs_among(&ancestors);
            let site = Site { deadline, parent, rooted, of, ..Site::default() };
            self.own(state, call.span, site, exposed);
            let child = (self.arena.unboxed(parent_value), call.span);
            if !self.children.contains(&child) {
                self.children.push(child);
            }
        }
        let context = self.arena.term(Term::Context(call.span));
        let cancel = self.arena.term(Term::Owed(call.span));
        self.set(state, call, 0, context);
        self.set(state, call, 1, cancel);
    }

    pub(crate) fn own(&mut self, state: &mut State, span: Span, site: Site, exposed: bool) {
        let again = state.owed.get(&span).is_some_and(|owed| !owed.guarded)
            && !self.is_kept_aside(state, span);
        let path = again.then(|| self.path_since(state, span));
        let known = self.sites.entry(span).or_insert(site);
        if known.overwritten.is_none() {
            known.overwritten = path.map(|path| (ResourceLoss::Again, path));
            known.unsure = !state.trace.doubts.is_empty();
        }
        state.owed.insert(span, Owed { guarded: false, exposed, drained: false });
        // What the place holds of an earlier turn is not in this one.
        if known.kind.is_some() {
            let object = self.arena.term(Term::Owed(span));
            let arena = &self.arena;
            state.mem.retain(|&place, _| arena.data(place).root != Root::Ptr(object));
        }
        state.trace.push(self.step(span, StepKind::Acquire));
    }

    /// Whether what an earlier run of the operation made is now in another variable than the one it was
    /// made in.
    pub(crate) fn is_kept_aside(&self, state: &State, span: Span) -> bool {
        let Some(site) = self.sites.get(&span) else { return false };
        state.mem.iter().any(|(&place, &term)| {
            let data = self.arena.data(place);
            let name = match (data.root, &*data.parts) {
                (Root::Local(local), []) => self.func.locals.get(local).map(|l| &l.name),
                _ => None,
            };
            self.owed_for(term) == Some(span)
                && name.is_some_and(|n| !n.is_empty() && Some(&**n) != site.name.as_deref())
        })
    }
}
