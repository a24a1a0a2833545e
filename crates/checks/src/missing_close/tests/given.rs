//! What a function was given to close.

use super::check;

#[test]
fn what_a_function_was_given_to_close() {
    let program = |caller: &str, expectation: &str| {
        check(&format!(
            r#"
type server struct {{ quit bool; conns []net.Conn }}
func (s *server) handle(c net.Conn) {{
                      {expectation}
    if s.quit {{
        c.Close()
        return
    }}
    if _, err := c.Write(nil); err != nil {{
        return
    }}
    s.conns = append(s.conns, c)
}}
{caller}
"#
        ));
    };
    let found =
        "//^ leak[missing-close]: `c` is not closed when `(*server).handle` returns at line 10";
    let serve = |handle: &str| {
        format!(
            "func (s *server) serve(l net.Listener) {{ for {{ c, err := l.Accept(); if err != nil {{ return }}; {handle} }} }}"
        )
    };
    program(&serve("go s.handle(c)"), found);
    program(&serve("go func() { s.handle(c) }()"), found);
    program(&serve("s.handle(c)"), found);
    // The caller closes it, or keeps it.
    program(&serve("s.handle(c); c.Close()"), "");
    program(&serve("go func() { defer c.Close(); s.handle(c) }()"), "");
    program(&serve("s.conns = append(s.conns, c); s.handle(c)"), "");
    program("func (s *server) first() { s.handle(s.conns[0]) }", "");
    program("func (s *server) all(in chan net.Conn) { for c := range in { s.handle(c) } }", "");
    program(
        "var conns = map[int]net.Conn{}\nfunc (s *server) get(n int) (net.Conn, error) { c, ok := conns[n]; if !ok { return nil, errors.New(\"none\") }; return c, nil }\nfunc (s *server) use() { c, err := s.get(1); if err == nil { s.handle(c) } }",
        "",
    );
    program("func (s *server) one(c net.Conn) { s.handle(c) }", "");
}

#[test]
fn one_of_several_ways_closes_what_was_given() {
    check(
        r#"
func write(name string, rc io.ReadCloser, n int) error {
                      //^^ leak[missing-close]: `rc` is not closed when `write` returns at line 6
    w, err := os.Open(name)
    if err != nil {
        return err
    }
    defer w.Close()
    _, err = io.ReadAll(rc)
    if err != nil {
        rc.Close()
        return err
    }
    return rc.Close()
}
func save(from, to string) error {
    f, err := os.Open(from)
    if err != nil {
        return err
    }
    return write(to, f, 1)
}
func always(name string, rc io.ReadCloser) error {
    defer rc.Close()
    if name == "" {
        return errors.New("name")
    }
    return nil
}
func saveAlways(from string) error {
    f, err := os.Open(from)
    if err != nil {
        return err
    }
    return always("x", f)
}
"#,
    );
}
