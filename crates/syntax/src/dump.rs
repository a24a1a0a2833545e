//! A text form of the tree for people.

use crate::ast::*;
use crate::walk::Node;
use stanch_base::TextRange;
use std::fmt::Write;

/// Deeper nodes are not indented further, so that the size stays linear.
const MAX_INDENT: usize = 100;

/// A text form of the tree for people: one node a line with its bytes, children indented.
pub fn dump(ast: &Ast, text: &str) -> String {
    let mut out = String::new();
    if let Some(package) = ast.package {
        let _ = writeln!(out, "package {}", ast.name(package));
    }
    let mut stack: Vec<(Node<'_>, usize)> =
        ast.decls.iter().rev().map(|decl| (Node::Decl(decl), 0)).collect();
    let mut children = Vec::new();
    while let Some((node, depth)) = stack.pop() {
        let indent = 2 * depth.min(MAX_INDENT);
        let span = node.span(ast);
        let _ = writeln!(out, "{:indent$}{} {span:?}", "", head(ast, text, node));
        node.children(ast, &mut children);
        stack.extend(children.drain(..).rev().map(|child| (child, depth + 1)));
    }
    out
}

/// What a node's line says before the span.
fn head(ast: &Ast, text: &str, node: Node<'_>) -> String {
    match node {
        Node::Decl(Decl::Func(decl)) => {
            let body = match decl.body {
                Body::None => " (no body)",
                Body::Block(_) => "",
                Body::Skipped(_) => " (body skipped)",
            };
            let kind = if decl.recv.is_some() { "Method" } else { "Func" };
            format!("{kind} {}{body}", ast.name(decl.name))
        }
        Node::Decl(Decl::Gen(decl)) | Node::LocalDecl(decl) => {
            let group = if decl.grouped { " (group)" } else { "" };
            format!("{:?}{group}", decl.keyword)
        }
        Node::Spec(Spec::Import(index)) => {
            let path = ast.imports.get(*index as usize).map_or("", |import| &import.path);
            format!("ImportSpec {path:?}")
        }
        Node::Spec(Spec::Value(spec)) => format!("ValueSpec iota={}", spec.iota),
        Node::Spec(Spec::Type(spec)) if spec.alias => "TypeSpec (alias)".into(),
        Node::Spec(Spec::Type(_)) => "TypeSpec".into(),
        Node::Ident(ident) => format!("name {}", ast.name(ident)),
        Node::Expr(expr) => expr_head(ast, text, expr),
        Node::Stmt(stmt) => stmt_head(&ast.stmts[stmt].kind),
        Node::Field(field) => match ast.fields[field].tag {
            Some(tag) => format!("Field tag={}", tag.of(text)),
            None => "Field".into(),
        },
        Node::Signature(signature) => {
            let Signature { type_params, params, results, .. } = ast.signatures[signature];
            let (n, p, r) = (type_params.len(), params.len(), results.len());
            format!("Signature type_params={n} params={p} results={r}")
        }
        Node::Block(_) => "Block".into(),
        Node::Case(clause) if clause.is_default => "Default".into(),
        Node::Case(clause) => format!("Case exprs={}", clause.exprs.len()),
        Node::Comm(clause) if clause.comm.is_none() => "Default".into(),
        Node::Comm(_) => "Case".into(),
    }
}

fn expr_head(ast: &Ast, text: &str, expr: ExprId) -> String {
    let ExprNode { kind, span } = &ast.exprs[expr];
    match *kind {
        Expr::Bad => format!("Bad {:?}", excerpt(text, *span)),
        Expr::Ident(ident) => format!("Ident {}", ast.name(ident)),
        Expr::BasicLit(kind) => format!("{kind:?} {}", excerpt(text, *span)),
        Expr::FuncLit { .. } => "FuncLit".into(),
        Expr::CompositeLit { ty: Some(_), .. } => "CompositeLit".into(),
        Expr::CompositeLit { ty: None, .. } => "CompositeLit (no type)".into(),
        Expr::KeyValue { .. } => "KeyValue".into(),
        Expr::Paren(_) => "Paren".into(),
        Expr::Selector { sel, .. } => format!("Selector .{}", ast.name(sel)),
        Expr::Index { .. } => "Index".into(),
        Expr::Slice { lo, hi, max, .. } => {
            let part = |x: Option<ExprId>| if x.is_some() { "x" } else { "" };
            let third = if max.is_some() { ":x" } else { "" };
            format!("Slice [{}:{}{third}]", part(lo), part(hi))
        }
        Expr::TypeAssert { ty: Some(_), .. } => "TypeAssert".into(),
        Expr::TypeAssert { ty: None, .. } => "TypeAssert .(type)".into(),
        Expr::Call { spread: true, .. } => "Call (spread)".into(),
        Expr::Call { .. } => "Call".into(),
        Expr::Star(_) => "Star".into(),
        Expr::Recv(_) => "Recv".into(),
        Expr::Unary { op, .. } => format!("Unary {op:?}"),
        Expr::Binary { op, .. } => format!("Binary {op:?}"),
        Expr::SliceType(_) => "SliceType".into(),
        Expr::ArrayType { len: Some(_), .. } => "ArrayType".into(),
        Expr::ArrayType { len: None, .. } => "ArrayType [...]".into(),
        Expr::StructType { .. } => "StructType".into(),
        Expr::FuncType(_) => "FuncType".into(),
        Expr::InterfaceType { .. } => "InterfaceType".into(),
        Expr::MapType { .. } => "MapType".into(),
        Expr::ChanType { dir, .. } => format!("ChanType {dir:?}"),
        Expr::Ellipsis(_) => "Ellipsis".into(),
    }
}

fn stmt_head(stmt: &Stmt) -> String {
    match stmt {
        Stmt::Bad => "BadStmt".into(),
        Stmt::Empty => "Empty".into(),
        Stmt::Decl(_) => "DeclStmt".into(),
        Stmt::Labeled { .. } => "Labeled".into(),
        Stmt::Expr(_) => "ExprStmt".into(),
        Stmt::Send { .. } => "Send".into(),
        Stmt::IncDec { inc: true, .. } => "Inc".into(),
        Stmt::IncDec { inc: false, .. } => "Dec".into(),
        Stmt::Assign { lhs, .. } => format!("Assign lhs={}", lhs.len()),
        Stmt::Define { lhs, .. } => format!("Define lhs={}", lhs.len()),
        Stmt::OpAssign { op, .. } => format!("OpAssign {op:?}"),
        Stmt::Go(_) => "Go".into(),
        Stmt::Defer(_) => "Defer".into(),
        Stmt::Return(_) => "Return".into(),
        Stmt::Branch { kind, .. } => format!("{kind:?}"),
        Stmt::Block(_) => "BlockStmt".into(),
        Stmt::If { .. } => "If".into(),
        Stmt::Switch { .. } => "Switch".into(),
        Stmt::TypeSwitch { .. } => "TypeSwitch".into(),
        Stmt::Select { .. } => "Select".into(),
        Stmt::For { .. } => "For".into(),
        Stmt::Range { define: true, .. } => "Range :=".into(),
        Stmt::Range { define: false, .. } => "Range".into(),
    }
}

/// The text of a literal, cut where it is long, on one line.
fn excerpt(text: &str, span: TextRange) -> String {
    const MAX_CHARS: usize = 40;
    let whole = span.of(text);
    let cut: String = whole.chars().take(MAX_CHARS).collect();
    let dots = if cut.len() < whole.len() { "…" } else { "" };
    cut.replace('\n', "\\n") + dots
}
