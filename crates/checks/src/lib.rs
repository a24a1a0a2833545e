//! One file a check: an engine's raw finding becomes words, labels and a witness.

mod context;
pub mod double_lock;
pub mod lost_cancel;
pub mod missing_unlock;
mod suppress;
mod words;

pub use context::Ctx;
pub use suppress::{Suppressions, suppressed};

use stanch_diagnostic::{Check, Finding};

/// A check and the function that runs it.
pub struct Entry {
    /// Identity and metadata.
    pub check: &'static Check,
    /// The check's source file, which documents it.
    pub source: &'static str,
    /// Findings of one package.
    pub run: fn(&Ctx<'_>) -> Vec<Finding>,
}

/// Every check, by code.
pub const REGISTRY: &[Entry] = &[
    Entry {
        check: &lost_cancel::CHECK,
        source: include_str!("lost_cancel.rs"),
        run: lost_cancel::run,
    },
    Entry {
        check: &missing_unlock::CHECK,
        source: include_str!("missing_unlock.rs"),
        run: missing_unlock::run,
    },
    Entry {
        check: &double_lock::CHECK,
        source: include_str!("double_lock.rs"),
        run: double_lock::run,
    },
];

/// Findings of all checks in one package, by place. Suppression comments and the choice of checks are
/// the caller's business.
pub fn run_all(ctx: &Ctx<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = REGISTRY.iter().flat_map(|entry| (entry.run)(ctx)).collect();
    findings.sort_by(|a, b| {
        (&a.location, a.check.code, &a.message).cmp(&(&b.location, b.check.code, &b.message))
    });
    findings
}
