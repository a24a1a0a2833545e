//! Objects that give a lock back for others.

use super::check;

#[test]
fn what_unlocks_is_an_interface() {
    check(
        r#"
type store struct { mu sync.Mutex; n int }
type unlocker struct { s *store }
func (u unlocker) Close() error { u.s.mu.Unlock(); return nil }
func (s *store) lock() io.Closer { s.mu.Lock(); return unlocker{s} }
func (s *store) add() {
    c := s.lock()
    defer c.Close()
    s.n++
}
type guard struct { s *store }
func (g *guard) release() { g.s.mu.Unlock() }
type releaser interface { release() }
func (s *store) acquire() (releaser, error) { s.mu.Lock(); return &guard{s}, nil }
func (s *store) sub() error {
    r, err := s.acquire()
    if err != nil {
        return err
    }
    defer r.release()
    s.n--
    return nil
}
func (s *store) all(names []string) {
    for range names {
        s.add()
        s.sub()
    }
}
"#,
    );
}

#[test]
fn a_visitor_unlocks() {
    check(
        r#"
type store struct { mu sync.Mutex; n int }
type visitor interface { visit(s *store) }
type adder struct{}
func (adder) visit(s *store) { s.n++; s.mu.Unlock() }
func apply(v visitor, s *store) { s.mu.Lock(); v.visit(s) }
func twice(s *store) {
    apply(adder{}, s)
    apply(adder{}, s)
}
"#,
    );
}

#[test]
fn a_visitor_does_not_unlock() {
    check(
        r#"
type store struct { mu sync.Mutex; n int }
type visitor interface { visit(n int) }
func apply(v visitor, s *store) { s.mu.Lock(); v.visit(s.n) }
func twice(v visitor, s *store) {
    apply(v, s)
    apply(v, s)
  //^^^^^^^^^^^ leak[double-lock]: `apply` blocks for ever: it locks `s.mu`
    s.mu.Unlock()
}
"#,
    );
}

#[test]
fn a_captured_flag_says_whether_it_is_locked() {
    check(
        r#"
type store struct { mu sync.Mutex; n int }
func flagged(s *store) {
    locked := false
    lock := func() {
        if !locked {
            s.mu.Lock()
            locked = true
        }
    }
    unlock := func() {
        if locked {
            locked = false
            s.mu.Unlock()
        }
    }
    defer unlock()
    lock()
    lock()
    unlock()
    lock()
}
func plain(s *store) {
    n := 0
    lock := func() {
        s.mu.Lock()
        n++
    }
    lock()
    lock()
  //^^^^^^ leak[double-lock]: `plain.func1` blocks for ever: it locks `s.mu`
    s.mu.Unlock()
}
"#,
    );
}
