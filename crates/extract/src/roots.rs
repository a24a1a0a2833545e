//! Where exploration starts, and for which objects.

use crate::client::Client;
use crate::scope::{At, Detail, Group, Grouped, Keep, Kind, Scopes, Sliced, Tree, emit};
use crate::translate::Translated;
use stanch_base::{FxHashSet, Idx};
use stanch_ir::{FuncId, Module};
use stanch_model::{ArgSpec, Callee, Const, Escaped, FnId, Inconclusive, Op, Operand, Outcome};
use stanch_types::Program;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

/// How far up an object is followed that functions hand to their callers.
const LEVELS: usize = 6;
/// With more callers than this what a function hands up is out of view.
const MAX_CALLERS: usize = 24;

/// How an exploration is tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    detail: Detail,
    /// The largest size that an unknown one becomes.
    sizes: u32,
    /// The most goroutines, and objects, of one place.
    instances: [u32; 2],
    /// Whether only what is waited for belongs to the group.
    bare: bool,
}

/// One after the other, until an exploration comes to its end.
const EFFORTS: [Effort; 4] = [
    Effort { detail: Detail::Full, sizes: 3, instances: [12, 4], bare: false },
    Effort { detail: Detail::Flags, sizes: 2, instances: [4, 4], bare: false },
    Effort { detail: Detail::Flags, sizes: 1, instances: [3, 3], bare: false },
    Effort { detail: Detail::Flags, sizes: 1, instances: [3, 3], bare: true },
];

/// One exploration.
pub(crate) struct One {
    pub(crate) root: FuncId,
    pub(crate) sliced: Sliced,
    pub(crate) outcome: Outcome,
    /// Whether it asks if a goroutine has a way out.
    pub(crate) worker: bool,
    /// Whether a client of a type was made up for it.
    pub(crate) client: bool,
    /// Whether a part of the data that decides was not followed.
    pub(crate) blurred: bool,
    /// Whether the same is explored again with less detail.
    pub(crate) again: bool,
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

/// Whether goroutines, objects or elements were more than are explored together: a bound like that of
/// sizes.
pub(crate) fn is_bound(why: Inconclusive) -> bool {
    matches!(why, Inconclusive::Goroutines | Inconclusive::Objects | Inconclusive::Elements)
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
        if !seeds.is_empty() {
            wave.insert(id, seeds.into_iter().collect());
        }
    }
    let mut done: FxHashSet<(FnId, u32)> = FxHashSet::default();
    for _ in 0..LEVELS {
        let mut next: BTreeMap<FnId, BTreeSet<u32>> = BTreeMap::new();
        for (root, mut seeds) in wave {
            seeds.retain(|seed| done.insert((root, *seed)));
            explorer.root(root, &seeds, &mut next, found);
        }
        wave = next;
    }
    for id in translated.program.functions.ids().take(translated.n_funcs) {
        explorer.nothing(id, found);
        explorer.workers(id, found);
    }
    explorer.left_out.get()
}

/// Where an exploration starts.
struct Root {
    id: FnId,
    /// The function that it is told of.
    func: FuncId,
    /// What its parameters are.
    args: Vec<ArgSpec>,
}

struct Explorer<'a> {
    program: &'a Program<'a>,
    module: &'a Module,
    translated: &'a Translated,
    scopes: Scopes<'a>,
    /// Objects that were not explored, by function.
    left_out: Cell<u32>,
}

/// Explores what the clients of types do that are part of the model.
pub(crate) fn clients(
    program: &Program<'_>,
    module: &Module,
    translated: &Translated,
    clients: &[Client],
    found: &mut dyn FnMut(One),
) {
    if clients.is_empty() {
        return;
    }
    let explorer = Explorer::new(program, module, translated);
    for client in clients {
        explorer.client(client, found);
    }
}

impl<'a> Explorer<'a> {
    fn new(program: &'a Program<'a>, module: &'a Module, translated: &'a Translated) -> Self {
        let scopes =
            Scopes::new(&translated.program, &translated.parts, translated.compare_and_swap());
        Self { program, module, translated, scopes, left_out: Cell::new(0) }
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
            let start = self.function(root);
            let one = self.try_all(&start, &group, seed, &tree, found);
            let Some(one) = one else {
                self.leave_out();
                continue;
            };
            self.up(&one, root, seeds, &group, next);
            self.constants(&one, root, &group, seeds, next);
            found(one);
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
            let group = match effort.bare {
                true => bare.insert(self.scopes.bare(root.id, seed, tree)).as_ref(),
                false => Some(group),
            };
            let Some(group) = group else { continue };
            let Some(one) = self.explore(root, group, tree, None, effort) else { continue };
            if let Some(before) = last.replace(one) {
                found(One { again: true, ..before });
            }
            if last.as_ref().is_some_and(One::is_enough) {
                break;
            }
        }
        last
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
        let sliced = emit(&keep);
        let args: Vec<ArgSpec> = args
            .iter()
            .zip(&sliced.root_needs)
            .map(|(arg, needed)| if *needed { *arg } else { ArgSpec::Const(Const::Nil) })
            .collect();
        let outcome = stanch_model::explore(
            &sliced.program,
            sliced.root,
            &args,
            &crate::limits(effort.sizes, effort.instances),
        );
        let client = id.index() >= self.translated.n_funcs;
        let worker = forced.is_some();
        let blurred = effort.detail != Detail::Full;
        Some(One { root: *func, sliced, outcome, worker, client, blurred, again: false })
    }

    /// What the root hands up is explored from its callers.
    fn up(
        &self,
        one: &One,
        root: FnId,
        seeds: &BTreeSet<u32>,
        group: &Group,
        next: &mut BTreeMap<FnId, BTreeSet<u32>>,
    ) {
        let (mut up, mut away) = (FxHashSet::default(), FxHashSet::default());
        for (point, to) in &one.outcome.escaped {
            let class =
                one.sliced.origin(*point).and_then(|(func, at)| self.scopes.made_at(func, at));
            match to {
                Escaped::Up => up.extend(class),
                Escaped::Away => away.extend(class),
            }
        }
        let within = |seed: &u32, set: &FxHashSet<u32>| {
            set.contains(seed)
                || self.scopes.made.get(seed).into_iter().flatten().any(|(_, kind, owner)| {
                    matches!(kind, Kind::Wait | Kind::Lock)
                        && owner.is_some_and(|o| set.contains(&o))
                })
        };
        // What is too much from here is more from further up.
        if one.outcome.inconclusive.is_some() {
            return;
        }
        for seed in seeds.iter().filter(|s| group.classes.contains(s)) {
            if within(seed, &up) && !within(seed, &away) {
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
        one: &One,
        root: FnId,
        group: &Group,
        seeds: &BTreeSet<u32>,
        next: &mut BTreeMap<FnId, BTreeSet<u32>>,
    ) {
        let function = &self.translated.program.functions[root];
        let first = function.n_captures as usize;
        let decides = |n: usize| one.sliced.root_needs.get(first + n) == Some(&true);
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
    fn client(&self, client: &Client, found: &mut dyn FnMut(One)) {
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
            let start = Root { id: root, func: client.plan.stop, args: client.args.clone() };
            let Some(mut one) = self.explore(&start, &group, &tree, None, EFFORTS[0]) else {
                continue;
            };
            let stop = FnId::from_usize(client.plan.stop.index());
            let Outcome { leaks, .. } = &mut one.outcome;
            let functions = &one.sliced.functions;
            let in_stop = |stack: &[(FnId, stanch_model::Site)]| {
                stack.iter().any(|f| functions.get(f.0.index()) == Some(&stop))
            };
            leaks.retain(|leak| match leak.goroutine {
                0 => in_stop(&leak.stack),
                _ => leak.also_blocked.iter().all(|b| b.goroutine != 0 || in_stop(&b.stack)),
            });
            found(one);
        }
    }

    /// Waits on nil channels and on selects without arms.
    fn nothing(&self, id: FnId, found: &mut dyn FnMut(One)) {
        let Some(classes) = self.scopes.waits_on_nothing(id) else { return };
        let tree = Tree::of(&self.scopes, id);
        let group = Group { classes, carrying: vec![id] };
        if let Some(one) = self.explore(&self.function(id), &group, &tree, None, EFFORTS[0]) {
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
                if let Some(one) =
                    self.explore(&self.function(id), &group, &tree, Some(at), EFFORTS[0])
                {
                    found(one);
                }
            }
        }
    }

    /// Whether a function can neither return nor end otherwise.
    fn is_endless(&self, id: FnId) -> bool {
        let shape = self.scopes.shapes.get(id, true);
        !shape.out[0] && shape.flow.endless.iter().next() == Some(&true)
    }
}
