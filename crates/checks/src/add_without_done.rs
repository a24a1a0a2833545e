//! An `Add` to a wait group that no `Done` follows on some path.
//!
//! # Why it leaks
//! A wait group is done when every `Add` was met by a `Done`. Where the function returns before it has
//! started the goroutine that calls `Done`, or where the goroutine returns without it, the counter stays
//! above zero: whoever waits then, mostly `Close` or `Stop`, waits for ever.
//!
//! # Example
//! ```go
//! type pool struct{ wg sync.WaitGroup }
//!
//! func (p *pool) serve(conn net.Conn) {
//!     defer p.wg.Done()
//!     io.Copy(io.Discard, conn)
//! }
//!
//! func (p *pool) dial(addr string) error {
//!     p.wg.Add(1)
//!     conn, err := net.Dial("tcp", addr)
//!     if err != nil {
//!         return err // no goroutine, no Done
//!     }
//!     go p.serve(conn)
//!     return nil
//! }
//! ```
//! `Add` right before the `go` statement; `defer wg.Done()` as the goroutine's first statement.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Wait groups of the function itself: `waitgroup-never-done` explores those. An `Add` of which no other path
//! of the function shows who calls `Done`, by itself or by a goroutine that it starts. What is somebody
//! else's business: once anything was sent, or handed on with no error returned, others may call it; and
//! after a return without an error, if any function of the package calls `Done` of that field for others.

use crate::Ctx;
use crate::slot_words::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_obligations::SlotKind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS019",
    name: "add-without-done",
    summary: "an `Add` to a wait group has no `Done` on some path",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    note: "whoever waits for the group from then on waits for ever",
    help: "call `Add` where nothing can come between it and the `go` statement, or `Done` on this way",
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    slot_words::findings(ctx, &CHECK, |kind| kind == SlotKind::Group, &WORDS)
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("add-without-done", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("add-without-done", include_str!("add_without_done.rs"));
    }

    #[test]
    fn add_before_something_that_may_refuse() {
        check(
            r#"
type server struct { mu sync.Mutex; running bool; all sync.WaitGroup; conns map[int]bool }
func (s *server) start(f func()) bool {
    s.mu.Lock()
    defer s.mu.Unlock()
    if !s.running {
        return false
    }
    go f()
    return true
}
func (s *server) sync() {}
type client struct { wg sync.WaitGroup; s *server }
func (c *client) refused() {
    c.wg.Add(1)
  //^^^^^^^^^^^ leak[add-without-done]: `Done` of `c.wg` is missed when `(*client).refused` returns at line 21
    c.s.start(func() {
        defer c.wg.Done()
        c.s.sync()
    })
}
func (c *client) asks() {
    c.wg.Add(1)
    if !c.s.start(func() {
        defer c.wg.Done()
        c.s.sync()
    }) {
        c.wg.Done()
    }
}
func (c *client) fails(addr string) error {
    c.wg.Add(1)
  //^^^^^^^^^^^ leak[add-without-done]: `Done` of `c.wg` is missed
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return err
    }
    go c.serve(conn)
    return nil
}
func (c *client) serve(conn net.Conn) {
    defer c.wg.Done()
    defer conn.Close()
    c.s.sync()
}
"#,
        );
    }

    #[test]
    fn a_goroutine_that_misses_done_on_a_way() {
        check(
            r#"
func run(n int) error { return nil }
type pool struct { wg sync.WaitGroup; jobs chan int }
func (p *pool) leaks(n int) {
    p.wg.Add(1)
  //^^^^^^^^^^^ leak[add-without-done]: `Done` of `p.wg` is missed when `(*pool).leaks.func1` returns at line 9
    go func() {
        if err := run(n); err != nil {
            return
        }
        p.wg.Done()
    }()
}
func (p *pool) hands_on(n int) {
    p.wg.Add(1)
    go func() {
        if err := run(n); err != nil {
            go func() { run(1); p.wg.Done() }()
            return
        }
        p.wg.Done()
    }()
}
func (p *pool) flagged(n int, async bool) {
    if async {
        defer p.wg.Done()
    }
    run(n)
}
func (p *pool) both(n int, wait bool) {
    if wait {
        p.flagged(n, false)
        return
    }
    p.wg.Add(1)
    go p.flagged(n, true)
}
func (p *pool) worker() {
    for n := range p.jobs {
        run(n)
        p.wg.Done()
    }
}
func (p *pool) submit(n int) {
    p.wg.Add(1)
    p.jobs <- n
}
"#,
        );
    }

    #[test]
    fn the_place_is_somebody_elses_business() {
        check(
            r#"
type conn struct { s *server }
type server struct { wg sync.WaitGroup; closed bool; conns map[*conn]bool }
func check(c *conn) error { return nil }
func (s *server) enter() bool {
    s.wg.Add(1)
    if s.closed {
        s.wg.Done()
        return false
    }
    return true
}
func (s *server) add(c *conn) error {
    s.wg.Add(1)
    if err := check(c); err != nil {
        s.wg.Done()
        return err
    }
    s.conns[c] = true
    return nil
}
func (c *conn) close() { delete(c.s.conns, c); c.s.wg.Done() }
func (s *server) sends(c *conn, work chan *conn) {
    s.wg.Add(1)
    select {
    case work <- c:
    default:
        go c.close()
    }
}
func (s *server) loop(cs []*conn) {
    for _, c := range cs {
        s.wg.Add(1)
        go c.close()
    }
    s.wg.Wait()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type pool struct { wg sync.WaitGroup }
func (p *pool) work() { defer p.wg.Done() }
func (p *pool) start(ok bool) {
    p.wg.Add(1) //stanch:ignore add-without-done nobody waits then
    if !ok {
        return
    }
    go p.work()
}
"#,
        );
    }

    #[test]
    fn speaks_for_whoever_waits() {
        stanch_testing::check_all(
            r#"
type dialer struct { wg sync.WaitGroup }
func dial() error
func (d *dialer) connect() error {
    d.wg.Add(1)
  //^^^^^^^^^^^ leak[add-without-done]: `Done` of `d.wg` is missed when `(*dialer).connect` returns
    if err := dial(); err != nil {
        return err
    }
    d.wg.Done()
    return nil
}
func all() {
    d := &dialer{}
    d.connect()
    d.wg.Wait()
}
"#,
        );
    }

    #[test]
    fn kept_without_an_error() {
        check(
            r#"
type pool struct { wg sync.WaitGroup }
func (p *pool) do(skip bool, f func()) {
    p.wg.Add(1)
  //^^^^^^^^^^^ leak[add-without-done]: `Done` of `p.wg` is missed when `(*pool).do` returns
    if skip {
        return
    }
    f()
    p.wg.Done()
}
func (p *pool) Close() { p.wg.Wait() }
type shared struct { wg sync.WaitGroup }
func (s *shared) enter(ok bool) bool {
    s.wg.Add(1)
    if ok {
        return true
    }
    s.wg.Done()
    return false
}
func (s *shared) leave() { s.wg.Done() }
type lent struct { wg sync.WaitGroup }
func (l *lent) enter(ok bool, done func(*sync.WaitGroup)) bool {
    l.wg.Add(1)
    if ok {
        return true
    }
    l.wg.Done()
    return false
}
func (l *lent) group() *sync.WaitGroup { return &l.wg }
"#,
        );
    }
}
