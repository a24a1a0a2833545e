//! How much is left out where goroutines have nothing to do with each other, and that nothing is lost by it.

use stanch_model::{Inconclusive, Limits, Outcome, Program, explore};

/// Explores a program with and without reduction.
fn both(text: &str) -> (Outcome, Outcome) {
    let program = Program::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let root = program.function_named("root").expect("a root");
    let naive = Limits { reduce: false, ..Limits::default() };
    (explore(&program, root, &[], &naive), explore(&program, root, &[], &Limits::default()))
}

/// Pairs that meet on channels of their own, all of which everybody can reach.
fn pairs(n: usize, steps: usize) -> String {
    let mut text = String::from("fn root() {\n  all = struct\n");
    for pair in 0..n {
        text += &format!("  c{pair} = chan 0\n  all.{pair} = c{pair}\n");
    }
    for pair in 0..n {
        text += &format!("  go send{pair}(all)\n  go recv{pair}(all)\n");
    }
    text += "}\n";
    for pair in 0..n {
        let sends = "  send(c, 1)\n".repeat(steps);
        let receives = "  _ = recv(c)\n".repeat(steps - 1);
        text += &format!("fn send{pair}(all) {{\n  c = all.{pair}\n{sends}}}\n");
        text += &format!("fn recv{pair}(all) {{\n  c = all.{pair}\n{receives}}}\n");
    }
    text
}

#[test]
fn groups_that_meet_do_not_multiply() {
    let (naive, reduced) = both(&pairs(3, 4));
    assert_eq!((naive.inconclusive, reduced.inconclusive), (None, None));
    assert_eq!((naive.leaks.len(), reduced.leaks.len()), (3, 3));
    assert!(naive.n_states > 5 * reduced.n_states, "{} of {}", reduced.n_states, naive.n_states);
}

#[test]
fn a_lock_of_one_class_is_not_one_of_another() {
    let text = "
fn root() {
  all = struct
  a = part all.0 mutex
  b = part all.1 mutex
  go first(all)
  go second(all)
}
fn first(all) {
  m = part all.0 mutex
  lock(m)
  unlock(m)
  lock(m)
  unlock(m)
}
fn second(all) {
  m = part all.1 mutex
  lock(m)
  unlock(m)
  lock(m)
  lock(m)
}
";
    let (naive, reduced) = both(text);
    assert_eq!((naive.leaks.len(), reduced.leaks.len()), (1, 1));
    assert!(naive.n_states > 2 * reduced.n_states, "{} of {}", reduced.n_states, naive.n_states);
}

#[test]
fn who_runs_a_once_frees_those_who_wait_for_it() {
    let text = "
fn root() {
  o = once
  d = chan 1
  e = chan 0
  p = closure fill(d)
  go runs(o, p, d)
  go runs(o, p, e)
}
fn runs(o, p, d) {
  select { send d, 1 -> on; recv ? -> on }
on:
  do(o, p)
}
fn fill(d) {
  yield()
  select { send d, 1 -> on; recv d -> on }
on:
}
";
    let program = Program::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let root = program.function_named("root").expect("a root");
    for states in [4, 8, 12, 16, 24, 200] {
        let outcome = explore(&program, root, &[], &Limits { states, ..Limits::default() });
        assert!(outcome.leaks.is_empty(), "{states}: {:?}", outcome.leaks);
    }
}

#[test]
fn recursion_is_cut_where_the_limit_says() {
    let text = "
fn root() {
  c = chan 0
  deeper(c)
}
fn deeper(c) {
  go stays(c)
  yield()
  deeper(c)
}
fn stays(c) {
  _ = recv(c)
}
";
    let program = Program::parse(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    let root = program.function_named("root").expect("a root");
    let states = |recursion: u32| {
        let outcome = explore(&program, root, &[], &Limits { recursion, ..Limits::default() });
        assert_eq!(outcome.inconclusive, Some(Inconclusive::Depth));
        outcome.n_states
    };
    assert!([1, 2, 3].map(states).is_sorted_by(|a, b| a < b), "{:?}", [1, 2, 3].map(states));
}
