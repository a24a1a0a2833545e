//! What tells that entries of a container become useless while it lives on, however little is known of
//! its owner.

use super::{Grown, Join, MAX_SITES, Whole};
use crate::contexts::{Because, Node, Runs};
use crate::facts::Loop;
use crate::report::{Doubt, Evidence, Growth, Place};
use stanch_effects::Trait;
use stanch_ir::Span;
use stanch_types::{ObjectId, ObjectKind, TypeId, TypeKind};

/// Calls from the turn of a loop to what it adds.
const MAX_TURN: usize = 3;

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
        if let Some(served) = self.served(id, grows, None) {
            return Some(served);
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

    /// A growth in a loop of the owner by what can be closed: connections, streams, sessions.
    pub(super) fn served(
        &self,
        id: u32,
        grows: &[Grown<'_>],
        cleared: Option<Span>,
    ) -> Option<(usize, Evidence)> {
        let owner = self.declared[*self.owners.get(&id)? as usize].object;
        let name = self.program.object_name(owner);
        grows.iter().enumerate().find_map(|(at, grown)| {
            let key = grown.grow.key_ty?;
            let ends = [key, grown.grow.value_ty].into_iter().find(|ty| self.can_be_closed(*ty))?;
            let (node, sources) = self.key_from(grown);
            let turns = self.is_turn_of(grown.by, grown.looped, name);
            if grown.element || !turns || !self.arrivals.are_many(node, &sources) {
                return None;
            }
            let named = self.program.named_object(self.program.pointee(ends).unwrap_or(ends))?;
            let what = self.program.object_name(named).into();
            Some((at, Evidence::Served { what, cleared }))
        })
    }

    /// Whether a function is called in each turn of an endless loop of methods of the owner.
    fn is_turn_of(&self, by: Node, looped: Loop, owner: &str) -> bool {
        let (pointer, value) = (format!(".(*{owner})."), format!(".{owner}."));
        let own = |node: Node| {
            let symbol = &self.calls.facts(node).symbol;
            symbol.contains(&pointer) || symbol.contains(&value)
        };
        let mut at = by;
        if own(at) && looped == Loop::Endless {
            return true;
        }
        for _ in 0..MAX_TURN {
            if !own(at) {
                return false;
            }
            match self.calls.because.get(&at) {
                Some(Because::Repeated(from, _)) => return own(*from),
                Some(Because::Caller(from, _)) => at = *from,
                _ => return false,
            }
        }
        false
    }

    /// Whether a function runs only when the struct that has a field is ended as a whole.
    pub(super) fn is_of_the_end(&self, node: Node, field: u32, steps: usize) -> bool {
        let Some(&owner) = self.owners.get(&field) else { return false };
        let owner = self.declared[owner as usize].object;
        let facts = self.calls.facts(node);
        if let Some((name, recv)) = &facts.method
            && self.effects.keeping.ends(name)
        {
            let named = self.program.pointee(*recv).unwrap_or(*recv);
            return self.program.named_object(named) == Some(owner);
        }
        let callers = self.callers.get(&node).map_or(&[][..], |v| v);
        steps > 0
            && !callers.is_empty()
            && !self.calls.is_open(node)
            && callers.iter().all(|&c| c != node && self.is_of_the_end(c, field, steps - 1))
    }

    /// Whether the methods of a type tell that its values end: they can be closed.
    fn can_be_closed(&self, ty: TypeId) -> bool {
        // A package's own types are often closed by a method of the package only.
        let ends = |name: &str| {
            let mut letters = name.chars();
            let first = letters.next().map(|c| c.to_uppercase().chain(letters).collect::<String>());
            first.is_some_and(|name| self.effects.keeping.ends(&name))
        };
        self.program.method_set(ty).iter().any(|l| ends(self.program.object_name(l.object)))
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
        let owner = self.owners.get(&id).map(|o| self.declared[*o as usize].object);
        // An entry of a tree has the same kind of map itself.
        let tree = |ty: TypeId| {
            let to = self.program.pointee(ty).and_then(|to| self.program.named_object(to));
            to.is_some() && to == owner
        };
        grows.retain(|g| {
            let value = g.grow.value_ty;
            !g.element && g.grow.key_ty.is_some() && (holds(value) || tree(value))
        });
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
            _ => tree(g.grow.value_ty),
        });
        let mut doubts = doubts;
        if !members {
            doubts.push(Doubt::Keys);
        }
        let function = self.calls.facts(node).symbol.clone();
        self.with_evidence(key, id, &grows, Evidence::Emptied { taken, function }, doubts)
    }

    /// The finding of a map that a loop fills and that is cleared again: it keeps the room of its largest size.
    pub(super) fn with_room(
        &self,
        key: Whole,
        id: u32,
        mut grows: Vec<Grown<'_>>,
        cleared: Span,
        mut doubts: Vec<Doubt>,
    ) -> Option<Growth> {
        let map = |ty: TypeId| {
            let core = self.program.core_type(ty).map(|t| self.program.kind(t));
            matches!(core, Some(TypeKind::Map(..)))
        };
        grows.retain(|g| !g.element && g.grow.key_ty.is_some() && g.looped != Loop::None);
        if !map(self.program.object(self.declared[id as usize].object).ty) {
            return None;
        }
        // A map that is filled again holds as much as it did.
        doubts.push(Doubt::Reused);
        self.with_evidence(key, id, &grows, Evidence::Room { cleared }, doubts)
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
        // Constants and settings alone are few, unless the sibling's entries come and go with them.
        let sibling = matches!(evidence, Evidence::Sibling(_));
        let named = matches!(&evidence, Evidence::Sibling(sibling) if sibling.named);
        if let Place::InService(owner) = place
            && !self.is_shared(owner)
            && !(named && self.is_container_type(owner, first.by))
        {
            doubts.push(Doubt::Owner);
        }
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
        if self.trials.has(first.by.0, first.span) {
            doubts.push(Doubt::Trial);
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
        let program = self.program;
        let fields =
            |object: ObjectId| match program.kind(program.underlying(program.object(object).ty)) {
                TypeKind::Struct(fields) => fields.iter().map(|f| f.ty).collect(),
                _ => Vec::new(),
            };
        let locked = |object: ObjectId| fields(object).into_iter().any(|ty| self.is_of_sync(ty));
        // The root of a tree lies in what has the lock.
        let is =
            |ty: TypeId| program.named_object(program.pointee(ty).unwrap_or(ty)) == Some(owner);
        locked(owner)
            || fields(owner).into_iter().any(|ty| self.leads_to(ty, owner))
                && program.package_objects(owner.package).into_iter().any(|object| {
                    matches!(program.object(object).kind, ObjectKind::TypeName { .. })
                        && object != owner
                        && fields(object).into_iter().any(is)
                        && locked(object)
                })
    }

    /// Whether others can make values of a type and put something into them: how long they live is theirs.
    fn is_container_type(&self, owner: ObjectId, grower: Node) -> bool {
        let name = self.program.object_name(owner);
        name.chars().next().is_some_and(char::is_uppercase)
            && self.is_importable(owner)
            && (self.calls.is_open(grower)
                || self.callers.get(&grower).is_some_and(|all| {
                    !all.is_empty() && all.iter().all(|&caller| self.calls.is_open(caller))
                }))
    }

    /// Whether a map or slice has pointers to values of a type as elements.
    fn leads_to(&self, ty: TypeId, to: ObjectId) -> bool {
        let elem = match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Map(_, elem) | TypeKind::Slice(elem) => *elem,
            _ => return false,
        };
        self.program.pointee(elem).and_then(|ty| self.program.named_object(ty)) == Some(to)
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
