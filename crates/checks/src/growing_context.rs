//! A context wraps itself once more in each turn of a loop or with each call.
//!
//! # Why it leaks
//! `context.WithValue` and its kin keep their parent. A variable that is assigned a wrapping of itself
//! again and again is a chain that gets longer with each turn: no link of it is ever freed, and each
//! `Value` walks all of it.
//!
//! # Example
//! ```go
//! type key struct{}
//!
//! func serve(ctx context.Context, requests chan string, handle func(context.Context)) {
//!     for r := range requests {
//!         ctx = context.WithValue(ctx, key{}, r) // on top of that of the request before
//!         handle(ctx)
//!     }
//! }
//! ```
//! Give each turn a context of its own: `ctx := context.WithValue(ctx, key{}, r)`.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Loops that end with what they go over; variables that get another context in the same loop; fields
//! to which other code assigns. Fields of objects of which it is not known that they live as long as the
//! program are `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL005",
    name: "growing-context",
    summary: "a context wraps itself again and again",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Context { name, with } = &r.what else { return None };
    Some(Words {
        message: format!("`{name}` wraps itself again and again in `{}`", short(&r.function)),
        label: format!("`{with}` keeps all the contexts before"),
        related: Vec::new(),
        notes: vec![
            format!("`{name}` is a `{}`", ctx.ty(r.ty, r.package)),
            "each wrapping is an object that refers to the one before it".to_owned(),
        ],
        help: format!(
            "give each turn a variable of its own: `{name} := context.{with}({name}, …)`"
        ),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "growing-context";

    #[test]
    fn the_example() {
        example(NAME, include_str!("growing_context.rs"));
    }

    #[test]
    fn in_an_endless_loop() {
        check(
            NAME,
            r#"
func run(ctx context.Context, wake chan int) {
    for {
        <-wake
        ctx = context.WithValue(ctx, "k", 1)
            //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-context]: keeps all the contexts before
        use(ctx)
    }
}
func use(context.Context)
"#,
        );
    }

    #[test]
    fn a_variable_of_the_turn() {
        check(
            NAME,
            r#"
func run(ctx context.Context, wake chan int) {
    for range wake {
        ctx := context.WithValue(ctx, "k", 1)
        use(ctx)
    }
}
func again(parent context.Context, wake chan int) {
    ctx := parent
    for range wake {
        ctx = parent
        ctx = context.WithValue(ctx, "k", 1)
        use(ctx)
    }
}
func headers(ctx context.Context, names []string) {
    for _, n := range names {
        ctx = context.WithValue(ctx, "k", n)
    }
    use(ctx)
}
func use(context.Context)
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
func run(ctx context.Context, wake chan int) {
    for range wake {
        //stanch:ignore growing-context woken three times
        ctx = context.WithValue(ctx, "k", 1)
        use(ctx)
    }
}
func use(context.Context)
"#,
        );
    }
}
