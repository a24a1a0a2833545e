//! A program with what is computed of it once.

use crate::outcome::Limits;
use crate::program::Program;
use crate::statics::Statics;

/// A program ready to run.
pub(crate) struct Machine<'p> {
    pub(crate) program: &'p Program,
    pub(crate) statics: Statics,
    pub(crate) limits: Limits,
}
