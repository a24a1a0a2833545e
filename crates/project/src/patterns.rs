//! Package patterns: which folders and files they name.

use crate::modules::{MainModule, clean, has_go_files};
use crate::{Config, Message};
use stanch_source::{EntryKind, FileSystem};
use std::path::{Path, PathBuf};

/// What a pattern names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    /// Folders, each a package.
    Dirs(Vec<PathBuf>),
    /// One package of these files.
    Files(Vec<PathBuf>),
    /// A package by its import path, in the universe of the working directory.
    Import(String),
    /// Packages at or below an import path.
    ImportBelow(String),
}

/// Parses patterns: consecutive files form one package.
pub(crate) fn expand(
    fs: &dyn FileSystem,
    config: &Config,
    cwd: &Path,
    patterns: &[String],
    out: &mut Vec<Message>,
) -> Vec<Named> {
    let mut named = Vec::new();
    let mut files = Vec::new();
    for pattern in patterns {
        if pattern.ends_with(".go") {
            files.push(clean(&cwd.join(pattern)));
            continue;
        }
        named.push(one(fs, config, cwd, pattern, out));
    }
    if !files.is_empty() {
        named.push(Named::Files(files));
    }
    named
}

fn one(
    fs: &dyn FileSystem,
    config: &Config,
    cwd: &Path,
    pattern: &str,
    out: &mut Vec<Message>,
) -> Named {
    let text = pattern.replace('\\', "/");
    if matches!(text.as_str(), "std" | "cmd") {
        return Named::Dirs(std_dirs(fs, config, &text, out));
    }
    let (base, below) = match text.strip_suffix("...") {
        Some(base) => (base.strip_suffix('/').unwrap_or(base), true),
        None => (text.as_str(), false),
    };
    let path = Path::new(base);
    let dir = clean(&cwd.join(path));
    let local = base.is_empty()
        || path.is_absolute()
        || base == "."
        || base == ".."
        || base.starts_with("./")
        || base.starts_with("../");
    // `dir/...` without `./` is an import path to go; where such a folder exists here, the folder
    // is meant: no configuration should be needed for that.
    let folder = fs.kind(&dir) == Some(EntryKind::Dir);
    if !local && !folder {
        let base = base.to_owned();
        return if below { Named::ImportBelow(base) } else { Named::Import(base) };
    }
    if !folder {
        out.push(Message::error(format!("{pattern}: no such folder")));
        return Named::Dirs(Vec::new());
    }
    if below { Named::Dirs(walk(fs, &dir, &[], out)) } else { Named::Dirs(vec![dir]) }
}

fn std_dirs(
    fs: &dyn FileSystem,
    config: &Config,
    pattern: &str,
    out: &mut Vec<Message>,
) -> Vec<PathBuf> {
    let Some(goroot) = &config.goroot else {
        out.push(Message::error(format!(
            "{pattern}: GOROOT was not found (set GOROOT, or put `go` on PATH)"
        )));
        return Vec::new();
    };
    let src = goroot.join("src");
    match pattern {
        "cmd" => walk(fs, &src.join("cmd"), &[], out),
        _ => {
            // As for go: `builtin` is documentation, and `runtime/cgo` is empty without cgo.
            let skip = [src.join("cmd"), src.join("builtin"), src.join("runtime").join("cgo")];
            let mut dirs = walk(fs, &src, &skip, out);
            dirs.extend(walk(fs, &src.join("vendor"), &[], out));
            dirs
        }
    }
}

/// Folders at and below `root` that hold Go files; as go does, without `testdata`, `vendor`, names
/// that begin with `_` or `.`, other modules, and folders that go.mod says to ignore. Links to
/// folders are not followed, so there are no loops.
pub(crate) fn walk(
    fs: &dyn FileSystem,
    root: &Path,
    skip: &[PathBuf],
    out: &mut Vec<Message>,
) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    let mut work = vec![root.to_path_buf()];
    let mut ignore: Vec<PathBuf> = Vec::new();
    if let Ok(bytes) = fs.read(&root.join("go.mod")) {
        let file = crate::gomod::parse(&String::from_utf8_lossy(&bytes));
        ignore.extend(file.ignore.iter().map(|d| clean(&root.join(d))));
    }
    while let Some(dir) = work.pop() {
        let entries = match fs.list(&dir) {
            Ok(entries) => entries,
            Err(error) => {
                out.push(Message::warning_at(&dir, format!("cannot be read: {error}")));
                continue;
            }
        };
        if entries.iter().any(|e| e.kind == EntryKind::File && e.name.ends_with(".go")) {
            dirs.push(dir.clone());
        }
        for entry in entries {
            let name = entry.name.as_str();
            let hidden = name.starts_with(['_', '.']) || matches!(name, "testdata" | "vendor");
            if entry.kind != EntryKind::Dir || hidden {
                continue;
            }
            let path = dir.join(name);
            let module = fs.kind(&path.join("go.mod")) == Some(EntryKind::File);
            if !module && !skip.contains(&path) && !ignore.contains(&path) {
                work.push(path);
            }
        }
    }
    dirs.sort();
    dirs
}

/// Folders of main modules at or below an import path.
pub(crate) fn below_import(
    fs: &dyn FileSystem,
    config: &Config,
    mains: &[MainModule],
    base: &str,
    out: &mut Vec<Message>,
) -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    for main in mains {
        let path = &main.module.path;
        if let Some(rest) = base.strip_prefix(path.as_str()) {
            let dir = main.module.dir.join(rest.trim_start_matches('/'));
            if (rest.is_empty() || rest.starts_with('/')) && fs.kind(&dir) == Some(EntryKind::Dir) {
                dirs.extend(walk(fs, &dir, &[], out));
            }
        } else if path.starts_with(&format!("{base}/")) {
            dirs.extend(walk(fs, &main.module.dir, &[], out));
        }
    }
    if dirs.is_empty()
        && let Some(goroot) = &config.goroot
    {
        let dir = goroot.join("src").join(base);
        if fs.kind(&dir) == Some(EntryKind::Dir) && (has_go_files(fs, &dir) || !base.is_empty()) {
            dirs.extend(walk(fs, &dir, &[], out));
        }
    }
    dirs
}
