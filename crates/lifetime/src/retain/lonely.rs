//! Channels in package-level variables, or in fields of what lies there, and what is done with them.

use crate::kept::ChannelUse;
use crate::report::{Retained, Retention};
use crate::retain::{Bodies, Candidate, Gate};
use stanch_base::FxHashMap;
use stanch_ir::{
    Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp,
    Span, Terminator,
};
use stanch_types::{Builtin, ObjectId, ObjectKind, Program, TypeId, TypeKind, VarKind};

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
    matches!(declared.kind, ObjectKind::Var(VarKind::Package))
        && is_chan(bodies.program, declared.ty)
}

fn is_chan(program: &Program<'_>, ty: TypeId) -> bool {
    matches!(program.kind(program.underlying(ty)), TypeKind::Chan(..))
}

/// Whether a value is a channel that is made here for this one place.
fn is_made_for_it(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, value: &Operand) -> bool {
    let Operand::Local(local) = value else { return false };
    if !matches!(bodies.definitions[id][*local].as_slice(), [Rvalue::MakeChan { .. }]) {
        return false;
    }
    let mut n_uses = 0;
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        instr.kind.for_each_operand(|x| n_uses += usize::from(x == value));
    }
    n_uses == 1
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
            InstrKind::Store(place, value) => {
                let first = func.synthetic && func.parent.is_none();
                let Some(object) = channel(bodies, place) else { continue };
                if !is_channel(bodies, object) && is_made_for_it(bodies, id, func, value) {
                    found.push((object, ChannelUse::Made, None));
                } else if !is_channel(bodies, object) || !first {
                    found.push((object, ChannelUse::Other, None));
                }
            }
            InstrKind::Assign(_, Rvalue::Composite { ty, elems }) => {
                let fields = match bodies.program.core_type(*ty).map(|t| bodies.program.kind(t)) {
                    Some(TypeKind::Struct(fields)) => fields,
                    _ => continue,
                };
                for (index, value) in elems {
                    let field = fields.get(*index as usize);
                    let Some(field) = field.filter(|f| is_chan(bodies.program, f.ty)) else {
                        continue;
                    };
                    let made = match is_made_for_it(bodies, id, func, value) {
                        true => ChannelUse::Made,
                        false => ChannelUse::Other,
                    };
                    found.push((field.object, made, None));
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
        let field = !is_channel(bodies, object) && object.package == bodies.module.package;
        let (Some(span), true) = (span, field || own.contains(&object)) else { continue };
        let retention = Retention {
            package: bodies.module.package,
            function: func.symbol.clone(),
            span,
            what: Retained::LonelyChannel { object, sends: kind == ChannelUse::Send },
            ty: bodies.program.object(object).ty,
            doubts: Vec::new(),
        };
        let gate = Gate::Lonely(decl, field);
        bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
    }
}

/// The package-level channel, or the field with one, that a place is.
fn channel(bodies: &Bodies<'_, '_>, place: &Place) -> Option<ObjectId> {
    match (place.base, place.proj.last()) {
        (PlaceBase::Global(object), None) => is_channel(bodies, object).then_some(object),
        (_, Some(Proj::Field(_, field))) => {
            is_chan(bodies.program, bodies.program.object(*field).ty).then_some(*field)
        }
        _ => None,
    }
}
