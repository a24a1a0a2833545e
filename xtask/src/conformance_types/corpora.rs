//! The corpora, and how both sides print them.

use crate::{fetch, workspace};
use anyhow::{Context, Result, ensure};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(super) struct Corpus {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// Whether only a full run compares it.
    pub(super) slow: bool,
    kind: Kind,
}

enum Kind {
    /// The standard library.
    Std,
    /// A module of the proxy: `path@version`.
    Module(&'static str),
    /// Kubernetes of this version, whose staged modules are modules of their own on the proxy.
    Kubernetes(&'static str),
    /// The files below a folder of GOROOT, each a package of its own.
    Files(&'static str),
}

pub(super) const CORPORA: &[Corpus] = &[
    Corpus { name: "std", what: "std with tests", slow: false, kind: Kind::Std },
    Corpus {
        name: "nats-server",
        what: "github.com/nats-io/nats-server/v2@v2.11.9 with tests",
        slow: false,
        kind: Kind::Module("github.com/nats-io/nats-server/v2@v2.11.9"),
    },
    Corpus {
        name: "etcd",
        what: "go.etcd.io/etcd/server/v3@v3.5.9 with tests",
        slow: true,
        kind: Kind::Module("go.etcd.io/etcd/server/v3@v3.5.9"),
    },
    Corpus {
        name: "prometheus",
        what: "github.com/prometheus/prometheus@v0.308.1 with tests",
        slow: true,
        kind: Kind::Module("github.com/prometheus/prometheus@v0.308.1"),
    },
    Corpus {
        name: "kubernetes",
        what: "k8s.io/kubernetes@v1.37.2 with its staged modules v0.37.2 and tests",
        slow: true,
        kind: Kind::Kubernetes("1.37.2"),
    },
    Corpus {
        name: "testdata",
        what: "files without faults of GOROOT/src/internal/types/testdata",
        slow: true,
        kind: Kind::Files("src/internal/types/testdata"),
    },
    Corpus {
        name: "test",
        what: "files without faults of GOROOT/test",
        slow: true,
        kind: Kind::Files("test"),
    },
];

/// The programs that print.
pub(super) struct Tools {
    pub(super) version: String,
    goroot: PathBuf,
    reference: PathBuf,
    stanch: PathBuf,
    folder: PathBuf,
    module_cache: String,
}

/// The files that hold what both sides printed.
pub(super) struct Outputs {
    pub(super) theirs: PathBuf,
    pub(super) ours: PathBuf,
    /// Number of packages of one file.
    pub(super) n_files: Option<usize>,
}

impl Tools {
    /// Builds the reference program. The release binary must be there.
    pub(super) fn new(goroot: &Path) -> Result<Self> {
        let folder = super::folder()?;
        let reference = folder.join(format!("reference{}", std::env::consts::EXE_SUFFIX));
        let source = workspace::root().join("conformance/types");
        let mut build = go(goroot, &source);
        workspace::run(build.args(["build", "-o"]).arg(&reference).arg("."))?;
        let env = |name: &str| -> Result<String> {
            let output = workspace::run(go(goroot, &source).args(["env", name]))?;
            Ok(String::from_utf8(output.stdout)?.trim().to_owned())
        };
        let (version, module_cache) = (env("GOVERSION")?, env("GOMODCACHE")?);
        let stanch = workspace::target()?.join("release");
        let stanch = stanch.join(format!("stanch{}", std::env::consts::EXE_SUFFIX));
        ensure!(stanch.is_file(), "{} is missing: cargo build --release", stanch.display());
        let goroot = goroot.to_path_buf();
        Ok(Self { version, goroot, reference, stanch, folder, module_cache })
    }

    /// The text without this machine's folders.
    pub(super) fn portable(&self, text: String) -> String {
        let text = text.replace(&self.module_cache, "$GOMODCACHE");
        text.replace(&*self.goroot.to_string_lossy(), "$GOROOT")
    }

    /// Has both sides print the corpus.
    pub(super) fn run(&self, corpus: &Corpus) -> Result<Outputs> {
        let path = |side: &str| self.folder.join(format!("{}.{side}", corpus.name));
        let mut outputs = Outputs { theirs: path("go"), ours: path("stanch"), n_files: None };
        let sources = self.folder.join("src").join(corpus.name);
        let (dir, patterns): (PathBuf, &[&str]) = match corpus.kind {
            Kind::Files(folder) => {
                outputs.n_files = Some(self.files(folder, &outputs)?);
                return Ok(outputs);
            }
            Kind::Std => (self.goroot.join("src"), &["std"]),
            Kind::Module(module) => {
                fs::create_dir_all(self.folder.join("src"))?;
                fetch::run(module, &sources)?;
                (sources, &["./..."])
            }
            Kind::Kubernetes(version) => {
                fs::create_dir_all(self.folder.join("src"))?;
                fetch::kubernetes(version, &sources)?;
                (sources, &["./..."])
            }
        };
        let mut reference = self.clean(&self.reference, &dir);
        run_into(reference.args(patterns), &outputs.theirs, &path("go.err"))?;
        let mut stanch = self.clean(&self.stanch, &dir);
        run_into(
            stanch.args(["debug", "types"]).args(patterns),
            &outputs.ours,
            &path("stanch.err"),
        )?;
        Ok(outputs)
    }

    /// Prints each file as a package of its own, if go/types finds no fault in it.
    fn files(&self, folder: &str, outputs: &Outputs) -> Result<usize> {
        let mut names = Vec::new();
        go_files(&self.goroot, Path::new(folder), &mut names)?;
        let mut reference = self.clean(&self.reference, &self.goroot);
        let mut child = reference
            .arg("-files")
            .stdin(Stdio::piped())
            .stdout(File::create(&outputs.theirs)?)
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot run the reference program")?;
        let mut stdin = child.stdin.take().context("no pipe to the reference program")?;
        let list = names.join("\n");
        let writer = std::thread::spawn(move || stdin.write_all(list.as_bytes()));
        let output = child.wait_with_output()?;
        ensure!(writer.join().is_ok_and(|written| written.is_ok()), "cannot name the files");
        let valid = String::from_utf8(output.stderr)?;
        ensure!(output.status.success(), "the reference program failed:\n{valid}");
        let mut ours = File::create(&outputs.ours)?;
        for name in valid.lines() {
            let mut stanch = self.clean(&self.stanch, &self.goroot);
            let printed = workspace::run(stanch.args(["debug", "types", name]))?;
            ours.write_all(&printed.stdout)?;
        }
        Ok(valid.lines().count())
    }

    /// A command in an environment that both sides understand alike.
    fn clean(&self, program: &Path, dir: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(dir);
        let bin = self.goroot.join("bin");
        let mut path = vec![bin];
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
        if let Ok(path) = std::env::join_paths(path) {
            command.env("PATH", path);
        }
        environment(&mut command, &self.goroot).env_remove("GOWORK");
        command
    }
}

fn go(goroot: &Path, dir: &Path) -> Command {
    let mut command = Command::new(goroot.join("bin/go"));
    environment(command.current_dir(dir), goroot).env("GOWORK", "off");
    command
}

fn environment<'a>(command: &'a mut Command, goroot: &Path) -> &'a mut Command {
    command
        .env("GOROOT", goroot)
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "")
        .env("CGO_ENABLED", "0")
}

/// Runs a program that must succeed, its output in files.
fn run_into(command: &mut Command, out: &Path, err: &Path) -> Result<()> {
    let name = command.get_program().to_string_lossy().into_owned();
    let status = command
        .stdin(Stdio::null())
        .stdout(File::create(out)?)
        .stderr(File::create(err)?)
        .status()
        .with_context(|| format!("cannot run `{name}`"))?;
    ensure!(status.success(), "`{name}` failed; see {}", err.display());
    Ok(())
}

/// The `.go` files below a folder of `root`, their paths from there, sorted.
fn go_files(root: &Path, folder: &Path, names: &mut Vec<String>) -> Result<()> {
    let mut entries: Vec<_> = fs::read_dir(root.join(folder))
        .with_context(|| format!("cannot read {}", folder.display()))?
        .collect::<std::io::Result<_>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            go_files(root, &path, names)?;
        } else if path.extension().is_some_and(|extension| extension == "go") {
            names.push(path.to_str().context("a file name is not UTF-8")?.to_owned());
        }
    }
    Ok(())
}
