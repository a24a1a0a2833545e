//! What a store does to a container: puts another in its place, cuts it, makes it longer. A changed copy of a
//! container that takes its place (copy on write) is the container, changed.

use crate::facts::{Key, Loop, Op, OpKind, Taken};
use crate::origin::{Origin, of_place};
use crate::scan::Scan;
use stanch_effects::Does;
use stanch_ir::{
    BlockId, Call, Callee, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Span,
};
use stanch_types::Program;

/// Conversions looked through.
const MAX_STEPS: usize = 4;

impl<'s> Scan<'s, '_> {
    /// What an operand stands for, copies left out that never take the place of what they are copies of.
    pub(crate) fn own(&mut self, operand: &Operand) -> Vec<Origin> {
        let mut all = self.origins.operand(self.id, operand).to_vec();
        all.retain(|o| !o.way.copied || self.is_restored(o.key));
        all
    }

    /// Whether the function puts a copy of a container in its place.
    fn is_restored(&mut self, key: Key) -> bool {
        if self.restored.is_none() {
            self.restored = Some(self.all_restored());
        }
        self.restored.as_ref().is_some_and(|all| all.contains(&key))
    }

    fn all_restored(&mut self) -> Vec<Key> {
        let mut found = Vec::new();
        for instr in self.func.blocks.iter().flat_map(|b| &b.instrs) {
            let (targets, value) = match &instr.kind {
                InstrKind::Store(place, value) if self.goes_back(place) => {
                    (of_place(self.names, self.origins, self.id, place), value)
                }
                InstrKind::Call(call) => match self.sets(call) {
                    Some(value) => {
                        let of = call
                            .args
                            .first()
                            .map_or(&[][..], |of| self.origins.operand(self.id, of));
                        (of.to_vec(), value)
                    }
                    None => continue,
                },
                _ => continue,
            };
            let from = self.origins.operand(self.id, value);
            let same = |key: Key| from.iter().any(|o| o.key == key && o.way.copied);
            found.extend(targets.into_iter().map(|t| t.key).filter(|key| same(*key)));
        }
        found
    }

    /// The value that a call of the library puts in the place of all that a container holds.
    pub(crate) fn sets<'c>(&self, call: &'c Call) -> Option<&'c Operand> {
        let Callee::Static(object, _) = &call.callee else { return None };
        if !self.reader.is_std(object.package) {
            return None;
        }
        match self.reader.does(*object) {
            Some(Does::Set(value)) => call.args.get(value),
            _ => None,
        }
    }

    /// Whether a place belongs to what the function works on, and not to an object that it makes.
    fn goes_back(&self, place: &Place) -> bool {
        match place.base {
            PlaceBase::Global(_) => true,
            PlaceBase::Local(base) => {
                matches!(place.proj.first(), Some(Proj::Deref))
                    && (self.func.params.contains(&base)
                        || self.func.captures.iter().any(|c| c.inner == base))
            }
        }
    }

    /// Whether one container is a copy of the other.
    pub(crate) fn is_copied(&self, to: Option<&Operand>, from: Option<&Operand>) -> bool {
        let (Some(to), Some(from)) = (to, from) else { return false };
        let from = self.origins.operand(self.id, from);
        let same = |o: &Origin| from.iter().any(|f| f.key == o.key);
        self.origins.operand(self.id, to).iter().any(|o| o.way.copied && same(o))
    }

    /// All that a container of the library holds is replaced.
    pub(crate) fn set(&mut self, call: &'s Call, value: &'s Operand, span: Span, looped: Loop) {
        let Some(Operand::Local(of)) = call.args.first() else { return };
        let place = match self.definitions[*of].as_slice() {
            [Rvalue::AddressOf(place)] => Some(place),
            _ => None,
        };
        let at = (self.at, looped);
        if place.is_some_and(|place| self.link(place, value, span, at)) {
            return;
        }
        let value = self.behind(value);
        for target in self.origins.of(self.id, *of).to_vec() {
            self.replaced(target, place, value, span, at);
        }
    }

    /// What an interface holds or a pointer to a variable points to.
    fn behind(&self, value: &'s Operand) -> &'s Operand {
        let mut value = value;
        for _ in 0..MAX_STEPS {
            let Operand::Local(local) = value else { break };
            match self.definitions[*local].as_slice() {
                [Rvalue::MakeInterface(x, _)] => value = x,
                _ => break,
            }
        }
        value
    }

    /// Something takes the place of a container.
    pub(crate) fn replaced(
        &mut self,
        target: Origin,
        place: Option<&Place>,
        value: &'s Operand,
        span: Span,
        (block, looped): (BlockId, Loop),
    ) {
        let mut own = self.own(value);
        own.retain(|o| o.key == target.key);
        if own.is_empty() {
            self.alias(target.key, value, span);
            if !place.is_some_and(|place| self.is_first(place, target.key, block)) {
                let (key, kind) = (target.key, OpKind::Shrink(Taken::All));
                // What is emptied lies in an entry, whose key stays.
                let element = place.is_some_and(|place| self.is_of_entry(place, key));
                self.push(Op { key, kind, span, element });
            }
        } else if own.iter().any(|o| o.way.cut) {
            let taken = self.cut(value);
            self.op(target.key, span, OpKind::Shrink(taken));
        } else if own.iter().any(|o| o.way.longer) {
            // Whoever panics about what it is given expects each thing once.
            let unique = self.panics();
            for mut grow in self.appended(value, looped) {
                grow.unique = unique;
                grow.bounded |=
                    self.was_empty(target.key, block) || self.is_counted_out(None, block);
                self.op(target.key, span, OpKind::Grow(grow));
            }
        }
    }

    /// An entry of a map or slice is set: to itself with more elements, or to something else. What is filled
    /// once ends with its owner.
    pub(crate) fn entry(
        &mut self,
        of: &[Origin],
        value: &'s Operand,
        span: Span,
        (looped, once): (Loop, bool),
    ) {
        if self.elem(self.ty(value)) == Program::UNKNOWN {
            return;
        }
        let from = self.origins.operand(self.id, value);
        for target in of {
            let own = |o: &&Origin| o.key == target.key && o.way.element;
            let longer = from.iter().filter(own).any(|o| o.way.longer && !o.way.cut);
            if !longer {
                self.op(target.key, span, OpKind::EntrySet);
                continue;
            }
            for mut grow in self.appended(value, looped) {
                grow.bounded |= once;
                self.op(target.key, span, OpKind::EntryGrow(grow));
            }
        }
    }

    /// Whether a value is a piece of an element of the container in `base`.
    pub(crate) fn cuts(&self, base: LocalId, value: &Operand) -> bool {
        let of = self.origins.of(self.id, base);
        let same = |key: Key| of.iter().any(|o| o.key == key);
        self.origins.operand(self.id, value).iter().any(|o| o.way.cut && same(o.key))
    }
}
