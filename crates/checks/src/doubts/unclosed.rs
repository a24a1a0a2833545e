//! Loops over channels that nobody closes.

use super::values::{decisions, field_of, instrs};
use crate::Ctx;
use stanch_ir::{Callee, Func, InstrKind, Operand};
use stanch_model::Leak;
use stanch_syntax::ast::ChanDir;
use stanch_types::{Builtin, ObjectId, TypeId};

/// Whether a schedule needs the end of a loop over a channel in an unexported field that nobody closes: no
/// function of the package closes such a channel, and none is given one or gives one away.
pub(crate) fn ends_unclosed(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, yes)| {
        let func = &ctx.module.funcs[func];
        !yes && instrs(func).any(|i| match &i.kind {
            InstrKind::Recv { chan, range: true, .. } => {
                let same = i.span.file == span.file && span.range.contains(i.span.range);
                same && field_of(func, chan).is_some_and(|field| is_never_closed(ctx, field))
            }
            _ => false,
        })
    })
}

fn is_never_closed(ctx: &Ctx<'_>, field: ObjectId) -> bool {
    let exported = ctx.program.object_name(field).starts_with(char::is_uppercase);
    let Some((_, sent)) = ctx.program.chan_of(ctx.program.object(field).ty) else { return false };
    field.package == ctx.package
        && !exported
        && ctx.module.funcs.iter().all(|func| !may_close(ctx, func, (field, sent)))
}

/// Whether a function closes a channel of such values that is not read from another field, or what calls it
/// or is called by it may.
fn may_close(ctx: &Ctx<'_>, func: &Func, (field, sent): (ObjectId, TypeId)) -> bool {
    let chan = |ty: TypeId| ctx.program.chan_of(ty).filter(|c| c.1 == sent).map(|c| c.0);
    let is = |value: &Operand| match value {
        Operand::Local(local) => chan(func.locals[*local].ty),
        _ => None,
    };
    let declared = func.object.is_some();
    let ty = |local: &stanch_ir::LocalId| chan(func.locals[*local].ty);
    declared
        && (func.params.iter().any(|p| ty(p).is_some())
            || func.results.iter().any(|r| ty(r).is_some_and(|dir| dir != ChanDir::Recv)))
        || instrs(func).any(|i| match &i.kind {
            InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                let another = |arg: &Operand| field_of(func, arg).is_some_and(|f| f != field);
                let mut given =
                    call.args.iter().filter(|a| is(a).is_some_and(|d| d != ChanDir::Recv));
                match call.callee {
                    Callee::Builtin(Builtin::Len | Builtin::Cap) => false,
                    Callee::Builtin(Builtin::Close) => !given.all(another),
                    _ => given.next().is_some() || call.dst.iter().any(|d| ty(d).is_some()),
                }
            }
            _ => false,
        })
}
