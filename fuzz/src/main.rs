//! Bad input in bulk: every stage must end, without panic, in time that is linear in its input.
//!
//! `wrong` takes the Go tree's files that are meant to be wrong as they are, `mutate` changes real files
//! at random (the same for the same seed), `growth` lets inputs of one kind grow.

mod cases;
mod growth;
mod mutate;
mod run;
mod stages;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// The stack of a thread of `stanch`.
const STACK_BYTES: usize = 64 << 20;

#[derive(Parser)]
#[command(about = "Bad input in bulk", bin_name = "fuzz")]
struct Args {
    #[command(subcommand)]
    command: What,
    /// The Go installation; what `go env GOROOT` says if not given
    #[arg(long, global = true)]
    goroot: Option<PathBuf>,
}

#[derive(Subcommand)]
enum What {
    /// The Go tree's own tests of compilers, as they are
    Wrong,
    /// Real files with random changes
    Mutate {
        /// Number of changed files
        #[arg(long, default_value_t = 100_000)]
        count: u64,
        /// Number of those that the whole analysis gets, too
        #[arg(long, default_value_t = 2_000)]
        analyse: u64,
        /// Number of the first one
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// Where the random numbers begin
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// Only this one, and show it
        #[arg(long)]
        only: Option<u64>,
    },
    /// Inputs of one kind that double in size
    Growth,
}

fn main() -> ExitCode {
    let args = Args::parse();
    // All on one thread, so that its CPU time is all that was used.
    let run = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
        start(args)
    });
    match run.map(|thread| thread.join()) {
        Ok(Ok(Ok(()))) => ExitCode::SUCCESS,
        Ok(Ok(Err(error))) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
        Ok(Err(_)) | Err(_) => ExitCode::FAILURE,
    }
}

fn start(args: Args) -> Result<()> {
    let goroot = match args.goroot {
        Some(goroot) => goroot,
        None => {
            let output = Command::new("go").args(["env", "GOROOT"]).output();
            let output = output.context("cannot run go")?.stdout;
            PathBuf::from(String::from_utf8(output)?.trim())
        }
    };
    let failures = match args.command {
        What::Wrong => run::wrong(&goroot)?,
        What::Mutate { seed, only: Some(index), .. } => run::one(&goroot, seed, index)?,
        What::Mutate { count, analyse, from, seed, only: None } => {
            run::mutations(&goroot, seed, from..from.saturating_add(count), analyse)?
        }
        What::Growth => growth::run()?,
    };
    if failures > 0 {
        bail!("{failures} failures");
    }
    Ok(())
}
