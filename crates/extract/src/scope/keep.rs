//! What is kept of a package's model for one group of objects seen from one root.
//!
//! Starts from the operations on the group, the ways on which its objects can leave view, and the ways
//! that end a goroutine, and spreads backwards: to operands, to the branches that decide, to the stores
//! that a kept load may read, to the results that a kept instruction uses, to the functions that any of
//! this stands in.

use super::blur::Detail;
use super::classes::{At, CONTENT, block};
use super::nilled::channel;
use super::operations::{locks, matters};
use super::{Scopes, Tree};
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::BlockId as FlowBlock;
use stanch_model::{
    AllocKind, Bindable, Call, Callee, FnId, Function, LocalId, Op, Operand, Part, Prim, SelectOp,
    Term, visit_op, visit_term,
};

/// Functions and instructions of one slice; more are too much.
const MAX_FUNCTIONS: usize = 44;
const MAX_INSTRS: usize = 450;
/// Stands for the number of members of a sequence or map among the fields that matter.
const LENGTH: u32 = CONTENT - 1;
/// A function of which only a result matters is followed if it is not longer than this.
const SMALL: usize = 60;

/// What is kept of one function.
pub(crate) struct Kept {
    pub(crate) instrs: Vec<Vec<bool>>,
    pub(crate) terms: Vec<bool>,
    pub(crate) locals: Vec<bool>,
    pub(crate) results: Vec<bool>,
}

/// The slice in the making, and what it is for.
pub(crate) struct Keep<'s, 'm> {
    pub(crate) scopes: &'s Scopes<'m>,
    pub(crate) root: FnId,
    /// Classes of the objects.
    pub(crate) group: &'s FxHashSet<u32>,
    /// Classes from which the objects can be reached.
    pub(crate) tainted: FxHashSet<u32>,
    /// Classes of objects that may be known out of view.
    open: FxHashSet<u32>,
    /// Functions that `root` can run.
    pub(crate) tree: &'s Tree,
    pub(crate) kept: FxHashMap<FnId, Kept>,
    /// The functions of `kept` in order.
    pub(crate) order: Vec<FnId>,
    /// Whether ways that end in a panic count.
    pub(crate) panics: bool,
    /// An instruction of the root that is kept in any case.
    pub(crate) forced: Option<At>,
    pub(crate) detail: Detail,
    /// The functions on the ways to the group's operations, in order.
    pub(crate) carrying: &'s [FnId],
    /// Classes from which the objects, or code that may run, can be reached; with all detail not looked at.
    pub(crate) solid: FxHashSet<u32>,
    fields: FxHashSet<(u32, u32)>,
    globals: FxHashSet<u32>,
    changed: bool,
    too_much: bool,
}

impl<'s, 'm> Keep<'s, 'm> {
    /// The slice; nothing if it is too large.
    pub(crate) fn of(
        scopes: &'s Scopes<'m>,
        root: FnId,
        group: &'s FxHashSet<u32>,
        carrying: &'s [FnId],
        tree: &'s Tree,
        (forced, detail): (Option<At>, Detail),
    ) -> Option<Self> {
        let tainted = scopes.holders_of(group);
        let solid = match detail {
            Detail::Full => FxHashSet::default(),
            Detail::Flags => scopes.solid(group, carrying),
        };
        let swallowing: Vec<FnId> = carrying.iter().flat_map(|f| scopes.swallowing(*f)).collect();
        let panics = !swallowing.is_empty() || carrying.iter().any(|f| scopes.recovers(*f));
        let mut keep = Self {
            scopes,
            root,
            group,
            tainted,
            open: scopes.open(root, tree),
            tree,
            kept: FxHashMap::default(),
            order: Vec::new(),
            panics,
            forced,
            detail,
            carrying,
            solid,
            fields: FxHashSet::default(),
            globals: FxHashSet::default(),
            changed: true,
            too_much: false,
        };
        keep.add(root);
        carrying.iter().chain(&swallowing).for_each(|f| keep.add(*f));
        keep.handed_up();
        while std::mem::take(&mut keep.changed) && !keep.too_much {
            for at in 0..keep.order.len() {
                keep.function(keep.order[at]);
            }
        }
        let n: usize = keep.kept.values().flat_map(|k| &k.instrs).flatten().filter(|i| **i).count();
        keep.order.sort_unstable();
        (!keep.too_much && n <= MAX_INSTRS).then_some(keep)
    }

    /// What the root returns of the group leaves view.
    fn handed_up(&mut self) {
        let classes = &self.scopes.classes;
        for (n, result) in self.body(self.root).results.iter().enumerate() {
            let class = classes.find(classes.local(self.root, result.local));
            let content = classes.field(class, CONTENT).filter(|_| result.cell);
            let tainted = [Some(class), content].into_iter().flatten();
            if tainted.into_iter().any(|c| self.tainted.contains(&c))
                && let Some(kept) = self.kept.get_mut(&self.root)
            {
                kept.results[n] = true;
            }
        }
    }

    fn add(&mut self, id: FnId) {
        if self.kept.contains_key(&id) || self.scopes.model.functions[id].blocks.is_empty() {
            return;
        }
        if self.order.len() >= MAX_FUNCTIONS {
            self.too_much = true;
            return;
        }
        let f = &self.scopes.model.functions[id];
        self.kept.insert(
            id,
            Kept {
                instrs: f.blocks.iter().map(|b| vec![false; b.instrs.len()]).collect(),
                terms: vec![false; f.blocks.len()],
                locals: vec![false; f.locals.len()],
                results: vec![false; f.results.len()],
            },
        );
        self.order.push(id);
        self.changed = true;
    }

    /// A function joins, and with it those through which the root gets there.
    fn add_with_callers(&mut self, id: FnId) {
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            if self.kept.contains_key(&id) || !self.tree.contains(&id) || self.too_much {
                continue;
            }
            self.add(id);
            todo.extend(&self.scopes.callers[id]);
        }
    }

    fn body(&self, id: FnId) -> &'m Function {
        &self.scopes.model.functions[id]
    }

    fn need(&mut self, id: FnId, operand: &Operand) {
        if let Operand::Local(local) = operand {
            self.need_local(id, *local);
        }
    }

    fn need_local(&mut self, id: FnId, local: LocalId) {
        // A value call may have more arguments than one of its possible callees has locals.
        if let Some(kept) = self.kept.get_mut(&id)
            && let Some(needed) = kept.locals.get_mut(local.index())
            && !std::mem::replace(needed, true)
        {
            self.changed = true;
        }
    }

    pub(crate) fn is_needed(&self, id: FnId, local: LocalId) -> bool {
        self.kept.get(&id).and_then(|k| k.locals.get(local.index())).is_some_and(|needed| *needed)
    }

    pub(super) fn class(&self, id: FnId, operand: &Operand) -> Option<u32> {
        self.scopes.classes.operand(id, operand)
    }

    pub(crate) fn in_group(&self, id: FnId, operand: &Operand) -> bool {
        self.class(id, operand).is_some_and(|c| self.group.contains(&c))
    }

    pub(crate) fn is_tainted(&self, id: FnId, operand: &Operand) -> bool {
        self.class(id, operand).is_some_and(|c| self.tainted.contains(&c))
    }

    fn function(&mut self, id: FnId) {
        if self.scopes.is_helper(id) {
            return self.whole(id);
        }
        for (n, result) in self.body(id).results.iter().enumerate() {
            if self.kept[&id].results[n] {
                self.need_local(id, result.local);
                if result.cell {
                    self.need_field(self.scopes.classes.local(id, result.local), CONTENT);
                }
            }
        }
        let shape = self.scopes.shapes.get(id, self.panics);
        for at in (0..self.body(id).blocks.len()).rev().filter(|b| !shape.out[*b]) {
            self.block(id, at);
        }
    }

    /// A helper is kept as it is.
    fn whole(&mut self, id: FnId) {
        let Some(kept) = self.kept.get_mut(&id) else { return };
        kept.terms.fill(true);
        kept.locals.fill(true);
        kept.instrs.iter_mut().for_each(|b| b.fill(true));
        for (block, body) in self.body(id).blocks.iter_enumerated() {
            for (n, instr) in body.instrs.iter().enumerate() {
                self.operands(id, At { block, instr: n as u32 }, &instr.op);
            }
        }
    }

    fn block(&mut self, id: FnId, at: usize) {
        let shape = self.scopes.shapes.get(id, self.panics);
        let body = &self.body(id).blocks[block(at)];
        let cut = shape.cuts[at];
        let mut alive = self.kept[&id].terms[at] || cut.is_some();
        let guards = self.guards(id, at);
        if guards || cut.is_none() && self.keeps_term(id, &body.term) {
            alive = true;
        }
        if alive && cut.is_none() {
            if !self.kept[&id].terms[at] {
                self.mark_term(id, at);
            }
            if guards || shape.targets[at].len() > 1 || matches!(body.term, Term::Select { .. }) {
                self.term_operands(id, &body.term);
            }
        }
        let last = cut.map_or(body.instrs.len(), |c| c.0 as usize);
        for n in (0..last).rev() {
            let here = At { block: block(at), instr: n as u32 };
            let forced = id == self.root && self.forced == Some(here);
            if forced || self.keeps(id, here, &body.instrs[n].op) {
                alive = true;
                if let Some(kept) = self.kept.get_mut(&id)
                    && !std::mem::replace(&mut kept.instrs[at][n], true)
                {
                    self.changed = true;
                }
                self.operands(id, here, &body.instrs[n].op);
            }
        }
        if alive {
            for by in &shape.flow.controllers[FlowBlock::from_usize(at)] {
                if !self.kept[&id].terms[by.index()] {
                    self.mark_term(id, by.index());
                }
            }
        }
    }

    /// Whether only who goes on here comes by: the others end the process, as what a function of the slice
    /// has given decides, or a parameter, or what the slice asks elsewhere too.
    pub(crate) fn guards(&self, id: FnId, at: usize) -> bool {
        let in_slice = |call| self.runs_kept(id, call);
        self.scopes.is_guard(id, self.panics, at, in_slice, |local| self.is_needed(id, local))
    }

    fn mark_term(&mut self, id: FnId, at: usize) {
        if let Some(kept) = self.kept.get_mut(&id) {
            kept.terms[at] = true;
            self.changed = true;
        }
    }

    pub(crate) fn keeps_select(&self, id: FnId, term: &Term) -> bool {
        let Term::Select { arms, default } = term else { return false };
        arms.is_empty() && default.is_none()
            || arms.iter().any(|arm| {
                let (SelectOp::Send { chan, .. } | SelectOp::Recv { chan, .. }) = &arm.op;
                self.in_group(id, chan)
            })
    }

    fn keeps_term(&self, id: FnId, term: &Term) -> bool {
        if let Term::Select { arms, .. } = term
            && arms.iter().any(|arm| match &arm.op {
                SelectOp::Recv { dst, ok, .. } => {
                    dst.iter().chain(ok).any(|l| self.is_needed(id, *l))
                }
                SelectOp::Send { value, .. } => self.is_tainted(id, value),
            })
        {
            return true;
        }
        self.keeps_select(id, term) && !self.only_polls(id, term)
    }

    /// Whether a select matters only for what it decides.
    fn only_polls(&self, id: FnId, term: &Term) -> bool {
        let Term::Select { arms, default: Some(_) } = term else { return false };
        arms.iter().all(|arm| match &arm.op {
            SelectOp::Recv { chan, .. } => match self.class(id, chan) {
                Some(class) => {
                    !self.group.contains(&class) || self.scopes.contexts.contains(&class)
                }
                None => true,
            },
            SelectOp::Send { .. } => false,
        })
    }

    fn term_operands(&mut self, id: FnId, term: &Term) {
        match term {
            Term::Select { arms, .. } if self.keeps_select(id, term) => {
                for arm in arms {
                    if self.is_nil_at_times(id, channel(arm)) || self.may_be_nil(id, channel(arm)) {
                        self.need(id, channel(arm));
                    }
                    match &arm.op {
                        SelectOp::Send { chan, value } if self.in_group(id, chan) => {
                            self.need(id, chan);
                            self.need_member(id, chan, value);
                        }
                        SelectOp::Recv { chan, dst, .. } if self.in_group(id, chan) => {
                            self.need(id, chan);
                            if dst.is_some_and(|d| self.is_needed(id, d)) {
                                self.need_content(id, chan);
                            }
                        }
                        SelectOp::Send { value, .. } if self.is_tainted(id, value) => {
                            self.need(id, value);
                        }
                        _ => {}
                    }
                }
            }
            // Of channels of other groups: what is sent there of this one leaves view.
            Term::Select { arms, .. } => {
                for arm in arms {
                    if let SelectOp::Send { value, .. } = &arm.op
                        && self.is_tainted(id, value)
                    {
                        self.need(id, value);
                    }
                }
            }
            _ => {
                let mut uses = Vec::new();
                visit_term(term, &mut |part| {
                    if let Part::Use(o) = part {
                        uses.push(o);
                    }
                });
                uses.iter().for_each(|o| self.need(id, o));
            }
        }
    }

    /// A value that is put into something matters if somebody looks at what he gets from there, or if it
    /// shows an object of the group out of view.
    fn need_member(&mut self, id: FnId, base: &Operand, value: &Operand) {
        if self.content_needed(id, base) || self.shows(id, base, value) {
            self.need(id, value);
        }
    }

    fn content_needed(&self, id: FnId, base: &Operand) -> bool {
        self.class(id, base).is_some_and(|c| self.fields.contains(&(c, CONTENT)))
    }

    fn need_content(&mut self, id: FnId, base: &Operand) {
        if let Some(class) = self.class(id, base) {
            self.need_field(class, CONTENT);
        }
    }

    /// The number of members matters: so do all places where there may be one more or less.
    fn need_length(&mut self, id: FnId, base: &Operand) {
        let Some(class) = self.class(id, base) else { return };
        if self.fields.insert((class, LENGTH)) {
            self.changed = true;
            for id in self.scopes.stores.get(&(class, CONTENT)).cloned().unwrap_or_default() {
                self.add_with_callers(id);
            }
        }
    }

    fn length_needed(&self, id: FnId, base: &Operand) -> bool {
        self.class(id, base).is_some_and(|c| self.fields.contains(&(c, LENGTH)))
    }

    /// Loads of the field matter: so do all stores of it.
    fn need_field(&mut self, node: u32, field: u32) {
        let class = self.scopes.classes.find(node);
        if !self.fields.insert((class, field)) {
            return;
        }
        self.changed = true;
        let Some(stores) = self.scopes.stores.get(&(class, field)) else { return };
        for id in stores.clone() {
            self.add_with_callers(id);
        }
    }

    fn keeps(&self, id: FnId, at: At, op: &Op) -> bool {
        match op {
            Op::StoreCell { cell, src } => {
                self.content_needed(id, cell) || self.shows(id, cell, src)
            }
            Op::StoreField { base, field, src } => {
                let class = self.class(id, base);
                class.is_some_and(|c| self.fields.contains(&(c, *field)))
                    || self.shows(id, base, src)
            }
            Op::StoreGlobal { global, src } => {
                self.globals.contains(&global.raw()) || self.is_tainted(id, src)
            }
            Op::Call(call) => self.keeps_call(id, at, call),
            Op::Go(call) | Op::Defer(call) => self.keeps_action(id, at, call),
            Op::Alloc { kind: AllocKind::AfterFunc(_) | AllocKind::AfterContext(..), dst } => {
                self.is_needed(id, *dst) || self.acts(id, at)
            }
            Op::RunDefers => true,
            Op::Recover { .. } => self.panics,
            _ => {
                let mut any = false;
                visit_op(op, &mut |part| {
                    if let Part::Def(l) = part {
                        any |= self.is_needed(id, l);
                    }
                });
                any
            }
        }
    }

    /// Whether a store of one value to another shows an object of the group out of view.
    fn shows(&self, id: FnId, base: &Operand, value: &Operand) -> bool {
        self.is_tainted(id, value)
            && self.class(id, base).is_none_or(|class| self.open.contains(&class))
    }

    /// Whether a call here runs a function that is kept.
    pub(crate) fn runs_kept(&self, id: FnId, at: At) -> bool {
        self.scopes.callees(id, at).any(|f| self.kept.contains_key(&f))
    }

    fn keeps_call(&self, id: FnId, at: At, call: &Call) -> bool {
        call.dst.iter().flatten().any(|d| self.is_needed(id, *d)) || self.keeps_action(id, at, call)
    }

    /// Whether a call matters for what it does.
    pub(crate) fn keeps_action(&self, id: FnId, at: At, call: &Call) -> bool {
        if let Callee::Prim(prim) = call.callee {
            return self.keeps_prim(id, prim, call);
        }
        self.acts(id, at)
    }

    /// Whether what a place calls, or lets be called later, matters for what it does.
    fn acts(&self, id: FnId, at: At) -> bool {
        if self.runs_kept(id, at) {
            return true;
        }
        let facts = &self.scopes.classes.facts[id];
        let find = |n: u32| self.scopes.classes.find(n);
        facts.escapes.iter().any(|(a, n)| *a == at && self.tainted.contains(&find(*n)))
            || facts.operations.iter().any(|o| {
                o.at == at
                    && (matters(o.prim) || locks(o.prim))
                    && self.group.contains(&find(o.node))
            })
    }

    fn keeps_prim(&self, id: FnId, prim: Prim, call: &Call) -> bool {
        let first = call.args.first().copied().unwrap_or(Operand::Unknown);
        match prim {
            Prim::Escape => call.args.iter().any(|a| self.is_tainted(id, a)),
            // The process lives on while its main function is busy.
            Prim::Yield => self.body(id).main,
            Prim::SeqSet | Prim::MapSet => {
                self.content_needed(id, &first)
                    || prim == Prim::MapSet && self.length_needed(id, &first)
                    || call.args.iter().skip(1).any(|a| self.shows(id, &first, a))
            }
            Prim::MapDelete => self.content_needed(id, &first) || self.length_needed(id, &first),
            Prim::Forget => match (self.class(id, &first), call.args.get(1)) {
                (Some(class), Some(Operand::Const(stanch_model::Const::Int(n)))) => {
                    self.fields.contains(&(class, *n as u32))
                }
                _ => false,
            },
            Prim::Send | Prim::Recv if matches!(first, Operand::Const(_)) => true,
            Prim::Send => {
                self.in_group(id, &first)
                    || call.args.get(1).is_some_and(|v| self.is_tainted(id, v))
            }
            _ => (matters(prim) || locks(prim)) && self.in_group(id, &first),
        }
    }

    fn operands(&mut self, id: FnId, at: At, op: &Op) {
        if self.blurs(id, op) {
            return;
        }
        match op {
            Op::Call(call) => self.call(id, at, call, true),
            Op::Go(call) | Op::Defer(call) => self.call(id, at, call, false),
            Op::LoadCell { cell, .. } => {
                self.need(id, cell);
                self.need_content(id, cell);
            }
            Op::LoadField { base, field, zero, .. } => {
                self.need(id, base);
                self.need(id, zero);
                if let Some(class) = self.class(id, base) {
                    self.need_field(class, *field);
                }
            }
            Op::LoadGlobal { global, .. } => {
                if self.globals.insert(global.raw()) {
                    self.changed = true;
                    for f in
                        self.scopes.global_stores.get(&global.raw()).cloned().unwrap_or_default()
                    {
                        self.add_with_callers(f);
                    }
                }
            }
            Op::Alloc { kind: AllocKind::Cell(o) | AllocKind::Seq(_, o), dst } => {
                if let Op::Alloc { kind: AllocKind::Seq(len, _), .. } = op {
                    self.need(id, len);
                }
                if self.content_needed(id, &Operand::Local(*dst)) || self.is_tainted(id, o) {
                    self.need(id, o);
                }
            }
            Op::Alloc { kind: AllocKind::AfterFunc(f), .. } => self.need(id, f),
            Op::Closure { dst, callee, env } => self.closure(id, *dst, *callee, env),
            _ => {
                let mut uses = Vec::new();
                visit_op(op, &mut |part| {
                    if let Part::Use(o) = part {
                        uses.push(o);
                    }
                });
                uses.iter().for_each(|o| self.need(id, o));
            }
        }
    }

    fn closure(&mut self, id: FnId, dst: LocalId, callee: Bindable, env: &[Operand]) {
        for (n, operand) in env.iter().enumerate() {
            let needed = match callee {
                Bindable::Fn(f) => {
                    self.shows(id, &Operand::Local(dst), operand)
                        || self.kept.contains_key(&f) && self.is_needed(f, LocalId::from_usize(n))
                }
                Bindable::Prim(_) | Bindable::Method(_) => true,
            };
            if needed {
                self.need(id, operand);
            }
        }
    }

    fn call(&mut self, id: FnId, at: At, call: &Call, now: bool) {
        if let Callee::Prim(prim) = call.callee {
            return self.prim(id, prim, call);
        }
        let targets: Vec<FnId> = self.scopes.callees(id, at).collect();
        if now {
            for (n, dst) in call.dst.iter().enumerate() {
                if dst.is_some_and(|d| self.is_needed(id, d)) {
                    targets.iter().for_each(|f| self.need_result(*f, n));
                }
            }
        }
        if !self.keeps_action(id, at, call) {
            return;
        }
        match &call.callee {
            Callee::Value(o) | Callee::Method(o, _) => self.need(id, o),
            _ => {}
        }
        let direct = matches!(call.callee, Callee::Fn(_));
        let entered = direct && targets.iter().all(|f| self.kept.contains_key(f));
        for (n, arg) in call.args.iter().enumerate() {
            let wanted = targets.iter().any(|f| match direct && !self.scopes.is_helper(*f) {
                true => self.kept.contains_key(f) && self.is_needed(*f, LocalId::from_usize(n)),
                false => true,
            });
            if wanted || !entered && self.is_tainted(id, arg) {
                self.need(id, arg);
            }
        }
    }

    /// A result matters: the callee is followed if it is kept anyway or small, or may give the group.
    fn need_result(&mut self, f: FnId, n: usize) {
        let function = self.body(f);
        let Some(slot) = function.results.get(n) else { return };
        if !self.kept.contains_key(&f) {
            let class = self.scopes.classes.find(self.scopes.classes.local(f, slot.local));
            let carries = self.tainted.contains(&class)
                || slot.cell
                    && self
                        .scopes
                        .classes
                        .field(class, CONTENT)
                        .is_some_and(|c| self.tainted.contains(&c));
            let n: usize = function.blocks.iter().map(|b| b.instrs.len() + 1).sum();
            let polls = self.scopes.polls(f, self.group);
            if !carries && !polls && (n > SMALL || self.detail == Detail::Flags) {
                return;
            }
            self.add_with_callers(f);
        }
        if let Some(kept) = self.kept.get_mut(&f)
            && !std::mem::replace(&mut kept.results[n], true)
        {
            self.changed = true;
        }
    }

    fn prim(&mut self, id: FnId, prim: Prim, call: &Call) {
        let wanted = |this: &Self, n: usize| {
            call.dst.get(n).copied().flatten().is_some_and(|d| this.is_needed(id, d))
        };
        let first = call.args.first().copied().unwrap_or(Operand::Unknown);
        match prim {
            Prim::Send => {
                self.need(id, &first);
                if let Some(value) = call.args.get(1) {
                    self.need_member(id, &first, value);
                }
            }
            Prim::Recv if !self.in_group(id, &first) => {}
            Prim::Recv | Prim::SeqGet | Prim::MapGet | Prim::MapAt => {
                call.args.iter().for_each(|a| self.need(id, a));
                if wanted(self, 0) || wanted(self, 1) {
                    self.need_content(id, &first);
                }
            }
            Prim::SeqLen => {
                call.args.iter().for_each(|a| self.need(id, a));
                self.need_length(id, &first);
            }
            Prim::SeqAppend => {
                self.need(id, &first);
                let made = call.dst.first().copied().flatten().map(Operand::Local);
                for value in call.args.iter().skip(1) {
                    self.need_member(id, &first, value);
                    if let Some(made) = &made {
                        self.need_member(id, made, value);
                    }
                }
            }
            Prim::MapSet => {
                let [_, key, value] = call.args.as_slice() else { return };
                self.need(id, &first);
                self.need(id, key);
                self.need_member(id, &first, value);
            }
            Prim::Escape => {
                for arg in &call.args {
                    if self.is_tainted(id, arg) {
                        self.need(id, arg);
                    }
                }
            }
            _ => call.args.iter().for_each(|a| self.need(id, a)),
        }
    }
}
