//! An entry is put into a map and taken out again, but not on every failure.
//!
//! # Why it leaks
//! The function takes the entry out itself, so nobody else will. A return that skips the deletion
//! leaves the entry and all that it refers to in the map, one for each failure. So does a failure of a
//! function that puts an object in and returns it, if only methods of the object take it out: whoever gets
//! an error has no object to call them. So does a function that finds an entry, changes the field that is its
//! key, and puts it in again: the entry under the old key stays, and nobody knows that key any more. And so
//! does a function that finds an entry, closes it and leaves it in, where others take out what they close.
//! An entry under a key of the call's own (counted, drawn, of a new object) that others take out for whoever
//! names the key, as when an answer comes, stays if the call fails before the question is out, or gives up waiting.
//! The entry of a timer, under a key of its own, stays when the timer has fired if only who stops one deletes.
//!
//! # Example
//! ```go
//! type client struct {
//!     pending map[int]chan string
//! }
//!
//! func (c *client) send(id int) error
//! func (c *client) flush() error
//!
//! func (c *client) call(id int) error {
//!     reply := make(chan string, 1)
//!     c.pending[id] = reply
//!     if err := c.send(id); err != nil {
//!         return err // the entry stays
//!     }
//!     if err := c.flush(); err != nil {
//!         delete(c.pending, id)
//!         return err
//!     }
//!     <-reply
//!     delete(c.pending, id)
//!     return nil
//! }
//! ```
//! `defer delete(c.pending, id)` after the insertion, or delete before each return.
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Insertions and deletions count through functions of the package that are given the key, too; a `sync.Map`
//! and a list count as a map does. Silent
//! are functions in which a deferred call or a function literal deletes from the map; ways on which a
//! function is called that may delete from it; values that a goroutine was given; constant keys, of which
//! there is one entry; maps of what callers hand in, such as options, which die with the call; returns
//! without an error (of functions without results those that no failure leads to, and maps that something goes over); ways on which a signal is sent by a channel of the entry; ways on which one condition would
//! have two answers.

use crate::module::ModuleCtx;
use crate::retentions::{self, Words};
use crate::symbol::short;
use stanch_diagnostic::{Cause, Check, Finding, Remedy, Stage};
use stanch_ir::Span;
use stanch_lifetime::{Retained, Retention};
use stanch_types::ObjectId;

/// The check.
pub const CHECK: Check = Check {
    code: "GL004",
    name: "delete-missed-on-path",
    summary: "an error return leaves an entry in a map",
    cause: Cause::GlobalLifetime,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    retentions::findings(ctx, &CHECK, |r| words(ctx, r))
}

fn words(ctx: &ModuleCtx<'_>, r: &Retention) -> Option<Words> {
    if let Retained::Rekeyed { container, field, found, renamed } = r.what {
        return Some(rekeyed(ctx, r, (container, field), found, renamed));
    }
    if let Retained::Ended { container, deleted } = r.what {
        return Some(ended(ctx, r, container, deleted));
    }
    if let Retained::Fired { container, deleted, armed } = r.what {
        return Some(fired(ctx, r, container, (deleted, armed)));
    }
    let Retained::DeleteMissed { container, deleted, missed, remover, by_key } = &r.what else {
        return None;
    };
    let (container, deleted, missed) = (*container, *deleted, *missed);
    let name = retentions::name(ctx, container);
    let line = ctx.line(missed);
    let taken = match remover {
        Some(remover) if *by_key => {
            format!("only `{}` takes it out, for whoever names its key", short(remover))
        }
        Some(remover) => format!("only `{}` takes it out, and nobody has it then", short(remover)),
        None => "other ways take it out".to_owned(),
    };
    Some(Words {
        message: format!(
            "`{}` leaves its entry in `{name}` when it fails at line {line}",
            short(&r.function)
        ),
        label: "the entry is put in here".to_owned(),
        related: vec![ctx.label(missed, "this return leaves it in"), ctx.label(deleted, taken)],
        notes: retentions::container(ctx, r, container),
        help: "delete the entry before this return, or in a `defer` after the insertion".to_owned(),
        remedy: Remedy::ReleaseReference,
    })
}

/// An entry that is closed and stays.
fn ended(ctx: &ModuleCtx<'_>, r: &Retention, container: ObjectId, deleted: Span) -> Words {
    let name = retentions::name(ctx, container);
    Words {
        message: format!("`{}` closes an entry of `{name}` and leaves it in", short(&r.function)),
        label: "what is closed here stays in the map".to_owned(),
        related: vec![ctx.label(deleted, "what is closed elsewhere is taken out")],
        notes: retentions::container(ctx, r, container),
        help: format!("delete the entry from `{name}` too"),
        remedy: Remedy::ReleaseReference,
    }
}

/// The entry of a timer that has fired.
fn fired(
    ctx: &ModuleCtx<'_>,
    r: &Retention,
    container: ObjectId,
    (deleted, armed): (Span, Span),
) -> Words {
    let name = retentions::name(ctx, container);
    Words {
        message: format!("`{name}` keeps the entry of each timer that has fired"),
        label: "each timer has a key of its own".to_owned(),
        related: vec![
            ctx.label(armed, "what this calls does not take the entry out"),
            ctx.label(deleted, "only who stops the timer does"),
        ],
        notes: retentions::container(ctx, r, container),
        help: format!("delete the entry from `{name}` in the function that the timer calls"),
        remedy: Remedy::ReleaseReference,
    }
}

/// An entry that is put in again under another key.
fn rekeyed(
    ctx: &ModuleCtx<'_>,
    r: &Retention,
    (container, field): (ObjectId, ObjectId),
    found: Span,
    renamed: Span,
) -> Words {
    let (name, field) = (retentions::name(ctx, container), retentions::name(ctx, field));
    Words {
        message: format!("`{}` leaves the old entry of `{name}` in it", short(&r.function)),
        label: "it is put in again under another key".to_owned(),
        related: vec![
            ctx.label(found, "it is found under its old key here"),
            ctx.label(renamed, format!("`{field}` changes")),
        ],
        notes: retentions::container(ctx, r, container),
        help: format!("delete the old key from `{name}` before `{field}` changes"),
        remedy: Remedy::ReleaseReference,
    }
}

#[cfg(test)]
mod tests {
    use stanch_testing::{check, example};

    const NAME: &str = "delete-missed-on-path";

    #[test]
    fn an_entry_that_is_closed_and_stays() {
        check(
            NAME,
            r#"
type handle struct {
    file *os.File
    path string
}
type cache struct {
    mu      sync.Mutex
    handles map[string]*handle
}
func (c *cache) drop(h *handle) error {
    err := h.file.Close()
    delete(c.handles, h.path)
  //^^^^^^^^^^^^^^^^^^^^^^^^^ label: what is closed elsewhere is taken out
    return err
}
func (c *cache) closePath(path string) error {
    c.mu.Lock()
    defer c.mu.Unlock()
    h, ok := c.handles[path]
    if !ok {
        return nil
    }
    return h.file.Close()
         //^^^^^^^^^^^^^^ leak[delete-missed-on-path]: closes an entry of `handles` and leaves it in
}
func (c *cache) reopen(path string) error {
    h, ok := c.handles[path]
    if !ok {
        return nil
    }
    if err := h.file.Close(); err != nil {
        return err
    }
    file, err := os.Open(path)
    h.file = file
    return err
}
func (c *cache) remove(path string) error {
    h, ok := c.handles[path]
    if !ok {
        return nil
    }
    delete(c.handles, path)
    return h.file.Close()
}
"#,
        );
    }

    #[test]
    fn several_results_and_a_wait_that_gives_up() {
        check(
            NAME,
            r#"
type client struct {
    mu      sync.Mutex
    pending map[int]chan int
}
func (c *client) wait(ctx context.Context, id int) (int, error) {
    ch := make(chan int, 1)
    c.mu.Lock()
    c.pending[id] = ch
  //^^^^^^^^^^^^^^^^^^ leak[delete-missed-on-path]: leaves its entry in `pending`
    c.mu.Unlock()
    select {
    case v := <-ch:
        c.mu.Lock()
        delete(c.pending, id)
        c.mu.Unlock()
        return v, nil
    case <-ctx.Done():
        return 0, ctx.Err()
    }
}
"#,
        );
    }

    #[test]
    fn a_question_that_was_not_sent() {
        check(
            NAME,
            r#"
type client struct {
    mu      sync.Mutex
    next    int
    pending map[int]chan []byte
    send    func(int, []byte) error
}
func (c *client) handle(id int, b []byte) {
    c.mu.Lock()
    ch := c.pending[id]
    delete(c.pending, id)
  //^^^^^^^^^^^^^^^^^^^^^ label: for whoever names its key
    c.mu.Unlock()
    if ch != nil {
        ch <- b
    }
}
func (c *client) call(b []byte, cancel <-chan struct{}) []byte {
    c.mu.Lock()
    c.next++
    id := c.next
    ch := make(chan []byte, 1)
    c.pending[id] = ch
  //^^^^^^^^^^^^^^^^^^ leak[delete-missed-on-path]: leaves its entry in `pending`
    c.mu.Unlock()
    select {
    case r := <-ch:
        return r
    case <-cancel:
        return nil
      //^^^^^^^^^^ label: this return leaves it in
    }
}
"#,
        );
    }

    #[test]
    fn whoever_else_may_find_the_entry() {
        for other in [
            // Somebody looks for old ones.
            "func (c *client) sweep() { for id := range c.pending { delete(c.pending, id) } }",
            "func (c *client) old() { for id := range c.pending { c.handle(id, nil) } }",
            // All are dropped, and nobody is told.
            "func (c *client) reset() { c.pending = map[int]chan []byte{} }",
            "func (c *client) safe(b []byte) ([]byte, error) {
                r, err := c.call(b)
                if err != nil { c.handle(c.next, nil) }
                return r, err
            }",
        ] {
            check(
                NAME,
                &format!(
                    r#"
type client struct {{
    mu      sync.Mutex
    next    int
    pending map[int]chan []byte
    send    func(int, []byte) error
}}
func (c *client) handle(id int, b []byte) {{
    c.mu.Lock()
    delete(c.pending, id)
    c.mu.Unlock()
}}
func (c *client) call(b []byte) ([]byte, error) {{
    c.mu.Lock()
    c.next++
    id := c.next
    ch := make(chan []byte, 1)
    c.pending[id] = ch
    c.mu.Unlock()
    if err := c.send(id, b); err != nil {{
        return nil, err
    }}
    return <-ch, nil
}}
{other}
"#
                ),
            );
        }
    }

    #[test]
    fn timers_that_have_fired() {
        let program = |fires: &str, expectation: &str| {
            check(
                NAME,
                &format!(
                    r#"
type sched struct {{
    mu     sync.Mutex
    next   int
    timers map[int]*time.Timer
}}
func (s *sched) after(d time.Duration, f func()) int {{
    s.mu.Lock()
    defer s.mu.Unlock()
    s.next++
    id := s.next
    s.timers[id] = time.AfterFunc(d, {fires})
  {expectation}
    return id
}}
func (s *sched) cancel(id int) {{
    s.mu.Lock()
    defer s.mu.Unlock()
    if t, ok := s.timers[id]; ok {{
        t.Stop()
        delete(s.timers, id)
    }}
}}
"#
                ),
            );
        };
        for fires in ["f", "func() { f() }"] {
            let marks = "^".repeat("s.timers[id] = time.AfterFunc(d, )".len() + fires.len());
            let told = "leak[delete-missed-on-path]: keeps the entry of each timer that has fired";
            program(fires, &format!("//{marks} {told}"));
        }
        program("func() { s.cancel(id); f() }", "");
    }

    #[test]
    fn an_error_without_a_result() {
        check(
            NAME,
            r#"
type conn struct{ id int }
type server struct {
    mu    sync.Mutex
    conns map[*conn]bool
}
func greet(*conn) error
func work(*conn)
func (s *server) handle(c *conn) {
    s.mu.Lock()
    s.conns[c] = true
  //^^^^^^^^^^^^^^^^^ leak[delete-missed-on-path]: leaves its entry in `conns`
    s.mu.Unlock()
    if err := greet(c); err != nil {
        return
    }
    work(c)
    s.mu.Lock()
    delete(s.conns, c)
    s.mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn a_key_that_a_helper_returns() {
        let program = |deferred: &str, expectation: &str| {
            check(
                NAME,
                &format!(
                    r#"
type client struct {{
    mu      sync.Mutex
    next    int
    pending map[int]chan int
}}
func send(int) error
func (c *client) add() (int, chan int) {{
    c.mu.Lock()
    defer c.mu.Unlock()
    c.next++
    ch := make(chan int, 1)
    c.pending[c.next] = ch
    return c.next, ch
}}
func (c *client) drop(id int) {{ delete(c.pending, id) }}
func (c *client) call() (int, error) {{
    id, ch := c.add()
            {expectation}
    {deferred}
    if err := send(id); err != nil {{
        return 0, err
    }}
    v := <-ch
    c.drop(id)
    return v, nil
}}
"#
                ),
            );
        };
        program("", "//^^^^^^^ leak[delete-missed-on-path]: leaves its entry in `pending`");
        program("defer c.drop(id)", "");
    }

    #[test]
    fn what_a_helper_puts_in() {
        check(
            NAME,
            r#"
type handler interface{ Message([]byte) }
type conn struct {
    mu       sync.Mutex
    handlers map[uint64]handler
}
func (c *conn) add(id uint64, h handler) {
    c.mu.Lock()
    defer c.mu.Unlock()
    c.handlers[id] = h
}
func (c *conn) drop(id uint64) {
    c.mu.Lock()
    defer c.mu.Unlock()
    delete(c.handlers, id)
}
type consumer struct { c *conn; id uint64 }
func (p *consumer) Message([]byte) {}
func (p *consumer) Close() { p.c.drop(p.id) }
func ask(uint64) error
var next uint64
func subscribe(c *conn) (*consumer, error) {
    next++
    p := &consumer{c, next}
    c.add(p.id, p)
  //^^^^^^^^^^^^^^ leak[delete-missed-on-path]: leaves its entry in `handlers`
    if err := ask(p.id); err != nil {
        return nil, err
      //^^^^^^^^^^^^^^^ label: this return leaves it in
    }
    return p, nil
}
"#,
        );
    }

    #[test]
    fn what_a_helper_finds_or_makes() {
        check(
            NAME,
            r#"
type driver struct{ n int }
type manager struct {
    mu    sync.Mutex
    cache map[string]*driver
}
func used(string) error
func (m *manager) get(n string) (*driver, error) {
    if d, ok := m.cache[n]; ok {
        return d, nil
    }
    d := &driver{}
    m.cache[n] = d
    return d, nil
}
func (m *manager) remove(n string) error {
    if _, err := m.get(n); err != nil {
        return err
    }
    if err := used(n); err != nil {
        return err
    }
    delete(m.cache, n)
    return nil
}
"#,
        );
    }

    #[test]
    fn the_example() {
        example(NAME, include_str!("delete_missed_on_path.rs"));
    }

    #[test]
    fn a_rollback_that_forgets_one_failure() {
        check(
            NAME,
            r#"
type reg struct { m map[string]*int }
func open(string) error
func start(string) error
func (r *reg) add(name string, p *int) error {
    r.m[name] = p
  //^^^^^^^^^^^^^ leak[delete-missed-on-path]: `(*reg).add` leaves its entry in `m`
    if err := open(name); err != nil {
        delete(r.m, name)
        return err
    }
    if err := start(name); err != nil {
        return err
      //^^^^^^^^^^ label: this return leaves it in
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn every_failure_deletes() {
        check(
            NAME,
            r#"
type reg struct { m map[string]*int }
func open(string) error
func start(string) error
func (r *reg) add(name string, p *int) error {
    r.m[name] = p
    if err := open(name); err != nil {
        delete(r.m, name)
        return err
    }
    return nil
}
func (r *reg) during(name string, p *int) error {
    r.m[name] = p
    defer delete(r.m, name)
    if err := open(name); err != nil {
        return err
    }
    return start(name)
}
func (r *reg) replace(name string, p *int) error {
    if p == nil {
        delete(r.m, name)
        return nil
    }
    r.m[name] = p
    if err := open(name); err != nil {
        return err
    }
    return nil
}
func (r *reg) remove(name string) { delete(r.m, name) }
func (r *reg) helper(name string, p *int) error {
    r.m[name] = p
    if err := open(name); err != nil {
        r.remove(name)
        return err
    }
    if err := start(name); err != nil {
        r.remove(name)
        return err
    }
    delete(r.m, name)
    return nil
}
"#,
        );
    }

    #[test]
    fn only_its_own_method_takes_it_out() {
        check(
            NAME,
            r#"
type sub struct { inbox string; c *conn }
type conn struct { mu sync.Mutex; subs map[string]*sub }
func send(string) error
func inbox() string
func (c *conn) subscribe(subject string) (*sub, error) {
    s := &sub{inbox: inbox(), c: c}
    c.mu.Lock()
    c.subs[s.inbox] = s
  //^^^^^^^^^^^^^^^^^^^ leak[delete-missed-on-path]: leaves its entry in `subs`
    c.mu.Unlock()
    if err := send(subject); err != nil {
        return nil, err
      //^^^^^^^^^^^^^^^ label: this return leaves it in
    }
    return s, nil
}
func (s *sub) Close() {
    s.c.mu.Lock()
    delete(s.c.subs, s.inbox)
  //^^^^^^^^^^^^^^^^^^^^^^^^^ label: only `(*sub).Close` takes it out
    s.c.mu.Unlock()
}
func use(c *conn) error {
    s, err := c.subscribe("x")
    if err != nil {
        return err
    }
    s.Close()
    return nil
}
"#,
        );
    }

    #[test]
    fn others_find_it_and_take_it_out() {
        check(
            NAME,
            r#"
type sub struct { inbox string; c *conn }
type conn struct { subs, late map[string]*sub; started map[string]*sub }
func send(string) error
// A sweeper closes all.
func (c *conn) subscribe(subject string) (*sub, error) {
    s := &sub{inbox: subject, c: c}
    c.subs[s.inbox] = s
    if err := send(subject); err != nil {
        return nil, err
    }
    return s, nil
}
func (s *sub) Close() { delete(s.c.subs, s.inbox) }
func (c *conn) sweep() {
    for _, s := range c.subs {
        s.Close()
    }
}
// A timer drops it by its name.
func (c *conn) later(subject string) (*sub, error) {
    s := &sub{inbox: subject, c: c}
    c.late[s.inbox] = s
    if err := send(subject); err != nil {
        return nil, err
    }
    return s, nil
}
func (c *conn) drop(subject string) { delete(c.late, subject) }
// Its goroutine takes it out.
func (c *conn) start(subject string) (*sub, error) {
    s := &sub{inbox: subject, c: c}
    c.started[s.inbox] = s
    go s.run()
    if err := send(subject); err != nil {
        return nil, err
    }
    return s, nil
}
func (s *sub) run() { delete(s.c.started, s.inbox) }
"#,
        );
    }

    #[test]
    fn put_in_again_under_another_key() {
        check(
            NAME,
            r#"
type user struct { name string; data [64]byte }
type room struct { mu sync.Mutex; users, byName map[string]*user }
func (r *room) leave(name string) { delete(r.users, name) }
func (r *room) rename(old, name string) {
    r.mu.Lock()
    defer r.mu.Unlock()
    u, ok := r.users[old]
    if !ok {
        return
    }
    u.name = name
    r.users[name] = u
  //^^^^^^^^^^^^^^^^^ leak[delete-missed-on-path]: `(*room).rename` leaves the old entry of `users` in it
}
func (r *room) moved(old, name string) {
    u := r.users[old]
    delete(r.users, old)
    u.name = name
    r.users[u.name] = u
}
// Two names for one user, and two maps.
func (r *room) alias(old, name string) {
    u := r.users[old]
    r.users[name] = u
    u.data[0] = 1
    r.byName[u.name] = u
}
func (r *room) gone(name string) { delete(r.byName, name) }
func (r *room) touch(name string) {
    u := r.users[name]
    u.name = name
    r.users[name] = u
}
"#,
        );
    }

    #[test]
    fn a_comment_silences_it() {
        check(
            NAME,
            r#"
var m = map[string]int{}
func open(string) error
func during(name string) error {
    //stanch:ignore delete-missed-on-path the process ends then
    m[name] = 1
    if err := open(name); err != nil {
        return err
    }
    delete(m, name)
    return nil
}
"#,
        );
    }
}
