//! Brings functions of other packages into a module, so that an analysis can follow calls to them.

use crate::data::*;
use stanch_base::{FxHashSet, Idx};
use stanch_types::{ObjectId, PackageId, Program, TypeId};
use std::collections::{BTreeSet, VecDeque};

/// Where a function of another package is.
pub type Found<'m> = (&'m Module, FuncId);

/// Adds the functions of other packages that the functions of `module` may run, nearest first and at
/// most `limit` (their literals not counted): those called or named as values, and the methods of
/// types that become interface values. `find` gives the body of a declared function, or `None` if it is
/// to stay out of view; it is asked once a function.
///
/// The module's own functions keep their numbers; see [`Module::n_own`].
pub fn link<'m>(
    module: &mut Module,
    program: &Program<'_>,
    limit: usize,
    find: &mut dyn FnMut(ObjectId) -> Option<Found<'m>>,
) {
    let mut seen: FxHashSet<ObjectId> = FxHashSet::default();
    let mut queue: VecDeque<ObjectId> = VecDeque::new();
    let own = module.package;
    let mut mention = |func: &Func, queue: &mut VecDeque<ObjectId>| {
        mentions(program, func, &mut |object| {
            if object.package != own && seen.insert(object) {
                queue.push_back(object);
            }
        });
    };
    for func in module.funcs.iter() {
        mention(func, &mut queue);
    }
    let mut linked: BTreeSet<PackageId> = BTreeSet::new();
    let mut n_linked = 0;
    while let Some(object) = queue.pop_front() {
        if n_linked == limit {
            break;
        }
        let Some((from, id)) = find(object) else { continue };
        n_linked += 1;
        linked.insert(from.package);
        let first = module.funcs.len();
        for func in family(from, id) {
            mention(func, &mut queue);
            module.funcs.push(moved(func, id.index(), first));
        }
    }
    module.linked = linked.into_iter().collect();
}

/// A declaration and its literals, which follow it.
fn family(module: &Module, id: FuncId) -> impl Iterator<Item = &Func> {
    let rest = module.funcs.iter().skip(id.index());
    let mut first = true;
    rest.take_while(move |func| std::mem::take(&mut first) || func.parent.is_some())
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
fn mentions(program: &Program<'_>, func: &Func, f: &mut dyn FnMut(ObjectId)) {
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                if let Callee::Static(object, _) = call.callee {
                    f(object);
                }
            }
            InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => f(*method),
            InstrKind::Assign(_, Rvalue::MakeInterface(Operand::Local(local), _)) => {
                methods(program, func.locals[*local].ty, f);
            }
            _ => {}
        }
        instr.kind.for_each_operand(|operand| {
            if let Operand::Func(object) = operand {
                f(*object);
            }
        });
    }
}

/// The methods declared for a type, or for what it points to.
fn methods(program: &Program<'_>, ty: TypeId, f: &mut dyn FnMut(ObjectId)) {
    let base = program.pointee(ty).unwrap_or(ty);
    if let Some(name) = program.named_object(base)
        && !program.is_interface(base)
    {
        program.methods_of(name).iter().copied().for_each(f);
    }
}
