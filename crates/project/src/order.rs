//! Numbers the packages so that imports come first.

use crate::node::{Edge, Node, NodeId};
use crate::{Import, Message, Package, PackageId, Variant, Workspace};
use stanch_base::IndexVec;
use std::path::Path;

/// The packages in dependency order. Cycles are told and cut.
pub(crate) fn order(mut nodes: IndexVec<NodeId, Node>, messages: &mut Vec<Message>) -> Workspace {
    let (order, cut) = depth_first(&nodes);
    for (id, import) in cut {
        let node = &mut nodes[id];
        let from = &node.package.path;
        messages.push(Message::warning(match *from == import {
            true => format!("import cycle: package {from} imports itself"),
            false => format!(
                "import cycle: package {from} imports {import}, which imports it again; the types \
                 of {import} are unknown in {from}"
            ),
        }));
        node.targets.insert(import, Edge::Other(Import::Missing));
    }
    number(&nodes, &order)
}

/// Nodes, imports first, and the imports that close a cycle.
fn depth_first(nodes: &IndexVec<NodeId, Node>) -> (Vec<NodeId>, Vec<(NodeId, String)>) {
    #[derive(Clone, Copy)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut order: Vec<NodeId> = Vec::with_capacity(nodes.len());
    let mut cut: Vec<(NodeId, String)> = Vec::new();
    let mut state: IndexVec<NodeId, State> = IndexVec::from_elem(State::New, nodes.len());
    for start in sorted(nodes) {
        if !matches!(state[start], State::New) {
            continue;
        }
        state[start] = State::Open;
        let mut stack = vec![(start, edges(&nodes[start]))];
        while let Some((id, rest)) = stack.last_mut() {
            let id = *id;
            let Some((import, next)) = rest.pop() else {
                state[id] = State::Done;
                order.push(id);
                stack.pop();
                continue;
            };
            match state[next] {
                State::New => {
                    state[next] = State::Open;
                    stack.push((next, edges(&nodes[next])));
                }
                State::Open => cut.push((id, import)),
                State::Done => {}
            }
        }
    }
    (order, cut)
}

fn number(nodes: &IndexVec<NodeId, Node>, order: &[NodeId]) -> Workspace {
    let mut ids: IndexVec<NodeId, Option<PackageId>> = IndexVec::from_elem(None, nodes.len());
    let mut workspace = Workspace::default();
    for &id in order {
        let mut package = nodes[id].package.clone();
        for (path, edge) in &nodes[id].targets {
            let import = match *edge {
                Edge::Other(import) => import,
                Edge::Node(to) => ids[to].map_or(Import::Missing, Import::Package),
            };
            package.imports.insert(path.clone(), import);
        }
        ids[id] = Some(workspace.packages.push(package));
    }
    let packages = &workspace.packages;
    let mut roots: Vec<PackageId> = packages.ids().filter(|&p| packages[p].root).collect();
    roots.sort_by(|&a, &b| sort_key(&packages[a]).cmp(&sort_key(&packages[b])));
    workspace.roots = roots;
    workspace
}

fn sorted(nodes: &IndexVec<NodeId, Node>) -> Vec<NodeId> {
    let mut ids: Vec<NodeId> = nodes.ids().collect();
    ids.sort_by(|&a, &b| sort_key(&nodes[a].package).cmp(&sort_key(&nodes[b].package)));
    ids
}

fn sort_key(package: &Package) -> (&str, Variant, &Path) {
    (&package.path, package.variant, &package.dir)
}

/// Imports that are packages, in reverse order (they are popped).
fn edges(node: &Node) -> Vec<(String, NodeId)> {
    let packages = node.targets.iter().rev().filter_map(|(path, edge)| match edge {
        Edge::Node(id) => Some((path.clone(), *id)),
        Edge::Other(_) => None,
    });
    packages.collect()
}
