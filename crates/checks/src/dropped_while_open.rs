//! A field or map lets go of something that has to be closed while it may be open.
//!
//! # Why it leaks
//! The object owns what the field holds: another function closes it. Here the field is set to nil or to
//! something new, or the entry deleted from its map or replaced, and nobody has closed what was in it or can
//! still reach it: the connection stays open, the goroutines behind it go on.
//!
//! # Example
//! ```go
//! type peers struct {
//!     mu    sync.Mutex
//!     conns map[string]net.Conn
//!     last  net.Conn
//! }
//!
//! func (p *peers) Add(addr string) error {
//!     conn, err := net.Dial("tcp", addr)
//!     if err != nil {
//!         return err
//!     }
//!     p.mu.Lock()
//!     defer p.mu.Unlock()
//!     p.conns[addr] = conn
//!     return nil
//! }
//!
//! func (p *peers) Forget(addr string) {
//!     p.mu.Lock()
//!     defer p.mu.Unlock()
//!     delete(p.conns, addr) // the connection stays open
//! }
//!
//! func (p *peers) Close() {
//!     p.mu.Lock()
//!     defer p.mu.Unlock()
//!     for _, conn := range p.conns {
//!         conn.Close()
//!     }
//!     p.conns = nil
//! }
//! ```
//!
//! # Fix safety
//! There is no automatic fix yet.
//!
//! # Not reported
//! Fields whose content nothing in the package closes; content that was closed on the way, by a callee
//! or by all callers; that was read out before, handed on, used by a copy afterwards, or is known to the function
//! otherwise; that was asked whether it is over, or for its state; fields that other packages can reach; what only
//! holds memory. What is replaced must be there: a loop comes again, every object has something there from the
//! beginning, or it was used on the way. Entries of maps are told where callers from outside choose a name as the
//! key and nobody looks what is there. A list
//! that is set to nil by a function that starts a goroutine may be empty: that is `possible`.

use crate::Ctx;
use stanch_diagnostic::{Action, Cause, Check, Confidence, Finding, Remedy, Severity, Stage};
use stanch_obligations::{Dropped, Held, How};

/// The check.
pub const CHECK: Check = Check {
    code: "RS020",
    name: "dropped-while-open",
    summary: "a field or map lets go of something open",
    cause: Cause::UnreleasedResource,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let dropped = ctx.obligations.dropped.iter().filter(|dropped| dropped.held == Held::Closer);
    dropped.map(|dropped| finding(ctx, &CHECK, dropped)).collect()
}

/// The finding of what is dropped.
pub(crate) fn finding(ctx: &Ctx<'_>, check: &'static Check, dropped: &Dropped) -> Finding {
    let name = &dropped.name;
    let (end, ended) = match dropped.held {
        Held::Closer => ("close", "closed"),
        Held::Cancel => ("call", "called"),
        Held::Ticker => ("stop", "stopped"),
    };
    let (message, label, help) = match dropped.how {
        How::Nil => (
            format!("`{name}` is set to nil while it may be open"),
            "what it held is lost here",
            format!("close what `{name}` holds before"),
        ),
        How::Deleted => (
            format!("an entry of `{name}` is deleted while it may be open"),
            "the entry is lost here",
            format!("close the entry before it leaves `{name}`"),
        ),
        How::Cleared => (
            format!("`{name}` is cleared while its entries may be open"),
            "the entries are lost here",
            format!("close the entries of `{name}` before"),
        ),
        How::Overwritten => (
            format!("an entry of `{name}` may be replaced before it is {ended}"),
            "what was there under the same key is lost here",
            format!("{end} the entry of `{name}` before, if there is one"),
        ),
        How::Replaced if dropped.held == Held::Closer => (
            format!("`{name}` is replaced while it may be open"),
            "what it held is lost here",
            format!("close what `{name}` holds before"),
        ),
        How::Replaced => (
            format!("`{name}` is replaced before it is {ended}"),
            "the last one is lost here",
            format!("{end} `{name}` before, if it is not nil"),
        ),
    };
    let (closer, at) = dropped.closed;
    let closes = match dropped.held {
        Held::Cancel => format!("calls `{name}`"),
        Held::Ticker => format!("stops `{name}`"),
        Held::Closer => format!("closes what `{name}` holds"),
    };
    let lost = ctx.step(dropped.func, dropped.span, Action::Call, label);
    Finding {
        check,
        cause: check.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: match dropped.may_be_empty {
            true => Confidence::Possible,
            false => Confidence::Likely,
        },
        message,
        label: label.to_owned(),
        package: ctx.path(),
        function: ctx.symbol(dropped.func).to_owned(),
        location: ctx.location(dropped.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related: vec![ctx.label(at, format!("{} {closes}", ctx.name(closer)))],
        witness: vec![lost],
        notes: notes(dropped),
        help: Some(help),
        fix: None,
        fingerprint: String::new(),
    }
}

fn notes(dropped: &Dropped) -> Vec<String> {
    let name = &dropped.name;
    let mut notes = vec![format!("nobody has what `{name}` held after this")];
    if dropped.may_be_empty {
        notes.push(format!("`{name}` may be empty here: this function starts the object"));
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    mod lived;
    mod turns;

    fn check(fixture: &str) {
        stanch_testing::check("dropped-while-open", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("dropped-while-open", include_str!("dropped_while_open.rs"));
    }

    #[test]
    fn a_list_may_be_empty() {
        let program = |before: &str| {
            format!(
                "\npackage p\nimport (\"net\"; \"sync\")
                type conn struct {{ c net.Conn }}
                func (c *conn) Close() {{ c.c.Close() }}
                type server struct {{ mu sync.Mutex; pending []*conn; open []*conn }}
                func (s *server) add(c net.Conn) {{
                    s.mu.Lock(); defer s.mu.Unlock()
                    s.pending = append(s.pending, &conn{{c}})
                }}
                func (s *server) take(c net.Conn) {{
                    s.mu.Lock(); defer s.mu.Unlock()
                    s.open = append(s.open, &conn{{c}})
                }}
                func (s *server) Restart() {{
                    s.mu.Lock(); defer s.mu.Unlock()
                    {before}
                    s.pending = nil
                }}
                func (s *server) serve() {{}}
                func (s *server) Close() {{
                    s.mu.Lock(); defer s.mu.Unlock()
                    for _, c := range s.pending {{ c.Close() }}
                    for _, c := range s.open {{ c.Close() }}
                }}\n"
            )
        };
        let confidences = |program: &str| -> Vec<Confidence> {
            let all = stanch_testing::findings(&stanch_testing::Fixture::parse(program));
            all.iter().filter(|f| f.check.code == CHECK.code).map(|f| f.confidence).collect()
        };
        assert_eq!(confidences(&program("")), [Confidence::Likely]);
        assert_eq!(confidences(&program("go s.serve()")), [Confidence::Possible]);
    }

    #[test]
    fn set_to_nil() {
        check(
            r#"
type writer struct { addr string; mu sync.Mutex; conn net.Conn }
func (w *writer) ensure() (net.Conn, error) {
    w.mu.Lock()
    defer w.mu.Unlock()
    if w.conn != nil {
        return w.conn, nil
    }
    conn, err := net.Dial("tcp", w.addr)
    if err != nil {
        return nil, err
    }
    w.conn = conn
    return conn, nil
}
func (w *writer) unset() {
    w.mu.Lock()
    defer w.mu.Unlock()
    w.conn = nil
  //^^^^^^^^^^^^ leak[dropped-while-open]: `conn` is set to nil while it may be open
}
func (w *writer) Write(b []byte) (int, error) {
    conn, err := w.ensure()
    if err != nil {
        return 0, err
    }
    n, err := conn.Write(b)
    if err != nil {
        w.unset()
    }
    return n, err
}
func (w *writer) Close() error {
    if w.conn != nil {
        return w.conn.Close()
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn two_lists_of_the_same() {
        check(
            r#"
type socket struct { c net.Conn }
func (s *socket) Close() { s.c.Close() }
type server struct {
    mu           sync.Mutex
    live, unused []*socket
}
func (s *server) dial(addr string) (*socket, error) {
    c, err := net.Dial("tcp", addr)
    if err != nil {
        return nil, err
    }
    x := &socket{c}
    s.mu.Lock()
    defer s.mu.Unlock()
    s.live = append(s.live, x)
    return x, nil
}
func (s *server) release(x *socket) {
    s.mu.Lock()
    defer s.mu.Unlock()
    s.unused = append(s.unused, x)
}
func (s *server) reap() {
    s.mu.Lock()
    defer s.mu.Unlock()
    for _, x := range s.unused {
        x.Close()
    }
}
func (s *server) CloseIdle() {
    s.mu.Lock()
    live := s.live
    s.live, s.unused = nil, nil
    s.mu.Unlock()
    for _, x := range live {
        x.Close()
    }
}
"#,
        );
    }

    #[test]
    fn a_copy_is_used_afterwards() {
        let program = |after: &str, expectation: &str| {
            check(&format!(
                r#"
type handle struct {{ mu sync.Mutex; conn net.Conn }}
func (h *handle) Close() error {{ return h.conn.Close() }}
func (h *handle) name() string {{ return "" }}
func drop(name string)
type tx struct {{ mu sync.Mutex; h *handle; addr string }}
func (t *tx) open() error {{
    conn, err := net.Dial("tcp", t.addr)
    if err != nil {{
        return err
    }}
    t.h = &handle{{conn: conn}}
    return nil
}}
func (t *tx) Close() error {{
    if t.h != nil {{
        return t.h.Close()
    }}
    return nil
}}
func (t *tx) Cleanup() {{
    t.mu.Lock()
    defer t.mu.Unlock()
    h := t.h
    if h == nil {{
        return
    }}
    t.h = nil
  {expectation}
    {after}
}}
"#
            ));
        };
        program("drop(h.name())", "");
        program(
            "drop(t.addr)",
            "//^^^^^^^ leak[dropped-while-open]: set to nil while it may be open",
        );
    }

    #[test]
    fn filled_again_in_a_loop() {
        let program = |before: &str, expectation: &str| {
            check(&format!(
                r#"
type feed struct {{ addr string; conn net.Conn; n int }}
func (f *feed) connect() error {{
    {before}
    conn, err := net.Dial("tcp", f.addr)
    if err != nil {{
        return err
    }}
    f.conn = conn
  {expectation}
    return nil
}}
func (f *feed) Run() {{
    for f.connect() == nil {{
        f.read()
    }}
}}
func (f *feed) read() {{
    b := make([]byte, 64)
    for {{
        n, err := f.conn.Write(b)
        if err != nil {{
            return
        }}
        f.n += n
    }}
}}
func (f *feed) Close() error {{ return f.conn.Close() }}
"#
            ));
        };
        program(
            "",
            "//^^^^^^^^^^^^^ leak[dropped-while-open]: `conn` is replaced while it may be open",
        );
        program("if f.conn != nil { f.conn.Close() }", "");
        program("if f.conn != nil { return nil }", "");
    }

    #[test]
    fn slices_and_own_types() {
        check(
            r#"
type broker struct { conn net.Conn }
func (b *broker) Open(addr string) (err error) {
    b.conn, err = net.Dial("tcp", addr)
    return err
}
func (b *broker) Close() error { return b.conn.Close() }
func closeLater(b *broker) {
    go func() { _ = b.Close() }()
}
type client struct { mu sync.Mutex; seeds []*broker; byID map[int]*broker; controller int }
func (c *client) add(addr string) { c.seeds = append(c.seeds, &broker{}) }
func (c *client) register(id int) { c.byID[id] = &broker{} }
func (c *client) Refresh(addrs []string) {
    c.mu.Lock()
    defer c.mu.Unlock()
    for id, b := range c.byID {
        _ = b.Close()
        delete(c.byID, id)
    }
    c.seeds = nil
  //^^^^^^^^^^^ leak[dropped-while-open]: `seeds` is set to nil while it may be open
    for _, addr := range addrs {
        c.add(addr)
    }
}
func (c *client) forgetController() {
    delete(c.byID, c.controller)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[dropped-while-open]: an entry of `byID` is deleted while it may be open
}
func (c *client) RefreshController() {
    c.forgetController()
    c.Refresh(nil)
}
func (c *client) Close() {
    for _, b := range c.byID {
        closeLater(b)
    }
    for _, b := range c.seeds {
        closeLater(b)
    }
    c.byID, c.seeds = nil, nil
}
"#,
        );
    }

    #[test]
    fn near_misses() {
        check(
            r#"
type owner struct {
    a, b, c, d, e net.Conn
    many, more    map[int]net.Conn
}
func (o *owner) Close() {
    for _, c := range []net.Conn{o.a, o.b} {
        c.Close()
    }
    o.a.Close(); o.b.Close(); o.c.Close(); o.d.Close(); o.e.Close()
    for _, c := range o.many {
        c.Close()
    }
    for _, c := range o.more {
        c.Close()
    }
}
func (o *owner) ReadOut() {
    old := o.a
    o.a = nil
    old.Close()
}
func (o *owner) UnderNilCheck() {
    if o.b != nil {
        o.b.Close()
    }
    o.b = nil
}
func (o *owner) ViaHelper() {
    o.shut()
    o.c = nil
}
func (o *owner) shut() { o.c.Close() }
func (o *owner) HandedOn(to chan net.Conn) {
    to <- o.d
    o.d = nil
}
func (o *owner) Take() net.Conn {
    c := o.d
    o.d = nil
    return c
}
func (o *owner) reset() { o.e = nil }
func (o *owner) CallerCloses() {
    o.e.Close()
    o.reset()
}
func (o *owner) Ranged() {
    for _, c := range o.many {
        c.Close()
    }
    o.many = nil
}
func (o *owner) Known(id int, c net.Conn) {
    delete(o.more, id)
    c.Close()
}
func (o *owner) Entry(id int) {
    if c, ok := o.more[id]; ok {
        c.Close()
    }
    delete(o.more, id)
}
type session struct { id int; conn net.Conn; in *registry }
func (s *session) Close() {
    s.conn.Close()
    s.in.remove(s.id)
}
type registry struct { sessions map[int]*session }
func (r *registry) remove(id int) { delete(r.sessions, id) }
func (r *registry) Close() {
    for _, s := range r.sessions {
        s.Close()
    }
}
type onlyMemory struct { buf *buffer }
type buffer struct { b []byte }
func (b *buffer) Close() { b.b = nil }
func (o *onlyMemory) Close() { o.buf.Close() }
func (o *onlyMemory) Drop() { o.buf = nil }
type unowned struct { conn net.Conn }
func (u *unowned) Drop() { u.conn = nil }
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type owner struct { conn net.Conn }
func (o *owner) Close() { o.conn.Close() }
func (o *owner) Drop() {
    //stanch:ignore dropped-while-open the peer has closed it
    o.conn = nil
}
"#,
        );
    }

    #[test]
    fn asked_by_a_method() {
        check(
            r#"
type server struct { l net.Listener; n int }
func (s *server) Listen(l net.Listener) { s.l = l }
func (s *server) IsListening() bool { return s.l != nil }
func (s *server) Close() error {
    defer func() { s.l = nil }()
    if s.IsListening() {
        return s.l.Close()
    }
    return nil
}
func (s *server) Stop() { s.l.Close() }
"#,
        );
    }

    /// A callee that closes some of many leaves others open; one that closes each leaves none.
    #[test]
    fn others_of_many_are_closed_before() {
        let module = |refresh: &str, mark: &str| {
            check(&format!(
                r#"
type pool struct {{
    conns map[string]net.Conn
    main  string
}}
func (p *pool) Add(addr string) error {{
    conn, err := net.Dial("tcp", addr)
    if err != nil {{
        return err
    }}
    p.conns[addr] = conn
    return nil
}}
func (p *pool) closeOne(addr string) {{
    if conn, ok := p.conns[addr]; ok {{
        conn.Close()
        delete(p.conns, addr)
    }}
}}
func (p *pool) closeOld(current map[string]bool) {{
    for addr, conn := range p.conns {{
        if !current[addr] {{
            conn.Close()
            delete(p.conns, addr)
        }}
    }}
}}
func (p *pool) closeAll() {{
    for _, conn := range p.conns {{
        if conn != nil {{
            conn.Close()
        }}
    }}
}}
func (p *pool) forget() {{
    delete(p.conns, p.main)
  {mark}
}}
func retry(f func() error) error {{
    err := f()
    for i := 0; err != nil && i < 3; i++ {{
        err = f()
    }}
    return err
}}
func (p *pool) Renew(current map[string]bool) error {{
    return retry(func() error {{
        {refresh}
        p.forget()
        return p.Add(p.main)
    }})
}}
"#
            ));
        };
        let leak = "//^^^^^^^^^^^^^^^^^^^^^ leak[dropped-while-open]: an entry of `conns` is deleted while it may be open";
        module("p.closeOld(current)", leak);
        module("p.closeOne(\"other\")", leak);
        module("p.closeAll()", "");
    }
}
