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
        let file = fs::File::open(path).map_err(|e| error(&e))?;
        let meta = file.metadata().map_err(|e| error(&e))?;
        if !meta.is_file() {
            return Err(refused("not a regular file"));
        }
        if meta.len() > MAX_FILE {
            return Err(refused("larger than 64 MiB"));
        }
        let mut bytes = Vec::with_capacity(meta.len() as usize);
        // The bound again: the file may grow while it is read.
        file.take(MAX_FILE).read_to_end(&mut bytes).map_err(|e| error(&e))?;
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

fn error(e: &std::io::Error) -> ReadError {
    let text = e.to_string();
    let reason = text.split(" (os error").next().unwrap_or_default().to_lowercase();
    ReadError { not_found: e.kind() == std::io::ErrorKind::NotFound, reason }
}

fn refused(reason: &str) -> ReadError {
    ReadError { not_found: false, reason: reason.to_owned() }
}
