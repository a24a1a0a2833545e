//! What is put into a list or table that nobody else knows: a variable of the function, or a field of a
//! new object. All that is in it is owed together, until somebody looks at what is in it.
//!
//! The list stands for its elements: its value is that of something owed at the place that filled it. It
//! is no longer owed once it leaves view, an element is read, it is ranged over, or a function gets it
//! that may do more than use it. Only exits that return an error are told of: a list may well be all that
//! a successful run leaves behind.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::site::Site;
use crate::state::{Owed, State};
use crate::term::{Epoch, Part, PlaceId, Root, Term, TermId};
use stanch_ir::{FuncId, LocalId, Rvalue, Span};
use std::collections::BTreeSet;

impl<'a> Run<'a, '_> {
    /// Whether a value is what a list or table stands for, and nobody looked at its elements yet.
    fn list(&self, state: &State, value: TermId) -> Option<Span> {
        match *self.arena.get(self.arena.unboxed(value)) {
            Term::Owed(site) => self.gathered(site).filter(|_| state.owed.contains_key(&site)),
            _ => None,
        }
        .map(|(list, _)| list)
    }

    /// The list that is owed under this place, with where the last of its elements was made.
    fn gathered(&self, site: Span) -> Option<(Span, Span)> {
        self.sites.get(&site).and_then(|s| Some((site, s.gathered?)))
    }

    /// Something owed is put into a list or table: the value that stands for that afterwards, if the
    /// function's own business is what is in it.
    fn gather(&mut self, state: &mut State, list: TermId, element: TermId) -> Option<TermId> {
        if self.learning {
            return None;
        }
        let made = self.owed_for(element)?;
        let owed = state.owed.get(&made).copied().filter(|owed| !owed.guarded)?;
        let known = self.sites.get(&made)?;
        if known.kind.is_none() || known.gathered.is_some() {
            return None;
        }
        let known = Site { released: false, elsewhere: false, ..known.clone() };
        let at = match self.list(state, list) {
            Some(at) => at,
            None if self.is_own_list(state, list) => self.at,
            None => return None,
        };
        let site = Site { gathered: Some(made), fields: Vec::new(), overwritten: None, ..known };
        self.sites.entry(at).or_insert(site);
        self.gathering = true;
        self.discharge(state, made);
        self.gathering = false;
        state.owed.insert(at, Owed { guarded: false, ..owed });
        Some(self.arena.term(Term::Owed(at)))
    }

    /// Whether a value is a list or table without anything owed in it that nobody else knows.
    fn is_own_list(&self, state: &State, value: TermId) -> bool {
        match *self.arena.get(value) {
            Term::Nil => true,
            Term::Load(place, _) => match self.arena.data(place).root {
                Root::Ptr(object) => {
                    matches!(self.arena.get(object), Term::New(_))
                        && !state.escaped.contains(&object)
                }
                Root::Local(_) | Root::Global(_) => false,
            },
            _ => self.own_lists.contains(&value) && !state.escaped.contains(&value),
        }
    }

    /// `append(list, elements…)`
    pub(crate) fn append(
        &mut self,
        state: &mut State,
        list: TermId,
        elements: &[TermId],
    ) -> TermId {
        let mut now = list;
        for &element in elements {
            match self.gather(state, now, element) {
                Some(value) => now = value,
                None => self.escape(state, element),
            }
        }
        if now != list || self.list(state, now).is_some() {
            return now;
        }
        let own = self.is_own_list(state, list);
        let before = self.known_length(state, list);
        let value = self.arena.fresh();
        let outside = self.arena.is_outside(list);
        self.arena.note_outside(value, outside);
        if own {
            self.own_lists.insert(value);
        }
        self.fixed.insert(value);
        match before {
            Some(n) => self.has_length(state, value, Some(n + elements.len())),
            None if elements.is_empty() => {}
            None => self.has_length(state, value, None),
        }
        value
    }

    /// A new list or table.
    pub(crate) fn new_list(&mut self) -> TermId {
        let value = self.arena.non_nil();
        self.own_lists.insert(value);
        value
    }

    /// What a table has under a key, and whether it has that: a constant that was put there, if nobody else
    /// knows the table.
    pub(crate) fn element(&mut self, state: &State, map: TermId, key: TermId) -> (TermId, TermId) {
        if self.is_kept_here(state, map) {
            let elements = self.arena.pointee(map);
            let place = self.arena.part(elements, Part::Index(key));
            let known = state.mem.get(&place).copied();
            if let Some(known) = known.filter(|&value| self.arena.is_const(value)) {
                return (known, self.arena.bool(true));
            }
        }
        let empty = self.is_known_empty(state, map);
        let epoch = self.epoch(state, Epoch::Elements);
        let value = self.arena.term(Term::Elem(map, key, epoch));
        if empty {
            return (value, self.arena.bool(false));
        }
        (value, self.arena.term(Term::Has(map, key, epoch)))
    }

    /// Whether nothing is in a table that nobody else has.
    fn is_known_empty(&mut self, state: &State, table: TermId) -> bool {
        self.is_kept_here(state, table) && self.known_length(state, table) == Some(0)
    }

    /// Whether a list or table was made here, and nobody else has it.
    fn is_kept_here(&self, state: &State, table: TermId) -> bool {
        self.own_lists.contains(&table) && !state.escaped.contains(&table)
    }

    /// What a look into a table gives: the zero value, if there is nothing in it.
    pub(crate) fn missing_element(
        &mut self,
        state: &State,
        dst: LocalId,
        rvalue: &Rvalue,
        value: TermId,
    ) -> TermId {
        let Rvalue::MapLookup { map, .. } = rvalue else { return value };
        let map = self.peek(state, map);
        match self.is_known_empty(state, map) {
            true => self.zero(self.func.locals[dst].ty),
            false => value,
        }
    }

    pub(crate) fn length(&mut self, state: &State, of: TermId) -> TermId {
        if *self.arena.get(of) == Term::Nil {
            return self.arena.term(Term::Int(0));
        }
        let fixed = self.fixed.contains(&of);
        let epoch = self.epoch(state, Epoch::Elements).filter(|_| !fixed);
        self.arena.term(Term::Len(of, epoch))
    }

    /// An element of a list or table is assigned; whether that is all that there is to it.
    pub(crate) fn put(&mut self, state: &mut State, list: TermId, value: TermId) -> bool {
        let Some(whole) = self.gather(state, list, value) else { return false };
        if whole != list {
            let holders: Vec<PlaceId> =
                state.mem.iter().filter(|&(_, &t)| t == list).map(|(&p, _)| p).collect();
            for place in holders {
                state.mem.insert(place, whole);
            }
            if let Term::Load(place, _) = *self.arena.get(list) {
                state.mem.insert(place, whole);
            }
        }
        self.bump(state, Epoch::Memory);
        true
    }

    /// Somebody looks at what is in a list or table: what it owes is that one's business.
    pub(crate) fn look_into(&mut self, state: &mut State, value: TermId) {
        if let Some(list) = self.list(state, value) {
            self.discharge(state, list);
        }
    }

    /// A place is read: it may be an element.
    pub(crate) fn look_at(&mut self, state: &mut State, place: PlaceId) {
        if let Root::Ptr(list) = self.arena.data(place).root {
            self.look_into(state, list);
        }
    }

    /// An element that is in a list is given back or handed on by itself.
    pub(crate) fn take_out(&mut self, state: &mut State, made: Span) {
        if self.gathering {
            return;
        }
        let of = |s: &Span| self.sites.get(s).is_some_and(|s| s.gathered == Some(made));
        let lists: Vec<Span> = state.owed.keys().copied().filter(of).collect();
        for list in lists {
            state.owed.remove(&list);
        }
    }

    /// The lists among what can be reached from a value.
    fn lists_of(&self, state: &State, value: TermId) -> Vec<Span> {
        let mut found = Vec::new();
        let mut seen: BTreeSet<TermId> = BTreeSet::new();
        let mut work = vec![value];
        while let Some(value) = work.pop() {
            let value = self.arena.unboxed(value);
            if !seen.insert(value) {
                continue;
            }
            found.extend(self.list(state, value));
            match *self.arena.get(value) {
                Term::Addr(place) => work.extend(self.parts(state, place)),
                Term::New(_) => {
                    let within = |p: PlaceId| self.arena.data(p).root == Root::Ptr(value);
                    work.extend(state.mem.iter().filter(|(p, _)| within(**p)).map(|(_, &t)| t));
                }
                Term::Method(recv, _) => work.push(recv),
                _ => {}
            }
        }
        found
    }

    /// What is in the lists that can be reached from a value is somebody else's business.
    pub(crate) fn leave_lists(&mut self, state: &mut State, value: TermId) {
        if state.owed.is_empty() {
            return;
        }
        for list in self.lists_of(state, value) {
            self.discharge(state, list);
        }
    }

    /// A function gets lists, or objects with some: unless it only uses them, it answers for them.
    pub(crate) fn lend_lists(&mut self, state: &mut State, call: &Invocation<'a>) {
        let owes = |s: &Span| self.sites.get(s).is_some_and(|s| s.gathered.is_some());
        if !state.owed.keys().any(owes) {
            return;
        }
        let Target::Body(func) = call.target else { return };
        let lends = self.package.facts[func].lends;
        for (i, &arg) in call.args.iter().enumerate() {
            if !lends.only_uses(i) {
                self.leave_lists(state, arg);
            }
        }
        self.lend_captured(state, func, call.args.len());
    }

    fn lend_captured(&mut self, state: &mut State, func: FuncId, first: usize) {
        let Some(closure) = self.package.module.funcs.get(func) else { return };
        if closure.parent != Some(self.id) {
            return;
        }
        let lends = self.package.facts[func].lends;
        for (i, capture) in closure.captures.iter().enumerate() {
            if !lends.only_uses(first + i) {
                let place = self.arena.local(capture.outer);
                let value = state.load(&mut self.arena, place);
                self.leave_lists(state, value);
            }
        }
    }
}
