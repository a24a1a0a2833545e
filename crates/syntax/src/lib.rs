//! Lexer, error-tolerant parser and arena syntax tree of Go up to 1.27.
//!
//! [`parse`] turns the text of one file into an [`ast::Ast`], a list of errors and the file's
//! [`Directives`]; it never fails and runs in linear time on any input. The depth of the tree is at
//! most [`MAX_DEPTH`], so later layers may walk it recursively.

use stanch_base::TextRange;
use std::borrow::Cow;

pub mod ast;
mod directive;
mod dump;
mod lex;
mod parser;
mod token;
mod validate;
mod walk;

pub use directive::{BuildConstraint, BuildExpr, Directive, Directives};
pub use dump::dump;
pub use token::Token;
pub use validate::validate;
pub use walk::Node;

use ast::Ast;
use parser::Parser;

/// The largest depth of a tree: no path from a declaration to a leaf has more expressions and
/// statements than this. Deeper source is an error, and [`ast::Expr::Bad`] stands for the part
/// beyond; long chains of string concatenations are re-associated in segments instead.
pub const MAX_DEPTH: u32 = 2500;

/// How much of a file to parse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ParseMode {
    /// The package clause and the imports; everything after them is not even scanned.
    ImportsOnly,
    /// All declarations, function bodies skipped by matching braces ([`ast::Body::Skipped`]).
    Declarations,
    /// Everything.
    Full,
}

/// A violation of Go's syntax.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Where.
    pub range: TextRange,
    /// What is wrong, in one clause.
    pub message: String,
}

/// The result of parsing one file.
#[derive(Debug, Default)]
pub struct Parsed {
    /// The tree.
    pub ast: Ast,
    /// Errors in source order; empty exactly if go/parser would accept the file.
    pub errors: Vec<SyntaxError>,
    /// Build constraint and `//go:` directives.
    pub directives: Directives,
    /// Number of bytes that were scanned. All of them, unless [`ParseMode::ImportsOnly`] met what
    /// follows the imports.
    pub n_scanned: usize,
}

/// Parses the text of one file.
pub fn parse(text: &str, mode: ParseMode) -> Parsed {
    if u32::try_from(text.len()).is_err() {
        let message = "file larger than 4 GiB".into();
        let range = TextRange::empty(0);
        return Parsed { errors: vec![SyntaxError { range, message }], ..Parsed::default() };
    }
    let mut parser = Parser::new(text, mode);
    parser.file();
    let n_scanned = parser.lex.pos();
    let scanned = text.as_bytes().get(..n_scanned).unwrap_or_default();
    parser.lex.forbidden_characters(scanned);
    let mut ast = parser.ast;
    ast.n_lines = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u32 + 1;
    ast.comments = parser.lex.comments;
    let mut errors = parser.lex.errors;
    errors.sort_by_key(|e| e.range.start);
    let mut directives = Directives { list: parser.lex.directives, ..Directives::default() };
    directive::read_header(text, &mut directives);
    Parsed { ast, errors, directives, n_scanned }
}

/// Parses the bytes of one file; invalid UTF-8 is an error of the result, see [`decode`].
pub fn parse_bytes(bytes: &[u8], mode: ParseMode) -> (Cow<'_, str>, Parsed) {
    let (text, mut errors) = decode(bytes);
    let mut parsed = parse(&text, mode);
    errors.append(&mut parsed.errors);
    errors.sort_by_key(|e| e.range.start);
    parsed.errors = errors;
    (text, parsed)
}

/// The bytes as text of the same length, so that offsets stay true: each byte that is not part of
/// valid UTF-8 becomes `?` and an error.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Vec<SyntaxError>) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return (Cow::Borrowed(text), Vec::new());
    }
    let mut text = String::with_capacity(bytes.len());
    let mut errors: Vec<SyntaxError> = Vec::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        let n_invalid = chunk.invalid().len();
        if n_invalid == 0 {
            continue;
        }
        let start = u32::try_from(text.len()).unwrap_or(u32::MAX);
        text.extend(std::iter::repeat_n('?', n_invalid));
        if errors.len() < lex::MAX_ERRORS {
            let range = TextRange::new(start, start.saturating_add(n_invalid as u32));
            errors.push(SyntaxError { range, message: "invalid UTF-8".into() });
        }
    }
    (Cow::Owned(text), errors)
}

/// One token of a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenAt {
    /// Its kind.
    pub kind: Token,
    /// Its bytes; empty for an automatic semicolon.
    pub range: TextRange,
    /// Whether it is a semicolon that the newline (or end of file) stands for.
    pub automatic: bool,
}

/// The tokens of a file, comments and automatic semicolons included, without the end of file.
pub fn tokens(text: &str) -> impl Iterator<Item = TokenAt> + '_ {
    lex::Tokens::new(text)
}
