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
    let packages = &loaded.workspace.packages;
    let sum: Mutex<Inferred> = Mutex::default();
    schedule::in_import_order(&schedule::imports(packages), &|id| {
        if !packages[id].root {
            return;
        }
        let id = types_id(id);
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
    sum.into_inner().unwrap_or_else(PoisonError::into_inner)
}
