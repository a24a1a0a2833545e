//! Questions about the elements of one list in two loops: what one loop answers, the other does too.

use super::values::{decisions, instrs};
use crate::Ctx;
use stanch_ir::{
    Callee, Func, InstrKind, LocalId, LocalKind, Operand, Place, PlaceBase, Proj, Rvalue, Span,
    Terminator,
};
use stanch_model::Leak;
use std::fmt::Write;

/// Operations deep to which a question is followed.
const DEPTH: u32 = 8;

/// Whether the schedule answers the same question about the elements of the same list in other ways in a
/// second loop.
pub(crate) fn answers_otherwise(ctx: &Ctx<'_>, leak: &Leak) -> bool {
    let mut asked: Vec<(Span, bool, String, Vec<bool>)> = Vec::new();
    for (id, span, answer) in decisions(ctx, leak) {
        if let Some((_, equal, _, answers)) = asked.iter_mut().find(|a| a.0 == span) {
            answers.push(answer != *equal);
            continue;
        }
        let func = &ctx.module.funcs[id];
        let asks = instrs(func).filter(|i| i.span == span).find_map(|i| match &i.kind {
            InstrKind::Assign(to, _) => Some(*to),
            InstrKind::Call(call) => call.dst.first().copied(),
            _ => None,
        });
        let asks = asks.or_else(|| {
            func.blocks.iter().filter(|b| b.term_span == span).find_map(|b| match &b.term {
                Terminator::Branch { cond: Operand::Local(cond), .. } => Some(*cond),
                _ => None,
            })
        });
        let mut text = String::new();
        if asks.and_then(|l| local(func, l, DEPTH, &mut text)).is_some() && text.contains("elem ") {
            // `==` is what `!=` is not.
            let equal = text.strip_prefix("Eq(").map(|rest| format!("Ne({rest}"));
            let is_equal = equal.is_some();
            let text = format!("{id:?} {}", equal.unwrap_or(text));
            asked.push((span, is_equal, text, vec![answer != is_equal]));
        }
    }
    asked.iter().enumerate().any(|(n, (_, _, question, answers))| {
        asked[n + 1..].iter().any(|(_, _, other, theirs)| other == question && theirs != answers)
    })
}

/// Writes what a local is computed from.
fn local(func: &Func, of: LocalId, depth: u32, text: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    let info = &func.locals[of];
    if info.address_taken {
        return None;
    }
    for block in &func.blocks {
        if let Terminator::RangeNext { over, key, value, .. } = &block.term
            && [key, value].contains(&&Some(of))
        {
            text.push_str(if *value == Some(of) { "elem " } else { "index " });
            return operand(func, over, depth, text);
        }
    }
    let mut defs = instrs(func).filter(|i| {
        let mut defines = false;
        i.kind.for_each_def(|l| defines |= l == of);
        defines && !matches!(i.kind, InstrKind::DeclareVar(_))
    });
    match (defs.next().map(|i| &i.kind), defs.next()) {
        (Some(InstrKind::Assign(_, value)), None) => computed(func, value, depth, text),
        (Some(InstrKind::Call(call)), None) => {
            let Callee::Static(object, _) = &call.callee else { return None };
            write!(text, "{object:?}(").ok()?;
            call.args.iter().try_for_each(|arg| {
                text.push(',');
                operand(func, arg, depth, text)
            })
        }
        (None, _) if matches!(info.kind, LocalKind::Param | LocalKind::Capture) => {
            write!(text, "{of:?}").ok()
        }
        _ if matches!(info.kind, LocalKind::Var) => write!(text, "{of:?}").ok(),
        _ => None,
    }
}

fn operand(func: &Func, of: &Operand, depth: u32, text: &mut String) -> Option<()> {
    match of {
        Operand::Local(of) => local(func, *of, depth, text),
        Operand::Unknown(_) => None,
        constant => write!(text, "{constant:?}").ok(),
    }
}

fn computed(func: &Func, value: &Rvalue, depth: u32, text: &mut String) -> Option<()> {
    match value {
        Rvalue::Use(x) | Rvalue::Convert(x, _) => operand(func, x, depth, text),
        Rvalue::Unary(op, x) => {
            write!(text, "{op:?} ").ok()?;
            operand(func, x, depth, text)
        }
        Rvalue::Len(x) => {
            text.push_str("len ");
            operand(func, x, depth, text)
        }
        Rvalue::Binary(op, a, b) => {
            write!(text, "{op:?}(").ok()?;
            operand(func, a, depth, text)?;
            text.push(',');
            operand(func, b, depth, text)
        }
        Rvalue::Load(Place { base: PlaceBase::Local(base), proj }) => {
            let mut index = String::new();
            if let Some(Proj::Index(at)) = proj.first() {
                operand(func, at, depth, &mut index)?;
            }
            let mut list = String::new();
            local(func, *base, depth, &mut list)?;
            // The element with the number of the turn.
            let (rest, element) = match index.strip_prefix("index ") {
                Some(of) if of == list => (&proj[1..], true),
                _ => (&proj[..], false),
            };
            text.push_str(if element { "elem " } else { "" });
            text.push_str(&list);
            rest.iter().try_for_each(|step| match step {
                Proj::Field(_, field) => write!(text, ".{field:?}").ok(),
                Proj::Deref => {
                    text.push('*');
                    Some(())
                }
                Proj::Index(_) => None,
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_list_in_two_loops() {
        let program = |second: &str, asks: &str, mark: &str| {
            stanch_testing::check_shown(
                "abandoned-send",
                &format!(
                    r#"
func f(xs, ys []int) {{
    c := make(chan int)
    for _, x := range xs {{
        if x != 0 {{
            go func() {{ c <- x }}()
                      {mark}
        }}
    }}
    for _, x := range {second} {{
        if {asks} {{
            <-c
        }}
    }}
}}
"#
                ),
            );
        };
        let mark = "//^^^^^^ leak[abandoned-send]: this send";
        program("xs", "x != 0", "");
        program("ys", "x != 0", mark);
        program("xs", "x == 0", mark);
    }
}
