//! `cargo xtask fetch`: a module of the module proxy, as a folder of its own.

use crate::workspace;
use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The file that says what a folder holds.
const MARK: &str = ".fetched";

pub(crate) fn run(module: &str, to: &Path) -> Result<()> {
    ensure!(module.contains('@'), "`{module}` has no version");
    fetched(module, to, || fill(module, to))
}

/// Kubernetes of a version `1.N.P` with what its go.mod replaces by folders of `staging`, which the
/// proxy has as modules `v0.N.P`.
pub(crate) fn kubernetes(version: &str, to: &Path) -> Result<()> {
    let module = format!("k8s.io/kubernetes@v{version}");
    fetched(&module, to, || fill_kubernetes(&module, version, to))
}

/// Fills the folder unless it holds the module.
fn fetched(module: &str, to: &Path, fill: impl FnOnce() -> Result<()>) -> Result<()> {
    if fs::read_to_string(to.join(MARK)).is_ok_and(|text| text.trim() == module) {
        println!("{module} is in {} already", to.display());
        return Ok(());
    }
    ensure!(!to.exists(), "{} exists and does not hold {module}", to.display());
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    if let Err(error) = fill() {
        // Nothing was there before; half a copy would stand in the way of the next attempt.
        let _ = fs::remove_dir_all(to);
        return Err(error);
    }
    fs::write(to.join(MARK), module)?;
    println!("{module} is in {}", to.display());
    Ok(())
}

/// Downloads a module into the module cache, and says what is where. Works from the folder `dir`,
/// which must not be part of a module of ours.
fn download(module: &str, dir: &Path) -> Result<Value> {
    let output = workspace::run(go(dir).args(["mod", "download", "-json", module]))?;
    serde_json::from_slice(&output.stdout).context("go's answer is not JSON")
}

fn folder_of(answer: &Value) -> Result<&Path> {
    answer["Dir"].as_str().map(Path::new).context("go does not say where the module is")
}

fn fill(module: &str, to: &Path) -> Result<()> {
    let answer = download(module, to)?;
    copy(folder_of(&answer)?, to)?;
    let go_mod = to.join("go.mod");
    if !go_mod.exists() {
        // A module from before go.mod has one in the cache only, with nothing but its path: which
        // versions it was built with is written nowhere.
        let made = answer["GoMod"].as_str().context("go does not say where go.mod is")?;
        fs::write(&go_mod, fs::read(made)?)?;
        return Ok(());
    }
    fs::write(&go_mod, within(&fs::read_to_string(&go_mod)?)).context("cannot write go.mod")?;
    workspace::run(go(to).args(["mod", "download"]))?;
    // Writes what go.sum lacks where modules of the repository replaced each other.
    workspace::run(go(to).args(["list", "-e", "-deps", "-test", "./..."]))?;
    Ok(())
}

fn fill_kubernetes(module: &str, version: &str, to: &Path) -> Result<()> {
    let minor = version.strip_prefix("1.").context("not a version 1.N.P")?;
    let main = download(module, to)?;
    let main = folder_of(&main)?;
    let go_mod = fs::read_to_string(main.join("go.mod"))?;
    let mut missing = Vec::new();
    let mut staged = Vec::new();
    for name in go_mod.lines().filter_map(staged_module) {
        match download(&format!("{name}@v0.{minor}"), to) {
            Ok(answer) => staged.push((name, folder_of(&answer)?.to_path_buf())),
            // The sample modules are not published.
            Err(_) => missing.push(name),
        }
    }
    ensure!(missing.len() <= 2, "the proxy has no {}", missing.join(", "));
    copy(main, to)?;
    // It lists modules and holds none.
    fs::remove_dir_all(to.join("vendor")).context("cannot remove the vendor folder")?;
    for (name, from) in staged {
        let folder = to.join("staging/src").join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        copy(&from, &folder)?;
    }
    for file in ["go.mod", "go.work"] {
        let text = fs::read_to_string(to.join(file))?;
        let about = |line: &str| {
            missing.iter().any(|name| {
                line.split_whitespace()
                    .any(|word| word.trim_start_matches("./staging/src/") == *name)
            })
        };
        let kept: String = text.split_inclusive('\n').filter(|line| !about(line)).collect();
        fs::write(to.join(file), kept)?;
    }
    let mut download = Command::new("go");
    download.current_dir(to).env("GOFLAGS", "").env("GOWORK", "").args(["mod", "download"]);
    workspace::run(&mut download)?;
    Ok(())
}

/// The module that a line of go.mod replaces by a folder of `staging`.
fn staged_module(line: &str) -> Option<&str> {
    let (name, to) = line.split_once(" => ")?;
    to.starts_with("./staging/").then(|| name.trim())
}

fn go(dir: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(dir).env("GOFLAGS", "-mod=mod").env("GOWORK", "off");
    go
}

/// Copies a tree. The files are made anew, for those of the module cache may not be written to.
fn copy(from: &Path, to: &Path) -> Result<()> {
    let mut work = vec![(from.to_path_buf(), to.to_path_buf())];
    while let Some((from, to)) = work.pop() {
        fs::create_dir_all(&to)?;
        for entry in fs::read_dir(&from)? {
            let entry = entry?;
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            if entry.file_type()?.is_dir() {
                work.push((path, to));
            } else {
                let bytes = fs::read(&path)?;
                fs::write(&to, bytes).with_context(|| format!("cannot write {}", to.display()))?;
            }
        }
    }
    Ok(())
}

/// A go.mod without the replacements by folders outside the module.
fn within(go_mod: &str) -> String {
    let mut text = String::new();
    let mut in_block = false;
    for line in go_mod.lines() {
        let code = line.split("//").next().unwrap_or_default().trim();
        let replaces = in_block || code.starts_with("replace ") || code.starts_with("replace\t");
        match code {
            ")" => in_block = false,
            _ if code.ends_with('(') => in_block = code.starts_with("replace"),
            _ => {}
        }
        let leaves = |(_, new): (&str, &str)| {
            let new = new.trim().trim_matches('"');
            new == ".." || new.starts_with("../") || new.starts_with('/')
        };
        if !(replaces && code.split_once("=>").is_some_and(leaves)) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replacements_that_leave_the_module_go() {
        let go_mod = "module m\n\nreplace a => ../a\nreplace b => ./b\nreplace (\n\tc v1.0.0 => \
                      ../../c // near\n\td => e v1.0.0\n\tf => ..\n)\n\nrequire (\n\ta v1.0.0\n)\n";
        let kept = "module m\n\nreplace b => ./b\nreplace (\n\td => e v1.0.0\n)\n\nrequire (\n\t\
                    a v1.0.0\n)\n";
        assert_eq!(within(go_mod), kept);
    }
}
