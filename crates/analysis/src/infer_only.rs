//! Inference by itself, to be measured.

use crate::pipeline::{Loaded, types_id};
use crate::report::Options;
use crate::schedule;
use stanch_source::{Environment, FileSystem};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// What inference met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inferred {
    /// Packages that the patterns name, test variants and external tests apart.
    pub packages: u64,
    /// Lines of their files.
    pub lines: u64,
    /// Expressions with a type.
    pub expressions: u64,
    /// Expressions whose type is unknown.
    pub unknown: u64,
    /// What it took of other packages.
    pub dependencies: Dependencies,
}

/// What inference took of packages that the patterns do not name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Packages that are imported, directly or not.
    pub packages: u64,
    /// Those that were parsed, without bodies.
    pub parsed: u64,
    /// Declarations in those.
    pub declarations: u64,
    /// Declarations that were resolved.
    pub resolved: u64,
}

/// How much of other packages is inferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What the named packages ask for.
    Reached,
    /// All declarations, for comparison.
    Whole,
}

/// Loads, parses and infers the packages that the patterns name, with bodies, in parallel, and does
/// nothing else with them.
pub fn infer_only(
    fs: &dyn FileSystem,
    env: &Environment,
    options: &Options,
    patterns: &[String],
    cwd: &Path,
    depth: Depth,
) -> Inferred {
    let loaded = Loaded::new(fs, env, options, cwd, patterns);
    let program = loaded.program();
    let packages = &loaded.workspace.packages;
    let sum: Mutex<Inferred> = Mutex::default();
    schedule::in_import_order(&schedule::imports(packages), &|id| {
        let root = packages[id].root;
        let id = types_id(id);
        if !root {
            if depth == Depth::Whole {
                program.infer(id);
            }
            return;
        }
        let program = program.open(id);
        let types = program.infer(id);
        let files = &program.source(id).files;
        let typed = |f: &stanch_types::FileTypes| f.exprs.iter().flatten().count() as u64;
        let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
        sum.packages += 1;
        sum.lines += files.iter().map(|f| u64::from(f.ast.n_lines)).sum::<u64>();
        sum.expressions += types.files.iter().map(typed).sum::<u64>();
        sum.unknown += types.files.iter().map(|f| u64::from(f.n_unknown)).sum::<u64>();
    });
    let mut sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (id, _) in packages.iter_enumerated().filter(|(_, package)| !package.root) {
        let of = &mut sum.dependencies;
        of.packages += 1;
        if let Some((declarations, resolved)) = program.reached(types_id(id)) {
            of.parsed += 1;
            of.declarations += declarations as u64;
            of.resolved += resolved as u64;
        }
    }
    sum
}
