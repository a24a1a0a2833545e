//! What the whole module shows of its locks, without words.

use crate::report::LockMode;
use stanch_ir::Span;

/// Everything found in a module, each list in source order.
#[derive(Clone, Default, Debug)]
pub struct LockResults {
    /// Read locks taken again by who holds them.
    pub reentries: Vec<Again>,
    /// Locks taken again by who holds them, in ways that a single package does not show.
    pub doubles: Vec<Again>,
    /// Two locks taken in two orders.
    pub cycles: Vec<LockCycle>,
    /// Locks held while waiting for somebody who needs them.
    pub held_waits: Vec<HeldWait>,
}

/// A function and a place in it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Spotted {
    /// Runtime symbol.
    pub symbol: Box<str>,
    /// The place.
    pub span: Span,
}

/// Two fields that lead to an object and back, each as `type.field`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Back {
    /// The field that keeps an object, or a container of such.
    pub child: String,
    /// The field of what is kept that points back.
    pub parent: String,
}

/// A lock taken while the same goroutine holds it.
#[derive(Clone, Debug)]
pub struct Again {
    /// How it is held.
    pub held: LockMode,
    /// The operation that took it, with the function that holds it.
    pub first: Spotted,
    /// How it is taken again.
    pub again: LockMode,
    /// From the function that holds it to the lock call: each function with the place that leads on.
    pub path: Vec<Spotted>,
    /// Whether the path goes through an interface or a stored function.
    pub dynamic: bool,
    /// If the lock was reached by way of what its object keeps.
    pub back: Option<Back>,
    /// Whether it is an `RWMutex`.
    pub rw: bool,
    /// An operation that takes the lock for writing.
    pub writer: Option<Spotted>,
    /// Other places where the same is done again under this lock.
    pub others: Vec<Spotted>,
}

/// A lock taken while another is held.
#[derive(Clone, PartialEq, Debug)]
pub struct OrderStep {
    /// The operation that took the lock that is held.
    pub first: Spotted,
    /// How it is held.
    pub held: LockMode,
    /// From the function that holds it to the lock call of the other lock.
    pub path: Vec<Spotted>,
    /// How the other is taken.
    pub taken: LockMode,
    /// Whether the other is an `RWMutex`.
    pub rw: bool,
}

/// Two locks that are taken in two orders.
#[derive(Clone, Debug)]
pub struct LockCycle {
    /// Names of the locks: that which `one` holds first.
    pub names: (String, String),
    /// One order.
    pub one: OrderStep,
    /// The reverse.
    pub other: OrderStep,
    /// Calls that make the two happen on the same objects, if that takes an explanation.
    pub calls: Vec<Spotted>,
    /// If the two locks are one field of an object and of what it keeps.
    pub back: Option<Back>,
    /// Other places where the lock that is held is taken before one that is taken before it elsewhere.
    pub others: Vec<Spotted>,
}

/// What is waited for with a lock held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HeldWaitKind {
    /// A wait group.
    Group,
    /// A value from a channel, or its close.
    Receive,
    /// A receiver.
    Send,
    /// The first of several.
    Select,
    /// A receiver who takes his channel out of a container when he wants no more.
    Feed,
}

/// A lock held while waiting for a goroutine that needs it first.
#[derive(Clone, Debug)]
pub struct HeldWait {
    /// The operation that took it.
    pub first: Spotted,
    /// From the function that holds it to the wait.
    pub path: Vec<Spotted>,
    /// The `go` statement.
    pub started: Spotted,
    /// What it waits for.
    pub what: HeldWaitKind,
    /// From the goroutine's function to its lock call.
    pub needs: Vec<Spotted>,
    /// How it takes the lock.
    pub taken: LockMode,
    /// Whether the wait begins only once the room in a channel is used up.
    pub buffered: bool,
    /// Whether the lock is an `RWMutex`.
    pub rw: bool,
    /// The operation that would end the wait.
    pub signal: Spotted,
}
