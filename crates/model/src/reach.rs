//! Who can reach what, and what they may still do with it.

use crate::machine::Machine;
use crate::places::Classes;
use crate::program::{Bindable, Prim};
use crate::shared::Shared;
use crate::state::*;
use crate::statics::{Future, Ops, ops, prim_ops};
use crate::value::{Shape, Value, View};

/// May be used in every way but the next two.
pub(crate) const USE: u8 = 1;
/// A channel that may be sent to and closed.
pub(crate) const SEND: u8 = 2;
/// A context that may be cancelled.
pub(crate) const CANCEL: u8 = 4;

/// Marks what can be reached from values; `marks` is as long as the heap.
struct Marker<'a> {
    st: &'a State,
    marks: &'a mut [u8],
    todo: Vec<u32>,
}

impl Marker<'_> {
    fn value(&mut self, value: Value) {
        if !value.is_reference() {
            return;
        }
        let Shape::Ref(id, view) = self.st.resolve(value).shape() else { return };
        let how = match view {
            View::Full => USE | SEND,
            View::Recv => USE,
            View::Send => SEND,
        };
        self.object(id, how);
    }

    fn object(&mut self, id: u32, how: u8) {
        let Some(mark) = self.marks.get_mut(id as usize) else { return };
        let first = *mark & (USE | SEND) == 0;
        *mark |= how;
        if first && how & (USE | SEND) != 0 {
            self.todo.push(id);
        }
    }

    fn run(&mut self) {
        while let Some(id) = self.todo.pop() {
            let Some(object) = self.st.heap.get(id as usize) else { continue };
            if let Data::Closure { callee: Bindable::Prim(Prim::Cancel), env } = &object.data {
                if let Some((context, _)) = env.first().and_then(|v| self.st.object(*v)) {
                    self.object(context, CANCEL);
                }
                continue;
            }
            object.data.each_value(&mut |v| self.value(v));
        }
    }
}

/// Marks of every object, from one goroutine.
pub(crate) fn from_goroutine(st: &State, g: &Gor, marks: &mut [u8]) {
    let mut marker = Marker { st, marks, todo: Vec::new() };
    g.each_value(&mut |v| marker.value(v));
    if let Pending::Prim(PendingPrim { prim: Prim::Cancel, args, .. }) = &g.pending
        && let Some((context, _)) = args.first().and_then(|v| st.object(*v))
    {
        marker.object(context, CANCEL);
    }
    for d in g.frames.iter().flat_map(|f| &f.defers) {
        if d.target == Target::Prim(Prim::Cancel)
            && let Some((context, _)) = d.args.first().and_then(|v| st.object(*v))
        {
            marker.object(context, CANCEL);
        }
    }
    marker.run();
}

/// Marks of every object, from the package-level variables.
pub(crate) fn from_globals(st: &State, marks: &mut [u8]) {
    let mut marker = Marker { st, marks, todo: Vec::new() };
    st.globals.iter().for_each(|v| marker.value(*v));
    marker.run();
}

/// Which objects somebody can still reach. Slots of running frames count if they are live.
pub(crate) fn live_objects(m: &Machine<'_>, st: &State) -> Vec<bool> {
    let mut marks = vec![0; st.heap.len()];
    let mut marker = Marker { st, marks: &mut marks, todo: Vec::new() };
    st.globals.iter().for_each(|v| marker.value(*v));
    for g in st.gs.iter().filter(|g| g.status != Status::Ended) {
        let running = g.top().filter(|f| f.mode == Mode::Run && matches!(g.pending, Pending::None));
        let Some(frame) = running else {
            g.each_value(&mut |v| marker.value(v));
            continue;
        };
        let point = m.statics.point(frame.func, frame.block, frame.instr);
        let live = m.statics.live_before(frame.func, point);
        let across = m.statics.live_across(frame.func, point);
        let base = frame.base as usize;
        for (n, slot) in g.slots.iter().enumerate() {
            let is_live = |n| live.contains(n) || across.contains(n);
            if n < base || is_live(n - base) {
                marker.value(*slot);
            }
        }
        let rest = Gor { slots: Shared::default(), ..g.clone() };
        rest.each_value(&mut |v| marker.value(v));
    }
    marker.run();
    marks.iter().map(|m| *m != 0).collect()
}

/// The class of an object, if it has one that tells who can do something to it.
pub(crate) fn class(m: &Machine<'_>, st: &State, object: u32) -> Option<Classes> {
    let object = st.heap.get(object as usize)?;
    match object.data {
        // What is done to others is done to these.
        Data::Context { .. } | Data::Timer { .. } | Data::Cond(_) | Data::Token => None,
        _ => m.statics.class(object.site),
    }
}

/// What a goroutine may still do.
pub(crate) fn future(m: &Machine<'_>, st: &State, g: &Gor) -> Future {
    let indirect = m.statics.indirect | Future { ops: ops::ESCAPE, ..Future::default() };
    let mut all = Future::default();
    let mut now = |ops: Ops, values: &[Value]| {
        all.ops |= ops;
        for (id, object) in values.iter().filter_map(|v| st.object(*v)) {
            all.to |= class(m, st, id).unwrap_or(0);
            // Who waits for a condition gives its lock back, and takes it again.
            if let Data::Cond(lock) = &object.data
                && let Some((lock, _)) = st.object(*lock)
            {
                all.to |= class(m, st, lock).unwrap_or(0);
            }
        }
    };
    match &g.pending {
        Pending::Prim(p) => now(prim_ops(p.prim), &p.args),
        Pending::Select { arms, default, .. } => {
            let receive = ops::RECV | if *default { ops::POLL } else { 0 };
            arms.iter().for_each(|a| now(if a.send { ops::SEND } else { receive }, &[a.chan]));
        }
        Pending::None | Pending::Interrupted => {}
    }
    for d in g.frames.iter().flat_map(|f| &f.defers) {
        if let Target::Prim(prim) = d.target {
            now(prim_ops(prim), &d.args);
        }
    }
    // Who runs the function of a once frees those who wait for it when it returns.
    let running = g.frames.iter().filter_map(|f| match f.kind {
        FrameKind::Once(once, _) => Some(once),
        _ => None,
    });
    let pending = match &g.pending {
        Pending::Prim(p) if p.once != NONE => Some(p.once),
        _ => None,
    };
    running.chain(pending).for_each(|once| now(ops::ONCE, &[Value::object(once)]));
    if matches!(&g.pending, Pending::Prim(p) if p.prim == Prim::OnceDo) {
        all |= indirect;
    }
    if let Status::Dormant(_) = g.status {
        all |= indirect;
    }
    let waiting = !matches!(g.pending, Pending::None | Pending::Interrupted);
    for (n, frame) in g.frames.iter().enumerate() {
        for d in &frame.defers {
            all |= match d.target {
                Target::Fn(f) => m.statics.function_ops(f),
                Target::Prim(Prim::OnceDo) => indirect,
                Target::Opaque => Future { ops: ops::ESCAPE, to: 0, exposes: !0 },
                Target::Prim(_) | Target::Nil => Future::default(),
            };
        }
        let point = m.statics.point(frame.func, frame.block, frame.instr);
        let below = n + 1 < g.frames.len();
        let is_term =
            m.program.functions[frame.func].blocks[frame.block].instrs.len() as u32 == frame.instr;
        all |= match frame.mode {
            Mode::Run if below || (waiting && !is_term) => {
                m.statics.ops_from(frame.func, point + 1)
            }
            Mode::Run => m.statics.ops_from(frame.func, point),
            Mode::Defers => m.statics.ops_from(frame.func, point + 1),
            Mode::Return | Mode::Unwind | Mode::Goexit => Future::default(),
        };
    }
    all
}

/// What the goroutine waits on, with the operations of others that can end the wait.
pub(crate) fn waits(st: &State, g: &Gor) -> Vec<(u32, Ops)> {
    let mut all = Vec::new();
    let mut arm = |send: bool, chan: Value| {
        let Some((id, object)) = st.object(chan) else { return };
        match &object.data {
            Data::Chan { .. } if send => all.push((id, ops::RECV | ops::CLOSE)),
            Data::Chan { .. } => all.push((id, ops::SEND | ops::CLOSE)),
            Data::Timer { .. } => all.push((id, ops::TIMER)),
            _ => all.extend(context_chain(st, id).map(|c| (c, ops::CANCEL))),
        }
    };
    match &g.pending {
        Pending::Select { arms, .. } => arms.iter().for_each(|a| arm(a.send, a.chan)),
        Pending::None | Pending::Interrupted => {}
        Pending::Prim(p) => match p.prim {
            Prim::Send | Prim::Recv => {
                arm(p.prim == Prim::Send, p.args.first().copied().unwrap_or_default());
            }
            Prim::SemAcquire => {
                if let Some(context) = p.args.get(2) {
                    arm(false, *context);
                }
                let sem = p.args.first().and_then(|v| st.object(*v));
                all.extend(sem.map(|(id, _)| (id, ops::SEM_RELEASE)));
            }
            _ => {
                let object = p.args.first().and_then(|v| st.object(*v));
                let Some((id, object)) = object else { return all };
                let locks = ops::UNLOCK | ops::R_UNLOCK | ops::COND_WAIT;
                match (&object.data, p.phase) {
                    (Data::Cond(lock), 2) => {
                        all.extend(st.object(*lock).map(|(id, _)| (id, locks)));
                    }
                    (Data::Cond(_), _) => all.push((id, ops::SIGNAL)),
                    (Data::Mutex { .. } | Data::RwMutex { .. }, _) => all.push((id, locks)),
                    (Data::WaitGroup(_), _) => all.push((id, ops::WG_ADD)),
                    // Whoever runs the function ends the wait by returning from it.
                    _ => all.push((id, !0)),
                }
            }
        },
    }
    all
}

/// A context and its ancestors.
pub(crate) fn context_chain(st: &State, context: u32) -> impl Iterator<Item = u32> + '_ {
    let mut at = Some(context);
    let mut left = st.heap.len();
    std::iter::from_fn(move || {
        let id = at?;
        left = left.checked_sub(1)?;
        at = match st.heap.get(id as usize).map(|o| &o.data) {
            Some(Data::Context { parent, .. }) => st.object(*parent).map(|p| p.0),
            _ => None,
        };
        Some(id)
    })
}

/// Whether what the goroutine can reach may yet leave view as a result of the root.
fn hands_up(m: &Machine<'_>, g: &Gor) -> bool {
    let root = g.frames.first().filter(|_| g.created == NONE);
    root.is_some_and(|f| !m.program.functions[f.func].results.is_empty())
}

/// Which goroutines could be woken, in any way, by the `active` ones and those they wake: a sound
/// over-approximation of what unexplored futures can do.
pub(crate) fn wakeable(m: &Machine<'_>, st: &State, mut active: u64) -> u64 {
    let n = st.gs.len().min(64);
    let mut marks = vec![0u8; st.heap.len()];
    let mut all = Future::default();
    from_globals(st, &mut marks);
    let mut done = 0u64;
    loop {
        for i in (0..n).filter(|i| active >> i & 1 != 0 && done >> i & 1 == 0) {
            let mut own = vec![0u8; st.heap.len()];
            from_goroutine(st, &st.gs[i], &mut own);
            marks.iter_mut().zip(&own).for_each(|(a, b)| *a |= b);
            all |= future(m, st, &st.gs[i]);
            if hands_up(m, &st.gs[i]) {
                all |= Future { ops: ops::ESCAPE, to: 0, exposes: !0 };
            }
        }
        done = active;
        for i in (0..n).filter(|i| done >> i & 1 == 0) {
            let wakes = |&(o, by): &(u32, Ops)| can(&marks, o, by, on(class(m, st, o), &all));
            if waits(st, &st.gs[i]).iter().any(wakes) {
                active |= 1 << i;
            }
        }
        if active == done {
            return active;
        }
    }
}

/// Whether one of the `active` goroutines may end the process before it waits for others again, or later.
pub(crate) fn may_abort(m: &Machine<'_>, st: &State, active: u64) -> bool {
    let active = st.gs.iter().take(64).enumerate().filter(|(i, _)| active >> i & 1 != 0);
    active.into_iter().any(|(_, g)| future(m, st, g).ops & ops::EXIT != 0)
}

/// The operations of a future that may be on an object of a class.
pub(crate) fn on(class: Option<Classes>, future: &Future) -> Ops {
    let Some(class) = class else { return future.ops };
    let mut mask = 0;
    if future.exposes & class != 0 {
        mask |= ops::ESCAPE;
    }
    if future.to & class != 0 {
        mask |= !ops::ESCAPE;
    }
    mask & future.ops
}

/// Whether marks and operations allow one of the operations on the object.
pub(crate) fn can(marks: &[u8], object: u32, by: Ops, mask: Ops) -> bool {
    by == !0 && mask != 0 && marks.get(object as usize).is_some_and(|m| *m != 0)
        || can_only(marks, object, by | ops::ESCAPE, mask)
}

/// The same, where it makes no difference whether the object leaves view.
pub(crate) fn can_only(marks: &[u8], object: u32, by: Ops, mask: Ops) -> bool {
    let mark = marks.get(object as usize).copied().unwrap_or(0);
    if mark == 0 {
        return false;
    }
    let mut allowed = 0;
    if mark & USE != 0 {
        allowed |= !(ops::SEND | ops::CLOSE | ops::CANCEL);
    }
    if mark & SEND != 0 {
        allowed |= ops::SEND | ops::CLOSE | ops::LEN | ops::ESCAPE;
    }
    if mark & CANCEL != 0 {
        allowed |= ops::CANCEL | ops::ESCAPE;
    }
    by & mask & allowed != 0
}
