//! What is taken must be given back: locks and cancel functions, by path, ownership and summary.
//!
//! [`analyse`] runs each relevant function of a package abstractly, one state a path as long as the
//! paths differ in what they owe, callees before callers. What a call does is a summary: a few
//! outcomes, each with the conditions on its inputs under which it happens, what it takes, gives
//! back and hands on, and what is known of its results.

mod applies;
mod begun;
mod borrows;
mod calls;
mod carried;
mod counted;
mod descent;
mod doubts;
mod dropped;
mod endings;
mod escape;
mod exec;
mod facts;
mod filled;
mod findings;
mod flow;
mod gathered;
mod given;
mod holders;
mod idle;
mod inferred;
mod inherited;
mod learned;
mod lends;
mod lent;
mod loans;
mod locks;
mod looks;
mod made;
mod makers;
mod merge;
mod names;
mod once;
mod options;
mod order;
mod origin;
mod over;
mod package;
mod panics;
mod parts;
mod ranges;
mod report;
mod resources;
mod rounds;
mod same;
mod semaphores;
mod served;
mod site;
mod slots;
mod sorted;
mod state;
mod summary;
mod sure;
mod taken_down;
mod tells;
mod term;
mod turns;
mod twice;
mod unlockers;
mod unseen;
mod values;
mod visit;
mod workers;
mod wrapped;

pub use facts::{Facts, Imported, Name};
pub use makers::Maker;
pub use order::{
    Again, Back, HeldWait, HeldWaitKind, LockCycle, LockFacts, LockResults, OrderStep, Spotted,
    join as join_locks,
};
pub use report::*;

use crate::exec::Run;
use crate::findings::KeptLock;
use crate::holders::InField;
use crate::inferred::Stops;
use crate::names::Names;
use crate::order::Notes;
use crate::package::Package;
use crate::slots::KeptSlot;
use crate::state::Detail;
use crate::summary::Summary;
use crate::term::PlaceId;
use stanch_base::{FxHashSet, IndexVec};
use stanch_effects::{Effects, Kind};
use stanch_ir::{FuncId, Module, Span};
use stanch_types::{Import, ObjectId, PackageId, Program};

/// Functions that call each other are run again until their summaries agree, at most this often.
const ROUNDS: usize = 4;

/// Finds what one package takes and does not give back, and what its importers need to know of it.
/// `imported` gives that of the packages that it imports.
pub fn analyse(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
    imported: Imported<'_>,
) -> (Results, Facts) {
    let mut names = Names::new(program, module, effects);
    let imports = program.source(package).imports.values().filter_map(|import| match import {
        Import::Package(id) => Some(*id),
        Import::Unsafe | Import::Missing => None,
    });
    let mut foreign = facts::take_in(module, &mut names, imports, imported);
    let own = module.funcs.iter().map(|_| None);
    let theirs = std::mem::take(&mut foreign.summaries);
    let mut summaries: IndexVec<FuncId, Option<Summary>> = own.chain(theirs).collect();
    let facts = Package::new(program, module, names, foreign);
    let mut results = Results::default();
    let mut stored = InFields::default();
    let is_main = &*program.source(package).name == "main";
    let mut kept: Vec<KeptLock> = Vec::new();
    let mut given: FxHashSet<ObjectId> = FxHashSet::default();
    let mut kept_slots: Vec<KeptSlot> = Vec::new();
    let mut slots_given: FxHashSet<ObjectId> = FxHashSet::default();
    for one in settle_all(&facts, &mut summaries, is_main) {
        kept.extend(one.kept);
        given.extend(one.gives);
        kept_slots.extend(one.kept_slots);
        slots_given.extend(one.slots_given);
        results.lost_cancels.extend(one.results.lost_cancels);
        results.lost_resources.extend(one.results.lost_resources);
        results.missing_unlocks.extend(one.results.missing_unlocks);
        results.lost_slots.extend(one.results.lost_slots);
        results.double_locks.extend(one.results.double_locks);
        results.incomplete.extend(one.results.incomplete);
        stored.cancels.extend(one.stored.cancels);
        stored.held.extend(one.stored.held);
        results.locks.add(&facts, one.func, one.notes);
    }
    kept.retain(|k| !given.contains(&k.lock));
    if kept.iter().any(|k| !k.handed) {
        let lent = lent::lent(&facts);
        kept.retain(|k| k.handed || !lent.contains(&k.lock));
    }
    results.missing_unlocks.extend(given_back_by_nobody(&facts, kept, &results.incomplete));
    if results.incomplete.is_empty() {
        let lost = kept_slots.into_iter().filter(|k| !slots_given.contains(&k.object));
        let own = |k: &KeptSlot| !is_seen_elsewhere(&facts, k.object);
        let lost = lost.filter(|k| own(k) && !slots::hands_out(&facts, k.object));
        results.lost_slots.extend(lost.map(|k| k.lost));
    }
    results.locks.complete(&facts, &results.double_locks);
    results.lost_cancels.extend(unread_fields(&facts, stored.cancels));
    results.lost_cancels.sort_by_key(|l| l.span);
    results.lost_resources.sort_by_key(|l| l.span);
    results.lost_slots.sort_by_key(|l| (l.span, l.exit));
    results.missing_unlocks.sort_by_key(|l| (l.span, l.exit));
    results.double_locks.sort_by_key(|l| (l.second, l.first));
    results.incomplete.sort();
    let stops = Stops::new(&facts, &summaries);
    results
        .lost_resources
        .retain(|l| l.kind != Kind::Worker || stops.can_end(module.package, &l.enders));
    let mut held = stored.held;
    results.duties = learned::duties(&facts, &mut |id| {
        let mut run = Run::new(&facts, &summaries, id, Detail::Fine);
        run.learn();
        let Some(mut exits) = run.explore() else { return Vec::new() };
        run.summary(&mut exits);
        let ends_process = facts.ends_process(id, is_main);
        held.extend(run.held_in_fields().into_iter().filter(|h| h.key.is_some() && !ends_process));
        run.duties(&exits, ends_process)
    });
    results.duties.extend(given::duties(&facts, &mut |id, param| {
        let mut run = Run::new(&facts, &summaries, id, Detail::Fine);
        run.learn();
        run.given_input = Some(param);
        let Some(mut exits) = run.explore() else { return Vec::new() };
        run.summary(&mut exits);
        run.duties(&exits, facts.ends_process(id, is_main))
    }));
    held.retain(|h| h.enders.is_empty() || stops.can_end(module.package, &h.enders));
    results.makers = makers::find(&facts, |p| p == module.package || imported(p).is_some());
    results.idle = idle::find(&facts);
    results.dropped = dropped::find(&facts);
    results.forgotten = taken_down::find(&facts);
    results.owners = holders::owner_facts(&facts, &summaries, held);
    let out = facts::give_out(&facts, &summaries, &stops);
    results.work = work(&facts);
    results.foreign = facts.foreign;
    (results, out)
}

/// How much there was to do.
fn work(facts: &Package<'_>) -> Work {
    let mut work = Work::default();
    for (id, func) in facts.module.funcs.iter_enumerated().filter(|(_, func)| func.has_body) {
        work.functions += 1;
        if facts.facts[id].relevant {
            work.instructions += func.blocks.iter().map(|b| b.instrs.len() as u64 + 1).sum::<u64>();
        } else {
            work.irrelevant += 1;
        }
    }
    work
}

/// What was put in fields and has to be ended.
#[derive(Default)]
struct InFields {
    cancels: Vec<Stored>,
    held: Vec<InField>,
}

/// A cancel function that was stored in a field.
struct Stored {
    func: FuncId,
    span: Span,
    field: ObjectId,
    deadline: bool,
}

/// Runs all functions, callees first. A method that an interface stands for is not known as a callee:
/// those that asked for its summary too early are run again, and so are their callers.
fn settle_all(
    facts: &Package<'_>,
    summaries: &mut IndexVec<FuncId, Option<Summary>>,
    is_main: bool,
) -> Vec<Found> {
    let module = facts.module;
    let relevant = |id: &FuncId| facts.facts[*id].relevant && module.funcs[*id].has_body;
    let members: Vec<Vec<FuncId>> =
        facts.order.iter().map(|c| c.iter().copied().filter(relevant).collect()).collect();
    let mut found: Vec<Vec<Found>> =
        members.iter().map(|members| settle(facts, summaries, members, is_main)).collect();
    let mut changed: FxHashSet<FuncId> = FxHashSet::default();
    for (members, found) in members.iter().zip(&mut found) {
        let stale = |id: &FuncId| facts.facts[*id].callees.iter().any(|c| changed.contains(c));
        if !found.iter().any(|one| one.early) && !members.iter().any(stale) {
            continue;
        }
        let before: Vec<Option<Summary>> = members.iter().map(|&id| summaries[id].take()).collect();
        let again = settle(facts, summaries, members, is_main);
        // Of locks, calls of interfaces' methods say nothing more.
        for (known, again) in found.iter_mut().zip(again) {
            known.stored = again.stored;
            known.results.lost_cancels = again.results.lost_cancels;
            known.results.lost_resources = again.results.lost_resources;
            known.results.incomplete = again.results.incomplete;
        }
        let differs = members.iter().zip(before).filter(|(id, before)| summaries[**id] != *before);
        changed.extend(differs.map(|(id, _)| *id));
    }
    found.into_iter().flatten().collect()
}

/// Runs functions that call each other until their summaries agree; what the last run of each found.
fn settle(
    facts: &Package<'_>,
    summaries: &mut IndexVec<FuncId, Option<Summary>>,
    members: &[FuncId],
    is_main: bool,
) -> Vec<Found> {
    let recursive = |id: FuncId| facts.facts[id].callees.contains(&id);
    let rounds =
        if members.len() > 1 || members.iter().any(|&m| recursive(m)) { ROUNDS } else { 1 };
    let mut details = vec![Detail::Fine; members.len()];
    let mut found: Vec<Option<Found>> = members.iter().map(|_| None).collect();
    let mut stale: Vec<bool> = vec![true; members.len()];
    for _ in 0..rounds {
        for (i, &id) in members.iter().enumerate() {
            if !std::mem::replace(&mut stale[i], false) {
                continue;
            }
            let (summary, one) = run(facts, summaries, id, &mut details[i], is_main);
            found[i] = Some(one);
            if summaries[id].as_ref() != Some(&summary) {
                summaries[id] = Some(summary);
                for (stale, &caller) in stale.iter_mut().zip(members) {
                    *stale |= facts.facts[caller].callees.contains(&id);
                }
            }
        }
    }
    found.into_iter().flatten().collect()
}

struct Found {
    func: FuncId,
    results: Results,
    stored: InFields,
    notes: Notes,
    /// Locks that callers seem to get.
    kept: Vec<KeptLock>,
    /// Locks that it gives back for others.
    gives: Vec<ObjectId>,
    /// Places in groups and semaphores that are lost if nobody gives them back for others, and those that
    /// it gives back so.
    kept_slots: Vec<KeptSlot>,
    slots_given: Vec<ObjectId>,
    /// Whether it asked for what was not known yet.
    early: bool,
}

/// Runs one function.
fn run(
    facts: &Package<'_>,
    summaries: &IndexVec<FuncId, Option<Summary>>,
    id: FuncId,
    detail: &mut Detail,
    is_main: bool,
) -> (Summary, Found) {
    let mut run = Run::new(facts, summaries, id, *detail);
    let mut found = Found {
        func: id,
        results: Results::default(),
        stored: InFields::default(),
        notes: Notes::default(),
        kept: Vec::new(),
        gives: Vec::new(),
        kept_slots: Vec::new(),
        slots_given: Vec::new(),
        early: false,
    };
    let mut exits = run.explore();
    if exits.is_none() && *detail == Detail::Fine {
        *detail = Detail::Rough;
        run = Run::new(facts, summaries, id, *detail);
        exits = run.explore();
    }
    let Some(mut exits) = exits else {
        found.results.incomplete.push(id);
        return (Summary { unknown: true, ..Summary::default() }, found);
    };
    let (mut missing, kept) = run.with_panics(&mut exits, |run, exits| run.missing_unlocks(exits));
    run.left_in_turns(&mut missing);
    let (lost_slots, kept_slots) = run.lost_slots(&exits);
    let mut summary = run.summary(&mut exits);
    facts.counted.complete(id, &mut summary);
    found.early = run.early;
    found.gives = run.gives_for_others().collect();
    found.slots_given = run.slots_for_others();
    let ends_process = facts.ends_process(id, is_main);
    found.results.lost_cancels = run.lost_cancels(&exits, ends_process);
    found.results.lost_resources = run.lost_resources(&exits, ends_process);
    // An object whose goroutine a lost cancel function would end is lost with that.
    let cancels = found.results.lost_cancels.iter().filter_map(|c| run.sites.get(&c.span));
    let fields: FxHashSet<ObjectId> = cancels.flat_map(|s| &s.fields).copied().collect();
    found.results.lost_resources.retain(|l| {
        !l.enders.iter().any(|e| e.steps.last().is_some_and(|last| fields.contains(last)))
    });
    if !ends_process {
        found.results.missing_unlocks = missing;
        found.kept = kept;
        found.kept_slots = kept_slots;
        found.results.lost_slots = lost_slots;
    }
    found.notes = std::mem::take(&mut run.notes);
    let passed_on = std::mem::take(&mut run.passed_on);
    let doubles = std::mem::take(&mut run.doubles).into_iter();
    let ways = std::mem::take(&mut run.double_ways);
    let sure =
        |key: &(Span, PlaceId)| ways.get(key).is_some_and(|ways| doubts::settled(ways.iter()));
    found.results.double_locks = doubles
        .filter(|((_, lock), _)| !passed_on.contains(lock))
        .map(|(key, found)| DoubleLock { rough: found.rough || !sure(&key), ..found })
        .collect();
    if !ends_process {
        found.stored.held = run.held_in_fields();
    }
    for (span, site) in run.sites.into_iter().filter(|(_, s)| s.kind.is_none() && !s.elsewhere) {
        for field in site.fields {
            found.stored.cancels.push(Stored { func: id, span, field, deadline: site.deadline });
        }
    }
    let blind = summary.outcomes.is_empty() && facts.facts[id].returns;
    (Summary { unknown: summary.unknown || blind, ..summary }, found)
}

/// Those of the locks that nobody gives back for others of which this is certain: all functions that could
/// are in this package, and each was followed to its end.
fn given_back_by_nobody(
    facts: &Package<'_>,
    kept: Vec<KeptLock>,
    incomplete: &[FuncId],
) -> Vec<MissingUnlock> {
    let nobody = |k: &KeptLock| incomplete.is_empty() && !is_seen_elsewhere(facts, k.lock);
    kept.into_iter().filter(nobody).map(|k| k.missing).collect()
}

/// Whether other packages can name a field or variable.
fn is_seen_elsewhere(facts: &Package<'_>, object: ObjectId) -> bool {
    exported(&facts.program.object(object).name) || object.package != facts.module.package
}

fn exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

/// Cancel functions stored in unexported fields that the package never reads.
fn unread_fields(facts: &Package<'_>, stored: Vec<Stored>) -> Vec<LostCancel> {
    if stored.is_empty() {
        return Vec::new();
    }
    let read = facts.fields_read();
    let mut lost = Vec::new();
    for Stored { func, span, field, deadline } in stored {
        let object = facts.program.object(field);
        let embedded = &*object.name == "CancelFunc";
        let own = field.package == facts.module.package;
        if exported(&object.name) || embedded || !own || read.contains(&field) {
            continue;
        }
        if inherited::ends_with_callers(facts, func, span) {
            continue;
        }
        lost.push(LostCancel {
            func,
            span,
            name: None,
            deadline,
            rooted: false,
            served: true,
            helper: None,
            how: Loss::Field(object.name.to_string()),
            path: Vec::new(),
            sometimes_released: false,
            asks_twice: false,
        });
    }
    lost
}
