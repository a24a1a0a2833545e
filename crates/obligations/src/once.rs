//! What a loop does in one of its turns only: what stands under a comparison of its index with something.
//!
//! The index of a range, or a number that each turn makes larger, has a value in one turn at most. Who takes
//! something there (in the first turn, the last one) has not taken it in the turn before, and gives it back
//! under another such comparison, or when the loop is over.

use crate::exec::Run;
use crate::flow::reverse_postorder;
use crate::package::successors;
use crate::state::State;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_ir::{BlockId, Func, InstrKind, LocalId, Operand, Rvalue, Span, Terminator};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, Program, TypeKind};
use std::rc::Rc;

/// More comparisons of indexes are not looked at.
const MAX_EDGES: usize = 32;
/// Numbers that are assigned in more places count nothing.
const MAX_DEFS: usize = 8;
/// Copies are followed so far.
const MAX_COPIES: usize = 4;

/// The calls of a function that a loop makes in one turn at most.
#[derive(Default)]
pub(crate) struct Once {
    /// Each with the first block of its loop.
    calls: FxHashMap<Span, BlockId>,
    /// Loops with such calls, by their first block: their blocks.
    loops: FxHashMap<BlockId, Rc<FxHashSet<BlockId>>>,
}

impl Once {
    pub(crate) fn new(program: &Program<'_>, func: &Func) -> Self {
        let compares = |kind: &InstrKind| matches!(kind, InstrKind::Assign(_, Rvalue::Binary(op, ..)) if is_comparison(*op));
        let kinds = || func.blocks.iter().flat_map(|block| &block.instrs).map(|i| &i.kind);
        if !kinds().any(compares) {
            return Self::default();
        }
        Search::new(program, func).map(|search| search.once()).unwrap_or_default()
    }

    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        !self.loops.is_empty()
    }

    /// Whether a call is one of a loop that has had all its turns on the way from a block to the next.
    fn is_over(&self, call: Span, from: BlockId, to: BlockId) -> bool {
        self.calls.get(&call) == Some(&from)
            && self.loops.get(&from).is_some_and(|within| !within.contains(&to))
    }
}

impl Run<'_, '_> {
    /// Whether a call would be made in a second turn of a loop, though it is made in one at most: what it
    /// took then is still there.
    pub(crate) fn is_second(&self, state: &State, call: Span) -> bool {
        self.once.calls.contains_key(&call)
            && (state.owed.contains_key(&call)
                || state.held.iter().any(|held| held.site == call && !held.deferred))
    }

    /// A path goes from a block to the next: where that ends a loop which has had all its turns, what was
    /// taken in one of them is taken care of in another, or by what comes next.
    pub(crate) fn leave_loop(&mut self, state: &mut State, from: BlockId, to: BlockId) {
        if self.once.loops.is_empty() {
            return;
        }
        for held in &mut state.held {
            held.deferred |= self.once.is_over(held.site, from, to);
        }
        let over = |span: &Span| self.once.is_over(*span, from, to);
        let over: Vec<Span> = state.owed.keys().copied().filter(over).collect();
        for site in over {
            self.discharge(state, site);
        }
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

struct Search<'f> {
    program: &'f Program<'f>,
    func: &'f Func,
    /// What locals are assigned, declarations aside (`None`: otherwise than by an instruction), and where.
    defs: FxHashMap<LocalId, Vec<(BlockId, Option<&'f Rvalue>)>>,
    before: IndexVec<BlockId, Vec<BlockId>>,
    /// Loops by their first block: their blocks.
    loops: FxHashMap<BlockId, Rc<FxHashSet<BlockId>>>,
    /// Loops by the block that leads back, where that is the only one.
    latches: FxHashMap<BlockId, BlockId>,
    /// Keys of ranges over what has no other order than that of numbers, with the first block of the loop.
    keys: FxHashMap<LocalId, BlockId>,
}

impl<'f> Search<'f> {
    /// Nothing if there is no loop.
    fn new(program: &'f Program<'f>, func: &'f Func) -> Option<Self> {
        let order = reverse_postorder(func);
        let mut before: IndexVec<BlockId, Vec<BlockId>> =
            func.blocks.iter().map(|_| Vec::new()).collect();
        let mut back: FxHashMap<BlockId, Vec<BlockId>> = FxHashMap::default();
        for (id, block) in func.blocks.iter_enumerated() {
            successors(&block.term, &mut |next| {
                before[next].push(id);
                if order[next] <= order[id] {
                    back.entry(next).or_default().push(id);
                }
            });
        }
        if back.is_empty() {
            return None;
        }
        let mut search = Self {
            program,
            func,
            defs: FxHashMap::default(),
            before,
            loops: FxHashMap::default(),
            latches: FxHashMap::default(),
            keys: FxHashMap::default(),
        };
        search.note_defs();
        for (&first, latches) in &back {
            if let [latch] = **latches {
                search.latches.insert(latch, first);
            }
            let within = search.blocks_of(first, latches);
            search.loops.insert(first, Rc::new(within));
        }
        Some(search)
    }

    fn note_defs(&mut self) {
        for (id, block) in self.func.blocks.iter_enumerated() {
            for instr in &block.instrs {
                match &instr.kind {
                    InstrKind::DeclareVar(_) => {}
                    InstrKind::Assign(local, rvalue) => {
                        self.defs.entry(*local).or_default().push((id, Some(rvalue)));
                        crate::visit::defs(&instr.kind, &mut |other| {
                            if other != *local {
                                self.defs.entry(other).or_default().push((id, None));
                            }
                        });
                    }
                    kind => crate::visit::defs(kind, &mut |local| {
                        self.defs.entry(local).or_default().push((id, None));
                    }),
                }
            }
            crate::visit::terminator_defs(&block.term, &mut |local| {
                self.defs.entry(local).or_default().push((id, None));
            });
            if let Terminator::RangeNext { key: Some(key), .. } = block.term {
                self.keys.insert(key, id);
            }
        }
    }

    /// The blocks of a loop: those from which its first block is reached again.
    fn blocks_of(&self, first: BlockId, latches: &[BlockId]) -> FxHashSet<BlockId> {
        let mut within: FxHashSet<BlockId> = [first].into_iter().collect();
        let mut work: Vec<BlockId> = latches.to_vec();
        while let Some(id) = work.pop() {
            if within.insert(id) {
                work.extend(&self.before[id]);
            }
        }
        within
    }

    fn once(&self) -> Once {
        let mut once = Once::default();
        let mut n_edges = 0;
        for (id, block) in self.func.blocks.iter_enumerated() {
            let Terminator::Branch { cond: Operand::Local(cond), then, els } = block.term else {
                continue;
            };
            let Some((first, truth)) = self.compares_index(cond, id) else { continue };
            let target = if truth { then } else { els };
            if then == els || self.before[target].len() != 1 || n_edges == MAX_EDGES {
                continue;
            }
            n_edges += 1;
            self.add(&mut once, first, target);
        }
        once
    }

    /// Adds the calls of a loop that are reached through one block only.
    fn add(&self, once: &mut Once, first: BlockId, through: BlockId) {
        let Some(within) = self.loops.get(&first) else { return };
        // What the first block reaches without it is reached otherwise.
        let mut seen: FxHashSet<BlockId> = [first, through].into_iter().collect();
        let mut work = vec![first];
        while let Some(id) = work.pop() {
            successors(&self.func.blocks[id].term, &mut |next| {
                if within.contains(&next) && seen.insert(next) {
                    work.push(next);
                }
            });
        }
        let mut under = vec![through];
        let mut found: FxHashSet<BlockId> = under.iter().copied().collect();
        while let Some(id) = under.pop() {
            successors(&self.func.blocks[id].term, &mut |next| {
                if within.contains(&next) && !seen.contains(&next) && found.insert(next) {
                    under.push(next);
                }
            });
        }
        for id in found {
            for instr in &self.func.blocks[id].instrs {
                if matches!(instr.kind, InstrKind::Call(_)) {
                    once.calls.insert(instr.span, first);
                }
            }
        }
        once.loops.insert(first, Rc::clone(within));
    }

    /// The loop whose index a condition compares, and the truth that one turn at most gives.
    fn compares_index(&self, cond: LocalId, at: BlockId) -> Option<(BlockId, bool)> {
        let (mut cond, mut truth) = (cond, true);
        for _ in 0..MAX_COPIES {
            let [(_, Some(rvalue))] = self.defs.get(&cond)?.as_slice() else { return None };
            match rvalue {
                Rvalue::Use(Operand::Local(from)) => cond = *from,
                Rvalue::Unary(UnaryOp::Not, Operand::Local(from)) => {
                    (cond, truth) = (*from, !truth)
                }
                Rvalue::Binary(op, a, b) => return self.comparison(*op, a, b, truth, at),
                _ => return None,
            }
        }
        None
    }

    fn comparison(
        &self,
        op: BinaryOp,
        a: &Operand,
        b: &Operand,
        truth: bool,
        at: BlockId,
    ) -> Option<(BlockId, bool)> {
        let number = |x: &Operand| match x {
            Operand::Const(ConstValue::Int(i), _) => i64::try_from(i).ok(),
            _ => None,
        };
        // Indexes are not below zero.
        let first_turn = |x: &Operand| match x {
            Operand::Local(local) => self.key_of(*local).filter(|&(_, plain)| plain),
            _ => None,
        };
        let once = match (op, number(b)) {
            (BinaryOp::Eq, _) => Some(truth),
            (BinaryOp::Ne, _) => Some(!truth),
            (BinaryOp::Lt, Some(1)) | (BinaryOp::Le, Some(0)) => first_turn(a).map(|_| truth),
            (BinaryOp::Gt, Some(0)) | (BinaryOp::Ge, Some(1)) => first_turn(a).map(|_| !truth),
            _ => None,
        }?;
        let sides = [(a, b), (b, a)];
        sides.into_iter().find_map(|(index, other)| {
            let Operand::Local(index) = index else { return None };
            let first = self.index_of(*index)?;
            let within = self.loops.get(&first)?;
            (within.contains(&at) && self.is_fixed(other, within, MAX_COPIES))
                .then_some((first, once))
        })
    }

    /// The loop whose index a local is.
    fn index_of(&self, local: LocalId) -> Option<BlockId> {
        if let Some((first, _)) = self.key_of(local) {
            return Some(first);
        }
        let mut local = local;
        for _ in 0..MAX_COPIES {
            match self.defs.get(&local)?.as_slice() {
                [(_, Some(Rvalue::Use(Operand::Local(from))))] => local = *from,
                _ => break,
            }
        }
        self.counts(local)
    }

    /// The loop that ranges with a local as its key, and whether keys are numbers in order.
    fn key_of(&self, local: LocalId) -> Option<(BlockId, bool)> {
        let mut local = local;
        for _ in 0..MAX_COPIES {
            if let Some(&first) = self.keys.get(&local) {
                let Terminator::RangeNext { over, .. } = &self.func.blocks[first].term else {
                    return None;
                };
                let over = match over {
                    Operand::Local(over) => self.func.locals.get(*over).map(|l| l.ty),
                    _ => None,
                };
                let program = self.program;
                let of = over.map(|ty| program.kind(program.underlying(ty)));
                let map = of.is_none_or(|kind| matches!(kind, TypeKind::Map(..)));
                return Some((first, !map));
            }
            match self.defs.get(&local)?.as_slice() {
                [(_, Some(Rvalue::Use(Operand::Local(from))))] => local = *from,
                _ => return None,
            }
        }
        None
    }

    /// The loop that adds to a number at the end of each turn, and changes it nowhere else.
    fn counts(&self, local: LocalId) -> Option<BlockId> {
        let defs = self.defs.get(&local)?;
        let captured =
            self.func.locals.get(local).is_some_and(|l| l.captured_by_ref || l.address_taken);
        if captured || defs.len() > MAX_DEFS {
            return None;
        }
        let adds = |rvalue: &Rvalue| match rvalue {
            Rvalue::Binary(
                BinaryOp::Add,
                Operand::Local(x),
                Operand::Const(ConstValue::Int(n), _),
            ) => *x == local && i64::try_from(n).is_ok_and(|n| n > 0),
            _ => false,
        };
        let copies = |rvalue: &Rvalue| *rvalue == Rvalue::Use(Operand::Local(local));
        let through = |rvalue: &Rvalue, of: &dyn Fn(&Rvalue) -> bool| match rvalue {
            Rvalue::Use(Operand::Local(from)) => match self.defs.get(from).map(Vec::as_slice) {
                Some([(_, Some(inner))]) => of(inner),
                _ => false,
            },
            rvalue => of(rvalue),
        };
        let steps = |&&(_, rvalue): &&(BlockId, Option<&Rvalue>)| {
            rvalue.is_some_and(|rvalue| through(rvalue, &adds))
        };
        let (latch, _) = defs.iter().find(steps)?;
        let &first = self.latches.get(latch)?;
        let within = self.loops.get(&first)?;
        let fine = |&(at, rvalue): &(BlockId, Option<&Rvalue>)| {
            let same =
                rvalue.is_some_and(|rvalue| through(rvalue, &adds) || through(rvalue, &copies));
            !within.contains(&at) || at == *latch && same
        };
        defs.iter().all(fine).then_some(first)
    }

    /// Whether a value is the same in all turns of a loop.
    fn is_fixed(&self, operand: &Operand, within: &FxHashSet<BlockId>, depth: usize) -> bool {
        let Operand::Local(local) = operand else { return true };
        let Some(depth) = depth.checked_sub(1) else { return false };
        let Some(defs) = self.defs.get(local) else { return true };
        if defs.iter().all(|(at, _)| !within.contains(at)) {
            return true;
        }
        match defs.as_slice() {
            [(_, Some(Rvalue::Use(x) | Rvalue::Len(x) | Rvalue::Convert(x, _)))] => {
                self.is_fixed(x, within, depth)
            }
            [(_, Some(Rvalue::Binary(_, a, b)))] => {
                self.is_fixed(a, within, depth) && self.is_fixed(b, within, depth)
            }
            _ => false,
        }
    }
}
