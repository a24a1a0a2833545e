//! The program: packages, types, and the questions later layers ask.

use crate::api::*;
use crate::env::{Cell, Env};
use crate::names::Names;
use crate::opened::{Header, Opened};
use crate::store::{Store, UNKNOWN};
use crate::universe::Universe;
use stanch_base::Idx;
use std::sync::{Arc, OnceLock};

/// All packages of a run. Shared between threads; everything in it is computed once, on demand.
///
/// A program keeps what it was asked for. Where packages are worked on one after the other,
/// [`Program::open`] makes a view of it that holds one package's trees and tables by itself: what the
/// package declares stays, the rest goes when the view goes.
///
/// Numbers of types and of objects that are not package-level depend on the order in which threads
/// ask: never sort by them, and never print them.
pub struct Program<'p> {
    provider: &'p dyn PackageProvider,
    pub(crate) target: Target,
    pub(crate) names: Arc<Names>,
    pub(crate) types: Arc<Store>,
    pub(crate) universe: Arc<Universe>,
    packages: Arc<[Slot]>,
    /// The package that this view holds.
    own: Option<Box<(PackageId, Opened)>>,
}

#[derive(Default)]
struct Slot {
    header: OnceLock<Header>,
    env: OnceLock<Env>,
    opened: OnceLock<Box<Opened>>,
}

/// Objects with this and higher numbers are variables and labels of bodies: see [`Opened`].
pub(crate) const FIRST_OF_BODIES: u32 = 1 << 31;

/// Aliases and named types in a row that are followed.
const MAX_HOPS: u32 = 1000;

/// What is embedded is looked through so far.
const MAX_EMBEDDING: u32 = 3;

impl<'p> Program<'p> {
    /// The unknown type.
    pub const UNKNOWN: TypeId = UNKNOWN;

    /// A program of `n_packages` packages, numbered so that imports have smaller numbers; imports
    /// of packages with larger numbers count as missing.
    pub fn new(n_packages: usize, provider: &'p dyn PackageProvider, target: Target) -> Self {
        let names = Names::new();
        let types = Store::new();
        let universe = Universe::new(&names, &types).into();
        let packages = (0..n_packages).map(|_| Slot::default()).collect();
        let (names, types) = (names.into(), types.into());
        Self { provider, target, names, types, universe, packages, own: None }
    }

    /// A view of the same program that holds the trees and tables of one package, parsed anew, until
    /// it is dropped. Once it has inferred the package, nothing asks for them any more when others ask
    /// for what the package declares; what is asked after that through another view is parsed again.
    ///
    /// Ids of variables and labels of bodies mean something in this view only.
    #[must_use]
    pub fn open(&self, package: PackageId) -> Self {
        let own = self.packages.get(package.index()).map(|_| (package, self.parse(package)));
        Self {
            provider: self.provider,
            target: self.target.clone(),
            names: Arc::clone(&self.names),
            types: Arc::clone(&self.types),
            universe: Arc::clone(&self.universe),
            packages: Arc::clone(&self.packages),
            own: own.map(Box::new),
        }
    }

    fn parse(&self, package: PackageId) -> Opened {
        let opened = Opened::new(self.provider.package(package));
        if let Some(slot) = self.packages.get(package.index()) {
            slot.header.get_or_init(|| Header::of(&opened.source));
        }
        opened
    }

    /// What is there of a package only while somebody works on it.
    #[inline]
    pub(crate) fn opened(&self, package: PackageId) -> Option<&Opened> {
        match &self.own {
            Some(own) if own.0 == package => Some(&own.1),
            _ => {
                let slot = self.packages.get(package.index())?;
                Some(slot.opened.get_or_init(|| Box::new(self.parse(package))))
            }
        }
    }

    fn header(&self, package: PackageId) -> Option<&Header> {
        let slot = self.packages.get(package.index())?;
        if slot.header.get().is_none() {
            self.opened(package);
        }
        slot.header.get()
    }

    /// Whether tables of the package's declarations are of use.
    pub(crate) fn keeps_tables(&self, package: PackageId) -> bool {
        self.provider.inferred(package)
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The package as its provider gave it (of a package that does not exist: an empty one).
    pub fn source(&self, package: PackageId) -> &PackageSource {
        self.opened(package).map_or(&self.universe.no_source, |opened| &opened.source)
    }

    /// The name of the package's clauses.
    pub fn package_name(&self, package: PackageId) -> &str {
        match self.provider.name(package) {
            Some(name) => name,
            None => self.header(package).map_or("", |header| &header.name),
        }
    }

    /// The display path of a file, also after the package was given back.
    pub fn file_path(&self, package: PackageId, file: FileId) -> Option<&Arc<str>> {
        self.header(package)?.files.get(file)
    }

    /// All declarations and bodies of a package; computed once, on any thread.
    pub fn infer(&self, package: PackageId) -> &PackageTypes {
        match self.opened(package) {
            Some(opened) => {
                opened.types.get_or_init(|| crate::resolve::infer_package(self, package))
            }
            None => &self.universe.no_types,
        }
    }

    /// How many functions, methods, types, variables and constants the package declares, and how many
    /// of them somebody asked for; `None` if nobody has looked at it.
    pub fn reached(&self, package: PackageId) -> Option<(usize, usize)> {
        let env = self.packages.get(package.index())?.env.get()?;
        let level = 0..env.n_package_level;
        let methods = env.all_funcs.iter().map(|f| f.2.index).filter(|i| !level.contains(i));
        let all = level.clone().chain(methods);
        let cells = all.filter_map(|index| env.objects.get(index as usize));
        let resolved = cells.clone().filter(|cell| self.is_resolved(cell, env));
        Some((cells.count(), resolved.count()))
    }

    pub(crate) fn env(&self, package: PackageId) -> Option<&Env> {
        let slot = self.packages.get(package.index())?;
        Some(slot.env.get_or_init(|| Env::new(self, package)))
    }

    pub(crate) fn cell(&self, object: ObjectId) -> Option<&Cell> {
        if object.package == ObjectId::UNIVERSE {
            return self.universe.objects.get(object.index as usize);
        }
        if let Some(index) = object.index.checked_sub(FIRST_OF_BODIES) {
            let cell = self.opened(object.package)?.variables.get(index as usize);
            debug_assert!(cell.is_some(), "{object:?} outlived its package's view");
            return cell;
        }
        self.env(object.package)?.objects.get(object.index as usize)
    }

    /// The structure of a type.
    pub fn kind(&self, ty: TypeId) -> &TypeKind {
        self.types.kind(ty)
    }

    /// The type through aliases.
    pub fn unalias(&self, mut ty: TypeId) -> TypeId {
        for _ in 0..MAX_HOPS {
            let TypeKind::Alias { object, args } = self.kind(ty) else { return ty };
            if let Some(cached) = self.types.cell(ty).cached_under() {
                return cached;
            }
            let to = self.instantiated_rhs(*object, args);
            if to == UNKNOWN {
                return UNKNOWN;
            }
            ty = to;
        }
        UNKNOWN
    }

    /// The right-hand side of a type declaration with its parameters replaced.
    fn instantiated_rhs(&self, object: ObjectId, args: &[TypeId]) -> TypeId {
        let rhs = crate::deep(|| self.type_rhs(object));
        if args.is_empty() {
            return rhs;
        }
        let params = self.type_params(object);
        if params.len() != args.len() {
            return UNKNOWN;
        }
        crate::subst::Subst { program: self, from: params, to: args }.ty(rhs)
    }

    /// The underlying type; of a type parameter its constraint as an interface.
    pub fn underlying(&self, ty: TypeId) -> TypeId {
        let cell = self.types.cell(ty);
        match &cell.kind {
            TypeKind::Named { .. } | TypeKind::Alias { .. } | TypeKind::TypeParam(_) => {}
            _ => return ty,
        }
        if let TypeKind::Named { .. } | TypeKind::TypeParam(_) = cell.kind
            && let Some(cached) = cell.cached_under()
        {
            return cached;
        }
        let mut at = ty;
        for _ in 0..MAX_HOPS {
            at = match self.kind(at) {
                TypeKind::Named { object, args } => match self.types.cell(at).cached_under() {
                    Some(cached) => cached,
                    None => self.instantiated_rhs(*object, args),
                },
                TypeKind::Alias { .. } => self.unalias(at),
                TypeKind::TypeParam(object) => self.constraint_interface(*object),
                _ => break,
            };
        }
        let kind = self.kind(at);
        if matches!(kind, TypeKind::Named { .. } | TypeKind::Alias { .. } | TypeKind::TypeParam(_))
        {
            return UNKNOWN;
        }
        if at != UNKNOWN && !matches!(cell.kind, TypeKind::Alias { .. }) {
            cell.cache_under(at);
        }
        at
    }

    fn constraint_interface(&self, param: ObjectId) -> TypeId {
        self.interface_of(self.constraint(param))
    }

    /// A constraint as an interface type.
    pub(crate) fn interface_of(&self, constraint: TypeId) -> TypeId {
        let under = match self.kind(constraint) {
            TypeKind::TypeParam(_) => return UNKNOWN,
            _ => self.underlying(constraint),
        };
        match self.kind(under) {
            TypeKind::Interface(_) | TypeKind::Unknown => under,
            _ => self.types.intern(TypeKind::Interface(InterfaceType {
                methods: Box::default(),
                embedded: [constraint].into(),
                form: InterfaceForm::Implicit,
            })),
        }
    }

    /// The core type, if there is one; of other types than type parameters the underlying type.
    pub fn core_type(&self, ty: TypeId) -> Option<TypeId> {
        self.common_underlying(ty)
    }

    /// The object, its type resolved. Of an id that does not exist: a variable of unknown type.
    pub fn object(&self, object: ObjectId) -> &Object {
        match self.cell(object) {
            Some(cell) => {
                let ty = self.type_of(object);
                match cell.full.get() {
                    Some(full) => full,
                    None => {
                        let built = Box::new(self.build_object(object, cell, ty));
                        cell.full.get_or_init(|| built)
                    }
                }
            }
            None => &self.universe.bad,
        }
    }

    /// The name of an object.
    pub fn object_name(&self, object: ObjectId) -> &str {
        self.cell(object).map_or("_", |c| self.names.text(c.name))
    }

    /// Whether the type is a type parameter.
    pub fn is_type_param(&self, ty: TypeId) -> bool {
        match self.kind(ty) {
            TypeKind::TypeParam(_) => true,
            TypeKind::Alias { .. } => {
                matches!(self.kind(self.unalias(ty)), TypeKind::TypeParam(_))
            }
            _ => false,
        }
    }

    /// The type as go/types writes it, with full package paths.
    pub fn type_string(&self, ty: TypeId) -> String {
        let mut out = String::new();
        crate::display::write_type(self, ty, &mut out);
        out
    }

    /// Package-level objects in source order, blank ones and `init` functions included; without
    /// imports and methods.
    pub fn package_objects(&self, package: PackageId) -> Vec<ObjectId> {
        let n = self.env(package).map_or(0, |e| e.n_package_level);
        (0..n).map(|index| ObjectId { package, index }).collect()
    }

    /// The import path, without the mark of a test variant.
    pub fn package_path(&self, package: PackageId) -> &str {
        let path = self.header(package).map_or("", |header| &header.path);
        path.split(" [").next().unwrap_or_default()
    }

    /// Declared methods of a type name, in source order.
    pub fn methods_of(&self, type_name: ObjectId) -> &[ObjectId] {
        self.type_decl(type_name).map_or(&[], |d| &d.methods)
    }

    /// The declaration of a function or method: file and index into its `Ast::decls`.
    pub fn func_decl(&self, func: ObjectId) -> Option<(FileId, usize)> {
        let (file, decl) = self.func_info(func)?.decl?;
        Some((file, decl as usize))
    }

    /// The type of a basic kind.
    pub fn basic(&self, basic: Basic) -> TypeId {
        TypeId::from_raw(1 + basic as u32)
    }

    /// Whether the underlying type is an interface (type parameters are not).
    pub fn is_interface(&self, ty: TypeId) -> bool {
        !self.is_type_param(ty) && matches!(self.kind(self.underlying(ty)), TypeKind::Interface(_))
    }

    /// Element type and direction if the type's core type is a channel.
    pub fn chan_of(&self, ty: TypeId) -> Option<(stanch_syntax::ast::ChanDir, TypeId)> {
        match self.kind(self.core_type(ty)?) {
            TypeKind::Chan(dir, elem) => Some((*dir, *elem)),
            _ => None,
        }
    }

    /// The type that a pointer type points to.
    pub fn pointee(&self, ty: TypeId) -> Option<TypeId> {
        match self.kind(self.unalias(ty)) {
            TypeKind::Pointer(base) => Some(*base),
            _ => None,
        }
    }

    /// Whether a type embeds something of a type that is not known: its method set is not known either.
    pub fn embeds_unknown(&self, ty: TypeId) -> bool {
        self.embeds_unknown_within(ty, MAX_EMBEDDING)
    }

    fn embeds_unknown_within(&self, ty: TypeId, depth: u32) -> bool {
        let TypeKind::Struct(fields) = self.kind(self.underlying(ty)) else { return false };
        fields.iter().filter(|field| field.embedded).any(|field| {
            let inner = self.pointee(field.ty).unwrap_or(field.ty);
            matches!(self.kind(self.underlying(inner)), TypeKind::Unknown)
                || depth > 0 && self.embeds_unknown_within(inner, depth - 1)
        })
    }

    /// The type name of a named type or instance (through aliases, not through pointers).
    pub fn named_object(&self, ty: TypeId) -> Option<ObjectId> {
        match self.kind(self.unalias(ty)) {
            TypeKind::Named { object, .. } => Some(*object),
            _ => None,
        }
    }
}
