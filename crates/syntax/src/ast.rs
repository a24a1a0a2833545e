//! The syntax tree of one file: arenas of nodes with typed ids, every node with its byte range.
//!
//! Nodes are pushed in the order in which the parser finishes them, so the nodes (expressions,
//! statements, identifiers) of one declaration occupy contiguous id ranges; side tables of later
//! layers are dense vectors over such a range. Types are expressions, as in `go/ast`, because Go's
//! grammar cannot tell them apart without types.

use stanch_base::{IndexVec, Interner, Symbol, TextRange, newtype_index};
use std::marker::PhantomData;

newtype_index! {
    /// An expression or type expression.
    pub struct ExprId; "expr"
}
newtype_index! {
    /// A statement.
    pub struct StmtId; "stmt"
}
newtype_index! {
    /// An occurrence of an identifier, defining or using.
    pub struct IdentId; "ident"
}
newtype_index! {
    /// A list of parameters, results, fields or type parameters' entry.
    pub struct FieldId; "field"
}
newtype_index! {
    /// A function signature as written.
    pub struct SignatureId; "sig"
}

/// A list of ids kept in one of the tree's pools; read with [`Ast::list`].
pub struct List<T> {
    pub(crate) start: u32,
    pub(crate) len: u32,
    marker: PhantomData<fn() -> T>,
}

impl<T> Clone for List<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for List<T> {}
impl<T> PartialEq for List<T> {
    fn eq(&self, other: &Self) -> bool {
        (self.start, self.len) == (other.start, other.len)
    }
}
impl<T> Eq for List<T> {}
impl<T> std::fmt::Debug for List<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}; {}]", self.start, self.len)
    }
}
impl<T> List<T> {
    /// The empty list.
    pub const EMPTY: Self = Self { start: 0, len: 0, marker: PhantomData };

    /// A list of `len` ids from `start` in the pool.
    pub(crate) const fn from_raw(start: u32, len: u32) -> Self {
        Self { start, len, marker: PhantomData }
    }
    /// Number of elements.
    pub const fn len(self) -> usize {
        self.len as usize
    }
    /// Whether there is no element.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }
}

/// An id that can stand in a [`List`].
pub trait Pooled: Copy + Sized {
    #[doc(hidden)]
    fn pool(ast: &Ast) -> &Vec<Self>;
    #[doc(hidden)]
    fn pool_mut(ast: &mut Ast) -> &mut Vec<Self>;
}

/// The syntax tree of one file.
#[derive(Debug, Default)]
pub struct Ast {
    /// The package clause's name, if it was found.
    pub package: Option<IdentId>,
    /// Offset of the `package` keyword.
    pub package_pos: u32,
    /// Top-level declarations in source order (imports included).
    pub decls: Vec<Decl>,
    /// Imports in source order.
    pub imports: Vec<ImportSpec>,
    /// Expressions.
    pub exprs: IndexVec<ExprId, ExprNode>,
    /// Statements.
    pub stmts: IndexVec<StmtId, StmtNode>,
    /// Identifiers.
    pub idents: IndexVec<IdentId, Ident>,
    /// Fields.
    pub fields: IndexVec<FieldId, Field>,
    /// Signatures.
    pub signatures: IndexVec<SignatureId, Signature>,
    /// Comments in source order.
    pub comments: Vec<Comment>,
    /// Names of this file; `Ident::name` points here.
    pub names: Interner,
    /// Number of lines.
    pub n_lines: u32,
    pub(crate) expr_pool: Vec<ExprId>,
    pub(crate) stmt_pool: Vec<StmtId>,
    pub(crate) ident_pool: Vec<IdentId>,
    pub(crate) field_pool: Vec<FieldId>,
}

macro_rules! pooled {
    ($($id:ty => $pool:ident),*) => {$(
        impl Pooled for $id {
            fn pool(ast: &Ast) -> &Vec<Self> { &ast.$pool }
            fn pool_mut(ast: &mut Ast) -> &mut Vec<Self> { &mut ast.$pool }
        }
    )*};
}
pooled!(ExprId => expr_pool, StmtId => stmt_pool, IdentId => ident_pool, FieldId => field_pool);

impl Ast {
    /// The elements of a list of this tree.
    pub fn list<T: Pooled>(&self, list: List<T>) -> &[T] {
        &T::pool(self)[list.start as usize..(list.start + list.len) as usize]
    }

    /// Stores a list.
    pub(crate) fn new_list<T: Pooled>(&mut self, items: &[T]) -> List<T> {
        let pool = T::pool_mut(self);
        let start = pool.len() as u32;
        // Most lists have few items, for which a copy by the C library takes longer.
        pool.reserve(items.len());
        for &item in items {
            pool.push(item);
        }
        List::from_raw(start, items.len() as u32)
    }

    /// The text of an identifier.
    pub fn name(&self, ident: IdentId) -> &str {
        self.names.text(self.idents[ident].name)
    }

    /// The expression's kind.
    pub fn expr(&self, expr: ExprId) -> &Expr {
        &self.exprs[expr].kind
    }

    /// The expression's bytes.
    pub fn expr_span(&self, expr: ExprId) -> TextRange {
        self.exprs[expr].span
    }

    /// The expression without enclosing parentheses.
    pub fn unparen(&self, mut expr: ExprId) -> ExprId {
        while let Expr::Paren(inner) = self.exprs[expr].kind {
            expr = inner;
        }
        expr
    }
}

/// An occurrence of an identifier.
#[derive(Clone, Copy, Debug)]
pub struct Ident {
    /// Symbol of [`Ast::names`]. The blank identifier is `_`; where an identifier is missing the
    /// parser puts `_` with an empty span.
    pub name: Symbol,
    /// Its bytes.
    pub span: TextRange,
}

/// A comment, delimiters included.
#[derive(Clone, Copy, Debug)]
pub struct Comment {
    /// Its bytes, without a `//` comment's newline.
    pub span: TextRange,
}

/// An import.
#[derive(Clone, Debug)]
pub struct ImportSpec {
    /// Explicit name, `_` or `.`.
    pub name: Option<IdentId>,
    /// The unquoted path.
    pub path: Box<str>,
    /// Bytes of the path literal.
    pub path_span: TextRange,
    /// Bytes of the whole specification.
    pub span: TextRange,
}

/// The id ranges of the nodes that belong to one declaration: `start..end` of each arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct NodeRange {
    /// Expressions.
    pub exprs: (u32, u32),
    /// Statements.
    pub stmts: (u32, u32),
    /// Identifiers.
    pub idents: (u32, u32),
}

/// A top-level declaration.
#[derive(Clone, Debug)]
pub enum Decl {
    /// `func`, also of methods.
    Func(FuncDecl),
    /// `import`, `const`, `type` or `var`, also grouped.
    Gen(GenDecl),
}

/// A function or method declaration.
#[derive(Clone, Debug)]
pub struct FuncDecl {
    /// The name.
    pub name: IdentId,
    /// The receiver parameter list (one field in correct code); `None` for functions.
    pub recv: Option<List<FieldId>>,
    /// Type parameters, parameters, results.
    pub signature: SignatureId,
    /// The body.
    pub body: Body,
    /// Bytes from `func` to the end.
    pub span: TextRange,
    /// Nodes of signature and body.
    pub nodes: NodeRange,
    /// Nodes of the body alone (empty where there is none).
    pub body_nodes: NodeRange,
}

/// A function body.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// Declared without one (assembly, linkname).
    None,
    /// Parsed.
    Block(Block),
    /// Present but skipped on request (`ParseMode::Declarations`): bytes from `{` to `}`.
    Skipped(TextRange),
}

/// A braced statement list.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// The statements.
    pub stmts: List<StmtId>,
    /// Bytes from `{` to after `}`.
    pub span: TextRange,
}

/// A general declaration, at top level or in a `Stmt::Decl`.
#[derive(Clone, Debug)]
pub struct GenDecl {
    /// Its specifications.
    pub specs: Vec<Spec>,
    /// Which keyword.
    pub keyword: GenKeyword,
    /// Whether it has parentheses.
    pub grouped: bool,
    /// Its bytes.
    pub span: TextRange,
    /// Its nodes.
    pub nodes: NodeRange,
}

/// The keyword of a general declaration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GenKeyword {
    /// `import`
    Import,
    /// `const`
    Const,
    /// `type`
    Type,
    /// `var`
    Var,
}

/// One specification of a general declaration.
#[derive(Clone, Debug)]
pub enum Spec {
    /// Index into [`Ast::imports`].
    Import(u32),
    /// `const` or `var`.
    Value(ValueSpec),
    /// `type`.
    Type(TypeSpec),
}

/// `a, b T = x, y` of a `const` or `var` declaration.
#[derive(Clone, Debug)]
pub struct ValueSpec {
    /// Names.
    pub names: List<IdentId>,
    /// Declared type.
    pub ty: Option<ExprId>,
    /// Values as written; constants with none repeat the previous specification's type and values.
    pub values: List<ExprId>,
    /// Value of `iota`: the index in its group.
    pub iota: u32,
    /// Its bytes.
    pub span: TextRange,
    /// Its nodes.
    pub nodes: NodeRange,
}

/// `Name[P C] T` or `Name[P C] = T`.
#[derive(Clone, Debug)]
pub struct TypeSpec {
    /// The name.
    pub name: IdentId,
    /// Type parameters, one field a group.
    pub type_params: List<FieldId>,
    /// Whether it is an alias (`=`).
    pub alias: bool,
    /// The right-hand side.
    pub ty: ExprId,
    /// Its bytes.
    pub span: TextRange,
    /// Its nodes.
    pub nodes: NodeRange,
}

/// Parameters and results as written.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Type parameters (declarations only).
    pub type_params: List<FieldId>,
    /// Parameters; a variadic one's type is [`Expr::Ellipsis`].
    pub params: List<FieldId>,
    /// Results; one unnamed field for a single unparenthesised type.
    pub results: List<FieldId>,
    /// Bytes from the parameters' parenthesis (or type parameters) to the end of the results.
    pub span: TextRange,
}

/// A group of parameters, results, struct fields, type parameters, or an interface element.
#[derive(Clone, Debug)]
pub struct Field {
    /// Names; empty for unnamed parameters, embedded fields and embedded interface elements.
    pub names: List<IdentId>,
    /// The type; for an interface method (one name) an [`Expr::FuncType`].
    pub ty: ExprId,
    /// Struct tag literal.
    pub tag: Option<TextRange>,
    /// Its bytes.
    pub span: TextRange,
}

/// An expression with its bytes.
#[derive(Clone, Debug)]
pub struct ExprNode {
    /// What it is.
    pub kind: Expr,
    /// Its bytes.
    pub span: TextRange,
}

/// Kinds of basic literals. The text is the node's span.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LitKind {
    /// Integer literal.
    Int,
    /// Floating-point literal.
    Float,
    /// Imaginary literal.
    Imag,
    /// Rune literal.
    Char,
    /// Interpreted or raw string literal.
    String,
}

/// Direction of a channel type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ChanDir {
    /// `chan T`
    Both,
    /// `chan<- T`
    Send,
    /// `<-chan T`
    Recv,
}

/// Unary operators. A receive is [`Expr::Recv`], a dereference [`Expr::Star`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum UnaryOp {
    /// `+`
    Plus,
    /// `-`
    Neg,
    /// `!`
    Not,
    /// `^`
    Xor,
    /// `&`
    Addr,
    /// `~` (constraints)
    Tilde,
}

/// Binary operators.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[expect(missing_docs, reason = "each variant is the operator of its name in go/token")]
pub enum BinaryOp {
    LOr,
    LAnd,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
    Add,
    Sub,
    Or,
    Xor,
    Mul,
    Quo,
    Rem,
    Shl,
    Shr,
    And,
    AndNot,
}

/// An expression or type expression.
#[derive(Clone, Debug)]
pub enum Expr {
    /// Something that did not parse.
    Bad,
    /// An identifier.
    Ident(IdentId),
    /// A basic literal; its text is the span.
    BasicLit(LitKind),
    /// A function literal.
    FuncLit {
        /// Its signature.
        signature: SignatureId,
        /// Its body.
        body: Block,
    },
    /// `T{…}`, or `{…}` inside another (then `ty` is `None`).
    CompositeLit {
        /// The literal's type.
        ty: Option<ExprId>,
        /// Elements; keyed ones are [`Expr::KeyValue`].
        elts: List<ExprId>,
    },
    /// `key: value` in a composite literal.
    KeyValue {
        /// Field name, index or key.
        key: ExprId,
        /// The value.
        value: ExprId,
    },
    /// `(x)`
    Paren(ExprId),
    /// `x.sel`
    Selector {
        /// Operand, package or type.
        x: ExprId,
        /// The name after the dot.
        sel: IdentId,
    },
    /// `x[i]`, `x[T1, T2]`
    Index {
        /// Operand or generic.
        x: ExprId,
        /// One index, or type arguments.
        indices: List<ExprId>,
    },
    /// `x[lo:hi:max]`
    Slice {
        /// Operand.
        x: ExprId,
        /// Low bound.
        lo: Option<ExprId>,
        /// High bound.
        hi: Option<ExprId>,
        /// Capacity bound.
        max: Option<ExprId>,
    },
    /// `x.(T)`; `x.(type)` has no type.
    TypeAssert {
        /// Operand.
        x: ExprId,
        /// Asserted type.
        ty: Option<ExprId>,
    },
    /// `fun(args…)`, also conversions.
    Call {
        /// Called function or type.
        fun: ExprId,
        /// Arguments.
        args: List<ExprId>,
        /// Whether the last argument is followed by `...`.
        spread: bool,
    },
    /// `*x`, dereference or pointer type.
    Star(ExprId),
    /// `<-x`
    Recv(ExprId),
    /// A unary operation.
    Unary {
        /// Operator.
        op: UnaryOp,
        /// Operand.
        x: ExprId,
    },
    /// A binary operation (also `|` of constraints).
    Binary {
        /// Operator.
        op: BinaryOp,
        /// Offset of the operator.
        op_pos: u32,
        /// Left operand.
        x: ExprId,
        /// Right operand.
        y: ExprId,
    },
    /// `[]T`
    SliceType(ExprId),
    /// `[n]T`; `[...]T` has no length.
    ArrayType {
        /// Length.
        len: Option<ExprId>,
        /// Element type.
        elem: ExprId,
    },
    /// `struct{…}`
    StructType {
        /// Fields.
        fields: List<FieldId>,
    },
    /// `func(…) …` as a type
    FuncType(SignatureId),
    /// `interface{…}`
    InterfaceType {
        /// Methods and embedded elements.
        elems: List<FieldId>,
    },
    /// `map[K]V`
    MapType {
        /// Key type.
        key: ExprId,
        /// Value type.
        value: ExprId,
    },
    /// `chan T`, `chan<- T`, `<-chan T`
    ChanType {
        /// Direction.
        dir: ChanDir,
        /// Element type.
        elem: ExprId,
    },
    /// `...T` of a variadic parameter; without type in broken code.
    Ellipsis(Option<ExprId>),
}

/// A statement with its bytes.
#[derive(Clone, Debug)]
pub struct StmtNode {
    /// What it is.
    pub kind: Stmt,
    /// Its bytes.
    pub span: TextRange,
}

/// `break`, `continue`, `goto` or `fallthrough`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BranchKind {
    /// `break`
    Break,
    /// `continue`
    Continue,
    /// `goto`
    Goto,
    /// `fallthrough`
    Fallthrough,
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// Something that did not parse.
    Bad,
    /// `;` alone, or nothing before `}`.
    Empty,
    /// A declaration.
    Decl(Box<GenDecl>),
    /// `label: stmt`
    Labeled {
        /// The label.
        label: IdentId,
        /// What it labels.
        stmt: StmtId,
    },
    /// An expression.
    Expr(ExprId),
    /// `ch <- value`
    Send {
        /// Channel.
        chan: ExprId,
        /// Value.
        value: ExprId,
        /// Offset of `<-`.
        arrow: u32,
    },
    /// `x++`, `x--`
    IncDec {
        /// Operand.
        x: ExprId,
        /// Whether `++`.
        inc: bool,
    },
    /// `lhs = rhs`
    Assign {
        /// Left-hand sides.
        lhs: List<ExprId>,
        /// Right-hand sides.
        rhs: List<ExprId>,
    },
    /// `lhs := rhs`; left-hand sides are identifier expressions in correct code.
    Define {
        /// Left-hand sides.
        lhs: List<ExprId>,
        /// Right-hand sides.
        rhs: List<ExprId>,
    },
    /// `lhs op= rhs`
    OpAssign {
        /// Operator.
        op: BinaryOp,
        /// Left-hand side.
        lhs: ExprId,
        /// Right-hand side.
        rhs: ExprId,
    },
    /// `go call`
    Go(ExprId),
    /// `defer call`
    Defer(ExprId),
    /// `return results`
    Return(List<ExprId>),
    /// A jump.
    Branch {
        /// Which.
        kind: BranchKind,
        /// Its label.
        label: Option<IdentId>,
    },
    /// `{ … }`
    Block(Block),
    /// `if init; cond {…} else …`
    If {
        /// Simple statement before the condition.
        init: Option<StmtId>,
        /// Condition ([`Expr::Bad`] where missing).
        cond: ExprId,
        /// Then-branch.
        then: Block,
        /// Block or if.
        els: Option<StmtId>,
    },
    /// `switch init; tag {…}`
    Switch {
        /// Simple statement before the tag.
        init: Option<StmtId>,
        /// Tag.
        tag: Option<ExprId>,
        /// Clauses.
        clauses: Box<[CaseClause]>,
    },
    /// `switch init; name := x.(type) {…}`
    TypeSwitch {
        /// Simple statement before the guard.
        init: Option<StmtId>,
        /// Name bound in each clause.
        name: Option<IdentId>,
        /// The operand (without `.(type)`).
        x: ExprId,
        /// Clauses.
        clauses: Box<[CaseClause]>,
    },
    /// `select {…}`
    Select {
        /// Arms.
        clauses: Box<[CommClause]>,
    },
    /// `for init; cond; post {…}`
    For {
        /// Before the loop.
        init: Option<StmtId>,
        /// Condition.
        cond: Option<ExprId>,
        /// After each turn.
        post: Option<StmtId>,
        /// Body.
        body: Block,
    },
    /// `for key, value := range x {…}`
    Range {
        /// First variable.
        key: Option<ExprId>,
        /// Second variable.
        value: Option<ExprId>,
        /// Whether `:=`.
        define: bool,
        /// What is ranged over.
        x: ExprId,
        /// Body.
        body: Block,
    },
}

/// A clause of a switch or type switch.
#[derive(Clone, Debug)]
pub struct CaseClause {
    /// Expressions or types; empty for `default`.
    pub exprs: List<ExprId>,
    /// Whether `default`.
    pub is_default: bool,
    /// Statements.
    pub body: List<StmtId>,
    /// Its bytes.
    pub span: TextRange,
}

/// An arm of a select.
#[derive(Clone, Debug)]
pub struct CommClause {
    /// `Stmt::Send`, or a receive in `Stmt::Expr`, `Stmt::Assign` or `Stmt::Define`; `None` for
    /// `default`.
    pub comm: Option<StmtId>,
    /// Statements.
    pub body: List<StmtId>,
    /// Its bytes.
    pub span: TextRange,
}
