//! Channels in package-level variables, and what is done with them.

use crate::kept::ChannelUse;
use crate::report::{Retained, Retention};
use crate::retain::{Bodies, Candidate, Gate};
use stanch_base::FxHashMap;
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Rvalue, SelectOp, Span,
    Terminator,
};
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeKind, VarKind};

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    let channels: Vec<ObjectId> = bodies
        .program
        .package_objects(bodies.module.package)
        .into_iter()
        .filter(|&object| is_channel(bodies, object))
        .collect();
    // Exported ones of other packages are seen where they are used.
    for (id, func) in bodies.funcs() {
        uses(bodies, id, func, &channels);
    }
}

fn is_channel(bodies: &Bodies<'_, '_>, object: ObjectId) -> bool {
    let declared = bodies.program.object(object);
    let kind = bodies.program.kind(bodies.program.underlying(declared.ty));
    matches!(declared.kind, ObjectKind::Var(VarKind::Package)) && matches!(kind, TypeKind::Chan(..))
}

fn uses(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, own: &[ObjectId]) {
    let mut loaded: FxHashMap<LocalId, ObjectId> = FxHashMap::default();
    let mut found: Vec<(ObjectId, ChannelUse, Option<Span>)> = Vec::new();
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        match &instr.kind {
            InstrKind::Assign(to, Rvalue::Load(place)) => {
                if let Some(object) = channel(bodies, place) {
                    loaded.insert(*to, object);
                }
            }
            InstrKind::Assign(_, Rvalue::AddressOf(place)) => {
                found.extend(channel(bodies, place).map(|o| (o, ChannelUse::Other, None)));
            }
            InstrKind::Store(place, _) => {
                let first = func.synthetic && func.parent.is_none();
                if let (Some(object), false) = (channel(bodies, place), first) {
                    found.push((object, ChannelUse::Other, None));
                }
            }
            _ => {}
        }
    }
    if loaded.is_empty() && found.is_empty() {
        return;
    }
    let of = |x: &Operand| match x {
        Operand::Local(local) => loaded.get(local).copied(),
        _ => None,
    };
    for data in func.blocks.iter() {
        for instr in &data.instrs {
            match &instr.kind {
                InstrKind::Send { chan, value } => {
                    found.extend(of(chan).map(|o| (o, ChannelUse::Send, Some(instr.span))));
                    found.extend(of(value).map(|o| (o, ChannelUse::Other, None)));
                }
                InstrKind::Recv { chan, .. } => {
                    found.extend(of(chan).map(|o| (o, ChannelUse::Recv, Some(instr.span))));
                }
                InstrKind::Assign(_, Rvalue::Len(_) | Rvalue::Cap(_) | Rvalue::Load(_)) => {}
                InstrKind::Assign(_, Rvalue::Binary(..)) => {}
                InstrKind::Call(call) | InstrKind::Defer(call)
                    if matches!(call.callee, Callee::Builtin(Builtin::Close)) =>
                {
                    // It lets receivers go.
                    let chan = call.args.first().and_then(&of);
                    found.extend(chan.map(|o| (o, ChannelUse::Send, None)));
                }
                kind => kind.for_each_operand(|x| {
                    found.extend(of(x).map(|o| (o, ChannelUse::Other, None)));
                }),
            }
        }
        if let Terminator::Select { arms, default } = &data.term {
            for arm in arms {
                let (chan, kind) = match &arm.op {
                    SelectOp::Send { chan, .. } => (chan, ChannelUse::Send),
                    SelectOp::Recv { chan, .. } => (chan, ChannelUse::Recv),
                };
                // Where another arm may go on, it is a partner, but it does not hang.
                let alone = arms.len() == 1 && default.is_none();
                found.extend(of(chan).map(|o| (o, kind, alone.then_some(arm.span))));
            }
        }
    }
    for (object, kind, span) in found {
        let Some(decl) = bodies.names.decl(object) else { continue };
        bodies.kept.channels.push((decl, kind));
        let (Some(span), true) = (span, own.contains(&object)) else { continue };
        let retention = Retention {
            package: bodies.module.package,
            function: func.symbol.clone(),
            span,
            what: Retained::LonelyChannel { object, sends: kind == ChannelUse::Send },
            ty: bodies.program.object(object).ty,
            doubts: Vec::new(),
        };
        let gate = Gate::Lonely(decl);
        bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
    }
}

/// The package-level channel that a place is.
fn channel(bodies: &Bodies<'_, '_>, place: &Place) -> Option<ObjectId> {
    match place.base {
        PlaceBase::Global(object) if place.proj.is_empty() => {
            is_channel(bodies, object).then_some(object)
        }
        _ => None,
    }
}
