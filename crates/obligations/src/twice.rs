//! Ways that rest on two questions about the same thing: how one answer follows from the other may be more
//! than is known here, so such a way is not certain.

use crate::exec::Run;
use crate::report::StepKind;
use crate::state::Trace;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet};
use stanch_ir::{
    BlockId, Callee, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Span,
    Terminator,
};
use stanch_types::ObjectId;

/// Steps of a way that are looked at, and values that a condition is made of.
const MAX_STEPS: usize = 200;
const MAX_VALUES: usize = 24;

/// What a condition asks about.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum About {
    Local(LocalId),
    Object(ObjectId),
}

impl Run<'_, '_> {
    /// Whether a way takes branches of two conditions that ask about the same variable or field.
    pub(crate) fn asks_twice(&self, trace: &Trace) -> bool {
        let steps = trace.latest().take(MAX_STEPS);
        let steps = steps.filter(|s| matches!(s.kind, StepKind::Branch(_) | StepKind::Loop(_)));
        let spans: FxHashSet<Span> = steps.filter(|s| s.func == self.id).map(|s| s.span).collect();
        if spans.len() < 2 {
            return false;
        }
        let mut asked: FxHashMap<About, BlockId> = FxHashMap::default();
        let mut search = Search::new(self.func);
        for (id, block) in self.func.blocks.iter_enumerated() {
            let cond = match &block.term {
                Terminator::Branch { cond, .. } => cond,
                Terminator::RangeNext { over, .. } => over,
                _ => continue,
            };
            if !spans.contains(&block.term_span) {
                continue;
            }
            for about in search.about(self, cond) {
                if *asked.entry(about).or_insert(id) != id {
                    return true;
                }
            }
        }
        false
    }
}

struct Search<'f> {
    func: &'f Func,
    /// The only assignment of locals that have one.
    only: FxHashMap<LocalId, Option<&'f InstrKind>>,
}

impl<'f> Search<'f> {
    fn new(func: &'f Func) -> Self {
        let mut only: FxHashMap<LocalId, Option<&'f InstrKind>> = FxHashMap::default();
        for kind in visit::kinds(func) {
            if matches!(kind, InstrKind::DeclareVar(_)) {
                continue;
            }
            visit::defs(kind, &mut |local| {
                only.entry(local).and_modify(|known| *known = None).or_insert(Some(kind));
            });
        }
        Self { func, only }
    }

    /// What a condition asks about; whether there is an error is another question each time.
    fn about(&mut self, run: &Run<'_, '_>, cond: &'f Operand) -> FxHashSet<About> {
        let mut found = FxHashSet::default();
        let mut seen: FxHashSet<LocalId> = FxHashSet::default();
        let mut work: Vec<&'f Operand> = vec![cond];
        while let Some(operand) = work.pop() {
            let Operand::Local(local) = *operand else { continue };
            if !seen.insert(local) || seen.len() > MAX_VALUES {
                continue;
            }
            let known = self.func.locals.get(local);
            if known.is_some_and(|l| run.package.is_error(l.ty)) {
                continue;
            }
            let made = self.only.get(&local).copied().flatten();
            if known.is_some_and(|l| !l.name.is_empty()) || made.is_none() {
                found.insert(About::Local(local));
            }
            match made {
                Some(InstrKind::Assign(_, Rvalue::Load(place))) => self.place(place, &mut found),
                Some(kind) => {
                    if let InstrKind::Call(call) = kind
                        && let Callee::Value(x) | Callee::Interface { recv: x, .. } = &call.callee
                    {
                        work.push(x);
                    }
                    visit::operands(kind, &mut |operand| work.push(operand));
                }
                None => {}
            }
        }
        found
    }

    /// The last field that a place goes through, or where it starts.
    fn place(&self, place: &Place, found: &mut FxHashSet<About>) {
        let field = place.proj.iter().rev().find_map(|proj| match proj {
            Proj::Field(_, field) => Some(*field),
            Proj::Deref | Proj::Index(_) => None,
        });
        found.insert(match (field, place.base) {
            (Some(field), _) => About::Object(field),
            (None, PlaceBase::Global(object)) => About::Object(object),
            (None, PlaceBase::Local(local)) => About::Local(local),
        });
    }
}
