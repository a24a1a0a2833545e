//! Finds functions across packages: by declaration, by interface, by the fields that keep them.

use super::facts::{Arg, Captures, FuncLocks, LockFacts, Parent, Spot, SpotRoot, Stored};
use super::report::Back;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::FuncId;
use stanch_types::{ObjectId, ObjectKind, PackageId, Program, TypeId, TypeKind};
use std::cell::RefCell;

/// A function of some package.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct Key {
    /// Position of the package among the facts.
    pub(crate) package: usize,
    pub(crate) func: FuncId,
}

/// A function that a call may run, with what it is given.
#[derive(Clone, Debug)]
pub(crate) struct Callable {
    pub(crate) key: Key,
    pub(crate) args: Vec<Arg>,
    pub(crate) captures: Captures,
    /// Whether the function was concluded from an interface.
    pub(crate) dynamic: bool,
    /// Whether more than one function may be meant.
    pub(crate) vague: bool,
}

/// An interface with more implementations in view than this is not resolved.
const MAX_TYPES: usize = 3;

/// All functions of all packages.
pub(crate) struct Index<'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) facts: &'a [&'a LockFacts],
    declared: FxHashMap<ObjectId, Key>,
    /// Named types by package, with their packages' position.
    types: Vec<ObjectId>,
    /// The named struct type of each field.
    owners: FxHashMap<ObjectId, ObjectId>,
    implementations: RefCell<FxHashMap<(ObjectId, TypeId), Vec<Key>>>,
    /// Function values by the field that keeps them.
    pub(crate) stored: FxHashMap<ObjectId, Vec<(usize, &'a Stored)>>,
    /// Fields that lead back to the object they were reached from.
    pub(crate) parents: FxHashSet<Parent>,
}

impl<'a> Index<'a> {
    pub(crate) fn new(program: &'a Program<'a>, facts: &'a [&'a LockFacts]) -> Self {
        let mut declared = FxHashMap::default();
        let mut stored: FxHashMap<ObjectId, Vec<(usize, &Stored)>> = FxHashMap::default();
        let mut types = Vec::new();
        for (package, facts) in facts.iter().enumerate() {
            for (i, func) in facts.funcs.iter().enumerate() {
                if let Some(object) = func.object {
                    declared.insert(object, Key { package, func: FuncId::from_usize(i) });
                }
            }
            for value in &facts.stored {
                stored.entry(value.field).or_default().push((package, value));
            }
            types.extend(facts.package.into_iter().flat_map(|p| named_types(program, p)));
        }
        let owners = owners(program, &types);
        let implementations = RefCell::default();
        let written = |field: ObjectId| facts.iter().any(|f| f.foreign.contains(&field));
        let parents = facts.iter().flat_map(|f| f.parents.iter().copied());
        let parents = parents.filter(|p| !written(p.child) && !written(p.parent)).collect();
        Self { program, facts, declared, types, owners, implementations, stored, parents }
    }

    pub(crate) fn func(&self, key: Key) -> Option<&'a FuncLocks> {
        self.facts.get(key.package)?.funcs.get(key.func.index())
    }

    pub(crate) fn declared(&self, object: ObjectId) -> Option<Key> {
        self.declared.get(&object).copied()
    }

    /// A lock as messages name it: by the type it is part of, or as a variable.
    pub(crate) fn lock_name(&self, lock: &Spot) -> String {
        let name = |object: ObjectId| self.program.object_name(object);
        let Some(class) = lock.class() else { return "the lock".to_owned() };
        match (lock.root, self.owners.get(&class)) {
            (SpotRoot::Global(variable), None) if variable != class => {
                format!("{}.{}", name(variable), name(class))
            }
            (_, Some(&owner)) => format!("{}.{}", name(owner), name(class)),
            (_, None) => name(class).to_owned(),
        }
    }

    /// Whether a lock is a read-write mutex.
    pub(crate) fn is_rw(&self, lock: &Spot) -> bool {
        let ty = lock.class().map(|class| self.program.object(class).ty);
        ty.is_some_and(|ty| self.program.type_string(ty).ends_with("sync.RWMutex"))
    }

    /// Two fields as messages name them, with their types.
    pub(crate) fn back(&self, pair: Parent) -> Back {
        let name = |object: ObjectId| self.program.object_name(object);
        let field = |field: ObjectId| match self.owners.get(&field) {
            Some(&owner) => format!("{}.{}", name(owner), name(field)),
            None => name(field).to_owned(),
        };
        Back { child: field(pair.child), parent: field(pair.parent) }
    }

    /// The named struct type of a field.
    pub(crate) fn owner(&self, field: ObjectId) -> Option<ObjectId> {
        self.owners.get(&field).copied()
    }

    /// All functions, in a fixed order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key> + '_ {
        self.facts.iter().enumerate().flat_map(|(package, facts)| {
            (0..facts.funcs.len()).map(move |i| Key { package, func: FuncId::from_usize(i) })
        })
    }

    /// The methods that a call of an interface's method may run, if they are few.
    pub(crate) fn implementations(&self, method: ObjectId, interface: TypeId) -> Vec<Key> {
        if let Some(known) = self.implementations.borrow().get(&(method, interface)) {
            return known.clone();
        }
        let found = self.find_implementations(method, interface);
        self.implementations.borrow_mut().insert((method, interface), found.clone());
        found
    }

    fn find_implementations(&self, method: ObjectId, interface: TypeId) -> Vec<Key> {
        // Interfaces of other modules are implemented out of view too.
        let own = self.facts.iter().any(|f| f.package == Some(method.package));
        let named = self.program.named_object(interface);
        let local = named.is_some_and(|o| self.facts.iter().any(|f| f.package == Some(o.package)));
        if !own || !local {
            return Vec::new();
        }
        let name = &*self.program.object(method).name;
        let mut found: Vec<Key> = Vec::new();
        for &object in &self.types {
            let ty = self.program.object(object).ty;
            let Some(own) = self.program.lookup(ty, method.package, name) else { continue };
            if !self.implements(ty, interface) {
                continue;
            }
            found.extend(self.declared(own.object));
            if found.len() > MAX_TYPES {
                return Vec::new();
            }
        }
        found
    }

    /// Whether a named type or a pointer to it has all the interface's methods.
    fn implements(&self, ty: TypeId, interface: TypeId) -> bool {
        let wanted = self.program.method_set(interface);
        wanted.iter().all(|m| {
            let name = &*self.program.object(m.object).name;
            let own = self.program.lookup(ty, m.object.package, name);
            own.is_some_and(|own| {
                let is_method =
                    matches!(self.program.object(own.object).kind, ObjectKind::Func { .. });
                is_method && self.program.type_string(own.ty) == self.program.type_string(m.ty)
            })
        })
    }
}

fn owners(program: &Program<'_>, types: &[ObjectId]) -> FxHashMap<ObjectId, ObjectId> {
    let mut owners = FxHashMap::default();
    for &object in types {
        let ty = program.underlying(program.object(object).ty);
        if let TypeKind::Struct(fields) = program.kind(ty) {
            for field in fields.iter() {
                owners.entry(field.object).or_insert(object);
            }
        }
    }
    owners
}

fn named_types(program: &Program<'_>, package: PackageId) -> Vec<ObjectId> {
    let mut types = program.package_objects(package);
    types.retain(|&object| {
        let declared = program.object(object);
        let is_type = matches!(declared.kind, ObjectKind::TypeName { alias: false });
        let in_test = declared.place.is_some_and(|(file, _)| {
            program.file_path(package, file).is_some_and(|path| path.ends_with("_test.go"))
        });
        is_type && !in_test && !program.is_interface(declared.ty)
    });
    types
}
