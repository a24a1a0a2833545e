//! Ways through a function: which returns are reached past which points, and what they tell.

use crate::retain::{At, Bodies};
use stanch_base::{FxHashSet, IndexVec};
use stanch_ir::{
    BlockId, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Terminator,
};
use stanch_types::ObjectId;

/// Copies and fields looked through.
pub(super) const MAX_STEPS: u32 = 4;

/// The variable or field that holds the container of a local, if it outlives the call.
pub(super) fn holder(bodies: &Bodies<'_, '_>, id: FuncId, local: LocalId) -> Option<ObjectId> {
    let func = &bodies.module.funcs[id];
    let held = |place: &Place| {
        outlives(bodies, id, func, place, MAX_STEPS).then(|| crate::retain::alias::end(place))?
    };
    bodies.definitions[id][local].iter().find_map(|v| match v {
        Rvalue::Load(place) => held(place),
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
/// and the stop, if one is in it. The next turn of a loop is about another entry: no way goes back.
pub(super) fn ways(func: &Func, from: At, stops: &FxHashSet<At>) -> Vec<(BlockId, usize, usize)> {
    let order = order(func);
    let mut found = Vec::new();
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut stack = vec![(from.0, from.1 + 1)];
    while let Some((block, start)) = stack.pop() {
        let data = &func.blocks[block];
        let stop = (start..data.instrs.len()).find(|at| stops.contains(&(block, *at)));
        found.push((block, start, stop.unwrap_or(usize::MAX)));
        if stop.is_none() {
            let next = data.term.targets().into_iter().filter(|b| order[*b] > order[block]);
            stack.extend(next.filter(|b| seen.insert(*b)).map(|b| (b, 0)));
        }
    }
    found
}

/// Whether a way leads from one point to another.
pub(super) fn reaches(func: &Func, from: At, to: At) -> bool {
    let ways = ways(func, from, &FxHashSet::default());
    ways.iter().any(|(block, start, _)| *block == to.0 && to.1 >= *start)
}

/// The blocks with returns to which ways lead from a point, past none of the stops.
pub(super) fn returns(func: &Func, from: At, stops: &FxHashSet<At>) -> Vec<BlockId> {
    let ends = |block: BlockId| matches!(func.blocks[block].term, Terminator::Return);
    let ways = ways(func, from, stops).into_iter();
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
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    error: LocalId,
    block: BlockId,
) -> Outcome {
    let set = func.blocks[block].instrs.iter().rev().find_map(|i| match &i.kind {
        InstrKind::Assign(to, Rvalue::Use(value)) if *to == error => Some(value),
        _ => None,
    });
    match set {
        Some(Operand::Nil(_)) => Outcome::Success,
        Some(Operand::Local(value)) if is_failed(func, definitions, *value, block) => {
            Outcome::Failure
        }
        _ => Outcome::Unknown,
    }
}

/// Whether an error is known not to be nil in a block: it has just been made, or it was asked.
fn is_failed(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    value: LocalId,
    block: BlockId,
) -> bool {
    // Made here: `fmt.Errorf`, `errors.New`, a wrapper's call.
    let made_here = func.blocks[block].instrs.iter().any(|i| match &i.kind {
        InstrKind::Call(call) => call.dst.contains(&value) && call.dst.len() == 1,
        InstrKind::Assign(to, Rvalue::MakeInterface(..)) => *to == value,
        _ => false,
    });
    let preds = func.predecessors();
    let asked = |errors: &[LocalId]| {
        let mut at = block;
        for _ in 0..8 {
            let [pred] = preds[at].as_slice() else { return false };
            if let Terminator::Branch { cond: Operand::Local(cond), then, els } =
                &func.blocks[*pred].term
                && let [Rvalue::Binary(op, a, b)] = definitions[*cond].as_slice()
            {
                use stanch_syntax::ast::BinaryOp::{Eq, Ne};
                let nil = |x: &Operand| matches!(x, Operand::Nil(_));
                let err = |x: &Operand| match x {
                    Operand::Local(x) => {
                        errors.contains(x)
                            || errors.is_empty() && func.locals[*x].ty == func.locals[value].ty
                    }
                    _ => false,
                };
                let about = nil(a) && err(b) || nil(b) && err(a);
                let side = match op {
                    Ne => Some(*then),
                    Eq => Some(*els),
                    _ => None,
                };
                if about && side == Some(at) {
                    return true;
                }
            }
            at = *pred;
        }
        false
    };
    let mut same = vec![value];
    for value in &definitions[value] {
        if let Rvalue::Use(Operand::Local(x)) = value {
            same.push(*x);
        }
    }
    asked(&same) || made_here && asked(&[])
}
