//! The project's own commands: `cargo xtask COMMAND`.

mod check_file;
mod codegen;
mod conformance_alike;
mod conformance_cost;
mod conformance_goleaks;
mod conformance_growth;
mod conformance_known;
mod conformance_packages;
mod conformance_pairs;
mod conformance_parser;
mod conformance_triage;
mod conformance_types;
mod fetch;
mod findings;
mod licences;
mod new_check;
mod readings;
mod ready;
mod smoke;
mod snapshot;
mod tidy;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(about = "The project's own commands", bin_name = "cargo xtask")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compares crates, files and checks with what ARCHITECTURE.md and CONTRIBUTING.md promise
    Tidy,
    /// Writes the list of checks and their pages from the checks' source files
    Codegen {
        /// Fail if a file is stale, and write nothing
        #[arg(long)]
        check: bool,
    },
    /// Writes the frame of a new check
    NewCheck {
        /// A bad pattern in kebab-case
        name: String,
        /// The short alias; the next free `CH` number if not given
        #[arg(long)]
        code: Option<String>,
    },
    /// Compares with Go's own tools and with the committed figures
    Conformance {
        /// What to compare; everything if not given
        what: Option<Conformance>,
        /// Write the figures
        #[arg(long)]
        update: bool,
        /// The large corpora too, which takes minutes and some gigabytes of downloads
        #[arg(long)]
        full: bool,
        /// Only these corpora (of `types`) or modules (of `known`, `known-more`, `known-fresh`, `known-held`)
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// The Go installation; what `go env GOROOT` says if not given
        #[arg(long)]
        goroot: Option<PathBuf>,
    },
    /// Copies a module and fetches what it requires, for smoke runs
    Fetch {
        /// `path@version`
        module: String,
        /// A folder that does not exist yet, or one that this command made
        to: PathBuf,
    },
    /// Runs the release binary over real code: it must end, without panic, with valid JSON
    Smoke {
        /// A module's folder, or `std`
        what: String,
    },
    /// Compares the licences of all dependencies with the list in deny.toml
    Licences,
    /// Which of the findings that were read in released modules are still found; downloads them
    Readings {
        /// Only modules whose `path@version` contains one of these words
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Runs the cheap steps of CI
    Ready,
}

#[derive(Clone, Copy, ValueEnum)]
enum Conformance {
    /// Correct programs that resemble leaks, and leaking twins of them
    Alike,
    /// What the explorer visits in large modules; downloads them
    Cost,
    /// Small programs that keep memory, and look-alikes that do not
    Growth,
    /// The leaks of the Go tree's own leak programs
    Goleaks,
    /// Known leaks of released modules; downloads them
    Known,
    /// More of them, in fifty other modules: some gigabytes and half an hour
    KnownMore,
    /// Repairs of 95 more modules that nobody had looked at before: as much again
    KnownFresh,
    /// Repairs of 47 modules that were collected last, to see what was not worked on
    KnownHeld,
    /// Programs that leak, and look-alikes
    Pairs,
    /// Accepted and rejected files of the Go tree
    Parser,
    /// Packages and files
    Packages,
    /// The precision of findings on real code, by labels; downloads it
    Triage,
    Types,
}

fn main() -> ExitCode {
    match run(Args::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::Tidy => tidy::run(),
        Command::Codegen { check } => codegen::run(check),
        Command::NewCheck { name, code } => new_check::run(&name, code.as_deref()),
        Command::Conformance { what, update, full, only, goroot } => {
            let goroot = goroot.map_or_else(workspace::goroot, Ok)?;
            if matches!(what, Some(Conformance::Growth) | None) {
                conformance_growth::run(&goroot, update)?;
            }
            if matches!(what, Some(Conformance::Alike) | None) {
                conformance_alike::run(update)?;
            }
            if matches!(what, Some(Conformance::Parser) | None) {
                conformance_parser::run(&goroot, update)?;
            }
            if matches!(what, Some(Conformance::Goleaks) | None) {
                conformance_goleaks::run(&goroot, update)?;
            }
            if matches!(what, Some(Conformance::Packages) | None) {
                conformance_packages::run(&goroot, update, full)?;
            }
            if matches!(what, Some(Conformance::Pairs) | None) {
                conformance_pairs::run(&goroot, update)?;
            }
            if matches!(what, Some(Conformance::Known)) || what.is_none() && full {
                conformance_known::run("known", update, &only)?;
            }
            if matches!(what, Some(Conformance::KnownMore)) {
                conformance_known::run("known-more", update, &only)?;
            }
            if matches!(what, Some(Conformance::KnownFresh)) {
                conformance_known::run("known-fresh", update, &only)?;
            }
            if matches!(what, Some(Conformance::KnownHeld)) {
                conformance_known::run("known-held", update, &only)?;
            }
            if matches!(what, Some(Conformance::Cost)) || what.is_none() && full {
                conformance_cost::run(&goroot, update)?;
            }
            if matches!(what, Some(Conformance::Triage)) || what.is_none() && full {
                conformance_triage::run(&goroot, update, &only)?;
            }
            if matches!(what, Some(Conformance::Types) | None) {
                conformance_types::run(&goroot, full, update, &only)?;
            }
            Ok(())
        }
        Command::Fetch { module, to } => fetch::run(&module, &to),
        Command::Smoke { what } => smoke::run(&what),
        Command::Licences => licences::run(),
        Command::Readings { only } => readings::run(&only),
        Command::Ready => ready::run(),
    }
}
