//! Unsaved texts of an editor over another file system.

use crate::{Entry, EntryKind, FileSystem, MemoryFs, ReadError};
use std::path::{Path, PathBuf};

/// A file system in which some files have other contents, or exist although they do not below.
pub struct OverlayFs<'a> {
    base: &'a dyn FileSystem,
    texts: MemoryFs,
}

impl<'a> OverlayFs<'a> {
    /// The base itself, until something is [`set`](Self::set).
    pub fn new(base: &'a dyn FileSystem) -> Self {
        Self { base, texts: MemoryFs::new() }
    }

    /// Lets `path` have these bytes.
    pub fn set(&mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) {
        self.texts.insert(path, bytes);
    }

    /// Lets `path` be as it is in the base again.
    pub fn reset(&mut self, path: &Path) {
        self.texts.remove(path);
    }
}

impl FileSystem for OverlayFs<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        match self.texts.read(path) {
            Err(error) if error.not_found => self.base.read(path),
            result => result,
        }
    }

    fn read_into(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        match self.texts.read_into(path, buffer) {
            Err(error) if error.not_found => self.base.read_into(path, buffer),
            result => result,
        }
    }

    fn read_start(&self, path: &Path, len: usize) -> Result<Vec<u8>, ReadError> {
        match self.texts.read_start(path, len) {
            Err(error) if error.not_found => self.base.read_start(path, len),
            result => result,
        }
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, ReadError> {
        match (self.texts.list(path), self.base.list(path)) {
            (Err(_), entries) => entries,
            (Ok(entries), Err(_)) => Ok(entries),
            (Ok(over), Ok(mut entries)) => {
                entries.retain(|e| over.binary_search_by(|o| o.name.cmp(&e.name)).is_err());
                entries.extend(over);
                entries.sort();
                Ok(entries)
            }
        }
    }

    fn kind(&self, path: &Path) -> Option<EntryKind> {
        self.texts.kind(path).or_else(|| self.base.kind(path))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        self.base.resolve(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_hide_files_and_add_to_folders() {
        let base = MemoryFs::from_fixture("//- /m/a.go\npackage a\n//- /m/b.go\npackage b\n");
        let mut fs = OverlayFs::new(&base);
        fs.set("/m/a.go", "package x\n");
        fs.set("/m/c/c.go", "package c\n");
        assert_eq!(fs.read(Path::new("/m/a.go")).expect("a file"), b"package x\n");
        assert_eq!(fs.read(Path::new("/m/b.go")).expect("a file"), b"package b\n");
        let entries = fs.list(Path::new("/m")).expect("a folder");
        let names: Vec<&str> = entries.iter().map(|e| e.name.as_str()).collect();
        assert_eq!(names, ["a.go", "b.go", "c"]);
        assert_eq!(fs.kind(Path::new("/m/c")), Some(EntryKind::Dir));
        fs.reset(Path::new("/m/a.go"));
        assert_eq!(fs.read(Path::new("/m/a.go")).expect("a file"), b"package a\n");
    }
}
