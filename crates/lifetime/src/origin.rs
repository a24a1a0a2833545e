//! Which containers the locals of a package's functions stand for.

use crate::facts::{Key, Names};
use crate::library;
use stanch_base::{FxHashMap, Idx};
use stanch_effects::{Does, Effects, Gives, KeepEffect, Keeping, PackageKeeps, Role, Trait};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Module, Operand, Place, PlaceBase, Proj,
    Rvalue, Terminator,
};
use stanch_types::{ObjectId, PackageId, Program, TypeId, TypeKind};
use std::cell::RefCell;

/// Passes over the package until nothing is added; more would only find longer chains of copies.
const ROUNDS: usize = 6;
/// Containers that one local may stand for.
const MAX_ORIGINS: usize = 8;
/// Named types looked through to tell whether a type is a container.
const MAX_NESTING: u32 = 3;

/// What happened to a container's value on its way into a local.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Way {
    /// Cut: fewer elements, maybe.
    pub(crate) cut: bool,
    /// Appended to.
    pub(crate) longer: bool,
    /// An element of it, itself a container.
    pub(crate) element: bool,
    /// A copy: another container with what it had.
    pub(crate) copied: bool,
}

impl Way {
    fn bits(self) -> u8 {
        u8::from(self.cut)
            | u8::from(self.longer) << 1
            | u8::from(self.element) << 2
            | u8::from(self.copied) << 3
    }
}

/// A container that a local stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub(crate) key: Key,
    pub(crate) way: Way,
}

/// The containers of each local.
pub(crate) struct Origins {
    locals: FxHashMap<(FuncId, LocalId), Vec<Origin>>,
    results: FxHashMap<(FuncId, usize), Vec<Origin>>,
    changed: bool,
}

impl Origins {
    pub(crate) fn of(&self, func: FuncId, local: LocalId) -> &[Origin] {
        self.locals.get(&(func, local)).map_or(&[], |v| v)
    }

    pub(crate) fn operand(&self, func: FuncId, operand: &Operand) -> &[Origin] {
        match operand {
            Operand::Local(local) => self.of(func, *local),
            _ => &[],
        }
    }

    fn add(&mut self, func: FuncId, local: LocalId, origin: Origin) {
        let known = self.locals.entry((func, local)).or_default();
        if known.len() < MAX_ORIGINS && !known.contains(&origin) {
            known.push(origin);
            known.sort_by_key(|o| (o.key, o.way.bits()));
            self.changed = true;
        }
    }

    fn add_result(&mut self, func: FuncId, result: usize, origin: Origin) {
        let known = self.results.entry((func, result)).or_default();
        if known.len() < MAX_ORIGINS && !known.contains(&origin) {
            known.push(origin);
            self.changed = true;
        }
    }
}

/// What is needed to read a package.
pub(crate) struct Reader<'a> {
    pub(crate) program: &'a Program<'a>,
    pub(crate) module: &'a Module,
    pub(crate) bodies: FxHashMap<ObjectId, FuncId>,
    pub(crate) std: &'a [bool],
    effects: &'a Effects,
    library: RefCell<FxHashMap<ObjectId, KeepEffect>>,
    containers: RefCell<FxHashMap<TypeId, bool>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(
        program: &'a Program<'a>,
        module: &'a Module,
        effects: &'a Effects,
        std: &'a [bool],
    ) -> Self {
        let funcs = module.funcs.iter_enumerated();
        let bodies = funcs.filter_map(|(id, f)| Some((f.object?, id))).collect();
        let (library, containers) = (RefCell::default(), RefCell::default());
        Self { program, module, bodies, std, effects, library, containers }
    }

    pub(crate) fn is_std(&self, package: PackageId) -> bool {
        self.std.get(package.index()).copied().unwrap_or(false)
    }

    /// What the table says of a function.
    pub(crate) fn keeps(&self, func: ObjectId) -> KeepEffect {
        if let Some(&known) = self.library.borrow().get(&func) {
            return known;
        }
        let std = self.is_std(func.package);
        let symbol = std.then(|| library::symbol(self.program, func)).flatten();
        let (path, name) =
            (self.program.package_path(func.package), self.program.object_name(func));
        let effect = self.effects.keeping.function(path, symbol.as_deref(), name);
        self.library.borrow_mut().insert(func, effect);
        effect
    }

    pub(crate) fn does(&self, func: ObjectId) -> Option<Does> {
        self.keeps(func).does
    }

    /// Whether what a function gives is never nil.
    pub(crate) fn never_nil(&self, func: ObjectId) -> bool {
        let path = self.program.package_path(func.package);
        let symbol = library::symbol(self.program, func);
        let effect = symbol.and_then(|symbol| self.effects.get(path, &symbol));
        effect.is_some_and(|e| e.gives == Gives::NonNil)
    }

    /// Whether a function of the library is there for something.
    pub(crate) fn is_for(&self, func: ObjectId, role: Role) -> bool {
        self.keeps(func).role == Some(role)
    }

    /// What is known of libraries.
    pub(crate) fn keeping(&self) -> &'a Keeping {
        &self.effects.keeping
    }

    /// What the table says of a package.
    pub(crate) fn package(&self, package: PackageId) -> PackageKeeps {
        self.effects.keeping.package(self.program.package_path(package))
    }

    /// Whether a library's type has a property.
    pub(crate) fn is(&self, named: ObjectId, what: Trait) -> bool {
        let program = self.program;
        self.is_std(named.package)
            && self.effects.keeping.is(
                program.package_path(named.package),
                program.object_name(named),
                what,
            )
    }

    /// Whether values of the type hold a number of entries that changes, or point to such.
    pub(crate) fn is_container(&self, ty: TypeId) -> bool {
        if let Some(&known) = self.containers.borrow().get(&ty) {
            return known;
        }
        let is = self.container(ty, MAX_NESTING);
        self.containers.borrow_mut().insert(ty, is);
        is
    }

    fn container(&self, ty: TypeId, depth: u32) -> bool {
        let program = self.program;
        if program.named_object(ty).is_some_and(|named| self.is(named, Trait::Container)) {
            return true;
        }
        match program.core_type(ty).map(|t| program.kind(t)) {
            Some(TypeKind::Map(..) | TypeKind::Slice(_)) => true,
            Some(TypeKind::Array(_, elem) | TypeKind::Pointer(elem)) if depth > 0 => {
                self.container(*elem, depth - 1)
            }
            _ => false,
        }
    }

    /// Whether two places can hold one container of the type and both see what is done to it.
    pub(crate) fn is_shared(&self, ty: TypeId) -> bool {
        match self.program.core_type(ty).map(|t| self.program.kind(t)) {
            Some(TypeKind::Map(..)) => true,
            Some(TypeKind::Pointer(to)) => self.is_container(*to),
            _ => false,
        }
    }
}

/// The containers of all locals of the package.
pub(crate) fn origins(reader: &mut Reader<'_>, names: &mut Names<'_>) -> Origins {
    let mut origins =
        Origins { locals: FxHashMap::default(), results: FxHashMap::default(), changed: true };
    let module = reader.module;
    for (id, func) in module.funcs.iter_enumerated() {
        if func.object.is_some() {
            for (number, &param) in func.params.iter().enumerate() {
                let ty = func.locals[param].ty;
                if reader.is_shared(ty) || is_slice(reader, ty) {
                    let key = Key::Param(id.raw(), number as u32);
                    origins.add(id, param, Origin { key, way: Way::default() });
                }
            }
        }
    }
    for _ in 0..ROUNDS {
        if !std::mem::take(&mut origins.changed) {
            break;
        }
        for (id, func) in module.funcs.iter_enumerated() {
            read(reader, names, &mut origins, id, func);
        }
    }
    origins
}

fn is_slice(reader: &Reader<'_>, ty: TypeId) -> bool {
    let core = reader.program.core_type(ty).map(|t| reader.program.kind(t));
    matches!(core, Some(TypeKind::Slice(_)))
}

fn read(
    reader: &mut Reader<'_>,
    names: &mut Names<'_>,
    origins: &mut Origins,
    id: FuncId,
    func: &Func,
) {
    for capture in &func.captures {
        let Some(parent) = func.parent else { continue };
        for origin in origins.of(parent, capture.outer).to_vec() {
            origins.add(id, capture.inner, origin);
        }
        for origin in origins.of(id, capture.inner).to_vec() {
            origins.add(parent, capture.outer, origin);
        }
    }
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            match &instr.kind {
                InstrKind::Assign(local, value) => {
                    let ty = func.locals[*local].ty;
                    // The type of a temporary that holds an address may not be recorded.
                    if ty != Program::UNKNOWN
                        && !reader.is_container(ty)
                        && !matches!(value, Rvalue::MakeInterface(..))
                    {
                        continue;
                    }
                    for origin in of_value(names, origins, id, value) {
                        origins.add(id, *local, origin);
                    }
                }
                InstrKind::Call(call) if !call.dst.is_empty() => {
                    returned(reader, origins, id, func, call);
                }
                InstrKind::Call(call) => copied_into(reader, origins, id, call),
                _ => {}
            }
        }
        if let Terminator::RangeNext { over, value: Some(value), .. } = &block.term
            && reader.is_container(func.locals[*value].ty)
        {
            for origin in origins.operand(id, over).to_vec() {
                origins.add(id, *value, element(origin));
            }
        }
    }
    filled(origins, id, func);
    for (number, &result) in func.results.iter().enumerate() {
        for origin in origins.of(id, result).to_vec() {
            origins.add_result(id, number, origin);
        }
    }
}

fn copied(origin: Origin) -> Origin {
    Origin { way: Way { copied: true, ..origin.way }, ..origin }
}

/// What a loop over a map puts into another under the same key: a copy, or if it does not always do that, a
/// part of one.
fn filled(origins: &mut Origins, id: FuncId, func: &Func) {
    for block in func.blocks.iter() {
        let Terminator::RangeNext { over, key: Some(key), body, .. } = &block.term else {
            continue;
        };
        let from = origins.operand(id, over).to_vec();
        if from.iter().all(|o| o.way.element) {
            continue;
        }
        for (at, data) in func.blocks.iter_enumerated() {
            for instr in &data.instrs {
                let InstrKind::Store(place, _) = &instr.kind else { continue };
                let (PlaceBase::Local(to), [Proj::Index(Operand::Local(under))]) =
                    (place.base, place.proj.as_slice())
                else {
                    continue;
                };
                if !is_copy(func, *under, *key) {
                    continue;
                }
                let always = at == *body && matches!(data.term, Terminator::Goto(_));
                for origin in from.iter().copied().filter(|o| !o.way.element).map(copied) {
                    if origins.of(id, to).iter().any(|o| o.key == origin.key) {
                        continue;
                    }
                    let way = Way { cut: origin.way.cut | !always, ..origin.way };
                    origins.add(id, to, Origin { way, ..origin });
                }
            }
        }
    }
}

fn is_copy(func: &Func, local: LocalId, of: LocalId) -> bool {
    local == of
        || func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) => *to == local && *from == of,
            _ => false,
        })
}

fn element(origin: Origin) -> Origin {
    Origin { way: Way { element: true, ..origin.way }, ..origin }
}

fn returned(reader: &mut Reader<'_>, origins: &mut Origins, id: FuncId, func: &Func, call: &Call) {
    let Callee::Static(object, _) = &call.callee else { return };
    if let Some(&body) = reader.bodies.get(object) {
        for (number, &dst) in call.dst.iter().enumerate() {
            if !reader.is_container(func.locals[dst].ty) {
                continue;
            }
            let results = origins.results.get(&(body, number)).cloned().unwrap_or_default();
            for result in results {
                let Key::Param(of, param) = result.key else {
                    origins.add(id, dst, result);
                    continue;
                };
                if of != body.raw() {
                    continue;
                }
                let Some(arg) = call.args.get(param as usize) else { continue };
                for origin in origins.operand(id, arg).to_vec() {
                    let way = Way {
                        cut: origin.way.cut | result.way.cut,
                        longer: origin.way.longer | result.way.longer,
                        element: origin.way.element | result.way.element,
                        copied: origin.way.copied | result.way.copied,
                    };
                    origins.add(id, dst, Origin { key: origin.key, way });
                }
            }
        }
        return;
    }
    let (Some(does), Some(first), Some(&dst)) =
        (reader.does(*object), call.args.first(), call.dst.first())
    else {
        return;
    };
    for origin in origins.operand(id, first).to_vec() {
        let way = match does {
            Does::Longer(_) => Way { longer: true, ..origin.way },
            Does::Shorter => Way { cut: true, ..origin.way },
            Does::Same => origin.way,
            Does::Copy => Way { copied: true, ..origin.way },
            _ => continue,
        };
        origins.add(id, dst, Origin { way, ..origin });
    }
}

/// A library function that puts all of one container into another makes that a copy.
fn copied_into(reader: &Reader<'_>, origins: &mut Origins, id: FuncId, call: &Call) {
    let Callee::Static(object, _) = &call.callee else { return };
    if !reader.is_std(object.package) {
        return;
    }
    let Some(Does::Grow { of, key: Some(key), value }) = reader.does(*object) else { return };
    let (Some(Operand::Local(to)), Some(from)) = (call.args.get(of), call.args.get(value)) else {
        return;
    };
    if key == value && origins.of(id, *to).is_empty() {
        for origin in origins.operand(id, from).to_vec() {
            origins.add(id, *to, copied(origin));
        }
    }
}

fn of_value(names: &mut Names<'_>, origins: &Origins, id: FuncId, value: &Rvalue) -> Vec<Origin> {
    match value {
        Rvalue::Use(x)
        | Rvalue::Convert(x, _)
        | Rvalue::MakeInterface(x, _)
        | Rvalue::TypeAssert { x, .. } => origins.operand(id, x).to_vec(),
        Rvalue::Load(place) | Rvalue::AddressOf(place) => of_place(names, origins, id, place),
        Rvalue::MapLookup { map, .. } => {
            origins.operand(id, map).iter().copied().map(element).collect()
        }
        Rvalue::Slice { x, lo, hi } => {
            let whole = lo.is_none() && hi.is_none();
            let cut = |o: &Origin| Origin { way: Way { cut: o.way.cut | !whole, ..o.way }, ..*o };
            origins.operand(id, x).iter().map(cut).collect()
        }
        Rvalue::Append { slice, elems, spread } => {
            let longer = |o: &Origin| Origin { way: Way { longer: true, ..o.way }, ..*o };
            let own: Vec<Origin> = origins.operand(id, slice).iter().map(longer).collect();
            match elems.first() {
                Some(all) if *spread && own.is_empty() => {
                    origins.operand(id, all).iter().copied().map(copied).collect()
                }
                _ => own,
            }
        }
        _ => Vec::new(),
    }
}

/// The containers that a place is, or is an element of.
pub(crate) fn of_place(
    names: &mut Names<'_>,
    origins: &Origins,
    id: FuncId,
    place: &Place,
) -> Vec<Origin> {
    let way = Way::default();
    let mut at: Vec<Origin> = match place.base {
        PlaceBase::Local(local) => origins.of(id, local).to_vec(),
        PlaceBase::Global(object) => {
            let key = names.decl(object).map(Key::Global);
            key.map(|key| Origin { key, way }).into_iter().collect()
        }
    };
    for proj in &place.proj {
        match proj {
            Proj::Field(_, object) => {
                let key = names.decl(*object).map(Key::Field);
                at = key.map(|key| Origin { key, way }).into_iter().collect();
            }
            Proj::Deref => {}
            Proj::Index(_) => at = at.into_iter().map(element).collect(),
        }
    }
    at
}
