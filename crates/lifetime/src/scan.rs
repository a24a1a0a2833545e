//! Reads one package: what its functions do to containers, whom they call, what they make.

use crate::facts::*;
use crate::guards::Limit;
use crate::keys::{Kinds, is_bounded};
use crate::loops::{definitions, loops};
use crate::memo::{Ask, asks};
use crate::origin::{Origins, Reader, of_place, origins};
use crate::source::AllSources;
use crate::summary::Summary;
use crate::{pairs, reach, retain};
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_effects::{Does, Effects, Role, Trait};
use stanch_ir::{
    BlockId, Call, Callee, Dominators, Func, FuncId, InstrKind, LocalId, LocalKind, Module,
    Operand, Place, PlaceBase, Proj, Rvalue, Span, Terminator,
};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{
    Builtin, ObjectId, ObjectKind, PackageId, Program, SourceFile, TypeId, TypeKind,
};

/// What is known of all packages of a run, by number.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// Whether the package lies in the standard library.
    pub std: Vec<bool>,
    /// Whether its bodies are analysed, in this variant or in the one with tests.
    pub in_view: Vec<bool>,
}

/// What one package tells.
pub fn summarise(
    program: &Program<'_>,
    package: PackageId,
    module: &Module,
    effects: &Effects,
    view: &View,
) -> Summary {
    let mut reader = Reader::new(program, module, effects, &view.std);
    let mut names = Names::new(program);
    let origins = origins(&mut reader, &mut names);
    let source = program.source(package);
    // Helpers of tests that live in other files are known by what they import.
    let is_test = |f: &SourceFile| {
        f.path.ends_with("_test.go") || f.ast.imports.iter().any(|i| &*i.path == "testing")
    };
    let test: Vec<bool> = source.files.iter().map(is_test).collect();
    let is_main = &*source.name == "main";
    let path = program.package_path(package);
    let internal = path.split('/').any(|part| part == "internal");
    let mut summary = Summary {
        package,
        importable: !is_main && !internal,
        decls: Vec::new(),
        funcs: Vec::new(),
        owners: Default::default(),
        reached: Vec::new(),
        elements: Vec::new(),
        kept: Default::default(),
    };
    let mut kinds = Kinds::default();
    let mut sources = AllSources::default();
    let mut op_blocks: Vec<Vec<BlockId>> = Vec::new();
    for (id, func) in module.funcs.iter_enumerated() {
        let turns = loops(&reader, func);
        let definitions = definitions(func);
        sources.read(&reader, id, func, &definitions, &turns);
        let mut scan = Scan {
            reader: &mut reader,
            names: &mut names,
            kinds: &mut kinds,
            origins: &origins,
            view,
            id,
            func,
            asks: asks(func),
            definitions,
            sources: &sources,
            loops: turns,
            dominators: None,
            measured: FxHashMap::default(),
            limits: None,
            lookups: None,
            restored: None,
            at: BlockId::from_raw(0),
            op_blocks: Vec::new(),
            facts: FuncFacts::default(),
        };
        scan.run();
        let (mut facts, blocks) = (scan.facts, scan.op_blocks);
        op_blocks.push(blocks);
        describe(&reader, &mut names, func, is_main, &mut facts);
        facts.test = test.get(func.span.file.index()).copied().unwrap_or(false);
        summary.funcs.push(facts);
    }
    pairs::find(module, &mut summary.funcs, &op_blocks);
    summary.kept = retain::kept(&reader, &mut names, &sources, test, &view.in_view);
    reach::owners(program, package, &mut names, &mut summary);
    reach::globals(program, package, &mut names, &mut summary);
    reach::stored(program, module, &mut names, &mut summary);
    summary.decls = names.decls;
    summary
}

/// Whether a function is an `init` function, or initialises variables.
fn is_before_main(program: &Program<'_>, func: &Func) -> bool {
    match func.object {
        Some(object) => !func.has_recv && program.object_name(object) == "init",
        None => func.synthetic && func.parent.is_none(),
    }
}

/// What a function is.
fn describe(
    reader: &Reader<'_>,
    names: &mut Names<'_>,
    func: &Func,
    is_main: bool,
    facts: &mut FuncFacts,
) {
    let program = reader.program;
    facts.symbol = func.symbol.clone();
    facts.n_params = func.params.len() as u32;
    facts.decl = func.object.and_then(|object| names.decl(object));
    let params = || func.params.iter().map(|&p| func.locals[p].ty);
    facts.handler = is_handler(reader, params());
    let Some(object) = func.object else {
        facts.initialiser = is_before_main(program, func);
        facts.start = facts.initialiser;
        return;
    };
    let object = program.object(object);
    let is_method = func.has_recv;
    let is_start = !is_method && is_main && &*object.name == "main";
    facts.start = is_start || is_before_main(program, func);
    let exported = object.name.chars().next().is_some_and(char::is_uppercase);
    facts.exported = exported && (!is_main || is_method);
    if let (true, Some(&recv)) = (is_method, func.params.first()) {
        facts.method = Some((object.name.clone(), func.locals[recv].ty));
    }
}

/// Whether the parameters are those of an HTTP handler.
fn is_handler(reader: &Reader<'_>, params: impl Iterator<Item = TypeId>) -> bool {
    let program = reader.program;
    let is = |ty: TypeId, what: Trait| {
        program.named_object(ty).is_some_and(|object| reader.is(object, what))
    };
    let mut writer = false;
    for ty in params {
        if writer && program.pointee(ty).is_some_and(|to| is(to, Trait::Request)) {
            return true;
        }
        writer = is(ty, Trait::Answer);
    }
    false
}

pub(crate) struct Scan<'s, 'a> {
    pub(crate) reader: &'s mut Reader<'a>,
    pub(crate) names: &'s mut Names<'a>,
    pub(crate) kinds: &'s mut Kinds,
    pub(crate) origins: &'s Origins,
    pub(crate) view: &'s View,
    pub(crate) id: FuncId,
    pub(crate) func: &'s Func,
    pub(crate) sources: &'s AllSources,
    pub(crate) definitions: IndexVec<LocalId, Vec<&'s Rvalue>>,
    /// Lookups in maps; a table that is written out has as many insertions as entries, each of which asks for them.
    pub(crate) asks: Vec<Ask<'s>>,
    pub(crate) loops: IndexVec<BlockId, Loop>,
    pub(crate) dominators: Option<Dominators>,
    /// The containers that locals measure, as far as that was asked, by steps from the question.
    pub(crate) measured: FxHashMap<(LocalId, u8), Vec<Operand>>,
    /// Branches that tell of a bound, once that was asked.
    pub(crate) limits: Option<Vec<Limit>>,
    /// The containers in which the function looks something up, and what, once that was asked.
    pub(crate) lookups: Option<Vec<(Key, u64)>>,
    /// The containers that the function puts a copy of themselves in the place of, once that was asked.
    pub(crate) restored: Option<Vec<Key>>,
    /// The block that is read.
    pub(crate) at: BlockId,
    /// The block of each operation.
    pub(crate) op_blocks: Vec<BlockId>,
    pub(crate) facts: FuncFacts,
}

impl<'s> Scan<'s, '_> {
    fn run(&mut self) {
        self.facts.captures = self
            .func
            .captures
            .iter()
            .map(|c| &self.func.locals[c.inner])
            .map(|local| Captured { name: local.name.clone(), ty: local.ty })
            .collect();
        for (block, data) in self.func.blocks.iter_enumerated() {
            let looped = self.loops[block];
            self.at = block;
            for instr in &data.instrs {
                self.instr(&instr.kind, instr.span, block, looped);
            }
        }
        self.creators();
        // Literals whose way was not followed are kept somewhere.
        let literal = |edge: &Edge| match edge.to {
            Target::Func(id) => Some(id),
            _ => None,
        };
        let mut followed: FxHashSet<u32> = self.facts.edges.iter().filter_map(literal).collect();
        for &closure in &self.func.closures {
            let to = Target::Func(closure.raw());
            if followed.insert(closure.raw()) {
                let inner = &self.reader.module.funcs[closure];
                let how = if inner.synthetic { How::Now } else { How::Later };
                self.facts.edges.push(Edge {
                    to,
                    how,
                    looped: Loop::None,
                    span: inner.span,
                    args: Box::default(),
                });
            }
        }
    }

    fn instr(&mut self, kind: &'s InstrKind, span: Span, block: BlockId, looped: Loop) {
        match kind {
            InstrKind::Assign(_, value) => self.assign(value, span, looped),
            InstrKind::DeclareVar(local) => self.made(self.func.locals[*local].ty),
            InstrKind::Store(place, value) => self.store(place, value, span, block, looped),
            InstrKind::Call(call) | InstrKind::Defer(call) | InstrKind::Go(call) => {
                self.call(call, span, looped);
            }
            // Nothing is found under nil.
            InstrKind::MapDelete { key, .. } if self.is_nil_by_now(key, block) => {}
            InstrKind::MapDelete { map, key } => {
                let taken = self.taken(map, key, block);
                self.on(map, span, OpKind::Shrink(taken));
            }
            InstrKind::Send { value, .. } => self.value(value, span, looped),
            InstrKind::Recv { .. } | InstrKind::RunDefers => {}
        }
    }

    pub(crate) fn push(&mut self, op: Op) {
        self.facts.ops.push(op);
        self.op_blocks.push(self.at);
    }

    pub(crate) fn op(&mut self, key: Key, span: Span, kind: OpKind) {
        self.push(Op { key, kind, span, element: false });
    }

    /// The same operation on everything that an operand stands for.
    pub(crate) fn on(&mut self, operand: &Operand, span: Span, kind: OpKind) {
        for origin in self.own(operand) {
            let (key, element) = (origin.key, origin.way.element);
            self.push(Op { key, kind: kind.clone(), span, element });
        }
    }

    pub(crate) fn ty(&self, operand: &Operand) -> TypeId {
        match operand {
            Operand::Local(local) => self.func.locals[*local].ty,
            Operand::Const(_, ty) | Operand::Nil(ty) | Operand::Zero(ty) | Operand::Unknown(ty) => {
                *ty
            }
            Operand::Func(object) => self.reader.program.object(*object).ty,
        }
    }

    fn assign(&mut self, value: &'s Rvalue, span: Span, looped: Loop) {
        match value {
            Rvalue::New(ty) => self.made(*ty),
            Rvalue::Composite { ty, elems } => {
                self.made(*ty);
                let fields = self.fields(*ty);
                for (index, value) in elems {
                    self.value(value, span, looped);
                    let field = fields.get(*index as usize);
                    if let Some(field) = field.and_then(|&object| self.names.decl(object)) {
                        self.alias(Key::Field(field), value, span);
                    }
                }
            }
            Rvalue::MakeSlice { elems, .. } => {
                elems.iter().for_each(|x| self.value(x, span, looped));
            }
            Rvalue::Append { elems, .. } => {
                elems.iter().for_each(|x| self.value(x, span, looped));
            }
            Rvalue::MakeInterface(x, _) | Rvalue::Convert(x, _) => self.value(x, span, looped),
            Rvalue::Binary(op, a, b) => self.bound(*op, [a, b], span),
            Rvalue::AddressOf(place) => self.link_address(place, span),
            Rvalue::Other(values, _) => values.iter().for_each(|x| self.value(x, span, looped)),
            _ => {}
        }
    }

    fn fields(&self, ty: TypeId) -> Vec<ObjectId> {
        let program = self.reader.program;
        match program.core_type(ty).map(|t| program.kind(t)) {
            Some(TypeKind::Struct(fields)) => fields.iter().map(|f| f.object).collect(),
            _ => Vec::new(),
        }
    }

    fn made(&mut self, ty: TypeId) {
        let program = self.reader.program;
        let Some(named) = program.named_object(ty) else { return };
        let seen = self.view.in_view.get(named.package.index()).copied().unwrap_or(false);
        if !seen || !matches!(program.kind(program.underlying(ty)), TypeKind::Struct(_)) {
            return;
        }
        if let Some(decl) = self.names.decl(named)
            && !self.facts.allocs.contains(&decl)
        {
            self.facts.allocs.push(decl);
        }
    }

    pub(crate) fn alias(&mut self, key: Key, value: &Operand, span: Span) {
        if !self.reader.is_shared(self.ty(value)) {
            return;
        }
        for origin in self.origins.operand(self.id, value).to_vec() {
            if origin.key != key && !origin.way.copied {
                self.op(key, span, OpKind::Alias(origin.key));
            }
        }
    }

    fn store(
        &mut self,
        place: &Place,
        value: &'s Operand,
        span: Span,
        block: BlockId,
        looped: Loop,
    ) {
        self.value(value, span, looped);
        self.link(place, value, span, (block, looped));
        if let (PlaceBase::Local(base), [Proj::Index(key)]) = (place.base, place.proj.as_slice())
            && let Some((key_ty, value_ty)) = self.map_of(self.func.locals[base].ty)
        {
            let once = self.is_filled_once(base, block, looped) || self.is_absent(base, key, block);
            self.entry(self.origins.of(self.id, base), value, span, (looped, once));
            if self.is_there(base, key, block) {
                return;
            }
            // `m[k] = append(m[k][:i], …)` takes elements out.
            if self.cuts(base, value) {
                for origin in self.origins.of(self.id, base).to_vec() {
                    let kind = OpKind::Shrink(Taken::One);
                    self.push(Op { key: origin.key, kind, span, element: true });
                }
                return;
            }
            let mut grow = self.grow(Some((key, key_ty)), value, value_ty, looped);
            grow.unique = self.rejects_duplicates(base);
            grow.memo = grow.value_param.is_none() && self.remembers(base, key, block);
            grow.bounded |= self.is_filled_once(base, block, looped)
                || self.is_counted_out(Some(key), block)
                || self.is_one_of(base, key, block);
            return self.on(&Operand::Local(base), span, OpKind::Grow(grow));
        }
        let ty = self.ty(value);
        let emptied = matches!(value, Operand::Nil(_) | Operand::Zero(_));
        if !emptied && !self.reader.is_container(ty) {
            return;
        }
        let targets = of_place(self.names, self.origins, self.id, place);
        if matches!(place.proj.last(), Some(Proj::Index(_))) {
            let new = matches!(place.base, PlaceBase::Local(base) if self.is_of_new(base));
            return self.entry(&targets, value, span, (looped, new && looped != Loop::Endless));
        }
        for target in targets {
            self.replaced(target, Some(place), value, span, (block, looped));
        }
    }

    /// Whether the function panics on some way.
    pub(crate) fn panics(&self) -> bool {
        self.func.blocks.iter().any(|b| matches!(b.term, Terminator::Panic(_)))
    }

    fn map_of(&self, ty: TypeId) -> Option<(TypeId, TypeId)> {
        let program = self.reader.program;
        match program.kind(program.core_type(ty)?) {
            TypeKind::Map(key, value) => Some((*key, *value)),
            _ => None,
        }
    }

    pub(crate) fn grow(
        &mut self,
        key: Option<(&Operand, TypeId)>,
        value: &Operand,
        value_ty: TypeId,
        looped: Loop,
    ) -> Grow {
        // As many values as types are as many entries as types.
        let types = key.is_some() && self.kinds.are_types(self.reader, value_ty);
        let bounded = types
            || key.is_some_and(|(key, ty)| {
                self.kinds.few_values(self.reader, ty)
                    || is_bounded(self.func, &self.definitions, key)
            });
        Grow {
            bounded,
            key_ty: key.map(|(_, ty)| ty),
            value_ty,
            value_param: self.param(value),
            key_from: key.map_or(Vec::new(), |(key, _)| self.sources.operand(self.id, key)),
            key_id: key.and_then(|(key, _)| self.identity(key)),
            value_id: self.identity(value),
            key_is_param: key.is_none_or(|(key, _)| self.param(key).is_some()),
            closure: self.closure(value),
            counts: key.is_some() && self.counts(value),
            unique: false,
            memo: false,
            looped,
        }
    }

    /// Whether a value is a number computed from what stood there before.
    fn counts(&self, value: &Operand) -> bool {
        let Operand::Local(local) = value else { return false };
        let local = match self.definitions[*local].as_slice() {
            [Rvalue::Use(Operand::Local(from))] => from,
            _ => local,
        };
        let [Rvalue::Binary(BinaryOp::Add | BinaryOp::Sub, old, _)] =
            self.definitions[*local].as_slice()
        else {
            return false;
        };
        let Operand::Local(old) = old else { return false };
        matches!(
            self.definitions[*old].as_slice(),
            [Rvalue::MapLookup { .. }] | [Rvalue::Load(Place { proj: _, .. })]
        )
    }

    /// The parameter that a value is.
    fn param(&self, value: &Operand) -> Option<u32> {
        let mut value = value;
        for _ in 0..4 {
            let Operand::Local(local) = value else { return None };
            if let Some(at) = self.func.params.iter().position(|p| p == local) {
                return Some(at as u32);
            }
            value = match self.definitions[*local].as_slice() {
                [Rvalue::Use(x) | Rvalue::MakeInterface(x, _) | Rvalue::Convert(x, _)] => x,
                _ => return None,
            };
        }
        None
    }

    /// The function literal that a value is.
    fn closure(&self, value: &Operand) -> Option<u32> {
        let mut value = value;
        for _ in 0..4 {
            let Operand::Local(local) = value else { return None };
            value = match self.definitions[*local].as_slice() {
                [Rvalue::MakeClosure(func)] => return Some(func.raw()),
                [Rvalue::Use(x) | Rvalue::MakeInterface(x, _) | Rvalue::Convert(x, _)] => x,
                _ => return None,
            };
        }
        None
    }

    /// What was appended to the slice in `value`.
    pub(crate) fn appended(&mut self, value: &'s Operand, looped: Loop) -> Vec<Grow> {
        let mut found = Vec::new();
        let mut stack = vec![value];
        let mut seen: Vec<LocalId> = Vec::new();
        while let Some(operand) = stack.pop() {
            let Operand::Local(local) = operand else { continue };
            if seen.contains(local) {
                continue;
            }
            seen.push(*local);
            let elem = self.elem(self.func.locals[*local].ty);
            for value in self.definitions[*local].clone() {
                match value {
                    Rvalue::Append { slice, elems, .. } => {
                        let x = elems.first().cloned();
                        let x = x.unwrap_or(Operand::Unknown(elem));
                        let grow = self.grow(None, &x, elem, looped);
                        found.push(grow);
                        stack.push(slice);
                    }
                    Rvalue::Use(x) | Rvalue::Convert(x, _) => stack.push(x),
                    _ => {}
                }
            }
        }
        if found.is_empty() {
            let elem = self.elem(self.ty(value));
            let grow = self.grow(None, &Operand::Unknown(elem), elem, looped);
            found.push(grow);
        }
        found
    }

    pub(crate) fn elem(&self, ty: TypeId) -> TypeId {
        let program = self.reader.program;
        match program.core_type(ty).map(|t| program.kind(t)) {
            Some(TypeKind::Slice(elem) | TypeKind::Array(_, elem)) => *elem,
            _ => Program::UNKNOWN,
        }
    }

    /// A function value that is kept.
    fn value(&mut self, value: &Operand, span: Span, looped: Loop) {
        self.function(value, How::Later, span, looped);
    }

    /// A value that is a function in view.
    fn function(&mut self, value: &Operand, how: How, span: Span, looped: Loop) -> Option<Target> {
        let to = match value {
            Operand::Func(object) => self.names.decl(*object).map(Target::Decl),
            Operand::Local(local) => self.definitions[*local].iter().find_map(|v| match v {
                Rvalue::MakeClosure(func) => Some(Target::Func(func.raw())),
                Rvalue::MethodValue { method, .. } => {
                    match self.reader.program.object(*method).kind {
                        ObjectKind::Func { interface: false, .. } => {
                            self.names.decl(*method).map(Target::Decl)
                        }
                        _ => None,
                    }
                }
                Rvalue::Use(Operand::Func(object)) | Rvalue::Convert(Operand::Func(object), _) => {
                    self.names.decl(*object).map(Target::Decl)
                }
                Rvalue::Convert(Operand::Local(inner), _)
                | Rvalue::Use(Operand::Local(inner))
                | Rvalue::MakeInterface(Operand::Local(inner), _) => {
                    self.definitions[*inner].iter().find_map(|v| match v {
                        Rvalue::MakeClosure(func) => Some(Target::Func(func.raw())),
                        _ => None,
                    })
                }
                _ => None,
            }),
            _ => None,
        };
        let to = to?;
        let edge = Edge { to: to.clone(), how, looped, span, args: Box::default() };
        self.facts.edges.push(edge);
        Some(to)
    }

    /// Whether a value is a method with its receiver.
    fn is_bound(&self, value: &Operand) -> bool {
        let Operand::Local(local) = value else { return false };
        self.definitions[*local].iter().any(|v| matches!(v, Rvalue::MethodValue { .. }))
    }

    /// Where arguments come from.
    fn args<'x>(&self, args: impl Iterator<Item = &'x Operand>) -> Box<[Sources]> {
        let args: Vec<Sources> = args.map(|x| self.sources.operand(self.id, x)).collect();
        match args.iter().all(Vec::is_empty) {
            true => Box::default(),
            false => args.into(),
        }
    }

    fn call(&mut self, call: &'s Call, span: Span, looped: Loop) {
        match &call.callee {
            Callee::Static(object, _) => self.static_call(*object, call, span, looped),
            Callee::Closure(func, _) => {
                let to = Target::Func(func.raw());
                let args = self.args(call.args.iter());
                self.facts.edges.push(Edge { to, how: How::Now, looped, span, args });
                for arg in &call.args {
                    self.escape(arg, span);
                }
            }
            Callee::Value(value) => {
                self.function(value, How::Now, span, looped);
                if let [Source::Param(func, param)] = self.sources.operand(self.id, value)[..] {
                    let args = self.args(call.args.iter());
                    self.facts.callbacks.push(Callback { param: (func, param), args });
                }
                for arg in &call.args {
                    self.escape(arg, span);
                    self.function(arg, How::Now, span, looped);
                }
            }
            Callee::Interface { recv, method } => {
                let name = self.reader.program.object(*method).name.clone();
                let to = Target::Method(name, self.ty(recv));
                let args = self.args(std::iter::once(recv).chain(&call.args));
                self.facts.edges.push(Edge { to, how: How::Now, looped, span, args });
                for arg in &call.args {
                    self.escape(arg, span);
                    self.function(arg, How::Later, span, looped);
                }
            }
            Callee::Builtin(builtin @ (Builtin::Clear | Builtin::Delete)) => {
                if let Some(first) = call.args.first() {
                    let all = matches!(builtin, Builtin::Clear);
                    let taken = if all { Taken::Cleared } else { Taken::One };
                    self.on(first, span, OpKind::Shrink(taken));
                }
            }
            Callee::Builtin(_) => {}
        }
    }

    /// A container given to code out of view, which may take entries out.
    fn escape(&mut self, arg: &Operand, span: Span) {
        let ty = self.ty(arg);
        let slice = self.elem(ty) != Program::UNKNOWN;
        if !slice {
            self.on(arg, span, OpKind::Escape);
        }
    }

    fn static_call(&mut self, object: ObjectId, call: &'s Call, span: Span, looped: Loop) {
        let package = object.package;
        let in_view = self.view.in_view.get(package.index()).copied().unwrap_or(false);
        if self.reader.is_std(package) {
            // Where the library itself is asked about, what its packages register before `main` is told.
            if in_view
                && is_before_main(self.reader.program, self.func)
                && let Some(to) = self.names.decl(object)
            {
                let (to, how, args) = (Target::Decl(to), How::Now, Box::default());
                self.facts.edges.push(Edge { to, how, looped, span, args });
            }
            return self.library_call(object, call, span, looped);
        }
        if !in_view {
            for arg in &call.args {
                self.escape(arg, span);
                self.function(arg, How::Later, span, looped);
            }
            return;
        }
        let Some(to) = self.names.decl(object) else { return };
        let own = self.reader.bodies.get(&object).copied().filter(|&body| body != self.id);
        let args = self.args(call.args.iter());
        self.facts.edges.push(Edge { to: Target::Decl(to), how: How::Now, looped, span, args });
        for (param, arg) in call.args.iter().enumerate() {
            let param = param as u32;
            for origin in self.own(arg) {
                self.facts.passes.push(Pass { key: origin.key, span, looped, to, param });
            }
            self.asked(arg, to, param);
            if let (Some(body), Some(id)) = (own, self.identity(arg)) {
                let (to, at, block) = (body.raw(), span, self.at);
                self.facts.given.push(Given { to, param, id, at, block });
            }
            // Whether the callee keeps it or calls it now is not known here.
            if let Some(function) = self.function(arg, How::Now, span, looped) {
                let method = self.is_bound(arg);
                self.facts.bound.push(Bound { to, param, function, method });
            }
            if let Some(closure) = self.closure(arg) {
                self.facts.handed.push(Handed { to, param, closure, looped, span });
            }
        }
    }

    fn library_call(&mut self, object: ObjectId, call: &'s Call, span: Span, looped: Loop) {
        let program = self.reader.program;
        let keeps = self.reader.package(object.package).keeps_functions;
        let does = self.reader.does(object);
        let how = match does {
            // A once in a variable lets one call in; one in a value lets one in for each value.
            Some(Does::CallsOnce) if self.is_global(call.args.first()) => How::Once,
            Some(Does::CallsAgain) => How::Again,
            _ if keeps => How::Later,
            _ => How::Now,
        };
        for arg in &call.args {
            self.function(arg, how, span, looped);
        }
        match does {
            // A copy is filled with what it is a copy of.
            Some(Does::Grow { of, key: Some(key), value })
                if key == value && self.is_copied(call.args.get(of), call.args.get(value)) => {}
            Some(Does::Grow { of, key, value }) => {
                let unknown = Operand::Unknown(Program::UNKNOWN);
                let value = call.args.get(value).unwrap_or(&unknown);
                let key = key.and_then(|k| call.args.get(k));
                let (key_ty, value_ty) = match key {
                    // Its entries become the container's.
                    Some(all) if all == value => {
                        let of = call.args.get(of).and_then(|of| self.map_of(self.ty(of)));
                        let (key_ty, value_ty) = of.unwrap_or((Program::UNKNOWN, Program::UNKNOWN));
                        (Some((all, key_ty)), value_ty)
                    }
                    key => (key.map(|k| (k, self.dynamic(k))), self.dynamic(value)),
                };
                let mut grow = self.grow(key_ty, value, value_ty, looped);
                if let Some(of) = call.args.get(of) {
                    let load_or_store = call.dst.len() == 2 && grow.key_ty.is_some();
                    grow.memo = load_or_store || self.loads(of, &grow);
                    grow.bounded |= self.is_counted_out(key, self.at);
                    self.on(of, span, OpKind::Grow(grow));
                }
            }
            Some(Does::Shrink(of)) => {
                if let Some(of) = call.args.get(of) {
                    self.on(of, span, OpKind::Shrink(Taken::One));
                }
            }
            Some(Does::Empty(of)) => {
                if let Some(of) = call.args.get(of) {
                    self.on(of, span, OpKind::Shrink(Taken::All));
                }
            }
            Some(Does::Set(value)) => {
                if let Some(value) = call.args.get(value) {
                    self.set(call, value, span, looped);
                }
            }
            Some(_) => {}
            None if self.reader.is_for(object, Role::Measure) => {
                if let Some(of) = call.args.first() {
                    self.on(of, span, OpKind::Bound);
                }
            }
            None => {
                // A decoder, a swap or the like writes through a pointer; a container's own
                // methods that are not in the table only read it.
                let method =
                    matches!(program.object(object).kind, ObjectKind::Func { recv: Some(_), .. });
                for arg in call.args.iter().skip(usize::from(method)) {
                    if self.is_address(arg) {
                        self.on(arg, span, OpKind::Escape);
                    }
                }
            }
        }
    }

    /// Whether a value is the address of a package-level variable.
    fn is_global(&self, operand: Option<&Operand>) -> bool {
        let Some(Operand::Local(local)) = operand else { return false };
        match self.definitions[*local].as_slice() {
            [Rvalue::AddressOf(place)] => {
                matches!(place.base, PlaceBase::Global(_))
                    && !place.proj.iter().any(|p| matches!(p, Proj::Deref))
            }
            _ => false,
        }
    }

    /// Whether a value points to a container that can be written through it.
    fn is_address(&self, operand: &Operand) -> bool {
        let mut operand = operand;
        for _ in 0..4 {
            let Operand::Local(local) = operand else { return false };
            operand = match self.definitions[*local].as_slice() {
                [Rvalue::AddressOf(_)] => {
                    return self.func.locals[*local].kind == LocalKind::Temp;
                }
                [Rvalue::MakeInterface(x, _) | Rvalue::Use(x) | Rvalue::Convert(x, _)] => x,
                _ => return false,
            };
        }
        false
    }

    /// The type of a value before it became an interface's.
    fn dynamic(&self, operand: &Operand) -> TypeId {
        if let Operand::Local(local) = operand
            && let [Rvalue::MakeInterface(x, _)] = self.definitions[*local].as_slice()
        {
            return self.ty(x);
        }
        self.ty(operand)
    }
}
