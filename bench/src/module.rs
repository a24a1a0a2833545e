//! Loading and inferring a module's own packages, bodies included and tests not, against what
//! `go list -deps -json ./...` needs for its list alone.

use crate::clock::{Cost, measure_children, median};
use crate::types;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 5;

/// The argument with which this program runs one round of its own.
pub(crate) const ONE_ROUND: &str = "module-one-round";

/// Prints both costs and their ratio. What the go command keeps between runs (its index of modules)
/// is there from the second round on; the median is taken.
pub(crate) fn run(goroot: &Path, dir: &Path) -> Result<()> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let (mut theirs, mut ours, mut figures) = (Vec::new(), Vec::new(), String::new());
    for _ in 0..ROUNDS {
        let mut list = Command::new(goroot.join("bin/go"));
        list.args(["list", "-deps", "-json", "./..."]).current_dir(dir);
        list.env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0").env("GOFLAGS", "");
        let (status, cost) = measure_children(|| list.stdout(Stdio::null()).status());
        ensure!(status.context("cannot run go list")?.success(), "go list failed");
        theirs.push(cost);
        let mut infer = Command::new(&own);
        infer.arg(ONE_ROUND).arg(goroot).arg(dir);
        let (output, cost) = measure_children(|| infer.output());
        let output = output.context("cannot run this program")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        figures = String::from_utf8(output.stdout)?;
        ours.push(cost);
    }
    let (theirs, ours): (Cost, Cost) = (median(theirs), median(ours));
    let mut figures = figures.split_whitespace().skip(2);
    let peak: f64 = figures.next().context("malformed figures")?.parse()?;
    println!("go list -deps -json  {theirs}");
    println!(
        "stanch               {ours}, peak {:.0} MB, {} lines",
        peak / 1e6,
        figures.next().unwrap_or("?")
    );
    let ratio = theirs.best().as_secs_f64() / ours.best().as_secs_f64();
    println!("go list takes {ratio:.2} times the CPU of loading and inferring");
    Ok(())
}

/// Loads and infers once.
pub(crate) fn one_round(goroot: &Path, dir: &Path) -> Result<()> {
    types::infer(goroot, dir, "./...", false)
}
