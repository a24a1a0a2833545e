//! Waits beside others that watch for the end: where all who come to a channel leave once a field's
//! channel is closed or its context is done, and one who waits for them watches that field too, the next
//! one who does not waits for ever.

use super::leaving::{Finder, Way};
use super::{Spot, Uses};
use crate::RootLeak;
use crate::names::Known;
use stanch_effects::Op as EffectOp;
use stanch_ir::{Callee, Func, InstrKind, LocalId, Operand, Rvalue, SelectOp, Terminator};
use stanch_model::WaitReason;
use stanch_types::ObjectId;

/// How far back the channel of an arm is followed.
const STEPS: usize = 6;

impl Finder<'_> {
    /// Sends, and receives, that miss the end of those who come for them.
    pub(super) fn siblings(&self, uses: &Uses, found: &mut Vec<RootLeak>) {
        if uses.open {
            return;
        }
        if uses.made.iter().all(|m| m.1 == Some(0)) {
            self.miss(uses, &uses.sends, &uses.receives, WaitReason::ChanSend, found);
        }
        self.miss(uses, &uses.receives, &uses.sends, WaitReason::ChanReceive, found);
    }

    fn miss(
        &self,
        uses: &Uses,
        waits: &[Spot],
        partners: &[Spot],
        wait: WaitReason,
        found: &mut Vec<RootLeak>,
    ) {
        let Some(first) = partners.first() else { return };
        for end in self.ends(first) {
            let ways = partners.iter().map(|p| self.leaves_by(partners, p, end));
            let Some(ways) = ways.collect::<Option<Vec<Way>>>() else { continue };
            if !waits.iter().any(|w| self.ends(w).contains(&end)) {
                continue;
            }
            for bare in waits.iter().filter(|w| w.arm.is_none()) {
                let own = |way: &&Way| way.func != bare.func;
                let (Some(way), Some((made, _))) = (ways.iter().find(own), uses.made.first())
                else {
                    continue;
                };
                found.extend(self.leak(made, *way, bare, wait));
            }
            return;
        }
    }

    /// The fields whose end a wait watches: a channel's, or a context's.
    fn ends(&self, at: &Spot) -> Vec<ObjectId> {
        let func = &self.module.funcs[at.func];
        let Terminator::Select { arms, default: None } = &func.blocks[at.block].term else {
            return Vec::new();
        };
        if at.arm.is_none() {
            return Vec::new();
        }
        let ends = arms.iter().filter_map(|arm| match &arm.op {
            SelectOp::Recv { chan, .. } => self.field_of(func, chan),
            SelectOp::Send { .. } => None,
        });
        ends.filter(|end| self.closed.contains(end)).collect()
    }

    /// The arm by which a partner leaves with this end.
    fn leaves_by(&self, partners: &[Spot], at: &Spot, end: ObjectId) -> Option<Way> {
        let func = &self.module.funcs[at.func];
        at.arm?;
        let Terminator::Select { arms, default: None } = &func.blocks[at.block].term else {
            return None;
        };
        let arm = arms.iter().position(|arm| match &arm.op {
            SelectOp::Recv { chan, .. } => self.field_of(func, chan) == Some(end),
            SelectOp::Send { .. } => false,
        })?;
        self.never_returns(partners, &[], at.func, arms[arm].target)?;
        Some(Way { func: at.func, block: at.block, arm, sure: true })
    }

    /// The field that a channel is loaded from, or the context it belongs to.
    fn field_of(&self, func: &Func, chan: &Operand) -> Option<ObjectId> {
        let Operand::Local(chan) = chan else { return None };
        self.loaded(func, *chan, true)
    }

    fn loaded(&self, func: &Func, local: LocalId, context: bool) -> Option<ObjectId> {
        let mut at = local;
        for _ in 0..STEPS {
            let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
            let next = instrs.find_map(|i| match &i.kind {
                InstrKind::Assign(dst, Rvalue::Use(Operand::Local(x))) if *dst == at => {
                    Some(Ok(*x))
                }
                InstrKind::Assign(dst, Rvalue::Load(place)) if *dst == at => {
                    Some(Err(super::last_field(place)))
                }
                InstrKind::Call(call) if context && call.dst.first() == Some(&at) => {
                    let Callee::Interface { recv: Operand::Local(recv), method } = &call.callee
                    else {
                        return Some(Err(None));
                    };
                    let done = matches!(self.names.known(*method),
                        Known::Effect(e) if e.op == EffectOp::ContextDone);
                    Some(Err(done.then(|| self.loaded(func, *recv, false)).flatten()))
                }
                _ => None,
            })?;
            match next {
                Ok(local) => at = local,
                Err(field) => return field,
            }
        }
        None
    }
}
