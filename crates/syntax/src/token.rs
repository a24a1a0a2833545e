//! The kinds of tokens.

use crate::ast::BinaryOp;

/// The kind of a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
#[expect(missing_docs, reason = "each variant is the token of its name in go/token")]
pub enum Token {
    Eof,
    Illegal,
    Comment,
    Ident,
    Int,
    Float,
    Imag,
    Char,
    String,
    Add,
    Sub,
    Mul,
    Quo,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    AndNot,
    AddAssign,
    SubAssign,
    MulAssign,
    QuoAssign,
    RemAssign,
    AndAssign,
    OrAssign,
    XorAssign,
    ShlAssign,
    ShrAssign,
    AndNotAssign,
    LAnd,
    LOr,
    Arrow,
    Inc,
    Dec,
    Eql,
    Lss,
    Gtr,
    Assign,
    Not,
    Tilde,
    Neq,
    Leq,
    Geq,
    Define,
    Ellipsis,
    LParen,
    LBrack,
    LBrace,
    Comma,
    Period,
    RParen,
    RBrack,
    RBrace,
    Semicolon,
    Colon,
    Break,
    Case,
    Chan,
    Const,
    Continue,
    Default,
    Defer,
    Else,
    Fallthrough,
    For,
    Func,
    Go,
    Goto,
    If,
    Import,
    Interface,
    Map,
    Package,
    Range,
    Return,
    Select,
    Struct,
    Switch,
    Type,
    Var,
}

/// Every keyword with its token.
const KEYWORDS: [(&str, Token); 25] = [
    ("break", Token::Break),
    ("case", Token::Case),
    ("chan", Token::Chan),
    ("const", Token::Const),
    ("continue", Token::Continue),
    ("default", Token::Default),
    ("defer", Token::Defer),
    ("else", Token::Else),
    ("fallthrough", Token::Fallthrough),
    ("for", Token::For),
    ("func", Token::Func),
    ("go", Token::Go),
    ("goto", Token::Goto),
    ("if", Token::If),
    ("import", Token::Import),
    ("interface", Token::Interface),
    ("map", Token::Map),
    ("package", Token::Package),
    ("range", Token::Range),
    ("return", Token::Return),
    ("select", Token::Select),
    ("struct", Token::Struct),
    ("switch", Token::Switch),
    ("type", Token::Type),
    ("var", Token::Var),
];

/// Slot of a word in the keyword table, from its first two bytes and its length.
const fn slot(first: u8, second: u8, len: usize) -> usize {
    (first as usize * SLOT_FIRST + second as usize * SLOT_SECOND + len * SLOT_LEN) & 63
}
const SLOT_FIRST: usize = 1;
const SLOT_SECOND: usize = 4;
const SLOT_LEN: usize = 6;

/// The keywords by [`slot`]; two keywords in one slot fail the compilation.
const TABLE: [(&str, Token); 64] = {
    let mut table = [("", Token::Ident); 64];
    let mut i = 0;
    while i < KEYWORDS.len() {
        let word = KEYWORDS[i].0.as_bytes();
        let at = slot(word[0], word[1], word.len());
        assert!(table[at].0.is_empty(), "two keywords share a slot");
        table[at] = KEYWORDS[i];
        i += 1;
    }
    table
};

/// The keyword that `word` is, or [`Token::Ident`].
#[inline]
pub(crate) fn keyword(word: &[u8]) -> Token {
    let [first, second, ..] = *word else { return Token::Ident };
    let (text, token) = TABLE[slot(first, second, word.len())];
    if text.as_bytes() == word { token } else { Token::Ident }
}

/// The keywords shorter than eight bytes as numbers (little-endian) by [`slot`].
const SHORT: [(u64, Token); 64] = {
    let mut table = [(0, Token::Ident); 64];
    let mut i = 0;
    while i < KEYWORDS.len() {
        let word = KEYWORDS[i].0.as_bytes();
        if word.len() < 8 {
            let mut number = 0;
            let mut at = word.len();
            while at > 0 {
                at -= 1;
                number = number << 8 | word[at] as u64;
            }
            table[slot(word[0], word[1], word.len())] = (number, KEYWORDS[i].1);
        }
        i += 1;
    }
    table
};

/// The keyword that the first `len` (below 8) bytes are, or [`Token::Ident`].
#[inline(always)]
pub(crate) fn short_keyword(bytes: [u8; 8], len: usize) -> Token {
    let number = u64::from_le_bytes(bytes) & ((1 << (len * 8)) - 1);
    let (keyword, token) = SHORT[slot(bytes[0], bytes[1], len)];
    if keyword == number { token } else { Token::Ident }
}

impl Token {
    /// The token as written; a description for identifiers and literals.
    pub fn text(self) -> &'static str {
        match self {
            Self::Eof => "end of file",
            Self::Illegal => "illegal character",
            Self::Comment => "comment",
            Self::Ident => "identifier",
            Self::Int | Self::Float | Self::Imag => "number",
            Self::Char => "rune literal",
            Self::String => "string literal",
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Quo => "/",
            Self::Rem => "%",
            Self::And => "&",
            Self::Or => "|",
            Self::Xor => "^",
            Self::Shl => "<<",
            Self::Shr => ">>",
            Self::AndNot => "&^",
            Self::AddAssign => "+=",
            Self::SubAssign => "-=",
            Self::MulAssign => "*=",
            Self::QuoAssign => "/=",
            Self::RemAssign => "%=",
            Self::AndAssign => "&=",
            Self::OrAssign => "|=",
            Self::XorAssign => "^=",
            Self::ShlAssign => "<<=",
            Self::ShrAssign => ">>=",
            Self::AndNotAssign => "&^=",
            Self::LAnd => "&&",
            Self::LOr => "||",
            Self::Arrow => "<-",
            Self::Inc => "++",
            Self::Dec => "--",
            Self::Eql => "==",
            Self::Lss => "<",
            Self::Gtr => ">",
            Self::Assign => "=",
            Self::Not => "!",
            Self::Tilde => "~",
            Self::Neq => "!=",
            Self::Leq => "<=",
            Self::Geq => ">=",
            Self::Define => ":=",
            Self::Ellipsis => "...",
            Self::LParen => "(",
            Self::LBrack => "[",
            Self::LBrace => "{",
            Self::Comma => ",",
            Self::Period => ".",
            Self::RParen => ")",
            Self::RBrack => "]",
            Self::RBrace => "}",
            Self::Semicolon => ";",
            Self::Colon => ":",
            keyword => {
                KEYWORDS.iter().find(|(_, token)| *token == keyword).map_or("", |(text, _)| *text)
            }
        }
    }

    /// Whether it is a keyword.
    pub fn is_keyword(self) -> bool {
        self as u8 >= Self::Break as u8
    }

    /// The binary operator and its precedence (1 loosest to 5 tightest).
    #[inline]
    pub(crate) fn binary(self) -> Option<(BinaryOp, u8)> {
        Some(match self {
            Self::LOr => (BinaryOp::LOr, 1),
            Self::LAnd => (BinaryOp::LAnd, 2),
            Self::Eql => (BinaryOp::Eq, 3),
            Self::Neq => (BinaryOp::Ne, 3),
            Self::Lss => (BinaryOp::Lt, 3),
            Self::Leq => (BinaryOp::Le, 3),
            Self::Gtr => (BinaryOp::Gt, 3),
            Self::Geq => (BinaryOp::Ge, 3),
            Self::Add => (BinaryOp::Add, 4),
            Self::Sub => (BinaryOp::Sub, 4),
            Self::Or => (BinaryOp::Or, 4),
            Self::Xor => (BinaryOp::Xor, 4),
            Self::Mul => (BinaryOp::Mul, 5),
            Self::Quo => (BinaryOp::Quo, 5),
            Self::Rem => (BinaryOp::Rem, 5),
            Self::Shl => (BinaryOp::Shl, 5),
            Self::Shr => (BinaryOp::Shr, 5),
            Self::And => (BinaryOp::And, 5),
            Self::AndNot => (BinaryOp::AndNot, 5),
            _ => return None,
        })
    }

    /// The operator of `op=`.
    pub(crate) fn assign_op(self) -> Option<BinaryOp> {
        Some(match self {
            Self::AddAssign => BinaryOp::Add,
            Self::SubAssign => BinaryOp::Sub,
            Self::MulAssign => BinaryOp::Mul,
            Self::QuoAssign => BinaryOp::Quo,
            Self::RemAssign => BinaryOp::Rem,
            Self::AndAssign => BinaryOp::And,
            Self::OrAssign => BinaryOp::Or,
            Self::XorAssign => BinaryOp::Xor,
            Self::ShlAssign => BinaryOp::Shl,
            Self::ShrAssign => BinaryOp::Shr,
            Self::AndNotAssign => BinaryOp::AndNot,
            _ => return None,
        })
    }
}
