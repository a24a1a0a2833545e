//! Slices against the whole, on random small programs: who is blocked for ever in a slice is so in the
//! whole, and the other way round.

use super::{Detail, Grouped, Keep, Kind, Scopes, Tree, Ways, emit};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_model::{ArgSpec, FnId, LeakKind, Limits, Outcome, Program, UnknownKind, explore};
use std::collections::BTreeSet;
use std::fmt::Write;

const N_PROGRAMS: u64 = if cfg!(debug_assertions) { 2_000 } else { 10_000 };

/// A small linear generator with a mixed output.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        (mixed >> 33) % n
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len() as u64) as usize]
    }
}

const SHARED: &str = "c, d, m, n, r, w, h, x, stopx, u";

/// A body of random operations on the shared objects. `functions`: those that may be called.
fn body(
    random: &mut Random,
    n: u64,
    functions: std::ops::Range<u64>,
    label: &mut u32,
    text: &mut String,
) {
    for _ in 0..n {
        *label += 1;
        let l = *label;
        let chan = random.pick(&["c", "d"]);
        let mutex = random.pick(&["m", "n", "r"]);
        match random.below(20) {
            0..=2 => drop(writeln!(text, "  send({chan}, 1)")),
            3..=5 => drop(writeln!(text, "  v, ok = recv({chan})")),
            6..=8 => {
                let _ = writeln!(text, "  lock({mutex})");
                body(random, 1, functions.clone(), label, text);
                let _ = writeln!(text, "  unlock({mutex})");
            }
            9 => {
                let _ = writeln!(text, "  rlock(r)");
                body(random, 1, functions.clone(), label, text);
                let _ = writeln!(text, "  runlock(r)");
            }
            10 => drop(writeln!(text, "  {}", random.pick(&["wait(w)", "done(w)", "wait(w)"]))),
            11 => drop(writeln!(text, "  {}", random.pick(&["*stopx()", "v = recv(x)"]))),
            12 => drop(writeln!(text, "  k{l} = h.0\n  send(k{l}, 1)")),
            13 => drop(writeln!(text, "  k{l} = h.0\n  v, ok = recv(k{l})")),
            14 | 15 if functions.start < functions.end => {
                let to = functions.start + random.below(functions.end - functions.start);
                let how = random.pick(&["go ", "", ""]);
                let _ = writeln!(text, "  {how}f{to}({SHARED})");
            }
            16 => {
                let other = random.pick(&["recv c", "recv d", "recv x", "send d, 1"]);
                let default = random.pick(&["", &format!("; default -> e{l}")]).to_owned();
                let _ = writeln!(
                    text,
                    "  select {{ recv {chan} -> a{l}; {other} -> b{l}{default} }}\na{l}:"
                );
                body(random, 1, functions.clone(), label, text);
                let _ = writeln!(text, "  goto e{l}\nb{l}:\n  goto e{l}\ne{l}:");
            }
            _ => {
                let cond = random.pick(&["u", "u", "?", "ok"]);
                let _ = writeln!(text, "  if {cond} a{l} else b{l}\na{l}:");
                body(random, 1, functions.clone(), label, text);
                let _ = writeln!(text, "  goto e{l}\nb{l}:");
                if random.below(3) == 0 {
                    let _ = writeln!(text, "  return\nz{l}:");
                }
                let _ = writeln!(text, "  goto e{l}\ne{l}:");
            }
        }
    }
}

fn program(random: &mut Random) -> String {
    let functions = 1 + random.below(3);
    let mut label = 0;
    let mut text = format!(
        "fn root(u) {{\n  c = chan {}\n  d = chan {}\n  m = mutex\n  n = mutex\n  r = rwmutex\n  \
         w = waitgroup\n  x, stopx = context cancel nil\n  h = struct\n  h.0 = {}\n  ok = false\n",
        random.below(2),
        random.below(2),
        random.pick(&["c", "d"])
    );
    let added = random.below(3);
    if added > 0 {
        let _ = writeln!(text, "  add(w, {added})");
    }
    for f in 0..functions {
        let _ = writeln!(text, "  go f{f}({SHARED})");
    }
    let n = 1 + random.below(4);
    body(random, n, 0..functions, &mut label, &mut text);
    text.push_str(random.pick(&["", "  *stopx()\n", "  close(c)\n", "  close(d)\n"]));
    text.push_str("  return\n}\n");
    for f in 0..functions {
        let _ = writeln!(text, "fn f{f}({SHARED}) {{\n  ok = false");
        if random.below(3) == 0 {
            text.push_str("  defer done(w)\n");
        }
        let n = 1 + random.below(3);
        body(random, n, f + 1..functions, &mut label, &mut text);
        text.push_str("  rundefers\n  return\n}\n");
    }
    text
}

type Verdict = BTreeSet<(u32, u32)>;

/// First function and place of the goroutines that are blocked for ever.
fn verdict(leaks: impl Iterator<Item = stanch_model::Leak>) -> Verdict {
    leaks
        .filter(|l| l.kind == LeakKind::BlockedForEver)
        .map(|l| (l.entry.raw(), l.stack.first().map_or(0, |s| s.1.0)))
        .collect()
}

fn limits() -> Limits {
    Limits { states: 6_000, instructions: 600_000, goroutines: 8, ..Limits::default() }
}

/// What the slices say together; none if one of them is not explored to its end.
fn sliced(model: &Program, root: FnId) -> Option<(Verdict, Vec<String>)> {
    let (none, parts) = (FxHashSet::default(), FxHashMap::default());
    let scopes = Scopes::new(model, &parts, &none, &[]);
    let tree = Tree::of(&scopes, root);
    let mut covered: FxHashSet<u32> = FxHashSet::default();
    let mut all = Verdict::new();
    let mut texts = Vec::new();
    for seed in scopes.seeds(root) {
        if covered.contains(&seed) {
            continue;
        }
        let group = match scopes.group(root, seed, &tree) {
            Grouped::Group(group) => group,
            Grouped::Harmless => continue,
            Grouped::TooLarge => return None,
        };
        covered.extend(&group.classes);
        let keep =
            Keep::of(&scopes, root, &group.classes, &group.carrying, &tree, (None, Detail::Full))?;
        let slice = emit(&keep, Ways::Folded);
        let outcome = run(&slice.program, slice.root)?;
        texts.push(slice.program.to_string());
        all.extend(verdict(outcome.leaks.into_iter().map(|l| slice.lift(l))));
    }
    Some((all, texts))
}

fn run(program: &Program, root: FnId) -> Option<Outcome> {
    let outcome = explore(program, root, &[ArgSpec::Unknown(UnknownKind::Any)], &limits());
    (outcome.inconclusive.is_none() && outcome.panics.is_empty()).then_some(outcome)
}

#[test]
fn slices_say_what_the_whole_says() {
    let (mut compared, mut leaking) = (0, 0);
    for seed in 0..N_PROGRAMS {
        let text = program(&mut Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x51ce));
        let model = Program::parse(&text).unwrap_or_else(|e| panic!("{e}\n{text}"));
        let root = model.function_named("root").expect("a root");
        let (Some(whole), Some((slices, texts))) = (run(&model, root), sliced(&model, root)) else {
            continue;
        };
        let whole = verdict(whole.leaks.into_iter());
        compared += 1;
        leaking += u64::from(!whole.is_empty());
        let say = || format!("seed {seed}\n{text}\n{}", texts.join("\n"));
        let only = |a: &Verdict, b: &Verdict| a.difference(b).copied().collect::<Vec<_>>();
        assert_eq!(only(&slices, &whole), [], "only in a slice; {}", say());
        assert_eq!(only(&whole, &slices), [], "only in the whole; {}", say());
    }
    assert!(compared * 3 > N_PROGRAMS, "too few programs are small: {compared}");
    assert!(leaking * 4 > compared, "too few programs leak: {leaking} of {compared}");
}

#[test]
fn kinds_of_seeds() {
    let model = Program::parse("fn root() {\n  c = chan 0\n  m = mutex\n  t = map\n}\n");
    let model = model.expect("a program");
    let (none, parts) = (FxHashSet::default(), FxHashMap::default());
    let scopes = Scopes::new(&model, &parts, &none, &[]);
    let root = model.function_named("root").expect("a root");
    let kinds = scopes.seeds(root).into_iter().map(|s| scopes.made[&s][0].1);
    assert_eq!(kinds.collect::<Vec<_>>(), [Kind::Wait, Kind::Lock]);
}
