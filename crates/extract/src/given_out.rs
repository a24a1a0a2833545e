//! Objects that their constructor gives out, of types without a stop: goroutines that the object starts may
//! wait for what nobody but they can get at. Whoever has the object can do nothing about it then.

use crate::client::{Client, is_test};
use crate::roots::{Explorer, One};
use crate::scope::{At, CONTENT, Operation, Tree};
use stanch_base::{FxHashSet, Idx};
use stanch_ir::{FuncId, InstrKind, Proj, Rvalue};
use stanch_model::{FnId, Leak, LeakKind};
use stanch_types::ObjectId;

/// Places where goroutines hang of an object that is started twice, with what makes it.
pub(crate) type Again = FxHashSet<(FuncId, FnId, At)>;

impl Explorer<'_> {
    /// Of the leaks of a client that makes an object, starts it and does nothing more, those in which a
    /// goroutine waits for what only functions operate on that this began. Where a call of the starter
    /// could help, it is called twice: what hangs then all the same is in `again`.
    pub(crate) fn only_own(&self, one: &mut One, client: &Client, tree: &Tree, again: &mut Again) {
        let constructor = client.plan.constructor;
        let twice = client.plan.starters.len() > 1;
        let mut kept = |leak: &Leak| {
            let Some((func, at)) = one.sliced.origin(leak.point) else { return false };
            let blocked = leak.kind == LeakKind::BlockedForEver
                && leak.goroutine != 0
                && leak.also_blocked.iter().all(|b| b.goroutine != 0);
            if !blocked {
                return false;
            }
            if twice {
                again.insert((constructor, func, at));
                return false;
            }
            let waits = self.waited_for(one, leak);
            let starts = |w: &u32| self.own(*w, client, tree);
            let own: Option<Vec<bool>> = waits.iter().map(starts).collect();
            own.is_some_and(|own| {
                !own.is_empty()
                    && (own.iter().all(|by_starter| !by_starter)
                        || again.contains(&(constructor, func, at)))
            })
        };
        let kept: Vec<bool> = one.outcome.leaks.iter().map(&mut kept).collect();
        let mut kept = kept.into_iter();
        one.outcome.leaks.retain(|_| kept.next() != Some(false));
    }

    /// Classes of what a leak's goroutine waits for.
    pub(crate) fn waited_for(&self, one: &One, leak: &Leak) -> Vec<u32> {
        let class = |o: &Operation| self.scopes.classes.find(o.node);
        let mut waits: Vec<u32> = match one.sliced.origin(leak.point) {
            Some((func, at)) => {
                let here = self.scopes.classes.facts[func].operations.iter();
                here.filter(|o| o.at == at).map(class).collect()
            }
            None => Vec::new(),
        };
        let functions = &one.sliced.functions;
        waits.extend(
            leak.objects
                .iter()
                .filter_map(|(id, site)| self.scopes.made_with(*functions.get(id.index())?, *site)),
        );
        waits
    }

    /// Whether nothing but what a client runs operates on a class, or hands it on, and nobody else runs
    /// that: then, if a starter leads to some of it.
    fn own(&self, of: u32, client: &Client, tree: &Tree) -> Option<bool> {
        let (scopes, plan) = (&self.scopes, &client.plan);
        let facts = &scopes.classes.facts;
        let find = |node: u32| scopes.classes.find(node);
        let uses = |id: &FnId| {
            let facts = &facts[*id];
            facts.operations.iter().any(|o| find(o.node) == of)
                || facts.escapes.iter().any(|(_, node)| find(*node) == of)
        };
        let model = |id: FuncId| FnId::from_usize(id.index());
        let starters: FxHashSet<FnId> = plan.starters.iter().map(|s| model(s.0)).collect();
        let constructor = model(plan.constructor);
        let mut todo: Vec<FnId> = scopes.model.functions.ids().filter(uses).collect();
        let kept = scopes.escapes.get(&of).into_iter().flatten();
        todo.extend(kept);
        let fields = self.fields_with(of, &todo);
        todo.extend(scopes.model.functions.ids().filter(|id| self.mentions(*id, &fields)));
        let mut seen: FxHashSet<FnId> = FxHashSet::default();
        let mut by_starter = false;
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            if id.index() >= self.translated.n_funcs {
                todo.extend(&scopes.callers[id]);
                continue;
            }
            if is_test(self.program, self.module, FuncId::from_usize(id.index())) {
                continue;
            }
            if !tree.contains(&id) {
                return None;
            }
            if starters.contains(&id) {
                by_starter = true;
            } else if id != constructor {
                if self.may_be_called(id) {
                    return None;
                }
                todo.extend(&scopes.callers[id]);
            }
        }
        Some(by_starter)
    }

    /// The fields that functions mention and that hold objects of a class, themselves or in a container.
    fn fields_with(&self, of: u32, functions: &[FnId]) -> FxHashSet<ObjectId> {
        let classes = &self.scopes.classes;
        let (mut numbers, mut held) = (FxHashSet::default(), FxHashSet::default());
        let mut todo = vec![of];
        while let Some(of) = todo.pop() {
            if !held.insert(of) {
                continue;
            }
            for &holder in classes.holders.get(&of).into_iter().flatten() {
                let fields = classes.fields_with(holder, of);
                // A function that captures it, or stands for one of its methods, leads to it too.
                let leads = fields.is_empty() || fields.contains(&CONTENT);
                todo.extend(leads.then_some(holder));
                numbers.extend(fields);
            }
        }
        let is_number = |object: ObjectId, place: u32| {
            let key = (self.program.object_name(object).into(), place);
            self.translated.fields.get(&key).is_some_and(|n| numbers.contains(n))
        };
        let mut found = FxHashSet::default();
        for id in functions {
            self.each_field(*id, &mut |place, object| {
                if is_number(object, place) {
                    found.insert(object);
                }
            });
        }
        found
    }

    /// Whether a function mentions one of some fields.
    fn mentions(&self, id: FnId, fields: &FxHashSet<ObjectId>) -> bool {
        let mut found = false;
        self.each_field(id, &mut |_, object| found |= fields.contains(&object));
        found
    }

    fn each_field(&self, id: FnId, found: &mut dyn FnMut(u32, ObjectId)) {
        let func = self.module.funcs.get(FuncId::from_usize(id.index()));
        let Some(func) = func.filter(|_| id.index() < self.translated.n_funcs) else { return };
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            let place = match &instr.kind {
                InstrKind::Assign(_, Rvalue::Load(place) | Rvalue::AddressOf(place))
                | InstrKind::Store(place, _) => place,
                _ => continue,
            };
            for proj in &place.proj {
                if let Proj::Field(n, object) = proj {
                    found(*n, *object);
                }
            }
        }
    }

    /// Whether other packages can call a function: by its name, or as a value that somebody keeps.
    fn may_be_called(&self, id: FnId) -> bool {
        let func = &self.module.funcs[FuncId::from_usize(id.index())];
        let name = func.object.map(|o| self.program.object_name(o));
        name.is_some_and(crate::channels::is_exported) || self.scopes.kept_functions().contains(&id)
    }
}
