//! `cargo xtask smoke`: the release binary over real code.

use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Longer than any run takes on a slow machine; then it hangs.
const LIMIT: Duration = Duration::from_secs(600);

/// What a broken program writes to standard error.
const BROKEN: [&str; 4] =
    ["panicked", "overflowed its stack", "RUST_BACKTRACE", "memory allocation of"];

pub(crate) fn run(what: &str) -> Result<()> {
    let binary = workspace::binary()?;
    let (dir, pattern) = match what {
        "std" => (workspace::root(), "std"),
        dir => (fs::canonicalize(dir).with_context(|| format!("no folder {dir}"))?, "./..."),
    };
    let folder = workspace::target()?.join("smoke");
    fs::create_dir_all(&folder)?;
    let name = dir.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let name = if pattern == "std" { "std" } else { &name };
    let (out, err) = (folder.join(format!("{name}.json")), folder.join(format!("{name}.err")));
    let start = Instant::now();
    let child = Command::new(&binary)
        .args(["check", "--no-cache", "--output-format", "json", pattern])
        .current_dir(&dir)
        .stdin(Stdio::null())
        .stdout(File::create(&out)?)
        .stderr(File::create(&err)?)
        .spawn()
        .with_context(|| {
            format!("cannot run {}; `cargo build --release` makes it", binary.display())
        })?;
    let status = wait(child)?;
    let seconds = start.elapsed().as_secs_f64();
    let stderr = String::from_utf8_lossy(&fs::read(&err)?).into_owned();
    let document = verdict(status.code(), &fs::read(&out)?, &stderr)
        .with_context(|| format!("smoke {what}: {status}; standard error:\n{}", tail(&stderr)))?;
    println!("smoke {what}: {}, {seconds:.1} s in all", figures(&document)?);
    Ok(())
}

/// The counts of a document.
fn figures(document: &Value) -> Result<String> {
    let listed = |key: &str| document[key].as_array().map_or(0, Vec::len);
    let counted = |key: &str| {
        let count = document["summary"][key].as_u64();
        count.with_context(|| format!("the summary has no count `{key}`"))
    };
    Ok(format!(
        "{} findings, {} diagnostics, {} packages, {} lines, {} unknown expressions, {} ms",
        listed("findings"),
        listed("diagnostics"),
        counted("packages")?,
        counted("lines")?,
        counted("unknown_expressions")?,
        counted("milliseconds")?
    ))
}

/// The document, if the run was sound.
fn verdict(code: Option<i32>, stdout: &[u8], stderr: &str) -> Result<Value> {
    if let Some(text) = BROKEN.iter().find(|text| stderr.contains(**text)) {
        bail!("standard error says `{text}`");
    }
    ensure!(matches!(code, Some(0 | 1)), "the exit code is neither 0 nor 1");
    let document: Value =
        serde_json::from_slice(stdout).context("standard output is not valid JSON")?;
    ensure!(document["version"] == 1, "the document's version is {}", document["version"]);
    let findings = document["findings"].as_array().context("the document has no findings")?;
    ensure!(
        findings.is_empty() == (code == Some(0)),
        "exit code {code:?} with {} findings",
        findings.len()
    );
    for finding in findings {
        let has = |pointer: &str| finding.pointer(pointer).is_some_and(|v| !v.is_null());
        let whole = ["/rule", "/message", "/location/file", "/location/start/line"];
        ensure!(whole.into_iter().all(has), "a finding is not whole: {finding}");
    }
    Ok(document)
}

fn wait(mut child: Child) -> Result<ExitStatus> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("it did not end within {} s", LIMIT.as_secs());
        }
        sleep(Duration::from_millis(20));
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts() {
        let finding = r#"{"version":1,"findings":[{"rule":"a","message":"b",
            "location":{"file":"c","start":{"line":1}}}]}"#;
        assert!(verdict(Some(0), br#"{"version":1,"findings":[]}"#, "").is_ok());
        assert!(verdict(Some(1), finding.as_bytes(), "warning: x").is_ok());
        assert!(verdict(Some(0), finding.as_bytes(), "").is_err());
        assert!(verdict(Some(1), br#"{"version":1,"findings":[{}]}"#, "").is_err());
        assert!(verdict(Some(2), br#"{"version":1,"findings":[]}"#, "").is_err());
        assert!(verdict(None, br#"{"version":1,"findings":[]}"#, "").is_err());
        assert!(verdict(Some(0), b"{", "").is_err());
        assert!(verdict(Some(0), br#"{"version":2,"findings":[]}"#, "").is_err());
        assert!(
            verdict(Some(0), br#"{"version":1,"findings":[]}"#, "thread 'x' panicked at y")
                .is_err()
        );
    }

    #[test]
    fn counts() -> Result<()> {
        let summary = r#"{"packages":2,"lines":30,"unknown_expressions":4,"milliseconds":5}"#;
        let text = format!(r#"{{"findings":[],"diagnostics":[],"summary":{summary}}}"#);
        let expected =
            "0 findings, 0 diagnostics, 2 packages, 30 lines, 4 unknown expressions, 5 ms";
        assert_eq!(figures(&serde_json::from_str(&text)?)?, expected);
        assert!(figures(&Value::Null).is_err());
        Ok(())
    }
}
