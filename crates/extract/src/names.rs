//! Which function a call names: its effect, its body, or neither.

use crate::classify::named;
use crate::shared::Imported;
use crate::signals::Signals;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_effects::{Effect, Effects};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Module, Operand, Place,
    PlaceBase, Proj, Rvalue,
};
use stanch_types::{ObjectId, ObjectKind, PackageId, Program, TypeId, TypeKind};

/// What is known of a declared function.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Known<'a> {
    /// Described by an effect.
    Effect(&'a Effect),
    /// A function of this package, or one of another that was linked in.
    Body(FuncId),
    /// A function of another package that does nothing with what it is given.
    Inert,
    /// Out of view.
    Nothing,
}

/// What is known of every function that a package mentions.
pub(crate) struct Names<'a> {
    pub(crate) program: &'a Program<'a>,
    bodies: FxHashMap<ObjectId, FuncId>,
    known: FxHashMap<ObjectId, Known<'a>>,
    /// Functions that have the effect of their package.
    of_package: FxHashSet<ObjectId>,
    /// Types of values that become interface values.
    made_of: IndexVec<FuncId, FxHashMap<LocalId, TypeId>>,
    /// What pointers in temporaries without a type point to.
    pointees: IndexVec<FuncId, FxHashMap<LocalId, TypeId>>,
    /// Ends of loops that are never reached.
    no_ends: IndexVec<FuncId, Vec<(BlockId, BlockId)>>,
    /// Temporaries that are given to atomic operations and used for nothing else.
    atomics: IndexVec<FuncId, FxHashSet<LocalId>>,
    /// Temporaries with lengths, and what is more or less than them by a constant.
    lengths: IndexVec<FuncId, FxHashSet<LocalId>>,
    /// Channels of signals.
    signals: Signals,
    effects: &'a Effects,
}

struct Resolver<'a> {
    program: &'a Program<'a>,
    effects: &'a Effects,
    of_package: FxHashSet<ObjectId>,
    /// The interface type that declares a method, by package.
    interfaces: FxHashMap<PackageId, FxHashMap<ObjectId, ObjectId>>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(
        program: &'a Program<'a>,
        module: &Module,
        effects: &'a Effects,
        imported: &Imported<'_>,
    ) -> Self {
        let bodies = module.funcs.iter_enumerated().filter(|(_, f)| f.has_body);
        let bodies: FxHashMap<ObjectId, FuncId> =
            bodies.filter_map(|(id, f)| Some((f.object?, id))).collect();
        let mut resolver = Resolver {
            program,
            effects,
            of_package: FxHashSet::default(),
            interfaces: FxHashMap::default(),
        };
        let mut known = FxHashMap::default();
        for object in mentioned(module) {
            known.entry(object).or_insert_with(|| {
                match (resolver.look_up(object, &bodies), imported(object.package)) {
                    (Known::Nothing, Some(shared)) if shared.is_inert(object) => Known::Inert,
                    (known, _) => known,
                }
            });
        }
        let mut names = Self {
            program,
            bodies,
            known,
            of_package: resolver.of_package,
            made_of: IndexVec::new(),
            pointees: IndexVec::new(),
            no_ends: IndexVec::new(),
            atomics: IndexVec::new(),
            lengths: module.funcs.iter().map(crate::lengths::lengths).collect(),
            signals: Signals::default(),
            effects,
        };
        names.signals = crate::signals::signals(&names, module);
        for (id, func) in module.funcs.iter_enumerated() {
            let found = names.pointees_of(func);
            names.pointees.push(found);
            let found = names.made_by(module, func);
            names.made_of.push(found);
            let ends = crate::ticks::ends(&names, &names.signals.never_closed, id, func);
            names.no_ends.push(ends);
            let found = names.atomics_of(func);
            names.atomics.push(found);
        }
        names
    }

    /// Whether a bound of a part of a slice is known where its length is.
    pub(crate) fn is_bound(&self, id: FuncId, operand: &Operand) -> bool {
        match operand {
            Operand::Local(local) => self.lengths[id].contains(local),
            operand => crate::lengths::is_constant(operand),
        }
    }

    fn pointees_of(&self, func: &Func) -> FxHashMap<LocalId, TypeId> {
        let mut found: FxHashMap<LocalId, TypeId> = FxHashMap::default();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let InstrKind::Assign(local, value) = &instr.kind else { continue };
            let to = match value {
                Rvalue::New(ty) => *ty,
                Rvalue::AddressOf(place) => self.place_type_with(func, place, &found),
                _ => continue,
            };
            if func.locals[*local].ty == Program::UNKNOWN && to != Program::UNKNOWN {
                found.insert(*local, to);
            }
        }
        found
    }

    fn made_by(&self, module: &Module, func: &Func) -> FxHashMap<LocalId, TypeId> {
        let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
        let made = instrs.filter_map(|instr| match &instr.kind {
            InstrKind::Assign(local, Rvalue::MakeInterface(value, _)) => {
                Some((*local, self.operand_type(func, value)))
            }
            _ => None,
        });
        let is_ours = |(_, ty): &(LocalId, TypeId)| {
            let named = self.program.named_object(self.program.pointee(*ty).unwrap_or(*ty));
            let package = named.map(|named| named.package);
            package.is_some_and(|p| p == module.package || module.linked.contains(&p))
        };
        made.filter(is_ours).collect()
    }

    /// The type, one with bodies in view, of the value that an interface value in a temporary was made of.
    pub(crate) fn made_of(&self, id: FuncId, local: LocalId) -> Option<TypeId> {
        self.made_of.get(id)?.get(&local).copied()
    }

    /// Whether nothing is known of a library function but what holds for all of its package.
    pub(crate) fn is_of_package(&self, func: ObjectId) -> bool {
        self.of_package.contains(&func)
    }

    /// Whether only signals come to the channel in a local.
    pub(crate) fn is_of_signals(&self, id: FuncId, operand: &Operand) -> bool {
        matches!(operand, Operand::Local(l) if self.signals.unsent.contains(&(id, *l)))
    }

    fn atomics_of(&self, func: &Func) -> FxHashSet<LocalId> {
        let (mut atomics, mut others) = (FxHashSet::default(), FxHashSet::default());
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let first = match &instr.kind {
                InstrKind::Call(Call { callee: Callee::Static(object, _), args, .. }) => {
                    match (self.known(*object), args.first()) {
                        (Known::Effect(effect), Some(Operand::Local(first)))
                            if effect.op.is_atomic() =>
                        {
                            Some(*first)
                        }
                        _ => None,
                    }
                }
                _ => None,
            };
            atomics.extend(first);
            let mut n = 0;
            instr.kind.for_each_operand(|operand| {
                if let Operand::Local(local) = operand {
                    if first == Some(*local) && n == 0 {
                        n += 1;
                    } else {
                        others.insert(*local);
                    }
                }
            });
        }
        atomics.retain(|l| func.locals[*l].kind == LocalKind::Temp && !others.contains(l));
        atomics
    }

    /// Whether all that is done with a temporary is that atomic operations are given it.
    pub(crate) fn is_atomic_operand(&self, id: FuncId, local: LocalId) -> bool {
        self.atomics.get(id).is_some_and(|a| a.contains(&local))
    }

    /// Whether the values of a type are changed by atomic operations only.
    pub(crate) fn is_atomic(&self, ty: TypeId) -> bool {
        named(self.program, ty).is_some_and(|(package, _)| {
            self.effects.package(&package).is_some_and(|e| e.op.is_atomic())
        })
    }

    /// The type of an operand; unknown for pointers the lowering made up.
    pub(crate) fn operand_type(&self, func: &Func, operand: &Operand) -> TypeId {
        match operand {
            Operand::Local(local) => func.locals[*local].ty,
            Operand::Const(_, ty) | Operand::Nil(ty) | Operand::Zero(ty) | Operand::Unknown(ty) => {
                *ty
            }
            Operand::Func(object) => self.program.object(*object).ty,
        }
    }

    /// The runtime's symbol of the first function of the goroutine that a library function starts.
    pub(crate) fn started_by(&self, callee: &Callee) -> String {
        let Callee::Static(object, _) = callee else { return "func1".to_owned() };
        let name = self.program.object_name(*object);
        let package = self.program.package_path(object.package);
        match &self.program.object(*object).kind {
            ObjectKind::Func { recv: Some(recv), pointer_recv: true, .. } => {
                format!("{package}.(*{}).{name}.func1", self.program.object_name(*recv))
            }
            _ => format!("{package}.{name}.func1"),
        }
    }

    /// What a pointer operand points to.
    pub(crate) fn pointee(&self, id: FuncId, func: &Func, operand: &Operand) -> Option<TypeId> {
        if let Operand::Local(local) = operand
            && let Some(to) = self.pointees.get(id).and_then(|p| p.get(local))
        {
            return Some(*to);
        }
        self.points_to(self.operand_type(func, operand))
    }

    fn points_to(&self, ty: TypeId) -> Option<TypeId> {
        match self.program.kind(self.program.underlying(ty)) {
            TypeKind::Pointer(to) => Some(*to),
            _ => None,
        }
    }

    /// The type of a place.
    pub(crate) fn place_type(&self, id: FuncId, func: &Func, place: &Place) -> TypeId {
        match self.pointees.get(id) {
            Some(known) => self.place_type_with(func, place, known),
            None => Program::UNKNOWN,
        }
    }

    fn place_type_with(
        &self,
        func: &Func,
        place: &Place,
        known: &FxHashMap<LocalId, TypeId>,
    ) -> TypeId {
        let program = self.program;
        let mut ty = match place.base {
            PlaceBase::Local(local) => func.locals[local].ty,
            PlaceBase::Global(object) => program.object(object).ty,
        };
        for (i, proj) in place.proj.iter().enumerate() {
            let pointee = match place.base {
                PlaceBase::Local(local) if i == 0 => known.get(&local).copied(),
                _ => None,
            };
            ty = match proj {
                Proj::Deref => pointee.or_else(|| self.points_to(ty)).unwrap_or(Program::UNKNOWN),
                Proj::Field(index, object) => match program.kind(program.underlying(ty)) {
                    TypeKind::Struct(fields) => {
                        fields.get(*index as usize).map_or(Program::UNKNOWN, |f| f.ty)
                    }
                    _ => program.object(*object).ty,
                },
                Proj::Index(_) => match program.kind(program.underlying(ty)) {
                    TypeKind::Slice(elem) | TypeKind::Array(_, elem) | TypeKind::Map(_, elem) => {
                        *elem
                    }
                    _ => Program::UNKNOWN,
                },
            };
        }
        ty
    }

    /// The body of a declared function of this package.
    pub(crate) fn body(&self, func: ObjectId) -> Option<FuncId> {
        self.bodies.get(&func).copied()
    }

    /// Whether a block can lead to another one that follows it: not so where a range over a clock's channel
    /// would end.
    pub(crate) fn is_way(&self, func: FuncId, from: BlockId, to: BlockId) -> bool {
        self.no_ends.get(func).is_none_or(|ends| !ends.contains(&(from, to)))
    }

    /// The ends of loops that are never reached, of all functions.
    pub(crate) fn no_ends(&self) -> &IndexVec<FuncId, Vec<(BlockId, BlockId)>> {
        &self.no_ends
    }

    /// What is known of `func`: an entry of its own in the effects, its body, its package's default.
    pub(crate) fn known(&self, func: ObjectId) -> Known<'a> {
        match (self.known.get(&func), self.bodies.get(&func)) {
            (Some(&known), _) => known,
            (None, Some(&body)) => Known::Body(body),
            (None, None) => Known::Nothing,
        }
    }
}

/// Every function that an instruction of the module names.
fn mentioned(module: &Module) -> Vec<ObjectId> {
    let mut objects = Vec::new();
    let instrs = module.funcs.iter().flat_map(|f| f.blocks.iter()).flat_map(|b| &b.instrs);
    for instr in instrs {
        match &instr.kind {
            InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                match &call.callee {
                    Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                        objects.push(*object);
                    }
                    Callee::Closure(..) | Callee::Value(_) | Callee::Builtin(_) => {}
                }
            }
            InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => objects.push(*method),
            _ => {}
        }
    }
    objects
}

impl<'a> Resolver<'a> {
    fn look_up(&mut self, func: ObjectId, bodies: &FxHashMap<ObjectId, FuncId>) -> Known<'a> {
        if func.package == ObjectId::UNIVERSE {
            return Known::Nothing;
        }
        let path = self.program.package_path(func.package);
        let symbol = self.symbol(path, func);
        if let Some(effect) = self.effects.function(&symbol) {
            return Known::Effect(effect);
        }
        if let Some(&body) = bodies.get(&func) {
            return Known::Body(body);
        }
        let Some(effect) = self.effects.get(path, &symbol) else { return Known::Nothing };
        self.of_package.insert(func);
        Known::Effect(effect)
    }

    /// `path.Name`, `(path.Type).Method`, `(*path.Type).Method`.
    fn symbol(&mut self, package: &str, func: ObjectId) -> String {
        let name = self.program.object_name(func);
        match &self.program.object(func).kind {
            ObjectKind::Func { recv: Some(recv), pointer_recv, .. } => {
                let star = if *pointer_recv { "*" } else { "" };
                format!("({star}{package}.{}).{name}", self.program.object_name(*recv))
            }
            ObjectKind::Func { interface: true, .. } => match self.interface_of(func) {
                Some(recv) => format!("({package}.{}).{name}", self.program.object_name(recv)),
                None => format!("(interface).{name}"),
            },
            _ => format!("{package}.{name}"),
        }
    }

    /// The package-level interface type that declares a method.
    fn interface_of(&mut self, method: ObjectId) -> Option<ObjectId> {
        let package = method.package;
        if let Some(table) = self.interfaces.get(&package) {
            return table.get(&method).copied();
        }
        let mut table = FxHashMap::default();
        for object in self.program.package_objects(package) {
            let info = self.program.object(object);
            if !matches!(info.kind, ObjectKind::TypeName { alias: false }) {
                continue;
            }
            if let TypeKind::Interface(i) = self.program.kind(self.program.underlying(info.ty)) {
                table.extend(i.methods.iter().map(|m| (m.object, object)));
            }
        }
        let found = table.get(&method).copied();
        self.interfaces.insert(package, table);
        found
    }
}
