//! What a package declares: its objects, scopes and declarations, before any type is known.

use crate::api::*;
use crate::names::{BLANK, INIT, exported, lock};
use crate::program::Program;
use crate::store::UNKNOWN;
use crate::tables::Tables;
use stanch_base::{FxHashMap, Idx, Symbol, TextRange};
use stanch_syntax::ast::{Ast, Decl, Expr, ExprId, FuncDecl, GenDecl, GenKeyword, IdentId, Spec};
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

/// What a cell holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CellKind {
    PkgName(Import),
    Const,
    TypeName { alias: bool },
    TypeParam,
    Var(VarKind),
    Func { interface: bool },
    Label,
    Builtin(Builtin),
    Nil,
}

/// No auxiliary data.
pub(crate) const NO_AUX: u32 = u32::MAX;

/// An object in compact form; [`Object`] is made from it on request.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) name: Name,
    pub(crate) kind: CellKind,
    pub(crate) package_level: bool,
    /// Resolution of a package-level object is under way.
    pub(crate) busy: AtomicU8,
    /// The type's number plus one; 0 while not resolved.
    ty: AtomicU32,
    aux: AtomicU32,
    pub(crate) place: Option<(FileId, TextRange)>,
    pub(crate) full: OnceLock<Box<Object>>,
}

impl Cell {
    pub(crate) fn new(name: Name, kind: CellKind, place: Option<(FileId, TextRange)>) -> Self {
        Self {
            name,
            kind,
            package_level: false,
            busy: AtomicU8::new(0),
            ty: AtomicU32::new(0),
            aux: AtomicU32::new(NO_AUX),
            place,
            full: OnceLock::new(),
        }
    }
    pub(crate) fn leveled(mut self) -> Self {
        self.package_level = true;
        self
    }
    pub(crate) fn with(self, ty: TypeId, aux: u32) -> Self {
        self.aux.store(aux, Ordering::Relaxed);
        self.set_ty(ty);
        self
    }
    pub(crate) fn with_aux(self, aux: u32) -> Self {
        self.aux.store(aux, Ordering::Relaxed);
        self
    }
    #[inline]
    pub(crate) fn ty(&self) -> Option<TypeId> {
        self.ty.load(Ordering::Acquire).checked_sub(1).map(TypeId::from_raw)
    }
    pub(crate) fn set_ty(&self, ty: TypeId) {
        self.ty.store(ty.raw() + 1, Ordering::Release);
    }
    #[inline]
    pub(crate) fn aux(&self) -> u32 {
        self.aux.load(Ordering::Relaxed)
    }
}

/// A type declaration.
#[derive(Debug, Default)]
pub(crate) struct TypeDecl {
    /// File, declaration and specification of a package-level one.
    pub(crate) decl: Option<(FileId, u32, u32)>,
    pub(crate) generic: bool,
    pub(crate) params: OnceLock<Box<[ObjectId]>>,
    pub(crate) rhs: OnceLock<TypeId>,
    /// Methods in source order.
    pub(crate) methods: Box<[ObjectId]>,
    pub(crate) by_name: FxHashMap<Name, ObjectId>,
}

impl TypeDecl {
    pub(crate) fn resolved(rhs: TypeId) -> Self {
        let this = Self::default();
        _ = this.params.set(Box::default());
        _ = this.rhs.set(rhs);
        this
    }
}

/// A function or method.
#[derive(Debug, Default)]
pub(crate) struct FuncInfo {
    pub(crate) decl: Option<(FileId, u32)>,
    pub(crate) recv: Option<ObjectId>,
    pub(crate) pointer_recv: bool,
    pub(crate) receiver: OnceLock<Receiver>,
}

/// What is known of a method's receiver.
#[derive(Debug, Default)]
pub(crate) struct Receiver {
    /// Its type parameters.
    pub(crate) params: Box<[ObjectId]>,
    /// Its name, for method expressions.
    pub(crate) name: Name0,
}

/// What a signature introduces for the body.
#[derive(Debug, Default)]
pub(crate) struct FuncScope {
    /// All objects that the body sees, with the symbols of their names.
    pub(crate) objects: Vec<(Symbol, ObjectId)>,
    /// Result variables.
    pub(crate) results: Vec<ObjectId>,
}

/// A name that defaults to the empty one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name0(pub(crate) Name);
impl Default for Name0 {
    fn default() -> Self {
        Self(crate::names::EMPTY)
    }
}

/// A package-level constant or variable.
#[derive(Debug)]
pub(crate) struct ValueDecl {
    pub(crate) file: FileId,
    pub(crate) decl: u32,
    pub(crate) spec: u32,
    /// The specification that gives a constant its type and values.
    pub(crate) source_spec: u32,
    /// Position in the specification's names.
    pub(crate) index: u32,
    /// Object number of the specification's first name.
    pub(crate) first: u32,
    pub(crate) value: OnceLock<ConstValue>,
}

/// A file's scope: by symbol of the file's tree.
#[derive(Debug, Default)]
pub(crate) struct FileEnv {
    pub(crate) names: Vec<Name>,
    pub(crate) scope: Vec<Option<ObjectId>>,
}

/// A package's declarations.
pub(crate) struct Env {
    pub(crate) scope: FxHashMap<Name, ObjectId>,
    pub(crate) objects: boxcar::Vec<Cell>,
    pub(crate) n_package_level: u32,
    pub(crate) types: boxcar::Vec<TypeDecl>,
    pub(crate) funcs: boxcar::Vec<FuncInfo>,
    pub(crate) values: Vec<ValueDecl>,
    pub(crate) consts: boxcar::Vec<ConstValue>,
    pub(crate) constraints: boxcar::Vec<OnceLock<TypeId>>,
    /// Import names: file, import, object.
    pub(crate) imports: Vec<(FileId, u32, ObjectId)>,
    /// Methods and functions, in source order.
    pub(crate) all_funcs: Vec<(FileId, u32, ObjectId)>,
    pub(crate) lock: Reentrant,
    /// Tables of resolved package-level declarations.
    pub(crate) tables: Mutex<Vec<Tables>>,
}

/// A mutex that the thread which holds it can enter again.
#[derive(Debug, Default)]
pub(crate) struct Reentrant {
    mutex: Mutex<()>,
    owner: AtomicU64,
}

thread_local! {
    static MARK: u8 = const { 0 };
}

impl Reentrant {
    /// Runs `f` while holding the lock.
    pub(crate) fn with<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Reset<'a>(&'a AtomicU64);
        impl Drop for Reset<'_> {
            fn drop(&mut self) {
                self.0.store(0, Ordering::Relaxed);
            }
        }
        let me = MARK.with(|mark| std::ptr::from_ref(mark).addr() as u64);
        if self.owner.load(Ordering::Relaxed) == me {
            return f();
        }
        let _guard = lock(&self.mutex);
        self.owner.store(me, Ordering::Relaxed);
        let _reset = Reset(&self.owner);
        f()
    }
}

struct Collector<'a, 'p> {
    program: &'a Program<'p>,
    package: PackageId,
    source: &'a PackageSource,
    scope: FxHashMap<Name, ObjectId>,
    objects: Vec<Cell>,
    types: Vec<TypeDecl>,
    funcs: Vec<FuncInfo>,
    values: Vec<ValueDecl>,
    all_funcs: Vec<(FileId, u32, ObjectId)>,
}

impl Env {
    /// The environment of a package that does not exist.
    pub(crate) fn empty() -> Self {
        Self {
            scope: FxHashMap::default(),
            objects: boxcar::Vec::new(),
            n_package_level: 0,
            types: boxcar::Vec::new(),
            funcs: boxcar::Vec::new(),
            values: Vec::new(),
            consts: boxcar::Vec::new(),
            constraints: boxcar::Vec::new(),
            imports: Vec::new(),
            all_funcs: Vec::new(),
            lock: Reentrant::default(),
            tables: Mutex::default(),
        }
    }

    pub(crate) fn new(program: &Program<'_>, package: PackageId) -> Self {
        let source = program.source(package);
        let mut c = Collector {
            program,
            package,
            source,
            scope: FxHashMap::default(),
            objects: Vec::new(),
            types: Vec::new(),
            funcs: Vec::new(),
            values: Vec::new(),
            all_funcs: Vec::new(),
        };
        c.declare_all();
        let n_package_level = c.objects.len() as u32;
        c.methods();
        let imports = c.imports();
        Self {
            scope: c.scope,
            objects: c.objects.into_iter().collect(),
            n_package_level,
            types: c.types.into_iter().collect(),
            funcs: c.funcs.into_iter().collect(),
            values: c.values,
            consts: boxcar::Vec::new(),
            constraints: boxcar::Vec::new(),
            imports,
            all_funcs: c.all_funcs,
            lock: Reentrant::default(),
            tables: Mutex::default(),
        }
    }
}

impl Collector<'_, '_> {
    fn add(&mut self, cell: Cell) -> ObjectId {
        let id = ObjectId { package: self.package, index: self.objects.len() as u32 };
        self.objects.push(cell);
        id
    }

    fn cell(&self, file: FileId, ident: IdentId, kind: CellKind) -> Cell {
        let ast = &self.source.files[file].ast;
        let name = self.program.names.intern(ast.name(ident));
        Cell::new(name, kind, Some((file, ast.idents[ident].span)))
    }

    fn declare(&mut self, cell: Cell) -> ObjectId {
        let name = cell.name;
        let id = self.add(cell.leveled());
        if name != BLANK {
            self.scope.entry(name).or_insert(id);
        }
        id
    }

    fn declare_all(&mut self) {
        let source = self.source;
        for (file, f) in source.files.iter_enumerated() {
            for (i, decl) in f.ast.decls.iter().enumerate() {
                match decl {
                    Decl::Gen(decl) => self.general(file, &f.ast, i as u32, decl),
                    Decl::Func(decl) => self.function(file, i as u32, decl),
                }
            }
        }
    }

    fn function(&mut self, file: FileId, index: u32, decl: &FuncDecl) {
        if decl.recv.is_some() {
            return;
        }
        let cell = self.cell(file, decl.name, CellKind::Func { interface: false });
        let aux = self.funcs.len() as u32;
        self.funcs.push(FuncInfo { decl: Some((file, index)), ..FuncInfo::default() });
        let cell = cell.with_aux(aux);
        let id = match cell.name {
            INIT => self.add(cell.leveled()),
            _ => self.declare(cell),
        };
        self.all_funcs.push((file, index, id));
    }

    fn general(&mut self, file: FileId, ast: &Ast, index: u32, decl: &GenDecl) {
        let mut source_spec = 0;
        for (i, spec) in decl.specs.iter().enumerate() {
            let i = i as u32;
            match spec {
                Spec::Import(_) => {}
                Spec::Value(value) => {
                    let constant = decl.keyword == GenKeyword::Const;
                    if !constant || value.ty.is_some() || !value.values.is_empty() {
                        source_spec = i;
                    }
                    let first = self.objects.len() as u32;
                    let kind =
                        if constant { CellKind::Const } else { CellKind::Var(VarKind::Package) };
                    for (n, &name) in ast.list(value.names).iter().enumerate() {
                        let cell = self.cell(file, name, kind);
                        let aux = self.values.len() as u32;
                        self.values.push(ValueDecl {
                            file,
                            decl: index,
                            spec: i,
                            source_spec,
                            index: n as u32,
                            first,
                            value: OnceLock::new(),
                        });
                        self.declare(cell.with_aux(aux));
                    }
                }
                Spec::Type(spec) => {
                    let alias = spec.alias;
                    let cell = self.cell(file, spec.name, CellKind::TypeName { alias });
                    let aux = self.types.len() as u32;
                    self.types.push(TypeDecl {
                        decl: Some((file, index, i)),
                        generic: !spec.type_params.is_empty(),
                        ..TypeDecl::default()
                    });
                    let object =
                        ObjectId { package: self.package, index: self.objects.len() as u32 };
                    let args = Box::default();
                    let ty = self.program.types.intern(match alias {
                        true => TypeKind::Alias { object, args },
                        false => TypeKind::Named { object, args },
                    });
                    self.declare(cell.with(ty, aux));
                }
            }
        }
    }

    fn methods(&mut self) {
        let source = self.source;
        let mut by_type: FxHashMap<u32, Vec<ObjectId>> = FxHashMap::default();
        for (file, f) in source.files.iter_enumerated() {
            for (i, decl) in f.ast.decls.iter().enumerate() {
                let Decl::Func(decl) = decl else { continue };
                let Some(recv) = decl.recv else { continue };
                let base = f.ast.list(recv).first().map(|&field| f.ast.fields[field].ty);
                let (recv, pointer_recv) = match base {
                    Some(ty) => self.receiver(file, ty),
                    None => (None, false),
                };
                let cell = self.cell(file, decl.name, CellKind::Func { interface: false });
                let aux = self.funcs.len() as u32;
                let decl = Some((file, i as u32));
                self.funcs.push(FuncInfo { decl, recv, pointer_recv, receiver: OnceLock::new() });
                let id = self.add(cell.with_aux(aux));
                self.all_funcs.push((file, i as u32, id));
                if let Some(recv) = recv {
                    by_type.entry(recv.index).or_default().push(id);
                }
            }
        }
        for (object, methods) in by_type {
            let aux = self.objects[object as usize].aux() as usize;
            let mut by_name = FxHashMap::default();
            for &m in &methods {
                let name = self.objects[m.index as usize].name;
                if name != BLANK {
                    by_name.entry(name).or_insert(m);
                }
            }
            if let Some(decl) = self.types.get_mut(aux) {
                decl.methods = methods.into();
                decl.by_name = by_name;
            }
        }
        self.all_funcs.sort_by_key(|f| (f.0, f.1));
    }

    /// The type name that a receiver type names, through local aliases, and whether a pointer to
    /// it.
    fn receiver(&self, mut file: FileId, mut ty: ExprId) -> (Option<ObjectId>, bool) {
        const MAX_ALIASES: u32 = 100;
        let mut pointer = false;
        for _ in 0..MAX_ALIASES {
            let ast = &self.source.files[file].ast;
            loop {
                match *ast.expr(ty) {
                    Expr::Paren(x) => ty = x,
                    Expr::Star(x) => (ty, pointer) = (x, true),
                    Expr::Index { x, .. } => ty = x,
                    _ => break,
                }
            }
            let Expr::Ident(ident) = *ast.expr(ty) else { return (None, pointer) };
            let name = self.program.names.intern(ast.name(ident));
            let Some(&object) = self.scope.get(&name) else { return (None, pointer) };
            let cell = &self.objects[object.index as usize];
            match cell.kind {
                CellKind::TypeName { alias: false } => return (Some(object), pointer),
                CellKind::TypeName { alias: true } => {}
                _ => return (None, pointer),
            }
            let decl = self.types.get(cell.aux() as usize).and_then(|d| d.decl);
            let Some((in_file, decl, spec)) = decl else { return (None, pointer) };
            file = in_file;
            let Decl::Gen(decl) = &self.source.files[file].ast.decls[decl as usize] else {
                return (None, pointer);
            };
            let Some(Spec::Type(spec)) = decl.specs.get(spec as usize) else {
                return (None, pointer);
            };
            ty = spec.ty;
        }
        (None, pointer)
    }

    fn imports(&mut self) -> Vec<(FileId, u32, ObjectId)> {
        let source = self.source;
        let mut imports = Vec::new();
        for (file, f) in source.files.iter_enumerated() {
            for (i, spec) in f.ast.imports.iter().enumerate() {
                let import = import_of(source, self.package, &spec.path);
                let name = match spec.name.map(|n| f.ast.name(n)) {
                    Some(name) => self.program.names.intern(name),
                    None => self.import_name(import, &spec.path),
                };
                let span = match spec.name {
                    Some(n) => f.ast.idents[n].span,
                    None => spec.path_span,
                };
                let cell = Cell::new(name, CellKind::PkgName(import), Some((file, span)));
                let id = self.add(cell.with(UNKNOWN, NO_AUX));
                imports.push((file, i as u32, id));
            }
        }
        imports
    }

    /// The name under which a package is imported without an explicit one; of a package that is
    /// missing, what its path suggests.
    fn import_name(&self, import: Import, path: &str) -> Name {
        self.program.names.intern(match import {
            Import::Package(id) => self.program.package_name(id),
            Import::Unsafe | Import::Missing => base_name(path),
        })
    }
}

/// What an import of this package leads to; packages out of order count as missing.
fn import_of(source: &PackageSource, package: PackageId, path: &str) -> Import {
    match source.imports.get(path) {
        Some(&Import::Package(id)) if id < package => Import::Package(id),
        Some(Import::Unsafe) => Import::Unsafe,
        None if path == "unsafe" => Import::Unsafe,
        _ => Import::Missing,
    }
}

impl FileEnv {
    pub(crate) fn new(
        program: &Program<'_>,
        package: PackageId,
        source: &PackageSource,
        file: FileId,
    ) -> Self {
        let (Some(f), Some(env)) = (source.files.get(file), program.env(package)) else {
            return Self::default();
        };
        let mut local: FxHashMap<Name, ObjectId> = FxHashMap::default();
        let mut dots = Vec::new();
        for &(_, i, object) in env.imports.iter().filter(|import| import.0 == file) {
            let Some(spec) = f.ast.imports.get(i as usize) else { continue };
            if spec.name.is_some_and(|n| f.ast.name(n) == ".") {
                dots.push(import_of(source, package, &spec.path));
                continue;
            }
            let name = env.objects.get(object.index as usize).map_or(BLANK, |cell| cell.name);
            if name != BLANK {
                local.entry(name).or_insert(object);
            }
        }
        let table = &f.ast.names;
        let symbols = (0..table.len()).map(Symbol::from_usize);
        let names: Vec<Name> = symbols.map(|s| program.names.intern(table.text(s))).collect();
        let find = |&name| Self::find(program, env, name, &local, &dots);
        let scope = names.iter().map(find).collect();
        Self { names, scope }
    }

    fn find(
        program: &Program<'_>,
        env: &Env,
        name: Name,
        local: &FxHashMap<Name, ObjectId>,
        dots: &[Import],
    ) -> Option<ObjectId> {
        if let Some(&object) = local.get(&name).or_else(|| env.scope.get(&name)) {
            return Some(object);
        }
        if !dots.is_empty() && exported(program.names.text(name)) {
            for dot in dots {
                let found = match *dot {
                    Import::Package(p) => program.env(p).and_then(|e| e.scope.get(&name).copied()),
                    Import::Unsafe => program.universe.unsafe_scope.get(&name).copied(),
                    Import::Missing => None,
                };
                if found.is_some() {
                    return found;
                }
            }
        }
        program.universe.scope.get(&name).copied()
    }
}

/// The package name that an import path suggests.
fn base_name(path: &str) -> &str {
    let version = |s: &str| {
        s.strip_prefix('v').is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
    };
    let mut parts = path.rsplit('/');
    let last = parts.next().unwrap_or(path);
    let last = if version(last) { parts.next().unwrap_or(last) } else { last };
    match last.rsplit_once('.') {
        Some((name, v)) if version(v) => name,
        _ => last,
    }
}
