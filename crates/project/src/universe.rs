//! From an import path to a folder: main modules, workspaces, vendor trees, the module cache,
//! GOPATH, GOROOT.

use crate::gomod::{ModFile, ModuleVersion, parse};
use crate::graph::{Depth, Place, Rules, cache_dir, is_pruned, select};
use crate::missing::{Missing, Why};
use crate::paths::{
    below, clean, find_up, first_element, has_go_files, is_dir, is_file, join_dir, prefixes,
};
use crate::target::{DEFAULT_GO, Target};
use crate::vendor::Vendor;
use crate::{Config, Message, Module};
use stanch_base::FxHashMap;
use stanch_source::FileSystem;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Complaints about one go.mod file that are said.
const MAX_ERRORS: usize = 5;

/// A set of modules that are built together: a main module, a workspace, or nothing but GOROOT (and
/// GOPATH).
#[derive(Debug, Default)]
pub(crate) struct Universe {
    /// Main modules; none for folders outside of any module.
    pub(crate) mains: Vec<MainModule>,
    /// What could not be found.
    pub(crate) missing: Missing,
    /// `vendor` of the main module or workspace if packages come from there.
    vendor: Option<Vendor>,
    rules: Rules,
    /// Versions by module path, main modules excluded.
    selected: BTreeMap<String, String>,
    /// Whether all requirements of requirements were read.
    widened: bool,
    /// Folders and language versions of modules that were asked for.
    opened: FxHashMap<String, Result<Module, Why>>,
    targets: FxHashMap<(&'static str, String), Target>,
}

/// A module whose packages are analysed.
#[derive(Clone, Debug)]
pub(crate) struct MainModule {
    pub(crate) module: Module,
    file: ModFile,
}

/// Who imports.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin<'a> {
    /// A package of the standard library.
    Std,
    /// A package of the go command and its kin.
    Cmd,
    /// A package in this folder.
    Folder(&'a Path),
}

impl Origin<'_> {
    fn tag(self) -> &'static str {
        match self {
            Self::Std => "std",
            Self::Cmd => "cmd",
            Self::Folder(_) => "",
        }
    }
}

/// The go.mod and go.work files that hold for a folder.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Home {
    /// Folder of the go.mod.
    pub(crate) module: Option<PathBuf>,
    /// The go.work file.
    pub(crate) work: Option<PathBuf>,
}

impl Home {
    pub(crate) fn of(fs: &dyn FileSystem, config: &Config, dir: &Path) -> Self {
        if !config.module_mode {
            return Self { module: None, work: None };
        }
        Self { module: find_up(fs, dir, "go.mod"), work: config.workspace_file(fs, dir) }
    }
}

impl Universe {
    /// The universe of a folder with this home.
    pub(crate) fn of(
        fs: &dyn FileSystem,
        config: &Config,
        home: &Home,
        out: &mut Vec<Message>,
    ) -> Self {
        let mut universe = Self::default();
        let work = home.work.as_ref().and_then(|file| read_work(fs, file, out));
        // A module that the workspace does not use stands alone.
        let used = |w: &Work| home.module.as_ref().is_none_or(|root| w.dirs.contains(root));
        let root = match (work.filter(used), &home.module) {
            (Some(work), _) => {
                universe.rules.add(&work.file, &work.base);
                universe.mains = work.dirs.iter().map(|dir| read_main(fs, dir, out)).collect();
                universe.vendor = Vendor::open(fs, config, &work.base, work.file.go, true);
                work.base
            }
            (None, Some(root)) => {
                let main = read_main(fs, root, out);
                universe.vendor = Vendor::open(fs, config, root, main.file.go, false);
                universe.mains.push(main);
                root.clone()
            }
            (None, None) => return universe,
        };
        if universe.vendor.is_none() && config.mod_flag.as_deref() == Some("vendor") {
            let text = "there is no vendor folder although -mod=vendor is set".to_owned();
            out.push(Message::warning_at(&root, text));
        }
        for main in &universe.mains {
            universe.rules.add(&main.file, &main.module.dir);
            universe.rules.add_main(&main.module.path);
        }
        if universe.vendor.is_none() {
            let listed =
                universe.mains.len() == 1 && universe.mains.iter().all(|m| is_pruned(&m.file));
            let depth = if listed { Depth::Listed } else { Depth::Pruned };
            universe.selected = universe.select(fs, config, depth);
        }
        universe
    }

    /// The universe of a tree without go.mod, whose packages import each other below `path`. What they
    /// depend on is found where it is vendored.
    pub(crate) fn nameless(fs: &dyn FileSystem, path: String, dir: PathBuf) -> Self {
        let vendor = Vendor::without_list(fs, &dir);
        let module = Module { path, version: None, replace: None, go: DEFAULT_GO, dir };
        let mains = vec![MainModule { module, file: ModFile::default() }];
        Self { mains, vendor, ..Self::default() }
    }

    /// Folders of the main modules.
    pub(crate) fn dirs(&self) -> impl Iterator<Item = &Path> {
        self.mains.iter().map(|m| m.module.dir.as_path())
    }

    fn select(
        &self,
        fs: &dyn FileSystem,
        config: &Config,
        depth: Depth,
    ) -> BTreeMap<String, String> {
        let files: Vec<&ModFile> = self.mains.iter().map(|m| &m.file).collect();
        select(fs, config, &files, &self.rules, depth)
    }

    /// Where `import` leads.
    pub(crate) fn resolve(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        import: &str,
        origin: Origin<'_>,
    ) -> Target {
        let key = (origin.tag(), import.to_owned());
        if let Some(target) = self.targets.get(&key) {
            return target.clone();
        }
        let target = self.find(fs, config, import, origin);
        // Outside of modules the nearest vendor folder decides, so each folder asks for itself.
        if !self.mains.is_empty() || !matches!(origin, Origin::Folder(_)) {
            self.targets.insert(key, target.clone());
        }
        target
    }

    fn find(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        import: &str,
        origin: Origin<'_>,
    ) -> Target {
        // A path with such an element could lead out of the folders that are searched.
        let strange = |e: &str| matches!(e, "" | "." | "..") || e.contains(['\\', '\0']);
        if import.split('/').any(strange) {
            self.missing.package(import, "it is not a valid import path");
            return Target::Missing;
        }
        if let Some(target) = resolve_std(fs, config, import, origin) {
            return target;
        }
        let Origin::Folder(from) = origin else {
            self.missing.package(import, "GOROOT does not hold it");
            return Target::Missing;
        };
        if let Some(target) = self.find_main(fs, import) {
            return target;
        }
        let found = match &self.vendor {
            Some(vendor) => vendor.find(fs, import),
            None if self.mains.is_empty() => find_gopath(fs, config, import, from),
            None => self.find_selected(fs, config, import),
        };
        found.unwrap_or_else(|| {
            if let Some(why) = self.why_missing(config, import) {
                self.missing.package(import, why);
            }
            Target::Missing
        })
    }

    /// Why nothing provides `import`; `None` if something else that is said explains it.
    fn why_missing(&self, config: &Config, import: &str) -> Option<&'static str> {
        let std = !first_element(import).contains('.');
        if prefixes(import).any(|p| matches!(self.opened.get(p), Some(Err(_)))) {
            return None;
        }
        match &config.goroot {
            None if std => return None,
            Some(_) if std && self.find_main_of(import).is_none() => {
                return Some("this Go release does not have it");
            }
            _ => {}
        }
        Some(match () {
            () if self.find_main_of(import).is_some() => "the module has no such package",
            () if self.vendor.is_some() => "it is not in the vendor folder",
            () if self.mains.is_empty() => "there is no go.mod",
            () => "no required module provides it",
        })
    }

    /// The main module with the longest path that is a prefix of `import`, and the rest.
    fn find_main_of<'a>(&self, import: &'a str) -> Option<(&MainModule, &'a str)> {
        let hits = self.mains.iter().filter_map(|m| Some((m, below(import, &m.module.path)?)));
        hits.max_by_key(|(m, _)| m.module.path.len())
    }

    fn find_main(&self, fs: &dyn FileSystem, import: &str) -> Option<Target> {
        let (main, rest) = self.find_main_of(import)?;
        let dir = join_dir(&main.module.dir, rest);
        let nested = !rest.is_empty() && crosses_module(fs, &main.module.dir, &dir);
        if nested || !has_go_files(fs, &dir) {
            return None;
        }
        let module = Some(main.module.clone());
        Some(Target::Dir { path: import.to_owned(), dir, module, std: false })
    }

    /// In the selected modules; if they do not have it, in all that the graph of requirements names.
    fn find_selected(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        import: &str,
    ) -> Option<Target> {
        loop {
            let mut absent = Vec::new();
            for prefix in prefixes(import) {
                if !self.selected.contains_key(prefix) {
                    continue;
                }
                match self.open(fs, config, prefix) {
                    Ok(module) => {
                        let dir = join_dir(&module.dir, below(import, prefix)?);
                        if has_go_files(fs, &dir) {
                            let path = import.to_owned();
                            return Some(Target::Dir {
                                path,
                                dir,
                                module: Some(module),
                                std: false,
                            });
                        }
                    }
                    Err(why) => absent.push((prefix.to_owned(), why)),
                }
            }
            if !absent.is_empty() {
                for (path, why) in absent {
                    let version = self.selected.get(&path).map_or("", String::as_str);
                    self.missing.module(format!("{path}@{version}"), why);
                }
                return None;
            }
            if self.widened {
                return None;
            }
            self.widened = true;
            for (path, version) in self.select(fs, config, Depth::Whole) {
                // What was selected stays: packages of it may be loaded already.
                self.selected.entry(path).or_insert(version);
            }
        }
    }

    /// The selected version of a module.
    fn open(&mut self, fs: &dyn FileSystem, config: &Config, path: &str) -> Result<Module, Why> {
        if let Some(opened) = self.opened.get(path) {
            return opened.clone();
        }
        let version = self.selected.get(path).cloned().unwrap_or_default();
        let wanted = ModuleVersion { path: path.to_owned(), version };
        let replace = self.rules.replacement(&wanted);
        let (dir, why) = match self.rules.place(&wanted) {
            Place::Dir(dir) => {
                let why = Why::NoFolder(dir.display().to_string());
                (Some(dir), why)
            }
            Place::Version(version) => (cache_dir(config, &version), Why::NotInCache),
        };
        let opened = match dir.filter(|dir| is_dir(fs, dir)) {
            None => Err(why),
            Some(dir) => {
                let file = fs.read(&dir.join("go.mod")).ok();
                let go = file.and_then(|bytes| parse(&String::from_utf8_lossy(&bytes)).go);
                let go = go.unwrap_or(DEFAULT_GO);
                Ok(Module { path: wanted.path, version: Some(wanted.version), replace, go, dir })
            }
        };
        self.opened.insert(path.to_owned(), opened.clone());
        opened
    }

    /// Modules outside of the main ones whose packages' import paths can begin with `prefix`.
    pub(crate) fn modules_like(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        prefix: &str,
    ) -> Vec<Module> {
        let like = |path: &&String| path.starts_with(prefix) || prefix.starts_with(path.as_str());
        let paths: Vec<String> = self.selected.keys().filter(like).cloned().collect();
        paths.iter().filter_map(|path| self.open(fs, config, path).ok()).collect()
    }

    /// Import paths of vendored packages.
    pub(crate) fn vendored(&self) -> Vec<String> {
        self.vendor.as_ref().map(Vendor::packages).unwrap_or_default()
    }
}

fn resolve_std(
    fs: &dyn FileSystem,
    config: &Config,
    import: &str,
    origin: Origin<'_>,
) -> Option<Target> {
    let src = config.goroot.as_ref()?.join("src");
    let target = |path: String, dir: PathBuf| Target::Dir { path, dir, module: None, std: true };
    let dotted = first_element(import).contains('.');
    if dotted {
        let vendor = match origin {
            Origin::Std => "vendor",
            Origin::Cmd => "cmd/vendor",
            Origin::Folder(_) => return None,
        };
        let dir = src.join(vendor).join(import);
        return has_go_files(fs, &dir).then(|| target(format!("{vendor}/{import}"), dir));
    }
    let dir = src.join(import);
    has_go_files(fs, &dir).then(|| target(import.to_owned(), dir))
}

/// Outside of modules: the `vendor` folders above the importer, then `src` of each GOPATH folder.
fn find_gopath(fs: &dyn FileSystem, config: &Config, import: &str, from: &Path) -> Option<Target> {
    for gopath in &config.gopaths {
        let src = gopath.join("src");
        let above = from.ancestors().take_while(|d| d.starts_with(&src));
        let vendors = above.map(|d| d.join("vendor"));
        for base in vendors.chain([src.clone()]) {
            let dir = base.join(import);
            if has_go_files(fs, &dir) {
                let path = crate::paths::slashed(dir.strip_prefix(&src).ok()?);
                return Some(Target::Dir { path, dir, module: None, std: false });
            }
        }
    }
    None
}

struct Work {
    file: ModFile,
    /// Folder of the go.work file.
    base: PathBuf,
    /// Folders of the modules.
    dirs: Vec<PathBuf>,
}

fn read_work(fs: &dyn FileSystem, path: &Path, out: &mut Vec<Message>) -> Option<Work> {
    let file = read_mod(fs, path, out)?;
    let base = path.parent()?.to_path_buf();
    let mut dirs: Vec<PathBuf> = Vec::new();
    for dir in &file.use_dirs {
        let dir = clean(&base.join(dir));
        if !is_file(fs, &dir.join("go.mod")) {
            let text = format!("uses {}, which has no go.mod", dir.display());
            out.push(Message::warning_at(path, text));
        } else if !dirs.contains(&dir) {
            dirs.push(dir);
        }
    }
    Some(Work { file, base, dirs })
}

fn read_main(fs: &dyn FileSystem, dir: &Path, out: &mut Vec<Message>) -> MainModule {
    let path = dir.join("go.mod");
    let file = read_mod(fs, &path, out);
    let readable = file.is_some();
    let file = file.unwrap_or_default();
    let name = file.module.clone().unwrap_or_else(|| {
        if readable {
            let text = "has no module line; the folder's name is used".to_owned();
            out.push(Message::warning_at(&path, text));
        }
        dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
    });
    let go = file.go.unwrap_or(DEFAULT_GO);
    MainModule {
        module: Module { path: name, version: None, replace: None, go, dir: dir.to_path_buf() },
        file,
    }
}

fn read_mod(fs: &dyn FileSystem, path: &Path, out: &mut Vec<Message>) -> Option<ModFile> {
    match fs.read(path) {
        Ok(bytes) => {
            let file = parse(&String::from_utf8_lossy(&bytes));
            for (line, reason) in file.errors.iter().take(MAX_ERRORS) {
                let text = format!("line {line}: {reason}; the line is skipped");
                out.push(Message::warning_at(path, text));
            }
            if let Some(n) = file.errors.len().checked_sub(MAX_ERRORS).filter(|n| *n > 0) {
                let text = format!("{n} more lines cannot be understood and are skipped");
                out.push(Message::warning_at(path, text));
            }
            Some(file)
        }
        Err(error) => {
            out.push(Message::warning_at(path, format!("cannot be read: {error}")));
            None
        }
    }
}

/// Whether another module begins between `root` (excluded) and `dir` (included).
fn crosses_module(fs: &dyn FileSystem, root: &Path, dir: &Path) -> bool {
    dir.ancestors().take_while(|d| *d != root).any(|d| is_file(fs, &d.join("go.mod")))
}
