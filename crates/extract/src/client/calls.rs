//! Which methods a client calls in more than one way.

use super::uses::Uses;
use super::{Calls, Planner};
use crate::flow::Flow;
use stanch_base::FxHashSet;
use stanch_ir::{FuncId, InstrKind, Terminator};
use stanch_types::{ObjectId, StructField};

impl Planner<'_> {
    /// How a client calls a method besides once. `whole` is what each method does with all it calls.
    pub(super) fn more_calls(
        &self,
        ty: ObjectId,
        (id, method): (FuncId, &Uses),
        stop: FuncId,
        whole: &[(FuncId, Uses)],
    ) -> Vec<Calls> {
        let mut more = Vec::new();
        let fed = method.sent.iter().any(|field| self.fed_by_receiver.contains(field));
        if fed || self.may_find_nobody(method) {
            more.push(Calls::Twice);
        }
        if let Some((_, stop)) = whole.iter().find(|(id, _)| *id == stop) {
            let left = || method.sent.iter().any(|field| self.ends_with(ty, *field, stop));
            // Who makes a channel for the answer to each call expects callers that do not wait for each other.
            let fails = || self.is_exported(id) && method.makes && self.can_fail(id) && left();
            if self.may_meet(ty, method, stop, whole) || fails() {
                more.push(Calls::Meeting);
            }
        }
        more
    }

    /// Whether the goroutine that receives from a field of an object ends when that is stopped.
    fn ends_with(&self, ty: ObjectId, field: ObjectId, stop: &Uses) -> bool {
        let own: FxHashSet<ObjectId> = self.fields(ty).iter().map(|f| f.object).collect();
        let signal = |s: &ObjectId| own.contains(s) && *s != field;
        own.contains(&field)
            && self.uses.iter_enumerated().any(|(id, uses)| {
                let gone = |s: &ObjectId| {
                    stop.closed.contains(s)
                        || stop.sent.contains(s)
                        || !stop.cancelled.is_empty() && self.is_context(*s)
                };
                self.started.contains(&id)
                    && uses.received.contains(&field)
                    && uses.ending.iter().filter(|s| signal(s)).any(gone)
            })
    }

    /// Whether a second call of a stop, which several places of the package call, may find nobody who comes
    /// for what it sends.
    pub(super) fn may_stop_again(
        &self,
        ty: ObjectId,
        stop: FuncId,
        whole: &[(FuncId, Uses)],
    ) -> bool {
        let own: FxHashSet<ObjectId> = self.fields(ty).iter().map(|f| f.object).collect();
        let sends = |f: &ObjectId| own.contains(f) && self.ending.contains(f);
        let callers = self.callers.get(&stop).into_iter().flatten();
        whole.iter().any(|(id, uses)| *id == stop && uses.sent.iter().any(sends))
            && callers.filter(|c| !self.in_test(**c)).count() > 1
    }

    /// Whether a method can say that it did not do what it was asked for, or is told when to give up: it has
    /// no reason to hang.
    fn can_fail(&self, id: FuncId) -> bool {
        let func = &self.module.funcs[id];
        let ty = |local: &stanch_ir::LocalId| func.locals[*local].ty;
        func.results.last().is_some_and(|r| crate::classify::is_error(self.program, ty(r)))
            || func
                .params
                .iter()
                .any(|p| crate::classify::is_named(self.program, ty(p), "context", "Context"))
    }

    /// Whether other packages can call a function.
    pub(super) fn is_exported(&self, id: FuncId) -> bool {
        let name = self.module.funcs[id].object.map(|o| self.program.object_name(o));
        name.is_some_and(crate::channels::is_exported)
    }

    /// Whether the type is made for calls of a method that meet with the stop: the method asks whether the
    /// object is stopped, or one of the methods that wait as it does has a way out by the stop.
    fn may_meet(&self, ty: ObjectId, method: &Uses, stop: &Uses, whole: &[(FuncId, Uses)]) -> bool {
        let own: FxHashSet<ObjectId> = self.fields(ty).iter().map(|f| f.object).collect();
        let flag = |field: &ObjectId| own.contains(field) && stop.set.contains(field);
        if method.asked.iter().any(flag) {
            return true;
        }
        let signals = |field: ObjectId| {
            stop.closed.contains(&field)
                || stop.sent.contains(&field)
                || (!stop.cancelled.is_empty() && self.is_context(field))
        };
        let waits = whole.iter().flat_map(|(_, uses)| &uses.beside);
        waits.filter(|b| own.contains(&b.chan) && own.contains(&b.signal)).any(|beside| {
            let same = if beside.sends { &method.sent } else { &method.received };
            same.contains(&beside.chan) && signals(beside.signal)
        })
    }

    /// Fields with a channel that a stop closes and of which a method gives what it receives: until then
    /// somebody calls that again and again.
    pub(super) fn taken_fields(
        &self,
        ty: ObjectId,
        whole: &[(FuncId, Uses)],
        stops: &[FuncId],
    ) -> Vec<(Box<str>, u32)> {
        let gives = |id: FuncId, field: &StructField| {
            let func = &self.module.funcs[id];
            let sent = self.program.chan_of(field.ty).map(|c| c.1);
            let result = func.results.first().map(|r| func.locals[*r].ty);
            sent.is_some() && sent == result && !self.uses[id].loops
        };
        let takes = |field: &&(usize, &StructField)| {
            let object = field.1.object;
            let mut all = whole.iter();
            all.any(|(id, uses)| stops.contains(id) && uses.closed.contains(&object))
                && whole.iter().any(|(id, _)| {
                    self.is_exported(*id)
                        && self.uses[*id].received.contains(&object)
                        && gives(*id, field.1)
                })
        };
        let fields: Vec<_> = self.fields(ty).iter().enumerate().collect();
        let taken = fields.iter().filter(takes);
        taken.map(|(n, field)| (field.name.clone(), *n as u32)).collect()
    }

    fn is_context(&self, field: ObjectId) -> bool {
        let ty = self.program.object(field).ty;
        crate::classify::is_named(self.program, ty, "context", "Context")
    }

    /// Whether a method sends to a receiver that may have left by itself.
    pub(super) fn may_find_nobody(&self, method: &Uses) -> bool {
        method.sent.iter().any(|field| self.left_by_receiver.contains(field))
    }

    /// Channels in fields whose receivers, on goroutines of their own, may leave their loops on a decision:
    /// not for an arm of a select, nor at the end of a range; and without a word to others.
    pub(super) fn left_by_receivers(&self) -> FxHashSet<ObjectId> {
        let mut left = FxHashSet::default();
        for (id, uses) in self.uses.iter_enumerated() {
            if !uses.loops || uses.received.is_empty() || !self.started.contains(&id) {
                continue;
            }
            let func = &self.module.funcs[id];
            let flow = Flow::new(func, |from, to| self.names.is_way(id, from, to));
            let leaves = func.blocks.iter_enumerated().any(|(block, body)| {
                let receives = |i: &stanch_ir::Instr| matches!(i.kind, InstrKind::Recv { .. });
                flow.in_loop[block]
                    && matches!(body.term, Terminator::Branch { .. })
                    && !body.instrs.iter().any(receives)
                    && body.term.targets().iter().any(|to| !flow.in_loop[*to])
            });
            if leaves && !self.tells(id) {
                left.extend(&uses.received);
            }
        }
        left
    }

    /// Whether a function lets others know of what it does: by a channel, a context, or a plain field that
    /// they look at. Who uses the object may know that it has ended then.
    fn tells(&self, id: FuncId) -> bool {
        let whole = self.followed(id, super::DEPTH);
        let seen = |field: &ObjectId| {
            crate::channels::is_exported(self.program.object_name(*field))
                || self.uses.iter_enumerated().any(|(f, u)| f != id && u.asked.contains(field))
        };
        !whole.closed.is_empty()
            || !whole.sent.is_empty()
            || !whole.cancelled.is_empty()
            || whole.set.iter().any(seen)
    }

    /// Channels in fields whose receivers, on goroutines of their own, send to them as well.
    pub(super) fn fed_by_receivers(&self) -> FxHashSet<ObjectId> {
        let mut fed = FxHashSet::default();
        for (id, uses) in self.uses.iter_enumerated() {
            if uses.loops && !uses.received.is_empty() && self.started.contains(&id) {
                let whole = self.followed(id, super::DEPTH);
                fed.extend(uses.received.iter().filter(|f| whole.sent.contains(f)));
            }
        }
        fed
    }
}
