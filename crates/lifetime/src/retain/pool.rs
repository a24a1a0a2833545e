//! Objects that go back to a pool with references to what they were used for, or as large as they grew.

use crate::facts::DeclId;
use crate::report::{Doubt, Retained, Retention};
use crate::retain::alias::{self, Alias};
use crate::retain::{Bodies, Candidate, Gate, Holds, calls, is_nought};
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_effects::{Role, Trait};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue, Span,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ObjectId, TypeId, TypeKind};

/// Calls followed from the one that puts an object back, to see what is reset.
const MAX_DEPTH: u32 = 2;
/// An object of at least this many bytes is worth a word when a pooled one refers to it.
const LARGE: u64 = 256;
/// An element that refers to a struct of at least this many bytes is worth a word: there are many.
const HEAVY: u64 = 64;

/// A call that gives a value to a pool, or to a function that may.
struct Put<'f> {
    id: FuncId,
    func: &'f Func,
    span: Span,
    value: Operand,
    /// The function it goes to, unless that is the pool's own.
    through: Option<(DeclId, u32)>,
}

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, at, call, _) in calls(func) {
            let Callee::Static(object, _) = &call.callee else { continue };
            let span = func.blocks[block].instrs[at].span;
            if bodies.is_for(call, Role::Pool) {
                let Some(value) = call.args.get(1) else { continue };
                let value = dynamic(bodies, id, value);
                let put = Put { id, func, span, value, through: None };
                hands_on(bodies, &put);
                slice(bodies, &put);
                object_put(bodies, &put);
                giant(bodies, &put);
            } else if bodies.sees(*object) {
                through(bodies, id, func, span, *object, call);
            }
        }
    }
}

/// Arguments of a function that may hand them to a pool.
fn through(
    bodies: &mut Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    span: Span,
    callee: ObjectId,
    call: &Call,
) {
    for (number, arg) in call.args.iter().enumerate() {
        let value = dynamic(bodies, id, arg);
        let cut = is_cut(bodies, id, &value);
        let handed = param_of(bodies, id, func, &value)
            .filter(|&param| may_be_slice(bodies, func.locals[func.params[param as usize]].ty));
        if !cut && handed.is_none() {
            continue;
        }
        let Some(decl) = bodies.names.decl(callee) else { continue };
        let to = (decl, number as u32);
        if let Some(param) = handed {
            bodies.kept.pooled.push((id.raw(), param, Some(to)));
        }
        if cut {
            slice(bodies, &Put { id, func, span, value, through: Some(to) });
        }
    }
}

/// Whether values of the type can be slices, or point to such.
fn may_be_slice(bodies: &Bodies<'_, '_>, ty: TypeId) -> bool {
    let program = bodies.program;
    let ty = program.pointee(ty).unwrap_or(ty);
    program.is_type_param(ty)
        || matches!(
            program.kind(program.underlying(ty)),
            TypeKind::Slice(_) | TypeKind::Interface(_)
        )
}

/// A value before it became an interface's.
fn dynamic(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> Operand {
    match value {
        Operand::Local(local) => match bodies.definitions[id][*local].as_slice() {
            [Rvalue::MakeInterface(x, _)] => x.clone(),
            _ => value.clone(),
        },
        _ => value.clone(),
    }
}

/// Whether a value is a slice cut to nothing.
fn is_cut(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> bool {
    let Operand::Local(local) = value else { return false };
    matches!(bodies.definitions[id][*local].as_slice(), [Rvalue::Slice { lo: None, hi: Some(hi), .. }] if is_nought(hi))
}

/// The parameter that a value is, or is a piece of.
fn param_of(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, value: &Operand) -> Option<u32> {
    let mut value = value;
    for _ in 0..4 {
        let Operand::Local(local) = value else { return None };
        if let Some(at) = func.params.iter().position(|p| p == local) {
            return Some(at as u32);
        }
        value = match bodies.definitions[id][*local].as_slice() {
            [Rvalue::Use(x) | Rvalue::Slice { x, .. } | Rvalue::MakeInterface(x, _)] => x,
            _ => return None,
        };
    }
    None
}

/// Parameters that the function gives to the pool.
fn hands_on(bodies: &mut Bodies<'_, '_>, put: &Put<'_>) {
    let names = Alias::of(put.func, &put.value);
    for (number, param) in put.func.params.iter().enumerate() {
        if names.locals.contains(param) {
            bodies.kept.pooled.push((put.id.raw(), number as u32, None));
        }
    }
}

/// A slice with references behind its length.
fn slice(bodies: &mut Bodies<'_, '_>, put: &Put<'_>) {
    let ty = bodies.ty(put.func, &put.value);
    let ty = bodies.program.pointee(ty).unwrap_or(ty);
    let Some(elem) = bodies.elem(ty) else { return };
    let holds = bodies.holds(elem);
    if holds == Holds::Nothing {
        return;
    }
    let names = Alias::of(put.func, &put.value);
    let cut = put.func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
        InstrKind::Assign(_, Rvalue::Slice { x, lo: None, hi: Some(hi) }) => {
            is_nought(hi) && names.has(x)
        }
        _ => false,
    });
    if !cut || is_cleared(bodies, put.id, put.func, &names) {
        return;
    }
    let mut doubts = reuse(bodies, elem);
    if holds == Holds::Strings {
        doubts.push(Doubt::Small);
    }
    let what = Retained::PooledSlice { elem, field: None, others: Vec::new(), put: put.span };
    push(bodies, put, what, put.span, ty, doubts);
}

/// Whether elements of the value are emptied, in the function or in those around it.
fn is_cleared(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, names: &Alias) -> bool {
    // A helper of another package whose only business is the slice.
    let foreign = |callee: &Callee| match callee {
        Callee::Static(object, _) => match bodies.reader.bodies.get(object) {
            Some(&body) => empties_param(bodies, body),
            None => true,
        },
        Callee::Value(_) | Callee::Interface { .. } => true,
        _ => false,
    };
    let (mut id, mut func) = (id, func);
    let mut locals: Vec<LocalId> = Vec::new();
    if names.is_cleared(func, &bodies.definitions[id], &foreign) {
        return true;
    }
    locals.extend(&names.locals);
    while let Some(parent) = func.parent {
        let outer: Vec<LocalId> =
            func.captures.iter().filter(|c| locals.contains(&c.inner)).map(|c| c.outer).collect();
        (id, func) = (parent, &bodies.module.funcs[parent]);
        locals.clear();
        for local in outer {
            let names = Alias::of(func, &Operand::Local(local));
            if names.is_cleared(func, &bodies.definitions[id], &foreign) {
                return true;
            }
            locals.extend(names.locals);
        }
    }
    false
}

/// Whether a function empties elements of its first parameter.
fn empties_param(bodies: &Bodies<'_, '_>, id: FuncId) -> bool {
    let func = &bodies.module.funcs[id];
    func.params.first().is_some_and(|&param| {
        Alias::of(func, &Operand::Local(param))
            .is_cleared(func, &bodies.definitions[id], &|_| false)
    })
}

/// Elements may be kept to be used again: as buffers, or where the package makes a slice of them longer
/// without appending.
fn reuse(bodies: &Bodies<'_, '_>, elem: TypeId) -> Vec<Doubt> {
    let program = bodies.program;
    let longer = |id: FuncId, value: &Rvalue| match value {
        Rvalue::Slice { x: Operand::Local(x), lo: None, hi: Some(Operand::Local(hi)) } => {
            let of = bodies.module.funcs[id].locals[*x].ty;
            bodies.elem(of) == Some(elem)
                && bodies.definitions[id][*hi]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Binary(BinaryOp::Add, ..)))
        }
        _ => false,
    };
    let again = bodies
        .funcs()
        .iter()
        .any(|(id, _)| bodies.definitions[*id].iter().flatten().any(|v| longer(*id, v)));
    let mut doubts = Vec::new();
    if again || bodies.is_reusable(elem) || program.is_type_param(elem) {
        doubts.push(Doubt::Reused);
    }
    if !leads_to_large(bodies, elem, MAX_DEPTH) {
        doubts.push(Doubt::Small);
    }
    doubts
}

/// Whether an element refers to a struct of some size.
fn leads_to_large(bodies: &Bodies<'_, '_>, elem: TypeId, depth: u32) -> bool {
    let program = bodies.program;
    if let Some(to) = program.pointee(elem) {
        return program.size_of(to).is_none_or(|size| size >= HEAVY);
    }
    match program.kind(program.underlying(elem)) {
        TypeKind::Struct(fields) if depth > 0 => {
            fields.iter().any(|field| leads_to_large(bodies, field.ty, depth - 1))
        }
        _ => false,
    }
}

/// A field cut to nothing.
#[derive(Clone, Copy)]
struct Cut {
    field: ObjectId,
    by: FuncId,
    span: Span,
}

/// What happens to the fields of an object on its way into the pool.
#[derive(Default)]
struct Reset {
    /// Cut to nothing, the elements stay.
    cut: Vec<Cut>,
    /// Set to nothing, one by one.
    emptied: Vec<(ObjectId, Span)>,
    /// Set to anything, or handed to a call.
    touched: FxHashSet<ObjectId>,
    /// Elements emptied.
    cleared: FxHashSet<ObjectId>,
    /// Another value takes the place of all.
    whole: bool,
}

/// A struct with references in its fields.
fn object_put(bodies: &mut Bodies<'_, '_>, put: &Put<'_>) {
    let ty = bodies.ty(put.func, &put.value);
    let Some(owner) = bodies.program.pointee(ty) else { return };
    let Some(named) = bodies.program.named_object(owner) else { return };
    if !bodies.sees(named) {
        return;
    }
    let TypeKind::Struct(fields) = bodies.program.kind(bodies.program.underlying(owner)) else {
        return;
    };
    let fields: Vec<(ObjectId, TypeId)> = fields.iter().map(|f| (f.object, f.ty)).collect();
    let mut reset = Reset::default();
    read_reset(bodies, put.id, &put.value, &fields, &mut reset, MAX_DEPTH);
    // All that one reset forgets is one finding.
    let mut kept: Vec<Cut> = Vec::new();
    for cut in &reset.cut {
        let Some(&(_, ty)) = fields.iter().find(|(f, _)| *f == cut.field) else { continue };
        let Some(elem) = bodies.elem(ty) else { continue };
        let known = kept.iter().any(|k| k.field == cut.field);
        if !known
            && !reset.cleared.contains(&cut.field)
            && bodies.holds(elem) == Holds::Objects
            && !is_resliced(bodies, cut.field)
        {
            kept.push(*cut);
        }
    }
    if let Some(first) = kept.first() {
        let ty = bodies.program.object(first.field).ty;
        let elem = bodies.elem(ty).unwrap_or(ty);
        let doubts = reuse(bodies, elem);
        let others = kept.iter().skip(1).map(|k| k.field).collect();
        let what = Retained::PooledSlice { elem, field: Some(first.field), others, put: put.span };
        let func = &bodies.module.funcs[first.by];
        let value = put.value.clone();
        let place = Put { id: first.by, func, span: put.span, value, through: put.through };
        push(bodies, &place, what, first.span, ty, doubts);
    }
    missed_field(bodies, put, owner, &fields, &reset);
}

fn read_reset(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    object: &Operand,
    fields: &[(ObjectId, TypeId)],
    reset: &mut Reset,
    depth: u32,
) {
    let func = &bodies.module.funcs[id];
    let definitions = &bodies.definitions[id];
    let names = Alias::of(func, object);
    let mut loaded: FxHashMap<LocalId, ObjectId> = FxHashMap::default();
    let none = FxHashSet::default();
    let note = |reset: &mut Reset, field: ObjectId, value: &Operand, span: Span| {
        reset.touched.insert(field);
        if alias::is_empty(value, definitions, &none) {
            reset.emptied.push((field, span));
        } else if is_cut(bodies, id, value) {
            reset.cut.push(Cut { field, by: id, span });
        }
    };
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Store(place, value) => {
                let PlaceBase::Local(base) = place.base else { continue };
                if !names.locals.contains(&base) {
                    continue;
                }
                match alias::end(place) {
                    Some(field) => note(reset, field, value, instr.span),
                    None if place.proj.iter().all(|p| matches!(p, Proj::Deref)) => {
                        reset.whole = true;
                        let Operand::Local(value) = value else { continue };
                        for value in &definitions[*value] {
                            let Rvalue::Composite { elems, .. } = value else { continue };
                            for (number, x) in elems {
                                if let Some(&(field, _)) = fields.get(*number as usize) {
                                    note(reset, field, x, instr.span);
                                }
                            }
                        }
                    }
                    None => {}
                }
            }
            InstrKind::Assign(to, Rvalue::Load(place) | Rvalue::AddressOf(place)) => {
                if let Some(field) = alias::end(place) {
                    loaded.insert(*to, field);
                }
            }
            InstrKind::Call(call) | InstrKind::Defer(call) => {
                for arg in &call.args {
                    if let Operand::Local(local) = arg
                        && let Some(&field) = loaded.get(local)
                    {
                        reset.touched.insert(field);
                    }
                }
                if let (Callee::Interface { recv: Operand::Local(recv), .. }, _) = (&call.callee, 0)
                    && let Some(&field) = loaded.get(recv)
                {
                    reset.touched.insert(field);
                }
                if depth > 0
                    && let Some(callee) = bodies.callee(call)
                    && let Some(at) = call.args.iter().position(|x| names.has(x))
                    && let Some(&param) = bodies.module.funcs[callee].params.get(at)
                {
                    let param = Operand::Local(param);
                    read_reset(bodies, callee, &param, fields, reset, depth - 1);
                }
            }
            _ => {}
        }
    }
    for &(field, _) in fields {
        let own = Alias::of_field(func, field);
        if !own.locals.is_empty() && own.is_cleared(func, definitions, &|_| true) {
            reset.cleared.insert(field);
        }
    }
}

/// Whether the package makes the field's slice longer without appending: it uses the old elements.
pub(super) fn is_resliced(bodies: &Bodies<'_, '_>, field: ObjectId) -> bool {
    bodies.funcs().iter().any(|(id, func)| {
        func.blocks.iter().flat_map(|b| &b.instrs).any(|i| {
            let InstrKind::Store(place, Operand::Local(value)) = &i.kind else { return false };
            alias::end(place) == Some(field)
                && bodies.definitions[*id][*value]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Slice { hi: Some(hi), .. } if !is_nought(hi)))
        })
    })
}

/// A field that is left as it was, while others are set to nothing.
fn missed_field(
    bodies: &mut Bodies<'_, '_>,
    put: &Put<'_>,
    owner: TypeId,
    fields: &[(ObjectId, TypeId)],
    reset: &Reset,
) {
    let is_reference = |ty: TypeId| {
        let kind = bodies.program.kind(bodies.program.underlying(ty));
        matches!(kind, TypeKind::Pointer(_) | TypeKind::Interface(_) | TypeKind::Signature(_))
    };
    let sibling = reset
        .emptied
        .iter()
        .find(|(field, _)| fields.iter().any(|(f, ty)| f == field && is_reference(*ty)));
    let Some(&(sibling, cleared)) = sibling else { return };
    if reset.whole {
        return;
    }
    for &(field, ty) in fields {
        if !is_reference(ty) || reset.touched.contains(&field) || !is_set_later(bodies, field) {
            continue;
        }
        let doubts = match is_heavy(bodies, ty) {
            true => Vec::new(),
            false => vec![Doubt::Small],
        };
        let what = Retained::PooledField { owner, field, sibling, put: put.span };
        push(bodies, put, what, cleared, ty, doubts);
        return;
    }
}

/// Whether some function sets the field of an object that it did not make.
fn is_set_later(bodies: &Bodies<'_, '_>, field: ObjectId) -> bool {
    let none = FxHashSet::default();
    bodies.funcs().iter().any(|(id, func)| {
        let definitions: &IndexVec<LocalId, Vec<&Rvalue>> = &bodies.definitions[*id];
        func.blocks.iter().flat_map(|b| &b.instrs).any(|i| {
            let InstrKind::Store(place, value) = &i.kind else { return false };
            let PlaceBase::Local(base) = place.base else { return false };
            let made = definitions[base].iter().any(|v| matches!(v, Rvalue::New(_)));
            alias::end(place) == Some(field) && !made && !alias::is_empty(value, definitions, &none)
        })
    })
}

/// Whether what a reference of the type leads to is worth letting go: requests, connections, large
/// structs.
fn is_heavy(bodies: &Bodies<'_, '_>, ty: TypeId) -> bool {
    let program = bodies.program;
    let target = program.pointee(ty).unwrap_or(ty);
    if let Some(named) = program.named_object(target)
        && bodies.reader.is_std(named.package)
    {
        return bodies.reader.is(named, Trait::Heavy);
    }
    // What has locks of its own lives on anyway: servers, pools, loggers.
    !bodies.has_lock(target)
        && program.pointee(ty).and_then(|to| program.size_of(to)).is_some_and(|size| size >= LARGE)
}

/// A buffer that is filled from outside and put back however large it became.
fn giant(bodies: &mut Bodies<'_, '_>, put: &Put<'_>) {
    let ty = bodies.ty(put.func, &put.value);
    let target = bodies.program.pointee(ty).unwrap_or(ty);
    if !bodies.is(target, Trait::Buffer) {
        return;
    }
    let (mut id, mut func) = (put.id, put.func);
    let mut names = Alias::of(func, &put.value);
    let mut filled = None;
    loop {
        if is_measured(bodies, id, func, &names) {
            return;
        }
        filled = filled.or_else(|| fill(bodies, id, func, &names));
        // A deferred literal puts back what its function filled.
        let Some(parent) = func.parent else { break };
        let outer = func.captures.iter().find(|c| names.locals.contains(&c.inner));
        let Some(outer) = outer.map(|c| c.outer) else { break };
        (id, func) = (parent, &bodies.module.funcs[parent]);
        names = Alias::of(func, &Operand::Local(outer));
    }
    if let Some(filled) = filled {
        let what = Retained::PooledGiant { put: put.span };
        push(bodies, put, what, filled, target, Vec::new());
    } else if let Some(param) = param_of(bodies, put.id, put.func, &put.value) {
        giant_of_callers(bodies, put, param as usize, target);
    }
}

/// Buffers that callers fill and have the function put back.
fn giant_of_callers(bodies: &mut Bodies<'_, '_>, put: &Put<'_>, param: usize, target: TypeId) {
    for (id, func) in bodies.funcs() {
        let given = calls(func).find_map(|(_, _, call, _)| {
            let own = bodies.callee(call) == Some(put.id);
            own.then(|| call.args.get(param).map(|x| dynamic(bodies, id, x)))?
        });
        let Some(given) = given else { continue };
        let names = Alias::of(func, &given);
        if is_measured(bodies, id, func, &names) {
            continue;
        }
        let Some(filled) = fill(bodies, id, func, &names) else { continue };
        let what = Retained::PooledGiant { put: put.span };
        let by = Put { id, func, span: put.span, value: given, through: None };
        push(bodies, &by, what, filled, target, Vec::new());
    }
}

/// Whether the function asks for the size of the buffer, or has a helper ask.
fn is_measured(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, names: &Alias) -> bool {
    let helper = calls(func).any(|(_, _, call, _)| {
        let body = bodies.callee(call).filter(|body| *body != id);
        let at = call.args.iter().position(|x| names.has(&dynamic(bodies, id, x)));
        body.zip(at).is_some_and(|(body, at)| {
            let func = &bodies.module.funcs[body];
            let param = func.params.get(at).map(|p| Alias::of(func, &Operand::Local(*p)));
            param.is_some_and(|names| measures(bodies, body, func, &names))
        })
    });
    helper || measures(bodies, id, func, names)
}

fn measures(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, names: &Alias) -> bool {
    calls(func).any(|(_, _, call, _)| {
        bodies.is_for(call, Role::Measure) && call.args.iter().any(|x| names.has(x))
    }) || bodies.definitions[id].iter().flatten().any(|v| match v {
        Rvalue::Cap(x) | Rvalue::Len(x) => names.has(x),
        _ => false,
    })
}

/// Where as much is read into the buffer as the other side sends.
fn fill(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, names: &Alias) -> Option<Span> {
    calls(func).find_map(|(block, at, call, _)| {
        let to = call.args.first().map(|x| dynamic(bodies, id, x))?;
        let copies = bodies.is_for(call, Role::Fill);
        let from = call.args.get(1).map(|x| dynamic(bodies, id, x))?;
        let bounded = calls(func).any(|(_, _, other, _)| {
            bodies.is_for(other, Role::Limit)
                && other.dst.iter().any(|dst| from == Operand::Local(*dst))
        });
        let limited = bodies.is(bodies.ty(func, &from), Trait::Limited);
        (copies && names.has(&to) && !bounded && !limited)
            .then(|| func.blocks[block].instrs[at].span)
    })
}

fn push(
    bodies: &mut Bodies<'_, '_>,
    put: &Put<'_>,
    what: Retained,
    span: Span,
    ty: TypeId,
    doubts: Vec<Doubt>,
) {
    let retention = Retention {
        package: bodies.module.package,
        function: put.func.symbol.clone(),
        span,
        what,
        ty,
        doubts,
    };
    let gate = put.through.map_or(Gate::Sure, |(decl, param)| Gate::Pooled(decl, param));
    bodies.kept.candidates.push(Candidate { func: put.id.raw(), gate, retention });
}
