//! Type identity through canonical representatives.
//!
//! Two types are identical exactly if their representatives are the same id. A representative has
//! no aliases, no parameter names, no field objects, and interfaces flattened to their type sets.

use crate::api::*;
use crate::names::{NO_NAMES, exported};
use crate::program::Program;
use crate::store::UNKNOWN;

/// Index of the placeholder that stands for any field or method of a package.
const PLACEHOLDER: u32 = u32::MAX;

impl<'p> Program<'p> {
    /// Type identity. Types that contain an array of unknown length, or the unknown type, are
    /// compared as written.
    pub fn identical(&self, a: TypeId, b: TypeId) -> bool {
        a == b || self.canon(a) == self.canon(b)
    }

    /// The representative of all types identical to `ty`.
    pub(crate) fn canon(&self, ty: TypeId) -> TypeId {
        let cell = self.types.cell(ty);
        if let Some(canon) = cell.cached_canon() {
            return canon;
        }
        let (canon, complete) = crate::deep(|| self.compute_canon(ty));
        if complete {
            cell.cache_canon(canon);
            self.types.cell(canon).cache_canon(canon);
        }
        canon
    }

    fn canon_list(&self, list: &[TypeId]) -> Box<[TypeId]> {
        list.iter().map(|&t| self.canon(t)).collect()
    }

    fn placeholder(&self, object: ObjectId, name: &str) -> ObjectId {
        let package = if exported(name) { ObjectId::UNIVERSE } else { object.package };
        ObjectId { package, index: PLACEHOLDER }
    }

    /// The representative, and whether it can be cached.
    fn compute_canon(&self, ty: TypeId) -> (TypeId, bool) {
        let kind = match self.kind(ty) {
            TypeKind::Unknown | TypeKind::Basic(_) | TypeKind::TypeParam(_) => return (ty, true),
            TypeKind::Alias { .. } => {
                let to = self.unalias(ty);
                return (self.canon(to), to != UNKNOWN);
            }
            TypeKind::Named { args, .. } if args.is_empty() => return (ty, true),
            TypeKind::Named { object, args } => {
                TypeKind::Named { object: *object, args: self.canon_list(args) }
            }
            TypeKind::Pointer(t) => TypeKind::Pointer(self.canon(*t)),
            TypeKind::Slice(t) => TypeKind::Slice(self.canon(*t)),
            TypeKind::Array(n, t) => TypeKind::Array(*n, self.canon(*t)),
            TypeKind::Chan(dir, t) => TypeKind::Chan(*dir, self.canon(*t)),
            TypeKind::Map(k, v) => TypeKind::Map(self.canon(*k), self.canon(*v)),
            TypeKind::Tuple(list) => TypeKind::Tuple(self.canon_list(list)),
            TypeKind::Struct(fields) => TypeKind::Struct(
                fields
                    .iter()
                    .map(|f| StructField {
                        object: self.placeholder(f.object, &f.name),
                        ty: self.canon(f.ty),
                        ..f.clone()
                    })
                    .collect(),
            ),
            TypeKind::Signature(s) => TypeKind::Signature(SignatureType {
                params: self.canon_list(&s.params),
                results: self.canon_list(&s.results),
                names: NO_NAMES,
                ..s.clone()
            }),
            TypeKind::Interface(_) => return self.canon_interface(ty),
            TypeKind::Union(terms) => TypeKind::Union(self.canon_terms(terms)),
        };
        (self.types.intern(kind), true)
    }

    fn canon_terms(&self, terms: &[UnionTerm]) -> Box<[UnionTerm]> {
        let mut terms: Vec<_> =
            terms.iter().map(|t| UnionTerm { tilde: t.tilde, ty: self.canon(t.ty) }).collect();
        terms.sort_by_key(|t| (t.ty, t.tilde));
        terms.into()
    }

    fn canon_interface(&self, ty: TypeId) -> (TypeId, bool) {
        let set = self.type_set(ty);
        let methods = set
            .methods
            .iter()
            .map(|m| {
                let name = self.names.text(m.name);
                InterfaceMethod {
                    object: self.placeholder(m.object, name),
                    name: name.into(),
                    signature: self.canon(m.signature),
                }
            })
            .collect();
        let embedded = match &set.terms {
            Some(terms) => [self.types.intern(TypeKind::Union(self.canon_terms(terms)))].into(),
            None => Box::default(),
        };
        let form = if set.comparable { InterfaceForm::Comparable } else { InterfaceForm::Written };
        let kind = TypeKind::Interface(InterfaceType { methods, embedded, form });
        let id = self.types.intern(kind);
        (id, !set.incomplete)
    }
}
