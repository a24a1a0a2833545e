//! What a new object holds that has to be closed: who gets the object gets that too.
//!
//! A function that opens something and returns it in a field of a new object leaves it to its caller, as if
//! it had returned the thing itself. The caller may close it in the field, or by whatever method does so.

use crate::calls::{Invocation, Target};
use crate::endings::has_end_for;
use crate::escape::Env;
use crate::exec::Run;
use crate::flow::Exit;
use crate::lends::is_method;
use crate::package::Package;
use crate::state::{Owed, State};
use crate::summary::{Base, Fresh, Outcome, Path, PathStep, Summary};
use crate::term::{Part, Root, Term, TermId};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::Kind;
use stanch_ir::{Callee, FuncId, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue, Span};
use stanch_types::{ObjectId, TypeId};

/// Calls of methods are followed so deep.
const MAX_CALLS: u32 = 3;

impl<'a> Run<'a, '_> {
    /// Says what a caller owes for the results, which leave view; the types of those that are new objects
    /// which may come to have goroutines.
    pub(crate) fn results_owed(
        &mut self,
        exit: &mut Exit,
        outcome: &mut Outcome,
    ) -> Vec<Option<TypeId>> {
        let mut news: Vec<Option<TypeId>> = Vec::new();
        for &result in &exit.results {
            self.leave_lists(&mut exit.state, result);
        }
        for (i, &result) in exit.results.iter().enumerate() {
            let inherited = self.inherited(&exit.state, i, result);
            outcome.fresh.extend(inherited.or_else(|| self.carried(&exit.state, i, result)));
            news.push(self.new_owner(&exit.state, result));
        }
        let plain = |run: &Self, i: usize, result: TermId| {
            run.owed_as_result(result).is_none() && run.ends_itself(i)
        };
        let others = (0..exit.results.len()).any(|i| plain(self, i, exit.results[i]));
        let handles: Vec<Option<Span>> = exit
            .results
            .iter()
            .map(|&result| match self.owed_as_result(result) {
                None if !self.learning && !others => self.ended_by(&mut exit.state, result),
                _ => None,
            })
            .collect();
        let kept: Vec<(Span, Owed)> = handles
            .iter()
            .filter_map(|site| Some(((*site)?, exit.state.owed.remove(site.as_ref()?)?)))
            .collect();
        // What another result holds as well is that one's.
        for &result in &exit.results {
            if self.owed_as_result(result).is_none() {
                self.escape(&mut exit.state, result);
            }
        }
        exit.state.owed.extend(kept);
        outcome.settled.clone_from(&exit.read);
        let (first, mut sites) = (outcome.fresh.len(), Vec::new());
        for (i, &result) in exit.results.iter().enumerate() {
            if let Some(site) = self.owed_as_result(result).or(handles[i]) {
                if !exit.state.owed.contains_key(&site) {
                    outcome.settled.push(i);
                    continue;
                }
                if let Some(n) = sites.iter().position(|s| *s == site) {
                    outcome.fresh[first + n].also.push(i);
                    continue;
                }
                let Some(s) = self.sites.get(&site) else { continue };
                sites.push(site);
                outcome.fresh.push(Fresh {
                    result: i,
                    also: Vec::new(),
                    kind: match handles[i] {
                        Some(_) => s.kind.map(|_| Kind::Stop),
                        None => s.kind,
                    },
                    deadline: s.deadline,
                    enders: s.enders.clone(),
                    started: s.started,
                    ty: s.ty,
                    of: s.of.clone(),
                    within: Box::default(),
                });
            }
        }
        for &result in &exit.results {
            self.escape(&mut exit.state, result);
        }
        for site in handles.into_iter().flatten() {
            self.discharge(&mut exit.state, site);
        }
        news
    }

    /// Whether an exit returns something that its caller has to end, and perhaps an error as well.
    pub(crate) fn together(&self, exit: &Exit, outcome: &Outcome) -> Option<Span> {
        let ended = |fresh: &Fresh| {
            matches!(
                fresh.kind,
                Some(Kind::Body | Kind::Closer | Kind::Rows | Kind::Transaction | Kind::Worker)
            )
        };
        if !outcome.fresh.iter().any(ended) {
            return None;
        }
        let is_error = |&r: &LocalId| self.package.is_error(self.func.locals[r].ty);
        let index = self.func.results.iter().position(is_error)?;
        // What a deferred function makes of the error may hang on what this call was asked for.
        if self.func.has_defer && self.func.locals[self.func.results[index]].captured_by_ref {
            return None;
        }
        let error = *exit.results.get(index)?;
        // An error that the function was given tells of no step of its own.
        let given = matches!(self.arena.get(error), Term::Load(_, None));
        let none = exit.state.nilness(&self.arena, error) == Some(true);
        (!given && !none && !self.wrapped.contains(&error)).then_some(exit.span)
    }

    /// What is owed for a result. What a type assertion gives is the object itself.
    fn owed_as_result(&self, result: TermId) -> Option<Span> {
        let mut value = self.arena.unboxed(result);
        while let Term::Assert(inner, _) = *self.arena.get(value) {
            value = self.arena.unboxed(inner);
        }
        match *self.arena.get(value) {
            Term::Owed(site) => Some(site),
            _ => None,
        }
    }

    /// What the caller owes for a result that is a new object which nobody else knows, and holds
    /// something.
    pub(crate) fn carried(&self, state: &State, result: usize, value: TermId) -> Option<Fresh> {
        let value = self.arena.unboxed(value);
        let new = matches!(self.arena.get(value), Term::New(_)) && !state.escaped.contains(&value);
        let ty = self.types.get(&value).copied().filter(|_| new)?;
        state.mem.iter().find_map(|(&place, &term)| {
            let Term::Owed(site) = *self.arena.get(self.arena.unboxed(term)) else { return None };
            let data = self.arena.data(place);
            if data.root != Root::Ptr(value) || !state.owed.contains_key(&site) {
                return None;
            }
            let field = |part: &Part| match part {
                Part::Field(field) => Some(*field),
                Part::Index(_) => None,
            };
            let within: Vec<ObjectId> = data.parts.iter().map(field).collect::<Option<_>>()?;
            let kind = self.sites.get(&site)?.kind;
            // The caller can close it there.
            let program = self.package.program;
            let exported = within.last().is_some_and(|&last| {
                let field = program.object(last);
                let closes = |word| program.lookup(field.ty, last.package, word).is_some();
                let closable = !program.is_interface(field.ty)
                    || self.package.names.release_words().any(closes);
                field.name.starts_with(char::is_uppercase) && closable
            });
            let closes = exported
                || self.package.is_closable(ty)
                || within.first().is_some_and(|&field| has_end_for(self.package, ty, field));
            let held =
                matches!(kind, Some(Kind::Body | Kind::Closer | Kind::Rows | Kind::Transaction));
            (held && closes).then(|| Fresh {
                result,
                kind,
                ty: Some(ty),
                within: within.into(),
                ..Fresh::default()
            })
        })
    }

    /// What a function value among the results gives back whenever it is called: the caller owes that call.
    pub(crate) fn ended_by(&mut self, state: &mut State, value: TermId) -> Option<Span> {
        if state.owed.is_empty() {
            return None;
        }
        let (Target::Body(func), _, recv) = self.value(value) else { return None };
        let args: Vec<TermId> = recv.into_iter().collect();
        let env = Env { callee: func, args: &args };
        let summaries = self.summaries;
        let always: Vec<Path> = match summaries.get(func).map(Option::as_ref)? {
            Some(summary) if summary.unknown => return None,
            Some(summary) => always_used(summary),
            None => self.called_fields(func).to_vec(),
        };
        always.iter().find_map(|path| {
            let value = self.find_value(state, &env, path)?;
            match *self.arena.get(self.arena.unboxed(value)) {
                Term::Owed(site) if state.owed.contains_key(&site) => Some(site),
                _ => None,
            }
        })
    }

    /// The function values in fields of its receiver that a method without a summary calls.
    pub(crate) fn called_fields(&self, method: FuncId) -> &'a [Path] {
        let package = self.package;
        let Some(facts) = package.facts.get(method) else { return &[] };
        facts.calls.get_or_init(|| called_within(package, method, MAX_CALLS))
    }

    /// Whether a result has a method of its own by which callers may end it.
    pub(crate) fn ends_itself(&self, result: usize) -> bool {
        let local = self.func.results.get(result).and_then(|&r| self.func.locals.get(r));
        local.is_some_and(|local| self.package.is_closable(local.ty))
    }

    /// The new object with what was made at `site` in it.
    pub(crate) fn carrier(&mut self, state: &mut State, fresh: &Fresh, site: Span) -> TermId {
        let number = self.arena.number();
        let object = self.arena.term(Term::New(number));
        if let Some(ty) = fresh.ty {
            self.types.insert(object, ty);
        }
        let mut place = self.arena.pointee(object);
        for &field in &fresh.within {
            place = self.arena.part(place, Part::Field(field));
        }
        let owed = self.arena.term(Term::Owed(site));
        state.store(&self.arena, place, owed);
        self.carriers.insert(object, site);
        object
    }

    /// What is closed with the object that a method is called on which ends it.
    pub(crate) fn ended_carrier(&self, call: &Invocation<'_>) -> Option<Span> {
        let object = self.arena.unboxed(*call.args.first()?);
        let site = self.carriers.get(&object).copied()?;
        let method = call.object.filter(|&method| is_method(self.package, method))?;
        self.package.may_end_receiver(method).then_some(site)
    }

    /// What is owed for a value: itself, or what it holds.
    pub(crate) fn owed_for(&self, value: TermId) -> Option<Span> {
        let value = self.arena.unboxed(value);
        match *self.arena.get(value) {
            Term::Owed(site) => Some(site),
            Term::New(_) => self.carriers.get(&value).copied(),
            _ => None,
        }
    }
}

/// The function values in fields of its receiver that a method calls, and that the methods call which it calls on
/// its receiver or a field of that.
fn called_within(package: &Package<'_>, method: FuncId, depth: u32) -> Vec<Path> {
    let (Some(depth), Some(func)) = (depth.checked_sub(1), package.module.funcs.get(method)) else {
        return Vec::new();
    };
    let Some(&own) = func.params.first() else { return Vec::new() };
    // Ways to the receiver and to what is loaded from its fields, or points to them.
    let mut known: FxHashMap<LocalId, Vec<PathStep>> = FxHashMap::default();
    let mut pointers: FxHashSet<LocalId> = FxHashSet::default();
    for kind in visit::kinds(func) {
        let InstrKind::Assign(to, value @ (Rvalue::Load(place) | Rvalue::AddressOf(place))) = kind
        else {
            continue;
        };
        if let [Proj::Deref, Proj::Field(_, field)] = *place.proj
            && place.base == PlaceBase::Local(own)
        {
            known.insert(*to, vec![PathStep::Deref, PathStep::Field(field)]);
            if matches!(value, Rvalue::AddressOf(_)) {
                pointers.insert(*to);
            }
        }
    }
    let path = |steps: Vec<PathStep>| Path { base: Base::Param(0), steps: steps.into() };
    let mut paths = Vec::new();
    for kind in visit::kinds(func) {
        let (InstrKind::Call(call) | InstrKind::Defer(call)) = kind else { continue };
        if let Callee::Value(Operand::Local(value)) = &call.callee {
            paths.extend(known.get(value).cloned().map(path));
        }
        let (Some(Operand::Local(recv)), Some(body)) =
            (call.args.first(), package.body(&call.callee))
        else {
            continue;
        };
        let before = match known.get(recv) {
            Some(before) => before.as_slice(),
            None if *recv == own => &[],
            None => continue,
        };
        for within in called_within(package, body, depth) {
            // What is pointed to is the field itself.
            let within = within.steps.iter().skip(usize::from(pointers.contains(recv)));
            paths.push(path(before.iter().chain(within).copied().collect()));
        }
    }
    paths
}

/// Inputs that a function gives back or hands on, whichever way it goes.
fn always_used(summary: &Summary) -> Vec<Path> {
    let does = |outcome: &Outcome, path: &Path| {
        outcome.used.contains(path) || outcome.touched.contains(path)
    };
    let first = summary.outcomes.first();
    let paths = first.into_iter().flat_map(|o| o.used.iter().chain(&o.touched));
    paths.filter(|path| summary.outcomes.iter().all(|o| does(o, path))).cloned().collect()
}
