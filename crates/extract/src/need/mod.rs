//! What is kept of a package: the functions that matter, and of each the instructions and branches
//! that can influence an operation on a concurrency object, by data or by control.
//!
//! Needs spread backwards until nothing changes: from operations to their operands, from a needed
//! local to its assignments, from a needed field to every store of it, from a kept instruction to the
//! branches that decide whether it runs, from a needed result to the callee's result slot, from a
//! needed captured variable to the literals that assign it.

mod gives;
mod slice;
mod weigh;

pub(crate) use slice::is_getter;
pub(crate) use weigh::weight_of;

use crate::carry::Carry;
use crate::classify::is_error;
use crate::flow::{Flow, Join};
use crate::names::{Known, Names};
use stanch_base::{FxHashSet, IndexVec};
use stanch_effects::Op;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Module, Operand, Rvalue, Terminator,
};
use stanch_types::{ObjectId, Program, TypeId, TypeKind};

/// A function with more blocks than this is out of view.
const HUGE: usize = 600;
/// Calls deep to which ends of the process or goroutine are followed.
const EXIT_DEPTH: u8 = 2;
/// Rounds over the package; more only refine what is read of fields far away.
const ROUNDS: u32 = 24;
/// Levels of embedded structs whose methods count as those of the outer one.
const EMBEDDED: u32 = 3;

/// What is kept of one function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    /// Locals whose values are read by something kept.
    pub(crate) locals: IndexVec<LocalId, bool>,
    /// Instructions.
    pub(crate) instrs: IndexVec<BlockId, Vec<bool>>,
    /// Terminators that decide something (of other blocks: whether to follow the join).
    pub(crate) branches: IndexVec<BlockId, bool>,
    /// Results that some caller reads, or that can carry objects.
    pub(crate) results: Vec<bool>,
}

/// What is kept of a package.
pub(crate) struct Needs {
    /// Whether a function's body is part of the model.
    pub(crate) relevant: IndexVec<FuncId, bool>,
    /// Of functions that are not relevant, nothing.
    pub(crate) kept: IndexVec<FuncId, Kept>,
    /// Fields whose value matters beside those that carry objects.
    pub(crate) fields: FxHashSet<ObjectId>,
    /// Graphs of the functions.
    pub(crate) flows: IndexVec<FuncId, Flow>,
}

impl Needs {
    /// `errors`: functions whose errors are looked at other than in the package.
    pub(crate) fn of(
        names: &Names<'_>,
        carry: &Carry<'_>,
        module: &Module,
        errors: &FxHashSet<FuncId>,
    ) -> Self {
        let mut analysis = Analysis::new(names, carry, module);
        for &id in errors {
            let results = &module.funcs[id].results;
            for (kept, result) in analysis.kept[id].results.iter_mut().zip(results) {
                *kept |= is_error(names.program, module.funcs[id].locals[*result].ty);
            }
        }
        for _ in 0..ROUNDS {
            if !analysis.round() {
                break;
            }
        }
        Needs {
            relevant: analysis.relevant,
            kept: analysis.kept,
            fields: analysis.fields,
            flows: analysis.flows,
        }
    }

    /// Where the branch at the end of a block leads if it is not kept.
    pub(crate) fn join(&self, func: FuncId, block: BlockId) -> Option<Join> {
        if self.kept[func].branches[block] {
            return None;
        }
        self.flows[func].joins[block]
    }
}

struct Analysis<'a> {
    names: &'a Names<'a>,
    carry: &'a Carry<'a>,
    module: &'a Module,
    flows: IndexVec<FuncId, Flow>,
    relevant: IndexVec<FuncId, bool>,
    /// Relevant functions that matter only for a constant that they give.
    only_gives: IndexVec<FuncId, bool>,
    /// The functions that give one.
    constants: std::collections::BTreeSet<FuncId>,
    kept: IndexVec<FuncId, Kept>,
    fields: FxHashSet<ObjectId>,
    /// Types read through pointers to variables.
    derefs: FxHashSet<TypeId>,
    /// Calls until the function ends the process or goroutine; `u8::MAX` if it does not.
    exits: IndexVec<FuncId, u8>,
    /// Results of function values and interface methods that somebody reads, by number.
    value_results: Vec<bool>,
    /// Functions that are called as values or through interfaces.
    as_value: IndexVec<FuncId, bool>,
    /// Functions that panic themselves, each with one that it defers and that recovers.
    swallows: Vec<(FuncId, FuncId)>,
    /// Names of methods of types that become interface values, with the function.
    dispatched: Vec<(Box<str>, FuncId)>,
    /// The one instruction that assigns a temporary.
    defs: IndexVec<FuncId, IndexVec<LocalId, Option<(BlockId, u32)>>>,
    changed: bool,
}

impl<'a> Analysis<'a> {
    fn new(names: &'a Names<'a>, carry: &'a Carry<'a>, module: &'a Module) -> Self {
        let n = module.funcs.len();
        let mut analysis = Self {
            names,
            carry,
            module,
            flows: module.funcs.iter_enumerated().map(|(id, func)| flow(names, id, func)).collect(),
            relevant: IndexVec::from_elem(false, n),
            only_gives: IndexVec::from_elem(false, n),
            constants: module
                .funcs
                .ids()
                .filter(|f| gives::gives_constant(&module.funcs[*f]))
                .collect(),
            kept: module.funcs.iter().map(|f| nothing(carry, f)).collect(),
            fields: FxHashSet::default(),
            derefs: FxHashSet::default(),
            exits: IndexVec::from_elem(u8::MAX, n),
            value_results: Vec::new(),
            as_value: IndexVec::from_elem(false, n),
            swallows: swallows(names, module),
            dispatched: dispatched(names, carry, module),
            defs: module.funcs.iter().map(defs).collect(),
            changed: false,
        };
        analysis.find_exits();
        analysis.find_values();
        analysis
    }

    fn round(&mut self) -> bool {
        self.changed = false;
        for &(panics, recovers) in &self.swallows {
            self.changed |= self.relevant[panics] && !self.relevant[recovers];
            self.relevant[recovers] |= self.relevant[panics];
        }
        for id in self.module.funcs.ids() {
            if !self.acts(id) && self.matters(id) {
                self.relevant[id] = true;
                self.only_gives[id] = false;
                self.changed = true;
            }
            if self.relevant[id] {
                self.slice(id);
            }
        }
        self.changed
    }

    /// Which functions end the process or their goroutine, directly or a few calls deep.
    fn find_exits(&mut self) {
        for depth in 0..=EXIT_DEPTH {
            for (id, func) in self.module.funcs.iter_enumerated() {
                if self.exits[id] == u8::MAX && self.ends_somewhere(func, depth) {
                    self.exits[id] = depth;
                }
            }
        }
    }

    fn ends_somewhere(&self, func: &Func, depth: u8) -> bool {
        func.blocks.iter().flat_map(|b| &b.instrs).any(|instr| {
            let (InstrKind::Call(call) | InstrKind::Defer(call)) = &instr.kind else {
                return false;
            };
            match &call.callee {
                Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                    match self.names.known(*object) {
                        Known::Effect(e) => matches!(e.op, Op::Exit | Op::Goexit | Op::Panic),
                        Known::Body(id) => self.exits[id] < depth,
                        Known::Inert | Known::Nothing => false,
                    }
                }
                Callee::Closure(id, _) => self.exits[*id] < depth,
                Callee::Value(_) | Callee::Builtin(_) => false,
            }
        })
    }

    /// Which functions are called other than by name.
    fn find_values(&mut self) {
        for (_, id) in &self.dispatched {
            self.as_value[*id] = true;
        }
        for (id, func) in self.module.funcs.iter_enumerated() {
            if func.object.is_none() && func.parent.is_some() {
                self.as_value[id] = true;
            }
            let mut mark = |object: ObjectId| {
                if let Known::Body(id) = self.names.known(object) {
                    self.as_value[id] = true;
                }
            };
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                if let InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) = &instr.kind {
                    mark(*method);
                }
                instr.kind.for_each_operand(|operand| {
                    if let Operand::Func(object) = operand {
                        mark(*object);
                    }
                });
            }
        }
    }
}

/// The argument with this number, an interface's receiver being number 0.
pub(crate) fn callback(call: &Call, number: u32) -> Option<&Operand> {
    let shift = u32::from(matches!(call.callee, Callee::Interface { .. }));
    call.args.get(number.checked_sub(shift)? as usize)
}

fn flow(names: &Names<'_>, id: FuncId, func: &Func) -> Flow {
    if func.blocks.len() > HUGE {
        return Flow::default();
    }
    Flow::new(func, |from, to| names.is_way(id, from, to))
}

fn nothing(carry: &Carry<'_>, func: &Func) -> Kept {
    let carries = |r: &LocalId| carry.carries(func.locals[*r].ty);
    Kept {
        locals: IndexVec::from_elem(false, func.locals.len()),
        instrs: func.blocks.iter().map(|b| vec![false; b.instrs.len()]).collect(),
        branches: IndexVec::from_elem(false, func.blocks.len()),
        results: func.results.iter().map(carries).collect(),
    }
}

/// Functions that panic themselves, each with one that it defers and that recovers: it returns then.
fn swallows(names: &Names<'_>, module: &Module) -> Vec<(FuncId, FuncId)> {
    let recovers = |id: FuncId| {
        let mut instrs = module.funcs[id].blocks.iter().flat_map(|b| &b.instrs);
        instrs.any(|i| matches!(i.kind, InstrKind::Assign(_, Rvalue::Recover)))
    };
    let mut all = Vec::new();
    for (id, func) in module.funcs.iter_enumerated() {
        if !func.blocks.iter().any(|b| matches!(b.term, Terminator::Panic(_))) {
            continue;
        }
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let InstrKind::Defer(call) = &instr.kind else { continue };
            let deferred = match &call.callee {
                Callee::Closure(literal, _) => Some(*literal),
                Callee::Static(object, _) => names.body(*object),
                _ => None,
            };
            all.extend(deferred.filter(|f| recovers(*f)).map(|f| (id, f)));
        }
    }
    all
}

/// Methods of types that become interface values, and of what those embed.
fn dispatched(names: &Names<'_>, carry: &Carry<'_>, module: &Module) -> Vec<(Box<str>, FuncId)> {
    let mut types: FxHashSet<ObjectId> = FxHashSet::default();
    for &ty in &carry.converted {
        with_embedded(names.program, ty, EMBEDDED, &mut types);
    }
    let mut methods = Vec::new();
    for (id, func) in module.funcs.iter_enumerated().filter(|(_, f)| f.has_recv) {
        let (Some(&recv), Some(object)) = (func.params.first(), func.object) else { continue };
        let ty = func.locals[recv].ty;
        let base = names.program.pointee(ty).unwrap_or(ty);
        if names.program.named_object(base).is_some_and(|o| types.contains(&o)) {
            methods.push((names.program.object_name(object).into(), id));
        }
    }
    methods
}

/// The named type and those that it embeds, at most `depth` levels down.
fn with_embedded(program: &Program<'_>, ty: TypeId, depth: u32, types: &mut FxHashSet<ObjectId>) {
    let base = program.pointee(ty).unwrap_or(ty);
    types.extend(program.named_object(base));
    if let TypeKind::Struct(fields) = program.kind(program.underlying(base))
        && depth > 0
    {
        let embedded = fields.iter().filter(|f| f.embedded);
        embedded.for_each(|f| with_embedded(program, f.ty, depth - 1, types));
    }
}

/// The place where each temporary is assigned, if there is exactly one.
fn defs(func: &Func) -> IndexVec<LocalId, Option<(BlockId, u32)>> {
    let mut count = IndexVec::from_elem(0u32, func.locals.len());
    let mut defs = IndexVec::from_elem(None, func.locals.len());
    for (block, body) in func.blocks.iter_enumerated() {
        for (at, instr) in body.instrs.iter().enumerate() {
            if let InstrKind::Assign(local, _) = &instr.kind {
                count[*local] += 1;
                defs[*local] = (count[*local] == 1).then_some((block, at as u32));
            }
        }
    }
    defs
}
