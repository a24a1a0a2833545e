//! A finalizer or cleanup refers to the object it waits for, so that the object is never freed.
//!
//! # Why it leaks
//! The runtime keeps a finalizer's function and a cleanup's argument alive as long as the object is. If
//! they refer to the object, it is reachable for ever: the function never runs, and nothing is freed.
//!
//! # Example
//! ```go
//! type file struct {
//!     fd   int
//!     data [4096]byte
//! }
//!
//! func closeFd(fd int)
//!
//! func open(fd int) *file {
//!     f := &file{fd: fd}
//!     runtime.SetFinalizer(f, func(*file) { closeFd(f.fd) }) // captures f itself
//!     return f
//! }
//! ```
//! Use the finalizer's parameter, or give the cleanup only the number it needs.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Functions that capture something that in turn refers to the object.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL004",
    name: "finalizer-cycle",
    summary: "a finalizer keeps its own object alive",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Finalizer { name, cleanup, given } = &r.what else { return None };
    let what = if *cleanup { "cleanup" } else { "finalizer" };
    let how = if *given { "is given" } else { "captures" };
    Some(Words {
        message: format!("the {what} in `{}` keeps its own object alive", short(&r.function)),
        label: format!("the {what} {how} `{name}`, for which it waits"),
        related: Vec::new(),
        notes: vec![retentions::kept(ctx, r, r.ty)],
        help: match *cleanup {
            true => format!("give the cleanup only what it needs of `{name}`, by value"),
            false => format!("use the finalizer's parameter instead of `{name}`"),
        },
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "finalizer-cycle";

    #[test]
    fn the_example() {
        example(NAME, include_str!("finalizer_cycle.rs"));
    }

    #[test]
    fn cleanups() {
        check(
            NAME,
            r#"
type file struct { fd int }
func closeFd(fd int)
func captured(f *file) {
    runtime.AddCleanup(f, func(int) { closeFd(f.fd) }, 0)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[finalizer-cycle]: captures `f`
}
func given(f *file) {
    runtime.AddCleanup(f, func(f *file) { closeFd(f.fd) }, f)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[finalizer-cycle]: is given `f`
}
func right(f *file) {
    runtime.AddCleanup(f, closeFd, f.fd)
    runtime.AddCleanup(f, func(fd int) { closeFd(fd) }, f.fd)
}
"#,
        );
    }

    #[test]
    fn the_parameter_is_not_a_capture() {
        check(
            NAME,
            r#"
type file struct { fd int }
func closeFd(fd int)
func (f *file) close() { closeFd(f.fd) }
func open(fd int) *file {
    f := &file{fd: fd}
    runtime.SetFinalizer(f, func(f *file) { closeFd(f.fd) })
    runtime.SetFinalizer(f, (*file).close)
    runtime.SetFinalizer(f, func(*file) { closeFd(fd) })
    return f
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
type file struct { fd int }
func closeFd(fd int)
func open(f *file) {
    //stanch:ignore finalizer-cycle there is only one
    runtime.SetFinalizer(f, func(*file) { closeFd(f.fd) })
}
"#,
        );
    }
}
