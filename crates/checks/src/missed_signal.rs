//! A wait on a condition variable that nobody signals any more.
//!
//! # Why it leaks
//! `Signal` and `Broadcast` wake those who wait at that moment; they are not remembered. A `Wait` that
//! begins after the last of them, because the condition was not tested in a loop under the same lock,
//! waits for ever.
//!
//! # Example
//! ```go
//! func wait() {
//!     var mu sync.Mutex
//!     ready := sync.NewCond(&mu)
//!     go ready.Signal() // may come first
//!     mu.Lock()
//!     ready.Wait()
//!     mu.Unlock()
//! }
//! ```
//! Keep a variable that says whether it has happened, set it under the lock, and wait in
//! `for !happened { ready.Wait() }`.
//!
//! # Fix safety
//! There is no automatic fix: the condition is for people to name.
//!
//! # Not reported
//! Condition variables that code out of view may signal.

use crate::Ctx;
use crate::waits::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_model::{LeakKind, WaitReason};

/// The check.
pub const CHECK: Check = Check {
    code: "GR004",
    name: "missed-signal",
    summary: "a condition variable is waited for that nobody signals any more",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this wait",
    verb: ("blocks for ever", "can block for ever"),
    label: "nobody signals any more",
    rescuer: "this would free it",
    help: "test the condition in a loop under the lock, and set it under the lock before the signal",
    remedy: Remedy::Restructure,
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |_, seen| {
        let leak = &seen.leak.leak;
        leak.kind == LeakKind::BlockedForEver && leak.wait == WaitReason::CondWait
    });
    leaks.iter().map(|seen| waits::finding(ctx, &CHECK, seen, &WORDS)).collect()
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("missed-signal", fixture);
    }

    #[test]
    fn the_signal_comes_first() {
        check(
            r#"
func wait() {
    var mu sync.Mutex
    ready := sync.NewCond(&mu)
    go func() { ready.Signal() }()
    mu.Lock()
    ready.Wait()
  //^^^^^^^^^^^^ leak[missed-signal]: this wait blocks for ever
    mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn a_flag_remembers_it() {
        check(
            r#"
func wait() {
    var mu sync.Mutex
    ready := sync.NewCond(&mu)
    happened := false
    go func() {
        mu.Lock()
        happened = true
        mu.Unlock()
        ready.Signal()
    }()
    mu.Lock()
    for !happened {
        ready.Wait()
    }
    mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func wait() {
    var mu sync.Mutex
    ready := sync.NewCond(&mu)
    go func() { ready.Signal() }()
    mu.Lock()
    ready.Wait() //stanch:ignore missed-signal the program ends at once
    mu.Unlock()
}
"#,
        );
    }
}
