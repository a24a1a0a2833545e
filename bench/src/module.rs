//! Loading and inferring a module's own packages, bodies included and tests not, against what
//! `go list -deps -json ./...` needs for its list alone; and what the module's dependencies cost.

use crate::clock::{Cost, measure_children, median};
use crate::types;
use anyhow::{Context, Result, ensure};
use stanch_analysis::Depth;
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 5;

/// The argument with which this program runs one round of its own.
pub(crate) const ONE_ROUND: &str = "module-one-round";
/// The same with all declarations of all dependencies.
pub(crate) const ONE_ROUND_WHOLE: &str = "module-one-round-whole";

/// Prints the costs and their ratio. What the go command keeps between runs (its index of modules)
/// is there from the second round on; the median is taken.
pub(crate) fn run(goroot: &Path, dir: &Path) -> Result<()> {
    let (mut theirs, mut reached, mut whole) = (Vec::new(), Vec::new(), Vec::new());
    let (mut figures, mut figures_whole) = (String::new(), String::new());
    for _ in 0..ROUNDS {
        theirs.push(list(goroot, dir)?);
        reached.push(own(ONE_ROUND, goroot, dir, &mut figures)?);
        whole.push(own(ONE_ROUND_WHOLE, goroot, dir, &mut figures_whole)?);
    }
    let (theirs, reached, whole) = (median(theirs), median(reached), median(whole));
    println!("go list -deps -json  {theirs}");
    println!("stanch               {reached}, {}", described(&figures)?);
    println!("dependencies whole   {whole}, {}", described(&figures_whole)?);
    let ratio = theirs.best().as_secs_f64() / reached.best().as_secs_f64();
    println!("go list takes {ratio:.2} times the CPU of loading and inferring");
    Ok(())
}

fn list(goroot: &Path, dir: &Path) -> Result<Cost> {
    let mut list = Command::new(goroot.join("bin/go"));
    list.args(["list", "-deps", "-json", "./..."]).current_dir(dir).stdout(Stdio::null());
    list.env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0").env("GOFLAGS", "");
    let (status, cost) = measure_children(|| list.status());
    ensure!(status.context("cannot run go list")?.success(), "go list failed");
    Ok(cost)
}

fn own(round: &str, goroot: &Path, dir: &Path, figures: &mut String) -> Result<Cost> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let mut command = Command::new(own);
    command.arg(round).arg(goroot).arg(dir);
    let (output, cost) = measure_children(|| command.output());
    let output = output.context("cannot run this program")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    *figures = String::from_utf8(output.stdout)?;
    Ok(cost)
}

/// The figures of one round in words.
fn described(figures: &str) -> Result<String> {
    let all: Vec<u64> = figures.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [_, _, peak, lines, packages, parsed, declarations, resolved] = all[..] else {
        anyhow::bail!("malformed figures");
    };
    Ok(format!(
        "peak {:.0} MB, {lines} lines; of {packages} dependencies {parsed} were parsed, {resolved} of \
         their {declarations} declarations resolved",
        peak as f64 / 1e6
    ))
}

/// Loads and infers once.
pub(crate) fn one_round(goroot: &Path, dir: &Path, depth: Depth) -> Result<()> {
    let of = types::infer(goroot, dir, "./...", depth)?.dependencies;
    println!("{} {} {} {}", of.packages, of.parsed, of.declarations, of.resolved);
    Ok(())
}
