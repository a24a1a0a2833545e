//! Entries under a key that only one call has: where the call fails, or gives up its wait, nobody is left who
//! could name them.
//!
//! Others take such an entry out when an answer comes that names the key, or when the object that is the entry
//! ends itself. Neither happens where the question was not sent, nobody answers, or nobody got the object.

use crate::facts::Source;
use crate::retain::alias::Alias;
use crate::retain::events::{self, Event, Helpers, KeyPath, Removed, path};
use crate::retain::known::single_ways;
use crate::retain::missed::{self, Taken};
use crate::retain::ways::{self, Outcome};
use crate::retain::{At, Bodies, calls, finalizers, members};
use stanch_base::FxHashSet;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue,
    SelectOp, Terminator,
};
use stanch_types::{Builtin, ObjectId};

/// Calls followed to see whether something is deleted.
const MAX_DEPTH: u32 = 3;

/// Looks for a failure after an insertion under a key of the call's own.
pub(crate) fn judge(
    bodies: &mut Bodies<'_, '_>,
    helpers: &Helpers,
    id: FuncId,
    func: &Func,
    insert: &Event,
) {
    let Some(Operand::Local(value)) = insert.value else { return };
    let taken = helpers.removed(insert.map);
    if taken.is_empty() || insert.asks || !is_own_key(bodies, id, insert) {
        return;
    }
    let names = Alias::of(func, &Operand::Local(value));
    if !members::is_private(bodies, insert.map)
        || !is_made_here(bodies, id, func, &names)
        || is_told(bodies, id, func, insert, &names)
        || events::uses_value(func, &bodies.definitions[id], insert)
        || members::is_kept_elsewhere(bodies, func, &names, insert.at)
        || is_ended_otherwise(bodies, id, func, insert, &names)
    {
        return;
    }
    let Some(&(remover, deleted, _)) = taken.iter().find(|t| t.0 != id) else { return };
    if !are_by_key(bodies, insert.map, taken) || is_ended_by_callers(bodies, id, insert.map) {
        return;
    }
    let mut stops: FxHashSet<At> = events::others(bodies, id, func, insert).into_iter().collect();
    stops.extend(ways::refused(func, &bodies.definitions[id], &insert.results));
    stops.extend(ended(bodies, id, func));
    let lost = ways::returns(bodies, id, insert.at, &stops)
        .into_iter()
        .find(|&block| fails(bodies, id, func, &names, block));
    let Some(lost) = lost else { return };
    missed::left(bodies, id, insert, lost, Taken { at: deleted, by: Some(remover), by_key: true });
}

/// Whether the key is another one in each call, and comes from nobody else: counted, drawn, or a new object.
pub(super) fn is_own_key(bodies: &Bodies<'_, '_>, id: FuncId, insert: &Event) -> bool {
    let (root, fields) = &insert.key;
    let key = insert.under.as_ref();
    let own = |sources: &[Source]| {
        !sources.is_empty()
            && sources.iter().any(|s| matches!(s, Source::Unique | Source::Fresh))
            && !sources.contains(&Source::Incoming)
    };
    let from = key.map(|key| bodies.sources.operand(id, key)).unwrap_or_default();
    if own(&from) {
        return true;
    }
    let [field] = fields.as_slice() else { return false };
    if own(&bodies.sources.field(id, *root, *field)) {
        return true;
    }
    // An object that a constructor of the package gives an identity.
    let func = &bodies.module.funcs[id];
    let made = calls(func).find(|(_, _, call, _)| call.dst.contains(root));
    made.and_then(|(_, _, call, _)| bodies.callee(call)).is_some_and(|maker| {
        let maker_func = &bodies.module.funcs[maker];
        maker_func.results.iter().any(|&result| {
            let names = Alias::of(maker_func, &Operand::Local(result));
            names.locals.iter().any(|&local| own(&bodies.sources.field(maker, local, *field)))
        })
    })
}

/// Whether the value is an object that the function makes, or a constructor of the package for it.
fn is_made_here(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, names: &Alias) -> bool {
    let made = |id: FuncId, local: LocalId| {
        bodies.definitions[id][local].iter().any(|v| {
            matches!(v, Rvalue::New(_) | Rvalue::Composite { .. } | Rvalue::MakeChan { .. })
        })
    };
    names.locals.iter().any(|&local| made(id, local))
        || calls(func).any(|(_, _, call, _)| {
            call.dst.iter().any(|dst| names.locals.contains(dst))
                && bodies.callee(call).is_some_and(|maker| {
                    let maker_func = &bodies.module.funcs[maker];
                    maker_func.results.iter().any(|&result| {
                        let names = Alias::of(maker_func, &Operand::Local(result));
                        names.locals.iter().any(|&local| made(maker, local))
                    })
                })
        })
}

/// Whether the key is kept in something else than the entry, or given back to the caller.
fn is_told(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    insert: &Event,
    names: &Alias,
) -> bool {
    let same = |x: &Operand| path(bodies, id, x).is_some_and(|p| p == insert.key);
    let counter = insert.key.1.last();
    func.blocks.iter_enumerated().any(|(block, data)| {
        data.instrs.iter().enumerate().any(|(at, instr)| match &instr.kind {
            InstrKind::Store(place, value) => {
                let own = match place.base {
                    PlaceBase::Local(base) => {
                        names.locals.contains(&base) || is_new(bodies, id, base)
                    }
                    PlaceBase::Global(_) => false,
                };
                let entry = (block, at) == insert.at;
                let itself =
                    matches!(place.proj.last(), Some(Proj::Field(_, f)) if counter == Some(f));
                !entry && !own && !itself && !place.proj.is_empty() && same(value)
            }
            InstrKind::Send { value, .. } => same(value),
            InstrKind::Assign(to, value) => match value {
                Rvalue::Append { elems, .. } => elems.iter().any(same),
                Rvalue::Use(x) => func.results.contains(to) && same(x),
                _ => false,
            },
            _ => false,
        })
    })
}

fn is_new(bodies: &Bodies<'_, '_>, id: FuncId, local: LocalId) -> bool {
    bodies.definitions[id][local]
        .iter()
        .any(|v| matches!(v, Rvalue::New(_) | Rvalue::Composite { .. }))
}

/// Whether a deferred call, a goroutine or a literal that does not belong to the entry may take it out, or end
/// its owner.
fn is_ended_otherwise(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    insert: &Event,
    names: &Alias,
) -> bool {
    let deletes = |f: FuncId| events::may_delete(bodies, f, insert.map, MAX_DEPTH);
    let ends = |f: FuncId| !ended(bodies, f, &bodies.module.funcs[f]).is_empty();
    func.closures
        .iter()
        .any(|&c| (deletes(c) || ends(c)) && !is_of_entry(bodies, id, func, c, names))
        || calls(func).any(|(_, _, call, kind)| {
            let later = matches!(kind, InstrKind::Defer(_) | InstrKind::Go(_));
            let own = bodies.callee(call).filter(|callee| *callee != id);
            later
                && (matches!(call.callee, Callee::Builtin(Builtin::Delete))
                    || is_end(bodies, id, func, call)
                    || own.is_some_and(|c| deletes(c) || ends(c)))
        })
}

/// Whether a literal goes nowhere but into the object that is the entry, when that is made.
fn is_of_entry(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    literal: FuncId,
    names: &Alias,
) -> bool {
    let is = |x: &Operand| finalizers::literal(bodies, id, x) == Some(literal);
    let mut given = 0;
    let elsewhere = func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Call(call) if call.args.iter().any(is) => {
            given += 1;
            !call.dst.iter().any(|dst| names.locals.contains(dst))
        }
        InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
            matches!(&call.callee, Callee::Closure(f, _) if *f == literal)
                || matches!(&call.callee, Callee::Value(x) if is(x))
                || call.args.iter().any(is)
        }
        InstrKind::Store(place, value) if is(value) => {
            given += 1;
            !matches!(place.base, PlaceBase::Local(base) if names.locals.contains(&base))
        }
        InstrKind::Send { value, .. } => is(value),
        _ => false,
    });
    given > 0 && !elsewhere
}

/// Where a function ends something that it did not make: the owner of the container may go with it.
fn ended(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) -> Vec<At> {
    let ends = calls(func).filter(|(_, _, call, _)| is_end(bodies, id, func, call));
    ends.map(|(block, at, _, _)| (block, at)).collect()
}

/// Whether a call ends something that the function was given, or a part of it.
fn is_end(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, call: &Call) -> bool {
    let (method, recv) = match (&call.callee, call.args.first()) {
        (Callee::Static(method, _), Some(recv)) => (*method, recv),
        (Callee::Interface { recv, method }, _) => (*method, recv),
        _ => return false,
    };
    let given = |local: &LocalId| {
        func.params.contains(local) || func.captures.iter().any(|c| c.inner == *local)
    };
    bodies.reader.keeping().ends(bodies.program.object_name(method))
        && path(bodies, id, recv).is_some_and(|(root, _)| given(&root))
}

/// Whether entries leave the map only one by one, under a key that is named: nobody goes over it to see what
/// is old, and where it is emptied as a whole, those that wait are told.
pub(super) fn are_by_key(bodies: &Bodies<'_, '_>, map: ObjectId, taken: &[Removed]) -> bool {
    let named = |(id, _, key): &Removed| !is_of_literal(bodies, *id, key);
    taken.iter().all(named)
        && bodies.funcs().iter().all(|&(id, func)| {
            let goes_over = goes_over(bodies, id, func, map);
            let deletes = goes_over && deletes_one(bodies, id, func, map);
            let emptied = empties(bodies, id, func, map);
            !deletes && (!emptied || goes_over)
        })
        && !members::is_emptied_otherwise(bodies, map)
}

/// Whether the key is what a library's function hands to a literal: it goes over all entries.
fn is_of_literal(bodies: &Bodies<'_, '_>, id: FuncId, key: &Operand) -> bool {
    let func = &bodies.module.funcs[id];
    let given = |key: KeyPath| func.params.contains(&key.0);
    func.parent.is_some() && path(bodies, id, key).is_none_or(given)
}

/// Whether any function goes over all entries of the map.
pub(super) fn is_gone_over(bodies: &Bodies<'_, '_>, map: ObjectId) -> bool {
    bodies.funcs().iter().any(|&(id, func)| goes_over(bodies, id, func, map))
}

/// Whether a function goes over all entries of the map.
fn goes_over(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, map: ObjectId) -> bool {
    func.blocks.iter().any(|data| match &data.term {
        Terminator::RangeNext { over: Operand::Local(over), .. } => {
            ways::holder(bodies, id, *over) == Some(map)
        }
        _ => false,
    })
}

/// Whether a function deletes entries of the map, itself or by functions that it calls.
fn deletes_one(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, map: ObjectId) -> bool {
    let own = func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::MapDelete { map: Operand::Local(of), .. } => {
            ways::holder(bodies, id, *of) == Some(map)
        }
        _ => false,
    });
    own || func.closures.iter().any(|&c| events::may_delete(bodies, c, map, MAX_DEPTH))
        || calls(func).any(|(_, _, call, _)| {
            let callee = bodies.callee(call).filter(|callee| *callee != id);
            callee.is_some_and(|c| events::may_delete(bodies, c, map, MAX_DEPTH))
        })
}

/// Whether a function puts another map in the place of this one, of an object that was there before.
fn empties(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, map: ObjectId) -> bool {
    func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Store(place, _) => {
            crate::retain::alias::end(place) == Some(map) && !bodies.is_new(id, place)
        }
        InstrKind::Call(call) if matches!(call.callee, Callee::Builtin(Builtin::Clear)) => {
            let of = call.args.first().and_then(|x| bodies.local(x));
            of.is_some_and(|of| ways::holder(bodies, id, of) == Some(map))
        }
        _ => false,
    })
}

/// Whether a caller takes entries out itself, or has another function do it: it may do so when this one has
/// failed.
fn is_ended_by_callers(bodies: &Bodies<'_, '_>, id: FuncId, map: ObjectId) -> bool {
    bodies.funcs().iter().any(|&(caller, func)| {
        caller != id
            && calls(func).any(|(_, _, call, _)| bodies.callee(call) == Some(id))
            && (func.closures.iter().any(|&c| events::may_delete(bodies, c, map, MAX_DEPTH))
                || func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
                    InstrKind::MapDelete { map: Operand::Local(of), .. } => {
                        ways::holder(bodies, caller, *of) == Some(map)
                    }
                    _ => false,
                })
                || calls(func).any(|(_, _, call, _)| {
                    let callee = bodies.callee(call).filter(|c| *c != id && *c != caller);
                    callee.is_some_and(|c| events::may_delete(bodies, c, map, MAX_DEPTH))
                }))
    })
}

/// Whether the function ends in a block without anything: an error, or nothing after it has asked for one or
/// given up the wait for its answer.
fn fails(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, names: &Alias, block: BlockId) -> bool {
    if let Some(error) = ways::error_result(bodies, func) {
        return ways::outcome(bodies, id, error, block) == Outcome::Failure;
    }
    let nothing = |result: &LocalId| {
        let set = func.blocks[block].instrs.iter().rev().find_map(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Use(value)) if to == result => Some(value),
            _ => None,
        });
        matches!(set, Some(Operand::Nil(_) | Operand::Zero(_) | Operand::Const(..)))
    };
    let error = |local: LocalId| bodies.program.type_string(func.locals[local].ty) == "error";
    !func.results.is_empty()
        && func.results.iter().all(nothing)
        && (ways::is_asked(func, &bodies.definitions[id], block, &error)
            || has_given_up(bodies, id, func, names, block))
}

/// Whether the only way to a block is an arm of a select in which another arm waits for the answer.
fn has_given_up(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    names: &Alias,
    block: BlockId,
) -> bool {
    let awaited = |chan: &Operand| {
        path(bodies, id, chan).is_some_and(|(root, _)| names.locals.contains(&root))
    };
    single_ways(func, block).any(|(pred, at)| match &func.blocks[pred].term {
        Terminator::Select { arms, .. } => {
            let waits = |arm: &&stanch_ir::SelectArm| match &arm.op {
                SelectOp::Recv { chan, .. } => awaited(chan),
                SelectOp::Send { .. } => false,
            };
            let (own, others): (Vec<_>, Vec<_>) = arms.iter().partition(|arm| arm.target == at);
            !own.is_empty() && !own.iter().any(waits) && others.iter().any(waits)
        }
        _ => false,
    })
}
