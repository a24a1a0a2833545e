//! Which version of each module is built: minimal version selection.

use crate::Config;
use crate::gomod::{ModFile, ModuleVersion, Replace, compare_versions, escape, parse};
use crate::paths::clean;
use stanch_base::FxHashSet;
use stanch_source::FileSystem;
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Replacements and exclusions, as the main modules and the workspace state them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rules {
    /// Those of go.work first, since they win.
    replacements: Vec<Replacement>,
    excluded: FxHashSet<ModuleVersion>,
    /// Paths of main modules, whose versions never matter.
    mains: FxHashSet<String>,
}

#[derive(Clone, Debug)]
struct Replacement {
    path: String,
    /// Empty: every version.
    version: String,
    /// What stands in, as the file says it.
    new: ModuleVersion,
    by: Place,
}

/// Where a module version's files come from.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Dir(PathBuf),
    Version(ModuleVersion),
}

impl Rules {
    /// Adds the rules of a go.mod or go.work file that lies in `dir`.
    pub(crate) fn add(&mut self, file: &ModFile, dir: &Path) {
        let place = |r: &Replace| match r.is_dir() {
            true => Place::Dir(clean(&dir.join(&r.new.path))),
            false => Place::Version(r.new.clone()),
        };
        // A replacement of one version wins over one of every version.
        let (one, every): (Vec<_>, Vec<_>) =
            file.replace.iter().partition(|r| !r.old.version.is_empty());
        self.replacements.extend(one.into_iter().chain(every).map(|r| Replacement {
            path: r.old.path.clone(),
            version: r.old.version.clone(),
            new: r.new.clone(),
            by: place(r),
        }));
        self.excluded.extend(file.exclude.iter().cloned());
    }

    /// Adds the path of a main module.
    pub(crate) fn add_main(&mut self, path: &str) {
        self.mains.insert(path.to_owned());
    }

    /// Where the files of a version are, replacements applied.
    pub(crate) fn place(&self, version: &ModuleVersion) -> Place {
        let replaced = self.rule(version).map(|r| r.by.clone());
        replaced.unwrap_or_else(|| Place::Version(version.clone()))
    }

    /// What stands in for a version.
    pub(crate) fn replacement(&self, version: &ModuleVersion) -> Option<ModuleVersion> {
        self.rule(version).map(|r| r.new.clone())
    }

    fn rule(&self, version: &ModuleVersion) -> Option<&Replacement> {
        self.replacements.iter().find(|r| {
            r.path == version.path && (r.version.is_empty() || r.version == version.version)
        })
    }

    /// Raises the selected version of a module. That of a main module never matters, though what an
    /// older version of it requires does.
    fn raise(&self, selected: &mut BTreeMap<String, String>, version: &ModuleVersion) {
        if self.mains.contains(&version.path) || self.excluded.contains(version) {
            return;
        }
        let now = selected.entry(version.path.clone()).or_default();
        if now.is_empty() || compare_versions(now, &version.version) == Ordering::Less {
            now.clone_from(&version.version);
        }
    }

    /// The go.mod of a version.
    fn requirements(
        &self,
        fs: &dyn FileSystem,
        config: &Config,
        version: &ModuleVersion,
    ) -> Option<ModFile> {
        let bytes = match self.place(version) {
            Place::Dir(dir) => fs.read(&dir.join("go.mod")).ok()?,
            Place::Version(version) => {
                let file = download_file(config, &version)?;
                let unpacked = || fs.read(&cache_dir(config, &version)?.join("go.mod")).ok();
                fs.read(&file).ok().or_else(unpacked)?
            }
        };
        Some(parse(&String::from_utf8_lossy(&bytes)))
    }
}

/// Which requirements of requirements are read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Depth {
    /// Only what the main modules list; enough where they list all they need (since Go 1.17).
    Listed,
    /// As far as go reads: what a pruned go.mod names is not looked into.
    Pruned,
    /// All.
    Whole,
}

/// The greatest version that is required of each module.
pub(crate) fn select(
    fs: &dyn FileSystem,
    config: &Config,
    mains: &[&ModFile],
    rules: &Rules,
    depth: Depth,
) -> BTreeMap<String, String> {
    let mut selected = BTreeMap::new();
    // Module versions with whether their requirements' requirements count too.
    let mut work: Vec<(ModuleVersion, bool)> = Vec::new();
    for main in mains {
        let whole = depth == Depth::Whole || !is_pruned(main);
        work.extend(main.require.iter().map(|r| (r.clone(), whole)));
    }
    let mut seen: FxHashSet<(ModuleVersion, bool)> = FxHashSet::default();
    while let Some((version, whole)) = work.pop() {
        if rules.excluded.contains(&version) || !seen.insert((version.clone(), whole)) {
            continue;
        }
        rules.raise(&mut selected, &version);
        if depth == Depth::Listed {
            continue;
        }
        let Some(file) = rules.requirements(fs, config, &version) else { continue };
        let below = whole || !is_pruned(&file);
        for required in file.require {
            if below {
                work.push((required, below));
            } else {
                rules.raise(&mut selected, &required);
            }
        }
    }
    selected
}

/// Whether a go.mod names all modules that its packages need.
pub(crate) fn is_pruned(file: &ModFile) -> bool {
    file.go.is_some_and(|go| go >= (1, 17))
}

/// Where the module cache unpacks a version.
pub(crate) fn cache_dir(config: &Config, version: &ModuleVersion) -> Option<PathBuf> {
    let cache = config.module_cache.as_ref()?;
    Some(cache.join(format!("{}@{}", escape(&version.path), escape(&version.version))))
}

/// Where the module cache keeps the go.mod of a version.
fn download_file(config: &Config, version: &ModuleVersion) -> Option<PathBuf> {
    let cache = config.module_cache.as_ref()?.join("cache").join("download");
    let folder = cache.join(escape(&version.path)).join("@v");
    Some(folder.join(format!("{}.mod", escape(&version.version))))
}
