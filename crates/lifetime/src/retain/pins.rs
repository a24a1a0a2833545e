//! Goroutines and stored function values that keep a large object of which they read a small field.

use crate::facts::Loop;
use crate::report::{Retained, Retention};
use crate::retain::finalizers::literal;
use crate::retain::{Bodies, Candidate, Gate, calls};
use stanch_effects::Trait;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, Span,
};
use stanch_types::{ObjectId, TypeId, TypeKind};

/// A struct with so many bytes is large.
const LARGE: u64 = 1024;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, at, call, kind) in calls(func) {
            let span = func.blocks[block].instrs[at].span;
            if matches!(kind, InstrKind::Go(_)) {
                goroutine(bodies, id, func, call, span);
            } else {
                handed(bodies, id, func, call, span);
            }
        }
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            stored(bodies, id, func, &instr.kind, instr.span);
        }
    }
}

/// A goroutine with an endless loop.
fn goroutine(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, call: &Call, span: Span) {
    let Some(body) = bodies.callee(call) else { return };
    let run = &bodies.module.funcs[body];
    let turns = bodies.loops[body].clone();
    let endless = |block: BlockId| turns[block] == Loop::Endless;
    if !run.blocks.iter_enumerated().any(|(block, _)| endless(block)) {
        return;
    }
    let params = run.params.iter().skip(usize::from(run.has_recv)).copied();
    let captured = run.captures.iter().map(|c| c.inner);
    let held: Vec<LocalId> = params.chain(captured).collect();
    for local in held {
        let ty = run.locals[local].ty;
        if !is_large(bodies, ty) {
            continue;
        }
        if let Some(used) = only_field(bodies, run, local, &endless) {
            let name = run.locals[local].name.clone();
            push(bodies, id, func, span, Gate::Repeated, (name, ty, used, true));
        }
    }
}

/// A literal given to a function that may keep it.
fn handed(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, call: &Call, span: Span) {
    let Callee::Static(object, _) = &call.callee else { return };
    if !bodies.sees(*object) {
        return;
    }
    for (number, arg) in call.args.iter().enumerate() {
        let Some(literal) = literal(bodies, id, arg) else { continue };
        let Some(decl) = bodies.names.decl(*object) else { continue };
        let gate = Gate::Keeps(decl, number as u32);
        captures(bodies, id, func, literal, span, gate);
    }
}

/// A literal stored in a map, or appended to a slice, of a package-level variable.
fn stored(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, kind: &InstrKind, span: Span) {
    let (place, value) = match kind {
        InstrKind::Store(place, value) => (place, value),
        _ => return,
    };
    let base = match place.base {
        PlaceBase::Local(base) => base,
        // `hooks = append(hooks, func() { … })`
        PlaceBase::Global(_) => {
            let Operand::Local(local) = value else { return };
            let elems: Vec<Operand> = bodies.definitions[id][*local]
                .iter()
                .filter_map(|v| match v {
                    Rvalue::Append { elems, .. } => Some(elems.clone()),
                    _ => None,
                })
                .flatten()
                .collect();
            for elem in elems {
                if let Some(literal) = literal(bodies, id, &elem) {
                    captures(bodies, id, func, literal, span, Gate::Repeated);
                }
            }
            return;
        }
    };
    let global = bodies.definitions[id][base]
        .iter()
        .any(|v| matches!(v, Rvalue::Load(Place { base: PlaceBase::Global(_), .. })));
    if global
        && matches!(place.proj.last(), Some(Proj::Index(_)))
        && let Some(literal) = literal(bodies, id, value)
    {
        captures(bodies, id, func, literal, span, Gate::Repeated);
    }
}

fn captures(
    bodies: &mut Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    literal: FuncId,
    span: Span,
    gate: Gate,
) {
    let run = &bodies.module.funcs[literal];
    for capture in &run.captures {
        let local = &run.locals[capture.inner];
        if !is_large(bodies, local.ty) {
            continue;
        }
        if let Some(used) = only_field(bodies, run, capture.inner, &|_| true) {
            push(bodies, id, func, span, gate, (local.name.clone(), local.ty, used, false));
        }
    }
}

fn push(
    bodies: &mut Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    span: Span,
    gate: Gate,
    (name, ty, used, goroutine): (Box<str>, TypeId, ObjectId, bool),
) {
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span,
        what: Retained::Pinned { name, used, goroutine },
        ty,
        doubts: Vec::new(),
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
}

/// The one small field that the blocks read of what a local points to, if they use nothing else of it.
fn only_field(
    bodies: &Bodies<'_, '_>,
    func: &Func,
    local: LocalId,
    within: &dyn Fn(BlockId) -> bool,
) -> Option<ObjectId> {
    // What an inner literal does with it is not followed.
    let inner = func
        .closures
        .iter()
        .any(|&c| bodies.module.funcs[c].captures.iter().any(|capture| capture.outer == local));
    if inner {
        return None;
    }
    let mut used = None;
    for (block, data) in func.blocks.iter_enumerated() {
        if !within(block) {
            continue;
        }
        for instr in &data.instrs {
            if let InstrKind::Assign(_, Rvalue::Load(place)) = &instr.kind
                && place.base == PlaceBase::Local(local)
            {
                let field = match place.proj.as_slice() {
                    [Proj::Deref, Proj::Field(_, field)] | [Proj::Field(_, field)] => *field,
                    _ => return None,
                };
                let ty = bodies.program.object(field).ty;
                let kind = bodies.program.kind(bodies.program.underlying(ty));
                if !matches!(kind, TypeKind::Basic(_)) {
                    return None;
                }
                used = Some(field);
                continue;
            }
            let mut other = matches!(&instr.kind, InstrKind::Store(place, _) if place.base == PlaceBase::Local(local));
            if let InstrKind::Assign(to, value) = &instr.kind {
                other |= *to == local;
                other |= matches!(value, Rvalue::AddressOf(place) | Rvalue::Load(place) if place.base == PlaceBase::Local(local));
            }
            instr.kind.for_each_operand(|x| other |= *x == Operand::Local(local));
            if other {
                return None;
            }
        }
        let mut other = false;
        data.term.for_each_operand(|x| other |= *x == Operand::Local(local));
        if other {
            return None;
        }
    }
    used
}

/// Whether values of the type keep a lot alive: requests, buffers, structs with such in them.
fn is_large(bodies: &Bodies<'_, '_>, ty: TypeId) -> bool {
    let program = bodies.program;
    let target = program.pointee(ty).unwrap_or(ty);
    let Some(named) = program.named_object(target) else { return false };
    if bodies.reader.is_std(named.package) {
        return bodies.reader.is(named, Trait::Large);
    }
    let TypeKind::Struct(fields) = program.kind(program.underlying(target)) else { return false };
    program.size_of(target).is_some_and(|size| size >= LARGE)
        || fields.iter().any(|f| match program.kind(program.underlying(f.ty)) {
            // Addresses and the like have types of their own, and are short.
            TypeKind::Slice(elem) => {
                program.named_object(f.ty).is_none() && program.size_of(*elem) == Some(1)
            }
            _ => program
                .named_object(f.ty)
                .is_some_and(|named| bodies.reader.is(named, Trait::Buffer)),
        })
}
