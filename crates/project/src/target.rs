//! Where imports lead.

use crate::Module;
use std::path::PathBuf;

/// What a module without `go` directive is written in.
pub(crate) const DEFAULT_GO: (u32, u32) = (1, 16);

/// Where an import leads.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A folder.
    Dir {
        /// Import path of the package, with `vendor/` for those GOROOT vendors.
        path: String,
        dir: PathBuf,
        module: Option<Module>,
        std: bool,
    },
    /// Not to be found; remembered in `Universe::missing`.
    Missing,
}
