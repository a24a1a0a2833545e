//! What elements of a container are seen to keep: as a slot is written again some day, only what is large for
//! sure is worth a word.

use crate::retain::Bodies;
use stanch_effects::Trait;
use stanch_types::TypeId;

/// An element that refers to at least so many bytes is large.
const LARGE: u64 = 1024;

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
