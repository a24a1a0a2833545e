//! Which branches matter: a branch whose arms do nothing relevant before they meet again is skipped.

use stanch_base::{Idx, IndexVec};
use stanch_ir::{BlockId, Func, Terminator};

/// Functions with more blocks are not sliced.
const MAX_BLOCKS: usize = 400;

/// For each block that ends in a branch whose arms do not matter: where they meet, and the blocks
/// between.
pub(crate) fn skipped(
    func: &Func,
    matters: &IndexVec<BlockId, bool>,
) -> IndexVec<BlockId, Option<(BlockId, Vec<BlockId>)>> {
    let n = func.blocks.len();
    let mut skip = IndexVec::from_elem(None, n);
    if n > MAX_BLOCKS {
        return skip;
    }
    let post = post_dominators(func);
    for (id, block) in func.blocks.iter_enumerated() {
        let forks = matches!(
            block.term,
            Terminator::Branch { .. }
                | Terminator::TypeSwitch { .. }
                | Terminator::RangeNext { .. }
        );
        if !forks {
            continue;
        }
        let Some(meet) = nearest(&post, id, n) else { continue };
        let region = region(func, id, meet);
        // A region that comes back to the branch is a loop around it; its other blocks count too.
        if region.iter().all(|&b| b == id || !matters[b]) {
            skip[id] = Some((meet, region));
        }
    }
    skip
}

/// Blocks reachable from the branch at `from` without passing `meet`.
fn region(func: &Func, from: BlockId, meet: BlockId) -> Vec<BlockId> {
    let mut seen: IndexVec<BlockId, bool> = IndexVec::from_elem(false, func.blocks.len());
    let mut work = func.blocks[from].term.targets();
    let mut region = Vec::new();
    while let Some(id) = work.pop() {
        if id == meet || std::mem::replace(&mut seen[id], true) {
            continue;
        }
        region.push(id);
        work.extend(func.blocks[id].term.targets());
    }
    region.sort();
    region
}

/// For each block the set of blocks that every path to an exit passes, itself included. Blocks from
/// which no exit is reachable have the full set.
fn post_dominators(func: &Func) -> IndexVec<BlockId, Vec<u64>> {
    let n = func.blocks.len();
    let words = n.div_ceil(64);
    let full = vec![u64::MAX; words];
    let mut sets: IndexVec<BlockId, Vec<u64>> = IndexVec::from_elem(full, n);
    let mut order = func.reverse_postorder();
    order.reverse();
    let mut changed = true;
    while changed {
        changed = false;
        for &id in &order {
            let targets = func.blocks[id].term.targets();
            let mut set = vec![if targets.is_empty() { 0 } else { u64::MAX }; words];
            for target in targets {
                for (word, other) in set.iter_mut().zip(&sets[target]) {
                    *word &= other;
                }
            }
            set[id.index() / 64] |= 1 << (id.index() % 64);
            if set != sets[id] {
                sets[id] = set;
                changed = true;
            }
        }
    }
    sets
}

/// The nearest strict post-dominator.
fn nearest(sets: &IndexVec<BlockId, Vec<u64>>, id: BlockId, n: usize) -> Option<BlockId> {
    let members = |set: &Vec<u64>| -> Vec<usize> {
        (0..n).filter(|i| set[i / 64] >> (i % 64) & 1 == 1).collect()
    };
    let strict: Vec<usize> = members(&sets[id]).into_iter().filter(|&i| i != id.index()).collect();
    // The full set means that no exit is reachable: nothing is known of where arms meet.
    if strict.len() + 1 >= n {
        return None;
    }
    // Of a chain of post-dominators the nearest is post-dominated by all others.
    strict.iter().map(|&i| BlockId::from_usize(i)).max_by_key(|&b| members(&sets[b]).len())
}
