//! Functions are registered again and again in something long-lived, with no way to unregister them.
//!
//! # Why it leaks
//! A function value keeps alive whatever it captured. A list of callbacks that lives as long as the
//! program, to which each request or session adds one and from which nothing removes any, keeps the
//! captured requests, buffers and connections of all of them.
//!
//! # Example
//! ```go
//! type request struct {
//!     id   int
//!     body []byte
//! }
//!
//! var onStop []func()
//!
//! func handle(req *request) {
//!     onStop = append(onStop, func() { fmt.Println("stop", req.id) }) // keeps req, body and all
//! }
//!
//! func serve(requests chan *request) {
//!     for req := range requests {
//!         handle(req)
//!     }
//! }
//!
//! func Start(requests chan *request) { go serve(requests) }
//! ```
//! Let registration return a function that unregisters, and capture the number rather than the request.
//!
//! Where registration does return such a function, the same happens if its caller drops it:
//! ```go
//! type bus struct {
//!     next int
//!     subs map[int]func(string)
//! }
//!
//! var events = &bus{subs: map[int]func(string){}}
//!
//! func (b *bus) subscribe(f func(string)) (stop func()) {
//!     id := b.next
//!     b.next++
//!     b.subs[id] = f
//!     return func() { delete(b.subs, id) }
//! }
//!
//! func serve(conns chan []byte) {
//!     for c := range conns {
//!         events.subscribe(func(s string) { copy(c, s) }) // stop is dropped
//!     }
//! }
//!
//! func Start(conns chan []byte) { go serve(conns) }
//! ```
//! So does a function that `context.AfterFunc` registers with a context of the whole program.
//!
//! # Fix safety
//! There is no automatic fix: when a callback may go is for people to decide.
//!
//! # Not reported
//! As for `growing-global`: whatever removes, replaces or bounds entries anywhere in the module makes
//! it silent, and registration at start does not count. A dropped function that would unregister counts where
//! the call repeats, and not for an object that the caller has made itself; where it is not seen that the
//! registry lives as long as the program, the finding is `possible`.

use crate::growths;
use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL001",
    name: "registry-without-unsubscribe",
    summary: "functions are registered again and again and never removed",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let growths = ctx.lifetime.growths.iter();
    growths
        .filter(|g| growths::keeps_functions(ctx, g))
        .filter_map(|g| growths::finding(ctx, &CHECK, g))
        .chain(retentions::findings(ctx, &CHECK, |r| dropped(ctx, r)))
        .collect()
}

/// A registration whose caller drops what would undo it.
fn dropped(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Unregistered { by, container, undone } = &r.what else { return None };
    let container = (*container)?;
    let name = retentions::name(ctx, container);
    let function = short(&r.function);
    let mut related: Vec<_> =
        undone.iter().map(|u| ctx.label(*u, "only this takes it out again")).collect();
    if let Some(declared) = ctx.declared(container) {
        related.push(ctx.label(declared, format!("`{name}` lives on")));
    }
    let (message, help) = match by {
        Some(by) => (
            format!("`{function}` drops what would take its entry out of `{name}` again"),
            format!(
                "keep what `{}` returns, and call it when the work is over",
                retentions::name(ctx, *by)
            ),
        ),
        None => (
            format!("`{function}` registers functions with `{name}` and never takes them back"),
            "call the function that `context.AfterFunc` returns when the work is over".to_owned(),
        ),
    };
    Some(Words {
        message,
        label: "each call leaves its function and all that this captured".to_owned(),
        related,
        notes: retentions::container(ctx, r, container),
        help,
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "registry-without-unsubscribe";

    #[test]
    fn the_example() {
        example(NAME, include_str!("registry_without_unsubscribe.rs"));
    }

    #[test]
    fn a_listener_of_each_connection() {
        check(
            NAME,
            r#"
type conn struct { buf [4096]byte }
type bus struct { listeners []func(string) }
var theBus = &bus{}
func (b *bus) listen(f func(string)) {
    b.listeners = append(b.listeners, f)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[registry-without-unsubscribe]: keeps every function
}
func serve(conns chan *conn) {
    for c := range conns {
        theBus.listen(func(s string) { copy(c.buf[:], s) })
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ label: this function keeps `c`
    }
}
func Start(conns chan *conn) { go serve(conns) }
"#,
        );
    }

    #[test]
    fn a_way_back_makes_it_silent() {
        check(
            NAME,
            r#"
type bus struct {
    next      int
    listeners map[int]func(string)
}
var theBus = &bus{listeners: map[int]func(string){}}
func (b *bus) listen(f func(string)) func() {
    id := b.next
    b.next++
    b.listeners[id] = f
    return func() { delete(b.listeners, id) }
}
func serve(conns chan string) {
    for c := range conns {
        stop := theBus.listen(func(s string) { fmt.Println(c, s) })
        stop()
    }
}
func Start(conns chan string) { go serve(conns) }
"#,
        );
    }

    #[test]
    fn what_would_unregister_is_dropped() {
        check(
            NAME,
            r#"
type bus struct {
    next      int
    listeners map[int]func(string)
}
var theBus = &bus{listeners: map[int]func(string){}}
func (b *bus) listen(f func(string)) func() {
    id := b.next
    b.next++
    b.listeners[id] = f
    return func() { delete(b.listeners, id) }
}
func serve(conns chan string) {
    for c := range conns {
        theBus.listen(func(s string) { fmt.Println(c, s) })
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[registry-without-unsubscribe]: drops what would take its entry
    }
}
func Start(conns chan string) { go serve(conns) }
"#,
        );
    }

    #[test]
    fn a_registry_of_the_caller_itself_is_silent() {
        check(
            NAME,
            r#"
type bus struct {
    next      int
    listeners map[int]func(string)
}
func (b *bus) listen(f func(string)) func() {
    id := b.next
    b.next++
    b.listeners[id] = f
    return func() { delete(b.listeners, id) }
}
func serve(conns chan string) {
    for c := range conns {
        b := &bus{listeners: map[int]func(string){}}
        b.listen(func(s string) { fmt.Println(c, s) })
    }
}
func Start(conns chan string) { go serve(conns) }
"#,
        );
    }

    #[test]
    fn registration_at_start_is_silent() {
        check(
            NAME,
            r#"
var hooks []func()
func register(f func()) { hooks = append(hooks, f) }
func init() {
    for _, name := range []string{"a", "b"} {
        register(func() { fmt.Println(name) })
    }
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var hooks []func()
func serve(in chan string) {
    for s := range in {
        //stanch:ignore registry-without-unsubscribe a few a day
        hooks = append(hooks, func() { fmt.Println(s) })
    }
}
func Start(in chan string) { go serve(in) }
"#,
        );
    }
}
