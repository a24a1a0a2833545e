//! What comes out of variables of other packages, and of those that change: functions and values of types
//! that nobody in view may have made. Who calls one gives its arguments out of view, though functions in
//! view may be meant as well.

use super::classes::{At, Classes};
use stanch_base::FxHashSet;
use stanch_model::{Callee, FnId, LocalId, Op, Program as Model};

/// Notes as leaving view what is given to values that come out of such variables, where they are read.
pub(super) fn hand_out(model: &Model, classes: &mut Classes, outside: &[(FnId, LocalId)]) {
    let from = held(classes, outside);
    if from.is_empty() {
        return;
    }
    let mut leaving: Vec<(FnId, At, u32)> = Vec::new();
    for (id, function) in model.functions.iter_enumerated() {
        for (block, body) in function.blocks.iter_enumerated() {
            for (n, instr) in body.instrs.iter().enumerate() {
                let (Op::Call(call) | Op::Go(call) | Op::Defer(call)) = &instr.op else { continue };
                let (Callee::Value(value) | Callee::Method(value, _)) = &call.callee else {
                    continue;
                };
                if classes.operand(id, value).is_some_and(|class| from.contains(&class)) {
                    let at = At { block, instr: n as u32 };
                    let given = call.args.iter().filter_map(|arg| classes.operand(id, arg));
                    leaving.extend(given.map(|class| (id, at, class)));
                }
            }
        }
    }
    for (id, at, class) in leaving {
        classes.facts[id].escapes.push((at, class));
    }
}

/// The classes of what is read and of all that it leads to.
fn held(classes: &Classes, reads: &[(FnId, LocalId)]) -> FxHashSet<u32> {
    let mut found = FxHashSet::default();
    let mut todo: Vec<u32> =
        reads.iter().map(|(id, to)| classes.find(classes.local(*id, *to))).collect();
    while let Some(class) = todo.pop() {
        if found.insert(class) {
            classes.each_held(class, &mut |part| todo.push(part));
        }
    }
    found
}
