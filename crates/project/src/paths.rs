//! Paths of folders and of imports.

use stanch_source::{EntryKind, FileSystem};
use std::path::{Component, Path, PathBuf};

/// The nearest folder at or above `dir` that holds a file `name`.
pub(crate) fn find_up(fs: &dyn FileSystem, dir: &Path, name: &str) -> Option<PathBuf> {
    dir.ancestors().find(|d| is_file(fs, &d.join(name))).map(Path::to_path_buf)
}

pub(crate) fn is_file(fs: &dyn FileSystem, path: &Path) -> bool {
    fs.kind(path) == Some(EntryKind::File)
}

pub(crate) fn is_dir(fs: &dyn FileSystem, path: &Path) -> bool {
    fs.kind(path) == Some(EntryKind::Dir)
}

/// Whether the folder has a Go file (of any platform).
pub(crate) fn has_go_files(fs: &dyn FileSystem, dir: &Path) -> bool {
    let go = |e: &stanch_source::Entry| e.kind == EntryKind::File && e.name.ends_with(".go");
    fs.list(dir).is_ok_and(|entries| entries.iter().any(go))
}

/// The path without `.` and `..`.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => out.push(part),
        }
    }
    out
}

/// A relative path with slashes.
pub(crate) fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The import path of what lies at `rest` below `base`.
pub(crate) fn join_import(base: &str, rest: &str) -> String {
    match (base, rest) {
        ("", path) | (path, "") => path.to_owned(),
        (base, rest) => format!("{base}/{rest}"),
    }
}

/// `import` without the module path before it.
pub(crate) fn below<'a>(import: &'a str, module: &str) -> Option<&'a str> {
    let rest = import.strip_prefix(module)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

/// The folder of what lies at the import path `rest` below `dir`.
pub(crate) fn join_dir(dir: &Path, rest: &str) -> PathBuf {
    if rest.is_empty() { dir.to_path_buf() } else { dir.join(rest) }
}

/// The import path and its prefixes at slashes, longest first.
pub(crate) fn prefixes(import: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(import), |p| p.rfind('/').map(|i| &p[..i]))
}

pub(crate) fn first_element(import: &str) -> &str {
    import.split('/').next().unwrap_or_default()
}
