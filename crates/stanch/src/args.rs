//! The arguments and their help.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Finds memory leaks through concurrency in Go programs and shows how each one comes about.
#[derive(Parser, Debug)]
#[command(name = "stanch", version, max_term_width = 100, arg_required_else_help = true)]
#[command(disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// What every command understands.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Run as if started in DIR
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub(crate) directory: Option<PathBuf>,
    /// Whether to use colour; `auto` means on a terminal, and honours NO_COLOR and CLICOLOR_FORCE
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(crate) color: Color,
    /// Number of threads [default: one for each processor]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) threads: Option<NonZeroUsize>,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Find leaks in Go packages
    Check(CheckArgs),
    /// Explain a kind of leak: why it leaks, an example, how to repair it
    Explain(ExplainArgs),
    /// Show what stanch makes of the code, for developers of stanch
    Debug(DebugArgs),
}

/// Find leaks in Go packages.
///
/// Needs no `go` command, no network and no configuration: run it in a Go module.
#[derive(Args, Debug)]
#[command(after_long_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    /// What to check: `./...`, a directory, `dir/...`, a file, an import path, `std`
    #[arg(value_name = "PATTERN", default_value = "./...")]
    pub(crate) patterns: Vec<String>,
    /// How to print the findings
    #[arg(long, value_name = "FORMAT", default_value = "full")]
    pub(crate) output_format: OutputFormat,
    /// Run only these checks (names or codes)
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// Do not run these checks (names or codes)
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Show findings that are at least so sure
    #[arg(long, value_name = "LEVEL", default_value = "likely")]
    pub(crate) confidence: Confidence,
    /// Print the findings only: no warnings, no progress, no summary
    #[arg(short, long)]
    pub(crate) quiet: bool,
    /// Analyse anew, and do not keep the result
    #[arg(long)]
    pub(crate) no_cache: bool,
    #[command(flatten)]
    pub(crate) build: BuildArgs,
}

/// Which files belong to a package.
#[derive(Args, Debug)]
#[command(next_help_heading = "What belongs to a package")]
pub(crate) struct BuildArgs {
    /// Analyse test files too (the default)
    #[arg(long, overrides_with = "no_tests")]
    pub(crate) tests: bool,
    /// Leave test files out
    #[arg(long)]
    pub(crate) no_tests: bool,
    /// Build tags that hold
    #[arg(long, value_name = "TAG", value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// Operating system to analyse for [default: GOOS, or this one]
    #[arg(long, value_name = "OS")]
    pub(crate) goos: Option<String>,
    /// Architecture to analyse for [default: GOARCH, or this one]
    #[arg(long, value_name = "ARCH")]
    pub(crate) goarch: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct ExplainArgs {
    /// Name or code of a check; without it, all checks are listed
    #[arg(value_name = "CHECK")]
    pub(crate) check: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct DebugArgs {
    /// What to show
    pub(crate) kind: DebugKind,
    /// Files or package patterns
    #[arg(value_name = "FILE|PATTERN", required = true)]
    pub(crate) patterns: Vec<String>,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum OutputFormat {
    /// Annotated source and the steps that lead to each leak
    Full,
    /// One line a finding
    Concise,
    /// One JSON document
    Json,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Confidence {
    /// Every step is certain
    Proved,
    /// A step rests on a stated assumption
    Likely,
    /// A guess that is worth a look
    Possible,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DebugKind {
    /// The tokens of each file
    Tokens,
    /// The syntax trees
    Ast,
    /// The type of every expression and what every identifier means
    Types,
    /// The control-flow graphs
    Ir,
    /// The programs that the explorer runs
    Model,
    /// What the explorer does: an exploration a line, with its states and what makes them many
    Roots,
    /// The packages and what they import, as `go list -deps -test -json` describes them
    Packages,
}

const CHECK_HELP: &str = "\
Patterns:
  ./...            all packages below the current directory (the default)
  ./dir, dir/...   one package; all packages below a directory
  file.go          one file
  example.com/m/p  a package of the module or of its dependencies
  std              the standard library

Silencing a finding:
  A comment on the line of the finding or on the line before it silences a check there. It names
  the check and gives a reason; without a reason it silences nothing.

      ch <- v //stanch:ignore abandoned-send the reader lives as long as the program

Results of earlier runs:
  A run over files that have not changed since an earlier run, dependencies and stanch itself
  included, shows what that one found. Results are kept in the user's cache folder, or in the
  folder that STANCH_CACHE_DIR names; STANCH_CACHE_DIR=off keeps none.

Exit codes:
  0  nothing found
  1  findings
  2  stanch could not do its job: bad arguments, no Go files
";
