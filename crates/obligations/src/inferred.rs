//! Objects with a goroutine that only one of their methods ends, recognised by what it does.

use crate::calls::{Invocation, Target};
use crate::escape::Env;
use crate::exec::Run;
use crate::holders::InField;
use crate::names::Known;
use crate::package::Package;
use crate::report::StepKind;
use crate::site::Site;
use crate::state::State;
use crate::summary::{Base, Fresh, Outcome, PathStep, Start, Summary};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use crate::visit;
use crate::workers::{Key, Need};
use stanch_base::{FxHashSet, IndexVec};
use stanch_effects::{Kind, Op};
use stanch_ir::{Call, Callee, FuncId, InstrKind, Operand, Span};
use stanch_types::{ObjectId, PackageId, TypeId};
use std::sync::Arc;

/// Something done to a channel, cancel function or flag in a field.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Act {
    Close,
    Send,
    Call,
    Set,
}

/// What ends the goroutine of an object: an act on a field of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Ender {
    /// Fields from the object.
    pub(crate) steps: Box<[ObjectId]>,
    pub(crate) need: Need,
}

impl Act {
    /// Whether it is what a goroutine waits for.
    pub(crate) fn meets(self, need: Need) -> bool {
        match need {
            Need::Received => matches!(self, Self::Close | Self::Send),
            Need::Closed => self == Self::Close,
            Need::Done => self == Self::Call,
            Need::Set => self == Self::Set,
        }
    }
}

/// Acts that functions of a package perform on what their callers pass: the fields from there, and what
/// is done.
#[derive(Default)]
pub(crate) struct Stops(FxHashSet<(Box<[ObjectId]>, Act)>);

impl Stops {
    pub(crate) fn new(
        package: &Package<'_>,
        summaries: &IndexVec<FuncId, Option<Summary>>,
    ) -> Self {
        let mut stops = Self::default();
        for (id, func) in package.module.funcs.iter_enumerated() {
            let Some(summary) = summaries[id].as_ref().filter(|_| func.object.is_some()) else {
                continue;
            };
            for (path, act) in summary.outcomes.iter().flat_map(|o| &o.acts) {
                let field = |step: &PathStep| match step {
                    PathStep::Field(field) => Some(*field),
                    PathStep::Deref | PathStep::Answer(_) => None,
                };
                if matches!(path.base, Base::Param(_)) {
                    stops.0.insert((path.steps.iter().filter_map(field).collect(), *act));
                }
            }
        }
        stops
    }

    /// Whether some function can do what ends a goroutine. Other packages have said so of theirs.
    pub(crate) fn can_end(&self, package: PackageId, enders: &[Ender]) -> bool {
        const ACTS: [Act; 4] = [Act::Close, Act::Send, Act::Call, Act::Set];
        enders.iter().any(|ender| {
            let foreign = ender.steps.iter().all(|field| field.package != package);
            let done =
                |act: Act| act.meets(ender.need) && self.0.contains(&(ender.steps.clone(), act));
            foreign || ACTS.into_iter().any(done)
        })
    }
}

/// Longer chains of owners are not followed.
const MAX_STEPS: usize = 6;

impl<'a> Run<'a, '_> {
    /// If a `go` statement starts a goroutine that only an act on a field of an object ends: that
    /// object, and the acts.
    pub(crate) fn worker(
        &mut self,
        state: &mut State,
        started: FuncId,
        args: &[TermId],
    ) -> Option<(TermId, Vec<Ender>)> {
        let keys = self.package.ends_of(started)?.keys();
        let mut owner = None;
        let mut enders = Vec::new();
        for key in keys {
            let value = match key.base {
                Base::Param(i) => *args.get(i)?,
                Base::Capture(i) => {
                    let place = self.captured(started, i)?;
                    self.read(state, place)
                }
                // It lives as long as the process.
                Base::Global(_) | Base::Result(_) => return None,
            };
            let value = self.arena.unboxed(value);
            if *self.arena.get(value) == Term::Background {
                continue;
            }
            let (object, ender) = self.ender(state, value, &key)?;
            if owner.is_some_and(|known| known != object) {
                return None;
            }
            owner = Some(object);
            enders.push(ender);
        }
        Some((owner?, enders))
    }

    /// The object on a field of which something has to be done, given the value that a key is of.
    fn ender(&mut self, state: &State, value: TermId, key: &Key) -> Option<(TermId, Ender)> {
        let mut steps = key.steps.clone();
        if key.need == Need::Done {
            let context = match steps.is_empty() {
                true => Some(value),
                false => self.field(state, value, &steps),
            };
            if let Some(context) = context
                && let Term::Context(site) = *self.arena.get(self.arena.unboxed(context))
            {
                if !self.sites.get(&site)?.rooted {
                    return None;
                }
                let cancel = self.arena.term(Term::Owed(site));
                let (object, steps) = self.holder(state, cancel)?;
                return Some((object, Ender { steps: steps.into(), need: Need::Done }));
            }
            // The field of the context's cancel function stands beside it.
            let last = steps.last_mut()?;
            *last = *self.package.workers.cancels.get(last)?;
        }
        if steps.is_empty() {
            let (object, steps) = self.holder(state, value)?;
            return Some((object, Ender { steps: steps.into(), need: key.need }));
        }
        let (object, mut path) = match *self.arena.get(value) {
            Term::Addr(place) => self.unwind(place)?,
            _ => (value, Vec::new()),
        };
        path.extend(steps);
        Some((object, Ender { steps: path.into(), need: key.need }))
    }

    fn field(&mut self, state: &State, object: TermId, steps: &[ObjectId]) -> Option<TermId> {
        let mut place = self.arena.pointee(object);
        for (i, &step) in steps.iter().enumerate() {
            place = self.arena.part(place, Part::Field(step));
            if i + 1 < steps.len() {
                let next = state.load(&mut self.arena, place);
                place = self.arena.pointee(next);
            }
        }
        Some(state.load(&mut self.arena, place))
    }

    /// The object that holds a value in a field, and the way there.
    fn holder(&self, state: &State, value: TermId) -> Option<(TermId, Vec<ObjectId>)> {
        let holds = |&(_, &term): &(&PlaceId, &TermId)| self.arena.unboxed(term) == value;
        let mut places = state.mem.iter().filter(holds).map(|(&place, _)| place);
        places.find_map(|place| {
            let in_field = matches!(self.arena.data(place).parts.last(), Some(Part::Field(_)));
            self.unwind(place).filter(|_| in_field)
        })
    }

    /// The object a place is in, and the fields on the way.
    fn unwind(&self, place: PlaceId) -> Option<(TermId, Vec<ObjectId>)> {
        let data = self.arena.data(place);
        let Root::Ptr(object) = data.root else { return None };
        let field = |part: &Part| match part {
            Part::Field(field) => Some(*field),
            Part::Index(_) => None,
        };
        let steps = data.parts.iter().map(field).collect::<Option<Vec<ObjectId>>>()?;
        Some((object, steps))
    }

    /// All objects that a place is in, the nearest first, each with the fields on the way.
    fn within(&self, place: PlaceId) -> Vec<(TermId, Vec<ObjectId>)> {
        let mut found = Vec::new();
        let (mut place, mut after) = (place, Vec::new());
        while let Some((object, mut steps)) = self.unwind(place) {
            steps.extend(after);
            if steps.len() > MAX_STEPS {
                break;
            }
            found.push((object, steps.clone()));
            let Term::Load(from, _) = *self.arena.get(self.arena.unboxed(object)) else { break };
            (place, after) = (from, steps);
        }
        found
    }

    /// A goroutine is started that `owner` has to end: whoever has the object owes that.
    pub(crate) fn starts(
        &mut self,
        state: &mut State,
        owner: TermId,
        start: &Start,
        span: Span,
        helper: Option<FuncId>,
    ) {
        let owner = self.arena.unboxed(owner);
        self.start_in_fields(state, owner, start, span);
        match *self.arena.get(owner) {
            Term::New(_)
                if !state.escaped.contains(&owner) && !self.ended_by.contains_key(&owner) =>
            {
                let site = Site {
                    kind: Some(Kind::Worker),
                    enders: start.enders.clone(),
                    started: Some(start.at),
                    ty: self.types.get(&owner).copied(),
                    name: self.holder_name(state, owner),
                    helper,
                    ..Site::default()
                };
                self.own(state, span, site, true);
                let owed = self.arena.term(Term::Owed(span));
                state.rename(&mut self.arena, owner, owed);
            }
            Term::Load(place, None) if !self.ends_at_last(owner, start) => {
                state.starts.insert((place, start.clone()));
            }
            _ => {}
        }
    }

    /// Whether a deferred call ends what was started for an object.
    fn ends_at_last(&self, owner: TermId, start: &Start) -> bool {
        self.deferred_acts.iter().any(|&(place, act)| {
            self.within(place).into_iter().any(|(object, steps)| {
                let ends = |e: &Ender| *e.steps == *steps && act.meets(e.need);
                self.arena.unboxed(object) == owner && start.enders.iter().any(ends)
            })
        })
    }

    /// Notes the fields that hold an object which got a goroutine.
    fn start_in_fields(&mut self, state: &State, owner: TermId, start: &Start, span: Span) {
        let mut places: Vec<PlaceId> = match *self.arena.get(owner) {
            Term::Load(place, _) => vec![place],
            _ => Vec::new(),
        };
        let holds = state.mem.iter().filter(|&(_, &term)| self.arena.unboxed(term) == owner);
        places.extend(holds.map(|(&place, _)| place));
        for place in places {
            if let Some(&Part::Field(field)) = self.arena.data(place).parts.last() {
                self.in_fields.push(InField {
                    field,
                    func: self.id,
                    span,
                    kind: Kind::Worker,
                    started: Some(start.at),
                    enders: start.enders.clone(),
                    key: None,
                });
            }
        }
    }

    /// What this function puts in fields, or starts there, that has to be closed or stopped.
    pub(crate) fn held_in_fields(&mut self) -> Vec<InField> {
        let mut held = std::mem::take(&mut self.in_fields);
        for (&span, site) in &self.sites {
            let candidate = self.candidates.get(&span);
            let own = |kind: &Kind| *kind != Kind::Reference;
            let Some(kind) = site.kind.filter(own).filter(|_| !site.handed) else { continue };
            // What is in two fields may be closed through the other one.
            if self.learning != candidate.is_some() || site.fields.len() > 1 {
                continue;
            }
            held.extend(site.fields.iter().map(|&field| InField {
                field,
                func: self.id,
                span,
                kind,
                started: site.started,
                enders: site.enders.clone(),
                key: candidate.map(|c| c.key.clone()),
            }));
        }
        held
    }

    /// The variable that holds an object.
    fn holder_name(&self, state: &State, object: TermId) -> Option<String> {
        let holds = state.mem.iter().filter(|&(_, &term)| self.arena.unboxed(term) == object);
        let mut names = holds.filter_map(|(&place, _)| match self.arena.data(place).root {
            Root::Local(local) if self.arena.data(place).parts.is_empty() => {
                let name = &self.func.locals.get(local)?.name;
                (!name.is_empty()).then(|| name.to_string())
            }
            _ => None,
        });
        names.next()
    }

    /// Something is done to what a value is: a channel that is closed, a function that is called.
    pub(crate) fn act_on_value(&mut self, state: &mut State, value: TermId, act: Act) {
        if self.package.workers.fields.is_empty() {
            return;
        }
        let value = self.arena.unboxed(value);
        if let Term::Load(place, _) = *self.arena.get(value) {
            self.act(state, place, act);
            return;
        }
        let holds = state.mem.iter().filter(|&(_, &term)| self.arena.unboxed(term) == value);
        let places: Vec<PlaceId> = holds.map(|(&place, _)| place).collect();
        for place in places {
            self.act(state, place, act);
        }
    }

    /// Something is done to what a place holds.
    pub(crate) fn act(&mut self, state: &mut State, place: PlaceId, act: Act) {
        let Some(&Part::Field(field)) = self.arena.data(place).parts.last() else { return };
        for (object, steps) in self.within(place) {
            let ends = |ender: &Ender| *ender.steps == *steps && act.meets(ender.need);
            self.end_workers(state, object, &ends);
            // So is what was started for an input before.
            if let Term::Load(input, None) = *self.arena.get(self.arena.unboxed(object)) {
                state.starts.retain(|(p, start)| *p != input || !start.enders.iter().any(&ends));
            }
        }
        if self.package.workers.fields.contains(&field) || field.package != self.id_package() {
            state.acts.insert((place, act));
        }
    }

    fn id_package(&self) -> PackageId {
        self.package.module.package
    }

    /// What a callee handed on a part of an object may be what ends its goroutine.
    pub(crate) fn part_leaves(&mut self, state: &mut State, place: PlaceId) {
        if state.owed.is_empty() {
            return;
        }
        for (object, steps) in self.within(place) {
            let object = self.arena.unboxed(object);
            let Term::Owed(site) = *self.arena.get(object) else { continue };
            let within = |ender: &Ender| ender.steps.starts_with(&steps);
            if self.sites.get(&site).is_some_and(|s| s.enders.iter().any(within)) {
                self.discharge(state, site);
            }
        }
    }

    fn end_workers(&mut self, state: &mut State, object: TermId, ends: &dyn Fn(&Ender) -> bool) {
        let object = self.arena.unboxed(object);
        let Term::Owed(site) = *self.arena.get(object) else { return };
        if self.sites.get(&site).is_some_and(|s| s.enders.iter().any(ends)) {
            self.close(state, site);
        }
    }

    /// What a call of a function in view does to such objects.
    pub(crate) fn apply_workers(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        outcome: &Outcome,
        call: &Invocation<'a>,
    ) {
        for (path, act) in &outcome.acts {
            if let Some(place) = self.find_place(state, env, path) {
                if !state.owed.is_empty() {
                    state.trace.push(self.step(call.span, StepKind::Call(env.callee)));
                }
                self.act(state, place, *act);
            }
        }
        for path in outcome.touched.iter().filter(|path| !path.steps.is_empty()) {
            if let Some(place) = self.find_place(state, env, path) {
                self.part_leaves(state, place);
            }
        }
        for (path, method) in &outcome.asks {
            if let Some(value) = self.find_value(state, env, path) {
                self.ask(state, value, *method);
            }
        }
    }

    /// Goroutines that a callee started and left to the objects it got.
    pub(crate) fn start_workers(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        outcome: &Outcome,
        call: &Invocation<'a>,
    ) {
        let mut owners: Vec<TermId> = Vec::new();
        for (path, start) in &outcome.starts {
            let Some(owner) = self.find_value(state, env, path) else { continue };
            if !owners.contains(&owner) {
                owners.push(owner);
                self.starts(state, owner, start, call.span, Some(env.callee));
            }
        }
    }

    /// The same of a literal that is called once at most.
    pub(crate) fn may_start(&mut self, state: &mut State, func: FuncId, call: &Invocation<'a>) {
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else { return };
        let env = Env { callee: func, args: &[] };
        for outcome in &summary.outcomes {
            self.start_workers(state, &env, outcome, call);
        }
    }

    /// A call of an interface's method, which code out of view has: whose it is the caller may know.
    /// False if the receiver is not an input.
    pub(crate) fn asks(&mut self, state: &mut State, call: &Invocation<'a>) -> bool {
        let (Some(method), Some(&recv)) = (call.object, call.args.first()) else { return false };
        if !self.package.owner_methods.contains(&method) {
            return false;
        }
        self.ask(state, recv, method)
    }

    fn ask(&mut self, state: &mut State, recv: TermId, method: ObjectId) -> bool {
        let value = self.arena.unboxed(recv);
        if self.asking.contains(&(value, method)) {
            return true;
        }
        if let Some(known) = self.concrete(value, method) {
            self.asking.push((value, method));
            let method = self.arena.term(Term::Method(value, known));
            let lent = match self.package.names.known(known) {
                Known::Body(body) if !self.package.facts[body].relevant => {
                    self.is_loan(state, body, 0, value)
                }
                Known::Body(_) | Known::Effect(_) | Known::Nothing => false,
            };
            if !lent && !self.may_act(state, method) {
                self.escape(state, value);
            }
            self.asking.pop();
            return true;
        }
        match *self.arena.get(value) {
            Term::Load(place, None) => {
                if !state.asks.contains(&(place, method)) {
                    Arc::make_mut(&mut state.asks).push((place, method));
                }
                let target = self.arena.pointee(value);
                state.held.retain(|h| h.lock != target);
                self.part_leaves(state, place);
                true
            }
            _ => {
                self.escape(state, recv);
                false
            }
        }
    }

    /// What the goroutine of an object does to it, and the parts of it that the goroutine may give back.
    pub(crate) fn leave_to(
        &mut self,
        state: &mut State,
        started: FuncId,
        owner: TermId,
        args: &[TermId],
    ) {
        let summaries = self.summaries;
        let env = Env { callee: started, args };
        let known = summaries.get(started).and_then(Option::as_ref);
        for (path, act) in known.iter().flat_map(|s| &s.outcomes).flat_map(|o| &o.acts) {
            if let Some(place) = self.find_place(state, &env, path) {
                self.act(state, place, *act);
            }
        }
        let object = self.arena.pointee(owner);
        for part in self.parts(state, object) {
            (self.storing, self.keeping) = (true, true);
            self.escape(state, part);
            (self.storing, self.keeping) = (false, false);
        }
    }

    /// As [`Run::worker`], for a function that runs one that it is given.
    pub(crate) fn worker_within(
        &mut self,
        state: &mut State,
        started: FuncId,
        args: &[TermId],
    ) -> Option<(TermId, Vec<Ender>)> {
        let func = self.package.module.funcs.get(started)?;
        let called = |i: usize| {
            let param = func.params.get(i);
            visit::kinds(func).any(|kind| match kind {
                InstrKind::Call(Call { callee: Callee::Value(Operand::Local(f)), .. }) => {
                    Some(f) == param
                }
                _ => false,
            })
        };
        let i = (0..args.len()).find(|&i| called(i))?;
        match self.value(args[i]) {
            (Target::Body(inner), _, recv) => {
                let args: Vec<TermId> = recv.into_iter().collect();
                self.worker(state, inner, &args)
            }
            _ => None,
        }
    }

    /// What the caller owes for a result with parts that have goroutines to be ended.
    pub(crate) fn inherited(&self, state: &State, result: usize, value: TermId) -> Option<Fresh> {
        let value = self.arena.unboxed(value);
        if !matches!(self.arena.get(value), Term::New(_)) || state.escaped.contains(&value) {
            return None;
        }
        let mut enders: Vec<Ender> = Vec::new();
        let mut started = None;
        for (&place, &term) in state.mem.iter() {
            let Term::Owed(site) = *self.arena.get(self.arena.unboxed(term)) else { continue };
            let Some((object, steps)) = self.unwind(place) else { continue };
            let Some(known) = self.sites.get(&site) else { continue };
            if object != value || steps.is_empty() || !state.owed.contains_key(&site) {
                continue;
            }
            for ender in &known.enders {
                let steps: Vec<ObjectId> = steps.iter().chain(&ender.steps).copied().collect();
                if steps.len() <= MAX_STEPS {
                    started = started.or(known.started);
                    enders.push(Ender { steps: steps.into(), need: ender.need });
                }
            }
        }
        let kind = Some(Kind::Worker);
        let ty = self.types.get(&value).copied();
        (!enders.is_empty()).then_some(Fresh {
            result,
            also: Vec::new(),
            kind,
            deadline: false,
            enders,
            started,
            ty,
            within: Box::default(),
            of: Vec::new(),
        })
    }

    /// The method that an interface method is for the value in hand.
    pub(crate) fn concrete(&self, value: TermId, method: ObjectId) -> Option<ObjectId> {
        let value = self.arena.unboxed(value);
        let ty: TypeId = match *self.arena.get(value) {
            Term::New(_) => *self.types.get(&value)?,
            Term::Owed(site) => self.sites.get(&site)?.ty?,
            _ => return None,
        };
        let program = self.package.program;
        let name = &program.object(method).name;
        let found = program.lookup(ty, method.package, name)?;
        // A promoted method gets a part of the object.
        let direct = found.path.is_empty();
        let known = matches!(self.package.names.known(found.object), Known::Body(_));
        (direct && known).then_some(found.object)
    }

    /// The literal that a library function calls once at most, now: it may have acted.
    pub(crate) fn may_act(&mut self, state: &mut State, value: TermId) -> bool {
        let (Target::Body(func), _, recv) = self.value(value) else { return false };
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else {
            self.early |= self.package.facts[func].relevant;
            return false;
        };
        if summary.unknown {
            return false;
        }
        let args: Vec<TermId> = recv.into_iter().collect();
        let env = Env { callee: func, args: &args };
        for outcome in &summary.outcomes {
            for (path, act) in &outcome.acts {
                if let Some(place) = self.find_place(state, &env, path) {
                    self.act(state, place, *act);
                }
            }
            for (path, method) in &outcome.asks {
                if let Some(value) = self.find_value(state, &env, path) {
                    self.ask(state, value, *method);
                }
            }
            for path in outcome.used.iter().chain(&outcome.touched) {
                if let Some(value) = self.find_value(state, &env, path)
                    && !self.is_loan_at(state, func, path, value)
                {
                    self.escape(state, value);
                }
                if let Some(place) = self.find_place(state, &env, path) {
                    self.part_leaves(state, place);
                }
            }
        }
        true
    }

    /// Whether a deferred call ends the goroutine of an object: then it is taken care of until the
    /// defers run.
    pub(crate) fn guard_workers(&mut self, state: &mut State, env: &Env<'_>, outcome: &Outcome) {
        for (path, act) in &outcome.acts {
            let Some(place) = self.find_place(state, env, path) else { continue };
            for (object, steps) in self.within(place) {
                let Term::Owed(site) = *self.arena.get(self.arena.unboxed(object)) else {
                    continue;
                };
                let ends = |e: &Ender| *e.steps == *steps && act.meets(e.need);
                if self.sites.get(&site).is_some_and(|s| s.enders.iter().any(ends))
                    && let Some(owed) = state.owed.get_mut(&site)
                {
                    owed.guarded = true;
                }
            }
        }
    }

    /// What an atomic store or a store of a constant sets.
    pub(crate) fn sets(&mut self, state: &mut State, call: &Invocation<'a>, op: Op) {
        if op.changes_atomic()
            && let Some(&flag) = call.args.first()
        {
            let place = self.arena.pointee(flag);
            self.act(state, place, Act::Set);
        }
    }

    /// Whether a deferred builtin or library function is an act: it runs at every exit.
    pub(crate) fn deferred_act(&mut self, state: &mut State, call: &Call) -> bool {
        let closes =
            matches!(call.callee, stanch_ir::Callee::Builtin(stanch_types::Builtin::Close));
        let Some(chan) = call.args.first().filter(|_| closes) else { return false };
        let value = self.operand(state, chan);
        self.act_on_value(state, value, Act::Close);
        if let Term::Load(place, _) = *self.arena.get(self.arena.unboxed(value)) {
            self.deferred_acts.insert((place, Act::Close));
        }
        true
    }
}
