//! Whether locks can get goroutines stuck at all: only where one is held across something that waits,
//! or is left held.

use super::Scopes;
use super::classes::{At, block};
use super::operations::{takes, unlocks, waits};
use stanch_base::{FxHashSet, Idx};
use stanch_model::{FnId, Op, Prim, Term, successors};

impl Scopes<'_> {
    /// Whether some function takes a lock of the group and, before it gives it back, can wait for the
    /// group or return. Where no goroutines are started on the ways to its operations, only what takes
    /// the lock again counts.
    pub(crate) fn can_get_stuck(&self, classes: &FxHashSet<u32>, carrying: &[FnId]) -> bool {
        if carrying.iter().any(|id| self.starts(*id, carrying)) {
            let waiting = self.waiting(classes, carrying);
            return carrying.iter().any(|id| self.holds(*id, classes, &waiting, true));
        }
        classes.iter().any(|class| {
            let class = std::iter::once(*class).collect();
            let waiting = self.waiting(&class, carrying);
            carrying.iter().any(|id| self.holds(*id, &class, &waiting, false))
        })
    }

    /// Whether a function starts a goroutine that runs one of the functions.
    fn starts(&self, id: FnId, carrying: &[FnId]) -> bool {
        let blocks = self.model.functions[id].blocks.iter_enumerated();
        blocks.into_iter().any(|(block, body)| {
            body.instrs.iter().enumerate().any(|(n, instr)| {
                let later = match &instr.op {
                    Op::Go(_) => true,
                    Op::Alloc { kind, .. } => matches!(
                        kind,
                        stanch_model::AllocKind::AfterFunc(_)
                            | stanch_model::AllocKind::AfterContext(..)
                    ),
                    _ => false,
                };
                let at = At { block, instr: n as u32 };
                later && self.callees(id, at).any(|f| carrying.binary_search(&f).is_ok())
            })
        })
    }

    /// The functions in which the group is waited for, directly or in calls.
    fn waiting(&self, classes: &FxHashSet<u32>, carrying: &[FnId]) -> FxHashSet<FnId> {
        let direct = |id: &FnId| {
            self.classes.facts[*id].operations.iter().any(|o| {
                (waits(o.prim) || takes(o.prim)) && classes.contains(&self.classes.find(o.node))
            })
        };
        let mut found: FxHashSet<FnId> = carrying.iter().copied().filter(direct).collect();
        let mut todo: Vec<FnId> = found.iter().copied().collect();
        while let Some(id) = todo.pop() {
            for &caller in &self.callers[id] {
                if carrying.binary_search(&caller).is_ok() && found.insert(caller) {
                    todo.push(caller);
                }
            }
        }
        found
    }

    fn holds(
        &self,
        id: FnId,
        classes: &FxHashSet<u32>,
        waiting: &FxHashSet<FnId>,
        returns: bool,
    ) -> bool {
        let facts = &self.classes.facts[id];
        facts.operations.iter().any(|o| {
            let class = self.classes.find(o.node);
            takes(o.prim)
                && classes.contains(&class)
                && self.held_from(id, o.at, (class, classes), waiting, returns)
        })
    }

    /// Whether from a lock on, before the unlock, one of the classes is waited for or (if that counts)
    /// the function returns.
    fn held_from(
        &self,
        id: FnId,
        lock: At,
        (class, classes): (u32, &FxHashSet<u32>),
        waiting: &FxHashSet<FnId>,
        returns: bool,
    ) -> bool {
        let function = &self.model.functions[id];
        let deferred = self.defers_unlock(id, class);
        let mut seen = vec![false; function.blocks.len()];
        let mut todo = vec![(lock.block.index(), lock.instr as usize + 1)];
        while let Some((at, from)) = todo.pop() {
            let body = &function.blocks[block(at)];
            let mut free = false;
            for n in from..=body.instrs.len() {
                let here = At { block: block(at), instr: n as u32 };
                let op = body.instrs.get(n).map(|i| &i.op);
                if matches!(op, Some(Op::Go(_))) {
                    continue;
                }
                let later = matches!(op, Some(Op::Defer(_)));
                if self.at(id, here).any(|(p, c)| (waits(p) || takes(p)) && classes.contains(&c))
                    || self.callees(id, here).any(|f| waiting.contains(&f))
                {
                    return true;
                }
                free = !later && self.at(id, here).any(|(p, c)| unlocks(p) && c == class);
                if free {
                    break;
                }
            }
            if free {
                continue;
            }
            if returns && matches!(body.term, Term::Return) && !deferred {
                return true;
            }
            for to in successors(&body.term) {
                if !std::mem::replace(&mut seen[to.index()], true) {
                    todo.push((to.index(), 0));
                }
            }
        }
        false
    }

    /// The operations of an instruction with the classes of their objects.
    fn at(&self, id: FnId, at: At) -> impl Iterator<Item = (Prim, u32)> + '_ {
        let operations = self.classes.facts[id].operations.iter();
        operations.filter(move |o| o.at == at).map(|o| (o.prim, self.classes.find(o.node)))
    }
}
