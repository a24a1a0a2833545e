//! `cargo xtask readings`: what of the findings that were read in released modules is still found.
//!
//! The labels are in `conformance/readings.tsv`: whether the project would accept the fix (`real`), nobody
//! would care (`harmless`), or what the finding says is not so (`false`). Unlike the labels of
//! `conformance triage` they are not kept complete: they show what a change does to findings that are
//! known.

use crate::{fetch, findings, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fs;

const LABELS: &str = "conformance/readings.tsv";
const KINDS: [&str; 3] = ["real", "harmless", "false"];

/// A finding that was read.
#[derive(Debug)]
struct Reading {
    /// `path@version`.
    module: String,
    /// `file:line`.
    place: String,
    check: String,
    /// Which of [`KINDS`].
    kind: usize,
}

/// Checks the modules whose `path@version` contains one of the words; all of them if there are none.
pub(crate) fn run(only: &[String]) -> Result<()> {
    let text = fs::read_to_string(workspace::root().join(LABELS))
        .with_context(|| format!("cannot read {LABELS}"))?;
    let mut modules: BTreeMap<String, Vec<Reading>> = BTreeMap::new();
    for reading in parse(&text).with_context(|| format!("in {LABELS}"))? {
        modules.entry(reading.module.clone()).or_default().push(reading);
    }
    modules.retain(|name, _| only.is_empty() || only.iter().any(|word| name.contains(word)));
    ensure!(!modules.is_empty(), "no module is called so");
    let binary = findings::build()?;
    let known = workspace::target()?.join("known");
    fs::create_dir_all(&known)?;
    let (mut total, mut n_unknown) = (Tally::default(), 0);
    for (name, readings) in &modules {
        let folder = known.join(name.replace(['/', '@'], "_"));
        let fetched = fetch::run(name, &folder);
        let checked = fetched.and_then(|()| findings::check(&binary, &folder, &["./..."]));
        let document = match checked {
            Ok(document) => document,
            Err(why) => {
                eprintln!("NOT KNOWN: {name}: {why:#}");
                n_unknown += 1;
                continue;
            }
        };
        let found = document.findings.iter().map(|finding| {
            let location = &finding.location;
            (format!("{}:{}", location.file, location.start.line), finding.name.clone())
        });
        let tally = Tally::of(readings, &found.collect::<Vec<_>>());
        println!("{name}: {tally}");
        total.add(&tally);
    }
    println!("\n{} modules, {n_unknown} of them not known: {total}", modules.len());
    Ok(())
}

/// Counts by kind.
#[derive(Default, Debug, PartialEq)]
struct Tally {
    found: [usize; 3],
    gone: [usize; 3],
    unread: usize,
}

impl Tally {
    fn of(readings: &[Reading], found: &[(String, String)]) -> Self {
        let mut tally = Self::default();
        let is =
            |r: &Reading, (place, check): &(String, String)| r.place == *place && r.check == *check;
        for reading in readings {
            let counts = match found.iter().any(|f| is(reading, f)) {
                true => &mut tally.found,
                false => &mut tally.gone,
            };
            counts[reading.kind] += 1;
        }
        tally.unread = found.iter().filter(|f| !readings.iter().any(|r| is(r, f))).count();
        tally
    }

    fn add(&mut self, other: &Self) {
        for kind in 0..KINDS.len() {
            self.found[kind] += other.found[kind];
            self.gone[kind] += other.gone[kind];
        }
        self.unread += other.unread;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (kind, name) in KINDS.iter().enumerate() {
            write!(f, "{} {name} ({} gone), ", self.found[kind], self.gone[kind])?;
        }
        write!(f, "{} not read", self.unread)
    }
}

fn parse(text: &str) -> Result<Vec<Reading>> {
    let mut readings = Vec::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let parts: Vec<&str> = line.split('\t').collect();
        let [module, place, check, label, _why] = parts[..] else {
            bail!("line {}: not five columns", number + 1);
        };
        let kind = KINDS.iter().position(|kind| *kind == label);
        let kind = kind.with_context(|| format!("line {}: unknown label `{label}`", number + 1))?;
        readings.push(Reading {
            module: module.into(),
            place: place.into(),
            check: check.into(),
            kind,
        });
    }
    Ok(readings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_counted() -> Result<()> {
        let head = "module\tplace\tcheck\tlabel\twhy\n";
        let readings = parse(&format!(
            "{head}m@v1\ta.go:1\tlost-cancel\treal\twhy\nm@v1\ta.go:2\tlost-cancel\tfalse\twhy\n"
        ))?;
        let pair = |place: &str, check: &str| (place.to_owned(), check.to_owned());
        let found = [pair("a.go:1", "lost-cancel"), pair("a.go:2", "missing-unlock")];
        let tally = Tally::of(&readings, &found);
        assert_eq!(tally, Tally { found: [1, 0, 0], gone: [0, 0, 1], unread: 1 });
        assert!(parse(&format!("{head}m@v1\ta.go:1\tlost-cancel\tfine\twhy\n")).is_err());
        assert!(parse(&format!("{head}m@v1\n")).is_err());
        Ok(())
    }

    #[test]
    fn the_committed_labels_can_be_read() -> Result<()> {
        let text = fs::read_to_string(workspace::root().join(LABELS))?;
        assert!(!parse(&text)?.is_empty());
        Ok(())
    }
}
