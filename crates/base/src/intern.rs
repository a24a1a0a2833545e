//! A string interner for one owner (a file, a package); no global state.

use crate::Idx;

crate::newtype_index! {
    /// An interned string of one [`Interner`]; equal symbols of one interner are equal strings.
    pub struct Symbol; "sym"
}

/// Maps strings to small numbers and back. Symbols are numbered from 0 in order of first use.
///
/// All texts stand in one buffer; an open-addressing table finds them by hash.
#[derive(Default, Debug, Clone)]
pub struct Interner {
    texts: String,
    /// Where each symbol's text starts in `texts`, and at last where the last one ends; empty while
    /// there is no symbol.
    bounds: Vec<u32>,
    /// Upper half: hash; lower half: symbol number + 1, or 0 where free. The length is a power of
    /// two or 0.
    table: Vec<u64>,
}

impl Interner {
    /// An empty interner.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty interner with room for about `n` strings.
    pub fn with_capacity(n: usize) -> Self {
        Self {
            texts: String::with_capacity(n * 8),
            bounds: Vec::with_capacity(n),
            table: vec![0; (n * 2).next_power_of_two().max(16)],
        }
    }

    /// The symbol of `text`, made if it is new.
    #[inline]
    pub fn intern(&mut self, text: &str) -> Symbol {
        if self.bounds.len() * 2 >= self.table.len() {
            self.grow();
        }
        let hash = hash(text.as_bytes());
        match self.find(text, hash) {
            Ok(symbol) => symbol,
            Err(slot) => self.insert(text, hash, slot),
        }
    }

    /// The symbol of `text` if it was interned.
    pub fn get(&self, text: &str) -> Option<Symbol> {
        if self.table.is_empty() {
            return None;
        }
        self.find(text, hash(text.as_bytes())).ok()
    }

    /// The string of a symbol of this interner.
    #[inline]
    pub fn text(&self, symbol: Symbol) -> &str {
        let index = symbol.index();
        &self.texts[self.bounds[index] as usize..self.bounds[index + 1] as usize]
    }

    /// Number of distinct strings.
    pub fn len(&self) -> usize {
        self.bounds.len().saturating_sub(1)
    }

    /// Whether nothing was interned.
    pub fn is_empty(&self) -> bool {
        self.bounds.is_empty()
    }

    /// The symbol of `text`, or the free slot where it belongs. The table must not be full.
    #[inline]
    fn find(&self, text: &str, hash: u32) -> Result<Symbol, usize> {
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.table[slot];
            if entry == 0 {
                return Err(slot);
            }
            if (entry >> 32) as u32 == hash {
                let symbol = Symbol::from_raw(entry as u32 - 1);
                if same(self.bytes(symbol), text.as_bytes()) {
                    return Ok(symbol);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The bytes of a symbol's text, without the check for character boundaries.
    #[inline]
    fn bytes(&self, symbol: Symbol) -> &[u8] {
        let index = symbol.index();
        let (start, end) = (self.bounds[index], self.bounds[index + 1]);
        &self.texts.as_bytes()[start as usize..end as usize]
    }

    fn insert(&mut self, text: &str, hash: u32, slot: usize) -> Symbol {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        let symbol = Symbol::from_usize(self.bounds.len() - 1);
        self.texts.push_str(text);
        self.bounds.push(self.texts.len() as u32);
        self.table[slot] = u64::from(hash) << 32 | u64::from(symbol.raw() + 1);
        symbol
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(16);
        let old = std::mem::replace(&mut self.table, vec![0; len]);
        for entry in old.into_iter().filter(|&entry| entry != 0) {
            let mut slot = (entry >> 32) as usize & (len - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.table[slot] = entry;
        }
    }
}

/// Whether the texts are equal; inline for the short ones that names are.
#[inline]
fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match (a.first_chunk::<8>(), b.first_chunk::<8>(), a.last_chunk::<8>(), b.last_chunk::<8>()) {
        (Some(a0), Some(b0), Some(a1), Some(b1)) if a.len() <= 16 => a0 == b0 && a1 == b1,
        (Some(_), ..) => a == b,
        _ => short_word(a) == short_word(b),
    }
}

/// At most eight bytes as a number, equal for equal bytes of one length only.
#[inline]
fn short_word(bytes: &[u8]) -> u64 {
    match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => bytes.iter().fold(0, |word, &b| word << 8 | u64::from(b)),
    }
}

/// A hash of short texts: words of eight bytes, the last ones overlapping, mixed by multiplication.
#[inline]
fn hash(bytes: &[u8]) -> u32 {
    const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(MULTIPLIER);
        product as u64 ^ (product >> 64) as u64
    };
    let mut state = (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    if let Some(last) = bytes.last_chunk::<8>() {
        let (words, _) = bytes.as_chunks::<8>();
        for word in words {
            state = mix(state, u64::from_le_bytes(*word));
        }
        state = mix(state, u64::from_le_bytes(*last));
    } else {
        state = mix(state, short_word(bytes));
    }
    (state ^ state >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_symbols() {
        let mut interner = Interner::new();
        assert_eq!(interner.get("a"), None);
        let words: Vec<String> = (0..5000).map(|i| "x".repeat(i % 40) + &i.to_string()).collect();
        let symbols: Vec<Symbol> = words.iter().map(|w| interner.intern(w)).collect();
        for (word, &symbol) in words.iter().zip(&symbols) {
            assert_eq!(interner.text(symbol), word);
            assert_eq!(interner.intern(word), symbol);
            assert_eq!(interner.get(word), Some(symbol));
        }
        assert_eq!(interner.len(), words.len());
        assert_eq!(interner.get("absent"), None);
        let empty = interner.intern("");
        assert_eq!(interner.text(empty), "");
    }
}
