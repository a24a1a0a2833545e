//! Variables of channels that are nil at times: a select does not take their arm then.

use super::Keep;
use super::classes::{CONTENT, Classes};
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_model::{
    AllocKind, Callee, Const, FnId, Function, LocalId, Op, Operand, Part, Program as Model,
    SelectArm, SelectOp, Term, visit_op, visit_term,
};

/// Variables of a function, no parameters, that selects wait for and that are only ever assigned, nil
/// among other values; with those that their values come from the same way.
pub(super) fn nilled(function: &Function) -> FxHashSet<LocalId> {
    let arms = waited_for(function);
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

/// The variables of the channels that selects of a function wait for.
fn waited_for(function: &Function) -> FxHashSet<LocalId> {
    let arms = function.blocks.iter().flat_map(|block| match &block.term {
        Term::Select { arms, .. } => arms.as_slice(),
        _ => &[],
    });
    arms.filter_map(|arm| match channel(arm) {
        Operand::Local(local) => Some(*local),
        _ => None,
    })
    .collect()
}

/// Of which fields the channels are that selects of a function wait for: base and number.
pub(super) fn fields(function: &Function) -> FxHashMap<LocalId, Vec<(LocalId, u32)>> {
    let arms = waited_for(function);
    let mut found: FxHashMap<LocalId, Vec<(LocalId, u32)>> = FxHashMap::default();
    if arms.is_empty() {
        return found;
    }
    let mut loads: FxHashMap<LocalId, Vec<(LocalId, u32)>> = FxHashMap::default();
    let mut copies: FxHashMap<LocalId, Vec<LocalId>> = FxHashMap::default();
    for instr in function.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.op {
            Op::LoadField { dst, base: Operand::Local(base), field, .. } => {
                loads.entry(*dst).or_default().push((*base, *field));
            }
            Op::Assign { dst, src: Operand::Local(src) }
            | Op::Direction { dst, src: Operand::Local(src), .. } => {
                copies.entry(*dst).or_default().push(*src);
            }
            _ => {}
        }
    }
    for arm in arms {
        let (mut seen, mut todo) = (FxHashSet::default(), vec![arm]);
        while let Some(local) = todo.pop() {
            if seen.insert(local) {
                todo.extend(copies.get(&local).into_iter().flatten());
                let of = loads.get(&local).into_iter().flatten();
                found.entry(arm).or_default().extend(of);
            }
        }
    }
    found
}

/// Classes of values that are nil somewhere: as an argument, a variable, or stored.
pub(super) fn nils(model: &Model, classes: &Classes) -> FxHashSet<u32> {
    let nil = |o: &Operand| *o == Operand::Const(Const::Nil);
    let mut found = FxHashSet::default();
    for (id, function) in model.functions.iter_enumerated() {
        let local = |l: &LocalId| classes.find(classes.local(id, *l));
        for instr in function.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.op {
                Op::Assign { dst, src } | Op::Direction { dst, src, .. } if nil(src) => {
                    found.insert(local(dst));
                }
                Op::StoreField { base: Operand::Local(base), field, src } if nil(src) => {
                    found.extend(classes.field(local(base), *field));
                }
                Op::StoreCell { cell: Operand::Local(cell), src } if nil(src) => {
                    found.extend(classes.field(local(cell), CONTENT));
                }
                Op::Alloc { dst, kind: AllocKind::Cell(src) } if nil(src) => {
                    found.extend(classes.field(local(dst), CONTENT));
                }
                Op::Call(call) | Op::Go(call) | Op::Defer(call) => {
                    let Callee::Fn(callee) = call.callee else { continue };
                    let first = model.functions[callee].n_captures as usize;
                    let nils = call.args.iter().enumerate().filter(|(_, a)| nil(a));
                    found.extend(nils.map(|(n, _)| {
                        let param = LocalId::from_usize(first + n);
                        classes.find(classes.local(callee, param))
                    }));
                }
                _ => {}
            }
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

    /// Whether an arm's channel may be nil since nothing that runs makes one for it: a parameter, a field that
    /// nobody sets. Where it is, the arm is none.
    pub(super) fn may_be_nil(&self, id: FnId, chan: &Operand) -> bool {
        let (&Operand::Local(local), Some(class)) = (chan, self.class(id, chan)) else {
            return false;
        };
        let scopes = self.scopes;
        let made = |class: u32| {
            let mut made = scopes.made.get(&class).into_iter().flatten();
            made.any(|(by, _, _)| self.tree.contains(by))
        };
        if self.group.contains(&class) || scopes.is_context(class) || made(class) {
            return false;
        }
        let unset = |(base, field): &(LocalId, u32)| {
            let base = scopes.classes.find(scopes.classes.local(id, *base));
            let mut stores = scopes.stores.get(&(base, *field)).into_iter().flatten();
            made(base) && !stores.any(|by| self.tree.contains(by))
        };
        scopes.nils.contains(&class)
            || scopes.arm_fields[id].get(&local).is_some_and(|fields| fields.iter().any(unset))
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
