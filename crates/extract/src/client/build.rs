//! A client as a function of the model.

use super::{Calls, Plan, model_id};
use crate::classify::{argument, is_error, object_kind};
use crate::parts::{DEPTH, Parts};
use crate::translate::{Translated, number};
use stanch_base::{FxHashMap, Idx};
use stanch_ir::{FuncId, Module};
use stanch_model::{
    AllocKind, ArgSpec, Block, BlockId, Call, Callee, Const, FnId, Function, Instr, LocalId, Op,
    Operand, Prim, Relation, Site, Term, TypeTag,
};
use stanch_types::{Program, TypeId, TypeKind};

/// A client that is part of the model.
pub(crate) struct Client {
    pub(crate) plan: Plan,
    pub(crate) root: FnId,
    /// What its parameters are.
    pub(crate) args: Vec<ArgSpec>,
    /// The slot with the object.
    pub(crate) object: LocalId,
}

/// Adds the function of a client to the model.
pub(crate) fn build(
    program: &Program<'_>,
    module: &Module,
    translated: &mut Translated,
    plan: Plan,
) -> Client {
    let mut builder = Builder {
        program,
        module,
        sites: &mut translated.sites,
        fields: &mut translated.fields,
        parts: &mut translated.parts,
        function: Function::new("a client"),
        args: Vec::new(),
    };
    let first = match plan.literal {
        Some(ty) => builder.given(ty),
        None => builder.params(plan.constructor, 0),
    };
    let starters: Vec<Vec<Operand>> =
        plan.starters.iter().map(|s| builder.params(s.0, 1)).collect();
    let times = if plan.calls == Calls::Twice { 2 } else { 1 };
    let method = plan.method.map(|m| {
        let own = plan.starters.iter().position(|s| builder.is_about_the_same(s.0, m));
        let args = (0..times).map(|_| match own {
            Some(n) => starters[n].clone(),
            None => builder.params(m, 1),
        });
        args.collect::<Vec<_>>()
    });
    let times = if plan.calls == Calls::Again { 2 } else { 1 };
    let stop = plan.stop.map(|s| (0..times).map(|_| builder.params(s, 1)).collect::<Vec<_>>());
    let end = builder.block(Vec::new(), Term::Return);
    let object = match plan.literal {
        Some(ty) => builder.write_out(ty, plan.constructor, first),
        None => builder.construct(plan.constructor, first, end),
    };
    for &getter in &plan.getters {
        let (instrs, _) = builder.call(getter, Some(object), Vec::new(), false);
        builder.then(instrs);
    }
    builder.start(&plan, starters, object, end);
    for args in method.into_iter().flatten() {
        let Some(id) = plan.method else { continue };
        let meets = plan.calls == Calls::Meeting;
        let (instrs, _) = builder.call(id, Some(object), args, meets);
        builder.then(instrs);
    }
    for args in stop.into_iter().flatten() {
        let Some(id) = plan.stop else { continue };
        let (instrs, _) = builder.call(id, Some(object), args, false);
        builder.then(instrs);
    }
    builder.last().term = Term::Return;
    let (mut function, args) = (builder.function, builder.args);
    // The entry comes first.
    let n = function.blocks.len();
    debug_assert!(n > 1);
    entry_first(&mut function);
    let root = translated.program.functions.push(function);
    Client { plan, root, args, object }
}

/// The end of a client is made first, so that all can lead there; the entry must be block 0.
fn entry_first(function: &mut Function) {
    let (end, entry) = (BlockId::from_usize(0), BlockId::from_usize(1));
    let swap = |b: &mut BlockId| {
        *b = match *b {
            b if b == end => entry,
            b if b == entry => end,
            b => b,
        };
    };
    for block in function.blocks.iter_mut() {
        match &mut block.term {
            Term::Goto(to) => swap(to),
            Term::Branch { then, els, .. } => {
                swap(then);
                swap(els);
            }
            _ => {}
        }
    }
    let first = function.blocks[end].clone();
    let second = std::mem::replace(&mut function.blocks[entry], first);
    function.blocks[end] = second;
}

struct Builder<'a> {
    program: &'a Program<'a>,
    module: &'a Module,
    sites: &'a mut Vec<Option<(FuncId, stanch_ir::Span)>>,
    fields: &'a mut FxHashMap<(Box<str>, u32), u32>,
    parts: &'a mut FxHashMap<Site, Parts>,
    function: Function,
    args: Vec<ArgSpec>,
}

impl Builder<'_> {
    /// Parameters for the arguments of a call, the first `skip` aside.
    fn params(&mut self, id: FuncId, skip: usize) -> Vec<Operand> {
        let func = &self.module.funcs[id];
        let params = func.params.iter().skip(skip).map(|p| {
            self.args.push(argument(self.program, func.locals[*p].ty));
            self.function.n_params += 1;
            self.function.local(&func.locals[*p].name).into()
        });
        params.collect()
    }

    /// Whether a method gets the same objects as a starter: a client calls both for one.
    fn is_about_the_same(&self, starter: FuncId, method: FuncId) -> bool {
        let given = |id: FuncId| {
            let func = &self.module.funcs[id];
            func.params.iter().skip(1).map(|p| func.locals[*p].ty).collect::<Vec<_>>()
        };
        let (first, second) = (given(starter), given(method));
        let has_identity = |ty: &TypeId| {
            let is_context = crate::classify::is_context(self.program, *ty);
            !is_context
                && matches!(
                    self.program.kind(self.program.underlying(*ty)),
                    TypeKind::Pointer(_) | TypeKind::Interface(_) | TypeKind::Chan(..)
                )
        };
        first == second && first.iter().any(has_identity)
    }

    fn block(&mut self, instrs: Vec<Instr>, term: Term) -> BlockId {
        self.function.blocks.push(Block { instrs, term, term_site: Site::default() })
    }

    fn next(&self) -> BlockId {
        BlockId::from_usize(self.function.blocks.len())
    }

    fn last(&mut self) -> &mut Block {
        let at = BlockId::from_usize(self.function.blocks.len() - 1);
        &mut self.function.blocks[at]
    }

    /// One more block, to which the last one leads.
    fn then(&mut self, instrs: Vec<Instr>) {
        let next = self.next();
        self.block(instrs, Term::Goto(BlockId::from_usize(next.index() + 1)));
    }

    /// A call of a function; gives its results too. What it gives is the client's to use.
    fn call(
        &mut self,
        id: FuncId,
        object: Option<LocalId>,
        args: Vec<Operand>,
        go: bool,
    ) -> (Vec<Instr>, Vec<LocalId>) {
        let func = &self.module.funcs[id];
        let site = Site(self.sites.len() as u32);
        self.sites.push(Some((id, func.name_span)));
        let args = object.map(Operand::from).into_iter().chain(args).collect();
        let results: Vec<LocalId> = func.results.iter().map(|_| self.function.local("")).collect();
        let dst = results.iter().map(|r| Some(*r)).collect();
        let call = Call { callee: Callee::Fn(model_id(id)), args, dst };
        let mut instrs = Vec::new();
        if go {
            instrs.push(Instr { op: Op::Go(Call { dst: Vec::new(), ..call }), site });
            return (instrs, results);
        }
        instrs.push(Instr { op: Op::Call(call), site });
        // The first result of a constructor is the object.
        for (n, (&slot, &result)) in results.iter().zip(&func.results).enumerate() {
            let own = object.is_none() && n == 0;
            if !own && !is_error(self.program, func.locals[result].ty) {
                let callee = Callee::Prim(Prim::Escape);
                let escape = Call { callee, args: vec![slot.into()], dst: Vec::new() };
                instrs.push(Instr { op: Op::Call(escape), site: Site::default() });
            }
        }
        (instrs, results)
    }

    /// The object; without one, or with an error, there is nothing more to do.
    fn construct(&mut self, id: FuncId, args: Vec<Operand>, end: BlockId) -> LocalId {
        let (instrs, results) = self.call(id, None, args, false);
        self.then(instrs);
        self.unless_error(id, &results, end);
        let object = results[0];
        let missing = self.function.local("missing");
        let compare = self.compare(missing, object, Const::Nil);
        let next = BlockId::from_usize(self.next().index() + 1);
        self.block(vec![compare], Term::Branch { cond: missing.into(), then: end, els: next });
        let func = &self.module.funcs[id];
        if !self.program.is_interface(func.locals[func.results[0]].ty) {
            return object;
        }
        // Its methods are called on what the interface holds.
        let held = self.function.local("held");
        let op = Op::SetTag { dst: held, src: object.into(), tag: TypeTag(0) };
        self.then(vec![Instr { op, site: Site::default() }]);
        held
    }

    /// Parameters for what users of a struct type put into its exported fields.
    fn given(&mut self, ty: TypeId) -> Vec<Operand> {
        let given = settable(self.program, ty).map(|(_, field)| {
            self.args.push(argument(self.program, field.ty));
            self.function.n_params += 1;
            self.function.local(&field.name).into()
        });
        given.collect()
    }

    /// An object that is written out, with values for the exported fields.
    fn write_out(&mut self, ty: TypeId, first: FuncId, values: Vec<Operand>) -> LocalId {
        let object = self.function.local("");
        let site = Site(self.sites.len() as u32);
        self.sites.push(Some((first, self.module.funcs[first].name_span)));
        let fields = &mut *self.fields;
        let mut numbered = |name: &str, index| number(fields, name, index);
        self.parts.insert(site, Parts::within(self.program, ty, DEPTH, &mut numbered));
        let mut instrs =
            vec![Instr { op: Op::Alloc { dst: object, kind: AllocKind::Struct }, site }];
        for ((n, field), src) in settable(self.program, ty).zip(values) {
            let field = numbered(&field.name, n);
            let op = Op::StoreField { base: object.into(), field, src };
            instrs.push(Instr { op, site: Site::default() });
        }
        self.then(instrs);
        object
    }

    fn compare(&self, dst: LocalId, a: LocalId, with: Const) -> Instr {
        let op = Op::Compare { dst, op: Relation::Eq, a: a.into(), b: with.into() };
        Instr { op, site: Site::default() }
    }

    /// Goes on if the last result is no error.
    fn unless_error(&mut self, id: FuncId, results: &[LocalId], end: BlockId) {
        let func = &self.module.funcs[id];
        let (Some(&slot), Some(&result)) = (results.last(), func.results.last()) else { return };
        if !is_error(self.program, func.locals[result].ty) {
            return;
        }
        let fine = self.function.local("fine");
        let compare = self.compare(fine, slot, Const::Nil);
        let next = BlockId::from_usize(self.next().index() + 1);
        self.block(vec![compare], Term::Branch { cond: fine.into(), then: next, els: end });
    }

    /// The starters, one after the other, as long as they do not fail; one that is called again is so in any
    /// case.
    fn start(&mut self, plan: &Plan, args: Vec<Vec<Operand>>, object: LocalId, end: BlockId) {
        for (n, (&(id, go), args)) in plan.starters.iter().zip(args).enumerate() {
            let (instrs, results) = self.call(id, Some(object), args, go);
            self.then(instrs);
            let again = plan.starters.get(n + 1).is_some_and(|next| next.0 == id);
            if !go && !again {
                self.unless_error(id, &results, end);
            }
        }
    }
}

/// The exported fields of a struct type that hold no objects themselves, by their place.
fn settable<'a>(
    program: &'a Program<'_>,
    ty: TypeId,
) -> impl Iterator<Item = (u32, &'a stanch_types::StructField)> {
    let fields: &[stanch_types::StructField] = match program.kind(program.underlying(ty)) {
        TypeKind::Struct(fields) => fields,
        _ => &[],
    };
    let settable = fields.iter().enumerate().filter(|(_, f)| {
        crate::channels::is_exported(&f.name) && object_kind(program, f.ty).is_none()
    });
    settable.map(|(n, f)| (n as u32, f))
}
