//! States that differ only in plain values, brought together: where many of them are alike, what they
//! differ in is forgotten.
//!
//! Two states are alike if they are the same but for numbers, booleans, nil and unknowns in slots,
//! variables and containers. After so many that are alike, the next ones get a new unknown wherever they
//! differ from the first. Such a state can do everything that each of them can, and more; so a schedule
//! through it may not be one of the program, which leaks say of themselves.

use crate::canon::{Canon, Key, goroutine_words, hash, object_words};
use crate::state::*;
use crate::value::{Shape, Value};
use stanch_base::FxHashMap;

/// What was seen of states that are alike.
struct Alike {
    n: u32,
    /// Their values, in the first of them.
    first: Vec<u64>,
    /// Where others have other ones.
    varies: Vec<bool>,
}

/// All kinds of states so far.
#[derive(Default)]
pub(crate) struct Widening {
    kinds: FxHashMap<Key, Alike>,
    /// The outline of the present state, and its plain values.
    words: Vec<u64>,
    values: Vec<u64>,
}

impl Widening {
    /// Forgets in a canonical state what states like it differ in, if there are more than `most`; the
    /// new key if anything was forgotten. The order of goroutines stays.
    pub(crate) fn widen(&mut self, st: &mut State, most: u32, canon: &mut Canon) -> Option<Key> {
        let kind = outline(st, &mut self.words, &mut self.values);
        let values = &self.values;
        let alike = self.kinds.entry(kind).or_insert_with(|| Alike {
            n: 0,
            varies: vec![false; values.len()],
            first: values.clone(),
        });
        alike.n = alike.n.saturating_add(1);
        if alike.first.len() != values.len() {
            return None;
        }
        for (n, value) in values.iter().enumerate() {
            alike.varies[n] |= *value != alike.first[n];
        }
        if alike.n <= most || !alike.varies.contains(&true) {
            return None;
        }
        forget(st, &alike.varies);
        Some(canon.canonicalise(st, false))
    }
}

/// What a state is but for its plain values, and these in order.
fn outline(st: &State, words: &mut Vec<u64>, values: &mut Vec<u64>) -> Key {
    words.clear();
    values.clear();
    let flags = [st.root_ended, st.exited, st.main_returned];
    words.push(flags.iter().fold(0, |word, flag| word << 1 | u64::from(*flag)));
    for g in &st.gs {
        let mut n = 0;
        let n_slots = g.slots.len();
        goroutine_words(g, words, &mut |v| {
            n += 1;
            if n <= n_slots { part(st, v, values) } else { whole(st, v) }
        });
    }
    st.globals.iter().for_each(|v| words.push(part(st, *v, values)));
    for object in st.heap.iter() {
        object_words(object, words);
        let holds = holds_values(&object.data);
        object.data.each_value(&mut |v| {
            words.push(if holds { part(st, v, values) } else { whole(st, v) });
        });
    }
    hash(words.iter().copied())
}

/// Objects whose values may be forgotten.
fn holds_values(data: &Data) -> bool {
    matches!(
        data,
        Data::Cell(_)
            | Data::Struct(_)
            | Data::Seq(_)
            | Data::Map(_)
            | Data::Closure { .. }
            | Data::Chan { .. }
    )
}

/// A value as part of the outline; a plain one is put down apart.
fn part(st: &State, value: Value, values: &mut Vec<u64>) -> u64 {
    match plain(st, value) {
        Some(word) => {
            values.push(word);
            u64::MAX
        }
        None => st.resolve(value).word(),
    }
}

/// A value that stays; unknowns are not told apart.
fn whole(st: &State, value: Value) -> u64 {
    let value = st.resolve(value);
    match value.shape() {
        Shape::Unknown(_) => plain(st, value).unwrap_or_else(|| value.renumbered(0).word()),
        _ => value.word(),
    }
}

/// A value that is no reference, as a word.
fn plain(st: &State, value: Value) -> Option<u64> {
    let value = st.resolve(value);
    if value.tag() != 0 {
        return None;
    }
    match value.shape() {
        Shape::Nil | Shape::Bool(_) | Shape::Int(_) | Shape::Sym(_) => Some(value.word()),
        Shape::Unknown(id) => {
            let fact = st.facts.get(id as usize)?;
            if fact.tag != 0 {
                return None;
            }
            let words = [
                u64::from(fact.non_nil) << 1 | u64::from(fact.size),
                u64::from(fact.lo as u32) << 32 | u64::from(fact.hi as u32),
            ];
            let not = fact.not.iter().filter(|v| !v.is_reference()).map(|v| v.word());
            Some(hash(words.into_iter().chain(not)).0 | 8)
        }
        Shape::Func(_) | Shape::Ref(..) => None,
    }
}

/// Puts a new unknown for each plain value that varies.
fn forget(st: &mut State, varies: &[bool]) {
    let mut gs = std::mem::take(&mut st.gs);
    let mut globals = std::mem::take(&mut st.globals);
    let mut heap = std::mem::take(&mut st.heap);
    let mut n = 0;
    let mut one = |value: Value| {
        if plain(st, value).is_none() {
            return value;
        }
        n += 1;
        if varies.get(n - 1) != Some(&true) {
            return value;
        }
        st.facts.push(Fact {
            is: None,
            origin: NONE,
            non_nil: false,
            size: false,
            lo: i32::MIN,
            hi: i32::MAX,
            tag: 0,
            not: Vec::new(),
        });
        Value::unknown(st.facts.len() as u32 - 1)
    };
    gs.iter_mut().flat_map(|g| g.slots.iter_mut()).for_each(|v| *v = one(*v));
    globals.iter_mut().for_each(|v| *v = one(*v));
    for id in 0..heap.len() {
        if holds_values(&heap[id].data)
            && let Some(object) = heap.get_mut(id)
        {
            object.data.map_values(&mut one);
        }
    }
    (st.gs, st.globals, st.heap) = (gs, globals, heap);
}

#[cfg(test)]
mod tests {
    use crate::{Limits, Outcome, Program, explore};

    /// A goroutine counts, another waits for one who comes only after that.
    const COUNTS: &str = "fn root() {
  c = chan 0
  go f(c)
  i = 0
  goto turn
turn:
  yield()
  i = i + 1
  more = i < 40
  if more turn else end
end:
  CLOSE
}
fn f(c) {
  v, ok = recv(c)
}
";

    fn outcome(last: &str, alike: u32) -> Outcome {
        let program = Program::parse(&COUNTS.replace("CLOSE", last)).expect("a program");
        let root = program.function_named("root").expect("a root");
        explore(&program, root, &[], &Limits { alike, ..Limits::default() })
    }

    #[test]
    fn turns_of_a_loop_come_together() {
        let (exact, wide) = (outcome("close(c)", 0), outcome("close(c)", 2));
        assert!(exact.n_states > 40 && wide.n_states < 20, "{} {}", exact.n_states, wide.n_states);
        assert!(exact.leaks.is_empty() && wide.leaks.is_empty());
    }

    #[test]
    fn a_leak_says_whether_its_schedule_is_one_of_the_program() {
        let (exact, wide) = (outcome("return", 0), outcome("return", 2));
        assert_eq!((exact.leaks.len(), wide.leaks.len()), (1, 1));
        assert!(!exact.leaks[0].widened && wide.leaks[0].widened);
    }
}
