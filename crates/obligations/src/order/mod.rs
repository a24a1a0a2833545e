//! Locks over the whole module: what is taken while what is held, through packages, interfaces and
//! registered functions.
//!
//! The analysis of a function notes its lock operations, calls and waits with the locks held then
//! ([`record`]). [`join`] puts the notes of all packages together: which locks each function takes
//! at some time, in terms of what its callers know; then what a caller that holds locks runs into.

mod collect;
mod containers;
mod cycles;
mod facts;
mod format;
mod hooks;
mod index;
mod join;
mod joined;
mod light;
mod parents;
mod record;
mod registry;
mod relation;
mod report;
mod takes;
mod waits;

pub use facts::LockFacts;
pub(crate) use facts::Notes;
pub(crate) use format::printed;
pub use join::join;
pub(crate) use light::new_channels;
pub use report::*;
