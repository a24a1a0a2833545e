//! What is computed once for a program: numbers of points, liveness of slots, future operations.

use crate::outcome::ArgSpec;
use crate::places::{Classes, Places};
use crate::program::*;
use crate::valid::{Part, kind_operands, visit_op, visit_term};
use stanch_base::{FxHashMap, Idx, IndexVec};

/// Operations as bits: which a goroutine may still perform.
pub(crate) type Ops = u128;

/// Kinds of operations, and which fields are read and written.
pub(crate) mod ops {
    use super::Ops;

    pub(crate) const SEND: Ops = 1;
    pub(crate) const RECV: Ops = 1 << 1;
    pub(crate) const CLOSE: Ops = 1 << 2;
    pub(crate) const LEN: Ops = 1 << 3;
    pub(crate) const LOCK: Ops = 1 << 4;
    pub(crate) const UNLOCK: Ops = 1 << 5;
    pub(crate) const TRY_LOCK: Ops = 1 << 6;
    pub(crate) const R_LOCK: Ops = 1 << 7;
    pub(crate) const R_UNLOCK: Ops = 1 << 8;
    pub(crate) const WG_ADD: Ops = 1 << 9;
    pub(crate) const WG_WAIT: Ops = 1 << 10;
    pub(crate) const COND_WAIT: Ops = 1 << 11;
    pub(crate) const SIGNAL: Ops = 1 << 12;
    pub(crate) const ONCE: Ops = 1 << 13;
    pub(crate) const CANCEL: Ops = 1 << 14;
    pub(crate) const CTX_ERR: Ops = 1 << 15;
    pub(crate) const TIMER: Ops = 1 << 16;
    pub(crate) const SEM_ACQUIRE: Ops = 1 << 17;
    pub(crate) const SEM_RELEASE: Ops = 1 << 18;
    pub(crate) const ESCAPE: Ops = 1 << 19;
    pub(crate) const READ: Ops = 1 << 20;
    pub(crate) const WRITE: Ops = 1 << 21;
    pub(crate) const GLOBAL_READ: Ops = 1 << 22;
    pub(crate) const GLOBAL_WRITE: Ops = 1 << 23;
    pub(crate) const EXIT: Ops = 1 << 24;
    /// Makes a field that is not there yet.
    pub(crate) const MAKE: Ops = 1 << 25;
    /// Reads all fields of a struct, to copy them.
    pub(crate) const COPY: Ops = 1 << 26;
    /// Goes on if it cannot be received at once.
    pub(crate) const POLL: Ops = 1 << 27;

    /// Fields have this many bits; some share one.
    const FIELDS: u32 = 48;
    const FIRST_READ: u32 = 32;
    const FIRST_WRITE: u32 = FIRST_READ + FIELDS;
    const ALL: Ops = (1 << FIELDS) - 1;
    /// Reads and writes fields of which nothing is known.
    pub(crate) const ANY_FIELD: Ops = ALL << FIRST_READ | ALL << FIRST_WRITE | MAKE | COPY;

    /// Reads a field, by its number in the program ([`super::Statics::field`]).
    pub(crate) fn field_read(field: u32) -> Ops {
        1 << (FIRST_READ + field % FIELDS)
    }

    /// Writes a field, by its number in the program.
    pub(crate) fn field_write(field: u32) -> Ops {
        1 << (FIRST_WRITE + field % FIELDS)
    }

    /// What others must not do to an object before, or after, this is done to its memory: it would make a
    /// difference who comes first.
    pub(crate) fn conflicting(ops: Ops) -> Ops {
        let mut by = 0;
        if ops & READ != 0 {
            by |= WRITE | ESCAPE;
        }
        if ops & WRITE != 0 {
            by |= READ | WRITE | ESCAPE;
        }
        if ops & GLOBAL_READ != 0 {
            by |= GLOBAL_WRITE;
        }
        if ops & GLOBAL_WRITE != 0 {
            by |= GLOBAL_READ | GLOBAL_WRITE;
        }
        let (read, written) = (ops >> FIRST_READ & ALL, ops >> FIRST_WRITE & ALL);
        by |= read << FIRST_WRITE | written << FIRST_WRITE | written << FIRST_READ;
        if written != 0 {
            by |= COPY | ESCAPE;
        }
        // Who asks first for what is not there makes it.
        if ops & MAKE != 0 {
            by |= read << FIRST_READ | COPY | ESCAPE;
        }
        if ops & COPY != 0 {
            by |= ALL << FIRST_WRITE | MAKE | ESCAPE;
        }
        if ops & ESCAPE != 0 {
            by = !0;
        }
        by
    }
}

/// The kinds of operations a built-in performs by itself.
pub(crate) fn prim_ops(prim: Prim) -> Ops {
    match prim {
        Prim::Send => ops::SEND,
        Prim::Recv => ops::RECV,
        Prim::Close => ops::CLOSE,
        Prim::ChanLen => ops::LEN,
        // What is seen as a lock of readers is locked by one.
        Prim::Lock => ops::LOCK | ops::R_LOCK,
        Prim::TryLock | Prim::TryRLock => ops::TRY_LOCK,
        Prim::Unlock => ops::UNLOCK | ops::R_UNLOCK,
        Prim::RLock => ops::R_LOCK,
        Prim::RUnlock => ops::R_UNLOCK,
        Prim::WgAdd | Prim::WgDone => ops::WG_ADD,
        Prim::WgWait => ops::WG_WAIT,
        Prim::CondWait => ops::COND_WAIT | ops::LOCK | ops::UNLOCK,
        Prim::CondSignal | Prim::CondBroadcast => ops::SIGNAL,
        Prim::OnceDo => ops::ONCE,
        Prim::Cancel => ops::CANCEL,
        Prim::CtxErr => ops::CTX_ERR,
        Prim::TimerStop | Prim::TimerReset => ops::TIMER,
        Prim::SemAcquire | Prim::SemTryAcquire => ops::SEM_ACQUIRE | ops::RECV,
        Prim::SemRelease => ops::SEM_RELEASE,
        Prim::Escape => ops::ESCAPE,
        Prim::SeqLen | Prim::SeqGet | Prim::SeqAppend | Prim::MapGet | Prim::MapAt => ops::READ,
        // One between bounds of which nothing is known.
        Prim::SeqPart => ops::READ | ops::ESCAPE,
        Prim::SeqSet | Prim::MapSet | Prim::MapDelete => ops::WRITE,
        Prim::Forget => ops::ANY_FIELD,
        Prim::ChanCap | Prim::CtxDone | Prim::Yield | Prim::AsksOf | Prim::Goexit => 0,
        // A panic that nobody recovers ends the process.
        Prim::Panic | Prim::Exit => ops::EXIT,
    }
}

/// What may still be done, and to what.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Future {
    pub(crate) ops: Ops,
    /// The classes of what that is done to.
    pub(crate) to: Classes,
    /// The classes of what leaves view by it.
    pub(crate) exposes: Classes,
}

impl std::ops::BitOr for Future {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self {
            ops: self.ops | other.ops,
            to: self.to | other.to,
            exposes: self.exposes | other.exposes,
        }
    }
}

impl std::ops::BitOrAssign for Future {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// Static facts of a program.
pub(crate) struct Statics {
    points: Vec<Point>,
    /// The class of what is made at each point, if it is one.
    made: Vec<Option<Classes>>,
    /// The fields that the program names.
    fields: FxHashMap<u32, u32>,
    funcs: IndexVec<FnId, FuncStatics>,
    /// Operations of everything that a function value can be.
    pub(crate) indirect: Future,
}

struct FuncStatics {
    /// Number of the first point of each block.
    blocks: Vec<u32>,
    words: usize,
    first: u32,
    /// Live slots before each point, `words` words each.
    live: Vec<u64>,
    /// Live slots while the operation of a point is pending: after it, without its results.
    across: Vec<u64>,
    /// Slots that hold results.
    results: Vec<u64>,
    /// Blocks to which several others lead.
    joins: Vec<bool>,
    /// Operations from each point to the function's end.
    from: Vec<Future>,
    /// All operations, with callees.
    all: Future,
}

impl Statics {
    /// Analyses a valid program that is explored from a function with some arguments.
    pub(crate) fn new(program: &Program, root: FnId, args: &[ArgSpec]) -> Self {
        let mut points = Vec::new();
        let mut funcs = IndexVec::new();
        for (id, f) in program.functions.iter_enumerated() {
            funcs.push(layout(id, f, &mut points));
        }
        let outside = |arg: &ArgSpec| !matches!(arg, ArgSpec::Const(_) | ArgSpec::Func(_));
        let places = Places::new(program, root, &args.iter().map(outside).collect::<Vec<_>>());
        let made = points.iter().map(|p| places.made(*p)).collect();
        let fields = fields(program);
        let mut statics = Self { points, made, fields, funcs, indirect: Future::default() };
        statics.operations(program, &places);
        statics
    }

    /// Whether several blocks lead to a block.
    pub(crate) fn is_join(&self, func: FnId, block: BlockId) -> bool {
        self.funcs.get(func).and_then(|f| f.joins.get(block.index())) == Some(&true)
    }

    /// The number of a point.
    pub(crate) fn point(&self, func: FnId, block: BlockId, instr: u32) -> u32 {
        self.funcs
            .get(func)
            .and_then(|f| f.blocks.get(block.index()))
            .map_or(crate::state::NONE, |b| b + instr)
    }

    /// The point with this number.
    pub(crate) fn location(&self, point: u32) -> Option<Point> {
        self.points.get(point as usize).copied()
    }

    /// The class of what was made at a point, if it is one.
    pub(crate) fn class(&self, point: u32) -> Option<Classes> {
        self.made.get(point as usize).copied().flatten()
    }

    /// The number of a field among those that the program names.
    pub(crate) fn field(&self, field: u32) -> u32 {
        self.fields.get(&field).copied().unwrap_or(field)
    }

    /// All operations of a function.
    pub(crate) fn function_ops(&self, func: FnId) -> Future {
        self.funcs.get(func).map_or(Future::default(), |f| f.all)
    }

    /// Operations from a point to its function's end.
    pub(crate) fn ops_from(&self, func: FnId, point: u32) -> Future {
        let Some(f) = self.funcs.get(func) else { return Future::default() };
        f.from.get(point.wrapping_sub(f.first) as usize).copied().unwrap_or_default()
    }

    /// Whether a slot is live before a point.
    pub(crate) fn live_before(&self, func: FnId, point: u32) -> LiveSet<'_> {
        self.set(func, point, |f| &f.live)
    }

    /// Slots live while the operation of a point is pending.
    pub(crate) fn live_across(&self, func: FnId, point: u32) -> LiveSet<'_> {
        self.set(func, point, |f| &f.across)
    }

    /// Slots that hold results.
    pub(crate) fn result_slots(&self, func: FnId) -> LiveSet<'_> {
        LiveSet(self.funcs.get(func).map_or(&[], |f| &f.results))
    }

    fn set(
        &self,
        func: FnId,
        point: u32,
        table: impl Fn(&FuncStatics) -> &Vec<u64>,
    ) -> LiveSet<'_>
where {
        let Some(f) = self.funcs.get(func) else { return LiveSet(&[]) };
        let at = point.wrapping_sub(f.first) as usize;
        let table = table(f);
        LiveSet(
            table.get(at.saturating_mul(f.words)..).and_then(|t| t.get(..f.words)).unwrap_or(&[]),
        )
    }

    fn operations(&mut self, program: &Program, places: &Places) {
        let bindable = bindable(program);
        let plain: Vec<Vec<bool>> = program.functions.iter().map(plain_locals).collect();
        loop {
            let mut changed = false;
            let mut indirect = Future { ops: bindable.prims, to: places.bound, exposes: 0 };
            bindable.functions.iter().for_each(|f| indirect |= self.function_ops(*f));
            changed |= indirect != self.indirect;
            self.indirect = indirect;
            for (id, f) in program.functions.iter_enumerated() {
                let all = self.function_pass(id, f, &plain[id.index()], places);
                changed |= all;
            }
            if !changed {
                return;
            }
        }
    }

    /// One pass over a function; whether its operations grew.
    fn function_pass(&mut self, id: FnId, f: &Function, plain: &[bool], places: &Places) -> bool {
        let own: Vec<Vec<Future>> = f
            .blocks
            .iter()
            .map(|b| {
                b.instrs
                    .iter()
                    .map(|i| self.op_ops(&Within { f: id, plain, places }, &i.op))
                    .chain([term_ops(&Within { f: id, plain, places }, &b.term)])
                    .collect()
            })
            .collect();
        let none = Future::default();
        let mut reach: Vec<Future> =
            own.iter().map(|ops| ops.iter().fold(none, |all, o| all | *o)).collect();
        loop {
            let mut changed = false;
            for (b, block) in f.blocks.iter_enumerated().rev() {
                let next = successors(&block.term)
                    .iter()
                    .fold(reach[b.index()], |all, s| all | reach[s.index()]);
                changed |= next != reach[b.index()];
                reach[b.index()] = next;
            }
            if !changed {
                break;
            }
        }
        let mut from = Vec::new();
        for (b, block) in f.blocks.iter_enumerated() {
            let mut after =
                successors(&block.term).iter().fold(none, |all, s| all | reach[s.index()]);
            let mut suffix: Vec<Future> = own[b.index()]
                .iter()
                .rev()
                .map(|o| {
                    after |= *o;
                    after
                })
                .collect();
            suffix.reverse();
            from.extend(suffix);
        }
        let all = reach.iter().fold(none, |all, o| all | *o);
        let statics = &mut self.funcs[id];
        let changed = statics.all != all;
        statics.all = all;
        statics.from = from;
        changed
    }

    fn op_ops(&self, within: &Within<'_>, op: &Op) -> Future {
        let done = |ops, to| Future { ops, to: within.itself(to), exposes: 0 };
        match op {
            Op::Call(call) | Op::Go(call) | Op::Defer(call) => self.call_ops(within, call),
            Op::Alloc { kind: AllocKind::AfterFunc(_) | AllocKind::AfterContext(..), .. } => {
                self.indirect | within.gives(&[])
            }
            Op::LoadCell { cell, .. } => done(ops::READ, *cell),
            Op::CopyStruct { src, .. } => {
                Future { ops: ops::COPY, to: within.places.reached(within.f, *src), exposes: 0 }
            }
            // What is not there yet is made.
            Op::LoadField { field, base, .. } | Op::Part { field, base, .. } => {
                done(ops::field_read(self.field(*field)) | ops::MAKE, *base)
            }
            Op::StoreCell { src, cell } => done(ops::WRITE, *cell) | within.stores(*cell, *src),
            Op::StoreField { src, field, base } => {
                done(ops::field_write(self.field(*field)), *base) | within.stores(*base, *src)
            }
            Op::LoadGlobal { .. } => Future { ops: ops::GLOBAL_READ, ..Future::default() },
            Op::StoreGlobal { .. } => Future { ops: ops::GLOBAL_WRITE, ..Future::default() },
            Op::Assign { .. }
            | Op::Unknown { .. }
            | Op::Choose { .. }
            | Op::Alloc { .. }
            | Op::NewContext { .. }
            | Op::Closure { .. }
            | Op::Compare { .. }
            | Op::Arith { .. }
            | Op::Not { .. }
            | Op::SetTag { .. }
            | Op::Assert { .. }
            | Op::Direction { .. }
            | Op::RunDefers
            | Op::Recover { .. } => Future::default(),
        }
    }

    fn call_ops(&self, within: &Within<'_>, call: &Call) -> Future {
        let args = call.args.as_slice();
        match call.callee {
            Callee::Fn(f) if self.is_opaque(f) => within.gives(args),
            Callee::Fn(f) => self.function_ops(f),
            Callee::Value(value) if within.places.is_open(within.f, value) => {
                // One out of view may set fields of what it is given.
                let to = args.iter().fold(0, |all, o| all | within.itself(*o));
                let sets = ops::READ | ops::WRITE | ops::ANY_FIELD;
                self.indirect | within.gives(args) | Future { ops: sets, to, exposes: 0 }
            }
            Callee::Value(_) => self.indirect,
            Callee::Method(receiver, m) if within.places.is_strange(within.f, receiver, m) => {
                self.indirect | within.gives(args) | within.gives(&[receiver])
            }
            Callee::Method(..) => self.indirect,
            Callee::Prim(Prim::Escape) => within.gives(args),
            Callee::Prim(prim) => {
                let mut all = Future { ops: prim_ops(prim), ..Future::default() };
                args.iter().take(1).for_each(|first| {
                    all.to = within.itself(*first) | within.places.inside(within.f, *first);
                });
                match prim {
                    Prim::OnceDo => all |= self.indirect,
                    Prim::Send | Prim::SeqSet | Prim::SeqAppend | Prim::MapSet => {
                        let given = args.iter().skip(1);
                        given.for_each(|value| all |= within.stores(args[0], *value));
                    }
                    Prim::SeqPart => all |= within.gives(&args[..args.len().min(1)]),
                    _ => {}
                }
                all
            }
            Callee::Opaque => within.gives(args),
            Callee::Pure(_) => Future::default(),
        }
    }

    fn is_opaque(&self, f: FnId) -> bool {
        self.funcs.get(f).is_none_or(|f| f.blocks.is_empty())
    }
}

/// The fields that instructions read and write, numbered.
fn fields(program: &Program) -> FxHashMap<u32, u32> {
    let mut all = FxHashMap::default();
    for block in program.functions.iter().flat_map(|f| &f.blocks) {
        for instr in &block.instrs {
            if let Op::LoadField { field, .. }
            | Op::StoreField { field, .. }
            | Op::Part { field, .. } = instr.op
            {
                let n = all.len() as u32;
                all.entry(field).or_insert(n);
            }
        }
    }
    all
}

/// Whether a value is no reference, now and later: nothing leaves view with it.
fn is_plain(plain: &[bool], operand: &Operand) -> bool {
    match operand {
        Operand::Local(local) => plain.get(local.index()) == Some(&true),
        Operand::Const(_) | Operand::Func(_) => true,
        Operand::Unknown => false,
    }
}

/// Locals that only ever hold constants and what is computed from them.
fn plain_locals(f: &Function) -> Vec<bool> {
    let mut plain = vec![true; f.locals.len()];
    plain.iter_mut().take((f.n_captures + f.n_params) as usize).for_each(|p| *p = false);
    let refers = |plain: &mut [bool], part: Part| match part {
        Part::Def(local) => {
            plain.get_mut(local.index()).is_some_and(|plain| std::mem::replace(plain, false))
        }
        _ => false,
    };
    for block in &f.blocks {
        visit_term(&block.term, &mut |part| {
            refers(&mut plain, part);
        });
    }
    loop {
        let mut changed = false;
        for instr in f.blocks.iter().flat_map(|b| &b.instrs) {
            let stays = match &instr.op {
                Op::Assign { src, .. } => is_plain(&plain, src),
                Op::Compare { .. } | Op::Not { .. } | Op::Choose { .. } => true,
                _ => false,
            };
            if !stays {
                visit_op(&instr.op, &mut |part| changed |= refers(&mut plain, part));
            }
        }
        if !changed {
            return plain;
        }
    }
}

fn term_ops(within: &Within<'_>, term: &Term) -> Future {
    if matches!(term, Term::Exit | Term::Panic(_)) {
        return Future { ops: ops::EXIT, ..Future::default() };
    }
    let Term::Select { arms, default } = term else { return Future::default() };
    let polls = if default.is_some() { ops::POLL } else { 0 };
    arms.iter().fold(Future::default(), |all, arm| {
        all | match arm.op {
            SelectOp::Send { chan, value } => {
                let send = Future { ops: ops::SEND, to: within.itself(chan), exposes: 0 };
                send | within.stores(chan, value)
            }
            SelectOp::Recv { chan, .. } => {
                Future { ops: ops::RECV | polls, to: within.itself(chan), exposes: 0 }
            }
        }
    })
}

/// A function, with what is known of its locals.
struct Within<'a> {
    f: FnId,
    plain: &'a [bool],
    places: &'a Places,
}

impl Within<'_> {
    fn itself(&self, operand: Operand) -> Classes {
        self.places.itself(self.f, operand)
    }

    /// Some values are given to somebody out of view.
    fn gives(&self, values: &[Operand]) -> Future {
        let given = values.iter().filter(|o| !is_plain(self.plain, o));
        let exposes = given.fold(0, |all, o| all | self.places.reached(self.f, *o));
        Future { ops: ops::ESCAPE, to: 0, exposes }
    }

    /// A value is stored in an object, which may be out of view.
    fn stores(&self, object: Operand, value: Operand) -> Future {
        match self.places.is_open(self.f, object) && !is_plain(self.plain, &value) {
            true => self.gives(&[value]),
            false => Future::default(),
        }
    }
}

/// Slots of a frame that matter.
#[derive(Clone, Copy)]
pub(crate) struct LiveSet<'a>(&'a [u64]);

impl LiveSet<'_> {
    /// Whether the slot matters.
    pub(crate) fn contains(self, slot: usize) -> bool {
        self.0.get(slot / 64).is_some_and(|w| w >> (slot % 64) & 1 != 0)
    }
}

/// Where control can go.
pub fn successors(term: &Term) -> Vec<BlockId> {
    let mut all = Vec::new();
    visit_term(term, &mut |part| {
        if let Part::Block(b) = part {
            all.push(b);
        }
    });
    all
}

struct Bindables {
    functions: Vec<FnId>,
    prims: Ops,
}

/// Everything a function value of the program can be.
fn bindable(program: &Program) -> Bindables {
    let mut all = Bindables { functions: Vec::new(), prims: ops::CANCEL };
    for f in &program.functions {
        for block in &f.blocks {
            let mut part = |p| {
                if let Part::Use(Operand::Func(f)) = p {
                    all.functions.push(f);
                }
            };
            block.instrs.iter().for_each(|i| visit_op(&i.op, &mut part));
            visit_term(&block.term, &mut part);
            for instr in &block.instrs {
                match &instr.op {
                    Op::Closure { callee: Bindable::Fn(f), .. } => all.functions.push(*f),
                    Op::Closure { callee: Bindable::Prim(prim), .. } => {
                        all.prims |= prim_ops(*prim)
                    }
                    _ => {}
                }
            }
        }
    }
    all.functions.extend(program.methods.iter().map(|m| m.function));
    for global in &program.globals {
        match &global.init {
            GlobalInit::Func(f) => all.functions.push(*f),
            GlobalInit::Object(kind) => {
                all.functions.extend(kind_operands(kind).into_iter().flatten().filter_map(|o| {
                    match o {
                        Operand::Func(f) => Some(f),
                        Operand::Local(_) | Operand::Const(_) | Operand::Unknown => None,
                    }
                }));
            }
            GlobalInit::Const(_) | GlobalInit::Unknown(_) | GlobalInit::OpenObject(_) => {}
        }
    }
    all.functions.sort_unstable();
    all.functions.dedup();
    all
}

/// Numbers the points of a function and computes its liveness.
fn layout(id: FnId, f: &Function, points: &mut Vec<Point>) -> FuncStatics {
    let first = points.len() as u32;
    let mut blocks = Vec::new();
    for (b, block) in f.blocks.iter_enumerated() {
        blocks.push(points.len() as u32);
        let n = block.instrs.len() as u32;
        points.extend((0..=n).map(|instr| Point { func: id, block: b, instr }));
    }
    let words = f.locals.len().div_ceil(64).max(1);
    let mut results = vec![0; words];
    f.results.iter().for_each(|r| set(&mut results, r.local));
    let n_points = points.len() - first as usize;
    let mut statics = FuncStatics {
        blocks,
        words,
        first,
        live: vec![0; n_points * words],
        across: vec![0; n_points * words],
        results,
        joins: joins(f),
        from: Vec::new(),
        all: Future::default(),
    };
    liveness(f, &mut statics);
    statics
}

fn joins(f: &Function) -> Vec<bool> {
    let mut n_into = vec![0u32; f.blocks.len()];
    for block in &f.blocks {
        for to in successors(&block.term) {
            if let Some(n) = n_into.get_mut(to.index()) {
                *n += 1;
            }
        }
    }
    n_into.into_iter().map(|n| n > 1).collect()
}

fn set(bits: &mut [u64], local: LocalId) {
    if let Some(word) = bits.get_mut(local.index() / 64) {
        *word |= 1 << (local.index() % 64);
    }
}

fn clear(bits: &mut [u64], local: LocalId) {
    if let Some(word) = bits.get_mut(local.index() / 64) {
        *word &= !(1 << (local.index() % 64));
    }
}

fn liveness(f: &Function, s: &mut FuncStatics) {
    let words = s.words;
    let has_defer = f.blocks.iter().any(|b| b.instrs.iter().any(|i| matches!(i.op, Op::Defer(_))));
    // A panic can lead from anywhere to the results of a function that may recover.
    let always = if has_defer { s.results.clone() } else { vec![0; words] };
    loop {
        let mut changed = false;
        for (b, block) in f.blocks.iter_enumerated().rev() {
            let base = (s.blocks[b.index()] - s.first) as usize;
            let n = block.instrs.len();
            let (before, across) = term_liveness(f, b, s, &always);
            let mut live = before;
            store(&mut s.across, base + n, words, &across);
            changed |= store(&mut s.live, base + n, words, &live);
            for (i, instr) in block.instrs.iter().enumerate().rev() {
                visit_op(&instr.op, &mut |p| {
                    if let Part::Def(l) = p {
                        clear(&mut live, l);
                    }
                });
                or(&mut live, &always);
                store(&mut s.across, base + i, words, &live);
                visit_op(&instr.op, &mut |p| {
                    if let Part::Use(Operand::Local(l)) = p {
                        set(&mut live, l);
                    }
                });
                changed |= store(&mut s.live, base + i, words, &live);
            }
        }
        if !changed {
            return;
        }
    }
}

/// Live before a terminator, and while it is pending.
fn term_liveness(
    f: &Function,
    b: BlockId,
    s: &FuncStatics,
    always: &[u64],
) -> (Vec<u64>, Vec<u64>) {
    let live_in = |block: BlockId| {
        let at = (s.blocks[block.index()] - s.first) as usize * s.words;
        &s.live[at..at + s.words]
    };
    let term = &f.blocks[b].term;
    let mut across = always.to_vec();
    match term {
        Term::Select { arms, default } => {
            for arm in arms {
                let mut live = live_in(arm.target).to_vec();
                if let SelectOp::Recv { dst, ok, .. } = &arm.op {
                    dst.iter().chain(ok).for_each(|l| clear(&mut live, *l));
                }
                or(&mut across, &live);
            }
            default.iter().for_each(|d| or(&mut across, live_in(*d)));
        }
        Term::Return => or(&mut across, &s.results),
        Term::Goto(_)
        | Term::Branch { .. }
        | Term::TypeSwitch { .. }
        | Term::Panic(_)
        | Term::Goexit
        | Term::Exit => successors(term).iter().for_each(|t| or(&mut across, live_in(*t))),
    }
    let mut before = across.clone();
    visit_term(term, &mut |p| {
        if let Part::Use(Operand::Local(l)) = p {
            set(&mut before, l);
        }
    });
    (before, across)
}

fn or(into: &mut [u64], other: &[u64]) {
    into.iter_mut().zip(other).for_each(|(a, b)| *a |= b);
}

fn store(table: &mut [u64], at: usize, words: usize, value: &[u64]) -> bool {
    let slot = &mut table[at * words..(at + 1) * words];
    let changed = *slot != *value;
    slot.copy_from_slice(value);
    changed
}
