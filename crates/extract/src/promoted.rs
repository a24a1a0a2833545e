//! Methods that a type has by embedding: a function for each that goes along the embedded fields and
//! calls the method there.

use crate::classify::object_kind;
use crate::names::Known;
use crate::translate::Context;
use stanch_base::Idx;
use stanch_model::{
    Block, Call, Callee, FnId, Function, Instr, LocalId, MethodId, Op, Operand, ResultSlot, Site,
    Term,
};
use stanch_types::{Lookup, ObjectKind, Program, TypeId, TypeKind};

/// The function that stands for a promoted method of `ty` where it is called through an interface; `None`
/// where it does nothing that matters, or is out of view.
pub(crate) fn function(
    cx: &mut Context<'_>,
    ty: TypeId,
    method: MethodId,
    found: &Lookup,
) -> Option<Function> {
    let program = cx.program;
    let TypeKind::Signature(signature) = program.kind(program.underlying(found.ty)) else {
        return None;
    };
    let target = match cx.names.known(found.object) {
        Known::Body(id) if cx.needs.relevant[id] => Some(FnId::from_usize(id.index())),
        _ if is_abstract(program, found) => None,
        _ => return None,
    };
    let mut wrapper = Wrapper { function: Function::new("promoted method"), instrs: Vec::new() };
    wrapper.function.n_params = signature.params.len() as u32 + 1;
    let receiver = wrapper.function.local("recv");
    let mut args: Vec<Operand> =
        signature.params.iter().map(|_| wrapper.function.local("").into()).collect();
    let at = wrapper.along(cx, receiver, ty, &found.path)?;
    let callee = match target {
        Some(function) => {
            args.insert(0, at.into());
            Callee::Fn(function)
        }
        None => Callee::Method(at.into(), method),
    };
    let results: Vec<LocalId> =
        signature.results.iter().map(|_| wrapper.function.local("")).collect();
    let dst = results.iter().map(|r| Some(*r)).collect();
    wrapper.push(Op::Call(Call { callee, args, dst }));
    let Wrapper { mut function, instrs } = wrapper;
    function.results = results.iter().map(|&local| ResultSlot { local, cell: false }).collect();
    function.blocks.push(Block { instrs, term: Term::Return, term_site: Site::default() });
    Some(function)
}

/// Whether a method is one of an embedded interface.
fn is_abstract(program: &Program<'_>, found: &Lookup) -> bool {
    matches!(program.object(found.object).kind, ObjectKind::Func { interface: true, .. })
}

struct Wrapper {
    function: Function,
    instrs: Vec<Instr>,
}

impl Wrapper {
    fn push(&mut self, op: Op) {
        self.instrs.push(Instr { op, site: Site::default() });
    }

    /// What the embedded fields lead to.
    fn along(
        &mut self,
        cx: &mut Context<'_>,
        mut at: LocalId,
        mut ty: TypeId,
        path: &[u32],
    ) -> Option<LocalId> {
        let program = cx.program;
        for &index in path {
            let base = program.pointee(ty).unwrap_or(ty);
            let TypeKind::Struct(fields) = program.kind(program.underlying(base)) else {
                return None;
            };
            let step = fields.get(index as usize)?;
            let field = cx.field(&step.name, index);
            let dst = self.function.local("");
            let base = at.into();
            self.push(match object_kind(program, step.ty) {
                Some(kind) => Op::Part { dst, base, field, kind },
                None if cx.volatile.contains(&step.object) => return None,
                None => Op::LoadField { dst, base, field, zero: cx.zero(step.ty) },
            });
            (at, ty) = (dst, step.ty);
        }
        Some(at)
    }
}
