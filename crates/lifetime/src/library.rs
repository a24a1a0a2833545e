//! What the standard library's containers and helpers do, by symbol.

use stanch_types::{ObjectId, ObjectKind, Program};

/// What a library function does to a container it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Does {
    /// Adds an entry to the container in this argument; key and value are the given arguments.
    Grow { of: usize, key: Option<usize>, value: usize },
    /// Takes entries out of the container in this argument.
    Shrink(usize),
    /// Takes all entries out of the container in this argument.
    Empty(usize),
    /// The result is argument 0 with entries added.
    Longer { value: usize },
    /// The result is argument 0 with entries taken out.
    Shorter,
    /// The result is argument 0.
    Same,
    /// Calls a function at most once.
    CallsOnce,
    /// Calls a function for each request, event or tick.
    CallsAgain,
}

const TABLE: &[(&str, Does)] = &[
    ("(*sync.Map).Store", Does::Grow { of: 0, key: Some(1), value: 2 }),
    ("(*sync.Map).LoadOrStore", Does::Grow { of: 0, key: Some(1), value: 2 }),
    ("(*sync.Map).Swap", Does::Grow { of: 0, key: Some(1), value: 2 }),
    ("(*sync.Map).Delete", Does::Shrink(0)),
    ("(*sync.Map).LoadAndDelete", Does::Shrink(0)),
    ("(*sync.Map).CompareAndDelete", Does::Shrink(0)),
    ("(*sync.Map).Clear", Does::Empty(0)),
    ("(*container/list.List).PushBack", Does::Grow { of: 0, key: None, value: 1 }),
    ("(*container/list.List).PushFront", Does::Grow { of: 0, key: None, value: 1 }),
    ("(*container/list.List).InsertBefore", Does::Grow { of: 0, key: None, value: 1 }),
    ("(*container/list.List).InsertAfter", Does::Grow { of: 0, key: None, value: 1 }),
    ("(*container/list.List).Remove", Does::Shrink(0)),
    ("(*container/list.List).Init", Does::Empty(0)),
    ("container/heap.Push", Does::Grow { of: 0, key: None, value: 1 }),
    ("container/heap.Pop", Does::Shrink(0)),
    ("container/heap.Remove", Does::Shrink(0)),
    ("maps.DeleteFunc", Does::Shrink(0)),
    ("slices.Insert", Does::Longer { value: 2 }),
    ("slices.Concat", Does::Longer { value: 1 }),
    ("slices.Grow", Does::Same),
    ("slices.Clip", Does::Same),
    ("slices.Delete", Does::Shorter),
    ("slices.DeleteFunc", Does::Shorter),
    ("slices.Compact", Does::Shorter),
    ("slices.CompactFunc", Does::Shorter),
    ("slices.Replace", Does::Shorter),
    ("(*sync.Once).Do", Does::CallsOnce),
    ("sync.OnceFunc", Does::CallsOnce),
    ("sync.OnceValue", Does::CallsOnce),
    ("sync.OnceValues", Does::CallsOnce),
    ("net/http.HandleFunc", Does::CallsAgain),
    ("net/http.HandlerFunc", Does::CallsAgain),
    ("(*net/http.ServeMux).HandleFunc", Does::CallsAgain),
];

/// What the function of this symbol does.
pub(crate) fn does(symbol: &str) -> Option<Does> {
    TABLE.iter().find(|(name, _)| *name == symbol).map(|(_, does)| *does)
}

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

/// Whether functions of the package keep function values they are given, to call them later.
pub(crate) fn keeps_functions(path: &str) -> bool {
    matches!(path, "net/http" | "time" | "context" | "expvar" | "runtime" | "flag" | "os/signal")
}

/// What a library's function brings into the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Brings {
    /// What came from outside.
    Input,
    /// Something new with each call.
    New,
}

/// What a function of a library brings in: import path and name.
pub(crate) fn brings_in(path: &str, name: &str) -> Option<Brings> {
    let last = path.rsplit('/').find(|part| !is_version(part)).unwrap_or_default();
    let input = |is: bool| is.then_some(Brings::Input);
    let new = |is: bool| is.then_some(Brings::New);
    match path {
        "math/rand" | "math/rand/v2" | "crypto/rand" => Some(Brings::New),
        "net" => {
            input(name.starts_with("Accept") || name.starts_with("Read") || name == "RemoteAddr")
        }
        "net/http" => input(matches!(name, "ReadRequest" | "ReadResponse")),
        "time" => new(name == "Now" || name.starts_with("Unix")),
        "sync/atomic" => new(name.starts_with("Add")),
        _ if matches!(last, "uuid" | "xid" | "ksuid" | "ulid" | "nanoid") => Some(Brings::New),
        // Streams and sockets of frameworks.
        _ => input(matches!(name, "Recv" | "ReadMessage" | "NextReader")),
    }
}

/// Whether the part of an import path is a major version.
fn is_version(part: &str) -> bool {
    part.strip_prefix('v').is_some_and(|n| n.chars().all(|c| c.is_ascii_digit()))
}
