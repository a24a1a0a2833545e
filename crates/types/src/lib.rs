//! Type inference for Go: universe, constants, generics, method sets; imports through a trait.
//!
//! The crate gives every expression the type that `go/types` gives it. It does not reject wrong
//! programs: on bad code it yields [`TypeKind::Unknown`] and goes on.
//!
//! A [`Program`] holds all packages of a run. Types are interned in one append-only store, so that
//! types written alike have equal [`TypeId`]s; parameter names, field objects and aliases make
//! different ids of identical types (language specification, "Type identity"), which
//! [`Program::identical`] sees through. Packages are inferred in parallel over the import DAG;
//! declarations of a dependency are resolved when they are first reached.

mod api;
mod canon;
mod check;
mod constant;
mod debug;
mod display;
mod env;
mod hashed;
mod lookup;
mod names;
mod opened;
mod program;
mod resolve;
mod sizes;
mod sparse;
mod store;
mod subst;
mod symbol;
mod tables;
mod typeset;
mod universe;

pub use api::*;
pub use debug::debug_types;
pub use program::Program;
pub use sparse::Sparse;
pub use symbol::Symbols;

/// Runs `f` with enough stack left for one more level of recursion.
#[inline]
pub(crate) fn deep<R>(f: impl FnOnce() -> R) -> R {
    stacker::maybe_grow(128 * 1024, 4 * 1024 * 1024, f)
}
