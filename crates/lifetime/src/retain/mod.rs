//! What is kept though it is no longer needed: by pools, slots behind a slice's length, closures,
//! finalizers, contexts. Candidates of one package; the join of the module decides.

mod ages;
pub(crate) mod alias;
mod contexts;
mod counters;
mod deferred;
mod dropped;
mod ended;
mod events;
mod finalizers;
mod fired;
mod heaps;
mod known;
mod locals;
mod lonely;
mod members;
mod missed;
mod orphans;
mod pieces;
mod pins;
mod pool;
mod rekeyed;
mod reopened;
mod slots;
mod timers;
mod ways;
mod weights;

use crate::facts::{Loop, Names};
pub(crate) use crate::kept::{Candidate, Gate, Kept};
use crate::loops;
use crate::origin::Reader;
use crate::source::AllSources;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_effects::{Role, Trait};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Module, Operand, Place, PlaceBase,
    Rvalue,
};
use stanch_types::{Basic, ConstValue, ObjectId, Program, TypeId, TypeKind};

/// Types within types that are looked at.
const MAX_NESTING: u32 = 5;

/// A package's functions with what was worked out about them.
pub(crate) struct Bodies<'b, 'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) reader: &'b Reader<'a>,
    pub(crate) module: &'b Module,
    pub(crate) names: &'b mut Names<'a>,
    pub(crate) definitions: IndexVec<FuncId, IndexVec<LocalId, Vec<&'b Rvalue>>>,
    pub(crate) loops: IndexVec<FuncId, IndexVec<BlockId, Loop>>,
    /// Where values come from.
    pub(crate) sources: &'b AllSources,
    /// Whether a function stands in a test.
    pub(crate) test: Vec<bool>,
    /// Whether the package's bodies are analysed, by package.
    pub(crate) in_view: &'b [bool],
    holds: FxHashMap<TypeId, Holds>,
    kept: Kept,
}

/// What values of a type keep alive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Holds {
    /// Nothing beyond themselves.
    Nothing,
    /// Text.
    Strings,
    /// Objects.
    Objects,
}

/// Finds what a package may keep too long.
pub(crate) fn kept<'b, 'a>(
    reader: &'b Reader<'a>,
    names: &'b mut Names<'a>,
    sources: &'b AllSources,
    test: Vec<bool>,
    in_view: &'b [bool],
) -> Kept {
    let module: &'b Module = reader.module;
    let mut bodies = Bodies {
        program: reader.program,
        reader,
        module,
        names,
        definitions: module.funcs.iter().map(loops::definitions).collect(),
        loops: module.funcs.iter().map(|f| loops::loops(reader, f)).collect(),
        sources,
        test,
        in_view,
        holds: FxHashMap::default(),
        kept: Kept::default(),
    };
    pool::find(&mut bodies);
    slots::find(&mut bodies);
    heaps::find(&mut bodies);
    let helpers = events::Helpers::of(&bodies);
    missed::find(&mut bodies, &helpers);
    dropped::find(&mut bodies, &helpers);
    ended::find(&mut bodies, &helpers);
    deferred::find(&mut bodies);
    counters::find(&mut bodies);
    reopened::find(&mut bodies);
    contexts::find(&mut bodies);
    finalizers::find(&mut bodies);
    lonely::find(&mut bodies);
    ages::find(&mut bodies);
    pins::find(&mut bodies);
    pieces::find(&mut bodies);
    locals::find(&mut bodies);
    timers::find(&mut bodies);
    bodies.kept
}

impl<'b> Bodies<'b, '_> {
    /// The functions outside of tests, with bodies.
    pub(crate) fn funcs(&self) -> Vec<(FuncId, &'b Func)> {
        let funcs = self.module.funcs.iter_enumerated();
        funcs.filter(|(_, f)| f.has_body && !self.is_test(f)).collect()
    }

    fn is_test(&self, func: &Func) -> bool {
        use stanch_base::Idx;
        self.test.get(func.span.file.index()).copied().unwrap_or(false)
    }

    /// Whether a call is of a library's function that is there for something.
    pub(crate) fn is_for(&self, call: &Call, role: Role) -> bool {
        matches!(&call.callee, Callee::Static(object, _) if self.reader.is_for(*object, role))
    }

    /// Whether a library's type, or what it points to, has a property.
    pub(crate) fn is(&self, ty: TypeId, what: Trait) -> bool {
        let target = self.program.pointee(ty).unwrap_or(ty);
        self.program.named_object(target).is_some_and(|named| self.reader.is(named, what))
    }

    /// Whether bodies of the package are analysed.
    pub(crate) fn sees(&self, object: ObjectId) -> bool {
        use stanch_base::Idx;
        self.in_view.get(object.package.index()).copied().unwrap_or(false)
    }

    pub(crate) fn ty(&self, func: &Func, operand: &Operand) -> TypeId {
        match operand {
            Operand::Local(local) => func.locals[*local].ty,
            Operand::Const(_, ty) | Operand::Nil(ty) | Operand::Zero(ty) | Operand::Unknown(ty) => {
                *ty
            }
            Operand::Func(object) => self.program.object(*object).ty,
        }
    }

    /// The local that an operand is.
    pub(crate) fn local(&self, operand: &Operand) -> Option<LocalId> {
        match operand {
            Operand::Local(local) => Some(*local),
            _ => None,
        }
    }

    pub(crate) fn elem(&self, ty: TypeId) -> Option<TypeId> {
        match self.program.kind(self.program.core_type(ty)?) {
            TypeKind::Slice(elem) => Some(*elem),
            _ => None,
        }
    }

    /// What values of a type keep alive.
    pub(crate) fn holds(&mut self, ty: TypeId) -> Holds {
        if let Some(&known) = self.holds.get(&ty) {
            return known;
        }
        let holds = self.held(ty, MAX_NESTING);
        self.holds.insert(ty, holds);
        holds
    }

    fn held(&self, ty: TypeId, depth: u32) -> Holds {
        let program = self.program;
        if depth == 0 {
            return Holds::Nothing;
        }
        match program.kind(program.underlying(ty)) {
            TypeKind::Basic(Basic::String) => Holds::Strings,
            TypeKind::Pointer(_)
            | TypeKind::Slice(_)
            | TypeKind::Map(..)
            | TypeKind::Signature(_)
            | TypeKind::Interface(_) => Holds::Objects,
            TypeKind::Array(_, elem) => self.held(*elem, depth - 1),
            TypeKind::Struct(fields) => {
                fields.iter().map(|f| self.held(f.ty, depth - 1)).max().unwrap_or(Holds::Nothing)
            }
            _ => Holds::Nothing,
        }
    }

    /// Whether elements of the type may be kept to be used again: they are buffers themselves.
    pub(crate) fn is_reusable(&self, elem: TypeId) -> bool {
        let kind = self.program.kind(self.program.underlying(elem));
        matches!(kind, TypeKind::Slice(_) | TypeKind::Map(..))
    }

    /// Whether a place lies in an object that the function has just made, or is initialised before `main`.
    pub(crate) fn is_new(&self, id: FuncId, place: &Place) -> bool {
        match place.base {
            PlaceBase::Local(base) => self.definitions[id][base]
                .iter()
                .any(|v| matches!(v, Rvalue::New(_) | Rvalue::Composite { .. })),
            PlaceBase::Global(_) => {
                let func = &self.module.funcs[id];
                func.synthetic && func.parent.is_none()
            }
        }
    }

    /// Whether a struct has a lock: goroutines share it.
    pub(crate) fn has_lock(&self, ty: TypeId) -> bool {
        let program = self.program;
        match program.kind(program.underlying(ty)) {
            TypeKind::Struct(fields) => fields.iter().any(|f| self.is_lock(f.ty)),
            _ => false,
        }
    }

    /// Whether the type is one of the package `sync`'s, or a pointer to such.
    pub(crate) fn is_lock(&self, ty: TypeId) -> bool {
        let program = self.program;
        let ty = program.pointee(ty).unwrap_or(ty);
        program.named_object(ty).is_some_and(|named| {
            self.reader.is_std(named.package) && self.reader.package(named.package).shared
        })
    }

    /// The fields of the struct that has this one.
    pub(crate) fn siblings(&self, field: ObjectId) -> Vec<ObjectId> {
        let program = self.program;
        let objects = program.package_objects(field.package);
        let mut structs = objects.into_iter().filter_map(|object| {
            match program.kind(program.underlying(program.object(object).ty)) {
                TypeKind::Struct(fields) => {
                    Some(fields.iter().map(|f| f.object).collect::<Vec<_>>())
                }
                _ => None,
            }
        });
        structs.find(|fields| fields.contains(&field)).unwrap_or_default()
    }

    /// The function of the package that a call leads to.
    pub(crate) fn callee(&self, call: &Call) -> Option<FuncId> {
        match &call.callee {
            Callee::Static(object, _) => self.reader.bodies.get(object).copied(),
            Callee::Closure(func, _) => Some(*func),
            _ => None,
        }
    }
}

/// The calls of a function, deferred and started ones too.
pub(crate) fn calls(func: &Func) -> impl Iterator<Item = (BlockId, usize, &Call, &InstrKind)> {
    func.blocks.iter_enumerated().flat_map(|(block, data)| {
        data.instrs.iter().enumerate().filter_map(move |(at, i)| match &i.kind {
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                Some((block, at, call, &i.kind))
            }
            _ => None,
        })
    })
}

/// A point in a function: block and instruction.
pub(crate) type At = (BlockId, usize);

/// Whether a way leads from one point to another.
pub(crate) fn leads(func: &Func, from: At, to: At) -> bool {
    if from.0 == to.0 && from.1 < to.1 {
        return true;
    }
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut stack = func.blocks[from.0].term.targets();
    while let Some(block) = stack.pop() {
        if block == to.0 {
            return true;
        }
        if seen.insert(block) {
            stack.extend(func.blocks[block].term.targets());
        }
    }
    false
}

/// Whether the operand is the constant nought.
pub(crate) fn is_nought(operand: &Operand) -> bool {
    match operand {
        Operand::Const(ConstValue::Int(n), _) => *n == 0.into(),
        Operand::Zero(_) => true,
        _ => false,
    }
}
