//! Suppression comments: `//stanch:ignore NAME[,NAME…] reason` on the line of the finding or the line
//! above it.
//!
//! A comment without a reason suppresses nothing, and neither does one without a name: whoever
//! silences a leak says which and why.

use stanch_base::{FxHashMap, LineIndex};
use stanch_diagnostic::Finding;

/// The suppression comments of one file.
#[derive(Debug, Default)]
pub struct Suppressions {
    lines: Option<LineIndex>,
    /// Names and codes by line.
    by_line: FxHashMap<u32, Vec<Box<str>>>,
}

const DIRECTIVE: &str = "//stanch:ignore";

impl Suppressions {
    /// Reads the comments of a file.
    pub fn new(text: &str) -> Self {
        let mut by_line = FxHashMap::default();
        if text.contains(DIRECTIVE) {
            for (number, line) in (1..).zip(text.lines()) {
                let names = directive(line);
                if !names.is_empty() {
                    by_line.insert(number, names);
                }
            }
        }
        let lines = (!by_line.is_empty()).then(|| LineIndex::new(text));
        Self { lines, by_line }
    }

    /// Whether a finding of the check with this name or code at `offset` is suppressed.
    pub fn covers(&self, offset: u32, name: &str, code: &str) -> bool {
        let Some(index) = &self.lines else { return false };
        let line = index.line_col(offset).line;
        let named = |line: u32| {
            let names = self.by_line.get(&line);
            names.is_some_and(|n| n.iter().any(|n| **n == *name || **n == *code))
        };
        named(line) || named(line.saturating_sub(1))
    }
}

/// Whether a suppression comment in `text`, the finding's file, covers the finding.
pub fn suppressed(finding: &Finding, text: &str) -> bool {
    Suppressions::new(text).covers(
        finding.location.range.start,
        finding.check.name,
        finding.check.code,
    )
}

/// The names a line's directive lists, if it gives a reason too.
fn directive(line: &str) -> Vec<Box<str>> {
    let Some(at) = line.find(DIRECTIVE) else { return Vec::new() };
    let rest = &line[at + DIRECTIVE.len()..];
    if !rest.starts_with([' ', '\t']) {
        return Vec::new();
    }
    match rest.trim_start().split_once([' ', '\t']) {
        Some((names, reason)) if !reason.trim().is_empty() => {
            names.split(',').filter(|n| !n.is_empty()).map(Into::into).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_covers_its_line_and_the_next() {
        let text = "a\n//stanch:ignore lost-cancel,RS002 the process ends here\nb\nc\n";
        let s = Suppressions::new(text);
        let at = |c: char| text.rfind(c).unwrap_or_default() as u32;
        assert!(s.covers(at('b'), "lost-cancel", "RS001"));
        assert!(s.covers(at('b'), "missing-unlock", "RS002"));
        assert!(!s.covers(at('b'), "double-lock", "RS003"));
        assert!(!s.covers(0, "lost-cancel", "RS001"));
        assert!(!s.covers(text.len() as u32 - 2, "lost-cancel", "RS001"));
    }

    #[test]
    fn a_reason_is_required() {
        let s = Suppressions::new("x() //stanch:ignore lost-cancel\n");
        assert!(!s.covers(0, "lost-cancel", "RS001"));
    }
}
