//! Packages, files, imports and modules against `go list -deps -test`, which must agree exactly: on the
//! standard library and on small layouts of every kind. `cargo xtask conformance packages` compares
//! more targets and large modules.

use serde_json::Value;
use stanch_project::{Config, Listed, list};
use stanch_source::{DiskFs, Environment, FileSystem};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

type Fields = BTreeMap<&'static str, BTreeSet<String>>;

const LISTS: [&str; 6] =
    ["GoFiles", "CgoFiles", "TestGoFiles", "XTestGoFiles", "IgnoredGoFiles", "Imports"];

/// Packages as go lists them, or `None` if that cannot be asked.
fn go_list(
    dir: &Path,
    patterns: &[&str],
    env: &[(&str, &str)],
) -> Option<BTreeMap<String, Fields>> {
    let mut command = Command::new("go");
    command.current_dir(dir).args(["list", "-deps", "-test"]);
    command.arg(format!("-json=ImportPath,Module,{}", LISTS.join(","))).args(patterns);
    command.envs(env.iter().copied());
    let Ok(output) = command.output() else {
        eprintln!("SKIPPED: no `go` command to compare with");
        return None;
    };
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "go list fails: {complaint}");
    let stream = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let packages = stream.map(|value| {
        let value = value.expect("go list prints JSON");
        let path = value["ImportPath"].as_str().expect("a path").to_owned();
        let mut fields = Fields::new();
        for name in LISTS {
            let items = value[name].as_array().into_iter().flatten().filter_map(Value::as_str);
            // A test program's source lies in the build cache.
            let made = name == "GoFiles" && path.ends_with(".test");
            let items = items.map(|item| if made { "_testmain.go" } else { item }.to_owned());
            fields.insert(name, items.collect());
        }
        fields.insert("Module", go_module(&value["Module"]).into_iter().collect());
        (path, fields)
    });
    Some(packages.collect())
}

fn go_module(module: &Value) -> Option<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let go = module["GoVersion"].as_str().unwrap_or("1.16");
    let go = go.splitn(3, '.').take(2).collect::<Vec<_>>().join(".");
    let replace = &module["Replace"];
    Some(format!(
        "{} {} {go} => {} {}",
        module["Path"].as_str()?,
        text(&module["Version"]),
        text(&replace["Path"]),
        text(&replace["Version"]),
    ))
}

fn ours(dir: &Path, patterns: &[&str], env: &[(&str, &str)]) -> BTreeMap<String, Fields> {
    let mut environment = Environment::from_process();
    environment.set(env);
    let config = Config::new(&DiskFs, &environment, &[], None, None);
    let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
    let listing = list(&DiskFs, &config, dir, &patterns);
    listing.packages.into_iter().map(|p| (p.import_path.clone(), our_fields(p))).collect()
}

fn our_fields(p: Listed) -> Fields {
    let module = p.module.map(|module| {
        let (by, by_version) = module.replace.map(|r| (r.path, r.version)).unwrap_or_default();
        let version = module.version.unwrap_or_default();
        let (major, minor) = module.go;
        format!("{} {version} {major}.{minor} => {by} {by_version}", module.path)
    });
    [
        ("GoFiles", p.go_files),
        ("CgoFiles", p.cgo_files),
        ("TestGoFiles", p.test_go_files),
        ("XTestGoFiles", p.xtest_go_files),
        ("IgnoredGoFiles", p.ignored_go_files),
        ("Imports", p.imports),
        ("Module", module.into_iter().collect()),
    ]
    .into_iter()
    .map(|(name, items)| (name, items.into_iter().collect()))
    .collect()
}

/// Compares; returns the import paths.
#[track_caller]
fn compare(dir: &Path, patterns: &[&str], env: &[(&str, &str)]) -> BTreeSet<String> {
    // A test neither fetches nor changes modules.
    let mut all: Vec<(&str, &str)> =
        vec![("GOPROXY", "off"), ("GOTOOLCHAIN", "local"), ("CGO_ENABLED", "0"), ("GOFLAGS", "")];
    all.push(("GOWORK", ""));
    all.retain(|(name, _)| env.iter().all(|(other, _)| other != name));
    all.extend(env);
    let Some(theirs) = go_list(dir, patterns, &all) else { return BTreeSet::new() };
    let ours = ours(dir, patterns, &all);
    assert!(!theirs.is_empty(), "go lists packages");
    let paths: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    let differ: Vec<String> = paths
        .iter()
        .filter(|p| theirs.get(**p) != ours.get(**p))
        .map(|p| format!("{p}\n  go:   {:?}\n  ours: {:?}", theirs.get(*p), ours.get(*p)))
        .collect();
    assert!(differ.is_empty(), "{} packages differ:\n{}", differ.len(), differ.join("\n"));
    theirs.into_keys().collect()
}

/// A folder of files that goes when the test ends.
struct Layout(PathBuf);

impl Layout {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let dir = std::env::temp_dir().join(format!("stanch-list-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        for (name, text) in files {
            let path = dir.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            std::fs::write(path, text).expect("a file is written");
        }
        Self(DiskFs.resolve(&dir))
    }

    fn at(&self, inside: &str) -> PathBuf {
        if inside.is_empty() { self.0.clone() } else { self.0.join(inside) }
    }
}

impl Drop for Layout {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn goroot() -> Option<PathBuf> {
    let Ok(output) = Command::new("go").args(["env", "GOROOT"]).output() else {
        eprintln!("SKIPPED: no `go` command to compare with");
        return None;
    };
    Some(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

#[test]
fn standard_library_and_its_vendored_packages() {
    let Some(goroot) = goroot() else { return };
    for (os, arch) in [("linux", "amd64"), ("windows", "arm64"), ("js", "wasm")] {
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
    ("a/x.go", "//go:build slow && !quick\n\npackage a\n"),
    ("a/testdata/t.go", "package t\n"),
    ("a/_x/x.go", "package x\n"),
    ("only/only_plan9.go", "package only\n"),
    ("web/w.go", "package web\n"),
    ("a/web/w.go", "package web\n"),
    ("local/go.mod", "module example.com/local\n\ngo 1.20\n"),
    ("local/p/p.go", "package p\n"),
    ("other/go.mod", "module example.com/other/v2\n"),
    ("other/o.go", "package other\n"),
    ("cmd/tool/main.go", "package main\n\nimport _ \"example.com/m\"\n\nfunc main() {}\n"),
    ("cmd/tool/main_test.go", "package main_test\n\nimport _ \"example.com/m/cmd/tool\"\n"),
];

#[test]
fn constraints_and_tags() {
    let layout = Layout::new("module", MODULE);
    for env in [
        &[("GOOS", "linux"), ("GOARCH", "amd64")][..],
        &[("GOOS", "linux"), ("GOARCH", "arm64"), ("GOFLAGS", "-tags=slow")],
        &[("GOOS", "windows"), ("GOARCH", "amd64"), ("GOFLAGS", "-mod=readonly -tags=slow,quick")],
        &[("GOOS", "js"), ("GOARCH", "wasm")],
        &[("GOOS", "linux"), ("GOARCH", "amd64"), ("CGO_ENABLED", "1")],
    ] {
        compare(&layout.at(""), &["./..."], env);
        compare(&layout.at("a"), &[".", "../cmd/..."], env);
    }
}

/// Tests that make the go command build packages anew.
#[test]
fn test_variants() {
    let layout = Layout::new(
        "variants",
        &[
            ("go.mod", "module example.com/v\n\ngo 1.22\n"),
            ("a/a.go", "package a\n\nimport _ \"errors\"\n"),
            ("a/export_test.go", "package a\n\nimport _ \"testing\"\n"),
            (
                "a/a_test.go",
                "package a_test\n\nimport (\n\t_ \"example.com/v/a\"\n\t_ \"example.com/v/c\"\n)\n",
            ),
            ("b/b.go", "package b\n\nimport _ \"example.com/v/a\"\n"),
            (
                "c/c.go",
                "package c\n\nimport (\n\t_ \"example.com/v/b\"\n\t_ \"example.com/v/d\"\n)\n",
            ),
            ("d/d.go", "package d\n"),
            ("d/d_test.go", "package d_test\n\nimport _ \"example.com/v/c\"\n"),
            ("e/e_test.go", "package e\n\nimport _ \"example.com/v/a\"\n"),
            ("f/f_test.go", "package f_test\n"),
        ],
    );
    let paths = compare(&layout.at(""), &["./..."], &[]);
    if !paths.is_empty() {
        assert!(paths.contains("example.com/v/c [example.com/v/a.test]"), "{paths:?}");
    }
}

/// A repository of several modules, as a workspace and without it.
#[test]
fn several_modules() {
    let layout = Layout::new(
        "several",
        &[
            ("go.work", "go 1.24\n\nuse (\n\t.\n\t./api\n)\n\nreplace example.com/dep => ./dep\n"),
            (
                "go.mod",
                "module example.com/r\n\ngo 1.24\n\nrequire example.com/r/api v1.0.0\n\nreplace example.com/r/api => ./api\n",
            ),
            ("r.go", "package r\n\nimport _ \"example.com/r/api/v\"\n"),
            ("nested/go.mod", "module example.com/nested\n\ngo 1.20\n"),
            ("nested/n.go", "package n\n"),
            (
                "api/go.mod",
                "module example.com/r/api\n\ngo 1.23.1\n\nrequire example.com/dep v0.0.0\n",
            ),
            ("api/v/v.go", "package v\n"),
            ("api/w/w.go", "package w\n\nimport _ \"example.com/dep\"\n"),
            ("dep/go.mod", "module example.com/dep\n\ngo 1.21\n"),
            ("dep/dep.go", "package dep\n"),
        ],
    );
    compare(&layout.at(""), &["./..."], &[]);
    compare(&layout.at(""), &["./...", "./api/..."], &[]);
    compare(&layout.at("api"), &["./..."], &[]);
    compare(&layout.at(""), &["example.com/r/..."], &[]);
    compare(&layout.at(""), &["./..."], &[("GOWORK", "off")]);
    compare(&layout.at("nested"), &["./..."], &[("GOWORK", "off")]);
    let other = layout.at("other.work");
    std::fs::write(&other, "go 1.24\n\nuse ./nested\n").expect("a file is written");
    let other = other.to_string_lossy().into_owned();
    compare(&layout.at("nested"), &["./..."], &[("GOWORK", &other)]);
}

/// Versions in a module cache of the test's own, so that selection decides.
#[test]
fn versions_replacements_and_exclusions() {
    let mut files = vec![
        ("m/go.mod".to_owned(), "module example.com/m\n\ngo 1.16\n\nrequire (\n\texample.com/A v1.0.0\n\texample.com/b v1.0.0\n\texample.com/c v1.0.0\n)\n\nexclude example.com/b v1.2.0\n\nreplace example.com/c => example.com/d v1.5.0\n".to_owned()),
        ("m/go.sum".to_owned(), String::new()),
        ("m/m.go".to_owned(), "package m\n\nimport (\n\t_ \"example.com/A\"\n\t_ \"example.com/b\"\n\t_ \"example.com/c/x\"\n)\n".to_owned()),
    ];
    let mut module =
        |path: &str, cached: &str, version: &str, requires: &str, inside: &str, go: &str| {
            let text = format!("module {path}\n{go}{requires}");
            let download = format!("cache/cache/download/{cached}/@v/{version}");
            files.push((format!("{download}.mod"), text.clone()));
            files.push((format!("{download}.info"), format!("{{\"Version\":\"{version}\"}}")));
            files.push((
                format!("{download}.ziphash"),
                "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".to_owned(),
            ));
            files.push((format!("{download}.zip"), String::new()));
            files.push((format!("cache/{cached}@{version}/go.mod"), text));
            files
                .push((format!("cache/{cached}@{version}/{inside}f.go"), "package f\n".to_owned()));
        };
    module(
        "example.com/A",
        "example.com/!a",
        "v1.0.0",
        "require (\n\texample.com/b v1.2.0\n\texample.com/b v1.1.0\n)\n",
        "",
        "go 1.15\n",
    );
    module("example.com/b", "example.com/b", "v1.0.0", "", "", "");
    module("example.com/b", "example.com/b", "v1.1.0", "", "", "go 1.18\n");
    module("example.com/b", "example.com/b", "v1.2.0", "", "", "");
    module("example.com/c", "example.com/d", "v1.5.0", "", "x/", "go 1.17\n");
    let files: Vec<(&str, &str)> = files.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let layout = Layout::new("versions", &files);
    let cache = layout.at("cache").to_string_lossy().into_owned();
    let env = [("GOMODCACHE", cache.as_str()), ("GOFLAGS", "-mod=mod"), ("GOSUMDB", "off")];
    let paths = compare(&layout.at("m"), &["./..."], &env);
    assert!(paths.is_empty() || paths.contains("example.com/c/x"), "{paths:?}");
}

const VENDORED: &[(&str, &str)] = &[
    (
        "go.mod",
        "module example.com/m\n\ngo 1.17\n\nrequire (\n\texample.com/a v1.2.3\n\texample.com/b v0.1.0\n)\n\nreplace example.com/b => ../b\n",
    ),
    ("m.go", "package m\n\nimport (\n\t_ \"example.com/a/x\"\n\t_ \"example.com/b\"\n)\n"),
    (
        "vendor/modules.txt",
        "# example.com/a v1.2.3\n## explicit; go 1.19\nexample.com/a/x\n# example.com/b v0.1.0 => ../b\n## explicit\nexample.com/b\n# example.com/b => ../b\n",
    ),
    ("vendor/example.com/a/x/x.go", "package x\n"),
    ("vendor/example.com/a/x/x_test.go", "package x\n"),
    ("vendor/example.com/b/b.go", "package b\n"),
];

#[test]
fn vendored_modules() {
    let layout = Layout::new("vendored", VENDORED);
    compare(&layout.at(""), &["./..."], &[]);
    compare(&layout.at(""), &["./..."], &[("GOFLAGS", "-mod=vendor")]);
    compare(&layout.at(""), &["example.com/a/..."], &[("GOFLAGS", "-mod=vendor -tags=x")]);
}

#[test]
fn a_workspace_with_a_vendor_folder() {
    let layout = Layout::new(
        "work-vendor",
        &[
            ("go.work", "go 1.22\n\nuse (\n\t./p\n\t./q\n)\n"),
            ("p/go.mod", "module example.com/p\n\ngo 1.22\n\nrequire example.com/a v1.2.3\n"),
            ("p/p.go", "package p\n\nimport (\n\t_ \"example.com/a\"\n\t_ \"example.com/q\"\n)\n"),
            ("q/go.mod", "module example.com/q\n\ngo 1.21\n"),
            ("q/q.go", "package q\n"),
            (
                "vendor/modules.txt",
                "## workspace\n# example.com/a v1.2.3\n## explicit; go 1.20\nexample.com/a\n",
            ),
            ("vendor/example.com/a/a.go", "package a\n"),
        ],
    );
    compare(&layout.at("p"), &["./..."], &[]);
    compare(&layout.at(""), &["./p/...", "./q"], &[]);
}

#[test]
fn gopath_mode() {
    let layout = Layout::new(
        "gopath",
        &[
            (
                "one/src/example.com/p/p.go",
                "package p\n\nimport (\n\t_ \"example.com/q\"\n\t_ \"example.com/v/x\"\n\t_ \"plain\"\n)\n",
            ),
            (
                "one/src/example.com/p/vendor/example.com/v/x/x.go",
                "package x\n\nimport _ \"example.com/v/y\"\n",
            ),
            ("one/src/example.com/p/vendor/example.com/v/y/y.go", "package y\n"),
            ("one/src/example.com/p/in/in.go", "package in\n\nimport _ \"example.com/v/x\"\n"),
            ("two/src/example.com/q/q.go", "package q\n"),
            ("two/src/plain/plain.go", "package plain\n"),
        ],
    );
    let gopath = std::env::join_paths([layout.at("one"), layout.at("two")]).expect("a list");
    let gopath = gopath.to_string_lossy().into_owned();
    let env = [("GO111MODULE", "off"), ("GOPATH", gopath.as_str())];
    compare(&layout.at("one/src/example.com/p"), &["./..."], &env);
    compare(&layout.at(""), &["example.com/..."], &env);
}
