//! Growths of different containers that are about the same thing, in one function or in functions that it calls.

use crate::facts::{FuncFacts, Given, Half, Key, Op, OpKind, Pair, Source, Taken};
use stanch_base::{Idx, IndexVec};
use stanch_ir::{BlockId, Dominators, Func, FuncId, Module, Span, Terminator};

/// Pairs kept of one function.
const MAX_PAIRS: usize = 64;
/// Growths of one function that are compared with each other.
const MAX_GROWTHS: usize = 64;

/// A growth as one function sees it.
struct Seen {
    half: Half,
    ids: [Option<u64>; 2],
    block: BlockId,
}

/// Finds the pairs of all functions of a package; `blocks` has the block of each operation.
pub(crate) fn find(module: &Module, funcs: &mut [FuncFacts], blocks: &[Vec<BlockId>]) {
    let all: Vec<Vec<Pair>> = module
        .funcs
        .iter_enumerated()
        .map(|(id, func)| of_function(funcs, blocks, id, func))
        .collect();
    for (facts, pairs) in funcs.iter_mut().zip(all) {
        facts.together = pairs;
        facts.given = Vec::new();
    }
}

fn of_function(funcs: &[FuncFacts], blocks: &[Vec<BlockId>], id: FuncId, func: &Func) -> Vec<Pair> {
    let (Some(facts), Some(blocks)) = (funcs.get(id.index()), blocks.get(id.index())) else {
        return Vec::new();
    };
    let mut seen = own(facts, blocks, id);
    seen.extend(facts.given.iter().flat_map(|given| by_callee(funcs, given)));
    seen.truncate(MAX_GROWTHS);
    if seen.len() < 2 {
        return Vec::new();
    }
    let mut dominators: Option<Dominators> = None;
    let mut found: Vec<Pair> = Vec::new();
    for (number, a) in seen.iter().enumerate() {
        for b in &seen[number + 1..] {
            let same = a.ids.iter().flatten().any(|id| b.ids.contains(&Some(*id)));
            if !same || a.half.key == b.half.key || found.len() >= MAX_PAIRS {
                continue;
            }
            let dominators = dominators.get_or_insert_with(|| func.dominators());
            let (at, to) = (a.block, b.block);
            if dominators.dominates(at, to)
                || dominators.dominates(to, at)
                || is_followed(func, at, to)
                || is_followed(func, to, at)
            {
                let taken = [a, b].map(|one| taken_apart(facts, blocks, func, one, [a, b]));
                found.push(Pair { halves: [a.half, b.half], taken });
            }
        }
    }
    found
}

fn grown(op: &Op) -> Option<&crate::facts::Grow> {
    match &op.kind {
        OpKind::Grow(grow) if !op.element && !matches!(op.key, Key::Param(..)) => Some(grow),
        _ => None,
    }
}

fn own(facts: &FuncFacts, blocks: &[BlockId], id: FuncId) -> Vec<Seen> {
    let ops = facts.ops.iter().zip(blocks);
    let grows = ops.filter_map(|(op, &block)| Some((op, grown(op)?, block)));
    grows
        .map(|(op, grow, block)| {
            let half = Half { home: id.raw(), key: op.key, grown: op.span, at: op.span };
            Seen { half, ids: [grow.key_id, grow.value_id], block }
        })
        .collect()
}

/// What the function that is called adds under the argument.
fn by_callee(funcs: &[FuncFacts], given: &Given) -> Vec<Seen> {
    let Some(callee) = funcs.get(given.to as usize) else { return Vec::new() };
    let param = Source::Param(given.to, given.param);
    let grows = callee.ops.iter().filter_map(|op| Some((op, grown(op)?)));
    grows
        .filter(|(_, grow)| grow.key_is_param && grow.key_ty.is_some() && grow.key_from == [param])
        .map(|(op, _)| {
            let half = Half { home: given.to, key: op.key, grown: op.span, at: given.at };
            Seen { half, ids: [Some(given.id), None], block: given.block }
        })
        .collect()
}

/// Where the function takes an entry out of a container, with no way on to where it adds to either.
fn taken_apart(
    facts: &FuncFacts,
    blocks: &[BlockId],
    func: &Func,
    of: &Seen,
    both: [&Seen; 2],
) -> Option<Span> {
    let takes = |op: &Op| {
        op.key == of.half.key && !op.element && matches!(op.kind, OpKind::Shrink(Taken::One))
    };
    let mut taken = facts.ops.iter().zip(blocks).filter(|(op, _)| takes(op));
    taken.find_map(|(op, &block)| {
        let apart = both.iter().all(|one| one.block != block && !reaches(func, block, one.block));
        apart.then_some(op.span)
    })
}

fn reaches(func: &Func, from: BlockId, to: BlockId) -> bool {
    let mut seen = IndexVec::from_elem(false, func.blocks.len());
    let mut work = func.blocks[from].term.targets();
    while let Some(at) = work.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at], true) {
            work.extend(func.blocks[at].term.targets());
        }
    }
    false
}

/// Whether every way on from a block comes through another before the function returns.
fn is_followed(func: &Func, block: BlockId, by: BlockId) -> bool {
    let mut seen = IndexVec::from_elem(false, func.blocks.len());
    seen[block] = true;
    let mut work = vec![block];
    while let Some(at) = work.pop() {
        if matches!(func.blocks[at].term, Terminator::Return) {
            return false;
        }
        for to in func.blocks[at].term.targets() {
            if to != by && !std::mem::replace(&mut seen[to], true) {
                work.push(to);
            }
        }
    }
    true
}
