//! What is in an interface, or compared with what others have.

use super::check;

#[test]
fn a_file_is_a_closer() {
    check(
        r#"
func asserted(p string) error {
    f, err := os.Open(p)
    if err != nil {
        return err
    }
    if c, ok := any(f).(io.Closer); ok {
        c.Close()
    }
    return nil
}
func switched(p string) error {
    f, err := os.Open(p)
    if err != nil {
        return err
    }
    switch v := any(f).(type) {
    case io.Closer:
        v.Close()
    }
    return nil
}
func read(name string) error {
    var r io.Reader = os.Stdin
    if name != "" {
        f, err := os.Open(name)
        if err != nil {
            return err
        }
        r = f
    }
    if c, ok := r.(io.Closer); ok {
        defer c.Close()
    }
    _, err := io.Copy(io.Discard, r)
    return err
}
func other(p string) error {
    f, err := os.Open(p)
            //^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed
    if err != nil {
        return err
    }
    if c, ok := any(f).(interface{ Release() }); ok {
        c.Release()
        f.Close()
    }
    return nil
}
"#,
    );
}

#[test]
fn a_new_file_is_no_standard_one() {
    check(
        r#"
var std *os.File
func create(name string) error {
    f := std
    if name != "-" {
        var err error
        f, err = os.Open(name)
        if err != nil {
            return err
        }
    }
    _, err := f.Read(nil)
    if f != std {
        f.Close()
    }
    return err
}
func only(name string) error {
    f := std
    if name != "-" {
        var err error
        f, err = os.Open(name)
               //^^^^^^^^^^^^^ leak[closer-not-closed]: `f` is not closed when `only` returns
        if err != nil {
            return err
        }
    }
    if _, err := f.Read(nil); err != nil {
        return err
    }
    if f != std {
        f.Close()
    }
    return nil
}
"#,
    );
}

#[test]
fn keys_and_finalizers() {
    check(
        r#"
var keys = map[*os.File]bool{}
func key(p string) error {
    f, err := os.Open(p)
    if err != nil {
        return err
    }
    keys[f] = true
    return nil
}
func finalized(p string) error {
    f, err := os.Open(p)
    if err != nil {
        return err
    }
    runtime.SetFinalizer(f, func(f *os.File) { f.Close() })
    return nil
}
func counted(p string) error {
    f, err := os.Open(p)
            //^^^^^^^^^^ leak[closer-not-closed]: `f` is never closed
    if err != nil {
        return err
    }
    sizes[f.Name()] = 1
    return nil
}
var sizes = map[string]int{}
"#,
    );
}

#[test]
fn a_flag_says_whether_it_is_open() {
    check(
        r#"
type file struct { f *os.File; opened bool }
func (x *file) open(name string) error {
    if x.opened {
        return nil
    }
    f, err := os.Open(name)
    if err != nil {
        return err
    }
    x.f, x.opened = f, true
    return nil
}
func (x *file) close() {
    if x.opened {
        x.f.Close()
        x.opened = false
    }
}
func each(names []string) error {
    x := &file{}
    if err := x.open(names[0]); err != nil {
        return err
    }
    x.close()
    if err := x.open(names[1]); err != nil {
        return err
    }
    x.close()
    return nil
}
func twice(name string) error {
    x := &file{}
    if err := x.open(name); err != nil {
        return err
    }
    if err := x.open(name); err != nil {
        x.close()
        return err
    }
    x.close()
    return nil
}
func forgets(name string) error {
    x := &file{}
    if err := x.open(name); err != nil {
            //^^^^^^^^^^^^ leak[closer-not-closed]: what this opens is never closed
        return err
    }
    if x.opened {
        return nil
    }
    x.close()
    return nil
}
"#,
    );
}

#[test]
fn a_set_keeps_its_keys() {
    check(
        r#"
type server struct { mu sync.Mutex; l net.Listener; conns map[net.Conn]struct{}; names map[string]int }
func (s *server) serve() error {
    for {
        c, err := s.l.Accept()
        if err != nil {
            return err
        }
        s.conns[c] = struct{}{}
    }
}
func (s *server) count() error {
    for {
        c, err := s.l.Accept()
                //^^^^^^^^^^^^ leak[closer-not-closed]: `c` is
        if err != nil {
            return err
        }
        s.names[c.RemoteAddr().String()] = 1
    }
}
func (s *server) close() {
    for c := range s.conns {
        c.Close()
    }
}
"#,
    );
}
