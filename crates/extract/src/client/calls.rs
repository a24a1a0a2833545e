//! Which methods a client calls in more than one way.

use super::uses::Uses;
use super::{Calls, Planner};
use stanch_base::FxHashSet;
use stanch_ir::FuncId;
use stanch_types::ObjectId;

impl Planner<'_> {
    /// How a client calls a method besides once. `whole` is what each method does with all it calls.
    pub(super) fn more_calls(
        &self,
        ty: ObjectId,
        method: &Uses,
        stop: FuncId,
        whole: &[(FuncId, Uses)],
    ) -> Vec<Calls> {
        let mut more = Vec::new();
        if method.sent.iter().any(|field| self.fed_by_receiver.contains(field)) {
            more.push(Calls::Twice);
        }
        let stop = whole.iter().find(|(id, _)| *id == stop).map(|(_, uses)| uses);
        if stop.is_some_and(|stop| self.may_meet(ty, method, stop, whole)) {
            more.push(Calls::Meeting);
        }
        more
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

    fn is_context(&self, field: ObjectId) -> bool {
        let ty = self.program.object(field).ty;
        crate::classify::is_named(self.program, ty, "context", "Context")
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
