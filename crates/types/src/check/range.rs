//! Range clauses.

use super::*;

impl Checker<'_, '_> {
    pub(super) fn range_clause(&mut self, vars: [Option<ExprId>; 2], define: bool, x: ExprId) {
        let mut over = self.expr(x);
        let types = self.range_types(&mut over, vars, define);
        let mut new = Vec::new();
        for (var, ty) in vars.into_iter().zip(types) {
            let Some(var) = var else { continue };
            if define {
                new.push((var, ty));
            } else {
                self.target(var);
            }
        }
        for (var, ty) in new {
            self.define_one(var, ty);
        }
    }

    /// The types of the two iteration values.
    fn range_types(
        &mut self,
        over: &mut Operand,
        vars: [Option<ExprId>; 2],
        define: bool,
    ) -> [TypeId; 2] {
        let int = self.basic(Basic::Int);
        if !over.ok() {
            return [UNKNOWN; 2];
        }
        if self.is_untyped(over.ty) {
            // `for i = range 10` counts in the variable's type.
            let target = match vars[0].filter(|&v| !define && !self.is_blank(v)) {
                Some(var) if self.is(over.ty, is_numeric) => self.target(var),
                _ => UNKNOWN,
            };
            self.assign_to(over, target);
        }
        let Some(under) = self.p.common_underlying(over.ty) else { return [UNKNOWN; 2] };
        match self.kind(under) {
            TypeKind::Basic(basic) if is_string(*basic) => [int, self.p.universe.rune],
            TypeKind::Basic(_) => [over.ty, UNKNOWN],
            TypeKind::Array(_, elem) | TypeKind::Slice(elem) => [int, *elem],
            TypeKind::Pointer(to) => match self.under_kind(*to) {
                TypeKind::Array(_, elem) => [int, *elem],
                _ => [UNKNOWN; 2],
            },
            TypeKind::Map(key, value) => [*key, *value],
            TypeKind::Chan(_, elem) => [*elem, UNKNOWN],
            TypeKind::Signature(iterator) => {
                let body = iterator.params.first().and_then(|&p| self.p.common_underlying(p));
                let params = body.and_then(|b| self.signature_of(b)).map(|s| &s.params);
                let param = |i: usize| params.and_then(|p| p.get(i)).copied().unwrap_or(UNKNOWN);
                [param(0), param(1)]
            }
            _ => [UNKNOWN; 2],
        }
    }
}
