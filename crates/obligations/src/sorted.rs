//! A small map in order of its keys, cheap to copy and to compare: states have many of them.

/// Entries in order of their keys, which are small and cheap to copy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SortedMap<K, V> {
    entries: Vec<(K, V)>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: Ord + Copy, V> SortedMap<K, V> {
    fn find(&self, key: K) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&key, |entry| entry.0)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let at = self.find(*key).ok()?;
        self.entries.get(at).map(|entry| &entry.1)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(*key).is_ok()
    }

    /// Sets the value of a key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        match self.find(key) {
            Ok(at) => {
                if let Some(entry) = self.entries.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => self.entries.insert(at, (key, value)),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries.iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries.iter().map(|entry| &entry.0)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries.iter().map(|entry| &entry.1)
    }

    pub(crate) fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.entries.retain(|(key, value)| keep(key, value));
    }

    /// Removes everything; the entries in order.
    pub(crate) fn take(&mut self) -> Vec<(K, V)> {
        std::mem::take(&mut self.entries)
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for SortedMap<K, V> {
    /// Of entries with one key the last counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(K, V)> = entries.into_iter().collect();
        entries.reverse();
        entries.sort_by_key(|entry| entry.0);
        entries.dedup_by_key(|entry| entry.0);
        Self { entries }
    }
}

#[cfg(test)]
mod tests {
    use super::SortedMap;

    #[test]
    fn is_a_map_in_order() {
        let mut map: SortedMap<u32, char> = [(3, 'c'), (1, 'a'), (3, 'd')].into_iter().collect();
        assert_eq!(map.get(&3), Some(&'d'));
        map.insert(2, 'b');
        map.insert(1, 'x');
        assert_eq!(map.keys().copied().collect::<Vec<u32>>(), [1, 2, 3]);
        assert_eq!(map.values().copied().collect::<String>(), "xbd");
        map.retain(|&key, _| key != 2);
        assert!(!map.contains_key(&2));
        assert_eq!((map.len(), map.take()), (2, vec![(1, 'x'), (3, 'd')]));
    }
}
