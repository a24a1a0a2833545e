//! Real packages: those of the standard library, and the Go tree's tests of compilers, each file a
//! package of its own.

use crate::mutate::{Random, mutate};
use anyhow::{Context, Result, ensure};
use stanch_base::FxHashMap;
use stanch_project::{Config, PackageId, Workspace};
use stanch_source::{DiskFs, Environment, FileSystem};
use std::path::{Path, PathBuf};

/// Packages with more bytes are left out: a change of one file is not worth reading so much.
const MAX_BYTES: usize = 60_000;

/// What can be changed.
pub(crate) struct Real {
    pub(crate) workspace: Workspace,
    /// The packages of the standard library by import path.
    pub(crate) std: FxHashMap<String, PackageId>,
    pub(crate) env: Environment,
    /// The Go tree's tests of compilers.
    tests: Vec<Case>,
    /// Packages of the standard library.
    packages: Vec<Case>,
}

/// A package.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// Where its first file comes from.
    pub(crate) name: String,
    /// Its files.
    pub(crate) files: Vec<Vec<u8>>,
}

impl Case {
    /// Number of bytes.
    pub(crate) fn len(&self) -> usize {
        self.files.iter().map(Vec::len).sum()
    }
}

impl Real {
    /// The files of an installation.
    pub(crate) fn new(goroot: &Path) -> Result<Self> {
        let mut env = Environment::from_process();
        env.goroots.insert(0, goroot.to_path_buf());
        env.set(&[("GOFLAGS", ""), ("GOWORK", "off"), ("CGO_ENABLED", "0")]);
        let mut config = Config::new(&DiskFs, &env, &[], None, None);
        config.tests = false;
        let std = ["std".to_owned()];
        let workspace = stanch_project::load(&DiskFs, &config, &goroot.join("src"), &std);
        ensure!(!workspace.roots.is_empty(), "no packages in {}", goroot.display());
        let by_path = workspace.packages.ids().map(|id| (workspace.packages[id].path.clone(), id));
        let by_path = by_path.collect();
        let packages = workspace.packages.iter().filter_map(|package| {
            let read = |file: &stanch_project::File| DiskFs.read(&file.path).ok();
            let files: Vec<Vec<u8>> = package.files.iter().filter_map(read).collect();
            let case = Case { name: package.path.clone(), files };
            (!case.files.is_empty() && case.len() <= MAX_BYTES).then_some(case)
        });
        let packages = packages.collect();
        Ok(Self { workspace, std: by_path, env, tests: wrong_files(goroot)?, packages })
    }

    /// The changed package with this number.
    pub(crate) fn mutated(&self, seed: u64, index: u64) -> Case {
        let mut random = Random::new(seed, index);
        let cases = if random.below(2) == 0 { &self.tests } else { &self.packages };
        let Some(case) = cases.get(random.below(cases.len())) else {
            return Case { name: String::new(), files: Vec::new() };
        };
        let mut case = case.clone();
        let at = random.below(case.files.len());
        if let Some(file) = case.files.get_mut(at) {
            *file = mutate(file, &mut random);
        }
        case
    }
}

/// The files of the Go tree's tests of compilers; many of them are meant to be wrong.
pub(crate) fn wrong_files(goroot: &Path) -> Result<Vec<Case>> {
    let mut cases = Vec::new();
    for folder in ["src/internal/types/testdata", "test"] {
        let mut files = Vec::new();
        go_files(&goroot.join(folder), &mut files)?;
        for path in files {
            let bytes = std::fs::read(&path)?;
            let name = path.strip_prefix(goroot).unwrap_or(&path).display().to_string();
            cases.push(Case { name, files: vec![bytes] });
        }
    }
    Ok(cases)
}

/// Every `.go` file below `dir`, sorted.
fn go_files(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("no {}", dir.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() && !path.is_symlink() {
            go_files(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "go") {
            files.push(path);
        }
    }
    Ok(())
}
