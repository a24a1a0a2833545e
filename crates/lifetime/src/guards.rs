//! What the branches around a write tell: the container was nil, the key is there already.

use crate::facts::{Key, Loop};
use crate::origin::Reader;
use crate::scan::Scan;
use crate::source::written;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_effects::Role;
use stanch_ir::{
    BlockId, Callee, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ObjectId;

/// Copies looked through.
const MAX_COPIES: u32 = 3;

impl Scan<'_, '_> {
    /// Whether a store gives the container its first value: of a new object, or where it was nil.
    pub(crate) fn is_first(&mut self, place: &Place, key: Key, block: BlockId) -> bool {
        if self.is_before_work(block) {
            return true;
        }
        if let PlaceBase::Local(base) = place.base
            && self.definitions[base]
                .iter()
                .any(|v| matches!(v, Rvalue::New(_) | Rvalue::Composite { .. }))
        {
            return true;
        }
        if self.dominators.is_none() {
            self.dominators = Some(self.func.dominators());
        }
        let Some(dominators) = &self.dominators else { return false };
        self.func.blocks.iter_enumerated().any(|(at, data)| {
            let Terminator::Branch { cond: Operand::Local(cond), then, els } = &data.term else {
                return false;
            };
            if at == block || !dominators.dominates(at, block) {
                return false;
            }
            let Some(Rvalue::Binary(op, a, b)) = self.definitions[*cond].first() else {
                return false;
            };
            let side = match op {
                BinaryOp::Eq => *then,
                BinaryOp::Ne => *els,
                _ => return false,
            };
            let nil = |x: &Operand| matches!(x, Operand::Nil(_));
            let same = |x: &Operand| self.origins.operand(self.id, x).iter().any(|o| o.key == key);
            dominators.dominates(side, block) && (nil(a) && same(b) || nil(b) && same(a))
        })
    }

    /// Whether a block runs once, before anything serves: in an initialiser, an `init`, or in `main` outside of
    /// its loops.
    fn is_before_work(&self, block: BlockId) -> bool {
        if self.func.parent.is_some() {
            return false;
        }
        let Some(object) = self.func.object else { return self.func.synthetic };
        let name = self.reader.program.object_name(object);
        let is_main = || &*self.reader.program.source(self.reader.module.package).name == "main";
        !self.func.has_recv
            && match self.loops[block] {
                Loop::None => name == "init" || name == "main" && is_main(),
                Loop::Finite => name == "init",
                Loop::Endless => false,
            }
    }

    /// Whether a count that the function raises, or the key itself, was found to be below a bound before.
    pub(crate) fn is_counted_out(&mut self, key: Option<&Operand>, block: BlockId) -> bool {
        if self.limits.is_none() {
            self.limits = Some(limits(self.reader, self.func, &self.definitions));
        }
        let key = match key {
            Some(Operand::Local(key)) => Some(named(&self.definitions, *key)),
            _ => None,
        };
        let func = self.func;
        let Some(limits) = self.limits.as_ref().filter(|l| !l.is_empty()) else { return false };
        let dominators = self.dominators.get_or_insert_with(|| func.dominators());
        limits.iter().any(|limit| {
            (limit.counts || key.is_some() && limit.key == key)
                && limit.at != block
                && dominators.dominates(limit.below, block)
                && !dominators.dominates(limit.above, block)
        })
    }

    /// Whether the container was found to have nothing in it before: it is filled once.
    pub(crate) fn was_empty(&mut self, key: Key, block: BlockId) -> bool {
        let dominators = self.dominators.get_or_insert_with(|| self.func.dominators());
        let length = |x: &Operand| match x {
            Operand::Local(local) => self.definitions[*local].iter().any(|v| match v {
                Rvalue::Len(x) => self.origins.operand(self.id, x).iter().any(|o| o.key == key),
                _ => false,
            }),
            _ => false,
        };
        self.func.blocks.iter_enumerated().any(|(at, data)| {
            let Terminator::Branch { cond: Operand::Local(cond), then, els } = &data.term else {
                return false;
            };
            let [Rvalue::Binary(op, a, b)] = self.definitions[*cond].as_slice() else {
                return false;
            };
            let empty = match op {
                BinaryOp::Eq | BinaryOp::Le => *then,
                BinaryOp::Ne | BinaryOp::Gt => *els,
                _ => return false,
            };
            then != els
                && length(a)
                && crate::retain::is_nought(b)
                && dominators.dominates(at, block)
                && dominators.dominates(empty, block)
                && self.func.predecessors()[empty].len() == 1
        })
    }

    /// Whether a container belongs to an object that the function makes, or was found to be empty.
    pub(crate) fn is_filled_once(&mut self, map: LocalId, block: BlockId, looped: Loop) -> bool {
        let of = self.origins.of(self.id, map);
        looped != Loop::Endless && self.is_of_new(map)
            || of.iter().any(|o| !o.way.element && self.was_empty(o.key, block))
    }

    /// Whether the key was found in the map before: it is one of those a loop goes over, or a lookup
    /// has said so.
    pub(crate) fn is_there(&mut self, map: LocalId, key: &Operand, block: BlockId) -> bool {
        let same = |x: &Operand| {
            let of = self.origins.of(self.id, map);
            self.origins.operand(self.id, x).iter().any(|o| of.iter().any(|p| p.key == o.key))
        };
        if let Operand::Local(local) = key {
            let mut from = vec![*local];
            for value in &self.definitions[*local] {
                if let Rvalue::Use(Operand::Local(source)) = value {
                    from.push(*source);
                }
            }
            for data in self.func.blocks.iter() {
                if let Terminator::RangeNext { over, key: Some(key), .. } = &data.term
                    && from.contains(key)
                    && same(over)
                {
                    return true;
                }
            }
        }
        if self.dominators.is_none() {
            self.dominators = Some(self.func.dominators());
        }
        let Some(dominators) = &self.dominators else { return false };
        let asks = self.asks.iter().filter(|ask| ask.ok.is_some() && same(ask.map));
        let found: Vec<LocalId> = asks.filter_map(|ask| ask.ok).collect();
        let says = |cond: &Operand| {
            let Operand::Local(cond) = cond else { return false };
            let copied = |value: &&Rvalue| match value {
                Rvalue::Use(Operand::Local(from)) => found.contains(from),
                _ => false,
            };
            found.contains(cond)
                || !self.definitions[*cond].is_empty() && self.definitions[*cond].iter().all(copied)
        };
        !found.is_empty()
            && self.func.blocks.iter_enumerated().any(|(at, data)| match &data.term {
                Terminator::Branch { cond, then, els } => {
                    at != block
                        && then != els
                        && says(cond)
                        && dominators.dominates(*then, block)
                        && !dominators.dominates(*els, block)
                        && self.entered_from(*then) == 1
                }
                _ => false,
            })
    }

    /// Whether the key was looked up in the map before and not found: what is put in then is its first value.
    pub(crate) fn is_absent(&mut self, map: LocalId, key: &Operand, block: BlockId) -> bool {
        let key = self.identity(key);
        let of = self.origins.of(self.id, map).to_vec();
        let asked = self.lookups_of(key, |scan, map| {
            scan.origins.operand(scan.id, map).iter().any(|o| of.iter().any(|p| p.key == o.key))
        });
        key.is_some()
            && !asked.is_empty()
            && self.only_by(block, |scan, cond, yes| scan.finds(&asked, cond) == Some(!yes))
    }

    /// Whether every way to a block finds the key among constants, or among what a container holds that lives as
    /// long (a package-level one, or one of the same object): then there are no more keys than those.
    pub(crate) fn is_one_of(&mut self, map: LocalId, key: &Operand, block: BlockId) -> bool {
        let Some(id) = self.identity(key) else { return false };
        let of = self.origins.of(self.id, map).to_vec();
        let beside = self.holder(map);
        let asked = self.lookups_of(Some(id), |scan, other| {
            let origins = scan.origins.operand(scan.id, other);
            let lives_on = match other {
                Operand::Local(other) => beside.is_some() && scan.holder(*other) == beside,
                _ => false,
            };
            let global = |o: &crate::origin::Origin| matches!(o.key, Key::Global(_));
            (lives_on || !origins.is_empty() && origins.iter().all(global))
                && !origins.iter().any(|o| of.iter().any(|p| p.key == o.key))
        });
        self.only_by(block, |scan, cond, yes| {
            if scan.finds(&asked, cond) == Some(yes) {
                return true;
            }
            let [Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b)] =
                scan.definitions[cond].as_slice()
            else {
                return false;
            };
            let constant = |x: &Operand| matches!(x, Operand::Const(..));
            let same = |x: &Operand| scan.identity(x) == Some(id);
            (constant(a) && same(b) || constant(b) && same(a)) && (*op == BinaryOp::Eq) == yes
        })
    }

    /// The object of which a container is a field: the variable that leads to it, and the way from there.
    fn holder(&self, container: LocalId) -> Option<(LocalId, Vec<Proj>)> {
        let [Rvalue::Load(Place { base: PlaceBase::Local(base), proj })] =
            self.definitions[container].as_slice()
        else {
            return None;
        };
        let (Proj::Field(..), before) = proj.split_last()? else { return None };
        Some((*base, before.to_vec()))
    }

    /// The results of lookups of a key in the maps for which `in_map` holds: the value, and whether it was there.
    fn lookups_of(
        &self,
        key: Option<u64>,
        in_map: impl Fn(&Self, &Operand) -> bool,
    ) -> Vec<(LocalId, Option<LocalId>)> {
        let asks = self.asks.iter();
        let asks = asks.filter(|ask| self.identity(ask.key) == key && in_map(self, ask.map));
        asks.map(|ask| (ask.to, ask.ok)).collect()
    }

    /// What a condition says of lookups if it is true: that the key is there, or that it is not.
    fn finds(&self, lookups: &[(LocalId, Option<LocalId>)], cond: LocalId) -> Option<bool> {
        let there = |local| {
            let one = |&(value, ok): &(LocalId, Option<LocalId>)| match ok {
                Some(ok) => ok == local,
                None => value == local,
            };
            lookups.iter().any(one)
        };
        if self.is_copy(cond, MAX_COPIES, &there) {
            return Some(true);
        }
        let [Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b)] =
            self.definitions[cond].as_slice()
        else {
            return None;
        };
        let nil = |x: &Operand| matches!(x, Operand::Nil(_));
        let value = |local| lookups.iter().any(|&(value, _)| value == local);
        let found = |x: &Operand| match x {
            Operand::Local(x) => self.is_copy(*x, MAX_COPIES, &value),
            _ => false,
        };
        (nil(a) && found(b) || nil(b) && found(a)).then_some(*op == BinaryOp::Ne)
    }

    /// Whether a local is one for which `is` holds, or gets nothing but copies of such.
    fn is_copy(&self, local: LocalId, steps: u32, is: &dyn Fn(LocalId) -> bool) -> bool {
        let copied = |value: &&Rvalue| match value {
            Rvalue::Use(Operand::Local(from)) => self.is_copy(*from, steps - 1, is),
            _ => false,
        };
        let values = &self.definitions[local];
        is(local) || steps > 0 && !values.is_empty() && values.iter().all(copied)
    }

    /// Whether every way to a block goes by a branch whose condition, with the outcome it has there, is one for
    /// which `says` holds.
    fn only_by(&self, block: BlockId, says: impl Fn(&Self, LocalId, bool) -> bool) -> bool {
        let mut reached: IndexVec<BlockId, bool> =
            IndexVec::from_elem(false, self.func.blocks.len());
        let mut work: Vec<BlockId> = self.func.blocks.ids().take(1).collect();
        while let Some(at) = work.pop() {
            if std::mem::replace(&mut reached[at], true) {
                continue;
            }
            match &self.func.blocks[at].term {
                Terminator::Branch { cond: Operand::Local(cond), then, els } if then != els => {
                    let ways = [(*then, true), (*els, false)];
                    let open = ways.into_iter().filter(|(_, yes)| !says(self, *cond, *yes));
                    work.extend(open.map(|(to, _)| to));
                }
                term => work.extend(term.targets()),
            }
        }
        !reached[block]
    }

    /// Whether the function panics when it finds the key in the map: a second insertion is a mistake.
    pub(crate) fn rejects_duplicates(&mut self, map: LocalId) -> bool {
        let panics = |b: &stanch_ir::Block| matches!(b.term, Terminator::Panic(_));
        if self.asks.is_empty() || !self.func.blocks.iter().any(panics) {
            return false;
        }
        if self.dominators.is_none() {
            self.dominators = Some(self.func.dominators());
        }
        let Some(dominators) = &self.dominators else { return false };
        let of = self.origins.of(self.id, map);
        let same = |x: &Operand| {
            self.origins.operand(self.id, x).iter().any(|o| of.iter().any(|p| p.key == o.key))
        };
        let mut found: Vec<LocalId> = Vec::new();
        // Copies and comparisons of what a lookup gave come after it.
        for data in self.func.blocks.iter() {
            for instr in &data.instrs {
                let InstrKind::Assign(to, value) = &instr.kind else { continue };
                match value {
                    Rvalue::MapLookup { map, ok, .. } if same(map) => {
                        found.push(*to);
                        found.extend(*ok);
                    }
                    _ => {
                        let mut uses = false;
                        value.for_each_operand(|x| {
                            uses |= matches!(x, Operand::Local(l) if found.contains(l));
                        });
                        if uses {
                            found.push(*to);
                        }
                    }
                }
            }
        }
        self.func.blocks.iter().any(|data| match &data.term {
            Terminator::Branch { cond: Operand::Local(cond), then, els } => {
                found.contains(cond)
                    && self.func.blocks.iter_enumerated().any(|(at, b)| {
                        panics(b)
                            && (dominators.dominates(*then, at) || dominators.dominates(*els, at))
                    })
            }
            _ => false,
        })
    }

    /// Number of ways into a block.
    fn entered_from(&self, block: BlockId) -> usize {
        let into = |b: &stanch_ir::Block| b.term.targets().iter().filter(|&&t| t == block).count();
        self.func.blocks.iter().map(into).sum()
    }
}

/// What each local of a function is assigned.
type Definitions<'s> = IndexVec<LocalId, Vec<&'s Rvalue>>;

/// A branch that tells that something is below a bound.
#[derive(Debug)]
pub(crate) struct Limit {
    at: BlockId,
    /// The side on which it is below, and the other one.
    below: BlockId,
    above: BlockId,
    /// Whether it is a number that the function raises.
    counts: bool,
    /// The variable that is below a constant.
    key: Option<LocalId>,
}

/// The branches of a function that tell of a number it raises, or of a variable and a constant.
fn limits(reader: &Reader<'_>, func: &Func, definitions: &Definitions<'_>) -> Vec<Limit> {
    use BinaryOp::{Ge, Gt, Le, Lt};
    let numbers = Numbers::of(reader, func, definitions);
    let mut found = Vec::new();
    for (at, data) in func.blocks.iter_enumerated() {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &data.term else {
            continue;
        };
        let [Rvalue::Binary(op @ (Lt | Le | Gt | Ge), a, b)] = definitions[*cond].as_slice() else {
            continue;
        };
        // On one side the first is the smaller one, on the other side the second.
        let (first, second) = if matches!(op, Lt | Le) { (*then, *els) } else { (*els, *then) };
        for (smaller, bound, below, above) in [(a, b, first, second), (b, a, second, first)] {
            let Operand::Local(local) = smaller else { continue };
            let counts = !crate::bounds::is_tiny(bound) && numbers.is_raised(definitions, *local);
            let constant = matches!(bound, Operand::Const(..));
            let key = constant.then(|| named(definitions, *local));
            if below != above && (counts || key.is_some()) {
                found.push(Limit { at, below, above, counts, key });
            }
        }
    }
    found
}

/// The variable that a local is a copy of.
fn named(definitions: &Definitions<'_>, local: LocalId) -> LocalId {
    match definitions[local].as_slice() {
        [Rvalue::Use(Operand::Local(from)) | Rvalue::Convert(Operand::Local(from), _)] => *from,
        _ => local,
    }
}

/// The numbers in fields and variables that a function reads and raises.
#[derive(Default)]
struct Numbers {
    /// What library functions told.
    told: FxHashMap<LocalId, ObjectId>,
    raised: FxHashSet<ObjectId>,
}

impl Numbers {
    fn of(reader: &Reader<'_>, func: &Func, definitions: &Definitions<'_>) -> Self {
        let mut numbers = Self::default();
        let sum = |value: &Operand| match value {
            Operand::Local(local) => definitions[*local]
                .iter()
                .any(|v| matches!(v, Rvalue::Binary(BinaryOp::Add, _, Operand::Const(..)))),
            _ => false,
        };
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Store(place, value) if sum(value) => {
                    numbers.raised.extend(written(place));
                }
                InstrKind::Call(call) => {
                    let Callee::Static(object, _) = &call.callee else { continue };
                    let Some(role @ (Role::Count | Role::ReadCount)) = reader.keeps(*object).role
                    else {
                        continue;
                    };
                    let Some(Operand::Local(first)) = call.args.first() else { continue };
                    let of = definitions[*first].iter().find_map(|v| match v {
                        Rvalue::AddressOf(place) | Rvalue::Load(place) => written(place),
                        _ => None,
                    });
                    let Some(of) = of else { continue };
                    numbers.told.extend(call.dst.iter().map(|&dst| (dst, of)));
                    if role == Role::Count {
                        numbers.raised.insert(of);
                    }
                }
                _ => {}
            }
        }
        numbers
    }

    /// Whether a value is a number that the function raises.
    fn is_raised(&self, definitions: &Definitions<'_>, local: LocalId) -> bool {
        let local = named(definitions, local);
        let of = match definitions[local].as_slice() {
            [Rvalue::Load(place)] => written(place),
            [] => self.told.get(&local).copied(),
            _ => None,
        };
        of.is_some_and(|of| self.raised.contains(&of))
    }
}
