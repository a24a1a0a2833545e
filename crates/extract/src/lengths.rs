//! Which temporaries are lengths, or lie a constant away from one.

use stanch_base::FxHashSet;
use stanch_ir::{Func, InstrKind, LocalId, LocalKind, Operand, Rvalue};
use stanch_syntax::ast::BinaryOp;

/// The temporaries of a function that are.
pub(crate) fn lengths(func: &Func) -> FxHashSet<LocalId> {
    let mut found = FxHashSet::default();
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        let InstrKind::Assign(local, value) = &instr.kind else { continue };
        let is_length = |x: &Operand| matches!(x, Operand::Local(l) if found.contains(l));
        let known = match value {
            Rvalue::Len(_) => true,
            Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) => {
                is_length(a) && is_constant(b) || is_constant(a) && is_length(b)
            }
            _ => false,
        };
        if known && func.locals[*local].kind == LocalKind::Temp {
            found.insert(*local);
        }
    }
    found
}

/// Whether an operand is an integer that the source gives.
pub(crate) fn is_constant(operand: &Operand) -> bool {
    matches!(operand, Operand::Const(..))
}
