//! Files and declarations.

use super::Parser;
use crate::ParseMode;
use crate::ast::*;
use crate::token::Token;
use stanch_base::TextRange;

impl Parser<'_> {
    /// The whole file.
    pub(crate) fn file(&mut self) {
        self.ast.package_pos = self.lex.tok.start;
        if self.expect(Token::Package) {
            self.ast.package = Some(self.ident());
            self.expect_top_semicolon();
        } else {
            self.skip_to_declaration();
        }
        let mut other_seen = false;
        while !self.at(Token::Eof) {
            if self.at(Token::Import) {
                if other_seen {
                    self.error_here("import after other declarations");
                }
            } else if self.mode == ParseMode::ImportsOnly {
                break;
            } else {
                other_seen = true;
            }
            self.top_level_decl();
        }
    }

    fn top_level_decl(&mut self) {
        self.high = 0;
        match self.lex.tok.kind {
            Token::Func => self.func_decl(),
            Token::Import | Token::Const | Token::Type | Token::Var => {
                let decl = self.gen_decl();
                self.ast.decls.push(Decl::Gen(decl));
            }
            _ => {
                self.error_expected("declaration");
                self.next();
                self.skip_to_declaration();
            }
        }
    }

    /// Consumes the semicolon after a top-level declaration; after an error skips to the next one.
    fn expect_top_semicolon(&mut self) {
        if !self.eat(Token::Semicolon) {
            self.error_expected("; or newline");
            self.skip_to_declaration();
        }
    }

    /// `import`, `const`, `type` or `var`.
    pub(super) fn gen_decl(&mut self) -> GenDecl {
        let start = self.lex.tok.start;
        let nodes = self.node_mark();
        let keyword = match self.lex.tok.kind {
            Token::Import => GenKeyword::Import,
            Token::Const => GenKeyword::Const,
            Token::Type => GenKeyword::Type,
            _ => GenKeyword::Var,
        };
        self.next();
        let mut specs = Vec::new();
        let grouped = self.eat(Token::LParen);
        let end = if grouped {
            while !matches!(self.lex.tok.kind, Token::RParen | Token::Eof) && !self.at_declaration()
            {
                let before = (self.lex.tok.start, self.lex.tok.kind);
                let iota = specs.len() as u32;
                specs.push(self.spec(keyword, iota));
                self.end_of_spec();
                if before == (self.lex.tok.start, self.lex.tok.kind) {
                    self.next();
                }
            }
            self.expect(Token::RParen);
            let end = self.prev_end;
            self.end_of_decl();
            end
        } else {
            specs.push(self.spec(keyword, 0));
            let end = self.prev_end;
            self.end_of_decl();
            end
        };
        let (span, nodes) = (TextRange::new(start, end), self.nodes_from(nodes));
        GenDecl { specs, keyword, grouped, span, nodes }
    }

    /// The semicolon after a specification of a group.
    fn end_of_spec(&mut self) {
        if self.at(Token::RBrace) {
            self.error_expected("; or newline");
            self.skip_statement();
        } else {
            self.expect_semicolon();
        }
    }

    /// The semicolon after a declaration, which at top level cannot be missing.
    fn end_of_decl(&mut self) {
        if self.depth == 0 {
            self.expect_top_semicolon();
        } else {
            self.expect_semicolon();
        }
    }

    fn spec(&mut self, keyword: GenKeyword, iota: u32) -> Spec {
        let outer = std::mem::replace(&mut self.high, self.depth);
        let spec = match keyword {
            GenKeyword::Import => self.import_spec(),
            GenKeyword::Type => Spec::Type(self.type_spec()),
            GenKeyword::Const => Spec::Value(self.value_spec(true, iota)),
            GenKeyword::Var => Spec::Value(self.value_spec(false, iota)),
        };
        self.high = self.high.max(outer);
        spec
    }

    fn import_spec(&mut self) -> Spec {
        let start = self.lex.tok.start;
        let name = match self.lex.tok.kind {
            Token::Ident => Some(self.ident()),
            Token::Period => {
                let span = self.span_of_token();
                self.next();
                let name = self.ast.names.intern(".");
                Some(self.ast.idents.push(Ident { name, span }))
            }
            _ => None,
        };
        let mut path_span = TextRange::empty(start);
        match self.lex.tok.kind {
            Token::String => {
                path_span = self.span_of_token();
                self.next();
            }
            Token::Int | Token::Float | Token::Imag | Token::Char => {
                self.error_here("import path must be a string");
                self.next();
            }
            _ => {
                self.error_expected("import path");
                self.skip_gap();
                path_span = TextRange::empty(self.prev_end);
            }
        }
        let path = unquote(path_span.of(self.text));
        let span = self.span_from(start);
        let index = self.ast.imports.len() as u32;
        self.ast.imports.push(ImportSpec { name, path, path_span, span });
        Spec::Import(index)
    }

    fn value_spec(&mut self, is_const: bool, iota: u32) -> ValueSpec {
        let start = self.lex.tok.start;
        let nodes = self.node_mark();
        let names = self.ident_list();
        let ty = if is_const {
            self.try_type()
        } else if self.at(Token::Assign) {
            None
        } else {
            Some(self.ty())
        };
        let values = if self.eat(Token::Assign) { self.expr_list() } else { List::EMPTY };
        let (span, nodes) = (self.span_from(start), self.nodes_from(nodes));
        ValueSpec { names, ty, values, iota, span, nodes }
    }

    fn type_spec(&mut self) -> TypeSpec {
        let start = self.lex.tok.start;
        let nodes = self.node_mark();
        let name = self.ident();
        let bracket = self.lex.tok.start;
        let mut type_params = List::EMPTY;
        let mut array = None;
        if self.eat(Token::LBrack) {
            match self.type_params_or_length() {
                Ok(params) => type_params = params,
                Err(len) => array = Some(self.array_type(bracket, len)),
            }
        }
        let alias = array.is_none() && self.eat(Token::Assign);
        let ty = match array {
            Some(array) => array,
            None => self.ty(),
        };
        let (span, nodes) = (self.span_from(start), self.nodes_from(nodes));
        TypeSpec { name, type_params, alias, ty, span, nodes }
    }

    /// After `type T [`: the type parameters with their `]`, or the length of an array type as far
    /// as it was consumed. An expression is read first; it begins a type parameter list if it can
    /// be a name followed by a constraint and cannot be (or, before a comma, need not be) a length.
    fn type_params_or_length(&mut self) -> Result<List<FieldId>, Option<ExprId>> {
        if !self.at(Token::Ident) {
            return Err(None);
        }
        let name = self.ident();
        let mut x = self.ident_expr(name);
        // `[` after the name can only begin a constraint: no constant has an index.
        if !self.at(Token::LBrack) {
            self.expr_level += 1;
            x = self.primary_rest(x);
            x = self.binary_rest(x, 1);
            self.expr_level -= 1;
        }
        match self.split_name(x, self.at(Token::Comma)) {
            Some((name, constraint)) if constraint.is_some() || !self.at(Token::RBrack) => {
                let params = self.param_list(Some((name, constraint)), Token::RBrack, false);
                self.expect_closing(Token::RBrack, "type parameter list");
                Ok(params)
            }
            _ => Err(Some(x)),
        }
    }

    /// Reads the expression `x` as a name with a constraint: `P`, `P*C`, `P(C)`, each but the first
    /// also followed by `|D`. Unless `force` is set, only if some part cannot be a value.
    fn split_name(&mut self, x: ExprId, force: bool) -> Option<(IdentId, Option<ExprId>)> {
        // The left spine of the union, from its right end.
        let mut spine = Vec::new();
        let mut force = force;
        let mut head = x;
        while let Expr::Binary { op: BinaryOp::Or, x: left, y, .. } = *self.ast.expr(head) {
            force = force || self.is_type_element(y);
            spine.push(head);
            head = left;
        }
        let (name, mut constraint) = match *self.ast.expr(head) {
            Expr::Ident(name) => {
                return if spine.is_empty() { Some((name, None)) } else { None };
            }
            Expr::Binary { op: BinaryOp::Mul, op_pos, x, y } => {
                let Expr::Ident(name) = *self.ast.expr(x) else { return None };
                if !force && !self.is_type_element(y) {
                    return None;
                }
                let span = TextRange::new(op_pos, self.ast.expr_span(y).end);
                (name, self.ast.exprs.push(ExprNode { kind: Expr::Star(y), span }))
            }
            Expr::Call { fun, args, spread: false } => {
                let Expr::Ident(name) = *self.ast.expr(fun) else { return None };
                let [arg] = *self.ast.list(args) else { return None };
                if !force && !self.is_type_element(arg) {
                    return None;
                }
                let start = self.paren_after(fun);
                let span = TextRange::new(start, self.ast.expr_span(head).end);
                (name, self.ast.exprs.push(ExprNode { kind: Expr::Paren(arg), span }))
            }
            _ => return None,
        };
        for &node in spine.iter().rev() {
            let Expr::Binary { op, op_pos, y, .. } = *self.ast.expr(node) else { continue };
            let start = self.ast.expr_span(constraint).start;
            let span = TextRange::new(start, self.ast.expr_span(node).end);
            let kind = Expr::Binary { op, op_pos, x: constraint, y };
            constraint = self.ast.exprs.push(ExprNode { kind, span });
        }
        Some((name, Some(constraint)))
    }

    /// Offset of the parenthesis of the call of `fun`.
    fn paren_after(&self, fun: ExprId) -> u32 {
        let end = self.ast.expr_span(fun).end;
        let rest = self.text.get(end as usize..).unwrap_or_default();
        let blanks = rest.bytes().take_while(|b| b.is_ascii_whitespace()).count() as u32;
        // With a comment between, the name's end will do.
        if rest.as_bytes().get(blanks as usize) == Some(&b'(') { end + blanks } else { end }
    }

    /// Whether `x` can only be a type, not a value.
    fn is_type_element(&self, x: ExprId) -> bool {
        match *self.ast.expr(x) {
            Expr::SliceType(_)
            | Expr::ArrayType { .. }
            | Expr::StructType { .. }
            | Expr::FuncType(_)
            | Expr::InterfaceType { .. }
            | Expr::MapType { .. }
            | Expr::ChanType { .. }
            | Expr::Unary { op: UnaryOp::Tilde, .. } => true,
            Expr::Binary { x, y, .. } => self.is_type_element(x) || self.is_type_element(y),
            Expr::Paren(inner) => self.is_type_element(inner),
            _ => false,
        }
    }

    fn func_decl(&mut self) {
        let start = self.lex.tok.start;
        let nodes = self.node_mark();
        self.next();
        let recv = self.at(Token::LParen).then(|| self.params(true));
        let name = self.ident();
        let signature_start = self.lex.tok.start;
        // Methods may have them too since Go 1.27.
        let type_params = if self.at(Token::LBrack) { self.type_params() } else { List::EMPTY };
        let signature = self.signature(signature_start, type_params);
        let mut end = self.prev_end;
        let body_mark = self.node_mark();
        let mut body = Body::None;
        if self.eat(Token::Semicolon) {
            if self.at(Token::LBrace) {
                self.error_here("`{` of a function on a new line");
            }
        } else if !self.at(Token::LBrace) {
            self.expect_top_semicolon();
        }
        if self.at(Token::LBrace) {
            body = self.func_body();
            end = self.prev_end;
        }
        let body_nodes = self.nodes_from(body_mark);
        let nodes = self.nodes_from(nodes);
        let span = TextRange::new(start, end);
        let decl = FuncDecl { name, recv, signature, body, span, nodes, body_nodes };
        self.ast.decls.push(Decl::Func(decl));
        if !matches!(body, Body::None) {
            self.expect_top_semicolon();
        }
    }

    fn func_body(&mut self) -> Body {
        if self.mode == ParseMode::Full {
            return Body::Block(self.block());
        }
        let start = self.lex.tok.start;
        let mut open = 0_u32;
        while !self.at(Token::Eof) && !self.at_func_declaration() {
            match self.lex.tok.kind {
                Token::LBrace => open += 1,
                Token::RBrace => open -= 1,
                _ => {}
            }
            self.next();
            if open == 0 {
                break;
            }
        }
        if open != 0 {
            self.error_expected("}");
        }
        Body::Skipped(self.span_from(start))
    }
}

/// The value of a string literal, of what can be read of it.
fn unquote(literal: &str) -> Box<str> {
    if let Some(raw) = literal.strip_prefix('`') {
        return raw.strip_suffix('`').unwrap_or(raw).replace('\r', "").into();
    }
    let inner = literal.strip_prefix('"').unwrap_or(literal);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        rest = unescape(escape, &mut bytes);
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into()
}

/// Appends what the escape sequence after a backslash means; the text after it.
fn unescape<'t>(text: &'t str, bytes: &mut Vec<u8>) -> &'t str {
    let (n_digits, radix, skip) = match text.as_bytes().first() {
        Some(b'0'..=b'7') => (3, 8, 0),
        Some(b'x') => (2, 16, 1),
        Some(b'u') => (4, 16, 1),
        Some(b'U') => (8, 16, 1),
        Some(&letter) => {
            bytes.push(match letter {
                b'a' => 7,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'v' => 11,
                other => other,
            });
            return text.get(1..).unwrap_or_default();
        }
        None => return text,
    };
    let digits = text.get(skip..skip + n_digits).unwrap_or_default();
    let value = u32::from_str_radix(digits, radix).unwrap_or_default();
    if n_digits <= 3 {
        bytes.push(value as u8);
    } else {
        let c = char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER);
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    text.get(skip + n_digits..).unwrap_or_default()
}
