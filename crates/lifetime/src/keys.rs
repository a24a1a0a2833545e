//! Whether there can be many different keys.

use crate::origin::Reader;
use stanch_base::{FxHashMap, IndexVec};
use stanch_effects::Trait;
use stanch_ir::{Func, LocalId, LocalKind, Operand, Rvalue};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Basic, ObjectId, ObjectKind, Program, TypeId, TypeKind};

/// Copies, conversions and arithmetic looked through.
const MAX_STEPS: u32 = 8;
/// Nesting of key types looked through.
const MAX_NESTING: u32 = 4;

/// Remembers which named types have declared constants.
#[derive(Default)]
pub(crate) struct Kinds {
    enums: FxHashMap<ObjectId, bool>,
}

impl Kinds {
    /// Whether there are only a few values of the type, or as many as the program has types.
    pub(crate) fn few_values(&mut self, reader: &Reader<'_>, ty: TypeId) -> bool {
        self.few(reader, ty, MAX_NESTING)
    }

    /// Whether values of the type are types of the program, or lists of them.
    pub(crate) fn are_types(&self, reader: &Reader<'_>, ty: TypeId) -> bool {
        let program = reader.program;
        let mut ty = ty;
        for _ in 0..MAX_NESTING {
            if program.named_object(ty).is_some_and(|named| self.names_types(reader, named)) {
                return true;
            }
            match program.core_type(ty).map(|t| program.kind(t)) {
                Some(TypeKind::Slice(elem) | TypeKind::Pointer(elem)) => ty = *elem,
                _ => return false,
            }
        }
        false
    }

    fn few(&mut self, reader: &Reader<'_>, ty: TypeId, depth: u32) -> bool {
        let program = reader.program;
        if depth == 0 || program.is_type_param(ty) {
            return false;
        }
        if let Some(named) = program.named_object(ty)
            && (self.names_types(reader, named) || self.is_enum(program, named, ty))
        {
            return true;
        }
        match program.kind(program.underlying(ty)) {
            TypeKind::Basic(basic) => {
                matches!(basic, Basic::Bool | Basic::Int8 | Basic::Uint8)
            }
            // With a type in it, a key stands for a part of the program.
            TypeKind::Struct(fields) => {
                let is_type = |ty| {
                    program.named_object(ty).is_some_and(|named| self.names_types(reader, named))
                };
                fields.iter().any(|field| is_type(field.ty))
                    || fields.iter().all(|field| self.few(reader, field.ty, depth - 1))
            }
            TypeKind::Array(Some(n), elem) => *n <= 2 && self.few(reader, *elem, depth - 1),
            _ => false,
        }
    }

    /// As many as the program has types: `reflect.Type` and pointers to the compiler's.
    fn names_types(&self, reader: &Reader<'_>, named: ObjectId) -> bool {
        reader.is(named, Trait::Type)
    }

    fn is_enum(&mut self, program: &Program<'_>, named: ObjectId, ty: TypeId) -> bool {
        if let Some(&known) = self.enums.get(&named) {
            return known;
        }
        let basic = matches!(program.kind(program.underlying(ty)), TypeKind::Basic(_));
        let is = basic
            && named.package != ObjectId::UNIVERSE
            && program
                .package_objects(named.package)
                .into_iter()
                .filter(|&object| {
                    let object = program.object(object);
                    matches!(object.kind, ObjectKind::Const(_))
                        && program.named_object(object.ty) == Some(named)
                })
                .count()
                > 1;
        self.enums.insert(named, is);
        is
    }
}

/// Whether a value is a constant, or cut down to a few values by arithmetic.
pub(crate) fn is_bounded(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    operand: &Operand,
) -> bool {
    bounded(func, definitions, operand, MAX_STEPS)
}

fn bounded(
    func: &Func,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    operand: &Operand,
    steps: u32,
) -> bool {
    let local = match operand {
        Operand::Local(local) => *local,
        Operand::Const(..) | Operand::Nil(_) | Operand::Zero(_) | Operand::Func(_) => return true,
        Operand::Unknown(_) => return false,
    };
    let values = &definitions[local];
    if steps == 0 || values.is_empty() || func.locals[local].kind == LocalKind::Param {
        return false;
    }
    values.iter().all(|value| match value {
        Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::MakeInterface(x, _) => {
            bounded(func, definitions, x, steps - 1)
        }
        Rvalue::Binary(BinaryOp::Rem | BinaryOp::And | BinaryOp::Shr, ..) => true,
        Rvalue::Binary(_, a, b) => {
            bounded(func, definitions, a, steps - 1) && bounded(func, definitions, b, steps - 1)
        }
        Rvalue::Composite { elems, .. } => {
            elems.iter().all(|(_, x)| bounded(func, definitions, x, steps - 1))
        }
        _ => false,
    })
}
