//! Places: fields, elements, cells.

use crate::classify::{is_timer, matters, object_kind};
use crate::function::FuncBuilder;
use stanch_ir::{Place, PlaceBase, Proj, Span};
use stanch_model::{AllocKind, Op, Operand, Prim, UnknownKind};
use stanch_types::{Program, TypeId, TypeKind};

/// Where a walk along a place stands.
#[derive(Clone, Copy)]
struct At {
    value: Operand,
    ty: TypeId,
    /// `value` is a cell that holds what is meant.
    in_cell: bool,
}

impl FuncBuilder<'_, '_> {
    /// Reads a place.
    pub(crate) fn load(&mut self, place: &Place, span: Span) -> Operand {
        let mut at = self.start(place, span);
        for proj in &place.proj {
            at = self.step(at, proj, span);
        }
        self.settle(at, span).value
    }

    /// `&place`: of an object the object, of a variable its cell, else unknown.
    pub(crate) fn address(&mut self, place: &Place, span: Span) -> Operand {
        if let (PlaceBase::Local(local), []) = (place.base, place.proj.as_slice()) {
            return self.slots[local].into();
        }
        let Some((last, before)) = place.proj.split_last() else {
            return match place.base {
                PlaceBase::Global(_) => {
                    let at = self.start(place, span);
                    let object = object_kind(self.cx.program, at.ty).is_some();
                    if object { at.value } else { Operand::Unknown }
                }
                PlaceBase::Local(local) => self.slots[local].into(),
            };
        };
        let mut at = self.start(place, span);
        for proj in before {
            at = self.step(at, proj, span);
        }
        let at = self.settle(at, span);
        match last {
            Proj::Deref => at.value,
            Proj::Field(..) => {
                let to = self.step(at, last, span);
                match object_kind(self.cx.program, to.ty) {
                    Some(_) => to.value,
                    None => Operand::Unknown,
                }
            }
            Proj::Index(_) => {
                let to = self.step(at, last, span);
                match object_kind(self.cx.program, to.ty) {
                    Some(_) => self.settle(to, span).value,
                    None => Operand::Unknown,
                }
            }
        }
    }

    /// Writes a place.
    pub(crate) fn store(&mut self, place: &Place, src: Operand, span: Span) {
        let Some((last, before)) = place.proj.split_last() else {
            match place.base {
                PlaceBase::Local(local) => self.assign_local(local, src, span),
                PlaceBase::Global(object) => {
                    let global = self.cx.global(object);
                    self.push(Op::StoreGlobal { global, src }, span);
                }
            }
            return;
        };
        let mut at = self.start(place, span);
        for proj in before {
            at = self.step(at, proj, span);
        }
        let at = self.settle(at, span);
        match last {
            Proj::Deref => {
                let to = self.cx.program.pointee(at.ty).unwrap_or(Program::UNKNOWN);
                match object_kind(self.cx.program, to) {
                    // The content of an object is replaced as a whole: out of view.
                    Some(_) => self.escape(vec![at.value, src], span),
                    None => self.push(Op::StoreCell { cell: at.value, src }, span),
                }
            }
            Proj::Field(index, _) => {
                self.push(Op::StoreField { base: at.value, field: *index, src }, span);
            }
            Proj::Index(index) => self.store_element(at, index, src, span),
        }
    }

    fn store_element(&mut self, at: At, index: &stanch_ir::Operand, src: Operand, span: Span) {
        let index = self.operand(index, span);
        match self.cx.program.kind(self.cx.program.underlying(at.ty)) {
            TypeKind::Map(_, value) if matters(self.cx.program, *value, 0) => {
                self.prim(Prim::MapSet, vec![at.value, index, src], Vec::new(), span);
            }
            TypeKind::Slice(elem) | TypeKind::Array(_, elem)
                if matters(self.cx.program, *elem, 0) =>
            {
                self.prim(Prim::SeqSet, vec![at.value, index, src], Vec::new(), span);
            }
            TypeKind::Map(..) | TypeKind::Slice(_) | TypeKind::Array(..) => {}
            _ => self.escape(vec![src], span),
        }
    }

    fn start(&mut self, place: &Place, span: Span) -> At {
        match place.base {
            PlaceBase::Local(local) => {
                let (value, ty) = (self.slots[local].into(), self.ty(local));
                At { value, ty, in_cell: self.cells[local] }
            }
            PlaceBase::Global(object) => {
                let global = self.cx.global(object);
                let dst = self.temp();
                self.push(Op::LoadGlobal { dst, global }, span);
                let ty = self.cx.program.object(object).ty;
                At { value: dst.into(), ty, in_cell: false }
            }
        }
    }

    /// Reads the cell, if what is meant lies in one.
    fn settle(&mut self, at: At, span: Span) -> At {
        if !at.in_cell {
            return at;
        }
        let dst = self.temp();
        self.push(Op::LoadCell { dst, cell: at.value }, span);
        At { value: dst.into(), ty: at.ty, in_cell: false }
    }

    fn step(&mut self, at: At, proj: &Proj, span: Span) -> At {
        let at = self.settle(at, span);
        match proj {
            Proj::Deref => {
                let ty = self.cx.program.pointee(at.ty).unwrap_or_else(|| {
                    match self.cx.program.kind(self.cx.program.underlying(at.ty)) {
                        TypeKind::Pointer(to) => *to,
                        _ => Program::UNKNOWN,
                    }
                });
                let in_cell = object_kind(self.cx.program, ty).is_none();
                At { value: at.value, ty, in_cell }
            }
            Proj::Field(index, object) => {
                let ty = self.field_type(at.ty, *index);
                self.field(at, *index, *object, ty, span)
            }
            Proj::Index(index) => self.element(at, index, span),
        }
    }

    fn field_type(&self, ty: TypeId, index: u32) -> TypeId {
        match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Struct(fields) => {
                fields.get(index as usize).map_or(Program::UNKNOWN, |f| f.ty)
            }
            _ => Program::UNKNOWN,
        }
    }

    fn field(
        &mut self,
        at: At,
        index: u32,
        object: stanch_types::ObjectId,
        ty: TypeId,
        span: Span,
    ) -> At {
        let program = self.cx.program;
        // The channel of a timer is the timer itself.
        if is_timer(program, at.ty)
            && matches!(program.kind(program.underlying(ty)), TypeKind::Chan(..))
        {
            return At { value: at.value, ty, in_cell: false };
        }
        let dst = self.temp();
        if self.cx.volatile.contains(&object) && object_kind(program, ty).is_none() {
            self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
            return At { value: dst.into(), ty, in_cell: false };
        }
        let op = match object_kind(program, ty) {
            Some(kind) => Op::Part { dst, base: at.value, field: index, kind },
            None => {
                let zero = self.cx.zero(ty);
                Op::LoadField { dst, base: at.value, field: index, zero }
            }
        };
        self.push(op, span);
        At { value: dst.into(), ty, in_cell: false }
    }

    fn element(&mut self, at: At, index: &stanch_ir::Operand, span: Span) -> At {
        let program = self.cx.program;
        let index = self.operand(index, span);
        let dst = self.temp();
        let (ty, prim) = match program.kind(program.underlying(at.ty)) {
            TypeKind::Map(_, value) => (*value, Prim::MapGet),
            TypeKind::Slice(elem) | TypeKind::Array(_, elem) => (*elem, Prim::SeqGet),
            TypeKind::Pointer(array) => match program.kind(program.underlying(*array)) {
                TypeKind::Array(_, elem) => (*elem, Prim::SeqGet),
                _ => (Program::UNKNOWN, Prim::SeqGet),
            },
            _ => (Program::UNKNOWN, Prim::SeqGet),
        };
        if matters(program, ty, 0) {
            self.prim(prim, vec![at.value, index], vec![Some(dst)], span);
        } else {
            self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
        }
        At { value: dst.into(), ty, in_cell: false }
    }

    pub(crate) fn escape(&mut self, values: Vec<Operand>, span: Span) {
        self.prim(Prim::Escape, values, Vec::new(), span);
    }

    /// A struct value is copied where it is assigned.
    pub(crate) fn copied(&mut self, src: Operand, ty: TypeId, span: Span) -> Operand {
        match object_kind(self.cx.program, ty) {
            Some(AllocKind::Struct) => {
                let dst = self.temp();
                self.push(Op::CopyStruct { dst, src }, span);
                dst.into()
            }
            _ => src,
        }
    }
}
