//! Memo tables: what is looked up under a key, and made and stored where it was not there.

use crate::facts::{Asked, DeclId, Grow, Key, Op, OpKind};
use crate::scan::Scan;
use stanch_effects::Role;
use stanch_ir::{BlockId, Callee, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Rvalue};
use stanch_types::{Basic, TypeKind};

/// A lookup in a map.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'s> {
    pub(crate) at: BlockId,
    pub(crate) map: &'s Operand,
    pub(crate) key: &'s Operand,
    /// The local that gets the value, and the one that gets whether it is there.
    pub(crate) to: LocalId,
    pub(crate) ok: Option<LocalId>,
}

/// The lookups of a function.
pub(crate) fn asks(func: &Func) -> Vec<Ask<'_>> {
    let blocks = func.blocks.iter_enumerated();
    let instrs = blocks.flat_map(|(at, data)| data.instrs.iter().map(move |i| (at, &i.kind)));
    let asks = instrs.filter_map(|(at, kind)| match kind {
        InstrKind::Assign(to, Rvalue::MapLookup { map, key, ok }) => {
            Some(Ask { at, map, key, to: *to, ok: *ok })
        }
        _ => None,
    });
    asks.collect()
}

impl Scan<'_, '_> {
    /// Whether the same key was looked up in the map before, and what was found is used.
    pub(crate) fn remembers(&mut self, map: LocalId, key: &Operand, block: BlockId) -> bool {
        let key = self.identity(key);
        let of = self.origins.of(self.id, map);
        let same = |x: &Operand| {
            self.origins.operand(self.id, x).iter().any(|o| of.iter().any(|p| p.key == o.key))
        };
        let lookups = self.asks.iter().filter(|ask| {
            same(ask.map)
                && self.identity(ask.key) == key
                && (ask.ok.is_some() || self.may_be_nil(ask.to))
        });
        let lookups: Vec<(BlockId, LocalId)> = lookups.map(|ask| (ask.at, ask.to)).collect();
        if lookups.is_empty() || key.is_none() {
            return false;
        }
        let dominators = self.dominators.get_or_insert_with(|| self.func.dominators());
        let before: Vec<LocalId> = lookups
            .into_iter()
            .filter(|(at, _)| dominators.dominates(*at, block))
            .map(|(_, found)| found)
            .collect();
        before.into_iter().any(|found| self.is_read(found))
    }

    /// Notes the parameters that are called to make what a memo table of the function does not have yet:
    /// they run once for each name.
    pub(crate) fn creators(&mut self) {
        let remembers = |op: &Op| matches!(&op.kind, OpKind::Grow(grow) if grow.memo);
        if !self.facts.ops.iter().any(remembers) {
            return;
        }
        let mut found: Vec<(u32, u32)> = Vec::new();
        for (_, _, call, _) in crate::retain::calls(self.func) {
            let Callee::Value(Operand::Local(value)) = call.callee else { continue };
            let (mut of, mut local) = (self.id, value);
            for _ in 0..4 {
                let func = &self.reader.module.funcs[of];
                if let Some(number) = func.params.iter().position(|p| *p == local) {
                    found.push((of.raw(), number as u32));
                    break;
                }
                if let Some(capture) = func.captures.iter().find(|c| c.inner == local)
                    && let Some(parent) = func.parent
                {
                    (of, local) = (parent, capture.outer);
                } else if of == self.id
                    && let [Rvalue::Use(Operand::Local(x))] = self.definitions[local].as_slice()
                {
                    local = *x;
                } else {
                    break;
                }
            }
        }
        self.facts.creates = found;
    }

    /// Notes an argument that the function looks up in a container, and uses what it finds: where a helper
    /// puts it in, that is a memo table all the same.
    pub(crate) fn asked(&mut self, arg: &Operand, to: DeclId, param: u32) {
        let Operand::Local(_) = arg else { return };
        if self.lookups.is_none() {
            self.lookups = Some(self.all_lookups());
        }
        let lookups = self.lookups.as_deref().unwrap_or_default();
        if lookups.is_empty() {
            return;
        }
        let Some(id) = self.identity(arg) else { return };
        let found = lookups.iter().filter(|l| l.1 == id).map(|l| Asked { key: l.0, to, param });
        self.facts.asked.extend(found);
    }

    fn all_lookups(&self) -> Vec<(Key, u64)> {
        let mut found = Vec::new();
        for &Ask { map, key, to, ok, .. } in &self.asks {
            let (true, Some(id)) = (ok.is_some() || self.may_be_nil(to), self.identity(key)) else {
                continue;
            };
            if self.is_read(to) || ok.is_some_and(|ok| self.is_read(ok)) {
                let of = self.origins.operand(self.id, map);
                found.extend(of.iter().filter(|o| !o.way.element).map(|o| (o.key, id)));
            }
        }
        found
    }

    /// Whether the function loads from the `sync.Map` what it stores in it.
    pub(crate) fn loads(&mut self, map: &Operand, grow: &Grow) -> bool {
        let of = self.origins.operand(self.id, map).to_vec();
        let calls: Vec<_> = crate::retain::calls(self.func).map(|(_, _, call, _)| call).collect();
        grow.key_id.is_some()
            && grow.value_param.is_none()
            && calls.into_iter().any(|call| {
                let Callee::Static(object, _) = &call.callee else { return false };
                let args = (call.args.first(), call.args.get(1));
                let (Some(first), Some(key)) = args else { return false };
                call.dst.len() == 2
                    && self.reader.is_for(*object, Role::LookUp)
                    && self.identity(key) == grow.key_id
                    && self.origins.operand(self.id, first).iter().any(|o| of.contains(o))
                    && call.dst.first().is_some_and(|found| self.is_read(*found))
            })
    }

    /// Whether a container belongs to an object that the function makes: what is put in then is put in
    /// once.
    pub(crate) fn is_of_new(&self, container: LocalId) -> bool {
        self.definitions[container].iter().any(|v| match v {
            Rvalue::Load(Place { base: PlaceBase::Local(of), .. }) => self.is_made(*of, 3),
            _ => false,
        })
    }

    fn is_made(&self, local: LocalId, steps: u32) -> bool {
        let definitions = &self.definitions[local];
        !definitions.is_empty()
            && definitions.iter().all(|v| match v {
                Rvalue::New(_) | Rvalue::Composite { .. } => true,
                Rvalue::Use(Operand::Local(x)) if steps > 0 => self.is_made(*x, steps - 1),
                _ => false,
            })
    }

    /// Whether nothing, or false, tells that it was not there.
    fn may_be_nil(&self, local: LocalId) -> bool {
        let program = self.reader.program;
        matches!(
            program.kind(program.underlying(self.func.locals[local].ty)),
            TypeKind::Pointer(_)
                | TypeKind::Map(..)
                | TypeKind::Slice(_)
                | TypeKind::Chan(..)
                | TypeKind::Interface(_)
                | TypeKind::Signature(_)
                | TypeKind::Basic(Basic::Bool)
        )
    }

    /// Whether the function does anything with a local but set it.
    fn is_read(&self, local: LocalId) -> bool {
        let mut read = false;
        for data in self.func.blocks.iter() {
            for instr in &data.instrs {
                instr.kind.for_each_operand(|x| read |= *x == Operand::Local(local));
            }
            data.term.for_each_operand(|x| read |= *x == Operand::Local(local));
        }
        read
    }
}
