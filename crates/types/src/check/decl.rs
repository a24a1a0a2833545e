//! Declarations: package-level ones when they are resolved, local ones as statements, bodies.

use super::*;
use crate::env::{FuncInfo, FuncScope, NO_AUX, Name0};
use crate::tables::Delayed;
use stanch_syntax::ast::{
    Block, Body, Expr, FuncDecl, GenDecl, GenKeyword, Spec, TypeSpec, ValueSpec,
};

impl Checker<'_, '_> {
    /// Resolves the declaration of a package-level type.
    pub(crate) fn type_spec(&mut self, object: ObjectId, spec: &TypeSpec) {
        let Some(decl) = self.p.type_decl(object) else { return };
        self.scoped(|c| {
            let params = c.declare_type_params(spec.type_params);
            _ = decl.params.set(params);
            let rhs = c.typ(spec.ty);
            _ = decl.rhs.set(rhs);
        });
    }

    /// Type and value of a constant: name number `index` of a specification that repeats `from`.
    pub(crate) fn const_spec(
        &mut self,
        from: &ValueSpec,
        index: usize,
        iota: u32,
    ) -> (TypeId, ConstValue) {
        self.iota = Some(u64::from(iota));
        let ty = from.ty.map(|ty| self.typ(ty));
        let mut result = (ty.unwrap_or(UNKNOWN), ConstValue::Unknown);
        if let Some(&value) = self.ast.list(from.values).get(index) {
            let mut x = self.expr(value);
            if let Some(ty) = ty
                && x.ok()
            {
                self.assign_to(&mut x, ty);
            }
            if x.mode == Om::Const {
                result = (x.ty, self.value_of(&x).clone());
            }
        }
        self.iota = None;
        result
    }

    /// Resolves a package-level variable and, where one call gives several their values, those
    /// declared with it.
    pub(crate) fn package_var(
        &mut self,
        object: ObjectId,
        spec: &ValueSpec,
        index: usize,
        first: u32,
    ) {
        let names = self.ast.list(spec.names);
        let values = self.ast.list(spec.values);
        let declared = spec.ty.map(|ty| self.typ(ty));
        let set = |c: &Self, object: ObjectId, ty: TypeId| {
            if let Some(cell) = c.p.cell(object)
                && cell.ty().is_none()
            {
                cell.set_ty(ty);
            }
        };
        if let Some(ty) = declared {
            // Known before the value is looked at: the value may mention the variable.
            set(self, object, ty);
        }
        if values.len() == 1 && names.len() > 1 {
            let types = self.value_types(values[0], names.len());
            for (n, ty) in types.into_iter().enumerate() {
                let object = ObjectId { package: self.pkg, index: first + n as u32 };
                set(self, object, declared.unwrap_or(ty));
            }
            return;
        }
        let ty = match values.get(index) {
            Some(&value) => self.init_value(value, declared),
            None => declared.unwrap_or(UNKNOWN),
        };
        set(self, object, ty);
    }

    /// Infers an initial value; the variable's type.
    fn init_value(&mut self, value: ExprId, declared: Option<TypeId>) -> TypeId {
        let mut x = self.expr_hint(value, declared);
        match declared {
            Some(ty) => {
                self.assign_to(&mut x, ty);
                ty
            }
            None => self.default_value(&mut x),
        }
    }

    /// The types of the `n` values of one expression, as variables take them.
    pub(super) fn value_types(&mut self, value: ExprId, n: usize) -> Vec<TypeId> {
        let mut values = self.multi(value, n);
        let mut types: Vec<TypeId> = values.iter_mut().map(|x| self.default_value(x)).collect();
        types.resize(n, UNKNOWN);
        types
    }

    /// The signature of a declared function or method.
    pub(crate) fn func_signature(&mut self, decl: &FuncDecl, info: &FuncInfo) -> TypeId {
        let mut scope = FuncScope::default();
        let ty = self.scoped(|c| {
            if let Some(recv) = decl.recv {
                c.receiver(recv, info, &mut scope);
            }
            c.signature(decl.signature, Some(&mut scope))
        });
        _ = info.scope.set(scope);
        ty
    }

    fn receiver(
        &mut self,
        recv: stanch_syntax::ast::List<stanch_syntax::ast::FieldId>,
        info: &FuncInfo,
        scope: &mut FuncScope,
    ) {
        let ast = self.ast;
        for &field in ast.list(recv) {
            let field = &ast.fields[field];
            self.receiver_params(field.ty, info, scope);
            let ty = self.receiver_type(field.ty, scope);
            for &name in ast.list(field.names) {
                let object = self.declare_var(name, VarKind::Receiver, ty);
                scope.objects.push((self.symbol(name), object));
                scope.recv_name = Name0(self.name(name));
            }
        }
    }

    /// Declares the type parameters that a generic receiver names, with the constraints of the
    /// type's own.
    fn receiver_params(&mut self, ty: ExprId, info: &FuncInfo, scope: &mut FuncScope) {
        let ast = self.ast;
        let mut at = ty;
        for _ in 0..8 {
            match *ast.expr(at) {
                Expr::Star(x) | Expr::Paren(x) => at = x,
                _ => break,
            }
        }
        let Expr::Index { indices, .. } = *ast.expr(at) else { return };
        let mut params = Vec::new();
        for &index in ast.list(indices) {
            if let Expr::Ident(ident) = *ast.expr(index) {
                let object = self.declare_type_param(ident);
                scope.objects.push((self.symbol(ident), object));
                params.push(object);
            }
        }
        let own = info.recv.map_or(&[][..], |r| self.p.type_params(r));
        let to: Vec<TypeId> = params.iter().map(|&o| self.intern(TypeKind::TypeParam(o))).collect();
        for (&param, &from) in params.iter().zip(own) {
            let constraint = self.p.constraint(from);
            let subst = crate::subst::Subst { program: self.p, from: own, to: &to };
            self.set_constraint(param, subst.ty(constraint));
        }
        scope.recv_params = params.into();
    }

    fn receiver_type(&mut self, ty: ExprId, scope: &FuncScope) -> TypeId {
        let _ = scope;
        self.typ(ty)
    }

    /// Infers the body of a declared function.
    pub(crate) fn func_body(&mut self, func: ObjectId, block: &Block) {
        let Some(info) = self.p.func_info(func) else { return };
        let Some(scope) = info.scope.get() else { return };
        self.body(&scope.objects, &scope.results, self.p.type_of(func), block);
    }

    /// Infers the body of a function literal of a package-level declaration.
    pub(crate) fn delayed_literal(&mut self, delayed: Delayed) {
        let Expr::FuncLit { body, .. } = *self.ast.expr(delayed.literal) else { return };
        let iota = std::mem::replace(&mut self.iota, delayed.iota);
        let scope = delayed.scope;
        self.body(&scope.objects, &scope.results, UNKNOWN, &body);
        self.iota = iota;
    }

    fn body(
        &mut self,
        objects: &[(Symbol, ObjectId)],
        results: &[ObjectId],
        _ty: TypeId,
        block: &Block,
    ) {
        let results = std::mem::replace(&mut self.results, results.to_vec());
        let labels = std::mem::take(&mut self.labels);
        let jumps = std::mem::take(&mut self.jumps);
        let in_body = std::mem::replace(&mut self.in_body, true);
        self.scoped(|c| {
            for &(symbol, object) in objects {
                c.bind(symbol, object);
            }
            c.scoped(|c| c.stmts(block.stmts));
        });
        self.resolve_jumps();
        self.in_body = in_body;
        self.results = results;
        self.labels = labels;
        self.jumps = jumps;
    }

    /// A function literal met in a body: inferred at once, with its own labels and results.
    pub(super) fn literal_body(&mut self, scope: &FuncScope, block: &Block) {
        self.body(&scope.objects, &scope.results, UNKNOWN, block);
    }

    /// A declaration as a statement.
    pub(super) fn local_decl(&mut self, decl: &GenDecl) {
        let mut from: Option<&ValueSpec> = None;
        for spec in &decl.specs {
            match spec {
                Spec::Import(_) => {}
                Spec::Value(value) if decl.keyword == GenKeyword::Const => {
                    if value.ty.is_some() || !value.values.is_empty() {
                        from = Some(value);
                    }
                    self.local_const(value, from.unwrap_or(value));
                }
                Spec::Value(value) => self.local_var(value),
                Spec::Type(spec) => self.local_type(spec),
            }
        }
    }

    fn local_const(&mut self, spec: &ValueSpec, from: &ValueSpec) {
        let names = self.ast.list(spec.names);
        let mut objects = Vec::new();
        for (i, &name) in names.iter().enumerate() {
            let (ty, value) = self.const_spec(from, i, spec.iota);
            let aux = self.env.consts.push(value) as u32;
            let cell = self.cell_for(name, CellKind::Const).with(ty, aux);
            let object = self.new_object(cell);
            self.t.set_ident(name, object);
            objects.push((self.symbol(name), object));
        }
        for (symbol, object) in objects {
            self.bind(symbol, object);
        }
    }

    fn local_var(&mut self, spec: &ValueSpec) {
        let names = self.ast.list(spec.names);
        let values = self.ast.list(spec.values);
        let declared = spec.ty.map(|ty| self.typ(ty));
        let types: Vec<TypeId> = if values.len() == 1 && names.len() > 1 {
            self.value_types(values[0], names.len())
        } else {
            let mut types: Vec<TypeId> =
                values.iter().map(|&v| self.init_value(v, declared)).collect();
            types.resize(names.len(), UNKNOWN);
            types
        };
        for (&name, ty) in names.iter().zip(types) {
            self.declare_var(name, VarKind::Local, declared.unwrap_or(ty));
        }
    }

    fn local_type(&mut self, spec: &TypeSpec) {
        let alias = spec.alias;
        let aux = self.env.types.push(crate::env::TypeDecl {
            generic: !spec.type_params.is_empty(),
            ..crate::env::TypeDecl::default()
        }) as u32;
        let cell = self.cell_for(spec.name, CellKind::TypeName { alias }).with_aux(aux);
        let object = self.new_object(cell);
        let args = Box::default();
        let ty = self.intern(match alias {
            true => TypeKind::Alias { object, args },
            false => TypeKind::Named { object, args },
        });
        if let Some(cell) = self.p.cell(object) {
            cell.set_ty(ty);
        }
        self.t.set_ident(spec.name, object);
        // An alias does not see itself.
        if alias {
            self.type_spec(object, spec);
            self.bind(self.symbol(spec.name), object);
        } else {
            self.bind(self.symbol(spec.name), object);
            self.type_spec(object, spec);
        }
        let _ = (NO_AUX, Body::None);
    }
}
