//! Calls: functions of the package, code out of view. What effects do is in `effects`.

use crate::function::FuncBuilder;
use crate::names::Known;
use crate::shared::gives_unknown;
use crate::translate::copied;
use stanch_base::Idx;
use stanch_effects::{Args, Effect, Op as EffectOp};
use stanch_ir::{self as ir, Callee as IrCallee, FuncId, Operand as IrOperand, Span};
use stanch_model::{Bindable, Call, Callee, Const, FnId, LocalId, Op, Operand, Prim, UnknownKind};
use stanch_types::{Builtin, ObjectId, Program, TypeKind};

/// A callee as the model sees it.
enum Resolved<'e> {
    /// A function of the package, whose arguments are those its body needs.
    Ours(Callee, FuncId),
    /// Any other callee, with all arguments.
    Model(Callee),
    /// Code out of view.
    Out,
    Effect(&'e Effect),
    /// Nothing that matters.
    Nothing,
    /// A call that is translated already.
    Done,
}

impl<'a> FuncBuilder<'_, 'a> {
    pub(crate) fn call(&mut self, call: &ir::Call, span: Span) {
        let slots: Vec<Option<LocalId>> = call
            .dst
            .iter()
            .map(|d| if self.is_needed(*d) { Some(self.temp()) } else { None })
            .collect();
        let resolved = if let Some(changed) = self.changed_by_option(call) {
            self.set_unknown(changed, span);
            Resolved::Nothing
        } else if self.is_plain_copy(call) && slots.iter().any(Option::is_some) {
            let from = call.args.get(1).map_or(Operand::Unknown, |from| self.operand(from, span));
            let callee = Callee::Fn(self.cx.library(copied()));
            self.push(Op::Call(Call { callee, args: vec![from], dst: slots.clone() }), span);
            Resolved::Done
        } else {
            self.resolve(call, span)
        };
        match resolved {
            Resolved::Done => {}
            Resolved::Nothing => self.results(&slots, span),
            Resolved::Ours(callee, id) => {
                let args = self.args(call, id, span);
                self.push(Op::Call(Call { callee, args, dst: slots.clone() }), span);
            }
            Resolved::Model(callee) => {
                let args = call.args.iter().map(|a| self.operand(a, span)).collect();
                self.push(Op::Call(Call { callee, args, dst: slots.clone() }), span);
            }
            Resolved::Out => {
                let args = self.escaping(call, span);
                let callee = match args.is_empty() {
                    true => Callee::Pure(UnknownKind::Any),
                    false => Callee::Opaque,
                };
                self.push(Op::Call(Call { callee, args, dst: slots.clone() }), span);
            }
            Resolved::Effect(effect) => self.effect(effect, call, &slots, span),
        }
        for (&local, slot) in call.dst.iter().zip(slots) {
            if let Some(slot) = slot {
                self.set(local, slot.into(), span);
            }
        }
    }

    /// Arguments as a function of the package needs them.
    fn args(&mut self, call: &ir::Call, callee: FuncId, span: Span) -> Vec<Operand> {
        let function = &self.cx.module.funcs[callee];
        let mut args = Vec::new();
        for (i, arg) in call.args.iter().enumerate() {
            let param = function.params.get(i).copied();
            let needed = param.is_none_or(|p| self.cx.needs.kept[callee].locals[p]);
            if !needed {
                args.push(Const::Nil.into());
                continue;
            }
            let value = self.operand(arg, span);
            let ty = param.map_or(Program::UNKNOWN, |p| function.locals[p].ty);
            args.push(self.directed(value, ty, span));
        }
        args
    }

    /// Arguments that can carry something out of view.
    pub(crate) fn escaping(&mut self, call: &ir::Call, span: Span) -> Vec<Operand> {
        let mut args = Vec::new();
        for arg in &call.args {
            let matters = match arg {
                IrOperand::Local(local) => self.is_needed(*local),
                IrOperand::Func(_) => true,
                _ => false,
            };
            if !matters {
                continue;
            }
            let value = self.operand(arg, span);
            if !matches!(value, Operand::Const(_) | Operand::Unknown) {
                args.push(value);
            }
        }
        args
    }

    fn resolve(&mut self, call: &ir::Call, span: Span) -> Resolved<'a> {
        match &call.callee {
            IrCallee::Builtin(Builtin::Close) => Resolved::Model(Callee::Prim(Prim::Close)),
            IrCallee::Builtin(Builtin::Panic) => Resolved::Model(Callee::Prim(Prim::Panic)),
            IrCallee::Builtin(_) if self.lets_go(call) => Resolved::Out,
            IrCallee::Builtin(_) => Resolved::Nothing,
            IrCallee::Closure(id, local) => {
                if !self.cx.needs.relevant[*id] {
                    return Resolved::Nothing;
                }
                let value = self.get(*local, span);
                Resolved::Ours(Callee::Value(value), *id)
            }
            IrCallee::Value(value) => match self.operand(value, span) {
                Operand::Unknown => Resolved::Out,
                value => Resolved::Model(Callee::Value(value)),
            },
            IrCallee::Static(object, _) => self.resolve_static(*object, call),
            IrCallee::Interface { recv, method } => match self.cx.names.known(*method) {
                Known::Effect(effect) => Resolved::Effect(effect),
                Known::Body(_) | Known::Inert | Known::Nothing => match self.operand(recv, span) {
                    Operand::Unknown => Resolved::Out,
                    recv => {
                        let name = self.cx.program.object_name(*method).to_owned();
                        Resolved::Model(Callee::Method(recv, self.cx.method(&name)))
                    }
                },
            },
        }
    }

    fn resolve_static(&mut self, object: ObjectId, call: &ir::Call) -> Resolved<'a> {
        match self.cx.names.known(object) {
            Known::Effect(_) if self.lets_go(call) => Resolved::Out,
            Known::Effect(effect) => Resolved::Effect(effect),
            Known::Body(id) if self.cx.needs.relevant[id] => {
                Resolved::Ours(Callee::Fn(FnId::from_usize(id.index())), id)
            }
            Known::Body(_) => Resolved::Nothing,
            Known::Inert if !gives_unknown(self.cx.names, self.func, call) => Resolved::Nothing,
            Known::Inert | Known::Nothing => Resolved::Out,
        }
    }

    /// Whether a call copies elements that do not matter.
    fn is_plain_copy(&self, call: &ir::Call) -> bool {
        call.callee == IrCallee::Builtin(Builtin::Copy)
            && call.args.iter().all(|a| !self.cx.carry.carries(self.operand_type(a)))
    }

    fn lets_go(&self, call: &ir::Call) -> bool {
        let relevant = |id: FuncId| self.cx.needs.relevant[id];
        crate::library::lets_go(self.cx.names, self.id, self.func, call, relevant)
    }

    /// Results about which nothing is known.
    pub(crate) fn results(&mut self, dst: &[Option<LocalId>], span: Span) {
        for &dst in dst.iter().flatten() {
            self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
        }
    }

    pub(crate) fn spawn(&mut self, call: &ir::Call, span: Span) {
        // Nobody recovers on a goroutine that only panics: the process ends.
        if call.callee == IrCallee::Builtin(Builtin::Panic) {
            return self.prim(Prim::Exit, Vec::new(), Vec::new(), span);
        }
        if let Some(call) = self.later(call, span) {
            self.push(Op::Go(call), span);
        }
    }

    pub(crate) fn defer(&mut self, call: &ir::Call, span: Span) {
        if let Some(call) = self.later(call, span) {
            self.push(Op::Defer(call), span);
        }
    }

    /// A call that runs later: its callee and arguments are evaluated now.
    fn later(&mut self, call: &ir::Call, span: Span) -> Option<Call> {
        let (callee, args) = match self.resolve(call, span) {
            Resolved::Nothing | Resolved::Done => return None,
            Resolved::Ours(callee, id) => (callee, self.args(call, id, span)),
            Resolved::Model(callee) => {
                (callee, call.args.iter().map(|a| self.operand(a, span)).collect())
            }
            Resolved::Out => (Callee::Opaque, self.escaping(call, span)),
            Resolved::Effect(effect) => self.later_effect(effect, call, span)?,
        };
        Some(Call { callee, args, dst: Vec::new() })
    }

    fn later_effect(
        &mut self,
        effect: &Effect,
        call: &ir::Call,
        span: Span,
    ) -> Option<(Callee, Vec<Operand>)> {
        let stops = effect.op == EffectOp::SignalStop
            && call.args.first().is_some_and(|a| self.cx.names.is_of_signals(self.id, a));
        let prim = stops.then_some(Prim::TimerStop);
        if let Some(prim) = crate::effects::prim_of(effect.op).or(prim) {
            let args = self.effect_args(effect.op, call, span);
            return Some((Callee::Prim(prim), args));
        }
        if effect.args == Args::Borrow && effect.callbacks.is_empty() {
            return None;
        }
        let args = self.effect_args(effect.op, call, span);
        Some((Callee::Opaque, args))
    }

    pub(crate) fn method_value(
        &mut self,
        local: ir::LocalId,
        recv: &IrOperand,
        method: ObjectId,
        span: Span,
    ) {
        let value = self.operand(recv, span);
        let callee = match self.cx.names.known(method) {
            Known::Body(id) => Some(Bindable::Fn(FnId::from_usize(id.index()))),
            Known::Effect(effect) => crate::effects::prim_of(effect.op).map(Bindable::Prim),
            Known::Nothing if self.cx.program.is_interface(self.operand_type(recv)) => {
                let name = self.cx.program.object_name(method).to_owned();
                Some(Bindable::Method(self.cx.method(&name)))
            }
            Known::Inert | Known::Nothing => None,
        };
        match callee {
            Some(callee) => {
                let dst = self.temp();
                self.push(Op::Closure { dst, callee, env: vec![value] }, span);
                self.set(local, dst.into(), span);
            }
            None => {
                self.escape(vec![value], span);
                self.unknown(local, UnknownKind::NonNil, span);
            }
        }
    }

    /// Whether an operand is a function value.
    pub(crate) fn is_function(&self, operand: &IrOperand) -> bool {
        let ty = self.operand_type(operand);
        matches!(self.cx.program.kind(self.cx.program.underlying(ty)), TypeKind::Signature(_))
    }
}
