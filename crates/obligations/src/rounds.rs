//! What the turns of a range know: there is something in what it ranges over, and the first index is 0.

use crate::exec::Run;
use crate::package::Package;
use crate::state::State;
use crate::term::{Epoch, Term, TermId};
use crate::visit;
use stanch_ir::{BlockId, Func, InstrKind, LocalId, Operand, Rvalue, Terminator};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ConstValue, TypeId, TypeKind};

/// Whether a function asks for the length of anything, or ranges over what has always as many elements.
pub(crate) fn asks_lengths(package: &Package<'_>, func: &Func) -> bool {
    visit::kinds(func).any(|kind| matches!(kind, InstrKind::Assign(_, Rvalue::Len(_))))
        || func.blocks.iter().any(|block| match &block.term {
            Terminator::RangeNext { over, .. } => is_always_entered(package, func, over),
            _ => false,
        })
}

/// Whether a range over an operand has a turn in any case.
fn is_always_entered(package: &Package<'_>, func: &Func, over: &Operand) -> bool {
    let program = package.program;
    match over {
        Operand::Local(local) => {
            let ty = func.locals.get(*local).map(|l| program.underlying(l.ty));
            let ty = ty.map(|ty| program.underlying(program.pointee(ty).unwrap_or(ty)));
            matches!(ty.map(|ty| program.kind(ty)), Some(TypeKind::Array(Some(n), _)) if *n > 0)
        }
        Operand::Const(ConstValue::Int(n), _) => i64::try_from(n).is_ok_and(|n| n > 0),
        _ => false,
    }
}

impl Run<'_, '_> {
    /// Whether anything in the function hangs on how many turns a loop has had.
    fn counts_turns(&self) -> bool {
        self.asks_lengths || self.once.any()
    }

    /// A path goes to a block: if a range begins there, it has had no turn.
    pub(crate) fn before_turns(&mut self, state: &mut State, from: BlockId, to: BlockId) {
        if let Terminator::RangeNext { preheader, .. } = self.func.blocks[to].term
            && preheader == from
            && self.counts_turns()
        {
            let no = self.arena.bool(false);
            let turns = self.arena.epoch(Epoch::Turns(to));
            state.epochs.insert(turns, no);
        }
    }

    /// Whether the range of a block has had a turn, if that is known.
    fn has_begun(&self, state: &State, range: BlockId) -> Option<bool> {
        let turns = self.arena.known_epoch(Epoch::Turns(range))?;
        match *self.arena.get(*state.epochs.get(&turns)?) {
            Term::Bool(begun) => Some(begun),
            _ => None,
        }
    }

    /// One more turn, unless it ranges over what is known to be empty: whether it is the first one, if that
    /// is known.
    pub(crate) fn begin_turn(
        &mut self,
        turn: &mut State,
        range: BlockId,
        over: &Operand,
        list: TermId,
    ) -> Option<Option<bool>> {
        if !self.counts_turns() {
            return Some(None);
        }
        if let Some(empty) = self.is_empty(turn, over, list)
            && !turn.assume(&mut self.arena, empty, false)
        {
            return None;
        }
        let begun = self.has_begun(turn, range);
        if begun.is_some() {
            let yes = self.arena.bool(true);
            let turns = self.arena.epoch(Epoch::Turns(range));
            turn.epochs.insert(turns, yes);
        }
        Some(begun.map(|begun| !begun))
    }

    /// The range is over; false if it cannot be: nothing was seen of what is known not to be empty.
    pub(crate) fn end_turns(
        &mut self,
        state: &mut State,
        range: BlockId,
        over: &Operand,
        list: TermId,
    ) -> bool {
        if !self.counts_turns() {
            return true;
        }
        let begun = self.has_begun(state, range);
        if let Some(turns) = self.arena.known_epoch(Epoch::Turns(range)) {
            state.epochs.retain(|&epoch, _| epoch != turns);
        }
        match self.is_empty(state, over, list) {
            Some(empty) if begun == Some(false) => state.assume(&mut self.arena, empty, true),
            _ => true,
        }
    }

    /// The index in the first turn, and in others.
    pub(crate) fn index_of_turn(
        &mut self,
        turn: &mut State,
        over: &Operand,
        key: Option<LocalId>,
        first: Option<bool>,
    ) {
        let plain = matches!(self.ranged(over), Some(TypeKind::Slice(_) | TypeKind::Array(..)));
        let (Some(key), Some(first)) = (key.filter(|_| plain), first) else { return };
        let zero = self.arena.term(Term::Int(0));
        let place = self.arena.local(key);
        let index = turn.load(&mut self.arena, place);
        let is_first = self.arena.binary(BinaryOp::Eq, index, zero);
        turn.assume(&mut self.arena, is_first, first);
    }

    /// Whether there is nothing in what is ranged over, as a condition.
    fn is_empty(&mut self, state: &State, over: &Operand, list: TermId) -> Option<TermId> {
        if is_always_entered(self.package, self.func, over) {
            return Some(self.arena.bool(false));
        }
        let counted = matches!(self.ranged(over), Some(TypeKind::Slice(_) | TypeKind::Map(..)));
        if !counted {
            return None;
        }
        let n = self.length(state, list);
        let none = self.arena.term(Term::Int(0));
        Some(self.arena.binary(BinaryOp::Eq, n, none))
    }

    fn ranged(&self, over: &Operand) -> Option<&TypeKind> {
        let Operand::Local(local) = over else { return None };
        let ty: TypeId = self.func.locals.get(*local)?.ty;
        let program = self.package.program;
        Some(program.kind(program.underlying(ty)))
    }
}
