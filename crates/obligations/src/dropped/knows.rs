//! Whether somebody else may close what a field holds, or it is known to be over.

use super::uses::{From, Uses, called, sent};
use crate::visit;
use stanch_base::{FxHashSet, Idx};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Rvalue,
};
use stanch_types::{Basic, ObjectId, TypeId, TypeKind};

impl Uses<'_, '_> {
    /// Whether a function has what a field holds from elsewhere too, hands it on, or asks for its state:
    /// then somebody else may close it, or it is known to be over.
    pub(super) fn knows(&self, id: FuncId, field: ObjectId) -> bool {
        let func = &self.package.module.funcs[id];
        let Some(content) = self.contents.get(&field) else { return true };
        let related =
            |local: LocalId| func.locals.get(local).is_some_and(|l| self.related(l.ty, content.ty));
        let from_field = |local: &LocalId| {
            let known = self.froms[id.index()].get(local);
            known.is_some_and(|list| list.iter().any(|from| from.field().is_some()))
        };
        let captured = func.captures.iter().map(|c| c.inner).filter(|l| !from_field(l));
        if func.params.iter().copied().chain(captured).any(related) {
            return true;
        }
        let has = |from: &From| from.field() == Some(field);
        let returned = |&result: &LocalId| self.is_from(id, &Operand::Local(result), field);
        if func.results.iter().any(returned) {
            return true;
        }
        let touched = visit::kinds(func).any(|kind| {
            self.left_by(id, kind).iter().any(has)
                || called(kind).is_some_and(|call| {
                    self.closes_other(id, call, field) || self.asks(id, func, call, field)
                })
                || self.reads_part(id, kind, field)
        });
        let sends = |block: &stanch_ir::Block| {
            sent(&block.term).any(|value| self.is_from(id, value, field))
        };
        touched
            || !content.cancel && self.compares_with_end(func)
            || func.blocks.iter().any(sends)
            || func.closures.iter().any(|&inner| self.knows_within(inner, field))
    }

    /// As [`Uses::knows`], for a literal that stands in a function.
    fn knows_within(&self, id: FuncId, field: ObjectId) -> bool {
        let func = &self.package.module.funcs[id];
        visit::kinds(func).any(|kind| {
            self.left_by(id, kind).iter().any(|from| from.field() == Some(field))
                || called(kind).is_some_and(|call| self.closes_other(id, call, field))
        }) || func.closures.iter().any(|&inner| self.knows_within(inner, field))
    }

    /// Whether a call closes something of a field's type that comes from no field.
    fn closes_other(&self, id: FuncId, call: &Call, field: ObjectId) -> bool {
        let func = &self.package.module.funcs[id];
        let Some(content) = self.contents.get(&field) else { return true };
        let related =
            |local: LocalId| func.locals.get(local).is_some_and(|l| self.related(l.ty, content.ty));
        match self.released(call) {
            Some((receiver @ Operand::Local(local), _)) => {
                related(*local) && !self.from(id, receiver).iter().any(|f| f.field().is_some())
            }
            _ => false,
        }
    }

    /// Whether a function compares with a variable that says that something is over.
    fn compares_with_end(&self, func: &Func) -> bool {
        let mut ends: FxHashSet<LocalId> = FxHashSet::default();
        for kind in visit::kinds(func) {
            if let InstrKind::Assign(
                dst,
                Rvalue::Load(Place { base: PlaceBase::Global(global), .. }),
            ) = kind
            {
                let name = self.package.program.object_name(*global);
                if self.package.names.is_release_like(name) || name == "EOF" {
                    ends.insert(*dst);
                }
            }
            if let InstrKind::Assign(dst, Rvalue::MakeInterface(Operand::Local(from), _)) = kind
                && ends.contains(from)
            {
                ends.insert(*dst);
            }
        }
        let one = |x: &Operand| matches!(x, Operand::Local(local) if ends.contains(local));
        visit::kinds(func).any(|kind| match kind {
            InstrKind::Assign(_, Rvalue::Binary(_, a, b)) => one(a) || one(b),
            kind => called(kind).is_some_and(|call| call.args.iter().any(one)),
        })
    }

    /// Whether a call asks an object whether it is over.
    fn asks(&self, id: FuncId, func: &Func, call: &Call, field: ObjectId) -> bool {
        let receiver = match &call.callee {
            Callee::Interface { recv, .. } => Some(recv),
            Callee::Static(..) => call.args.first(),
            _ => None,
        };
        let program = self.package.program;
        let tells = |dst: &LocalId| {
            let ty = func.locals.get(*dst).map(|l| program.kind(program.underlying(l.ty)));
            matches!(ty, Some(TypeKind::Basic(Basic::Bool) | TypeKind::Chan(..)))
        };
        receiver.is_some_and(|r| self.is_from(id, r, field)) && call.dst.iter().any(tells)
    }

    /// Whether an instruction reads a part of the object that a field holds.
    fn reads_part(&self, id: FuncId, kind: &InstrKind, field: ObjectId) -> bool {
        let mut part = false;
        visit::operands(kind, &mut |operand| {
            part |= self.from(id, operand).contains(&From::Part(field));
        });
        part
    }

    /// Whether a value of one type may be one of the other.
    fn related(&self, a: TypeId, b: TypeId) -> bool {
        let program = self.package.program;
        let named = |ty: TypeId| program.named_object(program.pointee(ty).unwrap_or(ty));
        let within = |a: TypeId, b: TypeId| {
            program.is_interface(b) && self.package.is_closable(b) && program.implements(a, b)
        };
        a == b || named(a).is_some() && named(a) == named(b) || within(a, b) || within(b, a)
    }
}
