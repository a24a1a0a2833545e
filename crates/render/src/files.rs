//! Line indexes of the files that a document names, made once each.

use std::collections::BTreeMap;

use stanch_base::{LineCol, LineIndex, TextRange};
use stanch_diagnostic::Location;

use crate::Sources;

/// Finds lines and columns; remembers the index of every file it was asked about.
pub(crate) struct Files<'a> {
    sources: &'a dyn Sources,
    indexes: BTreeMap<String, LineIndex>,
}

/// A range of a location, cut to what is safe to show: within the text, on character boundaries,
/// within one line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    /// Line, from 1.
    pub(crate) line: u32,
    /// Offsets into the text.
    pub(crate) range: TextRange,
}

impl<'a> Files<'a> {
    pub(crate) fn new(sources: &'a dyn Sources) -> Self {
        Self { sources, indexes: BTreeMap::new() }
    }

    /// The text of `file`; empty if it is not known.
    pub(crate) fn text(&self, file: &str) -> &'a str {
        self.sources.text(file).unwrap_or_default()
    }

    /// The line index of `file`; that of an empty text if it is not known.
    pub(crate) fn index(&mut self, file: &str) -> &LineIndex {
        let sources = self.sources;
        self.indexes
            .entry(file.to_owned())
            .or_insert_with(|| LineIndex::new(sources.text(file).unwrap_or_default()))
    }

    /// Where `location` starts.
    pub(crate) fn start(&mut self, location: &Location) -> LineCol {
        self.line_col(&location.file, location.range.start)
    }

    /// Line and column of an offset.
    pub(crate) fn line_col(&mut self, file: &str, offset: u32) -> LineCol {
        self.index(file).line_col(offset)
    }

    /// What to underline for `location`; `None` if its text is not known.
    pub(crate) fn span(&mut self, location: &Location) -> Option<Span> {
        let text = self.sources.text(&location.file)?;
        let start = floor_boundary(text, location.range.start);
        let line = self.line_col(&location.file, start).line;
        let rest = text.get(start as usize..).unwrap_or_default();
        let line_end = start + rest.find('\n').unwrap_or(rest.len()) as u32;
        let visible = text.get(start as usize..line_end as usize).unwrap_or_default();
        let visible_end = start + visible.trim_end().len() as u32;
        let end = floor_boundary(text, location.range.end).clamp(start, visible_end.max(start));
        Some(Span { line, range: TextRange::new(start, end) })
    }

    /// Offsets of the text of the lines `first..=last` (from 1).
    pub(crate) fn lines(&mut self, file: &str, first: u32, last: u32) -> TextRange {
        let len = self.text(file).len() as u32;
        let index = self.index(file);
        let start = index.line_start(first).unwrap_or(0);
        let end = index.line_start(last.saturating_add(1)).unwrap_or(len);
        TextRange::new(start, end)
    }
}

/// The greatest character boundary of `text` at or before `offset`.
fn floor_boundary(text: &str, offset: u32) -> u32 {
    text.floor_char_boundary(offset as usize) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(text: &str, start: u32, end: u32) -> Option<(u32, String)> {
        let sources = BTreeMap::from([("a.go", text)]);
        let mut files = Files::new(&sources);
        let location = Location { file: "a.go".into(), range: TextRange::new(start, end) };
        files.span(&location).map(|span| (span.line, span.range.of(text).to_owned()))
    }

    #[test]
    fn spans_stay_within_text_line_and_characters() {
        assert_eq!(span("ab\ncd\n", 0, 5), Some((1, "ab".into())));
        assert_eq!(span("ab\r\ncd\n", 0, 4), Some((1, "ab".into())));
        assert_eq!(span("ab\n", 1, 400), Some((1, "b".into())));
        assert_eq!(span("ab\n", 90, 400), Some((2, String::new())));
        assert_eq!(span("\u{fc}b\n", 1, 3), Some((1, "\u{fc}b".into())));
        assert_eq!(span("", 0, 0), Some((1, String::new())));
    }
}
