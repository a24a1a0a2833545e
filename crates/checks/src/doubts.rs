//! Schedules of a leak that the source gives reasons to doubt.

mod constants;
mod elements;
mod marks;
mod slots;
mod unclosed;
mod values;

pub(crate) use constants::decides_constant;
pub(crate) use elements::answers_otherwise;
pub(crate) use marks::takes_for_end;
pub(crate) use slots::{is_pool, is_semaphore};
pub(crate) use unclosed::ends_unclosed;
pub(crate) use values::{
    counts_on, fails, fails_if_stuck, fills_nothing, is_nil_by_now, passes_error_on,
    shares_counter, starts_counted, sums_up, takes_for_own,
};

use crate::Ctx;
use stanch_base::FxHashSet;
use stanch_extract::RootLeak;
use stanch_ir::{
    BlockId, Callee, Func, FuncId, InstrKind, Operand, Proj, Rvalue, SelectOp, Span, Terminator,
};
use stanch_model::{Action, Decision, Leak, Site, Step, WaitReason};
use stanch_types::{ObjectId, TypeKind};

/// Whether `main` takes what one of its goroutines sends, and that is the end of the process: the others
/// end with it.
pub(crate) fn ends_with_process(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let RootLeak { root, leak, .. } = leak;
    let is_main = |func: &Func| func.symbol == "main.main";
    // Who waits for a signal in a program does so as long as that runs.
    if waits_for_signal(ctx, leak) && ctx.module.funcs.iter().any(is_main) {
        return true;
    }
    let main = is_main(&ctx.module.funcs[*root]);
    let sends = matches!(leak.wait, WaitReason::ChanSend);
    if !main || !sends || !leak.root_ended || leak.goroutine == 0 {
        return false;
    }
    let own = leak.witness.iter().filter(|step| step.goroutine == 0);
    let last = own.rev().find(|step| !matches!(step.action, Action::Return | Action::End));
    last.is_some_and(|step| match step.action {
        Action::Receive { .. } => true,
        Action::Select { arm, .. } => arm.is_some_and(|arm| {
            let arm = select(ctx, step).and_then(|(_, arms)| arms.get(arm as usize));
            arm.is_some_and(|arm| matches!(arm.op, SelectOp::Recv { .. }))
        }),
        _ => false,
    })
}

/// Whether what is waited for is a signal to the process.
fn waits_for_signal(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    leak.objects.iter().filter_map(|(_, site)| source(ctx, *site)).any(|(func, span)| {
        values::instrs(&ctx.module.funcs[func]).filter(|i| i.span == span).any(|i| match &i.kind {
            InstrKind::Assign(_, Rvalue::MakeChan { ty, .. }) => {
                let elem = ctx.program.chan_of(*ty).and_then(|c| ctx.program.named_object(c.1));
                elem.is_some_and(|o| {
                    o.package != ObjectId::UNIVERSE
                        && ctx.program.package_path(o.package) == "os"
                        && ctx.program.object_name(o) == "Signal"
                })
            }
            _ => false,
        })
    })
}

/// Whether `main` waits, by its decision or always, for a group of which a goroutine is still at work: that
/// is what the process is there for.
pub(crate) fn waits_for_workers(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let RootLeak { root, leak, .. } = leak;
    let main = ctx.module.funcs[*root].symbol == "main.main" && leak.goroutine == 0;
    let doomed = leak.doomed_by.and_then(|at| leak.witness.get(at as usize));
    if !main || leak.wait != WaitReason::WaitGroupWait || doomed.is_some_and(|s| s.goroutine != 0) {
        return false;
    }
    leak.witness.iter().any(|step| {
        let Action::Go { started, .. } = step.action else { return false };
        let gone =
            |s: &Step| s.goroutine == started && matches!(s.action, Action::End | Action::Block(_));
        !leak.witness.iter().any(gone)
    })
}

/// Whether an entry of a map is looked up that is taken to be there, and the schedule needs that it is
/// not, or is another one's: of its keys nothing is known.
pub(crate) fn finds_another(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    leak.assumptions.iter().any(|assumption| {
        let Decision::Choice(_) = assumption.decision else { return false };
        let site = leak.witness.get(assumption.step as usize).map(|step| step.site);
        site.and_then(|site| source(ctx, site)).is_some_and(|(func, span)| {
            let func = &ctx.module.funcs[func];
            let instrs = func.blocks.iter().flat_map(|b| &b.instrs);
            instrs.filter(|i| i.span == span).any(|i| match &i.kind {
                InstrKind::Assign(_, Rvalue::MapLookup { ok, .. }) => ok.is_none(),
                InstrKind::Assign(_, Rvalue::Load(place)) => match place.proj.as_slice() {
                    [Proj::Index(_)] => is_map(ctx, func, place.base),
                    _ => false,
                },
                _ => false,
            })
        })
    })
}

fn is_map(ctx: &Ctx<'_>, func: &Func, base: stanch_ir::PlaceBase) -> bool {
    let stanch_ir::PlaceBase::Local(local) = base else { return false };
    let ty = ctx.program.underlying(func.locals[local].ty);
    matches!(ctx.program.kind(ty), TypeKind::Map(..))
}

/// Whether a goroutine takes the arm of one timer twice without setting it again: it fires once.
pub(crate) fn timer_fires_twice(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    // What each goroutine did last at a select: which arm of a timer it took.
    let mut fired: Vec<(u32, (FuncId, BlockId), u32)> = Vec::new();
    for step in &leak.witness {
        let Action::Select { arm: Some(taken), .. } = step.action else { continue };
        let Some((at, arms)) = select(ctx, step) else { continue };
        let func = &ctx.module.funcs[at.0];
        let Some(arm) = arms.get(taken as usize) else { continue };
        let last = fired.iter().position(|f| (f.0, f.1) == (step.goroutine, at));
        if sets_timer(ctx, func, arm.target) {
            last.map(|n| fired.swap_remove(n));
            continue;
        }
        if !matches!(&arm.op, SelectOp::Recv { chan, .. } if is_timer(ctx, func, chan)) {
            continue;
        }
        match last {
            Some(n) if fired[n].2 == taken => return true,
            Some(n) => fired[n].2 = taken,
            None => fired.push((step.goroutine, at, taken)),
        }
    }
    false
}

/// Whether a goroutine takes a second signal: the first one is there to end what is going on.
pub(crate) fn takes_two_signals(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let mut taken: FxHashSet<u32> = FxHashSet::default();
    leak.witness.iter().any(|step| {
        let chan = match step.action {
            Action::Receive { closed: false, .. } => {
                source(ctx, step.site).and_then(|(f, span)| {
                    let func = &ctx.module.funcs[f];
                    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
                    instrs.find_map(|i| match &i.kind {
                        InstrKind::Recv { chan, .. } if i.span == span => Some((func, chan)),
                        _ => None,
                    })
                })
            }
            Action::Select { arm: Some(arm), .. } => {
                select(ctx, step).and_then(|(at, arms)| match &arms.get(arm as usize)?.op {
                    SelectOp::Recv { chan, .. } => Some((&ctx.module.funcs[at.0], chan)),
                    SelectOp::Send { .. } => None,
                })
            }
            _ => None,
        };
        chan.is_some_and(|(func, chan)| is_of_signals(ctx, func, chan))
            && !taken.insert(step.goroutine)
    })
}

/// Whether the values of a channel are signals.
fn is_of_signals(ctx: &Ctx<'_>, func: &Func, chan: &Operand) -> bool {
    let Operand::Local(chan) = chan else { return false };
    let element = ctx.program.chan_of(func.locals[*chan].ty).map(|c| c.1);
    element.and_then(|ty| ctx.program.named_object(ty)).is_some_and(|o| {
        o.package != ObjectId::UNIVERSE
            && ctx.program.package_path(o.package) == "os"
            && ctx.program.object_name(o) == "Signal"
    })
}

/// Whether a client's schedule needs that a method that is given nothing says now this, now that.
pub(crate) fn changes_its_mind(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let RootLeak { leak, client: true, .. } = leak else { return false };
    let mut said: Vec<(ObjectId, bool)> = Vec::new();
    for assumption in &leak.assumptions {
        let (Decision::Taken(answer) | Decision::Answer(answer)) = assumption.decision else {
            continue;
        };
        let site = leak.witness.get(assumption.step as usize).map(|step| step.site);
        let Some((func, span)) = site.and_then(|site| source(ctx, site)) else { continue };
        let answer = answer != ctx.text(span).starts_with('!');
        let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
        for instr in instrs.filter(|i| i.span.file == span.file) {
            let InstrKind::Call(call) = &instr.kind else { continue };
            let asked = match &call.callee {
                Callee::Static(object, _) if call.args.len() == 1 => *object,
                Callee::Interface { method, .. } if call.args.is_empty() => *method,
                _ => continue,
            };
            if !span.range.contains(instr.span.range) {
                continue;
            }
            if said.contains(&(asked, !answer)) {
                return true;
            }
            said.push((asked, answer));
        }
    }
    false
}

fn source(ctx: &Ctx<'_>, site: Site) -> Option<(FuncId, Span)> {
    ctx.explored.translated.source(site)
}

/// Where the select of a step is, and its arms.
fn select<'a>(
    ctx: &Ctx<'a>,
    step: &Step,
) -> Option<((FuncId, BlockId), &'a [stanch_ir::SelectArm])> {
    let (func, span) = source(ctx, step.site)?;
    let mut blocks = ctx.module.funcs[func].blocks.iter_enumerated();
    blocks.find_map(|(id, block)| match &block.term {
        Terminator::Select { arms, .. }
            if block.term_span == span || arms.iter().any(|arm| arm.span == span) =>
        {
            Some(((func, id), arms.as_slice()))
        }
        _ => None,
    })
}

/// Whether a channel is the one of a `time.Timer`.
fn is_timer(ctx: &Ctx<'_>, func: &Func, chan: &Operand) -> bool {
    let Operand::Local(chan) = chan else { return false };
    let mut instrs = func.blocks.iter().flat_map(|b| &b.instrs);
    instrs.any(|i| match &i.kind {
        InstrKind::Assign(dst, Rvalue::Load(place)) if dst == chan => match place.proj.last() {
            Some(Proj::Field(_, field)) => is_of_time(ctx, *field) && holds_timer(ctx, func, place),
            _ => false,
        },
        _ => false,
    })
}

/// Whether the field is one of a timer, not of a ticker.
fn holds_timer(ctx: &Ctx<'_>, func: &Func, place: &stanch_ir::Place) -> bool {
    let before = place.proj.iter().rev().skip(1).find_map(|proj| match proj {
        Proj::Field(_, object) => Some(ctx.program.object(*object).ty),
        Proj::Deref | Proj::Index(_) => None,
    });
    let base = match place.base {
        stanch_ir::PlaceBase::Local(local) => func.locals[local].ty,
        stanch_ir::PlaceBase::Global(object) => ctx.program.object(object).ty,
    };
    let ty = before.unwrap_or(base);
    let named = ctx.program.named_object(ctx.program.pointee(ty).unwrap_or(ty));
    named.is_some_and(|o| is_of_time(ctx, o) && ctx.program.object_name(o) == "Timer")
}

fn is_of_time(ctx: &Ctx<'_>, object: ObjectId) -> bool {
    object.package != ObjectId::UNIVERSE && ctx.program.package_path(object.package) == "time"
}

/// Whether some timer is set or made between an arm and the next select.
fn sets_timer(ctx: &Ctx<'_>, func: &Func, from: BlockId) -> bool {
    let mut seen: FxHashSet<BlockId> = FxHashSet::default();
    let mut todo = vec![from];
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        let block = &func.blocks[id];
        let sets = block.instrs.iter().any(|i| match &i.kind {
            InstrKind::Call(call) => match &call.callee {
                Callee::Static(object, _) => {
                    // A function that is given the timer may set it too.
                    let name = ctx.program.object_name(*object);
                    !is_of_time(ctx, *object) && gives_timer(ctx, func, call)
                        || is_of_time(ctx, *object) && matches!(name, "Reset" | "NewTimer")
                }
                Callee::Interface { .. } | Callee::Builtin(_) => gives_timer(ctx, func, call),
                _ => true,
            },
            _ => false,
        });
        if sets {
            return true;
        }
        if !matches!(block.term, Terminator::Select { .. }) {
            todo.extend(block.term.targets());
        }
    }
    false
}

/// Whether a call is given a timer or something that may hold one.
fn gives_timer(ctx: &Ctx<'_>, func: &Func, call: &stanch_ir::Call) -> bool {
    call.args.iter().any(|arg| match arg {
        Operand::Local(local) => {
            let ty = func.locals[*local].ty;
            let named = ctx.program.named_object(ctx.program.pointee(ty).unwrap_or(ty));
            ctx.program.pointee(ty).is_some()
                && named.is_none_or(|o| o.package == ctx.package || is_of_time(ctx, o))
        }
        _ => false,
    })
}
