//! A table with few entries among many ids, made once and then only read.

/// Values by keys, sorted.
#[derive(Clone, Debug)]
pub struct Sparse<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for Sparse<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord + Copy, V> Sparse<K, V> {
    /// The value of a key.
    pub fn get(&self, key: &K) -> Option<&V> {
        let at = self.entries.binary_search_by_key(key, |entry| entry.0).ok()?;
        Some(&self.entries[at].1)
    }

    /// Whether the key has a value.
    pub fn contains_key(&self, key: &K) -> bool {
        self.get(key).is_some()
    }
}

impl<K: Ord + Copy, V> From<Vec<(K, V)>> for Sparse<K, V> {
    /// Of entries with one key the last one counts.
    fn from(mut entries: Vec<(K, V)>) -> Self {
        if !entries.is_sorted_by(|a, b| a.0 < b.0) {
            entries.sort_by_key(|entry| entry.0);
            entries.dedup_by(|later, kept| {
                let same = later.0 == kept.0;
                if same {
                    std::mem::swap(later, kept);
                }
                same
            });
        }
        entries.shrink_to_fit();
        Self { entries }
    }
}

#[cfg(test)]
mod tests {
    use super::Sparse;

    #[test]
    fn the_last_entry_of_a_key_counts() {
        let table = Sparse::from(vec![(5, "a"), (1, "b"), (5, "c"), (3, "d"), (5, "e")]);
        let found = [0, 1, 2, 3, 4, 5, 6].map(|key| table.get(&key).copied());
        assert_eq!(found, [None, Some("b"), None, Some("d"), None, Some("e"), None]);
        assert!(!table.contains_key(&2) && table.contains_key(&3));
    }
}
