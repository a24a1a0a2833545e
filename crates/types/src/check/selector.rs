//! Selectors: qualified identifiers, fields, methods, method expressions.

use super::*;
use crate::lookup::{Hit, Search};
use crate::names::exported;
use stanch_syntax::ast::Expr;

impl Checker<'_, '_> {
    pub(super) fn selector(
        &mut self,
        e: ExprId,
        x: ExprId,
        sel: IdentId,
        want_type: bool,
    ) -> Operand {
        if let Some(import) = self.package_name(x) {
            return match self.imported(import, sel) {
                Some(object) => {
                    self.t.set_ident(sel, object);
                    self.object_operand(e, object)
                }
                None => Operand::invalid(e),
            };
        }
        let x = self.expr_or_type(x, false);
        if want_type || matches!(x.mode, Om::Invalid | Om::Builtin(_)) {
            return Operand::invalid(e);
        }
        let Some(hit) = self.find(x.ty, self.name(sel)) else {
            return Operand::invalid(e);
        };
        if !hit.method && x.mode == Om::Type {
            return Operand::invalid(e);
        }
        self.t.set_ident(sel, hit.object);
        let kind = match (hit.method, x.mode) {
            (true, Om::Type) => SelectionKind::MethodExpr,
            (true, _) => SelectionKind::Method,
            (false, _) => SelectionKind::Field,
        };
        let (mode, ty) = match kind {
            SelectionKind::MethodExpr => (Om::Value, self.method_expr(x.ty, &hit)),
            SelectionKind::Method => (Om::Value, hit.ty),
            SelectionKind::Field if x.mode == Om::Variable || hit.indirect => {
                (Om::Variable, hit.ty)
            }
            SelectionKind::Field => (Om::Value, hit.ty),
        };
        let selection = Selection {
            kind,
            object: hit.object,
            recv: x.ty,
            path: hit.path.into(),
            indirect: hit.indirect,
        };
        self.t.selections.push((e, selection));
        self.result(mode, ty, e)
    }

    fn find(&self, ty: TypeId, name: Name) -> Option<Hit> {
        if let Search::Hit(hit) = self.p.find(ty, self.pkg, name) {
            return Some(hit);
        }
        match self.p.find(self.tested_type(ty)?, self.pkg, name) {
            Search::Hit(hit) => Some(hit),
            _ => None,
        }
    }

    /// In an external test: the type of the package under test, which its test files may have given
    /// more methods, for the same type as packages in between know it. (The go command compiles
    /// these anew for each test, so that there is only one such type.)
    fn tested_type(&self, ty: TypeId) -> Option<TypeId> {
        let ty = self.p.unalias(ty);
        if let TypeKind::Pointer(to) = *self.kind(ty) {
            return Some(self.pointer_to(self.tested_type(to)?));
        }
        let TypeKind::Named { object, args } = self.kind(ty) else { return None };
        let path = self.p.package_path(object.package);
        if self.p.package_path(self.pkg).strip_suffix("_test") != Some(path) {
            return None;
        }
        let Some(Import::Package(tested)) = self.p.source(self.pkg).imports.get(path) else {
            return None;
        };
        let name = self.p.cell(*object)?.name;
        let twin = *self.p.env(*tested)?.scope.get(&name)?;
        (twin != *object).then(|| self.intern(TypeKind::Named { object: twin, args: args.clone() }))
    }

    /// An operand, invalid if its type is unknown.
    pub(super) fn result(&self, mode: Om, ty: TypeId, e: ExprId) -> Operand {
        match ty == UNKNOWN {
            true => Operand::invalid(e),
            false => Operand::new(mode, ty, e),
        }
    }

    /// The import that an expression names; its use is recorded.
    fn package_name(&mut self, x: ExprId) -> Option<Import> {
        let Expr::Ident(ident) = *self.ast.expr(x) else { return None };
        let object = self.lookup(ident)?;
        let CellKind::PkgName(import) = self.p.cell(object)?.kind else { return None };
        self.t.set_ident(ident, object);
        Some(import)
    }

    fn imported(&self, import: Import, sel: IdentId) -> Option<ObjectId> {
        let name = self.name(sel);
        match import {
            Import::Package(_) if !exported(self.p.names.text(name)) => None,
            Import::Package(id) => self.p.env(id)?.scope.get(&name).copied(),
            Import::Unsafe => self.p.universe.unsafe_scope.get(&name).copied(),
            Import::Missing => None,
        }
    }

    /// The type of `T.m`: the method's with the receiver as first parameter.
    fn method_expr(&mut self, recv: TypeId, hit: &Hit) -> TypeId {
        let Some(signature) = self.signature_of(hit.ty) else { return UNKNOWN };
        let mut params = vec![recv];
        params.extend(&signature.params);
        // The receiver has a name if the parameters have.
        let old = self.p.names.names(signature.names);
        let names = match (old.is_empty(), signature.params.is_empty()) {
            (true, _) => crate::names::NO_NAMES,
            (false, true) => {
                let all = [EMPTY].into_iter().chain(old.iter().copied());
                self.p.names.list(all.collect())
            }
            (false, false) => {
                let named = old.first().is_some_and(|&n| n != EMPTY);
                let receiver = self.p.func_info(hit.object).and_then(|i| i.receiver.get());
                let recv = match (named, receiver.map(|r| r.name.0)) {
                    (false, _) => EMPTY,
                    (true, Some(name)) if name != EMPTY => name,
                    (true, _) => BLANK,
                };
                self.p.names.list([recv].into_iter().chain(old.iter().copied()).collect())
            }
        };
        self.intern(TypeKind::Signature(SignatureType {
            type_params: Box::default(),
            params: params.into(),
            results: signature.results.clone(),
            variadic: signature.variadic,
            names,
        }))
    }
}
