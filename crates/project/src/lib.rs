//! Which files form which package, without running `go`: modules, workspaces, vendor trees, the module
//! cache, GOROOT, plain folders; build constraints; the package DAG.

mod config;
mod context;
mod expand;
mod experiments;
mod gomod;
mod graph;
mod listing;
mod load;
mod missing;
mod nameless;
mod node;
mod order;
mod paths;
mod patterns;
mod scan;
mod target;
mod tested;
mod universe;
mod vendor;

pub use config::Config;
pub use context::{BuildContext, Header, Ignored, header};
pub use gomod::{ModFile, ModuleVersion, Replace, compare_versions, language_version, parse};
pub use listing::{Listed, Listing, list};
pub use load::load;

use stanch_base::{IndexVec, newtype_index};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

newtype_index! {
    /// A package of one [`Workspace`]; imports have smaller numbers than their importers.
    pub struct PackageId; "pkg"
}

/// The packages of a run: those that patterns name, and all they import.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// In dependency order.
    pub packages: IndexVec<PackageId, Package>,
    /// Those to analyse, in the order of their import paths.
    pub roots: Vec<PackageId>,
    /// What could not be found or read.
    pub messages: Vec<Message>,
    /// GOROOT, if it was found.
    pub goroot: Option<PathBuf>,
    /// Minor version of the Go release there.
    pub release: u32,
}

/// Something the user should know.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Message {
    /// The file or folder it is about.
    pub path: Option<PathBuf>,
    /// One clause without a full stop.
    pub text: String,
    /// Whether it is an error (something that was asked for cannot be analysed) or a warning.
    pub error: bool,
}

impl Message {
    pub(crate) fn warning(text: String) -> Self {
        Self { path: None, text, error: false }
    }
    pub(crate) fn warning_at(path: &Path, text: String) -> Self {
        Self { path: Some(path.to_path_buf()), text, error: false }
    }
    pub(crate) fn error(text: String) -> Self {
        Self { path: None, text, error: true }
    }
}

/// A module.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Module {
    /// Module path.
    pub path: String,
    /// Version; `None` for main modules.
    pub version: Option<String>,
    /// What stands in for it, as a `replace` directive says it.
    pub replace: Option<ModuleVersion>,
    /// Language version `(1, minor)`.
    pub go: (u32, u32),
    /// Its root folder.
    pub dir: PathBuf,
}

/// Which files of a folder a package has.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Variant {
    /// Without test files.
    Plain,
    /// With the `_test.go` files of the same package.
    Test,
    /// The `_test.go` files of the external test package.
    ExternalTest,
}

/// What an import resolves to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Import {
    /// A package of the workspace.
    Package(PackageId),
    /// `unsafe`
    Unsafe,
    /// `C`
    Cgo,
    /// Not found, or part of an import cycle.
    Missing,
}

/// A package.
#[derive(Clone, Debug)]
pub struct Package {
    /// Import path, without the mark of a variant; an external test's ends in `_test`.
    pub path: String,
    /// Name of the package clauses.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// Files that are built, by name.
    pub files: Vec<File>,
    /// Names of Go files that are not built for this target.
    pub ignored: Vec<String>,
    /// Imports of all files.
    pub imports: BTreeMap<String, Import>,
    /// Its module; `None` in GOROOT and outside of modules.
    pub module: Option<Module>,
    /// Language version `(1, minor)`.
    pub language: (u32, u32),
    /// Whether it lies in GOROOT.
    pub std: bool,
    /// Whether a pattern names it: its bodies are analysed.
    pub root: bool,
    /// Which files it has.
    pub variant: Variant,
}

/// A file that is built.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its path.
    pub path: PathBuf,
    /// Its language version `(1, minor)`: the package's unless a constraint raises or lowers it.
    pub language: (u32, u32),
    /// Whether its name ends in `_test.go`.
    pub test: bool,
    /// Whether it imports "C".
    pub cgo: bool,
}
