//! `cargo xtask conformance pairs`: findings in the programs under `conformance/pairs` against what
//! running them leaves behind, kept in `conformance/pairs.snap`.
//!
//! A program begins at a line `//pair:NAME PATTERN` and ends where the next one begins. Whether it
//! leaks is not written down anywhere: Go's goroutine leak profile and counts of goroutines, files
//! and objects over many runs say so. A finding in its lines is one about it.

use crate::findings::{self, Document};
use crate::{snapshot, workspace};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// Starts the line before a program.
pub(crate) const MARK: &str = "//pair:";

/// Explains what stays wrong, by name of the program.
const REASONS: &str = "conformance/pairs.toml";

pub(crate) fn run(goroot: &Path, update: bool) -> Result<()> {
    let module = workspace::root().join("conformance/pairs");
    let programs = programs(&module)?;
    let binary = findings::build()?;
    let document = findings::check(&binary, &module, &["./..."])?;
    let verdicts = verdicts(goroot, &module)?;
    let reasons = fs::read_to_string(workspace::root().join(REASONS))
        .with_context(|| format!("cannot read {REASONS}"))?;
    let reasons: BTreeMap<String, String> =
        toml::from_str(&reasons).with_context(|| format!("in {REASONS}"))?;
    let report = report(&programs, &document, &verdicts, &reasons)?;
    snapshot::settle("pairs", &report, update)
}

/// A program and where it is.
struct Program {
    name: String,
    pattern: String,
    file: String,
    /// Its first line, and the first line after it.
    lines: (u32, u32),
}

/// What running a program left behind.
#[derive(Deserialize)]
struct Verdict {
    name: String,
    leaked: Vec<String>,
    grown: Vec<String>,
}

impl Verdict {
    fn leaks(&self) -> bool {
        !self.leaked.is_empty() || !self.grown.is_empty()
    }
}

/// The programs of all files one folder below the module's.
fn programs(module: &Path) -> Result<Vec<Program>> {
    let mut files = Vec::new();
    for folder in fs::read_dir(module)? {
        let folder = folder?;
        if !folder.file_type()?.is_dir() {
            continue;
        }
        for file in fs::read_dir(folder.path())? {
            let path = file?.path();
            if path.extension().is_some_and(|e| e == "go") {
                let name = path.strip_prefix(module)?.to_string_lossy().replace('\\', "/");
                files.push((name, fs::read_to_string(&path)?));
            }
        }
    }
    files.sort();
    Ok(files.iter().flat_map(|(file, text)| programs_of(file, text)).collect())
}

fn programs_of(file: &str, text: &str) -> Vec<Program> {
    let mut programs: Vec<Program> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let Some(mark) = line.strip_prefix(MARK) else { continue };
        let (name, pattern) = mark.split_once(' ').unwrap_or((mark, "none"));
        if let Some(last) = programs.last_mut() {
            last.lines.1 = number;
        }
        programs.push(Program {
            name: name.into(),
            pattern: pattern.trim().into(),
            file: file.into(),
            lines: (number, u32::MAX),
        });
    }
    programs
}

/// Runs all programs.
fn verdicts(goroot: &Path, module: &Path) -> Result<BTreeMap<String, Verdict>> {
    let folder = workspace::target()?.join("pairs");
    fs::create_dir_all(&folder)?;
    let executable = folder.join(format!("pairs{}", std::env::consts::EXE_SUFFIX));
    let mut build = workspace::go(goroot);
    build.args(["build", "-o"]).arg(&executable).arg(".").current_dir(module);
    // Later versions of Go have the profile without it.
    workspace::run(build.env("GOEXPERIMENT", "goroutineleakprofile"))?;
    let output = workspace::run(&mut std::process::Command::new(&executable))?;
    let mut verdicts = BTreeMap::new();
    for line in String::from_utf8(output.stdout)?.lines() {
        let verdict: Verdict = serde_json::from_str(line).context("a malformed verdict")?;
        verdicts.insert(verdict.name.clone(), verdict);
    }
    Ok(verdicts)
}

/// Counts of a pattern.
#[derive(Default)]
struct Counts {
    leaks: u32,
    found: u32,
    clean: u32,
    silent: u32,
}

fn report(
    programs: &[Program],
    document: &Document,
    verdicts: &BTreeMap<String, Verdict>,
    reasons: &BTreeMap<String, String>,
) -> Result<String> {
    ensure!(programs.len() == verdicts.len(), "the table of programs is not complete");
    let mut patterns: BTreeMap<&str, Counts> = BTreeMap::new();
    let (mut missed, mut wrong) = (String::new(), String::new());
    let mut used = 0;
    let lacks = |name: &str| reasons.get(name).map_or("not known yet", String::as_str);
    for program in programs {
        let verdict = verdicts
            .get(&program.name)
            .with_context(|| format!("{} is not in the table of programs", program.name))?;
        let about: Vec<_> = document
            .findings
            .iter()
            .filter(|f| {
                let line = f.location.start.line;
                f.location.file == program.file
                    && (program.lines.0..program.lines.1).contains(&line)
            })
            .collect();
        let counts = patterns.entry(&program.pattern).or_default();
        let Program { name, pattern, file, lines } = program;
        if verdict.leaks() {
            counts.leaks += 1;
            counts.found += u32::from(!about.is_empty());
            if about.is_empty() {
                used += u32::from(reasons.contains_key(name));
                let _ = writeln!(missed, "{name} {pattern} ({file}:{})", lines.0);
                let _ = writeln!(missed, "    lacks: {}", lacks(name));
            }
        } else {
            counts.clean += 1;
            counts.silent += u32::from(about.is_empty());
            if !about.is_empty() {
                used += u32::from(reasons.contains_key(name));
                let _ = writeln!(wrong, "{name} {pattern}");
                for finding in about {
                    let _ = writeln!(wrong, "    {}", finding.headline());
                }
                let _ = writeln!(wrong, "    reason: {}", lacks(name));
            }
        }
    }
    let mut table = String::new();
    let mut all = Counts::default();
    for (pattern, counts) in &patterns {
        let Counts { leaks, found, clean, silent } = counts;
        let _ = writeln!(table, "  {pattern}: found {found}/{leaks}, silent {silent}/{clean}");
        all.leaks += leaks;
        all.found += found;
        all.clean += clean;
        all.silent += silent;
    }
    let stale = reasons.len().saturating_sub(used as usize);
    let stale =
        if stale > 0 { format!("\n{REASONS} has {stale} stale reasons\n") } else { String::new() };
    Ok(format!(
        "Programs that leak and programs that look alike, and findings in them. Running them says\n\
         which are which. Written by `cargo xtask conformance pairs --update`; reasons are in\n\
         {REASONS}.\n\n\
         leaking programs found: {}/{}\nlook-alikes silent: {}/{}\n{table}\n\
         missed:\n{missed}\nfalse:\n{wrong}{stale}",
        all.found, all.leaks, all.silent, all.clean
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "package a\n//pair:x p q\nfunc x() {}\n//pair:y r\nfunc y() {}\n";

    fn verdict(name: &str, leaked: &[&str]) -> (String, Verdict) {
        let leaked = leaked.iter().map(|&l| l.to_owned()).collect();
        (name.to_owned(), Verdict { name: name.to_owned(), leaked, grown: Vec::new() })
    }

    #[test]
    fn sections() {
        let programs = programs_of("a/a.go", FILE);
        let lines: Vec<_> = programs.iter().map(|p| (&*p.name, &*p.pattern, p.lines)).collect();
        assert_eq!(lines, [("x", "p q", (2, 4)), ("y", "r", (4, u32::MAX))]);
    }

    #[test]
    fn counts() -> Result<()> {
        let document = r#"{"findings":[{"name":"n","message":"m","function":"f","location":
            {"file":"a/a.go","start":{"line":5}}}],"summary":{"roots":0,"inconclusive":0,
            "blurred":0,"bounded":0,"retries":0,"left_out":0,"states":0,"largest":0}}"#;
        let document: Document = serde_json::from_str(document)?;
        let programs = programs_of("a/a.go", FILE);
        let leaks = BTreeMap::from([verdict("x", &["x [select]"]), verdict("y", &["y [select]"])]);
        let text = report(&programs, &document, &leaks, &BTreeMap::new())?;
        assert!(text.contains("leaking programs found: 1/2\nlook-alikes silent: 0/0"), "{text}");
        assert!(text.contains("x p q (a/a.go:2)"), "{text}");
        let clean = BTreeMap::from([verdict("x", &[]), verdict("y", &[])]);
        let text = report(&programs, &document, &clean, &BTreeMap::new())?;
        assert!(text.contains("look-alikes silent: 1/2"), "{text}");
        assert!(text.contains("y r\n    a/a.go:5: n: m\n"), "{text}");
        let short = BTreeMap::from([verdict("x", &[])]);
        assert!(report(&programs, &document, &short, &BTreeMap::new()).is_err());
        Ok(())
    }
}
