//! What tells that entries of a container become useless while it lives on, however little is known of
//! its owner.

use super::{Grown, Join, MAX_SITES, Whole};
use crate::contexts::{Node, Runs};
use crate::report::{Doubt, Evidence, Growth, Place};
use stanch_effects::Trait;
use stanch_ir::Span;
use stanch_types::{ObjectId, TypeId, TypeKind};

impl Join<'_> {
    /// The evidence against a container from which nothing is taken out, and the number of the growth.
    pub(super) fn evidence(
        &self,
        key: Whole,
        id: u32,
        grows: &[Grown<'_>],
    ) -> Option<(usize, Evidence)> {
        if let Some((at, sibling)) = self.sibling(key, id, grows) {
            return Some((at, Evidence::Sibling(sibling)));
        }
        grows.iter().enumerate().filter(|(_, g)| g.grow.key_ty.is_some()).find_map(|(at, grown)| {
            let ty = grown.grow.value_ty;
            if self.is_lock(ty) && self.program.pointee(ty).is_some() {
                return Some((at, Evidence::Lock));
            }
            let &(field, asked) = self.aged.get(&id)?;
            Some((at, Evidence::Aged { field, asked }))
        })
    }

    /// The finding of a container whose entries are emptied and stay.
    pub(super) fn emptied(
        &self,
        key: Whole,
        id: u32,
        mut grows: Vec<Grown<'_>>,
        (node, taken): (Node, Span),
        doubts: Vec<Doubt>,
    ) -> Option<Growth> {
        let core = |ty: TypeId| self.program.core_type(ty).map(|t| self.program.kind(t));
        let holds = |ty: TypeId| matches!(core(ty), Some(TypeKind::Map(..) | TypeKind::Slice(_)));
        grows.retain(|g| !g.element && g.grow.key_ty.is_some() && holds(g.grow.value_ty));
        // Members that come and go, each an object of its own, tell more than tables of tables.
        let object = |ty: TypeId| {
            matches!(
                self.program.kind(self.program.underlying(ty)),
                TypeKind::Pointer(_)
                    | TypeKind::Chan(..)
                    | TypeKind::Interface(_)
                    | TypeKind::Signature(_)
            )
        };
        let members = grows.first().is_some_and(|g| match core(g.grow.value_ty) {
            Some(TypeKind::Map(key, _)) => object(*key),
            Some(TypeKind::Slice(elem)) => object(*elem),
            _ => false,
        });
        let mut doubts = doubts;
        if !members {
            doubts.push(Doubt::Keys);
        }
        let function = self.calls.facts(node).symbol.clone();
        self.with_evidence(key, id, &grows, Evidence::Emptied { taken, function }, doubts)
    }

    pub(super) fn with_evidence(
        &self,
        key: Whole,
        id: u32,
        grows: &[Grown<'_>],
        evidence: Evidence,
        mut doubts: Vec<Doubt>,
    ) -> Option<Growth> {
        let first = grows.first()?;
        let declared = &self.declared[id as usize];
        let place = match (key, self.owners.get(&id)) {
            (Whole::Global(_), _) => Place::Global,
            (_, Some(&owner)) => Place::InService(self.declared[owner as usize].object),
            (_, None) => Place::InGlobal(self.declared[*self.reached.get(&id)? as usize].object),
        };
        if let Place::InService(owner) = place
            && !self.is_shared(owner)
        {
            doubts.push(Doubt::Owner);
        }
        // Constants and settings alone are few, unless the sibling's entries come and go with them.
        let sibling = matches!(evidence, Evidence::Sibling(_));
        let (node, sources) = self.key_from(first);
        let many = || self.arrivals.are_many(node, &sources);
        let unique = || self.arrivals.are_unique(node, &sources);
        let aged = matches!(evidence, Evidence::Aged { .. });
        let in_view = !self.calls.runs(node).has(Runs::API);
        let constant = sources.is_empty();
        if !sibling && constant || aged && !unique() || in_view && !sibling && !many() {
            doubts.push(Doubt::Keys);
        }
        if self.calls.runs(first.by).has(Runs::INIT) {
            doubts.push(Doubt::Registration);
        }
        if self.is_exported(id, key) {
            doubts.push(Doubt::Exported);
        }
        doubts.sort();
        doubts.dedup();
        let object = self.program.object(declared.object);
        let (file, range) = object.place?;
        Some(Growth {
            package: self.calls.summaries[first.by.0 as usize].package,
            object: declared.object,
            place,
            ty: object.ty,
            declared: Span { package: declared.object.package, file, range },
            sites: grows.iter().take(MAX_SITES).map(|g| self.site(g)).collect(),
            evidence: Some(evidence),
            doubts,
        })
    }

    /// Whether the struct has a lock: goroutines share it, so it is no helper of one piece of work.
    fn is_shared(&self, owner: ObjectId) -> bool {
        match self.program.kind(self.program.underlying(self.program.object(owner).ty)) {
            TypeKind::Struct(fields) => fields.iter().any(|field| self.is_of_sync(field.ty)),
            _ => false,
        }
    }

    fn is_of_sync(&self, ty: TypeId) -> bool {
        let named = self.program.named_object(self.program.pointee(ty).unwrap_or(ty));
        let path = named.map(|named| self.program.package_path(named.package));
        path.is_some_and(|path| self.effects.keeping.package(path).shared)
    }

    fn is_lock(&self, ty: TypeId) -> bool {
        let named = self.program.named_object(self.program.pointee(ty).unwrap_or(ty));
        named.is_some_and(|named| {
            let (path, name) =
                (self.program.package_path(named.package), self.program.object_name(named));
            self.effects.keeping.is(path, name, Trait::Lock)
        })
    }
}
