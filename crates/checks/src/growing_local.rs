//! A map or slice in a variable of a goroutine or handler that goes on is added to and never emptied.
//!
//! # Why it leaks
//! A variable of a goroutine whose loop has no end lives as long as that goroutine; a variable that a handler
//! or callback captures lives as long as the handler is registered. Nobody sees it from outside, but it is
//! no less global for that: what every turn or call puts in stays.
//!
//! # Example
//! ```go
//! type event struct {
//!     id   string
//!     body []byte
//! }
//!
//! func Watch(events chan event, done chan bool, handle func(event)) {
//!     go func() {
//!         seen := map[string]bool{}
//!         for {
//!             select {
//!             case e := <-events:
//!                 if !seen[e.id] {
//!                     seen[e.id] = true // one more for each event there ever was
//!                     handle(e)
//!                 }
//!             case <-done:
//!                 return
//!             }
//!         }
//!     }()
//! }
//! ```
//! Keep the last few only, expire entries, or delete them when what they stand for ends.
//!
//! # Fix safety
//! There is no automatic fix: which entries may go is for people to decide.
//!
//! # Not reported
//! Variables from which anything is taken out, that are set anew, whose length is compared with a bound, that
//! are used when the loop is over, or that leave the function in any way; keys of which there are only a few.
//! A loop over one channel may be over when the work is done, a goroutine that is started again and again may end
//! with each piece of work, and a function value may not be called often: these are `possible`.

use crate::growths::entry_words;
use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "GL007",
    name: "growing-local",
    summary: "a variable of a goroutine or handler that goes on only grows",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Grown { name, declared, key, value, in_loop } = &r.what else { return None };
    let function = short(&r.function);
    let lives = match in_loop {
        true => format!("this variable lives as long as the loop of `{function}`"),
        false => format!("all calls of `{function}` share this variable"),
    };
    Some(Words {
        message: format!("`{name}` only grows: nothing takes entries out"),
        label: match (key.is_some(), in_loop) {
            (true, _) => "each new key stays".to_owned(),
            (false, true) => "each turn adds an element that stays".to_owned(),
            (false, false) => "each call adds an element that stays".to_owned(),
        },
        related: vec![ctx.label(*declared, lives)],
        notes: vec![entry_words(ctx, r.package, (*key, *value), r.span)],
        help: match key.is_some() {
            true => "delete entries when they are no longer needed, or bound or expire them",
            false => "drop elements when they are no longer needed, or keep only the last few",
        }
        .to_owned(),
        remedy: Remedy::AvoidGlobal,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "growing-local";

    #[test]
    fn the_example() {
        example(NAME, include_str!("growing_local.rs"));
    }

    #[test]
    fn a_slice_of_a_loop_that_serves() {
        check_shown(
            NAME,
            r#"
func Start(in chan []byte, tick chan int) {
    var all [][]byte
      //^^^ label: lives as long as the loop
    for {
        select {
        case b := <-in:
            all = append(all, b)
          //^^^^^^^^^^^^^^^^^^^^ leak[growing-local]: `all` only grows
        case <-tick:
        }
    }
}
"#,
        );
    }

    #[test]
    fn what_the_calls_of_a_handler_share() {
        check_shown(
            NAME,
            r#"
func Count() {
    seen := map[string]bool{}
    small := map[bool]int{}
    register(func(w http.ResponseWriter, r *http.Request) {
        each := map[string]bool{}
        each[r.Method] = true
        small[seen[r.Method]]++
        seen[r.Method] = true
      //^^^^^^^^^^^^^^ leak[growing-local]: `seen` only grows
    })
}
var registered func(http.ResponseWriter, *http.Request)
func register(f func(http.ResponseWriter, *http.Request)) { registered = f }
"#,
        );
    }

    #[test]
    fn what_ends_is_bounded_or_goes_elsewhere() {
        check(
            NAME,
            r#"
type event struct { id string }
func gathers(in chan event, done chan bool) []event {
    var all []event
    for {
        select {
        case e := <-in:
            all = append(all, e)
        case <-done:
            return all
        }
    }
}
func Work(in chan event, done chan bool, out chan []event) {
    gathers(in, done)
    last := map[string]event{}
    first := map[string]event{}
    few := []event{}
    batch := []event{}
    byHash := map[int]event{}
    for {
        fresh := map[string]event{}
        select {
        case e := <-in:
            last[e.id] = e
            first[e.id] = e
            fresh[e.id] = e
            byHash[len(e.id)%8] = e
            few = append(few, e)
            if len(few) > 10 {
                few = few[1:]
            }
            batch = append(batch, e)
        case <-done:
            delete(last, "x")
            for k := range first {
                delete(first, k)
            }
            out <- batch
            batch = nil
        }
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
func Start(in chan string, tick chan int) {
    seen := map[string]bool{}
    for {
        select {
        case s := <-in:
            //stanch:ignore growing-local a few names
            seen[s] = true
        case <-tick:
        }
    }
}
"#,
        );
    }
}
