//! The append-only store of types: hash-consed, read without locks.

use crate::api::*;
use crate::hashed::Hashed;
use crate::names::{NO_NAMES, lock};
use crate::typeset::TypeSet;
use stanch_base::{FxHasher, Idx};
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};

const N_SHARDS: usize = 32;
/// Types nested deeper than this are unknown; keeps walks over types bounded.
const MAX_DEPTH: u32 = 3000;

pub(crate) const UNKNOWN: TypeId = TypeId::from_raw(0);

/// A type with its cached derivations.
pub(crate) struct TypeCell {
    pub(crate) kind: TypeKind,
    /// Names of a tuple's elements.
    pub(crate) names: NameList,
    depth: u32,
    /// Whether a type parameter occurs in it.
    pub(crate) parameterized: bool,
    under: AtomicU32,
    canon: AtomicU32,
    pub(crate) set: OnceLock<Box<TypeSet>>,
}

impl TypeCell {
    pub(crate) fn cached_under(&self) -> Option<TypeId> {
        self.under.load(Ordering::Acquire).checked_sub(1).map(TypeId::from_raw)
    }
    pub(crate) fn cache_under(&self, ty: TypeId) {
        self.under.store(ty.raw() + 1, Ordering::Release);
    }
    pub(crate) fn cached_canon(&self) -> Option<TypeId> {
        self.canon.load(Ordering::Acquire).checked_sub(1).map(TypeId::from_raw)
    }
    pub(crate) fn cache_canon(&self, ty: TypeId) {
        self.canon.store(ty.raw() + 1, Ordering::Release);
    }
}

/// All types of a program.
pub(crate) struct Store {
    cells: boxcar::Vec<TypeCell>,
    shards: [Mutex<Hashed>; N_SHARDS],
}

fn hash_of(kind: &TypeKind, names: NameList) -> u64 {
    let mut hasher = FxHasher::default();
    kind.hash(&mut hasher);
    names.hash(&mut hasher);
    hasher.finish()
}

impl Store {
    pub(crate) fn new() -> Self {
        let store =
            Self { cells: boxcar::Vec::new(), shards: std::array::from_fn(|_| Mutex::default()) };
        store.intern(TypeKind::Unknown);
        store
    }

    #[inline]
    pub(crate) fn cell(&self, ty: TypeId) -> &TypeCell {
        &self.cells[ty.index()]
    }

    #[inline]
    pub(crate) fn kind(&self, ty: TypeId) -> &TypeKind {
        &self.cell(ty).kind
    }

    pub(crate) fn intern(&self, kind: TypeKind) -> TypeId {
        self.intern_named(kind, NO_NAMES)
    }

    /// Interns a type; `names` only for tuples.
    pub(crate) fn intern_named(&self, kind: TypeKind, names: NameList) -> TypeId {
        let hash = hash_of(&kind, names);
        let mut shard = lock(&self.shards[(hash >> 58) as usize % N_SHARDS]);
        let same = |id| {
            let cell = self.cell(TypeId::from_raw(id));
            cell.names == names && cell.kind == kind
        };
        if let Some(id) = shard.find(hash, same) {
            return TypeId::from_raw(id);
        }
        let (depth, parameterized) = self.measure(&kind);
        if depth > MAX_DEPTH {
            return UNKNOWN;
        }
        let id = TypeId::from_usize(self.cells.push(TypeCell {
            kind,
            names,
            depth,
            parameterized,
            under: AtomicU32::new(0),
            canon: AtomicU32::new(0),
            set: OnceLock::new(),
        }));
        shard.insert(hash, id.raw());
        id
    }

    fn measure(&self, kind: &TypeKind) -> (u32, bool) {
        let mut depth = 0;
        let mut parameterized = false;
        for_each_child(kind, &mut |child| {
            let cell = self.cell(child);
            depth = depth.max(cell.depth);
            parameterized |= cell.parameterized;
        });
        (depth + 1, parameterized || matches!(kind, TypeKind::TypeParam(_)))
    }
}

/// Calls `f` for each type that `kind` directly mentions.
pub(crate) fn for_each_child(kind: &TypeKind, f: &mut dyn FnMut(TypeId)) {
    match kind {
        TypeKind::Unknown | TypeKind::Basic(_) | TypeKind::TypeParam(_) => {}
        TypeKind::Named { args, .. } | TypeKind::Alias { args, .. } | TypeKind::Tuple(args) => {
            args.iter().for_each(|&t| f(t));
        }
        TypeKind::Pointer(t)
        | TypeKind::Slice(t)
        | TypeKind::Array(_, t)
        | TypeKind::Chan(_, t) => f(*t),
        TypeKind::Map(k, v) => {
            f(*k);
            f(*v);
        }
        TypeKind::Struct(fields) => fields.iter().for_each(|x| f(x.ty)),
        TypeKind::Signature(s) => s.params.iter().chain(&*s.results).for_each(|&t| f(t)),
        TypeKind::Interface(i) => {
            i.methods.iter().for_each(|m| f(m.signature));
            i.embedded.iter().for_each(|&t| f(t));
        }
        TypeKind::Union(terms) => terms.iter().for_each(|t| f(t.ty)),
    }
}
