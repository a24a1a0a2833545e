//! Waits for a condition that a flag ends, and loops around waits for others: who sets it, and who heeds it.

use super::uses::{Uses, reaches};
use crate::names::{Known, Names};
use stanch_base::IndexVec;
use stanch_effects::Op;
use stanch_ir::{
    BlockId, Call, Callee, Func, Instr, InstrKind, Operand, Place, Proj, Rvalue, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, ObjectId};

/// How far back a condition is followed.
const DEPTH: u32 = 4;

impl Uses {
    /// Flags that a function sets, and those that end its waits for a condition.
    pub(super) fn flags(
        &mut self,
        names: &Names<'_>,
        func: &Func,
        in_loop: &IndexVec<BlockId, bool>,
    ) {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let (value, field) = match &instr.kind {
                InstrKind::Store(place, value) => (Some(value), last_field(place)),
                InstrKind::Call(call) => {
                    let value = match operation(names, call) {
                        Some(Op::AtomicStore | Op::AtomicSwap) => call.args.get(1),
                        Some(Op::AtomicCompareAndSwap) => call.args.get(2),
                        _ => None,
                    };
                    (value, call.args.first().and_then(|a| address_of(func, a)))
                }
                _ => continue,
            };
            if value.is_some_and(is_true) {
                self.raised.extend(field);
            }
        }
        self.heeds(names, func);
        self.minds(names, func, in_loop);
    }

    /// The flags that end the loops in which it waits at a channel: where they are true none of that is come
    /// to again.
    fn minds(&mut self, names: &Names<'_>, func: &Func, in_loop: &IndexVec<BlockId, bool>) {
        let waits = func.blocks.iter_enumerated().filter(|(id, b)| {
            let selects = matches!(b.term, Terminator::Select { default: None, .. });
            let bare =
                |i: &Instr| matches!(i.kind, InstrKind::Send { .. } | InstrKind::Recv { .. });
            in_loop[*id] && (selects || b.instrs.iter().any(bare))
        });
        let waits: Vec<BlockId> = waits.map(|(id, _)| id).collect();
        if waits.is_empty() {
            return;
        }
        for (id, block) in func.blocks.iter_enumerated().filter(|(id, _)| in_loop[*id]) {
            let Terminator::Branch { cond, then, els } = &block.term else { continue };
            let Some((field, truth)) = asks(names, func, cond, DEPTH) else { continue };
            let arm = if truth { *then } else { *els };
            let over = |wait: &BlockId| *wait != arm && !reaches(func, arm, *wait);
            if arm != id && waits.iter().all(over) {
                self.minded.push(field);
            }
        }
    }

    /// The fields that end a wait for a condition: where they are true it is not come to again.
    fn heeds(&mut self, names: &Names<'_>, func: &Func) {
        let waits = func.blocks.iter_enumerated().filter(|(_, b)| {
            b.instrs.iter().any(|i| match &i.kind {
                InstrKind::Call(call) => operation(names, call) == Some(Op::CondWait),
                _ => false,
            })
        });
        let waits: Vec<BlockId> = waits.map(|(id, _)| id).collect();
        if waits.is_empty() {
            return;
        }
        for block in &func.blocks {
            let Terminator::Branch { cond, then, els } = &block.term else { continue };
            let Some((field, truth)) = asks(names, func, cond, DEPTH) else { continue };
            let arm = if truth { *then } else { *els };
            if !waits.iter().any(|wait| *wait == arm || reaches(func, arm, *wait)) {
                self.heeded.push(field);
            }
        }
    }
}

/// The operation that a call is.
fn operation(names: &Names<'_>, call: &Call) -> Option<Op> {
    let Callee::Static(object, _) = &call.callee else { return None };
    match names.known(*object) {
        Known::Effect(effect) => Some(effect.op),
        Known::Body(_) | Known::Inert | Known::Nothing => None,
    }
}

/// Whether a value is true, or the number that stands for it.
fn is_true(value: &Operand) -> bool {
    match value {
        Operand::Const(ConstValue::Bool(truth), _) => *truth,
        Operand::Const(ConstValue::Int(n), _) => i64::try_from(n.clone()) == Ok(1),
        _ => false,
    }
}

/// The field of which a condition asks whether it is true, and its value if it is.
fn asks(names: &Names<'_>, func: &Func, cond: &Operand, depth: u32) -> Option<(ObjectId, bool)> {
    let Operand::Local(local) = cond else { return None };
    let depth = depth.checked_sub(1)?;
    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    instrs.find_map(|i| match &i.kind {
        InstrKind::Assign(dst, value) if dst == local => match value {
            Rvalue::Load(place) => Some((last_field(place)?, true)),
            Rvalue::Unary(UnaryOp::Not, x) => {
                let (field, truth) = asks(names, func, x, depth)?;
                Some((field, !truth))
            }
            Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), x, y @ Operand::Const(..)) => {
                let (field, truth) = asks(names, func, x, depth)?;
                Some((field, (is_true(y) == truth) == (*op == BinaryOp::Eq)))
            }
            _ => None,
        },
        InstrKind::Call(call) if call.dst.contains(local) => {
            let load = operation(names, call) == Some(Op::AtomicLoad);
            let field = call.args.first().and_then(|a| address_of(func, a));
            Some((field.filter(|_| load)?, true))
        }
        _ => None,
    })
}

/// The field whose address, or whose content that is one, an operand is.
fn address_of(func: &Func, operand: &Operand) -> Option<ObjectId> {
    let Operand::Local(local) = operand else { return None };
    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    instrs.find_map(|i| match &i.kind {
        InstrKind::Assign(dst, Rvalue::AddressOf(place) | Rvalue::Load(place)) if dst == local => {
            last_field(place)
        }
        _ => None,
    })
}

fn last_field(place: &Place) -> Option<ObjectId> {
    match place.proj.last() {
        Some(Proj::Field(_, object)) => Some(*object),
        _ => None,
    }
}
