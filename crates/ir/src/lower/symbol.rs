//! Runtime symbols, as gc spells them (`cmd/compile/internal/ir`, closure names; `types`, method
//! names).

use super::Lower;
use super::body::FuncCtx;
use stanch_syntax::ast::{Expr, FuncDecl};
use stanch_types::ObjectId;

impl Lower<'_> {
    /// The package part of symbols: `main` for commands, else the import path.
    pub(super) fn package_symbol(&self) -> String {
        match self.source.name.as_ref() {
            "main" => "main".to_owned(),
            _ => escape(self.program.package_path(self.package)),
        }
    }

    pub(super) fn decl_symbol(&mut self, decl: &FuncDecl, object: Option<ObjectId>) -> String {
        let ast = self.ast();
        let name = ast.name(decl.name);
        let package = self.package_symbol();
        let receiver = decl.recv.and_then(|recv| {
            let field = ast.list(recv).first()?;
            self.receiver_symbol(ast.fields[*field].ty)
        });
        if let Some(receiver) = receiver {
            return format!("{package}.{receiver}.{name}");
        }
        if name == "init" && object.is_none_or(|_| decl.recv.is_none()) {
            let n = self.n_inits;
            self.n_inits += 1;
            return format!("{package}.init.{n}");
        }
        let generic = !ast.signatures[decl.signature].type_params.is_empty();
        let args = if generic { "[...]" } else { "" };
        format!("{package}.{name}{args}")
    }

    /// `T`, `(*T)`, `(*T[...])` of a receiver type as written.
    fn receiver_symbol(&self, ty: stanch_syntax::ast::ExprId) -> Option<String> {
        let ast = self.ast();
        let mut ty = ast.unparen(ty);
        let mut pointer = false;
        let mut generic = false;
        for _ in 0..8 {
            match ast.expr(ty) {
                Expr::Star(x) => {
                    pointer = true;
                    ty = ast.unparen(*x);
                }
                Expr::Index { x, .. } => {
                    generic = true;
                    ty = ast.unparen(*x);
                }
                Expr::Ident(ident) => {
                    let args = if generic { "[...]" } else { "" };
                    let name = ast.name(*ident);
                    return Some(match pointer {
                        true => format!("(*{name}{args})"),
                        false => format!("{name}{args}"),
                    });
                }
                _ => return None,
            }
        }
        None
    }
}

/// The symbol of the next literal in the innermost function.
pub(super) fn literal_symbol(stack: &mut [FuncCtx]) -> String {
    // Literals in the body of a range over a function are counted by the function around it.
    let owner = stack.iter_mut().rev().find(|ctx| !ctx.is_range_body);
    let Some(outer) = owner else { return "func1".to_owned() };
    outer.n_literals += 1;
    let infix = if outer.is_literal { "." } else { ".func" };
    format!("{}{infix}{}", outer.func.symbol, outer.n_literals)
}

/// The symbol of the next body of a range over a function.
pub(super) fn range_symbol(stack: &mut [FuncCtx]) -> String {
    let owner = stack.iter_mut().rev().find(|ctx| !ctx.is_range_body);
    let Some(outer) = owner else { return "range1".to_owned() };
    outer.n_range_bodies += 1;
    format!("{}-range{}", outer.func.symbol, outer.n_range_bodies)
}

/// The linker's spelling of an import path: dots after the last slash, and bytes that symbols cannot
/// hold, are written in hexadecimal (`cmd/internal/objabi`, PathToPrefix).
fn escape(path: &str) -> String {
    let slash = path.rfind('/').map_or(0, |i| i + 1);
    let mut out = String::with_capacity(path.len());
    for (i, c) in path.char_indices() {
        let dot = c == '.' && i >= slash;
        if c <= ' ' || dot || c == '%' || c == '"' || c >= '\u{7f}' {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}
