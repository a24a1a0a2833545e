//! Type expressions, signatures, type parameters.

use super::*;
use crate::constant;
use crate::env::{FuncScope, NO_AUX};
use crate::names::{EMPTY, NO_NAMES};
use stanch_syntax::ast::{BinaryOp, Expr, Field, FieldId, List, SignatureId, UnaryOp};
use std::sync::OnceLock;

impl Checker<'_, '_> {
    /// The type a type expression denotes; recorded.
    pub(super) fn typ(&mut self, expr: ExprId) -> TypeId {
        let ty = crate::deep(|| self.type_expr(expr));
        self.record_type(expr, ty);
        ty
    }

    fn type_expr(&mut self, expr: ExprId) -> TypeId {
        match *self.ast.expr(expr) {
            Expr::Ident(ident) => match self.lookup(ident) {
                Some(object) => {
                    self.t.set_ident(ident, object);
                    self.type_name(object)
                }
                None => UNKNOWN,
            },
            Expr::Selector { x, sel } => match self.qualified(x, sel) {
                Some(object) => self.type_name(object),
                None => UNKNOWN,
            },
            Expr::Paren(x) => self.typ(x),
            Expr::Index { x, indices } => self.instance_type(x, indices, expr),
            Expr::Star(x) => {
                let base = self.typ(x);
                self.pointer_to(base)
            }
            Expr::SliceType(elem) => {
                let elem = self.typ(elem);
                self.slice_of(elem)
            }
            Expr::ArrayType { len, elem } => {
                let n = len.and_then(|len| self.array_len(len));
                let elem = self.typ(elem);
                self.intern(TypeKind::Array(n, elem))
            }
            Expr::MapType { key, value } => {
                let (key, value) = (self.typ(key), self.typ(value));
                self.intern(TypeKind::Map(key, value))
            }
            Expr::ChanType { dir, elem } => {
                let elem = self.typ(elem);
                self.intern(TypeKind::Chan(dir, elem))
            }
            Expr::Ellipsis(Some(elem)) => {
                let elem = self.typ(elem);
                self.slice_of(elem)
            }
            Expr::FuncType(signature) => self.scoped(|c| c.signature(signature, None)),
            Expr::StructType { fields } => self.struct_type(fields),
            Expr::InterfaceType { elems } => self.interface_type(elems),
            Expr::Unary { op: UnaryOp::Tilde, .. } | Expr::Binary { op: BinaryOp::Or, .. } => {
                self.union(expr)
            }
            _ => {
                self.expr(expr);
                UNKNOWN
            }
        }
    }

    fn type_name(&mut self, object: ObjectId) -> TypeId {
        match self.p.cell(object).map(|c| c.kind) {
            Some(CellKind::TypeName { .. } | CellKind::TypeParam) => self.p.type_of(object),
            _ => UNKNOWN,
        }
    }

    /// The object that `pkg.sel` names; both identifiers are recorded.
    pub(super) fn qualified(&mut self, x: ExprId, sel: IdentId) -> Option<ObjectId> {
        let Expr::Ident(ident) = *self.ast.expr(x) else { return None };
        let package = self.lookup(ident)?;
        let CellKind::PkgName(import) = self.p.cell(package)?.kind else { return None };
        self.t.set_ident(ident, package);
        let name = self.name(sel);
        let object = match import {
            Import::Package(id) => self.p.env(id)?.scope.get(&name).copied()?,
            Import::Unsafe => self.p.universe.unsafe_scope.get(&name).copied()?,
            Import::Missing => return None,
        };
        self.t.set_ident(sel, object);
        Some(object)
    }

    /// Whether an expression names an imported package.
    pub(super) fn is_package(&self, x: ExprId) -> bool {
        let Expr::Ident(ident) = *self.ast.expr(x) else { return false };
        let cell = self.lookup(ident).and_then(|o| self.p.cell(o));
        cell.is_some_and(|c| matches!(c.kind, CellKind::PkgName(_)))
    }

    fn instance_type(&mut self, x: ExprId, indices: List<ExprId>, expr: ExprId) -> TypeId {
        let generic = self.typ(x);
        let args: Vec<TypeId> = self.ast.list(indices).iter().map(|&i| self.typ(i)).collect();
        let ty = self.instantiate_type(generic, &args);
        if ty != UNKNOWN {
            self.record_instance(expr, &args);
        }
        ty
    }

    fn instantiate_type(&self, generic: TypeId, args: &[TypeId]) -> TypeId {
        match self.kind(generic) {
            TypeKind::Named { object, args: old } if old.is_empty() => {
                self.intern(TypeKind::Named { object: *object, args: args.into() })
            }
            TypeKind::Alias { object, args: old } if old.is_empty() => {
                self.intern(TypeKind::Alias { object: *object, args: args.into() })
            }
            _ => UNKNOWN,
        }
    }

    fn array_len(&mut self, len: ExprId) -> Option<u64> {
        let mut x = self.expr(len);
        if x.ok() && self.is_untyped(x.ty) {
            self.convert_untyped(&mut x, self.basic(Basic::Int));
        }
        match x.mode {
            Om::Const => constant::to_u64(self.value_of(&x)),
            _ => None,
        }
    }

    fn struct_type(&mut self, fields: List<FieldId>) -> TypeId {
        let ast = self.ast;
        let mut out = Vec::new();
        for &field in ast.list(fields) {
            let field = &ast.fields[field];
            let ty = self.typ(field.ty);
            let tag = match field.tag {
                Some(span) => constant::unquote(span.of(self.text)).unwrap_or_default(),
                None => Vec::new(),
            };
            let tag: Box<str> = String::from_utf8_lossy(&tag).into();
            if field.names.is_empty() {
                if let Some(ident) = embedded_name(ast, field.ty) {
                    let cell = self.cell_for(ident, CellKind::Var(VarKind::Field));
                    let object = self.new_object(cell.with(ty, NO_AUX));
                    self.t.embedded.push((ident, object));
                    let name = ast.name(ident).into();
                    out.push(StructField { object, name, ty, embedded: true, tag });
                }
                continue;
            }
            for &name in ast.list(field.names) {
                let object = self.new_var(name, VarKind::Field, ty);
                let tag = tag.clone();
                let name = ast.name(name).into();
                out.push(StructField { object, name, ty, embedded: false, tag });
            }
        }
        self.intern(TypeKind::Struct(out.into()))
    }

    fn interface_type(&mut self, elems: List<FieldId>) -> TypeId {
        let ast = self.ast;
        let mut methods = Vec::new();
        let mut embedded = Vec::new();
        for &field in ast.list(elems) {
            let field: &Field = &ast.fields[field];
            match ast.list(field.names).first() {
                Some(&name) => {
                    let signature = self.typ(field.ty);
                    let cell = self.cell_for(name, CellKind::Func { interface: true });
                    let object = self.new_object(cell.with(signature, NO_AUX));
                    self.t.set_ident(name, object);
                    let name = ast.name(name).into();
                    methods.push(InterfaceMethod { object, name, signature });
                }
                None => embedded.push(self.typ(field.ty)),
            }
        }
        methods.sort_by(|a, b| a.name.cmp(&b.name));
        self.intern(TypeKind::Interface(InterfaceType {
            methods: methods.into(),
            embedded: embedded.into(),
            form: InterfaceForm::Written,
        }))
    }

    fn union(&mut self, expr: ExprId) -> TypeId {
        let mut terms = Vec::new();
        let mut work = vec![expr];
        let mut parts = Vec::new();
        while let Some(at) = work.pop() {
            match *self.ast.expr(at) {
                Expr::Binary { op: BinaryOp::Or, x, y, .. } => {
                    work.push(y);
                    work.push(x);
                    if at != expr {
                        parts.push(at);
                    }
                }
                Expr::Unary { op: UnaryOp::Tilde, x } => {
                    let ty = self.typ(x);
                    terms.push(UnionTerm { tilde: true, ty });
                    if at != expr {
                        let term = UnionTerm { tilde: true, ty };
                        let union = self.intern(TypeKind::Union([term].into()));
                        self.record_type(at, union);
                    }
                }
                _ => {
                    let ty = self.typ(at);
                    terms.push(UnionTerm { tilde: false, ty });
                }
            }
        }
        let ty = self.intern(TypeKind::Union(terms.into()));
        for part in parts {
            self.record_type(part, ty);
        }
        ty
    }

    /// Declares type parameters in the innermost scope.
    pub(super) fn declare_type_params(&mut self, fields: List<FieldId>) -> Box<[ObjectId]> {
        let ast = self.ast;
        let mut params = Vec::new();
        let mut constrained = Vec::new();
        for &field in ast.list(fields) {
            let field = &ast.fields[field];
            let names = ast.list(field.names);
            for &name in names {
                let object = self.declare_type_param(name);
                params.push(object);
                constrained.push((object, field.ty));
            }
        }
        let mut last: Option<(ExprId, TypeId)> = None;
        for (object, constraint) in constrained {
            let ty = match last {
                Some((expr, ty)) if expr == constraint => ty,
                _ => self.typ(constraint),
            };
            last = Some((constraint, ty));
            self.set_constraint(object, ty);
        }
        params.into()
    }

    pub(super) fn declare_type_param(&mut self, name: IdentId) -> ObjectId {
        let aux = self.env.constraints.push(OnceLock::new()) as u32;
        let cell = self.cell_for(name, CellKind::TypeParam);
        let object = self.new_object(cell.with_aux(aux));
        let ty = self.intern(TypeKind::TypeParam(object));
        if let Some(cell) = self.p.cell(object) {
            cell.set_ty(ty);
        }
        self.t.set_ident(name, object);
        self.bind(self.symbol(name), object);
        object
    }

    pub(super) fn set_constraint(&self, param: ObjectId, ty: TypeId) {
        if let Some(slot) =
            self.p.cell(param).and_then(|c| self.env.constraints.get(c.aux() as usize))
        {
            _ = slot.set(ty);
        }
    }

    /// A function type; parameters and results are declared in the innermost scope and listed in
    /// `scope`.
    pub(super) fn signature(
        &mut self,
        signature: SignatureId,
        mut scope: Option<&mut FuncScope>,
    ) -> TypeId {
        let ast = self.ast;
        let signature = &ast.signatures[signature];
        let type_params = self.declare_type_params(signature.type_params);
        if let Some(scope) = scope.as_deref_mut() {
            let names = ast.list(signature.type_params).iter();
            let names = names.flat_map(|&f| ast.list(ast.fields[f].names));
            let names = names.map(|&n| self.symbol(n));
            scope.objects.extend(names.zip(type_params.iter().copied()));
        }
        let mut names = Vec::new();
        let last = ast.list(signature.params).last().map(|&f| ast.fields[f].ty);
        let variadic = last.is_some_and(|ty| matches!(ast.expr(ty), Expr::Ellipsis(_)));
        let (params, _) =
            self.variables(signature.params, VarKind::Param, &mut names, scope.as_deref_mut());
        let (results, vars) =
            self.variables(signature.results, VarKind::Result, &mut names, scope.as_deref_mut());
        if let Some(scope) = scope {
            scope.results = vars;
        }
        let names = match names.iter().all(|&n| n == EMPTY) {
            true => NO_NAMES,
            false => self.p.names.list(names),
        };
        self.intern(TypeKind::Signature(SignatureType {
            type_params,
            params: params.into(),
            results: results.into(),
            variadic,
            names,
        }))
    }

    fn variables(
        &mut self,
        fields: List<FieldId>,
        kind: VarKind,
        names: &mut Vec<Name>,
        mut scope: Option<&mut FuncScope>,
    ) -> (Vec<TypeId>, Vec<ObjectId>) {
        let ast = self.ast;
        let (mut types, mut vars) = (Vec::new(), Vec::new());
        for &field in ast.list(fields) {
            let field = &ast.fields[field];
            let ty = self.typ(field.ty);
            if field.names.is_empty() {
                names.push(EMPTY);
                types.push(ty);
                let cell = Cell::new(EMPTY, CellKind::Var(kind), self.place(field.span));
                vars.push(self.new_object(cell.with(ty, NO_AUX)));
            }
            for &name in ast.list(field.names) {
                names.push(self.name(name));
                types.push(ty);
                let object = self.declare_var(name, kind, ty);
                vars.push(object);
                if let Some(scope) = scope.as_deref_mut() {
                    scope.objects.push((self.symbol(name), object));
                }
            }
        }
        (types, vars)
    }
}

/// The identifier that names an embedded field: of `T`, `*T`, `p.T`, `T[A]`.
fn embedded_name(ast: &Ast, mut ty: ExprId) -> Option<IdentId> {
    for _ in 0..8 {
        match *ast.expr(ty) {
            Expr::Ident(ident) => return Some(ident),
            Expr::Selector { sel, .. } => return Some(sel),
            Expr::Star(x) | Expr::Paren(x) | Expr::Index { x, .. } => ty = x,
            _ => return None,
        }
    }
    None
}
