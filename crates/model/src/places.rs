//! Which objects an instruction can be about: places of allocation in classes, by unification of all that
//! values can flow between (Steensgaard, *Points-to analysis in almost linear time*, POPL 1996).
//!
//! A class stands for the objects of some allocations. The fields with one number have one class, whatever
//! they are fields of. Objects that came from outside, and copies of structs, have none: about those nothing
//! is said.

use crate::program::*;
use crate::state::NONE;
use crate::valid::{Part, kind_operands, visit_op, visit_term};
use stanch_base::{FxHashMap, FxHashSet, Idx};

/// Classes as bits; some share one.
pub(crate) type Classes = u128;

/// What values of some variables, which may be the same ones, can refer to.
#[derive(Clone, Copy, Default)]
struct Class {
    bits: Classes,
    /// With all that is reached from there.
    reach: Classes,
    /// It can be something that came from outside or is known there.
    open: bool,
}

/// The classes of a program.
pub(crate) struct Places {
    /// For each local of each function; then for the globals.
    of: Vec<Class>,
    /// The number of each function's first local.
    first: Vec<u32>,
    /// What is in the objects of each local, where that matters: conditions have a lock.
    inside: FxHashMap<u32, Classes>,
    /// What is made where, by function and instruction.
    made: FxHashMap<(FnId, BlockId, u32), Classes>,
    /// Receivers, by their locals, that have some methods which are out of view.
    strange: FxHashSet<(u32, MethodId)>,
    /// What is bound to operations that any function value can be.
    pub(crate) bound: Classes,
}

impl Places {
    /// Finds the classes of a valid program that is explored from a function with some arguments that come
    /// from outside.
    pub(crate) fn new(program: &Program, root: FnId, from_outside: &[bool]) -> Self {
        let mut flow = Flow::new(program);
        flow.program(root, from_outside);
        flow.solve()
    }

    fn class(&self, f: FnId, operand: Operand) -> Class {
        match operand {
            Operand::Local(local) => self.of[self.first[f.index()] as usize + local.index()],
            Operand::Const(_) | Operand::Func(_) => Class::default(),
            Operand::Unknown => Class { open: true, ..Class::default() },
        }
    }

    /// What an operand can refer to, by itself.
    pub(crate) fn itself(&self, f: FnId, operand: Operand) -> Classes {
        self.class(f, operand).bits
    }

    /// What can be reached from an operand.
    pub(crate) fn reached(&self, f: FnId, operand: Operand) -> Classes {
        self.class(f, operand).reach
    }

    /// What is in the object that an operand refers to.
    pub(crate) fn inside(&self, f: FnId, operand: Operand) -> Classes {
        let Operand::Local(local) = operand else { return 0 };
        let local = self.first[f.index()] + local.index() as u32;
        self.inside.get(&local).copied().unwrap_or(0)
    }

    /// Whether an operand can be something that came from outside or is known there.
    pub(crate) fn is_open(&self, f: FnId, operand: Operand) -> bool {
        self.class(f, operand).open
    }

    /// Whether a method of an operand can be out of view.
    pub(crate) fn is_strange(&self, f: FnId, receiver: Operand, m: MethodId) -> bool {
        match receiver {
            Operand::Local(local) => {
                self.strange.contains(&(self.first[f.index()] + local.index() as u32, m))
            }
            Operand::Const(_) | Operand::Func(_) | Operand::Unknown => true,
        }
    }

    /// The class of what is made at a point, if it is one.
    pub(crate) fn made(&self, at: Point) -> Option<Classes> {
        self.made.get(&(at.func, at.block, at.instr)).copied()
    }
}

/// When something leaves view.
#[derive(Clone, Copy)]
enum When {
    Always,
    /// What it is given to is open.
    Open(u32),
    /// Something of another kind than those in view has the method.
    Method(u32, MethodId),
}

/// What flows where, while it is collected.
struct Flow<'p> {
    program: &'p Program,
    first: Vec<u32>,
    globals: u32,
    /// Arguments and results of calls of function values.
    arguments: u32,
    results: u32,
    panics: u32,
    fields: FxHashMap<u32, u32>,
    rows: FxHashMap<MethodId, Vec<FnId>>,
    parent: Vec<u32>,
    /// What is in the objects, sent through them, or their next ones.
    inside: Vec<u32>,
    /// Fields, and what closures hold.
    holds: Vec<Vec<u32>>,
    open: Vec<bool>,
    made: Vec<((FnId, BlockId, u32), u32)>,
    /// What leaves view, and when.
    leaves: Vec<(When, u32)>,
    /// Dynamic types.
    tags: Vec<Vec<TypeTag>>,
    /// Receivers of calls of methods.
    receivers: Vec<(u32, MethodId)>,
    bound: Vec<u32>,
    unite: Vec<(u32, u32)>,
}

impl<'p> Flow<'p> {
    fn new(program: &'p Program) -> Self {
        let mut n = 0;
        let mut first = Vec::new();
        for f in &program.functions {
            first.push(n);
            n += f.locals.len() as u32;
        }
        let globals = n;
        n += program.globals.len() as u32;
        let mut rows: FxHashMap<MethodId, Vec<FnId>> = FxHashMap::default();
        program.methods.iter().for_each(|m| rows.entry(m.method).or_default().push(m.function));
        let mut flow = Self {
            program,
            first,
            globals,
            arguments: n,
            results: n + 1,
            panics: n + 2,
            fields: FxHashMap::default(),
            rows,
            parent: Vec::new(),
            inside: Vec::new(),
            holds: Vec::new(),
            open: Vec::new(),
            made: Vec::new(),
            leaves: Vec::new(),
            tags: Vec::new(),
            receivers: Vec::new(),
            bound: Vec::new(),
            unite: Vec::new(),
        };
        (0..n + 3).for_each(|_| {
            flow.node();
        });
        flow
    }

    fn node(&mut self) -> u32 {
        self.parent.push(self.parent.len() as u32);
        self.inside.push(NONE);
        self.holds.push(Vec::new());
        self.open.push(false);
        self.tags.push(Vec::new());
        self.parent.len() as u32 - 1
    }

    fn find(&mut self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            let next = self.parent[self.parent[node as usize] as usize];
            self.parent[node as usize] = next;
            node = next;
        }
        node
    }

    /// Values flow from one to the other.
    fn join(&mut self, a: u32, b: u32) {
        self.unite.push((a, b));
        while let Some((a, b)) = self.unite.pop() {
            let (a, b) = (self.find(a), self.find(b));
            if a == b {
                continue;
            }
            let (into, from) = if self.holds[a as usize].len() < self.holds[b as usize].len() {
                (b, a)
            } else {
                (a, b)
            };
            self.parent[from as usize] = into;
            self.open[into as usize] |= self.open[from as usize];
            let held = std::mem::take(&mut self.holds[from as usize]);
            self.holds[into as usize].extend(held);
            let tags = std::mem::take(&mut self.tags[from as usize]);
            self.tags[into as usize].extend(tags);
            match (self.inside[into as usize], self.inside[from as usize]) {
                (_, NONE) => {}
                (NONE, inside) => self.inside[into as usize] = inside,
                (a, b) => self.unite.push((a, b)),
            }
        }
    }

    fn local(&self, f: FnId, local: LocalId) -> u32 {
        self.first[f.index()] + local.index() as u32
    }

    fn of(&self, f: FnId, operand: Operand) -> Option<u32> {
        match operand {
            Operand::Local(local) => Some(self.local(f, local)),
            Operand::Const(_) | Operand::Func(_) | Operand::Unknown => None,
        }
    }

    fn flows(&mut self, f: FnId, from: Operand, to: u32) {
        match from {
            Operand::Local(local) => self.join(self.local(f, local), to),
            Operand::Const(_) | Operand::Func(_) => {}
            Operand::Unknown => self.opens(to),
        }
    }

    fn opens(&mut self, node: u32) {
        let node = self.find(node);
        self.open[node as usize] = true;
    }

    fn content(&mut self, node: u32) -> u32 {
        let node = self.find(node);
        if self.inside[node as usize] == NONE {
            let inside = self.node();
            self.inside[node as usize] = inside;
        }
        self.inside[node as usize]
    }

    /// What is in what an operand refers to.
    fn content_of(&mut self, f: FnId, operand: Operand) -> u32 {
        match self.of(f, operand) {
            Some(node) => self.content(node),
            None => {
                let node = self.node();
                if operand == Operand::Unknown {
                    self.opens(node);
                }
                node
            }
        }
    }

    fn field(&mut self, f: FnId, base: Operand, field: u32) -> u32 {
        let node = match self.fields.get(&field) {
            Some(node) => *node,
            None => {
                let node = self.node();
                self.fields.insert(field, node);
                node
            }
        };
        match self.of(f, base) {
            Some(base) => {
                let base = self.find(base);
                if !self.holds[base as usize].contains(&node) {
                    self.holds[base as usize].push(node);
                }
            }
            None => self.opens(node),
        }
        node
    }

    fn leaves(&mut self, f: FnId, into: Option<Operand>, what: Operand) {
        let Some(what) = self.of(f, what) else { return };
        let when = match into {
            None | Some(Operand::Unknown) => When::Always,
            Some(Operand::Local(local)) => When::Open(self.local(f, local)),
            Some(Operand::Const(_) | Operand::Func(_)) => return,
        };
        self.leaves.push((when, what));
    }

    fn program(&mut self, root: FnId, from_outside: &[bool]) {
        let program = self.program;
        for (id, global) in program.globals.iter_enumerated() {
            if let GlobalInit::Unknown(_) | GlobalInit::OpenObject(_) = global.init {
                self.opens(self.globals + id.index() as u32);
            }
        }
        for (f, function) in program.functions.iter_enumerated() {
            for (b, block) in function.blocks.iter_enumerated() {
                for (n, instr) in block.instrs.iter().enumerate() {
                    self.instr((f, b, n as u32), &instr.op);
                }
                self.term(f, &block.term);
            }
        }
        for function in functions_as_values(program) {
            self.called(function, 0);
        }
        let Some(function) = program.functions.get(root) else { return };
        for n in 0..function.n_captures + function.n_params {
            if from_outside.get(n as usize) != Some(&false) {
                self.opens(self.local(root, LocalId::from_raw(n)));
            }
        }
        for result in &function.results {
            self.leaves(root, None, Operand::Local(result.local));
        }
    }

    fn instr(&mut self, at: (FnId, BlockId, u32), op: &Op) {
        let f = at.0;
        match op {
            Op::Assign { dst, src } | Op::Direction { dst, src, .. } => {
                self.flows(f, *src, self.local(f, *dst));
            }
            Op::SetTag { dst, src, tag } => {
                self.flows(f, *src, self.local(f, *dst));
                let dst = self.find(self.local(f, *dst));
                self.tags[dst as usize].push(*tag);
            }
            Op::Assert { dst, src, .. } => self.flows(f, *src, self.local(f, *dst)),
            Op::Unknown { dst, .. } => self.opens(self.local(f, *dst)),
            Op::Alloc { dst, kind } => {
                let dst = self.local(f, *dst);
                self.alloc(at, dst, kind);
            }
            Op::NewContext { dst, cancel, parent, .. } => {
                let dst = self.local(f, *dst);
                self.made.push((at, dst));
                let inside = self.content(dst);
                self.flows(f, *parent, inside);
                if let Some(cancel) = cancel {
                    let cancel = self.find(self.local(f, *cancel));
                    self.holds[cancel as usize].push(dst);
                }
            }
            Op::Closure { dst, callee, env } => self.closure(at, *dst, *callee, env),
            // What is found equal is one from then on.
            Op::Compare { a, b, .. } => {
                if let (Some(a), Some(b)) = (self.of(f, *a), self.of(f, *b)) {
                    self.join(a, b);
                }
            }
            Op::LoadCell { dst, cell } => {
                let inside = self.content_of(f, *cell);
                self.join(self.local(f, *dst), inside);
            }
            Op::StoreCell { cell, src } => {
                let inside = self.content_of(f, *cell);
                self.flows(f, *src, inside);
                self.leaves(f, Some(*cell), *src);
            }
            Op::LoadField { dst, base, field, zero } => {
                let field = self.field(f, *base, *field);
                self.join(self.local(f, *dst), field);
                self.flows(f, *zero, field);
            }
            Op::StoreField { base, field, src } => {
                let field = self.field(f, *base, *field);
                self.flows(f, *src, field);
                self.leaves(f, Some(*base), *src);
            }
            Op::Part { dst, base, field, kind } => {
                let field = self.field(f, *base, *field);
                self.join(self.local(f, *dst), field);
                self.alloc(at, field, kind);
            }
            Op::CopyStruct { dst, src } => self.flows(f, *src, self.local(f, *dst)),
            Op::LoadGlobal { dst, global } => {
                self.join(self.local(f, *dst), self.globals + global.index() as u32);
            }
            Op::StoreGlobal { global, src } => {
                self.flows(f, *src, self.globals + global.index() as u32);
            }
            Op::Call(call) | Op::Go(call) | Op::Defer(call) => self.call(at, call),
            Op::Recover { dst } => self.join(self.local(f, *dst), self.panics),
            Op::Choose { .. } | Op::Arith { .. } | Op::Not { .. } | Op::RunDefers => {}
        }
    }

    fn alloc(&mut self, at: (FnId, BlockId, u32), dst: u32, kind: &AllocKind) {
        self.made.push((at, dst));
        let inside: &[Operand] = match kind {
            AllocKind::Cell(a) | AllocKind::Cond(a) | AllocKind::AfterFunc(a) => &[*a],
            AllocKind::Seq(_, a) => &[*a],
            AllocKind::AfterContext(a, b) => &[*a, *b],
            _ => &[],
        };
        for operand in inside {
            let node = self.content(dst);
            self.flows(at.0, *operand, node);
        }
    }

    fn closure(
        &mut self,
        at: (FnId, BlockId, u32),
        dst: LocalId,
        callee: Bindable,
        env: &[Operand],
    ) {
        let f = at.0;
        let dst = self.local(f, dst);
        self.made.push((at, dst));
        let held: Vec<u32> = env.iter().filter_map(|o| self.of(f, *o)).collect();
        let rep = self.find(dst);
        self.holds[rep as usize].extend(&held);
        match callee {
            Bindable::Fn(g) => self.bound_to(f, g, env),
            Bindable::Method(m) => {
                for g in self.rows.get(&m).cloned().unwrap_or_default() {
                    self.bound_to(f, g, env);
                }
                // One without a row is out of view.
                env.iter().for_each(|o| self.leaves(f, None, *o));
            }
            Bindable::Prim(_) => {
                self.bound.extend(&held);
                for operand in env {
                    let inside = self.content_of(f, *operand);
                    self.join(inside, self.arguments);
                    self.join(inside, self.results);
                }
            }
        }
    }

    /// A function value has its first arguments.
    fn bound_to(&mut self, f: FnId, g: FnId, env: &[Operand]) {
        self.enters(f, g, env, &[]);
        self.called(g, env.len() as u32);
    }

    /// A function value that may be called with arguments from this one on.
    fn called(&mut self, g: FnId, from: u32) {
        let function = &self.program.functions[g];
        for n in from..function.n_captures + function.n_params {
            self.join(self.local(g, LocalId::from_raw(n)), self.arguments);
        }
        for result in &function.results {
            let node = self.result(g, *result);
            self.join(node, self.results);
        }
    }

    fn result(&mut self, g: FnId, result: ResultSlot) -> u32 {
        let node = self.local(g, result.local);
        if result.cell { self.content(node) } else { node }
    }

    fn call(&mut self, at: (FnId, BlockId, u32), call: &Call) {
        let f = at.0;
        let mut args: Vec<Operand> = call.args.clone();
        match call.callee {
            Callee::Fn(g) if !self.program.functions[g].blocks.is_empty() => {
                self.enters(f, g, &args, &call.dst);
            }
            Callee::Fn(_) | Callee::Opaque => self.outside(f, &args, &call.dst),
            Callee::Method(receiver, m) => {
                args.insert(0, receiver);
                for g in self.rows.get(&m).cloned().unwrap_or_default() {
                    self.enters(f, g, &args, &call.dst);
                }
                let Some(receiver) = self.of(f, receiver) else {
                    return self.outside(f, &args, &call.dst);
                };
                self.receivers.push((receiver, m));
                let all: Vec<u32> = args.iter().filter_map(|o| self.of(f, *o)).collect();
                self.leaves.extend(all.iter().map(|what| (When::Method(receiver, m), *what)));
                for dst in call.dst.iter().flatten() {
                    self.leaves.push((When::Method(receiver, m), self.local(f, *dst)));
                }
            }
            Callee::Value(value) => {
                args.iter().for_each(|o| self.flows(f, *o, self.arguments));
                for dst in call.dst.iter().flatten() {
                    self.join(self.local(f, *dst), self.results);
                }
                args.iter().for_each(|o| self.leaves(f, Some(value), *o));
                if self.of(f, value).is_none() && value == Operand::Unknown {
                    self.outside(f, &args, &call.dst);
                }
                // What one out of view gives back is out of view too.
                for dst in call.dst.iter().flatten() {
                    self.leaves(f, Some(value), Operand::Local(*dst));
                }
            }
            Callee::Pure(_) => {
                call.dst.iter().flatten().for_each(|d| self.opens(self.local(f, *d)));
            }
            Callee::Prim(prim) => self.prim(at, prim, &args, &call.dst),
        }
    }

    fn enters(&mut self, f: FnId, g: FnId, args: &[Operand], dst: &[Option<LocalId>]) {
        let function = &self.program.functions[g];
        let n_in = (function.n_captures + function.n_params) as usize;
        for (n, operand) in args.iter().enumerate().take(n_in) {
            self.flows(f, *operand, self.local(g, LocalId::from_usize(n)));
        }
        for (result, dst) in function.results.iter().zip(dst) {
            let node = self.result(g, *result);
            dst.iter().for_each(|d| self.join(self.local(f, *d), node));
        }
    }

    fn outside(&mut self, f: FnId, args: &[Operand], dst: &[Option<LocalId>]) {
        args.iter().for_each(|o| self.leaves(f, None, *o));
        dst.iter().flatten().for_each(|d| self.opens(self.local(f, *d)));
    }

    fn prim(
        &mut self,
        at: (FnId, BlockId, u32),
        prim: Prim,
        args: &[Operand],
        dst: &[Option<LocalId>],
    ) {
        let f = at.0;
        let dst: Vec<u32> = dst.iter().flatten().map(|d| self.local(f, *d)).collect();
        let first = args.first().copied().unwrap_or(Operand::Const(Const::Nil));
        let rest = args.get(1..).unwrap_or(&[]);
        match prim {
            Prim::Send
            | Prim::Recv
            | Prim::SeqGet
            | Prim::SeqSet
            | Prim::MapGet
            | Prim::MapSet
            | Prim::MapDelete
            | Prim::MapAt => {
                let inside = self.content_of(f, first);
                rest.iter().for_each(|o| self.flows(f, *o, inside));
                dst.iter().for_each(|d| self.join(*d, inside));
                rest.iter().for_each(|o| self.leaves(f, Some(first), *o));
            }
            Prim::SeqAppend | Prim::SeqPart => {
                let inside = self.content_of(f, first);
                for d in dst {
                    self.flows(f, first, d);
                    let own = self.content(d);
                    self.join(own, inside);
                    self.made.push((at, d));
                }
                rest.iter().for_each(|o| self.flows(f, *o, inside));
                rest.iter().for_each(|o| self.leaves(f, Some(first), *o));
                if prim == Prim::SeqPart {
                    self.leaves(f, None, first);
                }
            }
            Prim::CtxDone => dst.iter().for_each(|d| self.flows(f, first, *d)),
            Prim::Escape => args.iter().for_each(|o| self.leaves(f, None, *o)),
            Prim::Panic => self.flows(f, first, self.panics),
            _ => dst.iter().for_each(|d| self.opens(*d)),
        }
    }

    fn term(&mut self, f: FnId, term: &Term) {
        match term {
            Term::Select { arms, .. } => {
                for arm in arms {
                    match &arm.op {
                        SelectOp::Send { chan, value } => {
                            let inside = self.content_of(f, *chan);
                            self.flows(f, *value, inside);
                            self.leaves(f, Some(*chan), *value);
                        }
                        SelectOp::Recv { chan, dst, .. } => {
                            let inside = self.content_of(f, *chan);
                            dst.iter().for_each(|d| self.join(self.local(f, *d), inside));
                        }
                    }
                }
            }
            Term::Panic(value) => self.flows(f, *value, self.panics),
            _ => {}
        }
    }

    fn happens(&mut self, when: When) -> bool {
        match when {
            When::Always => true,
            When::Open(node) => {
                let node = self.find(node);
                self.open[node as usize]
            }
            When::Method(node, m) => {
                let node = self.find(node) as usize;
                let has = |tag: &TypeTag| {
                    self.program.methods.iter().any(|row| row.tag == *tag && row.method == m)
                };
                self.open[node] || self.tags[node].is_empty() || !self.tags[node].iter().all(has)
            }
        }
    }

    fn edges(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let inside = Some(self.inside[node as usize]).filter(|n| *n != NONE);
        self.holds[node as usize].iter().copied().chain(inside)
    }

    /// Marks what is open: all that is reached from there, too, and what is given to it.
    fn open_all(&mut self) {
        let mut todo: Vec<u32> = (0..self.parent.len() as u32).collect();
        todo.retain(|n| self.open[*n as usize]);
        loop {
            while let Some(node) = todo.pop() {
                let node = self.find(node);
                for next in self.edges(node).collect::<Vec<_>>() {
                    let next = self.find(next);
                    if !std::mem::replace(&mut self.open[next as usize], true) {
                        todo.push(next);
                    }
                }
            }
            for (when, what) in std::mem::take(&mut self.leaves) {
                if !self.happens(when) {
                    self.leaves.push((when, what));
                    continue;
                }
                let what = self.find(what);
                if !std::mem::replace(&mut self.open[what as usize], true) {
                    todo.push(what);
                }
            }
            if todo.is_empty() {
                return;
            }
        }
    }

    fn solve(mut self) -> Places {
        self.open_all();
        let n = self.parent.len();
        let reps: Vec<u32> = (0..n as u32).map(|node| self.find(node)).collect();
        let mut bits: Vec<Classes> = vec![0; n];
        let mut next = 0;
        for (_, node) in &self.made {
            let bits = &mut bits[reps[*node as usize] as usize];
            if *bits == 0 {
                *bits = 1 << (next % Classes::BITS);
                next += 1;
            }
        }
        let mut reach = bits.clone();
        loop {
            let mut changed = false;
            for node in (0..n).filter(|n| reps[*n] == *n as u32) {
                let all = self.edges(node as u32).map(|to| reach[reps[to as usize] as usize]);
                let all = all.fold(reach[node], |all, bits| all | bits);
                changed |= all != reach[node];
                reach[node] = all;
            }
            if !changed {
                break;
            }
        }
        let open = self.open.clone();
        let class = |node: usize| {
            let rep = reps[node] as usize;
            Class { bits: bits[rep], reach: reach[rep], open: open[rep] }
        };
        let receivers = std::mem::take(&mut self.receivers);
        let strange = receivers.into_iter().filter(|r| self.happens(When::Method(r.0, r.1)));
        let strange: FxHashSet<_> = strange.collect();
        let n_locals = self.globals as usize;
        let contents = (0..n_locals).filter_map(|node| {
            let inside = self.inside[reps[node] as usize];
            (inside != NONE).then(|| (node as u32, bits[reps[inside as usize] as usize]))
        });
        let made = self.made.iter().map(|(at, node)| (*at, bits[reps[*node as usize] as usize]));
        Places {
            of: (0..n_locals).map(class).collect(),
            inside: contents.collect(),
            made: made.collect(),
            strange,
            bound: self.bound.iter().fold(0, |all, node| all | bits[reps[*node as usize] as usize]),
            first: self.first,
        }
    }
}

/// Functions that values can be, without an environment.
fn functions_as_values(program: &Program) -> Vec<FnId> {
    let mut all = Vec::new();
    let mut part = |p| {
        if let Part::Use(Operand::Func(f)) = p {
            all.push(f);
        }
    };
    for block in program.functions.iter().flat_map(|f| &f.blocks) {
        block.instrs.iter().for_each(|i| visit_op(&i.op, &mut part));
        visit_term(&block.term, &mut part);
    }
    for global in &program.globals {
        match &global.init {
            GlobalInit::Func(f) => part(Part::Use(Operand::Func(*f))),
            GlobalInit::Object(kind) => {
                kind_operands(kind).into_iter().flatten().for_each(|o| part(Part::Use(o)));
            }
            GlobalInit::Const(_) | GlobalInit::Unknown(_) | GlobalInit::OpenObject(_) => {}
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}
