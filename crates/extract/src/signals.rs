//! Channels that signals come to. The library sends to what it is given and never closes it, so that where
//! nobody else does, a range over such a channel has no end.

use crate::names::{Known, Names};
use stanch_base::FxHashSet;
use stanch_effects::Op;
use stanch_ir::{
    Call, Callee, FuncId, InstrKind, LocalId, Module, Operand, Rvalue, SelectOp, Terminator,
};

type Local = (FuncId, LocalId);

/// Channels of signals.
#[derive(Default)]
pub(crate) struct Signals {
    /// Locals that hold nothing but channels that only the library and this package's receives and sends use.
    pub(crate) never_closed: FxHashSet<Local>,
    /// Those of them to which only the library sends.
    pub(crate) unsent: FxHashSet<Local>,
}

pub(crate) fn signals(names: &Names<'_>, module: &Module) -> Signals {
    let mut found = Signals::default();
    let notifies = |kind: &InstrKind| match kind {
        InstrKind::Call(Call { callee: Callee::Static(object, _), .. }) => {
            matches!(names.known(*object), Known::Effect(e) if e.op == Op::SignalNotify)
        }
        _ => false,
    };
    let mut instrs = module.funcs.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs);
    if !instrs.any(|i| notifies(&i.kind)) {
        return found;
    }
    for (id, func) in module.funcs.iter_enumerated() {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            if let InstrKind::Assign(local, Rvalue::MakeChan { .. }) = &instr.kind {
                let Some(all) = holders(names, module, (id, *local)) else { continue };
                if !all.iter().any(|local| is_sent(module, *local)) {
                    found.unsent.extend(&all);
                }
                found.never_closed.extend(all);
            }
        }
    }
    found
}

/// Whether the package sends to a channel.
fn is_sent(module: &Module, (id, local): Local) -> bool {
    let is = |operand: &Operand| *operand == Operand::Local(local);
    module.funcs[id].blocks.iter().any(|block| {
        let arms = match &block.term {
            Terminator::Select { arms, .. } => arms.as_slice(),
            _ => &[],
        };
        arms.iter().any(|arm| matches!(&arm.op, SelectOp::Send { chan, .. } if is(chan)))
            || block
                .instrs
                .iter()
                .any(|i| matches!(&i.kind, InstrKind::Send { chan, .. } if is(chan)))
    })
}

/// All that holds a channel, from the local that it is made in: none if it can be closed, goes elsewhere,
/// or no signals come to it.
fn holders(names: &Names<'_>, module: &Module, made: Local) -> Option<FxHashSet<Local>> {
    let mut all: FxHashSet<Local> = FxHashSet::default();
    let (mut todo, mut signals) = (vec![made], false);
    while let Some((id, local)) = todo.pop() {
        if !all.insert((id, local)) {
            continue;
        }
        let func = &module.funcs[id];
        if func.results.contains(&local) {
            return None;
        }
        for literal in &func.closures {
            let captures = module.funcs[*literal].captures.iter();
            todo.extend(captures.filter(|c| c.outer == local).map(|c| (*literal, c.inner)));
        }
        let is = |operand: &Operand| *operand == Operand::Local(local);
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(to, Rvalue::Use(x) | Rvalue::Convert(x, _)) if is(x) => {
                    todo.push((id, *to));
                }
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)
                    if call.args.iter().any(is) =>
                {
                    match given(names, module, call, &is)? {
                        Given::Signals => signals = true,
                        Given::Params(params) => todo.extend(params),
                    }
                }
                InstrKind::Recv { chan, .. } if is(chan) => {}
                InstrKind::Send { chan, value } if is(chan) && !is(value) => {}
                kind => {
                    let mut used = false;
                    kind.for_each_operand(|operand| used |= is(operand));
                    if used {
                        return None;
                    }
                }
            }
        }
        for block in &func.blocks {
            let Terminator::Select { arms, .. } = &block.term else { continue };
            let sent = |op: &SelectOp| matches!(op, SelectOp::Send { value, .. } if is(value));
            if arms.iter().any(|arm| sent(&arm.op)) {
                return None;
            }
        }
    }
    let alone = all.iter().all(|local| is_only(module, *local, made, &all));
    (signals && alone).then_some(all)
}

/// Where a call puts a channel.
enum Given {
    /// To the library that sends signals, or stops to.
    Signals,
    /// In parameters of functions in view.
    Params(Vec<Local>),
}

fn given(
    names: &Names<'_>,
    module: &Module,
    call: &Call,
    is: &dyn Fn(&Operand) -> bool,
) -> Option<Given> {
    let body = match &call.callee {
        Callee::Static(object, _) => match names.known(*object) {
            Known::Effect(effect) => {
                let signals = matches!(effect.op, Op::SignalNotify | Op::SignalStop);
                return signals.then_some(Given::Signals);
            }
            Known::Body(body) if is_private(names, module, body) => body,
            Known::Body(_) | Known::Inert | Known::Nothing => return None,
        },
        Callee::Closure(literal, _) => *literal,
        Callee::Value(_) | Callee::Interface { .. } | Callee::Builtin(_) => return None,
    };
    let params = call.args.iter().zip(&module.funcs[body].params);
    Some(Given::Params(params.filter(|(arg, _)| is(arg)).map(|(_, p)| (body, *p)).collect()))
}

/// Whether only calls run a function: it has no exported name, and nobody takes its value.
fn is_private(names: &Names<'_>, module: &Module, id: FuncId) -> bool {
    let object = module.funcs[id].object;
    let hidden =
        object.is_some_and(|o| !crate::channels::is_exported(names.program.object_name(o)));
    let is_value = |operand: &Operand| matches!(operand, Operand::Func(o) if Some(*o) == object);
    let instrs = module.funcs.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs);
    hidden
        && !instrs.into_iter().any(|i| {
            let bound = matches!(&i.kind, InstrKind::Assign(_, Rvalue::MethodValue { method, .. })
                if Some(*method) == object);
            let mut used = bound;
            i.kind.for_each_operand(|operand| used |= is_value(operand));
            used
        })
}

/// Whether a local gets nothing but what is held by `all`.
fn is_only(module: &Module, (id, local): Local, made: Local, all: &FxHashSet<Local>) -> bool {
    let func = &module.funcs[id];
    let held = |id: FuncId, x: &Operand| matches!(x, Operand::Local(l) if all.contains(&(id, *l)));
    let own = func.blocks.iter().flat_map(|b| &b.instrs).all(|i| match &i.kind {
        InstrKind::Assign(to, Rvalue::Use(x) | Rvalue::Convert(x, _)) if *to == local => {
            held(id, x)
        }
        InstrKind::Assign(to, Rvalue::MakeChan { .. }) if *to == local => (id, local) == made,
        kind => {
            let mut defined = false;
            kind.for_each_def(|to| defined |= to == local);
            !defined || matches!(kind, InstrKind::DeclareVar(_))
        }
    });
    let Some(n) = func.params.iter().position(|p| *p == local) else { return own };
    let calls = module
        .funcs
        .iter_enumerated()
        .flat_map(|(caller, f)| f.blocks.iter().flat_map(|b| &b.instrs).map(move |i| (caller, i)));
    own && calls.into_iter().all(|(caller, i)| match &i.kind {
        InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
            let here = match &call.callee {
                Callee::Static(object, _) => func.object == Some(*object),
                Callee::Closure(literal, _) => *literal == id,
                _ => false,
            };
            !here || call.args.get(n).is_some_and(|arg| held(caller, arg))
        }
        _ => true,
    })
}
