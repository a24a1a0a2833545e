//! A return keeps a place in a semaphore that other paths give back.
//!
//! # Why it leaks
//! A semaphore lets so many in at once. Each place that is kept lets one fewer in, for ever; when all are
//! gone, everybody who comes waits at the semaphore with whatever is in hand, and nobody ever goes on.
//!
//! # Example
//! ```go
//! type limiter struct{ slots chan struct{} }
//!
//! func newLimiter(n int) *limiter { return &limiter{slots: make(chan struct{}, n)} }
//!
//! func (l *limiter) run(f func() error) error {
//!     l.slots <- struct{}{}
//!     if err := f(); err != nil {
//!         return err // the place stays taken
//!     }
//!     <-l.slots
//!     return nil
//! }
//! ```
//! `defer func() { <-l.slots }()` right after the place is taken covers every return.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Channels without room, channels that are closed, and channels whose values mean something, are no
//! semaphores. Places of which the
//! function does not show on another path that it gives them back, or that a goroutine does which it
//! starts: whoever takes a place for others is not held to it. So is a place once something has been sent,
//! or handed on with no error returned. Of returns without an error those are told whose place nobody can
//! give back: no function of the package gives back a place of that field that it has not taken.

use crate::Ctx;
use crate::slot_words::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_obligations::SlotKind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS018",
    name: "lost-semaphore-slot",
    summary: "a return keeps a place in a semaphore that other paths give back",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    note: "one fewer can come in from then on; in the end nobody can",
    help: "give it back in a `defer` right after it is taken, or before this return",
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    slot_words::findings(ctx, &CHECK, |kind| kind != SlotKind::Group, &WORDS)
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("lost-semaphore-slot", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("lost-semaphore-slot", include_str!("lost_semaphore_slot.rs"));
    }

    const LIMITER: &str = "
type limiter struct{ slots chan struct{}; wake chan struct{} }
func newLimiter(n int) *limiter {
    return &limiter{slots: make(chan struct{}, n), wake: make(chan struct{})}
}
func work() error { return nil }
";

    #[test]
    fn goroutines_selects_and_helpers() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) start(ctx context.Context) error {
    select {
    case l.slots <- struct{}{}:
       //^^^^^^^^^^^^^^^^^^^^^ leak[lost-semaphore-slot]: a place in `l.slots` is not given back
    case <-ctx.Done():
        return ctx.Err()
    }
    if err := work(); err != nil {
        return err
    }
    go func() {
        defer func() { <-l.slots }()
        work()
    }()
    return nil
}
func (l *limiter) free() { <-l.slots }
func (l *limiter) run() error {
    l.slots <- struct{}{}
  //^^^^^^^^^^^^^^^^^^^^^ leak[lost-semaphore-slot]: a place in `l.slots` is not given back
    if err := work(); err != nil {
        return err
    }
    l.free()
    return nil
}
func (l *limiter) wait() error {
    l.slots <- struct{}{}
    defer l.free()
    if err := work(); err != nil {
        return err
    }
    return nil
}
"#
        ));
    }

    #[test]
    fn tokens_that_are_taken_out() {
        check(
            r#"
var tokens = make(chan struct{}, 4)
func init() {
    for range 4 {
        tokens <- struct{}{}
    }
}
func read() error { return nil }
func right() error {
    <-tokens
    err := read()
    tokens <- struct{}{}
    if err != nil {
        return err
    }
    return nil
}
func wrong() error {
    <-tokens
  //^^^^^^^^ leak[lost-semaphore-slot]: a place in `tokens` is not given back when `wrong` returns at line 22
    if err := read(); err != nil {
        return err
    }
    tokens <- struct{}{}
    return nil
}
"#,
        );
    }

    #[test]
    fn a_channel_that_triggers_a_loop() {
        check(
            r#"
type child struct { trigger chan bool; dying chan bool }
func newChild() *child { return &child{trigger: make(chan bool, 1), dying: make(chan bool)} }
func dispatch() error { return nil }
func (c *child) run() {
    for range c.trigger {
        select {
        case <-c.dying:
            close(c.trigger)
        case <-time.After(time.Second):
            if err := dispatch(); err != nil {
                c.trigger <- true
                return
            }
        }
    }
}
func (c *child) kick() error {
    c.trigger <- true
    if err := dispatch(); err != nil {
        return err
    }
    <-c.trigger
    return nil
}
"#,
        );
    }

    #[test]
    fn semaphores_of_the_library() {
        check(
            r#"
//- /golang.org/x/sync/semaphore/semaphore.go
package semaphore
import "context"
type Weighted struct { n int64 }
func (s *Weighted) Acquire(ctx context.Context, n int64) error { s.n += n; return ctx.Err() }
func (s *Weighted) TryAcquire(n int64) bool { s.n += n; return s.n < 4 }
func (s *Weighted) Release(n int64) { s.n -= n }
//- /m/a.go
package m
import ("context"; "golang.org/x/sync/semaphore")
type fetcher struct { sem *semaphore.Weighted }
func work() error { return nil }
func (f *fetcher) wrong(ctx context.Context) error {
    if err := f.sem.Acquire(ctx, 1); err != nil {
            //^^^^^^^^^^^^^^^^^^^^^ leak[lost-semaphore-slot]: a place in `f.sem` is not given back
        return err
    }
    if err := work(); err != nil {
        return err
    }
    f.sem.Release(1)
    return nil
}
func (f *fetcher) right(ctx context.Context) error {
    if err := f.sem.Acquire(ctx, 1); err != nil {
        return err
    }
    defer f.sem.Release(1)
    return work()
}
func (f *fetcher) tries() error {
    if !f.sem.TryAcquire(1) {
        return work()
    }
    err := work()
    f.sem.Release(1)
    return err
}
"#,
        );
    }

    #[test]
    fn a_place_that_may_be_free_already() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) ready(ctx context.Context) error {
    select {
    case l.slots <- struct{}{}:
        select {
        case <-l.slots:
        default:
        }
    case <-ctx.Done():
        return ctx.Err()
    }
    return work()
}
"#
        ));
    }

    #[test]
    fn what_others_have_taken_is_given_back() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) add() { l.slots <- struct{}{} }
func (l *limiter) swap(removed int, more bool) {
    for i := 0; i < removed; i++ {
        <-l.slots
    }
    if more {
        l.slots <- struct{}{}
    }
}
"#
        ));
    }

    #[test]
    fn whoever_takes_a_place_for_others_is_not_held_to_it() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) enter() error {
    l.slots <- struct{}{}
    if err := work(); err != nil {
        <-l.slots
        return err
    }
    return nil
}
func (l *limiter) leave() { <-l.slots }
func (l *limiter) all() {
    for i := 0; i < cap(l.slots); i++ {
        l.slots <- struct{}{}
    }
}
func (l *limiter) signal() error {
    l.wake <- struct{}{}
    if err := work(); err != nil {
        return err
    }
    <-l.wake
    return nil
}
func (l *limiter) pass(done chan error) error {
    l.slots <- struct{}{}
    if err := work(); err != nil {
        done <- err
        return err
    }
    <-l.slots
    return nil
}
"#
        ));
    }

    #[test]
    fn taken_by_a_method() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) enter() { l.slots <- struct{}{} }
func (l *limiter) leave() { <-l.slots }
func (l *limiter) forgets(name string) error {
    l.enter()
  //^^^^^^^^^ leak[lost-semaphore-slot]: a place in `l.slots` is not given back
    if err := work(); err != nil {
        return err
    }
    l.leave()
    return nil
}
func (l *limiter) keeps(name string) error {
    l.enter()
    defer l.leave()
    return work()
}
func (l *limiter) begin() error {
    l.enter()
    if err := work(); err != nil {
        l.leave()
        return err
    }
    return nil
}
"#
        ));
    }

    #[test]
    fn suppressed() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) run() error {
    l.slots <- struct{}{} //stanch:ignore lost-semaphore-slot the caller stops then
    if err := work(); err != nil {
        return err
    }
    <-l.slots
    return nil
}
"#
        ));
    }

    #[test]
    fn an_object_that_is_returned_gives_it_back() {
        let program = |kept: &str, expectation: &str| {
            check(&format!(
                r#"
{LIMITER}
type ticket struct {{ once sync.Once; free func() }}
func (t *ticket) Close() {{ t.once.Do(t.free) }}
func (l *limiter) enter() (*ticket, error) {{
    l.slots <- struct{{}}{{}}
  {expectation}
    t := &ticket{{free: func() {{ <-l.slots }}}}
    if err := work(); err != nil {{
        t.Close()
        return nil, err
    }}
    return {kept}, nil
}}
"#
            ));
        };
        program("t", "");
        let found = "//^^^^^^^^^^^^^^^^^^^ leak[lost-semaphore-slot]: is not given back when";
        program("&ticket{}", found);
    }

    #[test]
    fn what_finds_no_room_only_wakes_somebody() {
        check(
            r#"
type engine struct { wake, stop chan bool; left int }
func newEngine() *engine { return &engine{wake: make(chan bool, 1), stop: make(chan bool)} }
func (e *engine) turn() error
func (e *engine) run() error {
    for {
        select {
        case <-e.stop:
            return nil
        case <-e.wake:
        }
        if err := e.turn(); err != nil {
            return err
        }
        if e.left > 0 {
            select {
            case e.wake <- true:
            default:
            }
        }
    }
}
"#,
        );
    }

    #[test]
    fn left_by_another_method() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) enter() { l.slots <- struct{}{} }
func (l *limiter) leave() { <-l.slots }
func (l *limiter) run(name string) error {
    l.enter()
  //^^^^^^^^^ leak[lost-semaphore-slot]: a place in `l.slots` is not given back
    if name == "" {
        return errors.New("no name")
    }
    defer l.leave()
    return work()
}
func (l *limiter) fine(name string) error {
    l.enter()
    defer l.leave()
    if name == "" {
        return errors.New("no name")
    }
    return work()
}
"#
        ));
    }

    #[test]
    fn kept_without_an_error() {
        check(&format!(
            "{LIMITER}{}",
            r#"
func (l *limiter) run(skip bool) error {
    l.slots <- struct{}{}
  //^^^^^^^^^^^^^^^^^^^^^ leak[lost-semaphore-slot]: a place in `l.slots` is not given back
    if skip {
        return nil
    }
    err := work()
    <-l.slots
    return err
}
"#
        ));
        // Somebody gives back what others have taken, or gets the channel.
        for other in [
            "func (l *limiter) leave() { <-l.slots }",
            "func (l *limiter) start() { go func() { <-l.slots }() }",
            "func (l *limiter) all() chan struct{} { return l.slots }",
        ] {
            check(&format!(
                "{LIMITER}{other}\n{}",
                r#"
func (l *limiter) enter(wait bool) bool {
    l.slots <- struct{}{}
    if wait {
        return true
    }
    <-l.slots
    return false
}
"#
            ));
        }
    }

    #[test]
    fn a_pool_that_is_filled_first() {
        check(
            r#"
type server struct { out chan struct{} }
func newServer(n int) *server {
    s := &server{out: make(chan struct{}, n)}
    for i := 0; i < n; i++ {
        s.out <- struct{}{}
    }
    return s
}
func work() error { return nil }
func (s *server) catchUp() error {
    var have bool
    release := func() {
        if !have {
            return
        }
        select {
        case s.out <- struct{}{}:
        default:
        }
        have = false
    }
    defer release()
    for {
        release()
        if err := work(); err != nil {
            return err
        }
        <-s.out
        have = true
    }
}
func (s *server) run() error {
    s.out <- struct{}{}
    if err := work(); err != nil {
        return err
    }
    <-s.out
    return nil
}
"#,
        );
    }
}
