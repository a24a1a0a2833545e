//! Uniform access to the nodes of a tree.

use crate::ast::*;
use stanch_base::TextRange;

/// Any node of a tree.
#[derive(Clone, Copy, Debug)]
pub enum Node<'a> {
    /// A top-level declaration.
    Decl(&'a Decl),
    /// A general declaration inside a function.
    LocalDecl(&'a GenDecl),
    /// A specification of a general declaration.
    Spec(&'a Spec),
    /// An identifier that defines or selects; a using one is an expression around it.
    Ident(IdentId),
    /// An expression.
    Expr(ExprId),
    /// A statement.
    Stmt(StmtId),
    /// A field, parameter or interface element.
    Field(FieldId),
    /// A signature.
    Signature(SignatureId),
    /// A block that is no statement by itself.
    Block(&'a Block),
    /// A clause of a switch.
    Case(&'a CaseClause),
    /// An arm of a select.
    Comm(&'a CommClause),
}

impl<'a> Node<'a> {
    /// The node's bytes.
    pub fn span(self, ast: &Ast) -> TextRange {
        match self {
            Self::Decl(Decl::Func(decl)) => decl.span,
            Self::Decl(Decl::Gen(decl)) | Self::LocalDecl(decl) => decl.span,
            Self::Spec(Spec::Import(index)) => {
                ast.imports.get(*index as usize).map(|spec| spec.span).unwrap_or_default()
            }
            Self::Spec(Spec::Value(spec)) => spec.span,
            Self::Spec(Spec::Type(spec)) => spec.span,
            Self::Ident(ident) => ast.idents[ident].span,
            Self::Expr(expr) => ast.exprs[expr].span,
            Self::Stmt(stmt) => ast.stmts[stmt].span,
            Self::Field(field) => ast.fields[field].span,
            Self::Signature(signature) => ast.signatures[signature].span,
            Self::Block(block) => block.span,
            Self::Case(clause) => clause.span,
            Self::Comm(clause) => clause.span,
        }
    }

    /// Appends the node's children in source order.
    pub fn children(self, ast: &'a Ast, out: &mut Vec<Self>) {
        let mut children = Children { ast, out };
        match self {
            Self::Decl(Decl::Func(decl)) => children.func(decl),
            Self::Decl(Decl::Gen(decl)) | Self::LocalDecl(decl) => {
                children.out.extend(decl.specs.iter().map(Node::Spec));
            }
            Self::Spec(spec) => children.spec(spec),
            Self::Ident(_) => {}
            Self::Expr(expr) => children.expr(ast.expr(expr)),
            Self::Stmt(stmt) => children.stmt(&ast.stmts[stmt].kind),
            Self::Field(field) => {
                let Field { names, ty, .. } = ast.fields[field];
                children.idents(names);
                children.out.push(Node::Expr(ty));
            }
            Self::Signature(signature) => {
                let Signature { type_params, params, results, .. } = ast.signatures[signature];
                children.fields(type_params);
                children.fields(params);
                children.fields(results);
            }
            Self::Block(block) => children.stmts(block.stmts),
            Self::Case(clause) => {
                children.exprs(clause.exprs);
                children.stmts(clause.body);
            }
            Self::Comm(clause) => {
                children.out.extend(clause.comm.map(Node::Stmt));
                children.stmts(clause.body);
            }
        }
    }
}

/// Collects the children of one node.
struct Children<'o, 'a> {
    ast: &'a Ast,
    out: &'o mut Vec<Node<'a>>,
}

impl<'a> Children<'_, 'a> {
    fn idents(&mut self, list: List<IdentId>) {
        self.out.extend(self.ast.list(list).iter().copied().map(Node::Ident));
    }

    fn exprs(&mut self, list: List<ExprId>) {
        self.out.extend(self.ast.list(list).iter().copied().map(Node::Expr));
    }

    fn stmts(&mut self, list: List<StmtId>) {
        self.out.extend(self.ast.list(list).iter().copied().map(Node::Stmt));
    }

    fn fields(&mut self, list: List<FieldId>) {
        self.out.extend(self.ast.list(list).iter().copied().map(Node::Field));
    }

    fn func(&mut self, decl: &'a FuncDecl) {
        self.fields(decl.recv.unwrap_or(List::EMPTY));
        self.out.push(Node::Ident(decl.name));
        self.out.push(Node::Signature(decl.signature));
        if let Body::Block(block) = &decl.body {
            self.out.push(Node::Block(block));
        }
    }

    fn spec(&mut self, spec: &'a Spec) {
        match spec {
            Spec::Import(index) => {
                let import = self.ast.imports.get(*index as usize);
                self.out.extend(import.and_then(|i| i.name).map(Node::Ident));
            }
            Spec::Value(spec) => {
                self.idents(spec.names);
                self.out.extend(spec.ty.map(Node::Expr));
                self.exprs(spec.values);
            }
            Spec::Type(spec) => {
                self.out.push(Node::Ident(spec.name));
                self.fields(spec.type_params);
                self.out.push(Node::Expr(spec.ty));
            }
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match *expr {
            Expr::Bad | Expr::BasicLit(_) => {}
            Expr::Ident(ident) => self.out.push(Node::Ident(ident)),
            Expr::FuncLit { signature, ref body } => {
                self.out.extend([Node::Signature(signature), Node::Block(body)]);
            }
            Expr::CompositeLit { ty, elts } => {
                self.out.extend(ty.map(Node::Expr));
                self.exprs(elts);
            }
            Expr::KeyValue { key: x, value: y } | Expr::Binary { x, y, .. } => {
                self.out.extend([Node::Expr(x), Node::Expr(y)]);
            }
            Expr::MapType { key, value } => {
                self.out.extend([Node::Expr(key), Node::Expr(value)]);
            }
            Expr::Paren(x)
            | Expr::Star(x)
            | Expr::Recv(x)
            | Expr::Unary { x, .. }
            | Expr::SliceType(x)
            | Expr::ChanType { elem: x, .. } => self.out.push(Node::Expr(x)),
            Expr::Selector { x, sel } => self.out.extend([Node::Expr(x), Node::Ident(sel)]),
            Expr::Index { x, indices } => {
                self.out.push(Node::Expr(x));
                self.exprs(indices);
            }
            Expr::Slice { x, lo, hi, max } => {
                self.out.push(Node::Expr(x));
                self.out.extend([lo, hi, max].into_iter().flatten().map(Node::Expr));
            }
            Expr::TypeAssert { x, ty } => {
                self.out.push(Node::Expr(x));
                self.out.extend(ty.map(Node::Expr));
            }
            Expr::Call { fun, args, .. } => {
                self.out.push(Node::Expr(fun));
                self.exprs(args);
            }
            Expr::ArrayType { len, elem } => {
                self.out.extend(len.map(Node::Expr));
                self.out.push(Node::Expr(elem));
            }
            Expr::StructType { fields } => self.fields(fields),
            Expr::InterfaceType { elems } => self.fields(elems),
            Expr::FuncType(signature) => self.out.push(Node::Signature(signature)),
            Expr::Ellipsis(elem) => self.out.extend(elem.map(Node::Expr)),
        }
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match *stmt {
            Stmt::Bad | Stmt::Empty => {}
            Stmt::Decl(ref decl) => self.out.push(Node::LocalDecl(decl)),
            Stmt::Labeled { label, stmt } => {
                self.out.extend([Node::Ident(label), Node::Stmt(stmt)]);
            }
            Stmt::Expr(x) | Stmt::IncDec { x, .. } | Stmt::Go(x) | Stmt::Defer(x) => {
                self.out.push(Node::Expr(x));
            }
            Stmt::Send { chan: x, value: y, .. } | Stmt::OpAssign { lhs: x, rhs: y, .. } => {
                self.out.extend([Node::Expr(x), Node::Expr(y)]);
            }
            Stmt::Assign { lhs, rhs } | Stmt::Define { lhs, rhs } => {
                self.exprs(lhs);
                self.exprs(rhs);
            }
            Stmt::Return(results) => self.exprs(results),
            Stmt::Branch { label, .. } => self.out.extend(label.map(Node::Ident)),
            Stmt::Block(ref block) => self.out.push(Node::Block(block)),
            Stmt::If { init, cond, ref then, els } => {
                self.out.extend(init.map(Node::Stmt));
                self.out.extend([Node::Expr(cond), Node::Block(then)]);
                self.out.extend(els.map(Node::Stmt));
            }
            Stmt::Switch { init, tag, ref clauses } => {
                self.out.extend(init.map(Node::Stmt));
                self.out.extend(tag.map(Node::Expr));
                self.out.extend(clauses.iter().map(Node::Case));
            }
            Stmt::TypeSwitch { init, name, x, ref clauses } => {
                self.out.extend(init.map(Node::Stmt));
                self.out.extend(name.map(Node::Ident));
                self.out.push(Node::Expr(x));
                self.out.extend(clauses.iter().map(Node::Case));
            }
            Stmt::Select { ref clauses } => self.out.extend(clauses.iter().map(Node::Comm)),
            Stmt::For { init, cond, post, ref body } => {
                self.out.extend(init.map(Node::Stmt));
                self.out.extend(cond.map(Node::Expr));
                self.out.extend(post.map(Node::Stmt));
                self.out.push(Node::Block(body));
            }
            Stmt::Range { key, value, x, ref body, .. } => {
                self.out.extend([key, value, Some(x)].into_iter().flatten().map(Node::Expr));
                self.out.push(Node::Block(body));
            }
        }
    }
}
