//! Which objects are explored together from a root, and through which functions.

use super::Scopes;
use super::classes::Kind;
use super::operations::waits;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_model::{FnId, Op};
use std::cell::RefCell;

/// More functions than this on the ways to a group's operations are too many.
const MAX_CARRYING: usize = 40;

/// What a root can run.
pub(crate) struct Tree {
    inside: IndexVec<FnId, bool>,
    /// Whether objects of a class are made in it, as far as that was asked, by how far owners are
    /// followed. A class may have hundreds of owners, and each of those as many.
    made: RefCell<FxHashMap<(u32, u32), bool>>,
}

impl Tree {
    pub(crate) fn of(scopes: &Scopes<'_>, root: FnId) -> Self {
        let mut inside = IndexVec::from_elem(false, scopes.model.functions.len());
        let mut todo = vec![root];
        inside[root] = true;
        while let Some(id) = todo.pop() {
            for &callee in &scopes.callees[id] {
                if !std::mem::replace(&mut inside[callee], true) {
                    todo.push(callee);
                }
            }
        }
        Self { inside, made: RefCell::default() }
    }

    pub(crate) fn contains(&self, id: &FnId) -> bool {
        self.inside[*id]
    }
}

/// Objects that are explored together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) classes: FxHashSet<u32>,
    /// The functions on the ways to their operations.
    pub(crate) carrying: Vec<FnId>,
}

/// What belongs to a group.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// What the functions on the ways wait for, other than locks.
    Waits,
    /// Locks too.
    Locks,
    /// And what the functions that are called from there wait for.
    Calls,
}

/// What there is to explore for some objects.
pub(crate) enum Grouped {
    /// This.
    Group(Group),
    /// Nothing from here: nobody gets stuck in them.
    Harmless,
    /// Too much.
    TooLarge,
}

impl Scopes<'_> {
    /// The group of an object seen from a root.
    pub(crate) fn group(&self, root: FnId, seed: u32, tree: &Tree) -> Grouped {
        let classes: FxHashSet<u32> = std::iter::once(seed).collect();
        let is_lock = self.lock_operations.contains_key(&seed);
        let group = match is_lock {
            true => self.lock_group(root, classes, tree),
            false => self.wait_group(root, classes, tree),
        };
        match group {
            None => Grouped::TooLarge,
            Some(group) if is_lock && !self.can_get_stuck(&group.classes, &group.carrying) => {
                Grouped::Harmless
            }
            Some(group) => Grouped::Group(group),
        }
    }

    /// Everything that is waited for on the ways to the operations, locks too if they fit, and what the
    /// functions that are called there wait for if that fits.
    fn wait_group(&self, root: FnId, classes: FxHashSet<u32>, tree: &Tree) -> Option<Group> {
        let bare = self.closed(root, classes, tree, Reach::Waits)?;
        if let Some(closed) = self.closed(root, bare.classes.clone(), tree, Reach::Locks) {
            let all = self.closed(root, closed.classes.clone(), tree, Reach::Calls);
            return Some(all.unwrap_or(closed));
        }
        // What the functions take themselves, and what is waited for with such a lock held.
        let mut with_locks = bare.classes.clone();
        for id in &bare.carrying {
            self.locked(*id, &mut with_locks, tree);
        }
        let Some(more) = self.carrying(root, &with_locks, tree, true) else { return Some(bare) };
        let mut all = with_locks.clone();
        more.iter().for_each(|id| self.waited(*id, &mut all, tree));
        self.dependencies(&more, &mut all, tree);
        Some(match self.carrying(root, &all, tree, true) {
            Some(carrying) => Group { classes: all, carrying },
            None => Group { classes: with_locks, carrying: more },
        })
    }

    /// The group of an object of those that are waited for alone: locks are taken to be free.
    pub(crate) fn bare(&self, root: FnId, seed: u32, tree: &Tree) -> Option<Group> {
        if self.lock_operations.contains_key(&seed) {
            return None;
        }
        self.closed(root, std::iter::once(seed).collect(), tree, Reach::Waits)
    }

    /// The group of a lock: everything that is waited for on the ways to its operations, other locks
    /// included. Without a part of it nothing could be said.
    fn lock_group(&self, root: FnId, classes: FxHashSet<u32>, tree: &Tree) -> Option<Group> {
        let closed = self.closed(root, classes, tree, Reach::Locks)?;
        let all = self.closed(root, closed.classes.clone(), tree, Reach::Calls);
        Some(all.unwrap_or(closed))
    }

    /// Adds what is waited for until there is no more; none if that is too large.
    fn closed(
        &self,
        root: FnId,
        mut classes: FxHashSet<u32>,
        tree: &Tree,
        reach: Reach,
    ) -> Option<Group> {
        let locks = reach != Reach::Waits;
        loop {
            let carrying = self.carrying(root, &classes, tree, locks)?;
            let before = classes.len();
            let on_the_way = match reach {
                Reach::Calls => self.called(&carrying),
                Reach::Waits | Reach::Locks => carrying.clone(),
            };
            for id in &on_the_way {
                self.waited(*id, &mut classes, tree);
                if locks {
                    self.locked(*id, &mut classes, tree);
                }
            }
            self.dependencies(&carrying, &mut classes, tree);
            if classes.len() == before {
                return Some(Group { classes, carrying });
            }
        }
    }

    /// Functions and those that they call, other than in goroutines.
    fn called(&self, from: &[FnId]) -> Vec<FnId> {
        let mut found: FxHashSet<FnId> = from.iter().copied().collect();
        let mut todo = from.to_vec();
        while let Some(id) = todo.pop() {
            for &(at, callee) in &self.classes.facts[id].callees {
                let block = &self.model.functions[id].blocks[at.block];
                let op = block.instrs.get(at.instr as usize).map(|i| &i.op);
                if !matches!(op, Some(Op::Go(_))) && found.insert(callee) {
                    todo.push(callee);
                }
            }
        }
        let mut found: Vec<FnId> = found.into_iter().collect();
        found.sort_unstable();
        found
    }

    /// Functions below the root on the ways to operations on the classes and to where they leave view.
    fn carrying(
        &self,
        root: FnId,
        classes: &FxHashSet<u32>,
        tree: &Tree,
        locks: bool,
    ) -> Option<Vec<FnId>> {
        let mut found = FxHashSet::default();
        let mut todo = Vec::new();
        let mut add = |id: FnId, todo: &mut Vec<FnId>| {
            if tree.contains(&id) && found.insert(id) {
                todo.push(id);
            }
            found.len() <= MAX_CARRYING
        };
        add(root, &mut todo);
        for class in classes {
            let operations = self.operations.get(class).into_iter().flatten();
            let locked = self.lock_operations.get(class).filter(|_| locks).into_iter().flatten();
            for &id in operations.chain(locked) {
                if !add(id, &mut todo) {
                    return None;
                }
            }
        }
        for class in self.holders_of(classes) {
            for &id in self.escapes.get(&class).into_iter().flatten() {
                if !add(id, &mut todo) {
                    return None;
                }
            }
        }
        while let Some(id) = todo.pop() {
            if id == root {
                continue;
            }
            for &caller in &self.callers[id] {
                if !add(caller, &mut todo) {
                    return None;
                }
            }
        }
        let mut found: Vec<FnId> = found.into_iter().collect();
        found.sort_unstable();
        Some(found)
    }

    /// What a function itself waits for, if it is made below the root.
    fn waited(&self, id: FnId, classes: &mut FxHashSet<u32>, tree: &Tree) {
        for operation in &self.classes.facts[id].operations {
            let class = self.classes.find(operation.node);
            if waits(operation.prim) && !classes.contains(&class) && self.inside(class, tree, 4) {
                classes.insert(class);
            }
        }
    }

    /// The locks that a function itself takes.
    fn locked(&self, id: FnId, classes: &mut FxHashSet<u32>, tree: &Tree) {
        for operation in &self.classes.facts[id].operations {
            let class = self.classes.find(operation.node);
            if super::operations::locks(operation.prim)
                && !classes.contains(&class)
                && self.inside(class, tree, 4)
            {
                classes.insert(class);
            }
        }
    }

    /// Parents of contexts, locks of conditions, timers that run what is carried.
    fn dependencies(&self, carrying: &[FnId], classes: &mut FxHashSet<u32>, tree: &Tree) {
        for (id, object, on) in &self.depends {
            if tree.contains(id) && classes.contains(object) && self.inside(*on, tree, 4) {
                classes.insert(*on);
            }
        }
        for &id in carrying {
            for made in self.classes.facts[id].made.iter().filter(|m| m.kind == Kind::Later) {
                if self.callees(id, made.at).any(|f| carrying.binary_search(&f).is_ok()) {
                    classes.insert(self.classes.find(made.node));
                }
            }
        }
    }

    /// Whether objects of the class are made below the root.
    fn inside(&self, class: u32, tree: &Tree, depth: u32) -> bool {
        if let Some(&known) = tree.made.borrow().get(&(class, depth)) {
            return known;
        }
        let mut made = self.made.get(&class).into_iter().flatten();
        let inside = made.any(|(id, kind, owner)| {
            let shared = matches!(kind, Kind::Lock | Kind::Struct | Kind::Later);
            (shared || self.is_waited_for(class, *kind))
                && match owner {
                    None => tree.contains(id),
                    Some(owner) => {
                        depth > 0 && *owner != class && self.inside(*owner, tree, depth - 1)
                    }
                }
        });
        tree.made.borrow_mut().insert((class, depth), inside);
        inside
    }
}
