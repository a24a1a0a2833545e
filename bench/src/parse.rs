//! Parsing the standard library's sources against go/parser: the same files from memory, one
//! thread each, the median of several rounds.

use crate::clock::{Cost, measure, median};
use anyhow::{Context, Result, ensure};
use stanch_syntax::{ParseMode, parse};
use std::fs;
use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

const ROUNDS: usize = 5;

/// Prints both speeds and their ratio.
pub(crate) fn run(goroot: &Path) -> Result<()> {
    let mut files = Vec::new();
    go_files(&goroot.join("src"), &mut files)?;
    let mut texts = Vec::new();
    let mut paths = Vec::new();
    for path in files {
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        // go/parser stops at the first bytes that are no text; leave such files out.
        if let Ok(text) = String::from_utf8(bytes) {
            texts.push(text);
            paths.push(path);
        }
    }
    let n_bytes: usize = texts.iter().map(String::len).sum();
    let n_lines: usize = texts.iter().map(|text| text.matches('\n').count()).sum();
    println!("{} files, {n_lines} lines, {:.1} MB", texts.len(), n_bytes as f64 / 1e6);

    let (version, theirs) = go_parser(goroot, &paths)?;
    let round = |_| {
        measure(|| {
            for text in &texts {
                black_box(parse(black_box(text), ParseMode::Full));
            }
        })
    };
    let ours = median((0..ROUNDS).map(round).collect());
    let print = |name: &str, cost: Cost| {
        let seconds = cost.best().as_secs_f64();
        let (bytes, lines) = (n_bytes as f64 / 1e6 / seconds, n_lines as f64 / 1e6 / seconds);
        println!("{name:<20} {bytes:7.1} MB/s {lines:6.2} M lines/s   ({cost})");
    };
    print(&format!("go/parser {version}"), theirs);
    print("stanch", ours);
    let ratio = theirs.best().as_secs_f64() / ours.best().as_secs_f64();
    println!("stanch parses {ratio:.2} times as fast");
    Ok(())
}

/// Every `.go` file below `dir`, sorted.
fn go_files(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            go_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "go") {
            files.push(path);
        }
    }
    Ok(())
}

/// The Go version and go/parser's cost.
fn go_parser(goroot: &Path, paths: &[PathBuf]) -> Result<(String, Cost)> {
    let mut child = Command::new(goroot.join("bin/go"))
        .args(["run", ".", &ROUNDS.to_string()])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("go/parse"))
        .env("GOROOT", goroot)
        .env("GOTOOLCHAIN", "local")
        .env("GOWORK", "off")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run go")?;
    let list: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
    let mut stdin = child.stdin.take().context("no pipe to go")?;
    stdin.write_all(list.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    ensure!(output.status.success(), "the Go program failed");
    let output = String::from_utf8(output.stdout)?;
    let mut lines = output.lines();
    let version = lines.next().unwrap_or_default().into();
    let mut costs = Vec::new();
    for line in lines {
        let (wall, cpu) = line.split_once(' ').context("malformed line from the Go program")?;
        let wall = Duration::from_nanos(wall.parse()?);
        costs.push(Cost { wall, cpu: Some(Duration::from_nanos(cpu.parse()?)) });
    }
    ensure!(costs.len() == ROUNDS, "the Go program printed {} rounds", costs.len());
    Ok((version, median(costs)))
}
