//! Writes out at a call what the callee asks of its arguments before it returns: after `check(err)`, where
//! `check` ends the process, the goroutine or the test unless `err` is nil, `err` is nil. Where it is known
//! not to be, nothing comes after the call.
//!
//! A call `check(err)` becomes `if err != nil { check(err); unreachable }; check(err)`. All analyses follow
//! such branches as they follow those that stand in the program.

use crate::data::*;
use crate::simplify::simplify;
use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{Basic, ObjectId, Program, TypeKind};
use std::cell::RefCell;

/// Longer functions are not asked what they need: helpers that check an argument are short.
const MAX_BLOCKS: usize = 64;
/// Helpers call helpers, so deep at most.
const MAX_DEPTH: usize = 4;

/// What an argument has to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Test {
    /// Nil.
    Nil,
    /// Not nil.
    NotNil,
    /// True.
    True,
    /// False.
    False,
}

impl Test {
    fn negated(self) -> Self {
        match self {
            Self::Nil => Self::NotNil,
            Self::NotNil => Self::Nil,
            Self::True => Self::False,
            Self::False => Self::True,
        }
    }
}

/// An argument without which a function does not return.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Guard {
    /// Number of the argument, the receiver being 0 for methods.
    pub arg: u32,
    /// What it has to be.
    pub test: Test,
    /// Whether it is asked of what an interface value holds: a nil pointer in an interface is nil.
    pub inside: bool,
}

/// When a function returns.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Returns {
    /// Never.
    pub never: bool,
    /// Only if all of these hold.
    pub only_if: Vec<Guard>,
}

/// Writes out what callees ask of their arguments, in each of a module's own functions. `known` tells when
/// functions of other packages return. Gives what is known of the module's declared functions that do not
/// always return.
pub fn guard(
    program: &Program<'_>,
    module: &mut Module,
    known: &dyn Fn(ObjectId) -> Returns,
) -> FxHashMap<ObjectId, Returns> {
    // Each is asked about at all its calls.
    let memo: RefCell<FxHashMap<ObjectId, Returns>> = RefCell::default();
    let known = &|object: ObjectId| {
        memo.borrow_mut().entry(object).or_insert_with(|| known(object)).clone()
    };
    let found = returns(program, module, known);
    let of = |object: ObjectId| found.get(&object).cloned().unwrap_or_else(|| known(object));
    for n in 0..module.n_own {
        write_out(program, &mut module.funcs[FuncId::from_usize(n)], &of);
    }
    found
}

/// When the module's declared functions return, as far as that is not always.
fn returns(
    program: &Program<'_>,
    module: &Module,
    known: &dyn Fn(ObjectId) -> Returns,
) -> FxHashMap<ObjectId, Returns> {
    let mut found: FxHashMap<ObjectId, Returns> = FxHashMap::default();
    let funcs: Vec<(ObjectId, &Func)> = module
        .funcs
        .iter()
        .take(module.n_own)
        .filter(|f| f.has_body && !f.has_defer && (1..=MAX_BLOCKS).contains(&f.blocks.len()))
        .filter_map(|f| Some((f.object?, f)))
        .collect();
    for _ in 0..MAX_DEPTH {
        let mut next = found.clone();
        for (object, func) in &funcs {
            let of = |o: ObjectId| found.get(&o).cloned().unwrap_or_else(|| known(o));
            let returns = Body::of(program, func, &of).returns();
            if returns != Returns::default() {
                next.insert(*object, returns);
            }
        }
        if next == found {
            break;
        }
        found = next;
    }
    found
}

/// What is asked about a function.
struct Body<'f> {
    func: &'f Func,
    /// Parameters that keep the values they came with, by local.
    kept: FxHashMap<LocalId, u32>,
    /// Where locals get their values that get one only.
    defs: FxHashMap<LocalId, &'f Rvalue>,
    /// What calls in blocks ask.
    asked: IndexVec<BlockId, Vec<Guard>>,
    /// Blocks that end in a call that never returns.
    ends: IndexVec<BlockId, bool>,
}

impl<'f> Body<'f> {
    fn of(program: &Program<'_>, func: &'f Func, of: &dyn Fn(ObjectId) -> Returns) -> Self {
        let mut n_defs: FxHashMap<LocalId, u32> = FxHashMap::default();
        let mut defs = FxHashMap::default();
        for block in &func.blocks {
            // A variable that gets its value where it is declared is never seen without it.
            let mut declared = Vec::new();
            for instr in &block.instrs {
                match &instr.kind {
                    InstrKind::DeclareVar(local) => declared.push(*local),
                    kind => kind.for_each_def(|local| {
                        declared.retain(|d| *d != local);
                        *n_defs.entry(local).or_default() += 1;
                    }),
                }
                if let InstrKind::Assign(local, value) = &instr.kind {
                    defs.insert(*local, value);
                }
            }
            declared.iter().for_each(|local| *n_defs.entry(*local).or_default() += 1);
            if let Terminator::RangeNext { key, value, .. } = &block.term {
                key.iter().chain(value).for_each(|l| *n_defs.entry(*l).or_default() += 2);
            }
        }
        let stays = |local: LocalId| {
            let local = &func.locals[local];
            !local.captured_by_ref && !local.address_taken
        };
        let defined = |local: LocalId| n_defs.get(&local).copied().unwrap_or(0);
        defs.retain(|local, _| defined(*local) == 1 && stays(*local));
        let params = func.params.iter().zip(0..);
        let kept = params.filter(|(l, _)| defined(**l) == 0 && stays(**l));
        let mut body = Self {
            func,
            kept: kept.map(|(l, n)| (*l, n)).collect(),
            defs,
            asked: IndexVec::from_elem(Vec::new(), func.blocks.len()),
            ends: IndexVec::from_elem(false, func.blocks.len()),
        };
        for (id, block) in func.blocks.iter_enumerated() {
            for instr in &block.instrs {
                let Some((call, object)) = called(instr) else { continue };
                let returns = of(object);
                body.ends[id] |= returns.never;
                for guard in returns.only_if {
                    let Some((arg, inside)) = body.argument(program, call, guard) else { continue };
                    let asked = match guard.test {
                        Test::True | Test::False => body.test(&arg, guard.test == Test::True),
                        Test::Nil | Test::NotNil => {
                            body.param(&arg).map(|param| (param, guard.test))
                        }
                    };
                    let guards = asked.map(|(arg, test)| Guard { arg, test, inside });
                    body.asked[id].extend(guards);
                }
            }
        }
        body
    }

    /// What is asked of an argument: it itself, or what it holds.
    fn argument(
        &self,
        program: &Program<'_>,
        call: &Call,
        guard: Guard,
    ) -> Option<(Operand, bool)> {
        let arg = argument(call, guard.arg)?;
        let held = match arg {
            Operand::Local(local) if guard.inside => match self.defs.get(local) {
                Some(Rvalue::MakeInterface(held, _)) => Some(held),
                _ => None,
            },
            _ => None,
        };
        let local = tested(program, self.func, held.unwrap_or(arg), guard.test)?;
        Some((Operand::Local(local), guard.inside && held.is_none()))
    }

    /// The parameter of which an operand has the value.
    fn param(&self, operand: &Operand) -> Option<u32> {
        let mut operand = operand;
        for _ in 0..MAX_DEPTH {
            let Operand::Local(local) = operand else { return None };
            if let Some(param) = self.kept.get(local) {
                return Some(*param);
            }
            let Some(Rvalue::Use(from)) = self.defs.get(local) else { return None };
            operand = from;
        }
        None
    }

    /// The test of a parameter that a truth value is, or its opposite if `value` is false.
    fn test(&self, operand: &Operand, value: bool) -> Option<(u32, Test)> {
        let (mut operand, mut value) = (operand, value);
        for _ in 0..MAX_DEPTH {
            if let Some(param) = self.param(operand) {
                return Some((param, if value { Test::True } else { Test::False }));
            }
            let Operand::Local(local) = operand else { return None };
            match self.defs.get(local)? {
                Rvalue::Use(from) => operand = from,
                Rvalue::Unary(UnaryOp::Not, from) => {
                    operand = from;
                    value = !value;
                }
                Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), x, y) => {
                    let asked = match (x, y) {
                        (asked, Operand::Nil(_)) | (Operand::Nil(_), asked) => asked,
                        _ => return None,
                    };
                    let test =
                        if (*op == BinaryOp::Eq) == value { Test::Nil } else { Test::NotNil };
                    return Some((self.param(asked)?, test));
                }
                _ => return None,
            }
        }
        None
    }

    fn returns(&self) -> Returns {
        if !self.reaches_return(None, None) {
            return Returns { never: true, only_if: Vec::new() };
        }
        let mut only_if = Vec::new();
        for (id, block) in self.func.blocks.iter_enumerated() {
            if !self.asked[id].is_empty() && !self.reaches_return(Some(id), None) {
                only_if.extend(&self.asked[id]);
            }
            let Terminator::Branch { cond, then, els } = &block.term else { continue };
            let Some((arg, test)) = self.test(cond, true).filter(|_| then != els) else { continue };
            for (to, test) in [(*then, test), (*els, test.negated())] {
                if !self.reaches_return(None, Some((id, to))) {
                    only_if.push(Guard { arg, test, inside: false });
                }
            }
        }
        only_if.sort_unstable_by_key(|g| (g.arg, g.test as u8));
        only_if.dedup();
        Returns { never: false, only_if }
    }

    /// Whether there is a way to a return that goes neither through a block nor along an edge.
    fn reaches_return(&self, block: Option<BlockId>, edge: Option<(BlockId, BlockId)>) -> bool {
        let mut seen = IndexVec::from_elem(false, self.func.blocks.len());
        let mut todo = vec![BlockId::from_raw(0)];
        while let Some(id) = todo.pop() {
            if self.ends[id] || block == Some(id) || std::mem::replace(&mut seen[id], true) {
                continue;
            }
            let term = &self.func.blocks[id].term;
            if matches!(term, Terminator::Return) {
                return true;
            }
            term.for_each_target(|to| {
                if edge != Some((id, to)) {
                    todo.push(to);
                }
            });
        }
        false
    }
}

/// A call that is made here and now, of a declared function or a method.
fn called(instr: &Instr) -> Option<(&Call, ObjectId)> {
    let InstrKind::Call(call) = &instr.kind else { return None };
    match &call.callee {
        Callee::Static(object, _) => Some((call, *object)),
        Callee::Interface { method, .. } => Some((call, *method)),
        _ => None,
    }
}

/// An argument by its number, the receiver being 0 for methods.
fn argument(call: &Call, n: u32) -> Option<&Operand> {
    let n = n as usize;
    match &call.callee {
        Callee::Interface { recv, .. } if n == 0 => Some(recv),
        Callee::Interface { .. } => call.args.get(n - 1),
        _ => call.args.get(n),
    }
}

/// Writes tests before the calls of a function that ask something of their arguments.
fn write_out(program: &Program<'_>, func: &mut Func, of: &dyn Fn(ObjectId) -> Returns) {
    let mut changed = false;
    let mut todo: Vec<BlockId> = func.blocks.ids().collect();
    while let Some(id) = todo.pop() {
        let block = &func.blocks[id];
        let tests = block.instrs.iter().enumerate().find_map(|(at, instr)| {
            let (call, object) = called(instr)?;
            let guards = of(object).only_if;
            let tests =
                guards.iter().filter_map(|guard| asked(program, func, block, at, call, *guard));
            let tests: Vec<(LocalId, Test)> = tests.collect();
            (!tests.is_empty()).then_some((at, tests))
        });
        if let Some((at, tests)) = tests {
            todo.push(split(program, func, id, at, tests));
            changed = true;
        }
    }
    if changed {
        simplify(func);
    }
}

/// What a guard asks at the call in a block's place `at`: a test of a local, if there is something to test.
fn asked(
    program: &Program<'_>,
    func: &Func,
    block: &Block,
    at: usize,
    call: &Call,
    guard: Guard,
) -> Option<(LocalId, Test)> {
    let mut arg = argument(call, guard.arg)?;
    if guard.inside {
        arg = held(block, at, arg).unwrap_or(arg);
    }
    Some((tested(program, func, arg, guard.test)?, guard.test))
}

/// What an interface value holds that is made in a block before `at`.
fn held<'b>(block: &'b Block, at: usize, value: &Operand) -> Option<&'b Operand> {
    let Operand::Local(value) = value else { return None };
    let mut changed = Vec::new();
    for instr in block.instrs[..at].iter().rev() {
        match &instr.kind {
            InstrKind::Assign(local, Rvalue::MakeInterface(held, _)) if local == value => {
                let same = !matches!(held, Operand::Local(l) if changed.contains(l));
                return same.then_some(held);
            }
            kind => kind.for_each_def(|local| changed.push(local)),
        }
    }
    None
}

/// Puts tests before the call at `at`: where one fails, the call does not return. Gives the block that goes on
/// after the call.
fn split(
    program: &Program<'_>,
    func: &mut Func,
    id: BlockId,
    at: usize,
    tests: Vec<(LocalId, Test)>,
) -> BlockId {
    let block = &mut func.blocks[id];
    let mut rest = block.instrs.split_off(at);
    let (term, term_span) =
        (std::mem::replace(&mut block.term, Terminator::Unreachable), block.term_span);
    let span = rest[0].span;
    let after = rest.split_off(1);
    let mut call = rest;
    let passed = func.blocks.push(Block {
        instrs: call.clone(),
        term: Terminator::Unreachable,
        term_span: span,
    });
    let rest = func.blocks.push(Block { instrs: after, term, term_span });
    func.blocks[passed].term = Terminator::Goto(rest);
    // The call again, where it does not return.
    if let InstrKind::Call(call) = &mut call[0].kind {
        call.dst.clear();
    }
    let failed =
        func.blocks.push(Block { instrs: call, term: Terminator::Unreachable, term_span: span });
    let mut from = id;
    let n = tests.len();
    for (i, (arg, test)) in tests.into_iter().enumerate() {
        let cond = match test {
            Test::True | Test::False => arg,
            Test::Nil | Test::NotNil => {
                let cond = func.locals.push(Local::temp(program.basic(Basic::Bool), span));
                let nil = Operand::Nil(func.locals[arg].ty);
                let value = Rvalue::Binary(BinaryOp::Eq, Operand::Local(arg), nil);
                let kind = InstrKind::Assign(cond, value);
                func.blocks[from].instrs.push(Instr { kind, span });
                cond
            }
        };
        let cond = Operand::Local(cond);
        let to = match i + 1 == n {
            true => passed,
            false => func.blocks.push(Block {
                instrs: Vec::new(),
                term: Terminator::Unreachable,
                term_span: span,
            }),
        };
        func.blocks[from].term = match test {
            Test::True | Test::Nil => Terminator::Branch { cond, then: to, els: failed },
            Test::False | Test::NotNil => Terminator::Branch { cond, then: failed, els: to },
        };
        func.blocks[from].term_span = span;
        from = to;
    }
    // A loop over a range knows the block that leads to it.
    for block in func.blocks.iter_mut() {
        if let Terminator::RangeNext { preheader, .. } = &mut block.term
            && *preheader == id
        {
            *preheader = rest;
        }
    }
    rest
}

/// The local that a test asks, if it can be asked that.
fn tested(program: &Program<'_>, func: &Func, operand: &Operand, test: Test) -> Option<LocalId> {
    let Operand::Local(local) = operand else { return None };
    let kind = program.kind(program.underlying(func.locals[*local].ty));
    let fits = match test {
        Test::True | Test::False => matches!(kind, TypeKind::Basic(Basic::Bool)),
        Test::Nil | Test::NotNil => matches!(
            kind,
            TypeKind::Pointer(_)
                | TypeKind::Interface(_)
                | TypeKind::Signature(_)
                | TypeKind::Map(..)
                | TypeKind::Chan(..)
                | TypeKind::Slice(_)
        ),
    };
    fits.then_some(*local)
}
