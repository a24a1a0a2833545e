//! The part of a package's model that a root can reach, with the same numbers.

use stanch_base::{FxHashSet, Idx, IndexVec};
use stanch_model::{
    AllocKind, Bindable, Block, Call, Callee, FnId, Function, GlobalInit, Op, Operand,
    Program as Model, Term, TypeTag,
};

/// The model with the bodies of functions that `root` cannot reach left out.
pub(crate) fn restrict(model: &Model, root: FnId) -> Model {
    let mut reached = Reached::default();
    reached.function(root);
    for global in model.globals.iter() {
        if let GlobalInit::Func(f) = global.init {
            reached.function(f);
        }
    }
    let mut methods_done = FxHashSet::default();
    loop {
        while let Some(id) = reached.todo.pop() {
            if let Some(function) = model.functions.get(id) {
                function.blocks.iter().for_each(|b| reached.block(b));
            }
        }
        for (row, method) in model.methods.iter().enumerate() {
            if reached.tags.contains(&method.tag) && methods_done.insert(row) {
                reached.function(method.function);
            }
        }
        if reached.todo.is_empty() {
            break;
        }
    }
    let functions: IndexVec<FnId, Function> = model
        .functions
        .iter_enumerated()
        .map(|(id, f)| match reached.functions.contains(&id.index()) {
            true => f.clone(),
            false => Function::new(""),
        })
        .collect();
    let mut rows = 0..model.methods.len();
    let methods =
        model.methods.iter().filter(|_| rows.next().is_some_and(|row| methods_done.contains(&row)));
    Model { methods: methods.copied().collect(), functions, globals: model.globals.clone() }
}

#[derive(Default)]
struct Reached {
    functions: FxHashSet<usize>,
    tags: FxHashSet<TypeTag>,
    todo: Vec<FnId>,
}

impl Reached {
    fn function(&mut self, id: FnId) {
        if self.functions.insert(id.index()) {
            self.todo.push(id);
        }
    }

    fn operand(&mut self, operand: &Operand) {
        if let Operand::Func(id) = operand {
            self.function(*id);
        }
    }

    fn block(&mut self, block: &Block) {
        for instr in &block.instrs {
            self.op(&instr.op);
        }
        match &block.term {
            Term::TypeSwitch { value, cases, .. } => {
                self.operand(value);
                self.tags.extend(cases.iter().flat_map(|c| &c.tags));
            }
            Term::Branch { cond, .. } => self.operand(cond),
            Term::Select { .. } | Term::Goto(_) | Term::Return => {}
            Term::Panic(_) | Term::Goexit | Term::Exit => {}
        }
    }

    fn op(&mut self, op: &Op) {
        match op {
            Op::Assign { src, .. }
            | Op::StoreCell { src, .. }
            | Op::StoreField { src, .. }
            | Op::StoreGlobal { src, .. }
            | Op::Direction { src, .. } => self.operand(src),
            Op::SetTag { src, tag, .. } => {
                self.operand(src);
                self.tags.insert(*tag);
            }
            Op::Assert { src, tags, .. } => {
                self.operand(src);
                self.tags.extend(tags);
            }
            Op::Alloc { kind, .. } | Op::Part { kind, .. } => match kind {
                AllocKind::Cell(o) | AllocKind::AfterFunc(o) | AllocKind::Cond(o) => {
                    self.operand(o)
                }
                AllocKind::AfterContext(a, b) => {
                    self.operand(a);
                    self.operand(b);
                }
                AllocKind::Seq(_, o) => self.operand(o),
                _ => {}
            },
            Op::Closure { callee, env, .. } => {
                if let Bindable::Fn(id) = callee {
                    self.function(*id);
                }
                env.iter().for_each(|o| self.operand(o));
            }
            Op::Call(call) | Op::Go(call) | Op::Defer(call) => self.call(call),
            _ => {}
        }
    }

    fn call(&mut self, call: &Call) {
        match &call.callee {
            Callee::Fn(id) => self.function(*id),
            Callee::Value(o) | Callee::Method(o, _) => self.operand(o),
            Callee::Prim(_) | Callee::Opaque | Callee::Pure(_) => {}
        }
        call.args.iter().for_each(|o| self.operand(o));
    }
}
