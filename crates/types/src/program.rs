//! The program: packages, types, and the questions later layers ask.

use crate::api::*;

/// All packages of a run.
pub struct Program<'p> {
    provider: &'p dyn PackageProvider,
    target: Target,
    bad: Object,
}

impl<'p> Program<'p> {
    /// The unknown type.
    pub const UNKNOWN: TypeId = TypeId::from_raw(0);

    /// A program of `n_packages` packages, numbered so that imports have smaller numbers.
    pub fn new(n_packages: usize, provider: &'p dyn PackageProvider, target: Target) -> Self {
        let _ = n_packages;
        let bad = Object {
            name: "_".into(),
            kind: ObjectKind::Var(VarKind::Local),
            ty: Self::UNKNOWN,
            place: None,
            package_level: false,
        };
        Self { provider, target, bad }
    }
    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }
    /// The package as its provider gave it.
    pub fn source(&self, package: PackageId) -> &PackageSource {
        let _ = (package, self.provider);
        unreachable!()
    }
    /// All declarations and bodies of a package; computed once, on any thread.
    pub fn infer(&self, package: PackageId) -> &PackageTypes {
        let _ = package;
        unreachable!()
    }
    /// The structure of a type.
    pub fn kind(&self, ty: TypeId) -> &TypeKind {
        let _ = ty;
        &TypeKind::Unknown
    }
    /// The type through aliases.
    pub fn unalias(&self, ty: TypeId) -> TypeId {
        ty
    }
    /// The underlying type; of a type parameter its constraint interface.
    pub fn underlying(&self, ty: TypeId) -> TypeId {
        ty
    }
    /// The core type, if there is one; of other types than type parameters the underlying type.
    pub fn core_type(&self, ty: TypeId) -> Option<TypeId> {
        Some(ty)
    }
    /// The object, its type resolved.
    pub fn object(&self, object: ObjectId) -> &Object {
        let _ = object;
        &self.bad
    }
    /// The field or method `name` of `ty`, through embedding and pointers. `package` is where the
    /// name is written; unexported names are found only in their own package.
    pub fn lookup(&self, ty: TypeId, package: PackageId, name: &str) -> Option<Lookup> {
        let _ = (ty, package, name);
        None
    }
    /// The method set of `ty`, sorted by name.
    pub fn method_set(&self, ty: TypeId) -> Vec<Lookup> {
        let _ = ty;
        Vec::new()
    }
    /// Whether `ty` implements the interface type `iface`; false for unknown types.
    pub fn implements(&self, ty: TypeId, iface: TypeId) -> bool {
        let _ = (ty, iface);
        false
    }
    /// Type identity.
    pub fn identical(&self, a: TypeId, b: TypeId) -> bool {
        a == b
    }
    /// The type as go/types writes it, with full package paths.
    pub fn type_string(&self, ty: TypeId) -> String {
        let _ = ty;
        String::new()
    }
    /// Package-level objects in source order, blank ones and `init` functions included.
    pub fn package_objects(&self, package: PackageId) -> Vec<ObjectId> {
        let _ = package;
        Vec::new()
    }
    /// The import path.
    pub fn package_path(&self, package: PackageId) -> &str {
        let _ = package;
        ""
    }
    /// Declared methods of a type name, in source order.
    pub fn methods_of(&self, type_name: ObjectId) -> &[ObjectId] {
        let _ = type_name;
        &[]
    }
    /// The declaration of a function or method: file and index into its `Ast::decls`.
    pub fn func_decl(&self, func: ObjectId) -> Option<(FileId, usize)> {
        let _ = func;
        None
    }
    /// The type of a basic kind.
    pub fn basic(&self, basic: Basic) -> TypeId {
        TypeId::from_raw(1 + basic as u32)
    }
    /// Whether the underlying type is an interface (type parameters are not).
    pub fn is_interface(&self, ty: TypeId) -> bool {
        matches!(self.kind(self.underlying(ty)), TypeKind::Interface(_))
    }
}
