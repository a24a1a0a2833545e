//! A goroutine locks a mutex that it already holds.
//!
//! # Why it leaks
//! Go's locks are not re-entrant: the second `Lock` waits for an `Unlock` that only the waiting
//! goroutine itself could call. It stays for ever, and so does everyone who needs the lock.
//!
//! # Example
//! ```go
//! type stats struct {
//!     mu    sync.Mutex
//!     count int
//! }
//!
//! func (s *stats) total() int {
//!     s.mu.Lock()
//!     defer s.mu.Unlock()
//!     return s.count
//! }
//!
//! func (s *stats) report() string {
//!     s.mu.Lock()
//!     defer s.mu.Unlock()
//!     return fmt.Sprint(s.total()) // total locks s.mu again
//! }
//! ```
//! Split off a `totalLocked` that expects the lock to be held, and call that.
//!
//! # Fix safety
//! There is no automatic fix: which of the two locks is too many is a question of design.
//!
//! # Not reported
//! `RLock` within `RLock`, which blocks only if a writer waits in between. `TryLock`. Locks that only
//! may be the same: of two objects, or of elements with different indices. Calls through interfaces
//! with more than three implementations in view. Where the called function locks on some of its paths
//! only, the finding is `likely`; where it does so if a flag is set of which the call says nothing, the
//! finding is `possible`, for the flag may well tell that the lock is held; likewise under a lock that another
//! call has left locked, which may have noted that. A lock is none that is held any more once its `Unlock`
//! has left view, or code out of view was told whether there was one.

use crate::module::ModuleCtx;
use crate::symbol::in_words;
use crate::{Ctx, lock_words, waits, words};
use stanch_diagnostic::{
    Action, Cause, Check, Confidence, Finding, Frame, Goroutine, Remedy, Severity, Stage,
};
use stanch_obligations::{Again, DoubleLock, LockMode};

/// The check.
pub const CHECK: Check = Check {
    code: "RS003",
    name: "double-lock",
    summary: "a goroutine takes a lock it already holds",
    cause: Cause::GoroutineLeak,
    stage: Stage::Stable("0.1.0"),
};

/// Findings of one package. Calls under one lock that lead to the same second lock are one.
pub fn run(ctx: &Ctx<'_>) -> Vec<Finding> {
    let mut told: Vec<(&DoubleLock, Finding)> = Vec::new();
    for double in &ctx.obligations.double_locks {
        let same = |other: &DoubleLock| {
            let places = |d: &DoubleLock| (d.func, d.first, d.guarded);
            let end = double.chain.last();
            end.is_some() && end == other.chain.last() && places(double) == places(other)
        };
        match told.iter_mut().find(|(other, _)| same(other)) {
            Some((_, finding)) => {
                finding.related.push(ctx.label(double.second, "this leads to the same"));
            }
            None => told.push((double, finding(ctx, double))),
        }
    }
    let on = |(double, mut finding): (&DoubleLock, Finding)| {
        waits::hang_on(ctx, &mut finding, &[double.first, double.second]);
        finding
    };
    told.into_iter().map(on).collect()
}

/// Findings that only the whole module shows: through other packages, interfaces and functions that
/// are kept in fields.
pub fn run_module(ctx: &ModuleCtx<'_>) -> Vec<Finding> {
    ctx.locks.doubles.iter().filter_map(|again| module_finding(ctx, again)).collect()
}

fn module_finding(ctx: &ModuleCtx<'_>, again: &Again) -> Option<Finding> {
    let (here, last) = (again.path.first()?, again.path.last()?);
    let lock = ctx.lock_at(again.first.span);
    let held = format!("{lock} is locked here{}", side(again.held));
    let mut related = vec![ctx.label(again.first.span, held)];
    let end = format!("locks it here{}", side(again.again));
    related.extend(lock_words::way(ctx, &again.path, &end));
    for other in &again.others {
        related.push(ctx.label(other.span, "this leads to the same"));
    }
    let blocked = (Action::Block, format!("blocks: {lock} is held by this goroutine"));
    let wait = lock_words::wait_reason(again.rw, again.again);
    let name = in_words(&last.symbol);
    let mut notes: Vec<String> = again.back.iter().map(lock_words::leads_back).collect();
    notes.extend(side_notes(again.held, again.again));
    Some(Finding {
        message: format!("{name} can block for ever: it locks {lock}, held here"),
        label: "this call leads to a second lock".to_owned(),
        goroutine: Some(lock_words::goroutine(ctx, &again.path, wait)),
        related,
        witness: lock_words::steps(ctx, 0, &again.first, &again.path, blocked),
        notes,
        help: Some(format!(
            "call it after {lock} is unlocked, or split off a part that expects it locked"
        )),
        ..lock_words::finding(ctx, &CHECK, here)
    })
}

fn finding(ctx: &Ctx<'_>, double: &DoubleLock) -> Finding {
    let lock = words::lock(ctx, double.first, &double.lock);
    let mut related =
        vec![ctx.label(double.first, format!("{lock} is locked here{}", side(double.held)))];
    related.extend(words::decision(ctx, &double.path));
    for (i, &(func, span)) in double.chain.iter().enumerate() {
        let last = i + 1 == double.chain.len();
        let message = if last {
            format!("{} locks it here{}", ctx.name(func), side(double.again))
        } else {
            format!("{} calls on here", ctx.name(func))
        };
        related.push(ctx.label(span, message));
    }
    let mut witness = words::witness(
        ctx,
        &double.path,
        (Action::Lock, &format!("locks {lock}")),
        (Action::Unlock, "unlocks another lock"),
    );
    let blocked = format!("blocks: {lock} is held by this goroutine");
    match double.chain.split_last() {
        None => witness.push(ctx.step(double.func, double.second, Action::Block, blocked)),
        Some((&(last, place), before)) => {
            let mut at = (double.func, double.second);
            for &(func, span) in before.iter().chain([&(last, place)]) {
                let detail = format!("calls {}", ctx.name(func));
                witness.push(ctx.step(at.0, at.1, Action::Call, detail));
                at = (func, span);
            }
            witness.push(ctx.step(last, place, Action::Block, blocked));
        }
    }
    Finding {
        check: &CHECK,
        cause: CHECK.cause,
        remedy: Remedy::Restructure,
        severity: Severity::Error,
        confidence: match (double.always && !double.rough, double.guarded) {
            (true, _) => Confidence::Proved,
            (false, false) => Confidence::Likely,
            (false, true) => Confidence::Possible,
        },
        message: headline(ctx, double, &lock),
        label: label(double),
        package: ctx.path(),
        function: ctx.symbol(double.func).to_owned(),
        location: ctx.location(double.second),
        goroutine: Some(goroutine(ctx, double)),
        also_blocked: Vec::new(),
        related,
        witness,
        notes: notes(double),
        help: Some(help(double, &lock)),
        fix: None,
        fingerprint: String::new(),
    }
}

fn headline(ctx: &Ctx<'_>, double: &DoubleLock, lock: &str) -> String {
    match (double.chain.last(), double.always) {
        (None, _) if double.first == double.second => {
            format!("locking {lock} blocks for ever: the turn before keeps it locked")
        }
        (None, _) => format!("locking {lock} blocks for ever: it is already held"),
        (Some(&(func, _)), true) => {
            let name = ctx.name(func);
            format!("{name} blocks for ever: it locks {lock}, which is held here")
        }
        (Some(&(func, _)), false) => {
            let name = ctx.name(func);
            format!("{name} can block for ever: it may lock {lock}, held here")
        }
    }
}

fn label(double: &DoubleLock) -> String {
    match (double.chain.is_empty(), double.deferred) {
        (true, false) => "waits for itself".to_owned(),
        (true, true) => "runs at the return, and waits for itself".to_owned(),
        (false, false) => "this call leads to a second lock".to_owned(),
        (false, true) => "this call runs at the return and leads to a second lock".to_owned(),
    }
}

fn notes(double: &DoubleLock) -> Vec<String> {
    side_notes(double.held, double.again)
}

fn side_notes(held: LockMode, again: LockMode) -> Vec<String> {
    match (held, again) {
        (LockMode::Read, LockMode::Write) => {
            vec!["a read lock cannot be turned into a write lock".to_owned()]
        }
        (LockMode::Write, LockMode::Read) => {
            vec!["a writer excludes all readers, itself included".to_owned()]
        }
        _ => vec!["Go's locks are not re-entrant".to_owned()],
    }
}

fn help(double: &DoubleLock, lock: &str) -> String {
    if double.deferred && double.chain.is_empty() {
        return format!("defer the unlock of {lock} instead");
    }
    if double.chain.is_empty() {
        format!("unlock {lock} first, or lock it once for both")
    } else {
        format!("call it after {lock} is unlocked, or split off a part that expects it locked")
    }
}

fn side(mode: LockMode) -> &'static str {
    match mode {
        LockMode::Write => "",
        LockMode::Read => " for reading",
    }
}

/// The blocked goroutine as a dump shows it, as far up as the analysis looks.
fn goroutine(ctx: &Ctx<'_>, double: &DoubleLock) -> Goroutine {
    let wait = match (double.rw, double.again) {
        (false, _) => "sync.Mutex.Lock",
        (true, LockMode::Write) => "sync.RWMutex.Lock",
        (true, LockMode::Read) => "sync.RWMutex.RLock",
    };
    let mut frames: Vec<Frame> =
        double.chain.iter().rev().map(|&(func, span)| ctx.frame(func, span)).collect();
    frames.push(ctx.frame(double.func, double.second));
    Goroutine {
        entry: ctx.symbol(double.func).to_owned(),
        wait: wait.to_owned(),
        frames,
        created_by: None,
    }
}

#[cfg(test)]
mod tests {
    mod guards;
    mod more;

    fn check(fixture: &str) {
        stanch_testing::check("double-lock", fixture);
    }

    #[test]
    fn documentation() {
        stanch_testing::example("double-lock", include_str!("double_lock.rs"));
    }

    #[test]
    fn directly() {
        check(
            r#"
type t struct { mu sync.Mutex; rw sync.RWMutex }
func (t *t) twice() {
    t.mu.Lock()
  //^^^^^^^^^^^ label: `t.mu` is locked here
    t.mu.Lock()
  //^^^^^^^^^^^ leak[double-lock]: locking `t.mu` blocks for ever: it is already held
    t.mu.Unlock()
}
func (t *t) upgrade() {
    t.rw.RLock()
    defer t.rw.RUnlock()
    t.rw.Lock()
  //^^^^^^^^^^^ leak[double-lock]: `t.rw`
    t.rw.Unlock()
}
func (t *t) downgrade() {
    t.rw.Lock()
    t.rw.RLock()
  //^^^^^^^^^^^^ leak[double-lock]: `t.rw`
    t.rw.RUnlock()
    t.rw.Unlock()
}
func (t *t) typo() {
    t.mu.Lock()
    defer t.mu.Lock()
  //^^^^^^^^^^^^^^^^^ leak[double-lock]: `t.mu`
}
"#,
        );
    }

    #[test]
    fn through_a_call() {
        check(
            r#"
type t struct { mu sync.Mutex; n int }
func (t *t) total() int {
    t.mu.Lock()
  //^^^^^^^^^^^ label: `(*t).total` locks it here
    defer t.mu.Unlock()
    return t.n
}
func (t *t) twice() int { return 2 * t.total() }
                                   //^^^^^^^^^ label: `(*t).twice` calls on here
func (t *t) report() string {
    t.mu.Lock()
    defer t.mu.Unlock()
    return fmt.Sprint(t.twice())
                    //^^^^^^^^^ leak[double-lock]: `(*t).total` blocks for ever: it locks `t.mu`, which is held here
}
"#,
        );
    }

    #[test]
    fn one_cause_is_one_finding() {
        check(
            r#"
type t struct { mu sync.Mutex; n int }
func (t *t) reset() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.n = 0
}
func (t *t) check() {
    t.mu.Lock()
    defer t.mu.Unlock()
    if t.n < 0 {
        t.reset()
      //^^^^^^^^^ leak[double-lock]: `(*t).reset` blocks for ever
    }
    if t.n > 9 {
        t.reset()
      //^^^^^^^^^ label: this leads to the same
    }
}
"#,
        );
    }

    #[test]
    fn on_some_paths() {
        check(
            r#"
type t struct { mu sync.Mutex; n int }
func (t *t) flush(n int) {
    if n > 3 {
        t.mu.Lock()
        t.n = 0
        t.mu.Unlock()
    }
}
func (t *t) add() {
    t.mu.Lock()
    t.flush(t.n)
  //^^^^^^^^^^^^ leak[double-lock]: `(*t).flush` can block for ever: it may lock `t.mu`
    t.mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn closures_and_callbacks() {
        check(
            r#"
type t struct { mu sync.Mutex; m sync.Map; once sync.Once }
func (t *t) get() int {
    t.mu.Lock()
    defer t.mu.Unlock()
    return 1
}
func (t *t) direct() {
    t.mu.Lock()
    defer t.mu.Unlock()
    f := func() int { return t.get() }
    f()
  //^^^ leak[double-lock]: blocks for ever
}
func (t *t) each() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.m.Range(func(k, v any) bool {
  //^^ leak[double-lock]: can block for ever
        return t.get() > 1
    })
}
func (t *t) deferred() {
    t.mu.Lock()
    defer t.mu.Unlock()
    defer t.get()
  //^^^^^^^^^^^^^ leak[double-lock]: blocks for ever
}
"#,
        );
    }

    #[test]
    fn a_function_that_locks_around_its_argument() {
        check(
            r#"
type t struct { mu sync.Mutex; n int }
func (t *t) with(f func()) {
    t.mu.Lock()
    defer t.mu.Unlock()
    f()
}
func (t *t) without(f func()) {
    t.mu.Lock()
    t.mu.Unlock()
    f()
}
func (t *t) get() int {
    t.mu.Lock()
    defer t.mu.Unlock()
    return t.n
}
func (t *t) bad() {
    t.with(func() { t.get() })
  //^^^^^^ leak[double-lock]: can block for ever
}
func (t *t) good(u *t) {
    t.without(func() { t.get() })
    t.with(func() { u.get() })
    t.with(func() { t.n++ })
}
"#,
        );
    }

    #[test]
    fn globals_fields_and_lock_helpers() {
        check(
            r#"
var mu sync.Mutex
func total() int { mu.Lock(); defer mu.Unlock(); return 1 }
func report() int {
    mu.Lock()
    n := total()
       //^^^^^^^ leak[double-lock]: `total` blocks for ever
    mu.Unlock()
    return n
}
type inner struct { mu sync.Mutex }
type outer struct { in *inner }
func (o *outer) lock() { o.in.mu.Lock() }
func (o *outer) f() {
    in := o.in
    in.mu.Lock()
    o.lock()
  //^^^^^^^^ leak[double-lock]: blocks for ever
    in.mu.Unlock()
}
"#,
        );
    }

    #[test]
    fn not_reported() {
        check(
            r#"
type t struct { mu, other sync.Mutex; rw sync.RWMutex; next *t; all []*t; arr [4]sync.Mutex; n int }
func work()
func (t *t) get() int {
    t.mu.Lock()
    defer t.mu.Unlock()
    return t.n
}
func (t *t) readers() {
    t.rw.RLock()
    t.rw.RLock()
    t.rw.RUnlock()
    t.rw.RUnlock()
}
func two(a, b *t) {
    a.mu.Lock()
    b.mu.Lock()
    b.mu.Unlock()
    a.mu.Unlock()
}
func (t *t) chain() {
    t.mu.Lock()
    t.next.mu.Lock()
    t.next.get2()
    t.next.mu.Unlock()
    t.mu.Unlock()
}
func (t *t) get2() { t.other.Lock(); t.other.Unlock() }
func (t *t) next2() {
    t.mu.Lock()
    t.next.get()
    t.mu.Unlock()
}
func (t *t) each() {
    for _, u := range t.all {
        u.mu.Lock()
    }
    for _, u := range t.all {
        u.mu.Unlock()
    }
}
func (t *t) elements(i, j int) {
    t.arr[i].Lock()
    t.arr[j].Lock()
    t.arr[j].Unlock()
    t.arr[i].Unlock()
}
func (t *t) after() int {
    t.mu.Lock()
    t.n++
    t.mu.Unlock()
    return t.get()
}
func (t *t) branches(yes bool) int {
    t.mu.Lock()
    if yes {
        t.mu.Unlock()
        return t.get()
    }
    t.mu.Unlock()
    return 0
}
func (t *t) flag(locked bool) {
    if !locked {
        t.mu.Lock()
        defer t.mu.Unlock()
    }
    t.n++
}
func (t *t) callsFlag() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.flag(true)
}
func (t *t) unlocksInside() {
    t.mu.Unlock()
    work()
    t.mu.Lock()
}
func (t *t) callsUnlocking() {
    t.mu.Lock()
    t.unlocksInside()
    t.mu.Unlock()
}
func (t *t) getsUnlocked() int {
    t.mu.Unlock()
    defer t.mu.Lock()
    return t.get()
}
func (t *t) callsGetsUnlocked() {
    t.mu.Lock()
    t.getsUnlocked()
    t.mu.Unlock()
}
func (t *t) goroutine() {
    t.mu.Lock()
    go t.get()
    go func() { t.get() }()
    t.mu.Unlock()
}
func (t *t) try() {
    t.mu.Lock()
    if t.mu.TryLock() {
        t.mu.Unlock()
    }
    t.mu.Unlock()
}
func (t *t) walk() {
    t.mu.Lock()
    for u := t.next; u != nil; u = u.next {
        u.mu.Lock()
        u.mu.Unlock()
    }
    t.mu.Unlock()
}
func (t *t) moves() {
    t.mu.Lock()
    for t.next != nil {
        n := t.next
        n.mu.Lock()
        t.mu.Unlock()
        t = n
    }
    t.mu.Unlock()
}
func (t *t) fresh() *t {
    t.mu.Lock()
    defer t.mu.Unlock()
    u := &t2{}
    u.mu.Lock()
    u.mu.Unlock()
    return t
}
type t2 struct { mu sync.Mutex }
func (t *t) condition(state int) {
    if state == 1 {
        t.mu.Lock()
    }
    work()
    if state == 1 {
        t.mu.Unlock()
    }
    t.mu.Lock()
    t.mu.Unlock()
}
func (t *t) loop() {
    for i := 0; i < 10; i++ {
        t.mu.Lock()
        if t.n == i {
            t.mu.Unlock()
            continue
        }
        t.mu.Unlock()
    }
}
func (t *t) loopCondition() {
    for {
        var m sync.Mutex
        m.Lock()
        if t.n > 0 {
            break
        }
    }
}
"#,
        );
    }

    #[test]
    fn through_a_method_of_another_package() {
        check(
            r#"
//- /box/box.go
type Box struct { Mu sync.Mutex; n int }
func (b *Box) Len() int {
    b.Mu.Lock()
    defer b.Mu.Unlock()
    return b.n
}
//- /use/use.go
import "box"
func twice(b *box.Box) int {
    b.Mu.Lock()
    defer b.Mu.Unlock()
    return b.Len()
         //^^^^^^^ leak[double-lock]: `(*Box).Len` blocks for ever: it locks `b.Mu`, which is held here
}
func once(b *box.Box) int {
    b.Mu.Lock()
    b.Mu.Unlock()
    return b.Len()
}
"#,
        );
    }

    #[test]
    fn suppressed() {
        check(
            r#"
func f(mu *sync.Mutex) {
    mu.Lock()
    //stanch:ignore double-lock shows a deadlock
    mu.Lock()
}
"#,
        );
    }

    #[test]
    fn the_other_side_after_giving_it_back() {
        check(
            r#"
type table struct { mu sync.RWMutex; forks int; release func() }
func (t *table) initRLocked() {
    t.mu.RUnlock()
    defer t.mu.RLock()
    t.mu.Lock()
    defer t.mu.Unlock()
}
func (t *table) get() {
    t.mu.RLock()
    defer t.mu.RUnlock()
    t.initRLocked()
}
func (t *table) pause() {
    t.mu.Unlock()
    t.mu.RLock()
    t.mu.RUnlock()
    t.mu.Lock()
}
func (t *table) set() {
    t.mu.Lock()
    defer t.mu.Unlock()
    t.pause()
    t.pause()
}
func (t *table) grab() (func(), error) {
    t.mu.RLock()
    return t.release, nil
}
func (t *table) query() {
    release, err := t.grab()
    if err != nil {
        return
    }
    release()
    t.set()
}
"#,
        );
    }

    #[test]
    fn a_lock_that_goes_between_goroutines() {
        check(
            r#"
func f(stop chan struct{}) {
    var turn sync.Mutex
    turn.Lock()
    go func() {
        for {
            turn.Unlock()
            turn.Lock()
            select {
            case <-stop:
                return
            default:
            }
        }
    }()
    turn.Lock()
    turn.Unlock()
}
"#,
        );
    }
}
