//! The façade: from patterns to findings. The binary, and later the language server, are thin
//! shells over [`check`].

mod cache;
mod debug;
mod fingerprint;
mod infer_only;
mod pipeline;
mod report;
mod schedule;

pub use cache::Cache;
pub use debug::{DebugKind, debug_dump};
pub use infer_only::{Dependencies, Depth, Inferred, infer_only};
pub use pipeline::{check, check_cached};
pub use report::{CheckRequest, Options, Progress, Report, SourceMap, Summary};

use stanch_diagnostic::Check;

/// Every check with the text of its page, in the order of names.
pub fn checks() -> Vec<(&'static Check, &'static str)> {
    stanch_checks::ALL
        .iter()
        .map(|check| (*check, stanch_checks::explanation(check.name).unwrap_or_default()))
        .collect()
}
