//! What one package tells of its containers, calls and allocations: plain data, joined later.

use stanch_base::{FxHashMap, newtype_index};
use stanch_ir::{BlockId, Span};
use stanch_types::{ObjectId, Program, TypeId};
use std::sync::Arc;

newtype_index! {
    /// A declaration that a [`Summary`] names.
    pub struct DeclId; "decl"
}

/// A declaration in terms that do not depend on which variant of a package was read.
#[derive(Clone, Debug)]
pub(crate) struct Decl {
    /// Display path of its file.
    pub(crate) file: Arc<str>,
    /// First byte of the identifier.
    pub(crate) at: u32,
    /// The object as this package knows it.
    pub(crate) object: ObjectId,
}

/// What holds values: a variable, a field of all values of a type, or what a parameter is given.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Key {
    /// A package-level variable.
    Global(DeclId),
    /// A struct field, of whatever value.
    Field(DeclId),
    /// Parameter of a function of the package, by number; the receiver counts.
    Param(u32, u32),
}

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Source {
    /// Received or read while the program runs.
    Incoming,
    /// Counted, drawn or measured: another one each time.
    Unique,
    /// An object made in this call.
    Fresh,
    /// Parameter of a function of the package, as it came.
    Param(u32, u32),
    /// Something that is made of such a parameter.
    Of(u32, u32),
}

/// The sources of a value; none if it is made of constants and settings.
pub(crate) type Sources = Vec<Source>;

/// What is done to a container.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    /// Which.
    pub(crate) key: Key,
    /// What.
    pub(crate) kind: OpKind,
    /// Where.
    pub(crate) span: Span,
    /// Whether it is done to an element of it, itself a container: the key of that stays.
    pub(crate) element: bool,
}

/// How much is taken out of a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Taken {
    /// An entry, or some.
    One,
    /// All, one by one or at once; the container stays.
    Cleared,
    /// All, or a new container takes its place.
    All,
}

/// What a value is within one function, whatever locals hold it; `None` if that is not known.
pub(crate) type Identity = Option<u64>;

/// Kinds of operations.
#[derive(Clone, Debug)]
pub(crate) enum OpKind {
    /// One more entry.
    Grow(Grow),
    /// An entry or all of them go, or a new container takes its place.
    Shrink(Taken),
    /// Its size is compared with a bound.
    Bound,
    /// A slice that is an entry gets longer, under the key that it has.
    EntryGrow(Grow),
    /// An entry is given another value.
    EntrySet,
    /// Code out of view may take entries out.
    Escape,
    /// Two places hold the same container.
    Alias(Key),
    /// What is done to this is done to the container too, but not the other way round.
    Part(Key),
}

/// How a container grows.
#[derive(Clone, Debug)]
pub(crate) struct Grow {
    /// Whether there can only be a few different keys.
    pub(crate) bounded: bool,
    /// Type of the key, if there is one.
    pub(crate) key_ty: Option<TypeId>,
    /// Type of what one entry holds.
    pub(crate) value_ty: TypeId,
    /// Parameter of the function that the value is, if it is handed through as it came.
    pub(crate) value_param: Option<u32>,
    /// Where the key comes from.
    pub(crate) key_from: Sources,
    /// What the key is.
    pub(crate) key_id: Identity,
    /// What the value is.
    pub(crate) value_id: Identity,
    /// Whether the key is handed through as it came, or there is none.
    pub(crate) key_is_param: bool,
    /// The function literal that the value is.
    pub(crate) closure: Option<u32>,
    /// Whether it counts something under the key.
    pub(crate) counts: bool,
    /// Whether it remembers a result under a name: looked up before, and used if it was there.
    pub(crate) memo: bool,
    /// Whether a second insertion under the same key is a mistake that panics.
    pub(crate) unique: bool,
    /// The loop around it.
    pub(crate) looped: Loop,
}

/// The loop around an instruction.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Loop {
    /// None.
    None,
    /// One that goes over something finite.
    Finite,
    /// One that goes on as long as the program or a peer wants.
    Endless,
}

/// Whom an edge of the call graph leads to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Target {
    /// A declared function or method.
    Decl(DeclId),
    /// A function of the same package.
    Func(u32),
    /// A method of an interface: its name, and the interface.
    Method(Box<str>, TypeId),
}

/// How a function comes to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum How {
    /// Called, or started on a goroutine, or given to something that calls it now.
    Now,
    /// At most once, whoever comes.
    Once,
    /// Kept as a value; called some day.
    Later,
    /// Given to something that calls it for each request or event.
    Again,
}

/// An edge of the call graph.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) to: Target,
    pub(crate) how: How,
    pub(crate) looped: Loop,
    pub(crate) span: Span,
    /// Where the arguments come from, receiver first; empty if only from settings and constants.
    pub(crate) args: Box<[Sources]>,
}

/// A container as an argument.
#[derive(Clone, Debug)]
pub(crate) struct Pass {
    pub(crate) key: Key,
    pub(crate) span: Span,
    pub(crate) looped: Loop,
    pub(crate) to: DeclId,
    pub(crate) param: u32,
}

/// A function literal as an argument.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) to: DeclId,
    pub(crate) param: u32,
    pub(crate) closure: u32,
    pub(crate) looped: Loop,
    pub(crate) span: Span,
}

/// A call of a parameter.
#[derive(Clone, Debug)]
pub(crate) struct Callback {
    /// The function whose parameter it is, and which.
    pub(crate) param: (u32, u32),
    /// Where the arguments come from.
    pub(crate) args: Box<[Sources]>,
}

/// A function as an argument.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) to: DeclId,
    pub(crate) param: u32,
    pub(crate) function: Target,
    /// Whether its first parameter is the receiver that it is bound to.
    pub(crate) method: bool,
}

/// An argument that the caller looked up in a container before or after.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Asked {
    pub(crate) key: Key,
    pub(crate) to: DeclId,
    pub(crate) param: u32,
}

/// One growth of a pair: where a function adds to a container, itself or by another one that it calls.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Half {
    /// The function in which the insertion stands.
    pub(crate) home: u32,
    /// The container.
    pub(crate) key: Key,
    /// The insertion.
    pub(crate) grown: Span,
    /// Where the function itself does it, or calls for it.
    pub(crate) at: Span,
}

/// Two growths about the same thing of which one always comes with the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Both.
    pub(crate) halves: [Half; 2],
    /// Where the same function takes an entry out of the one or the other, and then adds to neither.
    pub(crate) taken: [Option<Span>; 2],
}

/// A call of a function of the package, with an argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given {
    pub(crate) to: u32,
    pub(crate) param: u32,
    /// What the argument is.
    pub(crate) id: u64,
    pub(crate) at: Span,
    pub(crate) block: BlockId,
}

/// A variable that a function literal captures.
#[derive(Clone, Debug)]
pub(crate) struct Captured {
    pub(crate) name: Box<str>,
    pub(crate) ty: TypeId,
}

/// What a function does.
#[derive(Clone, Debug, Default)]
pub(crate) struct FuncFacts {
    pub(crate) symbol: String,
    pub(crate) decl: Option<DeclId>,
    /// Stands in a test file.
    pub(crate) test: bool,
    /// `init`, an initialiser, or `main` of a program.
    pub(crate) start: bool,
    /// It runs the initialisers of package-level variables.
    pub(crate) initialiser: bool,
    /// Code out of view may call it.
    pub(crate) exported: bool,
    /// Name and type of the receiver, if it is a method.
    pub(crate) method: Option<(Box<str>, TypeId)>,
    /// How many parameters it has, the receiver counted.
    pub(crate) n_params: u32,
    /// Serves requests, as its parameters tell.
    pub(crate) handler: bool,
    pub(crate) edges: Vec<Edge>,
    pub(crate) ops: Vec<Op>,
    /// Pairs of growths about the same thing of which one always comes with the other.
    pub(crate) together: Vec<Pair>,
    /// Calls of functions of the package that are given something under which they may add.
    pub(crate) given: Vec<Given>,
    pub(crate) passes: Vec<Pass>,
    pub(crate) handed: Vec<Handed>,
    /// Calls of parameters, of its own or of a function around it.
    pub(crate) callbacks: Vec<Callback>,
    /// Functions that it gives to others as arguments.
    pub(crate) bound: Vec<Bound>,
    /// Parameters, each with its function, that are called where a memo table has nothing yet.
    pub(crate) creates: Vec<(u32, u32)>,
    /// Arguments that were looked up in a container as its key.
    pub(crate) asked: Vec<Asked>,
    pub(crate) captures: Vec<Captured>,
    /// Type names of structs that it makes.
    pub(crate) allocs: Vec<DeclId>,
}

/// Names declarations of one package's summary.
pub(crate) struct Names<'a> {
    program: &'a Program<'a>,
    ids: FxHashMap<ObjectId, Option<DeclId>>,
    pub(crate) decls: Vec<Decl>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(program: &'a Program<'a>) -> Self {
        Self { program, ids: FxHashMap::default(), decls: Vec::new() }
    }

    /// The declaration of an object; `None` for predeclared ones.
    pub(crate) fn decl(&mut self, object: ObjectId) -> Option<DeclId> {
        if let Some(&known) = self.ids.get(&object) {
            return known;
        }
        let id = self.add(object);
        self.ids.insert(object, id);
        id
    }

    fn add(&mut self, object: ObjectId) -> Option<DeclId> {
        if object.package == ObjectId::UNIVERSE {
            return None;
        }
        let (file, range) = self.program.object(object).place?;
        let file = self.program.source(object.package).files.get(file)?.path.clone();
        self.decls.push(Decl { file, at: range.start, object });
        Some(DeclId::from_raw(self.decls.len() as u32 - 1))
    }
}
