//! Which leaks in the exploration of a client are those of the type.

use crate::roots::One;
use stanch_base::Idx;
use stanch_model::{Action, Decision, FnId, Leak, Step};

/// Of a client's leaks, those in which it hangs in the stop or is through.
pub(crate) fn only_in_stop(one: &mut One, stop: FnId) {
    let functions = &one.sliced.functions;
    let in_stop = |stack: &[(FnId, stanch_model::Site)]| {
        stack.iter().any(|f| functions.get(f.0.index()) == Some(&stop))
    };
    one.outcome.leaks.retain(|leak| match leak.goroutine {
        0 => in_stop(&leak.stack),
        _ => leak.also_blocked.iter().all(|b| b.goroutine != 0 || in_stop(&b.stack)),
    });
}

/// Of the leaks of a client whose call meets with the stop, those in which that call alone hangs: its own
/// goroutine did nothing wrong.
pub(crate) fn only_in_call(one: &mut One, method: FnId) {
    let functions = &one.sliced.functions;
    one.outcome.leaks.retain(|leak| {
        let outermost = leak.stack.last().and_then(|f| functions.get(f.0.index()));
        outermost == Some(&method)
            && leak.goroutine != 0
            && leak.also_blocked.iter().all(|b| b.goroutine != 0)
    });
}

/// Whether another goroutine, after it met with the first one, decided by itself to go where nobody can
/// help that any more: it was not told to by others, and tells nobody.
pub(crate) fn decided_by_other(leak: &Leak) -> bool {
    let Some(doomed) = leak.doomed_by.map(|at| at as usize) else { return false };
    let Some(by) = leak.witness.get(doomed).map(|step| step.goroutine).filter(|g| *g != 0) else {
        return false;
    };
    let met = |step: &Step| match (step.goroutine, &step.action) {
        (0, Action::Send { to: Some(g) } | Action::Select { with: Some(g), .. }) => *g == by,
        (g, Action::Receive { from: Some(0), .. } | Action::Select { with: Some(0), .. }) => {
            g == by
        }
        _ => false,
    };
    let Some(last) = leak.witness.iter().take(doomed + 1).rposition(met) else { return false };
    let mut after = leak.witness.iter().skip(last + 1).filter(|step| step.goroutine == by);
    let mut decides = false;
    let alone = after.all(|step| match &step.action {
        Action::Branch(Decision::Happened(_)) => false,
        Action::Branch(_) => {
            decides = true;
            true
        }
        Action::Lock { .. }
        | Action::Unlock { .. }
        | Action::Operation
        | Action::Call { .. }
        | Action::Return
        | Action::End
        | Action::Block(_) => true,
        _ => false,
    });
    alone && decides
}
