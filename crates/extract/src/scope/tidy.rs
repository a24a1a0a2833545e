//! Makes a slice shorter without changing what it can do: copies, values nobody reads, decisions that
//! decide nothing, blocks that only lead on. What is left out takes no time in an exploration, and what
//! the ways through it differ in makes no states of its own.

use super::classes::{At, block};
use super::fold::fold;
use stanch_base::{Idx, IndexVec};
use stanch_model::{
    Block, BlockId, Callee, Const, Function, LocalId, Op, Operand, Part, PartMut, Term, successors,
    visit_op, visit_op_mut, visit_targets_mut, visit_term, visit_term_mut,
};

/// A shorter function shows more that can go; few need a third round.
const ROUNDS: usize = 6;

/// A function with the places that its instructions come from.
pub(super) struct Body {
    pub(super) function: Function,
    /// By block and instruction; the made-up ones come from nowhere.
    pub(super) origins: Vec<Vec<Option<At>>>,
}

/// Whether equal ways through a function are one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ways {
    /// Each is its own.
    Each,
    /// Those that do the same are one.
    Folded,
}

/// Makes a function shorter.
pub(super) fn tidy(body: &mut Body, ways: Ways) {
    for _ in 0..ROUNDS {
        let mut changed = thread(&mut body.function);
        changed |= merge(body);
        changed |= copies(&mut body.function);
        changed |= join_moves(body);
        changed |= unread(body);
        changed |= settled(&mut body.function);
        changed |= ways == Ways::Folded && fold(body);
        if !changed {
            break;
        }
    }
    drop_blocks(body);
    drop_locals(&mut body.function);
}

/// Jumps to blocks that only lead on go where those lead.
fn thread(f: &mut Function) -> bool {
    let leads_on: Vec<Option<BlockId>> = f
        .blocks
        .iter()
        .map(|b| match b.term {
            Term::Goto(to) if b.instrs.is_empty() => Some(to),
            _ => None,
        })
        .collect();
    let mut changed = false;
    for body in f.blocks.iter_mut() {
        visit_targets_mut(&mut body.term, &mut |target| {
            for _ in 0..leads_on.len() {
                let Some(to) = leads_on[target.index()].filter(|to| to != target) else { break };
                *target = to;
                changed = true;
            }
        });
    }
    changed
}

/// A block with one way in, from a block with one way out, becomes the end of that one.
fn merge(body: &mut Body) -> bool {
    let f = &mut body.function;
    let mut n_into = vec![0u32; f.blocks.len()];
    n_into[0] = 1;
    let reached = reached(f);
    for (_, b) in f.blocks.iter_enumerated().filter(|(id, _)| reached[id.index()]) {
        successors(&b.term).iter().for_each(|to| n_into[to.index()] += 1);
    }
    let mut changed = false;
    for at in (0..f.blocks.len()).filter(|at| reached[*at]) {
        while let Term::Goto(to) = f.blocks[block(at)].term {
            if to.index() == at || to.index() == 0 || n_into[to.index()] != 1 {
                break;
            }
            let empty =
                Block { instrs: Vec::new(), term: Term::Return, term_site: f.blocks[to].term_site };
            let mut rest = std::mem::replace(&mut f.blocks[to], empty);
            let first = &mut f.blocks[block(at)];
            first.instrs.append(&mut rest.instrs);
            (first.term, first.term_site) = (rest.term, rest.term_site);
            let mut origins = std::mem::take(&mut body.origins[to.index()]);
            body.origins[at].append(&mut origins);
            n_into[to.index()] = 0;
            changed = true;
        }
    }
    changed
}

/// Within a block, what was copied is read where it comes from.
fn copies(f: &mut Function) -> bool {
    let mut changed = false;
    for body in f.blocks.iter_mut() {
        let mut known: Vec<(LocalId, Operand)> = Vec::new();
        for instr in &mut body.instrs {
            visit_op_mut(&mut instr.op, &mut |part| {
                if let PartMut::Use(o) = part {
                    changed |= replace(o, &known);
                }
            });
            visit_op(&instr.op, &mut |part| {
                if let Part::Def(d) = part {
                    known.retain(|(to, from)| *to != d && *from != Operand::Local(d));
                }
            });
            if let Op::Assign { dst, src } = instr.op
                && src != Operand::Local(dst)
                && src != Operand::Unknown
            {
                known.push((dst, src));
            }
        }
        visit_term_mut(&mut body.term, &mut |part| {
            if let PartMut::Use(o) = part {
                changed |= replace(o, &known);
            }
        });
    }
    changed
}

fn replace(operand: &mut Operand, known: &[(LocalId, Operand)]) -> bool {
    let Operand::Local(local) = *operand else { return false };
    let Some((_, from)) = known.iter().find(|(to, _)| *to == local) else { return false };
    *operand = *from;
    true
}

/// A result that is only copied goes where the copy goes.
fn join_moves(body: &mut Body) -> bool {
    let f = &mut body.function;
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
    let kept = shown_by_panics(f);
    let mut changed = false;
    for (b, body_block) in f.blocks.iter_mut().enumerate() {
        let mut at = 0;
        while at < body_block.instrs.len() {
            let Op::Assign { dst, src: Operand::Local(from) } = body_block.instrs[at].op else {
                at += 1;
                continue;
            };
            let single = n_defs[from.index()] == 1 && n_uses[from.index()] == 1 && dst != from;
            let made = made_before(&body_block.instrs[..at], from, dst, kept[dst.index()]);
            let Some(made) = made.filter(|_| single) else {
                at += 1;
                continue;
            };
            rename_def(&mut body_block.instrs[made].op, from, dst);
            body_block.instrs.remove(at);
            body.origins[b].remove(at);
            changed = true;
        }
    }
    changed
}

/// The instruction that makes a value, if the slot it is copied to is not touched from there on.
fn made_before(
    before: &[stanch_model::Instr],
    from: LocalId,
    to: LocalId,
    at_once: bool,
) -> Option<usize> {
    for (n, instr) in before.iter().enumerate().rev() {
        let (mut makes, mut reads, mut writes) = (false, false, false);
        visit_op(&instr.op, &mut |part| match part {
            Part::Def(l) => {
                makes |= l == from;
                writes |= l == to;
            }
            Part::Use(o) => reads |= o == Operand::Local(to),
            _ => {}
        });
        if makes {
            return (!writes).then_some(n);
        }
        if reads || writes || at_once {
            return None;
        }
    }
    None
}

fn rename_def(op: &mut Op, from: LocalId, to: LocalId) {
    visit_op_mut(op, &mut |part| match part {
        PartMut::Def(d) | PartMut::Result(Some(d)) if *d == from => *d = to,
        _ => {}
    });
}

/// Result slots of a function with deferred calls: a panic anywhere shows them.
fn shown_by_panics(f: &Function) -> Vec<bool> {
    let mut shown = vec![false; f.locals.len()];
    let mut instrs = f.blocks.iter().flat_map(|b| &b.instrs);
    if instrs.any(|i| matches!(i.op, Op::Defer(_))) {
        f.results.iter().for_each(|r| shown[r.local.index()] = true);
    }
    shown
}

/// Values that nobody reads are not made where making them does nothing else.
fn unread(body: &mut Body) -> bool {
    let live_out = liveness(&body.function);
    let f = &mut body.function;
    let always = shown_by_panics(f);
    let mut changed = false;
    for (b, code) in f.blocks.iter_mut().enumerate() {
        let mut live = live_out[b].clone();
        let is_live = |live: &[bool], l: LocalId| live[l.index()] || always[l.index()];
        visit_term_mut(&mut code.term, &mut |part| match part {
            PartMut::Result(slot) => {
                changed |= forget(slot, |l| is_live(&live_out[b], l));
            }
            PartMut::Use(Operand::Local(l)) => live[l.index()] = true,
            _ => {}
        });
        for at in (0..code.instrs.len()).rev() {
            let op = &mut code.instrs[at].op;
            visit_op_mut(op, &mut |part| {
                if let PartMut::Result(slot) = part {
                    changed |= forget(slot, |l| is_live(&live, l));
                }
            });
            let mut wanted = !is_silent(op);
            visit_op(op, &mut |part| {
                if let Part::Def(l) = part {
                    wanted |= is_live(&live, l);
                }
            });
            if !wanted {
                code.instrs.remove(at);
                body.origins[b].remove(at);
                changed = true;
                continue;
            }
            step_back(op, &mut live);
        }
    }
    changed
}

fn forget(slot: &mut Option<LocalId>, is_live: impl Fn(LocalId) -> bool) -> bool {
    let unread = slot.is_some_and(|l| !is_live(l));
    if unread {
        *slot = None;
    }
    unread
}

/// Whether an instruction does nothing but make its results.
fn is_silent(op: &Op) -> bool {
    match op {
        Op::Assign { .. }
        | Op::Unknown { .. }
        | Op::SetTag { .. }
        | Op::Direction { .. }
        | Op::LoadGlobal { .. }
        | Op::Closure { .. } => true,
        Op::Call(call) => matches!(call.callee, Callee::Pure(_)),
        _ => false,
    }
}

/// What is live before an instruction, from what is after it.
fn step_back(op: &Op, live: &mut [bool]) {
    visit_op(op, &mut |part| {
        if let Part::Def(l) = part {
            live[l.index()] = false;
        }
    });
    visit_op(op, &mut |part| {
        if let Part::Use(Operand::Local(l)) = part {
            live[l.index()] = true;
        }
    });
}

/// Slots that are read after the end of each block.
fn liveness(f: &Function) -> Vec<Vec<bool>> {
    let mut before = vec![vec![false; f.locals.len()]; f.blocks.len()];
    let mut after = before.clone();
    loop {
        let mut changed = false;
        for (b, code) in f.blocks.iter_enumerated().rev() {
            let mut out = vec![false; f.locals.len()];
            for to in successors(&code.term) {
                out.iter_mut().zip(&before[to.index()]).for_each(|(o, l)| *o |= l);
            }
            if matches!(code.term, Term::Return) {
                f.results.iter().for_each(|r| out[r.local.index()] = true);
            }
            let mut live = out.clone();
            // A slot that one arm of a select sets keeps its value on the others.
            visit_term(&code.term, &mut |part| {
                if let Part::Use(Operand::Local(l)) = part {
                    live[l.index()] = true;
                }
            });
            code.instrs.iter().rev().for_each(|i| step_back(&i.op, &mut live));
            changed |= live != before[b.index()];
            (after[b.index()], before[b.index()]) = (out, live);
        }
        if !changed {
            return after;
        }
    }
}

/// Decisions that are made, or that decide nothing.
fn settled(f: &mut Function) -> bool {
    let mut changed = false;
    for body in f.blocks.iter_mut() {
        let to = match &body.term {
            Term::Branch { cond: Operand::Const(Const::Bool(true)), then, .. } => *then,
            Term::Branch { cond: Operand::Const(Const::Bool(false)), els, .. } => *els,
            Term::Branch { then, els, .. } if then == els => *then,
            Term::TypeSwitch { cases, default, .. }
                if cases.iter().all(|c| c.target == *default) =>
            {
                *default
            }
            _ => continue,
        };
        body.term = Term::Goto(to);
        changed = true;
    }
    changed
}

fn reached(f: &Function) -> Vec<bool> {
    let mut reached = vec![false; f.blocks.len()];
    let mut todo = vec![block(0)];
    while let Some(at) = todo.pop() {
        if !std::mem::replace(&mut reached[at.index()], true) {
            todo.extend(successors(&f.blocks[at].term));
        }
    }
    reached
}

/// Blocks that control does not reach.
fn drop_blocks(body: &mut Body) {
    let f = &mut body.function;
    let reached = reached(f);
    let mut numbers = vec![block(0); f.blocks.len()];
    let (mut blocks, mut origins) = (IndexVec::new(), Vec::new());
    let all = std::mem::take(&mut f.blocks);
    for (n, code) in all.into_iter().enumerate().filter(|(n, _)| reached[*n]) {
        numbers[n] = blocks.push(code);
        origins.push(std::mem::take(&mut body.origins[n]));
    }
    for code in blocks.iter_mut() {
        visit_targets_mut(&mut code.term, &mut |to| *to = numbers[to.index()]);
    }
    (f.blocks, body.origins) = (blocks, origins);
}

/// Slots that nothing names; captures and parameters stay.
fn drop_locals(f: &mut Function) {
    let mut named = vec![false; f.locals.len()];
    named[..(f.n_captures + f.n_params) as usize].fill(true);
    f.results.iter().for_each(|r| named[r.local.index()] = true);
    let mut note = |part: Part| {
        if let Part::Use(Operand::Local(l)) | Part::Def(l) = part {
            named[l.index()] = true;
        }
    };
    for b in &f.blocks {
        b.instrs.iter().for_each(|i| visit_op(&i.op, &mut note));
        visit_term(&b.term, &mut note);
    }
    let mut numbers = vec![LocalId::from_usize(0); f.locals.len()];
    let mut locals = IndexVec::new();
    let all = std::mem::take(&mut f.locals);
    for (n, name) in all.into_iter().enumerate().filter(|(n, _)| named[*n]) {
        numbers[n] = locals.push(name);
    }
    f.locals = locals;
    f.results.iter_mut().for_each(|r| r.local = numbers[r.local.index()]);
    let mut rename = |part: PartMut<'_>| match part {
        PartMut::Use(Operand::Local(l)) | PartMut::Def(l) | PartMut::Result(Some(l)) => {
            *l = numbers[l.index()];
        }
        PartMut::Use(_) | PartMut::Result(None) => {}
    };
    for b in f.blocks.iter_mut() {
        b.instrs.iter_mut().for_each(|i| visit_op_mut(&mut i.op, &mut rename));
        visit_term_mut(&mut b.term, &mut rename);
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, Ways, tidy};
    use stanch_base::IndexVec;
    use stanch_model::{FnId, Function, Program};

    fn tidied(text: &str) -> String {
        shortened(text, Ways::Each)
    }

    fn shortened(text: &str, ways: Ways) -> String {
        let mut program = Program::parse(text).expect("a program");
        let mut functions: IndexVec<FnId, Function> = IndexVec::new();
        for function in std::mem::take(&mut program.functions) {
            let origins = function.blocks.iter().map(|b| vec![None; b.instrs.len()]).collect();
            let mut body = Body { function, origins };
            tidy(&mut body, ways);
            for (block, origins) in body.function.blocks.iter().zip(&body.origins) {
                assert_eq!(block.instrs.len(), origins.len());
            }
            functions.push(body.function);
        }
        program.functions = functions;
        program.to_string()
    }

    #[test]
    fn copies_and_what_nobody_reads_go() {
        let text = "fn f(c) -> (r) {\n  r = nil\n  a, b = pure()\n  e = b\n  x = e\n  n = x != nil\n  if n p else q\n\
                    p:\n  r = nil\n  return\nq:\n  goto s\ns:\n  v, w = recv(c)\n  r = v\n  return\n}\n";
        let text = tidied(text);
        assert!(text.contains("_, b = pure()") || text.contains("_, x = pure()"), "{text}");
        assert!(text.contains("r, _ = recv(c)") && !text.contains("goto"), "{text}");
        assert_eq!(text.matches("r = nil").count(), 1, "{text}");
    }

    #[test]
    fn what_a_panic_shows_stays() {
        let text = "fn f(c) -> (r) {\n  r = 1\n  defer close(c)\n  v = pure()\n  close(c)\n  r = v\n  rundefers\n  return\n}\n";
        let text = tidied(text);
        assert!(text.contains("r = 1") && text.contains("v = pure()"), "{text}");
    }

    #[test]
    fn returns_that_do_the_same_are_one() {
        let text = "fn f(c) -> (r) {\n  _, e = pure()\n  k = e != nil\n  if k p else q\np:\n  r = nil\n  return\n\
                    q:\n  e2 = pure()\n  k2 = e2 == nil\n  if k2 s else t\nt:\n  r = nil\n  return\n\
                    s:\n  b = pure()\n  if b u else v\nu:\n  r = nil\n  return\n\
                    v:\n  send(c, 1)\n  r = c\n  return\n}\n";
        let each = shortened(text, Ways::Each);
        assert_eq!(
            (each.matches("r = nil").count(), each.matches("if ").count()),
            (3, 3),
            "{each}"
        );
        let folded = shortened(text, Ways::Folded);
        let counts = (folded.matches("r = nil").count(), folded.matches("if ").count());
        assert_eq!(counts, (1, 1), "{folded}");
        assert!(folded.contains("send(c, 1)"), "{folded}");
    }

    #[test]
    fn a_question_that_is_asked_again_is_no_free_choice() {
        let text = "fn f(c) {\n  e = pure()\n  k = e != nil\n  if k p else q\np:\n  return\n\
                    q:\n  b = pure()\n  if b p else v\nv:\n  k = e != nil\n  if k u else w\n\
                    u:\n  close(c)\n  return\nw:\n  send(c, 1)\n  return\n}\n";
        let folded = shortened(text, Ways::Folded);
        assert_eq!(folded.matches("e != nil").count(), 2, "{folded}");
        assert_eq!(folded.matches("if ").count(), 3, "{folded}");
    }

    #[test]
    fn operations_that_are_waited_for_stay_apart() {
        let text = "fn f(c, u) {\n  if u a else b\na:\n  send(c, 1)\n  return\nb:\n  send(c, 1)\n  return\n}\n";
        assert_eq!(shortened(text, Ways::Folded).matches("send").count(), 2);
    }

    #[test]
    fn decisions_that_decide_nothing_go() {
        let text = "fn f(c, u) {\n  if u a else b\na:\n  goto e\nb:\n  goto e\ne:\n  k = true\n  if k x else y\n\
                    x:\n  close(c)\n  return\ny:\n  send(c, 1)\n  return\n}\n";
        let text = tidied(text);
        assert!(
            !text.contains("if ") && !text.contains("send") && text.contains("close(c)"),
            "{text}"
        );
    }
}
