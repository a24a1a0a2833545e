//! Range clauses.

use super::assign::Place;
use super::*;
use stanch_syntax::ast::Expr;

impl Checker<'_, '_> {
    pub(super) fn range_clause(&mut self, vars: [Option<ExprId>; 2], define: bool, x: ExprId) {
        let mut over = self.expr(x);
        let types = if over.ok() { self.range_types(over.ty) } else { [None; 2] };
        let counts = over.ok() && self.is(over.ty, is_integer);
        if define {
            let mut new = Vec::new();
            for (var, ty) in vars.into_iter().zip(types) {
                let Some(var) = var else { continue };
                let ty = match ty {
                    None | Some(UNKNOWN) => UNKNOWN,
                    Some(_) if counts => self.init_var(&mut over, None),
                    Some(ty) => ty,
                };
                if let Expr::Ident(ident) = *self.ast.expr(var) {
                    new.push((ident, ty));
                }
            }
            for (ident, ty) in new {
                self.declare_var(ident, VarKind::Local, ty);
            }
        } else if vars[0].is_some() {
            for (var, ty) in vars.into_iter().zip(types) {
                let Some(var) = var else { continue };
                match ty {
                    Some(_) if counts => self.assign_operand(var, &mut over),
                    _ => {
                        let _: Place = self.lhs(var);
                    }
                }
            }
        } else if counts {
            self.assignment(&mut over, None);
        }
    }

    /// The types of the two iteration values.
    fn range_types(&self, over: TypeId) -> [Option<TypeId>; 2] {
        let int = self.basic(Basic::Int);
        let Some(under) = self.p.common_underlying(over) else { return [None; 2] };
        match self.kind(under) {
            TypeKind::Basic(basic) if is_string(*basic) => [Some(int), Some(self.p.universe.rune)],
            TypeKind::Basic(basic) if is_integer(*basic) => [Some(over), None],
            TypeKind::Array(_, elem) | TypeKind::Slice(elem) => [Some(int), Some(*elem)],
            TypeKind::Pointer(to) => match self.under_kind(*to) {
                TypeKind::Array(_, elem) => [Some(int), Some(*elem)],
                _ => [None; 2],
            },
            TypeKind::Map(key, value) => [Some(*key), Some(*value)],
            TypeKind::Chan(_, elem) => [Some(*elem), None],
            TypeKind::Signature(iterator) => {
                let body = iterator.params.first().and_then(|&p| self.p.common_underlying(p));
                let params = body.and_then(|b| self.signature_of(b)).map(|s| &s.params);
                let param = |i: usize| params.and_then(|p| p.get(i)).copied();
                [param(0), param(1)]
            }
            _ => [None; 2],
        }
    }
}
