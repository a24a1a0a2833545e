//! `cargo xtask conformance parser`: the parser's verdicts against go/parser's over a Go
//! installation, kept in `conformance/parser.snap`.

use anyhow::{Context, Result, bail, ensure};
use stanch_syntax::{ParseMode, parse_bytes};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of the installation that are compared.
const FOLDERS: [&str; 2] = ["src", "test"];

/// Why a verdict differs, for the differences that are meant to stay.
const REASONS: [(&str, &str); 1] = [(
    "src/internal/types/testdata/check/typeparams.go",
    "declares methods with type parameters, which Go 1.27 allows",
)];

/// Compares the figures with the committed ones, or writes them with `update`.
pub(crate) fn run(goroot: &Path, update: bool) -> Result<()> {
    crate::snapshot::settle("parser", &report(goroot)?, update)
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of the snapshot.
fn report(goroot: &Path) -> Result<String> {
    let mut version = String::new();
    let mut n_files = 0_usize;
    let mut differences = String::new();
    let mut n_differences = 0_usize;
    for folder in FOLDERS {
        let root = goroot.join(folder);
        let verdicts = reference(goroot, &root)?;
        let mut lines = verdicts.lines();
        version = lines.next().unwrap_or_default().trim_start_matches("# ").into();
        for line in lines {
            let (path, reference) = line.split_once('\t').context("malformed verdict")?;
            n_files += 1;
            let name = format!("{folder}/{path}");
            let bytes = fs::read(root.join(path)).with_context(|| format!("cannot read {name}"))?;
            let (_, parsed) = parse_bytes(&bytes, ParseMode::Full);
            let ours = if parsed.errors.is_empty() { "accept" } else { "reject" };
            if ours == reference {
                continue;
            }
            n_differences += 1;
            let reason = REASONS.iter().find(|(path, _)| *path == name);
            let reason = reason.map_or("a bug", |(_, reason)| *reason);
            writeln!(differences, "\n{name}\n    go/parser: {reference}, stanch: {ours}")?;
            if let Some(error) = parsed.errors.first() {
                writeln!(differences, "    at byte {}: {}", error.range.start, error.message)?;
            }
            writeln!(differences, "    reason: {reason}")?;
        }
    }
    ensure!(n_files > 0, "no Go files under {}", goroot.display());
    let n_agree = n_files - n_differences;
    let header = "Verdict (accept or reject) of the parser and of go/parser on the files of a Go \
                  installation.\nWritten by `cargo xtask conformance parser --update`.";
    let figures = format!(
        "reference: go/parser of {version}\nfiles: {n_files}\nagree: {n_agree}\ndiffer: {n_differences}"
    );
    Ok(format!("{header}\n\n{figures}\n{differences}"))
}

/// What the Go program says about the files under `root`.
fn reference(goroot: &Path, root: &Path) -> Result<String> {
    let output = Command::new(goroot.join("bin/go"))
        .args(["run", "."])
        .arg(root)
        .current_dir(workspace().join("conformance/parser"))
        .env("GOROOT", goroot)
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .output()
        .with_context(|| format!("cannot run the Go of {}", goroot.display()))?;
    if !output.status.success() {
        bail!("the reference program failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    String::from_utf8(output.stdout).context("a file name is not UTF-8")
}
