//! Which objects of a type's object only its own methods get at.

use super::operations::{locks, matters};
use super::{Group, Scopes, Tree};
use crate::client::{Client, is_test};
use stanch_base::{FxHashSet, Idx};
use stanch_ir::{Callee, Func, FuncId, InstrKind, LocalId, Module, Operand, Rvalue};
use stanch_model::FnId;
use stanch_types::Program;

/// What a client can get at.
pub(crate) struct ClientReach {
    /// Functions that its calls can run, and functions of tests, which are other clients.
    inside: FxHashSet<FnId>,
    /// Classes of what it is given and of the fields it sees.
    seen: FxHashSet<u32>,
}

impl Scopes<'_> {
    pub(crate) fn client_reach(
        &self,
        client: &Client,
        open_fields: &[u32],
        module: &Module,
        program: &Program<'_>,
    ) -> ClientReach {
        let mut inside: FxHashSet<FnId> = FxHashSet::default();
        let mut todo: Vec<FnId> = vec![client.root];
        todo.extend(client.plan.interface.iter().map(|f| FnId::from_usize(f.index())));
        let mut seen = FxHashSet::default();
        let getters = client.plan.getters.iter().map(|f| FnId::from_usize(f.index()));
        let getters: FxHashSet<FnId> = getters.collect();
        for &id in todo[1..].iter().filter(|id| !getters.contains(id)) {
            for result in &self.model.functions[id].results {
                seen.insert(self.classes.find(self.classes.local(id, result.local)));
            }
        }
        let object = self.classes.find(self.classes.local(client.root, client.object));
        seen.extend(open_fields.iter().filter_map(|field| self.classes.field(object, *field)));
        while let Some(id) = todo.pop() {
            if inside.insert(id) {
                todo.extend(&self.callees[id]);
            }
        }
        let tests = module.funcs.ids().filter(|id| is_test(program, module, *id));
        inside.extend(tests.map(|id: FuncId| FnId::from_usize(id.index())));
        inside.extend(self.unused.get_or_init(|| unused(program, module)));
        ClientReach { inside, seen }
    }

    /// Classes whose operations can wait, that are made below the client and hang on its object.
    pub(crate) fn seeds_of_client(&self, client: &Client, tree: &Tree) -> Vec<u32> {
        let object = self.classes.find(self.classes.local(client.root, client.object));
        let mut seeds = Vec::new();
        for id in self.model.functions.ids().filter(|id| tree.contains(id)) {
            for made in &self.classes.facts[id].made {
                let class = self.classes.find(made.node);
                if self.is_waited_for(class, made.kind) {
                    seeds.push(class);
                }
            }
        }
        seeds.sort_unstable();
        seeds.dedup();
        let hangs =
            |seed: &u32| self.holders_of(&std::iter::once(*seed).collect()).contains(&object);
        seeds.retain(hangs);
        seeds
    }

    /// Functions whose values are stored, given as results, or leave view: they may run from anywhere.
    pub(crate) fn kept_functions(&self) -> &FxHashSet<FnId> {
        self.kept.get_or_init(|| {
            let results = self.model.functions.iter_enumerated().flat_map(|(id, f)| {
                f.results.iter().map(move |r| self.classes.find(self.classes.local(id, r.local)))
            });
            let classes: FxHashSet<u32> = self.escapes.keys().copied().chain(results).collect();
            classes.into_iter().flat_map(|class| self.classes.functions(class)).collect()
        })
    }

    /// Whether all operations on a group are in functions that the client's calls run, and the client
    /// has none of it in its hands.
    pub(crate) fn is_private(&self, group: &Group, client: &Client, reach: &ClientReach) -> bool {
        let operates = |id: FnId| {
            self.classes.facts[id].operations.iter().any(|o| {
                (matters(o.prim) || locks(o.prim))
                    && group.classes.contains(&self.classes.find(o.node))
            })
        };
        group.classes.iter().all(|class| {
            let users = [&self.operations, &self.lock_operations].into_iter();
            let mut users = users.filter_map(|t| t.get(class)).flatten();
            !reach.seen.contains(class)
                && users.all(|id| reach.inside.contains(id) || !operates(*id) || *id == client.root)
        })
    }
}

/// Functions without an exported name, and methods of types without one that become no interface values, that
/// nothing in the package names; with their literals.
fn unused(program: &Program<'_>, module: &Module) -> FxHashSet<FnId> {
    let (mut named, mut converted) = (FxHashSet::default(), FxHashSet::default());
    let base = |func: &Func, local: LocalId| {
        let ty = func.locals[local].ty;
        program.named_object(program.pointee(ty).unwrap_or(ty))
    };
    for func in &module.funcs {
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call) => {
                    if let Callee::Static(object, _) = &call.callee {
                        named.insert(*object);
                    }
                }
                InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => {
                    named.insert(*method);
                }
                InstrKind::Assign(_, Rvalue::MakeInterface(Operand::Local(x), _)) => {
                    converted.extend(base(func, *x));
                }
                _ => {}
            }
            instr.kind.for_each_operand(|operand| {
                if let Operand::Func(object) = operand {
                    named.insert(*object);
                }
            });
        }
    }
    let hidden = |object| !crate::channels::is_exported(program.object_name(object));
    let is_unused = |id: &FuncId| {
        let func = &module.funcs[*id];
        let Some(object) = func.object.filter(|o| !named.contains(o)) else { return false };
        match func.params.first().filter(|_| func.has_recv) {
            Some(recv) => {
                base(func, *recv).is_some_and(|ty| hidden(ty) && !converted.contains(&ty))
            }
            None => hidden(object) && !matches!(program.object_name(object), "main" | "init"),
        }
    };
    let mut todo: Vec<FuncId> = module.funcs.ids().filter(is_unused).collect();
    let mut all = FxHashSet::default();
    while let Some(id) = todo.pop() {
        if all.insert(FnId::from_usize(id.index())) {
            todo.extend(&module.funcs[id].closures);
        }
    }
    all
}
