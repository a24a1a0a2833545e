//! Go in, graphs out: the Markdown files below `tests/specs`.
//!
//! Each fenced `go` block (with the language version after a space, if not the newest) is followed
//! by a fenced `ir` block with the text form of its functions. `UPDATE=1 cargo test` rewrites those.

use crate::common::OnePackage;
use std::fmt::Write;
use std::path::Path;

#[test]
fn specs() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    let mut files: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut wrong = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let now = rewritten(&text);
        if now == text {
            continue;
        }
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&file, now).unwrap();
        } else {
            let (a, b): (Vec<&str>, Vec<&str>) = (text.lines().collect(), now.lines().collect());
            let at = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
            let _ = writeln!(wrong, "{}:{} differs, now:", file.display(), at + 1);
            for line in b.iter().skip(at.saturating_sub(3)).take(30) {
                let _ = writeln!(wrong, "    {line}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The text with each `ir` block as it is today.
fn rewritten(text: &str) -> String {
    let mut out = String::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let _ = writeln!(out, "{line}");
        let Some(info) = line.strip_prefix("```go") else { continue };
        let language = match info.trim().strip_prefix("1.") {
            Some(minor) => (1, minor.parse().unwrap()),
            None => (1, 26),
        };
        let mut source = String::new();
        for line in lines.by_ref() {
            let _ = writeln!(out, "{line}");
            if line == "```" {
                break;
            }
            let _ = writeln!(source, "{line}");
        }
        let between: Vec<&str> = lines.by_ref().take_while(|l| *l != "```ir").collect();
        assert_eq!(between, [""], "a `go` block without its `ir` block");
        let _ = lines.by_ref().find(|l| *l == "```");
        let text =
            if source.starts_with("package") { source } else { format!("package p\n{source}") };
        let package = OnePackage::new("p", &text, language);
        let shown = package.lower(|program, module| module.display(program));
        let _ = writeln!(out, "\n```ir\n{}\n```", shown.trim_end());
    }
    out
}
