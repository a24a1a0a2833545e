//! What the engine found, as data for the checks.

use stanch_ir::Span;
use stanch_types::{ObjectId, PackageId, TypeId};

/// Findings of the whole module, by place.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Containers that only grow.
    pub growths: Vec<Growth>,
}

/// A container that grows for as long as the program runs.
#[derive(Clone, Debug)]
pub struct Growth {
    /// The package whose code grows it.
    pub package: PackageId,
    /// The variable, or the field.
    pub object: ObjectId,
    /// Where it lives.
    pub place: Place,
    /// Its type.
    pub ty: TypeId,
    /// Where it is declared.
    pub declared: Span,
    /// The places where it grows, the one that tells most first.
    pub sites: Vec<Site>,
    /// Why this is not sure; empty if nothing speaks against it.
    pub doubts: Vec<Doubt>,
}

/// Where a container lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It is a package-level variable.
    Global,
    /// It is a field of what a package-level variable holds.
    InGlobal(ObjectId),
    /// It is a field of a type of which the program makes one value when it starts.
    InProgram(ObjectId),
    /// It is a field of a type that runs a service.
    InService(ObjectId),
}

/// Where a container grows.
#[derive(Clone, Debug)]
pub struct Site {
    /// The insertion.
    pub span: Span,
    /// Runtime symbol of the function.
    pub function: String,
    /// Type of the key of a map.
    pub key: Option<TypeId>,
    /// Type of the value.
    pub value: TypeId,
    /// From what runs again and again down to the function; calls with the caller's symbol.
    pub reached: Vec<(String, Span)>,
    /// What makes the first of them run again and again.
    pub repeated: Repeated,
    /// Function values that are put in, where they are known.
    pub functions: Vec<Kept>,
}

/// What makes a function run again and again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Repeated {
    /// It serves requests.
    Handler,
    /// It stands in a loop.
    Loop,
    /// Code out of view calls it as often as it likes.
    Outside,
    /// It is kept as a function value.
    Callback,
}

/// A function literal that is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Runtime symbol.
    pub function: String,
    /// Where it is handed over.
    pub span: Span,
    /// Captured variables with their types.
    pub captures: Vec<(Box<str>, TypeId)>,
}

/// Why a growth is not sure to be a leak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Doubt {
    /// Importers may take entries out.
    Exported,
    /// Code out of view is given the container.
    Escapes,
    /// It looks like a registration that happens a few times.
    Registration,
    /// It counts by label; there may be as few labels as in metrics.
    Labels,
    /// Nothing tells that there are many different keys.
    Keys,
    /// How often the growing code runs is not known.
    Frequency,
    /// How long the owner lives is not known.
    Owner,
}
