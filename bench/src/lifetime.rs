//! What the lifetime engine costs on top of the others: `stanch check` with and without its checks, in
//! turns.

use crate::clock::{Cost, measure_children, median};
use anyhow::{Context, Result, ensure};
use stanch_checks::ModuleEngine;
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 3;

/// Prints both costs, the medians of a few rounds on one thread, and their ratio.
pub(crate) fn run(dir: &Path, pattern: &str) -> Result<()> {
    let binary = crate::check::binary()?;
    let names: Vec<&str> = stanch_checks::fed_by(ModuleEngine::Lifetime).map(|c| c.name).collect();
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (costs, ignored) in [(&mut without, true), (&mut with, false)] {
            let mut command = Command::new(&binary);
            command
                .args(["check", "--no-cache", "--quiet", "--no-tests", "--threads", "1"])
                .current_dir(dir);
            if ignored {
                command.args(["--ignore", &names.join(",")]);
            }
            command.arg(pattern).stdout(Stdio::null());
            let (status, cost) = measure_children(|| command.status());
            let code = status.context("cannot run stanch")?.code();
            ensure!(matches!(code, Some(0 | 1)), "stanch ended with {code:?}");
            costs.push(cost);
        }
    }
    let (with, without): (Cost, Cost) = (median(with), median(without));
    println!("without lifetime  {without}");
    println!("with lifetime     {with}");
    let ratio = with.best().as_secs_f64() / without.best().as_secs_f64();
    println!("lifetime adds     {:.1} % CPU", (ratio - 1.0) * 100.0);
    Ok(())
}
