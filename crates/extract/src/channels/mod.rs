//! Channels of a package by the places that hold them, without schedules: a field is one place for all
//! objects of its type, so a channel that travels through messages, maps and objects made elsewhere is
//! seen again.

mod enders;
mod guarded;
mod last_words;
mod leaving;
mod pending;
mod queued;
mod siblings;
mod unmade;

pub(crate) use leaving::abandoned;

use crate::client::is_test;
use crate::names::Names;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{
    BlockId, Call, Callee, FuncId, InstrKind, LocalId, Module, Operand, Place, PlaceBase, Proj,
    Rvalue, SelectOp, Span, Terminator,
};
use stanch_syntax::ast::ChanDir;
use stanch_types::{Builtin, ObjectId, ObjectKind, PackageId, Program, TypeId, TypeKind};

/// Containers in containers are followed so deep.
const DEPTH: u32 = 4;

/// Where an operation is, and whether it stands for itself or is an arm of a select.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    pub(crate) func: FuncId,
    pub(crate) block: BlockId,
    pub(crate) span: Span,
    /// The arm of the select at the end of the block.
    pub(crate) arm: Option<usize>,
}

/// What is done with the channels of a class.
#[derive(Default, Debug)]
pub(crate) struct Uses {
    /// With the room that they have: none if that is not known.
    pub(crate) made: Vec<(Spot, Option<i64>)>,
    pub(crate) sends: Vec<Spot>,
    pub(crate) receives: Vec<Spot>,
    pub(crate) closes: Vec<Spot>,
    /// Functions that return one.
    pub(crate) returned: Vec<FuncId>,
    /// Fields that hold one.
    pub(crate) fields: Vec<ObjectId>,
    /// Whether code out of view may receive from them.
    pub(crate) open: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Local(FuncId, LocalId),
    Field(ObjectId),
    Global(ObjectId),
}

/// Fields by the struct types that they are of: those of identical types without a name are the same.
struct Fields<'a> {
    program: &'a Program<'a>,
    /// Fields of structs with a name, by package.
    named: FxHashMap<PackageId, FxHashSet<ObjectId>>,
    /// The first field met of each name and type, of other structs.
    unnamed: FxHashMap<(Box<str>, TypeId), ObjectId>,
}

impl<'a> Fields<'a> {
    fn new(program: &'a Program<'a>) -> Self {
        Self { program, named: FxHashMap::default(), unnamed: FxHashMap::default() }
    }

    /// The one field that stands for all that are the same.
    fn same(&mut self, field: ObjectId) -> ObjectId {
        let program = self.program;
        if field.package == ObjectId::UNIVERSE {
            return field;
        }
        let named = self.named.entry(field.package).or_insert_with(|| {
            let mut all = FxHashSet::default();
            for object in program.package_objects(field.package) {
                let info = program.object(object);
                if matches!(info.kind, ObjectKind::TypeName { alias: false })
                    && let TypeKind::Struct(fields) = program.kind(program.underlying(info.ty))
                {
                    all.extend(fields.iter().map(|f| f.object));
                }
            }
            all
        });
        if named.contains(&field) {
            return field;
        }
        let key = (program.object_name(field).into(), program.object(field).ty);
        *self.unnamed.entry(key).or_insert(field)
    }
}

struct Channels<'a> {
    names: &'a Names<'a>,
    program: &'a Program<'a>,
    fields: Fields<'a>,
    module: &'a Module,
    ids: FxHashMap<Key, u32>,
    parent: Vec<u32>,
    content: FxHashMap<u32, u32>,
    /// From where code out of view may receive.
    open: Vec<u32>,
    made: Vec<(u32, Spot, Option<i64>)>,
    sends: Vec<(u32, Spot)>,
    receives: Vec<(u32, Spot)>,
    closes: Vec<(u32, Spot)>,
    returned: Vec<(u32, FuncId)>,
}

/// The channels that a package makes, by class, in a fixed order.
pub(crate) fn classes(names: &Names<'_>, module: &Module) -> Vec<Uses> {
    let mut channels = Channels {
        names,
        program: names.program,
        fields: Fields::new(names.program),
        module,
        ids: FxHashMap::default(),
        parent: Vec::new(),
        content: FxHashMap::default(),
        open: Vec::new(),
        made: Vec::new(),
        sends: Vec::new(),
        receives: Vec::new(),
        closes: Vec::new(),
        returned: Vec::new(),
    };
    let called = called(names, module);
    for id in module.funcs.ids().filter(|f| !is_test(names.program, module, *f)) {
        channels.function(id, called.contains(&id));
    }
    channels.finish()
}

/// Functions that only calls in view run: they are not exported, and nobody takes their value.
fn called(names: &Names<'_>, module: &Module) -> FxHashSet<FuncId> {
    let mut direct: FxHashSet<FuncId> = FxHashSet::default();
    let mut values: FxHashSet<FuncId> = FxHashSet::default();
    for func in &module.funcs {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                    values.extend(names.body(*method));
                }
                InstrKind::Assign(_, Rvalue::Use(Operand::Func(object))) => {
                    values.extend(names.body(*object));
                }
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    if let Callee::Closure(literal, _) = call.callee {
                        direct.insert(literal);
                    }
                    values.extend(call.args.iter().filter_map(|a| match a {
                        Operand::Func(object) => names.body(*object),
                        _ => None,
                    }));
                }
                InstrKind::Store(_, Operand::Func(object)) => values.extend(names.body(*object)),
                _ => {}
            }
        }
    }
    let private = |id: &FuncId| {
        let func = &module.funcs[*id];
        let name = func.object.map(|o| names.program.object_name(o));
        match name {
            Some(name) => !is_exported(name) && !values.contains(id),
            None => direct.contains(id),
        }
    };
    module.funcs.ids().filter(private).collect()
}

pub(crate) fn is_exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

impl Channels<'_> {
    fn function(&mut self, id: FuncId, private: bool) {
        let func = &self.module.funcs[id];
        for &local in func.params.iter().filter(|_| !private) {
            self.crosses(id, &Operand::Local(local));
        }
        for &local in &func.results {
            if let Some(node) = self.local(id, local) {
                self.returned.push((node, id));
                if !private {
                    self.crosses(id, &Operand::Local(local));
                }
            }
        }
        for (block, body) in func.blocks.iter_enumerated() {
            for instr in &body.instrs {
                let at = Spot { func: id, block, span: instr.span, arm: None };
                self.instr(at, &instr.kind);
            }
            match &body.term {
                Terminator::Select { arms, .. } => {
                    for (n, arm) in arms.iter().enumerate() {
                        let at = Spot { func: id, block, span: arm.span, arm: Some(n) };
                        match &arm.op {
                            SelectOp::Send { chan, value } => self.send(at, chan, value),
                            SelectOp::Recv { chan, dst, .. } => self.receive(at, chan, *dst),
                        }
                    }
                }
                Terminator::RangeNext { over, value: Some(value), .. } => {
                    let from = self.operand(id, over).map(|n| self.content(n));
                    let to = self.local(id, *value);
                    self.unify(from, to);
                }
                _ => {}
            }
        }
    }

    fn instr(&mut self, at: Spot, kind: &InstrKind) {
        let id = at.func;
        match kind {
            InstrKind::Assign(dst, value) => self.assign(at, *dst, value),
            InstrKind::Store(place, value) => {
                let (to, from) = (self.place(id, place), self.operand(id, value));
                self.unify(to, from);
                for key in place.proj.iter().filter_map(|proj| match proj {
                    Proj::Index(key) => Some(key),
                    Proj::Field(..) | Proj::Deref => None,
                }) {
                    self.crosses(id, key);
                }
            }
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                if let (Callee::Builtin(Builtin::Close), Some(chan)) =
                    (&call.callee, call.args.first())
                    && let Some(node) = self.operand(id, chan)
                {
                    self.closes.push((node, at));
                }
                self.call(id, call);
            }
            InstrKind::Send { chan, value } => self.send(at, chan, value),
            InstrKind::Recv { dst, chan, .. } => self.receive(at, chan, *dst),
            InstrKind::DeclareVar(_) | InstrKind::RunDefers | InstrKind::MapDelete { .. } => {}
        }
    }

    fn send(&mut self, at: Spot, chan: &Operand, value: &Operand) {
        if let Some(node) = self.operand(at.func, chan) {
            self.sends.push((node, at));
            let (to, from) = (Some(self.content(node)), self.operand(at.func, value));
            self.unify(to, from);
        }
    }

    fn receive(&mut self, at: Spot, chan: &Operand, dst: Option<LocalId>) {
        if let Some(node) = self.operand(at.func, chan) {
            self.receives.push((node, at));
            let (from, to) = (Some(self.content(node)), dst.and_then(|d| self.local(at.func, d)));
            self.unify(to, from);
        }
    }

    fn assign(&mut self, at: Spot, dst: LocalId, value: &Rvalue) {
        let id = at.func;
        let to = self.local(id, dst);
        match value {
            Rvalue::Use(x) | Rvalue::Convert(x, _) | Rvalue::Slice { x, .. } => {
                let from = self.operand(id, x);
                self.unify(to, from);
            }
            Rvalue::Load(place) => {
                let from = self.place(id, place);
                self.unify(to, from);
            }
            Rvalue::AddressOf(place) => {
                let (to, from) = (to.map(|n| self.content(n)), self.place(id, place));
                self.unify(to, from);
            }
            Rvalue::MakeChan { cap, .. } => {
                let room = match cap {
                    None => Some(0),
                    Some(Operand::Const(stanch_types::ConstValue::Int(n), _)) => {
                        i64::try_from(n.clone()).ok()
                    }
                    Some(_) => None,
                };
                if let Some(node) = to {
                    self.made.push((node, at, room));
                }
            }
            Rvalue::MakeSlice { elems, .. } => {
                for elem in elems {
                    let (to, from) = (to.map(|n| self.content(n)), self.operand(id, elem));
                    self.unify(to, from);
                }
            }
            Rvalue::Append { slice, elems, spread } => {
                let from = self.operand(id, slice);
                self.unify(to, from);
                for elem in elems {
                    let from = self.operand(id, elem);
                    let to = if *spread { to } else { to.map(|n| self.content(n)) };
                    self.unify(to, from);
                }
            }
            Rvalue::Composite { ty, elems } => self.composite(id, to, *ty, elems),
            Rvalue::MapLookup { map, .. } => {
                let from = self.operand(id, map).map(|n| self.content(n));
                self.unify(to, from);
            }
            Rvalue::MakeClosure(literal) => {
                for capture in &self.module.funcs[*literal].captures {
                    let inner = self.local(*literal, capture.inner);
                    let outer = self.local(id, capture.outer);
                    self.unify(inner, outer);
                }
            }
            Rvalue::MakeInterface(x, _) => self.crosses(id, x),
            Rvalue::TypeAssert { .. } => self.crosses(id, &Operand::Local(dst)),
            _ => {}
        }
    }

    fn composite(&mut self, id: FuncId, to: Option<u32>, ty: TypeId, elems: &[(u32, Operand)]) {
        let program = self.program;
        for (n, elem) in elems {
            let from = self.operand(id, elem);
            let to = match program.kind(program.underlying(ty)) {
                TypeKind::Struct(fields) => {
                    fields.get(*n as usize).and_then(|f| self.field(f.object, f.ty))
                }
                _ => to.map(|n| self.content(n)),
            };
            self.unify(to, from);
        }
    }

    fn call(&mut self, id: FuncId, call: &Call) {
        let body = match &call.callee {
            Callee::Static(object, _) => self.names.body(*object),
            Callee::Closure(literal, _) => Some(*literal),
            Callee::Builtin(Builtin::Append | Builtin::Close | Builtin::Len | Builtin::Cap) => {
                return;
            }
            _ => None,
        };
        let Some(body) = body.filter(|f| self.module.funcs[*f].has_body) else {
            call.args.iter().for_each(|a| self.crosses(id, a));
            return call.dst.iter().for_each(|d| self.crosses(id, &Operand::Local(*d)));
        };
        let func = &self.module.funcs[body];
        for (arg, &param) in call.args.iter().zip(&func.params) {
            let (from, to) = (self.operand(id, arg), self.local(body, param));
            self.unify(from, to);
        }
        for (&dst, &result) in call.dst.iter().zip(&func.results) {
            let (from, to) = (self.local(body, result), self.local(id, dst));
            self.unify(from, to);
        }
    }

    /// What code out of view may get or give: it may receive from it, unless the type says that it only
    /// sends.
    fn crosses(&mut self, id: FuncId, operand: &Operand) {
        let Operand::Local(local) = operand else { return };
        let ty = self.module.funcs[id].locals[*local].ty;
        let sends_only = matches!(self.program.chan_of(ty), Some((ChanDir::Send, _)));
        if let Some(node) = self.local(id, *local).filter(|_| !sends_only) {
            self.open.push(node);
        }
    }

    fn place(&mut self, id: FuncId, place: &Place) -> Option<u32> {
        let mut at = match place.base {
            PlaceBase::Local(local) => self.local(id, local),
            PlaceBase::Global(object) => {
                let ty = self.program.object(object).ty;
                let node = self.holds(ty, DEPTH).then(|| self.node(Key::Global(object)));
                if let Some(node) = node.filter(|_| is_exported(self.program.object_name(object))) {
                    self.open.push(node);
                }
                node
            }
        };
        for step in &place.proj {
            at = match step {
                Proj::Field(_, object) => {
                    let ty = self.program.object(*object).ty;
                    self.field(*object, ty)
                }
                Proj::Deref | Proj::Index(_) => at.map(|n| self.content(n)),
            };
        }
        at
    }

    fn field(&mut self, object: ObjectId, ty: TypeId) -> Option<u32> {
        if !self.holds(ty, DEPTH) {
            return None;
        }
        let object = self.fields.same(object);
        let node = self.node(Key::Field(object));
        let sends_only = matches!(self.program.chan_of(ty), Some((ChanDir::Send, _)));
        if is_exported(self.program.object_name(object)) && !sends_only {
            self.open.push(node);
        }
        Some(node)
    }

    fn operand(&mut self, id: FuncId, operand: &Operand) -> Option<u32> {
        match operand {
            Operand::Local(local) => self.local(id, *local),
            _ => None,
        }
    }

    fn local(&mut self, id: FuncId, local: LocalId) -> Option<u32> {
        let ty = self.module.funcs[id].locals[local].ty;
        self.holds(ty, DEPTH).then(|| self.node(Key::Local(id, local)))
    }

    /// Whether values of a type are channels or hold some other than in fields.
    fn holds(&self, ty: TypeId, depth: u32) -> bool {
        if depth == 0 {
            return false;
        }
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Chan(..) => true,
            TypeKind::Pointer(of)
            | TypeKind::Slice(of)
            | TypeKind::Array(_, of)
            | TypeKind::Map(_, of) => self.holds(*of, depth - 1),
            _ => false,
        }
    }

    fn node(&mut self, key: Key) -> u32 {
        match self.ids.get(&key) {
            Some(&node) => node,
            None => {
                let node = self.fresh();
                self.ids.insert(key, node);
                node
            }
        }
    }

    fn fresh(&mut self) -> u32 {
        let node = self.parent.len() as u32;
        self.parent.push(node);
        node
    }

    fn content(&mut self, node: u32) -> u32 {
        let class = self.find(node);
        match self.content.get(&class) {
            Some(&content) => content,
            None => {
                let content = self.fresh();
                self.content.insert(class, content);
                content
            }
        }
    }

    fn find(&mut self, mut node: u32) -> u32 {
        while self.parent[node as usize] != node {
            let up = self.parent[node as usize];
            self.parent[node as usize] = self.parent[up as usize];
            node = up;
        }
        node
    }

    fn unify(&mut self, a: Option<u32>, b: Option<u32>) {
        let (Some(a), Some(b)) = (a, b) else { return };
        let mut todo = vec![(a, b)];
        while let Some((a, b)) = todo.pop() {
            let (a, b) = (self.find(a), self.find(b));
            if a == b {
                continue;
            }
            let (low, high) = (a.min(b), a.max(b));
            self.parent[high as usize] = low;
            if let Some(content) = self.content.remove(&high) {
                match self.content.get(&low) {
                    Some(&other) => todo.push((content, other)),
                    None => {
                        self.content.insert(low, content);
                    }
                }
            }
        }
    }

    fn finish(mut self) -> Vec<Uses> {
        let mut numbers: FxHashMap<u32, usize> = FxHashMap::default();
        let mut classes: Vec<Uses> = Vec::new();
        for (node, at, room) in std::mem::take(&mut self.made) {
            let class = self.find(node);
            let n = *numbers.entry(class).or_insert(classes.len());
            if n == classes.len() {
                classes.push(Uses::default());
            }
            classes[n].made.push((at, room));
        }
        for (node, at) in std::mem::take(&mut self.sends) {
            if let Some(n) = numbers.get(&self.find(node)) {
                classes[*n].sends.push(at);
            }
        }
        for (node, at) in std::mem::take(&mut self.receives) {
            if let Some(n) = numbers.get(&self.find(node)) {
                classes[*n].receives.push(at);
            }
        }
        for (node, at) in std::mem::take(&mut self.closes) {
            if let Some(n) = numbers.get(&self.find(node)) {
                classes[*n].closes.push(at);
            }
        }
        for (node, func) in std::mem::take(&mut self.returned) {
            if let Some(n) = numbers.get(&self.find(node)) {
                classes[*n].returned.push(func);
            }
        }
        let mut fields: Vec<(ObjectId, u32)> = self
            .ids
            .iter()
            .filter_map(|(key, node)| match key {
                Key::Field(object) => Some((*object, *node)),
                Key::Local(..) | Key::Global(_) => None,
            })
            .collect();
        fields.sort_unstable_by_key(|f| f.1);
        for (field, node) in fields {
            if let Some(n) = numbers.get(&self.find(node)) {
                classes[*n].fields.push(field);
            }
        }
        // What is held by what others have is theirs too.
        let mut open = std::mem::take(&mut self.open);
        let mut seen: FxHashSet<u32> = FxHashSet::default();
        while let Some(node) = open.pop() {
            let class = self.find(node);
            if !seen.insert(class) {
                continue;
            }
            if let Some(n) = numbers.get(&class) {
                classes[*n].open = true;
            }
            open.extend(self.content.get(&class));
        }
        classes
    }
}

/// The field that a place ends in.
fn last_field(place: &Place) -> Option<ObjectId> {
    match place.proj.last() {
        Some(Proj::Field(_, field)) => Some(*field),
        _ => None,
    }
}
