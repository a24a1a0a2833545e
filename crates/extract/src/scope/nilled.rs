//! Variables of channels that are nil at times: a select does not take their arm then.

use super::Keep;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_model::{
    Const, FnId, Function, LocalId, Op, Operand, Part, SelectArm, SelectOp, Term, visit_op,
    visit_term,
};

/// Variables of a function, no parameters, that selects wait for and that are only ever assigned, nil
/// among other values; with those that their values come from the same way.
pub(super) fn nilled(function: &Function) -> FxHashSet<LocalId> {
    let arms = function.blocks.iter().flat_map(|block| match &block.term {
        Term::Select { arms, .. } => arms.as_slice(),
        _ => &[],
    });
    let arms: Vec<LocalId> = arms
        .filter_map(|arm| match channel(arm) {
            Operand::Local(local) => Some(*local),
            _ => None,
        })
        .collect();
    let mut found: FxHashSet<LocalId> = FxHashSet::default();
    if arms.is_empty() {
        return found;
    }
    let (sources, other) = definitions(function);
    let n_in = (function.n_captures + function.n_params) as usize;
    let followed = |local: &LocalId| local.index() >= n_in && !other.contains(local);
    for arm in arms {
        let mut from: FxHashSet<LocalId> = FxHashSet::default();
        let (mut todo, mut nil) = (vec![arm], false);
        while let Some(local) = todo.pop() {
            if !followed(&local) || !from.insert(local) {
                continue;
            }
            for source in sources.get(&local).into_iter().flatten() {
                match source {
                    Operand::Local(source) => todo.push(*source),
                    source => nil |= *source == Operand::Const(Const::Nil),
                }
            }
        }
        if nil {
            found.extend(from);
        }
    }
    found
}

/// What locals are assigned, and those that get their values in other ways.
fn definitions(function: &Function) -> (FxHashMap<LocalId, Vec<Operand>>, FxHashSet<LocalId>) {
    let mut sources: FxHashMap<LocalId, Vec<Operand>> = FxHashMap::default();
    let mut other = FxHashSet::default();
    let mut is_other = |part: Part| {
        if let Part::Def(local) = part {
            other.insert(local);
        }
    };
    for block in &function.blocks {
        for instr in &block.instrs {
            match &instr.op {
                Op::Assign { dst, src } | Op::Direction { dst, src, .. } => {
                    sources.entry(*dst).or_default().push(*src);
                }
                op => visit_op(op, &mut is_other),
            }
        }
        visit_term(&block.term, &mut is_other);
    }
    (sources, other)
}

/// The channel of an arm.
pub(super) fn channel(arm: &SelectArm) -> &Operand {
    match &arm.op {
        SelectOp::Send { chan, .. } | SelectOp::Recv { chan, .. } => chan,
    }
}

impl Keep<'_, '_> {
    /// Whether an arm's channel is one of another group of which it is known when it is nil.
    pub(super) fn is_nil_at_times(&self, id: FnId, chan: &Operand) -> bool {
        let Operand::Local(local) = chan else { return false };
        self.scopes.nilled[id].contains(local) && !self.in_group(id, chan)
    }

    /// Whether an instruction gives such a variable a channel, of which no more is followed.
    pub(super) fn gives_channel(&self, id: FnId, op: &Op) -> bool {
        let (Op::Assign { dst, src } | Op::Direction { dst, src, .. }) = op else { return false };
        let followed = match src {
            Operand::Const(_) => true,
            Operand::Local(local) => self.scopes.nilled[id].contains(local),
            Operand::Func(_) | Operand::Unknown => false,
        };
        !followed && self.is_nil_at_times(id, &Operand::Local(*dst))
    }
}
