//! What a way through a function has found out: which of its conditions hold from there on.

use crate::retain::{Bodies, leads};
use stanch_ir::{
    BlockId, Func, FuncId, InstrKind, LocalId, LocalKind, Operand, Rvalue, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};

/// Copies and negations looked through.
const MAX_STEPS: u32 = 4;
/// Blocks looked at on the only way to one.
const MAX_WAY: usize = 8;

/// A condition about a local.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Condition {
    /// It is true.
    True(LocalId),
    /// It is nil.
    Nil(LocalId),
}

impl Condition {
    fn local(self) -> LocalId {
        match self {
            Self::True(local) | Self::Nil(local) => local,
        }
    }
}

/// The conditions that are known on a way, each with whether it holds; sorted.
#[derive(Clone, PartialEq, Eq, Hash, Default, Debug)]
pub(super) struct Known(Vec<(Condition, bool)>);

impl Known {
    /// What is known where a block begins to which a single way leads, of locals that are set once.
    pub(super) fn at(bodies: &Bodies<'_, '_>, id: FuncId, block: BlockId) -> Self {
        let func = &bodies.module.funcs[id];
        let mut known = Self::default();
        for (pred, at) in single_ways(func, block) {
            let Some((condition, holds)) = taken(bodies, id, pred, at) else { continue };
            let sets = |kind: &InstrKind| {
                let mut sets = false;
                let declares = matches!(kind, InstrKind::DeclareVar(_));
                kind.for_each_def(|to| sets |= to == condition.local() && !declares);
                sets
            };
            let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
            if instrs.filter(|i| sets(&i.kind)).count() <= 1 {
                known.learn(condition, holds);
            }
        }
        for local in unset(bodies, id, block) {
            known.learn(Condition::Nil(local), true);
        }
        known
    }

    fn learn(&mut self, condition: Condition, holds: bool) {
        self.0.retain(|(c, _)| *c != condition);
        self.0.push((condition, holds));
        self.0.sort_unstable();
    }

    /// What is known after an instruction.
    pub(super) fn step(&mut self, kind: &InstrKind) {
        kind.for_each_def(|to| self.0.retain(|(c, _)| c.local() != to));
        if let InstrKind::Assign(to, value) = kind {
            match value {
                Rvalue::Use(Operand::Nil(_)) => self.learn(Condition::Nil(*to), true),
                Rvalue::MakeInterface(..) | Rvalue::New(_) => {
                    self.learn(Condition::Nil(*to), false);
                }
                _ => {}
            }
        }
    }

    /// What is known when the way goes on from one block to another; none if it cannot.
    pub(super) fn go(
        &self,
        bodies: &Bodies<'_, '_>,
        id: FuncId,
        from: BlockId,
        to: BlockId,
    ) -> Option<Self> {
        let mut next = self.clone();
        if let Some((condition, holds)) = taken(bodies, id, from, to) {
            match self.0.iter().find(|(c, _)| *c == condition) {
                Some((_, known)) if *known != holds => return None,
                Some(_) => {}
                None => next.learn(condition, holds),
            }
        }
        Some(next)
    }
}

/// The variables that are declared before a block and set after it only: they are nil there.
fn unset(bodies: &Bodies<'_, '_>, id: FuncId, block: BlockId) -> Vec<LocalId> {
    let func = &bodies.module.funcs[id];
    let dominators = func.dominators();
    let instrs = || {
        func.blocks.iter_enumerated().flat_map(|(block, data)| {
            data.instrs.iter().enumerate().map(move |(at, i)| ((block, at), &i.kind))
        })
    };
    let declared = instrs().filter_map(|(at, kind)| match kind {
        InstrKind::DeclareVar(local) if dominators.dominates(at.0, block) => Some(*local),
        _ => None,
    });
    let is_set = |local: LocalId| {
        instrs().any(|(at, kind)| {
            let mut sets = false;
            if !matches!(kind, InstrKind::DeclareVar(_)) {
                kind.for_each_def(|to| sets |= to == local);
            }
            sets && (at.0 == block || leads(func, at, (block, 0)))
        })
    };
    let known = |local: &LocalId| {
        let local = &func.locals[*local];
        !local.address_taken && !local.captured_by_ref
    };
    declared.filter(|local| known(local) && !is_set(*local)).collect()
}

/// What holds where a branch goes to one of its sides.
fn taken(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    from: BlockId,
    to: BlockId,
) -> Option<(Condition, bool)> {
    let Terminator::Branch { cond, then, els } = &bodies.module.funcs[id].blocks[from].term else {
        return None;
    };
    let (condition, holds) = condition(bodies, id, cond, MAX_STEPS)?;
    match (*then == to, *els == to) {
        (true, false) => Some((condition, holds)),
        (false, true) => Some((condition, !holds)),
        _ => None,
    }
}

/// A condition and whether the operand is true when it holds.
fn condition(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    operand: &Operand,
    steps: u32,
) -> Option<(Condition, bool)> {
    let Operand::Local(local) = operand else { return None };
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::Unary(UnaryOp::Not, x)] if steps > 0 => {
            condition(bodies, id, x, steps - 1).map(|(c, holds)| (c, !holds))
        }
        [Rvalue::Use(x @ Operand::Local(_))] if steps > 0 => condition(bodies, id, x, steps - 1),
        [Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b)] => {
            let x = match (a, b) {
                (x, Operand::Nil(_)) | (Operand::Nil(_), x) => x,
                _ => return Some((Condition::True(*local), true)),
            };
            Some((Condition::Nil(root(bodies, id, x, MAX_STEPS)?), *op == BinaryOp::Eq))
        }
        _ => Some((Condition::True(*local), true)),
    }
}

/// The variable that a value is a copy of.
fn root(bodies: &Bodies<'_, '_>, id: FuncId, operand: &Operand, steps: u32) -> Option<LocalId> {
    let Operand::Local(local) = operand else { return None };
    let is_temp = bodies.module.funcs[id].locals[*local].kind == LocalKind::Temp;
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::Use(x @ Operand::Local(_))] if is_temp && steps > 0 => {
            root(bodies, id, x, steps - 1)
        }
        _ => Some(*local),
    }
}

/// The edges on the only way to a block, from the end on.
pub(super) fn single_ways(func: &Func, block: BlockId) -> impl Iterator<Item = (BlockId, BlockId)> {
    let preds = func.predecessors();
    let mut at = block;
    (0..MAX_WAY).map_while(move |_| {
        let &[pred] = preds[at].as_slice() else { return None };
        let edge = (pred, at);
        at = pred;
        Some(edge)
    })
}
