//! A lock is held while waiting for a goroutine that needs it before it is done.
//!
//! # Why it leaks
//! Whoever holds the lock waits for the goroutine, and the goroutine for the lock: neither goes on, and
//! so does nobody who needs the lock later. Mostly it is a `Close` or `Stop` that locks its object, tells
//! the workers to end and waits for them.
//!
//! # Example
//! ```go
//! type pool struct {
//!     mu   sync.Mutex
//!     wg   sync.WaitGroup
//!     jobs chan int
//!     sum  int
//! }
//!
//! func (p *pool) start() {
//!     p.wg.Add(1)
//!     go p.work()
//! }
//!
//! func (p *pool) work() {
//!     defer p.wg.Done()
//!     for n := range p.jobs {
//!         p.mu.Lock()
//!         p.sum += n
//!         p.mu.Unlock()
//!     }
//! }
//!
//! func (p *pool) stop() int {
//!     p.mu.Lock()
//!     defer p.mu.Unlock()
//!     close(p.jobs)
//!     p.wg.Wait() // work may need p.mu for one more job
//!     return p.sum
//! }
//! ```
//! Unlock before the wait.
//!
//! # Fix safety
//! There is no automatic fix: what the lock protects after the wait has to be looked at.
//!
//! # Not reported
//! Waits with another way out (`select`). Goroutines that take the lock only when they have done their
//! part. Channels that other code in view sends on or closes, unless they are kept in a container from which
//! their receivers take them out under the lock, when they receive no more. Sends to channels with room,
//! unless the receiver comes to the same place and fills the channel itself. Wait groups and channels that are no fields
//! or package-level variables: `stuck-lock` explores those.

use crate::lock_words::{self};
use crate::module::ModuleCtx;
use crate::symbol::in_words;
use stanch_diagnostic::{Action, Cause, Check, Finding, Stage, Step};
use stanch_obligations::{HeldWait, HeldWaitKind};

/// The check.
pub const CHECK: Check = Check {
    code: "RS012",
    name: "lock-held-waiting",
    summary: "a lock is held while waiting for a goroutine that needs it",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of the module.
pub fn run(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    ctx.locks.held_waits.iter().filter_map(|wait| finding(ctx, wait)).collect()
}

fn finding(ctx: &ModuleCtx<'_>, wait: &HeldWait) -> Option<Finding> {
    let (here, needs, lock_call) = (wait.path.first()?, wait.needs.first()?, wait.needs.last()?);
    let lock = ctx.lock_at(wait.first.span);
    let worker = in_words(&needs.symbol);
    let mut related = vec![ctx.label(wait.first.span, format!("{lock} is locked here"))];
    related.extend(lock_words::way(ctx, &wait.path, "waits here"));
    if wait.started.span != wait.signal.span {
        related.push(ctx.label(wait.started.span, "the goroutine is started here"));
    }
    related
        .push(ctx.label(lock_call.span, format!("{} locks it here", in_words(&lock_call.symbol))));
    let symbol = in_words(&wait.signal.symbol);
    let done = match wait.what {
        HeldWaitKind::Feed => format!("{symbol} receives here, and not once it gives up"),
        _ => format!("{symbol} does its part here, after that"),
    };
    related.push(ctx.label(wait.signal.span, done));
    let reason = match wait.what {
        HeldWaitKind::Group => "sync.WaitGroup.Wait",
        HeldWaitKind::Receive => "chan receive",
        HeldWaitKind::Send | HeldWaitKind::Feed => "chan send",
        HeldWaitKind::Select => "select",
    };
    let waits = (Action::Block, format!("waits for {worker}"));
    let mut witness = lock_words::steps(ctx, 0, &wait.first, &wait.path, waits);
    if wait.what != HeldWaitKind::Feed {
        let started = Step {
            goroutine: 0,
            function: wait.started.symbol.to_string(),
            location: ctx.location(wait.started.span),
            action: Action::Go,
            detail: format!("starts {worker}"),
        };
        witness.insert(0, started);
    }
    for (i, at) in wait.needs.iter().enumerate() {
        let (action, detail) = match wait.needs.get(i + 1) {
            Some(next) => (Action::Call, format!("calls {}", in_words(&next.symbol))),
            None => (Action::Block, format!("waits for {lock}")),
        };
        let location = ctx.location(at.span);
        witness.push(Step {
            goroutine: 1,
            function: at.symbol.to_string(),
            location,
            action,
            detail,
        });
    }
    Some(Finding {
        message: format!("this waits for {worker}, which may need {lock}, held here"),
        label: match wait.path.len() {
            1 => "waits with the lock held".to_owned(),
            _ => "this call waits with the lock held".to_owned(),
        },
        goroutine: Some(lock_words::goroutine(ctx, &wait.path, reason)),
        also_blocked: vec![lock_words::goroutine(
            ctx,
            &wait.needs,
            lock_words::wait_reason(wait.rw, wait.taken),
        )],
        related,
        witness,
        notes: match wait.buffered {
            true => vec![format!(
                "{worker} sends to the channel itself while it works: once the channel is full, nobody makes room"
            )],
            false => Vec::new(),
        },
        help: Some(format!("unlock {lock} before the wait")),
        ..lock_words::finding(ctx, &CHECK, here)
    })
}

#[cfg(test)]
mod tests {
    mod room;

    fn check(fixture: &str) {
        stanch_testing::check("lock-held-waiting", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("lock-held-waiting", include_str!("lock_held_waiting.rs"));
    }

    #[test]
    fn channels_calls_and_sets() {
        check(
            r#"
type hub struct {
    mu    sync.Mutex
    conns map[*conn]bool
}
type conn struct {
    hub  *hub
    done chan struct{}
}
func (h *hub) add() {
    c := &conn{hub: h, done: make(chan struct{})}
    h.mu.Lock()
    h.conns[c] = true
    h.mu.Unlock()
    go c.loop()
  //^^^^^^^^^^^ label: the goroutine is started here
}
func (h *hub) drop(c *conn) {
    h.mu.Lock()
  //^^^^^^^^^^^ label: `(*hub).drop` locks it here
    delete(h.conns, c)
    h.mu.Unlock()
}
func (c *conn) loop() {
    defer close(c.done)
    c.hub.drop(c)
}
func (c *conn) exit() { <-c.done }
func (h *hub) shutdown() {
    h.mu.Lock()
    defer h.mu.Unlock()
    for c := range h.conns {
        c.exit()
      //^^^^^^^^ leak[lock-held-waiting]: this waits for `(*conn).loop`, which may need `h.mu`
    }
}
"#,
        );
    }

    #[test]
    fn not_reported() {
        check(
            r#"
type t struct {
    mu, other sync.Mutex
    wg        sync.WaitGroup
    done      chan struct{}
    ready     chan struct{}
    n         int
}
func (t *t) start() {
    t.wg.Add(1)
    go t.work()
    go t.wait()
    go t.late()
}
func (t *t) work() {
    defer t.wg.Done()
    t.other.Lock()
    t.n++
    t.other.Unlock()
}
func (t *t) wait() {
    t.mu.Lock()
    t.n++
    t.mu.Unlock()
    close(t.done)
}
func (t *t) late() {
    close(t.ready)
    t.mu.Lock()
    t.n++
    t.mu.Unlock()
}
func (t *t) stop() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.wg.Wait()
}
func (t *t) stopWithWayOut(end chan int) {
    t.mu.Lock()
    defer t.mu.Unlock()
    select {
    case <-t.done:
    case <-end:
    }
}
func (t *t) unlocks() {
    t.mu.Lock()
    t.n = 0
    t.mu.Unlock()
    <-t.done
}
func (t *t) waitsForEarly() {
    t.mu.Lock()
    defer t.mu.Unlock()
    <-t.ready
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
type t struct { mu sync.Mutex; wg sync.WaitGroup; n int }
func (t *t) start() {
    t.wg.Add(1)
    go func() {
        defer t.wg.Done()
        t.mu.Lock()
        t.n++
        t.mu.Unlock()
    }()
}
func (t *t) stop() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.wg.Wait() //stanch:ignore lock-held-waiting shows a deadlock
}
"#,
        );
    }

    #[test]
    fn two_variables_of_one_type() {
        check(
            r#"
type gate struct { mu sync.Mutex; n int }
func (g *gate) enter() { g.mu.Lock(); g.n++; g.mu.Unlock() }
func (g *gate) shut() { g.mu.Lock() }
var front, back gate
var wg sync.WaitGroup
func start() {
    wg.Add(1)
    go func() {
        defer wg.Done()
        back.enter()
    }()
}
func stopFront() {
    front.shut()
    wg.Wait()
}
func stopBack() {
    back.shut()
    wg.Wait()
  //^^^^^^^^^ leak[lock-held-waiting]: this waits for `start.func1`
}
"#,
        );
    }

    #[test]
    fn its_part_is_done_before_the_lock() {
        check(
            r#"
type bench struct { mu sync.RWMutex; wg sync.WaitGroup }
func (b *bench) start(n int) {
    b.mu.Lock()
    for i := 0; i < n; i++ {
        b.wg.Add(1)
        go b.loop()
    }
    b.wg.Wait()
    b.wg.Add(n)
}
func (b *bench) run() {
    b.mu.Unlock()
    b.wg.Wait()
}
func (b *bench) loop() {
    b.wg.Done()
    b.mu.RLock()
    b.wg.Done()
}
"#,
        );
    }

    #[test]
    fn sends_and_selects() {
        check(
            r#"
type server struct {
    mu    sync.Mutex
    conns map[*conn]bool
}
type conn struct {
    s    *server
    msgs chan int
    done chan struct{}
}
func (s *server) add() {
    c := &conn{s: s, msgs: make(chan int), done: make(chan struct{})}
    s.mu.Lock()
    s.conns[c] = true
    s.mu.Unlock()
    go c.loop()
}
func (c *conn) loop() {
    defer c.cleanup()
    for {
        n := <-c.msgs
        if n == 0 {
            return
        }
    }
}
func (c *conn) cleanup() {
    c.s.drained(c)
    close(c.done)
}
func (s *server) drained(c *conn) {
    s.mu.Lock()
    defer s.mu.Unlock()
    delete(s.conns, c)
}
func (c *conn) tell(n int) {
    select {
    case c.msgs <- n:
    case <-c.done:
    }
}
func (s *server) close() {
    s.mu.Lock()
    for c := range s.conns {
        c.tell(0)
      //^^^^^^^^^ leak[lock-held-waiting]: this waits for `(*conn).loop`
    }
    s.mu.Unlock()
}
type quiet struct { mu sync.Mutex; msgs chan int; n int }
func (q *quiet) start() {
    q.msgs = make(chan int)
    go q.loop()
}
func (q *quiet) loop() {
    n := <-q.msgs
    q.mu.Lock()
    q.n += n
    q.mu.Unlock()
}
func (q *quiet) tell(n int) {
    q.mu.Lock()
    defer q.mu.Unlock()
    q.msgs <- n
}
type busy struct { mu sync.Mutex; msgs chan int; n int }
func (b *busy) start() {
    b.msgs = make(chan int)
    go b.loop()
}
func (b *busy) loop() {
    for n := range b.msgs {
        b.mu.Lock()
        b.n += n
        b.mu.Unlock()
    }
}
func (b *busy) tell(n int) {
    b.mu.Lock()
    defer b.mu.Unlock()
    b.msgs <- n
  //^^^^^^^^^^^ leak[lock-held-waiting]: this waits for `(*busy).loop`
}
type roomy struct { mu sync.Mutex; msgs chan int; n int }
func (r *roomy) start() {
    r.msgs = make(chan int, 100)
    go r.loop()
}
func (r *roomy) loop() {
    for n := range r.msgs {
        r.mu.Lock()
        r.n += n
        r.mu.Unlock()
    }
}
func (r *roomy) tell(n int) {
    r.mu.Lock()
    defer r.mu.Unlock()
    r.msgs <- n
}
type many struct { mu sync.Mutex; msgs chan int; n int }
func (m *many) start(workers int) {
    m.msgs = make(chan int)
    for i := 0; i < workers; i++ {
        go m.loop()
    }
}
func (m *many) loop() {
    for n := range m.msgs {
        m.mu.Lock()
        m.n += n
        m.mu.Unlock()
    }
}
func (m *many) tell(n int) {
    m.mu.Lock()
    defer m.mu.Unlock()
    m.msgs <- n
}
type own struct { mu sync.Mutex; msgs chan int; n int }
func (o *own) start() {
    o.msgs = make(chan int)
    go o.loop()
}
func (o *own) loop() {
    o.tell(1)
    for n := range o.msgs {
        o.mu.Lock()
        o.n += n
        o.mu.Unlock()
    }
}
func (o *own) tell(n int) {
    o.mu.Lock()
    defer o.mu.Unlock()
    o.msgs <- n
}
type open struct { mu sync.Mutex; msgs chan int; n int }
func (o *open) start() {
    o.msgs = make(chan int)
    go o.loop()
}
func (o *open) loop() {
    for n := range o.msgs {
        o.mu.Lock()
        o.n += n
        o.mu.Unlock()
    }
}
func (o *open) Drain() int { return <-o.msgs }
func (o *open) tell(n int) {
    o.mu.Lock()
    defer o.mu.Unlock()
    o.msgs <- n
}
"#,
        );
    }

    #[test]
    fn the_part_is_taken_on_under_the_lock() {
        check(
            r#"
type state struct { sync.RWMutex; wg sync.WaitGroup; on bool; events chan int }
func (s *state) enable() { go s.watch() }
func (s *state) disable() {
    s.Lock()
    defer s.Unlock()
    s.wg.Wait()
    s.on = false
}
func (s *state) watch() {
    for e := range s.events {
        s.last(e)
        s.send(e)
    }
}
func (s *state) send(e int) {
    s.RLock()
    defer s.RUnlock()
    s.wg.Add(1)
    defer s.wg.Done()
}
func (s *state) last(e int) {
    s.Lock()
    defer s.Unlock()
    s.on = e > 0
}
"#,
        );
    }

    #[test]
    fn a_receiver_that_gives_up_takes_its_channel_out() {
        check(
            r#"
type subscriber struct { values chan int }
type hub struct {
    sync.Mutex
    subs map[int]subscriber
    next int
}
func (h *hub) publish(v int) {
    h.Lock()
  //^^^^^^^^ label: `h` is locked here
    defer h.Unlock()
    for id := range h.subs {
        h.subs[id].values <- v
      //^^^^^^^^^^^^^^^^^^^^^^ leak[lock-held-waiting]: this waits for `(*hub).follow`, which may need `h`, held here
    }
}
func (h *hub) add() (<-chan int, int) {
    h.Lock()
    defer h.Unlock()
    values := make(chan int, 8)
    h.next++
    h.subs[h.next] = subscriber{values: values}
    return values, h.next
}
func (h *hub) remove(id int) {
    h.Lock()
  //^^^^^^^^ label: `(*hub).remove` locks it here
    defer h.Unlock()
    delete(h.subs, id)
}
func (h *hub) follow(f func(int) error) error {
    values, id := h.add()
    for v := range values {
           //^^^^^^^^^^^^ label: `(*hub).follow` receives here, and not once it gives up
        if err := f(v); err != nil {
            h.remove(id)
            return err
        }
    }
    return nil
}
"#,
        );
    }

    #[test]
    fn receivers_that_never_wait_for_the_lock() {
        check(
            r#"
type hub struct {
    mu   sync.Mutex
    subs map[chan int]bool
    all  map[chan string]bool
}
func (h *hub) offer(v int) {
    h.mu.Lock()
    defer h.mu.Unlock()
    for values := range h.subs {
        select {
        case values <- v:
        default:
        }
    }
}
func (h *hub) tell(s string) {
    h.mu.Lock()
    names := make([]chan string, 0, len(h.all))
    for values := range h.all {
        names = append(names, values)
    }
    h.mu.Unlock()
    for _, values := range names {
        values <- s
    }
}
func (h *hub) leave(values chan int) {
    h.mu.Lock()
    delete(h.subs, values)
    h.mu.Unlock()
}
func (h *hub) part(values chan string) {
    h.mu.Lock()
    delete(h.all, values)
    h.mu.Unlock()
}
func follow(h *hub, values chan int) {
    defer h.leave(values)
    for v := range values {
        if v == 0 {
            return
        }
    }
}
func read(h *hub, values chan string) {
    defer h.part(values)
    for s := range values {
        if s == "" {
            return
        }
    }
}
type calm struct { mu sync.Mutex; subs map[chan int]bool }
func (c *calm) send(v int) {
    c.mu.Lock()
    defer c.mu.Unlock()
    for values := range c.subs {
        values <- v
    }
}
func (c *calm) leave(values chan int) {
    go func() {
        for range values {
        }
    }()
    c.mu.Lock()
    delete(c.subs, values)
    c.mu.Unlock()
    close(values)
}
func last(c *calm, values chan int) {
    go func() {
        for v := range values {
            _ = v
        }
    }()
    <-values
    c.leave(values)
}
"#,
        );
    }

    #[test]
    fn the_receiver_fills_its_own_channel() {
        check(
            r#"
type house struct { q chan int; w sender }
type sender interface { send(ip int) }
func (h *house) work() {
    for ip := range h.q {
        h.w.send(ip + 1)
    }
}
type manager struct { mu sync.Mutex; m map[int]bool; h *house }
func (m *manager) start(ip int) bool {
    m.mu.Lock()
    defer m.mu.Unlock()
    if m.m[ip] {
        return true
    }
    m.m[ip] = true
    m.h.q <- ip
  //^^^^^^^^^^^ leak[lock-held-waiting]: this waits for `(*house).work`, which may need `m.mu`, held here
    return false
}
type iface struct { m *manager }
func (f *iface) send(ip int) { f.m.start(ip) }
func (f *iface) Send(ip int) { f.m.start(ip) }
func New() *iface {
    h := &house{q: make(chan int, 4)}
    m := &manager{m: map[int]bool{}, h: h}
    f := &iface{m: m}
    h.w = f
    go h.work()
    return f
}
"#,
        );
        // There may always be room.
        check(
            r#"
type house struct { q chan int; sum int; mu sync.Mutex }
func (h *house) work() {
    for ip := range h.q {
        h.mu.Lock()
        h.sum += ip
        h.mu.Unlock()
    }
}
func (h *house) start(ip int) {
    h.mu.Lock()
    defer h.mu.Unlock()
    h.q <- ip
}
func New() *house {
    h := &house{q: make(chan int, 4)}
    go h.work()
    return h
}
"#,
        );
    }

    #[test]
    fn who_waits_does_a_part_itself() {
        let program = |own: &str, found: &str| {
            check(&format!(
                r#"
type conn struct {{ mu sync.Mutex; wg sync.WaitGroup; closing bool; in chan int; n int }}
func Dial() *conn {{
    c := &conn{{in: make(chan int)}}
    c.wg.Add(1)
    go c.read()
    return c
}}
func (c *conn) read() {{
    defer c.wg.Done()
    for n := range c.in {{
        c.mu.Lock()
        c.n += n
        c.mu.Unlock()
    }}
}}
func (c *conn) Close() {{
    c.mu.Lock()
    defer c.mu.Unlock()
    {own}
    c.wg.Wait()
{found}
}}
"#
            ));
        };
        let found = "  //^^^^^^^^^^^ leak[lock-held-waiting]: this waits for `(*conn).read`";
        program("c.closing = true", found);
        program("if !c.closing { c.closing = true; c.wg.Done() }", "");
    }
}
