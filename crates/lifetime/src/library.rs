//! Symbols of library functions.

use stanch_types::{ObjectId, ObjectKind, Program};

/// A function as `go doc` spells it: `sync.OnceFunc`, `(*sync.Map).Store`.
pub(crate) fn symbol(program: &Program<'_>, func: ObjectId) -> Option<String> {
    let object = program.object(func);
    let path = program.package_path(func.package);
    match object.kind {
        ObjectKind::Func { recv: Some(recv), pointer_recv, .. } => {
            let base = program.object_name(recv);
            let star = if pointer_recv { "*" } else { "" };
            Some(format!("({star}{path}.{base}).{}", object.name))
        }
        ObjectKind::Func { interface: false, .. } => Some(format!("{path}.{}", object.name)),
        _ => None,
    }
}
