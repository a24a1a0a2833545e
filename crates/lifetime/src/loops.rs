//! Which blocks run again and again within one call.

use crate::facts::Loop;
use crate::origin::Reader;
use stanch_base::{Idx, IndexVec};
use stanch_ir::{BlockId, Callee, Func, InstrKind, LocalId, Operand, Rvalue, Terminator};
use stanch_types::{ConstValue, ObjectId};

/// A loop of more turns than this, written as a constant, is like one without an end.
const MANY_TURNS: u32 = 100;

/// The loop around each block.
pub(crate) fn loops(reader: &Reader<'_>, func: &Func) -> IndexVec<BlockId, Loop> {
    let mut kinds = IndexVec::from_elem(Loop::None, func.blocks.len());
    let back = func.reverse_postorder();
    let mut rank: IndexVec<BlockId, usize> = IndexVec::from_elem(0, func.blocks.len());
    for (at, &block) in back.iter().enumerate() {
        rank[block] = at;
    }
    let has_back = |block: BlockId| {
        func.blocks[block].term.targets().iter().any(|&to| rank[to] <= rank[block])
    };
    if !back.iter().any(|&block| has_back(block)) {
        return kinds;
    }
    let (dominators, preds) = (func.dominators(), func.predecessors());
    for &block in &back {
        for head in func.blocks[block].term.targets() {
            if rank[head] > rank[block] || !dominates(&dominators, head, block) {
                continue;
            }
            let body = body(&preds, head, block);
            let kind = kind(reader, func, head, &body);
            for member in body {
                kinds[member] = kinds[member].max(kind);
            }
        }
    }
    kinds
}

/// Whether every way to `block` goes through `over`.
pub(crate) fn dominates(
    dominators: &IndexVec<BlockId, BlockId>,
    over: BlockId,
    mut block: BlockId,
) -> bool {
    loop {
        if block == over {
            return true;
        }
        match dominators.get(block) {
            Some(&up) if up != block => block = up,
            _ => return false,
        }
    }
}

fn body(preds: &IndexVec<BlockId, Vec<BlockId>>, head: BlockId, end: BlockId) -> Vec<BlockId> {
    let mut members = vec![head];
    let mut stack = vec![end];
    while let Some(block) = stack.pop() {
        if !members.contains(&block) {
            members.push(block);
            stack.extend(&preds[block]);
        }
    }
    members
}

fn kind(reader: &Reader<'_>, func: &Func, head: BlockId, body: &[BlockId]) -> Loop {
    let many = match &func.blocks[head].term {
        // It ends with what it goes over, whatever it waits for on the way.
        Terminator::RangeNext { over, .. } if is_many(over) => true,
        Terminator::RangeNext { .. } => return Loop::Finite,
        Terminator::Branch { cond: Operand::Local(cond), .. } => {
            func.blocks[head].instrs.iter().any(|i| match &i.kind {
                InstrKind::Assign(to, Rvalue::Binary(_, a, b)) if to == cond => {
                    is_many(a) || is_many(b)
                }
                _ => false,
            })
        }
        _ => false,
    };
    if many || body.iter().any(|&block| waits(reader, func, block)) {
        Loop::Endless
    } else {
        Loop::Finite
    }
}

/// Whether a bound is a constant that is large.
pub(crate) fn is_many(operand: &Operand) -> bool {
    let Operand::Const(ConstValue::Int(n), _) = operand else { return false };
    u32::try_from(n.clone()).is_ok_and(|n| n > MANY_TURNS) || *n > u32::MAX.into()
}

/// Whether the block waits for somebody else: a peer, a channel, a clock.
fn waits(reader: &Reader<'_>, func: &Func, block: BlockId) -> bool {
    let block = &func.blocks[block];
    let by_peer = |object: &ObjectId| {
        reader.is_std(object.package)
            && matches!(
                reader.program.package_path(object.package),
                "net" | "net/http" | "bufio" | "time"
            )
    };
    matches!(block.term, Terminator::Select { .. })
        || block.instrs.iter().any(|i| match &i.kind {
            InstrKind::Recv { .. } => true,
            InstrKind::Call(call) => match &call.callee {
                Callee::Static(object, _) => {
                    by_peer(object)
                        && matches!(
                            reader.program.object_name(*object),
                            "Sleep"
                                | "Accept"
                                | "AcceptTCP"
                                | "Read"
                                | "ReadString"
                                | "ReadBytes"
                                | "ReadLine"
                                | "Scan"
                                | "ReadRequest"
                                | "ReadFrom"
                                | "ReadFromUDP"
                        )
                }
                Callee::Interface { method, .. } => {
                    by_peer(method)
                        && matches!(
                            reader.program.object_name(*method),
                            "Accept" | "Read" | "ReadFrom"
                        )
                }
                _ => false,
            },
            _ => false,
        })
}

/// What each local is assigned, where that is an rvalue.
pub(crate) fn definitions(func: &Func) -> IndexVec<LocalId, Vec<&Rvalue>> {
    let mut definitions = IndexVec::from_elem(Vec::new(), func.locals.len());
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            if let InstrKind::Assign(local, value) = &instr.kind
                && local.index() < definitions.len()
            {
                definitions[*local].push(value);
            }
        }
    }
    definitions
}
