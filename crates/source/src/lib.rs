//! The file system behind a trait, and the environment as data: the only reader of both.

mod disk;
mod environment;
mod memory;
mod overlay;

pub use disk::DiskFs;
pub use environment::Environment;
pub use memory::MemoryFs;
pub use overlay::OverlayFs;

use std::path::{Path, PathBuf};

/// The largest file that is read, in bytes; larger ones are an error.
pub const MAX_FILE: u64 = 64 << 20;

/// Kinds of directory entries, links resolved.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link to a directory; patterns with `...` do not follow it.
    DirLink,
    /// Anything else: sockets, broken links.
    Other,
}

/// An entry of a directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: EntryKind,
}

/// Why something could not be read, in words for people, without the path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    /// Whether it does not exist (as opposed to: exists and cannot be read).
    pub not_found: bool,
    /// The reason.
    pub reason: String,
}

impl ReadError {
    /// Something exists and cannot be read.
    pub fn new(reason: &str) -> Self {
        Self { not_found: false, reason: reason.to_owned() }
    }

    /// Nothing is there.
    pub fn not_found() -> Self {
        Self { not_found: true, reason: "no such file or directory".to_owned() }
    }
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.reason)
    }
}

/// A tree of files. Implementations may be asked from several threads.
pub trait FileSystem: Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// If it does not exist, is no regular file, cannot be read, or is larger than [`MAX_FILE`].
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError>;

    /// As [`read`](Self::read), into a buffer that is used again for one file after the other; what it
    /// held is gone, also on errors.
    ///
    /// # Errors
    /// As those of [`read`](Self::read).
    fn read_into(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        buffer.clear();
        *buffer = self.read(path)?;
        Ok(())
    }

    /// The first bytes of a file: at least `len`, or all there are. They may end inside of a character.
    ///
    /// # Errors
    /// As those of [`read`](Self::read).
    fn read_start(&self, path: &Path, len: usize) -> Result<Vec<u8>, ReadError> {
        let _ = len;
        self.read(path)
    }

    /// The entries of a directory, by name.
    ///
    /// # Errors
    /// If it does not exist, is no directory or cannot be read.
    fn list(&self, path: &Path) -> Result<Vec<Entry>, ReadError>;

    /// What is at `path`, links followed; `None` if nothing is.
    fn kind(&self, path: &Path) -> Option<EntryKind>;

    /// The path with links resolved; the path itself if that fails.
    fn resolve(&self, path: &Path) -> PathBuf;
}
