//! What a run is asked and what it answers.

use stanch_base::FxHashMap;
use stanch_diagnostic::{Confidence, Diagnostic, Finding};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// What to check, and how.
#[derive(Clone, Debug)]
pub struct CheckRequest {
    /// Package patterns; empty means `./...`.
    pub patterns: Vec<String>,
    /// The directory that patterns and displayed paths are relative to; absolute.
    pub cwd: PathBuf,
    /// The rest.
    pub options: Options,
}

/// Settings of a run.
#[derive(Clone, Debug)]
pub struct Options {
    /// Names of the checks that run; empty means all stable ones.
    pub select: BTreeSet<String>,
    /// Names of checks that do not run.
    pub ignore: BTreeSet<String>,
    /// The least sure findings to show.
    pub confidence: Confidence,
    /// Whether test files are analysed.
    pub tests: bool,
    /// Additional build tags.
    pub tags: Vec<String>,
    /// Target operating system if not the environment's.
    pub goos: Option<String>,
    /// Target architecture if not the environment's.
    pub goarch: Option<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            select: BTreeSet::new(),
            ignore: BTreeSet::new(),
            confidence: Confidence::Likely,
            tests: true,
            tags: Vec::new(),
            goos: None,
            goarch: None,
        }
    }
}

/// Texts of the files that findings and diagnostics name, by display path.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    texts: FxHashMap<Arc<str>, Arc<str>>,
}

impl SourceMap {
    /// The text of a file.
    pub fn text(&self, file: &str) -> Option<&Arc<str>> {
        self.texts.get(file)
    }

    /// Adds a file.
    pub fn insert(&mut self, file: Arc<str>, text: Arc<str>) {
        self.texts.insert(file, text);
    }
}

/// How far a run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Packages finished.
    pub done: usize,
    /// Packages to do.
    pub total: usize,
}

/// Counts over a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Summary {
    /// Packages analysed (dependencies not counted).
    pub packages: u64,
    /// Their files.
    pub files: u64,
    /// Their lines.
    pub lines: u64,
    /// Findings shown.
    pub findings: u64,
    /// Findings that a `//stanch:ignore` comment silenced.
    pub suppressed: u64,
    /// Expressions whose type is unknown: where this is high, silence means little.
    pub unknown_expressions: u64,
    /// Roots explored: functions from which schedules were searched.
    pub roots: u64,
    /// Roots whose search was cut by a bound; what they hide is not reported.
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
    /// Functions too large to be followed path by path: what they owe is not reported.
    pub not_followed: u64,
    /// Functions whose ownership and locks were asked for.
    pub functions: u64,
    /// Those of them that have nothing to do with any, and were not followed therefore.
    pub irrelevant: u64,
    /// Instructions of the others.
    pub instructions: u64,
    /// States explored.
    pub states: u64,
}

/// The result of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Findings, by place.
    pub findings: Vec<Finding>,
    /// What the user should know about the run itself.
    pub diagnostics: Vec<Diagnostic>,
    /// Texts of the files named.
    pub sources: SourceMap,
    /// Counts.
    pub summary: Summary,
    /// Why nothing could be analysed at all, if so.
    pub job_failed: Option<String>,
}

impl Report {
    /// The display paths of the files that findings and diagnostics name, some more than once.
    pub(crate) fn files(&self) -> impl Iterator<Item = &str> {
        let findings = self.findings.iter().flat_map(|finding| {
            let related = finding.related.iter().map(|label| &label.location);
            let steps = finding.witness.iter().map(|step| &step.location);
            std::iter::once(&finding.location).chain(related).chain(steps)
        });
        let diagnostics = self.diagnostics.iter().filter_map(|d| d.location.as_ref());
        findings.chain(diagnostics).map(|location| &*location.file)
    }
}
