//! The source file of a check, read as text so that this works when it does not compile.

use crate::workspace;
use anyhow::{Context, Result};
use std::fmt::Write;
use std::fs;

/// Where checks are.
pub(crate) const FOLDER: &str = "crates/checks/src";

/// Sections of a check's page, in order.
pub(crate) const SECTIONS: [&str; 4] = ["Why it leaks", "Example", "Fix safety", "Not reported"];

/// What a check's file says.
#[derive(Debug)]
pub(crate) struct CheckFile {
    /// The module's name.
    pub(crate) module: String,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) summary: String,
    /// The variant of `Stage`.
    pub(crate) stage: String,
    /// The doc comment without its marks.
    pub(crate) doc: String,
}

impl CheckFile {
    /// All checks, by name.
    pub(crate) fn all() -> Result<Vec<Self>> {
        let folder = workspace::root().join(FOLDER);
        let mut checks = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {FOLDER}"))? {
            let path = entry?.path();
            let Some(module) = path.file_name().and_then(|n| n.to_str()?.strip_suffix(".rs"))
            else {
                continue;
            };
            let text = fs::read_to_string(&path)
                .with_context(|| format!("cannot read {FOLDER}/{module}.rs"))?;
            if text.contains("pub const CHECK: Check =") {
                checks.push(
                    Self::parse(module, &text).with_context(|| format!("{FOLDER}/{module}.rs"))?,
                );
            }
        }
        checks.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(checks)
    }

    fn parse(module: &str, text: &str) -> Result<Self> {
        let (_, value) =
            text.split_once("pub const CHECK: Check = Check {").context("no `Check { … }`")?;
        let (value, _) = value.split_once("\n};").context("`CHECK` has no end")?;
        let field = |name: &str| -> Result<&str> {
            let start = format!("{name}:");
            let line = value.lines().find_map(|line| line.trim().strip_prefix(&start));
            Ok(line.with_context(|| format!("`CHECK` has no `{name}`"))?.trim())
        };
        let string = |name: &str| -> Result<String> {
            // Long strings stand on the line after the name.
            let (_, rest) = value
                .split_once(&format!("{name}:"))
                .with_context(|| format!("`CHECK` has no `{name}`"))?;
            let rest = rest.trim_start().strip_prefix('"');
            let end = rest.and_then(|rest| Some((rest, rest.find('"')?)));
            let (rest, end) = end.with_context(|| format!("`{name}` is not a plain string"))?;
            Ok(rest[..end].to_owned())
        };
        let stage = field("stage")?.trim_start_matches("Stage::");
        let doc = text.lines().map_while(|line| line.strip_prefix("//!"));
        let doc: Vec<&str> = doc.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        Ok(Self {
            module: module.to_owned(),
            code: string("code")?,
            name: string("name")?,
            summary: string("summary")?,
            stage: stage.split('(').next().unwrap_or_default().to_owned(),
            doc: doc.join("\n"),
        })
    }

    /// Headings of the doc comment, and whether it has an example in Go.
    fn headings(&self) -> (Vec<&str>, bool) {
        let (mut headings, mut has_go, mut fenced) = (Vec::new(), false, false);
        for line in self.doc.lines() {
            has_go |= line == "```go";
            fenced ^= line.starts_with("```");
            if !fenced {
                headings.extend(line.strip_prefix("# "));
            }
        }
        (headings, has_go)
    }

    /// What is wrong with the file.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        let (headings, has_go) = self.headings();
        if headings != SECTIONS {
            complaints.push(format!("its sections are {headings:?}, not {SECTIONS:?}"));
        }
        if !has_go {
            complaints.push("its example is not fenced with ```go".to_owned());
        }
        let mut lines = self.doc.lines();
        let alone = lines.next().is_some_and(|l| !l.is_empty()) && lines.next() == Some("");
        if !alone {
            complaints.push("its first line does not stand alone".to_owned());
        }
        if self.module != self.name.replace('-', "_") {
            complaints.push(format!("`{}` is not the file's name", self.name));
        }
        let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !self.name.chars().all(kebab) {
            complaints.push(format!("`{}` is not kebab-case", self.name));
        }
        if self.summary.ends_with('.') || self.summary.len() > 80 {
            complaints
                .push("its summary ends in a full stop or is longer than 80 bytes".to_owned());
        }
        complaints
    }

    /// The page: what `stanch explain` prints.
    pub(crate) fn page(&self) -> String {
        let Self { code, name, summary, doc, .. } = self;
        let mut page = format!("# {name} ({code})\n\n{summary}\n\n");
        let mut fenced = false;
        for line in doc.lines() {
            fenced ^= line.starts_with("```");
            let deeper = if line.starts_with("# ") && !fenced { "#" } else { "" };
            let _ = writeln!(page, "{deeper}{line}");
        }
        page
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "//! A bad thing.
//!
//! # Why it leaks
//! Because.
//!
//! # Example
//! ```go
//! # not a heading
//! ```
//!
//! # Fix safety
//! None.
//!
//! # Not reported
//! Nothing.

/// The check.
pub const CHECK: Check = Check {
    code: \"CH001\",
    name: \"bad-thing\",
    summary:
        \"a thing is bad\",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable(\"0.1.0\"),
};
";

    #[test]
    fn reads_a_check() {
        let check = CheckFile::parse("bad_thing", TEXT).expect("a check");
        assert_eq!((&*check.code, &*check.name), ("CH001", "bad-thing"));
        assert_eq!((&*check.summary, &*check.stage), ("a thing is bad", "Stable"));
        assert_eq!(check.complaints(), [] as [String; 0]);
        assert!(
            check.page().starts_with("# bad-thing (CH001)\n\na thing is bad\n\nA bad thing.\n")
        );
        assert!(check.page().contains("\n## Example\n```go\n# not a heading\n"));
    }

    #[test]
    fn complains() {
        let text = TEXT.replace("# Fix safety", "# Safety").replace("a thing is bad", "Bad.");
        let check = CheckFile::parse("other", &text).expect("a check");
        assert_eq!(check.complaints().len(), 3, "{:?}", check.complaints());
    }
}
