//! What elements of a container are seen to keep: as a slot is written again some day, only what is large for
//! sure is worth a word.

use crate::retain::Bodies;
use stanch_effects::Trait;
use stanch_types::{TypeId, TypeKind};

/// An element that refers to at least so many bytes is large.
const LARGE: u64 = 1024;
/// Structs within structs that are looked at.
const MAX_NESTING: u32 = 3;

/// Whether an element is large by its type: many bytes, a buffer, a request.
pub(crate) fn is_large(bodies: &Bodies<'_, '_>, elem: TypeId) -> bool {
    let program = bodies.program;
    let target = program.pointee(elem).unwrap_or(elem);
    if program.size_of(target).is_some_and(|size| size >= LARGE) {
        return true;
    }
    program.named_object(target).is_some_and(|named| {
        bodies.reader.is(named, Trait::Large) || bodies.reader.is(named, Trait::Buffer)
    })
}

/// Whether it is, or refers to bytes, of which there may be any number.
pub(crate) fn is_heavy(bodies: &Bodies<'_, '_>, elem: TypeId) -> bool {
    heavy(bodies, elem, MAX_NESTING)
}

fn heavy(bodies: &Bodies<'_, '_>, elem: TypeId, depth: u32) -> bool {
    if is_large(bodies, elem) {
        return true;
    }
    let program = bodies.program;
    let target = program.pointee(elem).unwrap_or(elem);
    if program.named_object(target).is_some_and(|named| bodies.reader.is_std(named.package)) {
        return false;
    }
    match program.kind(program.underlying(target)) {
        TypeKind::Slice(of) => program.size_of(*of) == Some(1),
        TypeKind::Struct(fields) if depth > 0 => {
            fields.iter().any(|field| heavy(bodies, field.ty, depth - 1))
        }
        _ => false,
    }
}
