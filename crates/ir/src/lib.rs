//! Control-flow graphs of Go functions: simple instructions over locals, explicit defers, closures
//! with their captures, selects.
//!
//! [`lower_package`] turns an inferred package into a [`Module`]: one [`Func`] for each function,
//! method and function literal (and one synthetic `init` for package-level initialisers). The text
//! form ([`Module::display`]) is what `stanch debug ir` prints and tests show.

pub mod data;
mod display;
mod graph;
mod guard;
mod link;
mod lower;
mod share;
mod simplify;
mod visit;

pub use data::*;
pub use graph::Dominators;
pub use guard::{Guard, Returns, Test, guard};
pub use link::{Family, link, mentioned};
pub use lower::lower_package;
pub use share::share;
