//! Looking whether a context has ended, without waiting for it: a select with a default and an arm for
//! the end of a context. It changes nothing that others see; so it matters only for what it decides.

use super::Scopes;
use super::classes::{At, Classes};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_model::{FnId, Op, Program as Model, Term};

impl Scopes<'_> {
    /// Classes of which all objects are contexts that are made in view.
    pub(super) fn contexts(model: &Model, classes: &Classes) -> FxHashSet<u32> {
        let mut all: FxHashMap<u32, bool> = FxHashMap::default();
        for (id, facts) in classes.facts.iter_enumerated() {
            for made in &facts.made {
                let block = &model.functions[id].blocks[made.at.block];
                let context = matches!(
                    block.instrs.get(made.at.instr as usize).map(|i| &i.op),
                    Some(Op::NewContext { .. })
                );
                *all.entry(classes.find(made.node)).or_insert(true) &= context;
            }
        }
        all.into_iter().filter(|(_, context)| *context).map(|(class, _)| class).collect()
    }

    /// Whether an operation only looks whether a context has ended.
    pub(super) fn is_poll(&self, id: FnId, at: At, class: u32) -> bool {
        let block = &self.model.functions[id].blocks[at.block];
        at.instr as usize == block.instrs.len()
            && matches!(block.term, Term::Select { default: Some(_), .. })
            && self.contexts.contains(&class)
    }

    /// Whether a function looks whether a context of some classes has ended.
    pub(super) fn polls(&self, id: FnId, classes: &FxHashSet<u32>) -> bool {
        self.classes.facts[id].operations.iter().any(|o| {
            let class = self.classes.find(o.node);
            classes.contains(&class) && self.is_poll(id, o.at, class)
        })
    }
}
