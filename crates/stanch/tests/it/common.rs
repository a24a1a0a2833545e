//! Go modules on disk and the binary run over them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use snapbox::cmd::Command;

/// Longer than any test run may take; a run that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(120);

/// A file with one certain leak: a send that nobody ever receives once `Fetch` has returned early.
pub(crate) const LEAK: &str = "package leak

func Fetch(fail bool) int {
	ch := make(chan int)
	go func() {
		ch <- 1
	}()
	if fail {
		return 0
	}
	return <-ch
}
";

/// A folder that holds a test's files.
pub(crate) struct Module {
    root: PathBuf,
}

impl Module {
    /// An empty folder for the test `name`, with a go.mod.
    pub(crate) fn new(name: &str) -> Self {
        let module = Self::bare(name);
        module.write("go.mod", "module example.com/m\n\ngo 1.24\n")
    }

    /// An empty folder for the test `name`.
    pub(crate) fn bare(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if root.exists() {
            remove(&root);
        }
        std::fs::create_dir_all(&root).expect("the test folder can be made");
        Self { root }
    }

    /// Adds a file.
    pub(crate) fn write(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("the folder can be made");
        }
        std::fs::write(path, content).expect("the file can be written");
        self
    }

    /// Where a file lies.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    /// The binary, in this folder.
    pub(crate) fn stanch(&self, args: &[&str]) -> Command {
        stanch().current_dir(&self.root).args(args)
    }

    /// Checks everything; the findings document.
    pub(crate) fn check(&self, args: &[&str]) -> Checked {
        let output = self
            .stanch(&["check", "--output-format", "json"])
            .args(args)
            .output()
            .expect("the binary runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!stderr.contains("panicked"), "{stderr}");
        let document = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("not JSON ({error}); standard error: {stderr}"));
        Checked { code: output.status.code(), document }
    }
}

/// The binary without variables that change colours, and without results of earlier runs.
pub(crate) fn stanch() -> Command {
    Command::new(snapbox::cmd::cargo_bin!("stanch"))
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .env_remove("CLICOLOR")
        .env("STANCH_CACHE_DIR", "off")
        .timeout(LIMIT)
}

/// What a run said.
pub(crate) struct Checked {
    /// Exit code; `None` if a signal ended the run.
    pub(crate) code: Option<i32>,
    /// The findings document.
    pub(crate) document: Value,
}

impl Checked {
    /// `file:line name` of each finding.
    pub(crate) fn findings(&self) -> Vec<String> {
        let findings = self.document["findings"].as_array().into_iter().flatten();
        findings
            .map(|finding| {
                let file = finding["location"]["file"].as_str().unwrap_or_default();
                let line = &finding["location"]["start"]["line"];
                let name = finding["name"].as_str().unwrap_or_default();
                format!("{file}:{line} {name}")
            })
            .collect()
    }

    /// Whether a diagnostic is about `file`, or its message names it.
    pub(crate) fn complains_about(&self, file: &str) -> bool {
        let diagnostics = self.document["diagnostics"].as_array();
        diagnostics.into_iter().flatten().any(|diagnostic| {
            diagnostic["file"].as_str().is_some_and(|name| name.contains(file))
                || diagnostic["message"].as_str().is_some_and(|text| text.contains(file))
        })
    }
}

/// Removes a folder, even one that a test made unreadable.
fn remove(root: &Path) {
    make_readable(root);
    std::fs::remove_dir_all(root).expect("the old test folder can be removed");
}

#[cfg(unix)]
fn make_readable(root: &Path) {
    use std::os::unix::fs::PermissionsExt;
    for entry in std::fs::read_dir(root).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            // Only folders that a test locked need it; others do not mind.
            let _ = std::fs::set_permissions(entry.path(), PermissionsExt::from_mode(0o755));
        }
    }
}

#[cfg(not(unix))]
fn make_readable(_: &Path) {}
