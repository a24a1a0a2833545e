//! Fingerprints: rule, package, function, a hash of the operation's tokens, and an ordinal, so that
//! moving lines or reformatting changes nothing.

use stanch_base::{FxHashMap, FxHasher};
use stanch_diagnostic::Finding;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// Fills in the fingerprints of `findings`, which must be in their final order; `text` gives a
/// file's text.
pub(crate) fn assign(findings: &mut [Finding], text: impl Fn(&str) -> Option<Arc<str>>) {
    let mut ordinals: FxHashMap<u64, u32> = FxHashMap::default();
    for finding in findings {
        let hash = identity(finding, &text);
        let ordinal = ordinals.entry(hash).or_default();
        finding.fingerprint = format!("{hash:016x}-{ordinal}");
        *ordinal += 1;
    }
}

fn identity(finding: &Finding, text: &impl Fn(&str) -> Option<Arc<str>>) -> u64 {
    let mut hasher = FxHasher::default();
    finding.check.name.hash(&mut hasher);
    finding.package.hash(&mut hasher);
    finding.function.hash(&mut hasher);
    if let Some(text) = text(&finding.location.file) {
        let source = finding.location.range.of(&text);
        for token in stanch_syntax::tokens(source).filter(|t| !t.automatic) {
            token.range.of(source).hash(&mut hasher);
        }
    }
    hasher.finish()
}
