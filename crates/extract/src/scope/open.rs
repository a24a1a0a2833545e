//! Which objects may be known out of view: what comes from there, what goes there, and all that can be
//! reached from it. What is stored to any other object is seen by the loads in view only.

use super::Scopes;
use super::classes::At;
use super::group::Tree;
use stanch_base::FxHashSet;
use stanch_model::{Callee, FnId, GlobalInit, LocalId, Op, Operand, Part, Term, visit_op};

/// What one function lets in and out, as classes.
#[derive(Default)]
pub(super) struct Border {
    /// Comes from out of view or goes there.
    open: Vec<u32>,
    /// Calls of values: what is given and got crosses the border if the value is from there.
    calls: Vec<(u32, Vec<u32>)>,
}

impl Scopes<'_> {
    /// The border of a function.
    pub(super) fn border(&self, id: FnId) -> Border {
        let function = &self.model.functions[id];
        let mut border = Border::default();
        let escapes = self.classes.facts[id].escapes.iter();
        border.open.extend(escapes.map(|e| self.classes.find(e.1)));
        for (block, body) in function.blocks.iter_enumerated() {
            for (n, instr) in body.instrs.iter().enumerate() {
                let at = At { block, instr: n as u32 };
                self.crosses(id, at, &instr.op, &mut border);
            }
            if let Term::Panic(value) = &body.term {
                border.open.extend(self.classes.operand(id, value));
            }
        }
        border.open.sort_unstable();
        border.open.dedup();
        border
    }

    fn crosses(&self, id: FnId, at: At, op: &Op, border: &mut Border) {
        let class = |o: &Operand| self.classes.operand(id, o);
        let all = || {
            let mut found = Vec::new();
            visit_op(op, &mut |part| match part {
                Part::Use(o) => found.extend(class(&o)),
                Part::Def(l) => found.extend(class(&Operand::Local(l))),
                Part::Block(_) | Part::Fn(_) | Part::Global(_) | Part::Invalid => {}
            });
            found
        };
        match op {
            Op::Unknown { .. } | Op::Recover { .. } => border.open.extend(all()),
            Op::LoadGlobal { global, .. } => {
                let init = self.model.globals.get(*global).map(|g| &g.init);
                if matches!(init, Some(GlobalInit::Unknown(_) | GlobalInit::OpenObject(_)) | None) {
                    border.open.extend(all());
                }
            }
            Op::Call(call) | Op::Go(call) | Op::Defer(call) => match call.callee {
                Callee::Opaque | Callee::Pure(_) | Callee::Method(..) => border.open.extend(all()),
                Callee::Fn(f) => {
                    let body = self.model.functions.get(f);
                    if body.is_none_or(|f| f.blocks.is_empty()) {
                        border.open.extend(all());
                    }
                }
                Callee::Value(value) => match class(&value) {
                    Some(value) if self.callees(id, at).next().is_some() => {
                        border.calls.push((value, all()));
                    }
                    _ => border.open.extend(all()),
                },
                Callee::Prim(stanch_model::Prim::Panic) => border.open.extend(all()),
                Callee::Prim(_) => {}
            },
            _ => {}
        }
    }

    /// The classes that may be known out of view while a root runs.
    pub(super) fn open(&self, root: FnId, tree: &Tree) -> FxHashSet<u32> {
        let function = &self.model.functions[root];
        let n_in = (function.n_captures + function.n_params) as usize;
        let given = function.locals.ids().take(n_in);
        let crossing = given.chain(function.results.iter().map(|r| r.local));
        let find = |l: LocalId| self.classes.find(self.classes.local(root, l));
        let mut open = FxHashSet::default();
        let mut todo: Vec<u32> = crossing.map(find).collect();
        let inside: Vec<FnId> = self.model.functions.ids().filter(|f| tree.contains(f)).collect();
        for id in &inside {
            todo.extend(&self.borders[*id].open);
        }
        loop {
            while let Some(class) = todo.pop() {
                if open.insert(class) {
                    self.classes.each_held(class, &mut |part| todo.push(part));
                }
            }
            for id in &inside {
                for (value, others) in &self.borders[*id].calls {
                    if open.contains(value) {
                        todo.extend(others.iter().filter(|o| !open.contains(*o)));
                    }
                }
            }
            if todo.is_empty() {
                return open;
            }
        }
    }
}
