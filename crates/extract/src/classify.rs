//! What the model makes of a type.

use stanch_model::{AllocKind, ArgSpec, Const, OpenKind, Sym, UnknownKind};
use stanch_types::{Basic, Program, TypeId, TypeKind};

/// The path-qualified name of a named type.
pub(crate) fn named(program: &Program<'_>, ty: TypeId) -> Option<(String, String)> {
    let object = program.named_object(ty)?;
    let package = match object.package {
        stanch_types::ObjectId::UNIVERSE => String::new(),
        package => program.package_path(package).to_owned(),
    };
    Some((package, program.object_name(object).to_owned()))
}

/// Whether the type is this one of the standard library.
pub(crate) fn is_named(program: &Program<'_>, ty: TypeId, package: &str, name: &str) -> bool {
    named(program, ty).is_some_and(|(p, n)| p == package && n == name)
}

/// Types of libraries whose members are started by the group itself and counted like those of a
/// `sync.WaitGroup`.
const GROUPS: [(&str, &str); 2] =
    [("golang.org/x/sync/errgroup", "Group"), ("github.com/sourcegraph/conc", "WaitGroup")];

/// Whether goroutines are counted by values of this type.
pub(crate) fn is_group(package: &str, name: &str) -> bool {
    (package, name) == ("sync", "WaitGroup") || GROUPS.contains(&(package, name))
}

/// The object that a value of this type is in the model, if values of it are objects: structs, locks,
/// wait groups. A pointer to such a type is the same reference.
pub(crate) fn object_kind(program: &Program<'_>, ty: TypeId) -> Option<AllocKind> {
    if let Some((package, name)) = named(program, ty) {
        match (package.as_str(), name.as_str()) {
            ("sync", "Mutex") => return Some(AllocKind::Mutex),
            ("sync", "RWMutex") => return Some(AllocKind::RwMutex),
            ("sync", "Once") => return Some(AllocKind::Once),
            (package, name) if is_group(package, name) => return Some(AllocKind::WaitGroup),
            _ => {}
        }
    }
    match program.kind(program.underlying(ty)) {
        TypeKind::Struct(_) => Some(AllocKind::Struct),
        _ => None,
    }
}

/// Whether `time.Timer` or `time.Ticker`; its channel is the object itself in the model.
pub(crate) fn is_timer(program: &Program<'_>, ty: TypeId) -> bool {
    is_named(program, ty, "time", "Timer") || is_named(program, ty, "time", "Ticker")
}

/// Whether `time.Ticker`.
pub(crate) fn is_ticker(program: &Program<'_>, ty: TypeId) -> bool {
    let ty = program.pointee(ty).unwrap_or(ty);
    is_named(program, ty, "time", "Ticker")
}

/// The zero value of a type that is not an object.
pub(crate) fn zero(program: &Program<'_>, ty: TypeId) -> Const {
    match program.kind(program.underlying(ty)) {
        TypeKind::Basic(Basic::Bool | Basic::UntypedBool) => Const::Bool(false),
        TypeKind::Basic(Basic::String | Basic::UntypedString) => Const::Sym(Sym(0)),
        TypeKind::Basic(Basic::UnsafePointer | Basic::UntypedNil) => Const::Nil,
        TypeKind::Basic(_) => Const::Int(0),
        _ => Const::Nil,
    }
}

pub(crate) fn is_int(program: &Program<'_>, ty: TypeId) -> bool {
    use Basic::*;
    matches!(
        program.kind(program.underlying(ty)),
        TypeKind::Basic(
            Int | Int8
                | Int16
                | Int32
                | Int64
                | Uint
                | Uint8
                | Uint16
                | Uint32
                | Uint64
                | Uintptr
                | UntypedInt
                | UntypedRune
        )
    )
}

/// Whether comparing values of this type means something in the model.
pub(crate) fn is_compared(program: &Program<'_>, ty: TypeId) -> bool {
    match program.kind(program.underlying(ty)) {
        TypeKind::Basic(basic) => !matches!(
            basic,
            Basic::Float32
                | Basic::Float64
                | Basic::Complex64
                | Basic::Complex128
                | Basic::UntypedFloat
                | Basic::UntypedComplex
        ),
        TypeKind::Struct(_) | TypeKind::Array(..) => false,
        _ => true,
    }
}

/// What a root's parameter is: the caller keeps using it.
pub(crate) fn argument(program: &Program<'_>, ty: TypeId) -> ArgSpec {
    if is_named(program, ty, "context", "Context") {
        return ArgSpec::Open(OpenKind::Context);
    }
    match program.kind(program.underlying(ty)) {
        TypeKind::Chan(..) => ArgSpec::Open(OpenKind::Chan),
        TypeKind::Pointer(to) => match object_kind(program, *to) {
            Some(AllocKind::Struct) => ArgSpec::Open(OpenKind::Struct),
            Some(_) => ArgSpec::Open(OpenKind::Other),
            None => ArgSpec::Unknown(UnknownKind::Any),
        },
        TypeKind::Struct(_) => ArgSpec::Open(OpenKind::Struct),
        TypeKind::Signature(_) => ArgSpec::Unknown(UnknownKind::NonNil),
        _ => ArgSpec::Unknown(UnknownKind::Any),
    }
}

/// Whether the type is `context.Context`.
pub(crate) fn is_context(program: &Program<'_>, ty: TypeId) -> bool {
    is_named(program, ty, "context", "Context")
}

/// Whether the type is `error`.
pub(crate) fn is_error(program: &Program<'_>, ty: TypeId) -> bool {
    program.named_object(ty).is_some_and(|object| {
        object.package == stanch_types::ObjectId::UNIVERSE && program.object_name(object) == "error"
    })
}
