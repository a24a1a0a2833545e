//! What is there of a package only while somebody works on it: trees, texts, tables, the variables of
//! bodies. Nothing of it is needed once all of the package's declarations are resolved.

use crate::api::*;
use crate::env::{Cell, FileEnv};
use crate::program::Program;
use stanch_base::IndexVec;
use std::sync::{Arc, OnceLock};

/// The releasable part of a package.
pub(crate) struct Opened {
    pub(crate) source: PackageSource,
    /// Scopes of files in which something was resolved.
    files: IndexVec<FileId, OnceLock<FileEnv>>,
    /// Variables and labels of bodies, numbered from [`crate::program::FIRST_OF_BODIES`]. No type
    /// refers to them.
    pub(crate) variables: boxcar::Vec<Cell>,
    pub(crate) types: OnceLock<PackageTypes>,
}

impl Opened {
    pub(crate) fn new(source: PackageSource) -> Self {
        let files = source.files.iter().map(|_| OnceLock::new()).collect();
        Self { source, files, variables: boxcar::Vec::new(), types: OnceLock::new() }
    }

    pub(crate) fn file_env(
        &self,
        program: &Program<'_>,
        package: PackageId,
        file: FileId,
    ) -> Option<&FileEnv> {
        let env = self.files.get(file)?;
        Some(env.get_or_init(|| FileEnv::new(program, package, &self.source, file)))
    }
}

/// What stays known of a package's source.
pub(crate) struct Header {
    pub(crate) path: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) files: IndexVec<FileId, Arc<str>>,
}

impl Header {
    pub(crate) fn of(source: &PackageSource) -> Self {
        let files = source.files.iter().map(|file| file.path.clone()).collect();
        Self { path: source.path.clone(), name: source.name.clone(), files }
    }
}
