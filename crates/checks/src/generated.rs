//! The list of checks and their pages. `cargo xtask codegen` writes this file.

use stanch_diagnostic::Check;

/// Every check, in the order of names.
pub const ALL: &[&Check] =
    &[&crate::double_lock::CHECK, &crate::lost_cancel::CHECK, &crate::missing_unlock::CHECK];

/// The page of the check with this name, as Markdown.
pub fn explanation(name: &str) -> Option<&'static str> {
    Some(match name {
        "double-lock" => include_str!("../../../docs/checks/double-lock.md"),
        "lost-cancel" => include_str!("../../../docs/checks/lost-cancel.md"),
        "missing-unlock" => include_str!("../../../docs/checks/missing-unlock.md"),
        _ => return None,
    })
}
