//! A function has a timer call it again each time it runs, and nothing can ever stop that.
//!
//! # Why it leaks
//! The runtime keeps a timer that has not fired, its function, and all that the function captured. A function
//! whose every run arms the next timer is a loop without an end: the object that it works for is never
//! freed, however long ago its owner has closed it, and each new object adds another loop.
//!
//! # Example
//! ```go
//! type pool struct {
//!     mu    sync.Mutex
//!     idle  []*int
//!     timer *time.Timer
//! }
//!
//! func newPool() *pool {
//!     p := &pool{}
//!     p.timer = time.AfterFunc(time.Minute, p.sweep)
//!     return p
//! }
//!
//! func (p *pool) sweep() {
//!     p.mu.Lock()
//!     p.idle = nil
//!     p.mu.Unlock()
//!     p.timer = time.AfterFunc(time.Minute, p.sweep) // and again, closed or not
//! }
//!
//! func (p *pool) Close() {
//!     p.mu.Lock()
//!     p.idle = nil
//!     p.mu.Unlock()
//! }
//!
//! func Use(in chan int) {
//!     for range in {
//!         p := newPool()
//!         p.Close()
//!     }
//! }
//! ```
//! Keep a flag that `Close` sets and the function asks before it arms the timer again, and stop the timer in
//! `Close`.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Functions that return on some way without arming the timer; timers that other code can reach, through a
//! field or variable; what is armed once when the program starts. Where the object has no method that ends it, and
//! it is not seen that such objects are made again and again, the finding is `possible`.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "CL009",
    name: "timer-rearms-itself",
    summary: "a timer arms itself again for ever",
    cause: Cause::ClosureReference,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::Rearmed { first: (by, first), owner, ended } = &r.what else { return None };
    let function = short(&r.function);
    let mut related = Vec::new();
    if *first != r.span {
        related.push(ctx.label(*first, format!("`{}` begins it", short(by))));
    }
    if let Some(ended) = ended.and_then(|ended| ctx.declared(ended)) {
        related.push(ctx.label(ended, "this ends the object, and the timer goes on"));
    }
    let notes = match owner {
        Some(owner) => vec![format!("it keeps the `{}`", ctx.ty(*owner, r.package))],
        None => Vec::new(),
    };
    Some(Words {
        message: format!("`{function}` has a timer call it again for ever"),
        label: "each run arms the next timer, and nothing can stop it".to_owned(),
        related,
        notes,
        help: "ask before it is armed again whether its work is over, and stop the timer then"
            .to_owned(),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "timer-rearms-itself";

    #[test]
    fn the_example() {
        example(NAME, include_str!("timer_rearms_itself.rs"));
    }

    #[test]
    fn a_literal_that_names_itself() {
        check(
            NAME,
            r#"
func work()
func Rearm(d time.Duration) {
    var f func()
    f = func() {
        work()
        time.AfterFunc(d, f)
      //^^^^^^^^^^^^^^^^^^^^ leak[timer-rearms-itself]: has a timer call it again for ever
    }
    time.AfterFunc(d, f)
  //^^^^^^^^^^^^^^^^^^^^ label: `Rearm` begins it
}
"#,
        );
    }

    #[test]
    fn through_a_literal_and_without_a_field() {
        check_shown(
            NAME,
            r#"
type client struct { urls []string }
func (c *client) discover() {
    c.urls = nil
    time.AfterFunc(time.Second, func() { c.discover() })
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[timer-rearms-itself]: has a timer call it again
}
func (c *client) Close() { c.urls = nil }
func New() *client {
    c := &client{}
    c.discover()
    return c
}
"#,
        );
    }

    #[test]
    fn with_a_way_out() {
        check(
            NAME,
            r#"
type client struct { closed bool; t, u *time.Timer }
func (c *client) asks() {
    if c.closed {
        return
    }
    time.AfterFunc(time.Second, c.asks)
}
func (c *client) stopped() { c.t = time.AfterFunc(time.Second, c.stopped) }
func (c *client) once() { c.u = time.AfterFunc(time.Second, c.other) }
func (c *client) other() {}
func (c *client) Close() {
    c.closed = true
    c.t.Stop()
}
func New() *client {
    c := &client{}
    c.asks()
    c.stopped()
    c.once()
    return c
}
func tick() { time.AfterFunc(time.Second, tick) }
func init() { tick() }
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
type client struct { n int }
func (c *client) tick() {
    c.n++
    //stanch:ignore timer-rearms-itself as long as the process
    time.AfterFunc(time.Second, c.tick)
}
func (c *client) Close() { c.n = 0 }
func New() *client {
    c := &client{}
    c.tick()
    return c
}
"#,
        );
    }
}
