//! Whether every id of a program exists.

use crate::program::*;

impl Program {
    /// Whether every id in the program exists; a program that is not valid is not explored.
    pub fn is_valid(&self) -> bool {
        is_valid(self)
    }
}

fn is_valid(program: &Program) -> bool {
    program.functions.iter().all(|f| function(program, f))
        && program.methods.iter().all(|m| program.functions.get(m.function).is_some())
        && program.globals.iter().all(|g| match &g.init {
            GlobalInit::Func(f) => program.functions.get(*f).is_some(),
            GlobalInit::Object(kind) => kind_operands(kind).iter().flatten().all(|o| match o {
                Operand::Local(_) => false,
                Operand::Func(f) => program.functions.get(*f).is_some(),
                Operand::Const(_) | Operand::Unknown => true,
            }),
            GlobalInit::Const(_) | GlobalInit::Unknown(_) | GlobalInit::OpenObject(_) => true,
        })
}

fn function(program: &Program, f: &Function) -> bool {
    let checker = Checker { program, f };
    f.locals.len() >= (f.n_captures as usize).saturating_add(f.n_params as usize)
        && f.results.iter().all(|r| checker.local(r.local))
        && f.blocks.iter().all(|b| {
            b.instrs.iter().all(|i| {
                let mut ok = true;
                visit_op(&i.op, &mut |part| ok &= checker.part(part));
                ok
            }) && {
                let mut ok = true;
                visit_term(&b.term, &mut |part| ok &= checker.part(part));
                ok
            }
        })
}

struct Checker<'a> {
    program: &'a Program,
    f: &'a Function,
}

impl Checker<'_> {
    fn local(&self, local: LocalId) -> bool {
        self.f.locals.get(local).is_some()
    }

    fn part(&self, part: Part) -> bool {
        match part {
            Part::Use(Operand::Local(l)) | Part::Def(l) => self.local(l),
            Part::Use(Operand::Func(f)) | Part::Fn(f) => self.program.functions.get(f).is_some(),
            Part::Use(Operand::Const(_) | Operand::Unknown) => true,
            Part::Block(b) => self.f.blocks.get(b).is_some(),
            Part::Global(g) => self.program.globals.get(g).is_some(),
            Part::Invalid => false,
        }
    }
}

/// A part of an instruction that names something.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// A slot or constant that is read.
    Use(Operand),
    /// A slot that is written.
    Def(LocalId),
    /// A function that is named as a callee or in a closure.
    Fn(FnId),
    /// A successor.
    Block(BlockId),
    /// A global that is read or written.
    Global(GlobalId),
    /// Something the language forbids.
    Invalid,
}

/// The operands of an allocation.
pub(crate) fn kind_operands(kind: &AllocKind) -> [Option<Operand>; 2] {
    match kind {
        AllocKind::Cell(o)
        | AllocKind::Chan(o)
        | AllocKind::Cond(o)
        | AllocKind::AfterFunc(o)
        | AllocKind::Semaphore(o) => [Some(*o), None],
        AllocKind::AfterContext(a, b) | AllocKind::Seq(a, b) => [Some(*a), Some(*b)],
        AllocKind::Struct
        | AllocKind::Mutex
        | AllocKind::RwMutex
        | AllocKind::WaitGroup
        | AllocKind::Once
        | AllocKind::Timer
        | AllocKind::Ticker
        | AllocKind::Map
        | AllocKind::Token => [None, None],
    }
}

/// Visits what an instruction names: uses, then definitions.
pub fn visit_op(op: &Op, visit: &mut dyn FnMut(Part)) {
    match op {
        Op::Assign { dst, src } | Op::SetTag { dst, src, .. } | Op::Direction { dst, src, .. } => {
            both(visit, &[*src], *dst);
        }
        Op::Unknown { dst, .. } | Op::Recover { dst } => both(visit, &[], *dst),
        Op::Choose { dst, n } => {
            if *n == 0 {
                visit(Part::Invalid);
            }
            both(visit, &[], *dst);
        }
        Op::Alloc { dst, kind } => {
            let operands: Vec<Operand> = kind_operands(kind).into_iter().flatten().collect();
            both(visit, &operands, *dst);
        }
        Op::NewContext { dst, cancel, parent, .. } => {
            both(visit, &[*parent], *dst);
            cancel.iter().for_each(|c| visit(Part::Def(*c)));
        }
        Op::Closure { dst, callee, env } => {
            if let Bindable::Fn(f) = callee {
                visit(Part::Fn(*f));
            }
            both(visit, env, *dst);
        }
        Op::Compare { dst, a, b, .. } | Op::Arith { dst, a, b, .. } => both(visit, &[*a, *b], *dst),
        Op::Not { dst, a } => both(visit, &[*a], *dst),
        Op::LoadCell { dst, cell } => both(visit, &[*cell], *dst),
        Op::StoreCell { cell, src } => {
            visit(Part::Use(*cell));
            visit(Part::Use(*src));
        }
        Op::LoadField { dst, base, zero, .. } => both(visit, &[*base, *zero], *dst),
        Op::StoreField { base, src, .. } => {
            visit(Part::Use(*base));
            visit(Part::Use(*src));
        }
        Op::Part { dst, base, kind, .. } => {
            for operand in kind_operands(kind).into_iter().flatten() {
                visit(if matches!(operand, Operand::Local(_)) {
                    Part::Invalid
                } else {
                    Part::Use(operand)
                });
            }
            both(visit, &[*base], *dst);
        }
        Op::CopyStruct { dst, src } => both(visit, &[*src], *dst),
        Op::LoadGlobal { dst, global } => {
            visit(Part::Global(*global));
            visit(Part::Def(*dst));
        }
        Op::StoreGlobal { global, src } => {
            visit(Part::Use(*src));
            visit(Part::Global(*global));
        }
        Op::Assert { dst, ok, src, .. } => {
            both(visit, &[*src], *dst);
            ok.iter().for_each(|l| visit(Part::Def(*l)));
        }
        Op::Call(call) | Op::Go(call) | Op::Defer(call) => {
            match call.callee {
                Callee::Fn(f) => visit(Part::Fn(f)),
                Callee::Value(o) | Callee::Method(o, _) => visit(Part::Use(o)),
                Callee::Prim(_) | Callee::Opaque | Callee::Pure(_) => {}
            }
            call.args.iter().for_each(|a| visit(Part::Use(*a)));
            if matches!(op, Op::Call(_)) {
                call.dst.iter().flatten().for_each(|l| visit(Part::Def(*l)));
            }
        }
        Op::RunDefers => {}
    }
}

fn both(visit: &mut dyn FnMut(Part), uses: &[Operand], dst: LocalId) {
    uses.iter().for_each(|o| visit(Part::Use(*o)));
    visit(Part::Def(dst));
}

/// Visits what a terminator names. Slots written by select arms are visited as definitions.
pub fn visit_term(term: &Term, visit: &mut dyn FnMut(Part)) {
    match term {
        Term::Goto(b) => visit(Part::Block(*b)),
        Term::Branch { cond, then, els } => {
            visit(Part::Use(*cond));
            visit(Part::Block(*then));
            visit(Part::Block(*els));
        }
        Term::TypeSwitch { value, cases, default } => {
            visit(Part::Use(*value));
            cases.iter().for_each(|c| visit(Part::Block(c.target)));
            visit(Part::Block(*default));
        }
        Term::Select { arms, default } => {
            for arm in arms {
                match &arm.op {
                    SelectOp::Send { chan, value } => {
                        visit(Part::Use(*chan));
                        visit(Part::Use(*value));
                    }
                    SelectOp::Recv { chan, dst, ok, zero: _ } => {
                        visit(Part::Use(*chan));
                        dst.iter().chain(ok).for_each(|l| visit(Part::Def(*l)));
                    }
                }
                visit(Part::Block(arm.target));
            }
            default.iter().for_each(|b| visit(Part::Block(*b)));
        }
        Term::Panic(value) => visit(Part::Use(*value)),
        Term::Return | Term::Goexit | Term::Exit => {}
    }
}
