//! Composite literals.

use super::*;
use crate::constant;
use crate::names::exported;
use stanch_syntax::ast::Expr;

impl Checker<'_, '_> {
    pub(super) fn composite_lit(
        &mut self,
        e: ExprId,
        ty: Option<ExprId>,
        elts: &[ExprId],
        hint: Option<TypeId>,
    ) -> Operand {
        let mut open = None;
        let (ty, base) = match (ty, hint) {
            (Some(written), _) => {
                let ty = match *self.ast.expr(written) {
                    Expr::ArrayType { len: None, elem } => {
                        open = Some(written);
                        let elem = self.typ(elem);
                        self.intern(TypeKind::Array(None, elem))
                    }
                    _ => self.typ(written),
                };
                (ty, ty)
            }
            // An element's literal without type; of a pointer's element it makes a pointer.
            (None, Some(hint)) => {
                let common = self.p.common_underlying(hint);
                match common.map(|u| self.p.deref(u)) {
                    Some((base, true)) => (hint, base),
                    _ => (hint, hint),
                }
            }
            (None, None) => (UNKNOWN, UNKNOWN),
        };
        let under = self.p.common_underlying(base).unwrap_or(UNKNOWN);
        match self.kind(under) {
            TypeKind::Struct(fields) => self.struct_elements(elts, fields),
            TypeKind::Slice(elem) => {
                self.elements(elts, *elem);
            }
            TypeKind::Array(_, elem) => {
                let n = self.elements(elts, *elem);
                if let Some(written) = open {
                    let array = self.intern(TypeKind::Array(Some(n), *elem));
                    self.record_type(written, array);
                    return Operand::new(Om::Value, array, e);
                }
            }
            TypeKind::Map(key, value) => self.map_elements(elts, *key, *value),
            _ => {
                for &elt in elts {
                    match *self.ast.expr(elt) {
                        Expr::KeyValue { value, .. } => self.use_exprs(&[value]),
                        _ => self.use_exprs(&[elt]),
                    }
                }
            }
        }
        self.result(Om::Value, ty, e)
    }

    fn element(&mut self, value: ExprId, ty: TypeId) {
        let mut x = self.expr_with_hint(value, ty);
        self.assignment(&mut x, Some(ty));
    }

    fn map_elements(&mut self, elts: &[ExprId], key: TypeId, value: TypeId) {
        for &elt in elts {
            match *self.ast.expr(elt) {
                Expr::KeyValue { key: k, value: v } => {
                    self.element(k, key);
                    self.element(v, value);
                }
                _ => self.element(elt, value),
            }
        }
    }

    fn struct_elements(&mut self, elts: &[ExprId], fields: &[StructField]) {
        let keyed =
            elts.first().is_some_and(|&x| matches!(self.ast.expr(x), Expr::KeyValue { .. }));
        for (i, &elt) in elts.iter().enumerate() {
            let (value, field) = match *self.ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    let field = match *self.ast.expr(key) {
                        Expr::Ident(ident) => self.field_key(ident, fields),
                        _ => None,
                    };
                    (value, field)
                }
                _ if keyed => (elt, None),
                _ => (elt, fields.get(i)),
            };
            let mut x = self.expr(value);
            if let Some(field) = field {
                self.assignment(&mut x, Some(field.ty));
            }
        }
    }

    fn field_key<'f>(
        &mut self,
        ident: IdentId,
        fields: &'f [StructField],
    ) -> Option<&'f StructField> {
        let name = self.ast.name(ident);
        let public = exported(name);
        let field =
            fields.iter().find(|f| &*f.name == name && (public || f.object.package == self.pkg))?;
        self.t.set_ident(ident, field.object);
        Some(field)
    }

    /// Infers the elements of an array or slice literal; its length.
    fn elements(&mut self, elts: &[ExprId], elem: TypeId) -> u64 {
        let (mut next, mut length) = (0u64, 0u64);
        for &elt in elts {
            let value = match *self.ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    let k = self.index_operand(key);
                    if k.mode == Om::Const
                        && let Some(n) = constant::to_u64(self.value_of(&k))
                    {
                        next = n;
                    }
                    value
                }
                _ => elt,
            };
            next = next.saturating_add(1);
            length = length.max(next);
            self.element(value, elem);
        }
        length
    }
}
