//! What the engine found, without words: places, paths and how sure.

use crate::facts::Name;
use crate::inferred::Ender;
use crate::order::LockFacts;
use stanch_effects::Kind;
use stanch_ir::{FuncId, Span};
use std::collections::BTreeSet;

/// Everything found in one package, each list in source order.
#[derive(Clone, Default, Debug)]
pub struct Results {
    /// Cancel functions that nobody calls.
    pub lost_cancels: Vec<LostCancel>,
    /// Locks that a return leaves locked.
    pub missing_unlocks: Vec<MissingUnlock>,
    /// Places in wait groups and semaphores that a return does not give back.
    pub lost_slots: Vec<LostSlot>,
    /// Locks taken while they are held.
    pub double_locks: Vec<DoubleLock>,
    /// Bodies, rows, files, connections, tickers that nobody gives back.
    pub lost_resources: Vec<LostResource>,
    /// Fields that hold what has to be closed or stopped, and what becomes of it.
    pub owners: OwnerFacts,
    /// What may have to be closed, and what became of it.
    pub duties: Vec<Duty>,
    /// Functions that return what may have to be closed.
    pub makers: Vec<crate::Maker>,
    /// Methods with the name of one that ends its receiver and do nothing of the kind, each as its type
    /// and name.
    pub idle: Vec<String>,
    /// What fields lose while it may be open.
    pub dropped: Vec<Dropped>,
    /// What error returns leave that others of the same function take down.
    pub forgotten: Vec<Forgotten>,
    /// What the functions do with locks, for [`join_locks`](crate::join_locks).
    pub locks: LockFacts,
    /// Functions that were too large for the budget: nothing is said of them.
    pub incomplete: Vec<FuncId>,
    /// How much there was to do.
    pub work: Work,
    /// Functions of other packages that findings name: their numbers follow those of the package's own
    /// functions.
    pub foreign: Vec<Name>,
}

/// How much there was to do in a package.
#[derive(Clone, Copy, Default, Debug)]
pub struct Work {
    /// Functions with a body.
    pub functions: u64,
    /// Those of them that take and give back nothing, and were not followed therefore.
    pub irrelevant: u64,
    /// Instructions of the others.
    pub instructions: u64,
}

/// Read or write side of a lock; a plain mutex has only the write side.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LockMode {
    /// `Lock`
    Write,
    /// `RLock`
    Read,
}

/// A step of the path to a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The function it is in.
    pub func: FuncId,
    /// Where.
    pub span: Span,
    /// What.
    pub kind: StepKind,
}

/// What a step of a path is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StepKind {
    /// The resource or lock is taken (by a call of a helper, if so).
    Acquire,
    /// It is given back.
    Release,
    /// A condition is true or false.
    Branch(bool),
    /// A loop has another turn, or has none any more.
    Loop(bool),
    /// An arm of a select or a clause of a switch is taken.
    Arm,
    /// A function of the package is called.
    Call(FuncId),
    /// The function returns.
    Return,
}

/// A cancel function that is not called on some path.
#[derive(Clone, Debug)]
pub struct LostCancel {
    /// The function that makes it.
    pub func: FuncId,
    /// The call that makes it.
    pub span: Span,
    /// The variable that holds it, if it has a name.
    pub name: Option<String>,
    /// Whether the context ends by itself at a deadline.
    pub deadline: bool,
    /// Whether nothing else ends the context: it has no deadline, and no parent that ends. Nothing keeps
    /// such a context but those who wait for it.
    pub rooted: bool,
    /// Whether other code was given the context, rather than a field.
    pub served: bool,
    /// The helper whose result it is, if it is not made here.
    pub helper: Option<FuncId>,
    /// How it is lost.
    pub how: Loss,
    /// From the creation to the loss.
    pub path: Vec<Step>,
    /// Whether some other path of the function does call it or hand it on.
    pub sometimes_released: bool,
    /// Whether the way there asks about the same thing twice: the answers may exclude each other.
    pub asks_twice: bool,
}

/// How a cancel function is lost.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Loss {
    /// Assigned to `_`, or the results are not used at all.
    Discarded,
    /// This return (or end of the function) is reached.
    Return(Span),
    /// The creation runs again while the last one is pending.
    Overwritten,
    /// Stored in this field, which the package never reads.
    Field(String),
}

/// Something that has to be closed or stopped and is not, on some path.
#[derive(Clone, Debug)]
pub struct LostResource {
    /// The function that makes it.
    pub func: FuncId,
    /// The call that makes it.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// The variable that holds it, if it has a name.
    pub name: Option<String>,
    /// The helper whose result it is, if it is not made here.
    pub helper: Option<FuncId>,
    /// How it is lost.
    pub how: ResourceLoss,
    /// From the creation to the loss.
    pub path: Vec<Step>,
    /// Whether some other path of the function gives it back.
    pub closed: bool,
    /// Whether other paths only hand it on.
    pub moved: bool,
    /// Whether the return that forgets it returns an error.
    pub fails: bool,
    /// Whether it is a body that was read to its end, so that it holds nothing.
    pub read: bool,
    /// The return of the helper that gives it together with an error, if that is how it is lost.
    pub together: Option<Span>,
    /// For an object with a goroutine: where that starts.
    pub started: Option<Span>,
    /// What ends that goroutine.
    pub(crate) enders: Vec<Ender>,
}

/// What one package does with fields that hold what has to be closed or stopped. Fields are named by
/// texts that stand for the same field in a package and its test variant.
#[derive(Clone, Default, Debug)]
pub struct OwnerFacts {
    /// Fields of owners with a stop method that hold such a thing.
    pub kept: Vec<Kept>,
    /// Fields whose content some function closes, or hands on.
    pub ended: BTreeSet<String>,
    /// Fields whose content some function passes to another one, as it is.
    pub passed: BTreeSet<String>,
    /// Types whose values some function closes, methods of the type aside.
    pub released: BTreeSet<String>,
    /// Fields that also get what somebody else may have.
    pub given: BTreeSet<String>,
}

/// Something that has to be closed or stopped, in a field of an owner that has a stop method.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The field.
    pub field: String,
    /// Its type.
    pub ty: String,
    /// Its name.
    pub name: String,
    /// The function that makes or starts the thing.
    pub func: FuncId,
    /// Where.
    pub span: Span,
    /// What it is.
    pub kind: Kind,
    /// For an object with a goroutine: where that starts.
    pub started: Option<Span>,
    /// The owner's stop method.
    pub stop: FuncId,
    /// If only others' use says that it has to be closed: as [`Duty::key`].
    pub key: Option<String>,
    /// Other fields of the owner whose content made it: it may end with that.
    pub made_from: Vec<String>,
}

/// A field is made to let go of what it holds and what the package closes elsewhere.
#[derive(Clone, Debug)]
pub struct Dropped {
    /// The function that does it.
    pub func: FuncId,
    /// Where.
    pub span: Span,
    /// The field's name.
    pub name: String,
    /// How.
    pub how: How,
    /// What it holds.
    pub held: Held,
    /// A function that closes what the field holds, and where.
    pub closed: (FuncId, Span),
    /// Whether it may have been empty: a list is set to nil by a function that starts something.
    pub may_be_empty: bool,
}

/// What a field holds that has to be ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Held {
    /// Something with a method that closes it.
    Closer,
    /// A function that cancels a context.
    Cancel,
    /// A ticker that nobody collects.
    Ticker,
}

/// How a field loses what it holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// It is set to nil.
    Nil,
    /// An entry of its map is deleted.
    Deleted,
    /// All entries of its map are deleted.
    Cleared,
    /// It is filled again.
    Replaced,
    /// An entry of its map is filled again.
    Overwritten,
}

/// An object that a function takes down again where a step fails, and not at this later error return.
#[derive(Clone, Debug)]
pub struct Forgotten {
    /// The function.
    pub func: FuncId,
    /// Where the object is made.
    pub span: Span,
    /// The variable that holds it.
    pub name: String,
    /// The function that takes it down.
    pub ender: FuncId,
    /// The first call of that.
    pub taken_down: Span,
    /// At how many error returns it is called.
    pub times: usize,
    /// The return that forgets it.
    pub exit: Span,
    /// From the creation to the return.
    pub path: Vec<Step>,
}

/// What became of an object that perhaps had to be closed, in one function.
#[derive(Clone, Debug)]
pub struct Duty {
    /// Its type, and the name of the function that returned it.
    pub key: String,
    /// The function that called that.
    pub func: FuncId,
    /// The call.
    pub span: Span,
    /// The method that closes it, if one is called; empty if a function does that was not followed.
    pub closer: Option<String>,
    /// Whether a deferred call does.
    pub deferred: bool,
    /// Whether making it can fail.
    pub fallible: bool,
    /// Whether it is closed on a path on which nothing fails for certain.
    pub closed_well: bool,
    /// Whether it is closed on a path that returns an error, and no other path drops it than such ones.
    pub closed_failing: bool,
    /// Whether it only leaves the function's hands.
    pub moved: bool,
    /// Its methods that are called, other than those that may close it.
    pub methods: BTreeSet<String>,
    /// If it is a parameter: a caller that hands it over, and where.
    pub given_by: Option<(FuncId, Span)>,
    /// How it is forgotten on some path, if it is.
    pub lost: Option<LostResource>,
}

/// How a resource is lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResourceLoss {
    /// Something else takes its place there.
    Replaced(Span),
    /// This return (or end of the function) is reached.
    Return(Span),
    /// The creation runs again while the last one is open.
    Again,
}

/// A lock that is still held at a return though other paths unlock it.
#[derive(Clone, Debug)]
pub struct MissingUnlock {
    /// The function that locks.
    pub func: FuncId,
    /// The lock as the source spells it: `s.mu`.
    pub lock: String,
    /// Side of the lock.
    pub mode: LockMode,
    /// The lock call.
    pub span: Span,
    /// The return or closing brace that leaves it locked.
    pub exit: Span,
    /// Every return that does, in source order, [`exit`](Self::exit) among them.
    pub exits: Vec<Span>,
    /// An unlock that other paths reach.
    pub unlock: Option<Span>,
    /// Whether it is not a return but the end of a turn of a loop.
    pub turn: bool,
    /// Whether paths that differ in what else they know were followed as one.
    pub rough: bool,
    /// From the lock to the return.
    pub path: Vec<Step>,
}

/// What a place is taken in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum SlotKind {
    /// A `sync.WaitGroup`
    Group,
    /// A channel with room that is used as a semaphore.
    Channel,
    /// A `semaphore.Weighted`
    Weighted,
}

/// How others give back what a path keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SlotEnd {
    /// Another path of the function does.
    Here,
    /// A function does that another path starts or hands on.
    There,
    /// This function does, which was started for it, but not on all of its paths.
    Missed(FuncId),
}

/// A place in a wait group or semaphore that is not given back on some path.
#[derive(Clone, Debug)]
pub struct LostSlot {
    /// The function that takes it.
    pub func: FuncId,
    /// The wait group or semaphore as the source spells it.
    pub name: Option<String>,
    /// What it is.
    pub kind: SlotKind,
    /// The operation that takes the place.
    pub span: Span,
    /// The return that keeps it.
    pub exit: Span,
    /// Every return that does, in source order.
    pub exits: Vec<Span>,
    /// What gives it back on other paths.
    pub end: Span,
    /// Who does.
    pub how: SlotEnd,
    /// From the operation to the return, or to where the goroutine is started.
    pub path: Vec<Step>,
}

/// A lock taken while the same goroutine holds it.
#[derive(Clone, Debug)]
pub struct DoubleLock {
    /// The function that holds it.
    pub func: FuncId,
    /// The lock as the source of [`func`](Self::func) spells it.
    pub lock: String,
    /// Whether it is an `RWMutex` (its read or write side, see the modes).
    pub rw: bool,
    /// How it is held.
    pub held: LockMode,
    /// The operation that took it.
    pub first: Span,
    /// How it is taken again.
    pub again: LockMode,
    /// The operation in [`func`](Self::func) that takes it again: the lock call or a call that leads
    /// to it.
    pub second: Span,
    /// Functions called from there on, each with the place inside of it that leads on; the last place
    /// is the lock call. Empty if [`second`](Self::second) is the lock call.
    pub chain: Vec<(FuncId, Span)>,
    /// Whether every path through the called functions takes it.
    pub always: bool,
    /// Whether it depends on a flag of which the calls say nothing: it may well tell that the lock is
    /// held.
    pub guarded: bool,
    /// Whether it happens in a deferred call at the function's end.
    pub deferred: bool,
    /// Whether paths that differ in what else they know were followed as one.
    pub rough: bool,
    /// From the first lock to the second.
    pub path: Vec<Step>,
}
