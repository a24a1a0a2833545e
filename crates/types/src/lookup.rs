//! Fields and methods by name, method sets, implementation of interfaces.

use crate::api::*;
use crate::names::{BLANK, exported};
use crate::program::Program;
use crate::store::UNKNOWN;
use crate::subst::Subst;
use stanch_base::FxHashSet;

/// A field or method that was found.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) object: ObjectId,
    pub(crate) ty: TypeId,
    pub(crate) path: Vec<u32>,
    pub(crate) indirect: bool,
    pub(crate) method: bool,
    pub(crate) pointer_recv: bool,
}

/// The result of a search.
#[derive(Clone, Debug)]
pub(crate) enum Search {
    Hit(Hit),
    Ambiguous,
    Nothing,
    /// A type on the way is unknown.
    Unknown,
}

struct Level {
    ty: TypeId,
    path: Vec<u32>,
    indirect: bool,
    multiple: bool,
}

/// Levels of embedding that are searched.
const MAX_LEVELS: usize = 64;
/// Embedded types looked at in one search.
const MAX_TYPES: usize = 10_000;

impl<'p> Program<'p> {
    /// The field or method `name` of `ty`, through embedding and pointers. `package` is where the
    /// name is written; unexported names are found only in their own package. Methods with pointer
    /// receivers are found on values too.
    pub fn lookup(&self, ty: TypeId, package: PackageId, name: &str) -> Option<Lookup> {
        match self.find(ty, package, self.names.intern(name)) {
            Search::Hit(hit) => Some(to_lookup(hit)),
            _ => None,
        }
    }

    pub(crate) fn find(&self, ty: TypeId, package: PackageId, name: Name) -> Search {
        if name == BLANK {
            return Search::Nothing;
        }
        let plain = self.unalias(ty);
        if let TypeKind::Named { .. } = self.kind(plain) {
            let under = self.underlying(plain);
            if let TypeKind::Pointer(_) = self.kind(under) {
                return match self.find_in(under, package, name) {
                    Search::Hit(hit) if hit.method => Search::Nothing,
                    other => other,
                };
            }
        }
        self.find_in(plain, package, name)
    }

    fn find_in(&self, ty: TypeId, package: PackageId, name: Name) -> Search {
        let (start, indirect) = self.deref(ty);
        if indirect && matches!(self.kind(self.underlying(start)), TypeKind::Interface(_)) {
            return Search::Nothing;
        }
        let first = Level { ty: start, path: Vec::new(), indirect, multiple: false };
        if let Some(found) = self.find_at(&first, package, name) {
            return found;
        }
        let mut level = vec![first];
        let mut seen: FxHashSet<TypeId> = FxHashSet::default();
        let mut unknown = false;
        for _ in 0..MAX_LEVELS {
            let mut next: Vec<Level> = Vec::new();
            let mut hit: Option<Hit> = None;
            for l in &level {
                let ty = self.unalias(l.ty);
                if matches!(self.kind(ty), TypeKind::Named { .. }) {
                    if (!level.is_empty() && !seen.insert(self.canon(ty))) || seen.len() > MAX_TYPES
                    {
                        continue;
                    }
                    if let Some(found) = self.own_method(ty, package, name) {
                        if hit.is_some() || l.multiple {
                            return Search::Ambiguous;
                        }
                        hit = Some(Hit { path: l.path.clone(), indirect: l.indirect, ..found });
                        continue;
                    }
                }
                let under = self.underlying(ty);
                match self.kind(under) {
                    TypeKind::Struct(fields) => {
                        let text = self.names.text(name);
                        let public = exported(text);
                        for (i, f) in fields.iter().enumerate() {
                            if *f.name == *text && (public || f.object.package == package) {
                                if hit.is_some() || l.multiple {
                                    return Search::Ambiguous;
                                }
                                hit = Some(field_hit(f, l, i));
                                continue;
                            }
                            if hit.is_none() && f.embedded {
                                let (ty, pointer) = self.deref(f.ty);
                                let mut path = l.path.clone();
                                path.push(i as u32);
                                let indirect = l.indirect || pointer;
                                next.push(Level { ty, path, indirect, multiple: l.multiple });
                            }
                        }
                    }
                    TypeKind::Interface(_) => {
                        if let Some(found) = self.interface_method(under, package, name) {
                            if hit.is_some() || l.multiple {
                                return Search::Ambiguous;
                            }
                            hit = Some(Hit { path: l.path.clone(), indirect: l.indirect, ..found });
                        }
                    }
                    TypeKind::Unknown => unknown = true,
                    _ => {}
                }
            }
            if let Some(hit) = hit {
                return Search::Hit(hit);
            }
            if next.is_empty() {
                break;
            }
            level = self.merge_level(next);
        }
        if unknown { Search::Unknown } else { Search::Nothing }
    }

    /// The method or field of a type itself, which is what most searches are for.
    fn find_at(&self, at: &Level, package: PackageId, name: Name) -> Option<Search> {
        let ty = self.unalias(at.ty);
        if let Some(found) = self.own_method(ty, package, name) {
            return Some(Search::Hit(Hit { indirect: at.indirect, ..found }));
        }
        let TypeKind::Struct(fields) = self.kind(self.underlying(ty)) else { return None };
        let text = self.names.text(name);
        let public = exported(text);
        let visible = |f: &StructField| *f.name == *text && (public || f.object.package == package);
        let i = fields.iter().position(visible)?;
        Some(match fields[i + 1..].iter().any(visible) {
            true => Search::Ambiguous,
            false => Search::Hit(field_hit(&fields[i], at, i)),
        })
    }

    /// A level's types without repetition; repeated ones make every find ambiguous.
    fn merge_level(&self, next: Vec<Level>) -> Vec<Level> {
        if next.len() == 1 {
            return next;
        }
        let mut at = stanch_base::FxHashMap::default();
        let mut out: Vec<Level> = Vec::with_capacity(next.len());
        for l in next {
            match at.entry(self.canon(l.ty)) {
                std::collections::hash_map::Entry::Occupied(e) => {
                    let i: usize = *e.get();
                    out[i].multiple = true;
                }
                std::collections::hash_map::Entry::Vacant(e) => {
                    e.insert(out.len());
                    out.push(l);
                }
            }
        }
        out
    }

    /// The type a pointer type points to, or the type itself.
    pub(crate) fn deref(&self, ty: TypeId) -> (TypeId, bool) {
        match self.kind(self.unalias(ty)) {
            TypeKind::Pointer(base) => (*base, true),
            _ => (ty, false),
        }
    }

    /// A method declared on the named type `ty`.
    fn own_method(&self, ty: TypeId, package: PackageId, name: Name) -> Option<Hit> {
        let TypeKind::Named { object, args } = self.kind(ty) else { return None };
        let decl = self.type_decl(*object)?;
        let &method = decl.by_name.get(&name)?;
        if method.package != package && !exported(self.names.text(name)) {
            return None;
        }
        let pointer_recv = self.func_info(method).is_some_and(|f| f.pointer_recv);
        let ty = self.method_type(method, args);
        let path = Vec::new();
        Some(Hit { object: method, ty, path, indirect: false, method: true, pointer_recv })
    }

    /// The type of a method of an instance with these type arguments.
    pub(crate) fn method_type(&self, method: ObjectId, args: &[TypeId]) -> TypeId {
        let ty = crate::deep(|| self.type_of(method));
        if args.is_empty() {
            return ty;
        }
        let receiver = self.func_info(method).and_then(|f| f.receiver.get());
        let params = receiver.map_or(&[][..], |r| &r.params);
        match params.len() == args.len() {
            true => Subst { program: self, from: params, to: args }.ty(ty),
            false => ty,
        }
    }

    fn interface_method(&self, iface: TypeId, package: PackageId, name: Name) -> Option<Hit> {
        let set = self.type_set(iface);
        let public = exported(self.names.text(name));
        let m = set
            .methods
            .iter()
            .find(|m| m.name == name && (public || m.object.package == package))?;
        Some(Hit {
            object: m.object,
            ty: m.signature,
            path: Vec::new(),
            indirect: false,
            method: true,
            pointer_recv: false,
        })
    }

    /// The method set of `ty`, sorted by name (of equal names by package path).
    pub fn method_set(&self, ty: TypeId) -> Vec<Lookup> {
        let mut names: Vec<(Name, PackageId)> = Vec::new();
        let mut seen = FxHashSet::default();
        let mut todo = vec![self.deref(ty).0];
        while let Some(ty) = todo.pop() {
            let ty = self.unalias(ty);
            if !seen.insert(ty) || seen.len() > MAX_TYPES {
                continue;
            }
            if let TypeKind::Named { object, .. } = self.kind(ty) {
                for &m in self.methods_of(*object) {
                    names.extend(self.cell(m).map(|c| (c.name, m.package)));
                }
            }
            let under = self.underlying(ty);
            match self.kind(under) {
                TypeKind::Struct(fields) => {
                    todo.extend(fields.iter().filter(|f| f.embedded).map(|f| self.deref(f.ty).0));
                }
                TypeKind::Interface(_) => {
                    let set = self.type_set(under);
                    names.extend(set.methods.iter().map(|m| (m.name, m.object.package)));
                }
                _ => {}
            }
        }
        let text = |n: &(Name, PackageId)| self.names.text(n.0);
        names.sort_by(|a, b| {
            text(a).cmp(text(b)).then_with(|| self.package_path(a.1).cmp(self.package_path(b.1)))
        });
        names.dedup_by(|a, b| a.0 == b.0 && (a.1 == b.1 || exported(self.names.text(a.0))));
        let hits = names.iter().filter_map(|&(name, package)| match self.find(ty, package, name) {
            Search::Hit(h) if h.method && (!h.pointer_recv || h.indirect) => Some(to_lookup(h)),
            _ => None,
        });
        hits.collect()
    }

    /// Whether `ty` implements the interface type `iface`; false for unknown types.
    pub fn implements(&self, ty: TypeId, iface: TypeId) -> bool {
        let under = self.underlying(iface);
        if !matches!(self.kind(under), TypeKind::Interface(_)) || self.underlying(ty) == UNKNOWN {
            return false;
        }
        let set = self.type_set(under);
        if !self.has_methods(ty, &set.methods, &mut |a, b| self.identical(a, b)) {
            return false;
        }
        if set.comparable && !self.is_comparable(ty) {
            return false;
        }
        let Some(terms) = &set.terms else { return true };
        let own = match self.kind(self.underlying(ty)) {
            TypeKind::Interface(_) => match &self.type_set(self.underlying(ty)).terms {
                Some(own) => own.clone(),
                None => return false,
            },
            _ => vec![UnionTerm { tilde: false, ty }],
        };
        own.iter().all(|x| {
            terms.iter().any(|y| {
                let a = if y.tilde { self.underlying(x.ty) } else { x.ty };
                self.identical(a, y.ty) && (!x.tilde || y.tilde)
            })
        })
    }

    /// Whether `ty` has all of the methods, compared by `same`.
    pub(crate) fn has_methods(
        &self,
        ty: TypeId,
        methods: &[crate::typeset::SetMethod],
        same: &mut dyn FnMut(TypeId, TypeId) -> bool,
    ) -> bool {
        methods.iter().all(|m| match self.find(ty, m.object.package, m.name) {
            Search::Hit(h) => {
                h.method && (!h.pointer_recv || h.indirect) && same(h.ty, m.signature)
            }
            Search::Unknown => true,
            _ => false,
        })
    }
}

fn field_hit(f: &StructField, l: &Level, i: usize) -> Hit {
    let mut path = l.path.clone();
    path.push(i as u32);
    Hit {
        object: f.object,
        ty: f.ty,
        path,
        indirect: l.indirect,
        method: false,
        pointer_recv: false,
    }
}

fn to_lookup(hit: Hit) -> Lookup {
    Lookup { object: hit.object, ty: hit.ty, path: hit.path.into(), indirect: hit.indirect }
}
