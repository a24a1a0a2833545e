//! Entries of timers that have fired: only who cancels one takes its entry out.

use crate::report::{Retained, Retention};
use crate::retain::alias::Alias;
use crate::retain::events::{self, Event, Helpers};
use crate::retain::{Bodies, Candidate, Gate, calls, finalizers, members, orphans};
use stanch_effects::Role;
use stanch_ir::{Func, FuncId, LocalId, Operand, Rvalue};
use stanch_types::ObjectId;

/// Calls followed to see whether something is deleted.
const MAX_DEPTH: u32 = 3;

/// Looks at a timer that is put into a map under a key of its own.
pub(crate) fn judge(
    bodies: &mut Bodies<'_, '_>,
    helpers: &Helpers,
    id: FuncId,
    func: &Func,
    insert: &Event,
) {
    let Some(value) = insert.value.as_ref() else { return };
    let removed = helpers.removed(insert.map);
    if removed.is_empty() || !orphans::is_own_key(bodies, id, insert) {
        return;
    }
    let names = Alias::of(func, value);
    let armed = calls(func).find(|(_, _, call, _)| {
        bodies.is_for(call, Role::After) && call.dst.iter().any(|dst| names.locals.contains(dst))
    });
    let Some((block, at, call, _)) = armed else { return };
    let fires = call.args.get(1);
    if !members::is_private(bodies, insert.map)
        || !fires.is_some_and(|f| is_seen(bodies, id, func, f, insert.map))
        || !orphans::are_by_key(bodies, insert.map, removed)
        || orphans::is_gone_over(bodies, insert.map)
        || func.closures.iter().any(|&c| events::may_delete(bodies, c, insert.map, MAX_DEPTH))
    {
        return;
    }
    let Some(&(_, deleted, _)) =
        removed.iter().find(|(remover, ..)| *remover != id && stops(bodies, *remover))
    else {
        return;
    };
    let armed = func.blocks[block].instrs[at].span;
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span: insert.span,
        what: Retained::Fired { container: insert.map, deleted, armed },
        ty: bodies.program.object(insert.map).ty,
        doubts: Vec::new(),
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate: Gate::Sure, retention });
}

/// Whether a function that a timer calls is a literal here, or a parameter, and does not take the entry out.
fn is_seen(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    fires: &Operand,
    map: ObjectId,
) -> bool {
    let param = |local: LocalId| {
        func.params.contains(&local)
            || matches!(bodies.definitions[id][local].as_slice(),
                [Rvalue::Use(Operand::Local(from))] if func.params.contains(from))
    };
    match finalizers::literal(bodies, id, fires) {
        Some(literal) => !events::may_delete(bodies, literal, map, MAX_DEPTH),
        None => matches!(fires, Operand::Local(local) if param(*local)),
    }
}

/// Whether a function stops a timer.
fn stops(bodies: &Bodies<'_, '_>, id: FuncId) -> bool {
    calls(&bodies.module.funcs[id]).any(|(_, _, call, _)| bodies.is_for(call, Role::StopTimer))
}
