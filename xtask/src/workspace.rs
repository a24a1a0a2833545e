//! Where things are.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root folder of the project.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// What `cargo metadata` says about the workspace's own packages.
pub(crate) fn metadata() -> Result<Value> {
    metadata_with(&["--no-deps"])
}

/// What `cargo metadata` says about the workspace's packages and all that they depend on.
pub(crate) fn full_metadata() -> Result<Value> {
    metadata_with(&[])
}

fn metadata_with(args: &[&str]) -> Result<Value> {
    let mut cargo = cargo();
    cargo.args(["metadata", "--format-version", "1"]).args(args);
    serde_json::from_slice(&run(&mut cargo)?.stdout).context("cargo metadata is not JSON")
}

/// The release build of the tool, which has to be there.
pub(crate) fn binary() -> Result<PathBuf> {
    Ok(target()?.join("release").join(format!("stanch{}", std::env::consts::EXE_SUFFIX)))
}

/// The Go of an installation, apart from the user's settings.
pub(crate) fn go(goroot: &Path) -> Command {
    let mut go = Command::new(goroot.join("bin/go"));
    go.env("GOROOT", goroot).env("GOTOOLCHAIN", "local").env("GOWORK", "off").env("GOFLAGS", "");
    go
}

/// The cargo that runs this program, in the root folder.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// The folder that cargo builds into.
pub(crate) fn target() -> Result<PathBuf> {
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str().context("cargo names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// GOROOT of the `go` on PATH.
pub(crate) fn goroot() -> Result<PathBuf> {
    let output = run(Command::new("go").args(["env", "GOROOT"]))?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

/// Text files of the project, tracked or new, with their paths from the root.
pub(crate) fn texts() -> Result<Vec<(String, String)>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let list = String::from_utf8(run(&mut git)?.stdout).context("a file name is not UTF-8")?;
    let mut names: Vec<&str> = list.split('\0').filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    names.dedup();
    // Neither what is not text nor what was just deleted.
    let read =
        |name: &str| Some((name.to_owned(), std::fs::read_to_string(root().join(name)).ok()?));
    Ok(names.into_iter().filter_map(read).collect())
}

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("cannot run `{name}`"))?;
    let stderr = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "`{name}` failed:\n{}", stderr.trim());
    Ok(output)
}
