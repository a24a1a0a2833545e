//! Objects that some error returns of a function take down and a later one forgets.
//!
//! Nothing says of such an object that it has to be ended; the function itself shows it: where a step
//! fails, it calls what takes the object down again (closes its channels, deletes its entries, stops
//! what it started). An error return that comes after the place where one of those was decided, because
//! yet another step failed, leaves the object as it is. Who does anything to the object in between
//! that may end it or hand it on answers for it.

use crate::given;
use crate::origin::Origins;
use crate::package::{Package, successors};
use crate::report::{Forgotten, Step, StepKind};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_ir::{
    Block, BlockId, Call, Callee, Dominators, Func, FuncId, InstrKind, LocalId, LocalKind, Operand,
    Place, PlaceBase, Proj, Rvalue, Span, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Builtin, ObjectId, TypeKind};

/// So many error returns show that the object has to be taken down.
const MIN_SIBLINGS: usize = 2;
/// Calls below a function are followed so far.
const MAX_DEPTH: u32 = 6;

/// The error returns of a package's functions that forget what others of the same function take down.
pub(crate) fn find(package: &Package<'_>) -> Vec<Forgotten> {
    let mut undoings = Undoings { package, known: FxHashMap::default() };
    let mut found = Vec::new();
    for (id, func) in package.module.funcs.iter_enumerated() {
        let error = func.results.last().filter(|&&r| package.is_error(func.locals[r].ty));
        if let Some(&error) = error.filter(|_| func.has_body && !package.in_test(func.span)) {
            found.extend(of_func(&mut undoings, id, func, error));
        }
    }
    found.sort_by_key(|f| (f.span, f.exit));
    found
}

fn of_func(
    undoings: &mut Undoings<'_, '_>,
    id: FuncId,
    func: &Func,
    error: LocalId,
) -> Vec<Forgotten> {
    let package = undoings.package;
    let mut found = Vec::new();
    if !repeats(package, func) {
        return found;
    }
    let origins = Origins::new(func);
    let objects: Vec<(LocalId, Span)> = func
        .locals
        .iter_enumerated()
        .filter(|(_, local)| local.kind == LocalKind::Var && !local.captured_by_ref)
        .filter_map(|(local, _)| Some((local, made(package, func, &origins, local)?)))
        .collect();
    if objects.is_empty() {
        return found;
    }
    let graph = Graph::new(func);
    for (object, span) in objects {
        let names = aliases(func, &origins, object);
        let mut search =
            Search { undoings, id, func, error, origins: &origins, graph: &graph, names };
        found.extend(search.run(object, span));
    }
    found
}

/// Where a variable's value is made, if that is at one place: a literal, or a call that makes what it
/// returns.
fn made(package: &Package<'_>, func: &Func, origins: &Origins, object: LocalId) -> Option<Span> {
    let ty = func.locals.get(object)?.ty;
    package.program.pointee(ty)?;
    let Rvalue::Use(Operand::Local(from)) = origins.value(func, object)? else { return None };
    let new = match (origins.value(func, *from), origins.call(func, *from)) {
        (Some(Rvalue::New(_)), _) => true,
        // Callers of functions with something to close are compared with each other.
        (None, Some((call, _))) => given::makes(package, func, call) && !package.is_closable(ty),
        _ => false,
    };
    origins.span(func, object).filter(|_| new)
}

/// Whether a function of the package is called in several places with a variable: few functions are
/// looked at any further.
fn repeats(package: &Package<'_>, func: &Func) -> bool {
    let mut times: FxHashMap<FuncId, usize> = FxHashMap::default();
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Call(call) if call.args.iter().any(|x| matches!(x, Operand::Local(_))) => {
            package.body(&call.callee).is_some_and(|body| {
                let times = times.entry(body).or_default();
                *times += 1;
                *times >= MIN_SIBLINGS
            })
        }
        _ => false,
    })
}

/// The locals that hold the object and nothing else.
fn aliases(func: &Func, origins: &Origins, object: LocalId) -> FxHashSet<LocalId> {
    let mut names = FxHashSet::from_iter([object]);
    for kind in visit::kinds(func) {
        match kind {
            InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) if *to == object => {
                names.insert(*from);
            }
            InstrKind::Assign(to, Rvalue::Use(Operand::Local(from)))
                if *from == object
                    && origins.is_once(*to)
                    && func.locals.get(*to).is_some_and(|l| l.kind == LocalKind::Temp) =>
            {
                names.insert(*to);
            }
            _ => {}
        }
    }
    names
}

/// The graph of a function.
struct Graph {
    dominators: Dominators,
    predecessors: IndexVec<BlockId, Vec<BlockId>>,
}

impl Graph {
    fn new(func: &Func) -> Self {
        Self { dominators: func.dominators(), predecessors: func.predecessors() }
    }

    /// The blocks that can run after a block.
    fn after(&self, func: &Func, from: BlockId) -> FxHashSet<BlockId> {
        let mut seen = FxHashSet::default();
        let mut work = Vec::new();
        successors(&func.blocks[from].term, &mut |to| work.push(to));
        while let Some(id) = work.pop() {
            if seen.insert(id) {
                successors(&func.blocks[id].term, &mut |to| work.push(to));
            }
        }
        seen
    }

    /// The blocks that can run before a block, itself included.
    fn before(&self, to: BlockId) -> FxHashSet<BlockId> {
        let mut seen = FxHashSet::default();
        let mut work = vec![to];
        while let Some(id) = work.pop() {
            if seen.insert(id) {
                work.extend(&self.predecessors[id]);
            }
        }
        seen
    }

    /// The nearest block over another one at whose end the way divides.
    fn decision(&self, func: &Func, of: BlockId) -> Option<BlockId> {
        let over = |&id: &BlockId| id != of && self.dominators.dominates(id, of);
        let divides = |&id: &BlockId| func.blocks[id].term.targets().len() > 1;
        let all = func.blocks.ids().filter(over).filter(divides);
        all.reduce(|a, b| if self.dominators.dominates(a, b) { b } else { a })
    }
}

/// An error return that takes the object down.
struct Sibling {
    block: BlockId,
    call: Span,
    decision: BlockId,
}

struct Search<'s, 'u, 'a> {
    undoings: &'s mut Undoings<'u, 'a>,
    id: FuncId,
    func: &'s Func,
    error: LocalId,
    origins: &'s Origins,
    graph: &'s Graph,
    names: FxHashSet<LocalId>,
}

impl Search<'_, '_, '_> {
    fn run(&mut self, object: LocalId, span: Span) -> Vec<Forgotten> {
        let func = self.func;
        let captured =
            func.closures.iter().filter_map(|&c| self.undoings.package.module.funcs.get(c));
        if captured.flat_map(|c| &c.captures).any(|c| self.names.contains(&c.outer)) {
            return Vec::new();
        }
        let mut calls: FxHashMap<FuncId, Vec<(BlockId, Span)>> = FxHashMap::default();
        for (block, data) in func.blocks.iter_enumerated() {
            for instr in &data.instrs {
                match &instr.kind {
                    InstrKind::Call(call) if call.args.iter().any(|arg| self.is_it(arg)) => {
                        if let Some(body) = self.undoings.package.body(&call.callee) {
                            calls.entry(body).or_default().push((block, instr.span));
                        }
                    }
                    InstrKind::Defer(call) | InstrKind::Go(call)
                        if call.args.iter().any(|arg| self.is_it(arg)) =>
                    {
                        return Vec::new();
                    }
                    _ => {}
                }
            }
        }
        let mut enders: Vec<(FuncId, Vec<Sibling>)> = Vec::new();
        for (ender, at) in calls {
            if at.len() < MIN_SIBLINGS || self.undoings.of(ender).is_empty() {
                continue;
            }
            let siblings: Option<Vec<Sibling>> =
                at.into_iter().map(|(block, call)| self.sibling(block, call)).collect();
            enders.extend(siblings.map(|siblings| (ender, siblings)));
        }
        enders.sort_by_key(|(_, siblings)| siblings.iter().map(|s| s.call).min());
        let name = func.locals[object].name.to_string();
        let exits: Vec<BlockId> = func.blocks.ids().filter(|&b| self.fails(b).is_some()).collect();
        let mut found: Vec<Forgotten> = Vec::new();
        for (ender, siblings) in &enders {
            for &exit in &exits {
                let Some((decision, after)) = self.forgets(*ender, siblings, exit) else {
                    continue;
                };
                let Some(first) = siblings.iter().map(|s| s.call).min() else { continue };
                let block = &func.blocks[exit];
                if found.iter().any(|f| f.exit == block.term_span) {
                    continue;
                }
                let step = |span: Span, kind: StepKind| Step { func: self.id, span, kind };
                let branch = &func.blocks[decision];
                found.push(Forgotten {
                    func: self.id,
                    span,
                    name: name.clone(),
                    ender: *ender,
                    taken_down: first,
                    times: siblings.len(),
                    exit: block.term_span,
                    path: vec![
                        step(span, StepKind::Acquire),
                        step(func.blocks[after].term_span, StepKind::Branch(false)),
                        step(branch.term_span, StepKind::Branch(true)),
                        step(block.term_span, StepKind::Return),
                    ],
                });
            }
        }
        found
    }

    fn is_it(&self, operand: &Operand) -> bool {
        matches!(operand, Operand::Local(local) if self.names.contains(local))
    }

    /// What a block returns as its error, if it returns and that is not nil for certain.
    fn returned(&self, block: BlockId) -> Option<&Operand> {
        let block = self.func.blocks.get(block)?;
        if block.term != Terminator::Return {
            return None;
        }
        let value = block.instrs.iter().rev().find_map(|instr| match &instr.kind {
            InstrKind::Assign(to, Rvalue::Use(value)) if *to == self.error => Some(value),
            _ => None,
        });
        value.filter(|value| !matches!(value, Operand::Nil(_) | Operand::Zero(_)))
    }

    /// A call after which the function returns an error and nothing else, if that is so.
    fn sibling(&self, block: BlockId, call: Span) -> Option<Sibling> {
        let func = self.func;
        let data = &func.blocks[block];
        // The object is not used any more.
        let rest = data.instrs.iter().skip_while(|i| i.span != call || !is_call(&i.kind)).skip(1);
        for instr in rest {
            let mut uses = false;
            visit::uses(&instr.kind, &mut |local| uses |= self.names.contains(&local));
            if uses {
                return None;
            }
        }
        self.returned(block)?;
        Some(Sibling { block, call, decision: self.graph.decision(func, block)? })
    }

    /// If a block returns an error because a step failed: the local that tells so.
    fn fails(&self, exit: BlockId) -> Option<LocalId> {
        let func = self.func;
        let value = self.returned(exit)?;
        let decision = self.graph.decision(func, exit)?;
        let Terminator::Branch { cond: Operand::Local(cond), then, els } =
            &func.blocks[decision].term
        else {
            return None;
        };
        let Rvalue::Binary(op, Operand::Local(told), Operand::Nil(_)) =
            self.origins.value(func, *cond)?
        else {
            return None;
        };
        let side = match op {
            BinaryOp::Ne => *then,
            BinaryOp::Eq => *els,
            _ => return None,
        };
        let is_error = self.undoings.package.is_error(func.locals.get(*told)?.ty);
        if !is_error || !self.graph.dominators.dominates(side, exit) {
            return None;
        }
        let same = match value {
            Operand::Local(local) => {
                let source = self.origins.source(func, *local);
                source == *told || self.wraps(source, *told, 3)
            }
            _ => false,
        };
        (same || self.returns_nothing_else(exit)).then_some(*told)
    }

    /// Whether a value is what a call made of an error.
    fn wraps(&self, value: LocalId, error: LocalId, depth: u32) -> bool {
        if value == error {
            return true;
        }
        let Some(depth) = depth.checked_sub(1) else { return false };
        let mut found = false;
        let mut look = |operand: &Operand| {
            if let Operand::Local(local) = operand {
                found |= self.wraps(self.origins.source(self.func, *local), error, depth);
            }
        };
        match (self.origins.call(self.func, value), self.origins.value(self.func, value)) {
            (Some((call, _)), _) => call.args.iter().for_each(&mut look),
            (_, Some(Rvalue::MakeSlice { elems, .. })) => elems.iter().for_each(&mut look),
            _ => {}
        }
        found
    }

    /// Whether a return gives nil for another result, so that the error is one.
    fn returns_nothing_else(&self, exit: BlockId) -> bool {
        let others = self.func.results.iter().filter(|&&r| r != self.error);
        others.into_iter().any(|&result| {
            self.func.blocks[exit].instrs.iter().rev().any(|instr| {
                matches!(&instr.kind, InstrKind::Assign(to, Rvalue::Use(Operand::Nil(_))) if *to == result)
            })
        })
    }

    /// Whether a failing return leaves what the others take down: the decision that leads to it, and that
    /// of a sibling before.
    fn forgets(
        &mut self,
        ender: FuncId,
        siblings: &[Sibling],
        exit: BlockId,
    ) -> Option<(BlockId, BlockId)> {
        let func = self.func;
        let told = self.fails(exit)?;
        let decision = self.graph.decision(func, exit)?;
        let before = self.graph.before(exit);
        if siblings.iter().any(|s| before.contains(&s.block)) {
            return None;
        }
        let mut over: Vec<BlockId> = siblings.iter().map(|s| s.decision).collect();
        let dominators = &self.graph.dominators;
        over.retain(|&d| d != decision && dominators.dominates(d, decision));
        over.sort_by(|&a, &b| dominators.dominates(a, b).cmp(&true));
        over.dedup();
        for after in over {
            let region = self.graph.after(func, after);
            let region: Vec<BlockId> =
                region.into_iter().filter(|b| before.contains(b) && *b != after).collect();
            if self.step_in(&region, told) && !self.leaves(ender, &region) {
                return Some((decision, after));
            }
        }
        None
    }

    /// Whether a call in some blocks gives an error variable its value.
    fn step_in(&self, region: &[BlockId], told: LocalId) -> bool {
        let instrs = region.iter().flat_map(|&b| &self.func.blocks[b].instrs);
        let sources: Vec<LocalId> = instrs
            .clone()
            .filter_map(|i| match &i.kind {
                InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) if *to == told => {
                    Some(*from)
                }
                _ => None,
            })
            .chain([told])
            .collect();
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Call(call) => call.dst.iter().any(|dst| sources.contains(dst)),
            _ => false,
        })
    }

    /// Whether something in some blocks may end the object or make it another's business.
    fn leaves(&mut self, ender: FuncId, region: &[BlockId]) -> bool {
        let func = self.func;
        let ends = self.undoings.of(ender).clone();
        region.iter().any(|&block| {
            let data: &Block = &func.blocks[block];
            data.instrs.iter().any(|instr| self.instr_leaves(ender, &ends, &instr.kind))
        })
    }

    fn instr_leaves(&mut self, ender: FuncId, ends: &Undoing, kind: &InstrKind) -> bool {
        match kind {
            InstrKind::DeclareVar(_) | InstrKind::RunDefers => false,
            InstrKind::Assign(to, Rvalue::Use(value)) => {
                self.is_it(value) && !self.names.contains(to)
            }
            InstrKind::Assign(_, Rvalue::Load(_) | Rvalue::Binary(..)) => false,
            InstrKind::Assign(to, Rvalue::AddressOf(place)) => {
                self.is_part(place) && !self.is_receiver(*to)
            }
            InstrKind::Call(call) => self.call_leaves(ender, ends, call),
            kind => {
                let mut uses = false;
                visit::operands(kind, &mut |operand| uses |= self.is_it(operand));
                uses
            }
        }
    }

    fn is_part(&self, place: &Place) -> bool {
        matches!(place.base, PlaceBase::Local(local) if self.names.contains(&local))
    }

    /// Whether a temporary is nothing but the receiver of calls.
    fn is_receiver(&self, local: LocalId) -> bool {
        let temporary = self.func.locals.get(local).is_some_and(|l| l.kind == LocalKind::Temp);
        temporary
            && visit::kinds(self.func).all(|kind| {
                let mut uses = false;
                visit::operands(kind, &mut |o| {
                    uses |= matches!(o, Operand::Local(l) if *l == local)
                });
                match kind {
                    _ if !uses => true,
                    InstrKind::Call(call) => {
                        let rest = call.args.iter().skip(1);
                        !rest.into_iter().any(|o| matches!(o, Operand::Local(l) if *l == local))
                    }
                    _ => false,
                }
            })
    }

    fn call_leaves(&mut self, ender: FuncId, ends: &Undoing, call: &Call) -> bool {
        let package = self.undoings.package;
        let gets: Vec<usize> = call
            .args
            .iter()
            .enumerate()
            .filter(|(_, arg)| self.is_it(arg))
            .map(|(i, _)| i)
            .collect();
        let receives = matches!(&call.callee, Callee::Interface { recv, .. } | Callee::Value(recv) if self.is_it(recv));
        let Some(body) = package.body(&call.callee) else {
            return receives || !gets.is_empty();
        };
        if body == ender || self.undoings.of(body).iter().any(|undoing| ends.contains(undoing)) {
            return true;
        }
        gets.into_iter().any(|i| !package.facts[body].lends.leaves_whole(i))
    }
}

fn is_call(kind: &InstrKind) -> bool {
    matches!(kind, InstrKind::Call(_))
}

/// What a function takes back of what was taken: kinds of places, each with how.
type Undoing = FxHashSet<(ObjectId, How)>;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum How {
    /// A channel in it is closed.
    Closed,
    /// An entry of the map in it is deleted.
    Deleted,
    /// A method is called on it that ends it by its name.
    Ended,
    /// The function in it is called.
    Called,
}

struct Undoings<'u, 'a> {
    package: &'u Package<'a>,
    known: FxHashMap<FuncId, Undoing>,
}

impl Undoings<'_, '_> {
    /// What a function and those that it calls take back.
    fn of(&mut self, id: FuncId) -> &Undoing {
        if !self.known.contains_key(&id) {
            let mut found = Undoing::default();
            let mut seen = FxHashSet::default();
            self.collect(id, MAX_DEPTH, &mut seen, &mut found);
            self.known.insert(id, found);
        }
        self.known.entry(id).or_default()
    }

    fn collect(&self, id: FuncId, depth: u32, seen: &mut FxHashSet<FuncId>, found: &mut Undoing) {
        let Some(func) = self.package.module.funcs.get(id).filter(|_| seen.insert(id)) else {
            return;
        };
        let origins = Origins::new(func);
        for kind in visit::kinds(func) {
            if let InstrKind::MapDelete { map: Operand::Local(map), .. } = kind {
                found.extend(field(func, &origins, *map).map(|f| (f, How::Deleted)));
            }
            if let InstrKind::Call(call) | InstrKind::Defer(call) = kind {
                found.extend(self.undone(func, &origins, call));
            }
        }
        if depth > 0 {
            for &callee in &self.package.facts[id].callees {
                self.collect(callee, depth - 1, seen, found);
            }
        }
    }

    fn undone(&self, func: &Func, origins: &Origins, call: &Call) -> Option<(ObjectId, How)> {
        let program = self.package.program;
        let (of, how) = match &call.callee {
            Callee::Builtin(Builtin::Close) => (call.args.first()?, How::Closed),
            Callee::Value(value) => {
                let Operand::Local(local) = value else { return None };
                let ty = program.underlying(func.locals.get(*local)?.ty);
                let TypeKind::Signature(signature) = program.kind(ty) else { return None };
                let stops = signature.params.is_empty() && signature.results.is_empty();
                stops.then_some((value, How::Called))?
            }
            Callee::Interface { recv, method } => {
                self.is_end(*method).then_some((recv, How::Ended))?
            }
            Callee::Static(method, _) => {
                self.is_end(*method).then_some((call.args.first()?, How::Ended))?
            }
            Callee::Closure(..) | Callee::Builtin(_) => return None,
        };
        let Operand::Local(of) = of else { return None };
        Some((field(func, origins, *of)?, how))
    }

    fn is_end(&self, method: ObjectId) -> bool {
        self.package.names.is_release_word(self.package.program.object_name(method))
    }
}

/// The field or package-level variable that a local was loaded from.
fn field(func: &Func, origins: &Origins, local: LocalId) -> Option<ObjectId> {
    let source = origins.source(func, local);
    let (Rvalue::Load(place) | Rvalue::AddressOf(place)) = origins.value(func, source)? else {
        return None;
    };
    match (place.proj.last(), place.base) {
        (Some(Proj::Field(_, field)), _) => Some(*field),
        (None, PlaceBase::Global(object)) => Some(object),
        _ => None,
    }
}
