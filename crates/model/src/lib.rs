//! A small concurrent language and its explorer: goroutines, channels, selects, locks, wait groups,
//! condition variables, contexts, timers, over a heap of objects. It knows no Go.
//!
//! [`Program`] is the language, with a text form ([`Program::parse`], `Display`). [`explore`] visits
//! the states that a root function can reach and proves which goroutines are blocked for ever.

mod breadth;
mod canon;
mod decide;
mod exec;
mod graph;
mod heap;
mod interp;
mod local_prims;
mod machine;
mod outcome;
mod perform;
mod places;
mod por;
mod program;
mod reach;
mod rename;
mod shared;
mod state;
mod statics;
mod text;
mod valid;
mod value;
mod verdict;
mod visible;
mod widen;
mod witness;

pub use outcome::*;
pub use program::*;
pub use rename::{PartMut, visit_op_mut, visit_targets_mut, visit_term_mut};
pub use statics::successors;
pub use text::ParseError;
pub use valid::{Part, visit_op, visit_term};

/// The most goroutines that a set in one word holds, with room for one step to start some more.
const MAX_GOROUTINES: u32 = 60;

/// Explores everything that `root` can do with `args` within `limits`.
///
/// The result is a pure function of the arguments. An invalid program gives an outcome that says so.
pub fn explore(program: &Program, root: FnId, args: &[ArgSpec], limits: &Limits) -> Outcome {
    let mut outcome = Outcome {
        leaks: Vec::new(),
        n_states: 0,
        n_transitions: 0,
        inconclusive: None,
        deadlock: false,
        escaped: Vec::new(),
        panics: Vec::new(),
        breadth: Breadth::default(),
    };
    let has_body = program.functions.get(root).is_some_and(|f| !f.blocks.is_empty());
    if !has_body || !program.is_valid() {
        outcome.inconclusive = Some(Inconclusive::InvalidProgram);
        return outcome;
    }
    let mut limits = *limits;
    limits.goroutines = limits.goroutines.clamp(1, MAX_GOROUTINES);
    let m =
        machine::Machine { program, statics: statics::Statics::new(program, root, args), limits };
    let first = graph::first_state(&m, root, args);
    let graph = graph::build(&m, first.clone());
    let closures = verdict::closures(&graph);
    for proof in verdict::proofs(&graph, &closures) {
        outcome.leaks.push(witness::describe(&m, &graph, &closures, &first, &proof));
    }
    outcome.n_states = graph.nodes.len() as u32;
    outcome.n_transitions = graph.edges.len() as u32;
    outcome.inconclusive = graph.inconclusive;
    if graph.inconclusive == Some(Inconclusive::States) {
        outcome.breadth = breadth::of(&graph);
    }
    outcome.deadlock = verdict::deadlock(&graph, &closures);
    let escaped = graph.escaped.iter();
    outcome.escaped = escaped.filter_map(|(p, to)| Some((m.statics.location(*p)?, *to))).collect();
    let places = graph.crashes.iter().filter_map(|p| m.statics.location(*p));
    outcome.panics = places.map(|p| (p.func, program.site(p))).collect();
    outcome
}
