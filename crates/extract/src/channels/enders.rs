//! Who brings the end that a receiver leaves with: where that is somebody apart from the sender, the sender
//! may come after it.

use super::leaving::{Finder, Way};
use super::{Spot, last_field};
use crate::names::Known;
use stanch_base::FxHashSet;
use stanch_effects::Op as EffectOp;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, SelectOp, Terminator,
};
use stanch_types::ObjectId;

/// A block, and the number of an instruction in it.
type At = (BlockId, usize);

impl Finder<'_> {
    /// Whether code out of view can bring the end by which a receiver leaves while the sender is on its way:
    /// by a method that waits for nobody, and not from a function that leads to the send.
    pub(super) fn ends_apart(&self, way: &Way, send: &Spot) -> bool {
        let func = &self.module.funcs[way.func];
        let Terminator::Select { arms, .. } = &func.blocks[way.block].term else { return false };
        let Some(arm) = arms.get(way.arm) else { return false };
        let SelectOp::Recv { chan, .. } = &arm.op else { return false };
        let Some(end) = self.field_of(func, chan) else {
            return self.comes_from_outside(func, chan);
        };
        let mut enders = self.enders(end).into_iter();
        enders.any(|ender| {
            let (by, _) = ender;
            self.is_asked(by) && !self.waits_before(ender) && !self.leads_to(by, send.func)
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
    fn enders(&self, end: ObjectId) -> Vec<(FuncId, At)> {
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
    fn waits_before(&self, (id, (at, n)): (FuncId, At)) -> bool {
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
    fn leads_to(&self, from: FuncId, to: FuncId) -> bool {
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
