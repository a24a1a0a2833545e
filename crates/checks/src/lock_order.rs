//! Two locks are taken in two orders.
//!
//! # Why it leaks
//! One goroutine holds the first lock and waits for the second, another holds the second and waits for
//! the first: both stay for ever, and so does everyone who needs one of the locks.
//!
//! # Example
//! ```go
//! type room struct {
//!     mu     sync.Mutex
//!     guests []*guest
//! }
//!
//! type guest struct {
//!     mu   sync.Mutex
//!     room *room
//! }
//!
//! func (r *room) greet() {
//!     r.mu.Lock()
//!     defer r.mu.Unlock()
//!     for _, g := range r.guests {
//!         g.mu.Lock() // room, then guest
//!         g.mu.Unlock()
//!     }
//! }
//!
//! func (g *guest) leave() {
//!     g.mu.Lock()
//!     defer g.mu.Unlock()
//!     g.room.mu.Lock() // guest, then room
//!     g.room.guests = nil
//!     g.room.mu.Unlock()
//! }
//! ```
//! Take both in one order everywhere, or give the first back before the second is taken.
//!
//! # Fix safety
//! There is no automatic fix: which order is the right one is a question of design.
//!
//! # Not reported
//! Orders that a third lock, held on both ways, keeps from meeting. Objects that only their constructor
//! knows. Two read locks, `TryLock`. Locks of which it is not known that they belong to each other: the
//! two must hang on the same object, or each be reached from the other's. Cycles of more than two.

use crate::lock_words::{self, side};
use crate::module::ModuleCtx;
use crate::symbol::in_words;
use stanch_diagnostic::{Action, Cause, Check, Finding, Stage};
use stanch_obligations::{LockCycle, OrderStep};

/// The check.
pub const CHECK: Check = Check {
    code: "RS010",
    name: "lock-order",
    summary: "two locks are taken in two orders",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    ctx.locks.cycles.iter().filter_map(|cycle| finding(ctx, cycle)).collect()
}

fn finding(ctx: &ModuleCtx<'_>, cycle: &LockCycle) -> Option<Finding> {
    let (one, other) = (&cycle.one, &cycle.other);
    let (here, there) = (one.path.first()?, other.path.first()?);
    let (a, b) = (quoted(&cycle.names.0), quoted(&cycle.names.1));
    let swapped = !cycle.calls.is_empty();
    let mut related =
        vec![ctx.label(one.first.span, format!("{a} is locked here{}", side(one.held)))];
    related.extend(lock_words::way(ctx, &one.path, &format!("locks {b} here")));
    if swapped {
        for (call, order) in cycle.calls.iter().zip(["in one order", "in the other"]) {
            related.push(ctx.label(call.span, format!("two objects are handed over {order}")));
        }
    } else {
        let message = format!("elsewhere, {b} is locked first{}", side(other.held));
        related.push(ctx.label(other.first.span, message));
        let last = other.path.len() == 1;
        let message = match last {
            true => format!("and then {a}"),
            false => format!("and this leads to {a}"),
        };
        related.push(ctx.label(there.span, message));
        related.extend(lock_words::way(ctx, &other.path, &format!("locks {a} here")));
    }
    for place in &cycle.others {
        related.push(ctx.label(place.span, "this is in a wrong order too"));
    }
    let mut witness = lock_words::steps(ctx, 0, &one.first, &one.path, blocks(&b));
    let blocked = witness.pop();
    witness.extend(lock_words::steps(ctx, 1, &other.first, &other.path, blocks(&a)));
    witness.extend(blocked);
    Some(Finding {
        message: match swapped {
            true => format!(
                "{} locks two `{}` in the order of its arguments",
                in_words(&here.symbol),
                cycle.names.0
            ),
            false => {
                format!(
                    "{b} is locked while {a} is held; {} does the reverse",
                    in_words(&there.symbol)
                )
            }
        },
        label: match one.path.len() {
            1 => "waits here, while another goroutine waits for the first".to_owned(),
            _ => "this call leads to the second lock".to_owned(),
        },
        goroutine: Some(lock_words::goroutine(ctx, &one.path, wait(one))),
        also_blocked: vec![lock_words::goroutine(ctx, &other.path, wait(other))],
        related,
        witness,
        notes: cycle
            .back
            .iter()
            .map(lock_words::leads_back)
            .chain([
                "each of two goroutines then waits for the lock that the other holds".to_owned()
            ])
            .collect(),
        help: Some(match swapped {
            true => {
                "order the two by something that does not change, and lock in that order".to_owned()
            }
            false => format!("take {a} and {b} in one order, or unlock the first before the call"),
        }),
        ..lock_words::finding(ctx, &CHECK, here)
    })
}

fn quoted(name: &str) -> String {
    format!("`{name}`")
}

fn blocks(lock: &str) -> (Action, String) {
    (Action::Block, format!("waits for {lock}, which the other holds"))
}

fn wait(step: &OrderStep) -> &'static str {
    lock_words::wait_reason(step.rw, step.taken)
}

#[cfg(test)]
mod tests {
    fn check(fixture: &str) {
        stanch_testing::check("lock-order", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("lock-order", include_str!("lock_order.rs"));
    }

    #[test]
    fn fields_globals_and_calls() {
        check(
            r#"
var registry sync.Mutex
type t struct { a, b sync.Mutex; n int }
func (t *t) one() {
    t.a.Lock()
    defer t.a.Unlock()
    t.b.Lock()
  //^^^^^^^^^^ leak[lock-order]: `t.b` is locked while `t.a` is held; `(*t).two` does the reverse
    t.n++
    t.b.Unlock()
}
func (t *t) inc() {
    t.a.Lock()
    t.n++
    t.a.Unlock()
}
func (t *t) two() {
    t.b.Lock()
    defer t.b.Unlock()
    t.inc()
}
type u struct { mu sync.Mutex; n int }
func (u *u) register() {
    u.mu.Lock()
    defer u.mu.Unlock()
    registry.Lock()
  //^^^^^^^^^^^^^^^ leak[lock-order]: `registry` is locked while `u.mu` is held
    u.n++
    registry.Unlock()
}
func (u *u) drop() {
    u.mu.Lock()
    u.n = 0
    u.mu.Unlock()
}
func clean(u *u) {
    registry.Lock()
    defer registry.Unlock()
    u.drop()
}
"#,
        );
    }

    #[test]
    fn arguments_in_any_order() {
        check(
            r#"
type account struct { mu sync.Mutex; n int }
func move(from, to *account) {
    from.mu.Lock()
    defer from.mu.Unlock()
    to.mu.Lock()
  //^^^^^^^^^^^^ leak[lock-order]: `move` locks two `account.mu` in the order of its arguments
    to.n++
    to.mu.Unlock()
}
func both(a, b *account) {
    go move(a, b)
    move(b, a)
}
func into(from, to *account) {
    from.mu.Lock()
    defer from.mu.Unlock()
    to.mu.Lock()
    to.n++
    to.mu.Unlock()
}
func onlyInto(a, b *account) {
    go into(a, b)
    into(a, b)
}
"#,
        );
    }

    #[test]
    fn not_reported() {
        check(
            r#"
type t struct { gate, a, b, c, d sync.Mutex; rw, rx sync.RWMutex; n int; next *t }
func (t *t) one() {
    t.gate.Lock()
    defer t.gate.Unlock()
    t.a.Lock()
    t.b.Lock()
    t.b.Unlock()
    t.a.Unlock()
}
func (t *t) two() {
    t.gate.Lock()
    defer t.gate.Unlock()
    t.b.Lock()
    t.a.Lock()
    t.a.Unlock()
    t.b.Unlock()
}
func (t *t) readers() {
    t.rw.RLock()
    t.rx.RLock()
    t.rx.RUnlock()
    t.rw.RUnlock()
}
func (t *t) readersToo() {
    t.rx.RLock()
    t.rw.RLock()
    t.rw.RUnlock()
    t.rx.RUnlock()
}
func (t *t) tries() {
    t.c.Lock()
    defer t.c.Unlock()
    if t.d.TryLock() {
        t.d.Unlock()
    }
}
func (t *t) back() {
    t.d.Lock()
    defer t.d.Unlock()
    t.c.Lock()
    t.c.Unlock()
}
func (t *t) hand() {
    t.a.Lock()
    t.next.a.Lock()
    t.next.a.Unlock()
    t.a.Unlock()
}
func newT() *t {
    t := &t{}
    t.setup()
    return t
}
func (t *t) setup() {
    t.d.Lock()
    t.a.Lock()
    t.n = 1
    t.a.Unlock()
    t.d.Unlock()
}
func (t *t) usual() {
    t.a.Lock()
    t.d.Lock()
    t.d.Unlock()
    t.a.Unlock()
}
func (t *t) unlocksFirst() {
    t.b.Lock()
    t.n++
    t.b.Unlock()
    t.c.Lock()
    t.c.Unlock()
}
func (t *t) reverse() {
    t.c.Lock()
    t.b.Lock()
    t.b.Unlock()
    t.c.Unlock()
}
"#,
        );
    }

    #[test]
    fn a_once_is_a_lock_while_its_function_runs() {
        check(
            r#"
type transport struct { mu sync.Mutex; server *server; closed bool }
type server struct { once sync.Once; done chan struct{}; onClose func() }
func newServer(onClose func()) *server {
    return &server{done: make(chan struct{}), onClose: onClose}
}
func (t *transport) listen() *server {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.server = newServer(t.forget)
    return t.server
}
func (t *transport) forget() {
    t.mu.Lock()
    t.server = nil
    t.mu.Unlock()
}
func (s *server) close(tell bool) {
    s.once.Do(func() {
        close(s.done)
        if tell {
            s.onClose()
        }
    })
}
func (s *server) Close() { s.close(true) }
func (t *transport) close() {
    t.mu.Lock()
    defer t.mu.Unlock()
    if t.server != nil {
        t.server.close(false)
      //^^^^^^^^^^^^^^^^^^^^^ leak[lock-order]: `server.once` is locked while `transport.mu` is held; `(*server).close` does the reverse
    }
    t.closed = true
}
"#,
        );
        check(
            r#"
type table struct { mu sync.Mutex; once sync.Once; rows map[string]int }
func (t *table) load() { t.once.Do(func() { t.rows = map[string]int{} }) }
func (t *table) get(key string) int {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.load()
    return t.rows[key]
}
func (t *table) set(key string) {
    t.load()
    t.mu.Lock()
    t.rows[key]++
    t.mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn callers_hold_a_common_lock() {
        check(
            r#"
type t struct { gate, a, b sync.Mutex }
func (t *t) oneLocked() {
    t.a.Lock()
    t.b.Lock()
    t.b.Unlock()
    t.a.Unlock()
}
func (t *t) twoLocked() {
    t.b.Lock()
    t.a.Lock()
    t.a.Unlock()
    t.b.Unlock()
}
func (t *t) one() {
    t.gate.Lock()
    defer t.gate.Unlock()
    t.oneLocked()
}
func (t *t) two() {
    t.gate.Lock()
    defer t.gate.Unlock()
    t.twoLocked()
}
"#,
        );
    }

    #[test]
    fn the_goroutine_is_done_by_then() {
        check(
            r#"
type t struct { a, b sync.Mutex; wg sync.WaitGroup; stop chan int }
func (t *t) start() {
    t.wg.Add(1)
    go t.work()
}
func (t *t) work() {
    defer t.wg.Done()
    for range t.stop {
        t.turn()
    }
}
func (t *t) turn() {
    t.a.Lock()
    t.b.Lock()
    t.b.Unlock()
    t.a.Unlock()
}
func (t *t) close() {
    close(t.stop)
    t.wg.Wait()
    t.flush()
}
func (t *t) flush() {
    t.b.Lock()
    t.a.Lock()
    t.a.Unlock()
    t.b.Unlock()
}
"#,
        );
    }

    #[test]
    fn a_helper_that_locks_under_another_lock() {
        check(
            r#"
var state, work sync.Mutex
var busy int
func acquire() {
    state.Lock()
    defer state.Unlock()
    if busy == 0 {
        work.Lock()
    }
    busy++
}
func release() {
    state.Lock()
    defer state.Unlock()
    busy--
    if busy == 0 {
        work.Unlock()
    }
}
func do() {
    acquire()
    release()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type t struct { a, b sync.Mutex }
func (t *t) one() {
    t.a.Lock()
    t.b.Lock() //stanch:ignore lock-order shows a deadlock
    t.b.Unlock()
    t.a.Unlock()
}
func (t *t) two() {
    t.b.Lock()
    t.a.Lock()
    t.a.Unlock()
    t.b.Unlock()
}
"#,
        );
    }

    #[test]
    fn what_the_once_sets_was_looked_at() {
        check(
            r#"
var once sync.Once
var mu sync.RWMutex
var roots []string
func read() []string
func load() {
    mu.Lock()
    defer mu.Unlock()
    roots = read()
}
func get() []string {
    once.Do(load)
    mu.RLock()
    defer mu.RUnlock()
    return roots
}
func set(to []string) {
    mu.Lock()
    defer mu.Unlock()
    if roots == nil {
        return
    }
    once.Do(func() { panic("loaded") })
    roots = to
}
"#,
        );
        check(
            r#"
var once sync.Once
var mu sync.RWMutex
var roots []string
var others []string
func read() []string
func load() {
    mu.Lock()
    defer mu.Unlock()
    roots = read()
}
func get() []string {
    once.Do(load)
    mu.RLock()
    defer mu.RUnlock()
    return roots
}
func set(to []string) {
    mu.Lock()
    defer mu.Unlock()
    if others == nil {
        return
    }
    once.Do(func() { panic("loaded") })
  //^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ leak[lock-order]: `once` is locked while `mu` is held; `get` does the reverse
    roots = to
}
"#,
        );
    }

    #[test]
    fn one_lock_of_parent_and_child() {
        check(
            r#"
type seg struct { mu sync.Mutex; parent *seg; subs []*seg; n int }
func (s *seg) sub() *seg {
    c := &seg{parent: s}
    s.mu.Lock()
    s.subs = append(s.subs, c)
    s.mu.Unlock()
    return c
}
func (s *seg) close() {
    s.mu.Lock()
    defer s.mu.Unlock()
    if s.parent != nil {
        s.parent.done()
      //^^^^^^^^^^^^^^^ leak[lock-order]: `seg.parent.mu` is locked while `seg.mu` is held; `(*seg).emit` does the reverse
    }
}
func (s *seg) done() {
    s.mu.Lock()
    defer s.mu.Unlock()
    s.n--
}
func (s *seg) emit() int {
    s.mu.Lock()
    defer s.mu.Unlock()
    n := s.n
    for _, c := range s.subs {
        n += c.emit()
    }
    return n
}
"#,
        );
        // From the root down only.
        check(
            r#"
type seg struct { mu sync.Mutex; parent *seg; subs []*seg; n int }
func (s *seg) sub() *seg {
    c := &seg{parent: s}
    s.mu.Lock()
    s.subs = append(s.subs, c)
    s.mu.Unlock()
    return c
}
func (s *seg) close() {
    s.mu.Lock()
    p := s.parent
    s.mu.Unlock()
    if p != nil {
        p.done()
    }
}
func (s *seg) done() {
    s.mu.Lock()
    defer s.mu.Unlock()
    s.n--
}
func (s *seg) emit() int {
    s.mu.Lock()
    defer s.mu.Unlock()
    n := s.n
    for _, c := range s.subs {
        n += c.emit()
    }
    return n
}
"#,
        );
    }
}
