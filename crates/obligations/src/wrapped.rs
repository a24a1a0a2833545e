//! Objects that functions of the package put around what they are given: a decoder around a connection. Until such
//! an object goes somewhere, or is ended, what is in it still has to be closed.

use crate::calls::Invocation;
use crate::doubts::can_fail;
use crate::exec::Run;
use crate::loans::is_closed;
use crate::state::State;
use crate::summary::{Outcome, Path, Value};
use crate::term::{PlaceId, Root, Term, TermId};
use stanch_ir::{FuncId, LocalId};
use stanch_types::TypeKind;

impl<'a> Run<'a, '_> {
    /// What is owed in a value: it, or what it is put around.
    pub(crate) fn inner(&self, value: TermId) -> TermId {
        let mut value = self.arena.unboxed(value);
        while let Term::Wrap(inner) = *self.arena.get(value) {
            value = self.arena.unboxed(inner);
        }
        value
    }

    /// Whether a value is, or is put around, something that has to be closed and is not yet.
    pub(crate) fn holds_open(&self, state: &State, value: TermId) -> bool {
        let inner = self.inner(value);
        let site = match *self.arena.get(inner) {
            Term::Owed(site) => Some(site),
            Term::New(_) => self.carriers.get(&inner).copied(),
            _ => None,
        };
        site.is_some_and(|site| {
            let kind = self.sites.get(&site).and_then(|site| site.kind);
            is_closed(kind) && state.owed.get(&site).is_some_and(|owed| !owed.guarded)
        })
    }

    /// The result of a call that is an object; there is no other.
    fn object_of(&self, dst: &[LocalId]) -> Option<usize> {
        let is_object = |&local: &LocalId| {
            let program = self.package.program;
            let ty = self.func.locals.get(local).map(|l| l.ty);
            ty.is_some_and(|ty| {
                let under = program.kind(program.underlying(ty));
                matches!(under, TypeKind::Pointer(_) | TypeKind::Interface(_))
                    && !self.package.is_error(ty)
            })
        };
        let plain = |&local: &LocalId| {
            self.func.locals.get(local).is_some_and(|l| self.package.holds_nothing(l.ty))
        };
        let object = dst.iter().position(is_object)?;
        let others = dst.iter().enumerate().filter(|(i, _)| *i != object);
        others.map(|(_, local)| local).all(plain).then_some(object)
    }

    /// Whether a callee puts an argument that has to be closed into the object that it returns, and nowhere else.
    pub(crate) fn is_put_around(
        &self,
        state: &State,
        outcome: &Outcome,
        path: &Path,
        value: TermId,
        call: &Invocation<'a>,
    ) -> bool {
        let object = self.object_of(call.dst).and_then(|i| outcome.results.get(i)?.as_ref());
        !self.learning
            && !call.deferred
            && outcome.fresh.is_empty()
            && path.steps.is_empty()
            && outcome.within_results.contains(path)
            && matches!(object, Some(Value::NonNil | Value::New(_)))
            && self.holds_open(state, value)
    }

    /// The same of a function of which nothing is known but what it does to its inputs: the argument.
    pub(crate) fn puts_around(
        &self,
        state: &State,
        func: FuncId,
        call: &Invocation<'a>,
    ) -> Option<usize> {
        if self.learning || call.deferred || state.owed.is_empty() {
            return None;
        }
        self.object_of(call.dst)?;
        let lends = self.package.facts[func].lends;
        (0..call.args.len()).find(|&i| {
            lends.only_returns(i) && !lends.only_uses(i) && self.holds_open(state, call.args[i])
        })
    }

    /// The object that a call has returned has `value` in it.
    pub(crate) fn put_around(&mut self, state: &mut State, call: &Invocation<'a>, value: TermId) {
        if let Some(object) = self.object_of(call.dst) {
            let around = self.arena.term(Term::Wrap(value));
            self.set(state, call, object, around);
        }
    }

    /// A function that never returns an error has returned none.
    pub(crate) fn believe_success(
        &mut self,
        state: &mut State,
        func: FuncId,
        call: &Invocation<'a>,
    ) {
        if can_fail(self.package, func) {
            return;
        }
        for &dst in call.dst {
            if self.func.locals.get(dst).is_some_and(|local| self.package.is_error(local.ty)) {
                let nil = self.arena.nil();
                self.assign(state, dst, nil);
            }
        }
    }

    /// What a place is a part of, if that is put around something.
    pub(crate) fn around(&self, place: PlaceId) -> Option<TermId> {
        match self.arena.data(place).root {
            Root::Ptr(object) => matches!(self.arena.get(object), Term::Wrap(_)).then_some(object),
            Root::Local(_) | Root::Global(_) => None,
        }
    }

    /// A function gets objects, and may end what they hold: so it may end what that is put around.
    pub(crate) fn end_within(&mut self, state: &mut State, func: FuncId, args: &[TermId]) {
        if state.owed.is_empty() {
            return;
        }
        let lends = self.package.facts[func].lends;
        let ended: Vec<TermId> =
            (0..args.len()).filter(|&i| lends.ends(i)).map(|i| args[i]).collect();
        for arg in ended {
            let object = self.arena.unboxed(arg);
            let held = match *self.arena.get(object) {
                Term::Wrap(_) => vec![object],
                Term::New(_) | Term::Addr(_) => {
                    let place = self.arena.pointee(object);
                    let parts = self.parts(state, place).into_iter();
                    let wraps = |&part: &TermId| {
                        matches!(self.arena.get(self.arena.unboxed(part)), Term::Wrap(_))
                    };
                    parts.filter(wraps).collect()
                }
                _ => continue,
            };
            held.into_iter().for_each(|value| self.escape(state, value));
        }
    }

    /// A literal of which no more is known may call what is in the fields of objects that it captures: cancel
    /// functions there are its business.
    pub(crate) fn call_within(&mut self, state: &mut State, func: FuncId) {
        let lends = self.package.facts[func].lends;
        let mut given: Vec<(usize, TermId)> = Vec::new();
        if let Some(literal) = self.package.module.funcs.get(func)
            && literal.parent == Some(self.id)
        {
            for (i, capture) in literal.captures.iter().enumerate() {
                let place = self.arena.local(capture.outer);
                given.push((literal.params.len() + i, state.load(&mut self.arena, place)));
            }
        }
        for (_, object) in given.into_iter().filter(|(input, _)| lends.ends(*input)) {
            let object = self.arena.unboxed(object);
            if !matches!(self.arena.get(object), Term::New(_) | Term::Addr(_)) {
                continue;
            }
            let place = self.arena.pointee(object);
            for part in self.parts(state, place) {
                let Term::Owed(site) = *self.arena.get(self.arena.unboxed(part)) else { continue };
                if self.sites.get(&site).is_some_and(|site| site.kind.is_none()) {
                    self.escape(state, part);
                }
            }
        }
    }
}
