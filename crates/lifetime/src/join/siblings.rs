//! Containers that are filled together, of which only one is emptied again.

use super::{Grown, Join, Whole};
use crate::contexts::Node;
use crate::facts::{OpKind, Taken};
use crate::report::Sibling;
use stanch_ir::Span;
use stanch_types::TypeKind;

impl Join<'_> {
    /// A container of the same owner that is filled where this one is, with the same key or value, and from
    /// which other code takes entries out one by one; with the number of the growth.
    pub(super) fn sibling(
        &self,
        key: Whole,
        id: u32,
        grows: &[Grown<'_>],
    ) -> Option<(usize, Sibling)> {
        grows.iter().enumerate().find_map(|(at, grown)| {
            if grown.by != grown.home || grown.grow.counts {
                return None;
            }
            let added = self.together.get(&(grown.home, key))?;
            added.iter().filter(|a| a.grown == grown.span).find_map(|together| {
                let (other, filled) = (together.with, together.filled);
                let object = match other {
                    Whole::Global(object) | Whole::Field(object) => object,
                    Whole::Param(..) => return None,
                };
                if !self.is_beside(key, id, other, object) {
                    return None;
                }
                if !self.always_joint(key, other) {
                    return None;
                }
                let taken = self.taken_out(other, key, grown.home).or(together.taken);
                let (node, taken) = taken?;
                let function = self.calls.facts(node).symbol.clone();
                let object = self.declared[object as usize].object;
                let core = self.program.core_type(self.program.object(object).ty);
                let map = core.is_some_and(|t| matches!(self.program.kind(t), TypeKind::Map(..)));
                let named = map && self.calls.is_open(node) && self.calls.facts(node).n_params > 1;
                Some((at, Sibling { object, filled, taken, function, named }))
            })
        })
    }

    /// Whether two containers are fields of one type, or variables of one package.
    fn is_beside(&self, a: Whole, a_id: u32, b: Whole, b_id: u32) -> bool {
        match (a, b) {
            (Whole::Field(_), Whole::Field(_)) => {
                match (self.owners.get(&a_id), self.owners.get(&b_id)) {
                    (Some(a), Some(b)) => a == b,
                    _ => false,
                }
            }
            (Whole::Global(_), Whole::Global(_)) => {
                let package = |id: u32| self.declared[id as usize].object.package;
                package(a_id) == package(b_id)
            }
            _ => false,
        }
    }

    /// Whether whoever fills the sibling fills the container too. A set to which the same thing is added
    /// again tells of its state, not of its end.
    fn always_joint(&self, container: Whole, sibling: Whole) -> bool {
        let ops = self.ops.get(&sibling).map_or(&[][..], |v| v);
        let grows = ops.iter().filter(|(_, op)| matches!(op.kind, OpKind::Grow(_)) && !op.element);
        grows
            .map(|(node, _)| *node)
            .all(|node| self.adds_to(node, container) || self.is_joined_by_callers(node, container))
    }

    /// Whether all callers of a function that fills the sibling fill the container with the same key.
    fn is_joined_by_callers(&self, node: Node, container: Whole) -> bool {
        let callers = self.callers.get(&node).map_or(&[][..], |v| v);
        !callers.is_empty()
            && !self.calls.is_open(node)
            && callers.iter().all(|&caller| self.joint.contains(&(node, caller, container)))
    }

    fn adds_to(&self, node: Node, container: Whole) -> bool {
        self.adds.get(&node).is_some_and(|added| added.contains(&container))
    }

    /// Where a function that fills neither takes an entry out.
    fn taken_out(&self, sibling: Whole, container: Whole, filler: Node) -> Option<(Node, Span)> {
        let ops = self.ops.get(&sibling)?;
        ops.iter().find_map(|&(node, op)| {
            let takes = matches!(op.kind, OpKind::Shrink(Taken::One)) && !op.element;
            let other = node != filler && !self.adds_to(node, container);
            (takes && other).then_some((node, op.span))
        })
    }
}
