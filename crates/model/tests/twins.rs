//! The reduced explorer against its naive twin, on random programs.

use stanch_model::{LeakKind, Limits, Outcome, Program, WaitReason, explore};
use std::collections::BTreeSet;
use std::fmt::Write;

const N_PROGRAMS: u64 = if cfg!(debug_assertions) { 6_000 } else { 60_000 };

/// A small linear generator with a mixed output (a PRNG for tests only).
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 33) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

const SHARED: &str = "c, d, m, r, w, k, x, stopx, var, u, o, t, s";

/// A body of random operations on the shared objects.
fn body(random: &mut Random, n: u64, functions: u64, label: &mut u32, text: &mut String) {
    for _ in 0..n {
        let chan = random.pick(&["c", "d", "c", "d", "q"]);
        let line = match random.below(33) {
            0..=3 => format!("send({chan}, 1)"),
            4..=7 => format!("v, ok = recv({chan})"),
            8 => format!("close({chan})"),
            9 | 10 => "lock(m)".to_owned(),
            11 | 12 => "unlock(m)".to_owned(),
            13 => random.pick(&["rlock(r)", "lock(r)", "runlock(r)", "unlock(r)"]).to_owned(),
            14 => random.pick(&["add(w, 1)", "done(w)", "wait(w)"]).to_owned(),
            15 => random.pick(&["condwait(k)", "signal(k)", "broadcast(k)"]).to_owned(),
            16 => {
                random.pick(&["v = recv(x)", "*stopx()", "e = ctxerr(x)", "v = recv(t)"]).to_owned()
            }
            17 => "yield()".to_owned(),
            18 => random.pick(&["*var = true", "*var = false", "*var = c"]).to_owned(),
            19 => "defer unlock(m)".to_owned(),
            20 => "defer done(w)".to_owned(),
            21 => random.pick(&["escape(c)", "escape(stopx)", "escape(var)"]).to_owned(),
            22 => "q = chan 1".to_owned(),
            23 => random
                .pick(&["do(o, p)", "e = acquire(s)", "release(s)", "n = chanlen(c)"])
                .to_owned(),
            24 => "got = trylock(m)".to_owned(),
            25 | 26 => {
                let to = random.below(functions);
                let how = random.pick(&["go ", "go ", "", "defer "]);
                format!("{how}f{to}({SHARED}, q)")
            }
            27 => {
                let old = random.pick(&["send(c, q)", "q, ok = recv(d)", "q = c", "q = d"]);
                old.to_owned()
            }
            _ => {
                branch(random, functions, label, text);
                continue;
            }
        };
        let _ = writeln!(text, "  {line}");
    }
}

/// A branch, loop or select around smaller bodies.
fn branch(random: &mut Random, functions: u64, label: &mut u32, text: &mut String) {
    *label += 1;
    let l = *label;
    let chan = random.pick(&["c", "d", "q", "x", "t"]);
    let other = random.pick(&["c", "d", "q"]);
    match random.below(5) {
        0 | 1 => {
            let cond = random.pick(&["u", "u", "?", "ok", "got"]);
            let _ = writeln!(text, "  if {cond} a{l} else b{l}\na{l}:");
            body(random, 1, functions, label, text);
            let _ = writeln!(text, "  goto e{l}\nb{l}:");
            body(random, 1, functions, label, text);
            let _ = writeln!(text, "e{l}:");
        }
        2 => {
            let _ = writeln!(text, "  y{l} = *var\n  if y{l} a{l} else b{l}\na{l}:");
            body(random, 1, functions, label, text);
            let _ = writeln!(text, "b{l}:");
        }
        3 => {
            let default =
                if random.one_in(3) { format!("; default -> e{l}") } else { String::new() };
            let _ = writeln!(
                text,
                "  select {{ v, ok = recv {chan} -> a{l}; send {other}, 1 -> b{l}{default} }}\na{l}:"
            );
            body(random, 1, functions, label, text);
            let _ = writeln!(text, "  goto e{l}\nb{l}:");
            body(random, 1, functions, label, text);
            let _ = writeln!(text, "e{l}:");
        }
        _ => {
            let _ = writeln!(text, "h{l}:");
            body(random, 2, functions, label, text);
            let cond = random.pick(&["u", "?", "ok"]);
            let _ = writeln!(text, "  if {cond} h{l} else e{l}\ne{l}:");
        }
    }
}

fn program(random: &mut Random) -> String {
    let functions = 1 + random.below(3);
    let caps = (random.below(2), random.below(3) / 2);
    let main = if random.one_in(4) { "main " } else { "" };
    let mut text = format!(
        "{main}fn root(u) {{\n  c = chan {}\n  d = chan {}\n  m = mutex\n  r = rwmutex\n  w = waitgroup\n  \
         k = cond m\n  x, stopx = context cancel nil\n  var = cell false\n  o = once\n  t = timer\n  \
         s = semaphore 1\n  q = nil\n  ok = false\n  got = false\n  p = closure p()\n",
        caps.0, caps.1
    );
    let mut label = 0;
    for f in 0..functions {
        let copies = 1 + random.below(2);
        for _ in 0..copies {
            let _ = writeln!(text, "  go f{f}({SHARED}, q)");
        }
    }
    let n = 2 + random.below(4);
    body(random, n, functions, &mut label, &mut text);
    text.push_str("}\nfn p() {\n  yield()\n}\n");
    for f in 0..functions {
        let _ = writeln!(
            text,
            "fn f{f}({SHARED}, q) {{\n  ok = false\n  got = false\n  p = closure p()"
        );
        let n = 1 + random.below(4);
        body(random, n, functions, &mut label, &mut text);
        text.push_str("}\n");
    }
    text
}

type Verdict = BTreeSet<(LeakKind, u32, u32, Option<u32>, WaitReason)>;

fn verdict(outcome: &Outcome) -> Verdict {
    let leaks = outcome.leaks.iter().map(|l| {
        let blocked = l.kind == LeakKind::BlockedForEver;
        let at = if blocked { l.stack.first().map_or(0, |s| s.1.0) } else { 0 };
        let created = if blocked { None } else { l.created_by.map(|c| c.1.0) };
        (l.kind, l.entry.raw(), at, created, l.wait)
    });
    leaks.collect()
}

#[test]
fn reductions_change_no_verdict() {
    let limits = Limits {
        states: 3_000,
        instructions: 400_000,
        goroutines_per_site: 3,
        goroutines: 6,
        ..Limits::default()
    };
    let naive_limits = Limits { reduce: false, ..limits };
    let (mut compared, mut leaking, mut widened) = (0, 0, 0);
    let (mut states, mut naive_states) = (0u64, 0u64);
    for seed in 0..N_PROGRAMS {
        let text = program(&mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0xabcd));
        let program = Program::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let root = program.function_named("root").expect("a root");
        let naive = explore(&program, root, &[], &naive_limits);
        let reduced = explore(&program, root, &[], &limits);
        if naive.inconclusive.is_some() {
            continue;
        }
        assert!(reduced.n_states <= naive.n_states.max(limits.states), "{text}");
        compared += 1;
        leaking += u32::from(!naive.leaks.is_empty());
        states += u64::from(reduced.n_states);
        naive_states += u64::from(naive.n_states);
        assert_eq!(reduced.inconclusive, None, "seed {seed}\n{text}");
        assert_eq!(verdict(&naive), verdict(&reduced), "seed {seed}\n{text}");
        assert_eq!(naive.deadlock, reduced.deadlock, "seed {seed}\n{text}");
        let wide = explore(&program, root, &[], &Limits { alike: 1, ..limits });
        widened += u32::from(wide.n_states != reduced.n_states);
        let sure =
            Outcome { leaks: wide.leaks.into_iter().filter(|l| !l.widened).collect(), ..wide };
        let sure: Verdict =
            verdict(&sure).into_iter().filter(|l| l.0 == LeakKind::BlockedForEver).collect();
        assert!(sure.is_subset(&verdict(&naive)), "seed {seed}\n{text}");
        // What is proved of a part of the states holds with all of them, unless the process ends there.
        let cut = explore(&program, root, &[], &Limits { states: 12, ..limits });
        let proved: Verdict =
            verdict(&cut).into_iter().filter(|l| l.0 == LeakKind::BlockedForEver).collect();
        assert!(
            proved.is_subset(&verdict(&naive)) || !naive.panics.is_empty(),
            "seed {seed}\n{text}"
        );
        let panics = |o: &Outcome| o.panics.iter().copied().collect::<BTreeSet<_>>();
        // Once one is sure, nobody else is followed to another.
        assert!(panics(&reduced).is_subset(&panics(&naive)), "seed {seed}\n{text}");
        assert_eq!(naive.panics.is_empty(), reduced.panics.is_empty(), "seed {seed}\n{text}");
    }
    println!("{compared} compared, {leaking} with leaks, {states} states for {naive_states}");
    assert!(compared * 2 > N_PROGRAMS as u32, "too few programs are small: {compared}");
    assert!(leaking * 4 > compared, "too few programs leak: {leaking} of {compared}");
    assert!(widened > 10, "values are forgotten too seldom: {widened} of {compared}");
    assert!(states * 10 < naive_states * 9, "{states} states for {naive_states}");
}
