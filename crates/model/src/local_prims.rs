//! Built-in operations that others cannot see: they run as part of local code.

use crate::exec::Exec;
use crate::interp::Results;
use crate::outcome::{Decision, Escaped, Inconclusive};
use crate::program::*;
use crate::state::*;
use crate::statics::ops;
use crate::value::{Shape, Value, View};

impl Exec<'_, '_> {
    /// Starts a built-in: a visible one becomes pending, another one runs.
    pub(crate) fn start_prim(
        &mut self,
        i: usize,
        prim: Prim,
        args: Vec<Value>,
        how: How,
        once: u32,
        point: u32,
    ) {
        let prim = self.for_readers(prim, args.first().copied());
        if is_visible(prim) {
            let pending = PendingPrim { prim, args, how, phase: 0, point, once };
            self.st.gs[i].pending = Pending::Prim(pending);
            return;
        }
        let arg = |n: usize| args.get(n).copied().map(|v| self.st.resolve(v)).unwrap_or_default();
        let (a, b, c) = (arg(0), arg(1), arg(2));
        let results: Option<Vec<Value>> = match prim {
            Prim::ChanCap => Some(vec![self.chan_cap(i, a)]),
            Prim::CtxDone => self.context_done(i, a).map(|v| vec![v]),
            Prim::Escape => {
                args.iter().for_each(|v| self.escape(*v, Escaped::Away));
                Some(Vec::new())
            }
            Prim::SeqLen => Some(vec![self.seq_len(i, a, b)]),
            Prim::SeqGet => self.seq_get(i, a, b).map(|v| vec![v]),
            Prim::SeqSet => self.seq_set(i, a, b, c).map(|()| Vec::new()),
            Prim::SeqAppend => self.seq_append(i, &args).map(|v| vec![v]),
            Prim::SeqPart => self.seq_part(i, a, b, c).map(|v| vec![v]),
            Prim::MapGet => Some(self.map_get(i, a, b)),
            Prim::MapSet => self.map_set(i, a, b, c).map(|()| Vec::new()),
            Prim::MapDelete => {
                self.map_delete(i, a, b);
                Some(Vec::new())
            }
            Prim::MapAt => Some(self.map_at(i, a, b)),
            Prim::Forget => {
                self.forget(a, b);
                Some(Vec::new())
            }
            Prim::AsksOf => {
                let nil = self.compare(i, Relation::Eq, a, Value::NIL);
                Some(vec![match nil {
                    true => Value::bool(false),
                    // It is what it is compared with.
                    false if b != Value::NIL && self.known_equal(a, b) == Some(true) => {
                        Value::bool(true)
                    }
                    false => self.unknown(i, UnknownKind::NonNil),
                }])
            }
            Prim::Panic => {
                self.panic(i, a);
                None
            }
            Prim::Goexit => {
                if let Some(frame) = self.st.gs[i].frames.last_mut() {
                    frame.mode = Mode::Goexit;
                }
                None
            }
            Prim::Exit => {
                self.st.exited = true;
                None
            }
            _ => Some(Vec::new()),
        };
        if let Some(results) = results {
            self.finish(i, how, once, &Results::Values(&results));
        }
    }

    /// A lock that is seen as one of readers is locked by one.
    fn for_readers(&self, prim: Prim, lock: Option<Value>) -> Prim {
        let Some(Shape::Ref(id, View::Recv)) = lock.map(|v| self.st.resolve(v).shape()) else {
            return prim;
        };
        let is_lock = |o: &Obj| matches!(o.data, Data::RwMutex { .. });
        match prim {
            _ if !self.st.heap.get(id as usize).is_some_and(is_lock) => prim,
            Prim::Lock => Prim::RLock,
            Prim::Unlock => Prim::RUnlock,
            Prim::TryLock => Prim::TryRLock,
            _ => prim,
        }
    }

    fn unknown(&mut self, i: usize, kind: UnknownKind) -> Value {
        let here = self.here(i);
        self.fresh(here, kind)
    }

    fn chan_cap(&mut self, i: usize, chan: Value) -> Value {
        match self.st.object(chan) {
            Some((_, Obj { data: Data::Chan { cap, .. }, open: 0, .. })) => Value::int(*cap as i32),
            _ if chan.shape() == Shape::Nil => Value::int(0),
            _ => self.unknown(i, UnknownKind::Size),
        }
    }

    /// The channel that a context's end closes.
    pub(crate) fn context_done(&mut self, i: usize, context: Value) -> Option<Value> {
        Some(match context.shape() {
            Shape::Nil => Value::NIL,
            Shape::Unknown(_) => self.materialise(i, context, OpenKind::Context)?.with_tag(0),
            Shape::Ref(id, _) => match self.st.heap.get(id as usize).map(|o| &o.data) {
                Some(Data::Context { never: true, .. }) => Value::NIL,
                Some(Data::Context { .. }) => context.with_tag(0),
                _ => self.unknown(i, UnknownKind::NonNil),
            },
            Shape::Bool(_) | Shape::Int(_) | Shape::Sym(_) | Shape::Func(_) => {
                self.unknown(i, UnknownKind::NonNil)
            }
        })
    }

    /// A function value out of view was given a struct: it may set its fields, other than those that are
    /// objects themselves.
    pub(crate) fn may_change(&mut self, value: Value) {
        let Some((id, Obj { data: Data::Struct(fields), .. })) = self.st.object(value) else {
            return;
        };
        let is_part = |v: Value| self.st.object(v).is_some_and(|(_, o)| o.part);
        let kept = fields.iter().filter(|f| is_part(f.1)).copied().collect();
        self.escape(value, Escaped::Away);
        if let Some(Obj { data: Data::Struct(fields), .. }) = self.st.heap.get_mut(id as usize) {
            *fields = kept;
        }
        self.touched(id, ops::ANY_FIELD);
    }

    /// Others may have set the field of an open struct.
    fn forget(&mut self, base: Value, field: Value) {
        let (Some((id, _)), Shape::Int(field)) = (self.st.object(base), field.shape()) else {
            return;
        };
        if let Some(Obj { data: Data::Struct(fields), open, .. }) =
            self.st.heap.get_mut(id as usize)
            && *open != 0
        {
            fields.retain(|f| f.0 != field as u32);
            self.touched(id, ops::ANY_FIELD);
        }
    }

    fn seq_len(&mut self, i: usize, seq: Value, at_least: Value) -> Value {
        let at_least = match at_least.shape() {
            Shape::Int(n) => n,
            _ => 0,
        };
        match seq.shape() {
            Shape::Int(_) => return seq,
            Shape::Unknown(_) => {
                let max = self.m.limits.max_size as i32;
                if let Some(fact) = self.fact_mut(seq).filter(|f| f.lo <= max && f.hi >= 0) {
                    fact.size = true;
                    fact.hi = fact.hi.min(max);
                    fact.lo = fact.lo.max(at_least.clamp(0, fact.hi));
                    return seq;
                }
            }
            _ => {}
        }
        let len = match self.st.object(seq) {
            Some((id, Obj { data: Data::Seq(v), open: 0, .. })) => Some((id, v.len())),
            Some((id, Obj { data: Data::Map(v), open: 0, .. })) => Some((id, v.len())),
            _ => None,
        };
        match len {
            Some((id, n)) => {
                self.touched(id, ops::READ);
                Value::int(n as i32)
            }
            None if seq.shape() == Shape::Nil => Value::int(0),
            None => {
                let size = self.unknown(i, UnknownKind::Size);
                self.seq_len(i, size, Value::int(at_least))
            }
        }
    }

    /// An index below `n`, any if it is not known.
    fn index(&mut self, i: usize, index: Value, n: usize) -> Option<usize> {
        let here = self.here(i);
        match index.shape() {
            Shape::Int(k) if k >= 0 => (k as usize).lt(&n).then_some(k as usize),
            _ if n == 0 => None,
            _ => {
                let pick = self.chooser.choose(n as u32);
                self.decided(i, here, NONE, Decision::Choice(pick));
                Some(pick as usize)
            }
        }
    }

    fn seq_get(&mut self, i: usize, seq: Value, index: Value) -> Option<Value> {
        let (id, n) = match self.st.object(seq) {
            Some((id, Obj { data: Data::Seq(v), .. })) => (id, v.len()),
            _ if seq.shape() == Shape::Nil => {
                self.panic(i, Value::NIL);
                return None;
            }
            _ => return Some(self.unknown(i, UnknownKind::Any)),
        };
        self.touched(id, ops::READ);
        let Some(at) = self.index(i, index, n) else {
            self.panic(i, Value::NIL);
            return None;
        };
        match self.st.heap.get(id as usize).map(|o| &o.data) {
            Some(Data::Seq(v)) => v.get(at).copied(),
            _ => None,
        }
    }

    fn seq_set(&mut self, i: usize, seq: Value, index: Value, value: Value) -> Option<()> {
        let (id, n, open) = match self.st.object(seq) {
            Some((id, Obj { data: Data::Seq(v), open, .. })) => (id, v.len(), *open != 0),
            _ if seq.shape() == Shape::Nil => {
                self.panic(i, Value::NIL);
                return None;
            }
            _ => {
                self.escape(value, Escaped::Up);
                return Some(());
            }
        };
        self.touched(id, ops::WRITE);
        if open {
            self.escape(value, Escaped::Up);
        }
        let Some(at) = self.index(i, index, n) else {
            self.panic(i, Value::NIL);
            return None;
        };
        if let Some(Data::Seq(v)) = self.st.heap.get_mut(id as usize).map(|o| &mut o.data) {
            v[at] = value;
        }
        Some(())
    }

    fn seq_append(&mut self, i: usize, args: &[Value]) -> Option<Value> {
        let here = self.here(i);
        let Some((seq, more)) = args.split_first() else { return Some(Value::NIL) };
        let seq = self.st.resolve(*seq);
        let (mut values, open) = match self.st.object(seq) {
            Some((id, Obj { data: Data::Seq(v), open, .. })) => {
                let found = (v.clone(), *open);
                self.touched(id, ops::READ);
                found
            }
            _ if seq.shape() == Shape::Nil => (Vec::new(), 0),
            _ => {
                more.iter().for_each(|v| self.escape(*v, Escaped::Up));
                return Some(self.unknown(i, UnknownKind::NonNil));
            }
        };
        values.extend(more);
        if values.len() > self.m.limits.elements as usize {
            self.park(i, Inconclusive::Elements);
            return None;
        }
        if open != 0 {
            more.iter().for_each(|v| self.escape(*v, Escaped::Up));
        }
        self.alloc(i, here, open, Data::Seq(values))
    }

    /// The part of a sequence between two bounds. Like what is appended to, it is a sequence of its own.
    fn seq_part(&mut self, i: usize, seq: Value, low: Value, high: Value) -> Option<Value> {
        let here = self.here(i);
        let bound = |v: Value, missing: Option<i32>| match v.shape() {
            Shape::Nil => missing,
            Shape::Int(n) => Some(n),
            _ => None,
        };
        let part = |n: usize| Some((bound(low, Some(0))?, bound(high, Some(n as i32))?));
        match (self.st.object(seq), seq.shape()) {
            (Some((id, Obj { data: Data::Seq(v), open, .. })), _) => {
                let (values, open) = (v.clone(), *open);
                self.touched(id, ops::READ);
                let Some((low, high)) = part(values.len()) else {
                    self.escape(seq, Escaped::Up);
                    return Some(self.unknown(i, UnknownKind::NonNil));
                };
                if low < 0 || high < low {
                    self.panic(i, Value::NIL);
                    return None;
                }
                match values.get(low as usize..high as usize) {
                    Some(values) => {
                        let values = values.to_vec();
                        self.alloc(i, here, open, Data::Seq(values))
                    }
                    // What lies in its room behind it.
                    None => {
                        self.escape(seq, Escaped::Up);
                        Some(self.unknown(i, UnknownKind::NonNil))
                    }
                }
            }
            (_, Shape::Nil | Shape::Int(_)) => {
                let n = if let Shape::Int(n) = seq.shape() { n.max(0) } else { 0 };
                match part(n as usize) {
                    Some((low, high)) if low < 0 || high < low => {
                        self.panic(i, Value::NIL);
                        None
                    }
                    Some((0, 0)) if n == 0 => Some(seq),
                    Some((low, high)) => Some(Value::int(high - low)),
                    None => Some(self.unknown(i, UnknownKind::NonNil)),
                }
            }
            _ => Some(self.unknown(i, UnknownKind::NonNil)),
        }
    }

    /// The entry of a map that a key finds: known, or any of the possible ones, or none.
    fn map_find(&mut self, i: usize, map: Value, key: Value) -> Option<(u32, Option<usize>)> {
        let (id, keys) = match self.st.object(map) {
            Some((id, Obj { data: Data::Map(v), open: 0, .. })) => {
                (id, v.iter().map(|e| e.0).collect::<Vec<_>>())
            }
            _ => return None,
        };
        self.touched(id, ops::READ);
        let answers: Vec<Option<bool>> = keys.iter().map(|k| self.known_equal(*k, key)).collect();
        if let Some(at) = answers.iter().position(|a| *a == Some(true)) {
            return Some((id, Some(at)));
        }
        let possible: Vec<usize> = (0..answers.len()).filter(|n| answers[*n].is_none()).collect();
        let pick = self.chooser.choose(possible.len() as u32 + 1);
        if !possible.is_empty() {
            let here = self.here(i);
            self.decided(i, here, NONE, Decision::Choice(pick));
        }
        // The same key finds the same entry next time.
        match possible.get(pick as usize).copied() {
            Some(at) => self.assume_equal(key, keys[at], true),
            None => possible.iter().for_each(|at| self.assume_equal(key, keys[*at], false)),
        }
        Some((id, possible.get(pick as usize).copied()))
    }

    fn map_get(&mut self, i: usize, map: Value, key: Value) -> Vec<Value> {
        if map.shape() == Shape::Nil {
            return vec![Value::NIL, Value::bool(false)];
        }
        let Some((id, at)) = self.map_find(i, map, key) else {
            return vec![self.unknown(i, UnknownKind::Any), self.unknown(i, UnknownKind::Any)];
        };
        match (at, self.st.heap.get(id as usize).map(|o| &o.data)) {
            (Some(at), Some(Data::Map(entries))) => vec![entries[at].1, Value::bool(true)],
            _ => vec![Value::NIL, Value::bool(false)],
        }
    }

    fn map_set(&mut self, i: usize, map: Value, key: Value, value: Value) -> Option<()> {
        if map.shape() == Shape::Nil {
            self.panic(i, Value::NIL);
            return None;
        }
        let Some((id, at)) = self.map_find(i, map, key) else {
            self.escape(key, Escaped::Up);
            self.escape(value, Escaped::Up);
            return Some(());
        };
        self.touched(id, ops::WRITE);
        let limit = self.m.limits.elements as usize;
        if let Some(Data::Map(entries)) = self.st.heap.get_mut(id as usize).map(|o| &mut o.data) {
            match at {
                Some(at) => entries[at].1 = value,
                None if entries.len() < limit => entries.push((key, value)),
                None => {
                    self.park(i, Inconclusive::Elements);
                    return None;
                }
            }
        }
        Some(())
    }

    fn map_delete(&mut self, i: usize, map: Value, key: Value) {
        if let Some((id, Some(at))) = self.map_find(i, map, key) {
            self.touched(id, ops::WRITE);
            if let Some(Data::Map(entries)) = self.st.heap.get_mut(id as usize).map(|o| &mut o.data)
            {
                entries.remove(at);
            }
        }
    }

    fn map_at(&mut self, i: usize, map: Value, position: Value) -> Vec<Value> {
        let at = match position.shape() {
            Shape::Int(n) if n >= 0 => n as usize,
            _ => 0,
        };
        match self.st.object(map) {
            Some((id, Obj { data: Data::Map(entries), open: 0, .. })) => {
                let entry = entries.get(at).copied();
                self.touched(id, ops::READ);
                entry.map_or(vec![Value::NIL, Value::NIL], |(k, v)| vec![k, v])
            }
            _ => vec![self.unknown(i, UnknownKind::Any), self.unknown(i, UnknownKind::Any)],
        }
    }
}

/// Whether other goroutines can see the operation or be seen by it.
fn is_visible(prim: Prim) -> bool {
    match prim {
        Prim::Send
        | Prim::Recv
        | Prim::Close
        | Prim::ChanLen
        | Prim::Lock
        | Prim::TryLock
        | Prim::Unlock
        | Prim::RLock
        | Prim::TryRLock
        | Prim::RUnlock
        | Prim::WgAdd
        | Prim::WgDone
        | Prim::WgWait
        | Prim::CondWait
        | Prim::CondSignal
        | Prim::CondBroadcast
        | Prim::OnceDo
        | Prim::Cancel
        | Prim::CtxErr
        | Prim::TimerStop
        | Prim::TimerReset
        | Prim::SemAcquire
        | Prim::SemTryAcquire
        | Prim::SemRelease
        | Prim::Yield => true,
        Prim::ChanCap
        | Prim::CtxDone
        | Prim::Escape
        | Prim::SeqLen
        | Prim::SeqGet
        | Prim::SeqSet
        | Prim::SeqAppend
        | Prim::SeqPart
        | Prim::MapGet
        | Prim::MapSet
        | Prim::MapDelete
        | Prim::MapAt
        | Prim::Forget
        | Prim::AsksOf
        | Prim::Panic
        | Prim::Goexit
        | Prim::Exit => false,
    }
}
