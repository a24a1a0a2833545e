//! Slices in which nobody can get blocked: nothing in them waits, or there is but one goroutine and all it
//! waits for is locks.

use super::operations::{takes, waits};
use stanch_model::{AllocKind, Bindable, Callee, Op, Operand, Prim, Program, SelectOp, Term};

/// What may be waited for in a slice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Waiting {
    /// Nothing.
    Never,
    /// Locks, by one goroutine.
    Alone,
    /// More.
    Shared,
}

/// What may be waited for in a program.
pub(crate) fn waiting(program: &Program) -> Waiting {
    let (mut locks, mut others, mut starts) = (false, false, false);
    let mut prim = |prim: Prim| {
        locks |= takes(prim);
        others |= waits(prim);
    };
    for block in program.functions.iter().flat_map(|f| &f.blocks) {
        for instr in &block.instrs {
            match &instr.op {
                Op::Call(call) | Op::Go(call) | Op::Defer(call) => {
                    starts |= matches!(instr.op, Op::Go(_));
                    if let Callee::Prim(p) = call.callee
                        && call.args.first() != Some(&Operand::Unknown)
                    {
                        prim(p);
                    }
                }
                Op::Closure { callee: Bindable::Prim(p), .. } => prim(*p),
                Op::Alloc {
                    kind: AllocKind::AfterFunc(_) | AllocKind::AfterContext(..), ..
                } => {
                    starts = true;
                }
                _ => {}
            }
        }
    }
    others |= program.functions.iter().flat_map(|f| &f.blocks).any(|b| match &b.term {
        Term::Select { arms, default: None } => !arms.iter().any(|arm| match &arm.op {
            SelectOp::Send { chan, .. } | SelectOp::Recv { chan, .. } => *chan == Operand::Unknown,
        }),
        _ => false,
    });
    match (others, locks, starts) {
        (true, ..) | (_, true, true) => Waiting::Shared,
        (false, true, false) => Waiting::Alone,
        (false, false, _) => Waiting::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::{Waiting, waiting};
    use stanch_model::Program;

    fn of(body: &str) -> Waiting {
        let text = format!("fn root(c, m) {{\n{body}}}\nfn f(m) {{\n}}\n");
        waiting(&Program::parse(&text).expect("a program"))
    }

    #[test]
    fn what_waits() {
        assert_eq!(of("  close(c)\n"), Waiting::Never);
        assert_eq!(of("  select { recv c -> a; default -> a }\na:\n"), Waiting::Never);
        assert_eq!(of("  select { recv c -> a; recv ? -> a }\na:\n"), Waiting::Never);
        assert_eq!(of("  select { recv c -> a; send c, 1 -> a }\na:\n"), Waiting::Shared);
        assert_eq!(of("  send(c, 1)\n"), Waiting::Shared);
        assert_eq!(of("  lock(m)\n"), Waiting::Alone);
        assert_eq!(of("  lock(m)\n  go f(m)\n"), Waiting::Shared);
    }
}
