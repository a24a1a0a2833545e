//! Control dependence: which branches decide whether a block runs.

use stanch_base::{Idx, IndexVec};
use stanch_ir::{BlockId, Func, Terminator};

/// Where a branch that does not matter leads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Join {
    /// To the block where its arms meet.
    Block(BlockId),
    /// The function returns.
    Return,
    /// Its arms never meet and never return.
    Never,
}

/// What is known of a function's graph.
#[derive(Debug, Default)]
pub(crate) struct Flow {
    /// For each block the branching blocks that decide whether it runs.
    pub(crate) controllers: IndexVec<BlockId, Vec<BlockId>>,
    /// For each block where all ways from it meet.
    pub(crate) joins: IndexVec<BlockId, Option<Join>>,
    /// Blocks from which the function cannot end.
    pub(crate) endless: IndexVec<BlockId, bool>,
    /// Blocks that lie on a cycle.
    pub(crate) in_loop: IndexVec<BlockId, bool>,
}

impl Flow {
    /// Without the ways that `is_way` denies: from a block to another one.
    pub(crate) fn new(func: &Func, is_way: impl Fn(BlockId, BlockId) -> bool) -> Self {
        let n = func.blocks.len();
        if n == 0 {
            return Self::default();
        }
        let targets: Vec<Vec<usize>> = func
            .blocks
            .iter_enumerated()
            .map(|(id, b)| {
                let ways = b.term.targets().into_iter().filter(|to| is_way(id, *to));
                ways.map(Idx::index).collect()
            })
            .collect();
        let ends = func.blocks.iter().map(|b| {
            matches!(b.term, Terminator::Return | Terminator::Panic(_) | Terminator::Unreachable)
        });
        let ends: Vec<bool> = ends.collect();
        let returns: Vec<bool> = func.blocks.iter().map(|b| b.term == Terminator::Return).collect();
        Self::of(&targets, &ends, &returns)
    }

    /// From the successors of each block, the blocks at which it ends, those at which it returns. Blocks
    /// that are not reached from the first have no successors and end.
    pub(crate) fn of(targets: &[Vec<usize>], ends: &[bool], returns: &[bool]) -> Self {
        let n = targets.len();
        let order = reverse_postorder(targets);
        let (exits, endless) = exits(targets, &order, ends);
        let post = post_dominators(targets, &order, &exits);
        let mut controllers = IndexVec::from_elem(Vec::new(), n);
        for (block, next) in targets.iter().enumerate().filter(|(_, next)| next.len() > 1) {
            for &to in next {
                let mut at = to;
                while at != post[block] && at != n {
                    let list: &mut Vec<BlockId> = &mut controllers[BlockId::from_usize(at)];
                    let by = BlockId::from_usize(block);
                    if !list.contains(&by) {
                        list.push(by);
                    }
                    at = post[at];
                }
            }
        }
        let joins = (0..n).map(|b| {
            (targets[b].len() > 1).then(|| match post[b] {
                meet if meet < n => Join::Block(BlockId::from_usize(meet)),
                _ if reaches_any(targets, b, returns) => Join::Return,
                _ => Join::Never,
            })
        });
        let joins = joins.collect();
        let in_loop = cyclic(targets);
        Self { controllers, joins, endless: endless.into_iter().collect(), in_loop }
    }
}

/// Blocks that count as exits, and which blocks cannot really end. In a part without an exit one block
/// counts as one.
fn exits(targets: &[Vec<usize>], order: &[usize], ends: &[bool]) -> (Vec<bool>, Vec<bool>) {
    let mut exits = ends.to_vec();
    let mut reach = exits.clone();
    let close = |reach: &mut Vec<bool>| {
        let mut changed = true;
        while changed {
            changed = false;
            for &b in order.iter().rev() {
                if !reach[b] && targets[b].iter().any(|t| reach[*t]) {
                    reach[b] = true;
                    changed = true;
                }
            }
        }
    };
    close(&mut reach);
    let endless = reach.iter().map(|r| !r).collect();
    while let Some(&last) = order.iter().rev().find(|b| !reach[**b]) {
        exits[last] = true;
        reach[last] = true;
        close(&mut reach);
    }
    (exits, endless)
}

/// Immediate post-dominators; `targets.len()` stands for the end of the function. After Cooper,
/// Harvey and Kennedy, "A simple, fast dominance algorithm".
fn post_dominators(targets: &[Vec<usize>], order: &[usize], exits: &[bool]) -> Vec<usize> {
    let n = targets.len();
    // Numbers in a post-order of the reversed graph: the end has the largest.
    let mut preds = vec![Vec::new(); n + 1];
    for (block, next) in targets.iter().enumerate() {
        next.iter().for_each(|t| preds[*t].push(block));
        if exits[block] {
            preds[n].push(block);
        }
    }
    let mut number = vec![usize::MAX; n + 1];
    let mut reversed = Vec::with_capacity(n + 1);
    let mut seen = vec![false; n + 1];
    let mut stack = vec![(n, 0)];
    seen[n] = true;
    while let Some((block, at)) = stack.last_mut() {
        match preds[*block].get(*at) {
            Some(&next) => {
                *at += 1;
                if !std::mem::replace(&mut seen[next], true) {
                    stack.push((next, 0));
                }
            }
            None => {
                number[*block] = reversed.len();
                reversed.push(*block);
                stack.pop();
            }
        }
    }
    let mut post = vec![usize::MAX; n + 1];
    post[n] = n;
    let meet = |post: &[usize], mut a: usize, mut b: usize| {
        while a != b {
            while number[a] < number[b] {
                a = post[a];
            }
            while number[b] < number[a] {
                b = post[b];
            }
        }
        a
    };
    let mut changed = true;
    while changed {
        changed = false;
        for &block in reversed.iter().rev().filter(|b| **b != n) {
            let mut found = if exits[block] { Some(n) } else { None };
            for &next in targets[block].iter().filter(|t| post[**t] != usize::MAX) {
                found = Some(found.map_or(next, |f| meet(&post, f, next)));
            }
            if let Some(found) = found
                && post[block] != found
            {
                post[block] = found;
                changed = true;
            }
        }
    }
    // Unreachable blocks (there are none after simplification) meet at the end.
    for &block in order {
        if post[block] == usize::MAX {
            post[block] = n;
        }
    }
    post.iter_mut().for_each(|p| *p = (*p).min(n));
    post
}

fn reaches_any(targets: &[Vec<usize>], from: usize, wanted: &[bool]) -> bool {
    let mut seen = vec![false; targets.len()];
    let mut work = vec![from];
    while let Some(block) = work.pop() {
        if std::mem::replace(&mut seen[block], true) {
            continue;
        }
        if wanted[block] {
            return true;
        }
        work.extend(&targets[block]);
    }
    false
}

fn reverse_postorder(targets: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; targets.len()];
    let mut order = Vec::with_capacity(targets.len());
    let mut stack = vec![(0, 0)];
    seen[0] = true;
    while let Some((block, at)) = stack.last_mut() {
        match targets[*block].get(*at) {
            Some(&next) => {
                *at += 1;
                if !std::mem::replace(&mut seen[next], true) {
                    stack.push((next, 0));
                }
            }
            None => {
                order.push(*block);
                stack.pop();
            }
        }
    }
    order.reverse();
    order
}

/// Which nodes of a graph lie on a cycle: those of strongly connected components with a cycle (Tarjan).
pub(crate) fn cyclic<I: Idx>(targets: &[Vec<usize>]) -> IndexVec<I, bool> {
    let n = targets.len();
    let mut on_cycle = IndexVec::from_elem(false, n);
    let (mut number, mut low) = (vec![usize::MAX; n], vec![0; n]);
    let mut on_stack = vec![false; n];
    let mut stack = Vec::new();
    let mut next = 0;
    for start in 0..n {
        let mut calls = if number[start] == usize::MAX { vec![(start, 0)] } else { Vec::new() };
        while let Some((block, at)) = calls.last_mut() {
            let b = *block;
            if *at == 0 {
                (number[b], low[b]) = (next, next);
                next += 1;
                stack.push(b);
                on_stack[b] = true;
            }
            if let Some(&to) = targets[b].get(*at) {
                *at += 1;
                if number[to] == usize::MAX {
                    calls.push((to, 0));
                } else if on_stack[to] {
                    low[b] = low[b].min(number[to]);
                }
                continue;
            }
            calls.pop();
            if let Some((caller, _)) = calls.last() {
                low[*caller] = low[*caller].min(low[b]);
            }
            if low[b] == number[b] {
                let from = stack.iter().rposition(|s| *s == b).unwrap_or(0);
                let component = stack.split_off(from);
                let cycle = component.len() > 1 || targets[b].contains(&b);
                for part in component {
                    on_stack[part] = false;
                    on_cycle[I::from_usize(part)] = cycle;
                }
            }
        }
    }
    on_cycle
}
