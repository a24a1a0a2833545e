//! Which channels of a package are semaphores, and which way round.

use crate::flow::cycles;
use crate::order::new_channels;
use crate::package::Package;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp,
    Span, Terminator,
};
use stanch_types::{Builtin, ObjectId, TypeKind};

/// How a place in a semaphore is taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum TakenBy {
    /// A value is put in, and received to be thrown away.
    Send,
    /// A value is received from a channel that was filled before, and put back.
    Receive,
}

/// The field or package-level variable that a place is.
pub(crate) fn object_of(place: &Place) -> Option<ObjectId> {
    match (place.proj.last(), place.base) {
        (Some(Proj::Field(_, field)), _) => Some(*field),
        (None, PlaceBase::Global(object)) => Some(object),
        _ => None,
    }
}

/// Fields and package-level variables that hold channels used as semaphores: whoever makes them gives them
/// room, their values mean nothing, and every function that sends and receives begins with the same.
pub(crate) fn semaphores(package: &Package<'_>) -> FxHashMap<ObjectId, TakenBy> {
    let mut made: Vec<(ObjectId, Option<u32>, bool)> = Vec::new();
    for (id, func) in package.module.funcs.iter_enumerated() {
        if func.has_body {
            new_channels(package, id, &mut made);
        }
    }
    let mut room: FxHashMap<ObjectId, bool> = FxHashMap::default();
    for (object, capacity, _) in made.into_iter().filter(|(.., held)| !held) {
        *room.entry(object).or_insert(true) &= capacity != Some(0);
    }
    room.retain(|&object, room| *room && is_meaningless(package, object));
    if room.is_empty() {
        return FxHashMap::default();
    }
    for func in package.module.funcs.iter() {
        for object in told_by(func) {
            room.remove(&object);
        }
    }
    let firsts = first_of_each(package, &room);
    let offered: FxHashSet<ObjectId> = package.module.funcs.iter().flat_map(offered).collect();
    let filled = filled(package);
    let mut found = FxHashMap::default();
    for &object in room.keys() {
        let mut ways = firsts.iter().filter(|(o, ..)| *o == object).map(|&(.., way)| way);
        let first = ways.next().unwrap_or(TakenBy::Send);
        // Whoever puts back what he took finds room: what may find none only wakes somebody.
        if first == TakenBy::Receive && offered.contains(&object) {
            continue;
        }
        // What was filled before holds the places that are free: a send gives one back.
        if first == TakenBy::Send && filled.contains(&object) {
            continue;
        }
        if ways.all(|way| way == first) {
            found.insert(object, first);
        }
    }
    found
}

/// Channels to which a declared function sends in a loop and from which it never receives: it fills them.
fn filled(package: &Package<'_>) -> FxHashSet<ObjectId> {
    let outermost = |mut id: FuncId| {
        while let Some(parent) = package.module.funcs[id].parent {
            id = parent;
        }
        id
    };
    let (mut sent, mut received) = (Vec::new(), FxHashSet::default());
    for (id, func) in package.module.funcs.iter_enumerated() {
        let outer = outermost(id);
        let exchanged = exchanges(func);
        if exchanged.is_empty() {
            continue;
        }
        let cycles = cycles(func);
        let blocks = func.blocks.iter_enumerated().filter(|(block, _)| cycles[*block] != 0);
        let looped: FxHashSet<Span> = blocks
            .flat_map(|(_, block)| {
                let arms = match &block.term {
                    Terminator::Select { arms, .. } => &**arms,
                    _ => &[],
                };
                let arms = arms.iter().map(|arm| arm.span);
                block.instrs.iter().map(|instr| instr.span).chain(arms)
            })
            .collect();
        for (object, span, way) in exchanged {
            match way {
                TakenBy::Receive => drop(received.insert((outer, object))),
                TakenBy::Send if looped.contains(&span) => sent.push((outer, object)),
                TakenBy::Send => {}
            }
        }
    }
    sent.retain(|one| !received.contains(one));
    sent.into_iter().map(|(_, object)| object).collect()
}

fn is_meaningless(package: &Package<'_>, object: ObjectId) -> bool {
    let program = package.program;
    let TypeKind::Chan(_, elem) = program.kind(program.underlying(program.object(object).ty))
    else {
        return false;
    };
    match program.kind(program.underlying(*elem)) {
        TypeKind::Struct(fields) => fields.is_empty(),
        TypeKind::Basic(_) => true,
        _ => false,
    }
}

/// What each declared function that does both, literals within included, does first with a channel.
fn first_of_each(
    package: &Package<'_>,
    room: &FxHashMap<ObjectId, bool>,
) -> Vec<(ObjectId, FuncId, TakenBy)> {
    let mut seen: FxHashMap<(ObjectId, FuncId), Vec<(Span, TakenBy)>> = FxHashMap::default();
    for (id, func) in package.module.funcs.iter_enumerated() {
        let mut outer = id;
        while let Some(parent) = package.module.funcs[outer].parent {
            outer = parent;
        }
        for (object, span, way) in exchanges(func) {
            if room.contains_key(&object) {
                seen.entry((object, outer)).or_default().push((span, way));
            }
        }
    }
    let mut firsts: Vec<(ObjectId, FuncId, TakenBy)> = Vec::new();
    for ((object, func), ways) in seen {
        let both = ways.iter().any(|w| w.1 != ways[0].1);
        let first = ways.iter().min_by_key(|w| w.0).filter(|_| both);
        firsts.extend(first.map(|&(_, way)| (object, func, way)));
    }
    firsts
}

/// Channels that a function closes, or whose values it looks at or takes one after the other: they tell
/// something.
fn told_by(func: &Func) -> Vec<ObjectId> {
    let from = loaded(func);
    let mut told: Vec<&Operand> = Vec::new();
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Recv { chan, dst, ok, .. } if dst.is_some() || ok.is_some() => {
                    told.push(chan);
                }
                InstrKind::Call(call) | InstrKind::Defer(call) => {
                    if let Callee::Builtin(Builtin::Close) = call.callee {
                        told.extend(call.args.first());
                    }
                }
                _ => {}
            }
        }
        if let Terminator::RangeNext { over, .. } = &block.term {
            told.push(over);
        }
    }
    let object = |chan: &Operand| match chan {
        Operand::Local(local) => from.get(local).copied(),
        _ => None,
    };
    told.into_iter().filter_map(object).collect()
}

/// Channels to which a function sends only if there is room.
fn offered(func: &Func) -> Vec<ObjectId> {
    let from = loaded(func);
    let mut found = Vec::new();
    for block in func.blocks.iter() {
        let Terminator::Select { arms, default: Some(_) } = &block.term else { continue };
        for arm in arms {
            if let SelectOp::Send { chan: Operand::Local(chan), .. } = &arm.op {
                found.extend(from.get(chan));
            }
        }
    }
    found
}

/// The field or package-level variable from which locals are read.
fn loaded(func: &Func) -> FxHashMap<LocalId, ObjectId> {
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    let loads = instrs.filter_map(|instr| match &instr.kind {
        InstrKind::Assign(local, Rvalue::Load(place)) => Some((*local, object_of(place)?)),
        _ => None,
    });
    loads.collect()
}

/// The sends and the receives whose value is thrown away, by the field or variable of the channel.
fn exchanges(func: &Func) -> Vec<(ObjectId, Span, TakenBy)> {
    let from = loaded(func);
    let mut found: Vec<(&Operand, Span, TakenBy)> = Vec::new();
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Send { chan, .. } => found.push((chan, instr.span, TakenBy::Send)),
                InstrKind::Recv { chan, dst: None, .. } => {
                    found.push((chan, instr.span, TakenBy::Receive));
                }
                _ => {}
            }
        }
        let Terminator::Select { arms, .. } = &block.term else { continue };
        for arm in arms {
            match &arm.op {
                SelectOp::Send { chan, .. } => found.push((chan, arm.span, TakenBy::Send)),
                SelectOp::Recv { chan, dst: None, .. } => {
                    found.push((chan, arm.span, TakenBy::Receive));
                }
                SelectOp::Recv { .. } => {}
            }
        }
    }
    let object = |chan: &Operand| match chan {
        Operand::Local(local) => from.get(local).copied(),
        _ => None,
    };
    found.into_iter().filter_map(|(chan, span, way)| Some((object(chan)?, span, way))).collect()
}
