//! A goroutine that runs on keeps a request or a large struct of which it reads one small field.
//!
//! # Why it leaks
//! What a goroutine still uses stays alive with all that it refers to. A loop that reads `req.ID` keeps
//! the whole request, its body included, for as long as the loop runs.
//!
//! # Example
//! ```go
//! type request struct {
//!     id   string
//!     body []byte
//! }
//!
//! func ping(id string)
//!
//! func watch(req *request, tick chan bool) {
//!     for range tick {
//!         ping(req.id) // keeps req.body too
//!     }
//! }
//!
//! func serve(requests chan *request, tick chan bool) {
//!     for req := range requests {
//!         go watch(req, tick)
//!     }
//! }
//!
//! func Start(requests chan *request, tick chan bool) { go serve(requests, tick) }
//! ```
//! Copy the field before the loop, or give the goroutine only the field.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Goroutines whose loop ends by itself; values that the loop uses in any other way than reading fields
//! of basic types; small structs. Where it is not known that such goroutines are started again and
//! again, the finding is `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL003",
    name: "goroutine-pins-argument",
    summary: "a goroutine keeps a large value of which it reads one field",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Pinned { name, used, goroutine: true } = &r.what else { return None };
    let used = retentions::name(ctx, *used);
    let ty = ctx.ty(r.ty, r.package);
    Some(Words {
        message: format!(
            "a goroutine of `{}` keeps `{name}` to read `{name}.{used}`",
            short(&r.function)
        ),
        label: format!("all of the `{ty}` stays as long as the goroutine runs"),
        related: Vec::new(),
        notes: vec![retentions::kept(ctx, r, r.ty)],
        help: format!("copy `{name}.{used}` before the loop, or pass only that"),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "goroutine-pins-argument";

    #[test]
    fn the_example() {
        example(NAME, include_str!("goroutine_pins_argument.rs"));
    }

    #[test]
    fn captured_by_a_literal() {
        check(
            NAME,
            r#"
type request struct { id int; body []byte }
func ping(int)
func serve(requests chan *request, tick chan bool) {
    for req := range requests {
        go func() {
      //^^ leak[goroutine-pins-argument]: keeps `req` to read `req.id`
            for range tick {
                ping(req.id)
            }
        }()
    }
}
func Start(requests chan *request, tick chan bool) { go serve(requests, tick) }
"#,
        );
    }

    #[test]
    fn a_copy_or_a_full_use() {
        check(
            NAME,
            r#"
type request struct { id int; body []byte }
func ping(int)
func answer(*request)
func serve(requests chan *request, tick chan bool) {
    for req := range requests {
        id := req.id
        go func() {
            for range tick {
                ping(id)
            }
        }()
        go func() {
            ping(req.id)
            for range tick {
                ping(0)
            }
        }()
        go func() {
            for range tick {
                ping(req.id)
                answer(req)
            }
        }()
        go func() { ping(req.id) }()
    }
}
func Start(requests chan *request, tick chan bool) { go serve(requests, tick) }
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
type request struct { id int; body []byte }
func ping(int)
func serve(requests chan *request, tick chan bool) {
    for req := range requests {
        //stanch:ignore goroutine-pins-argument bodies are small
        go func() {
            for range tick {
                ping(req.id)
            }
        }()
    }
}
func Start(requests chan *request, tick chan bool) { go serve(requests, tick) }
"#,
        );
    }
}
