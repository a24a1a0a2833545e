//! A table of numbers by hashes of what they stand for. It keeps half of each hash, so that neither
//! growing nor most comparisons look at what the numbers stand for.

use hashbrown::HashTable;

/// A set of numbers.
#[derive(Default)]
pub(crate) struct Hashed {
    /// Part of the hash, and the number.
    table: HashTable<(u32, u32)>,
}

/// The part of a hash that is kept; the hasher puts its best bits lowest.
fn part(hash: u64) -> u32 {
    hash as u32
}

/// The hash by which the table is ordered: all bits depend on the part.
fn spread(part: u32) -> u64 {
    u64::from(part).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Hashed {
    /// The number with this hash that is the `same`.
    #[inline]
    pub(crate) fn find(&self, hash: u64, mut same: impl FnMut(u32) -> bool) -> Option<u32> {
        let part = part(hash);
        self.table.find(spread(part), |&(p, n)| p == part && same(n)).map(|&(_, n)| n)
    }

    /// Adds a number that is not there yet.
    pub(crate) fn insert(&mut self, hash: u64, number: u32) {
        let part = part(hash);
        self.table.insert_unique(spread(part), (part, number), |&(p, _)| spread(p));
    }
}
