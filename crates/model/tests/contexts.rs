//! Contexts, timers, callbacks.

mod common;
use common::{check, check_with};
use stanch_model::{ArgSpec, OpenKind};

const WORKER: &str = "
fn worker(ctx) {
  d = ctxdone(ctx)
head:
  select { recv d -> out; default -> again }
again:
  yield()
  goto head
out:
  return
}
fn waiter(ctx) {
  d = ctxdone(ctx)
  v = recv(d)WAITER
}
";

fn with_workers(root: &str, waiter: &str) -> String {
    format!("{root}{}", WORKER.replace("WAITER", waiter))
}

#[test]
fn cancelled_in_the_end() {
    check(&with_workers(
        "
fn root() {
  ctx, cancel = context cancel nil
  defer *cancel()
  go worker(ctx)
  go waiter(ctx)
  rundefers
}
",
        "",
    ));
}

#[test]
fn cancelled_on_one_path_only() {
    check(&with_workers(
        "
fn root() {
  ctx, cancel = context cancel nil
  go waiter(ctx)
  if ? early else late
early:
  return
late:
  *cancel()
}
",
        " // leak: chan receive",
    ));
}

#[test]
fn a_deadline_comes() {
    check(&with_workers(
        "
fn root() {
  ctx = context deadline nil
  go worker(ctx)
  go waiter(ctx)
}
",
        "",
    ));
}

#[test]
fn the_callers_context_ends_some_day() {
    let text = with_workers(
        "
fn root(parent) {
  ctx = context cancel parent
  go waiter(ctx)
  go waiter(parent)
}
",
        "",
    );
    check_with(&text, &[ArgSpec::Open(OpenKind::Context)]);
    check(&text);
}

#[test]
fn the_background_context_never_ends() {
    check(&with_workers(
        "
fn root() {
  go waiter(nil)
}
",
        " // leak: chan receive (nil chan)",
    ));
}

#[test]
fn a_child_ends_with_its_parent() {
    check(&with_workers(
        "
fn root() {
  parent, cancel = context cancel nil
  ctx, other = context cancel parent
  go waiter(ctx)
  *cancel()
}
",
        "",
    ));
}

#[test]
fn a_detached_child_does_not() {
    check(&with_workers(
        "
fn root() {
  parent, cancel = context cancel nil
  detached = context detached parent
  ctx, other = context cancel detached
  go waiter(ctx)
  *cancel()
}
",
        " // leak: chan receive",
    ));
}

#[test]
fn handing_the_cancel_function_on_is_not_losing_it() {
    check(&with_workers(
        "
fn root() -> (cancel) {
  ctx, cancel = context cancel nil
  go waiter(ctx)
}
",
        "",
    ));
}

#[test]
fn handing_the_context_on_is_losing_it() {
    check(&with_workers(
        "
fn root() -> (ctx) {
  ctx, cancel = context cancel nil
  go waiter(ctx)
}
",
        " // leak: chan receive",
    ));
}

#[test]
fn a_timer_fires_once() {
    check(
        "
fn root() {
  t = timer
  v = recv(t)
  v = recv(t) // leak: chan receive
}
",
    );
}

#[test]
fn a_stopped_callback_does_not_run() {
    check(
        "
fn root() {
  ch = chan 0
  f = closure callback(ch)
  t = afterfunc f
  was = stop(t)
  if was out else late
late:
  v = recv(ch)
out:
  return
}
fn callback() captures (ch) {
  send(ch, 1)
}
",
    );
}

#[test]
fn a_callback_runs_on_its_own_goroutine() {
    check(
        "
fn root() {
  ch = chan 0
  f = closure callback(ch)
  t = afterfunc f
}
fn callback() captures (ch) {
  send(ch, 1) // leak: chan send
}
",
    );
}

#[test]
fn a_callback_of_a_context() {
    check(
        "
fn root() {
  ctx, cancel = context cancel nil
  ch = chan 0
  f = closure callback(ch)
  t = aftercontext ctx f
  *cancel()
  v = recv(ch)
}
fn callback() captures (ch) {
  send(ch, 1)
}
",
    );
}

#[test]
fn methods_and_fields() {
    check(
        "
method 5 1 = halt
fn root() {
  s = struct
  q = chan 0
  s.0 = q
  mu = part s.1 mutex
  go loop(s)
  i = tag 5 s
  i.1()
}
fn loop(s) {
  q = s.0
  v = recv(q)
}
fn halt(s) {
  mu = part s.1 mutex
  lock(mu)
  q = s.0
  close(q)
  unlock(mu)
}
",
    );
}

#[test]
fn workers_in_a_sequence() {
    check(
        "
fn root() {
  n = size
  all = nil
  i = 0
head:
  more = i < n
  if more body else stopping
body:
  ch = chan 0
  go worker(ch)
  all = append(all, ch)
  i = i + 1
  goto head
stopping:
  i = 0
  len = len(all)
head2:
  more = i < len
  if more body2 else out
body2:
  ch = get(all, i)
  close(ch)
  i = i + 1
  goto head2
out:
  return
}
fn worker(ch) {
  v = recv(ch)
}
",
    );
}

#[test]
fn a_registry_without_unregister() {
    check(
        "
fn root() {
  m = map
  ch = chan 0
  mapset(m, '1, ch)
  go worker(ch)
  c, ok = mapget(m, '1)
  if ok found else out
found:
  close(c)
out:
  c2, ok = mapget(m, '2)
  if ok bad else end
bad:
  close(ch)
end:
  return
}
fn worker(ch) {
  v = recv(ch)
}
",
    );
}

#[test]
fn type_switches_decide_once() {
    check(
        "
fn root(x) {
  ch = chan 0
  typeswitch x { [1 2] a; nil b; else c }
a:
  go worker(ch)
  goto b
c:
  goto b
b:
  y, ok = assert [1 2] x
  if ok d else e
d:
  close(ch)
e:
  return
}
fn worker(ch) {
  v = recv(ch)
}
",
    );
}
