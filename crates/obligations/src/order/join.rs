//! Puts the notes of all packages together.

use super::cycles::{self, Edge};
use super::facts::{HeldLock, LockFacts, Spot, SpotRoot, SpotStep};
use super::index::{Index, Key};
use super::report::{Again, LockResults, Spotted};
use super::takes::{Reached, Takes, gives, same_class};
use super::{registry, waits};
use crate::report::LockMode;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::Span;
use stanch_types::{ObjectId, Program};
use std::sync::Arc;

/// What the locks of a module show, from the facts of its packages.
pub fn join(program: &Program<'_>, facts: &[&LockFacts]) -> LockResults {
    let index = Index::new(program, facts);
    let takes = Takes::new(&index);
    let known: FxHashSet<Span> = facts.iter().flat_map(|f| f.doubles.iter().copied()).collect();
    let context = cycles::Context::new(&takes);
    let mut found = Search {
        takes: &takes,
        context: &context,
        writers: FxHashMap::default(),
        again: Vec::new(),
        edges: Vec::new(),
        waits: Vec::new(),
    };
    for key in index.keys() {
        found.writers(key);
    }
    for key in index.keys() {
        found.function(key);
    }
    let mut results = LockResults::default();
    for again in std::mem::take(&mut found.again) {
        let first = again.path.first().map(|p| p.span);
        match (again.held, again.again) {
            (LockMode::Read, LockMode::Read) => results.reentries.push(again),
            _ if first.is_some_and(|span| known.contains(&span)) => {}
            _ => results.doubles.push(again),
        }
    }
    results.reentries = one_a_cause(results.reentries);
    results.doubles = one_a_cause(results.doubles);
    let doubles = results.doubles.iter().flat_map(|d| d.path.iter().map(|p| p.span));
    let told: FxHashSet<Span> = known.iter().copied().chain(doubles).collect();
    results.cycles = cycles::find(&takes, &context, &found.edges, &told);
    results.held_waits = waits::find(&takes, &found.waits);
    for fed in registry::find(&takes) {
        if results.held_waits.iter().all(|known| known.first != fed.first) {
            results.held_waits.push(fed);
        }
    }
    results.held_waits.sort_by(|a, b| (&a.first, &a.path).cmp(&(&b.first, &b.path)));
    results
}

/// Findings that share the lock call which is held are one: the others are told with it.
fn one_a_cause(mut found: Vec<Again>) -> Vec<Again> {
    found.sort_by(|a, b| (&a.first, &a.path).cmp(&(&b.first, &b.path)));
    let mut kept: Vec<Again> = Vec::new();
    for again in found {
        match kept.iter_mut().find(|k| k.first == again.first) {
            Some(known) => {
                let place = again.path.first().cloned();
                let new =
                    place.filter(|p| known.path.first() != Some(p) && !known.others.contains(p));
                known.others.extend(new);
            }
            None => kept.push(again),
        }
    }
    kept
}

struct Search<'a> {
    takes: &'a Takes<'a>,
    context: &'a cycles::Context,
    /// An operation that takes a lock for writing, by the lock's class.
    writers: FxHashMap<ObjectId, Vec<(Key, usize)>>,
    again: Vec<Again>,
    edges: Vec<Edge>,
    waits: Vec<waits::Waiting>,
}

impl Search<'_> {
    fn writers(&mut self, key: Key) {
        let Some(func) = self.takes.index.func(key) else { return };
        for (i, event) in func.events.iter().enumerate() {
            let super::facts::EventKind::Acquire(lock, LockMode::Write) = &event.kind else {
                continue;
            };
            let shared =
                !matches!(lock.root, SpotRoot::Fresh(_)) && !self.context.is_fresh(key, lock.root);
            if let Some(class) = lock.class().filter(|_| shared) {
                self.writers.entry(class).or_default().push((key, i));
            }
        }
    }

    fn function(&mut self, key: Key) {
        let Some(func) = self.takes.index.func(key) else { return };
        let events: Vec<usize> = (0..func.events.len()).collect();
        for number in events {
            let Some(event) = func.events.get(number) else { continue };
            let own = |h: &HeldLock| (h.clone(), func.symbol.clone());
            for reached in self.takes.reached(key, number) {
                let released = &reached.take.released;
                let mut held: Vec<(HeldLock, Box<str>)> =
                    event.held.iter().filter(|h| !gives(released, &h.lock)).map(own).collect();
                held.extend(reached.held.iter().cloned());
                if held.is_empty() {
                    continue;
                }
                let here = Spotted { symbol: func.symbol.clone(), span: event.span };
                self.meets(key, number, &here, &held, &reached);
            }
        }
    }

    /// A lock is taken while others are held.
    fn meets(
        &mut self,
        key: Key,
        number: usize,
        here: &Spotted,
        held: &[(HeldLock, Box<str>)],
        reached: &Reached,
    ) {
        let take = &reached.take;
        let lock = &take.lock;
        if lock.root == SpotRoot::Unknown || take.guarded || self.is_private(key, lock) {
            return;
        }
        if let Some(what) = take.wait {
            let path = [here.clone()].into_iter().chain(reached.path.iter().cloned()).collect();
            let held = held.iter().filter(|(h, _)| !self.is_private(key, &h.lock));
            let held = held.cloned().collect();
            let mut arms = vec![(what, lock.clone())];
            arms.extend(take.arms.iter().cloned());
            self.waits.push(waits::Waiting { key, arms, held, path });
            return;
        }
        let path: Vec<Spotted> =
            [here.clone()].into_iter().chain(reached.path.iter().cloned()).collect();
        for (h, symbol) in held {
            if self.is_private(key, &h.lock) {
                continue;
            }
            let first = Spotted { symbol: symbol.clone(), span: h.site };
            let same = h.lock == *lock && lock.is_exact();
            if same {
                self.same(key, number, first, h, reached, &path);
                return;
            }
        }
        if path.last().is_some_and(|p| self.is_over(lock, p.span)) {
            return;
        }
        let event = self.takes.index.func(key).and_then(|f| f.events.get(number));
        let ordered = event.is_none_or(|e| e.ordered);
        // Another of the same kind is held: what one of the two stands for is not known.
        if held.iter().any(|(h, _)| same_class(&h.lock, lock)) && held.len() > 1 || take.vague {
            return;
        }
        let gates: Arc<[(Spot, LockMode)]> =
            held.iter().map(|(g, _)| (g.lock.clone(), g.mode)).collect();
        for (h, symbol) in held {
            if self.is_private(key, &h.lock) {
                continue;
            }
            let first = Spotted { symbol: symbol.clone(), span: h.site };
            self.edges.push(Edge {
                key,
                held: h.clone(),
                first,
                taken: lock.clone(),
                mode: take.mode,
                ordered,
                path: path.clone(),
                gates: Arc::clone(&gates),
            });
        }
    }

    /// Whether on every way to a call of a `sync.Once` something was looked at that its function sets:
    /// that tells whether it is over.
    fn is_over(&self, once: &Spot, span: Span) -> bool {
        let Some(class) = once.class() else { return false };
        let facts = || self.takes.index.facts.iter();
        facts().filter_map(|f| f.seen.get(&span)).any(|seen| {
            let mut sets = facts().flat_map(|f| &f.once);
            sets.any(|(of, object)| *of == class && seen.contains(object))
        })
    }

    /// Whether nobody else can know a lock yet.
    fn is_private(&self, key: Key, lock: &Spot) -> bool {
        matches!(lock.root, SpotRoot::Fresh(_)) || self.context.is_fresh(key, lock.root)
    }

    fn same(
        &mut self,
        key: Key,
        number: usize,
        first: Spotted,
        held: &HeldLock,
        reached: &Reached,
        path: &[Spotted],
    ) {
        let take = &reached.take;
        // By then it may be another lock of the same name.
        if self.is_replaced(&take.lock) {
            return;
        }
        let both_read = (held.mode, take.mode) == (LockMode::Read, LockMode::Read);
        if !both_read && !take.beyond {
            return;
        }
        let writer = match both_read {
            true => match self.writer(key, number, &take.lock) {
                Some(writer) => Some(writer),
                None => return,
            },
            false => None,
        };
        self.again.push(Again {
            held: held.mode,
            first,
            again: take.mode,
            path: path.to_vec(),
            dynamic: take.dynamic,
            back: take.parent.map(|pair| self.takes.index.back(pair)),
            rw: both_read || self.takes.index.is_rw(&take.lock),
            writer,
            others: Vec::new(),
        });
    }

    /// Whether a lock is part of a package-level variable that is assigned as a whole.
    fn is_replaced(&self, lock: &Spot) -> bool {
        let SpotRoot::Global(variable) = lock.root else { return false };
        !matches!(lock.steps.first(), Some(SpotStep::Deref(_)))
            && self.takes.index.facts.iter().any(|f| f.replaced.binary_search(&variable).is_ok())
    }

    /// A writer that can come in between: one that holds no lock which excludes the reader.
    fn writer(&self, key: Key, number: usize, lock: &Spot) -> Option<Spotted> {
        let class = lock.class()?;
        let event = self.takes.index.func(key)?.events.get(number)?;
        let mine: Vec<(ObjectId, LockMode)> = self.context.gates(key, &event.held, class);
        let writers = self.writers.get(&class)?;

        writers.iter().find_map(|&(writer, event)| {
            let func = self.takes.index.func(writer)?;
            let event = func.events.get(event)?;
            let theirs = self.context.gates(writer, &event.held, class);
            let excluded = mine.iter().any(|(class, mode)| {
                theirs
                    .iter()
                    .any(|(c, m)| c == class && (*mode == LockMode::Write || *m == LockMode::Write))
            });
            let spotted = Spotted { symbol: func.symbol.clone(), span: event.span };
            (!excluded).then_some(spotted)
        })
    }
}
