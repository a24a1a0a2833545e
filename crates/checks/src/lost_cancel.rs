//! a cancel function is neither called nor handed on

use crate::Ctx;
use stanch_diagnostic::{Cause, Check, Finding, Stage};

/// The check.
pub const CHECK: Check = Check {
    code: "RS001",
    name: "lost-cancel",
    summary: "a cancel function is neither called nor handed on",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let _ = ctx;
    Vec::new()
}
