//! From inferred syntax to control-flow graphs.

mod assign;
mod body;
mod call;
mod control;
mod expr;
mod place;
mod range_func;
mod switch;
mod symbol;

use crate::data::*;
use body::FuncCtx;
use stanch_base::{FxHashMap, IndexVec, TextRange};
use stanch_syntax::ast::{self, Ast, Body, Decl, Expr, ExprId, GenKeyword, IdentId, Spec};
use stanch_types::{
    ConstValue, ExprInfo, FileId, FileTypes, Mode, ObjectId, ObjectKind, PackageId, PackageSource,
    PackageTypes, Program, TypeId, TypeKind,
};

/// Lowers every function of a package. Bodies that were not parsed give functions without blocks.
pub fn lower_package(program: &Program<'_>, package: PackageId) -> Module {
    let types = program.infer(package);
    let source = program.source(package);
    let mut lower = Lower {
        program,
        package,
        types,
        source,
        file: FileId::from_raw(0),
        funcs: IndexVec::new(),
        stack: Vec::new(),
        flags: FxHashMap::default(),
        n_inits: 0,
    };
    for (file, _) in source.files.iter_enumerated() {
        lower.file = file;
        lower.declarations();
    }
    let init = lower.initialisers();
    Module { package, n_own: lower.funcs.len(), funcs: lower.funcs, linked: Vec::new(), init }
}

/// What is known of a source variable over its whole declaration, closures included.
#[derive(Clone, Copy, Default)]
struct VarFlags {
    /// Assigned other than by its declaration.
    reassigned: bool,
    /// Its address is taken.
    address_taken: bool,
}

/// The state of lowering one package.
struct Lower<'a> {
    program: &'a Program<'a>,
    package: PackageId,
    types: &'a PackageTypes,
    source: &'a PackageSource,
    /// The file of the declaration that is lowered.
    file: FileId,
    funcs: IndexVec<FuncId, Func>,
    /// The function that is lowered and those around it, outermost first.
    stack: Vec<FuncCtx>,
    flags: FxHashMap<ObjectId, VarFlags>,
    n_inits: u32,
}

impl<'a> Lower<'a> {
    fn ast(&self) -> &'a Ast {
        &self.source.files[self.file].ast
    }

    fn file_types(&self) -> Option<&'a FileTypes> {
        self.types.files.get(self.file)
    }

    fn info(&self, expr: ExprId) -> Option<ExprInfo> {
        self.file_types()?.exprs.get(expr).copied().flatten()
    }

    fn ty(&self, expr: ExprId) -> TypeId {
        self.info(expr).map_or(Program::UNKNOWN, |i| i.ty)
    }

    fn mode(&self, expr: ExprId) -> Mode {
        self.info(expr).map_or(Mode::None, |i| i.mode)
    }

    fn constant(&self, expr: ExprId) -> Option<&'a ConstValue> {
        let index = self.info(expr)?.constant?;
        self.file_types()?.constants.get(index as usize)
    }

    fn object(&self, ident: IdentId) -> Option<ObjectId> {
        self.file_types()?.idents.get(ident).copied().flatten()
    }

    fn kind(&self, ty: TypeId) -> &'a TypeKind {
        self.program.kind(ty)
    }

    fn under(&self, ty: TypeId) -> &'a TypeKind {
        self.program.kind(self.program.underlying(ty))
    }

    /// The structure that operations on a value of this type follow: of a type parameter, its core
    /// type's.
    fn core(&self, ty: TypeId) -> &'a TypeKind {
        match self.program.core_type(ty) {
            Some(core) => self.under(core),
            None => self.under(ty),
        }
    }

    fn span(&self, range: TextRange) -> Span {
        Span { package: self.package, file: self.file, range }
    }

    fn expr_span(&self, expr: ExprId) -> Span {
        self.span(self.ast().expr_span(expr))
    }

    fn declarations(&mut self) {
        let ast = self.ast();
        for decl in &ast.decls {
            if let Decl::Func(decl) = decl {
                self.func_decl(decl);
            }
        }
    }

    fn func_decl(&mut self, decl: &ast::FuncDecl) {
        let ast = self.ast();
        let object = self.object(decl.name);
        let symbol = self.decl_symbol(decl, object);
        let name_span = self.span(ast.idents[decl.name].span);
        let mut ctx = FuncCtx::new(symbol, object, self.span(decl.span), name_span);
        let block = match decl.body {
            Body::Block(block) => Some(block),
            Body::None | Body::Skipped(_) => None,
        };
        ctx.func.has_body = block.is_some();
        let id = self.funcs.push(ctx.func.clone());
        ctx.id = id;
        self.stack.push(ctx);
        if let Some(recv) = decl.recv {
            self.cur().func.has_recv = true;
            self.params(recv, LocalKind::Param);
        }
        self.signature(decl.signature);
        if let Some(block) = block {
            self.body(block);
        }
        self.finish(id);
    }

    /// One function for all package-level variable initialisers, in source order.
    fn initialisers(&mut self) -> Option<FuncId> {
        let mut values: Vec<(FileId, &'a ast::ValueSpec)> = Vec::new();
        for (file, source) in self.source.files.iter_enumerated() {
            for decl in &source.ast.decls {
                let Decl::Gen(decl) = decl else { continue };
                let specs = decl.specs.iter().filter(|_| decl.keyword == GenKeyword::Var);
                values.extend(specs.filter_map(|spec| match spec {
                    Spec::Value(value) if !value.values.is_empty() => Some((file, value)),
                    _ => None,
                }));
            }
        }
        let (first, spec) = *values.first()?;
        self.file = first;
        let span = self.span(spec.span);
        let symbol = format!("{}.init", self.package_symbol());
        let mut ctx = FuncCtx::new(symbol, None, span, span);
        ctx.func.synthetic = true;
        ctx.func.has_body = true;
        let id = self.funcs.push(ctx.func.clone());
        ctx.id = id;
        self.stack.push(ctx);
        for (file, spec) in values {
            self.file = file;
            self.value_spec(spec);
        }
        self.finish(id);
        Some(id)
    }

    /// The context of the function that is lowered. There is always one: every entry point pushes
    /// before it lowers anything.
    fn cur(&mut self) -> &mut FuncCtx {
        if self.stack.is_empty() {
            let nowhere = self.span(TextRange::empty(0));
            self.stack.push(FuncCtx::new(String::new(), None, nowhere, nowhere));
        }
        let last = self.stack.len() - 1;
        &mut self.stack[last]
    }

    /// Ends the innermost function: writes it to `id` and, when it was the outermost one, decides
    /// how its literals capture.
    fn finish(&mut self, id: FuncId) {
        let Some(ctx) = self.stack.pop() else { return };
        let vars = ctx.objects();
        self.funcs[id] = ctx.finish();
        for (object, local) in vars {
            let flags = self.flags.get(&object).copied().unwrap_or_default();
            self.funcs[id].locals[local].address_taken = flags.address_taken;
        }
        if self.stack.is_empty() {
            self.decide_captures(id);
            self.flags.clear();
        }
    }

    /// As gc decides: by value if never reassigned, address not taken, and at most 128 bytes.
    fn decide_captures(&mut self, root: FuncId) {
        let first = stanch_base::Idx::index(root);
        let ids: Vec<FuncId> = self.funcs.ids().skip(first).collect();
        for id in ids {
            let Some(parent) = self.funcs[id].parent else { continue };
            for i in 0..self.funcs[id].captures.len() {
                let capture = self.funcs[id].captures[i];
                let local = &self.funcs[id].locals[capture.inner];
                let flags = local.object.and_then(|o| self.flags.get(&o)).copied();
                let flags = flags.unwrap_or_default();
                let internal = local.object.is_none();
                let by_ref =
                    internal || flags.reassigned || flags.address_taken || self.is_large(local.ty);
                self.funcs[id].captures[i].by_ref = by_ref;
                if by_ref {
                    self.funcs[parent].locals[capture.outer].captured_by_ref = true;
                }
            }
        }
    }

    /// Whether a value of this type has more than 128 bytes. Only arrays and structs can.
    fn is_large(&self, ty: TypeId) -> bool {
        self.size(ty, 0) > 128
    }

    fn size(&self, ty: TypeId, depth: u32) -> u64 {
        let word = self.program.target().word_size;
        if depth > 16 {
            return 0;
        }
        match self.under(ty) {
            TypeKind::Array(n, elem) => n.unwrap_or(0).saturating_mul(self.size(*elem, depth + 1)),
            TypeKind::Struct(fields) => fields.iter().fold(0, |sum, f| {
                let size = self.size(f.ty, depth + 1);
                let align = size.clamp(1, word);
                sum.next_multiple_of(align.next_power_of_two()).saturating_add(size)
            }),
            TypeKind::Basic(basic) => basic_size(*basic, word),
            TypeKind::Slice(_) => 3 * word,
            TypeKind::Interface(_) => 2 * word,
            _ => word,
        }
    }

    /// The function object an expression names, with its type arguments: an identifier, `pkg.F`, or
    /// an instance of either.
    fn static_func(&self, expr: ExprId) -> Option<(ObjectId, Box<[TypeId]>)> {
        let ast = self.ast();
        let ident = match ast.expr(ast.unparen(expr)) {
            Expr::Ident(ident) => *ident,
            Expr::Selector { sel, .. } => {
                let expr = ast.unparen(expr);
                if self.file_types()?.selections.contains_key(&expr) {
                    return None;
                }
                *sel
            }
            Expr::Index { x, .. } => return self.static_func(*x),
            _ => return None,
        };
        let object = self.object(ident)?;
        let is_func = matches!(self.program.object(object).kind, ObjectKind::Func { .. });
        let args = self.file_types()?.instances.get(&ident).cloned().unwrap_or_default();
        is_func.then_some((object, args))
    }
}

fn basic_size(basic: stanch_types::Basic, word: u64) -> u64 {
    use stanch_types::Basic;
    match basic {
        Basic::Bool | Basic::Int8 | Basic::Uint8 | Basic::UntypedBool => 1,
        Basic::Int16 | Basic::Uint16 => 2,
        Basic::Int32 | Basic::Uint32 | Basic::Float32 | Basic::UntypedRune => 4,
        Basic::Int64 | Basic::Uint64 | Basic::Float64 | Basic::Complex64 | Basic::UntypedFloat => 8,
        Basic::Complex128 | Basic::UntypedComplex => 16,
        Basic::String | Basic::UntypedString => 2 * word,
        Basic::Int
        | Basic::Uint
        | Basic::Uintptr
        | Basic::UnsafePointer
        | Basic::UntypedInt
        | Basic::UntypedNil => word,
    }
}
