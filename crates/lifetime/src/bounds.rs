//! Comparisons of a container's length with a bound.

use crate::facts::OpKind;
use crate::scan::Scan;
use stanch_ir::{LocalId, LocalKind, Operand, Rvalue, Span};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ConstValue;

impl Scan<'_, '_> {
    /// A comparison of a length with something other than nothing bounds a container. The head of a
    /// loop over its elements does not.
    pub(crate) fn bound(&mut self, op: BinaryOp, sides: [&Operand; 2], span: Span) {
        use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
        if !matches!(op, Lt | Le | Gt | Ge | Eq | Ne) {
            return;
        }
        for (side, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            if is_tiny(other) || self.is_counter(other) {
                continue;
            }
            for measured in self.measured(side) {
                self.on(&measured, span, OpKind::Bound);
            }
        }
    }

    /// The containers whose length a value is, or is computed from.
    fn measured(&mut self, value: &Operand) -> Vec<Operand> {
        match value {
            Operand::Local(local) => self.measured_local(*local, 0),
            _ => Vec::new(),
        }
    }

    /// The same of a local that is `depth` steps from what was asked for. Each is answered once: a
    /// variable may have as many definitions as there are comparisons of it.
    fn measured_local(&mut self, local: LocalId, depth: u8) -> Vec<Operand> {
        if let Some(known) = self.measured.get(&(local, depth)) {
            return known.clone();
        }
        let mut found: Vec<Operand> = Vec::new();
        for at in 0..self.definitions[local].len() {
            let (sides, is_length) = match self.definitions[local][at] {
                Rvalue::Len(x) | Rvalue::Cap(x) => ([Some(x), None], true),
                Rvalue::Convert(x, _) | Rvalue::Use(x) if depth < 3 => ([Some(x), None], false),
                Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, a, b) if depth < 3 => {
                    ([Some(a), Some(b)], false)
                }
                _ => continue,
            };
            for side in sides.into_iter().flatten() {
                let more = match side {
                    side if is_length => vec![side.clone()],
                    Operand::Local(from) => self.measured_local(*from, depth + 1),
                    _ => Vec::new(),
                };
                for operand in more {
                    if !found.contains(&operand) {
                        found.push(operand);
                    }
                }
            }
        }
        self.measured.insert((local, depth), found.clone());
        found
    }

    /// Whether a variable is set more than once in this function, as a loop's index is.
    fn is_counter(&self, operand: &Operand) -> bool {
        match operand {
            Operand::Local(local) => {
                self.func.locals[*local].kind == LocalKind::Var
                    && self.definitions[*local].len() > 1
            }
            _ => false,
        }
    }
}

/// Whether a constant is nought or one: comparing a length with it tells empty from not empty.
pub(crate) fn is_tiny(operand: &Operand) -> bool {
    matches!(operand, Operand::Const(ConstValue::Int(n), _) if *n <= 1.into())
}
