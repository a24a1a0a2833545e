//! What cannot be otherwise: calls that do not fail, what is known of results, and types that interfaces are
//! known to hold.

use crate::calls::Invocation;
use crate::exec::Run;
use crate::state::State;
use crate::term::{Root, Term, TermId};
use crate::visit;
use stanch_effects::Gives;
use stanch_ir::{Call, Callee, InstrKind, LocalId, Operand, Rvalue};
use stanch_syntax::ast::BinaryOp;
use stanch_types::TypeId;

/// What is known of a call of a library function.
#[derive(Clone, Copy)]
pub(crate) struct Sure {
    /// It does not fail.
    succeeds: bool,
    /// What it returns is well formed.
    proper: bool,
}

impl<'a> Run<'a, '_> {
    /// Whether a call cannot fail, and whether what it returns is well formed.
    pub(crate) fn is_sure(&self, call: &Invocation<'a>) -> Option<Sure> {
        let effect = self.package.names.resource(call.object?)?;
        let constant = |term: TermId| matches!(self.arena.get(term), Term::Text(_));
        let text = effect.sure.and_then(|i| call.args.get(i as usize).copied());
        let succeeds = text.is_some_and(|text| constant(text) || self.proper.contains(&text));
        let proper = effect.proper && (effect.sure.is_none() || succeeds);
        (succeeds || proper).then_some(Sure { succeeds, proper })
    }

    /// A call that cannot fail was run.
    pub(crate) fn succeeds(&mut self, after: &mut [State], dst: &[LocalId], sure: Sure) {
        for state in after {
            for &local in dst {
                let is_error =
                    self.func.locals.get(local).is_some_and(|l| self.package.is_error(l.ty));
                if is_error && sure.succeeds {
                    let nil = self.arena.nil();
                    self.assign(state, local, nil);
                } else if sure.proper {
                    let place = self.arena.local(local);
                    let text = state.load(&mut self.arena, place);
                    self.proper.insert(text);
                }
            }
        }
    }

    /// Results of a library function, as far as something is known of them.
    pub(crate) fn given(&mut self, state: &mut State, gives: Gives, call: &Invocation<'a>) {
        let about = match gives {
            Gives::AsksOf(n) | Gives::NilWith(n) => call.args.get(n as usize).copied(),
            Gives::Any | Gives::Positive | Gives::NonNil | Gives::Alike => None,
        };
        let nil = about.and_then(|arg| state.nilness(&self.arena, arg));
        if let (Gives::AsksOf(_), Some(true)) = (gives, nil) {
            let no = self.arena.bool(false);
            return self.set(state, call, 0, no);
        }
        for (i, &dst) in call.dst.iter().enumerate() {
            let value = match (gives, nil, about) {
                (Gives::Alike, ..) => self.alike(call, i),
                (Gives::NonNil, ..) | (Gives::NilWith(_), Some(false), _) => self.arena.non_nil(),
                (Gives::NilWith(_), Some(true), Some(arg)) => arg,
                _ => self.arena.fresh(),
            };
            self.assign(state, dst, value);
        }
    }

    /// The result of a function of a package that is missing which is given an error that is one, and whose
    /// only result is returned as an error: it is believed not to lose it.
    pub(crate) fn wraps_unseen(
        &self,
        state: &State,
        call: &Call,
        args: &[TermId],
    ) -> Option<LocalId> {
        let (Callee::Value(Operand::Unknown(_)), &[dst]) = (&call.callee, &*call.dst) else {
            return None;
        };
        let is_error = |local: LocalId| {
            self.func.locals.get(local).is_some_and(|l| self.package.is_error(l.ty))
        };
        let fails = call.args.iter().zip(args).any(|(arg, &value)| match arg {
            Operand::Local(local) => {
                is_error(*local) && state.nilness(&self.arena, value) == Some(false)
            }
            _ => false,
        });
        let returned = |kind: &InstrKind| match kind {
            InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) => {
                *from == dst && is_error(*to) && self.func.results.contains(to)
            }
            _ => false,
        };
        (fails && visit::kinds(self.func).any(returned)).then_some(dst)
    }

    /// A result that hangs on the arguments alone.
    fn alike(&mut self, call: &Invocation<'a>, result: usize) -> TermId {
        match call.object {
            Some(object) => {
                let args = call.args.clone().into();
                self.arena.term(Term::Pure(object, result as u32, args, None))
            }
            None => self.arena.fresh(),
        }
    }

    /// The type that the interface holds which a library function returns.
    pub(crate) fn dynamic_type(&self, call: &Invocation<'a>) -> Option<String> {
        let object = call.object?;
        let text = call.args.iter().find_map(|&arg| match self.arena.get(arg) {
            Term::Text(text) => text.strip_prefix('"'),
            _ => None,
        })?;
        self.package.names.dynamic(object, text).map(str::to_owned)
    }

    /// Whether an interface holds a type, if that is known. What it holds else is another type for each
    /// pointer.
    pub(crate) fn holds_type(&self, value: TermId, ty: TypeId) -> Option<bool> {
        let program = self.package.program;
        if let Some(&Some(boxed)) = self.boxed.get(&value) {
            // Types of which something is not loaded may have more methods than are seen.
            return match program.is_interface(ty) {
                true => program.implements(boxed, ty).then_some(true),
                false => (boxed == ty).then_some(true),
            };
        }
        let Term::Owed(site) = *self.arena.get(self.arena.unboxed(value)) else { return None };
        let known = self.sites.get(&site)?.dynamic.as_deref()?;
        program.pointee(ty).map(|_| program.type_string(ty) == known)
    }

    /// Something is put in an interface: that has its type, unless it is an interface itself.
    pub(crate) fn note_boxed(&mut self, boxed: TermId, operand: &Operand) {
        let program = self.package.program;
        let Operand::Local(local) = operand else { return };
        let ty = self.func.locals.get(*local).map(|l| l.ty);
        let concrete = |ty: &TypeId| !program.is_interface(*ty) && !program.is_type_param(*ty);
        let ty = ty.filter(concrete);
        let known = self.boxed.entry(boxed).or_insert(ty);
        if *known != ty {
            *known = None;
        }
    }

    /// What a comparison says of something made here, which nobody else has, and a package-level variable:
    /// that holds something else.
    pub(crate) fn compares_new(
        &self,
        state: &State,
        op: BinaryOp,
        a: TermId,
        b: TermId,
    ) -> Option<bool> {
        let new = |t: TermId| match *self.arena.get(self.arena.unboxed(t)) {
            Term::Owed(site) => state.owed.contains_key(&site),
            _ => false,
        };
        let global = |t: TermId| match *self.arena.get(self.arena.unboxed(t)) {
            Term::Load(place, _) => matches!(self.arena.data(place).root, Root::Global(_)),
            _ => false,
        };
        let differ = new(a) && global(b) || global(a) && new(b);
        match op {
            BinaryOp::Eq if differ => Some(false),
            BinaryOp::Ne if differ => Some(true),
            _ => None,
        }
    }
}
