//! Questions that stay open: who asks puts a channel into a map of his object and waits for the answer,
//! and for nothing else. Where the object can be closed, and that wakes nobody in the map, he waits for
//! ever.

use super::leaving::Finder;
use super::{Spot, Uses, last_field};
use crate::RootLeak;
use stanch_base::FxHashSet;
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Span,
    Terminator,
};
use stanch_model::{Action, WaitReason};
use stanch_types::{Builtin, ConstValue, ObjectId, TypeKind};

impl Finder<'_> {
    /// Receives of those who ask.
    pub(super) fn pending(&self, uses: &Uses, found: &mut Vec<RootLeak>) {
        if uses.open || uses.sends.is_empty() {
            return;
        }
        let enders = uses.sends.iter().chain(&uses.closes);
        if enders.clone().any(|s| self.ranges_over_map(s.func)) {
            return;
        }
        for (maker, _) in &uses.made {
            let func = &self.module.funcs[maker.func];
            let own = self.outermost(maker.func);
            if enders.clone().any(|s| self.outermost(s.func) == own) || !self.keeps(func) {
                continue;
            }
            let Some((closer, span)) = self.closer(func) else { continue };
            let mut bare = uses.receives.iter();
            let waits = |r: &&Spot| r.func == maker.func && r.arm.is_none() && !self.in_range(r);
            let Some(receive) = bare.find(waits) else { continue };
            let sent = uses.sends.first().map(|s| (s.func, s.span));
            let first = (closer, span, Action::Close);
            let waits = (receive, WaitReason::ChanReceive);
            found.extend(self.told(Some(maker), Some(first), waits, sent, false));
        }
    }

    /// Whether a function puts something into a map in a field.
    fn keeps(&self, func: &Func) -> bool {
        let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        instrs.any(|i| match &i.kind {
            InstrKind::Store(place, Operand::Local(_)) => match place.proj.as_slice() {
                [.., Proj::Field(_, field), Proj::Index(_)] => self.is_map(*field),
                [Proj::Index(_)] => match place.base {
                    PlaceBase::Local(local) => {
                        loaded(func, local).is_some_and(|field| self.is_map(field))
                    }
                    PlaceBase::Global(_) => false,
                },
                _ => false,
            },
            _ => false,
        })
    }

    fn is_map(&self, field: ObjectId) -> bool {
        let program = self.names.program;
        let ty = program.underlying(program.object(field).ty);
        matches!(program.kind(ty), TypeKind::Map(..))
    }

    fn ranges_over_map(&self, id: FuncId) -> bool {
        let id = self.outermost(id);
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            let func = &self.module.funcs[id];
            todo.extend(&func.closures);
            let over_map = func.blocks.iter().any(|b| match &b.term {
                Terminator::RangeNext { over: Operand::Local(over), .. } => {
                    let ty = self.names.program.underlying(func.locals[*over].ty);
                    matches!(self.names.program.kind(ty), TypeKind::Map(..))
                }
                _ => false,
            });
            if over_map {
                return true;
            }
        }
        false
    }

    pub(super) fn in_range(&self, at: &Spot) -> bool {
        let mut instrs = self.module.funcs[at.func].blocks[at.block].instrs.iter();
        instrs.any(|i| i.span == at.span && matches!(i.kind, InstrKind::Recv { range: true, .. }))
    }

    /// A method of the same type that ends its object: it closes a channel of it, or sets a flag that other
    /// methods look at.
    fn closer(&self, func: &Func) -> Option<(FuncId, Span)> {
        let receiver = |f: &Func| {
            let ty = f.locals[*f.params.first()?].ty;
            let program = self.names.program;
            f.has_recv.then(|| program.named_object(program.pointee(ty).unwrap_or(ty))).flatten()
        };
        let own = receiver(func)?;
        let mut read: FxHashSet<ObjectId> = FxHashSet::default();
        let methods = self.module.funcs.iter_enumerated();
        let methods = methods.filter(|(_, f)| f.has_body && receiver(f) == Some(own));
        let methods: Vec<(FuncId, &Func)> = methods.collect();
        for (_, method) in &methods {
            for block in &method.blocks {
                let Terminator::Branch { cond: Operand::Local(cond), .. } = &block.term else {
                    continue;
                };
                read.extend(loaded(method, *cond));
            }
        }
        methods.into_iter().find_map(|(id, method)| {
            let instrs = method.blocks.iter().flat_map(|b| &b.instrs);
            instrs.into_iter().find_map(|i| {
                let ends = match &i.kind {
                    InstrKind::Call(call) | InstrKind::Defer(call) => match call.args.first() {
                        Some(Operand::Local(chan)) => {
                            call.callee == Callee::Builtin(Builtin::Close)
                                && loaded(method, *chan).is_some()
                        }
                        _ => false,
                    },
                    InstrKind::Store(place, Operand::Const(ConstValue::Bool(true), _)) => {
                        last_field(place).is_some_and(|f| read.contains(&f))
                    }
                    _ => false,
                };
                ends.then_some((id, i.span))
            })
        })
    }
}

/// The field that a local is loaded from.
fn loaded(func: &Func, local: LocalId) -> Option<ObjectId> {
    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    instrs.find_map(|i| match &i.kind {
        InstrKind::Assign(dst, Rvalue::Load(place)) if *dst == local => field(place),
        _ => None,
    })
}

fn field(place: &Place) -> Option<ObjectId> {
    last_field(place)
}
