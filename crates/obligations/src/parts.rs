//! Which parts of its receiver a method may end, asked of one field at a time.

use crate::exec::Run;
use crate::lends::{self, Lends};
use crate::package::Package;
use crate::state::State;
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_base::{FxHashMap, IndexVec};
use stanch_ir::{Func, FuncId, LocalId, Place, PlaceBase, Proj};
use stanch_types::{ObjectId, TypeId, TypeKind};
use std::cell::RefCell;

/// The input and the one field of it that a scan follows.
#[derive(Clone, Copy)]
pub(crate) struct Only<'s> {
    pub(crate) input: usize,
    field: ObjectId,
    /// What functions called on the way do to the field of their input.
    seen: &'s RefCell<FxHashMap<(FuncId, usize), Lends>>,
    depth: u32,
}

/// Calls are followed so far.
const MAX_CALLS: u32 = 8;
/// Types within types are looked at so far.
const MAX_TYPES: u32 = 6;

impl Only<'_> {
    /// Whether a place within the input is in another field, whose value leads nowhere else.
    pub(crate) fn passes_by(
        self,
        package: &Package<'_>,
        func: &Func,
        place: &Place,
        to: LocalId,
    ) -> bool {
        let PlaceBase::Local(base) = place.base else { return false };
        let first = place.proj.iter().find(|proj| !matches!(proj, Proj::Deref));
        let Some(Proj::Field(_, field)) = first else { return false };
        let captures = func.captures.iter().map(|c| c.inner);
        let input = func.params.iter().copied().chain(captures).nth(self.input);
        let ty = |local: LocalId| func.locals.get(local).map(|l| l.ty);
        *field != self.field
            && input.and_then(ty) == ty(base)
            && ty(to).is_some_and(|ty| !package.may_hold_more(ty, MAX_TYPES))
    }

    /// What a function in view does to an input that is the same object.
    pub(crate) fn of_callee(
        self,
        package: &Package<'_>,
        known: &IndexVec<FuncId, Lends>,
        callee: FuncId,
        input: usize,
    ) -> Lends {
        let all = known.get(callee).copied().unwrap_or_default();
        let own = package.module.funcs.get(callee).is_some_and(|f| f.has_body);
        if !own || self.depth == 0 || input >= 64 || !all.ends(input) {
            return all;
        }
        if let Some(&seen) = self.seen.borrow().get(&(callee, input)) {
            return seen;
        }
        self.seen.borrow_mut().insert((callee, input), all);
        let only = Self { input, depth: self.depth - 1, ..self };
        let lends = lends::scan(package, known, callee, Some(only));
        self.seen.borrow_mut().insert((callee, input), lends);
        lends
    }
}

impl Package<'_> {
    /// Whether a method may end what a field of its receiver holds.
    fn may_end_field(&self, method: FuncId, field: ObjectId) -> bool {
        let known: IndexVec<FuncId, Lends> = self.facts.iter().map(|f| f.lends).collect();
        let seen = RefCell::default();
        let only = Only { input: 0, field, seen: &seen, depth: MAX_CALLS };
        only.of_callee(self, &known, method, 0).ends(0)
    }

    /// Whether a value of a type may lead to objects of which the type says nothing.
    fn may_hold_more(&self, ty: TypeId, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return true };
        let program = self.program;
        let under = program.kind(program.underlying(ty));
        if !matches!(under, TypeKind::Interface(_)) && self.names.is_resource(ty) {
            return false;
        }
        match under {
            TypeKind::Basic(_) => false,
            TypeKind::Pointer(of) | TypeKind::Slice(of) | TypeKind::Array(_, of) => {
                self.may_hold_more(*of, depth)
            }
            TypeKind::Map(key, value) => {
                self.may_hold_more(*key, depth) || self.may_hold_more(*value, depth)
            }
            TypeKind::Struct(fields) => fields
                .iter()
                .any(|field| self.may_hold_more(program.object(field.object).ty, depth)),
            TypeKind::Interface(_) => !self.is_error(ty),
            _ => true,
        }
    }
}

impl Run<'_, '_> {
    /// Whether a method that goes to an object which `recv` may keep leaves alone whatever is owed for
    /// that. What `recv` gets later is asked for then.
    pub(crate) fn leaves_owed(&mut self, state: &State, recv: TermId, method: FuncId) -> bool {
        let lends = self.package.facts[method].lends;
        if !lends.leaves_whole(0) {
            return false;
        }
        if !lends.ends(0) {
            return true;
        }
        if lends.ends_whole(0) || !matches!(self.arena.get(recv), Term::New(_)) {
            return false;
        }
        let owed = |&(&place, &term): &(&PlaceId, &TermId)| {
            let owed = match *self.arena.get(self.arena.unboxed(term)) {
                Term::Owed(site) => state.owed.contains_key(&site),
                _ => false,
            };
            owed && self.arena.data(place).root == Root::Ptr(recv)
        };
        let fields = state.mem.iter().filter(owed).map(|(&place, _)| self.first_field(place));
        let ends = |field: Option<ObjectId>| {
            field.is_none_or(|field| self.package.may_end_field(method, field))
        };
        if fields.collect::<Vec<_>>().into_iter().any(ends) {
            return false;
        }
        self.ended_by.entry(recv).or_default().insert(method);
        true
    }

    /// Whether others have methods of an object that may end what one of its places holds.
    pub(crate) fn others_end(&self, object: TermId, place: PlaceId) -> bool {
        let Some(methods) = self.ended_by.get(&object) else { return false };
        let field = self.first_field(place);
        let ends =
            |&method: &FuncId| field.is_none_or(|field| self.package.may_end_field(method, field));
        methods.iter().any(ends)
    }

    fn first_field(&self, place: PlaceId) -> Option<ObjectId> {
        match self.arena.data(place).parts.first() {
            Some(Part::Field(field)) => Some(*field),
            _ => None,
        }
    }
}
