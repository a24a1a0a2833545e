//! A stored function keeps a request or a large struct of which it reads one small field.
//!
//! # Why it leaks
//! A function value keeps what it captured alive for as long as it is stored, all of it, however little
//! of it the function reads.
//!
//! # Example
//! ```go
//! type request struct {
//!     id   string
//!     body []byte
//! }
//!
//! var onReload = map[string]func(){}
//!
//! func reload(id string)
//!
//! func serve(requests chan *request) {
//!     for req := range requests {
//!         onReload[req.id] = func() { reload(req.id) } // keeps req.body too
//!     }
//! }
//!
//! func Forget(id string) { delete(onReload, id) }
//!
//! func Start(requests chan *request) { go serve(requests) }
//! ```
//! Capture the field: `id := req.id`.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Functions that use the captured value in any other way than reading fields of basic types; small
//! structs; functions that are called and dropped. A list from which nothing is ever removed is
//! `registry-without-unsubscribe` besides. Where it is not known that functions are stored again and
//! again, the finding is `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Keeper, Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL002",
    name: "closure-pins-large",
    summary: "a stored function keeps a large value of which it reads one field",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Pinned { name, used, by } = &r.what else { return None };
    let function = short(&r.function);
    let message = match by {
        Keeper::Goroutine => return None,
        Keeper::Function | Keeper::Once => {
            format!("a function that `{function}` stores keeps all of `{name}`")
        }
        Keeper::Timer(_) => format!("a timer of `{function}` keeps all of `{name}`"),
    };
    let used = retentions::part(ctx, name, used);
    let ty = ctx.ty(r.ty, r.package);
    let mut notes = vec![retentions::kept(ctx, r, r.ty)];
    if let Keeper::Timer(seconds) = by {
        notes.push(format!("it fires after {seconds} seconds, and nothing can stop it before"));
    }
    Some(Words {
        message,
        label: format!("it reads only `{used}` of the `{ty}`"),
        related: Vec::new(),
        notes,
        help: format!("capture what it needs: a variable with `{used}`"),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "closure-pins-large";

    #[test]
    fn the_example() {
        example(NAME, include_str!("closure_pins_large.rs"));
    }

    #[test]
    fn a_timer_that_fires_late() {
        check_shown(
            NAME,
            r#"
type inner struct { path string }
type request struct { id int; body []byte; url *inner }
func ping(any)
func serve(requests chan *request) {
    for req := range requests {
        time.AfterFunc(time.Hour, func() { ping(req.url.path) })
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[closure-pins-large]: a timer of `serve` keeps all of `req`
        time.AfterFunc(time.Second, func() { ping(req.id) })
        time.AfterFunc(time.Hour, func() { ping(req) })
        id := req.id
        time.AfterFunc(time.Hour, func() { ping(id) })
        t := time.AfterFunc(time.Hour, func() { ping(req.id) })
        t.Stop()
    }
}
func Start(requests chan *request) { go serve(requests) }
"#,
        );
    }

    #[test]
    fn given_to_a_registry() {
        check(
            NAME,
            r#"
type request struct { id int; body []byte }
type bus struct { subs map[int]func() }
var theBus = &bus{subs: map[int]func(){}}
func ping(int)
func (b *bus) on(id int, f func()) { b.subs[id] = f }
func (b *bus) Off(id int) { delete(b.subs, id) }
func serve(requests chan *request) {
    for req := range requests {
        theBus.on(req.id, func() { ping(req.id) })
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[closure-pins-large]: reads only `req.id`
    }
}
func Start(requests chan *request) { go serve(requests) }
"#,
        );
    }

    #[test]
    fn a_captured_field_or_a_call() {
        check(
            NAME,
            r#"
type request struct { id int; body []byte }
var subs = map[int]func(){}
func ping(int)
func answer(*request)
func now(f func()) { f() }
func serve(requests chan *request) {
    for req := range requests {
        id := req.id
        subs[id] = func() { ping(id) }
        subs[id+1] = func() { answer(req) }
        now(func() { ping(req.id) })
        delete(subs, id)
    }
}
func Start(requests chan *request) { go serve(requests) }
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
type request struct { id int; body []byte }
var subs = map[int]func(){}
func ping(int)
func serve(requests chan *request) {
    for req := range requests {
        //stanch:ignore closure-pins-large bodies are small
        subs[req.id] = func() { ping(req.id) }
    }
}
func Start(requests chan *request) { go serve(requests) }
"#,
        );
    }
}
