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
    let mark = to.join(MARK);
    if fs::read_to_string(&mark).is_ok_and(|text| text.trim() == module) {
        println!("{module} is in {} already", to.display());
        return Ok(());
    }
    ensure!(!to.exists(), "{} exists and does not hold {module}", to.display());
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    // From a folder without go.mod, so that no module of ours changes.
    let output = workspace::run(go(to).args(["mod", "download", "-json", module]))?;
    let answer: Value =
        serde_json::from_slice(&output.stdout).context("go's answer is not JSON")?;
    let from = answer["Dir"].as_str().context("go does not say where the module is")?;
    copy(Path::new(from), to)?;
    workspace::run(go(to).args(["mod", "download"]))?;
    fs::write(&mark, module)?;
    println!("{module} is in {}", to.display());
    Ok(())
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
