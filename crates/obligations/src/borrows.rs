//! What functions out of view do with what they are given, as far as their names and types say.

use crate::package::Package;
use stanch_types::{Basic, ObjectId, ObjectKind, TypeId, TypeKind};

/// Whether the name of a method says that it gives its receiver something to keep.
fn keeps_by_name(name: &str) -> bool {
    ["Reset", "Set", "Attach", "Init", "Use", "Add", "Register", "Bind", "Push"]
        .iter()
        .any(|word| name.starts_with(word))
}

impl Package<'_> {
    /// Whether a method may end what it is called on: it has the name of one that does so, and takes no
    /// more than one argument.
    pub(crate) fn may_end_receiver(&self, method: ObjectId) -> bool {
        let object = self.program.object(method);
        let few = match self.program.kind(object.ty) {
            TypeKind::Signature(signature) => signature.params.len() <= 1,
            _ => true,
        };
        few && self.names.is_release_like(&object.name)
    }

    /// Whether a method is an interface's that only says yes or no: what it is called on may end with the
    /// last yes, as rows do.
    pub(crate) fn may_end_with_no(&self, method: ObjectId) -> bool {
        let object = self.program.object(method);
        let bool = self.program.basic(Basic::Bool);
        matches!(object.kind, ObjectKind::Func { interface: true, .. })
            && matches!(
                self.program.kind(object.ty),
                TypeKind::Signature(s) if s.params.is_empty() && *s.results == [bool]
            )
    }

    /// Whether a declared function out of view that is no method gets an argument only to read from it:
    /// the parameter is an interface for reading, and what the function returns can hold nothing.
    pub(crate) fn only_reads(&self, object: ObjectId, arg: usize) -> bool {
        let declared = self.program.object(object);
        let arg = match declared.kind {
            // By its name it may be for keeping what it gets.
            ObjectKind::Func { interface: true, .. } if keeps_by_name(&declared.name) => {
                return false;
            }
            ObjectKind::Func { interface: true, .. } => arg.checked_sub(1),
            ObjectKind::Func { recv: Some(_), .. } => return false,
            _ if object.package == self.module.package => return false,
            _ => Some(arg),
        };
        let TypeKind::Signature(signature) = self.program.kind(declared.ty) else { return false };
        let Some(&param) = arg.and_then(|arg| signature.params.get(arg)) else { return false };
        let TypeKind::Interface(_) = self.program.kind(self.program.underlying(param)) else {
            return false;
        };
        let has = |name| self.program.lookup(param, self.module.package, name).is_some();
        has("Read")
            && !has("Write")
            && !has("Close")
            && !signature.results.is_empty()
            && signature.results.iter().all(|&ty| self.holds_nothing(ty) || self.holds_errors(ty))
    }

    /// Whether a type is an interface to read from or to write to, without a method to close its values.
    pub(crate) fn is_stream(&self, ty: TypeId) -> bool {
        let program = self.program;
        let has = |name| program.lookup(ty, self.module.package, name).is_some();
        matches!(program.kind(program.underlying(ty)), TypeKind::Interface(_))
            && (has("Read") || has("Write"))
            && !has("Close")
    }

    /// Whether a method out of view that gets something, or answers, leaves its receiver to its caller: by
    /// its name it gives nothing back, and what it returns can hold nothing.
    pub(crate) fn leaves_receiver(&self, method: ObjectId) -> bool {
        let declared = self.program.object(method);
        let TypeKind::Signature(signature) = self.program.kind(declared.ty) else { return false };
        let used = !signature.results.is_empty() || !signature.params.is_empty();
        used && !self.names.is_release_like(&declared.name)
            && signature.results.iter().all(|&result| self.holds_nothing(result))
    }

    /// Whether a value of a type cannot hold an object: numbers, strings, errors and rows of them.
    pub(crate) fn holds_nothing(&self, ty: TypeId) -> bool {
        if self.is_error(ty) {
            return true;
        }
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Basic(_) => true,
            TypeKind::Slice(of) | TypeKind::Array(_, of) => {
                matches!(self.program.kind(self.program.underlying(*of)), TypeKind::Basic(_))
            }
            TypeKind::Map(key, value) => [key, value].into_iter().all(|&of| {
                matches!(self.program.kind(self.program.underlying(of)), TypeKind::Basic(_))
            }),
            _ => false,
        }
    }
}
