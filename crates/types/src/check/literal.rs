//! Composite literals.

use super::*;
use crate::constant;
use stanch_syntax::ast::{Expr, List};

impl Checker<'_, '_> {
    pub(super) fn composite(
        &mut self,
        expr: ExprId,
        ty: Option<ExprId>,
        elts: List<ExprId>,
        hint: Option<TypeId>,
    ) -> Operand {
        let elts = self.ast.list(elts);
        let (ty, open) = match ty {
            Some(ty) => self.literal_type(ty),
            None => (hint.unwrap_or(UNKNOWN), None),
        };
        // The literal of a pointer's element in `[]*T{{…}}`.
        let base = match self.p.common_underlying(ty).map(|u| self.kind(u)) {
            Some(TypeKind::Pointer(to)) => *to,
            _ => ty,
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
                    return Operand::new(Om::Value, array, expr);
                }
            }
            TypeKind::Map(key, value) => {
                let (key, value) = (*key, *value);
                for &elt in elts {
                    if let Expr::KeyValue { key: k, value: v } = *self.ast.expr(elt) {
                        self.element_value(k, key);
                        self.element_value(v, value);
                    } else {
                        self.element_value(elt, value);
                    }
                }
            }
            _ => self.unknown_elements(elts),
        }
        self.result(Om::Value, ty, expr)
    }

    /// The type; for `[...]T` also the expression whose length the elements decide.
    fn literal_type(&mut self, ty: ExprId) -> (TypeId, Option<ExprId>) {
        if let Expr::ArrayType { len, elem } = *self.ast.expr(ty) {
            let open = match len {
                None => true,
                Some(len) => matches!(*self.ast.expr(len), Expr::Ellipsis(None)),
            };
            if open {
                let elem = self.typ(elem);
                return (self.intern(TypeKind::Array(None, elem)), Some(ty));
            }
        }
        (self.typ(ty), None)
    }

    fn element_value(&mut self, value: ExprId, ty: TypeId) {
        let mut x = self.expr_hint(value, Some(ty));
        self.assign_to(&mut x, ty);
    }

    fn struct_elements(&mut self, elts: &[ExprId], fields: &[StructField]) {
        for (i, &elt) in elts.iter().enumerate() {
            match *self.ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    let field = match *self.ast.expr(key) {
                        Expr::Ident(ident) => {
                            let name = self.ast.name(ident);
                            let field = fields.iter().find(|f| &*f.name == name);
                            if let Some(field) = field {
                                self.t.set_ident(ident, field.object);
                            }
                            field
                        }
                        _ => None,
                    };
                    match field {
                        Some(field) => self.element_value(value, field.ty),
                        None => {
                            self.expr(value);
                        }
                    }
                }
                _ => match fields.get(i) {
                    Some(field) => self.element_value(elt, field.ty),
                    None => {
                        self.expr(elt);
                    }
                },
            }
        }
    }

    /// Infers the elements of an array or slice literal; its length.
    fn elements(&mut self, elts: &[ExprId], elem: TypeId) -> u64 {
        let (mut next, mut length) = (0u64, 0u64);
        for &elt in elts {
            match *self.ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    let mut k = self.expr(key);
                    if k.ok() && self.is_untyped(k.ty) {
                        self.convert_untyped(&mut k, self.basic(Basic::Int));
                    }
                    if k.mode == Om::Const
                        && let Some(n) = constant::to_u64(self.value_of(&k))
                    {
                        next = n;
                    }
                    self.element_value(value, elem);
                }
                _ => self.element_value(elt, elem),
            }
            next = next.saturating_add(1);
            length = length.max(next);
        }
        length
    }

    fn unknown_elements(&mut self, elts: &[ExprId]) {
        for &elt in elts {
            match *self.ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    // The key may be a field's name, which means nothing without the type.
                    if !matches!(*self.ast.expr(key), Expr::Ident(_)) {
                        self.expr(key);
                    }
                    self.expr(value);
                }
                _ => {
                    self.expr(elt);
                }
            }
        }
    }
}
