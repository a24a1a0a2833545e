//! A goroutine waits for ticks only, and stopping the ticker does not end it.
//!
//! # Why it leaks
//! `Stop` turns a ticker off but does not close its channel. A goroutine whose loop does nothing but
//! wait for the next tick waits for ever then, with everything it refers to.
//!
//! # Example
//! ```go
//! type sink struct {
//!     ticker *time.Ticker
//!     flush  func()
//! }
//!
//! func open(flush func()) *sink {
//!     s := &sink{ticker: time.NewTicker(time.Minute), flush: flush}
//!     go s.loop()
//!     return s
//! }
//!
//! func (s *sink) loop() {
//!     for range s.ticker.C { // does not end when the sink is closed
//!         s.flush()
//!     }
//! }
//!
//! func (s *sink) Close() {
//!     s.ticker.Stop()
//! }
//! ```
//! Give the loop a channel that `Close` closes, or a context, and watch it in a `select`.
//!
//! # Fix safety
//! There is no automatic fix yet: who ends the goroutine is a decision.
//!
//! # Not reported
//! Loops with any other way out. Tickers that nobody stops: such a goroutine is meant to live as long
//! as the process, or it is `stuck-worker`'s.

use crate::clocks::{self, Holder};
use crate::{Ctx, times};
use stanch_diagnostic::{Cause, Check, Confidence, Finding, Goroutine, Remedy, Severity, Stage};
use stanch_ir::{BlockId, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, Span, Terminator};

/// The check.
pub const CHECK: Check = Check {
    code: "GR005",
    name: "range-over-ticker",
    summary: "a loop over a ticker's channel does not end when the ticker is stopped",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// A stop of a ticker.
struct Stop {
    ticker: Holder,
    func: FuncId,
    span: Span,
}

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let mut stops: Option<Vec<Stop>> = None;
    let mut found = Vec::new();
    for (id, func) in ctx.module.funcs.iter_enumerated() {
        let Some((ticker, span)) = endless(ctx, id, func) else { continue };
        if !times::is_started(ctx, id) {
            continue;
        }
        let stops = stops.get_or_insert_with(|| all_stops(ctx));
        // What the loop's own function stops comes too late.
        let stop = stops.iter().find(|stop| stop.ticker == ticker && stop.func != id);
        found.extend(stop.map(|stop| finding(ctx, id, span, stop)));
    }
    found
}

/// The ticker that a loop of a function waits for, and where, if nothing ends the loop.
fn endless(ctx: &Ctx<'_>, id: FuncId, func: &Func) -> Option<(Holder, Span)> {
    let mut defs = None;
    for (block, data) in func.blocks.iter_enumerated() {
        for instr in &data.instrs {
            let InstrKind::Recv { chan, ok, .. } = &instr.kind else { continue };
            let defs = defs.get_or_insert_with(|| clocks::defs(func));
            let Some(ticker) = clocks::ticker_of(ctx, id, defs, chan) else { continue };
            if has_no_exit(func, block, *ok) {
                return Some((ticker, instr.span));
            }
        }
    }
    None
}

/// Whether a block is in a cycle that nothing leaves, other than a closed channel.
fn has_no_exit(func: &Func, block: BlockId, open: Option<LocalId>) -> bool {
    let cycle = clocks::cycle(func, block);
    let closed = |term: &Terminator| match term {
        Terminator::Branch { cond: Operand::Local(cond), els, .. } if Some(*cond) == open => {
            Some(*els)
        }
        _ => None,
    };
    !cycle.is_empty()
        && cycle.iter().all(|&at| {
            let term = &func.blocks[at].term;
            let targets = term.targets();
            targets.iter().all(|to| cycle.contains(to) || closed(term) == Some(*to))
        })
}

fn all_stops(ctx: &Ctx<'_>) -> Vec<Stop> {
    let mut stops = Vec::new();
    for (id, func) in ctx.module.funcs.iter_enumerated() {
        let mut defs = None;
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let receiver = match &instr.kind {
                InstrKind::Call(call) | InstrKind::Defer(call) => {
                    call.args.first().filter(|_| clocks::is_of_time(ctx, &call.callee, "Stop"))
                }
                InstrKind::Assign(_, Rvalue::MethodValue { recv, method }) => {
                    Some(recv).filter(|_| clocks::names_of_time(ctx, *method, "Stop"))
                }
                _ => None,
            };
            let Some(receiver) = receiver else { continue };
            let defs = defs.get_or_insert_with(|| clocks::defs(func));
            let ticker = clocks::pointed(ctx, id, defs, receiver);
            stops.extend(ticker.map(|ticker| Stop { ticker, func: id, span: instr.span }));
        }
    }
    stops
}

fn finding(ctx: &Ctx<'_>, id: FuncId, span: Span, stop: &Stop) -> Finding {
    let name = ctx.name(id);
    Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::UseContext,
        severity: Severity::Error,
        confidence: Confidence::Likely,
        message: format!("{name} does not end when its ticker is stopped"),
        label: "waits for ever after the last tick".to_owned(),
        package: ctx.path(),
        function: ctx.symbol(id).to_owned(),
        location: ctx.location(span),
        goroutine: Some(Goroutine {
            entry: ctx.symbol(id).to_owned(),
            wait: "chan receive".to_owned(),
            frames: vec![ctx.frame(id, span)],
            created_by: None,
        }),
        also_blocked: Vec::new(),
        related: vec![
            ctx.label(stop.span, "this stops the ticker, but does not close its channel"),
        ],
        witness: Vec::new(),
        notes: vec!["`Stop` does not close the channel of a ticker".to_owned()],
        help: Some(
            "watch a context or a channel that is closed on stop: `case <-done: return`".to_owned(),
        ),
        fix: None,
        fingerprint: String::new(),
    }
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("range-over-ticker", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("range-over-ticker", include_str!("range_over_ticker.rs"));
    }

    #[test]
    fn locals_captures_and_plain_receives() {
        check(
            r#"
func watch(work func()) (stop func()) {
    t := time.NewTicker(time.Second)
    go func() {
        for range t.C {
          //^^^^^ leak[range-over-ticker]: does not end when its ticker is stopped
            work()
        }
    }()
    return func() { t.Stop() }
}
type poll struct { t *time.Ticker; n int; done chan struct{} }
func (p *poll) start() {
    p.t = time.NewTicker(time.Second)
    go p.loop()
}
func (p *poll) loop() {
    for {
        <-p.t.C
      //^^^^^^^ leak[range-over-ticker]: `(*poll).loop` does not end when its ticker is stopped
        p.n++
    }
}
func (p *poll) stop() { p.t.Stop() }
"#,
        );
    }

    #[test]
    fn not_reported() {
        check(
            r#"
type poll struct { t *time.Ticker; n int; done chan struct{} }
func (p *poll) start() {
    p.t = time.NewTicker(time.Second)
    go p.loop()
    go p.limited()
}
func (p *poll) loop() {
    for {
        select {
        case <-p.t.C:
            p.n++
        case <-p.done:
            return
        }
    }
}
func (p *poll) limited() {
    for range p.t.C {
        p.n++
        if p.n > 10 {
            return
        }
    }
}
func (p *poll) stop() { p.t.Stop() }
type daemon struct { t *time.Ticker; n int }
func (d *daemon) start() {
    d.t = time.NewTicker(time.Second)
    go d.loop()
}
func (d *daemon) loop() {
    defer d.t.Stop()
    for range d.t.C {
        d.n++
    }
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type poll struct { t *time.Ticker; n int }
func (p *poll) start() {
    p.t = time.NewTicker(time.Second)
    go p.loop()
}
func (p *poll) loop() {
    for range p.t.C { //stanch:ignore range-over-ticker shows a leak
        p.n++
    }
}
func (p *poll) stop() { p.t.Stop() }
"#,
        );
    }
}
