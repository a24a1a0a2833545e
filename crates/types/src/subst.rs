//! Substitution of type parameters.

use crate::api::*;
use crate::program::Program;

/// Replaces type parameters `from[i]` by `to[i]`.
pub(crate) struct Subst<'a, 'p> {
    pub(crate) program: &'a Program<'p>,
    pub(crate) from: &'a [ObjectId],
    pub(crate) to: &'a [TypeId],
}

impl Subst<'_, '_> {
    /// The type with every listed parameter replaced; parameters without a replacement stay.
    pub(crate) fn ty(&self, ty: TypeId) -> TypeId {
        let cell = self.program.types.cell(ty);
        if !cell.parameterized || self.from.is_empty() {
            return ty;
        }
        crate::deep(|| self.parameterized(ty, cell))
    }

    fn list(&self, list: &[TypeId]) -> Box<[TypeId]> {
        list.iter().map(|&t| self.ty(t)).collect()
    }

    fn parameterized(&self, ty: TypeId, cell: &crate::store::TypeCell) -> TypeId {
        let store = &self.program.types;
        let kind = match &cell.kind {
            TypeKind::Unknown | TypeKind::Basic(_) => return ty,
            TypeKind::TypeParam(object) => {
                let at = self.from.iter().position(|o| o == object);
                return at.and_then(|i| self.to.get(i)).copied().unwrap_or(ty);
            }
            TypeKind::Named { object, args } => {
                TypeKind::Named { object: *object, args: self.list(args) }
            }
            TypeKind::Alias { object, args } => {
                TypeKind::Alias { object: *object, args: self.list(args) }
            }
            TypeKind::Pointer(t) => TypeKind::Pointer(self.ty(*t)),
            TypeKind::Slice(t) => TypeKind::Slice(self.ty(*t)),
            TypeKind::Array(n, t) => TypeKind::Array(*n, self.ty(*t)),
            TypeKind::Chan(dir, t) => TypeKind::Chan(*dir, self.ty(*t)),
            TypeKind::Map(k, v) => TypeKind::Map(self.ty(*k), self.ty(*v)),
            TypeKind::Tuple(list) => {
                return store.intern_named(TypeKind::Tuple(self.list(list)), cell.names);
            }
            TypeKind::Struct(fields) => TypeKind::Struct(
                fields.iter().map(|f| StructField { ty: self.ty(f.ty), ..f.clone() }).collect(),
            ),
            TypeKind::Signature(s) => TypeKind::Signature(SignatureType {
                params: self.list(&s.params),
                results: self.list(&s.results),
                ..s.clone()
            }),
            TypeKind::Interface(i) => TypeKind::Interface(InterfaceType {
                methods: i
                    .methods
                    .iter()
                    .map(|m| InterfaceMethod { signature: self.ty(m.signature), ..m.clone() })
                    .collect(),
                embedded: self.list(&i.embedded),
                form: i.form,
            }),
            TypeKind::Union(terms) => TypeKind::Union(
                terms.iter().map(|t| UnionTerm { tilde: t.tilde, ty: self.ty(t.ty) }).collect(),
            ),
        };
        store.intern(kind)
    }
}
