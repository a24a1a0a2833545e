//! One cause is one finding: what the explorer finds twice for the same reason is told once.

use stanch_diagnostic::{Confidence, Finding, Label, Location};

/// Findings of a package in which every cause appears once, the surest and shortest account of it.
///
/// Two findings have one cause if the same check finds the same object forsaken in the same function, or
/// if each goroutine hangs in the schedule of the other's finding.
pub(crate) fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut order: Vec<usize> = (0..findings.len()).collect();
    // Who waits for the lock tells more than who holds it and waits.
    let lock = |f: &Finding| f.check.code == crate::stuck_lock::CHECK.code;
    let rank = |f: &Finding| (f.confidence, !lock(f), f.witness.len(), f.location.clone());
    order.sort_by_key(|n| rank(&findings[*n]));
    // For each finding the one that speaks for it.
    let mut told_by: Vec<usize> = (0..findings.len()).collect();
    let mut kept: Vec<usize> = Vec::new();
    for n in order {
        let finding = &findings[n];
        match kept.iter().find(|k| is_same(&findings[**k], finding)) {
            Some(k) if finding.confidence != Confidence::Possible => told_by[n] = *k,
            Some(_) => told_by[n] = usize::MAX,
            None => kept.push(n),
        }
    }
    let also: Vec<(usize, Location)> = findings
        .iter()
        .enumerate()
        .filter(|(n, _)| told_by[*n] != *n && told_by[*n] != usize::MAX)
        .map(|(n, f)| (told_by[n], f.location.clone()))
        .collect();
    let mut merged = Vec::new();
    for (n, mut finding) in findings.into_iter().enumerate() {
        if told_by[n] != n {
            continue;
        }
        for (_, location) in also.iter().filter(|(by, _)| *by == n) {
            if finding.related.iter().all(|label| label.location != *location) {
                let message = "for the same reason, this hangs too".to_owned();
                finding.related.push(Label { location: location.clone(), message });
            }
        }
        merged.push(finding);
    }
    merged
}

fn is_same(told: &Finding, other: &Finding) -> bool {
    let (Some(a), Some(b)) = (&told.goroutine, &other.goroutine) else { return false };
    let one_object = told.check.code == other.check.code
        && told.function == other.function
        && a.entry == b.entry
        && made(told).is_some_and(|at| made(other) == Some(at));
    let hangs = |finding: &Finding, place: &Location| {
        let frames = finding.also_blocked.iter().filter_map(|g| g.frames.first());
        frames.into_iter().any(|f| f.location == *place)
    };
    one_object || hangs(told, &other.location) && hangs(other, &told.location)
}

/// Where the forsaken object was made.
fn made(finding: &Finding) -> Option<&Location> {
    finding.related.iter().find(|l| l.message == crate::waits::MADE).map(|l| &l.location)
}
