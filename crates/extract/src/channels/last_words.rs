//! What a goroutine sends as the last thing it does, over one channel for all its life, to those who wait for it
//! no longer than they like: who has stopped waiting does not come again.

use super::leaving::{Finder, Way};
use super::{Spot, Uses};
use crate::RootLeak;
use stanch_ir::{FuncId, InstrKind, SelectOp, Terminator};
use stanch_model::WaitReason;

/// How far up callers are followed.
const LEVELS: usize = 3;

impl Finder<'_> {
    /// Sends after which a goroutine ends, where all who receive can leave at any time.
    pub(super) fn last_words(&self, uses: &Uses, found: &mut Vec<RootLeak>) {
        let roomy = uses.made.iter().any(|m| m.1 != Some(0));
        let closed = !uses.closes.is_empty();
        let Some((made, _)) = uses.made.first().filter(|_| !uses.open && !roomy && !closed) else {
            return;
        };
        let ways = uses.receives.iter().map(|at| {
            let once = !self.reaches_again(at) && self.is_asked(at.func);
            self.gives_up(uses, at).filter(|_| once)
        });
        let Some(ways) = ways.collect::<Option<Vec<Way>>>() else { return };
        // Who makes the channel for what he asks is told of otherwise.
        let asks = |way: &Way| {
            let own = self.outermost(way.func);
            uses.made
                .iter()
                .any(|m| self.outermost(m.0.func) == own || self.calls(m.0.func, way.func))
        };
        let Some(way) = ways.first().filter(|_| !ways.iter().any(asks)) else { return };
        for send in uses.sends.iter().filter(|s| s.arm.is_none()) {
            let own = self.outermost(send.func);
            if ways.iter().all(|w| self.outermost(w.func) != own) && self.is_last(send, LEVELS) {
                found.extend(self.leak(made, *way, send, WaitReason::ChanSend));
            }
        }
    }

    /// The arm by which a receiver leaves at any time.
    fn gives_up(&self, uses: &Uses, at: &Spot) -> Option<Way> {
        let own = at.arm?;
        let Terminator::Select { arms, default: None } =
            &self.module.funcs[at.func].blocks[at.block].term
        else {
            return None;
        };
        let arm = arms.iter().enumerate().position(|(n, arm)| match &arm.op {
            SelectOp::Recv { chan, .. } => {
                n != own
                    && self.comes_any_time(at.func, chan)
                    && self.never_returns(&uses.receives, &[], at.func, arm.target).is_some()
            }
            SelectOp::Send { .. } => false,
        })?;
        Some(Way { func: at.func, block: at.block, arm, quiet: true, sure: true })
    }

    /// Whether an operation is done once only by a goroutine that then ends.
    fn is_last(&self, at: &Spot, levels: usize) -> bool {
        if self.reaches_again(at) {
            return false;
        }
        let func = &self.module.funcs[at.func];
        let hidden = match func.object {
            Some(object) => !super::is_exported(self.names.program.object_name(object)),
            None => false,
        };
        let calls = self.calls_of(at.func);
        if calls.is_empty() {
            return self.is_started(at.func);
        }
        let Some(levels) = levels.checked_sub(1).filter(|_| hidden) else { return false };
        calls.iter().all(|call| self.is_last(call, levels))
    }

    /// Where a function is called, tests aside.
    fn calls_of(&self, id: FuncId) -> Vec<Spot> {
        let mut found = Vec::new();
        for (func, body) in self.module.funcs.iter_enumerated() {
            if super::is_test(self.names.program, self.module, func) {
                continue;
            }
            for (block, body) in body.blocks.iter_enumerated() {
                let own = body.instrs.iter().filter(|i| match &i.kind {
                    InstrKind::Call(call) | InstrKind::Defer(call) => self.body(call) == Some(id),
                    _ => false,
                });
                found.extend(own.map(|i| Spot { func, block, span: i.span, arm: None }));
            }
        }
        found
    }
}
