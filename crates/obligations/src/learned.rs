//! Duties that nobody states but those who keep them: what most users of a function close.
//!
//! A function is run once more, with each object that a call gives it and that has a method which could
//! close it taken for something that has to be closed. Its own methods use such an object and do not
//! keep it; what they return may own it. What becomes of the objects of one function's callers, in
//! the whole module, tells whether there is such a duty.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::flow::Exit;
use crate::makers;
use crate::names::Known;
use crate::package::Package;
use crate::report::{Duty, StepKind};
use crate::site::Site;
use crate::state::State;
use crate::term::{Part, PlaceId, Root, Term, TermId};
use crate::unseen;
use crate::visit;
use stanch_base::FxHashSet;
use stanch_effects::Kind;
use stanch_ir::{Callee, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, Span};
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeId, TypeKind};
use std::collections::BTreeSet;

/// An object that may have to be closed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Candidate {
    /// The type, and the name of the function that returned it.
    pub(crate) key: String,
    /// Whether that function can fail: one that cannot only makes what others fill.
    fallible: bool,
    /// Its methods that are called, other than those that may close it.
    methods: BTreeSet<String>,
    /// The method that closes it, if one is called.
    closer: Option<String>,
    /// Whether a deferred call does.
    deferred: bool,
}

impl Candidate {
    /// What a function was given.
    pub(crate) fn given(key: String) -> Self {
        Self { key, fallible: true, ..Self::default() }
    }
}

/// What is called through.
pub(crate) enum Through {
    /// The object.
    Whole,
    /// A part of it.
    Part,
    /// What a method of it returned.
    Derived,
}

/// What a literal does with a variable that it captures.
#[derive(Default)]
struct Use {
    releases: bool,
    /// Anything but calls of its methods.
    other: bool,
}

/// Literals within literals are followed so far.
const MAX_DEPTH: u32 = 3;

/// Whether a function calls others that return what may have to be closed.
pub(crate) fn has_candidates(package: &Package<'_>, func: &Func) -> bool {
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Call(call) => match call.callee {
            Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                result_of(package, func, object, &call.dst).is_some()
            }
            Callee::Closure(..) | Callee::Value(_) | Callee::Builtin(_) => false,
        },
        _ => false,
    }) || !package.unseen_results(func).is_empty()
}

/// The result of a call that may have to be closed.
fn result_of(
    package: &Package<'_>,
    func: &Func,
    object: ObjectId,
    dst: &[LocalId],
) -> Option<usize> {
    let program = package.program;
    if object.package == ObjectId::UNIVERSE || package.names.is_described(object) {
        return None;
    }
    let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    let theirs = first(program.package_path(object.package));
    let own = first(program.package_path(package.module.package));
    if !theirs.contains('.') && theirs != own {
        return None;
    }
    // What reads or writes through something else holds nothing that this does not.
    if let TypeKind::Signature(signature) = program.kind(program.object(object).ty) {
        let streams = |ty: TypeId| {
            let has = |name| program.lookup(ty, package.module.package, name).is_some();
            has("Read") || has("Write")
        };
        if signature.params.iter().any(|&ty| streams(ty)) {
            return None;
        }
    }
    let ty = |&dst: &LocalId| func.locals.get(dst).map(|l| l.ty);
    let is_bool = |ty: TypeId| ty == program.basic(stanch_types::Basic::Bool);
    let tells = dst.iter().filter_map(ty).any(|ty| is_bool(ty) || package.holds_errors(ty));
    let answers = |ty: TypeId| {
        package.names.is_response(ty) && matches!(package.names.known(object), Known::Nothing)
    };
    let closable = |dst: &LocalId| ty(dst).is_some_and(|ty| package.is_closable(ty) || answers(ty));
    let mut found = (0..dst.len()).filter(|&i| closable(&dst[i]));
    match (tells, found.next(), found.next()) {
        (false, Some(i), None) => Some(i),
        _ => None,
    }
}

impl Package<'_> {
    /// Whether values of a type tell of failures in another way than by being an `error` that is not nil:
    /// lists of errors (`[]error`), and errors of another type.
    pub(crate) fn holds_errors(&self, ty: TypeId) -> bool {
        let program = self.program;
        match program.kind(program.underlying(ty)) {
            TypeKind::Slice(elem) | TypeKind::Map(_, elem) => {
                self.is_error(*elem) || self.holds_errors(*elem)
            }
            _ => {
                // As `error` has it: what returns an error is asked for it.
                let method = program.lookup(ty, self.module.package, "Error");
                let text = program.basic(stanch_types::Basic::String);
                let signature = method.map(|m| program.kind(program.object(m.object).ty));
                let says = matches!(signature, Some(TypeKind::Signature(s)) if s.params.is_empty() && *s.results == [text]);
                says && !self.is_error(ty)
            }
        }
    }

    /// Whether a type has a method without arguments that may close its values.
    pub(crate) fn is_closable(&self, ty: TypeId) -> bool {
        if let Some(&known) = self.closable.borrow().get(&ty) {
            return known;
        }
        let program = self.program;
        let base = program.pointee(ty).unwrap_or(ty);
        let closes = |word: &str| {
            let found = program.lookup(ty, self.module.package, word);
            let found = found.map(|f| program.object(f.object));
            let method = found.filter(|o| matches!(o.kind, ObjectKind::Func { .. }));
            let signature = method.map(|o| program.kind(o.ty));
            matches!(signature, Some(TypeKind::Signature(s)) if s.params.len() <= 1 && s.results.len() <= 1)
        };
        let named = match program.named_object(base) {
            Some(object) => object.package != ObjectId::UNIVERSE,
            // One that is written out, maybe under another name.
            None => matches!(program.kind(program.unalias(base)), TypeKind::Interface(_)),
        };
        // What is a channel holds nothing but values: who gives one back makes room in it.
        let known = named
            && !matches!(program.kind(program.underlying(base)), TypeKind::Chan(..))
            && !program.is_type_param(base)
            && !program.embeds_unknown(base)
            && self.names.release_words().any(closes);
        self.closable.borrow_mut().insert(ty, known);
        known
    }
}

impl<'a> Run<'a, '_> {
    /// Takes whatever may have to be closed for something that has to be.
    pub(crate) fn learn(&mut self) {
        self.learning = true;
        self.unseen = self.package.unseen_results(self.func);
        if !self.unseen.is_empty() {
            self.compared = unseen::compared(self.func);
        }
    }

    /// Whether something that has to be closed perhaps was made there.
    fn is_candidate(&self, site: Span) -> bool {
        self.candidates.contains_key(&site)
    }

    /// The candidate that a value is, is a part of, or comes from.
    pub(crate) fn candidate_of(&mut self, state: &State, value: TermId) -> Option<(Span, Through)> {
        let mut through = Through::Whole;
        let mut value = value;
        for _ in 0..8 {
            match *self.arena.get(value) {
                Term::Iface(inner) | Term::Assert(inner, _) => value = inner,
                Term::Wrap(inner) => (value, through) = (inner, Through::Derived),
                Term::Owed(site) if self.is_candidate(site) => return Some((site, through)),
                Term::Load(place, _) => {
                    let Root::Ptr(object) = self.arena.data(place).root else { return None };
                    (value, through) = (object, Through::Part);
                }
                Term::Addr(place) => match self.arena.data(place).root {
                    Root::Ptr(object) => (value, through) = (object, Through::Part),
                    Root::Local(_) => value = *state.mem.get(&place)?,
                    Root::Global(_) => return None,
                },
                _ => return None,
            }
        }
        None
    }

    /// Whether a receiver is the embedded part of an object, or the object.
    fn is_promoted(&self, recv: TermId) -> bool {
        let (Term::Load(place, _) | Term::Addr(place)) = *self.arena.get(self.arena.unboxed(recv))
        else {
            return false;
        };
        self.is_embedded(place)
    }

    fn method_name(&self, call: &Invocation<'a>) -> Option<String> {
        let object = self.package.program.object(call.object?);
        let method = matches!(
            object.kind,
            ObjectKind::Func { recv: Some(_), .. } | ObjectKind::Func { interface: true, .. }
        );
        method.then(|| object.name.to_string())
    }

    /// Runs a call with such objects in mind.
    pub(crate) fn learned(&mut self, mut state: State, mut call: Invocation<'a>) -> Vec<State> {
        let name = self.method_name(&call).or_else(|| self.unseen_method(&state, &call));
        let receiver = match (name, call.args.first()) {
            (Some(name), Some(&recv)) => {
                self.candidate_of(&state, recv).map(|(site, through)| (site, through, name, recv))
            }
            _ => None,
        };
        if receiver.is_none() {
            self.lend_candidates(&state, &mut call);
        }
        let Some((site, through, name, recv)) = receiver else {
            return self.acquires(state, call, None);
        };
        let few = call.args.len() <= 2;
        let word = few && self.package.names.is_release_word(&name);
        if word && matches!(through, Through::Part) && !self.is_promoted(recv) {
            // A part of it is closed, which may be all that there is to close.
            self.discharge(&mut state, site);
        }
        if word && (matches!(through, Through::Whole) || self.is_promoted(recv)) {
            self.released_by(&mut state, site, &name, call.deferred);
            state.trace.push(self.step(call.span, StepKind::Release));
            self.fresh_results(&mut state, &call);
            return vec![state];
        }
        let ends = matches!(call.target, Target::Body(func)
            if self.package.facts.get(func).is_some_and(|f| f.lends.ends(0)));
        if !word && (ends || few && self.package.names.is_release_like(&name)) {
            self.discharge(&mut state, site);
        }
        if !word && let Some(candidate) = self.candidates.get_mut(&site) {
            candidate.methods.insert(name);
        }
        self.lend_candidates(&state, &mut call);
        // Methods keep no receiver; what they return may own it.
        if let Some(first) = call.args.first_mut() {
            *first = self.arena.non_nil();
        }
        let dst = call.dst;
        let mut after = self.acquires(state, call, Some(site));
        let derived = self.arena.term(Term::Wrap(recv));
        for state in &mut after {
            let holds = |l: &LocalId| self.holds(*l) && !self.is_unseen_error(dst, *l);
            let holders: Vec<LocalId> = dst.iter().copied().filter(holds).collect();
            for local in holders {
                let place = self.arena.local(local);
                let value = state.load(&mut self.arena, place);
                if matches!(self.arena.get(value), Term::Fresh(_) | Term::NonNil(_) | Term::New(_))
                {
                    state.store(&self.arena, place, derived);
                }
            }
        }
        after
    }

    /// Whether a local's type can hold another object.
    fn holds(&self, local: LocalId) -> bool {
        self.func.locals.get(local).is_some_and(|local| !self.package.holds_nothing(local.ty))
    }

    fn released_by(&mut self, state: &mut State, site: Span, closer: &str, deferred: bool) {
        self.closes(site, closer, deferred);
        state.closed.insert(site);
        self.close(state, site);
    }

    /// Something is known to close what was made at `site`, now or later.
    fn closes(&mut self, site: Span, closer: &str, deferred: bool) {
        if let Some(candidate) = self.candidates.get_mut(&site) {
            candidate.closer.get_or_insert_with(|| closer.to_owned());
            candidate.deferred |= deferred;
        }
    }

    /// Runs a call that may return something that has to be closed; with the end of `parent` that of
    /// what its method returns comes too.
    fn acquires(&mut self, state: State, call: Invocation<'a>, parent: Option<Span>) -> Vec<State> {
        let (dst, span) = (call.dst, call.span);
        let bounded = parent.is_some_and(|p| !state.owed.contains_key(&p));
        let result = call.object.filter(|_| !bounded);
        let result = result.and_then(|o| result_of(self.package, self.func, o, dst));
        let unseen = (!bounded && self.unseen.contains(&span)).then_some(0);
        let Some(result) = result.or(unseen) else { return self.known_call(state, call) };
        let key = match unseen {
            Some(_) => self.unseen_key(span),
            None => self.key(&call, dst[result]),
        };
        let error = dst.iter().position(|&dst| {
            self.func.locals.get(dst).is_some_and(|l| self.package.is_error(l.ty))
        });
        let error = error.or(unseen.map(|_| dst.len() - 1));
        let fallible = error.is_some();
        let mut after = Vec::new();
        for mut state in self.known_call(state, call) {
            let place = self.arena.local(dst[result]);
            let value = state.load(&mut self.arena, place);
            let inner = self.arena.unboxed(value);
            let new =
                matches!(self.arena.get(inner), Term::Fresh(_) | Term::NonNil(_) | Term::New(_));
            let error = error.map(|i| self.arena.local(dst[i]));
            let failed = error.map(|place| {
                let error = state.load(&mut self.arena, place);
                state.nilness(&self.arena, error).map(|nil| !nil)
            });
            if !new || failed == Some(Some(true)) {
                after.push(state);
                continue;
            }
            if let (Some(None), Some(error)) = (failed, error) {
                let mut fork = state.clone();
                let (nil, some) = (self.arena.nil(), self.arena.non_nil());
                fork.store(&self.arena, place, nil);
                fork.store(&self.arena, error, some);
                after.push(fork);
                state.store(&self.arena, error, nil);
            }
            self.candidates.entry(span).or_insert_with(|| Candidate {
                key: key.clone(),
                fallible,
                ..Candidate::default()
            });
            state.closed.remove(&span);
            let ty = self.func.locals.get(dst[result]).map(|l| l.ty);
            let response = ty.is_some_and(|ty| self.package.names.is_response(ty));
            let kind = if response { Kind::Body } else { Kind::Closer };
            let site = Site { kind: Some(kind), parent, ..Site::default() };
            self.own(&mut state, span, site, true);
            let owed = self.arena.term(Term::Owed(span));
            self.assign(&mut state, dst[result], owed);
            after.push(state);
        }
        after
    }

    fn key(&self, call: &Invocation<'a>, dst: LocalId) -> String {
        match (call.object, self.func.locals.get(dst)) {
            (Some(object), Some(local)) => makers::key(self.package, object, local.ty),
            _ => String::new(),
        }
    }

    /// A part of such an object, or of what it returned, leaves view, and may take it along.
    pub(crate) fn part_taken(&mut self, state: &mut State, place: PlaceId) {
        let Root::Ptr(object) = self.arena.data(place).root else { return };
        let Some((site, _)) = self.candidate_of(state, object) else { return };
        // Nothing but its body holds the body of a response.
        if self.sites.get(&site).is_some_and(|s| s.kind == Some(Kind::Body)) {
            return;
        }
        let program = self.package.program;
        let plain = match self.arena.data(place).parts.last() {
            Some(Part::Field(field)) => {
                let ty = program.underlying(program.object(*field).ty);
                matches!(program.kind(ty), TypeKind::Basic(_))
            }
            Some(Part::Index(_)) | None => false,
        };
        if !plain {
            self.discharge(state, site);
        }
    }

    /// What a deferred call does to such objects; whether that is all that it does.
    pub(crate) fn learned_defer(&mut self, state: &mut State, call: &Invocation<'a>) -> bool {
        let name = self.method_name(call).or_else(|| self.unseen_method(state, call));
        if let (Some(name), Some(&recv)) = (name, call.args.first())
            && self.package.names.is_release_word(&name)
            && let Some((site, through @ (Through::Whole | Through::Part))) =
                self.candidate_of(state, recv)
        {
            if matches!(through, Through::Whole) || self.is_promoted(recv) {
                self.released_by(state, site, &name, true);
                return true;
            }
            self.discharge(state, site);
        }
        if let Target::Body(func) = call.target {
            for (site, usage) in self.captured_candidates(state, func) {
                if usage.releases {
                    self.released_by(state, site, "", true);
                }
            }
        }
        false
    }

    /// What was handed to a deferred call is closed by it, if it closes anything.
    pub(crate) fn deferred_all(&mut self, before: &[Span], state: &mut State, target: Target<'a>) {
        if let Target::Body(func) = target
            && self.package.facts.get(func).is_some_and(|f| !f.lends.may_end_any())
        {
            return;
        }
        for site in before {
            if !state.owed.contains_key(site)
                && let Some(candidate) = self.candidates.get_mut(site)
            {
                candidate.deferred = true;
                candidate.closer.get_or_insert_with(String::new);
                state.closed.insert(*site);
            }
        }
    }

    /// The candidates that a literal captures, and what it does with them.
    fn captured_candidates(&mut self, state: &State, func: FuncId) -> Vec<(Span, Use)> {
        let Some(closure) = self.package.module.funcs.get(func) else { return Vec::new() };
        if closure.parent != Some(self.id) || state.owed.is_empty() {
            return Vec::new();
        }
        let mut found = Vec::new();
        for capture in &closure.captures {
            let place = self.arena.local(capture.outer);
            let value = state.load(&mut self.arena, place);
            if let Some((site, _)) = self.candidate_of(state, value) {
                found.push((site, self.usage(func, capture.inner, 0)));
            }
        }
        found
    }

    /// What a function does with one of its variables.
    fn usage(&self, func: FuncId, local: LocalId, depth: u32) -> Use {
        let mut usage = Use::default();
        let Some(body) = self.package.module.funcs.get(func).filter(|_| depth < MAX_DEPTH) else {
            return Use { releases: false, other: true };
        };
        let names = &self.package.names;
        let program = self.package.program;
        for kind in visit::kinds(body) {
            let mut uses = 0;
            visit::uses(kind, &mut |l| uses += u32::from(l == local));
            if let InstrKind::Assign(_, Rvalue::MakeClosure(inner)) = kind
                && let Some(closure) = self.package.module.funcs.get(*inner)
            {
                for capture in closure.captures.iter().filter(|c| c.outer == local) {
                    let within = self.usage(*inner, capture.inner, depth + 1);
                    usage.releases |= within.releases;
                    usage.other |= within.other;
                }
                continue;
            }
            let (InstrKind::Call(call) | InstrKind::Defer(call)) = kind else {
                let compared = matches!(kind, InstrKind::Assign(_, Rvalue::Binary(..)));
                usage.other |= uses > 0 && !compared;
                continue;
            };
            let receiver = match &call.callee {
                Callee::Interface { recv: Operand::Local(l), method } => Some((*l, *method)),
                Callee::Static(object, _) => {
                    match (program.object(*object).kind.clone(), call.args.first()) {
                        (ObjectKind::Func { recv: Some(_), .. }, Some(Operand::Local(l))) => {
                            Some((*l, *object))
                        }
                        _ => None,
                    }
                }
                // Whatever method it is.
                Callee::Value(Operand::Unknown(_)) => {
                    usage.releases |= call.args.first() == Some(&Operand::Local(local));
                    None
                }
                _ => None,
            };
            if let Some((_, method)) = receiver.filter(|(l, _)| *l == local) {
                uses = uses.saturating_sub(1);
                usage.releases |= names.is_release_word(program.object_name(method));
            }
            usage.other |= uses > 0 && !matches!(call.callee, Callee::Builtin(Builtin::Len));
        }
        usage
    }

    /// A literal is only called by who gets it: what it captures stays here unless it closes that or
    /// hands it on. False if that is not certain.
    pub(crate) fn only_called(&mut self, state: &mut State, func: FuncId) -> bool {
        let captured = self.captured_candidates(state, func);
        captured.iter().all(|(_, usage)| !usage.releases && !usage.other)
    }

    /// A literal that leaves view closes what it captures, some day.
    pub(crate) fn learned_escape(&mut self, state: &mut State, func: FuncId) {
        for (site, usage) in self.captured_candidates(state, func) {
            if usage.releases {
                self.closes(site, "", true);
                self.discharge(state, site);
            }
        }
    }

    /// A method value of such an object leaves view.
    pub(crate) fn learned_method(&mut self, state: &mut State, recv: TermId, method: ObjectId) {
        let name = self.package.program.object_name(method).to_owned();
        if self.package.names.is_release_word(&name)
            && let Some((site, _)) = self.candidate_of(state, recv)
        {
            self.closes(site, &name, true);
            self.discharge(state, site);
        }
    }

    /// Asked for its dynamic type, it may be one that holds nothing.
    pub(crate) fn learned_assert(&mut self, state: &mut State, value: TermId) {
        if let Some((site, Through::Whole)) = self.candidate_of(state, value) {
            self.discharge(state, site);
        }
    }

    /// Whether an exit certainly returns an error.
    fn surely_fails(&self, exit: &Exit) -> bool {
        let mut results = self.func.results.iter().zip(&exit.results);
        results.any(|(&local, &value)| {
            self.package.is_error(self.func.locals[local].ty)
                && exit.state.nilness(&self.arena, value) == Some(false)
        })
    }

    /// What became of each candidate; call it after [`Run::summary`].
    pub(crate) fn duties(&mut self, exits: &[Exit], is_main: bool) -> Vec<Duty> {
        let lost = self.lost_resources(exits, is_main);
        let mut duties = Vec::new();
        for (&span, candidate) in &self.candidates {
            let Some(site) = self.sites.get(&span) else { continue };
            let lost = lost.iter().find(|l| l.span == span).cloned();
            let closed = |e: &Exit| e.state.closed.contains(&span);
            let well = exits.iter().any(|e| closed(e) && !self.surely_fails(e));
            let dropped = |e: &Exit| e.state.owed.contains_key(&span) && !self.surely_fails(e);
            let failing = exits.iter().any(|e| closed(e) && self.surely_fails(e))
                && !exits.iter().any(dropped);
            duties.push(Duty {
                key: candidate.key.clone(),
                func: self.id,
                span,
                closer: candidate.closer.clone(),
                deferred: candidate.deferred,
                fallible: candidate.fallible,
                closed_well: well,
                closed_failing: failing,
                moved: site.released && candidate.closer.is_none(),
                methods: candidate.methods.clone(),
                given_by: None,
                lost,
            });
        }
        duties
    }
}

/// Runs the functions that may have such objects.
pub(crate) fn duties(package: &Package<'_>, run: &mut dyn FnMut(FuncId) -> Vec<Duty>) -> Vec<Duty> {
    let module = package.module;
    let funcs = module.funcs.iter_enumerated();
    let candidates = funcs.filter(|(_, f)| f.has_body && has_candidates(package, f));
    let ids: FxHashSet<FuncId> = candidates.map(|(id, _)| id).collect();
    module.funcs.ids().filter(|id| ids.contains(id)).flat_map(run).collect()
}
