//! Library functions that print a value call its `Error` or `String` method.

use super::facts::{Callee, EventKind};
use crate::escape::Env;
use crate::exec::Run;
use crate::names::Known;
use crate::package::Package;
use crate::state::State;
use crate::visit;
use stanch_ir::{Call, Func, InstrKind, LocalId, Operand, Rvalue, Span};
use stanch_types::{ConstValue, ObjectId, ObjectKind, TypeId};

impl<'a> Run<'a, '_> {
    /// The methods that a function which formats its arguments calls, and the locks that these take.
    pub(crate) fn note_formatted(&mut self, state: &mut State, call: &'a Call, span: Span) {
        for (value, method) in printed(self.package, self.func, call) {
            let Known::Body(body) = self.package.names.known(method) else { continue };
            let term = self.peek(state, &Operand::Local(value));
            let args = self.args(state, &[term]);
            let callee = match self.package.module.funcs.get(body) {
                Some(_) => Callee::Body(body, Vec::new()),
                None => Callee::Declared(method),
            };
            self.note(state, EventKind::Call(callee, args), span);
            let summaries = self.summaries;
            let Some(Some(summary)) = summaries.get(body) else { continue };
            let env = Env { callee: body, args: &[term] };
            for take in summary.outcomes.iter().flat_map(|outcome| &outcome.takes) {
                self.take_below(state, &env, take, span, false);
            }
        }
    }
}

/// The values that a call prints as text, and the methods that say what is printed.
pub(crate) fn printed(package: &Package<'_>, func: &Func, call: &Call) -> Vec<(LocalId, ObjectId)> {
    let mut found = Vec::new();
    let stanch_ir::Callee::Static(object, _) = call.callee else { return found };
    let Known::Effect(effect) = package.names.known(object) else { return found };
    if !effect.formats || call.spread {
        return found;
    }
    let Some((Operand::Local(packed), before)) = call.args.split_last() else { return found };
    let format = match before.last() {
        Some(Operand::Const(ConstValue::String(text), _)) => Some(text),
        Some(_) if takes_format(package, object) => return found,
        _ => None,
    };
    let shown = format.map(|text| shown_as_text(text));
    for (i, value) in values_in(func, *packed).into_iter().enumerate() {
        if shown.as_ref().is_some_and(|shown| !shown.get(i).copied().unwrap_or(false)) {
            continue;
        }
        found.extend(printing_method(package, func, value).map(|method| (value, method)));
    }
    found
}

/// The values that were put into the slice of variadic arguments, before they became interfaces.
fn values_in(func: &Func, slice: LocalId) -> Vec<LocalId> {
    let elems = assigned(func, slice).and_then(|rvalue| match rvalue {
        Rvalue::MakeSlice { elems, .. } => Some(elems),
        _ => None,
    });
    let inner = |operand: &Operand| {
        let Operand::Local(local) = operand else { return None };
        match assigned(func, *local) {
            Some(Rvalue::MakeInterface(Operand::Local(inner), _)) => Some(*inner),
            _ => Some(*local),
        }
    };
    let unknown = LocalId::from_raw(u32::MAX);
    elems.into_iter().flatten().map(|e| inner(e).unwrap_or(unknown)).collect()
}

/// The value of a local that is assigned once.
fn assigned(func: &Func, local: LocalId) -> Option<&Rvalue> {
    visit::kinds(func).find_map(|kind| match kind {
        InstrKind::Assign(l, rvalue) if *l == local => Some(rvalue),
        _ => None,
    })
}

fn printing_method(package: &Package<'_>, func: &Func, value: LocalId) -> Option<ObjectId> {
    let ty = func.locals.get(value)?.ty;
    if package.program.is_interface(ty) || method(package, ty, "Format").is_some() {
        return None;
    }
    method(package, ty, "Error").or_else(|| method(package, ty, "String"))
}

fn method(package: &Package<'_>, ty: TypeId, name: &str) -> Option<ObjectId> {
    let program = package.program;
    let found = program.lookup(ty, package.module.package, name)?;
    match program.object(found.object).kind {
        ObjectKind::Func { interface: false, pointer_recv, .. } => {
            let fits = !pointer_recv || program.pointee(ty).is_some();
            (fits && found.path.is_empty()).then_some(found.object)
        }
        _ => None,
    }
}

/// Whether a function's name says that its last fixed parameter is a format, as `go vet` reads it.
fn takes_format(package: &Package<'_>, object: ObjectId) -> bool {
    package.program.object_name(object).ends_with('f')
}

/// For each argument of a format, whether it is shown as text.
fn shown_as_text(format: &[u8]) -> Vec<bool> {
    let mut shown = Vec::new();
    let mut rest = format.iter();
    while let Some(&byte) = rest.next() {
        if byte != b'%' {
            continue;
        }
        let mut go_syntax = false;
        for &byte in rest.by_ref() {
            match byte {
                b'0'..=b'9' | b'.' | b'+' | b'-' | b' ' => {}
                b'#' => go_syntax = true,
                b'*' => shown.push(false),
                b'[' => return Vec::new(),
                b'%' => break,
                verb => {
                    let text = matches!(verb, b'v' | b's' | b'q' | b'x' | b'X' | b'w');
                    shown.push(text && !(go_syntax && verb == b'v'));
                    break;
                }
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::shown_as_text;

    #[test]
    fn verbs() {
        assert_eq!(shown_as_text(b"%v %d%% %-5s %*q %T"), [true, false, true, false, true, false]);
        assert_eq!(shown_as_text(b"%#v %#x %v"), [false, true, true]);
        assert_eq!(shown_as_text(b"%[1]v"), [] as [bool; 0]);
    }
}
