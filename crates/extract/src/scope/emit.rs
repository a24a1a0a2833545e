//! Writes a slice as a program of its own.

use super::blur::Detail;
use super::classes::{At, block};
use super::keep::Keep;
use super::operations::{locks, matters};
use super::shape::{End, Shape};
use super::tidy::{Body, Ways, tidy};
use crate::flow::Join;
use stanch_base::{FxHashMap, Idx, IndexVec};
use stanch_ir::BlockId as FlowBlock;
use stanch_model::{
    AllocKind, Bindable, Block, BlockId, Call, Callee, Const, FnId, Function, Global, GlobalId,
    GlobalInit, Instr, Leak, LocalId, Method, Op, Operand, Part, Point, Prim, Program as Model,
    ResultSlot, SelectArm, SelectOp, Site, Term, TypeCase, TypeTag, UnknownKind, visit_op,
};

/// Tags of choices that no type has.
pub(super) const CHOICE: u32 = 0xff_0000;

/// A program with the way back to the model that it is a slice of.
#[derive(PartialEq)]
pub(crate) struct Sliced {
    pub(crate) program: Model,
    pub(crate) root: FnId,
    /// The functions, by their numbers in the slice.
    pub(crate) functions: Vec<FnId>,
    /// Where the instructions come from, by function and block.
    origins: Vec<Vec<Vec<Option<At>>>>,
    /// Whether a small number stands for a large one.
    pub(crate) scaled: bool,
    /// Parameters (captures first) of the root that are read.
    pub(crate) root_needs: Vec<bool>,
}

impl Sliced {
    /// The same with a small number for the one that is larger than the sizes that are tried, and that
    /// number.
    pub(crate) fn scaled_beyond(&self) -> Option<(Self, u32)> {
        let mut program = self.program.clone();
        let small = super::scale::scale_beyond(&mut program)?;
        let sliced = Self {
            scaled: self.scaled || program != self.program,
            program,
            root: self.root,
            functions: self.functions.clone(),
            origins: self.origins.clone(),
            root_needs: self.root_needs.clone(),
        };
        Some((sliced, small))
    }

    /// The place in the model of a place in the slice.
    pub(crate) fn origin(&self, point: Point) -> Option<(FnId, At)> {
        let func = *self.functions.get(point.func.index())?;
        let blocks = self.origins.get(point.func.index())?;
        let at = *blocks.get(point.block.index())?.get(point.instr as usize)?;
        Some((func, at?))
    }

    /// A leak with the functions of the model.
    pub(crate) fn lift(&self, mut leak: Leak) -> Leak {
        leak.map_functions(&mut |f| {
            self.functions.get(f.index()).copied().unwrap_or(FnId::from_raw(u32::MAX))
        });
        leak
    }
}

/// The program that a slice is.
pub(crate) fn emit(keep: &Keep<'_, '_>, ways: Ways) -> Sliced {
    let model = keep.scopes.model;
    let numbers: FxHashMap<FnId, FnId> =
        keep.order.iter().enumerate().map(|(n, f)| (*f, FnId::from_usize(n))).collect();
    let mut emitter = Emitter {
        keep,
        numbers,
        stub: FnId::from_usize(keep.order.len()),
        globals: IndexVec::new(),
        global_numbers: FxHashMap::default(),
        methods: Vec::new(),
    };
    let mut functions = IndexVec::new();
    let mut origins = Vec::new();
    for &id in &keep.order {
        let mut body = emitter.function(id);
        if !keep.scopes.is_helper(id) {
            tidy(&mut body, ways);
        }
        functions.push(body.function);
        origins.push(body.origins);
    }
    let mut stub = Function::new("nothing that matters");
    stub.blocks.push(Block { instrs: Vec::new(), term: Term::Return, term_site: Site::default() });
    functions.push(stub);
    let methods = emitter.table();
    let root = emitter.number(keep.root);
    let globals = emitter.globals;
    let f = &model.functions[keep.root];
    let n_in = (f.n_captures + f.n_params) as usize;
    let root_needs = (0..n_in).map(|n| keep.is_needed(keep.root, LocalId::from_usize(n))).collect();
    let mut program = Model { functions, globals, methods };
    let scaled = match keep.detail {
        Detail::Full => super::scale::scale(&mut program),
        Detail::Flags => super::scale::scale_all(&mut program),
    };
    Sliced { program, scaled, root, functions: keep.order.clone(), origins, root_needs }
}

struct Emitter<'k, 's, 'm> {
    keep: &'k Keep<'s, 'm>,
    numbers: FxHashMap<FnId, FnId>,
    stub: FnId,
    globals: IndexVec<GlobalId, Global>,
    global_numbers: FxHashMap<u32, GlobalId>,
    methods: Vec<stanch_model::MethodId>,
}

/// Slots of one function.
struct Slots {
    id: FnId,
    map: Vec<Option<LocalId>>,
    /// A slot that stays nil, and where results go that nobody wants.
    nil: LocalId,
    trash: LocalId,
}

impl Emitter<'_, '_, '_> {
    fn number(&self, id: FnId) -> FnId {
        self.numbers.get(&id).copied().unwrap_or(self.stub)
    }

    fn table(&mut self) -> Vec<Method> {
        let rows = self.keep.scopes.model.methods.iter();
        rows.filter(|row| self.methods.contains(&row.method))
            .map(|row| Method { function: self.number(row.function), ..*row })
            .collect()
    }

    fn function(&mut self, id: FnId) -> Body {
        let keep = self.keep;
        let old = &keep.scopes.model.functions[id];
        let mut new = Function::new(&old.name);
        new.n_captures = old.n_captures;
        new.n_params = old.n_params;
        new.main = old.main;
        let n_in = (old.n_captures + old.n_params) as usize;
        let map: Vec<Option<LocalId>> = old
            .locals
            .iter_enumerated()
            .map(|(local, name)| {
                let needed = keep.is_needed(id, local);
                let slot = (needed || local.index() < n_in).then(|| new.local(name));
                slot.filter(|_| needed)
            })
            .collect();
        let slots = Slots { id, map, nil: new.local(""), trash: new.local("") };
        for (n, result) in old.results.iter().enumerate() {
            let slot = match keep.kept[&id].results[n] {
                true => slots.map[result.local.index()],
                false => None,
            };
            new.results.push(ResultSlot {
                local: slot.unwrap_or(slots.nil),
                cell: result.cell && slot.is_some(),
            });
        }
        let shape = keep.scopes.shapes.get(id, keep.panics);
        let mut extra = Vec::new();
        let mut origins = Vec::new();
        for at in 0..old.blocks.len() {
            let (block, origin) = self.block(&slots, shape, at, old, &mut extra);
            new.blocks.push(block);
            origins.push(origin);
        }
        for b in extra {
            origins.push(vec![None; b.instrs.len()]);
            new.blocks.push(b);
        }
        Body { function: new, origins }
    }

    fn block(
        &mut self,
        slots: &Slots,
        shape: &Shape,
        at: usize,
        old: &Function,
        extra: &mut Vec<Block>,
    ) -> (Block, Vec<Option<At>>) {
        let body = &old.blocks[block(at)];
        let term_site = body.term_site;
        if shape.out[at] {
            return (Block { instrs: Vec::new(), term: Term::Exit, term_site }, Vec::new());
        }
        let kept = &self.keep.kept[&slots.id];
        let last = shape.cuts[at].map_or(body.instrs.len(), |c| c.0 as usize);
        let (mut instrs, mut origin) = (Vec::new(), Vec::new());
        for (n, instr) in body.instrs.iter().enumerate().take(last) {
            if !kept.instrs[at][n] {
                continue;
            }
            let here = At { block: block(at), instr: n as u32 };
            self.op(slots, here, &instr.op, &mut |op| {
                instrs.push(Instr { op, site: instr.site });
                origin.push(Some(here));
            });
        }
        let flow_block = FlowBlock::from_usize(at);
        if shape.flow.endless[flow_block] && shape.flow.in_loop[flow_block] && instrs.is_empty() {
            instrs.push(Instr { op: pause(), site: term_site });
            origin.push(None);
        }
        let term = match shape.cuts[at] {
            Some((n, end)) => {
                let site = body.instrs.get(n as usize).map_or(term_site, |i| i.site);
                let term = match end {
                    End::Exit => Term::Exit,
                    End::Panic => Term::Panic(Operand::Unknown),
                    End::Goexit => Term::Goexit,
                };
                return (Block { instrs, term, term_site: site }, origin);
            }
            None => self.term(slots, shape, at, old, extra),
        };
        (Block { instrs, term, term_site }, origin)
    }

    fn term(
        &mut self,
        slots: &Slots,
        shape: &Shape,
        at: usize,
        old: &Function,
        extra: &mut Vec<Block>,
    ) -> Term {
        let body = &old.blocks[block(at)];
        let kept = self.keep.kept[&slots.id].terms[at];
        let n_blocks = old.blocks.len();
        match (&body.term, shape.targets[at].as_slice()) {
            (Term::Return, _) => Term::Return,
            (Term::Select { arms, default }, _) if kept => {
                match self.keep.keeps_select(slots.id, &body.term) {
                    true => self.select(slots, arms, *default),
                    false => self.choice(slots, arms, *default, (n_blocks, extra), body.term_site),
                }
            }
            (Term::Branch { cond, then, els }, [_]) if self.keep.guards(slots.id, at) => {
                Term::Branch { cond: self.operand(slots, cond), then: *then, els: *els }
            }
            (_, [only]) => Term::Goto(block(*only)),
            (_, []) => Term::Exit,
            _ if !kept => match shape.flow.joins[FlowBlock::from_usize(at)] {
                Some(Join::Block(to)) => Term::Goto(block(to.index())),
                Some(Join::Return) | None => Term::Return,
                Some(Join::Never) => {
                    let to = block(n_blocks + extra.len());
                    extra.push(Block {
                        instrs: vec![Instr { op: pause(), site: body.term_site }],
                        term: Term::Goto(to),
                        term_site: body.term_site,
                    });
                    Term::Goto(to)
                }
            },
            (Term::Branch { cond, then, els }, _) => {
                Term::Branch { cond: self.operand(slots, cond), then: *then, els: *els }
            }
            (Term::TypeSwitch { value, cases, default }, _) => Term::TypeSwitch {
                value: self.operand(slots, value),
                cases: cases.clone(),
                default: *default,
            },
            (term, _) => term.clone(),
        }
    }

    fn select(&self, slots: &Slots, arms: &[SelectArm], default: Option<BlockId>) -> Term {
        let arms = arms.iter().map(|arm| {
            let op = match &arm.op {
                SelectOp::Send { chan, value } => SelectOp::Send {
                    chan: self.channel(slots, chan),
                    value: self.operand(slots, value),
                },
                SelectOp::Recv { chan, dst, ok, zero } => SelectOp::Recv {
                    chan: self.channel(slots, chan),
                    dst: dst.and_then(|d| slots.map[d.index()]),
                    ok: ok.and_then(|d| slots.map[d.index()]),
                    zero: *zero,
                },
            };
            SelectArm { op, target: arm.target, site: arm.site }
        });
        Term::Select { arms: arms.collect(), default }
    }

    /// The channel of an arm: of another group one that others serve at any time.
    fn channel(&self, slots: &Slots, chan: &Operand) -> Operand {
        match chan {
            Operand::Const(_) => *chan,
            _ if self.keep.in_group(slots.id, chan) => self.operand(slots, chan),
            _ if self.keep.is_nil_at_times(slots.id, chan)
                || self.keep.may_be_nil(slots.id, chan) =>
            {
                self.operand(slots, chan)
            }
            _ => Operand::Unknown,
        }
    }

    /// A select on channels of other groups: any arm.
    fn choice(
        &mut self,
        slots: &Slots,
        arms: &[SelectArm],
        default: Option<BlockId>,
        (n_blocks, extra): (usize, &mut Vec<Block>),
        site: Site,
    ) -> Term {
        let mut targets = Vec::new();
        for arm in arms {
            let mut instrs = Vec::new();
            match &arm.op {
                SelectOp::Recv { dst, ok, .. } => {
                    for dst in dst.iter().chain(ok).filter_map(|d| slots.map[d.index()]) {
                        let op = Op::Unknown { dst, kind: UnknownKind::Any };
                        instrs.push(Instr { op, site: arm.site });
                    }
                }
                SelectOp::Send { value, .. } if self.keep.is_tainted(slots.id, value) => {
                    let op = escape(vec![self.operand(slots, value)]);
                    instrs.push(Instr { op, site: arm.site });
                }
                SelectOp::Send { .. } => {}
            }
            if instrs.is_empty() {
                targets.push(arm.target);
            } else {
                targets.push(block(n_blocks + extra.len()));
                let term = Term::Goto(arm.target);
                extra.push(Block { instrs, term, term_site: arm.site });
            }
        }
        targets.extend(default);
        let _ = site;
        let Some(last) = targets.pop() else { return Term::Exit };
        if targets.is_empty() {
            return Term::Goto(last);
        }
        let cases = targets.into_iter().enumerate().map(|(n, target)| TypeCase {
            tags: vec![TypeTag(CHOICE + n as u32)],
            nil: false,
            target,
        });
        Term::TypeSwitch { value: Operand::Unknown, cases: cases.collect(), default: last }
    }

    fn operand(&self, slots: &Slots, operand: &Operand) -> Operand {
        match operand {
            Operand::Local(local) => match slots.map[local.index()] {
                Some(slot) => slot.into(),
                None => Const::Nil.into(),
            },
            Operand::Func(f) => Operand::Func(self.number(*f)),
            Operand::Const(_) | Operand::Unknown => *operand,
        }
    }

    fn operands(&self, slots: &Slots, operands: &[Operand]) -> Vec<Operand> {
        operands.iter().map(|o| self.operand(slots, o)).collect()
    }

    fn global(&mut self, global: GlobalId) -> GlobalId {
        if let Some(&new) = self.global_numbers.get(&global.raw()) {
            return new;
        }
        let mut copy = self.keep.scopes.model.globals[global].clone();
        if let GlobalInit::Func(f) = &mut copy.init {
            *f = self.number(*f);
        }
        let new = self.globals.push(copy);
        self.global_numbers.insert(global.raw(), new);
        new
    }

    fn op(&mut self, slots: &Slots, at: At, op: &Op, out: &mut dyn FnMut(Op)) {
        let dst = |l: &LocalId| slots.map[l.index()].unwrap_or(slots.trash);
        let o = |operand: &Operand| self.operand(slots, operand);
        if self.keep.blurs(slots.id, op) {
            let sized = |c: &Call| c.callee == Callee::Prim(Prim::SeqLen);
            let kind = match op {
                Op::Assign { .. } | Op::Direction { .. } => UnknownKind::NonNil,
                Op::Call(call) if sized(call) => UnknownKind::Size,
                _ => UnknownKind::Any,
            };
            visit_op(op, &mut |part| {
                if let Part::Def(d) = part
                    && let Some(dst) = slots.map[d.index()]
                {
                    out(Op::Unknown { dst, kind });
                }
            });
            return;
        }
        out(match op {
            Op::Assign { dst: d, src } => Op::Assign { dst: dst(d), src: o(src) },
            Op::Unknown { dst: d, kind } => Op::Unknown { dst: dst(d), kind: *kind },
            Op::Choose { dst: d, n } => Op::Choose { dst: dst(d), n: *n },
            Op::Alloc { dst: d, kind } => {
                let kind = self.kind(slots, kind, Some(*d));
                Op::Alloc { dst: dst(d), kind }
            }
            Op::NewContext { dst: d, cancel, parent, kind } => {
                let class =
                    self.keep.scopes.classes.find(self.keep.scopes.classes.local(slots.id, *d));
                if !self.keep.group.contains(&class) {
                    for d in [Some(*d), *cancel].iter().flatten() {
                        if let Some(dst) = slots.map[d.index()] {
                            out(Op::Unknown { dst, kind: UnknownKind::NonNil });
                        }
                    }
                    return;
                }
                let cancel = cancel.and_then(|c| slots.map[c.index()]);
                Op::NewContext { dst: dst(d), cancel, parent: o(parent), kind: *kind }
            }
            Op::Closure { dst: d, callee, env } => {
                let callee = match callee {
                    Bindable::Fn(f) => Bindable::Fn(self.number(*f)),
                    Bindable::Method(m) => {
                        let m = *m;
                        let env = self.operands(slots, env);
                        self.methods.push(m);
                        let callee = Bindable::Method(m);
                        return out(Op::Closure { dst: dst(d), callee, env });
                    }
                    Bindable::Prim(_) => *callee,
                };
                Op::Closure { dst: dst(d), callee, env: self.operands(slots, env) }
            }
            Op::Compare { dst: d, op, a, b } => {
                Op::Compare { dst: dst(d), op: *op, a: o(a), b: o(b) }
            }
            Op::Arith { dst: d, op, a, b } => Op::Arith { dst: dst(d), op: *op, a: o(a), b: o(b) },
            Op::Not { dst: d, a } => Op::Not { dst: dst(d), a: o(a) },
            Op::LoadCell { dst: d, cell } => Op::LoadCell { dst: dst(d), cell: o(cell) },
            Op::StoreCell { cell, src } => Op::StoreCell { cell: o(cell), src: o(src) },
            Op::LoadField { dst: d, base, field, zero } => {
                Op::LoadField { dst: dst(d), base: o(base), field: *field, zero: o(zero) }
            }
            Op::StoreField { base, field, src } => {
                Op::StoreField { base: o(base), field: *field, src: o(src) }
            }
            Op::Part { dst: d, base, field, kind } => {
                Op::Part { dst: dst(d), base: o(base), field: *field, kind: kind.clone() }
            }
            Op::CopyStruct { dst: d, src } => Op::CopyStruct { dst: dst(d), src: o(src) },
            Op::LoadGlobal { dst: d, global } => {
                let global = self.global(*global);
                Op::LoadGlobal { dst: dst(d), global }
            }
            Op::StoreGlobal { global, src } => {
                let src = o(src);
                let global = self.global(*global);
                Op::StoreGlobal { global, src }
            }
            Op::SetTag { dst: d, src, tag } => Op::SetTag { dst: dst(d), src: o(src), tag: *tag },
            Op::Assert { dst: d, ok, src, tags, keep } => Op::Assert {
                dst: dst(d),
                ok: ok.as_ref().map(dst),
                src: o(src),
                tags: tags.clone(),
                keep: *keep,
            },
            Op::Direction { dst: d, src, dir } => {
                Op::Direction { dst: dst(d), src: o(src), dir: *dir }
            }
            Op::Call(call) => return self.call(slots, at, call, out),
            Op::Go(call) => match self.later(slots, at, call) {
                Some(call) => Op::Go(call),
                None => return,
            },
            Op::Defer(call) => match self.later(slots, at, call) {
                Some(call) => Op::Defer(call),
                None => return,
            },
            Op::RunDefers => Op::RunDefers,
            Op::Recover { dst: d } => Op::Recover { dst: dst(d) },
        });
    }

    fn kind(&self, slots: &Slots, kind: &AllocKind, dst: Option<LocalId>) -> AllocKind {
        let classes = &self.keep.scopes.classes;
        let class = dst.map(|d| classes.find(classes.local(slots.id, d)));
        if super::is_shared(kind) && class.is_some_and(|c| !self.keep.group.contains(&c)) {
            return AllocKind::Token;
        }
        let o = |operand: &Operand| self.operand(slots, operand);
        match kind {
            AllocKind::Cell(x) => AllocKind::Cell(o(x)),
            AllocKind::Chan(x) => AllocKind::Chan(o(x)),
            AllocKind::Cond(x) => AllocKind::Cond(o(x)),
            AllocKind::AfterFunc(x) => AllocKind::AfterFunc(o(x)),
            AllocKind::AfterContext(x, y) => AllocKind::AfterContext(o(x), o(y)),
            AllocKind::Semaphore(x) => AllocKind::Semaphore(o(x)),
            AllocKind::Seq(x, y) => AllocKind::Seq(o(x), o(y)),
            other => other.clone(),
        }
    }

    /// A deferred call or a goroutine.
    fn later(&mut self, slots: &Slots, at: At, call: &Call) -> Option<Call> {
        let acts = self.keep.keeps_action(slots.id, at, call)
            || slots.id == self.keep.root && self.keep.forced == Some(at);
        if !acts {
            return None;
        }
        Some(Call {
            callee: self.callee(slots, &call.callee),
            args: self.operands(slots, &call.args),
            dst: Vec::new(),
        })
    }

    fn callee(&mut self, slots: &Slots, callee: &Callee) -> Callee {
        match callee {
            Callee::Fn(f) if self.numbers.contains_key(f) => Callee::Fn(self.number(*f)),
            Callee::Fn(_) => Callee::Opaque,
            Callee::Value(value) => Callee::Value(self.operand(slots, value)),
            Callee::Method(value, m) => {
                self.methods.push(*m);
                Callee::Method(self.operand(slots, value), *m)
            }
            other => *other,
        }
    }

    fn call(&mut self, slots: &Slots, at: At, call: &Call, out: &mut dyn FnMut(Op)) {
        let dst: Vec<Option<LocalId>> =
            call.dst.iter().map(|d| d.and_then(|d| slots.map[d.index()])).collect();
        let args = self.operands(slots, &call.args);
        if let Callee::Prim(prim) = call.callee
            && let Some(first) = call.args.first()
            && !matches!(first, Operand::Const(_))
            && (matters(prim) || locks(prim) || reads(prim))
            && !self.keep.in_group(slots.id, first)
        {
            if prim == Prim::Send {
                return out(escape(args.into_iter().skip(1).collect()));
            }
            for dst in dst.into_iter().flatten() {
                let kind = match prim {
                    Prim::ChanLen | Prim::ChanCap => UnknownKind::Size,
                    _ => UnknownKind::Any,
                };
                out(Op::Unknown { dst, kind });
            }
            return;
        }
        let acts =
            matches!(call.callee, Callee::Prim(_)) || self.keep.keeps_action(slots.id, at, call);
        let callee = match acts {
            true => self.callee(slots, &call.callee),
            false => match call.callee {
                Callee::Pure(kind) => Callee::Pure(kind),
                _ => Callee::Pure(UnknownKind::Any),
            },
        };
        let args = if acts { args } else { Vec::new() };
        out(Op::Call(Call { callee, args, dst }));
    }
}

/// Operations that only look at an object that others change.
fn reads(prim: Prim) -> bool {
    matches!(prim, Prim::ChanLen | Prim::ChanCap | Prim::CtxDone | Prim::CtxErr)
}

fn escape(args: Vec<Operand>) -> Op {
    Op::Call(Call { callee: Callee::Prim(Prim::Escape), args, dst: Vec::new() })
}

fn pause() -> Op {
    Op::Call(Call { callee: Callee::Prim(Prim::Yield), args: Vec::new(), dst: Vec::new() })
}
