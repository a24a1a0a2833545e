//! Calls of predeclared functions and of those of `unsafe`.

use super::*;
use crate::constant;
use stanch_syntax::ast::{BinaryOp, Expr};

impl Checker<'_, '_> {
    pub(super) fn builtin_call(
        &mut self,
        expr: ExprId,
        fun: ExprId,
        builtin: Builtin,
        args: &[ExprId],
        spread: bool,
    ) -> Operand {
        let before = std::mem::replace(&mut self.has_call_or_recv, false);
        let result = match builtin {
            Builtin::Make | Builtin::New => self.allocation(expr, builtin, args),
            Builtin::Len | Builtin::Cap => self.length(expr, builtin, args),
            Builtin::UnsafeSizeof | Builtin::UnsafeAlignof | Builtin::UnsafeOffsetof => {
                self.layout(expr, builtin, args)
            }
            _ => {
                let mut values: Vec<Operand> = match args {
                    [one] if !spread => self.multi(*one, 0),
                    _ => args.iter().map(|&a| self.expr(a)).collect(),
                };
                self.plain_builtin(expr, builtin, &mut values, spread)
            }
        };
        self.has_call_or_recv |= before;
        if result.ok() && result.mode != Om::Const {
            self.record_builtin(fun, &result, args);
        }
        result
    }

    /// The signature of the predeclared function in this call, as go/types records it.
    fn record_builtin(&mut self, fun: ExprId, result: &Operand, args: &[ExprId]) {
        let params: Vec<TypeId> =
            args.iter().map(|&a| self.t.expr(a).map_or(UNKNOWN, |i| i.ty)).collect();
        let results = match result.mode {
            Om::NoValue => Box::default(),
            _ => [result.ty].into(),
        };
        let ty = self.intern(TypeKind::Signature(SignatureType {
            type_params: Box::default(),
            params: params.into(),
            results,
            variadic: false,
            names: crate::names::NO_NAMES,
        }));
        let info = ExprInfo { ty, mode: Mode::Builtin, constant: None };
        let mut at = fun;
        loop {
            self.t.set_expr(at, info);
            match *self.ast.expr(at) {
                Expr::Paren(x) => at = x,
                _ => return,
            }
        }
    }

    fn allocation(&mut self, expr: ExprId, builtin: Builtin, args: &[ExprId]) -> Operand {
        let Some((&first, rest)) = args.split_first() else { return Operand::invalid(expr) };
        let mut x = self.expr(first);
        for &size in rest {
            self.index_value(size);
        }
        if !x.ok() {
            return Operand::invalid(expr);
        }
        match builtin {
            Builtin::Make => self.result(Om::Value, x.ty, expr),
            _ => {
                if x.mode != Om::Type {
                    self.default_value(&mut x);
                }
                Operand::new(Om::Value, self.pointer_to(x.ty), expr)
            }
        }
    }

    fn length(&mut self, expr: ExprId, builtin: Builtin, args: &[ExprId]) -> Operand {
        let int = self.basic(Basic::Int);
        let Some(&arg) = args.first() else { return Operand::invalid(expr) };
        let x = self.expr(arg);
        let mut result = Operand::new(Om::Value, int, expr);
        if !x.ok() {
            return result;
        }
        let constant_len = match self.under_kind(x.ty) {
            TypeKind::Basic(_) if x.mode == Om::Const && builtin == Builtin::Len => {
                match self.value_of(&x) {
                    ConstValue::String(text) => Some(text.len() as u64),
                    _ => None,
                }
            }
            TypeKind::Array(n, _) if !self.has_call_or_recv => *n,
            TypeKind::Pointer(to) if !self.has_call_or_recv => match self.under_kind(*to) {
                TypeKind::Array(n, _) => *n,
                _ => None,
            },
            _ => None,
        };
        if self.is_untyped(x.ty) {
            self.update_type(x.expr, self.default_type(x.ty), true);
        }
        if let Some(n) = constant_len
            && !self.p.is_type_param(x.ty)
        {
            self.set_const(&mut result, int, constant::int(n));
        }
        result
    }

    fn layout(&mut self, expr: ExprId, builtin: Builtin, args: &[ExprId]) -> Operand {
        let uintptr = self.basic(Basic::Uintptr);
        let Some(&arg) = args.first() else { return Operand::invalid(expr) };
        let mut x = self.expr(arg);
        let ty = match x.mode {
            Om::Type => x.ty,
            _ => self.default_value(&mut x),
        };
        let value = match builtin {
            Builtin::UnsafeSizeof => self.p.size_of(ty),
            Builtin::UnsafeAlignof => self.p.align_of(ty),
            _ => {
                let arg = self.ast.unparen(arg);
                let selection = self.t.selections.iter().rev().find(|s| s.0 == arg);
                selection.and_then(|(_, s)| self.p.offset_of(s.recv, &s.path))
            }
        };
        let mut result = Operand::new(Om::Value, uintptr, expr);
        if let Some(n) = value {
            self.set_const(&mut result, uintptr, constant::int(n));
        }
        result
    }

    fn plain_builtin(
        &mut self,
        expr: ExprId,
        builtin: Builtin,
        values: &mut [Operand],
        spread: bool,
    ) -> Operand {
        let none = Operand::new(Om::NoValue, UNKNOWN, expr);
        match builtin {
            Builtin::Append => self.append(expr, values, spread),
            Builtin::Copy => {
                values.iter_mut().for_each(|x| {
                    self.default_value(x);
                });
                Operand::new(Om::Value, self.basic(Basic::Int), expr)
            }
            Builtin::Delete => {
                if let [map, key] = values
                    && let Some(TypeKind::Map(k, _)) =
                        self.p.common_underlying(map.ty).map(|u| self.kind(u))
                {
                    self.assign_to(key, *k);
                }
                none
            }
            Builtin::Panic => {
                if let Some(x) = values.first_mut() {
                    self.assign_to(x, self.p.universe.empty_interface);
                }
                none
            }
            Builtin::Print | Builtin::Println => {
                values.iter_mut().for_each(|x| {
                    self.default_value(x);
                });
                none
            }
            Builtin::Clear | Builtin::Close => none,
            Builtin::Recover => Operand::new(Om::Value, self.p.universe.empty_interface, expr),
            Builtin::Min | Builtin::Max => self.extreme(expr, builtin, values),
            Builtin::Complex => self.complex(expr, values),
            Builtin::Real | Builtin::Imag => self.part(expr, builtin, values),
            Builtin::UnsafeAdd => {
                if let Some(x) = values.get_mut(1)
                    && self.is_untyped(x.ty)
                {
                    self.convert_untyped(x, self.basic(Basic::Int));
                }
                Operand::new(Om::Value, self.basic(Basic::UnsafePointer), expr)
            }
            Builtin::UnsafeSlice => {
                self.size_argument(values.get_mut(1));
                match values.first().and_then(|x| self.pointee_of(x.ty)) {
                    Some(elem) => Operand::new(Om::Value, self.slice_of(elem), expr),
                    None => Operand::invalid(expr),
                }
            }
            Builtin::UnsafeSliceData => match values.first().map(|x| self.under_kind(x.ty)) {
                Some(TypeKind::Slice(elem)) => {
                    Operand::new(Om::Value, self.pointer_to(*elem), expr)
                }
                _ => Operand::invalid(expr),
            },
            Builtin::UnsafeString => {
                self.size_argument(values.get_mut(1));
                Operand::new(Om::Value, self.basic(Basic::String), expr)
            }
            Builtin::UnsafeStringData => {
                if let Some(x) = values.first_mut() {
                    self.default_value(x);
                }
                Operand::new(Om::Value, self.pointer_to(self.p.universe.byte), expr)
            }
            Builtin::Make
            | Builtin::New
            | Builtin::Len
            | Builtin::Cap
            | Builtin::UnsafeSizeof
            | Builtin::UnsafeAlignof
            | Builtin::UnsafeOffsetof => Operand::invalid(expr),
        }
    }

    fn size_argument(&mut self, x: Option<&mut Operand>) {
        if let Some(x) = x
            && x.ok()
            && self.is_untyped(x.ty)
        {
            self.convert_untyped(x, self.basic(Basic::Int));
        }
    }

    fn pointee_of(&self, ty: TypeId) -> Option<TypeId> {
        match self.under_kind(ty) {
            TypeKind::Pointer(to) => Some(*to),
            _ => None,
        }
    }

    fn append(&mut self, expr: ExprId, values: &mut [Operand], spread: bool) -> Operand {
        let Some((slice, rest)) = values.split_first_mut() else { return Operand::invalid(expr) };
        if !slice.ok() {
            return Operand::invalid(expr);
        }
        let elem = match self.p.common_underlying(slice.ty).map(|u| self.kind(u)) {
            Some(TypeKind::Slice(elem)) => *elem,
            _ => UNKNOWN,
        };
        for x in rest {
            match spread {
                true => {
                    self.default_value(x);
                }
                false => self.assign_to(x, elem),
            }
        }
        Operand::new(Om::Value, slice.ty, expr)
    }

    fn extreme(&mut self, expr: ExprId, builtin: Builtin, values: &mut [Operand]) -> Operand {
        let op = if builtin == Builtin::Min { BinaryOp::Lt } else { BinaryOp::Gt };
        let Some((&first, rest)) = values.split_first() else { return Operand::invalid(expr) };
        let mut x = first;
        for &next in rest {
            let mut y = next;
            self.match_types(&mut x, &mut y);
            if !x.ok() {
                return Operand::invalid(expr);
            }
            if x.mode == Om::Const && y.mode == Om::Const {
                if constant::compare(op, self.value_of(&y), self.value_of(&x)) == Some(true) {
                    x = Operand { ty: x.ty, ..y };
                }
            } else {
                x.mode = Om::Value;
            }
        }
        let ty = x.ty;
        for value in values.iter() {
            if !self.is_untyped(ty) {
                self.update_type(value.expr, ty, true);
            }
        }
        x.expr = expr;
        if x.mode != Om::Const {
            x.mode = Om::Value;
        }
        x
    }

    fn complex(&mut self, expr: ExprId, values: &mut [Operand]) -> Operand {
        let [x, y] = values else { return Operand::invalid(expr) };
        let (mut a, mut b) = (*x, *y);
        self.match_types(&mut a, &mut b);
        if !a.ok() {
            return Operand::invalid(expr);
        }
        let ty = match self.basic_of(a.ty) {
            Some(Basic::Float32) => self.basic(Basic::Complex64),
            Some(Basic::Float64) => self.basic(Basic::Complex128),
            _ if a.mode == Om::Const && b.mode == Om::Const => self.basic(Basic::UntypedComplex),
            _ => {
                let float = self.basic(Basic::Float64);
                self.convert_untyped(&mut a, float);
                self.convert_untyped(&mut b, float);
                self.basic(Basic::Complex128)
            }
        };
        let mut result = Operand::new(Om::Value, ty, expr);
        if a.mode == Om::Const && b.mode == Om::Const {
            let parts = (constant::to_rat(self.value_of(&a)), constant::to_rat(self.value_of(&b)));
            let value = match parts {
                (Some(re), Some(im)) => ConstValue::Complex(re, im),
                _ => ConstValue::Unknown,
            };
            self.set_const(&mut result, ty, value);
        }
        result
    }

    fn part(&mut self, expr: ExprId, builtin: Builtin, values: &mut [Operand]) -> Operand {
        let Some(x) = values.first_mut() else { return Operand::invalid(expr) };
        if x.ok() && self.is_untyped(x.ty) && x.mode != Om::Const {
            self.convert_untyped(x, self.basic(Basic::Complex128));
        }
        let ty = match self.basic_of(x.ty) {
            Some(Basic::Complex64) => self.basic(Basic::Float32),
            Some(Basic::Complex128) => self.basic(Basic::Float64),
            Some(_) => self.basic(Basic::UntypedFloat),
            None => return Operand::invalid(expr),
        };
        let mut result = Operand::new(Om::Value, ty, expr);
        if x.mode == Om::Const {
            let value = match constant::to_complex(self.value_of(x)) {
                Some((re, im)) => constant::number(if builtin == Builtin::Real { re } else { im }),
                None => ConstValue::Unknown,
            };
            self.set_const(&mut result, ty, value);
        }
        result
    }
}
