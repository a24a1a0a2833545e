//! Calls of functions and methods of packages that are missing: their names stand in the text.
//!
//! Of what such a function returns nothing is known but what is done with it: who closes it on some of its ways
//! shows that it can be closed.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::learned::Through;
use crate::origin::Origins;
use crate::package::Package;
use crate::state::State;
use crate::visit;
use stanch_base::FxHashSet;
use stanch_ir::{Call, Callee, Func, InstrKind, LocalId, Operand, Rvalue, Span};
use stanch_types::TypeKind;

/// Longer names are none.
const MAX_NAME: usize = 120;

impl Package<'_> {
    /// What is called by a call of which nothing else is known: what stands before the last dot, and the name
    /// after it.
    pub(crate) fn spelled(&self, at: Span) -> Option<(&str, &str)> {
        let file = self.program.source(at.package).files.get(at.file)?;
        let text = file.text.get(at.range.start as usize..)?;
        let text = text.strip_prefix("defer").map_or(text, str::trim_start);
        let end = text.bytes().take(MAX_NAME).position(|b| b == b'(')?;
        let (before, name) = text[..end].rsplit_once('.')?;
        let plain = |s: &str| {
            !s.is_empty() && s.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
        };
        (plain(before) && plain(name)).then_some((before, name))
    }

    /// Whether the type of a local is not known.
    fn is_unseen(&self, func: &Func, local: LocalId) -> bool {
        let local = func.locals.get(local);
        local.is_some_and(|l| matches!(self.program.kind(l.ty), TypeKind::Unknown))
    }

    /// The calls of functions out of view whose first result may have to be closed: it is of an unknown type, comes
    /// with an error, and the function at hand closes it somewhere.
    pub(crate) fn unseen_results(&self, func: &Func) -> FxHashSet<Span> {
        let instrs = || func.blocks.iter().flat_map(|block| &block.instrs);
        let makes = |call: &Call| match *call.dst {
            [first, .., error] => {
                let fails = self.is_unseen(func, error)
                    || func.locals.get(error).is_some_and(|local| self.is_error(local.ty));
                fails && self.is_unseen(func, first) && is_unseen_call(call)
            }
            _ => false,
        };
        let mut made: Vec<(Span, LocalId)> = Vec::new();
        for instr in instrs() {
            if let InstrKind::Call(call) = &instr.kind
                && makes(call)
            {
                made.push((instr.span, call.dst[0]));
            }
        }
        if made.is_empty() {
            return FxHashSet::default();
        }
        let origins = Origins::new(func);
        let mut closed: FxHashSet<LocalId> = FxHashSet::default();
        for instr in instrs() {
            if let InstrKind::Call(call) | InstrKind::Defer(call) = &instr.kind
                && is_unseen_call(call)
                && let [Operand::Local(receiver)] = *call.args
                && self
                    .spelled(instr.span)
                    .is_some_and(|(_, name)| self.names.is_release_word(name))
            {
                closed.extend([receiver, origins.source(func, receiver)]);
            }
        }
        // Variables that results are assigned to.
        let mut again: FxHashSet<LocalId> = FxHashSet::default();
        for instr in instrs() {
            if let InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) = instr.kind
                && closed.contains(&to)
            {
                again.insert(from);
            }
        }
        let ends = |local: &LocalId| closed.contains(local) || again.contains(local);
        made.into_iter().filter(|(_, local)| ends(local)).map(|(at, _)| at).collect()
    }
}

/// The variables of a function that are compared with nil, or given to such variables.
pub(crate) fn compared(func: &Func) -> FxHashSet<LocalId> {
    let mut found: FxHashSet<LocalId> = FxHashSet::default();
    for kind in visit::kinds(func) {
        if let InstrKind::Assign(_, Rvalue::Binary(_, Operand::Local(of), Operand::Nil(_))) = kind {
            found.insert(*of);
        }
    }
    for kind in visit::kinds(func) {
        if let InstrKind::Assign(to, Rvalue::Use(Operand::Local(from))) = kind
            && found.contains(to)
        {
            found.insert(*from);
        }
    }
    found
}

pub(crate) fn is_unseen_call(call: &Call) -> bool {
    matches!(call.callee, Callee::Value(Operand::Unknown(_)))
}

impl<'a> Run<'a, '_> {
    /// The method that a call without a known callee is of, if what it gets first is something that may have to
    /// be closed, by its name in the text.
    pub(crate) fn unseen_method(&mut self, state: &State, call: &Invocation<'a>) -> Option<String> {
        if call.object.is_some() || !matches!(call.target, Target::Unknown) {
            return None;
        }
        let (site, Through::Whole) = self.candidate_of(state, *call.args.first()?)? else {
            return None;
        };
        let (before, name) = self.package.spelled(call.span)?;
        let variable = self.sites.get(&site)?.name.as_deref()?;
        (variable == before).then(|| name.to_owned())
    }

    /// Whether the last result of a call is of an unknown type, and compared with nil: an error, as it seems.
    pub(crate) fn is_unseen_error(&self, dst: &[LocalId], local: LocalId) -> bool {
        dst.last() == Some(&local)
            && self.compared.contains(&local)
            && self.package.is_unseen(self.func, local)
    }

    /// What tells such a function apart: a package's by its name, a method by who calls it.
    pub(crate) fn unseen_key(&self, at: Span) -> String {
        let Some((before, name)) = self.package.spelled(at) else { return String::new() };
        let variable = before.contains('.') || self.func.locals.iter().any(|l| &*l.name == before);
        match variable {
            true => format!("?{}.{before}.{name}", self.func.symbol),
            false => format!("?{before}.{name}"),
        }
    }
}
