//! Which values may be the same object: slots of the whole package's model in classes, by unification
//! (Steensgaard, "Points-to analysis in almost linear time"), with fields. Calls of function values
//! and methods are resolved on the way, by the functions and types that reach them.

use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_model::{
    AllocKind, Bindable, BlockId, Call, Callee, FnId, LocalId, MethodId, Op, Operand, Prim,
    Program as Model, SelectOp, Term,
};

/// What a variable of its own, a sequence, a map or a channel holds.
pub(crate) const CONTENT: u32 = u32::MAX;
/// Recursion through structures of structures ends here: deeper parts are one.
const ROUNDS: usize = 1 << 22;

/// A place in the model: block and instruction; the number of instructions is the terminator.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) struct At {
    pub(crate) block: BlockId,
    pub(crate) instr: u32,
}

/// A built-in operation on an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    pub(crate) at: At,
    pub(crate) prim: Prim,
    /// The object.
    pub(crate) node: u32,
}

/// Where an object is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) at: At,
    pub(crate) kind: Kind,
    pub(crate) node: u32,
    /// The struct it is part of.
    pub(crate) owner: Option<u32>,
}

/// Kinds of objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// Channels, wait groups, contexts, conditions, once, semaphores.
    Wait,
    /// Mutexes.
    Lock,
    /// Structs.
    Struct,
    /// Timers that run a function.
    Later,
    /// Timers and tickers with a channel.
    Clock,
    /// The rest.
    Other,
}

/// What happens in one function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    pub(crate) operations: Vec<Operation>,
    pub(crate) made: Vec<Made>,
    /// Values that leave view.
    pub(crate) escapes: Vec<(At, u32)>,
    /// Functions that run by a call, `go`, `defer` or library function here.
    pub(crate) callees: Vec<(At, FnId)>,
    /// Literals that are made here.
    pub(crate) literals: Vec<FnId>,
    /// Contexts with their parents, conditions with their locks.
    pub(crate) depends: Vec<(u32, u32)>,
}

/// The classes of a package's model.
pub(crate) struct Classes {
    parent: Vec<u32>,
    info: Vec<Info>,
    first: IndexVec<FnId, u32>,
    first_global: u32,
    pub(crate) facts: IndexVec<FnId, Facts>,
    /// Of each class what it is held in, as classes of holders.
    pub(crate) holders: FxHashMap<u32, Vec<u32>>,
}

#[derive(Clone, Default)]
struct Info {
    fields: Vec<(u32, u32)>,
    functions: Vec<Function>,
    tags: Vec<u32>,
    calls: Vec<u32>,
    /// Values held other than in fields.
    held: Vec<u32>,
}

#[derive(Clone, PartialEq)]
struct Function {
    callee: Bindable,
    env: Vec<u32>,
}

/// A call of a value or of a method of one.
struct Pending {
    func: FnId,
    at: At,
    method: Option<MethodId>,
    receiver: u32,
    args: Vec<Option<u32>>,
    dst: Vec<Option<u32>>,
}

struct Builder<'m> {
    model: &'m Model,
    /// Functions by type tag and method.
    methods: FxHashMap<(u32, MethodId), Vec<FnId>>,
    classes: Classes,
    pending: Vec<Pending>,
    todo: Vec<(u32, u32)>,
    resolve: Vec<(u32, u32)>,
    linked: FxHashMap<(u32, u32), usize>,
    /// Calls of values that are operations, with the operation and its object.
    performed: FxHashSet<(u32, Prim, u32)>,
    work: usize,
}

impl Classes {
    pub(crate) fn of(model: &Model) -> Self {
        let mut n = 0;
        let first = model.functions.iter().map(|f| {
            let at = n;
            n += f.locals.len() as u32;
            at
        });
        let first: IndexVec<FnId, u32> = first.collect();
        let first_global = n;
        let n = n as usize + model.globals.len();
        let classes = Self {
            parent: (0..n as u32).collect(),
            info: vec![Info::default(); n],
            first,
            first_global,
            facts: IndexVec::from_elem(Facts::default(), model.functions.len()),
            holders: FxHashMap::default(),
        };
        let mut methods: FxHashMap<(u32, MethodId), Vec<FnId>> = FxHashMap::default();
        for row in &model.methods {
            methods.entry((row.tag.0, row.method)).or_default().push(row.function);
        }
        let mut builder = Builder {
            model,
            methods,
            classes,
            pending: Vec::new(),
            todo: Vec::new(),
            resolve: Vec::new(),
            linked: FxHashMap::default(),
            performed: FxHashSet::default(),
            work: 0,
        };
        for (id, f) in model.functions.iter_enumerated() {
            for (block, body) in f.blocks.iter_enumerated() {
                for (at, instr) in body.instrs.iter().enumerate() {
                    let at = At { block, instr: at as u32 };
                    builder.op(id, at, &instr.op);
                }
                let at = At { block, instr: body.instrs.len() as u32 };
                builder.term(id, at, &body.term);
                builder.settle();
            }
        }
        builder.finish()
    }

    /// The class of a node.
    pub(crate) fn find(&self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            node = self.parent[node as usize];
        }
        node
    }

    /// The node of a slot.
    pub(crate) fn local(&self, func: FnId, local: LocalId) -> u32 {
        self.first[func] + local.raw()
    }

    /// The class of an operand.
    pub(crate) fn operand(&self, func: FnId, operand: &Operand) -> Option<u32> {
        match operand {
            Operand::Local(local) => Some(self.find(self.local(func, *local))),
            Operand::Func(_) | Operand::Const(_) | Operand::Unknown => None,
        }
    }

    /// The class of a field's content.
    pub(crate) fn field(&self, class: u32, field: u32) -> Option<u32> {
        let info = &self.info[self.find(class) as usize];
        let at = info.fields.iter().find(|f| f.0 == field)?;
        Some(self.find(at.1))
    }

    /// The classes of what the fields of a class hold.
    pub(crate) fn fields(&self, class: u32) -> Vec<u32> {
        let info = &self.info[self.find(class) as usize];
        let mut all: Vec<u32> = info.fields.iter().map(|f| self.find(f.1)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The fields of a class that hold objects of another one.
    pub(crate) fn fields_with(&self, class: u32, content: u32) -> Vec<u32> {
        let fields = self.info[self.find(class) as usize].fields.iter();
        fields.filter(|f| self.find(f.1) == content).map(|f| f.0).collect()
    }

    /// The functions that a value of a class may be.
    pub(crate) fn functions(&self, class: u32) -> Vec<FnId> {
        let functions = self.info[self.find(class) as usize].functions.iter();
        functions
            .filter_map(|f| match f.callee {
                Bindable::Fn(id) => Some(id),
                Bindable::Prim(_) | Bindable::Method(_) => None,
            })
            .collect()
    }

    /// Everything that an object of a class holds.
    pub(crate) fn each_held(&self, class: u32, found: &mut dyn FnMut(u32)) {
        let info = &self.info[class as usize];
        let env = info.functions.iter().flat_map(|f| &f.env);
        let parts = info.fields.iter().map(|f| &f.1).chain(&info.held).chain(env);
        parts.for_each(|part| found(self.find(*part)));
    }

    fn holders(&mut self) {
        let mut holders: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for node in 0..self.info.len() as u32 {
            if self.find(node) != node {
                continue;
            }
            let info = &self.info[node as usize];
            let env = info.functions.iter().flat_map(|f| &f.env);
            for &part in info.fields.iter().map(|f| &f.1).chain(&info.held).chain(env) {
                let list = holders.entry(self.find(part)).or_default();
                if list.last() != Some(&node) {
                    list.push(node);
                }
            }
        }
        self.holders = holders;
    }
}

impl<'m> Builder<'m> {
    fn finish(mut self) -> Classes {
        self.settle();
        for node in 0..self.classes.parent.len() {
            self.find(node as u32);
        }
        // Calls of values of which no function is known are calls out of view.
        let linked: stanch_base::FxHashSet<u32> = self.linked.keys().map(|k| k.0).collect();
        for (call, p) in self.pending.iter().enumerate() {
            if !linked.contains(&(call as u32)) {
                let nodes = p.args.iter().flatten().copied().chain(p.method.map(|_| p.receiver));
                let escapes: Vec<(At, u32)> = nodes.map(|n| (p.at, n)).collect();
                self.classes.facts[p.func].escapes.extend(escapes);
            }
        }
        for facts in self.classes.facts.iter_mut() {
            facts.callees.sort_unstable();
            facts.callees.dedup();
        }
        self.classes.holders();
        self.classes
    }

    fn fresh(&mut self) -> u32 {
        let node = self.classes.parent.len() as u32;
        self.classes.parent.push(node);
        self.classes.info.push(Info::default());
        node
    }

    fn find(&mut self, node: u32) -> u32 {
        let root = self.classes.find(node);
        let mut at = node;
        while at != root {
            at = std::mem::replace(&mut self.classes.parent[at as usize], root);
        }
        root
    }

    /// The node of what a field of a class holds.
    fn child(&mut self, node: u32, field: u32) -> u32 {
        let class = self.find(node);
        if let Some(f) = self.classes.info[class as usize].fields.iter().find(|f| f.0 == field) {
            return f.1;
        }
        let new = self.fresh();
        self.classes.info[class as usize].fields.push((field, new));
        new
    }

    fn unify(&mut self, a: u32, b: u32) {
        self.todo.push((a, b));
    }

    /// Carries out what is to be unified, and resolves the calls that gain functions by it.
    fn settle(&mut self) {
        loop {
            while let Some((a, b)) = self.todo.pop() {
                self.join(a, b);
            }
            let Some((call, class)) = self.resolve.pop() else { return };
            self.resolve_call(call, class);
        }
    }

    fn join(&mut self, a: u32, b: u32) {
        let (mut a, mut b) = (self.find(a), self.find(b));
        if a == b {
            return;
        }
        let size = |i: &Info| i.fields.len() + i.functions.len() + i.calls.len() + i.tags.len();
        if size(&self.classes.info[a as usize]) < size(&self.classes.info[b as usize]) {
            std::mem::swap(&mut a, &mut b);
        }
        self.classes.parent[b as usize] = a;
        let from = std::mem::take(&mut self.classes.info[b as usize]);
        let to = &mut self.classes.info[a as usize];
        let news = !from.functions.is_empty() || !from.tags.is_empty();
        let calls = !from.calls.is_empty();
        let (had_news, had_calls) =
            (!to.functions.is_empty() || !to.tags.is_empty(), !to.calls.is_empty());
        for (field, node) in from.fields {
            match to.fields.iter().find(|f| f.0 == field) {
                Some(f) => self.todo.push((f.1, node)),
                None => to.fields.push((field, node)),
            }
        }
        for function in from.functions {
            if !to.functions.contains(&function) {
                to.functions.push(function);
            }
        }
        for tag in from.tags {
            if !to.tags.contains(&tag) {
                to.tags.push(tag);
            }
        }
        to.held.extend(from.held);
        to.calls.extend(from.calls);
        if news && had_calls || calls && had_news {
            let again: Vec<(u32, u32)> = to.calls.iter().map(|c| (*c, a)).collect();
            self.resolve.extend(again);
        }
    }

    fn resolve_call(&mut self, call: u32, class: u32) {
        let class = self.find(class);
        self.work += 1;
        if self.work > ROUNDS {
            return;
        }
        let p = &self.pending[call as usize];
        if let Some(method) = p.method {
            for tag in self.classes.info[class as usize].tags.clone() {
                self.method(call, tag, method, None);
            }
            return;
        }
        for at in 0..self.classes.info[class as usize].functions.len() {
            let class = self.find(class);
            let Some(function) = self.classes.info[class as usize].functions.get(at).cloned()
            else {
                return;
            };
            let p = &self.pending[call as usize];
            match function.callee {
                Bindable::Fn(f) => {
                    let args: Vec<Option<u32>> =
                        function.env.iter().map(|n| Some(*n)).chain(p.args.clone()).collect();
                    self.link(call, f.raw(), f, args);
                }
                Bindable::Prim(prim) => {
                    let args = function.env.iter().map(|n| Some(*n)).chain(p.args.clone());
                    let args: Vec<Option<u32>> = args.collect();
                    let (func, at) = (p.func, p.at);
                    let on = function.env.first().map_or(u32::MAX, |n| *n);
                    if self.performed.insert((call, prim, on)) {
                        self.prim(func, at, prim, &args, &[]);
                    }
                }
                Bindable::Method(m) => {
                    let Some(&receiver) = function.env.first() else { continue };
                    let receiver = self.find(receiver);
                    for tag in self.classes.info[receiver as usize].tags.clone() {
                        self.method(call, tag, m, Some(receiver));
                    }
                }
            }
        }
    }

    fn method(&mut self, call: u32, tag: u32, method: MethodId, receiver: Option<u32>) {
        let found = self.methods.get(&(tag, method)).map_or(0, Vec::len);
        for at in 0..found {
            let f = self.methods[&(tag, method)][at];
            if self.linked.contains_key(&(call, f.raw())) {
                continue;
            }
            let p = &self.pending[call as usize];
            let receiver = receiver.unwrap_or(p.receiver);
            let args = std::iter::once(Some(receiver)).chain(p.args.clone()).collect();
            self.link(call, f.raw(), f, args);
        }
    }

    fn link(&mut self, call: u32, key: u32, f: FnId, args: Vec<Option<u32>>) {
        if self.linked.insert((call, key), 0).is_some() {
            return;
        }
        let p = &self.pending[call as usize];
        let (func, at, dst) = (p.func, p.at, p.dst.clone());
        self.enter(func, at, f, &args, &dst);
    }

    /// A function runs with these arguments.
    fn enter(&mut self, func: FnId, at: At, f: FnId, args: &[Option<u32>], dst: &[Option<u32>]) {
        let Some(function) = self.model.functions.get(f) else { return };
        if function.blocks.is_empty() {
            let escapes = args.iter().flatten().map(|n| (at, *n));
            self.classes.facts[func].escapes.extend(escapes);
            return;
        }
        self.classes.facts[func].callees.push((at, f));
        let n_in = (function.n_captures + function.n_params) as usize;
        for (i, arg) in args.iter().enumerate().take(n_in) {
            if let Some(arg) = arg {
                self.unify(self.classes.first[f] + i as u32, *arg);
            }
        }
        for (dst, result) in dst.iter().zip(&function.results) {
            let Some(dst) = dst else { continue };
            let mut node = self.classes.local(f, result.local);
            if result.cell {
                node = self.child(node, CONTENT);
            }
            self.unify(*dst, node);
        }
    }

    fn node(&mut self, func: FnId, operand: &Operand) -> Option<u32> {
        match operand {
            Operand::Local(local) => Some(self.classes.local(func, *local)),
            Operand::Func(f) => {
                let node = self.fresh();
                let function = Function { callee: Bindable::Fn(*f), env: Vec::new() };
                self.classes.info[node as usize].functions.push(function);
                self.classes.facts[func].literals.push(*f);
                Some(node)
            }
            Operand::Const(_) | Operand::Unknown => None,
        }
    }

    fn assign(&mut self, func: FnId, to: u32, from: &Operand) {
        if let Some(from) = self.node(func, from) {
            self.unify(to, from);
        }
    }

    fn make(&mut self, func: FnId, at: At, node: u32, kind: &AllocKind, owner: Option<u32>) {
        let kind = match kind {
            AllocKind::Chan(_)
            | AllocKind::WaitGroup
            | AllocKind::Cond(_)
            | AllocKind::Once
            | AllocKind::Semaphore(_) => Kind::Wait,
            AllocKind::Mutex | AllocKind::RwMutex => Kind::Lock,
            AllocKind::Struct => Kind::Struct,
            AllocKind::AfterFunc(_) | AllocKind::AfterContext(..) => Kind::Later,
            AllocKind::Timer | AllocKind::Ticker => Kind::Clock,
            AllocKind::Cell(_) | AllocKind::Seq(..) | AllocKind::Map | AllocKind::Token => {
                Kind::Other
            }
        };
        self.classes.facts[func].made.push(Made { at, kind, node, owner });
    }

    fn alloc(&mut self, func: FnId, at: At, dst: u32, kind: &AllocKind) {
        self.make(func, at, dst, kind, None);
        match kind {
            AllocKind::Cell(o) | AllocKind::Seq(_, o) => {
                let content = self.child(dst, CONTENT);
                self.assign(func, content, o);
            }
            AllocKind::Cond(o) => {
                if let Some(lock) = self.node(func, o) {
                    self.hold(dst, lock);
                    self.classes.facts[func].depends.push((dst, lock));
                }
            }
            AllocKind::AfterFunc(o) => self.run_value(func, at, o),
            AllocKind::AfterContext(context, o) => {
                self.run_value(func, at, o);
                if let Some(context) = self.node(func, context) {
                    self.classes.facts[func].depends.push((dst, context));
                }
            }
            _ => {}
        }
    }

    fn hold(&mut self, node: u32, part: u32) {
        let class = self.find(node);
        self.classes.info[class as usize].held.push(part);
    }

    fn run_value(&mut self, func: FnId, at: At, value: &Operand) {
        if let Some(receiver) = self.node(func, value) {
            self.pend(Pending {
                func,
                at,
                method: None,
                receiver,
                args: Vec::new(),
                dst: Vec::new(),
            });
        }
    }

    fn pend(&mut self, pending: Pending) {
        let id = self.pending.len() as u32;
        let class = self.find(pending.receiver);
        self.pending.push(pending);
        self.classes.info[class as usize].calls.push(id);
        self.resolve.push((id, class));
    }

    fn op(&mut self, func: FnId, at: At, op: &Op) {
        let local = |l: &LocalId| self.classes.first[func] + l.raw();
        match op {
            Op::Assign { dst, src }
            | Op::Direction { dst, src, .. }
            | Op::CopyStruct { dst, src }
            | Op::Assert { dst, src, .. } => {
                let to = local(dst);
                self.assign(func, to, src);
            }
            Op::SetTag { dst, src, tag } => {
                let to = local(dst);
                let class = self.find(to);
                let info = &mut self.classes.info[class as usize];
                if tag.0 < stanch_model::FOREIGN && !info.tags.contains(&tag.0) {
                    info.tags.push(tag.0);
                }
                let again: Vec<(u32, u32)> = info.calls.iter().map(|c| (*c, class)).collect();
                self.resolve.extend(again);
                self.assign(func, to, src);
            }
            Op::Alloc { dst, kind } => {
                let to = local(dst);
                self.alloc(func, at, to, kind);
            }
            Op::NewContext { dst, cancel, parent, .. } => {
                let to = local(dst);
                let made = Made { at, kind: Kind::Wait, node: to, owner: None };
                self.classes.facts[func].made.push(made);
                if let Some(cancel) = cancel.as_ref().map(local) {
                    let function = Function { callee: Bindable::Prim(Prim::Cancel), env: vec![to] };
                    self.add_function(cancel, function);
                }
                if let Some(parent) = self.node(func, parent) {
                    self.classes.facts[func].depends.push((to, parent));
                }
            }
            Op::Closure { dst, callee, env } => {
                let to = local(dst);
                let env: Vec<u32> = env
                    .iter()
                    .map(|o| self.node(func, o))
                    .collect::<Vec<_>>()
                    .into_iter()
                    .map(|n| n.unwrap_or_else(|| self.fresh()))
                    .collect();
                if let Bindable::Fn(f) = callee {
                    self.classes.facts[func].literals.push(*f);
                    let n = self.model.functions.get(*f).map_or(0, |f| f.locals.len());
                    for (i, node) in env.iter().enumerate().take(n) {
                        self.unify(self.classes.first[*f] + i as u32, *node);
                    }
                }
                self.add_function(to, Function { callee: *callee, env });
            }
            Op::LoadCell { dst, cell } => {
                let to = local(dst);
                if let Some(cell) = self.node(func, cell) {
                    let content = self.child(cell, CONTENT);
                    self.unify(to, content);
                }
            }
            Op::StoreCell { cell, src } => {
                if let Some(cell) = self.node(func, cell) {
                    let content = self.child(cell, CONTENT);
                    self.assign(func, content, src);
                }
            }
            Op::LoadField { dst, base, field, .. } => {
                let to = local(dst);
                if let Some(base) = self.node(func, base) {
                    let content = self.child(base, *field);
                    self.unify(to, content);
                }
            }
            Op::StoreField { base, field, src } => {
                if let Some(base) = self.node(func, base) {
                    let content = self.child(base, *field);
                    self.assign(func, content, src);
                }
            }
            Op::Part { dst, base, field, kind } => {
                let to = local(dst);
                if let Some(base) = self.node(func, base) {
                    let content = self.child(base, *field);
                    self.unify(to, content);
                    self.make(func, at, to, kind, Some(base));
                }
            }
            Op::LoadGlobal { dst, global } => {
                let to = local(dst);
                self.unify(to, self.classes.first_global + global.raw());
            }
            Op::StoreGlobal { global, src } => {
                let to = self.classes.first_global + global.raw();
                self.assign(func, to, src);
            }
            Op::Call(call) => self.call(func, at, call, true),
            Op::Go(call) | Op::Defer(call) => self.call(func, at, call, false),
            Op::Unknown { .. }
            | Op::Choose { .. }
            | Op::Compare { .. }
            | Op::Arith { .. }
            | Op::Not { .. }
            | Op::RunDefers
            | Op::Recover { .. } => {}
        }
    }

    fn add_function(&mut self, node: u32, function: Function) {
        let class = self.find(node);
        let info = &mut self.classes.info[class as usize];
        if !info.functions.contains(&function) {
            info.functions.push(function);
            let again: Vec<(u32, u32)> = info.calls.iter().map(|c| (*c, class)).collect();
            self.resolve.extend(again);
        }
    }

    fn call(&mut self, func: FnId, at: At, call: &Call, now: bool) {
        let args: Vec<Option<u32>> = call.args.iter().map(|a| self.node(func, a)).collect();
        let dst: Vec<Option<u32>> = match now {
            true => call.dst.iter().map(|d| d.map(|d| self.classes.local(func, d))).collect(),
            false => Vec::new(),
        };
        match call.callee {
            Callee::Fn(f) => {
                self.enter(func, at, f, &args, &dst);
            }
            Callee::Value(o) => {
                if let Some(receiver) = self.node(func, &o) {
                    self.pend(Pending { func, at, method: None, receiver, args, dst });
                } else {
                    self.classes.facts[func]
                        .escapes
                        .extend(args.iter().flatten().map(|n| (at, *n)));
                }
            }
            Callee::Method(o, m) => {
                if let Some(receiver) = self.node(func, &o) {
                    self.pend(Pending { func, at, method: Some(m), receiver, args, dst });
                }
            }
            Callee::Prim(prim) => self.prim(func, at, prim, &args, &dst),
            Callee::Opaque => {
                self.classes.facts[func].escapes.extend(args.iter().flatten().map(|n| (at, *n)));
            }
            Callee::Pure(_) => {}
        }
    }

    fn prim(&mut self, func: FnId, at: At, prim: Prim, args: &[Option<u32>], dst: &[Option<u32>]) {
        let arg = |n: usize| args.get(n).copied().flatten();
        let result = |n: usize| dst.get(n).copied().flatten();
        let content = |this: &mut Self, with: Option<u32>| {
            if let (Some(base), Some(with)) = (arg(0), with) {
                let content = this.child(base, CONTENT);
                this.unify(content, with);
            }
        };
        match prim {
            Prim::Send => content(self, arg(1)),
            Prim::Recv | Prim::SeqGet | Prim::MapGet => content(self, result(0)),
            Prim::MapAt => content(self, result(1)),
            Prim::SeqSet | Prim::MapSet => content(self, arg(2)),
            Prim::SeqAppend => {
                for n in 1..args.len() {
                    content(self, arg(n));
                    if let (Some(to), Some(value), None) = (result(0), arg(n), arg(0)) {
                        let content = self.child(to, CONTENT);
                        self.unify(content, value);
                    }
                }
                if let (Some(a), Some(b)) = (arg(0), result(0)) {
                    self.unify(a, b);
                }
            }
            Prim::CtxDone | Prim::SeqPart => {
                if let (Some(a), Some(b)) = (arg(0), result(0)) {
                    self.unify(a, b);
                }
            }
            Prim::OnceDo => {
                if let Some(f) = arg(1) {
                    self.pend(Pending {
                        func,
                        at,
                        method: None,
                        receiver: f,
                        args: Vec::new(),
                        dst: Vec::new(),
                    });
                }
            }
            Prim::SemAcquire => {
                if let (Some(a), Some(b)) = (arg(0), arg(2)) {
                    self.classes.facts[func].depends.push((a, b));
                }
            }
            Prim::Escape => {
                self.classes.facts[func].escapes.extend(args.iter().flatten().map(|n| (at, *n)));
            }
            _ => {}
        }
        if let Some(node) = arg(0) {
            self.classes.facts[func].operations.push(Operation { at, prim, node });
        }
    }

    fn term(&mut self, func: FnId, at: At, term: &Term) {
        let Term::Select { arms, .. } = term else { return };
        for arm in arms {
            let (prim, chan) = match &arm.op {
                SelectOp::Send { chan, value } => {
                    if let (Some(chan), Some(value)) =
                        (self.node(func, chan), self.node(func, value))
                    {
                        let content = self.child(chan, CONTENT);
                        self.unify(content, value);
                    }
                    (Prim::Send, chan)
                }
                SelectOp::Recv { chan, dst, .. } => {
                    if let (Some(chan), Some(dst)) = (self.node(func, chan), dst) {
                        let content = self.child(chan, CONTENT);
                        self.unify(content, self.classes.local(func, *dst));
                    }
                    (Prim::Recv, chan)
                }
            };
            if let Some(node) = self.node(func, chan) {
                self.classes.facts[func].operations.push(Operation { at, prim, node });
            }
        }
    }
}

/// Numbers for blocks.
pub(crate) fn block(n: usize) -> BlockId {
    BlockId::from_usize(n)
}
