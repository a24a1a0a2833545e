//! All that one package tells.

use crate::facts::{Decl, DeclId, FuncFacts};
use crate::kept::Kept;
use stanch_base::FxHashMap;
use stanch_types::PackageId;

/// What one package tells.
#[derive(Debug)]
pub struct Summary {
    /// The package.
    pub package: PackageId,
    /// Whether code of other modules can import it.
    pub(crate) importable: bool,
    pub(crate) decls: Vec<Decl>,
    pub(crate) funcs: Vec<FuncFacts>,
    /// Owner of each field, where it is a declared struct type.
    pub(crate) owners: FxHashMap<DeclId, DeclId>,
    /// Fields that lie in a package-level variable, not in elements of it; with the variable.
    pub(crate) reached: Vec<(DeclId, DeclId)>,
    /// Struct types of which values lie in elements of package-level variables.
    pub(crate) elements: Vec<DeclId>,
    /// What may be kept too long.
    pub(crate) kept: Kept,
}
