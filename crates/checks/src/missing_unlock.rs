//! A return that leaves a lock locked although other paths of the function unlock it.
//!
//! # Why it leaks
//! The next goroutine that locks it waits for ever, and so does each one after it, with everything
//! their stacks hold; a server under load collects thousands.
//!
//! # Example
//! ```go
//! type cache struct {
//!     mu    sync.Mutex
//!     items map[string]int
//! }
//!
//! func (c *cache) take(key string) (int, error) {
//!     c.mu.Lock()
//!     n, ok := c.items[key]
//!     if !ok {
//!         return 0, errors.New("no such key") // c.mu stays locked
//!     }
//!     delete(c.items, key)
//!     c.mu.Unlock()
//!     return n, nil
//! }
//! ```
//! `defer c.mu.Unlock()` right after the lock covers every return.
//!
//! # Fix safety
//! There is no automatic fix yet: an unlock moved to a `defer` holds the lock for longer, which can
//! block where the rest of the function locks again or waits.
//!
//! # Not reported
//! A function that returns locked on all paths is a lock helper; its callers are held to it. So is one
//! whose result says whether it locked: `true`, a nil error, or a non-nil object. Both hold unless all that could
//! give the lock back is in view and nothing does. A lock whose unlock
//! is handed on (returned as a function or pointer, left to a goroutine, passed as a pointer) is the receiver's
//! business; whoever is returned a function that does nothing else is held to call it. So is a lock next to which a flag is set exactly when it is kept. Nobody waits for a lock
//! of an object that only this function knows. Panics are not counted: code that recovers from them is rare, and `defer` is a matter of
//! taste there.

use crate::{Ctx, waits, words};
use stanch_diagnostic::{Action, Cause, Check, Confidence, Finding, Remedy, Severity, Stage};
use stanch_obligations::{LockMode, MissingUnlock};

/// The check.
pub const CHECK: Check = Check {
    code: "RS002",
    name: "missing-unlock",
    summary: "a return leaves a lock locked that other paths unlock",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    ctx.obligations
        .missing_unlocks
        .iter()
        .map(|missing| {
            let mut finding = finding(ctx, missing);
            waits::hang_on(ctx, &mut finding, &[missing.span]);
            finding
        })
        .collect()
}

fn finding(ctx: &Ctx<'_>, missing: &MissingUnlock) -> Finding {
    let lock = words::lock(ctx, missing.span, &missing.lock);
    let func = ctx.name(missing.func);
    let unlock = match missing.mode {
        LockMode::Write => "Unlock",
        LockMode::Read => "RUnlock",
    };
    let mut related = Vec::new();
    related.extend(words::decision(ctx, &missing.path));
    for &exit in &missing.exits {
        let does = if missing.turn { "goes on to the next turn" } else { "returns" };
        related.push(ctx.label(exit, format!("{does} with {lock} locked")));
    }
    related.extend(missing.unlock.map(|span| ctx.label(span, "other paths unlock it here")));
    let kind = if missing.mode == LockMode::Read { " for reading" } else { "" };
    Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::ReleaseResource,
        severity: Severity::Error,
        confidence: if missing.rough { Confidence::Likely } else { Confidence::Proved },
        message: if missing.turn {
            format!("{lock} stays locked when a turn of the loop ends")
        } else {
            format!("{lock} stays locked when {func} returns at line {}", ctx.line(missing.exit))
        },
        label: format!("locked here{kind}"),
        package: ctx.path(),
        function: ctx.symbol(missing.func).to_owned(),
        location: ctx.location(missing.span),
        goroutine: None,
        also_blocked: Vec::new(),
        related,
        witness: words::witness(
            ctx,
            &missing.path,
            (Action::Lock, &format!("locks {lock}")),
            (Action::Unlock, "unlocks"),
        ),
        notes: vec!["whoever locks it next waits for ever".to_owned()],
        help: Some(help(&lock, unlock)),
        fix: None,
        fingerprint: String::new(),
    }
}

fn help(lock: &str, unlock: &str) -> String {
    let name = lock.trim_matches('`');
    if name.contains(' ') {
        return "unlock it before this return, or with a `defer` right after the lock".to_owned();
    }
    format!("call `{name}.{unlock}()` before this return, or `defer` it right after the lock")
}

#[cfg(test)]
mod tests {
    mod begun;
    mod looks;
    mod more;

    fn check(fixture: &str) {
        stanch_testing::check("missing-unlock", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("missing-unlock", include_str!("missing_unlock.rs"));
    }

    #[test]
    fn early_return() {
        check(
            r#"
type cache struct { mu sync.Mutex; items map[string]int }
func (c *cache) take(key string) (int, error) {
    c.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `c.mu` stays locked when `(*cache).take` returns at line 8
    n, ok := c.items[key]
    if !ok {
        return 0, errors.New("no such key")
      //^^^^^^^^ label: returns with `c.mu` locked
    }
    delete(c.items, key)
    c.mu.Unlock()
  //^^^^^^^^^^^^^ label: other paths unlock it here
    return n, nil
}
"#,
        );
    }

    #[test]
    fn read_side() {
        check(
            r#"
type t struct { mu sync.RWMutex; n int }
func (t *t) get(ok bool) int {
    t.mu.RLock()
  //^^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked
    if !ok {
        return 0
    }
    n := t.n
    t.mu.RUnlock()
    return n
}
"#,
        );
    }

    #[test]
    fn in_a_loop_and_embedded() {
        check(
            r#"
type reg struct { sync.Mutex; sets map[string]int }
func find(string) bool
func (r *reg) reload() {
    r.Lock()
  //^^^^^^^^ leak[missing-unlock]: `r` stays locked
    for name := range r.sets {
        if !find(name) {
            return
        }
    }
    r.Unlock()
}
"#,
        );
    }

    #[test]
    fn through_helpers() {
        check(
            r#"
type t struct { mu sync.Mutex; n int }
func (t *t) lock() { t.mu.Lock() }
func (t *t) unlock() { t.mu.Unlock() }
func (t *t) set(n int) bool {
    t.lock()
  //^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked
    if n < 0 {
        return false
    }
    t.n = n
    t.unlock()
    return true
}
"#,
        );
    }

    #[test]
    fn in_a_closure() {
        check(
            r#"
type t struct { mu sync.Mutex; m map[string]int }
func (t *t) later(key string) {
    time.AfterFunc(time.Second, func() {
        t.mu.Lock()
      //^^^^^^^^^^^ leak[missing-unlock]: `t.mu` stays locked
        if _, ok := t.m[key]; !ok {
            return
        }
        delete(t.m, key)
        t.mu.Unlock()
    })
}
"#,
        );
    }

    #[test]
    fn relocked_and_forgotten() {
        check(
            r#"
func work() error
func f(mu *sync.Mutex) error {
    mu.Lock()
    mu.Unlock()
    mu.Lock()
  //^^^^^^^^^ leak[missing-unlock]: `mu` stays locked
    if err := work(); err != nil {
        return err
    }
    mu.Unlock()
    return nil
}
"#,
        );
    }

    #[test]
    fn local_and_global() {
        check(
            r#"
var global sync.Mutex
func work() error
func f() error {
    global.Lock()
  //^^^^^^^^^^^^^ leak[missing-unlock]: `global` stays locked
    if err := work(); err != nil {
        return err
    }
    global.Unlock()
    return nil
}
func g(n int) {
    var mu sync.Mutex
    mu.Lock() // nobody else knows it
    switch n {
    case 1:
        mu.Unlock()
    case 2:
    default:
        mu.Unlock()
    }
}
"#,
        );
    }

    #[test]
    fn not_reported() {
        check(
            r#"
type t struct { mu sync.Mutex; rw sync.RWMutex; n int; sync bool; cond *sync.Cond; next *t; locks []sync.Mutex }
func work() error
func elsewhere(f func())
func unlockIt(mu *sync.Mutex)

func (t *t) deferred() error {
    t.mu.Lock()
    defer t.mu.Unlock()
    return work()
}
func (t *t) deferredClosure() error {
    t.mu.Lock()
    defer func() { t.mu.Unlock() }()
    if t.n == 0 {
        return errors.New("x")
    }
    return nil
}
func (t *t) lock() { t.mu.Lock() }
func (t *t) lockUnless() bool {
    t.mu.Lock()
    if t.n > 0 {
        t.mu.Unlock()
        return false
    }
    return true
}
func (t *t) lockOrFail() error {
    t.mu.Lock()
    if t.n > 0 {
        t.mu.Unlock()
        return errors.New("closed")
    }
    return nil
}
func (t *t) lockNext() *t {
    t.mu.Lock()
    if t.next == nil {
        t.mu.Unlock()
        return nil
    }
    return t.next
}
func (t *t) uses() error {
    if err := t.lockOrFail(); err != nil {
        return err
    }
    t.n++
    t.mu.Unlock()
    return nil
}
func (t *t) usesBool() {
    if !t.lockUnless() {
        return
    }
    t.n++
    t.mu.Unlock()
}
func (t *t) sameFlag() {
    if t.sync {
        t.mu.Lock()
    }
    t.n++
    if t.sync {
        t.mu.Unlock()
    }
}
func (t *t) sameParam(safe bool) error {
    if safe {
        t.mu.Lock()
    }
    err := work()
    if safe {
        t.mu.Unlock()
    }
    return err
}
func (t *t) sameParamDeferred(safe bool) error {
    if safe {
        t.mu.Lock()
        defer t.mu.Unlock()
    }
    return work()
}
func (t *t) localFlag(n int) {
    locked := false
    if n > 3 {
        t.mu.Lock()
        locked = true
    }
    work()
    if locked {
        t.mu.Unlock()
    }
}
func (t *t) returnsUnlock() func() {
    t.mu.Lock()
    if t.n == 0 {
        t.mu.Unlock()
        return nil
    }
    return func() { t.mu.Unlock() }
}
func (t *t) returnsMethod() (func(), error) {
    t.mu.Lock()
    if t.n == 0 {
        t.mu.Unlock()
        return nil, errors.New("x")
    }
    return t.mu.Unlock, nil
}
func (t *t) goroutine() {
    t.mu.Lock()
    if t.n == 0 {
        t.mu.Unlock()
        return
    }
    go func() {
        defer t.mu.Unlock()
        work()
    }()
}
func (t *t) registered() {
    t.mu.Lock()
    if t.n == 0 {
        t.mu.Unlock()
        return
    }
    elsewhere(func() { t.mu.Unlock() })
}
func (t *t) pointer() {
    t.mu.Lock()
    if t.n == 0 {
        t.mu.Unlock()
        return
    }
    unlockIt(&t.mu)
}
func (t *t) tryLock() {
    if !t.mu.TryLock() {
        return
    }
    t.n++
    t.mu.Unlock()
}
func (t *t) panics() {
    t.mu.Lock()
    if t.n == 0 {
        panic("zero")
    }
    t.mu.Unlock()
}
func (t *t) exits() {
    t.mu.Lock()
    if t.n == 0 {
        log.Fatal("zero")
    }
    t.mu.Unlock()
}
func (t *t) fails() { panic("no") }
func (t *t) neverReturns() {
    t.mu.Lock()
    if t.n == 0 {
        t.fails()
    }
    t.mu.Unlock()
}
func (t *t) unlockRelock() {
    t.mu.Lock()
    defer t.mu.Unlock()
    for t.n > 0 {
        t.mu.Unlock()
        if work() != nil {
            t.mu.Lock()
            return
        }
        t.mu.Lock()
    }
}
func (t *t) calledLocked() {
    t.mu.Unlock()
    work()
    t.mu.Lock()
}
func (t *t) calledLockedDefer() {
    t.mu.Unlock()
    defer t.mu.Lock()
    if work() != nil {
        return
    }
    t.n++
}
func (t *t) waits() {
    t.cond.L.Lock()
    for t.n == 0 {
        t.cond.Wait()
    }
    t.n--
    t.cond.L.Unlock()
}
func (t *t) condLock() {
    t.cond.L.Lock()
    if t.n == 0 {
        t.mu.Unlock()
        return
    }
    t.cond.L.Unlock()
}
func (t *t) lockAll() {
    for i := range t.locks {
        t.locks[i].Lock()
    }
    work()
    for i := range t.locks {
        t.locks[i].Unlock()
    }
}
func (t *t) handOverHand() {
    t.mu.Lock()
    for t.next != nil {
        n := t.next
        n.mu.Lock()
        t.mu.Unlock()
        t = n
    }
    t.mu.Unlock()
}
func (t *t) upgrade() {
    t.rw.RLock()
    if t.n > 0 {
        t.rw.RUnlock()
        return
    }
    t.rw.RUnlock()
    t.rw.Lock()
    defer t.rw.Unlock()
    t.n++
}
func (t *t) readSide() {
    l := t.rw.RLocker()
    l.Lock()
    if t.n > 0 {
        l.Unlock()
        return
    }
    l.Unlock()
}
func locker(l sync.Locker, n int) {
    l.Lock()
    if n > 0 {
        l.Unlock()
        return
    }
    l.Unlock()
}
func (t *t) immediately() {
    func() {
        t.mu.Lock()
        defer t.mu.Unlock()
        t.n++
    }()
}
func (t *t) unlockVariable() {
    t.mu.Lock()
    unlock := func() { t.mu.Unlock() }
    if t.n == 0 {
        unlock()
        return
    }
    unlock()
}
func (t *t) alias() {
    u := t.next
    u.mu.Lock()
    if u.n == 0 {
        t.next.mu.Unlock()
        return
    }
    u.mu.Unlock()
}
func (t *t) errorGuard() {
    t.mu.Lock()
    err := work()
    if err != nil {
        t.mu.Unlock()
    }
    if err == nil {
        t.mu.Unlock()
    }
}
func (t *t) loops() {
    for {
        t.mu.Lock()
        if t.n > 3 {
            t.mu.Unlock()
            break
        }
        t.mu.Unlock()
        time.Sleep(time.Second)
    }
}
func (t *t) selects(ch chan int) {
    t.mu.Lock()
    select {
    case <-ch:
        t.mu.Unlock()
    default:
        t.mu.Unlock()
    }
}
func (t *t) recursive(n int) {
    if n == 0 {
        return
    }
    t.mu.Lock()
    t.n++
    t.mu.Unlock()
    t.recursive(n - 1)
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func f(mu *sync.Mutex, ok bool) {
    mu.Lock() //stanch:ignore missing-unlock the caller unlocks when not ok
    if !ok {
        return
    }
    mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn a_flag_tells_that_it_is_kept() {
        check(
            r#"
type rows struct { mu sync.RWMutex; kept bool; raw bool }
func (r *rows) scan() error {
    r.mu.RLock()
    if r.raw {
        r.kept = true
        return nil
    }
    r.mu.RUnlock()
    return nil
}
func (r *rows) close() {
    if r.kept {
        r.kept = false
        r.mu.RUnlock()
    }
    r.mu.Lock()
    r.mu.Unlock()
}
func (r *rows) use() {
    r.scan()
    r.close()
}
"#,
        );
    }

    #[test]
    fn a_forgotten_unlock_is_one_finding() {
        check(
            r#"
type store struct { mu sync.Mutex }
func seal() error
func (s *store) write() error {
    s.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `s.mu` stays locked
    if err := seal(); err != nil {
        return err
    }
    s.mu.Unlock()
    return nil
}
func (s *store) flush() {
    if err := s.write(); err != nil {
        return
    }
    s.mu.Lock()
    s.mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn more_ways_than_are_kept_apart() {
        check(
            r#"
type hooks struct { mu sync.Mutex; n int }
func (h *hooks) run(a, b, c, d, e, f func(), n int) int {
    if n > 1 { a() }
    if n > 2 { b() }
    if n > 3 { c() }
    if n > 4 { d() }
    if n > 5 { e() }
    if n > 6 { f() }
    locked := n > 7
    if locked {
        h.mu.Lock()
    }
    h.n++
    if locked {
        h.mu.Unlock()
    }
    h.mu.Lock()
  //^^^^^^^^^^^ leak[missing-unlock]: `h.mu` stays locked when `(*hooks).run` returns at line 21
    if n > 8 {
        return 0
    }
    h.mu.Unlock()
    return n
}
"#,
        );
    }

    #[test]
    fn a_goroutine_unlocks_what_has_no_name() {
        check(
            r#"
func each(m *sync.Map, topic string, now bool) {
    l, _ := m.LoadOrStore(topic, &sync.Mutex{})
    l.(*sync.Mutex).Lock()
    if now {
        defer l.(*sync.Mutex).Unlock()
        return
    }
    go func() {
        defer l.(*sync.Mutex).Unlock()
        println("x")
    }()
}
func one(v any, now bool) {
    v.(*sync.Mutex).Lock()
  //^^^^^^^^^^^^^^^^^^^^^^ leak[missing-unlock]: stays locked when `one` returns
    if now {
        v.(*sync.Mutex).Unlock()
        return
    }
    go func() {
        println("x")
    }()
}
"#,
        );
    }

    #[test]
    fn what_a_lock_was_reached_through_is_not_nil() {
        check(
            r#"
type client struct { mu sync.Mutex; busy bool; n int }
func (c *client) tryLock() bool {
    c.mu.Lock()
    if c.busy {
        c.mu.Unlock()
        return false
    }
    return true
}
func (c *client) unlock() { c.mu.Unlock() }
type pool struct { all []*client }
func (p *pool) send() int {
    var free *client
    for i := 0; i < len(p.all); i++ {
        if p.all[i].tryLock() {
            free = p.all[i]
            break
        }
    }
    if free == nil {
        return -1
    }
    defer free.unlock()
    return free.n
}
type optional struct { *sync.RWMutex }
func (m *optional) on() bool { return m.RWMutex != nil }
func (m *optional) RLock() {
    if m.RWMutex != nil {
        m.RWMutex.RLock()
    }
}
func (m *optional) RUnlock() {
    if m.RWMutex != nil {
        m.RWMutex.RUnlock()
    }
}
type list struct { mu optional; all []int }
func copied(all []int, locked bool) *list { return &list{all: all} }
func (l *list) deepCopy() *list {
    l.mu.RLock()
    defer l.mu.RUnlock()
    return copied(l.all, l.mu.on())
}
"#,
        );
    }
}
