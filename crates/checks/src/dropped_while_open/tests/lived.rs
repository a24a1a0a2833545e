//! Fields that were used before they are filled again, and entries of maps under names that others choose.

use super::check;

#[test]
fn used_before_it_is_replaced() {
    let program = |before: &str, again: &str, expectation: &str| {
        check(&format!(
            r#"
type Sink struct {{ addr string; conn net.Conn }}
func (s *Sink) connect() error {{
    c, err := net.Dial("udp", s.addr)
    if err != nil {{
        return err
    }}
    s.conn = c
  {expectation}
    return nil
}}
func (s *Sink) Write(b []byte) error {{
    if s.conn == nil {{
        if err := s.connect(); err != nil {{
            return err
        }}
    }}
    {before}
    if _, err := s.conn.Write(b); err != nil {{
        {again}
    }}
    return nil
}}
func (s *Sink) Close() error {{ return s.conn.Close() }}
"#
        ));
    };
    let told = "//^^^^^^^^^^ leak[dropped-while-open]: `conn` is replaced while it may be open";
    program("", "return s.connect()", told);
    program("", "s.conn.Close(); return s.connect()", "");
    program("", "return err", "");
    program("defer func() { s.conn.Close(); s.conn = nil }()", "return s.connect()", "");
}

#[test]
fn asked_for_its_state() {
    check(
        r#"
type status int
type link struct { c net.Conn; s status }
func dial(addr string) (*link, error) {
    c, err := net.Dial("tcp", addr)
    if err != nil {
        return nil, err
    }
    return &link{c: c}, nil
}
func (l *link) Status() status { return l.s }
func (l *link) Close()         { l.c.Close() }
type Broker struct { addr string; link *link }
func (b *Broker) Connect() error {
    s := status(3)
    if b.link != nil {
        s = b.link.Status()
    }
    if s == 1 {
        return nil
    }
    l, err := dial(b.addr)
    if err != nil {
        return err
    }
    b.link = l
    return nil
}
func (b *Broker) Disconnect() { b.link.Close() }
"#,
    );
}

#[test]
fn an_entry_is_replaced() {
    let program = |before: &str, after: &str, expectation: &str| {
        check(&format!(
            r#"
type Files struct {{ mu sync.Mutex; m map[string]net.Conn }}
func (f *Files) Open(name string) error {{
    f.mu.Lock()
    defer f.mu.Unlock()
    {before}
    x, err := net.Dial("tcp", name)
    if err != nil {{
        return err
    }}
    f.m[name] = x
  {expectation}
    {after}
    return nil
}}
func (f *Files) Close() {{
    for _, x := range f.m {{
        x.Close()
    }}
}}
"#
        ));
    };
    let told = "//^^^^^^^^^^^^^ leak[dropped-while-open]: an entry of `m` may be replaced";
    program("", "", told);
    program("if f.m[name] != nil { return nil }", "", "");
    program("if old, ok := f.m[name]; ok { old.Close() }", "", "");
    program("", "go func() { defer x.Close(); io.Copy(io.Discard, x) }()", "");
}

#[test]
fn an_entry_with_a_name_of_its_own() {
    check(
        r#"
type Files struct { n int; m map[string]net.Conn }
func (f *Files) Open(name string) (string, error) {
    x, err := net.Dial("tcp", name)
    if err != nil {
        return "", err
    }
    f.n++
    key := fmt.Sprint(f.n)
    f.m[key] = x
    return key, nil
}
func (f *Files) Close() {
    for _, x := range f.m {
        x.Close()
    }
}
"#,
    );
}
