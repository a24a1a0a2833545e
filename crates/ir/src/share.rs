//! Makes one computation of several that must give the same: a program that asks `odd(x)` twice, or `x&mask`,
//! gets the same answer, and analyses that follow unknown values as they are handed on see so.
//!
//! Only what follows from plain values alone is shared (numbers, strings, booleans, and structs and arrays of
//! them; see [`Pure`]), where the operands have the same values (global value numbering, on the versions of the
//! mutable locals: Alpern, Wegman, Zadeck: "Detecting equality of variables in programs"). Where no computation
//! comes before all others it is done earlier, at the nearest place that all ways to them go through: it has no
//! effect there.

mod pure;
mod versions;

use crate::data::*;
use pure::Pure;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, ObjectId, Program, TypeId};
use versions::{Now, Versions};

/// Shares equal computations in each of a module's own functions. `deterministic` says of declared functions
/// of other packages whether what they give follows from their arguments alone where those are plain values.
pub fn share(program: &Program<'_>, module: &mut Module, deterministic: &dyn Fn(ObjectId) -> bool) {
    let replaced: Vec<(FuncId, Func)> = {
        let pure = Pure::new(program, module, deterministic);
        let own = module.funcs.iter_enumerated().take(module.n_own);
        own.filter_map(|(id, func)| Some((id, shared(&pure, func)?))).collect()
    };
    for (id, func) in replaced {
        module.funcs[id] = func;
    }
}

/// Which computation it is, operands aside.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Operator {
    Binary(BinaryOp),
    Unary(UnaryOp),
    Convert(TypeId),
    Len,
    Call(ObjectId),
}

/// What a value is made of.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Value {
    /// A constant of a type.
    Const(String),
    /// What a local holds in one of its versions.
    Local(LocalId, u32),
    /// A computation of values, of a type.
    Of(Operator, Vec<u32>, TypeId),
}

/// A computation that can be shared.
struct Candidate {
    block: BlockId,
    at: usize,
    /// Number of its value.
    value: u32,
}

/// The function with its equal computations shared; none if there are none.
fn shared(pure: &Pure<'_>, func: &Func) -> Option<Func> {
    let mut seen: FxHashSet<Operator> = FxHashSet::default();
    let twice = func.blocks.iter().flat_map(|block| &block.instrs).any(|instr| {
        sharable(pure, func, instr).is_some_and(|(operator, ..)| !seen.insert(operator))
    });
    if !twice {
        return None;
    }
    let versions = Versions::of(func, |instr| {
        copy(pure, func, instr).is_some() || computation(pure, func, instr).is_some()
    })?;
    let mut groups: FxHashMap<u32, Vec<Candidate>> = FxHashMap::default();
    for candidate in candidates(pure, func, &versions) {
        groups.entry(candidate.value).or_default().push(candidate);
    }
    let mut groups: Vec<Vec<Candidate>> =
        groups.into_values().filter(|group| group.len() > 1).collect();
    // Not in the order of a hash table.
    groups.sort_by_key(|group| (group[0].block, group[0].at));
    let mut edits = Edits::new(func);
    for group in &groups {
        edits.unite(pure, &versions, group);
    }
    edits.done()
}

/// What an instruction computes: operator, operands, where the value goes.
fn computation<'i>(
    pure: &Pure<'_>,
    func: &Func,
    instr: &'i Instr,
) -> Option<(Operator, Vec<&'i Operand>, LocalId)> {
    let (operator, operands, dst) = match &instr.kind {
        InstrKind::Assign(dst, value) => match value {
            Rvalue::Binary(op, a, b) => (Operator::Binary(*op), vec![a, b], *dst),
            Rvalue::Unary(op, a) => (Operator::Unary(*op), vec![a], *dst),
            Rvalue::Convert(a, ty) => (Operator::Convert(*ty), vec![a], *dst),
            Rvalue::Len(a) => (Operator::Len, vec![a], *dst),
            _ => return None,
        },
        InstrKind::Call(Call {
            callee: Callee::Static(object, types),
            args,
            dst,
            spread: false,
        }) if types.is_empty() && pure.is_pure(*object) => {
            let [dst] = **dst else { return None };
            (Operator::Call(*object), args.iter().collect(), dst)
        }
        _ => return None,
    };
    let plain = |operand: &&Operand| pure.is_plain(func, operand);
    operands.iter().all(plain).then_some((operator, operands, dst))
}

/// What an instruction copies, and where to.
fn copy<'i>(pure: &Pure<'_>, func: &Func, instr: &'i Instr) -> Option<(&'i Operand, LocalId)> {
    match &instr.kind {
        InstrKind::Assign(dst, Rvalue::Use(from)) if pure.is_plain(func, from) => {
            Some((from, *dst))
        }
        _ => None,
    }
}

/// The same, if it is worth sharing. What analyses follow by themselves (comparisons, sums, sizes, conversions)
/// stays where it is.
fn sharable<'i>(
    pure: &Pure<'_>,
    func: &Func,
    instr: &'i Instr,
) -> Option<(Operator, Vec<&'i Operand>, LocalId)> {
    let found = computation(pure, func, instr)?;
    let worth = match found.0 {
        Operator::Binary(op) => matches!(
            op,
            BinaryOp::Or
                | BinaryOp::Xor
                | BinaryOp::Mul
                | BinaryOp::Quo
                | BinaryOp::Rem
                | BinaryOp::Shl
                | BinaryOp::Shr
                | BinaryOp::And
                | BinaryOp::AndNot
        ),
        Operator::Unary(op) => matches!(op, UnaryOp::Neg | UnaryOp::Xor),
        Operator::Convert(_) | Operator::Len => false,
        Operator::Call(_) => true,
    };
    let changing = found.1.iter().any(|operand| match operand {
        Operand::Local(local) => !versions::has_versions(func, *local),
        _ => false,
    });
    (worth && !changing && func.locals[found.2].kind != LocalKind::Result).then_some(found)
}

/// All computations that can be shared, in the order in which blocks come before their successors.
fn candidates(pure: &Pure<'_>, func: &Func, versions: &Versions) -> Vec<Candidate> {
    let mut values = Values::default();
    let mut found = Vec::new();
    for block in func.reverse_postorder() {
        versions.walk(func, block, |at, instr, now| {
            if let Some((from, dst)) = copy(pure, func, instr) {
                let value = values.of(from, now);
                values.assign(dst, now, value);
                return;
            }
            let Some((operator, operands, dst)) = computation(pure, func, instr) else { return };
            let of = |operand: &&Operand| values.of(operand, now);
            let Some(operands) = operands.iter().map(of).collect() else { return };
            let value = values.number(Value::Of(operator, operands, func.locals[dst].ty));
            values.assign(dst, now, Some(value));
            if sharable(pure, func, instr).is_some() {
                found.push(Candidate { block, at, value });
            }
        });
    }
    found
}

/// Values by number.
#[derive(Default)]
struct Values {
    numbers: FxHashMap<Value, u32>,
    /// The values of locals that hold computations, by version.
    computed: FxHashMap<(LocalId, u32), u32>,
}

impl Values {
    fn number(&mut self, value: Value) -> u32 {
        let next = self.numbers.len() as u32;
        *self.numbers.entry(value).or_insert(next)
    }

    /// The value of an operand; none of a local that may change unseen.
    fn of(&mut self, operand: &Operand, now: &Now<'_>) -> Option<u32> {
        let Operand::Local(local) = operand else {
            return Some(self.number(Value::Const(format!("{operand:?}"))));
        };
        let version = now.of(*local)?;
        let known = self.computed.get(&(*local, version)).copied();
        Some(known.unwrap_or_else(|| self.number(Value::Local(*local, version))))
    }

    fn assign(&mut self, local: LocalId, now: &Now<'_>, value: Option<u32>) {
        if let (Some(version), Some(value)) = (now.after(local), value) {
            self.computed.insert((local, version), value);
        }
    }
}

/// A function that is being changed.
struct Edits<'f> {
    func: &'f Func,
    order: Vec<BlockId>,
    dominators: crate::Dominators,
    changed: Option<Func>,
    /// Instructions to insert: before which, what.
    inserted: Vec<(BlockId, usize, Instr)>,
}

impl<'f> Edits<'f> {
    fn new(func: &'f Func) -> Self {
        let (order, dominators) = (func.reverse_postorder(), func.dominators());
        Self { func, order, dominators, changed: None, inserted: Vec::new() }
    }

    /// Makes computations of one value use one of them.
    fn unite(&mut self, pure: &Pure<'_>, versions: &Versions, group: &[Candidate]) {
        let first = &group[0];
        let instr = &self.func.blocks[first.block].instrs[first.at];
        if let Some((block, at)) = self.place(pure, versions, group) {
            self.share(instr, block, at, group);
            return;
        }
        // No place for all: each that comes before others serves those.
        let mut rest: Vec<&Candidate> = group.iter().collect();
        while !rest.is_empty() {
            let first = rest[0];
            let (with, without): (Vec<&Candidate>, Vec<&Candidate>) = rest
                .into_iter()
                .partition(|other| self.dominators.dominates(first.block, other.block));
            if with.len() > 1 {
                let instr = &self.func.blocks[first.block].instrs[first.at];
                self.share(instr, first.block, first.at, with);
            }
            rest = without;
        }
    }

    /// Where the value can be computed for all: the block that they have in common, before its first
    /// computation of the value or at its end.
    fn place(
        &self,
        pure: &Pure<'_>,
        versions: &Versions,
        group: &[Candidate],
    ) -> Option<(BlockId, usize)> {
        let over =
            |block: &BlockId| group.iter().all(|one| self.dominators.dominates(*block, one.block));
        let common = self.order.iter().copied().rfind(over)?;
        let there = group.iter().filter(|one| one.block == common).map(|one| one.at).min();
        if let Some(at) = there {
            return Some((common, at));
        }
        let first = &group[0];
        let instr = &self.func.blocks[first.block].instrs[first.at];
        let (operator, operands, _) = computation(pure, self.func, instr)?;
        let mut same = true;
        let end = versions.at_end(self.func, common);
        versions.walk(self.func, first.block, |at, _, now| {
            if at == first.at {
                same = operands.iter().all(|operand| match operand {
                    Operand::Local(local) => {
                        now.of(*local).is_some_and(|v| end.of(*local) == Some(v))
                    }
                    _ => true,
                });
            }
        });
        // A division may be guarded by what lies between.
        let guarded = match operator {
            Operator::Binary(BinaryOp::Quo | BinaryOp::Rem) => {
                !matches!(operands[1], Operand::Const(ConstValue::Int(n), _) if *n != 0.into())
            }
            _ => false,
        };
        (same && !guarded).then_some((common, self.func.blocks[common].instrs.len()))
    }

    /// Computes a value before the instruction `at` of `block` and lets all of `group` use it.
    fn share<'c>(
        &mut self,
        instr: &Instr,
        block: BlockId,
        at: usize,
        group: impl IntoIterator<Item = &'c Candidate>,
    ) {
        let changed = self.changed.get_or_insert_with(|| self.func.clone());
        let mut kind = instr.kind.clone();
        let Some(dst) = destination(&mut kind) else { return };
        let local = &self.func.locals[*dst];
        let (ty, span) = (local.ty, local.span);
        let value = changed.locals.push(Local::temp(ty, span));
        *dst = value;
        self.inserted.push((block, at, Instr { kind, span: instr.span }));
        for one in group {
            let instr = &mut changed.blocks[one.block].instrs[one.at];
            if let Some(dst) = destination(&mut instr.kind).copied() {
                instr.kind = InstrKind::Assign(dst, Rvalue::Use(Operand::Local(value)));
            }
        }
    }

    fn done(mut self) -> Option<Func> {
        let mut changed = self.changed?;
        // From behind, so that places before stay what they are; of several at one place the first one made
        // comes first, since others may use it.
        self.inserted.reverse();
        self.inserted.sort_by_key(|(block, at, _)| (*block, std::cmp::Reverse(*at)));
        for (block, at, instr) in self.inserted {
            changed.blocks[block].instrs.insert(at, instr);
        }
        Some(changed)
    }
}

fn destination(kind: &mut InstrKind) -> Option<&mut LocalId> {
    match kind {
        InstrKind::Assign(dst, _) => Some(dst),
        InstrKind::Call(call) => call.dst.first_mut(),
        _ => None,
    }
}
