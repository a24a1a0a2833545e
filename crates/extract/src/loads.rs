//! Plain values that are read from memory more than once, where nothing in between can have changed it: they are
//! the same. What is computed alike is one value in the IR already.

use crate::function::FuncBuilder;
use crate::names::Known;
use stanch_effects::Gives;
use stanch_ir::{Callee, InstrKind, LocalId, LocalKind, Place, PlaceBase, Proj, Rvalue};
use stanch_model as model;
use stanch_types::TypeKind;

/// Plain values that were read from memory, until something may have changed it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Loads {
    known: Vec<(Place, model::LocalId)>,
    /// Strings whose lengths were taken.
    lengths: Vec<(LocalId, model::LocalId)>,
}

impl FuncBuilder<'_, '_> {
    /// The slot with what is in a place, if it was read just before.
    pub(crate) fn loaded(&self, place: &Place) -> Option<model::LocalId> {
        self.loads.known.iter().find(|(known, _)| known == place).map(|(_, slot)| *slot)
    }

    /// A place was read into a local.
    pub(crate) fn note_load(&mut self, local: LocalId, place: &Place) {
        let info = &self.func.locals[local];
        let plain =
            matches!(self.cx.program.kind(self.cx.program.underlying(info.ty)), TypeKind::Basic(_));
        let temp = info.kind == LocalKind::Temp && self.is_needed(local) && !self.cells[local];
        let in_memory = place.proj.iter().any(|p| matches!(p, Proj::Field(..) | Proj::Deref));
        let fixed = |proj: &Proj| !matches!(proj, Proj::Index(_));
        if plain
            && temp
            && in_memory
            && place.proj.iter().all(fixed)
            && self.loaded(place).is_none()
        {
            self.loads.known.push((place.clone(), self.slots[local]));
        }
    }

    /// The slot with the length of a string, if it was taken before.
    pub(crate) fn known_length(&self, of: LocalId) -> Option<model::LocalId> {
        self.loads.lengths.iter().find(|(known, _)| *known == of).map(|(_, slot)| *slot)
    }

    /// The length of a string was taken into a local.
    pub(crate) fn note_length(&mut self, local: LocalId, of: LocalId) {
        let info = &self.func.locals[of];
        let shared = info.captured_by_ref || info.address_taken || info.kind == LocalKind::Capture;
        let temp = self.func.locals[local].kind == LocalKind::Temp && self.is_needed(local);
        if temp && !shared && !self.cells[local] {
            self.loads.lengths.push((of, self.slots[local]));
        }
    }

    /// What may have changed by an instruction is not known any more.
    pub(crate) fn changed_by(&mut self, kind: &InstrKind) {
        kind.for_each_def(|local| {
            self.loads.lengths.retain(|(of, slot)| *of != local && *slot != self.slots[local]);
        });
        let keeps = match kind {
            InstrKind::DeclareVar(_) | InstrKind::MapDelete { .. } => true,
            InstrKind::Assign(_, value) => !matches!(value, Rvalue::Recover),
            InstrKind::Call(call) => match &call.callee {
                Callee::Builtin(_) => true,
                Callee::Static(object, _) => match self.cx.names.known(*object) {
                    Known::Effect(effect) => effect.gives == Gives::Alike,
                    Known::Body(_) | Known::Inert | Known::Nothing => false,
                },
                _ => false,
            },
            _ => false,
        };
        match keeps {
            true => kind.for_each_def(|local| {
                self.loads.known.retain(|(place, slot)| {
                    place.base != PlaceBase::Local(local) && *slot != self.slots[local]
                });
            }),
            false => self.loads.known.clear(),
        }
    }
}
