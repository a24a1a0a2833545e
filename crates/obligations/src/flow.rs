//! Runs a function: states by block until nothing changes, then what its exits show.

use crate::exec::Run;
use crate::inferred::Act;
use crate::package::successors;
use crate::report::{Step, StepKind};
use crate::state::{Detail, Held, Marks, Signature, State};
use crate::term::{Number, Part, PlaceId, Root, Term, TermId};
use crate::visit;
use stanch_base::{Idx, IndexVec};
use stanch_ir::{Block, BlockId, Func, LocalId, Span, Terminator};
use stanch_syntax::ast::BinaryOp;
use stanch_types::TypeId;
use std::collections::BTreeSet;

/// A state at a return.
pub(crate) struct Exit {
    pub(crate) state: State,
    pub(crate) span: Span,
    /// Values of the results; what is only known to be something has no other name.
    pub(crate) results: Vec<TermId>,
    /// The same, each by its name.
    pub(crate) objects: Vec<TermId>,
    /// Positions of results that were read from memory: somebody else has them.
    pub(crate) read: Vec<usize>,
    /// Which results are requests that ask for no body.
    pub(crate) bodiless: Vec<bool>,
}

/// Most states that owe the same and are kept apart at a block, in functions of at most so many
/// blocks; in larger ones they are joined at once.
const APART: [(usize, usize); 2] = [(40, 4), (120, 2)];
/// Most combinations of what is owed that are followed at a block.
const MAX_GROUPS: usize = 24;
/// Most block executions of one function, for each block and on top.
const VISITS: (usize, usize) = (24, 200);
/// Most instructions run, once for each state, for each instruction of the function and on top.
const STEPS: (usize, usize) = (20, 2000);
/// Most terms and places of one function.
const MAX_TERMS: usize = 30_000;
/// Most different ways out of one function: each is compared with the others.
const MAX_EXITS: usize = 400;
/// Most states within a block that owe different things: each call may double them.
const MAX_WITHIN: usize = 64;

/// Within a block, more states than this are joined where they owe the same.
const CROWD: usize = 6;
/// Values joined within a block are named as if by groups from this number on.
const THINNED: u32 = 1 << 16;
/// The same among deferred calls that run.
pub(crate) const DEFERRED: u32 = 1 << 24;

struct Group {
    signature: Signature,
    states: Vec<State>,
}

struct Shape {
    /// Position in reverse postorder.
    order: IndexVec<BlockId, u32>,
    /// Locals alive at the start of each block.
    live: IndexVec<BlockId, Locals>,
    /// Most states that owe the same and are kept apart.
    apart: usize,
}

impl<'a> Run<'a, '_> {
    /// All exits, or `None` if the function is too much.
    pub(crate) fn explore(&mut self) -> Option<Vec<Exit>> {
        let func = self.func;
        let entry = func.blocks.ids().next()?;
        let apart = match self.detail {
            Detail::Fine => APART.iter().find(|(n, _)| func.blocks.len() <= *n),
            Detail::Rough => None,
        };
        let apart = apart.map_or(1, |&(_, apart)| apart);
        let shape = Shape { order: reverse_postorder(func), live: liveness(func), apart };
        let mut groups: IndexVec<BlockId, Vec<Group>> =
            func.blocks.iter().map(|_| Vec::new()).collect();
        let mut work: BTreeSet<(u32, BlockId, usize, usize)> = BTreeSet::new();
        let mut marks = Marks::default();
        let mut exits = Vec::new();
        let beginning = self.beginning();
        self.arrive(beginning, entry, &shape, &mut groups, &mut work)?;
        let n_instrs: usize = func.blocks.iter().map(|block| block.instrs.len() + 1).sum();
        let most_steps = STEPS.0 * n_instrs + STEPS.1;
        let mut visits = VISITS.0 * func.blocks.len() + VISITS.1;
        while let Some((order, id, group, index)) = work.pop_first() {
            visits = visits.checked_sub(1)?;
            if self.crowded
                || self.steps > most_steps
                || self.arena.len() > MAX_TERMS
                || exits.len() > MAX_EXITS
            {
                return None;
            }
            let state = groups[id].get(group)?.states.get(index)?.clone();
            for (next, mut state) in self.block(state, id, &mut exits) {
                self.leave_loop(&mut state, id, next);
                let live = &shape.live[next];
                state.prune(&self.arena, &mut marks, &|local| !live.contains(local));
                if shape.order[next] <= order {
                    self.back_edge(&mut state, func.blocks[id].term_span);
                }
                self.arrive(state, next, &shape, &mut groups, &mut work)?;
            }
        }
        (!self.crowded).then_some(exits)
    }

    /// Adds a state at a block, joined to those that owe the same if there are many.
    fn arrive(
        &mut self,
        state: State,
        id: BlockId,
        shape: &Shape,
        groups: &mut IndexVec<BlockId, Vec<Group>>,
        work: &mut BTreeSet<(u32, BlockId, usize, usize)>,
    ) -> Option<()> {
        let (arena, detail) = (&self.arena, self.detail);
        let here = &mut groups[id];
        let known = here.iter().position(|g| state.has_signature(arena, detail, &g.signature));
        let number = match known {
            Some(number) => number,
            None if here.len() >= MAX_GROUPS => return None,
            None => {
                let signature = state.signature(arena, detail);
                here.push(Group { signature, states: Vec::new() });
                here.len() - 1
            }
        };
        let states = &mut here[number].states;
        if let Some(at) = states.iter().position(|s| s.same(&state)) {
            if states[at].trace.doubts.join(&state.trace.doubts) {
                work.insert((shape.order[id], id, number, at));
            }
            return Some(());
        }
        if states.len() < shape.apart {
            states.push(state);
        } else if let Some(last) = states.last_mut() {
            let before = last.clone();
            last.merge(&mut self.arena, &state, id, number as u32);
            let doubts = last.trace.doubts == before.trace.doubts;
            if last.same(&before) && last.held == before.held && doubts {
                return Some(());
            }
        }
        work.insert((shape.order[id], id, number, states.len() - 1));
        Some(())
    }

    /// A turn of a loop is over: a lock of an object that only this turn knew is lost from sight.
    fn back_edge(&mut self, state: &mut State, at: Span) {
        let arena = &self.arena;
        // What a deferred call has got is known until the end.
        let deferred = state.defers.iter().flat_map(|d| d.args.iter().chain(&d.callee));
        let values = state.mem.values().chain(state.epochs.values()).chain(deferred);
        let known: BTreeSet<TermId> =
            values.flat_map(|&term| arena.leaves(term).iter().copied()).collect();
        let merged = |leaf: &TermId| matches!(arena.get(*leaf), Term::Phi(..));
        let nameable = |lock: PlaceId| {
            arena.place_leaves(lock).iter().all(|leaf| merged(leaf) || known.contains(leaf))
        };
        let left: Vec<Held> = state.held.iter().filter(|h| !nameable(h.lock)).cloned().collect();
        state.held.retain(|h| nameable(h.lock));
        state.slots.retain(|s| nameable(s.of));
        state.slots_given.retain(|&of| nameable(of));
        state.released.retain(|&(lock, _)| nameable(lock));
        state.takes.retain(|&(lock, _), _| nameable(lock));
        state.calls.retain(|call| call.held.iter().all(|&(lock, ..)| nameable(lock)));
        for held in &left {
            self.note_turn(state, held, at);
        }
    }

    /// Runs a block; the states with the blocks they go to.
    fn block(&mut self, state: State, id: BlockId, exits: &mut Vec<Exit>) -> Vec<(BlockId, State)> {
        let func = self.func;
        let block = &func.blocks[id];
        self.stale = state.sites_of(&self.arena, id);
        let mut states = vec![state];
        for (index, instr) in block.instrs.iter().enumerate() {
            self.steps += states.len();
            states = self.instr(states, instr, (id, index as u32));
            states = self.few(states, id, THINNED + index as u32);
        }
        let mut next = Vec::new();
        for state in states {
            self.begin((id, block.instrs.len() as u32));
            if block.term == Terminator::Return {
                let exit = self.exit(state, block.term_span);
                let signature = exit.state.signature(&self.arena, self.detail);
                let same = |e: &&mut Exit| {
                    e.span == exit.span
                        && e.results == exit.results
                        && (e.objects == exit.objects || exit.state.held.is_empty())
                        && e.state.takes == exit.state.takes
                        && e.state.facts == exit.state.facts
                        && e.state.held == exit.state.held
                        && e.state.has_signature(&self.arena, self.detail, &signature)
                };
                match exits.iter_mut().find(same) {
                    Some(known) => {
                        known.state.may_have_done(&exit.state);
                        known.state.trace.doubts.join(&exit.state.trace.doubts);
                    }
                    None => exits.push(exit),
                }
            } else if self.recovers && matches!(block.term, Terminator::Panic(_)) {
                self.panicked(state, block.term_span);
            } else {
                self.terminator(state, id, block, &mut next);
            }
        }
        next
    }

    /// The states of one point in a block, joined if there are many; none if too many owe different
    /// things: then the function is given up.
    pub(crate) fn few(
        &mut self,
        mut states: Vec<State>,
        block: BlockId,
        number: u32,
    ) -> Vec<State> {
        if states.len() > CROWD {
            states = self.thin(states, block, number);
        }
        if states.len() > MAX_WITHIN {
            self.crowded = true;
            states.clear();
        }
        states
    }

    /// Joins states of one point in a block that owe the same.
    fn thin(&mut self, states: Vec<State>, block: BlockId, number: u32) -> Vec<State> {
        let mut kept: Vec<(Signature, State)> = Vec::new();
        for state in states {
            let (arena, detail) = (&self.arena, self.detail);
            let other = kept.iter_mut().find(|(s, _)| state.has_signature(arena, detail, s));
            match other {
                Some((_, known)) => known.merge(&mut self.arena, &state, block, number),
                None => kept.push((state.signature(arena, detail), state)),
            }
        }
        kept.into_iter().map(|(_, state)| state).collect()
    }

    pub(crate) fn exit(&mut self, mut state: State, span: Span) -> Exit {
        let mut results = Vec::with_capacity(self.func.results.len());
        let mut objects = Vec::with_capacity(self.func.results.len());
        let mut read = Vec::new();
        let mut bodiless = Vec::new();
        for (i, &local) in self.func.results.iter().enumerate() {
            let place = self.arena.local(local);
            // The caller gets the fields too.
            self.escape_parts(&mut state, place);
            let value = state.load(&mut self.arena, place);
            let mut value = state.resolve(&mut self.arena, value);
            let inner = self.arena.unboxed(value);
            objects.push(inner);
            bodiless.push(self.bodiless.contains(&inner));
            if matches!(self.arena.get(inner), Term::Load(..) | Term::Elem(..)) {
                read.push(i);
            }
            let open = !self.arena.is_non_nil(value) && !self.arena.is_const(value);
            if open && state.nilness(&self.arena, value) == Some(false) {
                value = self.arena.term(Term::NonNil(Number::Count(0)));
            }
            results.push(value);
        }
        state.trace.push(self.step(span, StepKind::Return));
        Exit { state, span, results, objects, read, bodiless }
    }

    fn terminator(
        &mut self,
        state: State,
        id: BlockId,
        block: &'a Block,
        next: &mut Vec<(BlockId, State)>,
    ) {
        match &block.term {
            Terminator::Branch { cond, then, els } => {
                let mut state = state;
                let cond = self.operand(&mut state, cond);
                let open = state.truth(&mut self.arena, cond).is_none();
                for (target, truth) in [(*then, true), (*els, false)] {
                    let mut fork = state.clone();
                    if fork.assume(&mut self.arena, cond, truth) {
                        if open {
                            self.doubt(&mut fork, cond, block.term_span, truth.into());
                        }
                        self.told_over(&mut fork, cond, truth);
                        fork.trace.push(self.step(block.term_span, StepKind::Branch(truth)));
                        next.push((target, fork));
                    }
                }
            }
            Terminator::RangeNext { over, key, value, body, done, .. } => {
                let mut state = state;
                let list = self.peek(&state, over);
                self.look_into(&mut state, list);
                let mut turn = state.clone();
                let first = self.begin_turn(&mut turn, id, over, list);
                if let Some(first) = first {
                    for local in key.iter().chain(value) {
                        self.assign_fresh(&mut turn, *local);
                    }
                    self.note_ranged(&turn, list, *key, *value);
                    self.doubt(&mut turn, list, block.term_span, 2);
                    self.note_element(&turn, over, (*key, *value));
                    self.index_of_turn(&mut turn, over, *key, first);
                    turn.trace.push(self.step(block.term_span, StepKind::Loop(true)));
                    next.push((*body, turn));
                }
                if self.end_turns(&mut state, id, over, list) {
                    if first.is_some() {
                        self.doubt(&mut state, list, block.term_span, 0);
                    }
                    self.over_when_done(&mut state, over, list);
                    state.trace.push(self.step(block.term_span, StepKind::Loop(false)));
                    next.push((*done, state));
                }
            }
            Terminator::Select { arms, default } => {
                let mut state = state;
                self.note_select(&mut state, arms, default.is_some(), block.term_span);
                for arm in arms {
                    if matches!(&arm.op, stanch_ir::SelectOp::Recv { chan, .. } if self.is_unknown_channel(&state, chan))
                    {
                        continue;
                    }
                    let mut fork = state.clone();
                    if let stanch_ir::SelectOp::Send { value, chan } = &arm.op {
                        let sent = self.operand(&mut fork, value);
                        self.escape(&mut fork, sent);
                        self.send_slot(&mut fork, chan, value, arm.span);
                        let chan = self.operand(&mut fork, chan);
                        self.show_channels(&mut fork, chan);
                        self.act_on_value(&mut fork, chan, Act::Send);
                    }
                    if let stanch_ir::SelectOp::Recv { dst, ok, chan } = &arm.op {
                        if dst.is_none() {
                            self.receive_slot(&mut fork, chan, arm.span);
                        }
                        self.came(&mut fork, chan);
                        for local in dst.iter().chain(ok) {
                            self.assign_fresh(&mut fork, *local);
                            self.note_received(&fork, chan, &[*local]);
                        }
                        self.note_open(&fork, chan, *ok);
                    }
                    fork.trace.push(self.step(arm.span, StepKind::Arm));
                    next.push((arm.target, fork));
                }
                if let Some(default) = default {
                    for arm in arms {
                        let (stanch_ir::SelectOp::Recv { chan, .. }
                        | stanch_ir::SelectOp::Send { chan, .. }) = &arm.op;
                        self.doubt_slots(&mut state, chan);
                    }
                    next.push((*default, state));
                }
            }
            Terminator::TypeSwitch { x, cases, default } => {
                let mut state = state;
                let value = self.operand(&mut state, x);
                self.type_switch(&state, value, block.term_span, cases, *default, next);
            }
            Terminator::Goto(target) => {
                let mut state = state;
                self.before_turns(&mut state, id, *target);
                next.push((*target, state));
            }
            Terminator::Return | Terminator::Panic(_) | Terminator::Unreachable => {}
        }
    }

    /// The value is nil where the clause says so, and not nil where it names a type.
    fn type_switch(
        &mut self,
        state: &State,
        value: TermId,
        at: Span,
        cases: &[(Option<TypeId>, BlockId)],
        default: BlockId,
        next: &mut Vec<(BlockId, State)>,
    ) {
        let nil = self.arena.nil();
        let is_nil = self.arena.binary(BinaryOp::Eq, value, nil);
        for (side, &(ty, target)) in (2..).zip(cases) {
            let mut fork = state.clone();
            let known = ty.and_then(|ty| self.holds_type(value, ty));
            let possible = match (ty, known) {
                (_, Some(is)) => is,
                (None, None) => fork.assume(&mut self.arena, is_nil, true),
                (Some(ty), None) => {
                    let is = self.arena.term(Term::Is(value, ty));
                    fork.assume(&mut self.arena, is, true)
                }
            };
            if possible {
                if known.is_none() {
                    self.doubt(&mut fork, value, at, side);
                }
                next.push((target, fork));
            }
            // The first case that holds is taken.
            if known == Some(true) {
                return;
            }
        }
        let mut rest = state.clone();
        self.doubt(&mut rest, value, at, 2 + cases.len() as u32);
        let asks_nil = cases.iter().any(|(ty, _)| ty.is_none());
        if !asks_nil || rest.assume(&mut self.arena, is_nil, false) {
            next.push((default, rest));
        }
    }

    /// The steps of a state's path since the operation at `site`, which comes first.
    pub(crate) fn path_since(&self, state: &State, site: Span) -> Vec<Step> {
        state.trace.since(site)
    }

    /// A held lock as people name it.
    pub(crate) fn lock_name(&self, held: &Held) -> String {
        self.place_name(held.lock).unwrap_or_else(|| "the lock".to_owned())
    }

    /// Whether a lock is known to be a read-write mutex.
    pub(crate) fn is_rw(&self, lock: PlaceId) -> bool {
        let program = self.package.program;
        let ty = self.type_of(lock).or_else(|| match self.arena.data(lock).root {
            Root::Ptr(pointer) => match *self.arena.get(pointer) {
                Term::Load(from, _) => self.type_of(from),
                _ => None,
            },
            Root::Local(_) | Root::Global(_) => None,
        });
        ty.is_some_and(|ty| program.type_string(ty).ends_with("sync.RWMutex"))
    }

    /// A place in the words of the source: `s.mu`. The names of embedded fields that hide in `s.Lock()`
    /// are left out by the checks, which see the text.
    pub(crate) fn place_name(&self, place: PlaceId) -> Option<String> {
        let program = self.package.program;
        let mut parts: Vec<String> = Vec::new();
        let mut place = place;
        for _ in 0..8 {
            let data = self.arena.data(place);
            for part in data.parts.iter().rev() {
                parts.push(match part {
                    Part::Field(field) => format!(".{}", program.object(*field).name),
                    Part::Index(_) => "[…]".to_owned(),
                });
            }
            let name = match data.root {
                Root::Local(local) => self.func.locals.get(local)?.name.to_string(),
                Root::Global(object) => program.object(object).name.to_string(),
                Root::Ptr(pointer) => match *self.arena.get(pointer) {
                    Term::Load(from, _) => {
                        place = from;
                        continue;
                    }
                    _ => return None,
                },
            };
            if name.is_empty() {
                return None;
            }
            parts.push(name);
            parts.reverse();
            return Some(parts.concat());
        }
        None
    }
}

pub(crate) fn reverse_postorder(func: &Func) -> IndexVec<BlockId, u32> {
    let n = func.blocks.len();
    let mut order = IndexVec::from_elem(n as u32, n);
    let mut seen = vec![false; n];
    let mut count = n as u32;
    let mut work: Vec<(BlockId, Vec<BlockId>)> = Vec::new();
    let open = |id: BlockId| {
        let mut next = Vec::new();
        successors(&func.blocks[id].term, &mut |b| next.push(b));
        (id, next)
    };
    if let Some(entry) = func.blocks.ids().next() {
        seen[entry.index()] = true;
        work.push(open(entry));
    }
    while let Some((id, rest)) = work.last_mut() {
        match rest.pop() {
            Some(next) if !std::mem::replace(&mut seen[next.index()], true) => {
                work.push(open(next));
            }
            Some(_) => {}
            None => {
                count -= 1;
                order[*id] = count;
                work.pop();
            }
        }
    }
    order
}

/// The cycle of the graph that each block is in, by number; 0 for blocks that are in none.
pub(crate) fn cycles(func: &Func) -> IndexVec<BlockId, u32> {
    let n = func.blocks.len();
    let order = reverse_postorder(func);
    let mut before: Vec<Vec<BlockId>> = vec![Vec::new(); n];
    for (id, block) in func.blocks.iter_enumerated() {
        successors(&block.term, &mut |next| before[next.index()].push(id));
    }
    let mut cycles = IndexVec::from_elem(0, n);
    let mut sorted: Vec<BlockId> = func.blocks.ids().filter(|&id| order[id] < n as u32).collect();
    sorted.sort_by_key(|&id| order[id]);
    let mut seen = vec![false; n];
    for (number, &start) in (1..).zip(&sorted) {
        // What reaches the first block of a cycle and comes later belongs to the cycle.
        let mut work = vec![start];
        let mut members = Vec::new();
        while let Some(id) = work.pop() {
            if order[id] < order[start] || std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            members.push(id);
            work.extend(&before[id.index()]);
        }
        let turns = members.len() > 1 || before[start.index()].contains(&start);
        for id in members.into_iter().filter(|_| turns) {
            cycles[id] = number;
        }
    }
    cycles
}

/// A set of locals of a function.
#[derive(Clone, PartialEq)]
struct Locals(Box<[u64]>);

impl Locals {
    fn none_of(func: &Func) -> Self {
        Self(vec![0; func.locals.len().div_ceil(64)].into())
    }

    fn insert(&mut self, local: LocalId) {
        self.0[local.index() / 64] |= 1 << (local.index() % 64);
    }

    fn remove(&mut self, local: LocalId) {
        self.0[local.index() / 64] &= !(1 << (local.index() % 64));
    }

    fn contains(&self, local: LocalId) -> bool {
        self.0.get(local.index() / 64).is_some_and(|word| word >> (local.index() % 64) & 1 == 1)
    }

    fn join(&mut self, other: &Self) {
        for (own, theirs) in self.0.iter_mut().zip(&other.0) {
            *own |= theirs;
        }
    }
}

/// The locals that may be read before they are assigned, by block. Variables that closures or
/// pointers share are always alive.
fn liveness(func: &Func) -> IndexVec<BlockId, Locals> {
    let mut always = Locals::none_of(func);
    let shared = |l: &stanch_ir::Local| l.captured_by_ref || l.address_taken;
    let shared = func.locals.iter_enumerated().filter(|(_, l)| shared(l)).map(|(id, _)| id);
    // What the function leaves in a variable that it captures is read by others.
    let captured = func.captures.iter().filter(|c| c.by_ref).map(|c| c.inner);
    let shared = shared.chain(captured).chain(captured_by_value(func));
    for local in shared.chain(func.results.iter().copied()) {
        always.insert(local);
    }
    let mut live: IndexVec<BlockId, Locals> = func.blocks.iter().map(|_| always.clone()).collect();
    let mut predecessors: IndexVec<BlockId, Vec<BlockId>> =
        func.blocks.iter().map(|_| Vec::new()).collect();
    for (id, block) in func.blocks.iter_enumerated() {
        successors(&block.term, &mut |next| predecessors[next].push(id));
    }
    let mut work: BTreeSet<BlockId> = func.blocks.ids().collect();
    while let Some(id) = work.pop_last() {
        let block = &func.blocks[id];
        let mut now = always.clone();
        successors(&block.term, &mut |next| now.join(&live[next]));
        block_liveness(block, &always, &mut now);
        if now != live[id] {
            live[id] = now;
            work.extend(&predecessors[id]);
        }
    }
    live
}

fn block_liveness(block: &Block, always: &Locals, now: &mut Locals) {
    visit::terminator_defs(&block.term, &mut |l| {
        if !always.contains(l) {
            now.remove(l);
        }
    });
    visit::terminator_operands(&block.term, &mut |operand| {
        if let stanch_ir::Operand::Local(l) = operand {
            now.insert(*l);
        }
    });
    for instr in block.instrs.iter().rev() {
        visit::defs(&instr.kind, &mut |l| {
            if !always.contains(l) {
                now.remove(l);
            }
        });
        visit::uses(&instr.kind, &mut |l| now.insert(l));
    }
}

/// Locals that literals of the function capture by value cannot be told from here; every named
/// variable that no instruction of the function reads may be one of them.
fn captured_by_value(func: &Func) -> Vec<LocalId> {
    if func.closures.is_empty() {
        return Vec::new();
    }
    let named = func.locals.iter_enumerated().filter(|(_, l)| !l.name.is_empty());
    named.map(|(id, _)| id).collect()
}
