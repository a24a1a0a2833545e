//! Small maps and sets in order, cheap to copy and to compare: states have many of them, and most
//! copies of a state differ from it in few.

use std::ops::Deref;
use std::sync::Arc;

/// Entries in order of their keys, which are small and cheap to copy. Copies share them until one
/// changes; an empty map that was never filled has no memory.
#[derive(Clone, Debug)]
pub(crate) struct SortedMap<K, V> {
    entries: Option<Arc<Vec<(K, V)>>>,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { entries: None }
    }
}

impl<K, V> SortedMap<K, V> {
    fn entries(&self) -> &[(K, V)] {
        self.entries.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Whether both share their entries, and so have the same.
    pub(crate) fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.entries, &other.entries) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<K: PartialEq, V: PartialEq> PartialEq for SortedMap<K, V> {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || self.entries() == other.entries()
    }
}

impl<K: Eq, V: Eq> Eq for SortedMap<K, V> {}

impl<K: Ord + Copy, V: Clone> SortedMap<K, V> {
    fn find(&self, key: K) -> Result<usize, usize> {
        self.entries().binary_search_by_key(&key, |entry| entry.0)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let at = self.find(*key).ok()?;
        self.entries().get(at).map(|entry| &entry.1)
    }

    pub(crate) fn contains_key(&self, key: &K) -> bool {
        self.find(*key).is_ok()
    }

    /// Sets the value of a key.
    pub(crate) fn insert(&mut self, key: K, value: V) {
        let at = self.find(key);
        let entries = Arc::make_mut(self.entries.get_or_insert_default());
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
        self.entries().len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.entries().iter().map(|(key, value)| (key, value))
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &K> {
        self.entries().iter().map(|entry| &entry.0)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.entries().iter().map(|entry| &entry.1)
    }

    /// Keeps some entries. What is asked of an entry must not depend on what was asked before.
    pub(crate) fn retain(&mut self, keep: impl Fn(&K, &V) -> bool) {
        let Some(shared) = &mut self.entries else { return };
        let Some(first) = shared.iter().position(|(key, value)| !keep(key, value)) else {
            return;
        };
        match Arc::get_mut(shared) {
            Some(entries) => {
                let mut at = 0;
                entries.retain(|(key, value)| {
                    at += 1;
                    at <= first || (at > first + 1 && keep(key, value))
                });
            }
            None => {
                let (before, rest) = shared.split_at(first);
                let rest = rest.iter().skip(1).filter(|(key, value)| keep(key, value));
                *shared = Arc::new(before.iter().chain(rest).cloned().collect());
            }
        }
    }

    /// Sets all entries, which are in order of their keys; what is the same already stays shared.
    pub(crate) fn set_sorted(&mut self, entries: Vec<(K, V)>)
    where
        V: PartialEq,
    {
        if self.entries() != entries {
            self.entries = Some(Arc::new(entries));
        }
    }

    /// Removes everything; the entries in order.
    pub(crate) fn take(&mut self) -> Vec<(K, V)> {
        self.entries.take().map(Arc::unwrap_or_clone).unwrap_or_default()
    }
}

impl<K: Ord + Copy, V> FromIterator<(K, V)> for SortedMap<K, V> {
    /// Of entries with one key the last counts.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut entries: Vec<(K, V)> = entries.into_iter().collect();
        if entries.is_empty() {
            return Self::default();
        }
        entries.reverse();
        entries.sort_by_key(|entry| entry.0);
        entries.dedup_by_key(|entry| entry.0);
        Self { entries: Some(Arc::new(entries)) }
    }
}

/// A set that copies share until one changes, in order; one that was never filled has no memory.
#[derive(Clone, Debug)]
pub(crate) struct SharedSet<T>(Option<Arc<Vec<T>>>);

impl<T> Default for SharedSet<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Deref for SharedSet<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        self.0.as_deref().map_or(&[], Vec::as_slice)
    }
}

impl<T> SharedSet<T> {
    fn is_shared_with(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        }
    }
}

impl<T: PartialEq> PartialEq for SharedSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other) || **self == **other
    }
}

impl<T: Eq> Eq for SharedSet<T> {}

impl<T: Ord + Clone> SharedSet<T> {
    pub(crate) fn contains(&self, element: &T) -> bool {
        self.binary_search(element).is_ok()
    }

    pub(crate) fn insert(&mut self, element: T) {
        if let Err(at) = self.binary_search(&element) {
            Arc::make_mut(self.0.get_or_insert_default()).insert(at, element);
        }
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, element: &T) -> bool {
        let (Ok(at), Some(elements)) = (self.binary_search(element), &mut self.0) else {
            return false;
        };
        Arc::make_mut(elements).remove(at);
        true
    }

    /// Keeps some elements. What is asked of one must not depend on what was asked before.
    pub(crate) fn retain(&mut self, keep: impl Fn(&T) -> bool) {
        if let Some(elements) = &mut self.0
            && !elements.iter().all(&keep)
        {
            Arc::make_mut(elements).retain(keep);
        }
    }

    /// Adds the elements of another.
    pub(crate) fn join(&mut self, other: &Self) {
        if self.is_shared_with(other) {
            return;
        }
        let (mut n_missed, mut own) = (0, self.iter().peekable());
        for element in other.iter() {
            while own.next_if(|mine| *mine < element).is_some() {}
            n_missed += usize::from(own.next_if(|mine| *mine == element).is_none());
        }
        if n_missed == 0 {
            return;
        }
        if n_missed + self.len() == other.len() {
            self.0.clone_from(&other.0);
            return;
        }
        let mut all: Vec<T> = Vec::with_capacity(self.len() + n_missed);
        let mut theirs = other.iter().peekable();
        for mine in self.iter() {
            while let Some(element) = theirs.next_if(|element| *element < mine) {
                all.push(element.clone());
            }
            theirs.next_if(|element| *element == mine);
            all.push(mine.clone());
        }
        all.extend(theirs.cloned());
        self.0 = Some(Arc::new(all));
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
