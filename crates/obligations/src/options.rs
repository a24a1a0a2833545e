//! Functional options: functions that are given a half-made object to set its fields, and keep nothing of it.
//!
//! Whoever calls a value of a function type of the package, or an unexported method of an interface of the
//! package, runs one of the functions of that form that the package has: where none of them keeps or ends what it
//! is given, the object stays with its maker.

use crate::calls::Target;
use crate::exec::Run;
use crate::package::Package;
use crate::state::State;
use crate::term::{Term, TermId};
use stanch_ir::{Call, Callee, Func, FuncId, Operand};
use stanch_types::{ObjectId, TypeId, TypeKind};
use std::sync::Arc;

/// What may run when an option is applied.
pub(crate) type Options = Arc<[FuncId]>;

impl Run<'_, '_> {
    /// New objects that options get stay here; what the options may have set is forgotten.
    pub(crate) fn lend_to_options(
        &mut self,
        state: &mut State,
        call: &Call,
        target: Target<'_>,
        args: &mut [TermId],
    ) {
        if !matches!(target, Target::Unknown | Target::Input(_)) {
            return;
        }
        let is_new = |arg: TermId| {
            matches!(self.arena.get(arg), Term::New(_)) && !state.escaped.contains(&arg)
        };
        let news: Vec<usize> = (0..args.len()).filter(|&i| is_new(args[i])).collect();
        if news.is_empty() {
            return;
        }
        let package = self.package;
        let options = match &call.callee {
            Callee::Value(Operand::Local(value)) => {
                self.func.locals.get(*value).and_then(|value| package.options_of(value.ty))
            }
            Callee::Interface { method, .. } => package.appliers(*method),
            _ => None,
        };
        let Some(options) = options else { return };
        for i in news {
            let lent = options.iter().all(|&option| {
                package
                    .facts
                    .get(option)
                    .is_some_and(|f| f.lends.leaves_whole(i) && !f.lends.ends(i))
            });
            if !lent {
                continue;
            }
            self.forget_begun_of(state, &args[i..=i]);
            for &option in options.iter() {
                self.wrote(state, option, &[]);
            }
            args[i] = self.arena.non_nil();
        }
    }
}

impl Package<'_> {
    /// The functions that a value of a function type of this package may be.
    fn options_of(&self, ty: TypeId) -> Option<Options> {
        if let Some(known) = self.options.borrow().get(&ty) {
            return known.clone();
        }
        let program = self.program;
        let named = program.named_object(ty).filter(|o| o.package == self.module.package);
        let options = match program.kind(program.underlying(ty)) {
            TypeKind::Signature(signature) if named.is_some() && !signature.params.is_empty() => {
                let types = |func: &Func, locals: &[stanch_ir::LocalId]| -> Vec<TypeId> {
                    locals.iter().filter_map(|&l| func.locals.get(l)).map(|l| l.ty).collect()
                };
                let alike = |func: &Func| {
                    func.has_body
                        && !func.has_recv
                        && types(func, &func.params) == *signature.params
                        && types(func, &func.results) == *signature.results
                };
                let funcs = self.module.funcs.iter_enumerated();
                let found: Options = funcs.filter(|(_, f)| alike(f)).map(|(id, _)| id).collect();
                (!found.is_empty()).then_some(found)
            }
            _ => None,
        };
        self.options.borrow_mut().insert(ty, options.clone());
        options
    }

    /// The methods that a call of an unexported method of an interface of this package may run.
    fn appliers(&self, method: ObjectId) -> Option<Options> {
        let program = self.program;
        let name = program.object_name(method);
        if method.package != self.module.package || name.starts_with(char::is_uppercase) {
            return None;
        }
        let named = |func: &Func| {
            func.has_body
                && func.has_recv
                && func.object.is_some_and(|o| program.object_name(o) == name)
        };
        let funcs = self.module.funcs.iter_enumerated();
        let found: Options = funcs.filter(|(_, f)| named(f)).map(|(id, _)| id).collect();
        (!found.is_empty()).then_some(found)
    }
}
