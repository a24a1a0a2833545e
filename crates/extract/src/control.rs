//! How blocks end: branches, range loops, selects, type switches.

use crate::classify::is_int;
use crate::function::{FuncBuilder, to_block};
use crate::translate::integer;
use stanch_ir::{self as ir, Operand as IrOperand, Span, Terminator};
use stanch_model::{
    ArithOp, BlockId, LocalId, Op, Operand, Prim, Relation, SelectArm, SelectOp, Term, TypeCase,
    TypeTag, UnknownKind,
};
use stanch_types::{TypeId, TypeKind};

/// Arrays up to this length have their length; others a size.
const SHORT: u64 = 8;

impl FuncBuilder<'_, '_> {
    /// In the block before a range loop: the length is taken, the counter starts.
    pub(crate) fn enter_ranges(&mut self, block: ir::BlockId, span: Span) {
        for (head, range) in self.ranges.clone() {
            let Terminator::RangeNext { over, preheader, .. } = &self.func.blocks[head].term else {
                continue;
            };
            if *preheader != block {
                continue;
            }
            let program = self.cx.program;
            let ty = self.operand_type(over);
            let length = match program.kind(program.underlying(ty)) {
                TypeKind::Slice(_) | TypeKind::Map(..) | TypeKind::Unknown => {
                    let value = self.operand(over, span);
                    self.size(value, span)
                }
                TypeKind::Array(Some(n), _) if *n <= SHORT => integer(*n as i64),
                _ if is_int(program, ty) => {
                    let value = self.operand(over, span);
                    self.size(value, span)
                }
                _ => {
                    let dst = self.temp();
                    self.push(Op::Unknown { dst, kind: UnknownKind::Size }, span);
                    dst.into()
                }
            };
            self.push(Op::Assign { dst: range.length, src: length }, span);
            self.push(Op::Assign { dst: range.index, src: integer(0) }, span);
        }
    }

    pub(crate) fn terminator(&mut self, id: ir::BlockId, term: &Terminator, span: Span) -> Term {
        match term {
            Terminator::Goto(to) => Term::Goto(to_block(*to)),
            Terminator::Branch { then, els, .. } if !self.cx.names.is_way(self.id, id, *els) => {
                Term::Goto(to_block(*then))
            }
            Terminator::Branch { cond, then, els } => {
                let cond = self.operand(cond, span);
                Term::Branch { cond, then: to_block(*then), els: to_block(*els) }
            }
            Terminator::Select { arms, default } => self.select(arms, *default),
            Terminator::RangeNext { over, key, value, body, done, .. } => {
                self.range_next(id, over, (*key, *value), (*body, *done), span)
            }
            Terminator::TypeSwitch { x, cases, default } => {
                let value = self.operand(x, span);
                let types: Vec<TypeId> = cases.iter().filter_map(|(ty, _)| *ty).collect();
                // Where all that it can be is a case it is one of them.
                let default = match self.cx.covers(self.operand_type(x), &types) {
                    true => self.extra(Vec::new(), Term::Exit, span),
                    false => to_block(*default),
                };
                let cases = cases.iter().map(|(ty, to)| TypeCase {
                    tags: ty.map_or_else(Vec::new, |ty| self.tags(ty)),
                    nil: ty.is_none(),
                    target: to_block(*to),
                });
                let cases = cases.collect();
                Term::TypeSwitch { value, cases, default }
            }
            Terminator::Return => Term::Return,
            Terminator::Panic(_) => Term::Panic(Operand::Unknown),
            // After a call that does not return; nothing gets here.
            Terminator::Unreachable => Term::Exit,
        }
    }

    /// The types that match an assertion or case.
    pub(crate) fn tags(&mut self, ty: TypeId) -> Vec<TypeTag> {
        match self.cx.program.is_interface(ty) {
            true => self.cx.tags_implementing(ty),
            false => vec![self.cx.tag(ty)],
        }
    }

    fn select(&mut self, arms: &[ir::SelectArm], default: Option<ir::BlockId>) -> Term {
        let mut out = Vec::new();
        for arm in arms {
            let mut target = to_block(arm.target);
            let op = match &arm.op {
                ir::SelectOp::Send { chan, value } => SelectOp::Send {
                    chan: self.operand(chan, arm.span),
                    value: self.operand(value, arm.span),
                },
                ir::SelectOp::Recv { chan, dst, ok } => {
                    let chan = self.operand(chan, arm.span);
                    let wanted = [*dst, *ok].map(|l| l.filter(|l| self.is_needed(*l)));
                    let in_cell = wanted.into_iter().flatten().any(|l| self.cells[l]);
                    let slots = if in_cell {
                        let (slots, block) = self.arm_block(wanted, arm);
                        target = block;
                        slots
                    } else {
                        wanted.map(|l| l.map(|l| self.slots[l]))
                    };
                    let zero = wanted[0].and_then(|_| self.received_zero(*dst));
                    SelectOp::Recv { chan, dst: slots[0], ok: slots[1], zero }
                }
            };
            let site = self.site(arm.span);
            out.push(SelectArm { op, target, site });
        }
        Term::Select { arms: out, default: default.map(to_block) }
    }

    /// What a closed channel gives for a local, if that is a constant.
    pub(crate) fn received_zero(&self, dst: Option<ir::LocalId>) -> Option<stanch_model::Const> {
        match self.cx.zero(self.ty(dst?)) {
            Operand::Const(zero) => Some(zero),
            Operand::Local(_) | Operand::Func(_) | Operand::Unknown => None,
        }
    }

    /// A block that stores what an arm received in cells, then goes to the arm.
    fn arm_block(
        &mut self,
        locals: [Option<ir::LocalId>; 2],
        arm: &ir::SelectArm,
    ) -> ([Option<LocalId>; 2], BlockId) {
        let before = std::mem::take(&mut self.instrs);
        let temps = locals.map(|l| l.map(|l| (l, self.temp())));
        for (local, temp) in temps.into_iter().flatten() {
            self.set(local, temp.into(), arm.span);
        }
        let instrs = std::mem::replace(&mut self.instrs, before);
        let id = self.extra(instrs, Term::Goto(to_block(arm.target)), arm.span);
        (temps.map(|t| t.map(|t| t.1)), id)
    }

    fn range_next(
        &mut self,
        id: ir::BlockId,
        over: &IrOperand,
        (key, value): (Option<ir::LocalId>, Option<ir::LocalId>),
        (body, done): (ir::BlockId, ir::BlockId),
        span: Span,
    ) -> Term {
        let Some(&(_, range)) = self.ranges.iter().find(|(head, _)| *head == id) else {
            return Term::Goto(to_block(done));
        };
        let more = self.temp();
        let (a, b) = (range.index.into(), range.length.into());
        self.push(Op::Compare { dst: more, op: Relation::Lt, a, b }, span);
        // Key, element and the counter's step have a block of their own before the body.
        let before = std::mem::take(&mut self.instrs);
        let program = self.cx.program;
        let ty = self.operand_type(over);
        let is_map = matches!(program.kind(program.underlying(ty)), TypeKind::Map(..));
        if let Some(key) = key.filter(|k| self.is_needed(*k)) {
            match is_map {
                false => self.set(key, range.index.into(), span),
                true => self.unknown(key, UnknownKind::Any, span),
            }
        }
        if let Some(local) = value.filter(|v| self.is_needed(*v)) {
            if self.cx.carry.carries(self.ty(local)) {
                let over = self.operand(over, span);
                let dst = self.temp();
                let (prim, slots) = match is_map {
                    true => (Prim::MapAt, vec![None, Some(dst)]),
                    false => (Prim::SeqGet, vec![Some(dst)]),
                };
                self.prim(prim, vec![over, range.index.into()], slots, span);
                self.set(local, dst.into(), span);
            } else {
                self.unknown(local, UnknownKind::Any, span);
            }
        }
        let step = Op::Arith { dst: range.index, op: ArithOp::Add, a, b: integer(1) };
        self.push(step, span);
        let instrs = std::mem::replace(&mut self.instrs, before);
        let then = self.extra(instrs, Term::Goto(to_block(body)), span);
        Term::Branch { cond: more.into(), then, els: to_block(done) }
    }
}
