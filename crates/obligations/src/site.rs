//! What is known of something that a function has acquired.

use crate::inferred::Ender;
use crate::report::{ResourceLoss, Step};
use crate::summary::Path;
use stanch_effects::Kind;
use stanch_ir::{FuncId, Span};
use stanch_types::{ObjectId, TypeId};

/// Something acquired by an operation of the function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// What it is, if it is not a cancel function.
    pub(crate) kind: Option<Kind>,
    /// Whether some path gives it back, rather than handing it on.
    pub(crate) closed: bool,
    /// What ends its goroutine, if that is what is owed.
    pub(crate) enders: Vec<Ender>,
    /// Where that goroutine starts.
    pub(crate) started: Option<Span>,
    /// The type that an interface holds which a library function returned, by its name.
    pub(crate) dynamic: Option<String>,
    /// The type of the object, if it is known behind interfaces.
    pub(crate) ty: Option<TypeId>,
    /// For a context: whether nothing else ends it, neither its parents nor time.
    pub(crate) rooted: bool,
    /// For a context: whether some path gives it to other code, rather than storing it in a field.
    pub(crate) served: bool,
    /// Whether what it ends also ends by itself.
    pub(crate) deadline: bool,
    /// The helper that made it.
    pub(crate) helper: Option<FuncId>,
    /// The first variable that held it.
    pub(crate) name: Option<String>,
    /// For a context: the inputs that it may end with.
    pub(crate) of: Vec<Path>,
    /// The acquisition whose end ends this one too.
    pub(crate) parent: Option<Span>,
    /// Whether some path gives it back or hands it on.
    pub(crate) released: bool,
    /// Whether some path does so other than by storing it in a field.
    pub(crate) elsewhere: bool,
    /// Fields it was stored in.
    pub(crate) fields: Vec<ObjectId>,
    /// Whether some path hands it on other than by storing it in a field.
    pub(crate) handed: bool,
    /// For a list or table: where what is in it was made.
    pub(crate) gathered: Option<Span>,
    /// The return of the helper that may give it together with an error.
    pub(crate) together: Option<Span>,
    /// Whether what that way rests on may be decided otherwise.
    pub(crate) unsure: bool,
    /// The path on which the operation ran again while it was owed, or what it had made was replaced.
    pub(crate) overwritten: Option<(ResourceLoss, Vec<Step>)>,
}
