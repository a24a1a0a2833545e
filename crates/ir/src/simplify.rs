//! Removes unreachable blocks and joins blocks that only follow each other.

use crate::data::*;
use stanch_base::{Idx, IndexVec};

/// Leaves blocks in the order in which a depth-first walk meets them, entry first.
pub(crate) fn simplify(func: &mut Func) {
    thread_jumps(func);
    join(func);
    compact(func);
}

/// Makes jumps to empty blocks that only jump go where those lead.
fn thread_jumps(func: &mut Func) {
    let mut to: IndexVec<BlockId, BlockId> = func.blocks.ids().collect();
    for id in func.blocks.ids() {
        let mut at = id;
        // A cycle of empty blocks is an empty infinite loop: stop following after one round.
        for _ in 0..func.blocks.len() {
            match (&func.blocks[at].term, func.blocks[at].instrs.is_empty()) {
                (Terminator::Goto(next), true) if *next != at && !is_preheader(func, at) => {
                    at = *next;
                }
                _ => break,
            }
        }
        to[id] = at;
    }
    for block in func.blocks.iter_mut() {
        block.term.for_each_target_mut(|target| *target = to[*target]);
    }
}

fn is_preheader(func: &Func, block: BlockId) -> bool {
    match &func.blocks[block].term {
        Terminator::Goto(next) => matches!(
            func.blocks[*next].term,
            Terminator::RangeNext { preheader, .. } if preheader == block
        ),
        _ => false,
    }
}

/// Appends a block to its only predecessor if that only jumps there.
fn join(func: &mut Func) {
    let reachable = reach(func);
    let mut n_preds: IndexVec<BlockId, u32> = IndexVec::from_elem(0, func.blocks.len());
    let mut pinned: IndexVec<BlockId, bool> = IndexVec::from_elem(false, func.blocks.len());
    if !pinned.is_empty() {
        pinned[BlockId::from_raw(0)] = true;
    }
    for &id in &reachable {
        func.blocks[id].term.for_each_target(|t| n_preds[t] += 1);
        if let Terminator::RangeNext { preheader, .. } = &func.blocks[id].term {
            pinned[*preheader] = true;
        }
    }
    for &id in &reachable {
        while let Terminator::Goto(next) = func.blocks[id].term {
            if next == id || n_preds[next] != 1 || pinned[next] || pinned[id] && id.index() != 0 {
                break;
            }
            let unreachable = Block {
                instrs: Vec::new(),
                term: Terminator::Unreachable,
                term_span: func.blocks[next].term_span,
            };
            let mut tail = std::mem::replace(&mut func.blocks[next], unreachable);
            let block = &mut func.blocks[id];
            block.instrs.append(&mut tail.instrs);
            block.term = tail.term;
            block.term_span = tail.term_span;
            n_preds[next] = 0;
        }
    }
}

/// Reachable blocks, depth first.
fn reach(func: &Func) -> Vec<BlockId> {
    let mut seen: IndexVec<BlockId, bool> = IndexVec::from_elem(false, func.blocks.len());
    let mut order = Vec::new();
    let mut stack = vec![BlockId::from_raw(0)];
    while let Some(id) = stack.pop() {
        if id.index() >= func.blocks.len() || std::mem::replace(&mut seen[id], true) {
            continue;
        }
        order.push(id);
        let mut next = Vec::new();
        func.blocks[id].term.for_each_target(|t| next.push(t));
        stack.extend(next.into_iter().rev());
    }
    order
}

fn compact(func: &mut Func) {
    let order = reach(func);
    let mut number: IndexVec<BlockId, BlockId> =
        IndexVec::from_elem(BlockId::from_raw(0), func.blocks.len());
    for (i, &id) in order.iter().enumerate() {
        number[id] = BlockId::from_usize(i);
    }
    let blocks = order.iter().map(|&id| {
        let mut block = func.blocks[id].clone();
        block.term.for_each_target_mut(|t| *t = number[*t]);
        if let Terminator::RangeNext { preheader, .. } = &mut block.term {
            *preheader = number[*preheader];
        }
        block
    });
    func.blocks = blocks.collect();
}
