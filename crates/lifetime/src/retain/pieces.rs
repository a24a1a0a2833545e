//! Short pieces of large buffers that are stored for long.

use crate::facts::Loop;
use crate::report::{Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{Bodies, Candidate, Gate, calls};
use stanch_effects::Role;
use stanch_ir::{Call, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue};
use stanch_types::{Basic, ConstValue, ObjectId, ObjectKind, TypeId, TypeKind, VarKind};

/// A piece of at most so many bytes is short.
const SHORT: u32 = 4096;
/// A buffer made with at least so many bytes is large.
const LARGE: u32 = 64 << 10;
/// Copies and conversions looked through.
const MAX_STEPS: u32 = 6;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, data) in func.blocks.iter_enumerated() {
            for instr in &data.instrs {
                let InstrKind::Store(place, value) = &instr.kind else { continue };
                let kept = kept(bodies, id, place, value).into_iter();
                let parts = kept.flat_map(|(container, value)| {
                    let parts = parts(bodies, id, func, &value);
                    parts.into_iter().map(move |part| (container, part))
                });
                for (container, value) in parts.collect::<Vec<_>>() {
                    let Some(whole) = short_piece(bodies, id, func, &value, MAX_STEPS) else {
                        continue;
                    };
                    let Some(name) = large(bodies, id, func, &whole, MAX_STEPS) else { continue };
                    let often = bodies.loops[id][block] == Loop::Endless;
                    let Some(gate) = gate(bodies, container, often) else { continue };
                    let retention = Retention {
                        package: bodies.module.package,
                        function: func.symbol.clone(),
                        span: instr.span,
                        what: Retained::Piece { container, whole: name },
                        ty: bodies.ty(func, &value),
                        doubts: Vec::new(),
                    };
                    bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
                }
            }
        }
    }
}

/// What must be so for a piece in the container to be kept: it lies in a package-level variable, or in a field
/// of what does.
fn gate(bodies: &mut Bodies<'_, '_>, container: ObjectId, often: bool) -> Option<Gate> {
    match bodies.program.object(container).kind {
        ObjectKind::Var(VarKind::Package) if often => Some(Gate::Looped),
        ObjectKind::Var(VarKind::Package) => Some(Gate::Repeated),
        _ => bodies.names.decl(container).map(Gate::RepeatedIn),
    }
}

/// The variable or field of whose map or slice a store makes something an element, and what.
fn kept(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    place: &Place,
    value: &Operand,
) -> Vec<(ObjectId, Operand)> {
    let loaded = |local: LocalId| {
        bodies.definitions[id][local].iter().find_map(|v| match v {
            Rvalue::Load(place) => alias::end(place),
            _ => None,
        })
    };
    match (place.base, place.proj.last()) {
        (PlaceBase::Local(base), Some(Proj::Index(_))) => {
            loaded(base).map(|object| (object, value.clone())).into_iter().collect()
        }
        // One variable holds one piece at a time; a list that it is appended to, many.
        _ => {
            let (Some(object), Operand::Local(list)) = (alias::end(place), value) else {
                return Vec::new();
            };
            let appended = bodies.definitions[id][*list].iter().filter_map(|v| match v {
                Rvalue::Append { elems, spread: false, .. } => Some(elems),
                _ => None,
            });
            appended.flatten().map(|elem| (object, elem.clone())).collect()
        }
    }
}

/// A value, and what is put into it where the function makes it.
fn parts(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, value: &Operand) -> Vec<Operand> {
    let mut parts = vec![value.clone()];
    let Some(local) = bodies.local(value) else { return parts };
    let made = |local: LocalId| {
        bodies.definitions[id][local].iter().flat_map(|v| match v {
            Rvalue::Composite { elems, .. } => &elems[..],
            _ => &[],
        })
    };
    parts.extend(made(local).map(|(_, x)| x.clone()));
    let owner = match bodies.definitions[id][local].as_slice() {
        [Rvalue::Use(Operand::Local(x))] => *x,
        _ => local,
    };
    if !bodies.definitions[id][owner].iter().any(|v| matches!(v, Rvalue::New(_))) {
        return parts;
    }
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        if let InstrKind::Store(Place { base: PlaceBase::Local(base), proj }, value) = &instr.kind
            && (*base == owner || *base == local)
            && !proj.is_empty()
        {
            parts.extend(bodies.local(value).into_iter().flat_map(made).map(|(_, x)| x.clone()));
            parts.push(value.clone());
        }
    }
    parts
}

/// What a value is a short piece of.
fn short_piece(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    value: &Operand,
    steps: u32,
) -> Option<Operand> {
    let Operand::Local(local) = value else { return None };
    if steps == 0 {
        return None;
    }
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::Use(x) | Rvalue::MakeInterface(x, _)] => {
            short_piece(bodies, id, func, x, steps - 1)
        }
        // One of the pieces into which something was split.
        [Rvalue::Load(Place { base: PlaceBase::Local(list), proj })]
            if matches!(proj.as_slice(), [Proj::Index(_)]) =>
        {
            split(bodies, id, func, *list)
        }
        [Rvalue::Slice { x, lo, hi: Some(Operand::Const(ConstValue::Int(hi), _)) }] => {
            let fixed = matches!(lo, None | Some(Operand::Const(..)));
            (fixed && *hi <= SHORT.into()).then(|| x.clone())
        }
        // The piece in front of a separator, or the one that matched.
        [] if is_bytes(bodies, func.locals[*local].ty) => made_of(bodies, func, *local),
        _ => None,
    }
}

/// What was split into a list.
fn split(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, list: LocalId) -> Option<Operand> {
    let list = match bodies.definitions[id][list].as_slice() {
        [Rvalue::Use(Operand::Local(x))] => *x,
        _ => list,
    };
    made_of(bodies, func, list)
}

/// What a call took apart whose first result a local is.
fn made_of(bodies: &Bodies<'_, '_>, func: &Func, local: LocalId) -> Option<Operand> {
    let made = calls(func).find(|(_, _, call, _)| call.dst.first() == Some(&local))?.2;
    let whole = made.args.iter().find(|x| is_bytes(bodies, bodies.ty(func, x)));
    bodies.is_for(made, Role::Split).then(|| whole.cloned())?
}

/// The name of a buffer that is large: all of a file or stream, or made so. Conversions between text
/// and bytes copy, and the copy is as large.
fn large(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    value: &Operand,
    steps: u32,
) -> Option<Box<str>> {
    let Operand::Local(local) = value else { return None };
    if steps == 0 || !is_bytes(bodies, func.locals[*local].ty) {
        return None;
    }
    let name = |found: Box<str>| match func.locals[*local].name.is_empty() {
        true => found,
        false => func.locals[*local].name.clone(),
    };
    if is_read(bodies, func, *local) {
        return Some(name("the buffer".into()));
    }
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::Use(x) | Rvalue::Convert(x, _)] => large(bodies, id, func, x, steps - 1).map(name),
        [Rvalue::MakeSlice { len: Some(Operand::Const(ConstValue::Int(n), _)), .. }] => {
            (*n >= LARGE.into()).then(|| name("the buffer".into()))
        }
        _ => None,
    }
}

fn is_bytes(bodies: &Bodies<'_, '_>, ty: TypeId) -> bool {
    let program = bodies.program;
    match program.kind(program.underlying(ty)) {
        TypeKind::Slice(elem) => program.size_of(*elem) == Some(1),
        TypeKind::Basic(Basic::String) => true,
        _ => false,
    }
}

/// Whether a local is given all of a file or of what a reader has.
fn is_read(bodies: &Bodies<'_, '_>, func: &Func, local: LocalId) -> bool {
    calls(func).any(|(_, _, call, _)| {
        call.dst.first() == Some(&local)
            && (bodies.is_for(call, Role::ReadAll)
                || bodies.is_for(call, Role::Whole) && is_filled(bodies, func, call))
    })
}

/// Whether the buffer in argument 0 of a call was filled with all that a reader has.
fn is_filled(bodies: &Bodies<'_, '_>, func: &Func, call: &Call) -> bool {
    let Some(buffer) = call.args.first().map(|x| Alias::of(func, x)) else { return false };
    calls(func).any(|(_, _, call, _)| {
        bodies.is_for(call, Role::Fill)
            && call.args.first().is_some_and(|x| {
                buffer.has(x) || Alias::of(func, x).locals.iter().any(|l| buffer.locals.contains(l))
            })
    })
}
