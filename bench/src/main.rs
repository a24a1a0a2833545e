//! Benchmarks against the Go tools: `bench parse|types|check [GOROOT]`, `bench module DIR`; and of one
//! engine against the others: `bench lifetime DIR [PATTERN]`; and of a whole check against `go vet`:
//! `bench vet DIR [PATTERN]`.

mod check;
mod clock;
mod lifetime;
mod module;
mod parse;
mod types;
mod vet;

use anyhow::{Context, Result, bail};
use stanch_analysis::Depth;
use std::path::PathBuf;
use std::process::Command;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let what = args.next().unwrap_or_default();
    if what == "module" {
        let dir = args.next().context("usage: bench module DIR; bench lifetime DIR [PATTERN]")?;
        return module::run(&installed_goroot()?, &PathBuf::from(dir));
    }
    if what == "lifetime" {
        let dir = args.next().context("usage: bench lifetime DIR [PATTERN]")?;
        let pattern = args.next().unwrap_or_else(|| "./...".to_owned());
        return lifetime::run(&PathBuf::from(dir), &pattern);
    }
    if what == "vet" {
        let dir = args.next().context("usage: bench vet DIR [PATTERN]")?;
        let pattern = args.next().unwrap_or_else(|| "./...".to_owned());
        return vet::run(&installed_goroot()?, &PathBuf::from(dir), &pattern);
    }
    if what == vet::ONE_ROUND {
        return vet::one_round(&args.collect::<Vec<_>>());
    }
    let goroot = args.next().map_or_else(installed_goroot, |root| Ok(PathBuf::from(root)))?;
    match &*what {
        "parse" => parse::run(&goroot),
        "types" => types::run(&goroot),
        types::ONE_ROUND => types::one_round(&goroot),
        "check" => check::run(&goroot),
        module::ONE_ROUND | module::ONE_ROUND_WHOLE => {
            let dir = args.next().context("no folder was given")?;
            let depth = match &*what {
                module::ONE_ROUND => Depth::Reached,
                _ => Depth::Whole,
            };
            module::one_round(&goroot, &PathBuf::from(dir), depth)
        }
        _ => bail!(
            "usage: bench parse|types|check [GOROOT]; bench module DIR; bench lifetime|vet DIR [PATTERN]"
        ),
    }
}

/// The root of the Go installation on the PATH.
fn installed_goroot() -> Result<PathBuf> {
    let output = Command::new("go").args(["env", "GOROOT"]).output().context("cannot run go")?;
    let root = String::from_utf8(output.stdout).context("GOROOT is not UTF-8")?;
    Ok(PathBuf::from(root.trim()))
}
