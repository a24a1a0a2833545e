//! Statements.

use super::*;
use stanch_syntax::ast::{BinaryOp, CaseClause, CommClause, Expr, List, Stmt, StmtId};

impl Checker<'_, '_> {
    pub(super) fn stmts(&mut self, list: List<StmtId>) {
        for &stmt in self.ast.list(list) {
            self.stmt(stmt);
        }
    }

    fn stmt(&mut self, stmt: StmtId) {
        crate::deep(|| self.statement(stmt));
    }

    fn statement(&mut self, stmt: StmtId) {
        let ast = self.ast;
        match &ast.stmts[stmt].kind {
            Stmt::Bad | Stmt::Empty => {}
            Stmt::Decl(decl) => self.local_decl(decl),
            Stmt::Labeled { label, stmt } => {
                self.label(*label);
                self.stmt(*stmt);
            }
            Stmt::Expr(x) | Stmt::Go(x) | Stmt::Defer(x) => {
                self.raw_expr(None, *x, None, false);
            }
            Stmt::Send { chan, value, .. } => self.send(*chan, *value),
            Stmt::IncDec { x, .. } => {
                self.expr(*x);
            }
            Stmt::Assign { lhs, rhs } => self.assign(ast.list(*lhs), ast.list(*rhs)),
            Stmt::Define { lhs, rhs } => self.define(ast.list(*lhs), ast.list(*rhs)),
            Stmt::OpAssign { op, lhs, rhs } => {
                // The operation is no expression of the tree: only its operands are recorded.
                let x = self.expr(*lhs);
                let y = self.expr(*rhs);
                self.binary_operands(ExprId::from_raw(u32::MAX), x, y, *op);
            }
            Stmt::Return(values) => self.return_values(*values),
            Stmt::Branch { label, .. } => self.jumps.extend(*label),
            Stmt::Block(block) => self.scoped(|c| c.stmts(block.stmts)),
            Stmt::If { init, cond, then, els } => self.scoped(|c| {
                c.optional(*init);
                c.expr(*cond);
                c.scoped(|c| c.stmts(then.stmts));
                c.optional(*els);
            }),
            Stmt::Switch { init, tag, clauses } => self.scoped(|c| {
                c.optional(*init);
                c.switch(*tag, clauses);
            }),
            Stmt::TypeSwitch { init, name, x, clauses } => self.scoped(|c| {
                c.optional(*init);
                c.type_switch(*name, *x, clauses);
            }),
            Stmt::Select { clauses } => self.select(clauses),
            Stmt::For { init, cond, post, body } => self.scoped(|c| {
                c.optional(*init);
                if let Some(cond) = cond {
                    c.expr(*cond);
                }
                c.optional(*post);
                c.scoped(|c| c.stmts(body.stmts));
            }),
            Stmt::Range { key, value, define, x, body } => self.scoped(|c| {
                c.range_clause([*key, *value], *define, *x);
                c.scoped(|c| c.stmts(body.stmts));
            }),
        }
    }

    fn optional(&mut self, stmt: Option<StmtId>) {
        if let Some(stmt) = stmt {
            self.stmt(stmt);
        }
    }

    fn label(&mut self, label: IdentId) {
        if self.name(label) == BLANK {
            return;
        }
        let cell = self.cell_for(label, CellKind::Label);
        let object = self.new_object(cell.with(UNKNOWN, crate::env::NO_AUX));
        self.t.set_ident(label, object);
        self.labels.entry(self.symbol(label)).or_insert(object);
    }

    /// Jumps may go to labels further down: they are looked up when the body is over.
    pub(super) fn resolve_jumps(&mut self) {
        for jump in std::mem::take(&mut self.jumps) {
            if let Some(&object) = self.labels.get(&self.symbol(jump)) {
                self.t.set_ident(jump, object);
            }
        }
    }

    fn send(&mut self, chan: ExprId, value: ExprId) {
        let chan = self.expr(chan);
        let mut x = self.expr(value);
        if !chan.ok() {
            return;
        }
        if let Some(TypeKind::Chan(_, elem)) =
            self.p.common_underlying(chan.ty).map(|u| self.kind(u))
        {
            self.assignment(&mut x, Some(*elem));
        }
    }

    fn return_values(&mut self, values: List<ExprId>) {
        let values = self.ast.list(values);
        if values.is_empty() {
            return;
        }
        let types: Vec<_> = self.results.iter().map(|&r| Some(self.p.type_of(r))).collect();
        self.init_vars(&types, values, true);
    }

    fn switch(&mut self, tag: Option<ExprId>, clauses: &[CaseClause]) {
        let tag = match tag {
            Some(tag) => {
                let mut x = self.expr(tag);
                self.assignment(&mut x, None);
                x
            }
            None => {
                // A missing tag is the constant `true`.
                let mut x = Operand::invalid(ExprId::from_raw(u32::MAX));
                self.set_const(&mut x, self.basic(Basic::Bool), ConstValue::Bool(true));
                x
            }
        };
        for clause in clauses {
            for &e in self.ast.list(clause.exprs) {
                let mut x = self.expr(e);
                if !x.ok() || !tag.ok() {
                    continue;
                }
                self.convert_untyped(&mut x, tag.ty);
                if x.ok() {
                    self.comparison(e, x, tag, BinaryOp::Eq);
                }
            }
            self.scoped(|c| c.stmts(clause.body));
        }
    }

    fn type_switch(&mut self, name: Option<IdentId>, x: ExprId, clauses: &[CaseClause]) {
        let x = self.expr(x);
        for clause in clauses {
            let mut single = None;
            let exprs = self.ast.list(clause.exprs);
            for &expr in exprs {
                single = Some(self.case_type(expr));
            }
            self.scoped(|c| {
                if let Some(name) = name {
                    let ty = match (single, exprs.len()) {
                        (Some(Some(ty)), 1) => ty,
                        _ if x.ok() => x.ty,
                        _ => UNKNOWN,
                    };
                    c.clause_var(name, clause, ty);
                }
                c.stmts(clause.body);
            });
        }
    }

    /// The type of a case; `None` for `nil`.
    fn case_type(&mut self, expr: ExprId) -> Option<TypeId> {
        if let Expr::Ident(ident) = *self.ast.expr(self.ast.unparen(expr))
            && let Some(object) = self.lookup(ident)
            && self.p.cell(object).is_some_and(|c| c.kind == CellKind::Nil)
        {
            self.expr(expr);
            return None;
        }
        Some(self.typ(expr))
    }

    fn clause_var(&mut self, name: IdentId, clause: &CaseClause, ty: TypeId) {
        let cell = self.cell_for(name, CellKind::Var(VarKind::Local));
        let object = self.new_object(cell.with(ty, crate::env::NO_AUX));
        self.t.clause_vars.push((clause.span.start, object));
        self.bind(self.symbol(name), object);
    }

    fn select(&mut self, clauses: &[CommClause]) {
        for clause in clauses {
            self.scoped(|c| {
                c.optional(clause.comm);
                c.stmts(clause.body);
            });
        }
    }
}
