//! Expressions.

use super::*;
use crate::constant;
use crate::env::FuncScope;
use crate::tables::Delayed;
use stanch_syntax::ast::{Block, Expr, LitKind, SignatureId, UnaryOp};

impl Checker<'_, '_> {
    /// A single value (or type, or predeclared function); recorded.
    pub(super) fn expr(&mut self, expr: ExprId) -> Operand {
        self.expr_hint(expr, None)
    }

    /// As [`Self::expr`]; `hint` is the type the context asks for, which only generic functions and
    /// literals without type look at.
    pub(super) fn expr_hint(&mut self, expr: ExprId, hint: Option<TypeId>) -> Operand {
        let mut x = crate::deep(|| self.raw(expr, hint));
        x.expr = match x.mode {
            // A non-constant shift keeps the operand that its type comes from.
            Om::Value if self.is_untyped(x.ty) && self.is_shift_expr(expr) => expr,
            _ => expr,
        };
        if x.ok()
            && let TypeKind::Tuple(parts) = self.kind(x.ty)
            && x.mode == Om::Value
        {
            // More than one value where one is wanted: wrong, except as the caller knows.
            let _ = parts;
        }
        self.record(&x);
        x
    }

    fn is_shift_expr(&self, expr: ExprId) -> bool {
        matches!(*self.ast.expr(expr), Expr::Binary { op, .. } if super::untyped::is_shift(op))
    }

    fn raw(&mut self, expr: ExprId, hint: Option<TypeId>) -> Operand {
        match *self.ast.expr(expr) {
            Expr::Bad | Expr::KeyValue { .. } => Operand::invalid(expr),
            Expr::Ident(ident) => self.ident(expr, ident),
            Expr::BasicLit(kind) => self.basic_lit(expr, kind),
            Expr::FuncLit { signature, body } => self.func_lit(expr, signature, &body),
            Expr::CompositeLit { ty, elts } => self.composite(expr, ty, elts, hint),
            Expr::Paren(x) => {
                let mut x = self.expr_hint(x, hint);
                x.expr = expr;
                x
            }
            Expr::Selector { x, sel } => self.selector(expr, x, sel),
            Expr::Index { x, indices } => self.index(expr, x, indices),
            Expr::Slice { x, lo, hi, max } => self.slice(expr, x, [lo, hi, max]),
            Expr::TypeAssert { x, ty } => {
                self.expr(x);
                match ty {
                    Some(ty) => {
                        let ty = self.typ(ty);
                        self.result(Om::CommaOk, ty, expr)
                    }
                    None => Operand::invalid(expr),
                }
            }
            Expr::Call { fun, args, spread } => self.call(expr, fun, args, spread, hint),
            Expr::Star(x) => self.star(expr, x),
            Expr::Recv(x) => self.receive(expr, x),
            Expr::Unary { op: UnaryOp::Tilde, .. } => {
                let ty = self.typ(expr);
                Operand::new(Om::Type, ty, expr)
            }
            Expr::Unary { op: UnaryOp::Addr, x } => {
                let hint = hint.and_then(|h| self.p.pointee(h));
                let x = self.expr_hint(x, hint);
                if !x.ok() {
                    return Operand::invalid(expr);
                }
                Operand::new(Om::Value, self.pointer_to(x.ty), expr)
            }
            Expr::Unary { op, x } => self.unary(expr, op, x),
            Expr::Binary { op, x, y, .. } => {
                let mut x = self.binary(expr, x, y, op);
                x.expr = expr;
                x
            }
            Expr::SliceType(_)
            | Expr::ArrayType { .. }
            | Expr::StructType { .. }
            | Expr::FuncType(_)
            | Expr::InterfaceType { .. }
            | Expr::MapType { .. }
            | Expr::ChanType { .. }
            | Expr::Ellipsis(_) => {
                let ty = self.typ(expr);
                self.result(Om::Type, ty, expr)
            }
        }
    }

    /// An operand, invalid if its type is unknown.
    pub(super) fn result(&self, mode: Om, ty: TypeId, expr: ExprId) -> Operand {
        match ty == UNKNOWN {
            true => Operand::invalid(expr),
            false => Operand::new(mode, ty, expr),
        }
    }

    fn ident(&mut self, expr: ExprId, ident: IdentId) -> Operand {
        let Some(object) = self.lookup(ident) else { return Operand::invalid(expr) };
        self.t.set_ident(ident, object);
        self.object_operand(expr, object)
    }

    /// What a use of an object is.
    pub(super) fn object_operand(&mut self, expr: ExprId, object: ObjectId) -> Operand {
        let Some(cell) = self.p.cell(object) else { return Operand::invalid(expr) };
        let kind = cell.kind;
        let ty = self.p.type_of(object);
        match kind {
            CellKind::PkgName(_) | CellKind::Label => Operand::invalid(expr),
            CellKind::Const => {
                let mut x = self.result(Om::Const, ty, expr);
                if object == self.p.universe.iota {
                    let value = self.iota.map_or(ConstValue::Unknown, constant::int);
                    self.set_const(&mut x, self.basic(Basic::UntypedInt), value);
                } else if x.ok() {
                    let value = self.p.const_value(object);
                    self.set_const(&mut x, ty, value);
                }
                x
            }
            CellKind::TypeName { .. } | CellKind::TypeParam => self.result(Om::Type, ty, expr),
            CellKind::Var(_) => self.result(Om::Variable, ty, expr),
            CellKind::Func { .. } => self.result(Om::Value, ty, expr),
            CellKind::Builtin(builtin) => {
                let mut x = Operand::invalid(expr);
                x.mode = Om::Builtin(builtin);
                x
            }
            CellKind::Nil => Operand::new(Om::Value, self.basic(Basic::UntypedNil), expr),
        }
    }

    fn basic_lit(&mut self, expr: ExprId, kind: LitKind) -> Operand {
        let text = self.ast.expr_span(expr).of(self.text);
        let (basic, value) = match kind {
            LitKind::Int => (Basic::UntypedInt, constant::int_literal(text)),
            LitKind::Float => (Basic::UntypedFloat, constant::float_literal(text)),
            LitKind::Imag => (Basic::UntypedComplex, constant::imag_literal(text)),
            LitKind::Char => (Basic::UntypedRune, constant::char_literal(text)),
            LitKind::String => (Basic::UntypedString, constant::string_literal(text)),
        };
        let mut x = Operand::invalid(expr);
        self.set_const(&mut x, self.basic(basic), value);
        x
    }

    fn func_lit(&mut self, expr: ExprId, signature: SignatureId, body: &Block) -> Operand {
        let mut scope = FuncScope::default();
        let ty = self.scoped(|c| c.signature(signature, Some(&mut scope)));
        if self.in_body {
            self.literal_body(&scope, body);
        } else {
            self.t.delayed.push(Delayed { literal: expr, scope, iota: self.iota });
        }
        Operand::new(Om::Value, ty, expr)
    }

    fn star(&mut self, expr: ExprId, x: ExprId) -> Operand {
        let x = self.expr(x);
        match x.mode {
            Om::Invalid => Operand::invalid(expr),
            Om::Type => Operand::new(Om::Type, self.pointer_to(x.ty), expr),
            _ => match self.p.common_underlying(x.ty).map(|u| self.kind(u)) {
                Some(TypeKind::Pointer(base)) => self.result(Om::Variable, *base, expr),
                _ => Operand::invalid(expr),
            },
        }
    }

    fn receive(&mut self, expr: ExprId, x: ExprId) -> Operand {
        let x = self.expr(x);
        self.has_call_or_recv = true;
        if !x.ok() {
            return Operand::invalid(expr);
        }
        match self.p.common_underlying(x.ty).map(|u| self.kind(u)) {
            Some(TypeKind::Chan(_, elem)) => self.result(Om::CommaOk, *elem, expr),
            _ => Operand::invalid(expr),
        }
    }

    /// The values of an expression of which `n` are wanted: results of a call, or a comma-ok pair.
    pub(super) fn multi(&mut self, expr: ExprId, n: usize) -> Vec<Operand> {
        let x = self.expr(expr);
        if x.ok()
            && let TypeKind::Tuple(types) = self.kind(x.ty)
            && x.mode == Om::Value
        {
            return types.iter().map(|&ty| self.result(Om::Value, ty, expr)).collect();
        }
        if n == 2 && matches!(x.mode, Om::CommaOk | Om::MapIndex) {
            self.comma_ok(expr);
            let ok = Operand::new(Om::Value, self.basic(Basic::UntypedBool), expr);
            // The pair shares the expression: only the first value's type is recorded for it.
            let first = Operand { mode: Om::Value, ..x };
            return vec![first, ok];
        }
        vec![x]
    }

    /// Marks an expression (and what it parenthesises) as one with a second, boolean value.
    fn comma_ok(&mut self, mut expr: ExprId) {
        loop {
            self.t.comma_ok.push(expr);
            match *self.ast.expr(expr) {
                Expr::Paren(x) => expr = x,
                _ => return,
            }
        }
    }

    /// Converts an operand to the type of what it is assigned to.
    pub(super) fn assign_to(&mut self, x: &mut Operand, ty: TypeId) {
        if !x.ok() {
            return;
        }
        if self.is_untyped(x.ty) {
            let target = match self.valid(ty) {
                true => ty,
                false => self.default_type(x.ty),
            };
            self.convert_untyped(x, target);
            return;
        }
        self.instantiate_value(x, ty);
    }

    /// The type that a variable without declared type takes from a value.
    pub(super) fn default_value(&mut self, x: &mut Operand) -> TypeId {
        match x.mode {
            Om::Invalid | Om::NoValue | Om::Builtin(_) | Om::Type => return UNKNOWN,
            _ => {}
        }
        if self.is_nil(x) {
            return UNKNOWN;
        }
        if self.is_untyped(x.ty) {
            let ty = self.default_type(x.ty);
            // The boolean of a comma-ok pair is not what is recorded for the expression.
            match self.t.expr(x.expr).is_some_and(|info| info.ty == x.ty) {
                true => self.convert_untyped(x, ty),
                false => x.ty = ty,
            }
            return ty;
        }
        x.ty
    }
}
