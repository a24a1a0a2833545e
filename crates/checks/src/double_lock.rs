//! a goroutine takes a lock it already holds

use crate::Ctx;
use stanch_diagnostic::{Cause, Check, Finding, Stage};

/// The check.
pub const CHECK: Check = Check {
    code: "RS003",
    name: "double-lock",
    summary: "a goroutine takes a lock it already holds",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let _ = ctx;
    Vec::new()
}
