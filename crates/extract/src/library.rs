//! What a library function may do with what it is given, where the effects have a row for its package only.

use crate::classify::{is_context, is_error};
use crate::names::{Known, Names};
use crate::shared::is_data;
use stanch_ir::{Call, Callee, Func, FuncId, Operand};
use stanch_types::{Builtin, Program, TypeId, TypeKind};

/// Whether a call of such a function, or of `copy`, lets go of what it is given: lists and tables whose
/// elements are copied or given back, functions and methods of ours that may be called.
pub(crate) fn lets_go(
    names: &Names<'_>,
    id: FuncId,
    func: &Func,
    call: &Call,
    relevant: impl Fn(FuncId) -> bool,
) -> bool {
    let n_lists = || call.args.iter().filter(|arg| holds_elements(names, func, arg)).count();
    let object = match &call.callee {
        Callee::Builtin(Builtin::Copy) => return n_lists() > 0,
        Callee::Static(object, _) if names.is_of_package(*object) => *object,
        _ => return false,
    };
    let Known::Effect(effect) = names.known(object) else { return false };
    let gives = call.dst.iter().any(|local| !is_data(names, func, &Operand::Local(*local)));
    let runs = |(n, arg): (usize, &Operand)| {
        let Operand::Local(local) = arg else { return false };
        let ty = names.operand_type(func, arg);
        match names.program.kind(names.program.underlying(ty)) {
            TypeKind::Signature(_) => !effect.callbacks.iter().any(|c| c.arg as usize == n),
            TypeKind::Interface(_) => match names.made_of(id, *local) {
                Some(made) => has_method_of(names, ty, made, &relevant),
                None => false,
            },
            _ => false,
        }
    };
    n_lists() > usize::from(!gives) || call.args.iter().enumerate().any(runs)
}

/// Whether a value is a list or table of more than data.
fn holds_elements(names: &Names<'_>, func: &Func, arg: &Operand) -> bool {
    let ty = names.operand_type(func, arg);
    let program = names.program;
    let list = match program.kind(program.underlying(ty)) {
        TypeKind::Slice(elem) | TypeKind::Array(_, elem) | TypeKind::Map(_, elem) => *elem,
        _ => return false,
    };
    // Values of any type, as they are printed.
    let any = matches!(program.kind(program.underlying(list)), TypeKind::Interface(i) if i.methods.is_empty());
    !any && !is_data(names, func, arg)
}

/// Whether a type has a relevant method that an interface asks for.
fn has_method_of(
    names: &Names<'_>,
    interface: TypeId,
    made: TypeId,
    relevant: impl Fn(FuncId) -> bool,
) -> bool {
    let program: &Program<'_> = names.program;
    if is_error(program, interface) || is_context(program, interface) {
        return false;
    }
    let asked = program.method_set(interface);
    asked.iter().any(|asked| {
        let name = program.object_name(asked.object);
        program
            .method_set(made)
            .iter()
            .filter(|method| program.object_name(method.object) == name)
            .any(|method| names.body(method.object).is_some_and(&relevant))
    })
}
