//! `cargo xtask conformance growth`: small programs that keep memory or do not, run and analysed, kept
//! in `conformance/growth.snap`.

use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Calls of a program's `Step` before the heap is measured the first time, and again after that.
const STEPS: u32 = 20_000;
/// A program that keeps at least this many bytes of a call grows.
const BYTES_A_STEP: u32 = 4;

/// The checks of the lifetime engine.
pub(crate) const CHECKS: &str = "growing-global,growing-field,growing-local,registry-without-unsubscribe,\
    popped-slot-keeps-pointer,delete-missed-on-path,growing-context,finalizer-cycle,\
    closure-pins-large,goroutine-pins-argument,global-channel-without-partner,\
    subslice-pins-buffer,pool-of-giants,pool-keeps-references,counter-not-lowered,\
    timer-rearms-itself,defer-in-endless-loop";

/// Compares the figures with the committed ones, or writes them with `update`.
pub(crate) fn run(goroot: &Path, update: bool) -> Result<()> {
    crate::snapshot::settle("growth", &report(goroot)?, update)
}

/// A program: its name, and whether its file says that it leaks.
struct Case {
    name: String,
    leaks: bool,
}

fn report(goroot: &Path) -> Result<String> {
    let folder = workspace::target()?.join("growth");
    let cases = write_module(&folder)?;
    let grown = grown(goroot, &folder)?;
    let found = found(&folder)?;
    let (mut lines, mut n_right) = (String::new(), 0);
    for case in &cases {
        let grows = grown.contains(&case.name);
        ensure!(grows == case.leaks, "{}: grows when run: {grows}", case.name);
        let reported = found.contains(&case.name);
        n_right += usize::from(reported == case.leaks);
        let ran = if grows { "grows" } else { "flat" };
        let said = if reported { "found" } else { "silent" };
        let mark = if reported == case.leaks { "" } else { "  (wrong)" };
        writeln!(lines, "{:28} {ran:6} {said}{mark}", case.name)?;
    }
    let header = "Live heap after forced collections over 20000 further calls, and what stanch says.\n\
                  Written by `cargo xtask conformance growth --update`.";
    Ok(format!("{header}\n\nprograms: {}\nright: {n_right}\n\n{lines}", cases.len()))
}

/// Makes a module of all programs, with a `main` that measures them.
fn write_module(folder: &Path) -> Result<Vec<Case>> {
    let _ = fs::remove_dir_all(folder);
    let source = workspace::root().join("conformance/growth/cases");
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(&source).with_context(|| format!("no {}", source.display()))? {
        files.push(entry?.path());
    }
    files.sort();
    let mut cases = Vec::new();
    let (mut imports, mut runs, mut calls) = (String::new(), String::new(), String::new());
    for file in files {
        let name = file.file_name().and_then(|n| n.to_str()).context("a name is not UTF-8")?;
        let (name, leaks) = match (name.strip_suffix("_leak.go"), name.strip_suffix("_flat.go")) {
            (Some(name), _) => (name, true),
            (_, Some(name)) => (name, false),
            _ => bail!("{name}: neither _leak.go nor _flat.go"),
        };
        let to = folder.join("internal").join(name);
        fs::create_dir_all(&to)?;
        fs::copy(&file, to.join("case.go"))?;
        writeln!(imports, "\t\"example.com/growth/internal/{name}\"")?;
        writeln!(
            runs,
            "func run_{name}() {{\n\tfor i := range {STEPS} {{\n\t\t{name}.Step(i)\n\t}}\n\t\
             before := live()\n\tfor i := range {STEPS} {{\n\t\t{name}.Step(i + {STEPS})\n\t}}\n\t\
             if live()-before > {} {{\n\t\tfmt.Println(\"{name}\")\n\t}}\n}}\n",
            STEPS * BYTES_A_STEP
        )?;
        writeln!(calls, "\trun_{name}()")?;
        cases.push(Case { name: name.to_owned(), leaks });
    }
    ensure!(!cases.is_empty(), "no programs in {}", source.display());
    let main = format!(
        "package main\n\nimport (\n\t\"fmt\"\n\t\"runtime\"\n\n{imports})\n\n\
         func live() int64 {{\n\truntime.GC()\n\truntime.GC()\n\tvar m runtime.MemStats\n\t\
         runtime.ReadMemStats(&m)\n\treturn int64(m.HeapAlloc)\n}}\n\n{runs}\
         func main() {{\n{calls}}}\n"
    );
    fs::write(folder.join("main.go"), main)?;
    fs::write(folder.join("go.mod"), "module example.com/growth\n\ngo 1.24\n")?;
    Ok(cases)
}

/// The programs whose heap grew.
fn grown(goroot: &Path, folder: &Path) -> Result<BTreeSet<String>> {
    let output = workspace::run(workspace::go(goroot).args(["run", "."]).current_dir(folder))?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// The programs in which the release binary finds a growth.
fn found(folder: &Path) -> Result<BTreeSet<String>> {
    let binary = workspace::binary()?;
    let output = std::process::Command::new(&binary)
        .args(["check", "--no-cache", "--quiet", "--output-format", "json", "--select", CHECKS])
        .current_dir(folder)
        .output()
        .with_context(|| {
            format!("cannot run {}; `cargo build --release` makes it", binary.display())
        })?;
    let document: Value = serde_json::from_slice(&output.stdout)?;
    let findings = document["findings"].as_array().context("no findings in the document")?;
    let file = |f: &Value| f["location"]["file"].as_str().map(str::to_owned);
    let case = |f: String| f.strip_prefix("internal/")?.split('/').next().map(str::to_owned);
    Ok(findings.iter().filter_map(file).filter_map(case).collect())
}
