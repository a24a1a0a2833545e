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
//! Variables that a literal captures lie in one object. Those that fit into registers are read from it when the
//! goroutine starts; one that does not (a struct of more than four words or fields, an array) is read from it
//! wherever it is used, and keeps the others alive, used or not.
//!
//! # Not reported
//! Goroutines whose loop ends by itself; values that the loop uses in any other way than reading fields
//! of basic types, the length, or an address; small structs. Where it is not known that such goroutines are started again and
//! again, the finding is `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Keeper, Part, Retained, Retention};

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
    let Retained::Pinned { name, used, by: Keeper::Goroutine } = &r.what else { return None };
    let ty = ctx.ty(r.ty, r.package);
    let function = short(&r.function);
    let (message, help) = match used {
        Part::Nothing { beside } => (
            format!("a goroutine of `{function}` keeps `{name}`, which it no longer uses"),
            format!("give the goroutine what it needs of `{beside}`, or `{name}` as an argument"),
        ),
        used => {
            let used = retentions::part(ctx, name, used);
            (
                format!("a goroutine of `{function}` keeps `{name}` to read `{used}`"),
                format!("copy `{used}` before the loop, or pass only that"),
            )
        }
    };
    let mut notes = vec![retentions::kept(ctx, r, r.ty)];
    if let Part::Nothing { beside } = used {
        notes.push(format!(
            "`{beside}` is too large for registers: it is read from the object that all captured variables \
             share, which keeps `{name}` too"
        ));
    }
    Some(Words {
        message,
        label: format!("all of the `{ty}` stays as long as the goroutine runs"),
        related: Vec::new(),
        notes,
        help,
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "goroutine-pins-argument";

    #[test]
    fn the_example() {
        example(NAME, include_str!("goroutine_pins_argument.rs"));
    }

    #[test]
    fn beside_a_variable_that_is_used() {
        check_shown(
            NAME,
            r#"
type request struct { id int; body []byte }
type limits struct { a, b, c, d, e, f int }
func ping(int)
func serve(requests chan *request, tick chan bool, l limits) {
    for req := range requests {
        go func() {
      //^^ leak[goroutine-pins-argument]: keeps `req`, which it no longer uses
            ping(req.id)
            for range tick {
                ping(l.f)
            }
        }()
        go func() {
            ping(req.id)
            for range tick {
                ping(1)
            }
        }()
    }
}
func Start(requests chan *request, tick chan bool, l limits) { go serve(requests, tick, l) }
"#,
        );
    }

    #[test]
    fn a_length_an_address_and_what_a_context_has() {
        check_shown(
            NAME,
            r#"
type request struct { id int; body []byte }
type key struct{}
func ping(any)
func serve(requests chan *request, tick chan bool, parent context.Context) {
    for req := range requests {
        ctx := context.WithValue(parent, key{}, req)
        go func() {
      //^^ leak[goroutine-pins-argument]: keeps `ctx` to read `ctx.Done()`
            for {
                select {
                case <-tick:
                    ping(1)
                case <-ctx.Done():
                    return
                }
            }
        }()
        go func() {
            for {
                select {
                case <-tick:
                    ping(ctx)
                case <-ctx.Done():
                    return
                }
            }
        }()
    }
}
func Start(requests chan *request, tick chan bool, parent context.Context) {
    go serve(requests, tick, parent)
}
"#,
        );
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
