//! Calls: functions of the package, effects of library functions, code out of view.

use crate::classify::matters;
use crate::function::FuncBuilder;
use crate::names::Known;
use stanch_base::Idx;
use stanch_effects::{Args, Effect, Op as EffectOp, Times, When};
use stanch_ir::{self as ir, Callee as IrCallee, Operand as IrOperand, Span};
use stanch_model::{
    AllocKind, Bindable, Call, Callee, Const, ContextKind, FnId, LocalId, Op, Operand, Prim,
    UnknownKind,
};
use stanch_types::{Builtin, ObjectId, TypeKind};

/// A callee as the model sees it, with the operands that come before the arguments.
enum Resolved<'e> {
    Model(Callee),
    Effect(&'e Effect),
    /// Nothing that matters.
    Nothing,
}

impl<'a> FuncBuilder<'_, 'a> {
    pub(crate) fn call(&mut self, call: &ir::Call, span: Span) {
        let slots: Vec<Option<LocalId>> = call.dst.iter().map(|_| Some(self.temp())).collect();
        match self.resolve(call, span) {
            Resolved::Nothing => {
                for &local in &call.dst {
                    self.unknown(local, UnknownKind::Any, span);
                }
                return;
            }
            Resolved::Model(callee) => {
                let args = self.args(call, span);
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

    fn args(&mut self, call: &ir::Call, span: Span) -> Vec<Operand> {
        let mut args = Vec::new();
        for arg in &call.args {
            let ty = self.operand_type(arg);
            let value = self.operand(arg, span);
            args.push(self.copied(value, ty, span));
        }
        args
    }

    fn resolve(&mut self, call: &ir::Call, span: Span) -> Resolved<'a> {
        match &call.callee {
            IrCallee::Builtin(Builtin::Close) => Resolved::Model(Callee::Prim(Prim::Close)),
            IrCallee::Builtin(Builtin::Panic) => Resolved::Model(Callee::Prim(Prim::Panic)),
            IrCallee::Builtin(_) => Resolved::Nothing,
            IrCallee::Closure(_, local) => {
                let value = self.get(*local, span);
                Resolved::Model(Callee::Value(value))
            }
            IrCallee::Value(value) => {
                let value = self.operand(value, span);
                Resolved::Model(Callee::Value(value))
            }
            IrCallee::Static(object, _) => self.resolve_static(*object, call),
            IrCallee::Interface { recv, method } => match self.cx.names.known(*method) {
                Known::Effect(effect) => Resolved::Effect(effect),
                Known::Body(_) | Known::Nothing => {
                    let recv = self.operand(recv, span);
                    let name = self.cx.program.object_name(*method).to_owned();
                    let method = self.cx.method(&name);
                    Resolved::Model(Callee::Method(recv, method))
                }
            },
        }
    }

    fn resolve_static(&mut self, object: ObjectId, call: &ir::Call) -> Resolved<'a> {
        match self.cx.names.known(object) {
            Known::Effect(effect) => Resolved::Effect(effect),
            Known::Body(id) if self.cx.relevance.relevant[id] => {
                Resolved::Model(Callee::Fn(FnId::from_usize(id.index())))
            }
            Known::Body(_) | Known::Nothing => match self.carries(call) {
                true => Resolved::Model(Callee::Opaque),
                false => Resolved::Model(Callee::Pure(UnknownKind::Any)),
            },
        }
    }

    /// Whether an argument can carry a concurrency object.
    fn carries(&self, call: &ir::Call) -> bool {
        call.args.iter().any(|arg| match arg {
            IrOperand::Local(_) => matters(self.cx.program, self.operand_type(arg), 0),
            IrOperand::Func(_) => true,
            _ => false,
        })
    }

    /// All operands of a call with an effect: an interface's receiver counts as the first argument.
    fn effect_args(&mut self, call: &ir::Call, span: Span) -> Vec<Operand> {
        let mut args = Vec::new();
        if let IrCallee::Interface { recv, .. } = &call.callee {
            args.push(self.operand(recv, span));
        }
        for arg in &call.args {
            args.push(self.operand(arg, span));
        }
        args
    }

    fn effect(&mut self, effect: &Effect, call: &ir::Call, dst: &[Option<LocalId>], span: Span) {
        let args = self.effect_args(call, span);
        if let Some(prim) = prim_of(effect.op) {
            return self.prim(prim, args, dst.to_vec(), span);
        }
        let first = args.first().copied().unwrap_or(Const::Nil.into());
        let second = args.get(1).copied().unwrap_or(Const::Nil.into());
        let d0 = dst.first().copied().flatten();
        let d1 = dst.get(1).copied().flatten();
        match effect.op {
            EffectOp::WaitGroupGo => {
                let one = crate::translate::integer(1);
                self.prim(Prim::WgAdd, vec![first, one], Vec::new(), span);
                let callee = Callee::Fn(self.cx.helpers.group_member);
                let args = vec![first, second];
                self.push(Op::Go(Call { callee, args, dst: Vec::new() }), span);
            }
            EffectOp::CondNew => self.alloc_result(d0, AllocKind::Cond(first), span),
            EffectOp::ContextBackground => {
                self.context(d0, None, Const::Nil.into(), ContextKind::Detached, span);
            }
            EffectOp::ContextWithCancel => self.context(d0, d1, first, ContextKind::Cancel, span),
            EffectOp::ContextWithDeadline => {
                self.context(d0, d1, first, ContextKind::Deadline, span);
            }
            EffectOp::ContextWithoutCancel => {
                self.context(d0, None, first, ContextKind::Detached, span);
            }
            EffectOp::ContextWithValue => {
                if let Some(dst) = d0 {
                    self.push(Op::Assign { dst, src: first }, span);
                }
            }
            EffectOp::ContextAfterFunc => {
                self.stoppable(d0, AllocKind::AfterContext(first, second), span);
            }
            EffectOp::TimeAfter | EffectOp::TimerNew => {
                self.alloc_result(d0, AllocKind::Timer, span);
            }
            EffectOp::TimeTick | EffectOp::TickerNew => {
                self.alloc_result(d0, AllocKind::Ticker, span);
            }
            EffectOp::TimeAfterFunc => {
                self.alloc_result(d0, AllocKind::AfterFunc(second), span);
            }
            EffectOp::SignalNotify | EffectOp::TestCleanup => {
                self.escape(args, span);
                self.results(dst, span);
            }
            _ => self.plain_effect(effect, call, &args, dst, span),
        }
    }

    /// An effect without operation: callbacks, and the fate of the arguments.
    fn plain_effect(
        &mut self,
        effect: &Effect,
        call: &ir::Call,
        args: &[Operand],
        dst: &[Option<LocalId>],
        span: Span,
    ) {
        let shift = usize::from(matches!(call.callee, IrCallee::Interface { .. }));
        for callback in &effect.callbacks {
            let Some(index) = (callback.arg as usize).checked_sub(shift) else { continue };
            let Some(operand) = call.args.get(index) else { continue };
            let ty = self.operand_type(operand);
            let is_func = matches!(
                self.cx.program.kind(self.cx.program.underlying(ty)),
                TypeKind::Signature(_)
            );
            if !is_func {
                continue;
            }
            let value = args[callback.arg as usize];
            let callee = match (callback.when, callback.times) {
                (When::Elsewhere, _) => {
                    self.escape(vec![value], span);
                    continue;
                }
                (When::Now, Times::Once) => {
                    Call { callee: Callee::Value(value), args: Vec::new(), dst: Vec::new() }
                }
                (When::Now, Times::AtMostOnce | Times::Any) => Call {
                    callee: Callee::Fn(self.cx.helpers.call_any),
                    args: vec![value],
                    dst: Vec::new(),
                },
            };
            self.push(Op::Call(callee), span);
        }
        if effect.args != Args::Borrow && self.carries(call) {
            self.escape(args.to_vec(), span);
        }
        self.results(dst, span);
    }

    /// Results about which nothing is known.
    fn results(&mut self, dst: &[Option<LocalId>], span: Span) {
        for &dst in dst.iter().flatten() {
            self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
        }
    }

    fn alloc_result(&mut self, dst: Option<LocalId>, kind: AllocKind, span: Span) {
        let dst = dst.unwrap_or_else(|| self.temp());
        self.push(Op::Alloc { dst, kind }, span);
    }

    /// An object whose one result is the function that stops it.
    fn stoppable(&mut self, stop: Option<LocalId>, kind: AllocKind, span: Span) {
        let object = self.temp();
        self.push(Op::Alloc { dst: object, kind }, span);
        if let Some(dst) = stop {
            let callee = Bindable::Prim(Prim::TimerStop);
            self.push(Op::Closure { dst, callee, env: vec![object.into()] }, span);
        }
    }

    fn context(
        &mut self,
        dst: Option<LocalId>,
        cancel: Option<LocalId>,
        parent: Operand,
        kind: ContextKind,
        span: Span,
    ) {
        let dst = dst.unwrap_or_else(|| self.temp());
        self.push(Op::NewContext { dst, cancel, parent, kind }, span);
    }

    pub(crate) fn spawn(&mut self, call: &ir::Call, span: Span) {
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
            Resolved::Nothing => return None,
            Resolved::Model(callee) => (callee, self.args(call, span)),
            Resolved::Effect(effect) => {
                let args = self.effect_args(call, span);
                match prim_of(effect.op) {
                    Some(prim) => (Callee::Prim(prim), args),
                    None => match effect.args {
                        Args::Borrow if effect.callbacks.is_empty() => {
                            (Callee::Pure(UnknownKind::Any), Vec::new())
                        }
                        _ => (Callee::Opaque, args),
                    },
                }
            }
        };
        Some(Call { callee, args, dst: Vec::new() })
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
            Known::Body(id) if self.cx.relevance.relevant[id] => {
                Some(Bindable::Fn(FnId::from_usize(id.index())))
            }
            Known::Effect(effect) => prim_of(effect.op).map(Bindable::Prim),
            Known::Body(_) => None,
            Known::Nothing if self.cx.program.is_interface(self.operand_type(recv)) => {
                let name = self.cx.program.object_name(method).to_owned();
                Some(Bindable::Method(self.cx.method(&name)))
            }
            Known::Nothing => None,
        };
        match callee {
            Some(callee) => {
                let dst = self.temp();
                self.push(Op::Closure { dst, callee, env: vec![value] }, span);
                self.set(local, dst.into(), span);
            }
            None => {
                if matters(self.cx.program, self.operand_type(recv), 0) {
                    self.escape(vec![value], span);
                }
                self.unknown(local, UnknownKind::NonNil, span);
            }
        }
    }
}

/// The built-in operation of the model that an effect is.
fn prim_of(op: EffectOp) -> Option<Prim> {
    Some(match op {
        EffectOp::Lock => Prim::Lock,
        EffectOp::Unlock => Prim::Unlock,
        EffectOp::RLock => Prim::RLock,
        EffectOp::RUnlock => Prim::RUnlock,
        EffectOp::TryLock => Prim::TryLock,
        EffectOp::TryRLock => Prim::TryRLock,
        EffectOp::WaitGroupAdd => Prim::WgAdd,
        EffectOp::WaitGroupDone => Prim::WgDone,
        EffectOp::WaitGroupWait => Prim::WgWait,
        EffectOp::CondWait => Prim::CondWait,
        EffectOp::CondSignal => Prim::CondSignal,
        EffectOp::CondBroadcast => Prim::CondBroadcast,
        EffectOp::OnceDo => Prim::OnceDo,
        EffectOp::ContextDone => Prim::CtxDone,
        EffectOp::ContextErr => Prim::CtxErr,
        EffectOp::TimerStop => Prim::TimerStop,
        EffectOp::TimerReset => Prim::TimerReset,
        EffectOp::Sleep | EffectOp::Yield => Prim::Yield,
        EffectOp::Exit => Prim::Exit,
        EffectOp::Goexit => Prim::Goexit,
        EffectOp::Panic => Prim::Panic,
        _ => return None,
    })
}
