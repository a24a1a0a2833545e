//! Functions whose results follow from their arguments, and plain values.

use crate::data::*;
use stanch_base::FxHashMap;
use stanch_types::{Basic, ObjectId, Program, TypeId, TypeKind};
use std::cell::RefCell;

/// Struct types nest this deep at most where they are asked; deeper ones are not plain.
const MAX_DEPTH: u32 = 8;

/// What is pure in a module: a function that takes and gives plain values only, and does nothing but compute
/// with what it is given.
pub(super) struct Pure<'m> {
    program: &'m Program<'m>,
    module: &'m Module,
    deterministic: &'m dyn Fn(ObjectId) -> bool,
    funcs: FxHashMap<ObjectId, FuncId>,
    /// What is known of functions; a function that is being looked at counts as not pure: so does one that
    /// calls itself.
    known: RefCell<FxHashMap<ObjectId, bool>>,
    plain: RefCell<FxHashMap<TypeId, bool>>,
}

impl<'m> Pure<'m> {
    pub(super) fn new(
        program: &'m Program<'m>,
        module: &'m Module,
        deterministic: &'m dyn Fn(ObjectId) -> bool,
    ) -> Self {
        let declared = module.funcs.iter_enumerated();
        let funcs = declared.filter_map(|(id, func)| Some((func.object?, id))).collect();
        let (known, plain) = Default::default();
        Self { program, module, deterministic, funcs, known, plain }
    }

    /// Whether what a function gives follows from its arguments.
    pub(super) fn is_pure(&self, object: ObjectId) -> bool {
        if let Some(&known) = self.known.borrow().get(&object) {
            return known;
        }
        self.known.borrow_mut().insert(object, false);
        let pure = self.has_plain_signature(object)
            && match self.funcs.get(&object) {
                Some(&id) => self.computes_only(&self.module.funcs[id]),
                None => (self.deterministic)(object),
            };
        self.known.borrow_mut().insert(object, pure);
        pure
    }

    /// Whether an operand is a plain value.
    pub(super) fn is_plain(&self, func: &Func, operand: &Operand) -> bool {
        match operand {
            Operand::Local(local) => self.is_plain_type(func.locals[*local].ty),
            Operand::Const(_, ty) | Operand::Zero(ty) => self.is_plain_type(*ty),
            Operand::Nil(_) | Operand::Func(_) | Operand::Unknown(_) => false,
        }
    }

    fn has_plain_signature(&self, object: ObjectId) -> bool {
        let TypeKind::Signature(signature) = self.program.kind(self.program.object(object).ty)
        else {
            return false;
        };
        let mut types = signature.params.iter().chain(&signature.results);
        signature.type_params.is_empty()
            && !signature.results.is_empty()
            && types.all(|&ty| self.is_plain_type(ty))
            && self.receiver_is_plain(object)
    }

    /// The receiver's type is not in the signature: that of a method in view is its first parameter's.
    fn receiver_is_plain(&self, object: ObjectId) -> bool {
        match self.funcs.get(&object).map(|&id| &self.module.funcs[id]) {
            Some(func) => {
                func.params.iter().all(|&param| self.is_plain_type(func.locals[param].ty))
            }
            None => self.program.object(object).package_level,
        }
    }

    fn is_plain_type(&self, ty: TypeId) -> bool {
        if let Some(&known) = self.plain.borrow().get(&ty) {
            return known;
        }
        let plain = self.plain_within(ty, MAX_DEPTH);
        self.plain.borrow_mut().insert(ty, plain);
        plain
    }

    fn plain_within(&self, ty: TypeId, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Basic(basic) => !matches!(basic, Basic::UnsafePointer | Basic::UntypedNil),
            TypeKind::Array(Some(_), of) => self.plain_within(*of, depth),
            TypeKind::Struct(fields) => fields.iter().all(|f| self.plain_within(f.ty, depth)),
            _ => false,
        }
    }

    fn computes_only(&self, func: &Func) -> bool {
        let alone = |local: &Local| !local.captured_by_ref && !local.address_taken;
        func.has_body
            && !func.has_defer
            && !func.has_recover
            && func.closures.is_empty()
            && func.locals.iter().all(alone)
            && func.blocks.iter().all(|block| {
                let goes_on = !matches!(
                    block.term,
                    Terminator::Select { .. } | Terminator::TypeSwitch { .. }
                );
                goes_on
                    && self.iterates_plainly(func, &block.term)
                    && block.instrs.iter().all(|instr| self.computes(func, instr))
            })
    }

    fn iterates_plainly(&self, func: &Func, term: &Terminator) -> bool {
        match term {
            Terminator::RangeNext { over, .. } => self.is_plain(func, over),
            _ => true,
        }
    }

    fn computes(&self, func: &Func, instr: &Instr) -> bool {
        let plain = |operand: &Operand| self.is_plain(func, operand);
        let here = |place: &Place| {
            let through = |step: &Proj| matches!(step, Proj::Deref);
            match place.base {
                PlaceBase::Local(local) => {
                    self.is_plain_type(func.locals[local].ty) && !place.proj.iter().any(through)
                }
                PlaceBase::Global(_) => false,
            }
        };
        match &instr.kind {
            InstrKind::DeclareVar(_) => true,
            InstrKind::Assign(_, value) => match value {
                Rvalue::Use(x) | Rvalue::Unary(_, x) | Rvalue::Convert(x, _) | Rvalue::Len(x) => {
                    plain(x)
                }
                Rvalue::Binary(_, a, b) => plain(a) && plain(b),
                Rvalue::Composite { elems, .. } => elems.iter().all(|(_, x)| plain(x)),
                Rvalue::Load(place) => here(place),
                Rvalue::Slice { x, lo, hi } => {
                    plain(x) && lo.iter().chain(hi).all(plain) && self.is_text(func, x)
                }
                _ => false,
            },
            InstrKind::Store(place, value) => here(place) && plain(value),
            InstrKind::Call(Call { callee: Callee::Static(object, types), args, .. }) => {
                types.is_empty() && args.iter().all(plain) && self.is_pure(*object)
            }
            _ => false,
        }
    }

    /// A part of a string is plain; a part of an array is not.
    fn is_text(&self, func: &Func, operand: &Operand) -> bool {
        let ty = match operand {
            Operand::Local(local) => func.locals[*local].ty,
            Operand::Const(_, ty) | Operand::Zero(ty) => *ty,
            _ => return false,
        };
        let basic = self.program.kind(self.program.underlying(ty));
        matches!(basic, TypeKind::Basic(Basic::String | Basic::UntypedString))
    }
}
