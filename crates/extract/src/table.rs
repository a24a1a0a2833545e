//! The explorations of a package as a table, for `stanch debug roots`: what costs, and why.

use crate::roots::{self, One};
use crate::{Imported, Shared, explore};
use stanch_effects::Effects;
use stanch_ir::Module;
use stanch_model::Breadth;
use stanch_types::{PackageId, Program};
use std::fmt::Write;

/// Each exploration of a package, in order: tab separated its states, outcome, what was explored and from
/// where; for those that came to no end what makes the states many. A root that is tried several times has
/// a line for each try, `retry` on all but the last. Also what its importers see of it; `imported` is that
/// of the packages it imports.
pub fn display_roots(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
    imported: &Imported<'_>,
) -> (String, Shared) {
    let mut out = String::new();
    let mut show = |module: &Module, one: &One| line(module, one, &mut out);
    let explored = explore(program, package, module, effects, imported, &mut show);
    (out, explored.shared)
}

fn line(module: &Module, one: &One, out: &mut String) {
    let outcome = &one.outcome;
    let told = match (outcome.inconclusive, one.blurred) {
        (None, false) => "complete".to_owned(),
        (None, true) => "blurred".to_owned(),
        (Some(why), true) if roots::is_bound(why) => format!("bounded:{why:?}"),
        (Some(why), _) => format!("inconclusive:{why:?}"),
    };
    let of = match (one.client, one.worker) {
        (true, _) => "client",
        (_, true) => "worker",
        _ => "root",
    };
    let again = if one.again { "retry" } else { "last" };
    let _ = write!(
        out,
        "{}\t{told}\t{again}\t{of}\t{}\t{} leaks\t{} functions",
        outcome.n_states,
        module.funcs[one.root].symbol,
        outcome.leaks.len(),
        one.sliced.functions.len(),
    );
    if outcome.inconclusive.is_some() {
        breadth(one, &outcome.breadth, out);
    }
    out.push('\n');
}

/// What makes the states many: places of goroutines together, data at the same places, goroutines at once.
fn breadth(one: &One, breadth: &Breadth, out: &mut String) {
    let per = f64::from(one.outcome.n_states) / f64::from(breadth.places.max(1));
    let _ = write!(out, "\t{} places x {per:.1} data", breadth.places);
    let name = |f| one.sliced.program.functions.get(f).map_or("", |f| &*f.name);
    for of in &breadth.goroutines {
        let _ = write!(out, "\t{}: {} at once, {} places", name(of.entry), of.at_once, of.places);
    }
}
