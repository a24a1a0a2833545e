//! Calls, conversions, instances of generic functions.

use super::*;
use crate::constant;
use crate::names::NO_NAMES;
use crate::subst::Subst;
use stanch_syntax::ast::Expr;
use std::borrow::Cow;

/// An argument of a call: a value, and the type arguments written for it if it is a generic
/// function that is not fully instantiated.
pub(super) struct Argument {
    pub(super) x: Operand,
    given: Vec<TypeId>,
}

impl Checker<'_, '_> {
    pub(super) fn call(
        &mut self,
        e: ExprId,
        fun: ExprId,
        args: &[ExprId],
        spread: bool,
    ) -> Operand {
        let mut indices = None;
        let f = match *self.ast.expr(fun) {
            Expr::Index { x, indices: list } => {
                let list = self.ast.list(list);
                let mut f = Operand::invalid(fun);
                if self.index_expr(&mut f, fun, x, list) {
                    indices = Some(list);
                }
                f.expr = fun;
                self.record(&f);
                f
            }
            _ => self.expr_or_type(fun, true),
        };
        match f.mode {
            Om::Invalid => {
                self.use_exprs(args);
                return Operand::invalid(e);
            }
            Om::Type => return self.conversion_call(e, f, args),
            Om::Builtin(builtin) => {
                let x = self.builtin_call(e, fun, builtin, args, spread);
                self.has_call_or_recv |= x.ok() && x.mode != Om::Const;
                return x;
            }
            _ => {}
        }
        let signature = self.p.common_underlying(f.ty).and_then(|u| self.signature_of(u));
        let Some(signature) = signature else {
            self.use_exprs(args);
            return Operand::invalid(e);
        };
        let generic = !signature.type_params.is_empty();
        let given = match indices.map(|list| self.type_list(list)) {
            None => Vec::new(),
            Some(Some(given)) => given,
            Some(None) => {
                self.use_exprs(args);
                return Operand::invalid(e);
            }
        };
        let values = self.arguments(args);
        let signature = match self.pass(fun, signature, given, values, spread) {
            Some(signature) => signature,
            None if generic => return Operand::invalid(e),
            None => Cow::Borrowed(signature),
        };
        if generic {
            let ty = self.intern(TypeKind::Signature(signature.clone().into_owned()));
            self.record_value(fun, ty);
        }
        self.has_call_or_recv = true;
        self.call_result(e, &signature)
    }

    fn call_result(&self, e: ExprId, signature: &SignatureType) -> Operand {
        match *signature.results {
            [] => Operand::new(Om::NoValue, UNKNOWN, e),
            [ty] => self.result(Om::Value, ty, e),
            _ => {
                let names = self.p.names.names(signature.names);
                let names = names.get(signature.params.len()..).unwrap_or_default();
                let names = self.p.names.list(names.to_vec());
                let tuple = TypeKind::Tuple(signature.results.clone());
                Operand::new(Om::Value, self.p.types.intern_named(tuple, names), e)
            }
        }
    }

    /// The values of a call's arguments; generic functions among them wait for their type
    /// arguments.
    fn arguments(&mut self, args: &[ExprId]) -> Vec<Argument> {
        let single = args.len() == 1;
        let mut out = Vec::with_capacity(args.len());
        for &arg in args {
            if let Expr::Index { x, indices } = *self.ast.expr(arg) {
                let indices = self.ast.list(indices);
                let mut value = Operand::invalid(arg);
                if self.index_expr(&mut value, arg, x, indices) {
                    out.push(self.partial_instance(arg, value, indices));
                    continue;
                }
                value.expr = arg;
                self.record(&value);
                out.push(Argument { x: self.only_value(value), given: Vec::new() });
                continue;
            }
            let x = match single {
                true => {
                    let x = self.raw_expr(None, arg, None, true);
                    self.only_value(x)
                }
                false => self.generic_expr(arg),
            };
            match self.unpack(&x).filter(|_| single) {
                Some(list) => {
                    out.extend(list.into_iter().map(|x| Argument { x, given: Vec::new() }));
                }
                None => out.push(Argument { x, given: Vec::new() }),
            }
        }
        out
    }

    /// `f[A]` as an argument: instantiated, or with type arguments still missing.
    fn partial_instance(&mut self, arg: ExprId, f: Operand, indices: &[ExprId]) -> Argument {
        let Some(given) = self.type_list(indices) else {
            return Argument { x: Operand::invalid(arg), given: Vec::new() };
        };
        let n = self.signature_of(f.ty).map_or(0, |s| s.type_params.len());
        if given.len() < n {
            let x = Operand { expr: arg, ..f };
            return Argument { x, given };
        }
        let x = self.instantiate_for(None, arg, f.ty, given);
        self.record(&x);
        Argument { x, given: Vec::new() }
    }

    /// The type that argument number `i` of `n` is assigned to.
    fn param_type(&self, s: &SignatureType, i: usize, spread: bool) -> Option<TypeId> {
        let last = s.params.len().checked_sub(1)?;
        if s.variadic && i >= last && !spread {
            return match self.kind(s.params[last]) {
                TypeKind::Slice(elem) => Some(*elem),
                _ => Some(UNKNOWN),
            };
        }
        s.params.get(i).copied()
    }

    /// Passes arguments: infers type arguments that are not given, converts untyped values. The
    /// signature as instantiated; `None` where type arguments could not be inferred.
    fn pass<'s>(
        &mut self,
        fun: ExprId,
        signature: &'s SignatureType,
        given: Vec<TypeId>,
        mut args: Vec<Argument>,
        spread: bool,
    ) -> Option<Cow<'s, SignatureType>> {
        let generic_value = |arg: &Argument| matches!(self.kind(arg.x.ty), TypeKind::Signature(s) if !s.type_params.is_empty());
        if signature.type_params.is_empty() && !args.iter().any(generic_value) {
            for (i, arg) in args.iter_mut().enumerate() {
                if let Some(param) = self.param_type(signature, i, spread) {
                    self.assignment(&mut arg.x, Some(param));
                }
            }
            return Some(Cow::Borrowed(signature));
        }
        let params: Vec<Option<TypeId>> =
            (0..args.len()).map(|i| self.param_type(signature, i, spread)).collect();
        let n = signature.type_params.len();
        let mut rename = super::infer::Renamer::default();
        let mut given: Vec<Option<TypeId>> = given.into_iter().map(Some).collect();
        given.resize(n, None);
        let own = rename.add(self.p, &signature.type_params);
        let renamed: Vec<TypeId> =
            params.iter().map(|p| p.map_or(UNKNOWN, |p| own.apply(self.p, p))).collect();
        let mut generic_args = Vec::new();
        for (i, arg) in args.iter_mut().enumerate() {
            let TypeKind::Signature(s) = self.kind(arg.x.ty) else { continue };
            if s.type_params.is_empty() || !arg.x.ok() {
                continue;
            }
            let original = arg.x.ty;
            let names = rename.add(self.p, &s.type_params);
            let plain = self.plain_signature(s);
            arg.x.ty = names.apply(self.p, plain);
            given.extend(arg.given.iter().copied().map(Some));
            given.resize(rename.len(), None);
            generic_args.push((i, original));
        }
        let mut instance = Cow::Borrowed(signature);
        let mut targs = Vec::new();
        if rename.len() > 0 {
            let values: Vec<Operand> = args.iter().map(|a| a.x).collect();
            targs = self.infer(&rename, &given, &renamed, &values)?;
            let own = targs.get(..n).unwrap_or_default();
            if n > 0 {
                self.record_instance(fun, own);
                let ty = self.instance_signature(signature, own);
                if let TypeKind::Signature(s) = self.kind(ty) {
                    instance = Cow::Owned(s.clone());
                }
            }
            let mut at = n;
            for (i, original) in generic_args {
                let Some(s) = self.signature_of(original) else { continue };
                let Some(own) = targs.get(at..at + s.type_params.len()) else { continue };
                at += s.type_params.len();
                args[i].x.ty = self.instance_signature(s, own);
                args[i].x.mode = Om::Value;
                let x = args[i].x;
                self.record_instance(x.expr, own);
                self.record(&x);
            }
        }
        for (param, arg) in params.into_iter().zip(&mut args) {
            let Some(param) = param else { continue };
            let from = &signature.type_params;
            let own = targs.get(..n).unwrap_or_default();
            let ty = Subst { program: self.p, from, to: own }.ty(param);
            self.assignment(&mut arg.x, Some(ty));
        }
        Some(instance)
    }

    /// The signature without its type parameters' list.
    fn plain_signature(&self, s: &SignatureType) -> TypeId {
        self.intern(TypeKind::Signature(SignatureType { type_params: Box::default(), ..s.clone() }))
    }

    /// The signature with type arguments for the parameters.
    pub(super) fn instance_signature(&self, s: &SignatureType, args: &[TypeId]) -> TypeId {
        let plain = self.plain_signature(s);
        Subst { program: self.p, from: &s.type_params, to: args }.ty(plain)
    }

    /// A generic function of type `signature` as a value, from the type arguments given and the
    /// function type it is assigned to.
    pub(super) fn instantiate_for(
        &mut self,
        target: Option<TypeId>,
        e: ExprId,
        signature: TypeId,
        given: Vec<TypeId>,
    ) -> Operand {
        let Some(s) = self.signature_of(signature) else { return Operand::invalid(e) };
        if given.len() > s.type_params.len() {
            return Operand::invalid(e);
        }
        let mut rename = super::infer::Renamer::default();
        let own = rename.add(self.p, &s.type_params);
        let mut all: Vec<Option<TypeId>> = given.into_iter().map(Some).collect();
        all.resize(s.type_params.len(), None);
        let target = target.map(|t| self.under(t));
        let target = target.filter(|&t| matches!(self.kind(t), TypeKind::Signature(_)));
        let (params, values) = match target {
            Some(target) => {
                let own = own.apply(self.p, self.plain_signature(s));
                (vec![own], vec![Operand::new(Om::Value, target, e)])
            }
            None => (Vec::new(), Vec::new()),
        };
        let Some(targs) = self.infer(&rename, &all, &params, &values) else {
            return Operand::invalid(e);
        };
        self.record_instance(e, &targs);
        Operand::new(Om::Value, self.instance_signature(s, &targs), e)
    }

    fn conversion_call(&mut self, e: ExprId, f: Operand, args: &[ExprId]) -> Operand {
        if self.is_generic_type(f.ty) {
            self.use_exprs(args);
            return Operand::invalid(e);
        }
        let &[arg] = args else {
            self.use_exprs(args);
            return Operand::invalid(e);
        };
        let x = self.expr(arg);
        match x.ok() {
            true => self.conversion(e, x, f.ty),
            false => self.result(Om::Value, f.ty, e),
        }
    }

    fn conversion(&mut self, e: ExprId, mut x: Operand, ty: TypeId) -> Operand {
        let basic = self.basic_of(ty).filter(|&b| is_const_type(b));
        let constant = x.mode == Om::Const;
        let mut result = Operand::new(Om::Value, ty, e);
        if constant && let Some(basic) = basic {
            let word = self.p.target.word_size;
            let value = self.value_of(&x);
            let converted = match constant::represent(value, basic, word) {
                Some(value) => value,
                None if self.is(x.ty, is_integer) && is_string(basic) => {
                    let point = constant::to_u64(value).and_then(|n| u32::try_from(n).ok());
                    let point = point.and_then(char::from_u32).unwrap_or('\u{fffd}');
                    ConstValue::String(point.to_string().into_bytes().into())
                }
                None => ConstValue::Unknown,
            };
            self.set_const(&mut result, ty, converted);
        } else {
            x.mode = if self.is_nil(&x) { x.mode } else { Om::Value };
        }
        if self.is_untyped(x.ty) {
            let last = if self.is_interface(ty) || (constant && basic.is_none()) || self.is_nil(&x)
            {
                self.default_type(x.ty)
            } else if constant && self.is(x.ty, is_integer) && self.all(ty, is_string) {
                x.ty
            } else {
                ty
            };
            self.update_type(x.expr, last, true);
        }
        result
    }

    /// An unnamed signature.
    pub(super) fn make_signature(
        &self,
        params: &[TypeId],
        results: &[TypeId],
        variadic: bool,
    ) -> TypeId {
        let params = params.iter().map(|&p| self.default_type(p)).collect();
        self.intern(TypeKind::Signature(SignatureType {
            type_params: Box::default(),
            params,
            results: results.into(),
            variadic,
            names: NO_NAMES,
        }))
    }
}
