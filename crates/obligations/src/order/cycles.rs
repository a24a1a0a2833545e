//! Two locks in two orders.

use super::facts::{Arg, HeldLock, Spot, SpotRoot, SpotStep};
use super::index::{Index, Key};
use super::joined::waits_for;
use super::parents;
use super::relation::{Relation, own, relation, same_pair};
use super::report::{LockCycle, OrderStep, Spotted};
use super::takes::Takes;
use crate::report::LockMode;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::Span;
use stanch_types::ObjectId;
use std::sync::Arc;

/// A lock taken while another is held.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    /// The function that holds the one.
    pub(crate) key: Key,
    pub(crate) held: HeldLock,
    pub(crate) first: Spotted,
    pub(crate) taken: Spot,
    pub(crate) mode: LockMode,
    /// Whether two values were compared by size before.
    pub(crate) ordered: bool,
    pub(crate) path: Vec<Spotted>,
    /// All locks held then.
    pub(crate) gates: Arc<[(Spot, LockMode)]>,
}

/// What holds of a function whoever calls it.
#[derive(Default)]
pub(crate) struct Context {
    /// Locks that every caller in view holds.
    entry: FxHashMap<Key, Vec<(ObjectId, LockMode)>>,
    /// Parameters that are new objects at every call in view.
    fresh: FxHashSet<(Key, u32)>,
}

/// Rounds after which what is not settled counts as unknown.
const ROUNDS: usize = 12;

impl Context {
    pub(crate) fn new(takes: &Takes<'_>) -> Self {
        let mut context = Self::default();
        context.find_fresh(takes);
        context.find_entry(takes);
        context
    }

    /// Whether what hangs on a parameter is known to nobody else yet.
    pub(crate) fn is_fresh(&self, key: Key, root: SpotRoot) -> bool {
        matches!(root, SpotRoot::Param(i) if self.fresh.contains(&(key, i)))
    }

    /// Locks held at a place of a function, other than one.
    pub(crate) fn gates(
        &self,
        key: Key,
        held: &[HeldLock],
        other: ObjectId,
    ) -> Vec<(ObjectId, LockMode)> {
        let own = held.iter().filter_map(|h| Some((h.lock.class()?, h.mode)));
        let entry = self.entry.get(&key).into_iter().flatten().copied();
        own.chain(entry).filter(|(class, _)| *class != other).collect()
    }

    fn find_fresh(&mut self, takes: &Takes<'_>) {
        // Assumes it of all, and takes back what a call refutes.
        for &key in takes.callers.keys() {
            self.fresh.extend((0..8).map(|i| (key, i)));
        }
        for _ in 0..ROUNDS {
            let mut refuted: Vec<(Key, u32)> = Vec::new();
            for &(key, param) in &self.fresh {
                let callers = takes.callers.get(&key).into_iter().flatten();
                let holds = callers.into_iter().all(|&(caller, event)| {
                    let starts = takes
                        .index
                        .func(caller)
                        .is_some_and(|f| f.events.get(event).is_none_or(|e| e.kind.starts()));
                    let calls = takes.callables(caller, event).iter().filter(|c| c.key == key);
                    !starts
                        && calls.into_iter().all(|call| match call.args.get(param as usize) {
                            Some(Arg::Points(spot)) => {
                                matches!(spot.root, SpotRoot::Fresh(_))
                                    || self.is_fresh(caller, spot.root)
                            }
                            _ => false,
                        })
                });
                if !holds {
                    refuted.push((key, param));
                }
            }
            if refuted.is_empty() {
                return self.ground(takes);
            }
            for one in refuted {
                self.fresh.remove(&one);
            }
        }
        self.fresh.clear();
    }

    /// Takes back what rests on nothing but calls of a function by itself.
    fn ground(&mut self, takes: &Takes<'_>) {
        let mut grounded: FxHashSet<(Key, u32)> = FxHashSet::default();
        loop {
            let rests = |&(key, param): &(Key, u32)| {
                let callers = takes.callers.get(&key).into_iter().flatten();
                callers.into_iter().any(|&(caller, event)| {
                    let calls = takes.callables(caller, event).iter().filter(|c| c.key == key);
                    calls.into_iter().any(|call| match call.args.get(param as usize) {
                        Some(Arg::Points(spot)) => match spot.root {
                            SpotRoot::Fresh(_) => true,
                            SpotRoot::Param(i) => grounded.contains(&(caller, i)),
                            _ => false,
                        },
                        _ => false,
                    })
                })
            };
            let more: Vec<(Key, u32)> =
                self.fresh.iter().filter(|f| !grounded.contains(f) && rests(f)).copied().collect();
            if more.is_empty() {
                break;
            }
            grounded.extend(more);
        }
        self.fresh = grounded;
    }

    fn find_entry(&mut self, takes: &Takes<'_>) {
        // The greatest solution: what is missing here is not yet known.
        let mut keys: Vec<Key> = takes.callers.keys().copied().collect();
        keys.sort();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for &key in &keys {
                let mut meet: Option<Vec<(ObjectId, LockMode)>> = None;
                for &(caller, event) in takes.callers.get(&key).into_iter().flatten() {
                    let Some(func) = takes.index.func(caller) else { continue };
                    let Some(event) = func.events.get(event) else { continue };
                    let starts = event.kind.starts();
                    let above = match (starts, takes.callers.contains_key(&caller)) {
                        (true, _) | (_, false) => Some(Vec::new()),
                        (false, true) => self.entry.get(&caller).cloned(),
                    };
                    // Not yet known: as if by all locks.
                    let Some(above) = above else { continue };
                    let own = event.held.iter().filter_map(|h| Some((h.lock.class()?, h.mode)));
                    let all: Vec<(ObjectId, LockMode)> = match starts {
                        true => Vec::new(),
                        false => own.chain(above).collect(),
                    };
                    meet = Some(match meet {
                        None => all,
                        Some(before) => before.into_iter().filter(|x| all.contains(x)).collect(),
                    });
                }
                let Some(mut meet) = meet else { continue };
                meet.sort();
                meet.dedup();
                if self.entry.get(&key) != Some(&meet) {
                    self.entry.insert(key, meet);
                    changed = true;
                }
            }
            if !changed {
                return;
            }
        }
    }
}

/// Edges of one pair of classes that are compared with those of the reverse pair.
const MAX_EDGES: usize = 40;

/// The pairs of locks that are taken in two orders.
pub(crate) fn find(
    takes: &Takes<'_>,
    context: &Context,
    edges: &[Edge],
    told: &FxHashSet<Span>,
) -> Vec<LockCycle> {
    let mut by_pair: FxHashMap<(ObjectId, ObjectId), Vec<&Edge>> = FxHashMap::default();
    for edge in edges {
        let (Some(a), Some(b)) = (edge.held.lock.class(), edge.taken.class()) else { continue };
        let known = by_pair.entry((a, b)).or_default();
        if known.len() < MAX_EDGES {
            known.push(edge);
        }
    }
    let mut pairs: Vec<(ObjectId, ObjectId)> = by_pair.keys().copied().collect();
    pairs.sort();
    let mut found = Vec::new();
    for (a, b) in pairs {
        if a == b {
            let edges = &by_pair[&(a, a)];
            found.extend(edges.iter().find_map(|edge| swapped(takes, edge)));
            found.extend(up_and_down(takes, context, edges));
            continue;
        }
        let (Some(there), Some(back)) = (by_pair.get(&(a, b)), by_pair.get(&(b, a))) else {
            continue;
        };
        if a < b {
            let pair = there.iter().find_map(|x| {
                back.iter().find(|y| opposed(takes, context, x, y)).map(|y| (*x, *y))
            });
            found.extend(pair.map(|(x, y)| cycle(takes.index, x, y)));
        }
    }
    one_a_cause(found, told)
}

/// Cycles that share an operation which holds a lock are one; those that are told as locks taken
/// twice are left out.
fn one_a_cause(mut found: Vec<LockCycle>, told: &FxHashSet<Span>) -> Vec<LockCycle> {
    found.sort_by(|x, y| x.one.first.cmp(&y.one.first));
    let told = |s: &OrderStep| {
        told.contains(&s.first.span) || s.path.iter().any(|p| told.contains(&p.span))
    };
    let mut kept: Vec<LockCycle> = Vec::new();
    for cycle in found {
        if told(&cycle.one) || told(&cycle.other) {
            continue;
        }
        let firsts = |c: &LockCycle| [c.one.first.clone(), c.other.first.clone()];
        let same = |k: &&mut LockCycle| firsts(k).iter().any(|f| firsts(&cycle).contains(f));
        match kept.iter_mut().find(same) {
            Some(known) => known.others.extend(cycle.one.path.first().cloned()),
            None => kept.push(cycle),
        }
    }
    kept
}

/// Whether two edges of reverse classes can block each other.
fn opposed(takes: &Takes<'_>, context: &Context, one: &Edge, other: &Edge) -> bool {
    if one.held.lock.is_other(&other.taken) || one.taken.is_other(&other.held.lock) {
        return false;
    }
    let there = relation(&one.held.lock, &one.taken);
    let back = relation(&other.held.lock, &other.taken);
    if !same_pair(&there, &back) {
        return false;
    }
    if there == Relation::GlobalAndField && (is_vague(one) || is_vague(other)) {
        return false;
    }
    can_meet(takes, context, one, other)
}

/// Whether two goroutines can be at two edges of reverse locks at one time, each shutting the other out.
fn can_meet(takes: &Takes<'_>, context: &Context, one: &Edge, other: &Edge) -> bool {
    let excludes = |a: LockMode, b: LockMode| a == LockMode::Write || b == LockMode::Write;
    if !excludes(one.held.mode, other.mode) || !excludes(other.held.mode, one.mode) {
        return false;
    }
    let (Some(a), Some(b)) = (one.held.lock.class(), one.taken.class()) else { return false };
    let gates = |e: &Edge| {
        let held: Vec<HeldLock> = e
            .gates
            .iter()
            .map(|(lock, mode)| HeldLock { lock: lock.clone(), mode: *mode, site: e.held.site })
            .collect();
        let mut gates = context.gates(e.key, &held, a);
        gates.retain(|(class, _)| *class != b);
        gates
    };
    let (mine, theirs) = (gates(one), gates(other));
    if mine.iter().any(|(c, m)| theirs.iter().any(|(d, n)| c == d && excludes(*m, *n))) {
        return false;
    }
    if is_helper(takes, one, other) || is_helper(takes, other, one) {
        return false;
    }
    let place = |e: &Edge| (e.key, e.path.first().map_or(e.first.span, |p| p.span));
    !waits_for(takes, place(one), other.key) && !waits_for(takes, place(other), one.key)
}

/// Whether the lock that the one holds was taken by the very function in which the other takes it: both
/// belong to one protocol.
fn is_helper(takes: &Takes<'_>, one: &Edge, other: &Edge) -> bool {
    let Some(func) = takes.index.func(one.key) else { return false };
    let events = func.events.iter().enumerate().filter(|(_, e)| e.span == one.held.site);
    events.flat_map(|(i, _)| takes.callables(one.key, i)).any(|callable| callable.key == other.key)
}

/// Whether an edge's object is some value of unknown origin.
fn is_vague(edge: &Edge) -> bool {
    let vague = |s: &Spot| matches!(s.root, SpotRoot::Value(_) | SpotRoot::Unknown);
    vague(&edge.held.lock) || vague(&edge.taken)
}

fn cycle(index: &Index<'_>, one: &Edge, other: &Edge) -> LockCycle {
    // The shorter way is easier to read, and comes first.
    let key = |e: &Edge| (e.path.len(), e.path.first().map(|p| p.span));
    let (one, other) = if key(one) <= key(other) { (one, other) } else { (other, one) };
    LockCycle {
        names: (index.lock_name(&one.held.lock), index.lock_name(&one.taken)),
        one: step(index, one),
        other: step(index, other),
        calls: Vec::new(),
        back: None,
        others: Vec::new(),
    }
}

/// One lock of an object and of what it keeps, taken from the object down and from what is kept up.
fn up_and_down(takes: &Takes<'_>, context: &Context, edges: &[&Edge]) -> Option<LockCycle> {
    let index = takes.index;
    edges.iter().find_map(|down| {
        let pair = parents::down(&down.held.lock, &down.taken, &index.parents)?;
        let up = edges.iter().find(|up| {
            parents::is_up(&up.held.lock, &up.taken, pair) && can_meet(takes, context, down, up)
        })?;
        let mut cycle = cycle(index, down, up);
        let back = index.back(pair);
        // As seen from what is kept.
        let own = index.lock_name(&down.taken);
        let field = own.rsplit('.').next().unwrap_or_default();
        let theirs = format!("{}.{field}", back.parent);
        cycle.names = match cycle.one.first == down.first {
            true => (theirs, own),
            false => (own, theirs),
        };
        cycle.back = Some(back);
        Some(cycle)
    })
}

fn step(index: &Index<'_>, edge: &Edge) -> OrderStep {
    OrderStep {
        first: edge.first.clone(),
        held: edge.held.mode,
        path: edge.path.clone(),
        taken: edge.mode,
        rw: index.is_rw(&edge.taken),
    }
}

/// Whether two arguments of one function are the same object, which others may have come to know in
/// between.
fn same_object(a: &Arg, b: &Arg) -> bool {
    let (Arg::Points(a), Arg::Points(b)) = (a, b) else { return false };
    let root = |s: &Spot| match s.root {
        SpotRoot::Fresh(name) => SpotRoot::Value(name),
        root => root,
    };
    root(a) == root(b) && a.steps == b.steps
}

/// One function that takes the same lock of two arguments, and two calls in view that hand it the same
/// two objects in both orders.
fn swapped(takes: &Takes<'_>, edge: &Edge) -> Option<LockCycle> {
    let (SpotRoot::Param(i), SpotRoot::Param(j)) = (edge.held.lock.root, edge.taken.root) else {
        return None;
    };
    let own_of = |s: &Spot| {
        let (first, rest) = s.steps.split_first()?;
        (matches!(first, SpotStep::Deref(0)) && own(rest)).then_some(())
    };
    own_of(&edge.held.lock)?;
    own_of(&edge.taken)?;
    if i == j || edge.ordered || (edge.held.mode, edge.mode) == (LockMode::Read, LockMode::Read) {
        return None;
    }
    let callers = takes.callers.get(&edge.key)?;
    let mut seen: Vec<(Key, &Arg, &Arg, Spotted)> = Vec::new();
    for &(caller, event) in callers {
        let func = takes.index.func(caller)?;
        let span = func.events.get(event)?.span;
        for call in takes.callables(caller, event).iter().filter(|c| c.key == edge.key) {
            let (Some(x), Some(y)) = (call.args.get(i as usize), call.args.get(j as usize)) else {
                continue;
            };
            let place = Spotted { symbol: func.symbol.clone(), span };
            let exact = |a: &Arg| matches!(a, Arg::Points(s) if s.is_exact());
            if !exact(x) || !exact(y) || same_object(x, y) {
                continue;
            }
            let reverse = seen
                .iter()
                .find(|(k, a, b, _)| *k == caller && same_object(a, y) && same_object(b, x));
            if let Some((.., before)) = reverse {
                let one = step(takes.index, edge);
                return Some(LockCycle {
                    names: (
                        takes.index.lock_name(&edge.held.lock),
                        takes.index.lock_name(&edge.taken),
                    ),
                    other: one.clone(),
                    one,
                    calls: vec![before.clone(), place],
                    back: None,
                    others: Vec::new(),
                });
            }
            seen.push((caller, x, y, place));
        }
    }
    None
}
