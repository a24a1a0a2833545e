//! Objects that a function puts into a container and returns, and that only their own methods take out:
//! where the function fails, nobody has the object to call them.

use crate::retain::alias::{self, Alias};
use crate::retain::events::{self, Event, Helpers};
use crate::retain::missed::{self, Taken};
use crate::retain::ways::{self, Outcome};
use crate::retain::{At, Bodies, calls};
use stanch_base::{FxHashSet, IndexVec};
use stanch_ir::{BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, Span};
use stanch_types::{Builtin, ObjectId};

/// Functions followed from the one that takes an entry out to those that call it.
const MAX_CALLERS: usize = 16;

/// Looks for a failure after an insertion that leaves the entry in.
pub(crate) fn judge(
    bodies: &mut Bodies<'_, '_>,
    helpers: &Helpers,
    id: FuncId,
    func: &Func,
    insert: &Event,
) {
    let Some(Operand::Local(value)) = insert.value else { return };
    let names = Alias::of(func, &Operand::Local(value));
    let Some(&result) = func.results.iter().find(|r| names.locals.contains(r)) else { return };
    let Some(error) = ways::error_result(bodies, func) else { return };
    if !is_made_here(bodies, id, &names)
        || !is_private(bodies, insert.map)
        || events::is_left_to_others(bodies, id, func, insert)
        || events::uses_value(func, &bodies.definitions[id], insert)
        || is_kept_elsewhere(bodies, func, &names, insert.at)
    {
        return;
    }
    let Some((remover, deleted)) = own_remover(bodies, helpers, id, func, insert, value) else {
        return;
    };
    let mut stops: FxHashSet<At> = events::others(bodies, id, func, insert).into_iter().collect();
    stops.extend(ways::refused(func, &bodies.definitions[id], &insert.results));
    let lost = ways::returns(bodies, id, insert.at, &stops).into_iter().find(|&block| {
        gives_nothing(func, result, block)
            && ways::outcome(bodies, id, error, block) == Outcome::Failure
    });
    let Some(lost) = lost else { return };
    missed::left(bodies, id, insert, lost, Taken { at: deleted, by: Some(remover), by_key: false });
}

/// Whether the value is an object that the function makes.
fn is_made_here(bodies: &Bodies<'_, '_>, id: FuncId, names: &Alias) -> bool {
    let definitions = &bodies.definitions[id];
    names.locals.iter().any(|&local| {
        let made = |v: &&Rvalue| matches!(v, Rvalue::New(_) | Rvalue::Composite { .. });
        definitions[local].iter().any(made)
    })
}

/// Whether other packages cannot take entries out.
pub(super) fn is_private(bodies: &Bodies<'_, '_>, map: ObjectId) -> bool {
    !bodies.program.object_name(map).chars().next().is_some_and(char::is_uppercase)
}

/// Whether the object is handed to something that may find it again: another container, a literal, a bound
/// method, a channel.
pub(super) fn is_kept_elsewhere(
    bodies: &Bodies<'_, '_>,
    func: &Func,
    names: &Alias,
    insert: At,
) -> bool {
    let captured = func.closures.iter().any(|&literal| {
        let captures = &bodies.module.funcs[literal].captures;
        captures.iter().any(|c| names.locals.contains(&c.outer))
    });
    captured
        || func.blocks.iter_enumerated().any(|(block, data)| {
            data.instrs.iter().enumerate().any(|(at, instr)| match &instr.kind {
                InstrKind::Store(place, value) => {
                    (block, at) != insert && names.has(value) && !place.proj.is_empty()
                }
                InstrKind::Send { value, .. } => names.has(value),
                InstrKind::Assign(_, value) => match value {
                    Rvalue::Append { elems, .. } => elems.iter().any(|x| names.has(x)),
                    Rvalue::Composite { elems, .. } => elems.iter().any(|(_, x)| names.has(x)),
                    Rvalue::MethodValue { recv, .. } => names.has(recv),
                    _ => false,
                },
                _ => false,
            })
        })
}

/// The function that takes entries out of the map, given the object itself, and where; none if anything
/// else takes entries out, or finds objects to give to it other than by what the function returned.
fn own_remover(
    bodies: &Bodies<'_, '_>,
    helpers: &Helpers,
    id: FuncId,
    func: &Func,
    insert: &Event,
    value: LocalId,
) -> Option<(FuncId, Span)> {
    let ty = func.locals[value].ty;
    let taken = helpers.taken(insert.map);
    let mut owned: Vec<(FuncId, usize)> = Vec::new();
    for (remover, key, _) in taken {
        let remover_func = &bodies.module.funcs[*remover];
        let param = remover_func.params.iter().position(|p| *p == key.0)?;
        if remover_func.locals[key.0].ty != ty {
            return None;
        }
        owned.push((*remover, param));
    }
    let &(remover, _, span) = taken.first()?;
    if is_emptied_otherwise(bodies, insert.map) {
        return None;
    }
    let mut at = 0;
    while at < owned.len() {
        if owned.len() > MAX_CALLERS {
            return None;
        }
        let (callee, param) = owned[at];
        at += 1;
        for (caller, caller_func) in bodies.funcs() {
            for (_, _, call, _) in calls(caller_func) {
                if bodies.callee(call) != Some(callee) {
                    continue;
                }
                let root = root(bodies, caller, call.args.get(param)?)?;
                if let Some(own) = caller_func.params.iter().position(|p| *p == root) {
                    if !owned.contains(&(caller, own)) {
                        owned.push((caller, own));
                    }
                } else if !returned_by(bodies, caller_func, root, id) {
                    return None;
                }
            }
        }
    }
    Some((remover, span))
}

/// The variable that a value was copied from.
fn root(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> Option<LocalId> {
    let Operand::Local(mut local) = *value else { return None };
    for _ in 0..4 {
        match bodies.definitions[id][local].as_slice() {
            [Rvalue::Use(Operand::Local(x))] => local = *x,
            _ => break,
        }
    }
    Some(local)
}

/// Whether a variable is what a call of the function gave.
fn returned_by(bodies: &Bodies<'_, '_>, func: &Func, local: LocalId, by: FuncId) -> bool {
    calls(func).any(|(_, _, call, _)| bodies.callee(call) == Some(by) && call.dst.contains(&local))
}

/// Whether the map is handed to a function, or replaced by another one that is not empty: entries may go
/// by ways that are not followed.
pub(super) fn is_emptied_otherwise(bodies: &Bodies<'_, '_>, map: ObjectId) -> bool {
    let none = FxHashSet::default();
    bodies.funcs().iter().any(|&(id, func)| {
        let definitions = &bodies.definitions[id];
        let is_map = |x: &Operand| match x {
            Operand::Local(local) => definitions[*local].iter().any(|v| match v {
                Rvalue::Load(place) | Rvalue::AddressOf(place) => alias::end(place) == Some(map),
                _ => false,
            }),
            _ => false,
        };
        let handed = calls(func).any(|(_, _, call, _)| {
            let known = matches!(
                call.callee,
                Callee::Builtin(Builtin::Len | Builtin::Delete | Builtin::Clear)
            );
            !known && call.args.iter().any(is_map)
        });
        let replaced = func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Store(place, value) => {
                alias::end(place) == Some(map)
                    && !bodies.is_new(id, place)
                    && !alias::is_empty(value, definitions, &none)
                    && !is_new_map(definitions, value)
            }
            _ => false,
        });
        handed || replaced
    })
}

fn is_new_map(definitions: &IndexVec<LocalId, Vec<&Rvalue>>, value: &Operand) -> bool {
    let Operand::Local(local) = value else { return false };
    definitions[*local].iter().all(|v| matches!(v, Rvalue::MakeMap(_)))
}

/// Whether the block sets the result to nothing.
fn gives_nothing(func: &Func, result: LocalId, block: BlockId) -> bool {
    let set = func.blocks[block].instrs.iter().rev().find_map(|i| match &i.kind {
        InstrKind::Assign(to, value) if *to == result => Some(value),
        _ => None,
    });
    matches!(set, Some(Rvalue::Use(Operand::Nil(_) | Operand::Zero(_))))
}
