//! Queues whose popped slots keep what was in them.

use crate::facts::Key;
use crate::report::{Doubt, Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{At, Bodies, Candidate, Gate, Holds, heaps, is_nought, leads};
use stanch_ir::{Func, FuncId, InstrKind, Operand, Place, Proj, Rvalue};
use stanch_types::ObjectId;

/// An element that refers to at least so many bytes is worth a word.
const LARGE: u64 = 1024;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
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
                    // The first value of a new object takes no one's place.
                    if !bodies.is_new(id, place) {
                        bodies.kept.replaced.push(key);
                    }
                }
                Change::Appended => bodies.kept.appended.push(key),
                Change::Longer => {}
                Change::Popped { by_append } => {
                    if bodies.holds(elem) != Holds::Objects || heaps::is_pop(bodies, func) {
                        continue;
                    }
                    let names = Alias::of_field(func, object);
                    if names.is_cleared(func, &bodies.definitions[id], &|_| true) {
                        continue;
                    }
                    let mut doubts = Vec::new();
                    // Elements are moved over the one that goes: only the end is stale.
                    let moved = func.blocks.iter().flat_map(|b| &b.instrs).any(
                        |i| matches!(&i.kind, InstrKind::Store(to, _) if names.has_element(to)),
                    );
                    let by_append = by_append || moved;
                    if by_append || !is_worth(bodies, elem) || is_ring(bodies, id, func, object, at)
                    {
                        doubts.push(Doubt::Small);
                    }
                    if bodies.is_reusable(elem) {
                        doubts.push(Doubt::Reused);
                    }
                    if matches!(key, Key::Field(_)) && !is_shared(bodies, object) {
                        doubts.push(Doubt::Owner);
                    }
                    let retention = Retention {
                        package: bodies.module.package,
                        function: func.symbol.clone(),
                        span: instr.span,
                        what: Retained::Popped { container: object, elem, by_append },
                        ty: bodies.program.object(object).ty,
                        doubts,
                    };
                    let gate = Gate::NeverReplaced(key);
                    bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
                }
            }
        }
    }
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
    Popped { by_append: bool },
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
            // Cut to nothing: the array is used from its start again.
            Rvalue::Slice { lo: None, hi: Some(hi), .. } if is_nought(hi) => {
                return Change::Longer;
            }
            Rvalue::Slice { lo: None, hi: None, .. } => return Change::Longer,
            Rvalue::Slice { x, lo, hi } if own.has(x) => {
                // Longer, into room that is there.
                if lo.is_none() && hi.as_ref().is_some_and(|hi| is_sum(bodies, id, hi)) {
                    return Change::Longer;
                }
                popped = Some(Change::Popped { by_append: false });
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
                    popped = Some(Change::Popped { by_append: true });
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

/// Whether an element refers to something large: a slot more or less of anything else is no matter, since
/// the array is replaced when it is full.
fn is_worth(bodies: &Bodies<'_, '_>, elem: stanch_types::TypeId) -> bool {
    let program = bodies.program;
    let target = program.pointee(elem).unwrap_or(elem);
    program.size_of(target).is_some_and(|size| size >= LARGE)
}
