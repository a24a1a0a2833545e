//! A channel stays registered for signals when the function that registered it is over.
//!
//! # Why it leaks
//! `signal.Notify` puts the channel in a table of the process. Only `signal.Stop` takes it out again:
//! each call of such a function leaves a channel there, with what waits at it, and makes the delivery of
//! every signal longer.
//!
//! # Example
//! ```go
//! func serveAll(jobs []func(<-chan os.Signal)) {
//!     for _, job := range jobs {
//!         serve(job)
//!     }
//! }
//!
//! func serve(job func(<-chan os.Signal)) {
//!     hup := make(chan os.Signal, 1)
//!     signal.Notify(hup, os.Interrupt) // one more with each job
//!     select {
//!     case <-hup:
//!     case <-time.After(time.Second):
//!     }
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Channels that leave the function's hands. Functions that run once, as far as the package shows; those
//! that only others may call again are `possible`. Packages that reset what they asked for.

use crate::Ctx;
use crate::times::{Times, in_loop, times};
use stanch_base::FxHashSet;
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Remedy, Severity, Stage};
use stanch_effects::Op;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, SelectOp, Span,
    Terminator,
};
use stanch_types::ObjectId;

/// The check.
pub const CHECK: Check = Check {
    code: "RS021",
    name: "signal-without-stop",
    summary: "a function leaves a channel registered for signals",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Callers of callers are asked so far whether they call in a loop.
const LEVELS: u32 = 3;

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let resets = |func: &Func| calls(func).any(|(_, _, call)| is_of_signal(ctx, call, "Reset"));
    for (id, func) in ctx.module.funcs.iter_enumerated() {
        for (at, span, call) in calls(func) {
            if is_of_signal(ctx, call, "Notify")
                && let Some(Operand::Local(chan)) = call.args.first()
                && let Some(how) = forgotten(ctx, id, *chan, at)
                && !ctx.module.funcs.iter().any(resets)
            {
                found.push(finding(ctx, id, span, how));
            }
        }
    }
    found
}

/// How a channel stays registered.
enum How {
    /// This return is reached without a stop that others reach.
    Return(Span, Span),
    /// Nothing stops it, and the function runs again in a loop.
    Loop,
    /// Nothing stops it, and others may run the function again.
    Others,
}

type Place = (BlockId, usize);

fn forgotten(ctx: &Ctx<'_>, id: FuncId, chan: LocalId, at: Place) -> Option<How> {
    let func = &ctx.module.funcs[id];
    let names = own_names(func, chan)?;
    let is_it = |x: &Operand| matches!(x, Operand::Local(local) if names.contains(local));
    let captured = func.closures.iter().filter_map(|&inner| ctx.module.funcs.get(inner));
    let captured = captured.flat_map(|f| f.captures.iter().map(move |c| (f, c)));
    for (literal, capture) in captured.filter(|(_, c)| names.contains(&c.outer)) {
        if !only_receives(ctx, literal, capture.inner) {
            return None;
        }
    }
    let stops =
        |call: &Call| is_of_signal(ctx, call, "Stop") && call.args.first().is_some_and(is_it);
    let mut stop = None;
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Defer(call) if stops(call) => return None,
                InstrKind::Call(call) if stops(call) => stop = stop.or(Some(instr.span)),
                InstrKind::Call(call) if is_of_signal(ctx, call, "Notify") => {}
                InstrKind::Assign(_, Rvalue::Use(_) | Rvalue::Convert(..) | Rvalue::Len(_)) => {}
                kind => {
                    let mut leaves = false;
                    kind.for_each_operand(|x| leaves |= is_it(x));
                    let received = matches!(kind, InstrKind::Recv { .. });
                    if leaves && !received {
                        return None;
                    }
                }
            }
        }
        if let Terminator::Select { arms, .. } = &block.term
            && arms.iter().any(|a| matches!(&a.op, SelectOp::Send { value, .. } if is_it(value)))
        {
            return None;
        }
    }
    if func.results.iter().any(|result| names.contains(result)) {
        return None;
    }
    let exit = leaves_without(func, at, &|call| stops(call) || never_returns(ctx, call))?;
    match stop {
        Some(stop) => Some(How::Return(exit, stop)),
        None if runs_in_loop(ctx, id, at.0, LEVELS) => Some(How::Loop),
        None => (times(ctx, id) == Times::Many).then_some(How::Others),
    }
}

/// The locals that are a channel which the function itself makes.
fn own_names(func: &Func, chan: LocalId) -> Option<FxHashSet<LocalId>> {
    let mut names = FxHashSet::from_iter([chan]);
    let mut made = false;
    loop {
        let before = names.len();
        for kind in func.blocks.iter().flat_map(|b| &b.instrs).map(|i| &i.kind) {
            let InstrKind::Assign(to, rvalue) = kind else { continue };
            match rvalue {
                Rvalue::Use(Operand::Local(from)) | Rvalue::Convert(Operand::Local(from), _)
                    if names.contains(to) || names.contains(from) =>
                {
                    names.extend([*to, *from]);
                }
                Rvalue::MakeChan { .. } => made |= names.contains(to),
                _ if names.contains(to) => return None,
                _ => {}
            }
        }
        if names.len() == before {
            break;
        }
    }
    let given = func.params.iter().chain(func.captures.iter().map(|c| &c.inner));
    (made && !given.into_iter().any(|local| names.contains(local))).then_some(names)
}

/// Whether a literal does nothing with a channel that it captures but wait at it.
fn only_receives(ctx: &Ctx<'_>, literal: &Func, chan: LocalId) -> bool {
    let is_it = |x: &Operand| *x == Operand::Local(chan);
    let within = literal.closures.iter().filter_map(|&inner| ctx.module.funcs.get(inner));
    let captured = within.flat_map(|f| &f.captures).any(|c| c.outer == chan);
    !captured
        && literal.blocks.iter().flat_map(|b| &b.instrs).all(|instr| {
            let mut used = false;
            instr.kind.for_each_operand(|x| used |= is_it(x));
            !used || matches!(instr.kind, InstrKind::Recv { .. })
        })
}

/// A return that control reaches from a place without a call that stops it or does not return.
fn leaves_without(func: &Func, at: Place, stops: &dyn Fn(&Call) -> bool) -> Option<Span> {
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut work = vec![(at.0, at.1 + 1)];
    let mut exits: Vec<Span> = Vec::new();
    while let Some((block, first)) = work.pop() {
        if first == 0 && !seen.insert(block) {
            continue;
        }
        let data = &func.blocks[block];
        let stopped = data.instrs.iter().skip(first).any(|instr| match &instr.kind {
            InstrKind::Call(call) => stops(call),
            _ => false,
        });
        if stopped {
            continue;
        }
        if data.term == Terminator::Return {
            exits.push(data.term_span);
        }
        work.extend(data.term.targets().into_iter().map(|next| (next, 0)));
    }
    exits.into_iter().min()
}

/// Whether a loop of the package runs a place of a function again and again.
fn runs_in_loop(ctx: &Ctx<'_>, id: FuncId, block: BlockId, levels: u32) -> bool {
    if in_loop(ctx, id, block) {
        return true;
    }
    let Some(levels) = levels.checked_sub(1) else { return false };
    let object = ctx.module.funcs[id].object;
    ctx.module.funcs.iter_enumerated().any(|(caller, func)| {
        caller != id
            && calls(func).any(|((block, _), _, call)| {
                let direct = match call.callee {
                    Callee::Static(callee, _) => Some(callee) == object,
                    Callee::Closure(literal, _) => literal == id,
                    _ => false,
                };
                direct && runs_in_loop(ctx, caller, block, levels)
            })
    })
}

fn calls(func: &Func) -> impl Iterator<Item = (Place, Span, &Call)> {
    func.blocks.iter_enumerated().flat_map(|(block, data)| {
        data.instrs.iter().enumerate().filter_map(move |(index, instr)| match &instr.kind {
            InstrKind::Call(call) => Some(((block, index), instr.span, call)),
            _ => None,
        })
    })
}

/// Whether a library function ends the process or the goroutine.
fn never_returns(ctx: &Ctx<'_>, call: &Call) -> bool {
    let Callee::Static(object, _) = call.callee else { return false };
    ctx.effect(object).is_some_and(|e| matches!(e.op, Op::Exit | Op::Goexit | Op::Panic))
}

fn is_of_signal(ctx: &Ctx<'_>, call: &Call, name: &str) -> bool {
    let of_signal = |object: ObjectId| {
        object.package != ObjectId::UNIVERSE
            && ctx.program.package_path(object.package) == "os/signal"
            && ctx.program.object_name(object) == name
    };
    matches!(call.callee, Callee::Static(object, _) if of_signal(object))
}

fn finding(ctx: &Ctx<'_>, id: FuncId, span: Span, how: How) -> Finding {
    let name = ctx.name(id);
    let (message, related, confidence) = match how {
        How::Return(exit, stop) => (
            format!("the signals are not stopped when {name} returns at line {}", ctx.line(exit)),
            vec![
                ctx.label(exit, "not stopped on this path"),
                ctx.label(stop, "other paths stop them here"),
            ],
            Confidence::Likely,
        ),
        How::Loop => {
            (format!("each run of {name} leaves a channel registered"), vec![], Confidence::Likely)
        }
        How::Others => (
            format!("each call of {name} leaves a channel registered"),
            vec![],
            Confidence::Possible,
        ),
    };
    let mut finding = Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Warning,
        confidence,
        message,
        label: "registered here".to_owned(),
        package: ctx.path(),
        function: ctx.symbol(id).to_owned(),
        location: ctx.location(span),
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness: Vec::new(),
        notes: vec!["the process keeps the channel until `signal.Stop`".to_owned()],
        help: Some("`defer signal.Stop` of the channel after this".to_owned()),
        fix: None,
        fingerprint: String::new(),
    };
    if ctx.file(span).ends_with("_test.go") {
        finding.confidence = Confidence::Possible;
    }
    finding
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("signal-without-stop", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("signal-without-stop", include_str!("signal_without_stop.rs"));
    }

    #[test]
    fn on_a_path() {
        check(
            r#"
func wait(done <-chan int) error {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[signal-without-stop]: the signals are not stopped when `wait` returns at line 8
    select {
    case <-c:
        return errors.New("interrupted")
    case <-done:
    }
    signal.Stop(c)
    return nil
}
func careful(done <-chan int) error {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
    defer signal.Stop(c)
    select {
    case <-c:
        return errors.New("interrupted")
    case <-done:
        return nil
    }
}
"#,
        );
    }

    #[test]
    fn ways_that_do_not_return() {
        check(
            r#"
func exits(stop <-chan bool) {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
    select {
    case <-c:
        os.Exit(1)
    case <-stop:
        signal.Stop(c)
    }
}
func dies(stop <-chan bool) {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
    select {
    case <-c:
        log.Fatal("interrupted")
    case <-stop:
        signal.Stop(c)
    }
}
"#,
        );
    }

    #[test]
    fn each_turn() {
        check(
            r#"
func turns(n int) {
    for i := 0; i < n; i++ {
        one()
        kept()
        literal()
    }
}
func one() {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[signal-without-stop]: each run of `one` leaves a channel registered
    go func() { <-c }()
}
var all []chan os.Signal
func kept() {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
    all = append(all, c)
}
func literal() {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
    go func() { <-c; signal.Stop(c) }()
}
func once() {
    c := make(chan os.Signal, 1)
    signal.Notify(c, os.Interrupt)
    <-c
}
func init() { once() }
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func turns(n int) {
    for i := 0; i < n; i++ {
        c := make(chan os.Signal, 1)
        //stanch:ignore signal-without-stop a few
        signal.Notify(c, os.Interrupt)
        <-c
    }
}
"#,
        );
    }
}
