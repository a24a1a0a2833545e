//! References that are counted: who adds one to an object's counter and returns the object, and who takes
//! one away and ends the object when none is left.
//!
//! A counter is a number in a field of the object, or one that a map keeps by the object. What the first
//! kind of function returns has to go back through one of the second: nobody else knows that it is no
//! longer needed.

use crate::package::{Package, successors};
use crate::summary::{Base, Fresh, Path, Summary, Value};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::{Kind, Op};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Builtin, ConstValue, ObjectId, ObjectKind};

/// Copies of copies, and calls within calls, are followed so far.
const MAX_DEPTH: u32 = 3;

/// The functions of a package that count references.
#[derive(Debug, Default)]
pub(crate) struct Counted {
    /// The result that comes with a reference, by function.
    gives: FxHashMap<FuncId, usize>,
    /// The parameters whose references may go back, receiver first.
    takes: FxHashSet<(FuncId, usize)>,
    /// The functions of these.
    takers: FxHashSet<FuncId>,
}

impl Counted {
    /// Whether a function gives references, or takes them back.
    pub(crate) fn counts(&self, id: FuncId) -> bool {
        self.gives.contains_key(&id) || self.takers.contains(&id)
    }

    /// Adds to what a function does that it gives a reference, or takes one back.
    pub(crate) fn complete(&self, id: FuncId, summary: &mut Summary) {
        if let Some(&result) = self.gives.get(&id) {
            for outcome in &mut summary.outcomes {
                if outcome.results.get(result) != Some(&Some(Value::Nil)) {
                    let kind = Some(Kind::Reference);
                    outcome.fresh = vec![Fresh { result, kind, ..Fresh::default() }];
                    outcome.settled.retain(|&settled| settled != result);
                }
            }
        }
        let mut params: Vec<usize> =
            self.takes.iter().filter(|(taker, _)| *taker == id).map(|&(_, param)| param).collect();
        params.sort_unstable();
        for param in params {
            let path = Path { base: Base::Param(param), steps: Box::default() };
            for outcome in summary.outcomes.iter_mut().filter(|o| !o.used.contains(&path)) {
                outcome.touched.retain(|touched| *touched != path);
                outcome.used.push(path.clone());
            }
        }
    }
}

/// Where the number of an object's references stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Counter {
    /// In this field of the object.
    Own(ObjectId),
    /// In the map that this field holds, by the object.
    ByObject(ObjectId),
}

/// One reference more or less.
struct Change {
    counter: Counter,
    /// The variable with the object.
    of: LocalId,
    more: bool,
    /// The variables with the number that is left.
    left: Vec<LocalId>,
}

/// Where a function changes numbers of references: the block, the number of the instruction, and how.
type Changes = Vec<(BlockId, usize, Change)>;

/// Finds the functions that count references: those that give one only where another ends the object.
pub(crate) fn find(package: &Package<'_>) -> Counted {
    let funcs = package.module.funcs.iter_enumerated();
    let own: Vec<(FuncId, Changes)> = funcs
        .filter(|(_, func)| func.has_body && !package.in_test(func.span))
        .map(|(id, func)| (id, changes(package, func)))
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    let mut ended: FxHashSet<Counter> = FxHashSet::default();
    for (id, changes) in &own {
        let func = &package.module.funcs[*id];
        let fewer = changes.iter().filter(|(.., change)| !change.more);
        let zero = fewer.filter(|(block, _, change)| ends_at_zero(package, func, *block, change));
        ended.extend(zero.map(|(.., change)| change.counter));
    }
    ended.retain(|counter| !are_all_found(package, &own, *counter));
    if ended.is_empty() {
        return Counted::default();
    }
    let takes = takes(package, &own, &ended);
    let takers = takes.iter().map(|&(id, _)| id).collect();
    let mut counted = Counted { gives: FxHashMap::default(), takes, takers };
    let adders = adders(package, &own, &ended);
    for (id, func) in package.module.funcs.iter_enumerated() {
        if func.has_body
            && !package.in_test(func.span)
            && let Some(result) = given(package, id, func, &own, &adders, &ended)
        {
            counted.gives.insert(id, result);
        }
    }
    counted
}

/// Whether the number is only ever lowered for objects that were looked up for it: what it counts is under way
/// (requests, say), and ends when an answer names the object; nobody who was given the object owes that.
fn are_all_found(package: &Package<'_>, own: &[(FuncId, Changes)], counter: Counter) -> bool {
    let mut lowered = own.iter().flat_map(|(id, changes)| {
        let fewer = changes.iter().filter(|(.., c)| !c.more && c.counter == counter);
        fewer.map(move |(.., change)| (*id, change.of))
    });
    let found = |(id, of): (FuncId, LocalId)| {
        let func = &package.module.funcs[id];
        let Some(param) = func.params.iter().position(|&p| p == of) else {
            return is_found(func, of);
        };
        let mut calls = package.module.funcs.iter().flat_map(|caller| {
            visit::kinds(caller).filter_map(move |kind| match kind {
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    Some((caller, call))
                }
                _ => None,
            })
        });
        let mut any = false;
        let all = calls.all(|(caller, call)| {
            if package.in_test(caller.span) || package.body(&call.callee) != Some(id) {
                return true;
            }
            any = true;
            match call.args.get(param) {
                Some(Operand::Local(arg)) => is_found(caller, copied(caller, *arg)),
                _ => false,
            }
        });
        any && all
    };
    lowered.all(found)
}

/// Whether a variable holds what was looked up in a map or list.
fn is_found(func: &Func, local: LocalId) -> bool {
    let ranged = func.blocks.iter().any(|data| {
        matches!(data.term, Terminator::RangeNext { value: Some(value), .. } if value == local)
    });
    ranged
        || match defined(func, local) {
            Some(Rvalue::MapLookup { .. }) => true,
            Some(Rvalue::Load(place)) => matches!(place.proj.last(), Some(Proj::Index(_))),
            _ => false,
        }
}

/// Where a function changes the number of some object's references itself.
fn changes(package: &Package<'_>, func: &Func) -> Changes {
    let mut found = Vec::new();
    for (block, data) in func.blocks.iter_enumerated() {
        for (index, instr) in data.instrs.iter().enumerate() {
            let change = match &instr.kind {
                InstrKind::Store(place, Operand::Local(value))
                    if package.is_number(func, *value) =>
                {
                    stored(func, place, *value)
                }
                InstrKind::Call(call) => added(package, func, call),
                _ => None,
            };
            found.extend(change.map(|change| (block, index, change)));
        }
    }
    found
}

/// `x.refs++`, `refs[x]--` and the like.
fn stored(func: &Func, place: &Place, value: LocalId) -> Option<Change> {
    let (counter, of) = counter(func, place)?;
    let Rvalue::Binary(op, Operand::Local(old), by) = defined(func, value)? else { return None };
    let one = one(by)?;
    let Rvalue::Load(from) = defined(func, *old)? else { return None };
    if counter != self::counter(func, from)?.0 {
        return None;
    }
    let more = match op {
        BinaryOp::Add => one,
        BinaryOp::Sub => !one,
        _ => return None,
    };
    // The number may be read again after it was changed.
    let again = visit::kinds(func).filter_map(|kind| {
        let InstrKind::Assign(dst, rvalue) = kind else { return None };
        let same = match rvalue {
            Rvalue::Load(place) => self::counter(func, place) == Some((counter, of)),
            Rvalue::MapLookup { map, key: Operand::Local(key), ok: None } => {
                map_field(func, map) == Some(counter) && copied(func, *key) == of
            }
            _ => false,
        };
        (same && dst != old).then_some(*dst)
    });
    Some(Change { counter, of, more, left: again.chain([value]).collect() })
}

/// `atomic.AddInt32(&x.refs, 1)`, `x.refs.Add(-1)`.
fn added(package: &Package<'_>, func: &Func, call: &Call) -> Option<Change> {
    if package.op(&call.callee) != Op::AtomicAdd {
        return None;
    }
    let [Operand::Local(at), by] = call.args.as_slice() else { return None };
    let more = one(by)?;
    let Rvalue::AddressOf(place) = defined(func, *at)? else { return None };
    let (counter, of) = counter(func, place)?;
    Some(Change { counter, of, more, left: call.dst.clone() })
}

/// The counter that a place is, and the variable with the object.
fn counter(func: &Func, place: &Place) -> Option<(Counter, LocalId)> {
    let PlaceBase::Local(base) = place.base else { return None };
    match place.proj.as_slice() {
        [Proj::Deref, Proj::Field(_, field)] => Some((Counter::Own(*field), copied(func, base))),
        [Proj::Index(Operand::Local(key))] => {
            let map = map_field(func, &Operand::Local(base))?;
            Some((map, copied(func, *key)))
        }
        _ => None,
    }
}

/// The field whose map an operand is.
fn map_field(func: &Func, map: &Operand) -> Option<Counter> {
    let Operand::Local(map) = map else { return None };
    let Rvalue::Load(place) = defined(func, *map)? else { return None };
    match place.proj.last() {
        Some(Proj::Field(_, field)) => Some(Counter::ByObject(*field)),
        _ => None,
    }
}

/// Whether a constant is 1, or -1.
fn one(by: &Operand) -> Option<bool> {
    let Operand::Const(ConstValue::Int(n), _) = by else { return None };
    match i64::try_from(n) {
        Ok(1) => Some(true),
        Ok(-1) => Some(false),
        _ => None,
    }
}

/// What a local is set to, if that happens at one place and is no call.
fn defined(func: &Func, local: LocalId) -> Option<&Rvalue> {
    let mut found = None;
    for kind in visit::kinds(func) {
        let mut defines = false;
        visit::defs(kind, &mut |l| defines |= l == local);
        match kind {
            InstrKind::DeclareVar(_) => {}
            InstrKind::Assign(dst, rvalue) if *dst == local && found.is_none() => {
                found = Some(rvalue);
            }
            _ if defines => return None,
            _ => {}
        }
    }
    found
}

/// The variable that a local is a copy of.
fn copied(func: &Func, local: LocalId) -> LocalId {
    let mut at = local;
    for _ in 0..MAX_DEPTH {
        match defined(func, at) {
            Some(Rvalue::Use(Operand::Local(from))) if !func.params.contains(&at) => at = *from,
            _ => break,
        }
    }
    at
}

/// Whether a function ends an object, or what it holds, where its last reference is gone.
fn ends_at_zero(package: &Package<'_>, func: &Func, at: BlockId, change: &Change) -> bool {
    let reached = reached(func, at);
    func.blocks.iter_enumerated().any(|(id, block)| {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = &block.term else {
            return false;
        };
        let Some(zero) = is_zero(func, *cond, &change.left) else { return false };
        let (zero, other) = if zero { (*then, *els) } else { (*els, *then) };
        let others = self::reached(func, other);
        reached.contains(&id)
            && self::reached(func, zero).difference(&others).any(|&block| {
                let kinds = func.blocks[block].instrs.iter().map(|instr| &instr.kind);
                kinds.into_iter().any(|kind| ends(package, func, kind, change.of, MAX_DEPTH))
            })
    })
}

/// Blocks that control gets to from one, itself included.
fn reached(func: &Func, from: BlockId) -> FxHashSet<BlockId> {
    let mut seen = FxHashSet::default();
    let mut work = vec![from];
    while let Some(block) = work.pop() {
        if seen.insert(block) {
            successors(&func.blocks[block].term, &mut |next| work.push(next));
        }
    }
    seen
}

/// What a condition is if one of the numbers is 0.
fn is_zero(func: &Func, cond: LocalId, left: &[LocalId]) -> Option<bool> {
    let Rvalue::Binary(op, Operand::Local(number), Operand::Const(ConstValue::Int(n), _)) =
        defined(func, copied(func, cond))?
    else {
        return None;
    };
    if !left.contains(number) && !left.contains(&copied(func, *number)) {
        return None;
    }
    match (op, i64::try_from(n).ok()?) {
        (BinaryOp::Eq | BinaryOp::Le, 0) | (BinaryOp::Lt, 1) => Some(true),
        (BinaryOp::Ne | BinaryOp::Gt, 0) | (BinaryOp::Ge, 1) => Some(false),
        _ => None,
    }
}

/// Whether an instruction closes or stops an object, or something that it holds.
fn ends(package: &Package<'_>, func: &Func, kind: &InstrKind, of: LocalId, depth: u32) -> bool {
    let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) = kind else {
        return false;
    };
    let held = |operand: &Operand| is_held(func, operand, of);
    let named =
        |method: ObjectId| package.names.is_release_word(package.program.object_name(method));
    match &call.callee {
        Callee::Builtin(Builtin::Close) => call.args.iter().any(held),
        Callee::Value(function) => held(function),
        Callee::Interface { recv, method } => named(*method) && held(recv),
        Callee::Static(object, _) => {
            let kind = &package.program.object(*object).kind;
            let is_method = matches!(kind, ObjectKind::Func { recv: Some(_), .. });
            is_method && named(*object) && call.args.first().is_some_and(held)
                || ends_within(package, func, call, of, depth)
        }
        Callee::Closure(..) | Callee::Builtin(_) => false,
    }
}

/// Whether a function of the package that is given the object ends it.
fn ends_within(package: &Package<'_>, func: &Func, call: &Call, of: LocalId, depth: u32) -> bool {
    let body = package.body(&call.callee).filter(|_| depth > 0);
    let Some(callee) = body.and_then(|id| package.module.funcs.get(id)) else { return false };
    let params = call.args.iter().zip(&callee.params);
    params.into_iter().any(|(arg, &param)| {
        let given = matches!(arg, Operand::Local(arg) if copied(func, *arg) == of);
        given && visit::kinds(callee).any(|kind| ends(package, callee, kind, param, depth - 1))
    })
}

/// Whether an operand is an object or was found in it.
fn is_held(func: &Func, operand: &Operand, of: LocalId) -> bool {
    let Operand::Local(local) = operand else { return false };
    let mut at = copied(func, *local);
    for _ in 0..MAX_DEPTH {
        if at == of {
            return true;
        }
        let Some(Rvalue::Load(place) | Rvalue::AddressOf(place)) = defined(func, at) else {
            return false;
        };
        let PlaceBase::Local(base) = place.base else { return false };
        at = copied(func, base);
    }
    at == of
}

/// The parameters of which a function takes one away, or gives them to one that does.
fn takes(
    package: &Package<'_>,
    own: &[(FuncId, Changes)],
    ended: &FxHashSet<Counter>,
) -> FxHashSet<(FuncId, usize)> {
    let mut takes: FxHashSet<(FuncId, usize)> = FxHashSet::default();
    for (id, changes) in own {
        let func = &package.module.funcs[*id];
        let fewer = changes.iter().map(|(.., change)| change);
        for change in fewer.filter(|c| !c.more && ended.contains(&c.counter)) {
            let param = func.params.iter().position(|&p| p == copied(func, change.of));
            takes.extend(param.map(|param| (*id, param)));
        }
    }
    for _ in 0..MAX_DEPTH {
        let before = takes.len();
        for (id, func) in package.module.funcs.iter_enumerated() {
            for (param, &local) in func.params.iter().enumerate() {
                if !takes.contains(&(id, param)) && passes(package, func, local, &takes, MAX_DEPTH)
                {
                    takes.insert((id, param));
                }
            }
        }
        if takes.len() == before {
            break;
        }
    }
    takes
}

/// Whether a function, or a literal in it, gives a variable to one that takes a reference back.
fn passes(
    package: &Package<'_>,
    func: &Func,
    local: LocalId,
    takes: &FxHashSet<(FuncId, usize)>,
    depth: u32,
) -> bool {
    let is_it = |x: &Operand| matches!(x, Operand::Local(x) if copied(func, *x) == local);
    let called = visit::kinds(func).any(|kind| {
        let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) = kind else {
            return false;
        };
        let callee = package.body(&call.callee);
        let mut args = call.args.iter().enumerate();
        callee.is_some_and(|id| args.any(|(i, arg)| is_it(arg) && takes.contains(&(id, i))))
    });
    called
        || depth > 0
            && func.closures.iter().filter_map(|&id| package.module.funcs.get(id)).any(|literal| {
                let captured = literal.captures.iter().filter(|c| copied(func, c.outer) == local);
                captured.map(|c| c.inner).any(|x| passes(package, literal, x, takes, depth - 1))
            })
}

/// Functions that add one to the counter of a parameter on all their ways.
fn adders(
    package: &Package<'_>,
    own: &[(FuncId, Changes)],
    ended: &FxHashSet<Counter>,
) -> FxHashSet<(FuncId, usize)> {
    let mut found = FxHashSet::default();
    for (id, changes) in own {
        let func = &package.module.funcs[*id];
        for (param, &local) in func.params.iter().enumerate() {
            let adds = |block: BlockId, index: usize| {
                changes.iter().any(|(b, i, change)| {
                    (*b, *i) == (block, index)
                        && change.more
                        && copied(func, change.of) == local
                        && ended.contains(&change.counter)
                })
            };
            let ways = ways(func, None, &adds);
            if !ways.is_empty() && ways.iter().all(|way| way.counted) {
                found.insert((*id, param));
            }
        }
    }
    found
}

/// A way out of a function.
struct Way {
    /// Whether one was added.
    counted: bool,
    value: Out,
}

/// What a result holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Out {
    Nothing,
    Is(LocalId),
    Other,
}

/// The ways out of a function: whether one was added on them, and what a result is then.
fn ways(func: &Func, result: Option<LocalId>, adds: &dyn Fn(BlockId, usize) -> bool) -> Vec<Way> {
    let mut seen: FxHashSet<(BlockId, bool, Out)> = FxHashSet::default();
    let mut ways = Vec::new();
    let mut work: Vec<(BlockId, bool, Out)> =
        func.blocks.ids().take(1).map(|entry| (entry, false, Out::Nothing)).collect();
    while let Some((block, mut counted, mut value)) = work.pop() {
        if !seen.insert((block, counted, value)) {
            continue;
        }
        let data = &func.blocks[block];
        for (index, instr) in data.instrs.iter().enumerate() {
            counted |= adds(block, index);
            let mut defines = false;
            visit::defs(&instr.kind, &mut |local| defines |= Some(local) == result);
            if defines {
                value = match &instr.kind {
                    InstrKind::Assign(_, Rvalue::Use(Operand::Nil(_) | Operand::Zero(_))) => {
                        Out::Nothing
                    }
                    InstrKind::Assign(_, Rvalue::Use(Operand::Local(from))) => {
                        Out::Is(copied(func, *from))
                    }
                    InstrKind::DeclareVar(_) => value,
                    _ => Out::Other,
                };
            }
        }
        if data.term == Terminator::Return {
            ways.push(Way { counted, value });
        }
        successors(&data.term, &mut |next| work.push((next, counted, value)));
    }
    ways
}

/// The result of a function that comes with a reference on all its ways on which it is not nil.
fn given(
    package: &Package<'_>,
    id: FuncId,
    func: &Func,
    own: &[(FuncId, Changes)],
    adders: &FxHashSet<(FuncId, usize)>,
    ended: &FxHashSet<Counter>,
) -> Option<usize> {
    let changes = own.iter().find(|(func, _)| *func == id).map(|(_, changes)| changes);
    // The objects of which it gets one more, and where.
    let mut more: Vec<(BlockId, usize, LocalId)> = Vec::new();
    for (block, index, change) in changes.into_iter().flatten() {
        if change.more && ended.contains(&change.counter) {
            more.push((*block, *index, copied(func, change.of)));
        }
    }
    for (block, data) in func.blocks.iter_enumerated() {
        for (index, instr) in data.instrs.iter().enumerate() {
            let InstrKind::Call(call) = &instr.kind else { continue };
            let Some(callee) = package.body(&call.callee) else { continue };
            for (i, arg) in call.args.iter().enumerate() {
                if let Operand::Local(arg) = arg
                    && adders.contains(&(callee, i))
                {
                    more.push((block, index, copied(func, *arg)));
                }
            }
        }
    }
    if more.is_empty() {
        return None;
    }
    func.results.iter().position(|&result| {
        more.iter().any(|&(_, _, of)| {
            let adds = |block, index| more.contains(&(block, index, of));
            let ways = ways(func, Some(result), &adds);
            let gives = |way: &Way| way.value == Out::Is(of) && !func.params.contains(&of);
            let nothing = |way: &Way| way.value == Out::Nothing;
            ways.iter().any(gives)
                && ways.iter().all(|way| nothing(way) || gives(way) && way.counted)
        })
    })
}
