//! Questions that are left in a queue: who asks puts a channel for the answer into a message, the message into
//! a channel with room, and waits for nothing but the answer. Where the loop that takes messages ends, and
//! nobody empties the queue then, he waits for ever.

use super::leaving::Finder;
use super::{Spot, Uses};
use crate::RootLeak;
use stanch_ir::{FuncId, InstrKind, Rvalue, Terminator};
use stanch_model::{Action, WaitReason};
use stanch_types::{ObjectId, TypeKind};

/// So many fields of a message are looked at.
const MAX_FIELDS: usize = 256;

impl Finder<'_> {
    /// Receives of those who ask.
    pub(super) fn queued(&self, classes: &[Uses], found: &mut Vec<RootLeak>) {
        for queue in classes {
            let roomy = queue.made.iter().all(|m| m.1 != Some(0));
            if queue.open || !roomy || queue.made.is_empty() || queue.receives.is_empty() {
                continue;
            }
            let Some((end, (by, arm))) = self.end_of_queue(queue) else { continue };
            let fields = self.message(queue);
            let answers = classes.iter().filter(|c| c.fields.iter().any(|f| fields.contains(f)));
            for answer in answers.filter(|c| !c.open && !c.sends.is_empty()) {
                let mut enders = answer.sends.iter().chain(&answer.closes);
                if !enders.all(|s| self.is_of_loop(queue, s.func, end)) {
                    continue;
                }
                let waits =
                    |r: &&Spot| r.arm.is_none() && self.is_asked(r.func) && !self.in_range(r);
                let first = answer.receives.iter().find(waits);
                let (Some(receive), Some((made, _))) = (first, answer.made.first()) else {
                    continue;
                };
                let leaves = Action::Select { arm: Some(arm as u32), with: None };
                let Terminator::Select { arms, .. } =
                    &self.module.funcs[by.func].blocks[by.block].term
                else {
                    continue;
                };
                let first = arms.get(arm).map(|a| (by.func, a.span, leaves));
                let rescuer = answer.sends.first().map(|s| (s.func, s.span));
                let waits = (receive, WaitReason::ChanReceive);
                found.extend(self.told(Some(made), first, waits, rescuer, true));
            }
        }
    }

    /// The end by which all who take messages leave, none of whom comes back to take what is left; with one
    /// of them and his arm. Somebody else has to bring it, who waits for nobody.
    fn end_of_queue(&self, queue: &Uses) -> Option<(ObjectId, (Spot, usize))> {
        let first = queue.receives.first()?;
        self.ends(first).into_iter().find_map(|end| {
            let ways = queue.receives.iter().map(|r| self.leaves_by(&queue.receives, r, end));
            let ways: Option<Vec<_>> = ways.collect();
            let arm = ways?.first()?.arm;
            let apart = self
                .enders(end)
                .into_iter()
                .any(|ender| self.is_asked(ender.0) && !self.waits_before(ender));
            apart.then_some((end, (*first, arm)))
        })
    }

    /// The fields of the messages in a queue, those of structs in them included.
    fn message(&self, queue: &Uses) -> Vec<ObjectId> {
        let program = self.names.program;
        let mut fields = Vec::new();
        for (made, _) in &queue.made {
            let instrs = &self.module.funcs[made.func].blocks[made.block].instrs;
            let ty = instrs.iter().filter(|i| i.span == made.span).find_map(|i| match &i.kind {
                InstrKind::Assign(_, Rvalue::MakeChan { ty, .. }) => program.chan_of(*ty),
                _ => None,
            });
            let Some((_, elem)) = ty else { continue };
            let mut todo = vec![program.pointee(elem).unwrap_or(elem)];
            while let Some(ty) = todo.pop().filter(|_| fields.len() < MAX_FIELDS) {
                if let TypeKind::Struct(all) = program.kind(program.underlying(ty)) {
                    fields.extend(all.iter().map(|f| f.object));
                    todo.extend(all.iter().map(|f| f.ty));
                }
            }
        }
        fields
    }

    /// Whether a function runs for the loop that takes messages, and not for who ends it.
    fn is_of_loop(&self, queue: &Uses, id: FuncId, end: ObjectId) -> bool {
        let ended = self.enders(end).iter().any(|(by, _)| self.leads_to(*by, id));
        let of = |receive: &Spot| {
            let own = self.outermost(receive.func);
            let callers = self.module.funcs.ids().filter(|c| self.calls(*c, own));
            self.leads_to(own, id) || callers.into_iter().any(|c| self.leads_to(c, id))
        };
        !ended && queue.receives.iter().any(of)
    }
}
