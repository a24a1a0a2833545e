//! Declarations: package-level ones when they are resolved, local ones as statements, bodies.

use super::*;
use crate::env::{FuncInfo, FuncScope, Name0, Receiver};
use crate::tables::Delayed;
use stanch_syntax::ast::{
    Block, Body, Expr, FieldId, FuncDecl, GenDecl, GenKeyword, List, Spec, TypeSpec, ValueSpec,
};

impl Checker<'_, '_> {
    /// Resolves the declaration of a package-level type.
    pub(crate) fn type_spec(&mut self, object: ObjectId, spec: &TypeSpec) {
        let Some(decl) = self.p.type_decl(object) else { return };
        self.scoped(|c| {
            c.declare_type_params(spec.type_params, |params| {
                _ = decl.params.set(params.into());
            });
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
        let outer = self.iota.replace(u64::from(iota));
        let ty = from.ty.map(|ty| self.typ(ty));
        let ty = ty.map(|ty| if self.is(ty, is_const_type) { ty } else { UNKNOWN });
        let mut result = (ty.unwrap_or(UNKNOWN), ConstValue::Unknown);
        if let Some(&value) = self.ast.list(from.values).get(index)
            && ty != Some(UNKNOWN)
        {
            let mut x = self.expr(value);
            if x.mode == Om::Const {
                let target = ty.unwrap_or(x.ty);
                self.assignment(&mut x, Some(target));
                result.0 = target;
                if x.ok() {
                    result.1 = self.value_of(&x).clone();
                }
            }
        }
        self.iota = outer;
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
            let types = self.init_vars(&vec![declared; names.len()], values, false);
            for (n, ty) in types.into_iter().enumerate() {
                let object = ObjectId { package: self.pkg, index: first + n as u32 };
                set(self, object, ty);
            }
            return;
        }
        let ty = match values.get(index) {
            Some(&value) => {
                let mut x = self.expr_for(declared, value);
                self.init_var(&mut x, declared)
            }
            None => declared.unwrap_or(UNKNOWN),
        };
        set(self, object, ty);
    }

    /// The signature of a declared function or method.
    pub(crate) fn func_signature(
        &mut self,
        func: ObjectId,
        decl: &FuncDecl,
        info: &FuncInfo,
    ) -> TypeId {
        let mut scope = FuncScope::default();
        let ty = self.scoped(|c| {
            if let Some(recv) = decl.recv {
                _ = info.receiver.set(c.receiver(recv, info, &mut scope));
            }
            c.signature(decl.signature, Some(&mut scope))
        });
        if let Body::Block(_) = decl.body {
            self.t.func_scopes.push((func, scope));
        }
        ty
    }

    fn receiver(
        &mut self,
        recv: List<FieldId>,
        info: &FuncInfo,
        scope: &mut FuncScope,
    ) -> Receiver {
        let ast = self.ast;
        let mut receiver = Receiver::default();
        let Some(&field) = ast.list(recv).first() else { return receiver };
        let field = &ast.fields[field];
        let mut base = field.ty;
        while let Expr::Star(x) | Expr::Paren(x) = *ast.expr(base) {
            base = x;
        }
        let ty = match *ast.expr(base) {
            Expr::Index { x, indices } => {
                let (instance, params) = self.receiver_instance(x, ast.list(indices), info, scope);
                receiver.params = params;
                self.record_receiver(field.ty, instance)
            }
            _ => self.typ(field.ty),
        };
        for &name in ast.list(field.names) {
            let object = self.new_var(name, VarKind::Receiver, ty);
            scope.objects.push((self.symbol(name), object));
            receiver.name = Name0(self.name(name));
        }
        receiver
    }

    /// The type of a generic receiver; declares the type parameters that it names, with the
    /// constraints of the type's own.
    fn receiver_instance(
        &mut self,
        generic: ExprId,
        indices: &[ExprId],
        info: &FuncInfo,
        scope: &mut FuncScope,
    ) -> (TypeId, Box<[ObjectId]>) {
        let ast = self.ast;
        let ty = self.generic_type(generic);
        let mut params = Vec::new();
        let mut to = Vec::new();
        for &index in indices {
            let Expr::Ident(ident) = *ast.expr(index) else { continue };
            let object = self.declare_type_param(ident);
            let param = self.p.type_of(object);
            self.record_type(index, param);
            scope.objects.push((self.symbol(ident), object));
            params.push(object);
            to.push(param);
        }
        let own = match self.kind(ty) {
            TypeKind::Named { object, .. } => self.p.type_params(*object),
            _ => info.recv.map_or(&[][..], |r| self.p.type_params(r)),
        };
        for (&param, &from) in params.iter().zip(own) {
            let subst = crate::subst::Subst { program: self.p, from: own, to: &to };
            self.set_constraint(param, subst.ty(self.p.constraint(from)));
        }
        let params = params.into();
        let TypeKind::Named { object, .. } = self.kind(ty) else { return (UNKNOWN, params) };
        self.record_instance(generic, &to);
        (self.intern(TypeKind::Named { object: *object, args: to.into() }), params)
    }

    /// Records the parts of a receiver type around its instance.
    fn record_receiver(&mut self, e: ExprId, instance: TypeId) -> TypeId {
        let ty = match *self.ast.expr(e) {
            Expr::Paren(x) => self.record_receiver(x, instance),
            Expr::Star(x) => match self.record_receiver(x, instance) {
                UNKNOWN => UNKNOWN,
                base => self.pointer_to(base),
            },
            _ => instance,
        };
        self.record_type(e, ty);
        ty
    }

    /// Infers the body of a declared function.
    pub(crate) fn func_body(&mut self, scope: &FuncScope, block: &Block) {
        self.body(scope, block);
    }

    /// Infers the body of a function literal of a package-level declaration.
    pub(crate) fn delayed_literal(&mut self, delayed: Delayed) {
        let Expr::FuncLit { body, .. } = *self.ast.expr(delayed.literal) else { return };
        let iota = std::mem::replace(&mut self.iota, delayed.iota);
        self.body(&delayed.scope, &body);
        self.iota = iota;
    }

    fn body(&mut self, scope: &FuncScope, block: &Block) {
        let results = std::mem::replace(&mut self.results, scope.results.clone());
        let labels = std::mem::take(&mut self.labels);
        let jumps = std::mem::take(&mut self.jumps);
        let in_body = std::mem::replace(&mut self.in_body, true);
        self.scoped(|c| {
            for &(symbol, object) in &scope.objects {
                c.bind(symbol, object);
            }
            // Parameters and the body's declarations share one scope.
            c.stmts(block.stmts);
        });
        self.resolve_jumps();
        self.in_body = in_body;
        self.results = results;
        self.labels = labels;
        self.jumps = jumps;
    }

    /// A function literal met in a body: inferred at once, with its own labels and results.
    pub(super) fn literal_body(&mut self, scope: &FuncScope, block: &Block) {
        self.body(scope, block);
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
        let types = match values.is_empty() {
            true => vec![declared.unwrap_or(UNKNOWN); names.len()],
            false => self.init_vars(&vec![declared; names.len()], values, false),
        };
        for (&name, ty) in names.iter().zip(types) {
            self.declare_var(name, VarKind::Local, ty);
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
    }
}
