//! A `range` over a channel that nobody closes: the loop waits for ever after the last value.
//!
//! # Why it leaks
//! `for v := range ch` ends only when the channel is closed. If those who send have all ended, or have
//! left on an error path without closing, the goroutine that ranges waits for ever.
//!
//! # Example
//! ```go
//! func sum(xs []int) {
//!     ch := make(chan int)
//!     go func() {
//!         total := 0
//!         for x := range ch { // waits for ever after the last value
//!             total += x
//!         }
//!         fmt.Println(total)
//!     }()
//!     for _, x := range xs {
//!         ch <- x
//!     }
//! }
//! ```
//! `defer close(ch)` in the only sender ends the loop on every path.
//!
//! # Fix safety
//! There is no automatic fix yet. Only the sender may close, and only once all of them are done.
//!
//! # Not reported
//! Channels that code out of view may close or send on. In `main`, a goroutine that waits for more work
//! is a daemon of the process.

use crate::Ctx;
use crate::waits::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_model::{LeakKind, WaitReason};

/// The check.
pub const CHECK: Check = Check {
    code: "CH003",
    name: "range-without-close",
    summary: "a `range` over a channel that nobody closes never ends",
    cause: Cause::ChannelBlocking,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this loop",
    verb: ("waits for ever", "can wait for ever"),
    label: "nobody sends or closes any more",
    rescuer: "closing it after this would end the loop",
    help: "close the channel where its last sender ends (`defer close(ch)`)",
    remedy: Remedy::CloseChannel,
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |ctx, seen| {
        let leak = &seen.leak.leak;
        leak.kind == LeakKind::BlockedForEver
            && matches!(leak.wait, WaitReason::ChanReceive | WaitReason::ChanReceiveNil)
            && waits::is_range(ctx, seen.func, seen.span)
            && !waits::parks(ctx, seen.leak)
    });
    leaks.iter().map(|seen| waits::finding(ctx, &CHECK, seen, &WORDS)).collect()
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("range-without-close", fixture);
    }

    #[test]
    fn the_sender_does_not_close() {
        check(
            r#"
func sum(xs []int) {
    ch := make(chan int)
    go func() {
        for range ch {
          //^^^^^^^^ leak[range-without-close]: this loop
        }
    }()
    for _, x := range xs {
        ch <- x
    }
}
"#,
        );
    }

    #[test]
    fn the_error_path_does_not_close() {
        check(
            r#"
func next() (int, error) { return 0, nil }
func f() error {
    ch := make(chan int)
    go func() {
        for range ch {
          //^^^^^^^^ leak[range-without-close]: this loop
        }
    }()
    v, err := next()
    if err != nil {
        return err
    }
    ch <- v
    close(ch)
    return nil
}
"#,
        );
    }

    #[test]
    fn closed_on_every_path() {
        check(
            r#"
func sum(xs []int) {
    ch := make(chan int)
    go func() {
        for range ch {
        }
    }()
    defer close(ch)
    for _, x := range xs {
        ch <- x
    }
}
"#,
        );
    }

    #[test]
    fn handed_on() {
        check(
            r#"
func start() chan<- int {
    ch := make(chan int)
    go func() {
        for range ch {
        }
    }()
    return ch
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func sum() {
    ch := make(chan int)
    go func() {
        //stanch:ignore range-without-close on purpose
        for range ch {
        }
    }()
    ch <- 1
}
"#,
        );
    }

    #[test]
    fn the_sender_closes_when_it_leaves() {
        let program = |leaves: &str, mark: &str| {
            stanch_testing::check_shown(
                "range-without-close",
                &format!(
                    r#"
type router struct {{
    exit   chan struct{{}}
    events chan int
}}

func (r *router) Start() {{
    r.events = make(chan int)
    r.exit = make(chan struct{{}})
}}

func (r *router) Watch(next func() int) {{
    for {{
        select {{
        case <-r.exit:
            {leaves}
            return
        case r.events <- next():
        }}
    }}
}}

func (r *router) Serve() {{
    for {{
        select {{
        case <-r.events:
        case <-r.exit:
            return
        }}
    }}
}}

func (r *router) Stop() {{
    close(r.exit)
    for range r.events {{
      {mark}
    }}
}}
"#
                ),
            );
        };
        program("close(r.events)", "");
        program("", "//^^^^^^^^^^^^^^ leak[range-without-close]: this loop");
    }
}
