//! Why lines differ, for the differences that are meant to stay.

use super::compare::Difference;

/// Differences of a corpus whose file ends so, and why.
const REASONS: [(&str, &str, &str); 0] = [];

/// The reason for a difference.
pub(super) fn reason(corpus: &str, difference: &Difference) -> Option<&'static str> {
    let named = |(of, file, _): &&(&str, &str, &'static str)| {
        *of == corpus && difference.key.file.ends_with(file)
    };
    REASONS.iter().find(named).map(|(_, _, reason)| *reason)
}
