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

#[test]
fn what_is_kept_points_back() {
    check(
        r#"
type hub struct { mu sync.Mutex; subs []*sub }
type sub struct { hub *hub }
func (h *hub) listen() *sub {
    s := &sub{hub: h}
    h.mu.Lock()
    defer h.mu.Unlock()
    h.subs = append(h.subs, s)
    return s
}
func (s *sub) close() {
    s.hub.mu.Lock()
    defer s.hub.mu.Unlock()
    for i := range s.hub.subs {
        if s.hub.subs[i] == s {
            s.hub.subs = append(s.hub.subs[:i], s.hub.subs[i+1:]...)
            return
        }
    }
}
func (h *hub) close() {
    h.mu.Lock()
    defer h.mu.Unlock()
    for _, s := range h.subs {
        s.close()
      //^^^^^^^^^ leak[double-lock]: `(*sub).close` can block for ever: it locks `h.mu`, held here
    }
}
"#,
    );
    check(
        r#"
type server struct { mu sync.Mutex; w *worker; n int }
type worker struct { s *server }
func newWorker(s *server) *worker { return &worker{s: s} }
func New() *server {
    s := &server{}
    s.w = newWorker(s)
    return s
}
func (w *worker) report() {
    w.s.mu.Lock()
    w.s.n++
    w.s.mu.Unlock()
}
func (s *server) Flush() {
    s.mu.Lock()
    defer s.mu.Unlock()
    s.w.report()
  //^^^^^^^^^^^^ leak[double-lock]: `(*worker).report` can block for ever
}
"#,
    );
    check(
        r#"
type hub struct { mu sync.Mutex; conns map[*conn]struct{} }
type conn struct { hub *hub; once sync.Once }
func (h *hub) accept() *conn {
    c := &conn{hub: h}
    c.register()
    return c
}
func (c *conn) register() {
    c.hub.mu.Lock()
    defer c.hub.mu.Unlock()
    if c.hub.conns == nil {
        c.hub.conns = make(map[*conn]struct{})
    }
    c.hub.conns[c] = struct{}{}
}
func (c *conn) close() {
    c.once.Do(func() {
        c.hub.mu.Lock()
        delete(c.hub.conns, c)
        c.hub.mu.Unlock()
    })
}
func (h *hub) shutdown() {
    h.mu.Lock()
    defer h.mu.Unlock()
    for c := range h.conns {
        c.close()
      //^^^^^^^^^ leak[double-lock]: can block for ever: it locks `h.mu`, held here
    }
}
"#,
    );
}

#[test]
fn what_is_kept_may_point_elsewhere() {
    // Adopted from wherever, told another, or taken out of the container first.
    check(
        r#"
type tree struct { mu sync.Mutex; kids []*kid }
type kid struct { home *tree }
func newKid(t *tree) *kid { return &kid{home: t} }
func (t *tree) Adopt(k *kid) {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.kids = append(t.kids, k)
}
func (k *kid) leave() {
    k.home.mu.Lock()
    defer k.home.mu.Unlock()
}
func (t *tree) all() {
    t.mu.Lock()
    defer t.mu.Unlock()
    for _, k := range t.kids {
        k.leave()
    }
}
"#,
    );
    check(
        r#"
type tree struct { mu sync.Mutex; kid *kid }
type kid struct { home *tree }
func (t *tree) make() { t.kid = &kid{home: t} }
func (k *kid) Move(to *tree) { k.home = to }
func (k *kid) leave() {
    k.home.mu.Lock()
    defer k.home.mu.Unlock()
}
func (t *tree) all() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.kid.leave()
}
"#,
    );
    check(
        r#"
type pool struct { mu sync.Mutex; list []*item }
type item struct { p *pool }
func (p *pool) get() *item {
    it := &item{p: p}
    p.mu.Lock()
    p.list = append(p.list, it)
    p.mu.Unlock()
    return it
}
func (it *item) close() {
    it.p.mu.Lock()
    defer it.p.mu.Unlock()
    it.p.list = nil
}
func (p *pool) close() {
    p.mu.Lock()
    list := p.list
    p.list = nil
    p.mu.Unlock()
    for _, it := range list {
        it.close()
    }
}
"#,
    );
}

#[test]
fn through_what_prints_a_value() {
    check(
        r#"
type account struct { mu sync.Mutex; id string; sum int }
func (a *account) String() string {
    a.mu.Lock()
    defer a.mu.Unlock()
    return a.id
}
func (a *account) withdraw(n int) error {
    a.mu.Lock()
    defer a.mu.Unlock()
    if n > a.sum {
        return fmt.Errorf("cannot take %d from %v", n, a)
             //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[double-lock]: `(*account).String` blocks for ever: it locks `a.mu`, which is held here
    }
    a.sum -= n
    return nil
}
func (a *account) quiet(n int) error {
    a.mu.Lock()
    defer a.mu.Unlock()
    if n > a.sum {
        return fmt.Errorf("cannot take %d from %s", n, a.id)
    }
    fmt.Printf("%p %d", a, n)
    return nil
}
func (a *account) other(b *account) string {
    a.mu.Lock()
    defer a.mu.Unlock()
    return fmt.Sprint(b)
}
func (a *account) after() {
    a.mu.Lock()
    a.sum++
    a.mu.Unlock()
    fmt.Println(a)
}
"#,
    );
}

#[test]
fn through_a_registered_function_that_is_given_the_object() {
    check(
        r#"
type config struct { mu sync.Mutex; values map[string]string; watchers []func(*config, string) }
func (c *config) get(key string) string {
    c.mu.Lock()
    defer c.mu.Unlock()
    return c.values[key]
}
func (c *config) watch(f func(*config, string)) {
    c.mu.Lock()
    c.watchers = append(c.watchers, f)
    c.mu.Unlock()
}
func (c *config) set(key, value string) {
    c.mu.Lock()
    defer c.mu.Unlock()
    c.values[key] = value
    for _, w := range c.watchers {
        w(c, key)
      //^^^^^^^^^ leak[double-lock]: `(*config).get` can block for ever
    }
}
func show(c *config) {
    c.watch(func(c *config, key string) { println(key, c.get(key)) })
}
type quiet struct { mu sync.Mutex; values map[string]string; watchers []func(*quiet, string) }
func (q *quiet) get(key string) string {
    q.mu.Lock()
    defer q.mu.Unlock()
    return q.values[key]
}
func (q *quiet) watch(f func(*quiet, string)) {
    q.mu.Lock()
    q.watchers = append(q.watchers, f)
    q.mu.Unlock()
}
func (q *quiet) set(key, value string) {
    q.mu.Lock()
    q.values[key] = value
    watchers := append([]func(*quiet, string){}, q.watchers...)
    q.mu.Unlock()
    for _, w := range watchers {
        w(q, key)
    }
}
func (q *quiet) other(key string, copy *quiet) {
    q.mu.Lock()
    defer q.mu.Unlock()
    for _, w := range q.watchers {
        w(copy, key)
    }
}
func tell(q *quiet) {
    q.watch(func(q *quiet, key string) { println(key, q.get(key)) })
}
"#,
    );
}

#[test]
fn a_deferred_call_that_gets_what_unlocks() {
    // It runs at the end: what was locked again until then is given back as well.
    check(
        r#"
type pool struct { mu sync.Mutex; n int }
func (p *pool) add() {
    p.mu.Lock()
    unlock := new(sync.Once)
    defer unlock.Do(p.mu.Unlock)
    if p.n > 3 {
        unlock.Do(p.mu.Unlock)
        p.less()
        p.mu.Lock()
        *unlock = sync.Once{}
    }
    p.n++
}
func (p *pool) less() {
    p.mu.Lock()
    defer p.mu.Unlock()
    p.n--
}
func (p *pool) both() {
    p.add()
    p.less()
    p.add()
}
func (p *pool) keeps() {
    p.mu.Lock()
    p.n++
}
func (p *pool) twice() {
    p.keeps()
    p.less()
  //^^^^^^^^ leak[double-lock]:
}
"#,
    );
}

#[test]
fn two_calls_of_a_maker_give_two_objects() {
    check(
        r#"
type table struct { mu sync.Mutex; n int }
func newTable() *table { return &table{} }
func sized() *table { return newTable() }
func (t *table) lock() *sync.Mutex { return &t.mu }
func two() {
    a, b := newTable(), newTable()
    a.mu.Lock()
    defer a.mu.Unlock()
    b.mu.Lock()
    defer b.mu.Unlock()
}
func twoMore() {
    a := sized()
    b := sized()
    a.mu.Lock()
    b.mu.Lock()
    b.mu.Unlock()
    a.mu.Unlock()
}
func one() {
    a := newTable()
    a.mu.Lock()
    defer a.mu.Unlock()
    a.mu.Lock()
  //^^^^^^^^^^^ leak[double-lock]: `a.mu`
    a.mu.Unlock()
}
func asked(t *table) {
    t.lock().Lock()
    t.lock().Lock()
  //^^^^^^^^^^^^^^^ leak[double-lock]: `t.lock()`
    t.lock().Unlock()
}
"#,
    );
}

#[test]
fn a_lock_used_as_a_signal() {
    check(
        r#"
type system struct { keys func(context.Context) chan int }
func make1(keys func(context.Context) chan int) *system { return &system{keys} }
func given(out func(func(context.Context) chan int)) {
    var mu sync.Mutex
    mu.Lock()
    out(func(ctx context.Context) chan int {
        ch := make(chan int)
        go func() {
            defer mu.Unlock()
            ch <- 1
        }()
        return ch
    })
    mu.Lock()
}
"#,
    );
}

#[test]
fn locks_that_callees_left() {
    stanch_testing::check_shown(
        "double-lock",
        r#"
type actor struct { mu, own sync.Mutex; now *string }
func (a *actor) Lock(id *string) {
    now := a.current()
    if now == nil || *now != *id {
        a.mu.Lock()
        a.set(id)
    }
}
func (a *actor) current() *string {
    a.own.Lock()
    defer a.own.Unlock()
    return a.now
}
func (a *actor) set(id *string) {
    a.own.Lock()
    defer a.own.Unlock()
    a.now = id
}
func again(a *actor, id *string) {
    a.Lock(id)
    a.Lock(id)
}
type state struct { mu sync.RWMutex; closed bool }
func (s *state) enter() bool {
    s.mu.RLock()
    if s.closed {
        s.mu.RUnlock()
        return false
    }
    return true
}
func (s *state) lock() { s.mu.Lock() }
func asserted(s *state, isFalse func(bool)) {
    isFalse(s.enter())
    s.lock()
    s.mu.Unlock()
}
func asked(s *state) {
    if s.enter() {
        s.lock()
      //^^^^^^^^ leak[double-lock]: `(*state).lock` blocks for ever: it locks `s.mu`, which is held here
        s.mu.Unlock()
    }
}
"#,
    );
}

#[test]
fn a_callee_that_notes_that_it_locked() {
    check(
        r#"
type store struct { mu sync.Mutex; n int }
func (s *store) begin() { s.mu.Lock(); s.n++ }
func (s *store) end()   { s.n--; s.mu.Unlock() }
type stopper struct { s *store; stopped bool }
func (p *stopper) stop() {
    if p.stopped {
        return
    }
    p.stopped = true
    p.s.begin()
}
func (p *stopper) restart() {
    if p.stopped {
        p.s.end()
    }
}
func moves(s *store, parts []int) {
    p := &stopper{s: s}
    defer p.restart()
    if parts[0] > 3 {
        p.stop()
    }
    if parts[1] > 3 {
        p.stop()
    }
}
func begins(s *store, parts []int) {
    for _, part := range parts {
        if part > 3 {
            s.begin()
          //^^^^^^^^^ leak[double-lock]: `(*store).begin` blocks for ever: it locks `s.mu`, which is held here
        }
    }
    s.end()
}
"#,
    );
}

#[test]
fn a_new_object_gives_the_lock_back() {
    check(
        r#"
type store struct { mu sync.Mutex; n int }
type tx struct { s *store; done bool }
func (s *store) begin() *tx { s.mu.Lock(); return &tx{s: s} }
func (t *tx) rollback() {
    if !t.done {
        t.done = true
        t.s.mu.Unlock()
    }
}
func (t *tx) size() int { return t.s.n }
func all(s *store, keys []string) {
    for range keys {
        t := s.begin()
        t.rollback()
    }
}
func sizes(s *store, keys []string) {
    for range keys {
        t := s.begin()
           //^^^^^^^^^ leak[double-lock]: `(*store).begin` blocks for ever: it locks `s.mu`, which is held here
        t.size()
    }
}
"#,
    );
}

#[test]
fn a_flag_says_whether_it_is_locked() {
    check(
        r#"
type latch struct { mu sync.Mutex; held bool; n int }
func (l *latch) acquire() {
    if !l.held {
        l.mu.Lock()
        l.held = true
    }
}
func (l *latch) release() {
    if l.held {
        l.held = false
        l.mu.Unlock()
    }
}
func again(l *latch, xs []int) {
    defer l.release()
    if xs[0] > 0 {
        l.acquire()
    }
    if xs[1] > 0 {
        l.acquire()
    } else {
        l.release()
    }
}
func twice(l *latch) {
    l.acquire()
    l.acquire()
    l.release()
    l.release()
}
func locks(l *latch) {
    l.acquire()
    l.mu.Lock()
  //^^^^^^^^^^^ leak[double-lock]: locking `l.mu`
    l.mu.Unlock()
}
"#,
    );
}
