//! Expressions.

use super::Parser;
use crate::ast::*;
use crate::token::Token;
use stanch_base::TextRange;

/// Links of a chain of string concatenations before a new segment begins.
const SEGMENT: u32 = 1000;

impl Parser<'_> {
    /// An expression; the result may be a type.
    pub(super) fn expr(&mut self) -> ExprId {
        self.binary(1)
    }

    /// An expression inside brackets, where composite literals need no parentheses.
    pub(super) fn bracketed_expr(&mut self) -> ExprId {
        self.expr_level += 1;
        let x = self.expr();
        self.expr_level -= 1;
        x
    }

    /// One or more expressions separated by commas.
    pub(super) fn expr_list(&mut self) -> List<ExprId> {
        let mark = self.exprs.len();
        self.stack_exprs();
        self.take_exprs(mark)
    }

    /// Pushes one or more expressions separated by commas on the stack.
    pub(super) fn stack_exprs(&mut self) {
        loop {
            let x = self.expr();
            self.exprs.push(x);
            if !self.eat(Token::Comma) {
                return;
            }
        }
    }

    /// An expression whose binary operators outside brackets have at least this precedence.
    fn binary(&mut self, min: u8) -> ExprId {
        if !self.enter() {
            return self.skip_deep();
        }
        let outer = std::mem::replace(&mut self.high, self.depth);
        let x = self.unary();
        let x = self.binary_rest(x, min);
        self.high = self.high.max(outer);
        self.leave();
        x
    }

    /// Goes on with the operators that follow the operand `x`.
    pub(super) fn binary_rest(&mut self, mut x: ExprId, min: u8) -> ExprId {
        while let Some((op, precedence)) = self.lex.tok.kind.binary() {
            if precedence < min {
                break;
            }
            if op == BinaryOp::Add && self.high >= self.depth + SEGMENT {
                x = self.long_concatenation(x);
                continue;
            }
            x = self.binary_step(x, op, precedence);
        }
        x
    }

    /// Consumes an operator and its right operand.
    #[inline]
    fn binary_step(&mut self, x: ExprId, op: BinaryOp, precedence: u8) -> ExprId {
        let op_pos = self.lex.tok.start;
        self.next();
        let y = self.binary(precedence + 1);
        let x = self.grow(x);
        let start = self.ast.expr_span(x).start;
        self.push_expr(Expr::Binary { op, op_pos, x, y }, start)
    }

    /// Goes on, at a `+`, with a chain that is long already. If the operand is a string literal all
    /// are strings, whose concatenation is associative: the chain goes on in segments that are
    /// joined at the end, which keeps the tree shallow.
    #[cold]
    fn long_concatenation(&mut self, first: ExprId) -> ExprId {
        let mut joined = first;
        let mut high = self.high;
        while self.at(Token::Add) {
            let op_pos = self.lex.tok.start;
            self.next();
            self.high = self.depth;
            let mut y = self.binary(5);
            if matches!(self.ast.expr(y), Expr::BasicLit(LitKind::String)) {
                for _ in 0..SEGMENT {
                    if !self.at(Token::Add) {
                        break;
                    }
                    y = self.binary_step(y, BinaryOp::Add, 4);
                }
            }
            self.high = high.max(self.high + 1);
            joined = self.grow(joined);
            high = self.high;
            let start = self.ast.expr_span(joined).start;
            let kind = Expr::Binary { op: BinaryOp::Add, op_pos, x: joined, y };
            joined = self.push_expr(kind, start);
        }
        joined
    }

    /// An operand with its prefix operators.
    #[inline]
    fn unary(&mut self) -> ExprId {
        let op = match self.lex.tok.kind {
            Token::Add => UnaryOp::Plus,
            Token::Sub => UnaryOp::Neg,
            Token::Not => UnaryOp::Not,
            Token::Xor => UnaryOp::Xor,
            Token::And => UnaryOp::Addr,
            Token::Tilde => UnaryOp::Tilde,
            Token::Arrow | Token::Mul => return self.prefixed(None),
            _ => return self.primary(),
        };
        self.prefixed(Some(op))
    }

    /// The prefix operator here with its operand; `None` stands for `*` and `<-`.
    fn prefixed(&mut self, op: Option<UnaryOp>) -> ExprId {
        let start = self.lex.tok.start;
        let arrow = self.at(Token::Arrow);
        self.next();
        if !self.enter() {
            return self.skip_deep();
        }
        let x = self.unary();
        self.leave();
        match op {
            Some(op) => self.push_expr(Expr::Unary { op, x }, start),
            None if !arrow => self.push_expr(Expr::Star(x), start),
            None if matches!(self.ast.expr(x), Expr::ChanType { .. }) => {
                self.receive_channel(start, x);
                x
            }
            None => self.push_expr(Expr::Recv(x), start),
        }
    }

    /// Makes `<-` at `arrow` part of the channel type `x` after it: in `<-chan T` it gives the
    /// direction, in `<-chan<- T` it leaves the second arrow to the element, and so on inwards.
    fn receive_channel(&mut self, arrow: u32, mut x: ExprId) {
        self.ast.exprs[x].span.start = arrow;
        loop {
            let Expr::ChanType { dir, elem } = &mut self.ast.exprs[x].kind else {
                let span = self.ast.expr_span(x);
                self.error(span, "expected channel type");
                return;
            };
            let elem = *elem;
            match std::mem::replace(dir, ChanDir::Recv) {
                ChanDir::Both => return,
                ChanDir::Send => {
                    let before =
                        TextRange::new(self.ast.expr_span(x).start, self.ast.expr_span(elem).start);
                    if let Some(at) = before.of(self.text).rfind("<-") {
                        self.ast.exprs[elem].span.start = before.start + at as u32;
                    }
                    x = elem;
                }
                ChanDir::Recv => {
                    let span = self.ast.expr_span(x);
                    self.error(span, "expected `chan` after `<-`");
                    return;
                }
            }
        }
    }

    /// An operand with the selectors, calls and brackets that follow it.
    #[inline]
    fn primary(&mut self) -> ExprId {
        let x = self.operand();
        self.primary_rest(x)
    }

    /// Goes on with what follows the operand `x`.
    pub(super) fn primary_rest(&mut self, mut x: ExprId) -> ExprId {
        loop {
            x = match self.lex.tok.kind {
                Token::Period => self.selector_or_assertion(x),
                Token::LParen => self.call(x),
                Token::LBrack => self.index_or_slice(x),
                Token::LBrace => {
                    if !self.is_literal_type(x) {
                        return x;
                    }
                    let x = self.grow(x);
                    self.literal_value(Some(x))
                }
                _ => return x,
            };
        }
    }

    /// An operand; the result may be a type.
    fn operand(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        let literal = match self.lex.tok.kind {
            Token::Ident => {
                let ident = self.ident();
                return self.push_expr(Expr::Ident(ident), start);
            }
            Token::Int => LitKind::Int,
            Token::Float => LitKind::Float,
            Token::Imag => LitKind::Imag,
            Token::Char => LitKind::Char,
            Token::String => LitKind::String,
            Token::LParen => {
                self.next();
                let x = self.bracketed_expr();
                self.expect_closing(Token::RParen, "parenthesised expression");
                return self.push_expr(Expr::Paren(x), start);
            }
            Token::Func if !self.at_func_declaration() => return self.func_type_or_literal(),
            _ => {
                if let Some(ty) = self.try_type() {
                    return ty;
                }
                self.error_expected("operand");
                return self.missing_expr();
            }
        };
        self.next();
        self.push_expr(Expr::BasicLit(literal), start)
    }

    fn func_type_or_literal(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        if !self.enter() {
            return self.skip_deep();
        }
        let signature = self.func_type();
        let x = if self.at(Token::LBrace) {
            self.expr_level += 1;
            let body = self.block();
            self.expr_level -= 1;
            self.push_expr(Expr::FuncLit { signature, body }, start)
        } else {
            self.push_expr(Expr::FuncType(signature), start)
        };
        self.leave();
        x
    }

    fn selector_or_assertion(&mut self, x: ExprId) -> ExprId {
        let x = self.grow(x);
        let start = self.ast.expr_span(x).start;
        self.next();
        match self.lex.tok.kind {
            Token::LParen => {
                self.next();
                let ty = if self.eat(Token::Type) { None } else { Some(self.ty()) };
                self.expect_closing(Token::RParen, "type assertion");
                self.push_expr(Expr::TypeAssert { x, ty }, start)
            }
            Token::Ident => {
                let sel = self.ident();
                self.push_expr(Expr::Selector { x, sel }, start)
            }
            _ => {
                self.error_expected("selector or type assertion");
                let sel = self.missing_ident();
                self.push_expr(Expr::Selector { x, sel }, start)
            }
        }
    }

    fn call(&mut self, fun: ExprId) -> ExprId {
        let fun = self.grow(fun);
        let start = self.ast.expr_span(fun).start;
        self.next();
        self.expr_level += 1;
        let mark = self.exprs.len();
        let mut spread = false;
        while !matches!(self.lex.tok.kind, Token::RParen | Token::Eof) && !spread {
            let arg = self.expr();
            self.exprs.push(arg);
            spread = self.eat(Token::Ellipsis);
            if !self.eat(Token::Comma) {
                break;
            }
        }
        self.expr_level -= 1;
        let args = self.take_exprs(mark);
        self.expect_closing(Token::RParen, "argument list");
        self.push_expr(Expr::Call { fun, args, spread }, start)
    }

    fn index_or_slice(&mut self, x: ExprId) -> ExprId {
        let x = self.grow(x);
        let start = self.ast.expr_span(x).start;
        self.next();
        if self.at(Token::RBrack) {
            self.error_expected("operand");
            let missing = self.missing_expr();
            self.next();
            let indices = self.ast.new_list(&[missing]);
            return self.push_expr(Expr::Index { x, indices }, start);
        }
        self.expr_level += 1;
        let first = if self.at(Token::Colon) { None } else { Some(self.expr()) };
        let kind = match (self.lex.tok.kind, first) {
            (Token::Colon, lo) => self.slice_bounds(x, lo),
            (_, Some(first)) => {
                let mark = self.exprs.len();
                self.exprs.push(first);
                while self.eat(Token::Comma) {
                    if matches!(self.lex.tok.kind, Token::RBrack | Token::Eof) {
                        continue;
                    }
                    let arg = self.ty();
                    self.exprs.push(arg);
                }
                Expr::Index { x, indices: self.take_exprs(mark) }
            }
            (_, None) => Expr::Bad,
        };
        self.expr_level -= 1;
        self.expect_closing(Token::RBrack, "index");
        self.push_expr(kind, start)
    }

    /// The bounds of a slice expression from the first colon.
    fn slice_bounds(&mut self, x: ExprId, lo: Option<ExprId>) -> Expr {
        let colon = self.lex.tok.start;
        self.next();
        let mut hi = self.slice_bound();
        let mut max = None;
        if self.at(Token::Colon) {
            if hi.is_none() {
                self.error(TextRange::empty(colon), "middle index required in 3-index slice");
                hi = Some(self.missing_expr());
            }
            self.next();
            max = self.slice_bound();
            if max.is_none() {
                self.error_here("final index required in 3-index slice");
                max = Some(self.missing_expr());
            }
        }
        Expr::Slice { x, lo, hi, max }
    }

    fn slice_bound(&mut self) -> Option<ExprId> {
        let bound = !matches!(self.lex.tok.kind, Token::Colon | Token::RBrack | Token::Eof);
        bound.then(|| self.expr())
    }

    /// Whether `{` after `x` begins a composite literal and not a block.
    fn is_literal_type(&mut self, x: ExprId) -> bool {
        let inner = self.ast.unparen(x);
        let is_type = match self.ast.expr(inner) {
            Expr::Bad | Expr::Ident(_) | Expr::Selector { .. } | Expr::Index { .. } => {
                self.expr_level >= 0
            }
            Expr::SliceType(_)
            | Expr::ArrayType { .. }
            | Expr::StructType { .. }
            | Expr::MapType { .. } => true,
            _ => false,
        };
        if is_type && inner != x {
            let span = self.ast.expr_span(x);
            self.error(span, "parenthesised type in composite literal");
        }
        is_type
    }

    /// `{…}` of a composite literal.
    fn literal_value(&mut self, ty: Option<ExprId>) -> ExprId {
        let start = ty.map_or(self.lex.tok.start, |ty| self.ast.expr_span(ty).start);
        if !self.enter() {
            return self.skip_deep();
        }
        self.next();
        self.expr_level += 1;
        let mark = self.exprs.len();
        while !matches!(self.lex.tok.kind, Token::RBrace | Token::Eof) {
            let element = self.element();
            self.exprs.push(element);
            if !self.eat(Token::Comma) {
                break;
            }
        }
        self.expr_level -= 1;
        let elts = self.take_exprs(mark);
        self.expect_closing(Token::RBrace, "composite literal");
        self.leave();
        self.push_expr(Expr::CompositeLit { ty, elts }, start)
    }

    /// An element of a composite literal, with its key.
    fn element(&mut self) -> ExprId {
        let key = self.element_value();
        if !self.eat(Token::Colon) {
            return key;
        }
        let value = self.element_value();
        let start = self.ast.expr_span(key).start;
        self.push_expr(Expr::KeyValue { key, value }, start)
    }

    fn element_value(&mut self) -> ExprId {
        if self.at(Token::LBrace) { self.literal_value(None) } else { self.expr() }
    }
}
