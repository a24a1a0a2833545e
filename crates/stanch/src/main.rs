//! The command line of stanch: arguments in, exit code out.

mod args;
mod cache;
mod check;
mod debug;
mod explain;
mod output;
mod progress;
mod registry;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};

/// The analyses make many small objects: the system's allocator would take a third of their time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; a closed pipe is nobody's.
            let _ = error.print();
            return if error.use_stderr() { Outcome::Failed } else { Outcome::Clean }.into();
        }
    };
    match run(cli) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            output::error(&format!("{error:#}"));
            Outcome::Failed.into()
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<Outcome> {
    let Cli { command, global } = cli;
    match command {
        Command::Check(args) => check::run(&args, &global),
        Command::Explain(args) => explain::run(&args, &global),
        Command::Debug(args) => debug::run(&args, &global),
    }
}

/// What the exit code says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Outcome {
    /// The tool did its job and found nothing.
    Clean,
    /// The tool did its job and has findings to show.
    Findings,
    /// The tool could not do its job.
    Failed,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Clean => 0,
            Outcome::Findings => 1,
            Outcome::Failed => 2,
        })
    }
}
