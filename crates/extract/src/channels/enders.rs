//! Who brings the end that a receiver leaves with: where that is somebody apart from the sender, the sender
//! may come after it.

use super::leaving::{Finder, Way};
use super::{Spot, Uses, last_field};
use crate::names::Known;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::Op as EffectOp;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, SelectOp, Terminator,
};
use stanch_types::ObjectId;

/// A block, and the number of an instruction in it.
type At = (BlockId, usize);

/// Callers are followed so far up.
const LEVELS: usize = 3;

/// Where the channels of fields are closed or sent to, for those of which all of that is in view; and where
/// they are made.
pub(super) struct Ends {
    fired: FxHashMap<ObjectId, (Vec<Spot>, Vec<Spot>)>,
}

impl Ends {
    pub(super) fn of(classes: &[Uses]) -> Self {
        let mut fired = FxHashMap::default();
        for uses in classes.iter().filter(|uses| !uses.open) {
            let by: Vec<Spot> = uses.closes.iter().chain(&uses.sends).copied().collect();
            let made: Vec<Spot> = uses.made.iter().map(|m| m.0).collect();
            let fields = uses.fields.iter().map(|f| (*f, (by.clone(), made.clone())));
            fired.extend(fields.filter(|_| !by.is_empty()));
        }
        Self { fired }
    }
}

impl Finder<'_> {
    /// Whether code out of view can bring the end by which a receiver leaves while the sender is on its way:
    /// by a method that waits for nobody, and not from a function that leads to the send.
    pub(super) fn ends_apart(&self, way: &Way, send: &Spot) -> bool {
        let func = &self.module.funcs[way.func];
        let Some(chan) = self.left_by(way) else { return false };
        let Some(end) = self.field_of(func, chan) else {
            return self.comes_from_outside(func, chan);
        };
        let mut enders = self.enders(end).into_iter();
        enders.any(|ender| {
            let (by, _) = ender;
            self.is_asked(by) && !self.waits_before(ender) && !self.leads_to(by, send.func)
        })
    }

    /// Whether the arm by which a receiver leaves is one of time, of a context, or of a channel that somebody
    /// closes or sends to who does not lead to the send: who sends either to one or to the other knows which.
    pub(super) fn fires(&self, way: &Way, send: &Spot) -> bool {
        let Some(chan) = self.left_by(way) else { return false };
        let end = self.field_of(&self.module.funcs[way.func], chan);
        self.comes_any_time(way.func, chan)
            || end.is_some_and(|end| self.closed.contains(&end))
            || self
                .fed
                .get(&(way.func, way.block, Some(way.arm)))
                .is_some_and(|by| by.iter().any(|f| !self.leads_to(*f, send.func)))
    }

    /// The channel of the arm by which a receiver leaves.
    fn left_by(&self, way: &Way) -> Option<&Operand> {
        let Terminator::Select { arms, .. } = &self.module.funcs[way.func].blocks[way.block].term
        else {
            return None;
        };
        match &arms.get(way.arm)?.op {
            SelectOp::Recv { chan, .. } => Some(chan),
            SelectOp::Send { .. } => None,
        }
    }

    /// Whether everybody who brings the end by which a receiver leaves waits for others first, or leads to the
    /// send.
    pub(super) fn ends_after(&self, way: &Way, send: &Spot) -> bool {
        let func = &self.module.funcs[way.func];
        let end = self.left_by(way).and_then(|chan| self.field_of(func, chan));
        let enders = end.map(|end| self.enders(end)).unwrap_or_default();
        let after = |e: &(FuncId, At)| self.waits_before(*e) || self.leads_to(e.0, send.func);
        !enders.is_empty() && enders.iter().all(after)
    }

    /// Whether an operation is through before anybody brings this end: all that brings it is done by who does
    /// the operation, or calls for it, and after that; or who does it has just made the object, which nobody
    /// else has yet.
    pub(super) fn comes_first(&self, at: &Spot, end: ObjectId) -> bool {
        let Some((by, made)) = self.ends.fired.get(&end) else { return false };
        by.iter().all(|ender| self.is_behind(ender, at, made))
            || made.iter().any(|m| {
                self.places(at, m.func, LEVELS).is_some()
                    && by.iter().all(|ender| !self.leads_to(m.func, ender.func))
            })
    }

    /// Whether one operation is done only after another, by the same goroutine: what is deferred is done last.
    fn is_behind(&self, later: &Spot, first: &Spot, made: &[Spot]) -> bool {
        if let Some(parent) = self.module.funcs[later.func].parent
            && self.defers(parent, later.func)
        {
            return self.places(first, parent, LEVELS).is_some();
        }
        let body = &self.module.funcs[later.func].blocks[later.block];
        let place = body.instrs.iter().position(|i| i.span == later.span);
        let deferred = place.is_some_and(|n| matches!(body.instrs[n].kind, InstrKind::Defer(_)));
        // Nobody closes a channel twice, but several may send to it.
        let sends = place.is_none_or(|n| matches!(body.instrs[n].kind, InstrKind::Send { .. }));
        if sends && !made.iter().any(|m| m.func == later.func) {
            return false;
        }
        let Some(firsts) = self.places(first, later.func, LEVELS) else { return false };
        // An object that is made anew has an end of its own.
        let anew = |block: BlockId| made.iter().any(|m| m.func == later.func && m.block == block);
        let place = place.unwrap_or(body.instrs.len());
        deferred
            || firsts.iter().all(|(block, n)| {
                let same = *block == later.block && place < *n;
                !same && !self.leads_back(later.func, later.block, *block, &anew)
            })
    }

    /// Whether a way leads from the end of a block to another block without some.
    fn leads_back(
        &self,
        id: FuncId,
        from: BlockId,
        to: BlockId,
        without: &dyn Fn(BlockId) -> bool,
    ) -> bool {
        let func = &self.module.funcs[id];
        let mut todo: Vec<BlockId> = func.blocks[from].term.targets().into_iter().collect();
        let mut seen = FxHashSet::default();
        while let Some(block) = todo.pop() {
            if without(block) || !seen.insert(block) {
                continue;
            }
            if block == to {
                return true;
            }
            todo.extend(func.blocks[block].term.targets());
        }
        false
    }

    /// Where a function does an operation, itself or by calls; none if others may do it too.
    fn places(&self, at: &Spot, by: FuncId, levels: usize) -> Option<Vec<At>> {
        let func = &self.module.funcs[at.func];
        if at.func == by {
            let body = &func.blocks[at.block];
            let n = body.instrs.iter().position(|i| i.span == at.span);
            return Some(vec![(at.block, n.unwrap_or(body.instrs.len()))]);
        }
        let levels = levels.checked_sub(1)?;
        let name = func.object.map(|o| self.names.program.object_name(o));
        if name.is_none_or(super::is_exported) {
            return None;
        }
        let mut all = Vec::new();
        for (id, caller) in self.module.funcs.iter_enumerated() {
            if super::is_test(self.names.program, self.module, id) {
                continue;
            }
            for (block, body) in caller.blocks.iter_enumerated() {
                for instr in &body.instrs {
                    match &instr.kind {
                        InstrKind::Call(call) if self.body(call) == Some(at.func) => {
                            let spot = Spot { func: id, block, span: instr.span, arm: None };
                            all.extend(self.places(&spot, by, levels)?);
                        }
                        InstrKind::Go(call) | InstrKind::Defer(call)
                            if self.body(call) == Some(at.func) =>
                        {
                            return None;
                        }
                        InstrKind::Assign(_, Rvalue::MethodValue { method, .. })
                            if self.names.body(*method) == Some(at.func) =>
                        {
                            return None;
                        }
                        kind => {
                            let mut is_value = false;
                            kind.for_each_operand(|operand| {
                                is_value |= matches!(operand, Operand::Func(object)
                                    if self.names.body(*object) == Some(at.func));
                            });
                            if is_value {
                                return None;
                            }
                        }
                    }
                }
            }
        }
        (!all.is_empty()).then_some(all)
    }

    /// Whether all that a function does with a literal is to defer it.
    fn defers(&self, id: FuncId, literal: FuncId) -> bool {
        let instrs = self.module.funcs[id].blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Defer(call) => {
                matches!(call.callee, Callee::Closure(deferred, _) if deferred == literal)
            }
            _ => false,
        })
    }

    /// Whether a channel is what a method gives that is not in view.
    fn comes_from_outside(&self, func: &Func, chan: &Operand) -> bool {
        let Operand::Local(chan) = *chan else { return false };
        let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Call(call) => {
                let given = call.dst.first().is_some_and(|d| is_copy(func, chan, *d));
                given && matches!(call.callee, Callee::Interface { .. })
            }
            _ => false,
        })
    }

    /// Where functions close a field's channel, or cancel the context that is kept in it.
    pub(super) fn enders(&self, end: ObjectId) -> Vec<(FuncId, At)> {
        let cancels = self.cancels(end);
        let funcs = self
            .module
            .funcs
            .iter_enumerated()
            .filter(|(id, _)| !super::is_test(self.names.program, self.module, *id));
        let mut found = Vec::new();
        for (id, func) in funcs {
            for (block, body) in func.blocks.iter_enumerated() {
                let ends = |kind: &InstrKind| {
                    let cancel = called_value(kind).and_then(|v| self.loaded(func, v, false));
                    self.closed_by(func, kind) == Some(end)
                        || cancel.is_some_and(|field| cancels.contains(&field))
                };
                let at = body.instrs.iter().position(|i| ends(&i.kind));
                found.extend(at.map(|at| (id, (block, at))));
            }
        }
        found
    }

    /// The fields that keep the cancel function of the context in a field.
    fn cancels(&self, context: ObjectId) -> FxHashSet<ObjectId> {
        let mut found = FxHashSet::default();
        for func in &self.module.funcs {
            let instrs = || func.blocks.iter().flat_map(|b| &b.instrs);
            let kept = |value: LocalId| {
                instrs().filter_map(move |i| match &i.kind {
                    InstrKind::Store(place, Operand::Local(x)) if is_copy(func, *x, value) => {
                        last_field(place)
                    }
                    _ => None,
                })
            };
            for instr in instrs() {
                let InstrKind::Call(call) = &instr.kind else { continue };
                let &[ctx, cancel] = call.dst.as_slice() else { continue };
                if self.makes_context(&call.callee) && kept(ctx).any(|field| field == context) {
                    found.extend(kept(cancel));
                }
            }
        }
        found
    }

    fn makes_context(&self, callee: &Callee) -> bool {
        let Callee::Static(object, _) = callee else { return false };
        let Known::Effect(effect) = self.names.known(*object) else { return false };
        matches!(effect.op, EffectOp::ContextWithCancel | EffectOp::ContextWithDeadline)
    }

    /// Whether a function waits for others before it brings the end; what is deferred comes last.
    pub(super) fn waits_before(&self, (id, (at, n)): (FuncId, At)) -> bool {
        let func = &self.module.funcs[id];
        let last = matches!(func.blocks[at].instrs[n].kind, InstrKind::Defer(_));
        func.blocks.iter_enumerated().any(|(block, body)| {
            let first = body.instrs.iter().position(|i| self.is_wait(&i.kind));
            let selects = matches!(body.term, Terminator::Select { default: None, .. });
            match first {
                Some(first) if block == at => first < n || last,
                Some(_) => last || self.reaches(id, block, at),
                None => selects && (last || block != at && self.reaches(id, block, at)),
            }
        })
    }

    fn is_wait(&self, kind: &InstrKind) -> bool {
        let InstrKind::Call(call) = kind else { return matches!(kind, InstrKind::Recv { .. }) };
        let Callee::Static(object, _) = &call.callee else { return false };
        let Known::Effect(effect) = self.names.known(*object) else { return false };
        effect.op == EffectOp::WaitGroupWait
    }

    /// Whether calls, and goroutines that are started, lead from a function to another.
    pub(super) fn leads_to(&self, from: FuncId, to: FuncId) -> bool {
        let (mut seen, mut todo) = (FxHashSet::default(), vec![self.outermost(from)]);
        let to = self.outermost(to);
        while let Some(id) = todo.pop() {
            if id == to {
                return true;
            }
            if !seen.insert(id) {
                continue;
            }
            let own = self.module.funcs.ids().filter(|f| self.outermost(*f) == id);
            for func in own {
                let instrs = self.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
                todo.extend(instrs.filter_map(|i| match &i.kind {
                    InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                        self.body(call).map(|f| self.outermost(f))
                    }
                    InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                        self.names.body(*method)
                    }
                    _ => None,
                }));
            }
        }
        false
    }
}

/// Whether a local is another one, or is given its value.
pub(super) fn is_copy(func: &Func, local: LocalId, of: LocalId) -> bool {
    let copies = |i: &stanch_ir::Instr| match &i.kind {
        InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) => *to == local && *from == of,
        _ => false,
    };
    local == of || func.blocks.iter().flat_map(|b| &b.instrs).any(copies)
}

/// The local whose function an instruction calls.
fn called_value(kind: &InstrKind) -> Option<LocalId> {
    match kind {
        InstrKind::Call(call) | InstrKind::Defer(call) => match call.callee {
            Callee::Value(Operand::Local(value)) => Some(value),
            _ => None,
        },
        _ => None,
    }
}
