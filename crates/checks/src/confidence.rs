//! How sure it is that a program does what the explorer found a schedule for.

use crate::{Ctx, doubts, times, waits};
use stanch_diagnostic::Confidence;
use stanch_extract::RootLeak;
use stanch_ir::{Callee, FuncId, InstrKind, Operand, Rvalue, Span};
use stanch_model::{Action as Act, Decision, FnId, Leak, LeakKind, Site, WaitReason};
use stanch_types::{ConstValue, ObjectId, TypeId, TypeKind};
use std::collections::BTreeSet;

/// Proved if the witness rests on nothing but the scheduler and the clock; possible if something speaks
/// against it.
pub(crate) fn confidence(ctx: &Ctx<'_>, leak: &RootLeak) -> Confidence {
    match is_likely(leak) {
        _ if doubt(ctx, leak).is_some() => Confidence::Possible,
        true => Confidence::Likely,
        false => Confidence::Proved,
    }
}

/// Whether the schedule rests on what the program may decide or others may do.
fn is_likely(leak: &RootLeak) -> bool {
    let mut assumed = leak.leak.assumptions.iter();
    leak.scaled || leak.client || leak.unexplored || assumed.any(|a| is_decided(a.decision))
}

fn is_decided(decision: Decision) -> bool {
    !matches!(decision, Decision::Happened(_))
}

/// What speaks against a schedule, if anything does.
pub(crate) fn doubt(ctx: &Ctx<'_>, root: &RootLeak) -> Option<&'static str> {
    let leak = &root.leak;
    let likely = is_likely(root);
    let hangs = leak.goroutine == 0 || leak.also_blocked.iter().any(|b| b.goroutine == 0);
    let stays = likely || leak.kind == LeakKind::AliveForEver || hangs;
    let reasons: [(&dyn Fn() -> bool, &'static str); 26] = [
        (
            &|| {
                let mut panics = leak.witness.iter().filter(|s| s.action == Act::Panic);
                panics.any(|step| !doubts::passes_error_on(ctx, step))
            },
            "nothing says that it can panic there",
        ),
        (&|| stays && in_test(ctx, root.root), "a test that hangs fails"),
        (&|| doubts::ends_with_process(ctx, root), "the process ends then"),
        (&|| doubts::waits_for_workers(ctx, root), "the process may be there to wait for this"),
        (
            &|| doubts::finds_another(ctx, leak),
            "the entry of the map may always be there, and the right one",
        ),
        (&|| doubts::timer_fires_twice(ctx, leak), "the timer fires once only"),
        (&|| doubts::takes_two_signals(ctx, leak), "the first signal may end the process"),
        (
            &|| doubts::changes_its_mind(ctx, root),
            "one and the same question is answered in two ways",
        ),
        (
            &|| doubts::answers_otherwise(ctx, leak),
            "what one loop asks of the elements of a list, the other does too",
        ),
        (&|| doubts::takes_for_own(ctx, leak), "the value may be another one than was made here"),
        (
            &|| doubts::takes_for_end(ctx, leak),
            "others send this value to say that nothing more comes",
        ),
        (&|| doubts::ends_unclosed(ctx, leak), "nobody closes the channel of that loop"),
        (&|| doubts::decides_constant(ctx, leak), "constants decide which way it goes there"),
        (&|| doubts::sums_up(ctx, leak), "the room may be counted for all who send"),
        (&|| doubts::counts_on(ctx, leak), "the two loops may count the same"),
        (&|| doubts::fills_nothing(ctx, leak), "the loop may always have a turn"),
        (&|| doubts::starts_counted(ctx, leak), "the counter may be 0 whenever this is called"),
        (&|| doubts::shares_counter(ctx, leak), "the goroutines may share the work out evenly"),
        (
            &|| doubts::is_nil_by_now(ctx, leak),
            "whoever set the channel to nil may know that nobody waits",
        ),
        (
            &|| doubts::fails_if_stuck(ctx, root),
            "a call that waits for it fails then, so it would be seen",
        ),
        (
            &|| likely && root.blurred && (root.doubted || !leaves_sender(ctx, leak)),
            "not all that decides whether it comes to this was followed",
        ),
        (
            &|| likely && decides_elsewhere(ctx, root),
            "another package may decide that it never comes to this",
        ),
        (
            &|| odd_sizes(ctx, leak) && !doubts::is_semaphore(ctx, leak),
            "the sizes may never be such",
        ),
        (
            &|| waits_on_purpose(ctx, root),
            "nobody in view ever brings what it waits for: that may be meant, or comes from elsewhere",
        ),
        (&|| stops_nothing(root), "whoever did not start it has no reason to stop it"),
        (
            &|| counts(ctx, root) || takes_slot_back(ctx, leak) && !doubts::is_pool(ctx, leak),
            "what was counted before may rule it out",
        ),
    ];
    reasons.iter().find(|(speaks, _)| speaks()).map(|(_, words)| *words)
}

/// Whether the schedule rests on a decision and goes through another package: what comes out of there may
/// decide it.
fn decides_elsewhere(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let sources = leak.leak.witness.iter().filter_map(|s| ctx.explored.translated.source(s.site));
    let decides = leak.leak.assumptions.iter().any(|a| is_decided(a.decision));
    decides && sources.into_iter().any(|(_, span)| span.package != ctx.package)
}

/// Whether the schedule needs that several unknown sizes differ, or that one is 0. The code that the
/// sizes come from tends to know better. A number that ends a loop early is none of them, unless the
/// room of a channel differs from it: that was computed.
fn odd_sizes(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let (mut sizes, mut early, mut room) = (BTreeSet::new(), BTreeSet::new(), false);
    for assumption in &leak.assumptions {
        let Decision::Size(n) = assumption.decision else { continue };
        let site = leak.witness.get(assumption.step as usize).map(|s| s.site);
        let source = site.and_then(|s| ctx.explored.translated.source(s));
        let ends = source.is_some_and(|(f, span)| times::is_limit(ctx, f, span));
        room |= source.is_some_and(|(f, span)| makes_room(ctx, f, span));
        if ends && n != 0 {
            early.insert(n)
        } else {
            sizes.insert(n)
        };
    }
    if room {
        sizes.append(&mut early);
    }
    sizes.len() > 1 || sizes.contains(&0)
}

/// Whether a channel is made there with a room that is no constant.
fn makes_room(ctx: &Ctx<'_>, func: FuncId, span: Span) -> bool {
    let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
    instrs.into_iter().any(|i| {
        i.span == span
            && matches!(&i.kind, InstrKind::Assign(_, Rvalue::MakeChan { cap: Some(_), .. }))
    })
}

/// Whether what is waited for is a slot of a semaphore, a channel with room for several empty values,
/// that its owner takes back: he knows that he has it.
fn takes_slot_back(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let with = |stack: &[(FnId, Site)]| {
        let mut leaks = ctx.explored.leaks.iter().map(|l| &l.leak);
        leaks.any(|l| l.stack.first() == stack.first() && waits_for_slot(ctx, l))
    };
    waits_for_slot(ctx, leak) || leak.also_blocked.iter().any(|b| with(&b.stack))
}

/// Whether a send into a channel without room is left because its receiver takes an arm of a select: what
/// was not followed may make that rare, hardly impossible.
fn leaves_sender(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let doom = leak.doomed_by.and_then(|n| leak.witness.get(n as usize));
    let arm = doom.is_some_and(|s| matches!(s.action, Act::Select { arm: Some(_), .. }));
    let unbuffered = |&(_, site): &(FnId, Site)| {
        let Some((func, span)) = ctx.explored.translated.source(site) else { return false };
        let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| {
            i.span == span
                && matches!(&i.kind, InstrKind::Assign(_, Rvalue::MakeChan { cap: None, .. }))
        })
    };
    arm && leak.wait == WaitReason::ChanSend
        && !leak.objects.is_empty()
        && leak.objects.iter().all(unbuffered)
}

fn waits_for_slot(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    leak.wait == WaitReason::ChanReceive
        && leak.objects.iter().any(|&(_, site)| {
            let Some((func, span)) = ctx.explored.translated.source(site) else { return false };
            let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
            instrs.filter(|i| i.span == span).any(|i| match &i.kind {
                InstrKind::Assign(_, Rvalue::MakeChan { ty, cap: Some(cap) }) => {
                    is_empty(ctx, *ty) && !matches!(cap, Operand::Const(n, _) if is_small(n))
                }
                _ => false,
            })
        })
}

/// Whether values of a channel have no size.
pub(crate) fn is_empty(ctx: &Ctx<'_>, chan: TypeId) -> bool {
    let element = ctx.program.chan_of(chan).map(|c| ctx.program.underlying(c.1));
    element.is_some_and(
        |ty| matches!(ctx.program.kind(ty), TypeKind::Struct(fields) if fields.is_empty()),
    )
}

/// Whether a buffer has room for one value at most.
fn is_small(size: &ConstValue) -> bool {
    matches!(size, ConstValue::Int(n) if i64::try_from(n.clone()).is_ok_and(|n| n <= 1))
}

/// Whether a client's schedule needs an answer of a function of `sync/atomic`: they tell what others have
/// done, of which the model knows nothing. That a swap succeeds is the rule.
fn counts(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let RootLeak { leak, client: true, .. } = leak else { return false };
    leak.assumptions.iter().any(|a| {
        let site = leak.witness.get(a.step as usize).map(|s| s.site);
        let Some((func, span)) = site.and_then(|s| ctx.explored.translated.source(s)) else {
            return false;
        };
        let succeeds = matches!(a.decision, Decision::Taken(true) | Decision::Answer(true));
        let instrs = ctx.module.funcs[func].blocks.iter().flat_map(|b| &b.instrs);
        instrs.into_iter().any(|i| match &i.kind {
            InstrKind::Call(call) => match &call.callee {
                Callee::Static(object, _) => {
                    let name = ctx.program.object_name(*object);
                    span.file == i.span.file
                        && span.range.contains(i.span.range)
                        && object.package != ObjectId::UNIVERSE
                        && ctx.program.package_path(object.package) == "sync/atomic"
                        && !(succeeds && name.starts_with("CompareAndSwap"))
                }
                _ => false,
            },
            _ => false,
        })
    })
}

/// Whether a client stops what was not set up: it would have no reason to.
fn stops_nothing(leak: &RootLeak) -> bool {
    let nil = matches!(leak.leak.wait, WaitReason::ChanSendNil | WaitReason::ChanReceiveNil);
    leak.client && nil
}

/// Whether a function waits, for its caller, for what comes on no path in view.
fn waits_on_purpose(ctx: &Ctx<'_>, leak: &RootLeak) -> bool {
    let receives = matches!(
        leak.leak.wait,
        WaitReason::ChanReceive
            | WaitReason::ChanReceiveNil
            | WaitReason::Select
            | WaitReason::SelectNoCases
    );
    receives
        && leak.leak.kind == LeakKind::BlockedForEver
        && leak.leak.goroutine == 0
        && leak.leak.rescuers.is_empty()
        && !waits::is_clock(ctx, &leak.leak)
        && !times::is_started(ctx, leak.root)
}

/// Whether a function is a test or part of one: it, or the function it stands in, is given the test.
fn in_test(ctx: &Ctx<'_>, func: FuncId) -> bool {
    let func = &ctx.module.funcs[func];
    let given = func.params.iter().any(|p| {
        let ty = func.locals[*p].ty;
        let named = ctx.program.named_object(ctx.program.pointee(ty).unwrap_or(ty));
        named.is_some_and(|o| {
            o.package != ObjectId::UNIVERSE && ctx.program.package_path(o.package) == "testing"
        })
    });
    given || func.parent.is_some_and(|parent| in_test(ctx, parent))
}
