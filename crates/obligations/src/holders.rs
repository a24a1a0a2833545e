//! Fields that hold something which has to be closed or stopped, and what a package does with them.

use crate::flow;
use crate::inferred::{Act, Ender};
use crate::origin::Origins;
use crate::package::Package;
use crate::report::{Kept, OwnerFacts};
use crate::summary::{Base, Summary};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_effects::{Args, Kind};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
    SelectOp, Span, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Builtin, ConstValue, ObjectId, ObjectKind, Program, TypeId, TypeKind};
use std::collections::BTreeSet;

/// Something that has to be closed or stopped, put in a field.
#[derive(Clone, Debug)]
pub(crate) struct InField {
    pub(crate) field: ObjectId,
    pub(crate) func: FuncId,
    /// Where it was made or started.
    pub(crate) span: Span,
    pub(crate) kind: Kind,
    /// Where its goroutine starts.
    pub(crate) started: Option<Span>,
    /// What ends that.
    pub(crate) enders: Vec<Ender>,
    /// Its type and the function that returned it, if only others' use says that it has to be closed.
    pub(crate) key: Option<String>,
}

/// Copies of copies are followed so often.
const MAX_ROUNDS: usize = 6;

/// What a package's functions do with fields that may hold such things, and which hold one.
pub(crate) fn owner_facts(
    package: &Package<'_>,
    summaries: &IndexVec<FuncId, Option<Summary>>,
    held: Vec<InField>,
) -> OwnerFacts {
    let owners = owners(package);
    let mut facts = OwnerFacts::default();
    let closable = held.iter().map(|one| (one.field, true)).collect();
    let enders = held.iter().flat_map(|one| &one.enders);
    let signs = enders.filter_map(|ender| ender.steps.last()).copied().collect();
    for one in held {
        let Some(&owner) = owners.get(&one.field) else { continue };
        let declared = package.program.object(one.field);
        // A function that ends something is called, not closed: who calls it is not looked for.
        let kind = package.program.kind(package.program.underlying(declared.ty));
        if matches!(kind, TypeKind::Signature(_)) {
            continue;
        }
        let unexported = declared.name.chars().next().is_some_and(char::is_lowercase);
        let stop = stop_method(package, owner).or_else(|| match one.kind {
            Kind::Ticker if Some(one.func) != package.module.init => last_loop(package, one.field),
            _ => None,
        });
        let Some(stop) = stop.filter(|_| unexported) else { continue };
        // What the owner's own end ends as well is not forgotten.
        let by_owner =
            |ender: &Ender| ender.steps.last().is_some_and(|last| owners.get(last) == Some(&owner));
        if package.in_test(one.span) || one.enders.iter().any(by_owner) {
            continue;
        }
        facts.kept.push(Kept {
            field: key(package.program, one.field),
            ty: type_key(package.program, declared.ty),
            name: declared.name.to_string(),
            func: one.func,
            span: one.span,
            kind: one.kind,
            started: one.started,
            stop,
            key: one.key,
            made_from: made_from(package, one.func, one.span, &|field| {
                owners.get(&field) == Some(&owner)
            }),
        });
    }
    let mut scan = Scan { package, summaries, closable, signs, facts };
    for func in package.module.funcs.iter().filter(|f| f.has_body) {
        if !package.in_test(func.span) {
            scan.func(func);
        }
    }
    scan.facts
}

/// The same for a package and its test variant.
fn key(program: &Program<'_>, field: ObjectId) -> String {
    let declared = program.object(field);
    let place = declared.place.map(|(file, range)| (program.file_path(field.package, file), range));
    let path = program.package_path(field.package);
    match place {
        Some((Some(file), range)) => format!("{path} {file} {}", range.start),
        _ => format!("{path} {}", declared.name),
    }
}

/// A type, or what it points to.
fn type_key(program: &Program<'_>, ty: TypeId) -> String {
    program.type_string(program.pointee(ty).unwrap_or(ty))
}

/// Fields of an owner whose content a call at a place uses: what it returns may end with that.
fn made_from(
    package: &Package<'_>,
    id: FuncId,
    span: Span,
    of_owner: &dyn Fn(ObjectId) -> bool,
) -> Vec<String> {
    let Some(func) = package.module.funcs.get(id) else { return Vec::new() };
    let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    let mut used: FxHashSet<LocalId> = FxHashSet::default();
    for instr in instrs.filter(|i| i.span == span) {
        if let InstrKind::Call(call) = &instr.kind {
            let receiver = match &call.callee {
                Callee::Interface { recv, .. } => Some(recv),
                _ => None,
            };
            used.extend(receiver.into_iter().chain(&call.args).filter_map(|x| match x {
                Operand::Local(local) => Some(*local),
                _ => None,
            }));
        }
    }
    let origins = Origins::new(func);
    let mut fields: BTreeSet<ObjectId> = BTreeSet::new();
    for &local in &used {
        fields.extend(origins.fields_of(func, local));
        fields.extend(origins.path(func, local).and_then(|(_, steps)| steps.last().copied()));
    }
    let fields = fields.into_iter().filter(|&field| of_owner(field));
    fields.map(|field| key(package.program, field)).collect()
}

/// The struct types of the package by their fields.
fn owners(package: &Package<'_>) -> FxHashMap<ObjectId, ObjectId> {
    let program = package.program;
    let mut owners = FxHashMap::default();
    for object in program.package_objects(package.module.package) {
        let declared = program.object(object);
        if let ObjectKind::TypeName { alias: false } = declared.kind
            && let TypeKind::Struct(fields) = program.kind(program.underlying(declared.ty))
        {
            owners.extend(fields.iter().map(|field| (field.object, object)));
        }
    }
    owners
}

/// The method that stops an object of a type, if it has one of its own.
fn stop_method(package: &Package<'_>, owner: ObjectId) -> Option<FuncId> {
    let methods = package.program.methods_of(owner);
    let named = |word: &str| {
        let method = methods.iter().find(|&&m| package.program.object_name(m) == word)?;
        let func = |f: &Func| f.object == Some(*method) && f.has_body;
        package.module.funcs.iter_enumerated().find(|(_, f)| func(f)).map(|(id, _)| id)
    };
    let first = ["Close", "Stop", "Shutdown", "close", "stop", "shutdown"];
    first.into_iter().find_map(named)
}

/// The function that waits in a loop for the ticks of a ticker in a field, and returns some day: if only
/// one does, the object is over then.
fn last_loop(package: &Package<'_>, field: ObjectId) -> Option<FuncId> {
    let waits =
        |func: &Func| func.blocks.iter().any(|b| matches!(b.term, Terminator::Select { .. }));
    let reads = |func: &Func| {
        visit::kinds(func).any(|kind| match kind {
            InstrKind::Assign(_, Rvalue::Load(place)) => {
                let mut steps = place.proj.iter();
                steps.any(|p| matches!(p, Proj::Field(_, f) if *f == field))
                    && matches!(steps.next(), Some(Proj::Deref))
                    && matches!(steps.next(), Some(Proj::Field(..)))
            }
            _ => false,
        })
    };
    let funcs = package.module.funcs.iter_enumerated();
    let mut readers = funcs.filter(|(_, f)| f.has_body && reads(f) && !package.in_test(f.span));
    let (id, func) = readers.next()?;
    let turns = flow::cycles(func).iter().any(|&cycle| cycle > 0) && waits(func);
    let ends = package.facts[id].returns && package.startable().contains(&id);
    (turns && ends && readers.next().is_none()).then_some(id)
}

struct Scan<'s, 'a> {
    package: &'s Package<'a>,
    summaries: &'s IndexVec<FuncId, Option<Summary>>,
    closable: FxHashMap<ObjectId, bool>,
    /// Fields of parts that end their goroutines.
    signs: FxHashSet<ObjectId>,
    facts: OwnerFacts,
}

/// Locals that hold what fields hold, and locals that hold parts of that.
#[derive(Default)]
struct Aliases {
    whole: FxHashMap<LocalId, FxHashSet<ObjectId>>,
    parts: FxHashMap<LocalId, FxHashSet<ObjectId>>,
    /// Locals that hold what ends a goroutine.
    signs: FxHashSet<LocalId>,
}

impl Scan<'_, '_> {
    fn func(&mut self, func: &Func) {
        let aliases = self.aliases(func);
        for kind in visit::kinds(func) {
            self.stored(func, kind);
            self.copied(func, kind);
            self.released(func, kind);
            if aliases.whole.is_empty() && aliases.parts.is_empty() {
                continue;
            }
            match kind {
                InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                    self.call(&aliases, call);
                }
                InstrKind::Store(place, value) => {
                    self.leaves(&aliases, value);
                    if let Operand::Const(ConstValue::Bool(true), _) = value {
                        let fields = self.inner(&aliases, place);
                        self.end(fields);
                    }
                }
                InstrKind::Send { value, chan } => {
                    self.leaves(&aliases, value);
                    self.signals(&aliases, chan);
                }
                InstrKind::Assign(_, rvalue) => self.rvalue(func, &aliases, rvalue),
                _ => {}
            }
        }
        for block in func.blocks.iter() {
            let Terminator::Select { arms, .. } = &block.term else { continue };
            for arm in arms {
                if let SelectOp::Send { chan, value } = &arm.op {
                    self.leaves(&aliases, value);
                    self.signals(&aliases, chan);
                }
            }
        }
        for result in &func.results {
            self.leaves(&aliases, &Operand::Local(*result));
        }
    }

    fn aliases(&mut self, func: &Func) -> Aliases {
        let mut aliases = Aliases::default();
        for _ in 0..MAX_ROUNDS {
            let mut changed = false;
            for kind in visit::kinds(func) {
                let InstrKind::Assign(dst, rvalue) = kind else { continue };
                let (whole, parts) = match rvalue {
                    Rvalue::Load(place) | Rvalue::AddressOf(place) => {
                        if let Some(Proj::Field(_, field)) = place.proj.last()
                            && self.signs.contains(field)
                        {
                            aliases.signs.insert(*dst);
                        }
                        (self.last(place), self.inner(&aliases, place))
                    }
                    Rvalue::Use(Operand::Local(from))
                    | Rvalue::Convert(Operand::Local(from), _)
                    | Rvalue::MakeInterface(Operand::Local(from), _) => (
                        aliases.whole.get(from).cloned().unwrap_or_default(),
                        aliases.parts.get(from).cloned().unwrap_or_default(),
                    ),
                    _ => continue,
                };
                for (map, fields) in [(&mut aliases.whole, whole), (&mut aliases.parts, parts)] {
                    if !fields.is_empty() {
                        let known = map.entry(*dst).or_default();
                        let before = known.len();
                        known.extend(fields);
                        changed |= known.len() != before;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        aliases
    }

    fn is_closable(&mut self, field: ObjectId) -> bool {
        let package = self.package;
        *self
            .closable
            .entry(field)
            .or_insert_with(|| package.is_closable(package.program.object(field).ty))
    }

    /// The field that a place is, if it may hold such a thing.
    fn last(&mut self, place: &Place) -> FxHashSet<ObjectId> {
        let field = match place.proj.last() {
            Some(Proj::Field(_, field)) => Some(*field),
            Some(Proj::Deref) if place.proj.len() > 1 => match place.proj[place.proj.len() - 2] {
                Proj::Field(_, field) => Some(field),
                Proj::Deref | Proj::Index(_) => None,
            },
            _ => None,
        };
        field.filter(|&f| self.is_closable(f)).into_iter().collect()
    }

    /// The fields that a place is within.
    fn inner(&mut self, aliases: &Aliases, place: &Place) -> FxHashSet<ObjectId> {
        let mut fields = FxHashSet::default();
        let n = place.proj.len();
        for proj in &place.proj[..n.saturating_sub(1)] {
            if let Proj::Field(_, field) = proj
                && self.is_closable(*field)
            {
                fields.insert(*field);
            }
        }
        if let PlaceBase::Local(base) = place.base
            && n > 0
        {
            let known = aliases.whole.get(&base).into_iter().chain(aliases.parts.get(&base));
            fields.extend(known.flatten());
        }
        fields
    }

    fn end(&mut self, fields: impl IntoIterator<Item = ObjectId>) {
        let program = self.package.program;
        self.facts.ended.extend(fields.into_iter().map(|field| key(program, field)));
    }

    /// What a field holds goes elsewhere.
    fn leaves(&mut self, aliases: &Aliases, operand: &Operand) {
        if let Operand::Local(local) = operand
            && let Some(fields) = aliases.whole.get(local)
        {
            self.end(fields.iter().copied());
        }
    }

    /// What is sent to a part may be the sign to end.
    fn signals(&mut self, aliases: &Aliases, chan: &Operand) {
        if let Operand::Local(local) = chan
            && aliases.signs.contains(local)
        {
            let parts = aliases.parts.get(local);
            self.end(parts.into_iter().flatten().copied());
        }
    }

    fn call(&mut self, aliases: &Aliases, call: &Call) {
        let program = self.package.program;
        let (receiver, method, rest) = match &call.callee {
            Callee::Interface { recv, method } => (Some(recv), Some(*method), &*call.args),
            Callee::Static(object, _)
                if matches!(
                    program.object(*object).kind,
                    ObjectKind::Func { recv: Some(_), .. }
                ) =>
            {
                (call.args.first(), Some(*object), call.args.get(1..).unwrap_or_default())
            }
            Callee::Value(value) => {
                if let Operand::Local(local) = value {
                    let parts = aliases.parts.get(local);
                    self.end(parts.into_iter().flatten().copied());
                }
                // Of a function of a package that is missing nobody knows what it does with it.
                if matches!(value, Operand::Unknown(_)) {
                    call.args.iter().for_each(|arg| self.leaves(aliases, arg));
                }
                (None, None, &*call.args)
            }
            Callee::Builtin(Builtin::Close) => {
                if let Some(Operand::Local(local)) = call.args.first() {
                    let parts = aliases.parts.get(local);
                    self.end(parts.into_iter().flatten().copied());
                }
                (None, None, &*call.args)
            }
            Callee::Static(..) | Callee::Closure(..) | Callee::Builtin(_) => {
                (None, None, &*call.args)
            }
        };
        if !self.borrows(call) {
            rest.iter().for_each(|arg| self.passed(aliases, arg));
        }
        let (Some(Operand::Local(local)), Some(method)) = (receiver, method) else { return };
        let word = self.package.names.is_release_like(program.object_name(method));
        if word || self.acts(call) {
            let whole = aliases.whole.get(local);
            self.end(whole.into_iter().flatten().copied());
        }
        if word {
            let parts = aliases.parts.get(local);
            self.end(parts.into_iter().flatten().copied());
        }
    }

    /// Whether a library function is called that is known not to keep or close what it is given.
    fn borrows(&self, call: &Call) -> bool {
        let Callee::Static(object, _) = call.callee else { return false };
        // A method may keep it in its receiver.
        let kind = &self.package.program.object(object).kind;
        let plain = matches!(kind, ObjectKind::Func { recv: None, interface: false, .. });
        let effect = self.package.names.resource(object).filter(|_| plain);
        effect.is_some_and(|e| e.args == Some(Args::Borrow) && e.releases.is_none())
    }

    /// A field's content is an argument: few functions close what they are given.
    fn passed(&mut self, aliases: &Aliases, operand: &Operand) {
        if let Operand::Local(local) = operand
            && let Some(fields) = aliases.whole.get(local)
        {
            let program = self.package.program;
            self.facts.passed.extend(fields.iter().map(|&field| key(program, field)));
        }
    }

    /// Types whose values some function closes, their own methods aside.
    fn released(&mut self, func: &Func, kind: &InstrKind) {
        let (InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call)) = kind else {
            return;
        };
        let program = self.package.program;
        let (receiver, method) = match &call.callee {
            Callee::Interface { recv: Operand::Local(recv), method } => (*recv, *method),
            Callee::Static(method, _) => match call.args.first() {
                Some(Operand::Local(recv)) => (*recv, *method),
                _ => return,
            },
            _ => return,
        };
        let own = func.has_recv && func.params.first() == Some(&receiver);
        if !own
            && self.package.names.is_release_like(program.object_name(method))
            && let Some(local) = func.locals.get(receiver)
        {
            self.facts.released.insert(type_key(program, local.ty));
        }
    }

    /// Whether a method closes channels of its receiver or calls functions that it holds.
    fn acts(&self, call: &Call) -> bool {
        if let Callee::Interface { method, .. } = call.callee {
            return self.may_release(method);
        }
        let body = self.package.body(&call.callee);
        let summary = body.and_then(|id| self.summaries.get(id)).and_then(Option::as_ref);
        let Some(summary) = summary else { return false };
        let ends = |act: &Act| matches!(act, Act::Close | Act::Call);
        let acts = summary.outcomes.iter().flat_map(|o| &o.acts);
        acts.into_iter().any(|(path, act)| path.base == Base::Param(0) && ends(act))
    }

    /// Whether a method of this package that an interface's method may be closes something.
    fn may_release(&self, method: ObjectId) -> bool {
        let package = self.package;
        let name = &package.program.object(method).name;
        let is_it = |f: &&Func| {
            f.has_recv && f.object.is_some_and(|o| package.program.object(o).name == *name)
        };
        let releases = |kind: &InstrKind| match kind {
            InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                match call.callee {
                    Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                        package.names.is_release_like(&package.program.object(object).name)
                    }
                    Callee::Builtin(builtin) => builtin == Builtin::Close,
                    Callee::Value(_) => true,
                    Callee::Closure(..) => false,
                }
            }
            _ => false,
        };
        package.module.funcs.iter().filter(is_it).any(|f| visit::kinds(f).any(releases))
    }

    fn rvalue(&mut self, func: &Func, aliases: &Aliases, rvalue: &Rvalue) {
        match rvalue {
            Rvalue::MakeClosure(inner) => {
                let captures = self.package.module.funcs.get(*inner).map(|f| &f.captures);
                for capture in captures.into_iter().flatten() {
                    self.leaves(aliases, &Operand::Local(capture.outer));
                }
            }
            Rvalue::Use(_)
            | Rvalue::MakeInterface(..)
            | Rvalue::Convert(..)
            | Rvalue::Load(_)
            | Rvalue::AddressOf(_)
            | Rvalue::Len(_)
            | Rvalue::Binary(BinaryOp::Eq | BinaryOp::Ne, ..) => {}
            _ => {
                let kind = InstrKind::Assign(LocalId::from_raw(0), rvalue.clone());
                visit::operands(&kind, &mut |operand| {
                    if let Operand::Local(local) = operand
                        && func.locals.get(*local).is_some()
                        && let Some(fields) = aliases.whole.get(local)
                    {
                        let program = self.package.program;
                        self.facts.ended.extend(fields.iter().map(|&f| key(program, f)));
                    }
                });
            }
        }
    }

    /// Fields that get what somebody else may have.
    fn stored(&mut self, func: &Func, kind: &InstrKind) {
        match kind {
            InstrKind::Store(place, value) => {
                if let Some(Proj::Field(_, field)) = place.proj.last() {
                    self.given(func, *field, value);
                }
            }
            InstrKind::Assign(_, Rvalue::Composite { ty, elems }) => {
                let program = self.package.program;
                if let TypeKind::Struct(fields) = program.kind(program.underlying(*ty)) {
                    for (index, value) in elems {
                        if let Some(field) = fields.get(*index as usize) {
                            self.given(func, field.object, value);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    fn given(&mut self, func: &Func, field: ObjectId, value: &Operand) {
        let program = self.package.program;
        if self.is_closable(field) && !made(program, func, value, 0) {
            self.facts.given.insert(key(program, field));
        }
    }

    /// A struct that is copied as a whole takes its fields along.
    fn copied(&mut self, func: &Func, kind: &InstrKind) {
        let program = self.package.program;
        let InstrKind::Assign(dst, Rvalue::Load(_)) = kind else { return };
        let ty: Option<TypeId> = func.locals.get(*dst).map(|l| l.ty);
        let Some(ty) = ty else { return };
        if let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) {
            let fields: Vec<ObjectId> =
                fields.iter().map(|f| f.object).filter(|&f| self.is_closable(f)).collect();
            self.end(fields);
        }
    }
}

/// Whether a value is new in this function wherever it comes from: made, returned by a call, or nothing.
fn made(program: &Program<'_>, func: &Func, value: &Operand, depth: usize) -> bool {
    let local = match value {
        Operand::Local(local) if depth < MAX_ROUNDS => *local,
        Operand::Nil(_) | Operand::Zero(_) | Operand::Const(..) => return true,
        _ => return false,
    };
    if func.params.contains(&local) || func.captures.iter().any(|c| c.inner == local) {
        return false;
    }
    let mut sources = 0;
    let new = visit::kinds(func).all(|kind| {
        let mut defines = false;
        visit::defs(kind, &mut |l| defines |= l == local);
        if !defines || matches!(kind, InstrKind::DeclareVar(_)) {
            return true;
        }
        sources += 1;
        match kind {
            // A method without arguments shows what its receiver has.
            InstrKind::Call(call) => match &call.callee {
                Callee::Interface { .. } => !call.args.is_empty(),
                Callee::Static(object, _) => {
                    let kind = &program.object(*object).kind;
                    !matches!(kind, ObjectKind::Func { recv: Some(_), .. }) || call.args.len() > 1
                }
                _ => true,
            },
            InstrKind::Assign(_, rvalue) => match rvalue {
                Rvalue::Use(from) | Rvalue::Convert(from, _) | Rvalue::MakeInterface(from, _) => {
                    made(program, func, from, depth + 1)
                }
                Rvalue::New(_) | Rvalue::Composite { .. } => true,
                _ => false,
            },
            _ => false,
        }
    });
    new && sources > 0
}
