//! `cargo xtask conformance known`, `known-more`, `known-fresh` and `known-held`: which known leaks of released modules are found,
//! and whether the findings are gone where they were repaired, kept in `conformance/known.snap`.
//!
//! Downloads the modules. The leaks are in `conformance/known.tsv`, and why they are missed in
//! `conformance/known.toml`, by `module@version file function`.

use crate::findings::{self, Document, Finding};
use crate::{fetch, snapshot, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

/// Which checks are about a kind of leak. In the function of a row, a finding of one of them is
/// about the row's operation.
const KINDS: [(&str, &[&str]); 11] = [
    ("chan-recv-no-sender", &["abandoned-receive", "range-without-close", "stuck-worker"]),
    ("chan-send-no-receiver", &["abandoned-send"]),
    (
        "http-body/sql-rows/stream not closed",
        &[
            "body-not-closed",
            "rows-not-closed",
            "closer-not-closed",
            "constructor-error-leak",
            "missing-close",
            "stop-forgets-resource",
            "dropped-while-open",
        ],
    ),
    ("lostcancel", &["lost-cancel", "cancel-overwritten"]),
    (
        "map-growth",
        &[
            "growing-field",
            "growing-global",
            "delete-missed-on-path",
            "registry-without-unsubscribe",
        ],
    ),
    (
        "mutex-not-released/lock-order",
        &["missing-unlock", "double-lock", "lock-order", "read-lock-reentry", "lock-held-waiting"],
    ),
    (
        "select-without-done",
        &[
            "stuck-worker",
            "range-over-ticker",
            "range-without-close",
            "abandoned-receive",
            "abandoned-send",
        ],
    ),
    (
        "sync.Pool/slice-retention",
        &[
            "pool-keeps-references",
            "pool-of-giants",
            "popped-slot-keeps-pointer",
            "subslice-pins-buffer",
            "growing-field",
            "growing-global",
        ],
    ),
    (
        "ticker/timer-not-stopped",
        &["ticker-not-stopped", "timer-per-turn", "stop-forgets-resource"],
    ),
    ("waitgroup-misuse", &["waitgroup-never-done", "add-without-done"]),
    (
        "worker-without-shutdown",
        &[
            "start-without-stop",
            "lost-reference",
            "stop-forgets-resource",
            "dropped-while-open",
            "constructor-error-leak",
            "closer-not-closed",
            "missing-close",
            "stuck-worker",
        ],
    ),
];

/// A known leak.
struct Row {
    module: String,
    version: String,
    fixed_in: Option<String>,
    file: String,
    lines: Vec<u32>,
    function: String,
    kind: String,
    what: String,
}

/// What became of a row.
enum Outcome {
    Missed,
    /// By which check, and what is so in the version with the repair.
    Found(String, &'static str),
    Unknown(String),
}

/// `set` names the files; `only` restricts to modules whose `path@version` contains one of its words,
/// and compares nothing.
pub(crate) fn run(set: &str, update: bool, only: &[String]) -> Result<()> {
    let path = format!("conformance/{set}.tsv");
    let text = fs::read_to_string(workspace::root().join(&path))
        .with_context(|| format!("cannot read {path}"))?;
    let mut rows = parse(&text).with_context(|| format!("in {path}"))?;
    let chosen = |row: &Row| {
        let name = format!("{}@{}", row.module, row.version);
        only.is_empty() || only.iter().any(|word| name.contains(word.as_str()))
    };
    rows.retain(chosen);
    let mut modules = Modules { binary: findings::build()?, known: BTreeMap::new() };
    let outcomes: Vec<Outcome> = rows.iter().map(|row| modules.outcome(row)).collect();
    let path = format!("conformance/{set}.toml");
    let reasons = fs::read_to_string(workspace::root().join(&path))
        .with_context(|| format!("cannot read {path}"))?;
    let reasons: BTreeMap<String, String> =
        toml::from_str(&reasons).with_context(|| format!("in {path}"))?;
    let report = report(set, &rows, &outcomes, &reasons);
    for (row, outcome) in rows.iter().zip(&outcomes) {
        if let Outcome::Unknown(why) = outcome {
            eprintln!("NOT KNOWN: {}@{}: {why}", row.module, row.version);
        }
    }
    if !only.is_empty() {
        print!("{report}");
        return Ok(());
    }
    snapshot::settle(set, &report, update)
}

/// The findings of modules, by `path@version`.
struct Modules {
    binary: PathBuf,
    known: BTreeMap<String, Result<Document, String>>,
}

impl Modules {
    fn outcome(&mut self, row: &Row) -> Outcome {
        let found = match self.document(&row.module, &row.version) {
            Err(why) => return Outcome::Unknown(why.clone()),
            Ok(document) => document.findings.iter().find(|f| row.is_found_by(f)),
        };
        let Some(found) = found else { return Outcome::Missed };
        let (check, function) = (found.name.clone(), found.function.clone());
        let Some(fixed_in) = &row.fixed_in else { return Outcome::Found(check, "no repair yet") };
        let still = |f: &Finding| f.name == check && f.function == function;
        let after = match self.document(&row.module, fixed_in) {
            Err(_) => "NOT KNOWN in the repaired version",
            Ok(document) if document.findings.iter().any(still) => "STILL in the repaired version",
            Ok(_) => "gone in the repaired version",
        };
        Outcome::Found(check, after)
    }

    fn document(&mut self, module: &str, version: &str) -> &Result<Document, String> {
        let name = format!("{module}@{version}");
        let binary = &self.binary;
        self.known.entry(name).or_insert_with_key(|name| {
            let find = || -> Result<Document> {
                let folder = workspace::target()?.join("known");
                fs::create_dir_all(&folder)?;
                let folder = folder.join(name.replace(['/', '@'], "_"));
                fetch::run(name, &folder)?;
                findings::check(binary, &folder, &["./..."])
            };
            find().map_err(|error| format!("{error:#}"))
        })
    }
}

impl Row {
    fn is_found_by(&self, finding: &Finding) -> bool {
        let on_line = |file: &str, line: u32| file == self.file && self.lines.contains(&line);
        if on_line(&finding.location.file, finding.location.start.line) {
            return true;
        }
        let framed = finding.goroutines().filter_map(|g| g.frames.first());
        if framed.into_iter().any(|frame| on_line(&frame.file, frame.line)) {
            return true;
        }
        let about = KINDS.iter().find(|(kind, _)| *kind == self.kind);
        if !about.is_some_and(|(_, checks)| checks.contains(&finding.name.as_str())) {
            return false;
        }
        finding.related.iter().any(|r| on_line(&r.location.file, r.location.start.line))
            || finding.location.file == self.file && is_within(&finding.function, &self.function)
    }
}

/// Whether a symbol is that of a function, without its package, or of a closure in it.
fn is_within(symbol: &str, function: &str) -> bool {
    // The package's path may have dots before its last slash.
    let symbol = symbol.rsplit_once('/').map_or(symbol, |(_, last)| last);
    let symbol = symbol.split_once('.').map_or(symbol, |(_, name)| name);
    let rest = symbol.strip_prefix(function);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(".func") || rest.starts_with('-'))
}

fn parse(text: &str) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (number, line) in text.lines().enumerate().skip(1) {
        let parts: Vec<&str> = line.split('\t').collect();
        let [module, version, fixed_in, file, lines, function, kind, _reach, what] = parts[..]
        else {
            bail!("line {}: not nine columns", number + 1);
        };
        ensure!(
            KINDS.iter().any(|(known, _)| *known == kind),
            "line {}: unknown kind `{kind}`",
            number + 1
        );
        let lines = lines.split(',').map(|n| n.trim().parse::<u32>());
        let lines = lines.collect::<Result<Vec<u32>, _>>();
        rows.push(Row {
            module: module.into(),
            version: version.into(),
            fixed_in: (fixed_in != "-").then(|| fixed_in.into()),
            file: file.into(),
            lines: lines.with_context(|| format!("line {}: lines", number + 1))?,
            function: function.into(),
            kind: kind.into(),
            what: what.into(),
        });
    }
    ensure!(!rows.is_empty(), "there are no rows");
    Ok(rows)
}

fn report(
    set: &str,
    rows: &[Row],
    outcomes: &[Outcome],
    reasons: &BTreeMap<String, String>,
) -> String {
    let mut totals: BTreeMap<&str, [usize; 2]> = BTreeMap::new();
    let mut list = String::new();
    let mut n_lasting = 0;
    for (row, outcome) in rows.iter().zip(outcomes) {
        let total = totals.entry(&row.kind).or_default();
        total[1] += 1;
        let key = format!("{}@{} {} {}", row.module, row.version, row.file, row.function);
        let verdict = match outcome {
            Outcome::Missed => {
                let lacks = reasons.get(&key).map_or("not known yet", String::as_str);
                format!("missed; lacks: {lacks}")
            }
            Outcome::Found(check, after) => {
                total[0] += 1;
                n_lasting += usize::from(after.starts_with("STILL"));
                format!("found by {check}; {after}")
            }
            Outcome::Unknown(_) => "NOT KNOWN: not fetched, or not analysed".to_owned(),
        };
        let _ = writeln!(list, "{key}\n    {}: {}\n    {verdict}", row.kind, row.what);
    }
    let n_found: usize = totals.values().map(|[found, _]| found).sum();
    let mut text = format!(
        "Known leaks of released modules (conformance/{set}.tsv) that are found.\n\
         Written by `cargo xtask conformance {set} --update`; reasons are in conformance/{set}.toml.\n\n\
         found: {n_found}/{}, of which {n_lasting} still in the repaired version\n",
        rows.len()
    );
    for (kind, [found, all]) in totals {
        let _ = writeln!(text, "  {kind}: {found}/{all}");
    }
    let _ = write!(text, "\n{list}");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols() {
        assert!(is_within("example.com/a.b/c.(*T).Run", "(*T).Run"));
        assert!(is_within("example.com/a.b/c.(*T).Run.func1.2", "(*T).Run"));
        assert!(!is_within("example.com/a.b/c.(*T).Runner", "(*T).Run"));
        assert!(!is_within("example.com/a.b/c.(*U).Run", "(*T).Run"));
    }

    #[test]
    fn rows() -> Result<()> {
        let head = "module\tversion\tfixed_in\tfile\tlines\tfunction\tkind\treach\twhat\n";
        let row = "m\tv1\t-\ta.go\t3,5\tf\tlostcancel\tx\twhy";
        let rows = parse(&format!("{head}{row}\n"))?;
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].lines, [3, 5]);
        assert!(rows[0].fixed_in.is_none());
        assert!(parse(head).is_err());
        assert!(parse(&format!("{head}m\tv1\n")).is_err());
        assert!(parse(&format!("{head}{}\n", row.replace("lostcancel", "other"))).is_err());
        Ok(())
    }
}
