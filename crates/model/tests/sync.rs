//! Locks, wait groups, conditions, once.

mod common;
use common::check;

#[test]
fn wait_group_never_done() {
    check(
        "
fn root() {
  wg = waitgroup
  add(wg, 1)
  go worker(wg)
  wait(wg) // leak: sync.WaitGroup.Wait
}
fn worker(wg) {
  if ? early else late
early:
  return
late:
  done(wg)
}
",
    );
}

#[test]
fn wait_group_with_deferred_done() {
    check(
        "
fn root() {
  n = size
  wg = waitgroup
  add(wg, n)
  i = 0
head:
  more = i < n
  if more body else out
body:
  go worker(wg)
  i = i + 1
  goto head
out:
  wait(wg)
}
fn worker(wg) {
  defer done(wg)
  if ? early else late
early:
  rundefers
  return
late:
  panic nil
}
",
    );
}

#[test]
fn double_lock() {
    let outcome = check(
        "
fn root() {
  mu = mutex
  lock(mu)
  helper(mu)
  unlock(mu)
}
fn helper(mu) {
  lock(mu) // leak: sync.Mutex.Lock
  unlock(mu)
}
",
    );
    let stack: Vec<u32> = outcome.leaks[0].stack.iter().map(|s| s.1.0).collect();
    assert_eq!(stack, [9, 5]);
}

#[test]
fn locks_in_two_orders() {
    check(
        "
fn root() {
  a = mutex
  b = mutex
  go other(a, b)
  lock(a)
  lock(b) // leak: sync.Mutex.Lock
  unlock(b)
  unlock(a)
}
fn other(a, b) {
  lock(b)
  lock(a) // leak: sync.Mutex.Lock
  unlock(a)
  unlock(b)
}
",
    );
}

#[test]
fn locks_in_one_order() {
    check(
        "
fn root() {
  a = mutex
  b = mutex
  go other(a, b)
  lock(a)
  lock(b)
  unlock(b)
  unlock(a)
}
fn other(a, b) {
  lock(a)
  lock(b)
  unlock(a)
  unlock(b)
}
",
    );
}

#[test]
fn recursive_read_lock_with_a_waiting_writer() {
    check(
        "
fn root() {
  mu = rwmutex
  go writer(mu)
  rlock(mu)
  rlock(mu) // leak: sync.RWMutex.RLock
  runlock(mu)
  runlock(mu)
}
fn writer(mu) {
  lock(mu) // leak: sync.RWMutex.Lock
  unlock(mu)
}
",
    );
}

#[test]
fn readers_beside_each_other() {
    check(
        "
fn root() {
  mu = rwmutex
  go reader(mu)
  rlock(mu)
  runlock(mu)
}
fn reader(mu) {
  rlock(mu)
  runlock(mu)
}
",
    );
}

#[test]
fn missing_unlock_on_one_path() {
    check(
        "
fn root() {
  mu = mutex
  go other(mu)
  lock(mu)
  if ? early else late
early:
  return
late:
  unlock(mu)
}
fn other(mu) {
  lock(mu) // leak: sync.Mutex.Lock
  unlock(mu)
}
",
    );
}

#[test]
fn missed_signal() {
    check(
        "
fn root() {
  mu = mutex
  c = cond mu
  go waiter(mu, c)
  lock(mu)
  signal(c)
  unlock(mu)
}
fn waiter(mu, c) {
  lock(mu)
  condwait(c) // leak: sync.Cond.Wait
  unlock(mu)
}
",
    );
}

#[test]
fn signal_under_a_flag() {
    check(
        "
fn root() {
  mu = mutex
  c = cond mu
  ready = cell false
  go waiter(mu, c, ready)
  lock(mu)
  *ready = true
  broadcast(c)
  unlock(mu)
}
fn waiter(mu, c, ready) {
  lock(mu)
head:
  r = *ready
  if r out else again
again:
  condwait(c)
  goto head
out:
  unlock(mu)
}
",
    );
}

#[test]
fn panic_while_locked_and_recover() {
    check(
        "
fn root() {
  mu = mutex
  outer(mu)
  lock(mu) // leak: sync.Mutex.Lock
  unlock(mu)
}
fn outer(mu) {
  defer rescue()
  lock(mu)
  panics('1)
  unlock(mu)
}
fn rescue() {
  r = recover
}
",
    );
}

#[test]
fn deferred_unlock_survives_a_panic() {
    let outcome = check(
        "
fn root() {
  mu = mutex
  outer(mu)
  lock(mu)
  unlock(mu)
}
fn outer(mu) {
  defer rescue()
  lock(mu)
  defer unlock(mu)
  panics('1)
}
fn rescue() {
  r = recover
}
",
    );
    assert_eq!(outcome.panics, []);
}

#[test]
fn once_within_itself() {
    check(
        "
fn root() {
  o = once
  f = closure inner(o)
  do(o, f)
}
fn inner() captures (o) {
  f = closure nothing()
  do(o, f) // leak: sync.Mutex.Lock
}
fn nothing() {
}
",
    );
}

#[test]
fn a_loop_that_nothing_ends() {
    check(
        "
fn root() {
  t = ticker
  go daemon(t)
}
fn daemon(t) {
head:
  v = recv(t) // leak: running
  goto head
}
",
    );
}

#[test]
fn semaphore_slot_never_given_back() {
    check(
        "
fn root() {
  s = semaphore 1
  e = acquire(s)
  if ? early else late
early:
  e = acquire(s) // leak: select
  return
late:
  release(s)
  e = acquire(s)
}
",
    );
}
