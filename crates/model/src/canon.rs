//! Canonical states: identical goroutines in one order, objects and unknowns numbered in reach
//! order, garbage gone; and their hash.

use crate::program::Bindable;
use crate::state::*;
use crate::value::{Shape, Value};
use stanch_base::Idx;

/// A hash that stands for a state: 128 bits, so that two of a million states collide with
/// probability 10^-27.
pub(crate) type Key = (u64, u64);

/// Brings states into canonical form and hashes them; keeps its memory from one to the next.
#[derive(Default)]
pub(crate) struct Canon {
    /// New numbers by old ones.
    objects: Vec<u32>,
    object_order: Vec<u32>,
    facts: Vec<u32>,
    fact_order: Vec<u32>,
    words: Vec<u64>,
}

impl Canon {
    /// Brings a state into canonical form; its hash. `sort` puts identical goroutines into one order.
    pub(crate) fn canonicalise(&mut self, st: &mut State, sort: bool) -> Key {
        if st.exited {
            st.gs.clear();
        }
        st.gs.retain(|g| g.status != Status::Ended);
        if sort {
            sort_goroutines(st, &mut self.words);
        }
        self.clear(st);
        let flags = [st.root_ended, st.exited, st.main_returned];
        self.words.push(flags.iter().fold(0, |word, flag| word << 1 | u64::from(*flag)));
        self.words.push(st.gs.len() as u64);
        for g in &st.gs {
            self.goroutine(st, g);
        }
        st.globals.iter().for_each(|v| self.value(st, *v));
        let mut at = 0;
        while let Some(old) = self.object_order.get(at).copied() {
            self.object(st, old);
            at += 1;
        }
        let mut at = 0;
        while let Some(old) = self.fact_order.get(at).copied() {
            self.fact(st, old);
            at += 1;
        }
        let key = hash(self.words.iter().copied());
        rebuild(st, self);
        key
    }

    fn clear(&mut self, st: &State) {
        self.words.clear();
        self.object_order.clear();
        self.fact_order.clear();
        self.objects.clear();
        self.objects.resize(st.heap.len(), NONE);
        self.facts.clear();
        self.facts.resize(st.facts.len(), NONE);
    }
}

fn number(table: &mut [u32], order: &mut Vec<u32>, old: u32) -> u32 {
    let Some(slot) = table.get_mut(old as usize) else { return NONE };
    if *slot == NONE {
        *slot = order.len() as u32;
        order.push(old);
    }
    *slot
}

impl Canon {
    fn value(&mut self, st: &State, value: Value) {
        let word = self.word(st, value);
        self.words.push(word);
    }

    fn word(&mut self, st: &State, value: Value) -> u64 {
        let value = st.resolve(value);
        match value.shape() {
            Shape::Ref(id, _) => {
                value.renumbered(number(&mut self.objects, &mut self.object_order, id)).word()
            }
            Shape::Unknown(id) => {
                value.renumbered(number(&mut self.facts, &mut self.fact_order, id)).word()
            }
            Shape::Nil | Shape::Bool(_) | Shape::Int(_) | Shape::Sym(_) | Shape::Func(_) => {
                value.word()
            }
        }
    }

    fn goroutine(&mut self, st: &State, g: &Gor) {
        let mut words = std::mem::take(&mut self.words);
        goroutine_words(g, &mut words, &mut |v| self.word(st, v));
        self.words = words;
    }

    fn object(&mut self, st: &State, id: u32) {
        let Some(object) = st.heap.get(id as usize) else { return };
        let mut words = std::mem::take(&mut self.words);
        object_words(object, &mut words);
        object.data.each_value(&mut |v| {
            let word = self.word(st, v);
            words.push(word);
        });
        self.words = words;
    }

    fn fact(&mut self, st: &State, id: u32) {
        let Some(f) = st.facts.get(id as usize) else { return };
        self.words.push(
            u64::from(f.origin) << 32
                | u64::from(f.tag) << 8
                | u64::from(f.non_nil) << 1
                | u64::from(f.size),
        );
        self.words.push(u64::from(f.lo as u32) << 32 | u64::from(f.hi as u32));
        let not: Vec<u64> = f.not.iter().filter(|v| !v.is_reference()).map(|v| v.word()).collect();
        self.words.push(not.len() as u64);
        self.words.extend(not);
    }
}

/// What a goroutine is, with values as `map` writes them.
pub(crate) fn goroutine_words(g: &Gor, out: &mut Vec<u64>, map: &mut dyn FnMut(Value) -> u64) {
    let status = match g.status {
        Status::Alive => 0,
        Status::Parked => 1,
        Status::Ended => 2,
        Status::Dormant(_) => 3,
    };
    out.push(u64::from(g.entry) << 32 | u64::from(g.created));
    out.push(status | u64::from(g.panic.is_some()) << 8 | (g.frames.len() as u64) << 16);
    for f in g.frames.iter() {
        out.push((f.func.index() as u64) << 32 | f.block.index() as u64);
        let kind = match f.kind {
            FrameKind::Entry => 0,
            FrameKind::Call => 1,
            FrameKind::Deferred => 2,
            FrameKind::Once(_, by_instr) => 3 + u64::from(by_instr),
        };
        let mode = f.mode as u64;
        let n_defers = f.defers.len() as u64;
        out.push(u64::from(f.instr) << 32 | n_defers << 16 | mode << 8 | kind);
        for d in &f.defers {
            out.push(u64::from(d.point) << 32 | d.args.len() as u64);
            out.push(match d.target {
                Target::Fn(f) => (f.index() as u64) << 8,
                Target::Prim(p) => (p as u64) << 8 | 1,
                Target::Opaque => 2,
                Target::Nil => 3,
            });
        }
    }
    match &g.pending {
        Pending::None => out.push(0),
        Pending::Interrupted => out.push(1),
        Pending::Prim(p) => {
            out.push(2 | (p.prim as u64) << 8 | (p.how as u64) << 16 | u64::from(p.phase) << 24);
            out.push(
                u64::from(p.point) << 32 | (p.args.len() as u64) << 1 | u64::from(p.once != NONE),
            );
        }
        Pending::Select { arms, default, point } => {
            out.push(3 | u64::from(*default) << 8 | (arms.len() as u64) << 16);
            out.push(u64::from(*point));
        }
    }
    out.push(g.slots.len() as u64);
    g.each_value(&mut |v| out.push(map(v)));
}

/// What an object is, without the values it holds.
pub(crate) fn object_words(o: &Obj, out: &mut Vec<u64>) {
    let (kind, a, b) = match &o.data {
        Data::Cell(_) => (0, 0, 0),
        Data::Struct(fields) => {
            out.extend(fields.iter().map(|f| u64::from(f.0)));
            (1, fields.len() as u64, 0)
        }
        Data::Chan { cap, closed, queue } => {
            (2, u64::from(*cap), u64::from(*closed) | (queue.len() as u64) << 1)
        }
        Data::Mutex { locked } => (3, u64::from(*locked), 0),
        Data::RwMutex { readers, writer } => (4, u64::from(*readers), u64::from(*writer)),
        Data::WaitGroup(n) => (5, u64::from(*n as u32), 0),
        Data::Cond(_) => (6, 0, 0),
        Data::Once(state) => (7, u64::from(*state), 0),
        Data::Context { done, armed, never, .. } => {
            (8, u64::from(*done), u64::from(*armed) | u64::from(*never) << 1)
        }
        Data::Timer { armed, ticker, .. } => (9, u64::from(*armed), u64::from(*ticker)),
        Data::Semaphore { cap, used } => (10, u64::from(*cap), u64::from(*used)),
        Data::Seq(v) => (11, v.len() as u64, 0),
        Data::Map(v) => (12, v.len() as u64, 0),
        Data::Closure { callee, env } => {
            let callee = match callee {
                Bindable::Fn(f) => (f.index() as u64) << 8,
                Bindable::Prim(p) => (*p as u64) << 8 | 1,
                Bindable::Method(m) => u64::from(m.0) << 8 | 2,
            };
            (13, callee, env.len() as u64)
        }
        Data::Token => (14, 0, 0),
    };
    out.push(u64::from(o.site) << 32 | u64::from(o.part) << 16 | u64::from(o.open) << 8 | kind);
    out.push(a);
    out.push(b);
}

/// The root first, then by what goroutines are, whatever their objects' numbers.
fn sort_goroutines(st: &mut State, words: &mut Vec<u64>) {
    if st.gs.len() < 3 {
        return;
    }
    let objects: Vec<u64> = st
        .heap
        .iter()
        .map(|o| {
            words.clear();
            object_words(o, words);
            hash(words.iter().copied()).0
        })
        .collect();
    let mut keys: Vec<(bool, Key, usize)> = Vec::with_capacity(st.gs.len());
    for (i, g) in st.gs.iter().enumerate() {
        words.clear();
        goroutine_words(g, words, &mut |v| {
            let v = st.resolve(v);
            match v.shape() {
                Shape::Ref(id, _) => objects.get(id as usize).copied().unwrap_or(0),
                Shape::Unknown(_) => v.renumbered(0).word(),
                _ => v.word(),
            }
        });
        keys.push((g.created != NONE, hash(words.iter().copied()), i));
    }
    if keys.is_sorted() {
        return;
    }
    keys.sort_unstable();
    let mut old: Vec<Option<Gor>> = st.gs.drain(..).map(Some).collect();
    st.gs.extend(keys.iter().filter_map(|k| old[k.2].take()));
}

fn rebuild(st: &mut State, n: &Canon) {
    let mut gs = std::mem::take(&mut st.gs);
    let mut globals = std::mem::take(&mut st.globals);
    let heap = std::mem::take(&mut st.heap);
    let renumber = |v: Value| {
        let v = st.resolve(v);
        match v.shape() {
            Shape::Ref(id, _) => v.renumbered(n.objects.get(id as usize).copied().unwrap_or(NONE)),
            Shape::Unknown(id) => v.renumbered(n.facts.get(id as usize).copied().unwrap_or(NONE)),
            _ => v,
        }
    };
    // What keeps its numbers stays shared with the state before.
    for g in &mut gs {
        let mut stays = true;
        g.each_value(&mut |v| stays &= renumber(v) == v);
        if !stays {
            g.map_values(&mut |v| renumber(v));
        }
    }
    globals.iter_mut().for_each(|v| *v = renumber(*v));
    let mut heap = heap.select(&n.object_order);
    for id in 0..heap.len() {
        let mut stays = true;
        heap[id].data.each_value(&mut |v| stays &= renumber(v) == v);
        if !stays && let Some(object) = heap.get_mut(id) {
            object.data.map_values(&mut |v| renumber(v));
        }
    }
    let mut facts = Vec::with_capacity(n.fact_order.len());
    for old in &n.fact_order {
        let Some(fact) = st.facts.get(*old as usize) else { continue };
        let mut fact = fact.clone();
        fact.not.retain(|v| !v.is_reference());
        facts.push(fact);
    }
    st.gs = gs;
    st.globals = globals;
    st.heap = heap;
    st.facts = facts;
}

/// Two independent folded-multiply hashes.
pub(crate) fn hash(words: impl IntoIterator<Item = u64>) -> Key {
    fn fold(a: u64, b: u64) -> u64 {
        let product = u128::from(a) * u128::from(b);
        product as u64 ^ (product >> 64) as u64
    }
    let (mut a, mut b) = (0x9e37_79b9_7f4a_7c15_u64, 0xc2b2_ae3d_27d4_eb4f_u64);
    let mut n = 0;
    for w in words {
        a = fold(a ^ w, 0xa076_1d64_78bd_642f).wrapping_add(0x2545_f491_4f6c_dd1d);
        b = fold(b.rotate_left(29) ^ w, 0xe703_7ed1_a0b4_28db).wrapping_add(w);
        n += 1;
    }
    (fold(a ^ n, 0x8ebc_6af0_9c88_c6e3), fold(b ^ n, 0x5899_65cc_7537_4cc3))
}
