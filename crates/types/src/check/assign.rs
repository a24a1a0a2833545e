//! Assignments and short variable declarations.

use super::*;
use stanch_syntax::ast::Expr;

/// The type of what is assigned to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// The blank identifier, or a variable whose type the value decides.
    Open,
    /// Wrong code.
    Bad,
    /// Of this type.
    Of(TypeId),
}

impl Checker<'_, '_> {
    /// Converts an operand to what it is assigned to; `None`: something without a type.
    pub(super) fn assignment(&mut self, x: &mut Operand, ty: Option<TypeId>) {
        match x.mode {
            Om::Invalid => return,
            Om::NoValue | Om::Builtin(_) | Om::Type => return x.mode = Om::Invalid,
            _ => {}
        }
        if self.is_untyped(x.ty) {
            let target = match ty {
                None if self.is_nil(x) => return x.mode = Om::Invalid,
                Some(ty) if !self.is_interface(ty) => ty,
                _ => self.default_type(x.ty),
            };
            match self.implicit_type(x, target) {
                Some((ty, value)) => self.adopt(x, ty, value),
                None => x.mode = Om::Invalid,
            }
        }
        if let TypeKind::Signature(s) = self.kind(x.ty)
            && !s.type_params.is_empty()
        {
            x.mode = Om::Invalid;
        }
    }

    /// Initialises a variable; its type.
    pub(super) fn init_var(&mut self, x: &mut Operand, declared: Option<TypeId>) -> TypeId {
        if !x.ok() || x.ty == UNKNOWN {
            x.mode = Om::Invalid;
            return declared.unwrap_or(UNKNOWN);
        }
        if declared == Some(UNKNOWN) {
            x.mode = Om::Invalid;
            return UNKNOWN;
        }
        let ty = match declared {
            Some(ty) => ty,
            None if self.is_nil(x) || matches!(x.mode, Om::NoValue | Om::Type) => {
                x.mode = Om::Invalid;
                return UNKNOWN;
            }
            None => self.default_type(x.ty),
        };
        self.assignment(x, Some(ty));
        ty
    }

    fn is_call(&self, e: ExprId) -> bool {
        matches!(self.ast.expr(self.ast.unparen(e)), Expr::Call { .. })
    }

    /// Initialises variables, whose declared types may be given; their types.
    pub(super) fn init_vars(
        &mut self,
        declared: &[Option<TypeId>],
        values: &[ExprId],
        in_return: bool,
    ) -> Vec<TypeId> {
        let one_call = matches!(*values, [one] if self.is_call(one));
        if declared.len() == values.len() && !one_call {
            let pairs = declared.iter().zip(values);
            return pairs
                .map(|(&ty, &value)| {
                    let mut x = self.expr_for(ty, value);
                    self.init_var(&mut x, ty)
                })
                .collect();
        }
        let &[value] = values else {
            self.use_exprs(values);
            return declared.iter().map(|d| d.unwrap_or(UNKNOWN)).collect();
        };
        let (mut operands, comma_ok) = self.multi_expr(value, declared.len() == 2 && !in_return);
        if operands.len() != declared.len() {
            return declared.iter().map(|d| d.unwrap_or(UNKNOWN)).collect();
        }
        let pairs = declared.iter().zip(&mut operands);
        let types = pairs.map(|(&ty, x)| self.init_var(x, ty)).collect();
        if comma_ok {
            self.record_comma_ok(value, &operands);
        }
        types
    }

    /// Marks an expression, and what it parenthesises, as one with a second value.
    fn record_comma_ok(&mut self, mut e: ExprId, operands: &[Operand]) {
        let [first, second] = operands else { return };
        if !first.ok() || !second.ok() {
            return;
        }
        loop {
            self.t.comma_ok.push((e, second.ty));
            match *self.ast.expr(e) {
                Expr::Paren(x) => e = x,
                _ => return,
            }
        }
    }

    /// What stands on the left of `=`.
    pub(super) fn lhs(&mut self, e: ExprId) -> Place {
        if self.is_blank(e) {
            return Place::Open;
        }
        match self.expr(e) {
            x if x.ok() && x.ty != UNKNOWN => Place::Of(x.ty),
            _ => Place::Bad,
        }
    }

    pub(super) fn is_blank(&self, e: ExprId) -> bool {
        match *self.ast.expr(self.ast.unparen(e)) {
            Expr::Ident(ident) => self.name(ident) == BLANK,
            _ => false,
        }
    }

    /// Assigns an operand to what stands at `lhs`.
    pub(super) fn assign_operand(&mut self, lhs: ExprId, x: &mut Operand) {
        match self.lhs(lhs) {
            Place::Open => self.assignment(x, None),
            Place::Of(ty) => self.assignment(x, Some(ty)),
            Place::Bad => x.mode = Om::Invalid,
        }
    }

    pub(super) fn assign(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        let one_call = matches!(*rhs, [one] if self.is_call(one));
        if lhs.len() == rhs.len() && !one_call {
            for (&l, &r) in lhs.iter().zip(rhs) {
                match self.lhs(l) {
                    Place::Bad => self.use_exprs(&[r]),
                    Place::Open => {
                        let mut x = self.expr(r);
                        self.assignment(&mut x, None);
                    }
                    Place::Of(ty) => {
                        let mut x = self.expr_for(Some(ty), r);
                        self.assignment(&mut x, Some(ty));
                    }
                }
            }
            return;
        }
        let &[value] = rhs else {
            self.use_exprs(lhs);
            return self.use_exprs(rhs);
        };
        let (mut operands, comma_ok) = self.multi_expr(value, lhs.len() == 2);
        if operands.len() != lhs.len() {
            return self.use_exprs(lhs);
        }
        for (&l, x) in lhs.iter().zip(&mut operands) {
            self.assign_operand(l, x);
        }
        if comma_ok {
            self.record_comma_ok(value, &operands);
        }
    }

    /// `lhs := rhs`: new variables are in scope after the statement.
    pub(super) fn define(&mut self, lhs: &[ExprId], rhs: &[ExprId]) {
        let mut declared = Vec::with_capacity(lhs.len());
        let mut new: Vec<Option<IdentId>> = Vec::with_capacity(lhs.len());
        for &l in lhs {
            let Expr::Ident(ident) = *self.ast.expr(l) else {
                self.use_exprs(&[l]);
                declared.push(None);
                new.push(None);
                continue;
            };
            match self.local_here(self.symbol(ident)) {
                Some(object) => {
                    self.t.set_ident(ident, object);
                    let cell = self.p.cell(object);
                    let variable = cell.is_some_and(|c| matches!(c.kind, CellKind::Var(_)));
                    declared.push(variable.then(|| self.p.type_of(object)));
                    new.push(None);
                }
                None => {
                    declared.push(None);
                    new.push(Some(ident));
                }
            }
        }
        let types = self.init_vars(&declared, rhs, false);
        for (ident, ty) in new.into_iter().zip(types) {
            if let Some(ident) = ident {
                self.declare_var(ident, VarKind::Local, ty);
            }
        }
    }
}
