//! What a package lets those that import it see of its functions, and how they take it in.
//!
//! Of a function that matters its body is kept, apart from the package's trees. Of others it is known
//! which do nothing at all with what they are given, other than to set plain fields. What is neither is
//! out of view.

use crate::names::{Known, Names};
use crate::need::{Needs, is_getter};
use crate::translate::changing_globals;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_ir::{
    Call, Callee, Family, Func, FuncId, InstrKind, Module, Operand, Place, PlaceBase, Proj, Rvalue,
    Span,
};
use stanch_types::{ObjectId, PackageId, Program, TypeId, TypeKind};

/// A declaration with its literals of more functions, or of more instructions, is out of others' view.
const MAX_FAMILY: usize = 24;
const MAX_INSTRS: usize = 1_200;
/// Functions of other packages that one package takes in.
const MAX_LINKED: usize = 400;
/// How deep types are looked into.
const DEPTH: u32 = 4;

/// What other packages see of a package, once it is explored.
#[derive(Debug, Default)]
pub struct Shared {
    families: FxHashMap<ObjectId, Family>,
    inert: FxHashSet<ObjectId>,
    /// Fields that inert functions set.
    set: FxHashSet<ObjectId>,
    /// Package-level variables that are stored to outside of initialisers.
    changing: FxHashSet<ObjectId>,
    /// Where goroutines are told to hang.
    told: FxHashSet<Span>,
}

/// What the packages that are imported, also by others, let see; `None` of those that are not in view.
pub type Imported<'a> = dyn Fn(PackageId) -> Option<&'a Shared> + 'a;

impl Shared {
    /// What a package shows, its module as it was explored.
    pub(crate) fn of(names: &Names<'_>, module: &Module, needs: &Needs, told: Vec<Span>) -> Self {
        let own = || module.funcs.iter_enumerated().take(module.n_own);
        let mut shared = Self {
            changing: changing_globals(module),
            told: told.into_iter().collect(),
            ..Self::default()
        };
        shared.changing.retain(|object| object.package == module.package);
        for (id, func) in own() {
            let Some(object) = func.object.filter(|_| func.has_body) else { continue };
            if crate::client::is_test(names.program, module, id) {
                continue;
            }
            if needs.relevant[id] || is_getter(names, id, func) {
                let family = Family::of(module, id);
                if family.n_funcs() <= MAX_FAMILY && family.n_instrs() <= MAX_INSTRS {
                    shared.families.insert(object, family);
                }
            }
        }
        let inert = Inert { names, module, needs }.all();
        for (id, func) in own().filter(|(id, _)| inert[*id]) {
            shared.inert.extend(func.object.filter(|o| !shared.families.contains_key(o)));
            shared.set.extend(set_fields(module, id));
        }
        shared
    }

    pub(crate) fn is_inert(&self, func: ObjectId) -> bool {
        self.inert.contains(&func)
    }
}

/// The module with the functions of imported packages that it may run; `None` if there are none.
pub(crate) fn linked(module: &Module, imported: &Imported<'_>) -> Option<Module> {
    let mut find = |object: ObjectId| imported(object.package)?.families.get(&object);
    if !stanch_ir::mentioned(module).into_iter().any(|object| find(object).is_some()) {
        return None;
    }
    let mut all = module.clone();
    stanch_ir::link(&mut all, MAX_LINKED, &mut find);
    Some(all)
}

/// What the packages that a module has functions of, or calls functions of, do to their variables and
/// fields beside the functions that were taken in.
#[derive(Default)]
pub(crate) struct Beside {
    /// Fields that change out of view.
    pub(crate) fields: FxHashSet<ObjectId>,
    /// Package-level variables that change out of view.
    pub(crate) globals: FxHashSet<ObjectId>,
}

impl Beside {
    pub(crate) fn of(module: &Module, imported: &Imported<'_>) -> Self {
        let mut beside = Self::default();
        for shared in neighbours(module).into_iter().filter_map(imported) {
            beside.fields.extend(&shared.set);
            beside.globals.extend(&shared.changing);
        }
        beside
    }
}

/// Whether an imported package tells that a goroutine hangs at a place.
pub(crate) fn is_told(module: &Module, imported: &Imported<'_>, place: Span) -> bool {
    place.package != module.package
        && module.linked.iter().filter_map(|p| imported(*p)).any(|s| s.told.contains(&place))
}

/// The packages that a module has functions of or calls functions of.
fn neighbours(module: &Module) -> Vec<PackageId> {
    let mut all = module.linked.clone();
    all.extend(stanch_ir::mentioned(module).into_iter().map(|object| object.package));
    all.sort_unstable();
    all.dedup();
    all.retain(|p| *p != module.package && *p != ObjectId::UNIVERSE);
    all
}

/// Fields that a function sets or takes the address of.
fn set_fields(module: &Module, id: FuncId) -> Vec<ObjectId> {
    let instrs = module.funcs[id].blocks.iter().flat_map(|b| &b.instrs);
    let places = instrs.filter_map(|i| match &i.kind {
        InstrKind::Store(place, _) | InstrKind::Assign(_, Rvalue::AddressOf(place)) => Some(place),
        _ => None,
    });
    let field = |place: &Place| match place.proj.last() {
        Some(Proj::Field(_, object)) => Some(*object),
        _ => None,
    };
    places.filter_map(field).collect()
}

/// Finds the functions that do nothing that matters to anybody.
struct Inert<'a> {
    names: &'a Names<'a>,
    module: &'a Module,
    needs: &'a Needs,
}

impl Inert<'_> {
    fn all(&self) -> IndexVec<FuncId, bool> {
        let module = self.module;
        let first = |id: FuncId| {
            let func = &module.funcs[id];
            let plain = !self.needs.relevant[id] && func.has_body && func.closures.is_empty();
            plain && self.instrs(func).all(|i| self.is_plain(func, i))
        };
        let mut inert: IndexVec<FuncId, bool> = module.funcs.ids().map(first).collect();
        loop {
            let calls = |id: FuncId| self.callees(&module.funcs[id]).all(|callee| inert[callee]);
            let lost: Vec<FuncId> =
                module.funcs.ids().filter(|id| inert[*id] && !calls(*id)).collect();
            if lost.is_empty() {
                return inert;
            }
            lost.into_iter().for_each(|id| inert[id] = false);
        }
    }

    fn instrs<'f>(&self, func: &'f Func) -> impl Iterator<Item = &'f InstrKind> {
        func.blocks.iter().flat_map(|b| &b.instrs).map(|i| &i.kind)
    }

    fn callees<'f>(&'f self, func: &'f Func) -> impl Iterator<Item = FuncId> + 'f {
        self.instrs(func).filter_map(|kind| match kind {
            InstrKind::Call(Call { callee: Callee::Static(object, _), .. })
            | InstrKind::Defer(Call { callee: Callee::Static(object, _), .. }) => {
                match self.names.known(*object) {
                    Known::Body(id) => Some(id),
                    Known::Effect(_) | Known::Inert | Known::Nothing => None,
                }
            }
            _ => None,
        })
    }

    fn is_plain(&self, func: &Func, kind: &InstrKind) -> bool {
        let value = |operand: &Operand| is_data(self.names, func, operand);
        match kind {
            InstrKind::DeclareVar(_) | InstrKind::RunDefers | InstrKind::MapDelete { .. } => true,
            InstrKind::Assign(_, Rvalue::MakeClosure(_) | Rvalue::MethodValue { .. }) => false,
            InstrKind::Assign(..) => true,
            InstrKind::Store(place, stored) => {
                let is_known = |proj: &Proj| !matches!(proj, Proj::Index(key) if !value(key));
                value(stored)
                    && place.proj.iter().all(is_known)
                    && match place.base {
                        PlaceBase::Global(_) => place.proj.is_empty(),
                        PlaceBase::Local(_) => true,
                    }
            }
            InstrKind::Call(call) | InstrKind::Defer(call) => match &call.callee {
                Callee::Builtin(_) => true,
                Callee::Static(object, _) => match self.names.known(*object) {
                    Known::Effect(effect) => {
                        let atomic = effect.op.changes_atomic();
                        effect.callbacks.is_empty() && effect.methods.is_empty() && !atomic
                    }
                    Known::Body(_) | Known::Inert => true,
                    Known::Nothing => call.args.iter().all(value),
                },
                Callee::Interface { method, .. } => method.package == ObjectId::UNIVERSE,
                Callee::Closure(..) | Callee::Value(_) => false,
            },
            InstrKind::Go(_) | InstrKind::Send { .. } | InstrKind::Recv { .. } => false,
        }
    }
}

/// Whether an operand is data through which nothing else can be reached.
pub(crate) fn is_data(names: &Names<'_>, func: &Func, operand: &Operand) -> bool {
    is_plain_type(names.program, names.operand_type(func, operand), DEPTH)
}

fn is_plain_type(program: &Program<'_>, ty: TypeId, depth: u32) -> bool {
    if depth == 0 {
        return false;
    }
    if crate::classify::is_error(program, ty) || crate::classify::is_context(program, ty) {
        return true;
    }
    match program.kind(program.underlying(ty)) {
        TypeKind::Basic(_) => true,
        TypeKind::Slice(to) | TypeKind::Array(_, to) => is_plain_type(program, *to, depth - 1),
        TypeKind::Map(key, to) => {
            is_plain_type(program, *key, depth - 1) && is_plain_type(program, *to, depth - 1)
        }
        TypeKind::Struct(fields) => fields.iter().all(|f| is_plain_type(program, f.ty, depth - 1)),
        _ => false,
    }
}

/// Whether a call gives something to a function through which that may reach what its package does not
/// know of: a function, a value of any type.
pub(crate) fn gives_unknown(names: &Names<'_>, func: &Func, call: &Call) -> bool {
    call.args.iter().any(|arg| {
        let program = names.program;
        let mut ty = names.operand_type(func, arg);
        while let TypeKind::Slice(to) | TypeKind::Pointer(to) | TypeKind::Array(_, to) =
            program.kind(program.underlying(ty))
        {
            ty = *to;
        }
        !is_data(names, func, arg)
            && (program.is_type_param(ty)
                || matches!(
                    program.kind(program.underlying(ty)),
                    TypeKind::Interface(_)
                        | TypeKind::Signature(_)
                        | TypeKind::Chan(..)
                        | TypeKind::Map(..)
                        | TypeKind::Unknown
                ))
    })
}
