//! Channels in fields that no code makes: they are nil, and who waits at one waits for ever.

use super::leaving::Finder;
use super::{Fields, Spot};
use crate::RootLeak;
use stanch_base::FxHashSet;
use stanch_ir::{Func, InstrKind, LocalId, Module, Operand, Proj, Rvalue};
use stanch_model::WaitReason;
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ObjectId, Program, TypeKind};

impl Finder<'_> {
    /// Sends and receives, no arms of a select, at a channel in an unexported field that nobody ever
    /// assigns and nobody compares with nil.
    pub(super) fn unmade(&self, found: &mut Vec<RootLeak>) {
        let program = self.names.program;
        let mut made = Made::of(program, self.module);
        for (id, func) in self.module.funcs.iter_enumerated() {
            // Fields of generic types have several objects.
            if func.symbol.contains('[') || super::is_test(program, self.module, id) {
                continue;
            }
            for (block, body) in func.blocks.iter_enumerated() {
                for instr in &body.instrs {
                    let (chan, wait) = match &instr.kind {
                        InstrKind::Send { chan, .. } => (chan, WaitReason::ChanSendNil),
                        InstrKind::Recv { chan, range: false, .. } => {
                            (chan, WaitReason::ChanReceiveNil)
                        }
                        _ => continue,
                    };
                    let Operand::Local(chan) = chan else { continue };
                    let field = source(func, *chan).filter(|f| !made.may_be(program, *f));
                    if field.is_some() {
                        let at = Spot { func: id, block, span: instr.span, arm: None };
                        found.extend(self.told(None, None, (&at, wait), None, true));
                    }
                }
            }
        }
    }
}

/// Channel fields that are assigned something, or of which somebody asks whether they are nil.
struct Made<'a> {
    fields: FxHashSet<ObjectId>,
    all: Fields<'a>,
}

impl<'a> Made<'a> {
    fn of(program: &'a Program<'a>, module: &Module) -> Self {
        let (mut fields, mut same) = (FxHashSet::default(), Fields::new(program));
        let mut add = |field: ObjectId| {
            fields.insert(same.same(field));
        };
        for func in &module.funcs {
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                match &instr.kind {
                    InstrKind::Store(place, value) if !matches!(value, Operand::Nil(_)) => {
                        super::last_field(place).into_iter().for_each(&mut add);
                    }
                    InstrKind::Assign(_, Rvalue::AddressOf(place)) => {
                        super::last_field(place).into_iter().for_each(&mut add);
                    }
                    InstrKind::Assign(_, Rvalue::Composite { ty, elems }) => {
                        let TypeKind::Struct(all) = program.kind(program.underlying(*ty)) else {
                            continue;
                        };
                        let given = elems.iter().filter(|e| !matches!(e.1, Operand::Nil(_)));
                        let given = given.filter_map(|e| all.get(e.0 as usize));
                        given.for_each(|f| add(f.object));
                    }
                    InstrKind::Assign(_, Rvalue::Convert(_, ty)) => {
                        let to = program.pointee(*ty).unwrap_or(*ty);
                        if let TypeKind::Struct(all) = program.kind(program.underlying(to)) {
                            all.iter().for_each(|f| add(f.object));
                        }
                    }
                    InstrKind::Assign(_, Rvalue::Binary(BinaryOp::Eq | BinaryOp::Ne, a, b)) => {
                        for operand in [a, b] {
                            if let Operand::Local(local) = operand {
                                source(func, *local).into_iter().for_each(&mut add);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
        Self { fields, all: same }
    }

    /// Whether a field may hold a channel: it can be set from elsewhere, or something is.
    fn may_be(&mut self, program: &Program<'_>, field: ObjectId) -> bool {
        super::is_exported(program.object_name(field))
            || program.chan_of(program.object(field).ty).is_none()
            || self.fields.contains(&self.all.same(field))
    }
}

/// The field of a struct that a local is loaded from.
fn source(func: &Func, local: LocalId) -> Option<ObjectId> {
    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    instrs.find_map(|i| match &i.kind {
        InstrKind::Assign(dst, Rvalue::Load(place)) if *dst == local => match place.proj.last() {
            Some(Proj::Field(_, field)) => Some(*field),
            _ => None,
        },
        _ => None,
    })
}
