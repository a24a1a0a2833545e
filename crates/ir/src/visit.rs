//! Operands, uses and definitions of instructions and terminators.

use crate::data::*;

impl InstrKind {
    /// Calls `f` with each operand, indices of places included.
    pub fn for_each_operand(&self, mut f: impl FnMut(&Operand)) {
        self.operands(&mut f);
    }

    fn operands(&self, f: &mut dyn FnMut(&Operand)) {
        match self {
            Self::DeclareVar(_) | Self::RunDefers => {}
            Self::Assign(_, value) => value.operands(f),
            Self::Store(place, value) => {
                place.operands(f);
                f(value);
            }
            Self::Call(call) | Self::Go(call) | Self::Defer(call) => call.operands(f),
            Self::Send { chan, value } => {
                f(chan);
                f(value);
            }
            Self::Recv { chan, .. } => f(chan),
            Self::MapDelete { map, key } => {
                f(map);
                f(key);
            }
        }
    }

    /// Calls `f` with each local that is read: as an operand, as the base of a place, or as the
    /// environment of a literal that is called directly. What a literal captures is not among them
    /// (see [`Func::captures`]).
    pub fn for_each_use(&self, mut f: impl FnMut(LocalId)) {
        self.operands(&mut |operand| use_of(operand, &mut f));
        match self {
            Self::Assign(_, Rvalue::Load(place) | Rvalue::AddressOf(place))
            | Self::Store(place, _) => {
                if let PlaceBase::Local(local) = place.base {
                    f(local);
                }
            }
            Self::Call(call) | Self::Go(call) | Self::Defer(call) => {
                if let Callee::Closure(_, local) = call.callee {
                    f(local);
                }
            }
            _ => {}
        }
    }

    /// Calls `f` with each local that is given a value. A store to a part of a local is a use of it,
    /// not a definition.
    pub fn for_each_def(&self, mut f: impl FnMut(LocalId)) {
        match self {
            Self::DeclareVar(local) => f(*local),
            Self::Assign(local, value) => {
                f(*local);
                match value {
                    Rvalue::TypeAssert { ok: Some(ok), .. }
                    | Rvalue::MapLookup { ok: Some(ok), .. } => f(*ok),
                    _ => {}
                }
            }
            Self::Call(call) | Self::Go(call) | Self::Defer(call) => {
                call.dst.iter().copied().for_each(f);
            }
            Self::Recv { dst, ok, .. } => dst.iter().chain(ok).copied().for_each(f),
            Self::Store(..) | Self::RunDefers | Self::Send { .. } | Self::MapDelete { .. } => {}
        }
    }
}

fn use_of(operand: &Operand, f: &mut dyn FnMut(LocalId)) {
    if let Operand::Local(local) = operand {
        f(*local);
    }
}

impl Place {
    fn operands(&self, f: &mut dyn FnMut(&Operand)) {
        for proj in &self.proj {
            if let Proj::Index(index) = proj {
                f(index);
            }
        }
    }
}

impl Call {
    fn operands(&self, f: &mut dyn FnMut(&Operand)) {
        match &self.callee {
            Callee::Value(value) => f(value),
            Callee::Interface { recv, .. } => f(recv),
            Callee::Static(..) | Callee::Closure(..) | Callee::Builtin(_) => {}
        }
        self.args.iter().for_each(f);
    }
}

impl Rvalue {
    /// Calls `f` with each operand, indices of places included.
    pub fn for_each_operand(&self, mut f: impl FnMut(&Operand)) {
        self.operands(&mut f);
    }

    fn operands(&self, f: &mut dyn FnMut(&Operand)) {
        match self {
            Self::New(_) | Self::MakeMap(_) | Self::MakeClosure(_) | Self::Recover => {}
            Self::Load(place) | Self::AddressOf(place) => place.operands(f),
            Self::MakeChan { cap, .. } => cap.iter().for_each(f),
            Self::MakeSlice { elems, len, .. } => elems.iter().chain(len).for_each(f),
            Self::Composite { elems, .. } => elems.iter().for_each(|(_, value)| f(value)),
            Self::Use(x)
            | Self::MethodValue { recv: x, .. }
            | Self::Unary(_, x)
            | Self::Convert(x, _)
            | Self::MakeInterface(x, _)
            | Self::TypeAssert { x, .. }
            | Self::Len(x)
            | Self::Cap(x) => f(x),
            Self::Binary(_, x, y) | Self::MapLookup { map: x, key: y, .. } => {
                f(x);
                f(y);
            }
            Self::Slice { x, lo, hi } => {
                f(x);
                lo.iter().chain(hi).for_each(f);
            }
            Self::Append { slice, elems, .. } => {
                f(slice);
                elems.iter().for_each(f);
            }
            Self::Other(operands, _) => operands.iter().for_each(f),
        }
    }
}

impl Terminator {
    /// Calls `f` with each operand.
    pub fn for_each_operand(&self, mut f: impl FnMut(&Operand)) {
        match self {
            Self::Goto(_) | Self::Return | Self::Unreachable => {}
            Self::Branch { cond, .. } => f(cond),
            Self::Select { arms, .. } => {
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
            Self::RangeNext { over, .. } => f(over),
            Self::TypeSwitch { x, .. } | Self::Panic(x) => f(x),
        }
    }

    /// Calls `f` with each local that is read.
    pub fn for_each_use(&self, mut f: impl FnMut(LocalId)) {
        self.for_each_operand(|operand| use_of(operand, &mut f));
    }

    /// Calls `f` with each local that is given a value: by an arm of a select in its target, by a
    /// range loop in its body.
    pub fn for_each_def(&self, mut f: impl FnMut(LocalId)) {
        match self {
            Self::Select { arms, .. } => {
                for arm in arms {
                    if let SelectOp::Recv { dst, ok, .. } = arm.op {
                        dst.into_iter().chain(ok).for_each(&mut f);
                    }
                }
            }
            Self::RangeNext { key, value, .. } => key.iter().chain(value).copied().for_each(f),
            Self::Goto(_)
            | Self::Branch { .. }
            | Self::TypeSwitch { .. }
            | Self::Return
            | Self::Panic(_)
            | Self::Unreachable => {}
        }
    }
}
