//! Applies summaries: what a function in view did to locks, resources and results, outcome by outcome.

use crate::calls::Invocation;
use crate::escape::Env;
use crate::exec::Run;
use crate::loans::Lent;
use crate::made;
use crate::names::Known;
use crate::package::Writes;
use crate::report::StepKind;
use crate::site::Site;
use crate::state::{Held, State};
use crate::summary::{Base, Fresh, Outcome, Path, PathStep, Summary, Test, Value};
use crate::term::{Arena, Epoch, EpochId, Part, PlaceId, Root, Term, TermId};
use stanch_effects::Kind;
use stanch_ir::{FuncId, LocalId};
use stanch_syntax::ast::BinaryOp;
use stanch_types::TypeKind;
use std::borrow::Cow;
use std::sync::Arc;

impl<'a> Run<'a, '_> {
    pub(crate) fn body(
        &mut self,
        mut state: State,
        func: FuncId,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let package = self.package;
        let facts = &package.facts[func];
        if !facts.returns {
            return Vec::new();
        }
        let summaries = self.summaries;
        match summaries.get(func) {
            Some(Some(summary)) if !summary.unknown => {
                if summary.gives_others {
                    self.drop_unnamed(&mut state);
                }
                self.outcomes(state, func, summary, call)
            }
            _ => {
                // What it calls in fields of what it is given is called, whatever else it does.
                let env = Env { callee: func, args: &call.args };
                let idle = state.owed.is_empty() && state.held.is_empty();
                let called = if idle { &[] } else { self.called_fields(func) };
                for path in called {
                    if let Some(value) = self.find_value(&mut state, &env, path) {
                        self.escape(&mut state, value);
                    }
                }
                if !idle {
                    self.call_within(&mut state, func);
                }
                let same = self.same_result(&state, func, call).filter(|_| !facts.relevant);
                let around = self.puts_around(&state, func, call).filter(|_| same.is_none());
                for (i, &arg) in call.args.iter().enumerate() {
                    let comes_back = same.is_some_and(|(_, given)| given == i);
                    if !comes_back && around != Some(i) && !self.is_blind_loan(&state, func, i, arg)
                    {
                        self.escape(&mut state, arg);
                    }
                }
                if self.learning {
                    // Nobody looked what a literal does to what it captures.
                    let literal = self.arena.term(Term::Closure(func));
                    self.escape(&mut state, literal);
                }
                if facts.relevant {
                    state.slots.clear();
                    self.slots.others = true;
                    // Given up, or part of a recursion that is not yet known.
                    self.wrote(&mut state, func, &[]);
                    self.fresh_results(&mut state, call);
                } else {
                    self.plain(&mut state, func, call);
                }
                if let Some((result, given)) = same {
                    self.set(&mut state, call, result, call.args[given]);
                }
                if let Some(around) = around {
                    self.put_around(&mut state, call, call.args[around]);
                    self.believe_success(&mut state, func, call);
                }
                vec![state]
            }
        }
    }

    /// A call that has nothing to do with what is owed.
    fn plain(&mut self, state: &mut State, func: FuncId, call: &Invocation<'a>) {
        let facts = &self.package.facts[func];
        let pure = facts.writes.is_empty() && facts.writes_capture.iter().all(|w| !w);
        match call.object {
            Some(object) if pure => {
                let epoch = self.epoch(state, Epoch::Memory);
                for (i, &dst) in call.dst.iter().enumerate() {
                    let value = if made::makes(self.package, func, i) {
                        self.arena.fresh()
                    } else {
                        let args = call.args.clone().into();
                        self.arena.term(Term::Pure(object, i as u32, args, epoch))
                    };
                    self.note_descent(call, dst, value);
                    self.assign(state, dst, value);
                }
            }
            _ => {
                self.wrote(state, func, &[]);
                self.fresh_results(state, call);
            }
        }
    }

    /// Forgets what `func` may have written, but for the captured variables in `kept`.
    pub(crate) fn wrote(&mut self, state: &mut State, func: FuncId, kept: &[usize]) {
        let package = self.package;
        let facts = &package.facts[func];
        let mut epochs = self.written(func);
        if let Some(closure) = package.module.funcs.get(func)
            && closure.parent == Some(self.id)
        {
            let written = closure.captures.iter().zip(&facts.writes_capture).enumerate();
            let written = written.filter(|(i, (_, written))| **written && !kept.contains(i));
            let locals = written.map(|(_, (c, _))| self.arena.epoch(Epoch::Local(c.outer)));
            let mut all = epochs.to_vec();
            all.extend(locals);
            all.sort();
            all.dedup();
            epochs = all.into();
        }
        state.invalidate(&mut self.arena, &epochs);
        let writes = &facts.writes;
        let replaces = !writes.fields.is_empty() || !writes.globals.is_empty();
        if replaces && !state.held.is_empty() {
            let arena = &self.arena;
            state.held.retain(|h| !is_replaced(arena, h.lock, writes));
        }
        if facts.writes.unknown {
            self.outside(state);
        } else if !facts.writes.is_empty() {
            self.bump(state, Epoch::Memory);
        }
    }

    /// Kinds of places that a function writes, as far as this one asks for them.
    fn written(&mut self, func: FuncId) -> Arc<[EpochId]> {
        let n_named = self.arena.n_named();
        if let Some((n, known)) = self.written.get(&func)
            && *n == n_named
        {
            return Arc::clone(known);
        }
        let writes = &self.package.facts[func].writes;
        let fields = writes.fields.iter().map(|&f| (f, Epoch::Field(f)));
        let globals = writes.globals.iter().map(|&g| (g, Epoch::Global(g)));
        let named = fields.chain(globals).filter(|(object, _)| self.arena.is_named(*object));
        let mut epochs: Vec<Epoch> = named.map(|(_, epoch)| epoch).collect();
        epochs.extend(writes.elements.then_some(Epoch::Elements));
        let mut ids: Vec<EpochId> = epochs.into_iter().map(|e| self.arena.epoch(e)).collect();
        ids.sort();
        let ids: Arc<[EpochId]> = ids.into();
        self.written.insert(func, (n_named, Arc::clone(&ids)));
        ids
    }

    fn outcomes(
        &mut self,
        state: State,
        func: FuncId,
        summary: &'a Summary,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let env = Env { callee: func, args: &call.args };
        let mut feasible: Vec<(State, &'a Outcome)> = Vec::with_capacity(summary.outcomes.len());
        for outcome in &summary.outcomes {
            let mut fork = state.clone();
            if self.meets(&mut fork, &env, outcome) {
                self.refused(&mut fork, &env, outcome);
                feasible.push((fork, outcome));
            }
        }
        if feasible.is_empty() {
            // What is believed of the inputs contradicts itself: believe nothing.
            feasible.extend(summary.outcomes.iter().map(|o| (state.clone(), o)));
        }
        let possible: Vec<&'a Outcome> = feasible.iter().map(|(_, outcome)| *outcome).collect();
        // Outcomes that leave the same behind are one for the caller.
        let owing = !state.owed.is_empty();
        let mut forks: Vec<Option<State>> = Vec::with_capacity(feasible.len());
        let mut groups: Vec<Cow<'a, Outcome>> = Vec::with_capacity(feasible.len());
        for (fork, outcome) in feasible {
            let mut outcome = outcome.leave_unclear(&possible);
            // With an error that may be one comes nothing of use, unless the callee is seen to return both.
            if let Some(failed) = self.failed(&mut outcome, call) {
                forks.push(Some(fork.clone()));
                groups.push(Cow::Owned(failed));
            }
            let alike = |known: &Outcome| {
                known.same_effect(&outcome)
                    && (!owing || known.hands_on_alike(&outcome))
                    && known.starts.is_empty() == outcome.starts.is_empty()
            };
            match groups.iter().position(|known| alike(known)) {
                Some(at) => {
                    forks[at] = None;
                    groups[at].to_mut().join(&outcome);
                }
                None => {
                    forks.push(Some(fork));
                    groups.push(outcome);
                }
            }
        }
        let doubtful = groups.len() > 1 && self.lost_conditions(&state, &env, summary);
        let chosen = call.args.iter().any(|&arg| self.is_own_value(arg));
        let mut after = Vec::with_capacity(groups.len());
        for (side, (alone, outcome)) in (2..).zip(forks.into_iter().zip(&groups)) {
            let mut fork = alone.unwrap_or_else(|| state.clone());
            if doubtful || groups.len() > 1 && (outcome.unsure || outcome.partial && chosen) {
                fork.trace.doubts.add(call.span, side);
            }
            self.trust(&mut fork, &env, outcome, &groups);
            self.asked = !fork.held.is_empty() && !self.expects(&state, &env, outcome);
            self.apply(&mut fork, func, outcome, call);
            self.asked = false;
            after.push(fork);
        }
        after
    }

    /// Whether what decides about the outcomes of a call is something that nobody outside decides.
    fn lost_conditions(&mut self, state: &State, env: &Env<'_>, summary: &Summary) -> bool {
        let mut fork = state.clone();
        summary.outcomes.iter().flat_map(|outcome| &outcome.conditions).any(|(path, wanted)| {
            match self.condition(&mut fork, env, path, wanted) {
                Some((term, _)) if fork.truth(&mut self.arena, term).is_some() => {
                    matches!(wanted, Value::Int(_))
                }
                Some((term, _)) => !self.arena.is_outside(term),
                None => false,
            }
        })
    }

    /// Whether the conditions of an outcome are known to hold.
    fn expects(&mut self, state: &State, env: &Env<'_>, outcome: &Outcome) -> bool {
        let mut fork = state.clone();
        outcome.conditions.iter().all(|(path, wanted)| {
            match self.condition(&mut fork, env, path, wanted) {
                Some((term, truth)) => fork.truth(&mut self.arena, term) == Some(truth),
                None => true,
            }
        })
    }

    /// Who is given an object and fails because of what it answers (`if x.Closed()`) fails for a state of
    /// the object, which its maker knows: on that way nothing is said of it.
    fn refused(&mut self, state: &mut State, env: &Env<'_>, outcome: &Outcome) {
        let fails = outcome.results.iter().flatten().any(|value| *value == Value::NonNil);
        for (path, wanted) in outcome.conditions.iter().filter(|_| fails) {
            let [before @ .., PathStep::Answer(_)] = &*path.steps else { continue };
            let asked = Path { base: path.base, steps: before.into() };
            if matches!(wanted, Value::Bool(_))
                && let Some(value) = self.find_value(state, env, &asked)
                && let Term::Owed(site) = *self.arena.get(self.arena.unboxed(value))
            {
                self.discharge(state, site);
            }
        }
    }

    /// If an outcome leaves something to the caller and may return an error: the case in which it does;
    /// the outcome is left with the other.
    fn failed(&self, outcome: &mut Cow<'a, Outcome>, call: &Invocation<'a>) -> Option<Outcome> {
        if outcome.fresh.is_empty() {
            return None;
        }
        let is_error = |&i: &usize| {
            let dst = call.dst.get(i).and_then(|&dst| self.func.locals.get(dst));
            dst.is_some_and(|l| self.package.is_error(l.ty)) && outcome.results[i].is_none()
        };
        let error = (0..outcome.results.len()).find(is_error)?;
        let mut failed = Outcome::clone(outcome);
        if outcome.together.is_none() {
            for fresh in std::mem::take(&mut failed.fresh) {
                failed.results[fresh.result] = None;
            }
        }
        failed.results[error] = Some(Value::NonNil);
        outcome.to_mut().results[error] = Some(Value::Nil);
        Some(failed)
    }

    /// What another outcome gives back or hands on, which no result tells from this one, is the
    /// callee's business.
    fn trust(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        outcome: &Outcome,
        outcomes: &[Cow<'_, Outcome>],
    ) {
        if let [_] = outcomes {
            return;
        }
        // What the caller chose by an argument it answers for.
        let chosen = outcome.conditions.iter().any(|(path, _)| path.steps.is_empty());
        // So is what hangs on the state of the object that holds it, which its caller cannot know: whether
        // it was closed before.
        let of_state = |path: &Path| {
            let known = |(of, _): &(Path, Value)| !of.steps.is_empty() && of.base == path.base;
            !path.steps.is_empty() && outcome.conditions.iter().any(known)
        };
        let trusted = |other: &Outcome, path: &Path| {
            !chosen && other.results == outcome.results || of_state(path)
        };
        for other in outcomes {
            let used = other.used.iter().filter(|path| !outcome.used.contains(path));
            for path in used.filter(|path| trusted(other, path)) {
                if let Some(value) = self.find_value(state, env, path) {
                    self.escape(state, value);
                }
            }
            for (path, act) in other.acts.iter().filter(|act| !outcome.acts.contains(act)) {
                if trusted(other, path)
                    && let Some(place) = self.find_place(state, env, path)
                {
                    self.act(state, place, *act);
                }
            }
        }
        // So is what the callee keeps because of its own state, which its caller cannot know.
        let by_state = outcome.conditions.iter().any(|(path, _)| !path.steps.is_empty());
        let others = outcomes.iter().filter(|o| o.results == outcome.results || by_state);
        for (path, mode) in others.flat_map(|o| &o.released) {
            if outcome.released.iter().any(|(of, how)| of == path && how == mode) {
                continue;
            }
            let Some(lock) = self.find_place(state, env, path) else { continue };
            let n_held = state.held.len();
            state.held.retain(|h| h.lock != lock);
            // It may well be one that has another name here.
            let alias = state.held.iter().rposition(|h| self.may_alias(h.lock, lock));
            if let (true, Some(alias)) = (state.held.len() == n_held, alias) {
                state.held.remove(alias);
            }
        }
    }

    /// Whether the conditions of an outcome can hold; they are assumed then.
    fn meets(&mut self, state: &mut State, env: &Env<'_>, outcome: &Outcome) -> bool {
        outcome.conditions.iter().all(|(path, wanted)| {
            match self.condition(state, env, path, wanted) {
                Some((term, truth)) => state.assume(&mut self.arena, term, truth),
                None => true,
            }
        })
    }

    /// A condition on the inputs of a call, in terms of the caller.
    pub(crate) fn condition(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        path: &Path,
        wanted: &Value,
    ) -> Option<(TermId, bool)> {
        let (other, truth) = match wanted {
            Value::Bool(b) => (self.arena.bool(*b), true),
            Value::Int(i) => (self.arena.term(Term::Int(*i)), true),
            Value::Nil => (self.arena.nil(), true),
            Value::NonNil | Value::New(_) | Value::Bodiless | Value::GivesBack(..) => {
                (self.arena.nil(), false)
            }
            Value::Input(_) => return None,
        };
        let value = self.find_value(state, env, path)?;
        Some((self.arena.binary(BinaryOp::Eq, value, other), truth))
    }

    fn apply(&mut self, state: &mut State, func: FuncId, outcome: &Outcome, call: &Invocation<'a>) {
        let env = Env { callee: func, args: &call.args };
        let before: Vec<Held> = state.held.clone();
        for take in &outcome.takes {
            self.take_below(state, &env, take, call.span, call.deferred);
        }
        for under in &outcome.calls {
            self.call_under(state, &env, under, call);
        }
        self.apply_slots(state, &env, outcome, call.span);
        self.apply_workers(state, &env, outcome, call);
        let mut within: Vec<TermId> = Vec::new();
        for path in &outcome.used {
            if let Some(value) = self.find_value(state, &env, path) {
                if self.goes_into_result(state, outcome, path, value, call) {
                    within.push(value);
                    continue;
                }
                if let Term::Owed(site) = *self.arena.get(value) {
                    state.trace.push(self.step(call.span, StepKind::Release));
                    if self.sites.get(&site).is_some_and(|s| s.kind == Some(Kind::Reference)) {
                        self.close(state, site);
                        continue;
                    }
                }
                if self.learning
                    && let Term::Closure(literal) = *self.arena.get(value)
                    && !outcome.handed.contains(path)
                    && self.only_called(state, literal)
                {
                    continue;
                }
                match *self.arena.get(value) {
                    Term::Closure(_) if !outcome.handed.contains(path) => {
                        self.lend_literal(state, value, Lent::Called);
                    }
                    _ => self.escape(state, value),
                }
            }
        }
        let values: Vec<Option<TermId>> =
            outcome.results.iter().map(|v| self.known_result(state, &env, v.as_ref())).collect();
        let parents = self.parents_of(state, &env, outcome);
        for (path, mode) in &outcome.released {
            if let Some(lock) = self.find_place(state, &env, path) {
                state.trace.push(self.step(call.span, StepKind::Release));
                self.unlock(state, lock, *mode, call.span, false);
            }
        }
        let mut around = None;
        for path in &outcome.touched {
            if let Some(value) = self.find_value(state, &env, path)
                && !self.is_loan_at(state, func, path, value)
                && !outcome.only_returns(path)
            {
                if self.goes_into_result(state, outcome, path, value, call) {
                    within.push(value);
                    continue;
                }
                if around.is_none() && self.is_put_around(state, outcome, path, value, call) {
                    around = Some(value);
                    continue;
                }
                self.escape(state, value);
            }
        }
        let held: Vec<_> = outcome
            .held
            .iter()
            .filter_map(|(path, mode)| Some((self.find_place(state, &env, path)?, *mode)))
            .collect();
        self.start_workers(state, &env, outcome, call);
        self.wrote(state, func, &outcome.kept);
        for (path, value) in &outcome.sets {
            let Some(place) = self.find_place(state, &env, path) else { continue };
            // What is tracked stays in sight.
            let tracked = state.mem.get(&place).map(|&term| self.arena.get(term));
            let tracked = matches!(
                tracked,
                Some(Term::Owed(_) | Term::Closure(_) | Term::Context(_) | Term::Iface(_))
            );
            if let Some(value) = self.known_result(state, &env, Some(value)).filter(|_| !tracked) {
                state.store(&self.arena, place, value);
            }
        }
        self.set_results(state, func, outcome, (&values, &parents), call);
        self.put_into_result(state, outcome, within, call);
        around.into_iter().for_each(|value| self.put_around(state, call, value));
        self.apply_fills(state, &env, outcome, call);
        for (lock, mode) in held {
            let taken = before.iter().any(|h| (h.lock, h.mode) == (lock, mode));
            if taken || self.learning {
                continue;
            }
            if !state.released.remove(&(lock, mode)) {
                state.trace.push(self.step(call.span, StepKind::Acquire));
                state.hold(Held { lock, mode, site: call.span, deferred: false });
            }
        }
    }

    /// Whether a callee puts an argument into what it returns, and nowhere else: an object of this
    /// function's, or a method of one.
    fn goes_into_result(
        &mut self,
        state: &State,
        outcome: &Outcome,
        path: &Path,
        value: TermId,
        call: &Invocation<'a>,
    ) -> bool {
        let [fresh] = &*outcome.fresh else { return false };
        let kept = !self.learning
            && !call.deferred
            && fresh.kind == Some(Kind::Worker)
            && path.steps.is_empty()
            && call.dst.get(fresh.result).is_some();
        if !kept {
            return false;
        }
        let value = self.arena.unboxed(value);
        let within = outcome.within_results.contains(path);
        match *self.arena.get(value) {
            Term::Method(recv, method) => {
                let Known::Body(body) = self.package.names.known(method) else { return false };
                let recv = self.arena.unboxed(recv);
                (within || outcome.only_called.contains(path))
                    && self.is_made(recv)
                    && self.leaves_owed(state, recv, body)
            }
            _ => within && self.is_made(value),
        }
    }

    /// Whether a value is an object of this function's.
    fn is_made(&self, value: TermId) -> bool {
        matches!(self.arena.get(value), Term::New(_) | Term::Owed(_))
    }

    fn put_into_result(
        &mut self,
        state: &mut State,
        outcome: &Outcome,
        values: Vec<TermId>,
        call: &Invocation<'a>,
    ) {
        let [fresh] = &*outcome.fresh else { return };
        let Some(&dst) = call.dst.get(fresh.result).filter(|_| !values.is_empty()) else { return };
        let place = self.arena.local(dst);
        let result = state.load(&mut self.arena, place);
        let holder = self.arena.unboxed(result);
        self.held_by.entry(holder).or_default().extend(values.iter().copied());
        let known =
            matches!(*self.arena.get(holder), Term::Owed(site) if state.owed.contains_key(&site));
        if !known {
            values.into_iter().for_each(|value| self.escape(state, value));
        }
    }

    fn known_result(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        value: Option<&Value>,
    ) -> Option<TermId> {
        Some(match value? {
            Value::Bool(b) => self.arena.bool(*b),
            Value::Int(i) => self.arena.term(Term::Int(*i)),
            Value::Nil => self.arena.nil(),
            Value::NonNil => self.arena.non_nil(),
            Value::Bodiless => {
                let request = self.arena.non_nil();
                self.bodiless.insert(request);
                request
            }
            Value::New(ty) => {
                let number = self.arena.number();
                let object = self.arena.term(Term::New(number));
                self.types.insert(object, *ty);
                object
            }
            Value::Input(path) => return self.find_value(state, env, path),
            Value::GivesBack(path, method) => {
                let lock = self.find_place(state, env, path)?;
                let recv = self.arena.address(lock);
                self.arena.term(Term::Method(recv, *method))
            }
        })
    }

    fn set_results(
        &mut self,
        state: &mut State,
        func: FuncId,
        outcome: &Outcome,
        (values, parents): (&[Option<TermId>], &[TermId]),
        call: &Invocation<'a>,
    ) {
        // The answer to a request made with HEAD has no body, whoever makes it.
        let empty = call.args.iter().any(|&arg| self.bodiless.contains(&arg) || self.is_head(arg));
        let fresh = outcome.fresh.first().filter(|f| {
            let known = self.learning && !f.within.is_empty();
            let bodiless = empty && f.kind == Some(Kind::Body);
            !(known || bodiless)
        });
        if let Some(fresh) = fresh {
            let Fresh { kind, deadline, ref enders, started, ty, .. } = *fresh;
            let (enders, helper) = (enders.clone(), Some(func));
            // The type is that of the object, not of what is in it.
            let ty = ty.filter(|_| fresh.within.is_empty());
            let together = outcome.together;
            let parent = self.made_here(state, parents);
            let bounded = parent.is_some_and(|site| !state.owed.contains_key(&site));
            let of = self.inputs_among(parents);
            let (enders, base) = (enders, Site { parent, of, ..Site::default() });
            let site = Site { kind, deadline, helper, enders, started, ty, together, ..base };
            if kind.is_some() || !bounded && !self.is_given_bounded(state, call) {
                self.own(state, call.span, site, true);
            }
        }
        let wraps = self.wraps_error(state, call);
        for (i, &dst) in call.dst.iter().enumerate() {
            let fresh = fresh.filter(|f| f.result == i || f.also.contains(&i));
            let value = match (fresh, values.get(i).copied().flatten()) {
                (Some(fresh), _) if fresh.within.is_empty() => {
                    self.arena.term(Term::Owed(call.span))
                }
                (Some(fresh), _) => self.carrier(state, fresh, call.span),
                (None, Some(value)) => value,
                (None, None) => self.unknown_result(dst, wraps),
            };
            if fresh.is_none() {
                self.note_descent(call, dst, value);
            }
            if outcome.fresh.iter().any(|f| f.kind.is_none() && f.result != i) {
                self.note_beside(value, call.span);
            }
            self.assign(state, dst, value);
        }
        for (path, test, truth) in &outcome.tells {
            self.told(state, path, *test, *truth, call);
        }
    }

    /// Whether a call is given a context whose cancel function is taken care of: what is made from that ends with
    /// it.
    fn is_given_bounded(&self, state: &State, call: &Invocation<'a>) -> bool {
        call.args.iter().any(|&arg| match *self.arena.get(self.arena.unboxed(arg)) {
            Term::Context(site) => !state.owed.contains_key(&site),
            _ => false,
        })
    }

    /// What a callee knows of a number that hangs on a result.
    fn told(
        &mut self,
        state: &mut State,
        path: &Path,
        test: Test,
        truth: bool,
        call: &Invocation<'a>,
    ) {
        let Base::Result(result) = path.base else { return };
        let Some(&dst) = call.dst.get(result) else { return };
        let value = self.arena.local(dst);
        let value = state.load(&mut self.arena, value);
        let mut place = match path.steps.first() {
            Some(PathStep::Deref) => self.arena.pointee(value),
            _ => return,
        };
        for step in &path.steps[1..] {
            place = match *step {
                PathStep::Field(field) => self.arena.part(place, Part::Field(field)),
                PathStep::Deref => {
                    let pointer = state.load(&mut self.arena, place);
                    self.arena.pointee(pointer)
                }
                PathStep::Answer(_) => return,
            };
        }
        let number = state.load(&mut self.arena, place);
        let (Test::Below(n) | Test::Above(n) | Test::Is(n)) = test;
        let bound = self.arena.term(Term::Int(n));
        let told = match test {
            Test::Below(_) => self.arena.binary(BinaryOp::Lt, number, bound),
            Test::Above(_) => self.arena.binary(BinaryOp::Lt, bound, number),
            Test::Is(_) => self.arena.binary(BinaryOp::Eq, number, bound),
        };
        state.assume(&mut self.arena, told, truth);
    }

    /// A function that is given an error and returns one wraps it: it is believed not to lose it.
    pub(crate) fn wraps_error(&mut self, state: &State, call: &Invocation<'a>) -> bool {
        self.given_errors(call)
            .into_iter()
            .any(|arg| state.nilness(&self.arena, arg) == Some(false))
    }

    /// The arguments of a call that are errors.
    pub(crate) fn given_errors(&self, call: &Invocation<'a>) -> Vec<TermId> {
        let program = self.package.program;
        let Some(object) = call.object else { return Vec::new() };
        let TypeKind::Signature(signature) = program.kind(program.object(object).ty) else {
            return Vec::new();
        };
        let skip = call.args.len().saturating_sub(signature.params.len());
        let errors = signature.params.iter().zip(call.args.iter().skip(skip));
        errors.filter(|(param, _)| self.package.is_error(**param)).map(|(_, &arg)| arg).collect()
    }

    /// Whether a function is given an error that is nil.
    pub(crate) fn wraps_nothing(&self, state: &State, call: &Invocation<'a>) -> bool {
        self.given_errors(call).into_iter().any(|arg| state.nilness(&self.arena, arg) == Some(true))
    }

    /// What such a call returns as an error.
    pub(crate) fn note_wrapped(&mut self, after: &[State], dst: &[LocalId]) {
        for state in after {
            for &local in dst {
                if self.package.is_error(self.func.locals[local].ty) {
                    let place = self.arena.local(local);
                    let value = state.load(&mut self.arena, place);
                    self.wrapped.insert(value);
                }
            }
        }
    }

    pub(crate) fn unknown_result(&mut self, dst: LocalId, wraps: bool) -> TermId {
        let is_error = wraps && self.package.is_error(self.func.locals[dst].ty);
        if is_error { self.arena.non_nil() } else { self.arena.fresh() }
    }
}

/// Whether a lock is part of something that is assigned as a whole: it is another lock then.
pub(crate) fn is_replaced(arena: &Arena, lock: PlaceId, writes: &Writes) -> bool {
    let data = arena.data(lock);
    let within = data.parts.split_last().map_or(&[][..], |(_, before)| before);
    let field = |part: &Part| matches!(part, Part::Field(f) if writes.fields.contains(f));
    within.iter().any(field) || matches!(data.root, Root::Global(g) if writes.globals.contains(&g))
}
