//! Goroutines, timers and stored function values that keep a large object of which they need a part or nothing.

use crate::facts::Loop;
use crate::report::{Doubt, Keeper, Part, Retained, Retention};
use crate::retain::finalizers::literal;
use crate::retain::{Bodies, Candidate, Gate, calls};
use stanch_effects::{Does, Role, Trait};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, Span,
};
use stanch_types::{ConstValue, TypeId, TypeKind};

/// A struct with so many bytes is large.
const LARGE: u64 = 1024;
/// Copies looked through.
const MAX_COPIES: usize = 4;
/// Words, and fields, of a value that the compiler keeps in registers.
const REGISTERS: u64 = 4;
/// A timer that fires after so many seconds fires late.
const LATE: u64 = 60;
const NANOSECONDS: u32 = 1_000_000_000;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, at, call, kind) in calls(func) {
            let place = (func.blocks[block].instrs[at].span, &often(bodies, id, block));
            if matches!(kind, InstrKind::Go(_)) {
                goroutine(bodies, (id, func), call, place);
            } else {
                handed(bodies, (id, func), call, place);
            }
        }
        for (block, data) in func.blocks.iter_enumerated() {
            for instr in &data.instrs {
                stored(bodies, (id, func), &instr.kind, (instr.span, &often(bodies, id, block)));
            }
        }
    }
}

/// What must be so for a block to run again and again.
fn often(bodies: &Bodies<'_, '_>, id: FuncId, block: BlockId) -> Gate {
    match bodies.loops[id][block] {
        Loop::Endless => Gate::Looped,
        Loop::None | Loop::Finite => Gate::Repeated,
    }
}

/// A goroutine with an endless loop.
fn goroutine(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    call: &Call,
    (span, often): (Span, &Gate),
) {
    let Some(body) = bodies.callee(call) else { return };
    let run = &bodies.module.funcs[body];
    let turns = bodies.loops[body].clone();
    let endless = |block: BlockId| turns[block] == Loop::Endless;
    if !run.blocks.iter_enumerated().any(|(block, _)| endless(block)) {
        return;
    }
    let params = run.params.iter().copied().zip(call.args.iter().cloned());
    let params = params.skip(usize::from(run.has_recv));
    let captured = run.captures.iter().map(|c| (c.inner, Operand::Local(c.outer)));
    let held: Vec<(LocalId, Operand)> = params.chain(captured).collect();
    let together = together(bodies, run, &endless);
    for (local, given) in held {
        let name = run.locals[local].name.clone();
        // The values that a context has are kept by whoever waits for its end.
        let wrapped = wrapped(bodies, id, func, &given);
        let ty = wrapped.unwrap_or(run.locals[local].ty);
        if !is_large(bodies, ty) {
            continue;
        }
        let used = only_part(bodies, run, local, &endless);
        let by_value = run.captures.iter().any(|c| c.inner == local && !c.by_ref);
        match (used, &together) {
            (Some(Use::Part(Part::Field(_))), _) if wrapped.is_some() => {}
            (Some(Use::Part(used)), _) => {
                push(bodies, (id, func), span, often.clone(), (name, ty, used, Keeper::Goroutine));
            }
            (Some(Use::None), Some((other, beside))) if by_value && *other != local => {
                let used = Part::Nothing { beside: beside.clone() };
                push(bodies, (id, func), span, often.clone(), (name, ty, used, Keeper::Goroutine));
            }
            _ => {}
        }
    }
}

/// A captured variable that a literal reads, within blocks, from the object that all captured variables lie in:
/// one that was copied and is too large for registers.
fn together(
    bodies: &Bodies<'_, '_>,
    run: &Func,
    within: &dyn Fn(BlockId) -> bool,
) -> Option<(LocalId, Box<str>)> {
    let capture = run.captures.iter().find(|c| {
        let unused = matches!(only_part(bodies, run, c.inner, within), Some(Use::None));
        !c.by_ref && !fits_registers(bodies, run.locals[c.inner].ty) && !unused
    })?;
    Some((capture.inner, run.locals[capture.inner].name.clone()))
}

/// Whether the compiler keeps values of a type in registers: see `CanSSA` in its package `ssa`.
fn fits_registers(bodies: &Bodies<'_, '_>, ty: TypeId) -> bool {
    let program = bodies.program;
    let Some(size) = program.size_of(ty) else { return true };
    if size > REGISTERS * 8 {
        return size == 0;
    }
    match program.kind(program.underlying(ty)) {
        TypeKind::Array(Some(n), elem) => *n <= 1 && fits_registers(bodies, *elem),
        TypeKind::Struct(fields) => {
            fields.len() as u64 <= REGISTERS && fields.iter().all(|f| fits_registers(bodies, f.ty))
        }
        _ => true,
    }
}

/// The type of what a context was given as a value, if that is how an operand was made.
fn wrapped(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, given: &Operand) -> Option<TypeId> {
    let Operand::Local(mut local) = *given else { return None };
    for _ in 0..MAX_COPIES {
        match bodies.definitions[id][local].as_slice() {
            [Rvalue::Use(Operand::Local(x))] => local = *x,
            _ => break,
        }
    }
    let made = calls(func).find(|(_, _, call, _)| call.dst.first() == Some(&local))?.2;
    if !bodies.is_for(made, Role::WrapValue) {
        return None;
    }
    let Some(Operand::Local(value)) = made.args.get(2) else { return None };
    match bodies.definitions[id][*value].as_slice() {
        [Rvalue::MakeInterface(x, _)] => Some(bodies.ty(func, x)),
        _ => None,
    }
}

/// A literal given to a function that may keep it.
fn handed(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    call: &Call,
    (span, often): (Span, &Gate),
) {
    let Callee::Static(object, _) = &call.callee else { return };
    if bodies.is_for(call, Role::After) {
        return timer(bodies, (id, func), call, (span, often));
    }
    if !bodies.sees(*object) {
        return;
    }
    for (number, arg) in call.args.iter().enumerate() {
        let Some((literal, by)) = kept_literal(bodies, id, func, arg) else { continue };
        let Some(decl) = bodies.names.decl(*object) else { continue };
        let gate = Gate::Keeps(decl, number as u32);
        captures(bodies, (id, func), literal, span, (&gate, by));
    }
}

/// A timer that fires late, and that nobody can stop before.
fn timer(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    call: &Call,
    (span, often): (Span, &Gate),
) {
    let [Operand::Const(ConstValue::Int(after), _), run] = call.args.as_slice() else { return };
    let Ok(seconds) = u64::try_from(after.clone() / NANOSECONDS) else { return };
    if seconds < LATE || !call.dst.is_empty() {
        return;
    }
    if let Some(literal) = literal(bodies, id, run) {
        let by = Keeper::Timer(seconds);
        captures(bodies, (id, func), literal, span, (often, by));
    }
}

/// The literal that a value is, or that is called once by it.
fn kept_literal(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    value: &Operand,
) -> Option<(FuncId, Keeper)> {
    if let Some(found) = literal(bodies, id, value) {
        return Some((found, Keeper::Function));
    }
    let Operand::Local(mut local) = *value else { return None };
    for _ in 0..MAX_COPIES {
        match bodies.definitions[id][local].as_slice() {
            [Rvalue::Use(Operand::Local(x)) | Rvalue::Convert(Operand::Local(x), _)] => local = *x,
            _ => break,
        }
    }
    let made = calls(func).find(|(_, _, call, _)| call.dst.first() == Some(&local))?.2;
    let Callee::Static(object, _) = &made.callee else { return None };
    if !matches!(bodies.reader.does(*object), Some(Does::CallsOnce)) {
        return None;
    }
    Some((literal(bodies, id, made.args.first()?)?, Keeper::Once))
}

/// A literal stored in a map, or appended to a slice, of a package-level variable.
fn stored(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    kind: &InstrKind,
    (span, often): (Span, &Gate),
) {
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
                if let Some((literal, by)) = kept_literal(bodies, id, func, &elem) {
                    captures(bodies, (id, func), literal, span, (often, by));
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
        && let Some((literal, by)) = kept_literal(bodies, id, func, value)
    {
        captures(bodies, (id, func), literal, span, (often, by));
    }
}

fn captures(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    literal: FuncId,
    span: Span,
    (gate, by): (&Gate, Keeper),
) {
    let run = &bodies.module.funcs[literal];
    for capture in &run.captures {
        let local = &run.locals[capture.inner];
        let Some(Use::Part(used)) = only_part(bodies, run, capture.inner, &|_| true) else {
            continue;
        };
        let text = used == Part::Length && bodies.elem(local.ty).is_some();
        if is_large(bodies, local.ty) || text {
            push(bodies, (id, func), span, gate.clone(), (local.name.clone(), local.ty, used, by));
        }
    }
}

fn push(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    span: Span,
    gate: Gate,
    (name, ty, used, by): (Box<str>, TypeId, Part, Keeper),
) {
    let mut doubts = Vec::new();
    if by == Keeper::Once {
        doubts.push(Doubt::Once);
    }
    // How long a slice is, its type does not tell.
    if bodies.elem(ty).is_some() && bodies.program.named_object(ty).is_none() {
        doubts.push(Doubt::Small);
    }
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span,
        what: Retained::Pinned { name, used, by },
        ty,
        doubts,
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
}

/// How a variable is used.
enum Use {
    /// Not at all.
    None,
    /// A small part of it is read.
    Part(Part),
}

/// The small part that the blocks read of a local or of what it points to; `None` if they use anything else.
fn only_part(
    bodies: &Bodies<'_, '_>,
    func: &Func,
    local: LocalId,
    within: &dyn Fn(BlockId) -> bool,
) -> Option<Use> {
    // What an inner literal does with it is not followed.
    let inner = func
        .closures
        .iter()
        .any(|&c| bodies.module.funcs[c].captures.iter().any(|capture| capture.outer == local));
    if inner {
        return None;
    }
    let mut used = Use::None;
    for (block, data) in func.blocks.iter_enumerated() {
        if !within(block) {
            continue;
        }
        for instr in &data.instrs {
            if let Some(part) = part(bodies, local, &instr.kind) {
                used = Use::Part(part);
                continue;
            }
            let mut other = matches!(&instr.kind, InstrKind::Assign(to, _) if *to == local);
            instr.kind.for_each_use(|x| other |= x == local);
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
    Some(used)
}

/// The small part of a local that an instruction reads, if that is all it does with it.
fn part(bodies: &Bodies<'_, '_>, local: LocalId, kind: &InstrKind) -> Option<Part> {
    let is = |x: &Operand| *x == Operand::Local(local);
    match kind {
        InstrKind::Assign(_, Rvalue::Load(place)) if place.base == PlaceBase::Local(local) => {
            let steps = &place.proj;
            let plain = steps.iter().all(|p| matches!(p, Proj::Deref | Proj::Field(..)));
            let Some(Proj::Field(_, field)) = steps.last() else { return None };
            let ty = bodies.program.object(*field).ty;
            let kind = bodies.program.kind(bodies.program.underlying(ty));
            (plain && matches!(kind, TypeKind::Basic(_))).then_some(Part::Field(*field))
        }
        InstrKind::Assign(_, Rvalue::Len(x)) if is(x) => Some(Part::Length),
        InstrKind::Call(call) => {
            let method = match &call.callee {
                Callee::Interface { recv, method } if is(recv) && call.args.is_empty() => *method,
                Callee::Static(method, _) if call.args.len() == 1 && is(&call.args[0]) => *method,
                _ => return None,
            };
            bodies.reader.is_for(method, Role::Tell).then_some(Part::Told(method))
        }
        _ => None,
    }
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
