//! Methods with the name of one that ends its receiver which do nothing of the kind: they only read, let go of
//! what their object has, or do nothing at all.

use crate::names::Known;
use crate::package::Package;
use crate::visit;
use stanch_effects::Op;
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, Operand, Place, PlaceBase, Proj, Rvalue, Terminator,
};
use stanch_types::{Builtin, ObjectKind};

/// Calls of calls are followed so far.
const MAX_DEPTH: u32 = 3;

/// Such methods of a package, each as its type and name.
pub(crate) fn find(package: &Package<'_>) -> Vec<String> {
    let program = package.program;
    let funcs = package.module.funcs.iter_enumerated();
    let named = funcs.filter_map(|(id, func)| {
        let object = program.object(func.object.filter(|_| func.has_body)?);
        let ObjectKind::Func { recv: Some(recv), .. } = object.kind else { return None };
        let word = package.names.is_release_word(&object.name);
        (word && is_idle(package, id, MAX_DEPTH))
            .then(|| format!("{}.{}", program.type_string(program.object(recv).ty), object.name))
    });
    named.collect()
}

/// Whether a function changes nothing but its own variables, and calls only what does not either.
fn is_idle(package: &Package<'_>, id: FuncId, depth: u32) -> bool {
    let Some(func) = package.module.funcs.get(id).filter(|f| f.has_body) else { return false };
    let selects = func.blocks.iter().any(|b| matches!(b.term, Terminator::Select { .. }));
    !selects
        && visit::kinds(func).all(|kind| match kind {
            InstrKind::Store(place, value) => {
                is_local(func, place) || matches!(value, Operand::Nil(_)) && is_own(func, place)
            }
            InstrKind::Call(call) | InstrKind::Defer(call) => {
                locks_itself(package, func, call) || calls_idle(package, call, depth)
            }
            InstrKind::Assign(..) | InstrKind::DeclareVar(_) | InstrKind::RunDefers => true,
            InstrKind::Go(_)
            | InstrKind::Send { .. }
            | InstrKind::Recv { .. }
            | InstrKind::MapDelete { .. } => false,
        })
}

fn is_local(func: &Func, place: &Place) -> bool {
    let PlaceBase::Local(local) = place.base else { return false };
    let captured = func.captures.iter().any(|c| c.inner == local);
    !captured && !place.proj.iter().any(|p| matches!(p, Proj::Deref | Proj::Index(_)))
}

/// Whether a place is a field of the receiver.
fn is_own(func: &Func, place: &Place) -> bool {
    let receiver = func.params.first().filter(|_| func.has_recv).map(|&p| PlaceBase::Local(p));
    receiver == Some(place.base)
        && matches!(place.proj.as_slice(), [Proj::Deref, Proj::Field(..)] | [Proj::Field(..)])
}

/// Whether a call takes a lock of the receiver, or gives it back.
fn locks_itself(package: &Package<'_>, func: &Func, call: &Call) -> bool {
    let locks = matches!(package.op(&call.callee), Op::Lock | Op::Unlock | Op::RLock | Op::RUnlock);
    let Some(Operand::Local(lock)) = call.args.first().filter(|_| locks) else { return false };
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Assign(dst, Rvalue::AddressOf(place)) => dst == lock && is_own(func, place),
        _ => false,
    })
}

fn calls_idle(package: &Package<'_>, call: &Call, depth: u32) -> bool {
    let object = match call.callee {
        Callee::Static(object, _) | Callee::Interface { method: object, .. } => object,
        Callee::Builtin(builtin) => {
            return !matches!(
                builtin,
                Builtin::Close | Builtin::Clear | Builtin::Delete | Builtin::Panic
            );
        }
        Callee::Closure(..) | Callee::Value(_) => return false,
    };
    match package.names.known(object) {
        Known::Body(body) => return depth > 0 && is_idle(package, body, depth - 1),
        Known::Effect(effect) if effect.op != Op::None || !effect.callbacks.is_empty() => {
            return false;
        }
        Known::Effect(_) | Known::Nothing => {}
    }
    let effect = package.names.resource(object);
    effect.is_some_and(|e| {
        e.args == Some(stanch_effects::Args::Borrow) && e.releases.is_none() && e.acquires.is_none()
    })
}
