//! More programs for the check.

use super::check;

#[test]
fn a_lock_method_finds_the_lock_taken() {
    check(
        r#"
type owner struct { mu sync.Mutex; depth int; by *string }
func (o *owner) Lock(id *string) error {
    if o.by == nil || *o.by != *id {
        o.mu.Lock()
        o.by = id
    } else if o.depth == 8 {
        return errors.New("deep")
    }
    o.depth++
    return nil
}
func (o *owner) Unlock() {
    o.depth--
    if o.depth == 0 {
        o.by = nil
        o.mu.Unlock()
    }
}
type actor struct { own owner; gone bool }
func (a *actor) lock(id *string) error {
    if err := a.own.Lock(id); err != nil {
        return err
    }
    if a.gone {
        a.own.Unlock()
        return errors.New("gone")
    }
    return nil
}
"#,
    );
}

#[test]
fn a_callee_unlocks_what_its_state_says() {
    check(
        r#"
type set struct { mu sync.Mutex; pending *int }
func (s *set) add(n int) error {
    s.mu.Lock()
    if n < 0 {
        s.mu.Unlock()
        return errors.New("negative")
    }
    s.pending = &n
    return nil
}
func (s *set) drop() error {
    if s.pending == nil {
        return errors.New("none")
    }
    s.pending = nil
    s.mu.Unlock()
    return nil
}
type user struct { s *set }
func (u *user) use(n int, f func() error) error {
    if err := u.s.add(n); err != nil {
        return err
    }
    if err := f(); err != nil {
        u.s.drop()
        return err
    }
    return u.s.drop()
}
"#,
    );
}

#[test]
fn a_failure_before_a_goroutine_gets_it() {
    check(
        r#"
type disk struct { mu sync.Mutex }
func open() error
func (d *disk) sync(work func()) error {
    d.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `d.mu` stays locked when `(*disk).sync` returns at line 8
    if err := open(); err != nil {
        return err
    }
    go func() {
        defer d.mu.Unlock()
        work()
    }()
    return nil
}
func (d *disk) quick(work func()) error {
    if err := open(); err != nil {
        return err
    }
    d.mu.Lock()
    go func() {
        defer d.mu.Unlock()
        work()
    }()
    return nil
}
func (d *disk) take(work func() bool) bool {
    d.mu.Lock()
    if work() {
        return true
    }
    go func() {
        defer d.mu.Unlock()
        work()
    }()
    return false
}
"#,
    );
}

#[test]
fn the_way_to_the_return_ends_before() {
    check(
        r#"
type queue struct { lock sync.Mutex; items []int }
func (q *queue) pop() int {
    q.lock.Lock()
    defer q.lock.Unlock()
    return len(q.items)
}
func (q *queue) poll(n int) int {
    q.lock.Lock()
    if n > 0 {
        return q.pop() // a second lock: it never returns
    }
    q.lock.Unlock()
    return 0
}
"#,
    );
}

#[test]
fn a_callee_writes_only_what_it_makes() {
    check(
        r#"
type guard struct { *sync.RWMutex }
func make_(safe bool) guard {
    g := guard{}
    if safe {
        g.RWMutex = new(sync.RWMutex)
    }
    return g
}
func (g *guard) safe() bool { return g.RWMutex != nil }
func (g *guard) lock() {
    if g.RWMutex != nil {
        g.RWMutex.RLock()
    }
}
func (g *guard) unlock() {
    if g.RWMutex != nil {
        g.RWMutex.RUnlock()
    }
}
type list struct { mu guard; items []int }
func from(items []int, safe bool) *list { return &list{mu: make_(safe), items: items} }
func (l *list) copy() *list {
    l.mu.lock()
    defer l.mu.unlock()
    if l.items == nil {
        return nil
    }
    return from(l.items, l.mu.safe())
}
"#,
    );
}

#[test]
fn unlocking_functions() {
    check(
        r#"
type s struct { mu sync.Mutex; rw sync.RWMutex; n int; f func() }
func (s *s) lock() func() {
    s.mu.Lock()
    return s.mu.Unlock
}
func (s *s) rlock() func() {
    s.rw.RLock()
    return func() { s.rw.RUnlock() }
}
func (s *s) try(ok bool) (func(), error) {
    s.mu.Lock()
    if !ok {
        s.mu.Unlock()
        return nil, errors.New("busy")
    }
    return func() {
        s.n++
        s.mu.Unlock()
    }, nil
}
func (s *s) early() error {
    unlock := s.lock()
            //^^^^^^^^ leak[missing-unlock]: `s.mu` stays locked when `(*s).early` returns
    if s.n == 0 {
        return errors.New("none")
    }
    unlock()
    return nil
}
func (s *s) reads() int {
    unlock := s.rlock()
            //^^^^^^^^^ leak[missing-unlock]: `s.rw` stays locked
    if s.n == 0 {
        return 0
    }
    unlock()
    return s.n
}
func (s *s) tries(ok bool) error {
    unlock, err := s.try(ok)
                 //^^^^^^^^^ leak[missing-unlock]: `s.mu` stays locked
    if err != nil {
        return err
    }
    if s.n == 3 {
        return errors.New("three")
    }
    unlock()
    return nil
}
func (s *s) hand() func() {
    unlock := s.lock()
    s.n++
    return unlock
}
func (s *s) handed() {
    unlock := s.hand()
            //^^^^^^^^ leak[missing-unlock]: `s.mu` stays locked
    if s.n == 0 {
        return
    }
    unlock()
}
"#,
    );
    // Called by a defer, kept, handed on, or asked whether there is one.
    check(
        r#"
type s struct { mu sync.Mutex; n int; f func() }
func (s *s) lock() func() {
    s.mu.Lock()
    return s.mu.Unlock
}
func (s *s) deferred() error {
    defer s.lock()()
    if s.n == 0 {
        return errors.New("none")
    }
    return nil
}
func (s *s) later() int {
    unlock := s.lock()
    defer unlock()
    if s.n == 0 {
        return 0
    }
    return s.n
}
func (s *s) keep() { s.f = s.lock() }
func (s *s) wrap() func() {
    unlock := s.lock()
    return func() {
        s.n--
        unlock()
    }
}
func run(f func())
func (s *s) give(b bool) {
    unlock := s.lock()
    if b {
        run(unlock)
        return
    }
    unlock()
}
func (s *s) sometimes(b bool) {
    var unlock func()
    if b {
        unlock = s.lock()
    }
    s.n++
    if unlock != nil {
        unlock()
    }
}
"#,
    );
    // Kept by what is returned, also where another way out returns nothing and no error.
    check(
        r#"
type file struct { refs sync.RWMutex }
func (f *file) retain() func() {
    if f != nil {
        f.refs.RLock()
        return f.refs.RUnlock
    }
    return func() {}
}
type iter struct { id int; once sync.Once; release func() }
func (i *iter) Close() error {
    i.once.Do(i.release)
    return nil
}
type closer interface { Close() error }
func find(n int) (*int, error)
func (f *file) iterate(n int) (closer, error) {
    release := f.retain()
    id, err := find(n)
    if err != nil {
        release()
        return nil, err
    }
    if id == nil {
        release()
        return nil, nil
    }
    return &iter{id: *id, release: release}, nil
}
func (f *file) later(n int) (func(), error) {
    release := f.retain()
    id, err := find(n)
    if err != nil {
        release()
        return nil, err
    }
    if id == nil {
        release()
        return nil, nil
    }
    return func() { release() }, nil
}
"#,
    );
}

#[test]
fn results_that_nobody_takes_as_a_sign() {
    check(
        r#"
type log struct { mu sync.Mutex; f *os.File; done bool }
func (l *log) sync() error {
    l.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `l.mu` stays locked when `(*log).sync` returns at line 7
    if l.done {
        return nil
      //^^^^^^^^ label: returns with `l.mu` locked
    }
    err := l.f.Sync()
    l.mu.Unlock()
  //^^^^^^^^^^^^^ label: other paths unlock it here
    return err
}

type cache struct { mu sync.RWMutex; m map[string]*int }
func (c *cache) find(k string) (*int, bool) {
    c.mu.RLock()
  //^^^^^^^^^^^^ leak[missing-unlock]: `c.mu` stays locked when `(*cache).find` returns at line 21
    if p, ok := c.m[k]; ok {
        return p, true
      //^^^^^^^^ label: returns with `c.mu` locked
    }
    c.mu.RUnlock()
  //^^^^^^^^^^^^^^ label: other paths unlock it here
    return nil, false
}
"#,
    );
}

#[test]
fn results_that_tell_who_has_the_lock() {
    check(
        r#"
type gate struct { mu sync.Mutex; open bool }
func (g *gate) enter() bool {
    g.mu.Lock()
    if !g.open {
        g.mu.Unlock()
        return false
    }
    return true
}
func (g *gate) use(f func()) {
    if g.enter() {
        f()
        g.mu.Unlock()
    }
}

type door struct { mu sync.Mutex; open bool }
func (d *door) enter() error {
    d.mu.Lock()
    if !d.open {
        d.mu.Unlock()
        return errors.New("closed")
    }
    return nil
}
func (d *door) leave() { d.mu.Unlock() }

// Others may give this one back.
type Vault struct { sync.Mutex; open bool }
func (v *Vault) Enter() bool {
    v.Lock()
    if !v.open {
        v.Unlock()
        return false
    }
    return true
}

// The caller gets a locked element.
type cell struct { mu sync.Mutex; n int; next *cell }
func claim(c *cell) *cell {
    for ; c != nil; c = c.next {
        c.mu.Lock()
        if c.n == 0 {
            return c
        }
        c.mu.Unlock()
    }
    return nil
}
func use(c *cell, f func(*int)) bool {
    c = claim(c)
    if c == nil {
        return false
    }
    defer c.mu.Unlock()
    f(&c.n)
    return true
}
"#,
    );
}

#[test]
fn what_a_function_finds_is_one_object() {
    // It makes something too, but not what it returns.
    check(
        r#"
type options struct { n int }
type shard struct { mu sync.Mutex; n int }
type table struct { shards [4]*shard }
func (t *table) of(k int) *shard {
    o := &options{n: 1}
    _ = o
    return t.shards[k%4]
}
func (t *table) add(k int) {
    t.of(k).mu.Lock()
    t.of(k).n++
    t.of(k).mu.Unlock()
}
func (t *table) keeps(k int) bool {
    t.of(k).mu.Lock()
  //^^^^^^^^^^^^^^^^^ leak[missing-unlock]:
    if t.of(k).n > 3 {
        return false
    }
    t.of(k).mu.Unlock()
    return true
}
"#,
    );
}

#[test]
fn the_locked_lock_is_a_result() {
    check(
        r#"
type conn struct { mu sync.Mutex; users int }
func (c *conn) peek() (int, error)
func (c *conn) wait(id int) (size int, lock *sync.Mutex, err error) {
    for {
        var n int
        c.mu.Lock()
        n, err = c.peek()
        if err != nil {
            c.mu.Unlock()
            break
        }
        if n == id {
            size, lock = n, &c.mu
            break
        }
        c.mu.Unlock()
    }
    c.users--
    return
}
func (c *conn) use(id int) error {
    _, lock, err := c.wait(id)
    if err != nil {
        return err
    }
    defer lock.Unlock()
    return nil
}
func (c *conn) lost(id int) (size int, lock *sync.Mutex, err error) {
    for {
        var n int
        c.mu.Lock()
      //^^^^^^^^^^^ leak[missing-unlock]: `c.mu` stays locked
        n, err = c.peek()
        if err != nil {
            c.mu.Unlock()
            break
        }
        if n == id {
            size = n
            break
        }
        c.mu.Unlock()
    }
    c.users--
    return
}
"#,
    );
}

#[test]
fn a_deferred_call_has_the_lock_of_a_method() {
    check(
        r#"
type logger interface { warn(string) }
type store struct { mu sync.RWMutex; log logger }
func (s *store) lock() *sync.RWMutex { return &s.mu }
func (s *store) rebuild() ([]string, error)
func (s *store) tidy() error {
    s.lock().Lock()
    defer s.lock().Unlock()
    warnings, err := s.rebuild()
    if err != nil {
        return err
    }
    for _, w := range warnings {
        s.log.warn(w)
    }
    return nil
}
func (s *store) tidyOne() error {
    s.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `s.mu` stays locked
    warnings, err := s.rebuild()
    if err != nil {
        return err
    }
    for _, w := range warnings {
        s.log.warn(w)
    }
    s.mu.Unlock()
    return nil
}
"#,
    );
}

#[test]
fn nobody_unlocks() {
    check(
        r#"
type table struct { mu sync.RWMutex; m map[string]int }
func (t *table) Set(k string, v int) {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.m[k] = v
}
func (t *table) Dump() map[string]int {
    t.mu.RLock()
  //^^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked when `(*table).Dump` returns
    r := map[string]int{}
    for k, v := range t.m {
        r[k] = v
    }
    return r
}
type worker struct { mu sync.Mutex; n int }
func (w *worker) Start(ctx context.Context) {
    go func() {
        <-ctx.Done()
        w.mu.Lock()
      //^^^^^^^^^^^ leak[missing-unlock]: `w.mu` stays locked
        w.n--
    }()
}
var global sync.Mutex
func next() int {
    global.Lock()
  //^^^^^^^^^^^^^ leak[missing-unlock]: `global` stays locked
    return 1
}
"#,
    );
}

#[test]
fn somebody_else_unlocks() {
    check(
        r#"
type pair struct { mu sync.Mutex; n int }
func (p *pair) Begin() { p.mu.Lock() }
func (p *pair) End()   { p.mu.Unlock() }
type embeds struct { sync.Mutex; n int }
func (e *embeds) Take() int {
    e.Lock()
    return e.n
}
type handed struct { mu sync.Mutex; n int }
func (h *handed) Begin()           { h.mu.Lock() }
func (h *handed) Give() func()     { return h.mu.Unlock }
type pointed struct { mu sync.Mutex; n int }
func (p *pointed) Begin()          { p.mu.Lock() }
func (p *pointed) Lock() sync.Locker { return &p.mu }
type once struct { mu sync.Mutex; n int }
func (o *once) Do() {
    if !o.mu.TryLock() {
        return
    }
    o.n++
}
type ends struct { mu sync.Mutex; n int }
func (e *ends) begin() { e.mu.Lock(); e.n++ }
func (e *ends) Do() int {
    e.begin()
    e.mu.Unlock()
    return 1
}
"#,
    );
}
