//! Graphs of the model's functions without the ways that end the process: nobody is left to leak there.

use crate::flow::Flow;
use crate::scope::classes::{At, Classes, block};
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_model::{
    Call, Callee, FnId, Function, LocalId, Op, Operand, Prim, Program as Model, Term, successors,
};
use std::cell::OnceCell;

/// Copies that are looked through.
const COPIES: u32 = 2;

/// How a call or block ends for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    /// The process ends.
    Exit,
    /// A panic.
    Panic,
    /// The goroutine ends.
    Goexit,
}

/// The graph of a function.
#[derive(Debug)]
pub(crate) struct Shape {
    /// Successors without those that are left out.
    pub(crate) targets: Vec<Vec<usize>>,
    /// Instruction at which a block ends for good.
    pub(crate) cuts: Vec<Option<(u32, End)>>,
    /// Blocks that are left out or not reached.
    pub(crate) out: Vec<bool>,
    pub(crate) flow: Flow,
}

/// The graphs of a package's model, made when asked for.
pub(crate) struct Shapes<'m> {
    model: &'m Model,
    never: Never,
    with_panics: IndexVec<FnId, OnceCell<Shape>>,
    without: IndexVec<FnId, OnceCell<Shape>>,
}

impl<'m> Shapes<'m> {
    pub(crate) fn new(model: &'m Model, classes: &Classes) -> Self {
        let n = model.functions.len();
        let cells = || (0..n).map(|_| OnceCell::new()).collect();
        let never = Never::of(model, classes);
        Self { model, never, with_panics: cells(), without: cells() }
    }

    /// The graph of a function; `panics`: whether ways that end in a panic count.
    pub(crate) fn get(&self, id: FnId, panics: bool) -> &Shape {
        let table = if panics { &self.with_panics } else { &self.without };
        table[id].get_or_init(|| shape(id, &self.model.functions[id], &self.never, panics))
    }
}

/// What never returns, with the way it ends.
struct Never {
    functions: IndexVec<FnId, Option<End>>,
    /// What the calls of values and methods of values run, as far as that is known.
    dynamic: FxHashMap<(FnId, At), Vec<FnId>>,
}

impl Never {
    fn of(model: &Model, classes: &Classes) -> Self {
        let n = model.functions.len();
        let mut callers: IndexVec<FnId, Vec<FnId>> = IndexVec::from_elem(Vec::new(), n);
        let mut dynamic: FxHashMap<(FnId, At), Vec<FnId>> = FxHashMap::default();
        for (id, facts) in classes.facts.iter_enumerated() {
            for &(at, callee) in &facts.callees {
                callers[callee].push(id);
                let body = &model.functions[id].blocks[at.block];
                if let Some(Op::Call(call)) = body.instrs.get(at.instr as usize).map(|i| &i.op)
                    && matches!(call.callee, Callee::Value(_) | Callee::Method(..))
                {
                    dynamic.entry((id, at)).or_default().push(callee);
                }
            }
        }
        // A method's object is seldom the one that was seen made: what is stored to the field of any is meant.
        let stored = stored(model, classes);
        for (id, f) in model.functions.iter_enumerated() {
            let calls = f.blocks.iter_enumerated().flat_map(|(block, body)| {
                let at = move |n: usize| At { block, instr: n as u32 };
                body.instrs.iter().enumerate().map(move |(n, i)| (at(n), &i.op))
            });
            for (at, op) in calls {
                if let Op::Call(Call { callee: Callee::Value(Operand::Local(value)), .. }) = op
                    && let Some(field) = field_of(f, *value, COPIES)
                    && !dynamic.contains_key(&(id, at))
                    && let Some(Some(all)) = stored.get(&field)
                {
                    dynamic.insert((id, at), all.clone());
                    all.iter().for_each(|callee| callers[*callee].push(id));
                }
            }
        }
        let mut never = Self { functions: IndexVec::from_elem(None, n), dynamic };
        let mut todo: Vec<FnId> = model.functions.ids().collect();
        let mut queued: FxHashSet<FnId> = todo.iter().copied().collect();
        while let Some(id) = todo.pop() {
            queued.remove(&id);
            let f = &model.functions[id];
            if never.functions[id].is_some() || f.blocks.is_empty() {
                continue;
            }
            if let Some(end) = ends(id, f, &never) {
                never.functions[id] = Some(end);
                for caller in &callers[id] {
                    if queued.insert(*caller) {
                        todo.push(*caller);
                    }
                }
            }
        }
        never
    }

    /// How a call ends, if whatever it may run never returns.
    fn of_call(&self, id: FnId, at: At, call: &Call) -> Option<End> {
        match call.callee {
            Callee::Prim(Prim::Exit) => Some(End::Exit),
            Callee::Prim(Prim::Panic) => Some(End::Panic),
            Callee::Prim(Prim::Goexit) => Some(End::Goexit),
            Callee::Fn(f) => self.functions[f],
            Callee::Value(_) | Callee::Method(..) => {
                let mut ends = self.dynamic.get(&(id, at))?.iter().map(|f| self.functions[*f]);
                let first = ends.next()??;
                ends.all(|end| end.is_some()).then_some(first)
            }
            Callee::Prim(_) | Callee::Opaque | Callee::Pure(_) => None,
        }
    }
}

/// The functions that are stored to each field, of whatever object; none where one of them is not known.
fn stored(model: &Model, classes: &Classes) -> FxHashMap<u32, Option<Vec<FnId>>> {
    let mut stored: FxHashMap<u32, Option<Vec<FnId>>> = FxHashMap::default();
    let mut seen: FxHashSet<(u32, u32)> = FxHashSet::default();
    for (id, f) in model.functions.iter_enumerated() {
        for instr in f.blocks.iter().flat_map(|b| &b.instrs) {
            let Op::StoreField { field, src, .. } = &instr.op else { continue };
            let functions = match src {
                Operand::Func(f) => vec![*f],
                Operand::Local(_) => match classes.operand(id, src) {
                    Some(class) if !seen.insert((*field, class)) => continue,
                    Some(class) => classes.functions(class),
                    None => Vec::new(),
                },
                Operand::Const(_) | Operand::Unknown => Vec::new(),
            };
            let all = stored.entry(*field).or_insert_with(|| Some(Vec::new()));
            match (functions.is_empty(), all.as_mut()) {
                (true, _) => *all = None,
                (false, Some(all)) => all.extend(functions),
                (false, None) => {}
            }
        }
    }
    stored
}

/// The field that a local is read from, through `depth` copies at most.
fn field_of(f: &Function, local: LocalId, depth: u32) -> Option<u32> {
    f.blocks.iter().flat_map(|b| &b.instrs).find_map(|i| match &i.op {
        Op::LoadField { dst, field, .. } if *dst == local => Some(*field),
        Op::Assign { dst, src: Operand::Local(from) } if *dst == local && depth > 0 => {
            field_of(f, *from, depth - 1)
        }
        _ => None,
    })
}

/// How a function ends if not by returning or running for ever.
fn ends(id: FnId, f: &Function, never: &Never) -> Option<End> {
    let mut seen = vec![false; f.blocks.len()];
    let mut todo = vec![0];
    let mut found = None;
    while let Some(at) = todo.pop() {
        if std::mem::replace(&mut seen[at], true) {
            continue;
        }
        match cut(id, f, at, never) {
            Some((_, end)) => found = Some(found.unwrap_or(end)),
            None => {
                let term = &f.blocks[block(at)].term;
                if matches!(term, Term::Return) {
                    return None;
                }
                todo.extend(successors(term).iter().map(|b| b.index()));
            }
        }
    }
    found
}

fn cut(id: FnId, f: &Function, at: usize, never: &Never) -> Option<(u32, End)> {
    let body = &f.blocks[block(at)];
    for (n, instr) in body.instrs.iter().enumerate() {
        let Op::Call(call) = &instr.op else { continue };
        let here = At { block: block(at), instr: n as u32 };
        if let Some(end) = never.of_call(id, here, call) {
            return Some((n as u32, end));
        }
    }
    let end = match body.term {
        Term::Exit => End::Exit,
        Term::Panic(_) => End::Panic,
        Term::Goexit => End::Goexit,
        _ => return None,
    };
    Some((body.instrs.len() as u32, end))
}

/// Whether a block waits for others before it ends.
fn waits(f: &Function, at: usize, cut: Option<u32>) -> bool {
    let body = &f.blocks[block(at)];
    let last = cut.map_or(body.instrs.len(), |n| n as usize);
    cut.is_none() && matches!(body.term, Term::Select { .. })
        || body.instrs.iter().take(last).any(|i| match &i.op {
            Op::Call(Call { callee: Callee::Prim(prim), .. }) => super::operations::waits(*prim),
            _ => false,
        })
}

fn shape(id: FnId, f: &Function, never: &Never, panics: bool) -> Shape {
    let n = f.blocks.len();
    let cuts: Vec<_> = (0..n).map(|at| cut(id, f, at, never)).collect();
    let all: Vec<Vec<usize>> = (0..n)
        .map(|at| match cuts[at] {
            Some(_) => Vec::new(),
            None => successors(&f.blocks[block(at)].term).iter().map(|b| b.index()).collect(),
        })
        .collect();
    let aborts = |end: End| end == End::Exit || end == End::Panic && !panics;
    let quiet: Vec<bool> = (0..n).map(|at| !waits(f, at, cuts[at].map(|c| c.0))).collect();
    let mut out: Vec<bool> =
        (0..n).map(|at| quiet[at] && cuts[at].is_some_and(|c| aborts(c.1))).collect();
    let mut changed = true;
    while changed {
        changed = false;
        for at in (0..n).rev() {
            if !out[at] && quiet[at] && !all[at].is_empty() && all[at].iter().all(|t| out[*t]) {
                out[at] = true;
                changed = true;
            }
        }
    }
    let mut targets: Vec<Vec<usize>> = all
        .iter()
        .map(|next| next.iter().filter(|t| !out[**t]).copied().collect::<Vec<usize>>())
        .collect();
    let mut reached = vec![false; n];
    let mut todo = if out.first() == Some(&false) { vec![0] } else { Vec::new() };
    while let Some(at) = todo.pop() {
        if !std::mem::replace(&mut reached[at], true) {
            todo.extend(&targets[at]);
        }
    }
    for at in 0..n {
        if !reached[at] {
            out[at] = true;
            targets[at].clear();
        }
    }
    let returns: Vec<bool> = (0..n)
        .map(|at| {
            !out[at] && cuts[at].is_none() && matches!(f.blocks[block(at)].term, Term::Return)
        })
        .collect();
    let ends: Vec<bool> = (0..n).map(|at| out[at] || returns[at] || cuts[at].is_some()).collect();
    let flow = Flow::of(&targets, &ends, &returns);
    Shape { targets, cuts, out, flow }
}
