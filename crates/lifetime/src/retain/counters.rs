//! Counters that let in or refuse, raised by a function and lowered again on some ways only.

use crate::report::{Retained, Retention};
use crate::retain::events::{KeyPath, path};
use crate::retain::ways::{self, MAX_STEPS, Outcome};
use crate::retain::{At, Bodies, Candidate, Gate, alias, calls};
use stanch_base::{FxHashMap, FxHashSet};
use stanch_effects::Role;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Rvalue,
    Span, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, ObjectId, TypeId};

/// Calls followed to see whether a counter is lowered.
const MAX_DEPTH: u32 = 3;
/// Blocks gone back to see what is known in one.
const MAX_BACK: usize = 8;

/// A counter is raised or lowered.
struct Change {
    at: At,
    span: Span,
    counter: ObjectId,
    /// The object that has it; none if it is a package-level variable.
    of: Option<KeyPath>,
    raises: bool,
}

/// What a package does with its counters.
struct Counts {
    changes: FxHashMap<FuncId, Vec<Change>>,
    /// Where a counter is compared with something.
    decides: FxHashMap<ObjectId, Span>,
    /// Counters that are set to something else, or handed out.
    set: FxHashMap<FuncId, FxHashSet<ObjectId>>,
}

pub(crate) fn find(bodies: &mut Bodies<'_, '_>) {
    let counts = Counts::of(bodies);
    let raised: FxHashSet<ObjectId> =
        counts.all().filter(|c| c.raises).map(|c| c.counter).collect();
    // What is set to anything else is a number, a state, a count of attempts.
    let set: FxHashSet<ObjectId> = counts.set.values().flatten().copied().collect();
    let lowered: FxHashSet<ObjectId> =
        counts.all().filter(|c| !c.raises).map(|c| c.counter).collect();
    let limits: FxHashSet<ObjectId> = raised
        .into_iter()
        .filter(|c| lowered.contains(c) && counts.decides.contains_key(c) && !set.contains(c))
        .collect();
    if limits.is_empty() {
        return;
    }
    for (id, func) in bodies.funcs() {
        for change in counts.changes.get(&id).map_or(&[][..], |v| v) {
            if change.raises && limits.contains(&change.counter) && is_shared(bodies, func, change)
            {
                judge(bodies, &counts, id, func, change);
            }
        }
    }
}

impl Counts {
    fn of(bodies: &Bodies<'_, '_>) -> Self {
        let mut counts = Self {
            changes: FxHashMap::default(),
            decides: FxHashMap::default(),
            set: FxHashMap::default(),
        };
        for (id, func) in bodies.funcs() {
            counts.read(bodies, id, func);
        }
        counts
    }

    fn all(&self) -> impl Iterator<Item = &Change> {
        self.changes.values().flatten()
    }

    fn read(&mut self, bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) {
        let told = told(bodies, id, func);
        for (block, data) in func.blocks.iter_enumerated() {
            for (at, instr) in data.instrs.iter().enumerate() {
                let mut change = |counter: ObjectId, place: &Place, raises: bool| {
                    if let Some(of) = owner(bodies, id, place) {
                        let at = (block, at);
                        let change = Change { at, span: instr.span, counter, of, raises };
                        self.changes.entry(id).or_default().push(change);
                    }
                };
                match &instr.kind {
                    InstrKind::Store(place, value) => {
                        let Some(counter) = alias::end(place) else { continue };
                        match stepped(bodies, id, counter, value) {
                            Some(raises) => change(counter, place, raises),
                            None if !bodies.is_new(id, place) => {
                                self.set.entry(id).or_default().insert(counter);
                            }
                            None => {}
                        }
                    }
                    InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                        for (number, arg) in call.args.iter().enumerate() {
                            let Some((counter, place)) = pointed(bodies, id, arg) else { continue };
                            let by = call.args.get(1).filter(|_| number == 0);
                            if let (true, Some(by)) = (bodies.is_for(call, Role::Count), by) {
                                change(counter, &place, !is_negative(bodies, id, by));
                            } else if !bodies.is_for(call, Role::ReadCount) {
                                self.set.entry(id).or_default().insert(counter);
                            }
                        }
                    }
                    InstrKind::Assign(_, Rvalue::Binary(op, a, b)) if compares(*op) => {
                        for x in [a, b] {
                            if let Some(counter) = counted(bodies, id, &told, x) {
                                self.decides.entry(counter).or_insert(instr.span);
                            }
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    /// The method of a struct that lowers a counter of another one.
    fn lowering_method(
        &self,
        bodies: &Bodies<'_, '_>,
        ty: TypeId,
        counter: ObjectId,
    ) -> Option<FuncId> {
        let named = bodies.program.named_object(ty)?;
        let lowers = |id: &FuncId, changes: &[Change]| {
            let func = &bodies.module.funcs[*id];
            let recv = func.params.first().filter(|_| func.has_recv);
            let of = recv.map(|&r| func.locals[r].ty);
            let of = of.map(|ty| bodies.program.pointee(ty).unwrap_or(ty));
            of.and_then(|ty| bodies.program.named_object(ty)) == Some(named)
                && changes.iter().any(|c| !c.raises && c.counter == counter)
        };
        self.changes.iter().filter(|(id, changes)| lowers(id, changes)).map(|(id, _)| *id).min()
    }

    /// Whether a function, or one that it calls, starts or makes, may lower the counter.
    fn may_lower(
        &self,
        bodies: &Bodies<'_, '_>,
        id: FuncId,
        counter: ObjectId,
        depth: u32,
    ) -> bool {
        let own = self
            .changes
            .get(&id)
            .is_some_and(|changes| changes.iter().any(|c| !c.raises && c.counter == counter));
        if own || self.set.get(&id).is_some_and(|set| set.contains(&counter)) {
            return true;
        }
        let func = &bodies.module.funcs[id];
        depth > 0
            && (func.closures.iter().any(|&c| self.may_lower(bodies, c, counter, depth - 1))
                || calls(func).any(|(_, _, call, _)| {
                    let callee = bodies.callee(call).filter(|callee| *callee != id);
                    callee.is_some_and(|c| self.may_lower(bodies, c, counter, depth - 1))
                })
                || bodies.definitions[id].iter().flatten().any(|v| match v {
                    Rvalue::MethodValue { method, .. } => {
                        let body = bodies.reader.bodies.get(method);
                        body.is_some_and(|&b| self.may_lower(bodies, b, counter, depth - 1))
                    }
                    _ => false,
                }))
    }
}

fn compares(op: BinaryOp) -> bool {
    use BinaryOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Eq | Ne | Lt | Le | Gt | Ge)
}

/// The object that has a counter; `None` if that is not known, or the counter dies with the call.
fn owner(bodies: &Bodies<'_, '_>, id: FuncId, place: &Place) -> Option<Option<KeyPath>> {
    let func = &bodies.module.funcs[id];
    let PlaceBase::Local(base) = place.base else { return Some(None) };
    if !ways::outlives(bodies, id, func, place, MAX_STEPS) {
        return None;
    }
    Some(Some(path(bodies, id, &Operand::Local(base))?))
}

/// Whether a value is the counter's own, raised or lowered; `None` if it is anything else.
fn stepped(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    counter: ObjectId,
    value: &Operand,
) -> Option<bool> {
    let Operand::Local(value) = value else { return None };
    let definitions = &bodies.definitions[id];
    let [Rvalue::Binary(op, Operand::Local(x), by)] = definitions[*value].as_slice() else {
        return None;
    };
    let [Rvalue::Load(place)] = definitions[*x].as_slice() else { return None };
    let number = matches!(by, Operand::Const(ConstValue::Int(_), _) | Operand::Local(_));
    if alias::end(place) != Some(counter) || !number {
        return None;
    }
    match op {
        BinaryOp::Add => Some(!is_negative(bodies, id, by)),
        BinaryOp::Sub => Some(is_negative(bodies, id, by)),
        _ => None,
    }
}

/// Whether a number is less than nought, as a signed one.
fn is_negative(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> bool {
    match value {
        Operand::Const(ConstValue::Int(n), _) => {
            // `^uint32(0)` is less one.
            *n < 0.into() || *n > i64::from(i32::MAX).into()
        }
        Operand::Local(local) => bodies.definitions[id][*local].iter().any(|v| match v {
            Rvalue::Unary(op, _) => matches!(op, UnaryOp::Neg | UnaryOp::Xor),
            Rvalue::Use(x) | Rvalue::Convert(x, _) => match x {
                Operand::Local(x) => bodies.definitions[id][*x]
                    .iter()
                    .any(|v| matches!(v, Rvalue::Unary(UnaryOp::Neg | UnaryOp::Xor, _))),
                x => is_negative(bodies, id, x),
            },
            _ => false,
        }),
        _ => false,
    }
}

/// The field or variable that a value points to.
fn pointed(bodies: &Bodies<'_, '_>, id: FuncId, value: &Operand) -> Option<(ObjectId, Place)> {
    let Operand::Local(local) = value else { return None };
    match bodies.definitions[id][*local].as_slice() {
        [Rvalue::AddressOf(place)] => Some((alias::end(place)?, place.clone())),
        _ => None,
    }
}

/// The counters whose numbers calls give: `n.Load()`, `n.Add(1)`.
fn told(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func) -> FxHashMap<LocalId, ObjectId> {
    let mut told = FxHashMap::default();
    for (_, _, call, _) in calls(func) {
        let reads = bodies.is_for(call, Role::Count) || bodies.is_for(call, Role::ReadCount);
        let Some(of) = call.args.first().filter(|_| reads) else { continue };
        if let Some((counter, _)) = pointed(bodies, id, of) {
            for &local in &call.dst {
                told.entry(local).or_insert(counter);
            }
        }
    }
    told
}

/// The counter whose number a value is.
fn counted(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    told: &FxHashMap<LocalId, ObjectId>,
    value: &Operand,
) -> Option<ObjectId> {
    let mut value = value.clone();
    for _ in 0..MAX_STEPS {
        let Operand::Local(local) = value else { return None };
        match bodies.definitions[id][local].as_slice() {
            [Rvalue::Load(place)] => return alias::end(place),
            [Rvalue::Use(x) | Rvalue::Convert(x, _)] => value = x.clone(),
            [] => return told.get(&local).copied(),
            _ => return None,
        }
    }
    None
}

/// Whether goroutines share the counter, as its own kind or a lock beside it tells: the depth of a
/// decoder dies with the decoder.
fn is_shared(bodies: &Bodies<'_, '_>, func: &Func, change: &Change) -> bool {
    let Some((root, fields)) = &change.of else { return true };
    let atomic = matches!(func.blocks[change.at.0].instrs[change.at.1].kind, InstrKind::Call(_));
    let mut ty = func.locals[*root].ty;
    let locked = |ty: &mut TypeId| {
        *ty = bodies.program.pointee(*ty).unwrap_or(*ty);
        bodies.has_lock(*ty)
    };
    let mut shared = atomic || locked(&mut ty);
    for field in fields {
        ty = bodies.program.object(*field).ty;
        shared |= locked(&mut ty);
    }
    shared
}

fn judge(bodies: &mut Bodies<'_, '_>, counts: &Counts, id: FuncId, func: &Func, raise: &Change) {
    let Some(&decides) = counts.decides.get(&raise.counter) else { return };
    if after_error(bodies, id, func, raise.at.0) {
        return;
    }
    let own: Vec<&Change> = counts.changes[&id]
        .iter()
        .filter(|c| !c.raises && c.counter == raise.counter && c.of == raise.of)
        .collect();
    let (stops, before) = stops(bodies, counts, id, func, raise);
    // What lowers it at the end stands before it is raised.
    if before {
        return;
    }
    let here = own.iter().find(|c| ways::reaches(func, raise.at, c.at));
    let mut reached: Vec<At> =
        stops.iter().copied().filter(|&at| ways::reaches(func, raise.at, at)).collect();
    reached.sort_unstable();
    let (lowered, lowerer) = match here {
        Some(own) => (own.span, None),
        None if reached.is_empty() => {
            let Some((span, by)) = lowered_by_callers(bodies, counts, id, func, raise) else {
                return;
            };
            (span, Some(by))
        }
        None => {
            let known =
                |at: &At| Some((*at, lowers(bodies, counts, id, func, raise.counter, *at)?));
            let Some((at, by)) = reached.iter().find_map(known) else { return };
            // Callers may end what failed as a whole.
            if ended_by_callers(bodies, counts, id, raise) {
                return;
            }
            (func.blocks[at.0].instrs[at.1].span, Some(by))
        }
    };
    let Some(missed) = missed_end(bodies, id, func, raise, &stops) else { return };
    let retention = Retention {
        package: bodies.module.package,
        function: func.symbol.clone(),
        span: raise.span,
        what: Retained::CounterMissed { counter: raise.counter, lowered, missed, decides, lowerer },
        ty: bodies.program.object(raise.counter).ty,
        doubts: Vec::new(),
    };
    bodies.kept.candidates.push(Candidate { func: id.raw(), gate: Gate::Sure, retention });
}

/// A call of the function that raises a counter.
struct Caller<'f> {
    id: FuncId,
    func: &'f Func,
    at: At,
    /// The points after which the counter may have been lowered.
    stops: FxHashSet<At>,
    /// Whether one of them comes before the call and works at the end, or where the call failed.
    ends_failed: bool,
    /// Whether the caller asks for the error.
    asks: bool,
}

fn callers<'b>(
    bodies: &Bodies<'b, '_>,
    counts: &Counts,
    id: FuncId,
    raise: &Change,
) -> Vec<Caller<'b>> {
    let mut found = Vec::new();
    for (caller, func) in bodies.funcs() {
        for (block, at, call, _) in calls(func) {
            if bodies.callee(call) != Some(id) {
                continue;
            }
            let (counter, span, at) = (raise.counter, raise.span, (block, at));
            let as_raise = Change { at, span, counter, of: None, raises: true };
            let (stops, before) = stops(bodies, counts, caller, func, &as_raise);
            let error: Vec<LocalId> = call.dst.last().copied().into_iter().collect();
            let failed = ways::refused(func, &bodies.definitions[caller], &error);
            let ends =
                |stop: &At| failed.iter().any(|f| f == stop || ways::reaches(func, *f, *stop));
            let ends_failed = before || stops.iter().any(ends);
            let asks = !failed.is_empty();
            found.push(Caller { id: caller, func, at, stops, ends_failed, asks });
        }
    }
    found
}

fn ended_by_callers(bodies: &Bodies<'_, '_>, counts: &Counts, id: FuncId, raise: &Change) -> bool {
    let callers = callers(bodies, counts, id, raise);
    callers.iter().any(|c| c.ends_failed || !c.asks && !c.stops.is_empty())
}

/// Where callers lower the counter when the function has not failed, if none does when it has.
fn lowered_by_callers(
    bodies: &Bodies<'_, '_>,
    counts: &Counts,
    id: FuncId,
    func: &Func,
    raise: &Change,
) -> Option<(Span, String)> {
    ways::error_result(bodies, func)?;
    // An amount that did not fit may be that of a peer with whom it is over.
    if !is_by_constant(bodies, id, func, raise.at) {
        return None;
    }
    let callers = callers(bodies, counts, id, raise);
    if callers.iter().any(|c| c.ends_failed || !c.asks) {
        return None;
    }
    callers.iter().find_map(|c| {
        let after = |s: &&At| ways::reaches(c.func, c.at, **s);
        let at = c.stops.iter().filter(after).min()?;
        let by = lowers(bodies, counts, c.id, c.func, raise.counter, *at);
        let span = c.func.blocks[at.0].instrs[at.1].span;
        Some((span, by.unwrap_or_else(|| c.func.symbol.clone())))
    })
}

/// Whether a counter is raised by a constant.
fn is_by_constant(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, at: At) -> bool {
    match &func.blocks[at.0].instrs[at.1].kind {
        InstrKind::Store(_, Operand::Local(sum)) => bodies.definitions[id][*sum]
            .iter()
            .any(|v| matches!(v, Rvalue::Binary(_, _, Operand::Const(..)))),
        InstrKind::Call(call) => !matches!(call.args.get(1), Some(Operand::Local(_))),
        _ => false,
    }
}

/// The function that lowers the counter at a point that is a call, a start or a literal.
fn lowers(
    bodies: &Bodies<'_, '_>,
    counts: &Counts,
    id: FuncId,
    func: &Func,
    counter: ObjectId,
    at: At,
) -> Option<String> {
    let kind = &func.blocks[at.0].instrs[at.1].kind;
    let by = match kind {
        InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
            bodies.callee(call)?
        }
        InstrKind::Assign(_, Rvalue::MakeClosure(literal)) => *literal,
        InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
            *bodies.reader.bodies.get(method)?
        }
        InstrKind::Assign(_, Rvalue::New(ty) | Rvalue::Composite { ty, .. }) => {
            counts.lowering_method(bodies, *ty, counter)?
        }
        _ => return None,
    };
    // A call that lowers it further down may be the end of the whole object.
    let depth = u32::from(!matches!(kind, InstrKind::Call(_)));
    let known = by != id && counts.may_lower(bodies, by, counter, depth);
    known.then(|| bodies.module.funcs[by].symbol.clone())
}

/// The points after which the counter may have been lowered, and whether one of them stands before it is
/// raised and works at the end.
fn stops(
    bodies: &Bodies<'_, '_>,
    counts: &Counts,
    id: FuncId,
    func: &Func,
    raise: &Change,
) -> (FxHashSet<At>, bool) {
    let mut found: FxHashSet<At> = FxHashSet::default();
    let mut before = false;
    let lowers =
        |callee: FuncId| callee != id && counts.may_lower(bodies, callee, raise.counter, MAX_DEPTH);
    for (block, data) in func.blocks.iter_enumerated() {
        for (at, instr) in data.instrs.iter().enumerate() {
            let at = (block, at);
            if at == raise.at {
                continue;
            }
            let (stops, later) = match &instr.kind {
                InstrKind::Assign(_, Rvalue::MakeClosure(literal)) => (lowers(*literal), true),
                InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                    (bodies.reader.bodies.get(method).is_some_and(|&b| lowers(b)), true)
                }
                // An object whose method lowers it.
                InstrKind::Assign(_, Rvalue::New(ty) | Rvalue::Composite { ty, .. }) => {
                    (counts.lowering_method(bodies, *ty, raise.counter).is_some(), true)
                }
                InstrKind::Store(place, _) => (alias::end(place) == Some(raise.counter), false),
                InstrKind::Call(call) | InstrKind::Go(call) => {
                    (may_take(bodies, id, raise, call, &lowers), false)
                }
                InstrKind::Defer(call) => (may_take(bodies, id, raise, call, &lowers), true),
                _ => (false, false),
            };
            if stops {
                found.insert(at);
                before |= later && ways::reaches(func, at, raise.at);
            }
        }
    }
    // Another raise is no end.
    let raises = |at: &At| {
        let own = counts.changes.get(&id).map_or(&[][..], |v| v);
        own.iter().any(|c| c.raises && c.at == *at && c.counter == raise.counter)
    };
    found.retain(|at| !raises(at));
    (found, before)
}

/// Whether a call may lower the counter: its function does, or is out of view and is given the object.
fn may_take(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    raise: &Change,
    call: &Call,
    lowers: &dyn Fn(FuncId) -> bool,
) -> bool {
    if let Some(callee) = bodies.callee(call) {
        return lowers(callee);
    }
    let same = |x: &Operand| {
        let counter = pointed(bodies, id, x).is_some_and(|(counter, _)| counter == raise.counter);
        counter || raise.of.is_some() && path(bodies, id, x) == raise.of
    };
    let given = call.args.iter().any(same);
    match &call.callee {
        Callee::Interface { .. } => given,
        Callee::Static(object, _) => {
            given && (!bodies.reader.is_std(object.package) || bodies.is_for(call, Role::Count))
        }
        // What a field or a call gave may be a callback that lowers it; a caller's function is not.
        Callee::Value(Operand::Local(value)) => {
            let func = &bodies.module.funcs[id];
            given || !func.params.contains(value)
        }
        Callee::Value(_) => true,
        Callee::Closure(..) | Callee::Builtin(_) => false,
    }
}

/// The return after a failure, or the next turn of a loop after one, that leaves the counter raised.
fn missed_end(
    bodies: &Bodies<'_, '_>,
    id: FuncId,
    func: &Func,
    raise: &Change,
    stops: &FxHashSet<At>,
) -> Option<Span> {
    let free = ways::returns(bodies, id, raise.at, stops);
    if let Some(error) = ways::error_result(bodies, func) {
        let fails = |&block: &BlockId| ways::outcome(bodies, id, error, block) == Outcome::Failure;
        if let Some(block) = free.iter().copied().find(fails) {
            return Some(func.blocks[block].term_span);
        }
    } else if let Some(&block) = free.iter().find(|b| after_error(bodies, id, func, **b))
        && free.iter().all(|&b| after_error(bodies, id, func, b))
    {
        return Some(func.blocks[block].term_span);
    }
    // `continue` after a failure.
    let order = ways::order(func);
    ways::ways(bodies, id, raise.at, stops).into_iter().find_map(|(block, _, stop)| {
        let data = &func.blocks[block];
        let failed = after_error(bodies, id, func, block);
        let on_error = on_error(bodies, id, func, block);
        let back = |to: &BlockId| order[*to] <= order[block] && (failed || on_error == Some(*to));
        let turns = stop == usize::MAX && data.term.targets().iter().any(back);
        turns.then_some(data.term_span)
    })
}

/// Whether an error is known to have happened in a block: all ways to it come from where it was asked.
fn after_error(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, block: BlockId) -> bool {
    let preds = func.predecessors();
    let mut at = block;
    for _ in 0..MAX_BACK {
        let [pred] = preds[at].as_slice() else { return false };
        if on_error(bodies, id, func, *pred) == Some(at) {
            return true;
        }
        at = *pred;
    }
    false
}

/// Where a block goes on when an error happened, if it asks for one.
fn on_error(bodies: &Bodies<'_, '_>, id: FuncId, func: &Func, block: BlockId) -> Option<BlockId> {
    let Terminator::Branch { cond: Operand::Local(cond), then, els } = &func.blocks[block].term
    else {
        return None;
    };
    let [Rvalue::Binary(op, a, b)] = bodies.definitions[id][*cond].as_slice() else { return None };
    let nil = |x: &Operand| matches!(x, Operand::Nil(_));
    let err = |x: &Operand| match x {
        Operand::Local(x) => bodies.program.type_string(func.locals[*x].ty) == "error",
        _ => false,
    };
    match op {
        _ if !(nil(a) && err(b) || nil(b) && err(a)) => None,
        BinaryOp::Ne => Some(*then),
        BinaryOp::Eq => Some(*els),
        _ => None,
    }
}
