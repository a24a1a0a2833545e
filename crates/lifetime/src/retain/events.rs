//! Where functions put entries into maps that outlive them and take them out, themselves or through
//! functions of the package that are given the key.

use crate::facts::Source;
use crate::retain::ways::holder;
use crate::retain::{At, Bodies, alias, calls};
use stanch_base::{FxHashMap, IndexVec};
use stanch_effects::Does;
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
    SelectOp, Span, Terminator,
};
use stanch_types::{Builtin, ObjectId, TypeKind};

/// Copies and fields looked through.
const MAX_STEPS: u32 = 6;
/// Calls followed to see whether something is deleted.
const MAX_DEPTH: u32 = 3;
/// Rounds of handing keys on to other functions.
const ROUNDS: usize = 2;

/// A key: a variable, and the fields taken of it.
pub(crate) type KeyPath = (LocalId, Vec<ObjectId>);

/// An insertion or a deletion.
pub(crate) struct Event {
    pub(crate) at: At,
    pub(crate) span: Span,
    pub(crate) map: ObjectId,
    pub(crate) key: KeyPath,
    /// The key as it stands there, where that is seen.
    pub(crate) under: Option<Operand>,
    /// What is put in, where that is seen.
    pub(crate) value: Option<Operand>,
    /// Results of the call that inserts.
    pub(crate) results: Vec<LocalId>,
    /// Whether the function that is called for it asks first whether the key is there.
    pub(crate) asks: bool,
}

/// How the caller of a function knows the key.
#[derive(Clone, Copy, PartialEq)]
enum From {
    /// It is this parameter, or in fields of it.
    Param(usize),
    /// It is this result.
    Result(usize),
}

/// A map that a function changes under a parameter, or under fields of it, or under a key that it returns.
#[derive(Clone, PartialEq)]
struct Change {
    map: ObjectId,
    key: From,
    fields: Vec<ObjectId>,
    /// The parameter that is put in.
    value: Option<usize>,
    /// Whether it looks the key up there too: what it puts in may be there already.
    asks: bool,
}

/// What the package's functions do to maps under keys that they are given.
#[derive(Default)]
pub(crate) struct Helpers {
    inserts: FxHashMap<FuncId, Vec<Change>>,
    deletes: FxHashMap<FuncId, Vec<Change>>,
    /// Where entries of each map are taken out by the function itself.
    taken: FxHashMap<ObjectId, Vec<Taken>>,
    /// The same, whatever is known of the key.
    removed: FxHashMap<ObjectId, Vec<Removed>>,
    any: bool,
}

/// A function that takes an entry out, under which key, and where.
pub(crate) type Taken = (FuncId, KeyPath, Span);
/// A function that takes an entry out, where, and under which key.
pub(crate) type Removed = (FuncId, Span, Operand);

impl Helpers {
    pub(crate) fn of(bodies: &Bodies<'_, '_>) -> Self {
        let mut helpers = Self::default();
        for _ in 0..ROUNDS {
            let (mut inserts, mut deletes) = (FxHashMap::default(), FxHashMap::default());
            helpers.taken.clear();
            let mut gone: Vec<(ObjectId, Taken)> = Vec::new();
            for (id, func) in bodies.funcs() {
                let (put, taken) = of(bodies, &helpers, id, func);
                helpers.any |= !taken.is_empty();
                let own = |t: &&Event| {
                    let instr = &func.blocks[t.at.0].instrs[t.at.1];
                    matches!(instr.kind, InstrKind::MapDelete { .. })
                };
                let own = taken.iter().filter(own);
                gone.extend(own.map(|t| (t.map, (id, t.key.clone(), t.span))));
                inserts.insert(id, changes(bodies, id, func, &put));
                deletes.insert(id, changes(bodies, id, func, &taken));
            }
            helpers.inserts = inserts;
            helpers.deletes = deletes;
            for (map, taken) in gone {
                helpers.taken.entry(map).or_default().push(taken);
            }
            if !helpers.any {
                break;
            }
        }
        if helpers.any {
            for (id, func) in bodies.funcs() {
                helpers.read_removed(bodies, id, func);
            }
        }
        helpers
    }

    fn read_removed(&mut self, bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let (map, key) = match &instr.kind {
                InstrKind::MapDelete { map: Operand::Local(map), key } => (*map, key),
                InstrKind::Call(call) => {
                    let Callee::Static(object, _) = &call.callee else { continue };
                    let Some(Does::Shrink(of)) = bodies.reader.does(*object) else { continue };
                    match (call.args.get(of), call.args.get(of + 1)) {
                        (Some(Operand::Local(map)), Some(key)) => (*map, key),
                        _ => continue,
                    }
                }
                _ => continue,
            };
            if let Some(map) = holder(bodies, id, map) {
                self.removed.entry(map).or_default().push((id, instr.span, key.clone()));
            }
        }
    }

    /// Where functions take entries of the map out themselves, whatever is known of the key.
    pub(crate) fn removed(&self, map: ObjectId) -> &[Removed] {
        self.removed.get(&map).map_or(&[], |v| v)
    }

    /// Where functions take entries of the map out themselves.
    pub(crate) fn taken(&self, map: ObjectId) -> &[Taken] {
        self.taken.get(&map).map_or(&[], |v| v)
    }

    /// Whether anything is deleted from any map.
    pub(crate) fn deletes_any(&self) -> bool {
        self.any
    }
}

fn changes(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, events: &[Event]) -> Vec<Change> {
    let asked = |event: &Event| {
        func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::MapLookup { map: Operand::Local(map), key, .. }) => {
                holder(bodies, id, *map) == Some(event.map)
                    && path(bodies, id, key).as_ref() == Some(&event.key)
            }
            _ => false,
        })
    };
    let change = |event: &Event| {
        let (key, fields) = match func.params.iter().position(|p| *p == event.key.0) {
            Some(param) if !is_counted(bodies, id, event) => {
                (From::Param(param), event.key.1.clone())
            }
            _ => (From::Result(returned(bodies, id, func, event)?), Vec::new()),
        };
        let value = event.value.as_ref().and_then(|value| {
            let (root, fields) = path(bodies, id, value)?;
            func.params.iter().position(|p| *p == root && fields.is_empty())
        });
        Some(Change { map: event.map, key, fields, value, asks: event.asks || asked(event) })
    };
    let mut found: Vec<Change> = events.iter().filter_map(change).collect();
    found.dedup();
    found
}

/// Whether the key is a number that the function counts up in an object it was given.
fn is_counted(bodies: &Bodies<'_, '_>, id: FuncId, event: &Event) -> bool {
    let sources = event.under.as_ref().map(|key| bodies.sources.operand(id, key));
    sources.is_some_and(|sources| sources.contains(&Source::Unique))
}

/// The result by which a function returns the key of what it has put in.
fn returned(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, event: &Event) -> Option<usize> {
    event.under.as_ref()?;
    let is_key = |value: &&Rvalue| match value {
        Rvalue::Use(x) => path(bodies, id, x).as_ref() == Some(&event.key),
        _ => false,
    };
    func.results.iter().position(|&result| {
        let values = &bodies.definitions[id][result];
        values.len() == 1 && values.iter().all(is_key)
    })
}

/// The insertions and deletions of a function.
pub(crate) fn of(
    bodies: &Bodies<'_, '_>,
    helpers: &Helpers,
    id: FuncId,
    func: &Func,
) -> (Vec<Event>, Vec<Event>) {
    let (mut inserts, mut deletes) = (Vec::new(), Vec::new());
    for (block, data) in func.blocks.iter_enumerated() {
        for (at, instr) in data.instrs.iter().enumerate() {
            let event = |map: ObjectId, key: KeyPath, value: Option<Operand>| Event {
                at: (block, at),
                span: instr.span,
                map,
                key,
                under: None,
                value,
                results: Vec::new(),
                asks: false,
            };
            match &instr.kind {
                InstrKind::Store(place, value) => {
                    let (PlaceBase::Local(base), [Proj::Index(key)]) =
                        (place.base, place.proj.as_slice())
                    else {
                        continue;
                    };
                    let core = bodies.program.core_type(func.locals[base].ty);
                    let is_map =
                        core.is_some_and(|t| matches!(bodies.program.kind(t), TypeKind::Map(..)));
                    let under = Some(key.clone());
                    if let (true, Some(map), Some(key)) =
                        (is_map, holder(bodies, id, base), path(bodies, id, key))
                    {
                        inserts.push(Event { under, ..event(map, key, Some(value.clone())) });
                    }
                }
                InstrKind::MapDelete { map: Operand::Local(map), key } => {
                    if let (Some(map), Some(key)) =
                        (holder(bodies, id, *map), path(bodies, id, key))
                    {
                        deletes.push(event(map, key, None));
                    }
                }
                InstrKind::Call(call) => {
                    let Some(callee) = bodies.callee(call) else {
                        match of_library(bodies, id, func, call) {
                            Some((false, map, key, value)) => {
                                let under = library_key(bodies, call);
                                inserts.push(Event { under, ..event(map, key, value) });
                            }
                            Some((true, map, key, _)) => deletes.push(event(map, key, None)),
                            None => {}
                        }
                        continue;
                    };
                    for change in helpers.deletes.get(&callee).map_or(&[][..], |v| v) {
                        if let Some(key) = given(bodies, id, call, change) {
                            deletes.push(event(change.map, key, None));
                        }
                    }
                    // Whether a truth value means that it is in is not known.
                    let told = call
                        .dst
                        .iter()
                        .all(|&dst| bodies.program.type_string(func.locals[dst].ty) != "bool");
                    for change in helpers.inserts.get(&callee).map_or(&[][..], |v| v) {
                        if let (true, Some(key)) = (told, given(bodies, id, call, change)) {
                            let results = call.dst.clone();
                            let asks = change.asks;
                            let value = change.value.and_then(|v| call.args.get(v).cloned());
                            let under = match change.key {
                                From::Param(param) if change.fields.is_empty() => {
                                    call.args.get(param).cloned()
                                }
                                From::Param(_) | From::Result(_) => None,
                            };
                            let known =
                                Event { results, asks, under, ..event(change.map, key, value) };
                            inserts.push(known);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    // What a function both puts in and takes out for its caller is its own business.
    (inserts, deletes)
}

/// What a call of the library does to one entry of a container that outlives the call: whether it takes
/// it out, the container, the key, what is put in. The key of a list's entry is what the insertion gives.
fn of_library(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    call: &Call,
) -> Option<(bool, ObjectId, KeyPath, Option<Operand>)> {
    let Callee::Static(object, _) = &call.callee else { return None };
    let held = |of: usize| holder(bodies, id, bodies.local(call.args.get(of)?)?);
    match bodies.reader.does(*object)? {
        Does::Grow { of, key: Some(key), value } if call.dst.is_empty() => {
            let (key, value) = (call.args.get(key)?, call.args.get(value).cloned());
            Some((false, held(of)?, path(bodies, id, key)?, value))
        }
        Does::Grow { of, key: None, value } => {
            let &[element] = call.dst.as_slice() else { return None };
            bodies.program.pointee(func.locals[element].ty)?;
            Some((false, held(of)?, (element, Vec::new()), call.args.get(value).cloned()))
        }
        Does::Shrink(of) => {
            Some((true, held(of)?, path(bodies, id, call.args.get(of + 1)?)?, None))
        }
        _ => None,
    }
}

/// The key under which a call of the library puts something in.
fn library_key(bodies: &Bodies<'_, '_>, call: &Call) -> Option<Operand> {
    let Callee::Static(object, _) = &call.callee else { return None };
    match bodies.reader.does(*object)? {
        Does::Grow { key: Some(key), .. } => call.args.get(key).cloned(),
        _ => None,
    }
}

/// The key that a call gives a function which changes a map under it.
fn given(bodies: &Bodies<'_, '_>, id: FuncId, call: &Call, change: &Change) -> Option<KeyPath> {
    match change.key {
        From::Param(param) => {
            let (root, mut fields) = path(bodies, id, call.args.get(param)?)?;
            fields.extend(&change.fields);
            Some((root, fields))
        }
        From::Result(result) => path(bodies, id, &Operand::Local(*call.dst.get(result)?)),
    }
}

/// A key as a variable and fields; none for constants, of which there is one entry.
pub(crate) fn path(bodies: &Bodies<'_, '_>, id: FuncId, key: &Operand) -> Option<KeyPath> {
    let Operand::Local(mut local) = *key else { return None };
    let mut fields: Vec<ObjectId> = Vec::new();
    for _ in 0..MAX_STEPS {
        match bodies.definitions[id][local].as_slice() {
            [
                Rvalue::Use(Operand::Local(x))
                | Rvalue::Convert(Operand::Local(x), _)
                | Rvalue::MakeInterface(Operand::Local(x), _),
            ] => local = *x,
            [Rvalue::Use(_) | Rvalue::Convert(..) | Rvalue::MakeInterface(..)] => return None,
            [Rvalue::Load(place)] => {
                let PlaceBase::Local(base) = place.base else { return None };
                let of_place = place.proj.iter().filter_map(|p| match p {
                    Proj::Field(_, field) => Some(*field),
                    _ => None,
                });
                if place.proj.iter().any(|p| matches!(p, Proj::Index(_))) {
                    break;
                }
                let mut all: Vec<ObjectId> = of_place.collect();
                all.extend(fields);
                fields = all;
                local = base;
            }
            _ => break,
        }
    }
    let stable = fields.is_empty() || !is_changed(bodies, id, local);
    stable.then_some((local, fields))
}

/// Whether fields of a struct in a local may be set after it was made.
fn is_changed(bodies: &Bodies<'_, '_>, id: FuncId, local: LocalId) -> bool {
    let func = &bodies.module.funcs[id];
    let own = |place: &Place| {
        place.base == PlaceBase::Local(local)
            && !place.proj.iter().any(|p| matches!(p, Proj::Deref))
    };
    func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Store(place, _) => own(place),
        InstrKind::Assign(_, Rvalue::AddressOf(place)) => own(place),
        _ => false,
    })
}

/// Whether a deferred call, a goroutine or a literal may take the entry out.
pub(crate) fn is_left_to_others(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    insert: &Event,
) -> bool {
    let literal = func.closures.iter().any(|&c| may_delete(bodies, c, insert.map, MAX_DEPTH));
    literal
        || calls(func).any(|(_, _, call, kind)| {
            let later = matches!(kind, InstrKind::Defer(_) | InstrKind::Go(_));
            let own = bodies.callee(call).filter(|callee| *callee != id);
            later
                && (matches!(call.callee, Callee::Builtin(Builtin::Delete))
                    || own.is_some_and(|c| may_delete(bodies, c, insert.map, MAX_DEPTH)))
        })
}

/// The points after which the entry may be gone: calls of functions that delete from the map, whatever the
/// key, and of code out of view that is given the key's object or what was put in; signals by a channel
/// of what was put in, to whoever may take it out then; and what comes by such a channel: who answers may have
/// taken it out before.
pub(crate) fn others(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, insert: &Event) -> Vec<At> {
    let mut found = after_calls(bodies, id, func, insert);
    let mut put: Vec<LocalId> = insert.results.clone();
    put.extend(insert.value.as_ref().and_then(|x| bodies.local(x)));
    let is_of = |chan: &Operand| {
        let root = path(bodies, id, chan).map(|p| p.0);
        root.is_some_and(|root| {
            put.iter().any(|&p| path(bodies, id, &Operand::Local(p)).is_some_and(|p| p.0 == root))
        })
    };
    for (block, data) in func.blocks.iter_enumerated() {
        for (at, instr) in data.instrs.iter().enumerate() {
            let chan = match &instr.kind {
                InstrKind::Send { chan, .. } | InstrKind::Recv { chan, .. } => Some(chan),
                InstrKind::Call(call) if matches!(call.callee, Callee::Builtin(Builtin::Close)) => {
                    call.args.first()
                }
                _ => None,
            };
            if chan.is_some_and(is_of) {
                found.push((block, at));
            }
        }
        let Terminator::Select { arms, .. } = &data.term else { continue };
        for arm in arms {
            if matches!(&arm.op, SelectOp::Recv { chan, .. } if is_of(chan)) {
                let n_instrs = func.blocks[arm.target].instrs.len();
                found.extend((0..n_instrs).map(|at| (arm.target, at)));
            }
        }
    }
    found
}

fn after_calls(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, insert: &Event) -> Vec<At> {
    let has = |x: &Operand| {
        // Another part of the object that has the key does not know it.
        let same = path(bodies, id, x).is_some_and(|(root, fields)| {
            root == insert.key.0
                && (fields.starts_with(&insert.key.1) || insert.key.1.starts_with(&fields))
        });
        let value = insert.value.as_ref().is_some_and(|value| {
            value == x || path(bodies, id, value).map(|v| v.0) == path(bodies, id, x).map(|v| v.0)
        });
        let basic = match x {
            Operand::Local(local) => matches!(
                bodies.program.kind(bodies.program.underlying(func.locals[*local].ty)),
                TypeKind::Basic(_)
            ),
            _ => true,
        };
        !basic && (same || value)
    };
    calls(func)
        .filter(|(block, at, call, _)| {
            if (*block, *at) == insert.at {
                return false;
            }
            match bodies.callee(call) {
                Some(callee) => callee != id && may_delete(bodies, callee, insert.map, MAX_DEPTH),
                None => match &call.callee {
                    Callee::Interface { recv, .. } => has(recv) || call.args.iter().any(has),
                    // A method of an unknown type has what it is given; a literal has all around it.
                    Callee::Value(Operand::Unknown(_)) => call.args.iter().any(has),
                    // So has a function that was kept in a field before.
                    Callee::Value(value @ Operand::Local(local)) if is_kept(bodies, id, *local) => {
                        has(value) || call.args.iter().any(has)
                    }
                    Callee::Value(_) => true,
                    Callee::Static(object, _) => {
                        !bodies.reader.is_std(object.package) && call.args.iter().any(has)
                    }
                    _ => false,
                },
            }
        })
        .map(|(block, at, _, _)| (block, at))
        .collect()
}

/// Whether a function value was read from a field or package-level variable.
fn is_kept(bodies: &Bodies<'_, '_>, id: FuncId, value: LocalId) -> bool {
    match bodies.definitions[id][value].as_slice() {
        [Rvalue::Load(place)] => alias::end(place).is_some(),
        [Rvalue::Use(Operand::Local(from))] => match bodies.definitions[id][*from].as_slice() {
            [Rvalue::Load(place)] => alias::end(place).is_some(),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a function, or one that it calls, deletes from the map.
pub(super) fn may_delete(bodies: &Bodies<'_, '_>, id: FuncId, map: ObjectId, depth: u32) -> bool {
    let func = &bodies.module.funcs[id];
    let own = func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::MapDelete { map: Operand::Local(local), .. } => {
            bodies.definitions[id][*local].iter().any(|v| match v {
                Rvalue::Load(place) => alias::end(place) == Some(map),
                _ => false,
            })
        }
        InstrKind::Store(place, _) => alias::end(place) == Some(map),
        InstrKind::Call(call) | InstrKind::Defer(call) => takes_out(bodies, id, call, map),
        _ => false,
    });
    own || depth > 0
        && (func.closures.iter().any(|&c| may_delete(bodies, c, map, depth - 1))
            || calls(func).any(|(_, _, call, _)| match bodies.callee(call) {
                Some(callee) => callee != id && may_delete(bodies, callee, map, depth - 1),
                None => false,
            }))
}

/// Whether a call of the library takes something out of the container.
fn takes_out(bodies: &Bodies<'_, '_>, id: FuncId, call: &Call, map: ObjectId) -> bool {
    let Callee::Static(object, _) = &call.callee else { return false };
    let Some(Does::Shrink(of) | Does::Empty(of)) = bodies.reader.does(*object) else {
        return false;
    };
    let Some(of) = call.args.get(of).and_then(|x| bodies.local(x)) else { return false };
    bodies.definitions[id][of].iter().any(|v| match v {
        Rvalue::Load(place) | Rvalue::AddressOf(place) => alias::end(place) == Some(map),
        _ => false,
    })
}

/// Whether a goroutine has the value or the key: it lives on, and may take the entry out.
pub(super) fn uses_value(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    insert: &Event,
) -> bool {
    let mut names: Vec<LocalId> = vec![insert.key.0];
    if let Some(Operand::Local(value)) = insert.value {
        names.push(value);
    }
    for name in names.clone() {
        for (local, values) in definitions.iter_enumerated() {
            let copy = |v: &&Rvalue| matches!(v, Rvalue::Use(Operand::Local(x)) if *x == name);
            if values.iter().any(copy) {
                names.push(local);
            }
        }
        for v in &definitions[name] {
            if let Rvalue::Use(Operand::Local(x)) = v {
                names.push(*x);
            }
        }
    }
    func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Go(call) => {
            call.args.iter().any(|x| matches!(x, Operand::Local(x) if names.contains(x)))
        }
        _ => false,
    })
}
