//! Entries that a function puts into a container and takes out again on some ways only.

use crate::report::{Retained, Retention};
use crate::retain::events::{self, Event, Helpers};
use crate::retain::ways::{Outcome, error_result, is_asked, outcome, reaches, refused, returns};
use crate::retain::{At, Bodies, Candidate, Gate, fired, members, orphans, rekeyed};
use stanch_base::FxHashSet;
use stanch_ir::{BlockId, Func, FuncId, InstrKind, LocalId, Span};

pub(crate) fn find(bodies: &mut Bodies<'_, '_>, helpers: &Helpers) {
    if !helpers.deletes_any() {
        return;
    }
    for (id, func) in bodies.funcs() {
        // Literals that run later or at the end may take it out.
        let (inserts, deletes) = events::of(bodies, helpers, id, func);
        for insert in inserts {
            match deletes.iter().any(|d| d.map == insert.map) {
                true => judge(bodies, id, func, &insert, &deletes),
                false => {
                    members::judge(bodies, helpers, id, func, &insert);
                    rekeyed::judge(bodies, helpers, id, func, &insert);
                    orphans::judge(bodies, helpers, id, func, &insert);
                    fired::judge(bodies, helpers, id, func, &insert);
                }
            }
        }
    }
}

fn judge(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, insert: &Event, deletes: &[Event]) {
    let definitions = &bodies.definitions[id];
    let own: Vec<&Event> =
        deletes.iter().filter(|d| d.map == insert.map && d.key == insert.key).collect();
    // What a helper finds or makes may have been there before, and this function is there to take it out.
    let itself = |event: &&Event| {
        let instr = &func.blocks[event.at.0].instrs[event.at.1];
        matches!(instr.kind, InstrKind::MapDelete { .. })
    };
    if own.is_empty()
        || insert.asks && own.iter().any(itself)
        || events::is_left_to_others(bodies, id, func, insert)
    {
        return;
    }
    let error = error_result(bodies, func);
    // Whoever goes over the entries may take up what failed.
    if error.is_none() && orphans::is_gone_over(bodies, insert.map) {
        return;
    }
    let mut stops: FxHashSet<At> = own.iter().map(|d| d.at).collect();
    stops.extend(events::others(bodies, id, func, insert));
    stops.extend(refused(func, definitions, &insert.results));
    let free = returns(bodies, id, insert.at, &stops);
    // Ways on which a deletion lies.
    let after: Vec<(&&Event, Vec<BlockId>)> = own
        .iter()
        .filter(|d| reaches(func, insert.at, d.at))
        .map(|d| (d, returns(bodies, id, d.at, &FxHashSet::default())))
        .collect();
    let ended = |block: BlockId| match error {
        Some(error) => outcome(bodies, id, error, block),
        // Without results, who returns after it has asked for an error has failed.
        None if !func.results.is_empty() => Outcome::Unknown,
        None => {
            let error = |x: LocalId| bodies.program.type_string(func.locals[x].ty) == "error";
            match is_asked(func, definitions, block, &error) {
                true => Outcome::Failure,
                false => Outcome::Success,
            }
        }
    };
    let fails = |blocks: &[BlockId]| blocks.iter().any(|&b| ended(b) == Outcome::Failure);
    // Taken out when all went well, or on a failure: another failure that leaves it is a slip.
    let Some((delete, _)) = after
        .iter()
        .find(|(_, ends)| fails(ends) || ends.iter().any(|&b| ended(b) == Outcome::Success))
    else {
        return;
    };
    let missed = free
        .iter()
        .copied()
        .find(|&b| ended(b) == Outcome::Failure && !events::uses_value(func, definitions, insert));
    let Some(missed) = missed else { return };
    left(bodies, id, insert, missed, Taken { at: delete.span, by: None, by_key: false });
}

/// Where an entry is taken out that is left on another way.
pub(super) struct Taken {
    /// The deletion.
    pub(super) at: Span,
    /// The other function that does so, if it is another.
    pub(super) by: Option<FuncId>,
    /// Whether that function has to be told the key, which only the call that put it in knows.
    pub(super) by_key: bool,
}

/// Notes that a function ends in a block with an entry left in that is taken out elsewhere.
pub(super) fn left(
    bodies: &mut Bodies<'_, '_>,
    id: FuncId,
    insert: &Event,
    missed: BlockId,
    taken: Taken,
) {
    let func = &bodies.module.funcs[id];
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span: insert.span,
        what: Retained::DeleteMissed {
            container: insert.map,
            deleted: taken.at,
            missed: func.blocks[missed].term_span,
            remover: taken.by.map(|by| bodies.module.funcs[by].symbol.clone()),
            by_key: taken.by_key,
        },
        ty: bodies.program.object(insert.map).ty,
        doubts: Vec::new(),
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate: Gate::Sure, retention });
}
