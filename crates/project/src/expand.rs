//! What wildcards match.

use crate::Message;
use crate::load::Loader;
use crate::paths::{clean, has_go_files, is_dir, join_import, slashed};
use crate::patterns::{matches, walk};
use crate::universe::{Home, Universe};
use std::path::{Path, PathBuf};

impl Loader<'_> {
    /// Import paths that a wildcard matches, in the universe of the working directory and GOROOT.
    pub(crate) fn matching_imports(&mut self, universe: usize, pattern: &str) -> Vec<String> {
        let (fs, config) = (self.fs, self.config);
        let prefix = pattern.split("...").next().unwrap_or_default().to_owned();
        let mut bases: Vec<(String, PathBuf)> = Vec::new();
        let Universe { mains, .. } = &self.universes[universe];
        bases.extend(mains.iter().map(|m| (m.module.path.clone(), m.module.dir.clone())));
        if self.universes[universe].mains.is_empty() {
            bases.extend(config.gopaths.iter().map(|dir| (String::new(), dir.join("src"))));
        }
        let modules = self.universes[universe].modules_like(fs, config, &prefix);
        bases.extend(modules.into_iter().map(|m| (m.path, m.dir)));
        if let Some(goroot) = &config.goroot {
            bases.push((String::new(), goroot.join("src")));
            bases.push(("cmd".to_owned(), goroot.join("src").join("cmd")));
        }
        bases.retain(|(path, _)| path.starts_with(&prefix) || prefix.starts_with(path.as_str()));
        let mut imports = self.universes[universe].vendored();
        for (path, dir) in bases {
            // Only the part of the tree that the wildcard can reach.
            let inside = prefix.strip_prefix(&path).unwrap_or_default().trim_start_matches('/');
            let inside = inside.rfind('/').map_or("", |slash| &inside[..slash]);
            let root = clean(&dir.join(inside));
            if !is_dir(fs, &root) {
                continue;
            }
            let mut found = walk(fs, &root, &[], &mut self.messages).dirs;
            // A walk also finds folders whose only Go files cannot be read, to say so.
            found.retain(|dir| has_go_files(fs, dir));
            let rest = found.iter().filter_map(|d| Some(slashed(d.strip_prefix(&dir).ok()?)));
            imports.extend(rest.map(|rest| join_import(&path, &rest)));
        }
        imports.retain(|import| matches(pattern, import));
        imports.sort_unstable();
        imports.dedup();
        imports
    }

    /// Folders that a wildcard matches; says what is wrong if there are none.
    pub(crate) fn matching_dirs(
        &mut self,
        text: &str,
        root: &Path,
        wildcard: &str,
    ) -> Vec<PathBuf> {
        let (fs, config) = (self.fs, self.config);
        if !is_dir(fs, root) {
            self.messages.push(Message::error(format!("{text}: no such folder")));
            return Vec::new();
        }
        let is_match = |dir: &PathBuf| matches(wildcard, &dir.to_string_lossy());
        let walked = walk(fs, root, &[], &mut self.messages);
        let mut dirs: Vec<PathBuf> = walked.dirs.into_iter().filter(is_match).collect();
        // At the root of a workspace that is no module itself its modules are meant.
        let home = Home::of(fs, config, root);
        if dirs.is_empty() && home.module.is_none() && home.work.is_some() {
            let universe = self.universe_of(root);
            let mains = self.universes[universe].mains.iter().map(|m| m.module.dir.clone());
            let mains: Vec<PathBuf> = mains.filter(|dir| dir.starts_with(root)).collect();
            let found = mains.iter().flat_map(|dir| walk(fs, dir, &[], &mut self.messages).dirs);
            dirs = found.filter(is_match).collect();
        }
        if dirs.is_empty() {
            self.messages.push(Message::error(match walked.nested.as_slice() {
                [] => format!("{text}: no Go files"),
                [first, ..] => {
                    let first = first.strip_prefix(root).unwrap_or(first).display();
                    format!("{text}: no Go files outside of other modules; the module in {first} for one has to be named: `{first}/...`")
                }
            }));
        }
        dirs
    }
}
