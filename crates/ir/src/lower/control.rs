//! Statements, loops and jumps.

use super::Lower;
use super::body::JumpTarget;
use crate::data::*;
use stanch_base::Symbol;
use stanch_syntax::ast::{
    self, Block as AstBlock, BranchKind, Expr, ExprId, IdentId, List, Spec, Stmt, StmtId,
};
use stanch_types::{ConstValue, TypeKind};

impl Lower<'_> {
    pub(super) fn stmts(&mut self, list: List<StmtId>) {
        let ast = self.ast();
        for &stmt in ast.list(list) {
            self.stmt(stmt);
        }
    }

    pub(super) fn stmt(&mut self, stmt: StmtId) {
        let ast = self.ast();
        let node = &ast.stmts[stmt];
        let span = self.span(node.span);
        let label = self.cur().pending_label.take();
        match &node.kind {
            Stmt::Bad | Stmt::Empty => {}
            Stmt::Decl(decl) => {
                for spec in &decl.specs {
                    if let (Spec::Value(value), ast::GenKeyword::Var) = (spec, decl.keyword) {
                        self.value_spec(value);
                    }
                }
            }
            Stmt::Labeled { label, stmt } => self.labeled(*label, *stmt, span),
            Stmt::Expr(x) => self.expr_stmt(*x),
            Stmt::Send { chan, value, .. } => {
                let ch = self.expr(*chan);
                let value = self.send_value(*chan, *value);
                self.cur().push(InstrKind::Send { chan: ch, value }, span);
            }
            Stmt::IncDec { x, inc } => {
                let op = if *inc { ast::BinaryOp::Add } else { ast::BinaryOp::Sub };
                self.op_assign(op, *x, None, span);
            }
            Stmt::Assign { lhs, rhs } => self.assign(*lhs, *rhs, false, span),
            Stmt::Define { lhs, rhs } => self.assign(*lhs, *rhs, true, span),
            Stmt::OpAssign { op, lhs, rhs } => self.op_assign(*op, *lhs, Some(*rhs), span),
            Stmt::Go(call) => self.deferred(*call, span, true),
            Stmt::Defer(call) => self.deferred(*call, span, false),
            Stmt::Return(values) => self.return_stmt(*values, span),
            Stmt::Branch { kind, label } => self.branch(*kind, *label, span),
            Stmt::Block(block) => match label {
                None => self.stmts(block.stmts),
                Some(label) => self.labeled_block(label, *block, span),
            },
            Stmt::If { init, cond, then, els } => self.if_stmt(*init, *cond, *then, *els, span),
            Stmt::Switch { init, tag, clauses } => {
                self.switch(label, *init, *tag, clauses, span);
            }
            Stmt::TypeSwitch { init, name, x, clauses } => {
                self.type_switch(label, (*init, *name, *x), clauses, span);
            }
            Stmt::Select { clauses } => self.select(label, clauses, span),
            Stmt::For { init, cond, post, body } => {
                self.for_loop(label, (*init, *cond, *post), *body, span);
            }
            Stmt::Range { key, value, define, x, body } => {
                self.range(label, [*key, *value], *define, *x, *body, span);
            }
        }
    }

    pub(super) fn send_value(&mut self, chan: ExprId, value: ExprId) -> Operand {
        match self.core(self.ty(chan)) {
            TypeKind::Chan(_, elem) => self.expr_as(value, *elem),
            _ => self.expr(value),
        }
    }

    pub(super) fn expr_stmt(&mut self, x: ExprId) {
        let ast = self.ast();
        let x = ast.unparen(x);
        let span = self.expr_span(x);
        match ast.expr(x) {
            Expr::Call { .. } => {
                self.call(x, 0);
            }
            Expr::Recv(chan) => {
                let chan = self.expr(*chan);
                self.cur().push(InstrKind::Recv { dst: None, ok: None, chan, range: false }, span);
            }
            _ => {
                self.expr(x);
            }
        }
    }

    fn labeled(&mut self, label: IdentId, stmt: StmtId, span: Span) {
        let name = self.ast().idents[label].name;
        let block = self.label_block(name);
        self.cur().flow_to(block, span);
        self.cur().pending_label = Some(name);
        self.stmt(stmt);
        self.cur().pending_label = None;
    }

    fn labeled_block(&mut self, label: Symbol, block: AstBlock, span: Span) {
        let done = self.cur().new_block();
        let target = JumpTarget { label: Some(label), on_break: done, on_continue: None };
        self.cur().targets.push(target);
        self.stmts(block.stmts);
        self.cur().targets.pop();
        self.cur().flow_to(done, span);
    }

    fn label_block(&mut self, name: Symbol) -> BlockId {
        let ctx = self.cur();
        match ctx.labels.get(&name) {
            Some(&block) => block,
            None => {
                let block = ctx.new_block();
                ctx.labels.insert(name, block);
                block
            }
        }
    }

    fn return_stmt(&mut self, values: List<ExprId>, span: Span) {
        let ast = self.ast();
        let values = ast.list(values);
        let depth = self.returning_depth();
        let results = self.stack[depth].func.results.clone();
        let slots: Vec<LocalId> = results.iter().map(|&r| self.outer_result(depth, r)).collect();
        let mut operands = Vec::new();
        if values.len() == slots.len() {
            for &value in values {
                let ty = self.ty(value);
                let mut operand = self.expr(value);
                if values.len() > 1 && matches!(operand, Operand::Local(_)) {
                    operand = self.assign_temp(Rvalue::Use(operand), ty, span);
                }
                operands.push((operand, ty));
            }
        } else if let [one] = values {
            operands = self.values(*one, slots.len());
        }
        for (slot, (value, ty)) in slots.into_iter().zip(operands) {
            let to = self.cur().func.locals[slot].ty;
            let value = self.coerce(value, ty, to, span);
            self.mark_reassigned(slot);
            self.cur().push(InstrKind::Assign(slot, Rvalue::Use(value)), span);
        }
        if depth + 1 == self.stack.len() {
            self.cur().end(Terminator::Return, span);
        } else {
            self.leave_range_bodies(depth, super::body::Exit::Return, span);
        }
        self.dead();
    }

    /// A block that nothing reaches, for what stands after a jump.
    pub(super) fn dead(&mut self) {
        let dead = self.cur().new_block();
        self.cur().at = dead;
    }

    fn branch(&mut self, kind: BranchKind, label: Option<IdentId>, span: Span) {
        let name = label.map(|l| self.ast().idents[l].name);
        match kind {
            BranchKind::Goto => {
                let Some(name) = name else { return };
                let block = self.label_block(name);
                self.cur().end(Terminator::Goto(block), span);
            }
            // Handled where the switch is lowered; elsewhere it is wrong code.
            BranchKind::Fallthrough => return,
            BranchKind::Break | BranchKind::Continue => {
                let wants_loop = kind == BranchKind::Continue;
                self.jump(wants_loop, name, span);
            }
        }
        self.dead();
    }

    fn jump(&mut self, wants_loop: bool, name: Option<Symbol>, span: Span) {
        let top = self.stack.len().saturating_sub(1);
        for depth in (0..self.stack.len()).rev() {
            let found = self.stack[depth].targets.iter().rev().find(|t| match name {
                Some(name) => t.label == Some(name),
                None => !wants_loop || t.on_continue.is_some(),
            });
            if let Some(target) = found.copied() {
                let to = match wants_loop {
                    true => target.on_continue.unwrap_or(target.on_break),
                    false => target.on_break,
                };
                if depth == top {
                    self.cur().end(Terminator::Goto(to), span);
                } else {
                    self.leave_range_bodies(depth, super::body::Exit::Jump(to), span);
                }
                return;
            }
            if self.stack[depth].range.is_none() {
                return;
            }
            // The loop whose body this function is.
            let own = self.stack[depth].range.as_ref().is_some_and(|r| match name {
                Some(name) => r.label == Some(name),
                None => true,
            });
            if own {
                self.leave_own_range(depth, wants_loop, span);
                return;
            }
        }
    }

    fn if_stmt(
        &mut self,
        init: Option<StmtId>,
        cond: ExprId,
        then: AstBlock,
        els: Option<StmtId>,
        span: Span,
    ) {
        if let Some(init) = init {
            self.stmt(init);
        }
        let yes = self.cur().new_block();
        let done = self.cur().new_block();
        let no = if els.is_some() { self.cur().new_block() } else { done };
        self.condition(cond, yes, no);
        self.cur().at = yes;
        self.stmts(then.stmts);
        self.cur().end(Terminator::Goto(done), span);
        if let Some(els) = els {
            self.cur().at = no;
            self.stmt(els);
            self.cur().end(Terminator::Goto(done), span);
        }
        self.cur().at = done;
    }

    fn for_loop(
        &mut self,
        label: Option<Symbol>,
        (init, cond, post): (Option<StmtId>, Option<ExprId>, Option<StmtId>),
        body: AstBlock,
        span: Span,
    ) {
        if let Some(init) = init {
            self.stmt(init);
        }
        let vars = init.map(|init| self.per_turn_vars(init)).unwrap_or_default();
        let (head, inside) = (self.cur().new_block(), self.cur().new_block());
        let (next, done) = (self.cur().new_block(), self.cur().new_block());
        self.cur().flow_to(head, span);
        match cond {
            Some(cond) => self.condition(cond, inside, done),
            None => self.cur().end(Terminator::Goto(inside), span),
        }
        self.cur().at = inside;
        let target = JumpTarget { label, on_break: done, on_continue: Some(next) };
        self.cur().targets.push(target);
        self.stmts(body.stmts);
        self.cur().targets.pop();
        self.cur().end(Terminator::Goto(next), span);
        self.cur().at = next;
        // Since Go 1.22 each turn has its own copy, made before the post statement.
        for local in vars {
            let (ty, at) = (self.cur().func.locals[local].ty, self.cur().func.locals[local].span);
            let copy = self.assign_temp(Rvalue::Use(Operand::Local(local)), ty, at);
            self.cur().push(InstrKind::DeclareVar(local), at);
            self.cur().push(InstrKind::Assign(local, Rvalue::Use(copy)), at);
        }
        if let Some(post) = post {
            self.stmt(post);
        }
        self.cur().end(Terminator::Goto(head), span);
        self.cur().at = done;
    }

    /// Variables of a `for` statement that are new in each turn.
    fn per_turn_vars(&self, init: StmtId) -> Vec<LocalId> {
        let ast = self.ast();
        let Stmt::Define { lhs, .. } = &ast.stmts[init].kind else { return Vec::new() };
        if !self.loop_vars_are_per_turn() {
            return Vec::new();
        }
        let vars = ast.list(*lhs).iter().filter_map(|&expr| match ast.expr(expr) {
            Expr::Ident(ident) => {
                let ctx = self.stack.last()?;
                ctx.vars.get(&self.object(*ident)?).copied()
            }
            _ => None,
        });
        vars.collect()
    }

    pub(super) fn loop_vars_are_per_turn(&self) -> bool {
        self.source.files[self.file].language >= (1, 22)
    }

    fn range(
        &mut self,
        label: Option<Symbol>,
        vars: [Option<ExprId>; 2],
        define: bool,
        x: ExprId,
        body: AstBlock,
        span: Span,
    ) {
        match self.core(self.ty(x)) {
            TypeKind::Chan(..) => self.range_chan(label, vars[0], define, x, body, span),
            TypeKind::Signature(_) => self.range_func(label, vars, define, x, body, span),
            _ => self.range_items(label, vars, define, x, body, span),
        }
    }

    fn range_chan(
        &mut self,
        label: Option<Symbol>,
        var: Option<ExprId>,
        define: bool,
        x: ExprId,
        body: AstBlock,
        span: Span,
    ) {
        let chan = self.expr(x);
        let elem = match self.core(self.ty(x)) {
            TypeKind::Chan(_, elem) => *elem,
            _ => stanch_types::Program::UNKNOWN,
        };
        let chan = self.hold(chan, self.ty(x), x);
        let head_span = self.range_head(span, x);
        let (head, inside, done) =
            (self.cur().new_block(), self.cur().new_block(), self.cur().new_block());
        self.cur().flow_to(head, span);
        let bool_ty = self.program.basic(stanch_types::Basic::Bool);
        let dst = var.map(|_| self.temp(elem, head_span));
        let ok = self.temp(bool_ty, head_span);
        self.cur().push(InstrKind::Recv { dst, ok: Some(ok), chan, range: true }, head_span);
        let branch = Terminator::Branch { cond: Operand::Local(ok), then: inside, els: done };
        self.cur().end(branch, head_span);
        self.cur().at = inside;
        if let (Some(var), Some(dst)) = (var, dst) {
            self.bind(var, dst, elem, define);
        }
        self.loop_body(label, body, head, done, span);
    }

    /// The bytes of `range x`.
    fn range_head(&self, stmt: Span, x: ExprId) -> Span {
        let x = self.ast().expr_span(x);
        let text = &self.source.files[self.file].text;
        let before = text.get(stmt.range.start as usize..x.start as usize).unwrap_or_default();
        let start = before.rfind("range").map_or(x.start, |i| stmt.range.start + i as u32);
        self.span(stanch_base::TextRange::new(start, x.end))
    }

    /// The value in a local of its own, so that later assignments to `x` do not matter.
    fn hold(&mut self, value: Operand, ty: stanch_types::TypeId, x: ExprId) -> Operand {
        match value {
            Operand::Local(local) if self.cur().func.locals[local].kind != LocalKind::Temp => {
                let span = self.expr_span(x);
                self.assign_temp(Rvalue::Use(Operand::Local(local)), ty, span)
            }
            value => value,
        }
    }

    fn range_items(
        &mut self,
        label: Option<Symbol>,
        vars: [Option<ExprId>; 2],
        define: bool,
        x: ExprId,
        body: AstBlock,
        span: Span,
    ) {
        let ty = self.ty(x);
        let over = self.expr(x);
        let over = self.hold(over, ty, x);
        let head_span = self.range_head(span, x);
        let preheader = self.cur().new_block();
        self.cur().flow_to(preheader, span);
        let (head, inside, done) =
            (self.cur().new_block(), self.cur().new_block(), self.cur().new_block());
        self.cur().flow_to(head, span);
        let int = self.program.basic(stanch_types::Basic::Int);
        let (key_ty, value_ty) = match self.core(ty) {
            TypeKind::Slice(elem) | TypeKind::Array(_, elem) => (int, *elem),
            TypeKind::Map(key, value) => (*key, *value),
            TypeKind::Pointer(array) => match self.core(*array) {
                TypeKind::Array(_, elem) => (int, *elem),
                _ => (int, stanch_types::Program::UNKNOWN),
            },
            TypeKind::Basic(stanch_types::Basic::String | stanch_types::Basic::UntypedString) => {
                (int, self.program.basic(stanch_types::Basic::Int32))
            }
            TypeKind::Basic(_) => (ty, ty),
            _ => (stanch_types::Program::UNKNOWN, stanch_types::Program::UNKNOWN),
        };
        let slot = |this: &mut Self, var: Option<ExprId>, ty| {
            var.filter(|&v| !this.is_blank(v)).map(|v| (v, this.temp(ty, head_span), ty))
        };
        let key = slot(self, vars[0], key_ty);
        let value = slot(self, vars[1], value_ty);
        let term = Terminator::RangeNext {
            over,
            key: key.map(|k| k.1),
            value: value.map(|v| v.1),
            body: inside,
            done,
            preheader,
        };
        self.cur().end(term, head_span);
        self.cur().at = inside;
        for (var, dst, ty) in key.into_iter().chain(value) {
            self.bind(var, dst, ty, define);
        }
        self.loop_body(label, body, head, done, span);
    }

    pub(super) fn is_blank(&self, expr: ExprId) -> bool {
        let ast = self.ast();
        matches!(ast.expr(ast.unparen(expr)), Expr::Ident(ident) if ast.name(*ident) == "_")
    }

    /// Assigns a turn's value to a loop variable. Before Go 1.22 a declared variable is the same in
    /// all turns: it has no `DeclareVar` here.
    pub(super) fn bind(
        &mut self,
        var: ExprId,
        value: LocalId,
        ty: stanch_types::TypeId,
        define: bool,
    ) {
        let ast = self.ast();
        let span = self.expr_span(var);
        let value = Operand::Local(value);
        if self.is_blank(var) {
            return;
        }
        if define && let Expr::Ident(ident) = ast.expr(ast.unparen(var)) {
            let local = self.declare(*ident, LocalKind::Var);
            if self.loop_vars_are_per_turn() {
                self.cur().push(InstrKind::DeclareVar(local), span);
            } else {
                self.mark_reassigned(local);
            }
            self.cur().push(InstrKind::Assign(local, Rvalue::Use(value)), span);
            return;
        }
        self.assign_to(var, value, ty, span);
    }

    fn loop_body(
        &mut self,
        label: Option<Symbol>,
        body: AstBlock,
        head: BlockId,
        done: BlockId,
        span: Span,
    ) {
        let target = JumpTarget { label, on_break: done, on_continue: Some(head) };
        self.cur().targets.push(target);
        self.stmts(body.stmts);
        self.cur().targets.pop();
        self.cur().end(Terminator::Goto(head), span);
        self.cur().at = done;
    }

    pub(super) fn bool_const(&self, value: bool) -> Operand {
        let ty = self.program.basic(stanch_types::Basic::Bool);
        Operand::Const(ConstValue::Bool(value), ty)
    }
}
