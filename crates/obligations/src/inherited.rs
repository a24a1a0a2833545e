//! Contexts that end with one which every caller makes and ends itself.

use crate::package::Package;
use crate::visit;
use stanch_base::FxHashSet;
use stanch_effects::Op;
use stanch_ir::{Call, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, Span};

/// Contexts are followed back through so many variables and values.
const MAX_DEPTH: u32 = 8;

/// Whether the context that is made at a place of a function is a child of a parameter, and all that call the
/// function are in view and give it one that they made: its end, which is theirs to bring about, is the end of
/// the child.
pub(crate) fn ends_with_callers(package: &Package<'_>, id: FuncId, span: Span) -> bool {
    let Some(func) = package.module.funcs.get(id) else { return false };
    let name = func.object.map(|o| package.program.object_name(o));
    if !name.is_some_and(|name| name.starts_with(|c: char| !c.is_uppercase())) {
        return false;
    }
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs).filter(|i| i.span == span);
    let mut made = instrs.filter_map(|instr| match &instr.kind {
        InstrKind::Call(call) => call.args.first(),
        _ => None,
    });
    let param = made.next().and_then(|parent| param_of(package, func, parent));
    let Some(param) = param else { return false };
    let is_it = |call: &&Call| package.body(&call.callee) == Some(id);
    let mut called = 0;
    let all = package.module.funcs.iter().all(|caller| {
        visit::kinds(caller).all(|kind| match kind {
            InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                Some(call).filter(is_it).is_none_or(|call| {
                    called += 1;
                    let given = call.args.get(param);
                    given.is_some_and(|given| is_own(package, caller, given, MAX_DEPTH))
                })
            }
            InstrKind::Assign(_, Rvalue::Use(Operand::Func(object))) => {
                Some(*object) != func.object
            }
            _ => true,
        })
    });
    all && called > 0
}

/// The parameter that a context is, or is made from by adding values.
fn param_of(package: &Package<'_>, func: &Func, context: &Operand) -> Option<usize> {
    let mut seen: FxHashSet<LocalId> = FxHashSet::default();
    let mut found = None;
    let mut work = vec![context];
    while let Some(context) = work.pop() {
        let Operand::Local(local) = context else { return None };
        if !seen.insert(*local) {
            continue;
        }
        // What the variable gets from the child itself comes later.
        if let Some(i) = func.params.iter().position(|p| p == local) {
            found = Some(i);
            continue;
        }
        for kind in visit::kinds(func) {
            let mut defines = false;
            visit::defs(kind, &mut |l| defines |= l == *local);
            match kind {
                _ if !defines => {}
                InstrKind::DeclareVar(_) => {}
                InstrKind::Assign(_, Rvalue::Use(from) | Rvalue::Convert(from, _)) => {
                    work.push(from)
                }
                InstrKind::Call(call) if package.op(&call.callee) == Op::ContextWithValue => {
                    work.push(call.args.first()?);
                }
                _ => return None,
            }
        }
    }
    found
}

/// Whether a context is one that a function makes itself, with a function that ends it.
fn is_own(package: &Package<'_>, func: &Func, context: &Operand, depth: u32) -> bool {
    let (Operand::Local(local), Some(depth)) = (context, depth.checked_sub(1)) else {
        return false;
    };
    let mut sources = 0;
    let own = visit::kinds(func).all(|kind| {
        let mut defines = false;
        visit::defs(kind, &mut |l| defines |= l == *local);
        if !defines || matches!(kind, InstrKind::DeclareVar(_)) {
            return true;
        }
        sources += 1;
        match kind {
            InstrKind::Assign(_, Rvalue::Use(from) | Rvalue::Convert(from, _)) => {
                is_own(package, func, from, depth)
            }
            InstrKind::Call(call) => match package.op(&call.callee) {
                Op::ContextWithCancel => true,
                Op::ContextWithValue => {
                    call.args.first().is_some_and(|of| is_own(package, func, of, depth))
                }
                _ => false,
            },
            _ => false,
        }
    });
    own && sources > 0
}
