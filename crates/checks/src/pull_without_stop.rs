//! An iterator pulled by `iter.Pull` that some path does not stop.
//!
//! # Why it leaks
//! `iter.Pull` runs the iterator on a coroutine. Unless it is read to its end or its stop function
//! is called, the coroutine waits for ever with everything the iterator holds.
//!
//! # Example
//! ```go
//! func first(seq iter.Seq[int]) int {
//!     next, stop := iter.Pull(seq)
//!     v, ok := next()
//!     if !ok {
//!         return 0
//!     }
//!     if v < 0 {
//!         return v // nobody ends the coroutine
//!     }
//!     stop()
//!     return v
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended, sent, captured by a function that others got, passed to code out of
//! view.

use crate::Ctx;
use crate::resource::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS009",
    name: "pull-without-stop",
    summary: "a path does not stop a pulled iterator",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let words = Words {
        check: &CHECK,
        thing: "the stop function",
        done: "called",
        note: "the iterator's coroutine waits for ever",
        call: "()",
    };
    resource::findings(ctx, &words, &[Kind::Stop])
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("pull-without-stop", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("pull-without-stop", include_str!("pull_without_stop.rs"));
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func first(seq iter.Seq[int]) int {
    //stanch:ignore pull-without-stop the sequence has one element
    next, _ := iter.Pull(seq)
    v, _ := next()
    return v
}
"#,
        );
    }

    #[test]
    fn deferred() {
        check(
            r#"
func first(seq iter.Seq[int]) int {
    next, stop := iter.Pull(seq)
    defer stop()
    v, _ := next()
    return v
}
func hand(seq iter.Seq[int]) (func() (int, bool), func()) {
    return iter.Pull(seq)
}
"#,
        );
    }
}
