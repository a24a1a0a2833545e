//! Sends that do not watch for the end of their object where others to the same channel do: whoever calls to
//! receive has no reason to do so after the end.

use super::leaving::Finder;
use super::{Spot, Uses};
use crate::RootLeak;
use stanch_base::FxHashSet;
use stanch_ir::{FuncId, InstrKind};
use stanch_model::WaitReason;
use stanch_types::ObjectId;

impl Finder<'_> {
    /// Goroutines of an object that send to those who call a method to receive, without watching the field
    /// that says to other senders that it has ended.
    pub(super) fn guarded(&self, uses: &Uses, found: &mut Vec<RootLeak>) {
        let (Some((made, _)), Some(receive)) = (uses.made.first(), uses.receives.first()) else {
            return;
        };
        let roomy = uses.made.iter().any(|m| m.1.is_some_and(|room| room > 0));
        if uses.open || roomy || !uses.receives.iter().all(|r| self.is_called_for(r)) {
            return;
        }
        let ends: FxHashSet<ObjectId> = uses.sends.iter().flat_map(|s| self.ends(s)).collect();
        let mut ends: Vec<ObjectId> = ends.into_iter().collect();
        ends.sort_unstable();
        let quits = |end: &ObjectId| uses.receives.iter().all(|r| !self.clears_up(r, *end));
        for end in ends.into_iter().filter(quits) {
            for send in uses.sends.iter().filter(|s| s.arm.is_none()) {
                let own = self.is_started(send.func) || !self.is_asked(send.func);
                let first = self.is_after(send, end) || self.comes_first(send, end);
                if own && !first && self.is_ended_apart(end, send.func) {
                    let waits = (send, WaitReason::ChanSend);
                    let rescuer = Some((receive.func, receive.span));
                    found.extend(self.told(Some(made), None, waits, rescuer, true));
                }
            }
        }
    }

    /// Whether code out of view calls a function to receive one value.
    fn is_called_for(&self, at: &Spot) -> bool {
        let ranges = self.in_range(at);
        let back = self.reaches_again(at);
        at.arm.is_none() && !ranges && !back && !self.is_started(at.func) && self.is_asked(at.func)
    }

    /// Whether an operation is in a loop.
    pub(super) fn reaches_again(&self, at: &Spot) -> bool {
        let func = &self.module.funcs[at.func];
        let next = func.blocks[at.block].term.targets();
        next.into_iter().any(|to| self.reaches(at.func, to, at.block))
    }

    /// Whether a function runs on goroutines of its own.
    pub(super) fn is_started(&self, id: FuncId) -> bool {
        let instrs = self.module.funcs.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Go(call) => self.body(call) == Some(id),
            _ => false,
        })
    }

    /// Whether who brings an end receives what is still there.
    fn clears_up(&self, receive: &Spot, end: ObjectId) -> bool {
        self.enders(end).iter().any(|(by, _)| self.leads_to(*by, receive.func))
    }

    /// Whether code out of view can bring an end that does not hang on the sender.
    fn is_ended_apart(&self, end: ObjectId, sender: FuncId) -> bool {
        self.enders(end).into_iter().any(|ender| {
            self.is_asked(ender.0)
                && !self.waits_before(ender)
                && self.outermost(ender.0) != self.outermost(sender)
        })
    }
}
