//! Branches of which one way ends the process: who goes on knows what was asked. Where that is what a
//! function of the slice has given, other ways through that function do not come here; where it is a parameter
//! for which some caller has a constant, nor do its calls; where the slice asks the same elsewhere, the answer
//! is the same.

use super::Scopes;
use super::classes::{At, block};
use stanch_base::{FxHashSet, Idx};
use stanch_model::{
    Callee, Const, FnId, Function, LocalId, Op, Operand, Part, Program as Model, Term, visit_op,
    visit_term,
};

/// Copies, comparisons and negations that are looked through.
const STEPS: u32 = 4;

/// The blocks of a function that end in such a branch, in order.
pub(super) type Guards = Vec<Guard>;

/// What the branch at the end of a block asks.
#[derive(Default)]
pub(super) struct Guard {
    block: usize,
    /// The calls that give it.
    calls: Vec<At>,
    /// The locals that hold it on the way.
    locals: Vec<LocalId>,
    /// Whether a parameter gives it that is a constant in some call.
    constant: bool,
}

impl Scopes<'_> {
    /// Whether it decides at the end of a block if the process ends, and what functions of the slice gave, or
    /// a parameter, is asked, or what the slice needs anyway.
    pub(super) fn is_guard(
        &self,
        id: FnId,
        panics: bool,
        at: usize,
        in_slice: impl Fn(At) -> bool,
        is_needed: impl Fn(LocalId) -> bool,
    ) -> bool {
        let all = self.guards[id][usize::from(panics)].get_or_init(|| self.all_guards(id, panics));
        let found = all.binary_search_by_key(&at, |g| g.block).ok().and_then(|n| all.get(n));
        found.is_some_and(|g| {
            g.constant
                || g.calls.iter().any(|call| in_slice(*call))
                || g.locals.iter().any(|local| is_needed(*local))
        })
    }

    fn all_guards(&self, id: FnId, panics: bool) -> Guards {
        let shape = self.shapes.get(id, panics);
        let mut all = Guards::new();
        for (at, targets) in shape.targets.iter().enumerate() {
            let Term::Branch { cond: Operand::Local(cond), then, els } =
                &self.model.functions[id].blocks[block(at)].term
            else {
                continue;
            };
            if let ([_], true) = (targets.as_slice(), then != els) {
                let mut guard = Guard { block: at, ..Guard::default() };
                self.asked(id, *cond, STEPS, &mut guard);
                all.push(guard);
            }
        }
        all
    }

    /// What gives what a local is made of.
    fn asked(&self, id: FnId, local: LocalId, steps: u32, guard: &mut Guard) {
        if guard.locals.contains(&local) {
            return;
        }
        guard.locals.push(local);
        guard.constant |=
            self.constant_inputs.contains(&(id, local)) || is_nil(&self.model.functions[id], local);
        let from = |o: &Operand| match o {
            Operand::Local(from) if steps > 0 => Some(*from),
            _ => None,
        };
        for (block, body) in self.model.functions[id].blocks.iter_enumerated() {
            for (n, instr) in body.instrs.iter().enumerate() {
                let operands = match &instr.op {
                    Op::Assign { dst, src } if *dst == local => [from(src), None],
                    Op::Not { dst, a } if *dst == local => [from(a), None],
                    Op::Compare { dst, a, b, .. } if *dst == local => [from(a), from(b)],
                    Op::Call(call) if call.dst.contains(&Some(local)) => {
                        guard.calls.push(At { block, instr: n as u32 });
                        continue;
                    }
                    _ => continue,
                };
                for from in operands.into_iter().flatten() {
                    self.asked(id, from, steps - 1, guard);
                }
            }
        }
    }
}

/// Whether a local is nil, and nothing else is ever assigned to it.
fn is_nil(function: &Function, local: LocalId) -> bool {
    let n_in = (function.n_captures + function.n_params) as usize;
    let (mut nil, mut other) = (false, local.index() < n_in);
    for block in &function.blocks {
        for instr in &block.instrs {
            match &instr.op {
                Op::Assign { dst, src: Operand::Const(Const::Nil) } => nil |= *dst == local,
                op => visit_op(op, &mut |part| {
                    other |= matches!(part, Part::Def(l) if l == local);
                }),
            }
        }
        visit_term(&block.term, &mut |part| {
            other |= matches!(part, Part::Def(l) if l == local);
        });
    }
    nil && !other
}

/// The parameters for which some caller gives a constant.
pub(super) fn constant_inputs(model: &Model) -> FxHashSet<(FnId, LocalId)> {
    let mut found = FxHashSet::default();
    for instr in model.functions.iter().flat_map(|f| &f.blocks).flat_map(|b| &b.instrs) {
        let (Op::Call(call) | Op::Go(call) | Op::Defer(call)) = &instr.op else { continue };
        let Callee::Fn(callee) = call.callee else { continue };
        let first = model.functions.get(callee).map_or(0, |f| f.n_captures as usize);
        let constants = call.args.iter().enumerate().filter(|(_, a)| {
            matches!(a, Operand::Const(Const::Bool(_) | Const::Int(_) | Const::Sym(_)))
        });
        found.extend(constants.map(|(n, _)| (callee, LocalId::from_usize(first + n))));
    }
    found
}
