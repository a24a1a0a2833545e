//! What comparisons that are known tell of others with the same values.

use crate::sorted::SortedMap;
use crate::state::State;
use crate::term::{Arena, Term, TermId};
use stanch_syntax::ast::BinaryOp;

impl State {
    /// What known comparisons make of `a == b` or `a < b`.
    pub(crate) fn decided(
        &self,
        arena: &Arena,
        op: BinaryOp,
        a: TermId,
        b: TermId,
    ) -> Option<bool> {
        let holds = |a: TermId, b: TermId| {
            let known = arena.known(&Term::Binary(BinaryOp::Lt, a, b))?;
            Some(*arena.get(*self.facts.get(&known)?) == Term::Bool(true))
        };
        let less = |a, b| holds(a, b).unwrap_or(false);
        let (x, y) = (self.range(arena, a), self.range(arena, b));
        match op {
            BinaryOp::Eq => {
                let apart = x.1 < y.0 || y.1 < x.0;
                (apart || less(a, b) || less(b, a)).then_some(false)
            }
            BinaryOp::Lt if x.1 < y.0 => Some(true),
            BinaryOp::Lt => (x.0 >= y.1 && y.1 < i64::MAX || less(b, a)).then_some(false),
            _ => None,
        }
    }

    /// Comparisons of values that became one, where both compare alike with something else.
    pub(crate) fn merge_comparisons(
        &mut self,
        arena: &mut Arena,
        before: &SortedMap<TermId, TermId>,
        other: &Self,
        renamed: &[(TermId, TermId, TermId)],
    ) {
        for (&term, &known) in before.iter() {
            let Term::Binary(op @ (BinaryOp::Lt | BinaryOp::Eq), x, y) = *arena.get(term) else {
                continue;
            };
            let Term::Bool(truth) = *arena.get(known) else { continue };
            for &(a, b, name) in renamed.iter().filter(|(a, ..)| *a == x || *a == y) {
                let put = |value: TermId| match a == x {
                    true => (value, y),
                    false => (x, value),
                };
                let ((x, y), (to, with)) = (put(b), put(name));
                let theirs = arena.binary(op, x, y);
                if other.truth(arena, theirs) == Some(truth) {
                    let both = arena.binary(op, to, with);
                    self.facts.insert(both, known);
                }
            }
        }
    }

    /// The least and the greatest value that a number can have.
    fn range(&self, arena: &Arena, of: TermId) -> (i64, i64) {
        if let Term::Int(n) = *arena.get(of) {
            return (n, n);
        }
        let (mut low, mut high) = (i64::MIN, i64::MAX);
        for (&term, &known) in self.facts.iter() {
            let (Term::Binary(BinaryOp::Lt, a, b), Term::Bool(truth)) =
                (arena.get(term), arena.get(known))
            else {
                continue;
            };
            match (arena.get(*a), arena.get(*b), truth) {
                (_, Term::Int(n), true) if *a == of => high = high.min(n.saturating_sub(1)),
                (_, Term::Int(n), false) if *a == of => low = low.max(*n),
                (Term::Int(n), _, true) if *b == of => low = low.max(n.saturating_add(1)),
                (Term::Int(n), _, false) if *b == of => high = high.min(*n),
                _ => {}
            }
        }
        (low, high)
    }
}
