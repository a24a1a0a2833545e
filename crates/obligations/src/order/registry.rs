//! Channels of others that are kept in a container under a lock: who sends to them with the lock held waits
//! for a receiver, who receives no more once he needs the lock to take his channel out.

use super::cycles::is_rw;
use super::facts::{EventKind, HeldLock};
use super::index::Key;
use super::report::{HeldWait, HeldWaitKind, Spotted};
use super::takes::Takes;
use crate::exec::Run;
use crate::package::Package;
use crate::report::LockMode;
use crate::state::State;
use stanch_base::FxHashMap;
use stanch_ir::{
    Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp, Span,
    Terminator,
};
use stanch_types::{ObjectId, TypeId};

/// Assignments that are followed back.
const MAX_DEPTH: u32 = 6;

impl Run<'_, '_> {
    /// A send to a channel that an element of a container holds.
    pub(crate) fn note_feed(&mut self, state: &mut State, chan: &Operand, span: Span) {
        let Operand::Local(local) = chan else { return };
        if state.held.is_empty() {
            return;
        }
        let program = self.package.program;
        let Some((_, element)) = program.chan_of(self.func.locals[*local].ty) else { return };
        if let Some(container) = element_of(self.func, *local, MAX_DEPTH) {
            self.note(state, EventKind::Feed(container, element), span);
        }
    }

    /// Something is taken out of a container.
    pub(crate) fn note_removal(&mut self, state: &mut State, kind: &InstrKind, span: Span) {
        let container = match kind {
            InstrKind::MapDelete { map, .. } => container_of(self.func, map),
            InstrKind::Store(place, value) if !state.held.is_empty() => {
                place_object(place).filter(|&kept| is_cut_from(self.func, value, kept))
            }
            _ => None,
        };
        if let Some(container) = container {
            self.note(state, EventKind::Remove(container), span);
        }
    }
}

/// The field or variable whose container an operand is.
pub(crate) fn container_of(func: &Func, operand: &Operand) -> Option<ObjectId> {
    let Operand::Local(local) = operand else { return None };
    match definition(func, *local)? {
        Rvalue::Load(place) => place_object(place),
        _ => None,
    }
}

/// The field or variable that a place is.
fn place_object(place: &Place) -> Option<ObjectId> {
    match (place.proj.last(), place.base) {
        (Some(Proj::Field(_, field)), _) => Some(*field),
        (None, PlaceBase::Global(object)) => Some(object),
        _ => None,
    }
}

/// The field or variable of whose container a value is an element, a key, or a part of one.
fn element_of(func: &Func, local: LocalId, depth: u32) -> Option<ObjectId> {
    let depth = depth.checked_sub(1)?;
    for block in func.blocks.iter() {
        if let Terminator::RangeNext { over, key, value, .. } = &block.term
            && (*key == Some(local) || *value == Some(local))
        {
            return container_of(func, over);
        }
    }
    let through = |operand: &Operand| match operand {
        Operand::Local(local) => element_of(func, *local, depth),
        _ => None,
    };
    match definition(func, local)? {
        Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::TypeAssert { x, .. } => through(x),
        Rvalue::MapLookup { map, .. } => container_of(func, map),
        Rvalue::Load(place) => {
            let index = place.proj.iter().position(|p| matches!(p, Proj::Index(_)));
            match (index, place.base) {
                (Some(index), base) => {
                    let before = Place { base, proj: place.proj[..index].to_vec() };
                    match (place_object(&before), base) {
                        (Some(container), _) => Some(container),
                        (None, PlaceBase::Local(base)) if before.proj.is_empty() => {
                            container_of(func, &Operand::Local(base))
                        }
                        _ => None,
                    }
                }
                (None, PlaceBase::Local(base)) => element_of(func, base, depth),
                (None, PlaceBase::Global(_)) => None,
            }
        }
        _ => None,
    }
}

/// Whether a value is made of slices of a container's content: `append(s[:i], s[i+1:]...)`.
fn is_cut_from(func: &Func, value: &Operand, container: ObjectId) -> bool {
    let defined = |operand: &Operand| match operand {
        Operand::Local(local) => definition(func, *local),
        _ => None,
    };
    let cut = |operand: &Operand| match defined(operand) {
        Some(Rvalue::Slice { x, .. }) => container_of(func, x) == Some(container),
        _ => false,
    };
    match defined(value) {
        Some(Rvalue::Append { slice, elems, spread: true }) => cut(slice) && elems.iter().all(cut),
        _ => false,
    }
}

/// The one assignment of a local.
fn definition(func: &Func, local: LocalId) -> Option<&Rvalue> {
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    let mut found = instrs.filter_map(|i| match &i.kind {
        InstrKind::Assign(l, value) if *l == local => Some(value),
        _ => None,
    });
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// What a function receives: the channels' elements, each with a place.
pub(crate) fn received(package: &Package<'_>, id: FuncId) -> Vec<(TypeId, Span)> {
    let func = &package.module.funcs[id];
    let element = |chan: &Operand| match chan {
        Operand::Local(local) => package.program.chan_of(func.locals[*local].ty).map(|c| c.1),
        _ => None,
    };
    let mut found: Vec<(TypeId, Span)> = Vec::new();
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            if let InstrKind::Recv { chan, .. } = &instr.kind {
                found.extend(element(chan).map(|ty| (ty, instr.span)));
            }
        }
        // With another way out it is no receiver that waits for what comes.
        if let Terminator::Select { arms, default: None } = &block.term {
            for arm in arms {
                if let SelectOp::Recv { chan, .. } = &arm.op {
                    found.extend(element(chan).map(|ty| (ty, arm.span)));
                }
            }
        }
    }
    found
}

/// A function that takes something out of a container with a lock held.
struct Remover {
    key: Key,
    lock: HeldLock,
}

/// Sends with a lock held to channels whose receivers need the lock to take them out.
pub(crate) fn find(takes: &Takes<'_>) -> Vec<HeldWait> {
    let removers = removers(takes);
    let mut found = Vec::new();
    for key in takes.index.keys() {
        let Some(func) = takes.index.func(key) else { continue };
        for event in &func.events {
            let EventKind::Feed(container, element) = event.kind else { continue };
            let stuck = event.held.iter().find_map(|held| {
                let removers = removers.get(&container)?.iter();
                let mut needs = removers.filter(|r| excludes(takes, &r.lock, held, container));
                needs.find_map(|r| Some((held, r, receiver(takes, (key, element), r)?)))
            });
            let Some((held, remover, (receives, calls))) = stuck else { continue };
            let spotted = |span| Spotted { symbol: func.symbol.clone(), span };
            let removes = takes.index.func(remover.key).map(|f| f.symbol.clone());
            let lock = Spotted { symbol: removes.unwrap_or_default(), span: remover.lock.site };
            found.push(HeldWait {
                first: spotted(held.site),
                path: vec![spotted(event.span)],
                started: receives.clone(),
                what: HeldWaitKind::Feed,
                needs: vec![calls, lock],
                taken: remover.lock.mode,
                buffered: false,
                rw: is_rw(takes.index.program, &held.lock),
                signal: receives,
            });
        }
    }
    found
}

fn removers(takes: &Takes<'_>) -> FxHashMap<ObjectId, Vec<Remover>> {
    let mut removers: FxHashMap<ObjectId, Vec<Remover>> = FxHashMap::default();
    for key in takes.index.keys() {
        let Some(func) = takes.index.func(key) else { continue };
        for event in &func.events {
            let EventKind::Remove(container) = event.kind else { continue };
            let known = removers.entry(container).or_default();
            known.extend(event.held.iter().map(|lock| Remover { key, lock: lock.clone() }));
            // Or its caller locks.
            for &(caller, number) in takes.callers.get(&key).into_iter().flatten() {
                let call = takes.index.func(caller).and_then(|f| f.events.get(number));
                let held = call.filter(|e| !e.kind.starts()).map(|e| &e.held);
                let held = held.into_iter().flatten();
                known.extend(held.map(|lock| Remover { key: caller, lock: lock.clone() }));
            }
        }
    }
    removers
}

/// Whether a lock that keeps others out of a container is held while it is needed, of one object.
fn excludes(takes: &Takes<'_>, needed: &HeldLock, held: &HeldLock, container: ObjectId) -> bool {
    let (Some(a), Some(b)) = (needed.lock.class(), held.lock.class()) else { return false };
    let both = (needed.mode, held.mode) == (LockMode::Read, LockMode::Read);
    let owner = |object: ObjectId| takes.index.owner(object);
    a == b && !both && owner(a) == owner(container) && !needed.lock.is_other(&held.lock)
}

/// A function that receives what is sent, and then takes its channel out: where it receives, and where it
/// calls. Nobody else receives for it meanwhile.
fn receiver(
    takes: &Takes<'_>,
    (sender, element): (Key, TypeId),
    remover: &Remover,
) -> Option<(Spotted, Spotted)> {
    let callers = takes.callers.get(&remover.key)?;
    callers.iter().find_map(|&(caller, number)| {
        let func = takes.index.func(caller)?;
        let event = func.events.get(number)?;
        let received = |key: Key| {
            let received = takes.index.func(key).map_or(&[][..], |f| &f.received);
            received.iter().find(|(ty, _)| *ty == element).map(|r| r.1)
        };
        let at = received(caller)?;
        let helps = |key: Key| {
            let literal = takes.index.func(key);
            let within = literal.is_some_and(|l| l.parent == Some(caller.func));
            within && received(key).is_some() && is_started(takes, key)
        };
        let mut others = takes.index.keys().filter(|key| key.package == caller.package);
        if event.kind.starts() || caller == sender || others.any(helps) {
            return None;
        }
        let late = event.deferred || super::joined::before(at, event.span);
        let spotted = |span| Spotted { symbol: func.symbol.clone(), span };
        late.then(|| (spotted(at), spotted(event.span)))
    })
}

/// Whether a function is the first one of a goroutine.
fn is_started(takes: &Takes<'_>, key: Key) -> bool {
    let callers = takes.callers.get(&key).into_iter().flatten();
    callers.into_iter().any(|&(caller, number)| {
        let event = takes.index.func(caller).and_then(|f| f.events.get(number));
        event.is_some_and(|e| e.kind.starts())
    })
}
