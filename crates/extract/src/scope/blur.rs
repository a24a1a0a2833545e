//! Data of which only a part is followed: where a slice with all of it is too much.
//!
//! What decides whether an operation is reached may be computed from data that is changed all over a
//! package. In a slice with less detail a load gives anything, unless it is of a flag (a place that only
//! constants are stored to, in functions that are in the slice anyway), of the group, or of what may run
//! code of it. Such a slice has every step that one with all detail has. Who is blocked for ever there is
//! blocked for ever in the whole once he gets there; whether he does rests on more decisions.

use super::classes::CONTENT;
use super::{Keep, Scopes};
use stanch_base::FxHashSet;
use stanch_model::{Callee, FnId, LocalId, Op, Operand, Part, Prim, visit_op};

/// How much of the data that decides is followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Detail {
    /// All.
    Full,
    /// Local values and flags.
    Flags,
}

impl Scopes<'_> {
    /// Classes of values from which the objects of a group can be reached, or the functions on the ways to
    /// its operations where those are called as values or methods.
    pub(super) fn solid(&self, group: &FxHashSet<u32>, carrying: &[FnId]) -> FxHashSet<u32> {
        let mut from = group.clone();
        for &id in carrying {
            let callees = &self.classes.facts[id].callees;
            for (at, _) in callees.iter().filter(|c| carrying.binary_search(&c.1).is_ok()) {
                let block = &self.model.functions[id].blocks[at.block];
                let Some(instr) = block.instrs.get(at.instr as usize) else { continue };
                let direct = matches!(
                    &instr.op,
                    Op::Call(c) | Op::Go(c) | Op::Defer(c)
                        if matches!(c.callee, Callee::Fn(f) if !self.is_helper(f))
                );
                if !direct {
                    visit_op(&instr.op, &mut |part| {
                        if let Part::Use(o) = part {
                            from.extend(self.classes.operand(id, &o));
                        }
                    });
                }
            }
        }
        self.holders_of(&from)
    }
}

impl Keep<'_, '_> {
    /// Whether what an instruction gives is taken to be anything.
    pub(crate) fn blurs(&self, id: FnId, op: &Op) -> bool {
        if self.gives_channel(id, op) {
            return true;
        }
        if self.detail == Detail::Full {
            return false;
        }
        match op {
            Op::LoadCell { dst, cell } => {
                !self.is_solid(id, *dst) && !self.is_flag(id, cell, CONTENT)
            }
            Op::LoadField { dst, base, field, .. } => {
                !self.is_solid(id, *dst) && !self.is_flag(id, base, *field)
            }
            Op::LoadGlobal { dst, global } => {
                let stores = self.scopes.global_stores.get(&global.raw());
                let followed = !self.scopes.varied_globals.contains(&global.raw())
                    && stores.is_none_or(|s| self.in_slice_anyway(s));
                !self.is_solid(id, *dst) && !followed
            }
            Op::Call(call) => match (call.callee, call.args.first()) {
                (Callee::Prim(Prim::SeqGet | Prim::MapGet | Prim::MapAt), _) => {
                    !call.dst.iter().flatten().any(|d| self.is_solid(id, *d))
                }
                (Callee::Prim(Prim::SeqLen), Some(seq)) => self.changes(id, seq),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a slot may hold an object of the group, what one can be reached from, or code of it.
    fn is_solid(&self, id: FnId, local: LocalId) -> bool {
        self.solid.contains(&self.scopes.classes.find(self.scopes.classes.local(id, local)))
    }

    /// Whether only constants are stored to a place, in functions that are kept in any case.
    fn is_flag(&self, id: FnId, base: &Operand, field: u32) -> bool {
        let Some(class) = self.scopes.classes.operand(id, base) else { return false };
        let place = (class, field);
        let stores = self.scopes.stores.get(&place);
        !self.scopes.varied.contains(&place) && stores.is_none_or(|s| self.in_slice_anyway(s))
    }

    fn in_slice_anyway(&self, functions: &[FnId]) -> bool {
        let mut below = functions.iter().filter(|f| self.tree.contains(f));
        below.all(|f| *f == self.root || self.carrying.binary_search(f).is_ok())
    }

    /// Whether members are set one by one where that is not followed.
    fn changes(&self, id: FnId, seq: &Operand) -> bool {
        let Some(class) = self.scopes.classes.operand(id, seq) else { return false };
        self.scopes.stores.contains_key(&(class, CONTENT))
            && !self.scopes.classes.field(class, CONTENT).is_some_and(|c| self.solid.contains(&c))
    }
}
