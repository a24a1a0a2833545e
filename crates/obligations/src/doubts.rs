//! What a way rests on: branches whose condition is not about what comes from outside.
//!
//! A condition over a parameter, over what a parameter points to, or over what a call out of view, a channel
//! or the outside world gave may go either way. Whatever else a condition asks about is decided by the text
//! of the program: where it is not known here, it was merely lost. A way that rests on such a condition is
//! not certain, unless it is the same on the other side of the branch.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::package::Package;
use crate::report::LockMode;
use crate::state::State;
use crate::summary::{Outcome, Path};
use crate::term::{Arena, Number, PlaceId, Root, Term, TermId};
use crate::visit;
use stanch_effects::Gives;
use stanch_ir::{Func, FuncId, InstrKind, LocalId, Operand, Rvalue, Span, Terminator};
use stanch_types::TypeKind;
use std::sync::Arc;

/// Ways that are compared with each other.
const MAX_WAYS: usize = 24;
/// Values are followed so far to what they are made of.
const MAX_DEPTH: u32 = 8;

/// Branches of a way that are in doubt, in order, each with the side it takes: 0 and 1 exclude each other.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub(crate) struct Doubts(Option<Arc<Vec<(Span, u32)>>>);

impl Doubts {
    /// The way takes one side of a branch.
    pub(crate) fn add(&mut self, at: Span, side: u32) {
        let list = self.0.get_or_insert_with(Arc::default);
        if let Err(i) = list.binary_search_by_key(&at, |doubt| doubt.0) {
            Arc::make_mut(list).insert(i, (at, side));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list().is_empty()
    }

    fn list(&self) -> &[(Span, u32)] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }

    /// What this way and another that comes to the same rest on.
    pub(crate) fn join(&mut self, other: &Self) -> bool {
        if self == other {
            return false;
        }
        let joined = self.without(other);
        let changes = joined.is_some();
        if let Some(joined) = joined {
            *self = joined;
        }
        changes
    }

    /// What two ways rest on together, if that is less: one rests on less, or they take two sides of one
    /// branch.
    fn without(&self, other: &Self) -> Option<Self> {
        let (own, theirs) = (self.list(), other.list());
        if theirs.len() < own.len() && theirs.iter().all(|doubt| own.contains(doubt)) {
            return Some(other.clone());
        }
        if own.len() != theirs.len() {
            return None;
        }
        let mut differing = (0..own.len()).filter(|&i| own[i] != theirs[i]);
        let at = differing.next().filter(|_| differing.next().is_none())?;
        let sides = own[at].1 + theirs[at].1;
        if own[at].0 != theirs[at].0 || sides != 1 {
            return None;
        }
        let mut rest = own.to_vec();
        rest.remove(at);
        Some(Self(Some(Arc::new(rest))))
    }
}

/// Whether one of several ways is taken whatever the doubts: together they take all sides.
pub(crate) fn settled<'d>(ways: impl Iterator<Item = &'d Doubts>) -> bool {
    let mut known: Vec<Doubts> = Vec::new();
    for way in ways {
        if !known.contains(way) {
            known.push(way.clone());
        }
    }
    let mut next = 0;
    while next < known.len() && known.len() <= MAX_WAYS {
        for i in 0..next {
            for rest in [known[i].without(&known[next]), known[next].without(&known[i])] {
                if let Some(rest) = rest.filter(|rest| !known.contains(rest)) {
                    known.push(rest);
                }
            }
        }
        next += 1;
    }
    known.iter().any(Doubts::is_empty)
}

/// Which results of a call come from outside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Brings {
    All,
    /// Whether it failed.
    Errors,
    Nothing,
}

impl Arena {
    /// Says whether a new value comes from outside; what is told twice does if both say so.
    pub(crate) fn note_outside(&mut self, term: TermId, outside: bool) {
        self.outside.entry(term).and_modify(|known| *known &= outside).or_insert(outside);
    }

    /// Whether a value is about something that comes from outside.
    pub(crate) fn is_outside(&self, term: TermId) -> bool {
        self.is_made_outside(term, MAX_DEPTH)
    }

    fn is_made_outside(&self, term: TermId, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let of = |term| self.is_made_outside(term, depth);
        match *self.get(term) {
            Term::Fresh(_) | Term::NonNil(_) | Term::Phi(..) | Term::Pure(..) => {
                self.outside.get(&term) == Some(&true)
            }
            Term::Load(place, epoch) => {
                let begins = |t: TermId| *self.get(t) == Term::Fresh(Number::Count(0));
                epoch.is_none_or(begins) && self.is_place_outside(place, depth)
            }
            Term::Not(x) | Term::Is(x, _) | Term::Assert(x, _) | Term::Len(x, _) => of(x),
            Term::Iface(x) | Term::Elem(x, ..) | Term::Has(x, ..) => of(x),
            Term::Binary(_, x, y) => of(x) || of(y),
            _ => false,
        }
    }

    fn is_place_outside(&self, place: PlaceId, depth: u32) -> bool {
        match self.data(place).root {
            Root::Local(local) => self.inputs.contains(&local),
            Root::Ptr(pointer) => self.is_made_outside(pointer, depth),
            Root::Global(_) => false,
        }
    }
}

impl<'a> Run<'a, '_> {
    /// Notes which variables the caller decides.
    pub(crate) fn name_inputs(&mut self) {
        let (package, func) = (self.package, self.func);
        let captured = func.captures.iter().filter(|c| is_filled(package, func, c.outer));
        let inputs = func.params.iter().copied().chain(captured.map(|c| c.inner));
        self.arena.inputs.extend(inputs);
    }

    /// Notes a branch on a condition that nobody outside decides.
    pub(crate) fn doubt(&self, state: &mut State, about: TermId, at: Span, side: u32) {
        if !self.arena.is_outside(about) {
            state.trace.doubts.add(at, side);
        }
    }

    /// Which results of a call come from outside.
    pub(crate) fn brings(&self, call: &Invocation<'a>) -> Brings {
        let outside = |&arg: &TermId| self.arena.is_outside(arg);
        match call.target {
            Target::Body(func) => match can_fail(self.package, func) {
                true => Brings::Errors,
                false => Brings::Nothing,
            },
            Target::Input(_) => Brings::All,
            // What hangs on the arguments alone.
            Target::Effect(effect) if effect.gives != Gives::Any => {
                match call.args.iter().any(outside) {
                    true => Brings::All,
                    false => Brings::Nothing,
                }
            }
            Target::Effect(_) | Target::Owed(_) | Target::Unknown => {
                let errors = self.given_errors(call);
                let fails = |dst: &LocalId| {
                    self.func.locals.get(*dst).is_some_and(|l| self.package.is_error(l.ty))
                };
                let all = match (&*errors, call.object) {
                    ([], Some(_)) if self.is_of_own_context(call) => false,
                    ([], Some(_)) => {
                        call.args.is_empty()
                            || call.args.iter().any(outside)
                            || call.dst.iter().any(fails) && !self.joins_errors(call)
                    }
                    ([], None) => call.args.iter().any(outside),
                    (errors, _) => errors.iter().any(outside),
                };
                if all { Brings::All } else { Brings::Nothing }
            }
        }
    }

    /// Whether a value is one that this function has made up: a constant, or an object of its own.
    pub(crate) fn is_own_value(&self, value: TermId) -> bool {
        let inner = self.arena.unboxed(value);
        self.arena.is_const(inner)
            || self.copies.contains(&inner)
            || matches!(self.arena.get(inner), Term::New(_) | Term::Addr(_))
    }

    /// Whether a method asks a context of the function's own.
    fn is_of_own_context(&self, call: &Invocation<'a>) -> bool {
        let [recv] = *call.args else { return false };
        matches!(self.arena.get(self.arena.unboxed(recv)), Term::Context(_) | Term::Background)
    }

    /// Whether a call is given a list of errors.
    fn joins_errors(&self, call: &Invocation<'a>) -> bool {
        let program = self.package.program;
        let Some(object) = call.object else { return false };
        let TypeKind::Signature(signature) = program.kind(program.object(object).ty) else {
            return false;
        };
        signature.params.iter().any(|&param| match program.kind(param) {
            TypeKind::Slice(elem) => self.package.is_error(*elem),
            _ => false,
        })
    }

    /// A call was run: where its results come from.
    pub(crate) fn note_brought(&mut self, after: &[State], dst: &[LocalId], brings: Brings) {
        for state in after {
            for &local in dst {
                let place = self.arena.local(local);
                let value = state.load(&mut self.arena, place);
                let value = self.arena.unboxed(value);
                let new = matches!(
                    self.arena.get(value),
                    Term::Fresh(_) | Term::NonNil(_) | Term::Pure(..)
                );
                if new {
                    let error = self.package.is_error(self.func.locals[local].ty);
                    let outside = brings == Brings::All || brings == Brings::Errors && error;
                    self.arena.note_outside(value, outside);
                }
            }
        }
    }

    /// Something came out of a channel: from outside, unless nobody else has the channel.
    pub(crate) fn note_received(&mut self, state: &State, chan: &Operand, dst: &[LocalId]) {
        let shared = match chan {
            Operand::Local(local) => self.is_captured(*local),
            _ => false,
        };
        let chan = self.peek(state, chan);
        let outside = shared || self.arena.is_outside(chan);
        for &local in dst {
            let place = self.arena.local(local);
            let value = state.load(&mut self.arena, place);
            self.arena.note_outside(value, outside);
        }
    }

    /// A new value that hangs on operands: it comes from outside if one of them does.
    pub(crate) fn computed<'o>(
        &mut self,
        state: &State,
        mut operands: impl Iterator<Item = &'o Operand>,
    ) -> TermId {
        let outside = operands.any(|x| match x {
            Operand::Local(_) => {
                let x = self.peek(state, x);
                self.arena.is_outside(x)
            }
            _ => false,
        });
        let value = self.arena.fresh();
        self.arena.note_outside(value, outside);
        value
    }

    /// What a range gives comes from where the list does.
    pub(crate) fn note_ranged(
        &mut self,
        state: &State,
        list: TermId,
        key: Option<LocalId>,
        value: Option<LocalId>,
    ) {
        let outside = self.arena.is_outside(list);
        for local in key.into_iter().chain(value) {
            let place = self.arena.local(local);
            let value = state.load(&mut self.arena, place);
            self.arena.note_outside(value, outside);
        }
    }

    /// Whether a literal of the function has a variable.
    fn is_captured(&self, local: LocalId) -> bool {
        let funcs = &self.package.module.funcs;
        let literals = self.func.closures.iter().filter_map(|&id| funcs.get(id));
        literals.flat_map(|f| &f.captures).any(|c| c.outer == local)
    }
}

/// Which outcomes rest on what nobody outside decides. A lock that a function is left with on such a way only is
/// no concern of its callers: what there is to say of it is said of the function.
pub(crate) fn weigh(outcomes: &mut [Outcome]) {
    let always = |held: &(Path, LockMode)| outcomes.iter().all(|o| o.held.contains(held));
    let kept: Vec<(Path, LockMode)> =
        outcomes.iter().flat_map(|o| &o.held).filter(|held| always(held)).cloned().collect();
    for outcome in outcomes {
        if !settled(outcome.ways.iter()) {
            outcome.unsure = true;
            outcome.held.retain(|held| kept.contains(held));
        }
        outcome.ways = Vec::new();
    }
}

/// Whether an error that a function returns is ever one.
pub(crate) fn can_fail(package: &Package<'_>, id: FuncId) -> bool {
    let Some(facts) = package.facts.get(id) else { return true };
    *facts.fails.get_or_init(|| {
        let Some(func) = package.module.funcs.get(id).filter(|f| f.has_body) else { return true };
        let errors = func.results.iter().filter(|&&r| package.is_error(func.locals[r].ty));
        errors.into_iter().any(|&result| is_set(func, result))
    })
}

/// Whether a variable that a literal captures gets a value that is no constant.
fn is_filled(package: &Package<'_>, func: &Func, outer: LocalId) -> bool {
    let Some(parent) = func.parent.and_then(|id| package.module.funcs.get(id)) else {
        return true;
    };
    match parent.captures.iter().find(|c| c.inner == outer) {
        Some(capture) => is_filled(package, parent, capture.outer),
        None => parent.params.contains(&outer) || is_set(parent, outer),
    }
}

/// Whether a function sets a variable to something that is no constant.
fn is_set(func: &Func, local: LocalId) -> bool {
    let sets = |kind: &InstrKind| {
        let mut sets = false;
        visit::defs(kind, &mut |l| sets |= l == local);
        let constant = matches!(
            kind,
            InstrKind::DeclareVar(_)
                | InstrKind::Assign(
                    _,
                    Rvalue::Use(Operand::Nil(_) | Operand::Zero(_) | Operand::Const(..))
                )
        );
        sets && !constant
    };
    let ends = |term: &Terminator| {
        let mut sets = false;
        visit::terminator_defs(term, &mut |l| sets |= l == local);
        sets
    };
    visit::kinds(func).any(sets) || func.blocks.iter().any(|block| ends(&block.term))
}
