//! Words for places in wait groups and semaphores that are not given back.

use crate::{Ctx, words};
use stanch_diagnostic::{Action, Check, Confidence, Finding, Remedy, Severity};
use stanch_obligations::{LostSlot, SlotEnd, SlotKind};

/// What is said of one kind of place.
pub(crate) struct Words {
    /// Who suffers.
    pub(crate) note: &'static str,
    /// What to do.
    pub(crate) help: &'static str,
}

/// Findings of one package for the kinds that `wanted` tells.
pub(crate) fn findings(
    ctx: &Ctx<'_>,
    check: &'static Check,
    wanted: fn(SlotKind) -> bool,
    said: &Words,
) -> Vec<Finding> {
    let lost = ctx.obligations.lost_slots.iter().filter(|lost| wanted(lost.kind));
    lost.map(|lost| finding(ctx, check, lost, said)).collect()
}

fn finding(ctx: &Ctx<'_>, check: &'static Check, lost: &LostSlot, said: &Words) -> Finding {
    let name = match &lost.name {
        Some(name) => format!("`{name}`"),
        None => match lost.kind {
            SlotKind::Group => "the wait group".to_owned(),
            SlotKind::Channel | SlotKind::Weighted => "the semaphore".to_owned(),
        },
    };
    let by = match lost.how {
        SlotEnd::Missed(func) => func,
        SlotEnd::Here | SlotEnd::There => lost.func,
    };
    let (func, line) = (ctx.name(by), ctx.line(lost.exit));
    let message = match lost.kind {
        SlotKind::Group => format!("`Done` of {name} is missed when {func} returns at line {line}"),
        SlotKind::Channel | SlotKind::Weighted => {
            format!("a place in {name} is not given back when {func} returns at line {line}")
        }
    };
    let is_group = lost.kind == SlotKind::Group;
    let back = if is_group { "`Done`" } else { "giving it back" };
    let (take, give) =
        if is_group { (Action::Add, Action::Done) } else { (Action::Lock, Action::Unlock) };
    let took =
        if is_group { format!("adds to {name}") } else { format!("takes a place in {name}") };
    let mut related = Vec::new();
    related.extend(words::decision(ctx, &lost.path));
    for &exit in &lost.exits {
        related.push(ctx.label(exit, format!("returns without {back}")));
    }
    let other = match (lost.how, is_group) {
        (SlotEnd::Here, false) => "other paths give it back here",
        (SlotEnd::Here, true) => "other paths call `Done` here",
        (SlotEnd::There, false) => "on other paths this function gives it back",
        (SlotEnd::There, true) => "on other paths this function calls `Done`",
        (SlotEnd::Missed(_), false) => "on its other paths it gives it back here",
        (SlotEnd::Missed(_), true) => "on its other paths it calls `Done` here",
    };
    related.push(ctx.label(lost.end, other));
    let mut witness = words::witness(ctx, &lost.path, (take, &took), (give, "gives it back"));
    if let SlotEnd::Missed(_) = lost.how {
        witness.push(ctx.step(by, lost.exit, Action::Return, format!("{func} returns without it")));
    }
    Finding {
        check,
        cause: check.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: Confidence::Likely,
        message,
        label: if is_group { "added here" } else { "taken here" }.to_owned(),
        package: ctx.path(),
        function: ctx.symbol(lost.func).to_owned(),
        location: ctx.location(lost.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness,
        notes: vec![said.note.to_owned()],
        help: Some(said.help.to_owned()),
        fix: None,
        fingerprint: String::new(),
    }
}
