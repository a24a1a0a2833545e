//! What is explored together, from where: objects in groups, each with a slice of the model of its own.
//!
//! An object is explored from the lowest functions that see all of it: first from the function that
//! makes it; where that hands it up (returns it, stores it in what the caller gave), from the callers.
//! With it are explored the objects that decide whether its operations are reached or can go on: those
//! that the functions on the way to its operations wait for. Everything else is left out: an operation
//! on another object is taken to go on at once, in any way it can.
//!
//! Why that proves no less: a slice has every step that the whole has, as far as the group is
//! concerned, and more, since nothing else ever waits. A goroutine that is blocked for ever on the
//! group in the slice has no future there that frees it, so it has none in the whole. What is left out
//! can only make reachable what is not; this is why everything that the functions on the way wait for
//! belongs to the group.

mod blur;
pub(crate) mod classes;
mod client;
mod clocks;
mod emit;
mod fold;
mod foreign;
mod group;
mod guards;
mod harmless;
mod held;
mod idle;
mod keep;
mod nilled;
mod open;
mod operations;
mod polls;
mod scale;
mod shape;
mod tidy;
#[cfg(test)]
mod twin;

pub(crate) use blur::Detail;
pub(crate) use classes::{At, CONTENT, Kind, Operation};
pub(crate) use emit::{Sliced, emit};
pub(crate) use group::{Group, Grouped, Tree};
pub(crate) use idle::{Waiting, waiting};
pub(crate) use keep::Keep;
pub(crate) use tidy::Ways;

use crate::parts::Parts;
use classes::Classes;
use guards::Guards;
use open::Border;
use operations::{locks, matters};
use shape::{End, Shapes};
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_model::{
    AllocKind, Callee, FnId, Function, LocalId, Op, Operand, Part, Prim, Program as Model, Site,
    Term, visit_op,
};
use std::cell::OnceCell;

type ByClass = FxHashMap<u32, Vec<FnId>>;

/// What all groups of a package share.
pub(crate) struct Scopes<'m> {
    pub(crate) model: &'m Model,
    pub(crate) classes: Classes,
    pub(crate) shapes: Shapes<'m>,
    pub(crate) callers: IndexVec<FnId, Vec<FnId>>,
    pub(crate) callees: IndexVec<FnId, Vec<FnId>>,
    /// Functions that compare and swap, which are kept as they are.
    swaps: &'m FxHashSet<FnId>,
    recovers: IndexVec<FnId, bool>,
    /// Channel variables that are nil at times.
    nilled: IndexVec<FnId, FxHashSet<LocalId>>,
    /// The fields of which selects wait for the channels, by base and number; classes of what is nil somewhere.
    arm_fields: IndexVec<FnId, FxHashMap<LocalId, Vec<(LocalId, u32)>>>,
    nils: FxHashSet<u32>,
    borders: IndexVec<FnId, Border>,
    /// Without and with ways that end in a panic, made when asked for.
    guards: IndexVec<FnId, [OnceCell<Guards>; 2]>,
    /// Parameters for which some caller gives a constant, and captured variables that nobody sets.
    pub(crate) constant_inputs: FxHashSet<(FnId, LocalId)>,
    /// Classes of contexts.
    contexts: FxHashSet<u32>,
    /// Locks in which nobody gets stuck.
    harmless: FxHashSet<u32>,
    /// Timers and tickers that somebody stops and somebody waits for and nothing else.
    clocks: FxHashSet<u32>,
    /// What the structs that are made at a site have in them.
    parts: &'m FxHashMap<Site, Parts>,
    /// Functions that store to a field of a class.
    pub(crate) stores: FxHashMap<(u32, u32), Vec<FnId>>,
    pub(crate) global_stores: ByClass,
    /// Places to which other than constants are stored.
    pub(crate) varied: FxHashSet<(u32, u32)>,
    pub(crate) varied_globals: FxHashSet<u32>,
    /// Functions that operate on a class, make one of it, let one out of view.
    operations: ByClass,
    lock_operations: ByClass,
    pub(crate) escapes: ByClass,
    /// Functions with an object made there that depends on another.
    depends: Vec<(FnId, u32, u32)>,
    /// Where objects of a class are made, and the class of the struct they are part of.
    pub(crate) made: FxHashMap<u32, Vec<(FnId, Kind, Option<u32>)>>,
    /// Functions that nobody can call, and those whose values somebody keeps, found when asked for.
    unused: OnceCell<FxHashSet<FnId>>,
    kept: OnceCell<FxHashSet<FnId>>,
}

impl<'m> Scopes<'m> {
    pub(crate) fn new(
        model: &'m Model,
        parts: &'m FxHashMap<Site, Parts>,
        swaps: &'m FxHashSet<FnId>,
        outside: &[(FnId, LocalId)],
    ) -> Self {
        let mut classes = Classes::of(model);
        foreign::hand_out(model, &mut classes, outside);
        let shapes = Shapes::new(model, &classes);
        let n = model.functions.len();
        let mut scopes = Self {
            model,
            shapes,
            callers: IndexVec::from_elem(Vec::new(), n),
            callees: IndexVec::from_elem(Vec::new(), n),
            swaps,
            recovers: IndexVec::from_elem(false, n),
            nilled: model.functions.iter().map(nilled::nilled).collect(),
            arm_fields: model.functions.iter().map(nilled::fields).collect(),
            nils: nilled::nils(model, &classes),
            borders: IndexVec::new(),
            guards: (0..n).map(|_| Default::default()).collect(),
            constant_inputs: guards::constant_inputs(model),
            contexts: Self::contexts(model, &classes),
            harmless: FxHashSet::default(),
            clocks: Self::clocks(model, &classes),
            parts,
            stores: FxHashMap::default(),
            global_stores: ByClass::default(),
            varied: FxHashSet::default(),
            varied_globals: FxHashSet::default(),
            operations: ByClass::default(),
            lock_operations: ByClass::default(),
            escapes: ByClass::default(),
            depends: Vec::new(),
            made: FxHashMap::default(),
            unused: OnceCell::new(),
            kept: OnceCell::new(),
            classes,
        };
        for id in model.functions.ids() {
            scopes.index(id);
        }
        scopes.harmless = scopes.harmless();
        scopes.borders = model.functions.ids().map(|id| scopes.border(id)).collect();
        scopes
    }

    fn index(&mut self, id: FnId) {
        let facts = &self.classes.facts[id];
        // Functions come in order: whoever knows this one as a caller has it last.
        for &(_, callee) in &facts.callees {
            if self.callers[callee].last() != Some(&id) {
                self.callees[id].push(callee);
                self.callers[callee].push(id);
            }
        }
        for &literal in &facts.literals {
            if self.callers[literal].last() != Some(&id) {
                self.callers[literal].push(id);
            }
        }
        for operation in &facts.operations {
            let class = self.classes.find(operation.node);
            if matters(operation.prim) && !self.is_poll(id, operation.at, class) {
                push(&mut self.operations, class, id);
            } else if locks(operation.prim) {
                push(&mut self.lock_operations, class, id);
            }
        }
        for made in &facts.made {
            let class = self.classes.find(made.node);
            let owner = made.owner.map(|o| self.classes.find(o));
            if self.is_waited_for(class, made.kind) && owner.is_none() {
                push(&mut self.operations, class, id);
            }
            let list = self.made.entry(class).or_default();
            if !list.contains(&(id, made.kind, owner)) {
                list.push((id, made.kind, owner));
            }
        }
        let find = |n: &u32| self.classes.find(*n);
        self.depends.extend(facts.depends.iter().map(|(a, b)| (id, find(a), find(b))));
        for &(_, node) in &facts.escapes {
            push(&mut self.escapes, self.classes.find(node), id);
        }
        let function = &self.model.functions[id];
        for instr in function.blocks.iter().flat_map(|b| &b.instrs) {
            self.index_op(id, &instr.op);
        }
    }

    fn index_op(&mut self, id: FnId, op: &Op) {
        let class = |o: &Operand| self.classes.operand(id, o);
        let varies = |o: &Operand| !matches!(o, Operand::Const(_));
        let mut varied = true;
        let (to, src) = match op {
            Op::Alloc { dst, kind: AllocKind::Cell(src) | AllocKind::Seq(_, src) } => {
                if varies(src) {
                    let cell = self.classes.find(self.classes.local(id, *dst));
                    self.varied.insert((cell, classes::CONTENT));
                }
                return;
            }
            Op::StoreCell { cell, src } => {
                varied = varies(src);
                (class(cell).map(|c| (c, classes::CONTENT)), class(src))
            }
            Op::StoreField { base, field, src } => {
                varied = varies(src);
                (class(base).map(|c| (c, *field)), class(src))
            }
            Op::StoreGlobal { global, src } => {
                if varies(src) {
                    self.varied_globals.insert(global.raw());
                }
                let src = class(src);
                push(&mut self.global_stores, global.raw(), id);
                (None, src)
            }
            Op::Recover { .. } => {
                self.recovers[id] = true;
                return;
            }
            Op::Call(call) => match (call.callee, call.args.as_slice()) {
                (Callee::Prim(Prim::SeqSet | Prim::MapSet), [base, _, value]) => {
                    (class(base).map(|c| (c, classes::CONTENT)), class(value))
                }
                (Callee::Prim(Prim::Send), [_, value]) => (None, class(value)),
                _ => return,
            },
            _ => return,
        };
        if let Some(to) = to {
            if varied {
                self.varied.insert(to);
            }
            let list = self.stores.entry(to).or_default();
            if list.last() != Some(&id) {
                list.push(id);
            }
        }
        if let Some(src) = src {
            push(&mut self.escapes, src, id);
        }
    }

    /// Functions that an instruction runs.
    pub(crate) fn callees(&self, id: FnId, at: At) -> impl Iterator<Item = FnId> + '_ {
        let all = &self.classes.facts[id].callees;
        let from = all.partition_point(|c| c.0 < at);
        all[from..].iter().take_while(move |c| c.0 == at).map(|c| c.1)
    }

    pub(crate) fn recovers(&self, id: FnId) -> bool {
        self.recovers[id]
    }

    /// The functions that a function defers and that recover from a panic of its own.
    pub(crate) fn swallowing(&self, id: FnId) -> Vec<FnId> {
        let panics = |cut: &Option<(u32, End)>| cut.is_some_and(|c| c.1 == End::Panic);
        if !self.shapes.get(id, true).cuts.iter().any(panics) {
            return Vec::new();
        }
        let mut all = Vec::new();
        for (block, body) in self.model.functions[id].blocks.iter_enumerated() {
            for (n, instr) in body.instrs.iter().enumerate() {
                if matches!(instr.op, Op::Defer(_)) {
                    let at = At { block, instr: n as u32 };
                    all.extend(self.callees(id, at).filter(|f| self.recovers[*f]));
                }
            }
        }
        all
    }

    /// Whether objects of a class are contexts.
    pub(crate) fn is_context(&self, class: u32) -> bool {
        self.contexts.contains(&class)
    }

    /// Whether objects of a class are locked.
    pub(crate) fn is_lock(&self, class: u32) -> bool {
        self.lock_operations.contains_key(&class)
    }

    pub(crate) fn is_helper(&self, id: FnId) -> bool {
        self.swaps.contains(&id)
    }

    /// The classes and everything they can be reached from.
    pub(crate) fn holders_of(&self, group: &FxHashSet<u32>) -> FxHashSet<u32> {
        let mut all = group.clone();
        let mut todo: Vec<u32> = group.iter().copied().collect();
        while let Some(class) = todo.pop() {
            for &holder in self.classes.holders.get(&class).into_iter().flatten() {
                if all.insert(holder) {
                    todo.push(holder);
                }
            }
        }
        all
    }

    /// Whether a function may hand an object of a class to its callers.
    pub(crate) fn may_hand_up(&self, id: FnId, class: u32) -> bool {
        let holders = self.holders_of(&std::iter::once(class).collect());
        let function = &self.model.functions[id];
        let n_in = (function.n_captures + function.n_params) as usize;
        let given = function.locals.ids().take(n_in);
        given.chain(function.results.iter().map(|r| r.local)).any(|local| {
            let class = self.classes.find(self.classes.local(id, local));
            let content = self.classes.field(class, classes::CONTENT);
            holders.contains(&class) || content.is_some_and(|c| holders.contains(&c))
        })
    }

    /// The class of what an instruction makes.
    pub(crate) fn made_at(&self, id: FnId, at: At) -> Option<u32> {
        let block = self.model.functions.get(id)?.blocks.get(at.block)?;
        match &block.instrs.get(at.instr as usize)?.op {
            op @ (Op::Alloc { .. }
            | Op::Part { .. }
            | Op::NewContext { .. }
            | Op::CopyStruct { .. }) => {
                let mut found = None;
                visit_op(op, &mut |part| {
                    if let (Part::Def(l), None) = (part, found) {
                        found = Some(self.classes.find(self.classes.local(id, l)));
                    }
                });
                found
            }
            _ => None,
        }
    }

    /// The class of what a function makes at a place of the source.
    pub(crate) fn made_with(&self, id: FnId, site: Site) -> Option<u32> {
        let blocks = self.model.functions.get(id)?.blocks.iter_enumerated();
        let mut instrs = blocks.flat_map(|(block, body)| {
            let of = move |n: usize| At { block, instr: n as u32 };
            body.instrs.iter().enumerate().map(move |(n, i)| (of(n), i.site))
        });
        instrs.find_map(|(at, s)| (s == site).then(|| self.made_at(id, at)).flatten())
    }

    /// Classes that a function makes and whose operations can wait.
    pub(crate) fn seeds(&self, id: FnId) -> Vec<u32> {
        let mut found = Vec::new();
        for made in &self.classes.facts[id].made {
            if made.owner.is_some() {
                continue;
            }
            let class = self.classes.find(made.node);
            match made.kind {
                Kind::Lock => found.push(class),
                kind if self.is_waited_for(class, kind) => found.push(class),
                Kind::Struct => {
                    let block = &self.model.functions[id].blocks[made.at.block];
                    let site = block.instrs.get(made.at.instr as usize).map(|i| i.site);
                    match site.and_then(|s| self.parts.get(&s)) {
                        Some(parts) => self.known_parts(class, parts, &mut found),
                        None => self.parts(class, 2, &mut found),
                    }
                }
                Kind::Wait | Kind::Later | Kind::Clock | Kind::Other => {}
            }
        }
        found.retain(|class| !self.harmless.contains(class));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether a function waits on nothing: a nil channel, a select without arms; with the classes of the
    /// variables that are always nil.
    pub(crate) fn waits_on_nothing(&self, id: FnId) -> Option<FxHashSet<u32>> {
        let function = &self.model.functions[id];
        let mut classes = FxHashSet::default();
        let mut any = false;
        let mut channel = |chan: &Operand| match chan {
            Operand::Const(_) => any = true,
            Operand::Local(local) if always_nil(function, *local) => {
                any = true;
                classes.insert(self.classes.find(self.classes.local(id, *local)));
            }
            Operand::Local(_) | Operand::Func(_) | Operand::Unknown => {}
        };
        for block in &function.blocks {
            for instr in &block.instrs {
                if let Op::Call(call) = &instr.op
                    && let Callee::Prim(Prim::Send | Prim::Recv) = call.callee
                {
                    call.args.first().into_iter().for_each(&mut channel);
                }
            }
            match &block.term {
                Term::Select { arms, default: None } if arms.is_empty() => {
                    channel(&Operand::Const(stanch_model::Const::Nil));
                }
                _ => {}
            }
        }
        any.then_some(classes)
    }

    /// Objects that are part of a struct of a known type.
    fn known_parts(&self, class: u32, parts: &Parts, found: &mut Vec<u32>) {
        for (field, inner) in &parts.0 {
            let Some(part) = self.classes.field(class, *field) else { continue };
            let mut made = self.made.get(&part).into_iter().flatten();
            if made.any(|(_, kind, owner)| {
                matches!(kind, Kind::Wait | Kind::Lock) && *owner == Some(class)
            }) {
                found.push(part);
            }
            self.known_parts(part, inner, found);
        }
    }

    /// Objects that are part of a struct.
    fn parts(&self, class: u32, depth: u32, found: &mut Vec<u32>) {
        for part in self.classes.fields(class) {
            let made = self.made.get(&part).into_iter().flatten();
            for (_, kind, owner) in made {
                match kind {
                    Kind::Wait | Kind::Lock if *owner == Some(class) => found.push(part),
                    Kind::Struct if *owner == Some(class) && depth > 0 && part != class => {
                        self.parts(part, depth - 1, found);
                        break;
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Whether a local, not a parameter, is nil wherever it is assigned.
fn always_nil(function: &Function, local: LocalId) -> bool {
    if local.index() < (function.n_captures + function.n_params) as usize {
        return false;
    }
    function.blocks.iter().flat_map(|b| &b.instrs).all(|i| {
        let mut assigns = false;
        visit_op(&i.op, &mut |part| assigns |= matches!(part, Part::Def(l) if l == local));
        let nil = Operand::Const(stanch_model::Const::Nil);
        !assigns || matches!(&i.op, Op::Assign { src, .. } if *src == nil)
    })
}

fn push(table: &mut ByClass, class: u32, id: FnId) {
    let list = table.entry(class).or_default();
    if list.last() != Some(&id) {
        list.push(id);
    }
}

/// Whether an allocation is of an object that others wait for or lock.
pub(crate) fn is_shared(kind: &AllocKind) -> bool {
    matches!(
        kind,
        AllocKind::Chan(_)
            | AllocKind::WaitGroup
            | AllocKind::Cond(_)
            | AllocKind::Once
            | AllocKind::Semaphore(_)
            | AllocKind::Mutex
            | AllocKind::RwMutex
    )
}
