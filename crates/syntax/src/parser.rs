//! The recursive-descent parser: shared state, errors, recovery and bounds.
//!
//! What is accepted follows go/parser without object resolution; a construct that go/parser
//! tolerates and the type checker rejects is no error here.

mod decl;
mod expr;
mod params;
mod stmt;
mod types;

use crate::ast::*;
use crate::lex::Lexer;
use crate::token::Token;
use crate::{MAX_DEPTH, ParseMode};
use memchr::{memchr, memrchr};
use params::Param;
use stanch_base::{IndexVec, Interner, TextRange};

/// The deepest recursion of the parser, in nested expressions, types and statements.
const MAX_NESTING: u32 = 1000;

/// How many bytes recovery looks ahead or back at most, so that its time stays linear.
const MAX_LOOK: usize = 4096;

/// The state of parsing one file.
pub(crate) struct Parser<'a> {
    text: &'a str,
    pub(crate) lex: Lexer<'a>,
    /// End of the token before the current one.
    prev_end: u32,
    pub(crate) ast: Ast,
    mode: ParseMode,
    /// Negative in the header of a control clause, where `{` begins the block.
    expr_level: i32,
    /// Nested expressions, types and statements around the current token.
    depth: u32,
    /// Depth in the tree of the deepest node of what is being parsed: the depth of its recursion
    /// and the links of left-associative chains above it.
    high: u32,
    // Stacks of unfinished lists.
    exprs: Vec<ExprId>,
    stmts: Vec<StmtId>,
    idents: Vec<IdentId>,
    fields: Vec<FieldId>,
    params: Vec<Param>,
}

impl<'a> Parser<'a> {
    /// A parser at the first token of `text`.
    pub(crate) fn new(text: &'a str, mode: ParseMode) -> Self {
        let mut lex = Lexer::new(text);
        lex.next();
        // Averages of the standard library, rounded up.
        let n = match mode {
            ParseMode::Full => text.len(),
            ParseMode::Declarations => text.len() / 4,
            ParseMode::ImportsOnly => 512,
        };
        let ast = Ast {
            exprs: IndexVec::with_capacity(n / 9),
            stmts: IndexVec::with_capacity(n / 50),
            idents: IndexVec::with_capacity(n / 12),
            expr_pool: Vec::with_capacity(n / 16),
            stmt_pool: Vec::with_capacity(n / 50),
            names: Interner::with_capacity(n / 100),
            ..Ast::default()
        };
        Self {
            text,
            lex,
            prev_end: 0,
            ast,
            mode,
            expr_level: 0,
            depth: 0,
            high: 0,
            exprs: Vec::with_capacity(64),
            stmts: Vec::with_capacity(64),
            idents: Vec::with_capacity(16),
            fields: Vec::with_capacity(32),
            params: Vec::with_capacity(16),
        }
    }

    /// Moves to the next token.
    #[inline]
    fn next(&mut self) {
        self.prev_end = self.lex.tok.end;
        self.lex.next();
    }

    #[inline(always)]
    fn at(&self, kind: Token) -> bool {
        self.lex.tok.kind == kind
    }

    /// Consumes the token if it is of `kind`.
    #[inline]
    fn eat(&mut self, kind: Token) -> bool {
        let found = self.lex.tok.kind == kind;
        if found {
            self.next();
        }
        found
    }

    /// Consumes the token if it is of `kind`, else reports it and stays.
    #[inline]
    fn expect(&mut self, kind: Token) -> bool {
        let found = self.eat(kind);
        if !found {
            self.error_expected(kind.text());
        }
        found
    }

    /// Consumes the bracket that ends a list whose elements commas separate.
    fn expect_closing(&mut self, kind: Token, list: &str) {
        if self.eat(kind) {
            return;
        }
        if self.lex.tok.auto && self.lex.peek() == kind {
            self.error_here(format!("missing , before newline in {list}"));
            self.next();
            self.next();
            return;
        }
        self.error_here(format!("missing , or {} in {list}", kind.text()));
        self.skip_to_closing(kind);
    }

    /// The current token's bytes.
    #[inline(always)]
    fn span_of_token(&self) -> TextRange {
        TextRange::new(self.lex.tok.start, self.lex.tok.end)
    }

    /// The span from `start` to the end of the last consumed token.
    #[inline(always)]
    fn span_from(&mut self, start: u32) -> TextRange {
        if start > self.prev_end {
            self.skip_gap();
        }
        TextRange { start, end: self.prev_end }
    }

    /// Counts the gap before the current token as consumed. What is missing here then lies inside
    /// all nodes around it, whether they have consumed a token yet or not.
    #[cold]
    fn skip_gap(&mut self) {
        self.prev_end = self.prev_end.max(self.lex.tok.start);
    }

    #[inline]
    fn push_expr(&mut self, kind: Expr, start: u32) -> ExprId {
        let span = self.span_from(start);
        self.ast.exprs.push(ExprNode { kind, span })
    }

    #[inline]
    fn push_stmt(&mut self, kind: Stmt, start: u32) -> StmtId {
        let span = self.span_from(start);
        self.ast.stmts.push(StmtNode { kind, span })
    }

    /// A node for what is missing before the current token.
    fn missing_expr(&mut self) -> ExprId {
        self.skip_gap();
        self.push_expr(Expr::Bad, self.prev_end)
    }

    /// A list of the expressions from `mark` on the stack.
    #[inline]
    fn take_exprs(&mut self, mark: usize) -> List<ExprId> {
        let list = self.ast.new_list(self.exprs.get(mark..).unwrap_or_default());
        self.exprs.truncate(mark);
        list
    }

    #[inline]
    fn take_stmts(&mut self, mark: usize) -> List<StmtId> {
        let list = self.ast.new_list(self.stmts.get(mark..).unwrap_or_default());
        self.stmts.truncate(mark);
        list
    }

    fn take_idents(&mut self, mark: usize) -> List<IdentId> {
        let list = self.ast.new_list(self.idents.get(mark..).unwrap_or_default());
        self.idents.truncate(mark);
        list
    }

    fn take_fields(&mut self, mark: usize) -> List<FieldId> {
        let list = self.ast.new_list(self.fields.get(mark..).unwrap_or_default());
        self.fields.truncate(mark);
        list
    }

    /// The identifier here; where there is none an error and an empty `_`.
    #[inline]
    fn ident(&mut self) -> IdentId {
        let span = self.span_of_token();
        if self.at(Token::Ident) {
            let (start, end) = (span.start as usize, span.end as usize);
            let name = self.ast.names.intern_range(self.text, start, end);
            self.next();
            return self.ast.idents.push(Ident { name, span });
        }
        self.error_expected("identifier");
        self.missing_ident()
    }

    fn missing_ident(&mut self) -> IdentId {
        self.skip_gap();
        let name = self.ast.names.intern("_");
        self.ast.idents.push(Ident { name, span: TextRange::empty(self.prev_end) })
    }

    /// One or more identifiers separated by commas.
    fn ident_list(&mut self) -> List<IdentId> {
        let mark = self.idents.len();
        let first = self.ident();
        self.idents.push(first);
        while self.eat(Token::Comma) {
            let ident = self.ident();
            self.idents.push(ident);
        }
        self.take_idents(mark)
    }

    /// Where the next nodes will stand, for [`NodeRange`]s.
    fn node_mark(&self) -> [u32; 3] {
        [
            self.ast.exprs.next_id().raw(),
            self.ast.stmts.next_id().raw(),
            self.ast.idents.next_id().raw(),
        ]
    }

    fn nodes_from(&self, mark: [u32; 3]) -> NodeRange {
        let end = self.node_mark();
        NodeRange { exprs: (mark[0], end[0]), stmts: (mark[1], end[1]), idents: (mark[2], end[2]) }
    }
}

/// Errors.
impl Parser<'_> {
    #[cold]
    fn error(&mut self, range: TextRange, message: impl Into<String>) {
        self.lex.error(range.start as usize, range.end as usize, message);
    }

    /// An error at the current token.
    #[cold]
    fn error_here(&mut self, message: impl Into<String>) {
        self.error(self.span_of_token(), message);
    }

    /// An error that names what should stand at the current token.
    #[cold]
    fn error_expected(&mut self, what: &str) {
        let found = self.describe();
        self.error_here(format!("expected {what}, found {found}"));
    }

    /// The current token for messages.
    fn describe(&self) -> String {
        let text = self.span_of_token().of(self.text);
        match self.lex.tok.kind {
            Token::Semicolon
                if self.lex.tok.auto && self.lex.tok.start as usize >= self.text.len() =>
            {
                "end of file".into()
            }
            Token::Semicolon if self.lex.tok.auto => "newline".into(),
            Token::Eof => "end of file".into(),
            Token::Ident | Token::Int | Token::Float | Token::Imag | Token::Char
                if text.len() <= 40 =>
            {
                format!("`{text}`")
            }
            Token::String
            | Token::Char
            | Token::Ident
            | Token::Int
            | Token::Float
            | Token::Imag
            | Token::Illegal => self.lex.tok.kind.text().into(),
            kind => format!("`{}`", kind.text()),
        }
    }
}

/// Bounds.
impl Parser<'_> {
    /// Goes one level down; `false` with an error where that is too deep. Undone by [`Self::leave`].
    #[inline]
    fn enter(&mut self) -> bool {
        if self.depth >= MAX_NESTING {
            self.error_here(format!("nested more than {MAX_NESTING} levels deep"));
            return false;
        }
        self.depth += 1;
        self.high = self.high.max(self.depth);
        true
    }

    #[inline(always)]
    fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Runs `parse` one level down, for nodes between two checks of the depth.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> T) -> T {
        self.depth += 1;
        self.high = self.high.max(self.depth);
        let result = parse(self);
        self.leave();
        result
    }

    /// Accounts for a node that will stand above `x` and all that `high` covers; where the tree
    /// would become too deep, an error and [`Expr::Bad`] in place of `x`.
    #[inline]
    fn grow(&mut self, x: ExprId) -> ExprId {
        if self.high < MAX_DEPTH {
            self.high += 1;
            return x;
        }
        self.too_long(x)
    }

    #[cold]
    fn too_long(&mut self, x: ExprId) -> ExprId {
        let span = self.ast.expr_span(x);
        let message = format!("expression tree more than {MAX_DEPTH} levels deep");
        self.error(TextRange::empty(span.start), message);
        self.high = self.depth + 1;
        self.ast.exprs.push(ExprNode { kind: Expr::Bad, span })
    }

    /// Skips what is too deep, to the end of the enclosing brackets or statement.
    #[cold]
    fn skip_deep(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        let mut open = 0_u32;
        while !self.at(Token::Eof) {
            match self.lex.tok.kind {
                Token::LParen | Token::LBrack | Token::LBrace => open += 1,
                Token::RParen | Token::RBrack | Token::RBrace if open == 0 => break,
                Token::RParen | Token::RBrack | Token::RBrace => open -= 1,
                Token::Semicolon if open == 0 => break,
                _ if self.at_declaration() => break,
                _ => {}
            }
            self.next();
        }
        self.push_expr(Expr::Bad, start)
    }
}

/// Recovery.
impl Parser<'_> {
    /// Whether the token is the first on its line.
    fn on_new_line(&self) -> bool {
        let before = self.text.as_bytes().get(..self.lex.tok.start as usize).unwrap_or_default();
        let blank = |b: &&u8| matches!(**b, b' ' | b'\t');
        match before.iter().rev().take(MAX_LOOK).find(|b| !blank(b)) {
            Some(b) => *b == b'\n',
            None => before.len() < MAX_LOOK,
        }
    }

    fn in_first_column(&self) -> bool {
        match (self.lex.tok.start as usize).checked_sub(1) {
            Some(at) => self.text.as_bytes().get(at) == Some(&b'\n'),
            None => true,
        }
    }

    /// Whether a top-level declaration certainly begins here, whatever is still open: a keyword in
    /// the first column, for `func` with what only a declaration's head can have.
    fn at_declaration(&self) -> bool {
        match self.lex.tok.kind {
            Token::Func => self.at_func_declaration(),
            Token::Type | Token::Var | Token::Const | Token::Import => self.in_first_column(),
            _ => false,
        }
    }

    /// Whether the `func` here stands in the first column and a name follows, after a receiver or
    /// at once: no function literal looks so.
    fn at_func_declaration(&self) -> bool {
        if !self.at(Token::Func) || !self.in_first_column() {
            return false;
        }
        let rest = self.text.as_bytes().get(self.lex.tok.end as usize..).unwrap_or_default();
        let rest = rest.get(..MAX_LOOK).unwrap_or(rest);
        let line = rest.get(..memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
        let is_name = |b: u8| b.is_ascii_alphabetic() || b == b'_' || b >= 0x80;
        let head = line.trim_ascii_start();
        match head.first() {
            Some(&b'(') => {
                let Some(close) = memchr(b')', head) else { return false };
                let name = head.get(close + 1..).unwrap_or_default().trim_ascii_start();
                let after = name.iter().position(|&b| !is_name(b) && !b.is_ascii_digit());
                let open = after.and_then(|n| name.get(n..)).unwrap_or_default();
                name.first().is_some_and(|&b| is_name(b))
                    && open.trim_ascii_start().starts_with(b"(")
                    && memrchr(b'{', open).is_some()
            }
            Some(&b) => is_name(b),
            None => false,
        }
    }

    /// After an error inside brackets: skips to the closing one and consumes it, but leaves the
    /// end of the statement, further statements and enclosing brackets alone.
    fn skip_to_closing(&mut self, kind: Token) {
        let mut open = 0_u32;
        while !self.at(Token::Eof) {
            match self.lex.tok.kind {
                found if found == kind && open == 0 => {
                    self.next();
                    return;
                }
                Token::LParen | Token::LBrack | Token::LBrace => open += 1,
                Token::RParen | Token::RBrack | Token::RBrace if open == 0 => return,
                Token::RParen | Token::RBrack | Token::RBrace => open -= 1,
                Token::Semicolon if open == 0 => return,
                _ if open == 0 && starts_statement(self.lex.tok.kind) && self.on_new_line() => {
                    return;
                }
                _ if self.at_declaration() => return,
                _ => {}
            }
            self.next();
        }
    }

    /// Consumes the semicolon after a statement or specification, which may be missing before a
    /// closing bracket; after an error skips to where the next can begin.
    #[inline]
    fn expect_semicolon(&mut self) {
        match self.lex.tok.kind {
            Token::Semicolon => self.next(),
            Token::RParen | Token::RBrace => {}
            _ => {
                self.error_expected("; or newline");
                self.skip_statement();
            }
        }
    }

    /// After an error in a statement: skips to the next one of the same block, or to its end.
    #[cold]
    fn skip_statement(&mut self) {
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
                Token::Case | Token::Default if open == 0 => return,
                kind if open == 0 && !first && starts_statement(kind) && self.on_new_line() => {
                    return;
                }
                Token::Func if self.at_func_declaration() => return,
                _ if !first && self.at_declaration() => return,
                _ => {}
            }
            first = false;
            self.next();
        }
    }

    /// After an error at top level: skips to the next declaration.
    #[cold]
    fn skip_to_declaration(&mut self) {
        let mut open = 0_u32;
        while !self.at(Token::Eof) {
            match self.lex.tok.kind {
                Token::LBrace => open += 1,
                Token::RBrace => open = open.saturating_sub(1),
                Token::Func | Token::Type | Token::Var | Token::Const | Token::Import
                    if self.in_first_column() || open == 0 && self.on_new_line() =>
                {
                    return;
                }
                _ => {}
            }
            self.next();
        }
    }
}

/// Whether the token is a keyword that begins a statement and continues none.
fn starts_statement(kind: Token) -> bool {
    use Token::*;
    matches!(
        kind,
        Break
            | Const
            | Continue
            | Defer
            | Fallthrough
            | For
            | Go
            | Goto
            | If
            | Return
            | Select
            | Switch
            | Type
            | Var
    )
}
