//! What library functions do, as operations of the model.

use crate::classify::is_named;
use crate::function::FuncBuilder;
use crate::given_functions::is_for_idle_callback;
use crate::need::callback;
use crate::translate::{call_any, group_member, integer};
use stanch_effects::{Args, Effect, Gives, Op as EffectOp, Times, When};
use stanch_ir::{self as ir, Callee as IrCallee, FuncId, InstrKind, Rvalue, Span};
use stanch_model::{
    AllocKind, Bindable, Call, Callee, Const, ContextKind, LocalId, Op, Operand, Prim, UnknownKind,
};
use stanch_types::{ConstValue, TypeId, TypeKind};

/// Field of a condition variable that holds what is waited on.
pub(crate) const COND: u32 = 9_001;

impl FuncBuilder<'_, '_> {
    /// All operands of a call with an effect: an interface's receiver counts as the first argument.
    pub(crate) fn effect_args(
        &mut self,
        op: EffectOp,
        call: &ir::Call,
        span: Span,
    ) -> Vec<Operand> {
        let mut args = Vec::new();
        if let IrCallee::Interface { recv, .. } = &call.callee {
            args.push(self.operand(recv, span));
        }
        for arg in &call.args {
            args.push(self.operand(arg, span));
        }
        if let (EffectOp::CondWait | EffectOp::CondSignal | EffectOp::CondBroadcast, Some(first)) =
            (op, args.first_mut())
        {
            let dst = self.temp();
            let (base, zero) = (*first, Operand::Unknown);
            self.push(Op::LoadField { dst, base, field: COND, zero }, span);
            *first = dst.into();
        }
        args
    }

    pub(crate) fn effect(
        &mut self,
        effect: &Effect,
        call: &ir::Call,
        dst: &[Option<LocalId>],
        span: Span,
    ) {
        if effect.op == EffectOp::ContextErr && self.is_after_end(call, span) {
            for &dst in dst.iter().flatten() {
                self.push(Op::Unknown { dst, kind: UnknownKind::NonNil }, span);
            }
            return;
        }
        let mut args = self.effect_args(effect.op, call, span);
        if let (EffectOp::WaitGroupAdd, [_, n]) = (effect.op, args.as_mut_slice()) {
            *n = self.size(*n, span);
        }
        match prim_of(effect.op) {
            // Of groups whose members give errors, the first of which this returns.
            Some(Prim::WgWait) => {
                self.prim(Prim::WgWait, args, Vec::new(), span);
                return self.results(dst, span);
            }
            Some(prim) => return self.prim(prim, args, dst.to_vec(), span),
            None => {}
        }
        let first = args.first().copied().unwrap_or(Const::Nil.into());
        let second = args.get(1).copied().unwrap_or(Const::Nil.into());
        let d0 = dst.first().copied().flatten();
        let d1 = dst.get(1).copied().flatten();
        match effect.op {
            EffectOp::WaitGroupGo => {
                self.prim(Prim::WgAdd, vec![first, integer(1)], Vec::new(), span);
                let name = self.cx.names.started_by(&call.callee);
                let callee = Callee::Fn(self.cx.library(group_member(&name)));
                let args = vec![first, second];
                self.push(Op::Go(Call { callee, args, dst: Vec::new() }), span);
            }
            EffectOp::WaitGroupWithContext => {
                self.alloc_result(d0, AllocKind::WaitGroup, span);
                self.context(d1, None, first, ContextKind::Deadline, span);
            }
            EffectOp::CondNew => {
                let lock = call.args.first().and_then(|a| self.embedded_lock(a, span));
                self.cond(d0, lock.unwrap_or(first), call, span);
            }
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
                // Whoever has the context can ask for the value.
                self.escape(args.get(2).copied().into_iter().collect(), span);
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
            EffectOp::TimeAfterFunc if call.args.first().is_some_and(is_never) => {
                // It waits for a context that nobody can cancel.
                let never = self.temp();
                self.context(Some(never), None, Const::Nil.into(), ContextKind::Cancel, span);
                self.alloc_result(d0, AllocKind::AfterContext(never.into(), second), span);
            }
            EffectOp::TimeAfterFunc => {
                self.alloc_result(d0, AllocKind::AfterFunc(second), span);
            }
            EffectOp::RLocker => {
                // The same lock, seen by readers.
                let dir = stanch_model::ChanDir::Recv;
                if let Some(dst) = d0 {
                    self.push(Op::Direction { dst, src: first, dir }, span);
                }
            }
            EffectOp::SignalNotify | EffectOp::SignalStop
                if call.args.first().is_some_and(|a| self.cx.names.is_of_signals(self.id, a)) =>
            {
                if effect.op == EffectOp::SignalStop {
                    self.prim(Prim::TimerStop, vec![first], Vec::new(), span);
                }
            }
            EffectOp::SignalNotify | EffectOp::TestCleanup => {
                self.escape(args, span);
                self.results(dst, span);
            }
            op if op.is_atomic() || op == EffectOp::AtomicNew => {
                self.atomic(op, call, &args, dst, span);
            }
            _ => self.plain_effect(effect, call, dst, span),
        }
    }

    /// An effect without operation: callbacks, and the fate of the arguments.
    fn plain_effect(
        &mut self,
        effect: &Effect,
        call: &ir::Call,
        dst: &[Option<LocalId>],
        span: Span,
    ) {
        let relevant = |id: FuncId| self.cx.needs.relevant[id];
        let (names, module) = (self.cx.names, self.cx.module);
        if is_for_idle_callback(names, module, self.func, (effect, call), relevant) {
            return self.given(effect.gives, call, dst, span);
        }
        for given in &effect.callbacks {
            let Some(operand) = callback(call, given.arg) else { continue };
            if !self.is_function(operand) {
                continue;
            }
            let value = self.operand(operand, span);
            if matches!(value, Operand::Unknown | Operand::Const(_)) {
                continue;
            }
            let callee = match (given.when, given.times) {
                (When::Elsewhere, _) => {
                    self.escape(vec![value], span);
                    continue;
                }
                (When::Now, Times::Once) => {
                    Call { callee: Callee::Value(value), args: Vec::new(), dst: Vec::new() }
                }
                (When::Now, Times::AtMostOnce | Times::Any) => {
                    let callee = Callee::Fn(self.cx.library(call_any()));
                    Call { callee, args: vec![value], dst: Vec::new() }
                }
            };
            self.push(Op::Call(callee), span);
        }
        for called in &effect.methods {
            let Some(operand) = callback(call, called.arg) else { continue };
            let value = self.operand(operand, span);
            if matches!(value, Operand::Local(_)) {
                let callee = Callee::Method(value, self.cx.method(&called.name));
                let args = vec![Operand::Unknown];
                self.push(Op::Call(Call { callee, args, dst: Vec::new() }), span);
            }
        }
        if effect.args != Args::Borrow {
            let args = self.escaping(call, span);
            self.escape(args, span);
        }
        self.given(effect.gives, call, dst, span);
    }

    /// Results of which something is known.
    fn given(&mut self, gives: Gives, call: &ir::Call, dst: &[Option<LocalId>], span: Span) {
        let argument = |n: u32| call.args.get(n as usize);
        let (Gives::NilWith(n) | Gives::AsksOf(n)) = gives else {
            let kind = match gives {
                Gives::NonNil => UnknownKind::NonNil,
                Gives::Positive => UnknownKind::Size,
                _ => UnknownKind::Any,
            };
            for &dst in dst.iter().flatten() {
                self.push(Op::Unknown { dst, kind }, span);
                if gives == Gives::Positive {
                    let args = vec![dst.into(), integer(1)];
                    self.prim(Prim::SeqLen, args, vec![Some(dst)], span);
                }
            }
            return;
        };
        let (Some(arg), [Some(result)]) = (argument(n), dst) else {
            return self.results(dst, span);
        };
        let value = self.operand(arg, span);
        match gives {
            // Another error, of which only this is asked.
            Gives::NilWith(_) => self.push(Op::Assign { dst: *result, src: value }, span),
            _ => {
                let with = call.args.get(1).filter(|with| {
                    crate::classify::is_error(self.cx.program, self.operand_type(with))
                });
                let with = with.map(|with| self.operand(with, span));
                let args = std::iter::once(value).chain(with).collect();
                self.prim(Prim::AsksOf, args, vec![Some(*result)], span);
            }
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

    /// The lock that a struct has by embedding it, where it stands for a `sync.Locker`.
    fn embedded_lock(&mut self, locker: &ir::Operand, span: Span) -> Option<Operand> {
        let ir::Operand::Local(local) = locker else { return None };
        let mut instrs = self.func.blocks.iter().flat_map(|b| &b.instrs);
        let from = instrs.find_map(|i| match &i.kind {
            InstrKind::Assign(dst, Rvalue::MakeInterface(x, _)) if dst == local => Some(x),
            _ => None,
        })?;
        let program = self.cx.program;
        let mut ty = program.pointee(self.operand_type(from))?;
        let lock = program.lookup(ty, self.cx.package, "Lock")?;
        let mut value = self.operand(from, span);
        for &index in &lock.path {
            let (kind, inner) = self.field_kind(ty, index)?;
            let (dst, field) = (self.temp(), self.field_number(ty, index));
            self.push(Op::Part { dst, base: value, field, kind }, span);
            (value, ty) = (dst.into(), inner);
        }
        let is_lock = matches!(
            crate::classify::object_kind(program, ty),
            Some(AllocKind::Mutex | AllocKind::RwMutex)
        );
        is_lock.then_some(value)
    }

    /// Gives a condition variable what is waited on.
    pub(crate) fn cond_with(&mut self, base: Operand, lock: Operand, span: Span) {
        let dst = self.temp();
        self.push(Op::Alloc { dst, kind: AllocKind::Cond(lock) }, span);
        self.push(Op::StoreField { base, field: COND, src: dst.into() }, span);
    }

    /// Whether a field is the lock of a condition variable.
    pub(crate) fn is_cond_lock(&self, ty: TypeId, index: u32) -> bool {
        let program = self.cx.program;
        is_named(program, ty, "sync", "Cond")
            && matches!(program.kind(program.underlying(ty)), TypeKind::Struct(fields)
                if fields.get(index as usize).is_some_and(|f| &*f.name == "L"))
    }

    /// A condition variable is a struct: its lock is the field `L`, what is waited on another one.
    fn cond(&mut self, dst: Option<LocalId>, lock: Operand, call: &ir::Call, span: Span) {
        let dst = dst.unwrap_or_else(|| self.temp());
        self.push(Op::Alloc { dst, kind: AllocKind::Struct }, span);
        self.cond_with(dst.into(), lock, span);
        let program = self.cx.program;
        let to = call.dst.first().and_then(|d| program.pointee(self.ty(*d)));
        if let Some(TypeKind::Struct(fields)) = to.map(|t| program.kind(program.underlying(t)))
            && let Some(field) = fields.iter().position(|f| &*f.name == "L")
        {
            let field = self.cx.field("L", field as u32);
            self.push(Op::StoreField { base: dst.into(), field, src: lock }, span);
        }
    }
}

/// The built-in operation of the model that an effect is.
pub(crate) fn prim_of(op: EffectOp) -> Option<Prim> {
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

/// Whether a duration is longer than a program runs: a hundred years.
fn is_never(duration: &ir::Operand) -> bool {
    const NEVER: i64 = 100 * 365 * 24 * 3_600 * 1_000_000_000;
    match duration {
        ir::Operand::Const(ConstValue::Int(n), _) => {
            i64::try_from(n.clone()).is_ok_and(|n| n >= NEVER)
        }
        _ => false,
    }
}
