//! What is computed once for a program: numbers of points, liveness of slots, future operations.

use crate::program::*;
use crate::valid::{Part, kind_operands, visit_op, visit_term};
use stanch_base::{Idx, IndexVec};

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

    /// Fields have this many bits; some share one.
    const FIELDS: u32 = 48;
    const FIRST_READ: u32 = 32;
    const FIRST_WRITE: u32 = FIRST_READ + FIELDS;
    const ALL: Ops = (1 << FIELDS) - 1;
    /// Reads and writes fields of which nothing is known.
    pub(crate) const ANY_FIELD: Ops = ALL << FIRST_READ | ALL << FIRST_WRITE | MAKE | COPY;

    /// Reads a field.
    pub(crate) fn field_read(field: u32) -> Ops {
        1 << (FIRST_READ + field % FIELDS)
    }

    /// Writes a field.
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

/// Static facts of a program.
pub(crate) struct Statics {
    points: Vec<Point>,
    funcs: IndexVec<FnId, FuncStatics>,
    /// Operations of everything that a function value can be.
    pub(crate) indirect: Ops,
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
    from: Vec<Ops>,
    /// All operations, with callees.
    all: Ops,
}

impl Statics {
    /// Analyses a valid program.
    pub(crate) fn new(program: &Program) -> Self {
        let mut points = Vec::new();
        let mut funcs = IndexVec::new();
        for (id, f) in program.functions.iter_enumerated() {
            funcs.push(layout(id, f, &mut points));
        }
        let mut statics = Self { points, funcs, indirect: 0 };
        statics.operations(program);
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

    /// All operations of a function.
    pub(crate) fn function_ops(&self, func: FnId) -> Ops {
        self.funcs.get(func).map_or(0, |f| f.all)
    }

    /// Operations from a point to its function's end.
    pub(crate) fn ops_from(&self, func: FnId, point: u32) -> Ops {
        let Some(f) = self.funcs.get(func) else { return 0 };
        f.from.get(point.wrapping_sub(f.first) as usize).copied().unwrap_or(0)
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

    fn operations(&mut self, program: &Program) {
        let bindable = bindable(program);
        let plain: Vec<Vec<bool>> = program.functions.iter().map(plain_locals).collect();
        loop {
            let mut changed = false;
            let mut indirect = bindable.prims;
            bindable.functions.iter().for_each(|f| indirect |= self.function_ops(*f));
            changed |= indirect != self.indirect;
            self.indirect = indirect;
            for (id, f) in program.functions.iter_enumerated() {
                let all = self.function_pass(id, f, &plain[id.index()]);
                changed |= all;
            }
            if !changed {
                return;
            }
        }
    }

    /// One pass over a function; whether its operations grew.
    fn function_pass(&mut self, id: FnId, f: &Function, plain: &[bool]) -> bool {
        let own: Vec<Vec<Ops>> = f
            .blocks
            .iter()
            .map(|b| {
                b.instrs
                    .iter()
                    .map(|i| self.op_ops(&i.op, &|o| is_plain(plain, o)))
                    .chain([term_ops(&b.term)])
                    .collect()
            })
            .collect();
        let mut reach: Vec<Ops> =
            own.iter().map(|ops| ops.iter().fold(0, |all, o| all | o)).collect();
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
            let mut after = successors(&block.term).iter().fold(0, |all, s| all | reach[s.index()]);
            let mut suffix: Vec<Ops> = own[b.index()]
                .iter()
                .rev()
                .map(|o| {
                    after |= o;
                    after
                })
                .collect();
            suffix.reverse();
            from.extend(suffix);
        }
        let all = reach.iter().fold(0, |all, o| all | o);
        let statics = &mut self.funcs[id];
        let changed = statics.all != all;
        statics.all = all;
        statics.from = from;
        changed
    }

    fn op_ops(&self, op: &Op, is_plain: &dyn Fn(&Operand) -> bool) -> Ops {
        let escape = |src: &Operand| if is_plain(src) { 0 } else { ops::ESCAPE };
        match op {
            Op::Call(call) | Op::Go(call) | Op::Defer(call) => match call.callee {
                Callee::Fn(f) => {
                    if self.is_opaque(f) {
                        ops::ESCAPE
                    } else {
                        self.function_ops(f)
                    }
                }
                // One out of view may set fields of what it is given.
                Callee::Value(_) => {
                    self.indirect | ops::ESCAPE | ops::READ | ops::WRITE | ops::ANY_FIELD
                }
                Callee::Method(..) => self.indirect | ops::ESCAPE,
                Callee::Prim(prim @ Prim::OnceDo) => prim_ops(prim) | self.indirect,
                // Into one that is out of view.
                Callee::Prim(prim @ (Prim::SeqSet | Prim::SeqAppend | Prim::MapSet)) => {
                    let given = call.args.iter().skip(1);
                    given.fold(prim_ops(prim), |all, value| all | escape(value))
                }
                Callee::Prim(prim) => prim_ops(prim),
                Callee::Opaque => ops::ESCAPE,
                Callee::Pure(_) => 0,
            },
            Op::Alloc { kind: AllocKind::AfterFunc(_) | AllocKind::AfterContext(..), .. } => {
                self.indirect | ops::ESCAPE
            }
            Op::LoadCell { .. } => ops::READ,
            Op::CopyStruct { .. } => ops::COPY,
            // What is not there yet is made.
            Op::LoadField { field, .. } | Op::Part { field, .. } => {
                ops::field_read(*field) | ops::MAKE
            }
            Op::StoreCell { src, .. } => ops::WRITE | escape(src),
            Op::StoreField { src, field, .. } => ops::field_write(*field) | escape(src),
            Op::LoadGlobal { .. } => ops::GLOBAL_READ,
            Op::StoreGlobal { .. } => ops::GLOBAL_WRITE,
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
            | Op::Recover { .. } => 0,
        }
    }

    fn is_opaque(&self, f: FnId) -> bool {
        self.funcs.get(f).is_none_or(|f| f.blocks.is_empty())
    }
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

fn term_ops(term: &Term) -> Ops {
    if matches!(term, Term::Exit | Term::Panic(_)) {
        return ops::EXIT;
    }
    let Term::Select { arms, .. } = term else { return 0 };
    arms.iter().fold(0, |all, arm| {
        all | match arm.op {
            SelectOp::Send { .. } => ops::SEND,
            SelectOp::Recv { .. } => ops::RECV,
        }
    })
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
        all: 0,
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
