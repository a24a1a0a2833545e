//! `cargo xtask conformance triage`: the precision of findings on real code, by the labels under
//! `conformance/triage`, kept in `conformance/triage.snap`.
//!
//! Each corpus has a file of labels, `[[finding]]` with fingerprint, file, line, rule, label and
//! why. Of a corpus with many findings a sample is labelled, the same one as long as they are the
//! same.

use crate::findings::{self, Document, Finding};
use crate::{fetch, snapshot, workspace};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

const LABELS: &str = "conformance/triage";

/// So many findings of a corpus are labelled.
const SAMPLE: usize = 60;

/// Chooses the sample.
const SEED: u64 = 6;

/// The name of a corpus, and its module; none is the standard library.
pub(crate) const CORPORA: [(&str, Option<&str>); 6] = [
    ("std", None),
    ("etcd", Some("go.etcd.io/etcd/server/v3@v3.5.9")),
    ("nats-server", Some("github.com/nats-io/nats-server/v2@v2.11.9")),
    ("prometheus", Some("github.com/prometheus/prometheus@v0.308.1")),
    ("grpc", Some("google.golang.org/grpc@v1.37.1")),
    ("sarama", Some("github.com/Shopify/sarama@v1.31.1")),
];

/// The other modules of the known leaks (`conformance/known.tsv`).
const KNOWN: [(&str, Option<&str>); 6] = [
    ("nats-server-2.14", Some("github.com/nats-io/nats-server/v2@v2.14.1")),
    ("prometheus-2.5", Some("github.com/prometheus/prometheus@v2.5.0+incompatible")),
    ("grpc-1.23", Some("google.golang.org/grpc@v1.23.0")),
    ("sarama-1.23", Some("github.com/Shopify/sarama@v1.23.1")),
    ("net", Some("golang.org/x/net@v0.20.0")),
    ("pgx", Some("github.com/jackc/pgx/v5@v5.8.0")),
];

/// A corpus that is large, and analysed only when it is named: the checks of the lifetime engine on its
/// `pkg`, at any confidence.
const KUBERNETES: (&str, &str) = ("kubernetes", "1.37.2");

/// `only` names corpora; then nothing is compared.
pub(crate) fn run(goroot: &Path, update: bool, only: &[String]) -> Result<()> {
    let binary = findings::build()?;
    let mut report = format!(
        "Findings of the default profile on real code, as labelled under {LABELS}. Precision is\n\
         real over real and false. Written by `cargo xtask conformance triage --update`.\n"
    );
    for (name, module) in CORPORA.into_iter().chain(KNOWN) {
        if !only.is_empty() && !only.iter().any(|word| word == name) {
            continue;
        }
        let document = check(&binary, goroot, module)?;
        report.push_str(&corpus(module.unwrap_or(name), document.findings, &labels(name)?));
    }
    let (name, version) = KUBERNETES;
    if only.iter().any(|word| word == name) {
        let document = check_kubernetes(&binary, version)?;
        report.push_str(&corpus(name, document.findings, &labels(name)?));
    }
    if !only.is_empty() {
        print!("{report}");
        return Ok(());
    }
    snapshot::settle("triage", &report, update)
}

/// What is found in a module, or in the standard library.
pub(crate) fn check(binary: &Path, goroot: &Path, module: Option<&str>) -> Result<Document> {
    let Some(module) = module else {
        return findings::check(binary, &goroot.join("src"), &["std"]);
    };
    let folder = workspace::target()?.join("known");
    fs::create_dir_all(&folder)?;
    let folder = folder.join(module.replace(['/', '@'], "_"));
    fetch::run(module, &folder)?;
    findings::check(binary, &folder, &["./..."])
}

fn check_kubernetes(binary: &Path, version: &str) -> Result<Document> {
    let known = workspace::target()?.join("known");
    fs::create_dir_all(&known)?;
    let folder = known.join("kubernetes");
    fetch::kubernetes(version, &folder)?;
    let checks = crate::conformance_growth::CHECKS;
    let arguments = ["--confidence", "possible", "--no-tests", "--select", checks, "./pkg/..."];
    findings::check(binary, &folder, &arguments)
}

fn labels(name: &str) -> Result<BTreeMap<String, Label>> {
    let file = workspace::root().join(LABELS).join(format!("{name}.toml"));
    let text =
        fs::read_to_string(&file).with_context(|| format!("cannot read {LABELS}/{name}.toml"))?;
    parse(&text).with_context(|| format!("in {LABELS}/{name}.toml"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Labels {
    #[serde(default)]
    finding: Vec<Label>,
}

/// What a person who read the code says of a finding. Its place is for readers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Label {
    fingerprint: String,
    file: String,
    line: u32,
    rule: String,
    label: Verdict,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Real,
    False,
    Harmless,
}

fn parse(text: &str) -> Result<BTreeMap<String, Label>> {
    let labels: Labels = toml::from_str(text)?;
    let mut by_fingerprint = BTreeMap::new();
    for label in labels.finding {
        ensure!(!label.why.trim().is_empty(), "{}:{} has no reason", label.file, label.line);
        let fingerprint = label.fingerprint.clone();
        let twice = by_fingerprint.insert(fingerprint, label);
        ensure!(twice.is_none(), "a fingerprint has two labels");
    }
    Ok(by_fingerprint)
}

/// The part of the report about one corpus.
fn corpus(name: &str, findings: Vec<Finding>, labels: &BTreeMap<String, Label>) -> String {
    let n_findings = findings.len();
    let chosen = sample(findings);
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let (mut wrong, mut open) = (String::new(), String::new());
    for finding in &chosen {
        let Some(label) = labels.get(&finding.fingerprint) else {
            let _ = writeln!(open, "    {} {}", finding.fingerprint, finding.headline());
            continue;
        };
        *counts.entry(label.label).or_default() += 1;
        if label.label == Verdict::False {
            let _ = writeln!(wrong, "    {}:{}: {}", label.file, label.line, label.rule);
            let _ = writeln!(wrong, "        {}", label.why);
        }
    }
    let count = |verdict| counts.get(&verdict).copied().unwrap_or_default();
    let (real, bad) = (count(Verdict::Real), count(Verdict::False));
    let precision = match real + bad {
        0 => "unknown".to_owned(),
        all => format!("{} %", real * 100 / all),
    };
    let mut text = format!(
        "\n{name}\n  findings: {n_findings}, sampled: {}\n  real: {real}, false: {bad}, harmless: \
         {}, precision: {precision}\n",
        chosen.len(),
        count(Verdict::Harmless)
    );
    if !wrong.is_empty() {
        let _ = write!(text, "  false:\n{wrong}");
    }
    if !open.is_empty() {
        let _ = write!(text, "  without a label: {}\n{open}", open.lines().count());
    }
    for (fingerprint, label) in labels {
        if !chosen.iter().any(|f| f.fingerprint == *fingerprint) {
            let _ = writeln!(
                text,
                "  stale label: {fingerprint} {}:{}: {}",
                label.file, label.line, label.rule
            );
        }
    }
    text
}

/// At most [`SAMPLE`] findings, in their order. Which are chosen depends on their fingerprints
/// alone, so that a new finding displaces at most one other.
fn sample(findings: Vec<Finding>) -> Vec<Finding> {
    let mut ranks: Vec<u64> = findings.iter().map(|f| rank(&f.fingerprint)).collect();
    ranks.sort_unstable();
    let Some(&limit) = ranks.get(SAMPLE) else { return findings };
    findings.into_iter().filter(|f| rank(&f.fingerprint) < limit).collect()
}

/// A place in a shuffled order: FNV-1a, with the seed.
fn rank(fingerprint: &str) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64 ^ SEED;
    let hash = fingerprint
        .bytes()
        .fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    // The last bytes reach the high bits only so.
    (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(number: usize) -> Result<Finding> {
        let text = format!(
            r#"{{"name":"n","message":"m","fingerprint":"f{number}",
                "location":{{"file":"a.go","start":{{"line":{number}}}}}}}"#
        );
        Ok(serde_json::from_str(&text)?)
    }

    fn findings(count: usize) -> Result<Vec<Finding>> {
        (0..count).map(finding).collect()
    }

    #[test]
    fn samples_are_steady() -> Result<()> {
        let names = |list: Vec<Finding>| -> Vec<String> {
            list.into_iter().map(|f| f.fingerprint).collect()
        };
        assert_eq!(sample(findings(60)?).len(), 60);
        let some = names(sample(findings(200)?));
        assert_eq!(some.len(), 60);
        let more = names(sample(findings(201)?));
        assert!(some.iter().filter(|name| !more.contains(name)).count() <= 1);
        Ok(())
    }

    #[test]
    fn every_module_with_a_known_leak_is_a_corpus() -> Result<()> {
        let rows = fs::read_to_string(workspace::root().join("conformance/known.tsv"))?;
        for row in rows.lines().skip(1) {
            let mut cells = row.split('\t');
            let module = [cells.next(), cells.next()].map(Option::unwrap_or_default).join("@");
            let mut corpora = CORPORA.iter().chain(&KNOWN);
            ensure!(corpora.any(|(_, of)| *of == Some(&module)), "{module} has no labels");
        }
        Ok(())
    }

    #[test]
    fn labels_count() -> Result<()> {
        let label = |name: &str, label: &str| {
            format!(
                "[[finding]]\nfingerprint = \"{name}\"\nfile = \"a.go\"\nline = 1\nrule = \"n\"\n\
                 label = \"{label}\"\nwhy = \"w\"\n"
            )
        };
        let labels = label("f0", "real") + &label("f1", "false") + &label("gone", "harmless");
        let text = corpus("c", findings(3)?, &parse(&labels)?);
        assert!(text.contains("real: 1, false: 1, harmless: 0, precision: 50 %"), "{text}");
        assert!(text.contains("without a label: 1\n    f2 a.go:2: n: m"), "{text}");
        assert!(text.contains("stale label: gone a.go:1: n"), "{text}");
        assert!(parse(&label("f0", "maybe")).is_err());
        assert!(parse(&(label("f0", "real") + &label("f0", "real"))).is_err());
        Ok(())
    }
}
