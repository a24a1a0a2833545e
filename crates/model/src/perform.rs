//! Performs visible operations.

use crate::exec::Exec;
use crate::interp::Results;
use crate::outcome::{Action, Decision, Escaped, Inconclusive, Met};
use crate::program::*;
use crate::state::*;
use crate::value::{Shape, Value};
use crate::visible::{Act, wanted};

/// What a receive delivers.
#[derive(Clone, Copy)]
struct Received {
    value: Value,
    ok: Value,
}

impl<'p> Exec<'_, 'p> {
    /// Performs a move of goroutine `i` and runs on to the next visible operations.
    pub(crate) fn perform(&mut self, i: usize, act: Act) {
        if let Status::Dormant(timer) = self.st.gs[i].status {
            self.fire_timer(i, timer);
            self.run_all();
            return;
        }
        match std::mem::replace(&mut self.st.gs[i].pending, Pending::None) {
            Pending::None | Pending::Interrupted => self.todo.push(i),
            Pending::Select { arms, default, point } => {
                self.perform_select(i, arms, default, point, act);
            }
            Pending::Prim(p) => self.perform_prim(i, p, act),
        }
        self.run_all();
    }

    fn fire_timer(&mut self, i: usize, timer: u32) {
        let Some(Obj { data: Data::Timer { armed, callback, context, .. }, .. }) =
            self.st.heap.get_mut(timer as usize)
        else {
            return;
        };
        *armed = false;
        let (callback, context) = (*callback, *context);
        if let Some((id, _)) = self.st.object(context) {
            self.context_ends(id);
        }
        let created = self.st.gs[i].created;
        self.st.gs[i].status = Status::Alive;
        self.event(i, created, Action::Operation);
        let (target, args) = self.resolve_value(callback, Vec::new());
        self.start(i, target, args, How::Entry, NONE, created);
        self.todo.push(i);
    }

    fn perform_select(&mut self, i: usize, arms: Vec<Arm>, default: bool, point: u32, act: Act) {
        let (arm, partner) = match act {
            Act::Solo { arm } | Act::Env { arm } => (arm as usize, None),
            Act::Meet { arm, with, with_arm, send } => {
                let partner = Some((with as usize, with_arm as usize, send));
                (arm as usize, partner)
            }
            Act::Default | Act::Phase => {
                self.select_event(i, point, None, None);
                self.take_arm(i, None, None);
                self.todo.push(i);
                return;
            }
        };
        let Some(chosen) = arms.get(arm).copied() else { return };
        if let Some((with, with_arm, send)) = partner {
            self.st.gs[i].pending = Pending::Select { arms, default, point };
            self.meet((i, arm), (with, with_arm), send);
            return;
        }
        self.select_event(i, point, Some(arm), None);
        if chosen.send {
            if self.send_value(i, chosen.chan, chosen.value, act) {
                self.take_arm(i, Some(arm), None);
            }
        } else {
            let zero = self.zero_of_arm(i, arm);
            let received = self.receive_value(i, chosen.chan, act, zero);
            self.take_arm(i, Some(arm), Some(received));
        }
        self.todo.push(i);
    }

    /// What a closed channel gives to an arm of the select at which the top frame stands.
    fn zero_of_arm(&self, i: usize, arm: usize) -> Option<Value> {
        let frame = self.st.gs[i].top()?;
        let Term::Select { arms, .. } =
            &self.m.program.functions[frame.func].blocks[frame.block].term
        else {
            return None;
        };
        match &arms.get(arm)?.op {
            SelectOp::Recv { zero, .. } => zero.and_then(Value::constant),
            SelectOp::Send { .. } => None,
        }
    }

    fn select_event(&mut self, i: usize, point: u32, arm: Option<usize>, with: Option<u32>) {
        if self.events.is_none() {
            return;
        }
        let term =
            self.st.gs[i].top().map(|f| &self.m.program.functions[f.func].blocks[f.block].term);
        let site = match (term, arm) {
            (Some(Term::Select { arms, .. }), Some(n)) => arms.get(n).map(|a| a.site),
            _ => None,
        };
        let action = Action::Select { arm: arm.map(|n| n as u32), with };
        self.event_at(i, point, site, action);
    }

    /// The select at which the top frame stands goes on at an arm, or the default.
    fn take_arm(&mut self, i: usize, arm: Option<usize>, received: Option<Received>) {
        let Some(frame) = self.st.gs[i].top() else { return };
        let program: &'p Program = self.m.program;
        let term = &program.functions[frame.func].blocks[frame.block].term;
        let Term::Select { arms, default } = term else { return };
        let chosen = arm.and_then(|n| arms.get(n));
        if let (Some(SelectArm { op: SelectOp::Recv { dst, ok, .. }, .. }), Some(r)) =
            (chosen, received)
        {
            dst.iter().for_each(|l| self.set(i, *l, r.value));
            ok.iter().for_each(|l| self.set(i, *l, r.ok));
        }
        if let Some(target) = chosen.map(|a| a.target).or(*default) {
            self.goto(i, target);
        }
    }

    /// The two ends of an unbuffered channel meet.
    fn meet(&mut self, (i, arm): (usize, usize), (j, j_arm): (usize, usize), i_sends: bool) {
        let (s, s_arm, r, r_arm) = if i_sends { (i, arm, j, j_arm) } else { (j, j_arm, i, arm) };
        let (numbers, value) = {
            let sender = &self.st.gs[s];
            let value = match &sender.pending {
                Pending::Prim(p) => p.args.get(1).copied(),
                Pending::Select { arms, .. } => arms.get(s_arm).map(|a| a.value),
                Pending::None | Pending::Interrupted => None,
            };
            ((sender.number, self.st.gs[r].number), self.st.resolve(value.unwrap_or_default()))
        };
        self.complete_end(s, s_arm, None, numbers.1);
        let received = Received { value, ok: Value::bool(true) };
        self.complete_end(r, r_arm, Some(received), numbers.0);
        self.todo.push(s);
        self.todo.push(r);
    }

    fn complete_end(&mut self, i: usize, arm: usize, received: Option<Received>, with: u32) {
        match std::mem::replace(&mut self.st.gs[i].pending, Pending::None) {
            Pending::Prim(p) => {
                let action = match received {
                    None => Action::Send { to: Some(with) },
                    Some(_) => Action::Receive { from: Some(with), closed: false },
                };
                self.event(i, p.point, action);
                let results = received.map_or(Vec::new(), |r| vec![r.value, r.ok]);
                self.finish(i, p.how, p.once, &Results::Values(&results));
            }
            Pending::Select { point, .. } => {
                self.select_event(i, point, Some(arm), Some(with));
                self.take_arm(i, Some(arm), received);
            }
            Pending::None | Pending::Interrupted => {}
        }
    }

    /// Sends into a buffer or to the environment; false if that panicked.
    fn send_value(&mut self, i: usize, chan: Value, value: Value, act: Act) -> bool {
        let id = self.st.object(chan).map(|(id, _)| id);
        let solo = matches!(act, Act::Solo { .. });
        let limit = self.m.limits.elements as usize;
        let object = id.and_then(|id| self.st.heap.get_mut(id as usize));
        if let (true, Some(Obj { data: Data::Chan { closed, queue, .. }, open, .. })) =
            (solo, object)
        {
            if *closed {
                self.panic(i, Value::NIL);
                return false;
            }
            let escapes = *open & OPEN_RECV != 0;
            if queue.len() >= limit {
                self.park(i, Inconclusive::Elements);
                return false;
            }
            queue.push(value);
            if escapes {
                self.escape(value, Escaped::Up);
            }
        } else {
            self.helped(chan, Met::Sent);
            self.escape(value, Escaped::Up);
        }
        true
    }

    fn receive_value(&mut self, i: usize, chan: Value, act: Act, zero: Option<Value>) -> Received {
        let here = self.here(i);
        let id = self.st.object(chan).map(|(id, _)| id);
        let solo = matches!(act, Act::Solo { .. });
        let object = id.and_then(|id| self.st.heap.get_mut(id as usize));
        match (object.map(|o| &mut o.data), id) {
            (Some(Data::Chan { queue, .. }), _) if solo => {
                if queue.is_empty() {
                    let value = zero.unwrap_or_else(|| self.fresh(here, UnknownKind::Any));
                    return Received { value, ok: Value::bool(false) };
                }
                let value = queue.remove(0);
                return Received { value: self.st.resolve(value), ok: Value::bool(true) };
            }
            (Some(Data::Context { .. }), Some(id)) => {
                self.context_ends(id);
                let value = self.fresh(here, UnknownKind::Any);
                return Received { value, ok: Value::bool(false) };
            }
            (Some(Data::Timer { armed, ticker, .. }), _) => {
                *armed = *ticker;
                let value = self.fresh(here, UnknownKind::NonNil);
                return Received { value, ok: Value::bool(true) };
            }
            _ => {}
        }
        self.helped(chan, Met::Received);
        let value = self.fresh(here, UnknownKind::Any);
        Received { value, ok: self.fresh(here, UnknownKind::Any) }
    }

    /// A context that may end any time is seen to have ended: the nearest cause is.
    pub(crate) fn context_ends(&mut self, context: u32) {
        if self.st.context_state(context).0 {
            return;
        }
        let chain: Vec<u32> = crate::reach::context_chain(self.st, context).collect();
        for id in chain {
            if let Some(Obj { data: Data::Context { parent, done, armed, .. }, open, .. }) =
                self.st.heap.get_mut(id as usize)
                && (*armed || *open != 0)
            {
                *done = true;
                *parent = Value::NIL;
                return;
            }
        }
    }

    fn perform_prim(&mut self, i: usize, p: PendingPrim, act: Act) {
        self.todo.push(i);
        if let Act::Meet { arm, with, with_arm, send } = act {
            self.todo.pop();
            self.st.gs[i].pending = Pending::Prim(p);
            self.meet((i, arm as usize), (with as usize, with_arm as usize), send);
            return;
        }
        let first = self.st.resolve(p.args.first().copied().unwrap_or_default());
        let second = p.args.get(1).map(|v| self.st.resolve(*v));
        if let Act::Phase = act {
            self.phase(i, p, first);
            return;
        }
        let nil_panics =
            !matches!(p.prim, Prim::Yield | Prim::ChanLen | Prim::CtxErr | Prim::Send | Prim::Recv);
        if nil_panics && first.shape() == Shape::Nil {
            self.panic(i, Value::NIL);
            return;
        }
        let results = match p.prim {
            Prim::Send => {
                self.event(i, p.point, Action::Send { to: None });
                let value = second.unwrap_or_default();
                self.send_value(i, first, value, act).then(Vec::new)
            }
            Prim::Recv => {
                let received = self.receive_value(i, first, act, second);
                let closed = received.ok == Value::bool(false);
                self.event(i, p.point, Action::Receive { from: None, closed });
                Some(vec![received.value, received.ok])
            }
            Prim::OnceDo => {
                self.once(i, p, first);
                return;
            }
            Prim::Close => {
                self.event(i, p.point, Action::Close);
                self.close(i, first)
            }
            Prim::ChanLen => Some(vec![self.chan_len(i, first)]),
            Prim::CtxErr => self.context_error(i, first).map(|v| vec![v]),
            Prim::Cancel => {
                self.event(i, p.point, Action::Cancel);
                self.cancel(first);
                Some(Vec::new())
            }
            Prim::TimerStop | Prim::TimerReset if first.shape() == Shape::Nil => {
                self.panic(i, Value::NIL);
                None
            }
            Prim::TimerStop | Prim::TimerReset => {
                self.event(i, p.point, Action::Operation);
                self.timer(i, p.prim, first, p.point).map(|v| vec![v])
            }
            Prim::WgAdd | Prim::WgDone => self.wait_group(i, &p, first, second),
            _ => self.lock_like(i, &p, first, act),
        };
        if let Some(results) = results
            && self.is_alive(i)
        {
            self.finish(i, p.how, p.once, &Results::Values(&results));
        }
    }

    fn object_mut(&mut self, value: Value) -> Option<&mut Obj> {
        let id = self.st.resolve(value).object_id()?;
        self.st.heap.get_mut(id as usize)
    }

    /// A step inside an operation.
    fn phase(&mut self, i: usize, mut p: PendingPrim, first: Value) {
        self.todo.clear();
        p.phase = 1;
        if p.prim == Prim::CondWait {
            let lock = match self.object_mut(first) {
                Some(Obj { data: Data::Cond(lock), .. }) => *lock,
                _ => Value::NIL,
            };
            self.event(i, p.point, Action::Unlock { read: false });
            if !self.unlock(lock) {
                self.crash(p.point);
            }
        } else {
            self.event(i, p.point, Action::Operation);
        }
        self.st.gs[i].pending = Pending::Prim(p);
    }

    /// Gives a write lock back; false if it was not held.
    fn unlock(&mut self, lock: Value) -> bool {
        match self.object_mut(lock) {
            Some(Obj { open: 0, data: Data::Mutex { locked: held }, .. })
            | Some(Obj { open: 0, data: Data::RwMutex { writer: held, .. }, .. }) => {
                std::mem::replace(held, false)
            }
            _ => true,
        }
    }

    /// Takes a write lock, free or out of view.
    fn lock(&mut self, lock: Value) {
        if let Some(
            Obj { open: 0, data: Data::Mutex { locked: held }, .. }
            | Obj { open: 0, data: Data::RwMutex { writer: held, .. }, .. },
        ) = self.object_mut(lock)
        {
            *held = true;
        }
    }

    /// Whether something out of view holds.
    fn happened(&mut self, i: usize, point: u32) -> bool {
        let yes = self.chooser.choose(2) == 0;
        self.decided(i, point, NONE, Decision::Happened(yes));
        yes
    }

    fn once(&mut self, i: usize, p: PendingPrim, first: Value) {
        let runs = match self.object_mut(first) {
            Some(Obj { open: 0, data: Data::Once(state), .. }) => {
                let idle = *state == 0;
                *state = if idle { 1 } else { *state };
                idle
            }
            _ => self.happened(i, p.point),
        };
        self.event(i, p.point, Action::Operation);
        if !runs {
            self.finish(i, p.how, p.once, &Results::Values(&[]));
            return;
        }
        let function = p.args.get(1).copied().unwrap_or_default();
        let once = first.object_id().unwrap_or(NONE);
        let (target, args) = self.resolve_value(function, Vec::new());
        self.start(i, target, args, p.how, once, p.point);
    }

    fn close(&mut self, i: usize, chan: Value) -> Option<Vec<Value>> {
        self.helped(chan, Met::Closed);
        if let Some(Obj { data: Data::Chan { closed, .. }, open, .. }) = self.object_mut(chan) {
            if *closed && *open & OPEN_SEND == 0 {
                self.panic(i, Value::NIL);
                return None;
            }
            *closed = true;
        }
        Some(Vec::new())
    }

    fn chan_len(&mut self, i: usize, chan: Value) -> Value {
        match self.st.object(chan) {
            Some((_, Obj { data: Data::Chan { queue, .. }, open: 0, .. })) => {
                Value::int(queue.len() as i32)
            }
            _ if chan.shape() == Shape::Nil => Value::int(0),
            _ => {
                let here = self.here(i);
                self.fresh(here, UnknownKind::Size)
            }
        }
    }

    fn context_error(&mut self, i: usize, context: Value) -> Option<Value> {
        let here = self.here(i);
        let context = match context.shape() {
            Shape::Nil => return Some(Value::NIL),
            Shape::Unknown(_) => self.materialise(i, context, OpenKind::Context)?,
            _ => context,
        };
        let Some((id, _)) = self.st.object(context) else {
            return Some(self.fresh(here, UnknownKind::Any));
        };
        let (mut done, maybe) = self.st.context_state(id);
        if !done && maybe {
            done = self.happened(i, here);
            if done {
                self.context_ends(id);
            }
        }
        Some(if done { self.fresh(here, UnknownKind::NonNil) } else { Value::NIL })
    }

    fn cancel(&mut self, context: Value) {
        if let Some(Obj { data: Data::Context { parent, done, .. }, .. }) = self.object_mut(context)
        {
            *done = true;
            *parent = Value::NIL;
        }
    }

    fn timer(&mut self, i: usize, prim: Prim, timer: Value, point: u32) -> Option<Value> {
        let reset = prim == Prim::TimerReset;
        let (was, callback) = match self.object_mut(timer) {
            Some(Obj { data: Data::Timer { armed, callback, context, .. }, open: 0, .. }) => {
                let was = *armed;
                *armed = reset;
                // From now on it is the clock that it waits for.
                if reset {
                    *context = Value::NIL;
                }
                (was, *callback)
            }
            _ => {
                let here = self.here(i);
                return Some(self.fresh(here, UnknownKind::NonNil));
            }
        };
        let id = timer.object_id().unwrap_or(NONE);
        if callback != Value::NIL && was && !reset {
            let waiting = |g: &&mut Gor| g.status == Status::Dormant(id);
            self.st.gs.iter_mut().filter(waiting).for_each(|g| g.status = Status::Ended);
        } else if callback != Value::NIL && !was && reset {
            self.start_timer_goroutine(i, callback, id, point)?;
        }
        Some(Value::bool(was))
    }

    fn wait_group(
        &mut self,
        i: usize,
        p: &PendingPrim,
        group: Value,
        n: Option<Value>,
    ) -> Option<Vec<Value>> {
        let by = if p.prim == Prim::WgDone {
            -1
        } else {
            let n = n.unwrap_or_default();
            match n.shape() {
                Shape::Int(n) => n,
                _ => self.size(i, n) as i32,
            }
        };
        let action = if by < 0 { Action::Done } else { Action::Add { n: by } };
        self.event(i, p.point, action);
        if let Some(Obj { data: Data::WaitGroup(count), open: 0, .. }) = self.object_mut(group) {
            *count = count.saturating_add(by);
            if *count < 0 {
                self.panic(i, Value::NIL);
                return None;
            }
        }
        Some(Vec::new())
    }

    /// Locks, conditions, semaphores, waits and the rest.
    fn lock_like(
        &mut self,
        i: usize,
        p: &PendingPrim,
        first: Value,
        act: Act,
    ) -> Option<Vec<Value>> {
        let point = p.point;
        let is_open = self.st.object(first).is_none_or(|(_, o)| o.open != 0);
        match p.prim {
            Prim::Lock => {
                self.event(i, point, Action::Lock { read: false });
                self.lock(first);
            }
            Prim::TryLock | Prim::TryRLock => {
                let read = p.prim == Prim::TryRLock;
                let got =
                    if is_open { self.happened(i, point) } else { self.try_lock(first, read) };
                self.event(i, point, Action::Lock { read });
                return Some(vec![Value::bool(got)]);
            }
            Prim::Unlock => {
                self.event(i, point, Action::Unlock { read: false });
                if !self.unlock(first) {
                    self.crash(point);
                }
            }
            Prim::RLock => {
                self.event(i, point, Action::Lock { read: true });
                if let Some(Obj { data: Data::RwMutex { readers, .. }, open: 0, .. }) =
                    self.object_mut(first)
                {
                    *readers += 1;
                }
            }
            Prim::RUnlock => {
                self.event(i, point, Action::Unlock { read: true });
                if let Some(Obj { data: Data::RwMutex { readers, .. }, open: 0, .. }) =
                    self.object_mut(first)
                {
                    match readers.checked_sub(1) {
                        Some(n) => *readers = n,
                        None => self.crash(point),
                    }
                }
            }
            Prim::CondWait => {
                if let Some(Obj { data: Data::Cond(lock), open: 0, .. }) = self.object_mut(first) {
                    let lock = *lock;
                    self.lock(lock);
                }
                self.event(i, point, Action::Wait);
            }
            Prim::CondSignal | Prim::CondBroadcast => {
                self.event(i, point, Action::Signal);
                self.signal(first, p.prim == Prim::CondBroadcast);
            }
            Prim::SemAcquire | Prim::SemTryAcquire | Prim::SemRelease => {
                return Some(vec![self.semaphore(i, p, first, act)]);
            }
            Prim::WgWait => self.event(i, point, Action::Wait),
            _ => self.event(i, point, Action::Operation),
        }
        Some(Vec::new())
    }

    fn try_lock(&mut self, lock: Value, read: bool) -> bool {
        let waits = lock.object_id().is_some_and(|id| crate::visible::writer_waits(self.st, id));
        match self.object_mut(lock).map(|o| &mut o.data) {
            Some(Data::Mutex { locked }) => !std::mem::replace(locked, true),
            Some(Data::RwMutex { readers, writer }) if read => {
                let free = !*writer && !waits;
                *readers += u32::from(free);
                free
            }
            Some(Data::RwMutex { readers, writer }) => {
                let free = !*writer && *readers == 0 && !waits;
                *writer |= free;
                free
            }
            _ => true,
        }
    }

    fn signal(&mut self, cond: Value, all: bool) {
        let Some((id, _)) = self.st.object(cond) else { return };
        let st = &*self.st;
        let waits = |g: &Gor| match &g.pending {
            Pending::Prim(p) => {
                p.prim == Prim::CondWait
                    && p.phase == 1
                    && p.args.first().is_some_and(|v| st.resolve(*v).object_id() == Some(id))
            }
            _ => false,
        };
        let mut waiters: Vec<usize> = (0..st.gs.len()).filter(|j| waits(&st.gs[*j])).collect();
        if !all && !waiters.is_empty() {
            waiters = vec![waiters[self.chooser.choose(waiters.len() as u32) as usize]];
        }
        for j in waiters {
            if let Pending::Prim(p) = &mut self.st.gs[j].pending {
                p.phase = 2;
            }
        }
    }

    fn semaphore(&mut self, i: usize, p: &PendingPrim, first: Value, act: Act) -> Value {
        let n = wanted(self.st, p);
        let here = self.here(i);
        self.event(i, p.point, Action::Wait);
        if let Act::Env { .. } = act {
            let context = p.args.get(2).and_then(|v| self.st.object(*v)).map(|c| c.0);
            context.iter().for_each(|id| self.context_ends(*id));
            return self.fresh(here, UnknownKind::NonNil);
        }
        let Some(Obj { data: Data::Semaphore { cap, used }, open: 0, .. }) = self.object_mut(first)
        else {
            return self.fresh(here, UnknownKind::Any);
        };
        match p.prim {
            Prim::SemRelease => {
                *used = used.saturating_sub(n);
                Value::NIL
            }
            Prim::SemTryAcquire => {
                let free = used.saturating_add(n) <= *cap;
                *used += if free { n } else { 0 };
                Value::bool(free)
            }
            _ => {
                *used += n;
                Value::NIL
            }
        }
    }
}
