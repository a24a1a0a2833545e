//! Small functions that only look: a call of one is what it would be if the body stood in its place.
//!
//! So the same question asked twice has the same answer as long as nobody writes what it looks at, and
//! what a caller knows of an argument or a field decides a question about it.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::flow;
use crate::names::Known;
use crate::package::{Package, successors};
use crate::state::State;
use crate::term::{Part, PlaceId, Root, Term, TermId};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::Gives;
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
    Terminator,
};
use stanch_syntax::ast::UnaryOp;
use stanch_types::{Basic, ObjectId, TypeId, TypeKind};
use std::sync::Arc;

/// Functions of more blocks, or of more instructions, are not looked at so.
const MAX_BLOCKS: usize = 16;
const MAX_INSTRS: usize = 40;
/// Calls of such functions within others are followed so far.
const MAX_DEPTH: u32 = 3;
/// A call that ends in more ways than this is not taken apart.
const MAX_WAYS: usize = 4;

/// The body of a function that only looks.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    func: Arc<Func>,
    /// Whether it reads what others may write.
    pub(crate) shared: bool,
    /// The fields and package-level variables that it asks for itself.
    names: Box<[ObjectId]>,
}

/// The look that a function is, if it does nothing but compare and compute with what it is given and
/// what it finds there, and returns plain values.
pub(crate) fn find(package: &Package<'_>, id: FuncId) -> Option<Look> {
    let func = &package.module.funcs[id];
    let n_instrs: usize = func.blocks.iter().map(|block| block.instrs.len()).sum();
    let fits = func.has_body
        && !func.has_defer
        && !func.results.is_empty()
        && func.closures.is_empty()
        && func.blocks.len() <= MAX_BLOCKS
        && n_instrs <= MAX_INSTRS
        && func.locals.iter().all(|local| !local.address_taken && !local.captured_by_ref)
        && func.results.iter().all(|&local| is_plain(package, func.locals[local].ty));
    if !fits || flow::cycles(func).iter().any(|&cycle| cycle != 0) {
        return None;
    }
    let captured = |local: LocalId| func.captures.iter().any(|c| c.inner == local);
    let mut shared = !func.captures.is_empty();
    let mut names: FxHashSet<ObjectId> = FxHashSet::default();
    for kind in visit::kinds(func) {
        let mut writes_captured = false;
        visit::defs(kind, &mut |local| writes_captured |= captured(local));
        let only_looks = match kind {
            InstrKind::DeclareVar(_) => true,
            InstrKind::Assign(_, rvalue) => looks(rvalue),
            InstrKind::Call(call) => match looked_at(package, call)? {
                Some(inner) => {
                    shared |= inner.shared;
                    names.extend(&inner.names);
                    true
                }
                None => true,
            },
            _ => false,
        };
        if writes_captured || !only_looks {
            return None;
        }
        visit::places(kind, &mut |place| {
            shared |= matches!(place.base, PlaceBase::Global(_));
            shared |= place.proj.iter().any(|proj| !matches!(proj, Proj::Field(..)));
            if let PlaceBase::Global(object) = place.base {
                names.insert(object);
            }
            names.extend(place.proj.iter().filter_map(|proj| match proj {
                Proj::Field(_, field) => Some(*field),
                Proj::Deref | Proj::Index(_) => None,
            }));
        });
        shared |= matches!(kind, InstrKind::Assign(_, Rvalue::MapLookup { .. }));
    }
    let known = |term: &Terminator| {
        matches!(
            term,
            Terminator::Goto(_)
                | Terminator::Branch { .. }
                | Terminator::Return
                | Terminator::Panic(_)
                | Terminator::Unreachable
        )
    };
    if !func.blocks.iter().all(|block| known(&block.term)) {
        return None;
    }
    let mut names: Vec<ObjectId> = names.into_iter().collect();
    names.sort();
    Some(Look { func: Arc::new(func.clone()), shared, names: names.into() })
}

/// Whether values of a type are numbers, texts or truth values.
fn is_plain(package: &Package<'_>, ty: TypeId) -> bool {
    let program = package.program;
    match program.kind(program.underlying(ty)) {
        TypeKind::Basic(basic) => !matches!(basic, Basic::UnsafePointer),
        _ => false,
    }
}

fn looks(rvalue: &Rvalue) -> bool {
    matches!(
        rvalue,
        Rvalue::Use(_)
            | Rvalue::Load(_)
            | Rvalue::Convert(..)
            | Rvalue::Unary(..)
            | Rvalue::Binary(..)
            | Rvalue::MakeInterface(..)
            | Rvalue::MapLookup { .. }
            | Rvalue::Len(_)
    )
}

/// The look that a call within one is (`Some(None)`: a library function whose result hangs on the
/// arguments alone), if it is one.
fn looked_at<'p>(package: &'p Package<'_>, call: &Call) -> Option<Option<&'p Look>> {
    let Callee::Static(object, _) = call.callee else { return None };
    match package.names.known(object) {
        Known::Body(body) => package.facts.get(body)?.look.as_ref().map(Some),
        Known::Effect(effect) => (effect.gives == Gives::Alike).then_some(None),
        Known::Nothing => None,
    }
}

impl Look {
    /// Calls `f` for each field and package-level variable that it asks for.
    pub(crate) fn named(&self, f: &mut dyn FnMut(ObjectId)) {
        self.names.iter().for_each(|&object| f(object));
    }
}

/// One way through such a function, so far.
struct Way {
    state: State,
    values: FxHashMap<LocalId, TermId>,
    block: stanch_ir::BlockId,
}

impl<'a> Run<'a, '_> {
    /// The states after a call of a function that only looks.
    pub(crate) fn look(&mut self, state: &State, call: &Invocation<'a>) -> Option<Vec<State>> {
        let Target::Body(func) = call.target else { return None };
        let package = self.package;
        let look = package.facts.get(func)?.look.as_ref()?;
        if call.deferred || call.dst.is_empty() || look.shared && self.leaves_cycle(call) {
            return None;
        }
        let ways = self.ways(state.clone(), func, look, &call.args, MAX_DEPTH)?;
        let mut after = Vec::with_capacity(ways.len());
        for (mut state, results) in ways {
            for (&dst, value) in call.dst.iter().zip(results) {
                self.assign(&mut state, dst, value);
            }
            after.push(state);
        }
        (!after.is_empty()).then_some(after)
    }

    /// Whether a loop goes on as long as the answer of a call says so: who asks again waits for another
    /// answer.
    fn leaves_cycle(&self, call: &Invocation<'a>) -> bool {
        let (block, _) = self.now;
        let cycle = self.cycles[block];
        let Terminator::Branch { cond: Operand::Local(cond), then, els } =
            self.func.blocks[block].term
        else {
            return false;
        };
        if cycle == 0 || self.cycles[then] != 0 && self.cycles[els] != 0 {
            return false;
        }
        // What the condition is made of, within the block.
        let mut made_of: FxHashSet<LocalId> = [cond].into_iter().collect();
        for instr in self.func.blocks[block].instrs.iter().rev() {
            let mut defines = false;
            visit::defs(&instr.kind, &mut |local| defines |= made_of.contains(&local));
            if defines {
                visit::uses(&instr.kind, &mut |local| {
                    made_of.insert(local);
                });
            }
        }
        call.dst.iter().any(|dst| made_of.contains(dst))
    }

    /// The ways through a function that only looks, each with its results.
    fn ways(
        &mut self,
        state: State,
        id: FuncId,
        look: &Look,
        args: &[TermId],
        depth: u32,
    ) -> Option<Vec<(State, Vec<TermId>)>> {
        let depth = depth.checked_sub(1)?;
        let func = &*look.func;
        let mut values: FxHashMap<LocalId, TermId> = FxHashMap::default();
        values.extend(func.params.iter().copied().zip(args.iter().copied()));
        for (i, capture) in func.captures.iter().enumerate() {
            let place = self.captured(id, i)?;
            values.insert(capture.inner, self.read(&state, place));
        }
        let block = func.blocks.ids().next()?;
        let mut open = vec![Way { state, values, block }];
        let mut ended = Vec::new();
        while let Some(way) = open.pop() {
            if open.len() + ended.len() >= MAX_WAYS {
                return None;
            }
            self.steps += func.blocks[way.block].instrs.len();
            for mut way in self.through(way, func, depth)? {
                let block = &func.blocks[way.block];
                match block.term {
                    Terminator::Return => {
                        let results = func.results.iter();
                        let results = results.map(|&l| self.local_value(&mut way, func, l));
                        let results: Vec<TermId> = results.collect();
                        ended.push((way.state, results));
                    }
                    Terminator::Branch { ref cond, then, els } => {
                        let cond = self.value_of_operand(&mut way, func, cond);
                        let known = way.state.truth(&mut self.arena, cond).is_some();
                        for (target, truth) in [(els, false), (then, true)] {
                            let mut state = way.state.clone();
                            if state.assume(&mut self.arena, cond, truth) {
                                if !known {
                                    self.doubt(&mut state, cond, block.term_span, truth.into());
                                }
                                let values = way.values.clone();
                                open.push(Way { state, values, block: target });
                            }
                        }
                    }
                    ref term => successors(term, &mut |block| {
                        let (state, values) = (way.state.clone(), way.values.clone());
                        open.push(Way { state, values, block });
                    }),
                }
            }
        }
        (ended.len() <= MAX_WAYS).then_some(ended)
    }

    /// Runs the instructions of a block.
    fn through(&mut self, way: Way, func: &Func, depth: u32) -> Option<Vec<Way>> {
        let mut ways = vec![way];
        for instr in &func.blocks[ways[0].block].instrs {
            let mut next = Vec::with_capacity(ways.len());
            for mut way in ways {
                match &instr.kind {
                    InstrKind::DeclareVar(local) => {
                        let zero = self.zero(func.locals[*local].ty);
                        way.values.insert(*local, zero);
                        next.push(way);
                    }
                    InstrKind::Assign(local, rvalue) => {
                        let value = self.look_value(&mut way, func, rvalue)?;
                        way.values.insert(*local, value);
                        next.push(way);
                    }
                    InstrKind::Call(call) => next.extend(self.look_within(way, func, call, depth)?),
                    _ => return None,
                }
            }
            if next.len() > MAX_WAYS {
                return None;
            }
            ways = next;
        }
        Some(ways)
    }

    fn look_within(
        &mut self,
        mut way: Way,
        func: &Func,
        call: &Call,
        depth: u32,
    ) -> Option<Vec<Way>> {
        let package = self.package;
        let Callee::Static(object, _) = call.callee else { return None };
        let args = call.args.iter().map(|arg| self.value_of_operand(&mut way, func, arg));
        let args: Vec<TermId> = args.collect();
        let body = match package.names.known(object) {
            Known::Body(body) => body,
            Known::Effect(effect) if effect.gives == Gives::Alike => {
                for (i, &dst) in call.dst.iter().enumerate() {
                    let args = args.clone().into();
                    let value = self.arena.term(Term::Pure(object, i as u32, args, None));
                    way.values.insert(dst, value);
                }
                return Some(vec![way]);
            }
            Known::Effect(_) | Known::Nothing => return None,
        };
        let look = package.facts.get(body)?.look.as_ref()?;
        let Way { state, values, block } = way;
        let ways = self.ways(state, body, look, &args, depth)?;
        let with_results = |(state, results): (State, Vec<TermId>)| {
            let mut values = values.clone();
            values.extend(call.dst.iter().copied().zip(results));
            Way { state, values, block }
        };
        Some(ways.into_iter().map(with_results).collect())
    }

    fn look_value(&mut self, way: &mut Way, func: &Func, rvalue: &Rvalue) -> Option<TermId> {
        Some(match rvalue {
            Rvalue::Use(x) | Rvalue::Convert(x, _) => self.value_of_operand(way, func, x),
            Rvalue::Load(place) => self.look_load(way, func, place)?,
            Rvalue::Unary(UnaryOp::Not, x) => {
                let x = self.value_of_operand(way, func, x);
                self.arena.not(x)
            }
            Rvalue::Unary(..) => self.arena.fresh(),
            Rvalue::Binary(op, a, b) => {
                let a = self.value_of_operand(way, func, a);
                let b = self.value_of_operand(way, func, b);
                match self.compares_new(&way.state, *op, a, b) {
                    Some(known) => self.arena.bool(known),
                    None => self.arena.binary(*op, a, b),
                }
            }
            Rvalue::MakeInterface(x, _) => {
                let value = self.value_of_operand(way, func, x);
                self.arena.term(Term::Iface(value))
            }
            Rvalue::MapLookup { map, key, ok } => {
                let map = self.value_of_operand(way, func, map);
                let key = self.value_of_operand(way, func, key);
                let (value, has) = self.element(&way.state, map, key);
                if let Some(ok) = ok {
                    way.values.insert(*ok, has);
                }
                value
            }
            Rvalue::Len(x) => {
                let x = self.value_of_operand(way, func, x);
                self.length(&way.state, x)
            }
            _ => return None,
        })
    }

    fn local_value(&mut self, way: &mut Way, func: &Func, local: LocalId) -> TermId {
        match way.values.get(&local) {
            Some(&value) => value,
            None => self.zero(func.locals[local].ty),
        }
    }

    fn value_of_operand(&mut self, way: &mut Way, func: &Func, operand: &Operand) -> TermId {
        match operand {
            Operand::Local(local) => self.local_value(way, func, *local),
            other => self.operand(&mut way.state, other),
        }
    }

    fn look_load(&mut self, way: &mut Way, func: &Func, place: &Place) -> Option<TermId> {
        let mut proj = place.proj.iter();
        let mut at: PlaceId = match place.base {
            PlaceBase::Global(object) => self.arena.place(Root::Global(object), Box::default()),
            PlaceBase::Local(local) => {
                let value = self.local_value(way, func, local);
                match proj.next() {
                    None => return Some(value),
                    Some(Proj::Deref) => self.arena.pointee(value),
                    // A copy of a struct that is still what it was.
                    Some(Proj::Field(_, field)) => {
                        let from = match *self.arena.get(value) {
                            Term::Load(from, _) => from,
                            _ if self.copies.contains(&value) => self.arena.pointee(value),
                            _ => return None,
                        };
                        let copy = self.copies.contains(&value);
                        if !copy && way.state.load(&mut self.arena, from) != value {
                            return None;
                        }
                        self.arena.part(from, Part::Field(*field))
                    }
                    Some(Proj::Index(index)) => {
                        let index = self.value_of_operand(way, func, index);
                        let elements = self.arena.pointee(value);
                        self.arena.part(elements, Part::Index(index))
                    }
                }
            }
        };
        for proj in proj {
            at = match proj {
                Proj::Field(_, field) => self.arena.part(at, Part::Field(*field)),
                Proj::Deref => {
                    let pointer = way.state.load(&mut self.arena, at);
                    self.arena.pointee(pointer)
                }
                Proj::Index(index) => {
                    let index = self.value_of_operand(way, func, index);
                    let container = way.state.load(&mut self.arena, at);
                    let elements = self.arena.pointee(container);
                    self.arena.part(elements, Part::Index(index))
                }
            };
        }
        Some(self.read(&way.state, at))
    }
}
