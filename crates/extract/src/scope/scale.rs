//! A number of turns, members or places that is large behaves like a smaller one: where a slice counts
//! up to one large number, a small one stands for it, larger than the others in the slice.

use stanch_model::{
    AllocKind, BlockId, Callee, Const, Function, Op, Operand, Part, Prim, Program, Relation,
    SelectOp, Term, visit_term,
};
use std::collections::BTreeSet;

/// From here on a number is large.
const LARGE: i64 = 16;
/// The largest number beside which a large one is replaced, and the least that stands for one.
const BESIDE: i64 = 5;
const LEAST: i64 = 3;
/// Where all numbers are replaced: the largest that stays.
const FEW: i64 = 2;

/// Replaces the one large number that a program counts to; whether there was one.
pub(super) fn scale(program: &mut Program) -> bool {
    let mut counts = BTreeSet::new();
    for instr in program.functions.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs) {
        counted(&instr.op, &mut |n| {
            counts.insert(n);
        });
    }
    let large: Vec<i64> = counts.range(LARGE..).copied().collect();
    let beside = counts.range(..LARGE).next_back().copied().unwrap_or(0);
    let ([large], true) = (large.as_slice(), beside <= BESIDE) else { return false };
    let small = Const::Int((beside + 2).max(LEAST));
    let from = Operand::Const(Const::Int(*large));
    for block in program.functions.iter_mut().flat_map(|f| f.blocks.iter_mut()) {
        for instr in &mut block.instrs {
            replace(&mut instr.op, from, small.into());
        }
    }
    true
}

/// Replaces all numbers but the smallest that a program counts to or hands to functions: the least of them
/// by one, the larger ones by the next; whether there were any.
pub(super) fn scale_all(program: &mut Program) -> bool {
    let mut counts = BTreeSet::new();
    for instr in program.functions.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs) {
        counted(&instr.op, &mut |n| {
            counts.insert(n);
        });
        if let Op::Call(call) | Op::Go(call) | Op::Defer(call) = &instr.op
            && !matches!(call.callee, Callee::Prim(_))
        {
            counts.extend(call.args.iter().filter_map(|a| match a {
                Operand::Const(Const::Int(n)) => Some(*n),
                _ => None,
            }));
        }
    }
    let large: Vec<i64> = counts.range(FEW + 1..).copied().collect();
    for (rank, large) in large.iter().enumerate() {
        let from = Operand::Const(Const::Int(*large));
        let small = Const::Int(FEW + i64::from(rank > 0));
        for block in program.functions.iter_mut().flat_map(|f| f.blocks.iter_mut()) {
            block.instrs.iter_mut().for_each(|i| replace(&mut i.op, from, small.into()));
        }
    }
    !large.is_empty()
}

/// Replaces the one number that a program counts to and that is larger than the sizes that are tried, by
/// one that is not: gives it. It leaves room for every send that is written down one by one. Room for a few stays as
/// it is: that is filled with one more than the sizes that are tried, should somebody take one and leave.
pub(super) fn scale_beyond(program: &mut Program) -> Option<u32> {
    let mut counts = BTreeSet::new();
    let (mut room, mut few, mut senders) = (false, false, 0i64);
    for function in &program.functions {
        for (id, block) in function.blocks.iter_enumerated() {
            // What a loop starts or sends grows with the number.
            let one = i64::from(!in_loop(function, id));
            for instr in &block.instrs {
                counted(&instr.op, &mut |n| {
                    counts.insert(n);
                });
                match &instr.op {
                    Op::Go(_) => senders += one,
                    Op::Call(call) | Op::Defer(call) => {
                        let sends = call.callee == Callee::Prim(Prim::Send);
                        senders += if sends { one } else { 0 };
                    }
                    Op::Alloc { kind: AllocKind::Chan(n) | AllocKind::Semaphore(n), .. } => {
                        room |= matches!(n, Operand::Const(Const::Int(n)) if *n > FEW);
                        few |= matches!(n, Operand::Const(Const::Int(n)) if *n == FEW);
                    }
                    _ => {}
                }
            }
            if let Term::Select { arms, .. } = &block.term {
                let sends = arms.iter().filter(|arm| matches!(arm.op, SelectOp::Send { .. }));
                senders += one * sends.count() as i64;
            }
        }
    }
    let large: Vec<i64> = counts.range(FEW + 1..).copied().collect();
    if large.is_empty() && few && senders <= FEW {
        return u32::try_from(FEW).ok();
    }
    let [large] = large.as_slice() else { return None };
    let small = if room { FEW.max(senders) } else { FEW };
    if small >= *large {
        return None;
    }
    let from = Operand::Const(Const::Int(*large));
    for block in program.functions.iter_mut().flat_map(|f| f.blocks.iter_mut()) {
        block.instrs.iter_mut().for_each(|i| replace(&mut i.op, from, Const::Int(small).into()));
    }
    u32::try_from(small).ok()
}

/// Whether a block lies on a cycle.
fn in_loop(function: &Function, block: BlockId) -> bool {
    let mut seen = BTreeSet::new();
    let mut todo = vec![block];
    while let Some(at) = todo.pop() {
        let mut back = false;
        visit_term(&function.blocks[at].term, &mut |part| {
            if let Part::Block(to) = part {
                back |= to == block;
                if seen.insert(to) {
                    todo.push(to);
                }
            }
        });
        if back {
            return true;
        }
    }
    false
}

/// The constants up to which an instruction counts.
fn counted(op: &Op, found: &mut dyn FnMut(i64)) {
    let mut one = |operand: &Operand| {
        if let Operand::Const(Const::Int(n)) = operand {
            found(*n);
        }
    };
    match op {
        Op::Compare {
            op: Relation::Lt | Relation::Le | Relation::Gt | Relation::Ge, a, b, ..
        } => {
            one(a);
            one(b);
        }
        Op::Alloc { kind: AllocKind::Chan(n) | AllocKind::Semaphore(n), .. } => one(n),
        Op::Alloc { kind: AllocKind::Seq(n, _), .. } => one(n),
        Op::Call(call) => {
            if let (Callee::Prim(Prim::WgAdd | Prim::SemAcquire | Prim::SemRelease), Some(n)) =
                (call.callee, call.args.get(1))
            {
                one(n);
            }
        }
        _ => {}
    }
}

fn replace(op: &mut Op, from: Operand, to: Operand) {
    let one = |operand: &mut Operand| {
        if *operand == from {
            *operand = to;
        }
    };
    match op {
        Op::Compare { a, b, .. } | Op::Arith { a, b, .. } => {
            one(a);
            one(b);
        }
        Op::Assign { src, .. }
        | Op::StoreCell { src, .. }
        | Op::StoreField { src, .. }
        | Op::StoreGlobal { src, .. }
        | Op::Alloc { kind: AllocKind::Cell(src), .. }
        | Op::Alloc { kind: AllocKind::Chan(src) | AllocKind::Semaphore(src), .. }
        | Op::Alloc { kind: AllocKind::Seq(src, _), .. } => one(src),
        Op::Call(call) | Op::Go(call) | Op::Defer(call) => call.args.iter_mut().for_each(one),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::{scale, scale_all, scale_beyond};
    use stanch_model::Program;

    fn scaled(text: &str) -> Option<String> {
        let mut program = Program::parse(text).expect("a program");
        scale(&mut program).then(|| program.to_string())
    }

    #[test]
    fn one_large_number_becomes_small_everywhere() {
        let text = "fn root() {\n  c = chan 100\n  more = i < 100\n  i = i + 1\n  k = i < 2\n}\n";
        let text = scaled(text).expect("a large number");
        assert!(text.contains("chan 4") && text.contains("i < 4") && text.contains("i < 2"));
    }

    #[test]
    fn two_large_numbers_or_a_middling_one_stay() {
        assert_eq!(scaled("fn root() {\n  c = chan 100\n  more = i < 200\n}\n"), None);
        assert_eq!(scaled("fn root() {\n  c = chan 10\n  more = i < 200\n}\n"), None);
        assert_eq!(scaled("fn root() {\n  c = chan 10\n}\n"), None);
    }

    #[test]
    fn a_number_beyond_the_sizes_leaves_room_for_every_send() {
        let beyond = |text: &str| scale_beyond(&mut Program::parse(text).expect("a program"));
        assert_eq!(beyond("fn root() {\n  more = i < 4\n}\n"), Some(2));
        let sends = "  send(c, 1)\n".repeat(3);
        assert_eq!(beyond(&format!("fn root() {{\n  c = chan 3\n{sends}}}\n")), None);
        assert_eq!(beyond(&format!("fn root() {{\n  c = chan 9\n{sends}}}\n")), Some(3));
        assert_eq!(beyond("fn root() {\n  c = chan 4\n  more = i < 5\n}\n"), None);
    }

    #[test]
    fn all_numbers_become_few() {
        let text = "fn root() {\n  c = chan 200\n  more = i < 10\n  k = i < 2\n  f(500)\n}\nfn f(n) {\n}\n";
        let mut program = Program::parse(text).expect("a program");
        assert!(scale_all(&mut program));
        let text = program.to_string();
        assert!(
            text.contains("chan 3") && text.contains("i < 2") && text.contains("\"f\"(3)")
                || text.contains("f(3)")
        );
        assert!(!text.contains("10") && !text.contains("200") && !text.contains("500"));
    }
}
