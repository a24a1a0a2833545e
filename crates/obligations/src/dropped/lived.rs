//! A field is used, or found to hold something, on the way to a place that puts something new there: what
//! it held is open there, with no loop around it. The way may lead through callers.

use super::uses::{Site, called, instrs};
use super::{MAX_CALLERS, Search, is_new, owner_param};
use crate::given::is_std;
use crate::lends::is_method;
use crate::package::successors;
use crate::visit;
use stanch_base::{FxHashSet, Idx};
use stanch_effects::Args;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue,
};
use stanch_types::{ObjectId, TypeKind};

impl Search<'_, '_> {
    /// Whether control comes to a place from where an object's field was used, or was seen to hold something,
    /// and nobody has closed or replaced that in between.
    pub(super) fn is_used_before(
        &self,
        id: FuncId,
        field: ObjectId,
        owner: LocalId,
        site: Site,
    ) -> bool {
        let mut asked = FxHashSet::default();
        self.is_used_on_the_way(id, field, owner, site, MAX_CALLERS, &mut asked)
            && !self.is_closed_aside(field)
    }

    fn is_used_on_the_way(
        &self,
        id: FuncId,
        field: ObjectId,
        owner: LocalId,
        site: Site,
        depth: u32,
        asked: &mut FxHashSet<FuncId>,
    ) -> bool {
        let module = self.package.module;
        let func = &module.funcs[id];
        if !has_one_value(func, owner) || self.asks_state(func, field, owner) {
            return false;
        }
        let starts = self.found_full(id, func, field, owner);
        if starts.into_iter().any(|from| self.stays_full(id, func, field, from, site)) {
            return true;
        }
        if depth == 0 || !asked.insert(id) || self.uses.valued.contains(&id) {
            return false;
        }
        let Some(param) = owner_param(func, owner) else { return false };
        self.uses.callers[id.index()].iter().any(|caller| {
            let outer = &module.funcs[caller.func];
            let Some(&Operand::Local(at)) = caller.args.get(param) else { return false };
            let (block, index) = caller.site;
            let now = outer.blocks[block].instrs.get(index);
            now.is_some_and(|instr| matches!(instr.kind, InstrKind::Call(_)))
                && !self.package.in_test(outer.span)
                && !is_new(outer, at)
                && self.lasts(caller.func, field, caller.site)
                && self.is_used_on_the_way(caller.func, field, at, caller.site, depth - 1, asked)
        })
    }

    /// Where a function goes on knowing that the field of an object holds something: after a method was called
    /// on that, and where it was compared with nil.
    fn found_full(
        &self,
        id: FuncId,
        func: &Func,
        field: ObjectId,
        owner: LocalId,
    ) -> Vec<(BlockId, usize)> {
        let holds = |x: &Operand| match x {
            Operand::Local(local) => is_read(func, *local, field, owner),
            _ => false,
        };
        let mut found = Vec::new();
        for (block, index, kind) in instrs(func) {
            let InstrKind::Call(call) = kind else { continue };
            let receiver = match &call.callee {
                Callee::Interface { recv, .. } => Some(recv),
                Callee::Static(object, _) if is_method(self.package, *object) => call.args.first(),
                _ => None,
            };
            if receiver.is_some_and(holds) && !self.bears_nil(call) {
                found.push((block, index + 1));
            }
        }
        for (block, data) in func.blocks.iter_enumerated() {
            if let Some(empty) = self.empty_edge(id, func, field, &data.term)
                && self.asks_of(func, field, owner, block)
            {
                successors(&data.term, &mut |next| {
                    if next != empty {
                        found.push((next, 0));
                    }
                });
            }
        }
        found
    }

    /// Whether a function asks what an object's field holds for its state, and for nothing else.
    fn asks_state(&self, func: &Func, field: ObjectId, owner: LocalId) -> bool {
        let program = self.package.program;
        let plain = |dst: &LocalId| {
            let ty = func.locals.get(*dst).map(|l| program.kind(program.underlying(l.ty)));
            matches!(ty, Some(TypeKind::Basic(_)))
        };
        visit::kinds(func).any(|kind| {
            let InstrKind::Call(call) = kind else { return false };
            let receiver = match &call.callee {
                Callee::Interface { recv, .. } if call.args.is_empty() => recv,
                Callee::Static(object, _)
                    if is_method(self.package, *object) && call.args.len() == 1 =>
                {
                    &call.args[0]
                }
                _ => return false,
            };
            matches!(receiver, Operand::Local(l) if is_read(func, *l, field, owner))
                && call.dst.len() == 1
                && call.dst.iter().all(plain)
        })
    }

    /// Whether the block before a branch reads the field of this very object.
    fn asks_of(&self, func: &Func, field: ObjectId, owner: LocalId, block: BlockId) -> bool {
        func.blocks[block].instrs.iter().any(|instr| match &instr.kind {
            InstrKind::Assign(_, Rvalue::Load(place)) => is_field_of(place, field, owner),
            _ => false,
        })
    }

    /// Whether a method asks whether there is a receiver at all.
    fn bears_nil(&self, call: &Call) -> bool {
        let body = self.package.body(&call.callee);
        let func = body.and_then(|body| self.package.module.funcs.get(body));
        let Some((func, receiver)) = func.and_then(|f| Some((f, *f.params.first()?))) else {
            return false;
        };
        let is_it = |x: &Operand| *x == Operand::Local(receiver);
        visit::kinds(func).any(|kind| match kind {
            InstrKind::Assign(_, Rvalue::Binary(_, a, b)) => {
                is_it(a) && matches!(b, Operand::Nil(_)) || matches!(a, Operand::Nil(_)) && is_it(b)
            }
            _ => false,
        })
    }

    /// Whether control gets from one place to another while nobody closes or replaces what a field holds.
    fn stays_full(
        &self,
        id: FuncId,
        func: &Func,
        field: ObjectId,
        from: (BlockId, usize),
        to: Site,
    ) -> bool {
        let mut seen = vec![false; func.blocks.len()];
        let mut work = vec![from];
        while let Some((block, first)) = work.pop() {
            if first == 0 && std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            let data = &func.blocks[block];
            let mut open = true;
            for (index, instr) in data.instrs.iter().enumerate().skip(first) {
                if to == (block, index) {
                    return true;
                }
                let ends = match &instr.kind {
                    InstrKind::Store(place, _) => is_field(place, field),
                    InstrKind::Call(call) => self.package.never_returns(call),
                    _ => false,
                };
                if ends || self.uses.empties(id, &instr.kind, field) {
                    open = false;
                    break;
                }
            }
            if open {
                let empty = self.empty_edge(id, func, field, &data.term);
                successors(&data.term, &mut |next| {
                    if Some(next) != empty {
                        work.push((next, 0));
                    }
                });
            }
        }
        false
    }

    /// Whether a goroutine closes what the field holds: it may do so when that fails.
    pub(super) fn is_closed_aside(&self, field: ObjectId) -> bool {
        self.package.module.funcs.iter_enumerated().any(|(id, func)| {
            visit::kinds(func)
                .any(|kind| matches!(kind, InstrKind::Go(_)) && self.uses.closes(id, kind, field))
        })
    }

    /// Whether a function also gives what it puts in a field to somebody who may close it.
    pub(super) fn is_given_away(&self, id: FuncId, value: LocalId) -> bool {
        let func = &self.package.module.funcs[id];
        let same = aliases(func, value);
        let one = |x: &Operand| matches!(x, Operand::Local(local) if same.contains(local));
        let mut stored = 0;
        func.results.iter().any(|result| same.contains(result))
            || visit::kinds(func).any(|kind| match kind {
                InstrKind::Store(_, x) => {
                    stored += u32::from(one(x));
                    stored > 1
                }
                InstrKind::Send { value, .. } => one(value),
                InstrKind::Assign(_, Rvalue::MakeClosure(inner)) => {
                    let captures = &self.package.module.funcs[*inner].captures;
                    captures.iter().any(|c| same.contains(&c.outer))
                }
                InstrKind::Assign(
                    _,
                    Rvalue::Append { elems, .. }
                    | Rvalue::MakeSlice { elems, .. }
                    | Rvalue::Other(elems, _),
                ) => elems.iter().any(one),
                InstrKind::Assign(_, Rvalue::Composite { elems, .. }) => {
                    elems.iter().any(|(_, x)| one(x))
                }
                InstrKind::Assign(_, Rvalue::MethodValue { recv, .. }) => one(recv),
                kind => called(kind).is_some_and(|call| self.takes(id, call, &one)),
            })
    }

    /// Whether a call gives one of the values to somebody else.
    fn takes(&self, id: FuncId, call: &Call, one: &dyn Fn(&Operand) -> bool) -> bool {
        let Callee::Static(object, _) = call.callee else {
            return call.args.iter().any(one);
        };
        if self.package.body(&call.callee).is_some() {
            return self.uses.gives(id, call, one);
        }
        let method = usize::from(is_method(self.package, object));
        let effect = self.package.names.resource(object).and_then(|effect| effect.args);
        let lends = matches!(effect, Some(Args::Borrow | Args::IntoResult));
        !lends && !is_std(self.package, object) && call.args.iter().skip(method).any(one)
    }
}

/// Whether a local is never assigned, or once.
fn has_one_value(func: &Func, local: LocalId) -> bool {
    let input =
        func.params.contains(&local) || func.captures.iter().any(|capture| capture.inner == local);
    let mut assigned = usize::from(input);
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            if !matches!(instr.kind, InstrKind::DeclareVar(_)) {
                visit::defs(&instr.kind, &mut |l| assigned += usize::from(l == local));
            }
        }
        visit::terminator_defs(&block.term, &mut |l| assigned += usize::from(l == local));
    }
    assigned == 1
}

fn is_field(place: &Place, field: ObjectId) -> bool {
    matches!(place.proj.last(), Some(&Proj::Field(_, f)) if f == field)
}

pub(super) fn is_field_of(place: &Place, field: ObjectId, owner: LocalId) -> bool {
    let direct = place.proj.iter().filter(|p| matches!(p, Proj::Field(..))).count() == 1;
    direct && place.base == PlaceBase::Local(owner) && is_field(place, field)
}

/// Whether a local is nothing but what the field of an object holds.
fn is_read(func: &Func, local: LocalId, field: ObjectId, owner: LocalId) -> bool {
    let mut sources = visit::kinds(func).filter(|kind| {
        let mut defines = false;
        visit::defs(kind, &mut |l| defines |= l == local);
        defines && !matches!(kind, InstrKind::DeclareVar(_))
    });
    match (sources.next(), sources.next()) {
        (Some(InstrKind::Assign(_, Rvalue::Load(place))), None) => is_field_of(place, field, owner),
        _ => false,
    }
}

/// The locals that have the value of one.
pub(super) fn aliases(func: &Func, value: LocalId) -> FxHashSet<LocalId> {
    let mut same: FxHashSet<LocalId> = std::iter::once(value).collect();
    loop {
        let before = same.len();
        for kind in visit::kinds(func) {
            if let InstrKind::Assign(
                dst,
                Rvalue::Use(Operand::Local(from))
                | Rvalue::Convert(Operand::Local(from), _)
                | Rvalue::MakeInterface(Operand::Local(from), _)
                | Rvalue::TypeAssert { x: Operand::Local(from), .. },
            ) = kind
                && (same.contains(from) || same.contains(dst))
            {
                same.extend([*from, *dst]);
            }
        }
        if same.len() == before {
            return same;
        }
    }
}
