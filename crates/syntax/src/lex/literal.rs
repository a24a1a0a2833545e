//! Numbers, runes and strings, with the checks that the language puts on their form.

use super::{CLASS, DIGIT, Lexer, WORD};
use crate::token::Token;
use memchr::memchr;

impl Lexer<'_> {
    /// The number at `start`.
    #[inline(never)]
    pub(super) fn number(&mut self, start: usize) {
        let first = self.byte(start);
        let mut at = start;
        while CLASS[self.byte(at) as usize] & DIGIT != 0 {
            at += 1;
        }
        let stop = self.byte(at);
        let plain = stop != b'.' && CLASS[stop as usize] & WORD == 0;
        if plain && (first != b'0' || at == start + 1) {
            return self.token(Token::Int, start, at, true);
        }
        // Tables of data are full of these.
        if first == b'0' && at == start + 1 && stop | 0x20 == b'x' {
            let digits = start + 2;
            let end = self.word_end(digits);
            let word = self.src.get(digits..end).unwrap_or_default();
            if !word.is_empty() && word.iter().all(u8::is_ascii_hexdigit) && self.byte(end) != b'.'
            {
                return self.token(Token::Int, start, end, true);
            }
        }
        self.unusual_number(start);
    }

    /// A number that is more than decimal digits without a leading zero.
    fn unusual_number(&mut self, start: usize) {
        let mut at = start;
        let mut kind = Token::Int;
        let mut radix = 10;
        let mut legacy_octal = false;
        if self.byte(at) == b'0' {
            at += 1;
            radix = match self.byte(at) | 0x20 {
                b'x' => 16,
                b'o' => 8,
                b'b' => 2,
                _ => {
                    legacy_octal = true;
                    10
                }
            };
            at += usize::from(radix != 10);
        }
        let name = match radix {
            16 => "hexadecimal literal",
            2 => "binary literal",
            8 => "octal literal",
            _ if legacy_octal => "octal literal",
            _ => "decimal literal",
        };
        let mantissa = at;
        at = self.digits(at, radix == 16);
        if self.byte(at) == b'.' {
            kind = Token::Float;
            if radix < 10 {
                self.error(at, at + 1, format!("invalid radix point in {name}"));
            }
            at = self.digits(at + 1, radix == 16);
        }
        if !legacy_octal && !self.has_digit(mantissa, at) {
            self.error(start, at, format!("{name} has no digits"));
        }
        let exponent = self.byte(at) | 0x20;
        if matches!(exponent, b'e' | b'p') {
            kind = Token::Float;
            at = self.exponent(at, radix, exponent);
        } else if radix == 16 && kind == Token::Float {
            self.error(start, at, "hexadecimal mantissa requires a 'p' exponent");
        }
        let digits_end = at;
        if self.byte(at) == b'i' {
            kind = Token::Imag;
            at += 1;
        }
        if kind == Token::Int {
            self.check_digits(mantissa, at, if legacy_octal { 8 } else { radix }, name);
        }
        self.check_separators(start, digits_end, radix);
        self.token(kind, start, at, true);
    }

    /// The end of the exponent at `at`.
    fn exponent(&mut self, at: usize, radix: u32, letter: u8) -> usize {
        if letter == b'e' && radix != 10 {
            self.error(at, at + 1, "'e' exponent requires decimal mantissa");
        } else if letter == b'p' && radix != 16 {
            self.error(at, at + 1, "'p' exponent requires hexadecimal mantissa");
        }
        let sign = usize::from(matches!(self.byte(at + 1), b'+' | b'-'));
        let end = self.digits(at + 1 + sign, false);
        if !self.has_digit(at + 1 + sign, end) {
            self.error(at, end, "exponent has no digits");
        }
        end
    }

    /// The end of the digits and separators from `at`.
    fn digits(&self, mut at: usize, hex: bool) -> usize {
        loop {
            match self.byte(at) {
                b'0'..=b'9' | b'_' => at += 1,
                b'a'..=b'f' | b'A'..=b'F' if hex => at += 1,
                _ => return at,
            }
        }
    }

    fn has_digit(&self, start: usize, end: usize) -> bool {
        (start..end).any(|at| self.byte(at).is_ascii_hexdigit())
    }

    /// Reports the first decimal digit that `radix` does not have.
    fn check_digits(&mut self, start: usize, end: usize, radix: u32, name: &str) {
        let invalid = |b: u8| b.is_ascii_digit() && u32::from(b - b'0') >= radix;
        if let Some(at) = (start..end).find(|&at| invalid(self.byte(at))) {
            let digit = char::from(self.byte(at));
            self.error(at, at + 1, format!("invalid digit '{digit}' in {name}"));
        }
    }

    /// Every `_` must stand between digits; a radix prefix counts as a digit before it.
    fn check_separators(&mut self, start: usize, end: usize, radix: u32) {
        let literal = self.src.get(start..end).unwrap_or_default();
        if memchr(b'_', literal).is_none() {
            return;
        }
        let is_digit = |at: usize| {
            let byte = self.byte(at);
            byte.is_ascii_digit() || radix == 16 && byte.is_ascii_hexdigit()
        };
        let invalid = (start..end).find(|&at| {
            let after_prefix = radix != 10 && at == start + 2;
            self.byte(at) == b'_'
                && !((after_prefix || at > start && is_digit(at - 1)) && is_digit(at + 1))
        });
        if let Some(at) = invalid {
            self.error(at, at + 1, "'_' must separate successive digits");
        }
    }

    /// The interpreted string at `start`.
    #[inline(never)]
    pub(super) fn string(&mut self, start: usize) {
        let mut at = start + 1;
        loop {
            match self.src.get(at) {
                Some(b'"') => return self.token(Token::String, start, at + 1, true),
                Some(b'\\') => at = self.escape(at + 1, b'"').0,
                Some(b'\n') | None => {
                    self.error(start, at, "string literal not terminated");
                    return self.token(Token::String, start, at, true);
                }
                Some(_) => at += 1,
            }
        }
    }

    /// The raw string at `start`.
    #[inline(never)]
    pub(super) fn raw_string(&mut self, start: usize) {
        let rest = self.src.get(start + 1..).unwrap_or_default();
        let end = match memchr(b'`', rest) {
            Some(n) => start + 1 + n + 1,
            None => {
                self.error(start, start + 1, "raw string literal not terminated");
                self.src.len()
            }
        };
        self.token(Token::String, start, end, true);
    }

    /// The rune literal at `start`.
    #[inline(never)]
    pub(super) fn rune(&mut self, start: usize) {
        let mut at = start + 1;
        let mut n_chars = 0;
        let mut valid = true;
        loop {
            match self.src.get(at) {
                Some(b'\'') => break,
                Some(b'\\') => {
                    let (next, ok) = self.escape(at + 1, b'\'');
                    at = next;
                    valid &= ok;
                    n_chars += 1;
                }
                Some(b'\n') | None => {
                    if valid {
                        self.error(start, at, "rune literal not terminated");
                    }
                    return self.token(Token::Char, start, at, true);
                }
                Some(&b) => {
                    // Continuation bytes of UTF-8 are part of the character before them.
                    n_chars += usize::from(b & 0xc0 != 0x80);
                    at += 1;
                }
            }
        }
        if valid && n_chars != 1 {
            self.error(start, at + 1, "illegal rune literal");
        }
        self.token(Token::Char, start, at + 1, true);
    }

    /// The end of the escape sequence whose letter is at `at`, and whether it is valid; an invalid
    /// one ends before the offending character.
    fn escape(&mut self, at: usize, quote: u8) -> (usize, bool) {
        let letter = self.byte(at);
        let (n_digits, radix, max, start) = match letter {
            b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' => return (at + 1, true),
            _ if letter == quote => return (at + 1, true),
            b'0'..=b'7' => (3, 8, 255, at),
            b'x' => (2, 16, 255, at + 1),
            b'u' => (4, 16, 0x0010_ffff, at + 1),
            b'U' => (8, 16, 0x0010_ffff, at + 1),
            _ => {
                self.error(at.saturating_sub(1), at + 1, "unknown escape sequence");
                return (at, false);
            }
        };
        let mut value = 0_u32;
        for i in start..start + n_digits {
            let Some(digit) = char::from(self.byte(i)).to_digit(radix) else {
                self.error(at - 1, i, "illegal character in escape sequence");
                return (i, false);
            };
            value = value.wrapping_mul(radix).wrapping_add(digit);
        }
        if value > max || (0xd800..0xe000).contains(&value) {
            let end = start + n_digits;
            self.error(at - 1, end, "escape sequence is no valid Unicode code point");
            return (end, false);
        }
        (start + n_digits, true)
    }
}
