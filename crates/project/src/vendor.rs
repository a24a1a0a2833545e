//! Vendor trees: `vendor/modules.txt` and the packages beside it.

use crate::gomod::{ModuleVersion, language_version};
use crate::paths::{has_go_files, is_dir};
use crate::target::{DEFAULT_GO, Target};
use crate::{Config, Module};
use stanch_base::FxHashMap;
use stanch_source::FileSystem;
use std::path::{Path, PathBuf};

/// A vendor tree that packages come from.
#[derive(Debug)]
pub(crate) struct Vendor {
    dir: PathBuf,
    /// Index of the module by package.
    packages: FxHashMap<String, usize>,
    modules: Vec<Module>,
}

impl Vendor {
    /// The vendor tree in `root`, if it is to be used: as `-mod` says, else if the go.mod (or
    /// go.work) there is of Go 1.14 or later and the tree was made for it.
    pub(crate) fn open(
        fs: &dyn FileSystem,
        config: &Config,
        root: &Path,
        go: Option<(u32, u32)>,
        workspace: bool,
    ) -> Option<Self> {
        let dir = root.join("vendor");
        let bytes = fs.read(&dir.join("modules.txt")).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        let of_workspace = text.lines().next().is_some_and(|line| {
            line.strip_prefix("## ").is_some_and(|l| l.split(';').any(|w| w.trim() == "workspace"))
        });
        let wanted = match config.mod_flag.as_deref() {
            Some("vendor") => true,
            Some(_) => false,
            None => go.is_some_and(|go| go >= (1, 14)) && workspace == of_workspace,
        };
        wanted.then(|| read(&text, dir))
    }

    /// The vendor tree in `root` from before modules.txt listed what is in it.
    pub(crate) fn without_list(fs: &dyn FileSystem, root: &Path) -> Option<Self> {
        let dir = root.join("vendor");
        let vendor = Self { dir, packages: FxHashMap::default(), modules: Vec::new() };
        is_dir(fs, &vendor.dir).then_some(vendor)
    }

    /// A package in the tree.
    pub(crate) fn find(&self, fs: &dyn FileSystem, import: &str) -> Option<Target> {
        let dir = self.dir.join(import);
        let module = self.packages.get(import).and_then(|&i| self.modules.get(i)).cloned();
        let path = import.to_owned();
        has_go_files(fs, &dir).then_some(Target::Dir { path, dir, module, std: false })
    }

    /// Import paths of all packages, sorted.
    pub(crate) fn packages(&self) -> Vec<String> {
        let mut packages: Vec<String> = self.packages.keys().cloned().collect();
        packages.sort_unstable();
        packages
    }
}

fn read(text: &str, dir: PathBuf) -> Vendor {
    let mut vendor = Vendor { dir, packages: FxHashMap::default(), modules: Vec::new() };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (old, new) = rest.split_once("=>").map_or((rest, None), |(o, n)| (o, Some(n)));
            let named = |text: &str| {
                let mut words = text.split_whitespace();
                let path = words.next().unwrap_or_default().to_owned();
                (path, words.next().filter(|w| w.starts_with('v')).map(str::to_owned))
            };
            let (path, version) = named(old);
            let replace = new.map(|new| {
                let (path, version) = named(new);
                ModuleVersion { path, version: version.unwrap_or_default() }
            });
            let dir = vendor.dir.join(&path);
            vendor.modules.push(Module { path, version, replace, go: DEFAULT_GO, dir });
        } else if let Some(rest) = line.strip_prefix("## ") {
            let go = rest.split(';').find_map(|p| p.trim().strip_prefix("go "));
            if let (Some(module), Some(go)) =
                (vendor.modules.last_mut(), go.and_then(language_version))
            {
                module.go = go;
            }
        } else if !line.starts_with('#')
            && !line.trim().is_empty()
            && let Some(last) = vendor.modules.len().checked_sub(1)
        {
            vendor.packages.insert(line.trim().to_owned(), last);
        }
    }
    vendor
}
