//! How tables of library functions spell functions.

use crate::{ObjectId, ObjectKind, PackageId, Program, TypeKind};
use stanch_base::FxHashMap;
use std::cell::RefCell;

/// Spells functions as `go doc` does: `sync.OnceFunc`, `(*sync.Map).Store`, `(testing.TB).Fatal`.
pub struct Symbols<'p> {
    program: &'p Program<'p>,
    /// Interface types by the methods they declare.
    interfaces: RefCell<FxHashMap<PackageId, FxHashMap<ObjectId, Box<str>>>>,
}

impl<'p> Symbols<'p> {
    /// For the functions of a program.
    pub fn new(program: &'p Program<'p>) -> Self {
        Self { program, interfaces: RefCell::default() }
    }

    /// The path of the package that declares a function, without the suffix of test variants.
    pub fn path(&self, func: ObjectId) -> &'p str {
        let path = self.program.package_path(func.package);
        path.split_once(' ').map_or(path, |(path, _)| path)
    }

    /// The symbol of a function; none of what is no function, or a method of an interface without a name.
    pub fn of(&self, func: ObjectId) -> Option<String> {
        if func.package == ObjectId::UNIVERSE {
            return None;
        }
        let path = self.path(func);
        let object = self.program.object(func);
        let name = &object.name;
        match object.kind {
            ObjectKind::Func { interface: true, .. } => {
                Some(format!("({path}.{}).{name}", self.interface_of(func)?))
            }
            ObjectKind::Func { recv: Some(recv), pointer_recv, .. } => {
                let star = if pointer_recv { "*" } else { "" };
                Some(format!("({star}{path}.{}).{name}", self.program.object_name(recv)))
            }
            ObjectKind::Func { .. } => Some(format!("{path}.{name}")),
            _ => None,
        }
    }

    /// The name of the package-level interface type that declares a method.
    fn interface_of(&self, method: ObjectId) -> Option<Box<str>> {
        let package = method.package;
        if let Some(names) = self.interfaces.borrow().get(&package) {
            return names.get(&method).cloned();
        }
        let mut names = FxHashMap::default();
        for object in self.program.package_objects(package) {
            let declared = self.program.object(object);
            if !matches!(declared.kind, ObjectKind::TypeName { alias: false }) {
                continue;
            }
            if let TypeKind::Interface(i) = self.program.kind(self.program.underlying(declared.ty))
            {
                names.extend(i.methods.iter().map(|m| (m.object, declared.name.clone())));
            }
        }
        let found = names.get(&method).cloned();
        self.interfaces.borrow_mut().insert(package, names);
        found
    }
}
