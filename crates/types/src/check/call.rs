//! Calls and conversions.

use super::*;
use crate::constant;
use stanch_syntax::ast::{Expr, List};

impl Checker<'_, '_> {
    pub(super) fn call(
        &mut self,
        expr: ExprId,
        fun: ExprId,
        args: List<ExprId>,
        spread: bool,
        hint: Option<TypeId>,
    ) -> Operand {
        let args = self.ast.list(args);
        let f = self.callee(fun);
        match f.mode {
            Om::Type => return self.conversion(expr, f.ty, args),
            Om::Builtin(builtin) => {
                let x = self.builtin_call(expr, fun, builtin, args, spread);
                self.has_call_or_recv |= x.mode != Om::Const;
                return x;
            }
            _ => {}
        }
        self.has_call_or_recv = true;
        let signature = f.ok().then(|| self.p.common_underlying(f.ty)).flatten();
        let signature = signature.and_then(|u| self.signature_of(u)).cloned();
        let Some(signature) = signature else {
            for &arg in args {
                let mut x = self.expr(arg);
                self.default_value(&mut x);
            }
            return Operand::invalid(expr);
        };
        let signature = match signature.type_params.is_empty() {
            true => {
                let values = self.arguments(args, Some(&signature), spread);
                self.pass(&signature, values, spread);
                signature
            }
            false => match self.generic_call(fun, &signature, args, spread, hint) {
                Some(signature) => signature,
                None => return Operand::invalid(expr),
            },
        };
        match *signature.results {
            [] => Operand::new(Om::NoValue, UNKNOWN, expr),
            [ty] => self.result(Om::Value, ty, expr),
            _ => {
                let names = self.p.names.names(signature.names);
                let n = signature.params.len().min(names.len());
                let names = match names[n..].iter().all(|&n| n == EMPTY) {
                    true => crate::names::NO_NAMES,
                    false => self.p.names.list(names[n..].to_vec()),
                };
                let tuple = TypeKind::Tuple(signature.results.clone());
                Operand::new(Om::Value, self.p.types.intern_named(tuple, names), expr)
            }
        }
    }

    /// The called function. Type arguments that are written are looked at with the call's arguments,
    /// so an incomplete list is no value of its own yet.
    fn callee(&mut self, fun: ExprId) -> Operand {
        self.expr(fun)
    }

    /// The values of the arguments: one call's results may be several.
    fn arguments(
        &mut self,
        args: &[ExprId],
        signature: Option<&SignatureType>,
        spread: bool,
    ) -> Vec<Operand> {
        if let [one] = args
            && signature.is_none_or(|s| s.params.len() != 1 || s.variadic)
            && !spread
        {
            return self.multi(*one, 0);
        }
        let param = |i: usize| {
            let s = signature?;
            if !s.type_params.is_empty() {
                return None;
            }
            self.param_type(s, i, spread)
        };
        let hints: Vec<Option<TypeId>> = (0..args.len()).map(param).collect();
        args.iter().zip(hints).map(|(&arg, hint)| self.expr_hint(arg, hint)).collect()
    }

    /// The type that argument number `i` is assigned to.
    fn param_type(&self, signature: &SignatureType, i: usize, spread: bool) -> Option<TypeId> {
        let last = signature.params.len().checked_sub(1)?;
        if signature.variadic && i >= last && !spread {
            return match self.under_kind(signature.params[last]) {
                TypeKind::Slice(elem) => Some(*elem),
                _ => Some(UNKNOWN),
            };
        }
        signature.params.get(i).copied()
    }

    fn pass(&mut self, signature: &SignatureType, values: Vec<Operand>, spread: bool) {
        for (i, mut x) in values.into_iter().enumerate() {
            match self.param_type(signature, i, spread) {
                Some(ty) => self.assign_to(&mut x, ty),
                None => {
                    self.default_value(&mut x);
                }
            }
        }
    }

    /// A call of a generic function: infers what is not written; the instance's signature.
    fn generic_call(
        &mut self,
        fun: ExprId,
        signature: &SignatureType,
        args: &[ExprId],
        spread: bool,
        hint: Option<TypeId>,
    ) -> Option<SignatureType> {
        let given: Vec<TypeId> = match *self.ast.expr(self.ast.unparen(fun)) {
            Expr::Index { indices, .. } => {
                let indices = self.ast.list(indices);
                indices.iter().filter_map(|&i| self.t.expr(i)).map(|info| info.ty).collect()
            }
            _ => Vec::new(),
        };
        let values = self.arguments(args, Some(signature), spread);
        let pairs: Vec<(TypeId, Operand)> = values
            .iter()
            .enumerate()
            .filter_map(|(i, x)| Some((self.param_type(signature, i, spread)?, *x)))
            .collect();
        let _ = hint;
        let inferred = self.infer(signature, &given, &pairs, None)?;
        self.record_instance(fun, &inferred);
        let ty = self.instance_signature(signature, &inferred);
        self.record_callee(fun, ty);
        let instance = self.signature_of(ty)?.clone();
        self.pass(&instance, values, spread);
        Some(instance)
    }

    /// The callee's recorded type is the instance's.
    fn record_callee(&mut self, mut fun: ExprId, ty: TypeId) {
        loop {
            self.record_value(fun, ty);
            match *self.ast.expr(fun) {
                Expr::Paren(x) | Expr::Index { x, .. } => fun = x,
                Expr::Selector { .. } => return,
                _ => return,
            }
        }
    }

    /// The signature with type arguments for the parameters.
    pub(super) fn instance_signature(&self, signature: &SignatureType, args: &[TypeId]) -> TypeId {
        let plain = self.intern(TypeKind::Signature(SignatureType {
            type_params: Box::default(),
            ..signature.clone()
        }));
        crate::subst::Subst { program: self.p, from: &signature.type_params, to: args }.ty(plain)
    }

    /// A generic function as a value of type `target`.
    pub(super) fn instantiate_value(&mut self, x: &mut Operand, target: TypeId) {
        let Some(signature) = self.generic(x.ty).cloned() else { return };
        let plain = SignatureType { type_params: Box::default(), ..signature.clone() };
        let own = self.intern(TypeKind::Signature(plain));
        let Some(inferred) = self.infer(&signature, &[], &[], Some((own, target))) else { return };
        self.record_instance(x.expr, &inferred);
        x.ty = self.instance_signature(&signature, &inferred);
        self.record_callee(x.expr, x.ty);
    }

    fn conversion(&mut self, expr: ExprId, ty: TypeId, args: &[ExprId]) -> Operand {
        let Some((&first, rest)) = args.split_first() else { return Operand::invalid(expr) };
        let x = self.expr_hint(first, Some(ty));
        for &arg in rest {
            self.expr(arg);
        }
        if !x.ok() {
            return self.result(Om::Value, ty, expr);
        }
        if x.mode == Om::Const
            && self.basic_of(ty).is_some_and(is_const_type)
            && !self.p.is_type_param(ty)
        {
            return self.const_conversion(expr, ty, x);
        }
        if self.is_untyped(x.ty) {
            let to_string = self.all(ty, is_string) || self.is_bytes(ty);
            let target = if self.is_nil(&x) {
                x.ty
            } else if self.is_interface(ty)
                || self.p.is_type_param(ty)
                || (x.mode == Om::Const && to_string)
                || to_string
            {
                self.default_type(x.ty)
            } else {
                ty
            };
            // The operand's own type is final now.
            self.update_type(x.expr, target, true);
        }
        self.result(Om::Value, ty, expr)
    }

    fn is_bytes(&self, ty: TypeId) -> bool {
        matches!(self.under_kind(ty), TypeKind::Slice(_))
    }

    fn const_conversion(&mut self, expr: ExprId, ty: TypeId, mut x: Operand) -> Operand {
        let Some(basic) = self.basic_of(ty) else { return Operand::invalid(expr) };
        let from = self.basic_of(x.ty);
        let value = self.value_of(&x).clone();
        let converted = if is_string(basic) && from.is_some_and(is_integer) {
            constant::to_int(&value).map(|n| {
                let c = u32::try_from(n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
                ConstValue::String(c.to_string().into_bytes().into())
            })
        } else {
            constant::represent(&value, basic, self.p.target.word_size)
        };
        if self.is_untyped(x.ty) {
            let operand = match is_string(basic) && from.is_some_and(is_integer) {
                true => self.default_type(x.ty),
                false => ty,
            };
            if let (Some(value), false) = (&converted, is_string(basic)) {
                let value = value.clone();
                self.adopt(&mut x, operand, Some(value));
            }
            self.update_type(x.expr, operand, true);
        }
        let mut result = Operand::new(Om::Const, ty, expr);
        self.set_const(&mut result, ty, converted.unwrap_or(ConstValue::Unknown));
        result
    }
}
