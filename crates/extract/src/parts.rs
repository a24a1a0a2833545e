//! Which fields of a struct type are objects that goroutines wait for, at any depth.

use crate::classify::object_kind;
use crate::translate::Context;
use stanch_model::AllocKind;
use stanch_types::{Program, TypeId, TypeKind};

/// Structs in structs are looked into this deep.
pub(crate) const DEPTH: u32 = 4;

/// Fields of a struct that are locks, wait groups and the like, or structs with such fields.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Parts(pub(crate) Vec<(u32, Parts)>);

impl Parts {
    /// Those of a type; none of what is no struct.
    pub(crate) fn of(cx: &mut Context<'_>, ty: TypeId) -> Self {
        let program = cx.program;
        Self::within(program, ty, DEPTH, &mut |name, index| cx.field(name, index))
    }

    /// Those of a type, with the numbers that `number` gives fields by name and place.
    pub(crate) fn within(
        program: &Program<'_>,
        ty: TypeId,
        depth: u32,
        number: &mut dyn FnMut(&str, u32) -> u32,
    ) -> Self {
        let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) else {
            return Self::default();
        };
        let mut parts = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            let inner = match object_kind(program, field.ty) {
                None => continue,
                Some(AllocKind::Struct) if depth == 0 => continue,
                Some(AllocKind::Struct) => Self::within(program, field.ty, depth - 1, number),
                Some(_) => {
                    parts.push((number(&field.name, index as u32), Self::default()));
                    continue;
                }
            };
            if !inner.0.is_empty() {
                parts.push((number(&field.name, index as u32), inner));
            }
        }
        Self(parts)
    }
}
