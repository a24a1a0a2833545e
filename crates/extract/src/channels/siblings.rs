//! Waits beside others that watch for the end: where all who come to a channel leave once a field's
//! channel is closed or its context is done, and one who waits for them watches that field too, the next
//! one who does not waits for ever. So it is where they close the field's channel themselves when they leave,
//! and where who waits for the same receiver at another channel, another arm of its select, watches the field.

use super::enders::is_copy;
use super::leaving::{Finder, Way};
use super::{Spot, Uses};
use crate::RootLeak;
use crate::names::Known;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::Op as EffectOp;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue, SelectOp,
    Terminator,
};
use stanch_model::WaitReason;
use stanch_types::{Builtin, ObjectId};

/// How far back the channel of an arm is followed.
const STEPS: usize = 6;
/// How far up callers are followed.
const LEVELS: usize = 3;

/// The ends that senders to the arms of a select watch.
pub(super) type Watched = FxHashMap<(FuncId, BlockId), FxHashSet<ObjectId>>;

impl Finder<'_> {
    /// Sends, and receives, that miss the end of those who come for them.
    pub(super) fn siblings(&self, uses: &Uses, watched: &Watched, found: &mut Vec<RootLeak>) {
        if uses.open {
            return;
        }
        let closes = |receive: &Spot| self.closes_leaving(uses, receive.func);
        // Room of which nothing is known may be none: whoever watches at the same channel expects that.
        let unknown = uses.made.iter().any(|m| m.1.is_none());
        let roomy = uses.made.iter().any(|m| m.1.is_some_and(|room| room > 0));
        if !roomy && !uses.receives.iter().any(closes) {
            let sends = (uses.sends.as_slice(), WaitReason::ChanSend);
            let none = Watched::default();
            let beside = if unknown { &none } else { watched };
            self.miss(uses, sends, &uses.receives, beside, found);
        }
        // Receivers are freed by who closes the channel when he leaves.
        let closes = |send: &Spot| uses.closes.iter().any(|close| close.func == send.func);
        if uses.sends.iter().any(closes) {
            return;
        }
        let receives = (uses.receives.as_slice(), WaitReason::ChanReceive);
        self.miss(uses, receives, &uses.sends, &Watched::default(), found);
    }

    /// Which ends senders watch, by the select at which they are received from.
    pub(super) fn watched(&self, classes: &[Uses]) -> Watched {
        let mut watched = Watched::default();
        for uses in classes.iter().filter(|uses| !uses.sends.is_empty()) {
            let ends: Vec<ObjectId> = uses.sends.iter().flat_map(|s| self.ends(s)).collect();
            for receive in uses.receives.iter().filter(|r| r.arm.is_some() && !ends.is_empty()) {
                watched.entry((receive.func, receive.block)).or_default().extend(&ends);
            }
        }
        watched
    }

    fn miss(
        &self,
        uses: &Uses,
        (waits, wait): (&[Spot], WaitReason),
        partners: &[Spot],
        beside: &Watched,
        found: &mut Vec<RootLeak>,
    ) {
        let Some(first) = partners.first() else { return };
        for end in self.ends(first).into_iter().chain(self.announces(first)) {
            let ways = partners.iter().map(|p| {
                self.leaves_by(partners, p, end).or_else(|| self.leaves_closing(partners, p, end))
            });
            let Some(ways) = ways.collect::<Option<Vec<Way>>>() else { continue };
            // Without one who watches it, only who works for the object can be meant: others have no
            // reason to come after its end.
            let of_others =
                |p: &Spot| beside.get(&(p.func, p.block)).is_some_and(|ends| ends.contains(&end));
            let watched =
                waits.iter().any(|w| self.ends(w).contains(&end)) || partners.iter().all(of_others);
            let late = |at: &&Spot| {
                at.arm.is_none() && !self.is_after(at, end) && !self.comes_first(at, end)
            };
            for bare in waits.iter().filter(late) {
                let unknown = uses.made.iter().any(|m| m.1.is_none());
                let asked = wait != WaitReason::ChanSend || unknown || self.is_asked(bare.func);
                if !watched && asked {
                    continue;
                }
                let own = |way: &&Way| way.func != bare.func;
                let (Some(way), Some((made, _))) = (ways.iter().find(own), uses.made.first())
                else {
                    continue;
                };
                let sure = watched || way.quiet && self.ends_apart(way, bare);
                let way = Way { sure, ..*way };
                found.extend(self.leak(made, way, bare, wait));
            }
            return;
        }
    }

    /// Whether code out of view can get to a function by calls, a few deep.
    pub(super) fn is_asked(&self, id: FuncId) -> bool {
        let mut level = vec![self.outermost(id)];
        for _ in 0..LEVELS {
            let exported = |id: &FuncId| {
                let object = self.module.funcs[*id].object;
                object.is_some_and(|o| super::is_exported(self.names.program.object_name(o)))
            };
            if level.iter().any(exported) {
                return true;
            }
            let callers = self.module.funcs.ids().filter(|c| {
                !super::is_test(self.names.program, self.module, *c)
                    && level.iter().any(|f| self.calls(*c, *f))
            });
            level = callers.map(|c| self.outermost(c)).collect();
        }
        false
    }

    /// Whether an operation comes after the end, or looks first whether there is something: it clears up.
    pub(super) fn is_after(&self, at: &Spot, end: ObjectId) -> bool {
        let func = &self.module.funcs[at.func];
        let mut todo = Vec::new();
        for block in &func.blocks {
            if let Terminator::Select { arms, .. } = &block.term {
                todo.extend(arms.iter().filter_map(|arm| match &arm.op {
                    SelectOp::Recv { chan, .. } if self.field_of(func, chan) == Some(end) => {
                        Some(arm.target)
                    }
                    _ => None,
                }));
            }
            let looks = |i: &stanch_ir::Instr| match &i.kind {
                InstrKind::Assign(_, Rvalue::Len(Operand::Local(x))) => {
                    self.names.program.chan_of(func.locals[*x].ty).is_some()
                }
                _ => false,
            };
            if block.instrs.iter().any(looks) {
                return true;
            }
        }
        let mut seen: FxHashSet<BlockId> = FxHashSet::default();
        while let Some(block) = todo.pop() {
            if block == at.block {
                return true;
            }
            if seen.insert(block) {
                todo.extend(func.blocks[block].term.targets());
            }
        }
        false
    }

    /// The fields whose end a wait watches: a channel's, or a context's.
    pub(super) fn ends(&self, at: &Spot) -> Vec<ObjectId> {
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
    pub(super) fn leaves_by(&self, partners: &[Spot], at: &Spot, end: ObjectId) -> Option<Way> {
        let func = &self.module.funcs[at.func];
        at.arm?;
        let Terminator::Select { arms, default: None } = &func.blocks[at.block].term else {
            return None;
        };
        let arm = arms.iter().position(|arm| match &arm.op {
            SelectOp::Recv { chan, .. } => self.field_of(func, chan) == Some(end),
            SelectOp::Send { .. } => false,
        })?;
        let quiet = self.never_returns(partners, &[], at.func, arms[arm].target)?;
        Some(Way { func: at.func, block: at.block, arm, quiet, sure: true })
    }

    /// The fields whose channels a function closes that waits there, other than in literals.
    fn announces(&self, at: &Spot) -> Vec<ObjectId> {
        let func = &self.module.funcs[at.func];
        let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        instrs.filter_map(|i| self.closed_by(func, &i.kind)).collect()
    }

    /// The field whose channel an instruction closes.
    pub(super) fn closed_by(&self, func: &Func, kind: &InstrKind) -> Option<ObjectId> {
        match kind {
            InstrKind::Call(call) | InstrKind::Defer(call)
                if call.callee == Callee::Builtin(Builtin::Close) =>
            {
                self.field_of(func, call.args.first()?)
            }
            _ => None,
        }
    }

    /// The arm by which a partner leaves and closes the channel that says so.
    fn leaves_closing(&self, partners: &[Spot], at: &Spot, end: ObjectId) -> Option<Way> {
        let func = &self.module.funcs[at.func];
        let own = at.arm?;
        let Terminator::Select { arms, default: None } = &func.blocks[at.block].term else {
            return None;
        };
        let closes = |block: BlockId, deferred: bool| {
            func.blocks[block].instrs.iter().any(|i| {
                matches!(i.kind, InstrKind::Defer(_)) == deferred
                    && self.closed_by(func, &i.kind) == Some(end)
            })
        };
        let always = func.blocks.ids().any(|block| closes(block, true));
        let arm = arms.iter().enumerate().position(|(n, arm)| {
            n != own
                && matches!(arm.op, SelectOp::Recv { .. })
                && self.never_returns(partners, &[], at.func, arm.target).is_some()
                && (always || closes(arm.target, false))
        })?;
        Some(Way { func: at.func, block: at.block, arm, quiet: false, sure: true })
    }

    /// Sends to a channel whose receivers are out of view, or leave by another arm, in a loop that watches for
    /// its end, but not there: who is told of the end too does not come any more.
    pub(super) fn unguarded(&self, uses: &Uses, found: &mut Vec<RootLeak>) {
        let small = |made: &(Spot, Option<i64>)| matches!(made.1, Some(0 | 1));
        let gone = |receive: &Spot| self.leaves(uses, receive).is_some();
        if uses.made.is_empty() || !uses.made.iter().all(small) || !uses.receives.iter().all(gone) {
            return;
        }
        for send in uses.sends.iter().filter(|s| s.arm.is_none()) {
            let func = &self.module.funcs[send.func];
            let same = |r: &Spot| self.outermost(r.func) == self.outermost(send.func);
            if !self.is_of_receiver(func, send) || uses.receives.iter().any(same) {
                continue;
            }
            let watches = func.blocks.iter_enumerated().any(|(block, body)| {
                let Terminator::Select { arms, default: None } = &body.term else { return false };
                let ends = |arm: &stanch_ir::SelectArm| match &arm.op {
                    SelectOp::Recv { chan, .. } => {
                        let is_end = |f| self.closed.contains(&f) || self.signalled.contains(&f);
                        self.field_of(func, chan).is_some_and(is_end)
                            && self.never_returns(&[*send], &[], send.func, arm.target).is_some()
                    }
                    SelectOp::Send { .. } => false,
                };
                arms.iter().any(ends)
                    && self.reaches(send.func, block, send.block)
                    && self.reaches(send.func, send.block, block)
            });
            if watches {
                let waits = (send, WaitReason::ChanSend);
                // Where there is room, what was sent before may always have been taken.
                let sure = uses.made.iter().all(|m| m.1 == Some(0));
                found.extend(self.told(uses.made.first().map(|m| &m.0), None, waits, None, sure));
            }
        }
    }

    /// Whether a send is to a channel in a field of the object whose method does it: one for all its life.
    fn is_of_receiver(&self, func: &Func, at: &Spot) -> bool {
        let sent = func.blocks[at.block].instrs.iter().find_map(|i| match &i.kind {
            InstrKind::Send { chan: Operand::Local(chan), .. } if i.span == at.span => Some(*chan),
            _ => None,
        });
        let receiver = func.params.first().filter(|_| func.has_recv);
        let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Assign(dst, Rvalue::Load(place)) if Some(*dst) == sent => {
                let own = matches!(place.base, PlaceBase::Local(l) if receiver == Some(&l));
                own && matches!(place.proj.as_slice(), [.., Proj::Field(..)])
                    && place.proj.iter().filter(|p| matches!(p, Proj::Field(..))).count() == 1
            }
            _ => false,
        })
    }

    /// The field that a channel is loaded from, or the context it belongs to.
    pub(super) fn field_of(&self, func: &Func, chan: &Operand) -> Option<ObjectId> {
        let Operand::Local(chan) = chan else { return None };
        self.loaded(func, *chan, true)
    }

    pub(super) fn loaded(&self, func: &Func, local: LocalId, context: bool) -> Option<ObjectId> {
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
                    let field = || {
                        let own = self.loaded(func, *recv, false);
                        own.or_else(|| self.given_context(func, *recv))
                    };
                    Some(Err(done.then(field).flatten()))
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

    /// The field that keeps the context that a function is given where it is called or started, by one place
    /// only.
    fn given_context(&self, func: &Func, context: LocalId) -> Option<ObjectId> {
        let n = func.params.iter().position(|p| *p == context)?;
        let id = func.object.and_then(|object| self.names.body(object))?;
        let calls = self.module.funcs.iter().flat_map(|from| {
            let instrs = from.blocks.iter().flat_map(|b| &b.instrs);
            instrs.filter_map(move |i| match &i.kind {
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    (self.body(call) == Some(id)).then_some((from, call))
                }
                _ => None,
            })
        });
        let calls: Vec<_> = calls.take(2).collect();
        let [(from, call)] = calls.as_slice() else { return None };
        let Operand::Local(given) = *call.args.get(n)? else { return None };
        let mut instrs = from.blocks.iter().flat_map(|b| &b.instrs);
        self.loaded(from, given, false).or_else(|| {
            instrs.find_map(|i| match &i.kind {
                InstrKind::Store(place, Operand::Local(kept)) if is_copy(from, *kept, given) => {
                    super::last_field(place)
                }
                _ => None,
            })
        })
    }
}
