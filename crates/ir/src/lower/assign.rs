//! Assignments, declarations, composite literals.

use super::Lower;
use crate::data::*;
use stanch_syntax::ast::{self, Expr, ExprId, IdentId, List};
use stanch_types::{Program, TypeId, TypeKind};

/// What is assigned to: nothing (blank), a part of what nothing is known of, a place, or a variable that is
/// declared now.
enum Target {
    Blank,
    Unknown,
    Place(Place, TypeId),
    New(LocalId),
}

impl Lower<'_> {
    /// `lhs = rhs` and `lhs := rhs`.
    pub(super) fn assign(
        &mut self,
        lhs: List<ExprId>,
        rhs: List<ExprId>,
        define: bool,
        span: Span,
    ) {
        let ast = self.ast();
        let (lhs, rhs) = (ast.list(lhs), ast.list(rhs));
        if lhs.len() == rhs.len() {
            self.assign_each(lhs, rhs, define, span);
        } else if let [one] = rhs {
            let targets: Vec<Target> = lhs.iter().map(|&l| self.target(l, define)).collect();
            let values = self.values(*one, targets.len());
            for (target, (value, ty)) in targets.into_iter().zip(values) {
                self.assign_target(target, value, ty, span);
            }
        } else {
            for &expr in rhs {
                self.expr(expr);
            }
        }
    }

    fn assign_each(&mut self, lhs: &[ExprId], rhs: &[ExprId], define: bool, span: Span) {
        if let ([l], [r]) = (lhs, rhs) {
            // The place first: index and pointer operands are evaluated before the value.
            let target = if define { None } else { Some(self.target(*l, false)) };
            let value = self.expr(*r);
            let ty = self.ty(*r);
            let target = match target {
                Some(target) => target,
                None => self.target(*l, true),
            };
            return self.assign_target(target, value, ty, span);
        }
        let targets: Vec<Option<Target>> =
            lhs.iter().map(|&l| (!define).then(|| self.target(l, false))).collect();
        let mut values = Vec::new();
        for &r in rhs {
            let mut value = self.expr(r);
            let ty = self.ty(r);
            // Values are read before any is written.
            if let Operand::Local(local) = value
                && self.cur().func.locals[local].kind != LocalKind::Temp
            {
                value = self.assign_temp(Rvalue::Use(value), ty, span);
            }
            values.push((value, ty));
        }
        for ((target, &l), (value, ty)) in targets.into_iter().zip(lhs).zip(values) {
            let target = match target {
                Some(target) => target,
                None => self.target(l, true),
            };
            self.assign_target(target, value, ty, span);
        }
    }

    fn target(&mut self, expr: ExprId, define: bool) -> Target {
        let ast = self.ast();
        let expr = ast.unparen(expr);
        if let Expr::Ident(ident) = ast.expr(expr) {
            if ast.name(*ident) == "_" {
                return Target::Blank;
            }
            if define && self.defines(*ident) {
                let local = self.declare(*ident, LocalKind::Var);
                let span = self.expr_span(expr);
                self.cur().push(InstrKind::DeclareVar(local), span);
                return Target::New(local);
            }
        }
        if self.is_unknown_part(expr) {
            return Target::Unknown;
        }
        let ty = self.ty(expr);
        match self.place(expr) {
            Some(place) => Target::Place(place, ty),
            None => Target::Blank,
        }
    }

    /// Whether an expression is a part of what has an unknown type, as where a package is missing. Calls in
    /// it take place.
    fn is_unknown_part(&mut self, expr: ExprId) -> bool {
        let ast = self.ast();
        let (x, index) = match ast.expr(expr) {
            Expr::Selector { x, sel } => {
                if self.selection(expr).is_some() || self.object(*sel).is_some() {
                    return false;
                }
                (*x, None)
            }
            Expr::Star(x) => (*x, None),
            Expr::Index { x, indices } => (*x, ast.list(*indices).first()),
            _ => return false,
        };
        let selector = matches!(ast.expr(expr), Expr::Selector { .. });
        if !selector && !matches!(self.kind(self.ty(x)), TypeKind::Unknown) {
            return false;
        }
        for &operand in std::iter::once(&x).chain(index) {
            if self.may_call(operand, 0) {
                self.expr(operand);
            }
        }
        true
    }

    /// Whether an identifier on the left of `:=` declares a new variable.
    pub(super) fn defines(&self, ident: IdentId) -> bool {
        let span = self.ast().idents[ident].span;
        match self.object(ident) {
            Some(object) => {
                object.package == self.package
                    && self.program.object(object).place == Some((self.file, span))
            }
            None => true,
        }
    }

    /// `expr = value`, where `ty` is the value's type.
    pub(super) fn assign_to(&mut self, expr: ExprId, value: Operand, ty: TypeId, span: Span) {
        let target = self.target(expr, false);
        self.assign_target(target, value, ty, span);
    }

    fn assign_target(&mut self, target: Target, value: Operand, ty: TypeId, span: Span) {
        match target {
            Target::Blank => {}
            // Whoever gets at it may do anything with the value.
            Target::Unknown => {
                if let Operand::Local(_) | Operand::Func(_) = value {
                    let callee = Callee::Value(Operand::Unknown(Program::UNKNOWN));
                    let call = Call { callee, args: vec![value], dst: Vec::new(), spread: false };
                    self.cur().push(InstrKind::Call(call), span);
                }
            }
            Target::New(local) => {
                let to = self.cur().func.locals[local].ty;
                let value = self.coerce(value, ty, to, span);
                self.cur().push(InstrKind::Assign(local, Rvalue::Use(value)), span);
            }
            Target::Place(place, to) => {
                let value = self.coerce(value, ty, to, span);
                self.store(place, value, span);
            }
        }
    }

    /// The values of a multi-valued expression: a call, or a comma-ok form.
    pub(super) fn values(&mut self, expr: ExprId, n: usize) -> Vec<(Operand, TypeId)> {
        let ast = self.ast();
        let expr = ast.unparen(expr);
        let span = self.expr_span(expr);
        let ty = self.single(self.ty(expr));
        let bool_ty = self.program.basic(stanch_types::Basic::Bool);
        let pair = |value, ok| vec![(Operand::Local(value), ty), (Operand::Local(ok), bool_ty)];
        match ast.expr(expr) {
            Expr::Call { .. } => self.call(expr, n),
            Expr::Recv(x) => {
                let chan = self.expr(*x);
                let (value, ok) = (self.temp(ty, span), self.temp(bool_ty, span));
                let recv = InstrKind::Recv { dst: Some(value), ok: Some(ok), chan, range: false };
                self.cur().push(recv, span);
                pair(value, ok)
            }
            Expr::TypeAssert { x, ty: Some(_) } => {
                let x = self.expr(*x);
                let (value, ok) = (self.temp(ty, span), self.temp(bool_ty, span));
                let assert = Rvalue::TypeAssert { x, ty, ok: Some(ok) };
                self.cur().push(InstrKind::Assign(value, assert), span);
                pair(value, ok)
            }
            Expr::Index { x, indices } => {
                let (x, indices) = (*x, *indices);
                let map = self.expr(x);
                let key = match ast.list(indices).first() {
                    Some(&index) => match self.core(self.ty(x)) {
                        TypeKind::Map(key, _) => self.expr_as(index, *key),
                        _ => self.expr(index),
                    },
                    None => Operand::Unknown(Program::UNKNOWN),
                };
                let (value, ok) = (self.temp(ty, span), self.temp(bool_ty, span));
                let lookup = Rvalue::MapLookup { map, key, ok: Some(ok) };
                self.cur().push(InstrKind::Assign(value, lookup), span);
                pair(value, ok)
            }
            _ => {
                self.expr(expr);
                vec![(Operand::Unknown(Program::UNKNOWN), Program::UNKNOWN); n]
            }
        }
    }

    /// `x op= y`, `x++`.
    pub(super) fn op_assign(
        &mut self,
        op: ast::BinaryOp,
        lhs: ExprId,
        rhs: Option<ExprId>,
        span: Span,
    ) {
        let ty = self.ty(lhs);
        if self.is_unknown_part(lhs) {
            if let Some(rhs) = rhs {
                self.expr(rhs);
            }
            return;
        }
        let Some(place) = self.place(lhs) else { return };
        let old = self.load(place.clone(), ty, span);
        let right = match rhs {
            Some(rhs) => self.expr(rhs),
            None => Operand::Const(stanch_types::ConstValue::Int(1.into()), ty),
        };
        let new = self.assign_temp(Rvalue::Binary(op, old, right), ty, span);
        self.store(place, new, span);
    }

    /// `var a, b T = x, y`, local or at package level.
    pub(super) fn value_spec(&mut self, spec: &ast::ValueSpec) {
        let ast = self.ast();
        let span = self.span(spec.span);
        let names = ast.list(spec.names);
        let values = ast.list(spec.values);
        let mut pairs: Vec<Option<(Operand, TypeId)>> = Vec::new();
        if values.len() == names.len() {
            for &value in values {
                let operand = self.expr(value);
                pairs.push(Some((operand, self.ty(value))));
            }
        } else if let [one] = values {
            pairs.extend(self.values(*one, names.len()).into_iter().map(Some));
        }
        pairs.resize(names.len(), None);
        for (&name, pair) in names.iter().zip(pairs) {
            let Some(object) = self.object(name) else { continue };
            let info = self.program.object(object);
            if info.package_level {
                if let Some((value, ty)) = pair {
                    let value = self.coerce(value, ty, info.ty, span);
                    let place = Place { base: PlaceBase::Global(object), proj: Vec::new() };
                    self.cur().push(InstrKind::Store(place, value), span);
                }
                continue;
            }
            let local = self.declare(name, LocalKind::Var);
            self.cur().push(InstrKind::DeclareVar(local), span);
            if let Some((value, ty)) = pair {
                let value = self.coerce(value, ty, info.ty, span);
                self.cur().push(InstrKind::Assign(local, Rvalue::Use(value)), span);
            }
        }
    }

    /// `T{…}`, or `&T{…}` of the type `pointer`.
    pub(super) fn composite(
        &mut self,
        expr: ExprId,
        ty: TypeId,
        elts: List<ExprId>,
        pointer: Option<TypeId>,
    ) -> Operand {
        let span = self.expr_span(expr);
        // In `[]*T{{…}}` the inner literal's type is the pointer.
        let (ty, pointer) = match self.program.pointee(ty) {
            Some(to) if !matches!(self.core(ty), TypeKind::Struct(_)) => (to, Some(ty)),
            _ => (ty, pointer),
        };
        let value = match (self.core(ty), pointer) {
            (TypeKind::Struct(_), Some(pointer)) => {
                return self.new_struct(ty, pointer, elts, span);
            }
            (TypeKind::Struct(_), None) => {
                let elems = self.struct_elems(ty, elts);
                self.assign_temp(Rvalue::Composite { ty, elems }, ty, span)
            }
            (TypeKind::Map(key, value), _) => self.map_literal(ty, *key, *value, elts, span),
            (TypeKind::Slice(elem), _) => {
                let elems = self.elems(elts, *elem).into_iter().map(|(_, v)| v).collect();
                self.assign_temp(Rvalue::MakeSlice { ty, elems, len: None }, ty, span)
            }
            (TypeKind::Array(_, elem), _) => {
                let elems = self.elems(elts, *elem);
                self.assign_temp(Rvalue::Composite { ty, elems }, ty, span)
            }
            _ => {
                let values = self.elems(elts, Program::UNKNOWN);
                let values = values.into_iter().map(|(_, v)| v).collect();
                self.assign_temp(Rvalue::Other(values, ty), ty, span)
            }
        };
        if let Some(pointer) = pointer {
            let new = self.assign_temp(Rvalue::New(ty), pointer, span);
            let mut place = self.value_place(new.clone(), pointer, span);
            place.proj.push(Proj::Deref);
            self.cur().push(InstrKind::Store(place, value), span);
            return new;
        }
        value
    }

    fn new_struct(
        &mut self,
        ty: TypeId,
        pointer: TypeId,
        elts: List<ExprId>,
        span: Span,
    ) -> Operand {
        let elems = self.struct_elems(ty, elts);
        let new = self.assign_temp(Rvalue::New(ty), pointer, span);
        for (index, value) in elems {
            let mut place = self.value_place(new.clone(), pointer, span);
            place.proj.push(Proj::Deref);
            self.step_field(&mut place, ty, index);
            self.cur().push(InstrKind::Store(place, value), span);
        }
        new
    }

    fn struct_elems(&mut self, ty: TypeId, elts: List<ExprId>) -> Vec<(u32, Operand)> {
        let TypeKind::Struct(fields) = self.core(ty) else { return Vec::new() };
        let ast = self.ast();
        let mut elems = Vec::new();
        for (i, &elt) in ast.list(elts).iter().enumerate() {
            let (index, value) = match ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    let name = match ast.expr(*key) {
                        Expr::Ident(ident) => ast.name(*ident),
                        _ => "",
                    };
                    (fields.iter().position(|f| f.name.as_ref() == name), *value)
                }
                _ => (Some(i), elt),
            };
            let field = index.and_then(|i| fields.get(i));
            let operand = match field {
                Some(field) => self.expr_as(value, field.ty),
                None => self.expr(value),
            };
            if let Some(index) = index {
                elems.push((index as u32, operand));
            }
        }
        elems
    }

    /// Elements of an array or slice literal with their indices (known constants as keys).
    fn elems(&mut self, elts: List<ExprId>, elem: TypeId) -> Vec<(u32, Operand)> {
        let ast = self.ast();
        let mut next: u32 = 0;
        let mut elems = Vec::new();
        for &elt in ast.list(elts) {
            let value = match ast.expr(elt) {
                Expr::KeyValue { key, value } => {
                    if let Some(stanch_types::ConstValue::Int(n)) = self.constant(*key)
                        && let Ok(n) = u32::try_from(n.clone())
                    {
                        next = n;
                    }
                    *value
                }
                _ => elt,
            };
            let operand = match elem == Program::UNKNOWN {
                true => self.expr(value),
                false => self.expr_as(value, elem),
            };
            elems.push((next, operand));
            next = next.saturating_add(1);
        }
        elems
    }

    fn map_literal(
        &mut self,
        ty: TypeId,
        key_ty: TypeId,
        value_ty: TypeId,
        elts: List<ExprId>,
        span: Span,
    ) -> Operand {
        let ast = self.ast();
        let map = self.assign_temp(Rvalue::MakeMap(ty), ty, span);
        for &elt in ast.list(elts) {
            let Expr::KeyValue { key, value } = ast.expr(elt) else { continue };
            let (key, value) = (*key, *value);
            let at = self.expr_span(elt);
            let key = self.expr_as(key, key_ty);
            let value = self.expr_as(value, value_ty);
            let mut place = self.value_place(map.clone(), ty, span);
            place.proj.push(Proj::Index(key));
            self.cur().push(InstrKind::Store(place, value), at);
        }
        map
    }
}
