//! Parsing and inferring the standard library, bodies included and tests not, against go/parser and
//! go/types from source: each round a process of its own, both on all cores.

use crate::clock::{Cost, peak_memory, process_cpu};
use anyhow::{Context, Result, ensure};
use stanch_analysis::{Depth, Inferred, Options, infer_only};
use stanch_source::{DiskFs, Environment};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

/// The argument with which this program runs one round of its own.
pub(crate) const ONE_ROUND: &str = "types-one-round";

/// Stack of the threads that infer.
const STACK_BYTES: usize = 16 << 20;

/// What one round cost.
struct Round {
    cost: Cost,
    /// Bytes.
    peak: u64,
    lines: u64,
}

/// Prints both costs and their ratios.
pub(crate) fn run(goroot: &Path) -> Result<()> {
    let reference = reference(goroot)?;
    let own = std::env::current_exe().context("cannot find this program")?;
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    let mut version = String::new();
    for _ in 0..ROUNDS {
        let mut command = Command::new(&reference);
        let output = text(go_env(&mut command, goroot).args(["-time", "-no-tests", "std"]))?;
        let (name, figures) = output.split_once(' ').context("malformed line from Go")?;
        version = name.to_owned();
        theirs.push(round(figures)?);
        let output = text(Command::new(&own).arg(ONE_ROUND).arg(goroot))?;
        ours.push(round(&output)?);
    }
    let (theirs, ours) = (median(theirs)?, median(ours)?);
    print(&format!("go/types {version}"), &theirs);
    print("stanch", &ours);
    let cpu = theirs.cost.best().as_secs_f64() / ours.cost.best().as_secs_f64();
    let wall = theirs.cost.wall.as_secs_f64() / ours.cost.wall.as_secs_f64();
    let memory = theirs.peak as f64 / ours.peak.max(1) as f64;
    println!(
        "go/types takes {cpu:.1} times the CPU, {wall:.1} times the time, {memory:.1} times the memory"
    );
    Ok(())
}

/// Infers once and prints wall and CPU nanoseconds, peak memory in bytes, lines.
pub(crate) fn one_round(goroot: &Path) -> Result<()> {
    infer(goroot, &goroot.join("src"), "std", Depth::Reached).map(drop)
}

/// Loads and infers `pattern` seen from `dir`, without tests, and prints as [`one_round`] does.
pub(crate) fn infer(goroot: &Path, dir: &Path, pattern: &str, depth: Depth) -> Result<Inferred> {
    let start = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK_BYTES).build()?;
    let mut env = Environment::from_process();
    env.set(&[("GOROOT", &goroot.to_string_lossy()), ("CGO_ENABLED", "0"), ("GOFLAGS", "")]);
    let options = Options { tests: false, ..Options::default() };
    let patterns = [pattern.to_owned()];
    let inferred = pool.install(|| infer_only(&DiskFs, &env, &options, &patterns, dir, depth));
    let cpu = process_cpu().unwrap_or_default().as_nanos();
    let peak = peak_memory().unwrap_or_default();
    println!("{} {cpu} {peak} {}", start.elapsed().as_nanos(), inferred.lines);
    Ok(inferred)
}

/// Builds the reference program.
fn reference(goroot: &Path) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let binary = std::env::temp_dir().join(format!("stanch-bench-types-{}", std::process::id()));
    let mut build = Command::new(goroot.join("bin/go"));
    build.args(["build", "-o"]).arg(&binary).arg(".").current_dir(root.join("conformance/types"));
    text(go_env(&mut build, goroot))?;
    Ok(binary)
}

fn go_env<'c>(command: &'c mut Command, goroot: &Path) -> &'c mut Command {
    let bin = goroot.join("bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(bin).chain(std::env::split_paths(&path));
    if let Ok(path) = std::env::join_paths(path) {
        command.env("PATH", path);
    }
    command
        .env("GOROOT", goroot)
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0")
}

fn text(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run {name}"))?;
    ensure!(output.status.success(), "{name} failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?)
}

fn round(figures: &str) -> Result<Round> {
    let figures: Vec<u64> = figures.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [wall, cpu, peak, lines] = figures[..] else { anyhow::bail!("malformed figures") };
    let cpu = (cpu > 0).then(|| Duration::from_nanos(cpu));
    Ok(Round { cost: Cost { wall: Duration::from_nanos(wall), cpu }, peak, lines })
}

/// The middle by CPU time.
fn median(mut rounds: Vec<Round>) -> Result<Round> {
    rounds.sort_by_key(|round| round.cost.best());
    let middle = rounds.len() / 2;
    rounds.into_iter().nth(middle).context("no rounds")
}

fn print(name: &str, round: &Round) {
    let per_second = round.lines as f64 / 1e3 / round.cost.best().as_secs_f64();
    println!(
        "{name:<20} {per_second:7.0} k lines/CPU s, peak {:5.0} MB   ({}, {} lines)",
        round.peak as f64 / 1e6,
        round.cost,
        round.lines
    );
}
