//! Calls of functions that have nothing to do with obligations of their own package: they may still
//! lead to functions of other packages that have.

use super::containers::container_of;
use super::facts::{
    Arg, Callee, Captures, Event, EventKind, Spot, SpotRoot, SpotStep, Waited, exchange,
};
use crate::flow::cycles;
use crate::names::Known;
use crate::package::Package;
use stanch_base::FxHashMap;
use stanch_effects::Op;
use stanch_ir::{
    Call, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectArm,
    SelectOp, Span, Terminator,
};
use stanch_types::{Builtin, ConstValue, ObjectId, ObjectKind, TypeKind};

/// Values are followed back so many assignments.
const MAX_DEPTH: usize = 8;

/// The calls of a function that takes no locks itself.
pub(crate) fn light(package: &Package<'_>, id: FuncId) -> Vec<Event> {
    let func = &package.module.funcs[id];
    let defs = definitions(func);
    let scope = Scope { package, id, func, defs: &defs };
    let cycles = cycles(func);
    let mut events = Vec::new();
    for (block, data) in func.blocks.iter_enumerated() {
        let first = events.len();
        for instr in &data.instrs {
            match &instr.kind {
                InstrKind::Call(call) => {
                    add(called(&scope, call, Starts::Here), instr.span, &mut events);
                }
                InstrKind::Defer(call) => {
                    add(called(&scope, call, Starts::AtEnd), instr.span, &mut events);
                    if let Some(event) = events.last_mut().filter(|e| e.span == instr.span) {
                        event.deferred = true;
                    }
                }
                InstrKind::Go(call) => {
                    add(called(&scope, call, Starts::Goroutine), instr.span, &mut events);
                }
                InstrKind::MapDelete { map, .. } => {
                    let kind = container_of(func, map).map(EventKind::Remove);
                    add(kind, instr.span, &mut events);
                }
                InstrKind::Recv { chan, .. } => {
                    exchanged(&scope, chan, false, instr.span, &mut events);
                }
                InstrKind::Send { chan, .. } => {
                    exchanged(&scope, chan, true, instr.span, &mut events);
                }
                _ => {}
            }
        }
        if let Terminator::Select { arms, default } = &data.term {
            selected(&scope, arms, default.is_some(), data.term_span, &mut events);
        }
        for event in events.iter_mut().skip(first).filter(|e| !e.deferred) {
            event.cycle = cycles[block];
        }
    }
    events
}

fn add(kind: Option<EventKind>, span: Span, events: &mut Vec<Event>) {
    events.extend(kind.map(|kind| plain(span, kind)));
}

/// A send or a receive.
fn exchanged(
    scope: &Scope<'_, '_>,
    chan: &Operand,
    sends: bool,
    span: Span,
    events: &mut Vec<Event>,
) {
    let Some(place) = held_in(scope, chan) else { return };
    let (waits, does) = exchange(sends);
    events.push(plain(span, EventKind::Wait(waits, place.clone())));
    events.push(plain(span, EventKind::Signal(does, place)));
}

fn selected(
    scope: &Scope<'_, '_>,
    arms: &[SelectArm],
    default: bool,
    span: Span,
    events: &mut Vec<Event>,
) {
    let mut waits: Option<Vec<(Waited, Spot)>> = (!default).then(Vec::new);
    for arm in arms {
        let (chan, sends) = match &arm.op {
            SelectOp::Send { chan, .. } => (chan, true),
            SelectOp::Recv { chan, .. } => (chan, false),
        };
        let Some(place) = held_in(scope, chan) else {
            waits = None;
            continue;
        };
        let (kind, does) = exchange(sends);
        events.push(plain(arm.span, EventKind::Signal(does, place.clone())));
        if let Some(waits) = &mut waits {
            waits.push((kind, place));
        }
    }
    if let Some(waits) = waits.filter(|w| !w.is_empty()) {
        events.push(plain(span, EventKind::Select(waits)));
    }
}

/// Adds the fields and package-level variables that a function gives new channels, each with the number
/// of values that the channel takes without a receiver, and whether a variable held it before.
pub(crate) fn new_channels(
    package: &Package<'_>,
    id: FuncId,
    found: &mut Vec<(ObjectId, Option<u32>, bool)>,
) {
    let func = &package.module.funcs[id];
    let mut defs = None;
    for kind in crate::visit::kinds(func) {
        let (place, value) = match kind {
            InstrKind::Store(place, value) => (place, value),
            InstrKind::Assign(_, Rvalue::Composite { ty, elems }) => {
                let program = package.program;
                let TypeKind::Struct(fields) = program.kind(program.underlying(*ty)) else {
                    continue;
                };
                let defs = defs.get_or_insert_with(|| values(func));
                for (index, value) in elems {
                    let Some(field) = fields.get(*index as usize) else { continue };
                    let made = capacity(func, defs, value);
                    found.extend(made.map(|(capacity, held)| (field.object, capacity, held)));
                }
                continue;
            }
            _ => continue,
        };
        let object = match (place.proj.last(), place.base) {
            (Some(Proj::Field(_, field)), _) => *field,
            (None, PlaceBase::Global(object)) => object,
            _ => continue,
        };
        let defs = defs.get_or_insert_with(|| values(func));
        let made = capacity(func, defs, value);
        found.extend(made.map(|(capacity, held)| (object, capacity, held)));
    }
}

/// If a value is a new channel: how many values it takes without a receiver, if that is known, and whether
/// a variable held it.
fn capacity(
    func: &Func,
    defs: &FxHashMap<LocalId, Option<&Rvalue>>,
    value: &Operand,
) -> Option<(Option<u32>, bool)> {
    let mut value = value;
    let mut held = false;
    for _ in 0..MAX_DEPTH {
        let Operand::Local(local) = value else { return None };
        held |= func.locals.get(*local).is_some_and(|l| !l.name.is_empty());
        match defs.get(local)?.as_ref()? {
            Rvalue::MakeChan { cap: None, .. } => return Some((Some(0), held)),
            Rvalue::MakeChan { cap: Some(Operand::Const(ConstValue::Int(n), _)), .. } => {
                return Some((u32::try_from(n).ok(), held));
            }
            Rvalue::MakeChan { .. } => return Some((None, held)),
            Rvalue::Use(inner) | Rvalue::Convert(inner, _) => value = inner,
            _ => return None,
        }
    }
    None
}

/// An event with no lock held and nothing known.
fn plain(span: Span, kind: EventKind) -> Event {
    Event {
        span,
        kind,
        held: Vec::new(),
        released: Vec::new(),
        known: Vec::new(),
        now: Vec::new(),
        depends: false,
        ordered: false,
        cycle: 0,
        deferred: false,
    }
}

/// When a call runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Starts {
    Here,
    AtEnd,
    Goroutine,
}

/// The place that holds a channel.
fn held_in(scope: &Scope<'_, '_>, chan: &Operand) -> Option<Spot> {
    match arg(scope, chan, 0) {
        Arg::Points(spot) => spot.holder(),
        _ => None,
    }
}

fn called(scope: &Scope<'_, '_>, call: &Call, starts: Starts) -> Option<EventKind> {
    let (package, func) = (scope.package, scope.func);
    let signal = match starts {
        Starts::AtEnd => EventKind::SignalAtEnd,
        Starts::Here | Starts::Goroutine => EventKind::Signal,
    };
    let mut operands: Vec<&Operand> = Vec::new();
    let callee = match &call.callee {
        stanch_ir::Callee::Static(object, _) => match package.names.known(*object) {
            Known::Effect(effect) => {
                let Arg::Points(group) = arg(scope, call.args.first()?, 0) else { return None };
                return match effect.op {
                    Op::WaitGroupWait => Some(EventKind::Wait(Waited::Group, group)),
                    Op::WaitGroupDone => Some(signal(Waited::Group, group)),
                    _ => None,
                };
            }
            Known::Body(body) if package.module.funcs.get(body).is_some() => {
                Callee::Body(body, Vec::new())
            }
            Known::Body(_) => Callee::Declared(*object),
            Known::Nothing => {
                let kind = &package.program.object(*object).kind;
                if matches!(kind, ObjectKind::Func { interface: true, .. }) {
                    return None;
                }
                Callee::Declared(*object)
            }
        },
        stanch_ir::Callee::Closure(inner, _) => Callee::Body(*inner, captures(scope, *inner, 0)),
        stanch_ir::Callee::Interface { recv: recv @ Operand::Local(local), method } => {
            operands.push(recv);
            Callee::Interface(*method, func.locals.get(*local)?.ty)
        }
        stanch_ir::Callee::Value(Operand::Local(local)) => {
            let Some(Some(Rvalue::Load(place))) = scope.defs.get(local) else { return None };
            let mut owner = place.clone();
            let Some(Proj::Field(_, field)) = owner.proj.pop() else { return None };
            Callee::Field(field, spot(scope, &owner, 0)?)
        }
        stanch_ir::Callee::Builtin(Builtin::Close) => {
            return Some(signal(Waited::Channel, held_in(scope, call.args.first()?)?));
        }
        _ => return None,
    };
    operands.extend(&call.args);
    let args = operands.iter().map(|operand| arg(scope, operand, 0)).collect();
    Some(match starts {
        Starts::Goroutine => EventKind::Go(callee, args),
        Starts::Here | Starts::AtEnd => EventKind::Call(callee, args),
    })
}

/// The one assignment of each local that has one and is not declared before it.
fn definitions(func: &Func) -> FxHashMap<LocalId, Option<&Rvalue>> {
    let mut defs = values(func);
    for kind in crate::visit::kinds(func) {
        if let InstrKind::DeclareVar(local) = kind {
            defs.insert(*local, None);
        }
    }
    defs
}

/// The one assignment of each local that has one.
fn values(func: &Func) -> FxHashMap<LocalId, Option<&Rvalue>> {
    let mut defs: FxHashMap<LocalId, Option<&Rvalue>> = FxHashMap::default();
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Assign(local, rvalue) => {
                let known = defs.insert(*local, Some(rvalue));
                if known.is_some() {
                    defs.insert(*local, None);
                }
            }
            InstrKind::DeclareVar(_) => {}
            kind => crate::visit::defs(kind, &mut |local| {
                defs.insert(local, None);
            }),
        }
    }
    defs
}

struct Scope<'s, 'p> {
    package: &'s Package<'p>,
    id: FuncId,
    func: &'s Func,
    defs: &'s FxHashMap<LocalId, Option<&'s Rvalue>>,
}

fn arg(scope: &Scope<'_, '_>, operand: &Operand, depth: usize) -> Arg {
    let (func, defs) = (scope.func, scope.defs);
    let local = match operand {
        Operand::Local(local) => *local,
        Operand::Nil(_) => return Arg::Const(crate::summary::Value::Nil),
        Operand::Func(object) => return Arg::Declared(*object),
        Operand::Const(stanch_types::ConstValue::Bool(b), _) => {
            return Arg::Const(crate::summary::Value::Bool(*b));
        }
        _ => return Arg::Unknown,
    };
    let input = root(func, local);
    match (defs.get(&local), input) {
        (None, Some(root)) => Arg::Points(Spot::new(root, vec![SpotStep::Deref(0)])),
        (Some(Some(rvalue)), None) if depth < MAX_DEPTH => match rvalue {
            Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::MakeInterface(x, _) => {
                arg(scope, x, depth + 1)
            }
            Rvalue::Load(place) => match spot(scope, place, depth + 1) {
                Some(spot) => Arg::Points(spot.deref(0)),
                None => Arg::Unknown,
            },
            Rvalue::AddressOf(place) => match spot(scope, place, depth + 1) {
                Some(spot) => Arg::Points(spot),
                None => Arg::Unknown,
            },
            Rvalue::New(_) => Arg::Points(Spot::new(SpotRoot::Value(local.raw()), Vec::new())),
            Rvalue::MakeClosure(inner) => Arg::Closure(*inner, captures(scope, *inner, depth + 1)),
            _ => Arg::Unknown,
        },
        _ => Arg::Unknown,
    }
}

fn captures(scope: &Scope<'_, '_>, inner: FuncId, depth: usize) -> Captures {
    let Some(closure) = scope.package.module.funcs.get(inner) else { return Vec::new() };
    if closure.parent != Some(scope.id) {
        return Vec::new();
    }
    let outer = closure.captures.iter().map(|c| c.outer);
    outer
        .map(|local| {
            let root = root(scope.func, local).unwrap_or(SpotRoot::Local(local.raw()));
            let value = arg(scope, &Operand::Local(local), depth);
            (Spot::new(root, Vec::new()), value)
        })
        .collect()
}

fn spot(scope: &Scope<'_, '_>, place: &Place, depth: usize) -> Option<Spot> {
    let (func, defs) = (scope.func, scope.defs);
    let mut proj = place.proj.as_slice();
    let mut at = match place.base {
        PlaceBase::Global(object) => Spot::new(SpotRoot::Global(object), Vec::new()),
        PlaceBase::Local(local) => match (root(func, local), proj.split_first()) {
            (Some(root), _) if !defs.contains_key(&local) => Spot::new(root, Vec::new()),
            (None, Some((Proj::Deref, rest))) => {
                proj = rest;
                match arg(scope, &Operand::Local(local), depth) {
                    Arg::Points(spot) => spot,
                    _ => return None,
                }
            }
            _ => return None,
        },
    };
    for step in proj {
        at = match step {
            Proj::Field(_, field) => at.step(SpotStep::Field(*field)),
            Proj::Deref => at.deref(0),
            Proj::Index(_) => return None,
        };
    }
    Some(at)
}

fn root(func: &Func, local: LocalId) -> Option<SpotRoot> {
    let param = func.params.iter().position(|&p| p == local);
    let capture = func.captures.iter().position(|c| c.inner == local);
    match (param, capture) {
        (Some(i), _) => Some(SpotRoot::Param(i as u32)),
        (None, Some(i)) => Some(SpotRoot::Capture(i as u32)),
        (None, None) => None,
    }
}
