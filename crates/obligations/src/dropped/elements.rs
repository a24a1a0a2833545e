//! An entry of a map is replaced under a name that others choose: what was there under the same name stays
//! open, where nobody asks for it first.

use super::lived::is_field_of;
use super::uses::{Site, called, instrs};
use super::{Drop, MAX_CALLERS, Search, is_new, leads, owner_param, unexported};
use crate::report::How;
use crate::visit;
use stanch_base::{FxHashSet, Idx};
use stanch_effects::Op;
use stanch_ir::{
    Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Terminator,
};
use stanch_types::{Basic, ObjectId, TypeKind};

impl Search<'_, '_> {
    /// The places that put something new in a map under a key that callers from outside choose.
    pub(super) fn overwritten(&self) -> Vec<Drop> {
        let mut found = Vec::new();
        if !self.uses.contents.values().any(|content| content.many) {
            return found;
        }
        for (id, func) in self.package.module.funcs.iter_enumerated() {
            if self.package.in_test(func.span) {
                continue;
            }
            for (block, index, kind) in instrs(func) {
                let InstrKind::Store(place, Operand::Local(value)) = kind else { continue };
                let Some((field, owner, key)) = self.entry(func, place) else { continue };
                let site = (block, index);
                let owner_at = owner_param(func, owner);
                let drop = Drop { func: id, site, field, how: How::Overwritten, owner: owner_at };
                if self.is_new_entry(id, func, field, *value)
                    && !is_new(func, owner)
                    && self.lasts(id, field, site)
                    && !self.is_given_away(id, *value)
                    && !self.is_closed_aside(field)
                    && self.is_named_by_others(&drop, key)
                {
                    found.push(drop);
                }
            }
        }
        found
    }

    /// The field whose map a place is an entry of, the object that has it, and the parameter that is the key.
    fn entry(&self, func: &Func, place: &Place) -> Option<(ObjectId, LocalId, usize)> {
        let (Proj::Index(Operand::Local(key)), within) = place.proj.split_last()? else {
            return None;
        };
        let map = match (place.base, within) {
            (PlaceBase::Local(base), []) => visit::kinds(func).find_map(|kind| match kind {
                InstrKind::Assign(dst, Rvalue::Load(from)) if *dst == base => Some(from.clone()),
                _ => None,
            })?,
            (base, within) => Place { base, proj: within.into() },
        };
        let (PlaceBase::Local(owner), Some(&Proj::Field(_, field))) = (map.base, map.proj.last())
        else {
            return None;
        };
        self.uses.contents.get(&field).filter(|content| content.many)?;
        let program = self.package.program;
        let ty = program.object(field).ty;
        let TypeKind::Map(named, _) = *program.kind(program.underlying(ty)) else { return None };
        // Numbers and pointers tell things apart; names come from people.
        let string = program.kind(program.underlying(named));
        let named = matches!(string, TypeKind::Basic(Basic::String));
        let own = unexported(self.package, field) && is_field_of(&map, field, owner);
        Some((field, owner, param_of(func, *key).filter(|_| named && own)?))
    }

    /// Whether what is put in a map is made by the function that does so.
    fn is_new_entry(&self, id: FuncId, func: &Func, field: ObjectId, value: LocalId) -> bool {
        let Some(maker) = self.maker(func, value) else { return false };
        if self.is_cancel(field) {
            return self.package.op(&maker.callee) == Op::ContextWithCancel
                && self.outlasts(id, func, maker);
        }
        self.owns(field) && self.makes(func, maker)
    }

    /// Whether callers from outside the package choose the key, and nobody on the way asks for what is there.
    fn is_named_by_others(&self, drop: &Drop, key: usize) -> bool {
        let func = &self.package.module.funcs[drop.func];
        if self.asks_before(drop.func, func, drop.field, drop.site) {
            return false;
        }
        let mut asked = FxHashSet::default();
        self.is_chosen(drop.func, drop.field, key, MAX_CALLERS, &mut asked)
    }

    fn is_chosen(
        &self,
        id: FuncId,
        field: ObjectId,
        key: usize,
        depth: u32,
        asked: &mut FxHashSet<FuncId>,
    ) -> bool {
        let module = self.package.module;
        if !asked.insert(id) || self.uses.valued.contains(&id) {
            return false;
        }
        let callers = self.uses.callers[id.index()].iter();
        let callers: Vec<_> =
            callers.filter(|c| !self.package.in_test(module.funcs[c.func].span)).collect();
        let asks =
            |func: FuncId, site: Site| self.asks_before(func, &module.funcs[func], field, site);
        if callers.iter().any(|c| asks(c.func, c.site)) {
            return false;
        }
        if self.is_open_to_others(&module.funcs[id]) {
            return true;
        }
        depth > 0
            && callers.iter().any(|caller| {
                let outer = &module.funcs[caller.func];
                let key = match caller.args.get(key) {
                    Some(Operand::Local(key)) => param_of(outer, *key),
                    _ => None,
                };
                key.is_some_and(|key| self.is_chosen(caller.func, field, key, depth - 1, asked))
            })
    }

    /// Whether other packages can call a function: its name and that of its receiver's type are exported.
    fn is_open_to_others(&self, func: &Func) -> bool {
        let program = self.package.program;
        let exported = |object: ObjectId| {
            program.object_name(object).chars().next().is_some_and(char::is_uppercase)
        };
        let receiver = func.params.first().filter(|_| func.has_recv).map(|&p| func.locals[p].ty);
        let named = receiver.map(|ty| program.named_object(program.pointee(ty).unwrap_or(ty)));
        func.object.is_some_and(exported)
            && named.is_none_or(|named| named.is_some_and(exported))
            && &*program.source(self.package.module.package).name != "main"
    }

    /// Whether a function looks into a map before it comes to a place, or calls one that does.
    fn asks_before(&self, id: FuncId, func: &Func, field: ObjectId, site: Site) -> bool {
        let looks = |id: FuncId| {
            let func = &self.package.module.funcs[id];
            instrs(func).any(|(_, _, kind)| self.looks_up(id, kind, field))
                || func.blocks.iter().any(|block| match &block.term {
                    Terminator::RangeNext { over, .. } => self.uses.is_from(id, over, field),
                    _ => false,
                })
        };
        let ranges = func.blocks.iter_enumerated().filter(|(_, data)| match &data.term {
            Terminator::RangeNext { over, .. } => self.uses.is_from(id, over, field),
            _ => false,
        });
        let asked = instrs(func).filter(|(_, _, kind)| {
            let body = called(kind).and_then(|call| self.package.body(&call.callee));
            self.looks_up(id, kind, field) || body.is_some_and(looks)
        });
        let asked = asked.map(|(block, index, _)| (block, index));
        leads(func, ranges.map(|(block, _)| (block, usize::MAX)).chain(asked), site)
    }

    fn looks_up(&self, id: FuncId, kind: &InstrKind, field: ObjectId) -> bool {
        match kind {
            InstrKind::Assign(_, Rvalue::MapLookup { map, .. } | Rvalue::Len(map)) => {
                self.uses.is_from(id, map, field)
            }
            InstrKind::MapDelete { map, .. } => self.uses.is_from(id, map, field),
            _ => false,
        }
    }
}

/// The parameter that a local is a copy of.
fn param_of(func: &Func, local: LocalId) -> Option<usize> {
    let mut at = local;
    for _ in 0..MAX_CALLERS {
        if let Some(index) = owner_param(func, at) {
            return Some(index);
        }
        at = visit::kinds(func).find_map(|kind| match kind {
            InstrKind::Assign(dst, Rvalue::Use(Operand::Local(from))) if *dst == at => Some(*from),
            _ => None,
        })?;
    }
    None
}
