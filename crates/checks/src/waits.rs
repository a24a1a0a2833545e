//! From what the explorer proved to findings: the parts that its checks share.

use crate::confidence::{confidence, doubt};
use crate::{Ctx, times};
use stanch_diagnostic::{
    Action, Check, Confidence, Finding, Frame, Goroutine, Label, Remedy, Severity, Step,
};
use stanch_extract::RootLeak;
use stanch_ir::{Callee, FuncId, InstrKind, Operand, Span};
use stanch_model::{Action as Act, Blocked, Decision, FnId, Leak, LeakKind, Site, WaitReason};
use stanch_types::{Builtin, TypeId};
use std::collections::BTreeSet;

/// How many operations that could have helped are labelled.
const RESCUERS: usize = 2;

/// Who calls the methods of a type's object, where that is nobody in view.
const CLIENT: &str = "client";

/// On the place where the object was made.
pub(crate) const MADE: &str = "made here";

/// Ends the words on the step after which a goroutine hangs for ever.
pub(crate) const NOBODY: &str = "nobody comes for it";

/// What a check says of a leak.
pub(crate) struct Words {
    /// The operation: `this send`.
    pub(crate) subject: &'static str,
    /// What it does: `block for ever`.
    pub(crate) verb: (&'static str, &'static str),
    /// On the primary label.
    pub(crate) label: &'static str,
    /// On the operations that end the wait in other runs.
    pub(crate) rescuer: &'static str,
    /// What to do.
    pub(crate) help: &'static str,
    /// Which edit.
    pub(crate) remedy: Remedy,
}

/// A leak seen from its source.
pub(crate) struct Seen<'a> {
    pub(crate) leak: &'a RootLeak,
    pub(crate) func: FuncId,
    pub(crate) span: Span,
    /// Other leaks at the same operation.
    pub(crate) others: Vec<&'a RootLeak>,
}

/// The leaks whose blocked operation has a source, the surest first, one a place.
pub(crate) fn leaks<'a>(
    ctx: &Ctx<'a>,
    wanted: impl Fn(&Ctx<'a>, &Seen<'a>) -> bool,
) -> Vec<Seen<'a>> {
    let mut seen: Vec<Seen<'a>> = Vec::new();
    for leak in &ctx.explored.leaks {
        let Some((func, span)) = operation(ctx, &leak.leak) else { continue };
        let one = Seen { leak, func, span, others: Vec::new() };
        if wanted(ctx, &one) {
            seen.push(one);
        }
    }
    seen.sort_by_key(|s| (s.span, confidence(ctx, s.leak), s.leak.leak.witness.len()));
    seen.dedup_by(|other, kept| {
        let same = other.span == kept.span;
        if same {
            kept.others.push(other.leak);
        }
        same
    });
    seen
}

/// Whether nobody makes the channel that is waited for: no schedule was explored for that.
pub(crate) fn is_unmade(leak: &RootLeak) -> bool {
    let nil = matches!(leak.leak.wait, WaitReason::ChanSendNil | WaitReason::ChanReceiveNil);
    leak.unexplored && nil
}

/// Where the context was made that a goroutine waits for and that a cancel function could end.
pub(crate) fn cancelled_context(ctx: &Ctx<'_>, leak: &Leak) -> Option<Span> {
    let waits = matches!(leak.wait, WaitReason::ChanReceive | WaitReason::Select);
    if leak.kind != LeakKind::BlockedForEver || !waits {
        return None;
    }
    given_by_call(ctx, leak, |ty| is_of_std(ctx, ty, "context", &["Context"]))
}

/// Whether a goroutine that runs for ever waits, in one of its arms, for a context that a cancel function
/// could end.
pub(crate) fn waits_for_context(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    given_by_call(ctx, leak, |ty| is_of_std(ctx, ty, "context", &["Context"])).is_some()
}

/// Whether what is waited for is the channel of a timer or ticker.
pub(crate) fn is_clock(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let clock = |ty| {
        let ty = ctx.program.pointee(ty).unwrap_or(ty);
        is_of_std(ctx, ty, "time", &["Timer", "Ticker"])
    };
    leak.wait == WaitReason::ChanReceive && given_by_call(ctx, leak, clock).is_some()
}

/// Where a call gives what is waited for, as a result of a type that is asked for.
fn given_by_call(ctx: &Ctx<'_>, leak: &Leak, wanted: impl Fn(TypeId) -> bool) -> Option<Span> {
    leak.objects.iter().find_map(|&(_, site)| {
        let (func, span) = ctx.explored.translated.source(site)?;
        let func = &ctx.module.funcs[func];
        let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        let mut calls = instrs.filter(|i| i.span == span);
        let made = calls.any(|i| match &i.kind {
            InstrKind::Call(call) => call.dst.iter().any(|d| wanted(func.locals[*d].ty)),
            _ => false,
        });
        made.then_some(span)
    })
}

/// Whether a type is one of these of a package of the standard library.
fn is_of_std(ctx: &Ctx<'_>, ty: TypeId, package: &str, names: &[&str]) -> bool {
    ctx.program.named_object(ty).is_some_and(|o| {
        o.package != stanch_types::ObjectId::UNIVERSE
            && ctx.program.package_path(o.package) == package
            && names.contains(&ctx.program.object_name(o))
    })
}

/// Function and place of the operation that blocks: the innermost frame with a source.
fn operation(ctx: &Ctx<'_>, leak: &Leak) -> Option<(FuncId, Span)> {
    leak.stack.iter().find_map(|&(_, site)| ctx.explored.translated.source(site))
}

/// The finding of a leak.
pub(crate) fn finding(
    ctx: &Ctx<'_>,
    check: &'static Check,
    seen: &Seen<'_>,
    words: &Words,
) -> Finding {
    let leak = &seen.leak.leak;
    let confidence = confidence(ctx, seen.leak);
    let verb = if confidence == Confidence::Proved { words.verb.0 } else { words.verb.1 };
    let message = format!("{} {verb}{}", words.subject, occasion(ctx, leak));
    let goroutine = goroutine(ctx, leak);
    let mut also_blocked: Vec<Goroutine> =
        leak.also_blocked.iter().map(|b| blocked(ctx, b)).collect();
    for other in &seen.others {
        add(&goroutine, &mut also_blocked, self::goroutine(ctx, &other.leak));
    }
    Finding {
        check,
        cause: check.cause,
        remedy: words.remedy,
        severity: Severity::Error,
        confidence,
        message,
        label: words.label.to_owned(),
        package: ctx.path(),
        function: ctx.symbol(seen.func).to_owned(),
        location: ctx.location(seen.span),
        goroutine: Some(goroutine),
        also_blocked,
        related: related(ctx, seen, words),
        witness: witness(ctx, leak),
        notes: notes(ctx, seen),
        help: Some(words.help.to_owned()),
        fix: None,
        fingerprint: String::new(),
    }
}

/// Tells a finding about a lock who waits for it, as the explorer saw it: the leaks whose schedule or
/// stack goes through one of the places.
pub(crate) fn hang_on(ctx: &Ctx<'_>, finding: &mut Finding, places: &[Span]) {
    let ctx = &ctx.seen();
    for leak in ctx.explored.leaks.iter().map(|l| &l.leak) {
        if !waits_for_lock(leak) || !goes_through(ctx, leak, places) {
            continue;
        }
        let seen = goroutine(ctx, leak);
        match &mut finding.goroutine {
            Some(known) if known.frames.first() != seen.frames.first() => {
                let known = known.clone();
                add(&known, &mut finding.also_blocked, seen);
            }
            Some(known) if known.frames.len() >= seen.frames.len() => {}
            known => *known = Some(seen),
        }
    }
}

/// Whether a goroutine waits for a lock for ever.
pub(crate) fn waits_for_lock(leak: &Leak) -> bool {
    leak.kind == LeakKind::BlockedForEver
        && matches!(
            leak.wait,
            WaitReason::MutexLock | WaitReason::RwMutexRLock | WaitReason::RwMutexLock
        )
}

/// Whether a schedule, or the stack at its end, goes through one of the places.
pub(crate) fn goes_through(ctx: &Ctx<'_>, leak: &Leak, places: &[Span]) -> bool {
    let sites = leak.witness.iter().map(|step| step.site).chain(leak.stack.iter().map(|f| f.1));
    sites
        .filter_map(|site| ctx.explored.translated.source(site))
        .any(|(_, span)| places.contains(&span))
}

/// Adds a goroutine that is not among them yet.
fn add(first: &Goroutine, others: &mut Vec<Goroutine>, one: Goroutine) {
    let same = |g: &Goroutine| {
        g.entry == one.entry && g.wait == one.wait && g.frames.first() == one.frames.first()
    };
    if !same(first) && !others.iter().any(same) {
        others.push(one);
    }
}

fn goroutine(ctx: &Ctx<'_>, leak: &Leak) -> Goroutine {
    Goroutine {
        entry: symbol(ctx, leak.entry),
        wait: leak.wait.as_str().to_owned(),
        frames: frames(ctx, &leak.stack),
        created_by: creator(ctx, leak.created_by),
    }
}

fn blocked(ctx: &Ctx<'_>, other: &Blocked) -> Goroutine {
    Goroutine {
        entry: symbol(ctx, other.entry),
        wait: other.wait.as_str().to_owned(),
        frames: frames(ctx, &other.stack),
        created_by: creator(ctx, other.created_by),
    }
}

/// Whether a function of the model is a client that was made up.
fn is_client(ctx: &Ctx<'_>, id: FnId) -> bool {
    ctx.explored.translated.func(id).is_none()
}

fn frames(ctx: &Ctx<'_>, stack: &[(FnId, Site)]) -> Vec<Frame> {
    // A client that was made up is nobody's frame.
    let real = stack.iter().filter(|f| !is_client(ctx, f.0));
    real.filter_map(|&(_, site)| frame(ctx, site)).collect()
}

/// The frame of a `go` statement; a client's calls are nobody's in view.
fn creator(ctx: &Ctx<'_>, by: Option<(FnId, Site)>) -> Option<Frame> {
    by.filter(|(by, _)| !is_client(ctx, *by)).and_then(|(_, site)| frame(ctx, site))
}

fn frame(ctx: &Ctx<'_>, site: Site) -> Option<Frame> {
    let (func, span) = ctx.explored.translated.source(site)?;
    Some(ctx.frame(func, span))
}

fn symbol(ctx: &Ctx<'_>, id: FnId) -> String {
    match ctx.explored.translated.func(id) {
        Some(func) => ctx.symbol(func).to_owned(),
        None => ctx.explored.translated.program.functions[id].name.to_string(),
    }
}

/// The step after which nothing could help, with its source.
fn doom<'l>(ctx: &Ctx<'_>, leak: &'l Leak) -> Option<(&'l stanch_model::Step, FuncId, Span)> {
    let step = leak.witness.get(leak.doomed_by? as usize)?;
    let (func, span) = ctx.explored.translated.source(step.site)?;
    Some((step, func, span))
}

/// With which function a goroutine of the schedule begins.
fn first_function(ctx: &Ctx<'_>, leak: &Leak, goroutine: u32) -> Option<FuncId> {
    leak.witness.iter().find_map(|step| match step.action {
        Act::Go { started, entry } if started == goroutine => ctx.explored.translated.func(entry),
        _ => None,
    })
}

/// When it happens, as the end of the headline.
fn occasion(ctx: &Ctx<'_>, leak: &Leak) -> String {
    let Some((step, func, span)) = doom(ctx, leak) else { return String::new() };
    let (name, line) = (ctx.name(func), ctx.line(span));
    match &step.action {
        Act::End if step.goroutine != 0 => match first_function(ctx, leak, step.goroutine) {
            Some(entry) => format!(" once {} has ended", ctx.name(entry)),
            None => String::new(),
        },
        Act::Return | Act::End => format!(" once {name} returns at line {line}"),
        Act::Select { arm: Some(_), .. } => format!(" if {name} takes the arm at line {line}"),
        Act::Select { arm: None, .. } => format!(" if the select at line {line} takes `default`"),
        Act::Branch(_) => format!(" if {name} goes this way at line {line}"),
        Act::Receive { .. } => format!(" after the receive at line {line}"),
        Act::Send { .. } => format!(" after the send at line {line}"),
        Act::Panic => format!(" if {name} panics at line {line}"),
        Act::Close => format!(" after the close at line {line}"),
        _ => String::new(),
    }
}

fn related(ctx: &Ctx<'_>, seen: &Seen<'_>, words: &Words) -> Vec<Label> {
    let leak = &seen.leak.leak;
    let mut labels: Vec<(Span, String)> = Vec::new();
    let source = |site: Site| ctx.explored.translated.source(site);
    for &(_, site) in leak.objects.iter().take(1) {
        labels.extend(source(site).map(|(_, span)| (span, MADE.to_owned())));
    }
    if let Some((by, site)) = leak.created_by {
        let text = match is_client(ctx, by) {
            true => "a caller is in here while the object is stopped",
            false => "the goroutine starts here",
        };
        labels.extend(source(site).map(|(_, span)| (span, text.to_owned())));
    }
    if let Some((step, _, span)) = doom(ctx, leak) {
        let text = match step.action {
            Act::End if step.goroutine != 0 => "once this goroutine has ended nobody comes for it",
            Act::Return | Act::End => "after this return nobody comes for it",
            Act::Branch(_) => "on this way nobody comes for it",
            _ => "after this nobody comes for it",
        };
        labels.push((span, text.to_owned()));
    }
    let rescuers: BTreeSet<Span> =
        leak.rescuers.iter().filter_map(|&(_, site)| Some(source(site)?.1)).collect();
    for span in rescuers.into_iter().take(RESCUERS) {
        labels.push((span, words.rescuer.to_owned()));
    }
    let mut used: Vec<Span> = vec![seen.span];
    let mut out = Vec::new();
    for (span, text) in labels {
        if !used.contains(&span) {
            used.push(span);
            out.push(ctx.label(span, text));
        }
    }
    out
}

fn notes(ctx: &Ctx<'_>, seen: &Seen<'_>) -> Vec<String> {
    let leak = &seen.leak.leak;
    let mut notes = Vec::new();
    let sends = matches!(leak.wait, WaitReason::ChanSend | WaitReason::Select);
    if sends && defers_close(ctx, seen.func) {
        notes.push(
            "the deferred `close` runs when this function ends: it cannot free a sender that is \
             blocked before"
                .to_owned(),
        );
    }
    match doubt(ctx, seen.leak) {
        Some(doubt) => notes.push(format!("what speaks against it: {doubt}")),
        None if confidence(ctx, seen.leak) == Confidence::Likely => notes.push(
            "this rests on the decisions in the schedule, which can go either way".to_owned(),
        ),
        None => {}
    }
    if seen.leak.scaled {
        notes.push(
            "a small number stands for the large one of the source in this schedule, and what is \
             counted is fewer accordingly"
                .to_owned(),
        );
    }
    if seen.leak.client {
        let stop = ctx.name(seen.leak.root);
        let meets = leak.created_by.is_some_and(|(by, _)| is_client(ctx, by));
        notes.push(match meets.then(|| ctx.explored.translated.func(leak.entry)).flatten() {
            Some(called) => format!(
                "{} can be called while {stop} is: whoever it waits for may be gone by then",
                ctx.name(called)
            ),
            None if is_called_twice(ctx, seen.leak) => {
                format!(
                    "the second call of {stop} finds nobody: the first one has ended the other side"
                )
            }
            None if leak.goroutine == 0 && leak.alone => {
                format!(
                    "a call of {stop} hangs so: nobody else knows of what it waits for any more"
                )
            }
            None => {
                format!("whoever uses the object calls {stop} last: nobody comes for it after that")
            }
        });
    }
    if seen.leak.unexplored && leak.witness.len() == 1 && leak.wait == WaitReason::ChanSend {
        let text = match leak.rescuers.is_empty() {
            true => {
                "this loop watches for its end, but not here: whoever receives may have been told of the \
                 end as well"
            }
            false => {
                "others who send there watch for the end, but not here: whoever receives may not come any \
                 more then"
            }
        };
        notes.push(text.to_owned());
    }
    if !leak.also_blocked.is_empty() {
        let n = leak.also_blocked.len();
        let goroutines = if n == 1 { "goroutine hangs" } else { "goroutines hang" };
        notes.push(format!("{n} other {goroutines} with it"));
    }
    notes
}

/// Whether a client hangs in the second call of the method that stops its object.
fn is_called_twice(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let calls = leak.leak.witness.iter().filter(|step| match step.action {
        Act::Call { callee } => {
            step.goroutine == 0
                && is_client(ctx, step.func)
                && ctx.explored.translated.func(callee) == Some(leak.root)
        }
        _ => false,
    });
    leak.leak.goroutine == 0 && calls.count() > 1
}

fn defers_close(ctx: &Ctx<'_>, func: FuncId) -> bool {
    let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
    instrs.into_iter().any(|i| match &i.kind {
        InstrKind::Defer(call) => {
            call.callee == Callee::Builtin(Builtin::Close)
                && matches!(call.args.first(), Some(Operand::Local(_)))
        }
        _ => false,
    })
}

/// The schedule. Steps of code without source are left out.
fn witness(ctx: &Ctx<'_>, leak: &Leak) -> Vec<Step> {
    let steps = leak.witness.iter().filter_map(|step| {
        let (func, span) = ctx.explored.translated.source(step.site)?;
        let (action, detail) = describe(ctx, step, span)?;
        let real = ctx.explored.translated.func(step.func).is_some();
        Some(Step {
            goroutine: step.goroutine,
            function: if real { ctx.symbol(func) } else { CLIENT }.to_owned(),
            location: ctx.location(span),
            action,
            detail,
        })
    });
    let mut steps: Vec<Step> = steps.collect();
    steps.dedup();
    drop_quiet_calls(&mut steps);
    steps
}

/// Leaves out calls in which a goroutine does nothing but return.
fn drop_quiet_calls(steps: &mut Vec<Step>) {
    let mut at = 0;
    while at < steps.len() {
        let call = &steps[at];
        let next = (at + 1..steps.len()).find(|n| steps[*n].goroutine == call.goroutine);
        let quiet = next.filter(|n| {
            let back = &steps[*n];
            call.action == Action::Call
                && back.action == Action::Return
                && back.function != call.function
        });
        match quiet {
            Some(back) => {
                steps.remove(back);
                steps.remove(at);
                // The call around it may be quiet now.
                at = at.saturating_sub(1);
            }
            None => at += 1,
        }
    }
}

fn describe(ctx: &Ctx<'_>, step: &stanch_model::Step, span: Span) -> Option<(Action, String)> {
    let text = ctx.text(span).lines().next().unwrap_or_default();
    let quoted = match text.chars().count() {
        0 => "this".to_owned(),
        1..=40 => format!("`{}`", text.replace('`', "'")),
        _ => format!("`{}…`", text.chars().take(36).collect::<String>().replace('`', "'")),
    };
    Some(match &step.action {
        Act::Go { started, entry } => {
            let name = ctx.explored.translated.func(*entry).map(|f| ctx.name(f));
            let name = name.map_or_else(String::new, |n| format!(" ({n})"));
            (Action::Go, format!("starts goroutine {started}{name}"))
        }
        Act::Send { to: Some(to) } => (Action::Send, format!("{quoted}: goroutine {to} takes it")),
        Act::Send { to: None } => (Action::Send, quoted),
        Act::Receive { closed: true, .. } => (Action::Receive, format!("{quoted} finds it closed")),
        Act::Receive { from: Some(from), .. } => {
            (Action::Receive, format!("{quoted} gets it from goroutine {from}"))
        }
        Act::Receive { .. } => (Action::Receive, quoted),
        Act::Close => (Action::Close, quoted),
        Act::Select { arm: Some(_), .. } => (Action::Select, format!("takes {quoted}")),
        Act::Select { arm: None, .. } => (Action::Select, "takes `default`".to_owned()),
        Act::Lock { .. } => (Action::Lock, quoted),
        Act::Unlock { .. } => (Action::Unlock, quoted),
        Act::Add { .. } => (Action::Add, quoted),
        Act::Done => (Action::Done, quoted),
        Act::Wait | Act::Signal => (Action::Wait, quoted),
        Act::Cancel => (Action::Cancel, quoted),
        Act::Operation => return None,
        Act::Branch(decision) => (Action::Branch, decided(*decision, &quoted)),
        Act::Call { callee } => {
            let name = ctx.explored.translated.func(*callee).map(|f| ctx.name(f))?;
            (Action::Call, format!("calls {name}"))
        }
        Act::Return => (Action::Return, "returns".to_owned()),
        Act::Panic => (Action::Return, "panics".to_owned()),
        Act::End => (Action::End, "ends".to_owned()),
        Act::Block(wait) => (Action::Block, format!("blocks for ever: {}", wait.as_str())),
        Act::Spin => (Action::Block, "runs for ever".to_owned()),
    })
}

fn decided(decision: Decision, quoted: &str) -> String {
    match decision {
        Decision::Taken(true) | Decision::Answer(true) => format!("{quoted} is true"),
        Decision::Taken(false) | Decision::Answer(false) => format!("{quoted} is false"),
        Decision::Size(n) => format!("{quoted}: there are {n}"),
        Decision::Case(Some(_)) | Decision::Matched(true) => format!("{quoted} matches"),
        Decision::Case(None) | Decision::Matched(false) => format!("{quoted} does not match"),
        Decision::Happened(true) => format!("{quoted} has happened"),
        Decision::Happened(false) => format!("{quoted} has not happened yet"),
        Decision::Choice(_) => format!("{quoted}: one of several"),
    }
}

/// Whether the operation at `span` is the head of `range ch`.
pub(crate) fn is_range(ctx: &Ctx<'_>, func: FuncId, span: Span) -> bool {
    let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
    instrs
        .into_iter()
        .any(|i| i.span == span && matches!(i.kind, InstrKind::Recv { range: true, .. }))
}

/// Whether a function or goroutine that runs once waits for ever on purpose: on what can never come.
pub(crate) fn parks(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let never = matches!(
        leak.leak.wait,
        WaitReason::ChanReceiveNil | WaitReason::ChanSendNil | WaitReason::SelectNoCases
    );
    let once = match leak.leak.created_by.and_then(|(_, site)| ctx.explored.translated.source(site))
    {
        Some((func, span)) => {
            let mut blocks = ctx.module.funcs[func].blocks.iter_enumerated();
            let at = blocks.find(|(_, b)| b.instrs.iter().any(|i| i.span == span));
            at.is_some_and(|(block, _)| !times::in_loop(ctx, func, block))
                && times::runs_once(ctx, func)
        }
        None => leak.leak.goroutine == 0 && times::runs_once(ctx, leak.root),
    };
    never && once
}

#[cfg(test)]
mod tests {
    use super::drop_quiet_calls;
    use stanch_base::TextRange;
    use stanch_diagnostic::{Action, Location, Step};

    #[test]
    fn calls_in_which_nothing_happens_are_left_out() {
        let step = |goroutine, function: &str, action| Step {
            goroutine,
            function: function.to_owned(),
            location: Location { file: String::new(), range: TextRange::empty(0) },
            action,
            detail: String::new(),
        };
        let mut steps = vec![
            step(0, "f", Action::Call),
            step(0, "g", Action::Call),
            step(1, "w", Action::Send),
            step(0, "h", Action::Return),
            step(0, "g", Action::Return),
            step(0, "f", Action::Call),
            step(0, "k", Action::Branch),
            step(0, "k", Action::Return),
        ];
        drop_quiet_calls(&mut steps);
        let left: Vec<Action> = steps.iter().map(|s| s.action).collect();
        assert_eq!(left, [Action::Send, Action::Call, Action::Branch, Action::Return]);
    }
}
