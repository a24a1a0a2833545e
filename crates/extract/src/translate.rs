//! The model of a package: one model function for each function, and helpers for what effects say.

use crate::classify::{argument, object_kind, zero};
use crate::function::FuncBuilder;
use crate::names::{Known, Names};
use crate::relevance::Relevance;
use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_ir::{FuncId, Module, Span};
use stanch_model::{
    AllocKind, ArgSpec, Block, Call, Callee, Const, FnId, Function, Global, GlobalId, GlobalInit,
    Instr, Method, MethodId, Op, OpenKind, Operand, Prim, Program as Model, Site, Sym, Term,
    TypeTag, UnknownKind,
};
use stanch_types::{ObjectId, PackageId, Program, TypeId, TypeKind};

/// A package's model and the way back.
#[derive(Debug, Default)]
pub struct Translated {
    /// The model.
    pub program: Model,
    /// Function and source by site.
    pub(crate) sites: Vec<Option<(FuncId, Span)>>,
    /// The first this many model functions stand for the module's functions of the same number.
    pub(crate) n_funcs: usize,
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
        func.params.iter().map(|&p| argument(program, func.locals[p].ty)).collect()
    }
}

/// The state of translating one package.
pub(crate) struct Context<'a> {
    pub(crate) names: &'a Names<'a>,
    pub(crate) program: &'a Program<'a>,
    pub(crate) package: PackageId,
    pub(crate) module: &'a Module,
    pub(crate) relevance: &'a Relevance,
    pub(crate) sites: Vec<Option<(FuncId, Span)>>,
    globals: IndexVec<GlobalId, Global>,
    global_ids: FxHashMap<ObjectId, GlobalId>,
    tags: FxHashMap<String, TypeTag>,
    tagged: Vec<(TypeTag, TypeId)>,
    methods: FxHashMap<String, MethodId>,
    syms: FxHashMap<Box<[u8]>, Sym>,
    /// Fields whose address is taken somewhere: they change out of view.
    pub(crate) volatile: stanch_base::FxHashSet<ObjectId>,
    /// Helper functions, after the module's own.
    pub(crate) helpers: Helpers,
}

/// Model functions that no source function stands for.
#[derive(Clone, Copy)]
pub(crate) struct Helpers {
    /// `(function)`: calls it any number of times.
    pub(crate) call_any: FnId,
    /// `(wait group, function)`: calls it, then `Done`.
    pub(crate) group_member: FnId,
}

pub(crate) fn translate<'a>(
    names: &'a Names<'a>,
    package: PackageId,
    module: &'a Module,
    relevance: &'a Relevance,
) -> Translated {
    let n = module.funcs.len();
    let helpers = Helpers { call_any: FnId::from_usize(n), group_member: FnId::from_usize(n + 1) };
    let mut context = Context {
        names,
        program: names.program,
        package,
        module,
        relevance,
        sites: vec![None],
        globals: IndexVec::new(),
        global_ids: FxHashMap::default(),
        tags: FxHashMap::default(),
        tagged: Vec::new(),
        methods: FxHashMap::default(),
        syms: FxHashMap::default(),
        volatile: volatile_fields(module),
        helpers,
    };
    let mut functions: IndexVec<FnId, Function> = IndexVec::with_capacity(n + 2);
    for id in module.funcs.ids() {
        functions.push(match relevance.relevant[id] {
            true => FuncBuilder::translate(&mut context, id),
            // Without blocks: a call of it is a call out of view.
            false => Function::new(&module.funcs[id].symbol),
        });
    }
    functions.push(call_any());
    functions.push(group_member());
    let methods = context.method_table();
    let program = Model { functions, globals: context.globals, methods };
    Translated { program, sites: context.sites, n_funcs: n }
}

impl Context<'_> {
    pub(crate) fn site(&mut self, func: FuncId, span: Span) -> Site {
        let site = Site(self.sites.len() as u32);
        self.sites.push(Some((func, span)));
        site
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

    /// The tags of all types met so far that implement an interface.
    pub(crate) fn tags_implementing(&self, interface: TypeId) -> Vec<TypeTag> {
        let fits = |ty: TypeId| self.program.implements(ty, interface);
        self.tagged.iter().filter(|(_, ty)| fits(*ty)).map(|(tag, _)| *tag).collect()
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
    /// types that became interface values in it.
    fn method_table(&mut self) -> Vec<Method> {
        let mut names: Vec<(String, MethodId)> = self.methods.clone().into_iter().collect();
        names.sort_by_key(|(_, id)| id.0);
        let mut table = Vec::new();
        for &(tag, ty) in &self.tagged {
            for (name, method) in &names {
                let Some(found) = self.program.lookup(ty, self.package, name) else { continue };
                if !found.path.is_empty() {
                    continue;
                }
                if let Known::Body(id) = self.names.known(found.object)
                    && self.relevance.relevant[id]
                {
                    let function = FnId::from_usize(id.index());
                    table.push(Method { tag, method: *method, function });
                }
            }
        }
        table
    }

    pub(crate) fn zero(&self, ty: TypeId) -> Operand {
        Operand::Const(zero(self.program, ty))
    }
}

/// Fields whose address is taken other than to reach an object in them.
fn volatile_fields(module: &Module) -> stanch_base::FxHashSet<ObjectId> {
    use stanch_ir::{InstrKind, Proj, Rvalue};
    let instrs = module.funcs.iter().flat_map(|f| f.blocks.iter()).flat_map(|b| &b.instrs);
    let fields = instrs.filter_map(|i| match &i.kind {
        InstrKind::Assign(_, Rvalue::AddressOf(place)) => match place.proj.last() {
            Some(Proj::Field(_, object)) => Some(*object),
            _ => None,
        },
        _ => None,
    });
    fields.collect()
}

fn instr(op: Op) -> Instr {
    Instr { op, site: Site::default() }
}

/// `for unknown { f() }`
fn call_any() -> Function {
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

/// `defer wg.Done(); f()`
fn group_member() -> Function {
    let mut function = Function::new("member of a wait group");
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

/// A constant of the model.
pub(crate) fn integer(n: i64) -> Operand {
    Operand::Const(Const::Int(n))
}
