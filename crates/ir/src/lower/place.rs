//! Addressable expressions and selectors.

use super::Lower;
use crate::data::*;
use stanch_syntax::ast::{Expr, ExprId};
use stanch_types::{
    Mode, ObjectId, ObjectKind, Selection, SelectionKind, TypeId, TypeKind, VarKind,
};

impl Lower<'_> {
    /// The place an expression denotes, if it denotes one; operands on the way are evaluated.
    pub(super) fn place(&mut self, expr: ExprId) -> Option<Place> {
        let ast = self.ast();
        let expr = ast.unparen(expr);
        match ast.expr(expr) {
            Expr::Ident(ident) => {
                let object = self.object(*ident)?;
                self.variable_place(object)
            }
            Expr::Selector { x, sel } => match self.selection(expr) {
                Some(s) if s.kind == SelectionKind::Field => Some(self.field_place(*x, &s.path)),
                Some(_) => None,
                None => {
                    let object = self.object(*sel)?;
                    self.variable_place(object)
                }
            },
            Expr::Star(x) => {
                let mut place = self.operand_place(*x);
                place.proj.push(Proj::Deref);
                Some(place)
            }
            Expr::Index { x, indices } => {
                let index = *ast.list(*indices).first()?;
                self.index_place(*x, index)
            }
            _ => None,
        }
    }

    pub(super) fn selection(&self, expr: ExprId) -> Option<Selection> {
        self.file_types()?.selections.get(&expr).cloned()
    }

    fn variable_place(&mut self, object: ObjectId) -> Option<Place> {
        match self.program.object(object).kind {
            ObjectKind::Var(VarKind::Package) => {
                Some(Place { base: PlaceBase::Global(object), proj: Vec::new() })
            }
            ObjectKind::Var(_) => {
                let local = self.variable(object)?;
                Some(Place { base: PlaceBase::Local(local), proj: Vec::new() })
            }
            _ => None,
        }
    }

    /// The place of an expression, or a temporary that holds its value.
    pub(super) fn operand_place(&mut self, expr: ExprId) -> Place {
        if self.mode(expr) != Mode::Const
            && let Some(place) = self.place(expr)
        {
            return place;
        }
        let span = self.expr_span(expr);
        let ty = self.ty(expr);
        let value = self.expr(expr);
        self.value_place(value, ty, span)
    }

    /// A place that holds the value.
    pub(super) fn value_place(&mut self, value: Operand, ty: TypeId, span: Span) -> Place {
        let local = match value {
            Operand::Local(local) => local,
            value => {
                let local = self.temp(ty, span);
                self.cur().push(InstrKind::Assign(local, Rvalue::Use(value)), span);
                local
            }
        };
        Place { base: PlaceBase::Local(local), proj: Vec::new() }
    }

    /// `x` followed by fields, dereferencing pointers on the way.
    pub(super) fn field_place(&mut self, x: ExprId, path: &[u32]) -> Place {
        let mut place = self.operand_place(x);
        let mut ty = self.ty(x);
        for &index in path {
            ty = self.step_field(&mut place, ty, index);
        }
        place
    }

    /// Adds a field to a place (through a pointer if `ty` is one) and returns the field's type.
    pub(super) fn step_field(&mut self, place: &mut Place, ty: TypeId, index: u32) -> TypeId {
        let mut ty = ty;
        if let TypeKind::Pointer(to) = self.core(ty) {
            place.proj.push(Proj::Deref);
            ty = *to;
        }
        let field = match self.core(ty) {
            TypeKind::Struct(fields) => fields.get(index as usize),
            _ => None,
        };
        match field {
            Some(field) => {
                place.proj.push(Proj::Field(index, field.object));
                field.ty
            }
            None => stanch_types::Program::UNKNOWN,
        }
    }

    fn index_place(&mut self, x: ExprId, index: ExprId) -> Option<Place> {
        if matches!(self.mode(x), Mode::Type | Mode::Const) || self.static_func(x).is_some() {
            return None;
        }
        let ty = self.ty(x);
        let mut place = match self.core(ty) {
            TypeKind::Array(..) => self.operand_place(x),
            TypeKind::Pointer(_) => {
                let mut place = self.operand_place(x);
                place.proj.push(Proj::Deref);
                place
            }
            _ => {
                let span = self.expr_span(x);
                let value = self.expr(x);
                self.value_place(value, ty, span)
            }
        };
        let key_ty = match self.core(ty) {
            TypeKind::Map(key, _) => Some(*key),
            _ => None,
        };
        let mut operand = self.expr(index);
        if let Some(key) = key_ty {
            operand = self.coerce(operand, self.ty(index), key, self.expr_span(index));
        }
        place.proj.push(Proj::Index(operand));
        Some(place)
    }

    /// Reads a place.
    pub(super) fn load(&mut self, place: Place, ty: TypeId, span: Span) -> Operand {
        if let (PlaceBase::Local(local), []) = (place.base, place.proj.as_slice()) {
            return Operand::Local(local);
        }
        self.assign_temp(Rvalue::Load(place), ty, span)
    }

    /// `&place`; the variable it lies in is marked.
    pub(super) fn address_of(&mut self, place: Place, ty: TypeId, span: Span) -> Operand {
        // `&*p` is `p`, `&(*p).f` points into what `p` points to: no variable's address is taken.
        if let [Proj::Deref] = place.proj.as_slice()
            && let PlaceBase::Local(local) = place.base
        {
            return Operand::Local(local);
        }
        if !place.proj.iter().any(|p| matches!(p, Proj::Deref)) {
            self.mark_address_taken(&place);
        }
        self.assign_temp(Rvalue::AddressOf(place), ty, span)
    }

    fn mark_address_taken(&mut self, place: &Place) {
        let PlaceBase::Local(local) = place.base else { return };
        // An element of a slice or map is not part of the variable.
        let local_ty = self.cur().func.locals[local].ty;
        let indexed = matches!(place.proj.first(), Some(Proj::Index(_)))
            && !matches!(self.core(local_ty), TypeKind::Array(..));
        if indexed {
            return;
        }
        let ctx = self.cur();
        ctx.func.locals[local].address_taken = true;
        if let Some(object) = ctx.func.locals[local].object {
            self.flags.entry(object).or_default().address_taken = true;
        }
    }

    pub(super) fn mark_reassigned(&mut self, local: LocalId) {
        if let Some(object) = self.cur().func.locals[local].object {
            self.flags.entry(object).or_default().reassigned = true;
        }
    }

    /// Writes a place. A write of part of a variable counts as an assignment of it, as for gc.
    pub(super) fn store(&mut self, place: Place, value: Operand, span: Span) {
        if let PlaceBase::Local(local) = place.base
            && !place.proj.iter().any(|p| matches!(p, Proj::Deref))
        {
            let ty = self.cur().func.locals[local].ty;
            let element = matches!(place.proj.first(), Some(Proj::Index(_)))
                && !matches!(self.core(ty), TypeKind::Array(..));
            if !element {
                self.mark_reassigned(local);
            }
            if place.proj.is_empty() {
                self.cur().push(InstrKind::Assign(local, Rvalue::Use(value)), span);
                return;
            }
        }
        self.cur().push(InstrKind::Store(place, value), span);
    }
}
