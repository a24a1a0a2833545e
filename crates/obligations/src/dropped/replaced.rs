//! What a field holds is replaced by something new though it may be live, by a function that runs again
//! and again on the same object.
//!
//! That it does is believed only where a loop shows it: one in the function, or in a caller, around a call
//! with an object that was there before the loop; or where all objects have something there from the
//! beginning.

use super::lived::aliases;
use super::uses::{Caller, Site, called, instrs};
use super::{Drop, MAX_CALLERS, Search, is_new, owner_param, unexported};
use crate::given::is_std;
use crate::names::Known;
use crate::report::How;
use crate::visit;
use stanch_base::{FxHashSet, Idx};
use stanch_effects::{Kind, Op};
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
};
use stanch_types::{ObjectId, ObjectKind};

impl Search<'_, '_> {
    /// The places that replace what a field holds.
    pub(super) fn replaced(&self) -> Vec<Drop> {
        let mut found = Vec::new();
        for (id, func) in self.package.module.funcs.iter_enumerated() {
            if self.package.in_test(func.span) {
                continue;
            }
            for (block, index, kind) in instrs(func) {
                if let Some((field, owner)) = self.replaces(id, func, kind) {
                    let site = (block, index);
                    let owner_at = owner_param(func, owner);
                    let drop = Drop { func: id, site, field, how: How::Replaced, owner: owner_at };
                    if self.may_be_full(&drop, owner) {
                        found.push(drop);
                    }
                }
            }
        }
        found
    }

    /// The field that an instruction fills with something new, and the object that has it.
    pub(super) fn replaces(
        &self,
        id: FuncId,
        func: &Func,
        kind: &InstrKind,
    ) -> Option<(ObjectId, LocalId)> {
        let InstrKind::Store(place, Operand::Local(value)) = kind else { return None };
        let (PlaceBase::Local(owner), Some(&Proj::Field(_, field))) =
            (place.base, place.proj.last())
        else {
            return None;
        };
        let content = self.uses.contents.get(&field).filter(|content| !content.many)?;
        if !unexported(self.package, field) {
            return None;
        }
        let direct = place.proj.iter().filter(|p| matches!(p, Proj::Field(..))).count() == 1;
        if !direct || !is_stable(func, owner) || is_new(func, owner) {
            return None;
        }
        let maker = self.maker(func, *value)?;
        let old = |x: &Operand| self.uses.is_from(id, x, field);
        let made = if content.cancel {
            self.package.op(&maker.callee) == Op::ContextWithCancel
                && self.outlasts(id, func, maker)
        } else {
            !maker.args.iter().any(old) && self.makes(func, maker)
        };
        made.then_some((field, owner))
    }

    /// The call whose result a local is, if it is one only.
    pub(super) fn maker<'f>(&self, func: &'f Func, local: LocalId) -> Option<&'f Call> {
        let mut at = local;
        for _ in 0..MAX_CALLERS {
            let mut sources = visit::kinds(func).filter(|kind| {
                let mut defines = false;
                visit::defs(kind, &mut |l| defines |= l == at);
                defines && !matches!(kind, InstrKind::DeclareVar(_))
            });
            match (sources.next()?, sources.next()) {
                (InstrKind::Call(call), None) => return Some(call),
                (
                    InstrKind::Assign(
                        _,
                        Rvalue::Use(Operand::Local(from))
                        | Rvalue::Convert(Operand::Local(from), _)
                        | Rvalue::MakeInterface(Operand::Local(from), _),
                    ),
                    None,
                ) => at = *from,
                _ => return None,
            }
        }
        None
    }

    /// Whether a call makes something: a library function that says so, or one that can fail.
    pub(super) fn makes(&self, func: &Func, call: &Call) -> bool {
        let (Callee::Static(object, _) | Callee::Interface { method: object, .. }) = call.callee
        else {
            return false;
        };
        let package = self.package;
        if let Some(effect) = package.names.resource(object) {
            return effect.acquires.is_some();
        }
        let fails = call
            .dst
            .iter()
            .any(|&dst| func.locals.get(dst).is_some_and(|local| package.is_error(local.ty)));
        let owner = call
            .dst
            .iter()
            .any(|&dst| func.locals.get(dst).is_some_and(|local| package.is_owner(local.ty)));
        let declared = &package.program.object(object).kind;
        let function = matches!(declared, ObjectKind::Func { recv: None, interface: false, .. });
        let opens = |body: FuncId| {
            package.module.funcs.get(body).is_some_and(|func| {
                visit::kinds(func).any(|kind| match called(kind).map(|call| &call.callee) {
                    Some(Callee::Static(object, _) | Callee::Interface { method: object, .. }) => {
                        let effect = package.names.resource(*object);
                        effect.is_some_and(|effect| effect.acquires.is_some())
                    }
                    _ => false,
                })
            })
        };
        match package.names.known(object) {
            Known::Body(body) => fails && (function || opens(body)) || owner && function,
            Known::Effect(_) => false,
            // What the standard library opens is known.
            Known::Nothing => fails && !is_std(package, object),
        }
    }

    /// Whether what a new context keeps, or who waits for its end, is there after the call that makes it.
    pub(super) fn outlasts(&self, id: FuncId, func: &Func, maker: &Call) -> bool {
        maker.args.first().is_some_and(|parent| self.outlives(id, func, parent))
            || maker.dst.first().is_some_and(|&context| self.lends_to_go(func, context))
    }

    /// Whether a context is that of an object that was there before the call.
    fn outlives(&self, id: FuncId, func: &Func, context: &Operand) -> bool {
        let Operand::Local(local) = context else { return false };
        let mut sources = visit::kinds(func).filter_map(|kind| match kind {
            InstrKind::Assign(dst, rvalue) if dst == local => Some(rvalue),
            _ => None,
        });
        match (sources.next(), sources.next()) {
            (Some(Rvalue::Load(place)), None) => {
                let field = matches!(place.proj.last(), Some(Proj::Field(..)));
                let base = match place.base {
                    PlaceBase::Local(base) => is_stable(func, base) && !is_new(func, base),
                    PlaceBase::Global(_) => true,
                };
                field && base && !self.fills(id, place)
            }
            (Some(Rvalue::Use(from)), None) => self.outlives(id, func, from),
            _ => false,
        }
    }

    /// Whether a function also writes a field that it reads.
    fn fills(&self, id: FuncId, read: &Place) -> bool {
        visit::kinds(&self.package.module.funcs[id]).any(|kind| match kind {
            InstrKind::Store(place, _) => place.proj.last() == read.proj.last(),
            _ => false,
        })
    }

    /// Whether the field may hold something live when it is filled, which nobody closes then.
    fn may_be_full(&self, drop: &Drop, owner: LocalId) -> bool {
        let func = &self.package.module.funcs[drop.func];
        let mut asked = FxHashSet::default();
        !self.is_guarded(func, owner)
            && self.lasts(drop.func, drop.field, drop.site)
            && (self.runs_again(drop.func, drop.field, owner, drop.site, MAX_CALLERS, &mut asked)
                || self.finds_full(drop)
                || self.is_used_before(drop.func, drop.field, owner, drop.site)
                    && !self
                        .value_at(drop)
                        .is_some_and(|value| self.is_given_away(drop.func, value)))
    }

    /// What is put in a field.
    fn value_at(&self, drop: &Drop) -> Option<LocalId> {
        let (block, index) = drop.site;
        match self.package.module.funcs[drop.func].blocks[block].instrs[index].kind {
            InstrKind::Store(_, Operand::Local(value)) => Some(value),
            _ => None,
        }
    }

    /// Whether what is put in a field is a ticker that the collector does not take.
    pub(super) fn is_old_ticker(&self, drop: &Drop) -> bool {
        let func = &self.package.module.funcs[drop.func];
        let maker = self.value_at(drop).and_then(|value| self.maker(func, value));
        let Some(Callee::Static(object, _)) = maker.map(|call| &call.callee) else { return false };
        let effect = self.package.names.resource(*object);
        effect.is_some_and(|effect| effect.acquires == Some(Kind::Ticker))
            && self.package.keeps_tickers(func.span)
    }

    /// Whether a function starts a goroutine with a context, or with what it puts it in.
    fn lends_to_go(&self, func: &Func, context: LocalId) -> bool {
        let mut same = aliases(func, context);
        let mut fields: FxHashSet<ObjectId> = FxHashSet::default();
        for kind in visit::kinds(func) {
            match kind {
                InstrKind::Store(place, Operand::Local(x)) if same.contains(x) => {
                    fields.extend(place.proj.iter().filter_map(|p| match p {
                        Proj::Field(_, field) => Some(*field),
                        _ => None,
                    }));
                }
                InstrKind::Assign(dst, Rvalue::Load(place)) => {
                    let last = place.proj.last();
                    if matches!(last, Some(Proj::Field(_, field)) if fields.contains(field)) {
                        same.insert(*dst);
                    }
                }
                _ => {}
            }
        }
        visit::kinds(func).any(|kind| match kind {
            InstrKind::Go(call) => {
                let given = |x: &Operand| matches!(x, Operand::Local(l) if same.contains(l));
                let captured = |inner: FuncId| {
                    let captures = &self.package.module.funcs[inner].captures;
                    captures.iter().any(|c| same.contains(&c.outer))
                };
                call.args.iter().any(given)
                    || matches!(call.callee, Callee::Closure(inner, _) if captured(inner))
            }
            _ => false,
        })
    }

    /// Whether an object has something in the field when others call the function: all have from the
    /// beginning, and nobody closes it first.
    fn finds_full(&self, drop: &Drop) -> bool {
        let module = &self.package.module;
        let func = &module.funcs[drop.func];
        if !func.has_recv || drop.owner != Some(0) {
            return false;
        }
        let callers = self.uses.callers[drop.func.index()].iter();
        let mut callers =
            callers.filter(|c| !self.package.in_test(module.funcs[c.func].span)).peekable();
        let open = |caller: &Caller| {
            let outer = &module.funcs[caller.func];
            self.reaches(caller.func, outer, drop.field, None, Some(caller.site))
        };
        let full = |caller: &Caller| {
            let outer = &module.funcs[caller.func];
            let new = match caller.args.first() {
                Some(&Operand::Local(object)) => is_new(outer, object),
                _ => true,
            };
            // A method of the object uses it: it is not one that was closed.
            let own = outer.has_recv
                && caller.args.first() == outer.params.first().map(|&p| Operand::Local(p)).as_ref();
            !new && own && !self.uses.knows(caller.func, drop.field)
        };
        let called = match callers.peek() {
            Some(_) => {
                let callers: Vec<&Caller> = callers.collect();
                callers.iter().all(|c| open(c)) && callers.iter().any(|c| full(c))
            }
            None => func.object.is_some_and(|o| {
                let name = self.package.program.object_name(o);
                name.chars().next().is_some_and(char::is_uppercase)
            }),
        };
        called && self.starts_full(drop.field) && !self.may_be_reopened(drop.field)
    }

    /// Whether a function asks a flag of the object which it sets itself: the second time may be refused.
    fn is_guarded(&self, func: &Func, owner: LocalId) -> bool {
        let flag = |place: &Place| match (place.base, place.proj.last()) {
            (PlaceBase::Local(base), Some(Proj::Field(_, field))) if base == owner => Some(*field),
            _ => None,
        };
        let mut set = visit::kinds(func).filter_map(|kind| match kind {
            InstrKind::Store(place, Operand::Const(..)) => flag(place),
            _ => None,
        });
        set.any(|field| {
            visit::kinds(func).any(|kind| match kind {
                InstrKind::Assign(_, Rvalue::Load(place)) => flag(place) == Some(field),
                _ => false,
            })
        })
    }

    /// Whether a loop brings control to a place again, with the same object and without closing what the
    /// field holds: a loop of the function, or of one that calls it.
    fn runs_again(
        &self,
        id: FuncId,
        field: ObjectId,
        owner: LocalId,
        site: Site,
        depth: u32,
        asked: &mut FxHashSet<FuncId>,
    ) -> bool {
        let module = self.package.module;
        let func = &module.funcs[id];
        if !is_stable(func, owner) {
            return false;
        }
        if self.reaches(id, func, field, Some(site), Some(site)) {
            return !self.alternates(id, func, field, site);
        }
        if depth == 0 || !asked.insert(id) || self.uses.valued.contains(&id) {
            return false;
        }
        let param = owner_param(func, owner);
        let capture = func.captures.iter().find(|c| c.inner == owner).map(|c| c.outer);
        self.uses.callers[id.index()].iter().any(|caller| {
            let outer = &module.funcs[caller.func];
            let at = match (param, capture) {
                (Some(i), _) => match caller.args.get(i) {
                    Some(&Operand::Local(local)) => Some(local),
                    _ => None,
                },
                (None, Some(outer)) => Some(outer),
                (None, None) => None,
            };
            let Some(at) = at.filter(|_| !self.package.in_test(outer.span)) else { return false };
            let (block, index) = caller.site;
            let now = outer.blocks[block].instrs.get(index);
            let called = now.is_some_and(|instr| matches!(instr.kind, InstrKind::Call(_)));
            called
                && !is_new(outer, at)
                && self.lasts(caller.func, field, caller.site)
                && self.runs_again(caller.func, field, at, caller.site, depth - 1, asked)
        })
    }
}

/// Whether a local has one value throughout: an input that is never assigned.
fn is_stable(func: &Func, local: LocalId) -> bool {
    let input =
        func.params.contains(&local) || func.captures.iter().any(|capture| capture.inner == local);
    if !input {
        return false;
    }
    let mut assigned = false;
    for block in func.blocks.iter() {
        for instr in &block.instrs {
            visit::defs(&instr.kind, &mut |l| assigned |= l == local);
        }
        visit::terminator_defs(&block.term, &mut |l| assigned |= l == local);
    }
    !assigned
}
