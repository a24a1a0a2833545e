//! Index and slice expressions.

use super::*;

impl Checker<'_, '_> {
    /// `base[indices]` into `x`; true if `x` is a generic function that is instantiated.
    pub(super) fn index_expr(
        &mut self,
        x: &mut Operand,
        e: ExprId,
        base: ExprId,
        indices: &[ExprId],
    ) -> bool {
        *x = self.expr_or_type(base, true);
        match x.mode {
            Om::Invalid => {
                self.use_exprs(indices);
                return false;
            }
            Om::Type => {
                let ty = self.typ(e);
                *x = if self.valid(ty) {
                    Operand::new(Om::Type, ty, e)
                } else {
                    Operand::invalid(e)
                };
                return false;
            }
            Om::Value if self.signature_of(x.ty).is_some_and(|s| !s.type_params.is_empty()) => {
                return true;
            }
            _ => {}
        }
        self.non_generic(None, x);
        let Some(&index) = indices.first().filter(|_| x.ok()) else {
            *x = Operand::invalid(e);
            return false;
        };
        *x = self.element_of(x, e, index);
        false
    }

    fn element_of(&mut self, x: &Operand, e: ExprId, index: ExprId) -> Operand {
        let byte = self.p.universe.byte;
        let (mode, elem) = match self.under_kind(x.ty) {
            TypeKind::Basic(b) if is_string(*b) => (Om::Value, byte),
            TypeKind::Array(_, elem) if x.mode == Om::Variable => (Om::Variable, *elem),
            TypeKind::Array(_, elem) => (Om::Value, *elem),
            TypeKind::Slice(elem) => (Om::Variable, *elem),
            TypeKind::Pointer(to) => match self.under_kind(*to) {
                TypeKind::Array(_, elem) => (Om::Variable, *elem),
                _ => (Om::Invalid, UNKNOWN),
            },
            TypeKind::Map(key, elem) => {
                let (key, elem) = (*key, *elem);
                return self.map_element(e, index, key, elem);
            }
            TypeKind::Interface(_) if self.p.is_type_param(x.ty) => {
                match self.param_element(x, byte) {
                    Some((_, Some(key), elem)) => return self.map_element(e, index, key, elem),
                    Some((mode, None, elem)) => (mode, elem),
                    None => (Om::Invalid, UNKNOWN),
                }
            }
            _ => (Om::Invalid, UNKNOWN),
        };
        if mode == Om::Invalid {
            self.use_exprs(&[index]);
        } else {
            self.index_operand(index);
        }
        self.result(mode, elem, e)
    }

    fn map_element(&mut self, e: ExprId, index: ExprId, key: TypeId, elem: TypeId) -> Operand {
        let mut k = self.expr(index);
        self.assignment(&mut k, Some(key));
        self.result(Om::MapIndex, elem, e)
    }

    /// Mode, key (of maps) and element of an index into a value of a type parameter's type.
    fn param_element(&self, x: &Operand, byte: TypeId) -> Option<(Om, Option<TypeId>, TypeId)> {
        let mut mode = Om::Variable;
        let mut found = None;
        for term in self.p.terms_of(x.ty)? {
            let (key, elem) = match self.under_kind(term.ty) {
                TypeKind::Basic(b) if is_string(*b) => {
                    mode = Om::Value;
                    (None, byte)
                }
                TypeKind::Array(_, elem) => {
                    if x.mode != Om::Variable {
                        mode = Om::Value;
                    }
                    (None, *elem)
                }
                TypeKind::Pointer(to) => match self.under_kind(*to) {
                    TypeKind::Array(_, elem) => (None, *elem),
                    _ => return None,
                },
                TypeKind::Slice(elem) => (None, *elem),
                TypeKind::Map(key, elem) => (Some(*key), *elem),
                _ => return None,
            };
            found.get_or_insert((key, elem));
        }
        found.map(|(key, elem)| (mode, key, elem))
    }

    /// An index or a size: untyped constants become `int`.
    pub(super) fn index_operand(&mut self, index: ExprId) -> Operand {
        let mut i = self.expr(index);
        self.as_index(&mut i);
        i
    }

    pub(super) fn as_index(&mut self, i: &mut Operand) {
        if i.ok() {
            self.convert_untyped(i, self.basic(Basic::Int));
        }
    }

    pub(super) fn slice_expr(
        &mut self,
        e: ExprId,
        x: ExprId,
        bounds: [Option<ExprId>; 3],
    ) -> Operand {
        let x = self.expr(x);
        if !x.ok() {
            for bound in bounds.into_iter().flatten() {
                self.use_exprs(&[bound]);
            }
            return Operand::invalid(e);
        }
        let ty = self.sliced_type(&x);
        for bound in bounds.into_iter().flatten() {
            self.index_operand(bound);
        }
        self.result(Om::Value, ty, e)
    }

    fn sliced_type(&self, x: &Operand) -> TypeId {
        let terms = self.p.type_terms(x.ty);
        let string = |u: TypeId| self.is(u, is_string);
        if terms.iter().any(|t| string(t.1)) {
            // Strings and byte slices go together.
            return match self.is_untyped(x.ty) {
                true => self.basic(Basic::String),
                false => x.ty,
            };
        }
        match terms.first().map(|t| self.kind(t.1)) {
            Some(TypeKind::Slice(_)) => x.ty,
            Some(TypeKind::Array(_, elem)) => self.slice_of(*elem),
            Some(TypeKind::Pointer(to)) => match self.under_kind(*to) {
                TypeKind::Array(_, elem) => self.slice_of(*elem),
                _ => UNKNOWN,
            },
            _ => UNKNOWN,
        }
    }
}
