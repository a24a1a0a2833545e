//! The state graph: breadth-first exploration, with partial-order reduction.

use crate::canon::{Canon, Key};
use crate::exec::{Chooser, Exec, RestsOn};
use crate::machine::Machine;
use crate::outcome::{ArgSpec, Escaped, Inconclusive, WaitReason};
use crate::program::*;
use crate::reach;
use crate::shared::Shared;
use crate::state::*;
use crate::value::Value;
use crate::visible::{Act, moves, wait_reason};
use crate::widen::Widening;
use stanch_base::{FxHashMap, Idx};
use std::collections::VecDeque;

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
        expanded: Vec::new(),
        moves: Vec::new(),
        canon,
        widening: Widening::default(),
        work: 0,
    };
    let step = StepKey { who: 0, act: Act::Default, picks: Box::default() };
    builder.add(first, key, 0, step, RestsOn::default());
    while let Some((id, state)) = builder.queue.pop_front() {
        let spent = builder.work > m.limits.instructions;
        if builder.expanded.len() as u32 > m.limits.states || spent {
            builder.cut(Inconclusive::States);
        }
        if builder.graph.inconclusive == Some(Inconclusive::States) {
            builder.frontier(id, &state);
        } else {
            builder.expand(id, &state);
        }
    }
    builder.graph
}

struct Builder<'a, 'p> {
    m: &'a Machine<'p>,
    graph: Graph,
    seen: FxHashMap<Key, u32>,
    queue: VecDeque<(u32, State)>,
    expanded: Vec<bool>,
    moves: Vec<(usize, Vec<Act>)>,
    canon: Canon,
    widening: Widening,
    /// Instructions executed so far.
    work: u64,
}

/// What the steps of one goroutine from a state did.
#[derive(Default)]
struct Steps {
    effects: Vec<(u32, u32)>,
    exits: bool,
    /// Some successor was explored before: going on only this way might go round in circles.
    back: bool,
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
        self.expanded.push(false);
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
        node.rescued = reach::wakeable(self.m, state, active);
        node.may_abort = reach::may_abort(self.m, state, node.rescued);
    }

    fn expand(&mut self, id: u32, state: &State) {
        self.list_moves(id, state);
        self.expanded[id as usize] = true;
        let mut cut = parked(state);
        let all = std::mem::take(&mut self.moves);
        let mut done = 0u64;
        let mut reduced = false;
        if self.m.limits.reduce && state.gs.len() > 1 {
            let independence = crate::por::Independence::new(self.m, state);
            for (i, acts) in &all {
                if acts.is_empty() || !independence.allows(state, *i, acts) {
                    continue;
                }
                let steps = self.steps(id, state, *i, acts, &mut cut);
                done |= 1 << i;
                if !steps.exits && !steps.back && independence.tolerates(*i, &steps.effects) {
                    reduced = true;
                    break;
                }
            }
        }
        for (i, acts) in &all {
            if !reduced && done >> i & 1 == 0 {
                let acts: Vec<Act> = acts
                    .iter()
                    .filter(|a| !matches!(a, Act::Meet { send: false, .. }))
                    .copied()
                    .collect();
                self.steps(id, state, *i, &acts, &mut cut);
            }
        }
        self.moves = all;
        if cut != 0 {
            self.unexplored(id, state, cut);
        }
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
        steps.exits |= next.exited;
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
        steps.back |= self.expanded[to as usize];
        self.graph.edges.push(Edge { from: id, to, movers, map: map_at as u32 });
    }
}

fn parked(state: &State) -> u64 {
    let all = state.gs.iter().enumerate().take(64);
    all.filter(|(_, g)| g.status == Status::Parked).fold(0, |set, (i, _)| set | 1 << i)
}
