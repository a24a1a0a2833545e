//! Packages and their imports.

use crate::context::{Header, Ignored, header};
use crate::modules::{DEFAULT_GO, Target, Universe, find_up};
use crate::patterns::{Named, below_import, expand};
use crate::{Config, File, Import, Message, Module, Package, PackageId, Variant, Workspace};
use stanch_base::{FxHashMap, IndexVec};
use stanch_source::{EntryKind, FileSystem};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Loads the packages that `patterns` name (none: `./...`), seen from `cwd`, and all they import.
pub fn load(fs: &dyn FileSystem, config: &Config, cwd: &Path, patterns: &[String]) -> Workspace {
    let mut loader = Loader {
        fs,
        config,
        universes: Vec::new(),
        by_root: FxHashMap::default(),
        nodes: IndexVec::new(),
        ids: FxHashMap::default(),
        scans: FxHashMap::default(),
        messages: Vec::new(),
    };
    if config.goroot.is_none() {
        loader.messages.push(Message::warning(
            "GOROOT was not found (set GOROOT, or put `go` on PATH); types of the standard library \
             are unknown"
                .to_owned(),
        ));
    }
    let default = ["./...".to_owned()];
    let patterns = if patterns.is_empty() { &default[..] } else { patterns };
    loader.roots(cwd, patterns);
    loader.finish()
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    universe: usize,
    path: String,
    variant: Variant,
}

stanch_base::newtype_index! {
    /// A package in the order in which it was met.
    struct NodeId; "node"
}

struct Node {
    package: Package,
    universe: usize,
    /// Imports before they became numbers of the result.
    targets: BTreeMap<String, Edge>,
}

#[derive(Clone, Copy)]
enum Edge {
    Node(NodeId),
    Other(Import),
}

struct Loader<'a> {
    fs: &'a dyn FileSystem,
    config: &'a Config,
    universes: Vec<Universe>,
    by_root: FxHashMap<Option<PathBuf>, usize>,
    nodes: IndexVec<NodeId, Node>,
    ids: FxHashMap<Key, NodeId>,
    scans: FxHashMap<PathBuf, Folder>,
    messages: Vec<Message>,
}

/// The Go files of a folder by what they belong to.
#[derive(Clone, Default)]
struct Folder {
    name: String,
    plain: Vec<Scanned>,
    test: Vec<Scanned>,
    external: Vec<Scanned>,
    ignored: Vec<String>,
}

#[derive(Clone)]
struct Scanned {
    path: PathBuf,
    header: Header,
    test: bool,
}

impl Loader<'_> {
    fn roots(&mut self, cwd: &Path, patterns: &[String]) {
        let named = expand(self.fs, self.config, cwd, patterns, &mut self.messages);
        for named in named {
            match named {
                Named::Dirs(dirs) => dirs.iter().for_each(|dir| self.root_dir(dir)),
                Named::Files(files) => self.root_files(&files),
                Named::Import(path) => self.root_import(cwd, &path),
                Named::ImportBelow(base) => {
                    let universe = self.universe_of(cwd);
                    let mains = &self.universes[universe].mains;
                    let messages = &mut self.messages;
                    let dirs = below_import(self.fs, self.config, mains, &base, messages);
                    if dirs.is_empty() {
                        self.messages
                            .push(Message::error(format!("{base}/...: no package matches")));
                    }
                    dirs.iter().for_each(|dir| self.root_dir(dir));
                }
            }
        }
    }

    /// The universe of a folder, loaded when first asked for.
    fn universe_of(&mut self, dir: &Path) -> usize {
        let root = find_up(self.fs, dir, "go.mod");
        if let Some(&i) = self.by_root.get(&root) {
            return i;
        }
        let universe = Universe::of(self.fs, self.config, dir, &mut self.messages);
        let i = self.universes.len();
        for main in &universe.mains {
            self.by_root.insert(Some(main.module.dir.clone()), i);
        }
        self.by_root.insert(root, i);
        self.universes.push(universe);
        i
    }

    fn root_dir(&mut self, dir: &Path) {
        let std = self.std_path(dir);
        let universe = self.universe_of(dir);
        let (path, module) = match &std {
            Some(path) => (path.clone(), None),
            None => self.import_path(universe, dir),
        };
        self.root(universe, path, dir, module, std.is_some());
    }

    /// The import path of a folder of GOROOT.
    fn std_path(&self, dir: &Path) -> Option<String> {
        let src = self.config.goroot.as_ref()?.join("src");
        let resolved = self.fs.resolve(dir);
        let rest = resolved.strip_prefix(&src).ok()?;
        Some(slashed(rest))
    }

    fn import_path(&self, universe: usize, dir: &Path) -> (String, Option<Module>) {
        let mains = &self.universes[universe].mains;
        let inside = mains.iter().filter(|m| dir.starts_with(&m.module.dir));
        if let Some(main) = inside.max_by_key(|m| m.module.dir.components().count()) {
            let rest = slashed(dir.strip_prefix(&main.module.dir).unwrap_or(Path::new("")));
            let module = main.module.clone();
            let path = match rest.as_str() {
                "" => module.path.clone(),
                rest => format!("{}/{rest}", module.path),
            };
            return (path, Some(module));
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
        let before = self.messages.len();
        match self.resolve(universe, path, None) {
            Target::Dir { path, dir, module, std } => self.root(universe, path, &dir, module, std),
            Target::Missing => {
                self.messages.truncate(before);
                self.messages.push(Message::error(format!("{path}: no such package or folder")));
            }
        }
    }

    fn resolve(&mut self, universe: usize, import: &str, from_std: Option<&str>) -> Target {
        let messages = &mut self.messages;
        self.universes[universe].resolve(self.fs, self.config, import, from_std, messages)
    }

    fn root(
        &mut self,
        universe: usize,
        path: String,
        dir: &Path,
        module: Option<Module>,
        std: bool,
    ) {
        let folder = self.scan(dir);
        let tests = self.config.tests;
        let variant = match tests && !folder.test.is_empty() {
            true => Variant::Test,
            false => Variant::Plain,
        };
        if !folder.plain.is_empty() || variant == Variant::Test {
            let key = Key { universe, path: path.clone(), variant };
            self.add_root(key, dir, module.clone(), std);
        }
        if tests && !folder.external.is_empty() {
            let key = Key { universe, path, variant: Variant::ExternalTest };
            self.add_root(key, dir, module, std);
        }
    }

    fn add_root(&mut self, key: Key, dir: &Path, module: Option<Module>, std: bool) {
        let id = self.node(key, dir, module, std);
        self.nodes[id].package.root = true;
        self.follow_imports(id);
    }

    /// One package of the named files, whatever else lies in their folder; constraints in names and
    /// files do not count, since the files were asked for.
    fn root_files(&mut self, files: &[PathBuf]) {
        let Some(dir) = files.first().and_then(|f| f.parent()).map(Path::to_path_buf) else {
            return;
        };
        let universe = self.universe_of(&dir);
        let mut folder = Folder::default();
        for path in files {
            match self.read_header(path) {
                Ok(header) => {
                    let test = path.to_string_lossy().ends_with("_test.go");
                    folder.plain.push(Scanned { path: path.clone(), header, test });
                }
                Err(message) => self.messages.push(Message { error: true, ..message }),
            }
        }
        if folder.plain.is_empty() {
            return;
        }
        folder.name = self.package_name(&dir, &folder.plain);
        let (_, module) = self.import_path(universe, &dir);
        let path = "command-line-arguments".to_owned();
        let key = Key { universe, path, variant: Variant::Plain };
        let id = self.make(key, &dir, &folder, module, false);
        self.nodes[id].package.root = true;
        self.follow_imports(id);
    }

    /// The node of a package, made if it is new; its imports are not followed yet.
    fn node(&mut self, key: Key, dir: &Path, module: Option<Module>, std: bool) -> NodeId {
        match self.ids.get(&key) {
            Some(&id) => id,
            None => {
                let folder = self.scan(dir);
                self.make(key, dir, &folder, module, std)
            }
        }
    }

    fn make(
        &mut self,
        key: Key,
        dir: &Path,
        folder: &Folder,
        module: Option<Module>,
        std: bool,
    ) -> NodeId {
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
        let language = match (&module, std) {
            (Some(module), _) => module.go,
            (None, true) => release,
            // Without go.mod the go command assumes the newest language.
            (None, false) if self.universes[key.universe].mains.is_empty() => release,
            (None, false) => DEFAULT_GO,
        };
        let file = |s: &&Scanned| File {
            path: s.path.clone(),
            language: s.header.directives.go_version().map_or(language, |minor| (1, minor)),
            test: s.test,
            cgo: s.header.imports.iter().any(|i| i == "C"),
        };
        let imports = scanned.iter().flat_map(|s| s.header.imports.iter().cloned());
        let imports = imports.map(|i| (i, Import::Missing)).collect();
        let external = key.variant == Variant::ExternalTest;
        let suffix = if external { "_test" } else { "" };
        let package = Package {
            path: format!("{}{suffix}", key.path),
            name: format!("{}{suffix}", folder.name),
            dir: dir.to_path_buf(),
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
        id
    }

    /// Loads what a package imports, and what that imports.
    fn follow_imports(&mut self, from: NodeId) {
        let mut work = vec![from];
        while let Some(id) = work.pop() {
            if !self.nodes[id].targets.is_empty() {
                continue;
            }
            let node = &self.nodes[id];
            let imports: Vec<String> = node.package.imports.keys().cloned().collect();
            let (universe, own) = (node.universe, node.package.path.clone());
            let from_std = node.package.std.then(|| own.clone());
            let under_test = match node.package.variant {
                Variant::ExternalTest => own.strip_suffix("_test").map(str::to_owned),
                Variant::Plain | Variant::Test => None,
            };
            for import in imports {
                let edge = match import.as_str() {
                    "unsafe" => Edge::Other(Import::Unsafe),
                    "C" => Edge::Other(Import::Cgo),
                    _ => match self.resolve(universe, &import, from_std.as_deref()) {
                        Target::Missing => Edge::Other(Import::Missing),
                        Target::Dir { path, dir, module, std } => {
                            let tested = under_test.as_ref() == Some(&path);
                            let has_tests = tested && !self.scan(&dir).test.is_empty();
                            let variant = if has_tests { Variant::Test } else { Variant::Plain };
                            let key = Key { universe, path, variant };
                            let next = self.node(key, &dir, module, std);
                            work.push(next);
                            Edge::Node(next)
                        }
                    },
                };
                self.nodes[id].targets.insert(import, edge);
            }
        }
    }

    fn scan(&mut self, dir: &Path) -> Folder {
        if let Some(folder) = self.scans.get(dir) {
            return folder.clone();
        }
        let folder = self.read_folder(dir);
        self.scans.insert(dir.to_path_buf(), folder.clone());
        folder
    }

    fn read_folder(&mut self, dir: &Path) -> Folder {
        let mut folder = Folder::default();
        let entries = match self.fs.list(dir) {
            Ok(entries) => entries,
            Err(error) => {
                self.messages.push(Message::warning_at(dir, format!("cannot be read: {error}")));
                return folder;
            }
        };
        for entry in entries {
            let name = entry.name;
            let go = entry.kind == EntryKind::File && name.ends_with(".go");
            if !go || name.starts_with(['_', '.']) {
                continue;
            }
            if !self.config.build.name_matches(&name) {
                folder.ignored.push(name);
                continue;
            }
            let path = dir.join(&name);
            match self.read_header(&path) {
                Ok(header) => self.place(&mut folder, name, path, header),
                Err(message) => self.messages.push(message),
            }
        }
        let named = if folder.plain.is_empty() { &folder.test } else { &folder.plain };
        folder.name = match named.is_empty() {
            false => self.package_name(dir, &named.clone()),
            true => {
                let first = folder.external.first().and_then(|s| s.header.package.clone());
                first.unwrap_or_default().trim_end_matches("_test").to_owned()
            }
        };
        // Files of another package name do not belong to it (said by `package_name`).
        let name = folder.name.clone();
        let same = |s: &Scanned| s.header.package.as_ref().is_none_or(|p| *p == name);
        folder.plain.retain(same);
        folder.test.retain(same);
        folder
    }

    fn read_header(&self, path: &Path) -> Result<Header, Message> {
        let refuse = |reason: String| Message::warning_at(path, reason);
        let bytes =
            self.fs.read(path).map_err(|e| refuse(format!("cannot be read: {e}; skipped")))?;
        let (text, _) = stanch_syntax::decode(&bytes);
        Ok(header(&text))
    }

    fn place(&self, folder: &mut Folder, name: String, path: PathBuf, header: Header) {
        match self.config.build.header_matches(&header) {
            Ok(()) => {}
            Err(Ignored::Constraint | Ignored::Cgo) => {
                folder.ignored.push(name);
                return;
            }
        }
        // A file that documents a package only (`package documentation`) is never built.
        if header.package.as_deref() == Some("documentation") {
            folder.ignored.push(name);
            return;
        }
        let test = name.ends_with("_test.go");
        let external = header.package.as_ref().is_some_and(|p| p.ends_with("_test"));
        let list = match (test, external) {
            (false, _) => &mut folder.plain,
            (true, false) => &mut folder.test,
            (true, true) => &mut folder.external,
        };
        list.push(Scanned { path, header, test });
    }

    /// The name most files agree on (the first of equals); others are told.
    fn package_name(&mut self, dir: &Path, files: &[Scanned]) -> String {
        let mut names: Vec<(String, usize)> = Vec::new();
        for name in files.iter().filter_map(|f| f.header.package.as_ref()) {
            match names.iter_mut().find(|(n, _)| n == name) {
                Some((_, count)) => *count += 1,
                None => names.push((name.clone(), 1)),
            }
        }
        let most = names.iter().map(|n| n.1).max().unwrap_or(0);
        let Some((name, _)) = names.iter().find(|n| n.1 == most).cloned() else {
            return String::new();
        };
        let others: Vec<&str> = names.iter().map(|n| n.0.as_str()).filter(|n| *n != name).collect();
        if !others.is_empty() {
            let text = format!(
                "holds files of packages `{name}` and `{}`; only `{name}` is analysed",
                others.join("`, `")
            );
            self.messages.push(Message::warning_at(dir, text));
        }
        name
    }

    /// Numbers the packages so that imports come first; cycles are told and cut.
    fn finish(mut self) -> Workspace {
        let mut order: Vec<NodeId> = Vec::with_capacity(self.nodes.len());
        let mut state: IndexVec<NodeId, u8> = IndexVec::from_elem(0, self.nodes.len());
        let mut cut: Vec<(NodeId, String)> = Vec::new();
        let mut start: Vec<NodeId> = self.nodes.ids().collect();
        start.sort_by_key(|&id| sort_key(&self.nodes[id].package));
        for root in start {
            if state[root] != 0 {
                continue;
            }
            state[root] = 1;
            let mut stack = vec![(root, edges(&self.nodes[root]))];
            while let Some((id, rest)) = stack.last_mut() {
                let id = *id;
                let Some((import, next)) = rest.pop() else {
                    state[id] = 2;
                    order.push(id);
                    stack.pop();
                    continue;
                };
                match state[next] {
                    0 => {
                        state[next] = 1;
                        stack.push((next, edges(&self.nodes[next])));
                    }
                    1 => cut.push((id, import)),
                    _ => {}
                }
            }
        }
        for (id, import) in cut {
            let from = self.nodes[id].package.path.clone();
            self.messages.push(Message::warning(format!(
                "import cycle: package {from} imports {import}, which imports it again; the types \
                 of {import} are unknown in {from}"
            )));
            self.nodes[id].targets.insert(import, Edge::Other(Import::Missing));
        }
        self.number(&order)
    }

    fn number(self, order: &[NodeId]) -> Workspace {
        let mut ids: FxHashMap<NodeId, PackageId> = FxHashMap::default();
        let mut workspace =
            Workspace { goroot: self.config.goroot.clone(), ..Workspace::default() };
        for &id in order {
            let node = &self.nodes[id];
            let mut package = node.package.clone();
            for (path, edge) in &node.targets {
                let import = match edge {
                    Edge::Other(import) => *import,
                    Edge::Node(to) => ids.get(to).map_or(Import::Missing, |&p| Import::Package(p)),
                };
                package.imports.insert(path.clone(), import);
            }
            ids.insert(id, workspace.packages.push(package));
        }
        let packages = &workspace.packages;
        let mut roots: Vec<PackageId> = packages.ids().filter(|&p| packages[p].root).collect();
        roots.sort_by_key(|&p| sort_key(&packages[p]));
        workspace.roots = roots;
        let mut messages = self.messages;
        messages.sort();
        messages.dedup();
        workspace.messages = messages;
        workspace
    }
}

fn sort_key(package: &Package) -> (String, Variant, PathBuf) {
    (package.path.clone(), package.variant, package.dir.clone())
}

/// Imports that are packages, in reverse order (they are popped).
fn edges(node: &Node) -> Vec<(String, NodeId)> {
    let packages = node.targets.iter().rev().filter_map(|(path, edge)| match edge {
        Edge::Node(id) => Some((path.clone(), *id)),
        Edge::Other(_) => None,
    });
    packages.collect()
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}
