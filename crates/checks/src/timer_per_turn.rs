//! A loop makes a new long timer in each turn, in code for Go before 1.23.
//!
//! # Why it leaks
//! Before Go 1.23 the runtime keeps every timer until it fires, whoever still waits for it. A `select`
//! in a loop that calls `time.After` leaves one behind whenever another case is ready first: with a
//! busy channel and a long time, very many.
//!
//! # Example
//! ```go
//! //go:build go1.22
//!
//! func serve(jobs chan int, done chan struct{}, work func(int)) {
//!     for {
//!         select {
//!         case n := <-jobs:
//!             work(n)
//!         case <-time.After(24 * time.Hour): // one a job, each stays a day
//!             return
//!         case <-done:
//!             return
//!         }
//!     }
//! }
//! ```
//! Make the timer once before the loop, and `Reset` it or leave it as it is.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Times of less than a minute, or that are no constants: few timers are alive at once (with
//! `--confidence possible` they are shown). Loops that no other case than the timer's and those of other
//! clocks keeps going. From Go 1.23 on (the version in go.mod, or of the file) the collector takes
//! timers that nobody waits for.

use crate::Ctx;
use crate::clocks;
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Remedy, Severity, Stage};
use stanch_ir::{BlockId, Func, FuncId, Operand, SelectArm, SelectOp, Span, Terminator};
use stanch_types::ConstValue;

/// The check.
pub const CHECK: Check = Check {
    code: "RS017",
    name: "timer-per-turn",
    summary: "each turn of a loop makes a long timer (before Go 1.23)",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Nanoseconds from which on a time is long.
const LONG: i64 = 60_000_000_000;

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for (id, func) in ctx.module.funcs.iter_enumerated() {
        for (block, data) in func.blocks.iter_enumerated() {
            let Terminator::Select { arms, .. } = &data.term else { continue };
            found.extend(in_turn(ctx, id, func, block, arms));
        }
    }
    found
}

fn in_turn(
    ctx: &Ctx<'_>,
    id: FuncId,
    func: &Func,
    block: BlockId,
    arms: &[SelectArm],
) -> Option<Finding> {
    let defs = clocks::defs(func);
    let (arm, call, made) = arms.iter().find_map(|arm| {
        let SelectOp::Recv { chan, .. } = &arm.op else { return None };
        let (call, made) = clocks::call_of(&defs, chan)?;
        clocks::is_of_time(ctx, &call.callee, "After").then_some((arm, call, made))
    })?;
    let source = ctx.program.source(arm.span.package);
    let language = source.files.get(arm.span.file).map(|file| file.language)?;
    let cycle = clocks::cycle(func, block);
    if language >= (1, 23) || !cycle.contains(&made) {
        return None;
    }
    let other = arms.iter().find(|other| {
        let chan = match &other.op {
            SelectOp::Recv { chan, .. } | SelectOp::Send { chan, .. } => chan,
        };
        cycle.contains(&other.target) && !clocks::is_clock(ctx, id, &defs, chan)
    })?;
    let nanoseconds = match call.args.first() {
        Some(Operand::Const(ConstValue::Int(n), _)) => i64::try_from(n).ok(),
        _ => None,
    };
    let long = nanoseconds.is_some_and(|n| n >= LONG);
    Some(finding(ctx, id, (arm.span, other.span), long))
}

fn finding(ctx: &Ctx<'_>, id: FuncId, (span, other): (Span, Span), long: bool) -> Finding {
    Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::Restructure,
        severity: Severity::Warning,
        confidence: if long { Confidence::Likely } else { Confidence::Possible },
        message: format!("each turn of this loop in {} leaves a timer behind", ctx.name(id)),
        label: "a new timer in each turn".to_owned(),
        package: ctx.path(),
        function: ctx.symbol(id).to_owned(),
        location: ctx.location(span),
        goroutine: None,
        also_blocked: Vec::new(),
        related: vec![ctx.label(other, "goes on with the next turn before the timer fires")],
        witness: Vec::new(),
        notes: vec!["before Go 1.23 a timer stays until it fires".to_owned()],
        help: Some("make one timer before the loop, and `Stop` it after".to_owned()),
        fix: None,
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("timer-per-turn", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("timer-per-turn", include_str!("timer_per_turn.rs"));
    }

    #[test]
    fn by_version_and_case() {
        check(
            r#"
//- /a/a.go
//go:build go1.22
func busy(jobs chan int, work func(int)) {
    for {
        select {
        case n := <-jobs:
            work(n)
        case <-time.After(time.Hour):
           //^^^^^^^^^^^^^^^^^^^^^^^ leak[timer-per-turn]: leaves a timer behind
            work(0)
        }
    }
}
func polls(done chan struct{}, work func(int)) {
    for {
        select {
        case <-done:
            return
        case <-time.After(time.Hour):
            work(0)
        }
    }
}
func once(jobs chan int, work func(int)) {
    end := time.After(time.Hour)
    for {
        select {
        case n := <-jobs:
            work(n)
        case <-end:
            return
        }
    }
}
func ticks(t *time.Ticker, work func(int)) {
    for {
        select {
        case <-t.C:
            work(1)
        case <-time.After(time.Hour):
            return
        }
    }
}
//- /b/b.go
//go:build go1.23
func busy(jobs chan int, work func(int)) {
    for {
        select {
        case n := <-jobs:
            work(n)
        case <-time.After(time.Hour):
            work(0)
        }
    }
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
//- /a/a.go
//go:build go1.22
func busy(jobs chan int, work func(int)) {
    for {
        select {
        case n := <-jobs:
            work(n)
        case <-time.After(time.Hour): //stanch:ignore timer-per-turn few jobs a day
            work(0)
        }
    }
}
"#,
        );
    }
}
