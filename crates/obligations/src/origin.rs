//! Where a local's value comes from, for locals that are assigned once.

use crate::summary::Base;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{
    BlockId, Call, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp,
    Span,
};
use stanch_types::ObjectId;

/// The only definition of each local that has one.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    defs: FxHashMap<LocalId, Def>,
}

#[derive(Clone, Copy, Debug)]
enum Def {
    /// By this instruction.
    Instr(BlockId, u32),
    /// By this arm of the select at the end of a block.
    Arm(BlockId, u32),
}

/// Longer chains of copies are not followed.
const MAX_COPIES: usize = 8;

impl Origins {
    pub(crate) fn new(func: &Func) -> Self {
        let mut defs: FxHashMap<LocalId, Def> = FxHashMap::default();
        let mut several: FxHashSet<LocalId> = FxHashSet::default();
        let mut add = |local: LocalId, def: Def| {
            if defs.insert(local, def).is_some() {
                several.insert(local);
            }
        };
        for (id, block) in func.blocks.iter_enumerated() {
            for (i, instr) in block.instrs.iter().enumerate() {
                if !matches!(instr.kind, InstrKind::DeclareVar(_)) {
                    visit::defs(&instr.kind, &mut |local| add(local, Def::Instr(id, i as u32)));
                }
            }
            if let stanch_ir::Terminator::Select { arms, .. } = &block.term {
                for (i, arm) in arms.iter().enumerate() {
                    if let SelectOp::Recv { dst, ok, .. } = &arm.op {
                        dst.iter().chain(ok).for_each(|&l| add(l, Def::Arm(id, i as u32)));
                    }
                }
            } else {
                visit::terminator_defs(&block.term, &mut |local| several_defs(local, &mut add, id));
            }
        }
        let inputs = func.params.iter().copied().chain(func.captures.iter().map(|c| c.inner));
        let inputs: FxHashSet<LocalId> = inputs.collect();
        defs.retain(|local, _| !several.contains(local) && !inputs.contains(local));
        Self { defs }
    }

    fn instr<'f>(&self, func: &'f Func, local: LocalId) -> Option<&'f InstrKind> {
        match *self.defs.get(&local)? {
            Def::Instr(block, i) => Some(&func.blocks.get(block)?.instrs.get(i as usize)?.kind),
            Def::Arm(..) => None,
        }
    }

    /// Where a local is given its value.
    pub(crate) fn span(&self, func: &Func, local: LocalId) -> Option<Span> {
        match *self.defs.get(&local)? {
            Def::Instr(block, i) => Some(func.blocks.get(block)?.instrs.get(i as usize)?.span),
            Def::Arm(block, _) => Some(func.blocks.get(block)?.term_span),
        }
    }

    /// What a local is assigned.
    pub(crate) fn value<'f>(&self, func: &'f Func, local: LocalId) -> Option<&'f Rvalue> {
        match self.instr(func, local)? {
            InstrKind::Assign(dst, value) if *dst == local => Some(value),
            _ => None,
        }
    }

    /// Whether a local is given a value once.
    pub(crate) fn is_once(&self, local: LocalId) -> bool {
        self.defs.contains_key(&local)
    }

    /// The local that a local is a copy of, itself if it is none.
    pub(crate) fn source(&self, func: &Func, local: LocalId) -> LocalId {
        let mut at = local;
        for _ in 0..MAX_COPIES {
            match self.value(func, at) {
                Some(
                    Rvalue::Use(Operand::Local(from))
                    | Rvalue::Convert(Operand::Local(from), _)
                    | Rvalue::MakeInterface(Operand::Local(from), _),
                ) => at = *from,
                Some(Rvalue::Load(place)) if place.proj.is_empty() => match place.base {
                    PlaceBase::Local(from) => at = from,
                    PlaceBase::Global(_) => break,
                },
                _ => break,
            }
        }
        at
    }

    /// The call whose result a local is, and which result.
    pub(crate) fn call<'f>(&self, func: &'f Func, local: LocalId) -> Option<(&'f Call, usize)> {
        let source = self.source(func, local);
        match self.instr(func, source)? {
            InstrKind::Call(call) => Some((call, call.dst.iter().position(|&dst| dst == source)?)),
            _ => None,
        }
    }

    /// The channel whose receive says by a local whether it was open.
    pub(crate) fn ok_of<'f>(&self, func: &'f Func, local: LocalId) -> Option<&'f Operand> {
        let source = self.source(func, local);
        match *self.defs.get(&source)? {
            Def::Instr(block, i) => match &func.blocks.get(block)?.instrs.get(i as usize)?.kind {
                InstrKind::Recv { ok: Some(ok), chan, .. } if *ok == source => Some(chan),
                _ => None,
            },
            Def::Arm(block, i) => match &func.blocks.get(block)?.term {
                stanch_ir::Terminator::Select { arms, .. } => match &arms.get(i as usize)?.op {
                    SelectOp::Recv { ok: Some(ok), chan, .. } if *ok == source => Some(chan),
                    _ => None,
                },
                _ => None,
            },
        }
    }

    /// A local as the caller can name it: an input and fields from there.
    pub(crate) fn path(&self, func: &Func, local: LocalId) -> Option<(Base, Vec<ObjectId>)> {
        let mut at = local;
        let mut steps: Vec<ObjectId> = Vec::new();
        for _ in 0..MAX_COPIES {
            at = self.source(func, at);
            if let Some(i) = func.params.iter().position(|&p| p == at) {
                steps.reverse();
                return Some((Base::Param(i), steps));
            }
            if let Some(i) = func.captures.iter().position(|c| c.inner == at) {
                steps.reverse();
                return Some((Base::Capture(i), steps));
            }
            let (Rvalue::Load(place) | Rvalue::AddressOf(place)) = self.value(func, at)? else {
                return None;
            };
            fields(place, &mut steps)?;
            match place.base {
                PlaceBase::Local(from) => at = from,
                PlaceBase::Global(object) => {
                    steps.reverse();
                    return Some((Base::Global(object), steps));
                }
            }
        }
        None
    }

    /// Fields that a local, or a copy of it, is stored in.
    pub(crate) fn fields_of(&self, func: &Func, local: LocalId) -> Vec<ObjectId> {
        let source = self.source(func, local);
        let mut found = Vec::new();
        for kind in visit::kinds(func) {
            if let InstrKind::Store(place, Operand::Local(value)) = kind
                && let Some(Proj::Field(_, field)) = place.proj.last()
                && self.source(func, *value) == source
                && !found.contains(field)
            {
                found.push(*field);
            }
        }
        found
    }
}

/// Locals that a loop assigns have many values.
fn several_defs(local: LocalId, add: &mut dyn FnMut(LocalId, Def), block: BlockId) {
    add(local, Def::Arm(block, 0));
    add(local, Def::Arm(block, 0));
}

/// Adds the fields of a place, last first; `None` if it has other steps than fields and pointers.
fn fields(place: &Place, steps: &mut Vec<ObjectId>) -> Option<()> {
    for proj in place.proj.iter().rev() {
        match proj {
            Proj::Field(_, field) => steps.push(*field),
            Proj::Deref => {}
            Proj::Index(_) => return None,
        }
    }
    Some(())
}
