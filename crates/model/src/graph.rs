//! The state graph: breadth-first exploration, with partial-order reduction.

use crate::canon::{Canon, Key};
use crate::exec::{Chooser, Exec, RestsOn};
use crate::machine::Machine;
use crate::outcome::{ArgSpec, Escaped, Inconclusive, WaitReason};
use crate::por::Independence;
use crate::program::*;
use crate::reach;
use crate::shared::Shared;
use crate::state::*;
use crate::statics::Ops;
use crate::value::Value;
use crate::visible::{Act, moves, wait_reason};
use crate::widen::Widening;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use std::collections::{BTreeMap, VecDeque};

/// The position of a goroutine that has ended.
pub(crate) const GONE: u8 = u8::MAX;

/// All that was explored.
#[derive(Default)]
pub(crate) struct Graph {
    pub(crate) nodes: Vec<Node>,
    pub(crate) infos: Vec<Info>,
    pub(crate) edges: Vec<Edge>,
    /// New positions of the goroutines of an edge's first state.
    pub(crate) maps: Vec<u8>,
    pub(crate) inconclusive: Option<Inconclusive>,
    /// Points where an error ended the process, in order of discovery.
    pub(crate) crashes: Vec<u32>,
    /// States in which values were forgotten, as they are afterwards.
    pub(crate) widened: FxHashMap<u32, State>,
    /// Points where objects were made that left view.
    pub(crate) escaped: std::collections::BTreeSet<(u32, Escaped)>,
}

/// A state.
pub(crate) struct Node {
    /// The state it was reached from on the way that rests on least; itself for the first one.
    pub(crate) parent: u32,
    /// What that way rests on.
    pub(crate) rests_on: RestsOn,
    /// The step from there.
    pub(crate) step: StepKey,
    /// Its goroutines in [`Graph::infos`].
    pub(crate) first_info: u32,
    pub(crate) n_gors: u8,
    pub(crate) root_ended: bool,
    /// The process has ended here.
    pub(crate) exited: bool,
    /// It has ended because the main function returned.
    pub(crate) main_returned: bool,
    /// Somebody can go on whatever the others do, and ends the process by that.
    pub(crate) doomed: bool,
    /// Unexplored futures may all end the process.
    pub(crate) may_abort: bool,
    /// Goroutines that unexplored futures may wake or end.
    pub(crate) rescued: u64,
    /// Goroutines that can make a move (complete for expanded states).
    pub(crate) can_move: u64,
}

/// A step that can be repeated.
#[derive(Clone)]
pub(crate) struct StepKey {
    pub(crate) who: u8,
    pub(crate) act: Act,
    pub(crate) picks: Box<[u32]>,
}

/// A goroutine in a state.
#[derive(Clone, Copy)]
pub(crate) struct Info {
    pub(crate) point: u32,
    pub(crate) entry: u32,
    pub(crate) created: u32,
    pub(crate) wait: WaitReason,
    /// Neither dormant nor parked.
    pub(crate) counts: bool,
}

/// A transition.
pub(crate) struct Edge {
    pub(crate) from: u32,
    pub(crate) to: u32,
    /// Goroutines that complete their operation.
    pub(crate) movers: u64,
    pub(crate) map: u32,
}

impl Graph {
    /// The new position of each goroutine of the edge's first state.
    pub(crate) fn map(&self, edge: &Edge) -> &[u8] {
        let n = self.nodes[edge.from as usize].n_gors as usize;
        &self.maps[edge.map as usize..edge.map as usize + n]
    }

    /// A goroutine of a state.
    pub(crate) fn info(&self, state: usize, i: usize) -> &Info {
        &self.infos[self.nodes[state].first_info as usize + i]
    }
}

/// The state in which only the root exists, about to start.
pub(crate) fn first_state(m: &Machine<'_>, root: FnId, args: &[ArgSpec]) -> State {
    let mut st = State::default();
    st.gs.push(Gor {
        entry: root.index() as u32,
        created: NONE,
        status: Status::Alive,
        frames: Shared::default(),
        slots: Shared::default(),
        pending: Pending::None,
        panic: None,
        before: 0,
        number: 0,
    });
    let mut chooser = Chooser::default();
    let mut exec = Exec::new(m, &mut st, &mut chooser);
    let mut values = Vec::new();
    for arg in args {
        values.push(argument(&mut exec, arg));
    }
    let n_in = m.program.functions.get(root).map_or(0, |f| f.n_captures + f.n_params);
    while values.len() < n_in as usize {
        values.push(exec.fresh(NONE, UnknownKind::Any));
    }
    for global in &m.program.globals {
        let value = match &global.init {
            GlobalInit::Const(c) => argument(&mut exec, &ArgSpec::Const(*c)),
            GlobalInit::Func(f) => Value::func(*f),
            GlobalInit::Unknown(kind) => exec.fresh(NONE, *kind),
            GlobalInit::Object(kind) => exec.alloc_kind(0, kind).unwrap_or_default(),
            GlobalInit::OpenObject(kind) => exec.alloc_open(0, *kind).unwrap_or_default(),
        };
        exec.st.globals.push(value);
    }
    exec.push_frame(0, root, values, FrameKind::Entry);
    st.gs[0].pending = Pending::Interrupted;
    Canon::default().canonicalise(&mut st, false);
    st
}

fn argument(exec: &mut Exec<'_, '_>, arg: &ArgSpec) -> Value {
    match arg {
        ArgSpec::Unknown(kind) => exec.fresh(NONE, *kind),
        ArgSpec::Const(c) => {
            Value::constant(*c).unwrap_or_else(|| exec.fresh(NONE, UnknownKind::NonNil))
        }
        ArgSpec::Func(f) => Value::func(*f),
        ArgSpec::Open(kind) => exec.alloc_open(0, *kind).unwrap_or_default(),
    }
}

/// Explores from a first state.
pub(crate) fn build(m: &Machine<'_>, first: State) -> Graph {
    let mut first = first;
    let mut canon = Canon::default();
    let key = canon.canonicalise(&mut first, false);
    let mut builder = Builder {
        m,
        graph: Graph::default(),
        seen: FxHashMap::default(),
        queue: VecDeque::new(),
        reduced: BTreeMap::new(),
        moves: Vec::new(),
        canon,
        widening: Widening::default(),
        work: 0,
    };
    let step = StepKey { who: 0, act: Act::Default, picks: Box::default() };
    builder.add(first, key, 0, step, RestsOn::default());
    loop {
        while let Some((id, state)) = builder.queue.pop_front() {
            match builder.is_spent() {
                true => builder.frontier(id, &state),
                false => builder.expand(id, &state),
            }
        }
        if !builder.break_circles() {
            return builder.graph;
        }
    }
}

struct Builder<'a, 'p> {
    m: &'a Machine<'p>,
    graph: Graph,
    seen: FxHashMap<Key, u32>,
    queue: VecDeque<(u32, State)>,
    /// States from which only one goroutine went on.
    reduced: BTreeMap<u32, Reduced>,
    moves: Vec<(usize, Vec<Act>)>,
    canon: Canon,
    widening: Widening,
    /// Instructions executed so far.
    work: u64,
}

/// A state from which only one goroutine went on.
struct Reduced {
    state: State,
    /// The goroutines whose moves were performed, as a set.
    done: u64,
    /// The states that the one goroutine led to.
    next: Vec<u32>,
}

/// What the steps of one goroutine from a state did.
#[derive(Default)]
struct Steps {
    effects: Vec<(u32, Ops)>,
    /// The states they lead to.
    next: Vec<u32>,
    /// Whether the process goes on after some of them.
    goes_on: bool,
}

impl Builder<'_, '_> {
    fn cut(&mut self, why: Inconclusive) {
        let now = &mut self.graph.inconclusive;
        *now = Some(now.map_or(why, |c| c.min(why)));
    }

    fn add(
        &mut self,
        state: State,
        key: Key,
        parent: u32,
        step: StepKey,
        rests_on: RestsOn,
    ) -> u32 {
        if let Some(&id) = self.seen.get(&key) {
            // A state is never lighter than the one it was reached from, so parents form no circle.
            let node = &mut self.graph.nodes[id as usize];
            if rests_on.weight() < node.rests_on.weight() {
                (node.parent, node.step, node.rests_on) = (parent, step, rests_on);
            }
            return id;
        }
        let id = self.graph.nodes.len() as u32;
        self.seen.insert(key, id);
        self.graph.nodes.push(Node {
            parent,
            rests_on,
            step,
            first_info: self.graph.infos.len() as u32,
            n_gors: state.gs.len() as u8,
            root_ended: state.root_ended,
            exited: state.exited,
            main_returned: state.main_returned,
            doomed: false,
            may_abort: false,
            rescued: 0,
            can_move: 0,
        });
        self.graph.infos.extend(state.gs.iter().map(|g| Info {
            point: g.pending_point(),
            entry: g.entry,
            created: g.created,
            wait: wait_reason(&state, g),
            counts: g.status == Status::Alive,
        }));
        self.queue.push_back((id, state));
        id
    }

    /// Lists the moves of all goroutines.
    fn list_moves(&mut self, id: u32, state: &State) {
        self.moves.clear();
        let mut can_move = 0;
        for i in 0..state.gs.len() {
            let mut acts = Vec::new();
            moves(state, i, &mut acts);
            if acts.iter().any(|a| *a != Act::Phase) {
                can_move |= 1 << i;
            }
            self.moves.push((i, acts));
        }
        self.graph.nodes[id as usize].can_move = can_move;
    }

    /// A state whose futures are not explored: all that can move is taken to do anything.
    fn frontier(&mut self, id: u32, state: &State) {
        self.list_moves(id, state);
        let parked = parked(state);
        let active =
            self.moves.iter().filter(|m| !m.1.is_empty()).fold(parked, |a, m| a | 1 << m.0);
        self.unexplored(id, state, active);
    }

    /// What the futures of a state may do in which some goroutines do what is not explored.
    fn unexplored(&mut self, id: u32, state: &State, active: u64) {
        let node = &mut self.graph.nodes[id as usize];
        node.rescued |= reach::wakeable(self.m, state, active);
        node.may_abort = reach::may_abort(self.m, state, node.rescued);
    }

    fn expand(&mut self, id: u32, state: &State) {
        self.list_moves(id, state);
        let mut cut = parked(state);
        let mut done = 0;
        let reduce = self.m.limits.reduce && state.gs.len() > 1;
        if !reduce || !self.group(id, state, &mut done, &mut cut) {
            self.others(id, state, done, &mut cut);
        }
        if cut != 0 {
            self.unexplored(id, state, cut);
        }
    }

    /// Performs the moves of groups of goroutines that those outside cannot disturb, the smallest first, until
    /// those of one stand for all that can happen. Whether there is one.
    fn group(&mut self, id: u32, state: &State, done: &mut u64, cut: &mut u64) -> bool {
        let independence = Independence::new(self.m, state);
        let all = std::mem::take(&mut self.moves);
        let groups = groups(&independence, &all);
        let mut steps: Vec<Option<Steps>> = all.iter().map(|_| None).collect();
        let mut found = false;
        for group in groups {
            let (mut effects, mut next, mut goes_on) = (Vec::new(), Vec::new(), false);
            for (i, acts) in all.iter().filter(|m| group >> m.0 & 1 != 0) {
                let moves = once(acts);
                let steps = steps[*i].get_or_insert_with(|| self.steps(id, state, *i, &moves, cut));
                effects.extend_from_slice(&steps.effects);
                next.extend_from_slice(&steps.next);
                goes_on |= steps.goes_on;
                *done |= 1 << i;
            }
            let alone =
                |m: &(usize, Vec<Act>)| group == 1 << m.0 && independence.is_alone(m.0, &m.1);
            if !goes_on {
                if all.iter().any(alone) {
                    self.doom(id);
                    found = true;
                }
            } else if !next.contains(&id) && independence.tolerates(group, &effects) {
                let (state, done) = (state.clone(), *done);
                self.reduced.insert(id, Reduced { state, done, next });
                found = true;
            }
            if found {
                break;
            }
        }
        self.moves = all;
        found
    }

    /// Performs the listed moves of all goroutines but those that are done.
    fn others(&mut self, id: u32, state: &State, done: u64, cut: &mut u64) {
        let all = std::mem::take(&mut self.moves);
        let mut last = Vec::new();
        for (i, acts) in all.iter().filter(|m| done >> m.0 & 1 == 0) {
            let moves = once(acts);
            let steps = self.steps(id, state, *i, &moves, cut);
            if !moves.is_empty() && !steps.goes_on {
                last.push((*i, acts));
            }
        }
        if !last.is_empty() {
            let independence = Independence::new(self.m, state);
            if last.iter().any(|(i, acts)| independence.is_alone(*i, acts)) {
                self.doom(id);
            }
        }
        self.moves = all;
    }

    /// Somebody ends the process, whatever the others do; what they could still do until then is not looked at.
    fn doom(&mut self, id: u32) {
        let node = &mut self.graph.nodes[id as usize];
        (node.doomed, node.rescued) = (true, !0);
    }

    /// Where one goroutine at a time went round in a circle, the others were put off for ever: in one state
    /// of each circle they go on too. Whether there was one.
    fn break_circles(&mut self) -> bool {
        let ends = self.ends_of_circles();
        for id in &ends {
            let Some(Reduced { state, done, .. }) = self.reduced.remove(id) else { continue };
            if self.is_spent() {
                self.frontier(*id, &state);
                continue;
            }
            self.list_moves(*id, &state);
            let mut cut = 0;
            self.others(*id, &state, done, &mut cut);
            if cut != 0 {
                self.unexplored(*id, &state, cut | parked(&state));
            }
        }
        !ends.is_empty()
    }

    /// The last states of circles among those from which only one goroutine went on: without them there are
    /// none.
    fn ends_of_circles(&self) -> Vec<u32> {
        let (mut ends, mut seen) = (Vec::new(), FxHashSet::default());
        let mut on_way: FxHashSet<u32> = FxHashSet::default();
        for &first in self.reduced.keys() {
            if !seen.insert(first) {
                continue;
            }
            on_way.insert(first);
            let mut way = vec![(first, 0)];
            while let Some((id, at)) = way.last_mut() {
                let next = self.reduced.get(id).and_then(|r| r.next.get(*at));
                *at += 1;
                match next {
                    Some(to) if on_way.contains(to) => {
                        ends.push(*id);
                        on_way.remove(id);
                        way.pop();
                    }
                    Some(to) if self.reduced.contains_key(to) && seen.insert(*to) => {
                        on_way.insert(*to);
                        way.push((*to, 0));
                    }
                    Some(_) => {}
                    None => {
                        on_way.remove(id);
                        way.pop();
                    }
                }
            }
        }
        ends.sort_unstable();
        ends
    }

    /// Whether no more states are to be expanded.
    fn is_spent(&mut self) -> bool {
        let limits = &self.m.limits;
        if self.graph.nodes.len() as u32 > limits.states || self.work > limits.instructions {
            self.cut(Inconclusive::States);
        }
        self.graph.inconclusive == Some(Inconclusive::States)
    }

    /// Performs the moves of one goroutine, in every way they may go.
    fn steps(&mut self, id: u32, state: &State, i: usize, acts: &[Act], cut: &mut u64) -> Steps {
        let mut steps = Steps::default();
        for act in acts {
            let mut chooser = Chooser::default();
            let mut n = 0;
            loop {
                self.step(id, state, i, *act, &mut chooser, &mut steps);
                n += 1;
                if !chooser.advance() {
                    break;
                }
                if n >= self.m.limits.branches_per_step {
                    self.cut(Inconclusive::Branches);
                    *cut |= 1 << i;
                    break;
                }
            }
        }
        steps
    }

    fn step(
        &mut self,
        id: u32,
        state: &State,
        i: usize,
        act: Act,
        chooser: &mut Chooser,
        steps: &mut Steps,
    ) {
        let mut next = state.clone();
        next.gs.iter_mut().enumerate().for_each(|(n, g)| g.before = n as u32);
        let mut exec = Exec::new(self.m, &mut next, chooser);
        exec.perform(i, act);
        let (why, crash) = (exec.cut, exec.crash);
        let mut rests_on = self.graph.nodes[id as usize].rests_on.then(exec.rests_on);
        self.work += exec.work + 1;
        self.graph.escaped.extend(exec.escaped.drain(..));
        steps.effects.append(&mut exec.effects);
        if let Some(why) = why {
            self.cut(why);
        }
        if let Some(point) = crash
            && !self.graph.crashes.contains(&point)
        {
            self.graph.crashes.push(point);
        }
        let mut movers = if act == Act::Phase { 0 } else { 1 << i };
        if let Act::Meet { with, .. } = act {
            movers |= 1 << with;
        }
        let mut key = self.canon.canonicalise(&mut next, self.m.limits.reduce);
        let mut widened = None;
        if self.m.limits.alike > 0
            && let Some(wide) = self.widening.widen(&mut next, self.m.limits.alike, &mut self.canon)
        {
            rests_on.widened = true;
            widened = Some(next.clone());
            key = wide;
        }
        steps.goes_on |= !next.exited;
        let map_at = self.graph.maps.len();
        self.graph.maps.resize(map_at + state.gs.len(), GONE);
        for (new, g) in next.gs.iter().enumerate() {
            if let Some(slot) = self.graph.maps[map_at..].get_mut(g.before as usize) {
                *slot = new as u8;
            }
        }
        let step = StepKey { who: i as u8, act, picks: chooser.picks() };
        let to = self.add(next, key, id, step, rests_on);
        if let Some(state) = widened {
            self.graph.widened.entry(to).or_insert(state);
        }
        steps.next.push(to);
        self.graph.edges.push(Edge { from: id, to, movers, map: map_at as u32 });
    }
}

/// The moves of a goroutine but those that are listed for who sends as well.
fn once(acts: &[Act]) -> Vec<Act> {
    acts.iter().filter(|a| !matches!(a, Act::Meet { send: false, .. })).copied().collect()
}

/// Goroutines with moves, as a set.
fn movable(all: &[(usize, Vec<Act>)]) -> u64 {
    all.iter().filter(|m| !m.1.is_empty()).fold(0, |set, m| set | 1 << m.0)
}

/// For each goroutine with moves, the group with it that those outside cannot disturb.
fn movable_groups<'a>(
    independence: &'a Independence<'_, '_>,
    all: &'a [(usize, Vec<Act>)],
) -> impl Iterator<Item = u64> + 'a {
    let movable = all.iter().filter(|m| !m.1.is_empty());
    movable.filter_map(|m| independence.group(m.0, all))
}

/// Groups of goroutines that those outside cannot disturb, while somebody outside can move; the smallest
/// first.
fn groups(independence: &Independence<'_, '_>, all: &[(usize, Vec<Act>)]) -> Vec<u64> {
    let movable = movable(all);
    let mut groups: Vec<u64> = movable_groups(independence, all)
        .filter(|group| group.count_ones() == 1 || movable & !group != 0)
        .collect();
    groups.sort_by_key(|group| (group & movable).count_ones());
    groups.dedup();
    groups
}

fn parked(state: &State) -> u64 {
    let all = state.gs.iter().enumerate().take(64);
    all.filter(|(_, g)| g.status == Status::Parked).fold(0, |set, (i, _)| set | 1 << i)
}
