//! The representation: functions, blocks, instructions, operands.
//!
//! Locals are mutable slots, not SSA values. A variable that a closure captures by reference or
//! whose address is taken is still one local; [`Local::captured_by_ref`] and [`Local::address_taken`]
//! say so. Everything a Go expression does that matters here is an instruction in evaluation
//! order; each has the span of its source expression or statement.

use stanch_base::{IndexVec, TextRange, newtype_index};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{Builtin, ConstValue, FileId, ObjectId, PackageId, TypeId};

newtype_index! {
    /// A function of one [`Module`].
    pub struct FuncId; "fn"
}
newtype_index! {
    /// A local of one [`Func`].
    pub struct LocalId; "_"
}
newtype_index! {
    /// A basic block of one [`Func`].
    pub struct BlockId; "bb"
}

/// All functions of one package, and those of other packages that were linked in.
#[derive(Clone, Debug)]
pub struct Module {
    /// The package.
    pub package: PackageId,
    /// Functions: declarations in source order, each followed by its literals, then `init`
    /// initialisers; then linked ones, each followed by its literals.
    pub funcs: IndexVec<FuncId, Func>,
    /// The first this many functions are the package's own.
    pub n_own: usize,
    /// The packages that linked functions are of, in order.
    pub linked: Vec<PackageId>,
    /// The function that runs package-level variable initialisers, if there are any.
    pub init: Option<FuncId>,
}

/// A place in the source: package, file of the package, and bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The package; a module can hold functions of several.
    pub package: PackageId,
    /// The file.
    pub file: FileId,
    /// The bytes.
    pub range: TextRange,
}

/// A function, method or function literal.
#[derive(Clone, Debug)]
pub struct Func {
    /// Runtime symbol, as gc spells it: `example.com/m/pkg.(*T).Run.func1`, generic `[...]`.
    pub symbol: String,
    /// The declared function or method; `None` for literals and synthetic functions.
    pub object: Option<ObjectId>,
    /// The function a literal stands in.
    pub parent: Option<FuncId>,
    /// Whether made by lowering without a source function (package initialiser, range-over-func
    /// body).
    pub synthetic: bool,
    /// Bytes of the declaration or literal.
    pub span: Span,
    /// Bytes of the name or of `func` for literals: where a label on the function goes.
    pub name_span: Span,
    /// Bytes of the closing brace.
    pub end_span: Span,
    /// Receiver, then parameters. Unnamed and blank ones have locals too.
    pub params: Vec<LocalId>,
    /// Whether the first of `params` is a receiver.
    pub has_recv: bool,
    /// Whether the last parameter is variadic (its local has the slice type).
    pub variadic: bool,
    /// Result slots (named, or synthetic).
    pub results: Vec<LocalId>,
    /// Variables of enclosing functions this literal uses.
    pub captures: Vec<Capture>,
    /// All locals.
    pub locals: IndexVec<LocalId, Local>,
    /// Blocks; the entry is block 0. Unreachable blocks are removed.
    pub blocks: IndexVec<BlockId, Block>,
    /// Literals that stand directly in this function, in source order.
    pub closures: Vec<FuncId>,
    /// Whether it has a `defer`.
    pub has_defer: bool,
    /// Whether it calls `recover`.
    pub has_recover: bool,
    /// False for functions without a body in view (assembly, linkname): no blocks.
    pub has_body: bool,
}

/// A captured variable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capture {
    /// The local by which this function knows it.
    pub inner: LocalId,
    /// The local of the parent (itself a capture, maybe).
    pub outer: LocalId,
    /// By reference, or by value (never reassigned after capture and at most 128 bytes, as gc
    /// decides).
    pub by_ref: bool,
}

/// A local slot.
#[derive(Clone, Debug)]
pub struct Local {
    /// Source name, empty for temporaries.
    pub name: Box<str>,
    /// Its type.
    pub ty: TypeId,
    /// Declaration, or the expression a temporary holds.
    pub span: Span,
    /// The source variable.
    pub object: Option<ObjectId>,
    /// What it is for.
    pub kind: LocalKind,
    /// Captured by reference by some literal.
    pub captured_by_ref: bool,
    /// `&x` is taken (explicitly, by a method call with pointer receiver, or by slicing an array).
    pub address_taken: bool,
}

impl Local {
    /// A temporary.
    pub(crate) fn temp(ty: TypeId, span: Span) -> Self {
        Self {
            name: "".into(),
            ty,
            span,
            object: None,
            kind: LocalKind::Temp,
            captured_by_ref: false,
            address_taken: false,
        }
    }
}

/// What a local is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LocalKind {
    /// Receiver or parameter.
    Param,
    /// Result.
    Result,
    /// Declared variable. A loop variable that is new in each turn (Go 1.22) is declared inside the
    /// loop body: see [`InstrKind::DeclareVar`].
    Var,
    /// Captured variable.
    Capture,
    /// Temporary; assigned exactly once in straight code or in each arm of a `&&`, `||`.
    Temp,
}

/// A basic block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Instructions in order.
    pub instrs: Vec<Instr>,
    /// How it ends.
    pub term: Terminator,
    /// Span of the terminator's source.
    pub term_span: Span,
}

/// An instruction.
#[derive(Clone, Debug)]
pub struct Instr {
    /// What it does.
    pub kind: InstrKind,
    /// Its source, as narrow as is true: the send statement, the call expression.
    pub span: Span,
}

/// An operand: no evaluation is left to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Operand {
    /// The value of a local.
    Local(LocalId),
    /// A constant of a type.
    Const(ConstValue, TypeId),
    /// `nil` of a type.
    Nil(TypeId),
    /// The zero value of a type.
    Zero(TypeId),
    /// A function or method-expression as a value, without environment.
    Func(ObjectId),
    /// Not modelled.
    Unknown(TypeId),
}

/// A memory place: a base and projections.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// Where it starts.
    pub base: PlaceBase,
    /// Steps from there.
    pub proj: Vec<Proj>,
}

/// Where a place starts.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PlaceBase {
    /// A local.
    Local(LocalId),
    /// A package-level variable of any package.
    Global(ObjectId),
}

/// One step of a place.
#[derive(Clone, PartialEq, Debug)]
pub enum Proj {
    /// The struct field with this index and object. Promoted fields are spelled out step by step,
    /// with a [`Proj::Deref`] before the field where the operand is a pointer.
    Field(u32, ObjectId),
    /// Through a pointer.
    Deref,
    /// Element of array, slice or map.
    Index(Operand),
}

/// What an instruction does.
#[derive(Clone, PartialEq, Debug)]
pub enum InstrKind {
    /// A declared variable comes into being (fresh each time it runs: a captured per-iteration
    /// variable is a new one each turn); its value is zero until assigned.
    DeclareVar(LocalId),
    /// `dst = value`
    Assign(LocalId, Rvalue),
    /// `place = operand`; the place has a projection or a global base.
    Store(Place, Operand),
    /// A call on this goroutine.
    Call(Call),
    /// `go call`
    Go(Call),
    /// `defer call`: callee and arguments are evaluated now, the call runs at [`InstrKind::RunDefers`]
    /// or when a panic unwinds.
    Defer(Call),
    /// Runs the pending deferred calls in reverse order. Stands before each return of a function
    /// with defers, after the results are set.
    RunDefers,
    /// `ch <- value`
    Send {
        /// Channel.
        chan: Operand,
        /// Value.
        value: Operand,
    },
    /// `dst, ok = <-ch`; also each turn of `range ch`.
    Recv {
        /// Received value.
        dst: Option<LocalId>,
        /// Whether the channel was open.
        ok: Option<LocalId>,
        /// Channel.
        chan: Operand,
        /// Whether it is the head of `range ch`.
        range: bool,
    },
    /// `m[k] = v` is a [`InstrKind::Store`]; this is `delete(m, k)`.
    MapDelete {
        /// Map.
        map: Operand,
        /// Key.
        key: Operand,
    },
}

/// A call.
#[derive(Clone, PartialEq, Debug)]
pub struct Call {
    /// Who is called.
    pub callee: Callee,
    /// Arguments, receiver first for static methods; a variadic call without `...` has its extra
    /// arguments packed by [`Rvalue::MakeSlice`] with elements.
    pub args: Vec<Operand>,
    /// Result slots: one a result; empty when the results are not used (or there is none).
    pub dst: Vec<LocalId>,
    /// Whether the last argument was spread with `...`.
    pub spread: bool,
}

/// Who is called.
#[derive(Clone, PartialEq, Debug)]
pub enum Callee {
    /// A declared function or concrete method (after embedding was spelled out); for an instance of a
    /// generic, the generic declaration, with type arguments.
    Static(ObjectId, Box<[TypeId]>),
    /// A function literal called or started directly: its environment is the closure local.
    Closure(FuncId, LocalId),
    /// A function value.
    Value(Operand),
    /// A method of an interface value.
    Interface {
        /// The interface value.
        recv: Operand,
        /// The interface method.
        method: ObjectId,
    },
    /// A predeclared function that is not an instruction of its own: `close`, `append`, `copy`,
    /// `panic` is a terminator.
    Builtin(Builtin),
}

/// What a local is assigned.
#[derive(Clone, PartialEq, Debug)]
pub enum Rvalue {
    /// A copy.
    Use(Operand),
    /// Reads a place.
    Load(Place),
    /// `&place`
    AddressOf(Place),
    /// `new(T)` or `&T{…}` (then stores of the fields follow): a pointer to a new zero value.
    New(TypeId),
    /// `make(chan T, cap)`
    MakeChan {
        /// Channel type.
        ty: TypeId,
        /// Capacity; `None` if unbuffered.
        cap: Option<Operand>,
    },
    /// `make(map…)` or a map literal (stores follow).
    MakeMap(TypeId),
    /// `make([]T, …)`, a slice literal or packed variadic arguments.
    MakeSlice {
        /// Slice type.
        ty: TypeId,
        /// Elements of a literal.
        elems: Vec<Operand>,
        /// Length of `make`.
        len: Option<Operand>,
    },
    /// A struct or array literal value.
    Composite {
        /// Its type.
        ty: TypeId,
        /// Given fields or elements: index and value; others are zero.
        elems: Vec<(u32, Operand)>,
    },
    /// A function literal; the environment is taken from the locals named in its captures.
    MakeClosure(FuncId),
    /// `x.m` as a value, receiver bound now.
    MethodValue {
        /// Receiver as passed (address taken or dereferenced as the method needs).
        recv: Operand,
        /// The method, concrete or of an interface.
        method: ObjectId,
    },
    /// A unary operation other than `&`, `*`, `<-`.
    Unary(UnaryOp, Operand),
    /// A binary operation other than `&&` and `||` (those are branches).
    Binary(BinaryOp, Operand, Operand),
    /// A conversion.
    Convert(Operand, TypeId),
    /// A concrete value becomes an interface value.
    MakeInterface(Operand, TypeId),
    /// `x.(T)`; with `ok` it never panics.
    TypeAssert {
        /// Interface value.
        x: Operand,
        /// Asserted type.
        ty: TypeId,
        /// Where the comma-ok goes.
        ok: Option<LocalId>,
    },
    /// `m[k]` with comma-ok.
    MapLookup {
        /// Map.
        map: Operand,
        /// Key.
        key: Operand,
        /// Where the comma-ok goes.
        ok: Option<LocalId>,
    },
    /// `len(x)`
    Len(Operand),
    /// `cap(x)`
    Cap(Operand),
    /// `x[lo:hi:max]`
    Slice {
        /// Operand.
        x: Operand,
        /// Low bound.
        lo: Option<Operand>,
        /// High bound.
        hi: Option<Operand>,
    },
    /// `append(x, elems…)`; `spread` if the one element is a slice.
    Append {
        /// Slice.
        slice: Operand,
        /// Appended.
        elems: Vec<Operand>,
        /// Whether `x...`.
        spread: bool,
    },
    /// `recover()`
    Recover,
    /// A computation without effect on concurrency; operands kept for data flow.
    Other(Vec<Operand>, TypeId),
}

/// How a block ends.
#[derive(Clone, PartialEq, Debug)]
pub enum Terminator {
    /// To a block.
    Goto(BlockId),
    /// On a boolean.
    Branch {
        /// Condition.
        cond: Operand,
        /// If true.
        then: BlockId,
        /// If false.
        els: BlockId,
    },
    /// `select`
    Select {
        /// Arms in source order.
        arms: Vec<SelectArm>,
        /// The `default` arm.
        default: Option<BlockId>,
    },
    /// Head of a range loop over integer, slice, array, string, map (not channel): sets key and
    /// value and goes to the body, or to `done` when exhausted.
    RangeNext {
        /// What is iterated; evaluated once before the loop.
        over: Operand,
        /// Key slot.
        key: Option<LocalId>,
        /// Value slot.
        value: Option<LocalId>,
        /// Loop body.
        body: BlockId,
        /// After the loop.
        done: BlockId,
        /// Block that starts the iteration (before the first turn); lets analyses tell first entry
        /// from back edge.
        preheader: BlockId,
    },
    /// A type switch: first matching clause. The value of the clause variable is assigned in the
    /// target by a [`Rvalue::TypeAssert`] or [`Rvalue::Use`].
    TypeSwitch {
        /// Interface value.
        x: Operand,
        /// Types (`None` is `nil`) with targets, in source order.
        cases: Vec<(Option<TypeId>, BlockId)>,
        /// If none matches.
        default: BlockId,
    },
    /// Returns; result slots hold the values.
    Return,
    /// `panic(x)`; deferred calls run by unwinding.
    Panic(Operand),
    /// Control cannot get here (after a call that never returns is the analyses' business).
    Unreachable,
}

/// An arm of a select.
#[derive(Clone, PartialEq, Debug)]
pub struct SelectArm {
    /// What it waits for.
    pub op: SelectOp,
    /// Where it leads.
    pub target: BlockId,
    /// Span of the communication.
    pub span: Span,
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
    },
}
