//! A string interner for one owner (a file, a package); no global state.

use crate::Idx;

crate::newtype_index! {
    /// An interned string of one [`Interner`]; equal symbols of one interner are equal strings.
    pub struct Symbol; "sym"
}

/// Maps strings to small numbers and back. Symbols are numbered from 0 in order of first use.
///
/// All texts stand in one buffer; an open-addressing table finds them by key.
#[derive(Default, Debug, Clone)]
pub struct Interner {
    texts: String,
    /// Where each symbol's text starts in `texts`, and at last where the last one ends; empty while
    /// there is no symbol.
    bounds: Vec<u32>,
    /// The length is a power of two or 0.
    table: Vec<Entry>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Entry {
    key: u64,
    /// Symbol number + 1, or 0 where free.
    symbol: u32,
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
            table: vec![Entry::default(); (n * 2).next_power_of_two().max(16)],
        }
    }

    /// The symbol of `text`, made if it is new.
    #[inline]
    pub fn intern(&mut self, text: &str) -> Symbol {
        self.intern_range(text, 0, text.len())
    }

    /// The symbol of the bytes from `start` to `end` of `text`, which must be characters: cheaper than
    /// to slice first, where most strings are known already.
    ///
    /// # Panics
    /// If the range lies outside, or a new string's ends cut a character.
    #[inline]
    pub fn intern_range(&mut self, text: &str, start: usize, end: usize) -> Symbol {
        if self.bounds.len() * 2 >= self.table.len() {
            self.grow();
        }
        let key = key(text.as_bytes(), start, end);
        match self.find(&text.as_bytes()[start..end], key) {
            Ok(symbol) => symbol,
            Err(slot) => self.insert(&text[start..end], key, slot),
        }
    }

    /// The symbol of `text` if it was interned.
    pub fn get(&self, text: &str) -> Option<Symbol> {
        if self.table.is_empty() {
            return None;
        }
        let bytes = text.as_bytes();
        self.find(bytes, key(bytes, 0, bytes.len())).ok()
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
    fn find(&self, text: &[u8], key: u64) -> Result<Symbol, usize> {
        let mask = self.table.len() - 1;
        let mut slot = spread(key) & mask;
        loop {
            let entry = self.table[slot];
            if entry.symbol == 0 {
                return Err(slot);
            }
            if entry.key == key {
                let symbol = Symbol::from_raw(entry.symbol - 1);
                // The key of a short text is the text.
                if text.len() < 8 || self.bytes(symbol) == text {
                    return Ok(symbol);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    /// The bytes of a symbol's text, without the check for character boundaries.
    fn bytes(&self, symbol: Symbol) -> &[u8] {
        let index = symbol.index();
        let (start, end) = (self.bounds[index], self.bounds[index + 1]);
        &self.texts.as_bytes()[start as usize..end as usize]
    }

    #[cold]
    #[inline(never)]
    fn insert(&mut self, text: &str, key: u64, slot: usize) -> Symbol {
        if self.bounds.is_empty() {
            self.bounds.push(0);
        }
        let symbol = Symbol::from_usize(self.bounds.len() - 1);
        self.texts.push_str(text);
        self.bounds.push(self.texts.len() as u32);
        self.table[slot] = Entry { key, symbol: symbol.raw() + 1 };
        symbol
    }

    #[cold]
    fn grow(&mut self) {
        let len = (self.table.len() * 2).max(16);
        let old = std::mem::replace(&mut self.table, vec![Entry::default(); len]);
        for entry in old.into_iter().filter(|entry| entry.symbol != 0) {
            let mut slot = spread(entry.key) & (len - 1);
            while self.table[slot].symbol != 0 {
                slot = (slot + 1) & (len - 1);
            }
            self.table[slot] = entry;
        }
    }
}

const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// Where a key's search begins.
#[inline]
fn spread(key: u64) -> usize {
    (key.wrapping_mul(MULTIPLIER) >> 32) as usize
}

/// The key of `text[start..end]`: below eight bytes the text itself with its length in the highest byte,
/// else a hash whose highest byte is no such length.
#[inline]
fn key(text: &[u8], start: usize, end: usize) -> u64 {
    let len = end - start;
    if len >= 8 {
        return hash(&text[start..end]) | 0xff << 56;
    }
    let word = match text.get(start..).and_then(<[u8]>::first_chunk::<8>) {
        Some(chunk) => u64::from_le_bytes(*chunk) & ((1 << (len * 8)) - 1),
        None => text[start..end].iter().rev().fold(0, |word, &b| word << 8 | u64::from(b)),
    };
    word | (len as u64) << 56
}

/// A hash of at least eight bytes: words of eight bytes, the last ones overlapping, mixed by
/// multiplication.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    let mix = |state: u64, word: u64| {
        let product = u128::from(state ^ word) * u128::from(MULTIPLIER);
        product as u64 ^ (product >> 64) as u64
    };
    let mut state = (bytes.len() as u64).wrapping_mul(MULTIPLIER);
    let (words, _) = bytes.as_chunks::<8>();
    for word in words.iter().chain(bytes.last_chunk::<8>()) {
        state = mix(state, u64::from_le_bytes(*word));
    }
    state
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
        // The same bytes inside a longer text.
        let around = "x123456 xxx4";
        for (start, end) in [(0, 1), (1, 2), (0, 7), (8, 12), (11, 12)] {
            let symbol = interner.intern_range(around, start, end);
            assert_eq!(interner.text(symbol), &around[start..end]);
            assert_eq!(interner.intern(&around[start..end]), symbol);
        }
        let empty = interner.intern("");
        assert_eq!(interner.text(empty), "");
    }
}
