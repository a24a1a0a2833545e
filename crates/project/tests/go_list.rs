//! Packages and files against `go list`, which must agree exactly.

use stanch_project::{Config, Package, Variant, load};
use stanch_source::{DiskFs, Environment};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

type Files = BTreeMap<String, (Vec<String>, Vec<String>, Vec<String>)>;

/// Files by import path as go lists them, or why that cannot be asked.
fn go_list(dir: &Path, patterns: &[&str], env: &[(&str, &str)]) -> Option<Files> {
    let mut command = Command::new("go");
    command.current_dir(dir).args([
        "list",
        "-deps",
        "-json=ImportPath,GoFiles,TestGoFiles,XTestGoFiles,DepOnly",
    ]);
    command.args(patterns).env("CGO_ENABLED", "0").env("GOFLAGS", "-mod=readonly");
    // A test neither fetches nor changes modules.
    command.env("GOPROXY", "off").env("GOTOOLCHAIN", "local").env("GOWORK", "off");
    command.envs(env.iter().copied());
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: no `go` command to compare with");
        return None;
    };
    let list = |value: &serde_json::Value, key: &str| -> Vec<String> {
        let items = value[key].as_array().into_iter().flatten();
        items.filter_map(|v| v.as_str().map(str::to_owned)).collect()
    };
    let stream = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    let files = stream.map(|value: Result<serde_json::Value, _>| {
        let value = value.expect("go list prints JSON");
        let path = value["ImportPath"].as_str().expect("a path").to_owned();
        // Test files of dependencies are not loaded.
        let tests = |key| match value["DepOnly"].as_bool() {
            Some(true) => Vec::new(),
            _ => list(&value, key),
        };
        (path, (list(&value, "GoFiles"), tests("TestGoFiles"), tests("XTestGoFiles")))
    });
    Some(files.filter(|(path, _)| path != "unsafe").collect())
}

fn ours(dir: &Path, patterns: &[&str], env: &[(&str, &str)]) -> Files {
    let mut environment = Environment::from_process();
    let fs = DiskFs;
    let mut variables = vec![("GOFLAGS", "-mod=readonly"), ("GOWORK", "off")];
    variables.extend(env);
    environment.set(&variables);
    let mut config = Config::new(&fs, &environment, &[], None, None);
    let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
    let mut files = Files::new();
    for tests in [false, true] {
        config.tests = tests;
        let workspace = load(&fs, &config, dir, &patterns);
        for package in workspace.packages.iter().filter(|p| p.path != "unsafe") {
            let names = |test: bool| -> Vec<String> {
                package.files.iter().filter(|f| f.test == test).map(|f| name(&f.path)).collect()
            };
            match package.variant {
                Variant::Plain if !tests => {
                    files.entry(package.path.clone()).or_default().0 = names(false);
                }
                Variant::Test => files.entry(package.path.clone()).or_default().1 = names(true),
                Variant::ExternalTest => {
                    files.entry(tested(package)).or_default().2 = names(true);
                }
                Variant::Plain => {}
            }
        }
    }
    files
}

fn tested(package: &Package) -> String {
    package.path.trim_end_matches("_test").to_owned()
}

fn name(path: &Path) -> String {
    path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())
}

#[track_caller]
fn compare(dir: &Path, patterns: &[&str], env: &[(&str, &str)]) {
    let Some(theirs) = go_list(dir, patterns, env) else { return };
    let ours = ours(dir, patterns, env);
    assert!(!theirs.is_empty(), "go lists packages");
    let all: std::collections::BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let differ: Vec<String> = all
        .into_iter()
        .filter(|p| theirs.get(*p) != ours.get(*p))
        .map(|p| format!("{p}\n  go:   {:?}\n  ours: {:?}", theirs.get(p), ours.get(p)))
        .collect();
    assert!(differ.is_empty(), "{} packages differ:\n{}", differ.len(), differ.join("\n"));
}

fn goroot() -> Option<PathBuf> {
    let Ok(output) = Command::new("go").args(["env", "GOROOT"]).output() else {
        eprintln!("SKIPPED: no `go` command to compare with");
        return None;
    };
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

#[test]
fn standard_library() {
    let Some(goroot) = goroot() else { return };
    compare(&goroot.join("src"), &["std"], &[]);
}

#[test]
fn standard_library_for_other_targets() {
    let Some(goroot) = goroot() else { return };
    for (os, arch) in [("windows", "amd64"), ("darwin", "arm64"), ("js", "wasm"), ("linux", "386")]
    {
        compare(&goroot.join("src"), &["std"], &[("GOOS", os), ("GOARCH", arch)]);
    }
}

/// Files of a module with whatever decides which of them are built.
const MODULE: &[(&str, &str)] = &[
    (
        "go.mod",
        "module example.com/m\n\ngo 1.25\n\nignore ./web\n\nrequire (\n\texample.com/local v1.0.0\n\
         \texample.com/other/v2 v2.3.4\n)\n\nreplace example.com/local => ./local\n\n\
         replace example.com/other/v2 v2.3.4 => ./other\n",
    ),
    ("m.go", "package m\n\nimport (\n\t_ \"example.com/local/p\"\n\t_ \"example.com/m/a\"\n)\n"),
    ("m_test.go", "package m_test\n\nimport _ \"testing\"\n"),
    ("a/a.go", "package a\n\nimport _ \"example.com/other/v2\"\n"),
    ("a/a_linux.go", "package a\n"),
    ("a/a_windows.go", "package a\n"),
    ("a/a_windows_test.go", "package a\n"),
    ("a/a_js_wasm.go", "package a\n"),
    ("a/a_unix.go", "package a\n"),
    ("a/linux.go", "package a\n"),
    ("a/_b.go", "package b\n"),
    ("a/.b.go", "package b\n"),
    ("a/c.go", "// x\n\n//go:build (linux || windows) && !cgo && go1.1\n\npackage a\n"),
    ("a/d.go", "// +build linux,!amd64 plan9\n\npackage a\n"),
    ("a/e.go", "//go:build ignore\n\npackage main\n"),
    ("a/f.go", "/* //go:build none */\npackage a\n"),
    ("a/g.go", "package documentation\n"),
    ("a/h.go", "package a\n\nimport \"C\"\n"),
    ("a/testdata/t.go", "package t\n"),
    ("a/_x/x.go", "package x\n"),
    ("only/only_plan9.go", "package only\n"),
    ("web/w.go", "package web\n"),
    ("a/web/w.go", "package web\n"),
    ("local/go.mod", "module example.com/local\n\ngo 1.20\n"),
    ("local/p/p.go", "package p\n"),
    ("other/go.mod", "module example.com/other/v2\n\ngo 1.20\n"),
    ("other/o.go", "package other\n"),
];

#[test]
fn a_module() {
    let dir = std::env::temp_dir().join(format!("stanch-project-{}", std::process::id()));
    for (name, text) in MODULE {
        let path = dir.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
    }
    let dir = dir.canonicalize().expect("the folder exists");
    for (os, arch) in [("linux", "amd64"), ("linux", "arm64"), ("windows", "amd64"), ("js", "wasm")]
    {
        compare(&dir, &["./..."], &[("GOOS", os), ("GOARCH", arch)]);
    }
    std::fs::remove_dir_all(dir).expect("the folder can be removed");
}
