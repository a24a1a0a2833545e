//! `cargo xtask ready`: the cheap steps of CI, in its order.

use crate::{codegen, licences, tidy, workspace};
use anyhow::{Context, Result, ensure};

const FORMAT: [&str; 3] = ["fmt", "--all", "--check"];
const CLIPPY: [&str; 7] =
    ["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"];
const TEST: [&str; 3] = ["test", "--workspace", "--quiet"];

/// Stops at the first step that fails.
pub(crate) fn run() -> Result<()> {
    cargo(&FORMAT)?;
    cargo(&CLIPPY)?;
    step("tidy");
    tidy::run()?;
    step("licences");
    licences::run()?;
    step("codegen --check");
    codegen::run(true)?;
    cargo(&TEST)?;
    println!("\nready");
    Ok(())
}

fn cargo(args: &[&str]) -> Result<()> {
    let line = args.join(" ");
    step(&format!("cargo {line}"));
    let status = workspace::cargo().args(args).status().context("cannot run cargo")?;
    ensure!(status.success(), "cargo {line} failed");
    Ok(())
}

fn step(what: &str) {
    println!("\n== {what}");
}
