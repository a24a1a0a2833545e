//! Constant values: literals, folding, representability, printing.
//!
//! Integers are exact. Other numbers are exact rationals as long as numerator and denominator stay
//! under 4096 bits; beyond that they are rounded to 512 bits as the Go compilers do, and values of
//! absurd size are [`ConstValue::Unknown`].

use crate::api::{Basic, ConstValue};
use dashu::base::{BitTest, Sign, UnsignedAbs};
use dashu::integer::{IBig, UBig};
use dashu::rational::RBig;
use stanch_syntax::ast::BinaryOp;
use std::cmp::Ordering;
use std::sync::Arc;

/// Untyped integer constants have at most this many bits.
pub(crate) const MAX_INT_BITS: usize = 512;
/// Shift counts of constants.
pub(crate) const MAX_SHIFT: u64 = 1023 - 1 + 52;
/// Precision of numbers that are not kept exact.
const FLOAT_BITS: u32 = 512;
const MAX_RAT_BITS: usize = 4096;
const MAX_BITS: usize = 200_000;
const MAX_EXPONENT: i64 = 20_000;
const MAX_LITERAL: usize = 10_000;

/// An integer constant.
pub(crate) fn int(value: u64) -> ConstValue {
    ConstValue::Int(IBig::from(value))
}

/// A complex constant.
pub(crate) fn complex(re: RBig, im: RBig) -> ConstValue {
    ConstValue::Complex(Box::new((re, im)))
}

/// A number in normal form: integral values are integers.
pub(crate) fn number(value: RBig) -> ConstValue {
    let (n, d) = (value.numerator().bit_len_abs(), value.denominator().bit_len());
    if n.max(d) >= MAX_BITS {
        return ConstValue::Unknown;
    }
    if value.is_int() && n < MAX_RAT_BITS {
        return ConstValue::Int(value.into_parts().0);
    }
    if n.max(d) >= MAX_RAT_BITS {
        return match round(&value, FLOAT_BITS, i64::MIN / 2) {
            r if r.is_int() => ConstValue::Int(r.into_parts().0),
            r => ConstValue::Rat(r.into()),
        };
    }
    ConstValue::Rat(value.into())
}

trait BitLenAbs {
    fn bit_len_abs(&self) -> usize;
}
impl BitLenAbs for IBig {
    fn bit_len_abs(&self) -> usize {
        self.unsigned_abs().bit_len()
    }
}

/// The value of an integer literal.
pub(crate) fn int_literal(text: &str) -> ConstValue {
    if text.len() > MAX_LITERAL {
        return ConstValue::Unknown;
    }
    // Most literals are short decimal numbers.
    if !text.starts_with('0')
        && let Ok(small) = text.parse::<u64>()
    {
        return int(small);
    }
    let clean: String = text.chars().filter(|&c| c != '_').collect();
    let lower = clean.to_ascii_lowercase();
    let (digits, radix) = match lower.as_bytes() {
        [b'0', b'x', ..] => (&lower[2..], 16),
        [b'0', b'b', ..] => (&lower[2..], 2),
        [b'0', b'o', ..] => (&lower[2..], 8),
        [b'0', _, ..] => (&lower[1..], 8),
        _ => (&lower[..], 10),
    };
    if let Ok(small) = u64::from_str_radix(digits, radix) {
        return int(small);
    }
    match UBig::from_str_radix(digits, radix) {
        Ok(value) if value.bit_len() <= MAX_INT_BITS => ConstValue::Int(value.into()),
        _ => ConstValue::Unknown,
    }
}

/// The value of a floating-point literal (or of an imaginary one without its `i`).
pub(crate) fn float_literal(text: &str) -> ConstValue {
    rational_literal(text).map_or(ConstValue::Unknown, number)
}

/// The value of an imaginary literal.
pub(crate) fn imag_literal(text: &str) -> ConstValue {
    match text.strip_suffix('i').and_then(rational_literal) {
        Some(im) => complex(RBig::ZERO, im),
        None => ConstValue::Unknown,
    }
}

fn rational_literal(text: &str) -> Option<RBig> {
    if text.len() > MAX_LITERAL {
        return None;
    }
    let clean: String =
        text.chars().filter(|&c| c != '_').map(|c| c.to_ascii_lowercase()).collect();
    let (digits, radix, mark) = match clean.as_bytes() {
        [b'0', b'x', ..] => (&clean[2..], 16, 'p'),
        [b'0', b'b', ..] => (&clean[2..], 2, 'e'),
        [b'0', b'o', ..] => (&clean[2..], 8, 'e'),
        _ => (&clean[..], 10, 'e'),
    };
    let (mantissa, exponent) = match digits.split_once(mark) {
        Some((m, e)) => (m, e.strip_prefix('+').unwrap_or(e).parse::<i64>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let all = if all.is_empty() { "0" } else { &all };
    let value = UBig::from_str_radix(all, radix).ok()?;
    if value.is_zero() {
        return Some(RBig::ZERO);
    }
    if exponent.abs() > MAX_EXPONENT {
        return None;
    }
    let (base, exponent) = match radix {
        16 => (UBig::from(2u8), exponent - 4 * fraction.len() as i64),
        _ => (UBig::from(10u8), exponent - fraction.len() as i64),
    };
    let scale = base.pow(exponent.unsigned_abs() as usize);
    Some(if exponent >= 0 {
        RBig::from(value * scale)
    } else {
        RBig::from_parts(value.into(), scale)
    })
}

/// The value of a rune literal, quotes included.
pub(crate) fn char_literal(text: &str) -> ConstValue {
    let inner = text.strip_prefix('\'').map(|t| t.strip_suffix('\'').unwrap_or(t));
    let Some(inner) = inner else { return ConstValue::Unknown };
    let value = match inner.strip_prefix('\\') {
        None => inner.chars().next().map(u64::from),
        Some(rest) => escape(rest.as_bytes(), b'\'').map(|e| match e.0 {
            Escaped::Byte(b) => u64::from(b),
            Escaped::Char(c) => u64::from(c),
        }),
    };
    value.map_or(ConstValue::Unknown, int)
}

enum Escaped {
    Byte(u8),
    Char(u32),
}

/// Decodes what follows a backslash; returns the value and the number of bytes used.
fn escape(rest: &[u8], quote: u8) -> Option<(Escaped, usize)> {
    let digits = |start: usize, n: usize, radix: u32| {
        let text = std::str::from_utf8(rest.get(start..start + n)?).ok()?;
        u32::from_str_radix(text, radix).ok()
    };
    let simple = |b| Some((Escaped::Byte(b), 1));
    match *rest.first()? {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(10),
        b'r' => simple(13),
        b't' => simple(9),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        c @ (b'\'' | b'"') if c == quote => simple(c),
        b'x' => Some((Escaped::Byte(digits(1, 2, 16)? as u8), 3)),
        b'u' => Some((Escaped::Char(digits(1, 4, 16)?), 5)),
        b'U' => Some((Escaped::Char(digits(1, 8, 16)?), 9)),
        b'0'..=b'7' => Some((Escaped::Byte(digits(0, 3, 8)? as u8), 3)),
        _ => None,
    }
}

/// The bytes of a string literal, quotes or backquotes included.
pub(crate) fn unquote(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if bytes.len() < 2 {
        return None;
    }
    let inner = &bytes[1..bytes.len() - 1];
    if bytes[0] == b'`' {
        return Some(inner.iter().copied().filter(|&b| b != b'\r').collect());
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut i = 0;
    while let Some(&b) = inner.get(i) {
        i += 1;
        if b != b'\\' {
            out.push(b);
            continue;
        }
        let (value, used) = escape(&inner[i..], b'"')?;
        i += used;
        match value {
            Escaped::Byte(b) => out.push(b),
            Escaped::Char(c) => {
                let c = char::from_u32(c)?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    Some(out)
}

/// The value of a string literal.
pub(crate) fn string_literal(text: &str) -> ConstValue {
    unquote(text).map_or(ConstValue::Unknown, |b| ConstValue::String(b.into()))
}

/// `value` rounded to `bits` bits of mantissa with no bit below `2^min_exp` (half to even).
fn round(value: &RBig, bits: u32, min_exp: i64) -> RBig {
    let n = value.numerator().unsigned_abs();
    let d = value.denominator().clone();
    if n.is_zero() {
        return RBig::ZERO;
    }
    let mut log = n.bit_len() as i64 - d.bit_len() as i64;
    let below = if log >= 0 { n < (&d << log as usize) } else { (&n << (-log) as usize) < d };
    if below {
        log -= 1;
    }
    let lsb = (log - i64::from(bits) + 1).max(min_exp);
    let (n, d) = if lsb >= 0 { (n, d << lsb as usize) } else { (n << (-lsb) as usize, d) };
    let mut q = &n / &d;
    let twice = (n - &q * &d) << 1;
    if twice > d || (twice == d && q.bit(0)) {
        q += UBig::ONE;
    }
    let magnitude = IBig::from_parts(value.numerator().sign(), q);
    if lsb >= 0 {
        RBig::from(magnitude << lsb as usize)
    } else {
        RBig::from_parts(magnitude, UBig::ONE << (-lsb) as usize)
    }
}

/// Rounds to float32 or float64; `None` where that is infinite.
fn round_float(value: &RBig, double: bool) -> Option<RBig> {
    let (bits, min_exp, max) = if double { (53, -1074, 1024) } else { (24, -149, 128) };
    let r = round(value, bits, min_exp);
    (r.numerator().unsigned_abs() < (r.denominator() << max)).then_some(r)
}

/// The value as an integer, if it is one.
pub(crate) fn to_int(value: &ConstValue) -> Option<IBig> {
    match value {
        ConstValue::Int(i) => Some(i.clone()),
        ConstValue::Complex(c) if c.1.is_zero() && c.0.is_int() => Some(c.0.numerator().clone()),
        _ => None,
    }
}

/// The value as a rational, if it is a real number.
pub(crate) fn to_rat(value: &ConstValue) -> Option<RBig> {
    match value {
        ConstValue::Int(i) => Some(RBig::from(i.clone())),
        ConstValue::Rat(r) => Some((**r).clone()),
        ConstValue::Complex(c) if c.1.is_zero() => Some(c.0.clone()),
        _ => None,
    }
}

/// Real and imaginary part of a number.
pub(crate) fn to_complex(value: &ConstValue) -> Option<(RBig, RBig)> {
    match value {
        ConstValue::Complex(c) => Some((**c).clone()),
        other => Some((to_rat(other)?, RBig::ZERO)),
    }
}

/// The value as a `u64`, if it is one.
pub(crate) fn to_u64(value: &ConstValue) -> Option<u64> {
    u64::try_from(to_int(value)?).ok()
}

/// Size in bits and signedness of an integer type.
fn int_shape(basic: Basic, word_size: u64) -> Option<(usize, bool)> {
    Some(match basic {
        Basic::Int => (word_size as usize * 8, true),
        Basic::Int8 => (8, true),
        Basic::Int16 => (16, true),
        Basic::Int32 => (32, true),
        Basic::Int64 => (64, true),
        Basic::Uint | Basic::Uintptr => (word_size as usize * 8, false),
        Basic::Uint8 => (8, false),
        Basic::Uint16 => (16, false),
        Basic::Uint32 => (32, false),
        Basic::Uint64 => (64, false),
        _ => return None,
    })
}

/// The value as a constant of `basic`, rounded; `None` where it is not representable.
pub(crate) fn represent(value: &ConstValue, basic: Basic, word_size: u64) -> Option<ConstValue> {
    if *value == ConstValue::Unknown {
        return Some(ConstValue::Unknown);
    }
    if let Some((bits, signed)) = int_shape(basic, word_size) {
        let i = to_int(value)?;
        let fits = match (i.sign(), signed) {
            (Sign::Positive, true) => i.clone().unsigned_abs().bit_len() < bits,
            (Sign::Positive, false) => i.clone().unsigned_abs().bit_len() <= bits,
            (Sign::Negative, true) => (i.clone() + IBig::ONE).unsigned_abs().bit_len() < bits,
            (Sign::Negative, false) => false,
        };
        return fits.then_some(ConstValue::Int(i));
    }
    let wide = matches!(basic, Basic::Float64 | Basic::Complex128);
    match basic {
        Basic::UntypedInt | Basic::UntypedRune => to_int(value).map(ConstValue::Int),
        Basic::Float32 | Basic::Float64 => {
            if let ConstValue::Int(i) = value
                && i.bit_len_abs() <= 24
            {
                return Some(value.clone());
            }
            round_float(&to_rat(value)?, wide).map(number)
        }
        Basic::UntypedFloat => to_rat(value).map(number),
        Basic::Complex64 | Basic::Complex128 => {
            let (re, im) = to_complex(value)?;
            Some(complex(round_float(&re, wide)?, round_float(&im, wide)?))
        }
        Basic::UntypedComplex => to_complex(value).map(|_| value.clone()),
        Basic::String | Basic::UntypedString => {
            matches!(value, ConstValue::String(_)).then(|| value.clone())
        }
        Basic::Bool | Basic::UntypedBool => {
            matches!(value, ConstValue::Bool(_)).then(|| value.clone())
        }
        _ => None,
    }
}

/// `-x`
pub(crate) fn negate(value: &ConstValue) -> ConstValue {
    match value {
        ConstValue::Int(i) => ConstValue::Int(-i),
        ConstValue::Rat(r) => ConstValue::Rat(Box::new(-(**r).clone())),
        ConstValue::Complex(c) => complex(-c.0.clone(), -c.1.clone()),
        _ => ConstValue::Unknown,
    }
}

/// `^x`; for unsigned types the result is cut to `unsigned_bits`.
pub(crate) fn complement(value: &ConstValue, unsigned_bits: Option<usize>) -> ConstValue {
    match (to_int(value), unsigned_bits) {
        (Some(i), Some(bits)) => ConstValue::Int(!i & IBig::from((UBig::ONE << bits) - UBig::ONE)),
        (Some(i), None) => ConstValue::Int(!i),
        (None, _) => ConstValue::Unknown,
    }
}

/// Bits of an unsigned type.
pub(crate) fn unsigned_bits(basic: Basic, word_size: u64) -> Option<usize> {
    int_shape(basic, word_size).filter(|s| !s.1).map(|s| s.0)
}

/// `x op y` for arithmetic, logic and concatenation; `integer` selects truncating division.
pub(crate) fn binary(op: BinaryOp, x: &ConstValue, y: &ConstValue, integer: bool) -> ConstValue {
    match (x, y) {
        (ConstValue::Unknown, _) | (_, ConstValue::Unknown) => ConstValue::Unknown,
        (ConstValue::Bool(x), ConstValue::Bool(y)) => match op {
            BinaryOp::LAnd => ConstValue::Bool(*x && *y),
            BinaryOp::LOr => ConstValue::Bool(*x || *y),
            _ => ConstValue::Unknown,
        },
        (ConstValue::String(x), ConstValue::String(y)) => match op {
            BinaryOp::Add => {
                let mut all = Vec::with_capacity(x.len() + y.len());
                all.extend_from_slice(x);
                all.extend_from_slice(y);
                ConstValue::String(Arc::from(all))
            }
            _ => ConstValue::Unknown,
        },
        (ConstValue::Int(x), ConstValue::Int(y)) => int_binary(op, x, y, integer),
        (ConstValue::Complex(..), _) | (_, ConstValue::Complex(..)) => {
            match (to_complex(x), to_complex(y)) {
                (Some(x), Some(y)) => complex_binary(op, x, y),
                _ => ConstValue::Unknown,
            }
        }
        _ => match (to_rat(x), to_rat(y)) {
            (Some(x), Some(y)) => rat_binary(op, &x, &y).map_or(ConstValue::Unknown, number),
            _ => ConstValue::Unknown,
        },
    }
}

fn int_binary(op: BinaryOp, x: &IBig, y: &IBig, integer: bool) -> ConstValue {
    if x.bit_len_abs().max(y.bit_len_abs()) >= MAX_BITS {
        return ConstValue::Unknown;
    }
    ConstValue::Int(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Quo | BinaryOp::Rem if y.is_zero() => return ConstValue::Unknown,
        BinaryOp::Quo if integer => x / y,
        BinaryOp::Quo => {
            let quotient = RBig::from_parts_signed(x.clone(), y.clone());
            return number(quotient);
        }
        BinaryOp::Rem => x % y,
        BinaryOp::And => x & y,
        BinaryOp::Or => x | y,
        BinaryOp::Xor => x ^ y,
        BinaryOp::AndNot => x & !y,
        _ => return ConstValue::Unknown,
    })
}

fn rat_binary(op: BinaryOp, x: &RBig, y: &RBig) -> Option<RBig> {
    Some(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mul => x * y,
        BinaryOp::Quo if !y.is_zero() => x / y,
        _ => return None,
    })
}

fn complex_binary(op: BinaryOp, x: (RBig, RBig), y: (RBig, RBig)) -> ConstValue {
    let ((a, b), (c, d)) = (x, y);
    match op {
        BinaryOp::Add => complex(a + c, b + d),
        BinaryOp::Sub => complex(a - c, b - d),
        BinaryOp::Mul => complex(&a * &c - &b * &d, b * c + a * d),
        BinaryOp::Quo => {
            let s = &c * &c + &d * &d;
            if s.is_zero() {
                return ConstValue::Unknown;
            }
            complex((&a * &c + &b * &d) / &s, (b * c - a * d) / s)
        }
        _ => ConstValue::Unknown,
    }
}

/// `x << n` or `x >> n`
pub(crate) fn shift(x: &IBig, left: bool, n: u64) -> ConstValue {
    let n = n.min(MAX_SHIFT) as usize;
    ConstValue::Int(if left { x << n } else { x >> n })
}

/// `x op y` for a comparison; `None` where it is not known.
pub(crate) fn compare(op: BinaryOp, x: &ConstValue, y: &ConstValue) -> Option<bool> {
    let order = match (x, y) {
        (ConstValue::Bool(x), ConstValue::Bool(y)) => x.cmp(y),
        (ConstValue::String(x), ConstValue::String(y)) => x.cmp(y),
        (ConstValue::Int(x), ConstValue::Int(y)) => x.cmp(y),
        (ConstValue::Complex(..), _) | (_, ConstValue::Complex(..)) => {
            match to_complex(x)? == to_complex(y)? {
                true => Ordering::Equal,
                false => Ordering::Less,
            }
        }
        _ => to_rat(x)?.cmp(&to_rat(y)?),
    };
    Some(match op {
        BinaryOp::Eq => order.is_eq(),
        BinaryOp::Ne => order.is_ne(),
        BinaryOp::Lt => order.is_lt(),
        BinaryOp::Le => order.is_le(),
        BinaryOp::Gt => order.is_gt(),
        BinaryOp::Ge => order.is_ge(),
        _ => return None,
    })
}

/// Number of bits of an integer's magnitude, 0 for other values.
pub(crate) fn bit_len(value: &ConstValue) -> usize {
    match value {
        ConstValue::Int(i) => i.bit_len_abs(),
        _ => 0,
    }
}

/// The value written exactly: decimal integers, fractions, `(re + imi)`, quoted ASCII strings.
pub(crate) fn exact_string(value: &ConstValue) -> String {
    match value {
        ConstValue::Bool(b) => b.to_string(),
        ConstValue::Int(i) if i.bit_len_abs() < MAX_RAT_BITS => i.to_string(),
        ConstValue::Int(i) => float_string(&RBig::from(i.clone())),
        ConstValue::Rat(r) => rat_string(r),
        ConstValue::Complex(c) => format!("({} + {}i)", rat_string(&c.0), rat_string(&c.1)),
        ConstValue::String(bytes) => quote(bytes),
        ConstValue::Unknown => "unknown".into(),
    }
}

/// A float of 512 bits: hexadecimal mantissa below one, binary exponent.
fn float_string(r: &RBig) -> String {
    let rounded = round(r, FLOAT_BITS, i64::MIN / 2);
    // One of the two is a power of two.
    let mantissa = rounded.numerator().unsigned_abs();
    let exponent = mantissa.bit_len() as i64 - (rounded.denominator().bit_len() as i64 - 1);
    let mantissa = &mantissa >> mantissa.trailing_zeros().unwrap_or(0);
    let padding = mantissa.bit_len().next_multiple_of(4) - mantissa.bit_len();
    let sign = if rounded.numerator().sign() == Sign::Negative { "-" } else { "" };
    format!("{sign}0x.{:x}p{exponent:+}", mantissa << padding)
}

fn rat_string(r: &RBig) -> String {
    if r.numerator().bit_len_abs().max(r.denominator().bit_len()) >= MAX_RAT_BITS {
        return float_string(r);
    }
    match r.is_int() {
        true => r.numerator().to_string(),
        false => format!("{}/{}", r.numerator(), r.denominator()),
    }
}

/// A Go string literal for a text, printable characters as they are.
pub(crate) fn quote_text(text: &str) -> String {
    let printable =
        |c: char| c > '\u{a0}' && c != '\u{ad}' && !c.is_control() && !c.is_whitespace();
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match printable(c) {
            true => out.push(c),
            false => {
                let quoted = quote(c.encode_utf8(&mut [0; 4]).as_bytes());
                out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
            }
        }
    }
    out.push('"');
    out
}

/// A Go string literal of printable ASCII for the bytes.
pub(crate) fn quote(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut out = String::with_capacity(bytes.len() + 2);
    out.push('"');
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                '\x07' => out.push_str("\\a"),
                '\x08' => out.push_str("\\b"),
                '\x0c' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\x0b' => out.push_str("\\v"),
                ' '..='~' => out.push(c),
                '\0'..='\x7f' => _ = write!(out, "\\x{:02x}", c as u32),
                '\u{80}'..='\u{ffff}' => _ = write!(out, "\\u{:04x}", c as u32),
                _ => _ = write!(out, "\\U{:08x}", c as u32),
            }
        }
        for b in chunk.invalid() {
            _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
    out
}
