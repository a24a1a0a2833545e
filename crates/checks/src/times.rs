//! How often code runs in the life of the process, as far as its package tells.

use crate::Ctx;
use stanch_ir::{
    BlockId, Callee, FuncId, Instr, InstrKind, LocalId, Operand, PlaceBase, Rvalue, Span,
    Terminator,
};
use stanch_types::ObjectId;
use std::collections::BTreeSet;

/// How far up callers are followed.
const LEVELS: u32 = 6;
/// How far back a condition's operands are followed.
const STEPS: u32 = 12;

/// How often a function runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Times {
    /// Once: `main`, initialisers, and what they alone call, not in loops.
    Once,
    /// Nothing in the package calls it, and other packages cannot: assembly, a linker directive, or
    /// nobody.
    Unknown,
    /// Perhaps again and again.
    Many,
}

/// How often a function runs. What code that runs once starts, and leaves waiting for work, is a daemon
/// of the process.
pub(crate) fn times(ctx: &Ctx<'_>, root: FuncId) -> Times {
    times_within(ctx, root, LEVELS)
}

fn times_within(ctx: &Ctx<'_>, at: FuncId, levels: u32) -> Times {
    let func = &ctx.module.funcs[at];
    let is_init = func.symbol.rsplit_once(".init.").is_some_and(|(_, n)| n.parse::<u32>().is_ok());
    if func.symbol == "main.main" || is_init || ctx.module.init == Some(at) {
        return Times::Once;
    }
    let (places, least) = match (func.object, func.parent) {
        (Some(object), _) => {
            let name = &ctx.program.object(object).name;
            let exported = name.chars().next().is_some_and(char::is_uppercase);
            match (uses(ctx, object), exported && &*ctx.source().name != "main") {
                (uses, true) if uses.is_empty() => return Times::Many,
                (uses, false) if uses.is_empty() => return Times::Unknown,
                (uses, true) => (uses, Times::Unknown),
                (uses, false) => (uses, Times::Once),
            }
        }
        (None, Some(parent)) => (literal_calls(ctx, at, parent), Times::Once),
        (None, None) => return Times::Many,
    };
    let Some(levels) = levels.checked_sub(1) else { return Times::Many };
    let all = places.iter().map(|u| match u.call && !in_loop(ctx, u.func, u.block) {
        true => times_within(ctx, u.func, levels),
        false => Times::Many,
    });
    all.fold(least, Times::max)
}

/// Whether the function runs once in the life of the process.
pub(crate) fn runs_once(ctx: &Ctx<'_>, root: FuncId) -> bool {
    times(ctx, root) == Times::Once
}

/// Whether a function is the first one of goroutines that the package starts.
pub(crate) fn is_started(ctx: &Ctx<'_>, func: FuncId) -> bool {
    let object = ctx.module.funcs[func].object;
    let instrs = ctx.module.funcs.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs);
    instrs.into_iter().any(|instr| {
        let InstrKind::Go(call) = &instr.kind else { return false };
        match &call.callee {
            Callee::Closure(literal, _) => *literal == func,
            Callee::Static(callee, _) => Some(*callee) == object,
            _ => false,
        }
    })
}

/// A place where a function is used.
struct Use {
    func: FuncId,
    block: BlockId,
    /// It is called, started or deferred there, or given to a `sync.Once`; else it goes somewhere as a
    /// value.
    call: bool,
}

fn uses(ctx: &Ctx<'_>, object: ObjectId) -> Vec<Use> {
    let mut uses = Vec::new();
    for (id, func) in ctx.module.funcs.iter_enumerated() {
        for (block, body) in func.blocks.iter_enumerated() {
            for instr in &body.instrs {
                let mut one = |call| uses.push(Use { func: id, block, call });
                match &instr.kind {
                    InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                        let direct = matches!(&call.callee, Callee::Static(o, _) if *o == object);
                        let given = call.args.contains(&Operand::Func(object));
                        if direct || given {
                            one(direct || is_once(ctx, &call.callee));
                        }
                    }
                    InstrKind::Assign(_, Rvalue::MethodValue { method, .. })
                        if *method == object =>
                    {
                        one(false);
                    }
                    kind => {
                        let mut value = false;
                        kind.for_each_operand(|o| value |= *o == Operand::Func(object));
                        if value {
                            one(false);
                        }
                    }
                }
            }
        }
    }
    uses
}

/// Where a literal is called by the function that it stands in; one use as a value if it is not.
fn literal_calls(ctx: &Ctx<'_>, literal: FuncId, parent: FuncId) -> Vec<Use> {
    let runs = literal_runs(ctx, literal, parent).into_iter();
    let mut uses: Vec<Use> =
        runs.map(|(block, _)| Use { func: parent, block, call: true }).collect();
    if uses.is_empty() {
        uses.push(Use { func: parent, block: BlockId::from_raw(0), call: false });
    }
    uses
}

/// Whether a function is given to a `sync.Once`, and runs in no other way if it is no literal: it runs once for
/// each of these.
pub(crate) fn is_guarded(ctx: &Ctx<'_>, id: FuncId) -> bool {
    let func = &ctx.module.funcs[id];
    match (func.parent, func.object) {
        (Some(parent), _) => literal_runs(ctx, id, parent).iter().any(|(_, once)| *once),
        (None, Some(object)) => only_by_once(ctx, object),
        (None, None) => false,
    }
}

/// Whether all that is done with a declared function is to give it to a `sync.Once`.
fn only_by_once(ctx: &Ctx<'_>, object: ObjectId) -> bool {
    let mut found = false;
    for func in &ctx.module.funcs {
        let mut values: Vec<LocalId> = Vec::new();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(local, Rvalue::MethodValue { method, .. })
                    if *method == object =>
                {
                    values.push(*local);
                }
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    if matches!(call.callee, Callee::Static(callee, _) if callee == object) {
                        return false;
                    }
                    let given = call.args.iter().any(|a| match a {
                        Operand::Local(local) => values.contains(local),
                        Operand::Func(f) => *f == object,
                        _ => false,
                    });
                    if given && !is_once(ctx, &call.callee) {
                        return false;
                    }
                    found |= given;
                }
                _ => {}
            }
        }
    }
    found
}

/// Where the function that a literal stands in calls it, or gives it to a `sync.Once`; and whether it is that.
fn literal_runs(ctx: &Ctx<'_>, literal: FuncId, parent: FuncId) -> Vec<(BlockId, bool)> {
    let mut runs = Vec::new();
    let mut made: Vec<LocalId> = Vec::new();
    for (block, body) in ctx.module.funcs[parent].blocks.iter_enumerated() {
        for instr in &body.instrs {
            match &instr.kind {
                InstrKind::Assign(local, Rvalue::MakeClosure(id)) if *id == literal => {
                    made.push(*local);
                }
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    let direct = matches!(&call.callee, Callee::Closure(id, _) if *id == literal);
                    let mut args = call.args.iter();
                    let given = args.any(|a| matches!(a, Operand::Local(l) if made.contains(l)));
                    let once = given && is_once(ctx, &call.callee);
                    if direct || once {
                        runs.push((block, once));
                    }
                }
                _ => {}
            }
        }
    }
    runs
}

/// Whether the callee is `(*sync.Once).Do`.
fn is_once(ctx: &Ctx<'_>, callee: &Callee) -> bool {
    let Callee::Static(object, _) = callee else { return false };
    object.package != ObjectId::UNIVERSE
        && ctx.program.package_path(object.package) == "sync"
        && ctx.program.object_name(*object) == "Do"
}

/// Whether a block can be reached from itself.
pub(crate) fn in_loop(ctx: &Ctx<'_>, func: FuncId, block: BlockId) -> bool {
    reaches(ctx, func, &ctx.module.funcs[func].blocks[block].term.targets(), block, None)
}

fn reaches(
    ctx: &Ctx<'_>,
    func: FuncId,
    from: &[BlockId],
    to: BlockId,
    without: Option<BlockId>,
) -> bool {
    let blocks = &ctx.module.funcs[func].blocks;
    let mut seen = BTreeSet::new();
    let mut work = from.to_vec();
    while let Some(at) = work.pop() {
        if Some(at) == without {
            continue;
        }
        if at == to {
            return true;
        }
        if seen.insert(at) {
            work.extend(blocks[at].term.targets());
        }
    }
    false
}

/// Whether at a place numbers are compared other than to ask, at its head, if a loop goes on.
pub(crate) fn is_limit(ctx: &Ctx<'_>, func: FuncId, span: Span) -> bool {
    let blocks = &ctx.module.funcs[func].blocks;
    let compares =
        |i: &Instr| i.span == span && matches!(i.kind, InstrKind::Assign(_, Rvalue::Binary(..)));
    blocks
        .iter_enumerated()
        .any(|(id, body)| body.instrs.iter().any(compares) && !is_loop_head(ctx, func, id))
}

/// Whether all ways into a loop go through the block.
fn is_loop_head(ctx: &Ctx<'_>, func: FuncId, block: BlockId) -> bool {
    let blocks = &ctx.module.funcs[func].blocks;
    let Some(entry) = blocks.ids().next() else { return false };
    let mut back = blocks.iter_enumerated().filter(|(id, body)| {
        let targets = body.term.targets();
        targets.contains(&block) && (*id == block || reaches(ctx, func, &[block], *id, None))
    });
    back.any(|(id, _)| {
        id == block || entry == block || !reaches(ctx, func, &[entry], id, Some(block))
    })
}

/// Whether a loop of a function can be left on a decision, other than at the end of what it receives.
pub(crate) fn leaves_on_decision(ctx: &Ctx<'_>, func: FuncId) -> bool {
    ctx.module.funcs[func].blocks.iter_enumerated().any(|(id, body)| {
        let receives = body.instrs.iter().any(|i| matches!(i.kind, InstrKind::Recv { .. }));
        let out = |to: &BlockId| !reaches(ctx, func, &[*to], id, None);
        matches!(body.term, Terminator::Branch { .. })
            && !receives
            && in_loop(ctx, func, id)
            && body.term.targets().iter().any(out)
    })
}

/// Whether a block runs only if package-level state says so: state of the process decides how often.
pub(crate) fn guarded_by_globals(ctx: &Ctx<'_>, func: FuncId, block: BlockId) -> bool {
    let blocks = &ctx.module.funcs[func].blocks;
    let Some(entry) = blocks.ids().next() else { return false };
    blocks.iter_enumerated().any(|(id, body)| {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &body.term else {
            return false;
        };
        let decides = [*then, *els]
            .iter()
            .any(|to| *to != block && !reaches(ctx, func, &[*to], block, Some(id)));
        id != block
            && decides
            && !reaches(ctx, func, &[entry], block, Some(id))
            && looks_at_global(ctx, func, *cond)
    })
}

/// Whether a value is computed from a package-level variable.
fn looks_at_global(ctx: &Ctx<'_>, func: FuncId, local: LocalId) -> bool {
    let mut todo = vec![local];
    let mut seen: BTreeSet<LocalId> = BTreeSet::new();
    for _ in 0..STEPS {
        let Some(local) = todo.pop() else { return false };
        if !seen.insert(local) {
            continue;
        }
        let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
        for instr in instrs {
            let of_local = match &instr.kind {
                InstrKind::Assign(l, Rvalue::Load(place) | Rvalue::AddressOf(place))
                    if *l == local =>
                {
                    if matches!(place.base, PlaceBase::Global(_)) {
                        return true;
                    }
                    true
                }
                InstrKind::Assign(l, _) => *l == local,
                InstrKind::Call(call) => call.dst.contains(&local),
                _ => false,
            };
            if of_local {
                instr.kind.for_each_operand(|o| {
                    if let Operand::Local(l) = o {
                        todo.push(*l);
                    }
                });
            }
        }
    }
    false
}

/// Whether code in view runs a function again and again while the process lives: in each turn of a loop
/// that waits for work, for each request, or in what such code calls and starts.
pub(crate) fn runs_again(ctx: &Ctx<'_>, root: FuncId) -> bool {
    let mut seen = BTreeSet::new();
    let mut todo = vec![(root, LEVELS)];
    while let Some((at, levels)) = todo.pop() {
        if !seen.insert(at) {
            continue;
        }
        if serves(ctx, at) {
            return true;
        }
        let Some(levels) = levels.checked_sub(1) else { continue };
        let func = &ctx.module.funcs[at];
        let places = match (func.object, func.parent) {
            (Some(object), _) => uses(ctx, object),
            (None, Some(parent)) => literal_calls(ctx, at, parent),
            (None, None) => Vec::new(),
        };
        for place in places.iter().filter(|p| p.call) {
            if waits_for_work(ctx, place.func, place.block) {
                return true;
            }
            todo.push((place.func, levels));
        }
    }
    false
}

/// Whether a function answers a request: it is given what the answer is written to.
fn serves(ctx: &Ctx<'_>, func: FuncId) -> bool {
    let func = &ctx.module.funcs[func];
    func.params.iter().any(|p| {
        ctx.program.named_object(func.locals[*p].ty).is_some_and(|o| {
            o.package != ObjectId::UNIVERSE
                && ctx.program.package_path(o.package) == "net/http"
                && ctx.program.object_name(o) == "ResponseWriter"
        })
    })
}

/// Whether a block lies in a loop that receives from a channel or accepts connections in each turn.
pub(crate) fn waits_for_work(ctx: &Ctx<'_>, func: FuncId, block: BlockId) -> bool {
    let blocks = &ctx.module.funcs[func].blocks;
    let targets = blocks[block].term.targets();
    blocks.iter_enumerated().any(|(id, body)| {
        let waits = matches!(body.term, Terminator::Select { .. })
            || body.instrs.iter().any(|i| match &i.kind {
                InstrKind::Recv { .. } => true,
                InstrKind::Call(call) => accepts(ctx, &call.callee),
                _ => false,
            });
        waits
            && (id == block || reaches(ctx, func, &targets, id, None))
            && reaches(ctx, func, &body.term.targets(), block, None)
    })
}

/// Whether a call waits for the next connection.
fn accepts(ctx: &Ctx<'_>, callee: &Callee) -> bool {
    let (Callee::Static(object, _) | Callee::Interface { method: object, .. }) = callee else {
        return false;
    };
    object.package != ObjectId::UNIVERSE
        && ctx.program.package_path(object.package) == "net"
        && ctx.program.object_name(*object).starts_with("Accept")
}
