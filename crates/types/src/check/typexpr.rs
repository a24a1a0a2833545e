//! Type expressions.

use super::*;
use crate::constant;
use crate::env::{FuncScope, NO_AUX};
use stanch_syntax::ast::{BinaryOp, Expr, FieldId, List, SignatureId, UnaryOp};
use std::sync::OnceLock;

/// Terms of one union.
const MAX_TERMS: usize = 100;

impl Checker<'_, '_> {
    /// The type that an expression denotes, recorded.
    pub(super) fn typ(&mut self, e: ExprId) -> TypeId {
        let ty = crate::deep(|| self.typ_kind(e));
        let ty = if self.is_generic_type(ty) { UNKNOWN } else { ty };
        self.record_type(e, ty);
        ty
    }

    /// A generic type without its arguments, recorded.
    pub(super) fn generic_type(&mut self, e: ExprId) -> TypeId {
        let ty = crate::deep(|| self.typ_kind(e));
        let ty = if self.is_generic_type(ty) { ty } else { UNKNOWN };
        self.record_type(e, ty);
        ty
    }

    pub(super) fn type_list(&mut self, list: &[ExprId]) -> Option<Vec<TypeId>> {
        let types: Vec<_> = list.iter().map(|&e| self.typ(e)).collect();
        types.iter().all(|&t| self.valid(t)).then_some(types)
    }

    fn typ_kind(&mut self, e: ExprId) -> TypeId {
        let ast = self.ast;
        match ast.expr(e) {
            Expr::Ident(ident) => {
                let x = self.ident(e, *ident);
                if x.mode == Om::Type { x.ty } else { UNKNOWN }
            }
            Expr::Selector { x, sel } => {
                let x = self.selector(e, *x, *sel, true);
                if x.mode == Om::Type { x.ty } else { UNKNOWN }
            }
            Expr::Index { x, indices } => {
                let generic = self.generic_type(*x);
                let args = self.type_list(ast.list(*indices));
                let (Some(args), true) = (args, generic != UNKNOWN) else { return UNKNOWN };
                let ty = self.instance(generic, &args);
                if ty != UNKNOWN {
                    self.record_instance(e, &args);
                }
                ty
            }
            Expr::Paren(x) => self.typ(*x),
            Expr::SliceType(elem) => {
                let elem = self.typ(*elem);
                self.slice_of(elem)
            }
            Expr::ArrayType { len, elem } => {
                let n = len.and_then(|len| self.array_length(len));
                let elem = self.typ(*elem);
                match n {
                    Some(_) => self.intern(TypeKind::Array(n, elem)),
                    None if len.is_some() => self.intern(TypeKind::Array(None, elem)),
                    None => UNKNOWN,
                }
            }
            Expr::StructType { fields } => self.struct_type(*fields),
            Expr::Star(x) => {
                let base = self.typ(*x);
                if base == UNKNOWN { UNKNOWN } else { self.pointer_to(base) }
            }
            Expr::FuncType(signature) => self.scoped(|c| c.signature(*signature, None)),
            Expr::InterfaceType { elems } => self.interface_type(*elems),
            Expr::MapType { key, value } => {
                let key = self.typ(*key);
                let value = self.typ(*value);
                self.intern(TypeKind::Map(key, value))
            }
            Expr::ChanType { dir, elem } => {
                let elem = self.typ(*elem);
                self.intern(TypeKind::Chan(*dir, elem))
            }
            Expr::Ellipsis(Some(elem)) => {
                let elem = self.typ(*elem);
                self.slice_of(elem)
            }
            _ => {
                self.use_exprs(&[e]);
                UNKNOWN
            }
        }
    }

    /// The instance of a generic type.
    pub(super) fn instance(&self, generic: TypeId, args: &[TypeId]) -> TypeId {
        let generic = match self.kind(generic) {
            TypeKind::Alias { object, .. } if !self.p.is_generic_name(*object) => {
                self.p.unalias(generic)
            }
            _ => generic,
        };
        let args: Box<[TypeId]> = args.into();
        match self.kind(generic) {
            TypeKind::Named { object, .. } => {
                self.intern(TypeKind::Named { object: *object, args })
            }
            TypeKind::Alias { object, .. } => {
                self.intern(TypeKind::Alias { object: *object, args })
            }
            _ => UNKNOWN,
        }
    }

    fn array_length(&mut self, e: ExprId) -> Option<u64> {
        if let Expr::Ident(ident) = *self.ast.expr(e) {
            let object = self.lookup(ident)?;
            if self.p.cell(object).is_none_or(|c| c.kind != CellKind::Const) {
                return None;
            }
        }
        let x = self.expr(e);
        if x.mode != Om::Const || !(self.is_untyped(x.ty) || self.is(x.ty, is_integer)) {
            return None;
        }
        constant::to_u64(self.value_of(&x)).filter(|&n| n <= i64::MAX as u64)
    }

    fn struct_type(&mut self, fields: List<FieldId>) -> TypeId {
        let ast = self.ast;
        let mut out = Vec::new();
        for &field in ast.list(fields) {
            let f = &ast.fields[field];
            let ty = self.typ(f.ty);
            let tag = f.tag.and_then(|r| constant::unquote(r.of(self.text)));
            let tag: Box<str> = match tag {
                Some(bytes) => String::from_utf8_lossy(&bytes).into(),
                None => "".into(),
            };
            for &name in ast.list(f.names) {
                let object = self.new_var(name, VarKind::Field, ty);
                let name = ast.name(name).into();
                out.push(StructField { object, name, ty, embedded: false, tag: tag.clone() });
            }
            if f.names.is_empty()
                && let Some(ident) = self.embedded_ident(f.ty)
            {
                let cell = self.cell_for(ident, CellKind::Var(VarKind::Field));
                let object = self.new_object(cell.with(ty, NO_AUX));
                self.t.embedded.push((ident, object));
                let name = ast.name(ident).into();
                out.push(StructField { object, name, ty, embedded: true, tag });
            }
        }
        self.intern(TypeKind::Struct(out.into()))
    }

    /// The identifier that names an embedded field.
    fn embedded_ident(&self, mut e: ExprId) -> Option<IdentId> {
        loop {
            match *self.ast.expr(e) {
                Expr::Ident(ident) => return Some(ident),
                Expr::Selector { sel, .. } => return Some(sel),
                Expr::Star(x) | Expr::Index { x, .. } | Expr::Paren(x) => e = x,
                _ => return None,
            }
        }
    }

    fn interface_type(&mut self, elems: List<FieldId>) -> TypeId {
        let ast = self.ast;
        let mut methods: Vec<InterfaceMethod> = Vec::new();
        let mut embedded = Vec::new();
        for &field in ast.list(elems) {
            let f = &ast.fields[field];
            let names = ast.list(f.names);
            let Some(&name) = names.first() else {
                embedded.push(self.union_type(f.ty));
                continue;
            };
            let signature = self.typ(f.ty);
            if !matches!(self.kind(signature), TypeKind::Signature(_)) {
                continue;
            }
            let cell = self.cell_for(name, CellKind::Func { interface: true });
            let object = self.new_object(cell.with(signature, NO_AUX));
            self.t.set_ident(name, object);
            methods.push(InterfaceMethod { object, name: ast.name(name).into(), signature });
        }
        methods.sort_by(|a, b| a.name.cmp(&b.name));
        self.intern(TypeKind::Interface(InterfaceType {
            methods: methods.into(),
            embedded: embedded.into(),
            form: InterfaceForm::Written,
        }))
    }

    /// An embedded element: a type, or a union of terms.
    fn union_type(&mut self, e: ExprId) -> TypeId {
        let mut operators = Vec::new();
        let mut parts = Vec::new();
        let mut at = e;
        while let Expr::Binary { op: BinaryOp::Or, x, y, .. } = *self.ast.expr(at) {
            operators.push(at);
            parts.push(y);
            at = x;
        }
        parts.push(at);
        parts.reverse();
        operators.reverse();
        let mut terms: Vec<UnionTerm> = Vec::new();
        let mut union = UNKNOWN;
        for (i, &part) in parts.iter().enumerate() {
            let term = self.union_term(part);
            if parts.len() == 1 && !term.tilde {
                return term.ty;
            }
            if terms.len() < MAX_TERMS {
                terms.push(term);
                union = self.intern(TypeKind::Union(terms.clone().into()));
            }
            if let Some(&operator) = i.checked_sub(1).and_then(|i| operators.get(i)) {
                self.record_type(operator, union);
            }
        }
        union
    }

    fn union_term(&mut self, e: ExprId) -> UnionTerm {
        let Expr::Unary { op: UnaryOp::Tilde, x } = *self.ast.expr(e) else {
            return UnionTerm { tilde: false, ty: self.typ(e) };
        };
        let term = UnionTerm { tilde: true, ty: self.typ(x) };
        let ty = self.intern(TypeKind::Union([term].into()));
        self.record_type(e, ty);
        term
    }

    /// The constraint of a type parameter.
    pub(super) fn bound(&mut self, e: ExprId) -> TypeId {
        let wrap = matches!(
            self.ast.expr(e),
            Expr::Unary { op: UnaryOp::Tilde, .. } | Expr::Binary { op: BinaryOp::Or, .. }
        );
        if !wrap {
            return self.typ(e);
        }
        let union = self.union_type(e);
        self.intern(TypeKind::Interface(InterfaceType {
            methods: Box::default(),
            embedded: [union].into(),
            form: InterfaceForm::Implicit,
        }))
    }

    /// Declares type parameters in the innermost scope.
    pub(super) fn declare_type_params(
        &mut self,
        fields: List<FieldId>,
        early: impl FnOnce(&[ObjectId]),
    ) -> Box<[ObjectId]> {
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
        early(&params);
        let mut last: Option<(ExprId, TypeId)> = None;
        for (object, constraint) in constrained {
            let ty = match last {
                Some((expr, ty)) if expr == constraint => ty,
                _ => match self.bound(constraint) {
                    bound if self.p.is_type_param(bound) => UNKNOWN,
                    bound => bound,
                },
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
        let type_params = self.declare_type_params(signature.type_params, |_| {});
        if let Some(scope) = scope.as_deref_mut() {
            let names = ast.list(signature.type_params).iter();
            let names = names.flat_map(|&f| ast.list(ast.fields[f].names));
            let names = names.map(|&n| self.symbol(n));
            scope.objects.extend(names.zip(type_params.iter().copied()));
        }
        let mut names = Vec::new();
        let last = ast.list(signature.params).last().map(|&f| ast.fields[f].ty);
        let variadic = last.is_some_and(|ty| matches!(ast.expr(ty), Expr::Ellipsis(_)));
        // Names are in scope in the body only: types do not see them.
        let mut declared = Vec::new();
        let (params, _) =
            self.variables(signature.params, VarKind::Param, &mut names, &mut declared);
        let (results, vars) =
            self.variables(signature.results, VarKind::Result, &mut names, &mut declared);
        if let Some(scope) = scope {
            scope.results = vars;
            scope.objects.append(&mut declared);
        }
        let names = self.p.names.list(names);
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
        declared: &mut Vec<(Symbol, ObjectId)>,
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
                let object = self.new_var(name, kind, ty);
                vars.push(object);
                declared.push((self.symbol(name), object));
            }
        }
        (types, vars)
    }
}
