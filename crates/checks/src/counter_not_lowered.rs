//! A counter that lets in or refuses is raised and lowered again, but not on every failure.
//!
//! # Why it leaks
//! The counter says how many are in. Each failure that leaves it raised takes a place that nobody has: one
//! fewer is let in from then on, and whoever waits for the counter to come back to nought waits for ever,
//! with all that stands in line behind it.
//!
//! # Example
//! ```go
//! type server struct {
//!     mu     sync.Mutex
//!     active int
//!     queue  []string
//! }
//!
//! func open(job string) error
//! func work(job string)
//!
//! func (s *server) run(job string) {
//!     s.mu.Lock()
//!     if s.active >= 10 {
//!         s.queue = append(s.queue, job)
//!         s.mu.Unlock()
//!         return
//!     }
//!     s.active++
//!     s.mu.Unlock()
//!     if err := open(job); err != nil {
//!         return // the counter stays raised
//!     }
//!     work(job)
//!     s.mu.Lock()
//!     s.active--
//!     s.mu.Unlock()
//! }
//! ```
//! Lower it in a `defer` right after it was raised, or before this return.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Counters that are never compared with anything, which only measure; counters of objects without a lock
//! that are not atomic, such as the depth of a decoder, which dies with its first error; functions in which
//! a deferred call or a literal from before lowers it; ways on which a function is called that may lower
//! it, or one out of view is given the object; returns without a failure.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "GL006",
    name: "counter-not-lowered",
    summary: "a failure leaves a counter raised that decides who comes in",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    let Retained::CounterMissed { counter, lowered, missed, decides, lowerer } = &r.what else {
        return None;
    };
    let name = retentions::name(ctx, *counter);
    let line = ctx.line(*missed);
    let taken = match lowerer {
        Some(lowerer) => format!("`{}` lowers it, if it comes to that", short(lowerer)),
        None => "other ways lower it".to_owned(),
    };
    let related = vec![
        ctx.label(*missed, "this way leaves it raised"),
        ctx.label(*lowered, taken),
        ctx.label(*decides, "it decides here"),
    ];
    Some(Words {
        message: format!(
            "`{}` leaves `{name}` raised when it fails at line {line}",
            short(&r.function)
        ),
        label: "it is raised here".to_owned(),
        related,
        notes: vec![
            format!("`{name}` is a `{}`", ctx.ty(r.ty, r.package)),
            "each such failure takes a place that nobody gives back".to_owned(),
        ],
        help: "lower it before this line, or in a `defer` after it was raised".to_owned(),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "counter-not-lowered";

    #[test]
    fn the_example() {
        example(NAME, include_str!("counter_not_lowered.rs"));
    }

    #[test]
    fn refused_and_still_counted() {
        check(
            NAME,
            r#"
var errFull = errors.New("full")
type limiter struct { n atomic.Int32 }
func (l *limiter) enter() error {
    if l.n.Add(1) > 10 {
     //^^^^^^^^^^ leak[counter-not-lowered]: `(*limiter).enter` leaves `n` raised
        return errFull
      //^^^^^^^^^^^^^^ label: this way leaves it raised
    }
    return nil
}
func (l *limiter) leave() { l.n.Add(-1) }
func work()
func (l *limiter) run() error {
    if err := l.enter(); err != nil {
        return err
    }
    defer l.leave()
    work()
    return nil
}
"#,
        );
    }

    #[test]
    fn whoever_is_refused_leaves_too() {
        check(
            NAME,
            r#"
var errFull = errors.New("full")
type limiter struct { n, m atomic.Int32 }
func (l *limiter) enter() error {
    if l.n.Add(1) > 10 {
        return errFull
    }
    return nil
}
func (l *limiter) leave() { l.n.Add(-1) }
func work()
func (l *limiter) run() error {
    defer l.leave()
    if err := l.enter(); err != nil {
        return err
    }
    work()
    return nil
}
func (l *limiter) again() error {
    if l.m.Add(1) > 10 {
        l.m.Add(-1)
        return errFull
    }
    return nil
}
func (l *limiter) exit() { l.m.Add(-1) }
func (l *limiter) running() error {
    if err := l.again(); err != nil {
        return err
    }
    defer l.exit()
    work()
    return nil
}
"#,
        );
    }

    #[test]
    fn the_object_that_lowers_it_is_not_made() {
        check(
            NAME,
            r#"
type listener struct { mu sync.Mutex; n int; max int; inner net.Listener }
type conn struct { net.Conn; l *listener }
func (l *listener) full() bool { return l.n >= l.max }
func (l *listener) Accept() (net.Conn, error) {
    l.mu.Lock()
    l.n++
  //^^^^^ leak[counter-not-lowered]: leaves `n` raised
    l.mu.Unlock()
    c, err := l.inner.Accept()
    if err != nil {
        return nil, err
      //^^^^^^^^^^^^^^^ label: this way leaves it raised
    }
    return &conn{c, l}, nil
}
func (c *conn) Close() error {
    c.l.mu.Lock()
    c.l.n--
    c.l.mu.Unlock()
    return c.Conn.Close()
}
"#,
        );
    }

    #[test]
    fn the_next_turn() {
        check(
            NAME,
            r#"
var active int32
func handshake(c net.Conn) error
func serve(c net.Conn)
func busy() bool { return atomic.LoadInt32(&active) > 100 }
func loop(conns chan net.Conn) {
    for c := range conns {
        atomic.AddInt32(&active, 1)
      //^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[counter-not-lowered]: `loop` leaves `active` raised
        if err := handshake(c); err != nil {
            continue
        }
        go func() {
            defer atomic.AddInt32(&active, -1)
            serve(c)
        }()
    }
}
"#,
        );
    }

    #[test]
    fn lowered_on_every_way() {
        check(
            NAME,
            r#"
type server struct { mu sync.Mutex; active, seen, tries, depth int; done func() }
func open() error
func work() error
func (s *server) full() bool { return s.active > 10 || s.tries > 3 || s.depth > 100 }
func (s *server) deferred() error {
    s.active++
    defer func() { s.active-- }()
    if err := open(); err != nil {
        return err
    }
    return work()
}
func (s *server) each() error {
    s.active++
    if err := open(); err != nil {
        s.active--
        return err
    }
    err := work()
    s.active--
    return err
}
func (s *server) helper() error {
    s.active++
    if err := open(); err != nil {
        s.drop()
        return err
    }
    s.active--
    return nil
}
func (s *server) drop() { s.active-- }
// It only measures.
func (s *server) measures() error {
    s.seen++
    if err := open(); err != nil {
        return err
    }
    s.seen--
    return nil
}
// It counts failures.
func (s *server) retry() error {
    if err := open(); err != nil {
        s.tries++
        return err
    }
    s.tries--
    return nil
}
// The callback may lower it.
func (s *server) calls() error {
    s.active++
    if err := open(); err != nil {
        s.done()
        return err
    }
    s.active--
    return nil
}
type decoder struct { depth int }
func (d *decoder) value() error {
    d.depth++
    if d.depth > 100 {
        return nil
    }
    if err := open(); err != nil {
        return err
    }
    d.depth--
    return nil
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var active int32
func open() error
func full() bool { return atomic.LoadInt32(&active) > 100 }
func run() error {
    //stanch:ignore counter-not-lowered the process ends then
    atomic.AddInt32(&active, 1)
    if err := open(); err != nil {
        return err
    }
    atomic.AddInt32(&active, -1)
    return nil
}
"#,
        );
    }
}
