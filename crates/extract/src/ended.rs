//! What is known of a context once its end was seen: `Err` says why.

use crate::function::FuncBuilder;
use crate::names::{Known, Names};
use stanch_effects::Op;
use stanch_ir::{
    BlockId, Call, Callee, Func, InstrKind, LocalId, LocalKind, Operand, Place, Rvalue, SelectOp,
    Span, Terminator,
};

/// Blocks that are looked back.
const BLOCKS: usize = 8;
/// Copies that are looked through.
const COPIES: usize = 4;

/// What holds a context or a channel.
#[derive(PartialEq)]
enum Holder {
    Local(LocalId),
    Place(Place),
}

impl FuncBuilder<'_, '_> {
    /// Whether a call asks a context of which the end was received on every way to it.
    pub(crate) fn is_after_end(&self, call: &Call, span: Span) -> bool {
        let asked = context(call).and_then(|c| holder(self.func, c));
        let Some(asked) = asked else { return false };
        let ends = |chan: &Operand| is_done_of(self.cx.names, self.func, chan, &asked);
        let mut block = self.block;
        let mut before = Some(span.range.start);
        for _ in 0..BLOCKS {
            let seen = self.func.blocks[block].instrs.iter().any(|i| match &i.kind {
                InstrKind::Recv { chan, .. } => {
                    before.is_none_or(|end| i.span.range.start < end) && ends(chan)
                }
                _ => false,
            });
            if seen {
                return true;
            }
            before = None;
            let Some(from) = only_way_to(self.func, block) else { return false };
            if let Terminator::Select { arms, .. } = &self.func.blocks[from].term {
                let mut here = arms.iter().filter(|arm| arm.target == block);
                let arm = here.next().filter(|_| here.next().is_none());
                if let Some(SelectOp::Recv { chan, .. }) = arm.map(|arm| &arm.op)
                    && ends(chan)
                {
                    return true;
                }
            }
            block = from;
        }
        false
    }
}

/// The context that a method is called of.
fn context(call: &Call) -> Option<&Operand> {
    match &call.callee {
        Callee::Interface { recv, .. } => Some(recv),
        Callee::Static(..) => call.args.first(),
        _ => None,
    }
}

/// The one block that leads to another.
fn only_way_to(func: &Func, block: BlockId) -> Option<BlockId> {
    let leads = |from: &BlockId| func.blocks[*from].term.targets().contains(&block);
    let mut from = func.blocks.ids().filter(leads);
    let only = from.next()?;
    from.next().is_none().then_some(only)
}

/// Whether a channel is what `Done` of a context gave.
fn is_done_of(names: &Names<'_>, func: &Func, chan: &Operand, context: &Holder) -> bool {
    let Some(Holder::Local(chan)) = holder(func, chan) else { return false };
    let mut calls = func.blocks.iter().flat_map(|b| &b.instrs).filter_map(|i| match &i.kind {
        InstrKind::Call(call) if call.dst.first() == Some(&chan) => Some(call),
        _ => None,
    });
    calls.any(|call| {
        let method = match &call.callee {
            Callee::Interface { method, .. } | Callee::Static(method, _) => *method,
            _ => return false,
        };
        matches!(names.known(method), Known::Effect(e) if e.op == Op::ContextDone)
            && self::context(call).and_then(|c| holder(func, c)).is_some_and(|h| h == *context)
    })
}

/// The variable or place that a value was read from; a temporary that is made otherwise holds itself.
fn holder(func: &Func, operand: &Operand) -> Option<Holder> {
    let Operand::Local(mut local) = *operand else { return None };
    for _ in 0..COPIES {
        if func.locals[local].kind != LocalKind::Temp {
            break;
        }
        let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        let from = instrs.find_map(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) if *to == local => {
                Some(Ok(*from))
            }
            InstrKind::Assign(to, Rvalue::Load(place)) if *to == local => Some(Err(place.clone())),
            _ => None,
        });
        match from {
            Some(Ok(from)) => local = from,
            Some(Err(place)) => return Some(Holder::Place(place)),
            None => break,
        }
    }
    Some(Holder::Local(local))
}
