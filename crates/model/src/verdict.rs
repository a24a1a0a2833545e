//! Verdicts from the finished graph: who is blocked for ever, who lives for ever.

use crate::graph::{Edge, GONE, Graph};
use crate::outcome::{LeakKind, WaitReason};
use stanch_base::FxHashMap;

/// A proof: of the states of its kind the earliest on a way that rests on least, and the goroutine in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    pub(crate) kind: LeakKind,
    pub(crate) state: usize,
    pub(crate) goroutine: usize,
    /// States in which the same is so.
    pub(crate) n_states: u32,
}

/// Sets of goroutines by state.
pub(crate) struct Closures {
    /// Some future lets it complete its operation.
    pub(crate) leaves: Vec<u64>,
    /// Some future lets it end.
    pub(crate) ends: Vec<u64>,
    /// The process may end in some future.
    pub(crate) exits: Vec<bool>,
    /// Every future ends with an error or an explicit exit of the process, or may do so as far as it was not
    /// explored.
    pub(crate) aborts: Vec<bool>,
}

/// Computes the closures of a graph.
pub(crate) fn closures(graph: &Graph) -> Closures {
    let n = graph.nodes.len();
    let reverse = Reverse::new(graph);
    let mut leaves: Vec<u64> = graph.nodes.iter().map(|s| s.rescued).collect();
    let mut ends = leaves.clone();
    let mut exits: Vec<u64> =
        graph.nodes.iter().map(|s| u64::from(s.exited || s.main_returned)).collect();
    for edge in &graph.edges {
        leaves[edge.from as usize] |= edge.movers;
        if graph.nodes[edge.to as usize].exited {
            continue;
        }
        for (i, new) in graph.map(edge).iter().enumerate() {
            if *new == GONE {
                ends[edge.from as usize] |= 1 << i;
            }
        }
    }
    let all: Vec<u32> = (0..n as u32).collect();
    reverse.close(&all, &mut leaves, |edge, set| pull_back(graph, edge, set));
    reverse.close(&all, &mut ends, |edge, set| pull_back(graph, edge, set));
    reverse.close(&all, &mut exits, |_, set| set);
    let exits = exits.iter().map(|e| *e != 0).collect();
    Closures { leaves, ends, exits, aborts: aborts(graph, &reverse) }
}

/// States all of whose futures abort the process, or may: the least set that holds the aborted ones, those in
/// which somebody is about to do that, those from which it was not explored, and those all of whose successors
/// are in it.
fn aborts(graph: &Graph, reverse: &Reverse<'_>) -> Vec<bool> {
    let mut left = vec![0u32; graph.nodes.len()];
    graph.edges.iter().for_each(|e| left[e.from as usize] += 1);
    let ended = graph.nodes.iter().map(|s| s.exited || s.may_abort || s.doomed);
    let mut aborts: Vec<bool> = ended.collect();
    let mut todo: Vec<usize> = (0..aborts.len()).filter(|s| aborts[*s]).collect();
    while let Some(state) = todo.pop() {
        for edge in reverse.into(state) {
            let from = edge.from as usize;
            left[from] = left[from].saturating_sub(1);
            if left[from] == 0 && graph.nodes[from].rescued == 0 && !aborts[from] {
                aborts[from] = true;
                todo.push(from);
            }
        }
    }
    aborts
}

/// A set of goroutines of an edge's second state, as goroutines of its first one.
fn pull_back(graph: &Graph, edge: &Edge, set: u64) -> u64 {
    let map = graph.map(edge).iter().enumerate();
    map.filter(|(_, new)| **new != GONE && set >> **new & 1 != 0).fold(0, |s, (i, _)| s | 1 << i)
}

/// Edges by their second state.
struct Reverse<'a> {
    graph: &'a Graph,
    first: Vec<u32>,
    edges: Vec<u32>,
}

impl<'a> Reverse<'a> {
    fn new(graph: &'a Graph) -> Self {
        let mut first = vec![0u32; graph.nodes.len() + 1];
        graph.edges.iter().for_each(|e| first[e.to as usize + 1] += 1);
        for n in 1..first.len() {
            first[n] += first[n - 1];
        }
        let mut at = first.clone();
        let mut edges = vec![0u32; graph.edges.len()];
        for (n, e) in graph.edges.iter().enumerate() {
            edges[at[e.to as usize] as usize] = n as u32;
            at[e.to as usize] += 1;
        }
        Self { graph, first, edges }
    }

    /// The edges into a state.
    fn into(&self, state: usize) -> impl Iterator<Item = &'a Edge> {
        let (from, to) = (self.first[state] as usize, self.first[state + 1] as usize);
        self.edges[from..to].iter().map(|e| &self.graph.edges[*e as usize])
    }

    /// Backward closure of sets by state.
    fn close(&self, start: &[u32], sets: &mut [u64], pull: impl Fn(&Edge, u64) -> u64) {
        let mut todo = start.to_vec();
        let mut queued = vec![true; sets.len()];
        while let Some(state) = todo.pop() {
            queued[state as usize] = false;
            let set = sets[state as usize];
            for edge in self.into(state as usize) {
                let more = pull(edge, set) & !sets[edge.from as usize];
                if more != 0 {
                    sets[edge.from as usize] |= more;
                    if !std::mem::replace(&mut queued[edge.from as usize], true) {
                        todo.push(edge.from);
                    }
                }
            }
        }
    }
}

type LeakKey = (LeakKind, u32, u32, WaitReason);

/// Finds the leaks: one for each operation, entry function and wait. Who lives for ever is shown in a state in which
/// he waits, if there is one on a way that rests on as little.
pub(crate) fn proofs(graph: &Graph, closures: &Closures) -> Vec<Proof> {
    let mut found: Vec<Proof> = Vec::new();
    let mut by_key: FxHashMap<LeakKey, usize> = FxHashMap::default();
    let mut note = |key: LeakKey, state: usize, goroutine: usize| {
        let at = *by_key.entry(key).or_insert(found.len());
        let weight = |state: usize, goroutine: usize| {
            let runs = graph.info(state, goroutine).wait == WaitReason::Running;
            (graph.nodes[state].rests_on.weight(), runs)
        };
        match found.get_mut(at) {
            Some(proof) if proof.state != state => {
                proof.n_states += 1;
                if weight(state, goroutine) < weight(proof.state, proof.goroutine) {
                    (proof.state, proof.goroutine) = (state, goroutine);
                }
            }
            Some(_) => {}
            None => found.push(Proof { kind: key.0, state, goroutine, n_states: 1 }),
        }
    };
    for (s, i) in blocked_pairs(graph, closures) {
        let info = graph.info(s, i);
        note((LeakKind::BlockedForEver, info.point, info.entry, info.wait), s, i);
    }
    let stuck = may_get_stuck(graph, closures);
    for (s, node) in graph.nodes.iter().enumerate() {
        for i in (0..node.n_gors as usize)
            .filter(|_| node.root_ended && !node.exited && !node.main_returned)
        {
            let info = graph.info(s, i);
            let bit = |set: u64| set >> i & 1 != 0;
            if closures.aborts[s] {
                continue;
            }
            if info.counts && bit(closures.leaves[s]) && !bit(closures.ends[s]) && !bit(stuck[s]) {
                note((LeakKind::AliveForEver, info.created, info.entry, WaitReason::Running), s, i);
            }
        }
    }
    found
}

/// States with goroutines that are blocked for ever in them, in order.
fn blocked_pairs(graph: &Graph, closures: &Closures) -> impl Iterator<Item = (usize, usize)> {
    let states = graph.nodes.iter().enumerate();
    states.flat_map(move |(s, node)| {
        (0..node.n_gors as usize)
            .filter(move |i| is_stuck(graph, closures, s, *i))
            .map(move |i| (s, i))
    })
}

/// Whether a goroutine is blocked for ever in a state.
pub(crate) fn is_stuck(graph: &Graph, closures: &Closures, state: usize, i: usize) -> bool {
    graph.info(state, i).counts && closures.leaves[state] >> i & 1 == 0 && !closures.aborts[state]
}

/// Whether in some state all goroutines are blocked for ever, the root among them.
pub(crate) fn deadlock(graph: &Graph, closures: &Closures) -> bool {
    graph.nodes.iter().enumerate().any(|(s, node)| {
        let n = node.n_gors as usize;
        !node.root_ended && n > 0 && (0..n).all(|i| is_stuck(graph, closures, s, i))
    })
}

/// Goroutines that may get blocked for ever.
fn may_get_stuck(graph: &Graph, closures: &Closures) -> Vec<u64> {
    let mut sets = vec![0; graph.nodes.len()];
    for (s, i) in blocked_pairs(graph, closures) {
        sets[s] |= 1 << i;
    }
    let all: Vec<u32> = (0..graph.nodes.len() as u32).collect();
    Reverse::new(graph).close(&all, &mut sets, |edge, set| pull_back(graph, edge, set));
    sets
}

/// Points of the operations that end such a wait somewhere in the graph, in order.
pub(crate) fn rescuers(graph: &Graph, proof: &Proof) -> Vec<u32> {
    let leak = graph.info(proof.state, proof.goroutine);
    let same = |s: usize, i: usize| {
        let info = graph.info(s, i);
        info.point == leak.point && info.entry == leak.entry && info.counts
    };
    let mut found = Vec::new();
    for edge in &graph.edges {
        let (from, to) = (edge.from as usize, edge.to as usize);
        let node = &graph.nodes[from];
        for i in (0..node.n_gors as usize).filter(|i| same(from, *i)) {
            let moves = edge.movers >> i & 1 != 0;
            let new = graph.map(edge)[i];
            let wakes = !moves
                && node.can_move >> i & 1 == 0
                && new != GONE
                && graph.nodes[to].can_move >> new & 1 != 0;
            if !moves && !wakes {
                continue;
            }
            let others =
                (0..node.n_gors as usize).filter(|j| *j != i && edge.movers >> *j & 1 != 0);
            found.extend(others.map(|j| graph.info(from, j).point));
        }
    }
    found.sort_unstable();
    found.dedup();
    found.retain(|p| *p != crate::state::NONE);
    found
}

/// The path to a state that rests on least, from the first one.
pub(crate) fn path(graph: &Graph, state: usize) -> Vec<usize> {
    let mut path = vec![state];
    let mut at = state;
    while graph.nodes[at].parent as usize != at {
        at = graph.nodes[at].parent as usize;
        path.push(at);
    }
    path.reverse();
    path
}
