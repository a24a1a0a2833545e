//! Types as go/types writes them.

use crate::api::*;
use crate::constant::quote_text;
use crate::env::CellKind;
use crate::names::EMPTY;
use crate::program::Program;
use crate::universe::basic_name;
use stanch_syntax::ast::ChanDir;
use std::fmt::Write;

/// Longest text of one type; go/types has no such bound, but its types do not come from fuzzers.
const MAX_LEN: usize = 1 << 20;

/// Appends the text of `ty`.
pub(crate) fn write_type(p: &Program<'_>, ty: TypeId, out: &mut String) {
    if out.len() > MAX_LEN {
        return;
    }
    crate::deep(|| write_kind(p, ty, out));
}

fn write_kind(p: &Program<'_>, ty: TypeId, out: &mut String) {
    match p.kind(ty) {
        TypeKind::Unknown => out.push_str("invalid type"),
        TypeKind::Basic(basic) => out.push_str(basic_name(*basic)),
        TypeKind::Named { object, args } | TypeKind::Alias { object, args } => {
            write_object(p, *object, out);
            if !args.is_empty() {
                out.push('[');
                write_list(p, args, out);
                out.push(']');
            } else if p.is_generic_name(*object) {
                write_type_params(p, p.type_params(*object), out);
            }
        }
        TypeKind::Pointer(t) => {
            out.push('*');
            write_type(p, *t, out);
        }
        TypeKind::Slice(t) => {
            out.push_str("[]");
            write_type(p, *t, out);
        }
        TypeKind::Array(n, t) => {
            match n {
                Some(n) => _ = write!(out, "[{n}]"),
                None => out.push_str("[?]"),
            }
            write_type(p, *t, out);
        }
        TypeKind::Map(k, v) => {
            out.push_str("map[");
            write_type(p, *k, out);
            out.push(']');
            write_type(p, *v, out);
        }
        TypeKind::Chan(dir, t) => write_chan(p, *dir, *t, out),
        TypeKind::Struct(fields) => write_struct(p, fields, out),
        TypeKind::Tuple(list) => {
            let names = p.names.names(p.types.cell(ty).names);
            write_vars(p, list, names, false, out);
        }
        TypeKind::Signature(s) => {
            out.push_str("func");
            write_signature(p, s, out);
        }
        TypeKind::Interface(i) => write_interface(p, i, out),
        TypeKind::TypeParam(object) => {
            out.push_str(p.object_name(*object));
            let shadows = p.cell(*object).is_some_and(|c| p.universe.scope.contains_key(&c.name));
            if shadows {
                out.push_str("/* type parameter */");
            }
        }
        TypeKind::Union(terms) => {
            for (i, term) in terms.iter().enumerate() {
                if i > 0 {
                    out.push_str(" | ");
                }
                if term.tilde {
                    out.push('~');
                }
                write_type(p, term.ty, out);
            }
        }
    }
}

fn write_list(p: &Program<'_>, list: &[TypeId], out: &mut String) {
    for (i, &t) in list.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_type(p, t, out);
    }
}

fn write_object(p: &Program<'_>, object: ObjectId, out: &mut String) {
    if object.package != ObjectId::UNIVERSE {
        out.push_str(p.package_path(object.package));
        out.push('.');
    }
    out.push_str(p.object_name(object));
}

fn write_chan(p: &Program<'_>, dir: ChanDir, elem: TypeId, out: &mut String) {
    out.push_str(match dir {
        ChanDir::Both => "chan ",
        ChanDir::Send => "chan<- ",
        ChanDir::Recv => "<-chan ",
    });
    let parens = dir == ChanDir::Both && matches!(p.kind(elem), TypeKind::Chan(ChanDir::Recv, _));
    if parens {
        out.push('(');
    }
    write_type(p, elem, out);
    if parens {
        out.push(')');
    }
}

fn write_struct(p: &Program<'_>, fields: &[StructField], out: &mut String) {
    out.push_str("struct{");
    for (i, f) in fields.iter().enumerate() {
        if i > 0 {
            out.push_str("; ");
        }
        if !f.embedded {
            out.push_str(&f.name);
            out.push(' ');
        }
        write_type(p, f.ty, out);
        if !f.tag.is_empty() {
            out.push(' ');
            out.push_str(&quote_text(&f.tag));
        }
    }
    out.push('}');
}

fn write_interface(p: &Program<'_>, i: &InterfaceType, out: &mut String) {
    match i.form {
        InterfaceForm::Any => return out.push_str("any"),
        InterfaceForm::Comparable => return out.push_str("interface{comparable}"),
        InterfaceForm::Implicit if i.methods.is_empty() && i.embedded.len() == 1 => {
            return write_type(p, i.embedded[0], out);
        }
        InterfaceForm::Implicit => out.push_str("/* implicit */ "),
        InterfaceForm::Written => {}
    }
    out.push_str("interface{");
    let mut first = true;
    for m in &i.methods {
        if !std::mem::take(&mut first) {
            out.push_str("; ");
        }
        out.push_str(&m.name);
        if let TypeKind::Signature(s) = p.kind(m.signature) {
            write_signature(p, s, out);
        }
    }
    for &t in &i.embedded {
        if !std::mem::take(&mut first) {
            out.push_str("; ");
        }
        write_type(p, t, out);
    }
    out.push('}');
}

fn write_type_params(p: &Program<'_>, params: &[ObjectId], out: &mut String) {
    out.push('[');
    let mut previous = None;
    for (i, &param) in params.iter().enumerate() {
        let bound = p.constraint(param);
        if i > 0 {
            // go/types makes an interface for each parameter of a constraint that is none.
            if let Some(previous) = previous
                && (previous != bound || !p.is_interface(bound))
            {
                out.push(' ');
                write_type(p, previous, out);
            }
            out.push_str(", ");
        }
        previous = Some(bound);
        write_type(p, p.types.intern(TypeKind::TypeParam(param)), out);
    }
    if let Some(previous) = previous {
        out.push(' ');
        write_type(p, previous, out);
    }
    out.push(']');
}

fn write_vars(p: &Program<'_>, list: &[TypeId], names: &[Name], variadic: bool, out: &mut String) {
    out.push('(');
    for (i, &ty) in list.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        if let Some(&name) = names.get(i)
            && name != EMPTY
        {
            out.push_str(p.names.text(name));
            out.push(' ');
        }
        if variadic && i + 1 == list.len() {
            if let TypeKind::Slice(elem) = p.kind(ty) {
                out.push_str("...");
                write_type(p, *elem, out);
            } else {
                write_type(p, ty, out);
                out.push_str("...");
            }
        } else {
            write_type(p, ty, out);
        }
    }
    out.push(')');
}

fn write_signature(p: &Program<'_>, s: &SignatureType, out: &mut String) {
    if !s.type_params.is_empty() {
        write_type_params(p, &s.type_params, out);
    }
    let names = p.names.names(s.names);
    let (param_names, result_names) = match names.is_empty() {
        true => (names, names),
        false => names.split_at(s.params.len().min(names.len())),
    };
    write_vars(p, &s.params, param_names, s.variadic, out);
    if s.results.is_empty() {
        return;
    }
    out.push(' ');
    if s.results.len() == 1 && result_names.first().is_none_or(|&n| n == EMPTY) {
        return write_type(p, s.results[0], out);
    }
    write_vars(p, &s.results, result_names, false, out);
}

impl Program<'_> {
    /// Whether the type name is declared with type parameters.
    pub(crate) fn is_generic_name(&self, object: ObjectId) -> bool {
        self.cell(object).is_some_and(|c| matches!(c.kind, CellKind::TypeName { .. }))
            && self.type_decl(object).is_some_and(|d| d.generic)
    }
}
