//! One function: slots, the blocks and instructions that are kept of it.

use crate::classify::object_kind;
use crate::flow::Join;
use crate::loads::Loads;
use crate::parts::Parts;
use crate::translate::Context;
use stanch_base::{Idx, IndexVec};
use stanch_ir::{
    self as ir, Func, FuncId, InstrKind, LocalKind, Operand as IrOperand, Rvalue, Span, Terminator,
};
use stanch_model::{
    AllocKind, Block, BlockId, Call, Callee, Function, Instr, LocalId, Op, Operand, Prim,
    ResultSlot, Site, Term, UnknownKind,
};
use stanch_types::{TypeId, TypeKind};

/// Translates one function.
pub(crate) struct FuncBuilder<'c, 'a> {
    pub(crate) cx: &'c mut Context<'a>,
    pub(crate) id: FuncId,
    pub(crate) func: &'a Func,
    pub(crate) out: Function,
    /// The slot of each local.
    pub(crate) slots: IndexVec<ir::LocalId, LocalId>,
    /// Locals whose slot holds a cell.
    pub(crate) cells: IndexVec<ir::LocalId, bool>,
    /// Integers that count turns of a loop.
    pub(crate) counters: IndexVec<ir::LocalId, bool>,
    /// Temporaries whose struct value nothing else refers to.
    pub(crate) fresh: IndexVec<ir::LocalId, bool>,
    /// The block that is translated.
    pub(crate) block: ir::BlockId,
    /// The instructions of it so far.
    pub(crate) instrs: Vec<Instr>,
    /// Slots of range loops, by the block of the loop's head.
    pub(crate) ranges: Vec<(ir::BlockId, Range)>,
    /// Blocks that have no counterpart in the source function, after the others.
    extra: Vec<Block>,
    /// What was read from memory and cannot have changed.
    pub(crate) loads: Loads,
}

/// The turn and the number of turns of a range loop.
#[derive(Clone, Copy)]
pub(crate) struct Range {
    pub(crate) index: LocalId,
    pub(crate) length: LocalId,
}

impl<'c, 'a> FuncBuilder<'c, 'a> {
    pub(crate) fn translate(cx: &'c mut Context<'a>, id: FuncId) -> Function {
        let func = &cx.module.funcs[id];
        let mut out = Function::new(&func.symbol);
        let n = func.locals.len();
        let mut slots = IndexVec::from_elem(LocalId::from_raw(0), n);
        let mut placed = IndexVec::from_elem(false, n);
        let captured = func.captures.iter().map(|c| c.inner);
        let first: Vec<ir::LocalId> = captured.chain(func.params.iter().copied()).collect();
        for local in first.into_iter().chain(func.locals.ids()) {
            if !std::mem::replace(&mut placed[local], true) {
                slots[local] = out.local(&func.locals[local].name);
            }
        }
        out.n_captures = func.captures.len() as u32;
        out.n_params = func.params.len() as u32;
        let mut builder = Self {
            cells: cells(cx, func),
            counters: counters(func),
            fresh: fresh(func),
            cx,
            id,
            func,
            out,
            slots,
            block: ir::BlockId::from_raw(0),
            instrs: Vec::new(),
            ranges: Vec::new(),
            extra: Vec::new(),
            loads: Loads::default(),
        };
        builder.body();
        builder.out
    }

    fn body(&mut self) {
        let func = self.func;
        self.out.main = func.symbol == "main.main";
        for &result in &func.results {
            let slot = ResultSlot { local: self.slots[result], cell: self.cells[result] };
            self.out.results.push(slot);
        }
        for (id, block) in func.blocks.iter_enumerated() {
            let kept = self.cx.needs.kept[self.id].branches[id];
            if kept && matches!(block.term, Terminator::RangeNext { .. }) {
                let range = Range { index: self.temp(), length: self.temp() };
                self.ranges.push((id, range));
            }
        }
        let before = only_ways(func);
        let mut after = IndexVec::from_elem(Loads::default(), func.blocks.len());
        for (id, block) in func.blocks.iter_enumerated() {
            self.block = id;
            self.instrs = Vec::new();
            self.loads = match before[id] {
                Some(before) => after[before].clone(),
                None => Loads::default(),
            };
            if id.index() == 0 {
                self.prologue();
            }
            for (at, instr) in block.instrs.iter().enumerate() {
                if self.cx.needs.kept[self.id].instrs[id][at] {
                    let first = at > 0 && declares(&block.instrs[at - 1].kind, &instr.kind);
                    self.changed_by(&instr.kind);
                    self.instr(&instr.kind, instr.span, first);
                } else {
                    self.changed_by(&instr.kind);
                }
            }
            after[id] = self.loads.clone();
            let term = match self.cx.needs.join(self.id, id) {
                Some(join) if !matches!(block.term, Terminator::Select { .. }) => {
                    self.joined(join, block.term_span)
                }
                _ => {
                    self.enter_ranges(id, block.term_span);
                    self.terminator(id, &block.term, block.term_span)
                }
            };
            let term_site = self.site(block.term_span);
            let instrs = std::mem::take(&mut self.instrs);
            self.out.blocks.push(Block { instrs, term, term_site });
        }
        for block in std::mem::take(&mut self.extra) {
            self.out.blocks.push(block);
        }
    }

    /// What follows a branch that does not matter.
    fn joined(&mut self, join: Join, span: Span) -> Term {
        match join {
            Join::Block(block) => Term::Goto(to_block(block)),
            Join::Return => Term::Return,
            Join::Never => {
                let term_site = self.site(span);
                let callee = Callee::Prim(Prim::Yield);
                let pause = Op::Call(Call { callee, args: Vec::new(), dst: Vec::new() });
                let instrs = vec![Instr { op: pause, site: term_site }];
                let to = self.next_extra();
                Term::Goto(self.extra(instrs, Term::Goto(to), span))
            }
        }
    }

    fn next_extra(&self) -> BlockId {
        BlockId::from_usize(self.func.blocks.len() + self.extra.len())
    }

    /// A block without counterpart in the source.
    pub(crate) fn extra(&mut self, instrs: Vec<Instr>, term: Term, span: Span) -> BlockId {
        let id = self.next_extra();
        let term_site = self.site(span);
        self.extra.push(Block { instrs, term, term_site });
        id
    }

    pub(crate) fn site(&mut self, span: Span) -> Site {
        self.cx.site(self.id, span)
    }

    pub(crate) fn push(&mut self, op: Op, span: Span) {
        let site = self.site(span);
        self.instrs.push(Instr { op, site });
    }

    /// A new object of a type.
    pub(crate) fn push_object(&mut self, dst: LocalId, kind: AllocKind, ty: TypeId, span: Span) {
        let is_struct = kind == AllocKind::Struct;
        self.push(Op::Alloc { dst, kind }, span);
        if let (Some(instr), true) = (self.instrs.last(), is_struct) {
            let parts = Parts::of(self.cx, ty);
            self.cx.parts.insert(instr.site, parts);
        }
    }

    pub(crate) fn temp(&mut self) -> LocalId {
        self.out.local("")
    }

    pub(crate) fn ty(&self, local: ir::LocalId) -> TypeId {
        self.func.locals[local].ty
    }

    pub(crate) fn is_needed(&self, local: ir::LocalId) -> bool {
        self.cx.needs.kept[self.id].locals[local]
    }

    /// Whether the block that is translated lies on a cycle.
    pub(crate) fn in_loop(&self) -> bool {
        self.cx.needs.flows[self.id].in_loop[self.block]
    }

    /// Parameters that live in cells or are changed here, and results' first values.
    fn prologue(&mut self) {
        let func = self.func;
        for &param in &func.params {
            if !self.is_needed(param) {
                continue;
            }
            let slot = self.slots[param];
            let span = func.locals[param].span;
            if self.cells[param] {
                let kind = AllocKind::Cell(slot.into());
                self.push(Op::Alloc { dst: slot, kind }, span);
            } else if object_kind(self.cx.program, self.ty(param)) == Some(AllocKind::Struct)
                && changes(func, param)
            {
                self.push(Op::CopyStruct { dst: slot, src: slot.into() }, span);
            }
        }
        for &result in &func.results {
            if self.is_needed(result) {
                self.declare(result, func.locals[result].span);
            }
        }
        // Loop variables of old language versions have one cell for all turns.
        for local in func.locals.ids() {
            let old = func.locals[local].kind == LocalKind::Var
                && self.cells[local]
                && self.is_needed(local)
                && !declared(func, local);
            if old {
                self.declare(local, func.locals[local].span);
            }
        }
    }

    /// A variable comes into being with its zero value.
    pub(crate) fn declare(&mut self, local: ir::LocalId, span: Span) {
        let slot = self.slots[local];
        let ty = self.ty(local);
        let kind = match object_kind(self.cx.program, ty) {
            Some(kind) => kind,
            None if self.cells[local] => AllocKind::Cell(self.cx.zero(ty)),
            None => {
                let src = self.cx.zero(ty);
                return self.push(Op::Assign { dst: slot, src }, span);
            }
        };
        self.push_object(slot, kind, ty, span);
    }

    /// A local becomes unknown.
    pub(crate) fn unknown(&mut self, local: ir::LocalId, kind: UnknownKind, span: Span) {
        if !self.is_needed(local) {
            return;
        }
        let temp = self.temp();
        self.push(Op::Unknown { dst: temp, kind }, span);
        self.set(local, temp.into(), span);
    }

    /// Assigns a local, through its cell if it has one.
    pub(crate) fn set(&mut self, local: ir::LocalId, src: Operand, span: Span) {
        if !self.is_needed(local) {
            return;
        }
        let slot = self.slots[local];
        let src = self.directed(src, self.ty(local), span);
        let op = match self.cells[local] {
            true => Op::StoreCell { cell: slot.into(), src },
            false => Op::Assign { dst: slot, src },
        };
        self.push(op, span);
    }

    /// A channel as a channel of one direction, if that is what the type says.
    pub(crate) fn directed(&mut self, src: Operand, ty: TypeId, span: Span) -> Operand {
        use stanch_syntax::ast::ChanDir;
        if matches!(src, Operand::Const(_)) {
            return src;
        }
        let program = self.cx.program;
        let dir = match program.kind(program.underlying(ty)) {
            TypeKind::Chan(ChanDir::Recv, _) => stanch_model::ChanDir::Recv,
            TypeKind::Chan(ChanDir::Send, _) => stanch_model::ChanDir::Send,
            _ => return src,
        };
        let dst = self.temp();
        self.push(Op::Direction { dst, src, dir }, span);
        dst.into()
    }

    /// The value of a local, read from its cell if it has one.
    pub(crate) fn get(&mut self, local: ir::LocalId, span: Span) -> Operand {
        let slot = self.slots[local];
        if !self.cells[local] {
            return slot.into();
        }
        let dst = self.temp();
        self.push(Op::LoadCell { dst, cell: slot.into() }, span);
        dst.into()
    }

    /// The length of a sequence, or an integer that bounds a loop: small, the same each time, and not
    /// 0 where nothing is known of it. What happens only with nothing to do is rarely meant.
    pub(crate) fn size(&mut self, value: Operand, span: Span) -> Operand {
        match value {
            Operand::Const(stanch_model::Const::Nil) => return crate::translate::integer(0),
            Operand::Const(_) => return value,
            _ => {}
        }
        let dst = self.temp();
        // A recursion over a structure has to end somewhere.
        let least = i64::from(!self.cx.recursive[self.id]);
        let args = vec![value, crate::translate::integer(least)];
        self.prim(Prim::SeqLen, args, vec![Some(dst)], span);
        dst.into()
    }
}

/// The block before each that is the only one to lead there, and comes first.
fn only_ways(func: &Func) -> IndexVec<ir::BlockId, Option<ir::BlockId>> {
    let mut count = IndexVec::from_elem(0u32, func.blocks.len());
    let mut ways = IndexVec::from_elem(None, func.blocks.len());
    for (id, block) in func.blocks.iter_enumerated() {
        for to in block.term.targets() {
            count[to] += 1;
            ways[to] = (count[to] == 1 && id < to).then_some(id);
        }
    }
    ways
}

pub(crate) fn to_block(block: ir::BlockId) -> BlockId {
    BlockId::from_usize(block.index())
}

/// Whether `second` assigns what `first` declares.
fn declares(first: &InstrKind, second: &InstrKind) -> bool {
    matches!((first, second), (InstrKind::DeclareVar(a), InstrKind::Assign(b, _)) if a == b)
}

fn declared(func: &Func, local: ir::LocalId) -> bool {
    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    instrs.any(|i| i.kind == InstrKind::DeclareVar(local))
}

/// Whether a struct parameter is changed or referred to, so that a copy is due.
fn changes(func: &Func, local: ir::LocalId) -> bool {
    let info = &func.locals[local];
    info.address_taken
        || info.captured_by_ref
        || func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Store(place, _) => {
                place.base == ir::PlaceBase::Local(local) && !place.proj.contains(&ir::Proj::Deref)
            }
            _ => false,
        })
}

/// Variables that need a cell: captured by reference or with their address taken, and not objects.
fn cells(cx: &Context<'_>, func: &Func) -> IndexVec<ir::LocalId, bool> {
    let by_ref: Vec<ir::LocalId> =
        func.captures.iter().filter(|c| c.by_ref).map(|c| c.inner).collect();
    let cell = |(id, local): (ir::LocalId, &ir::Local)| {
        let shared = match local.kind {
            LocalKind::Capture => by_ref.contains(&id),
            _ => local.captured_by_ref || local.address_taken,
        };
        shared && object_kind(cx.program, local.ty).is_none()
    };
    func.locals.iter_enumerated().map(cell).collect()
}

/// Variables that go up or down by the same each time, a constant or a variable.
fn counters(func: &Func) -> IndexVec<ir::LocalId, bool> {
    use stanch_syntax::ast::BinaryOp;
    let mut steps = IndexVec::from_elem(None, func.locals.len());
    let mut counters = IndexVec::from_elem(false, func.locals.len());
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        let InstrKind::Assign(dst, value) = &instr.kind else { continue };
        match value {
            Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, IrOperand::Local(x), by)
                if is_step(func, by) =>
            {
                steps[*dst] = Some(*x)
            }
            Rvalue::Use(IrOperand::Local(step)) if steps[*step] == Some(*dst) => {
                counters[*dst] = true;
            }
            _ => {}
        }
    }
    counters
}

fn is_step(func: &Func, operand: &IrOperand) -> bool {
    match operand {
        IrOperand::Const(..) => true,
        IrOperand::Local(local) => func.locals[*local].kind != LocalKind::Temp,
        _ => false,
    }
}

/// Temporaries that hold a new struct value.
fn fresh(func: &Func) -> IndexVec<ir::LocalId, bool> {
    let mut fresh = IndexVec::from_elem(false, func.locals.len());
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Assign(dst, Rvalue::Composite { .. } | Rvalue::TypeAssert { .. }) => {
                fresh[*dst] = true;
            }
            InstrKind::Call(call) => call.dst.iter().for_each(|d| fresh[*d] = true),
            InstrKind::Recv { dst: Some(dst), .. } => fresh[*dst] = true,
            _ => {}
        }
    }
    fresh
}
