//! An object whose goroutine only one of its methods ends, and nobody calls that.
//!
//! # Why it leaks
//! Its constructor, or a method, started a goroutine that waits for the object's stop: for a channel
//! that a method closes, a context that a method cancels, a flag that a method sets. Without that
//! call the goroutine runs for as long as the process does, and with it stays all that it refers
//! to, the object included.
//!
//! # Example
//! ```go
//! type poller struct{ done chan struct{} }
//!
//! func newPoller() *poller {
//!     p := &poller{done: make(chan struct{})}
//!     go func() {
//!         for {
//!             select {
//!             case <-p.done:
//!                 return
//!             case <-time.After(time.Second):
//!             }
//!         }
//!     }()
//!     return p
//! }
//!
//! func (p *poller) Stop() { close(p.done) }
//!
//! func (p *poller) value() int { return 1 }
//!
//! func once() int {
//!     p := newPoller() // nobody stops it
//!     return p.value()
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Whatever leaves the function's hands is its new owner's business: returned, stored in an object
//! that lives on, appended, sent, captured by a function that others got, passed to code out of
//! view. So are goroutines that a caller's context ends, and those that can end by themselves.
//! `main` may leave them to the end of the process.

use crate::Ctx;
use crate::resource::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Stage};
use stanch_effects::Kind;

/// The check.
pub const CHECK: Check = Check {
    code: "RS013",
    name: "start-without-stop",
    summary: "a path drops an object without ending its goroutine",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let words = Words {
        check: &CHECK,
        thing: "what this starts",
        done: "stopped",
        note: "its goroutine runs on until one of its methods ends it",
        call: "",
    };
    resource::findings(ctx, &words, &[Kind::Worker])
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("start-without-stop", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("start-without-stop", include_str!("start_without_stop.rs"));
    }

    #[test]
    fn objects_that_hold_themselves() {
        check(
            r#"
type stopper interface { Stop() }
type node struct { done chan struct{}; next stopper }
func newNode() *node {
    n := &node{done: make(chan struct{})}
    go n.run()
    return n
}
func (n *node) run() { for range n.done {} }
func (n *node) Stop() {
    if n.next != nil { n.next.Stop() }
    close(n.done)
}
func itself() {
    n := newNode()
    n.next = n
    n.Stop()
}
func eachOther() {
    a, b := newNode(), newNode()
    a.next, b.next = b, a
    a.Stop()
}
"#,
        );
    }

    #[test]
    fn ways_to_end() {
        check(
            r#"
type byFlag struct { mu sync.Mutex; closed bool }
func newByFlag() *byFlag {
    b := &byFlag{}
    go b.loop()
    return b
}
func (b *byFlag) loop() {
    for {
        b.mu.Lock()
        if b.closed {
            b.mu.Unlock()
            return
        }
        b.mu.Unlock()
        time.Sleep(time.Second)
    }
}
func (b *byFlag) shut() {
    b.mu.Lock()
    b.closed = true
    b.mu.Unlock()
}
func dropFlag() {
    newByFlag()
  //^^^^^^^^^^^ leak[start-without-stop]: what this starts is never stopped
}
func dropTwo() {
    newByFlag()
  //^^^^^^^^^^^ leak[start-without-stop]: what this starts is never stopped
    newByFlag()
  //^^^^^^^^^^^ label: the same is so here
}
func keepFlag() {
    b := newByFlag()
    defer b.shut()
}
type byContext struct { cancel context.CancelFunc; n int }
func newByContext() *byContext {
    ctx, cancel := context.WithCancel(context.Background())
    b := &byContext{cancel: cancel}
    go b.loop(ctx)
    return b
}
func (b *byContext) loop(ctx context.Context) {
    for {
        select {
        case <-ctx.Done():
            return
        case <-time.After(time.Second):
            b.n++
        }
    }
}
func (b *byContext) end() { b.cancel() }
func dropContext() int {
    b := newByContext()
       //^^^^^^^^^^^^^^ leak[start-without-stop]: `b` is never stopped
    return b.n
}
func keepContext() int {
    b := newByContext()
    defer b.end()
    return b.n
}
type byQueue struct { jobs chan int; once sync.Once }
func newByQueue() *byQueue {
    b := &byQueue{jobs: make(chan int)}
    for i := 0; i < 3; i++ {
        go func() {
            for range b.jobs {
            }
        }()
    }
    return b
}
func (b *byQueue) add(n int) { b.jobs <- n }
func (b *byQueue) finish() {
    b.once.Do(func() { close(b.jobs) })
}
func dropQueue(err error) error {
    b := newByQueue()
       //^^^^^^^^^^^^ leak[start-without-stop]: `b` is not stopped when `dropQueue` returns at line 86
    b.add(1)
    if err != nil {
        return err
    }
    b.finish()
    return nil
}
"#,
        );
    }

    #[test]
    fn started_by_a_method() {
        check(
            r#"
type agent struct { stop chan struct{} }
func newAgent() *agent { return &agent{stop: make(chan struct{})} }
func (a *agent) Start() { go a.run() }
func (a *agent) run() { <-a.stop }
func (a *agent) Stop() { close(a.stop) }
func drop() {
    a := newAgent()
    a.Start()
  //^^^^^^^^^ leak[start-without-stop]: `a` is never stopped
}
func keep() {
    a := newAgent()
    a.Start()
    defer a.Stop()
}
func unstarted() {
    a := newAgent()
    a.stop = nil
}
"#,
        );
    }

    #[test]
    fn who_starts_it_ends_it() {
        check(
            r#"
type checker struct { items chan int; results chan error; quit chan struct{} }
func newChecker() *checker {
    return &checker{make(chan int), make(chan error), make(chan struct{})}
}
func (c *checker) handle() {
    for {
        select {
        case <-c.items:
            c.results <- nil
        case <-c.quit:
            return
        }
    }
}
func (c *checker) Check(items []int) error {
    if len(items) == 0 {
        return nil
    }
    for range items {
        go c.handle()
    }
    for _, item := range items {
        select {
        case c.items <- item:
        case err := <-c.results:
            if err != nil {
                close(c.quit)
                return err
            }
        }
    }
    close(c.quit)
    return nil
}
func (c *checker) CheckLater(items []int) error {
    defer close(c.quit)
    for _, item := range items {
        go c.handle()
        c.items <- item
    }
    return nil
}
func (c *checker) Forget(items []int) error {
    for _, item := range items {
        go c.handle()
        c.items <- item
    }
    return nil
}
func checks(items []int) error {
    c := newChecker()
    return c.Check(items)
}
func later(items []int) error {
    c := newChecker()
    return c.CheckLater(items)
}
func forgets(items []int) error {
    c := newChecker()
    return c.Forget(items)
         //^^^^^^^^^^^^^^^ leak[start-without-stop]: `c` is never stopped
}
"#,
        );
    }

    #[test]
    fn two_things_of_one_start() {
        check(
            r#"
type server struct { quit chan struct{}; l net.Listener }
func newServer() *server { return &server{quit: make(chan struct{})} }
func (s *server) loop() { go func() { <-s.quit }() }
func (s *server) Start(addr string) error {
    l, err := net.Listen("tcp", addr)
    if err != nil {
        return err
    }
    s.l = l
    s.loop()
    return nil
}
func (s *server) Stop() {
    s.l.Close()
    close(s.quit)
}
func stops(addr string) error {
    s := newServer()
    if err := s.Start(addr); err != nil {
        return err
    }
    defer s.Stop()
    return nil
}
func forgets(addr string) error {
    s := newServer()
    if err := s.Start(addr); err != nil {
            //^^^^^^^^^^^^^ leak[start-without-stop]: `s` is not stopped
        return err
    }
    if addr == "" {
        return nil
    }
    s.Stop()
    return nil
}
"#,
        );
    }

    #[test]
    fn owners_inherit() {
        check(
            r#"
type ticker struct { stop chan struct{} }
func newTicker() *ticker {
    t := &ticker{stop: make(chan struct{})}
    go func() { <-t.stop }()
    return t
}
func (t *ticker) halt() { close(t.stop) }
type server struct { t *ticker; name string }
func newServer(name string) *server { return &server{t: newTicker(), name: name} }
func (s *server) Close() error {
    s.t.halt()
    return nil
}
func drop() string {
    s := newServer("a")
       //^^^^^^^^^^^^^^ leak[start-without-stop]: `s` is never stopped
    return s.name
}
func keep() string {
    s := newServer("a")
    defer s.Close()
    return s.name
}
type closer interface { Close() error }
func asInterface() closer { return newServer("b") }
func dropInterface() {
    c := asInterface()
       //^^^^^^^^^^^^^ leak[start-without-stop]: `c` is never stopped
    _ = c
}
func keepInterface() error {
    c := asInterface()
    return c.Close()
}
"#,
        );
    }

    #[test]
    fn near_misses() {
        check(
            r#"
type worker struct { done chan struct{}; err error }
func newWorker(ctx context.Context) *worker {
    w := &worker{done: make(chan struct{})}
    go w.run(ctx)
    return w
}
func (w *worker) run(ctx context.Context) {
    select {
    case <-ctx.Done():
    case <-w.done:
    }
}
func (w *worker) Close() { close(w.done) }
func callersContext(ctx context.Context) { newWorker(ctx) }
type once struct { done chan struct{} }
func newOnce() *once {
    o := &once{done: make(chan struct{})}
    go func() { close(o.done) }()
    return o
}
func endsByItself() { newOnce() }
type walker struct { slots chan struct{}; wg sync.WaitGroup }
func (w *walker) walk() {
    defer w.wg.Done()
    w.slots <- struct{}{}
    <-w.slots
}
func (w *walker) free() { <-w.slots }
func slots() {
    w := &walker{slots: make(chan struct{}, 1)}
    w.wg.Add(1)
    go w.walk()
    w.wg.Wait()
}
type pool struct { all []*agent }
type agent struct { stop chan struct{} }
func newAgent() *agent {
    a := &agent{stop: make(chan struct{})}
    go func() { <-a.stop }()
    return a
}
func (a *agent) Stop() { close(a.stop) }
func (p *pool) stored() {
    p.all = append(p.all, newAgent())
}
func returned() (*agent, error) {
    a := newAgent()
    return a, nil
}
func viaFunction() func() {
    a := newAgent()
    return a.Stop
}
func closures() func() {
    a := newAgent()
    return func() { a.Stop() }
}
func deferred() (err error) {
    a := newAgent()
    defer func() {
        if err != nil {
            a.Stop()
        }
    }()
    return register(a)
}
var all []*agent
func register(a *agent) error {
    all = append(all, a)
    return nil
}
func whenCancelled(ctx context.Context) {
    a := newAgent()
    go func() {
        <-ctx.Done()
        a.Stop()
    }()
}
"#,
        );
    }

    #[test]
    fn main_may_leave_it() {
        check(
            r#"
//- /m/main.go
package main
type agent struct { stop chan struct{} }
func newAgent() *agent {
    a := &agent{stop: make(chan struct{})}
    go func() { <-a.stop }()
    return a
}
func (a *agent) Stop() { close(a.stop) }
func main() { newAgent() }
func serve() {
    newAgent()
  //^^^^^^^^^^ leak[start-without-stop]: what this starts is never stopped
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type agent struct { stop chan struct{} }
func newAgent() *agent {
    a := &agent{stop: make(chan struct{})}
    go func() { <-a.stop }()
    return a
}
func (a *agent) Stop() { close(a.stop) }
func drop() {
    //stanch:ignore start-without-stop it lives as long as the process
    newAgent()
}
"#,
        );
    }
}
