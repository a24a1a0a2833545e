//! Where values come from: what a program receives while it runs, what it computes anew each time, or
//! what its callers hand in. A container keyed by the former grows with the work; one keyed by settings
//! does not.

use crate::facts::{Loop, Source, Sources};
use crate::origin::Reader;
use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_effects::Brings;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, SelectOp, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::ObjectId;

/// Sources kept of one value; more would all be parameters of ever larger nests of literals.
const MAX_SOURCES: usize = 6;
/// Sources of fields kept of one value.
const MAX_FIELDS: usize = 32;
/// Passes over one function: loops carry values round, rarely through more variables than this.
const ROUNDS: usize = 4;

/// A function as it is read.
struct Body<'b, 'a> {
    reader: &'b Reader<'a>,
    id: FuncId,
    definitions: &'b IndexVec<LocalId, Vec<&'b Rvalue>>,
    /// Fields and variables that it counts up.
    counted: Vec<ObjectId>,
}

/// Sources of the locals of all functions of a package.
#[derive(Default)]
pub(crate) struct AllSources {
    /// By function and local.
    locals: Vec<Vec<Sources>>,
    /// What was stored in fields of what a local is or points to.
    fields: FxHashMap<(FuncId, LocalId), Vec<(ObjectId, Source)>>,
    /// Functions and interface methods of which it was asked whether they give constants only.
    constant: FxHashMap<ObjectId, bool>,
}

impl AllSources {
    /// Sources of a value of a function that was read, with all its fields.
    pub(crate) fn operand(&self, func: FuncId, operand: &Operand) -> Sources {
        let Operand::Local(local) = operand else { return Vec::new() };
        let mut sources = self.local(func, *local).to_vec();
        if !self.fields.is_empty()
            && let Some(fields) = self.fields.get(&(func, *local))
        {
            sources.extend(fields.iter().map(|f| f.1));
            sources.sort_unstable();
            sources.dedup();
            sources.truncate(MAX_SOURCES);
        }
        sources
    }

    /// Sources of what was stored in a field of what a local is or points to.
    pub(crate) fn field(&self, func: FuncId, local: LocalId, field: ObjectId) -> Sources {
        let known = self.fields.get(&(func, local)).map_or(&[][..], |v| v);
        known.iter().filter(|f| f.0 == field).map(|f| f.1).collect()
    }

    /// Sources of a place in what a local is or points to.
    fn place(&self, func: FuncId, local: LocalId, place: &Place) -> Sources {
        let mut sources = self.local(func, local).to_vec();
        let first = place.proj.iter().find_map(|p| match p {
            Proj::Field(_, field) => Some(*field),
            _ => None,
        });
        for (field, source) in self.fields.get(&(func, local)).map_or(&[][..], |v| v) {
            if first.is_none_or(|first| first == *field) {
                sources.push(*source);
            }
        }
        sources
    }

    fn local(&self, func: FuncId, local: LocalId) -> &[Source] {
        let locals = self.locals.get(func.index());
        locals.and_then(|l| l.get(local.index())).map_or(&[], |v| v)
    }

    fn add(&mut self, func: FuncId, local: LocalId, source: Source) -> bool {
        let locals = self.locals.get_mut(func.index());
        let Some(known) = locals.and_then(|l| l.get_mut(local.index())) else { return false };
        if known.contains(&source) || known.len() >= MAX_SOURCES {
            return false;
        }
        known.push(source);
        known.sort_unstable();
        true
    }

    fn add_all(&mut self, func: FuncId, local: LocalId, sources: &[Source]) -> bool {
        let mut changed = false;
        for &source in sources {
            changed |= self.add(func, local, source);
        }
        changed
    }

    /// Reads a function; those around it have been read before.
    pub(crate) fn read(
        &mut self,
        reader: &Reader<'_>,
        id: FuncId,
        func: &Func,
        definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
        loops: &IndexVec<BlockId, Loop>,
    ) {
        let counted = counted(func, definitions);
        let body = Body { reader, id, definitions, counted };
        self.locals.resize_with(self.locals.len().max(id.index() + 1), Vec::new);
        self.locals[id.index()].resize_with(func.locals.len(), Vec::new);
        for (number, &param) in func.params.iter().enumerate() {
            self.add(id, param, Source::Param(id.raw(), number as u32));
        }
        for capture in &func.captures {
            let Some(parent) = func.parent else { continue };
            let outer = self.local(parent, capture.outer).to_vec();
            self.add_all(id, capture.inner, &outer);
        }
        for _ in 0..ROUNDS {
            let mut changed = false;
            for (block, data) in func.blocks.iter_enumerated() {
                for instr in &data.instrs {
                    changed |= self.instr(&body, &instr.kind, loops[block]);
                }
                changed |= self.terminator(id, &data.term);
            }
            if !changed {
                break;
            }
        }
    }

    fn instr(&mut self, body: &Body<'_, '_>, kind: &InstrKind, looped: Loop) -> bool {
        let id = body.id;
        match kind {
            InstrKind::Assign(local, Rvalue::New(_) | Rvalue::MakeChan { .. }) => {
                self.add(id, *local, Source::Fresh)
            }
            InstrKind::Assign(local, value) => {
                let sources = self.value(body, value, looped);
                let mut changed = self.add_all(id, *local, &sources);
                if let Rvalue::MapLookup { ok: Some(ok), .. } = value {
                    changed |= self.add_all(id, *ok, &sources);
                }
                changed
            }
            // What is put into a variable's fields or elements is in the variable.
            InstrKind::Store(place @ Place { base: PlaceBase::Local(local), .. }, value) => {
                let mut sources = made_of(self.operand(id, value));
                if let (Some(Proj::Index(key)), [Rvalue::MakeMap(_)]) =
                    (place.proj.last(), body.definitions[*local].as_slice())
                {
                    sources.extend(computed(self.operand(id, key)));
                }
                let field = place.proj.iter().find_map(|p| match p {
                    Proj::Field(_, field) => Some(*field),
                    _ => None,
                });
                let Some(field) = field else { return self.add_all(id, *local, &sources) };
                let known = self.fields.entry((id, *local)).or_default();
                let before = known.len();
                for source in sources {
                    if known.len() < MAX_FIELDS && !known.contains(&(field, source)) {
                        known.push((field, source));
                    }
                }
                known.len() > before
            }
            InstrKind::Recv { dst: Some(dst), .. } => self.add(id, *dst, Source::Incoming),
            InstrKind::Call(call) => self.call(body, call),
            _ => false,
        }
    }

    fn terminator(&mut self, id: FuncId, term: &Terminator) -> bool {
        let mut changed = false;
        match term {
            Terminator::Select { arms, .. } => {
                for arm in arms {
                    if let SelectOp::Recv { dst: Some(dst), .. } = arm.op {
                        changed |= self.add(id, dst, Source::Incoming);
                    }
                }
            }
            Terminator::RangeNext { over, key, value, .. } => {
                let mut sources = made_of(self.operand(id, over));
                if crate::loops::is_many(over) {
                    sources.push(Source::Unique);
                }
                for &local in key.iter().chain(value) {
                    changed |= self.add_all(id, local, &sources);
                }
            }
            _ => {}
        }
        changed
    }

    fn value(&self, body: &Body<'_, '_>, value: &Rvalue, looped: Loop) -> Sources {
        let id = body.id;
        match value {
            Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::MakeInterface(x, _) => {
                return self.operand(id, x);
            }
            // What an object of the module refers to is made of settings as well as of requests.
            Rvalue::Load(place) if leads_on(body, place) => return Vec::new(),
            // A number that counts from one call or turn to the next.
            Rvalue::Load(place) if written(place).is_some_and(|o| body.counted.contains(&o)) => {
                return vec![Source::Unique];
            }
            Rvalue::Binary(BinaryOp::Add, Operand::Local(x), Operand::Const(..))
                if looped == Loop::Endless && is_stepped(body.definitions, *x) =>
            {
                return vec![Source::Unique];
            }
            _ => {}
        }
        let mut sources = Vec::new();
        if let Rvalue::Load(place) | Rvalue::AddressOf(place) = value
            && let PlaceBase::Local(base) = place.base
        {
            sources.extend(self.place(id, base, place));
        }
        // What is chosen from a list or table is of the list, whoever chooses.
        match value {
            Rvalue::Load(_) | Rvalue::AddressOf(_) => {}
            Rvalue::MapLookup { map, .. } => sources.extend(self.operand(id, map)),
            _ => value.for_each_operand(|x| sources.extend(self.operand(id, x))),
        }
        let mut sources = match value {
            // What is left of a division by a number, or of a mask, is one of a few.
            Rvalue::Binary(BinaryOp::Rem, ..)
            | Rvalue::Binary(BinaryOp::And, _, Operand::Const(..)) => Vec::new(),
            // A struct is another one if a part of it is.
            Rvalue::Binary(..) | Rvalue::Composite { .. } => computed(sources),
            _ => made_of(sources),
        };
        sources.truncate(MAX_SOURCES);
        sources
    }

    /// Whether a call gives one of the constants that the functions of the package it leads to return.
    fn is_constant(&mut self, reader: &Reader<'_>, call: &Call) -> bool {
        let (object, method) = match &call.callee {
            Callee::Static(object, _) => (*object, false),
            Callee::Interface { method, .. } if call.args.is_empty() => (*method, true),
            _ => return false,
        };
        if let Some(&known) = self.constant.get(&object) {
            return known;
        }
        let funcs = &reader.module.funcs;
        let known = match method {
            false => reader.bodies.get(&object).is_some_and(|&body| gives_constant(&funcs[body])),
            true => {
                let name = reader.program.object_name(object);
                let named = |f: &&Func| {
                    f.has_recv && f.object.is_some_and(|o| reader.program.object_name(o) == name)
                };
                let mut found = funcs.iter().filter(named).peekable();
                found.peek().is_some() && found.all(gives_constant)
            }
        };
        self.constant.insert(object, known);
        known
    }

    /// What a call gives is made of what it is given; and the library reads from outside.
    fn call(&mut self, body: &Body<'_, '_>, call: &Call) -> bool {
        let (reader, id) = (body.reader, body.id);
        let mut sources = Vec::new();
        for arg in &call.args {
            sources.extend(self.operand(id, arg));
        }
        let mut object = None;
        // One of a few names.
        if self.is_constant(reader, call) {
            return false;
        }
        match &call.callee {
            Callee::Static(callee, _) => object = Some(*callee),
            Callee::Interface { recv, method } => {
                object = Some(*method);
                sources.extend(self.operand(id, recv));
            }
            _ => {}
        }
        let mut sources = match object.is_some_and(|callee| reader.package(callee.package).text) {
            true => computed(sources),
            false => made_of(sources),
        };
        match object.and_then(|callee| reader.keeps(callee).brings) {
            Some(Brings::Input) => sources.insert(0, Source::Incoming),
            Some(Brings::New) => sources.insert(0, Source::Unique),
            None => {}
        }
        let mut changed = false;
        for &dst in &call.dst {
            changed |= self.add_all(id, dst, &sources);
        }
        // A decoder or a reader fills what it is given the address of.
        if object.is_some_and(|callee| reader.is_std(callee.package)) {
            for arg in &call.args {
                if let Some(filled) = pointed(body, arg) {
                    changed |= self.add_all(id, filled, &sources);
                }
            }
        }
        changed
    }
}

/// Whether a function returns nothing but constants.
fn gives_constant(func: &Func) -> bool {
    let [result] = func.results.as_slice() else { return false };
    let mut sets = 0;
    let only = func.blocks.iter().flat_map(|b| &b.instrs).all(|i| match &i.kind {
        InstrKind::Assign(to, value) if to == result => {
            sets += 1;
            matches!(value, Rvalue::Use(Operand::Const(..)))
        }
        InstrKind::Call(call) => !call.dst.contains(result),
        _ => true,
    });
    only && sets > 0 && func.closures.is_empty()
}

/// The sources of what is computed from values of these: as many results as values.
fn computed(mut sources: Sources) -> Sources {
    sources.retain(|s| *s != Source::Fresh);
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// The sources of what is made of values of these: a part of a new object need not be new.
pub(crate) fn made_of(mut sources: Sources) -> Sources {
    sources.retain(|s| *s != Source::Fresh);
    for source in &mut sources {
        if let Source::Param(func, param) = *source {
            *source = Source::Of(func, param);
        }
    }
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// The variable that an argument points to.
fn pointed(body: &Body<'_, '_>, arg: &Operand) -> Option<LocalId> {
    let Operand::Local(mut local) = *arg else { return None };
    for _ in 0..3 {
        match body.definitions[local].first()? {
            Rvalue::AddressOf(Place { base: PlaceBase::Local(to), .. }) => return Some(*to),
            Rvalue::New(_) => return Some(local),
            Rvalue::Use(Operand::Local(x)) | Rvalue::MakeInterface(Operand::Local(x), _) => {
                local = *x;
            }
            _ => return None,
        }
    }
    None
}

/// Whether a place is a field that refers to another object of the module.
fn leads_on(body: &Body<'_, '_>, place: &Place) -> bool {
    let Some(Proj::Field(_, field)) = place.proj.last() else { return false };
    let program = body.reader.program;
    let Some(to) = program.pointee(program.object(*field).ty) else { return false };
    let foreign = |named: ObjectId| body.reader.is_std(named.package);
    program.named_object(to).is_some_and(|named| !foreign(named))
}

/// The field or package-level variable that a place is.
pub(crate) fn written(place: &Place) -> Option<ObjectId> {
    match (place.proj.last(), place.base) {
        (Some(Proj::Field(_, object)), _) => Some(*object),
        (None, PlaceBase::Global(object)) => Some(object),
        _ => None,
    }
}

/// The fields and variables that the function counts up.
fn counted(func: &Func, definitions: &IndexVec<LocalId, Vec<&Rvalue>>) -> Vec<ObjectId> {
    let is_sum = |value: &Operand| match value {
        Operand::Local(local) => definitions[*local]
            .iter()
            .any(|v| matches!(v, Rvalue::Binary(BinaryOp::Add, _, Operand::Const(..)))),
        _ => false,
    };
    let stores = func.blocks.iter().flat_map(|b| &b.instrs).filter_map(|i| match &i.kind {
        InstrKind::Store(place, value) if is_sum(value) => written(place),
        _ => None,
    });
    stores.collect()
}

/// Whether a variable is set to a sum of itself.
fn is_stepped(definitions: &IndexVec<LocalId, Vec<&Rvalue>>, local: LocalId) -> bool {
    let of_itself = |value: &Rvalue| match value {
        Rvalue::Binary(BinaryOp::Add, Operand::Local(x), _) => *x == local,
        _ => false,
    };
    definitions[local].iter().any(|value| match value {
        Rvalue::Use(Operand::Local(x)) => definitions[*x].iter().any(|v| of_itself(v)),
        value => of_itself(value),
    })
}
