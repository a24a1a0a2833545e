//! Statements.

use super::Parser;
use crate::MAX_DEPTH;
use crate::ast::*;
use crate::token::Token;
use stanch_base::TextRange;

/// What a simple statement may be besides the basic forms.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SimpleMode {
    Basic,
    /// A label too.
    Label,
    /// The clause of a range loop too.
    Range,
}

/// A parsed simple statement.
enum Simple {
    Stmt(StmtId),
    /// A labelled statement, which has consumed its semicolon.
    Labeled(StmtId),
    Range(RangeClause),
}

/// `key, value := range x`.
struct RangeClause {
    key: Option<ExprId>,
    value: Option<ExprId>,
    define: bool,
    x: ExprId,
}

/// One `if` of an else-if chain.
struct Arm {
    start: u32,
    init: Option<StmtId>,
    cond: ExprId,
    then: Block,
    /// Depth of the arm's deepest node.
    high: u32,
}

impl Parser<'_> {
    /// A braced block; where it does not begin here an error and an empty block.
    pub(super) fn block(&mut self) -> Block {
        let start = self.lex.tok.start;
        if !self.open_brace() {
            self.skip_gap();
            return Block { stmts: List::EMPTY, span: TextRange::empty(self.prev_end) };
        }
        let stmts = self.stmt_list();
        self.expect(Token::RBrace);
        Block { stmts, span: self.span_from(start) }
    }

    /// Consumes `{`, which may stand on the next line with an error.
    fn open_brace(&mut self) -> bool {
        if self.lex.tok.auto && self.lex.peek() == Token::LBrace {
            self.error_here("unexpected newline before `{`");
            self.next();
        }
        self.expect(Token::LBrace)
    }

    /// Statements up to a closing brace, the next clause or the end.
    fn stmt_list(&mut self) -> List<StmtId> {
        let mark = self.stmts.len();
        while !matches!(
            self.lex.tok.kind,
            Token::RBrace | Token::Case | Token::Default | Token::Eof
        ) {
            if self.at_func_declaration() {
                break;
            }
            let before = (self.lex.tok.start, self.lex.tok.kind);
            let stmt = self.stmt();
            self.stmts.push(stmt);
            if before == (self.lex.tok.start, self.lex.tok.kind) {
                self.next();
            }
        }
        self.take_stmts(mark)
    }

    /// A statement with its semicolon.
    fn stmt(&mut self) -> StmtId {
        let start = self.lex.tok.start;
        if !self.enter() {
            self.skip_deep();
            return self.push_stmt(Stmt::Bad, start);
        }
        let outer = std::mem::replace(&mut self.high, self.depth);
        let stmt = self.stmt_here(start);
        self.high = self.high.max(outer);
        self.leave();
        stmt
    }

    fn stmt_here(&mut self, start: u32) -> StmtId {
        use Token::*;
        match self.lex.tok.kind {
            Ident | Int | Float | Imag | Char | String | Func | LParen | LBrack | Struct | Map
            | Chan | Interface | Add | Sub | Mul | And | Xor | Arrow | Not => {
                let stmt = match self.simple_stmt(SimpleMode::Label) {
                    Simple::Labeled(stmt) => return stmt,
                    Simple::Stmt(stmt) => stmt,
                    Simple::Range(_) => self.push_stmt(Stmt::Bad, start),
                };
                self.expect_semicolon();
                stmt
            }
            Const | Type | Var => {
                let decl = self.gen_decl();
                let span = decl.span;
                self.ast.stmts.push(StmtNode { kind: Stmt::Decl(Box::new(decl)), span })
            }
            Go | Defer => self.go_or_defer(start),
            Return => {
                self.next();
                let results = if matches!(self.lex.tok.kind, Semicolon | RBrace) {
                    List::EMPTY
                } else {
                    self.expr_list()
                };
                self.finish_stmt(Stmt::Return(results), start)
            }
            Break => self.branch(BranchKind::Break, start),
            Continue => self.branch(BranchKind::Continue, start),
            Goto => self.branch(BranchKind::Goto, start),
            Fallthrough => self.branch(BranchKind::Fallthrough, start),
            LBrace => {
                let block = self.block();
                self.finish_stmt(Stmt::Block(block), start)
            }
            If => self.if_stmt(),
            Switch => self.switch_stmt(start),
            Select => self.select_stmt(start),
            For => self.for_stmt(start),
            Semicolon => {
                self.next();
                self.push_stmt(Stmt::Empty, start)
            }
            RBrace => self.push_stmt(Stmt::Empty, start),
            _ => {
                self.error_expected("statement");
                self.skip_statement();
                self.push_stmt(Stmt::Bad, start)
            }
        }
    }

    /// Makes the statement and then consumes its semicolon.
    fn finish_stmt(&mut self, kind: Stmt, start: u32) -> StmtId {
        let stmt = self.push_stmt(kind, start);
        self.expect_semicolon();
        stmt
    }

    fn simple_stmt(&mut self, mode: SimpleMode) -> Simple {
        let start = self.lex.tok.start;
        let mark = self.exprs.len();
        self.stack_exprs();
        let kind = self.lex.tok.kind;
        if matches!(kind, Token::Define | Token::Assign) {
            self.next();
            if mode == SimpleMode::Range && self.eat(Token::Range) {
                return Simple::Range(self.range_clause(mark, kind == Token::Define));
            }
            let lhs = self.take_exprs(mark);
            let rhs = self.expr_list();
            let stmt = match kind {
                Token::Define => Stmt::Define { lhs, rhs },
                _ => Stmt::Assign { lhs, rhs },
            };
            return Simple::Stmt(self.push_stmt(stmt, start));
        }
        let n_exprs = self.exprs.len() - mark;
        let Some(&x) = self.exprs.get(mark) else {
            return Simple::Stmt(self.push_stmt(Stmt::Bad, start));
        };
        self.exprs.truncate(mark);
        if let Some(op) = kind.assign_op() {
            self.next();
            self.stack_exprs();
            // More than one on either side is left to the type checker.
            let rhs = self.exprs.get(mark).copied().unwrap_or(x);
            self.exprs.truncate(mark);
            return Simple::Stmt(self.push_stmt(Stmt::OpAssign { op, lhs: x, rhs }, start));
        }
        if n_exprs > 1 {
            let span = self.ast.expr_span(x);
            self.error(span, "expected one expression");
        }
        let stmt = match kind {
            Token::Colon => return self.labeled_stmt(x, mode, start),
            Token::Arrow => {
                let arrow = self.lex.tok.start;
                self.next();
                let value = self.expr();
                Stmt::Send { chan: x, value, arrow }
            }
            Token::Inc | Token::Dec => {
                self.next();
                Stmt::IncDec { x, inc: kind == Token::Inc }
            }
            _ => Stmt::Expr(x),
        };
        Simple::Stmt(self.push_stmt(stmt, start))
    }

    /// The rest of a statement from the colon after `x`.
    fn labeled_stmt(&mut self, x: ExprId, mode: SimpleMode, start: u32) -> Simple {
        let colon = self.span_of_token();
        self.next();
        if let (SimpleMode::Label, &Expr::Ident(label)) = (mode, self.ast.expr(x)) {
            let stmt = self.stmt();
            let end = self.ast.stmts[stmt].span.end.max(colon.end);
            let span = TextRange::new(start, end);
            let kind = Stmt::Labeled { label, stmt };
            return Simple::Labeled(self.ast.stmts.push(StmtNode { kind, span }));
        }
        self.error(colon, "illegal label");
        Simple::Stmt(self.push_stmt(Stmt::Bad, start))
    }

    /// A simple statement in the header of a control clause.
    fn header_stmt(&mut self) -> StmtId {
        self.nested(|p| {
            let start = p.lex.tok.start;
            match p.simple_stmt(SimpleMode::Basic) {
                Simple::Stmt(stmt) | Simple::Labeled(stmt) => stmt,
                Simple::Range(_) => p.push_stmt(Stmt::Bad, start),
            }
        })
    }

    /// The expression that a header's statement must be; an error if it is another.
    fn expr_of(&mut self, stmt: StmtId, what: &str) -> ExprId {
        let StmtNode { kind, span } = &self.ast.stmts[stmt];
        let span = *span;
        if let Stmt::Expr(x) = *kind {
            return x;
        }
        let message =
            format!("expected {what}, found statement (composite literals need parentheses here)");
        self.error(span, message);
        self.ast.exprs.push(ExprNode { kind: Expr::Bad, span })
    }

    fn go_or_defer(&mut self, start: u32) -> StmtId {
        let is_go = self.at(Token::Go);
        let keyword = if is_go { "go" } else { "defer" };
        self.next();
        let x = self.expr();
        let call = self.ast.unparen(x);
        let span = self.ast.expr_span(x);
        if call != x {
            self.error(span, format!("call in {keyword} statement must not be parenthesised"));
        }
        let stmt = match self.ast.expr(call) {
            Expr::Call { .. } if is_go => Stmt::Go(call),
            Expr::Call { .. } => Stmt::Defer(call),
            kind => {
                let bad = matches!(kind, Expr::Bad);
                if !bad {
                    self.error(span, format!("expression in {keyword} statement must be a call"));
                }
                Stmt::Expr(x)
            }
        };
        self.finish_stmt(stmt, start)
    }

    fn branch(&mut self, kind: BranchKind, start: u32) -> StmtId {
        self.next();
        let label = match kind {
            BranchKind::Goto => Some(self.ident()),
            BranchKind::Fallthrough => None,
            _ => self.at(Token::Ident).then(|| self.ident()),
        };
        self.finish_stmt(Stmt::Branch { kind, label }, start)
    }

    /// An if statement with all its else-if arms, which stand in one another in the tree.
    fn if_stmt(&mut self) -> StmtId {
        let mut arms = Vec::new();
        let outer = self.high;
        let mut els = loop {
            let start = self.lex.tok.start;
            self.next();
            self.high = self.depth;
            let (init, cond) = self.if_header();
            let then = self.block();
            arms.push(Arm { start, init, cond, then, high: self.high });
            if !self.eat(Token::Else) {
                break None;
            }
            match self.lex.tok.kind {
                Token::If => {}
                Token::LBrace => {
                    self.high = self.depth;
                    let start = self.lex.tok.start;
                    let block = self.nested(Self::block);
                    break Some(self.push_stmt(Stmt::Block(block), start));
                }
                _ => {
                    self.error_expected("if statement or block");
                    self.skip_gap();
                    break Some(self.push_stmt(Stmt::Bad, self.prev_end));
                }
            }
        };
        self.expect_semicolon_after_if(els);
        let mut whole = els;
        let end = arms.last().map_or(self.prev_end, |arm| arm.then.span.end.max(arm.start));
        let end = els.map_or(end, |els| self.ast.stmts[els].span.end.max(end));
        while let Some(Arm { start, init, cond, then, high }) = arms.pop() {
            if els.is_some() {
                els = Some(self.nest_else(els, high));
            }
            let kind = Stmt::If { init, cond, then, els };
            let span = TextRange::new(start, end);
            els = Some(self.ast.stmts.push(StmtNode { kind, span }));
            whole = els;
        }
        self.high = self.high.max(outer);
        whole.unwrap_or_else(|| self.push_stmt(Stmt::Bad, self.prev_end))
    }

    fn expect_semicolon_after_if(&mut self, els: Option<StmtId>) {
        let broken = els.is_some_and(|els| matches!(self.ast.stmts[els].kind, Stmt::Bad));
        if broken { self.skip_statement() } else { self.expect_semicolon() }
    }

    /// Accounts for the arm that will stand above the else branch; a tree that would become too
    /// deep is an error, and a bad statement takes the branch's place.
    fn nest_else(&mut self, els: Option<StmtId>, arm_high: u32) -> StmtId {
        let els = els.unwrap_or_else(|| self.push_stmt(Stmt::Bad, self.prev_end));
        if self.high < MAX_DEPTH {
            self.high = arm_high.max(self.high + 1);
            return els;
        }
        let span = self.ast.stmts[els].span;
        let message = format!("else-if chain more than {MAX_DEPTH} levels deep");
        self.error(TextRange::empty(span.start), message);
        self.high = arm_high.max(self.depth + 1);
        self.ast.stmts.push(StmtNode { kind: Stmt::Bad, span })
    }

    fn if_header(&mut self) -> (Option<StmtId>, ExprId) {
        if self.at(Token::LBrace) {
            self.error_here("missing condition in if statement");
            return (None, self.missing_expr());
        }
        let outer = std::mem::replace(&mut self.expr_level, -1);
        let mut first = None;
        if !self.at(Token::Semicolon) {
            if self.at(Token::Var) {
                self.error_here("var declaration in if header");
                self.next();
            }
            first = Some(self.header_stmt());
        }
        let mut init = None;
        let mut cond = first;
        if !self.at(Token::LBrace) {
            init = first;
            cond = None;
            let semicolon = self.lex.tok;
            if self.expect(Token::Semicolon) && !self.at(Token::LBrace) {
                cond = Some(self.header_stmt());
            } else if semicolon.auto {
                let at = TextRange::empty(semicolon.start);
                self.error(at, "unexpected newline, expected `{` after if clause");
            } else {
                self.error_here("missing condition in if statement");
            }
        }
        let cond = match cond {
            Some(stmt) => self.expr_of(stmt, "boolean expression"),
            None => self.missing_expr(),
        };
        self.expr_level = outer;
        (init, cond)
    }

    fn switch_stmt(&mut self, start: u32) -> StmtId {
        self.next();
        let mut init = None;
        let mut tag = None;
        if !self.at(Token::LBrace) {
            let outer = std::mem::replace(&mut self.expr_level, -1);
            if !self.at(Token::Semicolon) {
                tag = Some(self.header_stmt());
            }
            // A brace on the next line makes the first part the initial statement.
            if self.eat(Token::Semicolon) {
                init = tag.take();
                if !self.at(Token::LBrace) {
                    tag = Some(self.header_stmt());
                }
            }
            self.expr_level = outer;
        }
        let guard = tag.and_then(|tag| self.type_switch_guard(tag));
        let tag = match (guard, tag) {
            (None, Some(tag)) => Some(self.expr_of(tag, "switch expression")),
            _ => None,
        };
        let mut clauses = Vec::new();
        if self.expect(Token::LBrace) {
            while self.at_clause() {
                clauses.push(self.case_clause());
            }
            self.expect(Token::RBrace);
        }
        let clauses = clauses.into_boxed_slice();
        let stmt = match guard {
            Some((name, x)) => Stmt::TypeSwitch { init, name, x, clauses },
            None => Stmt::Switch { init, tag, clauses },
        };
        self.finish_stmt(stmt, start)
    }

    /// The name and operand of `name := x.(type)` or `x.(type)`.
    fn type_switch_guard(&mut self, stmt: StmtId) -> Option<(Option<IdentId>, ExprId)> {
        let StmtNode { kind, span } = &self.ast.stmts[stmt];
        let operand = |x: ExprId| match *self.ast.expr(x) {
            Expr::TypeAssert { x, ty: None } => Some(x),
            _ => None,
        };
        let (lhs, rhs, assign) = match kind {
            Stmt::Expr(x) => return Some((None, operand(*x)?)),
            Stmt::Define { lhs, rhs } => (*lhs, *rhs, false),
            Stmt::Assign { lhs, rhs } => (*lhs, *rhs, true),
            _ => return None,
        };
        let ([name], [x]) = (self.ast.list(lhs), self.ast.list(rhs)) else { return None };
        let x = operand(*x)?;
        let name = match *self.ast.expr(*name) {
            Expr::Ident(name) => Some(name),
            _ => None,
        };
        if assign {
            self.error(*span, "expected `:=` in type switch guard, found `=`");
        }
        Some((name, x))
    }

    /// Whether a clause begins here; skips what cannot be one.
    fn at_clause(&mut self) -> bool {
        loop {
            match self.lex.tok.kind {
                Token::Case | Token::Default => return true,
                Token::RBrace | Token::Eof => return false,
                _ if self.at_declaration() => return false,
                _ => {
                    self.error_expected("case, default or }");
                    self.skip_statement();
                }
            }
        }
    }

    fn case_clause(&mut self) -> CaseClause {
        let start = self.lex.tok.start;
        let is_default = self.at(Token::Default);
        self.next();
        let exprs = if is_default { List::EMPTY } else { self.expr_list() };
        self.expect(Token::Colon);
        let (body, span) = self.clause_body(start);
        CaseClause { exprs, is_default, body, span }
    }

    /// The statements of a clause that begins at `start`, and its span.
    fn clause_body(&mut self, start: u32) -> (List<StmtId>, TextRange) {
        let end = self.prev_end;
        let body = self.stmt_list();
        let last = self.ast.list(body).last();
        let end = last.map_or(end, |&last| self.ast.stmts[last].span.end.max(end));
        (body, TextRange::new(start, end))
    }

    fn select_stmt(&mut self, start: u32) -> StmtId {
        self.next();
        let mut clauses = Vec::new();
        if self.open_brace() {
            while self.at_clause() {
                clauses.push(self.comm_clause());
            }
            self.expect(Token::RBrace);
        }
        self.finish_stmt(Stmt::Select { clauses: clauses.into_boxed_slice() }, start)
    }

    fn comm_clause(&mut self) -> CommClause {
        let start = self.lex.tok.start;
        let is_default = self.at(Token::Default);
        self.next();
        let comm = if is_default { None } else { Some(self.nested(Self::comm)) };
        self.expect(Token::Colon);
        let (body, span) = self.clause_body(start);
        CommClause { comm, body, span }
    }

    /// The operation of a select arm.
    fn comm(&mut self) -> StmtId {
        let start = self.lex.tok.start;
        let mark = self.exprs.len();
        self.stack_exprs();
        let kind = self.lex.tok.kind;
        let assign = matches!(kind, Token::Assign | Token::Define);
        let n_allowed = if assign { 2 } else { 1 };
        if self.exprs.len() > mark + n_allowed {
            self.error_here(format!("expected at most {n_allowed} expressions before"));
            self.exprs.truncate(mark + n_allowed);
        }
        let stmt = if assign {
            let lhs = self.take_exprs(mark);
            self.next();
            let value = self.expr();
            let rhs = self.ast.new_list(&[value]);
            match kind {
                Token::Define => Stmt::Define { lhs, rhs },
                _ => Stmt::Assign { lhs, rhs },
            }
        } else {
            let first = self.exprs.get(mark).copied();
            self.exprs.truncate(mark);
            match first {
                Some(chan) if kind == Token::Arrow => {
                    let arrow = self.lex.tok.start;
                    self.next();
                    let value = self.expr();
                    Stmt::Send { chan, value, arrow }
                }
                Some(x) => Stmt::Expr(x),
                None => Stmt::Bad,
            }
        };
        self.push_stmt(stmt, start)
    }

    fn for_stmt(&mut self, start: u32) -> StmtId {
        self.next();
        let (mut init, mut cond, mut post) = (None, None, None);
        let mut range = None;
        if !self.at(Token::LBrace) {
            let outer = std::mem::replace(&mut self.expr_level, -1);
            if self.eat(Token::Range) {
                let mark = self.exprs.len();
                range = Some(self.range_clause(mark, false));
            } else if !self.at(Token::Semicolon) {
                match self.nested(|p| p.simple_stmt(SimpleMode::Range)) {
                    Simple::Stmt(stmt) | Simple::Labeled(stmt) => cond = Some(stmt),
                    Simple::Range(clause) => range = Some(clause),
                }
            }
            if range.is_none() && self.eat(Token::Semicolon) {
                init = cond.take();
                if self.at(Token::LBrace) {
                    self.error_here("expected for loop condition");
                } else {
                    if !self.at(Token::Semicolon) {
                        cond = Some(self.header_stmt());
                    }
                    if self.expect(Token::Semicolon) && !self.at(Token::LBrace) {
                        post = Some(self.header_stmt());
                    }
                }
            }
            self.expr_level = outer;
        }
        let body = self.block();
        let stmt = match range {
            Some(RangeClause { key, value, define, x }) => {
                Stmt::Range { key, value, define, x, body }
            }
            None => {
                let cond = cond.map(|c| self.expr_of(c, "boolean or range expression"));
                Stmt::For { init, cond, post, body }
            }
        };
        self.finish_stmt(stmt, start)
    }

    /// The clause after `range`, whose variables stand on the stack from `mark`.
    fn range_clause(&mut self, mark: usize, define: bool) -> RangeClause {
        let mut variables = self.exprs.get(mark..).unwrap_or_default().iter().copied();
        let (key, value, third) = (variables.next(), variables.next(), variables.next());
        if let Some(third) = third {
            let span = self.ast.expr_span(third);
            self.error(span, "range clause with more than two variables");
        }
        self.exprs.truncate(mark);
        let x = self.expr();
        RangeClause { key, value, define, x }
    }
}
