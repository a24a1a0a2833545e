//! Expressions.

use super::*;
use crate::constant;
use crate::env::FuncScope;
use crate::tables::Delayed;
use stanch_syntax::ast::{Block, Expr, LitKind, SignatureId};

/// The function type that a generic function is assigned to.
pub(super) type Target = Option<TypeId>;

impl Checker<'_, '_> {
    /// A single value.
    pub(super) fn expr(&mut self, e: ExprId) -> Operand {
        self.expr_for(None, e)
    }

    /// A single value that is assigned to something of type `target`, if that is a function type.
    pub(super) fn expr_for(&mut self, target: Target, e: ExprId) -> Operand {
        let x = self.raw_expr(target, e, None, false);
        self.single(self.only_value(x))
    }

    pub(super) fn generic_expr(&mut self, e: ExprId) -> Operand {
        let x = self.raw_expr(None, e, None, true);
        self.single(self.only_value(x))
    }

    pub(super) fn expr_with_hint(&mut self, e: ExprId, hint: TypeId) -> Operand {
        let x = self.raw_expr(None, e, Some(hint), false);
        self.single(self.only_value(x))
    }

    pub(super) fn expr_or_type(&mut self, e: ExprId, generic: bool) -> Operand {
        let mut x = self.raw_expr(None, e, None, generic);
        if x.mode == Om::NoValue {
            x.mode = Om::Invalid;
        }
        self.single(x)
    }

    /// One expression that may stand for several values.
    pub(super) fn multi_expr(&mut self, e: ExprId, comma_ok: bool) -> (Vec<Operand>, bool) {
        let x = self.raw_expr(None, e, None, false);
        let x = self.only_value(x);
        if let Some(list) = self.unpack(&x) {
            return (list, false);
        }
        if comma_ok && matches!(x.mode, Om::MapIndex | Om::CommaOk) {
            let ok = Operand::new(Om::Value, self.basic(Basic::UntypedBool), e);
            return (vec![x, ok], true);
        }
        (vec![x], false)
    }

    /// The values of a call with several results.
    pub(super) fn unpack(&self, x: &Operand) -> Option<Vec<Operand>> {
        if x.mode != Om::Value {
            return None;
        }
        match self.kind(x.ty) {
            TypeKind::Tuple(list) => {
                Some(list.iter().map(|&t| Operand::new(Om::Value, t, x.expr)).collect())
            }
            _ => None,
        }
    }

    pub(super) fn expr_list(&mut self, list: &[ExprId]) -> Vec<Operand> {
        match *list {
            [e] => self.multi_expr(e, false).0,
            _ => list.iter().map(|&e| self.expr(e)).collect(),
        }
    }

    pub(super) fn only_value(&self, mut x: Operand) -> Operand {
        if matches!(x.mode, Om::NoValue | Om::Builtin(_) | Om::Type) {
            x.mode = Om::Invalid;
        }
        x
    }

    fn single(&self, mut x: Operand) -> Operand {
        if x.mode == Om::Value && matches!(self.kind(x.ty), TypeKind::Tuple(_)) {
            x.mode = Om::Invalid;
        }
        x
    }

    /// Walks expressions of wrong code for what they use.
    pub(super) fn use_exprs(&mut self, list: &[ExprId]) {
        for &e in list {
            if let Expr::Ident(ident) = *self.ast.expr(self.ast.unparen(e))
                && self.name(ident) == BLANK
            {
                continue;
            }
            self.raw_expr(None, e, None, true);
        }
    }

    pub(super) fn raw_expr(
        &mut self,
        target: Target,
        e: ExprId,
        hint: Option<TypeId>,
        generic: bool,
    ) -> Operand {
        let mut x = crate::deep(|| self.expr_kind(target, e, hint));
        x.expr = e;
        if !generic {
            self.non_generic(target, &mut x);
        }
        self.record(&x);
        x
    }

    /// Instantiates a generic function from the target's type, or refuses generics.
    pub(super) fn non_generic(&mut self, target: Target, x: &mut Operand) {
        match x.mode {
            Om::Invalid | Om::NoValue => {}
            Om::Type => {
                if self.is_generic_type(x.ty) {
                    *x = Operand::invalid(x.expr);
                }
            }
            _ => {
                let TypeKind::Signature(s) = self.kind(x.ty) else { return };
                if s.type_params.is_empty() {
                    return;
                }
                match target {
                    Some(target) => {
                        let sig = x.ty;
                        *x = self.instantiate_for(Some(target), x.expr, sig, Vec::new());
                    }
                    None => *x = Operand::invalid(x.expr),
                }
            }
        }
    }

    /// A generic type without its type arguments.
    pub(super) fn is_generic_type(&self, ty: TypeId) -> bool {
        match self.kind(ty) {
            TypeKind::Named { object, args } => args.is_empty() && self.p.is_generic_name(*object),
            TypeKind::Alias { object, args } => {
                args.is_empty()
                    && (self.p.is_generic_name(*object) || {
                        let to = self.p.unalias(ty);
                        matches!(self.kind(to), TypeKind::Named { .. }) && self.is_generic_type(to)
                    })
            }
            _ => false,
        }
    }

    fn expr_kind(&mut self, target: Target, e: ExprId, hint: Option<TypeId>) -> Operand {
        let ast = self.ast;
        match ast.expr(e) {
            Expr::Bad | Expr::Ellipsis(_) => Operand::invalid(e),
            Expr::KeyValue { key, value } => {
                self.use_exprs(&[*key, *value]);
                Operand::invalid(e)
            }
            Expr::Ident(ident) => self.ident(e, *ident),
            Expr::BasicLit(kind) => self.basic_lit(e, *kind),
            Expr::FuncLit { signature, body } => self.func_lit(e, *signature, body),
            Expr::CompositeLit { ty, elts } => self.composite_lit(e, *ty, ast.list(*elts), hint),
            Expr::Paren(inner) => self.raw_expr(None, *inner, None, false),
            Expr::Selector { x, sel } => self.selector(e, *x, *sel, false),
            Expr::Index { x, indices } => {
                let indices = ast.list(*indices);
                let mut operand = Operand::invalid(e);
                if self.index_expr(&mut operand, e, *x, indices) {
                    let args = self.type_list(indices);
                    let Some(args) = args else { return Operand::invalid(e) };
                    return self.instantiate_for(target, e, operand.ty, args);
                }
                operand
            }
            Expr::Slice { x, lo, hi, max } => self.slice_expr(e, *x, [*lo, *hi, *max]),
            Expr::TypeAssert { x, ty } => {
                self.expr(*x);
                let Some(ty) = ty else { return Operand::invalid(e) };
                let ty = self.typ(*ty);
                match self.valid(ty) {
                    true => Operand::new(Om::CommaOk, ty, e),
                    false => Operand::invalid(e),
                }
            }
            Expr::Call { fun, args, spread } => self.call(e, *fun, ast.list(*args), *spread),
            Expr::Star(inner) => self.star(e, *inner),
            Expr::Recv(inner) => {
                let x = self.expr(*inner);
                if !x.ok() {
                    return x;
                }
                self.has_call_or_recv = true;
                match self.p.common_underlying(x.ty).map(|u| self.kind(u)) {
                    Some(TypeKind::Chan(_, elem)) => Operand::new(Om::CommaOk, *elem, e),
                    _ => Operand::invalid(e),
                }
            }
            Expr::Unary { op, x } => self.unary(e, *op, *x),
            Expr::Binary { op, x, y, .. } => self.binary(e, *x, *y, *op),
            Expr::SliceType(_)
            | Expr::ArrayType { .. }
            | Expr::StructType { .. }
            | Expr::FuncType(_)
            | Expr::InterfaceType { .. }
            | Expr::MapType { .. }
            | Expr::ChanType { .. } => {
                let ty = self.typ(e);
                match ty == UNKNOWN {
                    true => Operand::invalid(e),
                    false => Operand::new(Om::Type, ty, e),
                }
            }
        }
    }

    fn star(&mut self, e: ExprId, inner: ExprId) -> Operand {
        let x = self.expr_or_type(inner, false);
        match x.mode {
            Om::Invalid | Om::Builtin(_) => Operand::invalid(e),
            Om::Type => Operand::new(Om::Type, self.pointer_to(x.ty), e),
            _ => {
                let terms = self.p.type_terms(x.ty);
                match terms.first().map(|t| self.kind(t.1)) {
                    Some(TypeKind::Pointer(base)) => Operand::new(Om::Variable, *base, e),
                    _ => Operand::invalid(e),
                }
            }
        }
    }

    fn func_lit(&mut self, e: ExprId, signature: SignatureId, body: &Block) -> Operand {
        let mut scope = FuncScope::default();
        let ty = self.scoped(|c| c.signature(signature, Some(&mut scope)));
        if self.in_body {
            self.literal_body(&scope, body);
        } else {
            self.t.delayed.push(Delayed { literal: e, scope, iota: self.iota });
        }
        Operand::new(Om::Value, ty, e)
    }

    fn basic_lit(&mut self, e: ExprId, kind: LitKind) -> Operand {
        let text = self.ast.expr_span(e).of(self.text);
        let (basic, value) = match kind {
            LitKind::Int => (Basic::UntypedInt, constant::int_literal(text)),
            LitKind::Float => (Basic::UntypedFloat, constant::float_literal(text)),
            LitKind::Imag => (Basic::UntypedComplex, constant::imag_literal(text)),
            LitKind::Char => (Basic::UntypedRune, constant::char_literal(text)),
            LitKind::String => (Basic::UntypedString, constant::string_literal(text)),
        };
        let mut x = Operand::new(Om::Const, self.basic(basic), e);
        x.val = self.constant(value);
        x
    }

    /// What an identifier stands for.
    pub(super) fn ident(&mut self, e: ExprId, ident: IdentId) -> Operand {
        let Some(object) = self.lookup(ident) else { return Operand::invalid(e) };
        self.t.set_ident(ident, object);
        self.object_operand(e, object)
    }

    /// The operand of a use of `object`.
    pub(super) fn object_operand(&mut self, e: ExprId, object: ObjectId) -> Operand {
        let Some(cell) = self.p.cell(object) else { return Operand::invalid(e) };
        let p = self.p;
        let ty = match cell.ty() {
            Some(ty) => ty,
            None => p.type_of(object),
        };
        match cell.kind {
            CellKind::PkgName(_) | CellKind::Label => Operand::invalid(e),
            CellKind::Const => {
                if ty == UNKNOWN {
                    return Operand::invalid(e);
                }
                let value = match (object == p.universe.iota, self.iota) {
                    (true, Some(iota)) => constant::int(iota),
                    (true, None) => return Operand::invalid(e),
                    (false, _) => p.const_value(object),
                };
                let mut x = Operand::new(Om::Const, ty, e);
                x.val = self.constant(value);
                x
            }
            CellKind::TypeName { .. } | CellKind::TypeParam => Operand::new(Om::Type, ty, e),
            CellKind::Var(_) if ty == UNKNOWN => Operand::invalid(e),
            CellKind::Var(_) => Operand::new(Om::Variable, ty, e),
            CellKind::Func { .. } if ty == UNKNOWN => Operand::invalid(e),
            CellKind::Func { .. } => Operand::new(Om::Value, ty, e),
            CellKind::Builtin(builtin) => Operand::new(Om::Builtin(builtin), UNKNOWN, e),
            CellKind::Nil => Operand::new(Om::Value, ty, e),
        }
    }
}
