//! Findings, labels, notes, fixes and edits as plain data: no rendering, no serde.
//!
//! The words and enumerations are those of the findings document (`docs/findings.md`).

use stanch_base::TextRange;

/// What makes the memory leak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Cause {
    /// A goroutine can never finish.
    GoroutineLeak,
    /// A channel operation waits for a partner that cannot come.
    ChannelBlocking,
    /// A function value that lives on keeps what it captured.
    ClosureReference,
    /// What was acquired is not given back on some path.
    UnreleasedResource,
    /// Package-level state only grows.
    GlobalLifetime,
}

impl Cause {
    /// The spelling of the findings document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GoroutineLeak => "goroutine-leak",
            Self::ChannelBlocking => "channel-blocking",
            Self::ClosureReference => "closure-reference",
            Self::UnreleasedResource => "unreleased-resource",
            Self::GlobalLifetime => "global-lifetime",
        }
    }
}

/// What kind of edit mends it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Remedy {
    /// Close the channel explicitly.
    CloseChannel,
    /// Pass and watch a context.
    UseContext,
    /// Move package-level state into an owner, bound or expire it.
    AvoidGlobal,
    /// Capture less, set nil, copy, unregister.
    ReleaseReference,
    /// Give the channel room for its senders.
    BufferChannel,
    /// Add the missing release.
    ReleaseResource,
    /// Change the order or structure of the code.
    Restructure,
}

impl Remedy {
    /// The spelling of the findings document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CloseChannel => "close-channel",
            Self::UseContext => "use-context",
            Self::AvoidGlobal => "avoid-global",
            Self::ReleaseReference => "release-reference",
            Self::BufferChannel => "buffer-channel",
            Self::ReleaseResource => "release-resource",
            Self::Restructure => "restructure",
        }
    }
}

/// How loudly a finding or diagnostic speaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// A leak.
    Error,
    /// Something that weakens the analysis or smells of a leak.
    Warning,
    /// For information.
    Note,
}

impl Severity {
    /// The spelling of the findings document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// How sure a finding is. Ordered from surest to least sure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// Every step of the witness is concrete and all objects are in view.
    Proved,
    /// A step rests on a stated assumption, such as a call that may fail.
    Likely,
    /// Heuristic; not shown by default.
    Possible,
}

impl Confidence {
    /// The spelling of the findings document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

/// The identity and metadata of a check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Short alias such as `CH001`, never reused.
    pub code: &'static str,
    /// The identity: a kebab-case bad pattern such as `abandoned-send`.
    pub name: &'static str,
    /// One line that stands alone.
    pub summary: &'static str,
    /// The usual cause; a finding may name another.
    pub cause: Cause,
    /// Where the check stands in its life.
    pub stage: Stage,
}

/// Where a check stands in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// Runs only when asked for by name; since this version.
    Preview(&'static str),
    /// Runs by default; since this version.
    Stable(&'static str),
}

/// A range in a file. Files are named as the user's document names them: relative to the working
/// directory where they lie below it, with `/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Location {
    /// The file.
    pub file: String,
    /// The bytes.
    pub range: TextRange,
}

/// A frame of a goroutine's stack, in runtime spelling.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Frame {
    /// Runtime symbol such as `example.com/m/pkg.(*T).Run.func1`.
    pub function: String,
    /// Where the frame stands.
    pub location: Location,
}

/// A goroutine that is blocked or never ends, as a goroutine dump shows it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Goroutine {
    /// Runtime symbol of the function it started in.
    pub entry: String,
    /// Wait reason in runtime spelling, `chan send` for example.
    pub wait: String,
    /// From the blocked operation outwards to the entry.
    pub frames: Vec<Frame>,
    /// The function and `go` statement that started it; `None` for the root.
    pub created_by: Option<Frame>,
}

/// What a witness step does.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Action {
    /// Starts a goroutine.
    Go,
    /// Sends on a channel.
    Send,
    /// Receives from a channel.
    Receive,
    /// Closes a channel.
    Close,
    /// Takes a select arm.
    Select,
    /// Takes a lock.
    Lock,
    /// Gives a lock back.
    Unlock,
    /// Adds to a wait group.
    Add,
    /// Calls `Done` of a wait group.
    Done,
    /// Waits for a wait group or condition.
    Wait,
    /// Cancels a context.
    Cancel,
    /// Takes a branch.
    Branch,
    /// Calls a function.
    Call,
    /// Returns.
    Return,
    /// Blocks for ever.
    Block,
    /// The goroutine ends.
    End,
}

impl Action {
    /// The spelling of the findings document.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Close => "close",
            Self::Select => "select",
            Self::Lock => "lock",
            Self::Unlock => "unlock",
            Self::Add => "add",
            Self::Done => "done",
            Self::Wait => "wait",
            Self::Cancel => "cancel",
            Self::Branch => "branch",
            Self::Call => "call",
            Self::Return => "return",
            Self::Block => "block",
            Self::End => "end",
        }
    }
}

/// One step of the schedule that leads to the leak.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Step {
    /// Goroutine number; 0 is the root.
    pub goroutine: u32,
    /// Runtime symbol of the function.
    pub function: String,
    /// Where.
    pub location: Location,
    /// What.
    pub action: Action,
    /// In words, without a full stop: `starts goroutine 1`.
    pub detail: String,
}

/// A secondary label: a place and what to know about it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Label {
    /// Where.
    pub location: Location,
    /// One clause without a full stop.
    pub message: String,
}

/// Replaces a range of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Edit {
    /// What is replaced (empty: an insertion).
    pub location: Location,
    /// By what.
    pub text: String,
}

/// Whether a fix may be applied without a look.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Safety {
    /// Keeps the meaning of every run that did not leak.
    Safe,
    /// Needs a person's look.
    Unsafe,
}

/// A repair.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Fix {
    /// What it does, in the imperative: ``give `ch` a buffer of 1``.
    pub title: String,
    /// Whether it may be applied without a look.
    pub safety: Safety,
    /// Non-overlapping edits.
    pub edits: Vec<Edit>,
}

/// One leak: one cause, one remedy, the operation that leaks, and how the program gets there.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Which check found it.
    pub check: &'static Check,
    /// Why it leaks.
    pub cause: Cause,
    /// What mends it.
    pub remedy: Remedy,
    /// How loud.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// The headline: one clause, names in backticks, under 80 columns, no full stop.
    pub message: String,
    /// Words on the primary label, one short clause; may be empty.
    pub label: String,
    /// Import path of the package.
    pub package: String,
    /// Runtime symbol of the function that holds the primary location (part of the fingerprint).
    pub function: String,
    /// The leaking operation.
    pub location: Location,
    /// Present when a goroutine is blocked or never ends.
    pub goroutine: Option<Goroutine>,
    /// Other goroutines that stay blocked for the same cause.
    pub also_blocked: Vec<Goroutine>,
    /// Secondary labels in execution order.
    pub related: Vec<Label>,
    /// The schedule, over all goroutines.
    pub witness: Vec<Step>,
    /// Why, as notes in the manner of rustc (`note: …`).
    pub notes: Vec<String>,
    /// What to do (`help: …`).
    pub help: Option<String>,
    /// A checked repair.
    pub fix: Option<Fix>,
    /// Stable when lines move: rule, package, function, tokens of the operation, ordinal. Filled in
    /// by the façade.
    pub fingerprint: String,
}

/// Something the user should know about the run itself: a file that does not parse, a package that
/// is missing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// What and why, in one sentence without a full stop.
    pub message: String,
    /// Where, if it is about a file; an empty range at 0 means the file as a whole.
    pub location: Option<Location>,
}
