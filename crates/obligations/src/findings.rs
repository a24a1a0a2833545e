//! What the exits of a function show: its summary for callers, and what it leaves behind.

use crate::doubts;
use crate::exec::Run;
use crate::flow::Exit;
use crate::report::{LockMode, Loss, LostCancel, MissingUnlock};
use crate::sorted::SortedMap;
use crate::state::{Detail, Held, State};
use crate::summary::{
    Base, CallUnder, Outcome, Path, PathStep, Summary, Take, Test, Value, path_of, value_of,
};
use crate::term::{Epoch, Part, PlaceId, Root, Term, TermId};
use crate::unlockers::Unlocker;
use stanch_ir::{LocalId, Span};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Basic, ObjectId, TypeId};
use std::collections::BTreeMap;

/// More outcomes than this are joined.
const MAX_OUTCOMES: usize = 6;
/// More conditions than this on one outcome are dropped.
const MAX_CONDITIONS: usize = 8;

impl Run<'_, '_> {
    /// What a call of the function does.
    pub(crate) fn summary(&mut self, exits: &mut [Exit]) -> Summary {
        let each: Vec<Outcome> = exits.iter_mut().map(|exit| self.outcome(exit)).collect();
        let mut outcomes = joined(&each, Outcome::same_effect);
        let returns_error = self.func.results.iter();
        let returns_error = returns_error
            .filter_map(|&r| self.func.locals.get(r))
            .any(|l| self.package.is_error(l.ty));
        let told_apart = |o: &Outcome| {
            !o.fresh.is_empty()
                || !o.starts.is_empty()
                || !o.fills.is_empty()
                || !o.slots_taken.is_empty()
                || returns_error && !o.used.is_empty()
                || self.hands_on_resource(o)
        };
        if outcomes.iter().any(told_apart) {
            let told = joined(&each, |x, y| x.same_effect(y) && x.nil_alike(y));
            if told.len() <= MAX_OUTCOMES {
                outcomes = told;
            }
        }
        if outcomes.len() > MAX_OUTCOMES {
            return Summary { unknown: true, ..Summary::default() };
        }
        doubts::weigh(&mut outcomes);
        let gives = self.given.iter();
        let gives: Vec<Path> =
            gives.filter_map(|&lock| path_of(&self.arena, self.func, &[], lock)).collect();
        let gives_others = gives.len() < self.given.len();
        let (gives_slots, gives_other_slots) = self.slots_given();
        let misses = self.slot_misses(exits);
        Summary {
            outcomes,
            unknown: false,
            gives,
            gives_others,
            gives_slots,
            gives_other_slots,
            misses,
        }
    }

    fn outcome(&mut self, exit: &mut Exit) -> Outcome {
        let mut outcome = Outcome::default();
        let given = self.gives_back(exit);
        let used = exit.state.used.clone();
        self.keeping = true;
        let news = self.results_owed(exit, &mut outcome);
        self.keeping = false;
        let (func, results) = (self.func, &exit.results);
        let values = results.iter().zip(news);
        outcome.results = values
            .zip(&exit.bodiless)
            .map(|((&r, new), &bodiless)| match (new, bodiless) {
                (Some(ty), _) => Some(Value::New(ty)),
                (None, true) => Some(Value::Bodiless),
                (None, false) => value_of(&self.arena, func, r),
            })
            .collect();
        let name = |place: PlaceId| path_of(&self.arena, func, results, place);
        // By a pointer to it among the results it has another name for callers.
        let (_, pointed) = self.locks_of_results(exit);
        outcome.held = exit
            .state
            .held
            .iter()
            .filter(|h| !h.deferred && !pointed.contains(&h.lock) && !self.is_shown(h))
            .filter_map(|h| Some((name(h.lock)?, h.mode)))
            .collect();
        if self.returns_function(exit) || self.returns_guard(exit) {
            // It may well be what gives the locks back.
            outcome.held.clear();
        }
        if let Some(Unlocker { result, lock, mode, method }) = given
            && let Some(path) = name(lock)
            && let Some(value) = outcome.results.get_mut(result)
        {
            outcome.held.push((path.clone(), mode));
            *value = Some(Value::GivesBack(path, method));
        }
        outcome.released = exit
            .state
            .released
            .iter()
            .filter_map(|&(lock, mode)| Some((name(lock)?, mode)))
            .collect();
        outcome.slots_taken = self.slots_taken(exit);
        outcome.slots_given = exit.state.slots_given.iter().filter_map(|&of| name(of)).collect();
        let acts = exit.state.acts.iter();
        outcome.acts = acts.filter_map(|&(place, act)| Some((name(place)?, act))).collect();
        let asks = exit.state.asks.iter();
        outcome.asks = asks.filter_map(|&(p, method)| Some((name(p)?, method))).collect();
        let starts = exit.state.starts.iter();
        outcome.starts =
            starts.filter_map(|(place, start)| Some((name(*place)?, start.clone()))).collect();
        outcome.used = exit.state.used.iter().filter_map(|&place| name(place)).collect();
        let captures = func.captures.iter().enumerate();
        let kept = captures.filter(|(_, c)| c.by_ref && self.is_kept(&exit.state, c.inner));
        outcome.kept = kept.map(|(i, _)| i).collect();
        let handed = exit.state.handed.iter().filter(|place| exit.state.used.contains(place));
        outcome.handed = handed.filter_map(|&place| name(place)).collect();
        outcome.touched = exit.state.touched.iter().filter_map(|&place| name(place)).collect();
        let within = exit.state.used.iter().chain(exit.state.touched.iter()).copied();
        let within = within.filter(|place| !self.given_away.contains(place));
        let (called, within): (Vec<PlaceId>, Vec<PlaceId>) = within.partition(|p| used.contains(p));
        outcome.only_called = called.into_iter().filter_map(name).collect();
        outcome.within_results = within.into_iter().filter_map(name).collect();
        outcome.together = self.together(exit, &outcome);
        for list in [&mut outcome.held, &mut outcome.released] {
            list.dedup();
        }
        for (&(lock, mode), site) in exit.state.takes.iter() {
            let Some(path) = name(lock) else { continue };
            let mut chain = vec![(self.id, site.span)];
            chain.extend(site.chain.iter().copied());
            if chain.len() <= MAX_CHAIN {
                let (conditions, all) = self.conditions(&site.conditions);
                let (chain, always) = (chain.into(), site.certain && all);
                let flag = |(&term, _): (&TermId, &TermId)| {
                    let asked = matches!(self.arena.get(term), Term::Has(..) | Term::Elem(..));
                    asked && self.reads_argument(term)
                };
                let guarded = site.guarded || site.conditions.iter().any(flag);
                outcome.takes.push(Take { path, mode, always, guarded, conditions, chain });
            }
        }
        for call in exit.state.calls.iter() {
            let Some(path) = name(call.input) else { continue };
            let held = call.held.iter().filter_map(|&(l, mode, at)| Some((name(l)?, mode, at)));
            let held = held.collect();
            let flags = call.flags.iter();
            let flags = flags.filter_map(|&(t, known)| self.condition_on_input(t, known)).collect();
            outcome.calls.push(CallUnder { path, at: (self.id, call.span), held, flags });
        }
        outcome.fills = self.fills(exit);
        outcome.conditions = self.conditions(&exit.state.facts).0;
        outcome.ways = vec![exit.state.trace.doubts.clone()];
        let unnamed = |(term, known): (&TermId, &TermId)| {
            self.arena.leaves(*term).is_empty() && self.condition_on_input(*term, *known).is_none()
        };
        outcome.partial = exit.state.facts.iter().any(unnamed);
        outcome.tells = self.tells(exit);
        outcome.sets = self.sets_of(exit);
        outcome
    }

    /// Whether a captured variable certainly has the value it had at the call.
    fn is_kept(&self, state: &State, local: LocalId) -> bool {
        let Some(place) = self.arena.known_local(local) else { return true };
        let same = |&term: &TermId| *self.arena.get(term) == Term::Load(place, None);
        state.mem.get(&place).is_none_or(same)
            && self
                .arena
                .known_epoch(Epoch::Local(local))
                .is_none_or(|e| !state.epochs.contains_key(&e))
    }

    /// Whether an input that may have to be given back is handed on.
    fn hands_on_resource(&self, outcome: &Outcome) -> bool {
        let fails = self
            .func
            .results
            .iter()
            .any(|&r| self.func.locals.get(r).is_some_and(|l| self.package.is_error(l.ty)));
        if !fails {
            return false;
        }
        outcome.touched.iter().any(|path| {
            let (Base::Param(i), []) = (path.base, &*path.steps) else { return false };
            if i == 0 && self.func.has_recv {
                return false;
            }
            let ty = self.func.params.get(i).and_then(|&p| self.func.locals.get(p)).map(|l| l.ty);
            ty.is_some_and(|ty| self.package.is_owner(ty) || self.package.names.is_resource(ty))
        })
    }

    /// The type of a result that is a new object which may come to have goroutines.
    pub(crate) fn new_owner(&self, state: &State, result: TermId) -> Option<TypeId> {
        let object = self.arena.unboxed(result);
        let new = matches!(self.arena.get(object), Term::New(_)) && object == result;
        let ty = self.types.get(&object).copied().filter(|&ty| self.package.is_owner(ty));
        ty.filter(|_| new && !state.escaped.contains(&object))
    }

    pub(crate) fn returns_function(&self, exit: &Exit) -> bool {
        let results = self.func.results.iter().zip(&exit.results);
        results.into_iter().any(|(&local, &value)| {
            self.package.is_function(self.func, local)
                && !matches!(self.arena.get(value), Term::Nil)
        })
    }

    /// Facts as conditions on inputs, and whether callers can name them all.
    pub(crate) fn conditions(
        &self,
        facts: &SortedMap<TermId, TermId>,
    ) -> (Vec<(Path, Value)>, bool) {
        let named = facts.iter().filter_map(|(&t, &known)| self.condition_on_input(t, known));
        let mut conditions: Vec<(Path, Value)> = named.collect();
        // Callers know most of the arguments themselves.
        conditions.sort_by_key(|(path, _)| path.steps.len());
        conditions.truncate(MAX_CONDITIONS);
        let all = conditions.len() == facts.len();
        (conditions, all)
    }

    /// The constants that an exit leaves where callers can name them.
    fn sets_of(&self, exit: &Exit) -> Vec<(Path, Value)> {
        let lasts = |path: &Path| match path.base {
            // A parameter itself is a copy.
            Base::Param(_) => {
                path.steps.contains(&PathStep::Deref)
                    && matches!(path.steps.last(), Some(PathStep::Field(_)))
            }
            Base::Capture(_) | Base::Global(_) => true,
            Base::Result(_) => false,
        };
        let constants = exit.state.mem.iter().filter_map(|(&place, &term)| {
            let value = match self.arena.get(term) {
                Term::Bool(b) => Value::Bool(*b),
                Term::Int(i) => Value::Int(*i),
                Term::Nil => Value::Nil,
                _ => return None,
            };
            let path = path_of(&self.arena, self.func, &[], place)?;
            lasts(&path).then_some((path, value))
        });
        constants.take(MAX_CONDITIONS).collect()
    }

    /// What an exit knows of numbers in fields of its results.
    fn tells(&mut self, exit: &Exit) -> Vec<(Path, Test, bool)> {
        let mut tells = Vec::new();
        for (&term, &known) in exit.state.facts.iter() {
            let (&Term::Binary(op, a, b), &Term::Bool(truth)) =
                (self.arena.get(term), self.arena.get(known))
            else {
                continue;
            };
            let (of, test) = match (op, self.arena.get(a), self.arena.get(b)) {
                (BinaryOp::Lt, Term::Load(..), &Term::Int(n)) => (a, Test::Below(n)),
                (BinaryOp::Lt, &Term::Int(n), Term::Load(..)) => (b, Test::Above(n)),
                (BinaryOp::Eq, Term::Load(..), &Term::Int(n)) => (a, Test::Is(n)),
                _ => continue,
            };
            let Term::Load(place, _) = *self.arena.get(of) else { continue };
            let path = path_of(&self.arena, self.func, &exit.results, place);
            let path = path.filter(|path| matches!(path.base, Base::Result(_)));
            if let Some(path) = path.filter(|_| tells.len() < MAX_CONDITIONS)
                && exit.state.load(&mut self.arena, place) == of
            {
                tells.push((path, test, truth));
            }
        }
        tells
    }

    pub(crate) fn condition_on_input(&self, term: TermId, known: TermId) -> Option<(Path, Value)> {
        let (input, value) = match (self.arena.get(term), self.arena.get(known)) {
            (&Term::Load(place, None), _) => (place, value_of(&self.arena, self.func, known)?),
            (Term::Pure(asked, 0, args, None), Term::Bool(_)) => {
                let [arg] = **args else { return None };
                let &Term::Load(place, None) = self.arena.get(arg) else { return None };
                let mut path = path_of(&self.arena, self.func, &[], place)?;
                let asked = PathStep::Answer(*asked);
                path.steps = path.steps.iter().copied().chain([asked]).collect();
                return Some((path, value_of(&self.arena, self.func, known)?));
            }
            (&Term::Binary(BinaryOp::Eq, x, y), truth) => {
                match (self.arena.get(x), self.arena.get(y), truth) {
                    (&Term::Load(place, None), Term::Nil, Term::Bool(false)) => {
                        (place, Value::NonNil)
                    }
                    (&Term::Load(place, None), Term::Nil, Term::Bool(true)) => (place, Value::Nil),
                    (&Term::Load(place, None), &Term::Int(i), Term::Bool(true)) => {
                        (place, Value::Int(i))
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some((path_of(&self.arena, self.func, &[], input)?, value))
    }

    /// Whether the way to an exit takes the lock of a place again, and certainly: it ends there.
    fn never_comes(&self, exit: &Exit, site: Span) -> bool {
        let mut twice = self.doubles.values().filter(|d| d.first == site && d.always && !d.guarded);
        twice.any(|d| exit.state.trace.since(site).starts_with(&d.path))
    }

    /// Locks of this function that some exit keeps although others give them back. No such exit
    /// passes its lock on to callers: one cause is one finding. The second list has those that callers
    /// seem to get, by result, each with what names the lock: they do if anybody gives it back.
    pub(crate) fn missing_unlocks(
        &self,
        exits: &mut [Exit],
    ) -> (Vec<MissingUnlock>, Vec<KeptLock>) {
        let mut by_site: BTreeMap<(Span, PlaceId, LockMode), Vec<usize>> = BTreeMap::new();
        for (i, exit) in exits.iter().enumerate() {
            let handed = self.unlocked_by_results(exit);
            let own = |h: &&Held| !h.deferred && !handed.contains(&h.lock);
            for held in exit.state.held.iter().filter(own) {
                by_site.entry((held.site, held.lock, held.mode)).or_default().push(i);
            }
        }
        let mut found: Vec<MissingUnlock> = Vec::new();
        let mut kept: Vec<KeptLock> = Vec::new();
        let mut settled: Vec<(Span, PlaceId, LockMode)> = Vec::new();
        for ((site, lock, mode), keeping) in by_site {
            let explicit = self.unlocked.get(&site).copied();
            let Some(unlock) = explicit.or_else(|| self.handed.get(&site).copied()) else {
                kept.extend(self.never_unlocked(exits, &keeping, (site, lock, mode)));
                continue;
            };
            // Where others give it back, a failure is known to come before that.
            let fails =
                |&i: &usize| self.fails(&exits[i]) || self.gives_up_on_error(&exits[i], site);
            if explicit.is_none() && !keeping.iter().all(fails) {
                continue;
            }
            let n_keeping = keeping.len();
            let keeping: Vec<usize> =
                keeping.into_iter().filter(|&i| !self.never_comes(&exits[i], site)).collect();
            if keeping.len() < n_keeping {
                settled.push((site, lock, mode));
            }
            if keeping.is_empty() {
                continue;
            }
            if keeping.len() == exits.len() {
                continue;
            }
            let at = |exit: &Exit| exit.state.trace.has(site);
            // Some have it in another mode, or from another place.
            let has = |exit: &Exit| exit.state.held.iter().any(|h| h.lock == lock && !h.deferred);
            let with = exits.iter().enumerate().filter(|(_, exit)| has(exit));
            let with: Vec<usize> = with.map(|(i, _)| i).collect();
            let handed =
                handed_over(self, exits, &with) || kept_by_success(self, exits, &with, &at);
            if handed && explicit.is_none() {
                continue;
            }
            if !handed {
                settled.push((site, lock, mode));
            }
            let known = flagged(self, exits, &keeping)
                || explicit.is_some() && self.passed_on.contains(&lock)
                || keeping.iter().all(|&i| self.is_of_result(&exits[i], lock))
                || !self.taken.contains(&site)
                    && keeping.iter().all(|&i| self.is_noted(&exits[i].state, lock));
            if known || keeping.iter().all(|&i| self.own_object(&exits[i].state, lock)) {
                continue;
            }
            let mut spans: Vec<Span> = keeping.iter().map(|&i| exits[i].span).collect();
            spans.sort();
            spans.dedup();
            let first = keeping.iter().map(|&i| &exits[i]).min_by_key(|e| e.span);
            let Some(exit) = first else { continue };
            let held = Held { lock, mode, site, deferred: false };
            if found.iter().chain(kept.iter().map(|k| &k.missing)).any(|f| f.span == site) {
                continue;
            }
            let missing = MissingUnlock {
                func: self.id,
                lock: self.lock_name(&held),
                mode,
                span: site,
                exit: exit.span,
                exits: spans,
                unlock: Some(unlock),
                turn: false,
                rough: self.detail == Detail::Rough
                    || explicit.is_none()
                    || !doubts::settled(keeping.iter().map(|&i| &exits[i].state.trace.doubts))
                    || self.asks_twice(&exit.state.trace),
                path: self.path_since(&exit.state, site),
            };
            match self.lock_object(lock) {
                _ if !handed => found.push(missing),
                Some(lock) => kept.push(KeptLock { lock, handed: true, missing }),
                None => {}
            }
        }
        for exit in exits {
            exit.state.held.retain(|h| !settled.contains(&(h.site, h.lock, h.mode)));
        }
        (found, kept)
    }

    /// A lock with which the function returns whenever it has taken it, or whenever it fails and does not return
    /// what gives it back: it is lost unless somebody gives it back for others.
    fn never_unlocked(
        &self,
        exits: &[Exit],
        keeping: &[usize],
        (site, lock, mode): (Span, PlaceId, LockMode),
    ) -> Option<KeptLock> {
        let first = keeping.iter().map(|&i| &exits[i]).min_by_key(|e| e.span)?;
        let others = exits.iter().enumerate().filter(|(i, _)| !keeping.contains(i));
        let others: Vec<&Exit> = others.map(|(_, exit)| exit).collect();
        let with = others.iter().filter(|exit| exit.state.trace.has(site));
        let (mut handed, mut always) = (false, true);
        for exit in with {
            handed = true;
            always &= self.unlocked_by_results(exit).contains(&lock);
        }
        always &= !handed || keeping.iter().all(|&i| self.fails(&exits[i]));
        let lost = |&i: &usize| {
            let exit = &exits[i];
            !self.own_object(&exit.state, lock)
                && !self.is_of_result(exit, lock)
                && (handed || !self.returns_function(exit))
                && !self.never_comes(exit, site)
        };
        let plain = self.taken.contains(&site)
            && !self.tried.contains(&site)
            && !self.package.in_test(site)
            && (handed || !self.passed_on.contains(&lock))
            && (handed || !self.known_elsewhere.contains(&lock));
        if !plain || !always || !keeping.iter().all(lost) {
            return None;
        }
        let mut spans: Vec<Span> = keeping.iter().map(|&i| exits[i].span).collect();
        spans.sort();
        spans.dedup();
        let held = Held { lock, mode, site, deferred: false };
        let missing = MissingUnlock {
            func: self.id,
            lock: self.lock_name(&held),
            mode,
            span: site,
            exit: first.span,
            exits: spans,
            unlock: None,
            turn: false,
            rough: true,
            path: self.path_since(&first.state, site),
        };
        self.lock_object(lock).map(|lock| KeptLock { lock, handed, missing })
    }

    /// The field or variable that a lock is.
    fn lock_object(&self, lock: PlaceId) -> Option<ObjectId> {
        let data = self.arena.data(lock);
        match (data.parts.last(), data.root) {
            (Some(Part::Field(field)), _) => Some(*field),
            (None, Root::Global(variable)) => Some(variable),
            _ => None,
        }
    }

    /// The locks that the function gives back for others, who took them.
    pub(crate) fn gives_for_others(&self) -> impl Iterator<Item = ObjectId> {
        self.given.iter().chain(&self.taken_over).filter_map(|&lock| self.lock_object(lock))
    }

    /// Whether a lock is part of an object that an exit returns: its caller gets it locked.
    fn is_of_result(&self, exit: &Exit, lock: PlaceId) -> bool {
        let Root::Ptr(object) = self.arena.data(lock).root else { return false };
        exit.objects.contains(&object)
    }

    /// Whether an object that leads to a lock, and is not what has the lock, has a flag that a callee which
    /// took the lock has set: that is how it will be known who gives it back.
    fn is_noted(&self, state: &State, lock: PlaceId) -> bool {
        let pointer = |place: PlaceId| match self.arena.data(place).root {
            Root::Ptr(pointer) => Some(pointer),
            Root::Local(_) | Root::Global(_) => None,
        };
        let outer = pointer(lock).and_then(|object| match *self.arena.get(object) {
            Term::Load(from, _) => pointer(from),
            _ => None,
        });
        let Some(outer) = outer else { return false };
        let program = self.package.program;
        let is_flag = |place: PlaceId| match self.arena.data(place).parts.last() {
            Some(Part::Field(field)) => program.object(*field).ty == program.basic(Basic::Bool),
            Some(Part::Index(_)) | None => false,
        };
        state.mem.iter().any(|(&place, &value)| {
            let set = matches!(self.arena.get(value), Term::Bool(true) | Term::Phi(..));
            set && pointer(place) == Some(outer) && is_flag(place)
        })
    }

    /// Whether a lock is part of an object that was made here and that nobody else knows.
    fn own_object(&self, state: &State, lock: PlaceId) -> bool {
        match self.arena.data(lock).root {
            Root::Local(local) => {
                let shared = self.func.locals.get(local).is_none_or(|l| l.captured_by_ref);
                !shared && !state.leaky.contains(&local)
            }
            Root::Ptr(pointer) => {
                matches!(self.arena.get(pointer), Term::New(_)) && !state.escaped.contains(&pointer)
            }
            Root::Global(_) => false,
        }
    }

    /// Cancel functions made here that some exit forgets; call it after [`Run::summary`], which hands
    /// the results over.
    pub(crate) fn lost_cancels(&self, exits: &[Exit], ends_process: bool) -> Vec<LostCancel> {
        let mut found = Vec::new();
        for (&span, site) in self.sites.iter().filter(|(_, site)| site.kind.is_none()) {
            let forgotten = |e: &&Exit| e.state.owed.get(&span).is_some_and(|o| o.exposed);
            let lost = exits.iter().filter(forgotten);
            let sure = doubts::settled(lost.clone().map(|exit| &exit.state.trace.doubts));
            let lost = lost.min_by_key(|e| e.span).filter(|_| !ends_process);
            let asks_twice = match lost {
                Some(exit) => !sure || self.asks_twice(&exit.state.trace),
                None => site.unsure,
            };
            let (how, path) = match (lost, &site.overwritten) {
                (Some(_), _) if site.name.is_none() && site.fields.is_empty() => {
                    (Loss::Discarded, Vec::new())
                }
                (Some(exit), _) => (Loss::Return(exit.span), self.path_since(&exit.state, span)),
                (None, Some((_, path))) => (Loss::Overwritten, path.clone()),
                (None, None) => continue,
            };
            found.push(LostCancel {
                func: self.id,
                span,
                name: site.name.clone(),
                deadline: site.deadline,
                rooted: site.rooted,
                served: site.served,
                helper: site.helper,
                how,
                path,
                sometimes_released: site.released,
                asks_twice,
            });
        }
        found
    }
}

/// A lock that some exits keep for callers, as it seems: what they return tells which.
pub(crate) struct KeptLock {
    /// The field or variable that it is.
    pub(crate) lock: ObjectId,
    /// Whether those who get the lock get with it what gives it back, or are told that they have it.
    pub(crate) handed: bool,
    /// What it is if nobody gives it back.
    pub(crate) missing: MissingUnlock,
}

/// One outcome for all that `alike` holds of.
fn joined(each: &[Outcome], alike: impl Fn(&Outcome, &Outcome) -> bool) -> Vec<Outcome> {
    let mut outcomes: Vec<Outcome> = Vec::new();
    for outcome in each {
        match outcomes.iter_mut().find(|o| alike(o, outcome)) {
            Some(known) => known.join(outcome),
            None => outcomes.push(outcome.clone()),
        }
    }
    outcomes
}

/// Longer call chains are not followed.
const MAX_CHAIN: usize = 12;

/// Whether a result tells the caller exactly when it got the lock: success or a non-nil object.
fn handed_over(run: &Run<'_, '_>, exits: &[Exit], keeping: &[usize]) -> bool {
    let n = exits.first().map_or(0, |e| e.results.len());
    (0..n).any(|i| {
        let Some(&local) = run.func.results.get(i) else { return false };
        let is_error = run.package.is_error(run.func.locals[local].ty);
        exits.iter().enumerate().all(|(number, exit)| {
            let Some(&result) = exit.results.get(i) else { return false };
            let kept = keeping.contains(&number);
            match run.arena.get(result) {
                Term::Nil => kept == is_error,
                Term::Bool(b) => kept == *b,
                _ if run.arena.is_non_nil(result) => kept != is_error,
                // An unknown pointer against nil elsewhere.
                _ => kept && !is_error && !is_bool(run, i),
            }
        })
    })
}

/// Whether every error return gives the lock back, and every other return keeps it that had taken it: a
/// call may find that its caller has the lock already.
fn kept_by_success(
    run: &Run<'_, '_>,
    exits: &[Exit],
    keeping: &[usize],
    took: &dyn Fn(&Exit) -> bool,
) -> bool {
    let results = run.func.results.iter();
    let error = results.into_iter().position(|&r| run.package.is_error(run.func.locals[r].ty));
    let Some(error) = error else { return false };
    let mut failed = false;
    let protocol = exits.iter().enumerate().all(|(number, exit)| {
        let kept = keeping.contains(&number);
        match exit.results.get(error).map(|&result| run.arena.get(result)) {
            Some(Term::Nil) => kept || !took(exit),
            Some(_) => {
                failed |= took(exit);
                !kept
            }
            None => false,
        }
    });
    protocol && failed
}

/// Whether a flag in memory tells exactly when the lock is kept.
fn flagged(run: &Run<'_, '_>, exits: &[Exit], keeping: &[usize]) -> bool {
    let Some(first) = keeping.first().and_then(|&i| exits.get(i)) else { return false };
    let outlives = |place: PlaceId| !matches!(run.arena.data(place).root, Root::Local(_));
    first.state.mem.iter().any(|(&place, &value)| {
        matches!(run.arena.get(value), Term::Bool(_))
            && outlives(place)
            && exits.iter().enumerate().all(|(number, exit)| {
                (exit.state.mem.get(&place) == Some(&value)) == keeping.contains(&number)
            })
    })
}

fn is_bool(run: &Run<'_, '_>, result: usize) -> bool {
    let Some(&local) = run.func.results.get(result) else { return false };
    run.package.program.type_string(run.func.locals[local].ty) == "bool"
}
