//! Checks of what the parser promises about a tree.

use crate::MAX_DEPTH;
use crate::ast::*;
use crate::walk::Node;
use stanch_base::{Idx, TextRange};

/// Checks the tree's promises, for tests: children lie in their parents and in source order, on
/// character boundaries; identifiers have the text of their bytes; the depth is bounded; no node
/// has two parents; the nodes of a declaration lie in its [`NodeRange`], and those ranges are
/// disjoint and in order. The error says which promise is broken and where.
pub fn validate(ast: &Ast, text: &str) -> Result<(), String> {
    let mut checker = Checker {
        ast,
        text,
        exprs: vec![false; ast.exprs.len()],
        stmts: vec![false; ast.stmts.len()],
        idents: vec![false; ast.idents.len()],
        stack: Vec::new(),
    };
    let mut nodes = NodeRange::default();
    let mut end = 0;
    for decl in &ast.decls {
        let (span, range) = match decl {
            Decl::Func(decl) => (decl.span, decl.nodes),
            Decl::Gen(decl) => (decl.span, decl.nodes),
        };
        if span.start < end {
            return Err(format!("declaration {span:?} overlaps the one before"));
        }
        end = span.end;
        for (before, here) in pairs(&nodes, &range) {
            if here.0 < before.1 || here.1 < here.0 {
                return Err(format!("node range of the declaration {span:?} overlaps"));
            }
        }
        nodes = range;
        checker.declaration(decl, &range)?;
    }
    Ok(())
}

/// The three ranges of both, side by side.
fn pairs(a: &NodeRange, b: &NodeRange) -> [((u32, u32), (u32, u32)); 3] {
    [(a.exprs, b.exprs), (a.stmts, b.stmts), (a.idents, b.idents)]
}

struct Checker<'a> {
    ast: &'a Ast,
    text: &'a str,
    // Which nodes have been seen.
    exprs: Vec<bool>,
    stmts: Vec<bool>,
    idents: Vec<bool>,
    /// Nodes to visit, with the number of expressions and statements above.
    stack: Vec<(Node<'a>, u32)>,
}

impl<'a> Checker<'a> {
    fn declaration(&mut self, decl: &'a Decl, range: &NodeRange) -> Result<(), String> {
        self.stack.push((Node::Decl(decl), 0));
        let mut children = Vec::new();
        while let Some((node, depth)) = self.stack.pop() {
            let span = node.span(self.ast);
            self.node(node, span, range)?;
            let depth = depth + u32::from(matches!(node, Node::Expr(_) | Node::Stmt(_)));
            if depth > MAX_DEPTH {
                return Err(format!("{span:?} lies deeper than {MAX_DEPTH}"));
            }
            node.children(self.ast, &mut children);
            let mut end = span.start;
            for child in children.drain(..) {
                let inner = child.span(self.ast);
                if !span.contains(inner) {
                    return Err(format!("{child:?} {inner:?} lies outside {node:?} {span:?}"));
                }
                if inner.start < end {
                    return Err(format!("{child:?} {inner:?} in {node:?} overlaps its sibling"));
                }
                end = inner.end;
                self.stack.push((child, depth));
            }
        }
        Ok(())
    }

    fn node(&mut self, node: Node<'a>, span: TextRange, range: &NodeRange) -> Result<(), String> {
        let boundary = |at: u32| self.text.is_char_boundary(at as usize);
        if span.start > span.end || !boundary(span.start) || !boundary(span.end) {
            return Err(format!("{node:?} has the span {span:?}"));
        }
        let (seen, index, range) = match node {
            Node::Expr(expr) => (self.exprs.get_mut(expr.index()), expr.raw(), range.exprs),
            Node::Stmt(stmt) => (self.stmts.get_mut(stmt.index()), stmt.raw(), range.stmts),
            Node::Ident(ident) => {
                let name = self.ast.name(ident);
                if !span.is_empty() && name != span.of(self.text) || span.is_empty() && name != "_"
                {
                    return Err(format!("{ident:?} {span:?} has the name {name}"));
                }
                (self.idents.get_mut(ident.index()), ident.raw(), range.idents)
            }
            _ => return Ok(()),
        };
        if !(range.0..range.1).contains(&index) {
            return Err(format!("{node:?} {span:?} lies outside its declaration's node range"));
        }
        match seen {
            Some(seen) if !*seen => *seen = true,
            _ => return Err(format!("{node:?} {span:?} has two parents")),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::validate;
    use crate::ast::*;
    use crate::{ParseMode, parse};
    use stanch_base::{Idx, TextRange};

    const TEXT: &str = "package p\n\nvar x = a + \"ü\"\n\nfunc f(b int) { x = b }\n";

    /// What `validate` says of the tree of `TEXT` after `spoil`.
    fn spoilt(spoil: impl FnOnce(&mut Ast)) -> Result<(), String> {
        let mut ast = parse(TEXT, ParseMode::Full).ast;
        spoil(&mut ast);
        validate(&ast, TEXT)
    }

    fn at(text: &str) -> u32 {
        TEXT.find(text).expect("it stands there") as u32
    }

    /// The first expression that is the same as `text`.
    fn expr(ast: &Ast, text: &str) -> ExprId {
        let is = |id: &ExprId| ast.expr_span(*id).of(TEXT) == text;
        ast.exprs.ids().find(is).expect("such an expression")
    }

    #[track_caller]
    fn rejects(what: &str, spoil: impl FnOnce(&mut Ast)) {
        let problem = spoilt(spoil).expect_err(what);
        assert!(problem.contains(what), "{problem}");
    }

    #[test]
    fn a_sound_tree_passes() {
        assert_eq!(spoilt(|_| {}), Ok(()));
    }

    #[test]
    fn every_broken_promise_is_seen() {
        rejects("lies outside", |ast| {
            let sum = expr(ast, "a + \"ü\"");
            ast.exprs[sum].span.end = at("+");
        });
        rejects("overlaps its sibling", |ast| {
            let literal = expr(ast, "\"ü\"");
            ast.exprs[literal].span.start = at("a +");
        });
        rejects("has the span", |ast| {
            let literal = expr(ast, "\"ü\"");
            ast.exprs[literal].span = TextRange::new(at("ü") + 1, at("ü") + 2);
        });
        rejects("has the name", |ast| {
            let name = ast.idents.ids().last().expect("identifiers");
            ast.idents[name].span = TextRange::new(at("= b"), at("= b") + 1);
            let used = ast.exprs.ids().last().expect("expressions");
            ast.exprs[used].span = ast.idents[name].span;
        });
        rejects("has two parents", |ast| {
            let (literal, sum) = (expr(ast, "\"ü\""), expr(ast, "a + \"ü\""));
            // Without bytes it does not overlap itself.
            ast.exprs[literal].span = TextRange::empty(at("+"));
            if let Expr::Binary { x, .. } = &mut ast.exprs[sum].kind {
                *x = literal;
            }
        });
        rejects("node range", |ast| {
            let Some(Decl::Gen(decl)) = ast.decls.first_mut() else { return };
            decl.nodes.exprs.1 = decl.nodes.exprs.0;
        });
        rejects("overlaps the one before", |ast| ast.decls.swap(0, 1));
    }

    #[test]
    fn depth_is_bounded() {
        rejects("lies deeper", |ast| {
            let mut inner = expr(ast, "a");
            let span = ast.expr_span(inner);
            let mut all: Vec<ExprNode> = ast.exprs.iter().cloned().collect();
            for _ in 0..=crate::MAX_DEPTH {
                all.push(ExprNode { kind: Expr::Paren(inner), span });
                inner = ExprId::from_usize(all.len() - 1);
            }
            let sum = expr(ast, "a + \"ü\"");
            if let Expr::Binary { x, .. } = &mut all[sum.index()].kind {
                *x = inner;
            }
            let n = all.len() as u32;
            ast.exprs = all.into_iter().collect();
            for decl in &mut ast.decls {
                if let Decl::Gen(decl) = decl {
                    decl.nodes.exprs.1 = n;
                }
            }
            ast.decls.truncate(1);
        });
    }
}
