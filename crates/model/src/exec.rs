//! Executes one step: what every part of the interpreter shares.

use crate::machine::Machine;
use crate::outcome::{Action, Decision, Escaped, Inconclusive, Met};
use crate::program::*;
use crate::state::*;
use crate::statics::{Ops, ops};
use crate::value::{Shape, Value, View};

/// A step that may have gone in so many ways ends where ways meet: what they differ in is mostly over.
const WIDE: u32 = 32;

/// The sequence of choices of one step; re-running the step with the next sequence explores the
/// next way it may go.
pub(crate) struct Chooser {
    picks: Vec<(u32, u32)>,
    at: usize,
    /// In how many ways the step may have gone so far.
    ways: u32,
}

impl Default for Chooser {
    fn default() -> Self {
        Self { picks: Vec::new(), at: 0, ways: 1 }
    }
}

impl Chooser {
    /// A chooser that repeats recorded picks.
    pub(crate) fn replay(picks: &[u32]) -> Self {
        Self { picks: picks.iter().map(|p| (*p, u32::MAX)).collect(), at: 0, ways: 1 }
    }

    /// A number below `n`.
    pub(crate) fn choose(&mut self, n: u32) -> u32 {
        if n <= 1 {
            return 0;
        }
        if self.at == self.picks.len() {
            self.picks.push((0, n));
        }
        self.at += 1;
        self.ways = self.ways.saturating_mul(n);
        self.picks[self.at - 1].0
    }

    /// Goes to the next sequence; false if there is none.
    pub(crate) fn advance(&mut self) -> bool {
        self.picks.truncate(self.at);
        self.at = 0;
        self.ways = 1;
        while let Some((pick, n)) = self.picks.last_mut() {
            if *pick + 1 < *n {
                *pick += 1;
                return true;
            }
            self.picks.pop();
        }
        false
    }

    /// Whether the step may have gone in so many ways that they should come together.
    pub(crate) fn is_wide(&self) -> bool {
        self.ways >= WIDE
    }

    /// The choices made.
    pub(crate) fn picks(&self) -> Box<[u32]> {
        self.picks[..self.at].iter().map(|p| p.0).collect()
    }
}

/// A happening, for the witness.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) goroutine: u32,
    pub(crate) point: u32,
    /// Overrides the point's origin (arms of a select have their own).
    pub(crate) site: Option<Site>,
    pub(crate) action: Action,
    /// Point where the decided unknown came from.
    pub(crate) origin: u32,
}

/// One step in execution.
pub(crate) struct Exec<'a, 'p> {
    pub(crate) m: &'a Machine<'p>,
    pub(crate) st: &'a mut State,
    pub(crate) chooser: &'a mut Chooser,
    /// What happens, if somebody wants to know.
    pub(crate) events: Option<Vec<Event>>,
    /// Why a goroutine was parked.
    pub(crate) cut: Option<Inconclusive>,
    /// Objects that existed before the step and were touched by local code: kinds of operations.
    pub(crate) effects: Vec<(u32, Ops)>,
    /// Objects before the step.
    pub(crate) n_before: u32,
    /// Goroutines whose local code is still to be run.
    pub(crate) todo: Vec<usize>,
    /// Where an error ended the process.
    pub(crate) crash: Option<u32>,
    /// Number of the next goroutine in a witness.
    pub(crate) next_number: u32,
    /// Instructions executed.
    pub(crate) work: u64,
    /// Points where objects were made that left view.
    pub(crate) escaped: Vec<(u32, Escaped)>,
    /// What the step assumes.
    pub(crate) rests_on: RestsOn,
    /// What was done to channels that have left view, by the points where they were made.
    pub(crate) helped: Vec<(u32, Met)>,
}

/// What a schedule rests on besides the program.
#[derive(Clone, Copy, Default)]
pub(crate) struct RestsOn {
    /// Sizes that unknowns became, as a set.
    sizes: u32,
    /// Decisions about unknowns.
    decisions: u32,
    /// Whether values were forgotten.
    pub(crate) widened: bool,
    /// Whether somebody out of view came to a channel that was made in view.
    pub(crate) helped: bool,
}

impl RestsOn {
    /// One schedule after another.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            sizes: self.sizes | next.sizes,
            decisions: self.decisions.saturating_add(next.decisions),
            widened: self.widened || next.widened,
            helped: self.helped || next.helped,
        }
    }

    /// The less the better: values forgotten first, then who came from out of view, then sizes that differ
    /// or are 0, then the number of decisions.
    pub(crate) fn weight(self) -> (bool, bool, bool, u32) {
        let uneven = self.sizes & 1 != 0 || self.sizes.count_ones() > 1;
        (self.widened, self.helped, uneven, self.decisions)
    }

    fn note(&mut self, decision: Decision) {
        match decision {
            Decision::Happened(_) => return,
            Decision::Size(n) => self.sizes |= 1 << n.min(31),
            _ => {}
        }
        self.decisions = self.decisions.saturating_add(1);
    }
}

impl<'a, 'p> Exec<'a, 'p> {
    /// An execution that starts in `st`.
    pub(crate) fn new(m: &'a Machine<'p>, st: &'a mut State, chooser: &'a mut Chooser) -> Self {
        let n_before = st.heap.len() as u32;
        Self {
            m,
            st,
            chooser,
            events: None,
            cut: None,
            effects: Vec::new(),
            n_before,
            todo: Vec::new(),
            crash: None,
            next_number: 0,
            work: 0,
            escaped: Vec::new(),
            rests_on: RestsOn::default(),
            helped: Vec::new(),
        }
    }

    /// The point at which the top frame of goroutine `i` stands.
    pub(crate) fn here(&self, i: usize) -> u32 {
        let g = &self.st.gs[i];
        match g.top() {
            Some(f) => self.m.statics.point(f.func, f.block, f.instr),
            None => g.created,
        }
    }

    /// Notes a happening.
    pub(crate) fn event(&mut self, i: usize, point: u32, action: Action) {
        self.event_at(i, point, None, action);
    }

    /// Notes a happening with its own origin.
    pub(crate) fn event_at(&mut self, i: usize, point: u32, site: Option<Site>, action: Action) {
        if let Some(events) = &mut self.events {
            let goroutine = self.st.gs[i].number;
            events.push(Event { goroutine, point, site, action, origin: NONE });
        }
    }

    /// Notes a decision about an unknown.
    pub(crate) fn decided(&mut self, i: usize, point: u32, origin: u32, decision: Decision) {
        self.rests_on.note(decision);
        if let Some(events) = &mut self.events {
            let goroutine = self.st.gs[i].number;
            let action = Action::Branch(decision);
            events.push(Event { goroutine, point, site: None, action, origin });
        }
    }

    /// Something is done to a channel, of which the other end may come from out of view.
    pub(crate) fn helped(&mut self, chan: Value, met: Met) {
        if let Some((_, Obj { site, open: 1.., data: Data::Chan { .. }, .. })) =
            self.st.object(chan)
            && *site != NONE
        {
            self.helped.push((*site, met));
            self.rests_on.helped = true;
        }
    }

    /// Local code touched an object in a way that others could notice.
    pub(crate) fn touched(&mut self, object: u32, ops: Ops) {
        if object == NONE || object < self.n_before {
            self.effects.push((object, ops));
        }
    }

    /// The goroutine stops here, unexplored.
    pub(crate) fn park(&mut self, i: usize, why: Inconclusive) {
        self.st.gs[i].status = Status::Parked;
        self.cut = Some(self.cut.map_or(why, |c| c.min(why)));
    }

    /// The process ends by an error.
    pub(crate) fn crash(&mut self, point: u32) {
        self.st.exited = true;
        self.crash = Some(point);
    }

    /// The value of an operand in the top frame.
    pub(crate) fn eval(&mut self, i: usize, operand: Operand) -> Value {
        match operand {
            Operand::Local(local) => self.st.resolve(self.slot(i, local)),
            Operand::Const(c) => match Value::constant(c) {
                Some(v) => v,
                None => self.fresh(NONE, UnknownKind::NonNil),
            },
            Operand::Func(f) => Value::func(f),
            Operand::Unknown => {
                let here = self.here(i);
                self.fresh(here, UnknownKind::Any)
            }
        }
    }

    fn slot(&self, i: usize, local: LocalId) -> Value {
        let g = &self.st.gs[i];
        let base = g.top().map_or(0, |f| f.base);
        g.slots.get((base + local.raw()) as usize).copied().unwrap_or_default()
    }

    /// Sets a slot of the top frame.
    pub(crate) fn set(&mut self, i: usize, local: LocalId, value: Value) {
        let g = &mut self.st.gs[i];
        let base = g.top().map_or(0, |f| f.base);
        if let Some(slot) = g.slots.get_mut((base + local.raw()) as usize) {
            *slot = value;
        }
    }

    /// A new unknown.
    pub(crate) fn fresh(&mut self, origin: u32, kind: UnknownKind) -> Value {
        let id = self.st.facts.len() as u32;
        let size = kind == UnknownKind::Size;
        self.st.facts.push(Fact {
            is: None,
            origin,
            non_nil: kind != UnknownKind::Any,
            size,
            lo: if size { 0 } else { i32::MIN },
            hi: if size { self.m.limits.max_size as i32 } else { i32::MAX },
            tag: 0,
            not: Vec::new(),
        });
        Value::unknown(id)
    }

    /// A new object; none if a limit forbids it, then the goroutine is parked.
    pub(crate) fn alloc(&mut self, i: usize, site: u32, open: u8, data: Data) -> Option<Value> {
        let per_site = self.m.limits.objects_per_site as usize
            * if matches!(data, Data::Closure { .. } | Data::Seq(_) | Data::Cell(_)) {
                4
            } else {
                1
            };
        let same = |o: &&Obj| o.site == site && site != NONE;
        let full = |st: &State| st.heap.iter().filter(same).count() >= per_site;
        if full(self.st) || self.st.heap.len() >= self.m.limits.objects as usize {
            let live = crate::reach::live_objects(self.m, self.st);
            let n_same = self.st.heap.iter().zip(&live).filter(|(o, l)| **l && same(o)).count();
            let n_live = live.iter().filter(|l| **l).count();
            if n_same >= per_site || n_live >= self.m.limits.objects as usize {
                self.park(i, Inconclusive::Objects);
                return None;
            }
        }
        let id = self.st.heap.len() as u32;
        self.st.heap.push(Obj { site, open, part: false, data });
        Some(Value::object(id))
    }

    /// An object that comes from outside.
    pub(crate) fn alloc_open(&mut self, i: usize, kind: OpenKind) -> Option<Value> {
        let data = match kind {
            OpenKind::Struct => Data::Struct(Vec::new()),
            OpenKind::Chan => Data::Chan { cap: 0, closed: false, queue: Vec::new() },
            OpenKind::Context => {
                Data::Context { parent: Value::NIL, done: false, armed: true, never: false }
            }
            OpenKind::Background => {
                let data =
                    Data::Context { parent: Value::NIL, done: false, armed: false, never: true };
                return self.alloc(i, NONE, 0, data);
            }
            OpenKind::Other => Data::Token,
        };
        self.alloc(i, NONE, OPEN, data)
    }

    /// The unknown turns out to be an object from outside.
    pub(crate) fn materialise(
        &mut self,
        i: usize,
        unknown: Value,
        kind: OpenKind,
    ) -> Option<Value> {
        let object = self.alloc_open(i, kind)?;
        if let Some(fact) = self.fact_mut(unknown) {
            fact.is = Some(object);
        }
        Some(object)
    }

    /// The fact of an unknown.
    pub(crate) fn fact_mut(&mut self, value: Value) -> Option<&mut Fact> {
        match value.shape() {
            Shape::Unknown(k) => self.st.facts.get_mut(k as usize),
            Shape::Nil
            | Shape::Bool(_)
            | Shape::Int(_)
            | Shape::Sym(_)
            | Shape::Func(_)
            | Shape::Ref(..) => None,
        }
    }

    /// The object and everything that can be reached from the value become open.
    pub(crate) fn escape(&mut self, value: Value, to: Escaped) {
        let mut todo = vec![value];
        while let Some(value) = todo.pop() {
            let Shape::Ref(id, view) = self.st.resolve(value).shape() else { continue };
            let Some(object) = self.st.heap.get_mut(id as usize) else { continue };
            let opens = match view {
                View::Full => OPEN,
                View::Recv => OPEN_RECV,
                View::Send => OPEN_SEND,
            };
            match &mut object.data {
                // Who has a context can wait for it, not end it.
                Data::Context { .. } => continue,
                Data::Closure { callee: Bindable::Prim(Prim::Cancel), env } => {
                    let context = env.first().copied().unwrap_or_default();
                    object.open = OPEN;
                    self.arm(context, to);
                    continue;
                }
                _ => {}
            }
            let opens = if matches!(object.data, Data::Chan { .. }) { opens } else { OPEN };
            if object.open & opens == opens {
                continue;
            }
            object.open |= opens;
            self.escaped.push((object.site, to));
            if let Data::Chan { queue, .. } = &object.data {
                if opens & OPEN_RECV != 0 {
                    todo.extend(queue);
                }
            } else {
                object.data.each_value(&mut |v| todo.push(v));
            }
            self.touched(id, ops::ESCAPE);
        }
    }

    /// Somebody out of view may end the context.
    fn arm(&mut self, context: Value, to: Escaped) {
        let Some((id, _)) = self.st.object(context) else { return };
        if let Some(Obj { site, data: Data::Context { armed, done, .. }, .. }) =
            self.st.heap.get_mut(id as usize)
            && !*armed
            && !*done
        {
            *armed = true;
            self.escaped.push((*site, to));
            self.touched(id, ops::ESCAPE);
        }
    }
}
