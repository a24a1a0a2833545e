//! Predeclared objects, and those of package unsafe.

use crate::api::*;
use crate::env::{Cell, CellKind, TypeDecl};
use crate::names::Names;
use crate::store::{Store, UNKNOWN};
use stanch_base::FxHashMap;

/// The predeclared objects.
pub(crate) struct Universe {
    pub(crate) objects: Vec<Cell>,
    pub(crate) scope: FxHashMap<Name, ObjectId>,
    pub(crate) unsafe_scope: FxHashMap<Name, ObjectId>,
    pub(crate) types: Vec<TypeDecl>,
    pub(crate) byte: TypeId,
    pub(crate) rune: TypeId,
    pub(crate) iota: ObjectId,
    pub(crate) empty_interface: TypeId,
    pub(crate) bad: Object,
    pub(crate) no_source: PackageSource,
    pub(crate) no_types: PackageTypes,
    pub(crate) no_ast: stanch_syntax::ast::Ast,
    pub(crate) no_file: crate::env::FileEnv,
    pub(crate) no_env: crate::env::Env,
}

const BASICS: [Basic; 25] = [
    Basic::Bool,
    Basic::Int,
    Basic::Int8,
    Basic::Int16,
    Basic::Int32,
    Basic::Int64,
    Basic::Uint,
    Basic::Uint8,
    Basic::Uint16,
    Basic::Uint32,
    Basic::Uint64,
    Basic::Uintptr,
    Basic::Float32,
    Basic::Float64,
    Basic::Complex64,
    Basic::Complex128,
    Basic::String,
    Basic::UnsafePointer,
    Basic::UntypedBool,
    Basic::UntypedInt,
    Basic::UntypedRune,
    Basic::UntypedFloat,
    Basic::UntypedComplex,
    Basic::UntypedString,
    Basic::UntypedNil,
];

const BUILTINS: [(&str, Builtin); 18] = [
    ("append", Builtin::Append),
    ("cap", Builtin::Cap),
    ("clear", Builtin::Clear),
    ("close", Builtin::Close),
    ("complex", Builtin::Complex),
    ("copy", Builtin::Copy),
    ("delete", Builtin::Delete),
    ("imag", Builtin::Imag),
    ("len", Builtin::Len),
    ("make", Builtin::Make),
    ("max", Builtin::Max),
    ("min", Builtin::Min),
    ("new", Builtin::New),
    ("panic", Builtin::Panic),
    ("print", Builtin::Print),
    ("println", Builtin::Println),
    ("real", Builtin::Real),
    ("recover", Builtin::Recover),
];

const UNSAFE: [(&str, Builtin); 8] = [
    ("Add", Builtin::UnsafeAdd),
    ("Alignof", Builtin::UnsafeAlignof),
    ("Offsetof", Builtin::UnsafeOffsetof),
    ("Sizeof", Builtin::UnsafeSizeof),
    ("Slice", Builtin::UnsafeSlice),
    ("SliceData", Builtin::UnsafeSliceData),
    ("String", Builtin::UnsafeString),
    ("StringData", Builtin::UnsafeStringData),
];

/// The name of a predeclared typed basic type; those of untyped ones as go/types prints them.
pub(crate) fn basic_name(basic: Basic) -> &'static str {
    match basic {
        Basic::Bool => "bool",
        Basic::Int => "int",
        Basic::Int8 => "int8",
        Basic::Int16 => "int16",
        Basic::Int32 => "int32",
        Basic::Int64 => "int64",
        Basic::Uint => "uint",
        Basic::Uint8 => "uint8",
        Basic::Uint16 => "uint16",
        Basic::Uint32 => "uint32",
        Basic::Uint64 => "uint64",
        Basic::Uintptr => "uintptr",
        Basic::Float32 => "float32",
        Basic::Float64 => "float64",
        Basic::Complex64 => "complex64",
        Basic::Complex128 => "complex128",
        Basic::String => "string",
        Basic::UnsafePointer => "unsafe.Pointer",
        Basic::UntypedBool => "untyped bool",
        Basic::UntypedInt => "untyped int",
        Basic::UntypedRune => "untyped rune",
        Basic::UntypedFloat => "untyped float",
        Basic::UntypedComplex => "untyped complex",
        Basic::UntypedString => "untyped string",
        Basic::UntypedNil => "untyped nil",
    }
}

struct Builder<'a> {
    names: &'a Names,
    objects: Vec<Cell>,
    types: Vec<TypeDecl>,
    scope: FxHashMap<Name, ObjectId>,
}

impl Builder<'_> {
    fn next(&self) -> ObjectId {
        ObjectId { package: ObjectId::UNIVERSE, index: self.objects.len() as u32 }
    }

    fn add(&mut self, name: &str, kind: CellKind, ty: TypeId, aux: u32) -> ObjectId {
        let id = self.next();
        let name = self.names.intern(name);
        self.objects.push(Cell::new(name, kind, None).leveled().with(ty, aux));
        self.scope.insert(name, id);
        id
    }

    fn type_name(&mut self, name: &str, alias: bool, ty: TypeId, rhs: TypeId) -> ObjectId {
        let aux = self.types.len() as u32;
        self.types.push(TypeDecl::resolved(rhs));
        self.add(name, CellKind::TypeName { alias }, ty, aux)
    }
}

impl Universe {
    pub(crate) fn new(names: &Names, store: &Store) -> Self {
        for basic in BASICS {
            store.intern(TypeKind::Basic(basic));
        }
        let basic = |b: Basic| TypeId::from_raw(1 + b as u32);
        let mut b =
            Builder { names, objects: Vec::new(), types: Vec::new(), scope: FxHashMap::default() };
        for kind in BASICS.into_iter().filter(|&b| b <= Basic::String) {
            b.type_name(basic_name(kind), false, basic(kind), basic(kind));
        }
        let interface = |methods: Box<[InterfaceMethod]>, form| {
            store.intern(TypeKind::Interface(InterfaceType {
                methods,
                embedded: Box::default(),
                form,
            }))
        };
        let alias = |b: &mut Builder<'_>, name: &str, rhs: TypeId| {
            let ty = store.intern(TypeKind::Alias { object: b.next(), args: Box::default() });
            b.type_name(name, true, ty, rhs);
            ty
        };
        let byte = alias(&mut b, "byte", basic(Basic::Uint8));
        let rune = alias(&mut b, "rune", basic(Basic::Int32));
        let empty_any = interface(Box::default(), InterfaceForm::Any);
        alias(&mut b, "any", empty_any);
        Self::error(&mut b, store, &interface);
        let comparable = interface(Box::default(), InterfaceForm::Comparable);
        let ty = store.intern(TypeKind::Named { object: b.next(), args: Box::default() });
        b.type_name("comparable", false, ty, comparable);
        for (name, value) in [("false", false), ("true", true)] {
            let kind = CellKind::Const;
            b.add(name, kind, basic(Basic::UntypedBool), u32::from(value));
        }
        let iota = b.add("iota", CellKind::Const, basic(Basic::UntypedInt), 0);
        b.add("nil", CellKind::Nil, basic(Basic::UntypedNil), 0);
        for (name, builtin) in BUILTINS {
            b.add(name, CellKind::Builtin(builtin), UNKNOWN, 0);
        }
        let scope = std::mem::take(&mut b.scope);
        for (name, builtin) in UNSAFE {
            b.add(name, CellKind::Builtin(builtin), UNKNOWN, 0);
        }
        let pointer = basic(Basic::UnsafePointer);
        b.type_name("Pointer", false, pointer, pointer);
        Self {
            scope,
            unsafe_scope: b.scope,
            objects: b.objects,
            types: b.types,
            byte,
            rune,
            iota,
            empty_interface: interface(Box::default(), InterfaceForm::Written),
            bad: Object {
                name: "_".into(),
                kind: ObjectKind::Var(VarKind::Local),
                ty: UNKNOWN,
                place: None,
                package_level: false,
            },
            no_source: PackageSource {
                path: "".into(),
                name: "".into(),
                files: Default::default(),
                imports: Default::default(),
            },
            no_types: PackageTypes::default(),
            no_ast: stanch_syntax::ast::Ast::default(),
            no_file: crate::env::FileEnv::default(),
            no_env: crate::env::Env::empty(),
        }
    }

    fn error(
        b: &mut Builder<'_>,
        store: &Store,
        interface: &dyn Fn(Box<[InterfaceMethod]>, InterfaceForm) -> TypeId,
    ) {
        let signature = store.intern(TypeKind::Signature(SignatureType {
            type_params: Box::default(),
            params: Box::default(),
            results: [TypeId::from_raw(1 + Basic::String as u32)].into(),
            variadic: false,
            names: crate::names::NO_NAMES,
        }));
        let method = b.next();
        let name = b.names.intern("Error");
        let kind = CellKind::Func { interface: true };
        b.objects.push(Cell::new(name, kind, None).with(signature, u32::MAX));
        let methods = [InterfaceMethod { object: method, name: "Error".into(), signature }];
        let rhs = interface(methods.into(), InterfaceForm::Written);
        let ty = store.intern(TypeKind::Named { object: b.next(), args: Box::default() });
        b.type_name("error", false, ty, rhs);
    }
}
