//! `cargo xtask codegen`: the list of checks and their pages.

use crate::check_file::{CheckFile, FOLDER};
use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

const PAGES: &str = "docs/checks";

/// Writes the files, or compares them with `check`.
pub(crate) fn run(check: bool) -> Result<()> {
    let root = workspace::root();
    let checks = CheckFile::all()?;
    let files = files(&checks)?;
    let mut stale: Vec<String> = Vec::new();
    for (name, text) in &files {
        let path = root.join(name);
        if fs::read_to_string(&path).ok().as_ref() == Some(text) {
            continue;
        }
        stale.push(name.clone());
        if !check {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, text).with_context(|| format!("cannot write {name}"))?;
        }
    }
    for name in pages_without_check(&files)? {
        stale.push(name.clone());
        if !check {
            fs::remove_file(root.join(&name)).with_context(|| format!("cannot remove {name}"))?;
        }
    }
    match (check, stale.is_empty()) {
        (_, true) => println!("codegen: {} checks, nothing to do", checks.len()),
        (false, false) => println!("codegen: wrote {}", stale.join(", ")),
        (true, false) => bail!("stale, run `cargo xtask codegen`: {}", stale.join(", ")),
    }
    Ok(())
}

/// Names and texts of all generated files.
fn files(checks: &[CheckFile]) -> Result<Vec<(String, String)>> {
    let mut files = vec![
        (format!("{FOLDER}/generated.rs"), registry(checks)?),
        (format!("{PAGES}/README.md"), index(checks)),
    ];
    files.extend(checks.iter().map(|c| (format!("{PAGES}/{}.md", c.name), c.page())));
    Ok(files)
}

fn pages_without_check(files: &[(String, String)]) -> Result<Vec<String>> {
    let mut extra = Vec::new();
    for entry in fs::read_dir(workspace::root().join(PAGES))? {
        let name = format!("{PAGES}/{}", entry?.file_name().to_string_lossy());
        if name.ends_with(".md") && files.iter().all(|(file, _)| *file != name) {
            extra.push(name);
        }
    }
    extra.sort();
    Ok(extra)
}

fn index(checks: &[CheckFile]) -> String {
    let mut text = "# Checks\n\nWritten by `cargo xtask codegen` from the checks' source files. \
                    `stanch explain NAME` prints a page.\n\n| check | code | finds | stage |\n\
                    |---|---|---|---|\n"
        .to_owned();
    for CheckFile { name, code, summary, stage, .. } in checks {
        let stage = stage.to_lowercase();
        let _ = writeln!(text, "| [{name}]({name}.md) | {code} | {summary} | {stage} |");
    }
    text
}

fn registry(checks: &[CheckFile]) -> Result<String> {
    let mut text =
        "//! The list of checks and their pages. `cargo xtask codegen` writes this file.\n\n\
                    use stanch_diagnostic::Check;\n\n/// Every check, in the order of names.\n\
                    pub const ALL: &[&Check] = &["
            .to_owned();
    for check in checks {
        write!(text, "&crate::{}::CHECK,", check.module)?;
    }
    text.push_str(
        "];\n\n/// The page of the check with this name, as Markdown.\n\
         pub fn explanation(name: &str) -> Option<&'static str> {\nSome(match name {\n",
    );
    for CheckFile { name, .. } in checks {
        writeln!(text, "\"{name}\" => include_str!(\"../../../{PAGES}/{name}.md\"),")?;
    }
    text.push_str("_ => return None,\n})\n}\n");
    format(&text)
}

/// Rust source as rustfmt has it.
fn format(text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--config-path"])
        .arg(workspace::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run `rustfmt`")?;
    // The text is far smaller than a pipe, so this does not wait for the reader.
    rustfmt.stdin.take().context("rustfmt has no input")?.write_all(text.as_bytes())?;
    let output = rustfmt.wait_with_output()?;
    ensure!(output.status.success(), "rustfmt refuses the list of checks");
    Ok(String::from_utf8(output.stdout)?)
}
