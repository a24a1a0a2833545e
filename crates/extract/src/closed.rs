//! Interfaces that only the package's own types implement: they have a method without an exported name.

use crate::translate::Context;
use stanch_types::{ObjectId, ObjectKind, TypeId, TypeKind};

/// Embedded types of embedded types that are looked through.
const DEPTH: u32 = 4;

impl Context<'_> {
    /// Whether each type that implements an interface is among the cases of a switch, itself or as a pointer.
    pub(crate) fn covers(&self, interface: TypeId, cases: &[TypeId]) -> bool {
        let Some(method) = self.hidden_method(interface, DEPTH) else { return false };
        let is_case = |ty: ObjectId| {
            cases.iter().any(|case| match self.program.is_interface(*case) {
                true => self.program.implements(self.program.object(ty).ty, *case),
                false => {
                    let base = self.program.pointee(*case).unwrap_or(*case);
                    self.program.named_object(base) == Some(ty)
                }
            })
        };
        let all = self.program.package_objects(self.package);
        let implements = |ty: &ObjectId| {
            let object = self.program.object(*ty);
            matches!(object.kind, ObjectKind::TypeName { alias: false })
                && !self.program.is_interface(object.ty)
                && self.has_method(*ty, method, DEPTH)
        };
        let mut types = all.into_iter().filter(implements).peekable();
        types.peek().is_some() && types.all(is_case)
    }

    /// A method of an interface that other packages cannot declare.
    fn hidden_method(&self, interface: TypeId, depth: u32) -> Option<&str> {
        let depth = depth.checked_sub(1)?;
        let program = self.program;
        let TypeKind::Interface(written) = program.kind(program.underlying(interface)) else {
            return None;
        };
        let hidden = written
            .methods
            .iter()
            .find(|m| !crate::channels::is_exported(&m.name) && m.object.package == self.package);
        hidden
            .map(|m| &*m.name)
            .or_else(|| written.embedded.iter().find_map(|e| self.hidden_method(*e, depth)))
    }

    /// Whether a type, or one that is embedded in it, has a method of a name.
    fn has_method(&self, ty: ObjectId, name: &str, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return true };
        let program = self.program;
        if program.methods_of(ty).iter().any(|m| program.object_name(*m) == name) {
            return true;
        }
        let TypeKind::Struct(fields) = program.kind(program.underlying(program.object(ty).ty))
        else {
            return false;
        };
        fields.iter().filter(|f| f.embedded).any(|f| {
            let base = program.pointee(f.ty).unwrap_or(f.ty);
            match program.is_interface(base) {
                true => self.hidden_method(base, DEPTH) == Some(name),
                false => {
                    program.named_object(base).is_some_and(|o| self.has_method(o, name, depth))
                }
            }
        })
    }
}
