//! Ownership that moves: what leaves the function's hands is no longer its business.

use crate::exec::Run;
use crate::names::Known;
use crate::slots::is_of_slots;
use crate::state::{Held, State};
use crate::summary::{Base, Path, PathStep};
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_effects::Op;
use stanch_ir::{FuncId, LocalId, Span};
use stanch_types::ObjectId;
use std::collections::BTreeSet;

/// The environment in which paths of a summary are read.
pub(crate) struct Env<'e> {
    /// The function the summary is of.
    pub(crate) callee: FuncId,
    /// Its arguments.
    pub(crate) args: &'e [TermId],
}

enum Found {
    Place(PlaceId),
    Value(TermId),
}

/// Whether a value is none through which others are reached.
fn holds_nothing(term: &Term) -> bool {
    match term {
        Term::Fresh(_)
        | Term::NonNil(_)
        | Term::Phi(..)
        | Term::Bool(_)
        | Term::Int(_)
        | Term::Text(_)
        | Term::Nil
        | Term::Not(_)
        | Term::Binary(..)
        | Term::Len(..)
        | Term::Elem(..)
        | Term::Has(..)
        | Term::Is(..)
        | Term::Pure(..)
        | Term::Func(_)
        | Term::ReadSide(_)
        | Term::Background => true,
        Term::Load(..)
        | Term::Assert(..)
        | Term::Addr(_)
        | Term::New(_)
        | Term::Iface(_)
        | Term::Wrap(_)
        | Term::Closure(_)
        | Term::Method(..)
        | Term::Owed(_)
        | Term::Context(_) => false,
    }
}

impl Run<'_, '_> {
    /// What was acquired at `site` is given back or handed on.
    pub(crate) fn discharge(&mut self, state: &mut State, site: Span) {
        let mut work = vec![site];
        while let Some(site) = work.pop() {
            if let Some(site) = self.sites.get_mut(&site) {
                site.released = true;
                site.elsewhere |= !self.storing;
                site.handed |= !self.storing && !self.closing;
            }
            state.filled.retain(|_, made| *made != site);
            if state.owed.remove(&site).is_some() {
                let child = |s: &Span| self.sites.get(s).is_some_and(|c| c.parent == Some(site));
                work.extend(state.owed.keys().filter(|s| child(s)));
            } else {
                self.take_out(state, site);
            }
        }
    }

    /// `term` leaves view, with everything that can be reached from it.
    pub(crate) fn escape(&mut self, state: &mut State, term: TermId) {
        self.loosen_slots(state, term);
        if holds_nothing(self.arena.get(term)) && !self.held_by.contains_key(&term) {
            if Some(term) != self.spared {
                self.escape_plain(state, term);
            }
            return;
        }
        let mut seen = BTreeSet::new();
        let mut work = vec![term];
        // What is part of an object goes with it.
        let mut within: BTreeSet<TermId> = BTreeSet::new();
        let storing = self.storing;
        while let Some(term) = work.pop() {
            if !seen.insert(term) || Some(term) == self.spared {
                continue;
            }
            self.storing = storing || within.contains(&term);
            work.extend(self.held_by.get(&term).into_iter().flatten());
            match self.arena.get(term).clone() {
                Term::Owed(site) => {
                    self.discharge(state, site);
                    self.forget_begun(state, Root::Ptr(term));
                    if self.is_worker(site) {
                        let object = self.arena.pointee(term);
                        let parts = self.parts(state, object);
                        within.extend(&parts);
                        work.extend(parts);
                    }
                }
                Term::Context(site) => {
                    if let Some(owed) = state.owed.get_mut(&site) {
                        owed.exposed = true;
                    }
                    if let Some(site) = self.sites.get_mut(&site) {
                        site.served |= !self.storing;
                    }
                }
                Term::Iface(inner) | Term::Wrap(inner) | Term::Assert(inner, _) => work.push(inner),
                Term::Method(recv, method) => {
                    self.hand_on_method(state, recv, method);
                    work.push(recv);
                }
                Term::Closure(func) => self.escape_closure(state, func, &mut work),
                Term::Addr(place) => {
                    state.held.retain(|h| h.lock != place);
                    state.slots.retain(|s| s.of != place);
                    self.known_elsewhere.insert(place);
                    if let Root::Local(local) = self.arena.data(place).root {
                        state.leaky.insert(local);
                    }
                    self.forget_begun(state, self.arena.data(place).root);
                    let parts = self.parts(state, place);
                    within.extend(&parts);
                    work.extend(parts);
                }
                Term::New(_) => {
                    state.escaped.insert(term);
                    self.forget_begun(state, Root::Ptr(term));
                    let object = self.arena.pointee(term);
                    state.held.retain(|h| h.lock != object);
                    let parts = self.parts(state, object);
                    within.extend(&parts);
                    work.extend(parts);
                }
                Term::Load(place, epoch) => {
                    work.extend(self.around(place));
                    if !state.slots.is_empty() {
                        let target = self.arena.pointee(term);
                        state.slots.retain(|s| s.of != target);
                    }
                    if let Some(site) = self.ticker_of(term) {
                        self.discharge(state, site);
                    }
                    if self.learning {
                        self.part_taken(state, place);
                    }
                    if epoch.is_none() {
                        if !self.keeping {
                            self.given_away.insert(place);
                        }
                        state.handed.insert(place);
                        self.use_input(state, place);
                    } else {
                        state.touched.insert(place);
                    }
                }
                _ => self.escape_plain(state, term),
            }
        }
        self.storing = storing;
    }

    /// A value through which nothing that is known of can be reached leaves view.
    fn escape_plain(&mut self, state: &mut State, term: TermId) {
        if self.own_lists.contains(&term) || self.channels.contains(&term) {
            state.escaped.insert(term);
        } else {
            self.note_locked_object(state, term);
        }
    }

    /// Marks the entry value of an input as called or handed on.
    pub(crate) fn use_input(&mut self, state: &mut State, place: PlaceId) {
        let data = self.arena.data(place);
        if let (Root::Local(local), []) = (data.root, &*data.parts)
            && self.package.is_function(self.func, local)
        {
            state.used.insert(place);
        } else {
            state.touched.insert(place);
        }
        // A pointer to a lock that goes on may be used to unlock it.
        let pointer = self.arena.term(Term::Load(place, None));
        let target = self.arena.pointee(pointer);
        state.held.retain(|h| h.lock != target);
    }

    /// What is stored within `place`, itself included.
    pub(crate) fn parts(&self, state: &State, place: PlaceId) -> Vec<TermId> {
        let data = self.arena.data(place);
        let within = |p: PlaceId| {
            let d = self.arena.data(p);
            d.root == data.root && d.parts.starts_with(&data.parts)
        };
        state.mem.iter().filter(|&(&p, _)| within(p)).map(|(_, &t)| t).collect()
    }

    /// What the fields of `place` hold leaves view: it was copied.
    pub(crate) fn escape_parts(&mut self, state: &mut State, place: PlaceId) {
        let own = state.mem.get(&place).copied();
        for term in self.parts(state, place) {
            let inner = self.arena.unboxed(term);
            let tracked = matches!(self.arena.get(inner), Term::Owed(_) | Term::Closure(_));
            if tracked && Some(term) != own {
                self.escape(state, term);
            }
        }
    }

    fn escape_closure(&mut self, state: &mut State, func: FuncId, work: &mut Vec<TermId>) {
        if self.learning {
            self.learned_escape(state, func);
        }
        self.release_silently(state, func, &[]);
        let package = self.package;
        let Some(closure) = package.module.funcs.get(func) else { return };
        if closure.parent != Some(self.id) {
            return;
        }
        self.forget_captured(state, func);
        for (i, capture) in closure.captures.iter().enumerate() {
            let writes = package.facts[func].writes_capture.get(i).copied().unwrap_or(true);
            if !writes && self.is_lent_capture(state, func, i) {
                continue;
            }
            if capture.by_ref && writes {
                state.leaky.insert(capture.outer);
            }
            if package.facts[func].reads_capture.get(i).copied().unwrap_or(true) {
                if capture.by_ref {
                    state.leaky.insert(capture.outer);
                }
                let place = self.arena.local(capture.outer);
                work.push(state.load(&mut self.arena, place));
                work.extend(self.parts(state, place));
            }
        }
    }

    fn hand_on_method(&mut self, state: &mut State, recv: TermId, method: ObjectId) {
        if self.learning {
            self.learned_method(state, recv, method);
        }
        match self.package.names.known(method) {
            Known::Effect(effect) if matches!(effect.op, Op::Unlock | Op::RUnlock) => {
                let lock = self.arena.pointee(recv);
                state.held.retain(|h| h.lock != lock);
            }
            Known::Effect(effect) if is_of_slots(effect.op) => {
                let of = self.arena.pointee(recv);
                state.slots.retain(|s| s.of != of);
            }
            Known::Body(body) => self.release_silently(state, body, &[recv]),
            Known::Effect(_) | Known::Nothing => {}
        }
    }

    /// Drops the locks that some way of calling `func` gives back: whoever got it answers for them.
    pub(crate) fn release_silently(&mut self, state: &mut State, func: FuncId, args: &[TermId]) {
        self.hand_slots(state, func, args);
        let summaries = self.summaries;
        let Some(Some(summary)) = summaries.get(func) else { return };
        if summary.unknown {
            // Too large to be followed: it may give back any of them.
            self.slots.others = true;
            self.passed_on.extend(state.held.drain(..).map(|h| h.lock));
            return;
        }
        if summary.gives_others {
            self.drop_unnamed(state);
        }
        for path in &summary.gives {
            if let Some(lock) = self.find_place(state, &Env { callee: func, args }, path) {
                let taker = self.package.module.funcs.get(func).map(|f| f.name_span);
                if !state.held.iter().any(|h| h.lock == lock) {
                    // Whoever gets this function gets that with it.
                    self.given.insert(lock);
                }
                for held in state.held.iter().filter(|h| h.lock == lock) {
                    if let Some(taker) = taker {
                        self.handed.entry(held.site).or_insert(taker);
                    }
                }
                state.held.retain(|h| h.lock != lock);
                self.passed_on.insert(lock);
            }
        }
    }

    /// A function gives back locks that callers cannot name: those that this one cannot name to its
    /// callers either may be among them.
    pub(crate) fn drop_unnamed(&mut self, state: &mut State) {
        self.gives_unnamed = true;
        let unnamed = |h: &Held| !self.is_plain(h.lock);
        let dropped: Vec<PlaceId> =
            state.held.iter().filter(|h| unnamed(h)).map(|h| h.lock).collect();
        state.held.retain(|h| !dropped.contains(&h.lock));
        self.passed_on.extend(dropped);
    }

    /// Whether a place is reached from a variable or a new object by fields and pointers alone.
    fn is_plain(&self, mut place: PlaceId) -> bool {
        for _ in 0..8 {
            let data = self.arena.data(place);
            if data.parts.iter().any(|part| matches!(part, Part::Index(_))) {
                return false;
            }
            let Root::Ptr(pointer) = data.root else { return true };
            match *self.arena.get(pointer) {
                Term::Load(from, _) => place = from,
                Term::New(_) | Term::Owed(_) => return true,
                _ => return false,
            }
        }
        false
    }

    /// The caller's place that a path of a summary names.
    pub(crate) fn find_place(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        path: &Path,
    ) -> Option<PlaceId> {
        match self.find(state, env, path)? {
            Found::Place(place) => Some(place),
            Found::Value(_) => None,
        }
    }

    /// The value at the call of an input that a path names.
    pub(crate) fn find_value(
        &mut self,
        state: &mut State,
        env: &Env<'_>,
        path: &Path,
    ) -> Option<TermId> {
        match self.find(state, env, path)? {
            Found::Place(place) => Some(self.read(state, place)),
            Found::Value(value) => Some(value),
        }
    }

    fn find(&mut self, state: &mut State, env: &Env<'_>, path: &Path) -> Option<Found> {
        let mut found = match path.base {
            Base::Param(i) => Found::Value(*env.args.get(i)?),
            Base::Capture(i) => Found::Place(self.captured(env.callee, i)?),
            Base::Global(object) => {
                Found::Place(self.arena.place(Root::Global(object), Box::default()))
            }
            Base::Result(_) => return None,
        };
        for step in &path.steps {
            if let PathStep::Answer(asked) = *step {
                let value = match found {
                    Found::Place(place) => state.load(&mut self.arena, place),
                    Found::Value(value) => value,
                };
                let args = [value].into();
                found = Found::Value(self.arena.term(Term::Pure(asked, 0, args, None)));
                continue;
            }
            found = Found::Place(match (found, *step) {
                (Found::Place(place), PathStep::Field(field)) => {
                    self.arena.part(place, Part::Field(field))
                }
                (Found::Value(value), PathStep::Field(field)) => {
                    self.field_of_value(state, value, field)?
                }
                (_, PathStep::Answer(_)) => return None,
                (Found::Place(place), PathStep::Deref) => {
                    let pointer = state.load(&mut self.arena, place);
                    self.arena.pointee(pointer)
                }
                (Found::Value(pointer), PathStep::Deref) => self.arena.pointee(pointer),
            });
        }
        Some(found)
    }

    /// The variable of this function that a literal of it captures.
    pub(crate) fn captured(&mut self, closure: FuncId, capture: usize) -> Option<PlaceId> {
        let func = self.package.module.funcs.get(closure)?;
        if func.parent != Some(self.id) {
            return None;
        }
        let outer: LocalId = func.captures.get(capture)?.outer;
        Some(self.arena.local(outer))
    }
}
