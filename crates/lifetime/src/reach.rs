//! Which fields lie in package-level variables, and to which type each field belongs.

use crate::facts::Names;
use crate::summary::Summary;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{InstrKind, LocalId, Module, Operand, PlaceBase, Rvalue};
use stanch_types::{ObjectId, ObjectKind, PackageId, Program, TypeId, TypeKind, VarKind};

/// Fields looked at for one package.
const MAX_FIELDS: usize = 20_000;
/// Fields within fields within a variable.
const MAX_DEPTH: u32 = 6;

/// Tells the owner of each field of the package's struct types.
pub(crate) fn owners(
    program: &Program<'_>,
    package: PackageId,
    names: &mut Names<'_>,
    summary: &mut Summary,
) {
    for object in program.package_objects(package) {
        let declared = program.object(object);
        if !matches!(declared.kind, ObjectKind::TypeName { alias: false }) {
            continue;
        }
        let Some(owner) = names.decl(object) else { continue };
        let mut fields = Vec::new();
        own_fields(program, declared.ty, &mut fields);
        for field in fields {
            if let Some(field) = names.decl(field) {
                summary.owners.entry(field).or_insert(owner);
            }
        }
    }
}

/// The fields of a struct type and of the unnamed structs in it.
fn own_fields(program: &Program<'_>, ty: TypeId, found: &mut Vec<ObjectId>) {
    let mut stack = vec![program.underlying(ty)];
    while let Some(ty) = stack.pop() {
        if let TypeKind::Struct(fields) = program.kind(ty) {
            for field in fields {
                found.push(field.object);
                match program.kind(field.ty) {
                    TypeKind::Struct(_) => stack.push(field.ty),
                    TypeKind::Array(_, elem) | TypeKind::Slice(elem) => stack.push(*elem),
                    _ => {}
                }
            }
        }
        if found.len() > MAX_FIELDS {
            return;
        }
    }
}

/// Tells the fields that lie in the package's variables, through pointers but not in elements of maps
/// and slices.
pub(crate) fn globals(
    program: &Program<'_>,
    package: PackageId,
    names: &mut Names<'_>,
    summary: &mut Summary,
) {
    for object in program.package_objects(package) {
        let declared = program.object(object);
        if !matches!(declared.kind, ObjectKind::Var(VarKind::Package)) {
            continue;
        }
        let Some(global) = names.decl(object) else { continue };
        let mut found = Vec::new();
        let elements = reached(program, declared.ty, &mut found);
        for field in found {
            if let Some(field) = names.decl(field) {
                summary.reached.push((field, global));
            }
        }
        summary.elements.extend(elements.into_iter().filter_map(|object| names.decl(object)));
        if summary.reached.len() > MAX_FIELDS {
            return;
        }
    }
}

/// Tells the fields that lie in objects of which a variable of an interface type holds one.
pub(crate) fn stored(
    program: &Program<'_>,
    module: &Module,
    names: &mut Names<'_>,
    summary: &mut Summary,
) {
    for func in module.funcs.iter() {
        let mut made: FxHashMap<LocalId, TypeId> = FxHashMap::default();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(to, Rvalue::MakeInterface(Operand::Local(x), _)) => {
                    made.insert(*to, func.locals[*x].ty);
                }
                InstrKind::Store(place, Operand::Local(value)) => {
                    let (PlaceBase::Global(global), [], Some(&ty)) =
                        (place.base, place.proj.as_slice(), made.get(value))
                    else {
                        continue;
                    };
                    // `var _ I = (*T)(nil)` holds nothing.
                    if program.object_name(global) == "_" {
                        continue;
                    }
                    let Some(global) = names.decl(global) else { continue };
                    let mut found = Vec::new();
                    reached(program, ty, &mut found);
                    for field in found {
                        if let Some(field) = names.decl(field) {
                            summary.reached.push((field, global));
                        }
                    }
                }
                _ => {}
            }
            if summary.reached.len() > MAX_FIELDS {
                return;
            }
        }
    }
}

/// The fields that lie in a value of a type; gives the types of elements of maps and slices in it.
fn reached(program: &Program<'_>, ty: TypeId, found: &mut Vec<ObjectId>) -> Vec<ObjectId> {
    let mut elements: Vec<ObjectId> = Vec::new();
    let mut seen: FxHashSet<TypeId> = FxHashSet::default();
    let mut stack = vec![(ty, 0)];
    while let Some((ty, depth)) = stack.pop() {
        if depth > MAX_DEPTH || !seen.insert(ty) {
            continue;
        }
        match program.kind(program.underlying(ty)) {
            TypeKind::Pointer(to) | TypeKind::Array(_, to) => stack.push((*to, depth)),
            TypeKind::Struct(fields) => {
                for field in fields {
                    found.push(field.object);
                    stack.push((field.ty, depth + 1));
                }
            }
            TypeKind::Map(_, elem) | TypeKind::Slice(elem) => {
                let to = program.pointee(*elem).unwrap_or(*elem);
                elements.extend(program.named_object(to));
            }
            _ => {}
        }
    }
    elements
}
