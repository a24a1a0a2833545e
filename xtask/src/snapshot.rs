//! Figures that are committed.

use crate::workspace;
use anyhow::{Context, Result, bail};
use std::fmt::Write;
use std::fs;

/// Compares a report with the committed `conformance/NAME.snap`, or writes it with `update`.
pub(crate) fn settle(name: &str, report: &str, update: bool) -> Result<()> {
    let snap = workspace::root().join(format!("conformance/{name}.snap"));
    if update {
        fs::write(&snap, report).with_context(|| format!("cannot write {}", snap.display()))?;
        print!("{report}");
        return Ok(());
    }
    let committed =
        fs::read_to_string(&snap).with_context(|| format!("cannot read {}", snap.display()))?;
    if report != committed {
        bail!(
            "conformance/{name}.snap is stale (- committed, + now):\n{}\n`cargo xtask conformance \
             {name} --update` writes the new figures",
            difference(&committed, report)
        );
    }
    println!("conformance {name}: as committed");
    Ok(())
}

/// The lines that only one of two texts has, in order.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let mut text = String::new();
    for (mark, lines, others) in [('-', &old, &new), ('+', &new, &old)] {
        for line in lines.iter().filter(|line| !others.contains(line)) {
            let _ = writeln!(text, "{mark} {line}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn differing_lines() {
        assert_eq!(difference("a\nb\nc", "a\nd\nc"), "- b\n+ d\n");
        assert_eq!(difference("a", "a"), "");
    }
}
