//! More programs for the check.

use super::check;

#[test]
fn a_goroutine_too_large_to_be_followed_may_unlock() {
    check(
        r#"
func race(exit chan int, a, b, c, d, e, f bool) {
    var mu sync.Mutex
    var m1, m2, m3, m4, m5, m6 sync.Mutex
    mu.Lock()
    go func() {
        if a { m1.Lock() }
        if b { m2.Lock() }
        if c { m3.Lock() }
        if d { m4.Lock() }
        if e { m5.Lock() }
        if f { m6.Lock() }
        mu.Unlock()
        exit <- 1
    }()
    mu.Lock()
    mu.Unlock()
}
"#,
    );
}

#[test]
fn a_struct_that_is_assigned_anew_has_new_locks() {
    check(
        r#"
type group struct { mu sync.Mutex; n int }
func (g *group) shut() { g.mu.Lock() }
var all group
func reset() { all = group{} }
func anew() {
    all.shut()
    reset()
    all.shut()
}
func again() {
    all.shut()
    all.n = 0
    all.shut()
  //^^^^^^^^^^ leak[double-lock]: blocks for ever
}
"#,
    );
}

#[test]
fn a_function_that_is_run_only_on_a_flag() {
    check(
        r#"
type hub struct { mu sync.Mutex; fs []func() }
func (h *hub) add(f func(), run bool) {
    h.fs = append(h.fs, f)
    if run {
        f()
    }
}
func (h *hub) later() {
    h.mu.Lock()
    defer h.mu.Unlock()
    h.add(func() { h.mu.Lock(); h.mu.Unlock() }, false)
}
func (h *hub) now() {
    h.mu.Lock()
    defer h.mu.Unlock()
    h.add(func() { h.mu.Lock(); h.mu.Unlock() }, true)
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[double-lock]: can block for ever
}
"#,
    );
}

#[test]
fn a_callee_that_assigns_the_struct_anew_before_it_locks() {
    check(
        r#"
type group struct { mu sync.Mutex; n int }
func (g *group) shut() { g.mu.Lock() }
var all group
func reset() { all = group{} }
func turn() bool {
    reset()
    all.shut()
    return all.n > 0
}
func turns(files []string) {
    for range files {
        turn()
    }
}
func bare() bool {
    all.shut()
    return all.n > 0
}
func again(files []string) {
    for range files {
        bare()
      //^^^^^^ leak[double-lock]: blocks for ever
    }
}
"#,
    );
}

#[test]
fn a_variable_of_another_package_is_assigned_anew() {
    check(
        r#"
//- /syncwg/wg.go
package syncwg
type Group struct { mu sync.Mutex; n int }
func (g *Group) Shut() { g.mu.Lock(); g.n++ }
//- /store/store.go
package store
import "syncwg"
var All syncwg.Group
func Init() { All = syncwg.Group{} }
func Stop() { All.Shut() }
//- /m/m.go
package m
import "store"
func turn(name string) error {
    store.Init()
    defer store.Stop()
    if name == "" {
        return errors.New("no name")
    }
    return nil
}
func turns(files []string) {
    for _, name := range files {
        if err := turn(name); err != nil {
            return
        }
    }
}
"#,
    );
}

#[test]
fn a_constant_decides_two_calls_below() {
    check(
        r#"
type timer struct { mu sync.Mutex; on func() }
func (t *timer) finish() {
    t.mu.Lock()
    defer t.mu.Unlock()
    if t.on != nil {
        t.on()
    }
}
func (t *timer) set(d int) {
    if d == 0 {
        t.finish()
        return
    }
    time.AfterFunc(time.Second, t.finish)
}
func after(f func(), d int) *timer {
    t := &timer{on: f}
    t.set(d)
    return t
}
type table struct { sync.Mutex; timers map[string]*timer }
func (t *table) remove(name string) {
    t.Lock()
    defer t.Unlock()
    delete(t.timers, name)
}
func (t *table) late(name string) {
    t.Lock()
    defer t.Unlock()
    t.timers[name] = after(func() { t.remove(name) }, 4)
}
func (t *table) now(name string) {
    t.Lock()
    defer t.Unlock()
    t.timers[name] = after(func() { t.remove(name) }, 0)
                   //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[double-lock]: `(*table).remove` can block for ever: it may lock `t`
}
"#,
    );
}
