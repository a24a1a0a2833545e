//! Timers and tickers for which somebody may wait for ever: a stopped one gives nothing any more, and a timer
//! fires once. Who selects has other ways on, mostly; so only those count for which somebody waits alone.

use super::Scopes;
use super::classes::{Classes, Kind};
use stanch_base::FxHashSet;
use stanch_model::{Prim, Program as Model, Term};

impl Scopes<'_> {
    /// Classes of timers and tickers that are stopped or set again somewhere, and that a receive waits for
    /// that is no arm of a select, or the only one.
    pub(super) fn clocks(model: &Model, classes: &Classes) -> FxHashSet<u32> {
        let (mut set, mut awaited) = (FxHashSet::default(), FxHashSet::default());
        for (id, facts) in classes.facts.iter_enumerated() {
            for operation in &facts.operations {
                let class = classes.find(operation.node);
                let block = &model.functions[id].blocks[operation.at.block];
                match operation.prim {
                    Prim::TimerStop | Prim::TimerReset => set.insert(class),
                    Prim::Recv
                        if (operation.at.instr as usize) < block.instrs.len()
                            || matches!(&block.term, Term::Select { arms, default: None }
                                if arms.len() == 1) =>
                    {
                        awaited.insert(class)
                    }
                    _ => false,
                };
            }
        }
        set.retain(|class| awaited.contains(class));
        set
    }

    /// Whether an object that is made can be waited for for ever.
    pub(super) fn is_waited_for(&self, class: u32, kind: Kind) -> bool {
        match kind {
            Kind::Wait => true,
            Kind::Clock => self.clocks.contains(&class),
            Kind::Lock | Kind::Struct | Kind::Later | Kind::Other => false,
        }
    }
}
