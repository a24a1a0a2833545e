//! The language: programs, functions, instructions.
//!
//! A function is a control-flow graph over slots ([`LocalId`]). Every slot holds one value: a
//! constant, a reference to a heap object, a function with its environment, or an unknown; a value
//! may carry the tag of its dynamic type (an interface value is a tagged value). Slots are never
//! shared: a variable that a closure captures by reference is a *cell* object, and the slot holds
//! the reference.
//!
//! Everything that other goroutines can see is a [`Prim`]; goroutines interleave only there.

use stanch_base::{Idx, IndexVec, newtype_index};

newtype_index! {
    /// A function of one [`Program`].
    pub struct FnId; "fn"
}
newtype_index! {
    /// A slot of one [`Function`].
    pub struct LocalId; "_"
}
newtype_index! {
    /// A block of one [`Function`].
    pub struct BlockId; "bb"
}
newtype_index! {
    /// A package-level variable.
    pub struct GlobalId; "global"
}

/// Where an instruction comes from: a number of the client's choice, mapped back by the client.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Site(pub u32);

/// The dynamic type of a value in an interface: a number of the client's choice below [`FOREIGN`], not 0.
/// Even numbers from there on, below 2^24, are never the type of a known value: they stand for all types
/// out of view that fit an assertion or a case. A value that is given such a tag keeps its type, and is known to
/// fit.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeTag(pub u32);

/// The first tag that stands for types out of view.
pub const FOREIGN: u32 = 1 << 22;

/// A method name (with whatever makes it unique): a number of the client's choice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct MethodId(pub u32);

/// A string constant or any other value that is only ever compared with its like (an error
/// variable): a number of the client's choice, equal numbers are equal values.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sym(pub u32);

/// A whole program.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Program {
    /// Functions.
    pub functions: IndexVec<FnId, Function>,
    /// Package-level variables.
    pub globals: IndexVec<GlobalId, Global>,
    /// What an interface method call runs for a dynamic type; first match counts.
    pub methods: Vec<Method>,
}

/// A row of the method table.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Method {
    /// Dynamic type.
    pub tag: TypeTag,
    /// Interface method.
    pub method: MethodId,
    /// What runs; its first parameter is the value without its tag.
    pub function: FnId,
}

/// A package-level variable.
#[derive(Clone, PartialEq, Debug)]
pub struct Global {
    /// Name, for people.
    pub name: Box<str>,
    /// What it holds at first.
    pub init: GlobalInit,
}

/// What a package-level variable holds when the root starts.
#[derive(Clone, PartialEq, Debug)]
pub enum GlobalInit {
    /// A constant.
    Const(Const),
    /// A function without environment.
    Func(FnId),
    /// Not known; others may use what it refers to.
    Unknown(UnknownKind),
    /// A closed object of its own (a `var mu sync.Mutex` that only this program uses). The kind must
    /// not mention locals.
    Object(AllocKind),
    /// An open object: others use it too.
    OpenObject(OpenKind),
}

/// A function.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    /// Name, for people; need not be unique.
    pub name: Box<str>,
    /// The first slots are filled from the closure's environment (or the bound receiver).
    pub n_captures: u32,
    /// The next slots are the parameters.
    pub n_params: u32,
    /// Slots that hold the results at [`Term::Return`] and after a recovered panic.
    pub results: Vec<ResultSlot>,
    /// Names of all slots, for people; may be empty. All other slots start as `nil`.
    pub locals: IndexVec<LocalId, Box<str>>,
    /// Blocks; the entry is block 0. A function without blocks is opaque: calls of it are
    /// [`Callee::Opaque`] calls.
    pub blocks: IndexVec<BlockId, Block>,
    /// Whether the process ends when this function, as root, returns.
    pub main: bool,
}

impl Function {
    /// An empty function; add slots with [`Function::local`] (captures, then parameters, first).
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            n_captures: 0,
            n_params: 0,
            results: Vec::new(),
            locals: IndexVec::new(),
            blocks: IndexVec::new(),
            main: false,
        }
    }

    /// A new slot.
    pub fn local(&mut self, name: &str) -> LocalId {
        self.locals.push(name.into())
    }

    /// The slot of parameter number `n`.
    pub fn param(&self, n: u32) -> LocalId {
        LocalId::from_raw(self.n_captures + n)
    }
}

/// A slot whose value is a result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ResultSlot {
    /// The slot.
    pub local: LocalId,
    /// Whether the slot holds a cell, and the result is what the cell holds (a named result that a
    /// deferred closure captures).
    pub cell: bool,
}

/// A basic block.
#[derive(Clone, PartialEq, Debug)]
pub struct Block {
    /// Instructions.
    pub instrs: Vec<Instr>,
    /// How it ends.
    pub term: Term,
    /// Where the terminator comes from.
    pub term_site: Site,
}

/// An instruction with its origin.
#[derive(Clone, PartialEq, Debug)]
pub struct Instr {
    /// What it does.
    pub op: Op,
    /// Where it comes from.
    pub site: Site,
}

/// A constant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Const {
    /// The nil of every type.
    Nil,
    /// A boolean.
    Bool(bool),
    /// An integer; outside of `i32` it counts as unknown.
    Int(i64),
    /// Anything that is only compared for equality.
    Sym(Sym),
}

/// An operand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// The value of a slot.
    Local(LocalId),
    /// A constant.
    Const(Const),
    /// A function without environment.
    Func(FnId),
    /// A value about which nothing is known, new at each evaluation.
    Unknown,
}

impl From<LocalId> for Operand {
    fn from(local: LocalId) -> Self {
        Self::Local(local)
    }
}

impl From<Const> for Operand {
    fn from(value: Const) -> Self {
        Self::Const(value)
    }
}

/// What is known about an unknown from the start.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnknownKind {
    /// Nothing.
    Any,
    /// It is not nil.
    NonNil,
    /// It is the length or number of something: becomes 0, 1, 2 or 3 when first needed and stays so.
    Size,
}

/// What an instruction does. `dst` slots receive results.
#[derive(Clone, PartialEq, Debug)]
pub enum Op {
    /// `dst = src`
    Assign {
        /// To.
        dst: LocalId,
        /// From.
        src: Operand,
    },
    /// `dst` becomes a new unknown.
    Unknown {
        /// To.
        dst: LocalId,
        /// What is known of it.
        kind: UnknownKind,
    },
    /// `dst` becomes an integer below `n`, each possible.
    Choose {
        /// To.
        dst: LocalId,
        /// Number of possibilities, at least 1.
        n: u32,
    },
    /// `dst` refers to a new object.
    Alloc {
        /// To.
        dst: LocalId,
        /// Which object.
        kind: AllocKind,
    },
    /// `dst` is a new context, `cancel` the function value that cancels it.
    NewContext {
        /// The context.
        dst: LocalId,
        /// Its cancel function.
        cancel: Option<LocalId>,
        /// Parent context; nil is the background context, which never ends.
        parent: Operand,
        /// How it can end besides its parent.
        kind: ContextKind,
    },
    /// `dst` is `callee` with its first arguments fixed: a function literal with its captures, or a
    /// method value with its receiver.
    Closure {
        /// To.
        dst: LocalId,
        /// Who runs when it is called.
        callee: Bindable,
        /// Captures or first arguments.
        env: Vec<Operand>,
    },
    /// `dst = a op b`, a boolean. Comparing an unknown decides it: both answers are explored, and
    /// the same question has the same answer from then on.
    Compare {
        /// To.
        dst: LocalId,
        /// The relation.
        op: Relation,
        /// Left.
        a: Operand,
        /// Right.
        b: Operand,
    },
    /// `dst = a op b`: concrete for small integers and booleans, else a new unknown.
    Arith {
        /// To.
        dst: LocalId,
        /// The operation.
        op: ArithOp,
        /// Left.
        a: Operand,
        /// Right.
        b: Operand,
    },
    /// `dst = !a`
    Not {
        /// To.
        dst: LocalId,
        /// A boolean.
        a: Operand,
    },
    /// `dst = *cell`
    LoadCell {
        /// To.
        dst: LocalId,
        /// A cell; anything else gives an unknown.
        cell: Operand,
    },
    /// `*cell = src`
    StoreCell {
        /// A cell; in anything else `src` escapes.
        cell: Operand,
        /// From.
        src: Operand,
    },
    /// `dst = base.field`. Nil `base` panics. An unknown `base` becomes an open struct.
    LoadField {
        /// To.
        dst: LocalId,
        /// A struct object.
        base: Operand,
        /// Field number, of the client's choice.
        field: u32,
        /// Value of a field never stored to, if the struct is closed. (In an open one it is an
        /// unknown, the same each time.)
        zero: Operand,
    },
    /// `base.field = src`. Nil `base` panics.
    StoreField {
        /// A struct object.
        base: Operand,
        /// Field number.
        field: u32,
        /// From.
        src: Operand,
    },
    /// `dst = &base.field` for a field that is an object itself (an embedded mutex, a nested
    /// struct): made when first asked for, the same from then on; open if `base` is.
    Part {
        /// To.
        dst: LocalId,
        /// A struct object.
        base: Operand,
        /// Field number.
        field: u32,
        /// What the field is; must not mention locals.
        kind: AllocKind,
    },
    /// `dst` is a copy of the struct `src` (parts are copied too); other values are just assigned.
    CopyStruct {
        /// To.
        dst: LocalId,
        /// From.
        src: Operand,
    },
    /// `dst = global`
    LoadGlobal {
        /// To.
        dst: LocalId,
        /// Variable.
        global: GlobalId,
    },
    /// `global = src`
    StoreGlobal {
        /// Variable.
        global: GlobalId,
        /// From.
        src: Operand,
    },
    /// `dst = src` as an interface value of dynamic type `tag`.
    SetTag {
        /// To.
        dst: LocalId,
        /// From; nil stays a typed nil, unequal to `nil`.
        src: Operand,
        /// Dynamic type.
        tag: TypeTag,
    },
    /// Type assertion: `dst, ok = src.(T)`, where `T` is every type in `tags`. Keeps the tag if
    /// `keep` (assertion to an interface type), else strips it. Without `ok` a mismatch panics.
    Assert {
        /// To.
        dst: LocalId,
        /// Whether it matched.
        ok: Option<LocalId>,
        /// An interface value.
        src: Operand,
        /// The types that match.
        tags: Vec<TypeTag>,
        /// Whether `dst` is an interface value too.
        keep: bool,
    },
    /// `dst = src` as a channel of one direction, which matters only for what its escape opens; a
    /// read-write lock that is received from is what its readers lock.
    Direction {
        /// To.
        dst: LocalId,
        /// A channel.
        src: Operand,
        /// What the new value permits.
        dir: ChanDir,
    },
    /// A call on this goroutine.
    Call(Call),
    /// Starts a goroutine that runs the call. (`dst` is ignored.)
    Go(Call),
    /// Callee and arguments are evaluated now; runs at [`Op::RunDefers`] or when a panic unwinds.
    /// (`dst` is ignored.)
    Defer(Call),
    /// Runs the deferred calls of this activation, last first. Stands before each return.
    RunDefers,
    /// `dst = recover()`
    Recover {
        /// The panic value or nil.
        dst: LocalId,
    },
}

/// A call.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Who is called.
    pub callee: Callee,
    /// Arguments.
    pub args: Vec<Operand>,
    /// Slots for the results; may be fewer than there are results.
    pub dst: Vec<Option<LocalId>>,
}

/// Who is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// A known function; its captures, if it has any, come first among the arguments.
    Fn(FnId),
    /// A function value: nil panics, an unknown is an opaque call.
    Value(Operand),
    /// A method of an interface value, which is not among the arguments: found by the dynamic type
    /// in [`Program::methods`], else an opaque call.
    Method(Operand, MethodId),
    /// A built-in operation.
    Prim(Prim),
    /// A function out of view that returns some time: arguments escape, results are new unknowns.
    Opaque,
    /// A function out of view that returns some time, keeps nothing and does nothing to its
    /// arguments: results are new unknowns, which are not nil if the flag says so.
    Pure(UnknownKind),
}

/// What a closure runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bindable {
    /// A function.
    Fn(FnId),
    /// A built-in operation.
    Prim(Prim),
    /// A method, found when called by the tag of the first value of the environment.
    Method(MethodId),
}

/// The built-in operations. Arguments and results are listed as `(arguments) -> (results)`. Used on
/// an open or unknown object an operation always completes some time; used on nil it panics, where
/// nothing else is said. Those that return at once in every state are still listed here so that
/// `defer`, `go` and function values can use them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Prim {
    /// `(channel, value)`; nil blocks for ever, closed panics.
    Send,
    /// `(channel, zero or nothing) -> (value, ok)`; nil blocks for ever, a closed one gives the zero. The
    /// channel may be a timer or ticker (its `C`) or what [`Prim::CtxDone`] gave.
    Recv,
    /// `(channel)`; closed or nil panics.
    Close,
    /// `(channel) -> (length)`
    ChanLen,
    /// `(channel) -> (capacity)`
    ChanCap,
    /// `(mutex or rwmutex)`
    Lock,
    /// `(mutex or rwmutex) -> (got it)`
    TryLock,
    /// `(mutex or rwmutex)`; unlocking what is not locked ends the process.
    Unlock,
    /// `(rwmutex)`; waits while a writer holds it or waits for it.
    RLock,
    /// `(rwmutex) -> (got it)`
    TryRLock,
    /// `(rwmutex)`
    RUnlock,
    /// `(wait group, number)`; a negative counter panics.
    WgAdd,
    /// `(wait group)`
    WgDone,
    /// `(wait group)`
    WgWait,
    /// `(cond)`: releases the cond's lock, waits for a signal, takes the lock again.
    CondWait,
    /// `(cond)`
    CondSignal,
    /// `(cond)`
    CondBroadcast,
    /// `(once, function)`
    OnceDo,
    /// `(context)`: what a cancel function does.
    Cancel,
    /// `(context) -> (channel)`; nil if the context can never end.
    CtxDone,
    /// `(context) -> (error or nil)`
    CtxErr,
    /// `(timer or ticker) -> (was active)`; also for [`AllocKind::AfterFunc`] and
    /// [`AllocKind::AfterContext`].
    TimerStop,
    /// `(timer or ticker) -> (was active)`
    TimerReset,
    /// `(semaphore, number or nothing, context or nothing) -> (error)`: waits for room or the
    /// context's end.
    SemAcquire,
    /// `(semaphore) -> (got it)`
    SemTryAcquire,
    /// `(semaphore)`
    SemRelease,
    /// `()`: lets others run; continues any time. Sleep, input and output, atomics.
    Yield,
    /// `(values…)`: these and all that can be reached from them become open.
    Escape,
    /// `(sequence, least or nothing) -> (length)`: of nil 0. An integer is its own length (a sequence of
    /// which only the length matters); an unknown becomes a size that stands for its length, not
    /// smaller than the least if it can be that.
    SeqLen,
    /// `(sequence, index) -> (element)`; an unknown index may be any.
    SeqGet,
    /// `(sequence, index, value)`; index -1 or an unknown one may be any.
    SeqSet,
    /// `(sequence or nil, values…) -> (new sequence)`
    SeqAppend,
    /// `(sequence or nil, low, high or nil) -> (new sequence)`: the elements in between; with an unknown
    /// bound something unknown.
    SeqPart,
    /// `(map, key) -> (value, ok)`; of nil `nil, false`. An unknown key may match any entry.
    MapGet,
    /// `(map, key, value)`
    MapSet,
    /// `(map, key)`
    MapDelete,
    /// `(map, position) -> (key, value)`: entries by position below [`Prim::SeqLen`], for ranges.
    MapAt,
    /// `(struct, field number)`: if the struct is open, the field holds something new.
    Forget,
    /// `(value) -> (truth)`: anything, but false of nil (what is asked of an error).
    AsksOf,
    /// `(value…)`: panics.
    Panic,
    /// `()`: ends this goroutine after its deferred calls.
    Goexit,
    /// `()`: ends the process.
    Exit,
}

/// Which object is made.
#[derive(Clone, PartialEq, Debug)]
pub enum AllocKind {
    /// A variable of its own, with its first value.
    Cell(Operand),
    /// A struct; no field is set.
    Struct,
    /// A channel with a capacity: known, or an unknown that is decided when it matters.
    Chan(Operand),
    /// A mutex.
    Mutex,
    /// A read-write mutex.
    RwMutex,
    /// A wait group.
    WaitGroup,
    /// A condition variable with its lock.
    Cond(Operand),
    /// A `sync.Once`.
    Once,
    /// A timer that fires once, any time from now.
    Timer,
    /// A ticker.
    Ticker,
    /// `time.AfterFunc`: a goroutine that may start any time from now to run the function value.
    AfterFunc(Operand),
    /// `context.AfterFunc`: (context, function value).
    AfterContext(Operand, Operand),
    /// A counting semaphore with a capacity.
    Semaphore(Operand),
    /// A slice or array with a length (unknown: decided now) of elements of this value.
    Seq(Operand, Operand),
    /// A map.
    Map,
    /// A reference without content, unequal to nil.
    Token,
}

/// How a context can end besides its parent.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContextKind {
    /// Only by its cancel function.
    Cancel,
    /// By its cancel function or any time from now.
    Deadline,
    /// Not with its parent either: `context.WithoutCancel`.
    Detached,
}

/// An object others use too.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum OpenKind {
    /// A struct.
    Struct,
    /// A channel.
    Chan,
    /// A context: ends some day.
    Context,
    /// A context that never ends.
    Background,
    /// A lock, wait group, or anything else.
    Other,
}

/// Directions of a channel value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ChanDir {
    /// `<-chan T`
    Recv,
    /// `chan<- T`
    Send,
}

/// Relations of [`Op::Compare`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Relation {
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Operations of [`Op::Arith`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ArithOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
}

/// How a block ends.
#[derive(Clone, PartialEq, Debug)]
pub enum Term {
    /// To a block.
    Goto(BlockId),
    /// On a boolean; an unknown is decided.
    Branch {
        /// Condition.
        cond: Operand,
        /// If true.
        then: BlockId,
        /// If false.
        els: BlockId,
    },
    /// Type switch; first matching case. An unknown may be any case.
    TypeSwitch {
        /// An interface value.
        value: Operand,
        /// Cases in order.
        cases: Vec<TypeCase>,
        /// If none matches.
        default: BlockId,
    },
    /// `select`; without arms and default it blocks for ever.
    Select {
        /// Arms in order.
        arms: Vec<SelectArm>,
        /// The `default` arm.
        default: Option<BlockId>,
    },
    /// Returns the values in the result slots.
    Return,
    /// Panics; deferred calls run by unwinding.
    Panic(Operand),
    /// Ends the goroutine after its deferred calls.
    Goexit,
    /// Ends the process.
    Exit,
}

/// A case of a type switch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TypeCase {
    /// Types that match.
    pub tags: Vec<TypeTag>,
    /// Whether nil matches.
    pub nil: bool,
    /// Where it leads.
    pub target: BlockId,
}

/// An arm of a select.
#[derive(Clone, PartialEq, Debug)]
pub struct SelectArm {
    /// What it waits for.
    pub op: SelectOp,
    /// Where it leads.
    pub target: BlockId,
    /// Where it comes from.
    pub site: Site,
}

/// The operation of a select arm.
#[derive(Clone, PartialEq, Debug)]
pub enum SelectOp {
    /// `case ch <- value`
    Send {
        /// Channel.
        chan: Operand,
        /// Value.
        value: Operand,
    },
    /// `case dst, ok = <-ch`
    Recv {
        /// Channel.
        chan: Operand,
        /// Received value.
        dst: Option<LocalId>,
        /// Whether the channel was open.
        ok: Option<LocalId>,
        /// What a closed channel gives, if that is known.
        zero: Option<Const>,
    },
}

/// A place in a program: where an object was made, where a goroutine stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Point {
    /// Function.
    pub func: FnId,
    /// Block.
    pub block: BlockId,
    /// Instruction number; the number of instructions is the terminator.
    pub instr: u32,
}

impl Program {
    /// The origin of the instruction or terminator at `point`; site 0 if there is none.
    pub fn site(&self, point: Point) -> Site {
        let block = self.functions.get(point.func).and_then(|f| f.blocks.get(point.block));
        let Some(block) = block else { return Site::default() };
        block.instrs.get(point.instr as usize).map_or(block.term_site, |i| i.site)
    }

    /// The function with this name, if there is exactly one or the first of them.
    pub fn function_named(&self, name: &str) -> Option<FnId> {
        self.functions.iter().position(|f| &*f.name == name).map(FnId::from_usize)
    }
}
