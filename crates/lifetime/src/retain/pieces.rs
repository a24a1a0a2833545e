//! Short pieces of large buffers that are stored for long.

use crate::report::{Retained, Retention};
use crate::retain::{Bodies, Candidate, Gate, calls};
use stanch_effects::Role;
use stanch_ir::{Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue};
use stanch_types::{Basic, ConstValue, ObjectId, TypeId, TypeKind};

/// A piece of at most so many bytes is short.
const SHORT: u32 = 4096;
/// A buffer made with at least so many bytes is large.
const LARGE: u32 = 64 << 10;
/// Copies and conversions looked through.
const MAX_STEPS: u32 = 6;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let InstrKind::Store(place, value) = &instr.kind else { continue };
            let Some(container) = container(bodies, id, place) else { continue };
            let Some(whole) = short_piece(bodies, id, value, MAX_STEPS) else { continue };
            let Some(name) = large(bodies, id, func, &whole, MAX_STEPS) else { continue };
            let retention = Retention {
                package: bodies.module.package,
                function: func.symbol.clone(),
                span: instr.span,
                what: Retained::Piece { container, whole: name },
                ty: bodies.ty(func, value),
                doubts: Vec::new(),
            };
            let gate = Gate::Repeated;
            bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
        }
    }
}

/// The package-level variable in which a place lies.
fn container(bodies: &Bodies<'_, '_>, id: FuncId, place: &Place) -> Option<ObjectId> {
    let global = |place: &Place| match place.base {
        PlaceBase::Global(object) => Some(object),
        PlaceBase::Local(_) => None,
    };
    match place.base {
        // One variable holds one piece at a time.
        PlaceBase::Global(_) => None,
        PlaceBase::Local(base) if matches!(place.proj.last(), Some(Proj::Index(_))) => {
            bodies.definitions[id][base].iter().find_map(|v| match v {
                Rvalue::Load(place) => global(place),
                _ => None,
            })
        }
        PlaceBase::Local(_) => None,
    }
}

/// What a value is a short piece of.
fn short_piece(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    value: &Operand,
    steps: u32,
) -> Option<Operand> {
    let Operand::Local(local) = value else { return None };
    if steps == 0 {
        return None;
    }
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::Use(x) | Rvalue::MakeInterface(x, _)] => short_piece(bodies, id, x, steps - 1),
        [Rvalue::Slice { x, lo, hi: Some(Operand::Const(ConstValue::Int(hi), _)) }] => {
            let fixed = matches!(lo, None | Some(Operand::Const(..)));
            (fixed && *hi <= SHORT.into()).then(|| x.clone())
        }
        _ => None,
    }
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
        call.dst.first() == Some(&local) && bodies.is_for(call, Role::ReadAll)
    })
}
