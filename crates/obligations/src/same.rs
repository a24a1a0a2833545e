//! Functions that return an argument as it came (`must(os.Open(name))`): the result is what the argument is.

use crate::calls::Invocation;
use crate::exec::Run;
use crate::state::State;
use crate::term::Term;
use crate::visit;
use stanch_ir::{Func, FuncId, InstrKind, LocalId, Operand, Rvalue};

impl<'a> Run<'a, '_> {
    /// The result that is an argument which something is owed for, and which argument, if the function
    /// does nothing else with it.
    pub(crate) fn same_result(
        &self,
        state: &State,
        callee: FuncId,
        call: &Invocation<'a>,
    ) -> Option<(usize, usize)> {
        if self.learning || state.owed.is_empty() || call.dst.is_empty() {
            return None;
        }
        let func = self.package.module.funcs.get(callee)?;
        let lends = self.package.facts[callee].lends;
        call.args.iter().enumerate().find_map(|(i, &arg)| {
            let owed = match *self.arena.get(self.arena.unboxed(arg)) {
                Term::Owed(site) => state.owed.contains_key(&site),
                _ => false,
            };
            let &param = func.params.get(i).filter(|_| owed && lends.only_returns(i))?;
            let result = func.results.iter().position(|&r| is_param(func, r, param))?;
            (result < call.dst.len()).then_some((result, i))
        })
    }
}

/// Whether a result never holds anything but a parameter, which is never assigned.
fn is_param(func: &Func, result: LocalId, param: LocalId) -> bool {
    let mut holds = false;
    for kind in visit::kinds(func) {
        let (mut result_defined, mut param_defined) = (false, false);
        visit::defs(kind, &mut |l| {
            result_defined |= l == result;
            param_defined |= l == param;
        });
        if param_defined {
            return false;
        }
        if result_defined && !matches!(kind, InstrKind::DeclareVar(_)) {
            match kind {
                InstrKind::Assign(_, Rvalue::Use(Operand::Local(from))) if *from == param => {
                    holds = true;
                }
                _ => return false,
            }
        }
    }
    holds && func.params.iter().all(|&p| !func.locals[p].address_taken || p != param)
}
