//! Which goroutines end only when somebody does something to what they wait for.
//!
//! A gate is an operation or a branch that lets a function go on only when a channel was closed or
//! sent to, a context is done or a flag is set. A function that cannot return with all gates shut
//! needs somebody who opens one.

use crate::origin::Origins;
use crate::package::{Package, successors};
use crate::summary::Base;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_effects::Op;
use stanch_ir::{
    Block, BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Rvalue, SelectOp,
    Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, ObjectId};
use std::cell::Cell;

/// What has to happen to something for a goroutine to go on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Need {
    /// The channel is closed or sent to.
    Received,
    /// The flag is set.
    Set,
    /// The context is done.
    Done,
    /// The channel is closed.
    Closed,
}

/// What a function waits for, as its caller can name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Key {
    pub(crate) base: Base,
    /// Fields from there.
    pub(crate) steps: Vec<ObjectId>,
    pub(crate) need: Need,
}

/// What a function that does not return by itself needs.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Ends {
    /// Without any one of these it does not return.
    pub(crate) must: Vec<Key>,
    /// Each of these alone lets it return.
    pub(crate) any: Vec<Key>,
}

impl Ends {
    /// What lets it return, each alone: the surest sign of an end if several things must happen.
    pub(crate) fn keys(&self) -> Vec<Key> {
        match self.must.iter().max_by_key(|key| key.need) {
            Some(key) => vec![key.clone()],
            None => self.any.clone(),
        }
    }
}

/// What is known of the goroutines of a package.
#[derive(Default, Debug)]
pub(crate) struct Workers {
    /// What each function needs to return; `None` for those that may return by themselves.
    pub(crate) ends: IndexVec<FuncId, Option<Ends>>,
    /// Fields whose closing, calling or setting may end a goroutine.
    pub(crate) fields: FxHashSet<ObjectId>,
    /// For fields that hold a context made from none: the fields that hold its cancel function.
    pub(crate) cancels: FxHashMap<ObjectId, ObjectId>,
}

/// More gates' keys than this are not told apart.
const MAX_KEYS: usize = 12;
/// Conditions that rest on conditions are followed so far.
const MAX_DEPTH: u32 = 4;
/// Longer chains of fields are not followed.
const MAX_STEPS: usize = 4;

enum Gate {
    /// Never opens.
    Shut,
    Needs(Ends),
}

/// The gates of one block: those that its instructions pass, and those of its successors.
struct Gates {
    inner: Vec<Gate>,
    edges: Vec<(BlockId, Option<Gate>)>,
}

impl Workers {
    pub(crate) fn new(package: &Package<'_>) -> Self {
        let mut workers = Self::default();
        let module = package.module;
        if !module.funcs.iter().any(starts) {
            return workers;
        }
        workers.ends = package.facts.iter().map(|f| f.ends.clone()).collect();
        let scan = Scan::new(package);
        for component in &package.order {
            if let [id] = **component
                && module.funcs[id].has_body
            {
                workers.ends[id] = scan.ends(&workers, id);
            }
        }
        workers.cancels.clone_from(&scan.cancels);
        workers.find_fields(&scan);
        workers
    }

    /// The function that a `go` statement starts.
    pub(crate) fn started(package: &Package<'_>, call: &Call) -> Option<FuncId> {
        package.body(&call.callee)
    }

    fn find_fields(&mut self, scan: &Scan<'_, '_>) {
        let package = scan.package;
        for started in package.startable() {
            let Some(Some(ends)) = self.ends.get(started) else { continue };
            let keys = ends.must.iter().chain(&ends.any);
            self.fields.extend(keys.filter_map(|key| key.steps.last()));
        }
        for (id, func) in package.module.funcs.iter_enumerated() {
            for kind in visit::kinds(func) {
                let InstrKind::Go(call) = kind else { continue };
                let Some(ends) = Self::started(package, call)
                    .and_then(|started| self.ends.get(started)?.as_ref())
                else {
                    continue;
                };
                for key in ends.must.iter().chain(&ends.any).filter(|key| key.steps.is_empty()) {
                    let outer = match key.base {
                        Base::Param(i) => match call.args.get(i) {
                            Some(Operand::Local(local)) => Some(*local),
                            _ => None,
                        },
                        Base::Capture(i) => {
                            let started = Self::started(package, call);
                            let inner = started.and_then(|s| package.module.funcs.get(s));
                            inner.and_then(|f| f.captures.get(i)).map(|c| c.outer)
                        }
                        Base::Global(_) | Base::Result(_) => None,
                    };
                    let Some(outer) = outer else { continue };
                    self.fields.extend(scan.origins[id].fields_of(func, outer));
                    // A cancel function stands for its context.
                    if let Some((made, 0)) = scan.origins[id].call(func, outer)
                        && package.op(&made.callee) == Op::ContextWithCancel
                        && let Some(&cancel) = made.dst.get(1)
                    {
                        self.fields.extend(scan.origins[id].fields_of(func, cancel));
                    }
                }
            }
        }
        let contexts = self.cancels.iter().filter(|(ctx, _)| self.fields.contains(*ctx));
        let cancels: Vec<ObjectId> = contexts.map(|(_, &cancel)| cancel).collect();
        self.fields.extend(cancels);
    }
}

/// What the search for gates needs to know of the whole package.
struct Scan<'s, 'a> {
    package: &'s Package<'a>,
    origins: IndexVec<FuncId, Origins>,
    /// Flags that are set where goroutines are started: their end is that they are unset.
    starts_true: FxHashSet<ObjectId>,
    cancels: FxHashMap<ObjectId, ObjectId>,
    /// How many questions led to the one at hand.
    depth: Cell<u32>,
}

impl<'s, 'a> Scan<'s, 'a> {
    fn new(package: &'s Package<'a>) -> Self {
        let origins = package.module.funcs.iter().map(Origins::new).collect();
        let mut scan = Self {
            package,
            origins,
            starts_true: FxHashSet::default(),
            cancels: FxHashMap::default(),
            depth: Cell::new(0),
        };
        for (id, func) in package.module.funcs.iter_enumerated() {
            let starts = starts(func);
            for kind in visit::kinds(func).filter(|_| starts) {
                if let InstrKind::Store(place, Operand::Const(ConstValue::Bool(true), _)) = kind
                    && let Some(stanch_ir::Proj::Field(_, field)) = place.proj.last()
                {
                    scan.starts_true.insert(*field);
                }
            }
            scan.find_cancels(id, func);
        }
        scan
    }

    /// Fields that get a context made here, paired with those that get its cancel function.
    fn find_cancels(&mut self, id: FuncId, func: &Func) {
        for kind in visit::kinds(func) {
            let InstrKind::Call(call) = kind else { continue };
            let op = self.package.op(&call.callee);
            let ([ctx, cancel], Op::ContextWithCancel | Op::ContextWithDeadline) = (&*call.dst, op)
            else {
                continue;
            };
            let parent = call.args.first();
            let rooted = parent.is_some_and(|parent| self.is_background(id, func, parent));
            if op == Op::ContextWithDeadline || !rooted {
                continue;
            }
            let ctx = self.origins[id].fields_of(func, *ctx);
            let cancel = self.origins[id].fields_of(func, *cancel);
            if let [cancel] = *cancel {
                self.cancels.extend(ctx.into_iter().map(|ctx| (ctx, cancel)));
            }
        }
    }

    fn is_background(&self, id: FuncId, func: &Func, operand: &Operand) -> bool {
        let Operand::Local(local) = operand else { return false };
        let made = self.origins[id].call(func, *local);
        made.is_some_and(|(call, _)| self.package.op(&call.callee) == Op::ContextBackground)
    }

    fn ends(&self, workers: &Workers, id: FuncId) -> Option<Ends> {
        let func = &self.package.module.funcs[id];
        let is_return = |block: &Block| block.term == Terminator::Return;
        self.search(workers, id, func, &is_return)
    }

    /// What lets `func` get to a block of which `target` holds.
    fn search(
        &self,
        workers: &Workers,
        id: FuncId,
        func: &Func,
        target: &dyn Fn(&Block) -> bool,
    ) -> Option<Ends> {
        let gates: IndexVec<BlockId, Gates> =
            func.blocks.iter().map(|block| self.gates(workers, id, func, block)).collect();
        let start = committed(func, &gates, target)?;
        let reach = |opens: &dyn Fn(&Ends) -> bool| reaches(func, &gates, start, target, opens);
        let mut keys: Vec<Key> = Vec::new();
        for gates in gates.iter() {
            let edges = gates.edges.iter().filter_map(|(_, gate)| gate.as_ref());
            for gate in gates.inner.iter().chain(edges) {
                let Gate::Needs(ends) = gate else { continue };
                for key in ends.must.iter().chain(&ends.any) {
                    if !keys.contains(key) {
                        keys.push(key.clone());
                    }
                }
            }
        }
        if !reach(&|_| true) || keys.len() > MAX_KEYS {
            return Some(Ends::default());
        }
        let must = keys.iter().filter(|key| !reach(&|ends| !ends.must.contains(key)));
        let any = keys.iter().filter(|key| reach(&|ends| ends.any.contains(key)));
        Some(Ends { must: must.cloned().collect(), any: any.cloned().collect() })
    }

    fn gates(&self, workers: &Workers, id: FuncId, func: &Func, block: &Block) -> Gates {
        let mut inner = Vec::new();
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Recv { chan, .. } => {
                    inner.extend(self.channel(id, func, chan, Need::Received));
                }
                InstrKind::Call(call) => inner.extend(self.call(workers, id, func, call)),
                _ => {}
            }
        }
        let mut edges = Vec::new();
        match &block.term {
            Terminator::Select { arms, default } => {
                for arm in arms {
                    let gate = match &arm.op {
                        SelectOp::Recv { chan, .. } => self.channel(id, func, chan, Need::Received),
                        SelectOp::Send { .. } => None,
                    };
                    edges.push((arm.target, gate));
                }
                edges.extend(default.iter().map(|&to| (to, None)));
            }
            Terminator::Branch { cond, then, els } => {
                edges.push((*then, self.branch(workers, id, func, cond, true)));
                edges.push((*els, self.branch(workers, id, func, cond, false)));
            }
            term => successors(term, &mut |to| edges.push((to, None))),
        }
        Gates { inner, edges }
    }

    /// The gate of a receive; timers open by themselves, and of what has no name nothing is known.
    fn channel(&self, id: FuncId, func: &Func, chan: &Operand, need: Need) -> Option<Gate> {
        let Operand::Local(local) = chan else {
            return matches!(chan, Operand::Nil(_)).then_some(Gate::Shut);
        };
        if self.is_timer(func, *local) {
            return (need == Need::Closed).then_some(Gate::Shut);
        }
        if let Some((call, _)) = self.origins[id].call(func, *local) {
            return self.made_channel(id, func, call, need);
        }
        self.named(id, func, *local, need)
    }

    /// The gate of a receive from what a call returned.
    fn made_channel(&self, id: FuncId, func: &Func, call: &Call, need: Need) -> Option<Gate> {
        if self.package.op(&call.callee) == Op::ContextDone {
            let Some(Operand::Local(ctx)) = receiver(call) else { return None };
            if self.is_background(id, func, &Operand::Local(*ctx)) {
                return Some(Gate::Shut);
            }
            return self.named(id, func, *ctx, Need::Done);
        }
        let key = self.getter(id, func, call, 0, need)?;
        Some(Gate::Needs(Ends { must: vec![key.clone()], any: vec![key] }))
    }

    fn named(&self, id: FuncId, func: &Func, local: LocalId, need: Need) -> Option<Gate> {
        let (base, steps) = self.origins[id].path(func, local)?;
        if steps.len() > MAX_STEPS {
            return None;
        }
        // Who sends as well takes a slot and gives it back.
        let sends = |kind: &InstrKind| match kind {
            InstrKind::Send { chan: Operand::Local(chan), .. } => {
                self.origins[id].path(func, *chan).is_some_and(|own| own == (base, steps.clone()))
            }
            _ => false,
        };
        if visit::kinds(func).any(sends) {
            return None;
        }
        let key = Key { base, steps, need };
        Some(Gate::Needs(Ends { must: vec![key.clone()], any: vec![key] }))
    }

    /// What a function that only returns a field returns, in terms of its caller.
    fn getter(
        &self,
        id: FuncId,
        func: &Func,
        call: &Call,
        result: usize,
        need: Need,
    ) -> Option<Key> {
        let callee = self.package.body(&call.callee)?;
        let body = self.package.module.funcs.get(callee)?;
        let (base, steps) = self.origins[callee].path(body, *body.results.get(result)?)?;
        self.lift(id, func, call, callee, &Key { base, steps, need })
    }

    /// A callee's key in terms of its caller.
    fn lift(&self, id: FuncId, func: &Func, call: &Call, callee: FuncId, key: &Key) -> Option<Key> {
        let outer = match key.base {
            Base::Param(i) => match call.args.get(i)? {
                Operand::Local(local) => *local,
                _ => return None,
            },
            Base::Capture(i) => self.package.module.funcs.get(callee)?.captures.get(i)?.outer,
            Base::Global(_) => return Some(key.clone()),
            Base::Result(_) => return None,
        };
        let (base, mut steps) = self.origins[id].path(func, outer)?;
        steps.extend(&key.steps);
        (steps.len() <= MAX_STEPS).then_some(Key { base, steps, need: key.need })
    }

    /// The gate of a call: what the callee needs to return.
    fn call(&self, workers: &Workers, id: FuncId, func: &Func, call: &Call) -> Option<Gate> {
        if self.package.never_returns(call) {
            return Some(Gate::Shut);
        }
        let callee = self.package.body(&call.callee)?;
        let ends = workers.ends.get(callee)?.as_ref()?;
        self.lifted(id, func, call, callee, ends)
    }

    fn lifted(
        &self,
        id: FuncId,
        func: &Func,
        call: &Call,
        callee: FuncId,
        ends: &Ends,
    ) -> Option<Gate> {
        if ends.must.is_empty() && ends.any.is_empty() {
            return Some(Gate::Shut);
        }
        let lift = |keys: &[Key]| -> Option<Vec<Key>> {
            keys.iter().map(|key| self.lift(id, func, call, callee, key)).collect()
        };
        // What cannot be named here may happen at any time.
        Some(Gate::Needs(Ends { must: lift(&ends.must)?, any: lift(&ends.any)? }))
    }

    /// The gate of one side of a branch.
    fn branch(
        &self,
        workers: &Workers,
        id: FuncId,
        func: &Func,
        cond: &Operand,
        side: bool,
    ) -> Option<Gate> {
        if self.depth.get() >= MAX_DEPTH {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        let gate = self.decided(workers, id, func, cond, side);
        self.depth.set(self.depth.get() - 1);
        gate
    }

    fn decided(
        &self,
        workers: &Workers,
        id: FuncId,
        func: &Func,
        cond: &Operand,
        side: bool,
    ) -> Option<Gate> {
        let Operand::Local(local) = cond else { return None };
        let origins = &self.origins[id];
        if let Some(chan) = origins.ok_of(func, *local) {
            return if side { None } else { self.channel(id, func, chan, Need::Closed) };
        }
        if let Some((call, result)) = origins.call(func, *local) {
            return self.asked(workers, id, func, call, result, side);
        }
        match origins.value(func, *local)? {
            Rvalue::Unary(UnaryOp::Not, inner) => self.branch(workers, id, func, inner, !side),
            Rvalue::Use(inner) => self.branch(workers, id, func, inner, side),
            Rvalue::Binary(op @ (BinaryOp::Eq | BinaryOp::Ne), x, y) => {
                self.compared(id, func, x, y, side == (*op == BinaryOp::Eq))
            }
            Rvalue::Load(_) => self.flag(id, func, *local, side),
            _ => None,
        }
    }

    /// A flag: one that is set where goroutines are started ends them when it is unset.
    fn flag(&self, id: FuncId, func: &Func, local: LocalId, side: bool) -> Option<Gate> {
        let (_, steps) = self.origins[id].path(func, local)?;
        let field = *steps.last()?;
        let own = self.package.facts[id].writes.fields.contains(&field);
        if own || side == self.starts_true.contains(&field) {
            return None;
        }
        self.named(id, func, local, Need::Set)
    }

    /// A branch on the answer of a call.
    fn asked(
        &self,
        workers: &Workers,
        id: FuncId,
        func: &Func,
        call: &Call,
        result: usize,
        side: bool,
    ) -> Option<Gate> {
        if self.package.op(&call.callee) == Op::AtomicLoad {
            let Some(Operand::Local(flag)) = call.args.first() else { return None };
            return self.flag(id, func, *flag, side);
        }
        let callee = self.package.body(&call.callee)?;
        let body = self.package.module.funcs.get(callee)?;
        let slot = *body.results.get(result)?;
        if let Some(Rvalue::Load(_)) = self.origins[callee].value(body, slot) {
            let (_, steps) = self.origins[callee].path(body, slot)?;
            let field = *steps.last()?;
            let own = self.package.facts[id].writes.fields.contains(&field);
            if own || side == self.starts_true.contains(&field) {
                return None;
            }
            let key = self.getter(id, func, call, result, Need::Set)?;
            return Some(Gate::Needs(Ends { must: vec![key.clone()], any: vec![key] }));
        }
        // A function that answers so only after a gate.
        let answers = answers(body, slot)?;
        let gives = |block: &Block| answers(block) == Some(side);
        let ends = self.search(workers, callee, body, &gives)?;
        self.lifted(id, func, call, callee, &ends)
    }

    /// A comparison that holds (or not, with `equal` false).
    fn compared(
        &self,
        id: FuncId,
        func: &Func,
        x: &Operand,
        y: &Operand,
        equal: bool,
    ) -> Option<Gate> {
        let Operand::Local(local) = x else { return None };
        let (call, _) = self.origins[id].call(func, *local)?;
        match (self.package.op(&call.callee), y) {
            (Op::ContextErr, Operand::Nil(_)) if !equal => {
                let Some(Operand::Local(ctx)) = receiver(call) else { return None };
                self.named(id, func, *ctx, Need::Done)
            }
            (Op::AtomicLoad, Operand::Const(ConstValue::Int(n), _)) => {
                let Some(Operand::Local(flag)) = call.args.first() else { return None };
                let zero = i64::try_from(n).is_ok_and(|n| n == 0);
                self.flag(id, func, *flag, equal != zero)
            }
            _ => None,
        }
    }

    /// Whether a channel is that of a timer or ticker.
    fn is_timer(&self, func: &Func, chan: LocalId) -> bool {
        let program = self.package.program;
        let Some(local) = func.locals.get(chan) else { return false };
        let Some((_, elem)) = program.chan_of(local.ty) else { return false };
        let Some(object) = program.named_object(elem) else { return false };
        object.package != ObjectId::UNIVERSE
            && &*program.object(object).name == "Time"
            && program.package_path(object.package) == "time"
    }
}

/// Whether a function starts a goroutine.
fn starts(func: &Func) -> bool {
    visit::kinds(func).any(|kind| matches!(kind, InstrKind::Go(_)))
}

/// The receiver of a method call.
fn receiver(call: &Call) -> Option<&Operand> {
    match &call.callee {
        Callee::Interface { recv, .. } => Some(recv),
        Callee::Static(..) => call.args.first(),
        Callee::Closure(..) | Callee::Value(_) | Callee::Builtin(_) => None,
    }
}

/// Which constant a block makes the result, if all blocks that set it make it a constant.
fn answers(body: &Func, slot: LocalId) -> Option<impl Fn(&Block) -> Option<bool>> {
    let set = move |block: &Block| {
        block.instrs.iter().rev().find_map(|instr| match &instr.kind {
            InstrKind::Assign(dst, value) if *dst == slot => Some(match value {
                Rvalue::Use(Operand::Const(ConstValue::Bool(b), _)) => Some(*b),
                _ => None,
            }),
            _ => None,
        })
    };
    let constant = body.blocks.iter().all(|block| set(block) != Some(None));
    constant.then_some(move |block: &Block| set(block).flatten())
}

/// The first block, among those reached with all gates shut, from which no target is reached so. A
/// function that may return early, and otherwise waits in a loop, waits from there on.
fn committed(
    func: &Func,
    gates: &IndexVec<BlockId, Gates>,
    target: &dyn Fn(&Block) -> bool,
) -> Option<BlockId> {
    let free = |id: BlockId| {
        let edges = gates[id].edges.iter().filter(|(_, gate)| gate.is_none());
        edges.map(|&(to, _)| to).filter(move |_| gates[id].inner.is_empty())
    };
    let mut reached = vec![false; func.blocks.len()];
    let mut order: Vec<BlockId> = Vec::new();
    let mut work: Vec<BlockId> = func.blocks.ids().take(1).collect();
    while let Some(id) = work.pop() {
        if !std::mem::replace(&mut reached[id.index()], true) {
            order.push(id);
            work.extend(free(id));
        }
    }
    let mut ends = vec![false; func.blocks.len()];
    let mut before: IndexVec<BlockId, Vec<BlockId>> =
        func.blocks.iter().map(|_| Vec::new()).collect();
    for &id in &order {
        for to in free(id) {
            before[to].push(id);
        }
        if target(&func.blocks[id]) && gates[id].inner.is_empty() {
            work.push(id);
        }
    }
    while let Some(id) = work.pop() {
        if !std::mem::replace(&mut ends[id.index()], true) {
            work.extend(&before[id]);
        }
    }
    let open = |id: &BlockId| reaches(func, gates, *id, target, &|_| true);
    let entry = func.blocks.ids().next()?;
    if !ends[entry.index()] {
        return Some(entry);
    }
    order.sort();
    order.into_iter().filter(|id| !ends[id.index()]).find(|id| open(id) && loops(func, *id))
}

/// Whether a block can run again.
fn loops(func: &Func, start: BlockId) -> bool {
    let mut seen = vec![false; func.blocks.len()];
    let mut work = Vec::new();
    successors(&func.blocks[start].term, &mut |to| work.push(to));
    while let Some(id) = work.pop() {
        if id == start {
            return true;
        }
        if !std::mem::replace(&mut seen[id.index()], true) {
            successors(&func.blocks[id].term, &mut |to| work.push(to));
        }
    }
    false
}

/// Whether a target can be reached when `opens` says which gates are open.
fn reaches(
    func: &Func,
    gates: &IndexVec<BlockId, Gates>,
    start: BlockId,
    target: &dyn Fn(&Block) -> bool,
    opens: &dyn Fn(&Ends) -> bool,
) -> bool {
    let open = |gate: &Gate| matches!(gate, Gate::Needs(ends) if opens(ends));
    let mut seen = vec![false; func.blocks.len()];
    let mut work: Vec<BlockId> = vec![start];
    while let Some(id) = work.pop() {
        if std::mem::replace(&mut seen[id.index()], true) || !gates[id].inner.iter().all(open) {
            continue;
        }
        if target(&func.blocks[id]) {
            return true;
        }
        let edges = gates[id].edges.iter();
        work.extend(edges.filter(|(_, gate)| gate.as_ref().is_none_or(open)).map(|&(to, _)| to));
    }
    false
}
