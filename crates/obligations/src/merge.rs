//! How two states of one point become one.

use crate::report::LockMode;
use crate::sorted::SortedMap;
use crate::state::{State, TakeSite};
use crate::term::{Arena, EpochId, PlaceId, Slot, Term, TermId};
use stanch_base::FxHashMap;
use stanch_ir::BlockId;
use stanch_syntax::ast::BinaryOp;
use std::cmp::Ordering;
use std::sync::Arc;

impl State {
    /// Joins `other`, which arrives at `block` and owes the same, into this state of its group.
    pub(crate) fn merge(&mut self, arena: &mut Arena, other: &Self, block: BlockId, group: u32) {
        self.merge_takes(other);
        let pairs = self.pairs(arena, other);
        let broken = broken(arena, &pairs, block, group);
        let mut names: FxHashMap<(TermId, TermId), TermId> = FxHashMap::default();
        let mut renamed: Vec<(TermId, TermId, TermId)> = Vec::new();
        let mut mem: Vec<(PlaceId, TermId)> = Vec::new();
        let mut epochs: Vec<(EpochId, TermId)> = Vec::new();
        for (slot, a, b) in pairs {
            let merged = if a == b && !arena.mentions(a, &broken) {
                a
            } else {
                *names.entry((a, b)).or_insert_with(|| {
                    let name = arena.term(Term::Phi(block, group, slot));
                    let outside = arena.is_outside(a) && arena.is_outside(b);
                    arena.note_outside(name, outside);
                    renamed.push((a, b, name));
                    name
                })
            };
            match slot {
                Slot::Mem(place) => mem.push((place, merged)),
                Slot::Epoch(epoch) => epochs.push((epoch, merged)),
            }
        }
        self.mem.set_sorted(mem);
        self.epochs.set_sorted(epochs);
        self.merge_facts(arena, other, &broken, &renamed);
        self.may_have_done(other);
        self.trace.doubts.join(&other.trace.doubts);
        self.begun.join(&other.begun);
        self.leaky.join(&other.leaky);
        self.escaped.join(&other.escaped);
        if broken.is_empty() {
            return;
        }
        let stale = |lock: PlaceId| arena.place_mentions(lock, &broken);
        self.held.retain(|h| !stale(h.lock));
        self.slots.retain(|s| !stale(s.of));
        let places_ok = |p: &PlaceId| !arena.place_mentions(*p, &broken);
        self.mem.retain(|p, _| places_ok(p));
        self.takes.retain(|(p, _), _| places_ok(p));
    }

    /// What was done on the paths of `other` was perhaps done.
    pub(crate) fn may_have_done(&mut self, other: &Self) {
        self.calls.join(&other.calls);
        self.released.join(&other.released);
        self.slots_given.retain(|of| other.slots_given.contains(of));
        self.sent |= other.sent;
        self.used.join(&other.used);
        self.acts.join(&other.acts);
        self.touched.join(&other.touched);
        self.handed.join(&other.handed);
        self.closed.join(&other.closed);
        self.starts.join(&other.starts);
        if !Arc::ptr_eq(&self.asks, &other.asks) {
            for ask in other.asks.iter() {
                if !self.asks.contains(ask) {
                    Arc::make_mut(&mut self.asks).push(*ask);
                }
            }
        }
    }

    fn merge_takes(&mut self, other: &Self) {
        if self.takes.is_shared_with(&other.takes) {
            return;
        }
        let own = self.takes.take();
        let facts = &self.facts;
        let mut joined: Vec<((PlaceId, LockMode), Arc<TakeSite>)> = Vec::new();
        for (key, theirs) in other.takes.iter() {
            if own.binary_search_by_key(key, |entry| entry.0).is_err() {
                joined.push((*key, TakeSite::missed(theirs, facts)));
            }
        }
        for (key, site) in own {
            let site = match other.takes.get(&key) {
                Some(theirs) => TakeSite::joined(site, theirs),
                None => TakeSite::missed(&site, &other.facts),
            };
            joined.push((key, site));
        }
        self.takes = joined.into_iter().collect();
    }

    /// Every slot either state knows of, with both values.
    fn pairs(&self, arena: &mut Arena, other: &Self) -> Vec<(Slot, TermId, TermId)> {
        let start = arena.nil();
        let mut pairs = Vec::with_capacity(self.mem.len() + self.epochs.len() + 4);
        union(self.epochs.iter(), other.epochs.iter(), |epoch, a, b| {
            pairs.push((Slot::Epoch(epoch), a.unwrap_or(start), b.unwrap_or(start)));
        });
        union(self.mem.iter(), other.mem.iter(), |place, a, b| {
            let mut of = |known: Option<TermId>, state: &Self| match known {
                Some(term) => term,
                None => state.load(arena, place),
            };
            let (a, b) = (of(a, self), of(b, other));
            pairs.push((Slot::Mem(place), a, b));
        });
        pairs
    }

    fn merge_facts(
        &mut self,
        arena: &mut Arena,
        other: &Self,
        broken: &[TermId],
        renamed: &[(TermId, TermId, TermId)],
    ) {
        let mut nilness = Vec::new();
        for &(a, b, name) in renamed {
            let (x, y) = (self.nilness(arena, a), other.nilness(arena, b));
            if x == y
                && let Some(is_nil) = x
            {
                nilness.push((name, is_nil));
            }
        }
        let before = self.facts.clone();
        let shared = self.facts.is_shared_with(&other.facts);
        self.facts.retain(|term, known| {
            (shared || other.facts.get(term) == Some(known)) && !arena.mentions(*term, broken)
        });
        self.merge_comparisons(arena, &before, other, renamed);
        // A number has no comparisons of its own.
        let numbers = renamed.iter().filter(|(a, ..)| matches!(arena.get(*a), Term::Int(_)));
        let numbers: Vec<_> = numbers.map(|&(a, b, name)| (b, a, name)).collect();
        if !numbers.is_empty() && !shared {
            let own = Self { facts: before.clone(), ..Self::default() };
            self.merge_comparisons(arena, &other.facts, &own, &numbers);
        }
        let value = |facts: &SortedMap<TermId, TermId>, term: TermId| {
            if arena.is_const(term) { Some(term) } else { facts.get(&term).copied() }
        };
        for &(a, b, name) in renamed {
            if let (Some(x), Some(y)) = (value(&before, a), value(&other.facts, b))
                && x == y
            {
                self.facts.insert(name, x);
            }
        }
        for (name, is_nil) in nilness {
            let nil = arena.nil();
            let equal = arena.binary(BinaryOp::Eq, name, nil);
            self.assume(arena, equal, is_nil);
        }
    }
}

/// Calls `each` for the keys of two maps in order, with the values of both.
fn union<'a, K: Ord + Copy + 'a>(
    one: impl Iterator<Item = (&'a K, &'a TermId)>,
    other: impl Iterator<Item = (&'a K, &'a TermId)>,
    mut each: impl FnMut(K, Option<TermId>, Option<TermId>),
) {
    let (mut one, mut other) = (one.peekable(), other.peekable());
    loop {
        let order = match (one.peek(), other.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        let a = if order.is_le() { one.next() } else { None };
        let b = if order.is_ge() { other.next() } else { None };
        if let Some((&key, _)) = a.or(b) {
            each(key, a.map(|(_, &term)| term), b.map(|(_, &term)| term));
        }
    }
}

/// The merged values of this group whose slot no longer holds them in both states: their names now
/// mean something else.
fn broken(
    arena: &Arena,
    pairs: &[(Slot, TermId, TermId)],
    block: BlockId,
    group: u32,
) -> Vec<TermId> {
    let own = |t: TermId| match *arena.get(t) {
        Term::Phi(b, g, slot) if (b, g) == (block, group) => Some(slot),
        _ => None,
    };
    let mut named: Vec<(Slot, TermId)> = Vec::new();
    for &(_, a, b) in pairs {
        named.extend(arena.leaves(a).iter().filter_map(|&term| Some((own(term)?, term))));
        if a != b {
            named.extend(arena.leaves(b).iter().filter_map(|&term| Some((own(term)?, term))));
        }
    }
    if named.is_empty() {
        return Vec::new();
    }
    named.sort();
    named.dedup();
    for &(slot, a, b) in pairs {
        if a == b
            && let Ok(at) = named.binary_search(&(slot, a))
        {
            named.remove(at);
        }
    }
    named.into_iter().map(|(_, term)| term).collect()
}
