//! A send on a channel that nobody receives from any more: the sender blocks for ever.
//!
//! # Why it leaks
//! A send on an unbuffered channel, or on a full one, waits for a receiver. If every receiver has
//! returned early, taken another arm of a select, or has had enough after the first value, the sending
//! goroutine waits for ever, with its stack and all that it refers to. Closing the channel does not
//! free it.
//!
//! # Example
//! ```go
//! func fetch(ctx context.Context) (int, error) {
//!     ch := make(chan int)
//!     go func() { ch <- work() }() // waits for ever once ctx is done
//!     select {
//!     case v := <-ch:
//!         return v, nil
//!     case <-ctx.Done():
//!         return 0, ctx.Err()
//!     }
//! }
//! ```
//! `make(chan int, 1)` lets the goroutine leave its value and end.
//!
//! # Fix safety
//! There is no automatic fix yet. A buffer as large as the number of sends changes nothing for those
//! who receive; a `<-ctx.Done()` arm beside the send loses the value on purpose.
//!
//! # Not reported
//! Channels that code out of view may receive from: parameters, fields of objects that came from
//! elsewhere, channels that were returned or passed on. Sends that have room in the buffer in every
//! schedule, sends in a select that another arm can end.

use crate::Ctx;
use crate::waits::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_model::{LeakKind, WaitReason};

/// The check.
pub const CHECK: Check = Check {
    code: "CH001",
    name: "abandoned-send",
    summary: "a send waits for a receiver that cannot come",
    cause: Cause::ChannelBlocking,
    stage: Stage::Stable("0.1.0"),
};

const WORDS: Words = Words {
    subject: "this send",
    verb: ("blocks for ever", "can block for ever"),
    label: "nobody receives this value",
    rescuer: "a receive here would free it",
    help: "give the channel room for this value (`make(chan T, n)`), or send in a `select` that also \
           watches `<-ctx.Done()`",
    remedy: Remedy::BufferChannel,
};

const UNMADE: Words = Words {
    label: "no code makes this channel: it is nil",
    help: "make the channel where its object is made, or ask whether it is nil first",
    remedy: Remedy::CloseChannel,
    ..WORDS
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let leaks = waits::leaks(ctx, |_, seen| {
        let leak = &seen.leak.leak;
        leak.kind == LeakKind::BlockedForEver
            && matches!(leak.wait, WaitReason::ChanSend | WaitReason::ChanSendNil)
    });
    let words = |seen: &waits::Seen<'_>| if waits::is_unmade(seen.leak) { &UNMADE } else { &WORDS };
    leaks.iter().map(|seen| waits::finding(ctx, &CHECK, seen, words(seen))).collect()
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("abandoned-send", fixture);
    }

    #[test]
    fn receiver_returns_on_cancel() {
        check(
            r#"
func work() int { return 1 }
func f(ctx context.Context) int {
    ch := make(chan int)
    go func() { ch <- work() }()
              //^^ leak[abandoned-send]: this send blocks for ever
    select {
    case v := <-ch:
        return v
    case <-ctx.Done():
        return 0
    }
}
"#,
        );
    }

    #[test]
    fn receiver_times_out_and_closing_does_not_help() {
        check(
            r#"
func f() int {
    ch := make(chan int)
    go func() {
        defer close(ch)
        ch <- 1
      //^^ leak[abandoned-send]: this send blocks for ever
    }()
    select {
    case v := <-ch:
        return v
    case <-time.After(time.Second):
        return 0
    }
}
"#,
        );
    }

    #[test]
    fn first_result_wins() {
        check(
            r#"
func ask(s string) int { return len(s) }
func first(servers []string) int {
    ch := make(chan int)
    for _, s := range servers {
        go func() { ch <- ask(s) }()
                  //^^ leak[abandoned-send]: this send can block for ever
    }
    return <-ch
}
"#,
        );
    }

    #[test]
    fn early_return_before_the_only_receive() {
        check(
            r#"
func check() error { return nil }
func f() error {
    ch := make(chan int)
    go func() { ch <- 1 }()
              //^^ leak[abandoned-send]: this send can block for ever
    if err := check(); err != nil {
        return err
    }
    <-ch
    return nil
}
"#,
        );
    }

    #[test]
    fn room_for_the_value() {
        check(
            r#"
func f(ctx context.Context) int {
    ch := make(chan int, 1)
    go func() { ch <- 1 }()
    select {
    case v := <-ch:
        return v
    case <-ctx.Done():
        return 0
    }
}
func all(servers []string) int {
    ch := make(chan int, len(servers))
    for range servers {
        go func() { ch <- 1 }()
    }
    return <-ch
}
"#,
        );
    }

    #[test]
    fn select_with_default_or_done() {
        check(
            r#"
func f(ctx context.Context) int {
    ch := make(chan int)
    go func() {
        select {
        case ch <- 1:
        case <-ctx.Done():
        }
    }()
    select {
    case v := <-ch:
        return v
    case <-ctx.Done():
        return 0
    }
}
"#,
        );
    }

    #[test]
    fn every_value_is_received() {
        check(
            r#"
func sum(xs []int) int {
    ch := make(chan int)
    for _, x := range xs {
        go func() { ch <- x }()
    }
    total := 0
    for range xs {
        total += <-ch
    }
    return total
}
"#,
        );
    }

    #[test]
    fn handed_to_code_out_of_view() {
        check(
            r#"
func f() <-chan int {
    ch := make(chan int)
    go func() { ch <- 1 }()
    return ch
}
func g(sink func(chan int)) {
    ch := make(chan int)
    sink(ch)
    ch <- 1
}
"#,
        );
    }

    #[test]
    fn a_long_loop_ends() {
        check(
            r#"
func f() {
    done := make(chan bool)
    go func() { done <- true }()
    for i := 0; i < 100; i++ {
        turn := make(chan bool, 1)
        turn <- true
        <-turn
    }
    <-done
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func f(ctx context.Context) {
    ch := make(chan int)
    //stanch:ignore abandoned-send the process ends soon
    go func() { ch <- 1 }()
    select {
    case <-ch:
    case <-ctx.Done():
    }
}
"#,
        );
    }

    const SERVICE: &str = r#"
type Service struct {
    quit chan struct{}
    done chan error
}
func NewService() *Service {
    s := &Service{quit: make(chan struct{}), done: make(chan error)}
    go s.serve()
    return s
}
func (s *Service) serve() {
    <-s.quit
    s.done <- nil //MARK
}
func (s *Service) Stop(ctx context.Context) error {
    close(s.quit)
    select {
    case err := <-s.done:
        return err
    case <-ctx.Done():
        return ctx.Err()
    }
}
"#;

    #[test]
    fn whoever_stops_it_leaves() {
        let expectation = "\n  //^^^^^^^^^^^^^ leak[abandoned-send]: this send can block for ever";
        check(&SERVICE.replace(" //MARK", expectation));
    }

    #[test]
    fn others_may_come_after_the_stop() {
        // A caller has the channel too; another function of the package receives.
        let exported = SERVICE.replace(" //MARK", "").replace("done", "Done");
        check(&exported);
        let getter = "func (s *Service) Result() <-chan error { return s.done }\n";
        check(&format!("{}{getter}", SERVICE.replace(" //MARK", "")));
        let other = "func drain(s *Service) { <-s.done }\n";
        check(&format!("{}{other}", SERVICE.replace(" //MARK", "")));
    }

    #[test]
    fn a_request_whose_caller_has_left() {
        check(
            r#"
type order struct {
    run  func() error
    done chan error
}
type executor struct {
    orders chan *order
    quit   chan struct{}
}
func newExecutor() *executor {
    e := &executor{orders: make(chan *order, 8), quit: make(chan struct{})}
    go e.loop()
    return e
}
func (e *executor) loop() {
    for {
        select {
        case o := <-e.orders:
            o.done <- o.run()
          //^^^^^^^^^^^^^^^^^ leak[abandoned-send]: this send can block for ever
        case <-e.quit:
            return
        }
    }
}
func (e *executor) Do(ctx context.Context, run func() error) error {
    o := &order{run: run, done: make(chan error)}
    select {
    case e.orders <- o:
    case <-ctx.Done():
        return ctx.Err()
    }
    select {
    case err := <-o.done:
        return err
    case <-ctx.Done():
        return ctx.Err()
    }
}
func (e *executor) Close() { close(e.quit) }
"#,
        );
    }

    /// Declarations of the package; what they do is in the effects table.
    const ERRGROUP: &str = r#"
//- /golang.org/x/sync/errgroup/errgroup.go
package errgroup
import "context"
type Group struct{ n int }
func WithContext(ctx context.Context) (*Group, context.Context)
func (g *Group) Go(f func() error)
func (g *Group) Wait() error
//- /m/m.go
package m
import ("context"; "golang.org/x/sync/errgroup")
func use(n int) error
"#;

    #[test]
    fn a_member_of_a_group_leaves_another_behind() {
        check(&format!(
            "{ERRGROUP}{}",
            r#"
func F(items []int) error {
    ch := make(chan int)
    var g errgroup.Group
    g.Go(func() error {
        defer close(ch)
        for _, item := range items {
            ch <- item
          //^^^^^^^^^^ leak[abandoned-send]: this send can block for ever
        }
        return nil
    })
    g.Go(func() error {
        for item := range ch {
            if err := use(item); err != nil {
                return err
            }
        }
        return nil
    })
    return g.Wait()
}
"#
        ));
    }

    #[test]
    fn a_group_with_a_context_frees_its_members() {
        check(&format!(
            "{ERRGROUP}{}",
            r#"
func F(ctx context.Context, items []int) error {
    ch := make(chan int)
    g, ctx := errgroup.WithContext(ctx)
    g.Go(func() error {
        defer close(ch)
        for _, item := range items {
            select {
            case ch <- item:
            case <-ctx.Done():
                return ctx.Err()
            }
        }
        return nil
    })
    g.Go(func() error {
        for item := range ch {
            if err := use(item); err != nil {
                return err
            }
        }
        return nil
    })
    return g.Wait()
}
"#
        ));
    }

    #[test]
    fn two_loops_count_with_one_variable() {
        stanch_testing::check_shown(
            "abandoned-send",
            r#"
func all(n int) {
    done := make(chan bool)
    i := 0
    for ; i < n/2; i++ {
        go func() { done <- true }()
    }
    for ; i < n; i++ {
        go func() { done <- false }()
    }
    for i := 0; i < n; i++ {
        <-done
    }
}
"#,
        );
    }

    #[test]
    fn the_end_that_a_receiver_leaves_with_comes_from_others() {
        stanch_testing::check_shown(
            "abandoned-send",
            r#"
type source interface { next() (int, error) }

type target struct {
    ctx    context.Context
    cancel context.CancelFunc
    src    source
    msgs   chan int
}

func Open(src source) *target {
    ctx, cancel := context.WithCancel(context.Background())
    t := &target{ctx: ctx, cancel: cancel, src: src, msgs: make(chan int)}
    go t.run()
    return t
}

func (t *target) run() {
    go t.consume()
    for {
        select {
        case <-t.ctx.Done():
            return
        case m := <-t.msgs:
            println(m)
        }
    }
}

func (t *target) consume() {
    for {
        m, err := t.src.next()
        if err != nil {
            return
        }
        t.msgs <- m
      //^^^^^^^^^^^ leak[abandoned-send]: this send can block for ever if `(*target).run` takes the arm
    }
}

func (t *target) Stop() { t.cancel() }
"#,
        );
    }

    #[test]
    fn the_end_that_a_receiver_leaves_with_comes_after_the_last_send() {
        stanch_testing::check_shown(
            "abandoned-send",
            r#"
type source interface { next() (int, error) }

type own struct {
    done chan struct{}
    src  source
    msgs chan int
}

func Open(src source) *own {
    t := &own{src: src, msgs: make(chan int), done: make(chan struct{})}
    go t.run()
    go t.consume()
    return t
}

func (t *own) run() {
    for {
        select {
        case <-t.done:
            return
        case m := <-t.msgs:
            println(m)
        }
    }
}

func (t *own) consume() {
    defer close(t.done)
    for {
        m, err := t.src.next()
        if err != nil {
            return
        }
        t.msgs <- m
    }
}
"#,
        );
        stanch_testing::check_shown(
            "abandoned-send",
            r#"
type source interface { next() (int, error); end() }

type waited struct {
    wg   sync.WaitGroup
    done chan struct{}
    src  source
    msgs chan int
}

func Open(src source) *waited {
    t := &waited{src: src, msgs: make(chan int), done: make(chan struct{})}
    t.wg.Add(1)
    go t.run()
    go t.consume()
    return t
}

func (t *waited) run() {
    for {
        select {
        case <-t.done:
            return
        case m := <-t.msgs:
            println(m)
        }
    }
}

func (t *waited) consume() {
    defer t.wg.Done()
    for {
        m, err := t.src.next()
        if err != nil {
            return
        }
        t.msgs <- m
    }
}

func (t *waited) Stop() {
    t.src.end()
    t.wg.Wait()
    close(t.done)
}
"#,
        );
    }

    #[test]
    fn a_call_on_the_result_of_a_call_out_of_view() {
        // What is not there may receive, also where only a method of its result is called.
        let program = |body: &str, expectation: &str| {
            check(&format!(
                r#"
package a

import "example.com/absent"

func f() {{
    ch := make(chan int)
    go func() {{ ch <- 1 }}()
    {expectation}
    {body}
}}
"#
            ));
        };
        program("absent.Eventually(ch).Should(absent.Receive())", "");
        program("absent.Eventually(1).Should(ch)", "");
        program("absent.Eventually(1).Should()", "          //^^ leak[abandoned-send]:");
    }

    #[test]
    fn what_is_out_of_view_is_assigned_to() {
        let program = |body: &str, expectation: &str| {
            check(&format!(
                r#"
package a

import "example.com/absent"

type own struct {{ c chan int }}
func (o *own) Recv() {{ <-o.c }}

func f(s *absent.Server) {{
    ch := make(chan int)
    go func() {{ ch <- 1 }}()
    {expectation}
    {body}
}}
"#
            ));
        };
        let silent = [
            "s.C = ch",
            "absent.C = ch",
            "*absent.P() = ch",
            "s.L[0] = ch",
            "s.C, s.N = ch, 1",
            "s.Take = func() { <-ch }",
            "s.Take = (&own{ch}).Recv",
            "var r absent.Receiver = &own{ch}; r.Recv()",
            "any(ch).(absent.Receiver).Recv()",
        ];
        silent.into_iter().for_each(|body| program(body, ""));
        program("s.N = 1; s.N += 2", "          //^^ leak[abandoned-send]:");
    }

    /// Declarations of the packages, of which the effects have a row for the package only.
    const LIBRARY: &str = r#"
//- /slices/slices.go
package slices
func Clone[S ~[]E, E any](s S) S
func Contains[S ~[]E, E comparable](s S, v E) bool
//- /encoding/json/json.go
package json
import "io"
type Decoder struct{ n int }
func NewDecoder(r io.Reader) *Decoder
func (d *Decoder) Decode(v any) error
//- /regexp/regexp.go
package regexp
type Regexp struct{ n int }
func MustCompile(s string) *Regexp
func (r *Regexp) ReplaceAllStringFunc(src string, f func(string) string) string
//- /m/m.go
package m
import ("encoding/json"; "regexp"; "slices")
type reader struct { c chan int }
func (r *reader) Read(p []byte) (int, error) { <-r.c; return 0, nil }
"#;

    #[test]
    fn a_pointer_to_what_a_generic_function_is_given() {
        stanch_testing::check_shown(
            "abandoned-send",
            r#"
type S struct { v chan int }
func ptr[T any](v T) *T { return &v }
func same[T any](v T) T { return v }
func receive(s *S) { <-s.v }
func shown() {
    c := make(chan int)
    go receive(ptr(S{c}))
    c <- 1
}
func alone() {
    c := make(chan int)
    same(S{c})
    c <- 1
  //^^^^^^ leak[abandoned-send]: this send blocks for ever
}
"#,
        );
    }

    #[test]
    fn a_library_gets_hold_of_it() {
        let program = |body: &str, expectation: &str| {
            check(&format!(
                r#"{LIBRARY}
var used = []any{{slices.Contains[[]int], json.NewDecoder, regexp.MustCompile}}
func f() {{
    ch := make(chan int)
    go func() {{ ch <- 1 }}()
    {expectation}
    {body}
}}
"#
            ));
        };
        let silent = [
            "s := make([]chan int, 1); copy(s, []chan int{ch}); <-s[0]",
            "s := slices.Clone([]chan int{ch}); <-s[0]",
            "var v any; json.NewDecoder(&reader{ch}).Decode(&v)",
            "regexp.MustCompile(\"a\").ReplaceAllStringFunc(\"a\", func(s string) string { <-ch; return s })",
        ];
        silent.into_iter().for_each(|body| program(body, ""));
        let fires = "          //^^ leak[abandoned-send]:";
        program("slices.Contains([]chan int{nil}, ch)", fires);
        program("s := make([]byte, 1); copy(s, []byte{1})", fires);
        program("var v any; json.NewDecoder(&reader{nil}).Decode(&v)", fires);
    }
}
