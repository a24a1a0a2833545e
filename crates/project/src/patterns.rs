//! Package patterns: which folders, files and import paths they name.

use crate::gomod::parse;
use crate::paths::{clean, find_up, is_dir};
use crate::{Config, Message};
use rayon::prelude::*;
use stanch_source::{EntryKind, FileSystem};
use std::path::{Path, PathBuf};

/// What a pattern names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Pattern<'a> {
    /// A file.
    File(&'a str),
    /// `std`
    Std,
    /// `cmd`
    Cmd,
    /// `all`: the main modules' packages and whatever they import.
    All,
    /// The package in a folder.
    Folder(PathBuf),
    /// Packages below `root` whose folders match `wildcard`.
    Below { root: PathBuf, wildcard: String },
    /// A package by its import path.
    Import(&'a str),
    /// Packages whose import paths match.
    Imports(&'a str),
}

impl<'a> Pattern<'a> {
    pub(crate) fn of(fs: &dyn FileSystem, cwd: &Path, text: &'a str) -> Self {
        match text {
            "std" => return Self::Std,
            "cmd" => return Self::Cmd,
            "all" => return Self::All,
            _ if text.ends_with(".go") && !is_dir(fs, &clean(&cwd.join(text))) => {
                return Self::File(text);
            }
            _ => {}
        }
        let base = literal_part(text);
        let root = clean(&cwd.join(base));
        let local = Path::new(text).is_absolute()
            || matches!(text, "." | "..")
            || ["./", "../", ".\\", "..\\"].iter().any(|prefix| text.starts_with(prefix));
        // `dir/...` without `./` is an import path to go; where such a folder exists here, the folder
        // is meant: no configuration should be needed for that.
        let folder = local || (!base.is_empty() && is_dir(fs, &root));
        match (folder, text.contains("...")) {
            (true, true) => {
                Self::Below { root, wildcard: clean(&cwd.join(text)).to_string_lossy().into() }
            }
            (true, false) => Self::Folder(root),
            (false, true) => Self::Imports(text),
            (false, false) => Self::Import(text),
        }
    }
}

/// The folder part of a pattern before the first wildcard.
fn literal_part(pattern: &str) -> &str {
    match pattern.find("...") {
        None => pattern,
        Some(at) => pattern[..at].rfind(['/', '\\']).map_or("", |slash| &pattern[..=slash]),
    }
}

/// Whether a pattern matches a path: `...` stands for any text, and `x/...` matches `x` too.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    if pattern.strip_suffix("/...").is_some_and(|base| matches(base, path)) {
        return true;
    }
    let mut parts = pattern.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = path.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

/// Folders that a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// Folders with Go files, sorted.
    pub(crate) dirs: Vec<PathBuf>,
    /// Folders where other modules begin, which are not searched.
    pub(crate) nested: Vec<PathBuf>,
}

/// Folders at and below `root` that hold Go files; as go does, without `testdata`, `vendor`, names
/// that begin with `_` or `.`, other modules, and folders that go.mod says to ignore. Links to
/// folders are not followed, so there are no loops.
pub(crate) fn walk(
    fs: &dyn FileSystem,
    root: &Path,
    skip: &[PathBuf],
    out: &mut Vec<Message>,
) -> Walk {
    let mut found = Walk::default();
    let ignore = Ignore::of(fs, root);
    // Level by level, so that the folders of a level are listed in parallel.
    let mut level = vec![root.to_path_buf()];
    while !level.is_empty() {
        let list = |dir: PathBuf| (fs.list(&dir), dir);
        let listed: Vec<_> = std::mem::take(&mut level).into_par_iter().map(list).collect();
        for (entries, dir) in listed {
            let entries = match entries {
                Ok(entries) => entries,
                Err(error) => {
                    out.push(Message::warning_at(&dir, format!("cannot be read: {error}")));
                    continue;
                }
            };
            let is_mod = |e: &stanch_source::Entry| e.kind == EntryKind::File && e.name == "go.mod";
            if dir != root && entries.iter().any(is_mod) {
                found.nested.push(dir);
                continue;
            }
            if entries.iter().any(|e| e.kind != EntryKind::Dir && e.name.ends_with(".go")) {
                found.dirs.push(dir.clone());
            }
            let inner = entries.iter().filter(|e| e.kind == EntryKind::Dir).map(|e| &*e.name);
            let inner = inner.filter(|name| {
                !name.starts_with(['_', '.']) && !matches!(*name, "testdata" | "vendor")
            });
            let inner = inner.map(|name| dir.join(name));
            level.extend(inner.filter(|path| !skip.contains(path) && !ignore.covers(path)));
        }
    }
    found.dirs.sort();
    found.nested.sort();
    found
}

/// The `ignore` directives of a go.mod.
struct Ignore {
    root: PathBuf,
    folders: Vec<String>,
}

impl Ignore {
    fn of(fs: &dyn FileSystem, dir: &Path) -> Self {
        let root = find_up(fs, dir, "go.mod");
        let bytes = root.as_ref().and_then(|root| fs.read(&root.join("go.mod")).ok());
        let file = parse(&String::from_utf8_lossy(&bytes.unwrap_or_default()));
        Self { root: root.unwrap_or_default(), folders: file.ignore }
    }

    /// Whether a folder is to be skipped: `./x` means the one in the module's root, `x` any.
    fn covers(&self, dir: &Path) -> bool {
        let Ok(dir) = dir.strip_prefix(&self.root) else { return false };
        self.folders.iter().any(|folder| match folder.strip_prefix("./") {
            Some(rooted) => dir == Path::new(rooted),
            None => dir.ends_with(folder),
        })
    }
}

/// Packages of the standard library, or of the go command and its kin.
pub(crate) fn std_dirs(
    fs: &dyn FileSystem,
    goroot: &Path,
    cmd: bool,
    cgo: bool,
    out: &mut Vec<Message>,
) -> Vec<PathBuf> {
    let src = goroot.join("src");
    if cmd {
        // A module of its own, so not below `src`.
        return walk(fs, &src.join("cmd"), &[], out).dirs;
    }
    // As for go: `builtin` is documentation, and `runtime/cgo` is empty without cgo.
    let mut skip = vec![src.join("cmd"), src.join("builtin")];
    if !cgo {
        skip.push(src.join("runtime").join("cgo"));
    }
    let mut dirs = walk(fs, &src, &skip, out).dirs;
    if is_dir(fs, &src.join("vendor")) {
        dirs.extend(walk(fs, &src.join("vendor"), &[], out).dirs);
    }
    dirs
}

/// The GOROOT whose sources `cwd` lies in, if it is a source tree of Go.
pub(crate) fn goroot_around(fs: &dyn FileSystem, config: &Config, cwd: &Path) -> Option<PathBuf> {
    if config.goroot.as_ref().is_some_and(|goroot| fs.resolve(cwd).starts_with(goroot)) {
        return None;
    }
    let root = find_up(fs, cwd, "go.mod")?;
    let bytes = fs.read(&root.join("go.mod")).ok()?;
    let src = match parse(&String::from_utf8_lossy(&bytes)).module.as_deref() {
        Some("std") => root.as_path(),
        Some("cmd") => root.parent()?,
        _ => return None,
    };
    let goroot = src.parent()?;
    is_dir(fs, &src.join("runtime")).then(|| goroot.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_for_go() {
        for (pattern, path, is_match) in [
            ("...", "net", true),
            ("net", "net", true),
            ("net", "net/http", false),
            ("net/...", "net", true),
            ("net/...", "net/http", true),
            ("net/...", "netchan", false),
            ("net...", "netchan", true),
            ("net...", "net/http", true),
            ("net.../...", "nets/a", true),
            ("a/.../b", "a/x/b", true),
            ("a/.../b", "a/b", false),
            ("a/.../b", "a/x/y/b", true),
            ("a/.../b", "a/x/bc", false),
            (".../b", "a/b", true),
        ] {
            assert_eq!(matches(pattern, path), is_match, "{pattern} {path}");
        }
    }
}
