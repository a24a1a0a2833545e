//! One function: slots, blocks, what is kept of it.

use crate::classify::{is_int, matters, object_kind};
use crate::slice::skipped;
use crate::translate::Context;
use stanch_base::{Idx, IndexVec};
use stanch_ir::{
    self as ir, Callee, Func, FuncId, InstrKind, LocalKind, Operand as IrOperand, Rvalue, Span,
    Terminator,
};
use stanch_model::{
    AllocKind, Block, BlockId, Function, Instr, LocalId, Op, Operand, Prim, Relation, ResultSlot,
    SelectArm, SelectOp, Site, Term, TypeCase, UnknownKind,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ConstValue, TypeId};

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
    /// Integers that bound loops and buffers: unknown ones are sizes.
    sizes: IndexVec<ir::LocalId, bool>,
    /// The block that instructions go to.
    instrs: Vec<Instr>,
    /// Counter slots of range loops, by the block of the loop's head.
    counters: Vec<(ir::BlockId, Counter)>,
}

#[derive(Clone, Copy)]
struct Counter {
    index: LocalId,
    length: LocalId,
}

impl<'c, 'a> FuncBuilder<'c, 'a> {
    pub(crate) fn translate(cx: &'c mut Context<'a>, id: FuncId) -> Function {
        let func = &cx.module.funcs[id];
        let mut out = Function::new(&func.symbol);
        let n = func.locals.len();
        let mut slots = IndexVec::from_elem(LocalId::from_raw(0), n);
        let captured = func.captures.iter().map(|c| c.inner);
        let first: Vec<ir::LocalId> = captured.chain(func.params.iter().copied()).collect();
        for &local in &first {
            slots[local] = out.local(&func.locals[local].name);
        }
        out.n_captures = func.captures.len() as u32;
        out.n_params = func.params.len() as u32;
        for local in func.locals.ids().filter(|l| !first.contains(l)) {
            slots[local] = out.local(&func.locals[local].name);
        }
        let cells = cells(cx, func);
        let sizes = sizes(cx, func);
        let mut builder = Self {
            cx,
            id,
            func,
            out,
            slots,
            cells,
            sizes,
            instrs: Vec::new(),
            counters: Vec::new(),
        };
        builder.body();
        builder.out
    }

    fn body(&mut self) {
        let func = self.func;
        let main = func.symbol == "main.main";
        self.out.main = main;
        for &result in &func.results {
            let slot = ResultSlot { local: self.slots[result], cell: self.cells[result] };
            self.out.results.push(slot);
        }
        self.counters();
        let matter = func.blocks.ids().map(|b| self.block_matters(b)).collect();
        let skip = skipped(func, &matter);
        for (id, block) in func.blocks.iter_enumerated() {
            self.instrs = Vec::new();
            if id.index() == 0 {
                self.prologue();
            }
            for instr in &block.instrs {
                self.instr(&instr.kind, instr.span);
            }
            let term = match &skip[id] {
                Some((meet, region)) => {
                    self.forget(region, block.term_span);
                    self.forget_range_vars(&block.term, block.term_span);
                    Term::Goto(to_block(*meet))
                }
                None => {
                    self.enter_ranges(id, block.term_span);
                    self.terminator(id, &block.term, block.term_span)
                }
            };
            let term_site = self.site(block.term_span);
            let instrs = std::mem::take(&mut self.instrs);
            self.out.blocks.push(Block { instrs, term, term_site });
        }
    }

    pub(crate) fn site(&mut self, span: Span) -> Site {
        self.cx.site(self.id, span)
    }

    pub(crate) fn push(&mut self, op: Op, span: Span) {
        let site = self.site(span);
        self.instrs.push(Instr { op, site });
    }

    pub(crate) fn temp(&mut self) -> LocalId {
        self.out.local("")
    }

    pub(crate) fn ty(&self, local: ir::LocalId) -> TypeId {
        self.func.locals[local].ty
    }

    /// Parameters and results that live in cells, and results' first values.
    fn prologue(&mut self) {
        let func = self.func;
        for &param in &func.params {
            let slot = self.slots[param];
            let span = func.locals[param].span;
            if self.cells[param] {
                let kind = AllocKind::Cell(slot.into());
                self.push(Op::Alloc { dst: slot, kind }, span);
            } else if object_kind(self.cx.program, self.ty(param)) == Some(AllocKind::Struct) {
                self.push(Op::CopyStruct { dst: slot, src: slot.into() }, span);
            }
        }
        for &result in &func.results {
            self.declare(result, func.locals[result].span);
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
        self.push(Op::Alloc { dst: slot, kind }, span);
    }

    /// A new unknown for a local, of the kind its use asks for.
    pub(crate) fn unknown(&mut self, local: ir::LocalId, kind: UnknownKind, span: Span) {
        let kind = match (kind, self.sizes[local]) {
            (UnknownKind::Any, true) => UnknownKind::Size,
            (kind, _) => kind,
        };
        let temp = self.temp();
        self.push(Op::Unknown { dst: temp, kind }, span);
        self.set(local, temp.into(), span);
    }

    /// Assigns a local, through its cell if it has one.
    pub(crate) fn set(&mut self, local: ir::LocalId, src: Operand, span: Span) {
        let slot = self.slots[local];
        let op = match self.cells[local] {
            true => Op::StoreCell { cell: slot.into(), src },
            false => Op::Assign { dst: slot, src },
        };
        self.push(op, span);
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

    /// A skipped region may have assigned these: they are unknown after it.
    fn forget(&mut self, region: &[ir::BlockId], span: Span) {
        let mut assigned: Vec<ir::LocalId> = Vec::new();
        for &block in region {
            for instr in &self.func.blocks[block].instrs {
                match &instr.kind {
                    InstrKind::Assign(local, _) => assigned.push(*local),
                    InstrKind::Call(call) => assigned.extend(&call.dst),
                    _ => {}
                }
            }
        }
        assigned.sort();
        assigned.dedup();
        assigned.retain(|&l| self.func.locals[l].kind != LocalKind::Temp || self.is_live_temp(l));
        for local in assigned {
            self.unknown(local, UnknownKind::Any, span);
        }
    }

    /// Temporaries of `&&` and `||` are assigned in several blocks and read after them.
    fn is_live_temp(&self, local: ir::LocalId) -> bool {
        let blocks = self.func.blocks.iter();
        let assigns = blocks
            .flat_map(|b| &b.instrs)
            .filter(|i| matches!(&i.kind, InstrKind::Assign(to, _) if *to == local));
        assigns.count() > 1
    }

    fn forget_range_vars(&mut self, term: &Terminator, span: Span) {
        if let Terminator::RangeNext { key, value, .. } = term {
            for local in key.iter().chain(value) {
                self.unknown(*local, UnknownKind::Any, span);
            }
        }
    }

    /// Whether anything in a block matters to concurrency.
    fn block_matters(&self, id: ir::BlockId) -> bool {
        let block = &self.func.blocks[id];
        let term = match &block.term {
            Terminator::Select { .. } | Terminator::Return => true,
            Terminator::Panic(_) | Terminator::Unreachable => true,
            _ => false,
        };
        term || block.instrs.iter().any(|i| self.instr_matters(&i.kind))
    }

    fn instr_matters(&self, kind: &InstrKind) -> bool {
        match kind {
            InstrKind::Send { .. }
            | InstrKind::Recv { .. }
            | InstrKind::Go(_)
            | InstrKind::Defer(_)
            | InstrKind::RunDefers => true,
            InstrKind::Call(call) => self.call_matters(call),
            InstrKind::Assign(local, value) => {
                let flag = matches!(value, Rvalue::Use(IrOperand::Const(ConstValue::Bool(_), _)))
                    && self.func.locals[*local].kind != LocalKind::Temp;
                let ty = self.ty(*local);
                let carries = matters(self.cx.program, ty, 0)
                    && !matches!(value, Rvalue::Load(_) | Rvalue::MakeInterface(..));
                flag || carries || matches!(value, Rvalue::MakeClosure(_) | Rvalue::MakeChan { .. })
            }
            InstrKind::Store(_, value) => match value {
                IrOperand::Local(local) => {
                    let ty = self.ty(*local);
                    matters(self.cx.program, ty, 0) && !self.cx.program.is_interface(ty)
                }
                IrOperand::Func(_) => true,
                IrOperand::Const(..)
                | IrOperand::Nil(_)
                | IrOperand::Zero(_)
                | IrOperand::Unknown(_) => false,
            },
            InstrKind::DeclareVar(local) => matters(self.cx.program, self.ty(*local), 0),
            InstrKind::MapDelete { .. } => false,
        }
    }

    fn call_matters(&self, call: &ir::Call) -> bool {
        use crate::names::Known;
        match &call.callee {
            Callee::Builtin(builtin) => *builtin == stanch_types::Builtin::Close,
            Callee::Value(_) => true,
            Callee::Closure(func, _) => self.cx.relevance.operates[*func],
            Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                match self.cx.names.known(*object) {
                    Known::Effect(effect) => {
                        effect.op != stanch_effects::Op::None || !effect.callbacks.is_empty()
                    }
                    Known::Body(id) => self.cx.relevance.operates[id],
                    Known::Nothing => call.args.iter().any(|arg| match arg {
                        IrOperand::Local(local) => {
                            let ty = self.ty(*local);
                            matters(self.cx.program, ty, 0) && !self.cx.program.is_interface(ty)
                        }
                        IrOperand::Func(_) => true,
                        _ => false,
                    }),
                }
            }
        }
    }

    /// Slots for range loops: their sequence's length and the turn.
    fn counters(&mut self) {
        for (id, block) in self.func.blocks.iter_enumerated() {
            if matches!(block.term, Terminator::RangeNext { .. }) {
                let counter = Counter { index: self.temp(), length: self.temp() };
                self.counters.push((id, counter));
            }
        }
    }

    /// In the block before a range loop: the length is taken, the counter starts.
    fn enter_ranges(&mut self, block: ir::BlockId, span: Span) {
        for (head, counter) in self.counters.clone() {
            let Terminator::RangeNext { over, preheader, .. } = &self.func.blocks[head].term else {
                continue;
            };
            if *preheader != block {
                continue;
            }
            let ty = self.operand_type(over);
            let value = self.operand(over, span);
            if is_int(self.cx.program, ty) {
                self.push(Op::Assign { dst: counter.length, src: value }, span);
            } else {
                self.prim(Prim::SeqLen, vec![value], vec![Some(counter.length)], span);
            }
            let src = crate::translate::integer(0);
            self.push(Op::Assign { dst: counter.index, src }, span);
        }
    }

    fn terminator(&mut self, id: ir::BlockId, term: &Terminator, span: Span) -> Term {
        match term {
            Terminator::Goto(to) => Term::Goto(to_block(*to)),
            Terminator::Branch { cond, then, els } => {
                let cond = self.operand(cond, span);
                Term::Branch { cond, then: to_block(*then), els: to_block(*els) }
            }
            Terminator::Select { arms, default } => self.select(arms, *default, span),
            Terminator::RangeNext { over, key, value, body, done, .. } => {
                self.range_next(id, over, (*key, *value), (*body, *done), span)
            }
            Terminator::TypeSwitch { x, cases, default } => {
                let value = self.operand(x, span);
                let cases = cases.iter().map(|(ty, to)| TypeCase {
                    tags: ty.map_or_else(Vec::new, |ty| self.tags(ty)),
                    nil: ty.is_none(),
                    target: to_block(*to),
                });
                let cases = cases.collect();
                Term::TypeSwitch { value, cases, default: to_block(*default) }
            }
            Terminator::Return => Term::Return,
            Terminator::Panic(value) => Term::Panic(self.operand(value, span)),
            // After an endless loop; nothing gets here.
            Terminator::Unreachable => Term::Exit,
        }
    }

    /// The types that match an assertion or case.
    pub(crate) fn tags(&mut self, ty: TypeId) -> Vec<stanch_model::TypeTag> {
        match self.cx.program.is_interface(ty) {
            true => self.cx.tags_implementing(ty),
            false => vec![self.cx.tag(ty)],
        }
    }

    fn select(&mut self, arms: &[ir::SelectArm], default: Option<ir::BlockId>, span: Span) -> Term {
        let mut out = Vec::new();
        for arm in arms {
            let op = match &arm.op {
                ir::SelectOp::Send { chan, value } => SelectOp::Send {
                    chan: self.operand(chan, arm.span),
                    value: self.operand(value, arm.span),
                },
                ir::SelectOp::Recv { chan, dst, ok } => SelectOp::Recv {
                    chan: self.operand(chan, arm.span),
                    dst: dst.map(|d| self.slots[d]),
                    ok: ok.map(|o| self.slots[o]),
                },
            };
            let site = self.site(arm.span);
            out.push(SelectArm { op, target: to_block(arm.target), site });
        }
        let _ = span;
        Term::Select { arms: out, default: default.map(to_block) }
    }

    fn range_next(
        &mut self,
        id: ir::BlockId,
        over: &IrOperand,
        (key, value): (Option<ir::LocalId>, Option<ir::LocalId>),
        (body, done): (ir::BlockId, ir::BlockId),
        span: Span,
    ) -> Term {
        let Some(&(_, counter)) = self.counters.iter().find(|(head, _)| *head == id) else {
            return Term::Goto(to_block(done));
        };
        let more = self.temp();
        let (a, b) = (counter.index.into(), counter.length.into());
        self.push(Op::Compare { dst: more, op: Relation::Lt, a, b }, span);
        // Element and counter step stand in the head, before the branch: on the last turn they are
        // not read any more.
        let index = self.temp();
        self.push(Op::Assign { dst: index, src: counter.index.into() }, span);
        let one = crate::translate::integer(1);
        let step = Op::Arith { dst: counter.index, op: stanch_model::ArithOp::Add, a, b: one };
        self.push(step, span);
        let ty = self.operand_type(over);
        let is_map = matches!(
            self.cx.program.kind(self.cx.program.underlying(ty)),
            stanch_types::TypeKind::Map(..)
        );
        let wanted = value.is_some_and(|v| matters(self.cx.program, self.ty(v), 0));
        match key {
            Some(key) if !is_map => self.set(key, index.into(), span),
            Some(key) => self.unknown(key, UnknownKind::Any, span),
            None => {}
        }
        if let Some(local) = value {
            if wanted {
                let over = self.operand(over, span);
                let dst = self.temp();
                let (prim, dsts) = match is_map {
                    true => (Prim::MapAt, vec![None, Some(dst)]),
                    false => (Prim::SeqGet, vec![Some(dst)]),
                };
                self.prim(prim, vec![over, index.into()], dsts, span);
                self.set(local, dst.into(), span);
            } else {
                self.unknown(local, UnknownKind::Any, span);
            }
        }
        Term::Branch { cond: more.into(), then: to_block(body), els: to_block(done) }
    }
}

pub(crate) fn to_block(block: ir::BlockId) -> BlockId {
    BlockId::from_usize(block.index())
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

/// Integers that are compared by order, ranged over or used as a capacity, and what they are copied
/// from.
fn sizes(cx: &Context<'_>, func: &Func) -> IndexVec<ir::LocalId, bool> {
    let mut sizes = IndexVec::from_elem(false, func.locals.len());
    let mut mark = |operand: &IrOperand| {
        if let IrOperand::Local(local) = operand
            && is_int(cx.program, func.locals[*local].ty)
        {
            sizes[*local] = true;
        }
    };
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Assign(
                    _,
                    Rvalue::Binary(BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge, a, b),
                ) => {
                    mark(a);
                    mark(b);
                }
                InstrKind::Assign(_, Rvalue::MakeChan { cap: Some(cap), .. }) => mark(cap),
                InstrKind::Assign(_, Rvalue::MakeSlice { len: Some(len), .. }) => mark(len),
                InstrKind::Call(call) => {
                    if matches!(call.callee, Callee::Static(..)) {
                        call.args.iter().skip(1).for_each(&mut mark);
                    }
                }
                _ => {}
            }
        }
        if let Terminator::RangeNext { over, .. } = &block.term {
            mark(over);
        }
    }
    // Backwards through copies.
    for _ in 0..3 {
        for block in func.blocks.iter() {
            for instr in &block.instrs {
                if let InstrKind::Assign(
                    dst,
                    Rvalue::Use(IrOperand::Local(src)) | Rvalue::Convert(IrOperand::Local(src), _),
                ) = &instr.kind
                    && sizes[*dst]
                    && is_int(cx.program, func.locals[*src].ty)
                {
                    sizes[*src] = true;
                }
            }
        }
    }
    sizes
}
