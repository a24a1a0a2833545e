//! `cargo xtask tidy`: what the documents promise about the code, compared with the code.

use crate::check_file::{CheckFile, FOLDER};
use crate::workspace;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::BTreeMap;

/// A file longer than this has to say why.
const MAX_LINES: usize = 800;

/// A longer file says why in a comment that starts so, within its first lines.
const LONG: &str = "// long: ";

/// Folders of the machines this is written on, without their first slash, which would make this
/// file name them. The ones of the machine at hand are found out.
const MACHINE: [&str; 3] = ["work/", "root/", "tmp/target"];

/// Crates that may touch files, the environment, the clock and standard output.
const IMPURE: [&str; 5] = ["source", "stanch", "xtask", "bench", "testing"];

/// What the others may not name outside of tests.
const OUTSIDE: [&str; 8] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "Instant::now",
    "SystemTime",
    "println!(",
    "dbg!(",
];

/// What no test may be.
const TEST_MARKS: [&str; 2] = ["#[ignore", "#[should_panic"];

pub(crate) fn run() -> Result<()> {
    let metadata = workspace::metadata()?;
    let texts = workspace::texts()?;
    let mut complaints = Vec::new();
    let text = |name: &str| -> Result<&str> {
        let found = texts.iter().find(|(file, _)| file == name);
        found.map(|(_, text)| text.as_str()).with_context(|| format!("no {name}"))
    };
    let crates = crates(&metadata);
    edges(&crates, text("ARCHITECTURE.md")?, &mut complaints)?;
    reasons(&crates, text("CONTRIBUTING.md")?, &mut complaints);
    for (file, text) in &texts {
        machine_paths(file, text, &mut complaints);
        if file.ends_with(".rs") {
            source(file, text, &mut complaints);
        }
    }
    checks(&mut complaints)?;
    if !complaints.is_empty() {
        bail!("tidy: {} complaints\n  {}", complaints.len(), complaints.join("\n  "));
    }
    println!("tidy: {} crates, {} files", crates.len(), texts.len());
    Ok(())
}

/// What a crate uses.
#[derive(Debug, Default)]
struct Uses {
    /// Crates of the workspace, outside of tests.
    own: Vec<String>,
    /// Other crates, in tests too.
    foreign: Vec<String>,
}

/// The workspace's crates by short name.
fn crates(metadata: &Value) -> BTreeMap<String, Uses> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let mut crates = BTreeMap::new();
    for package in list(metadata, "packages") {
        let mut uses = Uses::default();
        for dependency in list(&package, "dependencies") {
            let name = dependency["name"].as_str().unwrap_or_default();
            if !dependency["path"].is_string() {
                uses.foreign.push(name.to_owned());
            } else if dependency["kind"] != "dev" {
                uses.own.push(short(name));
            }
        }
        crates.insert(short(package["name"].as_str().unwrap_or_default()), uses);
    }
    crates
}

fn short(name: &str) -> String {
    name.strip_prefix("stanch-").unwrap_or(name).to_owned()
}

/// Rows of the crate table: name and what it may use; `None` stands for any.
fn rows(architecture: &str) -> Result<Vec<(String, Option<Vec<String>>)>> {
    let (_, table) =
        architecture.split_once("<!-- crates:begin -->").context("no crates:begin mark")?;
    let (table, _) = table.split_once("<!-- crates:end -->").context("no crates:end mark")?;
    let mut rows = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, _, uses] = cells[..] else { bail!("the row `{line}` has not three cells") };
        let uses = match uses {
            "any" => None,
            "–" => Some(Vec::new()),
            uses => Some(uses.split(',').map(|u| u.trim().trim_matches('`').to_owned()).collect()),
        };
        rows.push((name.trim_matches('`').to_owned(), uses));
    }
    Ok(rows)
}

/// Every crate has a row, uses only what its row lists, and rows list only crates above them.
fn edges(
    crates: &BTreeMap<String, Uses>,
    architecture: &str,
    complaints: &mut Vec<String>,
) -> Result<()> {
    let rows = rows(architecture)?;
    for name in crates.keys().filter(|name| rows.iter().all(|(row, _)| row != *name)) {
        complaints.push(format!("ARCHITECTURE.md: no row for the crate `{name}`"));
    }
    for (i, (name, may)) in rows.iter().enumerate() {
        let Some(uses) = crates.get(name) else {
            complaints.push(format!("ARCHITECTURE.md: there is no crate `{name}`"));
            continue;
        };
        let Some(may) = may else { continue };
        for used in uses.own.iter().filter(|used| !may.contains(used)) {
            complaints.push(format!("`{name}` uses `{used}`, which its row does not allow"));
        }
        for listed in may.iter().filter(|listed| rows[..i].iter().all(|(row, _)| row != *listed)) {
            complaints.push(format!("ARCHITECTURE.md: `{name}` lists `{listed}`, not above it"));
        }
    }
    Ok(())
}

/// Every direct dependency has its reason.
fn reasons(crates: &BTreeMap<String, Uses>, contributing: &str, complaints: &mut Vec<String>) {
    let mut used: Vec<&String> = crates.values().flat_map(|uses| &uses.foreign).collect();
    used.sort();
    used.dedup();
    let (_, table) = contributing.split_once("## Dependencies").unwrap_or_default();
    for name in used.into_iter().filter(|name| !table.contains(&format!("`{name}`"))) {
        complaints.push(format!("CONTRIBUTING.md: no reason for the dependency `{name}`"));
    }
}

/// Folders of the machine at hand have no place in the project.
fn machine_paths(file: &str, text: &str, complaints: &mut Vec<String>) {
    let home = std::env::home_dir().filter(|home| home.components().count() > 1);
    let here = [Some(workspace::root()), home].into_iter().flatten();
    let here = here.map(|folder| format!("{}/", folder.display()));
    let folders: Vec<String> = here.chain(MACHINE.map(|folder| format!("/{folder}"))).collect();
    for (i, line) in text.lines().enumerate() {
        if folders.iter().any(|folder| names_absolute(line, folder)) {
            complaints.push(format!("{file}:{}: names a folder of a machine", i + 1));
        }
    }
}

/// Whether `folder` occurs in the line other than as the end of a longer path.
fn names_absolute(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line.get(..at).unwrap_or_default().chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-)}*".contains(c))
    })
}

fn source(file: &str, text: &str, complaints: &mut Vec<String>) {
    let n_lines = text.lines().count();
    let excused = text.lines().take(5).any(|line| line.starts_with(LONG));
    if n_lines > MAX_LINES && !excused {
        let advice = format!("split it, or say why in its first 5 lines: `{LONG}…`");
        complaints.push(format!("{file}: {n_lines} lines; {advice}"));
    }
    // This file has to name what it looks for.
    if file.starts_with("xtask/") {
        return;
    }
    for (i, line) in text.lines().enumerate() {
        if let Some(mark) = TEST_MARKS.iter().find(|mark| line.contains(**mark)) {
            complaints.push(format!("{file}:{}: `{mark}`: assert what happens instead", i + 1));
        }
    }
    let mut parts = file.split('/');
    let pure = parts.next() == Some("crates") && parts.next().is_some_and(|c| !IMPURE.contains(&c));
    if !pure || parts.next() != Some("src") {
        return;
    }
    let code = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    for (i, line) in code.enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
        if let Some(outside) = OUTSIDE.iter().find(|outside| line.contains(**outside)) {
            complaints.push(format!("{file}:{}: `{outside}` in a pure crate", i + 1));
        }
    }
}

fn checks(complaints: &mut Vec<String>) -> Result<()> {
    let checks = CheckFile::all()?;
    for (i, check) in checks.iter().enumerate() {
        let own = check.complaints().into_iter();
        complaints.extend(own.map(|c| format!("{FOLDER}/{}.rs: {c}", check.module)));
        if checks[..i].iter().any(|other| other.code == check.code) {
            complaints.push(format!("{FOLDER}/{}.rs: {} is taken", check.module, check.code));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "<!-- crates:begin -->\n| crate | its one job | may use |\n|---|---|---|\n\
                         | `a` | x | – |\n| `b` | y | a |\n| `c` | z | any |\n<!-- crates:end -->";

    fn complaints(edges_of_b: &[&str], table: &str) -> Vec<String> {
        let mut crates = BTreeMap::new();
        for name in ["a", "b", "c"] {
            crates.insert(name.to_owned(), Uses::default());
        }
        crates.insert(
            "b".to_owned(),
            Uses { own: edges_of_b.iter().map(|e| (*e).to_owned()).collect(), ..Uses::default() },
        );
        let mut complaints = Vec::new();
        edges(&crates, table, &mut complaints).expect("a table");
        complaints
    }

    #[test]
    fn the_table_is_compared() {
        assert_eq!(complaints(&["a"], TABLE), [] as [String; 0]);
        assert_eq!(complaints(&["c"], TABLE).len(), 1);
        assert_eq!(complaints(&["a"], &TABLE.replace("| `c` | z | any |\n", "")).len(), 1);
        assert_eq!(complaints(&["a"], &TABLE.replace("| `c`", "| `d`")).len(), 2);
        assert_eq!(complaints(&[], &TABLE.replace("y | a", "y | c")).len(), 1);
    }

    #[test]
    fn pure_crates_touch_nothing() {
        let mut found = Vec::new();
        let text = "use std::fs;\n// std::env\n#[cfg(test)]\nuse std::env;\n";
        source("crates/ir/src/a.rs", text, &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
        source("crates/source/src/a.rs", text, &mut found);
        source("crates/ir/tests/a.rs", text, &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
    }

    #[test]
    fn machine_paths_are_absolute() {
        let mut found = Vec::new();
        for folder in MACHINE {
            machine_paths("a", &format!("see example.com/{folder}/x\n"), &mut found);
            assert_eq!(found, [] as [String; 0]);
            machine_paths("a", &format!("\nsee `/{folder}/x`\n"), &mut found);
            assert_eq!(found.pop().as_deref(), Some("a:2: names a folder of a machine"));
        }
    }

    #[test]
    fn long_files_say_why() {
        let mut found = Vec::new();
        let long = "\n".repeat(MAX_LINES + 1);
        source("crates/ir/src/a.rs", &format!("//! A.\n{LONG}one table\n{long}"), &mut found);
        assert_eq!(found, [] as [String; 0]);
        source("crates/ir/src/a.rs", &long, &mut found);
        assert_eq!(found.len(), 1, "{found:?}");
    }
}
