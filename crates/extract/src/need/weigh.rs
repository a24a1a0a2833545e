//! Which instructions the slice starts from.

use super::{Analysis, EXIT_DEPTH, HUGE, callback};
use crate::given_functions::is_for_idle_callback;
use crate::names::Known;
use crate::shared::gives_unknown;
use stanch_base::Idx;
use stanch_effects::{Args, Effect, Op};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Operand, Place, Proj, Rvalue,
    Terminator,
};
use stanch_types::{Builtin, Program, TypeId, TypeKind};

/// What kind of thing a call is for the slice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Does something that others can see, or runs code that does.
    Operation,
    /// Matters where it stands between operations: locks, ends of the process.
    Beside,
    /// Matters if its results do.
    Value,
    /// Does not matter.
    Nothing,
}

impl<'a> Analysis<'a> {
    /// Whether something in the function makes it part of the model.
    pub(super) fn matters(&self, id: FuncId) -> bool {
        let func = &self.module.funcs[id];
        if !func.has_body || func.blocks.len() > HUGE {
            return false;
        }
        if self.exits[id] <= EXIT_DEPTH
            || func.results.iter().any(|r| self.carry.carries(func.locals[*r].ty))
            || self.flows[id].endless.iter().any(|e| *e)
            || always_panics(func)
        {
            return true;
        }
        func.blocks.iter().any(|block| {
            matches!(block.term, Terminator::Select { .. })
                || block.instrs.iter().any(|i| self.operates(id, &i.kind))
        })
    }

    /// Whether an instruction alone makes its function part of the model.
    pub(super) fn operates(&self, id: FuncId, kind: &InstrKind) -> bool {
        match kind {
            InstrKind::Send { .. } | InstrKind::Recv { .. } => true,
            InstrKind::Go(call) | InstrKind::Call(call) | InstrKind::Defer(call) => {
                self.weight(id, call) == Weight::Operation || self.assigns_capture(id, &call.dst)
            }
            InstrKind::Assign(dst, value) => {
                let made = match value {
                    Rvalue::MakeChan { .. } => true,
                    Rvalue::MakeClosure(literal) => self.acts(*literal),
                    _ => false,
                };
                made || self.assigns_capture(id, &[*dst])
            }
            InstrKind::Store(place, value) => self.stores(id, place, value),
            InstrKind::MapDelete { map, .. } => self.holds(id, map),
            InstrKind::DeclareVar(_) | InstrKind::RunDefers => false,
        }
    }

    /// Whether one of the locals is a variable of an enclosing function that is needed there.
    fn assigns_capture(&self, id: FuncId, dst: &[LocalId]) -> bool {
        let func = &self.module.funcs[id];
        let Some(parent) = func.parent else { return false };
        dst.iter().any(|d| {
            func.locals[*d].kind == LocalKind::Capture
                && func
                    .captures
                    .iter()
                    .any(|c| c.inner == *d && c.by_ref && self.kept[parent].locals[c.outer])
        })
    }

    /// Whether a store is kept.
    pub(super) fn stores(&self, id: FuncId, place: &Place, value: &Operand) -> bool {
        let func = &self.module.funcs[id];
        if self.carries(id, value) {
            return true;
        }
        let ty = self.names.operand_type(func, value);
        match place.proj.last() {
            Some(Proj::Field(_, object)) => self.fields.contains(object) || self.tracked(ty),
            Some(Proj::Deref) => self.derefs.contains(&ty) || self.tracked(ty),
            // The key of an entry.
            Some(Proj::Index(index)) => self.carries(id, index),
            None => false,
        }
    }

    /// Whether an operand can hold an object of this package's making.
    pub(super) fn carries(&self, id: FuncId, operand: &Operand) -> bool {
        let func = &self.module.funcs[id];
        match self.names.operand_type(func, operand) {
            Program::UNKNOWN => match self.names.pointee(id, func, operand) {
                Some(to) => self.carry.carries(to),
                None => !matches!(operand, Operand::Const(..)),
            },
            ty => self.carry.carries(ty),
        }
    }

    /// Whether what an operand holds under its keys can hold such an object.
    pub(super) fn holds(&self, id: FuncId, operand: &Operand) -> bool {
        let ty = self.names.operand_type(&self.module.funcs[id], operand);
        self.carries(id, operand) && (ty == Program::UNKNOWN || self.carry.holds(ty))
    }

    /// Whether a struct type has a needed field.
    pub(super) fn tracked(&self, ty: TypeId) -> bool {
        let program = self.names.program;
        match program.kind(program.underlying(ty)) {
            TypeKind::Struct(fields) => fields.iter().any(|f| self.fields.contains(&f.object)),
            _ => false,
        }
    }

    /// Whether something that goes out of view through an argument matters here.
    pub(super) fn argument_matters(&self, id: FuncId, operand: &Operand, depth: u32) -> bool {
        let func = &self.module.funcs[id];
        let local = match operand {
            Operand::Local(local) => *local,
            Operand::Func(object) => {
                return matches!(self.names.known(*object), Known::Body(f) if self.acts(f));
            }
            _ => return false,
        };
        if let (Some(Rvalue::MakeInterface(x, _)), true) = (self.def(id, local), depth < 4) {
            return self.argument_matters(id, x, depth + 1);
        }
        if let (Some(Rvalue::MakeSlice { elems, len: None, .. }), true) =
            (self.def(id, local), depth < 4)
        {
            return elems.iter().any(|e| self.argument_matters(id, e, depth + 1));
        }
        if let (Some(Rvalue::MakeClosure(literal)), true) = (self.def(id, local), depth < 4) {
            return self.acts(*literal);
        }
        if self.carries(id, operand) {
            return true;
        }
        let to = self.names.pointee(id, func, operand);
        to.is_some_and(|to| self.derefs.contains(&to) || self.tracked(to))
    }

    /// The value of a temporary that is assigned once.
    fn def(&self, id: FuncId, local: LocalId) -> Option<&'a Rvalue> {
        let (block, at) = self.defs[id].get(local).copied().flatten()?;
        match &self.module.funcs[id].blocks[block].instrs.get(at as usize)?.kind {
            InstrKind::Assign(_, value) => Some(value),
            _ => None,
        }
    }

    pub(super) fn weight(&self, id: FuncId, call: &Call) -> Weight {
        let out = |this: &Self| match call.args.iter().any(|a| this.argument_matters(id, a, 0)) {
            true => Weight::Operation,
            false => Weight::Value,
        };
        match &call.callee {
            Callee::Builtin(Builtin::Close | Builtin::Panic) => Weight::Operation,
            Callee::Builtin(_) if self.lets_go(id, call) => out(self),
            Callee::Builtin(_) => Weight::Nothing,
            Callee::Closure(literal, _) => match self.acts(*literal) {
                true => Weight::Operation,
                false => Weight::Value,
            },
            Callee::Value(value) => match self.may_be_ours(id, value) {
                true => Weight::Operation,
                false => out(self),
            },
            Callee::Static(object, _) => match self.names.known(*object) {
                Known::Effect(_) if self.lets_go(id, call) => out(self),
                Known::Effect(effect) => self.effect_weight(id, effect, call),
                Known::Body(callee) if self.acts(callee) => Weight::Operation,
                Known::Body(_) => Weight::Value,
                Known::Inert if !gives_unknown(self.names, &self.module.funcs[id], call) => {
                    Weight::Value
                }
                Known::Inert | Known::Nothing => out(self),
            },
            Callee::Interface { method, .. } => match self.names.known(*method) {
                Known::Effect(effect) => self.effect_weight(id, effect, call),
                Known::Body(_) | Known::Inert | Known::Nothing => {
                    match self.is_ours(self.names.program.object_name(*method)) {
                        true => Weight::Operation,
                        false => out(self),
                    }
                }
            },
        }
    }

    /// Whether a library function gets hold of what it is given.
    pub(super) fn lets_go(&self, id: FuncId, call: &Call) -> bool {
        let relevant = |callee: FuncId| self.acts(callee);
        crate::library::lets_go(self.names, id, &self.module.funcs[id], call, relevant)
    }

    /// Whether what a call is given goes only to functions that do nothing which matters.
    pub(super) fn is_for_idle(&self, id: FuncId, effect: &Effect, call: &Call) -> bool {
        let acts = |function: FuncId| self.acts(function);
        is_for_idle_callback(self.names, self.module, &self.module.funcs[id], (effect, call), acts)
    }

    /// Whether a method of this name of a type that becomes an interface value is relevant.
    fn is_ours(&self, name: &str) -> bool {
        self.dispatched.iter().any(|(n, f)| **n == *name && self.acts(*f))
    }

    /// Whether a function value may be a relevant function of this package or a cancel function.
    pub(super) fn may_be_ours(&self, id: FuncId, value: &Operand) -> bool {
        let program = self.names.program;
        let ty = self.names.operand_type(&self.module.funcs[id], value);
        let TypeKind::Signature(signature) = program.kind(program.underlying(ty)) else {
            return true;
        };
        let (params, results) = (signature.params.len(), signature.results.len());
        if params <= 1 && results == 0 {
            return true;
        }
        self.module.funcs.iter_enumerated().any(|(f, func)| {
            let n = func.params.len();
            self.acts(f)
                && self.as_value[f]
                && func.results.len() == results
                && (n == params || func.has_recv && n == params + 1)
        })
    }

    fn effect_weight(&self, id: FuncId, effect: &Effect, call: &Call) -> Weight {
        if effect
            .callbacks
            .iter()
            .any(|c| callback(call, c.arg).is_some_and(|a| self.argument_matters(id, a, 0)))
        {
            return Weight::Operation;
        }
        if effect.methods.iter().any(|m| callback(call, m.arg).is_some() && self.is_ours(&m.name)) {
            return Weight::Operation;
        }
        // Whoever has the context can ask for the value.
        if effect.op == Op::ContextWithValue
            && call.args.get(2).is_some_and(|value| self.argument_matters(id, value, 0))
        {
            return Weight::Operation;
        }
        match weight_of(effect.op) {
            Some(_) if effect.op.changes_atomic() => self.atomic_weight(id, call),
            Some(weight) => weight,
            None if effect.args == Args::Borrow || self.is_for_idle(id, effect, call) => {
                Weight::Value
            }
            None => match call.args.iter().any(|a| self.argument_matters(id, a, 0)) {
                true => Weight::Operation,
                false => Weight::Value,
            },
        }
    }

    /// An atomic's change matters where some function reads the atomic for a reason.
    fn atomic_weight(&self, id: FuncId, call: &Call) -> Weight {
        let field = match call.args.first() {
            Some(Operand::Local(local)) => match self.def(id, *local) {
                Some(Rvalue::AddressOf(place) | Rvalue::Load(place)) => place.proj.last(),
                _ => None,
            },
            _ => None,
        };
        match field {
            Some(Proj::Field(_, object)) if self.fields.contains(object) => Weight::Operation,
            Some(Proj::Field(..)) => Weight::Value,
            _ => Weight::Beside,
        }
    }
}

/// Whether every way through a function that ends does so in a panic.
fn always_panics(func: &Func) -> bool {
    let is = |wanted: fn(&Terminator) -> bool| func.blocks.iter().any(|b| wanted(&b.term));
    if !is(|t| matches!(t, Terminator::Panic(_))) {
        return false;
    }
    let mut seen = vec![false; func.blocks.len()];
    let mut todo: Vec<_> = func.blocks.ids().take(1).collect();
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut seen[at.index()], true) {
            continue;
        }
        if matches!(func.blocks[at].term, Terminator::Return) {
            return false;
        }
        todo.extend(func.blocks[at].term.targets());
    }
    true
}

/// How an effect's operation weighs; `None` for what only its callbacks and arguments decide.
pub(crate) fn weight_of(op: Op) -> Option<Weight> {
    Some(match op {
        Op::None | Op::SlotAcquire | Op::SlotTry | Op::SlotRelease => return None,
        Op::Sleep
        | Op::Yield
        | Op::Exit
        | Op::Goexit
        | Op::Panic
        | Op::AtomicStore
        | Op::AtomicSwap
        | Op::AtomicCompareAndSwap
        | Op::AtomicAdd
        | Op::AtomicSubtract
        | Op::AtomicIncrement
        | Op::AtomicDecrement
        | Op::AtomicToggle
        | Op::AtomicUpdate => Weight::Beside,
        Op::Lock
        | Op::Unlock
        | Op::RLock
        | Op::RUnlock
        | Op::TryLock
        | Op::TryRLock
        | Op::WaitGroupAdd
        | Op::WaitGroupDone
        | Op::WaitGroupWait
        | Op::WaitGroupGo
        | Op::CondWait
        | Op::CondSignal
        | Op::CondBroadcast
        | Op::OnceDo
        | Op::ContextAfterFunc
        | Op::TimeAfterFunc
        | Op::TimerStop
        | Op::TimerReset
        | Op::SignalNotify
        | Op::SignalStop
        | Op::TestCleanup => Weight::Operation,
        Op::RLocker
        | Op::WaitGroupWithContext
        | Op::CondNew
        | Op::ContextBackground
        | Op::ContextWithCancel
        | Op::ContextWithDeadline
        | Op::ContextWithValue
        | Op::ContextWithoutCancel
        | Op::ContextDone
        | Op::ContextErr
        | Op::TimeAfter
        | Op::TimeTick
        | Op::TimerNew
        | Op::TickerNew
        | Op::AtomicLoad
        | Op::AtomicNew => Weight::Value,
    })
}
