//! Small maps and sets in order, cheap to copy and to compare: states have many of them, and most
//! copies of a state differ from it in few.

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

/// Entries in order of their keys, which are small and cheap to copy. Copies share them until one
/// changes.
#[derive(Clone, Debug)]
pub(crate) struct SortedMap<K, V> {
    entries: Arc<Vec<(K, V)>>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { entries: Arc::new(Vec::new()) }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.entries, &other.entries) || self.entries == other.entries
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: Ord + Copy, V: Clone> SortedMap<K, V> {
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
        let at = self.find(key);
        let entries = Arc::make_mut(&mut self.entries);
        match at {
            Ok(at) => {
                if let Some(entry) = entries.get_mut(at) {
                    entry.1 = value;
                }
            }
            Err(at) => entries.insert(at, (key, value)),
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

    /// Keeps some entries. What is asked of an entry must not depend on what was asked before.
    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let Some(first) = self.entries.iter().position(|(key, value)| !keep(key, value)) else {
            return;
        };
        match Arc::get_mut(&mut self.entries) {
            Some(entries) => {
                let mut at = 0;
                entries.retain(|(key, value)| {
                    at += 1;
                    at <= first || (at > first + 1 && keep(key, value))
                });
            }
            None => {
                let (before, rest) = self.entries.split_at(first);
                let rest = rest.iter().skip(1).filter(|(key, value)| keep(key, value));
                self.entries = Arc::new(before.iter().chain(rest).cloned().collect());
            }
        }
    }

    /// Removes everything; the entries in order.
    pub(crate) fn take(&mut self) -> Vec<(K, V)> {
        Arc::unwrap_or_clone(std::mem::take(&mut self.entries))
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for SortedMap<K, V> {
    /// Of entries with one key the last counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(K, V)> = entries.into_iter().collect();
        entries.reverse();
        entries.sort_by_key(|entry| entry.0);
        entries.dedup_by_key(|entry| entry.0);
        Self { entries: Arc::new(entries) }
    }
}

/// A set that copies share until one changes.
#[derive(Clone, Debug)]
pub(crate) struct SharedSet<T>(Arc<BTreeSet<T>>);

impl<T> Default for SharedSet<T> {
    fn default() -> Self {
        Self(Arc::new(BTreeSet::new()))
    }
}

impl<T> Deref for SharedSet<T> {
    type Target = BTreeSet<T>;

    fn deref(&self) -> &BTreeSet<T> {
        &self.0
    }
}

impl<T: PartialEq> PartialEq for SharedSet<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl<T: Eq> Eq for SharedSet<T> {}

impl<T: Ord + Clone> SharedSet<T> {
    pub(crate) fn insert(&mut self, element: T) {
        if !self.contains(&element) {
            Arc::make_mut(&mut self.0).insert(element);
        }
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, element: &T) -> bool {
        self.contains(element) && Arc::make_mut(&mut self.0).remove(element)
    }

    /// Keeps some elements. What is asked of one must not depend on what was asked before.
    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        if !self.iter().all(&keep) {
            Arc::make_mut(&mut self.0).retain(keep);
        }
    }

    /// Adds the elements of another.
    pub(crate) fn join(&mut self, other: &Self) {
        if Arc::ptr_eq(&self.0, &other.0) || other.is_subset(self) {
            return;
        }
        if self.is_subset(other) {
            self.0 = Arc::clone(&other.0);
        } else {
            Arc::make_mut(&mut self.0).extend(other.iter().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{SharedSet, SortedMap};

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

    #[test]
    fn copies_are_apart() {
        let mut map: SortedMap<u32, char> = [(1, 'a'), (2, 'b'), (3, 'c')].into_iter().collect();
        let copy = map.clone();
        map.retain(|&key, _| key == 1 || key == 3);
        map.insert(1, 'x');
        assert_eq!(copy.values().copied().collect::<String>(), "abc");
        assert_eq!(map.values().copied().collect::<String>(), "xc");
        // Nobody else has these entries now.
        map.retain(|&key, _| key == 3);
        assert_eq!(map.values().copied().collect::<String>(), "c");

        let mut set = SharedSet::default();
        set.insert(1);
        let mut other = set.clone();
        other.insert(2);
        assert!(set != other && !set.contains(&2));
        set.join(&other);
        assert!(set == other);
        set.retain(|&element| element != 1);
        assert!(other.remove(&1) && !other.remove(&1) && set == other);
    }
}
