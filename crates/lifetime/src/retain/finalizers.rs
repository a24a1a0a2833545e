//! Finalizers and cleanups that keep what they wait for.

use crate::report::{Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{Bodies, Candidate, Gate, calls};
use stanch_effects::Role;
use stanch_ir::{FuncId, InstrKind, Operand, Place, PlaceBase, Rvalue};

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, at, call, _) in calls(func) {
            let cleanup = bodies.is_for(call, Role::Cleanup);
            if !cleanup && !bodies.is_for(call, Role::Finalizer) {
                continue;
            }
            let (Some(of), Some(run)) = (call.args.first(), call.args.get(1)) else { continue };
            let names = Alias::of(func, of);
            let captured = literal(bodies, id, run).is_some_and(|literal| {
                let captures = &bodies.module.funcs[literal].captures;
                captures.iter().any(|c| names.locals.contains(&c.outer))
            });
            let bound = bound(bodies, id, run).is_some_and(|recv| names.has(&recv));
            let arg = call.args.get(2).filter(|_| cleanup);
            let given = arg.is_some_and(|arg| names.has(arg) || is_part(bodies, id, arg, &names));
            if !captured && !bound && !given {
                continue;
            }
            let name = names.locals.iter().filter(|l| !func.locals[**l].name.is_empty()).min();
            let retention = Retention {
                package: bodies.module.package,
                function: func.symbol.clone(),
                span: func.blocks[block].instrs[at].span,
                what: Retained::Finalizer {
                    name: name.map(|&l| func.locals[l].name.clone()).unwrap_or_default(),
                    cleanup,
                    given,
                },
                ty: name.map_or_else(|| bodies.ty(func, of), |&l| func.locals[l].ty),
                doubts: Vec::new(),
            };
            let gate = Gate::Sure;
            bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
        }
    }
}

/// Whether an object that the function makes is given the named one as a field.
fn is_part(bodies: &Bodies<'_, '_>, id: FuncId, arg: &Operand, names: &Alias) -> bool {
    let func = &bodies.module.funcs[id];
    let arg = stored(bodies, id, arg).unwrap_or(arg);
    let owner = Alias::of(func, arg);
    let made = |value: &Rvalue| match value {
        Rvalue::Composite { elems, .. } => elems.iter().any(|(_, x)| names.has(x)),
        _ => false,
    };
    func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Store(Place { base: PlaceBase::Local(base), proj }, value) => {
            let into = match value {
                Operand::Local(value) => bodies.definitions[id][*value].iter().any(|v| made(v)),
                _ => false,
            };
            owner.locals.contains(base) && !proj.is_empty() && (names.has(value) || into)
        }
        _ => false,
    })
}

/// What the function has stored in the field that a value was loaded from.
fn stored<'b>(bodies: &Bodies<'b, '_>, id: FuncId, value: &Operand) -> Option<&'b Operand> {
    let [Rvalue::Load(from)] = bodies.definitions[id][bodies.local(value)?].as_slice() else {
        return None;
    };
    let field = alias::end(from)?;
    bodies.module.funcs[id].blocks.iter().flat_map(|b| &b.instrs).find_map(|i| match &i.kind {
        InstrKind::Store(to, value) if alias::end(to) == Some(field) => Some(value),
        _ => None,
    })
}

/// The function literal that a value is.
pub(crate) fn literal(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> Option<FuncId> {
    let mut value = value;
    for _ in 0..4 {
        let Operand::Local(local) = value else { return None };
        value = match bodies.definitions[id][*local].as_slice() {
            [Rvalue::MakeClosure(func)] => return Some(*func),
            [Rvalue::Use(x) | Rvalue::MakeInterface(x, _) | Rvalue::Convert(x, _)] => x,
            _ => return None,
        };
    }
    None
}

/// The receiver bound in a method value.
fn bound(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> Option<Operand> {
    let mut value = value;
    for _ in 0..4 {
        let Operand::Local(local) = value else { return None };
        value = match bodies.definitions[id][*local].as_slice() {
            [Rvalue::MethodValue { recv, .. }] => return Some(recv.clone()),
            [Rvalue::Use(x) | Rvalue::MakeInterface(x, _) | Rvalue::Convert(x, _)] => x,
            _ => return None,
        };
    }
    None
}
