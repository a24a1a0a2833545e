//! Index and slice expressions, instances.

use super::*;
use crate::constant;
use stanch_syntax::ast::List;

impl Checker<'_, '_> {
    pub(super) fn index(&mut self, expr: ExprId, x: ExprId, indices: List<ExprId>) -> Operand {
        let base = self.expr(x);
        let args = self.ast.list(indices);
        if !base.ok() {
            for &arg in args {
                self.expr(arg);
            }
            return Operand::invalid(expr);
        }
        if base.mode == Om::Type {
            let args: Vec<TypeId> = args.iter().map(|&a| self.typ(a)).collect();
            let kind = match self.kind(base.ty) {
                TypeKind::Named { object, .. } => {
                    TypeKind::Named { object: *object, args: args.clone().into() }
                }
                TypeKind::Alias { object, .. } => {
                    TypeKind::Alias { object: *object, args: args.clone().into() }
                }
                _ => return Operand::invalid(expr),
            };
            let ty = self.intern(kind);
            self.record_instance(expr, &args);
            return Operand::new(Om::Type, ty, expr);
        }
        if let Some(signature) = self.generic(base.ty).cloned() {
            return self.explicit_instance(expr, &base, &signature, args);
        }
        let Some(&index) = args.first() else { return Operand::invalid(expr) };
        self.element(expr, base, index)
    }

    /// The signature if the type is that of a generic function.
    pub(super) fn generic(&self, ty: TypeId) -> Option<&SignatureType> {
        match self.kind(ty) {
            TypeKind::Signature(s) if !s.type_params.is_empty() => Some(s),
            _ => None,
        }
    }

    fn explicit_instance(
        &mut self,
        expr: ExprId,
        base: &Operand,
        signature: &SignatureType,
        args: &[ExprId],
    ) -> Operand {
        let given: Vec<TypeId> = args.iter().map(|&a| self.typ(a)).collect();
        // Fewer arguments than parameters: the call, or the constraints, give the rest.
        let inferred = self.infer(signature, &given, &[], None);
        match inferred {
            Some(all) => {
                self.record_instance(expr, &all);
                let ty = self.instance_signature(signature, &all);
                Operand::new(Om::Value, ty, expr)
            }
            None => Operand { mode: Om::Value, expr, ..*base },
        }
    }

    fn element(&mut self, expr: ExprId, x: Operand, index: ExprId) -> Operand {
        let under = self.p.common_underlying(x.ty);
        let kind = under.map(|u| self.kind(u)).unwrap_or(&TypeKind::Unknown);
        if let TypeKind::Map(key, value) = kind {
            let (key, value) = (*key, *value);
            let mut i = self.expr(index);
            self.assign_to(&mut i, key);
            return self.result(Om::MapIndex, value, expr);
        }
        let i = self.index_value(index);
        match kind {
            TypeKind::Basic(basic) if is_string(*basic) => {
                let byte = self.p.universe.byte;
                let mut result = Operand::new(Om::Value, byte, expr);
                if x.mode == Om::Const
                    && let (ConstValue::String(text), Some(i)) = (self.value_of(&x), i)
                    && let Some(&b) = text.get(i as usize)
                {
                    let value = constant::int(u64::from(b));
                    self.set_const(&mut result, byte, value);
                    result.mode = Om::Value;
                }
                if self.is_untyped(x.ty) {
                    self.update_type(x.expr, self.basic(Basic::String), true);
                }
                result
            }
            TypeKind::Slice(elem) => self.result(Om::Variable, *elem, expr),
            TypeKind::Array(_, elem) => {
                let mode = if x.mode == Om::Variable { Om::Variable } else { Om::Value };
                self.result(mode, *elem, expr)
            }
            TypeKind::Pointer(to) => match self.under_kind(*to) {
                TypeKind::Array(_, elem) => self.result(Om::Variable, *elem, expr),
                _ => Operand::invalid(expr),
            },
            _ => self.mixed_element(expr, &x),
        }
    }

    /// An element of a type parameter's value whose types have no common underlying type.
    fn mixed_element(&mut self, expr: ExprId, x: &Operand) -> Operand {
        for (_, under) in self.p.type_terms(x.ty) {
            let elem = match self.kind(under) {
                TypeKind::Slice(elem) | TypeKind::Array(_, elem) => *elem,
                TypeKind::Basic(basic) if is_string(*basic) => self.p.universe.byte,
                _ => continue,
            };
            return self.result(Om::Value, elem, expr);
        }
        Operand::invalid(expr)
    }

    /// An index or size: untyped constants become `int`; the value if constant.
    pub(super) fn index_value(&mut self, index: ExprId) -> Option<u64> {
        let mut i = self.expr(index);
        if i.ok() && self.is_untyped(i.ty) {
            self.convert_untyped(&mut i, self.basic(Basic::Int));
        }
        match i.mode {
            Om::Const => constant::to_u64(self.value_of(&i)),
            _ => None,
        }
    }

    pub(super) fn slice(
        &mut self,
        expr: ExprId,
        x: ExprId,
        bounds: [Option<ExprId>; 3],
    ) -> Operand {
        let x = self.expr(x);
        for bound in bounds.into_iter().flatten() {
            self.index_value(bound);
        }
        if !x.ok() {
            return Operand::invalid(expr);
        }
        let Some(under) = self.p.common_underlying(x.ty) else {
            // Strings and byte slices together: the type set's strings win.
            return self.result(Om::Value, x.ty, expr);
        };
        match self.kind(under) {
            TypeKind::Basic(basic) if is_string(*basic) => {
                let string = self.basic(Basic::String);
                if self.is_untyped(x.ty) {
                    self.update_type(x.expr, string, true);
                    return Operand::new(Om::Value, string, expr);
                }
                Operand::new(Om::Value, x.ty, expr)
            }
            TypeKind::Slice(_) => Operand::new(Om::Value, x.ty, expr),
            TypeKind::Array(_, elem) => Operand::new(Om::Value, self.slice_of(*elem), expr),
            TypeKind::Pointer(to) => match self.under_kind(*to) {
                TypeKind::Array(_, elem) => Operand::new(Om::Value, self.slice_of(*elem), expr),
                _ => Operand::invalid(expr),
            },
            _ => Operand::invalid(expr),
        }
    }
}
