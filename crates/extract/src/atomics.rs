//! Atomics: types with a value of their own, and variables that are read and changed atomically.

use crate::function::FuncBuilder;
use crate::translate::{CompareAndSwap, compare_and_swap, integer};
use stanch_effects::Op as EffectOp;
use stanch_ir::{self as ir, InstrKind, Operand as IrOperand, Place, Proj, Rvalue, Span};
use stanch_model::{AllocKind, ArithOp, Call, Callee, LocalId, Op, Operand, Prim};
use stanch_types::{ObjectKind, Program};

/// Field of an atomic that holds its value.
pub(crate) const ATOMIC: u32 = 9_000;

/// Where a value is that is read and changed atomically.
#[derive(Clone, Copy)]
enum Where {
    /// A field of a struct.
    Field(Operand, u32),
    /// The variable that a cell is.
    Cell(Operand),
}

impl<'a> FuncBuilder<'_, 'a> {
    /// What an operation on an atomic does.
    pub(crate) fn atomic(
        &mut self,
        op: EffectOp,
        call: &ir::Call,
        args: &[Operand],
        dst: &[Option<LocalId>],
        span: Span,
    ) {
        let d0 = dst.first().copied().flatten();
        if op == EffectOp::AtomicNew {
            return self.new_atomic(d0, args.first().copied(), span);
        }
        let Some(at) = self.atomic_place(call, args, span) else { return self.results(dst, span) };
        let value = args.get(1).copied().unwrap_or(Operand::Unknown);
        self.prim(Prim::Yield, Vec::new(), Vec::new(), span);
        let now = d0.unwrap_or_else(|| self.temp());
        match op {
            EffectOp::AtomicLoad => {
                let zero = self.zero_of_result(call);
                self.load_atomic(now, at, zero, span);
            }
            EffectOp::AtomicStore => self.store_atomic(at, value, span),
            EffectOp::AtomicSwap | EffectOp::AtomicToggle => {
                let zero = self.zero_of_result(call);
                self.load_atomic(now, at, zero, span);
                let mut src = value;
                if op == EffectOp::AtomicToggle {
                    let dst = self.temp();
                    self.push(Op::Not { dst, a: now.into() }, span);
                    src = dst.into();
                }
                self.store_atomic(at, src, span);
            }
            EffectOp::AtomicAdd
            | EffectOp::AtomicSubtract
            | EffectOp::AtomicIncrement
            | EffectOp::AtomicDecrement => {
                // Only integers are added to.
                let before = self.temp();
                self.load_atomic(before, at, integer(0), span);
                let (op, b) = match op {
                    EffectOp::AtomicAdd => (ArithOp::Add, value),
                    EffectOp::AtomicSubtract => (ArithOp::Sub, value),
                    EffectOp::AtomicIncrement => (ArithOp::Add, integer(1)),
                    _ => (ArithOp::Sub, integer(1)),
                };
                self.push(Op::Arith { dst: now, op, a: before.into(), b }, span);
                self.store_atomic(at, now.into(), span);
            }
            EffectOp::AtomicCompareAndSwap => {
                let zero = call.args.get(1).map(|old| {
                    let ty = self.operand_type(old);
                    if ty == Program::UNKNOWN { Operand::Unknown } else { self.cx.zero(ty) }
                });
                let unset = zero.unwrap_or(Operand::Unknown);
                let new = args.get(2).copied().unwrap_or(Operand::Unknown);
                self.swap_atomic(d0, at, unset, (value, new), span);
            }
            // It changes in a way that is not followed.
            _ => {
                self.store_atomic(at, Operand::Unknown, span);
                self.results(dst, span);
            }
        }
    }

    /// A new atomic with its first value.
    fn new_atomic(&mut self, dst: Option<LocalId>, first: Option<Operand>, span: Span) {
        let Some(dst) = dst else { return };
        self.push(Op::Alloc { dst, kind: AllocKind::Struct }, span);
        if let Some(src) = first {
            self.push(Op::StoreField { base: dst.into(), field: ATOMIC, src }, span);
        }
    }

    /// The zero value of what an operation gives.
    fn zero_of_result(&self, call: &ir::Call) -> Operand {
        match call.dst.first().map(|d| self.ty(*d)) {
            Some(ty) if ty != Program::UNKNOWN => self.cx.zero(ty),
            _ => Operand::Unknown,
        }
    }

    /// What the first operand of an operation refers to, if that is followed.
    fn atomic_place(&mut self, call: &ir::Call, args: &[Operand], span: Span) -> Option<Where> {
        let &base = args.first()?;
        let ir::Callee::Static(object, _) = &call.callee else { return None };
        let method =
            matches!(self.cx.program.object(*object).kind, ObjectKind::Func { recv: Some(_), .. });
        if method {
            return Some(Where::Field(base, ATOMIC));
        }
        if let Some(place) = call.args.first().and_then(|a| self.address_of_field(a)) {
            let (base, field) = self.field_place(place, span)?;
            return Some(Where::Field(base, field));
        }
        matches!(base, Operand::Local(_)).then_some(Where::Cell(base))
    }

    /// The field whose address a temporary is.
    fn address_of_field(&self, operand: &IrOperand) -> Option<&'a Place> {
        let IrOperand::Local(local) = operand else { return None };
        let mut instrs = self.func.blocks.iter().flat_map(|b| &b.instrs);
        instrs.find_map(|i| match &i.kind {
            InstrKind::Assign(dst, Rvalue::AddressOf(place)) if dst == local => {
                matches!(place.proj.last(), Some(Proj::Field(..))).then_some(place)
            }
            _ => None,
        })
    }

    fn load_atomic(&mut self, dst: LocalId, at: Where, zero: Operand, span: Span) {
        match at {
            Where::Field(base, field) => {
                // Others may have set it.
                let forget = vec![base, integer(i64::from(field))];
                self.prim(Prim::Forget, forget, Vec::new(), span);
                self.push(Op::LoadField { dst, base, field, zero }, span);
            }
            Where::Cell(cell) => self.push(Op::LoadCell { dst, cell }, span),
        }
    }

    fn store_atomic(&mut self, at: Where, src: Operand, span: Span) {
        self.push(
            match at {
                Where::Field(base, field) => Op::StoreField { base, field, src },
                Where::Cell(cell) => Op::StoreCell { cell, src },
            },
            span,
        );
    }

    fn swap_atomic(
        &mut self,
        dst: Option<LocalId>,
        at: Where,
        unset: Operand,
        (old, new): (Operand, Operand),
        span: Span,
    ) {
        let (base, kind) = match at {
            Where::Field(base, field) => (base, CompareAndSwap::Field(field)),
            Where::Cell(cell) => (cell, CompareAndSwap::Cell),
        };
        let callee = self.cx.library(compare_and_swap(kind));
        self.cx.swaps.insert(callee);
        if let Where::Field(..) = at {
            // What was never set is zero from here on, in that function too.
            let now = self.temp();
            self.load_atomic(now, at, unset, span);
            self.store_atomic(at, now.into(), span);
        }
        let args = vec![base, old, new];
        self.push(Op::Call(Call { callee: Callee::Fn(callee), args, dst: vec![dst] }), span);
    }
}
