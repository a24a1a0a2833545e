//! Questions about graphs.

use crate::data::*;
use stanch_base::IndexVec;

impl Terminator {
    /// Calls `f` with each successor, in source order.
    pub fn for_each_target(&self, mut f: impl FnMut(BlockId)) {
        match self {
            Self::Goto(to) => f(*to),
            Self::Branch { then, els, .. } => {
                f(*then);
                f(*els);
            }
            Self::Select { arms, default } => {
                arms.iter().for_each(|arm| f(arm.target));
                if let Some(default) = default {
                    f(*default);
                }
            }
            Self::RangeNext { body, done, .. } => {
                f(*body);
                f(*done);
            }
            Self::TypeSwitch { cases, default, .. } => {
                cases.iter().for_each(|case| f(case.1));
                f(*default);
            }
            Self::Return | Self::Panic(_) | Self::Unreachable => {}
        }
    }

    /// Calls `f` with each successor, to change it.
    pub fn for_each_target_mut(&mut self, mut f: impl FnMut(&mut BlockId)) {
        match self {
            Self::Goto(to) => f(to),
            Self::Branch { then, els, .. } => {
                f(then);
                f(els);
            }
            Self::Select { arms, default } => {
                arms.iter_mut().for_each(|arm| f(&mut arm.target));
                if let Some(default) = default {
                    f(default);
                }
            }
            Self::RangeNext { body, done, .. } => {
                f(body);
                f(done);
            }
            Self::TypeSwitch { cases, default, .. } => {
                cases.iter_mut().for_each(|case| f(&mut case.1));
                f(default);
            }
            Self::Return | Self::Panic(_) | Self::Unreachable => {}
        }
    }

    /// The successors in source order.
    pub fn targets(&self) -> Vec<BlockId> {
        let mut targets = Vec::new();
        self.for_each_target(|t| targets.push(t));
        targets
    }
}

impl Func {
    /// Predecessors of each block.
    pub fn predecessors(&self) -> IndexVec<BlockId, Vec<BlockId>> {
        let mut preds = IndexVec::from_elem(Vec::new(), self.blocks.len());
        for (id, block) in self.blocks.iter_enumerated() {
            block.term.for_each_target(|t| preds[t].push(id));
        }
        preds
    }

    /// Blocks such that each comes before its successors, loops' back edges aside.
    pub fn reverse_postorder(&self) -> Vec<BlockId> {
        let mut seen: IndexVec<BlockId, bool> = IndexVec::from_elem(false, self.blocks.len());
        let mut order = Vec::with_capacity(self.blocks.len());
        if self.blocks.is_empty() {
            return order;
        }
        let entry = BlockId::from_raw(0);
        seen[entry] = true;
        let mut stack = vec![(entry, self.blocks[entry].term.targets())];
        while let Some((id, rest)) = stack.last_mut() {
            match rest.pop() {
                Some(next) if !seen[next] => {
                    seen[next] = true;
                    stack.push((next, self.blocks[next].term.targets()));
                }
                Some(_) => {}
                None => {
                    order.push(*id);
                    stack.pop();
                }
            }
        }
        order.reverse();
        order
    }

    /// Which blocks every way to a block goes through.
    pub fn dominators(&self) -> Dominators {
        Dominators::of(&self.immediate_dominators())
    }

    /// The immediate dominator of each block; the entry's is itself, and that of a block that cannot
    /// be reached is the entry.
    fn immediate_dominators(&self) -> IndexVec<BlockId, BlockId> {
        let order = self.reverse_postorder();
        let mut rank: IndexVec<BlockId, usize> = IndexVec::from_elem(usize::MAX, self.blocks.len());
        for (i, &block) in order.iter().enumerate() {
            rank[block] = i;
        }
        let preds = self.predecessors();
        let mut idom: IndexVec<BlockId, Option<BlockId>> =
            IndexVec::from_elem(None, self.blocks.len());
        let Some((&entry, rest)) = order.split_first() else { return IndexVec::new() };
        idom[entry] = Some(entry);
        let mut changed = true;
        while changed {
            changed = false;
            for &block in rest {
                let known = preds[block].iter().copied().filter(|&p| idom[p].is_some());
                let new = known.reduce(|a, b| common_dominator(&idom, &rank, a, b));
                if new.is_some() && idom[block] != new {
                    idom[block] = new;
                    changed = true;
                }
            }
        }
        idom.iter().map(|d| d.unwrap_or(entry)).collect()
    }
}

/// The dominator tree of a function's blocks, as the times at which a walk enters and leaves each of
/// them: one dominates another where it is entered before and left after.
pub struct Dominators {
    entered: IndexVec<BlockId, usize>,
    left: IndexVec<BlockId, usize>,
}

impl Dominators {
    fn of(idom: &IndexVec<BlockId, BlockId>) -> Self {
        let mut children: IndexVec<BlockId, Vec<BlockId>> =
            IndexVec::from_elem(Vec::new(), idom.len());
        for (block, &up) in idom.iter_enumerated() {
            if block != up {
                children[up].push(block);
            }
        }
        let mut tree = Self {
            entered: IndexVec::from_elem(0, idom.len()),
            left: IndexVec::from_elem(0, idom.len()),
        };
        let mut time = 0;
        let mut stack: Vec<BlockId> =
            idom.iter_enumerated().map(|(block, _)| block).take(1).collect();
        while let Some(&block) = stack.last() {
            time += 1;
            let below = std::mem::take(&mut children[block]);
            if below.is_empty() {
                tree.left[block] = time;
                stack.pop();
            }
            // A block whose children were walked comes up a second time, to be left.
            if tree.entered[block] == 0 {
                tree.entered[block] = time;
            }
            stack.extend(below);
        }
        tree
    }

    /// Whether every way from the entry to `block` goes through `over`. A block dominates itself.
    pub fn dominates(&self, over: BlockId, block: BlockId) -> bool {
        self.entered[over] <= self.entered[block] && self.left[block] <= self.left[over]
    }
}

/// The nearest block that dominates both (Cooper, Harvey, Kennedy: "A simple, fast dominance
/// algorithm").
fn common_dominator(
    idom: &IndexVec<BlockId, Option<BlockId>>,
    rank: &IndexVec<BlockId, usize>,
    mut a: BlockId,
    mut b: BlockId,
) -> BlockId {
    while a != b {
        let deeper = if rank[a] > rank[b] { &mut a } else { &mut b };
        match idom[*deeper] {
            Some(up) if up != *deeper => *deeper = up,
            _ => return a.min(b),
        }
    }
    a
}
