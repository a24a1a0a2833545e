//! `stanch check std` against `go vet std`.

use crate::clock::{Cost, measure_children};
use anyhow::{Context, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Prints the costs of both and their ratio. The release binary must have been built. `go vet` runs
/// with an empty build cache, as on a fresh machine, and once more with the cache that this left.
pub(crate) fn run(goroot: &Path) -> Result<()> {
    let stanch = binary()?;
    let source = goroot.join("src");
    let cache = std::env::temp_dir().join(format!("stanch-bench-{}", std::process::id()));
    fs::create_dir_all(&cache).with_context(|| format!("cannot make {}", cache.display()))?;
    let ours = timed(
        "stanch check std",
        Command::new(stanch).args(["check", "--no-cache", "std"]),
        &source,
    )?;
    let go = goroot.join("bin/go");
    let vet = |name: &str| {
        let mut command = Command::new(&go);
        command.args(["vet", "std"]).env("GOCACHE", &cache).env("GOTOOLCHAIN", "local");
        timed(name, &mut command, &source)
    };
    let cold = vet("go vet std (cold)");
    let warm = vet("go vet std (warm)");
    fs::remove_dir_all(&cache).with_context(|| format!("cannot remove {}", cache.display()))?;
    for (name, theirs) in [("cold", cold?), ("warm", warm?)] {
        let wall = theirs.wall.as_secs_f64() / ours.wall.as_secs_f64();
        let cpu = theirs.best().as_secs_f64() / ours.best().as_secs_f64();
        println!("against go vet {name}: {wall:.2} times as fast, CPU {cpu:.2} times");
    }
    Ok(())
}

/// The release binary.
pub(crate) fn binary() -> Result<PathBuf> {
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"),
    };
    let binary = target.join("release/stanch");
    ensure!(binary.is_file(), "{} is missing: cargo build --release", binary.display());
    Ok(fs::canonicalize(binary)?)
}

/// Runs the command in `dir`, prints what it cost and how it ended.
fn timed(name: &str, command: &mut Command, dir: &Path) -> Result<Cost> {
    command.current_dir(dir).stdout(Stdio::null()).stderr(Stdio::null());
    let (status, cost) = measure_children(|| command.status());
    let status = status.with_context(|| format!("cannot run {name}"))?;
    println!("{name:<20} {cost}   ({status})");
    Ok(cost)
}
