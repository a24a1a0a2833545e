//! Structs that are values: what a variable's fields hold stays the function's own until the struct is
//! copied out of sight.

use crate::exec::Run;
use crate::state::State;
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_ir::{LocalId, LocalKind, Operand, Rvalue};
use stanch_types::{TypeId, TypeKind};

impl Run<'_, '_> {
    /// Assigns a struct that is made with something owed in it, or moved from the place where it was made,
    /// to a variable that nobody else sees. False if it is nothing of the kind.
    pub(crate) fn hold_parts(&mut self, state: &mut State, to: LocalId, rvalue: &Rvalue) -> bool {
        if self.learning || state.owed.is_empty() || !self.is_private(state, to) {
            return false;
        }
        match rvalue {
            Rvalue::Composite { ty, elems } => self.hold_fields(state, to, *ty, elems),
            Rvalue::Use(Operand::Local(from)) => self.move_fields(state, to, *from),
            _ => false,
        }
    }

    fn hold_fields(
        &mut self,
        state: &mut State,
        to: LocalId,
        ty: TypeId,
        elems: &[(u32, Operand)],
    ) -> bool {
        let program = self.package.program;
        let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) else { return false };
        let owed = |(_, x): &(u32, Operand)| match x {
            Operand::Local(x) => {
                let place = self.arena.known_local(*x);
                let value = place.and_then(|place| state.mem.get(&place));
                value.is_some_and(|&value| {
                    self.is_owed(state, value) || self.holds_open(state, value)
                })
            }
            _ => false,
        };
        if !elems.iter().any(owed) {
            return false;
        }
        let mut held: Vec<(Part, TermId)> = Vec::new();
        for (index, operand) in elems {
            let value = self.operand(state, operand);
            let Some(field) = fields.get(*index as usize).map(|f| f.object) else { continue };
            self.note_field(state, field, value);
            if self.is_owed(state, value) || self.holds_open(state, value) {
                held.push((Part::Field(field), value));
            } else {
                self.storing = true;
                self.escape(state, value);
                self.storing = false;
            }
        }
        self.assign_fresh(state, to);
        for (part, value) in held {
            let place = self.arena.local(to);
            let place = self.arena.part(place, part);
            state.store(&self.arena, place, value);
        }
        true
    }

    /// Only what has no name is moved: a variable is still there afterwards.
    fn move_fields(&mut self, state: &mut State, to: LocalId, from: LocalId) -> bool {
        let temporary = self.func.locals.get(from).is_some_and(|l| l.kind == LocalKind::Temp);
        if !temporary || !self.is_private(state, from) {
            return false;
        }
        let parts = state.mem.iter().filter_map(|(&place, &value)| {
            let data = self.arena.data(place);
            let owed = matches!(self.arena.get(self.arena.unboxed(value)), Term::Owed(_));
            let within = data.root == Root::Local(from) && !data.parts.is_empty() && owed;
            within.then(|| (place, data.parts.clone(), value))
        });
        let parts: Vec<(PlaceId, Box<[Part]>, TermId)> = parts.collect();
        if parts.is_empty() {
            return false;
        }
        state.mem.retain(|place, _| parts.iter().all(|(part, ..)| part != place));
        let value = self.operand(state, &Operand::Local(from));
        self.assign(state, to, value);
        for (_, parts, value) in parts {
            let place = self.arena.place(Root::Local(to), parts);
            state.store(&self.arena, place, value);
        }
        true
    }

    fn is_private(&self, state: &State, local: LocalId) -> bool {
        !state.leaky.contains(&local) && !self.func.captures.iter().any(|c| c.inner == local)
    }
}
