//! Fields that are full from the beginning: whatever makes an object of the type fills them, and nothing
//! empties them. A method that puts something new there replaces what was there, the first time too.

use super::{Search, is_new};
use crate::visit;
use stanch_base::Idx;
use stanch_effects::Op;
use stanch_ir::{Func, FuncId, InstrKind, Operand, PlaceBase, Proj, Rvalue};
use stanch_types::{ObjectId, TypeId, TypeKind};

impl Search<'_, '_> {
    /// Whether a field holds something in every object of its type, as far as the package says.
    pub(super) fn starts_full(&self, field: ObjectId) -> bool {
        let Some(owner) = self.owner_of(field) else { return false };
        let mut made = false;
        for (id, func) in self.package.module.funcs.iter_enumerated() {
            if self.package.in_test(func.span) {
                continue;
            }
            if self.has_empty(func, owner) || empties(func, field) {
                return false;
            }
            let makes = visit::kinds(func).any(
                |kind| matches!(kind, InstrKind::Assign(_, Rvalue::New(ty)) if self.is_of(*ty, owner)),
            );
            if makes {
                if !self.fills_new(id, func, field) {
                    return false;
                }
                made = true;
            }
        }
        made
    }

    /// Whether what closes the content of a field also notes something: the object may be one that can be
    /// opened again.
    pub(super) fn may_be_reopened(&self, field: ObjectId) -> bool {
        self.package.module.funcs.iter_enumerated().any(|(id, func)| {
            let closes = visit::kinds(func).any(|kind| self.uses.surely_closes(id, kind, field));
            closes
                && visit::kinds(func).any(|kind| match kind {
                    InstrKind::Store(place, Operand::Const(..) | Operand::Zero(_)) => {
                        matches!(place.proj.last(), Some(Proj::Field(..)))
                    }
                    _ => false,
                })
        })
    }

    /// The type of the package that has a field.
    fn owner_of(&self, field: ObjectId) -> Option<ObjectId> {
        let program = self.package.program;
        program.package_objects(self.package.module.package).iter().copied().find(|&object| {
            match program.kind(program.underlying(program.object(object).ty)) {
                TypeKind::Struct(fields) => fields.iter().any(|one| one.object == field),
                _ => false,
            }
        })
    }

    fn is_of(&self, ty: TypeId, owner: ObjectId) -> bool {
        self.package.program.named_object(ty) == Some(owner)
    }

    /// Whether a function has objects of a type by value: nobody sees who fills these.
    fn has_empty(&self, func: &Func, owner: ObjectId) -> bool {
        visit::kinds(func).any(|kind| match kind {
            InstrKind::DeclareVar(local) => {
                func.locals.get(*local).is_some_and(|l| self.is_of(l.ty, owner))
            }
            InstrKind::Assign(_, Rvalue::Composite { ty, .. }) => self.is_of(*ty, owner),
            _ => false,
        })
    }

    /// Whether a function fills the field of an object that it makes, or calls one that does.
    fn fills_new(&self, id: FuncId, func: &Func, field: ObjectId) -> bool {
        visit::kinds(func).any(|kind| match kind {
            InstrKind::Store(place, Operand::Local(value)) => {
                let new = matches!(place.base, PlaceBase::Local(base) if is_new(func, base));
                new && matches!(place.proj.last(), Some(&Proj::Field(_, f)) if f == field)
                    && self.maker(func, *value).is_some_and(|call| {
                        self.makes(func, call)
                            || self.package.op(&call.callee) == Op::ContextWithCancel
                    })
            }
            _ => false,
        }) || self.package.module.funcs.iter_enumerated().any(|(called, filler)| {
            let callers = &self.uses.callers[called.index()];
            callers.iter().any(|caller| {
                caller.func == id
                    && matches!(caller.args.first(), Some(&Operand::Local(l)) if is_new(func, l))
            }) && visit::kinds(filler).any(|kind| {
                self.replaces(called, filler, kind).is_some_and(|(filled, _)| filled == field)
            })
        })
    }
}

/// Whether a function sets a field to nil.
pub(super) fn empties(func: &Func, field: ObjectId) -> bool {
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Store(place, Operand::Nil(_)) => {
            matches!(place.proj.last(), Some(&Proj::Field(_, f)) if f == field)
        }
        _ => false,
    })
}
