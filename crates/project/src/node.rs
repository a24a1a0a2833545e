//! Packages while they are met.

use crate::{Import, Package, Variant};
use std::collections::BTreeMap;

stanch_base::newtype_index! {
    /// A package in the order in which it was met.
    pub(crate) struct NodeId; "node"
}

pub(crate) struct Node {
    pub(crate) package: Package,
    /// Imports before they became numbers of the result.
    pub(crate) targets: BTreeMap<String, Edge>,
    pub(crate) universe: usize,
}

#[derive(Clone, Copy)]
pub(crate) enum Edge {
    Node(NodeId),
    Other(Import),
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Key {
    pub(crate) universe: usize,
    pub(crate) path: String,
    pub(crate) variant: Variant,
}
