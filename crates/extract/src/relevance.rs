//! Which functions matter: those that do something other goroutines can see, or hand concurrency
//! objects on, themselves or through functions of the same package.

use crate::classify::matters;
use crate::names::{Known, Names};
use stanch_base::{Idx, IndexVec};
use stanch_effects::Op;
use stanch_ir::{Call, Callee, Func, FuncId, InstrKind, Module, Rvalue, Terminator};
use stanch_types::{Builtin, Program};

/// A function without operations of its own is interpreted only up to this many blocks.
const SMALL: usize = 16;
/// A function with more blocks than this is out of view.
const HUGE: usize = 600;

/// Facts about the functions of a package.
pub(crate) struct Relevance {
    /// Whether the function's body is part of the model.
    pub(crate) relevant: IndexVec<FuncId, bool>,
    /// Whether it does visible operations, itself or through callees and literals.
    pub(crate) operates: IndexVec<FuncId, bool>,
    /// Functions of the package that each function calls or contains.
    pub(crate) callees: IndexVec<FuncId, Vec<FuncId>>,
}

impl Relevance {
    pub(crate) fn of(names: &Names<'_>, module: &Module) -> Self {
        let program = names.program;
        let mut callees: IndexVec<FuncId, Vec<FuncId>> = IndexVec::new();
        let mut operates: IndexVec<FuncId, bool> = IndexVec::new();
        for func in module.funcs.iter() {
            let scan = scan(names, func);
            callees.push(scan.callees);
            operates.push(scan.operates);
        }
        spread(&mut operates, &callees);
        let relevant = module
            .funcs
            .iter_enumerated()
            .map(|(id, f)| {
                let small = f.blocks.len() <= SMALL && carries(program, f);
                f.has_body && f.blocks.len() <= HUGE && (operates[id] || small)
            })
            .collect();
        Self { relevant, operates, callees }
    }
}

/// Marks callers of marked functions until nothing changes.
fn spread(marked: &mut IndexVec<FuncId, bool>, callees: &IndexVec<FuncId, Vec<FuncId>>) {
    let mut callers: IndexVec<FuncId, Vec<FuncId>> = IndexVec::from_elem(Vec::new(), callees.len());
    for (id, list) in callees.iter_enumerated() {
        list.iter().for_each(|&callee| callers[callee].push(id));
    }
    let mut work: Vec<FuncId> = marked.ids().filter(|&id| marked[id]).collect();
    while let Some(id) = work.pop() {
        for &caller in &callers[id] {
            if !std::mem::replace(&mut marked[caller], true) {
                work.push(caller);
            }
        }
    }
}

struct Scan {
    callees: Vec<FuncId>,
    operates: bool,
}

fn scan(names: &Names<'_>, func: &Func) -> Scan {
    let mut scan = Scan { callees: func.closures.clone(), operates: false };
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Send { .. } | InstrKind::Recv { .. } | InstrKind::Go(_) => {
                    scan.operates = true;
                }
                InstrKind::Assign(_, Rvalue::MakeChan { .. }) => scan.operates = true,
                _ => {}
            }
            if let InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) =
                &instr.kind
            {
                scan.operates |= operates(names, call);
                if let Callee::Static(object, _) = call.callee
                    && let Known::Body(id) = names.known(object)
                {
                    scan.callees.push(id);
                }
            }
        }
        scan.operates |= matches!(block.term, Terminator::Select { .. });
    }
    scan
}

/// Whether the call itself is something other goroutines can see.
fn operates(names: &Names<'_>, call: &Call) -> bool {
    match &call.callee {
        Callee::Builtin(builtin) => *builtin == Builtin::Close,
        Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
            let Known::Effect(effect) = names.known(*object) else { return false };
            !matches!(
                effect.op,
                Op::None
                    | Op::AtomicLoad
                    | Op::AtomicStore
                    | Op::AtomicUpdate
                    | Op::ContextBackground
                    | Op::ContextWithValue
                    | Op::Yield
                    | Op::Panic
            )
        }
        Callee::Value(_) => true,
        Callee::Closure(..) => false,
    }
}

/// Whether parameters or results can carry concurrency objects.
fn carries(program: &Program<'_>, func: &Func) -> bool {
    let locals = func.params.iter().chain(&func.results);
    locals.into_iter().any(|&l| matters(program, func.locals[l].ty, 0))
}

/// Whether a function calls one of `wanted` within `depth` calls.
pub(crate) fn reaches(
    relevance: &Relevance,
    from: FuncId,
    wanted: &IndexVec<FuncId, bool>,
    depth: u32,
) -> bool {
    let mut level = vec![from];
    let mut seen: IndexVec<FuncId, bool> = IndexVec::from_elem(false, wanted.len());
    seen[from] = true;
    for _ in 0..=depth {
        let mut next = Vec::new();
        for id in level {
            if wanted[id] {
                return true;
            }
            for &callee in &relevance.callees[id] {
                if callee.index() < wanted.len() && !std::mem::replace(&mut seen[callee], true) {
                    next.push(callee);
                }
            }
        }
        level = next;
    }
    false
}
