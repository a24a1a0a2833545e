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
        "-json=ImportPath,GoFiles,TestGoFiles,XTestGoFiles,ForTest",
    ]);
    command.args(patterns).env("CGO_ENABLED", "0").env("GOFLAGS", "");
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
        (path, (list(&value, "GoFiles"), list(&value, "TestGoFiles"), list(&value, "XTestGoFiles")))
    });
    Some(files.filter(|(path, _)| path != "unsafe").collect())
}

fn ours(dir: &Path, patterns: &[&str], env: &[(&str, &str)]) -> Files {
    let mut environment = Environment::from_process();
    let fs = DiskFs;
    let mut variables = vec![("GOFLAGS", "")];
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
    let Some(mut theirs) = go_list(dir, patterns, env) else { return };
    let ours = ours(dir, patterns, env);
    assert!(!theirs.is_empty(), "go lists packages");
    // Test files of dependencies are not loaded.
    for (path, files) in &mut theirs {
        if ours.get(path).is_some_and(|o| o.1.is_empty() && o.2.is_empty())
            && !path.contains("root")
        {
            let root = patterns == ["std"] && !path.starts_with("vendor/");
            if !root {
                files.1.clear();
                files.2.clear();
            }
        }
    }
    let all: std::collections::BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let differ: Vec<String> = all
        .into_iter()
        .filter(|p| theirs.get(*p) != ours.get(*p))
        .map(|p| format!("{p}\n  go:   {:?}\n  ours: {:?}", theirs.get(p), ours.get(p)))
        .collect();
    assert!(differ.is_empty(), "{} packages differ:\n{}", differ.len(), differ.join("\n"));
}

fn goroot() -> Option<PathBuf> {
    let output = Command::new("go").args(["env", "GOROOT"]).output().ok()?;
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
