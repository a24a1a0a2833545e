//! Types that others use through their methods: how a client does that, to the end. A client makes an
//! object, starts it, calls one more of its methods, and stops it; what is blocked then stays so.
//!
//! A stop is recognised by what it does to a field of the object: it closes a channel that others
//! receive from, cancels a context, sends to a receiver that ends by it, or sets what keeps others from
//! waiting for a condition, or ends their loops.

mod build;
mod calls;
mod conditions;
pub(crate) mod leaks;
mod uses;

pub(crate) use build::{Client, build};

use crate::given_functions::started_by;
use crate::names::Names;
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_ir::{Callee, FuncId, InstrKind, Module, Operand, Rvalue};
use stanch_types::{ObjectId, PackageId, Program, TypeId, TypeKind};
use std::collections::BTreeMap;
use uses::{Fields, Uses};

/// Of one type: constructors, stops and other methods of which clients are made up.
const MAX_CONSTRUCTORS: usize = 2;
const MAX_STOPS: usize = 2;
const MAX_METHODS: usize = 8;
const MAX_STARTERS: usize = 4;
const MAX_GETTERS: usize = 4;
/// Of one package.
const MAX_CLIENTS: usize = 200;
/// Calls deep to which a method is followed.
const DEPTH: u32 = 3;

/// What one client does.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// What makes the object, or for a type that users write out themselves, what they call first.
    pub(crate) constructor: FuncId,
    /// That type.
    pub(crate) literal: Option<TypeId>,
    /// What is called next, in this order. Those with `true` do not return while they work: they run as
    /// goroutines.
    pub(crate) starters: Starters,
    /// What is called then.
    pub(crate) method: Option<FuncId>,
    /// How.
    pub(crate) calls: Calls,
    /// What is called at the end, if there is such a thing.
    pub(crate) stop: Option<FuncId>,
    /// Everything that a client can call.
    pub(crate) interface: Vec<FuncId>,
    /// Methods that give channels to receive from: somebody does.
    pub(crate) getters: Vec<FuncId>,
    /// The fields that clients see themselves, by name and place.
    pub(crate) open_fields: Vec<(Box<str>, u32)>,
}

/// What is called to start an object; with `true`, as goroutines.
type Starters = Vec<(FuncId, bool)>;

/// How a client calls the method between start and stop, or the stop itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Calls {
    /// Once.
    Once,
    /// Twice: what works calls off may be in the middle of the first, or may have ended by itself.
    Twice,
    /// On a goroutine of its own, while the object is stopped.
    Meeting,
    /// There is no method; the stop is called again.
    Again,
}

/// The clients of all types of a package.
pub(crate) fn plans(names: &Names<'_>, package: PackageId, module: &Module) -> Vec<Plan> {
    let planner = Planner::new(names, package, module);
    let mut plans = Vec::new();
    for (&ty, methods) in &planner.types {
        planner.plans_of(ty, methods, &mut plans);
    }
    plans.truncate(MAX_CLIENTS);
    plans
}

struct Planner<'a> {
    program: &'a Program<'a>,
    names: &'a Names<'a>,
    package: PackageId,
    module: &'a Module,
    uses: IndexVec<FuncId, Uses>,
    /// Struct types of the package with their methods.
    types: BTreeMap<ObjectId, Vec<FuncId>>,
    /// Which functions call a function, other than itself.
    callers: FxHashMap<FuncId, Vec<FuncId>>,
    /// Which functions a declared function and its literals call.
    callees: FxHashMap<FuncId, Vec<FuncId>>,
    /// Functions that are started as goroutines.
    started: FxHashSet<FuncId>,
    /// Fields that somebody receives from, and those whose receivers end by it.
    received: FxHashSet<ObjectId>,
    ending: FxHashSet<ObjectId>,
    /// Fields that end somebody's wait for a condition.
    heeded: FxHashSet<ObjectId>,
    /// Fields that, once true, end loops of those who wait at channels.
    minded: FxHashSet<ObjectId>,
    /// Fields of which a goroutine of its own uses the value.
    watched: FxHashSet<ObjectId>,
    /// Fields whose receivers send to them as well.
    fed_by_receiver: FxHashSet<ObjectId>,
    /// Fields whose receivers may leave their loops by themselves.
    left_by_receiver: FxHashSet<ObjectId>,
}

impl<'a> Planner<'a> {
    fn new(names: &'a Names<'a>, package: PackageId, module: &'a Module) -> Self {
        let fields = Fields::new(names, module);
        let uses: IndexVec<FuncId, Uses> =
            module.funcs.ids().map(|id| Uses::of(names, module, &fields, id)).collect();
        let mut planner = Self {
            program: names.program,
            names,
            package,
            module,
            types: BTreeMap::new(),
            callers: FxHashMap::default(),
            callees: FxHashMap::default(),
            started: FxHashSet::default(),
            received: uses.iter().flat_map(|u| u.received.iter().copied()).collect(),
            ending: FxHashSet::default(),
            watched: FxHashSet::default(),
            fed_by_receiver: FxHashSet::default(),
            left_by_receiver: FxHashSet::default(),
            heeded: uses.iter().flat_map(|u| u.heeded.iter().copied()).collect(),
            minded: FxHashSet::default(),
            uses,
        };
        for id in module.funcs.ids() {
            if let Some(ty) = planner.receiver(id).filter(|_| !planner.in_test(id)) {
                planner.types.entry(ty).or_default().push(id);
            }
            planner.note_callers(id);
        }
        planner.fed_by_receiver = planner.fed_by_receivers();
        planner.left_by_receiver = planner.left_by_receivers();
        let started: Vec<FuncId> = planner.started.iter().copied().collect();
        for id in started {
            let used = planner.followed(id, DEPTH).used;
            planner.watched.extend(used);
        }
        for (id, uses) in planner.uses.iter_enumerated() {
            // What is sent to those who only come for one value is no stop.
            if uses.loops || planner.started.contains(&id) {
                planner.ending.extend(&uses.ending);
                planner.minded.extend(&uses.minded);
            }
        }
        planner
    }

    fn note_callers(&mut self, id: FuncId) {
        let func = &self.module.funcs[id];
        let mut called = Vec::new();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            if let InstrKind::Call(call) = &instr.kind
                && let Some(started) = started_by(self.names, func, call)
            {
                self.started.insert(started);
                if self.module.funcs[started].parent.is_none() {
                    called.push(started);
                }
                continue;
            }
            let object = match &instr.kind {
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    match &call.callee {
                        Callee::Static(object, _) => *object,
                        Callee::Closure(literal, _) if matches!(instr.kind, InstrKind::Go(_)) => {
                            self.started.insert(*literal);
                            continue;
                        }
                        _ => continue,
                    }
                }
                InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => *method,
                _ => continue,
            };
            let callee = self.names.body(object);
            if matches!(instr.kind, InstrKind::Go(_)) {
                self.started.extend(callee);
            }
            called.extend(callee);
        }
        let declared = self.outermost(id);
        for callee in called.into_iter().filter(|c| *c != id) {
            self.callers.entry(callee).or_default().push(id);
            self.callees.entry(declared).or_default().push(callee);
        }
    }

    /// The struct type of this package that a function is a method of.
    fn receiver(&self, id: FuncId) -> Option<ObjectId> {
        let func = &self.module.funcs[id];
        if !func.has_recv || !func.has_body {
            return None;
        }
        self.struct_type(func.locals[*func.params.first()?].ty)
    }

    /// The struct type of this package that a type is, or points to.
    fn struct_type(&self, ty: TypeId) -> Option<ObjectId> {
        let base = self.program.pointee(ty).unwrap_or(ty);
        let object = self.program.named_object(base)?;
        let is_struct =
            matches!(self.program.kind(self.program.underlying(base)), TypeKind::Struct(_));
        (is_struct && object.package == self.package).then_some(object)
    }

    /// The declared function that a literal stands in.
    fn outermost(&self, mut id: FuncId) -> FuncId {
        while let Some(parent) = self.module.funcs[id].parent {
            id = parent;
        }
        id
    }

    fn in_test(&self, id: FuncId) -> bool {
        is_test(self.program, self.module, id)
    }

    /// Whether somebody other than the type's own methods and those who make it can call a method.
    fn is_called_from_outside(&self, id: FuncId, ty: ObjectId) -> bool {
        let name = self.module.funcs[id].object.map(|o| self.program.object_name(o));
        if name.is_some_and(|n| n.chars().next().is_some_and(char::is_uppercase)) {
            return true;
        }
        let callers = self.callers.get(&id).into_iter().flatten();
        let mut callers = callers.filter(|c| !self.in_test(**c)).peekable();
        callers.peek().is_none()
            || callers.any(|c| {
                let caller = self.outermost(*c);
                self.receiver(caller) != Some(ty) && !self.makes(caller, ty)
            })
    }

    fn plans_of(&self, ty: ObjectId, methods: &[FuncId], plans: &mut Vec<Plan>) {
        let interface: Vec<FuncId> =
            methods.iter().copied().filter(|m| self.is_called_from_outside(*m, ty)).collect();
        let whole: Vec<(FuncId, Uses)> =
            interface.iter().map(|m| (*m, self.followed(*m, DEPTH))).collect();
        let all_stops = |stops: &dyn Fn(FuncId, &Uses) -> bool| {
            let is_stop = |id: FuncId, uses: &Uses| {
                !uses.loops && !self.started.contains(&id) && stops(id, uses)
            };
            let stops = whole.iter().filter(|(id, uses)| is_stop(*id, uses)).map(|m| m.0);
            stops.collect::<Vec<FuncId>>()
        };
        let mut stops = all_stops(&|id, uses| self.stops(id, uses, ty));
        if stops.is_empty() {
            self.askers(ty, &interface, &whole, plans);
            stops = all_stops(&|id, uses| self.ends(id, uses, ty));
        }
        if stops.is_empty() {
            return self.makers(ty, &interface, &whole, plans);
        }
        let others = || whole.iter().filter(|(id, _)| !stops.contains(id));
        let waits = |uses: &Uses| {
            whole.iter().filter(|(id, _)| stops.contains(id)).any(|(_, stop)| {
                let signals = stop.closed.iter().chain(&stop.sent);
                !stop.cancelled.is_empty()
                    || signals.into_iter().any(|f| uses.received.contains(f))
                    || stop
                        .raised
                        .iter()
                        .any(|f| uses.heeded.contains(f) || uses.minded.contains(f))
            })
        };
        let mut open_fields = self.open_fields(ty);
        open_fields.extend(self.taken_fields(ty, &whole, &stops));
        let getters = interface.iter().copied().filter(|m| self.is_getter(*m));
        let getters: Vec<FuncId> = getters.take(MAX_GETTERS).collect();
        // Beside a stop for all what the package itself calls is not the last word.
        let public = stops.iter().any(|s| self.is_exported(*s));
        let last = stops.iter().copied().filter(|s| !public || self.is_exported(*s));
        let last: Vec<FuncId> = last.take(MAX_STOPS).collect();
        for (constructor, literal, starters) in self.ways_to_start(ty, &others, &waits) {
            for &stop in &last {
                let calls = others().filter(|m| starters.iter().all(|s| s.0 != m.0));
                // Whoever calls what only takes a lock calls what gives it back before he goes on.
                let calls = calls.filter(|(_, uses)| uses.unlocks || !uses.locks);
                let calls = calls.take(MAX_METHODS).flat_map(|(method, uses)| {
                    let more = self.more_calls(ty, (*method, uses), stop, &whole);
                    std::iter::once(Calls::Once).chain(more).map(|calls| (Some(*method), calls))
                });
                let again = self.may_stop_again(ty, stop, &whole);
                let again = again.then_some((None, Calls::Again));
                let calls = std::iter::once((None, Calls::Once)).chain(again).chain(calls);
                plans.extend(calls.map(|(method, calls)| Plan {
                    constructor,
                    literal,
                    starters: starters.clone(),
                    method,
                    calls,
                    stop: Some(stop),
                    interface: interface.clone(),
                    getters: getters.clone(),
                    open_fields: open_fields.clone(),
                }));
            }
        }
    }

    /// How users of a type get an object that is at work: what makes it and what starts it then. One that no
    /// function of the package makes they write out themselves.
    fn ways_to_start<'u, I: Iterator<Item = &'u (FuncId, Uses)>>(
        &self,
        ty: ObjectId,
        others: &dyn Fn() -> I,
        waits: &dyn Fn(&Uses) -> bool,
    ) -> Vec<(FuncId, Option<TypeId>, Starters)> {
        let constructors = self.constructors(ty);
        let made = || {
            let mut funcs = self.module.funcs.ids();
            funcs.any(|f| !self.in_test(f) && self.makes(f, ty))
        };
        if !crate::channels::is_exported(self.program.object_name(ty)) || made() {
            let ways = constructors.into_iter().filter_map(|constructor| {
                Some((constructor, None, self.starters(constructor, others(), waits)?))
            });
            return ways.collect();
        }
        let Some(starters) = self.called_first(others(), waits) else { return Vec::new() };
        let Some((first, _)) = starters.first() else { return Vec::new() };
        vec![(*first, Some(self.program.object(ty).ty), starters)]
    }

    /// Clients of a type without a stop: they call a method that makes a channel for what it asks, and one
    /// that sends to who may leave.
    fn askers(
        &self,
        ty: ObjectId,
        interface: &[FuncId],
        whole: &[(FuncId, Uses)],
        plans: &mut Vec<Plan>,
    ) {
        let calls = |uses: &Uses| match uses.makes {
            _ if uses.starts => None,
            true => Some(Calls::Once),
            false => self.may_find_nobody(uses).then_some(Calls::Twice),
        };
        let asks = whole.iter().filter_map(|(id, uses)| Some((*id, calls(uses)?)));
        let asks: Vec<(FuncId, Calls)> = asks.take(MAX_METHODS).collect();
        if asks.is_empty() {
            return;
        }
        for constructor in self.constructors(ty) {
            let others = whole.iter().filter(|(id, _)| asks.iter().all(|a| a.0 != *id));
            let Some(starters) = self.starters(constructor, others, &|_| false) else { continue };
            plans.extend(asks.iter().map(|(method, calls)| Plan {
                constructor,
                literal: None,
                starters: starters.clone(),
                method: Some(*method),
                calls: *calls,
                stop: None,
                interface: interface.to_vec(),
                getters: Vec::new(),
                open_fields: self.open_fields(ty),
            }));
        }
    }

    /// Clients of a type without a stop that make an object, start it, and do nothing more. What is started by
    /// a method is so twice too, before: it may be that the second call ends what the first one began.
    fn makers(
        &self,
        ty: ObjectId,
        interface: &[FuncId],
        whole: &[(FuncId, Uses)],
        plans: &mut Vec<Plan>,
    ) {
        for constructor in self.constructors(ty) {
            let Some(starters) = self.starters(constructor, whole.iter(), &|_| false) else {
                continue;
            };
            let ways: Vec<Starters> = match starters.is_empty() {
                true => vec![Vec::new()],
                false => starters.iter().flat_map(|s| [vec![*s; 2], vec![*s]]).collect(),
            };
            plans.extend(ways.into_iter().map(|starters| Plan {
                constructor,
                literal: None,
                starters,
                method: None,
                calls: Calls::Once,
                stop: None,
                interface: interface.to_vec(),
                getters: Vec::new(),
                open_fields: self.open_fields(ty),
            }));
        }
    }

    /// How an object is started that a constructor makes: not at all if that starts something itself;
    /// by the methods that loop until they are told to stop; else by those that start goroutines.
    fn starters<'u>(
        &self,
        constructor: FuncId,
        methods: impl Iterator<Item = &'u (FuncId, Uses)>,
        waits: &dyn Fn(&Uses) -> bool,
    ) -> Option<Starters> {
        if self.followed(constructor, DEPTH).starts {
            return Some(Vec::new());
        }
        self.called_first(methods, waits)
    }

    fn called_first<'u>(
        &self,
        methods: impl Iterator<Item = &'u (FuncId, Uses)>,
        waits: &dyn Fn(&Uses) -> bool,
    ) -> Option<Starters> {
        let (mut loops, mut starts) = (Vec::new(), Vec::new());
        for (id, uses) in methods {
            if (uses.loops || !uses.heeded.is_empty()) && waits(uses) {
                loops.push((*id, true));
            } else if uses.starts {
                starts.push((*id, false));
            }
        }
        let starters = if loops.is_empty() { starts } else { loops };
        (1..=MAX_STARTERS).contains(&starters.len()).then_some(starters)
    }

    /// Functions that make an object of the type and return it.
    fn constructors(&self, ty: ObjectId) -> Vec<FuncId> {
        let constructs = |id: &FuncId| {
            let func = &self.module.funcs[*id];
            let first = func.results.first().map(|r| func.locals[*r].ty);
            func.has_body
                && !func.has_recv
                && func.parent.is_none()
                && first.is_some_and(|t| self.gives(*id, t, ty))
                && !self.in_test(*id)
                && self.makes(*id, ty)
        };
        self.module.funcs.ids().filter(constructs).take(MAX_CONSTRUCTORS).collect()
    }

    /// Whether a result is an object of the type, or an interface that nothing but one becomes.
    fn gives(&self, id: FuncId, result: TypeId, ty: ObjectId) -> bool {
        if !self.program.is_interface(result) {
            return self.struct_type(result) == Some(ty);
        }
        let func = &self.module.funcs[id];
        let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        let mut made = instrs.filter_map(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::MakeInterface(Operand::Local(x), to)) if *to == result => {
                Some(self.struct_type(func.locals[*x].ty))
            }
            _ => None,
        });
        made.next() == Some(Some(ty)) && made.all(|t| t == Some(ty))
    }

    /// Whether a function makes an object of the type itself.
    fn makes(&self, id: FuncId, ty: ObjectId) -> bool {
        let instrs = self.module.funcs[id].blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::New(of) | Rvalue::Composite { ty: of, .. }) => {
                self.struct_type(*of) == Some(ty)
            }
            _ => false,
        })
    }

    /// Whether all that a method does is to give a channel that its callers can only receive from.
    fn is_getter(&self, id: FuncId) -> bool {
        let func = &self.module.funcs[id];
        let ([_], [result]) = (func.params.as_slice(), func.results.as_slice()) else {
            return false;
        };
        let chan = self.program.chan_of(func.locals[*result].ty);
        let receives = matches!(chan, Some((stanch_syntax::ast::ChanDir::Recv, _)));
        receives && !self.uses[id].starts && !self.uses[id].loops && self.uses[id].calls.is_empty()
    }

    /// Whether a method without more results than an error ends what waits for a field of its object.
    fn stops(&self, id: FuncId, uses: &Uses, ty: ObjectId) -> bool {
        let own: FxHashSet<ObjectId> = self.fields(ty).iter().map(|f| f.object).collect();
        let gone = |field: &&ObjectId| own.contains(*field) && !uses.stored.contains(*field);
        let ends = |f: &ObjectId| self.heeded.contains(f) || self.minded.contains(f);
        self.is_plain(id)
            && (uses.closed.iter().filter(gone).any(|f| self.received.contains(f))
                || uses.sent.iter().any(|f| own.contains(f) && self.ending.contains(f))
                || uses.raised.iter().any(|f| own.contains(f) && ends(f))
                || uses.cancelled.iter().any(|f| gone(&f)))
    }

    /// Whether a method, without more results than an error, after which nothing waits less, is the end of
    /// its object all the same: it closes what a goroutine uses, or a channel that nobody looks at.
    fn ends(&self, id: FuncId, uses: &Uses, ty: ObjectId) -> bool {
        let own: FxHashSet<ObjectId> = self.fields(ty).iter().map(|f| f.object).collect();
        let gone = |field: &&ObjectId| own.contains(*field) && !uses.stored.contains(*field);
        let hidden = |f: &ObjectId| {
            let mut uses = self.uses.iter();
            !crate::channels::is_exported(self.program.object_name(*f))
                && uses.all(|u| !u.used.contains(f) || u.closed.contains(f))
        };
        let func = &self.module.funcs[id];
        self.is_plain(id)
            && func.params.len() == 1
            && (uses.shut.iter().filter(gone).any(|f| self.watched.contains(f))
                || uses.closed.iter().filter(gone).any(hidden))
    }

    /// Whether a function gives nothing, or an error.
    fn is_plain(&self, id: FuncId) -> bool {
        let func = &self.module.funcs[id];
        match func.results.as_slice() {
            [] => true,
            [only] => crate::classify::is_error(self.program, func.locals[*only].ty),
            _ => false,
        }
    }

    /// What a function does itself and in the functions of the package that it calls.
    fn followed(&self, id: FuncId, depth: u32) -> Uses {
        let mut all = self.uses[id].clone();
        let mut done: FxHashSet<FuncId> = std::iter::once(id).collect();
        let mut todo: Vec<(FuncId, u32)> = all.calls.iter().map(|c| (*c, depth)).collect();
        while let Some((id, depth)) = todo.pop() {
            if depth == 0 || !done.insert(id) {
                continue;
            }
            let uses = &self.uses[id];
            all.take_in(uses);
            todo.extend(uses.calls.iter().map(|c| (*c, depth - 1)));
        }
        all
    }

    fn fields(&self, ty: ObjectId) -> &'a [stanch_types::StructField] {
        let ty = self.program.object(ty).ty;
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Struct(fields) => fields,
            _ => &[],
        }
    }

    /// Fields that others get at: by their names, or in functions that the type's own do not run.
    fn open_fields(&self, ty: ObjectId) -> Vec<(Box<str>, u32)> {
        let mut own: FxHashSet<FuncId> = FxHashSet::default();
        let makes = |id: &FuncId| self.makes(*id, ty);
        let mut todo: Vec<FuncId> = self.module.funcs.ids().filter(makes).collect();
        todo.extend(self.types.get(&ty).into_iter().flatten());
        while let Some(id) = todo.pop() {
            if own.insert(self.outermost(id)) {
                todo.extend(self.callees.get(&self.outermost(id)).into_iter().flatten());
            }
        }
        let mut open: FxHashSet<ObjectId> = FxHashSet::default();
        for (id, func) in self.module.funcs.iter_enumerated() {
            if own.contains(&self.outermost(id)) || self.in_test(id) {
                continue;
            }
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                uses::fields(&instr.kind, &mut |object| {
                    open.insert(object);
                });
            }
        }
        let exported = |name: &str| name.chars().next().is_some_and(char::is_uppercase);
        // Whoever has an object of a type without an exported name hardly takes the lock that it embeds.
        let own_lock = |f: &stanch_types::StructField| {
            let lock = matches!(
                crate::classify::object_kind(self.program, f.ty),
                Some(stanch_model::AllocKind::Mutex | stanch_model::AllocKind::RwMutex)
            );
            f.embedded && lock && !exported(self.program.object_name(ty))
        };
        let fields = self.fields(ty).iter().enumerate();
        let seen =
            fields.filter(|(_, f)| exported(&f.name) && !own_lock(f) || open.contains(&f.object));
        seen.map(|(n, f)| (f.name.clone(), n as u32)).collect()
    }
}

/// Whether a function stands in a test file.
pub(crate) fn is_test(program: &Program<'_>, module: &Module, id: FuncId) -> bool {
    let span = module.funcs[id].span;
    program.file_path(span.package, span.file).is_some_and(|p| p.ends_with("_test.go"))
}

/// The functions whose errors a client looks at.
pub(crate) fn with_errors(plans: &[Plan]) -> FxHashSet<FuncId> {
    let starters = plans.iter().flat_map(|p| p.starters.iter().map(|s| s.0));
    plans.iter().map(|p| p.constructor).chain(starters).collect()
}

/// The number of a function, as the model has it.
fn model_id(id: FuncId) -> stanch_model::FnId {
    stanch_model::FnId::from_usize(id.index())
}
