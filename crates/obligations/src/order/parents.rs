//! Fields that lead back: what an object keeps in one of its fields, or in a container there, points back
//! to that object.
//!
//! A lock that is reached through both (`h.subs[i].hub.mu`) is then the object's own (`h.mu`). Nothing
//! here follows paths: a pair of fields counts only if every value that is put into the one is seen to
//! point back by the other.

use super::facts::{Parent, Spot, SpotStep};
use crate::origin::Origins;
use crate::package::Package;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
    Terminator,
};
use stanch_types::{ObjectId, TypeId, TypeKind};
use std::collections::BTreeSet;

/// Containers within containers, copies and callers are followed so far.
const MAX_DEPTH: usize = 4;

/// The pairs of fields of a package of which each value kept in the one points back by the other.
pub(crate) fn parents(package: &Package<'_>) -> Vec<Parent> {
    let pairs = candidates(package);
    if pairs.is_empty() {
        return Vec::new();
    }
    let search = Search::new(package, &pairs);
    pairs.into_iter().filter(|&pair| search.holds(pair)).collect()
}

/// Adds the fields of other packages' types that a package writes to.
pub(crate) fn written_elsewhere(package: &Package<'_>, found: &mut BTreeSet<ObjectId>) {
    let own = package.module.package;
    for kind in package.module.funcs.iter().flat_map(visit::kinds) {
        if let InstrKind::Store(place, _) = kind
            && let Some((_, field)) = kept(place)
            && field.package != own
        {
            found.insert(field);
        }
    }
}

/// A spot without the ways from an object to what it keeps and back; none if it has none.
pub(crate) fn shortened(spot: &Spot, parents: &FxHashSet<Parent>) -> Option<(Spot, Parent)> {
    let steps = &spot.steps;
    for (i, step) in steps.iter().enumerate() {
        let SpotStep::Field(child) = *step else { continue };
        let inner = steps.get(i + 1..)?;
        let through = inner
            .iter()
            .take_while(|s| matches!(s, SpotStep::Deref(_) | SpotStep::Index(_)))
            .count();
        let (Some(SpotStep::Field(parent)), Some(SpotStep::Deref(_))) =
            (inner.get(through), inner.get(through + 1))
        else {
            continue;
        };
        let pair = Parent { child, parent: *parent };
        if through > 0 && parents.contains(&pair) {
            let rest = inner.get(through + 2..)?;
            // The object itself: what points to it was followed already.
            let kept = steps.get(..i)?.iter().chain(rest).copied().collect();
            return Some((Spot::new(spot.root, kept), pair));
        }
    }
    None
}

/// The pair of fields of which the first leads from the object of one lock to that of the same lock of what
/// it keeps.
pub(crate) fn down(held: &Spot, taken: &Spot, parents: &FxHashSet<Parent>) -> Option<Parent> {
    let (own, way) = between(held, taken)?;
    let (SpotStep::Field(child), inner) = way.split_first()? else { return None };
    let pointers = |s: &SpotStep| matches!(s, SpotStep::Deref(_) | SpotStep::Index(_));
    let led = inner.len() > own && inner.get(..inner.len() - own)?.iter().all(pointers);
    let mut fitting: Vec<&Parent> = parents.iter().filter(|p| p.child == *child && led).collect();
    fitting.sort();
    fitting.first().map(|p| **p)
}

/// Whether a lock is that of the object which keeps the one whose lock is held.
pub(crate) fn is_up(held: &Spot, taken: &Spot, pair: Parent) -> bool {
    let Some((own, way)) = between(held, taken) else { return false };
    matches!(way, [SpotStep::Field(field), SpotStep::Deref(_), rest @ ..]
        if *field == pair.parent && rest.len() == own)
}

/// How many fields name a lock within its object, and the steps from that object to the same lock of
/// another.
fn between<'t>(held: &Spot, taken: &'t Spot) -> Option<(usize, &'t [SpotStep])> {
    let own = held.steps.iter().rev().take_while(|s| matches!(s, SpotStep::Field(_))).count();
    let base = held.steps.len() - own;
    let same = held.root == taken.root && held.is_exact();
    let fields = taken.steps.get(taken.steps.len().checked_sub(own)?..)?;
    let fits = same && own > 0 && fields == held.steps.get(base..)?;
    let way = taken.steps.strip_prefix(held.steps.get(..base)?)?;
    (fits && way.len() > own).then_some((own, way))
}

/// Pairs of fields whose types fit.
fn candidates(package: &Package<'_>) -> Vec<Parent> {
    let program = package.program;
    let mut structs: Vec<(ObjectId, Vec<(ObjectId, TypeId)>)> = Vec::new();
    for object in program.package_objects(package.module.package) {
        if let TypeKind::Struct(fields) =
            program.kind(program.underlying(program.object(object).ty))
            && matches!(
                program.object(object).kind,
                stanch_types::ObjectKind::TypeName { alias: false }
            )
        {
            let fields = fields.iter().map(|f| (f.object, program.object(f.object).ty));
            structs.push((object, fields.collect()));
        }
    }
    let named = |ty: TypeId| program.pointee(ty).and_then(|to| program.named_object(to));
    let mut pairs = Vec::new();
    for (kept, fields) in &structs {
        for &(parent, ty) in fields {
            let Some(owner) = named(ty) else { continue };
            let Some((_, theirs)) = structs.iter().find(|(object, _)| *object == owner) else {
                continue;
            };
            for &(child, ty) in theirs {
                let fits = |ty: &TypeId| named(*ty) == Some(*kept) || program.is_interface(*ty);
                if child != parent && elements(package, ty).iter().any(fits) {
                    pairs.push(Parent { child, parent });
                }
            }
        }
    }
    pairs
}

/// What a field holds, itself or in containers.
fn elements(package: &Package<'_>, ty: TypeId) -> Vec<TypeId> {
    let program = package.program;
    let (mut found, mut work) = (Vec::new(), vec![(ty, 0)]);
    while let Some((ty, depth)) = work.pop() {
        match program.kind(program.underlying(ty)) {
            _ if depth > 2 => {}
            TypeKind::Slice(inner) | TypeKind::Array(_, inner) => work.push((*inner, depth + 1)),
            TypeKind::Map(key, inner) => work.extend([(*key, depth + 1), (*inner, depth + 1)]),
            _ => found.push(ty),
        }
    }
    found
}

/// A value of a function, as far as two uses of it can be told to be the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Node {
    /// Of a variable that is assigned once, or an input.
    Local(LocalId),
    /// The address of a variable.
    Address(LocalId),
    /// A field of what a variable points to.
    Field(LocalId, ObjectId),
}

/// A value that is put into a field of an object, or into a container there.
struct Put {
    func: FuncId,
    owner: Option<Node>,
    field: ObjectId,
    value: Option<Node>,
}

struct Search<'s, 'a> {
    package: &'s Package<'a>,
    /// By the function, for those that are looked at.
    origins: FxHashMap<FuncId, Origins>,
    puts: Vec<Put>,
    /// The calls of each declared function.
    calls: FxHashMap<ObjectId, Vec<(FuncId, &'s Call)>>,
    /// Declared functions that are used other than by calling them.
    values: FxHashSet<ObjectId>,
}

impl<'s, 'a> Search<'s, 'a> {
    fn new(package: &'s Package<'a>, pairs: &[Parent]) -> Self {
        let fields: FxHashSet<ObjectId> = pairs.iter().flat_map(|p| [p.child, p.parent]).collect();
        let mut search = Self {
            package,
            origins: FxHashMap::default(),
            puts: Vec::new(),
            calls: FxHashMap::default(),
            values: FxHashSet::default(),
        };
        for (id, func) in package.module.funcs.iter_enumerated() {
            search.collect(id, func, &fields);
            for kind in visit::kinds(func) {
                if let Some((callee, call)) = called(kind) {
                    search.calls.entry(callee).or_default().push((id, call));
                }
                if let InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) = kind {
                    search.values.insert(*method);
                }
                visit::operands(kind, &mut |operand| {
                    if let Operand::Func(object) = operand {
                        search.values.insert(*object);
                    }
                });
            }
        }
        // Whose arguments may be asked for.
        let asked = search.puts.iter().filter_map(|p| package.module.funcs[p.func].object);
        let callers: BTreeSet<FuncId> = asked
            .flat_map(|object| search.calls.get(&object).into_iter().flatten())
            .map(|(caller, _)| *caller)
            .filter(|caller| !search.origins.contains_key(caller))
            .collect();
        for id in callers {
            search.origins.insert(id, Origins::new(&package.module.funcs[id]));
        }
        search
    }

    /// Adds what a function puts into one of the fields.
    fn collect(&mut self, id: FuncId, func: &Func, fields: &FxHashSet<ObjectId>) {
        let stores = |kind: &InstrKind| match kind {
            InstrKind::Store(place, _) => {
                kept(place).is_some_and(|(_, field)| fields.contains(&field))
                    || matches!(place.proj.as_slice(), [Proj::Index(_)])
            }
            InstrKind::Assign(_, Rvalue::Composite { .. }) => true,
            _ => false,
        };
        if !visit::kinds(func).any(stores) {
            return;
        }
        let origins = Origins::new(func);
        let scope = Scope { func, origins: &origins };
        let mut puts = Vec::new();
        let mut add = |owner: Option<Node>, field: ObjectId, values: Vec<Option<&Operand>>| {
            puts.extend(values.into_iter().map(|value| {
                let value = value.and_then(|v| scope.node(v));
                Put { func: id, owner, field, value }
            }));
        };
        for kind in visit::kinds(func) {
            match kind {
                InstrKind::Store(place, value) => {
                    let Some((owner, field, keys)) = scope.kept(place) else { continue };
                    if !fields.contains(&field) {
                        continue;
                    }
                    let holds = |o: &Operand| holds_pointer(self.package, func, o);
                    let mut values: Vec<Option<&Operand>> =
                        keys.into_iter().filter(|key| holds(key)).map(Some).collect();
                    // A set keeps its keys only.
                    if keeps(self.package, func, value) {
                        scope.put((owner, field), value, MAX_DEPTH, &mut values);
                    }
                    add(owner, field, values);
                }
                InstrKind::Assign(local, Rvalue::Composite { ty, elems }) => {
                    let program = self.package.program;
                    let TypeKind::Struct(known) = program.kind(program.underlying(*ty)) else {
                        continue;
                    };
                    let owner = Some(Node::Address(scope.variable(*local)));
                    for (index, value) in elems {
                        let field = known.get(*index as usize).map(|f| f.object);
                        let Some(field) = field.filter(|f| fields.contains(f)) else { continue };
                        let mut values = Vec::new();
                        scope.put((owner, field), value, MAX_DEPTH, &mut values);
                        add(owner, field, values);
                    }
                }
                _ => {}
            }
        }
        if !puts.is_empty() {
            self.puts.extend(puts);
            self.origins.insert(id, origins);
        }
    }

    fn holds(&self, pair: Parent) -> bool {
        let children = || self.puts.iter().filter(|p| p.field == pair.child);
        let mut parents = self.puts.iter().filter(|p| p.field == pair.parent);
        let back = |put: &Put| {
            let (Some(owner), Some(value)) = (put.owner, put.value) else { return false };
            self.leads_back(put.func, value, owner, pair.parent, MAX_DEPTH)
        };
        let own = |put: &Put| {
            // A new object, or one that is kept by the very object that it is told.
            let keeps =
                |c: &Put| c.func == put.func && c.owner == put.value && c.value == put.owner;
            put.owner.is_some_and(|o| self.is_new(put.func, o)) || children().any(keeps)
        };
        children().next().is_some() && children().all(back) && parents.all(own)
    }

    /// Whether `value.parent` is `owner`.
    fn leads_back(
        &self,
        id: FuncId,
        value: Node,
        owner: Node,
        parent: ObjectId,
        depth: usize,
    ) -> bool {
        if let (Node::Field(from, field), Node::Local(local)) = (owner, value)
            && field == parent
            && from == local
        {
            return true;
        }
        let told = |p: &Put| {
            p.func == id && p.field == parent && p.owner == Some(value) && p.value == Some(owner)
        };
        if self.puts.iter().any(told) {
            return true;
        }
        let func = &self.package.module.funcs[id];
        let (Some(origins), Node::Local(local)) = (self.origins.get(&id), value) else {
            return false;
        };
        let scope = Scope { func, origins };
        if let Some((call, result)) = origins.call(func, local) {
            let arg = |position: usize| call.args.get(position).and_then(|a| scope.node(a));
            return self
                .constructed(call, result, parent)
                .is_some_and(|position| arg(position) == Some(owner));
        }
        match (scope.param(value), scope.param(owner)) {
            (Some(value), Some(owner)) if depth > 0 => {
                self.callers_lead_back(id, (value, owner), parent, depth - 1)
            }
            _ => false,
        }
    }

    /// Whether all callers of a function that nobody else can call hand over such a pair.
    fn callers_lead_back(
        &self,
        id: FuncId,
        (value, owner): (usize, usize),
        parent: ObjectId,
        depth: usize,
    ) -> bool {
        let module = self.package.module;
        let Some(object) = module.funcs[id].object else { return false };
        let exported = self.package.program.object_name(object).starts_with(char::is_uppercase);
        if exported || self.values.contains(&object) {
            return false;
        }
        let calls = self.calls.get(&object).map_or(&[][..], Vec::as_slice);
        let leads = |&(caller, call): &(FuncId, &Call)| {
            let Some(origins) = self.origins.get(&caller) else { return false };
            let scope = Scope { func: &module.funcs[caller], origins };
            let arg = |i: usize| call.args.get(i).and_then(|a| scope.node(a));
            let (Some(value), Some(owner)) = (arg(value), arg(owner)) else { return false };
            self.leads_back(caller, value, owner, parent, depth)
        };
        !calls.is_empty() && calls.iter().all(leads)
    }

    /// The parameter that the result of a constructor points back to.
    fn constructed(&self, call: &Call, result: usize, parent: ObjectId) -> Option<usize> {
        let Callee::Static(object, _) = &call.callee else { return None };
        let module = self.package.module;
        let (id, func) = module
            .funcs
            .iter_enumerated()
            .find(|(_, f)| f.object == Some(*object) && f.has_body)?;
        let origins = self.origins.get(&id)?;
        let scope = Scope { func, origins };
        let result = *func.results.get(result)?;
        let mut position = None;
        for kind in visit::kinds(func) {
            let InstrKind::Assign(local, value) = kind else { continue };
            if *local != result {
                continue;
            }
            let node = match value {
                Rvalue::Use(Operand::Nil(_) | Operand::Zero(_)) => continue,
                Rvalue::Use(operand) | Rvalue::MakeInterface(operand, _) => scope.node(operand)?,
                Rvalue::AddressOf(place) => scope.address(place)?,
                _ => return None,
            };
            let told = |p: &&Put| p.func == id && p.field == parent && p.owner == Some(node);
            let mut told = self.puts.iter().filter(told);
            let here = scope.param(told.next()?.value?)?;
            if told.next().is_some() || position.is_some_and(|p| p != here) {
                return None;
            }
            position = Some(here);
        }
        position
    }

    /// Whether a value is an object that the function has made.
    fn is_new(&self, id: FuncId, node: Node) -> bool {
        let func = &self.package.module.funcs[id];
        match node {
            Node::Address(local) => {
                !func.params.contains(&local) && !func.captures.iter().any(|c| c.inner == local)
            }
            Node::Local(local) => {
                let value = self.origins.get(&id).and_then(|o| o.value(func, local));
                matches!(value, Some(Rvalue::New(_)))
            }
            Node::Field(..) => false,
        }
    }
}

struct Scope<'s> {
    func: &'s Func,
    origins: &'s Origins,
}

impl<'s> Scope<'s> {
    fn node(&self, operand: &Operand) -> Option<Node> {
        let Operand::Local(local) = operand else { return None };
        let local = self.origins.source(self.func, *local);
        match self.origins.value(self.func, local) {
            Some(Rvalue::AddressOf(place)) => self.address(place),
            Some(Rvalue::Load(place)) => match (place.base, place.proj.as_slice()) {
                (PlaceBase::Local(from), [Proj::Deref, Proj::Field(_, field)]) => {
                    Some(Node::Field(self.origins.source(self.func, from), *field))
                }
                _ => Some(Node::Local(local)),
            },
            Some(_) => Some(Node::Local(local)),
            // An input, or the result of something.
            None if self.origins.is_once(local) || self.is_input(local) => Some(Node::Local(local)),
            None => None,
        }
    }

    fn is_input(&self, local: LocalId) -> bool {
        let input = self.func.params.contains(&local)
            || self.func.captures.iter().any(|c| c.inner == local);
        let assigned = |kind: &InstrKind| {
            let mut found = false;
            visit::defs(kind, &mut |def| found |= def == local);
            found
        };
        input && !visit::kinds(self.func).any(assigned)
    }

    fn address(&self, place: &Place) -> Option<Node> {
        match (place.base, place.proj.as_slice()) {
            (PlaceBase::Local(local), []) => Some(Node::Address(self.variable(local))),
            _ => None,
        }
    }

    /// The variable that a struct value ends up in.
    fn variable(&self, local: LocalId) -> LocalId {
        let copied = visit::kinds(self.func).find_map(|kind| match kind {
            InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) if *from == local => Some(*to),
            _ => None,
        });
        copied.unwrap_or(local)
    }

    fn param(&self, node: Node) -> Option<usize> {
        let Node::Local(local) = node else { return None };
        self.func.params.iter().position(|&p| p == local)
    }

    /// The object and field that a place is a part of, and the key if it is an element there.
    fn kept<'p>(&self, place: &'p Place) -> Option<(Option<Node>, ObjectId, Vec<&'p Operand>)>
    where
        's: 'p,
    {
        let mut keys: Vec<&'p Operand> = Vec::new();
        let mut place: &'p Place = place;
        for _ in 0..MAX_DEPTH {
            keys.extend(place.proj.iter().filter_map(|p| match p {
                Proj::Index(key) => Some(key),
                _ => None,
            }));
            if let Some((owner, field)) = kept(place) {
                return Some((self.owner(place, owner), field, keys));
            }
            let (PlaceBase::Local(base), [Proj::Index(_)]) = (place.base, place.proj.as_slice())
            else {
                return None;
            };
            let source = self.origins.source(self.func, base);
            match self.origins.value(self.func, source)? {
                Rvalue::Load(from) => place = from,
                _ => return None,
            }
        }
        None
    }

    /// The object whose field is named after the first steps of a place.
    fn owner(&self, place: &Place, steps: usize) -> Option<Node> {
        let PlaceBase::Local(base) = place.base else { return None };
        match place.proj.get(..steps)? {
            [] => Some(Node::Address(self.variable(base))),
            [Proj::Deref] => self.node(&Operand::Local(base)),
            [Proj::Deref, Proj::Field(_, field), Proj::Deref] => {
                Some(Node::Field(self.origins.source(self.func, base), *field))
            }
            _ => None,
        }
    }

    /// Adds what a value brings into a field or its container; `None` for what is not known. What was
    /// there before, and nothing, bring nothing.
    fn put<'v>(
        &self,
        to: (Option<Node>, ObjectId),
        value: &'v Operand,
        depth: usize,
        found: &mut Vec<Option<&'v Operand>>,
    ) where
        's: 'v,
    {
        let local = match value {
            Operand::Local(local) => *local,
            Operand::Nil(_) | Operand::Zero(_) | Operand::Const(..) => return,
            Operand::Func(_) | Operand::Unknown(_) => return found.push(None),
        };
        if depth == 0 {
            return found.push(None);
        }
        if self.comes_from(to, local, MAX_DEPTH) {
            return;
        }
        let mut any = false;
        for kind in visit::kinds(self.func) {
            let InstrKind::Assign(dst, rvalue) = kind else { continue };
            if *dst != local {
                continue;
            }
            any = true;
            match rvalue {
                Rvalue::Append { slice, elems, spread: false } => {
                    self.put(to, slice, depth - 1, found);
                    for elem in elems {
                        self.put(to, elem, depth - 1, found);
                    }
                }
                Rvalue::Append { slice, elems, spread: true } => {
                    for from in [slice].into_iter().chain(elems) {
                        self.put(to, from, depth - 1, found);
                    }
                }
                Rvalue::MakeSlice { elems, .. } => {
                    for elem in elems {
                        self.put(to, elem, depth - 1, found);
                    }
                }
                Rvalue::MakeMap(_) => {
                    // Filled before it is kept: by whatever is stored there.
                    for (keys, value) in self.filled(local) {
                        found.extend(keys.into_iter().map(Some));
                        self.put(to, value, depth - 1, found);
                    }
                }
                Rvalue::Slice { x, .. } => self.put(to, x, depth - 1, found),
                Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::MakeInterface(x, _)
                    if *x != *value =>
                {
                    self.put(to, x, depth - 1, found);
                }
                _ => found.push(Some(value)),
            }
        }
        if !any {
            found.push(Some(value));
        }
    }

    /// What is stored in a container that a variable holds.
    fn filled(&self, local: LocalId) -> Vec<(Vec<&'s Operand>, &'s Operand)> {
        let mut found = Vec::new();
        for kind in visit::kinds(self.func) {
            if let InstrKind::Store(place, value) = kind
                && let (PlaceBase::Local(base), [Proj::Index(key)]) =
                    (place.base, place.proj.as_slice())
                && self.origins.source(self.func, base) == local
            {
                found.push((vec![key], value));
            }
        }
        found
    }

    /// Whether a value was in the field, or in the container there, before.
    fn comes_from(&self, to: (Option<Node>, ObjectId), local: LocalId, depth: usize) -> bool {
        if depth == 0 || to.0.is_none() {
            return false;
        }
        let local = self.origins.source(self.func, local);
        let of = |operand: &Operand| match operand {
            Operand::Local(local) => self.comes_from(to, *local, depth - 1),
            _ => false,
        };
        let element = self.func.blocks.iter().find_map(|block| match &block.term {
            Terminator::RangeNext { over, key, value, .. }
                if *value == Some(local) || *key == Some(local) =>
            {
                Some(over)
            }
            _ => None,
        });
        if let Some(over) = element {
            return of(over);
        }
        match self.origins.value(self.func, local) {
            Some(Rvalue::Load(place)) => match (kept(place), place.base) {
                (Some((owner, field)), _) => field == to.1 && self.owner(place, owner) == to.0,
                (None, PlaceBase::Local(base)) if !place.proj.is_empty() => {
                    of(&Operand::Local(base))
                }
                _ => false,
            },
            Some(Rvalue::MapLookup { map: x, .. } | Rvalue::Slice { x, .. }) => of(x),
            _ => false,
        }
    }
}

/// How many steps of a place lead to the object of its last field, and that field, if only elements
/// follow.
fn kept(place: &Place) -> Option<(usize, ObjectId)> {
    let last = place.proj.iter().rposition(|p| matches!(p, Proj::Field(..)))?;
    let Some(Proj::Field(_, field)) = place.proj.get(last) else { return None };
    let rest = place.proj.get(last + 1..)?;
    rest.iter().all(|p| matches!(p, Proj::Index(_))).then_some((last, *field))
}

/// The declared function that an instruction calls or starts.
fn called(kind: &InstrKind) -> Option<(ObjectId, &Call)> {
    let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) = kind else {
        return None;
    };
    match &call.callee {
        Callee::Static(object, _) => Some((*object, call)),
        _ => None,
    }
}

/// Whether an operand may be a pointer.
fn holds_pointer(package: &Package<'_>, func: &Func, operand: &Operand) -> bool {
    let Operand::Local(local) = operand else { return false };
    let ty = func.locals[*local].ty;
    package.program.pointee(ty).is_some() || package.program.is_interface(ty)
}

/// Whether an operand may be, or hold, a pointer.
fn keeps(package: &Package<'_>, func: &Func, operand: &Operand) -> bool {
    let Operand::Local(local) = operand else { return true };
    let kept = elements(package, func.locals[*local].ty);
    let program = package.program;
    kept.iter().any(|&ty| program.pointee(ty).is_some() || program.is_interface(ty))
}
