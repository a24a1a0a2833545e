//! Which blocks run again and again within one call.

use crate::facts::Loop;
use crate::origin::Reader;
use stanch_base::{Idx, IndexVec};
use stanch_ir::{BlockId, Callee, Func, InstrKind, LocalId, Operand, Rvalue, Terminator};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ConstValue;

/// A loop of more turns than this, written as a constant, is like one without an end.
const MANY_TURNS: u32 = 100;

/// The loop around each block: of those that nest, the one that runs longest.
///
/// Natural loops, inner ones first, each collapsed into its head when it is known: every block and
/// every edge is looked at once per function, however deep the loops (Havlak, "Nesting of reducible
/// and irreducible loops").
pub(crate) fn loops(reader: &Reader<'_>, func: &Func) -> IndexVec<BlockId, Loop> {
    let mut kinds = IndexVec::from_elem(Loop::None, func.blocks.len());
    let order = func.reverse_postorder();
    let back = back_edges(func, &order);
    if back.iter().all(Vec::is_empty) {
        return kinds;
    }
    let preds = func.predecessors();
    let returns = returns(func, &preds);
    let mut nest = Nest {
        merged: func.blocks.iter_enumerated().map(|(block, _)| block).collect(),
        waits: func.blocks.iter_enumerated().map(|(block, _)| waits(reader, func, block)).collect(),
    };
    let mut around: IndexVec<BlockId, Option<BlockId>> =
        IndexVec::from_elem(None, func.blocks.len());
    for &head in order.iter().rev().filter(|&&head| !back[head].is_empty()) {
        let mut stack = back[head].clone();
        while let Some(block) = stack.pop() {
            let block = nest.head(block);
            if block == head {
                continue;
            }
            nest.merged[block] = head;
            nest.waits[head] |= nest.waits[block];
            around[block] = Some(head);
            stack.extend(&preds[block]);
        }
        kinds[head] = match returns[head] {
            true => kind(func, head, nest.waits[head]),
            false => Loop::Endless,
        };
    }
    for &block in &order {
        if let Some(head) = around[block] {
            kinds[block] = kinds[block].max(kinds[head]);
        }
    }
    kinds
}

/// Whether a way leads from each block to a return.
fn returns(func: &Func, preds: &IndexVec<BlockId, Vec<BlockId>>) -> IndexVec<BlockId, bool> {
    let mut found = IndexVec::from_elem(false, func.blocks.len());
    let ends = func.blocks.iter_enumerated().filter(|(_, data)| {
        !matches!(data.term, Terminator::Select { .. }) && data.term.targets().is_empty()
    });
    let mut stack: Vec<BlockId> = ends.map(|(block, _)| block).collect();
    while let Some(block) = stack.pop() {
        if !std::mem::replace(&mut found[block], true) {
            stack.extend(&preds[block]);
        }
    }
    found
}

/// For each block, those from which the function goes back to it: every way to them led over it.
fn back_edges(func: &Func, order: &[BlockId]) -> IndexVec<BlockId, Vec<BlockId>> {
    let mut back = IndexVec::from_elem(Vec::new(), func.blocks.len());
    let mut rank: IndexVec<BlockId, usize> = IndexVec::from_elem(0, func.blocks.len());
    for (at, &block) in order.iter().enumerate() {
        rank[block] = at;
    }
    let mut dominators = None;
    for &block in order {
        func.blocks[block].term.for_each_target(|head| {
            if rank[head] <= rank[block]
                && dominators.get_or_insert_with(|| func.dominators()).dominates(head, block)
            {
                back[head].push(block);
            }
        });
    }
    back
}

/// Blocks of which those of known loops are one.
struct Nest {
    /// The head of the loop that a block was merged into, or the block itself.
    merged: IndexVec<BlockId, BlockId>,
    /// Whether something in it waits.
    waits: IndexVec<BlockId, bool>,
}

impl Nest {
    /// The head of the outermost loop so far around a block.
    fn head(&mut self, mut block: BlockId) -> BlockId {
        while self.merged[block] != block {
            let up = self.merged[self.merged[block]];
            self.merged[block] = up;
            block = up;
        }
        block
    }
}

fn kind(func: &Func, head: BlockId, waits: bool) -> Loop {
    if is_counted(func, head) {
        return Loop::Finite;
    }
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
    if many || waits { Loop::Endless } else { Loop::Finite }
}

/// Whether a loop goes on as long as a number is below a bound that is not a large constant, and only counts
/// that number: it ends, whatever it waits for on the way.
fn is_counted(func: &Func, head: BlockId) -> bool {
    let Terminator::Branch { cond: Operand::Local(cond), .. } = &func.blocks[head].term else {
        return false;
    };
    let compared = func.blocks[head].instrs.iter().find_map(|i| match &i.kind {
        InstrKind::Assign(to, Rvalue::Binary(BinaryOp::Lt | BinaryOp::Le, n, bound))
            if to == cond && !is_many(bound) =>
        {
            Some(n)
        }
        _ => None,
    });
    let Some(&Operand::Local(number)) = compared else { return false };
    let instrs = || func.blocks.iter().flat_map(|b| &b.instrs);
    let steps = |x: &Operand| match x {
        Operand::Local(sum) => instrs().any(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Binary(BinaryOp::Add, Operand::Local(n), step)) => {
                to == sum && *n == number && matches!(step, Operand::Const(..))
            }
            _ => false,
        }),
        _ => false,
    };
    let (mut counts, mut others) = (0, 0);
    for instr in instrs() {
        match &instr.kind {
            InstrKind::Assign(to, Rvalue::Use(x)) if *to == number && steps(x) => counts += 1,
            InstrKind::Assign(to, Rvalue::Binary(BinaryOp::Add, Operand::Local(n), _))
                if *to == number && *n == number =>
            {
                counts += 1;
            }
            kind => kind.for_each_def(|to| {
                others += u32::from(to == number && !matches!(kind, InstrKind::DeclareVar(_)));
            }),
        }
    }
    counts > 0 && others <= 1
}

/// Whether a bound is a constant that is large.
pub(crate) fn is_many(operand: &Operand) -> bool {
    let Operand::Const(ConstValue::Int(n), _) = operand else { return false };
    u32::try_from(n.clone()).is_ok_and(|n| n > MANY_TURNS) || *n > u32::MAX.into()
}

/// Whether the block waits for somebody else: a peer, a channel, a clock.
fn waits(reader: &Reader<'_>, func: &Func, block: BlockId) -> bool {
    let block = &func.blocks[block];
    matches!(block.term, Terminator::Select { .. })
        || block.instrs.iter().any(|i| match &i.kind {
            InstrKind::Recv { .. } => true,
            InstrKind::Call(call) => match &call.callee {
                Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                    reader.keeps(*object).waits
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
