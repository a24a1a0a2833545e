//! The scanner: text to tokens with automatic semicolons; comments go to a list of their own.

mod literal;
mod swar;

use crate::ast::Comment;
use crate::directive::Directive;
use crate::token::{Token, keyword, short_keyword};
use crate::{SyntaxError, TokenAt};
use memchr::{memchr, memchr2_iter, memmem};
use stanch_base::TextRange;
use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Errors beyond this many are not recorded.
pub(crate) const MAX_ERRORS: usize = 100;

/// A token with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tok {
    pub(crate) kind: Token,
    /// Whether it is an automatic semicolon.
    pub(crate) auto: bool,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// What a byte can begin or continue; indexes [`CLASS`].
const BLANK: u8 = 1;
const NEWLINE: u8 = 2;
const WORD: u8 = 4;
const DIGIT: u8 = 8;

/// The class bits of each byte.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    class[b' ' as usize] = BLANK;
    class[b'\t' as usize] = BLANK;
    class[b'\r' as usize] = BLANK;
    class[b'\n' as usize] = NEWLINE;
    class[b'_' as usize] = WORD;
    let mut i = 0;
    while i < 26 {
        class[b'a' as usize + i] = WORD;
        class[b'A' as usize + i] = WORD;
        i += 1;
    }
    i = 0;
    while i < 10 {
        class[b'0' as usize + i] = WORD | DIGIT;
        i += 1;
    }
    class
};

/// Where a scanner stands, to return to after looking ahead.
#[derive(Clone, Copy)]
struct Mark {
    pos: usize,
    tok: Tok,
    semicolon: bool,
    n_errors: usize,
    error_line_end: usize,
    n_comments: usize,
    n_directives: usize,
}

/// The scanner of one file.
pub(crate) struct Lexer<'a> {
    text: &'a str,
    src: &'a [u8],
    /// Offset of the next byte.
    pos: usize,
    /// The current token. It stands here, and not in results, because copying a token right after
    /// its parts were stored stalls the processor.
    pub(crate) tok: Tok,
    /// Whether a newline here stands for a semicolon.
    semicolon: bool,
    pub(crate) errors: Vec<SyntaxError>,
    /// No newline stands between the last error and here.
    error_line_end: usize,
    pub(crate) comments: Vec<Comment>,
    pub(crate) directives: Vec<Directive>,
}

impl<'a> Lexer<'a> {
    /// A scanner at the start of `text`, after its byte order mark if there is one.
    pub(crate) fn new(text: &'a str) -> Self {
        Self {
            text,
            src: text.as_bytes(),
            pos: if text.starts_with('\u{feff}') { 3 } else { 0 },
            tok: Tok { kind: Token::Illegal, auto: false, start: 0, end: 0 },
            semicolon: false,
            errors: Vec::new(),
            error_line_end: 0,
            comments: Vec::with_capacity(text.len() / 200),
            directives: Vec::new(),
        }
    }

    /// Offset of the next byte.
    pub(crate) fn pos(&self) -> usize {
        self.pos
    }

    /// The byte at `at`; 0 at the end.
    #[inline(always)]
    fn byte(&self, at: usize) -> u8 {
        self.src.get(at).copied().unwrap_or(0)
    }

    /// Moves to the next token that is not a comment.
    #[inline]
    pub(crate) fn next(&mut self) {
        loop {
            let at = self.skip_blanks();
            let byte = self.byte(at);
            let class = CLASS[byte as usize];
            if class & (WORD | DIGIT) == WORD {
                return self.word(at);
            }
            if class == NEWLINE {
                return self.automatic(at, at + 1);
            }
            if self.operator(at, byte) {
                return;
            }
        }
    }

    /// Where blanks end, and newlines that stand for no semicolon.
    #[inline(always)]
    fn skip_blanks(&self) -> usize {
        let skipped = if self.semicolon { BLANK } else { BLANK | NEWLINE };
        let is_blank = |at: usize| CLASS[self.byte(at) as usize] & skipped != 0;
        // Between the words of a line is one blank or none.
        let mut at = self.pos;
        if !is_blank(at) {
            return at;
        }
        at += 1;
        if !is_blank(at) {
            return at;
        }
        // Indentation.
        while let Some(chunk) = self.chunk(at) {
            let n = if self.semicolon { swar::n_blank(chunk) } else { swar::n_space(chunk) };
            at += n;
            if n < 8 {
                return at;
            }
        }
        while is_blank(at) {
            at += 1;
        }
        at
    }

    /// Where the letters, digits and `_` of ASCII that begin at `at` end.
    #[inline(always)]
    fn word_end(&self, mut at: usize) -> usize {
        while let Some(chunk) = self.chunk(at) {
            let n = swar::n_word(chunk);
            at += n;
            if n < 8 {
                return at;
            }
        }
        while CLASS[self.byte(at) as usize] & WORD != 0 {
            at += 1;
        }
        at
    }

    /// The eight bytes from `at`, if the text is that long.
    #[inline(always)]
    fn chunk(&self, at: usize) -> Option<[u8; 8]> {
        self.src.get(at..)?.first_chunk().copied()
    }

    /// The kind of the token after the current one, without moving.
    pub(crate) fn peek(&mut self) -> Token {
        let mark = Mark {
            pos: self.pos,
            tok: self.tok,
            semicolon: self.semicolon,
            n_errors: self.errors.len(),
            error_line_end: self.error_line_end,
            n_comments: self.comments.len(),
            n_directives: self.directives.len(),
        };
        self.next();
        let kind = self.tok.kind;
        self.pos = mark.pos;
        self.tok = mark.tok;
        self.semicolon = mark.semicolon;
        self.errors.truncate(mark.n_errors);
        self.error_line_end = mark.error_line_end;
        self.comments.truncate(mark.n_comments);
        self.directives.truncate(mark.n_directives);
        kind
    }

    /// Records an error, unless the same line has one already.
    #[cold]
    pub(crate) fn error(&mut self, start: usize, end: usize, message: impl Into<String>) {
        if self.errors.len() >= MAX_ERRORS {
            return;
        }
        let start = start.min(self.src.len());
        if let Some(last) = self.errors.last() {
            let last = last.range.start as usize;
            // What was searched before is not searched again: a line may have many errors.
            let known = self.error_line_end.max(last);
            let between = if start < last { start..last } else { known.min(start)..start };
            if memchr(b'\n', self.src.get(between).unwrap_or_default()).is_none() {
                self.error_line_end = known.max(start);
                return;
            }
        }
        self.error_line_end = start;
        let start = self.text.floor_char_boundary(start);
        let end = self.text.ceil_char_boundary(end.clamp(start, self.src.len()));
        let range = TextRange::new(start as u32, end as u32);
        self.errors.push(SyntaxError { range, message: message.into() });
    }

    /// Reports the characters that may stand nowhere, comments and strings included.
    pub(crate) fn forbidden_characters(&mut self, scanned: &[u8]) {
        for at in memchr2_iter(0, 0xef, scanned) {
            if self.errors.len() >= MAX_ERRORS {
                return;
            }
            if self.byte(at) == 0 {
                self.error(at, at + 1, "illegal character NUL");
            } else if at > 0 && self.src.get(at..at + 3) == Some("\u{feff}".as_bytes()) {
                self.error(at, at + 3, "byte order mark inside the file");
            }
        }
    }

    /// Ends a token of `kind` at `end`.
    #[inline(always)]
    fn token(&mut self, kind: Token, start: usize, end: usize, semicolon: bool) {
        self.pos = end;
        self.semicolon = semicolon;
        self.tok.kind = kind;
        self.tok.auto = false;
        self.tok.start = start as u32;
        self.tok.end = end as u32;
    }

    /// An automatic semicolon at `at`; scanning goes on at `next`.
    fn automatic(&mut self, at: usize, next: usize) {
        self.token(Token::Semicolon, at, at, false);
        self.pos = next;
        self.tok.auto = true;
    }

    /// An identifier or keyword whose first byte is ASCII.
    #[inline]
    fn word(&mut self, start: usize) {
        if let Some(chunk) = self.chunk(start) {
            let n = swar::n_word(chunk);
            if n < 8 && chunk[n] < 0x80 {
                let kind = short_keyword(chunk, n);
                return self.token(kind, start, start + n, ends_line(kind));
            }
        }
        self.long_word(start);
    }

    /// A word of eight bytes or more, or with characters beyond ASCII, or at the end of the file.
    fn long_word(&mut self, start: usize) {
        let end = self.word_end(start);
        if self.byte(end) >= 0x80 {
            return self.unicode_word(start, end);
        }
        let kind = keyword(self.src.get(start..end).unwrap_or_default());
        self.token(kind, start, end, ends_line(kind));
    }

    /// The rest, from `at`, of an identifier with letters or digits beyond ASCII.
    #[cold]
    fn unicode_word(&mut self, start: usize, at: usize) {
        let rest = self.text.get(at..).unwrap_or_default();
        let end = rest.find(|c| !is_letter(c) && !is_digit(c)).map_or(self.src.len(), |n| at + n);
        // A character that only follows the word does not make it less of a keyword.
        let kind = keyword(self.src.get(start..end).unwrap_or_default());
        self.token(kind, start, end, ends_line(kind));
    }

    /// A token that is no word; `false` after a comment that ends no line.
    fn operator(&mut self, at: usize, byte: u8) -> bool {
        use Token::*;
        let next = self.byte(at + 1);
        let (kind, len, semicolon) = match byte {
            b'(' => (LParen, 1, false),
            b')' => (RParen, 1, true),
            b',' => (Comma, 1, false),
            b'{' => (LBrace, 1, false),
            b'}' => (RBrace, 1, true),
            b'[' => (LBrack, 1, false),
            b']' => (RBrack, 1, true),
            b';' => (Semicolon, 1, false),
            b'~' => (Tilde, 1, false),
            b'.' if next.is_ascii_digit() => {
                self.number(at);
                return true;
            }
            b'.' if next == b'.' && self.byte(at + 2) == b'.' => (Ellipsis, 3, false),
            b'.' => (Period, 1, false),
            b'0'..=b'9' => {
                self.number(at);
                return true;
            }
            b'"' => {
                self.string(at);
                return true;
            }
            b'`' => {
                self.raw_string(at);
                return true;
            }
            b'\'' => {
                self.rune(at);
                return true;
            }
            b'/' if next == b'/' => {
                self.line_comment(at);
                return false;
            }
            b'/' if next == b'*' => return self.block_comment(at),
            b':' => with_assign(next, Colon, Define),
            b'=' => with_assign(next, Assign, Eql),
            b'!' => with_assign(next, Not, Neq),
            b'*' => with_assign(next, Mul, MulAssign),
            b'/' => with_assign(next, Quo, QuoAssign),
            b'%' => with_assign(next, Rem, RemAssign),
            b'^' => with_assign(next, Xor, XorAssign),
            b'+' if next == b'+' => (Inc, 2, true),
            b'+' => with_assign(next, Add, AddAssign),
            b'-' if next == b'-' => (Dec, 2, true),
            b'-' => with_assign(next, Sub, SubAssign),
            b'|' if next == b'|' => (LOr, 2, false),
            b'|' => with_assign(next, Or, OrAssign),
            b'&' if next == b'&' => (LAnd, 2, false),
            b'&' if next == b'^' => longer(with_assign(self.byte(at + 2), AndNot, AndNotAssign)),
            b'&' => with_assign(next, And, AndAssign),
            b'<' if next == b'-' => (Arrow, 2, false),
            b'<' if next == b'<' => longer(with_assign(self.byte(at + 2), Shl, ShlAssign)),
            b'<' => with_assign(next, Lss, Leq),
            b'>' if next == b'>' => longer(with_assign(self.byte(at + 2), Shr, ShrAssign)),
            b'>' => with_assign(next, Gtr, Geq),
            _ => {
                self.unusual(at);
                return true;
            }
        };
        self.token(kind, at, at + len, semicolon);
        true
    }

    /// The end of the file, a letter beyond ASCII, or a character that begins no token.
    #[cold]
    fn unusual(&mut self, at: usize) {
        let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) else {
            let end = self.src.len();
            return if self.semicolon {
                self.automatic(end, end)
            } else {
                self.token(Token::Eof, end, end, false)
            };
        };
        let end = at + c.len_utf8();
        if is_letter(c) {
            return self.unicode_word(at, end);
        }
        match c {
            // Reported with their like in comments and strings.
            '\0' | '\u{feff}' => {}
            '“' | '”' => self.error(at, end, format!("curly quotation mark {c} instead of \"")),
            _ => self.error(at, end, format!("illegal character U+{:04X}", u32::from(c))),
        }
        self.token(Token::Illegal, at, end, self.semicolon);
    }

    #[inline(never)]
    /// Records the `//` comment at `start`.
    fn line_comment(&mut self, start: usize) {
        let rest = self.src.get(start..).unwrap_or_default();
        let mut end = start + memchr(b'\n', rest).unwrap_or(rest.len());
        self.pos = end;
        if self.byte(end - 1) == b'\r' {
            end -= 1;
        }
        let span = TextRange::new(start as u32, end as u32);
        self.comments.push(Comment { span });
        if matches!(self.byte(start + 2), b'g' | b'e' | b'l') {
            let comment = span.of(self.text);
            if let Some(line) = comment.strip_prefix("//line ") {
                if start == 0 || self.byte(start - 1) == b'\n' {
                    self.line_directive(line, start, end);
                }
            } else if let Some(directive) = Directive::of_comment(comment, span) {
                self.directives.push(directive);
            }
        }
    }

    /// Records the `/*` comment at `start`; `true` with an automatic semicolon if it ends a line.
    fn block_comment(&mut self, start: usize) -> bool {
        let rest = self.src.get(start + 2..).unwrap_or_default();
        let end = match memmem::find(rest, b"*/") {
            Some(n) => start + 2 + n + 2,
            None => {
                self.error(start, start + 2, "comment not terminated");
                self.src.len()
            }
        };
        let span = TextRange::new(start as u32, end as u32);
        self.comments.push(Comment { span });
        self.pos = end;
        let comment = span.of(self.text);
        if let Some(line) = comment.strip_prefix("/*line ").and_then(|c| c.strip_suffix("*/")) {
            self.line_directive(line, start, end);
        }
        let newline = self.semicolon && memchr(b'\n', comment.as_bytes()).is_some();
        if newline {
            self.automatic(end, end);
        }
        newline
    }

    /// Checks the text `file:line` or `file:line:column` of a line directive.
    fn line_directive(&mut self, text: &str, start: usize, end: usize) {
        let Some((head, last)) = text.rsplit_once(':') else { return };
        let is_number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        let in_range = |s: &str| s.parse::<u64>().is_ok_and(|n| (1..=1 << 30).contains(&n));
        let line = match head.rsplit_once(':') {
            _ if !is_number(last) || last.parse::<u64>().is_err() => {
                return self.error(start, end, "invalid line number in line directive");
            }
            Some((_, line)) if is_number(line) && line.parse::<u64>().is_ok() => {
                if !in_range(last) {
                    return self.error(start, end, "invalid column number in line directive");
                }
                line
            }
            _ => last,
        };
        if !in_range(line) {
            self.error(start, end, "invalid line number in line directive");
        }
    }
}

/// The tokens of a file with its comments, in order.
pub(crate) struct Tokens<'a> {
    lex: Lexer<'a>,
    /// How many of the scanner's comments were handed out.
    n_comments: usize,
    /// A token that comments precede.
    pending: Option<Tok>,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { lex: Lexer::new(text), n_comments: 0, pending: None }
    }
}

impl Iterator for Tokens<'_> {
    type Item = TokenAt;

    fn next(&mut self) -> Option<TokenAt> {
        let tok = self.pending.take().unwrap_or_else(|| {
            self.lex.next();
            self.lex.tok
        });
        if let Some(comment) = self.lex.comments.get(self.n_comments) {
            self.n_comments += 1;
            self.pending = Some(tok);
            return Some(TokenAt { kind: Token::Comment, range: comment.span, automatic: false });
        }
        let range = TextRange::new(tok.start, tok.end);
        (tok.kind != Token::Eof).then_some(TokenAt { kind: tok.kind, range, automatic: tok.auto })
    }
}

/// Whether a newline after the word stands for a semicolon.
#[inline(always)]
fn ends_line(word: Token) -> bool {
    matches!(
        word,
        Token::Ident | Token::Break | Token::Continue | Token::Fallthrough | Token::Return
    )
}

/// An operator of one byte, or of two if `=` follows.
#[inline(always)]
fn with_assign(next: u8, plain: Token, assign: Token) -> (Token, usize, bool) {
    if next == b'=' { (assign, 2, false) } else { (plain, 1, false) }
}

/// The operator one byte longer.
#[inline(always)]
fn longer((kind, len, semicolon): (Token, usize, bool)) -> (Token, usize, bool) {
    (kind, len + 1, semicolon)
}

/// Whether Go takes `c` as a letter: `_` and Unicode's categories Lu, Ll, Lt, Lm and Lo.
fn is_letter(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphabetic() || c == '_';
    }
    matches!(
        c.general_category(),
        GeneralCategory::UppercaseLetter
            | GeneralCategory::LowercaseLetter
            | GeneralCategory::TitlecaseLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::OtherLetter
    )
}

/// Whether Go takes `c` as a digit in an identifier: Unicode's category Nd.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || c.general_category() == GeneralCategory::DecimalNumber
}
