//! What the functions of a package do with what its fields hold: who closes it, who hands it on.

use crate::package::{Package, successors};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, SelectOp, Terminator,
};
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeId};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    /// The type of what may have to be closed.
    pub(super) ty: TypeId,
    /// Whether it holds many of them.
    pub(super) many: bool,
    /// Whether it is a function, which may be one that cancels a context.
    pub(super) cancel: bool,
}

/// Where the value of a local may come from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum From {
    /// What a field holds.
    Whole(ObjectId),
    /// One of the many that a field holds.
    Elem(ObjectId),
    /// A part of the object that a field holds.
    Part(ObjectId),
    /// What a function was given.
    Param(FuncId, usize),
}

impl From {
    pub(super) fn field(self) -> Option<ObjectId> {
        match self {
            Self::Whole(field) | Self::Elem(field) => Some(field),
            Self::Part(_) | Self::Param(..) => None,
        }
    }
}

/// A place in a function.
pub(super) type Site = (BlockId, usize);

/// A call of a function of the package.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) func: FuncId,
    pub(super) site: Site,
    pub(super) args: Vec<Operand>,
}

/// Rounds until sets of functions agree, at most.
const ROUNDS: usize = 6;

pub(super) struct Uses<'s, 'a> {
    pub(super) package: &'s Package<'a>,
    pub(super) contents: FxHashMap<ObjectId, Content>,
    pub(super) froms: Vec<FxHashMap<LocalId, Vec<From>>>,
    /// Parameters that a function closes, or gives to one that does.
    closed: FxHashSet<(FuncId, usize)>,
    /// Parameters that a function closes by a method whose name says so.
    surely: FxHashSet<(FuncId, usize)>,
    /// Parameters that a function keeps or gives out of view.
    kept: FxHashSet<(FuncId, usize)>,
    /// Fields whose content a function, or one that it calls, closes.
    closers: Vec<FxHashSet<ObjectId>>,
    /// Fields of many of which it, or one that it calls, closes each.
    emptiers: Vec<FxHashSet<ObjectId>>,
    /// Methods by name.
    methods: FxHashMap<Box<str>, Vec<FuncId>>,
    /// Names of methods that close or stop something.
    releasing: FxHashSet<Box<str>>,
    pub(super) callers: Vec<Vec<Caller>>,
    /// Functions that are used as values.
    pub(super) valued: FxHashSet<FuncId>,
}

impl<'s, 'a> Uses<'s, 'a> {
    pub(super) fn new(package: &'s Package<'a>, contents: FxHashMap<ObjectId, Content>) -> Self {
        let n = package.module.funcs.len();
        let mut uses = Self {
            package,
            contents,
            froms: Vec::with_capacity(n),
            closed: FxHashSet::default(),
            surely: FxHashSet::default(),
            kept: FxHashSet::default(),
            closers: vec![FxHashSet::default(); n],
            emptiers: vec![FxHashSet::default(); n],
            methods: FxHashMap::default(),
            releasing: FxHashSet::default(),
            callers: vec![Vec::new(); n],
            valued: FxHashSet::default(),
        };
        for (id, func) in package.module.funcs.iter_enumerated() {
            let froms = uses.sources(id, func);
            uses.froms.push(froms);
        }
        uses.find_releasing();
        uses.find_callers();
        uses.settle();
        uses.find_emptiers();
        uses.find_passed();
        uses
    }

    fn funcs(&self) -> impl Iterator<Item = (FuncId, &'s Func)> + use<'s, 'a> {
        self.package.module.funcs.iter_enumerated()
    }

    /// Where the values of a function's locals come from.
    fn sources(&self, id: FuncId, func: &Func) -> FxHashMap<LocalId, Vec<From>> {
        let mut known: FxHashMap<LocalId, Vec<From>> = FxHashMap::default();
        for (i, &param) in func.params.iter().enumerate() {
            known.insert(param, vec![From::Param(id, i)]);
        }
        let parent = func.parent.and_then(|parent| self.froms.get(parent.index()));
        for capture in &func.captures {
            let outer = parent.and_then(|p| p.get(&capture.outer)).cloned();
            known.insert(capture.inner, outer.unwrap_or_default());
        }
        for _ in 0..ROUNDS {
            let mut changed = false;
            let mut add = |known: &mut FxHashMap<LocalId, Vec<From>>, dst, new: Vec<From>| {
                for from in new {
                    let list: &mut Vec<From> = known.entry(dst).or_default();
                    if !list.contains(&from) {
                        list.push(from);
                        changed = true;
                    }
                }
            };
            for block in func.blocks.iter() {
                for instr in &block.instrs {
                    if let InstrKind::Assign(dst, rvalue) = &instr.kind {
                        let new = self.of_rvalue(&known, rvalue);
                        add(&mut known, *dst, new);
                    }
                }
                if let Terminator::RangeNext {
                    over: Operand::Local(over),
                    value: Some(value),
                    ..
                } = &block.term
                {
                    let new = element(known.get(over).map_or(&[], Vec::as_slice));
                    add(&mut known, *value, new);
                }
            }
            if !changed {
                break;
            }
        }
        known
    }

    fn of_rvalue(&self, known: &FxHashMap<LocalId, Vec<From>>, rvalue: &Rvalue) -> Vec<From> {
        let of = |operand: &Operand| match operand {
            Operand::Local(local) => known.get(local).cloned().unwrap_or_default(),
            _ => Vec::new(),
        };
        match rvalue {
            Rvalue::Use(x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::TypeAssert { x, .. }
            | Rvalue::Slice { x, .. } => of(x),
            Rvalue::Append { slice, elems, .. } => {
                let mut all = of(slice);
                // A list of some of the many is as good as the field.
                all.extend(elems.iter().flat_map(of).map(|from| match from {
                    From::Elem(field) => From::Whole(field),
                    other => other,
                }));
                all.retain(|from| matches!(from, From::Whole(_) | From::Param(..)));
                all
            }
            Rvalue::MapLookup { map, .. } => element(&of(map)),
            Rvalue::Load(place) | Rvalue::AddressOf(place) => self.of_place(known, place),
            _ => Vec::new(),
        }
    }

    fn of_place(&self, known: &FxHashMap<LocalId, Vec<From>>, place: &Place) -> Vec<From> {
        let mut at = match place.base {
            PlaceBase::Local(local) => known.get(&local).cloned().unwrap_or_default(),
            PlaceBase::Global(_) => Vec::new(),
        };
        for proj in &place.proj {
            match proj {
                Proj::Deref => {}
                Proj::Index(_) => at = element(&at),
                Proj::Field(_, field) if self.contents.contains_key(field) => {
                    at = vec![From::Whole(*field)];
                }
                Proj::Field(..) => {
                    at = at.iter().filter_map(|from| from.field()).map(From::Part).collect();
                }
            }
        }
        at
    }

    pub(super) fn from(&self, id: FuncId, operand: &Operand) -> &[From] {
        match operand {
            Operand::Local(local) => self.froms[id.index()].get(local).map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }

    /// Whether an operand is what a field holds, or one of that.
    pub(super) fn is_from(&self, id: FuncId, operand: &Operand, field: ObjectId) -> bool {
        self.from(id, operand).iter().any(|from| from.field() == Some(field))
    }

    fn find_releasing(&mut self) {
        let package = self.package;
        for (id, func) in self.funcs().filter(|(_, f)| f.has_recv) {
            if let Some(object) = func.object {
                let name = package.program.object(object).name.clone();
                self.methods.entry(name).or_default().push(id);
            }
            let releases = |kind: &InstrKind| match called(kind).map(|call| &call.callee) {
                Some(Callee::Static(object, _) | Callee::Interface { method: object, .. }) => {
                    package.names.is_release_like(&package.program.object(*object).name)
                }
                Some(Callee::Builtin(builtin)) => *builtin == Builtin::Close,
                _ => false,
            };
            if let Some(object) = func.object
                && visit::kinds(func).any(releases)
            {
                self.releasing.insert(package.program.object(object).name.clone());
            }
        }
    }

    fn find_callers(&mut self) {
        for (id, func) in self.funcs() {
            for (block, index, kind) in instrs(func) {
                if let Some(call) = called(kind) {
                    for callee in self.bodies(id, call) {
                        let args = call_args(call);
                        let caller = Caller { func: id, site: (block, index), args };
                        self.callers[callee.index()].push(caller);
                    }
                }
            }
            self.find_values(func);
        }
    }

    fn find_values(&mut self, func: &Func) {
        let package = self.package;
        let body = |object: ObjectId| package.body(&Callee::Static(object, Box::default()));
        let mut direct: FxHashSet<LocalId> = FxHashSet::default();
        let mut made: Vec<(LocalId, FuncId)> = Vec::new();
        for kind in visit::kinds(func) {
            match kind {
                InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                    let declared = package.program.object(*method);
                    if matches!(declared.kind, ObjectKind::Func { interface: true, .. }) {
                        let named = self.methods.get(&declared.name);
                        self.valued.extend(named.into_iter().flatten());
                    }
                    self.valued.extend(body(*method));
                }
                InstrKind::Assign(dst, Rvalue::MakeClosure(inner)) => made.push((*dst, *inner)),
                _ => {}
            }
            if let Some(Call { callee: Callee::Closure(_, env), .. }) = called(kind) {
                direct.insert(*env);
            }
            visit::operands(kind, &mut |operand| {
                if let Operand::Func(object) = operand {
                    self.valued.extend(body(*object));
                }
            });
        }
        let others = made.into_iter().filter(|(local, _)| !direct.contains(local));
        self.valued.extend(others.map(|(_, inner)| inner));
    }

    /// Literals that are only given to functions which do not keep them are called there and then.
    fn find_passed(&mut self) {
        for (id, func) in self.funcs() {
            let mut made: Vec<(LocalId, FuncId)> = Vec::new();
            let mut uses: FxHashMap<LocalId, Vec<(BlockId, usize, &InstrKind)>> =
                FxHashMap::default();
            for kind in visit::kinds(func) {
                if let InstrKind::Assign(dst, Rvalue::MakeClosure(inner)) = kind {
                    made.push((*dst, *inner));
                    uses.insert(*dst, Vec::new());
                }
            }
            for (block, index, kind) in instrs(func) {
                visit::uses(kind, &mut |local| {
                    if let Some(all) = uses.get_mut(&local) {
                        all.push((block, index, kind));
                    }
                });
            }
            for (dst, inner) in made {
                let mut sites = Vec::new();
                let passed = uses[&dst].iter().all(|&(block, index, kind)| {
                    let Some(call) = called(kind) else { return false };
                    let bodies = self.bodies(id, call);
                    let is_it = |x: &Operand| *x == Operand::Local(dst);
                    let kept = |callee: &FuncId| {
                        let mut args = call.args.iter().enumerate();
                        args.any(|(i, arg)| is_it(arg) && self.kept.contains(&(*callee, i)))
                    };
                    if sites.last() != Some(&(block, index)) {
                        sites.push((block, index));
                    }
                    !bodies.is_empty() && !bodies.iter().any(kept)
                });
                if passed && !sites.is_empty() && self.valued.remove(&inner) {
                    let caller = |site| Caller { func: id, site, args: Vec::new() };
                    self.callers[inner.index()].extend(sites.into_iter().map(caller));
                }
            }
        }
    }

    /// Whether some function puts in a list or map what others have given it.
    pub(super) fn is_given(&self, list: ObjectId) -> bool {
        self.funcs().any(|(id, func)| {
            let given =
                |x: &Operand| self.from(id, x).iter().any(|from| matches!(from, From::Param(..)));
            visit::kinds(func).any(|kind| match kind {
                InstrKind::Store(place, value) => {
                    let base = match place.base {
                        PlaceBase::Local(local) => Operand::Local(local),
                        PlaceBase::Global(_) => return false,
                    };
                    let within =
                        place.proj.iter().any(|p| matches!(p, Proj::Field(_, f) if *f == list))
                            || self.is_from(id, &base, list);
                    within && given(value)
                }
                InstrKind::Assign(_, Rvalue::Append { slice, elems, .. }) => {
                    self.is_from(id, slice, list) && elems.iter().any(given)
                }
                _ => false,
            })
        })
    }

    /// The functions of this package that a call may run, as far as they are known.
    fn bodies(&self, id: FuncId, call: &Call) -> Vec<FuncId> {
        let package = self.package;
        let own = |id: &FuncId| id.index() < package.module.funcs.len();
        if let Callee::Interface { recv: Operand::Local(recv), method } = call.callee {
            let name = &package.program.object(method).name;
            let Some(interface) = package.module.funcs[id].locals.get(recv).map(|l| l.ty) else {
                return Vec::new();
            };
            let may_be = |id: &&FuncId| {
                let func = &package.module.funcs[**id];
                let receiver = func.params.first().and_then(|&p| func.locals.get(p));
                receiver.is_some_and(|r| package.program.implements(r.ty, interface))
            };
            return self.methods.get(name).into_iter().flatten().filter(may_be).copied().collect();
        }
        package.body(&call.callee).filter(own).into_iter().collect()
    }

    /// Finds who closes and who keeps what, until nothing changes.
    fn settle(&mut self) {
        for _ in 0..ROUNDS {
            let mut changed = false;
            for (id, func) in self.funcs() {
                for kind in visit::kinds(func) {
                    for from in self.closed_by(id, kind) {
                        changed |= match from {
                            From::Param(f, i) => self.closed.insert((f, i)),
                            From::Whole(field) | From::Elem(field) => {
                                self.closers[id.index()].insert(field)
                            }
                            From::Part(_) => false,
                        };
                    }
                    for (f, i) in self.surely_closed(id, kind) {
                        changed |= self.surely.insert((f, i));
                    }
                    for from in self.left_by(id, kind) {
                        if let From::Param(f, i) = from {
                            changed |= self.kept.insert((f, i));
                        }
                    }
                    for callee in self.led_to(id, kind) {
                        changed |= absorb(&mut self.closers, id, callee);
                    }
                }
                for result in &func.results {
                    for from in self.from(id, &Operand::Local(*result)).to_vec() {
                        if let From::Param(f, i) = from {
                            changed |= self.kept.insert((f, i));
                        }
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// The functions of the package that an instruction may run, now or later.
    fn led_to(&self, id: FuncId, kind: &InstrKind) -> Vec<FuncId> {
        let mut callees: Vec<FuncId> = match kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(inner)) => vec![*inner],
            kind => called(kind).map(|call| self.bodies(id, call)).unwrap_or_default(),
        };
        callees.retain(|&callee| callee != id);
        callees
    }

    /// Finds who closes each of many: in a loop over them, or through a call.
    fn find_emptiers(&mut self) {
        for (id, func) in self.funcs() {
            let mut emptied: FxHashSet<ObjectId> = FxHashSet::default();
            for (header, block) in func.blocks.iter_enumerated() {
                let Terminator::RangeNext { over, body, .. } = &block.term else { continue };
                let fields = self.from(id, over).iter().filter_map(|from| from.field());
                emptied.extend(fields.filter(|&field| self.closes_each(id, field, header, *body)));
            }
            self.emptiers[id.index()] = emptied;
        }
        for _ in 0..ROUNDS {
            let mut changed = false;
            for (id, func) in self.funcs() {
                for kind in visit::kinds(func) {
                    for callee in self.led_to(id, kind) {
                        changed |= absorb(&mut self.emptiers, id, callee);
                    }
                }
            }
            if !changed {
                break;
            }
        }
    }

    /// Whether each turn of a loop over what a field holds closes one of that, if it is open.
    fn closes_each(&self, id: FuncId, field: ObjectId, header: BlockId, body: BlockId) -> bool {
        let func = &self.package.module.funcs[id];
        // What a branch asks of the one itself may well be whether it has to be closed.
        let asks = |term: &Terminator| {
            let Terminator::Branch { cond: Operand::Local(cond), .. } = term else { return false };
            visit::kinds(func).any(|kind| {
                let (mut sets, mut of_it) = (false, false);
                visit::defs(kind, &mut |local| sets |= local == *cond);
                visit::operands(kind, &mut |operand| {
                    let mut froms = self.from(id, operand).iter();
                    of_it |= froms.any(|f| f.field() == Some(field) || *f == From::Part(field));
                });
                sets && of_it
            })
        };
        let mut seen = vec![false; func.blocks.len()];
        let mut work = vec![body];
        while let Some(block) = work.pop() {
            let data = &func.blocks[block];
            if block == header {
                return false;
            }
            let closes = data.instrs.iter().any(|i| self.surely_closes(id, &i.kind, field));
            if closes || asks(&data.term) || std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            if data.term == Terminator::Return {
                return false;
            }
            successors(&data.term, &mut |next| work.push(next));
        }
        true
    }

    /// Whether an instruction closes all that a field holds: one that closes one of many leaves others.
    pub(super) fn empties(&self, id: FuncId, kind: &InstrKind, field: ObjectId) -> bool {
        if !self.contents.get(&field).is_some_and(|content| content.many) {
            return self.closes(id, kind, field);
        }
        let literal = match kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(_)) => true,
            kind => called(kind).is_some_and(|c| matches!(c.callee, Callee::Closure(..))),
        };
        let emptied = |callee: FuncId| {
            self.emptiers.get(callee.index()).is_some_and(|emptied| emptied.contains(&field))
        };
        !literal && self.closes_here(id, kind, field)
            || self.led_to(id, kind).into_iter().any(emptied)
    }

    /// Whether a function closes something of the same type of the package that is in another field: it
    /// may be the same object.
    pub(super) fn closes_sibling(&self, id: FuncId, field: ObjectId) -> bool {
        let program = self.package.program;
        let named = |field: &ObjectId| {
            let ty = self.contents.get(field)?.ty;
            let object = program.named_object(program.pointee(ty).unwrap_or(ty));
            object.filter(|o| o.package == self.package.module.package)
        };
        let own = named(&field);
        let same = |from: From| {
            from.field().is_some_and(|f| f != field && own.is_some() && named(&f) == own)
        };
        let func = &self.package.module.funcs[id];
        visit::kinds(func).any(|kind| self.closed_by(id, kind).into_iter().any(same))
    }

    /// What an instruction closes itself, or through what it calls with it.
    pub(super) fn closed_by(&self, id: FuncId, kind: &InstrKind) -> Vec<From> {
        let mut closed: Vec<From> = Vec::new();
        let literal = match kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(inner)) => Some(*inner),
            kind => match called(kind).map(|call| &call.callee) {
                Some(Callee::Closure(inner, _)) => Some(*inner),
                _ => None,
            },
        };
        let fields =
            literal.into_iter().filter_map(|inner| self.closers.get(inner.index())).flatten();
        closed.extend(fields.map(|&field| From::Whole(field)));
        let Some(call) = called(kind) else { return closed };
        if let Some((receiver, _)) = self.released(call) {
            closed.extend(self.from(id, receiver));
        }
        if let Callee::Value(function) = &call.callee {
            closed.extend(self.from(id, function));
        }
        for callee in self.bodies(id, call) {
            for (i, arg) in call_args(call).iter().enumerate() {
                if self.closed.contains(&(callee, i)) {
                    closed.extend(self.from(id, arg));
                }
            }
        }
        closed
    }

    /// The field that an instruction puts something in.
    pub(super) fn filled_by(&self, id: FuncId, kind: &InstrKind) -> Option<ObjectId> {
        let InstrKind::Store(place, value) = kind else { return None };
        if matches!(value, Operand::Nil(_)) {
            return None;
        }
        let field = place.proj.iter().rev().find_map(|p| match p {
            Proj::Field(_, field) => Some(*field),
            Proj::Deref | Proj::Index(_) => None,
        });
        match (field, place.base) {
            (Some(field), _) => self.contents.contains_key(&field).then_some(field),
            (None, PlaceBase::Local(local)) => {
                let froms = self.from(id, &Operand::Local(local)).iter();
                let whole = |from: &From| match from {
                    From::Whole(field) => Some(*field),
                    _ => None,
                };
                matches!(place.proj.as_slice(), [Proj::Index(_)])
                    .then(|| froms.copied().find_map(|f| whole(&f)))?
            }
            (None, PlaceBase::Global(_)) => None,
        }
    }

    /// The parameters that an instruction closes by a method whose name says so.
    fn surely_closed(&self, id: FuncId, kind: &InstrKind) -> Vec<(FuncId, usize)> {
        let released = called(kind).and_then(|call| self.released(call));
        let named =
            |method| self.package.names.is_release_word(self.package.program.object_name(method));
        let receiver = released.filter(|&(_, method)| named(method)).map(|(receiver, _)| receiver);
        let froms = receiver.map_or(&[][..], |receiver| self.from(id, receiver)).iter();
        let param = |from: &From| match *from {
            From::Param(f, i) => Some((f, i)),
            _ => None,
        };
        froms.filter_map(param).collect()
    }

    /// Whether an instruction closes what a field holds, by a method whose name says so.
    pub(super) fn surely_closes(&self, id: FuncId, kind: &InstrKind, field: ObjectId) -> bool {
        let Some(call) = called(kind) else { return false };
        let named = |receiver: &Operand, method: ObjectId| {
            self.package.names.is_release_word(self.package.program.object_name(method))
                && self.is_from(id, receiver, field)
        };
        let cancel = |f: &Operand| {
            self.contents.get(&field).is_some_and(|content| content.cancel)
                && self.is_from(id, f, field)
        };
        if self.released(call).is_some_and(|(receiver, method)| named(receiver, method))
            || matches!(&call.callee, Callee::Value(f) if cancel(f))
        {
            return true;
        }
        self.bodies(id, call).iter().any(|&callee| {
            let args = call_args(call);
            let mut args = args.iter().enumerate();
            args.any(|(i, arg)| self.surely.contains(&(callee, i)) && self.is_from(id, arg, field))
        })
    }

    /// The receiver that a call gives back, and the method.
    pub(super) fn released<'c>(&self, call: &'c Call) -> Option<(&'c Operand, ObjectId)> {
        let program = self.package.program;
        let (receiver, method) = match &call.callee {
            Callee::Interface { recv, method } => (recv, *method),
            Callee::Static(object, _) => {
                let kind = &program.object(*object).kind;
                let is_method = matches!(kind, ObjectKind::Func { recv: Some(_), .. });
                (call.args.first().filter(|_| is_method)?, *object)
            }
            _ => return None,
        };
        let name = &program.object(method).name;
        let releases = self.package.names.is_release_like(name)
            || method.package == self.package.module.package && self.releasing.contains(name);
        releases.then_some((receiver, method))
    }

    /// What an instruction hands on, or keeps elsewhere.
    pub(super) fn left_by(&self, id: FuncId, kind: &InstrKind) -> Vec<From> {
        let mut left: Vec<From> = Vec::new();
        let mut leave = |operand: &Operand| left.extend(self.from(id, operand));
        match kind {
            InstrKind::Store(place, value) => {
                let own = match place.proj.last() {
                    Some(Proj::Field(_, field)) => self.is_from(id, value, *field),
                    _ => false,
                };
                if !own {
                    leave(value);
                }
            }
            InstrKind::Send { value, .. } => leave(value),
            InstrKind::Assign(_, rvalue) => match rvalue {
                Rvalue::MakeSlice { elems, .. } | Rvalue::Append { elems, .. } => {
                    elems.iter().for_each(leave);
                }
                Rvalue::Composite { elems, .. } => elems.iter().for_each(|(_, x)| leave(x)),
                Rvalue::Other(operands, _) => operands.iter().for_each(leave),
                Rvalue::MethodValue { recv, .. } => leave(recv),
                _ => {}
            },
            _ => {
                if let Some(call) = called(kind) {
                    self.left_by_call(id, call, &mut leave);
                }
            }
        }
        left
    }

    fn left_by_call(&self, id: FuncId, call: &Call, leave: &mut dyn FnMut(&Operand)) {
        let package = self.package;
        let bodies = self.bodies(id, call);
        let args = call_args(call);
        if !bodies.is_empty() {
            for (i, arg) in args.iter().enumerate() {
                if bodies.iter().any(|&callee| self.kept.contains(&(callee, i))) {
                    leave(arg);
                }
            }
            return;
        }
        let object = match call.callee {
            Callee::Static(object, _) | Callee::Interface { method: object, .. } => Some(object),
            _ => None,
        };
        let effect = object.and_then(|o| package.names.resource(o));
        if effect.is_some_and(|e| e.args == Some(stanch_effects::Args::Borrow)) {
            return;
        }
        let is_method = object.is_some_and(|o| {
            let kind = &package.program.object(o).kind;
            matches!(
                kind,
                ObjectKind::Func { recv: Some(_), .. } | ObjectKind::Func { interface: true, .. }
            )
        });
        args.iter().skip(usize::from(is_method)).for_each(leave);
    }

    /// Whether a call gives one of some values to a function that keeps or closes it, as far as it is known.
    pub(super) fn gives(&self, id: FuncId, call: &Call, one: &dyn Fn(&Operand) -> bool) -> bool {
        let (args, bodies) = (call_args(call), self.bodies(id, call));
        let takes = |callee: FuncId, i| {
            self.kept.contains(&(callee, i)) || self.closed.contains(&(callee, i))
        };
        args.iter()
            .enumerate()
            .filter(|(_, arg)| one(arg))
            .any(|(i, _)| bodies.is_empty() || bodies.iter().any(|&callee| takes(callee, i)))
    }

    /// Whether an instruction closes what a field holds, or may.
    pub(super) fn closes(&self, id: FuncId, kind: &InstrKind, field: ObjectId) -> bool {
        if self.closes_here(id, kind, field) {
            return true;
        }
        match kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(inner)) => self.is_closer(*inner, field),
            kind => called(kind).is_some_and(|call| {
                self.bodies(id, call).iter().any(|&callee| self.is_closer(callee, field))
            }),
        }
    }

    /// Whether an instruction closes what was read of a field before.
    pub(super) fn closes_here(&self, id: FuncId, kind: &InstrKind, field: ObjectId) -> bool {
        self.closed_by(id, kind).iter().any(|from| from.field() == Some(field))
    }

    /// Whether a function, or one that it calls, closes what a field holds.
    pub(super) fn is_closer(&self, id: FuncId, field: ObjectId) -> bool {
        // Functions of other packages have numbers too.
        self.closers.get(id.index()).is_some_and(|closed| closed.contains(&field))
    }
}

/// A function does what its callee does.
fn absorb(of: &mut [FxHashSet<ObjectId>], id: FuncId, callee: FuncId) -> bool {
    let Some(theirs) = of.get(callee.index()).cloned() else { return false };
    let own = &mut of[id.index()];
    let before = own.len();
    own.extend(theirs);
    own.len() != before
}

/// What one of the many is of.
fn element(many: &[From]) -> Vec<From> {
    let one = |from: &From| match from {
        From::Whole(field) => Some(From::Elem(*field)),
        _ => None,
    };
    many.iter().filter_map(one).collect()
}

/// The arguments with the receiver of an interface's method before them.
fn call_args(call: &Call) -> Vec<Operand> {
    let receiver = match &call.callee {
        Callee::Interface { recv, .. } => Some(recv.clone()),
        _ => None,
    };
    receiver.into_iter().chain(call.args.iter().cloned()).collect()
}

/// The call that an instruction makes, now, later or on another goroutine.
pub(super) fn called(kind: &InstrKind) -> Option<&Call> {
    match kind {
        InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => Some(call),
        _ => None,
    }
}

/// Whether control gets from a block to an instruction of some kind.
pub(super) fn leads_to(func: &Func, from: BlockId, is: &dyn Fn(&InstrKind) -> bool) -> bool {
    let mut seen = vec![false; func.blocks.len()];
    let mut work = vec![from];
    while let Some(block) = work.pop() {
        if std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        let data = &func.blocks[block];
        if data.instrs.iter().any(|instr| is(&instr.kind)) {
            return true;
        }
        successors(&data.term, &mut |next| work.push(next));
    }
    false
}

/// All instructions with their places.
pub(super) fn instrs(func: &Func) -> impl Iterator<Item = (BlockId, usize, &InstrKind)> {
    func.blocks.iter_enumerated().flat_map(|(id, block)| {
        block.instrs.iter().enumerate().map(move |(i, instr)| (id, i, &instr.kind))
    })
}

/// Values that a select sends.
pub(super) fn sent(term: &Terminator) -> impl Iterator<Item = &Operand> {
    let arms = match term {
        Terminator::Select { arms, .. } => arms.as_slice(),
        _ => &[],
    };
    arms.iter().filter_map(|arm| match &arm.op {
        SelectOp::Send { value, .. } => Some(value),
        SelectOp::Recv { .. } => None,
    })
}
