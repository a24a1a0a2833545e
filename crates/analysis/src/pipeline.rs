//! Load, infer, lower, analyse, check: packages in parallel, results in a fixed order.

use crate::cache::{self, Cache};
use crate::fingerprint;
use crate::report::{CheckRequest, Options, Progress, Report, SourceMap, Summary};
use crate::schedule;
use stanch_base::{FxHashMap, FxHashSet, IndexVec, TextRange};
use stanch_checks::{Ctx, Engine, ModuleCtx, ModuleEngine, Suppressions, lowered};
use stanch_diagnostic::{Check, Diagnostic, Finding, Location, Severity};
use stanch_effects::Effects;
use stanch_lifetime::View;
use stanch_project::{Config, Package, Workspace};
use stanch_source::{Environment, FileSystem};
use stanch_syntax::ParseMode;
use stanch_types::{
    FileId, Import, ObjectId, PackageId, PackageProvider, PackageSource, Program, SourceFile,
    Target,
};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// At most this many syntax errors of one file are told.
const SYNTAX_ERRORS_TOLD: usize = 5;

/// Checks what the request names. `progress` is called from several threads.
pub fn check(
    fs: &dyn FileSystem,
    env: &Environment,
    request: &CheckRequest,
    progress: &(dyn Fn(Progress) + Sync),
) -> Report {
    let loaded = Loaded::new(fs, env, &request.options, &request.cwd, &request.patterns);
    analyse(&loaded, request, progress)
}

/// As [`check`], with results that earlier runs kept in `cache`: what is reported is the same.
pub fn check_cached(
    fs: &dyn FileSystem,
    env: &Environment,
    request: &CheckRequest,
    cache: &dyn Cache,
    progress: &(dyn Fn(Progress) + Sync),
) -> Report {
    let loaded = Loaded::new(fs, env, &request.options, &request.cwd, &request.patterns);
    let key = cache::key(cache.build(), &loaded, request);
    if let Some(report) = cache::find(cache, &key, &loaded) {
        return report;
    }
    let report = analyse(&loaded, request, progress);
    // A file that was saved meanwhile was analysed in one state and may count with the other.
    if cache::key(cache.build(), &loaded, request) == key {
        cache::keep(cache, &key, &report);
    }
    report
}

fn analyse(
    loaded: &Loaded<'_>,
    request: &CheckRequest,
    progress: &(dyn Fn(Progress) + Sync),
) -> Report {
    let effects = match Effects::embedded() {
        Ok(effects) => effects,
        Err(error) => {
            return Report { job_failed: Some(error.to_string()), ..Report::default() };
        }
    };
    let mut report = Report { diagnostics: loaded.load_diagnostics(), ..Report::default() };
    if loaded.workspace.roots.is_empty() {
        report.job_failed = Some(nothing_to_check(&report.diagnostics));
        return report;
    }
    let program = loaded.program();
    let view = loaded.view();
    let total = loaded.workspace.roots.len();
    let done = AtomicUsize::new(0);
    let results: IndexVec<stanch_project::PackageId, OnceLock<PackageResult>> =
        loaded.workspace.packages.iter().map(|_| OnceLock::new()).collect();
    let returns: AllReturns = loaded.workspace.packages.iter().map(|_| OnceLock::new()).collect();
    let facts: AllFacts = loaded.workspace.packages.iter().map(|_| OnceLock::new()).collect();
    let shared: AllShared = loaded.workspace.packages.iter().map(|_| OnceLock::new()).collect();
    let imports = schedule::imports(&loaded.workspace.packages);
    schedule::in_import_order(&imports, &|id| {
        if !loaded.workspace.packages[id].root {
            return;
        }
        let work = Work {
            loaded,
            program: &program,
            effects: &effects,
            view: &view,
            request,
            returns: &returns,
            facts: &facts,
            shared: &shared,
            imports: &imports,
        };
        let result = survived(&work, types_id(id));
        let once = results[id].set(result).is_ok();
        debug_assert!(once, "a package is analysed once");
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        progress(Progress { done, total });
    });
    let mut results: Vec<PackageResult> =
        results.into_iter().filter_map(OnceLock::into_inner).collect();
    check_module(&program, &effects, request, &mut results);
    collect(loaded, results, &mut report);
    report
}

fn nothing_to_check(diagnostics: &[Diagnostic]) -> String {
    let error = diagnostics.iter().find(|d| d.severity == Severity::Error);
    match error {
        Some(error) => error.message.clone(),
        None => "no Go files match the patterns".to_owned(),
    }
}

/// A workspace whose packages are parsed on demand.
pub(crate) struct Loaded<'a> {
    pub(crate) fs: &'a dyn FileSystem,
    cwd: PathBuf,
    pub(crate) workspace: Workspace,
    pub(crate) word_size: u64,
    /// What is told of packages that were parsed.
    diagnostics: IndexVec<stanch_project::PackageId, OnceLock<Vec<Diagnostic>>>,
}

impl<'a> Loaded<'a> {
    pub(crate) fn new(
        fs: &'a dyn FileSystem,
        env: &Environment,
        options: &Options,
        cwd: &Path,
        patterns: &[String],
    ) -> Self {
        let (goos, goarch) = (options.goos.as_deref(), options.goarch.as_deref());
        let mut config = Config::new(fs, env, &options.tags, goos, goarch);
        config.tests = options.tests;
        let workspace = stanch_project::load(fs, &config, cwd, patterns);
        let diagnostics = workspace.packages.iter().map(|_| OnceLock::new()).collect();
        let small = ["386", "arm", "mips", "mipsle", "wasm"];
        let word_size = if small.contains(&config.build.goarch.as_str()) { 4 } else { 8 };
        Self { fs, cwd: cwd.to_path_buf(), workspace, word_size, diagnostics }
    }

    pub(crate) fn program(&self) -> Program<'_> {
        let target = Target { word_size: self.word_size };
        Program::new(self.workspace.packages.len(), self, target)
    }

    /// What the engine that sees the whole module needs to know of packages.
    fn view(&self) -> View {
        let packages = || self.workspace.packages.iter();
        let roots: FxHashSet<&str> = packages().filter(|p| p.root).map(|p| &*p.path).collect();
        View {
            std: packages().map(|p| p.std).collect(),
            in_view: packages().map(|p| roots.contains(&*p.path)).collect(),
        }
    }

    fn diagnostics(&self, package: PackageId) -> Vec<Diagnostic> {
        let id = stanch_project::PackageId::from_raw(package.raw());
        self.diagnostics[id].get().cloned().unwrap_or_default()
    }

    fn load_diagnostics(&self) -> Vec<Diagnostic> {
        let messages = self.workspace.messages.iter();
        messages
            .map(|message| Diagnostic {
                severity: if message.error { Severity::Error } else { Severity::Warning },
                message: message.text.clone(),
                location: message
                    .path
                    .as_ref()
                    .map(|path| Location { file: self.display(path), range: TextRange::empty(0) }),
            })
            .collect()
    }

    /// A path as users see it: relative to the working directory where it lies below it.
    fn display(&self, path: &Path) -> String {
        let shown = path.strip_prefix(&self.cwd).unwrap_or(path);
        let text = shown.to_string_lossy();
        let text = if text.is_empty() { ".".into() } else { text };
        if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
    }

    fn parse(&self, package: &Package) -> (PackageSource, Vec<Diagnostic>) {
        // Bodies of dependencies are not needed: effects or silence stand for them.
        let mode = if package.root { ParseMode::Full } else { ParseMode::Declarations };
        let mut diagnostics = Vec::new();
        let mut files: IndexVec<FileId, SourceFile> = IndexVec::new();
        for file in &package.files {
            let path = self.display(&file.path);
            let bytes = match self.fs.read(&file.path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    diagnostics.push(about(&path, format!("cannot be read: {error}")));
                    continue;
                }
            };
            let (text, parsed) = stanch_syntax::parse_bytes(&bytes, mode);
            if package.root {
                let errors = parsed.errors.iter().take(SYNTAX_ERRORS_TOLD);
                diagnostics.extend(errors.map(|error| Diagnostic {
                    severity: Severity::Warning,
                    message: error.message.clone(),
                    location: Some(Location { file: path.clone(), range: error.range }),
                }));
            }
            files.push(SourceFile {
                path: path.into(),
                text: Arc::from(&*text),
                ast: Arc::new(parsed.ast),
                language: file.language,
            });
        }
        let imports = package.imports.iter().map(|(path, import)| {
            let import = match import {
                stanch_project::Import::Package(id) => Import::Package(types_id(*id)),
                stanch_project::Import::Unsafe => Import::Unsafe,
                stanch_project::Import::Cgo | stanch_project::Import::Missing => Import::Missing,
            };
            (path.as_str().into(), import)
        });
        let source = PackageSource {
            path: package.path.as_str().into(),
            name: package.name.as_str().into(),
            files,
            imports: imports.collect(),
        };
        (source, diagnostics)
    }

    /// The texts of those files of the analysed packages that the report names by their display paths.
    pub(crate) fn texts(&self, report: &Report) -> SourceMap {
        // A finding of the whole module has labels in several packages.
        let named: FxHashSet<&str> = report.files().collect();
        let mut sources = SourceMap::default();
        for file in self.workspace.packages.iter().filter(|p| p.root).flat_map(|p| &p.files) {
            let path = self.display(&file.path);
            if named.contains(&*path)
                && sources.text(&path).is_none()
                && let Ok(bytes) = self.fs.read(&file.path)
            {
                sources.insert(path.into(), Arc::from(&*stanch_syntax::decode(&bytes).0));
            }
        }
        sources
    }
}

impl PackageProvider for Loaded<'_> {
    fn package(&self, id: PackageId) -> PackageSource {
        let id = stanch_project::PackageId::from_raw(id.raw());
        let (source, diagnostics) = self.parse(&self.workspace.packages[id]);
        // The same each time.
        _ = self.diagnostics[id].set(diagnostics);
        source
    }

    fn inferred(&self, id: PackageId) -> bool {
        let id = stanch_project::PackageId::from_raw(id.raw());
        self.workspace.packages.get(id).is_some_and(|package| package.root)
    }

    fn name(&self, id: PackageId) -> Option<&str> {
        let id = stanch_project::PackageId::from_raw(id.raw());
        self.workspace.packages.get(id).map(|package| &*package.name)
    }
}

fn about(path: &str, message: String) -> Diagnostic {
    let location = Location { file: path.to_owned(), range: TextRange::empty(0) };
    Diagnostic { severity: Severity::Warning, message, location: Some(location) }
}

pub(crate) fn types_id(id: stanch_project::PackageId) -> PackageId {
    PackageId::from_raw(id.raw())
}

pub(crate) fn project_id(id: PackageId) -> stanch_project::PackageId {
    stanch_project::PackageId::from_raw(id.raw())
}

/// When the functions of each package return, once it is lowered.
type AllReturns = IndexVec<stanch_project::PackageId, OnceLock<lowered::AllReturns>>;

/// What the importers of each package need to know of it, once it is analysed.
type AllFacts = IndexVec<stanch_project::PackageId, OnceLock<stanch_obligations::Facts>>;

/// What the importers of each package see of its functions, once it is explored.
type AllShared = IndexVec<stanch_project::PackageId, OnceLock<stanch_extract::Shared>>;

/// What all packages are analysed with.
struct Work<'a> {
    loaded: &'a Loaded<'a>,
    program: &'a Program<'a>,
    effects: &'a Effects,
    view: &'a View,
    request: &'a CheckRequest,
    returns: &'a AllReturns,
    facts: &'a AllFacts,
    shared: &'a AllShared,
    imports: &'a IndexVec<stanch_project::PackageId, Vec<stanch_project::PackageId>>,
}

struct PackageResult {
    package: PackageId,
    lifetime: Option<stanch_lifetime::Summary>,
    locks: Option<stanch_obligations::LockFacts>,
    duties: Option<stanch_checks::missing_close::Duties>,
    owners: Option<stanch_checks::stop_forgets_resource::Owners>,
    daemons: Vec<stanch_checks::stuck_worker::Daemon>,
    findings: Vec<Finding>,
    /// Goroutines that hang in functions of packages that are imported.
    elsewhere: Vec<Finding>,
    suppressed: u64,
    diagnostics: Vec<Diagnostic>,
    summary: Summary,
}

/// The result of one package. A defect of stanch that shows in one package costs its findings, never
/// those of others, and is told.
fn survived(work: &Work<'_>, package: PackageId) -> PackageResult {
    let checked = || check_package(work, package);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(checked)).unwrap_or_else(|_| {
        let path = work.program.package_path(package);
        PackageResult {
            package,
            lifetime: None,
            locks: None,
            duties: None,
            owners: None,
            daemons: Vec::new(),
            findings: Vec::new(),
            elsewhere: Vec::new(),
            suppressed: 0,
            diagnostics: vec![Diagnostic {
                severity: Severity::Error,
                message: format!(
                    "package {path} could not be analysed: this is a defect of stanch, please report it"
                ),
                location: None,
            }],
            summary: Summary { packages: 1, ..Summary::default() },
        }
    })
}

fn check_package(work: &Work<'_>, package: PackageId) -> PackageResult {
    let Work { loaded, program, effects, view, request, returns, facts, shared, imports } = *work;
    // Trees and tables go when the package is done; others only ask for what it declares.
    let program = &program.open(package);
    let types = program.infer(package);
    // A package that is called was analysed before.
    let known = |f: ObjectId| returns.get(project_id(f.package))?.get()?.get(&f).cloned();
    let (module, own_returns) = lowered::lower(program, package, effects, &known);
    let once = returns[project_id(package)].set(own_returns).is_ok();
    debug_assert!(once, "a package is lowered once");
    let wants = |engine: ModuleEngine| {
        stanch_checks::fed_by(engine).any(|check| selected(&request.options, check))
    };
    let needed = |engine: Engine| {
        stanch_checks::REGISTRY
            .iter()
            .any(|e| e.uses(engine) && selected(&request.options, e.check))
    };
    let obliged =
        needed(Engine::Obligations) || wants(ModuleEngine::Locks) || wants(ModuleEngine::Duties);
    // A large package would keep the other threads waiting.
    let imported = |id: PackageId| facts.get(project_id(id)).and_then(OnceLock::get);
    // Others may be done or not.
    let below = schedule::below(imports, project_id(package));
    let seen = |id: PackageId| {
        below.contains(&project_id(id)).then(|| shared.get(project_id(id))?.get()).flatten()
    };
    let ((mut obligations, own_facts), mut explored) = rayon::join(
        || match obliged {
            true => stanch_obligations::analyse(program, package, &module, effects, &imported),
            false => Default::default(),
        },
        || match needed(Engine::Explorer) {
            true => stanch_extract::explore_package(program, package, &module, effects, &seen),
            false => stanch_extract::Explored::default(),
        },
    );
    let once = facts[project_id(package)].set(own_facts).is_ok();
    debug_assert!(once, "a package is analysed once");
    let once = shared[project_id(package)].set(std::mem::take(&mut explored.shared)).is_ok();
    debug_assert!(once, "a package is explored once");
    let ctx = Ctx {
        program,
        package,
        module: &module,
        effects,
        obligations: &obligations,
        explored: &explored,
    };
    let duties = wants(ModuleEngine::Duties).then(|| stanch_checks::missing_close::duties(&ctx));
    let owners =
        wants(ModuleEngine::Duties).then(|| stanch_checks::stop_forgets_resource::candidates(&ctx));
    let daemons = stanch_checks::stuck_worker::daemons(&ctx);
    let (findings, suppressed) = chosen(program, package, request, stanch_checks::run_all(&ctx));
    let source = program.source(package);
    let here: FxHashSet<&str> = source.files.iter().map(|f| &*f.path).collect();
    let (findings, elsewhere) =
        findings.into_iter().partition(|f| here.contains(f.location.file.as_str()));
    let lines = source.files.iter().map(|f| u64::from(f.ast.n_lines)).sum();
    PackageResult {
        package,
        lifetime: wants(ModuleEngine::Lifetime)
            .then(|| stanch_lifetime::summarise(program, package, &module, effects, view)),
        locks: wants(ModuleEngine::Locks).then(|| std::mem::take(&mut obligations.locks)),
        duties,
        owners,
        daemons,
        suppressed,
        findings,
        elsewhere,
        diagnostics: loaded.diagnostics(package),
        summary: Summary {
            packages: 1,
            files: source.files.len() as u64,
            lines,
            unknown_expressions: types.files.iter().map(|f| u64::from(f.n_unknown)).sum(),
            roots: u64::from(explored.stats.roots),
            inconclusive: u64::from(explored.stats.inconclusive),
            blurred: u64::from(explored.stats.blurred),
            bounded: u64::from(explored.stats.bounded),
            retries: u64::from(explored.stats.retries),
            left_out: u64::from(explored.stats.left_out),
            largest: explored.stats.largest,
            not_followed: obligations.incomplete.len() as u64,
            functions: obligations.work.functions,
            irrelevant: obligations.work.irrelevant,
            instructions: obligations.work.instructions,
            states: explored.stats.states,
            ..Summary::default()
        },
    }
}

/// Adds what only the whole module shows to the results of the packages it is found in.
fn check_module(
    program: &Program<'_>,
    effects: &Effects,
    request: &CheckRequest,
    results: &mut [PackageResult],
) {
    let daemons: Vec<stanch_checks::stuck_worker::Daemon> =
        results.iter_mut().flat_map(|r| std::mem::take(&mut r.daemons)).collect();
    let starters = daemons.iter().map(stanch_checks::stuck_worker::Daemon::starter).collect();
    let summaries: Vec<&stanch_lifetime::Summary> =
        results.iter().filter_map(|r| r.lifetime.as_ref()).collect();
    let lifetime = stanch_lifetime::join(program, effects, &summaries, &starters);
    let locks: Vec<&stanch_obligations::LockFacts> =
        results.iter().filter_map(|r| r.locks.as_ref()).collect();
    let locks = stanch_obligations::join_locks(program, &locks);
    let duties: Vec<stanch_checks::missing_close::Duties> =
        results.iter_mut().filter_map(|r| r.duties.take()).collect();
    let owners: Vec<stanch_checks::stop_forgets_resource::Owners> =
        results.iter_mut().filter_map(|r| r.owners.take()).collect();
    let (lifetime, locks) = (&lifetime, &locks);
    let ctx =
        ModuleCtx { program, lifetime, locks, duties: &duties, owners: &owners, daemons: &daemons };
    let mut found = stanch_checks::run_module(&ctx);
    found.retain(|finding| wanted(&request.options, finding));
    for result in results.iter_mut() {
        stanch_checks::settle(&mut found, &mut result.findings);
    }
    found.extend(results.iter_mut().flat_map(|result| std::mem::take(&mut result.elsewhere)));
    let mut by_package: FxHashMap<String, Vec<Finding>> = FxHashMap::default();
    for finding in found {
        by_package.entry(finding.location.file.clone()).or_default().push(finding);
    }
    for result in results {
        let files = (0..).map_while(|n| program.file_path(result.package, FileId::from_raw(n)));
        for file in files {
            let Some(found) = by_package.remove(&**file) else { continue };
            let (found, suppressed) = chosen(program, result.package, request, found);
            result.findings.extend(found);
            result.suppressed += suppressed;
        }
    }
}

/// The findings that are wanted and that no comment silences, and how many comments silence.
fn chosen(
    program: &Program<'_>,
    package: PackageId,
    request: &CheckRequest,
    mut findings: Vec<Finding>,
) -> (Vec<Finding>, u64) {
    findings.retain(|finding| wanted(&request.options, finding));
    let source = program.source(package);
    let texts: FxHashMap<&str, &Arc<str>> =
        source.files.iter().map(|f| (&*f.path, &f.text)).collect();
    let before = findings.len();
    let mut comments: FxHashMap<String, Suppressions> = FxHashMap::default();
    findings.retain(|f| {
        let Some(text) = texts.get(f.location.file.as_str()) else { return true };
        let comments =
            comments.entry(f.location.file.clone()).or_insert_with(|| Suppressions::new(text));
        !comments.covers(f.location.range.start, f.check.name, f.check.code)
    });
    let suppressed = (before - findings.len()) as u64;
    (findings, suppressed)
}

fn wanted(options: &Options, finding: &Finding) -> bool {
    selected(options, finding.check) && finding.confidence <= options.confidence
}

fn selected(options: &Options, check: &Check) -> bool {
    let named = |set: &std::collections::BTreeSet<String>| {
        set.contains(check.name) || set.contains(check.code)
    };
    (options.select.is_empty() || named(&options.select)) && !named(&options.ignore)
}

fn collect(loaded: &Loaded<'_>, results: Vec<PackageResult>, report: &mut Report) {
    for result in results {
        report.findings.extend(result.findings);
        report.diagnostics.extend(result.diagnostics);
        let (sum, one) = (&mut report.summary, result.summary);
        sum.packages += one.packages;
        sum.files += one.files;
        sum.lines += one.lines;
        sum.suppressed += result.suppressed;
        sum.unknown_expressions += one.unknown_expressions;
        sum.roots += one.roots;
        sum.inconclusive += one.inconclusive;
        sum.blurred += one.blurred;
        sum.bounded += one.bounded;
        sum.retries += one.retries;
        sum.left_out += one.left_out;
        sum.largest = sum.largest.max(one.largest);
        sum.not_followed += one.not_followed;
        sum.functions += one.functions;
        sum.irrelevant += one.irrelevant;
        sum.instructions += one.instructions;
        sum.states += one.states;
    }
    report.findings.sort_by(|a, b| {
        (&a.location, a.check.code, &a.message).cmp(&(&b.location, b.check.code, &b.message))
    });
    // A package and its test variant share files.
    report.findings.dedup_by(|a, b| a.location == b.location && a.check.code == b.check.code);
    report.diagnostics.sort_by(|a, b| (&a.location, &a.message).cmp(&(&b.location, &b.message)));
    report.diagnostics.dedup();
    let sources = loaded.texts(report);
    fingerprint::assign(&mut report.findings, |file| sources.text(file).cloned());
    report.summary.findings = report.findings.len() as u64;
    report.sources = sources;
}
