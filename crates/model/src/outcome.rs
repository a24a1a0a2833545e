//! What an exploration is given besides the program, and what it finds.

use crate::program::{Const, FnId, OpenKind, Point, Site, UnknownKind};

/// Bounds of one exploration. All are counts, never time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// States of one root.
    pub states: u32,
    /// Instructions of one root, all steps together; running out counts as running out of states.
    pub instructions: u64,
    /// Instructions between two visible operations; a longer run is interrupted there and goes on
    /// as if others could see it.
    pub local_steps: u32,
    /// Ways in which one step of one goroutine may go on (decisions about unknowns); further ones
    /// are not explored.
    pub branches_per_step: u32,
    /// Live objects of one allocation site; who needs one more stops there unexplored.
    pub objects_per_site: u32,
    /// Live goroutines of one `go` statement; who starts one more stops there unexplored.
    pub goroutines_per_site: u32,
    /// Live goroutines.
    pub goroutines: u32,
    /// Live objects.
    pub objects: u32,
    /// Calls deep of one goroutine.
    pub depth: u32,
    /// Activations of one function on the stack of a goroutine.
    pub recursion: u32,
    /// Largest size that a size unknown becomes.
    pub max_size: u32,
    /// Largest absolute value of an integer that arithmetic yields as a known one.
    pub max_int: i32,
    /// Elements of a sequence or map; queued values of a channel.
    pub elements: u32,
    /// States that differ only in plain values; of more, what they differ in is forgotten (0: never).
    pub alike: u32,
    /// Partial-order reduction and goroutine symmetry; off for the naive twin.
    pub reduce: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            states: 20_000,
            instructions: 50_000_000,
            local_steps: 4_000,
            branches_per_step: 256,
            objects_per_site: 4,
            goroutines_per_site: 12,
            goroutines: 24,
            objects: 96,
            depth: 32,
            recursion: 32,
            max_size: 3,
            max_int: 64,
            elements: 24,
            alike: 0,
            reduce: true,
        }
    }
}

/// What a parameter of the root is at the start. Missing ones are [`ArgSpec::Unknown`] of any kind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArgSpec {
    /// Unknown.
    Unknown(UnknownKind),
    /// A constant.
    Const(Const),
    /// A function without environment.
    Func(FnId),
    /// An object that the caller uses too.
    Open(OpenKind),
}

/// What was found for one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Goroutines blocked for ever or alive for ever, in order of their first proof.
    pub leaks: Vec<Leak>,
    /// States visited.
    pub n_states: u32,
    /// Transitions taken.
    pub n_transitions: u32,
    /// Why not everything was explored, if so. What is in `leaks` is proved nevertheless.
    pub inconclusive: Option<Inconclusive>,
    /// Some state has goroutines, and all of them are blocked for ever, the root among them.
    pub deadlock: bool,
    /// Where objects were made that left view: handed to the caller of the root, or elsewhere.
    pub escaped: Vec<(Point, Escaped)>,
    /// Some path ends with a panic nobody recovers or another fatal error: (function, site).
    pub panics: Vec<(FnId, Site)>,
    /// What the states are made of, if they ran out.
    pub breadth: Breadth,
}

/// What makes states many: the goroutines being at many places together, or many values at the same places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breadth {
    /// Ways in which the goroutines are at their places together.
    pub places: u32,
    /// The goroutines by their first functions.
    pub goroutines: Vec<Goroutines>,
}

/// The goroutines of one first function, in all states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Goroutines {
    /// The function; out of range for built-in operations.
    pub entry: FnId,
    /// The most at one time.
    pub at_once: u32,
    /// The places where they stand.
    pub places: u32,
}

/// Where an object went that left view.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Escaped {
    /// To the caller of the root: returned, or stored in what the caller gave.
    Up,
    /// To other code.
    Away,
}

/// Why an exploration is not complete.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Inconclusive {
    /// The program is not valid; nothing was explored.
    InvalidProgram,
    /// [`Limits::states`] ran out.
    States,
    /// A goroutine needed more objects than [`Limits`] allows.
    Objects,
    /// A goroutine started more goroutines than [`Limits`] allows.
    Goroutines,
    /// Calls too deep.
    Depth,
    /// Too many decisions in one step.
    Branches,
    /// A queue, sequence or map too long.
    Elements,
}

/// A goroutine that stays for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leak {
    /// Blocked for ever, or running for ever after the root's end.
    pub kind: LeakKind,
    /// Number of the goroutine in the witness (0 is the root).
    pub goroutine: u32,
    /// Its first function.
    pub entry: FnId,
    /// What it waits for.
    pub wait: WaitReason,
    /// Where it is blocked, innermost first.
    pub stack: Vec<(FnId, Site)>,
    /// The operation at the top of the stack.
    pub point: Point,
    /// The `go` statement that started it; `None` for the root.
    pub created_by: Option<(FnId, Site)>,
    /// Where the objects it waits on were made; open and unknown ones have none.
    pub objects: Vec<(FnId, Site)>,
    /// The other goroutines that are blocked for ever in the witness' last state.
    pub also_blocked: Vec<Blocked>,
    /// Shortest schedule from the start to the proving state; ends with the block steps.
    pub witness: Vec<Step>,
    /// What the witness rests on besides the program: decisions about unknowns.
    pub assumptions: Vec<Assumption>,
    /// Number of the witness step after which nothing could save the goroutine; usually a decision,
    /// a return or the end of another goroutine.
    pub doomed_by: Option<u32>,
    /// Operations that end this wait in other runs: (function, site), in program order.
    pub rescuers: Vec<(FnId, Site)>,
    /// The process can end after the proof (the root is a main function that returns, or a panic).
    pub process_may_end: bool,
    /// The root has returned in the proving state.
    pub root_ended: bool,
    /// Whether on the way to it, or in what may follow, values are forgotten ([`Limits::alike`]): the
    /// schedule may not be one of the program.
    pub widened: bool,
    /// What was done on the way to it to channels that were made in view and have left it: where they were
    /// made, and what. Their other end may come from out of view.
    pub helped: Vec<(Point, Met)>,
    /// Whether no other goroutine and no package-level variable leads to what it waits for.
    pub alone: bool,
    /// Whether such a goroutine can end in some other state.
    pub ends_elsewhere: bool,
    /// Number of states, over the whole exploration, in which a goroutine is so blocked for ever.
    pub n_states: u32,
}

/// What was done to a channel that may be known out of view.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Met {
    /// A value was sent to it.
    Sent,
    /// A value was received from it, or its end was seen.
    Received,
    /// It was closed.
    Closed,
}

impl Leak {
    /// Gives every function that is mentioned another number.
    pub fn map_functions(&mut self, map: &mut dyn FnMut(FnId) -> FnId) {
        let places = self
            .stack
            .iter_mut()
            .chain(&mut self.created_by)
            .chain(&mut self.objects)
            .chain(&mut self.rescuers)
            .chain(self.assumptions.iter_mut().filter_map(|a| a.origin.as_mut()));
        places.for_each(|p| p.0 = map(p.0));
        self.entry = map(self.entry);
        self.point.func = map(self.point.func);
        self.helped.iter_mut().for_each(|h| h.0.func = map(h.0.func));
        for other in &mut self.also_blocked {
            other.entry = map(other.entry);
            other.stack.iter_mut().chain(&mut other.created_by).for_each(|p| p.0 = map(p.0));
        }
        for step in &mut self.witness {
            step.func = map(step.func);
            match &mut step.action {
                Action::Go { entry: f, .. } | Action::Call { callee: f } => *f = map(*f),
                _ => {}
            }
        }
    }
}

/// Kinds of leaks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LeakKind {
    /// Blocked at an operation, and no future lets it go on.
    BlockedForEver,
    /// It runs, but no future lets it end, and the root has ended.
    AliveForEver,
}

/// A goroutine that is blocked for ever too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Number in the witness.
    pub goroutine: u32,
    /// First function.
    pub entry: FnId,
    /// What it waits for.
    pub wait: WaitReason,
    /// Where, innermost first.
    pub stack: Vec<(FnId, Site)>,
    /// The `go` statement that started it.
    pub created_by: Option<(FnId, Site)>,
}

/// A step of a witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Who.
    pub goroutine: u32,
    /// In which function.
    pub func: FnId,
    /// Where.
    pub site: Site,
    /// What.
    pub action: Action,
}

/// What happens in a step. Object origins are `(function, site)` of their allocation, if closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Starts goroutine `started`, whose first function is `entry`.
    Go {
        /// Its number.
        started: u32,
        /// Its first function.
        entry: FnId,
    },
    /// A value is sent, to goroutine `to` directly or into the buffer or to code out of view.
    Send {
        /// Receiver of an unbuffered send.
        to: Option<u32>,
    },
    /// A value is received, or the end of the channel is seen.
    Receive {
        /// Sender of an unbuffered send.
        from: Option<u32>,
        /// Whether the channel was found closed.
        closed: bool,
    },
    /// A channel is closed.
    Close,
    /// A select takes an arm (`None`: default).
    Select {
        /// The arm.
        arm: Option<u32>,
        /// The goroutine at the other end.
        with: Option<u32>,
    },
    /// A lock is taken (write or read).
    Lock {
        /// As reader.
        read: bool,
    },
    /// A lock is given back.
    Unlock {
        /// As reader.
        read: bool,
    },
    /// A wait group's counter grows.
    Add {
        /// By this.
        n: i32,
    },
    /// A wait group's counter shrinks.
    Done,
    /// A wait is over (wait group, condition, once, semaphore).
    Wait,
    /// A signal or broadcast.
    Signal,
    /// A context is cancelled.
    Cancel,
    /// Another visible operation.
    Operation,
    /// An unknown is decided.
    Branch(Decision),
    /// A function is called.
    Call {
        /// Which.
        callee: FnId,
    },
    /// A function returns.
    Return,
    /// A panic starts.
    Panic,
    /// The goroutine ends.
    End,
    /// The goroutine is blocked for ever.
    Block(WaitReason),
    /// The goroutine runs for ever.
    Spin,
}

/// A decision about an unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A branch on an unknown went this way.
    Taken(bool),
    /// A comparison has this answer.
    Answer(bool),
    /// A size became this.
    Size(u32),
    /// Case number of a type switch; `None` is its default.
    Case(Option<u32>),
    /// A type assertion matched or not.
    Matched(bool),
    /// Something with a deadline or from outside had happened or not (a context out of view was
    /// done, a lock free).
    Happened(bool),
    /// One of several (element, choice).
    Choice(u32),
}

/// A decision that the witness rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumption {
    /// Number of the witness step that decides.
    pub step: u32,
    /// Where the unknown came from (a call out of view, a parameter), if that is known.
    pub origin: Option<(FnId, Site)>,
    /// What was decided.
    pub decision: Decision,
}

/// What a goroutine waits for, in the words of the runtime ([`WaitReason::as_str`]).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum WaitReason {
    /// `chan send`
    ChanSend,
    /// `chan receive`
    ChanReceive,
    /// `chan send (nil chan)`
    ChanSendNil,
    /// `chan receive (nil chan)`
    ChanReceiveNil,
    /// `select`
    Select,
    /// `select (no cases)`
    SelectNoCases,
    /// `sync.Mutex.Lock`
    MutexLock,
    /// `sync.RWMutex.RLock`
    RwMutexRLock,
    /// `sync.RWMutex.Lock`
    RwMutexLock,
    /// `sync.WaitGroup.Wait`
    WaitGroupWait,
    /// `sync.Cond.Wait`
    CondWait,
    /// Not blocked: runs for ever.
    Running,
}

impl WaitReason {
    /// The runtime's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ChanSend => "chan send",
            Self::ChanReceive => "chan receive",
            Self::ChanSendNil => "chan send (nil chan)",
            Self::ChanReceiveNil => "chan receive (nil chan)",
            Self::Select => "select",
            Self::SelectNoCases => "select (no cases)",
            Self::MutexLock => "sync.Mutex.Lock",
            Self::RwMutexRLock => "sync.RWMutex.RLock",
            Self::RwMutexLock => "sync.RWMutex.Lock",
            Self::WaitGroupWait => "sync.WaitGroup.Wait",
            Self::CondWait => "sync.Cond.Wait",
            Self::Running => "running",
        }
    }
}
