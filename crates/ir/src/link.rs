//! Brings functions of other packages into a module, so that an analysis can follow calls to them.

use crate::data::*;
use stanch_base::{FxHashSet, Idx};
use stanch_types::{ObjectId, PackageId};
use std::collections::{BTreeSet, VecDeque};

/// A declared function and its literals, apart from their package: nothing of it asks for the trees or
/// the local variables of the package.
#[derive(Clone, Debug)]
pub struct Family {
    package: PackageId,
    /// The declaration first; functions number from here.
    funcs: Box<[Func]>,
}

impl Family {
    /// That of a declared function.
    pub fn of(module: &Module, id: FuncId) -> Self {
        let rest = module.funcs.iter().skip(id.index() + 1);
        let literals = rest.take_while(|func| func.parent.is_some_and(|p| p >= id));
        let funcs = std::iter::once(&module.funcs[id]).chain(literals);
        let funcs = funcs.map(|func| {
            let mut func = moved(func, id.index(), 0);
            // Their numbers mean something only while the package is open.
            func.locals.iter_mut().for_each(|local| local.object = None);
            func
        });
        Self { package: module.package, funcs: funcs.collect() }
    }

    /// How many functions it has.
    pub fn n_funcs(&self) -> usize {
        self.funcs.len()
    }

    /// How many instructions they have.
    pub fn n_instrs(&self) -> usize {
        self.funcs.iter().flat_map(|f| f.blocks.iter()).map(|b| b.instrs.len()).sum()
    }
}

/// Adds the functions of other packages that the functions of `module` may run: those called or named
/// as values, nearest first, while all of them are no more than `limit` functions, literals included.
/// `find` gives the body of a declared function, or `None` if it is to stay out of view; it is asked once
/// a function.
///
/// The module's own functions keep their numbers; see [`Module::n_own`].
pub fn link<'f>(
    module: &mut Module,
    limit: usize,
    find: &mut dyn FnMut(ObjectId) -> Option<&'f Family>,
) {
    let mut seen: FxHashSet<ObjectId> = FxHashSet::default();
    let mut queue: VecDeque<ObjectId> = VecDeque::new();
    let own = module.package;
    let mut mention = |func: &Func, queue: &mut VecDeque<ObjectId>| {
        mentions(func, &mut |object| {
            if object.package != own && seen.insert(object) {
                queue.push_back(object);
            }
        });
    };
    for func in module.funcs.iter() {
        mention(func, &mut queue);
    }
    let mut linked: BTreeSet<PackageId> = BTreeSet::new();
    while let Some(object) = queue.pop_front() {
        let Some(family) = find(object) else { continue };
        let first = module.funcs.len();
        if first - module.n_own + family.n_funcs() > limit {
            break;
        }
        linked.insert(family.package);
        for func in &family.funcs {
            mention(func, &mut queue);
            module.funcs.push(moved(func, 0, first));
        }
    }
    module.linked = linked.into_iter().collect();
}

/// The functions of other packages that a module calls or names, each once.
pub fn mentioned(module: &Module) -> Vec<ObjectId> {
    let mut seen: FxHashSet<ObjectId> = FxHashSet::default();
    let mut found = Vec::new();
    for func in &module.funcs {
        mentions(func, &mut |object| {
            if object.package != module.package && seen.insert(object) {
                found.push(object);
            }
        });
    }
    found
}

/// A copy whose function numbers count from `to` rather than from `from`.
fn moved(func: &Func, from: usize, to: usize) -> Func {
    let at = |id: FuncId| FuncId::from_usize(id.index() - from + to);
    let mut func = func.clone();
    func.parent = func.parent.map(at);
    func.closures.iter_mut().for_each(|id| *id = at(*id));
    for instr in func.blocks.iter_mut().flat_map(|b| &mut b.instrs) {
        match &mut instr.kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(id)) => *id = at(*id),
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                if let Callee::Closure(id, _) = &mut call.callee {
                    *id = at(*id);
                }
            }
            _ => {}
        }
    }
    func
}

/// Calls `f` with each declared function that `func` may run or hand on, in the order of its
/// instructions.
fn mentions(func: &Func, f: &mut dyn FnMut(ObjectId)) {
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                if let Callee::Static(object, _) = call.callee {
                    f(object);
                }
            }
            InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => f(*method),
            _ => {}
        }
        instr.kind.for_each_operand(|operand| {
            if let Operand::Func(object) = operand {
                f(*object);
            }
        });
    }
}
