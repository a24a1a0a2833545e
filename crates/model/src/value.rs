//! Values packed into one word: kind (8 bits), dynamic type tag (24), payload (32).

use crate::program::{Const, FnId, Sym};
use stanch_base::Idx;

/// A packed value; the default is the untagged nil.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Value(u64);

/// What a value is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Shape {
    Nil,
    Bool(bool),
    Int(i32),
    Sym(Sym),
    Func(FnId),
    /// A reference to an object, with what it permits if it is a channel.
    Ref(u32, View),
    /// Number of a fact.
    Unknown(u32),
}

/// What a reference to a channel permits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum View {
    Full,
    Recv,
    Send,
}

const TAG_SHIFT: u32 = 8;
const TAG_MASK: u64 = 0xff_ffff << TAG_SHIFT;

impl Value {
    pub(crate) const NIL: Self = Self(0);

    const fn pack(kind: u8, data: u32) -> Self {
        Self(kind as u64 | (data as u64) << 32)
    }

    pub(crate) const fn bool(b: bool) -> Self {
        Self::pack(1, b as u32)
    }

    pub(crate) const fn int(n: i32) -> Self {
        Self::pack(2, n as u32)
    }

    pub(crate) const fn sym(s: Sym) -> Self {
        Self::pack(3, s.0)
    }

    pub(crate) fn func(f: FnId) -> Self {
        Self::pack(4, f.index() as u32)
    }

    pub(crate) const fn object(object: u32) -> Self {
        Self::pack(5, object)
    }

    pub(crate) const fn unknown(fact: u32) -> Self {
        Self::pack(8, fact)
    }

    /// The constant as a value; integers outside of `i32` lie near its ends, different ones apart.
    pub(crate) fn constant(c: Const) -> Option<Self> {
        Some(match c {
            Const::Nil => Self::NIL,
            Const::Bool(b) => Self::bool(b),
            Const::Int(n) => Self::int(i32::try_from(n).unwrap_or_else(|_| far(n))),
            Const::Sym(s) => Self::sym(s),
        })
    }

    pub(crate) fn shape(self) -> Shape {
        let data = (self.0 >> 32) as u32;
        match self.0 & 0xff {
            1 => Shape::Bool(data != 0),
            2 => Shape::Int(data as i32),
            3 => Shape::Sym(Sym(data)),
            4 => Shape::Func(FnId::from_raw(data)),
            5 => Shape::Ref(data, View::Full),
            6 => Shape::Ref(data, View::Recv),
            7 => Shape::Ref(data, View::Send),
            8 => Shape::Unknown(data),
            _ => Shape::Nil,
        }
    }

    pub(crate) fn object_id(self) -> Option<u32> {
        match self.0 & 0xff {
            5..=7 => Some((self.0 >> 32) as u32),
            _ => None,
        }
    }

    pub(crate) fn is_unknown(self) -> bool {
        self.0 & 0xff == 8
    }

    /// Whether it refers to an object or a fact.
    pub(crate) fn is_reference(self) -> bool {
        self.0 & 0xff >= 5
    }

    /// The same reference or unknown under another number.
    pub(crate) fn renumbered(self, number: u32) -> Self {
        Self(self.0 & 0xffff_ffff | (number as u64) << 32)
    }

    /// The same reference with another view; other values unchanged.
    pub(crate) fn viewed(self, view: View) -> Self {
        match self.0 & 0xff {
            5 => {
                let kind = match view {
                    View::Full => 5,
                    View::Recv => 6,
                    View::Send => 7,
                };
                Self(self.0 & !0xff | kind)
            }
            _ => self,
        }
    }

    /// The dynamic type, 0 if there is none.
    pub(crate) fn tag(self) -> u32 {
        ((self.0 & TAG_MASK) >> TAG_SHIFT) as u32
    }

    pub(crate) fn with_tag(self, tag: u32) -> Self {
        Self(self.0 & !TAG_MASK | ((tag as u64) << TAG_SHIFT) & TAG_MASK)
    }

    pub(crate) fn word(self) -> u64 {
        self.0
    }
}

/// A stand-in for an integer outside of `i32`: larger, or smaller, than what programs count to.
fn far(n: i64) -> i32 {
    // Neighbours have different places (Knuth, The Art of Computer Programming, 6.4: Fibonacci hashing).
    let place = (n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - 20);
    if n > 0 { i32::MAX - place as i32 } else { i32::MIN + place as i32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_constants_are_large_and_apart() {
        let of = |n| Value::constant(Const::Int(n)).map(Value::shape);
        let large = [1 << 31, 0xFEED_FACE, 0xFEED_FACF, 1 << 40, 1 << 41, i64::MAX];
        for (at, &n) in large.iter().enumerate() {
            let Some(Shape::Int(value)) = of(n) else { panic!("{n} is no integer") };
            assert!(value > 1 << 30, "{n} is {value}");
            let Some(Shape::Int(below)) = of(-n - 1) else { panic!("{n} is no integer") };
            assert!(below < -(1 << 30), "{n} is {below}");
            assert!(large[..at].iter().all(|&other| of(other) != of(n)), "{n}");
        }
        assert_eq!(of(7), Some(Shape::Int(7)));
    }
}
