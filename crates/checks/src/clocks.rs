//! What functions do with tickers and timers, as their instructions show it.

use crate::Ctx;
use stanch_base::FxHashMap;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue,
};
use stanch_types::{ObjectId, TypeId};
use std::collections::BTreeSet;

/// Copies are followed back so far.
const MAX_COPIES: usize = 8;

/// What a local is assigned, and in which block.
#[derive(Clone, Copy)]
pub(crate) enum Def<'a> {
    Value(&'a Rvalue),
    Call(&'a Call),
}

/// The assignments of the locals of a function that have one.
pub(crate) type Defs<'a> = FxHashMap<LocalId, Option<(Def<'a>, BlockId)>>;

/// A variable or field that holds a ticker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Holder {
    Field(ObjectId),
    Global(ObjectId),
    /// Of the function in which it is declared.
    Local(FuncId, LocalId),
}

/// The only assignment of each local; none for locals with several.
pub(crate) fn defs(func: &Func) -> Defs<'_> {
    let mut defs: Defs<'_> = FxHashMap::default();
    for (id, block) in func.blocks.iter_enumerated() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Assign(local, value) => {
                    add(&mut defs, *local, Some((Def::Value(value), id)));
                }
                InstrKind::Call(call) => {
                    for &dst in &call.dst {
                        add(&mut defs, dst, Some((Def::Call(call), id)));
                    }
                }
                InstrKind::Recv { dst, ok, .. } => {
                    dst.iter().chain(ok).for_each(|&local| add(&mut defs, local, None));
                }
                _ => {}
            }
        }
    }
    defs
}

fn add<'a>(defs: &mut Defs<'a>, local: LocalId, def: Option<(Def<'a>, BlockId)>) {
    let known = defs.contains_key(&local);
    defs.insert(local, def.filter(|_| !known));
}

/// The call whose only result an operand is, and its block.
pub(crate) fn call_of<'a>(defs: &Defs<'a>, operand: &Operand) -> Option<(&'a Call, BlockId)> {
    let mut operand = operand;
    for _ in 0..MAX_COPIES {
        let Operand::Local(local) = operand else { return None };
        match (*defs.get(local)?)? {
            (Def::Call(call), block) => return Some((call, block)),
            (Def::Value(Rvalue::Use(inner) | Rvalue::Convert(inner, _)), _) => operand = inner,
            (Def::Value(_), _) => return None,
        }
    }
    None
}

/// Whether a call is of this function or method of package `time`.
pub(crate) fn is_of_time(ctx: &Ctx<'_>, callee: &Callee, name: &str) -> bool {
    matches!(*callee, Callee::Static(object, _) if names_of_time(ctx, object, name))
}

/// Whether an object is this function or method of package `time`.
pub(crate) fn names_of_time(ctx: &Ctx<'_>, object: ObjectId, name: &str) -> bool {
    object.package != ObjectId::UNIVERSE
        && ctx.program.package_path(object.package) == "time"
        && ctx.program.object_name(object) == name
}

/// Whether a channel is that of a ticker or timer, or made by `time.After` or `time.Tick`.
pub(crate) fn is_clock(ctx: &Ctx<'_>, func: FuncId, defs: &Defs<'_>, chan: &Operand) -> bool {
    let made = call_of(defs, chan);
    made.is_some_and(|(call, _)| {
        is_of_time(ctx, &call.callee, "After") || is_of_time(ctx, &call.callee, "Tick")
    }) || channel_owner(ctx, func, defs, chan).is_some_and(|(_, ty)| {
        matches!(&*ctx.program.type_string(ty), "time.Ticker" | "time.Timer")
    })
}

/// The ticker whose channel an operand is.
pub(crate) fn ticker_of(
    ctx: &Ctx<'_>,
    func: FuncId,
    defs: &Defs<'_>,
    chan: &Operand,
) -> Option<Holder> {
    let (place, ty) = channel_owner(ctx, func, defs, chan)?;
    (ctx.program.type_string(ty) == "time.Ticker").then_some(())?;
    holder(ctx, func, defs, place.base, &place.proj)
}

/// The ticker that an operand points to.
pub(crate) fn pointed(
    ctx: &Ctx<'_>,
    func: FuncId,
    defs: &Defs<'_>,
    pointer: &Operand,
) -> Option<Holder> {
    let Operand::Local(local) = pointer else { return None };
    holder(ctx, func, defs, PlaceBase::Local(*local), &[])
}

/// The object whose first field is the channel that an operand was loaded from, and its type.
fn channel_owner<'a>(
    ctx: &Ctx<'_>,
    func: FuncId,
    defs: &Defs<'a>,
    chan: &Operand,
) -> Option<(Place, TypeId)> {
    let mut chan = chan;
    for _ in 0..MAX_COPIES {
        let Operand::Local(local) = chan else { return None };
        let Some(Some((Def::Value(value), _))) = defs.get(local) else { return None };
        match *value {
            Rvalue::Use(inner) | Rvalue::Convert(inner, _) => chan = inner,
            Rvalue::Load(place) => {
                let (Proj::Field(..), rest) = place.proj.split_last()? else { return None };
                let owner = Place { base: place.base, proj: rest.to_vec() };
                let ty = type_of(ctx, func, &owner)?;
                return Some((owner, ty));
            }
            _ => return None,
        }
    }
    None
}

fn type_of(ctx: &Ctx<'_>, func: FuncId, place: &Place) -> Option<TypeId> {
    let mut ty = match place.base {
        PlaceBase::Local(local) => ctx.module.funcs[func].locals.get(local)?.ty,
        PlaceBase::Global(object) => ctx.program.object(object).ty,
    };
    for proj in &place.proj {
        ty = match proj {
            Proj::Deref => ctx.program.pointee(ty)?,
            Proj::Field(_, field) => ctx.program.object(*field).ty,
            Proj::Index(_) => return None,
        };
    }
    Some(ty)
}

/// What holds the pointer (or the value) that a place is reached by.
fn holder(
    ctx: &Ctx<'_>,
    func: FuncId,
    defs: &Defs<'_>,
    base: PlaceBase,
    proj: &[Proj],
) -> Option<Holder> {
    let (mut base, mut proj) = (base, proj.to_vec());
    for _ in 0..MAX_COPIES {
        while matches!(proj.last(), Some(Proj::Deref)) {
            proj.pop();
        }
        let local = match (base, proj.last()) {
            (_, Some(Proj::Field(_, field))) => return Some(Holder::Field(*field)),
            (PlaceBase::Global(object), None) => return Some(Holder::Global(object)),
            (PlaceBase::Local(local), None) => local,
            (_, Some(_)) => return None,
        };
        let next = match defs.get(&local) {
            Some(Some((Def::Value(Rvalue::Load(place)), _))) => (place.base, place.proj.clone()),
            Some(Some((Def::Value(Rvalue::Use(Operand::Local(inner))), _))) => {
                (PlaceBase::Local(*inner), Vec::new())
            }
            _ => return Some(declared(ctx, func, local)),
        };
        (base, proj) = next;
    }
    None
}

/// The variable that a local of a literal stands for.
fn declared(ctx: &Ctx<'_>, func: FuncId, local: LocalId) -> Holder {
    let (mut func, mut local) = (func, local);
    loop {
        let f = &ctx.module.funcs[func];
        let outer = f.captures.iter().find(|c| c.inner == local).map(|c| c.outer);
        match (outer, f.parent) {
            (Some(outer), Some(parent)) => (func, local) = (parent, outer),
            _ => return Holder::Local(func, local),
        }
    }
}

/// The blocks of the cycle that a block is in; empty if it is in none.
pub(crate) fn cycle(func: &Func, block: BlockId) -> BTreeSet<BlockId> {
    let ahead = reach(&[block], |at| func.blocks[at].term.targets());
    if !ahead.contains(&block) {
        return BTreeSet::new();
    }
    let mut before: FxHashMap<BlockId, Vec<BlockId>> = FxHashMap::default();
    for &at in &ahead {
        for next in func.blocks[at].term.targets() {
            before.entry(next).or_default().push(at);
        }
    }
    reach(&[block], |at| before.get(&at).cloned().unwrap_or_default())
}

/// What can be reached from blocks by at least one step.
fn reach(from: &[BlockId], next: impl Fn(BlockId) -> Vec<BlockId>) -> BTreeSet<BlockId> {
    let mut seen = BTreeSet::new();
    let mut work = from.to_vec();
    while let Some(at) = work.pop() {
        for to in next(at) {
            if seen.insert(to) {
                work.push(to);
            }
        }
    }
    seen
}
