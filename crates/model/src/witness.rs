//! From a proof to a leak: repeats the shortest schedule and writes down what happens.

use crate::exec::{Chooser, Event, Exec};
use crate::graph::Graph;
use crate::machine::Machine;
use crate::outcome::*;
use crate::program::{FnId, Site};
use crate::state::*;
use crate::verdict::{Closures, Proof, is_stuck, path, rescuers};
use crate::visible::{wait_reason, waited_objects};

/// Describes a proved leak.
pub(crate) fn describe(
    m: &Machine<'_>,
    graph: &Graph,
    closures: &Closures,
    first: &State,
    proof: &Proof,
) -> Leak {
    let path = path(graph, proof.state);
    let replay = replay(m, graph, &path, first);
    let last = &replay.last;
    let g = &last.gs[proof.goroutine];
    let node = &graph.nodes[proof.state];
    let info = graph.info(proof.state, proof.goroutine);
    let mut witness: Vec<Step> = replay.events.iter().map(|e| step(m, e)).collect();
    let doomed_by = doomed_by(graph, closures, &path, &replay, g.number);
    let assumptions = assumptions(m, &replay.events);
    let wait = match proof.kind {
        LeakKind::BlockedForEver => info.wait,
        LeakKind::AliveForEver => WaitReason::Running,
    };
    let mut also_blocked = Vec::new();
    let stuck = (0..node.n_gors as usize).filter(|i| is_stuck(graph, closures, proof.state, *i));
    for other in stuck.filter(|i| *i != proof.goroutine).map(|i| &last.gs[i]) {
        also_blocked.push(Blocked {
            goroutine: other.number,
            entry: entry(other),
            wait: wait_reason(last, other),
            stack: stack(m, other),
            created_by: created_by(m, other),
        });
    }
    let blocks = also_blocked.iter().map(|b| (b.goroutine, b.stack.first(), Action::Block(b.wait)));
    let stack = stack(m, g);
    let own = match proof.kind {
        LeakKind::BlockedForEver => Action::Block(wait),
        LeakKind::AliveForEver => Action::Spin,
    };
    for (goroutine, at, action) in blocks.chain([(g.number, stack.first(), own)]) {
        let (func, site) = at.copied().unwrap_or((entry(g), Site::default()));
        witness.push(Step { goroutine, func, site, action });
    }
    let here = m.statics.location(point(m, g));
    let objects =
        waited_objects(last, g).into_iter().filter_map(|o| place(m, last.heap[o as usize].site));
    let helped =
        replay.helped.iter().filter_map(|(at, met)| Some((m.statics.location(*at)?, *met)));
    let rescuers = match proof.kind {
        LeakKind::BlockedForEver => rescuers(graph, proof),
        LeakKind::AliveForEver => Vec::new(),
    };
    Leak {
        kind: proof.kind,
        goroutine: g.number,
        entry: entry(g),
        wait,
        point: here.unwrap_or(crate::program::Point {
            func: entry(g),
            block: crate::program::BlockId::from_raw(0),
            instr: 0,
        }),
        created_by: created_by(m, g),
        objects: objects.collect(),
        also_blocked,
        witness,
        assumptions,
        doomed_by,
        rescuers: rescuers.into_iter().filter_map(|p| place(m, p)).collect(),
        process_may_end: closures.exits[proof.state],
        root_ended: node.root_ended,
        widened: node.rests_on.widened || may_widen(graph, proof.state),
        helped: helped.collect(),
        alone: is_alone(last, proof.goroutine),
        ends_elsewhere: ends_elsewhere(graph, closures, proof),
        n_states: proof.n_states,
        stack,
    }
}

/// Whether no other goroutine, be it stuck as well, and no package-level variable leads to what a
/// goroutine waits for.
fn is_alone(st: &State, goroutine: usize) -> bool {
    let mut marks = vec![0; st.heap.len()];
    crate::reach::from_globals(st, &mut marks);
    let others = st.gs.iter().enumerate().filter(|(i, _)| *i != goroutine);
    for (_, other) in others.filter(|(_, g)| g.status != Status::Ended) {
        crate::reach::from_goroutine(st, other, &mut marks);
    }
    let waits = waited_objects(st, &st.gs[goroutine]);
    !waits.is_empty() && waits.into_iter().all(|o| marks[o as usize] == 0)
}

/// Whether a goroutine of the same `go` statement can end in some state.
fn ends_elsewhere(graph: &Graph, closures: &Closures, proof: &Proof) -> bool {
    let leak = graph.info(proof.state, proof.goroutine);
    graph.nodes.iter().enumerate().any(|(s, node)| {
        (0..node.n_gors as usize).any(|i| {
            let info = graph.info(s, i);
            let same = info.entry == leak.entry && info.created == leak.created;
            same && closures.ends[s] >> i & 1 != 0
        })
    })
}

/// Whether values are forgotten in something that may follow a state.
fn may_widen(graph: &Graph, state: usize) -> bool {
    if graph.widened.is_empty() {
        return false;
    }
    let mut into: Vec<(u32, u32)> = graph.edges.iter().map(|e| (e.from, e.to)).collect();
    into.sort_unstable();
    let mut seen = vec![false; graph.nodes.len()];
    let mut todo = vec![state as u32];
    seen[state] = true;
    while let Some(at) = todo.pop() {
        if graph.widened.contains_key(&at) {
            return true;
        }
        let first = into.partition_point(|e| e.0 < at);
        for (_, to) in into[first..].iter().take_while(|e| e.0 == at) {
            if !std::mem::replace(&mut seen[*to as usize], true) {
                todo.push(*to);
            }
        }
    }
    false
}

/// A repeated schedule.
struct Replay {
    events: Vec<Event>,
    /// For each state of the path: events before it, and numbers of its goroutines.
    marks: Vec<(usize, Vec<u32>)>,
    /// What came from out of view.
    helped: Vec<(u32, Met)>,
    last: State,
}

fn replay(m: &Machine<'_>, graph: &Graph, path: &[usize], first: &State) -> Replay {
    let numbers = |st: &State| st.gs.iter().map(|g| g.number).collect::<Vec<_>>();
    let mut state = first.clone();
    let mut events = Vec::new();
    let mut marks = vec![(0, numbers(&state))];
    let mut next_number = 1;
    let mut helped = Vec::new();
    let mut canon = crate::canon::Canon::default();
    for id in path.iter().skip(1) {
        let key = &graph.nodes[*id].step;
        let mut chooser = Chooser::replay(&key.picks);
        let mut exec = Exec::new(m, &mut state, &mut chooser);
        exec.events = Some(std::mem::take(&mut events));
        exec.next_number = next_number;
        exec.perform(key.who as usize, key.act);
        next_number = exec.next_number;
        helped.append(&mut exec.helped);
        events = exec.events.take().unwrap_or_default();
        canon.canonicalise(&mut state, m.limits.reduce);
        if let Some(widened) = graph.widened.get(&(*id as u32)) {
            let before = std::mem::replace(&mut state, widened.clone());
            state.gs.iter_mut().zip(&before.gs).for_each(|(g, old)| g.number = old.number);
        }
        marks.push((events.len(), numbers(&state)));
    }
    Replay { events, marks, helped, last: state }
}

/// The step after which the goroutine could not end any more: the last decision, select, return or
/// end among what happened then.
fn doomed_by(
    graph: &Graph,
    closures: &Closures,
    path: &[usize],
    replay: &Replay,
    number: u32,
) -> Option<u32> {
    debug_assert!(path.last().is_none_or(|s| *s < graph.nodes.len()));
    let could_end = |k: usize| match replay.marks[k].1.iter().position(|n| *n == number) {
        Some(i) => closures.ends[path[k]] >> i & 1 != 0,
        None => true,
    };
    let last = (0..path.len()).rev().find(|k| could_end(*k))?;
    let (from, to) = (replay.marks.get(last)?.0, replay.marks.get(last + 1)?.0);
    let events = replay.events.get(from..to)?;
    let decisive = |e: &Event| {
        matches!(
            e.action,
            Action::Branch(_)
                | Action::Select { .. }
                | Action::Return
                | Action::End
                | Action::Panic
        )
    };
    let at = events.iter().rposition(decisive).or(events.len().checked_sub(1))?;
    Some((from + at) as u32)
}

fn assumptions(m: &Machine<'_>, events: &[Event]) -> Vec<Assumption> {
    let all = events.iter().enumerate().filter_map(|(n, e)| match e.action {
        Action::Branch(decision) => {
            Some(Assumption { step: n as u32, origin: place(m, e.origin), decision })
        }
        _ => None,
    });
    all.collect()
}

fn step(m: &Machine<'_>, e: &Event) -> Step {
    let (func, site) = place(m, e.point).unwrap_or((FnId::from_raw(u32::MAX), Site::default()));
    Step { goroutine: e.goroutine, func, site: e.site.unwrap_or(site), action: e.action.clone() }
}

fn place(m: &Machine<'_>, point: u32) -> Option<(FnId, Site)> {
    let at = m.statics.location(point)?;
    Some((at.func, m.program.site(at)))
}

/// The point of the blocked operation.
fn point(m: &Machine<'_>, g: &Gor) -> u32 {
    match (g.pending_point(), g.top()) {
        (NONE, Some(f)) => m.statics.point(f.func, f.block, f.instr),
        (point, _) => point,
    }
}

fn entry(g: &Gor) -> FnId {
    FnId::from_raw(g.entry)
}

fn created_by(m: &Machine<'_>, g: &Gor) -> Option<(FnId, Site)> {
    place(m, g.created)
}

/// Where the goroutine stands, innermost first.
fn stack(m: &Machine<'_>, g: &Gor) -> Vec<(FnId, Site)> {
    let mut all: Vec<(FnId, Site)> = Vec::new();
    for (n, f) in g.frames.iter().enumerate() {
        let mut at = m.statics.point(f.func, f.block, f.instr);
        let top = n + 1 == g.frames.len();
        if top && g.pending_point() != NONE {
            at = g.pending_point();
        }
        all.extend(place(m, at));
    }
    all.reverse();
    if all.is_empty() {
        all.extend(place(m, g.created));
    }
    all
}
