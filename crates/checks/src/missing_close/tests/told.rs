use super::check;

#[test]
fn what_a_callback_tells() {
    check(
        r#"
type link struct { done chan int; gone func() }
func (l *link) Close() error { close(l.done); return nil }
func (l *link) Send(text string) error { return nil }
func connect(name string, gone func()) (*link, error)
func open(name string, ready chan int) (*link, error) {
    gone := make(chan struct{})
    l, err := connect(name, func() { close(gone) })
    if err != nil {
        return nil, err
    }
    select {
    case <-ready:
    case <-gone:
        return nil, errors.New("closed by the other side")
    case <-time.After(time.Second):
        l.Close()
        return nil, errors.New("too late")
    }
    return l, nil
}
func forgets(name string, ready, late chan int) (*link, error) {
    gone := make(chan struct{})
    l, err := connect(name, func() { close(gone) })
            //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[missing-close]: `l` is not closed when `forgets` returns at line 34
    if err != nil {
        return nil, err
    }
    select {
    case <-ready:
    case <-gone:
        return nil, errors.New("closed by the other side")
    case <-late:
        return nil, errors.New("late")
      //^^^^^^^^ label: not closed on this path
    case <-time.After(time.Second):
        l.Close()
        return nil, errors.New("too late")
    }
    return l, nil
}
"#,
    );
}

const SCANS: &str = r#"
type db interface { Scan() (cursor, error) }
type cursor interface { Next() bool; Key() []byte; Close() error }
func use(k []byte) error
func a(d db) error {
    c, err := d.Scan()
    if err != nil {
        return err
    }
    defer c.Close()
    c.Next()
    return use(c.Key())
}
func b(d db) error {
    c, err := d.Scan()
    if err != nil {
        return err
    }
    defer c.Close()
    return use(c.Key())
}
func e(d db) error {
    c, err := scan(d)
    if err != nil {
        return err
    }
    defer c.Close()
    c.Next()
    return nil
}
func scan(d db) (cursor, error) { return d.Scan() }
"#;

#[test]
fn what_holds_nothing_is_no_part_of_it() {
    check(&format!(
        "{SCANS}{}",
        r#"
func forgets(d db) ([]byte, error) {
    c, err := d.Scan()
            //^^^^^^^^ leak[missing-close]: `c` is never closed
    if err != nil {
        return nil, err
    }
    return c.Key(), nil
}
"#
    ));
}

#[test]
fn helpers_pass_it_on() {
    check(&format!(
        "{SCANS}{}",
        r#"
func forgets(d db) error {
    c, err := scan(d)
            //^^^^^^^ leak[missing-close]: `c` is never closed
    if err != nil {
        return err
    }
    c.Next()
    return use(c.Key())
}
"#
    ));
}

#[test]
fn what_was_there_before_is_opened_again() {
    let program = |found: &str, expectation: &str| {
        check(&format!(
            r#"
type conn struct {{ stop chan struct{{}} }}
func (c *conn) Open() {{ c.stop = make(chan struct{{}}); go func() {{ <-c.stop }}() }}
func (c *conn) Do() error {{ return nil }}
func (c *conn) Close() {{ close(c.stop) }}
type client struct {{ conns map[string]*conn }}
func open(name string) *conn
func (c *client) cached(name string) *conn {{
    {found}
}}
func (c *client) Conn(name string) (*conn, error) {{
    at := c.cached(name)
    if at == nil {{
        return nil, errors.New("none")
    }}
    at.Open()
    return at, nil
}}
func a(c *client) error {{
    at, err := c.Conn("a")
    if err != nil {{
        return err
    }}
    defer at.Close()
    return at.Do()
}}
func b(c *client) error {{
    at, err := c.Conn("b")
    if err != nil {{
        return err
    }}
    defer at.Close()
    return at.Do()
}}
func e(c *client) error {{
    at, err := c.Conn("e")
    if err != nil {{
        return err
    }}
    defer at.Close()
    return at.Do()
}}
func forgets(c *client) error {{
    at, err := c.Conn("f")
{expectation}
    if err != nil {{
        return err
    }}
    return at.Do()
}}
"#
        ));
    };
    let leak = "             //^^^^^^^^^^^ leak[missing-close]: `at` is never closed";
    program("return open(name)", leak);
    program("return c.conns[name]", "");
}

#[test]
fn failures_are_told_in_other_ways() {
    check(
        r#"
type conn struct { open bool }
func (c *conn) Do() error { return nil }
func (c *conn) Close() { c.open = false }
type dialError struct { code int }
func (e *dialError) Error() string { return "dial" }
type source interface {
    Conn() (*conn, []error)
    Dial() (*conn, *dialError)
}
func first(s source) error {
    c, errs := s.Conn()
    if len(errs) > 0 {
        return errs[0]
    }
    defer c.Close()
    return c.Do()
}
func second(s source) (*conn, error) {
    c, errs := s.Conn()
    if len(errs) > 0 {
        return nil, errs[0]
    }
    if err := c.Do(); err != nil {
        c.Close()
        return nil, err
    }
    return c, nil
}
func third(s source) error {
    c, failed := s.Dial()
    if failed != nil && failed.code > 0 {
        return failed
    }
    defer c.Close()
    return c.Do()
}
func fourth(s source) (*conn, error) {
    c, failed := s.Dial()
    if failed != nil && failed.code > 0 {
        return nil, failed
    }
    if err := c.Do(); err != nil {
        c.Close()
        return nil, err
    }
    return c, nil
}
"#,
    );
}

#[test]
fn what_only_lets_go_ends_nothing() {
    let program = |close: &str, expected: &str| {
        format!(
            r#"
type base interface {{ Release() }}
type over struct {{ mu sync.Mutex; m map[string]int; base base }}
type store interface {{ Over() (*over, error) }}
func (o *over) Put(k string) error {{ o.m[k] = 1; return nil }}
func (o *over) Close() error {{
    o.mu.Lock()
    defer o.mu.Unlock()
    {close}
    o.m = nil
    o.base = nil
    return nil
}}
func a(s store) error {{
    o, err := s.Over()
    if err != nil {{
        return err
    }}
    defer o.Close()
    return o.Put("a")
}}
func b(s store) error {{
    o, err := s.Over()
    if err != nil {{
        return err
    }}
    defer o.Close()
    return o.Put("b")
}}
func c(s store) error {{
    o, err := s.Over()
    if err != nil {{
        return err
    }}
    defer o.Close()
    return o.Put("c")
}}
func forgets(s store) error {{
    o, err := s.Over()
            {expected}
    if err != nil {{
        return err
    }}
    return o.Put("d")
}}
"#
        )
    };
    check(&program("", ""));
    check(&program("o.base.Release()", "//^^^^^^^^ leak[missing-close]: `o` is never closed"));
}

#[test]
fn a_goroutine_is_given_a_connection() {
    let program = |calls: &str, expected: &str| {
        format!(
            r#"
func hello(c net.Conn) error {{ _, err := c.Read(nil); return err }}
func serve(c net.Conn) {{
         {expected}
    if err := hello(c); err != nil {{
        return
    }}
    defer c.Close()
    c.Write(nil)
}}
func always(c net.Conn) {{
    defer c.Close()
    if err := hello(c); err != nil {{
        return
    }}
    c.Write(nil)
}}
func accept(l net.Listener) error {{
    for {{
        c, err := l.Accept()
        if err != nil {{
            return err
        }}
        {calls}
    }}
}}
"#
        )
    };
    let leak = "//^ leak[missing-close]: `c` is not closed when `serve` returns";
    check(&program("go serve(c)", leak));
    check(&program("go always(c)", ""));
    // Somebody else may close it.
    check(&program("go serve(c); defer c.Close()", ""));
}

#[test]
fn what_a_missing_package_returned() {
    let program = |body: &str, expectation: &str| {
        check(&format!(
            r#"
package p
import "errors"
import "example.com/missing"
func use(name string, give func(any)) error {{
    w, err := missing.Open(name)
            {expectation}
    if err != nil {{
        return err
    }}
    {body}
}}
func bad(name string) error {{ return errors.New(name) }}
"#
        ));
    };
    let found = "//^^^^^^^^^^^^^^^^^^ leak[missing-close]: `w` is not closed when `use` returns";
    program("if err := w.Write(1); err != nil { return err }\n return w.Close()", found);
    program(
        "n, err := w.Count()\n if err != nil { return err }\n defer w.Close()\n return w.Write(n)",
        found,
    );
    program("if name == \"\" { return bad(name) }\n w.Stop()\n return nil", found);
    program("defer w.Close()\n return w.Write(1)", "");
    program("defer func() { w.Close() }()\n return w.Write(1)", "");
    program("if err := w.Write(1); err != nil { w.Close(); return err }\n return w.Close()", "");
    program("if err := w.Write(1); err != nil { give(w); return err }\n return w.Close()", "");
    // Nobody says that it can be closed.
    program("if err := w.Write(1); err != nil { return err }\n return w.Flush()", "");
}

#[test]
fn a_response_of_an_interface() {
    let program = |body: &str, expectation: &str| {
        check(&format!(
            r#"
type getter interface {{ Get(url string) (*http.Response, error) }}
func fetch(g getter, url string) ([]byte, error) {{
    r, err := g.Get(url)
            {expectation}
    if err != nil {{
        return nil, err
    }}
    {body}
}}
"#
        ));
    };
    let found =
        "//^^^^^^^^^^ leak[missing-close]: the body of `r` is not closed when `fetch` returns";
    let read = "defer r.Body.Close()\n return io.ReadAll(r.Body)";
    let fails = "if r.StatusCode != 200 { return nil, errors.New(url) }";
    program(&format!("{fails}\n {read}"), found);
    program(read, "");
    // Whoever answers may have read it.
    program(&format!("{fails}\n return nil, nil"), "");
}

#[test]
fn an_interface_that_is_written_out() {
    let program = |body: &str, expectation: &str| {
        let closes = |n: u32| {
            format!(
                "func c{n}(s store) error {{ i, err := s.Iterate({n}); if err != nil {{ return err }}; defer i.Close(); return each(i) }}\n"
            )
        };
        check(&format!(
            r#"
type iterator = interface {{ Next() bool; Close() error }}
type store = interface {{ Iterate(from int) (iterator, error) }}
func each(i iterator) error {{ for i.Next() {{ }}; return nil }}
{}
func first(s store) error {{
    i, err := s.Iterate(1)
            {expectation}
    if err != nil {{
        return err
    }}
    {body}
}}
"#,
            [1, 2, 3].map(closes).concat()
        ));
    };
    let found = "//^^^^^^^^^^^^ leak[missing-close]: `i` is not closed when `first` returns";
    program("if !i.Next() { return io.EOF }\n return i.Close()", found);
    program("defer i.Close()\n return each(i)", "");
}
