//! Values that say to a receiver that nothing more comes.

use super::values::{decisions, instrs, is_error_type};
use crate::Ctx;
use stanch_ir::{Func, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue, SelectOp, Terminator};
use stanch_model::Leak;
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Basic, ConstValue, ObjectId, TypeId, TypeKind};

/// Copies that are looked through.
const COPIES: u32 = 6;

/// Whether a schedule takes a value that was received for a constant which somebody else sends there, to say
/// that nothing more comes: what the others send is something else.
pub(crate) fn takes_for_end(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, yes)| {
        let func = &ctx.module.funcs[func];
        instrs(func).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b)) => {
                let mut sides = [(a, b), (b, a)].into_iter();
                yes == (*op == BinaryOp::Eq)
                    && sides.any(|(value, mark)| {
                        let Operand::Local(value) = value else { return false };
                        let Some(mark) = constant(func, mark) else { return false };
                        let got = received(ctx, func, *value, COPIES);
                        got.is_some_and(|(part, of)| {
                            may_mark(ctx, of, part) && is_sent(ctx, of, part, &mark)
                        })
                    })
            }
            _ => false,
        })
    })
}

/// What is always the same.
#[derive(PartialEq)]
enum Mark {
    Value(Operand),
    Global(ObjectId),
}

fn constant(func: &Func, operand: &Operand) -> Option<Mark> {
    match operand {
        Operand::Local(local) => {
            let mut values = instrs(func).filter_map(|i| match &i.kind {
                InstrKind::Assign(l, value) if l == local => Some(value),
                _ => None,
            });
            match (values.next()?, values.next()) {
                (Rvalue::Use(value @ (Operand::Const(..) | Operand::Nil(_))), None) => {
                    Some(Mark::Value(value.clone()))
                }
                (Rvalue::Load(place), None) if place.proj.is_empty() => match place.base {
                    PlaceBase::Global(object) => Some(Mark::Global(object)),
                    PlaceBase::Local(_) => None,
                },
                _ => None,
            }
        }
        Operand::Const(..) | Operand::Nil(_) | Operand::Zero(_) => {
            Some(Mark::Value(operand.clone()))
        }
        _ => None,
    }
}

/// Whether a value of a type can say that nothing more comes: no error says that all is well, and parts of
/// messages that are nil, or false, are what they mostly are.
fn may_mark(ctx: &Ctx<'_>, of: TypeId, part: Option<ObjectId>) -> bool {
    let ty = part.map_or(of, |field| ctx.program.object(field).ty);
    let kind = ctx.program.kind(ctx.program.underlying(ty));
    let is_bool = || ctx.program.underlying(ty) == ctx.program.basic(Basic::Bool);
    !is_error_type(ctx, ty) && (part.is_none() || matches!(kind, TypeKind::Basic(_)) && !is_bool())
}

/// Where a value was received: what is sent there, and of which part of that it is.
fn received(
    ctx: &Ctx<'_>,
    func: &Func,
    value: LocalId,
    depth: u32,
) -> Option<(Option<ObjectId>, TypeId)> {
    let depth = depth.checked_sub(1)?;
    for instr in instrs(func) {
        match &instr.kind {
            InstrKind::Recv { dst, chan, .. } if *dst == Some(value) => {
                return Some((None, element(ctx, func, chan)?));
            }
            InstrKind::Assign(l, Rvalue::Use(Operand::Local(from))) if *l == value => {
                if let found @ Some(_) = received(ctx, func, *from, depth) {
                    return found;
                }
            }
            InstrKind::Assign(l, Rvalue::Load(place)) if *l == value => {
                let PlaceBase::Local(base) = place.base else { continue };
                let part = match place.proj.as_slice() {
                    [] => None,
                    [.., Proj::Field(_, field)] => Some(*field),
                    _ => continue,
                };
                if let Some((None, of)) = received(ctx, func, base, depth) {
                    return Some((part, of));
                }
            }
            _ => {}
        }
    }
    let arms = func.blocks.iter().flat_map(|block| match &block.term {
        Terminator::Select { arms, .. } => arms.as_slice(),
        _ => &[],
    });
    let chan = arms.into_iter().find_map(|arm| match &arm.op {
        SelectOp::Recv { chan, dst, .. } if *dst == Some(value) => Some(chan),
        _ => None,
    });
    Some((None, element(ctx, func, chan?)?))
}

fn element(ctx: &Ctx<'_>, func: &Func, chan: &Operand) -> Option<TypeId> {
    let Operand::Local(chan) = chan else { return None };
    Some(ctx.program.chan_of(func.locals[*chan].ty)?.1)
}

/// Whether somebody sends a constant to channels of a type, or what has it in one of its parts.
fn is_sent(ctx: &Ctx<'_>, of: TypeId, part: Option<ObjectId>, mark: &Mark) -> bool {
    ctx.module.funcs.iter().any(|func| {
        let is_mark = |chan: &Operand, value: &Operand| {
            let there = element(ctx, func, chan).is_some_and(|e| ctx.program.identical(e, of));
            there
                && match part {
                    None => constant(func, value).is_some_and(|sent| is_same(&sent, mark)),
                    Some(field) => has_mark(ctx, func, value, field, mark, COPIES),
                }
        };
        func.blocks.iter().any(|block| {
            let arms = match &block.term {
                Terminator::Select { arms, .. } => arms.as_slice(),
                _ => &[],
            };
            arms.iter().any(|arm| match &arm.op {
                SelectOp::Send { chan, value } => is_mark(chan, value),
                SelectOp::Recv { .. } => false,
            }) || block.instrs.iter().any(|i| match &i.kind {
                InstrKind::Send { chan, value } => is_mark(chan, value),
                _ => false,
            })
        })
    })
}

fn is_same(a: &Mark, b: &Mark) -> bool {
    match (a, b) {
        (Mark::Value(Operand::Const(a, _)), Mark::Value(Operand::Const(b, _))) => a == b,
        (Mark::Value(a), Mark::Value(b)) => is_zero(a) && is_zero(b),
        (a, b) => a == b,
    }
}

/// Whether a struct is made with a constant in a field.
fn has_mark(
    ctx: &Ctx<'_>,
    func: &Func,
    value: &Operand,
    field: ObjectId,
    mark: &Mark,
    depth: u32,
) -> bool {
    let zero = || matches!(mark, Mark::Value(value) if is_zero(value));
    let local = match value {
        Operand::Local(local) => *local,
        Operand::Zero(_) => return zero(),
        _ => return false,
    };
    let Some(depth) = depth.checked_sub(1) else { return false };
    instrs(func).any(|i| match &i.kind {
        InstrKind::Assign(l, Rvalue::Composite { ty, elems }) if *l == local => {
            let program = ctx.program;
            let TypeKind::Struct(fields) = program.kind(program.underlying(*ty)) else {
                return false;
            };
            let place = fields.iter().position(|f| f.object == field);
            let given = elems.iter().find(|(n, _)| Some(*n as usize) == place);
            match given {
                Some((_, value)) => constant(func, value).is_some_and(|sent| is_same(&sent, mark)),
                None => zero(),
            }
        }
        InstrKind::Assign(l, Rvalue::Use(from)) if *l == local => {
            has_mark(ctx, func, from, field, mark, depth)
        }
        _ => false,
    })
}

/// Whether a constant is what a variable has from the start.
fn is_zero(value: &Operand) -> bool {
    match value {
        Operand::Const(ConstValue::Int(n), _) => i64::try_from(n.clone()) == Ok(0),
        Operand::Const(ConstValue::String(text), _) => text.is_empty(),
        Operand::Const(ConstValue::Bool(truth), _) => !truth,
        value => matches!(value, Operand::Zero(_) | Operand::Nil(_)),
    }
}
