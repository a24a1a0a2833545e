//! Turns of loops in which what a field holds is not replaced while it is open: the call that replaces it has
//! failed, or another turn has emptied it.

use super::Search;
use super::full::empties;
use super::uses::{Site, instrs};
use crate::flow::reverse_postorder;
use crate::package::successors;
use crate::visit;
use stanch_base::Idx;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, Proj, Rvalue, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ObjectId;

impl Search<'_, '_> {
    /// Whether the loop around a place also calls what closes the field's content and empties it, but in
    /// turns of its own: then what decides between the two may well call them by turns.
    pub(super) fn alternates(&self, id: FuncId, func: &Func, field: ObjectId, site: Site) -> bool {
        let order = reverse_postorder(func);
        let leads = |from: BlockId, to: BlockId, again: bool| {
            let mut seen = vec![false; func.blocks.len()];
            let mut work = vec![from];
            let mut found = false;
            while let Some(block) = work.pop() {
                successors(&func.blocks[block].term, &mut |next| {
                    if again || order[next] > order[block] {
                        found |= next == to;
                        if !std::mem::replace(&mut seen[next.index()], true) {
                            work.push(next);
                        }
                    }
                });
            }
            found
        };
        instrs(func).any(|(block, _, kind)| {
            let InstrKind::Call(call) = kind else { return false };
            let clears = self.package.body(&call.callee).is_some_and(|body| {
                self.uses.is_closer(body, field)
                    && self.package.module.funcs.get(body).is_some_and(|f| empties(f, field))
            });
            clears
                && block != site.0
                && leads(site.0, block, true)
                && leads(block, site.0, true)
                && !leads(site.0, block, false)
                && !leads(block, site.0, false)
                && self.uses.empties(id, kind, field)
        })
    }

    /// The error of a call that replaces what a field holds, where a call that fails has not.
    pub(super) fn error_of(&self, func: &Func, field: ObjectId, site: Site) -> Option<LocalId> {
        let InstrKind::Call(call) = &func.blocks[site.0].instrs.get(site.1)?.kind else {
            return None;
        };
        let is_error = |&&local: &&LocalId| {
            func.locals.get(local).is_some_and(|l| self.package.is_error(l.ty))
        };
        let error = *call.dst.iter().find(is_error)?;
        let Callee::Static(..) = call.callee else { return None };
        let callee = self.package.module.funcs.get(self.package.body(&call.callee)?)?;
        let result = *callee
            .results
            .iter()
            .find(|&&r| callee.locals.get(r).is_some_and(|l| self.package.is_error(l.ty)))?;
        let mut stores = instrs(callee).filter(|(_, _, kind)| match kind {
            InstrKind::Store(place, _) => {
                matches!(place.proj.last(), Some(&Proj::Field(_, f)) if f == field)
            }
            _ => false,
        });
        let (block, index, _) = stores.next()?;
        (stores.next().is_none() && succeeds_after(callee, result, (block, index))).then_some(error)
    }
}

/// Whether a function sets its error to nothing else than nil after a place.
fn succeeds_after(func: &Func, error: LocalId, site: Site) -> bool {
    let mut seen = vec![false; func.blocks.len()];
    let mut work = vec![(site.0, site.1 + 1)];
    let mut set = false;
    while let Some((block, first)) = work.pop() {
        let data = &func.blocks[block];
        for instr in data.instrs.iter().skip(first) {
            let mut defines = false;
            visit::defs(&instr.kind, &mut |local| defines |= local == error);
            if !defines {
                continue;
            }
            if !matches!(instr.kind, InstrKind::Assign(_, Rvalue::Use(Operand::Nil(_)))) {
                return false;
            }
            set = true;
        }
        successors(&data.term, &mut |next| {
            if !std::mem::replace(&mut seen[next.index()], true) {
                work.push((next, 0));
            }
        });
    }
    set
}

/// The successor of a branch that is taken when an error is one.
pub(super) fn failing_edge(func: &Func, term: &Terminator, error: LocalId) -> Option<BlockId> {
    let Terminator::Branch { cond: Operand::Local(cond), then, els } = term else { return None };
    let copy = |x: &Operand| match x {
        Operand::Local(local) => *local == error || is_copy(func, *local, error),
        _ => false,
    };
    visit::kinds(func).find_map(|kind| match kind {
        InstrKind::Assign(dst, Rvalue::Binary(op, a, Operand::Nil(_)))
            if dst == cond && copy(a) =>
        {
            match op {
                BinaryOp::Ne => Some(*then),
                BinaryOp::Eq => Some(*els),
                _ => None,
            }
        }
        _ => None,
    })
}

/// Whether a variable never gets anything but what another one has.
fn is_copy(func: &Func, local: LocalId, of: LocalId) -> bool {
    let mut copies = false;
    for kind in visit::kinds(func).filter(|kind| !matches!(kind, InstrKind::DeclareVar(_))) {
        let mut defines = false;
        visit::defs(kind, &mut |l| defines |= l == local);
        if !defines {
            continue;
        }
        if !matches!(kind, InstrKind::Assign(_, Rvalue::Use(Operand::Local(from))) if *from == of) {
            return false;
        }
        copies = true;
    }
    copies
}
