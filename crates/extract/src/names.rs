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
    /// A function of this package.
    Body(FuncId),
    /// Out of view.
    Nothing,
}

/// Resolves declared functions, remembering the answers.
pub(crate) struct Names<'a> {
    pub(crate) program: &'a Program<'a>,
    effects: &'a Effects,
    bodies: FxHashMap<ObjectId, FuncId>,
    known: RefCell<FxHashMap<ObjectId, Known<'a>>>,
    interfaces: RefCell<FxHashMap<PackageId, FxHashMap<ObjectId, ObjectId>>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(program: &'a Program<'a>, module: &Module, effects: &'a Effects) -> Self {
        let bodies = module.funcs.iter_enumerated().filter(|(_, f)| f.has_body);
        let bodies = bodies.filter_map(|(id, f)| Some((f.object?, id))).collect();
        Self { program, effects, bodies, known: RefCell::default(), interfaces: RefCell::default() }
    }

    /// What is known of `func`: an entry of its own in the effects, its body, its package's default.
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
        let symbol = self.symbol(path, func);
        if let Some(effect) = self.effects.function(&symbol) {
            return Known::Effect(effect);
        }
        if let Some(&body) = self.bodies.get(&func) {
            return Known::Body(body);
        }
        self.effects.get(path, &symbol).map_or(Known::Nothing, Known::Effect)
    }

    /// `path.Name`, `(path.Type).Method`, `(*path.Type).Method`.
    fn symbol(&self, package: &str, func: ObjectId) -> String {
        let name = self.program.object_name(func);
        match &self.program.object(func).kind {
            ObjectKind::Func { recv: Some(recv), pointer_recv, .. } => {
                let star = if *pointer_recv { "*" } else { "" };
                format!("({star}{package}.{}).{name}", self.program.object_name(*recv))
            }
            ObjectKind::Func { interface: true, .. } => match self.interface_of(func) {
                Some(recv) => format!("({package}.{}).{name}", self.program.object_name(recv)),
                None => format!("(interface).{name}"),
            },
            _ => format!("{package}.{name}"),
        }
    }

    /// The package-level interface type that declares a method.
    fn interface_of(&self, method: ObjectId) -> Option<ObjectId> {
        let package = method.package;
        if let Some(table) = self.interfaces.borrow().get(&package) {
            return table.get(&method).copied();
        }
        let mut table = FxHashMap::default();
        for object in self.program.package_objects(package) {
            let info = self.program.object(object);
            if !matches!(info.kind, ObjectKind::TypeName { alias: false }) {
                continue;
            }
            if let TypeKind::Interface(i) = self.program.kind(self.program.underlying(info.ty)) {
                table.extend(i.methods.iter().map(|m| (m.object, object)));
            }
        }
        let found = table.get(&method).copied();
        self.interfaces.borrow_mut().insert(package, table);
        found
    }
}
