//! Types.

use super::Parser;
use crate::ast::*;
use crate::token::Token;

impl Parser<'_> {
    /// A type; an error where there is none.
    pub(super) fn ty(&mut self) -> ExprId {
        if let Some(ty) = self.try_type() {
            return ty;
        }
        self.error_expected("type");
        self.missing_expr()
    }

    /// A type, if one begins here.
    pub(super) fn try_type(&mut self) -> Option<ExprId> {
        use Token::*;
        if !matches!(
            self.lex.tok.kind,
            Ident | LBrack | Struct | Mul | Func | Interface | Map | Chan | Arrow | LParen
        ) || self.at_func_declaration()
        {
            return None;
        }
        if !self.enter() {
            return Some(self.skip_deep());
        }
        let ty = self.type_here();
        self.leave();
        Some(ty)
    }

    /// The type that the current token begins.
    fn type_here(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        match self.lex.tok.kind {
            Token::LBrack => {
                self.next();
                self.array_type(start, None)
            }
            Token::Struct => self.struct_type(),
            Token::Mul => {
                self.next();
                let elem = self.ty();
                self.push_expr(Expr::Star(elem), start)
            }
            Token::Func => {
                let signature = self.func_type();
                self.push_expr(Expr::FuncType(signature), start)
            }
            Token::Interface => self.interface_type(),
            Token::Map => self.map_type(),
            Token::Chan | Token::Arrow => self.chan_type(),
            Token::LParen => {
                self.next();
                let inner = self.ty();
                self.expect_closing(Token::RParen, "parenthesised type");
                self.push_expr(Expr::Paren(inner), start)
            }
            _ => self.named_type(None),
        }
    }

    /// A possibly qualified, possibly instantiated type name; its first identifier may have been
    /// consumed already.
    pub(super) fn named_type(&mut self, first: Option<IdentId>) -> ExprId {
        let name = self.type_name(first);
        if self.at(Token::LBrack) { self.type_instance(name) } else { name }
    }

    /// A possibly qualified type name.
    pub(super) fn type_name(&mut self, first: Option<IdentId>) -> ExprId {
        let ident = first.unwrap_or_else(|| self.ident());
        let name = self.ident_expr(ident);
        if !self.at(Token::Period) {
            return name;
        }
        self.next();
        let sel = self.ident();
        let start = self.ast.expr_span(name).start;
        self.push_expr(Expr::Selector { x: name, sel }, start)
    }

    /// The expression that is an identifier.
    pub(super) fn ident_expr(&mut self, ident: IdentId) -> ExprId {
        let span = self.ast.idents[ident].span;
        self.ast.exprs.push(ExprNode { kind: Expr::Ident(ident), span })
    }

    /// `[T1, T2]` after a generic type.
    pub(super) fn type_instance(&mut self, x: ExprId) -> ExprId {
        let start = self.ast.expr_span(x).start;
        self.next();
        let mark = self.exprs.len();
        if self.at(Token::RBrack) {
            self.error_expected("type argument");
            let missing = self.missing_expr();
            self.exprs.push(missing);
        }
        self.type_arguments(mark, x, start)
    }

    /// The rest of a type argument list whose first arguments stand on the stack from `mark`.
    fn type_arguments(&mut self, mark: usize, x: ExprId, start: u32) -> ExprId {
        self.expr_level += 1;
        while !matches!(self.lex.tok.kind, Token::RBrack | Token::Eof) {
            let arg = self.ty();
            self.exprs.push(arg);
            if !self.eat(Token::Comma) {
                break;
            }
        }
        self.expr_level -= 1;
        let indices = self.take_exprs(mark);
        self.expect_closing(Token::RBrack, "type argument list");
        self.push_expr(Expr::Index { x, indices }, start)
    }

    /// An array or slice type after its `[`, whose length may have been consumed already.
    pub(super) fn array_type(&mut self, start: u32, len: Option<ExprId>) -> ExprId {
        let is_slice = len.is_none() && self.at(Token::RBrack);
        let len = match len {
            None if is_slice || self.eat(Token::Ellipsis) => None,
            None => Some(self.bracketed_expr()),
            len => len,
        };
        if self.at(Token::Comma) {
            self.error_here("comma after array length");
            self.next();
        }
        self.expect_closing(Token::RBrack, "array type");
        let elem = self.ty();
        let kind = if is_slice { Expr::SliceType(elem) } else { Expr::ArrayType { len, elem } };
        self.push_expr(kind, start)
    }

    fn map_type(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        self.next();
        self.expect(Token::LBrack);
        let key = self.ty();
        self.expect_closing(Token::RBrack, "map type");
        let value = self.ty();
        self.push_expr(Expr::MapType { key, value }, start)
    }

    fn chan_type(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        let dir = if self.eat(Token::Arrow) {
            self.expect(Token::Chan);
            ChanDir::Recv
        } else {
            self.next();
            if self.eat(Token::Arrow) { ChanDir::Send } else { ChanDir::Both }
        };
        let elem = self.ty();
        self.push_expr(Expr::ChanType { dir, elem }, start)
    }

    fn struct_type(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        self.next();
        let mark = self.fields.len();
        if self.expect(Token::LBrace) {
            while !matches!(self.lex.tok.kind, Token::RBrace | Token::Eof) {
                if self.at_declaration() {
                    break;
                }
                if !matches!(self.lex.tok.kind, Token::Ident | Token::Mul | Token::LParen) {
                    self.error_expected("field name or embedded type");
                    self.skip_element();
                    continue;
                }
                let field = self.struct_field();
                self.fields.push(field);
                self.expect_semicolon_in_braces();
            }
            self.expect(Token::RBrace);
        }
        let fields = self.take_fields(mark);
        self.push_expr(Expr::StructType { fields }, start)
    }

    /// After an error in a list of fields: skips to the next one, at the latest on the next line.
    fn skip_element(&mut self) {
        let mut open = 0_u32;
        let mut first = true;
        while !self.at(Token::Eof) {
            match self.lex.tok.kind {
                Token::LBrace => open += 1,
                Token::RBrace if open == 0 => return,
                Token::RBrace => open -= 1,
                Token::Semicolon if open == 0 => {
                    self.next();
                    return;
                }
                Token::Func if self.at_func_declaration() => return,
                Token::Ident if open == 0 && !first && self.on_new_line() => return,
                _ if !first && self.at_declaration() => return,
                _ => {}
            }
            first = false;
            self.next();
        }
    }

    /// Like `expect_semicolon`, but leaves no `)` that the list of fields could not get past.
    fn expect_semicolon_in_braces(&mut self) {
        if self.at(Token::RParen) {
            self.error_expected("; or newline");
            self.skip_statement();
        } else {
            self.expect_semicolon();
        }
    }

    fn struct_field(&mut self) -> FieldId {
        let start = self.lex.tok.start;
        let (names, ty) = match self.lex.tok.kind {
            Token::Ident => self.field_names_and_type(),
            _ => (List::EMPTY, self.embedded_field()),
        };
        let tag = self.at(Token::String).then(|| self.span_of_token());
        if tag.is_some() {
            self.next();
        }
        let span = self.span_from(start);
        self.ast.fields.push(Field { names, ty, tag, span })
    }

    fn field_names_and_type(&mut self) -> (List<IdentId>, ExprId) {
        use Token::*;
        let mark = self.idents.len();
        let first = self.ident();
        if matches!(self.lex.tok.kind, Period | String | Semicolon | RBrace) {
            return (List::EMPTY, self.named_type_or_ident(first));
        }
        if self.at(LBrack) {
            let (is_name, ty) = self.array_or_instance(first);
            let names = if is_name { self.ast.new_list(&[first]) } else { List::EMPTY };
            return (names, ty);
        }
        self.idents.push(first);
        while self.eat(Comma) {
            let ident = self.ident();
            self.idents.push(ident);
        }
        let ty = self.ty();
        (self.take_idents(mark), ty)
    }

    fn named_type_or_ident(&mut self, first: IdentId) -> ExprId {
        if self.at(Token::Period) { self.named_type(Some(first)) } else { self.ident_expr(first) }
    }

    /// `*T` as an embedded field; the parenthesised forms are errors.
    fn embedded_field(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        let star = self.eat(Token::Mul);
        if !self.at(Token::LParen) {
            let ty = self.nested(|p| p.named_type(None));
            return self.push_expr(Expr::Star(ty), start);
        }
        self.error_here("parenthesised embedded type");
        self.next();
        let inner_star = !star && self.eat(Token::Mul);
        let ty = self.nested(|p| p.named_type(None));
        self.eat(Token::RParen);
        if star || inner_star { self.push_expr(Expr::Star(ty), start) } else { ty }
    }

    /// After a name and at `[`: the array or slice type of a field or parameter of that name
    /// (`true`), or the name's own instantiation.
    pub(super) fn array_or_instance(&mut self, name: IdentId) -> (bool, ExprId) {
        let start = self.lex.tok.start;
        self.next();
        let mark = self.exprs.len();
        let mut trailing_comma = None;
        self.expr_level += 1;
        while !matches!(self.lex.tok.kind, Token::RBrack | Token::Eof) {
            let arg = self.expr();
            self.exprs.push(arg);
            trailing_comma = self.at(Token::Comma).then(|| self.span_of_token());
            if !self.eat(Token::Comma) {
                break;
            }
        }
        self.expr_level -= 1;
        let args = self.take_exprs(mark);
        self.expect_closing(Token::RBrack, "array length or type argument list");
        match *self.ast.list(args) {
            [] => {
                let elem = self.nested(Self::ty);
                (true, self.push_expr(Expr::SliceType(elem), start))
            }
            [len] => {
                if let Some(elem) = self.nested(Self::try_type) {
                    if let Some(comma) = trailing_comma {
                        self.error(comma, "comma after array length");
                    }
                    let kind = Expr::ArrayType { len: Some(len), elem };
                    return (true, self.push_expr(kind, start));
                }
                (false, self.instance_of(name, args))
            }
            _ => (false, self.instance_of(name, args)),
        }
    }

    fn instance_of(&mut self, name: IdentId, indices: List<ExprId>) -> ExprId {
        let x = self.ident_expr(name);
        let start = self.ast.expr_span(x).start;
        self.push_expr(Expr::Index { x, indices }, start)
    }

    /// `func` with its signature; type parameters are an error.
    pub(super) fn func_type(&mut self) -> SignatureId {
        self.next();
        let start = self.lex.tok.start;
        if self.at(Token::LBrack) {
            self.error_here("function type with type parameters");
            self.type_params();
        }
        self.signature(start, List::EMPTY)
    }

    fn interface_type(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        self.next();
        let mark = self.fields.len();
        if self.expect(Token::LBrace) {
            while !matches!(self.lex.tok.kind, Token::RBrace | Token::Eof) {
                if self.at_declaration() {
                    break;
                }
                let outer = std::mem::replace(&mut self.high, self.depth);
                let elem = self.interface_elem();
                self.high = self.high.max(outer);
                match elem {
                    Some(elem) => {
                        self.fields.push(elem);
                        self.expect_semicolon_in_braces();
                    }
                    None => {
                        self.error_expected("method or embedded element");
                        self.skip_element();
                    }
                }
            }
            self.expect(Token::RBrace);
        }
        let elems = self.take_fields(mark);
        self.push_expr(Expr::InterfaceType { elems }, start)
    }

    fn interface_elem(&mut self) -> Option<FieldId> {
        let start = self.lex.tok.start;
        let (names, ty) = match self.lex.tok.kind {
            Token::Ident => self.method_or_embedded(),
            Token::Tilde => (List::EMPTY, self.union(None)),
            _ => {
                let first = self.try_type()?;
                (List::EMPTY, self.union(Some(first)))
            }
        };
        let span = self.span_from(start);
        Some(self.ast.fields.push(Field { names, ty, tag: None, span }))
    }

    fn method_or_embedded(&mut self) -> (List<IdentId>, ExprId) {
        let name = self.ident();
        let start = self.lex.tok.start;
        let embedded = match self.lex.tok.kind {
            Token::LParen => return (self.ast.new_list(&[name]), self.method_type(start)),
            Token::LBrack => match self.generic_method_or_instance(name) {
                Some(instance) => instance,
                None => return (self.ast.new_list(&[name]), self.method_type(start)),
            },
            _ => self.named_type(Some(name)),
        };
        (List::EMPTY, self.union(Some(embedded)))
    }

    fn method_type(&mut self, start: u32) -> ExprId {
        let signature = self.nested(|p| p.signature(start, List::EMPTY));
        self.push_expr(Expr::FuncType(signature), start)
    }

    /// After an interface element's name, at `[`: the instantiation of an embedded type, or `None`
    /// after the type parameters of a method, which are an error.
    fn generic_method_or_instance(&mut self, name: IdentId) -> Option<ExprId> {
        let bracket = self.span_of_token();
        self.next();
        let first = self.bracketed_expr();
        if let Expr::Ident(param) = *self.ast.expr(first)
            && !matches!(self.lex.tok.kind, Token::Comma | Token::RBrack)
        {
            self.param_list(Some((param, None)), Token::RBrack, false);
            self.expect_closing(Token::RBrack, "type parameter list");
            self.error(bracket, "interface method with type parameters");
            return None;
        }
        let mark = self.exprs.len();
        self.exprs.push(first);
        let x = self.ident_expr(name);
        let start = self.ast.expr_span(x).start;
        if self.eat(Token::Comma) {
            return Some(self.type_arguments(mark, x, start));
        }
        let indices = self.take_exprs(mark);
        self.expect_closing(Token::RBrack, "type argument list");
        Some(self.push_expr(Expr::Index { x, indices }, start))
    }

    /// The terms of a type set joined by `|`; the first may have been consumed already. The caller
    /// keeps `high` to this list.
    pub(super) fn union(&mut self, first: Option<ExprId>) -> ExprId {
        let mut x = first.unwrap_or_else(|| self.term());
        while self.at(Token::Or) {
            let op_pos = self.lex.tok.start;
            self.next();
            let y = self.term();
            x = self.grow(x);
            let start = self.ast.expr_span(x).start;
            x = self.push_expr(Expr::Binary { op: BinaryOp::Or, op_pos, x, y }, start);
        }
        x
    }

    fn term(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        if !self.eat(Token::Tilde) {
            return self.ty();
        }
        let x = self.nested(Self::ty);
        self.push_expr(Expr::Unary { op: UnaryOp::Tilde, x }, start)
    }
}
