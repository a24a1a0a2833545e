//! Values that a schedule takes to be what the source says they are not.

use super::source;
use crate::Ctx;
use stanch_base::Idx;
use stanch_extract::RootLeak;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, Instr, InstrKind, LocalId, Operand, Place, Proj, Rvalue, Span,
    Terminator,
};
use stanch_model::{Decision, Leak, Step, WaitReason};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ConstValue, ObjectId, TypeId};

/// Copies and sums that are looked through.
const COPIES: u32 = 6;

/// Whether a value that came from somewhere is taken for one of a type that only this package can make.
/// Where it is one, the model knows where it was made.
pub(crate) fn takes_for_own(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, yes)| {
        let func = &ctx.module.funcs[func];
        let own = |operand: &Operand| {
            let Operand::Local(local) = operand else { return false };
            instrs(func).any(|i| {
                matches!(&i.kind, InstrKind::Assign(l, Rvalue::MakeInterface(x, _))
                    if l == local && is_own(ctx, func, x))
            })
        };
        instrs(func).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b)) => {
                yes == (*op == BinaryOp::Eq) && (own(a) || own(b))
            }
            _ => false,
        })
    })
}

/// Whether a schedule needs that there is an error.
pub(crate) fn fails(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, yes)| {
        let func = &ctx.module.funcs[func];
        let is_error = |operand: &Operand| is_error(ctx, func, operand);
        let is_nil = |operand: &Operand| matches!(operand, Operand::Nil(_) | Operand::Zero(_));
        instrs(func).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b)) => {
                yes == (*op == BinaryOp::Ne)
                    && (is_error(a) && is_nil(b) || is_error(b) && is_nil(a))
            }
            _ => false,
        })
    })
}

/// Whether a step is a panic with an error that the function got: it does happen.
pub(crate) fn passes_error_on(ctx: &Ctx<'_>, step: &Step) -> bool {
    let Some((func, span)) = source(ctx, step.site) else { return false };
    let func = &ctx.module.funcs[func];
    func.blocks.iter().filter(|b| b.term_span == span).any(|block| match &block.term {
        Terminator::Panic(value) => is_error_variable(ctx, func, value, COPIES),
        _ => false,
    })
}

/// Whether a value comes from a variable that holds an error.
fn is_error_variable(ctx: &Ctx<'_>, func: &Func, value: &Operand, depth: u32) -> bool {
    let (Operand::Local(local), Some(depth)) = (value, depth.checked_sub(1)) else {
        return false;
    };
    if !func.locals[*local].name.is_empty() {
        return is_error(ctx, func, value);
    }
    instrs(func).any(|i| match &i.kind {
        InstrKind::Assign(
            l,
            Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::MakeInterface(x, _),
        ) if l == local => is_error_variable(ctx, func, x, depth),
        _ => false,
    })
}

fn is_error(ctx: &Ctx<'_>, func: &Func, value: &Operand) -> bool {
    matches!(value, Operand::Local(local) if is_error_type(ctx, func.locals[*local].ty))
}

/// Whether a type is `error`.
pub(super) fn is_error_type(ctx: &Ctx<'_>, ty: TypeId) -> bool {
    let object = ctx.program.named_object(ty);
    object.is_some_and(|o| o.package == ObjectId::UNIVERSE && ctx.program.object_name(o) == "error")
}

/// Whether a value has a type that other packages cannot name.
fn is_own(ctx: &Ctx<'_>, func: &Func, value: &Operand) -> bool {
    let ty = match value {
        Operand::Local(local) => func.locals[*local].ty,
        Operand::Const(_, ty) | Operand::Zero(ty) => *ty,
        _ => return false,
    };
    ctx.program.named_object(ty).is_some_and(|object| {
        let hidden = ctx.program.object_name(object).chars().next();
        object.package == ctx.package && hidden.is_some_and(|c| !c.is_uppercase())
    })
}

/// Whether a loop that fills a container of its function until it has so many members ends before its first
/// turn: of the bound nothing is known, but none would be a loop for nothing.
pub(crate) fn fills_nothing(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let mut asked: Vec<(FuncId, Span)> = Vec::new();
    decisions(ctx, leak).any(|(func, span, yes)| {
        let first = !asked.contains(&(func, span));
        asked.push((func, span));
        let body = &ctx.module.funcs[func];
        first
            && instrs(body).filter(|i| i.span == span).any(|i| match &i.kind {
                InstrKind::Assign(_, Rvalue::Binary(op, x, y)) => match op {
                    BinaryOp::Lt => !yes && counts_own(body, x, COPIES),
                    BinaryOp::Gt => !yes && counts_own(body, y, COPIES),
                    BinaryOp::Ge => yes && counts_own(body, x, COPIES),
                    BinaryOp::Le => yes && counts_own(body, y, COPIES),
                    _ => false,
                },
                _ => false,
            })
    })
}

/// Whether a value is the number of members of a map or slice that the function makes empty.
fn counts_own(func: &Func, value: &Operand, depth: u32) -> bool {
    let (Operand::Local(local), Some(depth)) = (value, depth.checked_sub(1)) else {
        return false;
    };
    instrs(func).any(|i| match &i.kind {
        InstrKind::Assign(l, Rvalue::Use(x) | Rvalue::Convert(x, _)) if l == local => {
            counts_own(func, x, depth)
        }
        InstrKind::Assign(l, Rvalue::Len(Operand::Local(of))) if l == local => {
            variable(func, *of).is_some_and(|of| is_made_empty(func, of, depth))
        }
        _ => false,
    })
}

fn is_zero(value: &Operand) -> bool {
    match value {
        Operand::Const(ConstValue::Int(n), _) => i64::try_from(n.clone()) == Ok(0),
        _ => matches!(value, Operand::Zero(_)),
    }
}

/// Whether a variable gets an empty map or slice.
fn is_made_empty(func: &Func, local: LocalId, depth: u32) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    instrs(func).any(|i| match &i.kind {
        InstrKind::Assign(
            l,
            Rvalue::MakeMap(_) | Rvalue::Use(Operand::Nil(_) | Operand::Zero(_)),
        ) => *l == local,
        InstrKind::Assign(l, Rvalue::MakeSlice { elems, len, .. }) => {
            let none = len.as_ref().is_none_or(is_zero);
            *l == local && elems.is_empty() && none
        }
        InstrKind::Assign(l, Rvalue::Use(Operand::Local(from))) if *l == local => {
            is_made_empty(func, *from, depth)
        }
        _ => false,
    })
}

/// Whether two loops count with one variable, the second from where the first stopped: what both do
/// together hangs on the last bound alone, of which the schedule takes another number for each.
pub(crate) fn counts_on(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let mut bounds: Vec<(FuncId, LocalId, Operand)> = Vec::new();
    for (func, span, _) in decisions(ctx, leak) {
        let body = &ctx.module.funcs[func];
        for instr in instrs(body).filter(|i| i.span == span) {
            let InstrKind::Assign(_, Rvalue::Binary(op, Operand::Local(counter), bound)) =
                &instr.kind
            else {
                continue;
            };
            let Some(counter) = variable(body, *counter) else { continue };
            if !matches!(op, BinaryOp::Lt | BinaryOp::Le) || !counts(body, counter) {
                continue;
            }
            let other =
                |b: &(FuncId, LocalId, Operand)| (b.0, b.1) == (func, counter) && b.2 != *bound;
            if bounds.iter().any(other) && starts_once(body, counter) {
                return true;
            }
            bounds.push((func, counter, bound.clone()));
        }
    }
    false
}

/// Whether the schedule decides how large the sum of several counts is that is the room of a channel, or fills
/// such a channel with values whose number it decides: whoever adds up counts has counted the senders.
pub(crate) fn sums_up(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let is_sum = |body: &Func, of: &LocalId| {
        let counted = |x: &Operand| !matches!(x, Operand::Const(..));
        instrs(body).any(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Binary(BinaryOp::Add, a, b)) => {
                to == of && counted(a) && counted(b)
            }
            _ => false,
        })
    };
    let rests = leak.assumptions.iter().any(|a| !matches!(a.decision, Decision::Happened(_)));
    let filled = leak.objects.iter().filter(|_| rests && leak.wait == WaitReason::ChanSend);
    let filled = filled.filter_map(|(_, site)| source(ctx, *site));
    let decided = decisions(ctx, leak).map(|(func, span, _)| (func, span));
    // Those who hang with it may be such senders.
    let with = leak.also_blocked.iter().filter(|b| rests && b.wait == WaitReason::ChanSend);
    let with = with.flat_map(|b| {
        let leaks = ctx.explored.leaks.iter().map(|l| &l.leak);
        let own = leaks.filter(|l| l.wait == b.wait && l.stack.first() == b.stack.first());
        own.flat_map(|l| &l.objects).filter_map(|(_, site)| source(ctx, *site))
    });
    filled.chain(with).chain(decided).any(|(func, span)| {
        let body = &ctx.module.funcs[func];
        instrs(body).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::MakeChan { cap: Some(Operand::Local(cap)), .. }) => {
                is_sum(body, cap)
            }
            _ => false,
        })
    })
}

/// Whether the schedule needs that a counter in a field, which the function itself counts up and down, was
/// not 0 before: of those who call it nothing is known.
pub(crate) fn starts_counted(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, _)| {
        let body = &ctx.module.funcs[func];
        instrs(body).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::Binary(_, x, _)) => {
                field_of(body, x).is_some_and(|field| counts_field(body, field))
            }
            _ => false,
        })
    })
}

/// Whether the schedule rests on how a number compares that several goroutines take from one atomic
/// counter: what each does is known only together with what the others do.
pub(crate) fn shares_counter(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, _)| {
        let body = &ctx.module.funcs[func];
        instrs(body).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::Binary(op, a, b)) => {
                !matches!(op, BinaryOp::Eq | BinaryOp::Ne)
                    && [a, b].iter().any(|x| is_counted(ctx, body, x, COPIES))
            }
            _ => false,
        })
    })
}

/// Whether a value is computed from what adding to an atomic gives.
fn is_counted(ctx: &Ctx<'_>, func: &Func, value: &Operand, depth: u32) -> bool {
    let (Operand::Local(local), Some(depth)) = (value, depth.checked_sub(1)) else {
        return false;
    };
    instrs(func).any(|i| match &i.kind {
        InstrKind::Assign(l, Rvalue::Use(x) | Rvalue::Convert(x, _)) if l == local => {
            is_counted(ctx, func, x, depth)
        }
        InstrKind::Assign(l, Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, x, _)) if l == local => {
            is_counted(ctx, func, x, depth)
        }
        InstrKind::Call(call) if call.dst.contains(local) => match &call.callee {
            Callee::Static(object, _) => {
                object.package != ObjectId::UNIVERSE
                    && ctx.program.package_path(object.package) == "sync/atomic"
                    && ctx.program.object_name(*object).starts_with("Add")
            }
            _ => false,
        },
        _ => false,
    })
}

fn last_field(place: &Place) -> Option<ObjectId> {
    match place.proj.last() {
        Some(Proj::Field(_, field)) => Some(*field),
        _ => None,
    }
}

/// Whether a function counts with a field, up and down.
fn counts_field(func: &Func, field: ObjectId) -> bool {
    let counts = |wanted: BinaryOp| {
        instrs(func).any(|i| match &i.kind {
            InstrKind::Store(place, Operand::Local(value)) if last_field(place) == Some(field) => {
                instrs(func).any(|j| match &j.kind {
                    InstrKind::Assign(l, Rvalue::Binary(op, x, _)) => {
                        l == value && *op == wanted && field_of(func, x) == Some(field)
                    }
                    _ => false,
                })
            }
            _ => false,
        })
    };
    counts(BinaryOp::Add) && counts(BinaryOp::Sub)
}

/// The variable that a value is read from.
fn variable(func: &Func, local: LocalId) -> Option<LocalId> {
    if !func.locals[local].name.is_empty() {
        return Some(local);
    }
    instrs(func).find_map(|i| match &i.kind {
        InstrKind::Assign(l, Rvalue::Use(Operand::Local(from))) if *l == local => Some(*from),
        _ => None,
    })
}

/// Whether some instruction makes a variable larger.
fn counts(func: &Func, local: LocalId) -> bool {
    instrs(func).any(|i| match &i.kind {
        InstrKind::Assign(_, Rvalue::Binary(BinaryOp::Add, Operand::Local(x), _)) => {
            variable(func, *x) == Some(local)
        }
        _ => false,
    })
}

/// Whether a variable gets a constant in one place only.
fn starts_once(func: &Func, local: LocalId) -> bool {
    let starts = instrs(func).filter(|i| match &i.kind {
        InstrKind::Assign(l, Rvalue::Use(Operand::Const(..) | Operand::Zero(_))) => *l == local,
        _ => false,
    });
    starts.count() <= 1
}

/// Whether a goroutine waits at a channel in a field that is nil by then, although the function asked
/// before whether it is: somebody set it meanwhile, who has his reasons.
pub(crate) fn is_nil_by_now(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    if !matches!(leak.wait, WaitReason::ChanReceiveNil | WaitReason::ChanSendNil) {
        return false;
    }
    let at = leak.stack.iter().find_map(|&(_, site)| source(ctx, site));
    let Some((func, span)) = at else { return false };
    let func = &ctx.module.funcs[func];
    let waits = |instr: &Instr| match &instr.kind {
        InstrKind::Recv { chan, .. } | InstrKind::Send { chan, .. } => field_of(func, chan),
        _ => None,
    };
    func.blocks.iter_enumerated().any(|(id, block)| {
        let field = block.instrs.iter().filter(|i| i.span == span).find_map(waits);
        field.is_some_and(|field| is_asked_before(func, id, field))
    })
}

/// Whether a block is reached only where a field is not nil.
fn is_asked_before(func: &Func, block: BlockId, field: ObjectId) -> bool {
    func.blocks.iter_enumerated().any(|(at, asks)| {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &asks.term else {
            return false;
        };
        let yes = instrs(func).find_map(|i| match &i.kind {
            InstrKind::Assign(l, Rvalue::Binary(op, x, Operand::Nil(_))) if l == cond => {
                let asked = field_of(func, x) == Some(field);
                match op {
                    BinaryOp::Ne if asked => Some(*then),
                    BinaryOp::Eq if asked => Some(*els),
                    _ => None,
                }
            }
            _ => None,
        });
        yes.is_some_and(|yes| !reaches_without(func, (at, yes), block))
    })
}

/// Whether a block is reached from the entry on a way that leaves out an edge.
fn reaches_without(func: &Func, edge: (BlockId, BlockId), to: BlockId) -> bool {
    let mut seen = vec![false; func.blocks.len()];
    let mut work: Vec<BlockId> = func.blocks.ids().take(1).collect();
    while let Some(id) = work.pop() {
        if id == to {
            return true;
        }
        if !std::mem::replace(&mut seen[id.index()], true) {
            work.extend(func.blocks[id].term.targets().into_iter().filter(|&t| (id, t) != edge));
        }
    }
    false
}

/// The field that a value was read from.
pub(super) fn field_of(func: &Func, value: &Operand) -> Option<ObjectId> {
    let Operand::Local(local) = value else { return None };
    instrs(func).find_map(|i| match &i.kind {
        InstrKind::Assign(l, Rvalue::Load(place)) if l == local => last_field(place),
        _ => None,
    })
}

/// Whether the goroutines run where whoever is left blocked makes a call fail that waits for them: that
/// is no leak that stays unknown.
pub(crate) fn fails_if_stuck(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let mut at = Some(leak.root);
    while let Some(func) = at {
        let parent = ctx.module.funcs[func].parent;
        let given = parent.is_some_and(|p| is_given(ctx, &ctx.module.funcs[p], func));
        if given || is_given(ctx, &ctx.module.funcs[func], leak.root) {
            return true;
        }
        at = parent;
    }
    // The root may be what calls it.
    let root = &ctx.module.funcs[leak.root];
    let goes = |step: &stanch_model::Step| source(ctx, step.site).map(|(func, _)| func);
    let mut through = leak.leak.witness.iter().filter_map(goes);
    through.any(|func| is_given(ctx, root, func))
}

/// Whether a function gives a literal to a call that fails if something in it stays blocked.
fn is_given(ctx: &Ctx<'_>, func: &Func, literal: FuncId) -> bool {
    instrs(func).any(|i| {
        let InstrKind::Call(call) = &i.kind else { return false };
        let Callee::Static(object, _) = call.callee else { return false };
        let made = |arg: &Operand| {
            instrs(func).any(|m| {
                matches!((&m.kind, arg), (InstrKind::Assign(l, Rvalue::MakeClosure(f)), Operand::Local(a))
                    if *f == literal && l == a)
            })
        };
        call.args.iter().any(made) && ctx.effect(object).is_some_and(|e| e.fails_if_stuck)
    })
}

/// The conditions that a schedule decides, each with the function, the place and the answer.
pub(super) fn decisions<'a>(
    ctx: &'a Ctx<'_>,
    leak: &'a Leak,
) -> impl Iterator<Item = (FuncId, Span, bool)> + 'a {
    leak.assumptions.iter().filter_map(|assumption| {
        let answer = match assumption.decision {
            Decision::Taken(answer) | Decision::Answer(answer) => answer,
            Decision::Size(_) => true,
            _ => return None,
        };
        let site = leak.witness.get(assumption.step as usize).map(|step| step.site)?;
        let (func, span) = source(ctx, site)?;
        Some((func, span, answer))
    })
}

pub(super) fn instrs(func: &Func) -> impl Iterator<Item = &Instr> {
    func.blocks.iter().flat_map(|block| &block.instrs)
}
