//! The lines of `stanch debug types`.

use crate::api::*;
use crate::constant::exact_string;
use crate::env::CellKind;
use crate::program::Program;
use stanch_base::FxHashMap;
use std::fmt::Write;

/// The lines of `stanch debug types` for one package, as FINDINGS.md describes them: tab-separated,
/// in the order of files; in a file first expressions, then identifiers, in the order of the tree.
pub fn debug_types(program: &Program<'_>, package: PackageId) -> String {
    let types = program.infer(package);
    let source = program.source(package);
    let mut out = String::new();
    let mut texts: FxHashMap<(TypeId, bool), String> = FxHashMap::default();
    for (file, f) in source.files.iter_enumerated() {
        let Some(t) = types.files.get(file) else { continue };
        for (expr, info) in t.exprs.iter_enumerated() {
            let Some(info) = info else { continue };
            let span = f.ast.expr_span(expr);
            let comma_ok = t.comma_ok.contains(&expr);
            let text = texts.entry((info.ty, comma_ok)).or_insert_with(|| {
                let single = program.type_string(info.ty);
                if comma_ok { format!("({single}, bool)") } else { single }
            });
            let mode = match info.mode {
                Mode::Type => "type",
                Mode::Value => "value",
                Mode::Const => "const",
                Mode::Builtin => "builtin",
                Mode::NoValue => "novalue",
                Mode::Nil => "nil",
                Mode::None | Mode::Other => "other",
            };
            _ = write!(out, "{}:{}:{}\t{mode}\t{text}", f.path, span.start, span.end);
            if let Some(value) = info.constant.and_then(|c| t.constants.get(c as usize)) {
                _ = write!(out, "\t{}", exact_string(value));
            }
            out.push('\n');
        }
        for (ident, object) in t.idents.iter_enumerated() {
            let span = f.ast.idents[ident].span;
            if let Some(field) = t.embedded.get(&ident) {
                write_ident(program, f, file, span, *field, &mut out);
            }
            if let Some(object) = object {
                write_ident(program, f, file, span, *object, &mut out);
            }
        }
    }
    out
}

fn write_ident(
    program: &Program<'_>,
    f: &SourceFile,
    file: FileId,
    span: stanch_base::TextRange,
    object: ObjectId,
    out: &mut String,
) {
    let Some(cell) = program.cell(object) else { return };
    let here = cell.place == Some((file, span)) && cell.kind != CellKind::Label
        || cell.place == Some((file, span));
    _ = write!(out, "{}:{}:{}\t", f.path, span.start, span.end);
    out.push_str(if here { "def\t" } else { "use\t" });
    match (cell.kind, cell.place) {
        (CellKind::PkgName(_), _) if !here => match cell.kind {
            CellKind::PkgName(Import::Package(id)) => out.push_str(program.package_path(id)),
            CellKind::PkgName(Import::Unsafe) => out.push_str("unsafe"),
            _ => out.push_str("missing"),
        },
        (_, None) => out.push_str("universe"),
        (_, Some((at, range))) => {
            let files = &program.source(object.package).files;
            let path = files.get(at).map_or("?", |f| &f.path);
            _ = write!(out, "{path}:{}", range.start);
        }
    }
    out.push('\n');
}
