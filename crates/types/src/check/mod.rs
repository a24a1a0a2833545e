//! Inference of one declaration or of the bodies of one file.

mod assign;
mod binary;
mod builtin;
mod call;
mod decl;
mod expr;
mod index;
mod infer;
mod literal;
mod range;
mod selector;
mod stmt;
mod typexpr;
mod unify;
mod untyped;

use crate::api::*;
use crate::env::{Cell, CellKind, Env, FileEnv};
use crate::names::{BLANK, EMPTY};
use crate::program::{FIRST_OF_BODIES, Program};
use crate::store::UNKNOWN;
use crate::tables::Tables;
use stanch_base::{FxHashMap, Idx, Symbol, TextRange};
use stanch_syntax::ast::{Ast, ExprId, IdentId, NodeRange};

/// What an operand is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Om {
    Invalid,
    NoValue,
    Builtin(Builtin),
    Type,
    Const,
    Variable,
    MapIndex,
    Value,
    CommaOk,
}

/// No constant.
const NO_CONST: u32 = u32::MAX;

/// An intermediate value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operand {
    pub(crate) mode: Om,
    pub(crate) ty: TypeId,
    /// Index into the table of constants.
    val: u32,
    pub(crate) expr: ExprId,
}

impl Operand {
    fn new(mode: Om, ty: TypeId, expr: ExprId) -> Self {
        Self { mode, ty, val: NO_CONST, expr }
    }
    fn invalid(expr: ExprId) -> Self {
        Self::new(Om::Invalid, UNKNOWN, expr)
    }
    fn ok(&self) -> bool {
        self.mode != Om::Invalid
    }
}

struct Binding {
    symbol: Symbol,
    /// What the symbol was bound to before.
    old: u32,
    object: u32,
}

/// Walks declarations or bodies of one file.
pub(crate) struct Checker<'a, 'p> {
    pub(crate) p: &'a Program<'p>,
    env: &'a Env,
    pkg: PackageId,
    file: FileId,
    pub(crate) ast: &'a Ast,
    text: &'a str,
    fenv: &'a FileEnv,
    variables: Option<&'a boxcar::Vec<Cell>>,
    pub(crate) t: Tables,
    /// By symbol: number of the innermost binding plus one.
    locals: Vec<u32>,
    bindings: Vec<Binding>,
    /// First binding of the innermost scope.
    scope_start: usize,
    iota: Option<u64>,
    /// Result variables of the innermost function.
    results: Vec<ObjectId>,
    labels: FxHashMap<Symbol, ObjectId>,
    jumps: Vec<IdentId>,
    /// Whether inside a function body (else function literals wait).
    in_body: bool,
    has_call_or_recv: bool,
}

impl<'a, 'p> Checker<'a, 'p> {
    pub(crate) fn new(
        p: &'a Program<'p>,
        pkg: PackageId,
        file: FileId,
        nodes: NodeRange,
    ) -> Checker<'a, 'p> {
        let opened = p.opened(pkg);
        let source = opened.map_or(&p.universe.no_source, |o| &o.source);
        let env = p.env(pkg).unwrap_or(&p.universe.no_env);
        let (ast, text) = match source.files.get(file) {
            Some(f) => (&*f.ast, &*f.text),
            None => (&p.universe.no_ast, ""),
        };
        Self {
            p,
            env,
            pkg,
            file,
            ast,
            text,
            fenv: opened.and_then(|o| o.file_env(p, pkg, file)).unwrap_or(&p.universe.no_file),
            variables: opened.map(|o| &o.variables),
            t: Tables::new(file, nodes),
            locals: Vec::new(),
            bindings: Vec::new(),
            scope_start: 0,
            iota: None,
            results: Vec::new(),
            labels: FxHashMap::default(),
            jumps: Vec::new(),
            in_body: false,
            has_call_or_recv: false,
        }
    }

    pub(crate) fn into_tables(self) -> Tables {
        self.t
    }

    pub(crate) fn package(&self) -> PackageId {
        self.pkg
    }

    fn kind(&self, ty: TypeId) -> &'a TypeKind {
        self.p.types.kind(ty)
    }

    fn under(&self, ty: TypeId) -> TypeId {
        self.p.underlying(ty)
    }

    fn under_kind(&self, ty: TypeId) -> &'a TypeKind {
        self.p.types.kind(self.p.underlying(ty))
    }

    fn basic(&self, basic: Basic) -> TypeId {
        self.p.basic(basic)
    }

    fn intern(&self, kind: TypeKind) -> TypeId {
        self.p.types.intern(kind)
    }

    fn valid(&self, ty: TypeId) -> bool {
        ty != UNKNOWN && self.p.unalias(ty) != UNKNOWN
    }

    fn pointer_to(&self, ty: TypeId) -> TypeId {
        self.intern(TypeKind::Pointer(ty))
    }

    fn slice_of(&self, ty: TypeId) -> TypeId {
        self.intern(TypeKind::Slice(ty))
    }

    fn symbol(&self, ident: IdentId) -> Symbol {
        self.ast.idents[ident].name
    }

    fn name(&self, ident: IdentId) -> Name {
        let symbol = self.symbol(ident);
        self.fenv.names.get(symbol.index()).copied().unwrap_or(EMPTY)
    }

    // Scopes

    /// Runs `f` in a new scope.
    fn scoped<R>(&mut self, f: impl FnOnce(&mut Self) -> R) -> R {
        let outer = std::mem::replace(&mut self.scope_start, self.bindings.len());
        let result = f(self);
        let start = std::mem::replace(&mut self.scope_start, outer);
        while self.bindings.len() > start {
            if let Some(b) = self.bindings.pop() {
                self.locals[b.symbol.index()] = b.old;
            }
        }
        result
    }

    fn bind(&mut self, symbol: Symbol, object: ObjectId) {
        if self.fenv.names.get(symbol.index()).is_none_or(|&n| n == BLANK) {
            return;
        }
        if self.locals.is_empty() {
            self.locals = vec![0; self.fenv.names.len()];
        }
        if self.local_here(symbol).is_some() {
            return;
        }
        let old = self.locals[symbol.index()];
        self.bindings.push(Binding { symbol, old, object: object.index });
        self.locals[symbol.index()] = self.bindings.len() as u32;
    }

    fn local(&self, symbol: Symbol) -> Option<ObjectId> {
        let at = self.locals.get(symbol.index())?.checked_sub(1)?;
        let binding = self.bindings.get(at as usize)?;
        Some(ObjectId { package: self.pkg, index: binding.object })
    }

    /// The object bound to the symbol in the innermost scope.
    fn local_here(&self, symbol: Symbol) -> Option<ObjectId> {
        let at = self.locals.get(symbol.index())?.checked_sub(1)?;
        if (at as usize) < self.scope_start {
            return None;
        }
        self.local(symbol)
    }

    fn lookup(&self, ident: IdentId) -> Option<ObjectId> {
        let symbol = self.symbol(ident);
        if let Some(object) = self.local(symbol) {
            return Some(object);
        }
        *self.fenv.scope.get(symbol.index())?
    }

    // Objects

    fn new_object(&self, cell: Cell) -> ObjectId {
        let index = match (cell.kind, self.variables) {
            // What types refer to must live on.
            (CellKind::Var(VarKind::Field), _) | (_, None) => self.env.objects.push(cell) as u32,
            (CellKind::Var(_) | CellKind::Label, Some(variables)) if self.in_body => {
                variables.push(cell) as u32 | FIRST_OF_BODIES
            }
            _ => self.env.objects.push(cell) as u32,
        };
        ObjectId { package: self.pkg, index }
    }

    fn place(&self, range: TextRange) -> Option<(FileId, TextRange)> {
        Some((self.file, range))
    }

    fn cell_for(&self, ident: IdentId, kind: CellKind) -> Cell {
        Cell::new(self.name(ident), kind, self.place(self.ast.idents[ident].span))
    }

    /// A new variable named by `ident`, recorded as its definition.
    fn new_var(&mut self, ident: IdentId, kind: VarKind, ty: TypeId) -> ObjectId {
        let cell = self.cell_for(ident, CellKind::Var(kind));
        let object = self.new_object(cell.with(ty, crate::env::NO_AUX));
        self.t.set_ident(ident, object);
        object
    }

    fn declare_var(&mut self, ident: IdentId, kind: VarKind, ty: TypeId) -> ObjectId {
        let object = self.new_var(ident, kind, ty);
        self.bind(self.symbol(ident), object);
        object
    }

    // Constants

    fn constant(&mut self, value: ConstValue) -> u32 {
        self.t.constants.push(value);
        self.t.constants.len() as u32 - 1
    }

    fn value_of(&self, x: &Operand) -> &ConstValue {
        self.t.constants.get(x.val as usize).unwrap_or(&ConstValue::Unknown)
    }

    fn set_const(&mut self, x: &mut Operand, ty: TypeId, value: ConstValue) {
        x.mode = Om::Const;
        x.ty = ty;
        x.val = self.constant(value);
    }

    // Recording

    fn record(&mut self, x: &Operand) {
        let (mode, ty) = match x.mode {
            Om::Invalid => {
                self.t.n_unknown += 1;
                return;
            }
            Om::NoValue => (Mode::NoValue, self.intern(TypeKind::Tuple(Box::default()))),
            Om::Builtin(_) => (Mode::Builtin, x.ty),
            Om::Type => (Mode::Type, x.ty),
            Om::Const => (Mode::Const, x.ty),
            Om::Value if x.ty == self.basic(Basic::UntypedNil) => (Mode::Nil, x.ty),
            Om::Variable | Om::MapIndex | Om::Value | Om::CommaOk => (Mode::Value, x.ty),
        };
        let constant = (x.mode == Om::Const).then_some(x.val);
        self.t.set_expr(x.expr, ExprInfo { ty, mode, constant });
    }

    fn record_type(&mut self, expr: ExprId, ty: TypeId) {
        if ty == UNKNOWN {
            self.t.n_unknown += 1;
        }
        self.t.set_expr(expr, ExprInfo { ty, mode: Mode::Type, constant: None });
    }

    fn record_value(&mut self, expr: ExprId, ty: TypeId) {
        self.t.set_expr(expr, ExprInfo { ty, mode: Mode::Value, constant: None });
    }

    fn record_instance(&mut self, mut expr: ExprId, args: &[TypeId]) {
        use stanch_syntax::ast::Expr;
        for _ in 0..8 {
            match *self.ast.expr(expr) {
                Expr::Paren(x) | Expr::Index { x, .. } => expr = x,
                Expr::Selector { sel, .. } => {
                    return self.t.instances.push((sel, args.into()));
                }
                Expr::Ident(ident) => return self.t.instances.push((ident, args.into())),
                _ => return,
            }
        }
    }

    // Predicates

    fn basic_of(&self, ty: TypeId) -> Option<Basic> {
        match self.under_kind(ty) {
            TypeKind::Basic(basic) => Some(*basic),
            _ => None,
        }
    }

    /// Whether the type itself is an untyped basic type.
    fn is_untyped(&self, ty: TypeId) -> bool {
        matches!(self.kind(ty), TypeKind::Basic(b) if *b >= Basic::UntypedBool)
    }

    fn is(&self, ty: TypeId, class: fn(Basic) -> bool) -> bool {
        self.basic_of(ty).is_some_and(class)
    }

    /// Like `is`, for type parameters of all types of the type set.
    fn all(&self, ty: TypeId, class: fn(Basic) -> bool) -> bool {
        if !self.p.is_type_param(ty) {
            return self.is(ty, class);
        }
        match self.p.terms_of(ty) {
            Some(terms) => terms.iter().all(|t| self.is(t.ty, class)),
            None => false,
        }
    }

    /// An interface that is not a type parameter.
    fn is_interface(&self, ty: TypeId) -> bool {
        self.p.is_interface(ty)
    }

    fn signature_of(&self, ty: TypeId) -> Option<&'a SignatureType> {
        match self.under_kind(ty) {
            TypeKind::Signature(s) => Some(s),
            _ => None,
        }
    }
}

pub(crate) fn is_boolean(b: Basic) -> bool {
    matches!(b, Basic::Bool | Basic::UntypedBool)
}
pub(crate) fn is_integer(b: Basic) -> bool {
    (Basic::Int..=Basic::Uintptr).contains(&b)
        || matches!(b, Basic::UntypedInt | Basic::UntypedRune)
}
pub(crate) fn is_float(b: Basic) -> bool {
    matches!(b, Basic::Float32 | Basic::Float64 | Basic::UntypedFloat)
}
pub(crate) fn is_complex(b: Basic) -> bool {
    matches!(b, Basic::Complex64 | Basic::Complex128 | Basic::UntypedComplex)
}
pub(crate) fn is_numeric(b: Basic) -> bool {
    is_integer(b) || is_float(b) || is_complex(b)
}
pub(crate) fn is_string(b: Basic) -> bool {
    matches!(b, Basic::String | Basic::UntypedString)
}
pub(crate) fn is_const_type(b: Basic) -> bool {
    is_boolean(b) || is_numeric(b) || is_string(b)
}
