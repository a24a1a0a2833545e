//! Where exploration starts: functions that make an object or start a goroutine, and those to which
//! such objects are returned.

use crate::carry::Carry;
use crate::classify::object_kind;
use crate::names::{Known, Names};
use crate::need::Needs;
use stanch_base::IndexVec;
use stanch_effects::Op;
use stanch_ir::{Call, Callee, Func, FuncId, InstrKind, Module, Operand, Rvalue, Terminator};

pub(crate) fn roots(
    names: &Names<'_>,
    carry: &Carry<'_>,
    module: &Module,
    needs: &Needs,
) -> Vec<FuncId> {
    let graph = Graph::new(names, module);
    let waits = graph.spread(module.funcs.iter().map(|f| waits(names, f)).collect());
    let makes = makes(names, carry, module, &graph);
    let ids = module.funcs.ids().filter(|&id| {
        let func = &module.funcs[id];
        needs.relevant[id] && waits[id] && makes[id] && (func.parent.is_none() || graph.escapes[id])
    });
    ids.collect()
}

/// Who runs whom within the package.
struct Graph {
    /// Functions each one calls, and literals in it.
    callees: IndexVec<FuncId, Vec<FuncId>>,
    /// Literals that the function calls, starts or defers itself.
    own: IndexVec<FuncId, Vec<FuncId>>,
    /// Literals that are used as values.
    escapes: IndexVec<FuncId, bool>,
}

impl Graph {
    fn new(names: &Names<'_>, module: &Module) -> Self {
        let n = module.funcs.len();
        let mut graph = Self {
            callees: IndexVec::from_elem(Vec::new(), n),
            own: IndexVec::from_elem(Vec::new(), n),
            escapes: IndexVec::from_elem(false, n),
        };
        for (id, func) in module.funcs.iter_enumerated() {
            let mut direct = Vec::new();
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) =
                    &instr.kind
                else {
                    continue;
                };
                match &call.callee {
                    Callee::Closure(literal, _) => direct.push(*literal),
                    Callee::Static(object, _) => {
                        if let Known::Body(callee) = names.known(*object) {
                            graph.callees[id].push(callee);
                        }
                    }
                    _ => {}
                }
            }
            for &literal in &func.closures {
                graph.callees[id].push(literal);
                match direct.contains(&literal) {
                    true => graph.own[id].push(literal),
                    false => graph.escapes[literal] = true,
                }
            }
        }
        graph
    }

    /// Marks whoever runs a marked function.
    fn spread(&self, mut marked: IndexVec<FuncId, bool>) -> IndexVec<FuncId, bool> {
        let mut changed = true;
        while changed {
            changed = false;
            for (id, callees) in self.callees.iter_enumerated() {
                if !marked[id] && callees.iter().any(|c| marked[*c]) {
                    marked[id] = true;
                    changed = true;
                }
            }
        }
        marked
    }
}

/// Functions that make something of their own to explore, or get it from a function that does.
fn makes(
    names: &Names<'_>,
    carry: &Carry<'_>,
    module: &Module,
    graph: &Graph,
) -> IndexVec<FuncId, bool> {
    let mut makes: IndexVec<FuncId, bool> =
        module.funcs.iter().map(|f| creates(names, carry, f)).collect();
    let returns = |id: FuncId| {
        let func = &module.funcs[id];
        func.results.iter().any(|r| carry.carries(func.locals[*r].ty))
    };
    let mut changed = true;
    while changed {
        changed = false;
        for id in module.funcs.ids() {
            let gets = graph.callees[id].iter().any(|c| makes[*c] && returns(*c))
                || graph.own[id].iter().any(|l| makes[*l]);
            if !makes[id] && gets {
                makes[id] = true;
                changed = true;
            }
        }
    }
    makes
}

/// Whether the function itself makes a concurrency object or starts a goroutine.
fn creates(names: &Names<'_>, carry: &Carry<'_>, func: &Func) -> bool {
    let object = |ty| object_kind(names.program, ty).is_some() && carry.carries(ty);
    func.blocks.iter().flat_map(|b| &b.instrs).any(|instr| match &instr.kind {
        InstrKind::Go(_) | InstrKind::Assign(_, Rvalue::MakeChan { .. }) => true,
        InstrKind::Assign(_, Rvalue::New(ty) | Rvalue::Composite { ty, .. }) => object(*ty),
        InstrKind::DeclareVar(local) => object(func.locals[*local].ty),
        InstrKind::Call(call) | InstrKind::Defer(call) => op(names, call).is_some_and(|op| {
            matches!(
                op,
                Op::WaitGroupGo
                    | Op::TickerNew
                    | Op::TimeTick
                    | Op::TimeAfterFunc
                    | Op::ContextWithCancel
                    | Op::ContextAfterFunc
            )
        }),
        // Waits for nobody: a nil channel, a select without arms.
        InstrKind::Send { chan: Operand::Nil(_), .. }
        | InstrKind::Recv { chan: Operand::Nil(_), .. } => true,
        _ => false,
    })
}

/// Whether the function itself can wait.
fn waits(names: &Names<'_>, func: &Func) -> bool {
    func.blocks.iter().any(|block| {
        matches!(block.term, Terminator::Select { .. })
            || block.instrs.iter().any(|instr| match &instr.kind {
                InstrKind::Send { .. } | InstrKind::Recv { .. } => true,
                InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                    op(names, call).is_some_and(|op| {
                        matches!(op, Op::WaitGroupWait | Op::CondWait | Op::Sleep)
                    })
                }
                _ => false,
            })
    })
}

fn op(names: &Names<'_>, call: &Call) -> Option<Op> {
    match &call.callee {
        Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
            match names.known(*object) {
                Known::Effect(effect) => Some(effect.op),
                Known::Body(_) | Known::Nothing => None,
            }
        }
        _ => None,
    }
}
