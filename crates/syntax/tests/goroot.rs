//! The parser's promises over the files of a Go installation, whole and mutilated.

use stanch_syntax::ast::{Body, Decl};
use stanch_syntax::{ParseMode, parse, parse_bytes, tokens, validate};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Go installation's root, or `None` with a loud word that the test did nothing.
fn goroot() -> Option<PathBuf> {
    let from_go = || {
        let output = Command::new("go").args(["env", "GOROOT"]).output().ok()?;
        Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()))
    };
    let root = std::env::var_os("GOROOT").map(PathBuf::from).or_else(from_go);
    let root = root.filter(|root| root.join("src").is_dir());
    if root.is_none() {
        eprintln!("SKIPPED: no Go installation found");
    }
    root
}

/// Every `.go` file below `dir`, sorted.
fn go_files(dir: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            go_files(&path, files);
        } else if path.extension().is_some_and(|e| e == "go") {
            files.push(path);
        }
    }
}

/// Each `step`-th file of the installation, read.
fn sample(step: usize, max_len: usize) -> Vec<(PathBuf, Vec<u8>)> {
    let Some(root) = goroot() else { return Vec::new() };
    let mut files = Vec::new();
    go_files(&root.join("src"), &mut files);
    go_files(&root.join("test"), &mut files);
    let read = |path: &PathBuf| Some((path.clone(), std::fs::read(path).ok()?));
    let files = files.iter().step_by(step).filter_map(read);
    files.filter(|(_, bytes)| bytes.len() <= max_len).collect()
}

#[track_caller]
fn check(path: &Path, bytes: &[u8], mode: ParseMode) {
    let (text, parsed) = parse_bytes(bytes, mode);
    if let Err(problem) = validate(&parsed.ast, &text) {
        panic!("{}: {problem}\n{text}", path.display());
    }
}

#[test]
fn trees_are_valid() {
    for (path, bytes) in sample(1, usize::MAX) {
        check(&path, &bytes, ParseMode::Full);
        check(&path, &bytes, ParseMode::Declarations);
        check(&path, &bytes, ParseMode::ImportsOnly);
    }
}

#[test]
fn declarations_do_not_depend_on_the_mode() {
    for (path, bytes) in sample(7, usize::MAX) {
        let (_, full) = parse_bytes(&bytes, ParseMode::Full);
        let (_, heads) = parse_bytes(&bytes, ParseMode::Declarations);
        let (_, imports) = parse_bytes(&bytes, ParseMode::ImportsOnly);
        if !full.errors.is_empty() {
            continue;
        }
        let spans = |ast: &stanch_syntax::ast::Ast| {
            let span = |decl: &Decl| match decl {
                Decl::Func(func) => (func.span, matches!(func.body, Body::None)),
                Decl::Gen(decl) => (decl.span, false),
            };
            ast.decls.iter().map(span).collect::<Vec<_>>()
        };
        assert_eq!(spans(&full.ast), spans(&heads.ast), "{}", path.display());
        let paths = |ast: &stanch_syntax::ast::Ast| {
            ast.imports.iter().map(|import| import.path.clone()).collect::<Vec<_>>()
        };
        assert_eq!(paths(&full.ast), paths(&imports.ast), "{}", path.display());
        assert_eq!(full.ast.n_lines, imports.ast.n_lines);
    }
}

#[test]
fn truncated_anywhere() {
    for (path, bytes) in sample(149, 3000) {
        for end in 0..bytes.len() {
            check(&path, &bytes[..end], ParseMode::Full);
        }
    }
}

#[test]
fn tokens_deleted_doubled_and_swapped() {
    for (path, bytes) in sample(149, 3000) {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let ranges: Vec<_> =
            tokens(&text).map(|t| t.range.start as usize..t.range.end as usize).collect();
        for (i, range) in ranges.iter().enumerate() {
            let (before, after) = (&text[..range.start], &text[range.end..]);
            let token = &text[range.clone()];
            let next = ranges.get(i + 1).map_or("", |next| &text[next.clone()]);
            for middle in [String::new(), format!("{token} {token}"), format!("{next} {token}")] {
                let mutated = format!("{before}{middle}{after}");
                check(&path, mutated.as_bytes(), ParseMode::Full);
                check(&path, mutated.as_bytes(), ParseMode::Declarations);
            }
        }
    }
}

#[test]
fn tokens_cover_the_text() {
    for (path, bytes) in sample(13, usize::MAX) {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if !parse(&text, ParseMode::Full).errors.is_empty() {
            continue;
        }
        let mut end = if text.starts_with('\u{feff}') { 3 } else { 0 };
        for token in tokens(&text) {
            let gap = &text[end..token.range.start as usize];
            assert!(gap.trim().is_empty(), "{}: {gap:?} is no token", path.display());
            assert_eq!(token.range.is_empty(), token.automatic);
            end = token.range.end as usize;
        }
        assert!(text[end..].trim().is_empty());
    }
}
