//! Notes what a function does while it is analysed.

use super::facts::{
    Arg, Callee, Captures, Event, EventKind, HeldLock, MAX_STEPS, Spot, SpotRoot, SpotStep, Stored,
    Waited, exchange,
};
use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::report::LockMode;
use crate::state::{Held, State};
use crate::summary::{Base, Path, PathStep, Value, value_of};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_base::Idx;
use stanch_ir::{
    Call, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectArm, SelectOp,
    Span, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeId, TypeKind};
use std::collections::BTreeSet;

/// More known values than this are not kept with an event.
const MAX_KNOWN: usize = 24;
/// Of more locks that are held at once the rest is left out.
const MAX_HELD: usize = 16;
/// Literals within literals as arguments.
const MAX_NESTING: usize = 3;

impl<'a> Run<'a, '_> {
    /// A lock is about to be taken.
    pub(crate) fn note_acquire(
        &mut self,
        state: &mut State,
        lock: PlaceId,
        mode: LockMode,
        span: Span,
    ) {
        let spot = self.spot(state, lock);
        self.note(state, EventKind::Acquire(spot, mode), span);
    }

    /// A call is about to be made on this goroutine.
    pub(crate) fn note_call(&mut self, state: &mut State, call: &Invocation<'a>) {
        match call.target {
            Target::Effect(effect) => {
                for callback in effect.callbacks.iter() {
                    let Some(&value) = call.args.get(callback.arg as usize) else { continue };
                    let Some((callee, args)) = self.callee_of_value(state, value) else { continue };
                    let kind = match callback.when {
                        stanch_effects::When::Now => EventKind::Call(callee, args),
                        stanch_effects::When::Elsewhere => EventKind::Go(callee, args),
                    };
                    self.note(state, kind, call.span);
                }
                let Some(&recv) = call.args.first() else { return };
                if let (stanch_effects::Op::OnceDo, Some(&body)) = (effect.op, call.args.get(1)) {
                    self.note_once(state, (recv, body), call.span);
                }
                if let (stanch_effects::Op::WaitGroupGo, Some(&body)) =
                    (effect.op, call.args.get(1))
                    && let Some((callee, args)) = self.callee_of_value(state, body)
                {
                    let group = self.arena.pointee(recv);
                    let group = self.spot(state, group);
                    self.note(state, EventKind::GoIn(group, callee, args), call.span);
                }
                if effect.op == stanch_effects::Op::WaitGroupAdd {
                    let group = self.arena.pointee(recv);
                    let spot = self.spot(state, group);
                    return self.note(state, EventKind::Owe(spot), call.span);
                }
                let kind = match effect.op {
                    stanch_effects::Op::WaitGroupWait => EventKind::Wait,
                    stanch_effects::Op::WaitGroupDone => EventKind::Signal,
                    _ => return,
                };
                let group = self.arena.pointee(recv);
                let spot = self.spot(state, group);
                self.note(state, kind(Waited::Group, spot), call.span);
            }
            Target::Body(func) => {
                let Some(callee) = self.callee_of_body(state, func, call.object) else { return };
                let args = self.args(state, &call.args);
                self.note(state, EventKind::Call(callee, args), call.span);
            }
            Target::Input(place) => {
                let callee = Callee::Input(self.spot(state, place));
                let args = self.args(state, &call.args);
                self.note(state, EventKind::Call(callee, args), call.span);
            }
            Target::Unknown => {
                let Some(object) = call.object else { return };
                let is_method = self.is_interface_method(object);
                if is_method || object.package == self.package.module.package {
                    return;
                }
                let args = self.args(state, &call.args);
                self.note(state, EventKind::Call(Callee::Declared(object), args), call.span);
            }
            Target::Owed(_) => {}
        }
    }

    /// A `sync.Once` holds a lock while its function runs: whoever else comes waits for that.
    fn note_once(&mut self, state: &mut State, (once, body): (TermId, TermId), span: Span) {
        let lock = self.arena.pointee(once);
        self.note_acquire(state, lock, LockMode::Write, span);
        let seen = self.looked_at(state);
        self.notes.see(span, seen);
        let Some((callee, args)) = self.callee_of_value(state, body) else { return };
        if let (Callee::Body(func, _), Some(class)) = (&callee, self.spot(state, lock).class()) {
            let writes = &self.package.facts[*func].writes;
            let written = writes.globals.iter().chain(&writes.fields);
            self.notes.once.extend(written.map(|&object| (class, object)));
        }
        let mut inside = state.clone();
        inside.hold(Held { lock, mode: LockMode::Write, site: span, deferred: false });
        self.note(&mut inside, EventKind::Call(callee, args), span);
    }

    /// Fields and package-level variables of which something is known on a path.
    fn looked_at(&self, state: &State) -> BTreeSet<ObjectId> {
        let mut seen = BTreeSet::new();
        let mut work: Vec<TermId> = state.facts.keys().copied().collect();
        let mut fuel = 256;
        while let Some(term) = work.pop() {
            fuel -= 1;
            if fuel == 0 {
                break;
            }
            match *self.arena.get(term) {
                Term::Load(place, _) => seen.extend(self.spot(state, place).class()),
                Term::Not(x) | Term::Is(x, _) | Term::Len(x, _) => work.push(x),
                Term::Binary(_, x, y) => work.extend([x, y]),
                _ => {}
            }
        }
        seen
    }

    /// A function whose body is in view, of this package or of another.
    fn callee_of_body(
        &mut self,
        state: &State,
        func: FuncId,
        object: Option<ObjectId>,
    ) -> Option<Callee> {
        if self.package.module.funcs.get(func).is_none() {
            return object.map(Callee::Declared);
        }
        Some(Callee::Body(func, self.captures(state, func, 0)))
    }

    fn is_interface_method(&self, object: ObjectId) -> bool {
        let kind = &self.package.program.object(object).kind;
        matches!(kind, ObjectKind::Func { interface: true, .. })
    }

    /// What only the instruction shows of a call: the type of an interface, the field of a function
    /// value, the channel that is closed.
    pub(crate) fn note_site(&mut self, state: &mut State, call: &'a Call, span: Span) {
        use stanch_ir::Callee as At;
        match &call.callee {
            At::Interface { recv, method } => {
                let Operand::Local(local) = recv else { return };
                let Some(ty) = self.func.locals.get(*local).map(|l| l.ty) else { return };
                let values: Vec<TermId> = [recv]
                    .into_iter()
                    .chain(&call.args)
                    .map(|operand| self.peek(state, operand))
                    .collect();
                let args = self.args(state, &values);
                let callee = Callee::Interface(*method, ty);
                self.note(state, EventKind::Call(callee, args), span);
            }
            At::Value(Operand::Local(local)) => {
                let Some(place) = self.source(*local) else { return };
                let Some((field, owner)) = self.field_owner(state, place) else { return };
                let values: Vec<TermId> = call.args.iter().map(|o| self.peek(state, o)).collect();
                let args = self.args(state, &values);
                let kind = EventKind::Call(Callee::Field(field, owner), args);
                self.note(state, kind, span);
            }
            At::Static(..) => self.note_formatted(state, call, span),
            At::Builtin(Builtin::Close) => {
                let Some(chan) = call.args.first() else { return };
                self.note_channel(state, chan, EventKind::Signal, span);
            }
            _ => {}
        }
    }

    /// A deferred call of a library function.
    pub(crate) fn note_deferred(
        &mut self,
        state: &mut State,
        effect: &stanch_effects::Effect,
        args: &[TermId],
        span: Span,
    ) {
        if let (stanch_effects::Op::WaitGroupDone, Some(&recv)) = (effect.op, args.first()) {
            let group = self.arena.pointee(recv);
            let spot = self.spot(state, group);
            self.note(state, EventKind::SignalAtEnd(Waited::Group, spot), span);
        }
    }

    /// A deferred `close`.
    pub(crate) fn note_deferred_close(&mut self, state: &mut State, call: &'a Call, span: Span) {
        if let (stanch_ir::Callee::Builtin(Builtin::Close), Some(chan)) =
            (&call.callee, call.args.first())
        {
            self.note_channel(state, chan, EventKind::SignalAtEnd, span);
        }
    }

    /// An operation on a channel that is held by a place.
    pub(crate) fn note_channel(
        &mut self,
        state: &mut State,
        chan: &Operand,
        kind: fn(Waited, Spot) -> EventKind,
        span: Span,
    ) {
        if let Some(spot) = self.channel_spot(state, chan) {
            self.note(state, kind(Waited::Channel, spot), span);
        }
    }

    fn channel_spot(&mut self, state: &State, chan: &Operand) -> Option<Spot> {
        let value = self.peek(state, chan);
        match *self.arena.get(value) {
            Term::Load(place, _) => Some(self.spot(state, place)),
            _ => None,
        }
    }

    /// A send, or a receive.
    pub(crate) fn note_exchange(
        &mut self,
        state: &mut State,
        chan: &Operand,
        sends: bool,
        span: Span,
    ) {
        let Some(spot) = self.channel_spot(state, chan) else { return };
        let (waits, does) = exchange(sends);
        self.note(state, EventKind::Wait(waits, spot.clone()), span);
        self.note(state, EventKind::Signal(does, spot), span);
    }

    /// A select statement.
    pub(crate) fn note_select(
        &mut self,
        state: &mut State,
        arms: &[SelectArm],
        default: bool,
        span: Span,
    ) {
        let mut waits: Option<Vec<(Waited, Spot)>> = (!default).then(Vec::new);
        for arm in arms {
            let (chan, sends) = match &arm.op {
                SelectOp::Send { chan, .. } => (chan, true),
                SelectOp::Recv { chan, .. } => (chan, false),
            };
            let Some(spot) = self.channel_spot(state, chan) else {
                waits = None;
                continue;
            };
            let (kind, does) = exchange(sends);
            self.note(state, EventKind::Signal(does, spot.clone()), arm.span);
            if let Some(waits) = &mut waits {
                waits.push((kind, spot));
            }
        }
        if let Some(waits) = waits.filter(|w| !w.is_empty()) {
            self.note(state, EventKind::Select(waits), span);
        }
    }

    /// A goroutine is started.
    pub(crate) fn note_go(
        &mut self,
        state: &mut State,
        (target, object): (Target<'a>, Option<ObjectId>),
        args: &[TermId],
        span: Span,
    ) {
        let callee = match (target, object) {
            (Target::Body(func), object) => match self.callee_of_body(state, func, object) {
                Some(callee) => callee,
                None => return,
            },
            (Target::Unknown, Some(object)) if !self.is_interface_method(object) => {
                Callee::Declared(object)
            }
            _ => return,
        };
        let args = self.args(state, args);
        self.note(state, EventKind::Go(callee, args), span);
    }

    /// A function value may be kept in a field.
    pub(crate) fn note_store(
        &mut self,
        state: &mut State,
        place: &'a Place,
        value: &'a Operand,
        span: Span,
    ) {
        let Some(kept) = kept_in(place) else { return };
        let mut values = vec![value];
        if let Operand::Local(local) = value {
            for block in self.func.blocks.iter() {
                for instr in &block.instrs {
                    match &instr.kind {
                        InstrKind::Assign(l, Rvalue::Append { elems, spread: false, .. })
                            if l == local =>
                        {
                            values.extend(elems);
                        }
                        _ => {}
                    }
                }
            }
        }
        for value in values {
            let term = self.peek(state, value);
            let arg = self.arg(state, term, 0);
            let is_function = match &arg {
                Arg::Closure(..) | Arg::Declared(_) | Arg::Method(..) => true,
                Arg::Points(_) => self.holds_function(value),
                Arg::Const(_) | Arg::Unknown => false,
            };
            if !is_function {
                continue;
            }
            if let Some((field, owner)) = self.field_owner(state, kept.clone()) {
                let stored = Stored { field, func: self.id, owner, value: arg, span };
                self.notes.store(stored);
            }
        }
    }

    /// A struct is made with functions in its fields.
    pub(crate) fn note_composite(
        &mut self,
        state: &mut State,
        ty: TypeId,
        elems: &'a [(u32, Operand)],
        span: Span,
    ) {
        let program = self.package.program;
        let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) else { return };
        for (index, value) in elems {
            let Some(field) = fields.get(*index as usize).map(|f| f.object) else { continue };
            let kind = program.kind(program.underlying(program.object(field).ty));
            if !matches!(kind, TypeKind::Signature(_)) {
                continue;
            }
            let term = self.peek(state, value);
            let value = self.arg(state, term, 0);
            let owner = Spot::new(SpotRoot::Unknown, Vec::new());
            self.notes.store(Stored { field, func: self.id, owner, value, span });
        }
    }

    fn holds_function(&self, operand: &Operand) -> bool {
        let Operand::Local(local) = operand else { return false };
        self.package.is_function(self.func, *local)
    }

    pub(crate) fn note(&mut self, state: &mut State, kind: EventKind, span: Span) {
        if self.learning {
            return;
        }
        let held: Vec<Held> = state.held.iter().take(MAX_HELD).cloned().collect();
        let held = held.iter().map(|h| HeldLock {
            lock: self.spot(state, h.lock),
            mode: h.mode,
            site: h.site,
        });
        let held: Vec<HeldLock> = held.collect();
        let released: Vec<PlaceId> = state.released.iter().map(|&(lock, _)| lock).collect();
        let released = released.into_iter().map(|lock| self.spot(state, lock)).collect();
        let (known, depends) = self.known(state);
        let now = self.constants(state);
        let compares = |t: &TermId| matches!(self.arena.get(*t), Term::Binary(BinaryOp::Lt, ..));
        let ordered = state.facts.keys().any(compares);
        let (block, deferred) = self.now;
        let cycle = if deferred { 0 } else { self.cycles.get(block).copied().unwrap_or(0) };
        self.notes.add(Event {
            span,
            kind,
            held,
            released,
            known,
            now,
            depends,
            ordered,
            cycle,
            deferred,
        });
    }

    /// What is known of inputs, and whether more is that callers cannot name.
    fn known(&self, state: &State) -> (Vec<(Spot, Value)>, bool) {
        let facts = state.input_facts(&self.arena);
        let (conditions, _) = self.conditions(&facts);
        let mut known: Vec<(Spot, Value)> = Vec::new();
        for (path, value) in conditions {
            if !matches!(value, Value::Input(_))
                && let Some(spot) = of_path(&path)
            {
                known.push((spot, value));
            }
        }
        let depends = facts.iter().any(|(&term, &value)| {
            let named = self.condition_on_input(term, value).and_then(|(p, _)| of_path(&p));
            named.is_none() && self.reads_argument(term)
        });
        (known, depends)
    }

    /// Constants in memory that others can name.
    fn constants(&mut self, state: &State) -> Vec<(Spot, Value)> {
        let mut known: Vec<(Spot, Value)> = Vec::new();
        let constants: Vec<(PlaceId, TermId)> = state
            .mem
            .iter()
            .filter(|&(_, &term)| self.arena.is_const(term))
            .map(|(&place, &term)| (place, term))
            .collect();
        for (place, term) in constants {
            if known.len() >= MAX_KNOWN {
                break;
            }
            let Some(value) = value_of(&self.arena, self.func, term) else { continue };
            let spot = self.spot(state, place);
            if matches!(spot.root, SpotRoot::Param(_) | SpotRoot::Capture(_) | SpotRoot::Global(_))
                && spot.is_exact()
                && spot.class().is_some()
            {
                known.push((spot, value));
            }
        }
        known
    }

    /// Whether a condition depends on a parameter other than the receiver.
    pub(crate) fn reads_argument(&self, term: TermId) -> bool {
        let skip = usize::from(self.func.has_recv);
        let own = self.func.params.get(skip..).unwrap_or_default();
        let argument = |mut place: PlaceId| {
            for _ in 0..MAX_STEPS {
                match self.arena.data(place).root {
                    Root::Local(local) => return own.contains(&local),
                    Root::Global(_) => return false,
                    Root::Ptr(pointer) => match *self.arena.get(pointer) {
                        Term::Load(from, _) => place = from,
                        _ => return false,
                    },
                }
            }
            false
        };
        let mut work = vec![term];
        let mut fuel = 32;
        while let Some(term) = work.pop() {
            fuel -= 1;
            if fuel == 0 {
                return true;
            }
            match *self.arena.get(term) {
                Term::Load(place, _) if argument(place) => return true,
                Term::Has(x, y, _) | Term::Elem(x, y, _) | Term::Binary(_, x, y) => {
                    work.extend([x, y]);
                }
                Term::Not(x) | Term::Is(x, _) | Term::Assert(x, _) | Term::Len(x, _) => {
                    work.push(x);
                }
                Term::Pure(_, _, ref args, _) => work.extend(args.iter()),
                _ => {}
            }
        }
        false
    }

    /// The value of an operand, without any effect.
    pub(crate) fn peek(&mut self, state: &State, operand: &Operand) -> TermId {
        match operand {
            Operand::Local(local) => {
                let place = self.arena.local(*local);
                state.load(&mut self.arena, place)
            }
            Operand::Func(object) => self.arena.term(Term::Func(*object)),
            Operand::Nil(_) => self.arena.nil(),
            _ => self.arena.fresh(),
        }
    }

    fn callee_of_value(&mut self, state: &State, value: TermId) -> Option<(Callee, Vec<Arg>)> {
        let (target, object, recv) = self.value(value);
        let recv: Vec<TermId> = recv.into_iter().collect();
        let args = self.args(state, &recv);
        let callee = match (target, object) {
            (Target::Body(func), object) => self.callee_of_body(state, func, object)?,
            (Target::Input(place), _) => Callee::Input(self.spot(state, place)),
            (Target::Unknown, Some(object)) if !self.is_interface_method(object) => {
                Callee::Declared(object)
            }
            _ => return None,
        };
        Some((callee, args))
    }

    pub(crate) fn args(&mut self, state: &State, values: &[TermId]) -> Vec<Arg> {
        values.iter().map(|&value| self.arg(state, value, 0)).collect()
    }

    fn arg(&mut self, state: &State, value: TermId, depth: usize) -> Arg {
        let value = self.arena.unboxed(value);
        let resolved = state.resolve(&mut self.arena, value);
        match *self.arena.get(resolved) {
            Term::Bool(b) => return Arg::Const(Value::Bool(b)),
            Term::Int(i) => return Arg::Const(Value::Int(i)),
            Term::Nil => return Arg::Const(Value::Nil),
            Term::Closure(func) if depth < MAX_NESTING => {
                return Arg::Closure(func, self.captures(state, func, depth + 1));
            }
            Term::Func(object) => return Arg::Declared(object),
            Term::Method(recv, method) => {
                return Arg::Method(Box::new(self.arg(state, recv, depth + 1)), method);
            }
            Term::Text(_) | Term::Closure(_) => return Arg::Unknown,
            _ => {}
        }
        let place = self.arena.pointee(value);
        Arg::Points(self.spot(state, place))
    }

    /// The variables that a literal of this function captures.
    fn captures(&mut self, state: &State, func: FuncId, depth: usize) -> Captures {
        let package = self.package;
        let Some(closure) = package.module.funcs.get(func) else { return Vec::new() };
        if closure.parent != Some(self.id) || depth > MAX_NESTING {
            return Vec::new();
        }
        let mut captures = Vec::with_capacity(closure.captures.len());
        for capture in &closure.captures {
            let place = self.arena.local(capture.outer);
            let value = state.load(&mut self.arena, place);
            captures.push((self.spot(state, place), self.arg(state, value, depth + 1)));
        }
        captures
    }

    /// A place as others can name it.
    fn spot(&self, state: &State, place: PlaceId) -> Spot {
        let arena = &self.arena;
        let mut steps: Vec<SpotStep> = Vec::new();
        let mut place = place;
        let root = loop {
            let data = arena.data(place);
            steps.extend(data.parts.iter().rev().map(|part| match *part {
                Part::Field(field) => SpotStep::Field(field),
                Part::Index(key) => SpotStep::Index(key.raw()),
            }));
            if steps.len() > MAX_STEPS {
                break SpotRoot::Unknown;
            }
            let mut pointer = match data.root {
                Root::Local(local) => break self.root_of(local),
                Root::Global(object) => break SpotRoot::Global(object),
                Root::Ptr(pointer) => pointer,
            };
            while let Term::Assert(inner, _) | Term::Iface(inner) = *arena.get(pointer) {
                pointer = inner;
            }
            let element = match *arena.get(pointer) {
                Term::Elem(map, ..) => Some(map),
                _ => self.origins.get(&pointer).copied(),
            };
            let name = pointer.raw();
            match (arena.get(pointer), element.map(|c| arena.get(c))) {
                (&Term::Load(from, time), _) => {
                    steps.push(SpotStep::Deref(time.map_or(0, |t| t.raw() + 1)));
                    place = from;
                }
                (_, Some(&Term::Load(from, time))) => {
                    steps.push(SpotStep::Deref(name));
                    steps.push(SpotStep::Index(name));
                    steps.push(SpotStep::Deref(time.map_or(0, |t| t.raw() + 1)));
                    place = from;
                }
                (Term::New(_), _) if !state.escaped.contains(&pointer) => {
                    break SpotRoot::Fresh(name);
                }
                _ => break SpotRoot::Value(name),
            }
        };
        if root == SpotRoot::Unknown {
            steps.truncate(1);
        }
        steps.reverse();
        Spot::new(root, steps)
    }

    fn root_of(&self, local: LocalId) -> SpotRoot {
        if let Some(i) = self.func.params.iter().position(|&p| p == local) {
            return SpotRoot::Param(i as u32);
        }
        match self.func.captures.iter().position(|c| c.inner == local) {
            Some(i) => SpotRoot::Capture(i as u32),
            None => SpotRoot::Local(local.index() as u32),
        }
    }

    /// The field that a place ends with and the object whose field it is.
    fn field_owner(&mut self, state: &mut State, mut place: Place) -> Option<(ObjectId, Spot)> {
        let Some(Proj::Field(_, field)) = place.proj.pop() else { return None };
        let owner = self.place(state, &place);
        Some((field, self.spot(state, owner)))
    }

    /// The place, ending with a field, from which a local's value was read; elements of a container
    /// come from the field that holds it.
    fn source(&self, local: LocalId) -> Option<Place> {
        let mut local = local;
        for _ in 0..8 {
            let mut found: Option<Source<'_>> = None;
            for block in self.func.blocks.iter() {
                for instr in &block.instrs {
                    if let InstrKind::Assign(l, rvalue) = &instr.kind
                        && *l == local
                    {
                        if found.is_some() {
                            return None;
                        }
                        found = Some(Source::Value(rvalue));
                    }
                }
                if let Terminator::RangeNext { over, value: Some(value), .. } = &block.term
                    && *value == local
                {
                    if found.is_some() {
                        return None;
                    }
                    found = Some(Source::Element(over));
                }
            }
            let from = match found? {
                Source::Element(over) => over,
                Source::Value(Rvalue::Load(place)) => match (kept_in(place), place.base) {
                    (Some(kept), _) => return Some(kept),
                    (None, PlaceBase::Local(base)) => {
                        local = base;
                        continue;
                    }
                    (None, PlaceBase::Global(_)) => return None,
                },
                Source::Value(
                    Rvalue::Use(x)
                    | Rvalue::Convert(x, _)
                    | Rvalue::TypeAssert { x, .. }
                    | Rvalue::Slice { x, .. }
                    | Rvalue::MapLookup { map: x, .. },
                ) => x,
                Source::Value(_) => return None,
            };
            match from {
                Operand::Local(next) => local = *next,
                _ => return None,
            }
        }
        None
    }

    /// Remembers of what a value is an element.
    pub(crate) fn note_element(
        &mut self,
        state: &State,
        over: &Operand,
        (key, value): (Option<LocalId>, Option<LocalId>),
    ) {
        let container = self.peek(state, over);
        let keyed = self.is_pointer_map(over);
        for local in key.filter(|_| keyed).into_iter().chain(value) {
            let place = self.arena.local(local);
            let term = state.load(&mut self.arena, place);
            self.origins.insert(term, container);
        }
    }

    /// Whether the keys of a map are pointers: a set of objects.
    fn is_pointer_map(&self, operand: &Operand) -> bool {
        let Operand::Local(local) = operand else { return false };
        let Some(local) = self.func.locals.get(*local) else { return false };
        let program = self.package.program;
        match program.kind(program.underlying(local.ty)) {
            TypeKind::Map(key, _) => program.pointee(*key).is_some(),
            _ => false,
        }
    }

    /// Whether a field holds functions, or containers of them.
    pub(crate) fn is_kept_place(&self, place: &Place) -> bool {
        let Some(kept) = kept_in(place) else { return false };
        let Some(Proj::Field(_, field)) = kept.proj.last() else { return false };
        let program = self.package.program;
        let mut ty = program.object(*field).ty;
        for _ in 0..3 {
            match program.kind(program.underlying(ty)) {
                TypeKind::Signature(_) => return true,
                TypeKind::Slice(inner) | TypeKind::Map(_, inner) | TypeKind::Array(_, inner) => {
                    ty = *inner;
                }
                _ => return false,
            }
        }
        false
    }
}

enum Source<'a> {
    Value(&'a Rvalue),
    Element(&'a Operand),
}

/// The place up to its last field, if only elements follow.
fn kept_in(place: &Place) -> Option<Place> {
    let last = place.proj.iter().rposition(|p| matches!(p, Proj::Field(..)))?;
    let rest = place.proj.get(last + 1..)?;
    let element = |p: &Proj| matches!(p, Proj::Index(_));
    let proj = place.proj.get(..=last)?.to_vec();
    (rest.len() <= 1 && rest.iter().all(element)).then_some(Place { base: place.base, proj })
}

/// A summary's path as a spot, if it is a place.
fn of_path(path: &Path) -> Option<Spot> {
    let root = match path.base {
        Base::Param(i) => SpotRoot::Param(i as u32),
        Base::Capture(i) => SpotRoot::Capture(i as u32),
        Base::Global(object) => SpotRoot::Global(object),
        Base::Result(_) => SpotRoot::Unknown,
    };
    let steps = path.steps.iter().map(|step| match *step {
        PathStep::Deref => Some(SpotStep::Deref(0)),
        PathStep::Field(field) => Some(SpotStep::Field(field)),
        PathStep::Answer(_) => None,
    });
    Some(Spot::new(root, steps.collect::<Option<Vec<SpotStep>>>()?))
}
