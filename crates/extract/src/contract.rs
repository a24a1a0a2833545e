//! What whoever uses an object owes it besides the stop: a method that starts something for an argument, or
//! counts it, may have a counterpart that ends that. A client that never calls it breaks the contract.

use crate::client::Client;
use crate::roots::{Explorer, One};
use crate::scope::{Kind, Operation, Tree};
use stanch_base::{FxHashSet, Idx};
use stanch_ir::FuncId;
use stanch_model::{FnId, Leak, LeakKind, Op, Prim, WaitReason};
use stanch_types::TypeId;

impl Explorer<'_> {
    /// Of the goroutines that run on after the stop, those that the object started and that wait among other
    /// things for a channel by which nobody in the package ever tells anything: their way out is none.
    pub(crate) fn only_unheard(&self, one: &mut One, client: &Client, tree: &Tree) {
        let (facts, plan) = (&self.scopes.classes.facts, &client.plan);
        let class = |o: &Operation| self.scopes.classes.find(o.node);
        let tells = |of: u32| {
            facts
                .iter()
                .flat_map(|f| &f.operations)
                .any(|o| matches!(o.prim, Prim::Send | Prim::Close) && class(o) == of)
        };
        let begins = plan.starters.iter().map(|s| s.0).chain([plan.constructor]);
        let begins: FxHashSet<FnId> = begins.flat_map(|f| self.runs(model(f))).collect();
        let functions = &one.sliced.functions;
        let lifted = |id: FnId| functions.get(id.index()).copied();
        let unheard = |leak: &Leak| {
            let started = leak.created_by.and_then(|by| lifted(by.0));
            let (Some(entry), Some(started)) = (lifted(leak.entry), started) else { return false };
            let runs = self.runs(entry);
            let waits = runs.iter().flat_map(|f| &facts[*f].operations);
            let mut waits = waits.filter(|o| o.prim == Prim::Recv && self.is_chan(class(o)));
            plan.stop.is_some()
                && leak.goroutine != 0
                && begins.contains(&started)
                && !self.is_endless(entry)
                && waits.any(|o| !tells(class(o)))
                && !self.asks_others(one, &runs, tree)
        };
        let kept: Vec<bool> = one
            .outcome
            .leaks
            .iter()
            .map(|leak| leak.kind != LeakKind::AliveForEver || unheard(leak))
            .collect();
        let mut kept = kept.into_iter();
        one.outcome.leaks.retain(|_| kept.next() != Some(false));
    }

    /// Whether a function can neither return nor end otherwise.
    pub(crate) fn is_endless(&self, id: FnId) -> bool {
        let shape = self.scopes.shapes.get(id, true);
        !shape.out[0] && shape.flow.endless.iter().next() == Some(&true)
    }

    /// Whether objects of a class are channels that are made in view.
    fn is_chan(&self, class: u32) -> bool {
        let mut made = self.scopes.made.get(&class).into_iter().flatten();
        made.any(|(_, kind, _)| *kind == Kind::Wait) && !self.scopes.is_context(class)
    }

    /// Whether functions look in a slice at a field that functions set which are not explored.
    fn asks_others(&self, one: &One, runs: &FxHashSet<FnId>, tree: &Tree) -> bool {
        let scopes = &self.scopes;
        let sliced = &one.sliced;
        sliced.program.functions.iter_enumerated().any(|(id, function)| {
            let Some(own) = sliced.functions.get(id.index()).filter(|f| runs.contains(f)) else {
                return false;
            };
            function.blocks.iter().flat_map(|b| &b.instrs).any(|instr| match &instr.op {
                Op::LoadField { field, .. } => scopes.stores.iter().any(|((_, stored), by)| {
                    stored == field && by.iter().any(|f| f != own && !tree.contains(f))
                }),
                _ => false,
            })
        })
    }

    /// Drops the leaks of what a client's call began and another method, which it does not call, ends. Of
    /// what starts the object only a method that gets the same ends a part.
    pub(crate) fn without_contract(&self, one: &mut One, client: &Client) {
        let plan = &client.plan;
        let starters = plan.starters.iter().filter(|s| self.given(s.0).len() > 1);
        let began: Vec<(FuncId, bool, FxHashSet<FnId>)> = starters
            .map(|s| (s.0, true))
            .chain(plan.method.map(|m| (m, false)))
            .map(|(id, same)| (id, same, self.runs(model(id))))
            .collect();
        let calls: Vec<FnId> =
            plan.starters.iter().map(|s| s.0).chain(plan.method).map(model).collect();
        let lifted = |id: FnId| one.sliced.functions.get(id.index()).copied();
        let is_dropped = |leak: &Leak| {
            // Calls that wait for a condition, the stop among them, and what others do for each call.
            let called =
                leak.goroutine == 0 || lifted(leak.entry).is_some_and(|f| calls.contains(&f));
            if leak.wait == WaitReason::CondWait && called {
                return self.ended_elsewhere(one, leak, client, None);
            }
            let by = leak.created_by.iter().chain(&leak.objects).filter_map(|(id, _)| lifted(*id));
            let by: Vec<FnId> = by.filter(|_| leak.goroutine != 0).collect();
            began.iter().any(|(id, same, runs)| {
                by.iter().any(|f| runs.contains(f))
                    && self.ended_elsewhere(one, leak, client, same.then_some(*id))
            })
        };
        let dropped: Vec<bool> = one.outcome.leaks.iter().map(is_dropped).collect();
        let mut dropped = dropped.into_iter();
        one.outcome.leaks.retain(|_| dropped.next() != Some(true));
    }

    /// The types of a function's parameters, its object included.
    fn given(&self, id: FuncId) -> Vec<TypeId> {
        let func = &self.module.funcs[id];
        func.params.iter().map(|p| func.locals[*p].ty).collect()
    }

    /// Whether a method that a client does not call closes the channel, or counts down the group, for which
    /// a goroutine waits; one that gets the same as another, if that is asked. One that gets and gives nothing
    /// may be there to wake who waits for a condition.
    fn ended_elsewhere(
        &self,
        one: &One,
        leak: &Leak,
        client: &Client,
        same: Option<FuncId>,
    ) -> bool {
        let facts = &self.scopes.classes.facts;
        let class = |o: &Operation| self.scopes.classes.find(o.node);
        let mut waits: Vec<(Prim, u32)> = match one.sliced.origin(leak.point) {
            Some((func, at)) => {
                let here = facts[func].operations.iter().filter(|o| o.at == at);
                here.map(|o| (o.prim, class(o))).collect()
            }
            None => Vec::new(),
        };
        // A select: the objects of its arms.
        if waits.is_empty() {
            let made = leak.objects.iter().filter_map(|(id, site)| {
                self.scopes.made_with(*one.sliced.functions.get(id.index())?, *site)
            });
            waits.extend(made.map(|class| (Prim::Recv, class)));
        }
        let ends = |o: &Operation, plain: bool| {
            waits.iter().any(|(wait, of)| {
                let prim = match wait {
                    Prim::CondWait => {
                        plain && matches!(o.prim, Prim::CondSignal | Prim::CondBroadcast)
                    }
                    Prim::Recv => o.prim == Prim::Close,
                    Prim::WgWait => matches!(o.prim, Prim::WgDone | Prim::WgAdd),
                    _ => false,
                };
                prim && *of == class(o)
            })
        };
        let plan = &client.plan;
        let called = plan.starters.iter().map(|s| s.0).chain(plan.method).chain(plan.stop);
        let called: FxHashSet<FuncId> = called.chain([plan.constructor]).collect();
        let alike = |m: FuncId| same.is_none_or(|same| self.given(m) == self.given(same));
        let others = plan.interface.iter().filter(|m| !called.contains(m) && alike(**m));
        others.copied().any(|other| {
            let func = &self.module.funcs[other];
            let plain = leak.goroutine == 0 || func.params.len() == 1 && func.results.is_empty();
            let mut runs = self.runs(model(other)).into_iter();
            runs.any(|f| facts[f].operations.iter().any(|o| ends(o, plain)))
        })
    }
}

/// The number of a function, as the model has it.
fn model(id: FuncId) -> FnId {
    FnId::from_usize(id.index())
}
