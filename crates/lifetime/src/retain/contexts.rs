//! Contexts that wrap themselves again and again.

use crate::facts::Loop;
use crate::report::{Retained, Retention};
use crate::retain::{Bodies, Candidate, Gate, alias, calls};
use stanch_effects::Role;
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
};
use stanch_types::ObjectId;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, at, call, _) in calls(func) {
            let Callee::Static(object, _) = &call.callee else { continue };
            if !bodies.is_for(call, Role::WrapContext) && !bodies.is_for(call, Role::WrapValue) {
                continue;
            }
            let (Some(Operand::Local(parent)), Some(&made)) = (call.args.first(), call.dst.first())
            else {
                continue;
            };
            let with = bodies.program.object_name(*object).to_owned();
            let span = func.blocks[block].instrs[at].span;
            let (gate, name) = if let Some(local) = same_variable(bodies, id, func, *parent, made) {
                let endless = bodies.loops[id][block] == Loop::Endless;
                if !endless || is_renewed(bodies, id, func, local, made) {
                    continue;
                }
                (Gate::Sure, func.locals[local].name.clone())
            } else if let Some(field) = same_field(bodies, id, func, *parent, made) {
                if is_replaced(bodies, field) {
                    continue;
                }
                let Some(decl) = bodies.names.decl(field) else { continue };
                (Gate::RepeatedIn(decl), bodies.program.object_name(field).into())
            } else {
                continue;
            };
            let retention = Retention {
                package: bodies.module.package,
                function: func.symbol.clone(),
                span,
                what: Retained::Context { name, with },
                ty: func.locals[made].ty,
                doubts: Vec::new(),
            };
            bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
        }
    }
}

/// The local from which the parent is copied, and to which the new context is assigned.
fn same_variable(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    parent: LocalId,
    made: LocalId,
) -> Option<LocalId> {
    let definitions = &bodies.definitions[id];
    let mut from = vec![parent];
    for value in &definitions[parent] {
        if let Rvalue::Use(Operand::Local(x)) = value {
            from.push(*x);
        }
    }
    from.into_iter().find(|&variable| {
        let named = !func.locals[variable].name.is_empty();
        named
            && (variable == made
                || definitions[variable]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Use(Operand::Local(x)) if *x == made)))
    })
}

/// Whether the variable is new in each turn, or gets another context in between.
fn is_renewed(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    variable: LocalId,
    made: LocalId,
) -> bool {
    let loops = &bodies.loops[id];
    let other = |value: &Rvalue| !matches!(value, Rvalue::Use(Operand::Local(x)) if *x == made);
    func.blocks.iter_enumerated().any(|(block, data)| {
        loops[block] != Loop::None
            && data.instrs.iter().any(|i| match &i.kind {
                InstrKind::DeclareVar(local) => *local == variable,
                InstrKind::Assign(local, value) => *local == variable && other(value),
                InstrKind::Call(call) => variable != made && call.dst.contains(&variable),
                _ => false,
            })
    })
}

/// The field from which the parent is loaded and in which the new context is stored.
fn same_field(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    parent: LocalId,
    made: LocalId,
) -> Option<ObjectId> {
    let definitions = &bodies.definitions[id];
    // A field of a value of the function dies with it.
    let kept = |place: &&Place| {
        matches!(place.base, PlaceBase::Global(_))
            || place.proj.iter().any(|p| matches!(p, Proj::Deref))
    };
    let loaded = definitions[parent].iter().find_map(|v| match v {
        Rvalue::Load(place) => Some(place).filter(kept),
        _ => None,
    })?;
    let is_made = |value: &Operand| match value {
        Operand::Local(local) => {
            *local == made
                || definitions[*local]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Use(Operand::Local(x)) if *x == made))
        }
        _ => false,
    };
    let stored = func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Store(place, value) => place == loaded && is_made(value),
        _ => false,
    });
    stored.then(|| alias::end(loaded)).flatten()
}

/// Whether other code of the package gives the field of an object another context, after it was made.
fn is_replaced(bodies: &Bodies<'_, '_>, field: ObjectId) -> bool {
    let mut stores = 0;
    for (id, func) in bodies.funcs() {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            if let InstrKind::Store(place, _) = &instr.kind
                && alias::end(place) == Some(field)
                && !bodies.is_new(id, place)
            {
                stores += 1;
            }
        }
    }
    stores > 1
}
