//! Words for resources that a path forgets to give back.

use crate::{Ctx, words};
use stanch_diagnostic::{Action, Check, Confidence, Finding, Remedy, Severity};
use stanch_effects::Kind;
use stanch_obligations::{LostResource, ResourceLoss};

/// What a check on resources says.
pub(crate) struct Words {
    /// The check.
    pub(crate) check: &'static Check,
    /// What it is: `the response's body`.
    pub(crate) thing: &'static str,
    /// What did not happen: `closed`.
    pub(crate) done: &'static str,
    /// What it costs.
    pub(crate) note: &'static str,
    /// What gives it back, after the variable: `.Body.Close()`.
    pub(crate) call: &'static str,
}

/// Label of the `go` statement of a lost object.
pub(crate) const STARTS: &str = "its goroutine starts here";

/// Whether the loss is that of an earlier resource on a later error return, where the other paths only
/// hand it on: `constructor-error-leak` tells of these.
pub(crate) fn of_constructor(lost: &LostResource) -> bool {
    lost.fails && lost.moved && !lost.closed && matches!(lost.how, ResourceLoss::Return(_))
}

/// Whether a function that was given the resource in the return at hand forgets it itself: one cause is one
/// finding, and it stands there.
pub(crate) fn is_told_below(ctx: &Ctx<'_>, lost: &LostResource) -> bool {
    let ResourceLoss::Return(exit) = lost.how else { return false };
    ctx.obligations.duties.iter().filter(|duty| duty.lost.is_some()).any(|duty| {
        duty.given_by.is_some_and(|(caller, at)| {
            caller == lost.func
                && (at.package, at.file) == (exit.package, exit.file)
                && exit.range.start <= at.range.start
                && at.range.end <= exit.range.end
        })
    })
}

/// Findings of the resources of some kinds, those of [`of_constructor`] aside.
pub(crate) fn findings(ctx: &Ctx<'_>, words: &Words, kinds: &[Kind]) -> Vec<Finding> {
    let lost = ctx.obligations.lost_resources.iter();
    let lost = lost.filter(|l| kinds.contains(&l.kind) && !of_constructor(l));
    let lost = lost.filter(|l| !is_told_below(ctx, l));
    apart(lost).into_iter().map(|l| finding(ctx, words, l)).collect()
}

/// Of what one variable held in turn, and one return forgets, the first: the mending is the same.
pub(crate) fn apart<'l>(lost: impl Iterator<Item = &'l LostResource>) -> Vec<&'l LostResource> {
    let mut kept: Vec<&LostResource> = Vec::new();
    for one in lost {
        let same = |other: &&LostResource| {
            one.name.is_some()
                && (one.func, &one.name, one.how) == (other.func, &other.name, other.how)
        };
        if !kept.iter().any(same) {
            kept.push(one);
        }
    }
    kept
}

/// One finding.
pub(crate) fn finding(ctx: &Ctx<'_>, words: &Words, lost: &LostResource) -> Finding {
    let Words { thing, done, call, .. } = *words;
    let func = ctx.name(lost.func);
    let name = lost.name.as_deref();
    let subject = match name {
        Some(name) if lost.kind == Kind::Body => format!("{thing} of `{name}`"),
        Some(name) => format!("`{name}`"),
        None => thing.to_owned(),
    };
    let mut related = Vec::new();
    let helper = lost.helper.and_then(|helper| ctx.name_span(helper));
    related.extend(helper.map(|place| ctx.label(place, "this function leaves it to its caller")));
    let both = "here it comes together with what may be an error";
    related.extend(lost.together.map(|place| ctx.label(place, both)));
    let never = !lost.closed && !lost.moved;
    let message = match lost.how {
        ResourceLoss::Replaced(at) => {
            format!("{subject} is not {done} before it is replaced at line {}", ctx.line(at))
        }
        _ if never => format!("{subject} is never {done}"),
        ResourceLoss::Return(exit) => {
            format!("{subject} is not {done} when {func} returns at line {}", ctx.line(exit))
        }
        ResourceLoss::Again => format!("{subject} is not {done} before the next turn"),
    };
    if let ResourceLoss::Return(exit) = lost.how {
        related.extend(words::decision(ctx, &lost.path));
        related.push(ctx.label(exit, format!("not {done} on this path")));
    }
    if let ResourceLoss::Replaced(at) = lost.how {
        related.push(ctx.label(at, "another one takes its place here"));
    }
    related.extend(lost.started.filter(|&at| at != lost.span).map(|at| ctx.label(at, STARTS)));
    let help = match name {
        _ if lost.kind == Kind::Worker => "call the method that ends it on this path".to_owned(),
        _ if lost.kind == Kind::Reference => "give it back on this path".to_owned(),
        // Where it is handed on, a deferred call would close it there too.
        Some(name) if lost.moved => format!("call `{name}{call}` on this path too"),
        Some(name) => format!("`defer {name}{call}` once it is there, or call it on this path"),
        None => format!("keep the result, and `defer` its `{}`", call.trim_start_matches('.')),
    };
    // A test's process ends soon after, and a body that was read to its end has given its connection back.
    let harmless = lost.read || ctx.file(lost.span).ends_with("_test.go");
    Finding {
        check: words.check,
        cause: words.check.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: if harmless { Confidence::Possible } else { Confidence::Likely },
        message,
        label: "taken here".to_owned(),
        package: ctx.path(),
        function: ctx.symbol(lost.func).to_owned(),
        location: ctx.location(lost.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness: words::witness(
            ctx,
            &lost.path,
            (Action::Call, &format!("takes {subject}")),
            (Action::Call, "gives something back"),
        ),
        notes: vec![words.note.to_owned()],
        help: Some(help),
        fix: None,
        fingerprint: String::new(),
    }
}
