//! `cargo xtask conformance goleaks`: findings against what Go's own test of its goroutine leak
//! profile expects, kept in `conformance/goleaks.snap`.

use crate::findings::{self, Document, Finding};
use crate::{snapshot, workspace};
use anyhow::{Context, Result};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// The programs, below GOROOT.
const PROGRAMS: &str = "src/runtime/testdata/testgoroutineleakprofile";

/// The expectations, below GOROOT.
const TEST: &str = "src/runtime/goroutineleakprofile_test.go";

/// What explains misses and findings that nothing expects.
const REASONS: &str = "conformance/goleaks.toml";

/// Programs that stress the profile; their own test does not care what they leak.
const STRESS: &str = "stressTestCases";

pub(crate) fn run(goroot: &Path, update: bool) -> Result<()> {
    let binary = findings::build()?;
    let document = findings::check(&binary, &goroot.join(PROGRAMS), &["./..."])?;
    let expected = expectations(goroot, &document)?;
    let text = fs::read_to_string(workspace::root().join(REASONS))
        .with_context(|| format!("cannot read {REASONS}"))?;
    let reasons: Reasons = toml::from_str(&text).with_context(|| format!("in {REASONS}"))?;
    snapshot::settle("goleaks", &report(&document, &expected, &reasons), update)
}

/// What the Go program says.
#[derive(Deserialize)]
struct Expectations {
    version: String,
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
    programs: Vec<Program>,
}

#[derive(Deserialize)]
struct Program {
    name: String,
    leaks: Option<Vec<Leak>>,
}

#[derive(Deserialize)]
struct Leak {
    pattern: String,
    /// Findings, by their place in the document.
    found: Vec<usize>,
}

/// The committed explanations.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reasons {
    /// What the analysis lacks, by `program: expression`.
    #[serde(default)]
    missed: BTreeMap<String, String>,
    /// Why there is a finding that nothing expects, by `file:line: check`.
    #[serde(default)]
    unmatched: BTreeMap<String, String>,
}

/// Asks the Go program which of the expected leaks are among the findings.
fn expectations(goroot: &Path, document: &Document) -> Result<Expectations> {
    let mut lines = String::new();
    for (number, finding) in document.findings.iter().enumerate() {
        let folder = folder(finding);
        for goroutine in finding.goroutines() {
            let entry = goroutine.entry.strip_prefix("main.").unwrap_or(&goroutine.entry);
            let _ = writeln!(lines, "{number}\t{folder}\t{entry}(...) [{}]", goroutine.wait);
        }
    }
    let mut child = workspace::go(goroot)
        .args(["run", "."])
        .arg(goroot.join(TEST))
        .current_dir(workspace::root().join("conformance/goleaks"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run the Go of {}", goroot.display()))?;
    child.stdin.take().context("no standard input")?.write_all(lines.as_bytes())?;
    let output = child.wait_with_output()?;
    anyhow::ensure!(output.status.success(), "the reference program failed");
    serde_json::from_slice(&output.stdout).context("the reference program's answer is malformed")
}

/// The folder of a finding's program below the programs.
fn folder(finding: &Finding) -> &str {
    finding.location.file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn report(document: &Document, expected: &Expectations, reasons: &Reasons) -> String {
    let mut counts = String::new();
    let mut missed = String::new();
    let mut used = BTreeSet::new();
    let mut matched = BTreeSet::new();
    let (mut n_missed, mut n_reported) = (0, 0);
    for group in &expected.groups {
        let mut found = [0, 0];
        let mut all = [0, 0];
        for program in &group.programs {
            let leaks = program.leaks.as_deref().unwrap_or_default();
            let n_found = leaks.iter().filter(|leak| !leak.found.is_empty()).count();
            matched.extend(leaks.iter().flat_map(|leak| leak.found.iter().copied()));
            all = [all[0] + usize::from(!leaks.is_empty()), all[1] + leaks.len()];
            found = [found[0] + usize::from(n_found > 0), found[1] + n_found];
            for leak in leaks.iter().filter(|leak| leak.found.is_empty() && group.name != STRESS) {
                n_missed += 1;
                let key = format!("{}: {}", program.name, leak.pattern);
                let whole = if n_found == 0 { " (nothing of this program is found)" } else { "" };
                let _ = writeln!(missed, "{key}{whole}");
                let reason = reasons.missed.get(&key).map_or("not known yet", String::as_str);
                let _ = writeln!(missed, "    lacks: {reason}");
                used.insert(key);
            }
        }
        let what = if group.name == STRESS { " (not asked for)" } else { "" };
        let _ = writeln!(
            counts,
            "{}{what}: programs {}/{}, leaks {}/{}",
            group.name, found[0], all[0], found[1], all[1]
        );
    }
    let mut unmatched = String::new();
    let mut n_unmatched = 0;
    for (number, finding) in document.findings.iter().enumerate() {
        n_reported += 1;
        if matched.contains(&number) {
            continue;
        }
        n_unmatched += 1;
        let key =
            format!("{}:{}: {}", finding.location.file, finding.location.start.line, finding.name);
        let _ = writeln!(unmatched, "{}", finding.headline());
        for goroutine in finding.goroutines() {
            let _ = writeln!(unmatched, "    {} [{}]", goroutine.entry, goroutine.wait);
        }
        let reason = reasons.unmatched.get(&key).map_or("not known yet", String::as_str);
        let _ = writeln!(unmatched, "    reason: {reason}");
        used.insert(key);
    }
    let mut stale = String::new();
    for key in reasons.missed.keys().chain(reasons.unmatched.keys()) {
        if !used.contains(key) {
            let _ = writeln!(stale, "no longer so, {REASONS} can drop it: {key}");
        }
    }
    format!(
        "Leaks that the test of Go's goroutine leak profile expects of its programs, and findings.\n\
         Written by `cargo xtask conformance goleaks --update`; reasons are in {REASONS}.\n\n\
         reference: {}\n{counts}\
         findings: {n_reported}, of which {n_unmatched} match no expectation\n\n\
         missed: {n_missed}\n{missed}\nunmatched: {n_unmatched}\n{unmatched}{stale}",
        expected.version
    )
}
