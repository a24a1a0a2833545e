//! Which locals instructions read and write.

use stanch_ir::{
    Call, Callee, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp,
    Terminator,
};

/// All instructions of a function, without their places.
pub(crate) fn kinds(func: &Func) -> impl Iterator<Item = &InstrKind> {
    func.blocks.iter().flat_map(|block| &block.instrs).map(|instr| &instr.kind)
}

/// Calls `f` for each operand that `kind` reads.
pub(crate) fn operands<'a>(kind: &'a InstrKind, f: &mut dyn FnMut(&'a Operand)) {
    match kind {
        InstrKind::DeclareVar(_) | InstrKind::RunDefers => {}
        InstrKind::Assign(_, rvalue) => rvalue_operands(rvalue, f),
        InstrKind::Store(place, value) => {
            place_operands(place, f);
            f(value);
        }
        InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
            call_operands(call, f);
        }
        InstrKind::Send { chan, value } => {
            f(chan);
            f(value);
        }
        InstrKind::Recv { chan, .. } => f(chan),
        InstrKind::MapDelete { map, key } => {
            f(map);
            f(key);
        }
    }
}

/// Calls `f` for each place that `kind` reads or writes.
pub(crate) fn places<'a>(kind: &'a InstrKind, f: &mut dyn FnMut(&'a Place)) {
    match kind {
        InstrKind::Assign(_, Rvalue::Load(place) | Rvalue::AddressOf(place)) => f(place),
        InstrKind::Store(place, _) => f(place),
        _ => {}
    }
}

/// Calls `f` for each local that `kind` assigns.
pub(crate) fn defs(kind: &InstrKind, f: &mut dyn FnMut(LocalId)) {
    match kind {
        InstrKind::DeclareVar(local) => f(*local),
        InstrKind::Assign(local, rvalue) => {
            f(*local);
            match rvalue {
                Rvalue::TypeAssert { ok: Some(ok), .. }
                | Rvalue::MapLookup { ok: Some(ok), .. } => {
                    f(*ok);
                }
                _ => {}
            }
        }
        InstrKind::Call(call) => call.dst.iter().for_each(|&dst| f(dst)),
        InstrKind::Recv { dst, ok, .. } => dst.iter().chain(ok).for_each(|&l| f(l)),
        InstrKind::Store(..)
        | InstrKind::Go(_)
        | InstrKind::Defer(_)
        | InstrKind::RunDefers
        | InstrKind::Send { .. }
        | InstrKind::MapDelete { .. } => {}
    }
}

/// Calls `f` for each operand that a terminator reads.
pub(crate) fn terminator_operands<'a>(term: &'a Terminator, f: &mut dyn FnMut(&'a Operand)) {
    match term {
        Terminator::Branch { cond, .. } => f(cond),
        Terminator::Select { arms, .. } => {
            for arm in arms {
                match &arm.op {
                    SelectOp::Send { chan, value } => {
                        f(chan);
                        f(value);
                    }
                    SelectOp::Recv { chan, .. } => f(chan),
                }
            }
        }
        Terminator::RangeNext { over, .. } => f(over),
        Terminator::TypeSwitch { x, .. } | Terminator::Panic(x) => f(x),
        Terminator::Goto(_) | Terminator::Return | Terminator::Unreachable => {}
    }
}

/// Calls `f` for each local that a terminator assigns.
pub(crate) fn terminator_defs(term: &Terminator, f: &mut dyn FnMut(LocalId)) {
    match term {
        Terminator::Select { arms, .. } => {
            for arm in arms {
                if let SelectOp::Recv { dst, ok, .. } = &arm.op {
                    dst.iter().chain(ok).for_each(|&l| f(l));
                }
            }
        }
        Terminator::RangeNext { key, value, .. } => key.iter().chain(value).for_each(|&l| f(l)),
        _ => {}
    }
}

/// Calls `f` for each local that `kind` reads, closures' captures aside.
pub(crate) fn uses(kind: &InstrKind, f: &mut dyn FnMut(LocalId)) {
    operands(kind, &mut |operand| {
        if let Operand::Local(local) = operand {
            f(*local);
        }
    });
    places(kind, &mut |place| {
        if let PlaceBase::Local(local) = place.base {
            f(local);
        }
    });
    match kind {
        InstrKind::Call(c) | InstrKind::Go(c) | InstrKind::Defer(c) => {
            if let Callee::Closure(_, env) = c.callee {
                f(env);
            }
        }
        _ => {}
    }
}

fn rvalue_operands<'a>(rvalue: &'a Rvalue, f: &mut dyn FnMut(&'a Operand)) {
    match rvalue {
        Rvalue::Use(x)
        | Rvalue::Unary(_, x)
        | Rvalue::Convert(x, _)
        | Rvalue::MakeInterface(x, _)
        | Rvalue::Len(x)
        | Rvalue::Cap(x)
        | Rvalue::TypeAssert { x, .. } => f(x),
        Rvalue::MethodValue { recv, .. } => f(recv),
        Rvalue::Load(place) | Rvalue::AddressOf(place) => place_operands(place, f),
        Rvalue::New(_) | Rvalue::MakeMap(_) | Rvalue::MakeClosure(_) | Rvalue::Recover => {}
        Rvalue::MakeChan { cap, .. } => cap.iter().for_each(f),
        Rvalue::MakeSlice { elems, len, .. } => elems.iter().chain(len).for_each(f),
        Rvalue::Composite { elems, .. } => elems.iter().for_each(|(_, x)| f(x)),
        Rvalue::Binary(_, x, y) => {
            f(x);
            f(y);
        }
        Rvalue::MapLookup { map, key, .. } => {
            f(map);
            f(key);
        }
        Rvalue::Slice { x, lo, hi } => {
            f(x);
            lo.iter().chain(hi).for_each(f);
        }
        Rvalue::Append { slice, elems, .. } => {
            f(slice);
            elems.iter().for_each(f);
        }
        Rvalue::Other(operands, _) => operands.iter().for_each(f),
    }
}

fn place_operands<'a>(place: &'a Place, f: &mut dyn FnMut(&'a Operand)) {
    for proj in &place.proj {
        if let Proj::Index(index) = proj {
            f(index);
        }
    }
}

fn call_operands<'a>(call: &'a Call, f: &mut dyn FnMut(&'a Operand)) {
    match &call.callee {
        Callee::Value(x) | Callee::Interface { recv: x, .. } => f(x),
        Callee::Static(..) | Callee::Closure(..) | Callee::Builtin(_) => {}
    }
    call.args.iter().for_each(f);
}
