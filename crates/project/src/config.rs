//! Settings of a load.

use crate::context::BuildContext;
use stanch_base::FxHashSet;
use stanch_source::{EntryKind, Environment, FileSystem};
use std::path::{Path, PathBuf};

/// Where Go lives and what is built.
#[derive(Clone, Debug)]
pub struct Config {
    /// GOROOT, if it was found.
    pub goroot: Option<PathBuf>,
    /// The module cache.
    pub module_cache: Option<PathBuf>,
    /// GOPATH's folders.
    pub gopaths: Vec<PathBuf>,
    /// Target and tags.
    pub build: BuildContext,
    /// `-mod` of GOFLAGS.
    pub mod_flag: Option<String>,
    /// `GOWORK`: `off`, a file, or unset.
    pub gowork: Option<String>,
    /// False if `GO111MODULE=off`.
    pub module_mode: bool,
    /// Whether test files are loaded.
    pub tests: bool,
}

/// Experiments that are on by default; `internal/buildcfg/exp.go` of Go 1.26.
/// The last ones are those of releases since 1.24 that later ones made permanent.
const DEFAULT_EXPERIMENTS: [&str; 9] = [
    "regabiwrappers",
    "regabiargs",
    "dwarf5",
    "randomizedheapbase64",
    "greenteagc",
    "aliastypeparams",
    "swissmap",
    "spinbitmutex",
    "synchashtriemap",
];

/// The release that is assumed where no GOROOT tells.
const NEWEST_RELEASE: u32 = 27;

impl Config {
    /// Settings as the environment gives them; `tags`, `goos` and `goarch` win over it.
    pub fn new(
        fs: &dyn FileSystem,
        env: &Environment,
        tags: &[String],
        goos: Option<&str>,
        goarch: Option<&str>,
    ) -> Self {
        let is_goroot = |dir: &&PathBuf| {
            let inside = dir.join("src").join("runtime");
            fs.kind(&inside) == Some(EntryKind::Dir)
        };
        let goroot = env.goroots.iter().find(is_goroot).map(|dir| fs.resolve(dir));
        let version = goroot.as_ref().and_then(|dir| fs.read(&dir.join("VERSION")).ok());
        let version = version.and_then(|bytes| {
            crate::gomod::language_version(String::from_utf8_lossy(&bytes).lines().next()?)
        });
        let goos = goos.or_else(|| env.get("GOOS")).unwrap_or(env.host_os).to_owned();
        let goarch = goarch.or_else(|| env.get("GOARCH")).unwrap_or(env.host_arch).to_owned();
        let flags = Flags::of(env.get("GOFLAGS").unwrap_or_default());
        let mut all: FxHashSet<String> = tags.iter().flat_map(|t| split_tags(t)).collect();
        all.extend(flags.tags);
        all.extend(experiments(&goarch, env.get("GOEXPERIMENT").unwrap_or_default()));
        all.extend(features(&goarch, env));
        Self {
            goroot,
            module_cache: env.module_cache(),
            gopaths: env.gopaths(),
            build: BuildContext {
                goos,
                goarch,
                // Without running cgo, files that import "C" could only be guessed at.
                cgo: false,
                tags: all,
                release: version.map_or(NEWEST_RELEASE, |v| v.1),
            },
            mod_flag: flags.mod_flag,
            gowork: env.get("GOWORK").map(str::to_owned),
            module_mode: env.get("GO111MODULE") != Some("off"),
            tests: true,
        }
    }

    /// The go.work file that holds for a folder.
    pub(crate) fn workspace_file(&self, fs: &dyn FileSystem, dir: &Path) -> Option<PathBuf> {
        match self.gowork.as_deref() {
            Some("off") => None,
            Some(path) => Some(PathBuf::from(path)),
            None => Some(crate::modules::find_up(fs, dir, "go.work")?.join("go.work")),
        }
    }
}

struct Flags {
    tags: Vec<String>,
    mod_flag: Option<String>,
}

impl Flags {
    fn of(text: &str) -> Self {
        let mut flags = Self { tags: Vec::new(), mod_flag: None };
        for word in text.split_whitespace() {
            let word = word.trim_start_matches('-');
            match word.split_once('=') {
                Some(("tags", value)) => flags.tags = split_tags(value).collect(),
                Some(("mod", value)) => flags.mod_flag = Some(value.to_owned()),
                _ => {}
            }
        }
        flags
    }
}

fn split_tags(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split([',', ' ']).filter(|t| !t.is_empty()).map(str::to_owned)
}

fn experiments(goarch: &str, wanted: &str) -> FxHashSet<String> {
    let register_abi =
        matches!(goarch, "amd64" | "arm64" | "loong64" | "ppc64" | "ppc64le" | "riscv64" | "s390x");
    let mut on: FxHashSet<String> = DEFAULT_EXPERIMENTS
        .iter()
        .filter(|name| register_abi || !name.starts_with("regabi"))
        .map(|name| format!("goexperiment.{name}"))
        .collect();
    for word in wanted.split(',').filter(|w| !w.is_empty()) {
        match word.strip_prefix("no") {
            Some(off) => on.remove(&format!("goexperiment.{off}")),
            None => on.insert(format!("goexperiment.{word}")),
        };
    }
    on
}

/// Architecture feature tags such as `amd64.v1`.
fn features(goarch: &str, env: &Environment) -> Vec<String> {
    let level = |name: &str, default: u32| {
        let text = env.get(name).unwrap_or_default().trim_start_matches('v');
        text.split(['.', ',']).next().and_then(|n| n.parse().ok()).unwrap_or(default)
    };
    match goarch {
        "amd64" => (1..=level("GOAMD64", 1).min(4)).map(|n| format!("amd64.v{n}")).collect(),
        "arm" => (5..=level("GOARM", 7).min(7)).map(|n| format!("arm.{n}")).collect(),
        "arm64" => vec!["arm64.v8.0".to_owned()],
        "386" => vec![format!("386.{}", env.get("GO386").unwrap_or("sse2"))],
        "wasm" | "riscv64" | "ppc64" | "ppc64le" | "mips" | "mips64" => Vec::new(),
        _ => Vec::new(),
    }
}
