//! Functions that have a timer call them again each time they run.

use crate::report::{Doubt, Retained, Retention};
use crate::retain::alias;
use crate::retain::finalizers::literal;
use crate::retain::{Bodies, Candidate, Gate, calls};
use stanch_base::FxHashSet;
use stanch_effects::Role;
use stanch_ir::{
    BlockId, Call, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, Span, Terminator,
};
use stanch_types::{ObjectId, TypeId};

/// Copies looked through.
const MAX_COPIES: usize = 4;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    let mut armed: Vec<(FuncId, BlockId, &Call, Span)> = Vec::new();
    for (id, func) in bodies.funcs() {
        for (block, at, call, _) in calls(func) {
            if bodies.is_for(call, Role::After) {
                armed.push((id, block, call, func.blocks[block].instrs[at].span));
            }
        }
    }
    for &(id, block, call, span) in &armed {
        let func = &bodies.module.funcs[id];
        let runs = call.args.get(1).and_then(|x| target(bodies, id, x));
        if runs.is_none_or(|runs| !is_again(bodies, runs, id)) || has_way_round(func, block) {
            continue;
        }
        let stopped = match kept(func, call) {
            Timer::Dropped => false,
            Timer::In(field) => is_stopped(bodies, id, field),
            Timer::Elsewhere => true,
        };
        if !stopped {
            judge(bodies, id, span, &armed);
        }
    }
}

fn judge(
    bodies: &mut Bodies<'_, '_>,
    id: FuncId,
    span: Span,
    armed: &[(FuncId, BlockId, &Call, Span)],
) {
    let func = &bodies.module.funcs[id];
    let owner = func.has_recv.then(|| func.locals[func.params[0]].ty);
    let ended = owner.and_then(|owner| ended(bodies, owner));
    let ty = owner.or_else(|| Some(bodies.program.object(func.object?).ty));
    for (by, span_of_first) in first(bodies, id, armed) {
        let mut doubts = Vec::new();
        if ended.is_none() {
            doubts.push(Doubt::Owner);
        }
        let retention = Retention {
            package: bodies.module.package,
            function: func.symbol.clone(),
            span,
            what: Retained::Rearmed {
                first: (bodies.module.funcs[by].symbol.clone(), span_of_first),
                owner,
                ended,
            },
            ty: ty.unwrap_or(stanch_types::Program::UNKNOWN),
            doubts,
        };
        let gate = Gate::Rearmed(ended.is_some());
        bodies.kept.candidates.push(Candidate { func: by.raw(), gate, retention });
    }
}

/// Where the timer is armed for the first time, or the function called: all that is not of itself.
fn first(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    armed: &[(FuncId, BlockId, &Call, Span)],
) -> Vec<(FuncId, Span)> {
    let mut found: Vec<(FuncId, Span)> = Vec::new();
    for &(by, _, call, span) in armed {
        let runs = call.args.get(1).and_then(|x| target(bodies, by, x));
        if by != id && runs.is_some_and(|runs| is_again(bodies, runs, id)) {
            found.push((by, span));
        }
    }
    for (by, func) in bodies.funcs() {
        let own = by == id || func.parent == Some(id);
        for (block, at, call, _) in calls(func) {
            if !own && bodies.callee(call) == Some(id) {
                found.push((by, func.blocks[block].instrs[at].span));
            }
        }
    }
    found
}

/// The function of the package that a value is.
fn target(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> Option<FuncId> {
    if let Some(found) = literal(bodies, id, value) {
        return Some(found);
    }
    let mut value = value;
    for _ in 0..MAX_COPIES {
        let local = match value {
            Operand::Func(object) => return bodies.reader.bodies.get(object).copied(),
            Operand::Local(local) => *local,
            _ => return None,
        };
        // A variable that holds the literal in which it is captured.
        if let Some(found) = captured(bodies, id, local) {
            return Some(found);
        }
        value = match bodies.definitions[id][local].as_slice() {
            [Rvalue::MethodValue { method, .. }] => {
                return bodies.reader.bodies.get(method).copied();
            }
            [Rvalue::Use(x) | Rvalue::Convert(x, _)] => x,
            values => return values.iter().find_map(|v| held(bodies, id, v)),
        };
    }
    None
}

/// The literal that a captured variable holds.
fn captured(bodies: &Bodies<'_, '_>, id: FuncId, local: LocalId) -> Option<FuncId> {
    let func = &bodies.module.funcs[id];
    let capture = func.captures.iter().find(|c| c.inner == local)?;
    let parent = func.parent?;
    bodies.definitions[parent][capture.outer].iter().find_map(|v| held(bodies, parent, v))
}

fn held(bodies: &Bodies<'_, '_>, id: FuncId, value: &Rvalue) -> Option<FuncId> {
    match value {
        Rvalue::MakeClosure(found) => Some(*found),
        Rvalue::Use(x) | Rvalue::Convert(x, _) => literal(bodies, id, x),
        _ => None,
    }
}

/// Whether to run one function is to run the other: it is the same, or a literal that calls it on every way.
fn is_again(bodies: &Bodies<'_, '_>, runs: FuncId, id: FuncId) -> bool {
    let func = &bodies.module.funcs[runs];
    runs == id
        || func.object.is_none()
            && calls(func).any(|(block, _, call, _)| {
                bodies.callee(call) == Some(id) && !has_way_round(func, block)
            })
}

/// Whether a function can return without having come to a block.
fn has_way_round(func: &Func, block: BlockId) -> bool {
    let entry = BlockId::from_raw(0);
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut stack = vec![entry];
    while let Some(at) = stack.pop() {
        if at == block || !seen.insert(at) {
            continue;
        }
        if matches!(func.blocks[at].term, Terminator::Return) {
            return true;
        }
        stack.extend(func.blocks[at].term.targets());
    }
    false
}

/// Where a timer is kept.
enum Timer {
    Dropped,
    In(ObjectId),
    Elsewhere,
}

fn kept(func: &Func, call: &Call) -> Timer {
    let Some(&timer) = call.dst.first() else { return Timer::Dropped };
    let mut kept = Timer::Dropped;
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        if let InstrKind::Store(place, Operand::Local(x)) = &instr.kind
            && *x == timer
        {
            match alias::end(place) {
                Some(field) => kept = Timer::In(field),
                None => return Timer::Elsewhere,
            }
            continue;
        }
        let mut other = false;
        instr.kind.for_each_use(|x| other |= x == timer);
        if other {
            return Timer::Elsewhere;
        }
    }
    kept
}

/// Whether a function but this one uses the timer in a field otherwise than to set it.
fn is_stopped(bodies: &Bodies<'_, '_>, id: FuncId, field: ObjectId) -> bool {
    bodies.funcs().iter().filter(|(other, _)| *other != id).any(|(_, func)| {
        func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::Load(place) | Rvalue::AddressOf(place)) => {
                alias::end(place) == Some(field)
            }
            _ => false,
        })
    })
}

/// The method by which objects of a type are ended.
fn ended(bodies: &Bodies<'_, '_>, owner: TypeId) -> Option<ObjectId> {
    let program = bodies.program;
    let named = program.named_object(program.pointee(owner).unwrap_or(owner))?;
    let ends = |name: &str| bodies.reader.keeping().ends(name);
    program.methods_of(named).iter().copied().find(|m| ends(program.object_name(*m)))
}
