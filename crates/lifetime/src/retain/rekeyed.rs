//! Entries that are found in a map, given another key and put in again, while the old entry stays.

use crate::report::{Retained, Retention};
use crate::retain::events::{self, Event, Helpers, path};
use crate::retain::ways::{self, holder};
use crate::retain::{At, Bodies, Candidate, Gate, alias};
use stanch_ir::{
    Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Span, Terminator,
};
use stanch_types::ObjectId;

/// Looks for an insertion of what was found in the same map, after its key field was set.
pub(crate) fn judge(
    bodies: &mut Bodies<'_, '_>,
    helpers: &Helpers,
    id: FuncId,
    func: &Func,
    insert: &Event,
) {
    let Some(value) = &insert.value else { return };
    let Some((root, fields)) = path(bodies, id, value) else { return };
    let points = bodies.program.pointee(func.locals[root].ty).is_some();
    // Elsewhere entries are taken out: the map is no log of all names.
    if !points || !fields.is_empty() || helpers.taken(insert.map).is_empty() {
        return;
    }
    let Some((found, old)) = found(bodies, id, func, insert.map, root) else { return };
    if old.is_some() && old.as_ref() == Some(&insert.key) {
        return;
    }
    let Some((field, renamed)) = renamed(bodies, id, func, root, insert) else { return };
    if events::is_left_to_others(bodies, id, func, insert)
        || !events::others(bodies, id, func, insert).is_empty()
        || !ways::reaches(func, renamed, insert.at)
    {
        return;
    }
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span: insert.span,
        what: Retained::Rekeyed {
            container: insert.map,
            field,
            found,
            renamed: func.blocks[renamed.0].instrs[renamed.1].span,
        },
        ty: bodies.program.object(insert.map).ty,
        doubts: Vec::new(),
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate: Gate::Sure, retention });
}

/// Where a local was found in the map, and under which key.
fn found(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    map: ObjectId,
    local: LocalId,
) -> Option<(Span, Option<events::KeyPath>)> {
    let held = |x: &Operand| matches!(x, Operand::Local(x) if holder(bodies, id, *x) == Some(map));
    func.blocks.iter().find_map(|data| {
        let looked = data.instrs.iter().find_map(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::MapLookup { map, key, .. })
                if *to == local && held(map) =>
            {
                Some((i.span, path(bodies, id, key)))
            }
            _ => None,
        });
        looked.or_else(|| match &data.term {
            Terminator::RangeNext { over, value: Some(value), .. }
                if *value == local && held(over) =>
            {
                Some((data.term_span, None))
            }
            _ => None,
        })
    })
}

/// The field of the object that is given the new key, and where.
fn renamed(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    root: LocalId,
    insert: &Event,
) -> Option<(ObjectId, At)> {
    let own = |place: &Place| match place.base {
        PlaceBase::Local(base) if matches!(place.proj.first(), Some(Proj::Deref)) => {
            path(bodies, id, &Operand::Local(base)) == Some((root, Vec::new()))
        }
        _ => false,
    };
    func.blocks.iter_enumerated().find_map(|(block, data)| {
        data.instrs.iter().enumerate().find_map(|(at, i)| {
            let (field, value) = match &i.kind {
                InstrKind::Store(place, value) => {
                    (alias::end(place).filter(|_| own(place))?, value)
                }
                // Its own method sets it to what it is given.
                InstrKind::Call(call) => {
                    let ([recv, value], Some(body)) = (call.args.as_slice(), bodies.callee(call))
                    else {
                        return None;
                    };
                    let own = path(bodies, id, recv) == Some((root, Vec::new()));
                    (setter(bodies, body).filter(|_| own)?, value)
                }
                _ => return None,
            };
            let by_field = insert.key == (root, vec![field]);
            let by_value = path(bodies, id, value).is_some_and(|key| key == insert.key);
            (by_field || by_value).then_some((field, (block, at)))
        })
    })
}

/// The field of its receiver that a method sets to its one argument.
fn setter(bodies: &Bodies<'_, '_>, body: FuncId) -> Option<ObjectId> {
    let func = &bodies.module.funcs[body];
    let ([recv, value], true) = (func.params.as_slice(), func.has_recv) else { return None };
    func.blocks.iter().flat_map(|b| &b.instrs).find_map(|i| match &i.kind {
        InstrKind::Store(place, given)
            if place.base == PlaceBase::Local(*recv)
                && matches!(place.proj.first(), Some(Proj::Deref))
                && path(bodies, body, given) == Some((*value, Vec::new())) =>
        {
            alias::end(place)
        }
        _ => None,
    })
}
