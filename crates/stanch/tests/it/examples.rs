//! The programs under `examples/`: stanch sees in them what happens when they run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::common::stanch;

/// The leaking programs that today's checks reach, and what each is found as.
const FOUND: &[(&str, &str)] = &[
    ("body", "body-not-closed"),
    ("connection", "start-without-stop"),
    ("doublelock", "double-lock"),
    ("earlyreturn", "abandoned-send"),
    ("firstwins", "abandoned-send"),
    ("lockorder", "lock-order"),
    ("lockwait", "lock-held-waiting"),
    ("lostvalue", "abandoned-receive"),
    ("openrange", "range-without-close"),
    ("pull", "pull-without-stop"),
    ("readlock", "read-lock-reentry"),
    ("ticker", "range-over-ticker"),
    ("timeout", "abandoned-send"),
    ("unlock", "missing-unlock"),
    ("waitgroup", "waitgroup-never-done"),
    ("worker", "stuck-worker"),
];

/// Those that keep memory or files and leave no goroutine behind.
const KEPT: &[(&str, &str)] = &[
    ("audit", "growing-global"),
    ("closure", "registry-without-unsubscribe"),
    ("global", "growing-global"),
    ("pending", "delete-missed-on-path"),
    ("pinned", "goroutine-pins-argument"),
    ("queue", "popped-slot-keeps-pointer"),
    ("rows", "rows-not-closed"),
    ("subslice", "subslice-pins-buffer"),
    ("constructor", "constructor-error-leak"),
    ("file", "closer-not-closed"),
    ("lostcancel", "lost-cancel"),
    ("signal", "signal-without-stop"),
];

/// Run as a test in each program's package: how many goroutines are left when main has returned. What is
/// repaired gets the time it needs to end, on a busy machine too.
const COUNT: &str = r#"package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestCount(t *testing.T) {
	before := runtime.NumGoroutine()
	main()
	time.Sleep(50 * time.Millisecond)
	folder, _ := os.Getwd()
	for i := 0; i < 200 && filepath.Base(folder) != "leak" && runtime.NumGoroutine() > before; i++ {
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println("left behind:", runtime.NumGoroutine()-before)
}
"#;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn each_leak_is_found_and_nothing_else() {
    let output = stanch()
        .current_dir(repository())
        .args(["check", "--output-format", "json", "examples/..."])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["diagnostics"], json!([]));
    let found: BTreeSet<(String, String)> = document["findings"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|finding| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            (text(&finding["location"]["file"]), text(&finding["name"]))
        })
        .collect();
    let expected: BTreeSet<(String, String)> = FOUND
        .iter()
        .chain(KEPT)
        .map(|(program, name)| (format!("examples/{program}/leak/main.go"), (*name).to_owned()))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn the_programs_leak_goroutines_as_they_say() {
    let Some(listing) = run_all_and_count() else { return };
    let left = |program: &str| listing.iter().find(|(name, _)| name == program).map(|(_, n)| *n);
    for (program, _) in FOUND {
        assert!(left(&format!("{program}/leak")) > Some(0), "{program}: {listing:?}");
        assert_eq!(left(&format!("{program}/repaired")), Some(0), "{program}: {listing:?}");
    }
    assert_eq!(left("polling/clean"), Some(0), "{listing:?}");
}

/// Program and goroutines left; `None` where there is no `go` command to run the programs.
fn run_all_and_count() -> Option<Vec<(String, i64)>> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
    std::fs::create_dir_all(&folder).expect("the test folder can be made");
    let test = folder.join("count_test.go");
    std::fs::write(&test, COUNT).expect("the test can be written");

    let examples = repository().join("examples").canonicalize().expect("examples/ is there");
    let files: serde_json::Map<String, Value> = main_files(&examples)
        .iter()
        .map(|main| (main.with_file_name("count_test.go").display().to_string(), json!(test)))
        .collect();
    let overlay = folder.join("overlay.json");
    std::fs::write(&overlay, json!({ "Replace": files }).to_string()).expect("it can be written");

    let output = Command::new("go")
        .args(["test", "-json", "-count=1", "-vet=off", "-overlay"])
        .arg(&overlay)
        .arg("./...")
        .current_dir(&examples)
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    Some(text.lines().filter_map(count).collect())
}

/// The program and the number in a line of `go test -json`, if it reports one.
fn count(line: &str) -> Option<(String, i64)> {
    let event: Value = serde_json::from_str(line).ok()?;
    let number = event["Output"].as_str()?.strip_prefix("left behind: ")?.trim().parse().ok()?;
    let program = event["Package"].as_str()?.strip_prefix("example.com/stanch/examples/")?;
    Some((program.to_owned(), number))
}

/// Every `main.go` below `folder`.
fn main_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.ends_with("main.go") {
                found.push(path);
            }
        }
    }
    found
}
