//! Inference by itself, to be measured.

use crate::pipeline::{Loaded, types_id};
use crate::report::Options;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use stanch_source::{Environment, FileSystem};
use std::path::Path;

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
}

/// Loads, parses and infers the packages that the patterns name, with bodies, in parallel, and does
/// nothing else with them.
pub fn infer_only(
    fs: &dyn FileSystem,
    env: &Environment,
    options: &Options,
    patterns: &[String],
    cwd: &Path,
) -> Inferred {
    let loaded = Loaded::new(fs, env, options, cwd, patterns);
    let program = loaded.program();
    let one = |&root: &stanch_project::PackageId| {
        let types = program.infer(types_id(root));
        let files = &program.source(types_id(root)).files;
        let typed = |f: &stanch_types::FileTypes| f.exprs.iter().flatten().count() as u64;
        Inferred {
            packages: 1,
            lines: files.iter().map(|f| u64::from(f.ast.n_lines)).sum(),
            expressions: types.files.iter().map(typed).sum(),
            unknown: types.files.iter().map(|f| u64::from(f.n_unknown)).sum(),
        }
    };
    let add = |a: Inferred, b: Inferred| Inferred {
        packages: a.packages + b.packages,
        lines: a.lines + b.lines,
        expressions: a.expressions + b.expressions,
        unknown: a.unknown + b.unknown,
    };
    loaded.workspace.roots.par_iter().map(one).reduce(Inferred::default, add)
}
