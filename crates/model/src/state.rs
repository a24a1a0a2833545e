//! A state: goroutines, heap, globals and what is known about unknowns.

use crate::program::{Bindable, BlockId, FnId, Prim};
use crate::shared::{Heap, Shared};
use crate::value::Value;

/// No point, no object, no goroutine.
pub(crate) const NONE: u32 = u32::MAX;

/// Everything there is at one moment.
#[derive(Clone, Default)]
pub(crate) struct State {
    /// Goroutines; in canonical order after canonicalisation.
    pub(crate) gs: Vec<Gor>,
    pub(crate) heap: Heap,
    pub(crate) facts: Vec<Fact>,
    pub(crate) globals: Vec<Value>,
    /// The root function has returned or ended otherwise.
    pub(crate) root_ended: bool,
    /// The process has ended.
    pub(crate) exited: bool,
    /// It has ended because the main function returned.
    pub(crate) main_returned: bool,
}

/// A goroutine.
#[derive(Clone)]
pub(crate) struct Gor {
    /// Its first function; `NONE` if it runs a built-in operation only.
    pub(crate) entry: u32,
    /// Point of the `go` that made it; `NONE` for the root.
    pub(crate) created: u32,
    pub(crate) status: Status,
    pub(crate) frames: Shared<Vec<Frame>>,
    /// Slots of all frames.
    pub(crate) slots: Shared<Vec<Value>>,
    pub(crate) pending: Pending,
    /// The panic that unwinds the stack.
    pub(crate) panic: Option<Value>,
    /// Position in the state before the step; not part of the state.
    pub(crate) before: u32,
    /// Number in a witness; not part of the state.
    pub(crate) number: u32,
}

/// Whether a goroutine takes part.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Status {
    Alive,
    /// Starts when the timer (an object) fires.
    Dormant(u32),
    /// Stopped by a limit: what it would do is not explored.
    Parked,
    Ended,
}

/// An activation.
#[derive(Clone)]
pub(crate) struct Frame {
    pub(crate) func: FnId,
    pub(crate) block: BlockId,
    pub(crate) instr: u32,
    /// First slot.
    pub(crate) base: u32,
    pub(crate) mode: Mode,
    pub(crate) kind: FrameKind,
    pub(crate) defers: Vec<Deferred>,
}

/// What a frame does when the frame above is gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Executes instructions.
    Run,
    /// Runs defers, then the next instruction.
    Defers,
    /// Runs defers, then returns.
    Return,
    /// Runs defers because of a panic.
    Unwind,
    /// Runs defers because the goroutine ends.
    Goexit,
}

/// Who called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FrameKind {
    /// First frame of the goroutine.
    Entry,
    /// The frame below, by the instruction it stands at.
    Call,
    /// The frame below, as a deferred call.
    Deferred,
    /// A once object; by an instruction of the frame below, if the flag is set.
    Once(u32, bool),
}

/// A callee that is resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    Fn(FnId),
    Prim(Prim),
    Opaque,
    /// A call of nil.
    Nil,
}

/// A deferred call.
#[derive(Clone)]
pub(crate) struct Deferred {
    pub(crate) target: Target,
    pub(crate) args: Vec<Value>,
    pub(crate) point: u32,
}

/// The visible operation at which a goroutine stands.
#[derive(Clone)]
pub(crate) enum Pending {
    None,
    /// Local code was interrupted; goes on at any time.
    Interrupted,
    Prim(PendingPrim),
    Select {
        arms: Vec<Arm>,
        default: bool,
        point: u32,
    },
}

/// A built-in operation with its evaluated arguments.
#[derive(Clone)]
pub(crate) struct PendingPrim {
    pub(crate) prim: Prim,
    pub(crate) args: Vec<Value>,
    pub(crate) how: How,
    /// Progress inside the operation (announced, waiting, signalled).
    pub(crate) phase: u8,
    pub(crate) point: u32,
    /// A once object that is done when the operation is.
    pub(crate) once: u32,
}

/// How an operation was started, and so where its results go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// By the instruction at which the top frame stands.
    Instr,
    /// As a deferred call of the top frame.
    Defer,
    /// As the whole of a goroutine.
    Entry,
}

/// An arm of a pending select.
#[derive(Clone, Copy)]
pub(crate) struct Arm {
    pub(crate) send: bool,
    pub(crate) chan: Value,
    pub(crate) value: Value,
}

/// The environment may send to (and close) a channel.
pub(crate) const OPEN_SEND: u8 = 1;
/// The environment may receive from a channel.
pub(crate) const OPEN_RECV: u8 = 2;
/// The environment may do anything.
pub(crate) const OPEN: u8 = 3;

/// An object.
#[derive(Clone)]
pub(crate) struct Obj {
    /// Point of its allocation, `NONE` if it came from outside.
    pub(crate) site: u32,
    /// What the environment may do.
    pub(crate) open: u8,
    /// Embedded in a struct: copied with it.
    pub(crate) part: bool,
    pub(crate) data: Data,
}

/// What an object is.
#[derive(Clone)]
pub(crate) enum Data {
    Cell(Value),
    /// Fields that were set, by number.
    Struct(Vec<(u32, Value)>),
    Chan {
        cap: u32,
        closed: bool,
        queue: Vec<Value>,
    },
    Mutex {
        locked: bool,
    },
    RwMutex {
        readers: u32,
        writer: bool,
    },
    WaitGroup(i32),
    Cond(Value),
    /// 0 idle, 1 running, 2 done.
    Once(u8),
    Context {
        parent: Value,
        done: bool,
        /// May end any time from now.
        armed: bool,
        /// Has no way to end: `Done` is nil.
        never: bool,
    },
    Timer {
        armed: bool,
        ticker: bool,
        /// Context whose end fires it instead of time.
        context: Value,
        /// What a fired timer runs.
        callback: Value,
    },
    Semaphore {
        cap: u32,
        used: u32,
    },
    Seq(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Closure {
        callee: Bindable,
        env: Vec<Value>,
    },
    Token,
}

/// What is known about an unknown.
#[derive(Clone)]
pub(crate) struct Fact {
    /// What it turned out to be.
    pub(crate) is: Option<Value>,
    /// Point of its origin.
    pub(crate) origin: u32,
    pub(crate) non_nil: bool,
    pub(crate) size: bool,
    pub(crate) lo: i32,
    pub(crate) hi: i32,
    /// Dynamic type, 0 if not known.
    pub(crate) tag: u32,
    pub(crate) not: Vec<Value>,
}

impl State {
    /// The value, or what the unknown turned out to be.
    pub(crate) fn resolve(&self, mut value: Value) -> Value {
        // A chain of `is` never grows longer than the table.
        for _ in 0..self.facts.len() {
            if !value.is_unknown() {
                return value;
            }
            let Some(is) = self.fact(value).and_then(|f| f.is) else { return value };
            value = if value.tag() != 0 { is.with_tag(value.tag()) } else { is };
        }
        value
    }

    /// The fact of an unknown.
    pub(crate) fn fact(&self, value: Value) -> Option<&Fact> {
        match value.shape() {
            crate::value::Shape::Unknown(k) => self.facts.get(k as usize),
            _ => None,
        }
    }

    /// The object a resolved value refers to.
    pub(crate) fn object(&self, value: Value) -> Option<(u32, &Obj)> {
        let id = self.resolve(value).object_id()?;
        Some((id, self.heap.get(id as usize)?))
    }

    /// Whether a context has ended: (it has, it may any time from now).
    pub(crate) fn context_state(&self, context: u32) -> (bool, bool) {
        let mut maybe = false;
        let mut at = context;
        for _ in 0..=self.heap.len() {
            let Some(Obj { data: Data::Context { parent, done, armed, .. }, open, .. }) =
                self.heap.get(at as usize)
            else {
                // A parent of unknown nature may end at any time.
                return (false, true);
            };
            if *done {
                return (true, true);
            }
            maybe |= *armed || *open != 0;
            match self.resolve(*parent).shape() {
                crate::value::Shape::Ref(id, _) => at = id,
                crate::value::Shape::Unknown(_) => return (false, true),
                _ => break,
            }
        }
        (false, maybe)
    }
}

impl Gor {
    pub(crate) fn top(&self) -> Option<&Frame> {
        self.frames.last()
    }

    /// The point of the pending operation.
    pub(crate) fn pending_point(&self) -> u32 {
        match &self.pending {
            Pending::None | Pending::Interrupted => NONE,
            Pending::Prim(p) => p.point,
            Pending::Select { point, .. } => *point,
        }
    }

    /// All values it holds.
    pub(crate) fn each_value(&self, visit: &mut dyn FnMut(Value)) {
        self.slots.iter().for_each(|v| visit(*v));
        for frame in self.frames.iter() {
            if let FrameKind::Once(o, _) = frame.kind {
                visit(Value::object(o));
            }
            frame.defers.iter().flat_map(|d| &d.args).for_each(|v| visit(*v));
        }
        match &self.pending {
            Pending::None | Pending::Interrupted => {}
            Pending::Prim(p) => {
                p.args.iter().for_each(|v| visit(*v));
                if p.once != NONE {
                    visit(Value::object(p.once));
                }
            }
            Pending::Select { arms, .. } => arms.iter().for_each(|a| {
                visit(a.chan);
                visit(a.value);
            }),
        }
        if let Status::Dormant(timer) = self.status {
            visit(Value::object(timer));
        }
        self.panic.iter().for_each(|v| visit(*v));
    }
}

impl Data {
    /// All values it holds.
    pub(crate) fn each_value(&self, visit: &mut dyn FnMut(Value)) {
        match self {
            Data::Cell(v) | Data::Cond(v) => visit(*v),
            Data::Struct(fields) => fields.iter().for_each(|(_, v)| visit(*v)),
            Data::Chan { queue: values, .. }
            | Data::Seq(values)
            | Data::Closure { env: values, .. } => {
                values.iter().for_each(|v| visit(*v));
            }
            Data::Context { parent, .. } => visit(*parent),
            Data::Timer { context, callback, .. } => {
                visit(*context);
                visit(*callback);
            }
            Data::Map(entries) => entries.iter().for_each(|(k, v)| {
                visit(*k);
                visit(*v);
            }),
            Data::Mutex { .. }
            | Data::RwMutex { .. }
            | Data::WaitGroup(_)
            | Data::Once(_)
            | Data::Semaphore { .. }
            | Data::Token => {}
        }
    }
}

impl Gor {
    /// Replaces all values it holds.
    pub(crate) fn map_values(&mut self, map: &mut dyn FnMut(Value) -> Value) {
        let object = |o: u32, map: &mut dyn FnMut(Value) -> Value| {
            map(Value::object(o)).object_id().unwrap_or(NONE)
        };
        self.slots.iter_mut().for_each(|v| *v = map(*v));
        for frame in self.frames.iter_mut() {
            if let FrameKind::Once(o, _) = &mut frame.kind {
                *o = object(*o, map);
            }
            frame.defers.iter_mut().flat_map(|d| &mut d.args).for_each(|v| *v = map(*v));
        }
        match &mut self.pending {
            Pending::None | Pending::Interrupted => {}
            Pending::Prim(p) => {
                p.args.iter_mut().for_each(|v| *v = map(*v));
                if p.once != NONE {
                    p.once = object(p.once, map);
                }
            }
            Pending::Select { arms, .. } => arms.iter_mut().for_each(|a| {
                a.chan = map(a.chan);
                a.value = map(a.value);
            }),
        }
        if let Status::Dormant(timer) = &mut self.status {
            *timer = object(*timer, map);
        }
        self.panic.iter_mut().for_each(|v| *v = map(*v));
    }
}

impl Data {
    /// Replaces all values it holds.
    pub(crate) fn map_values(&mut self, map: &mut dyn FnMut(Value) -> Value) {
        match self {
            Data::Cell(v) | Data::Cond(v) => *v = map(*v),
            Data::Struct(fields) => fields.iter_mut().for_each(|(_, v)| *v = map(*v)),
            Data::Chan { queue: values, .. }
            | Data::Seq(values)
            | Data::Closure { env: values, .. } => {
                values.iter_mut().for_each(|v| *v = map(*v));
            }
            Data::Context { parent, .. } => *parent = map(*parent),
            Data::Timer { context, callback, .. } => {
                *context = map(*context);
                *callback = map(*callback);
            }
            Data::Map(entries) => entries.iter_mut().for_each(|(k, v)| {
                *k = map(*k);
                *v = map(*v);
            }),
            Data::Mutex { .. }
            | Data::RwMutex { .. }
            | Data::WaitGroup(_)
            | Data::Once(_)
            | Data::Semaphore { .. }
            | Data::Token => {}
        }
    }
}
