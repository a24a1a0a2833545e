//! Hand-written linked lists: nodes that a program links in front of or behind others, and whether it ever
//! takes one out.
//!
//! Of a type of nodes every store into a link or into a variable that a list begins or ends with is looked at.
//! Those that put a node where it refers to what stood there, or is referred to by it, make the list longer;
//! those that prepare such a node change nothing; any other may take nodes out.

use crate::facts::{Key, Loop, OpKind, Taken};
use crate::retain::alias::end;
use crate::scan::Scan;
use stanch_ir::{BlockId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Span};
use stanch_types::{ObjectId, TypeId, TypeKind};

/// Rounds of following copies.
const ROUNDS: usize = 3;

impl<'s> Scan<'s, '_> {
    /// What a store of a node, or of a pointer to one, does to lists of such nodes; whether it is one.
    pub(crate) fn link(
        &mut self,
        place: &Place,
        value: &'s Operand,
        span: Span,
        (block, looped): (BlockId, Loop),
    ) -> bool {
        let ty = self.ty(value);
        let links = self.links(ty);
        let Some(&first) = links.first() else { return false };
        let Some(first) = self.names.decl(first).map(Key::Field) else { return false };
        let Some(at) = end(place) else {
            // A variable that is no node, or a node as a whole.
            let whole = self.program_pointee(ty).is_none() && !place.proj.is_empty();
            let new =
                matches!(place.base, PlaceBase::Local(base) if self.is_new(&self.copies(base)));
            if whole && !new {
                self.op(first, span, OpKind::Shrink(Taken::One));
            }
            return true;
        };
        let names = match value {
            Operand::Local(local) => self.copies(*local),
            _ => Vec::new(),
        };
        let quiet = match links.contains(&at) {
            true => {
                let base = match place.base {
                    PlaceBase::Local(base) => self.copies(base),
                    PlaceBase::Global(_) => Vec::new(),
                };
                self.is_new(&base)
                    || self.begins_with(&base, &links)
                    || self.begins_with(&names, &links)
            }
            false => {
                if self.refers_to(&names, &links, at) || self.comes_after(&names, &links, at) {
                    let Some(key) = self.root(place, at) else { return true };
                    let mut grow = self.grow(None, value, ty, looped);
                    grow.bounded |= self.is_counted_out(None, block);
                    self.op(key, span, OpKind::Part(first));
                    self.op(key, span, OpKind::Grow(grow));
                    return true;
                }
                // The first node of a list whose last one is another variable's.
                !names.is_empty() && self.is_last_elsewhere(&names, &links)
                    || self.is_of_new_owner(place)
            }
        };
        if !quiet {
            self.op(first, span, OpKind::Shrink(Taken::One));
        }
        true
    }

    /// Through an address anything may be linked and unlinked.
    pub(crate) fn link_address(&mut self, place: &Place, span: Span) {
        let Some(at) = end(place) else { return };
        let ty = self.reader.program.object(at).ty;
        if self.program_pointee(ty).is_none() {
            return;
        }
        let first = self.links(ty).first().copied();
        if let Some(first) = first.and_then(|first| self.names.decl(first)) {
            self.op(Key::Field(first), span, OpKind::Shrink(Taken::One));
        }
    }

    fn program_pointee(&self, ty: TypeId) -> Option<TypeId> {
        self.reader.program.pointee(ty)
    }

    /// The fields by which values of a declared struct type, or what a pointer points to, refer to others of it.
    fn links(&self, ty: TypeId) -> Vec<ObjectId> {
        let program = self.reader.program;
        let node = program.pointee(ty).unwrap_or(ty);
        let own = program.named_object(node).is_some_and(|n| !self.reader.is_std(n.package));
        match program.kind(program.underlying(node)) {
            TypeKind::Struct(fields) if own => fields
                .iter()
                .filter(|f| program.pointee(f.ty) == Some(node))
                .map(|f| f.object)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The field or variable that a place is.
    fn root(&mut self, place: &Place, at: ObjectId) -> Option<Key> {
        let field = matches!(place.proj.last(), Some(Proj::Field(..)));
        let decl = self.names.decl(at)?;
        Some(if field { Key::Field(decl) } else { Key::Global(decl) })
    }

    /// The locals that a value is copied to or from.
    fn copies(&self, local: LocalId) -> Vec<LocalId> {
        let mut found = vec![local];
        for _ in 0..ROUNDS {
            let before = found.len();
            for (to, values) in self.definitions.iter_enumerated() {
                for value in values {
                    let Rvalue::Use(Operand::Local(from)) = value else { continue };
                    match (found.contains(&to), found.contains(from)) {
                        (true, false) => found.push(*from),
                        (false, true) => found.push(to),
                        _ => {}
                    }
                }
            }
            if found.len() == before {
                break;
            }
        }
        found
    }

    fn is_new(&self, names: &[LocalId]) -> bool {
        let new = |local: &LocalId| {
            self.definitions[*local]
                .iter()
                .any(|v| matches!(v, Rvalue::New(_) | Rvalue::Composite { .. }))
        };
        names.iter().any(new)
    }

    fn is_of_new_owner(&self, place: &Place) -> bool {
        match place.base {
            PlaceBase::Local(base) => self.is_new(&self.copies(base)),
            PlaceBase::Global(_) => false,
        }
    }

    /// The stores of the function, with those by which the library replaces what a variable holds.
    fn node_stores(&self) -> impl Iterator<Item = (&'s Place, &'s Operand)> {
        let func = self.func;
        func.blocks.iter().flat_map(|b| &b.instrs).filter_map(|i| match &i.kind {
            InstrKind::Store(place, value) => Some((place, value)),
            InstrKind::Call(call) => {
                let value = self.sets(call)?;
                let Some(Operand::Local(of)) = call.args.first() else { return None };
                match self.definitions[*of].as_slice() {
                    [Rvalue::AddressOf(place)] => Some((place, value)),
                    _ => None,
                }
            }
            _ => None,
        })
    }

    /// Whether one of these is stored where a list begins or ends.
    fn begins_with(&self, names: &[LocalId], links: &[ObjectId]) -> bool {
        self.node_stores().any(|(place, value)| {
            matches!(value, Operand::Local(x) if names.contains(x))
                && end(place).is_some_and(|at| !links.contains(&at))
        })
    }

    /// Whether a link of the node is set to what stands in a field or variable.
    fn refers_to(&self, names: &[LocalId], links: &[ObjectId], at: ObjectId) -> bool {
        self.node_stores().any(|(place, value)| {
            let of = matches!(place.base, PlaceBase::Local(base) if names.contains(&base));
            of && end(place).is_some_and(|link| links.contains(&link)) && self.stood_in(value, at)
        })
    }

    /// Whether a value is what stands in a field or variable.
    fn stood_in(&self, value: &Operand, at: ObjectId) -> bool {
        let Operand::Local(local) = value else { return false };
        let names = self.copies(*local);
        let loaded = |local: &LocalId| {
            self.definitions[*local].iter().any(|v| match v {
                Rvalue::Load(place) => end(place) == Some(at),
                _ => false,
            })
        };
        let asked = || {
            self.func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
                InstrKind::Call(call) => {
                    let gives = call.dst.first().is_some_and(|dst| names.contains(dst));
                    let of = match call.args.first() {
                        Some(Operand::Local(of)) => *of,
                        _ => return false,
                    };
                    let address = |v: &&Rvalue| match v {
                        Rvalue::AddressOf(place) => end(place) == Some(at),
                        _ => false,
                    };
                    gives && self.definitions[of].iter().any(address)
                }
                _ => false,
            })
        };
        names.iter().any(loaded) || asked()
    }

    /// Whether a link of what stands in a field or variable is set to the node.
    fn comes_after(&self, names: &[LocalId], links: &[ObjectId], at: ObjectId) -> bool {
        self.node_stores().any(|(place, value)| {
            let own = matches!(value, Operand::Local(x) if names.contains(x));
            if !own || !end(place).is_some_and(|link| links.contains(&link)) {
                return false;
            }
            let through = match place.proj.as_slice() {
                [before @ .., Proj::Deref, Proj::Field(..)] => match before.last() {
                    Some(Proj::Field(_, field)) => *field == at,
                    None => place.base == PlaceBase::Global(at),
                    _ => false,
                },
                _ => false,
            };
            through
                || matches!(place.base, PlaceBase::Local(base)
                    if place.proj.len() == 2 && self.stood_in(&Operand::Local(base), at))
        })
    }

    /// Whether the node comes to be the last one of the list, as another variable knows it.
    fn is_last_elsewhere(&self, names: &[LocalId], links: &[ObjectId]) -> bool {
        self.node_stores().any(|(place, value)| {
            matches!(value, Operand::Local(x) if names.contains(x))
                && end(place)
                    .is_some_and(|at| !links.contains(&at) && self.comes_after(names, links, at))
        })
    }
}
