//! Queues whose popped slots keep what was in them.

use crate::facts::{DeclId, Key, Loop};
use crate::report::{Cut, Doubt, Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{At, Bodies, Candidate, Gate, Holds, heaps, is_nought, leads, pool, weights};
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Terminator,
};
use stanch_types::{ObjectId, TypeId};

/// Copies looked through.
const MAX_COPIES: usize = 4;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    let mut swaps: Vec<(Key, DeclId)> = Vec::new();
    for (id, func) in bodies.funcs() {
        let instrs = func.blocks.iter_enumerated().flat_map(|(block, data)| {
            data.instrs.iter().enumerate().map(move |(at, instr)| ((block, at), instr))
        });
        for (at, instr) in instrs {
            let InstrKind::Store(place, value) = &instr.kind else { continue };
            let Some(object) = alias::end(place) else { continue };
            let Some(elem) = bodies.elem(bodies.program.object(object).ty) else { continue };
            let Some(key) = key(bodies, place, object) else { continue };
            match change(bodies, id, func, object, value) {
                Change::Replaced => {
                    // The first value of a new object takes no one's place, and two that change places go on.
                    match swapped(bodies, id, func, place, value) {
                        _ if bodies.is_new(id, place) => {}
                        Some(other) => swaps.extend(bodies.names.decl(other).map(|o| (key, o))),
                        None => bodies.kept.replaced.push(key),
                    }
                }
                Change::Appended => bodies.kept.appended.push(key),
                Change::Longer => {}
                Change::Popped(cut) => {
                    let Some(cut) = stays(bodies, (id, func), object, elem, cut) else { continue };
                    let doubts = doubts(bodies, (id, func), (object, key), elem, (at, cut));
                    let retention = Retention {
                        package: bodies.module.package,
                        function: func.symbol.clone(),
                        span: instr.span,
                        what: Retained::Popped { container: object, elem, cut },
                        ty: bodies.program.object(object).ty,
                        doubts,
                    };
                    let looped = bodies.loops[id][at.0] == Loop::Endless;
                    let gate = Gate::NeverReplaced(key, looped);
                    bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
                }
            }
        }
    }
    // What is appended to one of two that change places comes to be in the other.
    for (key, other) in swaps {
        if bodies
            .kept
            .appended
            .iter()
            .any(|k| matches!(k, Key::Field(d) | Key::Global(d) if *d == other))
        {
            bodies.kept.appended.push(key);
        }
    }
}

/// How a slice is cut whose elements stay in its array.
fn stays(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    object: ObjectId,
    elem: TypeId,
    cut: Cut,
) -> Option<Cut> {
    if bodies.holds(elem) != Holds::Objects || heaps::is_pop(bodies, func) {
        return None;
    }
    let names = Alias::of_field(func, object);
    if names.is_cleared(func, &bodies.definitions[id], &|_| true) {
        return None;
    }
    // Elements are moved over the one that goes: only the end is stale.
    let moved = func
        .blocks
        .iter()
        .flat_map(|b| &b.instrs)
        .any(|i| matches!(&i.kind, InstrKind::Store(to, _) if names.has_element(to)));
    match cut {
        // They are filtered: what is kept is written again over what goes.
        Cut::ToNothing if moved => None,
        Cut::ToNothing => Some(cut),
        Cut::Front | Cut::Off | Cut::Moved => Some(if moved { Cut::Moved } else { cut }),
    }
}

/// What speaks against a cut.
fn doubts(
    bodies: &Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    (object, key): (ObjectId, Key),
    elem: TypeId,
    (at, cut): (At, Cut),
) -> Vec<Doubt> {
    let mut doubts = Vec::new();
    let again = is_ring(bodies, id, func, object, at);
    let small = match cut {
        Cut::Front | Cut::Off => again || is_released(bodies, func, elem),
        Cut::Moved => true,
        Cut::ToNothing => are_released(func, object),
    };
    if small {
        doubts.push(Doubt::Small);
    }
    // What is appended soon takes the slot, or moves to another array.
    if !weights::is_large(bodies, elem) {
        doubts.push(Doubt::Overwritten);
    }
    let reused = match cut {
        Cut::ToNothing => again || pool::is_resliced(bodies, object),
        Cut::Front | Cut::Off | Cut::Moved => bodies.is_reusable(elem),
    };
    if reused {
        doubts.push(Doubt::Reused);
    }
    if matches!(key, Key::Field(_)) && !is_shared(bodies, object) {
        doubts.push(Doubt::Owner);
    }
    doubts
}

/// What a store does to a slice.
enum Change {
    /// Something else takes its place, or nothing.
    Replaced,
    /// Elements are added.
    Appended,
    /// It stays as it is, or its array is used again.
    Longer,
    /// Elements are no longer in it, but behind it.
    Popped(Cut),
}

fn key(bodies: &mut Bodies<'_, '_>, place: &Place, object: ObjectId) -> Option<Key> {
    let decl = bodies.names.decl(object)?;
    match place.proj.iter().any(|p| matches!(p, Proj::Field(..))) {
        true => Some(Key::Field(decl)),
        false => Some(Key::Global(decl)),
    }
}

fn change(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    object: ObjectId,
    value: &Operand,
) -> Change {
    let Operand::Local(local) = value else { return Change::Replaced };
    let of_itself =
        |v: &&Rvalue| matches!(v, Rvalue::Slice { .. } | Rvalue::Append { .. } | Rvalue::Use(_));
    if !bodies.definitions[id][*local].iter().any(of_itself) {
        return Change::Replaced;
    }
    let own = Alias::of_field(func, object);
    if !own.has(value) {
        return Change::Replaced;
    }
    let mut popped = None;
    let mut appended = false;
    for value in &bodies.definitions[id][*local] {
        match value {
            Rvalue::Slice { x, lo, hi: Some(hi) }
                if is_nought(hi) && lo.as_ref().is_none_or(is_nought) =>
            {
                match own.has(x) {
                    true => popped = Some(Change::Popped(Cut::ToNothing)),
                    false => return Change::Longer,
                }
            }
            Rvalue::Slice { lo: None, hi: None, .. } => return Change::Longer,
            Rvalue::Slice { x, lo, hi } if own.has(x) => {
                // Longer, into room that is there.
                if lo.is_none() && hi.as_ref().is_some_and(|hi| is_sum(bodies, id, hi)) {
                    return Change::Longer;
                }
                let front = lo.is_some() && hi.is_none();
                popped = Some(Change::Popped(if front { Cut::Front } else { Cut::Off }));
            }
            Rvalue::Append { slice: Operand::Local(kept), elems, spread: true } => {
                let cut = |x: &Operand, front: bool| match x {
                    Operand::Local(x) => bodies.definitions[id][*x].iter().any(|v| match v {
                        Rvalue::Slice { x, lo, hi } => {
                            own.has(x) && if front { hi.is_some() } else { lo.is_some() }
                        }
                        _ => false,
                    }),
                    _ => false,
                };
                let rest = elems.first().is_some_and(|x| cut(x, false));
                if rest && cut(&Operand::Local(*kept), true) {
                    popped = Some(Change::Popped(Cut::Moved));
                } else {
                    appended = true;
                }
            }
            Rvalue::Append { .. } => appended = true,
            _ => {}
        }
    }
    popped.unwrap_or(if appended { Change::Appended } else { Change::Longer })
}

/// Whether a function calls a method of each element, for its effect: what they refer to may be let go.
fn are_released(func: &Func, object: ObjectId) -> bool {
    let own = Alias::of_field(func, object);
    let elements: Vec<LocalId> = func
        .blocks
        .iter()
        .filter_map(|data| match &data.term {
            Terminator::RangeNext { over, value: Some(value), .. } if own.has(over) => Some(*value),
            _ => None,
        })
        .collect();
    let is_element = |x: &Operand| Alias::of(func, x).locals.iter().any(|l| elements.contains(l));
    !elements.is_empty()
        && func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            // Whatever a function value does with them is not its own.
            InstrKind::Call(call) if call.dst.is_empty() => match (&call.callee, &*call.args) {
                (Callee::Static(..), [element]) => is_element(element),
                (Callee::Interface { recv, .. }, []) => is_element(recv),
                _ => false,
            },
            _ => false,
        })
}

/// Whether a function calls a method of an element for its effect, and for nothing else: what that refers to
/// may be let go.
fn is_released(bodies: &Bodies<'_, '_>, func: &Func, elem: TypeId) -> bool {
    bodies.program.pointee(elem).is_some()
        && func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Call(call) if call.dst.is_empty() => match (&call.callee, &*call.args) {
                (Callee::Static(..), [of]) => bodies.ty(func, of) == elem,
                _ => false,
            },
            _ => false,
        })
}

/// The field or variable with which another changes places.
fn swapped(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    place: &Place,
    value: &Operand,
) -> Option<ObjectId> {
    let loaded = |value: &Operand, from: &dyn Fn(&Place) -> bool| {
        let mut local = match value {
            Operand::Local(local) => *local,
            _ => return false,
        };
        for _ in 0..MAX_COPIES {
            local = match bodies.definitions[id][local].as_slice() {
                [Rvalue::Use(Operand::Local(x))] => *x,
                values => return values.iter().any(|v| matches!(v, Rvalue::Load(x) if from(x))),
            };
        }
        false
    };
    let base = |place: &Place| match place.base {
        PlaceBase::Local(local) => Some(local),
        PlaceBase::Global(_) => None::<LocalId>,
    };
    func.blocks.iter().flat_map(|b| &b.instrs).find_map(|i| match &i.kind {
        InstrKind::Store(other, back) => {
            let swaps = other != place
                && base(other) == base(place)
                && loaded(value, &|x| x == other)
                && loaded(back, &|x| x == place);
            alias::end(other).filter(|_| swaps)
        }
        _ => None,
    })
}

/// Whether a bound is something plus something.
fn is_sum(bodies: &Bodies<'_, '_>, id: FuncId, bound: &Operand) -> bool {
    use stanch_syntax::ast::BinaryOp;
    match bound {
        Operand::Local(local) => bodies.definitions[id][*local]
            .iter()
            .any(|v| matches!(v, Rvalue::Binary(BinaryOp::Add, ..))),
        _ => false,
    }
}

/// Whether the function that pops appends too, before or after: what is appended moves to a new array
/// soon.
fn is_ring(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, object: ObjectId, pop: At) -> bool {
    for (block, data) in func.blocks.iter_enumerated() {
        for (at, instr) in data.instrs.iter().enumerate() {
            let InstrKind::Store(place, Operand::Local(value)) = &instr.kind else { continue };
            let appends = alias::end(place) == Some(object)
                && bodies.definitions[id][*value]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Append { spread: false, .. }));
            let here = (block, at);
            if appends && (leads(func, here, pop) || leads(func, pop, here)) {
                return true;
            }
        }
    }
    false
}

/// Whether the struct that has the field is shared by goroutines: it has a lock. Such
/// objects live on, while parsers' and encoders' stacks die with their work.
fn is_shared(bodies: &Bodies<'_, '_>, field: ObjectId) -> bool {
    let siblings = bodies.siblings(field);
    siblings.iter().any(|&sibling| bodies.is_lock(bodies.program.object(sibling).ty))
}
