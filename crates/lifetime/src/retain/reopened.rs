//! Lists that an owner fills each time it is opened, and does not empty when it is closed.

use crate::report::{Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{At, Bodies, Candidate, Gate, calls, leads};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{Callee, Func, FuncId, InstrKind, Operand, Rvalue, Span, Terminator};
use stanch_types::{ObjectId, TypeKind};
use std::collections::BTreeMap;

/// Calls followed from the function that opens to the one that appends.
const MAX_DEPTH: usize = 3;

/// What the package does to one slice field.
#[derive(Default)]
struct Uses {
    /// Functions that append to it, and where.
    appends: Vec<(FuncId, Span)>,
    /// Functions that set it to another value, and where.
    resets: Vec<(FuncId, Span)>,
    /// Functions that go over it and hand each element to a call; the loop.
    releases: Vec<(FuncId, Span)>,
}

/// A field set to nil: the function, where, and the field.
struct Cleared {
    id: FuncId,
    at: At,
    span: Span,
    field: ObjectId,
}

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    let mut fields: BTreeMap<ObjectId, Uses> = BTreeMap::new();
    let mut cleared: Vec<Cleared> = Vec::new();
    let mut opened: FxHashMap<ObjectId, Vec<FuncId>> = FxHashMap::default();
    let funcs = bodies.funcs();
    for &(id, func) in &funcs {
        if func.params.is_empty() && func.parent.is_none() {
            continue;
        }
        read(bodies, id, func, &mut fields, &mut cleared, &mut opened);
    }
    fields.retain(|_, uses| !uses.appends.is_empty());
    if fields.is_empty() || cleared.is_empty() {
        return;
    }
    let callers = callers(bodies, &funcs);
    for (field, uses) in fields {
        if uses.releases.is_empty() {
            continue;
        }
        let siblings = bodies.siblings(field);
        let growers = closure(&callers, uses.appends.iter().map(|a| a.0));
        let resetters = closure(&callers, uses.resets.iter().map(|r| r.0));
        let releasers = closure(&callers, uses.releases.iter().map(|r| r.0));
        for clear in cleared.iter().filter(|c| siblings.contains(&c.field)) {
            let again = opened.get(&clear.field).map_or(&[][..], |v| v);
            // It is opened again by whoever sets the sibling, and fills the list.
            let Some(&opener) = again.iter().find(|o| growers.contains(*o)) else { continue };
            let never = uses.resets.is_empty() && releasers.contains(&clear.id);
            let other = cleared
                .iter()
                .find(|c| c.field == clear.field && c.id != clear.id && resetters.contains(&c.id));
            // What is emptied is what was released, element by element.
            let undone =
                uses.resets.iter().all(|reset| uses.releases.iter().any(|r| r.0 == reset.0));
            let missed = other.is_some()
                && undone
                && growers.contains(&clear.id)
                && !resetters.contains(&clear.id)
                && grown_before(bodies, clear, &growers);
            if !never && !missed {
                continue;
            }
            // What is released and left in is told where that is done, what a way forgets where it grows.
            let (told, others) = match never {
                true => (uses.releases.first(), &uses.appends[..]),
                false => (uses.appends.first(), uses.appends.get(1..).unwrap_or_default()),
            };
            let Some(&(home, span)) = told else { continue };
            let retention = Retention {
                package: bodies.module.package,
                function: bodies.module.funcs[home].symbol.clone(),
                span,
                what: Retained::Reopened {
                    field,
                    sibling: clear.field,
                    cleared: clear.span,
                    others: others.iter().map(|a| a.1).collect(),
                    opener: bodies.module.funcs[opener].name_span,
                    emptied: if never { None } else { uses.resets.first().map(|r| r.1) },
                },
                ty: bodies.program.object(field).ty,
                doubts: Vec::new(),
            };
            let gate = Gate::Sure;
            bodies.kept.candidates.push(Candidate { func: home.raw(), gate, retention });
            break;
        }
    }
}

fn read(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    fields: &mut BTreeMap<ObjectId, Uses>,
    cleared: &mut Vec<Cleared>,
    opened: &mut FxHashMap<ObjectId, Vec<FuncId>>,
) {
    let none = FxHashSet::default();
    let definitions = &bodies.definitions[id];
    for (block, data) in func.blocks.iter_enumerated() {
        for (at, instr) in data.instrs.iter().enumerate() {
            let InstrKind::Store(place, value) = &instr.kind else { continue };
            let Some(field) = alias::end(place) else { continue };
            if bodies.elem(bodies.program.object(field).ty).is_some() {
                let uses = fields.entry(field).or_default();
                match is_longer(bodies, id, func, field, value) {
                    true => uses.appends.push((id, instr.span)),
                    false => uses.resets.push((id, instr.span)),
                }
            } else if alias::is_empty(value, definitions, &none) && is_reference(bodies, field) {
                let at = (block, at);
                cleared.push(Cleared { id, at, span: instr.span, field });
            } else {
                opened.entry(field).or_default().push(id);
            }
        }
        // A result of a call that is stored at once has a store of its own.
        if let Terminator::RangeNext { over: Operand::Local(over), value: Some(elem), .. } =
            &data.term
        {
            let field = definitions[*over].iter().find_map(|v| match v {
                Rvalue::Load(place) => alias::end(place),
                _ => None,
            });
            let Some(field) = field else { continue };
            let names = Alias::of(func, &Operand::Local(*elem));
            let hands = calls(func).any(|(_, _, call, _)| {
                !matches!(call.callee, Callee::Builtin(_)) && call.args.iter().any(|x| names.has(x))
            });
            if hands {
                fields.entry(field).or_default().releases.push((id, data.term_span));
            }
        }
    }
}

fn is_longer(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    field: ObjectId,
    value: &Operand,
) -> bool {
    let Operand::Local(local) = value else { return false };
    let appended = |v: &&Rvalue| matches!(v, Rvalue::Append { .. });
    if !bodies.definitions[id][*local].iter().all(appended) {
        return false;
    }
    let own = Alias::of_field(func, field);
    own.has(value)
        && bodies.definitions[id][*local]
            .iter()
            .all(|v| matches!(v, Rvalue::Append { slice, .. } if own.has(slice) && !is_cut(bodies, id, slice)))
}

fn is_cut(bodies: &Bodies<'_, '_>, id: FuncId, slice: &Operand) -> bool {
    match slice {
        Operand::Local(local) => {
            bodies.definitions[id][*local].iter().any(|v| matches!(v, Rvalue::Slice { .. }))
        }
        _ => false,
    }
}

fn is_reference(bodies: &Bodies<'_, '_>, field: ObjectId) -> bool {
    let program = bodies.program;
    let ty = program.object(field).ty;
    matches!(
        program.kind(program.underlying(ty)),
        TypeKind::Pointer(_) | TypeKind::Interface(_) | TypeKind::Chan(..)
    )
}

/// Who calls a function of the package, or has it as a literal.
fn callers(bodies: &Bodies<'_, '_>, funcs: &[(FuncId, &Func)]) -> FxHashMap<FuncId, Vec<FuncId>> {
    let mut callers: FxHashMap<FuncId, Vec<FuncId>> = FxHashMap::default();
    for &(id, func) in funcs {
        for (_, _, call, _) in calls(func) {
            if let Some(callee) = bodies.callee(call) {
                callers.entry(callee).or_default().push(id);
            }
        }
        for &literal in &func.closures {
            callers.entry(literal).or_default().push(id);
        }
    }
    callers
}

/// The functions and all that lead to them.
fn closure(
    callers: &FxHashMap<FuncId, Vec<FuncId>>,
    from: impl Iterator<Item = FuncId>,
) -> FxHashSet<FuncId> {
    let mut found: FxHashSet<FuncId> = from.collect();
    let mut edge: Vec<FuncId> = found.iter().copied().collect();
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for id in edge {
            for &caller in callers.get(&id).map_or(&[][..], |v| v) {
                if found.insert(caller) {
                    next.push(caller);
                }
            }
        }
        edge = next;
    }
    found
}

/// Whether the list was made longer on a way to the place where the sibling is cleared.
fn grown_before(bodies: &Bodies<'_, '_>, clear: &Cleared, growers: &FxHashSet<FuncId>) -> bool {
    let func = &bodies.module.funcs[clear.id];
    calls(func).any(|(block, at, call, _)| {
        bodies.callee(call).is_some_and(|callee| growers.contains(&callee))
            && leads(func, (block, at), clear.at)
    })
}
