//! Small functions that say whether there is something.

use super::check;

#[test]
fn a_function_compares_with_nil() {
    check(
        r#"
func missing(f *os.File) bool { return f == nil }
func present(f *os.File) bool { return f != nil }
func none[T any](p *T) bool { return p == nil }
type holder struct { f *os.File }
func (h *holder) ok() bool { return h != nil && h.f != nil }
func try(name string) *os.File {
    f, err := os.Open(name)
    if err != nil {
        return nil
    }
    return f
}
func plain(name string) error {
    f := try(name)
    if missing(f) {
        return errors.New("no file")
    }
    return f.Close()
}
func negated(name string) error {
    f := try(name)
    if !present(f) {
        return errors.New("no file")
    }
    return f.Close()
}
func generic(name string) error {
    f := try(name)
    if none(f) {
        return errors.New("no file")
    }
    return f.Close()
}
func held(name string) error {
    h := &holder{}
    var err error
    if h.f, err = os.Open(name); err != nil {
        return err
    }
    if h.ok() {
        return h.f.Close()
    }
    return nil
}
func flags(name string, deep bool) error {
    const own = 1
    set := 0
    open := map[string]bool{}
    f := os.Stdin
    if deep {
        g, err := os.Open(name)
        if err != nil {
            return err
        }
        f, set = g, set|own
        open[name] = true
    }
    if set&own != 0 && open[name] {
        return f.Close()
    }
    return nil
}
"#,
    );
}

#[test]
fn a_function_asks_something_else() {
    check(
        r#"
func short(f *os.File) bool { return len(f.Name()) < 3 }
func large(n int) bool { return n > 100 }
func plain(name string, n int) error {
    f, err := os.Open(name)
            //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `plain` returns at line 11
    if err != nil {
        return err
    }
    if large(n) {
        return errors.New("too large")
    }
    return f.Close()
}
"#,
    );
}

#[test]
fn the_first_turn_opens() {
    check(
        r#"
func all(names []string) error {
    var f *os.File
    for i, name := range names {
        if i == 0 {
            var err error
            if f, err = os.Open(name); err != nil {
                return err
            }
        }
        f.Name()
    }
    if f != nil {
        return f.Close()
    }
    return nil
}
"#,
    );
}

#[test]
fn a_goroutine_only_uses_it() {
    check(
        r#"
func answers(c net.Conn) { c.Write([]byte("x")) }
func ends(c net.Conn) {
    defer c.Close()
    c.Write([]byte("x"))
}
func keeps(c net.Conn, all chan net.Conn) { all <- c }
func serve(l net.Listener, all chan net.Conn) error {
    for {
        c, err := l.Accept()
                //^^^^^^^^^^ leak[closer-not-closed]: `c` is never closed
        if err != nil {
            return err
        }
        go answers(c)
    }
}
func serveAll(l net.Listener, all chan net.Conn) error {
    for {
        c, err := l.Accept()
        if err != nil {
            return err
        }
        go ends(c)
        d, err := l.Accept()
        if err != nil {
            return err
        }
        go keeps(d, all)
    }
}
func serveOne(l net.Listener) error {
    c, err := l.Accept()
    if err != nil {
        return err
    }
    defer c.Close()
    go answers(c)
    return nil
}
"#,
    );
}

#[test]
fn a_named_result_begins_with_nothing() {
    check(
        r#"
func open(name string) (r io.Closer, err error) {
    switch name {
    case "-":
        r, err = os.Create(name)
    case "a":
        f, err := os.Open(name)
        if err != nil {
            return nil, err
        }
        r = f
    }
    if err != nil {
        return nil, err
    }
    return r, nil
}
func checked(name string, fine func() error) (err error) {
    if name == "a" {
        f, failed := os.Open(name)
                   //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `checked` returns
        if failed != nil {
            return failed
        }
        err = fine()
        if err == nil {
            f.Close()
        }
    }
    return err
}
"#,
    );
}
