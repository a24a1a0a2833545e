//! A ticker that some path does not stop, in code for Go before 1.23.
//!
//! # Why it leaks
//! Before Go 1.23 the runtime keeps every ticker and goes on sending to its channel until `Stop` is
//! called, whoever still knows it.
//!
//! # Example
//! ```go
//! //go:build go1.22
//!
//! func poll(done chan struct{}, work func() error) error {
//!     t := time.NewTicker(time.Second)
//!     for {
//!         select {
//!         case <-t.C:
//!             if err := work(); err != nil {
//!                 return err // t goes on ticking
//!             }
//!         case <-done:
//!             t.Stop()
//!             return nil
//!         }
//!     }
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended, sent, captured by a function that others got, passed to code out of
//! view. From Go 1.23 on (the version in go.mod, or of the file) the collector takes tickers that
//! nobody knows. A goroutine that ranges over a ticker's channel for ever is `stuck-worker`'s.

use crate::resource::{self, Words};
use crate::{Ctx, dropped_while_open};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;
use stanch_obligations::Held;

/// The check.
pub const CHECK: Check = Check {
    code: "RS008",
    name: "ticker-not-stopped",
    summary: "a path does not stop a ticker (before Go 1.23)",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let words = Words {
        check: &CHECK,
        thing: "the ticker",
        done: "stopped",
        note: "before Go 1.23 a ticker that is not stopped ticks for ever",
        call: ".Stop()",
    };
    let mut found = resource::findings(ctx, &words, &[Kind::Ticker]);
    for mut finding in resource::findings(ctx, &words, &[Kind::Ticks]) {
        "the ticker behind `time.Tick` goes on when the function returns"
            .clone_into(&mut finding.message);
        finding.help = Some("make it with `time.NewTicker` and defer its `Stop`".to_owned());
        // One for a function: the mending is the same.
        let told = found.iter().any(|f| f.function == finding.function && f.help == finding.help);
        if !told {
            found.push(finding);
        }
    }
    let fields = ctx.obligations.dropped.iter().filter(|dropped| dropped.held == Held::Ticker);
    found.extend(fields.map(|dropped| dropped_while_open::finding(ctx, &CHECK, dropped)));
    found
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("ticker-not-stopped", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("ticker-not-stopped", include_str!("ticker_not_stopped.rs"));
    }

    #[test]
    fn suppressed() {
        check(
            r#"
//go:build go1.22
func f() {
    //stanch:ignore ticker-not-stopped one for the whole run
    time.NewTicker(time.Second)
}
"#,
        );
    }

    #[test]
    fn by_version() {
        check(
            r#"
//- /a/a.go
//go:build go1.22
func f(work func()) {
    t := time.NewTicker(time.Second)
       //^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[ticker-not-stopped]: `t` is never stopped
    <-t.C
    work()
}
func g(work func()) {
    t := time.NewTicker(time.Second)
    defer t.Stop()
    <-t.C
    work()
}
//- /b/b.go
//go:build go1.23
func f(work func()) {
    t := time.NewTicker(time.Second)
    <-t.C
    work()
}
"#,
        );
    }

    #[test]
    fn ticks_without_a_stop() {
        check(
            r#"
//- /a/a.go
//go:build go1.22
func poll(done chan struct{}, work func()) {
    tick := time.Tick(time.Second)
          //^^^^^^^^^^^^^^^^^^^^^^ leak[ticker-not-stopped]: goes on when the function returns
    for {
        select {
        case <-tick:
            work()
        case <-done:
            return
        }
    }
}
func daemon(work func()) {
    for range time.Tick(time.Second) {
        work()
    }
}
func ticks() <-chan time.Time {
    return time.Tick(time.Second)
}
//- /b/b.go
//go:build go1.23
func poll(done chan struct{}, work func()) {
    tick := time.Tick(time.Second)
    <-tick
    work()
}
"#,
        );
    }

    #[test]
    fn ticks_for_ever_by_design() {
        check(
            r#"
//- /a/a.go
//go:build go1.22
type node struct { tick <-chan time.Time; name string }
func clean(work func()) {
    for range time.NewTicker(time.Minute).C {
        work()
    }
}
func refresh(work func()) {
    t := time.NewTicker(time.Minute)
    for range t.C {
        work()
    }
}
func start(name string) (*node, error) {
    n := &node{tick: time.NewTicker(time.Second).C, name: name}
    if n.name == "" {
        return nil, errors.New("no name")
    }
    return n, nil
}
"#,
        );
    }
}
