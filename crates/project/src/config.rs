//! Settings of a load.

use crate::context::BuildContext;
use crate::experiments;
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
    /// `GOEXPERIMENT`.
    pub experiments: String,
    /// Whether test files are loaded.
    pub tests: bool,
}

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
        let goos = goos.or_else(|| env.get("GOOS")).unwrap_or(env.host_os).to_owned();
        let goarch = goarch.or_else(|| env.get("GOARCH")).unwrap_or(env.host_arch).to_owned();
        let flags = Flags::of(env.get("GOFLAGS").unwrap_or_default());
        let mut all: FxHashSet<String> = features(&goarch, env).into_iter().collect();
        // As for go, a command's tags replace those of GOFLAGS.
        match tags {
            [] => all.extend(flags.tags),
            tags => all.extend(tags.iter().flat_map(|t| split_tags(t))),
        }
        let config = Self {
            goroot: None,
            module_cache: env.module_cache(),
            gopaths: env.gopaths(),
            build: BuildContext {
                goos,
                goarch,
                // Without running cgo, what "C" provides is unknown, so only who asks gets it.
                cgo: env.get("CGO_ENABLED") == Some("1"),
                tags: all,
                release: NEWEST_RELEASE,
            },
            mod_flag: flags.mod_flag,
            gowork: env.get("GOWORK").map(str::to_owned),
            module_mode: env.get("GO111MODULE") != Some("off"),
            experiments: env.get("GOEXPERIMENT").unwrap_or_default().to_owned(),
            tests: true,
        };
        config.with_root(fs, goroot)
    }

    /// The same settings for another GOROOT.
    pub(crate) fn with_goroot(&self, fs: &dyn FileSystem, goroot: PathBuf) -> Self {
        self.clone().with_root(fs, Some(goroot))
    }

    fn with_root(mut self, fs: &dyn FileSystem, goroot: Option<PathBuf>) -> Self {
        let build = &mut self.build;
        build.release = goroot.as_ref().and_then(|dir| release(fs, dir)).unwrap_or(NEWEST_RELEASE);
        build.tags.retain(|tag| !tag.starts_with("goexperiment."));
        let on = experiments::tags(fs, goroot.as_deref(), build, &self.experiments);
        build.tags.extend(on);
        self.goroot = goroot;
        self
    }

    /// The go.work file that holds for a folder.
    pub(crate) fn workspace_file(&self, fs: &dyn FileSystem, dir: &Path) -> Option<PathBuf> {
        match self.gowork.as_deref() {
            Some("off") => None,
            Some(path) => Some(PathBuf::from(path)),
            None => Some(crate::paths::find_up(fs, dir, "go.work")?.join("go.work")),
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

/// Minor version of the release in `goroot`; a tree from version control has no `VERSION`.
fn release(fs: &dyn FileSystem, goroot: &Path) -> Option<u32> {
    if let Ok(bytes) = fs.read(&goroot.join("VERSION"))
        && let Some(line) = String::from_utf8_lossy(&bytes).lines().next()
        && let Some(version) = crate::gomod::language_version(line)
    {
        return Some(version.1);
    }
    let source = goroot.join("src").join("internal").join("goversion").join("goversion.go");
    let bytes = fs.read(&source).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| line.strip_prefix("const Version = ")?.trim().parse().ok())
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
