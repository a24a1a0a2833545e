//! Partial-order reduction: when the next steps of a few goroutines stand for all interleavings.
//!
//! If no goroutine outside a group can, before one of the group moves, touch what the next steps of the group
//! touch, then these commute with everything the others do, whatever they do (a persistent set: Godefroid,
//! *Partial-Order Methods for the Verification of Concurrent Systems*, chapter 4). What the others may still
//! do is known by kind of operation, by field and by class of object ([`crate::places`]). The property that is
//! proved, "no future lets g go on", is stable: it holds in a state and all its successors; so it is found no
//! matter when the independent steps are taken, as long as the others are not put off for ever: in one state
//! of each circle of such steps they go on too (the cycle proviso; `graph.rs`). Who ends the process while
//! nobody else even reaches what it is about to use ends it: what the others could do until then is not explored.

use crate::machine::Machine;
use crate::program::Prim;
use crate::reach::{self, can, can_only, on};
use crate::state::*;
use crate::statics::{Future, Ops, ops};
use crate::value::Value;
use crate::visible::Act;

/// What every goroutine of a state can reach and may still do.
pub(crate) struct Independence<'a, 'p> {
    m: &'a Machine<'p>,
    st: &'a State,
    marks: Vec<Vec<u8>>,
    globals: Vec<u8>,
    future: Vec<Future>,
}

impl<'a, 'p> Independence<'a, 'p> {
    /// Computes it for a state.
    pub(crate) fn new(m: &'a Machine<'p>, st: &'a State) -> Self {
        let mut globals = vec![0; st.heap.len()];
        reach::from_globals(st, &mut globals);
        let marks = st.gs.iter().map(|g| {
            let mut marks = vec![0; st.heap.len()];
            reach::from_goroutine(st, g, &mut marks);
            marks
        });
        let future = st.gs.iter().map(|g| reach::future(m, st, g)).collect();
        Self { m, st, marks: marks.collect(), globals, future }
    }

    /// Operations that those outside a group may perform.
    fn outside(&self, group: u64) -> Future {
        let all = self.future.iter().enumerate().filter(|(j, _)| group >> j & 1 == 0);
        all.fold(Future::default(), |all, (_, future)| all | *future)
    }

    /// The operations of a future that may make a difference to an object.
    fn on(&self, object: u32, future: &Future) -> Ops {
        let mask = on(reach::class(self.m, self.st, object), future);
        // What is out of view already cannot leave it.
        match self.st.heap.get(object as usize) {
            Some(o) if o.open == OPEN => mask & !ops::ESCAPE,
            _ => mask,
        }
    }

    /// Those outside a group that can perform one of the operations on the object, or hand it to one who can.
    fn disturbers(&self, group: u64, object: u32, by: Ops) -> u64 {
        let all = self.on(object, &self.outside(group));
        let outside = (0..self.future.len()).filter(|j| group >> j & 1 == 0);
        outside.fold(0, |found, j| {
            let disturbs = can(&self.globals, object, by, self.on(object, &self.future[j]))
                || can(&self.marks[j], object, by, all);
            found | u64::from(disturbs) << j
        })
    }

    /// Whether nobody else can even reach what goroutine `i` is about to do something to.
    pub(crate) fn is_alone(&self, i: usize, acts: &[Act]) -> bool {
        let meets = acts.iter().any(|a| matches!(a, Act::Meet { .. } | Act::Phase));
        let mask = self.outside(1 << i).ops | ops::ESCAPE;
        let others = || self.marks.iter().enumerate().filter(|(j, _)| *j != i);
        let reached = |(object, by): &(u32, Ops)| {
            let mut marks = others().map(|m| m.1).chain([&self.globals]);
            marks.any(|m| can(m, *object, *by, mask))
        };
        !meets && !uses(self.st, &self.st.gs[i]).iter().any(reached)
    }

    /// The smallest group with goroutine `i` whose pending operations nobody outside can disturb.
    pub(crate) fn group(&self, i: usize, moves: &[(usize, Vec<Act>)]) -> Option<u64> {
        let st = self.st;
        let mut group = 1 << i;
        let mut asked = 0;
        while let Some(j) = (0..st.gs.len()).find(|j| (group & !asked) >> j & 1 != 0) {
            if moves.iter().any(|(k, acts)| *k == j && acts.contains(&Act::Phase)) {
                return None;
            }
            let used = uses(st, &st.gs[j]);
            group |= used.iter().fold(0, |all, (o, by)| all | self.disturbers(group, *o, *by));
            asked |= 1 << j;
        }
        Some(group)
    }

    /// Whether nobody outside a group can notice what the local code of its goroutines did.
    pub(crate) fn tolerates(&self, group: u64, effects: &[(u32, Ops)]) -> bool {
        let all = self.outside(group);
        effects.iter().all(|(object, done)| {
            let by = ops::conflicting(*done);
            let outside = self.marks.iter().enumerate().filter(|(j, _)| group >> j & 1 == 0);
            let mut marks = outside.map(|m| m.1).chain([&self.globals]);
            match *object {
                NONE => all.ops & by == 0,
                // What leaves view may do so twice.
                object if by == !0 => {
                    let reached = |m: &Vec<u8>| m.get(object as usize).is_some_and(|m| *m != 0);
                    self.on(object, &all) & !ops::ESCAPE == 0 || !marks.any(reached)
                }
                object => {
                    let mask = self.on(object, &all);
                    !marks.any(|m| can_only(m, object, by, mask))
                }
            }
        })
    }
}

const CHANNEL: Ops = ops::SEND | ops::RECV | ops::CLOSE | ops::LEN;
const LOCKS: Ops =
    ops::LOCK | ops::UNLOCK | ops::TRY_LOCK | ops::R_LOCK | ops::R_UNLOCK | ops::COND_WAIT;

/// The objects that a pending operation touches, with what must not happen to them meanwhile.
fn uses(st: &State, g: &Gor) -> Vec<(u32, Ops)> {
    let mut all = Vec::new();
    if let Status::Dormant(timer) = g.status {
        all.push((timer, ops::TIMER));
        if let Some(Data::Timer { context, .. }) = st.heap.get(timer as usize).map(|o| &o.data) {
            channel_use(st, *context, &mut all);
        }
        return all;
    }
    match &g.pending {
        Pending::None | Pending::Interrupted => {}
        Pending::Select { arms, .. } => arms.iter().for_each(|a| channel_use(st, a.chan, &mut all)),
        Pending::Prim(p) => prim_uses(st, p, &mut all),
    }
    all
}

fn channel_use(st: &State, chan: Value, all: &mut Vec<(u32, Ops)>) {
    let Some((id, object)) = st.object(chan) else { return };
    match &object.data {
        Data::Chan { .. } if object.open == OPEN => {}
        Data::Chan { .. } => all.push((id, CHANNEL)),
        Data::Timer { .. } => all.push((id, ops::TIMER | ops::RECV)),
        Data::Context { .. } => context_use(st, id, all),
        _ => all.push((id, !0)),
    }
}

/// Observing a context: once it has ended nothing changes; one with a deadline is changed by who
/// sees it end.
fn context_use(st: &State, context: u32, all: &mut Vec<(u32, Ops)>) {
    let (done, maybe) = st.context_state(context);
    if done {
        return;
    }
    // Who sees one end that may end makes it end, for those too who look whether it has.
    let by = if maybe { ops::CANCEL | ops::CTX_ERR | ops::POLL } else { ops::CANCEL };
    all.extend(reach::context_chain(st, context).map(|c| (c, by)));
}

fn prim_uses(st: &State, p: &PendingPrim, all: &mut Vec<(u32, Ops)>) {
    let first = p.args.first().copied().unwrap_or_default();
    let Some((id, object)) = st.object(first) else { return };
    let open = object.open != 0;
    // What is out of view comes to an end some time.
    if open && matches!(object.data, Data::WaitGroup(_) | Data::Semaphore { .. }) {
        return;
    }
    match p.prim {
        Prim::Yield => {}
        Prim::Send | Prim::Recv => channel_use(st, first, all),
        Prim::Close | Prim::ChanLen => {
            if object.open != OPEN {
                all.push((id, CHANNEL));
            }
        }
        Prim::Lock
        | Prim::TryLock
        | Prim::Unlock
        | Prim::RLock
        | Prim::TryRLock
        | Prim::RUnlock => {
            if !open {
                all.push((id, LOCKS));
            }
        }
        Prim::WgAdd | Prim::WgDone => all.push((id, ops::WG_ADD | ops::WG_WAIT)),
        Prim::WgWait => all.push((id, ops::WG_ADD)),
        Prim::CondSignal | Prim::CondBroadcast => all.push((id, ops::COND_WAIT | ops::SIGNAL)),
        Prim::Cancel => all.push((id, !0)),
        Prim::CtxErr => match object.data {
            Data::Context { .. } => context_use(st, id, all),
            _ => all.push((id, !0)),
        },
        Prim::CondWait => {
            all.push((id, !0));
            if let Data::Cond(lock) = &object.data {
                all.extend(st.object(*lock).map(|(lock, _)| (lock, LOCKS)));
            }
        }
        Prim::SemAcquire => {
            all.push((id, !0));
            p.args.get(2).iter().for_each(|context| channel_use(st, **context, all));
        }
        _ => all.push((id, !0)),
    }
}
