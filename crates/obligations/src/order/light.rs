//! Calls of functions that have nothing to do with obligations of their own package: they may still
//! lead to functions of other packages that have.

use super::facts::{Arg, Callee, Captures, Event, EventKind, Spot, SpotRoot, SpotStep, Waited};
use crate::names::Known;
use crate::package::Package;
use stanch_base::FxHashMap;
use stanch_effects::Op;
use stanch_ir::{
    Call, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp,
    Span, Terminator,
};
use stanch_types::{Builtin, ObjectKind};

/// Values are followed back so many assignments.
const MAX_DEPTH: usize = 8;

/// The calls of a function that takes no locks itself.
pub(crate) fn light(package: &Package<'_>, id: FuncId) -> Vec<Event> {
    let func = &package.module.funcs[id];
    let defs = definitions(func);
    let scope = Scope { package, id, func, defs: &defs };
    let mut events = Vec::new();
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        let kind = match &instr.kind {
            InstrKind::Call(call) => called(&scope, call, Starts::Here),
            InstrKind::Defer(call) => called(&scope, call, Starts::AtEnd),
            InstrKind::Go(call) => called(&scope, call, Starts::Goroutine),
            InstrKind::Recv { chan, .. } => {
                held_in(&scope, chan).map(|place| EventKind::Wait(Waited::Channel, place))
            }
            InstrKind::Send { chan, .. } => {
                held_in(&scope, chan).map(|place| EventKind::Signal(Waited::Channel, place))
            }
            _ => None,
        };
        let Some(kind) = kind else { continue };
        events.push(plain(instr.span, kind));
    }
    for block in func.blocks.iter() {
        let Terminator::Select { arms, .. } = &block.term else { continue };
        for arm in arms {
            let SelectOp::Send { chan, .. } = &arm.op else { continue };
            let Some(place) = held_in(&scope, chan) else { continue };
            events.push(plain(arm.span, EventKind::Signal(Waited::Channel, place)));
        }
    }
    events
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

/// The one assignment of each local that has one.
fn definitions(func: &Func) -> FxHashMap<LocalId, Option<&Rvalue>> {
    let mut defs: FxHashMap<LocalId, Option<&Rvalue>> = FxHashMap::default();
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Assign(local, rvalue) => {
                let known = defs.insert(*local, Some(rvalue));
                if known.is_some() {
                    defs.insert(*local, None);
                }
            }
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
