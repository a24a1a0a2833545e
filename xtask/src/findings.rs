//! What the release binary finds, read from its findings document.

use crate::workspace;
use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than any run should take.
const LIMIT: Duration = Duration::from_secs(600);

/// The findings document, as far as it is compared with anything.
#[derive(Debug, Deserialize)]
pub(crate) struct Document {
    pub(crate) findings: Vec<Finding>,
    pub(crate) summary: Summary,
}

/// Counts of a run.
#[derive(Debug, Deserialize)]
pub(crate) struct Summary {
    pub(crate) roots: u64,
    pub(crate) inconclusive: u64,
    pub(crate) blurred: u64,
    pub(crate) bounded: u64,
    pub(crate) retries: u64,
    pub(crate) left_out: u64,
    pub(crate) states: u64,
    pub(crate) largest: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    pub(crate) name: String,
    pub(crate) message: String,
    /// The function of the operation, as the runtime spells it.
    #[serde(default)]
    pub(crate) function: String,
    pub(crate) location: Location,
    pub(crate) goroutine: Option<Goroutine>,
    #[serde(default)]
    pub(crate) also_blocked: Vec<Goroutine>,
    #[serde(default)]
    pub(crate) related: Vec<Related>,
    /// Stays the same when lines move.
    #[serde(default)]
    pub(crate) fingerprint: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Related {
    pub(crate) location: Location,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Location {
    pub(crate) file: String,
    pub(crate) start: Position,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Position {
    pub(crate) line: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Goroutine {
    /// Its first function, as the runtime spells it.
    pub(crate) entry: String,
    /// What it waits for, as the runtime spells it.
    pub(crate) wait: String,
    /// From the blocked operation outwards.
    #[serde(default)]
    pub(crate) frames: Vec<Frame>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Frame {
    pub(crate) file: String,
    pub(crate) line: u32,
}

impl Finding {
    /// All goroutines that it says are stuck.
    pub(crate) fn goroutines(&self) -> impl Iterator<Item = &Goroutine> {
        self.goroutine.iter().chain(&self.also_blocked)
    }

    /// `file:line: check: message`
    pub(crate) fn headline(&self) -> String {
        let Location { file, start, .. } = &self.location;
        format!("{file}:{}: {}: {}", start.line, self.name, self.message)
    }
}

/// Builds the release binary and says where it is.
pub(crate) fn build() -> Result<PathBuf> {
    workspace::run(workspace::cargo().args(["build", "--release", "--quiet", "-p", "stanch"]))?;
    workspace::binary()
}

/// What the binary finds in the packages of `patterns`, in the default profile. It is stopped if it
/// does not end.
pub(crate) fn check(binary: &Path, dir: &Path, patterns: &[&str]) -> Result<Document> {
    let mut child = Command::new(binary)
        .args(["check", "--no-cache", "--quiet", "--output-format", "json"])
        .args(patterns)
        .current_dir(dir)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {}", binary.display()))?;
    let mut stdout = child.stdout.take().context("no standard output")?;
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    let start = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if start.elapsed() > LIMIT {
            child.kill()?;
            child.wait()?;
            bail!("stanch does not end within {} s", LIMIT.as_secs());
        }
        thread::sleep(Duration::from_millis(20));
    };
    let bytes = reader.join().ok().context("the reader of the document failed")??;
    let place = dir.display();
    ensure!(matches!(status.code(), Some(0 | 1)), "stanch in {place}: {status}");
    serde_json::from_slice(&bytes).context("the findings document is malformed")
}
