//! What importers get to know of a package's functions, and how a package takes it in.
//!
//! Functions of other packages that a package calls have numbers behind those of its own functions:
//! the analysis looks facts and summaries up by number and needs not tell the two apart.

use crate::inferred::Stops;
use crate::names::Names;
use crate::package::{FuncFacts, Package};
use crate::summary::Summary;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_effects::Kind;
use stanch_ir::{Callee, Func, FuncId, InstrKind, Module, Operand, Rvalue, Span};
use stanch_types::{ObjectId, PackageId};

/// What callers in other packages need to know of one package's functions.
#[derive(Default, Debug)]
pub struct Facts {
    funcs: FxHashMap<ObjectId, FuncId>,
    of: FxHashMap<FuncId, Known>,
    names: FxHashMap<FuncId, Name>,
    /// Types whose values' goroutines only a method ends.
    owners: Vec<ObjectId>,
}

/// A function as findings name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Name {
    /// Runtime symbol.
    pub symbol: Box<str>,
    /// Where it is declared.
    pub span: Span,
}

/// The facts of packages that are analysed already.
pub type Imported<'f> = &'f (dyn Fn(PackageId) -> Option<&'f Facts> + Sync);

#[derive(Debug)]
struct Known {
    facts: FuncFacts,
    summary: Option<Summary>,
}

/// Functions of other packages, by number.
#[derive(Default)]
pub(crate) struct Foreign {
    /// The number of the first; it follows the package's own functions.
    first: usize,
    numbers: FxHashMap<(PackageId, FuncId), FuncId>,
    pub(crate) facts: Vec<FuncFacts>,
    pub(crate) summaries: Vec<Option<Summary>>,
    pub(crate) names: Vec<Name>,
    /// Types of other packages whose values' goroutines only a method ends.
    pub(crate) owners: FxHashSet<ObjectId>,
}

/// The functions of other packages that a package calls, as far as anything is known of them.
pub(crate) fn take_in(
    module: &Module,
    names: &mut Names<'_>,
    packages: impl Iterator<Item = PackageId>,
    imported: Imported<'_>,
) -> Foreign {
    let mut foreign = Foreign { first: module.funcs.len(), ..Foreign::default() };
    let mut asked: FxHashSet<ObjectId> = FxHashSet::default();
    for package in packages {
        foreign.owners.extend(imported(package).iter().flat_map(|facts| &facts.owners));
    }
    for func in module.funcs.iter() {
        named_functions(func, &mut |object| {
            if object.package != module.package
                && object.package != ObjectId::UNIVERSE
                && asked.insert(object)
                && !names.is_described(object)
                && let Some(here) = foreign.add_known(object, imported)
            {
                names.add_body(object, here);
            }
        });
    }
    foreign
}

impl Foreign {
    fn add_known(&mut self, object: ObjectId, imported: Imported<'_>) -> Option<FuncId> {
        let facts = imported(object.package)?;
        let id = *facts.funcs.get(&object)?;
        let known = facts.of.get(&id)?;
        let span = facts.names.get(&id)?.span;
        let here = self.number((object.package, id), span, imported);
        let mut summary = known.summary.clone();
        if let Some(summary) = &mut summary {
            summary.rename(&mut |id, span| self.number((object.package, id), span, imported));
        }
        let at = here.index() - self.first;
        self.facts[at] = known.facts.clone();
        self.summaries[at] = summary;
        Some(here)
    }

    /// The number here of a function that another package knows by a number; `span` is in it.
    fn number(
        &mut self,
        (package, id): (PackageId, FuncId),
        span: Span,
        imported: Imported<'_>,
    ) -> FuncId {
        let next = FuncId::from_usize(self.first + self.names.len());
        *self.numbers.entry((package, id)).or_insert_with(|| {
            let name = imported(package).and_then(|f| f.names.get(&id)).cloned();
            self.names.push(name.unwrap_or_else(|| Name { symbol: Box::default(), span }));
            self.facts.push(FuncFacts { returns: true, ..FuncFacts::default() });
            self.summaries.push(None);
            next
        })
    }
}

/// Calls `f` for each declared function that `func` calls or makes a value of.
fn named_functions(func: &Func, f: &mut dyn FnMut(ObjectId)) {
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                if let Callee::Static(object, _) = call.callee {
                    f(object);
                }
            }
            InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => f(*method),
            _ => {}
        }
        visit::operands(&instr.kind, &mut |operand| {
            if let Operand::Func(object) = operand {
                f(*object);
            }
        });
    }
}

/// What the importers of a package get to know.
pub(crate) fn give_out(
    package: &Package<'_>,
    summaries: &IndexVec<FuncId, Option<Summary>>,
    stops: &Stops,
) -> Facts {
    let mut out = Facts::default();
    let own = |object: &&ObjectId| object.package == package.module.package;
    out.owners = package.owners.iter().filter(own).copied().collect();
    for (id, func) in package.module.funcs.iter_enumerated() {
        let facts = &package.facts[id];
        // Of all others callers assume the same without facts.
        let ends = package.ends_of(id);
        let alike = !facts.relevant
            && facts.returns
            && facts.writes.unknown
            && ends.is_none()
            && !facts.lends.says_something(func.params.len())
            && facts.look.is_none();
        if !func.has_body || alike {
            continue;
        }
        out.names.insert(id, Name { symbol: func.symbol.as_str().into(), span: func.name_span });
        let Some(object) = func.object else { continue };
        let mut summary = summaries[id].clone();
        for outcome in summary.iter_mut().flat_map(|s| &mut s.outcomes) {
            outcome.fresh.retain(|f| {
                f.kind != Some(Kind::Worker) || stops.can_end(package.module.package, &f.enders)
            });
        }
        out.funcs.insert(object, id);
        let facts = FuncFacts {
            relevant: facts.relevant,
            returns: facts.returns,
            writes: facts.writes.clone(),
            ends: ends.cloned(),
            lends: facts.lends,
            look: facts.look.clone(),
            tells: facts.tells.clone(),
            ..FuncFacts::default()
        };
        out.of.insert(id, Known { facts, summary });
    }
    // Chains of calls go on into packages that an importer may not know itself.
    let first = package.module.funcs.len();
    let named = package.foreign.iter().enumerate().filter(|(_, name)| !name.symbol.is_empty());
    out.names.extend(named.map(|(i, name)| (FuncId::from_usize(first + i), name.clone())));
    out
}
