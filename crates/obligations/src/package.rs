//! What is known of a package's functions before any is run: who calls whom, who never returns, who
//! writes what, who matters.

use crate::counted::{self, Counted};
use crate::facts::{Foreign, Name};
use crate::lends::{self, Lends};
use crate::looks::{self, Look};
use crate::names::{Known, Names};
use crate::options::Options;
use crate::order::printed;
use crate::semaphores::{TakenBy, object_of, semaphores};
use crate::slots::is_of_slots;
use crate::summary::Path;
use crate::tells::{self, Tells};
use crate::visit;
use crate::workers::{Ends, Workers};
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_effects::Op;
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Module, Operand, Place, PlaceBase, Proj,
    Rvalue, Span, Terminator,
};
use stanch_types::{Basic, Builtin, ConstValue, ObjectId, ObjectKind, Program, TypeId, TypeKind};
use std::cell::RefCell;
use std::sync::OnceLock;

/// Facts of a package's functions.
pub(crate) struct Package<'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) module: &'a Module,
    pub(crate) names: Names<'a>,
    pub(crate) facts: IndexVec<FuncId, FuncFacts>,
    /// Functions of the package, callees before callers; those of one group call each other.
    pub(crate) order: Vec<Vec<FuncId>>,
    /// What its goroutines need to end.
    pub(crate) workers: Workers,
    /// Types whose values' goroutines only a method ends, of other packages too.
    pub(crate) owners: FxHashSet<ObjectId>,
    /// Methods of interfaces that such types have.
    pub(crate) owner_methods: FxHashSet<ObjectId>,
    /// Fields and package-level variables that hold channels used as semaphores.
    pub(crate) semaphores: FxHashMap<ObjectId, TakenBy>,
    /// Functions that count references.
    pub(crate) counted: Counted,
    /// Names of functions of other packages, whose numbers follow those of this package's.
    pub(crate) foreign: Vec<Name>,
    /// Types whose values may have to be closed, as far as anybody asked.
    pub(crate) closable: RefCell<FxHashMap<TypeId, bool>>,
    /// Package-level errors that are never nil.
    pub(crate) sentinels: FxHashSet<ObjectId>,
    /// What values of function types may run, as far as anybody asked.
    pub(crate) options: RefCell<FxHashMap<TypeId, Option<Options>>>,
}

/// Facts of one function.
#[derive(Clone, Debug, Default)]
pub(crate) struct FuncFacts {
    /// Functions in view that it calls, starts, defers or makes closures of.
    pub(crate) callees: Vec<FuncId>,
    /// Whether an instruction of its own takes, gives back or makes something.
    pub(crate) acts: bool,
    /// Whether it, or a function it calls, does; or it is given functions that could be owed.
    pub(crate) relevant: bool,
    /// Whether some path returns.
    pub(crate) returns: bool,
    /// Fields and package-level variables it may write, calls included; first found first.
    pub(crate) writes: Writes,
    /// Its captures that it (or a literal within) reads, by position.
    pub(crate) reads_capture: Vec<bool>,
    /// Its captures that it (or a literal within) assigns, by position.
    pub(crate) writes_capture: Vec<bool>,
    /// What it needs to return, if it is of another package and does not return by itself.
    pub(crate) ends: Option<Ends>,
    /// What it does to its inputs.
    pub(crate) lends: Lends,
    /// Its locals that some literal within assigns or whose address leaves.
    pub(crate) volatile: Vec<LocalId>,
    /// Which of its results are objects that it makes; asked of few functions.
    pub(crate) makes: OnceLock<Vec<bool>>,
    /// Whether an error that it returns is ever one; asked of few functions.
    pub(crate) fails: OnceLock<bool>,
    /// Function values in fields of its receiver that it calls; asked of methods without a summary.
    pub(crate) calls: OnceLock<Vec<Path>>,
    /// Its body, if it only looks at what it is given.
    pub(crate) look: Option<Look>,
    /// What its results tell of the errors that it is given.
    pub(crate) tells: Box<[Tells]>,
}

/// What a function may write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Writes {
    pub(crate) fields: Vec<ObjectId>,
    pub(crate) globals: Vec<ObjectId>,
    pub(crate) elements: bool,
    /// Whether code out of view is called.
    pub(crate) unknown: bool,
}

/// Beyond this many, which fields are written is not kept apart.
const MAX_WRITES: usize = 256;

impl Writes {
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.globals.is_empty() && !self.elements && !self.unknown
    }

    fn absorb(&mut self, other: &Self) -> bool {
        let before = (self.fields.len(), self.globals.len(), self.elements, self.unknown);
        for &field in &other.fields {
            if self.fields.len() < MAX_WRITES && !self.fields.contains(&field) {
                self.fields.push(field);
            }
        }
        for &global in &other.globals {
            if self.globals.len() < MAX_WRITES && !self.globals.contains(&global) {
                self.globals.push(global);
            }
        }
        self.elements |= other.elements;
        self.unknown |= other.unknown;
        before != (self.fields.len(), self.globals.len(), self.elements, self.unknown)
    }
}

impl<'a> Package<'a> {
    pub(crate) fn new(
        program: &'a Program<'a>,
        module: &'a Module,
        names: Names<'a>,
        foreign: Foreign,
    ) -> Self {
        let Foreign { facts: theirs, names: foreign, owners, .. } = foreign;
        let own = module.funcs.iter().map(|_| FuncFacts::default());
        let facts = own.chain(theirs).collect();
        let workers = Workers::default();
        let (order, owner_methods) = (Vec::new(), FxHashSet::default());
        let closable = RefCell::default();
        let mut package = Self {
            program,
            module,
            names,
            facts,
            order,
            workers,
            owners,
            owner_methods,
            semaphores: FxHashMap::default(),
            counted: Counted::default(),
            foreign,
            closable,
            sentinels: FxHashSet::default(),
            options: RefCell::default(),
        };
        package.sentinels = tells::sentinels(&package);
        package.semaphores = semaphores(&package);
        package.counted = counted::find(&package);
        for id in module.funcs.ids() {
            package.facts[id] = package.own_facts(id);
        }
        package.order = package.components();
        for id in package.order.clone().into_iter().flatten() {
            package.facts[id].look = looks::find(&package, id);
            package.facts[id].tells = tells::find(&package, id);
        }
        package.find_captures();
        package.find_returning();
        package.spread_writes();
        package.workers = Workers::new(&package);
        package.find_owners();
        package.find_owner_methods();
        for (id, lends) in lends::find(&package) {
            package.facts[id].lends = lends;
        }
        package.spread_relevance();
        package
    }

    /// Whether a place is in a test file.
    pub(crate) fn in_test(&self, span: Span) -> bool {
        let file = self.program.source(span.package).files.get(span.file);
        file.is_some_and(|f| f.path.ends_with("_test.go"))
    }

    /// Whether the process ends with the function; `is_main` tells that it is of a command.
    pub(crate) fn ends_process(&self, id: FuncId, is_main: bool) -> bool {
        let func = &self.module.funcs[id];
        let object = func.object.map(|o| self.program.object(o));
        is_main
            && func.params.is_empty()
            && object.is_some_and(|o| &*o.name == "main" && o.package_level)
    }

    /// Whether tickers that nobody knows stay, in the language of a file: since Go 1.23 the collector takes them.
    pub(crate) fn keeps_tickers(&self, span: Span) -> bool {
        let files = &self.program.source(span.package).files;
        files.get(span.file).is_some_and(|file| file.language < (1, 23))
    }

    /// The function that a call certainly runs, if its body or facts are in view.
    pub(crate) fn body(&self, callee: &Callee) -> Option<FuncId> {
        match *callee {
            Callee::Static(object, _) => match self.names.known(object) {
                Known::Body(body) => Some(body),
                Known::Effect(_) | Known::Nothing => None,
            },
            Callee::Closure(func, _) => Some(func),
            Callee::Value(_) | Callee::Interface { .. } | Callee::Builtin(_) => None,
        }
    }

    /// The operation of a call's effect.
    pub(crate) fn op(&self, callee: &Callee) -> Op {
        let object = match *callee {
            Callee::Static(object, _) | Callee::Interface { method: object, .. } => object,
            Callee::Closure(..) | Callee::Value(_) | Callee::Builtin(_) => return Op::None,
        };
        match self.names.known(object) {
            Known::Effect(effect) => effect.op,
            Known::Body(_) | Known::Nothing => Op::None,
        }
    }

    fn own_facts(&self, id: FuncId) -> FuncFacts {
        let func = &self.module.funcs[id];
        let mut facts = FuncFacts {
            acts: self.counted.counts(id),
            reads_capture: vec![false; func.captures.len()],
            writes_capture: vec![false; func.captures.len()],
            ..FuncFacts::default()
        };
        let capture = |local: LocalId| func.captures.iter().position(|c| c.inner == local);
        let news = new_objects(func);
        for block in func.blocks.iter() {
            for instr in &block.instrs {
                self.instr_facts(func, &news, &instr.kind, &mut facts);
                visit::uses(&instr.kind, &mut |local| {
                    if let Some(i) = capture(local) {
                        facts.reads_capture[i] = true;
                    }
                });
                visit::defs(&instr.kind, &mut |local| {
                    if let Some(i) = capture(local) {
                        facts.writes_capture[i] = true;
                    }
                });
            }
            visit::terminator_operands(&block.term, &mut |operand| {
                if let Operand::Local(local) = operand
                    && let Some(i) = capture(*local)
                {
                    facts.reads_capture[i] = true;
                }
            });
        }
        facts.callees.dedup();
        facts
    }

    fn instr_facts(
        &self,
        func: &Func,
        news: &FxHashSet<LocalId>,
        kind: &InstrKind,
        facts: &mut FuncFacts,
    ) {
        match kind {
            InstrKind::Call(call) | InstrKind::Defer(call) => {
                self.call_facts(call, facts);
                for (_, method) in printed(self, func, call) {
                    if let Known::Body(body) = self.names.known(method) {
                        facts.callees.push(body);
                    }
                }
            }
            InstrKind::Go(call) => {
                facts.callees.extend(self.body(&call.callee));
                facts.acts |= acts(self.op(&call.callee));
            }
            InstrKind::Assign(_, Rvalue::MakeClosure(func)) => facts.callees.push(*func),
            InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                if let Known::Body(body) = self.names.known(*method) {
                    facts.callees.push(body);
                }
            }
            InstrKind::Store(place, _) if is_own(func, news, place) => {}
            InstrKind::Store(place, _) => place_write(place, &mut facts.writes),
            InstrKind::Assign(_, Rvalue::Load(place)) => {
                facts.acts |= object_of(place).is_some_and(|o| self.semaphores.contains_key(&o));
            }
            InstrKind::MapDelete { .. } => facts.writes.elements = true,
            _ => {}
        }
        visit::operands(kind, &mut |operand| {
            if let Operand::Func(object) = operand
                && let Known::Body(body) = self.names.known(*object)
            {
                facts.callees.push(body);
            }
        });
    }

    fn call_facts(&self, call: &Call, facts: &mut FuncFacts) {
        facts.callees.extend(self.body(&call.callee));
        if let Callee::Static(object, _) | Callee::Interface { method: object, .. } = call.callee {
            let resource = self.names.resource(object);
            facts.acts |= resource.is_some_and(|r| r.acquires.is_some() || r.releases.is_some());
        }
        let op = self.op(&call.callee);
        facts.acts |= acts(op) || is_of_slots(op) || op == Op::OnceDo;
        // It may return a request that asks for no body.
        let head = |arg: &Operand| matches!(arg, Operand::Const(ConstValue::String(text), _) if **text == *b"HEAD");
        facts.acts |= call.args.iter().any(head);
        match &call.callee {
            Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                let known = self.names.known(*object);
                let pure = match known {
                    Known::Effect(e) => e.op == Op::None && e.callbacks.is_empty(),
                    Known::Body(_) => true,
                    Known::Nothing => false,
                };
                facts.writes.unknown |= !pure;
            }
            Callee::Value(_) => facts.writes.unknown = true,
            Callee::Builtin(Builtin::Copy | Builtin::Clear | Builtin::Append) => {
                facts.writes.elements = true;
            }
            Callee::Builtin(_) | Callee::Closure(..) => {}
        }
    }

    /// Strongly connected components of the call graph, callees first (Tarjan's algorithm with its
    /// own stack).
    fn components(&self) -> Vec<Vec<FuncId>> {
        const NEW: u32 = u32::MAX;
        let n = self.facts.len();
        let mut number = vec![NEW; n];
        let mut low = vec![0u32; n];
        let mut on_stack = vec![false; n];
        let (mut stack, mut order, mut count) = (Vec::new(), Vec::new(), 0);
        let mut left = vec![0u32; n];
        let mut n_left = 0;
        for start in self.module.funcs.ids() {
            if number[start.index()] != NEW {
                continue;
            }
            let mut work: Vec<(FuncId, usize)> = vec![(start, 0)];
            while let Some(&mut (func, ref mut next)) = work.last_mut() {
                let i = func.index();
                if *next == 0 {
                    number[i] = count;
                    low[i] = count;
                    count += 1;
                    stack.push(func);
                    on_stack[i] = true;
                }
                if let Some(&callee) = self.facts[func].callees.get(*next) {
                    *next += 1;
                    let c = callee.index();
                    if number[c] == NEW {
                        work.push((callee, 0));
                    } else if on_stack[c] {
                        low[i] = low[i].min(number[c]);
                    }
                    continue;
                }
                work.pop();
                left[i] = n_left;
                n_left += 1;
                if let Some(&(parent, _)) = work.last() {
                    low[parent.index()] = low[parent.index()].min(low[i]);
                }
                if low[i] == number[i] {
                    let mut component = Vec::new();
                    while let Some(member) = stack.pop() {
                        on_stack[member.index()] = false;
                        component.push(member);
                        if member == func {
                            break;
                        }
                    }
                    component.sort_by_key(|member| left[member.index()]);
                    if func.index() < self.module.funcs.len() {
                        order.push(component);
                    }
                }
            }
        }
        order
    }

    /// Passes captures' reads and writes on from inner literals to outer ones, inner first.
    fn find_captures(&mut self) {
        for id in self.module.funcs.ids().rev() {
            let func = &self.module.funcs[id];
            let mut volatile: Vec<LocalId> = Vec::new();
            let deferred = only_deferred(func);
            for &inner in &func.closures {
                let Some(closure) = self.module.funcs.get(inner) else { continue };
                for (i, capture) in closure.captures.iter().enumerate() {
                    let inner_facts = &self.facts[inner];
                    let reads = inner_facts.reads_capture.get(i).copied().unwrap_or(true);
                    let writes = inner_facts.writes_capture.get(i).copied().unwrap_or(true);
                    if writes && !deferred.contains(&inner) {
                        volatile.push(capture.outer);
                    }
                    let outer = func.captures.iter().position(|c| c.inner == capture.outer);
                    if let Some(outer) = outer {
                        self.facts[id].reads_capture[outer] |= reads;
                        self.facts[id].writes_capture[outer] |= writes;
                    }
                }
            }
            volatile.extend(
                func.locals
                    .iter_enumerated()
                    .filter(|(_, local)| local.address_taken)
                    .map(|(local, _)| local),
            );
            volatile.sort();
            volatile.dedup();
            self.facts[id].volatile = volatile;
        }
    }

    /// Finds the functions with a path to a return: the least fixed point, so that functions which
    /// only call each other do not return.
    fn find_returning(&mut self) {
        for id in self.module.funcs.ids() {
            self.facts[id].returns = !self.module.funcs[id].has_body;
        }
        for component in self.order.clone() {
            loop {
                let mut changed = false;
                for &id in &component {
                    if !self.facts[id].returns && self.reaches_return(&self.module.funcs[id]) {
                        self.facts[id].returns = true;
                        changed = true;
                    }
                }
                if !changed || component.len() == 1 {
                    break;
                }
            }
        }
        // A function that recovers returns whatever its calls do.
        for id in self.module.funcs.ids() {
            self.facts[id].returns |= self.module.funcs[id].has_recover;
        }
    }

    fn reaches_return(&self, func: &Func) -> bool {
        let mut seen = vec![false; func.blocks.len()];
        let mut work: Vec<_> = func.blocks.ids().take(1).collect();
        while let Some(id) = work.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            let block = &func.blocks[id];
            let ends = block.instrs.iter().any(|i| match &i.kind {
                InstrKind::Call(call) => self.never_returns(call),
                _ => false,
            });
            if ends {
                continue;
            }
            if block.term == Terminator::Return {
                return true;
            }
            successors(&block.term, &mut |next| work.push(next));
        }
        false
    }

    /// Whether a call ends the goroutine, the process or the path by a panic.
    pub(crate) fn never_returns(&self, call: &Call) -> bool {
        if matches!(self.op(&call.callee), Op::Exit | Op::Goexit | Op::Panic) {
            return true;
        }
        self.body(&call.callee).is_some_and(|body| !self.facts[body].returns)
    }

    fn spread_writes(&mut self) {
        for component in self.order.clone() {
            loop {
                let mut changed = false;
                for &id in &component {
                    for callee in self.facts[id].callees.clone() {
                        if callee != id {
                            let theirs = self.facts[callee].writes.clone();
                            changed |= self.facts[id].writes.absorb(&theirs);
                        }
                    }
                }
                if !changed || component.len() == 1 {
                    break;
                }
            }
        }
    }

    fn spread_relevance(&mut self) {
        for component in self.order.clone() {
            let relevant = component.iter().any(|&id| {
                let facts = &self.facts[id];
                facts.acts
                    || self.handles_workers(&self.module.funcs[id])
                    || facts.callees.iter().any(|&c| self.facts[c].relevant)
                    || self.takes_functions(&self.module.funcs[id])
            });
            for id in component {
                self.facts[id].relevant = relevant;
            }
        }
    }

    /// Whether a parameter or captured variable is a function, or may have to be given back.
    fn takes_functions(&self, func: &Func) -> bool {
        let inputs = func.params.iter().copied().chain(func.captures.iter().map(|c| c.inner));
        let owner = |local: LocalId| func.locals.get(local).is_some_and(|l| self.is_owner(l.ty));
        func.results.iter().any(|&local| owner(local))
            || inputs.into_iter().any(|local| {
                let ty = func.locals.get(local).map(|l| l.ty);
                self.is_function(func, local)
                    || owner(local)
                    || ty.is_some_and(|ty| self.names.is_resource(ty))
            })
    }

    /// Whether values of a type, or of what it points to, have a goroutine that only a method ends.
    pub(crate) fn is_owner(&self, ty: TypeId) -> bool {
        let ty = self.program.pointee(ty).unwrap_or(ty);
        !self.owners.is_empty()
            && self.program.named_object(ty).is_some_and(|object| self.owners.contains(&object))
    }

    /// Whether a function starts a goroutine that somebody has to end, or uses what ends one.
    fn handles_workers(&self, func: &Func) -> bool {
        let fields = &self.workers.fields;
        visit::kinds(func).any(|kind| {
            if let InstrKind::Go(call) = kind
                && self.ends(&call.callee).is_some_and(|ends| !ends.any.is_empty())
            {
                return true;
            }
            let mut uses = false;
            visit::places(kind, &mut |place| {
                uses |= matches!(place.proj.last(), Some(Proj::Field(_, f)) if fields.contains(f));
            });
            uses
        })
    }

    /// Functions that are started as goroutines, or whose value is taken.
    pub(crate) fn startable(&self) -> FxHashSet<FuncId> {
        let mut found = FxHashSet::default();
        for kind in self.module.funcs.iter().flat_map(visit::kinds) {
            match kind {
                InstrKind::Go(call) => found.extend(self.body(&call.callee)),
                InstrKind::Assign(_, Rvalue::MakeClosure(func)) => {
                    found.insert(*func);
                }
                InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                    if let Known::Body(body) = self.names.known(*method) {
                        found.insert(body);
                    }
                }
                _ => {}
            }
        }
        found
    }

    /// What a started function needs to end.
    pub(crate) fn ends(&self, callee: &Callee) -> Option<&Ends> {
        self.ends_of(self.body(callee)?)
    }

    /// Whether a local counts something.
    pub(crate) fn is_number(&self, func: &Func, local: LocalId) -> bool {
        let kind = func.locals.get(local).map(|l| self.program.kind(self.program.underlying(l.ty)));
        matches!(kind, Some(TypeKind::Basic(basic)) if !matches!(basic, Basic::Bool | Basic::String))
    }

    /// What a function needs to return, if it does not return by itself.
    pub(crate) fn ends_of(&self, id: FuncId) -> Option<&Ends> {
        match self.workers.ends.get(id) {
            Some(ends) => ends.as_ref(),
            None => self.facts.get(id)?.ends.as_ref(),
        }
    }

    fn find_owner_methods(&mut self) {
        for &object in &self.owners {
            let under = self.program.underlying(self.program.object(object).ty);
            if let TypeKind::Interface(interface) = self.program.kind(under) {
                self.owner_methods.extend(interface.methods.iter().map(|m| m.object));
            }
        }
    }

    /// Finds the types that have a field which may end a goroutine.
    fn find_owners(&mut self) {
        if self.workers.fields.is_empty() {
            return;
        }
        for object in self.program.package_objects(self.module.package) {
            let declared = self.program.object(object);
            if !matches!(declared.kind, ObjectKind::TypeName { alias: false }) {
                continue;
            }
            if let TypeKind::Struct(fields) =
                self.program.kind(self.program.underlying(declared.ty))
                && fields.iter().any(|f| self.workers.fields.contains(&f.object))
            {
                self.owners.insert(object);
            }
        }
        let owners: Vec<TypeId> =
            self.owners.iter().map(|&object| self.program.object(object).ty).collect();
        let package = self.module.package;
        for object in self.program.package_objects(package) {
            let declared = self.program.object(object);
            let under = self.program.kind(self.program.underlying(declared.ty));
            let TypeKind::Interface(interface) = under else { continue };
            let names: Vec<&str> =
                interface.methods.iter().map(|m| &*self.program.object(m.object).name).collect();
            let has = |ty: TypeId, name: &str| self.program.lookup(ty, package, name).is_some();
            if !names.is_empty() && owners.iter().any(|&ty| names.iter().all(|name| has(ty, name)))
            {
                self.owners.insert(object);
            }
        }
    }

    /// Whether a type is `error`.
    pub(crate) fn is_error(&self, ty: TypeId) -> bool {
        let object = self.program.named_object(ty);
        object.is_some_and(|o| {
            o.package == ObjectId::UNIVERSE && &*self.program.object(o).name == "error"
        })
    }

    /// Whether a local is of a function type.
    pub(crate) fn is_function(&self, func: &Func, local: LocalId) -> bool {
        let Some(local) = func.locals.get(local) else { return false };
        matches!(self.program.kind(self.program.underlying(local.ty)), TypeKind::Signature(_))
    }

    /// Fields of the package that are read anywhere, other than to compare them with nil.
    pub(crate) fn fields_read(&self) -> FxHashSet<ObjectId> {
        let mut read = FxHashSet::default();
        for func in self.module.funcs.iter() {
            let compared = only_compared(func);
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                match &instr.kind {
                    InstrKind::Assign(dst, Rvalue::Load(place)) if compared.contains(dst) => {
                        inner_fields(place, &mut read);
                    }
                    InstrKind::Store(place, _) => inner_fields(place, &mut read),
                    kind => visit::places(kind, &mut |place| all_fields(place, &mut read)),
                }
            }
        }
        read
    }
}

/// The literals of a function that are deferred where they stand, and known to nobody else.
fn only_deferred(func: &Func) -> FxHashSet<FuncId> {
    let mut uses: FxHashMap<LocalId, u32> = FxHashMap::default();
    let mut deferred = Vec::new();
    for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
        visit::uses(&instr.kind, &mut |local| *uses.entry(local).or_default() += 1);
        if let InstrKind::Defer(Call { callee: Callee::Closure(inner, env), .. }) = &instr.kind {
            deferred.push((*inner, *env));
        }
    }
    let alone = |(_, env): &(FuncId, LocalId)| uses.get(env).is_none_or(|&n| n <= 1);
    deferred.into_iter().filter(alone).map(|(inner, _)| inner).collect()
}

/// Calls `f` for each successor, in source order.
pub(crate) fn successors(term: &Terminator, f: &mut dyn FnMut(stanch_ir::BlockId)) {
    match term {
        Terminator::Goto(next) => f(*next),
        Terminator::Branch { then, els, .. } => {
            f(*then);
            f(*els);
        }
        Terminator::Select { arms, default } => {
            arms.iter().for_each(|arm| f(arm.target));
            default.iter().for_each(|&next| f(next));
        }
        Terminator::RangeNext { body, done, .. } => {
            f(*body);
            f(*done);
        }
        Terminator::TypeSwitch { cases, default, .. } => {
            cases.iter().for_each(|&(_, next)| f(next));
            f(*default);
        }
        Terminator::Return | Terminator::Panic(_) | Terminator::Unreachable => {}
    }
}

/// Whether an operation takes, gives back or makes something.
pub(crate) fn acts(op: Op) -> bool {
    matches!(
        op,
        Op::Lock
            | Op::Unlock
            | Op::RLock
            | Op::RUnlock
            | Op::TryLock
            | Op::TryRLock
            | Op::ContextWithCancel
            | Op::ContextWithDeadline
    )
}

/// Whether a place is part of a variable of the function, or of an object that it makes there: whoever
/// calls it cannot know it yet.
fn is_own(func: &Func, news: &FxHashSet<LocalId>, place: &Place) -> bool {
    let PlaceBase::Local(local) = place.base else { return false };
    let fields = match place.proj.split_first() {
        Some((Proj::Deref, rest)) if news.contains(&local) => rest,
        _ => &place.proj[..],
    };
    let captured = func.captures.iter().any(|c| c.inner == local);
    !captured && !fields.is_empty() && fields.iter().all(|p| matches!(p, Proj::Field(..)))
}

/// Unnamed values that are pointers to new objects: what literals are built in.
fn new_objects(func: &Func) -> FxHashSet<LocalId> {
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    let made = instrs.filter_map(|i| match &i.kind {
        InstrKind::Assign(local, Rvalue::New(_)) => Some(*local),
        _ => None,
    });
    made.filter(|&local| func.locals[local].name.is_empty()).collect()
}

fn place_write(place: &Place, writes: &mut Writes) {
    match (place.proj.last(), place.base) {
        (Some(Proj::Field(_, object)), _) => {
            if !writes.fields.contains(object) && writes.fields.len() < MAX_WRITES {
                writes.fields.push(*object);
            }
        }
        (Some(Proj::Deref | Proj::Index(_)), _) => writes.elements = true,
        (None, PlaceBase::Global(object)) => {
            if !writes.globals.contains(&object) && writes.globals.len() < MAX_WRITES {
                writes.globals.push(object);
            }
        }
        (None, PlaceBase::Local(_)) => {}
    }
}

fn all_fields(place: &Place, fields: &mut FxHashSet<ObjectId>) {
    fields.extend(place.proj.iter().filter_map(|p| match p {
        Proj::Field(_, object) => Some(*object),
        Proj::Deref | Proj::Index(_) => None,
    }));
}

fn inner_fields(place: &Place, fields: &mut FxHashSet<ObjectId>) {
    let n = place.proj.len().saturating_sub(1);
    let inner = Place { base: place.base, proj: place.proj[..n].to_vec() };
    all_fields(&inner, fields);
}

/// Locals whose every use is a comparison with nil.
fn only_compared(func: &Func) -> FxHashSet<LocalId> {
    let mut uses: FxHashMap<LocalId, (u32, u32)> = FxHashMap::default();
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            visit::uses(&instr.kind, &mut |local| uses.entry(local).or_default().0 += 1);
            if let InstrKind::Assign(_, Rvalue::Binary(_, a, b)) = &instr.kind {
                match (a, b) {
                    (Operand::Local(x), Operand::Nil(_)) | (Operand::Nil(_), Operand::Local(x)) => {
                        uses.entry(*x).or_default().1 += 1;
                    }
                    _ => {}
                }
            }
        }
        visit::terminator_operands(&block.term, &mut |operand| {
            if let Operand::Local(local) = operand {
                uses.entry(*local).or_default().0 += 1;
            }
        });
    }
    let compared = uses.into_iter().filter(|(_, (all, compared))| all == compared);
    compared.map(|(local, _)| local).filter(|&l| !func.results.contains(&l)).collect()
}
