//! Decisions about what is made of constants alone: they have one outcome, only that it was not computed.

use super::values::{decisions, instrs};
use crate::Ctx;
use stanch_base::Idx;
use stanch_effects::Gives;
use stanch_ir::{
    BlockId, Callee, Func, Instr, InstrKind, LocalId, LocalKind, Operand, Place, PlaceBase, Proj,
    Rvalue, Terminator,
};
use stanch_model::Leak;
use stanch_syntax::ast::BinaryOp;
use std::cell::RefCell;

/// Operations deep to which a value is looked into.
const DEPTH: u32 = 6;

/// Whether the schedule decides something that constants decide.
pub(crate) fn decides_constant(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    decisions(ctx, leak).any(|(func, span, _)| {
        let body = &ctx.module.funcs[func];
        body.blocks.iter_enumerated().any(|(at, block)| {
            let values = Values { ctx, func: body, at, asked: RefCell::default() };
            let made = |local: &LocalId| values.is_made(&Operand::Local(*local), DEPTH, false);
            block.instrs.iter().filter(|i| i.span == span).any(|i| match &i.kind {
                InstrKind::Assign(to, value) => {
                    let ok = match value {
                        Rvalue::MapLookup { ok, .. } | Rvalue::TypeAssert { ok, .. } => ok.as_ref(),
                        _ => None,
                    };
                    made(ok.unwrap_or(to))
                }
                InstrKind::Call(call) => call.dst.iter().any(made),
                _ => false,
            }) || block.term_span == span
                && match &block.term {
                    Terminator::Branch { cond: Operand::Local(cond), .. } => made(cond),
                    Terminator::RangeNext { over, .. } => values.is_made(over, DEPTH, false),
                    _ => false,
                }
        })
    })
}

/// The values of a function where one of its blocks is reached.
struct Values<'a> {
    ctx: &'a Ctx<'a>,
    func: &'a Func,
    at: BlockId,
    /// Variables that are being asked of: what they are computed from may be their earlier values.
    asked: RefCell<Vec<LocalId>>,
}

impl Values<'_> {
    /// Whether a value is computed from constants. `turns`: whether what counts the turns of a loop is one.
    fn is_made(&self, value: &Operand, depth: u32, turns: bool) -> bool {
        let local = match value {
            Operand::Const(..) | Operand::Nil(_) | Operand::Zero(_) => return true,
            Operand::Local(local) => *local,
            Operand::Func(_) | Operand::Unknown(_) => return false,
        };
        let Some(depth) = depth.checked_sub(1) else { return false };
        let info = &self.func.locals[local];
        let own = matches!(info.kind, LocalKind::Temp | LocalKind::Var);
        if !own || info.captured_by_ref || info.address_taken {
            return false;
        }
        if self.asked.borrow().contains(&local) {
            return !turns;
        }
        self.asked.borrow_mut().push(local);
        let is_made = self.is_assigned(local, depth, turns);
        self.asked.borrow_mut().pop();
        is_made
    }

    /// Whether all that a local is given is computed from constants.
    fn is_assigned(&self, local: LocalId, depth: u32, turns: bool) -> bool {
        let made = |x: &Operand, turns: bool| self.is_made(x, depth, turns);
        let (mut n, mut all, mut always) = (0, true, true);
        for (block, instr) in self.instrs() {
            match &instr.kind {
                InstrKind::Assign(to, value) if is_given(*to, value, local) => {
                    n += 1;
                    always &= self.is_always(block);
                    // The number of a turn is known in that turn.
                    let counts = turns && n > 1 && is_step(self.func, value, local);
                    all &= counts || self.is_computed(value, depth, turns);
                }
                InstrKind::Store(Place { base: PlaceBase::Local(to), proj }, value)
                    if *to == local =>
                {
                    n += usize::from(proj.is_empty());
                    all &= made(value, false) && proj.iter().all(|p| is_index(p, &made));
                    all &= self.is_always(block);
                }
                InstrKind::Call(call) if call.dst.contains(&local) => {
                    n += 1;
                    always &= self.is_always(block);
                    let pure = match &call.callee {
                        Callee::Builtin(_) => true,
                        Callee::Static(object, _) => {
                            self.ctx.effect(*object).is_some_and(|e| e.gives == Gives::Alike)
                        }
                        _ => false,
                    };
                    all &= pure && call.args.iter().all(|a| made(a, false));
                }
                InstrKind::Recv { dst, .. } if dst.as_ref() == Some(&local) => all = false,
                _ => {}
            }
        }
        all && n > 0 && (n == 1 || turns || always)
    }

    fn instrs(&self) -> impl Iterator<Item = (BlockId, &Instr)> {
        let blocks = self.func.blocks.iter_enumerated();
        blocks.flat_map(|(id, block)| block.instrs.iter().map(move |i| (id, i)))
    }

    /// Whether a block is run once on every way to here, or on none.
    fn is_always(&self, block: BlockId) -> bool {
        let entry = self.func.blocks.ids().next();
        let next = |id: BlockId| self.func.blocks[id].term.targets();
        let reaches = |from: Vec<BlockId>, to: BlockId, without: Option<BlockId>| {
            let (mut seen, mut todo) = (vec![false; self.func.blocks.len()], from);
            while let Some(id) = todo.pop() {
                if id == to {
                    return true;
                }
                if Some(id) != without && !std::mem::replace(&mut seen[id.index()], true) {
                    todo.extend(next(id));
                }
            }
            false
        };
        let after = |to: BlockId| reaches(next(block).into_iter().collect(), to, None);
        if block != self.at && !after(self.at) {
            return true;
        }
        let around = block != self.at && reaches(entry.into_iter().collect(), self.at, Some(block));
        !after(block) && !around
    }

    fn is_computed(&self, value: &Rvalue, depth: u32, turns: bool) -> bool {
        let made = |x: &Operand, turns: bool| self.is_made(x, depth, turns);
        match value {
            Rvalue::Use(x) => made(x, turns),
            Rvalue::Binary(op, a, b) => {
                let part = matches!(op, BinaryOp::Rem | BinaryOp::And);
                made(a, turns || part) && made(b, turns || part)
            }
            Rvalue::Unary(_, x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::Len(x)
            | Rvalue::Cap(x)
            | Rvalue::TypeAssert { x, .. } => made(x, false),
            Rvalue::MakeSlice { elems, len, .. } => elems.iter().chain(len).all(|x| made(x, false)),
            Rvalue::Composite { elems, .. } => elems.iter().all(|e| made(&e.1, false)),
            Rvalue::Slice { x, lo, hi } => {
                [Some(x), lo.as_ref(), hi.as_ref()].into_iter().flatten().all(|x| made(x, false))
            }
            Rvalue::Append { slice, elems, .. } => {
                made(slice, false) && elems.iter().all(|e| made(e, false))
            }
            Rvalue::MapLookup { map, key, .. } => made(map, false) && made(key, false),
            Rvalue::Load(Place { base: PlaceBase::Local(base), proj }) => {
                proj.iter().all(|p| !matches!(p, Proj::Index(key) if !made(key, false)))
                    && match proj.first() {
                        Some(Proj::Deref) => self.is_own(*base, depth),
                        _ => made(&Operand::Local(*base), false),
                    }
            }
            Rvalue::MakeMap(_) => true,
            Rvalue::Load(_)
            | Rvalue::AddressOf(_)
            | Rvalue::New(_)
            | Rvalue::MakeChan { .. }
            | Rvalue::MakeClosure(_)
            | Rvalue::MethodValue { .. }
            | Rvalue::Recover => false,
            Rvalue::Other(xs, _) => !xs.is_empty() && xs.iter().all(|x| made(x, false)),
        }
    }

    /// Whether a local holds an object that the function has made, of constants, and that nobody else knows.
    fn is_own(&self, local: LocalId, depth: u32) -> bool {
        // All names of the object and of what was read from it.
        let mut names: Vec<LocalId> = vec![local];
        let mut at = 0;
        while let Some(&name) = names.get(at) {
            at += 1;
            for (_, instr) in self.instrs() {
                let InstrKind::Assign(to, value) = &instr.kind else { continue };
                let from = match value {
                    Rvalue::Use(Operand::Local(from)) => *from,
                    Rvalue::Load(Place { base: PlaceBase::Local(from), .. }) => *from,
                    _ => continue,
                };
                for (known, new) in [(*to, from), (from, *to)] {
                    let up = known == *to && !matches!(value, Rvalue::Use(_));
                    if known == name && !up && !names.contains(&new) {
                        names.push(new);
                    }
                }
            }
        }
        let known = |x: &Operand| matches!(x, Operand::Local(l) if names.contains(l));
        let plain = |l: &LocalId| {
            let info = &self.func.locals[*l];
            let own = matches!(info.kind, LocalKind::Temp | LocalKind::Var);
            own && !info.captured_by_ref && !info.address_taken
        };
        let mut made = false;
        names.iter().all(plain)
            && self.instrs().all(|(block, instr)| match &instr.kind {
                InstrKind::Assign(to, Rvalue::New(_)) => {
                    made |= names.contains(to);
                    !names.contains(to) || self.is_always(block)
                }
                InstrKind::Assign(to, Rvalue::Use(x)) => known(x) == names.contains(to),
                InstrKind::Assign(to, Rvalue::Load(place)) => {
                    let own = matches!(place.base, PlaceBase::Local(l) if names.contains(&l));
                    own == names.contains(to)
                }
                InstrKind::Assign(to, value) => {
                    let reads = matches!(
                        value,
                        Rvalue::Len(_)
                            | Rvalue::Cap(_)
                            | Rvalue::MapLookup { .. }
                            | Rvalue::Binary(..)
                            | Rvalue::Unary(..)
                            | Rvalue::Convert(..)
                            | Rvalue::Slice { .. }
                    );
                    let mut uses = false;
                    instr.kind.for_each_operand(|x| uses |= known(x));
                    !names.contains(to) && (!uses || reads)
                }
                InstrKind::Store(place, value) => {
                    let own = matches!(place.base, PlaceBase::Local(l) if names.contains(&l));
                    !known(value)
                        && (!own || self.is_always(block) && self.is_made(value, depth, false))
                }
                InstrKind::MapDelete { map, .. } => !known(map) || self.is_always(block),
                kind => {
                    let mut uses = false;
                    kind.for_each_operand(|x| uses |= known(x));
                    let builtin = matches!(kind, InstrKind::Call(call)
                        if matches!(call.callee, Callee::Builtin(_)));
                    let mut given = false;
                    kind.for_each_def(|l| given |= names.contains(&l));
                    !given && (!uses || builtin)
                }
            })
            && made
    }
}

/// Whether an assignment gives a local its value.
fn is_given(to: LocalId, value: &Rvalue, local: LocalId) -> bool {
    let ok = match value {
        Rvalue::MapLookup { ok, .. } | Rvalue::TypeAssert { ok, .. } => *ok,
        _ => None,
    };
    to == local || ok == Some(local)
}

fn is_index(proj: &Proj, made: &dyn Fn(&Operand, bool) -> bool) -> bool {
    matches!(proj, Proj::Index(key) if made(key, false))
}

/// Whether a value is a local and a constant more, or less, through one temporary.
fn is_step(func: &Func, value: &Rvalue, local: LocalId) -> bool {
    let adds = |value: &Rvalue| {
        matches!(value, Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, Operand::Local(x), Operand::Const(..))
            if *x == local)
    };
    match value {
        Rvalue::Use(Operand::Local(from)) => instrs(func)
            .any(|i| matches!(&i.kind, InstrKind::Assign(to, value) if to == from && adds(value))),
        value => adds(value),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn constants_decide() {
        let program = |params: &str, condition: &str, mark: &str| {
            stanch_testing::check_shown(
                "abandoned-send",
                &format!(
                    r#"
func f({params}) {{
    c := make(chan int)
    go func() {{ c <- 1 }}()
              {mark}
    if {condition} {{ return }}
    <-c
}}
"#
                ),
            );
        };
        let mark = "//^^^^^^ leak[abandoned-send]: this send";
        program("s string", "s[0] != 'a'", mark);
        program("", "len([]byte(\"abc\")) != 3", "");
        program("", "[]int{1, 2, 3}[1] != 2", "");
        program("n int", "[]int{1, 2, 3}[n] != 2", mark);
    }

    #[test]
    fn room_for_several_counts() {
        let program = |room: &str, mark: &str| {
            stanch_testing::check_shown(
                "abandoned-send",
                &format!(
                    r#"
func f(first, second []string, n int) error {{
    errs := make(chan error, {room})
    for range first {{
        go func() {{ errs <- nil }}()
                  {mark}
    }}
    for range n {{
        go func() {{ errs <- nil }}()
    }}
    return <-errs
}}
"#
                ),
            );
        };
        program("len(first)+len(second)", "");
        program("1", "//^^^^^^^^^^^ leak[abandoned-send]: this send");
    }
}
