//! Versions of locals: two places see the same version of a local where no assignment lies between.

use crate::data::*;
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};

/// The value a local has when the function begins.
const ENTRY: u32 = 0;

/// Locals by blocks: in a function with more, nothing is shared.
const MAX_VERSIONS: usize = 1 << 20;

/// So many meeting places of one local are found one after the other; then all that may be some are.
const ROUNDS: u32 = 50;

/// The versions of some locals at the beginning of each block.
pub(super) struct Versions {
    place: FxHashMap<LocalId, usize>,
    /// None of blocks that cannot be reached.
    at_start: IndexVec<BlockId, Option<Vec<u32>>>,
    /// The version that the first definition in a block makes; the others follow.
    first: IndexVec<BlockId, u32>,
}

/// The versions at one place.
pub(super) struct Now<'v> {
    versions: &'v Versions,
    now: Vec<u32>,
    /// What the instruction there changes: a place among the versions, and the new one.
    changes: Vec<(usize, u32)>,
}

impl Now<'_> {
    /// The version of a local; none if its versions are not followed.
    pub(super) fn of(&self, local: LocalId) -> Option<u32> {
        Some(self.now[*self.versions.place.get(&local)?])
    }

    /// The version behind the instruction.
    pub(super) fn after(&self, local: LocalId) -> Option<u32> {
        let place = *self.versions.place.get(&local)?;
        let changed = self.changes.iter().rev().find(|(at, _)| *at == place);
        Some(changed.map_or(self.now[place], |(_, version)| *version))
    }
}

/// Whether a local changes only where it is assigned.
pub(super) fn has_versions(func: &Func, local: LocalId) -> bool {
    let local = &func.locals[local];
    !local.captured_by_ref && !local.address_taken
}

impl Versions {
    /// The versions of what the instructions use for which `matters` holds, and of what those make; none if
    /// that is too much.
    pub(super) fn of(func: &Func, matters: impl Fn(&Instr) -> bool) -> Option<Self> {
        let mut place = FxHashMap::default();
        for instr in func.blocks.iter().flat_map(|block| &block.instrs).filter(|i| matters(i)) {
            let mut add = |local: LocalId| {
                // A variable that another goroutine or a pointer reaches changes at any time; one that was
                // captured by reference is known by another name inside.
                if has_versions(func, local) && !is_reference(func, local) {
                    let next = place.len();
                    place.entry(local).or_insert(next);
                }
            };
            instr.kind.for_each_use(&mut add);
            instr.kind.for_each_def(&mut add);
        }
        if place.len() * func.blocks.len() > MAX_VERSIONS {
            return None;
        }
        let mut first = IndexVec::from_elem(0, func.blocks.len());
        let mut next = ENTRY + 1;
        for (id, block) in func.blocks.iter_enumerated() {
            first[id] = next;
            let mut count = |_: LocalId| next += 1;
            block.instrs.iter().for_each(|instr| defs(&instr.kind, &mut count));
            block.term.for_each_def(&mut count);
        }
        let at_start = IndexVec::from_elem(None, func.blocks.len());
        let mut versions = Self { place, at_start, first };
        versions.settle(func, next);
        Some(versions)
    }

    /// Where ways with different versions meet, a version of the block begins (numbered from `merged` on). The
    /// first such block of a local is found, then the next, as its version goes on from there.
    fn settle(&mut self, func: &Func, merged: u32) {
        let order = func.reverse_postorder();
        let before = func.predecessors();
        let mut meets: FxHashSet<(BlockId, usize)> = FxHashSet::default();
        for round in 0.. {
            let mut ends: IndexVec<BlockId, Option<Vec<u32>>> =
                IndexVec::from_elem(None, func.blocks.len());
            for &block in &order {
                let mut coming = before[block].iter().filter_map(|&b| ends[b].as_ref());
                let mut start = match coming.next() {
                    Some(end) => end.clone(),
                    None => vec![ENTRY; self.place.len()],
                };
                for (place, version) in start.iter_mut().enumerate() {
                    if meets.contains(&(block, place)) {
                        *version = merged + block.index() as u32;
                    }
                }
                self.at_start[block] = Some(start);
                let end = self.at_end(func, block).now;
                ends[block] = Some(self.behind(func, block, &end));
            }
            let known = meets.len();
            let mut found = vec![false; self.place.len()];
            for (n, &block) in order.iter().enumerate() {
                let Some(start) = &self.at_start[block] else { continue };
                for (place, &version) in start.iter().enumerate() {
                    let other =
                        |b: &BlockId| ends[*b].as_ref().is_some_and(|e| e[place] != version);
                    // The entry is also come to from outside.
                    let differ = before[block].iter().any(other) || n == 0 && version != ENTRY;
                    let first = !found[place] || round >= ROUNDS;
                    if first && differ && version != merged + block.index() as u32 {
                        found[place] = true;
                        meets.insert((block, place));
                    }
                }
            }
            if meets.len() == known {
                return;
            }
        }
    }

    /// The versions when a block is left: the terminator may define locals.
    fn behind(&self, func: &Func, block: BlockId, end: &[u32]) -> Vec<u32> {
        let mut behind = end.to_vec();
        let mut next = self.first[block];
        for instr in &func.blocks[block].instrs {
            defs(&instr.kind, &mut |_| next += 1);
        }
        func.blocks[block].term.for_each_def(|local| {
            if let Some(&place) = self.place.get(&local) {
                behind[place] = next;
            }
            next += 1;
        });
        behind
    }

    /// Calls `f` with each instruction of a block, its number and the versions there.
    pub(super) fn walk(
        &self,
        func: &Func,
        block: BlockId,
        mut f: impl FnMut(usize, &Instr, &Now<'_>),
    ) {
        let Some(start) = &self.at_start[block] else { return };
        let mut here = Now { versions: self, now: start.clone(), changes: Vec::new() };
        let mut next = self.first[block];
        for (at, instr) in func.blocks[block].instrs.iter().enumerate() {
            defs(&instr.kind, &mut |local| {
                if let Some(&place) = self.place.get(&local) {
                    here.changes.push((place, next));
                }
                next += 1;
            });
            f(at, instr, &here);
            for (place, version) in here.changes.drain(..) {
                here.now[place] = version;
            }
        }
    }

    /// The versions behind the last instruction of a block, before it is left.
    pub(super) fn at_end(&self, func: &Func, block: BlockId) -> Now<'_> {
        let mut now = self.at_start[block].clone().unwrap_or_else(|| vec![ENTRY; self.place.len()]);
        let mut next = self.first[block];
        for instr in &func.blocks[block].instrs {
            defs(&instr.kind, &mut |local| {
                if let Some(&place) = self.place.get(&local) {
                    now[place] = next;
                }
                next += 1;
            });
        }
        Now { versions: self, now, changes: Vec::new() }
    }
}

/// Each local that changes: those that are defined, and those of which a part is stored to.
fn defs(kind: &InstrKind, f: &mut dyn FnMut(LocalId)) {
    kind.for_each_def(&mut *f);
    if let InstrKind::Store(Place { base: PlaceBase::Local(local), .. }, _) = kind {
        f(*local);
    }
}

/// Whether it stands for a variable of an enclosing function that is shared with it.
fn is_reference(func: &Func, local: LocalId) -> bool {
    func.captures.iter().any(|capture| capture.inner == local && capture.by_ref)
}
