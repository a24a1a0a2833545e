//! Ways that do the same become one: blocks that are equal but for their places in the source, and chains
//! of decisions that nothing else asks about (the error returns of a function, one after the other).
//!
//! What a function can do stays the same. Which of several equal returns a schedule takes is lost, so what
//! is found in such a slice is told from one in which every way is its own.

use super::classes::block;
use super::emit::CHOICE;
use super::tidy::Body;
use stanch_base::Idx;
use stanch_model::{
    Block, BlockId, Callee, Function, Instr, LocalId, Op, Operand, Part, Term, TypeCase, TypeTag,
    UnknownKind, successors, visit_op, visit_targets_mut, visit_term,
};

/// A chain of decisions that leads to more places than this stays as it is.
const MAX_EXITS: usize = 6;

/// Brings equal ways together; whether there were any.
pub(super) fn fold(body: &mut Body) -> bool {
    let mut changed = equal_blocks(&mut body.function);
    changed |= chains(body);
    changed
}

/// Jumps to a block that is equal to an earlier one go there.
fn equal_blocks(f: &mut Function) -> bool {
    let n = f.blocks.len();
    let mut changed = false;
    loop {
        let mut same: Vec<BlockId> = f.blocks.ids().collect();
        let mut any = false;
        for at in 1..n {
            let code = &f.blocks[block(at)];
            if !code.instrs.iter().all(|i| is_local(&i.op)) || !is_local_term(&code.term) {
                continue;
            }
            let earlier =
                (0..at).find(|e| same[*e] == block(*e) && are_equal(&f.blocks[block(*e)], code));
            if let Some(earlier) = earlier {
                same[at] = block(earlier);
                any = true;
            }
        }
        let mut moved = false;
        for code in f.blocks.iter_mut().filter(|_| any) {
            visit_targets_mut(&mut code.term, &mut |to| {
                let first = same[to.index()];
                moved |= *to != first;
                *to = first;
            });
        }
        if !moved {
            return changed;
        }
        changed = true;
    }
}

fn are_equal(a: &Block, b: &Block) -> bool {
    a.term == b.term
        && a.instrs.len() == b.instrs.len()
        && a.instrs.iter().zip(&b.instrs).all(|(a, b)| a.op == b.op)
}

/// Whether it does not matter at which place of the source an instruction stands: nobody waits there, and
/// nothing is made.
fn is_local(op: &Op) -> bool {
    match op {
        Op::Assign { .. }
        | Op::Unknown { .. }
        | Op::Compare { .. }
        | Op::Arith { .. }
        | Op::Not { .. }
        | Op::SetTag { .. }
        | Op::Direction { .. }
        | Op::Assert { .. }
        | Op::LoadCell { .. }
        | Op::StoreCell { .. }
        | Op::LoadField { .. }
        | Op::StoreField { .. }
        | Op::LoadGlobal { .. }
        | Op::StoreGlobal { .. }
        | Op::RunDefers => true,
        Op::Call(call) => matches!(call.callee, Callee::Pure(_)),
        Op::Choose { .. }
        | Op::Alloc { .. }
        | Op::NewContext { .. }
        | Op::Closure { .. }
        | Op::Part { .. }
        | Op::CopyStruct { .. }
        | Op::Go(_)
        | Op::Defer(_)
        | Op::Recover { .. } => false,
    }
}

fn is_local_term(term: &Term) -> bool {
    match term {
        Term::Goto(_)
        | Term::Branch { .. }
        | Term::TypeSwitch { .. }
        | Term::Return
        | Term::Panic(_)
        | Term::Goexit
        | Term::Exit => true,
        Term::Select { .. } => false,
    }
}

/// A block that only decides, and leads to others that only decide, decides at once where those lead.
fn chains(body: &mut Body) -> bool {
    let f = &mut body.function;
    let free = free_blocks(f);
    let mut changed = false;
    for at in (0..f.blocks.len()).filter(|at| free[*at]) {
        let targets = successors(&f.blocks[block(at)].term);
        if !targets.iter().any(|to| free[to.index()]) {
            continue;
        }
        let exits = exits(f, &free, at);
        if exits.is_empty() || exits.len() > MAX_EXITS {
            continue;
        }
        let code = &mut f.blocks[block(at)];
        match (&mut code.term, exits.as_slice()) {
            (Term::Branch { then, els, .. }, [first, second]) => (*then, *els) = (*first, *second),
            (term, [only]) => *term = Term::Goto(*only),
            (term, _) => {
                *term = choice(&exits);
                code.instrs.clear();
                body.origins[at].clear();
            }
        }
        changed = true;
    }
    changed
}

/// One of several blocks, whichever.
fn choice(targets: &[BlockId]) -> Term {
    let cases = targets.iter().skip(1).enumerate().map(|(n, target)| TypeCase {
        tags: vec![TypeTag(CHOICE + n as u32)],
        nil: false,
        target: *target,
    });
    let default = targets.first().copied().unwrap_or(block(0));
    Term::TypeSwitch { value: Operand::Unknown, cases: cases.collect(), default }
}

/// Where a block leads through blocks that only decide, nearest first.
fn exits(f: &Function, free: &[bool], from: usize) -> Vec<BlockId> {
    let mut seen = vec![false; f.blocks.len()];
    let (mut exits, mut todo) = (Vec::new(), std::collections::VecDeque::from([block(from)]));
    seen[from] = true;
    while let Some(at) = todo.pop_front() {
        for to in successors(&f.blocks[at].term) {
            if std::mem::replace(&mut seen[to.index()], true) {
                continue;
            }
            if free[to.index()] { todo.push_back(to) } else { exits.push(to) }
        }
    }
    exits
}

/// Blocks that do nothing but go one of several ways, each at any time: by a value that is made for it.
fn free_blocks(f: &Function) -> Vec<bool> {
    let (mut n_defs, mut n_uses) = (vec![0u32; f.locals.len()], vec![0u32; f.locals.len()]);
    let n_in = (f.n_captures + f.n_params) as usize;
    n_defs[..n_in].fill(2);
    f.results.iter().for_each(|r| n_uses[r.local.index()] += 2);
    let mut count = |part: Part| match part {
        Part::Use(Operand::Local(l)) => n_uses[l.index()] += 1,
        Part::Def(l) => n_defs[l.index()] += 1,
        _ => {}
    };
    for b in &f.blocks {
        b.instrs.iter().for_each(|i| visit_op(&i.op, &mut count));
        visit_term(&b.term, &mut count);
    }
    let once = |l: LocalId| n_defs[l.index()] == 1 && n_uses[l.index()] == 1;
    f.blocks.iter().map(|code| is_free(code, &once)).collect()
}

/// `once`: whether a slot is set and read at one place each.
fn is_free(code: &Block, once: &dyn Fn(LocalId) -> bool) -> bool {
    // Made here and not read yet: values of which nothing is known, and answers that depend on one.
    let (mut unknown, mut answers): (Vec<LocalId>, Vec<LocalId>) = (Vec::new(), Vec::new());
    for Instr { op, .. } in &code.instrs {
        match op {
            Op::Unknown { dst, kind: UnknownKind::Any } if once(*dst) => unknown.push(*dst),
            Op::Call(call) if call.callee == Callee::Pure(UnknownKind::Any) => {
                if !call.dst.iter().flatten().all(|d| once(*d)) {
                    return false;
                }
                unknown.extend(call.dst.iter().flatten());
            }
            Op::Compare { dst, a, b, .. } if once(*dst) => {
                if !take(&mut unknown, a) && !take(&mut unknown, b) {
                    return false;
                }
                answers.push(*dst);
            }
            Op::Not { dst, a } if once(*dst) => {
                if !take(&mut unknown, a) && !take(&mut answers, a) {
                    return false;
                }
                answers.push(*dst);
            }
            _ => return false,
        }
    }
    let decides = match &code.term {
        Term::Branch { cond: Operand::Unknown, .. }
        | Term::TypeSwitch { value: Operand::Unknown, .. } => true,
        Term::Branch { cond, .. } => take(&mut unknown, cond) || take(&mut answers, cond),
        Term::TypeSwitch { value, .. } => take(&mut unknown, value),
        _ => false,
    };
    decides && unknown.is_empty() && answers.is_empty()
}

fn take(from: &mut Vec<LocalId>, operand: &Operand) -> bool {
    let Operand::Local(local) = operand else { return false };
    let at = from.iter().position(|l| l == local);
    at.map(|at| from.swap_remove(at)).is_some()
}
