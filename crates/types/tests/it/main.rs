//! The specifications under `specs/`: Go code, and what `debug types` says of it.
//!
//! A fenced `go` block holds files after `//- /package/file.go` lines, packages before those that
//! import them; a package whose files end in `_test.go` and whose clause ends in `_test` is an
//! external test. The fenced `types` block after it has lines `code  mode  type  value` (or `def`,
//! `use` and the declaration), tab-separated, each of which must be printed of some place that
//! has such code. A line `- code` says that
//! nothing is printed about the code.

mod packages;

use packages::Packages;
use stanch_types::{Program, Target, debug_types};
use std::fs;
use std::path::Path;

#[test]
fn specifications_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    let mut n_lines = 0;
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("it can be read");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for (code, expected) in examples(&text) {
            n_lines += check(&name, &code, &expected);
        }
    }
    assert!(n_lines > 20, "only {n_lines} lines were checked");
}

/// The pairs of a `go` and the following `types` block.
fn examples(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut code = String::new();
    for part in text.split("\n```").skip(1) {
        if let Some(block) = part.strip_prefix("go\n") {
            code = block.to_owned();
        } else if let Some(block) = part.strip_prefix("types\n") {
            pairs.push((code.clone(), block.to_owned()));
        }
    }
    pairs
}

/// Checks one example; returns the number of its lines.
fn check(name: &str, code: &str, expected: &str) -> usize {
    let packages = Packages::parse(code);
    let program = Program::new(packages.len(), &packages, Target { word_size: 8 });
    let printed: Vec<String> = packages.ids().map(|id| debug_types(&program, id)).collect();
    let lines: Vec<(String, &str)> = printed
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(|line| {
            let (span, rest) = line.split_once('\t')?;
            Some((packages.code(span)?, rest))
        })
        .collect();
    let expected: Vec<&str> = expected.lines().filter(|line| !line.trim().is_empty()).collect();
    for line in &expected {
        if let Some(code) = line.strip_prefix("- ") {
            let found = lines.iter().find(|(text, _)| text == code);
            assert!(found.is_none(), "{name}: `{code}` has {found:?}");
            continue;
        }
        let (code, rest) = line.split_once('\t').expect("code, a tab, and what it is");
        let found: Vec<&str> =
            lines.iter().filter(|(text, _)| text == code).map(|(_, rest)| *rest).collect();
        assert!(found.contains(&rest), "{name}: `{code}` should be `{rest}`; it is {found:#?}");
    }
    expected.len()
}
