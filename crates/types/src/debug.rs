//! The lines of `stanch debug types`.

use crate::api::*;
use crate::constant::exact_string;
use crate::env::CellKind;
use crate::program::Program;
use stanch_base::{FxHashMap, TextRange};
use stanch_syntax::ast::{Expr, Stmt};
use std::fmt::Write;

/// The lines of `stanch debug types` for one package, as FINDINGS.md describes them: tab-separated,
/// in the order of files; in a file first expressions, then identifiers, in the order of the tree.
/// Nothing for `unsafe`, whose source only documents it.
pub fn debug_types(program: &Program<'_>, package: PackageId) -> String {
    let source = program.source(package);
    let mut w = Writer { program, package, texts: FxHashMap::default(), out: String::new() };
    if &*source.path == "unsafe" {
        return w.out;
    }
    let types = program.infer(package);
    for (file, f) in source.files.iter_enumerated() {
        let Some(t) = types.files.get(file) else { continue };
        w.expressions(f, t);
        w.steps(f, t);
        for (ident, object) in t.idents.iter_enumerated() {
            let span = f.ast.idents[ident].span;
            for object in [t.embedded.get(&ident), object.as_ref()].into_iter().flatten() {
                w.ident(f, file, span, *object);
            }
        }
    }
    w.out
}

struct Writer<'a, 'p> {
    program: &'a Program<'p>,
    package: PackageId,
    texts: FxHashMap<(TypeId, Option<TypeId>), String>,
    out: String,
}

impl Writer<'_, '_> {
    fn expressions(&mut self, f: &SourceFile, t: &FileTypes) {
        for (expr, info) in t.exprs.iter_enumerated() {
            let Some(info) = info else { continue };
            let span = f.ast.expr_span(expr);
            let mode = match info.mode {
                Mode::Type => "type",
                Mode::Value => "value",
                Mode::Const => "const",
                Mode::Builtin => "builtin",
                Mode::NoValue => "novalue",
                Mode::Nil => "nil",
                Mode::None | Mode::Other => "other",
            };
            let second = t.comma_ok.get(&expr).copied();
            let value = info.constant.and_then(|c| t.constants.get(c as usize));
            self.line(f, span, mode, (info.ty, second), value);
            if let Expr::FuncLit { signature, .. } = *f.ast.expr(expr) {
                // go/ast has a node of its own for the literal's type.
                let end = f.ast.signatures[signature].span.end;
                let span = TextRange::new(span.start, end);
                self.line(f, span, "type", (info.ty, None), None);
            }
        }
    }

    /// `x++` adds a constant that stands nowhere: go/types puts it at the operand's first byte.
    fn steps(&mut self, f: &SourceFile, t: &FileTypes) {
        for stmt in f.ast.stmts.iter() {
            let Stmt::IncDec { x, .. } = stmt.kind else { continue };
            let Some(info) = t.exprs.get(x).copied().flatten() else { continue };
            let start = f.ast.expr_span(x).start;
            let span = TextRange::new(start, start + 1);
            let under = self.program.kind(self.program.underlying(info.ty));
            let one = match under {
                TypeKind::Basic(Basic::Complex64 | Basic::Complex128) => crate::constant::complex(
                    dashu::rational::RBig::ONE,
                    dashu::rational::RBig::ZERO,
                ),
                _ => crate::constant::int(1),
            };
            self.line(f, span, "const", (info.ty, None), Some(&one));
        }
    }

    fn line(
        &mut self,
        f: &SourceFile,
        span: TextRange,
        mode: &str,
        ty: (TypeId, Option<TypeId>),
        value: Option<&ConstValue>,
    ) {
        let program = self.program;
        let text = self.texts.entry(ty).or_insert_with(|| {
            let first = program.type_string(ty.0);
            match ty.1 {
                Some(second) => format!("({first}, {})", program.type_string(second)),
                None => first,
            }
        });
        _ = write!(self.out, "{}:{}:{}\t{mode}\t{text}", f.path, span.start, span.end);
        if let Some(value) = value {
            _ = write!(self.out, "\t{}", exact_string(value));
        }
        self.out.push('\n');
    }

    fn ident(&mut self, f: &SourceFile, file: FileId, span: TextRange, object: ObjectId) {
        let Some(cell) = self.program.cell(object) else { return };
        let here = object.package == self.package && cell.place == Some((file, span));
        let mark = if here { "def" } else { "use" };
        _ = write!(self.out, "{}:{}:{}\t{mark}\t", f.path, span.start, span.end);
        match (cell.kind, cell.place) {
            (CellKind::PkgName(import), _) if !here => match import {
                Import::Package(id) => self.out.push_str(self.program.package_path(id)),
                Import::Unsafe => self.out.push_str("unsafe"),
                Import::Missing => self.out.push_str("missing"),
            },
            (_, None) => self.out.push_str("universe"),
            (_, Some((at, range))) => {
                let files = &self.program.source(object.package).files;
                let path = files.get(at).map_or("?", |f| &f.path);
                _ = write!(self.out, "{path}:{}", range.start);
            }
        }
        self.out.push('\n');
    }
}
