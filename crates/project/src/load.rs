//! Packages and their imports.

use crate::missing::Missing;
use crate::nameless::import_path;
use crate::node::{Edge, Key, Node, NodeId};
use crate::order::order;
use crate::paths::{clean, is_dir, join_import, slashed};
use crate::patterns::{Pattern, goroot_around, std_dirs, walk};
use crate::scan::{Folder, Scanned};
use crate::target::{DEFAULT_GO, Target};
use crate::tested;
use crate::universe::{Home, Origin, Universe};
use crate::{Config, File, Import, Message, Module, Package, Variant, Workspace};
use rayon::prelude::*;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_source::FileSystem;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Loads the packages that `patterns` name (none: `./...`), seen from `cwd`, and all they import.
pub fn load(fs: &dyn FileSystem, config: &Config, cwd: &Path, patterns: &[String]) -> Workspace {
    with_loader(fs, config, cwd, patterns, false, |loader| loader.finish())
}

/// Loads, and hands the loader on; `listing` for [`crate::list`].
pub(crate) fn with_loader<T>(
    fs: &dyn FileSystem,
    config: &Config,
    cwd: &Path,
    patterns: &[String],
    listing: bool,
    then: impl FnOnce(Loader<'_>) -> T,
) -> T {
    let around = goroot_around(fs, config, cwd).map(|goroot| config.with_goroot(fs, goroot));
    let config = around.as_ref().unwrap_or(config);
    let mut loader = Loader {
        fs,
        config,
        listing,
        trees: Vec::new(),
        universes: vec![Universe::default()],
        by_home: FxHashMap::default(),
        nodes: IndexVec::new(),
        ids: FxHashMap::default(),
        fresh: Vec::new(),
        scans: FxHashMap::default(),
        asked: FxHashSet::default(),
        messages: Vec::new(),
    };
    if config.goroot.is_none() {
        let text = "GOROOT was not found (set GOROOT, or put `go` on PATH); types of the standard \
                    library are unknown";
        loader.messages.push(Message::warning(text.to_owned()));
    }
    let default = ["./...".to_owned()];
    let patterns = if patterns.is_empty() { &default[..] } else { patterns };
    loader.roots(cwd, patterns);
    then(loader)
}

/// What a package is before its files are known.
pub(crate) struct Place {
    pub(crate) key: Key,
    pub(crate) dir: PathBuf,
    pub(crate) module: Option<Module>,
    pub(crate) std: bool,
}

pub(crate) struct Loader<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    pub(crate) config: &'a Config,
    /// Whether all is loaded that `go list` lists: packages without their tests beside those with,
    /// and the test files of dependencies.
    pub(crate) listing: bool,
    /// Folders that are asked for with all below them.
    trees: Vec<PathBuf>,
    /// The first one is GOROOT's.
    pub(crate) universes: Vec<Universe>,
    pub(crate) messages: Vec<Message>,
    by_home: FxHashMap<Home, usize>,
    pub(crate) nodes: IndexVec<NodeId, Node>,
    pub(crate) ids: FxHashMap<Key, NodeId>,
    /// Packages whose imports are not followed yet.
    fresh: Vec<NodeId>,
    pub(crate) scans: FxHashMap<PathBuf, Arc<Folder>>,
    /// Folders outside of GOROOT that patterns name.
    asked: FxHashSet<PathBuf>,
}

/// Folders of a tree without go.mod that are read for its import path.
const MAX_NAMELESS: usize = 1_000;

/// The universe of packages in GOROOT.
pub(crate) const GOROOT: usize = 0;

/// What the package of files is called, as by the go command.
pub(crate) const FILES_PATH: &str = "command-line-arguments";

impl Loader<'_> {
    fn roots(&mut self, cwd: &Path, patterns: &[String]) {
        let mut files: BTreeMap<PathBuf, Vec<PathBuf>> = BTreeMap::new();
        let mut all = false;
        for text in patterns {
            if text.is_empty() {
                self.messages.push(Message::error("a pattern is empty".to_owned()));
                continue;
            }
            match Pattern::of(self.fs, cwd, text) {
                Pattern::File(path) => {
                    let path = clean(&cwd.join(path));
                    let dir = path.parent().unwrap_or(cwd).to_path_buf();
                    files.entry(dir).or_default().push(path);
                }
                Pattern::Std => self.root_std(text, false),
                Pattern::Cmd => self.root_std(text, true),
                Pattern::All => {
                    all = true;
                    self.root_mains(cwd);
                }
                Pattern::Folder(dir) => self.root_folder(text, &dir),
                Pattern::Below { root, wildcard } => {
                    self.trees.push(root.clone());
                    let dirs = self.matching_dirs(text, &root, &wildcard);
                    self.root_dirs(&dirs);
                }
                Pattern::Import(path) => self.root_import(cwd, path),
                Pattern::Imports(pattern) => {
                    let universe = self.universe_of(cwd);
                    let imports = self.matching_imports(universe, pattern);
                    if imports.is_empty() {
                        let text = format!("{pattern}: no package matches");
                        self.messages.push(Message::error(text));
                    }
                    imports.iter().for_each(|path| self.root_import(cwd, path));
                }
            }
        }
        for (dir, files) in files {
            self.root_files(&dir, &files);
        }
        self.follow_imports();
        if all {
            self.root_all();
        }
    }

    /// The universe of a folder, loaded when first asked for.
    pub(crate) fn universe_of(&mut self, dir: &Path) -> usize {
        let home = Home::of(self.fs, self.config, dir);
        if let Some(&i) = self.by_home.get(&home) {
            return i;
        }
        let mut universe = Universe::of(self.fs, self.config, &home, &mut self.messages);
        if universe.mains.is_empty()
            && let Some((root, path)) = self.nameless(dir)
        {
            universe = Universe::nameless(self.fs, path, root);
        }
        let same = |u: &Universe| !u.mains.is_empty() && u.dirs().eq(universe.dirs());
        let i = match self.universes.iter().position(same) {
            Some(i) => i,
            None => {
                self.universes.push(universe);
                self.universes.len() - 1
            }
        };
        self.by_home.insert(home, i);
        i
    }

    /// The tree around a folder that has no go.mod, if all of it was asked for, and the path that its
    /// packages import each other by.
    fn nameless(&mut self, dir: &Path) -> Option<(PathBuf, String)> {
        let in_gopath =
            |dir: &Path| self.config.gopaths.iter().any(|g| dir.starts_with(g.join("src")));
        if !self.config.module_mode || in_gopath(dir) {
            return None;
        }
        let root = self.trees.iter().find(|tree| dir.starts_with(tree))?.clone();
        let mut dirs = walk(self.fs, &root, &[], &mut Vec::new()).dirs;
        dirs.truncate(MAX_NAMELESS);
        self.scan_all(dirs.iter(), false);
        let folders: Vec<_> = dirs.iter().map(|dir| self.scan(dir, false)).collect();
        let path = import_path(self.fs, &root, &folders)?;
        let text = format!("there is no go.mod; the packages import each other as {path}");
        self.messages.push(Message::warning_at(&root, text));
        Some((root, path))
    }

    fn root_std(&mut self, text: &str, cmd: bool) {
        match &self.config.goroot {
            Some(goroot) => {
                let dirs =
                    std_dirs(self.fs, goroot, cmd, self.config.build.cgo, &mut self.messages);
                self.root_dirs(&dirs);
            }
            None => {
                let text = format!("{text}: GOROOT was not found");
                self.messages.push(Message::error(text));
            }
        }
    }

    fn root_mains(&mut self, cwd: &Path) {
        let universe = self.universe_of(cwd);
        let mains: Vec<PathBuf> = self.universes[universe].dirs().map(Path::to_path_buf).collect();
        for dir in mains {
            let dirs = walk(self.fs, &dir, &[], &mut self.messages).dirs;
            self.root_dirs(&dirs);
        }
    }

    /// Makes roots of all packages that were loaded.
    fn root_all(&mut self) {
        let tested: FxHashSet<(usize, String)> = self
            .ids
            .keys()
            .filter(|key| key.variant == Variant::Test)
            .map(|key| (key.universe, key.path.clone()))
            .collect();
        for node in self.nodes.iter_mut() {
            let package = &mut node.package;
            // The variant with tests holds these files too.
            if !tested.contains(&(node.universe, package.path.clone())) {
                package.root = true;
            }
        }
    }

    fn root_folder(&mut self, text: &str, dir: &Path) {
        if !is_dir(self.fs, dir) {
            self.messages.push(Message::error(format!("{text}: no such folder")));
            return;
        }
        self.root_dirs(&[dir.to_path_buf()]);
        let folder = self.scan(dir, true);
        if folder.is_empty() && folder.messages.is_empty() {
            let build = &self.config.build;
            self.messages.push(Message::error(match folder.ignored.len() {
                0 => format!("{text}: no Go files"),
                n => format!(
                    "{text}: no Go files for {}/{}: build constraints exclude all {n}",
                    build.goos, build.goarch
                ),
            }));
        }
    }

    fn root_dirs(&mut self, dirs: &[PathBuf]) {
        self.scan_all(dirs.iter(), true);
        for dir in dirs {
            match self.std_path(dir) {
                Some(path) => self.root(GOROOT, path, dir, None, true),
                None => {
                    let universe = self.universe_of(dir);
                    let (path, module) = self.import_path(universe, dir);
                    self.root(universe, path, dir, module, false);
                }
            }
        }
    }

    /// The import path of a folder of GOROOT.
    fn std_path(&self, dir: &Path) -> Option<String> {
        let src = self.config.goroot.as_ref()?.join("src");
        let inside = dir.strip_prefix(&src).ok().map(slashed);
        inside.or_else(|| Some(slashed(self.fs.resolve(dir).strip_prefix(&src).ok()?)))
    }

    fn import_path(&self, universe: usize, dir: &Path) -> (String, Option<Module>) {
        let mains = &self.universes[universe].mains;
        let inside = mains.iter().filter(|m| dir.starts_with(&m.module.dir));
        if let Some(main) = inside.max_by_key(|m| m.module.dir.components().count()) {
            let rest = slashed(dir.strip_prefix(&main.module.dir).unwrap_or(Path::new("")));
            return (join_import(&main.module.path, &rest), Some(main.module.clone()));
        }
        for gopath in &self.config.gopaths {
            if let Ok(rest) = dir.strip_prefix(gopath.join("src")) {
                return (slashed(rest), None);
            }
        }
        // Outside of every module a folder is known by its own name.
        let name = dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
        (name, None)
    }

    fn root_import(&mut self, cwd: &Path, path: &str) {
        let universe = self.universe_of(cwd);
        let before = std::mem::take(&mut self.universes[universe].missing);
        let target =
            self.universes[universe].resolve(self.fs, self.config, path, Origin::Folder(cwd));
        let missing = std::mem::replace(&mut self.universes[universe].missing, before);
        match target {
            Target::Dir { path, dir, module, std } => {
                let universe = if std { GOROOT } else { universe };
                self.root(universe, path, &dir, module, std);
            }
            Target::Missing => {
                let reasons = missing.messages();
                if reasons.is_empty() {
                    let text = format!("{path}: no such package or folder");
                    self.messages.push(Message::error(text));
                }
                self.messages.extend(reasons.into_iter().map(|m| Message { error: true, ..m }));
            }
        }
    }

    /// The packages of a folder: with its test files, and the external test.
    fn root(
        &mut self,
        universe: usize,
        path: String,
        dir: &Path,
        module: Option<Module>,
        std: bool,
    ) {
        let folder = self.scan(dir, true);
        if !std {
            self.asked.insert(dir.to_path_buf());
        }
        self.root_of(&folder, universe, &path, dir, module, std);
    }

    fn root_of(
        &mut self,
        folder: &Folder,
        universe: usize,
        path: &str,
        dir: &Path,
        module: Option<Module>,
        std: bool,
    ) {
        let tests = self.config.tests;
        let inner = match tests && !folder.test.is_empty() {
            true => Some(Variant::Test),
            false if folder.plain.is_empty() => None,
            false => Some(Variant::Plain),
        };
        let beside = self.listing && inner != Some(Variant::Plain) && !folder.is_empty();
        let beside = beside.then_some(Variant::Plain);
        let external = (tests && !folder.external.is_empty()).then_some(Variant::ExternalTest);
        for variant in beside.into_iter().chain(inner).chain(external) {
            let key = Key { universe, path: path.to_owned(), variant };
            let place = Place { key, dir: dir.to_path_buf(), module: module.clone(), std };
            let id = match self.ids.get(&place.key) {
                Some(&id) if path != FILES_PATH => id,
                _ => self.make(place, folder),
            };
            self.nodes[id].package.root = true;
        }
    }

    /// One package of the named files, whatever else lies in their folder.
    fn root_files(&mut self, dir: &Path, files: &[PathBuf]) {
        let mut files = files.to_vec();
        files.sort();
        files.dedup();
        let mut folder = Folder::of_files(self.fs, dir, &files);
        self.messages.append(&mut folder.messages);
        let std = self.std_path(dir).is_some();
        let universe = if std { GOROOT } else { self.universe_of(dir) };
        let module = if std { None } else { self.import_path(universe, dir).1 };
        self.root_of(&folder, universe, FILES_PATH, dir, module, std);
    }

    pub(crate) fn make(&mut self, place: Place, folder: &Folder) -> NodeId {
        let Place { key, dir, module, std } = place;
        let scanned: Vec<&Scanned> = match key.variant {
            Variant::Plain => folder.plain.iter().collect(),
            Variant::Test => {
                let mut all: Vec<_> = folder.plain.iter().chain(&folder.test).collect();
                all.sort_by(|a, b| a.path.cmp(&b.path));
                all
            }
            Variant::ExternalTest => folder.external.iter().collect(),
        };
        let release = (1, self.config.build.release);
        let language = match &module {
            Some(module) => module.go,
            None if std => release,
            // Without go.mod the go command assumes the newest language.
            None if self.universes[key.universe].mains.is_empty() => release,
            None => DEFAULT_GO,
        };
        let file = |s: &&Scanned| File {
            path: s.path.clone(),
            // A file may lower the version, but not below the first release that allowed that.
            language: s.go.map_or(language, |minor| (1, minor.max(21))),
            test: s.test,
            cgo: s.imports.iter().any(|i| i == "C"),
        };
        let imports = scanned.iter().flat_map(|s| s.imports.iter().cloned());
        let imports = imports.map(|i| (i, Import::Missing)).collect();
        let suffix = if key.variant == Variant::ExternalTest { "_test" } else { "" };
        let package = Package {
            path: format!("{}{suffix}", key.path),
            name: format!("{}{suffix}", folder.name),
            dir,
            files: scanned.iter().map(file).collect(),
            ignored: folder.ignored.clone(),
            imports,
            module,
            language,
            std,
            root: false,
            variant: key.variant,
        };
        let universe = key.universe;
        let id = self.nodes.push(Node { package, universe, targets: BTreeMap::new() });
        self.ids.insert(key, id);
        self.fresh.push(id);
        id
    }

    /// Loads what packages import, and what that imports, wave by wave: the folders of one wave are
    /// read in parallel.
    pub(crate) fn follow_imports(&mut self) {
        while !self.fresh.is_empty() {
            let wave = std::mem::take(&mut self.fresh);
            let mut edges: Vec<(NodeId, String, Target)> = Vec::new();
            for id in wave {
                self.resolve_imports(id, &mut edges);
            }
            let dirs = edges.iter().filter_map(|(.., target)| match target {
                Target::Dir { dir, .. } => Some(dir),
                Target::Missing => None,
            });
            self.scan_all(dirs, self.listing);
            for (id, import, target) in edges {
                let edge = self.edge(id, &import, target);
                self.nodes[id].targets.insert(import, edge);
            }
        }
    }

    fn resolve_imports(&mut self, id: NodeId, edges: &mut Vec<(NodeId, String, Target)>) {
        let Node { package, universe, .. } = &self.nodes[id];
        let universe = *universe;
        let imports: Vec<String> = package.imports.keys().cloned().collect();
        let (dir, std) = (package.dir.clone(), package.std);
        let origin = match std {
            true if package.path.starts_with("cmd/") => Origin::Cmd,
            true => Origin::Std,
            false => Origin::Folder(&dir),
        };
        for import in imports {
            let known = match import.as_str() {
                "unsafe" => Some(Import::Unsafe),
                "C" => Some(Import::Cgo),
                _ => None,
            };
            match known {
                Some(known) => {
                    self.nodes[id].targets.insert(import, Edge::Other(known));
                }
                None => {
                    let target =
                        self.universes[universe].resolve(self.fs, self.config, &import, origin);
                    edges.push((id, import, target));
                }
            }
        }
    }

    fn edge(&mut self, from: NodeId, import: &str, target: Target) -> Edge {
        let Target::Dir { path, dir, module, std } = target else {
            return Edge::Other(Import::Missing);
        };
        let universe = if std { GOROOT } else { self.nodes[from].universe };
        let folder = self.scan(&dir, self.listing);
        let package = &self.nodes[from].package;
        let tested = package.variant == Variant::ExternalTest
            && package.path.strip_suffix("_test") == Some(path.as_str());
        let variant = match tested && !folder.test.is_empty() {
            true => Variant::Test,
            false if folder.plain.is_empty() => {
                let why = match folder.n_cgo {
                    0 => "it has no files for this platform",
                    _ => "all its files need cgo",
                };
                self.universes[universe].missing.package(import, why);
                return Edge::Other(Import::Missing);
            }
            false => Variant::Plain,
        };
        let key = Key { universe, path, variant };
        Edge::Node(match self.ids.get(&key) {
            Some(&id) => id,
            None => self.make(Place { key, dir, module, std }, &folder),
        })
    }

    pub(crate) fn scan(&mut self, dir: &Path, tests: bool) -> Arc<Folder> {
        if let Some(folder) = self.scans.get(dir).filter(|folder| folder.tests || !tests) {
            return Arc::clone(folder);
        }
        let folder = Arc::new(Folder::read(self.fs, self.config, dir, tests));
        self.scans.insert(dir.to_path_buf(), Arc::clone(&folder));
        folder
    }

    fn scanned(&self, dir: &Path, tests: bool) -> bool {
        self.scans.get(dir).is_some_and(|folder| folder.tests || !tests)
    }

    /// Reads folders in parallel, so that [`Self::scan`] has them at hand.
    fn scan_all<'d>(&mut self, dirs: impl Iterator<Item = &'d PathBuf>, tests: bool) {
        let mut seen: FxHashSet<&PathBuf> = FxHashSet::default();
        let new: Vec<&PathBuf> =
            dirs.filter(|dir| !self.scanned(dir, tests) && seen.insert(dir)).collect();
        let (fs, config) = (self.fs, self.config);
        let read: Vec<(PathBuf, Arc<Folder>)> = new
            .into_par_iter()
            .map(|dir| (dir.clone(), Arc::new(Folder::read(fs, config, dir, tests))))
            .collect();
        self.scans.extend(read);
    }

    pub(crate) fn finish(mut self) -> Workspace {
        for folder in self.scans.values() {
            self.messages.extend(folder.messages.iter().cloned());
        }
        for universe in &mut self.universes {
            self.messages.extend(std::mem::take::<Missing>(&mut universe.missing).messages());
        }
        self.say_cgo();
        if !self.listing {
            tested::share(&mut self.nodes);
        }
        let mut messages = self.messages;
        let mut workspace = order(self.nodes, &mut messages);
        workspace.goroot.clone_from(&self.config.goroot);
        workspace.release = self.config.build.release;
        messages.iter_mut().for_each(|message| message.text = printable(&message.text));
        messages.sort();
        messages.dedup();
        workspace.messages = messages;
        workspace
    }

    /// Says how many files of the roots need cgo, which is never run.
    fn say_cgo(&mut self) {
        let folders = self.asked.iter().filter_map(|dir| self.scans.get(dir));
        let text = match folders.map(|folder| folder.n_cgo).sum::<usize>() {
            0 => return,
            1 => "1 file that imports \"C\" is not analysed, since cgo is not run".to_owned(),
            n => format!("{n} files that import \"C\" are not analysed, since cgo is not run"),
        };
        self.messages.push(Message::warning(text));
    }
}

/// A message that may quote any bytes of a broken file, fit for a terminal.
fn printable(text: &str) -> String {
    const MAX_CHARS: usize = 500;
    let mut out = String::with_capacity(text.len().min(MAX_CHARS));
    for (i, c) in text.chars().enumerate() {
        match c {
            _ if i == MAX_CHARS => {
                out.push('…');
                break;
            }
            c if c.is_control() => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}
