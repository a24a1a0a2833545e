//! The data that later layers read: types, objects, per-file tables.

use crate::sparse::Sparse;
use stanch_base::{FxHashMap, IndexVec, TextRange, newtype_index};
use stanch_syntax::ast::{Ast, ChanDir, ExprId, IdentId};
use std::sync::Arc;

newtype_index! {
    /// A package of one [`Program`]; numbers are the caller's, in dependency order.
    pub struct PackageId; "pkg"
}
newtype_index! {
    /// A type of one [`Program`].
    pub struct TypeId; "ty"
}
newtype_index! {
    /// An interned string of one [`Program`].
    pub struct Name; "name"
}
newtype_index! {
    /// An interned list of parameter and result names of one [`Program`].
    pub struct NameList; "names"
}
newtype_index! {
    /// A file of one package, in the order of [`PackageSource::files`].
    pub struct FileId; "file"
}

/// A declared entity: package name, constant, type, variable (also field, parameter, result),
/// function, method, label. Local entities are objects too. Predeclared ones belong to
/// [`ObjectId::UNIVERSE`]'s package.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectId {
    /// The package that declares it.
    pub package: PackageId,
    /// Its number in that package; package-level objects first, in source order.
    pub index: u32,
}

impl ObjectId {
    /// The package number under which predeclared objects are found.
    pub const UNIVERSE: PackageId = PackageId::from_raw(u32::MAX - 1);
}

/// One file as the parser left it.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Display path.
    pub path: Arc<str>,
    /// The text the tree's ranges refer to.
    pub text: Arc<str>,
    /// Its tree.
    pub ast: Arc<Ast>,
    /// Language version `(1, minor)` of this file (go.mod, `//go:build go1.N`).
    pub language: (u32, u32),
}

/// What an import resolves to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Import {
    /// A package of this program.
    Package(PackageId),
    /// `unsafe`.
    Unsafe,
    /// `C`, or a package that could not be found: every name of it has an unknown type.
    Missing,
}

/// A package to infer.
#[derive(Clone, Debug)]
pub struct PackageSource {
    /// Import path; test variants end in ` [p.test]` or `_test` as `go list` writes them.
    pub path: Arc<str>,
    /// Name of the package clauses.
    pub name: Arc<str>,
    /// Files in the order of their names.
    pub files: IndexVec<FileId, SourceFile>,
    /// Imports by path.
    pub imports: FxHashMap<Box<str>, Import>,
}

/// Where packages come from. Called from several threads; once a package and once more for each time
/// that it was opened by itself (see [`Program::open`]), and must then tell the same.
pub trait PackageProvider: Sync {
    /// The package; dependencies outside the workspace may come without bodies
    /// (`Body::Skipped`).
    fn package(&self, id: PackageId) -> PackageSource;

    /// The name of its package clauses, if that is known without parsing it. Imports need it.
    fn name(&self, _id: PackageId) -> Option<&str> {
        None
    }

    /// Whether the package may be inferred, and not only asked for what it declares.
    fn inferred(&self, _id: PackageId) -> bool {
        true
    }
}

/// Predeclared and untyped basic types.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[expect(missing_docs, reason = "each variant is the predeclared type of its name")]
pub enum Basic {
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Uintptr,
    Float32,
    Float64,
    Complex64,
    Complex128,
    String,
    UnsafePointer,
    UntypedBool,
    UntypedInt,
    UntypedRune,
    UntypedFloat,
    UntypedComplex,
    UntypedString,
    UntypedNil,
}

/// The structure of a type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TypeKind {
    /// Not known: missing import or wrong code. Compatible with everything.
    Unknown,
    /// A basic type.
    Basic(Basic),
    /// A defined type, with its type arguments (empty unless instantiated). `byte` and `rune` are
    /// `Basic`; `error`, `any` and `comparable` are universe objects.
    Named {
        /// Its type name.
        object: ObjectId,
        /// Type arguments.
        args: Box<[TypeId]>,
    },
    /// An alias, kept for printing; see [`Program::unalias`].
    Alias {
        /// Its type name.
        object: ObjectId,
        /// Type arguments.
        args: Box<[TypeId]>,
    },
    /// `*T`
    Pointer(TypeId),
    /// `[]T`
    Slice(TypeId),
    /// `[n]T`; `None` where the length is unknown.
    Array(Option<u64>, TypeId),
    /// `map[K]V`
    Map(TypeId, TypeId),
    /// `chan T`
    Chan(ChanDir, TypeId),
    /// `struct{…}`
    Struct(Box<[StructField]>),
    /// Results of a call with other than one value.
    Tuple(Box<[TypeId]>),
    /// A function type.
    Signature(SignatureType),
    /// An interface as written.
    Interface(InterfaceType),
    /// A type parameter.
    TypeParam(ObjectId),
    /// `~A | B` of a constraint.
    Union(Box<[UnionTerm]>),
}

/// A field of a struct type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StructField {
    /// The field's object (name, position, exported-ness).
    pub object: ObjectId,
    /// Its name.
    pub name: Box<str>,
    /// Its type.
    pub ty: TypeId,
    /// Whether embedded.
    pub embedded: bool,
    /// Its unquoted tag.
    pub tag: Box<str>,
}

/// A function type. Receivers are not part of it (see [`ObjectKind::Func`]).
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct SignatureType {
    /// Type parameters of a generic function.
    pub type_params: Box<[ObjectId]>,
    /// Parameter types; a variadic one's is the slice type.
    pub params: Box<[TypeId]>,
    /// Result types.
    pub results: Box<[TypeId]>,
    /// Whether the last parameter is variadic.
    pub variadic: bool,
    /// Names of parameters and results, for printing only.
    pub names: NameList,
}

/// An interface as written. Methods sorted by name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct InterfaceType {
    /// Explicit methods: name, declaring package (for unexported names), signature.
    pub methods: Box<[InterfaceMethod]>,
    /// Embedded types and unions, in source order.
    pub embedded: Box<[TypeId]>,
    /// How it came to be.
    pub form: InterfaceForm,
}

/// Where an interface type comes from; matters for printing and for `comparable`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum InterfaceForm {
    /// `interface{…}` as written.
    Written,
    /// The interface around a constraint such as `~int | string` written without one.
    Implicit,
    /// What `any` stands for.
    Any,
    /// The underlying type of `comparable`.
    Comparable,
}

/// A method of an interface.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct InterfaceMethod {
    /// Its object.
    pub object: ObjectId,
    /// Its name.
    pub name: Box<str>,
    /// Its function type.
    pub signature: TypeId,
}

/// A term of a union.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct UnionTerm {
    /// Whether `~T`.
    pub tilde: bool,
    /// The type.
    pub ty: TypeId,
}

/// What an expression stands for (`mode` of the findings document's `debug types`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mode {
    /// Not inferred (dead, wrong or unknown).
    None,
    /// A type.
    Type,
    /// A value. Addressable or not is not told apart here.
    Value,
    /// A constant.
    Const,
    /// A predeclared function.
    Builtin,
    /// A call without results.
    NoValue,
    /// Predeclared nil.
    Nil,
    /// Anything else go/types records (comma-ok, package name …).
    Other,
}

/// The value of a constant, exact.
#[derive(Clone, PartialEq, Debug)]
pub enum ConstValue {
    /// Boolean.
    Bool(bool),
    /// String (bytes: escapes may make invalid UTF-8).
    String(Arc<[u8]>),
    /// Integer (also of rune and float kind where integral).
    Int(dashu::integer::IBig),
    /// Rational. Boxed, as most constants are small integers.
    Rat(Box<dashu::rational::RBig>),
    /// Complex: real and imaginary part.
    Complex(Box<(dashu::rational::RBig, dashu::rational::RBig)>),
    /// Not computed: overflow of the representation, or an unknown operand.
    Unknown,
}

/// Type and mode of an expression.
#[derive(Clone, Copy, Debug)]
pub struct ExprInfo {
    /// The type; a comma-ok expression's is the single value's.
    pub ty: TypeId,
    /// What it stands for.
    pub mode: Mode,
    /// Index into [`FileTypes::constants`] for constants.
    pub constant: Option<u32>,
}

/// How a selector expression was resolved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SelectionKind {
    /// `x.f`, a struct field.
    Field,
    /// `x.m`, a method bound to a value (called or as method value).
    Method,
    /// `T.m`, a method expression.
    MethodExpr,
}

/// A resolved selector `x.sel` (not of qualified identifiers `pkg.Name`: those are plain uses).
#[derive(Clone, Debug)]
pub struct Selection {
    /// Field, method or method expression.
    pub kind: SelectionKind,
    /// The field or method found (a generic type's method: of the generic declaration).
    pub object: ObjectId,
    /// Type of `x`.
    pub recv: TypeId,
    /// Field indices from `x` to the field, or to the embedded field that has the method (then
    /// without the method itself). Pointers are dereferenced on the way as needed.
    pub path: Box<[u32]>,
    /// Whether a pointer was dereferenced on the way.
    pub indirect: bool,
}

/// Per-file tables, dense over the tree's ids.
#[derive(Debug, Default)]
pub struct FileTypes {
    /// Type and mode of each expression (`None` where nothing is recorded).
    pub exprs: IndexVec<ExprId, Option<ExprInfo>>,
    /// What each identifier defines or uses.
    pub idents: IndexVec<IdentId, Option<ObjectId>>,
    /// Resolved selectors, by the selector expression.
    pub selections: Sparse<ExprId, Selection>,
    /// Type arguments of generic functions and types, by the identifier that names the generic.
    pub instances: Sparse<IdentId, Box<[TypeId]>>,
    /// The variable a type switch declares in a clause, by the clause's span start.
    pub clause_vars: Sparse<u32, ObjectId>,
    /// Constant values.
    pub constants: Vec<ConstValue>,
    /// The fields that embedded types' identifiers declare (`idents` has the type they use).
    pub embedded: Sparse<IdentId, ObjectId>,
    /// Expressions in a comma-ok context (go/types records a pair for them), with the type of the
    /// second value.
    pub comma_ok: Sparse<ExprId, TypeId>,
    /// Number of expressions whose type is unknown.
    pub n_unknown: u32,
}

/// What an object is.
#[derive(Clone, PartialEq, Debug)]
pub enum ObjectKind {
    /// An imported package's local name.
    PkgName(Import),
    /// A constant.
    Const(ConstValue),
    /// A type name.
    TypeName {
        /// Whether an alias.
        alias: bool,
    },
    /// A variable.
    Var(VarKind),
    /// A function or method.
    Func {
        /// The receiver's base type name for methods (`None` also for interface methods).
        recv: Option<ObjectId>,
        /// Whether the receiver is a pointer.
        pointer_recv: bool,
        /// Whether a method of an interface.
        interface: bool,
    },
    /// A label.
    Label,
    /// A predeclared function.
    Builtin(Builtin),
    /// Predeclared `nil`.
    Nil,
}

/// Kinds of variables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarKind {
    /// Package-level.
    Package,
    /// Local, declared in a body.
    Local,
    /// Parameter.
    Param,
    /// Result.
    Result,
    /// Receiver.
    Receiver,
    /// Struct field.
    Field,
}

/// Predeclared functions, and those of `unsafe`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each variant is the function of its name")]
pub enum Builtin {
    Append,
    Cap,
    Clear,
    Close,
    Complex,
    Copy,
    Delete,
    Imag,
    Len,
    Make,
    Max,
    Min,
    New,
    Panic,
    Print,
    Println,
    Real,
    Recover,
    UnsafeAdd,
    UnsafeAlignof,
    UnsafeOffsetof,
    UnsafeSizeof,
    UnsafeSlice,
    UnsafeSliceData,
    UnsafeString,
    UnsafeStringData,
}

/// A declared entity.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its name.
    pub name: Box<str>,
    /// What it is.
    pub kind: ObjectKind,
    /// Its type (unknown for package names and labels).
    pub ty: TypeId,
    /// File and bytes of the defining identifier; `None` for predeclared objects.
    pub place: Option<(FileId, TextRange)>,
    /// Whether declared at package level (universe included; fields and methods not).
    pub package_level: bool,
}

/// A method or field found by name, see [`Program::lookup`].
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The field or method.
    pub object: ObjectId,
    /// Its type as seen from the operand's type (type arguments substituted).
    pub ty: TypeId,
    /// Field indices, as in [`Selection::path`].
    pub path: Box<[u32]>,
    /// Whether a pointer was dereferenced on the way.
    pub indirect: bool,
}

/// A package whose declarations and bodies are inferred.
#[derive(Debug, Default)]
pub struct PackageTypes {
    /// Its files' tables, in the order of [`PackageSource::files`].
    pub files: IndexVec<FileId, FileTypes>,
}

/// Language and target settings.
#[derive(Clone, Debug)]
pub struct Target {
    /// Size of `int`, `uint` and pointers in bytes (8 or 4).
    pub word_size: u64,
}
