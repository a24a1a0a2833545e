//! `cargo xtask new-check`: the frame of a check.

use crate::check_file::{CheckFile, FOLDER};
use crate::workspace;
use anyhow::{Context, Result, ensure};
use std::fs;

pub(crate) fn run(name: &str, code: Option<&str>) -> Result<()> {
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    ensure!(starts && name.chars().all(kebab), "`{name}` is not kebab-case");
    let checks = CheckFile::all()?;
    let code = match code {
        Some(code) => code.to_owned(),
        None => next_code(&checks),
    };
    ensure!(checks.iter().all(|c| c.code != code), "{code} is taken");
    let module = name.replace('-', "_");
    let file = format!("{FOLDER}/{module}.rs");
    let path = workspace::root().join(&file);
    ensure!(!path.exists(), "{file} exists");
    fs::write(&path, frame(name, &code)).with_context(|| format!("cannot write {file}"))?;
    println!(
        "wrote {file}\nNext: `pub mod {module};` and an entry of the registry in {FOLDER}/lib.rs, then \
         `cargo xtask codegen`"
    );
    Ok(())
}

fn next_code(checks: &[CheckFile]) -> String {
    let numbers = checks.iter().filter_map(|c| c.code.strip_prefix("CH")?.parse::<u32>().ok());
    format!("CH{:03}", numbers.max().unwrap_or(0) + 1)
}

fn frame(name: &str, code: &str) -> String {
    format!(
        r#"//! One line that says what the check finds.
//!
//! # Why it leaks
//! Who waits, and for how long; what stays in memory.
//!
//! # Example
//! ```go
//! func leak() {{
//!     ch := make(chan int)
//!     go func() {{ ch <- 1 }}()
//! }}
//! ```
//! How to repair it.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! What looks alike and is right.

use crate::Ctx;
use stanch_diagnostic::{{Cause, Check, Finding, Stage}};

/// The check.
pub const CHECK: Check = Check {{
    code: "{code}",
    name: "{name}",
    summary: "one clause that stands alone",
    cause: Cause::GoroutineLeak,
    stage: Stage::Preview("{version}"),
}};

/// Findings of one package.
pub fn run(_ctx: &Ctx<'_>) -> Vec<Finding> {{
    Vec::new()
}}
"#,
        version = env!("CARGO_PKG_VERSION")
    )
}
