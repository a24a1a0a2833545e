//! Locks in which nobody gets stuck wherever they are used: every function that takes one gives it back
//! itself, and waits for nothing before that but for other such locks, in no circle.

use super::Scopes;
use super::classes::{At, block};
use super::operations::{locks, unlocks, waits};
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_model::{AllocKind, FnId, Op, Prim, Term, successors};

/// What may be waited for: locks by number, and whether anything else.
#[derive(Clone, Default, PartialEq)]
struct Waits {
    locks: Vec<u64>,
    other: bool,
}

impl Waits {
    fn add(&mut self, lock: usize) {
        let word = lock / 64;
        if self.locks.len() <= word {
            self.locks.resize(word + 1, 0);
        }
        self.locks[word] |= 1 << (lock % 64);
    }

    fn contains(&self, lock: usize) -> bool {
        self.locks.get(lock / 64).is_some_and(|w| w >> (lock % 64) & 1 != 0)
    }

    /// Whether that made it more.
    fn extend(&mut self, more: &Self) -> bool {
        let before = self.clone();
        if self.locks.len() < more.locks.len() {
            self.locks.resize(more.locks.len(), 0);
        }
        self.locks.iter_mut().zip(&more.locks).for_each(|(a, b)| *a |= b);
        self.other |= more.other;
        *self != before
    }
}

impl Scopes<'_> {
    /// The classes of such locks.
    pub(super) fn harmless(&self) -> FxHashSet<u32> {
        let mut classes: Vec<u32> = self.lock_operations.keys().copied().collect();
        classes.sort_unstable();
        let numbers: FxHashMap<u32, usize> =
            classes.iter().enumerate().map(|(n, class)| (*class, n)).collect();
        let all = self.all_waits(&numbers);
        let mut over = vec![Waits::default(); classes.len()];
        for id in self.model.functions.ids() {
            for operation in &self.classes.facts[id].operations {
                if locks(operation.prim) && !unlocks(operation.prim) {
                    let class = self.classes.find(operation.node);
                    let held = self.held_over(id, (operation.at, class), &numbers, &all);
                    over[numbers[&class]].extend(&held);
                }
            }
        }
        // A circle is never complete, so its locks are not found.
        let mut harmless = vec![false; classes.len()];
        loop {
            let more: Vec<usize> = (0..classes.len())
                .filter(|lock| {
                    !harmless[*lock]
                        && !over[*lock].other
                        && (0..classes.len()).all(|o| harmless[o] || !over[*lock].contains(o))
                })
                .collect();
            if more.is_empty() {
                break;
            }
            more.iter().for_each(|lock| harmless[*lock] = true);
        }
        let found = classes.into_iter().zip(harmless).filter(|(_, harmless)| *harmless);
        found.map(|(class, _)| class).collect()
    }

    /// What each function may wait for, in calls too.
    fn all_waits(&self, numbers: &FxHashMap<u32, usize>) -> IndexVec<FnId, Waits> {
        let n = self.model.functions.len();
        let mut all = IndexVec::from_elem(Waits::default(), n);
        let mut callers: IndexVec<FnId, Vec<FnId>> = IndexVec::from_elem(Vec::new(), n);
        for id in self.model.functions.ids() {
            for operation in &self.classes.facts[id].operations {
                self.waits_at(operation.prim, operation.node, numbers, &mut all[id]);
            }
            for &(at, callee) in &self.classes.facts[id].callees {
                if !self.is_later(id, at) {
                    callers[callee].push(id);
                }
            }
        }
        let mut todo: Vec<FnId> = self.model.functions.ids().collect();
        while let Some(id) = todo.pop() {
            let own = all[id].clone();
            for &caller in &callers[id] {
                if all[caller].extend(&own) {
                    todo.push(caller);
                }
            }
        }
        all
    }

    fn waits_at(&self, prim: Prim, node: u32, numbers: &FxHashMap<u32, usize>, found: &mut Waits) {
        let class = self.classes.find(node);
        if locks(prim) && !unlocks(prim) {
            numbers.get(&class).into_iter().for_each(|n| found.add(*n));
        } else if waits(prim) {
            let made = self.made.get(&class).into_iter().flatten();
            found.other |= made.into_iter().any(|m| self.is_waited_for(class, m.1));
        }
    }

    /// Whether what an instruction runs has a goroutine of its own.
    fn is_later(&self, id: FnId, at: At) -> bool {
        let block = &self.model.functions[id].blocks[at.block];
        matches!(
            block.instrs.get(at.instr as usize).map(|i| &i.op),
            Some(
                Op::Go(_)
                    | Op::Alloc { kind: AllocKind::AfterFunc(_) | AllocKind::AfterContext(..), .. }
            )
        )
    }

    /// What may be waited for from where a lock is taken to where it is given back; anything if the
    /// function returns before.
    fn held_over(
        &self,
        id: FnId,
        (taken, class): (At, u32),
        numbers: &FxHashMap<u32, usize>,
        all: &IndexVec<FnId, Waits>,
    ) -> Waits {
        let function = &self.model.functions[id];
        let deferred = self.defers_unlock(id, class);
        let mut found = Waits::default();
        let mut seen = vec![false; function.blocks.len()];
        let mut todo = vec![(taken.block.index(), taken.instr as usize + 1)];
        if self.deferred(id, taken) {
            found.other = true;
        }
        while let Some((at, from)) = todo.pop() {
            let body = &function.blocks[block(at)];
            let mut free = false;
            for n in from..=body.instrs.len() {
                let here = At { block: block(at), instr: n as u32 };
                if self.is_later(id, here) {
                    continue;
                }
                let operations = self.classes.facts[id].operations.iter().filter(|o| o.at == here);
                for operation in operations {
                    self.waits_at(operation.prim, operation.node, numbers, &mut found);
                    free |= unlocks(operation.prim)
                        && self.classes.find(operation.node) == class
                        && !self.deferred(id, here);
                }
                for callee in self.callees(id, here) {
                    found.extend(&all[callee]);
                }
                if free {
                    break;
                }
            }
            if free {
                continue;
            }
            found.other |= matches!(body.term, Term::Return) && !deferred;
            for to in successors(&body.term) {
                if !std::mem::replace(&mut seen[to.index()], true) {
                    todo.push((to.index(), 0));
                }
            }
        }
        found
    }

    fn deferred(&self, id: FnId, at: At) -> bool {
        let block = &self.model.functions[id].blocks[at.block];
        matches!(block.instrs.get(at.instr as usize).map(|i| &i.op), Some(Op::Defer(_)))
    }

    /// Whether a function gives a lock back in a deferred call.
    pub(super) fn defers_unlock(&self, id: FnId, class: u32) -> bool {
        self.classes.facts[id].operations.iter().any(|o| {
            unlocks(o.prim) && self.classes.find(o.node) == class && self.deferred(id, o.at)
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::scope::Scopes;
    use stanch_base::FxHashMap;
    use stanch_model::Program;

    /// How many of the locks of a program nobody gets stuck in.
    fn n_harmless(text: &str) -> usize {
        let model = Program::parse(text).expect("a program");
        let (none, parts) = (Default::default(), FxHashMap::default());
        Scopes::new(&model, &parts, &none, &[]).harmless.len()
    }

    #[test]
    fn given_back_before_anything_is_waited_for() {
        let main = "fn root() {\n  m = mutex\n  n = mutex\n  c = chan 0\n  go f(m, n, c)\n}\n";
        let with = |body: &str| n_harmless(&format!("{main}fn f(m, n, c) {{\n{body}}}\n"));
        assert_eq!(with("  lock(m)\n  lock(n)\n  unlock(n)\n  unlock(m)\n"), 2);
        assert_eq!(with("  lock(m)\n  unlock(m)\n  send(c, 1)\n  lock(n)\n  unlock(n)\n"), 2);
        assert_eq!(with("  lock(m)\n  defer unlock(m)\n  lock(n)\n  unlock(n)\n  rundefers\n"), 2);
    }

    #[test]
    fn left_held_in_a_circle_or_over_a_channel() {
        let main = "fn root() {\n  m = mutex\n  n = mutex\n  c = chan 0\n  go f(m, n, c)\n}\n";
        let with = |body: &str| n_harmless(&format!("{main}fn f(m, n, c) {{\n{body}}}\n"));
        assert_eq!(with("  lock(m)\n  lock(n)\n  unlock(n)\n"), 1);
        assert_eq!(with("  lock(m)\n  send(c, 1)\n  unlock(m)\n  lock(n)\n  unlock(n)\n"), 1);
        let circle = "  lock(m)\n  lock(n)\n  unlock(n)\n  unlock(m)\n";
        assert_eq!(with(&format!("{circle}  lock(n)\n  lock(m)\n  unlock(m)\n  unlock(n)\n")), 0);
        let called = "  lock(m)\n  g(n, c)\n  unlock(m)\n}\nfn g(n, c) {\n  lock(n)\n  recv(c)\n  unlock(n)\n";
        assert_eq!(with(called), 0);
    }
}
