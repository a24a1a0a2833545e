//! What a function returns together with an error.

use super::check;

/// A function that opens, one that uses what it opened, and what is expected of the latter.
fn program(open: &str, uses: &str, expectation: &str) {
    check(&format!(
        r#"
type store struct {{ f *os.File; n int }}
func (s *store) Close() error {{ return s.f.Close() }}
func (s *store) load() error {{
    _, err := s.f.Read(nil)
    return err
}}
func (s *store) loadAll() (err error) {{
    defer func() {{
        if err != nil {{
            s.Close()
        }}
    }}()
    return s.load()
}}
func named(err error) error {{
    if err == nil {{
        return nil
    }}
    return fmt.Errorf("store: %w", err)
}}
func open(name string) (_ *store, last error) {{
    f, err := os.Open(name)
    if err != nil {{
        return nil, err
    }}
    s := &store{{f: f}}
    {open}
}}
func use(name string) error {{
    s, err := open(name)
            {expectation}
    {uses}
    defer s.Close()
    return nil
}}
"#
    ));
}

const DROPS: &str = "if err != nil { return err }";
const FOUND: &str = "//^^^^^^^^^^ leak[closer-not-closed]: `s` is not closed when `use` returns";

#[test]
fn a_later_step_fails() {
    program("return s, s.load()", DROPS, FOUND);
    program("err = s.load(); return s, err", DROPS, FOUND);
    program("if len(name) > 3 { err = errors.New(\"many\") }; return s, err", DROPS, FOUND);
    program("if s.n > 3 { err = errors.New(\"many\") }; return s, err", DROPS, "");
}

#[test]
fn nothing_is_lost() {
    program(
        "if err := s.load(); err != nil { f.Close(); return nil, err }; return s, nil",
        DROPS,
        "",
    );
    program("return s, s.loadAll()", DROPS, "");
    program("return s, s.load()", "if err != nil { s.Close(); return err }", "");
    program(
        "return s, s.load()",
        "if s != nil { defer s.Close() }; if err != nil { return err }",
        "",
    );
}

#[test]
fn no_error_is_made_of_none() {
    program("return s, named(err)", DROPS, "");
    program("return s, nil", DROPS, "");
}

#[test]
fn what_is_deferred_may_make_an_error() {
    program("defer func() { if s.n > 3 { last = os.Remove(name) } }(); return s, nil", DROPS, "");
}

#[test]
fn structs_that_are_values() {
    check(
        r#"
type client struct { conn net.Conn; name string }
func (c *client) Close() error { return c.conn.Close() }
type spool struct { w *os.File }
func (s *spool) put(text string) error { _, err := s.w.Read([]byte(text)); return err }
func export(name, text string) error {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed
    if err != nil {
        return err
    }
    s := spool{f}
    return s.put(text)
}
func closed(name, text string) error {
    f, err := os.Open(name)
    if err != nil {
        return err
    }
    defer f.Close()
    s := spool{f}
    return s.put(text)
}
func returned(addr string) (client, error) {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return client{}, err
    }
    return client{conn: conn}, nil
}
func pointed(addr string) (*client, error) {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return nil, err
    }
    c := client{conn: conn}
    return &c, nil
}
func copied(addr string, all chan client) error {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return err
    }
    c := client{conn: conn}
    d := c
    all <- d
    return nil
}
func byMethod(addr string) error {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return err
    }
    c := client{conn: conn}
    defer c.Close()
    return nil
}
func listed(addrs []string) ([]client, error) {
    var all []client
    for _, addr := range addrs {
        conn, err := net.Dial("tcp", addr)
        if err != nil {
            return all, err
        }
        all = append(all, client{conn: conn})
    }
    return all, nil
}
func captured(addr string, later func(func())) error {
    conn, err := net.Dial("tcp", addr)
    if err != nil {
        return err
    }
    c := client{conn: conn}
    later(func() { c.Close() })
    return nil
}
"#,
    );
}
