//! Functions that library functions are given: those that get other things later, as finalizers do, and those that
//! become goroutines.

use crate::names::{Known, Names};
use crate::need::callback;
use crate::shared::is_data;
use stanch_base::FxHashSet;
use stanch_effects::{Args, Callback, Effect, Op};
use stanch_ir::{
    Call, Callee, Func, FuncId, Instr, InstrKind, LocalId, Module, Operand, PlaceBase, Rvalue,
    Terminator,
};
use stanch_types::{Builtin, ObjectId};

/// Longer chains of copies are not followed.
const MAX_COPIES: usize = 4;

/// Whether what a call is given goes only to functions that do nothing to it which matters.
pub(crate) fn is_for_idle_callback(
    names: &Names<'_>,
    module: &Module,
    func: &Func,
    (effect, call): (&Effect, &Call),
    relevant: impl Fn(FuncId) -> bool,
) -> bool {
    let is_idle = |given: &Callback| {
        let function = callback(call, given.arg).and_then(|f| function_in(names, func, f));
        function.is_some_and(|id| !relevant(id) || Literal::new(names, module, id).only_looks())
    };
    effect.args == Args::ToCallback && effect.callbacks.iter().all(is_idle)
}

/// The function that a call of a library function starts as a goroutine, as `(*sync.WaitGroup).Go` does.
pub(crate) fn started_by(names: &Names<'_>, func: &Func, call: &Call) -> Option<FuncId> {
    let Callee::Static(object, _) = call.callee else { return None };
    match names.known(object) {
        Known::Effect(effect) if effect.op == Op::WaitGroupGo => {
            function_in(names, func, call.args.get(1)?)
        }
        _ => None,
    }
}

/// The function that an operand is, if it is a literal, or a declared function or method with a body.
fn function_in(names: &Names<'_>, func: &Func, operand: &Operand) -> Option<FuncId> {
    let mut at = operand;
    for _ in 0..MAX_COPIES {
        let local = match at {
            Operand::Local(local) => local,
            Operand::Func(object) => return names.body(*object),
            _ => return None,
        };
        let mut values = func.blocks.iter().flat_map(|b| &b.instrs).filter_map(|i| match &i.kind {
            InstrKind::Assign(to, value) if to == local => Some(value),
            _ => None,
        });
        match (values.next()?, values.next()) {
            (Rvalue::MakeClosure(literal), None) => return Some(*literal),
            (Rvalue::MethodValue { method, .. }, None) => return names.body(*method),
            (Rvalue::MakeInterface(from, _) | Rvalue::Use(from), None) => at = from,
            _ => return None,
        }
    }
    None
}

/// A function that is called by others, and what leads to what it is given or captures.
struct Literal<'a> {
    names: &'a Names<'a>,
    module: &'a Module,
    func: &'a Func,
    given: FxHashSet<LocalId>,
}

impl<'a> Literal<'a> {
    fn new(names: &'a Names<'a>, module: &'a Module, id: FuncId) -> Self {
        let func = &module.funcs[id];
        let captures = func.captures.iter().map(|c| c.inner);
        let given = func.params.iter().copied().chain(captures).collect();
        let mut literal = Self { names, module, func, given };
        while literal.spread() {}
        literal
    }

    /// Takes in the locals that lead to what is given; whether there were new ones.
    fn spread(&mut self) -> bool {
        let before = self.given.len();
        for instr in self.func.blocks.iter().flat_map(|b| &b.instrs) {
            if let InstrKind::Assign(to, _) = instr.kind
                && self.is_concerned(&instr.kind)
                && !is_data(self.names, self.func, &Operand::Local(to))
            {
                self.given.insert(to);
            }
        }
        self.given.len() > before
    }

    fn is_concerned(&self, kind: &InstrKind) -> bool {
        let mut is = false;
        kind.for_each_use(|local| is |= self.given.contains(&local));
        is
    }

    fn only_looks(&self) -> bool {
        let mut blocks = self.func.blocks.iter();
        self.func.has_body
            && blocks.all(|block| {
                !matches!(block.term, Terminator::Select { .. })
                    && block.instrs.iter().all(|instr| self.looks(instr))
            })
    }

    fn looks(&self, instr: &Instr) -> bool {
        match &instr.kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(literal)) => {
                let mut captures = self.module.funcs[*literal].captures.iter();
                !captures.any(|c| self.given.contains(&c.outer))
            }
            InstrKind::Store(place, value) => {
                let within =
                    matches!(place.base, PlaceBase::Local(base) if self.given.contains(&base));
                within || !matches!(value, Operand::Local(local) if self.given.contains(local))
            }
            InstrKind::Call(call) => match call.callee {
                Callee::Builtin(builtin) => builtin != Builtin::Close,
                Callee::Static(object, _) => {
                    self.does_nothing(object)
                        // What is of another package does nothing to what this one has.
                        || object.package != instr.span.package && !self.is_concerned(&instr.kind)
                }
                Callee::Interface { .. } | Callee::Closure(..) | Callee::Value(_) => false,
            },
            InstrKind::DeclareVar(_)
            | InstrKind::Assign(..)
            | InstrKind::MapDelete { .. }
            | InstrKind::RunDefers => true,
            InstrKind::Go(_)
            | InstrKind::Defer(_)
            | InstrKind::Send { .. }
            | InstrKind::Recv { .. } => false,
        }
    }

    fn does_nothing(&self, object: ObjectId) -> bool {
        match self.names.known(object) {
            Known::Effect(effect) => effect.op == Op::None && effect.callbacks.is_empty(),
            Known::Inert => true,
            Known::Body(_) | Known::Nothing => false,
        }
    }
}
