//! Words that the checks on obligations share.

use crate::Ctx;
use stanch_diagnostic::{Action, Label, Step};
use stanch_ir::Span;
use stanch_obligations::{Step as PathStep, StepKind};

/// Longer source text is not quoted.
const MAX_QUOTE: usize = 40;

/// Source text on one line, short enough to stand in a sentence.
pub(crate) fn quote<'a>(ctx: &Ctx<'a>, span: Span) -> Option<&'a str> {
    let text = ctx.text(span);
    let fits = !text.is_empty() && text.len() <= MAX_QUOTE && !text.contains(['\n', '`']);
    fits.then_some(text)
}

/// The receiver as written in a call such as `s.mu.Lock()`, or else `name`; in backticks unless
/// neither is known.
pub(crate) fn lock(ctx: &Ctx<'_>, call: Span, name: &str) -> String {
    let written = quote(ctx, call).and_then(|text| {
        let text = text.trim_start_matches("defer ");
        let methods = [".Lock()", ".RLock()", ".TryLock()", ".TryRLock()"];
        methods.iter().find_map(|m| text.strip_suffix(m))
    });
    match written {
        Some(receiver) => format!("`{receiver}`"),
        None if name.contains(' ') => name.to_owned(),
        None => format!("`{name}`"),
    }
}

/// The path as witness steps; `acquire` and `release` say what the two do.
pub(crate) fn witness(
    ctx: &Ctx<'_>,
    path: &[PathStep],
    acquire: (Action, &str),
    release: (Action, &str),
) -> Vec<Step> {
    let start = path.first().map(|s| s.span);
    let step = |s: &PathStep| {
        let quoted = quote(ctx, s.span).map(|text| format!("`{text}`"));
        let condition = quoted.unwrap_or_else(|| "the condition".to_owned());
        let (action, detail) = match &s.kind {
            StepKind::Acquire if Some(s.span) == start => (acquire.0, acquire.1.to_owned()),
            StepKind::Acquire => (acquire.0, format!("calls {condition}")),
            StepKind::Release => (release.0, release.1.to_owned()),
            StepKind::Branch(truth) => (Action::Branch, format!("{condition} is {truth}")),
            StepKind::Loop(true) => (Action::Branch, "the loop has another turn".to_owned()),
            StepKind::Loop(false) => (Action::Branch, "the loop is over".to_owned()),
            StepKind::Arm => (Action::Select, format!("takes the arm {condition}")),
            StepKind::Call(func) => (Action::Call, format!("calls {}", ctx.name(*func))),
            StepKind::Return => (Action::Return, format!("{} returns", ctx.name(s.func))),
        };
        ctx.step(s.func, s.span, action, detail)
    };
    path.iter().map(step).collect()
}

/// A label on the last decision of a path that ends at `exit`, if there is one.
pub(crate) fn decision(ctx: &Ctx<'_>, path: &[PathStep]) -> Option<Label> {
    let last = path
        .iter()
        .rev()
        .find(|s| matches!(s.kind, StepKind::Branch(_) | StepKind::Loop(_) | StepKind::Arm))?;
    let message = match last.kind {
        StepKind::Branch(truth) => format!("when this is {truth}"),
        StepKind::Loop(true) => "in a turn of this loop".to_owned(),
        StepKind::Loop(false) => "when this loop is over".to_owned(),
        _ => "when this arm is taken".to_owned(),
    };
    Some(ctx.label(last.span, message))
}
