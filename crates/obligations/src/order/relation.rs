//! How two locks lie to each other in memory.

use super::facts::{Spot, SpotRoot, SpotStep};

/// Where two locks are as seen from the innermost object that both hang on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Relation {
    /// Two package-level locks, or parts of package-level variables.
    Globals,
    /// One is package-level, the other of whatever object.
    GlobalAndField,
    /// The steps to each.
    Common(Vec<SpotStep>, Vec<SpotStep>),
    /// Nothing is known.
    None,
}

/// The relation of two locks of one function.
pub(crate) fn relation(a: &Spot, b: &Spot) -> Relation {
    let global = |s: &Spot| {
        matches!(s.root, SpotRoot::Global(_))
            && s.steps.iter().all(|step| matches!(step, SpotStep::Field(_) | SpotStep::Deref(_)))
    };
    match (global(a), global(b)) {
        (true, true) => return Relation::Globals,
        (true, false) | (false, true) => return Relation::GlobalAndField,
        (false, false) => {}
    }
    if a.root != b.root || a.root == SpotRoot::Unknown {
        return Relation::None;
    }
    let alike = |(x, y): (&SpotStep, &SpotStep)| match (*x, *y) {
        (SpotStep::Deref(t), SpotStep::Deref(u)) | (SpotStep::Index(t), SpotStep::Index(u)) => {
            t == u && t != super::facts::UNKNOWN
        }
        (x, y) => x == y,
    };
    let mut common = a.steps.iter().zip(b.steps.iter()).take_while(|&(x, y)| alike((x, y))).count();
    common = common.min(a.steps.len() - 1).min(b.steps.len().saturating_sub(1));
    // Fields of one object are seen from the object.
    let rest = |s: &Spot| timeless(&s.steps[common..]);
    Relation::Common(rest(a), rest(b))
}

/// Steps without times and keys.
fn timeless(steps: &[SpotStep]) -> Vec<SpotStep> {
    let step = |s: &SpotStep| match *s {
        SpotStep::Deref(_) => SpotStep::Deref(0),
        SpotStep::Index(_) => SpotStep::Index(0),
        SpotStep::Field(field) => SpotStep::Field(field),
    };
    steps.iter().map(step).collect()
}

/// Whether a lock is part of the object itself, not of one it points to.
pub(crate) fn own(steps: &[SpotStep]) -> bool {
    steps.iter().all(|s| matches!(s, SpotStep::Field(_)))
}

/// Whether the pair `(a, b)` of one function and the pair `(b, a)` of another may well be of the same
/// two objects.
pub(crate) fn same_pair(one: &Relation, other: &Relation) -> bool {
    match (one, other) {
        (Relation::Globals, Relation::Globals)
        | (Relation::GlobalAndField, Relation::GlobalAndField) => true,
        (Relation::Common(a, b), Relation::Common(b2, a2)) => {
            let mirrored = a == a2 && b == b2;
            // Each reaches the other from its own object.
            let mutual = own(a) && own(b2) && !own(b) && !own(a2);
            mirrored || mutual
        }
        _ => false,
    }
}
