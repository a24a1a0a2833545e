//! Registrations whose caller drops the function that undoes them.

use crate::report::{Retained, Retention};
use crate::retain::events::{self, Helpers};
use crate::retain::finalizers::literal;
use crate::retain::{Bodies, Candidate, Gate, alias, calls};
use stanch_effects::Role;
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Rvalue, Span,
    Terminator,
};
use stanch_types::{ObjectId, ObjectKind, Program, TypeKind, VarKind};

/// Copies looked through.
const MAX_COPIES: usize = 4;

pub(crate) fn find(bodies: &mut Bodies<'_, '_>, helpers: &Helpers) {
    for (id, func) in bodies.funcs() {
        registers(bodies, helpers, id, func);
        for (block, at, call, kind) in calls(func) {
            let span = func.blocks[block].instrs[at].span;
            if !matches!(kind, InstrKind::Call(_)) {
                continue;
            }
            if bodies.is_for(call, Role::AfterContext) {
                with_context(bodies, id, func, call, span);
            } else {
                of_module(bodies, id, func, call, span);
            }
        }
    }
}

/// Notes whether a function puts something into a container and returns a literal that takes it out.
fn registers(bodies: &mut Bodies<'_, '_>, helpers: &Helpers, id: FuncId, func: &Func) {
    let Some(object) = func.object else { return };
    if func.closures.is_empty() || func.results.is_empty() {
        return;
    }
    let (inserts, _) = events::of(bodies, helpers, id, func);
    for (number, &result) in func.results.iter().enumerate() {
        let returned = bodies.definitions[id][result].iter().find_map(|v| match v {
            Rvalue::Use(x) => literal(bodies, id, x),
            Rvalue::MakeClosure(literal) => Some(*literal),
            _ => None,
        });
        let Some(undo) = returned else { continue };
        let taken = inserts.iter().find(|i| events::may_delete(bodies, undo, i.map, 1));
        let Some(insert) = taken else { continue };
        let (Some(by), Some(container)) =
            (bodies.names.decl(object), bodies.names.decl(insert.map))
        else {
            continue;
        };
        let undone = bodies.module.funcs[undo].span;
        bodies.kept.registers.push((by, number as u32, container, undone));
    }
}

/// A call of a function in view of which a result that is a function is dropped.
fn of_module(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, call: &Call, span: Span) {
    let Callee::Static(object, _) = &call.callee else { return };
    if !bodies.sees(*object) || is_own(bodies, id, func, call) {
        return;
    }
    let program = bodies.program;
    let TypeKind::Signature(signature) = program.kind(program.object(*object).ty) else { return };
    for (number, result) in signature.results.iter().enumerate() {
        let is_function =
            matches!(program.kind(program.underlying(*result)), TypeKind::Signature(_));
        if !is_function || !is_dropped(func, call.dst.get(number).copied()) {
            continue;
        }
        let Some(by) = bodies.names.decl(*object) else { continue };
        let retention = retention(bodies, func, span, Some(*object), None);
        let gate = Gate::Registered(by, number as u32);
        bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
    }
}

/// A function that is registered with a context which lives on, and that is never taken back.
fn with_context(bodies: &mut Bodies<'_, '_>, id: FuncId, func: &Func, call: &Call, span: Span) {
    let captures = call.args.get(1).and_then(|x| literal(bodies, id, x));
    let captures = captures.is_some_and(|f| !bodies.module.funcs[f].captures.is_empty());
    if !captures || !is_dropped(func, call.dst.first().copied()) {
        return;
    }
    let Some(place) = call.args.first().and_then(|x| loaded(bodies, id, x)) else { return };
    let Some(held) = alias::end(place) else { return };
    let gate = match bodies.program.object(held).kind {
        ObjectKind::Var(VarKind::Package) => Gate::Repeated,
        _ => match bodies.names.decl(held) {
            Some(field) => Gate::RepeatedIn(field),
            None => return,
        },
    };
    let retention = retention(bodies, func, span, None, Some(held));
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate, retention });
}

fn retention(
    bodies: &Bodies<'_, '_>,
    func: &Func,
    span: Span,
    by: Option<ObjectId>,
    container: Option<ObjectId>,
) -> Retention {
    Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span,
        what: Retained::Unregistered { by, container, undone: None },
        ty: Program::UNKNOWN,
        doubts: Vec::new(),
    }
}

/// Whether a call is one of a method of an object that the function makes: both go together.
fn is_own(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, call: &Call) -> bool {
    let Callee::Static(object, _) = &call.callee else { return true };
    let method =
        matches!(bodies.program.object(*object).kind, ObjectKind::Func { recv: Some(_), .. });
    let Some(recv) = call.args.first().filter(|_| method) else { return false };
    let Operand::Local(mut local) = *recv else { return true };
    for _ in 0..MAX_COPIES {
        if func.params.contains(&local) || func.captures.iter().any(|c| c.inner == local) {
            return false;
        }
        match bodies.definitions[id][local].as_slice() {
            [Rvalue::Use(Operand::Local(x))] => local = *x,
            [Rvalue::Load(place) | Rvalue::AddressOf(place)] => match place.base {
                PlaceBase::Global(_) => return false,
                PlaceBase::Local(base) => local = base,
            },
            // What a call gives may be new.
            _ => return true,
        }
    }
    true
}

/// The place that a value was loaded from, if that is a variable or a field.
fn loaded<'b>(bodies: &Bodies<'b, '_>, id: FuncId, value: &Operand) -> Option<&'b Place> {
    let Operand::Local(mut local) = *value else { return None };
    for _ in 0..MAX_COPIES {
        match bodies.definitions[id][local].as_slice() {
            [Rvalue::Load(place)] => return Some(place),
            [Rvalue::Use(Operand::Local(x))] => local = *x,
            _ => return None,
        }
    }
    None
}

/// Whether nothing uses a result.
fn is_dropped(func: &Func, result: Option<LocalId>) -> bool {
    let Some(result) = result else { return true };
    !func.locals[result].address_taken
        && !func.locals[result].captured_by_ref
        && !func.blocks.iter().any(|data| {
            let mut used = false;
            for instr in &data.instrs {
                instr.kind.for_each_use(|x| used |= x == result);
            }
            used || matches!(data.term, Terminator::Return) && func.results.contains(&result)
        })
}
