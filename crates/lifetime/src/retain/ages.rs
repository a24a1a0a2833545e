//! Containers whose entries have a time that is compared with the clock: they expire.

use crate::retain::{Bodies, alias, calls};
use stanch_effects::Role;
use stanch_ir::{FuncId, LocalId, Operand, PlaceBase, Rvalue};
use stanch_types::ObjectId;

/// Copies looked through.
const MAX_STEPS: u32 = 4;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, at, call, _) in calls(func) {
            if !bodies.is_for(call, Role::AskAge) {
                continue;
            }
            for arg in call.args.iter().take(2) {
                let Some((container, field)) = field(bodies, id, arg, MAX_STEPS) else { continue };
                let Some(decl) = bodies.names.decl(container) else { continue };
                let span = func.blocks[block].instrs[at].span;
                bodies.kept.aged.push((decl, field, span));
            }
        }
    }
}

/// The field of an entry that a value was loaded from, and the container that has the entry.
fn field(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    value: &Operand,
    steps: u32,
) -> Option<(ObjectId, ObjectId)> {
    let Operand::Local(local) = value else { return None };
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::Load(place)] => match place.base {
            PlaceBase::Local(base) => {
                Some((container(bodies, id, base, MAX_STEPS)?, alias::end(place)?))
            }
            PlaceBase::Global(_) => None,
        },
        [Rvalue::Use(x)] if steps > 0 => field(bodies, id, x, steps - 1),
        _ => None,
    }
}

/// The map, in a field or variable, in which a local was looked up.
fn container(bodies: &Bodies<'_, '_>, id: FuncId, entry: LocalId, steps: u32) -> Option<ObjectId> {
    bodies.definitions[id][entry].iter().find_map(|value| match value {
        Rvalue::MapLookup { map: Operand::Local(map), .. } => {
            bodies.definitions[id][*map].iter().find_map(|v| match v {
                Rvalue::Load(place) => alias::end(place),
                _ => None,
            })
        }
        Rvalue::Use(Operand::Local(x)) | Rvalue::TypeAssert { x: Operand::Local(x), .. }
            if steps > 0 =>
        {
            container(bodies, id, *x, steps - 1)
        }
        _ => None,
    })
}
