//! What one package tells of its locks: plain data, joined later.

use crate::report::LockMode;
use crate::summary::Value;
use stanch_ir::{FuncId, Span};
use stanch_types::{ObjectId, PackageId, TypeId};
use std::collections::{BTreeMap, BTreeSet};

/// What the functions of one package do with locks.
#[derive(Clone, Debug, Default)]
pub struct LockFacts {
    /// The package.
    pub(crate) package: Option<PackageId>,
    /// One for each function of the package, by number.
    pub(crate) funcs: Vec<FuncLocks>,
    /// Function values that are kept in fields.
    pub(crate) stored: Vec<Stored>,
    /// Fields and package-level variables that get a new channel, with the number of values that it
    /// takes without a receiver; none if that is not known.
    pub(crate) channels: Vec<(ObjectId, Option<u32>, bool)>,
    /// Operations of which is known already that they take a lock twice.
    pub(crate) doubles: Vec<Span>,
    /// Package-level variables that functions assign as a whole, with the locks in them.
    pub(crate) replaced: Vec<ObjectId>,
    /// What was looked at on every way to a call of a `sync.Once`.
    pub(crate) seen: BTreeMap<Span, BTreeSet<ObjectId>>,
    /// What the function of a `sync.Once` writes.
    pub(crate) once: Vec<(ObjectId, ObjectId)>,
    /// Fields that lead back to the object they were reached from.
    pub(crate) parents: Vec<Parent>,
    /// Fields of other packages' types that functions write.
    pub(crate) foreign: BTreeSet<ObjectId>,
}

/// A field that keeps objects, and their field that points back.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Parent {
    /// Of the object that keeps them.
    pub(crate) child: ObjectId,
    /// Of what is kept.
    pub(crate) parent: ObjectId,
}

/// What one function does with locks.
#[derive(Clone, Debug, Default)]
pub(crate) struct FuncLocks {
    /// Runtime symbol.
    pub(crate) symbol: Box<str>,
    /// Its declaration.
    pub(crate) object: Option<ObjectId>,
    /// The function that a literal stands in.
    pub(crate) parent: Option<FuncId>,
    /// Where it stands.
    pub(crate) span: Option<Span>,
    /// In the order of first notice.
    pub(crate) events: Vec<Event>,
    /// What it receives: the channels' elements, each with a place.
    pub(crate) received: Vec<(TypeId, Span)>,
}

/// A function value in a field, or in a container in a field.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    /// The field.
    pub(crate) field: ObjectId,
    /// The function that stores it.
    pub(crate) func: FuncId,
    /// The object whose field it is.
    pub(crate) owner: Spot,
    /// What is stored.
    pub(crate) value: Arg,
    /// Where.
    pub(crate) span: Span,
}

/// Something a function does, and the locks held then.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Event {
    pub(crate) span: Span,
    pub(crate) kind: EventKind,
    /// Locks held by the function itself, oldest first.
    pub(crate) held: Vec<HeldLock>,
    /// Locks of callers that were given back before.
    pub(crate) released: Vec<Spot>,
    /// What is known of inputs as they were at the call.
    pub(crate) known: Vec<(Spot, Value)>,
    /// Constants in memory then.
    pub(crate) now: Vec<(Spot, Value)>,
    /// Whether it also depends on arguments in a way that callers cannot tell.
    pub(crate) depends: bool,
    /// Whether two values were compared by size on the way.
    pub(crate) ordered: bool,
    /// The cycle of the function's graph that it is in; 0 if it is in none.
    pub(crate) cycle: u32,
    /// Whether it happens in a deferred call.
    pub(crate) deferred: bool,
}

/// What happens.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum EventKind {
    /// A lock is taken.
    Acquire(Spot, LockMode),
    /// A function is called.
    Call(Callee, Vec<Arg>),
    /// A goroutine is started.
    Go(Callee, Vec<Arg>),
    /// A goroutine is started that does its part for a wait group when it returns.
    GoIn(Spot, Callee, Vec<Arg>),
    /// Waits for an object until others do their part.
    Wait(Waited, Spot),
    /// Waits for the first of several.
    Select(Vec<(Waited, Spot)>),
    /// Does its part for those who wait.
    Signal(Waited, Spot),
    /// Does its part when it returns.
    SignalAtEnd(Waited, Spot),
    /// Takes on a part for a wait group.
    Owe(Spot),
    /// Sends to a channel, with these elements, that is kept in a container, in this field. It may be the
    /// only send if the channel is taken out as well, or if it asks the element first.
    Feed { container: ObjectId, element: TypeId, field: Option<ObjectId>, may_be_one: bool },
    /// Takes something out of a container.
    Remove(ObjectId),
}

impl EventKind {
    /// Whether it starts a goroutine.
    pub(crate) fn starts(&self) -> bool {
        matches!(self, Self::Go(..) | Self::GoIn(..))
    }
}

/// What can be waited for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Waited {
    /// A wait group.
    Group,
    /// A receive from a channel that carries no values: it waits for a close, or for a value.
    Channel,
    /// A send: it waits for a receive.
    Send,
}

/// Who is called.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Callee {
    /// A function of the same package.
    Body(FuncId, Captures),
    /// A declared function of another package.
    Declared(ObjectId),
    /// A method of an interface type.
    Interface(ObjectId, TypeId),
    /// A function value that is an input.
    Input(Spot),
    /// A function value in this field of the object, or in a container there.
    Field(ObjectId, Spot),
}

/// The variables that a literal captures, each with its value.
pub(crate) type Captures = Vec<(Spot, Arg)>;

/// An argument.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Arg {
    /// A pointer to a place; what is held by a place is a pointer to its pointee.
    Points(Spot),
    /// A constant.
    Const(Value),
    /// A literal.
    Closure(FuncId, Captures),
    /// A declared function.
    Declared(ObjectId),
    /// A method with its receiver.
    Method(Box<Arg>, ObjectId),
    /// Anything else.
    Unknown,
}

/// A held lock.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct HeldLock {
    pub(crate) lock: Spot,
    pub(crate) mode: LockMode,
    /// The operation that took it.
    pub(crate) site: Span,
}

/// A memory place as a function can name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Spot {
    pub(crate) root: SpotRoot,
    pub(crate) steps: Box<[SpotStep]>,
}

/// Where a spot starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum SpotRoot {
    /// A parameter, receiver first.
    Param(u32),
    /// A captured variable.
    Capture(u32),
    /// A package-level variable.
    Global(ObjectId),
    /// A variable of the function.
    Local(u32),
    /// What some value of the function points to.
    Value(u32),
    /// What a new object is that nobody else knows.
    Fresh(u32),
    /// Out of sight.
    Unknown,
}

/// A step of a spot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum SpotStep {
    /// Through a pointer read at this time (0: at the call).
    Deref(u32),
    /// A field.
    Field(ObjectId),
    /// An element of a container, by the key's value.
    Index(u32),
}

/// A time or key of which nothing is known: not even equal to itself.
pub(crate) const UNKNOWN: u32 = u32::MAX;
/// Longer spots are cut to what they end with.
pub(crate) const MAX_STEPS: usize = 12;

impl Spot {
    pub(crate) fn new(root: SpotRoot, steps: Vec<SpotStep>) -> Self {
        Self { root, steps: steps.into() }
    }

    /// The field or variable that it names, in whatever object.
    pub(crate) fn class(&self) -> Option<ObjectId> {
        match (self.steps.last(), self.root) {
            (Some(SpotStep::Field(field)), _) => Some(*field),
            (None, SpotRoot::Global(object)) => Some(object),
            _ => None,
        }
    }

    /// Whether it is whatever some pointer leads to.
    pub(crate) fn is_behind_pointer(&self) -> bool {
        match self.steps.last() {
            Some(step) => matches!(step, SpotStep::Deref(_)),
            None => matches!(self.root, SpotRoot::Value(_) | SpotRoot::Unknown),
        }
    }

    /// Whether two spots with the same last field are parts of different fields or variables.
    pub(crate) fn is_other(&self, other: &Self) -> bool {
        let mut steps = self.steps.iter().rev().zip(other.steps.iter().rev());
        let ends = self.steps.len().min(other.steps.len());
        for (a, b) in steps.by_ref() {
            match (a, b) {
                (SpotStep::Field(a), SpotStep::Field(b)) if a == b => {}
                (SpotStep::Field(_), SpotStep::Field(_)) => return true,
                _ => return false,
            }
        }
        let rest =
            |s: &Self| s.steps.len().checked_sub(ends + 1).and_then(|i| s.steps.get(i)).copied();
        match (self.root, rest(self), other.root, rest(other)) {
            (SpotRoot::Global(a), None, SpotRoot::Global(b), None) => a != b,
            (SpotRoot::Global(_), None, _, Some(SpotStep::Field(_)))
            | (_, Some(SpotStep::Field(_)), SpotRoot::Global(_), None) => true,
            _ => false,
        }
    }

    /// Whether an equal spot of the same function is certainly the same place.
    pub(crate) fn is_exact(&self) -> bool {
        let known = |step: &SpotStep| match *step {
            SpotStep::Deref(time) => time != UNKNOWN,
            SpotStep::Index(key) => key != UNKNOWN,
            SpotStep::Field(_) => true,
        };
        self.root != SpotRoot::Unknown && self.steps.iter().all(known)
    }

    /// What the spot holds as an argument.
    pub(crate) fn deref(&self, time: u32) -> Self {
        self.step(SpotStep::Deref(time))
    }

    pub(crate) fn step(&self, step: SpotStep) -> Self {
        let mut steps = self.steps.to_vec();
        steps.push(step);
        Self::new(self.root, steps)
    }

    /// The spot that holds the pointer through which the last step goes, if that is all it does.
    pub(crate) fn holder(&self) -> Option<Self> {
        match self.steps.split_last() {
            Some((SpotStep::Deref(_), before)) => Some(Self::new(self.root, before.to_vec())),
            _ => None,
        }
    }
}

/// The notes of a function that is being analysed.
#[derive(Default, Debug)]
pub(crate) struct Notes {
    pub(crate) events: Vec<Event>,
    by_span: BTreeMap<Span, Vec<usize>>,
    pub(crate) stored: Vec<Stored>,
    pub(crate) seen: BTreeMap<Span, BTreeSet<ObjectId>>,
    pub(crate) once: BTreeSet<(ObjectId, ObjectId)>,
}

/// Ways to reach one operation that are kept apart.
const MAX_WAYS: usize = 6;
/// Notes of one function.
const MAX_EVENTS: usize = 4000;

impl Notes {
    /// Adds an event, or joins it to one that differs in nothing but what is known.
    pub(crate) fn add(&mut self, event: Event) {
        let here = self.by_span.entry(event.span).or_default();
        let alike = |e: &Event| {
            e.kind == event.kind && e.held == event.held && e.released == event.released
        };
        let known = here.iter().copied().find(|&i| self.events.get(i).is_some_and(alike));
        if let Some(known) = known.and_then(|i| self.events.get_mut(i)) {
            known.known.retain(|k| event.known.contains(k));
            known.now.retain(|k| event.now.contains(k));
            known.depends &= event.depends;
            known.ordered &= event.ordered;
            return;
        }
        if here.len() < MAX_WAYS && self.events.len() < MAX_EVENTS {
            here.push(self.events.len());
            self.events.push(event);
        }
    }

    /// Adds what was looked at on a way to a call of a `sync.Once`.
    pub(crate) fn see(&mut self, span: Span, seen: BTreeSet<ObjectId>) {
        match self.seen.get_mut(&span) {
            Some(known) => known.retain(|object| seen.contains(object)),
            None => {
                self.seen.insert(span, seen);
            }
        }
    }

    pub(crate) fn store(&mut self, stored: Stored) {
        let alike = |s: &Stored| s.span == stored.span && s.field == stored.field;
        if !self.stored.iter().any(alike) {
            self.stored.push(stored);
        }
    }
}

/// What a send or a receive waits for, and what it does for others.
pub(crate) fn exchange(sends: bool) -> (Waited, Waited) {
    if sends { (Waited::Send, Waited::Channel) } else { (Waited::Channel, Waited::Send) }
}

/// Whether a place stands before another in one function.
pub(crate) fn before(a: Span, b: Span) -> bool {
    (a.package, a.file) == (b.package, b.file) && a.range.start < b.range.start
}
