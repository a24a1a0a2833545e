//! What is known at a point of a path.

use crate::doubts::Doubts;
use crate::inferred::Act;
use crate::report::{LockMode, Step, StepKind};
use crate::slots::Taken;
use crate::sorted::{SharedSet, SortedMap};
use crate::summary::Start;
use crate::term::{Arena, EpochId, Part, PlaceId, Root, Term, TermId};
use stanch_base::Idx;
use stanch_ir::{BlockId, FuncId, LocalId, Span};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ObjectId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// More conditions than this are not kept with a lock.
const MAX_FACTS: usize = 16;

/// Pointers through which a lock is reached that are looked at.
const MAX_STEPS: usize = 8;

/// The state of one path, or of several that owe the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    /// What places were last assigned.
    pub(crate) mem: SortedMap<PlaceId, TermId>,
    /// Places that hold what their object began with.
    pub(crate) begun: SharedSet<PlaceId>,
    /// When places were last invalidated.
    pub(crate) epochs: SortedMap<EpochId, TermId>,
    /// Terms with known constant value; a comparison that is known to be false is one.
    pub(crate) facts: SortedMap<TermId, TermId>,
    /// Locks held, in order of key.
    pub(crate) held: Vec<Held>,
    /// Locks given back that were not taken here.
    pub(crate) released: SharedSet<(PlaceId, LockMode)>,
    /// Locks taken so far that were not given back before, on some of the paths at least.
    pub(crate) takes: SortedMap<(PlaceId, LockMode), Arc<TakeSite>>,
    /// Acquired here and not yet given back or handed on, by creation.
    pub(crate) owed: BTreeMap<Span, Owed>,
    /// Fields of inputs that hold what was owed until it was stored there.
    pub(crate) filled: BTreeMap<PlaceId, Span>,
    /// Inputs (places whose entry value was called or handed on).
    pub(crate) used: SharedSet<PlaceId>,
    /// Places whose entry value was handed on, on some of the paths at least; function values that
    /// are inputs aside.
    pub(crate) touched: SharedSet<PlaceId>,
    /// Calls of inputs, with the locks held meanwhile.
    pub(crate) calls: SharedSet<InputCall>,
    /// What was done to inputs that may end goroutines.
    pub(crate) acts: SharedSet<(PlaceId, Act)>,
    /// Methods of interfaces that were called on inputs, on some of the paths at least.
    pub(crate) asks: Arc<Vec<(PlaceId, ObjectId)>>,
    /// Inputs that got a goroutine which only an act ends, on some of the paths at least.
    pub(crate) starts: SharedSet<(PlaceId, Start)>,
    /// Places taken in wait groups and semaphores, in order.
    pub(crate) slots: Vec<Taken>,
    /// Wait groups and semaphores that got a place back which was not taken here, on all of the paths.
    pub(crate) slots_given: SharedSet<PlaceId>,
    /// Whether a value was sent, on some of the paths at least.
    pub(crate) sent: bool,
    /// Deferred calls, oldest first.
    pub(crate) defers: Vec<Pending>,
    /// Locals that a function value out of sight may read at any time.
    pub(crate) leaky: SharedSet<LocalId>,
    /// New objects that others may know of.
    pub(crate) escaped: SharedSet<TermId>,
    /// Inputs among the function values that were handed on, on some of the paths at least.
    pub(crate) handed: SharedSet<PlaceId>,
    /// What perhaps had to be closed and was, on some of the paths at least.
    pub(crate) closed: SharedSet<Span>,
    /// How the path got here.
    pub(crate) trace: Trace,
}

/// A held lock.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Held {
    pub(crate) lock: PlaceId,
    pub(crate) mode: LockMode,
    /// The operation that took it.
    pub(crate) site: Span,
    /// Whether a deferred call will give it back.
    pub(crate) deferred: bool,
}

/// Where a lock is taken below a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct TakeSite {
    /// Place in the function at hand.
    pub(crate) span: Span,
    /// Functions called from there, each with the place that leads on.
    pub(crate) chain: Arc<[(FuncId, Span)]>,
    /// What was known of the inputs then.
    pub(crate) conditions: SortedMap<TermId, TermId>,
    /// Whether every path on which the conditions hold takes it.
    pub(crate) certain: bool,
    /// Whether it depends on a flag of which a call on the way says nothing.
    pub(crate) guarded: bool,
}

impl TakeSite {
    /// One that stands for another take of the same lock too.
    pub(crate) fn joined(mut site: Arc<Self>, other: &Arc<Self>) -> Arc<Self> {
        if Arc::ptr_eq(&site, other) {
            return site;
        }
        let known = Arc::make_mut(&mut site);
        known.conditions.retain(|term, known| other.conditions.get(term) == Some(known));
        known.certain &= other.certain;
        known.guarded &= other.guarded;
        site
    }

    /// One that stands for a path that did not take it too.
    pub(crate) fn missed(site: &Arc<Self>, facts: &SortedMap<TermId, TermId>) -> Arc<Self> {
        let excluded =
            |(term, known): (&TermId, &TermId)| facts.get(term).is_some_and(|other| other != known);
        let mut site = Arc::clone(site);
        if site.certain && !site.conditions.iter().any(excluded) {
            Arc::make_mut(&mut site).certain = false;
        }
        site
    }
}

/// A call of a function value that is an input.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct InputCall {
    pub(crate) input: PlaceId,
    /// Where it is called, in this function.
    pub(crate) span: Span,
    /// The locks held: which, how, and taken where.
    pub(crate) held: Vec<(PlaceId, LockMode, Span)>,
    /// Flags among the inputs that have these values then.
    pub(crate) flags: Vec<(TermId, TermId)>,
}

/// Something owed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Owed {
    /// Whether a pending deferred call may give it back.
    pub(crate) guarded: bool,
    /// Whether anything outlives the function that it should end: a timer, an entry in a parent, or
    /// code that was given the context.
    pub(crate) exposed: bool,
    /// Whether it was read to its end: a body holds nothing then.
    pub(crate) drained: bool,
}

/// A deferred call with the values at the time of `defer`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pending {
    /// Block and instruction.
    pub(crate) at: (BlockId, u32),
    /// The function value, if it is one.
    pub(crate) callee: Option<TermId>,
    pub(crate) args: Box<[TermId]>,
}

/// A list of steps that shares its beginning with others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    last: Option<Arc<TraceNode>>,
    /// What the whole way rests on.
    pub(crate) doubts: Doubts,
}

#[derive(Debug)]
struct TraceNode {
    step: Step,
    before: Option<Arc<TraceNode>>,
}

impl Drop for TraceNode {
    fn drop(&mut self) {
        // Long lists must not be dropped by recursion.
        let mut next = self.before.take();
        while let Some(node) = next {
            match Arc::try_unwrap(node) {
                Ok(mut node) => next = node.before.take(),
                Err(_) => break,
            }
        }
    }
}

impl Trace {
    pub(crate) fn push(&mut self, step: Step) {
        let before = self.last.take();
        self.last = Some(Arc::new(TraceNode { step, before }));
    }

    /// The steps, last to first.
    pub(crate) fn latest(&self) -> impl Iterator<Item = &Step> {
        let mut next = self.last.as_ref();
        std::iter::from_fn(move || {
            let node = next?;
            next = node.before.as_ref();
            Some(&node.step)
        })
    }

    /// Whether something was taken by the operation at `site`.
    pub(crate) fn has(&self, site: Span) -> bool {
        self.latest().any(|step| step.span == site && step.kind == StepKind::Acquire)
    }

    /// The steps from the last operation at `site` that took something, or all if there is none, first
    /// to last.
    pub(crate) fn since(&self, site: Span) -> Vec<Step> {
        let mut steps = Vec::new();
        for step in self.latest() {
            steps.push(step.clone());
            if step.span == site && step.kind == StepKind::Acquire {
                break;
            }
        }
        steps.reverse();
        steps
    }
}

/// How much is known of each path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// Paths are kept apart as long as they differ in what they owe or did.
    Fine,
    /// Paths that owe the same are one.
    Rough,
}

/// What paths that are kept apart differ in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Signature {
    held: Vec<Held>,
    slots: Vec<Taken>,
    slots_given: SharedSet<PlaceId>,
    released: SharedSet<(PlaceId, LockMode)>,
    owed: Vec<(Span, Owed)>,
    filled: Vec<(PlaceId, Span)>,
    /// Where the values are that have to be given back.
    holders: Vec<(PlaceId, TermId)>,
    used: SharedSet<PlaceId>,
    acts: SharedSet<(PlaceId, Act)>,
    defers: Vec<Pending>,
}

impl State {
    /// Gives a new object another name.
    pub(crate) fn rename(&mut self, arena: &mut Arena, from: TermId, to: TermId) {
        for (place, value) in self.mem.take() {
            let (place, value) = (moved(arena, place, from, to), renamed(arena, value, from, to));
            self.mem.insert(place, value);
        }
        let begun: Vec<PlaceId> = self.begun.iter().copied().collect();
        self.begun = SharedSet::default();
        for place in begun {
            self.begun.insert(moved(arena, place, from, to));
        }
        for held in &mut self.held {
            held.lock = moved(arena, held.lock, from, to);
        }
        self.held.sort();
        for slot in &mut self.slots {
            slot.of = moved(arena, slot.of, from, to);
        }
        self.slots.sort();
        let takes = self.takes.take().into_iter();
        self.takes = takes
            .map(|((lock, mode), site)| ((moved(arena, lock, from, to), mode), site))
            .collect();
        for defer in &mut self.defers {
            for arg in defer.args.iter_mut().chain(&mut defer.callee) {
                *arg = renamed(arena, *arg, from, to);
            }
        }
    }

    /// `detail`: whether paths are kept apart that differ only in what they did to inputs.
    pub(crate) fn signature(&self, arena: &Arena, detail: Detail) -> Signature {
        let fine = detail == Detail::Fine;
        Signature {
            holders: self.holders(arena).collect(),
            held: self.held.clone(),
            slots: self.slots.clone(),
            slots_given: only_if(fine, &self.slots_given),
            released: only_if(fine, &self.released),
            owed: self.owed.iter().map(|(&span, &owed)| (span, owed)).collect(),
            filled: self.filled.iter().map(|(&place, &site)| (place, site)).collect(),
            used: only_if(fine, &self.used),
            acts: only_if(fine, &self.acts),
            defers: self.defers.clone(),
        }
    }

    /// Whether the state has this signature.
    pub(crate) fn has_signature(
        &self,
        arena: &Arena,
        detail: Detail,
        signature: &Signature,
    ) -> bool {
        let fine = detail == Detail::Fine;
        let same = |own: &SharedSet<PlaceId>, theirs| !fine || own == theirs;
        self.held == signature.held
            && self.slots == signature.slots
            && self.defers == signature.defers
            && self
                .owed
                .iter()
                .map(|(&span, &owed)| (span, owed))
                .eq(signature.owed.iter().copied())
            && self
                .filled
                .iter()
                .map(|(&place, &site)| (place, site))
                .eq(signature.filled.iter().copied())
            && same(&self.slots_given, &signature.slots_given)
            && (!fine || self.released == signature.released)
            && same(&self.used, &signature.used)
            && (!fine || self.acts == signature.acts)
            && self.holders(arena).eq(signature.holders.iter().copied())
    }

    /// Where the values are that have to be given back.
    fn holders<'s>(&'s self, arena: &'s Arena) -> impl Iterator<Item = (PlaceId, TermId)> + 's {
        let owed = |t: TermId| match *arena.get(arena.unboxed(t)) {
            Term::Owed(site) => self.owed.contains_key(&site),
            _ => false,
        };
        let places = self.mem.iter().filter(move |&(_, &term)| !self.owed.is_empty() && owed(term));
        places.map(|(&place, &term)| (place, term))
    }

    /// Whether both know the same of everything (their paths aside).
    pub(crate) fn same(&self, other: &Self) -> bool {
        self.mem == other.mem
            && self.facts == other.facts
            && self.epochs == other.epochs
            && self.takes == other.takes
            && self.calls == other.calls
            && self.touched == other.touched
            && self.starts == other.starts
            && self.asks == other.asks
            && self.leaky == other.leaky
            && self.released == other.released
            && self.slots_given == other.slots_given
            && self.sent == other.sent
            && self.used == other.used
            && self.filled == other.filled
            && self.acts == other.acts
            && self.escaped == other.escaped
            && self.handed == other.handed
            && self.closed == other.closed
    }

    fn epoch_of(&self, arena: &mut Arena, place: PlaceId) -> Option<TermId> {
        let (epoch, _) = arena.place_epochs(place);
        self.epochs.get(&epoch).copied().or_else(|| arena.first_epoch(epoch))
    }

    /// What `place` holds.
    pub(crate) fn load(&self, arena: &mut Arena, place: PlaceId) -> TermId {
        match self.mem.get(&place) {
            Some(&term) => term,
            None => {
                let epoch = self.epoch_of(arena, place);
                arena.term(Term::Load(place, epoch))
            }
        }
    }

    /// Makes `place` hold `value`; parts of it are forgotten.
    pub(crate) fn store(&mut self, arena: &Arena, place: PlaceId, value: TermId) {
        self.forget_parts(arena, place);
        self.begun.remove(&place);
        let data = arena.data(place);
        if let [before @ .., Part::Index(_)] = &*data.parts {
            // Another index may be the same element.
            let (root, before) = (data.root, before.to_vec());
            self.mem.retain(|&p, _| {
                let d = arena.data(p);
                !(d.root == root && d.parts.len() > before.len() && d.parts.starts_with(&before))
            });
        }
        self.mem.insert(place, value);
    }

    fn forget_parts(&mut self, arena: &Arena, place: PlaceId) {
        let data = arena.data(place);
        self.mem.retain(|&p, _| {
            let d = arena.data(p);
            p == place || d.root != data.root || !d.parts.starts_with(&data.parts)
        });
    }

    /// Forgets what kinds of places hold, in order of number, except for function values that are
    /// tracked.
    pub(crate) fn invalidate(&mut self, arena: &mut Arena, epochs: &[EpochId]) {
        if epochs.is_empty() {
            return;
        }
        let written = |epoch: EpochId| epochs.binary_search(&epoch).is_ok();
        self.mem.retain(|&place, &term| {
            let (own, root) = arena.place_epochs(place);
            !(written(own) || root.is_some_and(written))
                || matches!(arena.get(term), Term::Owed(_) | Term::Closure(_) | Term::Context(_))
        });
        let now = arena.fresh();
        for &epoch in epochs {
            self.epochs.insert(epoch, now);
        }
    }

    /// The constant a term is known to be, or the term.
    pub(crate) fn resolve(&self, arena: &mut Arena, term: TermId) -> TermId {
        if let Some(&known) = self.facts.get(&term) {
            return known;
        }
        match *arena.get(term) {
            Term::Not(x) => {
                let inner = self.resolve(arena, x);
                if inner == x { term } else { arena.not(inner) }
            }
            Term::Binary(op @ (BinaryOp::Eq | BinaryOp::Lt), a, b) => {
                let x = self.facts.get(&a).copied().unwrap_or(a);
                let y = self.facts.get(&b).copied().unwrap_or(b);
                if (x, y) == (a, b) {
                    return self.decided(arena, op, a, b).map_or(term, |known| arena.bool(known));
                }
                let again = arena.binary(op, x, y);
                self.facts.get(&again).copied().unwrap_or(again)
            }
            _ => term,
        }
    }

    /// The truth of a boolean term, if it is known.
    pub(crate) fn truth(&self, arena: &mut Arena, term: TermId) -> Option<bool> {
        let resolved = self.resolve(arena, term);
        match *arena.get(resolved) {
            Term::Bool(b) => Some(b),
            _ => None,
        }
    }

    /// Assumes that a boolean term is `truth`; false if that contradicts what is known.
    pub(crate) fn assume(&mut self, arena: &mut Arena, term: TermId, truth: bool) -> bool {
        if let Some(known) = self.truth(arena, term) {
            return known == truth;
        }
        match *arena.get(term) {
            Term::Not(x) => return self.assume(arena, x, !truth),
            Term::Binary(BinaryOp::Eq, a, b) if truth && arena.is_const(b) => {
                if *arena.get(b) == Term::Nil && self.holds_lock_of(arena, a) {
                    return false;
                }
                self.facts.insert(a, b);
            }
            // What is nil holds no type.
            Term::Is(value, _) if truth => {
                let nil = arena.nil();
                let is_nil = arena.binary(BinaryOp::Eq, value, nil);
                if !self.assume(arena, is_nil, false) {
                    return false;
                }
            }
            _ => {}
        }
        let value = arena.bool(truth);
        self.facts.insert(term, value);
        true
    }

    /// Whether a lock is held that was reached through a pointer, which then is not nil.
    fn holds_lock_of(&self, arena: &Arena, pointer: TermId) -> bool {
        self.held.iter().any(|held| {
            let mut place = held.lock;
            for _ in 0..MAX_STEPS {
                let Root::Ptr(through) = arena.data(place).root else { return false };
                if through == pointer {
                    return true;
                }
                let Term::Load(from, _) = *arena.get(through) else { return false };
                place = from;
            }
            false
        })
    }

    /// Whether the term is nil (`Some(true)`), not nil, or unknown.
    pub(crate) fn nilness(&self, arena: &Arena, term: TermId) -> Option<bool> {
        let certain = |t: TermId| match arena.get(t) {
            Term::Nil => Some(true),
            _ => (arena.is_const(t) || arena.is_non_nil(t)).then_some(false),
        };
        let truth = |t: TermId| match arena.get(*self.facts.get(&t)?) {
            Term::Bool(b) => Some(*b),
            _ => None,
        };
        let asked = || {
            let nil = arena.known(&Term::Nil)?;
            truth(arena.known(&Term::Binary(BinaryOp::Eq, term, nil))?)
        };
        let known = || certain(*self.facts.get(&term)?);
        certain(term).or_else(asked).or_else(known)
    }

    /// Forgets what another goroutine, or an earlier turn of the loop, may have changed: constants
    /// in memory and conditions on memory. Which object a pointer names is kept.
    pub(crate) fn turn(&mut self, arena: &mut Arena, volatile: &[LocalId]) {
        let shared = |arena: &Arena, place: PlaceId| match arena.data(place).root {
            Root::Local(local) => volatile.binary_search(&local).is_ok(),
            Root::Global(_) | Root::Ptr(_) => true,
        };
        let constants: Vec<PlaceId> = self.mem.iter().map(|(&place, _)| place).collect();
        for place in constants {
            if shared(arena, place) && self.mem.get(&place).is_some_and(|&t| arena.is_const(t)) {
                let value = arena.fresh();
                arena.note_outside(value, true);
                self.mem.insert(place, value);
            }
        }
        let volatile_term = |t: TermId| arena.reads_memory(t, &|place| shared(arena, place));
        self.facts.retain(|&term, _| !volatile_term(term));
    }

    /// Adds a lock, keeping the order.
    pub(crate) fn hold(&mut self, held: Held) {
        let at = self.held.partition_point(|h| *h <= held);
        self.held.insert(at, held);
    }

    /// Drops what no live local or pending call can reach: `dead` tells.
    pub(crate) fn prune(
        &mut self,
        arena: &Arena,
        marks: &mut Marks,
        dead: &dyn Fn(LocalId) -> bool,
    ) {
        self.mem.retain(|&place, _| match arena.data(place).root {
            Root::Local(local) => !dead(local),
            _ => true,
        });
        // What hangs on values that nothing holds any more is never asked for again.
        marks.clear();
        let values = self.mem.iter().filter(|(p, _)| arena.place_leaves(**p).is_empty());
        let pending = self.defers.iter().flat_map(|d| d.args.iter().chain(&d.callee));
        for &term in values.map(|(_, t)| t).chain(pending).chain(self.epochs.values()) {
            marks.set(arena.leaves(term));
        }
        let held = self.held.iter().map(|h| h.lock).chain(self.slots.iter().map(|s| s.of));
        for place in held {
            marks.set(arena.place_leaves(place));
        }
        for _ in 0..4 {
            // Objects held by live objects.
            let before = marks.n_set;
            for (&place, &term) in self.mem.iter() {
                if marks.all(arena.place_leaves(place)) {
                    marks.set(arena.leaves(term));
                }
            }
            if marks.n_set == before {
                break;
            }
        }
        let live = |leaves: &[TermId]| marks.all(leaves);
        self.mem.retain(|&place, &term| {
            matches!(arena.get(term), Term::Owed(_)) || live(arena.place_leaves(place))
        });
        self.facts.retain(|&term, _| live(arena.leaves(term)));
        self.escaped.retain(|object| live(&[*object]));
        self.takes.retain(|(lock, _), _| live(arena.place_leaves(*lock)));
    }

    /// The instructions of a block whose values the state knows.
    pub(crate) fn sites_of(&self, arena: &Arena, block: BlockId) -> BTreeSet<u32> {
        let mut terms: Vec<TermId> = Vec::new();
        terms.extend(self.mem.values().chain(self.epochs.values()).chain(self.facts.keys()));
        terms.extend(self.defers.iter().flat_map(|d| d.args.iter().chain(&d.callee)));
        let locks = self.held.iter().map(|h| h.lock);
        let places = locks
            .chain(self.slots.iter().map(|s| s.of))
            .chain(self.slots_given.iter().copied())
            .chain(self.mem.keys().copied())
            .chain(self.released.iter().map(|r| r.0))
            .chain(self.takes.keys().map(|t| t.0))
            .chain(self.calls.iter().flat_map(|c| c.held.iter().map(|h| h.0)));
        let leaves = terms.iter().flat_map(|&t| arena.leaves(t));
        let leaves = leaves.chain(places.flat_map(|p| arena.place_leaves(p)));
        leaves.chain(self.escaped.iter()).filter_map(|&leaf| arena.site_in(leaf, block)).collect()
    }

    /// What is known of inputs that are flags.
    pub(crate) fn flags(&self, arena: &Arena) -> Vec<(TermId, TermId)> {
        let flag = |&(&term, &known): &(&TermId, &TermId)| {
            matches!(arena.get(term), Term::Load(_, None))
                && matches!(arena.get(known), Term::Bool(_) | Term::Int(_))
        };
        let flags = self.facts.iter().filter(flag).take(MAX_FACTS);
        flags.map(|(&term, &known)| (term, known)).collect()
    }

    /// What is known of inputs.
    pub(crate) fn input_facts(&self, arena: &Arena) -> SortedMap<TermId, TermId> {
        let input =
            |t: TermId| arena.leaves(t).is_empty() && !matches!(arena.get(t), Term::Owed(_));
        let facts = self.facts.iter().filter(|(term, _)| input(**term));
        facts.take(MAX_FACTS).map(|(&term, &known)| (term, known)).collect()
    }
}

/// Marked terms of one arena; memory that is used again and again.
#[derive(Default)]
pub(crate) struct Marks {
    turn: u32,
    /// The turn in which a term was marked last.
    marked: Vec<u32>,
    n_set: usize,
}

impl Marks {
    fn clear(&mut self) {
        self.turn += 1;
        self.n_set = 0;
    }

    fn set(&mut self, terms: &[TermId]) {
        for term in terms {
            let at = term.index();
            if self.marked.len() <= at {
                self.marked.resize(at + 1, 0);
            }
            if std::mem::replace(&mut self.marked[at], self.turn) != self.turn {
                self.n_set += 1;
            }
        }
    }

    fn all(&self, terms: &[TermId]) -> bool {
        terms.iter().all(|term| self.marked.get(term.index()) == Some(&self.turn))
    }
}

fn only_if<T: Clone>(fine: bool, set: &SharedSet<T>) -> SharedSet<T> {
    if fine { set.clone() } else { SharedSet::default() }
}

fn moved(arena: &mut Arena, place: PlaceId, from: TermId, to: TermId) -> PlaceId {
    let data = arena.data(place);
    match data.root {
        Root::Ptr(object) if object == from => {
            let parts = data.parts.clone();
            arena.place(Root::Ptr(to), parts)
        }
        _ => place,
    }
}

fn renamed(arena: &mut Arena, value: TermId, from: TermId, to: TermId) -> TermId {
    if value == from {
        return to;
    }
    match *arena.get(value) {
        Term::Iface(inner) if inner == from => arena.term(Term::Iface(to)),
        Term::Method(recv, method) if recv == from => arena.term(Term::Method(to, method)),
        Term::Addr(place) => {
            let place = moved(arena, place, from, to);
            arena.term(Term::Addr(place))
        }
        _ => value,
    }
}
