//! Results of earlier runs, in the user's cache folder.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::time::{Duration, SystemTime};

use stanch_analysis::Cache;

/// Names another folder; `off` keeps nothing.
const VARIABLE: &str = "STANCH_CACHE_DIR";

/// At most so many results are kept; those that were not used for the longest time go.
const ENTRIES: usize = 400;

/// At most so many bytes of them.
const BYTES: u64 = 64 << 20;

/// What is not finished after this time never will be.
const UNFINISHED: Duration = Duration::from_secs(60 * 60);

/// A folder with a file for each result.
pub(crate) struct DiskCache {
    folder: PathBuf,
    build: Vec<u8>,
}

impl DiskCache {
    /// The cache of this user and this build; `None` where there is no place for it or none is wanted.
    pub(crate) fn open() -> Option<Self> {
        let folder = match env::var_os(VARIABLE) {
            Some(value) if value == "off" => return None,
            Some(value) if !value.is_empty() => PathBuf::from(value),
            _ => user_caches(|name| env::var_os(name).filter(|v| !v.is_empty()))?.join("stanch"),
        };
        Some(Self { folder: folder.is_absolute().then_some(folder)?, build: build()? })
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(key)
    }
}

impl Cache for DiskCache {
    fn build(&self) -> &[u8] {
        &self.build
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.path(key);
        let entry = fs::read(&path).ok()?;
        // Now it is among those that were used lately; if it cannot be told so, it goes earlier.
        if let Ok(file) = fs::File::options().append(true).open(&path) {
            _ = file.set_modified(SystemTime::now());
        }
        Some(entry)
    }

    fn put(&self, key: &str, entry: &[u8]) {
        let unfinished = self.folder.join(format!("{key}.{}", process::id()));
        let kept = fs::create_dir_all(&self.folder)
            .and_then(|()| fs::write(&unfinished, entry))
            .and_then(|()| fs::rename(&unfinished, self.path(key)));
        match kept {
            Ok(()) => trim(&self.folder),
            Err(_) => _ = fs::remove_file(&unfinished),
        }
    }
}

/// What tells this build from others: where it lies, how long it is and when it was written.
fn build() -> Option<Vec<u8>> {
    let path = env::current_exe().ok()?;
    let meta = fs::metadata(&path).ok()?;
    let written = meta.modified().ok()?;
    Some(format!("{} {path:?} {} {written:?}", env!("CARGO_PKG_VERSION"), meta.len()).into_bytes())
}

/// Where users' programs keep what can be made anew, as Go's `os.UserCacheDir` says.
fn user_caches(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let home = || env::home_dir().filter(|home| home.is_absolute());
    if cfg!(windows) {
        return variable("LocalAppData").map(PathBuf::from);
    }
    if cfg!(target_os = "macos") {
        return Some(home()?.join("Library/Caches"));
    }
    match variable("XDG_CACHE_HOME").map(PathBuf::from) {
        Some(folder) => folder.is_absolute().then_some(folder),
        None => Some(home()?.join(".cache")),
    }
}

/// Removes what is too much.
fn trim(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut kept: Vec<(SystemTime, u64, PathBuf)> = Vec::new();
    let now = SystemTime::now();
    for entry in entries.flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        let Ok(used) = meta.modified() else { continue };
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|_| meta.is_file()) else { continue };
        // The folder may be one that has other files too.
        let (key, rest) = name.split_at_checked(64).unwrap_or_default();
        if key.is_empty() || !key.bytes().all(|b| b.is_ascii_hexdigit()) {
            continue;
        }
        match rest {
            "" => kept.push((used, meta.len(), entry.path())),
            _ if now.duration_since(used).is_ok_and(|age| age > UNFINISHED) => {
                _ = fs::remove_file(entry.path());
            }
            _ => {}
        }
    }
    kept.sort_unstable_by(|a, b| b.cmp(a));
    let mut bytes = 0;
    for (n, (_, len, path)) in kept.iter().enumerate() {
        bytes += len;
        if n >= ENTRIES || bytes > BYTES {
            // Another run may have removed it.
            _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = env::temp_dir().join(format!("stanch-cache-{name}-{}", process::id()));
        _ = fs::remove_dir_all(&folder);
        folder
    }

    fn key(n: usize) -> String {
        format!("{n:064x}")
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes() {
        let cache = DiskCache { folder: folder("trim"), build: Vec::new() };
        cache.put(&key(0), b"first");
        let long_ago = |n: usize, days: u64| {
            let file = fs::File::options().append(true).open(cache.path(&key(n)));
            let then = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
            file.and_then(|f| f.set_modified(then)).expect("the time can be set");
        };
        long_ago(0, 9);
        fs::write(cache.folder.join("notes.txt"), "not ours").expect("a file can be written");
        for n in 1..ENTRIES {
            cache.put(&key(n), b"entry");
        }
        long_ago(1, 8);
        long_ago(2, 7);
        // Used now.
        assert_eq!(cache.get(&key(0)).as_deref(), Some(&b"first"[..]));
        cache.put(&key(ENTRIES), b"one more");
        assert_eq!(cache.get(&key(1)), None);
        for n in [0, 2, 3, ENTRIES] {
            assert!(cache.get(&key(n)).is_some(), "{n}");
        }
        assert!(cache.folder.join("notes.txt").exists());
        fs::remove_dir_all(&cache.folder).expect("the folder can be removed");
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_concern() {
        let file = folder("file");
        fs::write(&file, "a file").expect("a file can be written");
        let cache = DiskCache { folder: file.join("below"), build: Vec::new() };
        cache.put(&key(0), b"entry");
        assert_eq!(cache.get(&key(0)), None);
        fs::remove_file(file).expect("the file can be removed");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_folder_is_that_of_the_user() {
        let with = |value: Option<&str>| {
            user_caches(|name| value.filter(|_| name == "XDG_CACHE_HOME").map(OsString::from))
        };
        assert_eq!(with(Some("/caches")), Some(PathBuf::from("/caches")));
        // As the XDG base directory specification asks, a relative one does not count.
        assert_eq!(with(Some("caches")), None);
        assert!(with(None).is_none_or(|folder| folder.ends_with(".cache")));
    }
}
