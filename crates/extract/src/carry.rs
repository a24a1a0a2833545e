//! Which types can carry objects that this package makes: channels, functions, locks, and what holds
//! them. A value of another type may go where it likes; nothing in view becomes open by it.

use crate::classify::{is_group, is_timer, named};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{InstrKind, LocalId, Module, Operand, Rvalue};
use stanch_types::{ObjectId, PackageId, Program, TypeId, TypeKind};
use std::cell::RefCell;

/// Answers for one package.
pub(crate) struct Carry<'a> {
    program: &'a Program<'a>,
    package: PackageId,
    /// Other packages with functions in view.
    linked: Vec<PackageId>,
    /// Concrete types that become interface values in the package.
    pub(crate) converted: Vec<TypeId>,
    /// Struct types of other packages that functions in view make values of.
    made: FxHashSet<ObjectId>,
    memo: RefCell<FxHashMap<TypeId, bool>>,
}

impl<'a> Carry<'a> {
    pub(crate) fn new(program: &'a Program<'a>, package: PackageId, module: &Module) -> Self {
        let mut carry = Self {
            program,
            package,
            linked: module.linked.clone(),
            converted: Vec::new(),
            made: FxHashSet::default(),
            memo: RefCell::default(),
        };
        let mut seen = FxHashSet::default();
        for func in module.funcs.iter() {
            let local = |l: LocalId| func.locals[l].ty;
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                match &instr.kind {
                    InstrKind::Assign(_, Rvalue::MakeInterface(Operand::Local(l), _))
                        if seen.insert(local(*l)) =>
                    {
                        carry.converted.push(local(*l));
                    }
                    InstrKind::Assign(_, Rvalue::New(ty) | Rvalue::Composite { ty, .. }) => {
                        carry.made.extend(program.named_object(*ty));
                    }
                    InstrKind::DeclareVar(l) => carry.made.extend(program.named_object(local(*l))),
                    _ => {}
                }
            }
        }
        carry
    }

    /// Whether a value of this type can hold an object of this package's making.
    pub(crate) fn carries(&self, ty: TypeId) -> bool {
        if let Some(&known) = self.memo.borrow().get(&ty) {
            return known;
        }
        let found = self.look(ty, &mut FxHashSet::default());
        self.memo.borrow_mut().insert(ty, found);
        found
    }

    /// Whether what a container holds under its keys can hold such an object: of the entries of a map whose
    /// keys alone do, nothing is known.
    pub(crate) fn holds(&self, ty: TypeId) -> bool {
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Map(_, value) => self.carries(*value),
            _ => self.carries(ty),
        }
    }

    /// `visited`: types in question further out; they add nothing.
    fn look(&self, ty: TypeId, visited: &mut FxHashSet<TypeId>) -> bool {
        if self.memo.borrow().get(&ty) == Some(&true) {
            return true;
        }
        if !visited.insert(ty) {
            return false;
        }
        if let Some(answer) = self.library(ty) {
            return answer;
        }
        let program = self.program;
        if program.is_type_param(ty) {
            return true;
        }
        match program.kind(program.underlying(ty)) {
            TypeKind::Chan(..) | TypeKind::Signature(_) | TypeKind::Unknown => true,
            TypeKind::Pointer(to) | TypeKind::Slice(to) | TypeKind::Array(_, to) => {
                self.look(*to, visited)
            }
            TypeKind::Map(key, value) => self.look(*key, visited) || self.look(*value, visited),
            TypeKind::Tuple(parts) => parts.iter().any(|t| self.look(*t, visited)),
            TypeKind::Struct(fields) => match program.named_object(ty) {
                Some(object) if object.package != self.package => {
                    let seen = self.linked.contains(&object.package);
                    let seen = |name: &str| seen || is_exported(name);
                    self.made.contains(&object)
                        && fields.iter().any(|f| seen(&f.name) && self.look(f.ty, visited))
                }
                _ => fields.iter().any(|f| self.look(f.ty, visited)),
            },
            TypeKind::Interface(i) => {
                let any = i.methods.is_empty() && i.embedded.is_empty();
                let fits = |t: TypeId| any || program.implements(t, ty);
                self.converted.iter().any(|&t| fits(t) && self.look(t, visited))
            }
            TypeKind::Basic(_)
            | TypeKind::Named { .. }
            | TypeKind::Alias { .. }
            | TypeKind::TypeParam(_)
            | TypeKind::Union(_) => false,
        }
    }

    /// Types of the standard library that are known.
    fn library(&self, ty: TypeId) -> Option<bool> {
        if is_timer(self.program, ty) {
            return Some(true);
        }
        let (package, name) = named(self.program, ty)?;
        match (&*package, &*name) {
            ("sync", "Mutex" | "RWMutex" | "Once" | "Cond" | "Locker") => Some(true),
            (package, name) if is_group(package, name) => Some(true),
            ("sync" | "sync/atomic", _) => Some(false),
            // Who has a context can wait for its end, not end it.
            ("context", "Context") => Some(false),
            _ => None,
        }
    }
}

fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}
