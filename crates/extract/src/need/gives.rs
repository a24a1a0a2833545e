//! Literals that always give the same constant for one of their results. Whoever asks for that result knows it;
//! for nothing else does such a literal matter. A declared function that does so stands for what may be otherwise
//! some day.

use super::Analysis;
use stanch_ir::{Call, Func, FuncId, InstrKind, LocalId, Operand, Rvalue};
use stanch_types::{Program, TypeKind};

impl Analysis<'_> {
    /// Whether a function matters for what it does.
    pub(super) fn acts(&self, id: FuncId) -> bool {
        self.relevant[id] && !self.only_gives[id]
    }

    /// A needed result of a function that is not part of the model: it becomes one if it gives a constant.
    pub(super) fn needs_constant(&mut self, id: FuncId, call: &Call, callee: FuncId) {
        let asked = call.dst.iter().any(|d| self.kept[id].locals[*d]);
        if asked && self.constants.contains(&callee) {
            self.gives(callee);
        }
    }

    /// The same for what may be called as a value; whether there is such a function.
    pub(super) fn needs_constant_of_value(
        &mut self,
        id: FuncId,
        call: &Call,
        value: &Operand,
    ) -> bool {
        if !call.dst.iter().any(|d| self.kept[id].locals[*d]) {
            return false;
        }
        let program = self.names.program;
        let ty = self.names.operand_type(&self.module.funcs[id], value);
        let TypeKind::Signature(signature) = program.kind(program.underlying(ty)) else {
            return false;
        };
        let (params, results) = (signature.params.len(), signature.results.len());
        let fits = |f: &FuncId| {
            let func = &self.module.funcs[*f];
            func.results.len() == results && func.params.len() == params
        };
        let all: Vec<FuncId> = self.constants.iter().copied().filter(fits).collect();
        all.iter().for_each(|f| self.gives(*f));
        !all.is_empty()
    }

    fn gives(&mut self, id: FuncId) {
        if !std::mem::replace(&mut self.relevant[id], true) {
            self.only_gives[id] = true;
            self.changed = true;
        }
    }
}

/// Whether a literal gives the same constant for one of its results on all its ways.
pub(super) fn gives_constant(func: &Func) -> bool {
    let constant = |result: &LocalId| {
        let local = &func.locals[*result];
        if local.captured_by_ref || local.address_taken || local.ty == Program::UNKNOWN {
            return false;
        }
        let mut found: Option<&Operand> = None;
        func.blocks.iter().flat_map(|b| &b.instrs).all(|instr| match &instr.kind {
            InstrKind::Assign(dst, value) if dst == result => match value {
                Rvalue::Use(x @ (Operand::Const(..) | Operand::Nil(_))) => {
                    *(*found.get_or_insert(x)) == *x
                }
                _ => false,
            },
            InstrKind::Call(call) => !call.dst.contains(result),
            InstrKind::Recv { dst, ok, .. } => {
                dst.as_ref() != Some(result) && ok.as_ref() != Some(result)
            }
            _ => true,
        }) && found.is_some()
    };
    func.parent.is_some() && func.has_body && func.results.iter().any(constant)
}
