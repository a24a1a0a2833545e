//! Joins the packages' summaries: all operations on one container, wherever they stand.

use crate::arrivals::Arrivals;
use crate::contexts::{Because, Calls, Node, Runs};
use crate::facts::{Edge, Grow, Key, Loop, Op, OpKind, Source, Sources, Taken, Target};
use crate::report::*;
use crate::source;
use crate::summary::Summary;
use crate::trials::Trials;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_effects::Effects;
use stanch_ir::Span;
use stanch_types::{ObjectId, Program, TypeId, TypeKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod evidence;
mod siblings;

/// Containers that can be one with another; beyond that nothing is said.
const MAX_GROUP: usize = 64;
/// Calls shown from what repeats to what grows.
const MAX_CHAIN: usize = 6;
/// Fields within fields looked through.
const MAX_FIELDS: u32 = 2;
/// Places of growth kept of one container.
const MAX_SITES: usize = 8;

/// A container of the module.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Whole {
    Global(u32),
    Field(u32),
    Param(Node, u32),
}

/// A declaration of the module.
struct Declared {
    object: ObjectId,
    /// The declaring file is a test.
    test: bool,
}

/// A place where a container grows.
struct Grown<'s> {
    /// The function that does it, or that has a helper do it.
    by: Node,
    span: Span,
    grow: &'s Grow,
    looped: Loop,
    /// The function in which the insertion stands.
    home: Node,
    /// Whether an element of it grows.
    element: bool,
}

/// A call that gives a function a container.
struct Giver {
    container: Whole,
    by: Node,
    span: Span,
    looped: Loop,
}

/// What grows together with a container.
struct Together {
    /// Where the container grows.
    grown: Span,
    /// What else does.
    with: Whole,
    /// Where.
    filled: Span,
    /// Where the function in which both happen takes an entry of the other out on a way of its own.
    taken: Option<(Node, Span)>,
}

struct Join<'s> {
    program: &'s Program<'s>,
    effects: &'s Effects,
    calls: Calls<'s>,
    callers: FxHashMap<Node, Vec<Node>>,
    arrivals: Arrivals,
    trials: Trials<'s>,
    ids: FxHashMap<(Arc<str>, u32), u32>,
    declared: Vec<Declared>,
    ops: BTreeMap<Whole, Vec<(Node, &'s Op)>>,
    next: BTreeMap<Whole, Vec<Whole>>,
    /// Who gives a parameter what.
    givers: BTreeMap<Whole, Vec<Giver>>,
    owners: FxHashMap<u32, u32>,
    /// Types of which values lie in elements of variables.
    elements: FxHashSet<u32>,
    /// Variables that a field lies in.
    reached: FxHashMap<u32, u32>,
    makers: FxHashMap<u32, Vec<Node>>,
    /// The fields and variables to which each function adds.
    adds: FxHashMap<Node, Vec<Whole>>,
    /// What is added together with a growth of this container in this function, at this place.
    together: FxHashMap<(Node, Whole), Vec<Together>>,
    /// Functions that fill a container for a caller which fills this other one too: with the caller.
    joint: FxHashSet<(Node, Node, Whole)>,
    /// Containers whose entries are asked for their age: the field with the time, and where.
    aged: FxHashMap<u32, (ObjectId, Span)>,
    /// Parameters that callers look up in a container.
    asked: FxHashSet<(Node, u32, Whole)>,
}

/// Finds what only grows in the module that the summaries describe, in the order of packages.
pub fn join<'s>(
    program: &'s Program<'s>,
    effects: &'s Effects,
    summaries: &'s [&'s Summary],
    asked: &FxHashSet<&str>,
) -> Results {
    let mut calls = Calls::new(program, summaries);
    let arrivals = Arrivals::new(&mut calls);
    let callers = calls.callers();
    let mut join = Join {
        program,
        effects,
        calls,
        callers,
        arrivals,
        trials: Trials::new(program, &effects.keeping, summaries),
        ids: FxHashMap::default(),
        declared: Vec::new(),
        ops: BTreeMap::new(),
        next: BTreeMap::new(),
        givers: BTreeMap::new(),
        owners: FxHashMap::default(),
        elements: FxHashSet::default(),
        reached: FxHashMap::default(),
        makers: FxHashMap::default(),
        adds: FxHashMap::default(),
        together: FxHashMap::default(),
        joint: FxHashSet::default(),
        aged: FxHashMap::default(),
        asked: FxHashSet::default(),
    };
    join.read(summaries);
    let keys: BTreeSet<Whole> = join.ops.keys().chain(join.next.keys()).copied().collect();
    let mut results = Results { often: join.calls.often(asked), ..Results::default() };
    for key in keys {
        results.growths.extend(join.growth(key));
    }
    results.retentions =
        crate::retentions::retentions(program, &join.calls, &join.arrivals, &join.trials);
    // Functions that are kept for ever are told as such, with all that they hold.
    let sites = || results.growths.iter().flat_map(|g| &g.sites);
    let told = |r: &Retention| {
        matches!(r.what, Retained::Pinned { by: Keeper::Function, .. })
            && sites().any(|s| s.span == r.span || s.functions.iter().any(|k| k.span == r.span))
    };
    let told: Vec<Span> = results.retentions.iter().filter(|r| told(r)).map(|r| r.span).collect();
    results.retentions.retain(|r| !told.contains(&r.span));
    results.growths.sort_by_key(|g| (g.sites.first().map(|s| s.span), g.object));
    results
}

impl<'s> Join<'s> {
    fn id(&mut self, summaries: &[&Summary], package: u32, decl: usize) -> u32 {
        let decl = &summaries[package as usize].decls[decl];
        if let Some(&id) = self.ids.get(&(decl.file.clone(), decl.at)) {
            return id;
        }
        let id = self.declared.len() as u32;
        self.declared.push(Declared { object: decl.object, test: decl.file.ends_with("_test.go") });
        self.ids.insert((decl.file.clone(), decl.at), id);
        id
    }

    fn whole(&mut self, summaries: &[&Summary], package: u32, key: Key) -> Whole {
        match key {
            Key::Global(decl) => Whole::Global(self.id(summaries, package, decl.index())),
            Key::Field(decl) => Whole::Field(self.id(summaries, package, decl.index())),
            Key::Param(func, param) => Whole::Param((package, func), param),
        }
    }

    fn read(&mut self, summaries: &'s [&'s Summary]) {
        for (p, summary) in summaries.iter().enumerate() {
            let p = p as u32;
            for (&field, &owner) in &summary.owners {
                let (field, owner) =
                    (self.id(summaries, p, field.index()), self.id(summaries, p, owner.index()));
                self.owners.insert(field, owner);
            }
            for element in &summary.elements {
                let element = self.id(summaries, p, element.index());
                self.elements.insert(element);
            }
            for &(field, global) in &summary.reached {
                let (field, global) =
                    (self.id(summaries, p, field.index()), self.id(summaries, p, global.index()));
                if !self.declared[global as usize].test {
                    self.reached.entry(field).or_insert(global);
                }
            }
        }
        for (p, summary) in summaries.iter().enumerate() {
            for &(container, field, span) in &summary.kept.aged {
                let container = self.id(summaries, p as u32, container.index());
                self.aged.entry(container).or_insert((field, span));
            }
        }
        let nodes: Vec<_> = self.calls.nodes().collect();
        let mut given: Vec<(Whole, Whole)> = Vec::new();
        for (node, facts) in nodes {
            if self.calls.runs(node).is_never() {
                continue;
            }
            for op in &facts.ops {
                let key = self.whole(summaries, node.0, op.key);
                if let OpKind::Part(other) = op.kind {
                    let other = self.whole(summaries, node.0, other);
                    self.next.entry(key).or_default().push(other);
                } else if let OpKind::Alias(other) = op.kind {
                    let other = self.whole(summaries, node.0, other);
                    self.next.entry(key).or_default().push(other);
                    self.next.entry(other).or_default().push(key);
                } else {
                    if let (OpKind::Grow(_), Whole::Global(_) | Whole::Field(_)) = (&op.kind, key) {
                        self.adds.entry(node).or_default().push(key);
                    }
                    self.ops.entry(key).or_default().push((node, op));
                }
            }
            for pair in &facts.together {
                for (own, other) in [(0, 1), (1, 0)] {
                    let (a, b) = (pair.halves[own], pair.halves[other]);
                    let of = self.whole(summaries, node.0, a.key);
                    let with = self.whole(summaries, node.0, b.key);
                    let together = Together {
                        grown: a.grown,
                        with,
                        filled: b.at,
                        taken: pair.taken[other].map(|span| (node, span)),
                    };
                    self.together.entry(((node.0, a.home), of)).or_default().push(together);
                    if b.home != node.1 {
                        self.joint.insert(((node.0, b.home), node, of));
                    }
                }
            }
            for asked in &facts.asked {
                let key = self.whole(summaries, node.0, asked.key);
                if let Some(to) = self.calls.node(node.0, asked.to) {
                    self.asked.insert((to, asked.param, key));
                }
            }
            for pass in &facts.passes {
                let key = self.whole(summaries, node.0, pass.key);
                match self.calls.node(node.0, pass.to) {
                    Some(to) => {
                        let param = Whole::Param(to, pass.param);
                        given.push((key, param));
                        let giver = Giver {
                            container: key,
                            by: node,
                            span: pass.span,
                            looped: pass.looped,
                        };
                        self.givers.entry(param).or_default().push(giver);
                    }
                    None => continue,
                }
            }
            for made in &facts.allocs {
                let made = self.id(summaries, node.0, made.index());
                self.makers.entry(made).or_default().push(node);
            }
        }
        for (key, param) in given {
            // What a parameter was stored in is the container itself, seen from both sides.
            if self.next.contains_key(&param) {
                self.next.entry(param).or_default().push(key);
            }
            self.next.entry(key).or_default().push(param);
        }
    }

    /// The container and all that are one with it.
    fn group(&self, key: Whole) -> Option<Vec<Whole>> {
        let mut group = vec![key];
        let mut seen: FxHashSet<Whole> = [key].into_iter().collect();
        let mut at = 0;
        while at < group.len() {
            for &next in self.next.get(&group[at]).map_or(&[][..], |v| v) {
                if seen.insert(next) {
                    group.push(next);
                }
            }
            if group.len() > MAX_GROUP {
                return None;
            }
            at += 1;
        }
        Some(group)
    }

    fn growth(&self, key: Whole) -> Option<Growth> {
        let id = match key {
            Whole::Global(id) | Whole::Field(id) => id,
            Whole::Param(..) => return None,
        };
        let declared = &self.declared[id as usize];
        let mut doubts: Vec<Doubt> = Vec::new();
        let mut grows: Vec<Grown<'_>> = Vec::new();
        let mut bounded = false;
        let mut cleared: Option<Span> = None;
        let mut emptied: Option<(Node, Span)> = None;
        let mut room: Option<Span> = None;
        // Lists under keys, of which there may be few.
        let mut entries: Vec<Grown<'_>> = Vec::new();
        let mut set = false;
        if declared.test {
            return None;
        }
        for member in self.group(key)? {
            for &(node, op) in self.ops.get(&member).map_or(&[][..], |v| v) {
                match &op.kind {
                    OpKind::Grow(grow) => {
                        // A helper's other callers have nothing to do with it.
                        let giver = self.giver(key, member);
                        let by = giver.map_or(node, |g| g.by);
                        let span = giver.map_or(op.span, |g| g.span);
                        let looped = giver.map_or(grow.looped, |g| g.looped.max(grow.looped));
                        let element = op.element;
                        grows.push(Grown { by, span, grow, looped, home: node, element });
                    }
                    // What is done to an entry leaves its key where it is.
                    OpKind::Shrink(_) if op.element => emptied = emptied.or(Some((node, op.span))),
                    OpKind::Bound if op.element => bounded = true,
                    // The end of the owner, not of an entry.
                    OpKind::Shrink(_) if self.is_of_the_end(node, id, MAX_CHAIN) => {
                        cleared = cleared.or(Some(op.span));
                    }
                    OpKind::Shrink(Taken::All | Taken::Cleared)
                        if !self.calls.runs(node).has(Runs::AGAIN) =>
                    {
                        cleared = cleared.or(Some(op.span));
                    }
                    OpKind::Shrink(Taken::Cleared) => room = room.or(Some(op.span)),
                    OpKind::Shrink(_) | OpKind::Bound => return None,
                    OpKind::EntryGrow(grow) => {
                        let (by, span, looped, element) = (node, op.span, grow.looped, true);
                        entries.push(Grown { by, span, grow, looped, home: node, element });
                    }
                    OpKind::EntrySet => set = true,
                    OpKind::Escape => doubts.push(Doubt::Escapes),
                    OpKind::Alias(_) | OpKind::Part(_) => {}
                }
            }
        }
        grows.retain(|g| !g.grow.bounded && self.repeats(g));
        if grows.is_empty() && !set && !bounded && emptied.is_none() && doubts.is_empty() {
            entries.retain(|g| !g.grow.bounded && self.repeats(g));
            grows = entries;
        }
        grows.sort_by_key(|g| (self.rank(g) + u8::from(self.may_be_few(key, g)), g.span));
        grows.dedup_by_key(|g| g.span);
        if let Some(room) = room {
            return self.with_room(key, id, grows, room, doubts);
        }
        if cleared.is_some() {
            let (at, evidence) = self.served(id, &grows, cleared)?;
            grows.rotate_left(at);
            let sole = !bounded && emptied.is_none();
            return sole.then(|| self.with_evidence(key, id, &grows, evidence, doubts))?;
        }
        if let Some(emptied) = emptied {
            return self.emptied(key, id, grows, emptied, doubts);
        }
        if bounded {
            return None;
        }
        if let Some((at, evidence)) = self.evidence(key, id, &grows) {
            grows.rotate_left(at);
            return self.with_evidence(key, id, &grows, evidence, doubts);
        }
        let first = grows.first()?;
        let (node, grow) = (first.by, first.grow);
        let place = self.place(key, id, node, &mut doubts)?;
        if self.is_exported(id, key) {
            doubts.push(Doubt::Exported);
        }
        // What the program's own packages call before `main` is a registration.
        if self.calls.runs(node).has(Runs::INIT) && first.looped != Loop::Endless {
            doubts.push(Doubt::Registration);
        }
        match self.rank(first) {
            0 => {}
            1 if self.is_registration(grow) => doubts.push(Doubt::Registration),
            1 => {}
            _ => doubts.push(Doubt::Frequency),
        }
        if self.may_be_few(key, first) {
            doubts.push(Doubt::Keys);
        }
        if grows.iter().any(|g| g.grow.counts && !self.is_unique(g)) {
            doubts.push(Doubt::Labels);
        }
        if grow.unique {
            doubts.push(Doubt::Registration);
        }
        if self.trials.has(node.0, first.span) {
            doubts.push(Doubt::Trial);
        }
        let object = self.program.object(declared.object);
        let (file, range) = object.place?;
        doubts.sort();
        doubts.dedup();
        Some(Growth {
            package: self.calls.summaries[node.0 as usize].package,
            object: declared.object,
            place,
            ty: object.ty,
            declared: Span { package: declared.object.package, file, range },
            sites: grows.iter().take(MAX_SITES).map(|g| self.site(g)).collect(),
            evidence: None,
            doubts,
        })
    }

    /// The function that gives the container itself to the one whose parameter grows.
    fn giver(&self, container: Whole, member: Whole) -> Option<&Giver> {
        let mut member = member;
        for _ in 0..MAX_CHAIN {
            let givers = self.givers.get(&member)?;
            if let Some(giver) = givers.iter().find(|g| g.container == container) {
                return Some(giver);
            }
            let is_param = |g: &&Giver| matches!(g.container, Whole::Param(..));
            member = givers.iter().filter(is_param).find(|g| g.container != member)?.container;
        }
        None
    }

    /// Whether nothing tells that there are many different keys.
    fn may_be_few(&self, container: Whole, grown: &Grown<'_>) -> bool {
        let grow = grown.grow;
        if grow.key_ty.is_none() {
            return false;
        }
        let (node, sources) = self.key_from(grown);
        // As many results are remembered as there are names.
        let memo = grow.memo || self.is_asked(container, grown);
        if memo && !self.arrivals.are_unique(node, &sources) {
            return true;
        }
        // What comes from callers out of view may be settings.
        match self.rank(grown) {
            0 => !self.arrivals.are_many(node, &sources),
            _ => !Arrivals::are_own(&sources),
        }
    }

    /// Whether each insertion is under another key.
    fn is_unique(&self, grown: &Grown<'_>) -> bool {
        let (node, sources) = self.key_from(grown);
        self.arrivals.are_unique(node, &sources)
    }

    /// Whether a caller of the helper that puts something in looks the key up in the container.
    fn is_asked(&self, container: Whole, grown: &Grown<'_>) -> bool {
        grown.grow.key_from.iter().any(|source| match *source {
            Source::Param(func, param) => {
                func == grown.home.1 && self.asked.contains(&(grown.home, param, container))
            }
            _ => false,
        })
    }

    /// Where the key of a growth comes from, and in which function: where a helper is given the container,
    /// only what this caller gives it counts.
    fn key_from(&self, grown: &Grown<'_>) -> (Node, Sources) {
        let own = &grown.grow.key_from;
        let is_given = |edge: &&Edge| match &edge.to {
            Target::Decl(decl) => {
                edge.span == grown.span && self.calls.node(grown.by.0, *decl) == Some(grown.home)
            }
            _ => false,
        };
        let edge = match grown.by == grown.home {
            true => None,
            false => self.calls.facts(grown.by).edges.iter().find(is_given),
        };
        let Some(edge) = edge else { return (grown.home, own.clone()) };
        let given = |param: u32| edge.args.get(param as usize).cloned().unwrap_or_default();
        let mut sources = Sources::new();
        for source in own {
            match *source {
                Source::Param(func, param) if func == grown.home.1 => sources.extend(given(param)),
                Source::Of(func, param) if func == grown.home.1 => {
                    sources.extend(source::made_of(given(param)));
                }
                // Literals around the helper have parameters of their own.
                Source::Param(..) | Source::Of(..) => return (grown.home, own.clone()),
                Source::Incoming | Source::Unique | Source::Fresh => sources.push(*source),
            }
        }
        (grown.by, sources)
    }

    fn repeats(&self, grown: &Grown<'_>) -> bool {
        let runs = self.calls.runs(grown.by);
        let in_loop =
            grown.looped == Loop::Endless && !self.calls.facts(grown.by).symbol.ends_with(".init");
        !runs.is_never() && (!runs.is_start() || in_loop)
    }

    /// 0 if the growth is seen to be repeated, 1 if code out of view decides, 2 if it is a callback.
    fn rank(&self, grown: &Grown<'_>) -> u8 {
        let runs = self.calls.runs(grown.by);
        if runs.has(Runs::AGAIN) || grown.looped == Loop::Endless {
            0
        } else if runs.has(Runs::API) {
            1
        } else {
            2
        }
    }

    /// Values handed in as they are, of a kind that one registers: functions, interfaces, pointers.
    fn is_registration(&self, grow: &Grow) -> bool {
        let program = self.program;
        let kind = program.kind(program.underlying(grow.value_ty));
        let kept = matches!(
            kind,
            TypeKind::Signature(_)
                | TypeKind::Interface(_)
                | TypeKind::Pointer(_)
                | TypeKind::Unknown
        );
        grow.value_param.is_some() || kept && grow.key_is_param && grow.key_ty.is_none()
    }

    fn is_exported(&self, id: u32, key: Whole) -> bool {
        let object = self.declared[id as usize].object;
        let name = self.program.object_name(object);
        let upper = |name: &str| name.chars().next().is_some_and(char::is_uppercase);
        if !upper(name) || !self.is_importable(object) {
            return false;
        }
        match (key, self.owners.get(&id)) {
            (Whole::Field(_), Some(&owner)) => {
                upper(self.program.object_name(self.declared[owner as usize].object))
            }
            _ => true,
        }
    }

    fn is_importable(&self, object: ObjectId) -> bool {
        let path = self.program.package_path(object.package);
        let name = &self.program.source(object.package).name;
        &**name != "main" && !path.split('/').any(|part| part == "internal")
    }

    /// Where the container lives, if that is for long.
    fn place(&self, key: Whole, id: u32, grower: Node, doubts: &mut Vec<Doubt>) -> Option<Place> {
        if matches!(key, Whole::Global(_)) {
            return Some(Place::Global);
        }
        let Some(owner) = self.owners.get(&id) else {
            // A field of an unnamed struct: of the variable that has it.
            let global = self.reached.get(&id)?;
            return Some(Place::InGlobal(self.declared[*global as usize].object));
        };
        let makers = self.makers.get(owner).map_or(&[][..], |v| v);
        let is_start = |&m: &Node| self.calls.runs(m).is_start() && !self.calls.is_open(m);
        let starts = makers.iter().all(is_start);
        let object = self.declared[*owner as usize].object;
        if let Some(global) = self.reached.get(&id) {
            let outside = |m: &Node| self.calls.runs(*m).only_from_outside();
            if !makers.iter().all(outside) {
                return None;
            }
            // Others can make values of it too, and let them go.
            let name = self.program.object_name(object);
            let public = name.chars().next().is_some_and(char::is_uppercase);
            // A struct that no code makes by itself lies in others, of which there may be many.
            let ty = self.program.object(self.declared[*global as usize].object).ty;
            let ty = match self.program.kind(self.program.underlying(ty)) {
                TypeKind::Pointer(to) | TypeKind::Array(_, to) => *to,
                _ => ty,
            };
            let part = makers.is_empty()
                && self.program.named_object(ty) != Some(object)
                && !self.is_part_of_one(object);
            if !starts || part || public && self.is_importable(object) {
                doubts.push(Doubt::Owner);
            }
            return Some(Place::InGlobal(self.declared[*global as usize].object));
        }
        // What an initialiser makes and no variable holds is dropped.
        let held = |m: &Node| !self.calls.facts(*m).initialiser || self.elements.contains(owner);
        let starts = starts && makers.iter().any(held) && !self.is_decoded(object);
        let again = self.calls.runs(grower).has(Runs::AGAIN);
        if starts && again {
            return Some(Place::InProgram(object));
        }
        let anew = |m: &Node| self.calls.runs(*m).has(Runs::AGAIN);
        let serves = self.is_served_by(grower, object) && !makers.iter().any(anew);
        serves.then_some(Place::InService(object))
    }

    /// Whether the struct type lies in others only of which each is made before `main`.
    fn is_part_of_one(&self, object: ObjectId) -> bool {
        let is_part = |field: u32| {
            let ty = self.program.object(self.declared[field as usize].object).ty;
            self.program.named_object(ty) == Some(object)
        };
        let at_start = |m: &Node| self.calls.runs(*m).is_start() && !self.calls.is_open(*m);
        let mut holders = self.owners.iter().filter(|(field, _)| is_part(**field)).peekable();
        holders.peek().is_some()
            && holders.all(|(_, holder)| {
                self.makers.get(holder).is_some_and(|makers| makers.iter().all(at_start))
            })
    }

    /// Whether a function runs for each request that a method of the type handles: its values are servers.
    fn is_served_by(&self, grower: Node, owner: ObjectId) -> bool {
        let mut at = grower;
        for _ in 0..MAX_CHAIN {
            match self.calls.because.get(&at) {
                Some(Because::Caller(from, _)) => at = *from,
                Some(Because::Handler) => {
                    let method = self.calls.facts(at).method.as_ref();
                    return method.is_some_and(|(_, recv)| self.has_one(*recv, owner, MAX_FIELDS));
                }
                Some(Because::Repeated(..)) | None => return false,
            }
        }
        false
    }

    /// Whether a value of a type is one of the owner's, or has one in a field, or a field of that, and is not made
    /// again and again: as many owners as there are servers.
    fn has_one(&self, ty: TypeId, owner: ObjectId, depth: u32) -> bool {
        let named = self.program.named_object(self.program.pointee(ty).unwrap_or(ty));
        let Some(named) = named else { return false };
        if named == owner {
            return true;
        }
        let ty = self.program.object(named).ty;
        let TypeKind::Struct(fields) = self.program.kind(self.program.underlying(ty)) else {
            return false;
        };
        depth > 0
            && self.is_made_rarely(named)
            && fields.iter().any(|field| self.has_one(field.ty, owner, depth - 1))
    }

    /// Whether no code that runs again and again makes values of a type.
    fn is_made_rarely(&self, object: ObjectId) -> bool {
        let own = |id: &&u32| self.declared[**id as usize].object == object;
        let makers = self.makers.keys().find(own).and_then(|id| self.makers.get(id));
        let again = |m: &Node| self.calls.runs(*m).has(Runs::AGAIN);
        !makers.is_some_and(|makers| makers.iter().any(again))
    }

    /// Whether values of the struct type may come from a decoder: its fields have tags.
    fn is_decoded(&self, owner: ObjectId) -> bool {
        let ty = self.program.object(owner).ty;
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Struct(fields) => fields.iter().any(|f| !f.tag.is_empty()),
            _ => false,
        }
    }

    fn site(&self, grown: &Grown<'_>) -> Site {
        let &Grown { by: node, span, grow, looped, home, .. } = grown;
        let facts = self.calls.facts(node);
        let runs = self.calls.runs(node);
        let mut reached = Vec::new();
        let mut repeated = match runs.has(Runs::API) {
            true => Repeated::Outside,
            false => Repeated::Callback,
        };
        let mut at = node;
        let mut because = self.calls.because.get(&at);
        if because.is_none() && looped == Loop::Endless {
            repeated = Repeated::Loop;
        }
        while let Some(why) = because {
            match *why {
                Because::Handler => {
                    repeated = Repeated::Handler;
                    break;
                }
                Because::Repeated(from, span) => {
                    reached.push((self.calls.facts(from).symbol.clone(), span));
                    repeated = Repeated::Loop;
                    break;
                }
                Because::Caller(from, span) => {
                    reached.push((self.calls.facts(from).symbol.clone(), span));
                    at = from;
                    because = self.calls.because.get(&at);
                }
            }
            if reached.len() > MAX_CHAIN {
                break;
            }
        }
        reached.reverse();
        Site {
            span,
            function: facts.symbol.clone(),
            key: grow.key_ty,
            value: grow.value_ty,
            reached,
            repeated,
            functions: self.kept(home, node, span, grow),
        }
    }

    /// The function literals that come to be kept by a growth.
    fn kept(&self, node: Node, by: Node, span: Span, grow: &Grow) -> Vec<Kept> {
        let kept = |of: Node, span: Span| {
            let facts = self.calls.facts(of);
            let captures = facts.captures.iter().map(|c| (c.name.clone(), c.ty)).collect();
            Kept { function: facts.symbol.clone(), span, captures }
        };
        if let Some(closure) = grow.closure {
            return vec![kept((node.0, closure), span)];
        }
        let Some(param) = grow.value_param else { return Vec::new() };
        let mut found = Vec::new();
        for (from, facts) in self.calls.nodes() {
            // A helper that others use too: only what this caller gives it.
            if by != node && from != by {
                continue;
            }
            for handed in facts.handed.iter().filter(|h| h.param == param) {
                if self.calls.node(from.0, handed.to) == Some(node)
                    && (self.calls.runs(from).has(Runs::AGAIN) || handed.looped == Loop::Endless)
                {
                    found.push(kept((from.0, handed.closure), handed.span));
                }
            }
        }
        found
    }
}
