//! From control-flow graphs to models: which functions matter, where exploration starts, and the
//! translation itself, with the way back from a model's sites to the source.

mod calls;
mod carry;
mod classify;
mod control;
mod effects;
mod flow;
mod function;
mod instr;
mod names;
mod need;
mod place;
mod restrict;
mod roots;
mod translate;

pub use translate::Translated;

use stanch_base::Idx;
use stanch_effects::Effects;
use stanch_ir::{FuncId, Module, Span};
use stanch_model::{FnId, Leak, Limits, Outcome, Site};
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
}

/// Cost of exploring one package.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stats {
    /// Roots explored.
    pub roots: u32,
    /// Roots of which not everything was explored.
    pub inconclusive: u32,
    /// States visited.
    pub states: u64,
}

/// Bounds of one root. The number of states is what keeps the cost of a package in hand.
fn limits() -> Limits {
    Limits { states: 800, branches_per_step: 32, local_steps: 1_000, ..Limits::default() }
}

/// Explores every root of a package.
pub fn explore_package(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
) -> Explored {
    let (translated, outcomes) = outcomes(program, package, module, effects);
    let mut explored = Explored { translated, ..Explored::default() };
    for (root, outcome) in outcomes {
        let complete = outcome.inconclusive.is_none();
        explored.stats.roots += 1;
        explored.stats.inconclusive += u32::from(!complete);
        explored.stats.states += u64::from(outcome.n_states);
        let leaks = outcome.leaks.into_iter();
        explored.leaks.extend(leaks.map(|leak| RootLeak { root, leak, complete }));
    }
    explored
}

fn outcomes(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
) -> (Translated, Vec<(FuncId, Outcome)>) {
    let names = names::Names::new(program, module, effects);
    let carry = carry::Carry::new(program, package, module);
    let needs = need::Needs::of(&names, &carry, module);
    let roots = roots::roots(&names, &carry, module, &needs);
    if roots.is_empty() {
        return (Translated::default(), Vec::new());
    }
    let translated = translate::translate(&names, package, module, &needs, &carry);
    let outcomes = roots
        .into_iter()
        .map(|root| {
            let id = FnId::from_usize(root.index());
            let args = translated.root_args(program, module, root);
            let model = restrict::restrict(&translated.program, id);
            (root, stanch_model::explore(&model, id, &args, &limits()))
        })
        .collect();
    (translated, outcomes)
}

/// The model of a package and its roots as text, for `stanch debug model`.
pub fn display_models(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
) -> String {
    use std::fmt::Write;
    let (translated, outcomes) = outcomes(program, package, module, effects);
    let mut out = translated.program.to_string();
    for (root, outcome) in outcomes {
        let symbol = &module.funcs[root].symbol;
        let _ = writeln!(
            out,
            "// root {symbol}: {} states, {} leaks{}",
            outcome.n_states,
            outcome.leaks.len(),
            outcome.inconclusive.map_or(String::new(), |i| format!(", inconclusive: {i:?}"))
        );
    }
    out
}

impl Translated {
    /// Function and source of a site; `None` for what was made up by the translation.
    pub fn source(&self, site: Site) -> Option<(FuncId, Span)> {
        self.sites.get(site.0 as usize).copied().flatten()
    }

    /// The function of the module that a model function stands for; `None` for helpers.
    pub fn func(&self, id: FnId) -> Option<FuncId> {
        (id.index() < self.n_funcs).then(|| FuncId::from_usize(id.index()))
    }
}
