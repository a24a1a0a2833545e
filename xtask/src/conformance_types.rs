//! `cargo xtask conformance types`: what stanch infers against what go/types records, kept in
//! `conformance/types.snap`.

mod compare;
mod corpora;
mod reasons;

use crate::workspace;
use anyhow::{Context, Result, bail};
use compare::{Class, Comparison, Difference};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

/// Differences without a reason that the snapshot shows of each corpus; it shows all of those with
/// one.
const SHOWN: usize = 20;

/// Compares the figures with the committed ones, or writes them with `update`. Without `full` the
/// corpora that take long are left as they are committed.
pub(crate) fn run(goroot: &Path, full: bool, update: bool, only: &[String]) -> Result<()> {
    let snap = workspace::root().join("conformance/types.snap");
    let tools = corpora::Tools::new(goroot)?;
    let committed = fs::read_to_string(&snap).unwrap_or_default();
    let mut text = header(&tools.version);
    for corpus in corpora::CORPORA {
        let wanted = if only.is_empty() {
            full || !corpus.slow
        } else {
            only.iter().any(|name| name == corpus.name)
        };
        let section = if wanted {
            let outputs = tools.run(corpus)?;
            let comparison = compare::compare(&outputs.theirs, &outputs.ours)?;
            let section = tools.portable(section(corpus, outputs.n_files, &comparison));
            println!("{section}");
            Some(section)
        } else {
            kept(&committed, corpus.name)
        };
        if let Some(section) = section {
            text.push('\n');
            text.push_str(&section);
        }
    }
    if update {
        return fs::write(&snap, &text).with_context(|| format!("cannot write {}", snap.display()));
    }
    if text != committed {
        let hint = "`cargo xtask conformance types --update` writes the figures above";
        bail!("{} is stale: {hint}", snap.display());
    }
    println!("conformance types: as committed");
    Ok(())
}

fn header(version: &str) -> String {
    format!(
        "What `stanch debug types` prints against what go/types records: lines, each counted once.\n\
         Written by `cargo xtask conformance types [--full] --update`.\n\n\
         reference: go/types of {version}\n"
    )
}

/// The text about a corpus. Its first line names the corpus.
fn section(corpus: &corpora::Corpus, n_files: Option<usize>, comparison: &Comparison) -> String {
    let mut text = format!("== {}: {}\n", corpus.name, corpus.what);
    if let Some(n) = n_files {
        _ = writeln!(text, "{:<12} {n:>9}", "files");
    }
    let mut row = |name: &str, agree: u64, differ: u64| {
        let share = percent(agree, differ);
        _ = writeln!(text, "{name:<12} {agree:>9} agree {differ:>7} differ {share}");
    };
    for class in Class::ALL {
        let count = comparison.counts[class as usize];
        row(class.name(), count.agree, count.differ);
    }
    let sum = |of: fn(&compare::Count) -> u64| comparison.counts.iter().map(of).sum::<u64>();
    row("all", sum(|c| c.agree), sum(|c| c.differ));
    for (name, files) in [("go/types", &comparison.only_theirs), ("stanch", &comparison.only_ours)]
    {
        if !files.is_empty() {
            _ = writeln!(text, "files that only {name} has: {}", files.join(" "));
        }
    }
    differences(corpus.name, &comparison.differences, &mut text);
    text
}

/// The share of lines that agree, rounded down so that only 100 % is written so.
fn percent(agree: u64, differ: u64) -> String {
    let total = (agree + differ).max(1);
    let parts = if differ == 0 { 100_0000 } else { agree * 100_0000 / total };
    format!("{:>3}.{:04} %", parts / 10_000, parts % 10_000)
}

fn differences(corpus: &str, differences: &[Difference], text: &mut String) {
    let (mut n_unexplained, mut last) = (0, None);
    for difference in differences {
        let reason = reasons::reason(corpus, difference);
        if reason.is_none() {
            n_unexplained += 1;
            if n_unexplained > SHOWN {
                continue;
            }
        }
        let key = &difference.key;
        _ = writeln!(text, "\n{}:{}:{} {}", key.file, key.start, key.end, key.class.name());
        for (name, lines) in [("go/types", &difference.theirs), ("stanch", &difference.ours)] {
            for line in lines {
                _ = writeln!(text, "    {name:<9} {}", short(&line.replace('\t', "  ")));
            }
        }
        if let Some(reason) = reason
            && last != Some(reason)
        {
            _ = writeln!(text, "    reason: {reason}");
        }
        last = reason;
    }
    if n_unexplained > SHOWN {
        _ = writeln!(text, "\nand {} more", n_unexplained - SHOWN);
    }
}

/// At most so much of a line is shown: the values of floating-point constants have a thousand digits.
const LENGTH: usize = 160;

fn short(line: &str) -> std::borrow::Cow<'_, str> {
    match line.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}… ({} bytes)", &line[..end], line.len()).into(),
        None => line.into(),
    }
}

/// The committed section of a corpus.
fn kept(committed: &str, name: &str) -> Option<String> {
    let start = committed.find(&format!("== {name}: "))?;
    let section = &committed[start..];
    let end = section.find("\n\n== ").map_or(section.len(), |end| end + 1);
    Some(section[..end].to_owned())
}

/// Where the outputs go.
fn folder() -> Result<PathBuf> {
    let folder = workspace::target()?.join("conformance");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_down() {
        assert_eq!(percent(10, 0), "100.0000 %");
        assert_eq!(percent(9_999_999, 1), " 99.9999 %");
        assert_eq!(percent(0, 3), "  0.0000 %");
    }

    #[test]
    fn sections_are_kept() {
        let text = "head\n\n== a: x\nlines\n\nf:1:2 uses\n\n== ab: y\nrest\n";
        assert_eq!(kept(text, "a").as_deref(), Some("== a: x\nlines\n\nf:1:2 uses\n"));
        assert_eq!(kept(text, "ab").as_deref(), Some("== ab: y\nrest\n"));
        assert_eq!(kept(text, "b"), None);
    }
}
