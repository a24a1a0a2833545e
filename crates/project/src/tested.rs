//! Which variant of a package its importers see: the one with tests, where that is analysed.
//!
//! The go command builds importers against the plain variant. Both have the same product code, so one
//! of them is enough to analyse, and importers then know of it what its own findings rest on. Only
//! where tests import what imports the package (and not only so for one pair of packages, which the
//! go command forbids, but through others' tests) would that be a cycle: those packages keep the plain
//! variant, for all importers alike, so that each type of theirs is one type.

use crate::Variant;
use crate::node::{Edge, Node, NodeId};
use stanch_base::{FxHashMap, FxHashSet, IndexVec};

/// Makes importers see the variants with tests.
pub(crate) fn share(nodes: &mut IndexVec<NodeId, Node>) {
    let mut tested: FxHashMap<(usize, &str), NodeId> = FxHashMap::default();
    for (id, node) in nodes.iter_enumerated() {
        if node.package.variant == Variant::Test && node.package.root {
            tested.insert((node.universe, &node.package.path), id);
        }
    }
    let plain = |node: &Node| node.package.variant == Variant::Plain;
    let mut shared: FxHashMap<NodeId, NodeId> = FxHashMap::default();
    for (id, node) in nodes.iter_enumerated().filter(|(_, node)| plain(node)) {
        if let Some(&test) = tested.get(&(node.universe, &*node.package.path)) {
            shared.insert(id, test);
        }
    }
    let mut importers: FxHashMap<NodeId, usize> = FxHashMap::default();
    for to in nodes.iter().flat_map(targets) {
        *importers.entry(to).or_default() += 1;
    }
    // Of each cycle the package with the fewest importers keeps its plain variant, until none is left.
    loop {
        let next = |id: NodeId| -> Vec<NodeId> {
            targets(&nodes[id]).map(|to| shared.get(&to).copied().unwrap_or(to)).collect()
        };
        let mut kept: FxHashSet<NodeId> = FxHashSet::default();
        let back: FxHashMap<NodeId, NodeId> = shared.iter().map(|(&p, &t)| (t, p)).collect();
        for cycle in cycles(nodes.len(), &next) {
            let plain = cycle.iter().filter_map(|test| back.get(test).copied());
            let key =
                |p: &NodeId| (importers.get(p).copied().unwrap_or(0), &nodes[*p].package.path);
            kept.extend(plain.min_by_key(key));
        }
        if kept.is_empty() {
            break;
        }
        shared.retain(|plain, _| !kept.contains(plain));
    }
    for node in nodes.iter_mut() {
        for edge in node.targets.values_mut() {
            if let Edge::Node(to) = edge
                && let Some(&test) = shared.get(to)
            {
                *to = test;
            }
        }
    }
}

fn targets(node: &Node) -> impl Iterator<Item = NodeId> {
    node.targets.values().filter_map(|edge| match edge {
        Edge::Node(id) => Some(*id),
        Edge::Other(_) => None,
    })
}

/// The strongly connected components of more than one node (Tarjan's algorithm, with its own stack).
fn cycles(n_nodes: usize, next: &dyn Fn(NodeId) -> Vec<NodeId>) -> Vec<Vec<NodeId>> {
    const NEW: u32 = u32::MAX;
    let mut number: IndexVec<NodeId, u32> = IndexVec::from_elem(NEW, n_nodes);
    let mut low: IndexVec<NodeId, u32> = IndexVec::from_elem(NEW, n_nodes);
    let mut open: Vec<NodeId> = Vec::new();
    let mut is_open: IndexVec<NodeId, bool> = IndexVec::from_elem(false, n_nodes);
    let mut found = Vec::new();
    let mut count = 0;
    for start in (0..n_nodes as u32).map(NodeId::from_raw) {
        if number[start] != NEW {
            continue;
        }
        let mut stack: Vec<(NodeId, Vec<NodeId>)> = Vec::new();
        let mut enter = Some(start);
        loop {
            if let Some(id) = enter.take() {
                (number[id], low[id], is_open[id]) = (count, count, true);
                count += 1;
                open.push(id);
                stack.push((id, next(id)));
            }
            let Some((id, rest)) = stack.last_mut() else { break };
            let id = *id;
            if let Some(to) = rest.pop() {
                if number[to] == NEW {
                    enter = Some(to);
                } else if is_open[to] {
                    low[id] = low[id].min(number[to]);
                }
                continue;
            }
            stack.pop();
            if let Some((above, _)) = stack.last() {
                low[*above] = low[*above].min(low[id]);
            }
            if low[id] == number[id] {
                let from = open.iter().rposition(|&o| o == id).unwrap_or(0);
                let component = open.split_off(from);
                component.iter().for_each(|&o| is_open[o] = false);
                if component.len() > 1 {
                    found.push(component);
                }
            }
        }
    }
    found
}
