//! Partial-order reduction: when the next step of one goroutine alone stands for all interleavings.
//!
//! If no other goroutine can, before this one moves, touch what its next step touches, then its step
//! commutes with everything the others do, whatever they do. The property that is proved, "no future
//! lets g go on", is stable: it holds in a state and all its successors; so it is found no matter
//! when the independent step is taken, as long as the others are not put off for ever: in one state of each
//! circle of such steps they go on too (the cycle proviso; `graph.rs`). Whoever ends the process whatever the
//! others do ends it: what they could do until then is not explored.

use crate::machine::Machine;
use crate::program::Prim;
use crate::reach::{self, can, can_only};
use crate::state::*;
use crate::statics::{Ops, ops};
use crate::value::Value;
use crate::visible::Act;

/// What every goroutine of a state can reach and may still do.
pub(crate) struct Independence {
    marks: Vec<Vec<u8>>,
    globals: Vec<u8>,
    future: Vec<Ops>,
}

impl Independence {
    /// Computes it for a state.
    pub(crate) fn new(m: &Machine<'_>, st: &State) -> Self {
        let mut globals = vec![0; st.heap.len()];
        reach::from_globals(st, &mut globals);
        let marks = st.gs.iter().map(|g| {
            let mut marks = vec![0; st.heap.len()];
            reach::from_goroutine(st, g, &mut marks);
            marks
        });
        let future = st.gs.iter().map(|g| reach::future_ops(m, g)).collect();
        Self { marks: marks.collect(), globals, future }
    }

    /// Operations that the others may perform.
    fn others(&self, i: usize) -> Ops {
        let all = self.future.iter().enumerate().filter(|(j, _)| *j != i);
        all.fold(0, |mask, (_, ops)| mask | ops)
    }

    /// Whether somebody else can perform one of the operations on the object.
    fn disturbed(&self, i: usize, object: u32, by: Ops) -> bool {
        let mask = self.others(i);
        can(&self.globals, object, by, mask)
            || self.marks.iter().enumerate().any(|(j, m)| j != i && can(m, object, by, mask))
    }

    /// Whether nobody can disturb the pending operation of goroutine `i`.
    pub(crate) fn allows(&self, st: &State, i: usize, acts: &[Act]) -> bool {
        let alone = !acts.iter().any(|a| matches!(a, Act::Meet { .. } | Act::Phase));
        alone && uses(st, &st.gs[i]).iter().all(|(o, by)| !self.disturbed(i, *o, *by))
    }

    /// Whether nobody can notice what the local code of goroutine `i` did.
    pub(crate) fn tolerates(&self, i: usize, effects: &[(u32, Ops)]) -> bool {
        let mask = self.others(i);
        effects.iter().all(|(object, done)| {
            let by = ops::conflicting(*done);
            match *object {
                NONE => mask & by == 0,
                _ if by == !0 => !self.disturbed(i, *object, by),
                object => {
                    let others = self.marks.iter().enumerate().filter(|(j, _)| *j != i);
                    let mut marks = others.map(|m| m.1).chain([&self.globals]);
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
    let by = if maybe { !0 } else { ops::CANCEL };
    all.extend(reach::context_chain(st, context).map(|c| (c, by)));
}

fn prim_uses(st: &State, p: &PendingPrim, all: &mut Vec<(u32, Ops)>) {
    let first = p.args.first().copied().unwrap_or_default();
    let Some((id, object)) = st.object(first) else { return };
    let open = object.open != 0;
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
