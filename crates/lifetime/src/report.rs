//! What the engine found, as data for the checks.

use stanch_base::FxHashMap;
use stanch_ir::Span;
use stanch_types::{ObjectId, PackageId, TypeId};

/// Findings of the whole module, by place.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Containers that only grow.
    pub growths: Vec<Growth>,
    /// What is kept though it is no longer needed.
    pub retentions: Vec<Retention>,
    /// How often the functions run that were asked for, by runtime symbol.
    pub often: FxHashMap<String, Often>,
}

/// How often a function runs, as far as the module tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Often {
    /// Again and again.
    Again,
    /// As often as other modules like: nothing in this one calls it, nor those that call it.
    Outside,
    /// A few times, or that is not known.
    Unknown,
}

/// Something kept longer than it is needed.
#[derive(Clone, Debug)]
pub struct Retention {
    /// The package of the function.
    pub package: PackageId,
    /// Runtime symbol of the function.
    pub function: String,
    /// The operation after which it is kept.
    pub span: Span,
    /// What, and by whom.
    pub what: Retained,
    /// Type of the variable, field or value.
    pub ty: TypeId,
    /// Why this is not sure; empty if nothing speaks against it.
    pub doubts: Vec<Doubt>,
}

/// Kinds of retention.
#[derive(Clone, Debug)]
pub enum Retained {
    /// A slice cut to nothing goes back to a pool with its elements behind the length.
    PooledSlice {
        /// Type of an element.
        elem: TypeId,
        /// The field of the pooled struct that has the slice.
        field: Option<ObjectId>,
        /// Further fields of it in the same case.
        others: Vec<ObjectId>,
        /// The call that gives it back.
        put: Span,
    },
    /// A pooled struct goes back with a field that was not set to nothing, though others were.
    PooledField {
        /// The struct.
        owner: TypeId,
        /// The field.
        field: ObjectId,
        /// One that is set to nothing.
        sibling: ObjectId,
        /// The call that gives it back.
        put: Span,
    },
    /// A buffer goes back to a pool as large as the other side made it.
    PooledGiant {
        /// The call that gives it back.
        put: Span,
    },
    /// Elements popped off a slice stay in its array.
    Popped {
        /// The field or variable.
        container: ObjectId,
        /// Type of an element.
        elem: TypeId,
        /// How the slice is cut.
        cut: Cut,
    },
    /// An entry is put in and taken out again on some ways only.
    DeleteMissed {
        /// The map.
        container: ObjectId,
        /// Where it is taken out.
        deleted: Span,
        /// The return that leaves it in.
        missed: Span,
        /// Runtime symbol of the method of the entry that takes it out, if that is another function.
        remover: Option<String>,
        /// Whether that function has to be told the key, which only the call that put it in knows.
        by_key: bool,
    },
    /// An entry is found, given another key and put in again; the old one stays.
    Rekeyed {
        /// The map.
        container: ObjectId,
        /// The field with the key.
        field: ObjectId,
        /// Where it is found.
        found: Span,
        /// Where the field is set.
        renamed: Span,
    },
    /// An entry is found and closed, and stays.
    Ended {
        /// The map.
        container: ObjectId,
        /// Where another function takes out what it closes.
        deleted: Span,
    },
    /// A timer is an entry, which only the function that stops it takes out.
    Fired {
        /// The map.
        container: ObjectId,
        /// Where it is taken out.
        deleted: Span,
        /// Where the timer begins to run.
        armed: Span,
    },
    /// A counter is raised and lowered again on some ways only.
    CounterMissed {
        /// The field or variable.
        counter: ObjectId,
        /// Where other ways lower it.
        lowered: Span,
        /// The return or turn of a loop that leaves it raised.
        missed: Span,
        /// Where it decides something.
        decides: Span,
        /// Runtime symbol of the function that lowers it, if that is another one.
        lowerer: Option<String>,
    },
    /// A list is filled each time its owner is opened, and not emptied when it is closed.
    Reopened {
        /// The list.
        field: ObjectId,
        /// The field that is reset.
        sibling: ObjectId,
        /// Where.
        cleared: Span,
        /// The places that append, but for that of the finding.
        others: Vec<Span>,
        /// The function that opens it again.
        opener: Span,
        /// Where another way empties it; none does if the finding is where the elements are released.
        emptied: Option<Span>,
    },
    /// A map or slice in a variable of a function that goes on only grows.
    Grown {
        /// The variable.
        name: Box<str>,
        /// Where it is declared.
        declared: Span,
        /// Type of a key of a map.
        key: Option<TypeId>,
        /// Type of a value or element.
        value: TypeId,
        /// Whether each turn of a loop adds to it; else each call of a literal does.
        in_loop: bool,
    },
    /// Something is registered, and the function that undoes it is dropped.
    Unregistered {
        /// The function of the module that registers; none for a context's.
        by: Option<ObjectId>,
        /// Where it is registered: a container, or a context.
        container: Option<ObjectId>,
        /// The literal that would take it out.
        undone: Option<Span>,
    },
    /// A call is deferred in each turn of a loop without an end.
    Deferred {
        /// The head of the loop.
        head: Option<Span>,
        /// What the deferred literal captures.
        captures: Vec<Box<str>>,
    },
    /// A context wraps itself.
    Context {
        /// The variable or field.
        name: Box<str>,
        /// The function that wraps.
        with: String,
    },
    /// A finalizer or cleanup refers to its own object.
    Finalizer {
        /// The variable.
        name: Box<str>,
        /// Whether it is a cleanup.
        cleanup: bool,
        /// Whether the object is the cleanup's argument.
        given: bool,
    },
    /// A package-level channel has senders and no receivers, or the other way round.
    LonelyChannel {
        /// The variable.
        object: ObjectId,
        /// Whether it is sent to.
        sends: bool,
    },
    /// A short piece of a large buffer is stored.
    Piece {
        /// The package-level container.
        container: ObjectId,
        /// The buffer.
        whole: Box<str>,
    },
    /// A goroutine or a kept function keeps an object of which it needs a part or nothing.
    Pinned {
        /// The variable.
        name: Box<str>,
        /// What it needs.
        used: Part,
        /// Who keeps it.
        by: Keeper,
    },
    /// A function has a timer call it again each time it runs, and nothing can stop that.
    Rearmed {
        /// The function that arms the timer first, and where.
        first: (String, Span),
        /// The type of the object that it is a method of.
        owner: Option<TypeId>,
        /// The method of the object that ends it, and leaves the timer.
        ended: Option<ObjectId>,
    },
}

/// What is needed of something large.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// A small field.
    Field(ObjectId),
    /// Its length.
    Length,
    /// What this method tells.
    Told(ObjectId),
    /// Nothing any more: it lies in one object with another captured variable, which is still used.
    Nothing {
        /// That variable.
        beside: Box<str>,
    },
}

/// Who keeps what was captured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// A goroutine that runs on.
    Goroutine,
    /// A function that is stored.
    Function,
    /// A function that is called once and lets go of what it captured then.
    Once,
    /// A timer that fires after so many seconds.
    Timer(u64),
}

/// How elements come to lie outside of a slice, in its array.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cut {
    /// One or some are cut off the front.
    Front,
    /// One or some are cut off.
    Off,
    /// The rest is moved over the element, and the last slot stays.
    Moved,
    /// All are cut off, and the array is used from its start again.
    ToNothing,
}

/// A container that grows for as long as the program runs.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The package whose code grows it.
    pub package: PackageId,
    /// The variable, or the field.
    pub object: ObjectId,
    /// Where it lives.
    pub place: Place,
    /// Its type.
    pub ty: TypeId,
    /// Where it is declared.
    pub declared: Span,
    /// The places where it grows, the one that tells most first.
    pub sites: Vec<Site>,
    /// What tells that its entries become useless though nothing takes them out.
    pub evidence: Option<Evidence>,
    /// Why this is not sure; empty if nothing speaks against it.
    pub doubts: Vec<Doubt>,
}

/// What tells that entries of a container become useless while it lives on.
#[derive(Clone, Debug)]
pub enum Evidence {
    /// Another container, filled together with it, is emptied.
    Sibling(Sibling),
    /// An entry is a container itself; what is in it is taken out, and the empty one stays.
    Emptied {
        /// Where something is taken out of an entry.
        taken: Span,
        /// Runtime symbol of the function that takes it out.
        function: String,
    },
    /// An entry has a time, and is not used any more when that is too long ago.
    Aged {
        /// The field with the time.
        field: ObjectId,
        /// Where it is asked.
        asked: Span,
    },
    /// It is cleared, and keeps the room of the most entries there ever were.
    Room {
        /// Where.
        cleared: Span,
    },
    /// An entry is a lock for what its key names.
    Lock,
    /// A loop of the owner adds something that ends by itself in each turn; only the end of the owner, if
    /// anything, takes all out.
    Served {
        /// The name of the type of what ends.
        what: Box<str>,
        /// Where all is taken out.
        cleared: Option<Span>,
    },
}

/// A container of the same owner that is filled together with one that only grows: its entries are taken
/// out again, so the owner outlives them.
#[derive(Clone, Debug)]
pub struct Sibling {
    /// The field or variable.
    pub object: ObjectId,
    /// Where it is filled.
    pub filled: Span,
    /// Where an entry is taken out.
    pub taken: Span,
    /// Runtime symbol of the function that takes it out.
    pub function: String,
    /// Whether callers in other packages name the entry of a map that is taken out.
    pub named: bool,
}

/// Where a container lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It is a package-level variable.
    Global,
    /// It is a field of what a package-level variable holds.
    InGlobal(ObjectId),
    /// It is a field of a type of which the program makes one value when it starts.
    InProgram(ObjectId),
    /// It is a field of a type that runs a service.
    InService(ObjectId),
}

/// Where a container grows.
#[derive(Clone, Debug)]
pub struct Site {
    /// The insertion.
    pub span: Span,
    /// Runtime symbol of the function.
    pub function: String,
    /// Type of the key of a map.
    pub key: Option<TypeId>,
    /// Type of the value.
    pub value: TypeId,
    /// From what runs again and again down to the function; calls with the caller's symbol.
    pub reached: Vec<(String, Span)>,
    /// What makes the first of them run again and again.
    pub repeated: Repeated,
    /// Function values that are put in, where they are known.
    pub functions: Vec<Kept>,
}

/// What makes a function run again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeated {
    /// It serves requests.
    Handler,
    /// It stands in a loop.
    Loop,
    /// Code out of view calls it as often as it likes.
    Outside,
    /// It is kept as a function value.
    Callback,
}

/// A function literal that is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Runtime symbol.
    pub function: String,
    /// Where it is handed over.
    pub span: Span,
    /// Captured variables with their types.
    pub captures: Vec<(Box<str>, TypeId)>,
}

/// Why a growth is not sure to be a leak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Doubt {
    /// Importers may take entries out.
    Exported,
    /// Code out of view is given the container.
    Escapes,
    /// It looks like a registration that happens a few times.
    Registration,
    /// It counts by label; there may be as few labels as in metrics.
    Labels,
    /// Nothing tells that there are many different keys.
    Keys,
    /// What is kept is little.
    Small,
    /// It may be kept to be used again.
    Reused,
    /// How often the growing code runs is not known.
    Frequency,
    /// How long the owner lives is not known.
    Owner,
    /// It is let go when the function is called.
    Once,
    /// The slot is used again, and nothing tells that what lies there is large.
    Overwritten,
    /// It belongs to a test, an example or a benchmark.
    Trial,
}
