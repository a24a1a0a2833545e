//! Signatures: parameters, results and type parameters.
//!
//! Whether `a` in a list is a name or a type is known only at the list's end, so a list is read as
//! entries of an optional name and an optional type, which are then made into fields.

use super::Parser;
use crate::ast::*;
use crate::token::Token;
use stanch_base::TextRange;

/// An entry of a parameter list; a lone identifier is a name at first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Param {
    name: Option<IdentId>,
    ty: Option<ExprId>,
}

impl Parser<'_> {
    /// Parameters and results; the signature begins at `start`.
    pub(super) fn signature(&mut self, start: u32, type_params: List<FieldId>) -> SignatureId {
        let params = self.params(true);
        let results = if self.at(Token::LParen) {
            self.params(false)
        } else if let Some(ty) = self.try_type() {
            let span = self.ast.expr_span(ty);
            let field = Field { names: List::EMPTY, ty, tag: None, span };
            let field = self.ast.fields.push(field);
            self.ast.new_list(&[field])
        } else {
            List::EMPTY
        };
        let span = self.span_from(start);
        self.ast.signatures.push(Signature { type_params, params, results, span })
    }

    /// A parenthesised parameter list.
    pub(super) fn params(&mut self, variadic: bool) -> List<FieldId> {
        if !self.expect(Token::LParen) {
            return List::EMPTY;
        }
        let list = self.param_list(None, Token::RParen, variadic);
        self.expect_closing(Token::RParen, "parameter list");
        list
    }

    /// A bracketed type parameter list; an empty one is an error.
    pub(super) fn type_params(&mut self) -> List<FieldId> {
        self.next();
        let list = self.param_list(None, Token::RBrack, false);
        if list.is_empty() {
            self.error_here("empty type parameter list");
        }
        self.expect_closing(Token::RBrack, "type parameter list");
        list
    }

    /// The entries up to `closing`, of which the first (name and perhaps type) may have been
    /// consumed already. `variadic`: whether the last may be `...T`.
    pub(super) fn param_list(
        &mut self,
        mut first: Option<(IdentId, Option<ExprId>)>,
        closing: Token,
        variadic: bool,
    ) -> List<FieldId> {
        let type_params = closing == Token::RBrack;
        let mark = self.params.len();
        let start = match first {
            Some((name, _)) => self.ast.idents[name].span.start,
            None => self.lex.tok.start,
        };
        while first.is_some() || !matches!(self.lex.tok.kind, Token::Eof) && !self.at(closing) {
            let outer = std::mem::replace(&mut self.high, self.depth);
            let param = match first.take() {
                Some((name, Some(ty))) => {
                    let ty = if type_params { self.union(Some(ty)) } else { ty };
                    Param { name: Some(name), ty: Some(ty) }
                }
                Some((name, None)) => self.param(Some(name), type_params),
                None => self.param(None, type_params),
            };
            self.high = self.high.max(outer);
            if param.name.is_some() || param.ty.is_some() {
                self.params.push(param);
            }
            if !self.eat(Token::Comma) {
                break;
            }
        }
        if mark == self.params.len() {
            return List::EMPTY;
        }
        self.check_params(mark, start, type_params);
        self.check_variadic(mark, variadic);
        self.fields_of_params(mark)
    }

    /// One entry, whose leading identifier may have been consumed already.
    fn param(&mut self, name: Option<IdentId>, type_params: bool) -> Param {
        use Token::*;
        let (name, ty) = match self.lex.tok.kind {
            _ if name.is_some() => self.named_param(name, type_params),
            Ident => {
                let name = self.ident();
                self.named_param(Some(name), type_params)
            }
            Tilde if type_params => return Param { name: None, ty: Some(self.union(None)) },
            Ellipsis => return Param { name: None, ty: Some(self.variadic_type()) },
            _ => match self.try_type() {
                Some(ty) => (None, Some(ty)),
                None => {
                    let what = if type_params { "type parameter or ]" } else { "parameter or )" };
                    self.error_expected(what);
                    return Param { name: None, ty: None };
                }
            },
        };
        match ty {
            Some(ty) if type_params && self.at(Or) => {
                Param { name, ty: Some(self.union(Some(ty))) }
            }
            ty => Param { name, ty },
        }
    }

    /// What follows an entry's leading identifier.
    fn named_param(
        &mut self,
        name: Option<IdentId>,
        type_params: bool,
    ) -> (Option<IdentId>, Option<ExprId>) {
        use Token::*;
        let Some(ident) = name else { return (None, None) };
        match self.lex.tok.kind {
            Ident | Mul | Arrow | Func | Chan | Map | Struct | Interface | LParen => {
                (name, Some(self.ty()))
            }
            LBrack => {
                let (is_name, ty) = self.array_or_instance(ident);
                (is_name.then_some(ident), Some(ty))
            }
            Ellipsis => (name, Some(self.variadic_type())),
            Period => (None, Some(self.named_type(name))),
            Tilde if type_params => (name, Some(self.union(None))),
            Or if type_params => {
                let first = self.ident_expr(ident);
                (None, Some(self.union(Some(first))))
            }
            _ => (name, None),
        }
    }

    fn variadic_type(&mut self) -> ExprId {
        let start = self.lex.tok.start;
        self.next();
        let elem = self.nested(Self::ty);
        self.push_expr(Expr::Ellipsis(Some(elem)), start)
    }

    /// Decides which lone identifiers are types, gives names without type the type that follows,
    /// and reports lists that are neither all names nor all types.
    fn check_params(&mut self, mark: usize, start: u32, type_params: bool) {
        let params = self.params.get(mark..).unwrap_or_default();
        let n_named = params.iter().filter(|p| p.name.is_some() && p.ty.is_some()).count();
        let n_typed = params.iter().filter(|p| p.ty.is_some()).count();
        let n_params = params.len();
        if n_named == 0 {
            self.all_types(mark);
            if type_params && n_typed == 0 {
                self.error_here("missing type constraint");
            } else if type_params {
                let message = match n_params {
                    1 => "missing type parameter name or invalid array length",
                    _ => "missing type parameter name",
                };
                self.error(TextRange::empty(start), message);
            }
            return;
        }
        if n_named == n_params {
            return;
        }
        let mut following = None;
        let mut missing = None;
        for at in (mark..self.params.len()).rev() {
            let Some(&Param { name, ty }) = self.params.get(at) else { break };
            let filled = match (name, ty) {
                (Some(_), Some(_)) => continue_with(&mut following, name, ty),
                (None, ty) => {
                    let start = ty.map_or(start, |ty| self.ast.expr_span(ty).start);
                    missing = Some(start);
                    let blank = self.blank_at(start);
                    continue_with(&mut following, Some(blank), ty)
                }
                (Some(name), None) => {
                    let span = self.ast.idents[name].span;
                    if following.is_none() {
                        missing = Some(span.start);
                    }
                    let ty = following.unwrap_or_else(|| {
                        let span = TextRange::empty(span.end);
                        self.ast.exprs.push(ExprNode { kind: Expr::Bad, span })
                    });
                    Param { name: Some(name), ty: Some(ty) }
                }
            };
            if let Some(slot) = self.params.get_mut(at) {
                *slot = filled;
            }
        }
        let Some(at) = missing else { return };
        let message = match (n_named == n_typed, type_params) {
            (true, true) => return self.error_here("missing type constraint"),
            (true, false) => return self.error_here("missing parameter type"),
            (false, true) => "missing type parameter name",
            (false, false) => "missing parameter name",
        };
        self.error(TextRange::empty(at), message);
    }

    fn blank_at(&mut self, at: u32) -> IdentId {
        let name = self.ast.names.intern("_");
        self.ast.idents.push(Ident { name, span: TextRange::empty(at) })
    }

    /// Turns the lone identifiers of a list without names into types.
    fn all_types(&mut self, mark: usize) {
        for at in mark..self.params.len() {
            let Some(&Param { name: Some(name), .. }) = self.params.get(at) else { continue };
            let ty = self.ident_expr(name);
            if let Some(slot) = self.params.get_mut(at) {
                *slot = Param { name: None, ty: Some(ty) };
            }
        }
    }

    /// `...T` may stand only last, and only where the list allows it.
    fn check_variadic(&mut self, mark: usize, variadic: bool) {
        let n = self.params.len();
        let wrong = (mark..n).find_map(|at| {
            let ty = self.params.get(at)?.ty?;
            let dots = matches!(self.ast.expr(ty), Expr::Ellipsis(_));
            (dots && !(variadic && at + 1 == n)).then(|| self.ast.expr_span(ty))
        });
        if let Some(range) = wrong {
            let message = if variadic {
                "only the final parameter can be variadic"
            } else {
                "variadic type outside a parameter list"
            };
            self.error(range, message);
        }
    }

    /// Fields of the entries from `mark`: names that share a type share a field.
    fn fields_of_params(&mut self, mark: usize) -> List<FieldId> {
        let fields = self.fields.len();
        let mut at = mark;
        while let Some(&Param { name, ty: Some(ty) }) = self.params.get(at) {
            let names = self.idents.len();
            let type_span = self.ast.expr_span(ty);
            let start = name.map_or(type_span.start, |n| self.ast.idents[n].span.start);
            self.idents.extend(name);
            at += 1;
            while let Some(&Param { name: Some(name), ty: Some(next) }) = self.params.get(at)
                && next == ty
            {
                self.idents.push(name);
                at += 1;
            }
            let names = self.take_idents(names);
            let span = TextRange::new(start, type_span.end);
            let field = self.ast.fields.push(Field { names, ty, tag: None, span });
            self.fields.push(field);
        }
        self.params.truncate(mark);
        self.take_fields(fields)
    }
}

/// The entry with its type, which is also that of names before it.
fn continue_with(
    following: &mut Option<ExprId>,
    name: Option<IdentId>,
    ty: Option<ExprId>,
) -> Param {
    *following = ty;
    Param { name, ty }
}
