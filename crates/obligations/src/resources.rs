//! Bodies, rows, files, connections, tickers: taken by library functions, given back by a method.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::flow::Exit;
use crate::lends::is_method;
use crate::loans::Lent;
use crate::report::{LostResource, ResourceLoss, StepKind};
use crate::site::Site;
use crate::state::State;
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_effects::{Args, Kind, Op, ResourceEffect};
use stanch_ir::{InstrKind, Operand, Rvalue, Span, Terminator};
use stanch_syntax::ast::BinaryOp;

impl<'a> Run<'a, '_> {
    /// What a called library function does to such things.
    pub(crate) fn resource_effect(&self, call: &Invocation<'a>) -> Option<ResourceEffect> {
        let plain = match call.target {
            Target::Unknown => true,
            Target::Effect(effect) => {
                matches!(effect.op, Op::None | Op::TickerNew | Op::TimeTick | Op::TimerStop)
                    && effect.callbacks.is_empty()
            }
            Target::Body(_) | Target::Owed(_) | Target::Input(_) => false,
        };
        let effect = call.object.filter(|_| plain).and_then(|o| self.package.names.resource(o))?;
        let says_more = effect.acquires.is_some()
            || effect.releases.is_some()
            || effect.ends_when_false
            || effect.drains.is_some()
            || effect.becomes.is_some()
            || matches!(effect.args, Some(Args::IntoResult | Args::Escape));
        (says_more || matches!(call.target, Target::Unknown)).then_some(effect)
    }

    /// Runs a call of such a function.
    pub(crate) fn resource(
        &mut self,
        mut state: State,
        effect: ResourceEffect,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let released = effect.releases.and_then(|i| call.args.get(i as usize)).copied();
        if let Some(value) = released {
            state.trace.push(self.step(call.span, StepKind::Release));
            self.give_back(&mut state, value);
            self.fresh_results(&mut state, call);
            return vec![state];
        }
        if let Some(&value) = effect.becomes.and_then(|i| call.args.get(i as usize)) {
            return self.taken_over(state, value, call);
        }
        if effect.ends_when_false {
            return self.turn_or_end(state, call);
        }
        let drained = effect.drains.and_then(|i| call.args.get(i as usize)).copied();
        if let Some(value) = drained
            && let Term::Owed(site) = *self.arena.get(self.arena.unboxed(value))
            && let Some(owed) = state.owed.get_mut(&site)
        {
            owed.drained = true;
        }
        if effect.args == Some(Args::Escape) {
            let lent = usize::from(effect.acquires.is_some() && self.is_own_method(call));
            for &arg in call.args.iter().skip(lent) {
                self.escape(&mut state, arg);
            }
        }
        if matches!(call.target, Target::Unknown) {
            self.called_back(&mut state, call);
            self.outside(&mut state);
        }
        match effect.acquires {
            // The answer to a request made with HEAD has no body.
            Some(Kind::Body) if call.args.iter().any(|arg| self.bodiless.contains(arg)) => {}
            Some(kind) if self.leaks(kind, call.span) => {
                return self.acquire_resource(state, kind, &effect, call);
            }
            _ => {}
        }
        self.fresh_results(&mut state, call);
        if effect.args == Some(Args::IntoResult) {
            let wrapped = call.args.iter().copied().find(|&arg| self.may_be_owed(arg));
            if let Some(arg) = wrapped {
                let value = self.arena.term(Term::Wrap(arg));
                self.set(&mut state, call, 0, value);
            }
        }
        vec![state]
    }

    /// Whether a method out of view is called on something that a library function made, and cannot have
    /// taken it over: by its name it does not end it, and what it returns can hold nothing.
    pub(crate) fn lends_receiver(&self, call: &Invocation<'a>) -> bool {
        self.is_own_method(call)
            && call.object.is_some_and(|method| self.package.leaves_receiver(method))
    }

    /// Whether a method is called on what a library function made here.
    fn is_own_method(&self, call: &Invocation<'a>) -> bool {
        let (Some(method), Some(&receiver)) = (call.object, call.args.first()) else {
            return false;
        };
        let Term::Owed(site) = *self.arena.get(self.arena.unboxed(receiver)) else { return false };
        let made = |site: &Site| site.kind == Some(Kind::Closer) && site.helper.is_none();
        !self.learning && is_method(self.package, method) && self.sites.get(&site).is_some_and(made)
    }

    /// A function value that a library function gets is called by it, and does what it does to what it
    /// captures.
    fn called_back(&mut self, state: &mut State, call: &Invocation<'a>) {
        for &arg in &call.args {
            let value = self.arena.unboxed(arg);
            match self.arena.get(value) {
                Term::Closure(_) => self.lend_literal(state, value, Lent::Called),
                Term::Method(..) => self.escape(state, value),
                _ => {}
            }
        }
    }

    /// Something new, or an error instead of it.
    fn acquire_resource(
        &mut self,
        mut state: State,
        kind: Kind,
        effect: &ResourceEffect,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let results = [Some(effect.result), effect.also];
        let results = results.into_iter().flatten().map(|result| result as usize);
        // Each has a place of its own: the call, and the variable that gets the other one.
        let mut made: Vec<(usize, Span)> = Vec::new();
        for result in results {
            let local = call.dst.get(result).and_then(|&dst| self.func.locals.get(dst));
            match local {
                _ if made.is_empty() => made.push((result, call.span)),
                Some(local) if !local.name.is_empty() => made.push((result, local.span)),
                _ => {}
            }
        }
        let error = self.error_of(call);
        let mut failed = error.map(|_| state.clone());
        let dynamic = self.dynamic_type(call);
        let parent = self.made_of(&state, effect, call);
        let bounded = parent.is_some_and(|(_, over)| over);
        self.fresh_results(&mut state, call);
        for &(result, span) in made.iter().filter(|_| !bounded) {
            let parent = parent.map(|(site, _)| site);
            let dynamic = dynamic.clone();
            let site = Site { kind: Some(kind), parent, dynamic, ..Site::default() };
            self.own(&mut state, span, site, true);
            let value = self.arena.term(Term::Owed(span));
            self.set(&mut state, call, result, value);
        }
        if let (Some(error), Some(failed)) = (error, &mut failed) {
            for &(_, span) in &made {
                self.lose_earlier(failed, span);
            }
            self.fresh_results(failed, call);
            let (nil, some) = (self.arena.nil(), self.arena.non_nil());
            for &(result, _) in &made {
                self.set(failed, call, result, nil);
            }
            self.set(failed, call, error, some);
            self.set(&mut state, call, error, nil);
        }
        [Some(state), failed].into_iter().flatten().collect()
    }

    /// The result of a call that is an error.
    fn error_of(&self, call: &Invocation<'a>) -> Option<usize> {
        call.dst
            .iter()
            .position(|&dst| self.func.locals.get(dst).is_some_and(|l| self.package.is_error(l.ty)))
    }

    /// What something is made of whose end is that of the new one too, if that was acquired here, and
    /// whether its end is settled.
    fn made_of(
        &self,
        state: &State,
        effect: &ResourceEffect,
        call: &Invocation<'a>,
    ) -> Option<(Span, bool)> {
        let whole = call.args.get(effect.of? as usize)?;
        let Term::Owed(site) = *self.arena.get(self.arena.unboxed(*whole)) else { return None };
        let known = self.sites.get(&site)?;
        Some((site, known.closed && !known.handed && !state.owed.contains_key(&site)))
    }

    /// An argument becomes the result: who closes that closes it.
    fn taken_over(&mut self, mut state: State, value: TermId, call: &Invocation<'a>) -> Vec<State> {
        let error = self.error_of(call);
        let mut failed = error.map(|_| state.clone());
        self.fresh_results(&mut state, call);
        self.set(&mut state, call, 0, value);
        if let (Some(error), Some(failed)) = (error, &mut failed) {
            self.give_back(failed, value);
            self.fresh_results(failed, call);
            let (nil, some) = (self.arena.nil(), self.arena.non_nil());
            self.set(failed, call, 0, nil);
            self.set(failed, call, error, some);
            self.set(&mut state, call, error, nil);
        }
        [Some(state), failed].into_iter().flatten().collect()
    }

    /// The operation runs again: what its variable held of an earlier turn is lost.
    fn lose_earlier(&mut self, state: &mut State, span: Span) {
        let lost = state.owed.get(&span).is_some_and(|owed| !owed.guarded);
        if !lost || self.is_kept_aside(state, span) {
            return;
        }
        let path = self.path_since(state, span);
        if let Some(site) = self.sites.get_mut(&span) {
            site.overwritten.get_or_insert((ResourceLoss::Again, path));
        }
        state.owed.remove(&span);
    }

    /// One more turn, or the end, which gives the receiver back.
    fn turn_or_end(&mut self, mut state: State, call: &Invocation<'a>) -> Vec<State> {
        let mut end = state.clone();
        let (yes, no) = (self.arena.bool(true), self.arena.bool(false));
        self.set(&mut state, call, 0, yes);
        self.set(&mut end, call, 0, no);
        if let Some(&receiver) = call.args.first() {
            self.give_back(&mut end, receiver);
        }
        vec![state, end]
    }

    /// `value` is closed or stopped.
    pub(crate) fn give_back(&mut self, state: &mut State, value: TermId) {
        let mut value = value;
        loop {
            match *self.arena.get(value) {
                Term::Iface(inner) | Term::Assert(inner, _) | Term::Wrap(inner) => value = inner,
                Term::Owed(site) => return self.close(state, site),
                // A promoted method gets the embedded field: it stands for the whole.
                Term::Addr(place) => match self.whole_of(place) {
                    Some(whole) => value = whole,
                    None => return self.escape(state, value),
                },
                Term::Load(place, _) if self.around(place).is_some() => {
                    return self.escape(state, value);
                }
                Term::Load(place, None) => {
                    state.used.insert(place);
                    return;
                }
                _ => return self.escape(state, value),
            }
        }
    }

    /// The object of which a place is the embedded part whose methods it has. Where the part's name is
    /// another package's own, nothing but a promoted method gets it (spec: Selectors).
    fn whole_of(&self, place: PlaceId) -> Option<TermId> {
        let program = self.package.program;
        let data = self.arena.data(place);
        let Root::Ptr(whole) = data.root else { return None };
        let hidden = |part: &Part| match *part {
            Part::Field(field) => {
                field.package != self.package.module.package
                    && !program.object(field).name.starts_with(char::is_uppercase)
            }
            Part::Index(_) => false,
        };
        let owed = matches!(self.arena.get(whole), Term::Owed(_));
        (owed || !data.parts.is_empty() && data.parts.iter().all(hidden)).then_some(whole)
    }

    /// Whether a place is an embedded part of an object.
    pub(crate) fn is_embedded(&self, place: PlaceId) -> bool {
        let program = self.package.program;
        self.arena.data(place).parts.iter().all(|part| match part {
            Part::Field(field) => {
                let ty = program.object(*field).ty;
                let named = program.named_object(program.pointee(ty).unwrap_or(ty));
                named.is_some_and(|n| program.object(n).name == program.object(*field).name)
            }
            Part::Index(_) => false,
        })
    }

    /// What was acquired at `site` is given back.
    pub(crate) fn close(&mut self, state: &mut State, site: Span) {
        if let Some(site) = self.sites.get_mut(&site) {
            site.closed = true;
        }
        self.closing = true;
        self.discharge(state, site);
        self.closing = false;
    }

    /// What a place holds; the body of a response stands for the response.
    pub(crate) fn read(&mut self, state: &State, place: PlaceId) -> TermId {
        let data = self.arena.data(place);
        if let (Root::Ptr(object), [Part::Field(field)]) = (data.root, &*data.parts)
            && let Term::Owed(site) = *self.arena.get(object)
            && self.sites.get(&site).is_some_and(|s| s.kind == Some(Kind::Body))
            && &*self.package.program.object(*field).name == "Body"
        {
            return object;
        }
        state.load(&mut self.arena, place)
    }

    /// The ticker whose channel a value is.
    pub(crate) fn ticker_of(&self, value: TermId) -> Option<Span> {
        if let Term::Owed(site) = *self.arena.get(value) {
            let ticks = self.sites.get(&site).is_some_and(|s| s.kind == Some(Kind::Ticks));
            return ticks.then_some(site);
        }
        let Term::Load(place, _) = *self.arena.get(value) else { return None };
        let Root::Ptr(object) = self.arena.data(place).root else { return None };
        let Term::Owed(site) = *self.arena.get(object) else { return None };
        self.sites.get(&site).filter(|s| s.kind == Some(Kind::Ticker)).map(|_| site)
    }

    /// A body gives way to another one: if it was not closed or kept, nobody has it any more.
    pub(crate) fn replaced_body(
        &mut self,
        state: &mut State,
        place: PlaceId,
        value: TermId,
        span: Span,
    ) {
        let data = self.arena.data(place);
        let (Root::Ptr(response), [Part::Field(_)]) = (data.root, &*data.parts) else { return };
        if self.read(state, place) != response || self.arena.unboxed(value) == response {
            return;
        }
        let Term::Owed(site) = *self.arena.get(response) else { return };
        let lost = state.owed.get(&site).is_some_and(|owed| !owed.guarded && !owed.drained);
        if lost {
            let path = self.path_since(state, site);
            if let Some(site) = self.sites.get_mut(&site) {
                site.overwritten.get_or_insert((ResourceLoss::Replaced(span), path));
            }
        }
        state.owed.remove(&site);
    }

    fn may_be_owed(&self, value: TermId) -> bool {
        matches!(
            self.arena.get(self.arena.unboxed(value)),
            Term::Owed(_) | Term::Wrap(_) | Term::Load(..)
        )
    }

    /// Whether a forgotten one stays.
    fn leaks(&self, kind: Kind, span: Span) -> bool {
        !matches!(kind, Kind::Ticker | Kind::Ticks) || self.package.keeps_tickers(span)
    }

    /// Resources made here that some exit forgets; call it after [`Run::summary`], which hands the
    /// results over.
    pub(crate) fn lost_resources(&self, exits: &[Exit], ends_process: bool) -> Vec<LostResource> {
        let mut found = Vec::new();
        for (&span, site) in &self.sites {
            let Some(kind) = site.kind else { continue };
            let drained = |e: &Exit| e.state.owed.get(&span).is_some_and(|o| o.drained);
            let drained = |e: &Exit| kind == Kind::Body && drained(e);
            let lost = exits.iter().filter(|e| e.state.owed.contains_key(&span));
            // A list may well be all that a successful run leaves behind.
            let lost = lost.filter(|e| site.gathered.is_none() || self.fails(e));
            let lost = lost.min_by_key(|e| (drained(e), e.span)).filter(|_| !ends_process);
            let read = lost.is_some_and(drained);
            let (how, path, fails) = match (lost, &site.overwritten) {
                (Some(exit), _) => {
                    let path = self.path_since(&exit.state, site.gathered.unwrap_or(span));
                    (ResourceLoss::Return(exit.span), path, self.fails(exit))
                }
                (None, Some((how, path))) => (*how, path.clone(), false),
                (None, None) => continue,
            };
            let span = site.gathered.unwrap_or(span);
            if found.iter().any(|known: &LostResource| known.span == span) {
                continue;
            }
            found.push(LostResource {
                func: self.id,
                span,
                kind,
                name: site.name.clone(),
                helper: site.helper,
                how,
                path,
                closed: site.closed,
                moved: site.released && !site.closed,
                fails,
                read,
                together: site.together.filter(|_| fails),
                started: site.started,
                enders: site.enders.clone(),
            });
        }
        found
    }

    /// Whether an exit returns an error.
    pub(crate) fn fails(&self, exit: &Exit) -> bool {
        let results = self.func.results.iter().zip(&exit.results);
        results.into_iter().any(|(&local, &value)| {
            self.package.is_error(self.func.locals[local].ty)
                && !matches!(self.arena.get(value), Term::Nil)
        })
    }

    /// Whether a function without results leaves because of an error that came after the operation at
    /// `site`.
    pub(crate) fn gives_up_on_error(&self, exit: &Exit, site: Span) -> bool {
        if !self.func.results.is_empty() {
            return false;
        }
        let mut since = exit.state.trace.latest().take_while(|step| step.span != site);
        let branch = since.find_map(|step| match step.kind {
            StepKind::Branch(truth) if step.func == self.id => Some((step.span, truth)),
            _ => None,
        });
        branch.is_some_and(|(span, truth)| self.is_error_branch(span, truth))
    }

    /// Whether a branch is taken because an error is not nil.
    fn is_error_branch(&self, span: Span, truth: bool) -> bool {
        let is_error = |operand: &Operand| {
            let Operand::Local(local) = operand else { return false };
            self.func.locals.get(*local).is_some_and(|l| self.package.is_error(l.ty))
        };
        self.func.blocks.iter().filter(|block| block.term_span == span).any(|block| {
            let Terminator::Branch { cond: Operand::Local(cond), .. } = &block.term else {
                return false;
            };
            block.instrs.iter().any(|instr| match &instr.kind {
                InstrKind::Assign(dst, Rvalue::Binary(op, a, b)) if dst == cond => {
                    let asks = matches!((op, truth), (BinaryOp::Ne, true) | (BinaryOp::Eq, false));
                    asks && matches!(b, Operand::Nil(_)) && is_error(a)
                }
                _ => false,
            })
        })
    }
}
