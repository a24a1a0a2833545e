//! Maps and slices in variables of functions that go on: of a loop without an end, or shared by the calls of
//! a function literal that is kept. Nobody else sees them, so their uses tell all.

use crate::facts::{Loop, Source};
use crate::keys::{Kinds, is_bounded};
use crate::report::{Doubt, Retained, Retention};
use crate::retain::{Bodies, Candidate, Gate, is_nought};
use stanch_ir::{
    Block, BlockId, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Operand, Place, PlaceBase,
    Proj, Rvalue, SelectOp, Span, Terminator,
};
use stanch_types::{Builtin, TypeId, TypeKind};

/// Literals within literals that are looked at.
const MAX_DEPTH: u32 = 4;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    let mut kinds = Kinds::default();
    for (id, func) in bodies.funcs() {
        let owns = func.captures.is_empty()
            || func.blocks.iter_enumerated().any(|(b, _)| bodies.loops[id][b] != Loop::None);
        if !owns || func.closures.is_empty() && !is_endless(bodies, id, func) {
            continue;
        }
        for (local, data) in func.locals.iter_enumerated() {
            let own = data.kind == LocalKind::Var && !data.name.is_empty() && !data.address_taken;
            if own && entry(bodies, data.ty).is_some() {
                judge(bodies, &mut kinds, (id, func), local);
            }
        }
    }
}

fn is_endless(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) -> bool {
    func.blocks.iter_enumerated().any(|(block, _)| bodies.loops[id][block] == Loop::Endless)
}

/// Types of the key, if there is one, and of the value of an entry.
fn entry(bodies: &Bodies<'_, '_>, ty: TypeId) -> Option<(Option<TypeId>, TypeId)> {
    match bodies.program.kind(bodies.program.core_type(ty)?) {
        TypeKind::Map(key, value) => Some((Some(*key), *value)),
        TypeKind::Slice(elem) => Some((None, *elem)),
        _ => None,
    }
}

/// A place where the container grows.
struct Site {
    func: FuncId,
    block: BlockId,
    span: Span,
    key: Option<Operand>,
}

/// All uses of a variable.
#[derive(Default)]
struct Uses {
    grows: Vec<Site>,
    /// Where it is read, or made.
    reads: Vec<(FuncId, BlockId)>,
    /// The literals that capture it.
    literals: Vec<FuncId>,
}

fn judge(
    bodies: &mut Bodies<'_, '_>,
    kinds: &mut Kinds,
    (id, func): (FuncId, &Func),
    local: LocalId,
) {
    let mut uses = Uses::default();
    if read(bodies, id, local, true, MAX_DEPTH, &mut uses).is_none() {
        return;
    }
    let ty = func.locals[local].ty;
    let Some((key_ty, value_ty)) = entry(bodies, ty) else { return };
    let few = key_ty.is_some_and(|ty| kinds.few_values(bodies.reader, ty));
    let known = |s: &Site| {
        s.key.as_ref().is_some_and(|key| {
            is_bounded(&bodies.module.funcs[s.func], &bodies.definitions[s.func], key)
        })
    };
    uses.grows.retain(|s| !few && !known(s));
    let Some(site) = uses.grows.iter().find(|s| goes_on(bodies, id, s, &uses)) else { return };
    let inside = &bodies.module.funcs[site.func];
    let in_loop = bodies.loops[site.func][site.block] == Loop::Endless;
    let mut doubts = Vec::new();
    // A loop over a channel may be over when the work is done.
    if in_loop && !serves(bodies, site.func, inside) {
        doubts.push(Doubt::Frequency);
    }
    let from = site.key.as_ref().map(|key| bodies.sources.operand(site.func, key));
    if from.as_ref().is_some_and(Vec::is_empty) {
        doubts.push(Doubt::Keys);
    }
    let retention = Retention {
        package: bodies.module.package,
        function: inside.symbol.clone(),
        span: site.span,
        what: Retained::Grown {
            name: func.locals[local].name.clone(),
            declared: func.locals[local].span,
            key: key_ty,
            value: value_ty,
            in_loop,
        },
        ty,
        doubts,
    };
    let keys: Option<Box<[Source]>> = from.map(Vec::into_boxed_slice);
    let gate = Gate::GoesOn { owner: id.raw(), in_loop, keys };
    bodies.kept.candidates.push(Candidate { func: site.func.raw(), gate, retention });
}

/// Whether a growth is of each turn of a loop without an end, outside of which nobody uses the container, or
/// of each call of a literal, and nobody but literals uses it.
fn goes_on(bodies: &Bodies<'_, '_>, owner: FuncId, site: &Site, uses: &Uses) -> bool {
    let turn = |func: FuncId, block: BlockId| bodies.loops[func][block] == Loop::Endless;
    if site.func == owner {
        return turn(owner, site.block)
            && uses.literals.is_empty()
            && uses.reads.iter().all(|&(func, block)| turn(func, block));
    }
    uses.reads.iter().all(|&(func, block)| match turn(site.func, site.block) {
        // What a goroutine gathers, others may wait for.
        true => func == site.func && turn(func, block),
        false => func != owner,
    })
}

/// Whether a loop of the function is there to serve: it waits for one of several things, none of which tells
/// that there will be no more, and gives nothing in the end but an error.
fn serves(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) -> bool {
    let program = bodies.program;
    let gives = func.results.iter().any(|r| {
        let ty = func.locals[*r].ty;
        !matches!(program.kind(program.underlying(ty)), TypeKind::Interface(_))
    });
    !gives
        && func.blocks.iter_enumerated().any(|(block, data)| match &data.term {
            Terminator::Select { arms, .. } => {
                let ends = |op: &SelectOp| matches!(op, SelectOp::Recv { ok: Some(_), .. });
                bodies.loops[id][block] == Loop::Endless
                    && arms.len() > 1
                    && !arms.iter().any(|arm| ends(&arm.op))
            }
            _ => false,
        })
}

/// Gathers the uses of a variable in a function and the literals in it; `None` if something takes entries
/// out, bounds it, or code out of sight may.
fn read(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    local: LocalId,
    owner: bool,
    depth: u32,
    uses: &mut Uses,
) -> Option<()> {
    let func = &bodies.module.funcs[id];
    for (block, data) in func.blocks.iter_enumerated() {
        for instr in &data.instrs {
            let at = (id, block);
            instruction(bodies, at, local, owner, (&instr.kind, instr.span), uses)?;
        }
        terminator(data, local, (id, block), uses)?;
    }
    for &closure in &func.closures {
        let inner = &bodies.module.funcs[closure];
        for capture in inner.captures.iter().filter(|c| c.outer == local) {
            if inner.synthetic || depth == 0 {
                return None;
            }
            uses.literals.push(closure);
            read(bodies, closure, capture.inner, false, depth - 1, uses)?;
        }
    }
    Some(())
}

fn instruction(
    bodies: &Bodies<'_, '_>,
    (id, block): (FuncId, BlockId),
    local: LocalId,
    owner: bool,
    (kind, span): (&InstrKind, Span),
    uses: &mut Uses,
) -> Option<()> {
    let is = |x: &Operand| *x == Operand::Local(local);
    let outside = bodies.loops[id][block] == Loop::None;
    match kind {
        InstrKind::DeclareVar(x) if *x == local => return outside.then_some(()),
        InstrKind::Assign(to, value) if *to == local => {
            match source(bodies, id, value) {
                Rvalue::Append { slice, .. } if is(slice) => {
                    uses.grows.push(Site { func: id, block, span, key: None });
                }
                value if owner && outside && is_new(value) => {}
                _ => return None,
            }
            return Some(());
        }
        InstrKind::Assign(to, value) => {
            return assigned(bodies, (id, block), local, *to, value, uses);
        }
        InstrKind::Store(place, value) if place.base == PlaceBase::Local(local) => {
            let [Proj::Index(key)] = place.proj.as_slice() else { return None };
            let func = &bodies.module.funcs[id];
            if is(value) {
                return None;
            }
            let map = bodies.elem(func.locals[local].ty).is_none();
            if map && !is_own_key(bodies, id, func, local, key) {
                uses.grows.push(Site { func: id, block, span, key: Some(key.clone()) });
            }
            return Some(());
        }
        InstrKind::MapDelete { map, .. } if is(map) => return None,
        InstrKind::Call(call) if matches!(call.callee, Callee::Builtin(Builtin::Copy)) => {
            uses.reads.push((id, block));
            return Some(());
        }
        _ => {}
    }
    let mut other = false;
    kind.for_each_use(|x| other |= x == local);
    (!other).then_some(())
}

/// What a temporary is computed from it.
fn assigned(
    bodies: &Bodies<'_, '_>,
    (id, block): (FuncId, BlockId),
    local: LocalId,
    to: LocalId,
    value: &Rvalue,
    uses: &mut Uses,
) -> Option<()> {
    let is = |x: &Operand| *x == Operand::Local(local);
    let func = &bodies.module.funcs[id];
    match value {
        Rvalue::Append { slice, elems, .. } if is(slice) => {
            // It comes back into the variable.
            let back = |v: &&Rvalue| matches!(v, Rvalue::Use(Operand::Local(x)) if *x == to);
            return (!elems.iter().any(is) && bodies.definitions[id][local].iter().any(back))
                .then_some(());
        }
        Rvalue::Use(x) if is(x) => {
            uses.reads.push((id, block));
            return only_ranged(func, to).then_some(());
        }
        Rvalue::MapLookup { map, key, .. } if is(map) && !is(key) => {
            uses.reads.push((id, block));
            return Some(());
        }
        Rvalue::Load(Place { base: PlaceBase::Local(x), proj })
            if *x == local && matches!(proj.first(), Some(Proj::Index(_))) =>
        {
            uses.reads.push((id, block));
            return Some(());
        }
        Rvalue::Len(x) | Rvalue::Cap(x) if is(x) => {
            uses.reads.push((id, block));
            return (!is_compared(bodies, id, to)).then_some(());
        }
        _ => {}
    }
    let mut other = false;
    InstrKind::Assign(to, value.clone()).for_each_use(|x| other |= x == local);
    (!other).then_some(())
}

fn terminator(data: &Block, local: LocalId, at: (FuncId, BlockId), uses: &mut Uses) -> Option<()> {
    let mut used = false;
    data.term.for_each_operand(|x| used |= *x == Operand::Local(local));
    if !used {
        return Some(());
    }
    let Terminator::RangeNext { over, .. } = &data.term else { return None };
    uses.reads.push(at);
    (*over == Operand::Local(local)).then_some(())
}

/// What a value is, behind copies.
fn source<'b>(bodies: &Bodies<'b, '_>, id: FuncId, value: &'b Rvalue) -> &'b Rvalue {
    match value {
        Rvalue::Use(Operand::Local(x)) => match bodies.definitions[id][*x].as_slice() {
            [value] => value,
            _ => value,
        },
        value => value,
    }
}

fn is_new(value: &Rvalue) -> bool {
    match value {
        Rvalue::MakeMap(_) | Rvalue::MakeSlice { .. } => true,
        Rvalue::Use(x) => matches!(x, Operand::Nil(_) | Operand::Zero(_)),
        _ => false,
    }
}

/// Whether a copy is only gone over.
fn only_ranged(func: &Func, copy: LocalId) -> bool {
    func.blocks.iter().all(|data| {
        let mut other = false;
        for instr in &data.instrs {
            instr.kind.for_each_use(|x| other |= x == copy);
        }
        let ranged = matches!(&data.term, Terminator::RangeNext { over, .. } if *over == Operand::Local(copy));
        data.term.for_each_operand(|x| other |= *x == Operand::Local(copy) && !ranged);
        !other
    })
}

/// Whether a length is compared with anything but nothing.
fn is_compared(bodies: &Bodies<'_, '_>, id: FuncId, length: LocalId) -> bool {
    let is = |x: &Operand| *x == Operand::Local(length);
    bodies.definitions[id].iter().flatten().any(|value| match value {
        Rvalue::Binary(_, a, b) => is(a) && !is_nought(b) || is(b) && !is_nought(a),
        Rvalue::Use(x) | Rvalue::Convert(x, _) => is(x),
        _ => false,
    })
}

/// Whether a key is one of those of the container itself.
fn is_own_key(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    local: LocalId,
    key: &Operand,
) -> bool {
    let Operand::Local(key) = key else { return false };
    let mut keys = vec![*key];
    for value in &bodies.definitions[id][*key] {
        if let Rvalue::Use(Operand::Local(x)) = value {
            keys.push(*x);
        }
    }
    func.blocks.iter().any(|data| match &data.term {
        Terminator::RangeNext { over: Operand::Local(over), key: Some(slot), .. } => {
            let own = *over == local
                || bodies.definitions[id][*over]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Use(Operand::Local(x)) if *x == local));
            own && keys.contains(slot)
        }
        _ => false,
    })
}
