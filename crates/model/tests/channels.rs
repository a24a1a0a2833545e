//! Channels and selects.

mod common;
use common::check;

#[test]
fn early_return_abandons_an_unbuffered_send() {
    let outcome = check(
        "
fn root() {
  ch = chan 0
  go worker(ch)
  err = pure()
  failed = err != nil
  if failed early else late
early:
  return
late:
  v = recv(ch)
  return
}
fn worker(ch) {
  send(ch, 1) // leak: chan send
}
",
    );
    let leak = &outcome.leaks[0];
    assert!(leak.root_ended);
    assert_eq!(leak.created_by.map(|c| c.1.0), Some(4));
    assert_eq!(leak.objects.iter().map(|o| o.1.0).collect::<Vec<_>>(), [3]);
    assert_eq!(leak.rescuers.iter().map(|o| o.1.0).collect::<Vec<_>>(), [11]);
    assert_eq!(leak.assumptions.len(), 1);
    assert_eq!(leak.assumptions[0].origin.map(|o| o.1.0), Some(5));
    assert_eq!(outcome.inconclusive, None);
}

#[test]
fn a_buffer_saves_the_sender() {
    check(
        "
fn root() {
  ch = chan 1
  go worker(ch)
  if ? early else late
early:
  return
late:
  v = recv(ch)
}
fn worker(ch) {
  send(ch, 1)
}
",
    );
}

#[test]
fn first_wins_leaves_the_others() {
    check(
        "
fn root(n) {
  n = size
  ch = chan 0
  i = 0
head:
  more = i < n
  if more body else out
body:
  go worker(ch)
  i = i + 1
  goto head
out:
  none = n == 0
  if none end else first
first:
  v = recv(ch)
end:
  return
}
fn worker(ch) {
  send(ch, 1) // leak: chan send
}
",
    );
}

#[test]
fn as_many_receives_as_sends() {
    let outcome = check(
        "
fn root() {
  n = size
  ch = chan 0
  i = 0
head:
  more = i < n
  if more body else mid
body:
  go worker(ch)
  i = i + 1
  goto head
mid:
  j = 0
head2:
  more = j < n
  if more body2 else out
body2:
  v = recv(ch)
  j = j + 1
  goto head2
out:
  return
}
fn worker(ch) {
  send(ch, 1)
}
",
    );
    assert_eq!(outcome.inconclusive, None);
}

#[test]
fn timeout_against_an_unbuffered_send() {
    check(
        "
fn root() {
  ch = chan 0
  go worker(ch)
  t = timer
  select {
    v = recv ch -> got
    recv t -> late
  }
got:
  return
late:
  return
}
fn worker(ch) {
  defer close(ch)
  send(ch, 1) // leak: chan send
  rundefers
}
",
    );
}

#[test]
fn range_over_a_channel_nobody_closes() {
    check(
        "
fn root() {
  ch = chan 0
  go worker(ch)
  send(ch, 1)
  send(ch, 2)
}
fn worker(ch) {
head:
  v, ok = recv(ch) // leak: chan receive
  if ok head else out
out:
  return
}
",
    );
}

#[test]
fn range_over_a_closed_channel_ends() {
    check(
        "
fn root() {
  ch = chan 0
  go worker(ch)
  defer close(ch)
  send(ch, 1)
  if ? a else b
a:
  rundefers
  return
b:
  send(ch, 2)
  rundefers
}
fn worker(ch) {
head:
  v, ok = recv(ch)
  if ok head else out
out:
  return
}
",
    );
}

#[test]
fn worker_with_a_done_channel() {
    check(
        "
fn root() {
  jobs = chan 0
  done = chan 0
  go worker(jobs, done)
  send(jobs, 1)
  close(done)
}
fn worker(jobs, done) {
head:
  select { v = recv jobs -> head; recv done -> out }
out:
  return
}
",
    );
}

#[test]
fn worker_whose_done_channel_is_forgotten() {
    check(
        "
fn root() {
  jobs = chan 0
  done = chan 0
  go worker(jobs, done)
  send(jobs, 1)
}
fn worker(jobs, done) {
head:
  select { // leak: select
    v = recv jobs -> head
    recv done -> out
  }
out:
  return
}
",
    );
}

#[test]
fn nil_channels() {
    check(
        "
fn root() {
  ch = nil
  go sender(ch)
  go receiver(ch)
  go nobody()
}
fn sender(ch) {
  send(ch, 1) // leak: chan send (nil chan)
}
fn receiver(ch) {
  v = recv(ch) // leak: chan receive (nil chan)
}
fn nobody() {
  select {} // leak: select (no cases)
}
",
    );
}

#[test]
fn closing_twice_panics() {
    let outcome = check(
        "
fn root() {
  ch = chan 0
  close(ch)
  close(ch)
}
",
    );
    assert_eq!(outcome.panics.iter().map(|p| p.1.0).collect::<Vec<_>>(), [5]);
}

#[test]
fn open_objects_never_block() {
    check(
        "
fn root(p) {
  ch = chan 0
  escape(ch)
  go worker(ch)
  v = recv(p)
  other = p.3
  send(other, 1)
  mu = part p.4 mutex
  lock(mu)
  lock(mu)
}
fn worker(ch) {
  send(ch, 1)
  v = recv(ch)
}
",
    );
}

#[test]
fn a_returned_receive_end_saves_senders_only() {
    check(
        "
fn root() -> (out) {
  ch = chan 0
  other = chan 0
  go sender(ch)
  go receiver(other)
  out = recvonly ch
  opaque(out)
  r = recvonly other
  opaque(r)
}
fn sender(ch) {
  send(ch, 1)
}
fn receiver(ch) {
  v = recv(ch) // leak: chan receive
}
",
    );
}

#[test]
fn try_send_may_miss_a_late_receiver() {
    check(
        "
fn root() {
  ch = chan 0
  go worker(ch)
  select { send ch, 1 -> out; default -> out }
out:
  return
}
fn worker(ch) {
  v = recv(ch) // leak: chan receive
}
",
    );
}

#[test]
fn replies_travel_in_values() {
    check(
        "
fn root() {
  requests = chan 0
  go server(requests)
  reply = chan 0
  send(requests, reply)
  v = recv(reply)
  close(requests)
}
fn server(requests) {
head:
  reply, ok = recv(requests)
  if ok answer else out
answer:
  send(reply, 1)
  goto head
out:
  return
}
",
    );
}

#[test]
fn a_deadlock_of_all() {
    let outcome = check(
        "
main fn root() {
  a = chan 0
  b = chan 0
  go other(a, b)
  send(a, 1) // leak: chan send
  v = recv(b)
}
fn other(a, b) {
  send(b, 1) // leak: chan send
  v = recv(a)
}
",
    );
    assert!(outcome.deadlock);
}

#[test]
fn the_end_of_main_ends_all() {
    let outcome = check(
        "
main fn root() {
  ch = chan 0
  go worker(ch)
  v = recv(ch)
}
fn worker(ch) {
  send(ch, 1)
  yield()
  lock(nil)
}
",
    );
    assert!(!outcome.deadlock);
}

#[test]
fn a_closed_channel_gives_the_zero() {
    let program = |receive: &str| {
        format!(
            "
fn root() {{
  ch = chan 0
  done = chan 0
  go worker(ch, done)
  {receive}
got:
  failed = err != nil
  if failed early else late
early:
  return
late:
  recv(done)
  return
}}
fn worker(ch, done) {{
  close(ch)
  send(done, 1) {{}}
}}
"
        )
    };
    for (receive, leaks) in [
        ("err = recv(ch, nil)\n  goto got", false),
        ("err = recv(ch)\n  goto got", true),
        ("select {\n    err = recv ch, nil -> got\n  }", false),
        ("select {\n    err = recv ch -> got\n  }", true),
    ] {
        let mark = if leaks { "// leak: chan send" } else { "" };
        check(&program(receive).replace("{}", mark));
    }
}

#[test]
fn the_first_of_a_queue_is_taken_out() {
    check(
        "
fn root() {
  a = chan 0
  b = chan 0
  go worker(a)
  go worker(b)
  queue = append(nil, a)
  queue = append(queue, b)
  first = get(queue, 0)
  queue = part_of(queue, 1, nil)
  left = len(queue)
  one = left == 1
  if one go_on else never
go_on:
  send(first, 1)
  first = get(queue, 0)
  queue = part_of(queue, 1, nil)
  send(first, 1)
  left = len(queue)
  none = left == 0
  if none over else never
over:
  return
never:
  v = recv(a)
}
fn worker(c) {
  v = recv(c)
}
",
    );
}
