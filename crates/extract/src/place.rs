//! Places: fields, elements, cells.

use crate::classify::{is_named, is_timer, object_kind};
use crate::effects::COND;
use crate::function::FuncBuilder;
use crate::translate::integer;
use stanch_base::Idx;
use stanch_ir::{Place, PlaceBase, Proj, Span};
use stanch_model::{AllocKind, FnId, Op, Operand, Prim, UnknownKind};
use stanch_types::{ObjectId, Program, TypeId, TypeKind};

/// Structs nested deeper than this are out of view when they are replaced as a whole.
const DEPTH: u32 = 3;

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
        let at = self.walk(place, place.proj.len(), span);
        self.settle(at, span).value
    }

    /// `&place`: of an object the object, of a variable its cell, else unknown.
    pub(crate) fn address(&mut self, place: &Place, span: Span) -> Operand {
        let at = self.walk(place, place.proj.len(), span);
        match object_kind(self.cx.program, at.ty) {
            Some(_) => self.settle(at, span).value,
            None if at.in_cell => at.value,
            None => Operand::Unknown,
        }
    }

    /// The struct and the number of the field that a place ends in, if stores to it are followed.
    pub(crate) fn field_place(&mut self, place: &Place, span: Span) -> Option<(Operand, u32)> {
        let (Proj::Field(index, object), before) = place.proj.split_last()? else { return None };
        if self.cx.volatile.contains(object) {
            return None;
        }
        let at = self.walk(place, before.len(), span);
        let at = self.settle(at, span);
        let field = self.cx.field(self.cx.program.object_name(*object), *index);
        Some((at.value, field))
    }

    /// Writes a place.
    pub(crate) fn store(&mut self, place: &Place, src: Operand, span: Span) {
        let Some((last, before)) = place.proj.split_last() else {
            match place.base {
                PlaceBase::Local(local) => self.assign_local(local, src, false, span),
                PlaceBase::Global(object) => self.store_global(object, src, span),
            }
            return;
        };
        let at = self.walk(place, before.len(), span);
        let at = self.settle(at, span);
        match last {
            Proj::Deref => {
                let to = self.points_to(place, before.len(), at.ty);
                match object_kind(self.cx.program, to) {
                    Some(_) => self.overwrite(at.value, src, to, 0, span),
                    None => self.push(Op::StoreCell { cell: at.value, src }, span),
                }
            }
            Proj::Field(index, object) => match self.field_kind(at.ty, *index) {
                Some((kind, ty)) => {
                    let dst = self.temp();
                    let field = self.cx.field(self.cx.program.object_name(*object), *index);
                    self.push(Op::Part { dst, base: at.value, field, kind }, span);
                    self.overwrite(dst.into(), src, ty, 0, span);
                }
                None if self.cx.volatile.contains(object) => self.escape(vec![src], span),
                None => {
                    let field = self.cx.field(self.cx.program.object_name(*object), *index);
                    self.push(Op::StoreField { base: at.value, field, src }, span);
                    if self.is_cond_lock(at.ty, *index) {
                        self.cond_with(at.value, src, span);
                    }
                }
            },
            Proj::Index(index) => self.store_element(at, index, src, span),
        }
    }

    fn store_global(&mut self, object: ObjectId, src: Operand, span: Span) {
        self.escape(vec![src], span);
        if !self.cx.changing.contains(&object) {
            let global = self.cx.global(object);
            self.push(Op::StoreGlobal { global, src }, span);
        }
    }

    /// The content of the object `to` becomes that of `src`: field by field, what matters of it.
    pub(crate) fn overwrite(
        &mut self,
        to: Operand,
        src: Operand,
        ty: TypeId,
        depth: u32,
        span: Span,
    ) {
        let program = self.cx.program;
        let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) else { return };
        if object_kind(program, ty) != Some(AllocKind::Struct) {
            return;
        }
        if depth > DEPTH {
            return self.escape(vec![to, src], span);
        }
        if is_named(program, ty, "sync", "Cond") {
            let dst = self.temp();
            let zero = Operand::Unknown;
            self.push(Op::LoadField { dst, base: src, field: COND, zero }, span);
            self.push(Op::StoreField { base: to, field: COND, src: dst.into() }, span);
        }
        for (index, field) in fields.iter().enumerate() {
            let number = self.cx.field(&field.name, index as u32);
            let matters =
                self.cx.carry.carries(field.ty) || self.cx.needs.fields.contains(&field.object);
            if !matters {
                continue;
            }
            match object_kind(program, field.ty) {
                Some(AllocKind::Struct) => {
                    let kind = || AllocKind::Struct;
                    let (a, b) = (self.temp(), self.temp());
                    self.push(Op::Part { dst: a, base: src, field: number, kind: kind() }, span);
                    self.push(Op::Part { dst: b, base: to, field: number, kind: kind() }, span);
                    self.overwrite(b.into(), a.into(), field.ty, depth + 1, span);
                }
                Some(_) => {}
                None => {
                    let dst = self.temp();
                    let zero = self.cx.zero(field.ty);
                    self.push(Op::LoadField { dst, base: src, field: number, zero }, span);
                    let store = Op::StoreField { base: to, field: number, src: dst.into() };
                    self.push(store, span);
                }
            }
        }
    }

    fn store_element(&mut self, at: At, index: &stanch_ir::Operand, src: Operand, span: Span) {
        let key = self.operand_type(index);
        let index = self.operand(index, span);
        let carry = self.cx.carry;
        // Who goes through a map may take what its keys lead to.
        let is_map =
            matches!(self.cx.program.kind(self.cx.program.underlying(at.ty)), TypeKind::Map(..));
        if is_map && carry.carries(key) {
            self.escape(vec![index], span);
        }
        match self.cx.program.kind(self.cx.program.underlying(at.ty)) {
            TypeKind::Map(_, value) if carry.carries(*value) => {
                self.prim(Prim::MapSet, vec![at.value, index, src], Vec::new(), span);
            }
            TypeKind::Slice(elem) | TypeKind::Array(_, elem) if carry.carries(*elem) => {
                self.prim(Prim::SeqSet, vec![at.value, index, src], Vec::new(), span);
            }
            TypeKind::Map(..) | TypeKind::Slice(_) | TypeKind::Array(..) => {}
            _ => self.escape(vec![src], span),
        }
    }

    fn walk(&mut self, place: &Place, steps: usize, span: Span) -> At {
        let mut at = self.start(place, span);
        for (i, proj) in place.proj.iter().take(steps).enumerate() {
            at = self.settle(at, span);
            at = match proj {
                Proj::Deref => {
                    let ty = self.points_to(place, i, at.ty);
                    let in_cell = object_kind(self.cx.program, ty).is_none();
                    At { value: at.value, ty, in_cell }
                }
                Proj::Field(index, object) => self.field(at, *index, *object, span),
                Proj::Index(index) => self.element(at, index, span),
            };
        }
        at
    }

    /// What the pointer before projection `i` of a place points to.
    fn points_to(&self, place: &Place, i: usize, ty: TypeId) -> TypeId {
        if let (PlaceBase::Local(local), 0) = (place.base, i) {
            let operand = stanch_ir::Operand::Local(local);
            return self.cx.names.pointee(self.id, self.func, &operand).unwrap_or(Program::UNKNOWN);
        }
        match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Pointer(to) => *to,
            _ => Program::UNKNOWN,
        }
    }

    fn start(&mut self, place: &Place, span: Span) -> At {
        match place.base {
            PlaceBase::Local(local) => {
                let value = match self.is_needed(local) {
                    true => self.slots[local].into(),
                    false => Operand::Unknown,
                };
                At { value, ty: self.ty(local), in_cell: self.cells[local] }
            }
            PlaceBase::Global(object) => {
                let dst = self.temp();
                let changes = self.cx.changing.contains(&object);
                if changes || object.package != self.cx.package {
                    self.cx.outside.push((FnId::from_usize(self.id.index()), dst));
                }
                if changes {
                    self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
                } else {
                    let global = self.cx.global(object);
                    self.push(Op::LoadGlobal { dst, global }, span);
                }
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

    fn field_type(&self, ty: TypeId, index: u32, object: ObjectId) -> TypeId {
        match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Struct(fields) => {
                fields.get(index as usize).map_or(Program::UNKNOWN, |f| f.ty)
            }
            _ => self.cx.program.object(object).ty,
        }
    }

    /// What a field is if it is an object itself, and its type.
    pub(crate) fn field_kind(&self, ty: TypeId, index: u32) -> Option<(AllocKind, TypeId)> {
        match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Struct(fields) => {
                let field = fields.get(index as usize)?;
                Some((object_kind(self.cx.program, field.ty)?, field.ty))
            }
            _ => None,
        }
    }

    /// The number of a field of a struct type.
    pub(crate) fn field_number(&mut self, ty: TypeId, index: u32) -> u32 {
        match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Struct(fields) => match fields.get(index as usize) {
                Some(field) => self.cx.field(&field.name, index),
                None => index,
            },
            _ => index,
        }
    }

    fn field(&mut self, at: At, index: u32, object: ObjectId, span: Span) -> At {
        let program = self.cx.program;
        let number = self.cx.field(program.object_name(object), index);
        let ty = self.field_type(at.ty, index, object);
        // The channel of a timer is the timer itself.
        if is_timer(program, at.ty)
            && matches!(program.kind(program.underlying(ty)), TypeKind::Chan(..))
        {
            return At { value: at.value, ty, in_cell: false };
        }
        let dst = self.temp();
        match object_kind(program, ty) {
            Some(kind) => {
                self.push(Op::Part { dst, base: at.value, field: number, kind }, span);
            }
            None if self.cx.volatile.contains(&object) => {
                self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
            }
            None => {
                let fixed = self.cx.carry.carries(ty) || !self.in_loop();
                if !fixed && self.cx.stored.contains(&object) {
                    let args = vec![at.value, integer(i64::from(number))];
                    self.prim(Prim::Forget, args, Vec::new(), span);
                }
                let zero = self.cx.zero(ty);
                self.push(Op::LoadField { dst, base: at.value, field: number, zero }, span);
            }
        }
        At { value: dst.into(), ty, in_cell: false }
    }

    fn element(&mut self, at: At, index: &stanch_ir::Operand, span: Span) -> At {
        let program = self.cx.program;
        let (ty, prim) = match program.kind(program.underlying(at.ty)) {
            TypeKind::Map(_, value) => (*value, Prim::MapGet),
            TypeKind::Slice(elem) | TypeKind::Array(_, elem) => (*elem, Prim::SeqGet),
            _ => (Program::UNKNOWN, Prim::SeqGet),
        };
        let dst = self.temp();
        if self.cx.carry.carries(ty) {
            let index = self.operand(index, span);
            self.prim(prim, vec![at.value, index], vec![Some(dst)], span);
        } else {
            self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
        }
        At { value: dst.into(), ty, in_cell: false }
    }

    /// These values and what can be reached from them leave view.
    pub(crate) fn escape(&mut self, values: Vec<Operand>, span: Span) {
        let values: Vec<Operand> = values
            .into_iter()
            .filter(|v| !matches!(v, Operand::Const(_) | Operand::Unknown))
            .collect();
        if !values.is_empty() {
            self.prim(Prim::Escape, values, Vec::new(), span);
        }
    }
}
