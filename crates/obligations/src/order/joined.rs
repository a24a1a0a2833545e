//! What happens only after others are done.

use super::facts::{EventKind, Waited, before};
use super::index::Key;
use super::takes::Takes;
use stanch_base::FxHashSet;
use stanch_ir::Span;
use stanch_types::ObjectId;

/// Callers further up are not looked at.
const MAX_LEVELS: usize = 2;
/// Nor are they where there are more.
const MAX_CALLERS: usize = 6;

/// Whether one function gets to a place only when it, or each of its callers, has waited for all
/// goroutines on which the other runs.
pub(crate) fn waits_for(takes: &Takes<'_>, (key, at): (Key, Span), other: Key) -> bool {
    let waited = waited_for(takes, key, at, MAX_LEVELS);
    !waited.is_empty() && runs_under(takes, other, &waited)
}

type Awaited = FxHashSet<(Waited, ObjectId)>;

/// What is waited for on every way to a place.
fn waited_for(takes: &Takes<'_>, key: Key, at: Span, levels: usize) -> Awaited {
    let mut waited = Awaited::default();
    let Some(func) = takes.index.func(key) else { return waited };
    for (i, event) in func.events.iter().enumerate() {
        if !before(event.span, at) || event.kind.starts() {
            continue;
        }
        if let EventKind::Wait(what, place) = &event.kind {
            waited.extend(place.class().map(|class| (*what, class)));
        }
        for callable in takes.callables(key, i) {
            let below = takes.summary(callable.key).takes.iter();
            let alone = below.filter(|t| t.arms.is_empty());
            let waits = alone.filter_map(|t| Some((t.wait?, t.lock.class()?)));
            waited.extend(waits);
        }
    }
    let callers = takes.callers.get(&key).map_or(&[][..], Vec::as_slice);
    if levels == 0 || callers.is_empty() || callers.len() > MAX_CALLERS {
        return waited;
    }
    let mut above: Option<Awaited> = None;
    for &(caller, event) in callers {
        let Some(event) = takes.index.func(caller).and_then(|f| f.events.get(event)) else {
            return waited;
        };
        let theirs = match event.kind.starts() || caller == key {
            true => Awaited::default(),
            false => waited_for(takes, caller, event.span, levels - 1),
        };
        above = Some(match above {
            None => theirs,
            Some(before) => before.intersection(&theirs).copied().collect(),
        });
    }
    waited.extend(above.into_iter().flatten());
    waited
}

/// Whether a function runs only on goroutines that do their part for what is waited for.
fn runs_under(takes: &Takes<'_>, key: Key, waited: &Awaited) -> bool {
    let mut work = vec![key];
    let mut seen: FxHashSet<Key> = FxHashSet::default();
    while let Some(key) = work.pop() {
        if !seen.insert(key) || seen.len() > 64 {
            continue;
        }
        if signals(takes, key, waited) {
            continue;
        }
        let callers = takes.callers.get(&key).map_or(&[][..], Vec::as_slice);
        if callers.is_empty() {
            return false;
        }
        for &(caller, event) in callers {
            let event = takes.index.func(caller).and_then(|f| f.events.get(event));
            match event.map(|e| &e.kind) {
                Some(EventKind::GoIn(group, ..)) => {
                    let told = group.class().is_some_and(|c| waited.contains(&(Waited::Group, c)));
                    if !told {
                        return false;
                    }
                }
                Some(kind) if !kind.starts() => work.push(caller),
                _ => return false,
            }
        }
    }
    true
}

/// Whether a function does its part for what is waited for, once all else is done.
fn signals(takes: &Takes<'_>, key: Key, waited: &Awaited) -> bool {
    let Some(func) = takes.index.func(key) else { return false };
    func.events.iter().any(|event| match &event.kind {
        EventKind::SignalAtEnd(what, place) => {
            place.class().is_some_and(|class| waited.contains(&(*what, class)))
        }
        _ => false,
    })
}
