//! From control-flow graphs to models: which functions matter, where exploration starts, and the
//! translation itself, with the way back from a model's sites to the source.

mod atomics;
mod calls;
mod carry;
mod channels;
mod classify;
mod client;
mod closed;
mod contract;
mod control;
mod effects;
mod ended;
mod flow;
mod function;
mod given_functions;
mod given_out;
mod helped;
mod instr;
mod lengths;
mod library;
mod loads;
mod names;
mod need;
mod options;
mod parts;
mod place;
mod promoted;
mod roots;
mod scope;
mod shared;
mod signals;
mod table;
mod ticks;
mod translate;

pub use shared::{Imported, Shared};
pub use table::display_roots;
pub use translate::Translated;

use stanch_base::Idx;
use stanch_effects::Effects;
use stanch_ir::{FuncId, Module, Span};
use stanch_model::{Action, FnId, Leak, LeakKind, Limits, Site};
use stanch_types::{PackageId, Program};

/// What exploring one package found.
#[derive(Debug, Default)]
pub struct Explored {
    /// Leaks of all roots, in the order of roots.
    pub leaks: Vec<RootLeak>,
    /// Counts.
    pub stats: Stats,
    /// The model the leaks speak of.
    pub translated: Translated,
    /// The module the model and the leaks speak of, if functions of other packages were linked in.
    pub module: Option<Module>,
    /// What packages that import it see of the package.
    pub shared: Shared,
}

/// A leak and the root it was found from.
#[derive(Clone, Debug)]
pub struct RootLeak {
    /// The function whose exploration found it.
    pub root: FuncId,
    /// What was found.
    pub leak: Leak,
    /// Whether everything the root can do was explored.
    pub complete: bool,
    /// Whether a part of the data that decides was not followed: some of the decisions that it rests on
    /// may not be possible together.
    pub blurred: bool,
    /// Whether it is not known that what it rests on ever comes, or all that brings it waits for others first.
    pub doubted: bool,
    /// Whether a small number stood for a large one of the source.
    pub scaled: bool,
    /// Whether it was not explored but follows from who receives from the channel, and how.
    pub unexplored: bool,
    /// Whether it was a made-up client of a type, and `root` the method that stops its object, or that it
    /// called last.
    pub client: bool,
}

/// Cost of exploring one package.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Roots explored.
    pub roots: u32,
    /// Roots of which not everything was explored.
    pub inconclusive: u32,
    /// Roots of which all was explored, but only with less detail, since it was too much with all.
    pub blurred: u32,
    /// Those of the blurred with more goroutines or objects of one place than are explored together.
    pub bounded: u32,
    /// Explorations that were given up for one with less detail.
    pub retries: u32,
    /// Objects, by function, that were not explored: too much hangs together with them, or too many
    /// functions use what hands them out.
    pub left_out: u32,
    /// States visited.
    pub states: u64,
    /// The most states of one root, over all its tries.
    pub largest: u64,
}

/// Bounds of the first exploration of a root: of those that come to an end one in two hundred has more than
/// half as many states.
const LIMITS: Limits = Limits {
    states: 3_000,
    instructions: 130_000,
    local_steps: 2_000,
    branches_per_step: 128,
    objects_per_site: 4,
    goroutines_per_site: 12,
    goroutines: 24,
    objects: 96,
    depth: 32,
    recursion: 32,
    max_size: 3,
    max_int: 64,
    elements: 24,
    alike: 0,
    reduce: true,
};

/// Explores every root of a package. `imported` gives what the packages let see that it imports, also
/// through others.
pub fn explore_package(
    program: &Program<'_>,
    package: PackageId,
    own: &Module,
    effects: &Effects,
    imported: &Imported<'_>,
) -> Explored {
    explore(program, package, own, effects, imported, &mut |_, _| {})
}

/// Explores every root of a package, and shows each exploration as it ends, with the functions it is of.
fn explore(
    program: &Program<'_>,
    package: PackageId,
    own: &Module,
    effects: &Effects,
    imported: &Imported<'_>,
    watch: &mut dyn FnMut(&Module, &roots::One),
) -> Explored {
    let alone = names::Names::new(program, own, effects, imported);
    let plans = client::plans(&alone, package, own);
    let linked = shared::linked(own, imported);
    let module = linked.as_ref().unwrap_or(own);
    let names = names::Names::new(program, module, effects, imported);
    let carry = carry::Carry::new(program, package, module);
    let needs = need::Needs::of(&names, &carry, module, &client::with_errors(&plans));
    let beside = shared::Beside::of(module, imported);
    let mut translated = translate::translate(&names, package, module, &needs, &carry, beside);
    let mut explored = Explored::default();
    let mut given_up = 0;
    let mut take = |one: roots::One| {
        watch(module, &one);
        let outcome = one.outcome;
        let complete = outcome.inconclusive.is_none();
        let bounded = outcome.inconclusive.is_some_and(|why| one.blurred && roots::is_bound(why));
        explored.stats.roots += u32::from(!one.again);
        explored.stats.retries += u32::from(one.again);
        let last = one.blurred && !one.again;
        explored.stats.blurred += u32::from((complete || bounded) && last);
        explored.stats.bounded += u32::from(bounded && last);
        explored.stats.inconclusive += u32::from(!complete && !bounded && !one.again);
        explored.stats.states += u64::from(outcome.n_states);
        let states = given_up + u64::from(outcome.n_states);
        explored.stats.largest = explored.stats.largest.max(states);
        given_up = if one.again { states } else { 0 };
        for leak in outcome.leaks {
            if one.worker == (leak.kind == LeakKind::AliveForEver)
                || one.client
                || is_forgotten(&leak)
            {
                let leak = one.sliced.lift(leak);
                let (root, scaled, client) = (one.root, one.sliced.scaled, one.client);
                let blurred = one.flat || leak.widened;
                let unexplored = false;
                let found = RootLeak {
                    root,
                    leak,
                    complete,
                    blurred,
                    doubted: false,
                    scaled,
                    unexplored,
                    client,
                };
                explored.leaks.push(found);
            }
        }
    };
    let mut abandoned = channels::abandoned(&alone, own, &translated);
    let left_out = roots::each(program, module, &translated, &mut take);
    let clients = clients(program, module, &needs, plans, &mut translated);
    let fine = roots::clients(program, module, &translated, &clients, &mut take);
    // What was explored is known better.
    abandoned.retain(|l| l.leak.stack.first().is_none_or(|(id, _)| !fine.contains(id)));
    explored.leaks.extend(abandoned);
    explored.stats.left_out = left_out;
    let place = |one: &RootLeak| one.leak.stack.iter().find_map(|f| translated.source(f.1));
    explored
        .leaks
        .retain(|one| place(one).is_none_or(|(_, span)| !shared::is_told(module, imported, span)));
    // What is only possible here may be sure from elsewhere.
    let sure = explored.leaks.iter().filter(|one| !one.blurred);
    let told = sure.filter_map(|one| Some(place(one)?.1)).collect();
    explored.shared = Shared::of(&names, module, &needs, told);
    explored.translated = translated;
    explored.module = linked;
    explored
}

/// Whether a goroutine that runs for ever could have been ended until somebody else went a way on which
/// nobody does that: it has a way out.
fn is_forgotten(leak: &Leak) -> bool {
    let doomed = leak.doomed_by.and_then(|at| leak.witness.get(at as usize));
    leak.kind == LeakKind::AliveForEver
        && leak.ends_elsewhere
        && doomed.is_some_and(|step| {
            let decides = matches!(
                step.action,
                Action::Branch(_) | Action::Select { .. } | Action::Return | Action::End
            );
            decides && step.goroutine != leak.goroutine
        })
}

/// The clients of which the model has the methods that matter, as functions of it.
fn clients(
    program: &Program<'_>,
    module: &Module,
    needs: &need::Needs,
    plans: Vec<client::Plan>,
    translated: &mut Translated,
) -> Vec<client::Client> {
    let relevant = |id: FuncId| needs.relevant[id];
    let mut clients = Vec::new();
    for mut plan in plans {
        plan.starters.retain(|s| relevant(s.0));
        plan.getters.retain(|g| relevant(*g));
        let matters = plan.method.is_none_or(relevant);
        if matters && relevant(plan.constructor) {
            clients.push(client::build(program, module, translated, plan));
        }
    }
    clients
}

/// The model of a package and its roots as text, for `stanch debug model`.
pub fn display_models(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
) -> String {
    use std::fmt::Write;
    let names = names::Names::new(program, module, effects, &|_| None);
    let carry = carry::Carry::new(program, package, module);
    let plans = client::plans(&names, package, module);
    let needs = need::Needs::of(&names, &carry, module, &client::with_errors(&plans));
    let mut translated =
        translate::translate(&names, package, module, &needs, &carry, shared::Beside::default());
    let mut out = translated.program.to_string();
    let mut show = |one: roots::One| {
        let outcome = one.outcome;
        let _ = writeln!(
            out,
            "// root {}: {} states, {} leaks{}\n{}",
            module.funcs[one.root].symbol,
            outcome.n_states,
            outcome.leaks.len(),
            outcome.inconclusive.map_or(String::new(), |i| format!(", inconclusive: {i:?}")),
            one.sliced.program
        );
        for leak in outcome.leaks {
            let name = |f: FnId| one.sliced.program.functions.get(f).map_or("", |f| &*f.name);
            let at = leak.stack.first().map_or("", |f| name(f.0));
            let _ = writeln!(
                out,
                "// {:?} {} in {at} of {}",
                leak.kind,
                leak.wait.as_str(),
                name(leak.entry)
            );
        }
    };
    roots::each(program, module, &translated, &mut show);
    let clients = clients(program, module, &needs, plans, &mut translated);
    roots::clients(program, module, &translated, &clients, &mut show);
    out
}

impl Translated {
    /// Whether a block of a function can lead to another one that follows it: a range over a clock's channel
    /// does not end.
    pub fn is_way(&self, func: FuncId, from: stanch_ir::BlockId, to: stanch_ir::BlockId) -> bool {
        self.no_ends.get(func).is_none_or(|ends| !ends.contains(&(from, to)))
    }

    /// Function and source of a site; `None` for what was made up by the translation.
    pub fn source(&self, site: Site) -> Option<(FuncId, Span)> {
        self.sites.get(site.0 as usize).copied().flatten()
    }

    /// The function of the module that a model function stands for; `None` for helpers.
    pub fn func(&self, id: FnId) -> Option<FuncId> {
        (id.index() < self.n_funcs).then(|| FuncId::from_usize(id.index()))
    }
}
