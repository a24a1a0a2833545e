//! `stanch check`.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, bail};
use stanch_analysis::{CheckRequest, Options, Progress, Report, SourceMap};
use stanch_diagnostic::{Confidence, Diagnostic, Severity};
use stanch_render::{Document, Look, Sources, Summary};
use stanch_source::{DiskFs, Environment};

use crate::args::{self, CheckArgs, Global, OutputFormat};
use crate::cache::DiskCache;
use crate::{Outcome, output, progress, registry};

/// Deep syntax trees and type graphs need room; untouched pages cost nothing.
const STACK_BYTES: usize = 64 << 20;

pub(crate) fn run(args: &CheckArgs, global: &Global) -> anyhow::Result<Outcome> {
    let request = request(args, global)?;
    let start = Instant::now();
    let mut report = {
        let line = progress::Line::new(!args.quiet);
        let (fs, env) = surroundings();
        in_pool(global.threads, || {
            let progress = |progress: Progress| line.report(progress.done, progress.total);
            match DiskCache::open().filter(|_| !args.no_cache) {
                Some(cache) => {
                    stanch_analysis::check_cached(&fs, &env, &request, &cache, &progress)
                }
                None => stanch_analysis::check(&fs, &env, &request, &progress),
            }
        })?
    };
    let outcome = match report.job_failed.take() {
        Some(message) => {
            let severity = Severity::Error;
            let said = |d: &Diagnostic| d.severity == severity && d.message == message;
            if !report.diagnostics.iter().any(said) {
                report.diagnostics.push(Diagnostic { severity, message, location: None });
            }
            Outcome::Failed
        }
        None if report.findings.is_empty() => Outcome::Clean,
        None => Outcome::Findings,
    };
    show(&report, outcome, args, global, start)?;
    Ok(outcome)
}

fn request(args: &CheckArgs, global: &Global) -> anyhow::Result<CheckRequest> {
    let options = Options {
        select: registry::names(&args.select)?,
        ignore: registry::names(&args.ignore)?,
        confidence: match args.confidence {
            args::Confidence::Proved => Confidence::Proved,
            args::Confidence::Likely => Confidence::Likely,
            args::Confidence::Possible => Confidence::Possible,
        },
        tests: !args.build.no_tests,
        tags: args.build.tags.clone(),
        goos: args.build.goos.clone(),
        goarch: args.build.goarch.clone(),
    };
    Ok(CheckRequest { patterns: args.patterns.clone(), cwd: directory(global)?, options })
}

/// Prints `report` as asked. In JSON everything is in the document; else warnings go to standard
/// error, findings to standard output.
fn show(
    report: &Report,
    outcome: Outcome,
    args: &CheckArgs,
    global: &Global,
    start: Instant,
) -> anyhow::Result<()> {
    let Report { findings, diagnostics, sources, .. } = report;
    let sources = Texts(sources);
    let summary = summary(report, start);
    let document = Document { findings, diagnostics, sources: &sources, summary };
    let (out_look, err_look) =
        (output::stdout_look(global.color), output::stderr_look(global.color));
    if args.output_format == OutputFormat::Json {
        return Ok(output::to_stdout(|out| stanch_render::json(out, &document))?);
    }
    warn(&document, args.quiet, err_look);
    let with_summary = !args.quiet && outcome != Outcome::Failed;
    match args.output_format {
        OutputFormat::Full => output::to_stdout(|out| {
            stanch_render::full(out, &document, out_look)?;
            if with_summary && !findings.is_empty() {
                writeln!(out)?;
            }
            if with_summary { stanch_render::summary(out, &document, out_look) } else { Ok(()) }
        })?,
        OutputFormat::Concise => {
            output::to_stdout(|out| stanch_render::concise(out, &document, out_look))?;
            if with_summary {
                output::to_stderr(|err| stanch_render::summary(err, &document, err_look));
            }
        }
        OutputFormat::Json => {}
    }
    Ok(())
}

/// Prints what the user should know about the run; of that, only errors if `quiet`.
fn warn(document: &Document<'_>, quiet: bool, look: Look) {
    let errors: Vec<Diagnostic>;
    let mut document = *document;
    if quiet {
        let error = |d: &&Diagnostic| d.severity == Severity::Error;
        errors = document.diagnostics.iter().filter(error).cloned().collect();
        document.diagnostics = &errors;
    }
    output::to_stderr(|err| {
        stanch_render::diagnostics(err, &document, look)?;
        // Warnings and findings meet on a terminal.
        let both = !document.diagnostics.is_empty() && !document.findings.is_empty();
        if both { writeln!(err) } else { Ok(()) }
    });
}

fn summary(report: &Report, start: Instant) -> Summary {
    let counts = report.summary;
    Summary {
        packages: counts.packages,
        files: counts.files,
        lines: counts.lines,
        unknown_expressions: counts.unknown_expressions,
        suppressed: counts.suppressed,
        roots: counts.roots,
        inconclusive: counts.inconclusive,
        blurred: counts.blurred,
        bounded: counts.bounded,
        retries: counts.retries,
        left_out: counts.left_out,
        largest: counts.largest,
        not_followed: counts.not_followed,
        functions: counts.functions,
        irrelevant: counts.irrelevant,
        instructions: counts.instructions,
        states: counts.states,
        milliseconds: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
    }
}

/// The façade's texts, for the renderer.
struct Texts<'a>(&'a SourceMap);

impl Sources for Texts<'_> {
    fn text(&self, file: &str) -> Option<&str> {
        self.0.text(file).map(|text| &**text)
    }
}

/// The disk, and what the process knows of its environment.
pub(crate) fn surroundings() -> (DiskFs, Environment) {
    (DiskFs, Environment::from_process())
}

/// The directory to work in, absolute.
pub(crate) fn directory(global: &Global) -> anyhow::Result<PathBuf> {
    let cwd = std::env::current_dir().context("the current directory is not known")?;
    let Some(directory) = &global.directory else { return Ok(cwd) };
    let absolute = cwd.join(directory);
    match absolute.canonicalize() {
        Ok(path) if path.is_dir() => Ok(path),
        Ok(_) => bail!("{} is not a directory", directory.display()),
        Err(error) => bail!("cannot work in {}: {error}", directory.display()),
    }
}

/// Runs `work` on a pool of `threads` with roomy stacks.
pub(crate) fn in_pool<T: Send>(
    threads: Option<NonZeroUsize>,
    work: impl FnOnce() -> T + Send,
) -> anyhow::Result<T> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.map_or(0, NonZeroUsize::get))
        .stack_size(STACK_BYTES)
        .build()
        .context("cannot start threads")?;
    Ok(pool.install(work))
}
