//! Locks held while waiting for somebody who needs them.

use super::cycles::is_rw;
use super::facts::{Event, EventKind, HeldLock, Spot, Waited};
use super::index::{Callable, Key};
use super::joined::before;
use super::relation::{relation, same_pair};
use super::report::{HeldWait, Spotted};
use super::takes::{Takes, Via, gives, same_class, substitute};
use crate::report::LockMode;
use stanch_base::FxHashMap;
use stanch_types::ObjectId;

/// A wait with locks held.
#[derive(Clone, Debug)]
pub(crate) struct Waiting {
    pub(crate) what: Waited,
    /// The wait group, or the place of the channel.
    pub(crate) place: Spot,
    pub(crate) held: Vec<(HeldLock, Box<str>)>,
    /// From the function that waits, or calls on to the wait.
    pub(crate) path: Vec<Spotted>,
}

/// A goroutine that does its part for those who wait, seen from where it is started.
struct Part {
    place: Spot,
    /// The operation, and whether it comes last.
    signal: Spotted,
    last: bool,
    started: Spotted,
    body: Callable,
}

/// Waits that cannot end while the lock is held.
pub(crate) fn find(takes: &Takes<'_>, waits: &[Waiting]) -> Vec<HeldWait> {
    let (parts, free) = parts(takes);
    let mut found: Vec<HeldWait> = Vec::new();
    for waiting in waits {
        let Some(class) = waiting.place.class() else { continue };
        // Somebody else may close the channel, or send.
        if waiting.what == Waited::Channel && free.contains_key(&class) {
            continue;
        }
        let parts = parts.get(&(waiting.what, class)).into_iter().flatten();
        let mut needed = Vec::new();
        let mut all = true;
        for part in parts {
            match waiting.held.iter().find_map(|(held, symbol)| {
                needs(takes, waiting, part, held).map(|needs| (part, held, symbol, needs))
            }) {
                Some(one) => needed.push(one),
                None => all = false,
            }
        }
        if waiting.what == Waited::Channel && !all {
            continue;
        }
        let Some((part, held, symbol, (needs, taken))) = needed.into_iter().next() else {
            continue;
        };
        let first = Spotted { symbol: symbol.clone(), span: held.site };
        if found.iter().any(|f| f.first == first) {
            continue;
        }
        found.push(HeldWait {
            first,
            path: waiting.path.clone(),
            started: part.started.clone(),
            group: waiting.what == Waited::Group,
            needs,
            taken,
            rw: is_rw(takes.index.program, &held.lock),
            signal: part.signal.clone(),
        });
    }
    found.sort_by(|a, b| (&a.first, &a.path).cmp(&(&b.first, &b.path)));
    found
}

/// How a goroutine gets to a lock that is held while others wait for it, if it does so before it does
/// its part.
fn needs(
    takes: &Takes<'_>,
    waiting: &Waiting,
    part: &Part,
    held: &HeldLock,
) -> Option<(Vec<Spotted>, LockMode)> {
    let here = relation(&held.lock, &waiting.place);
    let summary = takes.summary(part.body.key);
    for (i, take) in summary.takes.iter().enumerate() {
        let lock = substitute(&take.lock, &part.body);
        let usable = take.wait.is_none() && !take.guarded && !take.depends && !take.vague;
        let excludes = held.mode == LockMode::Write || take.mode == LockMode::Write;
        if !usable || !excludes || !same_class(&lock, &held.lock) || gives(&take.released, &lock) {
            continue;
        }
        let (Via::Here(span) | Via::Call(span, ..)) = take.via;
        // What comes before a deferred `Done` may come before the `Add` too.
        let needed = match part.last {
            true => part.signal.span == part.started.span || before(part.signal.span, span),
            false => before(span, part.signal.span),
        };
        let done = |event: &Event| {
            matches!(&event.kind, EventKind::Signal(what, place)
                if *what == waiting.what && same_class(&substitute(place, &part.body), &part.place))
                && before(event.span, span)
        };
        let func = takes.index.func(part.body.key);
        let needed = needed && !func.is_some_and(|f| f.events.iter().any(done));
        if needed && same_pair(&here, &relation(&part.place, &lock)) {
            return Some((takes.path(part.body.key, i), take.mode));
        }
    }
    None
}

type Parts = FxHashMap<(Waited, ObjectId), Vec<Part>>;

/// What goroutines do for those who wait, and the channels that others close or send on.
fn parts(takes: &Takes<'_>) -> (Parts, FxHashMap<ObjectId, ()>) {
    let mut parts: Parts = FxHashMap::default();
    let mut known: FxHashMap<Key, ()> = FxHashMap::default();
    for key in takes.index.keys() {
        let Some(func) = takes.index.func(key) else { continue };
        for (i, event) in func.events.iter().enumerate().filter(|(_, e)| e.kind.starts()) {
            let started = Spotted { symbol: func.symbol.clone(), span: event.span };
            for body in takes.callables(key, i) {
                if let EventKind::GoIn(group, ..) = &event.kind
                    && let Some(class) = group.class()
                {
                    parts.entry((Waited::Group, class)).or_default().push(Part {
                        place: group.clone(),
                        signal: started.clone(),
                        last: true,
                        started: started.clone(),
                        body: body.clone(),
                    });
                }
                known.insert(body.key, ());
                signals(takes, &started, body, &mut parts);
            }
        }
    }
    (parts, others(takes, &known))
}

fn signals(takes: &Takes<'_>, started: &Spotted, body: &Callable, parts: &mut Parts) {
    let Some(func) = takes.index.func(body.key) else { return };
    for event in &func.events {
        let (what, place, last) = match &event.kind {
            EventKind::Signal(what, place) => (*what, place, false),
            EventKind::SignalAtEnd(what, place) => (*what, place, true),
            _ => continue,
        };
        let place = substitute(place, body);
        let Some(class) = place.class() else { continue };
        let signal = Spotted { symbol: func.symbol.clone(), span: event.span };
        parts.entry((what, class)).or_default().push(Part {
            place,
            signal,
            last,
            started: started.clone(),
            body: body.clone(),
        });
    }
}

/// Channels on which functions send that are not goroutines of their own, or that they close.
fn others(takes: &Takes<'_>, goroutines: &FxHashMap<Key, ()>) -> FxHashMap<ObjectId, ()> {
    let mut others = FxHashMap::default();
    for key in takes.index.keys().filter(|key| !goroutines.contains_key(key)) {
        let Some(func) = takes.index.func(key) else { continue };
        for event in &func.events {
            if let EventKind::Signal(Waited::Channel, place)
            | EventKind::SignalAtEnd(Waited::Channel, place) = &event.kind
            {
                others.extend(place.class().map(|class| (class, ())));
            }
        }
    }
    others
}
