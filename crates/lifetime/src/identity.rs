//! Which values of one function are the same, and how much of a container a deletion takes.

use crate::facts::{Identity, Taken};
use crate::retain;
use crate::scan::Scan;
use stanch_base::FxHasher;
use stanch_ir::{BlockId, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Terminator};
use std::hash::{Hash, Hasher};

/// Copies and fields looked through.
const MAX_STEPS: u32 = 6;

impl Scan<'_, '_> {
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
