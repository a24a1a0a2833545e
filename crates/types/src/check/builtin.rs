//! Calls of predeclared functions and of those of `unsafe`.

use super::untyped::array_behind;
use super::*;
use crate::constant;
use crate::lookup::Search;
use stanch_syntax::ast::{BinaryOp, Expr};

/// A call of a predeclared function.
#[derive(Clone, Copy)]
struct Call<'c> {
    e: ExprId,
    fun: ExprId,
    builtin: Builtin,
    args: &'c [ExprId],
    spread: bool,
}

impl Checker<'_, '_> {
    pub(super) fn builtin_call(
        &mut self,
        e: ExprId,
        fun: ExprId,
        builtin: Builtin,
        args: &[ExprId],
        spread: bool,
    ) -> Operand {
        let call = Call { e, fun, builtin, args, spread };
        let before = self.has_call_or_recv;
        let sized = matches!(builtin, Builtin::Len | Builtin::Cap);
        if sized {
            self.has_call_or_recv = false;
        }
        let result = match builtin {
            Builtin::Make => self.make(call),
            Builtin::New => self.new_call(call),
            Builtin::UnsafeOffsetof => self.offset(call),
            _ => {
                let mut values = self.expr_list(args);
                if values.iter().all(Operand::ok) {
                    self.evaluated(call, &mut values)
                } else if sized {
                    Some(Operand::new(Om::Value, self.basic(Basic::Int), e))
                } else {
                    None
                }
            }
        };
        if sized {
            self.has_call_or_recv = before;
        }
        result.map_or(Operand::invalid(e), |x| Operand { expr: e, ..x })
    }

    /// Records the signature that the predeclared function has in this call.
    fn record_builtin(&mut self, fun: ExprId, params: &[TypeId], results: &[TypeId]) {
        let ty = self.make_signature(params, results, false);
        self.record_builtin_type(fun, ty);
    }

    fn record_builtin_type(&mut self, mut fun: ExprId, ty: TypeId) {
        loop {
            self.t.set_expr(fun, ExprInfo { ty, mode: Mode::Builtin, constant: None });
            match *self.ast.expr(fun) {
                Expr::Paren(x) => fun = x,
                _ => return,
            }
        }
    }

    /// A value of type `result`, with the function's type recorded.
    fn value(&mut self, call: Call<'_>, result: TypeId, params: &[TypeId]) -> Option<Operand> {
        self.record_builtin(call.fun, params, &[result]);
        Some(Operand::new(Om::Value, result, call.e))
    }

    fn no_value(&mut self, call: Call<'_>, params: &[TypeId]) -> Option<Operand> {
        self.record_builtin(call.fun, params, &[]);
        Some(Operand::new(Om::NoValue, UNKNOWN, call.e))
    }

    fn const_result(&mut self, call: Call<'_>, ty: TypeId, value: ConstValue) -> Option<Operand> {
        let mut x = Operand::invalid(call.e);
        self.set_const(&mut x, ty, value);
        Some(x)
    }

    fn evaluated(&mut self, call: Call<'_>, values: &mut [Operand]) -> Option<Operand> {
        let int = self.basic(Basic::Int);
        let byte = self.p.universe.byte;
        let uintptr = self.basic(Basic::Uintptr);
        match call.builtin {
            Builtin::Append => self.append(call, values),
            Builtin::Cap | Builtin::Len => self.length(call, *values.first()?),
            Builtin::Clear | Builtin::Close => {
                let ty = values.first()?.ty;
                self.no_value(call, &[ty])
            }
            Builtin::Complex => self.complex(call, values),
            Builtin::Copy => {
                let [x, y] = values else { return None };
                self.value(call, int, &[x.ty, y.ty])
            }
            Builtin::Delete => {
                let [map, key] = values else { return None };
                let (map, mut key) = (map.ty, *key);
                let under = self.p.type_terms(map).first()?.1;
                let TypeKind::Map(k, _) = self.kind(under) else { return None };
                self.assignment(&mut key, Some(*k));
                self.no_value(call, &[map, *k])
            }
            Builtin::Imag | Builtin::Real => self.part(call, *values.first()?),
            Builtin::Max | Builtin::Min => self.extreme(call, values),
            Builtin::Panic => {
                let any = self.p.universe.empty_interface;
                self.assignment(values.first_mut()?, Some(any));
                self.no_value(call, &[any])
            }
            Builtin::Print | Builtin::Println => {
                values.iter_mut().for_each(|x| self.assignment(x, None));
                let params: Vec<TypeId> = values.iter().map(|x| x.ty).collect();
                self.no_value(call, &params)
            }
            Builtin::Recover => self.value(call, self.p.universe.empty_interface, &[]),
            Builtin::UnsafeAdd => {
                let [x, y] = values else { return None };
                let pointer = self.basic(Basic::UnsafePointer);
                self.assignment(x, Some(pointer));
                self.as_index(y);
                let y = y.ty;
                self.value(call, pointer, &[pointer, y])
            }
            Builtin::UnsafeAlignof | Builtin::UnsafeSizeof => {
                let x = values.first_mut()?;
                self.assignment(x, None);
                let ty = x.ty;
                let size = match call.builtin {
                    Builtin::UnsafeSizeof => self.p.size_of(ty),
                    _ => self.p.align_of(ty),
                };
                match size {
                    Some(n) => self.const_result(call, uintptr, constant::int(n)),
                    None => self.value(call, uintptr, &[ty]),
                }
            }
            Builtin::UnsafeSlice => {
                let [x, y] = values else { return None };
                let pointer = self.p.common_underlying(x.ty)?;
                let TypeKind::Pointer(base) = self.kind(pointer) else { return None };
                self.as_index(y);
                let y = y.ty;
                self.value(call, self.slice_of(*base), &[pointer, y])
            }
            Builtin::UnsafeSliceData => {
                let slice = self.p.common_underlying(values.first()?.ty)?;
                let TypeKind::Slice(elem) = self.kind(slice) else { return None };
                self.value(call, self.pointer_to(*elem), &[slice])
            }
            Builtin::UnsafeString => {
                let [x, y] = values else { return None };
                let pointer = self.pointer_to(byte);
                self.assignment(x, Some(pointer));
                self.as_index(y);
                let y = y.ty;
                self.value(call, self.basic(Basic::String), &[pointer, y])
            }
            Builtin::UnsafeStringData => {
                let string = self.basic(Basic::String);
                self.assignment(values.first_mut()?, Some(string));
                self.value(call, self.pointer_to(byte), &[string])
            }
            Builtin::Make | Builtin::New | Builtin::UnsafeOffsetof => None,
        }
    }

    /// Whether a value of this type can be used as a byte slice.
    fn is_byte_slice(&self, ty: TypeId) -> bool {
        let terms = self.p.type_terms(ty);
        !terms.is_empty()
            && terms.iter().all(|t| match self.kind(t.1) {
                TypeKind::Slice(elem) => self.p.identical(*elem, self.p.universe.byte),
                _ => false,
            })
    }

    fn append(&mut self, call: Call<'_>, values: &mut [Operand]) -> Option<Operand> {
        let (slice, rest) = values.split_first_mut()?;
        let slice = *slice;
        let under = self.p.type_terms(slice.ty).first()?.1;
        let TypeKind::Slice(elem) = self.kind(under) else { return None };
        let elem = *elem;
        if let [y] = rest
            && call.spread
            && self.is_byte_slice(slice.ty)
        {
            let terms = self.p.type_terms(y.ty);
            let string = terms.iter().any(|t| self.is(t.1, is_string));
            let fits = terms.iter().all(|t| self.is(t.1, is_string) || self.is_byte_slice(t.1));
            if string && fits {
                let ty = self.make_signature(&[slice.ty, y.ty], &[slice.ty], true);
                self.record_builtin_type(call.fun, ty);
                return Some(Operand::new(Om::Value, slice.ty, call.e));
            }
        }
        let all = self.slice_of(elem);
        for x in rest {
            self.assignment(x, Some(if call.spread { all } else { elem }));
        }
        let ty = self.make_signature(&[slice.ty, all], &[slice.ty], true);
        self.record_builtin_type(call.fun, ty);
        Some(Operand::new(Om::Value, slice.ty, call.e))
    }

    fn length(&mut self, call: Call<'_>, x: Operand) -> Option<Operand> {
        let int = self.basic(Basic::Int);
        let under = self.under(x.ty);
        if !self.p.is_type_param(x.ty) {
            if let TypeKind::Basic(_) = self.kind(under)
                && x.mode == Om::Const
            {
                let value = match self.value_of(&x) {
                    ConstValue::String(text) => constant::int(text.len() as u64),
                    _ => ConstValue::Unknown,
                };
                return self.const_result(call, int, value);
            }
            if let Some(n) = array_behind(self.p, under)
                && !self.has_call_or_recv
            {
                let value = n.map_or(ConstValue::Unknown, constant::int);
                return self.const_result(call, int, value);
            }
        }
        self.value(call, int, &[x.ty])
    }

    fn complex(&mut self, call: Call<'_>, values: &mut [Operand]) -> Option<Operand> {
        let &mut [mut x, mut y] = values else { return None };
        let constant = x.mode == Om::Const && y.mode == Om::Const;
        match (self.is_untyped(x.ty), self.is_untyped(y.ty)) {
            (false, false) => {}
            (true, false) => self.convert_untyped(&mut x, y.ty),
            (false, true) => self.convert_untyped(&mut y, x.ty),
            (true, true) if constant => {
                x.ty = self.basic(Basic::UntypedFloat);
                y.ty = x.ty;
            }
            (true, true) => {
                let float = self.basic(Basic::Float64);
                self.convert_untyped(&mut x, float);
                self.convert_untyped(&mut y, float);
            }
        }
        if !x.ok() || !y.ok() {
            return None;
        }
        let ty = match self.basic_of(x.ty)? {
            Basic::Float32 => self.basic(Basic::Complex64),
            Basic::Float64 => self.basic(Basic::Complex128),
            Basic::UntypedFloat => self.basic(Basic::UntypedComplex),
            _ => return None,
        };
        if !constant {
            return self.value(call, ty, &[x.ty, x.ty]);
        }
        let parts = (constant::to_rat(self.value_of(&x)), constant::to_rat(self.value_of(&y)));
        let value = match parts {
            (Some(re), Some(im)) => constant::complex(re, im),
            _ => ConstValue::Unknown,
        };
        self.const_result(call, ty, value)
    }

    fn part(&mut self, call: Call<'_>, mut x: Operand) -> Option<Operand> {
        if self.is_untyped(x.ty) {
            if x.mode == Om::Const {
                x.ty = self.basic(Basic::UntypedComplex);
            } else {
                self.convert_untyped(&mut x, self.basic(Basic::Complex128));
            }
        }
        let ty = match self.basic_of(x.ty)? {
            Basic::Complex64 => self.basic(Basic::Float32),
            Basic::Complex128 => self.basic(Basic::Float64),
            Basic::UntypedComplex => self.basic(Basic::UntypedFloat),
            _ => return None,
        };
        if x.mode != Om::Const {
            return self.value(call, ty, &[x.ty]);
        }
        let value = match constant::to_complex(self.value_of(&x)) {
            Some((re, _)) if call.builtin == Builtin::Real => constant::number(re),
            Some((_, im)) => constant::number(im),
            None => ConstValue::Unknown,
        };
        self.const_result(call, ty, value)
    }

    fn extreme(&mut self, call: Call<'_>, values: &[Operand]) -> Option<Operand> {
        let op = if call.builtin == Builtin::Min { BinaryOp::Lt } else { BinaryOp::Gt };
        let (&first, rest) = values.split_first()?;
        let mut x = first;
        for &next in rest {
            let mut y = next;
            self.match_types(&mut x, &mut y);
            if !x.ok() {
                return None;
            }
            if x.mode == Om::Const && y.mode == Om::Const {
                if constant::compare(op, self.value_of(&y), self.value_of(&x)) == Some(true) {
                    x = y;
                }
            } else {
                x.mode = Om::Value;
            }
        }
        if x.mode != Om::Const {
            x.mode = Om::Value;
            self.assignment(&mut x, Some(self.p.universe.empty_interface));
        }
        for value in values {
            self.update_type(value.expr, x.ty, true);
        }
        if x.mode != Om::Const {
            let params = vec![x.ty; values.len()];
            self.record_builtin(call.fun, &params, &[x.ty]);
        }
        Some(x)
    }

    fn make(&mut self, call: Call<'_>) -> Option<Operand> {
        let (&first, rest) = call.args.split_first()?;
        let ty = self.typ(first);
        let mut params = vec![ty];
        for &size in rest {
            params.push(self.index_operand(size).ty);
        }
        if !self.valid(ty) {
            return None;
        }
        self.value(call, ty, &params)
    }

    fn new_call(&mut self, call: Call<'_>) -> Option<Operand> {
        let &arg = call.args.first()?;
        let mut x = self.expr_or_type(arg, false);
        match x.mode {
            Om::Invalid | Om::Builtin(_) => return None,
            Om::Type => {}
            _ => {
                if self.is_untyped(x.ty) {
                    self.assignment(&mut x, None);
                }
                if !x.ok() {
                    return None;
                }
            }
        }
        self.value(call, self.pointer_to(x.ty), &[x.ty])
    }

    fn offset(&mut self, call: Call<'_>) -> Option<Operand> {
        let uintptr = self.basic(Basic::Uintptr);
        let &arg = call.args.first()?;
        let selector = self.ast.unparen(arg);
        let Expr::Selector { x, sel } = *self.ast.expr(selector) else {
            self.use_exprs(&[arg]);
            return None;
        };
        let x = self.expr(x);
        if !x.ok() {
            return None;
        }
        let base = match self.under_kind(x.ty) {
            TypeKind::Pointer(to) if matches!(self.under_kind(*to), TypeKind::Struct(_)) => *to,
            _ => x.ty,
        };
        let Search::Hit(hit) = self.p.find(base, self.pkg, self.name(sel)) else { return None };
        if hit.method {
            return None;
        }
        self.t.set_ident(sel, hit.object);
        let offset = self.p.offset_of(base, &hit.path);
        let selection = Selection {
            kind: SelectionKind::Field,
            object: hit.object,
            recv: base,
            path: hit.path.into(),
            indirect: false,
        };
        self.t.selections.push((selector, selection));
        self.record_value(selector, hit.ty);
        match offset.filter(|_| self.p.size_of(base).is_some()) {
            Some(n) => self.const_result(call, uintptr, constant::int(n)),
            None => self.value(call, uintptr, &[hit.ty]),
        }
    }
}
