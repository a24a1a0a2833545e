//! Functions that are kept in fields: the locks they take when they are called from there.

use super::facts::{Arg, Event, MAX_STEPS, Spot, SpotRoot, SpotStep, UNKNOWN};
use super::index::{Callable, Key};
use super::takes::{Reached, Take, Takes, Via, argument, foreign, substitute};
use stanch_types::ObjectId;

impl Takes<'_> {
    /// Locks of the same object that functions take which are kept in a field of it, and locks of what
    /// they are given.
    pub(super) fn through_hooks(
        &self,
        event: &Event,
        (field, owner): (ObjectId, &Spot),
        args: &[Arg],
        found: &mut Vec<Reached>,
    ) {
        let hooks = self.hooks(field, owner);
        let vague = hooks.len() > 1;
        for hook in hooks {
            for (i, take) in self.summary(hook.callable.key).takes.iter().enumerate() {
                if take.depends || !take.known.is_empty() {
                    continue;
                }
                let lock = substitute(&take.lock, &hook.callable);
                let same = below(&hook.owner, &lock).map(|rest| {
                    Spot::new(owner.root, owner.steps.iter().chain(rest).copied().collect())
                });
                let lock = same
                    .or_else(|| of_receiver(&hook, take, field, owner))
                    .or_else(|| of_argument(&hook, take, args));
                let Some(lock) = lock else { continue };
                let take = Take {
                    lock,
                    released: Vec::new(),
                    known: event.known.clone(),
                    dynamic: true,
                    vague: take.vague || vague,
                    beyond: true,
                    via: Via::Call(event.span, hook.callable.key, i),
                    depth: take.depth + 1,
                    ..take.clone()
                };
                let path = self.path(hook.callable.key, i);
                found.push(Reached { take, held: Vec::new(), path });
            }
        }
    }

    /// The functions that are kept in a field, as far as they are in view.
    pub(super) fn hooks(&self, field: ObjectId, _owner: &Spot) -> Vec<Hook> {
        let mut hooks = Vec::new();
        for &(package, stored) in self.index.stored.get(&field).into_iter().flatten() {
            let key = Key { package, func: stored.func };
            if let Some(callable) = self.value(key, &stored.value) {
                hooks.push(Hook { callable, owner: stored.owner.clone() });
                continue;
            }
            let Arg::Points(spot) = &stored.value else { continue };
            let Some(input) = spot.holder().filter(|s| s.steps.is_empty()) else { continue };
            for &(caller, event) in self.callers.get(&key).into_iter().flatten() {
                for callable in self.callables(caller, event) {
                    if callable.key != key {
                        continue;
                    }
                    let Some((_, Some(value))) = argument(&input, callable) else { continue };
                    let Some(target) = self.value(caller, value) else { continue };
                    let owner = substitute(&stored.owner, callable);
                    hooks.push(Hook { callable: target, owner });
                }
            }
        }
        hooks
    }
}

/// A function that is kept in a field of an object.
pub(super) struct Hook {
    pub(super) callable: Callable,
    /// In terms of the function that hands it over.
    owner: Spot,
}

/// A lock of the receiver of a method that is kept in a field, seen from the field's owner: the method
/// value is a pointer to its receiver.
fn of_receiver(hook: &Hook, take: &Take, field: ObjectId, owner: &Spot) -> Option<Spot> {
    let (SpotRoot::Param(0), [Arg::Points(_)]) = (take.lock.root, &*hook.callable.args) else {
        return None;
    };
    let (SpotStep::Deref(0), rest) = take.lock.steps.split_first()? else { return None };
    let through = [SpotStep::Field(field), SpotStep::Deref(UNKNOWN)];
    let steps = owner.steps.iter().copied().chain(through).chain(foreign(rest));
    let steps: Vec<SpotStep> = steps.collect();
    (steps.len() <= MAX_STEPS && take.wait.is_none()).then(|| Spot::new(owner.root, steps))
}

/// A lock of what a function is given that is kept in a field, in terms of who calls it.
fn of_argument(hook: &Hook, take: &Take, args: &[Arg]) -> Option<Spot> {
    let SpotRoot::Param(_) = take.lock.root else { return None };
    // What is bound to it already has no name here.
    let bound = hook.callable.args.iter().map(|_| Arg::Unknown);
    let args = bound.chain(args.iter().cloned()).collect();
    let lock = substitute(&take.lock, &Callable { args, ..hook.callable.clone() });
    (lock.root != SpotRoot::Unknown && take.wait.is_none()).then_some(lock)
}

/// The steps from an object to a lock of it.
fn below<'s>(owner: &Spot, lock: &'s Spot) -> Option<&'s [SpotStep]> {
    let inside = owner.root == lock.root && lock.steps.starts_with(&owner.steps);
    let exact = owner.is_exact() && owner.root != SpotRoot::Unknown;
    (inside && exact).then(|| &lock.steps[owner.steps.len()..])
}
