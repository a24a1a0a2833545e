//! Deferred calls in loops without an end: none of them runs before the function returns.

use crate::facts::Loop;
use crate::report::{Doubt, Retained, Retention};
use crate::retain::{Bodies, Candidate, Gate, alias, leads};
use stanch_base::FxHashSet;
use stanch_effects::Brings;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, Instr, InstrKind, LocalId, LocalKind, Operand, Rvalue,
    SelectOp, Terminator,
};
use stanch_types::{Builtin, ConstValue, ObjectId};

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    for (id, func) in bodies.funcs() {
        for (block, data) in func.blocks.iter_enumerated() {
            if bodies.loops[id][block] != Loop::Endless {
                continue;
            }
            let turns = turns(func, block);
            for (at, instr) in data.instrs.iter().enumerate() {
                let InstrKind::Defer(call) = &instr.kind else { continue };
                if matches!(call.callee, Callee::Builtin(Builtin::Recover))
                    || !leads(func, (block, at), (block, at))
                    || is_for_a_state(bodies, id, func, &turns, block)
                {
                    continue;
                }
                let literal = match &call.callee {
                    Callee::Closure(literal, _) => Some(*literal),
                    _ => None,
                };
                let retention = Retention {
                    package: bodies.module.package,
                    function: func.symbol.clone(),
                    span: instr.span,
                    what: Retained::Deferred {
                        head: head(func, &turns).map(|b| func.blocks[b].term_span),
                        captures: literal.map_or_else(Vec::new, |literal| {
                            let inner = &bodies.module.funcs[literal];
                            let local = |c: &stanch_ir::Capture| &inner.locals[c.inner];
                            inner.captures.iter().map(local).map(|l| l.name.clone()).collect()
                        }),
                    },
                    ty: call
                        .args
                        .first()
                        .map_or(stanch_types::Program::UNKNOWN, |x| bodies.ty(func, x)),
                    doubts: match goes_on(bodies, id, func, &turns, block)
                        && !is_noted(func, &turns, block)
                    {
                        true => Vec::new(),
                        false => vec![Doubt::Frequency],
                    },
                };
                let gate = Gate::Looped;
                bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
            }
        }
    }
}

/// The blocks on the ways from a block back to it.
fn turns(func: &Func, block: BlockId) -> FxHashSet<BlockId> {
    let forward = closure(block, |b| func.blocks[b].term.targets());
    let preds = func.predecessors();
    let back = closure(block, |b| preds[b].clone());
    forward.intersection(&back).copied().collect()
}

fn closure(from: BlockId, next: impl Fn(BlockId) -> Vec<BlockId>) -> FxHashSet<BlockId> {
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut stack = next(from);
    while let Some(block) = stack.pop() {
        if seen.insert(block) {
            stack.extend(next(block));
        }
    }
    seen
}

/// The block of a loop that all its turns come by first.
fn head(func: &Func, turns: &FxHashSet<BlockId>) -> Option<BlockId> {
    func.reverse_postorder().into_iter().find(|block| turns.contains(block))
}

/// Whether a loop takes what others send, for as long as they do, and defers the call for what it took.
fn goes_on(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    turns: &FxHashSet<BlockId>,
    block: BlockId,
) -> bool {
    let Some(head) = head(func, turns) else { return false };
    // A loop that counts or asks ends by itself.
    let endless = !matches!(func.blocks[head].term, Terminator::Branch { .. });
    let within = |from: BlockId| reaches_within(func, turns, head, from, block);
    turns.iter().any(|&at| {
        let data = &func.blocks[at];
        let received = data.instrs.iter().any(|i| match &i.kind {
            InstrKind::Recv { range: true, chan, .. } => !is_made_here(bodies, id, chan),
            InstrKind::Call(call) => endless && is_taken(bodies, call) && within(at),
            _ => false,
        });
        received
            || match &data.term {
                Terminator::Select { arms, .. } => arms.iter().any(|arm| match &arm.op {
                    SelectOp::Recv { chan, dst: Some(_), .. } => {
                        !is_made_here(bodies, id, chan) && within(arm.target)
                    }
                    _ => false,
                }),
                _ => false,
            }
    })
}

/// Whether a call waits for what a peer sends.
fn is_taken(bodies: &Bodies<'_, '_>, call: &Call) -> bool {
    match &call.callee {
        Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
            let keeps = bodies.reader.keeps(*object);
            keeps.brings == Some(Brings::Input) && keeps.waits
        }
        _ => false,
    }
}

/// Whether a channel is of the work that the function does: it has made it.
fn is_made_here(bodies: &Bodies<'_, '_>, id: FuncId, chan: &Operand) -> bool {
    let Operand::Local(local) = chan else { return false };
    bodies.definitions[id][*local].iter().any(|v| match v {
        Rvalue::MakeChan { .. } => true,
        Rvalue::Use(x) => is_made_here(bodies, id, x),
        _ => false,
    })
}

/// Whether a block leads to another within one turn.
fn reaches_within(
    func: &Func,
    turns: &FxHashSet<BlockId>,
    head: BlockId,
    from: BlockId,
    to: BlockId,
) -> bool {
    let next = |b: BlockId| {
        let mut next = func.blocks[b].term.targets();
        next.retain(|b| *b != head && turns.contains(b));
        next
    };
    from == to || turns.contains(&from) && closure(from, next).contains(&to)
}

/// Whether a variable from before the loop is set to true, or false, on the way to a block, and never back:
/// it notes something that comes once.
fn is_noted(func: &Func, turns: &FxHashSet<BlockId>, block: BlockId) -> bool {
    let Some(head) = head(func, turns) else { return false };
    let flag = |instr: &Instr| match &instr.kind {
        InstrKind::Assign(to, Rvalue::Use(Operand::Const(ConstValue::Bool(value), _))) => {
            Some((*to, *value))
        }
        _ => None,
    };
    let instrs = || turns.iter().flat_map(|b| &func.blocks[*b].instrs);
    let lasts = |(local, value): (LocalId, bool)| {
        instrs().all(|i| {
            let mut set = matches!(i.kind, InstrKind::DeclareVar(l) if l == local);
            i.kind.for_each_def(|to| set |= to == local);
            !set || flag(i) == Some((local, value))
        })
    };
    turns
        .iter()
        .filter(|&&at| at != head && reaches_within(func, turns, head, at, block))
        .flat_map(|at| &func.blocks[*at].instrs)
        .filter_map(flag)
        .any(lasts)
}

/// Whether a branch on the way to a block asks for something that earlier turns leave: a state, or whether
/// something has been made.
fn is_for_a_state(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    turns: &FxHashSet<BlockId>,
    block: BlockId,
) -> bool {
    let Some(head) = head(func, turns) else { return true };
    let instrs = || turns.iter().flat_map(|b| &func.blocks[*b].instrs);
    let declared = |local: LocalId| {
        func.locals[local].kind == LocalKind::Temp
            || instrs().any(|i| matches!(i.kind, InstrKind::DeclareVar(l) if l == local))
    };
    let is_set = |local: LocalId| {
        instrs().any(|i| {
            let mut set = false;
            i.kind.for_each_def(|to| set |= to == local);
            set
        })
    };
    let field_is_set = |field: ObjectId| {
        instrs().any(|i| match &i.kind {
            InstrKind::Store(place, _) => alias::end(place) == Some(field),
            _ => false,
        })
    };
    turns.iter().any(|&at| {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &func.blocks[at].term
        else {
            return false;
        };
        let comes = |side: BlockId| reaches_within(func, turns, head, side, block);
        if comes(*then) == comes(*els) {
            return false;
        }
        let mut stack = vec![*cond];
        let mut seen: Vec<LocalId> = Vec::new();
        while let Some(local) = stack.pop() {
            if seen.contains(&local) {
                continue;
            }
            seen.push(local);
            if !declared(local) && is_set(local) {
                return true;
            }
            for value in &bodies.definitions[id][local] {
                if let Rvalue::Load(place) = value
                    && alias::end(place).is_some_and(field_is_set)
                {
                    return true;
                }
                value.for_each_operand(|x| stack.extend(bodies.local(x)));
            }
        }
        false
    })
}
