//! Unary and binary operations.

use super::untyped::{is_comparison, is_shift};
use super::*;
use crate::constant;
use stanch_syntax::ast::{BinaryOp, UnaryOp};

impl Checker<'_, '_> {
    pub(super) fn unary(&mut self, expr: ExprId, op: UnaryOp, operand: ExprId) -> Operand {
        let mut x = self.expr(operand);
        if !x.ok() {
            return x;
        }
        match op {
            UnaryOp::Addr => return Operand::new(Om::Value, self.pointer_to(x.ty), expr),
            UnaryOp::Tilde => return Operand::invalid(expr),
            UnaryOp::Plus | UnaryOp::Neg | UnaryOp::Not | UnaryOp::Xor => {}
        }
        if x.mode != Om::Const {
            x.mode = Om::Value;
            return x;
        }
        let value = self.value_of(&x);
        let result = match (op, value) {
            (_, ConstValue::Unknown) => return x,
            (UnaryOp::Neg, v) => constant::negate(v),
            (UnaryOp::Not, ConstValue::Bool(b)) => ConstValue::Bool(!b),
            (UnaryOp::Xor, v) => {
                let word = self.p.target.word_size;
                let bits = self.basic_of(x.ty).and_then(|b| constant::unsigned_bits(b, word));
                constant::complement(v, bits)
            }
            (_, v) => v.clone(),
        };
        x.val = self.constant(result);
        x.expr = expr;
        self.overflow(&mut x);
        x
    }

    /// Brings a constant result into the range of its type.
    pub(super) fn overflow(&mut self, x: &mut Operand) {
        let value = self.value_of(x);
        if *value == ConstValue::Unknown {
            return;
        }
        if self.is_untyped(x.ty) {
            let integer = self.is(x.ty, is_integer);
            if integer && constant::bit_len(value) > constant::MAX_INT_BITS {
                x.val = self.constant(ConstValue::Unknown);
            }
            return;
        }
        let Some(basic) = self.basic_of(x.ty) else { return };
        match constant::represent(value, basic, self.p.target.word_size) {
            Some(value) => x.val = self.constant(value),
            None => x.val = self.constant(ConstValue::Unknown),
        }
    }

    pub(super) fn binary(
        &mut self,
        expr: ExprId,
        lhs: ExprId,
        rhs: ExprId,
        op: BinaryOp,
    ) -> Operand {
        let x = self.expr(lhs);
        let y = self.expr(rhs);
        self.binary_operands(expr, x, y, op)
    }

    pub(super) fn binary_operands(
        &mut self,
        expr: ExprId,
        mut x: Operand,
        mut y: Operand,
        op: BinaryOp,
    ) -> Operand {
        if !x.ok() || !y.ok() {
            return Operand::invalid(expr);
        }
        if is_shift(op) {
            return self.shift(expr, x, y, op);
        }
        self.match_types(&mut x, &mut y);
        if !x.ok() {
            return Operand::invalid(expr);
        }
        if is_comparison(op) {
            return self.comparison(expr, x, y, op);
        }
        if x.mode != Om::Const || y.mode != Om::Const {
            x.mode = Om::Value;
            return x;
        }
        let integer = self.is(x.ty, is_integer);
        let result = constant::binary(op, self.value_of(&x), self.value_of(&y), integer);
        x.val = self.constant(result);
        x.expr = expr;
        self.overflow(&mut x);
        x
    }

    pub(super) fn comparison(
        &mut self,
        expr: ExprId,
        mut x: Operand,
        y: Operand,
        op: BinaryOp,
    ) -> Operand {
        let ty = self.basic(Basic::UntypedBool);
        if x.mode == Om::Const && y.mode == Om::Const {
            let result = constant::compare(op, self.value_of(&x), self.value_of(&y));
            let value = result.map_or(ConstValue::Unknown, ConstValue::Bool);
            x.expr = expr;
            self.set_const(&mut x, ty, value);
            return x;
        }
        self.update_type(x.expr, self.default_type(x.ty), true);
        self.update_type(y.expr, self.default_type(y.ty), true);
        Operand::new(Om::Value, ty, expr)
    }

    fn shift(&mut self, expr: ExprId, mut x: Operand, mut y: Operand, op: BinaryOp) -> Operand {
        let x_int = match x.mode {
            Om::Const => constant::to_int(self.value_of(&x)),
            _ => None,
        };
        let unknown = x.mode == Om::Const && *self.value_of(&x) == ConstValue::Unknown;
        let shiftable = self.all(x.ty, is_integer)
            || (self.is_untyped(x.ty) && (x_int.is_some() || unknown))
            || self.p.is_type_param(x.ty);
        if !shiftable {
            return Operand::invalid(expr);
        }
        if self.is_untyped(y.ty) {
            let uint = self.basic(Basic::Uint);
            if y.mode == Om::Const {
                let word = self.p.target.word_size;
                match constant::represent(self.value_of(&y), Basic::Uint, word) {
                    Some(value) => y.val = self.constant(value),
                    None => return Operand::invalid(expr),
                }
            } else if !self.is(y.ty, is_integer) {
                // An untyped shift as a count stays untyped, as go/types has it.
                self.convert_untyped(&mut y, uint);
                if !y.ok() {
                    return Operand::invalid(expr);
                }
            }
        }
        if x.mode == Om::Const {
            if y.mode == Om::Const {
                return self.const_shift(expr, x, x_int, &y, op);
            }
            if self.is_untyped(x.ty) {
                // The type comes from the context, as if the shift were not there.
                return Operand::new(Om::Value, x.ty, x.expr);
            }
        }
        x.mode = Om::Value;
        x
    }

    fn const_shift(
        &mut self,
        expr: ExprId,
        mut x: Operand,
        x_int: Option<dashu::integer::IBig>,
        y: &Operand,
        op: BinaryOp,
    ) -> Operand {
        if !self.is(x.ty, is_integer) {
            x.ty = self.basic(Basic::UntypedInt);
        }
        x.expr = expr;
        let count = constant::to_u64(self.value_of(y));
        let value = match (x_int, count) {
            (Some(i), Some(n)) if n <= constant::MAX_SHIFT => {
                constant::shift(&i, op == BinaryOp::Shl, n)
            }
            _ => ConstValue::Unknown,
        };
        x.val = self.constant(value);
        self.overflow(&mut x);
        x
    }
}
