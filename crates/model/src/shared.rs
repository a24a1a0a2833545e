//! Parts of states that are shared until somebody changes them.
//!
//! A step copies the state and changes little of it: most objects and stacks stay those of the state
//! before.

use crate::state::Obj;
use std::ops::{Deref, DerefMut, Index};
use std::rc::Rc;

/// A value that is copied when it is changed while others have it too.
#[derive(Clone, Default)]
pub(crate) struct Shared<T>(Rc<T>);

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Rc::new(value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Clone> DerefMut for Shared<T> {
    fn deref_mut(&mut self) -> &mut T {
        Rc::make_mut(&mut self.0)
    }
}

/// All objects of a state, by number.
#[derive(Clone, Default)]
pub(crate) struct Heap(Vec<Shared<Obj>>);

impl Heap {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, id: usize) -> Option<&Obj> {
        self.0.get(id).map(Deref::deref)
    }

    pub(crate) fn get_mut(&mut self, id: usize) -> Option<&mut Obj> {
        self.0.get_mut(id).map(DerefMut::deref_mut)
    }

    pub(crate) fn push(&mut self, object: Obj) {
        self.0.push(Shared::new(object));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Obj> {
        self.0.iter().map(Deref::deref)
    }

    /// The objects with these numbers, in that order; each at most once.
    pub(crate) fn select(self, order: &[u32]) -> Self {
        let stays = |(i, &id): (usize, &u32)| id as usize == i;
        if order.len() == self.0.len() && order.iter().enumerate().all(stays) {
            return self;
        }
        let mut old: Vec<Option<Shared<Obj>>> = self.0.into_iter().map(Some).collect();
        let take = |&id: &u32| old.get_mut(id as usize).and_then(Option::take);
        Self(order.iter().filter_map(take).collect())
    }
}

impl Index<usize> for Heap {
    type Output = Obj;

    fn index(&self, id: usize) -> &Obj {
        &self.0[id]
    }
}
