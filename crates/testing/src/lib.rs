//! Fixtures: Go programs in strings with expectations inline, run through the whole pipeline in
//! memory.
//!
//! A fixture is one file, or several, each after a line `//- /dir/file.go`; the directory is the
//! import path. Where a single file has no package clause it gets one, with an import of each
//! standard package it mentions. Small declarations of the common standard packages stand in for a
//! Go installation (`std/` in this crate); their bodies are never looked at.
//!
//! Expectations are comments whose carets point into the last line before them that is not itself
//! such a comment:
//!
//! ```text
//! go func() { ch <- work() }()
//!           //^^ leak[abandoned-send]: this send blocks for ever
//! return 0
//! //^^^^^^ label: nobody receives after this return
//! ```
//!
//! The carets start where the finding's place starts and end within it. The text is part of the
//! headline or primary label; of a secondary label for `label`. Every finding needs its `leak` line;
//! labels are checked only where a fixture names them.

mod expect;
mod fixture;
mod pipeline;

pub use expect::{Expectation, Kind, compare};
pub use fixture::{Fixture, FixtureFile};
pub use pipeline::{Loaded, findings};

use stanch_diagnostic::{Confidence, Finding};
use std::fmt::Write;

/// Checks that `check` (its name) finds in `fixture` exactly what the fixture's comments say;
/// suppression comments apply. Other checks' findings are left out.
///
/// # Panics
/// With a readable difference if not.
#[track_caller]
pub fn check(check: &str, fixture: &str) {
    let fixture = Fixture::parse(fixture);
    let found: Vec<_> = findings(&fixture).into_iter().filter(|f| f.check.name == check).collect();
    report(&fixture, &found);
}

/// As [`check`] for what is shown by default: without findings that are only possible.
///
/// # Panics
/// With a readable difference if found and expected differ.
#[track_caller]
pub fn check_shown(check: &str, fixture: &str) {
    let fixture = Fixture::parse(fixture);
    let shown = |f: &Finding| f.check.name == check && f.confidence != Confidence::Possible;
    let found: Vec<_> = findings(&fixture).into_iter().filter(shown).collect();
    report(&fixture, &found);
}

/// As [`check`] for all checks together.
///
/// # Panics
/// With a readable difference if found and expected differ.
#[track_caller]
pub fn check_all(fixture: &str) {
    let fixture = Fixture::parse(fixture);
    report(&fixture, &findings(&fixture));
}

/// Checks that the fenced Go under `# Example` in the module documentation of `source` (a check's
/// file) has a finding of `check`.
///
/// # Panics
/// If not.
#[track_caller]
pub fn example(check: &str, source: &str) {
    let doc = source.lines().map_while(|line| line.strip_prefix("//!"));
    let code: Vec<&str> = doc
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .skip_while(|line| *line != "# Example")
        .skip_while(|line| *line != "```go")
        .skip(1)
        .take_while(|line| *line != "```")
        .collect();
    let fixture = Fixture::parse(&format!("\n{}\n", code.join("\n")));
    let found = findings(&fixture);
    assert!(found.iter().any(|f| f.check.name == check), "the example has no finding");
}

#[track_caller]
fn report(fixture: &Fixture, found: &[stanch_diagnostic::Finding]) {
    let differences = compare(fixture, found);
    if differences.is_empty() {
        return;
    }
    let mut text = String::new();
    for difference in differences {
        let _ = writeln!(text, "{difference}");
    }
    panic!("findings differ from the fixture's comments\n{text}");
}
