//! Keys that are nil by the time they are deleted, and maps of entries that are emptied in place.

use crate::facts::Key;
use crate::scan::Scan;
use stanch_base::FxHashSet;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
    Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ObjectId;

impl Scan<'_, '_> {
    /// Whether a key is read from a field that a method called before has set to nil.
    pub(crate) fn is_nil_by_now(&mut self, key: &Operand, block: BlockId) -> bool {
        let Operand::Local(key) = key else { return false };
        let [Rvalue::Load(place)] = self.definitions[*key].as_slice() else { return false };
        let Some((owner, field)) = field_of(place) else { return false };
        let instrs = || self.func.blocks.iter().flat_map(|b| &b.instrs);
        let sets = |i: &InstrKind| matches!(i, InstrKind::Store(to, _) if ends_in(to, field));
        if instrs().any(|i| sets(&i.kind)) {
            return false;
        }
        let mut resets: Vec<BlockId> = Vec::new();
        for (at, data) in self.func.blocks.iter_enumerated() {
            for instr in &data.instrs {
                // What comes after the key was read is too late.
                if matches!(&instr.kind, InstrKind::Assign(to, _) if to == key) {
                    break;
                }
                let InstrKind::Call(call) = &instr.kind else { continue };
                let Callee::Static(object, _) = &call.callee else { continue };
                let own = call.args.first() == Some(&Operand::Local(owner));
                if let Some(&body) = self.reader.bodies.get(object)
                    && own
                    && self.leaves_nil(body, field)
                {
                    resets.push(at);
                }
            }
        }
        let dominators = self.dominators.get_or_insert_with(|| self.func.dominators());
        resets.into_iter().any(|at| dominators.dominates(at, block))
    }

    /// Whether the field of a method's receiver is nil whenever the method returns.
    fn leaves_nil(&self, body: FuncId, field: ObjectId) -> bool {
        let func = &self.reader.module.funcs[body];
        let Some(&receiver) = func.params.first().filter(|_| func.has_recv) else { return false };
        let mut set: Vec<BlockId> = Vec::new();
        for (block, data) in func.blocks.iter_enumerated() {
            for instr in &data.instrs {
                let InstrKind::Store(to, value) = &instr.kind else { continue };
                if !ends_in(to, field) {
                    continue;
                }
                if field_of(to) != Some((receiver, field)) || !matches!(value, Operand::Nil(_)) {
                    return false;
                }
                set.push(block);
            }
        }
        !set.is_empty() && !returns_without(func, &set, field)
    }

    /// Whether a place is a field of an entry of the container itself, found under a key.
    pub(crate) fn is_of_entry(&self, place: &Place, key: Key) -> bool {
        let Some((entry, _)) = field_of(place) else { return false };
        let looked_up = |value: &&Rvalue| match *value {
            Rvalue::MapLookup { map, .. } => {
                self.origins.operand(self.id, map).iter().any(|o| o.key == key && !o.way.element)
            }
            _ => false,
        };
        self.definitions[entry].iter().any(|value| {
            looked_up(value)
                || matches!(value, Rvalue::Use(Operand::Local(x))
                    if self.definitions[*x].iter().any(looked_up))
        })
    }
}

/// The local that points to a struct, and the field of it that a place is.
fn field_of(place: &Place) -> Option<(LocalId, ObjectId)> {
    match (place.base, place.proj.as_slice()) {
        (PlaceBase::Local(base), [Proj::Deref, Proj::Field(_, field)]) => Some((base, *field)),
        _ => None,
    }
}

fn ends_in(place: &Place, field: ObjectId) -> bool {
    matches!(place.proj.last(), Some(Proj::Field(_, last)) if *last == field)
}

/// Whether a function can return with the field not nil, past the blocks that set it to nil.
fn returns_without(func: &Func, set: &[BlockId], field: ObjectId) -> bool {
    let definitions = crate::loops::definitions(func);
    let is_field = |x: &Operand| match x {
        Operand::Local(x) => {
            matches!(definitions[*x].as_slice(), [Rvalue::Load(place)] if ends_in(place, field))
        }
        _ => false,
    };
    let asks = |cond: &Operand| {
        let Operand::Local(cond) = cond else { return None };
        let [Rvalue::Binary(op, a, b)] = definitions[*cond].as_slice() else { return None };
        let nil = |x: &Operand| matches!(x, Operand::Nil(_));
        (is_field(a) && nil(b) || is_field(b) && nil(a)).then_some(*op)
    };
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut stack = vec![BlockId::from_raw(0)];
    while let Some(at) = stack.pop() {
        if set.contains(&at) || !seen.insert(at) {
            continue;
        }
        match &func.blocks[at].term {
            Terminator::Return => return true,
            Terminator::Branch { cond, then, els } => match asks(cond) {
                Some(BinaryOp::Ne) => stack.push(*then),
                Some(BinaryOp::Eq) => stack.push(*els),
                _ => stack.extend([*then, *els]),
            },
            term => stack.extend(term.targets()),
        }
    }
    false
}
