//! What a function does to channels and contexts that are kept in fields.

use crate::flow::Flow;
use crate::given_functions::started_by;
use crate::names::{Known, Names};
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_effects::Op as EffectOp;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Module, Operand, Place, Proj,
    Rvalue, SelectOp, Terminator,
};
use stanch_types::{Builtin, ObjectId, TypeKind};

/// Literals in literals, and copies of copies, that are looked through.
const DEPTH: u32 = 4;

/// What a function does on its own goroutine, its literals included.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) closed: Vec<ObjectId>,
    pub(crate) cancelled: Vec<ObjectId>,
    /// Fields whose value it closes, as `io.Closer` has it.
    pub(crate) shut: Vec<ObjectId>,
    /// Fields of which it uses the value, plain ones aside.
    pub(crate) used: Vec<ObjectId>,
    pub(crate) sent: Vec<ObjectId>,
    pub(crate) stored: Vec<ObjectId>,
    /// Functions of the package that it calls.
    pub(crate) calls: Vec<FuncId>,
    /// Whether it starts a goroutine, and whether it makes a channel.
    pub(crate) starts: bool,
    pub(crate) makes: bool,
    /// Whether it waits in a loop.
    pub(crate) loops: bool,
    /// Whether it takes locks, and whether it gives some back.
    pub(crate) locks: bool,
    pub(crate) unlocks: bool,
    /// Fields that it receives from, on any goroutine.
    pub(crate) received: Vec<ObjectId>,
    /// Those after which it does not come back to receive again.
    pub(crate) ending: Vec<ObjectId>,
    /// Fields that it sets to true, and those that, once true, keep it from waiting for a condition again.
    pub(crate) raised: Vec<ObjectId>,
    pub(crate) heeded: Vec<ObjectId>,
    /// Flags that, once true, end the loops in which it waits at channels.
    pub(crate) minded: Vec<ObjectId>,
    /// Fields of plain values that it reads, and those that it sets, atomically or not.
    pub(crate) asked: Vec<ObjectId>,
    pub(crate) set: Vec<ObjectId>,
    /// Channels in fields that it waits for together with something else that a field gives.
    pub(crate) beside: Vec<Beside>,
}

/// Two arms of one select.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Beside {
    /// The channel of an arm, and whether that sends.
    pub(crate) chan: ObjectId,
    pub(crate) sends: bool,
    /// What another arm receives from: the field of a channel, or of a context.
    pub(crate) signal: ObjectId,
}

impl Uses {
    pub(crate) fn of(names: &Names<'_>, module: &Module, fields: &Fields, id: FuncId) -> Self {
        let mut uses = Self::default();
        let mut todo = vec![(id, 0)];
        while let Some((id, depth)) = todo.pop() {
            uses.add(names, module, fields, id);
            let func = &module.funcs[id];
            let started = |c: &FuncId| !fields.started.contains(c);
            if depth < DEPTH {
                todo.extend(func.closures.iter().copied().filter(started).map(|c| (c, depth + 1)));
            }
        }
        uses
    }

    /// Adds what a callee does.
    pub(crate) fn take_in(&mut self, other: &Self) {
        self.closed.extend(&other.closed);
        self.cancelled.extend(&other.cancelled);
        self.shut.extend(&other.shut);
        self.used.extend(&other.used);
        self.sent.extend(&other.sent);
        self.stored.extend(&other.stored);
        self.received.extend(&other.received);
        self.raised.extend(&other.raised);
        self.heeded.extend(&other.heeded);
        self.minded.extend(&other.minded);
        self.asked.extend(&other.asked);
        self.set.extend(&other.set);
        self.beside.extend(&other.beside);
        self.starts |= other.starts;
        self.makes |= other.makes;
        self.loops |= other.loops;
        self.locks |= other.locks;
        self.unlocks |= other.unlocks;
    }

    fn add(&mut self, names: &Names<'_>, module: &Module, fields: &Fields, id: FuncId) {
        let func = &module.funcs[id];
        let field = |operand: &Operand| fields.of(module, id, operand, DEPTH);
        let flow = Flow::new(func, |from, to| names.is_way(id, from, to));
        self.flags(names, func, &flow.in_loop);
        for (block, body) in func.blocks.iter_enumerated() {
            for instr in &body.instrs {
                match &instr.kind {
                    InstrKind::Call(call) | InstrKind::Defer(call) => {
                        self.starts |= started_by(names, func, call).is_some();
                        self.call(names, call, &field);
                        self.atomic(names, call, &field);
                    }
                    InstrKind::Assign(_, Rvalue::Load(place)) => {
                        if let Some(Proj::Field(_, object)) = place.proj.last() {
                            let plain = is_plain(names, *object);
                            if plain { &mut self.asked } else { &mut self.used }.push(*object);
                        }
                    }
                    InstrKind::Assign(_, Rvalue::AddressOf(place)) => {
                        if let Some(Proj::Field(_, object)) = place.proj.last() {
                            self.used.push(*object);
                        }
                    }
                    InstrKind::Go(_) => self.starts = true,
                    InstrKind::Assign(_, Rvalue::MakeChan { .. }) => self.makes = true,
                    InstrKind::Send { chan, .. } => {
                        self.loops |= flow.in_loop[block];
                        self.sent.extend(field(chan));
                    }
                    InstrKind::Recv { chan, range, .. } => {
                        self.loops |= flow.in_loop[block];
                        let back = *range || reaches(func, block, block);
                        self.receive(field(chan), back);
                    }
                    InstrKind::Store(Place { proj, .. }, _) => {
                        if let Some(Proj::Field(_, object)) = proj.last() {
                            self.stored.push(*object);
                            self.set.extend(is_plain(names, *object).then_some(*object));
                        }
                    }
                    _ => {}
                }
            }
            let Terminator::Select { arms, default } = &body.term else { continue };
            self.loops |= flow.in_loop[block];
            self.select(arms, &field);
            for arm in arms {
                match &arm.op {
                    SelectOp::Recv { chan, .. } => {
                        self.receive(field(chan), reaches(func, arm.target, block));
                    }
                    // A stop that does not wait for its receiver is none.
                    SelectOp::Send { chan, .. } if default.is_none() => {
                        self.sent.extend(field(chan));
                    }
                    SelectOp::Send { .. } => {}
                }
            }
        }
    }

    fn select(
        &mut self,
        arms: &[stanch_ir::SelectArm],
        field: &dyn Fn(&Operand) -> Option<ObjectId>,
    ) {
        let chans: Vec<(Option<ObjectId>, bool)> = arms
            .iter()
            .map(|arm| match &arm.op {
                SelectOp::Recv { chan, .. } => (field(chan), false),
                SelectOp::Send { chan, .. } => (field(chan), true),
            })
            .collect();
        for (n, &(chan, sends)) in chans.iter().enumerate() {
            let Some(chan) = chan else { continue };
            let others = chans.iter().enumerate().filter(|(m, (_, sends))| *m != n && !sends);
            let signals = others.filter_map(|(_, (signal, _))| *signal);
            self.beside.extend(signals.map(|signal| Beside { chan, sends, signal }));
        }
    }

    /// What an operation of `sync/atomic` on a field asks or sets.
    fn atomic(
        &mut self,
        names: &Names<'_>,
        call: &stanch_ir::Call,
        field: &dyn Fn(&Operand) -> Option<ObjectId>,
    ) {
        let Callee::Static(object, _) = &call.callee else { return };
        let Known::Effect(effect) = names.known(*object) else { return };
        let (asks, sets) = match effect.op {
            EffectOp::AtomicLoad => (true, false),
            EffectOp::AtomicStore => (false, true),
            op if op.changes_atomic() => (true, true),
            _ => return,
        };
        let of = call.args.first().and_then(field);
        self.asked.extend(of.filter(|_| asks));
        self.set.extend(of.filter(|_| sets));
    }

    fn receive(&mut self, field: Option<ObjectId>, comes_back: bool) {
        self.received.extend(field);
        if !comes_back {
            self.ending.extend(field);
        }
    }

    fn call(
        &mut self,
        names: &Names<'_>,
        call: &stanch_ir::Call,
        field: &dyn Fn(&Operand) -> Option<ObjectId>,
    ) {
        if let Callee::Static(object, _) | Callee::Interface { method: object, .. } = &call.callee
            && let Known::Effect(effect) = names.known(*object)
        {
            self.locks |= matches!(effect.op, EffectOp::Lock | EffectOp::RLock);
            self.unlocks |= matches!(effect.op, EffectOp::Unlock | EffectOp::RUnlock);
        }
        match &call.callee {
            Callee::Builtin(Builtin::Close) => {
                self.closed.extend(call.args.first().and_then(field));
            }
            Callee::Value(value) => {
                let is_cancel = |object: &ObjectId| {
                    let ty = names.program.object(*object).ty;
                    ["CancelFunc", "CancelCauseFunc"]
                        .iter()
                        .any(|n| crate::classify::is_named(names.program, ty, "context", n))
                };
                self.cancelled.extend(field(value).filter(is_cancel));
            }
            Callee::Static(object, _) => {
                self.calls.extend(names.body(*object));
                if is_close(names, *object) {
                    self.shut.extend(call.args.first().and_then(field));
                }
            }
            Callee::Interface { recv, method } if is_close(names, *method) => {
                self.shut.extend(field(recv));
            }
            _ => {}
        }
    }
}

/// Whether a method is `Close` of `io.Closer`.
fn is_close(names: &Names<'_>, method: ObjectId) -> bool {
    if names.program.object_name(method) != "Close" {
        return false;
    }
    let ty = names.program.object(method).ty;
    match names.program.kind(names.program.underlying(ty)) {
        TypeKind::Signature(s) => {
            s.params.is_empty()
                && matches!(&*s.results, [only] if crate::classify::is_error(names.program, *only))
        }
        _ => false,
    }
}

/// Whether a field holds a truth value, a number, or an error: what can say that it is over.
fn is_plain(names: &Names<'_>, field: ObjectId) -> bool {
    let ty = names.program.object(field).ty;
    let kind = names.program.kind(names.program.underlying(ty));
    matches!(kind, TypeKind::Basic(_)) || crate::classify::is_error(names.program, ty)
}

/// Calls `found` with each field that an instruction reads, writes or takes the address of.
pub(crate) fn fields(kind: &InstrKind, found: &mut dyn FnMut(ObjectId)) {
    let place = match kind {
        InstrKind::Assign(_, Rvalue::Load(place) | Rvalue::AddressOf(place))
        | InstrKind::Store(place, _) => place,
        _ => return,
    };
    for proj in &place.proj {
        if let Proj::Field(_, object) = proj {
            found(*object);
        }
    }
}

/// Whether a block can be reached from another one (by at least one step if they are the same).
pub(super) fn reaches(func: &Func, from: BlockId, to: BlockId) -> bool {
    let mut seen = vec![false; func.blocks.len()];
    let mut todo: Vec<BlockId> = match from == to {
        true => func.blocks[from].term.targets(),
        false => vec![from],
    };
    while let Some(at) = todo.pop() {
        if at == to {
            return true;
        }
        if !std::mem::replace(&mut seen[at.index()], true) {
            todo.extend(func.blocks[at].term.targets());
        }
    }
    false
}

/// From which fields temporaries are read.
pub(crate) struct Fields {
    loads: IndexVec<FuncId, FxHashMap<LocalId, Source>>,
    /// Literals that are started as goroutines.
    started: FxHashSet<FuncId>,
}

#[derive(Clone, Copy)]
enum Source {
    Field(ObjectId),
    Local(LocalId),
    Several,
}

impl Fields {
    pub(crate) fn new(names: &Names<'_>, module: &Module) -> Self {
        let mut started = FxHashSet::default();
        let loads = module.funcs.iter().map(|func| {
            let mut loads: FxHashMap<LocalId, Source> = FxHashMap::default();
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                match &instr.kind {
                    InstrKind::Assign(local, value) => {
                        let source = match value {
                            Rvalue::Load(place) | Rvalue::AddressOf(place) => {
                                match place.proj.last() {
                                    Some(Proj::Field(_, object)) => Source::Field(*object),
                                    _ => Source::Several,
                                }
                            }
                            Rvalue::Use(Operand::Local(from)) => Source::Local(*from),
                            _ => Source::Several,
                        };
                        let several = loads.contains_key(local);
                        loads.insert(*local, if several { Source::Several } else { source });
                    }
                    InstrKind::Go(call) => {
                        if let Callee::Closure(literal, _) = &call.callee {
                            started.insert(*literal);
                        }
                    }
                    InstrKind::Call(call) => {
                        started.extend(started_by(names, func, call));
                        // A context's channel stands for the context.
                        let done = call.dst.first().copied();
                        if let (Some(done), Some(of)) = (done, context(names, call)) {
                            loads.insert(done, Source::Local(of));
                        }
                    }
                    _ => {}
                }
            }
            loads
        });
        let loads = loads.collect();
        Self { loads, started }
    }

    /// The field that an operand was read from.
    fn of(&self, module: &Module, id: FuncId, operand: &Operand, depth: u32) -> Option<ObjectId> {
        let Operand::Local(local) = operand else { return None };
        let depth = depth.checked_sub(1)?;
        let func = &module.funcs[id];
        if func.locals[*local].kind == LocalKind::Capture {
            let capture = func.captures.iter().find(|c| c.inner == *local)?;
            return self.of(module, func.parent?, &Operand::Local(capture.outer), depth);
        }
        match self.loads[id].get(local)? {
            Source::Field(object) => Some(*object),
            Source::Local(from) => self.of(module, id, &Operand::Local(*from), depth),
            Source::Several => None,
        }
    }
}

/// The context whose `Done` is called.
fn context(names: &Names<'_>, call: &stanch_ir::Call) -> Option<LocalId> {
    let (method, of) = match &call.callee {
        Callee::Interface { recv, method } => (*method, recv),
        Callee::Static(object, _) => (*object, call.args.first()?),
        _ => return None,
    };
    let Known::Effect(effect) = names.known(method) else { return None };
    match of {
        Operand::Local(of) if effect.op == EffectOp::ContextDone => Some(*of),
        _ => None,
    }
}
