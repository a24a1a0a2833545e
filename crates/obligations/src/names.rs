//! Which function a call names: its effect, its body, or neither.

use stanch_base::FxHashMap;
use stanch_effects::{Effect, Effects};
use stanch_ir::{FuncId, Module};
use stanch_types::{ObjectId, ObjectKind, PackageId, Program, TypeKind};
use std::cell::RefCell;

/// What is known of a declared function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'a> {
    /// Described by an effect.
    Effect(&'a Effect),
    /// A function of this package with its body.
    Body(FuncId),
    /// Out of view.
    Nothing,
}

/// Resolves declared functions, remembering the answers.
pub(crate) struct Names<'a> {
    program: &'a Program<'a>,
    effects: &'a Effects,
    bodies: FxHashMap<ObjectId, FuncId>,
    known: RefCell<FxHashMap<ObjectId, Known<'a>>>,
    interfaces: RefCell<FxHashMap<PackageId, FxHashMap<ObjectId, Box<str>>>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(program: &'a Program<'a>, module: &Module, effects: &'a Effects) -> Self {
        let bodies = module.funcs.iter_enumerated();
        let bodies = bodies
            .filter(|(_, f)| f.has_body)
            .filter_map(|(id, f)| Some((f.object?, id)))
            .collect();
        Self { program, effects, bodies, known: RefCell::default(), interfaces: RefCell::default() }
    }

    /// What is known of `func`.
    pub(crate) fn known(&self, func: ObjectId) -> Known<'a> {
        if let Some(&known) = self.known.borrow().get(&func) {
            return known;
        }
        let known = self.look_up(func);
        self.known.borrow_mut().insert(func, known);
        known
    }

    fn look_up(&self, func: ObjectId) -> Known<'a> {
        if func.package == ObjectId::UNIVERSE {
            return Known::Nothing;
        }
        let path = self.program.package_path(func.package);
        // Test variants have a suffix.
        let path = path.split_once(' ').map_or(path, |(path, _)| path);
        let symbol = self.symbol(path, func);
        if let Some(effect) = symbol.as_deref().and_then(|s| self.effects.function(s)) {
            return Known::Effect(effect);
        }
        if let Some(&body) = self.bodies.get(&func) {
            return Known::Body(body);
        }
        match self.effects.get(path, symbol.as_deref().unwrap_or_default()) {
            Some(effect) => Known::Effect(effect),
            None => Known::Nothing,
        }
    }

    /// The function as the effects table spells it.
    fn symbol(&self, path: &str, func: ObjectId) -> Option<String> {
        let object = self.program.object(func);
        let name = &object.name;
        match object.kind {
            ObjectKind::Func { interface: true, .. } => {
                let interface = self.interface_of(func)?;
                Some(format!("({path}.{interface}).{name}"))
            }
            ObjectKind::Func { recv: Some(recv), pointer_recv, .. } => {
                let base = &self.program.object(recv).name;
                let star = if pointer_recv { "*" } else { "" };
                Some(format!("({star}{path}.{base}).{name}"))
            }
            ObjectKind::Func { .. } => Some(format!("{path}.{name}")),
            _ => None,
        }
    }

    /// The type name of the interface that declares `method`.
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
                for method in &i.methods {
                    names.insert(method.object, declared.name.clone());
                }
            }
        }
        let found = names.get(&method).cloned();
        self.interfaces.borrow_mut().insert(package, names);
        found
    }
}
