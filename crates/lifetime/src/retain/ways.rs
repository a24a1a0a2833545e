//! Ways through a function: which returns are reached past which points, and what they tell.

use crate::retain::known::{Known, single_ways};
use crate::retain::{At, Bodies};
use stanch_base::{FxHashSet, IndexVec};
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Operand, Place, PlaceBase, Proj,
    Rvalue, SelectOp, Terminator,
};
use stanch_types::ObjectId;

/// Copies and fields looked through.
pub(super) const MAX_STEPS: u32 = 4;
/// Blocks that ways come to with different knowledge; beyond that nothing is said.
const MAX_WAYS: usize = 2000;

/// The variable or field that holds the container of a local, if it outlives the call.
pub(super) fn holder(bodies: &Bodies<'_, '_>, id: FuncId, local: LocalId) -> Option<ObjectId> {
    let func = &bodies.module.funcs[id];
    let held = |place: &Place| {
        outlives(bodies, id, func, place, MAX_STEPS).then(|| crate::retain::alias::end(place))?
    };
    bodies.definitions[id][local].iter().find_map(|v| match v {
        Rvalue::Load(place) | Rvalue::AddressOf(place) => held(place),
        Rvalue::Use(Operand::Local(x)) => bodies.definitions[id][*x].iter().find_map(|v| match v {
            Rvalue::Load(place) => held(place),
            _ => None,
        }),
        _ => None,
    })
}

/// Whether a place lies in what lives on when the function has returned: in a package-level variable,
/// behind the receiver, or behind an argument that goroutines share. Options and requests that are
/// handed in die with their work.
pub(super) fn outlives(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    place: &Place,
    steps: u32,
) -> bool {
    let PlaceBase::Local(mut base) = place.base else { return true };
    if !place.proj.iter().any(|p| matches!(p, Proj::Deref)) || steps == 0 {
        return false;
    }
    for _ in 0..MAX_STEPS {
        if func.has_recv && func.params.first() == Some(&base) {
            return true;
        }
        let ty = func.locals[base].ty;
        let shared = bodies.program.pointee(ty).is_some_and(|to| bodies.has_lock(to));
        let given = func.params.contains(&base) || func.captures.iter().any(|c| c.inner == base);
        if given {
            return shared || func.parent.is_some();
        }
        match bodies.definitions[id][base].as_slice() {
            [Rvalue::Use(Operand::Local(x))] => base = *x,
            [Rvalue::Load(place)] => return outlives(bodies, id, func, place, steps - 1),
            _ => return false,
        }
    }
    false
}

/// The first instructions on the ways on which a call with these results has said that it failed.
pub(super) fn refused(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    results: &[LocalId],
) -> Vec<At> {
    use stanch_syntax::ast::BinaryOp::{Eq, Ne};
    let mut errors: Vec<LocalId> = results.to_vec();
    for _ in 0..MAX_STEPS {
        for (local, values) in definitions.iter_enumerated() {
            let copied = |v: &&Rvalue| match v {
                Rvalue::Use(Operand::Local(x)) => errors.contains(x),
                _ => false,
            };
            if !errors.contains(&local) && values.iter().any(copied) {
                errors.push(local);
            }
        }
    }
    let nil = |x: &Operand| matches!(x, Operand::Nil(_));
    let err = |x: &Operand| matches!(x, Operand::Local(x) if errors.contains(x));
    let sides = func.blocks.iter().filter_map(|data| {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &data.term else {
            return None;
        };
        let [Rvalue::Binary(op, a, b)] = definitions[*cond].as_slice() else { return None };
        match op {
            Ne if nil(a) && err(b) || nil(b) && err(a) => Some(*then),
            Eq if nil(a) && err(b) || nil(b) && err(a) => Some(*els),
            _ => None,
        }
    });
    sides.flat_map(|side| (0..func.blocks[side].instrs.len()).map(move |at| (side, at))).collect()
}

/// The last result, if it is an error.
pub(super) fn error_result(bodies: &Bodies<'_, '_>, func: &Func) -> Option<LocalId> {
    let last = *func.results.last()?;
    let ty = func.locals[last].ty;
    (bodies.program.type_string(ty) == "error").then_some(last)
}

/// The places of blocks in an order in which loops go back.
pub(super) fn order(func: &Func) -> IndexVec<BlockId, usize> {
    let mut order = IndexVec::from_elem(usize::MAX, func.blocks.len());
    for (at, block) in func.reverse_postorder().into_iter().enumerate() {
        order[block] = at;
    }
    order
}

/// The blocks that ways lead to from a point, past none of the stops, each with the first instruction
/// and the stop, if one is in it. The next turn of a loop is about another entry: no way goes back. A way on
/// which one condition has two answers is none.
pub(super) fn ways(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    from: At,
    stops: &FxHashSet<At>,
) -> Vec<(BlockId, usize, usize)> {
    let func = &bodies.module.funcs[id];
    let order = order(func);
    let mut found = Vec::new();
    let mut seen: FxHashSet<(BlockId, Known)> = FxHashSet::default();
    let mut stack = vec![(from.0, from.1 + 1, Known::at(bodies, id, from.0))];
    while let Some((block, start, mut known)) = stack.pop() {
        let data = &func.blocks[block];
        let stop = (start..data.instrs.len()).find(|at| stops.contains(&(block, *at)));
        found.push((block, start, stop.unwrap_or(usize::MAX)));
        if seen.len() > MAX_WAYS {
            return Vec::new();
        }
        if stop.is_none() {
            data.instrs[start.min(data.instrs.len())..].iter().for_each(|i| known.step(&i.kind));
            for next in data.term.targets().into_iter().filter(|b| order[*b] > order[block]) {
                if let Some(known) = known.go(bodies, id, block, next)
                    && seen.insert((next, known.clone()))
                {
                    stack.push((next, 0, known));
                }
            }
        }
    }
    found
}

/// Whether a way leads from one point to another.
pub(super) fn reaches(func: &Func, from: At, to: At) -> bool {
    let order = order(func);
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut stack = vec![(from.0, from.1 + 1)];
    while let Some((block, start)) = stack.pop() {
        if block == to.0 && to.1 >= start {
            return true;
        }
        let next = func.blocks[block].term.targets().into_iter();
        let next = next.filter(|b| order[*b] > order[block]);
        stack.extend(next.filter(|b| seen.insert(*b)).map(|b| (b, 0)));
    }
    false
}

/// The blocks with returns to which ways lead from a point, past none of the stops.
pub(super) fn returns(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    from: At,
    stops: &FxHashSet<At>,
) -> Vec<BlockId> {
    let func = &bodies.module.funcs[id];
    let ends = |block: BlockId| matches!(func.blocks[block].term, Terminator::Return);
    let ways = ways(bodies, id, from, stops).into_iter();
    let mut found: Vec<BlockId> =
        ways.filter(|w| w.2 == usize::MAX && ends(w.0)).map(|w| w.0).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Success,
    Failure,
    Unknown,
}

/// How the function ends in a block, as the block itself says.
pub(super) fn outcome(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    error: LocalId,
    block: BlockId,
) -> Outcome {
    let set =
        bodies.module.funcs[id].blocks[block].instrs.iter().rev().find_map(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Use(value)) if *to == error => Some(value),
            _ => None,
        });
    // Results are evaluated before any is set.
    let set = set.map(|value| match value {
        Operand::Local(local) => match bodies.definitions[id][*local].as_slice() {
            [Rvalue::Use(from)] if !is_variable(bodies, id, *local) => from,
            _ => value,
        },
        _ => value,
    });
    match set {
        Some(Operand::Nil(_)) => Outcome::Success,
        Some(Operand::Local(value)) if is_failed(bodies, id, *value, block) => Outcome::Failure,
        _ => Outcome::Unknown,
    }
}

fn is_variable(bodies: &Bodies<'_, '_>, id: FuncId, local: LocalId) -> bool {
    bodies.module.funcs[id].locals[local].kind != LocalKind::Temp
}

/// Whether an error is known not to be nil in a block: it has just been made, or it was asked.
fn is_failed(bodies: &Bodies<'_, '_>, id: FuncId, value: LocalId, block: BlockId) -> bool {
    let (func, definitions) = (&bodies.module.funcs[id], &bodies.definitions[id]);
    // A package's error, by custom.
    if let [Rvalue::Load(Place { base: PlaceBase::Global(_), proj })] =
        definitions[value].as_slice()
        && proj.is_empty()
    {
        return true;
    }
    let maker = func.blocks[block].instrs.iter().find_map(|i| match &i.kind {
        InstrKind::Call(call) if call.dst == [value] => Some(&call.callee),
        _ => None,
    });
    let wrapped = definitions[value].iter().any(|v| matches!(v, Rvalue::MakeInterface(..)));
    match maker {
        Some(Callee::Static(object, _)) if bodies.reader.never_nil(*object) => return true,
        Some(Callee::Interface { recv, .. }) if is_over(func, definitions, recv, block) => {
            return true;
        }
        _ => {}
    }
    let mut same = vec![value];
    for value in &definitions[value] {
        if let Rvalue::Use(Operand::Local(x)) = value {
            same.push(*x);
        }
    }
    // What a helper makes of an error that was asked is an error.
    is_asked(func, definitions, block, &|x| same.contains(&x))
        || (maker.is_some() || wrapped)
            && is_asked(func, definitions, block, &|x| func.locals[x].ty == func.locals[value].ty)
}

/// Whether the only way to a block goes over a branch which has found an error not to be nil.
pub(super) fn is_asked(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    block: BlockId,
    is_error: &dyn Fn(LocalId) -> bool,
) -> bool {
    use stanch_syntax::ast::BinaryOp::{Eq, Ne};
    let nil = |x: &Operand| matches!(x, Operand::Nil(_));
    let err = |x: &Operand| matches!(x, Operand::Local(x) if is_error(*x));
    single_ways(func, block).any(|(pred, at)| {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &func.blocks[pred].term
        else {
            return false;
        };
        let [Rvalue::Binary(op, a, b)] = definitions[*cond].as_slice() else { return false };
        let side = match op {
            Ne => *then,
            Eq => *els,
            _ => return false,
        };
        (nil(a) && err(b) || nil(b) && err(a)) && side == at
    })
}

/// Whether a block is reached only by an arm of a select that waits for a signal of the same object.
fn is_over(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    object: &Operand,
    block: BlockId,
) -> bool {
    let same = |x: &Operand| match (x, object) {
        (Operand::Local(x), Operand::Local(object)) => {
            let named = |local: &LocalId| match definitions[*local].as_slice() {
                [Rvalue::Use(Operand::Local(from))] => *from,
                _ => *local,
            };
            named(x) == named(object)
        }
        _ => false,
    };
    let signal = |chan: &Operand| {
        func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Call(call) => match &call.callee {
                Callee::Interface { recv, .. } => {
                    same(recv) && call.dst.iter().any(|dst| *chan == Operand::Local(*dst))
                }
                _ => false,
            },
            _ => false,
        })
    };
    single_ways(func, block).any(|(pred, at)| match &func.blocks[pred].term {
        Terminator::Select { arms, .. } => arms.iter().any(|arm| match &arm.op {
            SelectOp::Recv { chan, dst: None, .. } => arm.target == at && signal(chan),
            _ => false,
        }),
        _ => false,
    })
}
