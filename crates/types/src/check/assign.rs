//! Assignments and short variable declarations.

use super::*;
use stanch_syntax::ast::{Expr, List};

impl Checker<'_, '_> {
    pub(super) fn assign(&mut self, lhs: List<ExprId>, rhs: List<ExprId>) {
        let (lhs, rhs) = (self.ast.list(lhs), self.ast.list(rhs));
        let types: Vec<TypeId> = lhs.iter().map(|&l| self.target(l)).collect();
        self.assign_values(rhs, &types);
    }

    /// The type of what is assigned to; unknown for the blank identifier, which takes anything.
    pub(super) fn target(&mut self, expr: ExprId) -> TypeId {
        if self.is_blank(expr) {
            return UNKNOWN;
        }
        let x = self.expr(expr);
        if x.ok() { x.ty } else { UNKNOWN }
    }

    pub(super) fn is_blank(&self, expr: ExprId) -> bool {
        match *self.ast.expr(self.ast.unparen(expr)) {
            Expr::Ident(ident) => self.name(ident) == BLANK,
            _ => false,
        }
    }

    /// Infers values that are assigned to variables of these types.
    pub(super) fn assign_values(&mut self, values: &[ExprId], types: &[TypeId]) {
        if let [one] = values
            && types.len() != 1
        {
            let mut operands = self.multi(*one, types.len());
            for (x, &ty) in operands.iter_mut().zip(types) {
                // The second value of a comma-ok pair is not recorded: only its own type counts.
                if x.mode != Om::Invalid && !self.is_untyped(x.ty) {
                    self.assign_to(x, ty);
                }
            }
            return;
        }
        for (i, &value) in values.iter().enumerate() {
            let ty = types.get(i).copied().unwrap_or(UNKNOWN);
            let mut x = self.expr_hint(value, (ty != UNKNOWN).then_some(ty));
            match ty == UNKNOWN {
                true => {
                    self.default_value(&mut x);
                }
                false => self.assign_to(&mut x, ty),
            }
        }
    }

    /// `lhs := rhs`: new variables are in scope after the statement.
    pub(super) fn define(&mut self, lhs: List<ExprId>, rhs: List<ExprId>) {
        let (lhs, rhs) = (self.ast.list(lhs), self.ast.list(rhs));
        // Variables of this scope are assigned; others are new.
        let old: Vec<Option<TypeId>> = lhs.iter().map(|&l| self.redeclared(l)).collect();
        let types: Vec<TypeId> = match rhs {
            [one] if lhs.len() != 1 => {
                let mut operands = self.multi(*one, lhs.len());
                let mut types: Vec<TypeId> =
                    operands.iter_mut().map(|x| self.default_value(x)).collect();
                types.resize(lhs.len(), UNKNOWN);
                types
            }
            _ => {
                let mut types: Vec<TypeId> = Vec::with_capacity(lhs.len());
                for (i, &value) in rhs.iter().enumerate() {
                    let target = old.get(i).copied().flatten();
                    let mut x = self.expr_hint(value, target);
                    types.push(match target {
                        Some(ty) => {
                            self.assign_to(&mut x, ty);
                            ty
                        }
                        None => self.default_value(&mut x),
                    });
                }
                types.resize(lhs.len(), UNKNOWN);
                types
            }
        };
        for ((&l, old), ty) in lhs.iter().zip(old).zip(types) {
            if old.is_none() {
                self.define_one(l, ty);
            }
        }
    }

    /// The type of a variable on the left of `:=` that this scope has already; its use is recorded.
    fn redeclared(&mut self, expr: ExprId) -> Option<TypeId> {
        let Expr::Ident(ident) = *self.ast.expr(expr) else {
            return Some(self.target(expr));
        };
        let object = self.local_here(self.symbol(ident))?;
        self.t.set_ident(ident, object);
        let ty = self.p.type_of(object);
        self.record_value(expr, ty);
        Some(ty)
    }

    pub(super) fn define_one(&mut self, expr: ExprId, ty: TypeId) {
        if let Expr::Ident(ident) = *self.ast.expr(expr) {
            self.declare_var(ident, VarKind::Local, ty);
        }
    }
}
