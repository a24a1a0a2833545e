//! Findings for people and machines: the terminal report, one line a finding, and the JSON document.
//!
//! Rendering is pure: the same document and look give the same bytes. All formats write to an
//! [`io::Write`], so that a closed pipe is the caller's to handle.

mod concise;
mod diagnostics;
mod files;
mod json;
mod page;
mod schedule;
mod style;
mod summary;
mod terminal;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use stanch_diagnostic::{Diagnostic, Finding};

/// What a run has to say, ready to be shown.
#[derive(Clone, Copy)]
pub struct Document<'a> {
    /// The findings, in the order in which they are shown.
    pub findings: &'a [Finding],
    /// What the user should know about the run itself.
    pub diagnostics: &'a [Diagnostic],
    /// The texts of the files that the findings and diagnostics name.
    pub sources: &'a dyn Sources,
    /// The figures of the run.
    pub summary: Summary,
}

/// The texts of the analysed files, by the name that locations give them.
pub trait Sources {
    /// The text of `file`, if it is known.
    fn text(&self, file: &str) -> Option<&str>;
}

impl Sources for BTreeMap<String, Arc<str>> {
    fn text(&self, file: &str) -> Option<&str> {
        self.get(file).map(|text| &**text)
    }
}

impl Sources for BTreeMap<&str, &str> {
    fn text(&self, file: &str) -> Option<&str> {
        self.get(file).copied()
    }
}

/// The figures of a run.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Summary {
    /// Packages analysed.
    pub packages: u64,
    /// Files read in them.
    pub files: u64,
    /// Lines in these files.
    pub lines: u64,
    /// Expressions whose type stayed unknown.
    pub unknown_expressions: u64,
    /// Findings that a `//stanch:ignore` comment silenced.
    pub suppressed: u64,
    /// Functions from which schedules were searched.
    pub roots: u64,
    /// Those of them whose search was cut by a bound; what they may hide is not reported.
    pub inconclusive: u64,
    /// Roots of which not all data that decides was followed, since it was too much with all.
    pub blurred: u64,
    /// Those of the blurred with more goroutines or objects of one place than are explored together.
    pub bounded: u64,
    /// Searches that were given up for one with less detail.
    pub retries: u64,
    /// Objects, by function, that were not explored because too much hangs together with them or
    /// because too many functions use what hands them out.
    pub left_out: u64,
    /// The most states of one root, over all its tries.
    pub largest: u64,
    /// Functions too large to be followed path by path.
    pub not_followed: u64,
    /// Functions whose ownership and locks were asked for.
    pub functions: u64,
    /// Those of them that have nothing to do with any.
    pub irrelevant: u64,
    /// Instructions of the others.
    pub instructions: u64,
    /// States that the searches visited.
    pub states: u64,
    /// Wall-clock time.
    pub milliseconds: u64,
}

/// How a terminal report looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Look {
    /// Whether to use colour.
    pub color: bool,
    /// Columns to stay within where source lines allow it.
    pub width: usize,
}

impl Default for Look {
    /// Without colour, 100 columns wide.
    fn default() -> Self {
        Self { color: false, width: 100 }
    }
}

/// Writes the findings as annotated source in the manner of rustc.
pub fn full(out: &mut dyn io::Write, document: &Document<'_>, look: Look) -> io::Result<()> {
    terminal::write(out, document, look)
}

/// Writes one line a finding: `file:line:column: error[CODE name]: message`.
pub fn concise(out: &mut dyn io::Write, document: &Document<'_>, look: Look) -> io::Result<()> {
    concise::write(out, document, look)
}

/// Writes the findings document (`docs/findings.md`): one JSON object.
pub fn json(out: &mut dyn io::Write, document: &Document<'_>) -> io::Result<()> {
    json::write(out, document)
}

/// Writes what the user should know about the run itself, grouped.
pub fn diagnostics(out: &mut dyn io::Write, document: &Document<'_>, look: Look) -> io::Result<()> {
    diagnostics::write(out, document, look)
}

/// Writes the line that ends a report: how many findings in how much code.
pub fn summary(out: &mut dyn io::Write, document: &Document<'_>, look: Look) -> io::Result<()> {
    summary::write(out, document, look)
}

/// Writes a page of Markdown, headings and code set off when `look` has colour.
pub fn page(out: &mut dyn io::Write, markdown: &str, look: Look) -> io::Result<()> {
    page::write(out, markdown, look)
}
