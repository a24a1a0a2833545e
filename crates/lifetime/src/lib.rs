//! What outlives every call and only grows: summaries of containers by package, joined over the
//! module.
//!
//! [`summarise`] reads one package: every operation that makes a map, slice, list or `sync.Map`
//! longer, shorter, bounds, replaces or shares it, the calls between functions, and which structs are
//! made where. [`join`] puts the summaries together in the order of packages, decides from the call
//! graph what runs again and again, and reports containers that live as long as the program, grow
//! from such places, and from which nothing takes anything out.

mod arrivals;
mod bounds;
mod chains;
mod contexts;
mod facts;
mod guards;
mod identity;
mod join;
mod kept;
mod keys;
mod library;
mod loops;
mod memo;
mod nils;
mod origin;
mod pairs;
mod reach;
mod report;
mod retain;
mod retentions;
mod scan;
mod source;
mod stores;
mod summary;
mod trials;

pub use join::join;
pub use report::*;
pub use scan::{View, summarise};
pub use summary::Summary;
