//! Locks held while waiting for somebody who needs them.

use super::facts::{EventKind, HeldLock, Spot, Waited, before};
use super::index::{Callable, Key};
use super::relation::{relation, same_pair};
use super::report::{HeldWait, HeldWaitKind, Spotted};
use super::takes::{Takes, Via, gives, same_class, substitute};
use crate::report::LockMode;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::Span;
use stanch_types::ObjectId;

/// A wait with locks held.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    /// The function that holds them.
    pub(crate) key: Key,
    /// The wait group, or the places of channels of which the first counts.
    pub(crate) arms: Vec<(Waited, Spot)>,
    pub(crate) held: Vec<(HeldLock, Box<str>)>,
    /// From the function that waits, or calls on to the wait.
    pub(crate) path: Vec<Spotted>,
}

/// A goroutine that does its part for those who wait, seen from where it is started.
struct Part {
    place: Spot,
    /// The operation of the goroutine's function.
    signal: Spotted,
    /// Which of the things that the function does for those who wait it is, if it does it itself or by
    /// calls.
    number: Option<usize>,
    started: Spotted,
    /// Whether the `go` statement may run many times.
    many: bool,
    body: Callable,
}

/// Waits that cannot end while the lock is held.
pub(crate) fn find(takes: &Takes<'_>, waits: &[Waiting]) -> Vec<HeldWait> {
    if waits.is_empty() {
        return Vec::new();
    }
    let search = Search { takes, parts: parts(takes), free: free(takes), room: room(takes, false) };
    let mut found: Vec<HeldWait> = Vec::new();
    for waiting in waits {
        let Some((held, symbol, stuck)) = waiting
            .held
            .iter()
            .find_map(|(held, symbol)| Some((held, symbol, search.stuck_on_all(waiting, held)?)))
        else {
            continue;
        };
        let first = Spotted { symbol: symbol.clone(), span: held.site };
        if found.iter().any(|f| f.first == first) {
            continue;
        }
        found.push(HeldWait {
            first,
            path: waiting.path.clone(),
            started: stuck.part.started.clone(),
            what: match waiting.arms.as_slice() {
                [(Waited::Group, _)] => HeldWaitKind::Group,
                [(Waited::Channel, _)] => HeldWaitKind::Receive,
                [(Waited::Send, _)] => HeldWaitKind::Send,
                _ => HeldWaitKind::Select,
            },
            needs: stuck.needs,
            taken: stuck.taken,
            buffered: stuck.buffered,
            rw: takes.index.is_rw(&held.lock),
            signal: stuck.part.signal.clone(),
        });
    }
    found.sort_by(|a, b| (&a.first, &a.path).cmp(&(&b.first, &b.path)));
    found
}

struct Search<'a> {
    takes: &'a Takes<'a>,
    parts: Parts,
    /// What others than goroutines in view do for those who wait.
    free: FxHashSet<(Waited, ObjectId)>,
    /// Values that the channels of a field or variable take without a receiver.
    room: FxHashMap<ObjectId, Option<u32>>,
}

/// A goroutine that does not do its part before it has the lock.
struct Stuck<'p> {
    part: &'p Part,
    /// From its function to the lock call.
    needs: Vec<Spotted>,
    taken: LockMode,
    /// Whether only once the channel's room is used up.
    buffered: bool,
}

impl Search<'_> {
    /// Whether nothing that is waited for happens while the lock is held.
    fn stuck_on_all(&self, waiting: &Waiting, held: &HeldLock) -> Option<Stuck<'_>> {
        let mut first: Option<Stuck<'_>> = None;
        for (what, place) in &waiting.arms {
            let stuck = self.stuck(waiting, (*what, place), held)?;
            // One goroutine stands for all.
            if first.as_ref().is_some_and(|f| f.part.body.key != stuck.part.body.key) {
                return None;
            }
            first = first.or(Some(stuck));
        }
        first
    }

    fn stuck(
        &self,
        waiting: &Waiting,
        (what, place): (Waited, &Spot),
        held: &HeldLock,
    ) -> Option<Stuck<'_>> {
        let class = place.class()?;
        if what == Waited::Group && self.does_a_part(waiting, place) {
            return None;
        }
        // Somebody else may close the channel, send or receive.
        if what != Waited::Group && self.free.contains(&(what, class)) {
            return None;
        }
        // A sender waits once the channel's room is used up.
        let buffered = match what {
            Waited::Send => *self.room.get(&class)? != Some(0),
            Waited::Channel | Waited::Group => false,
        };
        let mut first = None;
        for part in self.parts.get(&(what, class)).into_iter().flatten() {
            // Of many goroutines another may do it; a goroutine does not wait for itself.
            let other = part.many && what == Waited::Send
                || runs_only_on(self.takes, waiting.key, part.body.key);
            let needs = needs(self.takes, (what, place), part, held).filter(|_| !other);
            match needs {
                // The room may well be enough, unless the receiver's own work fills it: it comes to
                // the very place that locks and sends.
                Some((needs, _))
                    if buffered && needs.last().is_none_or(|n| n.span != held.site) =>
                {
                    return None;
                }
                Some((needs, taken)) => {
                    first = first.or(Some(Stuck { part, needs, taken, buffered }));
                }
                None if what == Waited::Group => {}
                None => return None,
            }
        }
        first
    }

    /// Whether who waits for a group does a part of it first, with the lock: that may be what the goroutine
    /// would do later.
    fn does_a_part(&self, waiting: &Waiting, place: &Spot) -> bool {
        let Some(wait) = waiting.path.first() else { return false };
        self.takes.summary(waiting.key).signals.iter().any(|signal| {
            let (Via::Here(span) | Via::Call(span, ..)) = signal.via;
            signal.what == Waited::Group
                && same_class(&signal.place, place)
                && before(span, wait.span)
        })
    }
}

/// How a goroutine gets to a lock that is held while others wait for it, if it does so before it does
/// its part.
fn needs(
    takes: &Takes<'_>,
    (what, place): (Waited, &Spot),
    part: &Part,
    held: &HeldLock,
) -> Option<(Vec<Spotted>, LockMode)> {
    let here = relation(&held.lock, place);
    let key = part.body.key;
    for (i, take) in takes.summary(key).takes.iter().enumerate() {
        let lock = substitute(&take.lock, &part.body);
        let usable = take.wait.is_none() && !take.guarded && !take.depends && !take.vague;
        let excludes = held.mode == LockMode::Write || take.mode == LockMode::Write;
        if !usable || !excludes || !same_class(&lock, &held.lock) || gives(&take.released, &lock) {
            continue;
        }
        let needed = match part.number {
            Some(signal) => comes_first(takes, key, i, signal) && !done(takes, what, part, i),
            None => true,
        };
        if needed && same_pair(&here, &relation(&part.place, &lock)) {
            return Some((takes.path(key, i), take.mode));
        }
    }
    None
}

/// Whether a function has to have a lock (its take with this number) before it does something for those
/// who wait, at least once.
fn comes_first(takes: &Takes<'_>, key: Key, take: usize, signal: usize) -> bool {
    let (mut key, mut take, mut signal) = (key, take, signal);
    for _ in 0..16 {
        let summary = takes.summary(key);
        let (Some(lock), Some(part)) = (summary.takes.get(take), summary.signals.get(signal))
        else {
            return false;
        };
        match (&lock.via, &part.via) {
            (Via::Call(at, callee, inner), Via::Call(other, to, number))
                if at == other && callee == to =>
            {
                (key, take, signal) = (*callee, *inner, *number);
            }
            (Via::Here(t) | Via::Call(t, ..), Via::Here(s) | Via::Call(s, ..)) => {
                // Nobody waits for a part that is not taken on yet.
                match (part.owed, &part.via) {
                    (Some(_), Via::Call(..)) => return false,
                    (Some(owed), Via::Here(_)) if !before(owed, *t) => return false,
                    _ => {}
                }
                let ((lock_turns, lock_last), (turns, _)) =
                    (at(takes, key, *t), at(takes, key, *s));
                return match (lock_last, part.last) {
                    (false, false) => before(*t, *s) || turns != 0 && turns == lock_turns,
                    // Deferred calls run in reverse order; what comes before a deferred `Done` may come
                    // before the `Add` too.
                    (false, true) | (true, true) => before(*s, *t),
                    // Whoever is at its end receives nothing any more.
                    (true, false) => part.what == Waited::Send,
                };
            }
        }
    }
    false
}

/// Whether a part of the same kind was certainly done before the lock.
fn done(takes: &Takes<'_>, what: Waited, part: &Part, take: usize) -> bool {
    let key = part.body.key;
    let summary = takes.summary(key);
    let Some(Via::Here(span) | Via::Call(span, ..)) = summary.takes.get(take).map(|t| &t.via)
    else {
        return false;
    };
    what == Waited::Group
        && takes.index.func(key).is_some_and(|func| {
            func.events.iter().any(|event| {
                matches!(&event.kind, EventKind::Signal(w, place)
                    if *w == what && same_class(&substitute(place, &part.body), &part.place))
                    && before(event.span, *span)
            })
        })
}

/// The cycle that an operation of a function is in, and whether it is deferred.
fn at(takes: &Takes<'_>, key: Key, span: Span) -> (u32, bool) {
    let func = takes.index.func(key);
    let event = func.and_then(|f| f.events.iter().find(|e| e.span == span));
    event.map_or((0, false), |e| (e.cycle, e.deferred))
}

type Parts = FxHashMap<(Waited, ObjectId), Vec<Part>>;

/// What goroutines do for those who wait.
fn parts(takes: &Takes<'_>) -> Parts {
    let mut parts: Parts = FxHashMap::default();
    for key in takes.index.keys() {
        let Some(func) = takes.index.func(key) else { continue };
        for (i, event) in func.events.iter().enumerate().filter(|(_, e)| e.kind.starts()) {
            let started = Spotted { symbol: func.symbol.clone(), span: event.span };
            let many = event.cycle != 0;
            for body in takes.callables(key, i) {
                if let EventKind::GoIn(group, ..) = &event.kind
                    && let Some(class) = group.class()
                {
                    parts.entry((Waited::Group, class)).or_default().push(Part {
                        place: group.clone(),
                        signal: started.clone(),
                        number: None,
                        started: started.clone(),
                        many,
                        body: body.clone(),
                    });
                }
                signals(takes, &started, many, body, &mut parts);
            }
        }
    }
    parts
}

fn signals(takes: &Takes<'_>, started: &Spotted, many: bool, body: &Callable, parts: &mut Parts) {
    let Some(func) = takes.index.func(body.key) else { return };
    for (number, signal) in takes.summary(body.key).signals.iter().enumerate() {
        let place = substitute(&signal.place, body);
        let Some(class) = place.class() else { continue };
        let (Via::Here(span) | Via::Call(span, ..)) = signal.via;
        parts.entry((signal.what, class)).or_default().push(Part {
            place,
            signal: Spotted { symbol: func.symbol.clone(), span },
            number: Some(number),
            started: started.clone(),
            many,
            body: body.clone(),
        });
    }
}

/// Channel operations of functions that do not run only on goroutines in view.
fn free(takes: &Takes<'_>) -> FxHashSet<(Waited, ObjectId)> {
    let mut free = FxHashSet::default();
    let mut known: FxHashMap<Key, bool> = FxHashMap::default();
    for key in takes.index.keys() {
        let Some(func) = takes.index.func(key) else { continue };
        for event in &func.events {
            let (EventKind::Signal(what, place) | EventKind::SignalAtEnd(what, place)) =
                &event.kind
            else {
                continue;
            };
            let Some(class) = place.class().filter(|_| *what != Waited::Group) else { continue };
            if !free.contains(&(*what, class)) && !is_under(takes, key, &mut known) {
                free.insert((*what, class));
            }
        }
    }
    free
}

/// Whether a function runs only on goroutines that start with another.
fn runs_only_on(takes: &Takes<'_>, key: Key, body: Key) -> bool {
    let mut seen: FxHashSet<Key> = FxHashSet::default();
    let mut work = vec![key];
    while let Some(at) = work.pop() {
        if at == body || !seen.insert(at) {
            continue;
        }
        let callers = takes.callers.get(&at).map_or(&[][..], Vec::as_slice);
        if callers.is_empty() || seen.len() > 64 {
            return false;
        }
        for &(caller, event) in callers {
            let event = takes.index.func(caller).and_then(|f| f.events.get(event));
            if event.is_some_and(|e| e.kind.starts()) {
                return false;
            }
            work.push(caller);
        }
    }
    true
}

/// Whether a function runs only on goroutines that are started in view.
fn is_under(takes: &Takes<'_>, key: Key, known: &mut FxHashMap<Key, bool>) -> bool {
    let mut seen: FxHashSet<Key> = FxHashSet::default();
    let mut work = vec![key];
    while let Some(at) = work.pop() {
        if !seen.insert(at) {
            continue;
        }
        let callers = takes.callers.get(&at).map_or(&[][..], Vec::as_slice);
        if callers.is_empty() || known.get(&at) == Some(&false) || seen.len() > 64 {
            known.insert(key, false);
            return false;
        }
        if known.get(&at) == Some(&true) {
            continue;
        }
        for &(caller, event) in callers {
            let event = takes.index.func(caller).and_then(|f| f.events.get(event));
            if event.is_some_and(|e| !e.kind.starts()) {
                work.push(caller);
            }
        }
    }
    known.insert(key, true);
    true
}

/// The room in the channels of each field and variable: the most that any gets; of those that a variable
/// held before too, if `held` says so.
pub(super) fn room(takes: &Takes<'_>, held: bool) -> FxHashMap<ObjectId, Option<u32>> {
    let mut room: FxHashMap<ObjectId, Option<u32>> = FxHashMap::default();
    let channels = takes.index.facts.iter().flat_map(|f| &f.channels);
    for &(object, capacity, _) in channels.filter(|(.., by_variable)| held || !by_variable) {
        let most = room.entry(object).or_insert(capacity);
        *most = most.zip(capacity).map(|(a, b)| a.max(b));
    }
    room
}
