//! Parse, infer, lower, analyse, check: all in memory.

use crate::{Fixture, FixtureFile};
use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_checks::{Ctx, ModuleCtx, Suppressions};
use stanch_diagnostic::Finding;
use stanch_effects::Effects;
use stanch_syntax::ParseMode;
use stanch_syntax::ast::Ast;
use stanch_types::{
    FileId, Import, PackageId, PackageProvider, PackageSource, Program, SourceFile, Target,
};
use std::sync::Arc;

/// The stand-ins for the standard library: import path and text.
const STD: &[(&str, &str)] = &[
    ("bytes", include_str!("../std/bytes.go")),
    ("context", include_str!("../std/context.go")),
    ("container/heap", include_str!("../std/heap.go")),
    ("database/sql", include_str!("../std/sql.go")),
    ("errors", include_str!("../std/errors.go")),
    ("fmt", include_str!("../std/fmt.go")),
    ("io", include_str!("../std/io.go")),
    ("iter", include_str!("../std/iter.go")),
    ("compress/gzip", include_str!("../std/gzip.go")),
    ("net", include_str!("../std/net.go")),
    ("net/http", include_str!("../std/http.go")),
    ("log", include_str!("../std/log.go")),
    ("os", include_str!("../std/os.go")),
    ("os/exec", include_str!("../std/exec.go")),
    ("os/signal", include_str!("../std/signal.go")),
    ("runtime", include_str!("../std/runtime.go")),
    ("sort", include_str!("../std/sort.go")),
    ("sync", include_str!("../std/sync.go")),
    ("sync/atomic", include_str!("../std/atomic.go")),
    ("testing", include_str!("../std/testing.go")),
    ("time", include_str!("../std/time.go")),
];

/// A fixture's packages, in dependency order, and the stand-ins they import.
#[derive(Debug)]
pub struct Loaded {
    packages: IndexVec<PackageId, PackageSource>,
    /// The fixture's own packages.
    pub own: Vec<PackageId>,
}

impl PackageProvider for Loaded {
    fn package(&self, id: PackageId) -> PackageSource {
        self.packages[id].clone()
    }
}

impl Loaded {
    /// Parses a fixture.
    ///
    /// # Panics
    /// If a file has syntax errors or imports form a cycle.
    pub fn new(fixture: &Fixture) -> Self {
        let mut sources: Vec<(String, Vec<SourceFile>)> = Vec::new();
        for file in &fixture.files {
            let source = parse(file);
            match sources.iter_mut().find(|(path, _)| *path == file.package) {
                Some((_, files)) => files.push(source),
                None => sources.push((file.package.clone(), vec![source])),
            }
        }
        for (path, text) in STD {
            let file = FixtureFile {
                package: (*path).to_owned(),
                path: format!("/std/{path}.go"),
                text: (*text).to_owned(),
            };
            sources.push(((*path).to_owned(), vec![parse(&file)]));
        }
        let n_own = sources.len() - STD.len();
        let mut loaded = Self { packages: IndexVec::new(), own: Vec::new() };
        let mut ids: FxHashMap<String, PackageId> = FxHashMap::default();
        for _ in 0..sources.len() {
            loaded.add_ready(&sources, n_own, &mut ids);
        }
        assert_eq!(ids.len(), sources.len(), "imports of the fixture form a cycle");
        loaded
    }

    /// Number of packages.
    pub fn n_packages(&self) -> usize {
        self.packages.len()
    }

    /// Adds every package whose imports are there already.
    fn add_ready(
        &mut self,
        sources: &[(String, Vec<SourceFile>)],
        n_own: usize,
        ids: &mut FxHashMap<String, PackageId>,
    ) {
        for (number, (path, files)) in sources.iter().enumerate() {
            if ids.contains_key(path) {
                continue;
            }
            let wanted: Vec<String> = files.iter().flat_map(|f| imports(&f.ast)).collect();
            let known = |p: &String| !sources.iter().any(|(q, _)| q == p) || ids.contains_key(p);
            if !wanted.iter().all(known) {
                continue;
            }
            let resolve = |p: &String| match ids.get(p) {
                Some(&id) => Import::Package(id),
                None if p == "unsafe" => Import::Unsafe,
                None => Import::Missing,
            };
            let imports = wanted.iter().map(|p| (p.as_str().into(), resolve(p))).collect();
            let name = files.first().map_or("", |f| package_name(&f.text));
            let id = self.packages.push(PackageSource {
                path: path.as_str().into(),
                name: name.into(),
                files: files.iter().cloned().collect::<IndexVec<FileId, _>>(),
                imports,
            });
            ids.insert(path.clone(), id);
            if number < n_own {
                self.own.push(id);
            }
        }
    }
}

/// The language version that a `//go:build go1.N` line asks for, or else a recent one.
fn language(text: &str) -> (u32, u32) {
    let line = text.lines().find_map(|line| line.strip_prefix("//go:build go1."));
    (1, line.and_then(|minor| minor.trim().parse().ok()).unwrap_or(26))
}

/// The findings of a fixture's packages after suppression.
///
/// # Panics
/// If the fixture has syntax errors.
pub fn findings(fixture: &Fixture) -> Vec<Finding> {
    let loaded = Loaded::new(fixture);
    let program = Program::new(loaded.n_packages(), &loaded, Target { word_size: 8 });
    let effects = Effects::embedded().expect("the embedded effects are sound");
    let mut findings = Vec::new();
    let own = |i| loaded.own.iter().any(|id: &PackageId| id.index() == i);
    let view = stanch_lifetime::View {
        std: (0..loaded.n_packages()).map(|i| !own(i)).collect(),
        in_view: (0..loaded.n_packages()).map(own).collect(),
    };
    let (mut summaries, mut locks) = (Vec::new(), Vec::new());
    let (mut duties, mut owners, mut daemons) = (Vec::new(), Vec::new(), Vec::new());
    let mut returns = stanch_checks::lowered::AllReturns::default();
    let mut facts: FxHashMap<PackageId, stanch_obligations::Facts> = FxHashMap::default();
    let mut shared: FxHashMap<PackageId, stanch_extract::Shared> = FxHashMap::default();
    for &package in &loaded.own {
        program.infer(package);
        let known = |function| returns.get(&function).cloned();
        let (module, own) = stanch_checks::lowered::lower(&program, package, &effects, &known);
        returns.extend(own);
        let (obligations, own_facts) =
            stanch_obligations::analyse(&program, package, &module, &effects, &|p| facts.get(&p));
        facts.insert(package, own_facts);
        let mut explored =
            stanch_extract::explore_package(&program, package, &module, &effects, &|p| {
                shared.get(&p)
            });
        shared.insert(package, std::mem::take(&mut explored.shared));
        let ctx = Ctx {
            program: &program,
            package,
            module: &module,
            effects: &effects,
            obligations: &obligations,
            explored: &explored,
        };
        findings.extend(stanch_checks::run_all(&ctx));
        duties.push(stanch_checks::missing_close::duties(&ctx));
        owners.push(stanch_checks::stop_forgets_resource::candidates(&ctx));
        daemons.extend(stanch_checks::stuck_worker::daemons(&ctx));
        summaries.push(stanch_lifetime::summarise(&program, package, &module, &effects, &view));
        locks.push(obligations.locks);
    }
    let summaries: Vec<&stanch_lifetime::Summary> = summaries.iter().collect();
    let asked = daemons.iter().map(stanch_checks::stuck_worker::Daemon::starter).collect();
    let lifetime = stanch_lifetime::join(&program, &effects, &summaries, &asked);
    let locks: Vec<&stanch_obligations::LockFacts> = locks.iter().collect();
    let locks = stanch_obligations::join_locks(&program, &locks);
    let (lifetime, locks) = (&lifetime, &locks);
    let ctx = ModuleCtx {
        program: &program,
        lifetime,
        locks,
        duties: &duties,
        owners: &owners,
        daemons: &daemons,
    };
    let mut of_module = stanch_checks::run_module(&ctx);
    stanch_checks::settle(&mut of_module, &mut findings);
    findings.extend(of_module);
    findings.retain(|f| {
        let file = fixture.files.iter().find(|file| file.path == f.location.file);
        let text = file.map_or("", |file| &file.text);
        !Suppressions::new(text).covers(f.location.range.start, f.check.name, f.check.code)
    });
    findings
}

fn parse(file: &FixtureFile) -> SourceFile {
    let parsed = stanch_syntax::parse(&file.text, ParseMode::Full);
    assert!(parsed.errors.is_empty(), "{}: {:?}", file.path, parsed.errors);
    SourceFile {
        path: file.path.as_str().into(),
        text: file.text.as_str().into(),
        ast: Arc::new(parsed.ast),
        language: language(&file.text),
    }
}

/// Import paths of a file.
fn imports(ast: &Ast) -> Vec<String> {
    ast.imports.iter().map(|i| i.path.to_string()).collect()
}

fn package_name(text: &str) -> &str {
    let clause = text.lines().find_map(|line| line.strip_prefix("package "));
    clause.unwrap_or_default().split([';', ' ', '/']).next().unwrap_or_default()
}

/// Number of the package in a fixture's program, for tests of a single layer.
impl Loaded {
    /// The source of a package.
    pub fn source(&self, id: PackageId) -> Option<&PackageSource> {
        (id.index() < self.packages.len()).then(|| &self.packages[id])
    }
}
