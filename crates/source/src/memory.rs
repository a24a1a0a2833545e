//! Files in memory, for tests and editors.

use crate::{Entry, EntryKind, FileSystem, ReadError};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};

/// A tree of files given as a map; directories exist where files lie below them.
#[derive(Clone, Debug, Default)]
pub struct MemoryFs {
    /// Sorted by path components, so all below a folder stands together.
    files: BTreeMap<PathBuf, Vec<u8>>,
    forbidden: BTreeMap<PathBuf, ReadError>,
}

impl MemoryFs {
    /// An empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file.
    pub fn insert(&mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(path.into(), bytes.into());
    }

    /// Lets reading this file or listing this folder, which exists, fail.
    pub fn forbid(&mut self, path: impl Into<PathBuf>, reason: &str) {
        self.forbidden.insert(path.into(), ReadError::new(reason));
    }

    /// Removes a file.
    pub fn remove(&mut self, path: &Path) {
        self.files.remove(path);
    }

    /// A tree from one string: each file follows a line `//- /path/file.go`. Text before the first
    /// such line is dropped.
    pub fn from_fixture(text: &str) -> Self {
        let mut fs = Self::new();
        let mut at: Option<(PathBuf, String)> = None;
        for line in text.split_inclusive('\n') {
            if let Some(path) = line.strip_prefix("//- ") {
                if let Some((path, body)) = at.take() {
                    fs.insert(path, body);
                }
                at = Some((PathBuf::from(path.trim()), String::new()));
            } else if let Some((_, body)) = &mut at {
                body.push_str(line);
            }
        }
        if let Some((path, body)) = at {
            fs.insert(path, body);
        }
        fs
    }

    /// Files below a folder.
    fn below(&self, path: &Path) -> impl Iterator<Item = &Path> {
        let from = self.files.range::<Path, _>((Bound::Excluded(path), Bound::Unbounded));
        from.map(|(file, _)| file.as_path()).take_while(move |file| file.starts_with(path))
    }
}

impl FileSystem for MemoryFs {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        match self.forbidden.get(path) {
            Some(error) => Err(error.clone()),
            None => self.files.get(path).cloned().ok_or_else(ReadError::not_found),
        }
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, ReadError> {
        if let Some(error) = self.forbidden.get(path) {
            return Err(error.clone());
        }
        let mut entries = BTreeSet::new();
        for file in self.below(path) {
            let mut parts = file.strip_prefix(path).unwrap_or(file).components();
            let Some(first) = parts.next() else { continue };
            let kind = if parts.next().is_some() { EntryKind::Dir } else { EntryKind::File };
            let name = first.as_os_str().to_string_lossy().into_owned();
            entries.insert(Entry { name, kind });
        }
        if entries.is_empty() {
            Err(ReadError::not_found())
        } else {
            Ok(entries.into_iter().collect())
        }
    }

    fn kind(&self, path: &Path) -> Option<EntryKind> {
        if self.files.contains_key(path) {
            return Some(EntryKind::File);
        }
        self.below(path).next().map(|_| EntryKind::Dir)
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_path_buf()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixtures_become_trees() {
        let fs = MemoryFs::from_fixture("//- /m/go.mod\nmodule m\n//- /m/a/a.go\npackage a\n");
        assert_eq!(fs.read(Path::new("/m/go.mod")).expect("file"), b"module m\n");
        let names: Vec<_> =
            fs.list(Path::new("/m")).expect("dir").into_iter().map(|e| (e.name, e.kind)).collect();
        assert_eq!(
            names,
            [("a".to_owned(), EntryKind::Dir), ("go.mod".to_owned(), EntryKind::File)]
        );
        assert_eq!(fs.kind(Path::new("/m/b")), None);
        assert_eq!(fs.kind(Path::new("/m/a")), Some(EntryKind::Dir));
    }
}
