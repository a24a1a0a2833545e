//! The disk.

use crate::{Entry, EntryKind, FileSystem, MAX_FILE, ReadError};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The machine's file system.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiskFs;

impl FileSystem for DiskFs {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        self.read_into(path, &mut bytes)?;
        Ok(bytes)
    }

    fn read_into(&self, path: &Path, buffer: &mut Vec<u8>) -> Result<(), ReadError> {
        // One byte more than allowed tells a file that is too large, even one that grows.
        read(path, MAX_FILE + 1, buffer)?;
        match buffer.len() as u64 > MAX_FILE {
            true => Err(ReadError::new(TOO_LARGE)),
            false => Ok(()),
        }
    }

    fn read_start(&self, path: &Path, len: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = Vec::new();
        read(path, len as u64, &mut bytes)?;
        Ok(bytes)
    }

    fn list(&self, path: &Path) -> Result<Vec<Entry>, ReadError> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(|e| error(&e))? {
            let entry = entry.map_err(|e| error(&e))?;
            // Go source names are valid UTF-8; others cannot be imported or built.
            let Ok(name) = entry.file_name().into_string() else { continue };
            let kind = match entry.file_type() {
                Ok(t) if t.is_file() => EntryKind::File,
                Ok(t) if t.is_dir() => EntryKind::Dir,
                Ok(t) if t.is_symlink() => match fs::metadata(entry.path()) {
                    Ok(m) if m.is_file() => EntryKind::File,
                    Ok(m) if m.is_dir() => EntryKind::DirLink,
                    _ => EntryKind::Other,
                },
                _ => EntryKind::Other,
            };
            entries.push(Entry { name, kind });
        }
        entries.sort();
        Ok(entries)
    }

    fn kind(&self, path: &Path) -> Option<EntryKind> {
        let meta = fs::metadata(path).ok()?;
        Some(match meta.is_dir() {
            true => EntryKind::Dir,
            false if meta.is_file() => EntryKind::File,
            false => EntryKind::Other,
        })
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
    }
}

const TOO_LARGE: &str = "larger than 64 MiB";

/// The first `len` bytes of a file, or all there are, instead of what `into` held.
fn read(path: &Path, len: u64, into: &mut Vec<u8>) -> Result<(), ReadError> {
    into.clear();
    // Asked before the file is opened: opening a pipe waits for its other end.
    let meta = fs::metadata(path).map_err(|e| error(&e))?;
    if !meta.is_file() {
        return Err(ReadError::new("not a regular file"));
    }
    if meta.len() > MAX_FILE {
        return Err(ReadError::new(TOO_LARGE));
    }
    // A byte of room more, so that the end is seen without growing.
    into.reserve(meta.len().min(len) as usize + 1);
    let file = fs::File::open(path).map_err(|e| error(&e))?;
    file.take(len).read_to_end(into).map_err(|e| error(&e))?;
    Ok(())
}

fn error(e: &std::io::Error) -> ReadError {
    let text = e.to_string();
    let reason = text.split(" (os error").next().unwrap_or_default().to_lowercase();
    ReadError { not_found: e.kind() == std::io::ErrorKind::NotFound, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process;

    /// A fresh folder for one test.
    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("stanch-source-{name}-{}", process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("a folder can be made");
        dir
    }

    #[test]
    fn reads_lists_and_says_why_not() {
        let dir = folder("reads");
        fs::create_dir(dir.join("b")).expect("a folder can be made");
        fs::write(dir.join("a.go"), "package a").expect("a file can be written");
        let entries = DiskFs.list(&dir).expect("the folder can be read");
        let names: Vec<_> = entries.iter().map(|e| (e.name.as_str(), e.kind)).collect();
        assert_eq!(names, [("a.go", EntryKind::File), ("b", EntryKind::Dir)]);
        assert_eq!(DiskFs.read(&dir.join("a.go")).expect("a file"), b"package a");
        for (len, start) in [(7, "package"), (9, "package a"), (99, "package a")] {
            let bytes = DiskFs.read_start(&dir.join("a.go"), len).expect("a file");
            assert_eq!(bytes, start.as_bytes());
        }
        assert!(DiskFs.read(&dir.join("c.go")).expect_err("no file").not_found);
        assert_eq!(DiskFs.read(&dir.join("b")).expect_err("a folder").reason, "not a regular file");
        assert!(DiskFs.list(&dir.join("c")).expect_err("no folder").not_found);
        assert_eq!(DiskFs.kind(&dir.join("b")), Some(EntryKind::Dir));
        assert_eq!(DiskFs.kind(&dir.join("c")), None);
        fs::remove_dir_all(dir).expect("the folder can be removed");
    }

    #[test]
    fn a_file_beyond_the_bound_is_refused() {
        let dir = folder("large");
        let file = fs::File::create(dir.join("a.go")).expect("a file can be made");
        file.set_len(MAX_FILE + 1).expect("a sparse file can be made");
        let error = DiskFs.read(&dir.join("a.go")).expect_err("too large");
        assert_eq!(error.reason, TOO_LARGE);
        assert_eq!(
            DiskFs.read_start(&dir.join("a.go"), 9).expect_err("too large").reason,
            TOO_LARGE
        );
        fs::remove_dir_all(dir).expect("the folder can be removed");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_loops_end() {
        use std::os::unix::fs::symlink;
        let dir = folder("links");
        fs::write(dir.join("a.go"), "package a").expect("a file can be written");
        for (to, name) in [("a.go", "b.go"), (".", "c"), ("e.go", "d.go"), ("d.go", "e.go")] {
            symlink(to, dir.join(name)).expect("a link can be made");
        }
        let kinds: Vec<_> =
            DiskFs.list(&dir).expect("the folder can be read").iter().map(|e| e.kind).collect();
        let other = EntryKind::Other;
        assert_eq!(kinds, [EntryKind::File, EntryKind::File, EntryKind::DirLink, other, other]);
        assert_eq!(DiskFs.resolve(&dir.join("c/c/b.go")), DiskFs.resolve(&dir.join("a.go")));
        assert!(DiskFs.read(&dir.join("d.go")).is_err());
        fs::remove_dir_all(dir).expect("the folder can be removed");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_not_waited_for() {
        let dir = folder("pipe");
        let made = process::Command::new("mkfifo").arg(dir.join("a.go")).status();
        if made.is_ok_and(|status| status.success()) {
            assert!(DiskFs.read(&dir.join("a.go")).is_err());
        }
        fs::remove_dir_all(dir).expect("the folder can be removed");
    }
}
