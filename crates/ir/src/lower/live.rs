//! What of a body the compiler keeps, and the numbers it gives to function literals.
//!
//! gc leaves out branches whose condition is a constant and statements after a terminating one
//! before it numbers literals (`cmd/compile/internal/noder`, writer). Lowering leaves out the same,
//! so that symbols agree and `if debug { … }` is not analysed.

use super::Lower;
use stanch_base::FxHashMap;
use stanch_syntax::Node;
use stanch_syntax::ast::{
    Block, BinaryOp, BranchKind, CaseClause, Expr, ExprId, List, Stmt, StmtId, UnaryOp,
};
use stanch_types::{Builtin, ConstValue, TypeKind};

/// Numbers within one function, from 1.
#[derive(Default)]
pub(super) struct Numbers {
    /// Literals that stand directly in it, or in its range bodies.
    literals: FxHashMap<ExprId, u32>,
    /// Loops over functions that stand directly in it, or in one another, by what they range over.
    ranges: FxHashMap<ExprId, u32>,
    n_literals: u32,
    n_ranges: u32,
}

impl Numbers {
    /// The number of a literal.
    pub(super) fn literal(&mut self, expr: ExprId) -> u32 {
        number(&mut self.literals, &mut self.n_literals, expr)
    }

    /// The number of the loop over `x`.
    pub(super) fn range(&mut self, x: ExprId) -> u32 {
        number(&mut self.ranges, &mut self.n_ranges, x)
    }

    /// Forgets which expressions have numbers (those of another file may be called alike), but not
    /// how many.
    pub(super) fn next_file(&mut self) {
        self.literals.clear();
        self.ranges.clear();
    }
}

fn number(known: &mut FxHashMap<ExprId, u32>, n: &mut u32, expr: ExprId) -> u32 {
    *known.entry(expr).or_insert_with(|| {
        *n += 1;
        *n
    })
}

/// The clauses that are left of a switch over a constant.
pub(super) enum Clauses {
    /// All.
    All,
    /// At most this one, always.
    Only(Option<usize>),
}

impl<'a> Lower<'a> {
    /// Numbers what stands in a function's body, in the compiler's order.
    pub(super) fn number_block(&self, block: &'a Block, numbers: &mut Numbers) {
        self.number(Node::Block(block), numbers);
    }

    /// Numbers what stands in an expression at package level.
    pub(super) fn number_expr(&self, expr: ExprId, numbers: &mut Numbers) {
        self.number(Node::Expr(expr), numbers);
    }

    fn number(&self, node: Node<'a>, numbers: &mut Numbers) {
        let ast = self.ast();
        let mut stack = vec![node];
        let mut next = Vec::new();
        while let Some(node) = stack.pop() {
            match node {
                Node::Expr(expr) if self.constant(expr).is_some() => {}
                Node::Expr(expr) if matches!(ast.expr(expr), Expr::FuncLit { .. }) => {
                    numbers.literal(expr);
                }
                Node::Stmt(stmt) => self.number_stmt(stmt, numbers, &mut next),
                Node::Block(block) => next.extend(self.live(block.stmts).map(Node::Stmt)),
                Node::Case(clause) => {
                    next.extend(ast.list(clause.exprs).iter().copied().map(Node::Expr));
                    next.extend(self.live(clause.body).map(Node::Stmt));
                }
                Node::Comm(clause) => {
                    next.extend(clause.comm.map(Node::Stmt));
                    next.extend(self.live(clause.body).map(Node::Stmt));
                }
                // What stands in types is constant.
                Node::Field(_) | Node::Signature(_) => {}
                node => node.children(ast, &mut next),
            }
            stack.extend(next.drain(..).rev());
        }
    }

    fn number_stmt(&self, stmt: StmtId, numbers: &mut Numbers, next: &mut Vec<Node<'a>>) {
        let ast = self.ast();
        match &ast.stmts[stmt].kind {
            Stmt::If { init, cond, then, els } => {
                let known = self.static_bool(*cond);
                next.extend(init.map(Node::Stmt));
                self.live_condition(*cond, next);
                if known != Some(false) {
                    next.push(Node::Block(then));
                }
                if known != Some(true) {
                    next.extend(els.map(Node::Stmt));
                }
            }
            Stmt::For { init, cond: Some(cond), .. } if self.static_bool(*cond) == Some(false) => {
                next.extend(init.map(Node::Stmt));
                self.live_condition(*cond, next);
            }
            Stmt::Switch { init, tag, clauses } => {
                let live = self.live_clauses(*tag, clauses);
                next.extend(init.map(Node::Stmt));
                next.extend(tag.map(Node::Expr));
                match live {
                    Clauses::All => next.extend(clauses.iter().map(Node::Case)),
                    Clauses::Only(clause) => {
                        let clause = clause.and_then(|i| clauses.get(i));
                        next.extend(clause.into_iter().map(Node::Case));
                    }
                }
            }
            Stmt::Range { x, .. } if self.ranges_over_func(*x) => {
                numbers.range(*x);
                Node::Stmt(stmt).children(ast, next);
            }
            _ => Node::Stmt(stmt).children(ast, next),
        }
    }

    pub(super) fn ranges_over_func(&self, x: ExprId) -> bool {
        matches!(self.core(self.ty(x)), TypeKind::Signature(_))
    }

    /// The parts of a condition that may be evaluated.
    fn live_condition(&self, cond: ExprId, next: &mut Vec<Node<'a>>) {
        let mut stack = vec![cond];
        while let Some(cond) = stack.pop() {
            match *self.ast().expr(cond) {
                Expr::Unary { op: UnaryOp::Not, x } => stack.push(x),
                Expr::Binary { op: op @ (BinaryOp::LAnd | BinaryOp::LOr), x, y, .. } => {
                    if self.static_bool(x) != Some(op == BinaryOp::LOr) {
                        stack.push(y);
                    }
                    stack.push(x);
                }
                _ => next.push(Node::Expr(cond)),
            }
        }
    }

    /// What a condition always is, if that is known from constants.
    pub(super) fn static_bool(&self, expr: ExprId) -> Option<bool> {
        if let Some(value) = self.constant(expr) {
            return match value {
                ConstValue::Bool(value) => Some(*value),
                _ => None,
            };
        }
        match *self.ast().expr(expr) {
            // As gc: without turning the value round.
            Expr::Unary { op: UnaryOp::Not, x } => super::deep(|| self.static_bool(x)).map(|v| !v),
            Expr::Binary { op: op @ (BinaryOp::LAnd | BinaryOp::LOr), x, y, .. } => {
                let decides = op == BinaryOp::LOr;
                let x = super::deep(|| self.static_bool(x));
                if x == Some(decides) {
                    return x;
                }
                let y = super::deep(|| self.static_bool(y));
                (x.is_some() || y == Some(decides)).then_some(y).flatten()
            }
            _ => None,
        }
    }

    /// The statements of a list without those after a terminating one, labelled ones aside.
    pub(super) fn live(&self, list: List<StmtId>) -> impl Iterator<Item = StmtId> + use<'a> {
        let ast = self.ast();
        let stmts = ast.list(list);
        let labeled = |s: &StmtId| matches!(ast.stmts[*s].kind, Stmt::Labeled { .. });
        let first_kept = stmts.iter().rposition(labeled).unwrap_or(0);
        let end = stmts.iter().skip(first_kept).position(|s| self.terminates(*s, 0));
        let end = end.map_or(stmts.len(), |n| first_kept + n + 1);
        stmts[..end].iter().copied()
    }

    /// Whether the statement after this one is left out.
    fn terminates(&self, stmt: StmtId, depth: u32) -> bool {
        let ast = self.ast();
        if depth > 64 {
            return false;
        }
        match &ast.stmts[stmt].kind {
            Stmt::Branch { kind: BranchKind::Goto, .. } | Stmt::Return(_) => true,
            Stmt::Expr(x) => match ast.expr(ast.unparen(*x)) {
                Expr::Call { fun, .. } => self.builtin(*fun) == Some(Builtin::Panic),
                _ => false,
            },
            Stmt::If { cond, then, els, .. } => {
                let known = self.static_bool(*cond);
                let els = || els.is_some_and(|els| self.terminates(els, depth + 1));
                (known == Some(false) || self.block_terminates(*then, depth))
                    && (known == Some(true) || els())
            }
            Stmt::Block(block) => self.block_terminates(*block, depth),
            _ => false,
        }
    }

    fn block_terminates(&self, block: Block, depth: u32) -> bool {
        let ast = self.ast();
        let empty = |s: &&StmtId| matches!(ast.stmts[**s].kind, Stmt::Empty);
        let last = ast.list(block.stmts).iter().rev().find(|s| !empty(s));
        last.is_some_and(|&last| self.terminates(last, depth + 1))
    }

    /// Which clauses of a switch can be chosen where tag and cases are constants.
    pub(super) fn live_clauses(&self, tag: Option<ExprId>, clauses: &[CaseClause]) -> Clauses {
        let ast = self.ast();
        let yes = ConstValue::Bool(true);
        let tag = match tag {
            None => &yes,
            Some(tag) => match self.constant(tag) {
                Some(value) if *value != ConstValue::Unknown => value,
                _ => return Clauses::All,
            },
        };
        let mut target = None;
        'clauses: for (i, clause) in clauses.iter().enumerate() {
            if clause.is_default {
                target = Some(i);
            }
            for &case in ast.list(clause.exprs) {
                match self.constant(case) {
                    None | Some(ConstValue::Unknown) => return Clauses::All,
                    Some(value) if value == tag => {
                        target = Some(i);
                        break 'clauses;
                    }
                    Some(_) => {}
                }
            }
        }
        let falls = target.and_then(|i| clauses.get(i)).is_some_and(|c| self.falls_through(c.body));
        if falls { Clauses::All } else { Clauses::Only(target) }
    }
}
