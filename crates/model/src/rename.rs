//! Instructions with other slots: what a pass over a program needs to rewrite it.

use crate::program::*;

/// A slot or constant of an instruction, to be replaced.
pub enum PartMut<'a> {
    /// What is read.
    Use(&'a mut Operand),
    /// A slot that is written.
    Def(&'a mut LocalId),
    /// A slot for a result that may stay away.
    Result(&'a mut Option<LocalId>),
}

/// Visits the slots and constants of an instruction: uses, then definitions.
pub fn visit_op_mut(op: &mut Op, visit: &mut dyn FnMut(PartMut<'_>)) {
    match op {
        Op::Assign { dst, src }
        | Op::SetTag { dst, src, .. }
        | Op::Direction { dst, src, .. }
        | Op::CopyStruct { dst, src }
        | Op::Not { dst, a: src }
        | Op::LoadCell { dst, cell: src } => {
            visit(PartMut::Use(src));
            visit(PartMut::Def(dst));
        }
        Op::Part { dst, base, .. } => {
            visit(PartMut::Use(base));
            visit(PartMut::Def(dst));
        }
        Op::Unknown { dst, .. }
        | Op::Choose { dst, .. }
        | Op::Recover { dst }
        | Op::LoadGlobal { dst, .. } => visit(PartMut::Def(dst)),
        Op::Alloc { dst, kind } => {
            kind_operands_mut(kind, &mut |o| visit(PartMut::Use(o)));
            visit(PartMut::Def(dst));
        }
        Op::NewContext { dst, cancel, parent, .. } => {
            visit(PartMut::Use(parent));
            visit(PartMut::Def(dst));
            visit(PartMut::Result(cancel));
        }
        Op::Closure { dst, env, .. } => {
            env.iter_mut().for_each(|o| visit(PartMut::Use(o)));
            visit(PartMut::Def(dst));
        }
        Op::Compare { dst, a, b, .. } | Op::Arith { dst, a, b, .. } => {
            visit(PartMut::Use(a));
            visit(PartMut::Use(b));
            visit(PartMut::Def(dst));
        }
        Op::StoreCell { cell: base, src } | Op::StoreField { base, src, .. } => {
            visit(PartMut::Use(base));
            visit(PartMut::Use(src));
        }
        Op::LoadField { dst, base, zero, .. } => {
            visit(PartMut::Use(base));
            visit(PartMut::Use(zero));
            visit(PartMut::Def(dst));
        }
        Op::StoreGlobal { src, .. } => visit(PartMut::Use(src)),
        Op::Assert { dst, ok, src, .. } => {
            visit(PartMut::Use(src));
            visit(PartMut::Def(dst));
            visit(PartMut::Result(ok));
        }
        Op::Call(call) => {
            call_uses(call, visit);
            call.dst.iter_mut().for_each(|l| visit(PartMut::Result(l)));
        }
        Op::Go(call) | Op::Defer(call) => call_uses(call, visit),
        Op::RunDefers => {}
    }
}

fn call_uses(call: &mut Call, visit: &mut dyn FnMut(PartMut<'_>)) {
    if let Callee::Value(o) | Callee::Method(o, _) = &mut call.callee {
        visit(PartMut::Use(o));
    }
    call.args.iter_mut().for_each(|a| visit(PartMut::Use(a)));
}

fn kind_operands_mut(kind: &mut AllocKind, visit: &mut dyn FnMut(&mut Operand)) {
    match kind {
        AllocKind::Cell(o)
        | AllocKind::Chan(o)
        | AllocKind::Cond(o)
        | AllocKind::AfterFunc(o)
        | AllocKind::Semaphore(o) => visit(o),
        AllocKind::AfterContext(a, b) | AllocKind::Seq(a, b) => {
            visit(a);
            visit(b);
        }
        AllocKind::Struct
        | AllocKind::Mutex
        | AllocKind::RwMutex
        | AllocKind::WaitGroup
        | AllocKind::Once
        | AllocKind::Timer
        | AllocKind::Ticker
        | AllocKind::Map
        | AllocKind::Token => {}
    }
}

/// Visits the slots and constants of a terminator: uses, then definitions.
pub fn visit_term_mut(term: &mut Term, visit: &mut dyn FnMut(PartMut<'_>)) {
    match term {
        Term::Branch { cond: value, .. } | Term::TypeSwitch { value, .. } | Term::Panic(value) => {
            visit(PartMut::Use(value));
        }
        Term::Select { arms, .. } => {
            for arm in arms.iter_mut() {
                match &mut arm.op {
                    SelectOp::Send { chan, value } => {
                        visit(PartMut::Use(chan));
                        visit(PartMut::Use(value));
                    }
                    SelectOp::Recv { chan, .. } => visit(PartMut::Use(chan)),
                }
            }
            for arm in arms {
                if let SelectOp::Recv { dst, ok, .. } = &mut arm.op {
                    visit(PartMut::Result(dst));
                    visit(PartMut::Result(ok));
                }
            }
        }
        Term::Goto(_) | Term::Return | Term::Goexit | Term::Exit => {}
    }
}

/// Visits where control goes.
pub fn visit_targets_mut(term: &mut Term, visit: &mut dyn FnMut(&mut BlockId)) {
    match term {
        Term::Goto(to) => visit(to),
        Term::Branch { then, els, .. } => {
            visit(then);
            visit(els);
        }
        Term::TypeSwitch { cases, default, .. } => {
            cases.iter_mut().for_each(|c| visit(&mut c.target));
            visit(default);
        }
        Term::Select { arms, default } => {
            arms.iter_mut().for_each(|a| visit(&mut a.target));
            default.iter_mut().for_each(visit);
        }
        Term::Return | Term::Panic(_) | Term::Goexit | Term::Exit => {}
    }
}
