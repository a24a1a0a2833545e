//! Locks that somebody may give back who was given a pointer to them, or the method that does.

use crate::package::Package;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::Op;
use stanch_ir::{Callee, Func, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue};
use stanch_types::ObjectId;

/// The fields and package-level variables whose addresses go anywhere but to operations on locks.
pub(crate) fn lent(package: &Package<'_>) -> FxHashSet<ObjectId> {
    let mut found = FxHashSet::default();
    for func in package.module.funcs.iter() {
        lent_by(package, func, &mut found);
    }
    found
}

fn lent_by(package: &Package<'_>, func: &Func, found: &mut FxHashSet<ObjectId>) {
    let mut addresses: FxHashMap<LocalId, ObjectId> = FxHashMap::default();
    for kind in visit::kinds(func) {
        let InstrKind::Assign(dst, Rvalue::AddressOf(place)) = kind else { continue };
        let object = match (place.proj.last(), place.base) {
            (Some(Proj::Field(_, field)), _) => *field,
            (None, PlaceBase::Global(object)) => object,
            _ => continue,
        };
        addresses.insert(*dst, object);
    }
    let mut lend = |local: LocalId| found.extend(addresses.get(&local));
    for kind in visit::kinds(func) {
        let receiver = match kind {
            InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                let locks = matches!(
                    package.op(&call.callee),
                    Op::Lock | Op::Unlock | Op::RLock | Op::RUnlock | Op::TryLock | Op::TryRLock
                );
                match (&call.callee, call.args.first()) {
                    (Callee::Static(..), Some(Operand::Local(local))) if locks => Some(*local),
                    _ => None,
                }
            }
            _ => None,
        };
        visit::uses(kind, &mut |local| {
            if Some(local) != receiver {
                lend(local);
            }
        });
    }
    func.results.iter().for_each(|&result| lend(result));
}
