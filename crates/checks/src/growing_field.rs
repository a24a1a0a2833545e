//! A map, slice or list in a long-lived value to which entries are added again and again, never taken out.
//!
//! # Why it leaks
//! A field of a value that a package-level variable holds, or that the program makes once when it
//! starts, lives as long as the program. If requests, loops or goroutines add entries to it and no code
//! deletes, replaces or bounds them, memory grows with the work that was ever done.
//!
//! # Example
//! ```go
//! type server struct {
//!     seen map[string]time.Time
//! }
//!
//! func (s *server) serve(ids chan string) {
//!     for id := range ids {
//!         s.seen[id] = time.Now() // one more for every id there ever was
//!     }
//! }
//!
//! var theServer = &server{seen: map[string]time.Time{}}
//!
//! func Start(ids chan string) { go theServer.serve(ids) }
//! ```
//! Delete or expire entries, put a bound on the map, or keep it per session.
//!
//! # Fix safety
//! There is no automatic fix: which entries may go is for people to decide.
//!
//! # Not reported
//! As for `growing-global`. Besides, fields of types of which values are made again and again: a value
//! that dies takes its map with it; but what the receiver of a handler of requests has in a field lives as long as
//! that. How long the owner lives does not matter where its own code tells that
//! it outlives the entries, and it has a lock:
//! - a list that a method fills whenever its owner is opened, and that is not emptied where the rest of the
//!   owner's state is reset;
//! - a container that is always filled together with another one, there or by the same callers, if other code
//!   takes the entries out of that one only (an exported map type from which callers do so needs no lock);
//! - a map of lists or sets whose members leave while the key stays;
//! - a map with a lock for each key;
//! - a map whose entries have a time, are not used when that is too long ago, and are not removed;
//! - a map of what can be closed, to which a loop of the owner adds what comes in, and from which only the
//!   owner's end takes anything.

use crate::growths;
use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_lifetime::{Place, Retained, Retention};

/// The check.
pub const CHECK: Check = Check {
    code: "GL002",
    name: "growing-field",
    summary: "a field of a long-lived value only grows",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    let growths = ctx.lifetime.growths.iter();
    let grown = growths
        .filter(|g| !matches!(g.place, Place::Global) && !growths::keeps_functions(ctx, g))
        .filter_map(|g| growths::finding(ctx, &CHECK, g));
    let reopened = retentions::findings(ctx, &CHECK, |r| reopened(ctx, r));
    grown.chain(reopened).collect()
}

/// A list that is filled each time its owner is opened.
fn reopened(ctx: &ModuleCtx<'_>, retention: &Retention) -> Option<Words> {
    let Retained::Reopened { field, sibling, cleared, others, opener, emptied } = &retention.what
    else {
        return None;
    };
    let (name, sibling) = (ctx.program.object_name(*field), ctx.program.object_name(*sibling));
    let message = format!("`{name}` is filled at each opening and not emptied");
    let mut related = vec![
        ctx.label(*cleared, format!("`{sibling}` is reset here, `{name}` stays as it is")),
        ctx.label(*opener, format!("sets `{sibling}` again, and fills `{name}` again")),
    ];
    let (label, adds) = match emptied {
        Some(_) => ("each time its owner is opened, the same is appended again", "appends too"),
        None => ("releases each element, and leaves it in", "appends the same at each opening"),
    };
    related.extend(others.iter().map(|&span| ctx.label(span, adds)));
    related.extend(emptied.map(|span| ctx.label(span, "is emptied here, on another way")));
    Some(Words {
        message,
        label: label.to_owned(),
        related,
        notes: retentions::container(ctx, retention, *field),
        help: format!("set `{name}` to nil where `{sibling}` is reset"),
        remedy: Remedy::ReleaseReference,
    })
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, check_shown, example};

    const NAME: &str = "growing-field";

    #[test]
    fn a_list_that_closing_does_not_empty() {
        check(
            NAME,
            r#"
type conn struct { n int }
type broker struct { c *conn; names []string }
func unregister(string)
func (b *broker) Open() {
    b.c = &conn{}
    b.register("in")
}
func (b *broker) register(n string) { b.names = append(b.names, n) }
                                    //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ label: appends the same
func (b *broker) Close() {
    for _, n := range b.names {
              //^^^^^^^^^^^^^ leak[growing-field]: filled at each opening
        unregister(n)
    }
    b.c = nil
  //^^^^^^^^^ label: `c` is reset here
}
"#,
        );
    }

    #[test]
    fn a_failed_opening_that_forgets_the_list() {
        check(
            NAME,
            r#"
type conn struct { n int }
type broker struct { c *conn; names []string }
func unregister(string)
func (c *conn) login() error
func (b *broker) Open() error {
    b.c = &conn{}
    b.register("in")
    if err := b.c.login(); err != nil {
        b.c = nil
        return err
    }
    return nil
}
func (b *broker) register(n string) { b.names = append(b.names, n) }
                                    //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-field]: filled at each opening
func (b *broker) Close() {
    for _, n := range b.names {
        unregister(n)
    }
    b.names = nil
  //^^^^^^^^^^^^^ label: on another way
    b.c = nil
}
"#,
        );
    }

    #[test]
    fn a_list_that_every_way_empties() {
        check(
            NAME,
            r#"
type conn struct { n int }
type broker struct { c *conn; names []string }
func unregister(string)
func (c *conn) login() error
func (b *broker) Open() error {
    b.c = &conn{}
    b.register("in")
    if err := b.c.login(); err != nil {
        b.unregisterAll()
        b.c = nil
        return err
    }
    return nil
}
func (b *broker) register(n string) { b.names = append(b.names, n) }
func (b *broker) unregisterAll() {
    for _, n := range b.names {
        unregister(n)
    }
    b.names = nil
}
func (b *broker) Close() {
    b.unregisterAll()
    b.c = nil
}
"#,
        );
    }

    #[test]
    fn what_an_ordered_map_forgets() {
        check_shown(
            NAME,
            r#"
type node struct { prev, next *node; key string }
type Ordered struct {
    store map[string]int
    nodes map[string]*node
    root  *node
}
func (o *Ordered) Set(k string, v int) {
    if _, ok := o.store[k]; !ok {
        last := o.root.prev
        n := &node{last, o.root, k}
        last.next, o.root.prev = n, n
        o.nodes[k] = n
      //^^^^^^^^^^^^^^ leak[growing-field]: keeps what is taken out of `store`
    }
    o.store[k] = v
}
func (o *Ordered) Delete(k string) {
    delete(o.store, k)
  //^^^^^^^^^^^^^^^^^^ label: leaves it in `Ordered.nodes`
    if n, ok := o.nodes[k]; ok {
        n.prev.next, n.next.prev = n.next, n.prev
    }
}
// A list that is cut is no table of which somebody names an entry.
type Counts struct { list []*node; byKey map[string]*node }
func (c *Counts) Add(n *node) {
    c.list = append(c.list, n)
    c.byKey[n.key] = n
}
func (c *Counts) Trim(n int) { c.list = c.list[:n] }
"#,
        );
    }

    #[test]
    fn what_a_handler_leads_to() {
        let program = |made: &str| {
            format!(
                r#"
type bell struct {{ mu sync.Mutex; next int; subs map[int]chan int }}
func newBell() *bell {{ return &bell{{subs: map[int]chan int{{}}}} }}
func (b *bell) sub() <-chan int {{
    b.mu.Lock()
    defer b.mu.Unlock()
    c := make(chan int, 1)
    b.subs[b.next] = c
  {made}
    b.next++
    return c
}}
"#
            )
        };
        let kept = program("//^^^^^^^^^^^^^^^^^^ leak[growing-field]: only grows");
        check(
            NAME,
            &(kept
                + r#"
type api struct { b *bell }
func New() http.Handler { return &api{newBell()} }
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) { <-a.b.sub() }
"#),
        );
        let dropped = program("");
        check(
            NAME,
            &(dropped
                + r#"
type api struct { n int }
func New() http.Handler { return &api{} }
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) { <-newBell().sub() }
"#),
        );
    }

    #[test]
    fn what_closing_takes_out_of_one_map_only() {
        check(
            NAME,
            r#"
type conn struct{ id int }
type server struct {
    mu    sync.Mutex
    conns map[int]*conn
    names map[int]string
  //^^^^^ label: lives as long as its `server`
}
func (s *server) open(c *conn, name string) {
    s.mu.Lock()
    defer s.mu.Unlock()
    s.conns[c.id] = c
  //^^^^^^^^^^^^^^^^^ label: `conns` gets an entry with it
    s.names[c.id] = name
  //^^^^^^^^^^^^^^^^^^^^ leak[growing-field]: `server.names` keeps what is taken out of `conns`
}
func (s *server) close(c *conn) {
    s.mu.Lock()
    defer s.mu.Unlock()
    delete(s.conns, c.id)
  //^^^^^^^^^^^^^^^^^^^^^ label: `(*server).close` takes it out of `conns`
}
func Serve(s *server, opened, closed chan *conn) {
    for {
        select {
        case c := <-opened:
            s.open(c, "")
          //^^^^^^^^^^^^ label: `Serve` leads to it again and again
        case c := <-closed:
            s.close(c)
        }
    }
}
"#,
        );
    }

    #[test]
    fn the_example() {
        example(NAME, include_str!("growing_field.rs"));
    }

    #[test]
    fn the_one_server_of_a_program() {
        check(
            NAME,
            r#"
//- /a/a.go
package main
type server struct { names []string }
                   //^^^^^ label: of the one `server`
func (s *server) serve(in chan string) {
    for n := range in {
        s.add(n)
    }
}
func (s *server) add(n string) {
    s.names = append(s.names, n)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-field]: `server.names` only grows
}
func main() {
    s := &server{}
    s.serve(make(chan string))
}
"#,
        );
    }

    #[test]
    fn a_session_takes_its_map_with_it() {
        check(
            NAME,
            r#"
type session struct { seen map[string]bool }
func (s *session) serve(in chan string) {
    for n := range in { s.seen[n] = true }
}
func run(conns chan chan string) {
    for c := range conns {
        s := &session{seen: map[string]bool{}}
        go s.serve(c)
    }
}
func Start(conns chan chan string) { go run(conns) }
"#,
        );
    }

    #[test]
    fn a_sweeper_empties_it() {
        check(
            NAME,
            r#"
type store struct {
    mu sync.Mutex
    m  map[string]time.Time
}
var theStore = &store{m: map[string]time.Time{}}
func (s *store) serve(in chan string) {
    for n := range in { s.m[n] = time.Now() }
}
func (s *store) sweep(now time.Time) {
    for k, t := range s.m {
        if now.Sub(t) > 0 { delete(s.m, k) }
    }
}
func Start(in chan string) {
    go theStore.serve(in)
    go func() {
        for now := range time.Tick(1) { theStore.sweep(now) }
    }()
}
"#,
        );
    }

    #[test]
    fn a_blank_variable_holds_nothing() {
        check(
            NAME,
            r#"
type adder interface { add(string) }
type fake struct { names []string }
var _ adder = &fake{}
func (f *fake) add(n string) { f.names = append(f.names, n) }
type kept struct { names []string }
var all adder = &kept{}
func (k *kept) add(n string) { k.names = append(k.names, n) }
                             //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[growing-field]: `all.names` only grows
func serve(in chan string) {
    for n := range in {
        all.add(n)
    }
}
func Start(in chan string) { go serve(in) }
"#,
        );
    }

    #[test]
    fn connections_of_a_server() {
        check(
            NAME,
            r#"
type server struct { mu sync.Mutex; conns, open, kept map[net.Conn]bool; l net.Listener }
func (s *server) Serve() error {
    for {
        c, err := s.l.Accept()
        if err != nil {
            return err
        }
        s.mu.Lock()
        s.conns[c] = true
      //^^^^^^^^^^^^^^^^^ leak[growing-field]: `server.conns` keeps each `Conn` after it has ended
        s.open[c] = true
        s.mu.Unlock()
        go s.handle(c)
    }
}
func (s *server) handle(c net.Conn) {
    s.kept[c] = true
  //^^^^^^^^^^^^^^^^ leak[growing-field]: `server.kept` keeps each `Conn` after it has ended
    defer c.Close()
    defer delete(s.open, c)
    c.Write(nil)
}
func (s *server) Close() {
    s.mu.Lock()
    defer s.mu.Unlock()
    for c := range s.conns {
        c.Close()
        delete(s.conns, c)
    }
    for c := range s.open {
        c.Close()
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
type store struct { m map[string]int }
var theStore = &store{m: map[string]int{}}
func (s *store) serve(in chan string) {
    for n := range in {
        //stanch:ignore growing-field there are a hundred names at most
        s.m[n] = 1
    }
}
func Start(in chan string) { go theStore.serve(in) }
"#,
        );
    }
}
