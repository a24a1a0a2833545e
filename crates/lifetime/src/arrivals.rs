//! Which parameters are given what comes in while the program runs.

use crate::contexts::{Calls, Node};
use crate::facts::{How, Source, Sources};
use stanch_base::{FxHashMap, FxHashSet};

/// A parameter of a function, and what it may be given.
type Slot = (Node, u32, Kind);

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Incoming,
    Unique,
    Fresh,
}

/// The parameters that are given incoming or fresh values.
#[derive(Default)]
pub(crate) struct Arrivals {
    given: FxHashSet<Slot>,
}

impl Arrivals {
    /// Follows arguments along the call graph.
    pub(crate) fn new(calls: &mut Calls<'_>) -> Self {
        let mut next: FxHashMap<(Node, u32), Vec<(Node, u32)>> = FxHashMap::default();
        let mut parts: FxHashMap<(Node, u32), Vec<(Node, u32)>> = FxHashMap::default();
        let mut queue: Vec<Slot> = Vec::new();
        let nodes: Vec<_> = calls.nodes().collect();
        for (node, facts) in nodes {
            if facts.handler {
                queue.extend(
                    (0..2 + u32::from(facts.method.is_some())).map(|p| (node, p, Kind::Incoming)),
                );
            }
            for edge in &facts.edges {
                if edge.args.is_empty() && edge.how != How::Again {
                    continue;
                }
                for to in calls.targets(node, &edge.to) {
                    if edge.how == How::Again {
                        let params = 0..calls.facts(to).n_params;
                        queue.extend(params.map(|p| (to, p, Kind::Incoming)));
                    }
                    for (param, sources) in edge.args.iter().enumerate() {
                        let to = (to, param as u32);
                        for source in sources {
                            match *source {
                                Source::Incoming => queue.push((to.0, to.1, Kind::Incoming)),
                                Source::Unique => queue.push((to.0, to.1, Kind::Unique)),
                                Source::Fresh => queue.push((to.0, to.1, Kind::Fresh)),
                                Source::Param(func, p) => {
                                    next.entry(((node.0, func), p)).or_default().push(to);
                                }
                                Source::Of(func, p) => {
                                    parts.entry(((node.0, func), p)).or_default().push(to);
                                }
                            }
                        }
                    }
                }
            }
        }
        callbacks(calls, &mut |to, node, source| match source {
            Source::Incoming => queue.push((to.0, to.1, Kind::Incoming)),
            Source::Unique => queue.push((to.0, to.1, Kind::Unique)),
            Source::Fresh => queue.push((to.0, to.1, Kind::Fresh)),
            Source::Param(func, p) => next.entry(((node.0, func), p)).or_default().push(to),
            Source::Of(func, p) => parts.entry(((node.0, func), p)).or_default().push(to),
        });
        let mut arrivals = Self::default();
        while let Some(slot) = queue.pop() {
            if !arrivals.given.insert(slot) {
                continue;
            }
            for &(to, param) in next.get(&(slot.0, slot.1)).map_or(&[][..], |v| v) {
                queue.push((to, param, slot.2));
            }
            if slot.2 == Kind::Incoming {
                for &(to, param) in parts.get(&(slot.0, slot.1)).map_or(&[][..], |v| v) {
                    queue.push((to, param, Kind::Incoming));
                }
            }
        }
        arrivals
    }

    /// Whether there can be ever more different values of these sources, whoever calls.
    pub(crate) fn are_own(sources: &[Source]) -> bool {
        sources.iter().any(|s| matches!(s, Source::Incoming | Source::Unique | Source::Fresh))
    }

    /// Whether there can be ever more different values of these sources.
    pub(crate) fn are_many(&self, node: Node, sources: &[Source]) -> bool {
        self.are(node, sources, &[Kind::Incoming, Kind::Unique, Kind::Fresh])
    }

    /// Whether each value of these sources is another one.
    pub(crate) fn are_unique(&self, node: Node, sources: &[Source]) -> bool {
        self.are(node, sources, &[Kind::Unique, Kind::Fresh])
    }

    fn are(&self, node: Node, sources: &[Source], kinds: &[Kind]) -> bool {
        let given = |func: u32, param: u32, kind: Kind| {
            kinds.contains(&kind) && self.given.contains(&((node.0, func), param, kind))
        };
        sources.iter().any(|source| match *source {
            Source::Incoming => kinds.contains(&Kind::Incoming),
            Source::Unique => true,
            Source::Fresh => kinds.contains(&Kind::Fresh),
            Source::Of(func, param) => given(func, param, Kind::Incoming),
            Source::Param(func, param) => {
                [Kind::Incoming, Kind::Unique, Kind::Fresh].iter().any(|&k| given(func, param, k))
            }
        })
    }
}

/// A function that calls a parameter, and what with.
type Called<'c> = (Node, &'c [Sources]);

/// Tells what functions that are given as arguments are called with: the parameter, the caller, the source.
fn callbacks(calls: &mut Calls<'_>, tell: &mut impl FnMut((Node, u32), Node, Source)) {
    let mut called: FxHashMap<(Node, u32), Vec<Called<'_>>> = FxHashMap::default();
    let nodes: Vec<_> = calls.nodes().collect();
    for &(node, facts) in &nodes {
        for callback in facts.callbacks.iter().filter(|c| !c.args.is_empty()) {
            let (func, param) = callback.param;
            called.entry(((node.0, func), param)).or_default().push((node, &callback.args));
        }
    }
    for (node, facts) in nodes {
        for bound in &facts.bound {
            let Some(to) = calls.node(node.0, bound.to) else { continue };
            let Some(uses) = called.get(&(to, bound.param)) else { continue };
            for function in calls.targets(node, &bound.function) {
                for &(caller, args) in uses {
                    for (number, sources) in args.iter().enumerate() {
                        let param = number as u32 + u32::from(bound.method);
                        for &source in sources {
                            tell((function, param), caller, source);
                        }
                    }
                }
            }
        }
    }
}
