//! Local code: runs a goroutine up to its next visible operation.

use crate::exec::Exec;
use crate::outcome::{Action, Decision, Escaped, Inconclusive};
use crate::program::*;
use crate::shared::Shared;
use crate::state::*;
use crate::statics::ops;
use crate::value::{Shape, Value, View};

/// What an instruction leaves to do.
pub(crate) enum Flow {
    /// Go to the next instruction.
    Next,
    /// The instruction has arranged what comes next.
    Stay,
}

/// Results of an operation.
pub(crate) enum Results<'a> {
    Values(&'a [Value]),
    /// As many unknowns as are asked for.
    Unknown(UnknownKind),
}

impl<'p> Exec<'_, 'p> {
    /// Runs local code of every goroutine in `todo`, and of those they start. A goroutine whose turn
    /// comes when the step is long already begins in a later step: goroutines that only start the next
    /// one would never come to an end.
    pub(crate) fn run_all(&mut self) {
        while !self.todo.is_empty() && !self.st.exited {
            let i = self.todo.remove(0);
            if self.work > u64::from(self.m.limits.local_steps)
                && matches!(self.st.gs[i].pending, Pending::None)
            {
                self.st.gs[i].pending = Pending::Interrupted;
            } else {
                self.run_local(i);
            }
        }
    }

    fn run_local(&mut self, i: usize) {
        let mut steps = 0;
        while self.is_alive(i) && matches!(self.st.gs[i].pending, Pending::None) {
            steps += 1;
            self.work += 1;
            if steps > self.m.limits.local_steps {
                self.st.gs[i].pending = Pending::Interrupted;
                break;
            }
            match self.st.gs[i].top().map(|f| f.mode) {
                None => self.end(i),
                Some(Mode::Run) => self.instruction(i),
                Some(mode) => self.next_defer(i, mode),
            }
        }
        self.forget_dead(i);
    }

    /// Sets the slots of the top frame to nil that do not matter any more.
    pub(crate) fn forget_dead(&mut self, i: usize) {
        let g = &mut self.st.gs[i];
        let Some(frame) = g.frames.last() else { return };
        let statics = &self.m.statics;
        let point = statics.point(frame.func, frame.block, frame.instr);
        let live = match (frame.mode, &g.pending) {
            (Mode::Run, Pending::None | Pending::Interrupted) => {
                statics.live_before(frame.func, point)
            }
            (Mode::Run | Mode::Defers, _) => statics.live_across(frame.func, point),
            (Mode::Return | Mode::Unwind, _) => statics.result_slots(frame.func),
            (Mode::Goexit, _) => {
                g.slots.truncate(frame.base as usize);
                return;
            }
        };
        for (n, slot) in g.slots[frame.base as usize..].iter_mut().enumerate() {
            if !live.contains(n) {
                *slot = Value::NIL;
            }
        }
    }

    fn end(&mut self, i: usize) {
        let created = self.st.gs[i].created;
        self.event(i, created, Action::End);
        self.st.gs[i].status = Status::Ended;
        if created == NONE {
            self.st.root_ended = true;
        }
    }

    fn instruction(&mut self, i: usize) {
        let Some(frame) = self.st.gs[i].top() else { return };
        let (func, block, instr) = (frame.func, frame.block, frame.instr as usize);
        let program: &'p Program = self.m.program;
        let code = &program.functions[func].blocks[block];
        match code.instrs.get(instr) {
            Some(instr) => {
                if let Flow::Next = self.op(i, &instr.op) {
                    self.advance(i);
                }
            }
            None => self.term(i, func, &code.term),
        }
    }

    /// Goes to the next instruction of the top frame.
    pub(crate) fn advance(&mut self, i: usize) {
        if let Some(frame) = self.st.gs[i].frames.last_mut() {
            frame.instr += 1;
        }
    }

    /// Goes to a block of the top frame. A loop whose turns decide about new unknowns would branch
    /// without end within one step: it is interrupted there too.
    pub(crate) fn goto(&mut self, i: usize, block: BlockId) {
        let Some(frame) = self.st.gs[i].frames.last_mut() else { return };
        frame.block = block;
        frame.instr = 0;
        if self.m.statics.is_join(frame.func, block) {
            self.ways_meet(i);
        }
    }

    /// Local code of a goroutine is where several ways lead.
    fn ways_meet(&mut self, i: usize) {
        if self.chooser.is_wide() && matches!(self.st.gs[i].pending, Pending::None) {
            self.st.gs[i].pending = Pending::Interrupted;
        }
    }

    fn term(&mut self, i: usize, func: FnId, term: &Term) {
        match term {
            Term::Goto(b) => self.goto(i, *b),
            Term::Branch { cond, then, els } => {
                let cond = self.eval(i, *cond);
                let to = if self.truth(i, cond) { *then } else { *els };
                self.goto(i, to);
            }
            Term::TypeSwitch { value, cases, default } => {
                let value = self.eval(i, *value);
                let was_open = self.st.fact(value).is_some();
                let case = cases.iter().position(|c| {
                    let tags: Vec<u32> = c.tags.iter().map(|t| t.0).collect();
                    self.is_type(value, &tags, c.nil)
                });
                if was_open {
                    let (here, origin) =
                        (self.here(i), self.st.fact(value).map_or(NONE, |f| f.origin));
                    self.decided(i, here, origin, Decision::Case(case.map(|c| c as u32)));
                }
                self.goto(i, case.map_or(*default, |c| cases[c].target));
            }
            Term::Select { arms, default } => {
                let point = self.here(i);
                let arms = arms
                    .iter()
                    .map(|arm| match &arm.op {
                        SelectOp::Send { chan, value } => Arm {
                            send: true,
                            chan: self.eval(i, *chan),
                            value: self.eval(i, *value),
                        },
                        SelectOp::Recv { chan, .. } => {
                            Arm { send: false, chan: self.eval(i, *chan), value: Value::NIL }
                        }
                    })
                    .collect();
                let default = default.is_some();
                self.st.gs[i].pending = Pending::Select { arms, default, point };
            }
            Term::Return => {
                let here = self.here(i);
                self.event(i, here, Action::Return);
                if self.st.gs[i].top().is_some_and(|f| !f.defers.is_empty()) {
                    self.set_mode(i, Mode::Return);
                } else {
                    self.do_return(i, func);
                }
            }
            Term::Panic(value) => {
                let value = self.eval(i, *value);
                self.panic(i, value);
            }
            Term::Goexit => self.set_mode(i, Mode::Goexit),
            Term::Exit => self.st.exited = true,
        }
    }

    fn set_mode(&mut self, i: usize, mode: Mode) {
        if let Some(frame) = self.st.gs[i].frames.last_mut() {
            frame.mode = mode;
        }
    }

    fn do_return(&mut self, i: usize, func: FnId) {
        let program: &'p Program = self.m.program;
        let mut results = Vec::new();
        for slot in &program.functions[func].results {
            let mut value = self.eval(i, Operand::Local(slot.local));
            if slot.cell {
                value = match self.st.object(value) {
                    Some((_, Obj { data: Data::Cell(v), .. })) => self.st.resolve(*v),
                    _ => self.fresh(NONE, UnknownKind::Any),
                };
            }
            results.push(value);
        }
        let Some(frame) = self.pop_frame(i) else { return };
        match frame.kind {
            FrameKind::Entry => {
                if self.st.gs[i].created == NONE {
                    results.iter().for_each(|v| self.escape(*v, Escaped::Up));
                    // The process ends. Who cannot go on even if it did not is blocked for ever.
                    self.st.main_returned |= program.functions[func].main;
                }
            }
            FrameKind::Call => {
                self.finish(i, How::Instr, NONE, &Results::Values(&results));
                self.ways_meet(i);
            }
            FrameKind::Deferred => {}
            FrameKind::Once(once, by_instr) => {
                let how = if by_instr { How::Instr } else { How::Defer };
                self.finish(i, how, once, &Results::Values(&[]));
            }
        }
    }

    fn pop_frame(&mut self, i: usize) -> Option<Frame> {
        let g = &mut self.st.gs[i];
        let frame = g.frames.pop()?;
        g.slots.truncate(frame.base as usize);
        Some(frame)
    }

    /// An operation is complete: its results go where they are wanted.
    pub(crate) fn finish(&mut self, i: usize, how: How, once: u32, results: &Results<'_>) {
        if let Some(Obj { data: Data::Once(state), .. }) = self.st.heap.get_mut(once as usize) {
            *state = 2;
        }
        if how != How::Instr {
            return;
        }
        let Some(frame) = self.st.gs[i].top() else { return };
        let program: &'p Program = self.m.program;
        let code = &program.functions[frame.func].blocks[frame.block];
        let instr = code.instrs.get(frame.instr as usize);
        if let Some(Instr { op: Op::Call(call), .. }) = instr {
            let here = self.here(i);
            for (n, dst) in call.dst.iter().enumerate() {
                let value = match results {
                    Results::Values(values) => values.get(n).copied(),
                    Results::Unknown(_) => None,
                };
                let kind = match results {
                    Results::Values(_) => UnknownKind::Any,
                    Results::Unknown(kind) => *kind,
                };
                let Some(dst) = dst else { continue };
                let value = value.unwrap_or_else(|| self.fresh(here, kind));
                self.set(i, *dst, value);
            }
        }
        self.advance(i);
    }

    /// Starts a panic in goroutine `i`.
    pub(crate) fn panic(&mut self, i: usize, value: Value) {
        let here = self.here(i);
        self.event(i, here, Action::Panic);
        self.st.gs[i].pending = Pending::None;
        self.st.gs[i].panic = Some(value);
        if self.st.gs[i].frames.is_empty() {
            self.crash(here);
        }
        self.set_mode(i, Mode::Unwind);
    }

    /// The top frame has deferred calls to run, or is done with them.
    fn next_defer(&mut self, i: usize, mode: Mode) {
        let recovered = mode == Mode::Unwind && self.st.gs[i].panic.is_none();
        let Some(frame) = self.st.gs[i].frames.last_mut() else { return };
        if recovered {
            frame.mode = Mode::Return;
        } else if let Some(d) = frame.defers.pop() {
            self.forget_dead(i);
            self.start(i, d.target, d.args, How::Defer, NONE, d.point);
        } else {
            let (func, here) = (frame.func, self.here(i));
            match mode {
                Mode::Run => {}
                Mode::Defers => {
                    self.set_mode(i, Mode::Run);
                    self.advance(i);
                }
                Mode::Return => self.do_return(i, func),
                Mode::Unwind | Mode::Goexit => {
                    let frame = self.pop_frame(i);
                    if let Some(FrameKind::Once(once, _)) = frame.map(|f| f.kind) {
                        self.finish(i, How::Defer, once, &Results::Values(&[]));
                    }
                    self.set_mode(i, mode);
                    if mode == Mode::Unwind && self.st.gs[i].frames.is_empty() {
                        self.crash(here);
                    }
                }
            }
        }
    }

    /// The callee of a call with all its arguments.
    fn resolve_call(&mut self, i: usize, call: &Call) -> (Target, Vec<Value>) {
        let args: Vec<Value> = call.args.iter().map(|a| self.eval(i, *a)).collect();
        match call.callee {
            Callee::Fn(f) => (self.target(f), args),
            Callee::Prim(p) => (Target::Prim(p), args),
            Callee::Opaque | Callee::Pure(_) => (Target::Opaque, args),
            Callee::Value(o) => {
                let value = self.eval(i, o);
                self.resolve_value(value, args)
            }
            Callee::Method(o, method) => {
                let value = self.eval(i, o);
                self.resolve_method(value, method, args)
            }
        }
    }

    fn target(&self, f: FnId) -> Target {
        let opaque = self.m.program.functions.get(f).is_none_or(|f| f.blocks.is_empty());
        if opaque { Target::Opaque } else { Target::Fn(f) }
    }

    /// What a call of a function value runs.
    pub(crate) fn resolve_value(&self, value: Value, args: Vec<Value>) -> (Target, Vec<Value>) {
        let value = self.st.resolve(value);
        match value.shape() {
            Shape::Nil => (Target::Nil, args),
            Shape::Func(f) => (self.target(f), args),
            Shape::Ref(id, _) => match self.st.heap.get(id as usize).map(|o| &o.data) {
                Some(Data::Closure { callee, env }) => {
                    let mut all = env.clone();
                    all.extend(args);
                    match callee {
                        Bindable::Fn(f) => (self.target(*f), all),
                        Bindable::Prim(p) => (Target::Prim(*p), all),
                        Bindable::Method(m) => {
                            let value = if all.is_empty() { Value::NIL } else { all.remove(0) };
                            self.resolve_method(value, *m, all)
                        }
                    }
                }
                _ => (Target::Opaque, args),
            },
            _ => (Target::Opaque, args),
        }
    }

    fn resolve_method(
        &self,
        value: Value,
        m: MethodId,
        mut args: Vec<Value>,
    ) -> (Target, Vec<Value>) {
        let value = self.st.resolve(value);
        let tag =
            if value.tag() != 0 { value.tag() } else { self.st.fact(value).map_or(0, |f| f.tag) };
        args.insert(0, value.with_tag(0));
        if tag == 0 && value.shape() == Shape::Nil {
            return (Target::Nil, args);
        }
        let row = self.m.program.methods.iter().find(|row| row.tag.0 == tag && row.method == m);
        (row.map_or(Target::Opaque, |row| self.target(row.function)), args)
    }

    /// Starts a call in goroutine `i`.
    pub(crate) fn start(
        &mut self,
        i: usize,
        target: Target,
        args: Vec<Value>,
        how: How,
        once: u32,
        point: u32,
    ) {
        match target {
            Target::Fn(f) => {
                let kind = match how {
                    _ if once != NONE => FrameKind::Once(once, how == How::Instr),
                    How::Instr => FrameKind::Call,
                    How::Defer => FrameKind::Deferred,
                    How::Entry => FrameKind::Entry,
                };
                if how != How::Entry {
                    self.event(i, point, Action::Call { callee: f });
                }
                self.push_frame(i, f, args, kind);
            }
            Target::Prim(prim) => self.start_prim(i, prim, args, how, once, point),
            Target::Opaque => {
                args.iter().for_each(|v| self.escape(*v, Escaped::Away));
                self.finish(i, how, once, &Results::Unknown(UnknownKind::Any));
            }
            Target::Nil => self.panic(i, Value::NIL),
        }
    }

    pub(crate) fn push_frame(&mut self, i: usize, f: FnId, args: Vec<Value>, kind: FrameKind) {
        let frames = &self.st.gs[i].frames;
        let (depth, recursion) = (self.m.limits.depth as usize, self.m.limits.recursion as usize);
        let active = || frames.iter().filter(|frame| frame.func == f).count();
        if frames.len() >= depth || frames.len() >= recursion && active() >= recursion {
            self.park(i, Inconclusive::Depth);
            return;
        }
        if !self.st.gs[i].frames.is_empty() {
            self.forget_dead_of_caller(i);
        }
        let program: &'p Program = self.m.program;
        let function = &program.functions[f];
        let n_in = (function.n_captures + function.n_params) as usize;
        let g = &mut self.st.gs[i];
        let base = g.slots.len();
        g.slots.extend(args.into_iter().take(n_in));
        g.slots.resize(base + function.locals.len(), Value::NIL);
        g.frames.push(Frame {
            func: f,
            block: BlockId::from_raw(0),
            instr: 0,
            base: base as u32,
            mode: Mode::Run,
            kind,
            defers: Vec::new(),
        });
    }

    /// Before a call: the caller's slots that do not matter after it.
    fn forget_dead_of_caller(&mut self, i: usize) {
        let pending = std::mem::replace(
            &mut self.st.gs[i].pending,
            Pending::Select { arms: Vec::new(), default: false, point: NONE },
        );
        self.forget_dead(i);
        self.st.gs[i].pending = pending;
    }

    /// Starts a goroutine; none if a limit forbids it.
    pub(crate) fn spawn(
        &mut self,
        i: usize,
        (target, args): (Target, Vec<Value>),
        point: u32,
        status: Status,
    ) -> bool {
        let alive = |g: &&Gor| g.status != Status::Ended;
        let n = self.st.gs.iter().filter(alive).count();
        let n_same = self.st.gs.iter().filter(alive).filter(|g| g.created == point).count();
        if n >= self.m.limits.goroutines as usize
            || n_same >= self.m.limits.goroutines_per_site as usize
        {
            self.park(i, Inconclusive::Goroutines);
            return false;
        }
        let entry = match target {
            Target::Fn(f) => f.raw(),
            Target::Prim(_) | Target::Opaque | Target::Nil => NONE,
        };
        let number = self.next_number;
        self.next_number += 1;
        if status == Status::Alive {
            let entry = FnId::from_raw(entry);
            self.event(i, point, Action::Go { started: number, entry });
        }
        self.st.gs.push(Gor {
            entry,
            created: point,
            status,
            frames: Shared::default(),
            slots: Shared::default(),
            pending: Pending::None,
            panic: None,
            before: NONE,
            number,
        });
        let new = self.st.gs.len() - 1;
        if status == Status::Alive {
            self.start(new, target, args, How::Entry, NONE, point);
            self.todo.push(new);
        }
        true
    }

    /// One instruction.
    fn op(&mut self, i: usize, op: &'p Op) -> Flow {
        match op {
            Op::Assign { dst, src } => {
                let value = self.eval(i, *src);
                self.set(i, *dst, value);
            }
            Op::Unknown { dst, kind } => {
                let here = self.here(i);
                let value = self.fresh(here, *kind);
                self.set(i, *dst, value);
            }
            Op::Choose { dst, n } => {
                let pick = self.chooser.choose(*n);
                let here = self.here(i);
                self.decided(i, here, here, Decision::Choice(pick));
                self.set(i, *dst, Value::int(pick as i32));
            }
            Op::Compare { dst, op, a, b } => {
                let (a, b) = (self.eval(i, *a), self.eval(i, *b));
                let answer = self.compare(i, *op, a, b);
                self.set(i, *dst, Value::bool(answer));
            }
            Op::Arith { dst, op, a, b } => {
                let (a, b) = (self.eval(i, *a), self.eval(i, *b));
                let value = self.arith(i, *op, a, b);
                self.set(i, *dst, value);
            }
            Op::Not { dst, a } => {
                let a = self.eval(i, *a);
                let value = Value::bool(!self.truth(i, a));
                self.set(i, *dst, value);
            }
            Op::SetTag { dst, src, tag } if tag.0 >= FOREIGN => {
                let value = self.eval(i, *src);
                self.fits(value, tag.0);
                self.set(i, *dst, value);
            }
            Op::SetTag { dst, src, tag } => {
                let value = self.eval(i, *src).with_tag(tag.0);
                self.set(i, *dst, value);
            }
            Op::Direction { dst, src, dir } => {
                let view = match dir {
                    ChanDir::Recv => View::Recv,
                    ChanDir::Send => View::Send,
                };
                let value = self.eval(i, *src).viewed(view);
                self.set(i, *dst, value);
            }
            Op::Assert { .. } => return self.assert_type(i, op),
            Op::Call(call) => {
                let point = self.here(i);
                if let Callee::Pure(kind) = call.callee {
                    self.finish(i, How::Instr, NONE, &Results::Unknown(kind));
                    return Flow::Stay;
                }
                let (target, args) = self.resolve_call(i, call);
                if let (Callee::Value(_), Target::Opaque) = (call.callee, &target) {
                    args.iter().for_each(|v| self.may_change(*v));
                }
                self.start(i, target, args, How::Instr, NONE, point);
                return Flow::Stay;
            }
            Op::Go(call) => {
                let point = self.here(i);
                let (target, args) = self.resolve_call(i, call);
                match target {
                    Target::Nil => self.panic(i, Value::NIL),
                    Target::Opaque => {
                        args.iter().for_each(|v| self.escape(*v, Escaped::Away));
                        return Flow::Next;
                    }
                    Target::Fn(_) | Target::Prim(_) => {
                        if self.spawn(i, (target, args), point, Status::Alive) {
                            return Flow::Next;
                        }
                    }
                }
                return Flow::Stay;
            }
            Op::Defer(call) => {
                let point = self.here(i);
                let (target, args) = self.resolve_call(i, call);
                let limit = self.m.limits.elements as usize;
                if self.st.gs[i].top().is_some_and(|f| f.defers.len() >= limit) {
                    self.park(i, Inconclusive::Elements);
                    return Flow::Stay;
                }
                if let Some(frame) = self.st.gs[i].frames.last_mut() {
                    frame.defers.push(Deferred { target, args, point });
                }
            }
            Op::RunDefers => {
                self.set_mode(i, Mode::Defers);
                return Flow::Stay;
            }
            Op::Recover { dst } => {
                let value = self.recover(i);
                self.set(i, *dst, value);
            }
            Op::LoadGlobal { dst, global } => {
                self.touched(NONE, ops::GLOBAL_READ);
                let value = self.st.globals.get(global.raw() as usize).copied().unwrap_or_default();
                let value = self.st.resolve(value);
                self.set(i, *dst, value);
            }
            Op::StoreGlobal { global, src } => {
                self.touched(NONE, ops::GLOBAL_WRITE);
                let value = self.eval(i, *src);
                if let Some(slot) = self.st.globals.get_mut(global.raw() as usize) {
                    *slot = value;
                }
            }
            Op::Alloc { .. }
            | Op::NewContext { .. }
            | Op::Closure { .. }
            | Op::LoadCell { .. }
            | Op::StoreCell { .. }
            | Op::LoadField { .. }
            | Op::StoreField { .. }
            | Op::Part { .. }
            | Op::CopyStruct { .. } => return self.heap_op(i, op),
        }
        Flow::Next
    }

    fn recover(&mut self, i: usize) -> Value {
        let g = &mut self.st.gs[i];
        let [.., below, top] = g.frames.as_slice() else { return Value::NIL };
        if top.kind != FrameKind::Deferred || below.mode != Mode::Unwind {
            return Value::NIL;
        }
        match g.panic.take() {
            None => Value::NIL,
            Some(value) if self.st.resolve(value) == Value::NIL => {
                self.fresh(NONE, UnknownKind::NonNil)
            }
            // A panic with nil has a value of its own.
            Some(value) => {
                if let Some(fact) = self.fact_mut(value) {
                    fact.non_nil = true;
                }
                value
            }
        }
    }

    fn assert_type(&mut self, i: usize, op: &Op) -> Flow {
        let Op::Assert { dst, ok, src, tags, keep } = op else { return Flow::Next };
        let value = self.eval(i, *src);
        let was_open = self.st.fact(value).is_some();
        let tags: Vec<u32> = tags.iter().map(|t| t.0).collect();
        let matched = self.is_type(value, &tags, false);
        if was_open {
            let (here, origin) = (self.here(i), self.st.fact(value).map_or(NONE, |f| f.origin));
            self.decided(i, here, origin, Decision::Matched(matched));
        }
        let value = match (matched, ok) {
            (false, None) => {
                self.panic(i, Value::NIL);
                return Flow::Stay;
            }
            (false, Some(_)) => Value::NIL,
            (true, _) if *keep => value,
            (true, _) => value.with_tag(0),
        };
        self.set(i, *dst, value);
        if let Some(ok) = ok {
            self.set(i, *ok, Value::bool(matched));
        }
        Flow::Next
    }
}
