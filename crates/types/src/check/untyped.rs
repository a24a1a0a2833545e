//! Untyped operands: conversion to the type their context asks for.

use super::*;
use crate::constant;
use stanch_syntax::ast::{BinaryOp, Expr};

/// Whether the operator is a comparison.
pub(super) fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::*;
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

/// Whether the operator is a shift.
pub(super) fn is_shift(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Shl | BinaryOp::Shr)
}

impl Checker<'_, '_> {
    /// The default type of an untyped type; other types themselves.
    pub(super) fn default_type(&self, ty: TypeId) -> TypeId {
        match self.kind(ty) {
            TypeKind::Basic(Basic::UntypedBool) => self.basic(Basic::Bool),
            TypeKind::Basic(Basic::UntypedInt) => self.basic(Basic::Int),
            TypeKind::Basic(Basic::UntypedRune) => self.p.universe.rune,
            TypeKind::Basic(Basic::UntypedFloat) => self.basic(Basic::Float64),
            TypeKind::Basic(Basic::UntypedComplex) => self.basic(Basic::Complex128),
            TypeKind::Basic(Basic::UntypedString) => self.basic(Basic::String),
            _ => ty,
        }
    }

    /// The larger of two untyped types, if they go together.
    pub(super) fn max_type(&self, x: TypeId, y: TypeId) -> Option<TypeId> {
        if x == y {
            return Some(x);
        }
        match (self.kind(x), self.kind(y)) {
            (TypeKind::Basic(a), TypeKind::Basic(b))
                if self.is_untyped(x) && self.is_untyped(y) && is_numeric(*a) && is_numeric(*b) =>
            {
                Some(if a > b { x } else { y })
            }
            _ => None,
        }
    }

    pub(super) fn is_nil(&self, x: &Operand) -> bool {
        x.mode == Om::Value && x.ty == self.basic(Basic::UntypedNil)
    }

    pub(super) fn has_nil(&self, ty: TypeId) -> bool {
        match self.under_kind(ty) {
            TypeKind::Basic(Basic::UnsafePointer | Basic::UntypedNil) => true,
            TypeKind::Slice(_)
            | TypeKind::Pointer(_)
            | TypeKind::Signature(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..) => true,
            TypeKind::Interface(_) if self.p.is_type_param(ty) => match self.p.terms_of(ty) {
                Some(terms) => terms.iter().all(|t| self.has_nil(t.ty)),
                None => false,
            },
            TypeKind::Interface(_) => true,
            _ => false,
        }
    }

    /// The type and, for constants, the value that an untyped operand takes in a context of type
    /// `target`; `None` where it cannot.
    pub(super) fn implicit_type(
        &self,
        x: &Operand,
        target: TypeId,
    ) -> Option<(TypeId, Option<ConstValue>)> {
        if !x.ok() || !self.is_untyped(x.ty) || !self.valid(target) {
            return Some((x.ty, None));
        }
        if self.is_untyped(target) {
            return Some((self.max_type(x.ty, target)?, None));
        }
        let nil = self.basic(Basic::UntypedNil);
        match self.under_kind(target) {
            TypeKind::Basic(basic) => {
                if x.mode == Om::Const {
                    let word = self.p.target.word_size;
                    let value = constant::represent(self.value_of(x), *basic, word)?;
                    return Some((target, Some(value)));
                }
                let TypeKind::Basic(own) = self.kind(x.ty) else { return None };
                let fits = match own {
                    Basic::UntypedBool => is_boolean(*basic),
                    Basic::UntypedString => is_string(*basic),
                    Basic::UntypedNil => {
                        return (*basic == Basic::UnsafePointer).then_some((nil, None));
                    }
                    _ => is_numeric(*basic),
                };
                fits.then_some((target, None))
            }
            TypeKind::Interface(_) if self.p.is_type_param(target) => {
                let terms = self.p.terms_of(target)?;
                if !terms.iter().all(|t| self.implicit_type(x, self.under(t.ty)).is_some()) {
                    return None;
                }
                Some((if self.is_nil(x) { nil } else { target }, None))
            }
            TypeKind::Interface(_) => {
                if self.is_nil(x) {
                    return Some((nil, None));
                }
                Some((self.default_type(x.ty), None))
            }
            TypeKind::Pointer(_)
            | TypeKind::Signature(_)
            | TypeKind::Slice(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..) => self.is_nil(x).then_some((nil, None)),
            _ => None,
        }
    }

    pub(super) fn convert_untyped(&mut self, x: &mut Operand, target: TypeId) {
        let Some((ty, value)) = self.implicit_type(x, target) else {
            x.mode = Om::Invalid;
            return;
        };
        self.adopt(x, ty, value);
    }

    /// Gives an operand its new type and value, also in the tables.
    pub(super) fn adopt(&mut self, x: &mut Operand, ty: TypeId, value: Option<ConstValue>) {
        if let Some(value) = value {
            x.val = self.constant(value);
            self.update_value(x.expr, x.val);
        }
        if ty != x.ty {
            x.ty = ty;
            self.update_type(x.expr, ty, false);
        }
    }

    fn update_value(&mut self, expr: ExprId, constant: u32) {
        if let Some(info) = self.t.expr(expr)
            && self.is_untyped(info.ty)
            && info.constant.is_some()
        {
            self.t.set_expr(expr, ExprInfo { constant: Some(constant), ..info });
        }
    }

    /// Records the type that an untyped expression finally has, down to its operands.
    pub(super) fn update_type(&mut self, expr: ExprId, ty: TypeId, last: bool) {
        let Some(old) = self.t.expr(expr) else { return };
        if !self.is_untyped(old.ty) {
            return;
        }
        match *self.ast.expr(expr) {
            Expr::Paren(x) => self.update_type(x, ty, last),
            Expr::Unary { x, .. } if old.constant.is_none() => self.update_type(x, ty, last),
            Expr::Binary { op, x, y, .. } if old.constant.is_none() => {
                if is_shift(op) {
                    self.update_type(x, ty, last);
                } else if !is_comparison(op) {
                    self.update_type(x, ty, last);
                    self.update_type(y, ty, last);
                }
            }
            _ => {}
        }
        let ty = match !last && self.is_untyped(ty) {
            true => self.under(ty),
            false => ty,
        };
        self.t.set_expr(expr, ExprInfo { ty, ..old });
    }

    /// Converts untyped operands of a binary operation to each other's types.
    pub(super) fn match_types(&mut self, x: &mut Operand, y: &mut Operand) {
        if !self.may_convert(x, y) {
            return;
        }
        self.convert_untyped(x, y.ty);
        if x.ok() {
            self.convert_untyped(y, x.ty);
            if !y.ok() {
                x.mode = Om::Invalid;
            }
        }
    }

    fn may_convert(&self, x: &Operand, y: &Operand) -> bool {
        if !self.is_untyped(x.ty) && !self.is_untyped(y.ty) {
            return false;
        }
        let numeric = |ty| self.all(ty, is_numeric);
        if self.is_interface(x.ty) || self.is_interface(y.ty) {
            return true;
        }
        if numeric(x.ty) != numeric(y.ty)
            || self.all(x.ty, is_boolean) != self.all(y.ty, is_boolean)
            || self.all(x.ty, is_string) != self.all(y.ty, is_string)
        {
            return false;
        }
        if self.is_nil(x) {
            return self.has_nil(y.ty);
        }
        if self.is_nil(y) {
            return self.has_nil(x.ty);
        }
        let pointer = |ty| matches!(self.under_kind(ty), TypeKind::Pointer(_));
        !pointer(x.ty) && !pointer(y.ty)
    }
}

/// The length of an array type, or of the array that a pointer type points to.
pub(super) fn array_behind(p: &Program<'_>, under: TypeId) -> Option<Option<u64>> {
    let array = match p.kind(under) {
        TypeKind::Pointer(to) => p.underlying(*to),
        _ => under,
    };
    match p.kind(array) {
        TypeKind::Array(n, _) => Some(*n),
        _ => None,
    }
}
