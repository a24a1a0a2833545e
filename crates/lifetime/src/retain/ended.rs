//! Entries that are found in a map and closed, and stay in it, while elsewhere what is closed is taken out.

use crate::report::{Retained, Retention};
use crate::retain::events::{self, Helpers, KeyPath, path};
use crate::retain::ways::holder;
use crate::retain::{At, Bodies, Candidate, Gate, calls};
use stanch_ir::{Callee, Func, FuncId, InstrKind, Operand, PlaceBase, Rvalue, Span};
use stanch_types::ObjectId;

/// A call that closes something, and what: a variable and the fields that lead to it.
struct End {
    at: At,
    span: Span,
    method: ObjectId,
    of: KeyPath,
}

/// How a package takes entries out of a map that it closes: the map, the fields and method by which they are
/// closed, and where they are taken out.
struct Custom {
    map: ObjectId,
    fields: Vec<ObjectId>,
    method: ObjectId,
    deleted: Span,
}

pub(crate) fn find(bodies: &mut Bodies<'_, '_>, helpers: &Helpers) {
    if !helpers.deletes_any() {
        return;
    }
    let mut customs: Vec<Custom> = Vec::new();
    let mut closing: Vec<(FuncId, Vec<End>)> = Vec::new();
    for (id, func) in bodies.funcs() {
        let ends = ends(bodies, id, func);
        if ends.is_empty() {
            continue;
        }
        let (_, deletes) = events::of(bodies, helpers, id, func);
        for delete in &deletes {
            let found = found(bodies, id, func, delete.map);
            for end in &ends {
                let by_key = found.iter().any(|(e, key)| *e == end.of.0 && *key == delete.key);
                if by_key || end.of.0 == delete.key.0 && !delete.key.1.is_empty() {
                    let (fields, method) = (end.of.1.clone(), end.method);
                    customs.push(Custom { map: delete.map, fields, method, deleted: delete.span });
                }
            }
        }
        closing.push((id, ends));
    }
    for (id, ends) in closing {
        for end in ends {
            let custom = customs.iter().find(|c| {
                let elements = found(bodies, id, &bodies.module.funcs[id], c.map);
                c.method == end.method
                    && c.fields == end.of.1
                    && elements.iter().any(|(element, _)| *element == end.of.0)
            });
            if let Some(custom) = custom {
                judge(bodies, id, &end, custom);
            }
        }
    }
}

fn judge(bodies: &mut Bodies<'_, '_>, id: FuncId, end: &End, custom: &Custom) {
    let func = &bodies.module.funcs[id];
    // Whatever sets a field of the entry, or puts something into the map, makes it of use again.
    let is_set = func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Store(place, _) => match place.base {
            PlaceBase::Local(base) => {
                let root = path(bodies, id, &Operand::Local(base)).map(|p| p.0);
                root == Some(end.of.0) || holder(bodies, id, base) == Some(custom.map)
            }
            PlaceBase::Global(_) => false,
        },
        _ => false,
    });
    let deletes = |of: FuncId| events::may_delete(bodies, of, custom.map, 2);
    let by_callers = bodies.funcs().into_iter().any(|(caller, func)| {
        caller != id
            && calls(func).any(|(_, _, call, _)| bodies.callee(call) == Some(id))
            && deletes(caller)
    });
    // Another method of the entry may take it out.
    let given = calls(func).any(|(block, at, call, _)| {
        (block, at) != end.at
            && call.args.iter().any(|x| path(bodies, id, x) == Some((end.of.0, Vec::new())))
            && bodies.callee(call).is_none_or(deletes)
    });
    if is_set || by_callers || given || deletes(id) || func.parent.is_some() {
        return;
    }
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span: end.span,
        what: Retained::Ended { container: custom.map, deleted: custom.deleted },
        ty: bodies.program.object(custom.map).ty,
        doubts: Vec::new(),
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate: Gate::Sure, retention });
}

/// The calls of a function that close something.
fn ends(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) -> Vec<End> {
    let mut found = Vec::new();
    for (block, at, call, kind) in calls(func) {
        let (method, recv) = match (&call.callee, call.args.first()) {
            (Callee::Static(method, _), Some(recv)) => (*method, recv),
            (Callee::Interface { recv, method }, _) => (*method, recv),
            _ => continue,
        };
        let is_end = bodies.reader.keeping().ends(bodies.program.object_name(method));
        if is_end && matches!(kind, InstrKind::Call(_)) && !begins_again(bodies, func, recv) {
            let Some(of) = path(bodies, id, recv) else { continue };
            let span = func.blocks[block].instrs[at].span;
            found.push(End { at: (block, at), span, method, of });
        }
    }
    found
}

/// Whether what was stopped can be set going again, as a timer can.
fn begins_again(bodies: &Bodies<'_, '_>, func: &Func, recv: &Operand) -> bool {
    let begins = |name: &str| bodies.reader.keeping().begins(name);
    let methods = bodies.program.method_set(bodies.ty(func, recv));
    methods.iter().any(|m| begins(bodies.program.object_name(m.object)))
}

/// What a function looks up in a map: the variable, and the key.
fn found(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    map: ObjectId,
) -> Vec<(stanch_ir::LocalId, KeyPath)> {
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    let looked = instrs.filter_map(|i| match &i.kind {
        InstrKind::Assign(to, Rvalue::MapLookup { map: Operand::Local(of), key, .. })
            if holder(bodies, id, *of) == Some(map) =>
        {
            Some((path(bodies, id, &Operand::Local(*to))?.0, path(bodies, id, key)?))
        }
        _ => None,
    });
    looked.collect()
}
