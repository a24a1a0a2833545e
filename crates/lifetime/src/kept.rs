//! What one package tells of what may be kept too long: plain data, judged over the module.

use crate::facts::{DeclId, Key, Source};
use crate::report::Retention;
use stanch_ir::Span;
use stanch_types::ObjectId;

/// Something that may be kept too long.
#[derive(Debug)]
pub(crate) struct Candidate {
    /// The function it stands in.
    pub(crate) func: u32,
    /// On what it depends.
    pub(crate) gate: Gate,
    /// What is reported.
    pub(crate) retention: Retention,
}

/// What the whole module must say for a candidate to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Gate {
    /// Nothing.
    Sure,
    /// This parameter of this function ends in a pool.
    Pooled(DeclId, u32),
    /// The function keeps what this parameter of it is given in a container that grows.
    Keeps(DeclId, u32),
    /// Elements are appended to this container, and nothing puts another value in its place; whether
    /// it is cut in a loop without an end.
    NeverReplaced(Key, bool),
    /// The function runs again and again.
    Repeated,
    /// It stands in a loop without an end.
    Looped,
    /// So it does, and the field lies in a package-level variable.
    RepeatedIn(DeclId),
    /// It does so, and this function registers something that only this result of it can undo.
    Registered(DeclId, u32),
    /// The function arms a timer for an object, which code of the module can end, or not.
    Rearmed(bool),
    /// Every use of the channel in the module is an operation of one kind; whether it is in a field of what lies
    /// in a package-level variable.
    Lonely(DeclId, bool),
    /// The variable of the owner lives on, and there are ever more different keys.
    GoesOn {
        /// The function that has the variable.
        owner: u32,
        /// Whether a loop adds to it; else each call of a literal.
        in_loop: bool,
        /// Where keys come from, if there are any.
        keys: Option<Box<[Source]>>,
    },
}

/// What can be said of a package's uses of its channels in variables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChannelUse {
    /// Something is sent, and the sender waits.
    Send,
    /// Something is received, or awaited by `range`.
    Recv,
    /// It is made, for a field.
    Made,
    /// Anything else.
    Other,
}

/// A parameter that goes to a pool: of the function with the first number, the second one, and if
/// another function puts it there, that one's parameter.
pub(crate) type Pooled = (u32, u32, Option<(DeclId, u32)>);

/// What a package tells of retention.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(crate) candidates: Vec<Candidate>,
    /// Parameters that go to a pool: of the function itself, or handed to another one's.
    pub(crate) pooled: Vec<Pooled>,
    /// Functions that put something into a container, the result that takes it out again, the container, and
    /// where that is.
    pub(crate) registers: Vec<(DeclId, u32, DeclId, Span)>,
    /// Containers that are given another value, not a longer or shorter one of their own.
    pub(crate) replaced: Vec<Key>,
    /// Slices that elements are appended to.
    pub(crate) appended: Vec<Key>,
    /// Containers whose entries are asked for their age: the field with the time, and where.
    pub(crate) aged: Vec<(DeclId, ObjectId, Span)>,
    /// Uses of channels in package-level variables.
    pub(crate) channels: Vec<(DeclId, ChannelUse)>,
}
