//! Which locks each function takes at some time, calls included, in terms of its inputs.

use super::facts::{
    Arg, Callee, Event, EventKind, HeldLock, MAX_STEPS, Parent, Spot, SpotRoot, SpotStep, UNKNOWN,
    Waited, before,
};
use super::index::{Callable, Index, Key};
use super::parents::shortened;
use super::report::Spotted;
use crate::report::LockMode;
use crate::summary::Value;
use stanch_base::{FxHashMap, Idx};
use stanch_ir::Span;
use std::collections::BTreeSet;

/// Most locks that are kept for one function.
const MAX_TAKES: usize = 64;
/// Longer chains of calls are not followed.
const MAX_CHAIN: u32 = 10;
/// Things done for those who wait that are kept for one function.
const MAX_SIGNALS: usize = 48;
/// Calls of parameters that are kept for one function.
const MAX_CALLS: usize = 8;

/// A lock that a function takes at some time.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Take {
    pub(crate) lock: Spot,
    pub(crate) mode: LockMode,
    /// If it is no lock but something that is waited for.
    pub(crate) wait: Option<Waited>,
    /// What else ends the wait.
    pub(crate) arms: Vec<(Waited, Spot)>,
    /// Locks of callers that were given back before.
    pub(crate) released: Vec<Spot>,
    /// What holds of the inputs then.
    pub(crate) known: Vec<(Spot, Value)>,
    /// Whether it depends on arguments in a way that callers cannot tell.
    pub(crate) depends: bool,
    /// Whether a called function takes it only if an input has a value of which the caller says
    /// nothing: a flag may well tell that the lock is held.
    pub(crate) guarded: bool,
    /// Whether an interface or a stored function is on the way.
    pub(crate) dynamic: bool,
    /// Whether one of several implementations of an interface is on the way.
    pub(crate) vague: bool,
    /// Whether it is seen only with other packages or by what [`Take::dynamic`] says.
    pub(crate) beyond: bool,
    /// Fields by which it was reached there and back.
    pub(crate) parent: Option<Parent>,
    pub(crate) via: Via,
    /// Number of functions on the way.
    pub(crate) depth: u32,
}

/// How a function gets to a lock.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Via {
    /// By its own operation.
    Here(Span),
    /// By a call of a function, which gets to it by its take with this number.
    Call(Span, Key, usize),
}

/// A call of a function value that is an input.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct InputCall {
    pub(crate) input: Spot,
    /// Locks held meanwhile.
    pub(crate) held: Vec<(HeldLock, Box<str>)>,
    pub(crate) released: Vec<Spot>,
    /// What holds of the inputs then.
    pub(crate) known: Vec<(Spot, Value)>,
    /// Functions to the call, each with the place that leads on.
    pub(crate) path: Vec<Spotted>,
}

/// Something that a function does for those who wait, calls included.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Signal {
    pub(crate) what: Waited,
    pub(crate) place: Spot,
    /// Whether it comes when the function returns.
    pub(crate) last: bool,
    /// Where the function that does it has taken it on, if it has itself.
    pub(crate) owed: Option<Span>,
    pub(crate) via: Via,
    depth: u32,
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Summary {
    pub(crate) takes: Vec<Take>,
    pub(crate) signals: Vec<Signal>,
    pub(crate) calls: Vec<InputCall>,
}

/// A lock that an event leads to, in the terms of the function of the event.
#[derive(Clone, Debug)]
pub(crate) struct Reached {
    pub(crate) take: Take,
    /// Locks held further down, by functions that call back.
    pub(crate) held: Vec<(HeldLock, Box<str>)>,
    /// From the called function on; empty if the event itself takes the lock.
    pub(crate) path: Vec<Spotted>,
}

/// Summaries of all functions.
pub(crate) struct Takes<'a> {
    pub(crate) index: &'a Index<'a>,
    offsets: Vec<usize>,
    summaries: Vec<Summary>,
    /// What each call event of a function may run.
    callables: Vec<Vec<Vec<Callable>>>,
    /// The call events that lead to a function.
    pub(crate) callers: FxHashMap<Key, Vec<(Key, usize)>>,
}

impl<'a> Takes<'a> {
    pub(crate) fn new(index: &'a Index<'a>) -> Self {
        let mut offsets = Vec::new();
        let mut n = 0;
        for facts in index.facts {
            offsets.push(n);
            n += facts.funcs.len();
        }
        let mut takes = Self {
            index,
            offsets,
            summaries: vec![Summary::default(); n],
            callables: vec![Vec::new(); n],
            callers: FxHashMap::default(),
        };
        takes.resolve();
        takes.settle();
        takes
    }

    pub(crate) fn summary(&self, key: Key) -> &Summary {
        &self.summaries[self.number(key)]
    }

    fn number(&self, key: Key) -> usize {
        self.offsets[key.package] + key.func.index()
    }

    /// What an event may run.
    pub(crate) fn callables(&self, key: Key, event: usize) -> &[Callable] {
        let events = self.callables.get(self.number(key));
        events.and_then(|e| e.get(event)).map_or(&[], Vec::as_slice)
    }

    fn resolve(&mut self) {
        for key in self.index.keys() {
            let Some(func) = self.index.func(key) else { continue };
            let number = self.number(key);
            for (i, event) in func.events.iter().enumerate() {
                let callables = match &event.kind {
                    EventKind::Call(callee, args)
                    | EventKind::Go(callee, args)
                    | EventKind::GoIn(_, callee, args) => self.targets(key, callee, args),
                    _ => Vec::new(),
                };
                for callable in &callables {
                    self.callers.entry(callable.key).or_default().push((key, i));
                }
                self.callables[number].push(callables);
            }
        }
    }

    fn targets(&self, key: Key, callee: &Callee, args: &[Arg]) -> Vec<Callable> {
        let args = args.to_vec();
        match callee {
            Callee::Body(func, captures) => {
                let key = Key { package: key.package, func: *func };
                vec![Callable {
                    key,
                    args,
                    captures: captures.clone(),
                    dynamic: false,
                    vague: false,
                }]
            }
            Callee::Declared(object) => {
                let key = self.index.declared(*object);
                let call = |key| Callable {
                    key,
                    args,
                    captures: Vec::new(),
                    dynamic: false,
                    vague: false,
                };
                key.map(call).into_iter().collect()
            }
            Callee::Interface(method, ty) => {
                let mut keys = self.index.implementations(*method, *ty);
                let vague = keys.len() > 1;
                // What a method calls by the same name wraps another type.
                keys.retain(|&target| target != key);
                let call = |key| Callable {
                    key,
                    args: args.clone(),
                    captures: Vec::new(),
                    dynamic: true,
                    vague,
                };
                keys.into_iter().map(call).collect()
            }
            Callee::Input(_) | Callee::Field(..) => Vec::new(),
        }
    }

    /// Runs all functions until nothing new is found.
    fn settle(&mut self) {
        let mut work: BTreeSet<Key> = self.index.keys().collect();
        let mut readers: FxHashMap<Key, Vec<Key>> = FxHashMap::default();
        for (&callee, callers) in &self.callers {
            readers.entry(callee).or_default().extend(callers.iter().map(|c| c.0));
        }
        self.add_hook_readers(&mut readers);
        let mut fuel = work.len() * 24 + 1000;
        // In rounds: who calls thousands of functions is looked at once after all of them.
        while !work.is_empty() {
            for key in std::mem::take(&mut work) {
                fuel -= 1;
                if fuel == 0 {
                    return;
                }
                if self.update(key)
                    && let Some(readers) = readers.get(&key)
                {
                    work.extend(readers.iter().copied());
                }
            }
        }
    }

    /// Who calls functions that are kept in fields depends on them.
    fn add_hook_readers(&self, readers: &mut FxHashMap<Key, Vec<Key>>) {
        for key in self.index.keys() {
            let Some(func) = self.index.func(key) else { continue };
            for event in &func.events {
                let EventKind::Call(Callee::Field(field, owner), _) = &event.kind else { continue };
                for hook in self.hooks(*field, owner) {
                    readers.entry(hook.callable.key).or_default().push(key);
                }
            }
        }
    }

    /// Adds what one function takes; whether anything is new.
    fn update(&mut self, key: Key) -> bool {
        let Some(func) = self.index.func(key) else { return false };
        let mut changed = false;
        for (i, event) in func.events.iter().enumerate() {
            for call in self.input_calls(key, i, event) {
                let number = self.number(key);
                let known = &mut self.summaries[number].calls;
                if known.len() < MAX_CALLS && !known.iter().any(|c| c.input == call.input) {
                    known.push(call);
                    changed = true;
                }
            }
            for reached in self.reached(key, i) {
                changed |= self.add(key, event, reached.take);
            }
            for signal in self.signals(key, i, event) {
                let number = self.number(key);
                let known = &mut self.summaries[number].signals;
                let same = |s: &Signal| s.what == signal.what && s.place == signal.place;
                if known.len() < MAX_SIGNALS && !known.iter().any(same) {
                    known.push(signal);
                    changed = true;
                }
            }
        }
        changed
    }

    /// What an event does for those who wait.
    fn signals(&self, key: Key, number: usize, event: &Event) -> Vec<Signal> {
        let here = |what: Waited, place: &Spot, last: bool| Signal {
            what,
            place: place.clone(),
            last,
            owed: self.owed(key, event, what, place),
            via: Via::Here(event.span),
            depth: 1,
        };
        match &event.kind {
            EventKind::Signal(what, place) => vec![here(*what, place, event.deferred)],
            EventKind::SignalAtEnd(what, place) => vec![here(*what, place, true)],
            EventKind::Call(..) => {
                let mut found = Vec::new();
                for callable in self.callables(key, number).iter().filter(|c| !c.vague) {
                    let signals = self.summary(callable.key).signals.iter().enumerate();
                    for (i, signal) in signals.filter(|(_, s)| s.depth < MAX_CHAIN) {
                        found.push(Signal {
                            what: signal.what,
                            place: substitute(&signal.place, callable),
                            last: event.deferred,
                            owed: signal.owed,
                            via: Via::Call(event.span, callable.key, i),
                            depth: signal.depth + 1,
                        });
                    }
                }
                found
            }
            _ => Vec::new(),
        }
    }

    /// Where a function has taken on what it does for those who wait, last before it does it.
    fn owed(&self, key: Key, event: &Event, what: Waited, place: &Spot) -> Option<Span> {
        let func = self.index.func(key).filter(|_| what == Waited::Group)?;
        let owes = |e: &&Event| matches!(&e.kind, EventKind::Owe(group) if group == place);
        let owed = func.events.iter().filter(owes).map(|e| e.span);
        owed.filter(|&span| before(span, event.span)).max()
    }

    fn add(&mut self, key: Key, event: &Event, mut take: Take) -> bool {
        let nameable = matches!(
            take.lock.root,
            SpotRoot::Param(_) | SpotRoot::Capture(_) | SpotRoot::Global(_)
        );
        let given_back = event.released.iter().any(|r| same_class(r, &take.lock));
        if !nameable || given_back || take.depth > MAX_CHAIN {
            return false;
        }
        for released in &event.released {
            if !take.released.contains(released) {
                take.released.push(released.clone());
            }
        }
        let number = self.number(key);
        let takes = &mut self.summaries[number].takes;
        let alike = |t: &&mut Take| {
            t.lock == take.lock && t.mode == take.mode && t.wait == take.wait && t.arms == take.arms
        };
        if let Some(known) = takes.iter_mut().find(alike) {
            let weaker = known.known.len() > take.known.len()
                && take.known.iter().all(|k| known.known.contains(k));
            let better = weaker && (take.depends, take.guarded) <= (known.depends, known.guarded)
                || (take.depends, take.guarded) < (known.depends, known.guarded)
                || known.dynamic && !take.dynamic;
            if better && (known.dynamic || !take.dynamic) {
                // The number of a take never changes: chains name it.
                *known = take;
                return true;
            }
            return false;
        }
        if takes.len() >= MAX_TAKES {
            return false;
        }
        takes.push(take);
        true
    }

    /// The locks that an event leads to.
    pub(crate) fn reached(&self, key: Key, number: usize) -> Vec<Reached> {
        let Some(func) = self.index.func(key) else { return Vec::new() };
        let Some(event) = func.events.get(number) else { return Vec::new() };
        let mut found = Vec::new();
        match &event.kind {
            EventKind::Acquire(lock, mode) => {
                let take = here(event, lock, *mode, None);
                found.push(Reached { take, held: Vec::new(), path: Vec::new() });
            }
            EventKind::Wait(what, place) => {
                let take = here(event, place, LockMode::Write, Some(*what));
                found.push(Reached { take, held: Vec::new(), path: Vec::new() });
            }
            EventKind::Select(arms) => {
                let Some(((what, place), others)) = arms.split_first() else { return found };
                let mut take = here(event, place, LockMode::Write, Some(*what));
                take.arms = others.to_vec();
                found.push(Reached { take, held: Vec::new(), path: Vec::new() });
            }
            EventKind::Call(callee, args) => {
                for callable in self.callables(key, number) {
                    self.through(key, event, callable, &mut found);
                }
                if let Callee::Field(field, owner) = callee {
                    self.through_hooks(event, (*field, owner), args, &mut found);
                }
            }
            _ => {}
        }
        found
    }

    /// The locks that a call leads to.
    fn through(&self, key: Key, event: &Event, callable: &Callable, found: &mut Vec<Reached>) {
        let summary = self.summary(callable.key);
        for (i, take) in summary.takes.iter().enumerate() {
            let Some(mut take) = translate(take, event, callable) else { continue };
            self.shorten(&mut take);
            take.beyond |= callable.key.package != key.package;
            take.via = Via::Call(event.span, callable.key, i);
            let path = self.path(callable.key, i);
            found.push(Reached { take, held: Vec::new(), path });
        }
        for call in &summary.calls {
            let Some((_, Some(value))) = argument(&call.input, callable) else { continue };
            let Some(target) = self.value(key, value) else { continue };
            if call.known.iter().any(|(spot, wanted)| is_refuted(spot, wanted, callable)) {
                continue;
            }
            let mut held = Vec::new();
            for (lock, symbol) in &call.held {
                let spot = substitute(&lock.lock, callable);
                held.push((HeldLock { lock: spot, ..lock.clone() }, symbol.clone()));
            }
            for (i, take) in self.summary(target.key).takes.iter().enumerate() {
                let Some(mut take) = translate(take, event, &target) else { continue };
                self.shorten(&mut take);
                take.released.extend(call.released.iter().map(|r| substitute(r, callable)));
                take.dynamic |= callable.dynamic;
                take.beyond = true;
                take.via = Via::Call(event.span, target.key, i);
                take.depth += call.path.len() as u32;
                let mut path = call.path.clone();
                path.extend(self.path(target.key, i));
                found.push(Reached { take, held: held.clone(), path });
            }
        }
    }

    /// Names a lock of the object itself as such, where it was reached by way of what the object keeps.
    fn shorten(&self, take: &mut Take) {
        while let Some((lock, pair)) = shortened(&take.lock, &self.index.parents) {
            take.lock = lock;
            take.beyond = true;
            take.parent = Some(pair);
        }
    }

    /// A function value that is an argument.
    pub(super) fn value(&self, key: Key, value: &Arg) -> Option<Callable> {
        let (key, args, captures) = match value {
            Arg::Closure(func, captures) => {
                (Key { package: key.package, func: *func }, Vec::new(), captures.clone())
            }
            Arg::Declared(object) => (self.index.declared(*object)?, Vec::new(), Vec::new()),
            Arg::Method(recv, method) => {
                (self.index.declared(*method)?, vec![(**recv).clone()], Vec::new())
            }
            Arg::Points(_) | Arg::Const(_) | Arg::Unknown => return None,
        };
        Some(Callable { key, args, captures, dynamic: false, vague: false })
    }

    /// Calls of inputs that an event leads to.
    fn input_calls(&self, key: Key, number: usize, event: &Event) -> Vec<InputCall> {
        let mut found = Vec::new();
        let Some(func) = self.index.func(key) else { return found };
        let here = Spotted { symbol: func.symbol.clone(), span: event.span };
        let own = |h: &HeldLock| (h.clone(), func.symbol.clone());
        if let EventKind::Call(Callee::Input(input), _) = &event.kind
            && input.steps.is_empty()
        {
            found.push(InputCall {
                input: input.clone(),
                held: event.held.iter().map(own).collect(),
                released: event.released.clone(),
                known: event.known.clone(),
                path: vec![here.clone()],
            });
        }
        for callable in self.callables(key, number) {
            if event.kind.starts() {
                continue;
            }
            for call in &self.summary(callable.key).calls {
                let Some((_, Some(Arg::Points(spot)))) = argument(&call.input, callable) else {
                    continue;
                };
                let Some(input) = spot.holder().filter(|s| s.steps.is_empty()) else { continue };
                if call.known.iter().any(|(spot, wanted)| is_refuted(spot, wanted, callable)) {
                    continue;
                }
                let released: Vec<Spot> =
                    call.released.iter().map(|r| substitute(r, callable)).collect();
                let mut held: Vec<_> =
                    event.held.iter().filter(|h| !gives(&released, &h.lock)).map(own).collect();
                for (lock, symbol) in &call.held {
                    let spot = substitute(&lock.lock, callable);
                    held.push((HeldLock { lock: spot, ..lock.clone() }, symbol.clone()));
                }
                let path: Vec<Spotted> =
                    [here.clone()].into_iter().chain(call.path.iter().cloned()).collect();
                if path.len() <= MAX_CHAIN as usize {
                    let known = event.known.clone();
                    found.push(InputCall { input, held, released, known, path });
                }
            }
        }
        found
    }

    /// Functions and places from a take of a function to the lock call.
    pub(crate) fn path(&self, key: Key, take: usize) -> Vec<Spotted> {
        let mut path = Vec::new();
        let mut at = Some((key, take));
        while let Some((key, take)) = at {
            if path.len() > MAX_CHAIN as usize {
                break;
            }
            let Some(take) = self.summary(key).takes.get(take) else { break };
            let symbol = self.index.func(key).map(|f| f.symbol.clone()).unwrap_or_default();
            let (span, next) = match take.via {
                Via::Here(span) => (span, None),
                Via::Call(span, callee, number) => (span, Some((callee, number))),
            };
            path.push(Spotted { symbol, span });
            at = next;
        }
        path
    }
}

/// What an event takes by itself.
fn here(event: &Event, lock: &Spot, mode: LockMode, wait: Option<Waited>) -> Take {
    Take {
        lock: lock.clone(),
        mode,
        wait,
        arms: Vec::new(),
        released: Vec::new(),
        known: event.known.clone(),
        depends: event.depends,
        guarded: false,
        dynamic: false,
        vague: false,
        beyond: false,
        parent: None,
        via: Via::Here(event.span),
        depth: 1,
    }
}

/// Whether two spots may be the same lock as far as their names tell.
pub(crate) fn same_class(a: &Spot, b: &Spot) -> bool {
    a.class().is_some() && a.class() == b.class() && !a.is_other(b)
}

/// Whether a lock is, or may be, among those given back: what is behind a pointer or an interface may be any.
pub(crate) fn gives(released: &[Spot], lock: &Spot) -> bool {
    released.iter().any(|r| same_class(r, lock) || r.is_behind_pointer())
}

/// The place and value of an input at a call.
pub(super) fn argument<'c>(
    input: &Spot,
    call: &'c Callable,
) -> Option<(Option<&'c Spot>, Option<&'c Arg>)> {
    match input.root {
        SpotRoot::Param(i) => Some((None, call.args.get(i as usize))),
        SpotRoot::Capture(i) => {
            let (place, value) = call.captures.get(i as usize)?;
            Some((Some(place), Some(value)))
        }
        _ => None,
    }
}

/// A spot of a called function in the terms of its caller; out of sight if it has no name there.
pub(crate) fn substitute(spot: &Spot, call: &Callable) -> Spot {
    let unknown = || {
        let last = spot.steps.last().filter(|s| matches!(s, SpotStep::Field(_)));
        Spot::new(SpotRoot::Unknown, last.copied().into_iter().collect())
    };
    if let SpotRoot::Global(_) = spot.root {
        return Spot::new(spot.root, foreign(&spot.steps).collect());
    }
    let Some((place, value)) = argument(spot, call) else { return unknown() };
    let (base, rest) = match (spot.steps.split_first(), value, place) {
        (Some((SpotStep::Deref(0), rest)), Some(Arg::Points(target)), _) => (target, rest),
        (Some((SpotStep::Deref(_), _)), _, _) => return unknown(),
        (_, _, Some(place)) => (place, &*spot.steps),
        _ => return unknown(),
    };
    if base.root == SpotRoot::Unknown || base.steps.len() + rest.len() > MAX_STEPS {
        return unknown();
    }
    Spot::new(base.root, base.steps.iter().copied().chain(foreign(rest)).collect())
}

/// Steps of another function: its times and keys mean nothing here.
pub(super) fn foreign(steps: &[SpotStep]) -> impl Iterator<Item = SpotStep> + '_ {
    steps.iter().map(|step| match *step {
        SpotStep::Deref(0) => SpotStep::Deref(0),
        SpotStep::Deref(_) => SpotStep::Deref(UNKNOWN),
        SpotStep::Index(_) => SpotStep::Index(UNKNOWN),
        SpotStep::Field(field) => SpotStep::Field(field),
    })
}

/// A take of a called function in the terms of its caller; `None` if the call excludes it.
fn translate(take: &Take, event: &Event, call: &Callable) -> Option<Take> {
    if take.depends {
        return None;
    }
    let lock = substitute(&take.lock, call);
    if lock.root == SpotRoot::Unknown {
        return None;
    }
    let mut known = event.known.clone();
    let mut guarded = take.guarded;
    for (spot, wanted) in &take.known {
        let is_flag = matches!(wanted, Value::Bool(_) | Value::Int(_));
        if let (SpotRoot::Param(_), []) = (spot.root, &*spot.steps) {
            match argument(spot, call).and_then(|(_, value)| value) {
                Some(Arg::Const(value)) if excludes(value, wanted) => return None,
                Some(Arg::Const(_)) => {}
                Some(Arg::Closure(..) | Arg::Declared(_) | Arg::Method(..))
                    if *wanted == Value::Nil =>
                {
                    return None;
                }
                Some(Arg::Points(target)) => match target.holder() {
                    Some(holder) => guarded |= agree(&mut known, event, holder, wanted)? && is_flag,
                    None if *wanted == Value::Nil => return None,
                    None => {}
                },
                _ => guarded |= is_flag,
            }
            continue;
        }
        let place = substitute(spot, call);
        if place.root != SpotRoot::Unknown && place.is_exact() {
            // What a literal sees of its function's parameters, the function's callers say.
            let own = matches!((spot.root, place.root), (SpotRoot::Capture(_), SpotRoot::Param(_)))
                && place.steps.is_empty();
            guarded |= agree(&mut known, event, place, wanted)? && is_flag && !own;
        } else {
            guarded |= is_flag;
        }
    }
    Some(Take {
        lock,
        arms: take.arms.iter().map(|(what, arm)| (*what, substitute(arm, call))).collect(),
        released: take.released.iter().map(|r| substitute(r, call)).collect(),
        known: known.into_iter().filter(|(spot, _)| is_input(spot)).collect(),
        depends: event.depends,
        guarded,
        dynamic: take.dynamic || call.dynamic,
        vague: take.vague || call.vague,
        beyond: take.beyond || call.dynamic,
        depth: take.depth + 1,
        ..take.clone()
    })
}

/// Whether an argument excludes what is known of a parameter.
fn is_refuted(spot: &Spot, wanted: &Value, call: &Callable) -> bool {
    let argument = match (spot.root, &*spot.steps) {
        (SpotRoot::Param(_), []) => argument(spot, call),
        _ => None,
    };
    matches!(argument, Some((_, Some(Arg::Const(value)))) if excludes(value, wanted))
}

fn is_input(spot: &Spot) -> bool {
    matches!(spot.root, SpotRoot::Param(_) | SpotRoot::Capture(_) | SpotRoot::Global(_))
}

/// Adds a condition to what is known, and whether that was needed; `None` if it contradicts.
fn agree(
    known: &mut Vec<(Spot, Value)>,
    event: &Event,
    place: Spot,
    wanted: &Value,
) -> Option<bool> {
    if let Some((_, value)) = event.now.iter().find(|(spot, _)| *spot == place) {
        return (!excludes(value, wanted)).then_some(false);
    }
    let mut same = known.iter().filter(|(spot, _)| *spot == place);
    if same.clone().any(|(_, value)| excludes(value, wanted)) {
        return None;
    }
    if same.next().is_some() {
        return Some(false);
    }
    known.push((place, wanted.clone()));
    Some(true)
}

/// Whether two values cannot be the same.
fn excludes(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(x), Value::Bool(y)) => x != y,
        (Value::Int(x), Value::Int(y)) => x != y,
        (Value::Nil, Value::NonNil) | (Value::NonNil, Value::Nil) => true,
        _ => false,
    }
}
