//! Decides over the module which of the packages' candidates are kept too long.

use crate::arrivals::Arrivals;
use crate::contexts::{Calls, Node, Runs};
use crate::facts::{DeclId, Key, OpKind, Source};
use crate::kept::{ChannelUse, Gate, Kept};
use crate::report::{Doubt, Retained, Retention};
use crate::summary::Summary;
use crate::trials::Trials;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::Span;
use stanch_types::{ObjectId, ObjectKind, Program, VarKind};
use std::sync::Arc;

/// A declaration, whichever package names it.
type Place = (Arc<str>, u32);

/// What the module says of the things that candidates depend on.
struct Whole<'s> {
    calls: &'s Calls<'s>,
    arrivals: &'s Arrivals,
    /// Parameters that end in a pool.
    pooled: FxHashSet<(Node, u32)>,
    /// Parameters that are kept in a container.
    keeps: FxHashSet<(Node, u32)>,
    /// Functions that register something, by the result that undoes it: the container, and where it is undone.
    registers: FxHashMap<(Node, u32), (ObjectId, Span)>,
    replaced: FxHashSet<Place>,
    appended: FxHashSet<Place>,
    /// Fields that lie in package-level variables.
    reached: FxHashSet<Place>,
    channels: FxHashMap<Place, Vec<ChannelUse>>,
}

/// The candidates that hold, by place.
pub(crate) fn retentions(
    program: &Program<'_>,
    calls: &Calls<'_>,
    arrivals: &Arrivals,
    trials: &Trials<'_>,
) -> Vec<Retention> {
    let whole = Whole {
        calls,
        arrivals,
        pooled: pooled(calls),
        keeps: keeps(calls),
        registers: registers(calls),
        replaced: places(calls.summaries, |kept| &kept.replaced),
        appended: places(calls.summaries, |kept| &kept.appended),
        reached: reached(calls.summaries),
        channels: channels(calls),
    };
    let mut found = Vec::new();
    for (p, summary) in calls.summaries.iter().enumerate() {
        for candidate in &summary.kept.candidates {
            let node = (p as u32, candidate.func);
            let Some(doubts) = whole.holds(program, node, &candidate.gate, &candidate.retention)
            else {
                continue;
            };
            let mut retention = candidate.retention.clone();
            if let Gate::Registered(by, result) = candidate.gate
                && let Retained::Unregistered { container, undone, .. } = &mut retention.what
            {
                let Some(&(registry, undo)) = whole.registered(node, by, result) else { continue };
                (*container, *undone) = (Some(registry), Some(undo));
                retention.ty = program.object(registry).ty;
            }
            retention.doubts.extend(doubts);
            if trials.has(node.0, retention.span) {
                retention.doubts.push(Doubt::Trial);
            }
            retention.doubts.sort();
            retention.doubts.dedup();
            found.push(retention);
        }
    }
    found.sort_by_key(|r| (r.span, r.doubts.len()));
    found.dedup_by(|a, b| a.span == b.span && same_kind(&a.what, &b.what));
    // One channel is one finding.
    let mut told: FxHashSet<ObjectId> = FxHashSet::default();
    found.retain(|r| match r.what {
        Retained::LonelyChannel { object, .. } => told.insert(object),
        _ => true,
    });
    found
}

fn same_kind(a: &Retained, b: &Retained) -> bool {
    std::mem::discriminant(a) == std::mem::discriminant(b)
}

impl Whole<'_> {
    /// Whether a candidate holds, and what speaks against it.
    fn holds(
        &self,
        program: &Program<'_>,
        node: Node,
        gate: &Gate,
        retention: &Retention,
    ) -> Option<Vec<Doubt>> {
        let runs = self.calls.runs(node);
        let summary = self.calls.summaries[node.0 as usize];
        match *gate {
            Gate::GoesOn { owner, in_loop, ref keys } => {
                self.goes_on(node, (node.0, owner), in_loop, keys.as_deref())
            }
            Gate::Rearmed(ended) => {
                // One for the whole program goes on as long as that.
                if runs.is_never()
                    || runs.is_start()
                    || !ended && !runs.has(Runs::AGAIN) && !runs.has(Runs::API)
                {
                    return None;
                }
                match ended || runs.has(Runs::AGAIN) {
                    true => Some(Vec::new()),
                    false => Some(vec![Doubt::Frequency]),
                }
            }
            Gate::Sure => Some(Vec::new()),
            Gate::Pooled(decl, param) => {
                let to = self.calls.node(node.0, decl)?;
                self.pooled.contains(&(to, param)).then(Vec::new)
            }
            Gate::Keeps(decl, param) => {
                let to = self.calls.node(node.0, decl)?;
                if !self.keeps.contains(&(to, param)) {
                    return None;
                }
                self.repeated(node)
            }
            Gate::NeverReplaced(key, looped) => {
                let decl = match key {
                    Key::Global(decl) | Key::Field(decl) => decl,
                    Key::Param(..) => return None,
                };
                let decl = &summary.decls[decl.index()];
                let place = (decl.file.clone(), decl.at);
                // What is filled once and used up goes with all that was in it.
                if self.replaced.contains(&place) || !self.appended.contains(&place) {
                    return None;
                }
                match looped || runs.has(Runs::AGAIN) {
                    true => Some(Vec::new()),
                    false => Some(vec![Doubt::Frequency]),
                }
            }
            Gate::Repeated => self.repeated(node),
            Gate::Looped => (!runs.is_never()).then(Vec::new),
            Gate::RepeatedIn(field) => {
                let mut doubts = self.repeated(node)?;
                let field = &summary.decls[field.index()];
                if !self.reached.contains(&(field.file.clone(), field.at)) {
                    doubts.push(Doubt::Owner);
                }
                Some(doubts)
            }
            Gate::Registered(by, result) => {
                let &(registry, _) = self.registered(node, by, result)?;
                let mut doubts = self.repeated(node)?;
                let declared = program.object(registry);
                let global = matches!(declared.kind, ObjectKind::Var(VarKind::Package));
                let (file, range) = declared.place?;
                let file = program.source(registry.package).files.get(file)?.path.clone();
                if !global && !self.reached.contains(&(file, range.start)) {
                    doubts.push(Doubt::Owner);
                }
                Some(doubts)
            }
            Gate::Lonely(decl, field) => {
                let decl = &summary.decls[decl.index()];
                let place = (decl.file.clone(), decl.at);
                let uses = self.channels.get(&place)?;
                // What only tests make is nil, and not waited for.
                if field && !(self.reached.contains(&place) && uses.contains(&ChannelUse::Made)) {
                    return None;
                }
                let Retained::LonelyChannel { object, sends } = retention.what else { return None };
                let partner = if sends { ChannelUse::Recv } else { ChannelUse::Send };
                if uses.contains(&partner) || uses.contains(&ChannelUse::Other) {
                    return None;
                }
                let upper = program.object_name(object).chars().next();
                match upper.is_some_and(char::is_uppercase) && summary.importable {
                    true => Some(vec![Doubt::Exported]),
                    false => Some(Vec::new()),
                }
            }
        }
    }

    /// The registration that a result of a function undoes.
    fn registered(&self, node: Node, by: DeclId, result: u32) -> Option<&(ObjectId, Span)> {
        self.registers.get(&(self.calls.node(node.0, by)?, result))
    }

    /// Whether a variable of the owner to which the function adds lives on, and what speaks against it.
    fn goes_on(
        &self,
        node: Node,
        owner: Node,
        in_loop: bool,
        keys: Option<&[Source]>,
    ) -> Option<Vec<Doubt>> {
        let (runs, owners) = (self.calls.runs(node), self.calls.runs(owner));
        if runs.is_never() || owners.is_never() {
            return None;
        }
        let mut doubts = Vec::new();
        match in_loop {
            // One for each connection goes with it.
            true if owners.has(Runs::AGAIN) => doubts.push(Doubt::Owner),
            true => {}
            // Each call of the owner makes another one.
            false if owners.has(Runs::AGAIN) => return None,
            false if runs.has(Runs::AGAIN) => {}
            false if runs.has(Runs::CALLBACK) && !owners.has(Runs::CALLBACK) => {
                doubts.push(Doubt::Frequency);
            }
            // It is called while the owner runs.
            false => return None,
        }
        if keys.is_some_and(|keys| !self.arrivals.are_many(node, keys)) {
            doubts.push(Doubt::Keys);
        }
        Some(doubts)
    }

    fn repeated(&self, node: Node) -> Option<Vec<Doubt>> {
        let runs = self.calls.runs(node);
        if runs.is_never() || runs.is_start() {
            return None;
        }
        match runs.has(Runs::AGAIN) {
            true => Some(Vec::new()),
            false => Some(vec![Doubt::Frequency]),
        }
    }
}

/// The parameters that end in a pool, through any number of functions.
fn pooled(calls: &Calls<'_>) -> FxHashSet<(Node, u32)> {
    let mut from: FxHashMap<(Node, u32), Vec<(Node, u32)>> = FxHashMap::default();
    let mut stack: Vec<(Node, u32)> = Vec::new();
    for (p, summary) in calls.summaries.iter().enumerate() {
        for &(func, param, to) in &summary.kept.pooled {
            let own = ((p as u32, func), param);
            match to {
                None => stack.push(own),
                Some((decl, number)) => {
                    if let Some(to) = calls.node(p as u32, decl) {
                        from.entry((to, number)).or_default().push(own);
                    }
                }
            }
        }
    }
    let mut found = FxHashSet::default();
    while let Some(param) = stack.pop() {
        if found.insert(param) {
            stack.extend(from.get(&param).map_or(&[][..], |v| v));
        }
    }
    found
}

fn registers(calls: &Calls<'_>) -> FxHashMap<(Node, u32), (ObjectId, Span)> {
    let mut found = FxHashMap::default();
    for (p, summary) in calls.summaries.iter().enumerate() {
        for &(by, result, container, undone) in &summary.kept.registers {
            if let Some(by) = calls.node(p as u32, by) {
                let container = summary.decls[container.index()].object;
                found.entry((by, result)).or_insert((container, undone));
            }
        }
    }
    found
}

/// The parameters that a function puts into a container which outlives the call.
fn keeps(calls: &Calls<'_>) -> FxHashSet<(Node, u32)> {
    let mut found = FxHashSet::default();
    for (node, facts) in calls.nodes() {
        for op in &facts.ops {
            if let (OpKind::Grow(grow), Key::Global(_) | Key::Field(_)) = (&op.kind, op.key)
                && let Some(param) = grow.value_param
            {
                found.insert((node, param));
            }
        }
    }
    found
}

fn places(summaries: &[&Summary], of: fn(&Kept) -> &Vec<Key>) -> FxHashSet<Place> {
    let mut found = FxHashSet::default();
    for summary in summaries {
        for key in of(&summary.kept) {
            if let Key::Global(decl) | Key::Field(decl) = key {
                let decl = &summary.decls[decl.index()];
                found.insert((decl.file.clone(), decl.at));
            }
        }
    }
    found
}

fn reached(summaries: &[&Summary]) -> FxHashSet<Place> {
    let place = |s: &Summary, decl: DeclId| {
        let decl = &s.decls[decl.index()];
        (decl.file.clone(), decl.at)
    };
    summaries.iter().flat_map(|s| s.reached.iter().map(|r| place(s, r.0))).collect()
}

fn channels(calls: &Calls<'_>) -> FxHashMap<Place, Vec<ChannelUse>> {
    let mut found: FxHashMap<Place, Vec<ChannelUse>> = FxHashMap::default();
    for summary in calls.summaries {
        for &(decl, kind) in &summary.kept.channels {
            let decl = &summary.decls[decl.index()];
            found.entry((decl.file.clone(), decl.at)).or_default().push(kind);
        }
    }
    found
}
