//! Trees from before go.mod: the path that their packages import each other by.

use crate::paths::{first_element, has_go_files};
use crate::scan::Folder;
use stanch_base::FxHashMap;
use stanch_source::FileSystem;
use std::path::Path;
use std::sync::Arc;

/// Imports of each other after which a path is believed.
const ENOUGH: usize = 2;

/// The path `p` for which most imports `p/rest` in `folders` have Go files in `root/rest`. `None` if
/// hardly any have, or if two paths would do.
pub(crate) fn import_path(
    fs: &dyn FileSystem,
    root: &Path,
    folders: &[Arc<Folder>],
) -> Option<String> {
    let mut is_folder: FxHashMap<&str, bool> = FxHashMap::default();
    let mut counts: FxHashMap<&str, usize> = FxHashMap::default();
    let files = folders.iter().flat_map(|folder| folder.plain.iter().chain(&folder.test));
    for import in files.flat_map(|file| &file.imports) {
        // The standard library's paths have no dot in their first element.
        if !first_element(import).contains('.') {
            continue;
        }
        for (at, _) in import.match_indices('/') {
            let (path, rest) = (&import[..at], &import[at + 1..]);
            if *is_folder.entry(rest).or_insert_with(|| has_go_files(fs, &root.join(rest))) {
                *counts.entry(path).or_default() += 1;
            }
        }
    }
    let most = *counts.values().max()?;
    let mut best = counts.into_iter().filter(|(_, n)| *n == most).map(|(path, _)| path);
    let path = best.next()?;
    (most >= ENOUGH && best.next().is_none()).then(|| path.to_owned())
}
