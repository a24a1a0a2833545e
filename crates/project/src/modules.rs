//! From an import path to a directory: main modules, workspaces, vendor trees, the module cache,
//! GOROOT.

use crate::gomod::{ModFile, ModuleVersion, compare_versions, escape, parse};
use crate::{Config, Message, Module};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_source::{EntryKind, FileSystem};
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

/// A set of modules that are built together: a main module, a workspace, GOROOT, or nothing.
#[derive(Debug)]
pub(crate) struct Universe {
    /// Main modules; none for folders outside of any module.
    pub(crate) mains: Vec<MainModule>,
    /// `vendor` of the main module or workspace if packages come from there.
    vendor: Option<Vendor>,
    /// Versions by module path, main modules excluded.
    selected: BTreeMap<String, ModuleVersion>,
    /// Whether the requirements of requirements were read.
    complete: bool,
    /// Modules known to be missing, to say so once.
    missing: FxHashSet<String>,
    /// Directories and language versions of modules that were asked for.
    opened: FxHashMap<String, Option<(PathBuf, Module)>>,
}

/// A module whose packages are analysed.
#[derive(Clone, Debug)]
pub(crate) struct MainModule {
    pub(crate) module: Module,
    pub(crate) file: ModFile,
}

#[derive(Debug)]
struct Vendor {
    dir: PathBuf,
    /// Language version by module, and module by package, from modules.txt.
    packages: FxHashMap<String, usize>,
    modules: Vec<Module>,
}

/// Where an import leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A folder.
    Dir {
        /// Import path of the package, with `vendor/` for those GOROOT vendors.
        path: String,
        dir: PathBuf,
        module: Option<Module>,
        std: bool,
    },
    /// Not to be found; said already.
    Missing,
}

impl Universe {
    /// The universe of a folder: the workspace or module it lies in.
    pub(crate) fn of(
        fs: &dyn FileSystem,
        config: &Config,
        dir: &Path,
        out: &mut Vec<Message>,
    ) -> Self {
        let mut universe = Self {
            mains: Vec::new(),
            vendor: None,
            selected: BTreeMap::new(),
            complete: false,
            missing: FxHashSet::default(),
            opened: FxHashMap::default(),
        };
        let Some(root) = config.module_mode.then(|| find_up(fs, dir, "go.mod")).flatten() else {
            return universe;
        };
        let main = read_main(fs, &root, out);
        let work = config.workspace_file(fs, dir).and_then(|file| {
            let work = read_mod(fs, &file, out)?;
            let base = file.parent()?.to_path_buf();
            let dirs: Vec<PathBuf> = work.use_dirs.iter().map(|d| clean(&base.join(d))).collect();
            dirs.contains(&root).then_some((base, work, dirs))
        });
        let vendor_root = match work {
            Some((base, work, dirs)) => {
                for dir in dirs {
                    universe.mains.push(read_main(fs, &dir, out));
                }
                if let Some(first) = universe.mains.first_mut() {
                    // Replacements of go.work win over those of the modules.
                    let mut replace = work.replace;
                    for r in &mut replace {
                        if r.is_dir() {
                            r.new.path = clean(&base.join(&r.new.path)).display().to_string();
                        }
                    }
                    replace.append(&mut first.file.replace);
                    first.file.replace = replace;
                }
                base
            }
            None => {
                universe.mains.push(main);
                root
            }
        };
        universe.open_vendor(fs, config, &vendor_root);
        universe.select(fs, config);
        universe
    }

    fn open_vendor(&mut self, fs: &dyn FileSystem, config: &Config, root: &Path) {
        let old = self.mains.iter().any(|m| m.file.go.is_some_and(|go| go < (1, 14)));
        let wanted = match config.mod_flag.as_deref() {
            Some("vendor") => true,
            Some(_) => false,
            None => !old,
        };
        let dir = root.join("vendor");
        let Ok(bytes) = fs.read(&dir.join("modules.txt")) else { return };
        if wanted {
            self.vendor = Some(read_vendor(&String::from_utf8_lossy(&bytes), dir));
        }
    }

    /// Minimal version selection over the main modules' own requirements. Since Go 1.17 those list
    /// every module that the build needs; older main modules need the whole graph.
    fn select(&mut self, fs: &dyn FileSystem, config: &Config) {
        if self.vendor.is_some() {
            self.complete = true;
            return;
        }
        for main in self.mains.clone() {
            for requirement in main.file.require {
                self.raise(requirement);
            }
        }
        let pruned = self.mains.iter().all(|m| m.file.go.is_some_and(|go| go >= (1, 17)));
        if !pruned || self.mains.len() > 1 {
            self.complete_graph(fs, config);
        }
    }

    /// Raises the selected version of a module; whether that changed anything.
    fn raise(&mut self, wanted: ModuleVersion) -> bool {
        let main = self.mains.iter().any(|m| m.module.path == wanted.path);
        if main || self.mains.iter().any(|m| m.file.exclude.contains(&wanted)) {
            return false;
        }
        match self.selected.get(&wanted.path) {
            Some(now) if compare_versions(&now.version, &wanted.version) != Ordering::Less => false,
            _ => {
                self.selected.insert(wanted.path.clone(), wanted);
                true
            }
        }
    }

    /// Reads the requirements of all selected modules until nothing changes.
    fn complete_graph(&mut self, fs: &dyn FileSystem, config: &Config) {
        self.complete = true;
        let mut work: Vec<ModuleVersion> = self.selected.values().cloned().collect();
        let mut seen: FxHashSet<ModuleVersion> = FxHashSet::default();
        while let Some(version) = work.pop() {
            if !seen.insert(version.clone()) {
                continue;
            }
            let Some(file) = self.requirements_of(fs, config, &version) else { continue };
            for requirement in file.require {
                if self.raise(requirement.clone()) {
                    work.push(requirement);
                }
            }
        }
    }

    /// The go.mod of a module version, replacements applied.
    fn requirements_of(
        &self,
        fs: &dyn FileSystem,
        config: &Config,
        version: &ModuleVersion,
    ) -> Option<ModFile> {
        let path = match self.replacement(version) {
            Some(Place::Dir(dir)) => dir.join("go.mod"),
            Some(Place::Version(new)) => download_mod(config, &new)?,
            None => download_mod(config, version)?,
        };
        Some(parse(&String::from_utf8_lossy(&fs.read(&path).ok()?)))
    }

    fn replacement(&self, version: &ModuleVersion) -> Option<Place> {
        for main in &self.mains {
            for replace in &main.file.replace {
                let hit = replace.old.path == version.path
                    && (replace.old.version.is_empty() || replace.old.version == version.version);
                if hit && replace.is_dir() {
                    return Some(Place::Dir(clean(&main.module.dir.join(&replace.new.path))));
                }
                if hit {
                    return Some(Place::Version(replace.new.clone()));
                }
            }
        }
        None
    }

    /// Where `import` leads, seen from a package that `from_std` says lies in GOROOT.
    pub(crate) fn resolve(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        import: &str,
        from_std: Option<&str>,
        out: &mut Vec<Message>,
    ) -> Target {
        if let Some(target) = resolve_std(fs, config, import, from_std) {
            return target;
        }
        if from_std.is_some() {
            return Target::Missing;
        }
        if let Some(target) = self.resolve_main(fs, import) {
            return target;
        }
        if let Some(vendor) = &self.vendor {
            let dir = vendor.dir.join(import);
            if has_go_files(fs, &dir) {
                let module = vendor.packages.get(import).map(|&i| vendor.modules[i].clone());
                return Target::Dir { path: import.to_owned(), dir, module, std: false };
            }
        }
        if self.mains.is_empty() {
            return self.resolve_gopath(fs, config, import, out);
        }
        if let Some(target) = self.resolve_selected(fs, config, import, out) {
            return target;
        }
        if !self.complete {
            self.complete_graph(fs, config);
            if let Some(target) = self.resolve_selected(fs, config, import, out) {
                return target;
            }
        }
        if self.missing.insert(import.to_owned()) && !self.missing_prefix(import) {
            let why = match config.goroot.is_none() && !first_element(import).contains('.') {
                true => "GOROOT was not found".to_owned(),
                false => "no required module provides it".to_owned(),
            };
            out.push(Message::warning(format!(
                "package {import} cannot be found ({why}); its types are unknown"
            )));
        }
        Target::Missing
    }

    /// Whether a module that would contain `import` was reported as missing.
    fn missing_prefix(&self, import: &str) -> bool {
        prefixes(import).any(|p| matches!(self.opened.get(p), Some(None)))
    }

    fn resolve_main(&self, fs: &dyn FileSystem, import: &str) -> Option<Target> {
        let mut best: Option<(&MainModule, &str)> = None;
        for main in &self.mains {
            let Some(rest) = below(import, &main.module.path) else { continue };
            if best.is_none_or(|(b, _)| b.module.path.len() < main.module.path.len()) {
                best = Some((main, rest));
            }
        }
        let (main, rest) = best?;
        let dir = join(&main.module.dir, rest);
        let nested = !rest.is_empty() && crosses_module(fs, &main.module.dir, &dir);
        let module = Some(main.module.clone());
        (!nested && has_go_files(fs, &dir)).then(|| Target::Dir {
            path: import.to_owned(),
            dir,
            module,
            std: false,
        })
    }

    fn resolve_selected(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        import: &str,
        out: &mut Vec<Message>,
    ) -> Option<Target> {
        for prefix in prefixes(import) {
            let Some(version) = self.selected.get(prefix).cloned() else { continue };
            let opened = match self.opened.get(prefix) {
                Some(opened) => opened.clone(),
                None => {
                    let opened = self.open(fs, config, &version);
                    if opened.is_none() {
                        out.push(Message::warning(format!(
                            "module {}@{} is not in the module cache; its types are unknown",
                            version.path, version.version
                        )));
                    }
                    self.opened.insert(prefix.to_owned(), opened.clone());
                    opened
                }
            };
            let Some((root, module)) = opened else { continue };
            let dir = join(&root, below(import, prefix)?);
            if has_go_files(fs, &dir) {
                let module = Some(module);
                return Some(Target::Dir { path: import.to_owned(), dir, module, std: false });
            }
        }
        None
    }

    fn open(
        &self,
        fs: &dyn FileSystem,
        config: &Config,
        version: &ModuleVersion,
    ) -> Option<(PathBuf, Module)> {
        let dir = match self.replacement(version) {
            Some(Place::Dir(dir)) => dir,
            Some(Place::Version(new)) => cache_dir(config, &new)?,
            None => cache_dir(config, version)?,
        };
        fs.kind(&dir).filter(|k| *k == EntryKind::Dir)?;
        let go = fs.read(&dir.join("go.mod")).ok();
        let go = go.and_then(|bytes| parse(&String::from_utf8_lossy(&bytes)).go);
        let module = Module {
            path: version.path.clone(),
            version: Some(version.version.clone()),
            go: go.unwrap_or(DEFAULT_GO),
            dir: dir.clone(),
        };
        Some((dir, module))
    }

    /// Outside of modules: GOPATH's `src`.
    fn resolve_gopath(
        &mut self,
        fs: &dyn FileSystem,
        config: &Config,
        import: &str,
        out: &mut Vec<Message>,
    ) -> Target {
        for gopath in &config.gopaths {
            let dir = gopath.join("src").join(import);
            if has_go_files(fs, &dir) {
                return Target::Dir { path: import.to_owned(), dir, module: None, std: false };
            }
        }
        if self.missing.insert(import.to_owned()) {
            let why = match config.goroot.is_none() && !first_element(import).contains('.') {
                true => "GOROOT was not found",
                false => "there is no go.mod",
            };
            out.push(Message::warning(format!(
                "package {import} cannot be found ({why}); its types are unknown"
            )));
        }
        Target::Missing
    }
}

/// What a module without `go` directive is written in.
pub(crate) const DEFAULT_GO: (u32, u32) = (1, 16);

enum Place {
    Dir(PathBuf),
    Version(ModuleVersion),
}

fn resolve_std(
    fs: &dyn FileSystem,
    config: &Config,
    import: &str,
    from_std: Option<&str>,
) -> Option<Target> {
    let src = config.goroot.as_ref()?.join("src");
    let target = |path: String, dir: PathBuf| Target::Dir { path, dir, module: None, std: true };
    if let Some(from) = from_std {
        let vendor = if from.starts_with("cmd/") { "cmd/vendor" } else { "vendor" };
        let dir = src.join(vendor).join(import);
        if first_element(import).contains('.') && has_go_files(fs, &dir) {
            return Some(target(format!("{vendor}/{import}"), dir));
        }
    }
    if first_element(import).contains('.') {
        return None;
    }
    let dir = src.join(import);
    has_go_files(fs, &dir).then(|| target(import.to_owned(), dir))
}

fn read_vendor(text: &str, dir: PathBuf) -> Vendor {
    let mut vendor = Vendor { dir, packages: FxHashMap::default(), modules: Vec::new() };
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.split_whitespace();
            vendor.modules.push(Module {
                path: words.next().unwrap_or_default().to_owned(),
                version: words.next().filter(|w| w.starts_with('v')).map(str::to_owned),
                go: DEFAULT_GO,
                dir: vendor.dir.clone(),
            });
        } else if let Some(rest) = line.strip_prefix("## ") {
            let go = rest.split(';').find_map(|p| p.trim().strip_prefix("go "));
            if let (Some(module), Some(go)) = (vendor.modules.last_mut(), go)
                && let Some(go) = crate::gomod::language_version(go)
            {
                module.go = go;
            }
        } else if !line.starts_with('#')
            && let Some(last) = vendor.modules.len().checked_sub(1)
        {
            vendor.packages.insert(line.trim().to_owned(), last);
        }
    }
    vendor
}

fn read_mod(fs: &dyn FileSystem, path: &Path, out: &mut Vec<Message>) -> Option<ModFile> {
    match fs.read(path) {
        Ok(bytes) => {
            let file = parse(&String::from_utf8_lossy(&bytes));
            for (line, reason) in &file.errors {
                out.push(Message::warning_at(
                    path,
                    format!("line {line}: {reason}; the line is skipped"),
                ));
            }
            Some(file)
        }
        Err(error) => {
            out.push(Message::warning_at(path, format!("cannot be read: {error}")));
            None
        }
    }
}

fn read_main(fs: &dyn FileSystem, dir: &Path, out: &mut Vec<Message>) -> MainModule {
    let path = dir.join("go.mod");
    let file = read_mod(fs, &path, out).unwrap_or_default();
    let name = match &file.module {
        Some(name) => name.clone(),
        None => {
            out.push(Message::warning_at(
                &path,
                "has no module line; the folder's name is used".to_owned(),
            ));
            dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
        }
    };
    let go = file.go.unwrap_or(DEFAULT_GO);
    MainModule { module: Module { path: name, version: None, go, dir: dir.to_path_buf() }, file }
}

fn cache_dir(config: &Config, version: &ModuleVersion) -> Option<PathBuf> {
    let cache = config.module_cache.as_ref()?;
    Some(cache.join(format!("{}@{}", escape(&version.path), escape(&version.version))))
}

fn download_mod(config: &Config, version: &ModuleVersion) -> Option<PathBuf> {
    let cache = config.module_cache.as_ref()?.join("cache").join("download");
    Some(
        cache
            .join(escape(&version.path))
            .join("@v")
            .join(format!("{}.mod", escape(&version.version))),
    )
}

/// The nearest folder at or above `dir` that holds `name`.
pub(crate) fn find_up(fs: &dyn FileSystem, dir: &Path, name: &str) -> Option<PathBuf> {
    dir.ancestors().find(|d| fs.kind(&d.join(name)) == Some(EntryKind::File)).map(Path::to_path_buf)
}

/// Whether the folder has a Go file (of any platform).
pub(crate) fn has_go_files(fs: &dyn FileSystem, dir: &Path) -> bool {
    let go = |e: &stanch_source::Entry| e.kind == EntryKind::File && e.name.ends_with(".go");
    fs.list(dir).is_ok_and(|entries| entries.iter().any(go))
}

/// Whether another module begins between `root` (excluded) and `dir` (included).
fn crosses_module(fs: &dyn FileSystem, root: &Path, dir: &Path) -> bool {
    let inside = dir.ancestors().take_while(|d| *d != root);
    inside.into_iter().any(|d| fs.kind(&d.join("go.mod")) == Some(EntryKind::File))
}

/// `import` without the module path before it.
fn below<'a>(import: &'a str, module: &str) -> Option<&'a str> {
    let rest = import.strip_prefix(module)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

fn join(dir: &Path, rest: &str) -> PathBuf {
    if rest.is_empty() { dir.to_path_buf() } else { dir.join(rest) }
}

/// The import path and its prefixes at slashes, longest first.
fn prefixes(import: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(import), |p| p.rfind('/').map(|i| &p[..i]))
}

fn first_element(import: &str) -> &str {
    import.split('/').next().unwrap_or_default()
}

/// The path without `.` and `..`.
pub(crate) fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(_) | Component::RootDir | Component::Prefix(_) => out.push(part),
        }
    }
    out
}
