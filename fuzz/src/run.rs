//! Cases one after another: panics are counted, hangs end the run.

use crate::cases::{Case, Real, wrong_files};
use crate::stages::{Batch, analyse};
use anyhow::{Context, Result};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Packages that share one program. Types of a program are never given back.
const BATCH: u64 = 200;

/// A case that takes so long hangs. Far beyond what a busy machine makes of milliseconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// CPU time that a case may take: so much, and for each byte so much more.
const CPU: (Duration, Duration) = (Duration::from_secs(2), Duration::from_micros(50));

/// The Go tree's tests, as they are, each through every stage.
pub(crate) fn wrong(goroot: &Path) -> Result<usize> {
    let real = Real::new(goroot)?;
    let cases = wrong_files(goroot)?;
    let get = |index: u64| cases.get(index as usize).cloned();
    let n = cases.len() as u64;
    Ok(inferred(&real, 0..n, &get)? + analysed(&real, 0..n, &get)?)
}

/// Changed packages.
pub(crate) fn mutations(
    goroot: &Path,
    seed: u64,
    which: Range<u64>,
    analyse: u64,
) -> Result<usize> {
    let real = Real::new(goroot)?;
    let get = |index: u64| Some(real.mutated(seed, index));
    let whole = which.start..which.end.min(which.start.saturating_add(analyse));
    Ok(inferred(&real, which, &get)? + analysed(&real, whole, &get)?)
}

/// One changed package, shown.
pub(crate) fn one(goroot: &Path, seed: u64, index: u64) -> Result<usize> {
    let real = Real::new(goroot)?;
    let case = real.mutated(seed, index);
    let folder = folder()?;
    for (i, bytes) in case.files.iter().enumerate() {
        let path = folder.join(format!("{seed}-{index}-{i}.go"));
        std::fs::write(&path, bytes)?;
        println!("{}", path.display());
    }
    let get = |_: u64| Some(case.clone());
    Ok(inferred(&real, 0..1, &get)? + analysed(&real, 0..1, &get)?)
}

/// Parse, infer, lower.
fn inferred(real: &Real, which: Range<u64>, get: &dyn Fn(u64) -> Option<Case>) -> Result<usize> {
    let std: Vec<OnceLock<_>> = real.workspace.packages.iter().map(|_| OnceLock::new()).collect();
    let mut report = Report::new("parse, infer, lower")?;
    let (mut start, count) = (which.start, which.end);
    while start < count {
        let end = (start + BATCH).min(count);
        let cases: Vec<Case> = (start..end).filter_map(get).collect();
        // Those that the parser does not survive go no further.
        let sound: Vec<(u64, &Case)> = (start..)
            .zip(&cases)
            .filter(|(index, case)| {
                let one = std::slice::from_ref(*case);
                report.guard(*index, case, || drop(Batch::new(real, &std, one)))
            })
            .collect();
        let copies: Vec<Case> = sound.iter().map(|(_, case)| (*case).clone()).collect();
        let batch = Batch::new(real, &std, &copies);
        let mut program = batch.program();
        for (i, (index, case)) in sound.iter().enumerate() {
            if !report.guard(*index, case, || batch.infer_and_lower(&program, i)) {
                // What a panic left half done is not used any more.
                program = batch.program();
            }
        }
        start = end;
    }
    Ok(report.finish(count.saturating_sub(which.start)))
}

/// The whole analysis.
fn analysed(real: &Real, which: Range<u64>, get: &dyn Fn(u64) -> Option<Case>) -> Result<usize> {
    const TOGETHER: u64 = 40;
    let mut report = Report::new("the whole analysis")?;
    let (mut start, count) = (which.start, which.end);
    while start < count {
        let end = (start + TOGETHER).min(count);
        let cases: Vec<Case> = (start..end).filter_map(get).collect();
        let all = Case {
            name: format!("cases {start} to {}", end - 1),
            files: cases.iter().flat_map(|c| c.files.clone()).collect(),
        };
        let failures = report.failures;
        if !report.guard(start, &all, || analyse(real, &cases)) {
            report.failures = failures;
            for (index, case) in (start..).zip(&cases) {
                report.guard(index, case, || analyse(real, std::slice::from_ref(case)));
            }
            report.failures = report.failures.max(failures + 1);
        }
        start = end;
    }
    Ok(report.finish(count.saturating_sub(which.start)))
}

/// What happened so far.
struct Report {
    stage: &'static str,
    failures: usize,
    /// The case with the most CPU time a byte.
    slowest: (Duration, String),
    total: Duration,
    watch: Arc<AtomicU64>,
}

impl Report {
    fn new(stage: &'static str) -> Result<Self> {
        folder()?;
        let watch = Arc::new(AtomicU64::new(0));
        let watched = Arc::clone(&watch);
        std::thread::spawn(move || watchdog(&watched, stage));
        Ok(Self { stage, failures: 0, slowest: Default::default(), total: Duration::ZERO, watch })
    }

    /// Runs a stage of a case; whether it survived.
    fn guard(&mut self, index: u64, case: &Case, work: impl FnOnce()) -> bool {
        self.watch.fetch_add(1, Ordering::Relaxed);
        // What a stack overflow leaves behind.
        let _ =
            folder().map(|f| std::fs::write(f.join("current"), format!("{index} {}\n", case.name)));
        let start = thread_cpu();
        let survived = catch_unwind(AssertUnwindSafe(work)).is_ok();
        let took = thread_cpu().saturating_sub(start);
        self.total += took;
        if !survived {
            self.failures += 1;
            println!("FAILED: {} panicked on case {index}, {}", self.stage, case.name);
        }
        if took > CPU.0 + CPU.1 * case.len() as u32 {
            self.failures += 1;
            let bytes = case.len();
            println!(
                "FAILED: {} took {took:?} for {bytes} bytes of case {index}, {}",
                self.stage, case.name
            );
        }
        if took > self.slowest.0 {
            self.slowest = (took, format!("case {index}, {}, {} bytes", case.name, case.len()));
        }
        survived
    }

    fn finish(self, count: u64) -> usize {
        let (took, name) = &self.slowest;
        let total = self.total.as_secs_f64();
        println!(
            "{}: {count} cases, {} failures, {total:.1} s CPU; the slowest took {took:.1?} ({name})",
            self.stage, self.failures
        );
        self.failures
    }
}

/// Ends the run if a case does not end.
fn watchdog(watch: &Arc<AtomicU64>, stage: &str) {
    let (mut last, mut since) = (0, Instant::now());
    // The run is over when nobody else holds the counter.
    while Arc::strong_count(watch) > 1 {
        std::thread::sleep(Duration::from_millis(200));
        let now = watch.load(Ordering::Relaxed);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > PATIENCE && Arc::strong_count(watch) > 1 {
            let current = folder().map(|f| std::fs::read_to_string(f.join("current")));
            println!("FAILED: {stage} hangs on case {current:?}");
            std::process::exit(1);
        }
    }
}

/// Where cases are kept for a look.
fn folder() -> Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from);
    let folder = target.join("fuzz");
    std::fs::create_dir_all(&folder).with_context(|| format!("no {}", folder.display()))?;
    Ok(folder)
}

/// CPU time of this thread so far (Linux: proc(5), `schedstat`); elsewhere none is measured.
pub(crate) fn thread_cpu() -> Duration {
    // The kernel brings the count up to date when the thread yields.
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = stat.split_whitespace().next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or(0))
}
