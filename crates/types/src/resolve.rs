//! Package-level declarations, resolved when they are first needed.

use crate::api::*;
use crate::check::Checker;
use crate::env::{Cell, CellKind, Env, FuncInfo, NO_AUX, TypeDecl};
use crate::names::lock;
use crate::program::Program;
use crate::store::UNKNOWN;
use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_syntax::ast::{Body, Decl, GenDecl, NodeRange, Spec, TypeSpec, ValueSpec};
use std::sync::atomic::Ordering;

impl<'p> Program<'p> {
    pub(crate) fn type_decl(&self, object: ObjectId) -> Option<&TypeDecl> {
        let cell = self.cell(object)?;
        if !matches!(cell.kind, CellKind::TypeName { .. }) || cell.aux() == NO_AUX {
            return None;
        }
        if object.package == ObjectId::UNIVERSE {
            return self.universe.types.get(cell.aux() as usize);
        }
        self.env(object.package)?.types.get(cell.aux() as usize)
    }

    pub(crate) fn func_info(&self, object: ObjectId) -> Option<&FuncInfo> {
        let cell = self.cell(object)?;
        if cell.kind != (CellKind::Func { interface: false }) {
            return None;
        }
        self.env(object.package)?.funcs.get(cell.aux() as usize)
    }

    /// The type parameters of a type name.
    pub(crate) fn type_params(&self, object: ObjectId) -> &[ObjectId] {
        let Some(decl) = self.type_decl(object) else { return &[] };
        if !decl.generic {
            return &[];
        }
        if decl.params.get().is_none() {
            self.resolve(object);
        }
        decl.params.get().map_or(&[], |p| p)
    }

    /// The right-hand side of a type name's declaration.
    pub(crate) fn type_rhs(&self, object: ObjectId) -> TypeId {
        let Some(decl) = self.type_decl(object) else { return UNKNOWN };
        if let Some(&rhs) = decl.rhs.get() {
            return rhs;
        }
        self.resolve(object);
        decl.rhs.get().copied().unwrap_or(UNKNOWN)
    }

    /// The constraint of a type parameter.
    pub(crate) fn constraint(&self, param: ObjectId) -> TypeId {
        let Some(env) = self.env(param.package) else { return UNKNOWN };
        let Some(cell) = self.cell(param) else { return UNKNOWN };
        let Some(slot) = env.constraints.get(cell.aux() as usize) else { return UNKNOWN };
        if let Some(&ty) = slot.get() {
            return ty;
        }
        // Another thread may be at it under the package's lock.
        env.lock.with(|| slot.get().copied().unwrap_or(UNKNOWN))
    }

    /// The object's type, resolved.
    pub(crate) fn type_of(&self, object: ObjectId) -> TypeId {
        let Some(cell) = self.cell(object) else { return UNKNOWN };
        if let Some(ty) = cell.ty() {
            return ty;
        }
        self.resolve(object);
        cell.ty().unwrap_or(UNKNOWN)
    }

    /// The value of a constant, resolved.
    pub(crate) fn const_value(&self, object: ObjectId) -> ConstValue {
        let Some(cell) = self.cell(object) else { return ConstValue::Unknown };
        if object.package == ObjectId::UNIVERSE {
            return match object == self.universe.iota {
                true => ConstValue::Unknown,
                false => ConstValue::Bool(cell.aux() == 1),
            };
        }
        self.type_of(object);
        let Some(env) = self.env(object.package) else { return ConstValue::Unknown };
        let value = match cell.package_level {
            true => env.values.get(cell.aux() as usize).and_then(|v| v.value.get()),
            false => env.consts.get(cell.aux() as usize),
        };
        value.cloned().unwrap_or(ConstValue::Unknown)
    }

    pub(crate) fn build_object(&self, object: ObjectId, cell: &Cell, ty: TypeId) -> Object {
        let kind = match cell.kind {
            CellKind::PkgName(import) => ObjectKind::PkgName(import),
            CellKind::Const => ObjectKind::Const(self.const_value(object)),
            CellKind::TypeName { alias } => ObjectKind::TypeName { alias },
            CellKind::TypeParam => ObjectKind::TypeName { alias: false },
            CellKind::Var(kind) => ObjectKind::Var(kind),
            CellKind::Func { interface } => {
                let info = self.func_info(object);
                ObjectKind::Func {
                    recv: info.and_then(|i| i.recv),
                    pointer_recv: info.is_some_and(|i| i.pointer_recv),
                    interface,
                }
            }
            CellKind::Label => ObjectKind::Label,
            CellKind::Builtin(builtin) => ObjectKind::Builtin(builtin),
            CellKind::Nil => ObjectKind::Nil,
        };
        Object {
            name: self.names.text(cell.name).into(),
            kind,
            ty,
            place: cell.place,
            package_level: cell.package_level,
        }
    }

    /// Resolves a package-level object, once; a cycle leaves it unresolved for the caller that
    /// closes it.
    fn resolve(&self, object: ObjectId) {
        self.resolve_into(object, None);
    }

    /// The same, with tables of the whole file at hand.
    fn resolve_into<'a>(&'a self, object: ObjectId, into: Option<&mut Checker<'a, 'p>>) {
        let Some(env) = self.env(object.package) else { return };
        let Some(cell) = env.objects.get(object.index as usize) else { return };
        env.lock.with(|| {
            if self.is_resolved(cell, env) || cell.busy.swap(1, Ordering::Relaxed) == 1 {
                return;
            }
            crate::deep(|| self.resolve_decl(object, cell, env, into));
            cell.busy.store(0, Ordering::Relaxed);
        });
    }

    pub(crate) fn is_resolved(&self, cell: &Cell, env: &Env) -> bool {
        match cell.kind {
            CellKind::TypeName { .. } => {
                env.types.get(cell.aux() as usize).is_none_or(|d| d.rhs.get().is_some())
            }
            _ => cell.ty().is_some(),
        }
    }

    fn resolve_decl<'a>(
        &'a self,
        object: ObjectId,
        cell: &Cell,
        env: &Env,
        into: Option<&mut Checker<'a, 'p>>,
    ) {
        let source = self.source(object.package);
        let decl_at = |file: FileId, decl: u32| {
            source.files.get(file).and_then(|f| f.ast.decls.get(decl as usize))
        };
        match cell.kind {
            CellKind::TypeName { .. } => {
                let Some(d) = env.types.get(cell.aux() as usize) else { return };
                let Some((file, decl, spec)) = d.decl else { return };
                let Some(spec) = decl_at(file, decl).and_then(|d| type_spec(d, spec)) else {
                    return;
                };
                self.with_tables(env, object, file, spec.nodes, into, |c| {
                    c.type_spec(object, spec);
                });
            }
            CellKind::Const | CellKind::Var(_) => {
                let Some(v) = env.values.get(cell.aux() as usize) else { return };
                let Some(Decl::Gen(decl)) = decl_at(v.file, v.decl) else { return };
                let Some(spec) = value_spec(decl, v.spec) else { return };
                let from = value_spec(decl, v.source_spec).unwrap_or(spec);
                let constant = cell.kind == CellKind::Const;
                // Constants share nodes: their tables are put together in source order.
                let into = into.filter(|_| !constant);
                self.with_tables(env, object, v.file, from.nodes, into, |c| {
                    if constant {
                        c.t.order = spec.nodes.idents.0;
                        let (ty, value) = c.const_spec(from, v.index as usize, spec.iota);
                        _ = v.value.set(value);
                        cell.set_ty(ty);
                    } else {
                        c.package_var(object, spec, v.index as usize, v.first);
                    }
                });
            }
            CellKind::Func { interface: false } => {
                let Some(info) = env.funcs.get(cell.aux() as usize) else { return };
                let Some((file, decl)) = info.decl else { return };
                let Some(Decl::Func(decl)) = decl_at(file, decl) else { return };
                let nodes = signature_nodes(decl.nodes, decl.body_nodes);
                self.with_tables(env, object, file, nodes, into, |c| {
                    cell.set_ty(c.func_signature(object, decl, info));
                });
            }
            _ => cell.set_ty(UNKNOWN),
        }
    }

    /// Resolves with the tables at hand, or with new ones that wait for the package's inference.
    fn with_tables<'a>(
        &'a self,
        env: &Env,
        object: ObjectId,
        file: FileId,
        nodes: NodeRange,
        into: Option<&mut Checker<'a, 'p>>,
        work: impl FnOnce(&mut Checker<'a, 'p>),
    ) {
        if let Some(checker) = into {
            return work(checker);
        }
        let mut checker = Checker::new(self, object.package, file, nodes);
        work(&mut checker);
        if self.keeps_tables(object.package) {
            lock(&env.tables).push(checker.into_tables());
        }
    }
}

/// The nodes before the body.
fn signature_nodes(all: NodeRange, body: NodeRange) -> NodeRange {
    let cut = |all: (u32, u32), body: (u32, u32)| match body.0 < body.1 {
        true => (all.0, body.0.clamp(all.0, all.1)),
        false => all,
    };
    NodeRange {
        exprs: cut(all.exprs, body.exprs),
        stmts: all.stmts,
        idents: cut(all.idents, body.idents),
    }
}

fn type_spec(decl: &Decl, spec: u32) -> Option<&TypeSpec> {
    match decl {
        Decl::Gen(decl) => match decl.specs.get(spec as usize) {
            Some(Spec::Type(spec)) => Some(spec),
            _ => None,
        },
        Decl::Func(_) => None,
    }
}

fn value_spec(decl: &GenDecl, spec: u32) -> Option<&ValueSpec> {
    match decl.specs.get(spec as usize) {
        Some(Spec::Value(spec)) => Some(spec),
        _ => None,
    }
}

/// Infers all declarations and bodies of a package.
pub(crate) fn infer_package(p: &Program<'_>, package: PackageId) -> PackageTypes {
    let Some(env) = p.env(package) else { return PackageTypes::default() };
    let source = p.source(package);
    let whole = |(file, f): (FileId, &SourceFile)| {
        let all = NodeRange {
            exprs: (0, f.ast.exprs.len() as u32),
            stmts: (0, f.ast.stmts.len() as u32),
            idents: (0, f.ast.idents.len() as u32),
        };
        Checker::new(p, package, file, all)
    };
    let mut checkers: IndexVec<FileId, Checker<'_, '_>> =
        source.files.iter_enumerated().map(whole).collect();
    let level = (0..env.n_package_level).map(|index| ObjectId { package, index });
    let methods = env.all_funcs.iter().map(|f| f.2).filter(|f| f.index >= env.n_package_level);
    for object in level.chain(methods) {
        let file = p.cell(object).and_then(|cell| cell.place).map(|place| place.0);
        let into = file.filter(|f| f.index() < checkers.len()).map(|f| &mut checkers[f]);
        p.resolve_into(object, into);
    }
    // What was resolved on the way or by other packages.
    let mut decls = std::mem::take(&mut *lock(&env.tables));
    decls.sort_by_key(|t| (t.file, t.order));
    for tables in decls {
        checkers[FileId::from_raw(tables.file)].t.absorb(tables);
    }
    let mut files = IndexVec::with_capacity(checkers.len());
    let mut funcs = env.all_funcs.iter().peekable();
    for (file, mut c) in checkers.into_iter().enumerate() {
        let file = FileId::from_usize(file);
        let f = &source.files[file];
        let mut delayed = std::mem::take(&mut c.t.delayed);
        delayed.sort_by_key(|d| d.literal);
        for literal in delayed {
            c.delayed_literal(literal);
        }
        let scopes: FxHashMap<_, _> = std::mem::take(&mut c.t.func_scopes).into_iter().collect();
        while let Some(&&(_, index, func)) = funcs.peek().filter(|f| f.0 == file) {
            funcs.next();
            let Some(Decl::Func(decl)) = f.ast.decls.get(index as usize) else { continue };
            if let (Body::Block(block), Some(scope)) = (decl.body, scopes.get(&func)) {
                c.func_body(scope, &block);
            }
        }
        c.declared_names(env, file);
        files.push(c.into_tables().into_file());
    }
    PackageTypes { files }
}

impl Checker<'_, '_> {
    /// Records the identifiers of package-level declarations and imports.
    fn declared_names(&mut self, env: &Env, file: FileId) {
        let ast = self.ast;
        for &(f, import, object) in &env.imports {
            if f == file
                && let Some(name) = ast.imports.get(import as usize).and_then(|i| i.name)
            {
                self.t.set_ident(name, object);
            }
        }
        for &(f, index, func) in &env.all_funcs {
            if f == file
                && let Some(Decl::Func(decl)) = ast.decls.get(index as usize)
            {
                self.t.set_ident(decl.name, func);
            }
        }
        let package = self.package();
        for (index, cell) in env.objects.iter().take(env.n_package_level as usize) {
            let object = ObjectId { package, index: index as u32 };
            let ident = match cell.kind {
                CellKind::TypeName { .. } => env
                    .types
                    .get(cell.aux() as usize)
                    .and_then(|d| d.decl)
                    .filter(|d| d.0 == file)
                    .and_then(|d| type_spec(&ast.decls[d.1 as usize], d.2))
                    .map(|s| s.name),
                CellKind::Const | CellKind::Var(_) => {
                    env.values.get(cell.aux() as usize).filter(|v| v.file == file).and_then(|v| {
                        match &ast.decls[v.decl as usize] {
                            Decl::Gen(d) => {
                                let spec = value_spec(d, v.spec)?;
                                ast.list(spec.names).get(v.index as usize).copied()
                            }
                            Decl::Func(_) => None,
                        }
                    })
                }
                _ => None,
            };
            if let Some(ident) = ident {
                self.t.set_ident(ident, object);
            }
        }
    }
}
