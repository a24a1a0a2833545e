//! Which values of one function are the same, and how much of a container a deletion takes.

use crate::facts::{Identity, Key, Op, OpKind, Taken};
use crate::retain;
use crate::scan::Scan;
use stanch_base::FxHasher;
use stanch_ir::{BlockId, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Terminator};
use std::hash::{Hash, Hasher};

/// Copies and fields looked through.
const MAX_STEPS: u32 = 6;
/// Pairs of growths kept of one function.
const MAX_PAIRS: usize = 64;

impl Scan<'_, '_> {
    /// Finds the growths of different containers that are about the same thing.
    pub(crate) fn pair(&mut self) {
        let grow = |op: &Op| match &op.kind {
            OpKind::Grow(grow) if !op.element && !matches!(op.key, Key::Param(..)) => {
                Some([grow.key_id, grow.value_id])
            }
            _ => None,
        };
        let ids: Vec<Option<[Identity; 2]>> = self.facts.ops.iter().map(grow).collect();
        if ids.iter().flatten().count() < 2 {
            return;
        }
        let dominators = self.func.dominators();
        for (a, of_a) in ids.iter().enumerate() {
            let Some(of_a) = of_a else { continue };
            for (b, of_b) in ids.iter().enumerate().skip(a + 1) {
                let Some(of_b) = of_b else { continue };
                let same = of_a.iter().flatten().any(|id| of_b.contains(&Some(*id)));
                let (at, to) = (self.op_blocks[a], self.op_blocks[b]);
                if same
                    && self.facts.ops[a].key != self.facts.ops[b].key
                    && (dominators.dominates(at, to)
                        || dominators.dominates(to, at)
                        || self.is_followed(at, to)
                        || self.is_followed(to, at))
                    && self.facts.together.len() < MAX_PAIRS
                {
                    self.facts.together.push((a as u32, b as u32));
                }
            }
        }
    }

    /// Whether every way on from a block comes through another before the function returns.
    fn is_followed(&self, block: BlockId, by: BlockId) -> bool {
        let mut seen = vec![block];
        let mut work = vec![block];
        while let Some(at) = work.pop() {
            if matches!(self.func.blocks[at].term, Terminator::Return) {
                return false;
            }
            for to in self.func.blocks[at].term.targets() {
                if to != by && !seen.contains(&to) {
                    seen.push(to);
                    work.push(to);
                }
            }
        }
        true
    }

    /// What a value is: a variable, the result of one call, or a field of such.
    pub(crate) fn identity(&self, value: &Operand) -> Identity {
        match value {
            Operand::Local(local) => Some(self.local_identity(*local, MAX_STEPS)),
            _ => None,
        }
    }

    fn local_identity(&self, local: LocalId, steps: u32) -> u64 {
        if let ([value], true) = (self.definitions[local].as_slice(), steps > 0) {
            match value {
                Rvalue::Use(Operand::Local(x))
                | Rvalue::Convert(Operand::Local(x), _)
                | Rvalue::MakeInterface(Operand::Local(x), _) => {
                    return self.local_identity(*x, steps - 1);
                }
                Rvalue::Load(place) => return self.place_identity(place, steps - 1),
                _ => {}
            }
        }
        hashed((0, local))
    }

    fn place_identity(&self, place: &Place, steps: u32) -> u64 {
        let base = match place.base {
            PlaceBase::Local(base) => self.local_identity(base, steps),
            PlaceBase::Global(object) => hashed((1, object)),
        };
        place.proj.iter().fold(base, |at, proj| match proj {
            Proj::Field(_, field) => hashed((2, at, field)),
            Proj::Deref => at,
            Proj::Index(Operand::Local(index)) => hashed((3, at, self.local_identity(*index, 0))),
            Proj::Index(_) => hashed((4, at)),
        })
    }

    /// How much a cut leaves of a slice.
    pub(crate) fn cut(&self, value: &Operand) -> Taken {
        let Operand::Local(local) = value else { return Taken::One };
        let nought = |v: &&Rvalue| match v {
            Rvalue::Slice { lo: None, hi: Some(hi), .. } => retain::is_nought(hi),
            _ => false,
        };
        match self.definitions[*local].iter().any(nought) {
            true => Taken::All,
            false => Taken::One,
        }
    }

    /// How much a deletion under a key takes out of a map: a loop over the map that deletes each key takes
    /// all.
    pub(crate) fn taken(&self, map: &Operand, key: &Operand, block: BlockId) -> Taken {
        let (Operand::Local(map), Operand::Local(key)) = (map, key) else { return Taken::One };
        let key = self.local_identity(*key, MAX_STEPS);
        for data in self.func.blocks.iter() {
            let Terminator::RangeNext { over: Operand::Local(over), key: Some(slot), body, .. } =
                &data.term
            else {
                continue;
            };
            let same = self
                .origins
                .of(self.id, *over)
                .iter()
                .any(|o| self.origins.of(self.id, *map).iter().any(|m| m.key == o.key));
            if same
                && self.local_identity(*slot, MAX_STEPS) == key
                && self.is_straight(*body, block)
            {
                return Taken::Cleared;
            }
        }
        Taken::One
    }

    /// Whether the one block always leads to the other.
    fn is_straight(&self, from: BlockId, to: BlockId) -> bool {
        let mut at = from;
        for _ in 0..MAX_STEPS {
            if at == to {
                return true;
            }
            match self.func.blocks[at].term {
                Terminator::Goto(next) => at = next,
                _ => return false,
            }
        }
        false
    }
}

fn hashed(value: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}
