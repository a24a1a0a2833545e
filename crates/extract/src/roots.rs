//! Where exploration starts: functions that make an object or start a goroutine, and those that call
//! them, so that what such a function returns is followed.

use crate::classify::object_kind;
use crate::names::{Known, Names};
use crate::relevance::{Relevance, reaches};
use stanch_base::IndexVec;
use stanch_effects::Op;
use stanch_ir::{Callee, Func, FuncId, InstrKind, Module, Rvalue};
use stanch_model::AllocKind;

/// Calls between a root and the function that makes the object.
const DISTANCE: u32 = 2;

pub(crate) fn roots(names: &Names<'_>, module: &Module, relevance: &Relevance) -> Vec<FuncId> {
    let creators: IndexVec<FuncId, bool> = module.funcs.iter().map(|f| creates(names, f)).collect();
    let ids = module.funcs.ids().filter(|&id| {
        let func = &module.funcs[id];
        func.parent.is_none()
            && func.has_body
            && relevance.relevant[id]
            && relevance.operates[id]
            && reaches(relevance, id, &creators, DISTANCE)
    });
    ids.collect()
}

/// Whether the function itself makes a channel, lock or wait group, or starts a goroutine.
fn creates(names: &Names<'_>, func: &Func) -> bool {
    let sync_object = |ty| {
        matches!(
            object_kind(names.program, ty),
            Some(AllocKind::WaitGroup | AllocKind::Mutex | AllocKind::RwMutex)
        )
    };
    func.blocks.iter().flat_map(|b| &b.instrs).any(|instr| match &instr.kind {
        InstrKind::Go(_) | InstrKind::Assign(_, Rvalue::MakeChan { .. }) => true,
        InstrKind::Assign(_, Rvalue::New(ty)) => sync_object(*ty),
        InstrKind::DeclareVar(local) => sync_object(func.locals[*local].ty),
        InstrKind::Call(call) => match &call.callee {
            Callee::Static(object, _) => match names.known(*object) {
                Known::Effect(e) => matches!(e.op, Op::WaitGroupGo | Op::TickerNew | Op::TimeTick),
                Known::Body(_) | Known::Nothing => false,
            },
            _ => false,
        },
        _ => false,
    })
}
