//! Functions that are given an error and whose result says whether it is one: helpers that wrap it, and those
//! that count or print it and answer with a truth value.
//!
//! What such a function does besides stands in its summary. Its body is gone through twice here, once for an error
//! that is nil and once for one that is not; what is the same at all returns is known to its callers.

use crate::calls::Invocation;
use crate::exec::Run;
use crate::names::Known;
use crate::package::{Package, successors};
use crate::state::State;
use crate::term::{Term, TermId};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::{Gives, Op};
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, LocalId, Operand, PlaceBase, Rvalue, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{Basic, ConstValue, ObjectId, TypeId, TypeKind};

/// Larger functions are not gone through.
const MAX_BLOCKS: usize = 40;
/// A block is gone through again this often, for the ways that lead to it.
const MAX_TURNS: usize = 8;

/// That a result of a function hangs on an error that it is given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tells {
    /// Number of the argument.
    param: usize,
    /// Number of the result.
    result: usize,
    /// The result for nil, and for an error.
    answers: [Answer; 2],
}

/// A result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Answer {
    Nil,
    NonNil,
    Bool(bool),
}

/// What is known of a value, for one of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Value {
    /// The error itself.
    Given,
    Is(Answer),
    Unknown,
}

type Values = FxHashMap<LocalId, Value>;

/// What the results of a function tell of the errors that it is given.
pub(crate) fn find(package: &Package<'_>, id: FuncId) -> Box<[Tells]> {
    let func = &package.module.funcs[id];
    let is_error = |local: &LocalId| package.is_error(func.locals[*local].ty);
    let fixed = |local: LocalId| {
        let data = &func.locals[local];
        !data.address_taken && !data.captured_by_ref
    };
    let errors: Vec<usize> =
        (0..func.params.len()).filter(|&n| is_error(&func.params[n])).collect();
    let answers = func.results.iter().any(|r| is_error(r) || is_truth(package, func, *r));
    let fits = func.has_body && answers && func.blocks.len() <= MAX_BLOCKS;
    if errors.is_empty() || !fits || !func.results.iter().all(|&r| fixed(r)) {
        return Box::default();
    }
    let mut found = Vec::new();
    for param in errors {
        let local = func.params[param];
        let mut set = !fixed(local);
        for kind in visit::kinds(func) {
            visit::defs(kind, &mut |l| set |= l == local);
        }
        if set {
            continue;
        }
        let Some(nil) = through(package, func, local, Answer::Nil) else { continue };
        let Some(some) = through(package, func, local, Answer::NonNil) else { continue };
        for (result, answers) in nil.into_iter().zip(some).enumerate() {
            if let (Some(nil), Some(some)) = answers
                && nil != some
            {
                found.push(Tells { param, result, answers: [nil, some] });
            }
        }
    }
    found.into()
}

/// Package-level errors that are set once, by their initialisers, to one that is not nil.
pub(crate) fn sentinels(package: &Package<'_>) -> FxHashSet<ObjectId> {
    let (mut set, mut others) = (FxHashSet::default(), FxHashSet::default());
    for func in &package.module.funcs {
        let first = func.synthetic && func.parent.is_none();
        let mut made: FxHashSet<LocalId> = FxHashSet::default();
        for kind in visit::kinds(func) {
            match kind {
                InstrKind::Assign(local, Rvalue::MakeInterface(..)) => {
                    made.insert(*local);
                }
                InstrKind::Call(call) if gives(package, &call.callee) == Gives::NonNil => {
                    made.extend(&call.dst);
                }
                _ => {}
            }
            visit::places(kind, &mut |place| {
                let PlaceBase::Global(object) = place.base else { return };
                let is_set =
                    |value: &Operand| matches!(value, Operand::Local(l) if made.contains(l));
                match kind {
                    InstrKind::Assign(_, Rvalue::Load(_)) => {}
                    InstrKind::Store(to, value)
                        if first && to.proj.is_empty() && is_set(value) && set.insert(object) => {}
                    _ => {
                        others.insert(object);
                    }
                }
            });
        }
    }
    set.retain(|object| !others.contains(object));
    set
}

fn gives(package: &Package<'_>, callee: &Callee) -> Gives {
    match callee {
        Callee::Static(object, _) => match package.names.known(*object) {
            Known::Effect(effect) => effect.gives,
            _ => Gives::Any,
        },
        _ => Gives::Any,
    }
}

fn is_truth(package: &Package<'_>, func: &Func, local: LocalId) -> bool {
    let program = package.program;
    let kind = program.kind(program.underlying(func.locals[local].ty));
    matches!(kind, TypeKind::Basic(Basic::Bool))
}

/// The results that are the same at all returns that can be reached with such an error; `None` if there is no
/// return.
fn through(
    package: &Package<'_>,
    func: &Func,
    given: LocalId,
    error: Answer,
) -> Option<Vec<Option<Answer>>> {
    let walk = Walk { package, func, error };
    let mut before: FxHashMap<BlockId, (Values, usize)> = FxHashMap::default();
    let first = func.blocks.ids().next()?;
    before.insert(first, (Values::from_iter([(given, Value::Given)]), 0));
    let mut todo = vec![first];
    let mut results: Option<Vec<Option<Answer>>> = None;
    while let Some(block) = todo.pop() {
        let (values, turns) = before.get_mut(&block)?;
        *turns += 1;
        if *turns > MAX_TURNS {
            return None;
        }
        let mut values = values.clone();
        let data = &func.blocks[block];
        if data.instrs.iter().any(|instr| walk.ends(&instr.kind)) {
            continue;
        }
        data.instrs.iter().for_each(|instr| walk.instr(&mut values, &instr.kind));
        let mut next: Vec<BlockId> = Vec::new();
        match &data.term {
            Terminator::Return => {
                let now = func.results.iter().map(|r| walk.answer(walk.local(&values, *r)));
                results = Some(match results {
                    None => now.collect(),
                    Some(all) => {
                        all.into_iter().zip(now).map(|(a, b)| a.filter(|_| a == b)).collect()
                    }
                });
            }
            Terminator::Branch { cond, then, els } => match walk.operand(&values, cond) {
                Value::Is(Answer::Bool(true)) => next.push(*then),
                Value::Is(Answer::Bool(false)) => next.push(*els),
                _ => next.extend([*then, *els]),
            },
            term => successors(term, &mut |to| next.push(to)),
        }
        for to in next {
            match before.get_mut(&to) {
                None => {
                    before.insert(to, (values.clone(), 0));
                    todo.push(to);
                }
                Some((known, _)) => {
                    if join(known, &values) {
                        todo.push(to);
                    }
                }
            }
        }
    }
    results
}

/// Keeps what both know; whether that is less than before.
fn join(known: &mut Values, values: &Values) -> bool {
    let before = known.len();
    known.retain(|local, value| values.get(local) == Some(value));
    known.len() < before
}

struct Walk<'w, 'a> {
    package: &'w Package<'a>,
    func: &'w Func,
    /// What the error is.
    error: Answer,
}

impl Walk<'_, '_> {
    fn local(&self, values: &Values, local: LocalId) -> Value {
        values.get(&local).copied().unwrap_or(Value::Unknown)
    }

    fn answer(&self, value: Value) -> Option<Answer> {
        match value {
            Value::Given => Some(self.error),
            Value::Is(answer) => Some(answer),
            Value::Unknown => None,
        }
    }

    fn operand(&self, values: &Values, operand: &Operand) -> Value {
        match operand {
            Operand::Local(local) => self.local(values, *local),
            Operand::Nil(_) => Value::Is(Answer::Nil),
            Operand::Const(ConstValue::Bool(truth), _) => Value::Is(Answer::Bool(*truth)),
            Operand::Zero(ty) => self.zero(*ty),
            _ => Value::Unknown,
        }
    }

    fn zero(&self, ty: TypeId) -> Value {
        let program = self.package.program;
        match program.kind(program.underlying(ty)) {
            TypeKind::Interface(_) => Value::Is(Answer::Nil),
            TypeKind::Basic(Basic::Bool) => Value::Is(Answer::Bool(false)),
            _ => Value::Unknown,
        }
    }

    /// What other packages show as an error is one.
    fn global(&self, object: ObjectId) -> Value {
        let package = self.package;
        let shown = object.package != package.module.package
            && package.is_error(package.program.object(object).ty);
        match shown || package.sentinels.contains(&object) {
            true => Value::Is(Answer::NonNil),
            false => Value::Unknown,
        }
    }

    /// Whether the process or the goroutine ends by an instruction.
    fn ends(&self, kind: &InstrKind) -> bool {
        let InstrKind::Call(call) = kind else { return false };
        matches!(self.package.op(&call.callee), Op::Exit | Op::Goexit | Op::Panic)
    }

    fn instr(&self, values: &mut Values, kind: &InstrKind) {
        let value = match kind {
            InstrKind::DeclareVar(local) => {
                let zero = self.zero(self.func.locals[*local].ty);
                return set(values, *local, zero);
            }
            InstrKind::Assign(local, rvalue) => {
                let value = self.rvalue(values, rvalue);
                visit::defs(kind, &mut |l| set(values, l, Value::Unknown));
                return set(values, *local, value);
            }
            InstrKind::Call(call) => match gives(self.package, &call.callee) {
                Gives::NonNil => Value::Is(Answer::NonNil),
                Gives::NilWith(n) => {
                    let arg = call.args.get(n as usize);
                    arg.map_or(Value::Unknown, |arg| self.operand(values, arg))
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        };
        visit::defs(kind, &mut |l| set(values, l, Value::Unknown));
        if let InstrKind::Call(call) = kind
            && let [dst] = &*call.dst
        {
            // Of what wraps it no more is known than whether it is nil.
            set(values, *dst, self.answer(value).map_or(Value::Unknown, Value::Is));
        }
    }

    fn rvalue(&self, values: &Values, rvalue: &Rvalue) -> Value {
        match rvalue {
            Rvalue::Use(x) => self.operand(values, x),
            Rvalue::MakeInterface(..) => Value::Is(Answer::NonNil),
            Rvalue::Load(place) => match place.base {
                PlaceBase::Global(object) if place.proj.is_empty() => self.global(object),
                _ => Value::Unknown,
            },
            Rvalue::Unary(UnaryOp::Not, x) => match self.operand(values, x) {
                Value::Is(Answer::Bool(truth)) => Value::Is(Answer::Bool(!truth)),
                _ => Value::Unknown,
            },
            Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), a, b) => {
                let (a, b) = (self.operand(values, a), self.operand(values, b));
                let nil = |value: Value| match self.answer(value) {
                    Some(Answer::Nil) => Some(true),
                    Some(Answer::NonNil) => Some(false),
                    _ => None,
                };
                match (nil(a), nil(b)) {
                    (Some(a), Some(b)) if a || b => {
                        Value::Is(Answer::Bool((a == b) == (*op == BinaryOp::Eq)))
                    }
                    _ => Value::Unknown,
                }
            }
            _ => Value::Unknown,
        }
    }
}

fn set(values: &mut Values, local: LocalId, value: Value) {
    match value {
        Value::Unknown => values.remove(&local),
        value => values.insert(local, value),
    };
}

impl<'a> Run<'a, '_> {
    /// What the results of a call of such a function are, in the states after it.
    pub(crate) fn told_by(
        &mut self,
        after: Vec<State>,
        func: FuncId,
        call: &Invocation<'a>,
    ) -> Vec<State> {
        let package = self.package;
        let Some(facts) = package.facts.get(func) else { return after };
        let mut states = after;
        if !facts.tells.is_empty() && !facts.writes.is_empty() && !self.reads(call.dst) {
            // What it has noted may be asked for later.
            states.iter_mut().for_each(|state| self.doubt_latest(state));
        }
        for tells in &facts.tells {
            let (Some(&error), Some(&dst)) =
                (call.args.get(tells.param), call.dst.get(tells.result))
            else {
                continue;
            };
            let mut next = Vec::with_capacity(states.len());
            for state in states {
                self.told_of_error(state, (error, dst), tells, call, &mut next);
            }
            states = next;
        }
        states
    }

    fn reads(&self, locals: &[LocalId]) -> bool {
        let mut read = false;
        for block in &self.func.blocks {
            let mut uses = |local: LocalId| read |= locals.contains(&local);
            block.instrs.iter().for_each(|instr| instr.kind.for_each_use(&mut uses));
            block.term.for_each_operand(|x| {
                if let Operand::Local(local) = x {
                    uses(*local);
                }
            });
        }
        read
    }

    fn told_of_error(
        &mut self,
        before: State,
        (error, dst): (TermId, LocalId),
        tells: &Tells,
        call: &Invocation<'a>,
        next: &mut Vec<State>,
    ) {
        let place = self.arena.local(dst);
        let result = before.load(&mut self.arena, place);
        if !matches!(self.arena.get(result), Term::Fresh(_) | Term::Pure(..)) {
            return next.push(before);
        }
        let nil = self.arena.nil();
        let is_nil = self.arena.binary(BinaryOp::Eq, error, nil);
        let known = before.nilness(&self.arena, error).is_some();
        for (truth, answer) in [(true, tells.answers[0]), (false, tells.answers[1])] {
            let mut state = before.clone();
            if !state.assume(&mut self.arena, is_nil, truth) {
                continue;
            }
            if !known {
                self.doubt(&mut state, is_nil, call.span, truth.into());
            }
            let value = match answer {
                Answer::Nil => self.arena.nil(),
                Answer::NonNil => self.arena.non_nil(),
                Answer::Bool(truth) => self.arena.bool(truth),
            };
            self.assign(&mut state, dst, value);
            next.push(state);
        }
    }
}
