//! `for … := range f`: the body becomes a function that the iterator calls (language specification,
//! "For statements with range clause"; the rewriting follows what gc does in `rangefunc`).
//!
//! How control leaves the body is written to a variable of the function around the loop, by number;
//! after the iterator's call a chain of branches goes on there. Calls deferred in the body belong to
//! the body's function here; gc runs them when the outer function ends.

use super::Lower;
use super::body::{Exit, FuncCtx, RangeBody};
use super::symbol::range_symbol;
use crate::data::*;
use stanch_base::{Symbol, TextRange};
use stanch_syntax::ast::{BinaryOp, Block as AstBlock, ExprId};
use stanch_types::{Basic, ConstValue, TypeKind};

impl Lower<'_> {
    pub(super) fn range_func(
        &mut self,
        label: Option<Symbol>,
        vars: [Option<ExprId>; 2],
        define: bool,
        x: ExprId,
        body: AstBlock,
        span: Span,
    ) {
        let iterator = self.expr(x);
        let int = self.program.basic(Basic::Int);
        let bool_ty = self.program.basic(Basic::Bool);
        let code = self.temp(int, span);
        self.cur().func.locals[code].kind = LocalKind::Var;
        let zero = Operand::Const(ConstValue::Int(0.into()), int);
        self.cur().push(InstrKind::Assign(code, Rvalue::Use(zero)), span);
        let depth = self.stack.len() - 1;
        let start = span.range.start;
        let name_span = self.span(TextRange::new(start, start + 3));
        let symbol = range_symbol(&mut self.stack);
        let mut ctx = FuncCtx::new(symbol, None, span, name_span);
        ctx.is_range_body = true;
        ctx.func.synthetic = true;
        let yield_params = self.yield_params(x);
        let params: Vec<LocalId> = yield_params.iter().map(|&ty| ctx.temp(ty, span)).collect();
        for &param in &params {
            ctx.func.locals[param].kind = LocalKind::Param;
        }
        ctx.func.params = params.clone();
        let go_on = ctx.temp(bool_ty, span);
        ctx.func.locals[go_on].kind = LocalKind::Result;
        ctx.func.results.push(go_on);
        ctx.range = Some(RangeBody { label, code: (depth, code), go_on, exits: Vec::new() });
        let id = self.begin_child(ctx);
        for ((var, param), ty) in vars.into_iter().zip(params).zip(yield_params) {
            if let Some(var) = var {
                self.bind(var, param, ty, define);
            }
        }
        self.stmts(body.stmts);
        self.yield_result(true, span);
        let exits = match self.stack.last_mut().and_then(|ctx| ctx.range.take()) {
            Some(range) => range.exits,
            None => Vec::new(),
        };
        self.finish(id);
        let closure = self.assign_temp(Rvalue::MakeClosure(id), self.ty(x), span);
        let callee = match self.static_func(x) {
            Some((object, args)) => Callee::Static(object, args),
            None => Callee::Value(iterator),
        };
        let call = Call { callee, args: vec![closure], dst: Vec::new(), spread: false };
        let at = self.expr_span(x);
        self.cur().push(InstrKind::Call(call), at);
        self.continue_after(code, exits, span);
    }

    /// Parameter types of the iterator's `yield`.
    fn yield_params(&self, x: ExprId) -> Vec<stanch_types::TypeId> {
        let TypeKind::Signature(iterator) = self.core(self.ty(x)) else { return Vec::new() };
        let Some(&yield_ty) = iterator.params.first() else { return Vec::new() };
        match self.core(yield_ty) {
            TypeKind::Signature(signature) => signature.params.to_vec(),
            _ => Vec::new(),
        }
    }

    fn yield_result(&mut self, go_on: bool, span: Span) {
        let value = self.bool_const(go_on);
        if let Some(slot) = self.cur().range.as_ref().map(|r| r.go_on) {
            self.cur().push(InstrKind::Assign(slot, Rvalue::Use(value)), span);
        }
        self.cur().end(Terminator::Return, span);
    }

    /// Branches on how the body was left.
    fn continue_after(&mut self, code: LocalId, exits: Vec<(usize, Exit)>, span: Span) {
        let int = self.program.basic(Basic::Int);
        let bool_ty = self.program.basic(Basic::Bool);
        let here = self.stack.len() - 1;
        for (i, (depth, exit)) in exits.into_iter().enumerate() {
            let number = Operand::Const(ConstValue::Int((i + 1).into()), int);
            let test = Rvalue::Binary(BinaryOp::Eq, Operand::Local(code), number);
            let cond = self.assign_temp(test, bool_ty, span);
            let (then, els) = (self.cur().new_block(), self.cur().new_block());
            self.cur().end(Terminator::Branch { cond, then, els }, span);
            self.cur().at = then;
            if depth == here {
                match exit {
                    Exit::Return => self.cur().end(Terminator::Return, span),
                    Exit::Jump(to) => self.cur().end(Terminator::Goto(to), span),
                }
            } else {
                self.leave_range_bodies(depth, exit, span);
            }
            self.cur().at = els;
        }
    }

    /// Leaves the innermost range body for `exit` in the function at stack index `depth`: one body at
    /// a time, the ones between pass it on.
    pub(super) fn leave_range_bodies(&mut self, depth: usize, exit: Exit, span: Span) {
        let int = self.program.basic(Basic::Int);
        let Some(range) = self.cur().range.as_mut() else { return };
        let known = range.exits.iter().position(|e| *e == (depth, exit));
        let number = known.unwrap_or_else(|| {
            range.exits.push((depth, exit));
            range.exits.len() - 1
        }) + 1;
        let (code_depth, code) = range.code;
        let slot = self.outer_temp(code_depth, code);
        let value = Operand::Const(ConstValue::Int(number.into()), int);
        self.cur().push(InstrKind::Assign(slot, Rvalue::Use(value)), span);
        self.yield_result(false, span);
    }

    /// `break` and `continue` of the loop whose body is the function at stack index `depth`.
    pub(super) fn leave_own_range(&mut self, depth: usize, go_on: bool, span: Span) {
        if depth + 1 == self.stack.len() {
            return self.yield_result(go_on, span);
        }
        // From a loop further in: leave that first, then this one, as a jump to a block that does it.
        let block = self.stack[depth].new_block();
        let at = std::mem::replace(&mut self.stack[depth].at, block);
        let value = self.bool_const(go_on);
        let ctx = &mut self.stack[depth];
        if let Some(slot) = ctx.range.as_ref().map(|r| r.go_on) {
            ctx.push(InstrKind::Assign(slot, Rvalue::Use(value)), span);
        }
        ctx.end(Terminator::Return, span);
        ctx.at = at;
        self.leave_range_bodies(depth, Exit::Jump(block), span);
    }

    /// Stack index of the function that a `return` statement here returns from.
    pub(super) fn returning_depth(&mut self) -> usize {
        self.cur();
        let own = self.stack.iter().rposition(|ctx| !ctx.is_range_body);
        own.unwrap_or(0)
    }

    /// A result slot of the function at `depth`, as the innermost function knows it.
    pub(super) fn outer_result(&mut self, depth: usize, slot: LocalId) -> LocalId {
        match self.stack[depth].func.locals[slot].object {
            Some(object) => self.variable(object).unwrap_or(slot),
            None => self.outer_temp(depth, slot),
        }
    }
}
