//! Places that are taken in a wait group or semaphore before something that may not come: the goroutine
//! that gives the place back is refused, or a return stands in between.
//!
//! A place is no lock: whoever takes it often means somebody else to give it back. So it is followed only
//! within the function that takes it, and only as long as nothing happens that may hand it on.

use crate::calls::Invocation;
use crate::escape::Env;
use crate::exec::Run;
use crate::flow::Exit;
use crate::names::Known;
use crate::package::Package;
use crate::report::{LostSlot, SlotEnd, SlotKind, StepKind};
use crate::semaphores::{TakenBy, object_of};
use crate::state::State;
use crate::summary::{Outcome, Path, Value, path_of};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use crate::visit;
use stanch_base::FxHashSet;
use stanch_effects::Op;
use stanch_ir::{FuncId, InstrKind, LocalId, Operand, Rvalue, Span};
use stanch_types::{ObjectId, TypeKind};
use std::collections::BTreeMap;

/// Ways on which a function does not give a place back that are kept.
const MAX_MISSES: usize = 4;

/// A place that was taken and not given back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Taken {
    /// The wait group or semaphore.
    pub(crate) of: PlaceId,
    pub(crate) kind: SlotKind,
    /// The operation that took it.
    pub(crate) site: Span,
    /// Whether something left view since then: who has it may give the place back.
    pub(crate) loose: bool,
}

/// How places taken by one operation are given back elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Evidence {
    /// By this operation of the function.
    Here(Span),
    /// By a function that goes on by itself, with its name.
    There(Span),
}

/// What the run of a function shows of places.
#[derive(Default, Debug)]
pub(crate) struct Slots {
    evidence: BTreeMap<Span, Evidence>,
    /// Places given back for callers, each with whether that is done once.
    pub(crate) given: BTreeMap<PlaceId, bool>,
    /// Functions started while a place is held that give it back on some of their ways only.
    missed: BTreeMap<Span, LostSlot>,
    /// Whether more is perhaps given back: a function was called that is too large to be followed.
    pub(crate) others: bool,
}

/// A place that is lost unless somebody gives it back for others.
pub(crate) struct KeptSlot {
    /// What holds the group or semaphore.
    pub(crate) object: ObjectId,
    pub(crate) lost: LostSlot,
}

/// A function that gives a place back on some of its ways.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Miss {
    /// The wait group or semaphore.
    pub(crate) of: Path,
    /// The return that does not.
    pub(crate) exit: Span,
    /// What does so on other ways.
    pub(crate) end: Span,
    /// What holds of the inputs then.
    pub(crate) conditions: Vec<(Path, Value)>,
}

/// Whether a library function takes a place or gives one back.
pub(crate) fn is_of_slots(op: Op) -> bool {
    matches!(
        op,
        Op::WaitGroupAdd | Op::WaitGroupDone | Op::SlotAcquire | Op::SlotTry | Op::SlotRelease
    )
}

impl<'a> Run<'a, '_> {
    /// A library function takes a place or gives one back.
    pub(crate) fn slot_op(&mut self, state: &mut State, op: Op, args: &[TermId], span: Span) {
        let Some(&recv) = args.first() else { return };
        let of = self.arena.pointee(recv);
        let n = args.get(1).map(|&n| self.arena.get(n));
        match op {
            Op::WaitGroupAdd => match n {
                Some(Term::Int(1)) => self.take_slot(state, of, SlotKind::Group, span),
                Some(Term::Int(-1)) => self.give_slot(state, of, span),
                _ => {}
            },
            Op::WaitGroupDone | Op::SlotRelease => self.give_slot(state, of, span),
            // Who waits here waits for others; it says nothing of what comes later.
            Op::WaitGroupWait => state.slots.retain(|s| s.of != of),
            _ => {}
        }
    }

    /// A semaphore of the library is asked for a place; what comes back tells whether there was one.
    pub(crate) fn ask_for_slot(
        &mut self,
        mut state: State,
        op: Op,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let position = usize::from(op == Op::SlotAcquire) * 2 + usize::from(op == Op::SlotTry);
        let one = call.args.get(position).map(|&n| self.arena.get(n)) == Some(&Term::Int(1));
        let Some(&recv) = call.args.first().filter(|_| one) else {
            self.fresh_results(&mut state, call);
            return vec![state];
        };
        let of = self.arena.pointee(recv);
        let (got, not) = match op {
            Op::SlotTry => (self.arena.bool(true), self.arena.bool(false)),
            _ => (self.arena.nil(), self.arena.non_nil()),
        };
        let mut refused = state.clone();
        self.set(&mut refused, call, 0, not);
        self.set(&mut state, call, 0, got);
        self.take_slot(&mut state, of, SlotKind::Weighted, call.span);
        vec![state, refused]
    }

    /// A value is sent: it may be a place in a semaphore, or else may tell somebody to give places back.
    pub(crate) fn send_slot(
        &mut self,
        state: &mut State,
        chan: &Operand,
        value: &Operand,
        span: Span,
    ) {
        let plain = matches!(value, Operand::Const(..) | Operand::Zero(_))
            || matches!(value, Operand::Local(l) if self.is_empty_struct(*l));
        match self.semaphore(state, chan).filter(|_| plain) {
            Some((of, TakenBy::Send)) => self.take_slot(state, of, SlotKind::Channel, span),
            Some((of, TakenBy::Receive)) => self.give_slot(state, of, span),
            None => {
                state.slots.clear();
                state.sent = true;
            }
        }
    }

    fn is_empty_struct(&self, local: LocalId) -> bool {
        let program = self.package.program;
        self.func.locals.get(local).is_some_and(|local| {
            matches!(program.kind(program.underlying(local.ty)), TypeKind::Struct(f) if f.is_empty())
        })
    }

    /// A value is received and thrown away.
    pub(crate) fn receive_slot(&mut self, state: &mut State, chan: &Operand, span: Span) {
        match self.semaphore(state, chan) {
            Some((of, TakenBy::Send)) => self.give_slot(state, of, span),
            Some((of, TakenBy::Receive)) => self.take_slot(state, of, SlotKind::Channel, span),
            None => {}
        }
    }

    /// A semaphore could be neither taken nor given back at once: it may be either.
    pub(crate) fn doubt_slots(&mut self, state: &mut State, chan: &Operand) {
        if let Some((of, _)) = self.semaphore(state, chan) {
            state.slots.retain(|s| s.of != of);
        }
    }

    fn semaphore(&mut self, state: &State, chan: &Operand) -> Option<(PlaceId, TakenBy)> {
        if self.package.semaphores.is_empty() {
            return None;
        }
        let value = self.peek(state, chan);
        let Term::Load(from, _) = *self.arena.get(value) else { return None };
        let data = self.arena.data(from);
        let object = match (data.parts.last(), data.root) {
            (Some(Part::Field(field)), _) => *field,
            (None, Root::Global(object)) => object,
            _ => return None,
        };
        let way = *self.package.semaphores.get(&object)?;
        Some((self.arena.pointee(value), way))
    }

    fn take_slot(&mut self, state: &mut State, of: PlaceId, kind: SlotKind, site: Span) {
        // Nobody else waits for what only this function knows when that is over.
        let own = self.is_own(of);
        if own || state.slots.iter().any(|s| s.of == of) {
            return;
        }
        state.trace.push(self.step(site, StepKind::Acquire));
        state.slots.push(Taken { of, kind, site, loose: false });
        state.slots.sort();
    }

    /// Whether a group or semaphore is a variable of this function, or hangs on a value that it made or
    /// asked for.
    fn is_own(&self, of: PlaceId) -> bool {
        let mut place = of;
        for _ in 0..8 {
            match self.arena.data(place).root {
                Root::Global(_) => return false,
                Root::Local(local) => {
                    return !self.func.params.contains(&local)
                        && !self.func.captures.iter().any(|c| c.inner == local);
                }
                Root::Ptr(pointer) => match *self.arena.get(pointer) {
                    Term::Load(from, _) => place = from,
                    Term::New(_) => return true,
                    _ => return place == of && self.arena.data(of).parts.is_empty(),
                },
            }
        }
        true
    }

    /// A place is given back here.
    pub(crate) fn give_slot(&mut self, state: &mut State, of: PlaceId, span: Span) {
        state.trace.push(self.step(span, StepKind::Release));
        if self.end_slots(state, of, Evidence::Here(span)) {
            return;
        }
        let (block, deferred) = self.now;
        let once = deferred || self.cycles.get(block).is_none_or(|&cycle| cycle == 0);
        *self.slots.given.entry(of).or_insert(once) &= once;
        state.slots_given.insert(of);
    }

    /// Whether some place was held that may be this one; it is no longer.
    fn end_slots(&mut self, state: &mut State, of: PlaceId, how: Evidence) -> bool {
        let ended: Vec<Taken> =
            state.slots.iter().filter(|s| s.of == of || self.may_be(s.of, of)).copied().collect();
        for slot in &ended {
            if slot.of == of {
                self.slots.evidence.entry(slot.site).or_insert(how);
            }
        }
        state.slots.retain(|s| !ended.contains(s));
        !ended.is_empty()
    }

    /// Whether two names that differ may be the same group or semaphore.
    fn may_be(&self, a: PlaceId, b: PlaceId) -> bool {
        let named = |place: PlaceId| {
            let data = self.arena.data(place);
            let from = match (data.parts.last(), data.root) {
                (None, Root::Ptr(pointer)) => match *self.arena.get(pointer) {
                    Term::Load(from, _) => from,
                    _ => return None,
                },
                _ => place,
            };
            let data = self.arena.data(from);
            Some((data.parts.last().copied(), data.root))
        };
        match (named(a), named(b)) {
            (Some((Some(Part::Field(x)), _)), Some((Some(Part::Field(y)), _))) => x == y,
            (Some((None, x)), Some((None, y))) => x == y,
            (Some(_), Some(_)) => false,
            _ => true,
        }
    }

    /// A value leaves view: whoever gets it may give places back.
    pub(crate) fn loosen_slots(&self, state: &mut State, term: TermId) {
        if !self.arena.is_const(term) {
            state.slots.iter_mut().for_each(|s| s.loose = true);
            state.slots.sort();
        }
    }

    /// A goroutine starts that may give places back on some of its ways only.
    pub(crate) fn start_with_slots(&mut self, state: &mut State, func: FuncId, args: &[TermId]) {
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else { return };
        for miss in &summary.misses {
            let env = Env { callee: func, args };
            let excluded = miss.conditions.iter().any(|(path, wanted)| {
                let asked = self.condition(state, &env, path, wanted);
                asked.is_some_and(|(term, truth)| {
                    state.truth(&mut self.arena, term).is_some_and(|known| known != truth)
                })
            });
            if excluded {
                continue;
            }
            let of = self.find_place(state, &env, &miss.of);
            let held = state.slots.iter().find(|s| Some(s.of) == of).copied();
            if let Some(held) = held {
                self.note_miss(state, held, func, miss);
            }
        }
    }

    /// A function that gives places back left view.
    pub(crate) fn hand_slots(&mut self, state: &mut State, func: FuncId, args: &[TermId]) {
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else { return };
        if summary.unknown || summary.gives_other_slots {
            state.slots.clear();
            return;
        }
        let taker = self.package.module.funcs.get(func).map(|f| f.name_span);
        for (path, _) in &summary.gives_slots {
            let Some(of) = self.find_place(state, &Env { callee: func, args }, path) else {
                continue;
            };
            match taker {
                Some(taker) if self.end_slots(state, of, Evidence::There(taker)) => {}
                _ => {
                    state.slots.retain(|s| s.of != of);
                    self.slots.given.entry(of).or_insert(false);
                    state.slots_given.insert(of);
                }
            }
        }
    }

    fn note_miss(&mut self, state: &State, held: Taken, func: FuncId, miss: &Miss) {
        let lost = LostSlot {
            func: self.id,
            name: self.place_name(held.of),
            kind: held.kind,
            span: held.site,
            exit: miss.exit,
            exits: vec![miss.exit],
            end: miss.end,
            how: SlotEnd::Missed(func),
            path: self.path_since(state, held.site),
        };
        self.slots.missed.entry(held.site).or_insert(lost);
    }

    /// What a called function did to places.
    pub(crate) fn apply_slots(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        outcome: &Outcome,
        span: Span,
    ) {
        for path in &outcome.slots_given {
            if let Some(of) = self.find_place(state, env, path) {
                self.give_slot(state, of, span);
            }
        }
        self.take_slots(state, env, outcome, span);
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(env.callee) else { return };
        if summary.gives_other_slots {
            state.slots.clear();
        }
        // What another way of the callee gives back is its business.
        for (path, _) in
            summary.gives_slots.iter().filter(|(p, _)| !outcome.slots_given.contains(p))
        {
            if let Some(of) = self.find_place(state, env, path) {
                state.slots.retain(|s| s.of != of);
            }
        }
    }

    /// A called function came back with places in semaphores.
    fn take_slots(&mut self, state: &mut State, env: &Env<'_>, outcome: &Outcome, span: Span) {
        for (path, kind) in &outcome.slots_taken {
            if let Some(of) = self.find_place(state, env, path) {
                self.take_slot(state, of, *kind, span);
            }
        }
    }

    /// Places in semaphores with which the function returns, and which nobody else may give back. A
    /// function that returns one may well return what gives them back.
    pub(crate) fn slots_taken(&self, exit: &Exit) -> Vec<(Path, SlotKind)> {
        if self.returns_function(exit) {
            return Vec::new();
        }
        let taken = exit.state.slots.iter();
        let taken = taken.filter(|s| !s.loose && s.kind != SlotKind::Group);
        taken.filter_map(|s| Some((path_of(&self.arena, self.func, &[], s.of)?, s.kind))).collect()
    }

    /// What callers get to know: places given back on some way, and whether others cannot be named.
    pub(crate) fn slots_given(&self) -> (Vec<(Path, bool)>, bool) {
        let mut named = Vec::new();
        let mut others = self.slots.others;
        for (&of, &once) in &self.slots.given {
            match path_of(&self.arena, self.func, &[], of) {
                Some(path) => named.push((path, once)),
                None => others |= !matches!(self.arena.data(of).root, Root::Local(_)),
            }
        }
        (named, others)
    }

    /// Places that some ways of the function give back for whoever started it, and others do not.
    pub(crate) fn slot_misses(&self, exits: &[Exit]) -> Vec<Miss> {
        let mut found = Vec::new();
        for (&of, _) in self.slots.given.iter().filter(|(_, once)| **once) {
            if self.known_elsewhere.contains(&of) {
                continue;
            }
            let misses = |e: &&Exit| !e.state.slots_given.contains(&of) && !e.state.sent;
            let missing = exits.iter().filter(misses);
            let end = exits.iter().find_map(|e| {
                let given = e.state.slots_given.contains(&of);
                let release = || e.state.trace.latest().find(|s| s.kind == StepKind::Release);
                given.then(release).flatten().map(|step| step.span)
            });
            let (Some(end), Some(path)) = (end, path_of(&self.arena, self.func, &[], of)) else {
                continue;
            };
            for exit in missing.take(MAX_MISSES) {
                let (conditions, _) = self.conditions(&exit.state.facts);
                let (of, exit) = (path.clone(), exit.span);
                found.push(Miss { of, exit, end, conditions });
            }
        }
        found
    }

    /// Places taken here that some exit keeps although others give them back or leave that to a
    /// goroutine. The second list has those that are lost if nobody in the package gives back a place of
    /// the field that he has not taken himself.
    pub(crate) fn lost_slots(&mut self, exits: &[Exit]) -> (Vec<LostSlot>, Vec<KeptSlot>) {
        let (mut found, mut kept): (Vec<LostSlot>, Vec<KeptSlot>) = (Vec::new(), Vec::new());
        let exits: Vec<&Exit> =
            exits.iter().filter(|exit| !self.returns_with_function(exit)).collect();
        for (&site, &evidence) in &self.slots.evidence {
            let held = |e: &Exit| e.state.slots.iter().find(|s| s.site == site).copied();
            let keeps = |e: &&Exit| {
                // Who fails tells its caller that there is nothing to give back.
                let fails = self.fails(e) || self.gives_up_on_error(e, site);
                held(e).is_some_and(|s| match evidence {
                    Evidence::There(_) => !s.loose || fails,
                    Evidence::Here(_) => fails,
                })
            };
            let mut keeping: Vec<&Exit> = exits.iter().copied().filter(keeps).collect();
            let sure = !keeping.is_empty();
            if !sure {
                let held = |e: &&Exit| held(e).is_some_and(|s| !s.loose);
                keeping = exits.iter().copied().filter(held).collect();
            }
            let Some(exit) = keeping.iter().min_by_key(|e| e.span) else { continue };
            let Some(slot) = exit.state.slots.iter().find(|s| s.site == site) else { continue };
            let mut spans: Vec<Span> = keeping.iter().map(|e| e.span).collect();
            spans.sort();
            spans.dedup();
            let (end, how) = match evidence {
                Evidence::Here(span) => (span, SlotEnd::Here),
                Evidence::There(span) => (span, SlotEnd::There),
            };
            let lost = LostSlot {
                func: self.id,
                name: self.place_name(slot.of),
                kind: slot.kind,
                span: site,
                exit: exit.span,
                exits: spans,
                end,
                how,
                path: self.path_since(&exit.state, site),
            };
            match self.slot_object(slot.of) {
                _ if sure => found.push(lost),
                Some(object) => kept.push(KeptSlot { object, lost }),
                None => {}
            }
        }
        for (site, missed) in &self.slots.missed {
            if !found.iter().any(|f| f.span == *site) {
                found.push(missed.clone());
            }
        }
        (found, kept)
    }

    /// Whether an exit returns an object that holds a function by which its owner gives places back.
    fn returns_with_function(&mut self, exit: &Exit) -> bool {
        let summaries = self.summaries;
        let gives = |func: FuncId| {
            let summary = summaries.get(func).and_then(Option::as_ref);
            summary.is_some_and(|s| s.unknown || s.gives_other_slots || !s.gives_slots.is_empty())
        };
        exit.results.iter().any(|&value| {
            let object = self.arena.unboxed(value);
            if !matches!(self.arena.get(object), Term::New(_)) {
                return false;
            }
            let place = self.arena.pointee(object);
            let parts = self.parts(&exit.state, place);
            parts.iter().any(|&part| match *self.arena.get(part) {
                Term::Closure(func) => gives(func),
                Term::Method(_, method) => match self.package.names.known(method) {
                    Known::Body(body) => gives(body),
                    Known::Effect(_) | Known::Nothing => true,
                },
                _ => false,
            })
        })
    }

    /// The field or variable that holds a group or semaphore.
    fn slot_object(&self, of: PlaceId) -> Option<ObjectId> {
        let data = self.arena.data(of);
        let from = match (data.parts.last(), data.root) {
            (None, Root::Ptr(pointer)) => match *self.arena.get(pointer) {
                Term::Load(from, _) => from,
                _ => return None,
            },
            _ => of,
        };
        let data = self.arena.data(from);
        match (data.parts.last(), data.root) {
            (Some(Part::Field(field)), _) => Some(*field),
            (None, Root::Global(variable)) => Some(variable),
            _ => None,
        }
    }

    /// The fields and variables of which the function gives back places that it has not taken.
    pub(crate) fn slots_for_others(&self) -> Vec<ObjectId> {
        self.slots.given.keys().filter_map(|&of| self.slot_object(of)).collect()
    }
}

/// Whether a function hands on the group or channel of a field or variable: it does more with it than take
/// places and give them back.
pub(crate) fn hands_out(package: &Package<'_>, object: ObjectId) -> bool {
    package.module.funcs.iter().any(|func| {
        let named = |kind: &InstrKind| match kind {
            InstrKind::Assign(local, Rvalue::AddressOf(place) | Rvalue::Load(place)) => {
                (object_of(place) == Some(object)).then_some(*local)
            }
            _ => None,
        };
        let holders: FxHashSet<LocalId> = visit::kinds(func).filter_map(named).collect();
        !holders.is_empty() && visit::kinds(func).any(|kind| is_handed(package, kind, &holders))
    })
}

fn is_handed(package: &Package<'_>, kind: &InstrKind, holders: &FxHashSet<LocalId>) -> bool {
    let mut uses = 0;
    visit::uses(kind, &mut |local| uses += u32::from(holders.contains(&local)));
    let held = |x: &Operand| matches!(x, Operand::Local(l) if holders.contains(l));
    match kind {
        InstrKind::Send { value, .. } => held(value),
        InstrKind::Recv { .. } | InstrKind::Assign(_, Rvalue::Len(_) | Rvalue::Cap(_)) => false,
        InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
            let op = package.op(&call.callee);
            let own = is_of_slots(op) || matches!(op, Op::WaitGroupWait | Op::WaitGroupGo);
            uses > u32::from(own && call.args.first().is_some_and(held))
        }
        _ => uses > 0,
    }
}
