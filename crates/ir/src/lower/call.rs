//! Calls, conversions, predeclared functions.

use super::Lower;
use crate::data::*;
use stanch_syntax::ast::{Expr, ExprId, List};
use stanch_types::{
    Builtin, Mode, ObjectKind, Program, SelectionKind, SignatureType, TypeId, TypeKind,
};

impl Lower<'_> {
    /// A call whose one value is used.
    pub(super) fn call_value(&mut self, expr: ExprId) -> Operand {
        let ty = self.ty(expr);
        match self.call(expr, 1).into_iter().next() {
            Some((value, _)) => value,
            None => Operand::Unknown(ty),
        }
    }

    /// A call of which `n` results are used (0: as a statement).
    pub(super) fn call(&mut self, expr: ExprId, n: usize) -> Vec<(Operand, TypeId)> {
        let ast = self.ast();
        let expr = ast.unparen(expr);
        let Expr::Call { fun, args, spread } = *ast.expr(expr) else {
            let ty = self.ty(expr);
            return vec![(self.expr(expr), ty)];
        };
        let span = self.expr_span(expr);
        let ty = self.ty(expr);
        if self.mode(fun) == Mode::Type {
            return vec![(self.conversion(args, ty, span), ty)];
        }
        if let Some(builtin) = self.builtin(fun) {
            return self.builtin_call(builtin, expr, args, spread, n);
        }
        let mut call = self.prepare(fun, args, spread);
        let mut results = self.result_types(fun, ty);
        if n > 1 && results == [Program::UNKNOWN] {
            // Nothing is known of the callee, but how many values are wanted of it.
            results.resize(n, Program::UNKNOWN);
        }
        if n > 0 {
            call.dst = results.iter().map(|&ty| self.temp(ty, span)).collect();
        }
        let dst = call.dst.clone();
        self.cur().push(InstrKind::Call(call), span);
        dst.into_iter().map(Operand::Local).zip(results).collect()
    }

    /// The instance's result types, from the call's own type.
    fn result_types(&self, fun: ExprId, ty: TypeId) -> Vec<TypeId> {
        match self.kind(ty) {
            TypeKind::Tuple(types) => types.to_vec(),
            TypeKind::Unknown => match self.core(self.ty(fun)) {
                TypeKind::Signature(s) => s.results.to_vec(),
                _ => vec![ty],
            },
            _ => vec![ty],
        }
    }

    fn conversion(&mut self, args: List<ExprId>, ty: TypeId, span: Span) -> Operand {
        let ast = self.ast();
        let Some(&arg) = ast.list(args).first() else { return Operand::Unknown(ty) };
        let value = self.expr(arg);
        if self.program.is_interface(ty) {
            return self.coerce(value, self.ty(arg), ty, span);
        }
        match value {
            Operand::Nil(_) => Operand::Nil(ty),
            value => self.assign_temp(Rvalue::Convert(value, ty), ty, span),
        }
    }

    /// The predeclared function (or function of `unsafe`) that is called.
    fn builtin(&self, fun: ExprId) -> Option<Builtin> {
        let ast = self.ast();
        let ident = match ast.expr(ast.unparen(fun)) {
            Expr::Ident(ident) => *ident,
            Expr::Selector { sel, .. } => *sel,
            _ => return None,
        };
        match self.program.object(self.object(ident)?).kind {
            ObjectKind::Builtin(builtin) => Some(builtin),
            _ => None,
        }
    }

    /// Callee and arguments, evaluated; results are the caller's business. Used for calls, `go` and
    /// `defer`.
    pub(super) fn prepare(&mut self, fun: ExprId, args: List<ExprId>, spread: bool) -> Call {
        let ast = self.ast();
        let (callee, recv) = self.callee(fun);
        let mut operands: Vec<Operand> = recv.into_iter().collect();
        let signature = match self.core(self.ty(fun)) {
            TypeKind::Signature(signature) => Some(signature.clone()),
            _ => None,
        };
        operands.extend(self.arguments(signature.as_ref(), ast.list(args), spread));
        Call { callee, args: operands, dst: Vec::new(), spread }
    }

    fn callee(&mut self, fun: ExprId) -> (Callee, Option<Operand>) {
        let ast = self.ast();
        let fun = ast.unparen(fun);
        if let Some((object, args)) = self.static_func(fun) {
            return (Callee::Static(object, args), None);
        }
        match ast.expr(fun) {
            Expr::FuncLit { signature, body } => {
                let ty = self.ty(fun);
                let (func, span) = self.literal(fun, *signature, *body);
                let closure = self.temp(ty, span);
                self.cur().push(InstrKind::Assign(closure, Rvalue::MakeClosure(func)), span);
                (Callee::Closure(func, closure), None)
            }
            Expr::Selector { x, .. } => match self.selection(fun) {
                Some(s) if s.kind == SelectionKind::Method => {
                    let recv = self.receiver(*x, &s);
                    match self.program.object(s.object).kind {
                        ObjectKind::Func { interface: true, .. } => {
                            (Callee::Interface { recv, method: s.object }, None)
                        }
                        _ => (Callee::Static(s.object, Box::default()), Some(recv)),
                    }
                }
                Some(s) if s.kind == SelectionKind::MethodExpr => {
                    match self.program.object(s.object).kind {
                        ObjectKind::Func { interface: false, .. } if s.path.is_empty() => {
                            (Callee::Static(s.object, Box::default()), None)
                        }
                        _ => (Callee::Value(Operand::Unknown(self.ty(fun))), None),
                    }
                }
                // It may be promoted from a type that is not known, and gets what it is called on.
                None if self.hides_methods(*x) => {
                    let recv = self.expr(*x);
                    (Callee::Value(Operand::Unknown(self.ty(fun))), Some(recv))
                }
                _ => (Callee::Value(self.expr(fun)), None),
            },
            _ => (Callee::Value(self.expr(fun)), None),
        }
    }

    /// Whether a value may have methods that are not known, its type or what that embeds being unknown.
    fn hides_methods(&self, x: ExprId) -> bool {
        let ast = self.ast();
        let ty = self.ty(x);
        if !matches!(self.kind(ty), TypeKind::Unknown) {
            let ty = self.program.pointee(ty).unwrap_or(ty);
            return self.mode(x) == Mode::Value && self.program.embeds_unknown(ty);
        }
        match ast.expr(ast.unparen(x)) {
            // Not the name of a package.
            Expr::Ident(ident) => self.object(*ident).is_some_and(|object| {
                matches!(self.program.object(object).kind, ObjectKind::Var(_))
            }),
            Expr::Selector { .. } | Expr::Index { .. } | Expr::TypeAssert { .. } => true,
            _ => self.may_call(x, 0),
        }
    }

    fn arguments(
        &mut self,
        signature: Option<&SignatureType>,
        args: &[ExprId],
        spread: bool,
    ) -> Vec<Operand> {
        let mut values: Vec<(Operand, TypeId, Span)> = Vec::new();
        let n_params = signature.map_or(args.len(), |s| s.params.len());
        let multi = args.len() == 1
            && (n_params > 1 || matches!(self.kind(self.ty(args[0])), TypeKind::Tuple(_)));
        if multi && self.mode(args[0]) != Mode::Type {
            let span = self.expr_span(args[0]);
            let is_tuple = matches!(self.kind(self.ty(args[0])), TypeKind::Tuple(_));
            match is_tuple {
                true => {
                    let results = self.values(args[0], n_params);
                    values.extend(results.into_iter().map(|(v, t)| (v, t, span)));
                }
                false => {
                    let ty = self.ty(args[0]);
                    values.push((self.expr(args[0]), ty, span));
                }
            }
        } else {
            for (i, &arg) in args.iter().enumerate() {
                let mut value = self.expr(arg);
                let ty = self.ty(arg);
                for &later in &args[i + 1..] {
                    value = self.settle(value, ty, later);
                }
                values.push((value, ty, self.expr_span(arg)));
            }
        }
        let Some(signature) = signature else {
            return values.into_iter().map(|(v, ..)| v).collect();
        };
        self.pass(signature, values, spread)
    }

    /// Converts arguments to parameter types and packs variadic ones.
    fn pass(
        &mut self,
        signature: &SignatureType,
        values: Vec<(Operand, TypeId, Span)>,
        spread: bool,
    ) -> Vec<Operand> {
        let packs = signature.variadic && !spread;
        let n_fixed = signature.params.len() - usize::from(packs && !signature.params.is_empty());
        let mut operands = Vec::new();
        let mut packed = Vec::new();
        let variadic = signature.params.last().copied().unwrap_or(Program::UNKNOWN);
        let elem = match self.core(variadic) {
            TypeKind::Slice(elem) => *elem,
            _ => Program::UNKNOWN,
        };
        let mut last_span = None;
        for (i, (value, ty, span)) in values.into_iter().enumerate() {
            last_span = Some(span);
            match signature.params.get(i) {
                Some(&param) if i < n_fixed => operands.push(self.coerce(value, ty, param, span)),
                _ if packs => packed.push(self.coerce(value, ty, elem, span)),
                _ => operands.push(value),
            }
        }
        if packs {
            operands.push(match (packed.is_empty(), last_span) {
                (false, Some(span)) => {
                    let slice = Rvalue::MakeSlice { ty: variadic, elems: packed, len: None };
                    self.assign_temp(slice, variadic, span)
                }
                _ => Operand::Nil(variadic),
            });
        }
        operands
    }

    fn builtin_call(
        &mut self,
        builtin: Builtin,
        expr: ExprId,
        args: List<ExprId>,
        spread: bool,
        n: usize,
    ) -> Vec<(Operand, TypeId)> {
        let ast = self.ast();
        let span = self.expr_span(expr);
        let ty = self.ty(expr);
        if let Some(value) = self.constant(expr) {
            return vec![(Operand::Const(value.clone(), ty), ty)];
        }
        let args = ast.list(args);
        let value = match builtin {
            Builtin::Make => self.make(args, span),
            Builtin::New => self.new_call(args, ty, span),
            Builtin::Append => self.append(args, spread, ty, span),
            Builtin::Panic => {
                let value = match args.first() {
                    Some(&arg) => self.expr(arg),
                    None => Operand::Unknown(Program::UNKNOWN),
                };
                self.cur().end(Terminator::Panic(value), span);
                let dead = self.cur().new_block();
                self.cur().at = dead;
                return Vec::new();
            }
            Builtin::Recover => {
                self.cur().func.has_recover = true;
                self.assign_temp(Rvalue::Recover, ty, span)
            }
            Builtin::Len | Builtin::Cap => {
                let x = match args.first() {
                    Some(&arg) => self.expr(arg),
                    None => Operand::Unknown(Program::UNKNOWN),
                };
                let value = if builtin == Builtin::Len { Rvalue::Len(x) } else { Rvalue::Cap(x) };
                self.assign_temp(value, ty, span)
            }
            Builtin::Delete => {
                let operands: Vec<Operand> = args.iter().map(|&a| self.expr(a)).collect();
                if let [map, key] = operands.as_slice() {
                    let (map, key) = (map.clone(), key.clone());
                    self.cur().push(InstrKind::MapDelete { map, key }, span);
                }
                return Vec::new();
            }
            Builtin::Close | Builtin::Clear | Builtin::Copy | Builtin::Print | Builtin::Println => {
                let call = self.builtin_as_call(builtin, args);
                let dst = (n > 0 && builtin == Builtin::Copy).then(|| self.temp(ty, span));
                let call = Call { dst: dst.into_iter().collect(), ..call };
                self.cur().push(InstrKind::Call(call), span);
                return dst.map(|d| (Operand::Local(d), ty)).into_iter().collect();
            }
            _ => {
                let mut operands = Vec::new();
                for &arg in args {
                    if self.mode(arg) != Mode::Type {
                        operands.push(self.expr(arg));
                    }
                }
                self.assign_temp(Rvalue::Other(operands, ty), ty, span)
            }
        };
        vec![(value, ty)]
    }

    /// A predeclared function as a callee, for statements, `go` and `defer`.
    fn builtin_as_call(&mut self, builtin: Builtin, args: &[ExprId]) -> Call {
        let args = args.iter().map(|&a| self.expr(a)).collect();
        Call { callee: Callee::Builtin(builtin), args, dst: Vec::new(), spread: false }
    }

    fn make(&mut self, args: &[ExprId], span: Span) -> Operand {
        let Some((&ty_expr, sizes)) = args.split_first() else {
            return Operand::Unknown(Program::UNKNOWN);
        };
        let ty = self.ty(ty_expr);
        let sizes: Vec<Operand> = sizes.iter().map(|&s| self.expr(s)).collect();
        let first = sizes.into_iter().next();
        let value = match self.core(ty) {
            TypeKind::Chan(..) => Rvalue::MakeChan { ty, cap: first },
            TypeKind::Map(..) => Rvalue::MakeMap(ty),
            TypeKind::Slice(_) => Rvalue::MakeSlice { ty, elems: Vec::new(), len: first },
            _ => Rvalue::Other(first.into_iter().collect(), ty),
        };
        self.assign_temp(value, ty, span)
    }

    /// `new(T)`, and since Go 1.26 `new(value)`.
    fn new_call(&mut self, args: &[ExprId], ty: TypeId, span: Span) -> Operand {
        let Some(&arg) = args.first() else { return Operand::Unknown(ty) };
        let to = self.ty(arg);
        if self.mode(arg) == Mode::Type {
            return self.assign_temp(Rvalue::New(to), ty, span);
        }
        let value = self.expr(arg);
        let new = self.assign_temp(Rvalue::New(to), ty, span);
        let mut place = self.value_place(new.clone(), ty, span);
        place.proj.push(Proj::Deref);
        self.cur().push(InstrKind::Store(place, value), span);
        new
    }

    fn append(&mut self, args: &[ExprId], spread: bool, ty: TypeId, span: Span) -> Operand {
        let Some((&slice, elems)) = args.split_first() else { return Operand::Unknown(ty) };
        let slice = self.expr(slice);
        let elem_ty = match self.core(ty) {
            TypeKind::Slice(elem) => *elem,
            _ => Program::UNKNOWN,
        };
        let elems = elems
            .iter()
            .map(|&e| if spread { self.expr(e) } else { self.expr_as(e, elem_ty) })
            .collect();
        self.assign_temp(Rvalue::Append { slice, elems, spread }, ty, span)
    }

    /// `go call` and `defer call`.
    pub(super) fn deferred(&mut self, expr: ExprId, span: Span, go: bool) {
        let ast = self.ast();
        let expr = ast.unparen(expr);
        let Expr::Call { fun, args, spread } = *ast.expr(expr) else {
            self.expr(expr);
            return;
        };
        let call = match self.builtin(fun) {
            _ if self.mode(fun) == Mode::Type => return,
            Some(builtin) => {
                if builtin == Builtin::Recover {
                    self.cur().func.has_recover = true;
                }
                self.builtin_as_call(builtin, ast.list(args))
            }
            None => self.prepare(fun, args, spread),
        };
        if go {
            self.cur().push(InstrKind::Go(call), span);
        } else {
            self.cur().func.has_defer = true;
            self.cur().push(InstrKind::Defer(call), span);
        }
    }
}
