//! A package-level channel that the program only sends to, or only receives from.
//!
//! # Why it leaks
//! Whoever waits at it waits for ever, and a package-level channel is never freed. With a buffer, the
//! first senders get through and the rest hang.
//!
//! # Example
//! ```go
//! var events = make(chan string, 16)
//!
//! func record(e string) {
//!     events <- e // nobody ever receives
//! }
//!
//! func Start(in chan string) {
//!     for e := range in {
//!         go record(e)
//!     }
//! }
//! ```
//! Start the receiver, or move the channel into an owner that has both sides.
//!
//! # Fix safety
//! There is no automatic fix.
//!
//! # Not reported
//! Channels that are assigned, passed or stored anywhere; fields, unless they lie in a package-level variable and
//! are only ever given a channel made for them; operations in a select with another way out.
//! Exported channels, whose importers may do the other half, are `possible`. Tests count neither way.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "GL005",
    name: "global-channel-without-partner",
    summary: "a package-level channel has only senders or only receivers",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::LonelyChannel { object, sends } = r.what else { return None };
    let name = retentions::name(ctx, object);
    let declared = ctx.declared(object);
    let related = declared
        .into_iter()
        .map(|span| ctx.label(span, "the channel lives as long as the program"));
    Some(Words {
        message: match sends {
            true => format!("`{name}` is sent to and nobody receives from it"),
            false => format!("`{name}` is received from and nobody sends to or closes it"),
        },
        label: match sends {
            true => format!("`{}` blocks for ever once the buffer is full", short(&r.function)),
            false => format!("`{}` blocks for ever", short(&r.function)),
        },
        related: related.collect(),
        notes: vec![
            format!("`{name}` is a `{}`", ctx.ty(r.ty, r.package)),
            "every use of the channel outside of tests is of this one kind".to_owned(),
        ],
        help: match sends {
            true => "start a receiver, or move the channel to an owner with both sides".to_owned(),
            false => "send to it or close it, or move it to an owner with both sides".to_owned(),
        },
        remedy: Remedy::AvoidGlobal,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "global-channel-without-partner";

    #[test]
    fn the_example() {
        example(NAME, include_str!("global_channel_without_partner.rs"));
    }

    #[test]
    fn never_sent_to() {
        check(
            NAME,
            r#"
var stop = make(chan struct{})
  //^^^^ label: lives as long as the program
func worker() {
    <-stop
  //^^^^^^ leak[global-channel-without-partner]: `stop` is received from
}
func Start() { go worker() }
"#,
        );
    }

    #[test]
    fn partners_of_any_kind() {
        check(
            NAME,
            r#"
var closed = make(chan struct{})
var passed = make(chan int)
var both = make(chan int, 1)
var optional = make(chan int)
func use(chan int)
func a() { <-closed }
func b() { close(closed) }
func c() { passed <- 1 }
func d() { use(passed) }
func e() { both <- 1 }
func f() {
    select {
    case <-both:
    default:
    }
}
func g() {
    select {
    case optional <- 1:
    default:
    }
}
"#,
        );
    }

    #[test]
    fn a_field_of_what_a_variable_holds() {
        check(
            NAME,
            r#"
type hub struct { done, hook, asked, given chan int }
var h = newHub(nil)
func newHub(given chan int) *hub {
    return &hub{done: make(chan int), asked: make(chan int), given: given}
}
func (h *hub) Asked() <-chan int { return h.asked }
func (h *hub) work(n int) {
    h.done <- n
  //^^^^^^^^^^^ leak[global-channel-without-partner]: `done` is sent to and nobody receives from it
    h.asked <- n
    h.given <- n
    if h.hook != nil {
        h.hook <- n
    }
}
type short struct { done chan int }
func once() {
    s := &short{done: make(chan int)}
    s.done <- 1
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var never = make(chan struct{})
func forever() {
    //stanch:ignore global-channel-without-partner on purpose
    <-never
}
"#,
        );
    }
}
