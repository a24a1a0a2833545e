//! What a check of a module costs against `go vet` of it: all checks, and those of obligations alone
//! against `go vet -lostcancel`. Tests are part of both.

use crate::clock::{Cost, measure_children, median};
use anyhow::{Context, Result, bail, ensure};
use stanch_checks::{Engine, ModuleEngine};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

const ROUNDS: usize = 3;

/// The argument with which this program runs `stanch` once and prints the peak of its memory.
pub(crate) const ONE_ROUND: &str = "vet-one-round";

/// Prints the costs and their ratios, what the engine of obligations does in a second, and how much of the
/// module it need not look at.
///
/// The build cache that `go vet` works with is warm: it ran with the same analysis before, so that all
/// that it imports is compiled and what it knows of the dependencies is at hand. Then the module's own
/// files change (by a comment, in an overlay) and are compiled, and only then it is measured: what is left
/// is the analysis of the module's own packages, as after a change in a package that the others import.
/// It can be measured only once so, and the check as the median of some rounds; no result of an earlier run
/// is of use to either.
///
/// Where nothing has changed both show what they found before: that is measured too.
pub(crate) fn run(goroot: &Path, dir: &Path, pattern: &str) -> Result<()> {
    let scratch = std::env::temp_dir().join(format!("stanch-bench-vet-{}", std::process::id()));
    fs::create_dir_all(&scratch).with_context(|| format!("cannot make {}", scratch.display()))?;
    let vets = vets(goroot, dir, pattern, &scratch);
    let again = vets.is_ok().then(|| unchanged(goroot, dir, pattern, &scratch));
    fs::remove_dir_all(&scratch).with_context(|| format!("cannot remove {}", scratch.display()))?;
    let (lost_cancel, all) = vets?;
    if let Some((theirs, ours)) = again.transpose()? {
        println!("nothing changed: go vet -lostcancel {theirs}; stanch, obligations {ours}");
        let ratio = theirs.best().as_secs_f64() / ours.best().as_secs_f64();
        println!("{:<33} {ratio:.2} times the CPU", "the same, ratio");
    }
    let names: Vec<&str> = obligations().collect();
    let select = names.join(",");
    let some = rounds("stanch, obligations", dir, &["--select", &select, pattern])?;
    work(dir, &["--select", &select, pattern], some)?;
    let whole = rounds("stanch, all checks", dir, &[pattern])?;
    for (name, theirs, ours) in [
        ("go vet -lostcancel / obligations", lost_cancel, some),
        ("go vet -lostcancel / all checks", lost_cancel, whole),
        ("go vet / obligations", all, some),
        ("go vet / all checks", all, whole),
    ] {
        let ratio = theirs.best().as_secs_f64() / ours.best().as_secs_f64();
        println!("{name:<33} {ratio:.2} times the CPU");
    }
    Ok(())
}

/// The checks that need the engine of obligations and no other.
fn obligations() -> impl Iterator<Item = &'static str> {
    let packages = stanch_checks::REGISTRY.iter().filter(|e| e.engine == Engine::Obligations);
    let module = [ModuleEngine::Locks, ModuleEngine::Duties];
    let mut names: Vec<&str> = packages.map(|entry| entry.check.name).collect();
    names.extend(module.into_iter().flat_map(stanch_checks::fed_by).map(|check| check.name));
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}

/// The costs of `go vet -lostcancel` and of `go vet`.
fn vets(goroot: &Path, dir: &Path, pattern: &str, scratch: &Path) -> Result<(Cost, Cost)> {
    let overlay = overlay(dir, pattern, scratch)?;
    let go = |arguments: &[&str]| {
        let mut command = go(goroot, dir, scratch);
        command.args(arguments).arg(pattern);
        let (status, cost) = measure_children(|| command.status());
        anyhow::Ok((status.context("cannot run go")?, cost))
    };
    // A module that does not build would cost vet nothing.
    ensure!(go(&["build"])?.0.success(), "go build failed");
    go(&["vet", "-lostcancel"])?;
    go(&["vet"])?;
    // An analysis that needs to know nothing of dependencies.
    go(&["vet", "-assign", "-overlay", &overlay])?;
    let vet = |name: &str, arguments: &[&str]| {
        let (status, cost) = go(arguments)?;
        println!("{name:<24} {cost} (exit code {})", status.code().unwrap_or(-1));
        anyhow::Ok(cost)
    };
    let lost_cancel = vet("go vet -lostcancel", &["vet", "-lostcancel", "-overlay", &overlay])?;
    Ok((lost_cancel, vet("go vet", &["vet", "-overlay", &overlay])?))
}

/// The costs of `go vet -lostcancel` and of the checks of obligations where both ran before over the same
/// files.
fn unchanged(goroot: &Path, dir: &Path, pattern: &str, scratch: &Path) -> Result<(Cost, Cost)> {
    let names: Vec<&str> = obligations().collect();
    let mut vet = go(goroot, dir, scratch);
    vet.args(["vet", "-lostcancel", pattern]);
    let mut check = Command::new(crate::check::binary()?);
    check.args(["check", "--quiet", "--select", &names.join(","), pattern]).current_dir(dir);
    check.env("STANCH_CACHE_DIR", scratch.join("results")).stdout(Stdio::null());
    let again = |command: &mut Command| {
        let mut costs = Vec::new();
        for _ in 0..=ROUNDS {
            let (status, cost) = measure_children(|| command.status());
            status.context("cannot run the command")?;
            costs.push(cost);
        }
        // The first run finds nothing kept.
        anyhow::Ok(median(costs.split_off(1)))
    };
    Ok((again(&mut vet)?, again(&mut check)?))
}

/// The `go` command in a folder, with a build cache of its own.
fn go(goroot: &Path, dir: &Path, scratch: &Path) -> Command {
    let mut command = Command::new(goroot.join("bin/go"));
    command.current_dir(dir).env("GOCACHE", scratch.join("cache")).env("GOTOOLCHAIN", "local");
    command.env("CGO_ENABLED", "0").stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// The path of an overlay (go help build) in which each of a module's own files has a comment more.
fn overlay(dir: &Path, pattern: &str, scratch: &Path) -> Result<String> {
    let top = dir.join(pattern.trim_end_matches("...").trim_end_matches('/'));
    let top = fs::canonicalize(&top).with_context(|| format!("cannot read {}", top.display()))?;
    let (mut folders, mut replaced) = (vec![top], serde_json::Map::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if path.is_dir() && !name.starts_with(['.', '_']) && name != "vendor" {
                folders.push(path);
            } else if name.ends_with(".go") {
                let copy = scratch.join(format!("{}.go", replaced.len()));
                let mut text = fs::read(&path)?;
                text.extend(b"\n// Changed.\n");
                fs::write(&copy, text)?;
                replaced.insert(path.display().to_string(), copy.display().to_string().into());
            }
        }
    }
    let file = scratch.join("overlay.json");
    let document = serde_json::json!({ "Replace": replaced });
    fs::write(&file, serde_json::to_vec(&document)?)?;
    Ok(file.display().to_string())
}

/// Prints how much the engine of obligations has to do, and what it does in a second of a check that needs
/// no other engine.
fn work(dir: &Path, arguments: &[&str], cost: Cost) -> Result<()> {
    let mut command = Command::new(crate::check::binary()?);
    command.args(["check", "--no-cache", "--quiet", "--output-format", "json"]).args(arguments);
    let output = command.current_dir(dir).output().context("cannot run stanch")?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let count = |name: &str| report["summary"][name].as_u64().unwrap_or_default() as f64;
    let (functions, irrelevant) = (count("functions"), count("irrelevant"));
    println!(
        "{functions} functions, {:.1} % of them irrelevant; {:.0} instructions of the others a CPU second",
        irrelevant / functions * 100.0,
        count("instructions") / cost.best().as_secs_f64(),
    );
    Ok(())
}

/// The middle of some rounds.
fn rounds(name: &str, dir: &Path, arguments: &[&str]) -> Result<Cost> {
    let own = std::env::current_exe().context("cannot find this program")?;
    let mut costs = Vec::new();
    let mut peaks = Vec::new();
    for _ in 0..ROUNDS {
        let mut command = Command::new(&own);
        command.arg(ONE_ROUND).args(arguments).current_dir(dir);
        let (output, cost) = measure_children(|| command.output());
        let output = output.context("cannot run this program")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        costs.push(cost);
        peaks.push(String::from_utf8(output.stdout)?.trim().parse::<u64>()?);
    }
    let cost = median(costs);
    let peak = peaks.into_iter().max().unwrap_or_default();
    println!("{name:<24} {cost}, peak {:.0} MB", peak as f64 / 1e6);
    Ok(cost)
}

/// Runs `stanch check` once and prints the largest resident size that was seen, in bytes (proc(5),
/// `VmHWM`, which only grows; it is read until the process ends).
pub(crate) fn one_round(arguments: &[String]) -> Result<()> {
    let mut command = Command::new(crate::check::binary()?);
    command.args(["check", "--no-cache", "--quiet", "--output-format", "concise"]).args(arguments);
    let mut child = command.stdout(Stdio::null()).spawn().context("cannot run stanch")?;
    let mut peak = 0;
    let status = loop {
        peak = peak.max(crate::clock::peak_memory_of(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait()? {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    };
    match status.code() {
        Some(0 | 1) => println!("{peak}"),
        code => bail!("stanch ended with {code:?}"),
    }
    Ok(())
}
