//! Which visible operations can happen in a state.

use crate::outcome::WaitReason;
use crate::program::Prim;
use crate::state::*;
use crate::value::{Shape, Value};

/// A way in which the pending operation of a goroutine can go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Act {
    /// By itself.
    Solo { arm: u8 },
    /// With the environment's help: the other end of an open object, time.
    Env { arm: u8 },
    /// An unbuffered channel's two ends.
    Meet {
        arm: u8,
        with: u8,
        with_arm: u8,
        /// Whether this goroutine is the sender.
        send: bool,
    },
    /// The default arm.
    Default,
    /// A step inside the operation that does not complete it.
    Phase,
}

/// The moves of goroutine `i`; those with a partner are listed for both ends.
pub(crate) fn moves(st: &State, i: usize, out: &mut Vec<Act>) {
    let g = &st.gs[i];
    match g.status {
        Status::Parked | Status::Ended => return,
        Status::Dormant(timer) => {
            if fires(st, timer) {
                out.push(Act::Solo { arm: 0 });
            }
            return;
        }
        Status::Alive => {}
    }
    match &g.pending {
        Pending::None => {}
        Pending::Interrupted => out.push(Act::Solo { arm: 0 }),
        Pending::Prim(p) => prim_moves(st, i, p, out),
        Pending::Select { arms, default, .. } => {
            let mut ready = false;
            for (n, arm) in arms.iter().enumerate().take(255) {
                ready |= channel_moves(st, i, n as u8, arm, *default, out);
            }
            // The partner of an unbuffered arm may be late, so only what stays ready counts.
            if *default && !ready {
                out.push(Act::Default);
            }
        }
    }
}

fn fires(st: &State, timer: u32) -> bool {
    let Some(Obj { data: Data::Timer { armed, context, .. }, .. }) = st.heap.get(timer as usize)
    else {
        return false;
    };
    let context_allows = st.object(*context).is_none_or(|(id, _)| {
        let (done, maybe) = st.context_state(id);
        done || maybe
    });
    *armed && context_allows
}

/// Moves of one end of a channel; whether it is ready for good.
fn channel_moves(
    st: &State,
    i: usize,
    n: u8,
    arm: &Arm,
    default: bool,
    out: &mut Vec<Act>,
) -> bool {
    let chan = st.resolve(arm.chan);
    let (solo, env) = match chan.shape() {
        Shape::Nil => (false, false),
        Shape::Ref(id, _) => match st.heap.get(id as usize) {
            Some(object) => channel_ready(st, id, object, arm.send),
            None => (false, true),
        },
        _ => (false, true),
    };
    if solo {
        out.push(Act::Solo { arm: n });
    }
    if env {
        out.push(Act::Env { arm: n });
    }
    if !solo && let Some(id) = chan.object_id() {
        meetings(st, i, n, (arm.send, id), default, out);
    }
    solo
}

/// Whether an end of a channel is ready: (by itself, with the environment's help).
fn channel_ready(st: &State, id: u32, object: &Obj, send: bool) -> (bool, bool) {
    match &object.data {
        _ if object.open == OPEN && !matches!(object.data, Data::Context { .. }) => (false, true),
        Data::Chan { cap, closed, queue } => {
            if send {
                let solo = *closed || (queue.len() as u32) < *cap;
                (solo, !solo && object.open & OPEN_RECV != 0)
            } else {
                let solo = *closed || !queue.is_empty();
                (solo, !solo && object.open & OPEN_SEND != 0)
            }
        }
        Data::Context { .. } => {
            let (done, maybe) = st.context_state(id);
            (done, !done && maybe)
        }
        Data::Timer { armed, .. } => (false, *armed),
        _ => (false, true),
    }
}

/// Whether an object is a closed unbuffered channel on which ends meet.
fn is_meeting_place(st: &State, id: u32) -> bool {
    match st.heap.get(id as usize) {
        Some(Obj { data: Data::Chan { cap: 0, closed: false, .. }, open, .. }) => *open != OPEN,
        _ => false,
    }
}

fn meetings(
    st: &State,
    i: usize,
    n: u8,
    (send, chan): (bool, u32),
    default: bool,
    out: &mut Vec<Act>,
) {
    if !is_meeting_place(st, chan) {
        return;
    }
    let same = |v: Value| st.resolve(v).object_id() == Some(chan);
    for (j, other) in st.gs.iter().enumerate().take(255) {
        if j == i || other.status != Status::Alive {
            continue;
        }
        let mut meet = |arm| out.push(Act::Meet { arm: n, with: j as u8, with_arm: arm, send });
        match &other.pending {
            Pending::Prim(p)
                if p.prim == if send { Prim::Recv } else { Prim::Send }
                    && p.args.first().is_some_and(|c| same(*c)) =>
            {
                meet(0);
            }
            Pending::Select { arms, default: other_default, .. }
                if !(default && *other_default) =>
            {
                for (m, arm) in arms.iter().enumerate().take(255) {
                    if arm.send != send && same(arm.chan) {
                        meet(m as u8);
                    }
                }
            }
            _ => {}
        }
    }
}

fn prim_moves(st: &State, i: usize, p: &PendingPrim, out: &mut Vec<Act>) {
    let first = st.resolve(p.args.first().copied().unwrap_or_default());
    let solo = Act::Solo { arm: 0 };
    if matches!(p.prim, Prim::Send | Prim::Recv) {
        let value = p.args.get(1).copied().unwrap_or_default();
        let arm = Arm { send: p.prim == Prim::Send, chan: first, value };
        channel_moves(st, i, 0, &arm, false, out);
        return;
    }
    let object = first.object_id().and_then(|id| Some((id, st.heap.get(id as usize)?)));
    let Some((id, object)) = object.filter(|(_, o)| o.open == 0) else {
        // Operations on nil panic, those on open and unknown objects complete some time.
        out.push(solo);
        return;
    };
    match (p.prim, &object.data) {
        (Prim::Lock, Data::Mutex { locked }) => out.extend((!locked).then_some(solo)),
        (Prim::Lock, Data::RwMutex { readers, writer }) => {
            // One writer at a time announces itself; the next waits until that one unlocks
            // (`RWMutex.w` in sync/rwmutex.go).
            let first = p.phase != 0 || !*writer && !writer_waits(st, id);
            if first && *readers == 0 && !writer {
                out.push(solo);
            } else if first && p.phase == 0 {
                out.push(Act::Phase);
            }
        }
        (Prim::RLock, Data::RwMutex { writer, .. }) => {
            out.extend((!writer && !writer_waits(st, id)).then_some(solo));
        }
        (Prim::WgWait, Data::WaitGroup(n)) => out.extend((*n == 0).then_some(solo)),
        (Prim::OnceDo, Data::Once(state)) => out.extend((*state != 1).then_some(solo)),
        (Prim::CondWait, Data::Cond(lock)) => match p.phase {
            0 => out.push(Act::Phase),
            1 => {}
            _ => out.extend(lock_is_free(st, *lock).then_some(solo)),
        },
        (Prim::SemAcquire, Data::Semaphore { cap, used }) => {
            let n = wanted(st, p);
            if used.saturating_add(n) <= *cap {
                out.push(solo);
            }
            if let Some(context) = p.args.get(2) {
                let arm = Arm { send: false, chan: *context, value: Value::NIL };
                let mut found = Vec::new();
                channel_moves(st, i, 1, &arm, false, &mut found);
                out.extend(found.first().map(|_| Act::Env { arm: 1 }));
            }
        }
        _ => out.push(solo),
    }
}

/// Whether a writer has announced itself at the lock.
pub(crate) fn writer_waits(st: &State, lock: u32) -> bool {
    st.gs.iter().any(|g| match &g.pending {
        Pending::Prim(p) => {
            p.prim == Prim::Lock
                && p.phase == 1
                && p.args.first().is_some_and(|v| st.resolve(*v).object_id() == Some(lock))
        }
        _ => false,
    })
}

/// Whether a condition's lock can be taken; one out of view can.
pub(crate) fn lock_is_free(st: &State, lock: Value) -> bool {
    match st.object(lock) {
        Some((_, Obj { open: 0, data: Data::Mutex { locked }, .. })) => !locked,
        Some((_, Obj { open: 0, data: Data::RwMutex { readers, writer }, .. })) => {
            *readers == 0 && !writer
        }
        _ => true,
    }
}

/// How much an acquire wants.
pub(crate) fn wanted(st: &State, p: &PendingPrim) -> u32 {
    match p.args.get(1).map(|v| st.resolve(*v).shape()) {
        Some(Shape::Int(n)) => n.max(0) as u32,
        _ => 1,
    }
}

/// What a blocked goroutine waits for.
pub(crate) fn wait_reason(st: &State, g: &Gor) -> WaitReason {
    match &g.pending {
        Pending::None | Pending::Interrupted => WaitReason::Running,
        Pending::Select { arms, .. } if arms.is_empty() => WaitReason::SelectNoCases,
        Pending::Select { arms, .. } => match arms.as_slice() {
            // Compiled as the bare operation.
            [arm] => match (arm.send, st.resolve(arm.chan).shape() == Shape::Nil) {
                (true, true) => WaitReason::ChanSendNil,
                (true, false) => WaitReason::ChanSend,
                (false, true) => WaitReason::ChanReceiveNil,
                (false, false) => WaitReason::ChanReceive,
            },
            _ => WaitReason::Select,
        },
        Pending::Prim(p) => {
            let first = st.resolve(p.args.first().copied().unwrap_or_default());
            let nil = first.shape() == Shape::Nil;
            let rw = matches!(st.object(first), Some((_, Obj { data: Data::RwMutex { .. }, .. })));
            match p.prim {
                Prim::Send if nil => WaitReason::ChanSendNil,
                Prim::Send => WaitReason::ChanSend,
                Prim::Recv if nil => WaitReason::ChanReceiveNil,
                Prim::Recv => WaitReason::ChanReceive,
                Prim::Lock if rw && p.phase != 0 => WaitReason::RwMutexLock,
                Prim::Lock | Prim::OnceDo => WaitReason::MutexLock,
                Prim::RLock => WaitReason::RwMutexRLock,
                Prim::WgWait => WaitReason::WaitGroupWait,
                Prim::CondWait if p.phase == 2 => WaitReason::MutexLock,
                Prim::CondWait => WaitReason::CondWait,
                Prim::SemAcquire => WaitReason::Select,
                _ => WaitReason::Running,
            }
        }
    }
}

/// The closed objects that a goroutine waits on.
pub(crate) fn waited_objects(st: &State, g: &Gor) -> Vec<u32> {
    let values: Vec<Value> = match &g.pending {
        Pending::None | Pending::Interrupted => Vec::new(),
        Pending::Select { arms, .. } => arms.iter().map(|a| a.chan).collect(),
        Pending::Prim(p) => p.args.first().copied().into_iter().collect(),
    };
    values.into_iter().filter_map(|v| st.object(v)).map(|(id, _)| id).collect()
}
