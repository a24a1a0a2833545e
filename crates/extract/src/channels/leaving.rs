//! Receivers that leave: who asks for an answer and waits for it, but not for ever, leaves whoever sends
//! it behind; so does a caller whose context ends.
//!
//! The channel goes to the sender through a message, a map or a field, or to a receiver out of view, so
//! there is no schedule to explore. What is known instead: everybody who receives from such a channel.
//! It is made anew for each question; each receive from its class is an arm of a select, and by another
//! arm its function leaves without coming back. A send that is no arm of a select then finds nobody if it
//! comes later.

use super::enders::Ends;
use super::{Spot, Uses};
use crate::RootLeak;
use crate::names::{Known, Names};
use crate::translate::Translated;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_effects::Op as EffectOp;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Module, Operand, Proj,
    Rvalue, SelectOp, Span, Terminator,
};
use stanch_model::{
    Action, BlockId as ModelBlock, FnId, Leak, LeakKind, Point, Site, Step, WaitReason,
};
use stanch_types::{Builtin, ObjectId, TypeKind};

/// With more than this many places that make, or send to, channels of a class, it is not known whose is
/// whose.
const MAX_MAKERS: usize = 4;
const MAX_SENDS: usize = 6;
/// How far back the channel of an arm is followed.
const STEPS: usize = 8;
/// How deep calls are followed.
const CALLS: usize = 3;

/// How a receiver leaves.
#[derive(Clone, Copy)]
pub(super) struct Way {
    pub(super) func: FuncId,
    pub(super) block: BlockId,
    /// The arm by which it does.
    pub(super) arm: usize,
    /// Whether nothing is done then to keep the sender away.
    pub(super) quiet: bool,
    /// Whether besides that can happen at any time.
    pub(super) sure: bool,
}

/// Sends that nobody may come for.
pub(crate) fn abandoned(
    names: &Names<'_>,
    module: &Module,
    translated: &Translated,
) -> Vec<RootLeak> {
    let mut sites: FxHashMap<(FuncId, Span), Site> = FxHashMap::default();
    for (n, source) in translated.sites.iter().enumerate() {
        if let Some(source) = source {
            sites.entry(*source).or_insert(Site(n as u32));
        }
    }
    let classes = super::classes(names, module);
    let ends = Ends::of(&classes);
    let (closed, signalled) = (closed(names, module), signalled(names, module));
    let by = |c: &Uses| c.closes.iter().chain(&c.sends).map(|s| s.func).collect::<Vec<FuncId>>();
    let arms = classes.iter().flat_map(|c| c.receives.iter().map(move |r| (r, c)));
    let fed = arms.map(|(r, c)| ((r.func, r.block, r.arm), by(c))).collect();
    let finder = Finder { names, module, closed, signalled, ends, fed, sites };
    let mut found = Vec::new();
    finder.unmade(&mut found);
    let watched = finder.watched(&classes);
    finder.queued(&classes, &mut found);
    for uses in classes {
        if uses.made.len() <= MAX_MAKERS && uses.sends.len() <= MAX_SENDS {
            finder.replies(&uses, &mut found);
        }
        finder.siblings(&uses, &watched, &mut found);
        finder.unguarded(&uses, &mut found);
        finder.guarded(&uses, &mut found);
        finder.last_words(&uses, &mut found);
        finder.pending(&uses, &mut found);
        for (maker, room) in &uses.made {
            if let Some(room) = room {
                finder.stream(&uses, maker, *room, &mut found);
            }
        }
    }
    found
}

pub(super) struct Finder<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) module: &'a Module,
    /// Fields of which a channel is closed, and those with contexts.
    pub(super) closed: FxHashSet<ObjectId>,
    /// Fields with a channel of empty values to which methods send.
    pub(super) signalled: FxHashSet<ObjectId>,
    /// What brings the ends that fields' channels tell of.
    pub(super) ends: Ends,
    /// Arms that receive, with the functions that close what they receive from or send to it.
    pub(super) fed: FxHashMap<(FuncId, BlockId, Option<usize>), Vec<FuncId>>,
    sites: FxHashMap<(FuncId, Span), Site>,
}

impl<'a> Finder<'a> {
    fn func(&self, id: FuncId) -> &'a Func {
        &self.module.funcs[id]
    }

    /// Questions whose answers are not waited for to the end.
    fn replies(&self, uses: &Uses, found: &mut Vec<RootLeak>) {
        if uses.open || uses.receives.is_empty() {
            return;
        }
        let mut ways = Vec::new();
        for at in &uses.receives {
            let Some(way) = self.leaves(uses, at) else { return };
            ways.push(way);
        }
        for (maker, _) in uses.made.iter().filter(|m| m.1 == Some(0)) {
            // Who closes the channel when he leaves makes the sender panic: it does not stay.
            if self.closes_leaving(uses, maker.func) {
                continue;
            }
            // Who asks waits for the answer himself, or a function does that he calls for it.
            let own = |way: &&Way| {
                self.outermost(way.func) == self.outermost(maker.func)
                    || self.calls(maker.func, way.func)
            };
            let Some(way) = ways.iter().filter(own).max_by_key(|w| w.sure) else { continue };
            for send in uses.sends.iter().filter(|s| s.arm.is_none()) {
                // What one of those who ask hands down is his.
                let mut given = uses.made.iter().filter(|m| self.leads(m.0.func, send.func));
                if given.clone().next().is_some() && !given.any(|m| m.0.func == maker.func) {
                    continue;
                }
                // Who comes this way has not asked himself: he serves those who did.
                let apart = send.func == maker.func
                    && way.func == maker.func
                    && !self.reaches(maker.func, maker.block, send.block);
                let callback = !apart && self.outermost(send.func) == self.outermost(maker.func);
                if !apart && (send.func == way.func || callback && send.func == maker.func) {
                    continue;
                }
                // What asks may also tell the others that it leaves; and this may be the answer to one of
                // those who have room for it.
                let telling = callback && self.func(way.func).has_defer;
                let theirs =
                    uses.made.iter().any(|m| m.1 != Some(0)) && !self.leads(maker.func, send.func);
                let apart = way.sure || way.quiet && self.ends_apart(way, send);
                let sure = apart && !telling && !theirs;
                let leak = self.leak(maker, Way { sure, ..*way }, send, WaitReason::ChanSend);
                found.extend(leak.map(|mut leak| {
                    leak.doubted |= telling || theirs;
                    leak
                }));
            }
        }
    }

    /// Whether a function closes a channel however it leaves.
    pub(super) fn closes_leaving(&self, uses: &Uses, id: FuncId) -> bool {
        let deferred = |at: &Spot| {
            let mut instrs = self.func(id).blocks[at.block].instrs.iter();
            instrs.any(|i| i.span == at.span && matches!(i.kind, InstrKind::Defer(_)))
        };
        uses.closes.iter().any(|close| close.func == id && deferred(close))
    }

    /// Whether calls of a function lead to another, a few deep.
    fn leads(&self, id: FuncId, to: FuncId) -> bool {
        let mut from = vec![id];
        for _ in 0..CALLS {
            if from.iter().any(|f| self.calls(*f, to)) {
                return true;
            }
            let instrs = from.iter().flat_map(|f| &self.func(*f).blocks).flat_map(|b| &b.instrs);
            from = instrs
                .filter_map(|i| match &i.kind {
                    InstrKind::Call(call) => self.body(call),
                    _ => None,
                })
                .collect();
            from.sort_unstable();
            from.dedup();
        }
        false
    }

    /// Whether a function calls another.
    pub(super) fn calls(&self, id: FuncId, callee: FuncId) -> bool {
        let instrs = self.func(id).blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Call(call) => self.body(call) == Some(callee),
            _ => false,
        })
    }

    pub(super) fn body(&self, call: &Call) -> Option<FuncId> {
        match &call.callee {
            Callee::Static(object, _) => self.names.body(*object),
            Callee::Closure(literal, _) => Some(*literal),
            _ => None,
        }
    }

    /// How the function of a receive leaves without it.
    pub(super) fn leaves(&self, uses: &Uses, at: &Spot) -> Option<Way> {
        let own = at.arm?;
        let Terminator::Select { arms, default: None } = &self.func(at.func).blocks[at.block].term
        else {
            return None;
        };
        let others = arms.iter().enumerate().filter(|(n, _)| {
            let same = |r: &Spot| (r.func, r.block, r.arm) == (at.func, at.block, Some(*n));
            *n != own && !uses.receives.iter().any(same) && !uses.sends.iter().any(same)
        });
        // Who comes back for more serves others, and ends with his work.
        let asks = self.never_returns_to(uses, at.func, arms.get(own)?.target).is_some();
        let ways = others.filter_map(|(n, arm)| {
            let quiet = self.never_returns_to(uses, at.func, arm.target)?;
            let (SelectOp::Send { chan, .. } | SelectOp::Recv { chan, .. }) = &arm.op;
            let quiet = asks && quiet;
            let sure = quiet && self.comes_any_time(at.func, chan);
            Some(Way { func: at.func, block: at.block, arm: n, quiet, sure })
        });
        ways.max_by_key(|way| (way.sure, way.quiet, std::cmp::Reverse(way.arm)))
    }

    fn never_returns_to(&self, uses: &Uses, id: FuncId, from: BlockId) -> Option<bool> {
        self.never_returns(&uses.receives, &uses.made, id, from)
    }

    /// Whether a function ends from a block on without one of some operations; and whether it takes back
    /// nothing on the way. Where it makes the channel anew it is as if it ended.
    pub(super) fn never_returns(
        &self,
        operations: &[Spot],
        made: &[(Spot, Option<i64>)],
        id: FuncId,
        from: BlockId,
    ) -> Option<bool> {
        let func = self.func(id);
        let (mut seen, mut todo) = (FxHashSet::default(), vec![from]);
        let (mut ends, mut quiet) = (false, true);
        while let Some(block) = todo.pop() {
            // The next question has a channel of its own.
            if made.iter().any(|m| m.0.func == id && m.0.block == block) {
                ends = true;
                continue;
            }
            if !seen.insert(block) {
                continue;
            }
            if operations.iter().any(|r| r.func == id && r.block == block) {
                return None;
            }
            let body = &func.blocks[block];
            for instr in &body.instrs {
                if let InstrKind::Call(call) | InstrKind::Go(call) = &instr.kind {
                    let callee = self.body(call);
                    if callee.is_some_and(|f| operations.iter().any(|r| r.func == f)) {
                        return None;
                    }
                }
                quiet &= !self.takes_back(&instr.kind);
            }
            ends |= matches!(body.term, Terminator::Return);
            todo.extend(body.term.targets());
        }
        ends.then_some(quiet)
    }

    /// Whether an instruction may keep the sender away: an entry is taken out, something is ended.
    fn takes_back(&self, kind: &InstrKind) -> bool {
        match kind {
            InstrKind::MapDelete { .. } => true,
            InstrKind::Store(place, _) => self.is_list(place),
            InstrKind::Call(call) | InstrKind::Defer(call) => match &call.callee {
                Callee::Builtin(Builtin::Close) | Callee::Value(_) => true,
                Callee::Static(object, _) => self.names.body(*object).is_some_and(|f| {
                    let instrs = self.func(f).blocks.iter().flat_map(|b| &b.instrs);
                    instrs.into_iter().any(|i| match &i.kind {
                        InstrKind::MapDelete { .. } => true,
                        InstrKind::Store(place, _) => self.is_list(place),
                        InstrKind::Call(call) => {
                            matches!(call.callee, Callee::Builtin(Builtin::Close))
                        }
                        _ => false,
                    })
                }),
                _ => false,
            },
            InstrKind::Send { .. } => true,
            _ => false,
        }
    }

    /// Whether a place is a list in a field, from which a store may take something out.
    fn is_list(&self, place: &stanch_ir::Place) -> bool {
        let program = self.names.program;
        let ty = super::last_field(place).map(|f| program.underlying(program.object(f).ty));
        ty.is_some_and(|ty| matches!(program.kind(ty), TypeKind::Slice(_)))
    }

    /// Whether an arm can be taken at any time from now: a timer's, or that of a context that the function
    /// was given or has made.
    pub(super) fn comes_any_time(&self, id: FuncId, chan: &Operand) -> bool {
        let func = self.func(id);
        let Operand::Local(mut at) = *chan else { return false };
        for _ in 0..STEPS {
            let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
            let mut from = instrs.filter_map(|i| match &i.kind {
                InstrKind::Assign(dst, value) if *dst == at => match value {
                    Rvalue::Use(Operand::Local(x)) | Rvalue::Convert(Operand::Local(x), _) => {
                        Some(Ok(*x))
                    }
                    Rvalue::Load(place) => Some(Err(match place.proj.last() {
                        Some(Proj::Field(_, field)) => self.is_of_time(*field),
                        _ => false,
                    })),
                    _ => Some(Err(false)),
                },
                InstrKind::Call(call) if call.dst.first() == Some(&at) => {
                    Some(Err(self.ends_any_time(func, call)))
                }
                _ => None,
            });
            match from.next_back() {
                Some(Ok(local)) => at = local,
                Some(Err(sure)) => return sure,
                None => return false,
            }
        }
        false
    }

    /// Whether a call gives a channel that a timer or the context of a caller closes or sends to.
    fn ends_any_time(&self, func: &Func, call: &Call) -> bool {
        let (object, recv) = match &call.callee {
            Callee::Static(object, _) => (*object, call.args.first()),
            Callee::Interface { recv, method } => (*method, Some(recv)),
            _ => return false,
        };
        let Known::Effect(effect) = self.names.known(object) else { return false };
        match effect.op {
            EffectOp::TimeAfter | EffectOp::TimeTick => true,
            EffectOp::ContextDone => match recv {
                Some(Operand::Local(context)) => self.is_given(func, *context),
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a context is a parameter, or made from one here.
    fn is_given(&self, func: &Func, context: LocalId) -> bool {
        let mut at = context;
        for _ in 0..STEPS {
            if matches!(func.locals[at].kind, LocalKind::Param | LocalKind::Capture) {
                return true;
            }
            let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
            let mut from = instrs.filter_map(|i| match &i.kind {
                InstrKind::Assign(dst, Rvalue::Use(Operand::Local(x))) if *dst == at => {
                    Some(Ok(*x))
                }
                InstrKind::Assign(dst, Rvalue::Load(place)) if *dst == at => {
                    Some(Err(super::last_field(place)))
                }
                InstrKind::Call(call) if call.dst.first() == Some(&at) => match call.args.first() {
                    Some(Operand::Local(x)) => Some(Ok(*x)),
                    _ => None,
                },
                _ => None,
            });
            match from.next_back() {
                Some(Ok(local)) => at = local,
                Some(Err(field)) => return field.is_some_and(|f| self.is_given_to(f)),
                None => return false,
            }
        }
        false
    }

    /// Whether an unexported field of a type of this package holds nothing but contexts that functions were
    /// given, all of them put there where its object is made.
    fn is_given_to(&self, field: ObjectId) -> bool {
        let program = self.names.program;
        if super::is_exported(program.object_name(field)) {
            return false;
        }
        let mut given = false;
        for func in &self.module.funcs {
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                match &instr.kind {
                    InstrKind::Assign(_, Rvalue::Composite { ty, elems }) => {
                        let TypeKind::Struct(all) = program.kind(program.underlying(*ty)) else {
                            continue;
                        };
                        let own = |n: u32| all.get(n as usize).is_some_and(|f| f.object == field);
                        for (_, value) in elems.iter().filter(|e| own(e.0)) {
                            match value {
                                Operand::Local(x) if is_parameter(func, *x) => given = true,
                                _ => return false,
                            }
                        }
                    }
                    InstrKind::Store(place, _) if super::last_field(place) == Some(field) => {
                        return false;
                    }
                    InstrKind::Assign(_, Rvalue::AddressOf(place))
                        if super::last_field(place) == Some(field) =>
                    {
                        return false;
                    }
                    _ => {}
                }
            }
        }
        given
    }

    /// Whether a channel to receive from is what the declared function was given: its caller ends it.
    fn is_given_end(&self, id: FuncId, chan: &Operand) -> bool {
        let Operand::Local(mut at) = *chan else { return false };
        let mut id = id;
        for _ in 0..STEPS {
            let func = self.func(id);
            match func.locals[at].kind {
                LocalKind::Param => {
                    let chan = self.names.program.chan_of(func.locals[at].ty);
                    return func.parent.is_none()
                        && matches!(chan, Some((stanch_syntax::ast::ChanDir::Recv, _)));
                }
                LocalKind::Capture => {
                    let capture = func.captures.iter().find(|c| c.inner == at);
                    let (Some(capture), Some(parent)) = (capture, func.parent) else {
                        return false;
                    };
                    (id, at) = (parent, capture.outer);
                }
                _ => {
                    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
                    let from = instrs.find_map(|i| match &i.kind {
                        InstrKind::Assign(dst, Rvalue::Use(Operand::Local(x))) if *dst == at => {
                            Some(*x)
                        }
                        _ => None,
                    });
                    match from {
                        Some(from) => at = from,
                        None => return false,
                    }
                }
            }
        }
        false
    }

    fn is_of_time(&self, object: ObjectId) -> bool {
        object.package != ObjectId::UNIVERSE
            && self.names.program.package_path(object.package) == "time"
    }

    /// Channels that a function returns, or hands to code out of view, while it goes on sending: where one send
    /// gives up with the context of the caller, the caller may be gone, for the other sends too. What there is
    /// room for may be used up by sends that come again and again.
    fn stream(&self, uses: &Uses, maker: &Spot, room: i64, found: &mut Vec<RootLeak>) {
        let given = uses.returned.contains(&maker.func) || uses.open && uses.receives.is_empty();
        if !given || self.func(maker.func).parent.is_some() {
            return;
        }
        let inside = |id: FuncId| id != maker.func && self.outermost(id) == maker.func;
        let literals: Vec<FuncId> = self.module.funcs.ids().filter(|f| inside(*f)).collect();
        let for_it = |id: FuncId| inside(id) || literals.iter().any(|f| self.leads(*f, id));
        let careful = uses.sends.iter().filter(|s| for_it(s.func)).find_map(|at| {
            let Terminator::Select { arms, default: None } =
                &self.func(at.func).blocks[at.block].term
            else {
                return None;
            };
            at.arm?;
            let arm = arms.iter().position(|arm| match &arm.op {
                SelectOp::Recv { chan, .. } => {
                    self.comes_any_time(at.func, chan) || self.is_given_end(at.func, chan)
                }
                SelectOp::Send { .. } => false,
            })?;
            Some(Way { func: at.func, block: at.block, arm, quiet: true, sure: true })
        });
        let Some(way) = careful else { return };
        for send in uses.sends.iter().filter(|s| inside(s.func) && s.arm.is_none()) {
            let later = send.func != way.func || self.reaches(way.func, way.block, send.block);
            let again = |func, block| {
                let next = self.func(func).blocks[block].term.targets();
                next.into_iter().any(|to| self.reaches(func, to, block))
            };
            let full = match room {
                0 => true,
                1 => later,
                _ => later && again(way.func, way.block),
            };
            if full {
                found.extend(self.leak(maker, way, send, WaitReason::ChanSend));
            }
        }
    }

    pub(super) fn reaches(&self, id: FuncId, from: BlockId, to: BlockId) -> bool {
        let (mut seen, mut todo) = (FxHashSet::default(), vec![from]);
        while let Some(block) = todo.pop() {
            if block == to {
                return true;
            }
            if seen.insert(block) {
                todo.extend(self.func(id).blocks[block].term.targets());
            }
        }
        false
    }

    /// The declared function that a function stands in.
    pub(super) fn outermost(&self, mut id: FuncId) -> FuncId {
        while let Some(parent) = self.func(id).parent {
            id = parent;
        }
        id
    }

    /// One leaves by an arm, the other comes with the value then.
    pub(super) fn leak(
        &self,
        made: &Spot,
        way: Way,
        send: &Spot,
        wait: WaitReason,
    ) -> Option<RootLeak> {
        let Terminator::Select { arms, .. } = &self.func(way.func).blocks[way.block].term else {
            return None;
        };
        let leaving = Action::Select { arm: Some(way.arm as u32), with: None };
        let first = (way.func, arms.get(way.arm)?.span, leaving);
        let mut others = arms.iter().enumerate().filter(|(n, _)| *n != way.arm).map(|a| a.1);
        let sends = wait == WaitReason::ChanSend;
        let rescuer = others.find(|arm| matches!(arm.op, SelectOp::Recv { .. }) == sends);
        let rescuer = rescuer.map(|arm| (way.func, arm.span));
        let mut leak = self.told(Some(made), Some(first), (send, wait), rescuer, way.sure)?;
        leak.doubted = !way.sure
            && (!self.fires(&way, send)
                || self.ends_after(&way, send)
                || self.makes_another(send.func, made));
        Some(leak)
    }

    /// Whether a function makes a channel like one that is made in another: it may well send into its own.
    fn makes_another(&self, id: FuncId, made: &Spot) -> bool {
        let made_in = |id: FuncId, at: Option<Span>| {
            let func = &self.module.funcs[id];
            let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
            instrs.filter_map(move |i| match &i.kind {
                InstrKind::Assign(to, Rvalue::MakeChan { .. })
                    if at.is_none_or(|at| at == i.span) =>
                {
                    Some(func.locals[*to].ty)
                }
                _ => None,
            })
        };
        id != made.func
            && made_in(made.func, Some(made.span)).any(|ty| made_in(id, None).any(|own| own == ty))
    }

    /// A leak of two steps: the first, after which nobody comes (none if nobody ever does), and the wait.
    pub(super) fn told(
        &self,
        made: Option<&Spot>,
        first: Option<(FuncId, Span, Action)>,
        (waits, wait): (&Spot, WaitReason),
        rescuer: Option<(FuncId, Span)>,
        sure: bool,
    ) -> Option<RootLeak> {
        let site = |func: FuncId, span: Span| self.sites.get(&(func, span)).copied();
        let model = |id: FuncId| FnId::from_usize(id.index());
        let waits_at = site(waits.func, waits.span)?;
        let objects = match made {
            Some(made) => vec![(model(made.func), site(made.func, made.span)?)],
            None => Vec::new(),
        };
        let step = |goroutine, func, site, action| Step { goroutine, func, site, action };
        let root = first.as_ref().map_or(waits.func, |first| first.0);
        let first = first.and_then(|f| Some(step(0, model(f.0), site(f.0, f.1)?, f.2)));
        let mut witness: Vec<Step> = first.into_iter().collect();
        let doomed_by = (!witness.is_empty()).then_some(0);
        witness.push(step(1, model(waits.func), waits_at, Action::Block(wait)));
        let rescuer = rescuer.and_then(|r| Some((model(r.0), site(r.0, r.1)?)));
        let leak = Leak {
            kind: LeakKind::BlockedForEver,
            goroutine: 1,
            entry: model(waits.func),
            wait,
            stack: vec![(model(waits.func), waits_at)],
            point: Point {
                func: model(waits.func),
                block: ModelBlock::from_usize(waits.block.index()),
                instr: 0,
            },
            created_by: None,
            objects,
            also_blocked: Vec::new(),
            witness,
            assumptions: Vec::new(),
            doomed_by,
            rescuers: rescuer.into_iter().collect(),
            helped: Vec::new(),
            alone: false,
            ends_elsewhere: false,
            process_may_end: true,
            root_ended: true,
            n_states: 0,
            widened: false,
        };
        Some(RootLeak {
            root: self.outermost(root),
            leak,
            complete: true,
            blurred: !sure,
            doubted: false,
            scaled: false,
            client: false,
            unexplored: true,
        })
    }
}

/// Whether a local is a parameter, or a captured variable, or a copy of one.
fn is_parameter(func: &Func, local: LocalId) -> bool {
    let given = |x: LocalId| matches!(func.locals[x].kind, LocalKind::Param | LocalKind::Capture);
    let copied = |i: &stanch_ir::Instr| match &i.kind {
        InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) => *to == local && given(*from),
        _ => false,
    };
    given(local) || func.blocks.iter().flat_map(|b| &b.instrs).any(copied)
}

/// Fields whose channel is closed somewhere, and fields that are contexts.
fn closed(names: &Names<'_>, module: &Module) -> FxHashSet<ObjectId> {
    let mut found: FxHashSet<ObjectId> = FxHashSet::default();
    for func in &module.funcs {
        let mut loaded: FxHashMap<LocalId, ObjectId> = FxHashMap::default();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(dst, Rvalue::Load(place)) => {
                    let Some(field) = super::last_field(place) else { continue };
                    if names.program.is_interface(names.program.object(field).ty) {
                        found.insert(field);
                    }
                    loaded.insert(*dst, field);
                }
                InstrKind::Call(call) | InstrKind::Defer(call)
                    if call.callee == Callee::Builtin(Builtin::Close) =>
                {
                    if let Some(Operand::Local(chan)) = call.args.first() {
                        found.extend(loaded.get(chan));
                    }
                }
                _ => {}
            }
        }
    }
    found
}

/// Fields with a channel of empty values that methods send to: it says nothing but that it is time.
fn signalled(names: &Names<'_>, module: &Module) -> FxHashSet<ObjectId> {
    let program = names.program;
    let is_empty = |field: &ObjectId| {
        let sent = program.chan_of(program.object(*field).ty).map(|c| program.underlying(c.1));
        let kind = sent.map(|ty| program.kind(ty));
        matches!(kind, Some(TypeKind::Struct(fields)) if fields.is_empty())
    };
    let mut found: FxHashSet<ObjectId> = FxHashSet::default();
    for func in module.funcs.iter().filter(|f| f.has_recv) {
        let mut loaded: FxHashMap<LocalId, ObjectId> = FxHashMap::default();
        let mut sent: Vec<LocalId> = Vec::new();
        for body in &func.blocks {
            for instr in &body.instrs {
                match &instr.kind {
                    InstrKind::Assign(dst, Rvalue::Load(place)) => {
                        loaded.extend(super::last_field(place).map(|field| (*dst, field)));
                    }
                    InstrKind::Send { chan: Operand::Local(chan), .. } => sent.push(*chan),
                    _ => {}
                }
            }
            if let Terminator::Select { arms, .. } = &body.term {
                sent.extend(arms.iter().filter_map(|arm| match arm.op {
                    SelectOp::Send { chan: Operand::Local(chan), .. } => Some(chan),
                    _ => None,
                }));
            }
        }
        found.extend(sent.iter().filter_map(|c| loaded.get(c)).copied().filter(is_empty));
    }
    found
}
