//! a return leaves a lock locked that other paths unlock

use crate::Ctx;
use stanch_diagnostic::{Cause, Check, Finding, Stage};

/// The check.
pub const CHECK: Check = Check {
    code: "RS002",
    name: "missing-unlock",
    summary: "a return leaves a lock locked that other paths unlock",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let _ = ctx;
    Vec::new()
}
