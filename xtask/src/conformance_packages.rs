//! `cargo xtask conformance packages`: packages, files, imports and modules against
//! `go list -deps -test -json`, kept in `conformance/packages.snap`.

use crate::{fetch, workspace};
use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use stanch_project::{Config, Listed, Module};
use stanch_source::{DiskFs, Environment};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Targets and settings that the standard library is listed for.
const TARGETS: [&[(&str, &str)]; 16] = [
    &[("GOOS", "linux"), ("GOARCH", "amd64")],
    &[("GOOS", "linux"), ("GOARCH", "386")],
    &[("GOOS", "linux"), ("GOARCH", "arm")],
    &[("GOOS", "android"), ("GOARCH", "arm64")],
    &[("GOOS", "windows"), ("GOARCH", "amd64")],
    &[("GOOS", "darwin"), ("GOARCH", "arm64")],
    &[("GOOS", "freebsd"), ("GOARCH", "riscv64")],
    &[("GOOS", "illumos"), ("GOARCH", "amd64")],
    &[("GOOS", "aix"), ("GOARCH", "ppc64")],
    &[("GOOS", "plan9"), ("GOARCH", "mips")],
    &[("GOOS", "js"), ("GOARCH", "wasm")],
    &[("GOOS", "wasip1"), ("GOARCH", "wasm")],
    &[("GOOS", "linux"), ("GOARCH", "amd64"), ("GOFLAGS", "-tags=netgo,osusergo,purego,race")],
    &[("GOOS", "windows"), ("GOARCH", "arm64"), ("GOFLAGS", "-tags=faketime,timetzdata")],
    &[("GOOS", "linux"), ("GOARCH", "amd64"), ("GOEXPERIMENT", "jsonv2,arenas,boringcrypto")],
    &[("GOOS", "linux"), ("GOARCH", "amd64"), ("CGO_ENABLED", "1")],
];

/// A module of the proxy.
struct Corpus {
    name: &'static str,
    /// `path@version`
    module: &'static str,
    /// Whether only full runs use it, for its size.
    full: bool,
}

const CORPORA: [Corpus; 4] = [
    Corpus {
        name: "nats-server",
        module: "github.com/nats-io/nats-server/v2@v2.11.9",
        full: false,
    },
    Corpus { name: "etcd", module: "go.etcd.io/etcd/server/v3@v3.5.9", full: true },
    Corpus { name: "prometheus", module: "github.com/prometheus/prometheus@v0.308.1", full: true },
    Corpus { name: "kubernetes", module: "k8s.io/kubernetes@v1.37.2", full: true },
];

impl Corpus {
    /// Its folder, fetched if it is not there; the comparison of types shares it.
    fn folder(&self) -> Result<PathBuf> {
        let parent = workspace::target()?.join("conformance/src");
        fs::create_dir_all(&parent)?;
        let to = parent.join(self.name);
        match self.module.strip_prefix("k8s.io/kubernetes@v") {
            Some(version) => fetch::kubernetes(version, &to)?,
            None => fetch::run(self.module, &to)?,
        }
        fs::canonicalize(&to).with_context(|| format!("cannot find {}", to.display()))
    }
}

/// Differences of one listing that are told.
const TOLD: usize = 20;

const HEADER: &str = "Packages of `stanch debug packages` and of `go list -deps -test -json`: import paths, files by \
                      kind, imports,\nmodules. Written by `cargo xtask conformance packages --full --update`.";

/// Compares the figures with the committed ones, or writes them with `update`. Without `full` the
/// large modules keep their committed figures.
pub(crate) fn run(goroot: &Path, update: bool, full: bool) -> Result<()> {
    let snap = workspace::root().join("conformance/packages.snap");
    let committed = fs::read_to_string(&snap).unwrap_or_default();
    let mut sections = Vec::new();
    let source = goroot.join("src");
    for target in TARGETS {
        let settings: Vec<String> =
            target.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let title = format!("std {}", settings.join(" "));
        sections.push(section(&title, goroot, &source, "std", target)?);
    }
    for corpus in CORPORA {
        if full || !corpus.full {
            sections.push(section(corpus.name, goroot, &corpus.folder()?, "./...", &[])?);
        } else {
            let head = format!("{}\n", corpus.name);
            let kept = committed.split("\n\n").find(|part| part.starts_with(&head));
            sections.push(kept.unwrap_or_default().trim_end().to_owned());
        }
    }
    let version = fs::read_to_string(goroot.join("VERSION")).unwrap_or_default();
    let version = version.lines().next().unwrap_or("an unknown release");
    let report =
        format!("{HEADER}\n\nreference: go list of {version}\n\n{}\n", sections.join("\n\n"));
    if update {
        fs::write(&snap, &report).with_context(|| format!("cannot write {}", snap.display()))?;
        print!("{report}");
        return Ok(());
    }
    if report != committed {
        let hint = "`cargo xtask conformance packages --full --update` writes the new figures";
        bail!("{} is stale; it should read:\n\n{report}\n{hint}", snap.display());
    }
    println!("conformance packages: as committed");
    Ok(())
}

/// Compares one listing.
fn section(
    title: &str,
    goroot: &Path,
    dir: &Path,
    pattern: &str,
    settings: &[(&str, &str)],
) -> Result<String> {
    let mut all = vec![("CGO_ENABLED", "0"), ("GOFLAGS", "-mod=readonly")];
    all.retain(|(name, _)| settings.iter().all(|(other, _)| other != name));
    all.extend(settings);
    let theirs = go_list(goroot, dir, pattern, &all).with_context(|| title.to_owned())?;
    let ours = ours(goroot, dir, pattern, &all);
    let mut n_differ = 0_usize;
    let mut told = String::new();
    let names: BTreeSet<&String> = theirs.keys().chain(ours.keys()).collect();
    for name in names {
        let (go, stanch) = (theirs.get(name), ours.get(name));
        if go == stanch {
            continue;
        }
        n_differ += 1;
        if n_differ <= TOLD {
            write!(told, "\n  {name}")?;
            let (go, stanch) =
                (go.cloned().unwrap_or_default(), stanch.cloned().unwrap_or_default());
            for field in go.keys().chain(stanch.keys()).collect::<BTreeSet<_>>() {
                let (go, stanch) = (go.get(field), stanch.get(field));
                if go != stanch {
                    write!(told, "\n    {field}: go {go:?}, stanch {stanch:?}")?;
                }
            }
        }
    }
    let n_files: usize = theirs.values().map(n_files).sum();
    let figures = format!("packages: {}\nfiles: {n_files}\ndiffer: {n_differ}", theirs.len());
    Ok(format!("{title}\n{figures}{told}"))
}

/// The fields of a package that are compared, each a sorted list.
type Fields = BTreeMap<&'static str, Vec<String>>;

const FILES: [&str; 5] = ["GoFiles", "CgoFiles", "TestGoFiles", "XTestGoFiles", "IgnoredGoFiles"];

fn n_files(fields: &Fields) -> usize {
    FILES.iter().filter_map(|name| fields.get(name)).map(Vec::len).sum()
}

fn go_list(
    goroot: &Path,
    dir: &Path,
    pattern: &str,
    settings: &[(&str, &str)],
) -> Result<BTreeMap<String, Fields>> {
    let mut go = Command::new(goroot.join("bin/go"));
    go.current_dir(dir).env("GOROOT", goroot).env("GOTOOLCHAIN", "local");
    go.envs(settings.iter().copied());
    go.args(["list", "-deps", "-test"]);
    go.arg(format!("-json=ImportPath,Imports,Module,{}", FILES.join(",")));
    let output = workspace::run(go.arg(pattern))?;
    let stream = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    let mut packages = BTreeMap::new();
    for value in stream {
        let value = value.context("go list's answer is not JSON")?;
        let name = value["ImportPath"].as_str().context("a package without path")?;
        packages.insert(name.to_owned(), go_fields(name, &value));
    }
    ensure!(!packages.is_empty(), "go lists no packages");
    Ok(packages)
}

fn go_fields(name: &str, value: &Value) -> Fields {
    let mut fields = Fields::new();
    for field in FILES.into_iter().chain(["Imports"]) {
        let items = value[field].as_array().into_iter().flatten();
        let items = items.filter_map(|item| item.as_str());
        // A test program's source lies in the build cache, under a name of its content.
        let items = items.map(|item| match field {
            "GoFiles" if name.ends_with(".test") => "_testmain.go",
            _ => item,
        });
        set(&mut fields, field, items.map(str::to_owned));
    }
    let module = &value["Module"];
    if let Some(path) = module["Path"].as_str() {
        let part = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        // What a module without `go` line is written in.
        let go = module["GoVersion"].as_str().unwrap_or("1.16");
        let go: Vec<&str> = go.splitn(3, '.').take(2).collect();
        let replace = &module["Replace"];
        fields.insert(
            "Module",
            vec![
                path.to_owned(),
                part(&module["Version"]),
                part(&replace["Path"]),
                part(&replace["Version"]),
                go.join("."),
            ],
        );
    }
    fields
}

fn ours(
    goroot: &Path,
    dir: &Path,
    pattern: &str,
    settings: &[(&str, &str)],
) -> BTreeMap<String, Fields> {
    let mut env = Environment::from_process();
    env.set(settings);
    env.goroots.insert(0, goroot.to_path_buf());
    let config = Config::new(&DiskFs, &env, &[], None, None);
    let listing = stanch_project::list(&DiskFs, &config, dir, &[pattern.to_owned()]);
    listing.packages.into_iter().map(|p| (p.import_path.clone(), our_fields(p))).collect()
}

fn our_fields(listed: Listed) -> Fields {
    let mut fields = Fields::new();
    set(&mut fields, "GoFiles", listed.go_files);
    set(&mut fields, "CgoFiles", listed.cgo_files);
    set(&mut fields, "TestGoFiles", listed.test_go_files);
    set(&mut fields, "XTestGoFiles", listed.xtest_go_files);
    set(&mut fields, "IgnoredGoFiles", listed.ignored_go_files);
    set(&mut fields, "Imports", listed.imports);
    if let Some(Module { path, version, replace, go, .. }) = listed.module {
        let or_dash = |text: Option<String>| match text {
            Some(text) if !text.is_empty() => text,
            _ => "-".to_owned(),
        };
        let (by, by_version) = replace.map_or((None, None), |r| (Some(r.path), Some(r.version)));
        let go = format!("{}.{}", go.0, go.1);
        let parts = vec![path, or_dash(version), or_dash(by), or_dash(by_version), go];
        fields.insert("Module", parts);
    }
    fields
}

fn set(fields: &mut Fields, name: &'static str, items: impl IntoIterator<Item = String>) {
    // go list repeats an import that the package and its tests share.
    let items: BTreeSet<String> = items.into_iter().collect();
    if !items.is_empty() {
        fields.insert(name, items.into_iter().collect());
    }
}
