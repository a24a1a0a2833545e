//! Text ranges (u32), typed ids and index vectors, the interner and the line index.
//!
//! Everything here is plain data without Go knowledge; every other crate may use it.

mod index;
mod intern;
mod line_index;
mod range;

pub use index::{Idx, IndexVec};
pub use intern::{Interner, Symbol};
pub use line_index::{LineCol, LineIndex};
pub use range::TextRange;
/// Hash maps and sets with the fast, unkeyed hash used throughout; iterate them only where order
/// cannot reach the output.
pub use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet, FxHasher};
