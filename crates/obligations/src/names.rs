//! Which function a call names: its effect, its body, or neither.

use stanch_base::FxHashMap;
use stanch_effects::{Args, Effect, Effects, Kind, ResourceEffect};
use stanch_ir::{FuncId, Module};
use stanch_types::{ObjectId, Program, Symbols, TypeId, TypeKind};
use std::cell::RefCell;

/// What is known of a declared function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'a> {
    /// Described by an effect.
    Effect(&'a Effect),
    /// A function with its body in view, of this package or of one that it imports.
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
    resources: RefCell<FxHashMap<ObjectId, Option<ResourceEffect>>>,
    symbols: Symbols<'a>,
    /// Whether names are like those of methods that give their receiver back.
    release_like: RefCell<FxHashMap<Box<str>, bool>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(program: &'a Program<'a>, module: &Module, effects: &'a Effects) -> Self {
        let bodies = module.funcs.iter_enumerated();
        let bodies = bodies
            .filter(|(_, f)| f.has_body)
            .filter_map(|(id, f)| Some((f.object?, id)))
            .collect();
        Self {
            program,
            effects,
            bodies,
            known: RefCell::default(),
            resources: RefCell::default(),
            symbols: Symbols::new(program),
            release_like: RefCell::default(),
        }
    }

    /// Adds a function of another package whose facts are at hand.
    pub(crate) fn add_body(&mut self, object: ObjectId, body: FuncId) {
        self.bodies.insert(object, body);
    }

    /// Whether the tables say what a function of another package does, by itself or by its package.
    pub(crate) fn is_described(&self, func: ObjectId) -> bool {
        matches!(self.look_up(func), Known::Effect(_)) || self.look_up_resource(func).is_some()
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

    /// What a function out of view does to things that have to be closed.
    pub(crate) fn resource(&self, func: ObjectId) -> Option<ResourceEffect> {
        if let Some(&known) = self.resources.borrow().get(&func) {
            return known;
        }
        let known = self.look_up_resource(func);
        self.resources.borrow_mut().insert(func, known);
        known
    }

    /// The type that the interface holds which a function out of view returns, given its first argument.
    pub(crate) fn dynamic(&self, func: ObjectId, first: &str) -> Option<&'a str> {
        self.effects.resources.dynamic(&self.symbols.of(func)?, first)
    }

    fn look_up_resource(&self, func: ObjectId) -> Option<ResourceEffect> {
        if func.package == ObjectId::UNIVERSE || self.bodies.contains_key(&func) {
            return None;
        }
        let (path, symbol) = (self.symbols.path(func), self.symbols.of(func));
        let resources = &self.effects.resources;
        if let Some(effect) = symbol.as_deref().and_then(|s| resources.function(s)) {
            let other = if resources.borrows(path) { Args::Borrow } else { Args::Escape };
            return Some(ResourceEffect { args: effect.args.or(Some(other)), ..*effect });
        }
        if !path.starts_with("net/http") && self.answers_request(func) {
            let (acquires, args) = (Some(Kind::Body), Some(Args::Borrow));
            return Some(ResourceEffect { acquires, args, ..ResourceEffect::default() });
        }
        if path != "database/sql" && self.answers_query(func) {
            let (acquires, args) = (Some(Kind::Rows), Some(Args::Borrow));
            return Some(ResourceEffect { acquires, args, ..ResourceEffect::default() });
        }
        let borrow = ResourceEffect { args: Some(Args::Borrow), ..ResourceEffect::default() };
        resources.borrows(path).then_some(borrow)
    }

    /// Whether a function out of view does what an HTTP client does: it gets a request and returns a
    /// response or an error, and nothing else.
    fn answers_request(&self, func: ObjectId) -> bool {
        let program = self.program;
        let TypeKind::Signature(signature) = program.kind(program.object(func).ty) else {
            return false;
        };
        matches!(*signature.results, [first, second]
            if self.points_to(first, "net/http", "Response") && program.type_string(second) == "error")
            && signature.params.iter().any(|&param| self.points_to(param, "net/http", "Request"))
    }

    /// Whether a function out of view does what a query of a database does, as where an interface stands for
    /// the database: it returns rows or an error, and nothing else.
    fn answers_query(&self, func: ObjectId) -> bool {
        let program = self.program;
        let TypeKind::Signature(signature) = program.kind(program.object(func).ty) else {
            return false;
        };
        matches!(*signature.results, [first, second]
            if self.points_to(first, "database/sql", "Rows")
                && program.type_string(second) == "error")
    }

    /// Whether a field of a library's type does not own what is put in it.
    pub(crate) fn borrows_field(&self, field: ObjectId) -> bool {
        if field.package == ObjectId::UNIVERSE {
            return false;
        }
        let path = self.program.package_path(field.package);
        let std = !path.split('/').next().unwrap_or_default().contains('.');
        std && {
            let name = self.program.object_name(field);
            self.effects.resources.borrows_field(&format!("{path}.{name}"))
        }
    }

    /// Whether a type is that of HTTP's responses.
    pub(crate) fn is_response(&self, ty: TypeId) -> bool {
        self.points_to(ty, "net/http", "Response")
    }

    /// Whether a type is a pointer to one that a package declares.
    fn points_to(&self, ty: TypeId, package: &str, name: &str) -> bool {
        let program = self.program;
        let object = program.pointee(ty).and_then(|of| program.named_object(of));
        object.is_some_and(|o| {
            o.package != ObjectId::UNIVERSE
                && program.object_name(o) == name
                && program.package_path(o.package) == package
        })
    }

    /// Whether values of a type may have to be given back.
    pub(crate) fn is_resource(&self, ty: TypeId) -> bool {
        let ty = self.program.pointee(ty).unwrap_or(ty);
        let Some(object) = self.program.named_object(ty) else { return false };
        if object.package == ObjectId::UNIVERSE {
            return false;
        }
        let path = self.program.package_path(object.package);
        let name = &self.program.object(object).name;
        self.effects.resources.is_resource(&format!("{path}.{name}"))
    }

    /// Names of methods that give their receiver back by convention.
    pub(crate) fn release_words(&self) -> impl Iterator<Item = &str> {
        self.effects.resources.release_words()
    }

    /// Whether a method with this name gives its receiver back by convention.
    pub(crate) fn is_release_word(&self, name: &str) -> bool {
        self.effects.resources.is_release_word(name)
    }

    /// Whether a method's name has such a name in it.
    pub(crate) fn is_release_like(&self, name: &str) -> bool {
        if let Some(&known) = self.release_like.borrow().get(name) {
            return known;
        }
        let like = self.effects.resources.is_release_like(name);
        self.release_like.borrow_mut().insert(name.into(), like);
        like
    }

    fn look_up(&self, func: ObjectId) -> Known<'a> {
        if func.package == ObjectId::UNIVERSE {
            return Known::Nothing;
        }
        let (path, symbol) = (self.symbols.path(func), self.symbols.of(func));
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
}
