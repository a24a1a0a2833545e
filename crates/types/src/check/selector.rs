//! Selectors: qualified identifiers, fields, methods, method expressions.

use super::*;
use crate::lookup::{Hit, Search};

impl Checker<'_, '_> {
    pub(super) fn selector(&mut self, expr: ExprId, x: ExprId, sel: IdentId) -> Operand {
        if self.is_package(x) {
            return match self.qualified(x, sel) {
                Some(object) => self.object_operand(expr, object),
                None => Operand::invalid(expr),
            };
        }
        let x = self.expr(x);
        if !x.ok() || matches!(x.mode, Om::NoValue | Om::Builtin(_)) {
            return Operand::invalid(expr);
        }
        let Search::Hit(hit) = self.p.find(x.ty, self.pkg, self.name(sel)) else {
            return Operand::invalid(expr);
        };
        self.t.set_ident(sel, hit.object);
        let kind = match (hit.method, x.mode) {
            (true, Om::Type) => SelectionKind::MethodExpr,
            (true, _) => SelectionKind::Method,
            (false, _) => SelectionKind::Field,
        };
        let selection = Selection {
            kind,
            object: hit.object,
            recv: x.ty,
            path: hit.path.clone().into(),
            indirect: hit.indirect,
        };
        self.t.selections.push((expr, selection));
        match kind {
            SelectionKind::MethodExpr => {
                let ty = self.method_expr(x.ty, &hit);
                self.result(Om::Value, ty, expr)
            }
            SelectionKind::Method => self.result(Om::Value, hit.ty, expr),
            SelectionKind::Field => {
                let variable = x.mode == Om::Variable || hit.indirect;
                let mode = if variable { Om::Variable } else { Om::Value };
                self.result(mode, hit.ty, expr)
            }
        }
    }

    /// The type of `T.m`: the method's with the receiver as first parameter.
    fn method_expr(&mut self, recv: TypeId, hit: &Hit) -> TypeId {
        let Some(signature) = self.signature_of(hit.ty) else { return UNKNOWN };
        let mut params = vec![recv];
        params.extend(&signature.params);
        let names = self.p.names.names(signature.names);
        let names = match names.is_empty() {
            true => crate::names::NO_NAMES,
            false => {
                let scope = self.p.func_info(hit.object).and_then(|i| i.scope.get());
                let mut all = vec![scope.map_or(crate::names::BLANK, |s| s.recv_name.0)];
                all.extend(names);
                self.p.names.list(all)
            }
        };
        self.intern(TypeKind::Signature(SignatureType {
            type_params: Box::default(),
            params: params.into(),
            results: signature.results.clone(),
            variadic: signature.variadic,
            names,
        }))
    }
}
