//! Priority queues, which a library calls to pop, whose popped slots keep what was in them.

use crate::facts::Loop;
use crate::report::{Cut, Doubt, Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{Bodies, Candidate, Gate, Holds, calls, is_nought, weights};
use stanch_effects::Does;
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, Operand, Place, PlaceBase, Proj, Rvalue, Span, Terminator,
};
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeId, TypeKind};

/// Structs within structs that are looked at for an owner that lives on.
const MAX_OWNERS: u32 = 3;
/// Copies and conversions looked through.
const MAX_COPIES: usize = 4;
/// An element that refers to at least so many bytes is worth a word.
const HEAVY: u64 = 64;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    if !pops(bodies) {
        return;
    }
    for (id, func) in bodies.funcs() {
        let Some(queue) = popped_from(bodies, func) else { continue };
        let stores = func.blocks.iter().flat_map(|b| &b.instrs).filter_map(|i| match &i.kind {
            InstrKind::Store(place, value) => Some((place, value, i.span)),
            _ => None,
        });
        for (place, value, span) in stores.collect::<Vec<_>>() {
            judge(bodies, (id, func), queue, place, value, span);
        }
    }
}

/// Whether the package has a library take anything out through a method.
fn pops(bodies: &Bodies<'_, '_>) -> bool {
    bodies.funcs().into_iter().any(|(_, func)| {
        calls(func).any(|(_, _, call, _)| match &call.callee {
            Callee::Static(object, _) => {
                let path = bodies.program.package_path(object.package);
                bodies.reader.keeping().pops().any(|(package, _)| package == path)
                    && matches!(bodies.reader.does(*object), Some(Does::Shrink(_)))
            }
            _ => false,
        })
    })
}

/// Whether an element refers to nothing but a few numbers.
fn is_small(bodies: &mut Bodies<'_, '_>, elem: TypeId) -> bool {
    let program = bodies.program;
    let Some(to) = program.pointee(elem) else { return false };
    let TypeKind::Struct(fields) = program.kind(program.underlying(to)) else { return false };
    let fields: Vec<TypeId> = fields.iter().map(|f| f.ty).collect();
    let std =
        |ty: TypeId| program.named_object(ty).is_some_and(|n| bodies.reader.is_std(n.package));
    let own: Vec<TypeId> = fields.into_iter().filter(|ty| !std(*ty)).collect();
    program.size_of(to).is_some_and(|size| size < HEAVY)
        && own.into_iter().all(|ty| bodies.holds(ty) != Holds::Objects)
}

/// Whether a method is one by which a library pops.
pub(crate) fn is_pop(bodies: &Bodies<'_, '_>, func: &Func) -> bool {
    popped_from(bodies, func).is_some()
}

/// The type of whose values a method is the one by which a library pops.
fn popped_from(bodies: &Bodies<'_, '_>, func: &Func) -> Option<ObjectId> {
    let program = bodies.program;
    let method = func.object.filter(|_| func.has_recv)?;
    let ([recv], [result]) = (func.params.as_slice(), func.results.as_slice()) else { return None };
    let result = program.kind(program.underlying(func.locals[*result].ty));
    if !matches!(result, TypeKind::Interface(_)) {
        return None;
    }
    let name = program.object_name(method);
    let mut pops = bodies.reader.keeping().pops().map(|(_, pops)| pops);
    let pops = pops.find(|pops| &*pops.method == name)?;
    let to = program.pointee(func.locals[*recv].ty)?;
    let named = program.named_object(to)?;
    let methods = program.methods_of(named);
    let has = |name: &str| methods.iter().any(|m| program.object_name(*m) == name);
    pops.beside.iter().all(|name| has(name)).then_some(named)
}

fn judge(
    bodies: &mut Bodies<'_, '_>,
    (id, func): (FuncId, &Func),
    queue: ObjectId,
    place: &Place,
    value: &Operand,
    span: Span,
) {
    let own = match (alias::end(place), place.base) {
        (Some(field), _) => Some(field),
        (None, PlaceBase::Local(base))
            if func.params.first() == Some(&base)
                && matches!(place.proj.as_slice(), [Proj::Deref]) =>
        {
            None
        }
        _ => return,
    };
    let ty = bodies.program.object(own.unwrap_or(queue)).ty;
    let Some(elem) = bodies.elem(ty) else { return };
    let names = match own {
        Some(field) => Alias::of_field(func, field),
        None => Alias::of(func, value),
    };
    if bodies.holds(elem) != Holds::Objects || !is_cut(bodies, id, &names, value) {
        return;
    }
    if is_emptied(bodies, func, &names) {
        return;
    }
    let mut doubts = Vec::new();
    if !lives_on(bodies, queue, MAX_OWNERS) && !waits_in_goroutine(bodies, queue) {
        doubts.push(Doubt::Owner);
    }
    if bodies.is_reusable(elem) {
        doubts.push(Doubt::Reused);
    }
    if is_small(bodies, elem) {
        doubts.push(Doubt::Small);
    }
    if !weights::is_large(bodies, elem) {
        doubts.push(Doubt::Overwritten);
    }
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span,
        what: Retained::Popped { container: own.unwrap_or(queue), elem, cut: Cut::Off },
        ty,
        doubts,
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate: Gate::Sure, retention });
}

/// Whether a value is the queue without its last element.
fn is_cut(bodies: &Bodies<'_, '_>, id: FuncId, names: &Alias, value: &Operand) -> bool {
    let Operand::Local(local) = value else { return false };
    bodies.definitions[id][*local].iter().any(|v| match v {
        Rvalue::Slice { x, lo, hi } => {
            names.has(x)
                && (hi.as_ref().is_some_and(|hi| !is_nought(hi))
                    || hi.is_none() && lo.as_ref().is_some_and(|lo| !is_nought(lo)))
        }
        _ => false,
    })
}

/// Whether a slot of the queue is written, or slots of it cleared by a call.
fn is_emptied(bodies: &Bodies<'_, '_>, func: &Func, names: &Alias) -> bool {
    let slot = |place: &Place| {
        let of = matches!(place.base, PlaceBase::Local(base) if names.locals.contains(&base));
        matches!(place.proj.last(), Some(Proj::Index(_))) && (of || names.has_element(place))
    };
    func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Store(place, _) => slot(place),
        // Its address may be used to empty it.
        InstrKind::Assign(_, Rvalue::AddressOf(place)) => slot(place),
        InstrKind::Call(call) | InstrKind::Defer(call) => {
            let given = call.args.iter().any(|x| names.has(x));
            let asks = match &call.callee {
                Callee::Static(object, _) => bodies.reader.bodies.contains_key(object),
                Callee::Builtin(builtin) => !matches!(builtin, Builtin::Clear | Builtin::Copy),
                _ => false,
            };
            given && !asks
        }
        _ => false,
    })
}

/// Whether values of a type stand in package-level variables, or in structs that goroutines share.
fn lives_on(bodies: &Bodies<'_, '_>, of: ObjectId, depth: u32) -> bool {
    let program = bodies.program;
    if bodies.has_lock(program.object(of).ty) {
        return true;
    }
    let is = |ty: TypeId| {
        let ty = program.pointee(ty).unwrap_or(ty);
        program.named_object(ty) == Some(of)
    };
    program.package_objects(of.package).into_iter().any(|object| {
        let known = program.object(object);
        match &known.kind {
            ObjectKind::Var(_) => is(known.ty),
            ObjectKind::TypeName { .. } if object != of && depth > 0 => {
                match program.kind(program.underlying(known.ty)) {
                    TypeKind::Struct(fields) => {
                        fields.iter().any(|f| is(f.ty)) && lives_on(bodies, object, depth - 1)
                    }
                    _ => false,
                }
            }
            _ => false,
        }
    })
}

/// Whether a goroutine keeps a queue of the type in a variable, for what it is sent. What one function pushes
/// and another pops is as often the state of one query or search.
fn waits_in_goroutine(bodies: &Bodies<'_, '_>, queue: ObjectId) -> bool {
    bodies.funcs().into_iter().any(|(id, func)| {
        receives(func)
            && calls(func).any(|(block, _, call, _)| {
                let Callee::Static(object, _) = &call.callee else { return false };
                let Some(Does::Grow { of, .. }) = bodies.reader.does(*object) else { return false };
                bodies.loops[id][block] == Loop::Endless
                    && call.args.get(of).is_some_and(|arg| is_local(bodies, id, queue, arg))
            })
    })
}

/// Whether a function receives from a channel.
fn receives(func: &Func) -> bool {
    func.blocks.iter().any(|data| {
        matches!(data.term, Terminator::Select { .. })
            || data.instrs.iter().any(|i| matches!(i.kind, InstrKind::Recv { .. }))
    })
}

/// Whether an argument points to a variable with a queue of the type.
fn is_local(bodies: &Bodies<'_, '_>, id: FuncId, queue: ObjectId, arg: &Operand) -> bool {
    let mut value = arg;
    for _ in 0..MAX_COPIES {
        let Operand::Local(local) = value else { return false };
        value = match bodies.definitions[id][*local].as_slice() {
            [Rvalue::MakeInterface(x, _) | Rvalue::Use(x)] => x,
            [Rvalue::AddressOf(Place { base: PlaceBase::Local(base), proj })] => {
                let ty = bodies.module.funcs[id].locals[*base].ty;
                return proj.is_empty() && bodies.program.named_object(ty) == Some(queue);
            }
            _ => return false,
        };
    }
    false
}
