//! `cargo xtask conformance alike`: correct programs that resemble leaks, and their leaking twins, kept in
//! `conformance/alike.snap`.
//!
//! Why they are taken wrongly is in `conformance/alike.toml`. What each of them does was reasoned out, and run where
//! that was doubtful: those of `pairs` are all run. They are there to tell at once which kinds of code a change makes
//! noisy or blind.

use crate::{findings, snapshot, workspace};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

/// What the name of a program ends in that leaks.
const LEAKS: &str = "_leak";

/// Compares what the release binary says of the programs with what is committed, or writes it with `update`.
pub(crate) fn run(update: bool) -> Result<()> {
    let folder = workspace::target()?.join("alike");
    let names = write_module(&folder)?;
    let document = findings::check(&findings::build()?, &folder, &["./..."])?;
    let mut found: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for finding in &document.findings {
        let file = &finding.location.file;
        let (name, _) = file.split_once('/').with_context(|| format!("{file} is of no program"))?;
        let line = format!("{}: {}", finding.location.start.line, finding.name);
        found.entry(name).or_default().push(line);
    }
    let reasons = fs::read_to_string(workspace::root().join("conformance/alike.toml"))
        .context("cannot read conformance/alike.toml")?;
    let reasons = toml::from_str(&reasons).context("in conformance/alike.toml")?;
    snapshot::settle("alike", &report(&names, &found, &reasons)?, update)
}

/// Makes a module with a package for each program; gives their names in order.
fn write_module(folder: &Path) -> Result<Vec<String>> {
    let _ = fs::remove_dir_all(folder);
    let source = workspace::root().join("conformance/alike");
    let mut names = Vec::new();
    for entry in fs::read_dir(&source).with_context(|| format!("no {}", source.display()))? {
        let path = entry?.path();
        let name = path.file_stem().and_then(|n| n.to_str()).context("a name is not UTF-8")?;
        let to = folder.join(name);
        fs::create_dir_all(&to)?;
        fs::copy(&path, to.join("program.go"))?;
        names.push(name.to_owned());
    }
    ensure!(!names.is_empty(), "no programs in {}", source.display());
    names.sort();
    fs::write(folder.join("go.mod"), "module alike\n\ngo 1.26\n")?;
    Ok(names)
}

fn report(
    names: &[String],
    found: &BTreeMap<&str, Vec<String>>,
    reasons: &BTreeMap<String, String>,
) -> Result<String> {
    let why = |name: &String| reasons.get(name).map_or("not known yet", String::as_str);
    let (mut noisy, mut missed) = (String::new(), String::new());
    let (mut n_leaks, mut n_found, mut n_alike, mut n_silent) = (0, 0, 0, 0);
    for name in names {
        match (name.ends_with(LEAKS), found.get(name.as_str())) {
            (true, said) => {
                n_leaks += 1;
                n_found += u32::from(said.is_some());
                if said.is_none() {
                    writeln!(missed, "  {name}: lacks: {}", why(name))?;
                }
            }
            (false, None) => (n_alike, n_silent) = (n_alike + 1, n_silent + 1),
            (false, Some(said)) => {
                n_alike += 1;
                writeln!(noisy, "  {name}: {}; lacks: {}", said.join(", "), why(name))?;
            }
        }
    }
    Ok(format!(
        "Correct programs that resemble leaks, and leaking twins of them (conformance/alike), and what stanch\n\
         says of them, but for what is only possible. Written by `cargo xtask conformance alike --update`.\n\n\
         silent where nothing leaks: {n_silent}/{n_alike}\n\
         something found where something leaks: {n_found}/{n_leaks}\n\n\
         not silent:\n{noisy}\n\
         nothing found:\n{missed}"
    ))
}
