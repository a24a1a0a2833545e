//! Where exploration starts, and for which objects.

use crate::client::leaks::{decided_by_other, only_in_call, only_in_stop};
use crate::client::{Calls, Client};
use crate::given_out::Again;
use crate::scope::{
    At, Detail, Group, Grouped, Keep, Kind, Operation, Scopes, Sliced, Tree, Waiting, Ways, emit,
    waiting,
};
use crate::translate::Translated;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::{FuncId, Module};
use stanch_model::{
    Action, ArgSpec, Callee, Const, Escaped, FnId, Inconclusive, Leak, Limits, Op, Operand,
    Outcome, Prim, WaitReason,
};
use stanch_types::Program;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// How far up an object is followed that functions hand to their callers.
const LEVELS: usize = 6;
/// With more callers than this what a function hands up is out of view.
const MAX_CALLERS: usize = 24;

/// How far a slice is explored in which nobody can get blocked, to see what it hands out.
const IDLE_STATES: u32 = 250;
const IDLE_INSTRUCTIONS: u64 = 10_000;

/// An exploration with fewer states than this is rather done twice than kept.
const KEPT_STATES: u32 = 100;

/// How an exploration is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    detail: Detail,
    limits: Limits,
    /// Whether only what is waited for belongs to the group.
    bare: bool,
}

/// One after the other, until an exploration comes to its end.
const EFFORTS: [Effort; 4] = [
    Effort { detail: Detail::Full, limits: crate::LIMITS, bare: false },
    Effort { detail: Detail::Full, limits: fewer(2, [4, 4], 8), bare: false },
    Effort { detail: Detail::Flags, limits: fewer(1, [3, 3], 4), bare: false },
    Effort { detail: Detail::Flags, limits: LAST, bare: true },
];

/// What is still too much gets much longer in the end, with at most two of each and single elements.
const LAST: Limits = Limits {
    states: 10_000,
    instructions: 3_000_000,
    elements: 1,
    recursion: 2,
    ..fewer(1, [2, 1], 1)
};

/// Bounds with smaller sizes, fewer goroutines and objects of one place, and so many states alike.
const fn fewer(max_size: u32, instances: [u32; 2], alike: u32) -> Limits {
    let [goroutines_per_site, objects_per_site] = instances;
    Limits { max_size, goroutines_per_site, objects_per_site, alike, ..crate::LIMITS }
}

/// One exploration.
pub(crate) struct One {
    pub(crate) root: FuncId,
    pub(crate) sliced: Rc<Sliced>,
    pub(crate) outcome: Outcome,
    /// Whether it asks if a goroutine has a way out.
    pub(crate) worker: bool,
    /// Whether a client of a type was made up for it.
    pub(crate) client: bool,
    /// Whether less was looked at than all: a part of the data that decides, many of one place.
    pub(crate) blurred: bool,
    /// Whether a part of the data that decides was not followed anywhere.
    pub(crate) flat: bool,
    /// Whether the same is explored again with less detail.
    pub(crate) again: bool,
    /// Whether its slice is one that was explored before, from another object.
    pub(crate) same: bool,
}

impl One {
    /// Whether all was explored; with less detail, all with so many goroutines and objects.
    fn is_enough(&self) -> bool {
        match self.outcome.inconclusive {
            None => true,
            Some(why) => self.blurred && is_bound(why),
        }
    }
}

/// Whether goroutines, objects, elements or nested calls were more than are explored together: a bound like
/// that of sizes.
pub(crate) fn is_bound(why: Inconclusive) -> bool {
    matches!(
        why,
        Inconclusive::Goroutines
            | Inconclusive::Objects
            | Inconclusive::Elements
            | Inconclusive::Depth
    )
}

/// Explores everything there is to explore in a package, in a fixed order. Gives how many objects, by
/// function, were left out.
pub(crate) fn each(
    program: &Program<'_>,
    module: &Module,
    translated: &Translated,
    found: &mut dyn FnMut(One),
) -> u32 {
    let explorer = Explorer::new(program, module, translated);
    let mut wave: BTreeMap<FnId, BTreeSet<u32>> = BTreeMap::new();
    for id in translated.program.functions.ids().take(translated.n_funcs) {
        let seeds = explorer.scopes.seeds(id);
        if explorer.is_linked(id) {
            let waits = |seed: &u32| !explorer.scopes.is_lock(*seed);
            explorer.through(id, seeds.into_iter().filter(waits), &mut wave);
        } else if !seeds.is_empty() {
            wave.entry(id).or_default().extend(seeds);
        }
    }
    let mut done: FxHashSet<(FnId, u32)> = FxHashSet::default();
    for _ in 0..LEVELS {
        let mut next: BTreeMap<FnId, BTreeSet<u32>> = BTreeMap::new();
        for (root, mut seeds) in wave {
            seeds.retain(|seed| done.insert((root, *seed)));
            if explorer.is_linked(root) {
                explorer.through(root, seeds.into_iter(), &mut next);
                continue;
            }
            explorer.root(root, &seeds, &mut next, found);
        }
        wave = next;
    }
    for id in translated.program.functions.ids().take(module.n_own) {
        explorer.nothing(id, found);
        explorer.workers(id, found);
    }
    explorer.left_out.get()
}

/// Explores a slice.
fn run(sliced: &Sliced, args: &[ArgSpec], limits: &Limits) -> Outcome {
    let needed = args.iter().zip(&sliced.root_needs);
    let args: Vec<ArgSpec> = needed
        .map(|(arg, needed)| if *needed { *arg } else { ArgSpec::Const(Const::Nil) })
        .collect();
    stanch_model::explore(&sliced.program, sliced.root, &args, limits)
}

/// What was found in a slice with folded ways is told from one in which every way is its own, as far as
/// that was explored.
fn with_own_ways(folded: &mut Outcome, each: Outcome) {
    let key = |l: &Leak| (l.kind, l.entry, l.wait, l.stack.first().copied());
    folded.n_states = folded.n_states.saturating_add(each.n_states);
    let mut leaks = each.leaks;
    for leak in std::mem::take(&mut folded.leaks) {
        if !leaks.iter().any(|l| key(l) == key(&leak)) {
            leaks.push(leak);
        }
    }
    folded.leaks = leaks;
}

/// Where an exploration starts.
struct Root {
    id: FnId,
    /// The function that it is told of.
    func: FuncId,
    /// What its parameters are.
    args: Vec<ArgSpec>,
}

/// What an exploration tells of the callers of its root.
struct Handed {
    /// Classes of what goes to them, and of what leaves view otherwise.
    up: FxHashSet<u32>,
    away: FxHashSet<u32>,
    complete: bool,
    /// Parameters that decide something.
    root_needs: Vec<bool>,
}

/// An exploration that was done, and what it found.
struct Done {
    sliced: Rc<Sliced>,
    limits: Limits,
    outcome: Outcome,
}

pub(crate) struct Explorer<'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) module: &'a Module,
    pub(crate) translated: &'a Translated,
    pub(crate) scopes: Scopes<'a>,
    /// Objects that were not explored, by function.
    left_out: Cell<u32>,
    /// What was explored, by root and classes of its objects: from another object the same is not explored
    /// again.
    handed: RefCell<FxHashMap<(FnId, Vec<u32>), Handed>>,
    /// The larger explorations, by root: slices for different objects are often the same.
    done: RefCell<FxHashMap<FnId, Vec<Done>>>,
}

/// Explores what the clients of types do that are part of the model. Gives the functions of which all was
/// explored that can happen while the object is stopped, and that get stuck in none of it.
pub(crate) fn clients(
    program: &Program<'_>,
    module: &Module,
    translated: &Translated,
    clients: &[Client],
    found: &mut dyn FnMut(One),
) -> FxHashSet<FnId> {
    let (mut fine, mut stuck) = (FxHashSet::default(), FxHashSet::default());
    if clients.is_empty() {
        return fine;
    }
    let explorer = Explorer::new(program, module, translated);
    let mut again = Again::default();
    for client in clients {
        let meets = client.plan.calls == Calls::Meeting;
        explorer.client(client, &mut again, &mut |one| {
            if meets && !one.again {
                let all = one.is_enough() && !one.blurred && one.outcome.leaks.is_empty();
                if all { &mut fine } else { &mut stuck }.extend(&one.sliced.functions);
            }
            found(one);
        });
    }
    fine.retain(|id| !stuck.contains(id));
    fine
}

impl<'a> Explorer<'a> {
    fn new(program: &'a Program<'a>, module: &'a Module, translated: &'a Translated) -> Self {
        let Translated { program: model, parts, swaps, outside, .. } = translated;
        let mut scopes = Scopes::new(model, parts, swaps, outside);
        scopes.constant_inputs.extend(&translated.unset);
        Self {
            program,
            module,
            translated,
            scopes,
            left_out: Cell::new(0),
            handed: RefCell::default(),
            done: RefCell::default(),
        }
    }

    fn root(
        &self,
        root: FnId,
        seeds: &BTreeSet<u32>,
        next: &mut BTreeMap<FnId, BTreeSet<u32>>,
        found: &mut dyn FnMut(One),
    ) {
        let tree = Tree::of(&self.scopes, root);
        let mut covered: FxHashSet<u32> = FxHashSet::default();
        for &seed in seeds {
            if covered.contains(&seed) {
                continue;
            }
            let group = match self.scopes.group(root, seed, &tree) {
                Grouped::Group(group) => group,
                Grouped::TooLarge => {
                    self.leave_out();
                    continue;
                }
                Grouped::Harmless => {
                    if self.scopes.may_hand_up(root, seed) {
                        self.to_callers(root, seed, next);
                    }
                    continue;
                }
            };
            covered.extend(&group.classes);
            let mut key: Vec<u32> = group.classes.iter().copied().collect();
            key.sort_unstable();
            let key = (root, key);
            if let Some(handed) = self.handed.borrow().get(&key) {
                self.up(handed, root, seeds, &group, next);
                self.constants(handed, root, &group, seeds, next);
                continue;
            }
            let start = self.function(root);
            let one = self.try_all(&start, &group, seed, &tree, found);
            let Some(one) = one else {
                self.leave_out();
                continue;
            };
            if let Some(more) = self.beyond(&start, &group, &tree, &one).filter(|_| !one.same) {
                found(more);
            }
            let handed = self.handed(&one);
            self.up(&handed, root, seeds, &group, next);
            self.constants(&handed, root, &group, seeds, next);
            self.handed.borrow_mut().insert(key, handed);
            if !one.same {
                found(one);
            }
        }
    }

    /// Whether a function is of another package: it was explored with that, and is no root here.
    fn is_linked(&self, id: FnId) -> bool {
        (self.module.n_own..self.translated.n_funcs).contains(&id.index())
    }

    /// What a function of another package may hand up is explored from its callers.
    fn through(
        &self,
        id: FnId,
        seeds: impl Iterator<Item = u32>,
        next: &mut BTreeMap<FnId, BTreeSet<u32>>,
    ) {
        for seed in seeds.filter(|seed| self.scopes.may_hand_up(id, *seed)) {
            self.to_callers(id, seed, next);
        }
    }

    /// A function of the package as a root.
    fn function(&self, id: FnId) -> Root {
        let func = FuncId::from_usize(id.index());
        Root { id, func, args: self.translated.root_args(self.program, self.module, func) }
    }

    /// Explores with less and less until it comes to its end; the last try.
    fn try_all(
        &self,
        root: &Root,
        group: &Group,
        seed: u32,
        tree: &Tree,
        found: &mut dyn FnMut(One),
    ) -> Option<One> {
        let mut last: Option<One> = None;
        let mut bare = None;
        for effort in EFFORTS {
            // Of a lock nothing could be said without a part of its group.
            let group = match effort.bare {
                true => {
                    bare.insert(self.scopes.bare(root.id, seed, tree)).as_ref().unwrap_or(group)
                }
                false => group,
            };
            let Some(one) = self.explore(root, group, tree, None, effort) else { continue };
            if let Some(before) = last.replace(one).filter(|before| !before.same) {
                found(One { again: true, ..before });
            }
            if last.as_ref().is_some_and(One::is_enough) {
                break;
            }
        }
        last
    }

    /// Explores with all detail, and with less and less if that is too much: what rests on values that were
    /// forgotten is not told.
    fn try_each(
        &self,
        root: &Root,
        group: &Group,
        tree: &Tree,
        forced: Option<At>,
        found: &mut dyn FnMut(One),
    ) -> Option<One> {
        let mut last = self.explore(root, group, tree, forced, EFFORTS[0])?;
        for effort in &EFFORTS[1..] {
            if last.is_enough() {
                break;
            }
            let again = self.explore(root, group, tree, forced, *effort)?;
            found(One { again: true, ..std::mem::replace(&mut last, again) });
        }
        Some(last)
    }

    fn explore(
        &self,
        root: &Root,
        group: &Group,
        tree: &Tree,
        forced: Option<At>,
        effort: Effort,
    ) -> Option<One> {
        let Root { id, func, args } = root;
        let (classes, carrying) = (&group.classes, &group.carrying);
        let how = (forced, effort.detail);
        let keep = Keep::of(&self.scopes, *id, classes, carrying, tree, how)?;
        let sliced = Rc::new(emit(&keep, Ways::Folded));
        let mut limits = effort.limits;
        let idle = forced.is_none() && self.is_idle(&sliced, group);
        if idle {
            limits.states = IDLE_STATES;
            limits.instructions = IDLE_INSTRUCTIONS;
        }
        let client = id.index() >= self.translated.n_funcs;
        let worker = forced.is_some();
        let flat = effort.detail != Detail::Full;
        let blurred = flat || effort.limits.alike > 0;
        let (same, outcome) = match self.done(*id, &sliced, &limits).filter(|_| !client && !worker)
        {
            Some(outcome) => (true, outcome),
            None => {
                let mut outcome = run(&sliced, args, &limits);
                self.without_ghosts(&mut outcome, &sliced, tree);
                // What is only possible anyway is told as it is.
                let shown = effort.limits.alike == 0 || !flat && outcome.inconclusive.is_none();
                if shown && !outcome.leaks.is_empty() {
                    let each = emit(&keep, Ways::Each);
                    if each.program != sliced.program {
                        let mut own = run(&each, args, &limits);
                        self.without_ghosts(&mut own, &each, tree);
                        with_own_ways(&mut outcome, own);
                    }
                }
                if idle {
                    outcome.inconclusive = None;
                }
                (false, outcome)
            }
        };
        if !same && !client && !worker && outcome.n_states >= KEPT_STATES {
            let done = Done { sliced: Rc::clone(&sliced), limits, outcome: outcome.clone() };
            self.done.borrow_mut().entry(*id).or_default().push(done);
        }
        let (root, again) = (*func, false);
        Some(One { root, sliced, outcome, worker, client, blurred, flat, again, same })
    }

    /// What an exploration of the same slice found.
    fn done(&self, root: FnId, sliced: &Sliced, limits: &Limits) -> Option<Outcome> {
        let done = self.done.borrow();
        let same = |d: &&Done| d.limits == *limits && *d.sliced == *sliced;
        done.get(&root)?.iter().find(same).map(|d| d.outcome.clone())
    }

    /// Whether nobody can get blocked in a slice, however it goes: only what it hands out is asked.
    fn is_idle(&self, sliced: &Sliced, group: &Group) -> bool {
        match waiting(&sliced.program) {
            Waiting::Never => true,
            Waiting::Alone => !self.scopes.can_get_stuck(&group.classes, &group.carrying),
            Waiting::Shared => false,
        }
    }

    /// What an exploration tells of the callers.
    fn handed(&self, one: &One) -> Handed {
        let mut handed = Handed {
            up: FxHashSet::default(),
            away: FxHashSet::default(),
            complete: one.outcome.inconclusive.is_none(),
            root_needs: one.sliced.root_needs.clone(),
        };
        for (point, to) in &one.outcome.escaped {
            let class =
                one.sliced.origin(*point).and_then(|(func, at)| self.scopes.made_at(func, at));
            match to {
                Escaped::Up => handed.up.extend(class),
                Escaped::Away => handed.away.extend(class),
            }
        }
        handed
    }

    /// Where nobody gets stuck with the sizes that are tried: with a small number for the one that is larger, and
    /// with two more: one is taken by who leaves, another has no room, or no worker.
    fn beyond(&self, root: &Root, group: &Group, tree: &Tree, one: &One) -> Option<One> {
        let all = one.outcome.inconclusive.is_none() && one.outcome.leaks.is_empty();
        let shared = matches!(waiting(&one.sliced.program), Waiting::Shared);
        if !all || !shared || one.blurred {
            return None;
        }
        let (sliced, small) = one.sliced.scaled_beyond()?;
        let limits = Limits { max_size: small + 2, ..crate::LIMITS };
        let mut outcome = run(&sliced, &root.args, &limits);
        if !outcome.leaks.is_empty() {
            let (classes, carrying) = (&group.classes, &group.carrying);
            let how = (None, Detail::Full);
            let keep = Keep::of(&self.scopes, root.id, classes, carrying, tree, how)?;
            let (each, _) = emit(&keep, Ways::Each).scaled_beyond()?;
            with_own_ways(&mut outcome, run(&each, &root.args, &limits));
            self.without_ghosts(&mut outcome, &sliced, tree);
        }
        // Room that nobody in view empties was meant to be enough.
        outcome.leaks.retain(|leak| !leak.rescuers.is_empty());
        let sliced = Rc::new(sliced);
        Some(One { root: root.func, sliced, outcome, again: true, same: false, ..*one })
    }

    /// What the root hands up is explored from its callers.
    fn up(
        &self,
        handed: &Handed,
        root: FnId,
        seeds: &BTreeSet<u32>,
        group: &Group,
        next: &mut BTreeMap<FnId, BTreeSet<u32>>,
    ) {
        let within = |seed: &u32, set: &FxHashSet<u32>| {
            set.contains(seed)
                || self.scopes.made.get(seed).into_iter().flatten().any(|(_, kind, owner)| {
                    matches!(kind, Kind::Wait | Kind::Lock)
                        && owner.is_some_and(|o| set.contains(&o))
                })
        };
        // What is too much from here is more from further up.
        if !handed.complete {
            return;
        }
        for seed in seeds.iter().filter(|s| group.classes.contains(s)) {
            if within(seed, &handed.up) && !within(seed, &handed.away) {
                self.to_callers(root, *seed, next);
            }
        }
    }

    fn to_callers(&self, root: FnId, seed: u32, next: &mut BTreeMap<FnId, BTreeSet<u32>>) {
        let callers = &self.scopes.callers[root];
        if callers.len() <= MAX_CALLERS {
            for caller in callers.iter().filter(|c| c.index() < self.translated.n_funcs) {
                next.entry(*caller).or_default().insert(seed);
            }
        } else {
            self.leave_out();
        }
    }

    fn leave_out(&self) {
        self.left_out.set(self.left_out.get() + 1);
    }

    /// Where a caller gives a constant for a parameter that decides something, it knows more.
    fn constants(
        &self,
        handed: &Handed,
        root: FnId,
        group: &Group,
        seeds: &BTreeSet<u32>,
        next: &mut BTreeMap<FnId, BTreeSet<u32>>,
    ) {
        let function = &self.translated.program.functions[root];
        let first = function.n_captures as usize;
        let decides = |n: usize| handed.root_needs.get(first + n) == Some(&true);
        let constant = |o: &Operand| matches!(o, Operand::Const(_));
        for caller in self.scopes.callers[root].iter().take(MAX_CALLERS) {
            let blocks = &self.translated.program.functions[*caller].blocks;
            let knows = blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.op {
                Op::Call(call) | Op::Go(call) | Op::Defer(call) => {
                    call.callee == Callee::Fn(root)
                        && call.args.iter().enumerate().any(|(n, a)| constant(a) && decides(n))
                }
                _ => false,
            });
            if knows && caller.index() < self.translated.n_funcs {
                let seeds = seeds.iter().filter(|s| group.classes.contains(s));
                next.entry(*caller).or_default().extend(seeds);
            }
        }
    }

    /// A client's objects, as far as the object it uses leads to them and nobody else does.
    fn client(&self, client: &Client, again: &mut Again, found: &mut dyn FnMut(One)) {
        let root = client.root;
        let tree = Tree::of(&self.scopes, root);
        let fields = client.plan.open_fields.iter();
        let fields: Vec<u32> =
            fields.filter_map(|f| self.translated.fields.get(f).copied()).collect();
        let reach = self.scopes.client_reach(client, &fields, self.module, self.program);
        let mut covered: FxHashSet<u32> = FxHashSet::default();
        for seed in self.scopes.seeds_of_client(client, &tree) {
            if covered.contains(&seed) {
                continue;
            }
            let Grouped::Group(group) = self.scopes.group(root, seed, &tree) else { continue };
            covered.extend(&group.classes);
            let called = client.plan.method.map(|m| FnId::from_usize(m.index()));
            let concerned = called.is_none_or(|m| group.carrying.contains(&m));
            if !concerned || !self.scopes.is_private(&group, client, &reach) {
                continue;
            }
            let last = client.plan.stop.or(client.plan.method).unwrap_or(client.plan.constructor);
            let start = Root { id: root, func: last, args: client.args.clone() };
            let stop = client.plan.stop.map(|s| FnId::from_usize(s.index()));
            let mut told = |mut one: One| {
                let lone = self.lone(&one, client, &tree);
                match (called, client.plan.calls, stop) {
                    (Some(method), Calls::Meeting, _) => only_in_call(&mut one, method),
                    (_, _, Some(stop)) => only_in_stop(&mut one, stop),
                    (None, _, None) => self.only_own(&mut one, client, &tree, again),
                    _ => self.only_askers(&mut one, client),
                }
                self.without_contract(&mut one, client);
                self.only_unheard(&mut one, client, &tree);
                if client.plan.calls == Calls::Twice {
                    // The second call may be one too many: then nobody gets to the stop.
                    let functions = &one.sliced.functions;
                    let gets_there = |step: &stanch_model::Step| match step.action {
                        Action::Call { callee } => functions.get(callee.index()).copied() == stop,
                        _ => false,
                    };
                    let leaks = &mut one.outcome.leaks;
                    leaks.retain(|l| l.goroutine == 0 || l.witness.iter().any(gets_there));
                }
                // A call that hangs by itself is told of its method.
                let asked = client.plan.method.filter(|_| !lone.is_empty());
                let lone = asked.map(|method| {
                    let outcome = Outcome { leaks: lone, n_states: 0, ..one.outcome.clone() };
                    let sliced = Rc::clone(&one.sliced);
                    One { root: method, sliced, outcome, again: true, ..one }
                });
                lone.into_iter().chain([one]).for_each(&mut *found);
            };
            if let Some(one) = self.try_each(&start, &group, &tree, None, &mut told) {
                told(one);
            }
        }
    }

    /// The leaks of a client in which its call of a method hangs for a reason that is neither the stop nor
    /// what the client did before: who got the question, or came for what was sent, decided by itself to go
    /// a way on which it never answers, or comes again, and nobody else can.
    fn lone(&self, one: &One, client: &Client, tree: &Tree) -> Vec<Leak> {
        let Some(method) = client.plan.method.map(|m| FnId::from_usize(m.index())) else {
            return Vec::new();
        };
        let model = |id: FuncId| FnId::from_usize(id.index());
        let (asks, makes) = (self.runs(method), self.runs(model(client.plan.constructor)));
        let functions = &one.sliced.functions;
        let lifted = |id: &FnId| functions.get(id.index()).copied();
        let hangs = |leak: &&Leak| {
            let in_method = leak.stack.iter().any(|f| lifted(&f.0) == Some(method));
            let first = leak.goroutine == 0 && !one.flat && !leak.widened;
            if !first || !in_method || !decided_by_other(leak) {
                return false;
            }
            let Some((func, at)) = one.sliced.origin(leak.point) else { return false };
            match leak.wait {
                WaitReason::ChanReceive => {
                    let own = |id: FnId| asks.contains(&id) && !makes.contains(&id);
                    let mut made = leak.objects.iter().map(|o| lifted(&o.0));
                    leak.alone
                        && made.all(|f| f.is_some_and(own))
                        && self.only_in(func, at, &[Prim::Send, Prim::Close], client, tree)
                }
                // Nobody stands where another method could send him back to receive.
                WaitReason::ChanSend if leak.alone || leak.also_blocked.is_empty() => {
                    self.only_in(func, at, &[Prim::Recv], client, tree)
                }
                _ => false,
            }
        };
        one.outcome.leaks.iter().filter(hangs).cloned().collect()
    }

    /// Whether all operations of a kind on the object of an operation stand in functions that a client runs
    /// and that nobody else runs, other than through what the client calls.
    fn only_in(&self, func: FnId, at: At, prims: &[Prim], client: &Client, tree: &Tree) -> bool {
        let scopes = &self.scopes;
        let class = |o: &Operation| scopes.classes.find(o.node);
        let of = scopes.classes.facts[func].operations.iter().find(|o| o.at == at);
        let Some(object) = of.map(class) else { return false };
        let answers = |id: &FnId| {
            let mut operations = scopes.classes.facts[*id].operations.iter();
            operations.any(|o| prims.contains(&o.prim) && class(o) == object)
        };
        let plan = &client.plan;
        let called = plan.starters.iter().map(|s| s.0).chain(plan.method).chain([plan.constructor]);
        let called: FxHashSet<FnId> = called.map(|f| FnId::from_usize(f.index())).collect();
        let mut todo: Vec<FnId> = scopes.model.functions.ids().filter(answers).collect();
        let mut seen: FxHashSet<FnId> = FxHashSet::default();
        while let Some(id) = todo.pop() {
            if !tree.contains(&id) && id.index() < self.translated.n_funcs {
                return false;
            }
            if seen.insert(id) && !called.contains(&id) {
                todo.extend(&scopes.callers[id]);
            }
        }
        true
    }

    /// Of the leaks of a client that only asks and is through, those in which somebody sends to what it made
    /// for its question: nobody else comes for that.
    fn only_askers(&self, one: &mut One, client: &Client) {
        let model = |id: FuncId| FnId::from_usize(id.index());
        let asks = client.plan.method.map(|m| self.runs(model(m))).unwrap_or_default();
        let makes = self.runs(model(client.plan.constructor));
        let own = |id: &FnId| asks.contains(id) && !makes.contains(id);
        let functions = &one.sliced.functions;
        one.outcome.leaks.retain(|leak| {
            let made = leak.objects.iter().map(|o| functions.get(o.0.index()));
            leak.goroutine != 0
                && leak.wait == WaitReason::ChanSend
                && leak.also_blocked.iter().all(|b| b.goroutine != 0)
                && made.into_iter().all(|f| f.is_some_and(own))
        });
    }

    /// A function and all that it calls.
    pub(crate) fn runs(&self, id: FnId) -> FxHashSet<FnId> {
        let (mut all, mut todo) = (FxHashSet::default(), vec![id]);
        while let Some(id) = todo.pop() {
            if all.insert(id) {
                todo.extend(&self.scopes.callees[id]);
            }
        }
        all
    }

    /// Waits on nil channels and on selects without arms.
    fn nothing(&self, id: FnId, found: &mut dyn FnMut(One)) {
        let Some(classes) = self.scopes.waits_on_nothing(id) else { return };
        let tree = Tree::of(&self.scopes, id);
        let group = Group { classes, carrying: vec![id] };
        if let Some(one) = self.try_each(&self.function(id), &group, &tree, None, found) {
            found(one);
        }
    }

    /// Goroutines that a function starts and that have no way out.
    fn workers(&self, id: FnId, found: &mut dyn FnMut(One)) {
        let function = &self.translated.program.functions[id];
        for (block, body) in function.blocks.iter_enumerated() {
            for (n, instr) in body.instrs.iter().enumerate() {
                let Op::Go(_) = instr.op else { continue };
                let at = At { block, instr: n as u32 };
                let targets: Vec<FnId> = self.scopes.callees(id, at).collect();
                let [worker] = targets.as_slice() else { continue };
                if worker.index() >= self.translated.n_funcs || !self.is_endless(*worker) {
                    continue;
                }
                let tree = Tree::of(&self.scopes, id);
                let group = Group { classes: FxHashSet::default(), carrying: vec![id, *worker] };
                if let Some(one) = self.try_each(&self.function(id), &group, &tree, Some(at), found)
                {
                    found(one);
                }
            }
        }
    }
}
