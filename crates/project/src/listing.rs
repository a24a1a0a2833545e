//! The packages of a run as `go list -deps -test` lists them: test variants, the packages that are
//! built anew for a test, and test programs included.

use crate::load::{GOROOT, Loader, Place, with_loader};
use crate::node::{Edge, Key, NodeId};
use crate::target::Target;
use crate::universe::Origin;
use crate::{Config, Import, Message, Module, Variant};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_source::FileSystem;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What [`list`] gives.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// By import path.
    pub packages: Vec<Listed>,
    /// What could not be found or read.
    pub messages: Vec<Message>,
}

/// A package as the go command describes it; file names without folders, sorted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Listed {
    /// Import path, with the test that it is built for in brackets.
    pub import_path: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Files that are built, without those that import "C".
    pub go_files: Vec<String>,
    /// Files that import "C".
    pub cgo_files: Vec<String>,
    /// `_test.go` files of the package.
    pub test_go_files: Vec<String>,
    /// `_test.go` files of the external test package.
    pub xtest_go_files: Vec<String>,
    /// Files that are not built.
    pub ignored_go_files: Vec<String>,
    /// Import paths of what it imports, sorted; as in the source where nothing is found.
    pub imports: Vec<String>,
    /// Its module; `None` in GOROOT.
    pub module: Option<Module>,
}

/// What each test program imports (`cmd/go/internal/load.TestMainDeps`).
const TEST_MAIN: [&str; 4] = ["os", "reflect", "testing", "testing/internal/testdeps"];

/// Lists the packages that `patterns` name (none: `./...`), seen from `cwd`, and all they import.
pub fn list(fs: &dyn FileSystem, config: &Config, cwd: &Path, patterns: &[String]) -> Listing {
    with_loader(fs, config, cwd, patterns, true, |mut loader| {
        let linked = loader.linked();
        let graph = Graph::of(&loader, &linked);
        let mut packages = graph.all();
        packages.sort_by(|a, b| a.import_path.cmp(&b.import_path));
        let messages = loader.finish().messages;
        Listing { packages, messages }
    })
}

/// What every program links, and every test program.
struct Linked {
    program: Vec<NodeId>,
    test: Vec<NodeId>,
    /// What a package with cgo files imports unsaid: `runtime/cgo` and `syscall`.
    cgo: Vec<NodeId>,
}

impl Loader<'_> {
    /// Loads what programs link without importing it (`cmd/go/internal/load.LinkerDeps`).
    fn linked(&mut self) -> Linked {
        let program = self.nodes.iter().any(|n| n.package.root && n.package.name == "main");
        let test = self.nodes.iter().any(|n| n.package.root && n.package.variant != Variant::Plain);
        let mut names = Vec::new();
        if program || test {
            names.push("runtime");
        }
        if (program || test) && self.config.build.goarch == "arm" {
            names.push("math");
        }
        let program: Vec<NodeId> = names.iter().filter_map(|name| self.std_package(name)).collect();
        let names = TEST_MAIN.iter().filter(|_| test);
        let tests: Vec<NodeId> = names.filter_map(|name| self.std_package(name)).collect();
        let cgo = self.nodes.iter().any(|n| n.package.files.iter().any(|f| f.cgo));
        let names = ["runtime/cgo", "syscall"].into_iter().filter(|_| cgo);
        let cgo = names.filter_map(|name| self.std_package(name)).collect();
        self.follow_imports();
        Linked { test: program.iter().copied().chain(tests).collect(), program, cgo }
    }

    fn std_package(&mut self, path: &str) -> Option<NodeId> {
        let (fs, config) = (self.fs, self.config);
        let target = self.universes[GOROOT].resolve(fs, config, path, Origin::Std);
        let Target::Dir { path, dir, module, std } = target else { return None };
        let key = Key { universe: GOROOT, path, variant: Variant::Plain };
        if let Some(&id) = self.ids.get(&key) {
            return Some(id);
        }
        let folder = self.scan(&dir, true);
        Some(self.make(Place { key, dir, module, std }, &folder))
    }
}

/// A package that is listed: one that was loaded, or the program of its tests.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Item {
    Node(NodeId),
    /// The test program of the package with this plain node.
    Program(NodeId),
}

struct Graph<'a> {
    loader: &'a Loader<'a>,
    linked: &'a Linked,
    /// Loaded packages that a pattern names, each with its variants with tests.
    tested: BTreeMap<NodeId, Tests>,
}

#[derive(Clone, Copy, Default)]
struct Tests {
    inner: Option<NodeId>,
    external: Option<NodeId>,
}

impl<'a> Graph<'a> {
    fn of(loader: &'a Loader<'a>, linked: &'a Linked) -> Self {
        let mut tested: BTreeMap<NodeId, Tests> = BTreeMap::new();
        for (key, &id) in &loader.ids {
            let variant = key.variant;
            if variant == Variant::Plain || !loader.nodes[id].package.root {
                continue;
            }
            let plain = Key { variant: Variant::Plain, ..key.clone() };
            let Some(&plain) = loader.ids.get(&plain) else { continue };
            let tests = tested.entry(plain).or_default();
            match variant {
                Variant::ExternalTest => tests.external = Some(id),
                Variant::Test | Variant::Plain => tests.inner = Some(id),
            }
        }
        Self { loader, linked, tested }
    }

    fn all(&self) -> Vec<Listed> {
        let mut out = Vec::new();
        let nodes = &self.loader.nodes;
        let plain = nodes.ids().filter(|&id| nodes[id].package.variant == Variant::Plain);
        let none = FxHashMap::default();
        for id in plain {
            out.push(self.listed(Item::Node(id), None, &none));
        }
        if self.reaches_unsafe() {
            let dir = self.loader.config.goroot.as_ref().map(|dir| dir.join("src/unsafe"));
            let dir = dir.unwrap_or_default();
            let go_files = vec!["unsafe.go".to_owned()];
            let import_path = "unsafe".to_owned();
            let known = out.iter().any(|listed| listed.import_path == "unsafe");
            if !known {
                out.push(Listed { import_path, dir, go_files, ..Listed::default() });
            }
        }
        for (&plain, &tests) in &self.tested {
            self.of_test(plain, tests, &mut out);
        }
        out
    }

    fn reaches_unsafe(&self) -> bool {
        let targets = self.loader.nodes.iter().flat_map(|node| node.targets.values());
        targets.into_iter().any(|edge| matches!(edge, Edge::Other(Import::Unsafe)))
    }

    /// Everything that is built for the test of one package only.
    fn of_test(&self, plain: NodeId, tests: Tests, out: &mut Vec<Listed>) {
        let nodes = &self.loader.nodes;
        let path = nodes[plain].package.path.as_str();
        // A program is compiled anew as a library, even without test files in the package.
        let inner = tests.inner.or_else(|| (nodes[plain].package.name == "main").then_some(plain));
        let mut names: FxHashMap<Item, String> = FxHashMap::default();
        let program = Item::Program(plain);
        if inner.is_some() {
            names.insert(Item::Node(plain), format!("{path} [{path}.test]"));
        }
        // Imports of the variants come first in this order.
        let mut items = vec![program];
        items.extend(tests.inner.map(Item::Node));
        items.extend(tests.external.map(Item::Node));
        if inner.is_some() {
            for id in self.rebuilt(plain, tests) {
                let path = &nodes[id].package.path;
                names
                    .insert(Item::Node(id), format!("{path} [{}.test]", nodes[plain].package.path));
                items.push(Item::Node(id));
            }
            if tests.inner.is_none() {
                items.push(Item::Node(plain));
            }
        }
        if let Some(id) = tests.inner {
            names.insert(Item::Node(id), format!("{path} [{path}.test]"));
        }
        if let Some(id) = tests.external {
            names.insert(Item::Node(id), format!("{path}_test [{path}.test]"));
        }
        out.extend(items.into_iter().map(|item| self.listed(item, Some(tests), &names)));
    }

    /// Packages between the test program and the tested package: they are built anew, so that all of
    /// the program sees the variant with tests.
    fn rebuilt(&self, plain: NodeId, tests: Tests) -> Vec<NodeId> {
        let own: FxHashSet<NodeId> =
            [Some(plain), tests.inner, tests.external].into_iter().flatten().collect();
        // Depth first, without recursion: a package is decided after all it imports.
        let mut reaches: FxHashMap<NodeId, bool> = FxHashMap::default();
        let mut found = Vec::new();
        let roots = self.imports(Item::Program(plain), Some(tests));
        let mut stack: Vec<(NodeId, bool)> = roots.into_iter().map(|id| (id, false)).collect();
        while let Some((id, done)) = stack.pop() {
            if done {
                let below = self.node_imports(id);
                let hit = below
                    .iter()
                    .any(|next| *next == plain || reaches.get(next).copied().unwrap_or(false));
                let is_own = own.contains(&id);
                reaches.insert(id, hit || is_own);
                if hit && !is_own {
                    found.push(id);
                }
            } else if let Entry::Vacant(entry) = reaches.entry(id) {
                entry.insert(false);
                stack.push((id, true));
                stack.extend(self.node_imports(id).into_iter().map(|next| (next, false)));
            }
        }
        found
    }

    fn node_imports(&self, id: NodeId) -> Vec<NodeId> {
        let node = &self.loader.nodes[id];
        let mut imports: Vec<NodeId> = node
            .targets
            .values()
            .filter_map(|edge| match edge {
                Edge::Node(id) => Some(*id),
                Edge::Other(_) => None,
            })
            .collect();
        if node.package.variant == Variant::Plain && node.package.name == "main" {
            imports.extend(&self.linked.program);
        }
        // Those that cgo's own output needs are left out (`cmd/go/internal/load.cgoExclude`).
        let own = ["runtime/cgo", "runtime/race", "runtime/msan", "runtime/asan"];
        if node.package.files.iter().any(|f| f.cgo) {
            let path = node.package.path.as_str();
            let excluded = |id: &NodeId| match own.iter().position(|p| *p == path) {
                Some(0) => true,
                Some(_) => self.loader.nodes[*id].package.path == "syscall",
                None => false,
            };
            imports.extend(self.linked.cgo.iter().filter(|id| !excluded(id)));
        }
        imports
    }

    fn imports(&self, item: Item, tests: Option<Tests>) -> Vec<NodeId> {
        match item {
            Item::Node(id) => self.node_imports(id),
            Item::Program(plain) => {
                let tests = tests.unwrap_or_default();
                let inner = tests.inner.unwrap_or(plain);
                let mut all = self.linked.test.clone();
                all.push(inner);
                all.extend(tests.external);
                all
            }
        }
    }

    fn listed(&self, item: Item, tests: Option<Tests>, names: &FxHashMap<Item, String>) -> Listed {
        let nodes = &self.loader.nodes;
        match item {
            Item::Program(plain) => {
                let package = &nodes[plain].package;
                let tests = tests.unwrap_or_default();
                let mut imports: BTreeSet<String> =
                    TEST_MAIN.iter().map(|p| self.renamed(p, names)).collect();
                let has_files = tests.inner.is_some() || !package.files.is_empty();
                let inner = tests.inner.unwrap_or(plain);
                let parts = has_files.then_some(inner).into_iter().chain(tests.external);
                imports.extend(parts.map(|id| self.name(id, names)));
                Listed {
                    import_path: format!("{}.test", package.path),
                    dir: package.dir.clone(),
                    go_files: vec!["_testmain.go".to_owned()],
                    imports: imports.into_iter().collect(),
                    module: package.module.clone(),
                    ..Listed::default()
                }
            }
            Item::Node(id) => self.listed_node(id, names),
        }
    }

    fn listed_node(&self, id: NodeId, names: &FxHashMap<Item, String>) -> Listed {
        let node = &self.loader.nodes[id];
        let package = &node.package;
        let files = |cgo: bool| -> Vec<String> {
            package.files.iter().filter(|f| f.cgo == cgo).map(|f| file_name(&f.path)).collect()
        };
        let folder = self.loader.scans.get(&package.dir);
        let folder = folder.filter(|_| package.variant != Variant::ExternalTest);
        let scanned = |list: fn(&crate::scan::Folder) -> &Vec<crate::scan::Scanned>| {
            folder.map(|f| list(f).iter().map(|s| file_name(&s.path)).collect::<Vec<_>>())
        };
        let imports: BTreeSet<String> = node
            .targets
            .iter()
            .map(|(path, edge)| match edge {
                Edge::Node(id) => self.name(*id, names),
                Edge::Other(_) => path.clone(),
            })
            .collect();
        Listed {
            import_path: self.name(id, names),
            dir: package.dir.clone(),
            go_files: files(false),
            cgo_files: files(true),
            test_go_files: scanned(|f| &f.test).unwrap_or_default(),
            xtest_go_files: scanned(|f| &f.external).unwrap_or_default(),
            ignored_go_files: folder.map(|f| f.ignored.clone()).unwrap_or_default(),
            imports: imports.into_iter().collect(),
            module: package.module.clone(),
        }
    }

    fn name(&self, id: NodeId, names: &FxHashMap<Item, String>) -> String {
        match names.get(&Item::Node(id)) {
            Some(name) => name.clone(),
            None => self.loader.nodes[id].package.path.clone(),
        }
    }

    /// The name of a package of GOROOT by its import path.
    fn renamed(&self, path: &str, names: &FxHashMap<Item, String>) -> String {
        let key = Key { universe: GOROOT, path: path.to_owned(), variant: Variant::Plain };
        match self.loader.ids.get(&key) {
            Some(id) => self.name(*id, names),
            None => path.to_owned(),
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}
