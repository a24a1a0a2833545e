//! Switches, type switches, selects.

use super::Lower;
use super::body::JumpTarget;
use crate::data::*;
use stanch_base::Symbol;
use stanch_syntax::ast::{
    BinaryOp, BranchKind, CaseClause, CommClause, Expr, ExprId, IdentId, List, Stmt, StmtId,
};
use stanch_types::{Mode, Program, TypeKind};

impl Lower<'_> {
    pub(super) fn switch(
        &mut self,
        label: Option<Symbol>,
        init: Option<StmtId>,
        tag: Option<ExprId>,
        clauses: &[CaseClause],
        span: Span,
    ) {
        if let Some(init) = init {
            self.stmt(init);
        }
        let ast = self.ast();
        let tag = tag.map(|tag| {
            let ty = self.ty(tag);
            let value = self.expr(tag);
            let held = match value {
                Operand::Local(local) if self.cur().func.locals[local].kind != LocalKind::Temp => {
                    let at = self.expr_span(tag);
                    // A plain variable needs no copy unless a case expression may change it.
                    let exprs = clauses.iter().flat_map(|c| ast.list(c.exprs));
                    let mut value = Operand::Local(local);
                    for &expr in exprs {
                        value = self.settle(value, ty, expr);
                    }
                    let _ = at;
                    value
                }
                value => value,
            };
            (held, ty)
        });
        let done = self.cur().new_block();
        let bodies: Vec<BlockId> = clauses.iter().map(|_| self.cur().new_block()).collect();
        let mut default = done;
        for (clause, &body) in clauses.iter().zip(&bodies) {
            if clause.is_default {
                default = body;
            }
            for &expr in ast.list(clause.exprs) {
                let next = self.cur().new_block();
                match &tag {
                    None => self.condition(expr, body, next),
                    Some((tag, tag_ty)) => {
                        let (tag, tag_ty) = (tag.clone(), *tag_ty);
                        let at = self.expr_span(expr);
                        let value = self.expr_as(expr, tag_ty);
                        let left = self.coerce(tag, tag_ty, self.ty(expr), at);
                        let bool_ty = self.program.basic(stanch_types::Basic::Bool);
                        let compare = Rvalue::Binary(BinaryOp::Eq, left, value);
                        let cond = self.assign_temp(compare, bool_ty, at);
                        self.cur().end(Terminator::Branch { cond, then: body, els: next }, at);
                    }
                }
                self.cur().at = next;
            }
        }
        self.cur().end(Terminator::Goto(default), span);
        let target = JumpTarget { label, on_break: done, on_continue: None };
        self.cur().targets.push(target);
        for (i, clause) in clauses.iter().enumerate() {
            self.cur().at = bodies[i];
            self.stmts(clause.body);
            let falls = self.falls_through(clause.body);
            let to = bodies.get(i + 1).filter(|_| falls).copied().unwrap_or(done);
            self.cur().end(Terminator::Goto(to), span);
        }
        self.cur().targets.pop();
        self.cur().at = done;
    }

    fn falls_through(&self, body: List<StmtId>) -> bool {
        let ast = self.ast();
        ast.list(body).last().is_some_and(|&last| {
            matches!(ast.stmts[last].kind, Stmt::Branch { kind: BranchKind::Fallthrough, .. })
        })
    }

    pub(super) fn type_switch(
        &mut self,
        label: Option<Symbol>,
        (init, name, x): (Option<StmtId>, Option<IdentId>, ExprId),
        clauses: &[CaseClause],
        span: Span,
    ) {
        if let Some(init) = init {
            self.stmt(init);
        }
        let ast = self.ast();
        let x_ty = self.ty(x);
        let x_span = self.expr_span(x);
        let value = self.expr(x);
        let value = match value {
            Operand::Local(local) if self.cur().func.locals[local].kind != LocalKind::Temp => {
                self.assign_temp(Rvalue::Use(value), x_ty, x_span)
            }
            value => value,
        };
        let done = self.cur().new_block();
        let bodies: Vec<BlockId> = clauses.iter().map(|_| self.cur().new_block()).collect();
        let mut default = done;
        let mut cases = Vec::new();
        for (clause, &body) in clauses.iter().zip(&bodies) {
            if clause.is_default {
                default = body;
            }
            for &ty in ast.list(clause.exprs) {
                let is_nil = self.mode(ty) == Mode::Nil;
                cases.push(((!is_nil).then(|| self.ty(ty)), body));
            }
        }
        let term = Terminator::TypeSwitch { x: value.clone(), cases, default };
        self.cur().end(term, span);
        let target = JumpTarget { label, on_break: done, on_continue: None };
        self.cur().targets.push(target);
        for (clause, &body) in clauses.iter().zip(&bodies) {
            self.cur().at = body;
            if let Some(name) = name {
                self.clause_var(name, clause, value.clone(), x_span);
            }
            self.stmts(clause.body);
            self.cur().end(Terminator::Goto(done), span);
        }
        self.cur().targets.pop();
        self.cur().at = done;
    }

    /// Declares the variable of a type switch's clause.
    fn clause_var(&mut self, name: IdentId, clause: &CaseClause, value: Operand, span: Span) {
        let ast = self.ast();
        let object =
            self.file_types().and_then(|types| types.clause_vars.get(&clause.span.start).copied());
        let Some(object) = object else { return };
        let ty = self.program.object(object).ty;
        let text = ast.name(name).into();
        let at = self.span(ast.idents[name].span);
        let local = self.cur().local(Local {
            name: text,
            ty,
            span: at,
            object: Some(object),
            kind: LocalKind::Var,
            captured_by_ref: false,
            address_taken: false,
        });
        self.cur().push(InstrKind::DeclareVar(local), span);
        let single = ast.list(clause.exprs).len() == 1 && !self.program.is_interface(ty);
        let assigned = match single {
            true => Rvalue::TypeAssert { x: value, ty, ok: None },
            false => Rvalue::Use(value),
        };
        self.cur().push(InstrKind::Assign(local, assigned), span);
    }

    pub(super) fn select(&mut self, label: Option<Symbol>, clauses: &[CommClause], span: Span) {
        let done = self.cur().new_block();
        let mut arms = Vec::new();
        let mut default = None;
        let mut bodies = Vec::new();
        for clause in clauses {
            let block = self.cur().new_block();
            let after = match clause.comm {
                None => {
                    default = Some(block);
                    After::Nothing
                }
                Some(comm) => {
                    let (op, after) = self.comm(comm);
                    let at = self.span(self.ast().stmts[comm].span);
                    arms.push(SelectArm { op, target: block, span: at });
                    after
                }
            };
            bodies.push((block, after, clause));
        }
        let head = stanch_base::TextRange::new(span.range.start, span.range.start + 6);
        let head = self.span(head);
        self.cur().end(Terminator::Select { arms, default }, head);
        let target = JumpTarget { label, on_break: done, on_continue: None };
        self.cur().targets.push(target);
        for (block, after, clause) in bodies {
            self.cur().at = block;
            if let Some(comm) = clause.comm {
                self.after_comm(after, comm);
            }
            self.stmts(clause.body);
            self.cur().end(Terminator::Goto(done), span);
        }
        self.cur().targets.pop();
        self.cur().at = done;
    }

    /// Evaluates the operands of a communication.
    fn comm(&mut self, comm: StmtId) -> (SelectOp, After) {
        let ast = self.ast();
        let nothing =
            SelectOp::Recv { chan: Operand::Unknown(Program::UNKNOWN), dst: None, ok: None };
        let (lhs, rhs, define) = match &ast.stmts[comm].kind {
            Stmt::Send { chan, value, .. } => {
                let ch = self.expr(*chan);
                let value = self.send_value(*chan, *value);
                return (SelectOp::Send { chan: ch, value }, After::Nothing);
            }
            Stmt::Expr(x) => (&[][..], Some(*x), false),
            Stmt::Assign { lhs, rhs } => (ast.list(*lhs), ast.list(*rhs).first().copied(), false),
            Stmt::Define { lhs, rhs } => (ast.list(*lhs), ast.list(*rhs).first().copied(), true),
            _ => return (nothing, After::Nothing),
        };
        let Some(rhs) = rhs else { return (nothing, After::Nothing) };
        let Expr::Recv(chan) = ast.expr(ast.unparen(rhs)) else { return (nothing, After::Nothing) };
        let span = self.expr_span(rhs);
        let elem = match self.core(self.ty(*chan)) {
            TypeKind::Chan(_, elem) => *elem,
            _ => Program::UNKNOWN,
        };
        let chan = self.expr(*chan);
        let bool_ty = self.program.basic(stanch_types::Basic::Bool);
        let slot = |this: &mut Self, i: usize, ty| {
            let target = lhs.get(i).copied().filter(|&l| !this.is_blank(l))?;
            Some((target, this.temp(ty, span), ty))
        };
        let dst = slot(self, 0, elem);
        let ok = slot(self, 1, bool_ty);
        let op = SelectOp::Recv { chan, dst: dst.map(|d| d.1), ok: ok.map(|o| o.1) };
        (op, After::Bind(dst.into_iter().chain(ok).collect(), define))
    }

    fn after_comm(&mut self, after: After, comm: StmtId) {
        let After::Bind(slots, define) = after else { return };
        let ast = self.ast();
        let span = self.span(ast.stmts[comm].span);
        for (target, slot, ty) in slots {
            let new = match ast.expr(ast.unparen(target)) {
                Expr::Ident(ident) if define && self.defines(*ident) => Some(*ident),
                _ => None,
            };
            let value = Operand::Local(slot);
            if let Some(ident) = new {
                let local = self.declare(ident, LocalKind::Var);
                self.cur().push(InstrKind::DeclareVar(local), span);
                self.cur().push(InstrKind::Assign(local, Rvalue::Use(value)), span);
            } else {
                self.assign_to(target, value, ty, span);
            }
        }
    }
}

/// What the arm's body does first.
enum After {
    Nothing,
    /// Assigns received values: target, slot, type; and whether `:=`.
    Bind(Vec<(ExprId, LocalId, stanch_types::TypeId)>, bool),
}
