//! A cancel function is replaced by the next one before it is called.
//!
//! # Why it leaks
//! The variable is all that knows the function. Once it holds another, nobody can cancel the context
//! of the turn before: it stays registered with its parent until that ends.
//!
//! # Example
//! ```go
//! func watch(ctx context.Context, changes <-chan string) {
//!     var cancel context.CancelFunc
//!     for name := range changes {
//!         var child context.Context
//!         child, cancel = context.WithCancel(ctx) // the last one is not called
//!         go follow(child, name)
//!     }
//!     if cancel != nil {
//!         cancel()
//!     }
//! }
//!
//! func follow(ctx context.Context, name string) { <-ctx.Done() }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! A cancel function that another variable, a field, a list or a deferred call still knows.

use crate::{Ctx, dropped_while_open, lost_cancel};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_obligations::{Held, Loss};

/// The check.
pub const CHECK: Check = Check {
    code: "RS014",
    name: "cancel-overwritten",
    summary: "a cancel function is replaced before it is called",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let lost = ctx.obligations.lost_cancels.iter();
    let lost = lost.filter(|lost| lost.how == Loss::Overwritten);
    let fields = ctx.obligations.dropped.iter().filter(|dropped| dropped.held == Held::Cancel);
    lost.map(|lost| lost_cancel::finding(ctx, &CHECK, lost))
        .chain(fields.map(|dropped| dropped_while_open::finding(ctx, &CHECK, dropped)))
        .collect()
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("cancel-overwritten", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("cancel-overwritten", include_str!("cancel_overwritten.rs"));
    }

    #[test]
    fn overwritten_in_a_loop() {
        check(
            r#"
func try(ctx context.Context) bool
func f(parent context.Context) {
    for {
        ctx, cancel := context.WithCancel(parent)
                     //^^^^^^^ leak[cancel-overwritten]: `cancel`
        if try(ctx) {
            cancel()
            return
        }
    }
}
"#,
        );
    }

    #[test]
    fn a_field_that_a_loop_fills_again() {
        let program = |before: &str, after: &str, expectation: &str| {
            check(&format!(
                r#"
type monitor struct {{
    mu sync.Mutex
    global context.Context
    ctx context.Context
    cancel context.CancelFunc
    failed, started bool
}}
func (m *monitor) probe() error {{ return m.ctx.Err() }}
func (m *monitor) renew(parent context.Context) error {{
    {before}
    m.mu.Lock()
    m.ctx, m.cancel = context.WithCancel(m.global)
  {expectation}
    m.mu.Unlock()
    {after}
    return m.probe()
}}
func (m *monitor) check(parent context.Context) {{
    if m.failed {{
        m.failed = m.renew(parent) != nil
    }}
}}
func (m *monitor) Run(parent context.Context, ticks <-chan int) {{
    for range ticks {{
        m.check(parent)
    }}
}}
func (m *monitor) Close() {{
    if m.cancel != nil {{
        m.cancel()
    }}
}}
"#
            ));
        };
        let found =
            "//^^^^^^^^^^^^^^^ leak[cancel-overwritten]: `cancel` is replaced before it is called";
        program("", "", found);
        program("if m.failed { m.started = true }", "", found);
        program("if m.cancel != nil { m.cancel() }", "", "");
        program("if m.cancel != nil { return nil }", "", "");
        program("old := m.cancel; if old != nil { defer old() }", "", "");
        program("m.Close()", "", "");
        program("", "defer m.cancel()", "");
        program("if m.started { return nil }; m.started = true", "", "");
    }

    #[test]
    fn a_field_of_an_object_of_each_turn() {
        check(
            r#"
type task struct { ctx context.Context; cancel context.CancelFunc; global context.Context }
func (t *task) start() { t.ctx, t.cancel = context.WithCancel(t.global) }
func (t *task) Stop() { t.cancel() }
func all(ctx context.Context, ts []*task) {
    for _, t := range ts {
        t.start()
    }
    for range ts {
        own := &task{global: ctx}
        own.start()
    }
}
"#,
        );
    }

    #[test]
    fn kept_elsewhere() {
        check(
            r#"
func retry(ctx context.Context, next func(context.Context) (<-chan int, error)) {
    inner, cancel := context.WithCancel(ctx)
    in, err := next(inner)
    if err != nil {
        cancel()
        return
    }
    for {
        select {
        case <-ctx.Done():
            cancel()
            return
        case _, ok := <-in:
            if ok {
                continue
            }
            again, newCancel := context.WithCancel(ctx)
            in, err = next(again)
            if err != nil {
                newCancel()
                continue
            }
            cancel()
            cancel = newCancel
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
func watch(ctx context.Context, changes <-chan string) {
    var cancel context.CancelFunc
    for range changes {
        //stanch:ignore cancel-overwritten the parent ends soon
        _, cancel = context.WithCancel(ctx)
    }
    if cancel != nil {
        cancel()
    }
}
"#,
        );
    }
}
