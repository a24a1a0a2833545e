//! What makes the states of an exploration many.

use crate::graph::Graph;
use crate::outcome::{Breadth, Goroutines};
use crate::program::FnId;
use stanch_base::{FxHashSet, Idx};
use std::collections::BTreeMap;

/// Counts where the goroutines of the states are.
pub(crate) fn of(graph: &Graph) -> Breadth {
    let mut places: FxHashSet<Vec<(u32, u32)>> = FxHashSet::default();
    let mut by_entry: BTreeMap<u32, (u32, FxHashSet<u32>)> = BTreeMap::new();
    for (state, node) in graph.nodes.iter().enumerate() {
        let mut all: Vec<(u32, u32)> = (0..node.n_gors as usize)
            .map(|i| graph.info(state, i))
            .map(|info| (info.entry, info.point))
            .collect();
        all.sort_unstable();
        for kind in all.chunk_by(|a, b| a.0 == b.0) {
            let (at_once, points) = by_entry.entry(kind[0].0).or_default();
            *at_once = (*at_once).max(kind.len() as u32);
            points.extend(kind.iter().map(|g| g.1));
        }
        places.insert(all);
    }
    let goroutines = by_entry.into_iter().map(|(entry, (at_once, points))| Goroutines {
        entry: FnId::from_usize(entry as usize),
        at_once,
        places: points.len() as u32,
    });
    Breadth { places: places.len() as u32, goroutines: goroutines.collect() }
}
