//! Interned strings and lists of names, shared by all threads.

use crate::api::{Name, NameList};
use crate::hashed::Hashed;
use stanch_base::{FxBuildHasher, FxHashMap, Idx};
use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

const N_SHARDS: usize = 16;

/// Locks a mutex; a panic of another holder leaves append-only data usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The strings of a program.
pub(crate) struct Names {
    texts: boxcar::Vec<Box<str>>,
    shards: [Mutex<Hashed>; N_SHARDS],
    lists: boxcar::Vec<Box<[Name]>>,
    list_ids: Mutex<FxHashMap<Box<[Name]>, NameList>>,
}

/// The empty name.
pub(crate) const EMPTY: Name = Name::from_raw(0);
/// `_`
pub(crate) const BLANK: Name = Name::from_raw(1);
/// `init`
pub(crate) const INIT: Name = Name::from_raw(2);
/// No names.
pub(crate) const NO_NAMES: NameList = NameList::from_raw(0);

impl Names {
    pub(crate) fn new() -> Self {
        let names = Self {
            texts: boxcar::Vec::new(),
            shards: std::array::from_fn(|_| Mutex::default()),
            lists: boxcar::Vec::new(),
            list_ids: Mutex::default(),
        };
        for text in ["", "_", "init"] {
            names.intern(text);
        }
        names.list(Vec::new());
        names
    }

    pub(crate) fn intern(&self, text: &str) -> Name {
        let hash = FxBuildHasher.hash_one(text);
        let mut shard = lock(&self.shards[(hash >> 60) as usize % N_SHARDS]);
        if let Some(name) = shard.find(hash, |n| &*self.texts[n as usize] == text) {
            return Name::from_raw(name);
        }
        let name = Name::from_usize(self.texts.push(text.into()));
        shard.insert(hash, name.raw());
        name
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        &self.texts[name.index()]
    }

    /// The list's id; lists of nothing but empty names are [`NO_NAMES`].
    pub(crate) fn list(&self, names: Vec<Name>) -> NameList {
        let names = if names.iter().all(|&n| n == EMPTY) { Vec::new() } else { names };
        if names.is_empty() && self.lists.count() > 0 {
            return NO_NAMES;
        }
        let mut ids = lock(&self.list_ids);
        if let Some(&id) = ids.get(&names[..]) {
            return id;
        }
        let names: Box<[Name]> = names.into();
        let id = NameList::from_usize(self.lists.push(names.clone()));
        ids.insert(names, id);
        id
    }

    pub(crate) fn names(&self, list: NameList) -> &[Name] {
        &self.lists[list.index()]
    }
}

/// Whether a name starts with an upper-case letter.
pub(crate) fn exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
