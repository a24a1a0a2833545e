//! What is kept of a package: the functions that matter, and of each the instructions and branches
//! that can influence an operation on a concurrency object, by data or by control.
//!
//! Needs spread backwards until nothing changes: from operations to their operands, from a needed
//! local to its assignments, from a needed field to every store of it, from a kept instruction to the
//! branches that decide whether it runs, from a needed result to the callee's result slot, from a
//! needed captured variable to the literals that assign it.

use crate::carry::Carry;
use crate::classify::named;
use crate::flow::{Flow, Join};
use crate::names::{Known, Names};
use stanch_base::{FxHashSet, IndexVec};
use stanch_effects::{Args, Effect, Op};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Module, Operand, Place,
    PlaceBase, Proj, Rvalue, SelectOp, Terminator,
};
use stanch_types::{Builtin, ObjectId, Program, TypeId, TypeKind};

/// A function with more blocks than this is out of view.
const HUGE: usize = 600;
/// Calls deep to which ends of the process or goroutine are followed.
const EXIT_DEPTH: u8 = 2;
/// Rounds over the package; more only refine what is read of fields far away.
const ROUNDS: u32 = 24;

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
    pub(crate) fn of(names: &Names<'_>, carry: &Carry<'_>, module: &Module) -> Self {
        let mut analysis = Analysis::new(names, carry, module);
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

struct Analysis<'a> {
    names: &'a Names<'a>,
    carry: &'a Carry<'a>,
    module: &'a Module,
    flows: IndexVec<FuncId, Flow>,
    relevant: IndexVec<FuncId, bool>,
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
            flows: module.funcs.iter().map(flow).collect(),
            relevant: IndexVec::from_elem(false, n),
            kept: module.funcs.iter().map(|f| nothing(carry, f)).collect(),
            fields: FxHashSet::default(),
            derefs: FxHashSet::default(),
            exits: IndexVec::from_elem(u8::MAX, n),
            value_results: Vec::new(),
            as_value: IndexVec::from_elem(false, n),
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
        for id in self.module.funcs.ids() {
            if !self.relevant[id] && self.matters(id) {
                self.relevant[id] = true;
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
                        Known::Nothing => false,
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
                each_operand(&instr.kind, &mut |operand| {
                    if let Operand::Func(object) = operand {
                        mark(*object);
                    }
                });
            }
        }
    }

    /// Whether something in the function makes it part of the model.
    fn matters(&self, id: FuncId) -> bool {
        let func = &self.module.funcs[id];
        if !func.has_body || func.blocks.len() > HUGE {
            return false;
        }
        if self.exits[id] <= EXIT_DEPTH
            || func.results.iter().any(|r| self.carry.carries(func.locals[*r].ty))
            || self.flows[id].endless.iter().any(|e| *e)
        {
            return true;
        }
        func.blocks.iter().any(|block| {
            matches!(block.term, Terminator::Select { .. })
                || block.instrs.iter().any(|i| self.operates(id, &i.kind))
        })
    }

    /// Whether an instruction alone makes its function part of the model.
    fn operates(&self, id: FuncId, kind: &InstrKind) -> bool {
        match kind {
            InstrKind::Send { .. } | InstrKind::Recv { .. } => true,
            InstrKind::Go(call) | InstrKind::Call(call) | InstrKind::Defer(call) => {
                self.weight(id, call) == Weight::Operation || self.assigns_capture(id, &call.dst)
            }
            InstrKind::Assign(dst, value) => {
                let made = match value {
                    Rvalue::MakeChan { .. } => true,
                    Rvalue::MakeClosure(literal) => self.relevant[*literal],
                    _ => false,
                };
                made || self.assigns_capture(id, &[*dst])
            }
            InstrKind::Store(place, value) => self.stores(id, place, value),
            InstrKind::DeclareVar(_) | InstrKind::RunDefers | InstrKind::MapDelete { .. } => false,
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
    fn stores(&self, id: FuncId, place: &Place, value: &Operand) -> bool {
        let func = &self.module.funcs[id];
        if self.carries(id, value) {
            return true;
        }
        let ty = self.names.operand_type(func, value);
        match place.proj.last() {
            Some(Proj::Field(_, object)) => self.fields.contains(object) || self.tracked(ty),
            Some(Proj::Deref) => self.derefs.contains(&ty) || self.tracked(ty),
            Some(Proj::Index(_)) | None => false,
        }
    }

    /// Whether an operand can hold an object of this package's making.
    fn carries(&self, id: FuncId, operand: &Operand) -> bool {
        let func = &self.module.funcs[id];
        match self.names.operand_type(func, operand) {
            Program::UNKNOWN => match self.names.pointee(id, func, operand) {
                Some(to) => self.carry.carries(to),
                None => !matches!(operand, Operand::Const(..)),
            },
            ty => self.carry.carries(ty),
        }
    }

    /// Whether a struct type has a needed field.
    fn tracked(&self, ty: TypeId) -> bool {
        let program = self.names.program;
        match program.kind(program.underlying(ty)) {
            TypeKind::Struct(fields) => fields.iter().any(|f| self.fields.contains(&f.object)),
            _ => false,
        }
    }

    /// Whether something that goes out of view through an argument matters here.
    fn argument_matters(&self, id: FuncId, operand: &Operand, depth: u32) -> bool {
        let func = &self.module.funcs[id];
        let local = match operand {
            Operand::Local(local) => *local,
            Operand::Func(object) => {
                return matches!(self.names.known(*object), Known::Body(f) if self.relevant[f]);
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
            return self.relevant[*literal];
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

    fn weight(&self, id: FuncId, call: &Call) -> Weight {
        let out = |this: &Self| match call.args.iter().any(|a| this.argument_matters(id, a, 0)) {
            true => Weight::Operation,
            false => Weight::Value,
        };
        match &call.callee {
            Callee::Builtin(Builtin::Close | Builtin::Panic) => Weight::Operation,
            Callee::Builtin(_) => Weight::Nothing,
            Callee::Closure(literal, _) => match self.relevant[*literal] {
                true => Weight::Operation,
                false => Weight::Value,
            },
            Callee::Value(value) => match self.may_be_ours(id, value) {
                true => Weight::Operation,
                false => out(self),
            },
            Callee::Static(object, _) => match self.names.known(*object) {
                Known::Effect(effect) => self.effect_weight(id, effect, call),
                Known::Body(callee) if self.relevant[callee] => Weight::Operation,
                Known::Body(_) => Weight::Value,
                Known::Nothing => out(self),
            },
            Callee::Interface { method, .. } => match self.names.known(*method) {
                Known::Effect(effect) => self.effect_weight(id, effect, call),
                Known::Body(_) | Known::Nothing => {
                    let name = self.names.program.object_name(*method);
                    let ours = |(n, f): &(Box<str>, FuncId)| **n == *name && self.relevant[*f];
                    match self.dispatched.iter().any(ours) {
                        true => Weight::Operation,
                        false => out(self),
                    }
                }
            },
        }
    }

    /// Whether a function value may be a relevant function of this package or a cancel function.
    fn may_be_ours(&self, id: FuncId, value: &Operand) -> bool {
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
            self.relevant[f]
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
        match weight_of(effect.op) {
            Some(_) if matches!(effect.op, Op::AtomicStore | Op::AtomicUpdate) => {
                self.atomic_weight(id, call)
            }
            Some(weight) => weight,
            None if effect.args == Args::Borrow => Weight::Value,
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

    fn need(&mut self, id: FuncId, operand: &Operand) {
        if let Operand::Local(local) = operand {
            self.need_local(id, *local);
        }
    }

    fn need_local(&mut self, id: FuncId, local: LocalId) {
        if std::mem::replace(&mut self.kept[id].locals[local], true) {
            return;
        }
        self.changed = true;
        let func = &self.module.funcs[id];
        let info = &func.locals[local];
        if info.address_taken {
            self.derefs.insert(info.ty);
        }
        if info.kind == LocalKind::Capture
            && let Some(parent) = func.parent
        {
            let outer = func.captures.iter().find(|c| c.inner == local).map(|c| c.outer);
            outer.into_iter().for_each(|o| self.need_local(parent, o));
        }
        if info.captured_by_ref {
            for &literal in &func.closures {
                let captures = &self.module.funcs[literal].captures;
                let inner = captures.iter().find(|c| c.outer == local && c.by_ref);
                if let Some(inner) = inner.map(|c| c.inner)
                    && self.relevant[literal]
                {
                    self.need_local(literal, inner);
                }
            }
        }
    }

    /// Spreads needs within one function until nothing changes.
    fn slice(&mut self, id: FuncId) {
        let func = &self.module.funcs[id];
        if self.as_value[id] {
            for i in 0..self.kept[id].results.len() {
                if self.value_results.get(i) == Some(&true) {
                    self.need_result(id, i);
                }
            }
        }
        for i in 0..self.kept[id].results.len() {
            if self.kept[id].results[i] {
                self.need_local(id, func.results[i]);
            }
        }
        // A variable that became needed outside while this was not relevant yet.
        if let Some(parent) = func.parent {
            for capture in func.captures.iter().filter(|c| c.by_ref) {
                if self.kept[parent].locals[capture.outer] {
                    self.need_local(id, capture.inner);
                }
            }
        }
        let before = std::mem::replace(&mut self.changed, true);
        let mut any = false;
        while std::mem::take(&mut self.changed) {
            for block in func.blocks.ids().rev() {
                self.slice_block(id, block);
            }
            any |= self.changed;
        }
        self.changed = before | any;
    }

    fn slice_block(&mut self, id: FuncId, block: BlockId) {
        let func = &self.module.funcs[id];
        let body = &func.blocks[block];
        if let Terminator::RangeNext { key, value, .. } = &body.term
            && key.iter().chain(value).any(|l| self.kept[id].locals[*l])
            && !std::mem::replace(&mut self.kept[id].branches[block], true)
        {
            self.changed = true;
        }
        let mut alive = self.kept[id].branches[block];
        match &body.term {
            Terminator::Select { arms, .. } => {
                alive = true;
                for arm in arms {
                    match &arm.op {
                        SelectOp::Send { chan, value } => {
                            self.need(id, chan);
                            self.need(id, value);
                        }
                        SelectOp::Recv { chan, .. } => self.need(id, chan),
                    }
                }
            }
            Terminator::Panic(_) => alive = true,
            Terminator::Branch { cond, .. } if alive => self.need(id, cond),
            Terminator::RangeNext { over, .. } if alive => self.need(id, over),
            Terminator::TypeSwitch { x, .. } if alive => self.need(id, x),
            _ => {}
        }
        for at in (0..body.instrs.len()).rev() {
            if self.keeps(id, block, &body.instrs[at].kind) {
                alive = true;
                if !std::mem::replace(&mut self.kept[id].instrs[block][at], true) {
                    self.changed = true;
                }
                self.operands(id, &body.instrs[at].kind);
            }
        }
        if alive {
            for i in 0..self.flows[id].controllers[block].len() {
                let by = self.flows[id].controllers[block][i];
                if !std::mem::replace(&mut self.kept[id].branches[by], true) {
                    self.changed = true;
                }
            }
        }
    }

    fn keeps(&self, id: FuncId, block: BlockId, kind: &InstrKind) -> bool {
        let kept = &self.kept[id];
        match kind {
            InstrKind::Send { .. } | InstrKind::Recv { .. } => true,
            InstrKind::DeclareVar(local) => kept.locals[*local],
            InstrKind::Assign(local, value) => {
                kept.locals[*local]
                    || matches!(value, Rvalue::Recover)
                    || matches!(value, Rvalue::TypeAssert { ok: Some(ok), .. }
                                     | Rvalue::MapLookup { ok: Some(ok), .. }
                                     if kept.locals[*ok])
            }
            InstrKind::Store(place, value) => self.stores(id, place, value),
            InstrKind::Go(call) | InstrKind::Defer(call) => {
                matches!(self.weight(id, call), Weight::Operation | Weight::Beside)
            }
            InstrKind::Call(call) => match self.weight(id, call) {
                Weight::Operation => true,
                Weight::Beside => !self.is_pause(call) || self.flows[id].endless[block],
                Weight::Value => call.dst.iter().any(|d| kept.locals[*d]),
                Weight::Nothing => call.dst.iter().any(|d| kept.locals[*d]),
            },
            // Kept with whatever is kept beside them, where they are translated.
            InstrKind::RunDefers | InstrKind::MapDelete { .. } => false,
        }
    }

    /// A sleep matters only as the turn of an endless loop.
    fn is_pause(&self, call: &Call) -> bool {
        let Callee::Static(object, _) = call.callee else { return false };
        matches!(self.names.known(object), Known::Effect(e) if matches!(e.op, Op::Sleep | Op::Yield))
    }

    /// The operands of a kept instruction become needed.
    fn operands(&mut self, id: FuncId, kind: &InstrKind) {
        match kind {
            InstrKind::Send { chan, value } => {
                self.need(id, chan);
                self.need(id, value);
            }
            InstrKind::Recv { chan, .. } => self.need(id, chan),
            InstrKind::Store(place, value) => {
                self.place(id, place, false);
                self.need(id, value);
            }
            InstrKind::Go(call) | InstrKind::Defer(call) | InstrKind::Call(call) => {
                self.call(id, call);
            }
            InstrKind::Assign(dst, value) => self.value(id, *dst, value),
            InstrKind::DeclareVar(_) | InstrKind::RunDefers | InstrKind::MapDelete { .. } => {}
        }
    }

    fn is_atomic(&self, ty: TypeId) -> bool {
        named(self.names.program, ty).is_some_and(|(package, _)| package == "sync/atomic")
    }

    /// The operands on the way to a place, and if it is read the fields on the way.
    fn place(&mut self, id: FuncId, place: &Place, read: bool) {
        if let PlaceBase::Local(local) = place.base {
            self.need_local(id, local);
        }
        let n = place.proj.len();
        for (i, proj) in place.proj.iter().enumerate() {
            match proj {
                Proj::Field(_, object) if read || i + 1 < n => {
                    if self.fields.insert(*object) {
                        self.changed = true;
                    }
                }
                Proj::Field(..) | Proj::Deref => {}
                Proj::Index(operand) => self.need(id, operand),
            }
        }
    }

    fn value(&mut self, id: FuncId, dst: LocalId, value: &Rvalue) {
        let func = &self.module.funcs[id];
        match value {
            Rvalue::Load(place) => {
                self.place(id, place, true);
                if place.proj.last() == Some(&Proj::Deref)
                    && self.derefs.insert(func.locals[dst].ty)
                {
                    self.changed = true;
                }
            }
            Rvalue::AddressOf(place) => {
                let atomic = self.is_atomic(self.names.place_type(id, func, place));
                self.place(id, place, atomic);
            }
            Rvalue::Use(x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::Unary(_, x)
            | Rvalue::Len(x)
            | Rvalue::Cap(x)
            | Rvalue::TypeAssert { x, .. }
            | Rvalue::MethodValue { recv: x, .. }
            | Rvalue::Slice { x, .. } => self.need(id, x),
            Rvalue::MakeChan { cap, .. } => cap.iter().for_each(|c| self.need(id, c)),
            Rvalue::MakeSlice { elems, len, .. } => {
                len.iter().for_each(|l| self.need(id, l));
                self.carrying(id, elems);
            }
            Rvalue::Composite { ty, elems } => {
                for (index, value) in elems {
                    let value_ty = self.names.operand_type(func, value);
                    if self.carries(id, value) || self.field_matters(*ty, *index, value_ty) {
                        self.need(id, value);
                    }
                }
            }
            Rvalue::MakeClosure(literal) => {
                let literal_func = &self.module.funcs[*literal];
                for capture in &literal_func.captures {
                    if self.kept[*literal].locals[capture.inner] {
                        self.need_local(id, capture.outer);
                    }
                }
            }
            Rvalue::Binary(_, a, b) => {
                self.need(id, a);
                self.need(id, b);
            }
            Rvalue::MapLookup { map, key, .. } => {
                if self.carries(id, map) {
                    self.need(id, map);
                    self.need(id, key);
                }
            }
            Rvalue::Append { slice, elems, .. } => {
                self.need(id, slice);
                self.carrying(id, elems);
            }
            Rvalue::Other(xs, _) => self.carrying(id, xs),
            Rvalue::New(_) | Rvalue::MakeMap(_) | Rvalue::Recover => {}
        }
    }

    fn carrying(&mut self, id: FuncId, operands: &[Operand]) {
        for operand in operands {
            if self.carries(id, operand) {
                self.need(id, operand);
            }
        }
    }

    /// Whether the element of a composite literal is stored.
    fn field_matters(&self, ty: TypeId, index: u32, value: TypeId) -> bool {
        let program = self.names.program;
        self.tracked(value)
            || match program.kind(program.underlying(ty)) {
                TypeKind::Struct(fields) => {
                    fields.get(index as usize).is_some_and(|f| self.fields.contains(&f.object))
                }
                _ => false,
            }
    }

    fn call(&mut self, id: FuncId, call: &Call) {
        match &call.callee {
            Callee::Closure(literal, local) => {
                self.need_local(id, *local);
                self.arguments(id, *literal, call);
            }
            Callee::Static(object, _) => match self.names.known(*object) {
                Known::Body(callee) if self.relevant[callee] => self.arguments(id, callee, call),
                Known::Body(_) => {}
                Known::Effect(effect) => self.effect_arguments(id, effect, call),
                Known::Nothing => self.escaping(id, call),
            },
            Callee::Value(value) => match self.may_be_ours(id, value) {
                true => {
                    self.need(id, value);
                    self.all_arguments(id, call);
                }
                false => self.escaping(id, call),
            },
            Callee::Interface { recv, method } => {
                self.need(id, recv);
                match self.names.known(*method) {
                    Known::Effect(effect) => self.effect_arguments(id, effect, call),
                    Known::Body(_) | Known::Nothing => self.all_arguments(id, call),
                }
            }
            Callee::Builtin(_) => call.args.iter().for_each(|a| self.need(id, a)),
        }
    }

    /// Arguments whose parameter is needed; results that are needed become so in the callee.
    fn arguments(&mut self, id: FuncId, callee: FuncId, call: &Call) {
        let function = &self.module.funcs[callee];
        for (param, arg) in function.params.iter().zip(&call.args) {
            if self.kept[callee].locals[*param] {
                self.need(id, arg);
            }
        }
        for (i, dst) in call.dst.iter().enumerate() {
            if self.kept[id].locals[*dst] {
                self.need_result(callee, i);
            }
        }
    }

    fn need_result(&mut self, callee: FuncId, i: usize) {
        if let Some(result) = self.kept[callee].results.get_mut(i)
            && !std::mem::replace(result, true)
        {
            self.changed = true;
        }
    }

    fn all_arguments(&mut self, id: FuncId, call: &Call) {
        call.args.iter().for_each(|a| self.need(id, a));
        for (i, dst) in call.dst.iter().enumerate() {
            if self.kept[id].locals[*dst] {
                if self.value_results.len() <= i {
                    self.value_results.resize(i + 1, false);
                }
                if !std::mem::replace(&mut self.value_results[i], true) {
                    self.changed = true;
                }
            }
        }
    }

    fn escaping(&mut self, id: FuncId, call: &Call) {
        for arg in &call.args {
            if self.argument_matters(id, arg, 0) {
                self.need(id, arg);
            }
        }
    }

    fn effect_arguments(&mut self, id: FuncId, effect: &Effect, call: &Call) {
        if weight_of(effect.op).is_some() {
            call.args.iter().for_each(|a| self.need(id, a));
            return;
        }
        for given in &effect.callbacks {
            if let Some(arg) = callback(call, given.arg) {
                self.need(id, arg);
            }
        }
        if effect.args != Args::Borrow {
            self.escaping(id, call);
        }
    }
}

/// The argument with this number, an interface's receiver being number 0.
pub(crate) fn callback(call: &Call, number: u32) -> Option<&Operand> {
    let shift = u32::from(matches!(call.callee, Callee::Interface { .. }));
    call.args.get(number.checked_sub(shift)? as usize)
}

/// How an effect's operation weighs; `None` for what only its callbacks and arguments decide.
pub(crate) fn weight_of(op: Op) -> Option<Weight> {
    Some(match op {
        Op::None => return None,
        Op::Lock
        | Op::Unlock
        | Op::RLock
        | Op::RUnlock
        | Op::TryLock
        | Op::TryRLock
        | Op::Sleep
        | Op::Yield
        | Op::Exit
        | Op::Goexit
        | Op::Panic
        | Op::AtomicStore
        | Op::AtomicUpdate => Weight::Beside,
        Op::WaitGroupAdd
        | Op::WaitGroupDone
        | Op::WaitGroupWait
        | Op::WaitGroupGo
        | Op::CondWait
        | Op::CondSignal
        | Op::CondBroadcast
        | Op::OnceDo
        | Op::ContextAfterFunc
        | Op::TimeAfterFunc
        | Op::SignalNotify
        | Op::TestCleanup => Weight::Operation,
        Op::RLocker
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
        | Op::TimerStop
        | Op::TimerReset
        | Op::AtomicLoad
        | Op::SignalStop => Weight::Value,
    })
}

fn flow(func: &Func) -> Flow {
    if func.blocks.len() > HUGE { Flow::default() } else { Flow::new(func) }
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

/// Methods of types that become interface values.
fn dispatched(names: &Names<'_>, carry: &Carry<'_>, module: &Module) -> Vec<(Box<str>, FuncId)> {
    let mut types: FxHashSet<ObjectId> = FxHashSet::default();
    for &ty in &carry.converted {
        let base = names.program.pointee(ty).unwrap_or(ty);
        types.extend(names.program.named_object(base));
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

/// Calls `visit` with each operand of an instruction.
pub(crate) fn each_operand(kind: &InstrKind, visit: &mut dyn FnMut(&Operand)) {
    match kind {
        InstrKind::DeclareVar(_) | InstrKind::RunDefers => {}
        InstrKind::Assign(_, value) => each_in_value(value, visit),
        InstrKind::Store(place, value) => {
            each_in_place(place, visit);
            visit(value);
        }
        InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
            match &call.callee {
                Callee::Value(value) => visit(value),
                Callee::Interface { recv, .. } => visit(recv),
                Callee::Static(..) | Callee::Closure(..) | Callee::Builtin(_) => {}
            }
            call.args.iter().for_each(visit);
        }
        InstrKind::Send { chan, value } => {
            visit(chan);
            visit(value);
        }
        InstrKind::Recv { chan, .. } => visit(chan),
        InstrKind::MapDelete { map, key } => {
            visit(map);
            visit(key);
        }
    }
}

fn each_in_place(place: &Place, visit: &mut dyn FnMut(&Operand)) {
    for proj in &place.proj {
        if let Proj::Index(operand) = proj {
            visit(operand);
        }
    }
}

fn each_in_value(value: &Rvalue, visit: &mut dyn FnMut(&Operand)) {
    match value {
        Rvalue::Use(x)
        | Rvalue::Convert(x, _)
        | Rvalue::MakeInterface(x, _)
        | Rvalue::Unary(_, x)
        | Rvalue::Len(x)
        | Rvalue::Cap(x)
        | Rvalue::TypeAssert { x, .. }
        | Rvalue::MethodValue { recv: x, .. } => visit(x),
        Rvalue::Load(place) | Rvalue::AddressOf(place) => each_in_place(place, visit),
        Rvalue::MakeChan { cap, .. } => cap.iter().for_each(visit),
        Rvalue::MakeSlice { elems, len, .. } => {
            elems.iter().for_each(&mut *visit);
            len.iter().for_each(visit);
        }
        Rvalue::Composite { elems, .. } => elems.iter().for_each(|(_, x)| visit(x)),
        Rvalue::Binary(_, a, b) => {
            visit(a);
            visit(b);
        }
        Rvalue::MapLookup { map, key, .. } => {
            visit(map);
            visit(key);
        }
        Rvalue::Slice { x, lo, hi } => {
            visit(x);
            lo.iter().chain(hi).for_each(visit);
        }
        Rvalue::Append { slice, elems, .. } => {
            visit(slice);
            elems.iter().for_each(visit);
        }
        Rvalue::Other(xs, _) => xs.iter().for_each(visit),
        Rvalue::New(_) | Rvalue::MakeMap(_) | Rvalue::MakeClosure(_) | Rvalue::Recover => {}
    }
}
