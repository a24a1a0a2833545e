//! Expressions.

use super::Lower;
use super::body::FuncCtx;
use super::symbol::literal_symbol;
use crate::data::*;
use stanch_syntax::ast::{self, BinaryOp, Expr, ExprId, List, SignatureId, UnaryOp};
use stanch_types::{
    Mode, ObjectId, ObjectKind, Program, Selection, SelectionKind, TypeId, TypeKind, VarKind,
};

impl Lower<'_> {
    /// Evaluates an expression to one value.
    pub(super) fn expr(&mut self, expr: ExprId) -> Operand {
        let ast = self.ast();
        let info_ty = self.ty(expr);
        if let Some(value) = self.constant(expr) {
            return Operand::Const(value.clone(), info_ty);
        }
        if self.mode(expr) == Mode::Nil {
            return Operand::Nil(info_ty);
        }
        let span = self.expr_span(expr);
        match ast.expr(expr) {
            Expr::Paren(x) => self.expr(*x),
            Expr::Ident(ident) => match self.object(*ident) {
                Some(object) => self.object_value(object, info_ty, span),
                None => Operand::Unknown(info_ty),
            },
            Expr::FuncLit { signature, body } => {
                let (func, _) = self.literal(expr, *signature, *body);
                self.assign_temp(Rvalue::MakeClosure(func), info_ty, span)
            }
            Expr::CompositeLit { elts, .. } => self.composite(expr, info_ty, *elts, None),
            Expr::Selector { x, sel } => match self.selection(expr) {
                Some(selection) => self.selector(expr, *x, &selection),
                None => match self.object(*sel) {
                    Some(object) => self.object_value(object, info_ty, span),
                    None => {
                        // Nothing is known of the result, but the call before the dot takes place.
                        if self.may_call(*x, 0) {
                            self.expr(*x);
                        }
                        Operand::Unknown(info_ty)
                    }
                },
            },
            Expr::Index { x, indices } => self.index(expr, *x, *indices),
            Expr::Slice { x, lo, hi, max } => self.slice(expr, *x, [*lo, *hi, *max]),
            Expr::TypeAssert { x, ty: Some(_) } => {
                let x = self.expr(*x);
                let assert = Rvalue::TypeAssert { x, ty: self.single(info_ty), ok: None };
                self.assign_temp(assert, info_ty, span)
            }
            Expr::Call { .. } => self.call_value(expr),
            Expr::Star(x) => {
                let mut place = self.operand_place(*x);
                place.proj.push(Proj::Deref);
                self.load(place, info_ty, span)
            }
            Expr::Recv(x) => {
                let chan = self.expr(*x);
                let dst = self.temp(self.single(info_ty), span);
                let recv = InstrKind::Recv { dst: Some(dst), ok: None, chan, range: false };
                self.cur().push(recv, span);
                Operand::Local(dst)
            }
            Expr::Unary { op: UnaryOp::Addr, x } => self.address(*x, info_ty, span),
            Expr::Unary { op, x } => {
                let x = self.expr(*x);
                self.assign_temp(Rvalue::Unary(*op, x), info_ty, span)
            }
            Expr::Binary { op: BinaryOp::LAnd | BinaryOp::LOr, .. } => {
                self.logical(expr, info_ty, span)
            }
            Expr::Binary { op, x, y, .. } => self.binary(*op, *x, *y, info_ty, span),
            Expr::Bad
            | Expr::BasicLit(_)
            | Expr::KeyValue { .. }
            | Expr::TypeAssert { ty: None, .. }
            | Expr::SliceType(_)
            | Expr::ArrayType { .. }
            | Expr::StructType { .. }
            | Expr::FuncType(_)
            | Expr::InterfaceType { .. }
            | Expr::MapType { .. }
            | Expr::ChanType { .. }
            | Expr::Ellipsis(_) => Operand::Unknown(info_ty),
        }
    }

    /// The value type of a comma-ok expression whose recorded type is the pair.
    pub(super) fn single(&self, ty: TypeId) -> TypeId {
        match self.kind(ty) {
            TypeKind::Tuple(parts) => parts.first().copied().unwrap_or(ty),
            _ => ty,
        }
    }

    pub(super) fn object_value(&mut self, object: ObjectId, ty: TypeId, span: Span) -> Operand {
        match &self.program.object(object).kind {
            ObjectKind::Var(VarKind::Package) => {
                let place = Place { base: PlaceBase::Global(object), proj: Vec::new() };
                self.assign_temp(Rvalue::Load(place), ty, span)
            }
            ObjectKind::Var(_) => match self.variable(object) {
                Some(local) => Operand::Local(local),
                None => Operand::Unknown(ty),
            },
            ObjectKind::Const(value) => Operand::Const(value.clone(), ty),
            ObjectKind::Func { .. } => Operand::Func(object),
            ObjectKind::Nil => Operand::Nil(ty),
            ObjectKind::PkgName(_)
            | ObjectKind::TypeName { .. }
            | ObjectKind::Label
            | ObjectKind::Builtin(_) => Operand::Unknown(ty),
        }
    }

    /// Lowers a function literal; also the local-free id and its span.
    pub(super) fn literal(
        &mut self,
        expr: ExprId,
        signature: SignatureId,
        body: ast::Block,
    ) -> (FuncId, Span) {
        let span = self.expr_span(expr);
        let start = span.range.start;
        let name_span = self.span(stanch_base::TextRange::new(start, start + 4));
        self.cur();
        let symbol = literal_symbol(&mut self.stack);
        let mut ctx = FuncCtx::new(symbol, None, span, name_span);
        ctx.is_literal = true;
        let id = self.begin_child(ctx);
        self.signature(signature);
        self.body(body);
        self.finish(id);
        (id, span)
    }

    fn selector(&mut self, expr: ExprId, x: ExprId, selection: &Selection) -> Operand {
        let ty = self.ty(expr);
        let span = self.expr_span(expr);
        match selection.kind {
            SelectionKind::Field => {
                let place = self.field_place(x, &selection.path);
                self.load(place, ty, span)
            }
            SelectionKind::Method => {
                let recv = self.receiver(x, selection);
                let value = Rvalue::MethodValue { recv, method: selection.object };
                self.assign_temp(value, ty, span)
            }
            SelectionKind::MethodExpr => Operand::Func(selection.object),
        }
    }

    /// The receiver operand as the selected method wants it: pointer, value or interface.
    pub(super) fn receiver(&mut self, x: ExprId, selection: &Selection) -> Operand {
        let span = self.expr_span(x);
        let mut place = self.operand_place(x);
        let mut ty = self.ty(x);
        for &index in &selection.path {
            ty = self.step_field(&mut place, ty, index);
        }
        let pointer = match self.program.object(selection.object).kind {
            ObjectKind::Func { pointer_recv, interface: false, .. } => pointer_recv,
            _ => return self.load(place, ty, span),
        };
        let is_pointer = match self.program.unalias(ty) {
            ty if self.program.pointee(ty).is_some() => true,
            ty => {
                self.program.named_object(ty).is_none()
                    && matches!(self.core(ty), TypeKind::Pointer(_))
            }
        };
        match (pointer, is_pointer) {
            (true, false) => self.address_of(place, Program::UNKNOWN, span),
            (false, true) => {
                place.proj.push(Proj::Deref);
                let ty = self.program.pointee(ty).unwrap_or(ty);
                self.load(place, ty, span)
            }
            _ => self.load(place, ty, span),
        }
    }

    fn index(&mut self, expr: ExprId, x: ExprId, indices: List<ExprId>) -> Operand {
        let ty = self.ty(expr);
        let span = self.expr_span(expr);
        if let Some((object, _)) = self.static_func(expr) {
            return Operand::Func(object);
        }
        let ast = self.ast();
        let Some(&index) = ast.list(indices).first() else { return Operand::Unknown(ty) };
        if let TypeKind::Map(key_ty, _) = self.core(self.ty(x)) {
            let map = self.expr(x);
            let key = self.expr(index);
            let key = self.coerce(key, self.ty(index), *key_ty, span);
            let lookup = Rvalue::MapLookup { map, key, ok: None };
            return self.assign_temp(lookup, self.single(ty), span);
        }
        match self.place(expr) {
            Some(place) => self.load(place, ty, span),
            None => Operand::Unknown(ty),
        }
    }

    fn slice(&mut self, expr: ExprId, x: ExprId, bounds: [Option<ExprId>; 3]) -> Operand {
        let ty = self.ty(expr);
        let span = self.expr_span(expr);
        let operand = match self.core(self.ty(x)) {
            TypeKind::Array(..) => match self.place(x) {
                Some(place) => self.address_of(place, Program::UNKNOWN, span),
                None => self.expr(x),
            },
            _ => self.expr(x),
        };
        let [lo, hi, max] = bounds.map(|bound| bound.map(|b| self.expr(b)));
        let hi = hi.or(max);
        self.assign_temp(Rvalue::Slice { x: operand, lo, hi }, ty, span)
    }

    /// `&x`: of a composite literal a new object, else an address.
    fn address(&mut self, x: ExprId, ty: TypeId, span: Span) -> Operand {
        let ast = self.ast();
        let inner = ast.unparen(x);
        if let Expr::CompositeLit { elts, .. } = ast.expr(inner) {
            let literal_ty = self.ty(inner);
            return self.composite(inner, literal_ty, *elts, Some(ty));
        }
        match self.place(x) {
            Some(place) => self.address_of(place, ty, span),
            None => {
                let value = self.expr(x);
                self.assign_temp(Rvalue::Other(vec![value], ty), ty, span)
            }
        }
    }

    fn binary(&mut self, op: BinaryOp, x: ExprId, y: ExprId, ty: TypeId, span: Span) -> Operand {
        let (x_ty, y_ty) = (self.ty(x), self.ty(y));
        let mut a = self.expr(x);
        a = self.settle(a, x_ty, y);
        let mut b = self.expr(y);
        // A comparison of an interface with a concrete value compares interfaces.
        if matches!(op, BinaryOp::Eq | BinaryOp::Ne) {
            a = self.coerce(a, x_ty, y_ty, span);
            b = self.coerce(b, y_ty, x_ty, span);
        }
        self.assign_temp(Rvalue::Binary(op, a, b), ty, span)
    }

    /// Copies a variable's value into a temporary if evaluating `next` may change the variable.
    pub(super) fn settle(&mut self, value: Operand, ty: TypeId, next: ExprId) -> Operand {
        let Operand::Local(local) = value else { return value };
        let is_var = self.cur().func.locals[local].kind != LocalKind::Temp;
        if is_var && self.may_call(next, 0) {
            let span = self.expr_span(next);
            return self.assign_temp(Rvalue::Use(value), ty, span);
        }
        value
    }

    /// Whether evaluating may run other code.
    pub(super) fn may_call(&self, expr: ExprId, depth: u32) -> bool {
        let ast = self.ast();
        match ast.expr(expr) {
            Expr::Ident(_) | Expr::BasicLit(_) | Expr::FuncLit { .. } | Expr::Bad => false,
            Expr::Paren(x) | Expr::Star(x) | Expr::Selector { x, .. } if depth < 8 => {
                self.may_call(*x, depth + 1)
            }
            Expr::Unary { x, .. } if depth < 8 => self.may_call(*x, depth + 1),
            _ => self.constant(expr).is_none(),
        }
    }

    /// `&&` and `||` as branches that leave their value in a temporary.
    fn logical(&mut self, expr: ExprId, ty: TypeId, span: Span) -> Operand {
        let dst = self.temp(ty, span);
        let (then, els, done) =
            (self.cur().new_block(), self.cur().new_block(), self.cur().new_block());
        self.condition(expr, then, els);
        for (block, value) in [(then, true), (els, false)] {
            self.cur().at = block;
            let value = Operand::Const(stanch_types::ConstValue::Bool(value), ty);
            self.cur().push(InstrKind::Assign(dst, Rvalue::Use(value)), span);
            self.cur().end(Terminator::Goto(done), span);
        }
        self.cur().at = done;
        Operand::Local(dst)
    }

    /// Branches on a condition, taken apart at `&&`, `||` and `!`.
    pub(super) fn condition(&mut self, expr: ExprId, then: BlockId, els: BlockId) {
        let ast = self.ast();
        let expr = ast.unparen(expr);
        let span = self.expr_span(expr);
        if self.constant(expr).is_none() {
            match ast.expr(expr) {
                Expr::Binary { op: BinaryOp::LAnd, x, y, .. } => {
                    let next = self.cur().new_block();
                    self.condition(*x, next, els);
                    self.cur().at = next;
                    return self.condition(*y, then, els);
                }
                Expr::Binary { op: BinaryOp::LOr, x, y, .. } => {
                    let next = self.cur().new_block();
                    self.condition(*x, then, next);
                    self.cur().at = next;
                    return self.condition(*y, then, els);
                }
                Expr::Unary { op: UnaryOp::Not, x } => return self.condition(*x, els, then),
                _ => {}
            }
        }
        let cond = self.expr(expr);
        match cond {
            Operand::Const(stanch_types::ConstValue::Bool(value), _) => {
                let to = if value { then } else { els };
                self.cur().end(Terminator::Goto(to), span);
            }
            cond => self.cur().end(Terminator::Branch { cond, then, els }, span),
        }
    }

    /// The value as a value of type `to`: a concrete value becomes an interface value where `to` is
    /// an interface.
    pub(super) fn coerce(
        &mut self,
        value: Operand,
        from: TypeId,
        to: TypeId,
        span: Span,
    ) -> Operand {
        let interface = self.program.is_interface(to) && !self.program.is_type_param(to);
        let plain = matches!(self.kind(from), TypeKind::Unknown | TypeKind::Tuple(_))
            || self.program.is_interface(from)
            || self.program.is_type_param(from);
        match value {
            Operand::Nil(_) => Operand::Nil(to),
            value if interface && !plain => {
                self.assign_temp(Rvalue::MakeInterface(value, to), to, span)
            }
            value => value,
        }
    }

    /// Evaluates an expression and converts it to `to` as an assignment does.
    pub(super) fn expr_as(&mut self, expr: ExprId, to: TypeId) -> Operand {
        let value = self.expr(expr);
        let from = self.ty(expr);
        let span = self.expr_span(expr);
        self.coerce(value, from, to, span)
    }
}
