//! What a call of a function does, in terms of its inputs and results.

use crate::doubts::Doubts;
use crate::inferred::{Act, Ender};
use crate::report::{LockMode, SlotKind};
use crate::slots::Miss;
use crate::term::{Arena, Part, PlaceId, Root, Term, TermId};
use stanch_effects::Kind;
use stanch_ir::{Func, FuncId, LocalId, Span};
use stanch_types::{ObjectId, TypeId};
use std::borrow::Cow;
use std::sync::Arc;

/// A few things a call can do; one of them happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// None at all: the call does not return.
    pub(crate) outcomes: Vec<Outcome>,
    /// Whether the analysis gave up: anything may be done to what is passed.
    pub(crate) unknown: bool,
    /// Locks that it gives back while it does not hold them, even if it takes them again.
    pub(crate) gives: Vec<Path>,
    /// Whether there are more of these, which callers cannot name.
    pub(crate) gives_others: bool,
    /// Wait groups and semaphores that get a place back on some way, each with whether once at most.
    pub(crate) gives_slots: Vec<(Path, bool)>,
    /// Whether there are more of these, which callers cannot name.
    pub(crate) gives_other_slots: bool,
    /// Those that get theirs back on some ways only.
    pub(crate) misses: Vec<Miss>,
}

/// One way a call can go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// When it happens: inputs' values at the call.
    pub(crate) conditions: Vec<(Path, Value)>,
    /// Locks it returns with.
    pub(crate) held: Vec<(Path, LockMode)>,
    /// Locks it gives back for its caller.
    pub(crate) released: Vec<(Path, LockMode)>,
    /// Semaphores in which it has a place when it returns.
    pub(crate) slots_taken: Vec<(Path, SlotKind)>,
    /// Wait groups and semaphores that get a place back which it has not taken.
    pub(crate) slots_given: Vec<Path>,
    /// Locks it takes at some time.
    pub(crate) takes: Vec<Take>,
    /// Function values among its inputs that it calls or hands on.
    pub(crate) used: Vec<Path>,
    /// Function values among its inputs that it may hand on, rather than call.
    pub(crate) handed: Vec<Path>,
    /// Other inputs, and what hangs on them, that it may hand on.
    pub(crate) touched: Vec<Path>,
    /// Function values among its inputs that it calls before it returns.
    pub(crate) calls: Vec<CallUnder>,
    /// Results that the caller owes to call.
    pub(crate) fresh: Vec<Fresh>,
    /// Fields of its inputs that hold something afterwards which has to be given back.
    pub(crate) fills: Vec<Fill>,
    /// What it does to channels, functions and flags among its inputs that may end goroutines.
    pub(crate) acts: Vec<(Path, Act)>,
    /// Methods of interfaces that it calls on inputs.
    pub(crate) asks: Vec<(Path, ObjectId)>,
    /// Inputs that have a goroutine afterwards which only an act ends.
    pub(crate) starts: Vec<(Path, Start)>,
    /// Results that somebody else has, or that are given back already.
    pub(crate) settled: Vec<usize>,
    /// Captured variables that have their old value afterwards, among those it writes otherwise.
    pub(crate) kept: Vec<usize>,
    /// What is known of each result.
    pub(crate) results: Vec<Option<Value>>,
    /// Flags and other constants in fields of its inputs, and in variables that it captures, afterwards.
    pub(crate) sets: Vec<(Path, Value)>,
    /// What is known of numbers that hang on results, each with whether it holds.
    pub(crate) tells: Vec<(Path, Test, bool)>,
    /// Whether nothing outside decides that it goes this way, as far as is known.
    pub(crate) unsure: bool,
    /// Whether its inputs decide it by more than the conditions say.
    pub(crate) partial: bool,
    /// What the ways rest on that go so, while they are put together.
    pub(crate) ways: Vec<Doubts>,
    /// A return that may give something fresh and an error together.
    pub(crate) together: Option<Span>,
    /// Inputs among those that it may hand on which only the results have.
    pub(crate) within_results: Vec<Path>,
    /// Function values among these that are called besides.
    pub(crate) only_called: Vec<Path>,
}

/// A comparison with a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Test {
    /// It is less.
    Below(i64),
    /// It is more.
    Above(i64),
    /// It is that number.
    Is(i64),
}

/// A result that the caller owes to call.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Fresh {
    /// Position among the results.
    pub(crate) result: usize,
    /// Other results that hold the same.
    pub(crate) also: Vec<usize>,
    /// What it is, if it is not a cancel function.
    pub(crate) kind: Option<Kind>,
    /// Whether what it ends also ends by itself.
    pub(crate) deadline: bool,
    /// What ends its goroutine, if that is what is owed.
    pub(crate) enders: Vec<Ender>,
    /// Where the goroutine starts.
    pub(crate) started: Option<Span>,
    /// The type of the object, behind interfaces.
    pub(crate) ty: Option<TypeId>,
    /// For a context: the inputs that it may end with.
    pub(crate) of: Vec<Path>,
    /// The field of the new object that holds it, if it is not the result itself.
    pub(crate) within: Box<[ObjectId]>,
}

/// Something that a call leaves in a field of an object it got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fill {
    /// The field.
    pub(crate) path: Path,
    /// What it is, if it is not a cancel function.
    pub(crate) kind: Option<Kind>,
    /// Whether what it ends also ends by itself.
    pub(crate) deadline: bool,
    /// The type of the object, behind interfaces.
    pub(crate) ty: Option<TypeId>,
}

/// A goroutine that only an act on an object ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Start {
    /// The `go` statement.
    pub(crate) at: Span,
    /// What ends it, each alone.
    pub(crate) enders: Vec<Ender>,
}

/// A lock that a call takes at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Take {
    pub(crate) path: Path,
    pub(crate) mode: LockMode,
    /// What is known of the inputs when it does.
    pub(crate) conditions: Vec<(Path, Value)>,
    /// Whether every path of the outcome on which the conditions hold takes it.
    pub(crate) always: bool,
    /// Whether it depends on a flag of which a call on the way says nothing: it may well tell that the
    /// lock is held.
    pub(crate) guarded: bool,
    /// Functions from the called one to the one that locks, each with the place that leads on.
    pub(crate) chain: Arc<[(FuncId, Span)]>,
}

impl Summary {
    /// Calls `f` for each field and package-level variable that it names.
    pub(crate) fn named(&self, f: &mut dyn FnMut(ObjectId)) {
        self.gives.iter().for_each(|path| path.named(f));
        self.gives_slots.iter().for_each(|(path, _)| path.named(f));
        for outcome in &self.outcomes {
            outcome.paths(&mut |path| path.named(f));
        }
    }

    /// Gives the functions it names other numbers: `number` gets a function and a place in it.
    pub(crate) fn rename(&mut self, number: &mut dyn FnMut(FuncId, Span) -> FuncId) {
        for outcome in &mut self.outcomes {
            for take in &mut outcome.takes {
                take.chain = take.chain.iter().map(|&(id, at)| (number(id, at), at)).collect();
            }
            for call in &mut outcome.calls {
                call.at.0 = number(call.at.0, call.at.1);
            }
        }
    }
}

impl Outcome {
    fn paths(&self, f: &mut dyn FnMut(&Path)) {
        let conditions = self.takes.iter().flat_map(|t| &t.conditions).chain(&self.conditions);
        conditions.for_each(|(path, _)| f(path));
        let results = self.results.iter().flatten();
        for value in results {
            if let Value::Input(path) | Value::GivesBack(path, _) = value {
                f(path);
            }
        }
        self.held.iter().chain(&self.released).for_each(|(path, _)| f(path));
        self.takes.iter().for_each(|take| f(&take.path));
        self.used.iter().chain(&self.touched).for_each(&mut *f);
        self.calls.iter().for_each(|call| f(&call.path));
        self.calls.iter().flat_map(|c| &c.held).for_each(|(path, ..)| f(path));
        self.calls.iter().flat_map(|c| &c.flags).for_each(|(path, _)| f(path));
        self.acts.iter().for_each(|(path, _)| f(path));
        self.asks.iter().for_each(|(path, _)| f(path));
        self.starts.iter().for_each(|(path, _)| f(path));
        self.sets.iter().for_each(|(path, _)| f(path));
        self.tells.iter().for_each(|(path, ..)| f(path));
        self.fills.iter().for_each(|fill| f(&fill.path));
        self.within_results.iter().chain(&self.only_called).for_each(&mut *f);
        self.slots_taken.iter().for_each(|(path, _)| f(path));
        self.fresh.iter().flat_map(|fresh| &fresh.of).for_each(f);
    }

    /// Whether what an input names goes nowhere but into a result that is it.
    pub(crate) fn only_returns(&self, path: &Path) -> bool {
        let is_it = |value: &Option<Value>| matches!(value, Some(Value::Input(p)) if p == path);
        self.within_results.contains(path) && self.results.iter().any(is_it)
    }

    /// Whether both leave the same behind.
    pub(crate) fn same_effect(&self, other: &Self) -> bool {
        self.held == other.held
            && self.released == other.released
            && self.used == other.used
            && self.fresh == other.fresh
            && self.fills == other.fills
            && self.slots_taken == other.slots_taken
            && self.acts == other.acts
            && self.kept == other.kept
    }

    /// Whether the same results are known to be nil or true, and the same not to be.
    pub(crate) fn nil_alike(&self, other: &Self) -> bool {
        let known = |v: &Option<Value>| match v {
            Some(Value::Bool(b)) => Some(*b),
            Some(value) => value.is_nil(),
            None => None,
        };
        self.results.iter().map(known).eq(other.results.iter().map(known))
    }

    /// The outcome without what in another of the outcomes is somebody else's business, if no result
    /// tells the two apart: nothing of that is left to the caller.
    pub(crate) fn leave_unclear<'s>(&'s self, all: &[&Self]) -> Cow<'s, Self> {
        // A goroutine that is started for some callers only, and not as their arguments say, may be
        // another's business.
        let optional = |f: &Fresh, other: &Self| {
            (f.kind == Some(Kind::Worker) || !f.within.is_empty())
                && !other.fresh.iter().any(|theirs| theirs.result == f.result)
                && other.conditions.is_empty()
        };
        let clear = |f: &Fresh| {
            all.iter().all(|other| {
                let settled = other.settled.contains(&f.result) || optional(f, other);
                !settled || self.excludes(other)
            })
        };
        let filled = |fill: &Fill| {
            let also = |other: &Self| other.fills.iter().any(|theirs| theirs.path == fill.path);
            all.iter().all(|other| {
                also(other) || self.excludes(other) || other.conditions != self.conditions
            })
        };
        if self.fresh.iter().all(clear) && self.fills.iter().all(filled) {
            return Cow::Borrowed(self);
        }
        Cow::Owned(Self {
            fresh: self.fresh.iter().filter(|f| clear(f)).cloned().collect(),
            fills: self.fills.iter().filter(|f| filled(f)).cloned().collect(),
            ..self.clone()
        })
    }

    /// Whether a result tells it from `other`.
    fn excludes(&self, other: &Self) -> bool {
        let differ = |x: &Value, y: &Value| match (x, y) {
            (Value::Bool(a), Value::Bool(b)) => a != b,
            (Value::Int(a), Value::Int(b)) => a != b,
            _ => matches!((x.is_nil(), y.is_nil()), (Some(a), Some(b)) if a != b),
        };
        let results = self.results.iter().zip(&other.results);
        let mut results = results.filter_map(|(x, y)| Some((x.as_ref()?, y.as_ref()?)));
        results.any(|(x, y)| differ(x, y))
    }

    /// Whether the same inputs are handed on as a whole.
    pub(crate) fn hands_on_alike(&self, other: &Self) -> bool {
        let within = |x: &Self, y: &Self| {
            x.touched.iter().all(|path| !path.steps.is_empty() || y.touched.contains(path))
        };
        within(self, other) && within(other, self)
    }

    /// Makes the outcome stand for `other` as well, which leaves the same behind.
    pub(crate) fn join(&mut self, other: &Self) {
        for take in &mut self.takes {
            match other.takes.iter().find(|t| t.same_lock(take)) {
                Some(theirs) => {
                    take.conditions.retain(|c| theirs.conditions.contains(c));
                    take.always &= theirs.always;
                    take.guarded &= theirs.guarded;
                }
                None => take.miss(&other.conditions),
            }
        }
        for theirs in &other.takes {
            if !self.takes.iter().any(|t| t.same_lock(theirs)) {
                let mut take = theirs.clone();
                take.miss(&self.conditions);
                self.takes.push(take);
            }
        }
        self.conditions.retain(|c| other.conditions.contains(c));
        self.unsure &= other.unsure;
        self.partial &= other.partial;
        self.ways.extend(other.ways.iter().cloned());
        self.slots_given.retain(|of| other.slots_given.contains(of));
        self.tells.retain(|told| other.tells.contains(told));
        self.sets.retain(|set| other.sets.contains(set));
        for (x, y) in self.results.iter_mut().zip(&other.results) {
            match (&*x, y) {
                // There is one with that property, or none.
                (Some(Value::Nil | Value::Bodiless), Some(Value::Bodiless))
                | (Some(Value::Bodiless), Some(Value::Nil)) => *x = Some(Value::Bodiless),
                _ if *x != *y => *x = None,
                _ => {}
            }
        }
        for start in &other.starts {
            if !self.starts.contains(start) {
                self.starts.push(start.clone());
            }
        }
        for ask in &other.asks {
            if !self.asks.contains(ask) {
                self.asks.push(ask.clone());
            }
        }
        for result in &other.settled {
            if !self.settled.contains(result) {
                self.settled.push(*result);
            }
        }
        let within = |of: &Self, path: &Path| {
            let plain = of.within_results.contains(path);
            plain || of.only_called.contains(path)
        };
        let elsewhere = |of: &Self, path: &Path| {
            (of.used.contains(path) || of.touched.contains(path)) && !within(of, path)
        };
        let called =
            |path: &Path| self.only_called.contains(path) || other.only_called.contains(path);
        let (mut only_called, mut within_results) = (Vec::new(), Vec::new());
        let theirs = other.only_called.iter().chain(&other.within_results);
        for path in self.only_called.iter().chain(&self.within_results).chain(theirs) {
            if elsewhere(self, path) || elsewhere(other, path) {
                continue;
            }
            let list: &mut Vec<Path> =
                if called(path) { &mut only_called } else { &mut within_results };
            if !list.contains(path) {
                list.push(path.clone());
            }
        }
        (self.only_called, self.within_results) = (only_called, within_results);
        self.together = self.together.or(other.together);
        for path in &other.touched {
            if !self.touched.contains(path) {
                self.touched.push(path.clone());
            }
        }
        for path in &other.handed {
            if !self.handed.contains(path) {
                self.handed.push(path.clone());
            }
        }
        for call in &other.calls {
            if !self.calls.contains(call) {
                self.calls.push(call.clone());
            }
        }
    }
}

impl Take {
    fn same_lock(&self, other: &Self) -> bool {
        (&self.path, self.mode) == (&other.path, other.mode)
    }

    /// Joins an outcome that does not take it.
    fn miss(&mut self, conditions: &[(Path, Value)]) {
        let excluded =
            |(path, value): &(Path, Value)| conditions.iter().any(|(p, v)| p == path && v != value);
        self.always &= self.conditions.iter().any(excluded);
    }
}

/// A call of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CallUnder {
    /// The function value.
    pub(crate) path: Path,
    /// The function that calls it, and where.
    pub(crate) at: (FuncId, Span),
    /// Locks held meanwhile: which, how, and taken where.
    pub(crate) held: Vec<(Path, LockMode, Span)>,
    /// Flags among its inputs that have these values then.
    pub(crate) flags: Vec<(Path, Value)>,
}

/// A value known to a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Nil,
    NonNil,
    /// A new object of this type that nobody else knows.
    New(TypeId),
    /// A request that asks for no body.
    Bodiless,
    /// The value of an input.
    Input(Path),
    /// What gives back the lock at a place, with which the function returns: this method of it.
    GivesBack(Path, ObjectId),
}

impl Value {
    /// Whether it is nil, if that is known.
    fn is_nil(&self) -> Option<bool> {
        match self {
            Self::Nil => Some(true),
            Self::NonNil | Self::New(_) | Self::Bodiless | Self::GivesBack(..) => Some(false),
            Self::Bool(_) | Self::Int(_) | Self::Input(_) => None,
        }
    }
}

/// A place as caller and callee both can name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path {
    pub(crate) base: Base,
    pub(crate) steps: Box<[PathStep]>,
}

impl Path {
    fn named(&self, f: &mut dyn FnMut(ObjectId)) {
        if let Base::Global(object) = self.base {
            f(object);
        }
        for step in &self.steps {
            if let PathStep::Field(field) = step {
                f(*field);
            }
        }
    }
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Base {
    /// The parameter with this number, receiver first.
    Param(usize),
    /// The captured variable with this number.
    Capture(usize),
    /// A package-level variable.
    Global(ObjectId),
    /// The result with this number.
    Result(usize),
}

/// A step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathStep {
    Deref,
    Field(ObjectId),
    /// What a function says of the value, in which nothing else has a say.
    Answer(ObjectId),
}

/// Longer paths (from recursive data) are not named.
const MAX_STEPS: usize = 8;

/// The path of a place of `func`, if its caller can name it; `results` are the result values.
pub(crate) fn path_of(
    arena: &Arena,
    func: &Func,
    results: &[TermId],
    place: PlaceId,
) -> Option<Path> {
    let mut steps = Vec::new();
    let mut place = place;
    loop {
        let data = arena.data(place);
        for part in data.parts.iter().rev() {
            match *part {
                Part::Field(field) => steps.push(PathStep::Field(field)),
                Part::Index(_) => return None,
            }
        }
        if steps.len() > MAX_STEPS {
            return None;
        }
        let base = match data.root {
            Root::Local(local) => input(func, local)?,
            Root::Global(object) => Base::Global(object),
            Root::Ptr(pointer) => {
                steps.push(PathStep::Deref);
                match *arena.get(pointer) {
                    Term::Load(from, None) => {
                        place = from;
                        continue;
                    }
                    _ => Base::Result(results.iter().position(|&r| r == pointer)?),
                }
            }
        };
        steps.reverse();
        return Some(Path { base, steps: steps.into() });
    }
}

/// The input that a local of `func` is.
fn input(func: &Func, local: LocalId) -> Option<Base> {
    if let Some(i) = func.params.iter().position(|&p| p == local) {
        return Some(Base::Param(i));
    }
    func.captures.iter().position(|c| c.inner == local).map(Base::Capture)
}

/// A summary's word for a value of `func`.
pub(crate) fn value_of(arena: &Arena, func: &Func, term: TermId) -> Option<Value> {
    match *arena.get(term) {
        Term::Bool(b) => Some(Value::Bool(b)),
        Term::Int(i) => Some(Value::Int(i)),
        Term::Nil => Some(Value::Nil),
        Term::Load(place, None) => path_of(arena, func, &[], place).map(Value::Input),
        _ if arena.is_non_nil(term) => Some(Value::NonNil),
        _ => None,
    }
}
