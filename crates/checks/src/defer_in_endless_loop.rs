//! A call is deferred in each turn of a loop that goes on.
//!
//! # Why it leaks
//! Deferred calls run when the function returns, not at the end of the turn. In a loop that serves for as long
//! as others send or connect, each turn adds a call, with its arguments and all that its literal captured, and
//! none of them ever runs: what they should close or release stays open too.
//!
//! # Example
//! ```go
//! type page struct{ buf []byte }
//!
//! func (p *page) release() { p.buf = nil }
//!
//! func serve(in chan int) {
//!     for n := range in {
//!         p := &page{buf: make([]byte, n)}
//!         defer p.release() // runs when serve returns
//!         fmt.Println(len(p.buf))
//!     }
//! }
//!
//! func Start(in chan int) { go serve(in) }
//! ```
//! Make the turn a function of its own: the deferred call then runs at its end.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Loops over something finite; calls after which the function always returns; `defer recover()`. Where the loop
//! waits for a clock or another try only, and takes nothing that others send, the finding is `possible`: it may
//! end after a few turns.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL010",
    name: "defer-in-endless-loop",
    summary: "each turn of a loop without an end defers a call",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Deferred { head, captures } = &r.what else { return None };
    let named: Vec<String> = captures.iter().map(|c| format!("`{c}`")).collect();
    let known = r.ty != stanch_types::Program::UNKNOWN;
    let mut notes = Vec::new();
    if !named.is_empty() {
        notes.push(format!("each deferred literal keeps {} of its turn", named.join(", ")));
    } else if known {
        notes.push(format!("for each turn, {}", retentions::kept(ctx, r, r.ty)));
    }
    Some(Words {
        message: format!("`{}` defers one more call in each turn of its loop", short(&r.function)),
        label: "it runs when the function returns, not at the end of the turn".to_owned(),
        related: head.iter().map(|head| ctx.label(*head, "this loop goes on")).collect(),
        notes,
        help: "move the turn into a function of its own, or call it at the end of the turn"
            .to_owned(),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "defer-in-endless-loop";

    #[test]
    fn the_example() {
        example(NAME, include_str!("defer_in_endless_loop.rs"));
    }

    #[test]
    fn a_literal_keeps_what_it_captures() {
        check(
            NAME,
            r#"
func work(m string)
func serve(in chan string, quit chan bool) {
    for {
        select {
        case m := <-in:
            defer func() { work(m) }()
          //^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[defer-in-endless-loop]: defers one more call in each turn
        case <-quit:
            return
        }
    }
}
func Start(in chan string, quit chan bool) { go serve(in, quit) }
"#,
        );
    }

    #[test]
    fn a_turn_of_its_own_and_what_returns_are_silent() {
        check(
            NAME,
            r#"
func work(m string)
func one(m string) { defer work(m) }
func serve(in chan string) {
    for m := range in {
        one(m)
    }
}
func first(in chan string) {
    for m := range in {
        if m != "" {
            defer work(m)
            return
        }
    }
}
func all(names []string) {
    for _, name := range names {
        defer work(name)
    }
}
func Start(in chan string, names []string) { go serve(in); go first(in); all(names) }
"#,
        );
    }

    #[test]
    fn another_try_is_possible_only() {
        check_shown(
            NAME,
            r#"
func try() bool
func done()
func Connect() {
    for {
        if try() {
            return
        }
        defer done()
        time.Sleep(time.Second)
    }
}
"#,
        );
    }

    #[test]
    fn what_a_flag_notes_comes_once() {
        check_shown(
            NAME,
            r#"
func done(n int)
func wait(sent chan int, answer chan string) string {
    written := false
    for {
        select {
        case n := <-sent:
            written = true
            defer done(n)
        case s := <-answer:
            if written {
                return s
            }
        }
    }
}
func Start(sent chan int, answer chan string) { go wait(sent, answer) }
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
func work(m string)
func serve(in chan string) {
    for m := range in {
        //stanch:ignore defer-in-endless-loop a dozen at most
        defer work(m)
    }
}
func Start(in chan string) { go serve(in) }
"#,
        );
    }
}
