//! Ranges over the channel of a clock, or one that signals come to. Nobody closes it (`time.Tick`,
//! `(*time.Ticker).Stop`, `signal.Stop`), so that such a loop has no end of its own.

use crate::names::{Known, Names};
use stanch_base::FxHashSet;
use stanch_effects::Op;
use stanch_ir::{
    Block, BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, Proj, Rvalue, Terminator,
};

/// Copies that are looked through.
const DEPTH: u32 = 4;

/// Blocks that ask whether there is another tick, each with the block to which nothing leads. `signals` are
/// locals with channels that only signals come to.
pub(crate) fn ends(
    names: &Names<'_>,
    signals: &FxHashSet<(FuncId, LocalId)>,
    id: FuncId,
    func: &Func,
) -> Vec<(BlockId, BlockId)> {
    let mut found = Vec::new();
    for (block, body) in func.blocks.iter_enumerated() {
        if let Terminator::Branch { cond: Operand::Local(more), els, .. } = &body.term
            && let Some(chan) = ranged_over(body, *more)
            && (signals.contains(&(id, chan)) || ticks(names, id, func, chan, DEPTH))
        {
            found.push((block, *els));
        }
    }
    found
}

/// The channel of a range whose receive says whether there is more.
fn ranged_over(block: &Block, more: LocalId) -> Option<LocalId> {
    block.instrs.iter().find_map(|i| match &i.kind {
        InstrKind::Recv { ok: Some(ok), chan: Operand::Local(chan), range: true, .. } => {
            (*ok == more).then_some(*chan)
        }
        _ => None,
    })
}

/// Whether a channel is a clock's: all that is ever assigned to the local.
fn ticks(names: &Names<'_>, id: FuncId, func: &Func, chan: LocalId, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let mut assigned = false;
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        let is_clock = match &instr.kind {
            InstrKind::Assign(to, value) if *to == chan => match value {
                Rvalue::Load(place) => {
                    let mut owner = place.clone();
                    matches!(owner.proj.pop(), Some(Proj::Field(..)))
                        && crate::classify::is_ticker(
                            names.program,
                            names.place_type(id, func, &owner),
                        )
                }
                Rvalue::Use(Operand::Local(from)) => ticks(names, id, func, *from, depth),
                _ => false,
            },
            InstrKind::Call(call) if call.dst.contains(&chan) => match &call.callee {
                Callee::Static(object, _) => {
                    matches!(names.known(*object), Known::Effect(e) if e.op == Op::TimeTick)
                }
                _ => false,
            },
            kind => {
                let mut defined = false;
                kind.for_each_def(|local| defined |= local == chan);
                if !defined {
                    continue;
                }
                false
            }
        };
        if !is_clock {
            return false;
        }
        assigned = true;
    }
    assigned
}
