//! The model of a package: one model function for each function, and helpers for what effects say.

use crate::carry::Carry;
use crate::classify::{argument, object_kind, zero};
use crate::function::FuncBuilder;
use crate::names::{Known, Names};
use crate::need::Needs;
use crate::options::Options;
use crate::parts::Parts;
use crate::shared::Beside;
use stanch_base::{FxHashMap, FxHashSet, Idx, IndexVec};
use stanch_ir::{
    self as ir, BlockId, Func, FuncId, InstrKind, LocalId, Module, Place, PlaceBase, Proj, Rvalue,
    Span,
};
use stanch_model::{
    AllocKind, ArgSpec, Block, Call, Callee, Const, FOREIGN, FnId, Function, Global, GlobalId,
    GlobalInit, Instr, Method, MethodId, Op, OpenKind, Operand, Prim, Program as Model, Site, Sym,
    Term, TypeTag, UnknownKind,
};
use stanch_types::{ObjectId, PackageId, Program, TypeId, TypeKind};

/// Symbols of package-level variables count from here, those of strings from 1.
const FIRST_GLOBAL_SYM: u32 = 1 << 24;

/// A package's model and the way back.
#[derive(Debug, Default)]
pub struct Translated {
    /// The model.
    pub program: Model,
    /// Function and source by site.
    pub(crate) sites: Vec<Option<(FuncId, Span)>>,
    /// What the structs that are made at a site have in them.
    pub(crate) parts: FxHashMap<Site, Parts>,
    /// Numbers of fields, by name and place in their struct.
    pub(crate) fields: FxHashMap<(Box<str>, u32), u32>,
    /// The first this many model functions stand for the module's functions of the same number.
    pub(crate) n_funcs: usize,
    /// Functions that compare and swap, `(atomic, old, new) -> (swapped)`, one a call.
    pub(crate) swaps: FxHashSet<FnId>,
    /// Ends of loops that are never reached.
    pub(crate) no_ends: IndexVec<FuncId, Vec<(BlockId, BlockId)>>,
    /// Where package-level variables are read of which not all is in view that they may hold: those of
    /// other packages, and those that change.
    pub(crate) outside: Vec<(FnId, stanch_model::LocalId)>,
    /// Captures of variables that nobody sets.
    pub(crate) unset: FxHashSet<(FnId, stanch_model::LocalId)>,
}

impl Translated {
    /// What the parameters of a root are.
    pub(crate) fn root_args(
        &self,
        program: &Program<'_>,
        module: &Module,
        root: FuncId,
    ) -> Vec<ArgSpec> {
        let func = &module.funcs[root];
        let captures = func.captures.iter().enumerate().map(|(n, c)| {
            let ty = func.locals[c.inner].ty;
            let place = (FnId::from_usize(root.index()), stanch_model::LocalId::from_usize(n));
            if self.unset.contains(&place) {
                let plain = matches!(
                    program.kind(program.underlying(ty)),
                    TypeKind::Pointer(_)
                        | TypeKind::Chan(..)
                        | TypeKind::Signature(_)
                        | TypeKind::Map(..)
                        | TypeKind::Interface(_)
                        | TypeKind::Basic(_)
                );
                if plain && !crate::classify::is_context(program, ty) {
                    return ArgSpec::Const(zero(program, ty));
                }
            }
            match c.by_ref && object_kind(program, ty).is_none() {
                // A variable of a function out of view.
                true => ArgSpec::Unknown(UnknownKind::NonNil),
                false => argument(program, ty),
            }
        });
        captures.chain(func.params.iter().map(|&p| argument(program, func.locals[p].ty))).collect()
    }
}

/// The captures of literals that are declared without a value and never set, as the model has them.
fn never_set(module: &Module) -> FxHashSet<(FnId, stanch_model::LocalId)> {
    let mut found = FxHashSet::default();
    for func in module.funcs.iter().filter(|f| !f.closures.is_empty()) {
        let captures = || {
            let literals = func.closures.iter().map(|id| (*id, &module.funcs[*id]));
            literals.flat_map(|(id, f)| f.captures.iter().enumerate().map(move |c| (id, c)))
        };
        let mut set: FxHashSet<LocalId> =
            captures().filter(|(_, (_, c))| c.by_ref).map(|(_, (_, c))| c.outer).collect();
        let mut declared: FxHashSet<LocalId> = FxHashSet::default();
        for block in &func.blocks {
            for instr in &block.instrs {
                match &instr.kind {
                    InstrKind::DeclareVar(local) => {
                        declared.insert(*local);
                    }
                    kind => {
                        if let InstrKind::Assign(_, Rvalue::AddressOf(place)) = kind
                            && let PlaceBase::Local(local) = place.base
                        {
                            set.insert(local);
                        }
                        kind.for_each_def(|local| {
                            set.insert(local);
                        });
                    }
                }
            }
            block.term.for_each_def(|local| {
                set.insert(local);
            });
        }
        let unset = captures().filter(|(_, (_, c))| {
            let variable = func.locals[c.outer].kind == ir::LocalKind::Var;
            variable && declared.contains(&c.outer) && !set.contains(&c.outer)
        });
        found.extend(unset.map(|(id, (n, _))| {
            (FnId::from_usize(id.index()), stanch_model::LocalId::from_usize(n))
        }));
    }
    found
}

/// Fields of structs count from here; those that no source has are below.
const FIRST_FIELD: u32 = 1 << 16;

/// The state of translating one package.
pub(crate) struct Context<'a> {
    pub(crate) names: &'a Names<'a>,
    pub(crate) program: &'a Program<'a>,
    pub(crate) package: PackageId,
    pub(crate) module: &'a Module,
    pub(crate) needs: &'a Needs,
    pub(crate) carry: &'a Carry<'a>,
    pub(crate) sites: Vec<Option<(FuncId, Span)>>,
    /// What the structs that are made at a site have in them.
    pub(crate) parts: FxHashMap<Site, Parts>,
    /// Numbers of fields, by name and place in their struct.
    fields: FxHashMap<(Box<str>, u32), u32>,
    globals: IndexVec<GlobalId, Global>,
    global_ids: FxHashMap<ObjectId, GlobalId>,
    /// Reads of package-level variables of which not all is in view that they may hold.
    pub(crate) outside: Vec<(FnId, stanch_model::LocalId)>,
    tags: FxHashMap<String, TypeTag>,
    tagged: Vec<(TypeTag, TypeId)>,
    /// Tags that stand for the types out of view that implement an interface.
    foreign: FxHashMap<String, u32>,
    methods: FxHashMap<String, MethodId>,
    syms: FxHashMap<Box<[u8]>, Sym>,
    /// Fields whose address is taken somewhere: they change out of view.
    pub(crate) volatile: FxHashSet<ObjectId>,
    /// Fields that are stored to other than where their struct is made.
    pub(crate) stored: FxHashSet<ObjectId>,
    /// Package-level variables that are stored to outside of initialisers.
    pub(crate) changing: FxHashSet<ObjectId>,
    /// Functions that stand for the bodies of library functions, one a call, after the module's own.
    library: Vec<Function>,
    /// Those of them that compare and swap.
    pub(crate) swaps: FxHashSet<FnId>,
    /// What options do.
    pub(crate) options: Options,
    /// Functions that may call themselves.
    pub(crate) recursive: IndexVec<FuncId, bool>,
}

pub(crate) fn translate<'a>(
    names: &'a Names<'a>,
    package: PackageId,
    module: &'a Module,
    needs: &'a Needs,
    carry: &'a Carry<'a>,
    beside: Beside,
) -> Translated {
    let n = module.funcs.len();
    let mut context = Context {
        names,
        program: names.program,
        package,
        module,
        needs,
        carry,
        sites: vec![None],
        parts: FxHashMap::default(),
        fields: FxHashMap::default(),
        globals: IndexVec::new(),
        global_ids: FxHashMap::default(),
        outside: Vec::new(),
        tags: FxHashMap::default(),
        tagged: Vec::new(),
        foreign: FxHashMap::default(),
        methods: FxHashMap::default(),
        syms: FxHashMap::default(),
        volatile: volatile_fields(names, module),
        stored: stored_fields(module),
        changing: changing_globals(module),
        library: Vec::new(),
        swaps: FxHashSet::default(),
        options: Options::of(names, module),
        recursive: recursive(names, module),
    };
    context.volatile.extend(beside.fields);
    context.changing.extend(beside.globals);
    for &ty in &carry.converted {
        context.tag(ty);
    }
    let mut functions: IndexVec<FnId, Function> = IndexVec::with_capacity(n);
    for id in module.funcs.ids() {
        functions.push(match needs.relevant[id] {
            true => FuncBuilder::translate(&mut context, id),
            false => inert(names, module, id),
        });
    }
    let methods = context.method_table();
    for body in std::mem::take(&mut context.library) {
        functions.push(body);
    }
    let program = Model { functions, globals: context.globals, methods };
    Translated {
        program,
        sites: context.sites,
        parts: context.parts,
        fields: context.fields,
        unset: never_set(module),
        n_funcs: n,
        swaps: context.swaps,
        no_ends: names.no_ends().clone(),
        outside: context.outside,
    }
}

/// The number of a field.
pub(crate) fn number(fields: &mut FxHashMap<(Box<str>, u32), u32>, name: &str, index: u32) -> u32 {
    let next = FIRST_FIELD + fields.len() as u32;
    *fields.entry((name.into(), index)).or_insert(next)
}

impl Context<'_> {
    pub(crate) fn site(&mut self, func: FuncId, span: Span) -> Site {
        let site = Site(self.sites.len() as u32);
        self.sites.push(Some((func, span)));
        site
    }

    /// The number of a function that stands for the body of a library function in one call of it, so
    /// that what is called there is only what this call gives it.
    pub(crate) fn library(&mut self, body: Function) -> FnId {
        let id = FnId::from_usize(self.module.funcs.len() + self.library.len());
        self.library.push(body);
        id
    }

    /// The number of a field. Fields of identical structs have the same one, most others differ, so that
    /// structs of several types that go the same way are not mixed up.
    pub(crate) fn field(&mut self, name: &str, index: u32) -> u32 {
        number(&mut self.fields, name, index)
    }

    /// A package-level variable: others may use it too.
    pub(crate) fn global(&mut self, object: ObjectId) -> GlobalId {
        if let Some(&id) = self.global_ids.get(&object) {
            return id;
        }
        let info = self.program.object(object);
        let init = match self.program.kind(self.program.underlying(info.ty)) {
            TypeKind::Chan(..) => GlobalInit::OpenObject(OpenKind::Chan),
            _ => match object_kind(self.program, info.ty) {
                Some(AllocKind::Struct) => GlobalInit::OpenObject(OpenKind::Struct),
                Some(_) => GlobalInit::OpenObject(OpenKind::Other),
                // Errors to compare with.
                None if crate::classify::is_error(self.program, info.ty) => {
                    GlobalInit::Const(Const::Sym(Sym(FIRST_GLOBAL_SYM + self.globals.len() as u32)))
                }
                None => GlobalInit::Unknown(UnknownKind::Any),
            },
        };
        let id = self.globals.push(Global { name: info.name.clone(), init });
        self.global_ids.insert(object, id);
        id
    }

    /// The tag of a concrete type.
    pub(crate) fn tag(&mut self, ty: TypeId) -> TypeTag {
        let name = self.program.type_string(ty);
        if let Some(&tag) = self.tags.get(&name) {
            return tag;
        }
        let tag = TypeTag(self.tags.len() as u32 + 1);
        self.tags.insert(name, tag);
        self.tagged.push((tag, ty));
        tag
    }

    /// The tags of all types met so far that implement an interface, and of those out of view.
    pub(crate) fn tags_implementing(&mut self, interface: TypeId) -> Vec<TypeTag> {
        let fits = |ty: TypeId| self.program.implements(ty, interface);
        let known = self.tagged.iter().filter(|(_, ty)| fits(*ty)).map(|(tag, _)| *tag);
        let mut tags: Vec<TypeTag> = known.collect();
        tags.push(self.interface_tag(interface));
        tags
    }

    /// The tag that stands for all types out of view that implement an interface.
    pub(crate) fn interface_tag(&mut self, interface: TypeId) -> TypeTag {
        let next = FOREIGN + 2 * self.foreign.len() as u32;
        let name = self.program.type_string(interface);
        TypeTag(*self.foreign.entry(name).or_insert(next))
    }

    pub(crate) fn method(&mut self, name: &str) -> MethodId {
        let next = MethodId(self.methods.len() as u32);
        *self.methods.entry(name.to_owned()).or_insert(next)
    }

    pub(crate) fn sym(&mut self, bytes: &[u8]) -> Sym {
        if bytes.is_empty() {
            return Sym(0);
        }
        let next = Sym(self.syms.len() as u32 + 1);
        *self.syms.entry(bytes.into()).or_insert(next)
    }

    /// Which function a method call on a tagged value runs: methods declared in this package for
    /// types that became interface values in it, or for what those embed.
    fn method_table(&mut self) -> Vec<Method> {
        let mut names: Vec<(String, MethodId)> = self.methods.clone().into_iter().collect();
        names.sort_by_key(|(_, id)| id.0);
        let mut table = Vec::new();
        for (tag, ty) in self.tagged.clone() {
            for (name, method) in &names {
                let base = self.program.pointee(ty).unwrap_or(ty);
                let of = self.program.named_object(base).map(|o| o.package);
                let package = of.filter(|p| self.module.linked.contains(p));
                let package = package.unwrap_or(self.package);
                let Some(found) = self.program.lookup(ty, package, name) else { continue };
                let function = match self.names.known(found.object) {
                    _ if !found.path.is_empty() => {
                        let body = crate::promoted::function(self, ty, *method, &found);
                        body.map(|body| self.library(body))
                    }
                    Known::Body(id) if self.needs.relevant[id] => {
                        Some(FnId::from_usize(id.index()))
                    }
                    Known::Body(_) | Known::Effect(_) | Known::Inert | Known::Nothing => None,
                };
                table.extend(function.map(|function| Method { tag, method: *method, function }));
            }
        }
        table
    }

    /// The zero value of a type.
    pub(crate) fn zero(&self, ty: TypeId) -> Operand {
        if object_kind(self.program, ty).is_some() {
            return Operand::Unknown;
        }
        match self.program.kind(self.program.underlying(ty)) {
            // A slice whose elements do not matter is its length, and one that was never made nil.
            TypeKind::Slice(_) if !self.carry.carries(ty) => Const::Nil.into(),
            TypeKind::Array(..) | TypeKind::Unknown => Operand::Unknown,
            _ => Operand::Const(zero(self.program, ty)),
        }
    }
}

/// Functions that may call themselves, directly or through others and literals.
fn recursive(names: &Names<'_>, module: &Module) -> IndexVec<FuncId, bool> {
    let callees = module.funcs.iter().map(|func| {
        let mut all: Vec<usize> = func.closures.iter().map(|c| c.index()).collect();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) =
                &instr.kind
            else {
                continue;
            };
            if let stanch_ir::Callee::Static(object, _) = &call.callee
                && let Known::Body(callee) = names.known(*object)
            {
                all.push(callee.index());
            }
        }
        all
    });
    crate::flow::cyclic(&callees.collect::<Vec<_>>())
}

/// Fields whose address is taken other than to reach an object in them, so that they can change at any
/// time. Where a function gives the address only to code of other packages and does not look at the
/// field itself, as those that register flags do, it is filled before others use it.
fn volatile_fields(names: &Names<'_>, module: &Module) -> FxHashSet<ObjectId> {
    let mut fields = FxHashSet::default();
    for (id, func) in module.funcs.iter_enumerated() {
        let instrs = || func.blocks.iter().flat_map(|b| &b.instrs);
        let field = |place: &Place| match place.proj.last() {
            Some(Proj::Field(_, object)) => Some(*object),
            _ => None,
        };
        let read: FxHashSet<ObjectId> = instrs()
            .filter_map(|i| match &i.kind {
                InstrKind::Assign(_, Rvalue::Load(place)) => field(place),
                _ => None,
            })
            .collect();
        for instr in instrs() {
            if let InstrKind::Assign(local, Rvalue::AddressOf(place)) = &instr.kind
                && let Some(object) = field(place)
                && !names.is_atomic_operand(id, *local)
                && (read.contains(&object) || !is_given_out(names, func, *local))
            {
                fields.insert(object);
            }
        }
    }
    fields
}

/// Whether a local is used as an argument of calls into other packages only.
fn is_given_out(names: &Names<'_>, func: &Func, local: LocalId) -> bool {
    let is = |operand: &ir::Operand| *operand == ir::Operand::Local(local);
    func.blocks.iter().flat_map(|b| &b.instrs).all(|i| match &i.kind {
        InstrKind::Call(call) if call.args.iter().any(is) => match &call.callee {
            ir::Callee::Static(object, _) | ir::Callee::Interface { method: object, .. } => {
                matches!(names.known(*object), Known::Inert | Known::Nothing)
            }
            ir::Callee::Value(_) => true,
            ir::Callee::Closure(..) | ir::Callee::Builtin(_) => false,
        },
        kind => {
            let mut used = false;
            kind.for_each_operand(|operand| used |= is(operand));
            !used
        }
    })
}

/// Fields that are stored to after their struct was made.
fn stored_fields(module: &Module) -> FxHashSet<ObjectId> {
    let mut fields = FxHashSet::default();
    for func in module.funcs.iter() {
        let mut made = FxHashSet::default();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(local, Rvalue::New(_)) => {
                    made.insert(*local);
                }
                InstrKind::Store(place, _) => {
                    let new = matches!(place.base, PlaceBase::Local(l) if made.contains(&l));
                    if let (Some(Proj::Field(_, object)), false) = (place.proj.last(), new) {
                        fields.insert(*object);
                    }
                }
                _ => {}
            }
        }
    }
    fields
}

/// Package-level variables that are stored to outside of initialisers.
pub(crate) fn changing_globals(module: &Module) -> FxHashSet<ObjectId> {
    let mut globals = FxHashSet::default();
    for (id, func) in module.funcs.iter_enumerated().filter(|(id, _)| Some(*id) != module.init) {
        let _ = id;
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let place = match &instr.kind {
                InstrKind::Store(place, _) => place,
                InstrKind::Assign(_, Rvalue::AddressOf(place)) => place,
                _ => continue,
            };
            if let (PlaceBase::Global(object), []) = (place.base, place.proj.as_slice()) {
                globals.insert(object);
            }
        }
    }
    globals
}

/// A function that does nothing that matters: results are unknown.
fn inert(names: &Names<'_>, module: &Module, id: FuncId) -> Function {
    let func = &module.funcs[id];
    let mut function = Function::new(&func.symbol);
    if !func.has_body {
        return function;
    }
    let carries = func.params.iter().any(|p| {
        let ty = func.locals[*p].ty;
        names.program.is_type_param(ty)
    });
    if carries {
        // A generic function may be given anything: a call of it is a call out of view.
        return function;
    }
    for _ in func.captures.iter().chain(&[]) {
        function.local("");
    }
    function.n_captures = func.captures.len() as u32;
    for _ in &func.params {
        function.local("");
    }
    function.n_params = func.params.len() as u32;
    let mut instrs = Vec::new();
    for _ in &func.results {
        let dst = function.local("");
        instrs.push(instr(Op::Unknown { dst, kind: UnknownKind::Any }));
        function.results.push(stanch_model::ResultSlot { local: dst, cell: false });
    }
    function.blocks.push(Block { instrs, term: Term::Return, term_site: Site::default() });
    function
}

fn instr(op: Op) -> Instr {
    Instr { op, site: Site::default() }
}

/// `for unknown { f() }`
pub(crate) fn call_any() -> Function {
    let mut function = Function::new("call any number of times");
    function.n_params = 1;
    let callee = function.local("f");
    let more = function.local("more");
    let next = |n: u32| stanch_model::BlockId::from_raw(n);
    let call = Call { callee: Callee::Value(callee.into()), args: Vec::new(), dst: Vec::new() };
    let block = |instrs, term| Block { instrs, term, term_site: Site::default() };
    function.blocks.push(block(
        vec![instr(Op::Unknown { dst: more, kind: UnknownKind::Any })],
        Term::Branch { cond: more.into(), then: next(1), els: next(2) },
    ));
    function.blocks.push(block(vec![instr(Op::Call(call))], Term::Goto(next(0))));
    function.blocks.push(block(Vec::new(), Term::Return));
    function
}

/// How many elements `copy(_, from)` copies: none of an empty slice.
pub(crate) fn copied() -> Function {
    let mut function = Function::new("copy");
    function.n_params = 1;
    let [from, none, n] = ["from", "none", "n"].map(|name| function.local(name));
    function.results.push(stanch_model::ResultSlot { local: n, cell: false });
    let at = stanch_model::BlockId::from_raw;
    let compare = |with: Const| {
        let op = stanch_model::Relation::Eq;
        Op::Compare { dst: none, op, a: from.into(), b: with.into() }
    };
    let mut block = |op, term| {
        function.blocks.push(Block { instrs: vec![instr(op)], term, term_site: Site::default() });
    };
    block(compare(Const::Nil), Term::Branch { cond: none.into(), then: at(3), els: at(1) });
    block(compare(Const::Int(0)), Term::Branch { cond: none.into(), then: at(3), els: at(2) });
    block(Op::Unknown { dst: n, kind: UnknownKind::Any }, Term::Return);
    block(Op::Assign { dst: n, src: integer(0) }, Term::Return);
    function
}

/// `defer wg.Done(); f()`, the goroutine `name` of a group's `Go`.
pub(crate) fn group_member(name: &str) -> Function {
    let mut function = Function::new(name);
    function.n_params = 2;
    let group = function.local("wg");
    let callee = function.local("f");
    let done =
        Call { callee: Callee::Prim(Prim::WgDone), args: vec![group.into()], dst: Vec::new() };
    let call = Call { callee: Callee::Value(callee.into()), args: Vec::new(), dst: Vec::new() };
    function.blocks.push(Block {
        instrs: vec![instr(Op::Defer(done)), instr(Op::Call(call)), instr(Op::RunDefers)],
        term: Term::Return,
        term_site: Site::default(),
    });
    function
}

/// What is compared and swapped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompareAndSwap {
    /// This field of a struct.
    Field(u32),
    /// A variable of its own.
    Cell,
}

/// `if *p == old { *p = new; return true }; return false`
pub(crate) fn compare_and_swap(what: CompareAndSwap) -> Function {
    let mut function = Function::new("compare and swap");
    function.n_params = 3;
    let (base, old, new) = (function.local("p"), function.local("old"), function.local("new"));
    let (dst, same) = (function.local("value"), function.local("same"));
    function.results.push(stanch_model::ResultSlot { local: same, cell: false });
    let (base, zero, src) = (base.into(), Operand::Unknown, new.into());
    let (mut ops, store) = match what {
        CompareAndSwap::Field(field) => {
            let args = vec![base, integer(i64::from(field))];
            let forget = Call { callee: Callee::Prim(Prim::Forget), args, dst: Vec::new() };
            let load = Op::LoadField { dst, base, field, zero };
            (vec![Op::Call(forget), load], Op::StoreField { base, field, src })
        }
        CompareAndSwap::Cell => {
            (vec![Op::LoadCell { dst, cell: base }], Op::StoreCell { cell: base, src })
        }
    };
    let op = stanch_model::Relation::Eq;
    ops.push(Op::Compare { dst: same, op, a: dst.into(), b: old.into() });
    let block = |ops: Vec<Op>, term| Block {
        instrs: ops.into_iter().map(instr).collect(),
        term,
        term_site: Site::default(),
    };
    let at = stanch_model::BlockId::from_raw;
    let term = Term::Branch { cond: same.into(), then: at(1), els: at(2) };
    function.blocks.push(block(ops, term));
    function.blocks.push(block(vec![store], Term::Goto(at(2))));
    function.blocks.push(block(Vec::new(), Term::Return));
    function
}

/// A constant of the model.
pub(crate) fn integer(n: i64) -> Operand {
    Operand::Const(Const::Int(n))
}
