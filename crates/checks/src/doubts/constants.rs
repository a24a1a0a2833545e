//! Decisions about what is made of constants alone: they have one outcome, only that it was not computed.

use super::values::{decisions, instrs};
use crate::Ctx;
use stanch_effects::Gives;
use stanch_ir::{Callee, Func, InstrKind, LocalId, LocalKind, Operand, Place, PlaceBase, Proj};
use stanch_ir::{Rvalue, Terminator};
use stanch_model::Leak;
use stanch_syntax::ast::BinaryOp;

/// Operations deep to which a value is looked into.
const DEPTH: u32 = 6;

/// Whether the schedule decides something that constants decide.
pub(crate) fn decides_constant(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, _)| {
        let body = &ctx.module.funcs[func];
        let made = |local: &LocalId| is_made(ctx, body, &Operand::Local(*local), DEPTH, false);
        instrs(body).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(to, value) => {
                let ok = match value {
                    Rvalue::MapLookup { ok, .. } | Rvalue::TypeAssert { ok, .. } => ok.as_ref(),
                    _ => None,
                };
                made(ok.unwrap_or(to))
            }
            InstrKind::Call(call) => call.dst.iter().any(made),
            _ => false,
        }) || body.blocks.iter().filter(|b| b.term_span == span).any(|b| match &b.term {
            Terminator::Branch { cond: Operand::Local(cond), .. } => made(cond),
            _ => false,
        })
    })
}

/// Whether a value is computed from constants. `turns`: whether what counts the turns of a loop is one.
fn is_made(ctx: &Ctx<'_>, func: &Func, value: &Operand, depth: u32, turns: bool) -> bool {
    let local = match value {
        Operand::Const(..) | Operand::Nil(_) | Operand::Zero(_) => return true,
        Operand::Local(local) => *local,
        Operand::Func(_) | Operand::Unknown(_) => return false,
    };
    let Some(depth) = depth.checked_sub(1) else { return false };
    let info = &func.locals[local];
    let own = matches!(info.kind, LocalKind::Temp | LocalKind::Var);
    if !own || info.captured_by_ref || info.address_taken {
        return false;
    }
    let made = |x: &Operand, turns: bool| is_made(ctx, func, x, depth, turns);
    let (mut n, mut all) = (0, true);
    for instr in instrs(func) {
        match &instr.kind {
            InstrKind::Assign(to, value) if is_given(*to, value, local) => {
                n += 1;
                // The number of a turn is known in that turn.
                let counts = turns && n > 1 && is_step(func, value, local);
                all &= counts || is_computed(value, turns, &made);
            }
            InstrKind::Store(Place { base: PlaceBase::Local(to), proj }, value) if *to == local => {
                n += usize::from(proj.is_empty());
                all &= made(value, false) && proj.iter().all(|p| is_index(p, &made));
            }
            InstrKind::Call(call) if call.dst.contains(&local) => {
                n += 1;
                let pure = match &call.callee {
                    Callee::Builtin(_) => true,
                    Callee::Static(object, _) => {
                        ctx.effect(*object).is_some_and(|e| e.gives == Gives::Alike)
                    }
                    _ => false,
                };
                all &= pure && call.args.iter().all(|a| made(a, false));
            }
            InstrKind::Recv { dst, .. } if dst.as_ref() == Some(&local) => all = false,
            _ => {}
        }
    }
    all && n > 0 && (n == 1 || turns)
}

/// Whether an assignment gives a local its value.
fn is_given(to: LocalId, value: &Rvalue, local: LocalId) -> bool {
    let ok = match value {
        Rvalue::MapLookup { ok, .. } | Rvalue::TypeAssert { ok, .. } => *ok,
        _ => None,
    };
    to == local || ok == Some(local)
}

fn is_computed(value: &Rvalue, turns: bool, made: &dyn Fn(&Operand, bool) -> bool) -> bool {
    match value {
        Rvalue::Use(x) => made(x, turns),
        Rvalue::Binary(op, a, b) => {
            let part = matches!(op, BinaryOp::Rem | BinaryOp::And);
            made(a, turns || part) && made(b, turns || part)
        }
        Rvalue::Unary(_, x)
        | Rvalue::Convert(x, _)
        | Rvalue::MakeInterface(x, _)
        | Rvalue::Len(x)
        | Rvalue::Cap(x)
        | Rvalue::TypeAssert { x, .. } => made(x, false),
        Rvalue::MakeSlice { elems, len, .. } => elems.iter().chain(len).all(|x| made(x, false)),
        Rvalue::Composite { elems, .. } => elems.iter().all(|e| made(&e.1, false)),
        Rvalue::Slice { x, lo, hi } => {
            [Some(x), lo.as_ref(), hi.as_ref()].into_iter().flatten().all(|x| made(x, false))
        }
        Rvalue::Append { slice, elems, .. } => {
            made(slice, false) && elems.iter().all(|e| made(e, false))
        }
        Rvalue::MapLookup { map, key, .. } => made(map, false) && made(key, false),
        Rvalue::Load(Place { base: PlaceBase::Local(base), proj }) => {
            made(&Operand::Local(*base), false) && proj.iter().all(|p| is_index(p, made))
        }
        Rvalue::MakeMap(_) => true,
        Rvalue::Load(_)
        | Rvalue::AddressOf(_)
        | Rvalue::New(_)
        | Rvalue::MakeChan { .. }
        | Rvalue::MakeClosure(_)
        | Rvalue::MethodValue { .. }
        | Rvalue::Recover => false,
        Rvalue::Other(xs, _) => !xs.is_empty() && xs.iter().all(|x| made(x, false)),
    }
}

fn is_index(proj: &Proj, made: &dyn Fn(&Operand, bool) -> bool) -> bool {
    matches!(proj, Proj::Index(key) if made(key, false))
}

/// Whether a value is a local and a constant more, or less, through one temporary.
fn is_step(func: &Func, value: &Rvalue, local: LocalId) -> bool {
    let adds = |value: &Rvalue| {
        matches!(value, Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, Operand::Local(x), Operand::Const(..))
            if *x == local)
    };
    match value {
        Rvalue::Use(Operand::Local(from)) => instrs(func)
            .any(|i| matches!(&i.kind, InstrKind::Assign(to, value) if to == from && adds(value))),
        value => adds(value),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn constants_decide() {
        let program = |params: &str, condition: &str, mark: &str| {
            stanch_testing::check_shown(
                "abandoned-send",
                &format!(
                    r#"
func f({params}) {{
    c := make(chan int)
    go func() {{ c <- 1 }}()
              {mark}
    if {condition} {{ return }}
    <-c
}}
"#
                ),
            );
        };
        let mark = "//^^^^^^ leak[abandoned-send]: this send";
        program("s string", "s[0] != 'a'", mark);
        program("", "len([]byte(\"abc\")) != 3", "");
        program("", "[]int{1, 2, 3}[1] != 2", "");
        program("n int", "[]int{1, 2, 3}[n] != 2", mark);
    }

    #[test]
    fn room_for_several_counts() {
        let program = |room: &str, mark: &str| {
            stanch_testing::check_shown(
                "abandoned-send",
                &format!(
                    r#"
func f(first, second []string, n int) error {{
    errs := make(chan error, {room})
    for range first {{
        go func() {{ errs <- nil }}()
                  {mark}
    }}
    for range n {{
        go func() {{ errs <- nil }}()
    }}
    return <-errs
}}
"#
                ),
            );
        };
        program("len(first)+len(second)", "");
        program("1", "//^^^^^^^^^^^ leak[abandoned-send]: this send");
    }
}
