//! Channels that count slots: taken by sending, or by receiving from a pool that was filled first.

use super::source;
use super::values::instrs;
use crate::Ctx;
use stanch_ir::{FuncId, InstrKind, LocalId, Operand, Rvalue, SelectOp, Terminator};
use stanch_model::Leak;
use stanch_types::Builtin;

/// Where a function and its literals use a channel that it makes.
#[derive(Default)]
struct Uses {
    sends: Vec<FuncId>,
    receives: Vec<FuncId>,
    /// Whether it is used otherwise: handed on, closed, kept.
    otherwise: bool,
}

/// Whether what is waited for is a slot of a local semaphore: who gives one back has taken it himself, or was
/// started by who did.
pub(crate) fn is_semaphore(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    made(ctx, leak).any(|(_, uses)| {
        let by = |id: FuncId, maker: FuncId| is_in(ctx, id, maker);
        let taken = |r: &FuncId| uses.sends.iter().any(|s| by(*r, *s));
        !uses.otherwise && !uses.receives.is_empty() && uses.receives.iter().all(taken)
    })
}

/// Whether what is waited for is a token that the function itself put into a pool, and goroutines of its own
/// bring back.
pub(crate) fn is_pool(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    made(ctx, leak).any(|(maker, uses)| {
        let brought = uses.sends.iter().any(|s| *s != maker);
        !uses.otherwise
            && brought
            && uses.sends.contains(&maker)
            && uses.receives.iter().all(|r| *r == maker)
    })
}

/// The channels that are waited at, each with who makes it.
fn made<'a>(ctx: &'a Ctx<'_>, leak: &'a Leak) -> impl Iterator<Item = (FuncId, Uses)> + 'a {
    leak.objects.iter().filter_map(|(_, site)| {
        let (func, span) = source(ctx, *site)?;
        let made = instrs(&ctx.module.funcs[func]).find_map(|i| match &i.kind {
            InstrKind::Assign(local, Rvalue::MakeChan { ty, .. }) if i.span == span => {
                crate::confidence::is_empty(ctx, *ty).then_some(*local)
            }
            _ => None,
        })?;
        let mut uses = Uses::default();
        note(ctx, func, made, &mut uses);
        Some((func, uses))
    })
}

fn note(ctx: &Ctx<'_>, id: FuncId, chan: LocalId, uses: &mut Uses) {
    let func = &ctx.module.funcs[id];
    let is = |operand: &Operand| matches!(operand, Operand::Local(l) if *l == chan);
    let mut copies = Vec::new();
    for instr in instrs(func) {
        match &instr.kind {
            InstrKind::Send { chan, value } if is(chan) && !is(value) => uses.sends.push(id),
            InstrKind::Recv { chan, range: false, .. } if is(chan) => uses.receives.push(id),
            InstrKind::Assign(to, Rvalue::Use(from)) if is(from) => copies.push(*to),
            InstrKind::Assign(_, Rvalue::MakeClosure(literal)) => {
                let captures = &ctx.module.funcs[*literal].captures;
                for capture in captures.iter().filter(|c| c.outer == chan) {
                    note(ctx, *literal, capture.inner, uses);
                }
            }
            InstrKind::Assign(_, Rvalue::Len(_) | Rvalue::Cap(_)) => {}
            InstrKind::Call(call)
                if matches!(
                    call.callee,
                    stanch_ir::Callee::Builtin(Builtin::Len | Builtin::Cap)
                ) => {}
            kind => kind.for_each_operand(|operand| uses.otherwise |= is(operand)),
        }
    }
    for block in &func.blocks {
        match &block.term {
            Terminator::Select { arms, .. } => {
                for arm in arms {
                    match &arm.op {
                        SelectOp::Send { chan, .. } if is(chan) => uses.sends.push(id),
                        SelectOp::Recv { chan, .. } if is(chan) => uses.receives.push(id),
                        SelectOp::Send { value, .. } => uses.otherwise |= is(value),
                        SelectOp::Recv { .. } => {}
                    }
                }
            }
            term => term.for_each_operand(|operand| uses.otherwise |= is(operand)),
        }
    }
    copies.into_iter().filter(|copy| *copy != chan).for_each(|copy| note(ctx, id, copy, uses));
}

/// Whether a function is another one, or stands in it.
fn is_in(ctx: &Ctx<'_>, id: FuncId, outer: FuncId) -> bool {
    let mut at = Some(id);
    while let Some(id) = at {
        if id == outer {
            return true;
        }
        at = ctx.module.funcs[id].parent;
    }
    false
}
