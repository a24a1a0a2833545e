//! Branches of which one way ends the process: who goes on knows what was asked. Where that is what a
//! function of the slice has given, other ways through that function do not come here.

use super::Scopes;
use super::classes::{At, block};
use stanch_model::{FnId, LocalId, Op, Operand, Term};

/// Copies, comparisons and negations that are looked through.
const STEPS: u32 = 4;

/// The blocks of a function that end in such a branch, each with the calls that its condition asks.
pub(super) type Guards = Vec<(usize, Vec<At>)>;

impl Scopes<'_> {
    /// The calls whose results decide at the end of a block whether the process ends.
    pub(super) fn guards(&self, id: FnId, panics: bool, at: usize) -> &[At] {
        let all = self.guards[id][usize::from(panics)].get_or_init(|| self.all_guards(id, panics));
        let found = all.binary_search_by_key(&at, |g| g.0);
        found.map_or(&[], |n| all[n].1.as_slice())
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
                let mut calls = Vec::new();
                self.asked(id, *cond, STEPS, &mut calls);
                if !calls.is_empty() {
                    all.push((at, calls));
                }
            }
        }
        all
    }

    /// The calls that give what a local is made of.
    fn asked(&self, id: FnId, local: LocalId, steps: u32, calls: &mut Vec<At>) {
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
                        calls.push(At { block, instr: n as u32 });
                        continue;
                    }
                    _ => continue,
                };
                for from in operands.into_iter().flatten() {
                    self.asked(id, from, steps - 1, calls);
                }
            }
        }
    }
}
