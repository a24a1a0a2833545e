//! Containers in fields and package-level variables: what is an element of which.

use crate::package::Package;
use stanch_ir::{
    Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, SelectOp, Span,
    Terminator,
};
use stanch_types::{ObjectId, TypeId};

/// Assignments that are followed back.
pub(crate) const MAX_DEPTH: u32 = 6;

/// The field or variable whose container an operand is.
pub(crate) fn container_of(func: &Func, operand: &Operand) -> Option<ObjectId> {
    let Operand::Local(local) = operand else { return None };
    match definition(func, *local)? {
        Rvalue::Load(place) => place_object(place),
        _ => None,
    }
}

/// The field or variable that a place is.
pub(crate) fn place_object(place: &Place) -> Option<ObjectId> {
    match (place.proj.last(), place.base) {
        (Some(Proj::Field(_, field)), _) => Some(*field),
        (None, PlaceBase::Global(object)) => Some(object),
        _ => None,
    }
}

/// The field or variable of whose container a value is an element, a key, or a part of one.
pub(crate) fn element_of(func: &Func, local: LocalId, depth: u32) -> Option<ObjectId> {
    let depth = depth.checked_sub(1)?;
    for block in func.blocks.iter() {
        if let Terminator::RangeNext { over, key, value, .. } = &block.term
            && (*key == Some(local) || *value == Some(local))
        {
            return container_of(func, over);
        }
    }
    let through = |operand: &Operand| match operand {
        Operand::Local(local) => element_of(func, *local, depth),
        _ => None,
    };
    match definition(func, local)? {
        Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::TypeAssert { x, .. } => through(x),
        Rvalue::MapLookup { map, .. } => container_of(func, map),
        Rvalue::Load(place) => {
            let index = place.proj.iter().position(|p| matches!(p, Proj::Index(_)));
            match (index, place.base) {
                (Some(index), base) => {
                    let before = Place { base, proj: place.proj[..index].to_vec() };
                    match (place_object(&before), base) {
                        (Some(container), _) => Some(container),
                        (None, PlaceBase::Local(base)) if before.proj.is_empty() => {
                            container_of(func, &Operand::Local(base))
                        }
                        _ => None,
                    }
                }
                (None, PlaceBase::Local(base)) => element_of(func, base, depth),
                (None, PlaceBase::Global(_)) => None,
            }
        }
        _ => None,
    }
}

/// Whether a value is made of slices of a container's content: `append(s[:i], s[i+1:]...)`.
pub(crate) fn is_cut_from(func: &Func, value: &Operand, container: ObjectId) -> bool {
    let defined = |operand: &Operand| match operand {
        Operand::Local(local) => definition(func, *local),
        _ => None,
    };
    let cut = |operand: &Operand| match defined(operand) {
        Some(Rvalue::Slice { x, .. }) => container_of(func, x) == Some(container),
        _ => false,
    };
    match defined(value) {
        Some(Rvalue::Append { slice, elems, spread: true }) => cut(slice) && elems.iter().all(cut),
        _ => false,
    }
}

/// The one assignment of a local.
fn definition(func: &Func, local: LocalId) -> Option<&Rvalue> {
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    let mut found = instrs.filter_map(|i| match &i.kind {
        InstrKind::Assign(l, value) if *l == local => Some(value),
        _ => None,
    });
    let first = found.next();
    first.filter(|_| found.next().is_none())
}

/// What a function receives: the channels' elements, each with a place.
pub(crate) fn received(package: &Package<'_>, id: FuncId) -> Vec<(TypeId, Span)> {
    let func = &package.module.funcs[id];
    let element = |chan: &Operand| match chan {
        Operand::Local(local) => package.program.chan_of(func.locals[*local].ty).map(|c| c.1),
        _ => None,
    };
    let mut found: Vec<(TypeId, Span)> = Vec::new();
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            if let InstrKind::Recv { chan, .. } = &instr.kind {
                found.extend(element(chan).map(|ty| (ty, instr.span)));
            }
        }
        // With another way out it is no receiver that waits for what comes.
        if let Terminator::Select { arms, default: None } = &block.term {
            for arm in arms {
                if let SelectOp::Recv { chan, .. } = &arm.op {
                    found.extend(element(chan).map(|ty| (ty, arm.span)));
                }
            }
        }
    }
    found
}
