//! Methods that end what their objects have in a field, recognised by what they do: their names are anything.
//!
//! A type that has one leaves the choice of the end to whoever holds an object. Where a method ends it on
//! some ways only, as an iterator may at its end, the object may well end by itself: nothing is said of such.

use crate::package::{Package, successors};
use crate::visit;
use stanch_base::{FxHashSet, Idx};
use stanch_ir::{
    Block, BlockId, Call, Callee, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ObjectId, TypeId};

/// Whether a type has methods that end what its objects have in a field, each on all ways.
pub(crate) fn has_end_for(package: &Package<'_>, ty: TypeId, field: ObjectId) -> bool {
    let program = package.program;
    let Some(object) = program.named_object(program.pointee(ty).unwrap_or(ty)) else {
        return false;
    };
    let mut found = false;
    for &method in program.methods_of(object) {
        let body = package.body(&Callee::Static(method, Box::default()));
        let Some(func) = body.and_then(|body| package.module.funcs.get(body)) else { continue };
        let Some(&receiver) = func.params.first() else { continue };
        let ending = Ending { package, func, parts: parts(func, receiver, field) };
        if ending.ends_by_itself() {
            return false;
        }
        if func.blocks.iter().any(|block| ending.ends_in(block)) {
            if !ending.always() {
                return false;
            }
            found = true;
        }
    }
    found
}

struct Ending<'e, 'a> {
    package: &'e Package<'a>,
    func: &'e Func,
    /// Locals that are what the field holds, or a part of that.
    parts: FxHashSet<LocalId>,
}

impl Ending<'_, '_> {
    fn ends_in(&self, block: &Block) -> bool {
        block.instrs.iter().any(|instr| match &instr.kind {
            InstrKind::Call(call) | InstrKind::Defer(call) => self.ends(call),
            _ => false,
        })
    }

    fn ends(&self, call: &Call) -> bool {
        let (of, method) = match &call.callee {
            Callee::Interface { recv, method } => (Some(recv), *method),
            Callee::Static(method, _) => (call.args.first(), *method),
            Callee::Closure(..) | Callee::Value(_) | Callee::Builtin(_) => return false,
        };
        let effect = self.package.names.resource(method);
        matches!(of, Some(Operand::Local(local)) if self.parts.contains(local))
            && (effect.is_some_and(|e| e.releases == Some(0))
                || self.package.may_end_receiver(method))
    }

    /// Whether it asks for more of what the field holds, which ends with the last.
    fn ends_by_itself(&self) -> bool {
        visit::kinds(self.func).any(|kind| match kind {
            InstrKind::Call(Call { callee: Callee::Static(method, _), args, .. }) => {
                let effect = self.package.names.resource(*method);
                effect.is_some_and(|effect| effect.ends_when_false)
                    && matches!(args.first(), Some(Operand::Local(l)) if self.parts.contains(l))
            }
            _ => false,
        })
    }

    /// Whether each way to a return ends it, or finds that there is none.
    fn always(&self) -> bool {
        let mut seen = vec![false; self.func.blocks.len()];
        let mut work: Vec<BlockId> = self.func.blocks.ids().take(1).collect();
        while let Some(id) = work.pop() {
            let block = &self.func.blocks[id];
            if std::mem::replace(&mut seen[id.index()], true) || self.ends_in(block) {
                continue;
            }
            if block.term == Terminator::Return {
                return false;
            }
            let none = self.none_edge(block);
            successors(&block.term, &mut |next| {
                if Some(next) != none {
                    work.push(next);
                }
            });
        }
        true
    }

    /// The successor that is taken when the field holds nothing.
    fn none_edge(&self, block: &Block) -> Option<BlockId> {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = block.term else {
            return None;
        };
        let part = |x: &Operand| matches!(x, Operand::Local(l) if self.parts.contains(l));
        block.instrs.iter().find_map(|instr| match &instr.kind {
            InstrKind::Assign(to, Rvalue::Binary(op, a, Operand::Nil(_)))
                if *to == cond && part(a) =>
            {
                match op {
                    BinaryOp::Eq => Some(then),
                    BinaryOp::Ne => Some(els),
                    _ => None,
                }
            }
            _ => None,
        })
    }
}

/// The locals that are what a field of a local holds, or a part of that.
fn parts(func: &Func, receiver: LocalId, field: ObjectId) -> FxHashSet<LocalId> {
    let mut parts: FxHashSet<LocalId> = FxHashSet::default();
    let own = |parts: &FxHashSet<LocalId>, place: &Place| {
        let PlaceBase::Local(base) = place.base else { return false };
        let first = place.proj.iter().find_map(|p| match p {
            Proj::Field(_, field) => Some(*field),
            Proj::Deref | Proj::Index(_) => None,
        });
        parts.contains(&base) || base == receiver && first == Some(field)
    };
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            let (to, part) = match &instr.kind {
                InstrKind::Assign(to, Rvalue::Load(place) | Rvalue::AddressOf(place)) => {
                    (*to, own(&parts, place))
                }
                InstrKind::Assign(
                    to,
                    Rvalue::Use(Operand::Local(from))
                    | Rvalue::Convert(Operand::Local(from), _)
                    | Rvalue::MakeInterface(Operand::Local(from), _),
                ) => (*to, parts.contains(from)),
                _ => continue,
            };
            if part {
                parts.insert(to);
            }
        }
    }
    parts
}
