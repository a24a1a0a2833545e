//! One cause is one finding: what the explorer finds twice for the same reason is told once.

use stanch_diagnostic::{Action, Confidence, Finding, Goroutine, Label, Location};

/// Findings of a package in which every cause appears once, the surest and shortest account of it.
///
/// Two findings have one cause if the same check finds the same object forsaken in the same function, or
/// says the same of two with the same places besides, if one goroutine is in one place in both, if each
/// goroutine hangs in the schedule of the other's finding, or if one waits for a group of which the other
/// hangs.
pub(crate) fn merge(mut findings: Vec<Finding>) -> Vec<Finding> {
    // Who waits for the lock tells more than who holds it and waits.
    let lock = |f: &Finding| f.check.code == crate::stuck_lock::CHECK.code;
    // Whoever misses its part can mend it.
    let missed = |f: &Finding| f.check.code == crate::add_without_done::CHECK.code;
    // Why a loop has no way out tells more than that.
    let endless = |f: &Finding| f.check.code == crate::stuck_worker::CHECK.code;
    let follows = |f: &Finding| f.notes.iter().any(|n| n == crate::waitgroup_never_done::HANGS);
    // Whoever dropped the object can mend it.
    let dropped = |f: &Finding| is_object(f) && f.confidence != Confidence::Possible;
    findings.sort_by_cached_key(|f| {
        let sure = f.confidence != Confidence::Possible;
        let speaks = dropped(f) || sure && (missed(f) || is_of_ticker(f));
        let wordy = (follows(f), f.witness.len());
        (!speaks, f.confidence, !lock(f), endless(f), wordy, f.location.clone())
    });
    // What is told, and what it speaks for.
    let mut causes: Vec<(Finding, Vec<Finding>)> = Vec::new();
    for mut finding in findings {
        match causes.iter_mut().find(|(told, _)| is_same(told, &finding)) {
            Some((told, others)) => {
                let alike = is_repeated(told, &finding) && told.confidence == finding.confidence;
                if alike && finding.location < told.location {
                    std::mem::swap(told, &mut finding);
                }
                others.push(finding);
            }
            None => causes.push((finding, Vec::new())),
        }
    }
    causes.into_iter().map(|(told, others)| speak_for(told, others)).collect()
}

/// A finding that names the places and goroutines of others with its cause, unless these are unsure.
fn speak_for(mut told: Finding, others: Vec<Finding>) -> Finding {
    for other in others.into_iter().filter(|f| f.confidence != Confidence::Possible) {
        let same = is_of_ticker(&told) && told.location == other.location;
        if same || misses_part(&told, &other) {
            told.confidence = told.confidence.min(other.confidence);
        }
        let hangs = other.goroutine.is_some();
        // Those that come to its place from elsewhere hang there too.
        let place = other.goroutine.as_ref().and_then(|g| g.frames.first()).cloned();
        let there = other.also_blocked.into_iter().filter(|g| g.frames.first() == place.as_ref());
        for goroutine in other.goroutine.into_iter().chain(there) {
            let mut known = told.goroutine.iter().chain(&told.also_blocked);
            if known.all(|k| !is_alike(k, &goroutine)) {
                told.also_blocked.push(goroutine);
            }
        }
        if told.related.iter().all(|label| label.location != other.location) {
            let message = match hangs {
                true => "for the same reason, this hangs too".to_owned(),
                false => "the same is so here".to_owned(),
            };
            told.related.push(Label { location: other.location, message });
        }
    }
    told
}

/// Takes out of a package's findings those for which a finding about the locks of the module gives the
/// reason: the goroutine hangs where that one says that one blocks. It speaks for them, and is as sure
/// as they are.
pub fn settle(module: &mut Vec<Finding>, package: &mut Vec<Finding>) {
    // A package that knows of a loss how it comes about says it better.
    let lost = |m: &Finding, f: &Finding| {
        m.check.code == crate::missing_close::CHECK.code
            && f.location == m.location
            && f.confidence <= m.confidence
            && f.cause == m.cause
    };
    // The package may have another reason for the same.
    let entry = |f: &Finding| f.goroutine.as_ref().map(|g| g.entry.clone());
    let told = |m: &Finding, f: &Finding| {
        m.check.code == crate::stuck_worker::CHECK.code
            && f.location == m.location
            && entry(f) == entry(m)
    };
    module.retain(|m| !package.iter().any(|f| lost(m, f) || told(m, f)));
    package.retain(|finding| {
        let Some(goroutine) = &finding.goroutine else { return true };
        let explored = crate::REGISTRY.iter().any(|entry| {
            entry.check.code == finding.check.code && entry.engine == crate::Engine::Explorer
        });
        let speaks = |m: &Finding| blocks_at(m, &finding.location) || holds_for(m, finding);
        let Some(by) = module.iter_mut().find(|m| explored && speaks(m)) else {
            return true;
        };
        by.confidence = by.confidence.min(finding.confidence);
        let place = |g: &Goroutine| g.frames.first().map(|f| f.location.clone());
        for other in [goroutine].into_iter().chain(&finding.also_blocked) {
            let known = by.goroutine.iter().chain(&by.also_blocked);
            if !known.into_iter().any(|k| place(k) == place(other) && k.entry == other.entry) {
                by.also_blocked.push(other.clone());
            }
        }
        false
    });
}

/// Whether a finding about locks has a goroutine that blocks at a place.
fn blocks_at(finding: &Finding, place: &Location) -> bool {
    let steps = finding.witness.iter().filter(|s| s.action == Action::Block);
    steps.map(|s| &s.location).chain([&finding.location]).any(|l| l == place)
}

/// Whether a finding tells of a lock that is held while others are waited for, and another that somebody
/// waits for it since.
fn holds_for(held: &Finding, stuck: &Finding) -> bool {
    let locked =
        |l: &Location| held.witness.iter().any(|s| s.action == Action::Lock && s.location == *l);
    held.check.code == crate::lock_held_waiting::CHECK.code
        && stuck.check.code == crate::stuck_lock::CHECK.code
        && stuck
            .related
            .iter()
            .any(|l| l.message.ends_with(crate::waits::NOBODY) && locked(&l.location))
}

/// Whether two goroutines hang in the same place.
fn is_alike(a: &Goroutine, b: &Goroutine) -> bool {
    (&a.entry, &a.wait, a.frames.first()) == (&b.entry, &b.wait, b.frames.first())
}

fn is_same(told: &Finding, other: &Finding) -> bool {
    if one_goroutine(told, other) || one_goroutine(other, told) {
        return true;
    }
    if is_repeated(told, other) || misses_part(told, other) {
        return true;
    }
    let (Some(a), Some(b)) = (&told.goroutine, &other.goroutine) else { return false };
    if told.location == other.location && a.entry == b.entry {
        return true;
    }
    let one_object = told.check.code == other.check.code
        && told.function == other.function
        && a.entry == b.entry
        && made(told).is_some_and(|at| made(other) == Some(at));
    let hangs = |finding: &Finding, place: &Location| {
        let frames = finding.also_blocked.iter().filter_map(|g| g.frames.first());
        frames.into_iter().any(|f| f.location == *place)
    };
    // Who waits for a group waits for its members: what they hang in is why.
    let waits = |f: &Finding| f.check.code == crate::waitgroup_never_done::CHECK.code;
    let (there, here) = (hangs(told, &other.location), hangs(other, &told.location));
    // The same step left both without a partner.
    let doom = |f: &Finding| {
        let label = f.related.iter().find(|l| l.message.ends_with(crate::waits::NOBODY));
        label.map(|l| l.location.clone())
    };
    let doomed = (there || here) && doom(told).is_some() && doom(told) == doom(other);
    doomed || one_object || there && here || there && waits(told) || here && waits(other)
}

/// Whether a wait group is waited for whose `Add` is the one that goes without `Done`.
fn misses_part(missed: &Finding, waiting: &Finding) -> bool {
    missed.check.code == crate::add_without_done::CHECK.code
        && waiting.check.code == crate::waitgroup_never_done::CHECK.code
        && waiting.witness.iter().any(|s| s.action == Action::Add && s.location == missed.location)
}

/// Whether a loop is told to wait for a ticker: that `Stop` does not close its channel tells more than that
/// nobody sends.
fn is_of_ticker(finding: &Finding) -> bool {
    finding.check.code == crate::range_over_ticker::CHECK.code
}

/// Whether the same is said of two things in one function that are lost in the same way: at the same
/// place, or with what the same callee starts.
fn is_repeated(told: &Finding, other: &Finding) -> bool {
    told.check.code == other.check.code
        && told.function == other.function
        && told.message == other.message
        && !told.related.is_empty()
        && told.related == other.related
}

/// Whether an object is lost with a goroutine that the explorer finds left behind.
fn one_goroutine(lost: &Finding, left: &Finding) -> bool {
    let started = lost.related.iter().find(|l| l.message == crate::resource::STARTS);
    let started = started.map_or(&lost.location, |label| &label.location);
    is_object(lost)
        && left
            .goroutine
            .as_ref()
            .and_then(|g| g.created_by.as_ref())
            .is_some_and(|creator| creator.location == *started)
}

/// Whether a finding is of an object that is dropped.
fn is_object(finding: &Finding) -> bool {
    let codes = [crate::start_without_stop::CHECK.code, crate::constructor_error_leak::CHECK.code];
    codes.contains(&finding.check.code)
}

/// Where the forsaken object was made.
fn made(finding: &Finding) -> Option<&Location> {
    finding.related.iter().find(|l| l.message == crate::waits::MADE).map(|l| &l.location)
}
