//! Channels of others that are kept in a container under a lock: who sends to them with the lock held waits
//! for a receiver, who receives no more once he needs the lock to take his channel out.

use super::containers::{MAX_DEPTH, container_of, element_of, is_cut_from, place_object};
use super::facts::{EventKind, HeldLock, before};
use super::index::Key;
use super::report::{HeldWait, HeldWaitKind, Spotted};
use super::takes::Takes;
use super::waits::room;
use crate::exec::Run;
use crate::report::LockMode;
use crate::state::State;
use crate::visit;
use stanch_base::FxHashMap;
use stanch_ir::{Callee, InstrKind, LocalId, Operand, PlaceBase, Rvalue, Span, Terminator};
use stanch_types::{ObjectId, TypeId};

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
            let field = self.field_of(*local);
            let may_be_one = self.takes_out(container) || self.asks_element(container);
            self.note(state, EventKind::Feed { container, element, field, may_be_one }, span);
        }
    }

    /// Whether the function takes something out of a container.
    fn takes_out(&self, container: ObjectId) -> bool {
        visit::kinds(self.func).any(|kind| match kind {
            InstrKind::MapDelete { map, .. } => container_of(self.func, map) == Some(container),
            _ => false,
        })
    }

    /// Whether a branch that leads to the block at hand asks an element of a container.
    fn asks_element(&self, container: ObjectId) -> bool {
        let here = self.now.0;
        self.func.blocks.iter().any(|block| match &block.term {
            Terminator::Branch { cond, then, els } => {
                (*then == here || *els == here) && self.is_of_element(cond, container, MAX_DEPTH)
            }
            _ => false,
        })
    }

    /// Whether a value is read from an element of a container, or what a method of one told.
    fn is_of_element(&self, value: &Operand, container: ObjectId, depth: u32) -> bool {
        let (Operand::Local(local), Some(depth)) = (value, depth.checked_sub(1)) else {
            return false;
        };
        let of = |x: &Operand| self.is_of_element(x, container, depth);
        element_of(self.func, *local, MAX_DEPTH) == Some(container)
            || visit::kinds(self.func).any(|kind| match kind {
                InstrKind::Assign(dst, Rvalue::Use(x) | Rvalue::Unary(_, x)) => {
                    dst == local && of(x)
                }
                InstrKind::Assign(dst, Rvalue::Binary(_, a, b)) => dst == local && (of(a) || of(b)),
                InstrKind::Assign(dst, Rvalue::AddressOf(place)) if dst == local => {
                    match place.base {
                        PlaceBase::Local(base) => of(&Operand::Local(base)),
                        PlaceBase::Global(_) => false,
                    }
                }
                InstrKind::Call(call) => {
                    call.dst.contains(local)
                        && match &call.callee {
                            Callee::Interface { recv, .. } => of(recv),
                            Callee::Static(..) => call.args.first().is_some_and(of),
                            _ => false,
                        }
                }
                _ => false,
            })
    }

    /// The field that a local is read from.
    fn field_of(&self, local: LocalId) -> Option<ObjectId> {
        visit::kinds(self.func).find_map(|kind| match kind {
            InstrKind::Assign(to, Rvalue::Load(place)) if *to == local => place_object(place),
            _ => None,
        })
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

/// A function that takes something out of a container with a lock held.
struct Remover {
    key: Key,
    lock: HeldLock,
}

/// Sends with a lock held to channels whose receivers need the lock to take them out.
pub(crate) fn find(takes: &Takes<'_>) -> Vec<HeldWait> {
    let removers = removers(takes);
    let (room, wide) = (room(takes, false), room(takes, true));
    let mut found = Vec::new();
    for key in takes.index.keys() {
        let Some(func) = takes.index.func(key) else { continue };
        for event in &func.events {
            let EventKind::Feed { container, element, field, may_be_one } = event.kind else {
                continue;
            };
            // Who sends to a channel with room does not wait for the receiver.
            let has_room = |most: &FxHashMap<ObjectId, Option<u32>>| {
                field.and_then(|field| most.get(&field)).is_some_and(|&most| most != Some(0))
            };
            if has_room(&room) || may_be_one && has_room(&wide) {
                continue;
            }
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
                rw: takes.index.is_rw(&held.lock),
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
        let late = event.deferred || before(at, event.span);
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
