//! What is lent to code out of view: a function that closes something itself when all goes well, after it has
//! given it to such code, has kept it. So it owes that on its other ways too.

use crate::calls::Invocation;
use crate::exec::Run;
use crate::lends::is_method;
use crate::names::Known;
use crate::origin::Origins;
use crate::package::{Package, successors};
use crate::state::State;
use crate::term::{Term, TermId};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_effects::{Args, Kind};
use stanch_ir::{
    Block, BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase,
    Proj, Rvalue, Span, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ObjectId, TypeKind};

/// Arguments of calls: the call, and the argument's number, a receiver of an interface's method being the first.
#[derive(Default)]
pub(crate) struct Loans {
    /// Those that calls borrow.
    lent: FxHashSet<(Span, usize)>,
    /// Those that the function closes somewhere.
    ended: FxHashSet<(Span, usize)>,
}

/// How a literal leaves view that keeps nothing of what it only uses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Lent {
    /// It is called, and not kept.
    Called,
    /// It runs as a goroutine.
    Started,
}

/// More loans of one function are not looked at: each takes a walk through the function.
const MAX_WALKS: usize = 64;
/// Parts of parts, and readers of readers, are followed so far.
const MAX_PARTS: usize = 6;

impl Run<'_, '_> {
    /// Code out of view gets the arguments of a call, but for some first ones: what it only reads and what it
    /// borrows stays here.
    pub(crate) fn give_args(&mut self, state: &mut State, call: &Invocation<'_>, skip: usize) {
        for (i, &arg) in call.args.iter().enumerate().skip(skip) {
            let read = call.object.is_some_and(|o| self.package.only_reads(o, i));
            if read && !self.is_ended_elsewhere(call, i) || self.is_lent_here(call.span, i, arg) {
                continue;
            }
            if matches!(self.arena.get(arg), Term::Closure(_)) && self.is_loan_of(call.span, i) {
                self.lend_literal(state, arg, Lent::Called);
            } else {
                self.escape(state, arg);
            }
        }
    }

    /// A literal leaves view that is known to be called by who gets it, or to be a goroutine of its own.
    pub(crate) fn lend_literal(&mut self, state: &mut State, literal: TermId, how: Lent) {
        let before = self.lending.replace(how);
        self.escape(state, literal);
        self.lending = before;
    }

    /// Whether a literal that is lent only uses a variable that it captures, which holds something that has to be
    /// given back, or a new object that may hold such a thing.
    pub(crate) fn is_lent_capture(&mut self, state: &State, literal: FuncId, i: usize) -> bool {
        let Some(how) = self.lending.filter(|_| !self.learning) else { return false };
        let Some(closure) = self.package.module.funcs.get(literal) else { return false };
        let (outer, input) = (closure.captures[i].outer, closure.params.len() + i);
        let facts = &self.package.facts[literal];
        if !facts.lends.only_uses(input) {
            return false;
        }
        let place = self.arena.local(outer);
        let value = state.load(&mut self.arena, place);
        let value = self.arena.unboxed(value);
        let lent = match *self.arena.get(value) {
            Term::Owed(site) => {
                let kind = self.sites.get(&site).and_then(|site| site.kind);
                let owed = state.owed.contains_key(&site);
                owed && match how {
                    Lent::Called => is_closed(kind),
                    // Who accepts connections does so as long as the process lives, and who never returns uses it.
                    Lent::Started => {
                        kind == Some(Kind::Closer) && facts.returns && !self.accepts(outer)
                    }
                }
            }
            Term::New(_) => {
                how == Lent::Called && facts.writes.is_empty() && !state.escaped.contains(&value)
            }
            _ => false,
        };
        lent && !is_put_into_object(closure, closure.captures[i].inner)
    }

    fn accepts(&self, local: LocalId) -> bool {
        let ty = self.func.locals.get(local).map(|local| local.ty);
        let package = self.package.module.package;
        ty.is_some_and(|ty| self.package.program.lookup(ty, package, "Accept").is_some())
    }

    fn is_lent_here(&mut self, call: Span, i: usize, arg: TermId) -> bool {
        let Term::Owed(site) = *self.arena.get(self.inner(arg)) else { return false };
        let kind = self.sites.get(&site).and_then(|site| site.kind);
        is_closed(kind) && self.is_loan_of(call, i)
    }

    fn is_loan_of(&mut self, call: Span, i: usize) -> bool {
        self.loans().lent.contains(&(call, i))
    }

    fn loans(&mut self) -> &Loans {
        let (package, func) = (self.package, self.func);
        self.loans.get_or_insert_with(|| find(package, func))
    }

    /// Whether a method gets something that the function closes on other ways than those on which it has called
    /// the method: it may have taken that over.
    fn is_ended_elsewhere(&mut self, call: &Invocation<'_>, i: usize) -> bool {
        let method = call.object.is_some_and(|object| is_method(self.package, object));
        method && {
            let (at, loans) = ((call.span, i), self.loans());
            loans.ended.contains(&at) && !loans.lent.contains(&at)
        }
    }
}

pub(crate) fn is_closed(kind: Option<Kind>) -> bool {
    matches!(kind, Some(Kind::Body | Kind::Closer | Kind::Rows | Kind::Transaction))
}

/// The loans of a function.
fn find(package: &Package<'_>, func: &Func) -> Loans {
    let mut loans = Loans::default();
    let mut search =
        Search { package, func, origins: Origins::new(func), releases: FxHashMap::default() };
    search.find_releases();
    if search.releases.is_empty() {
        return loans;
    }
    let mut walks = 0;
    for (block, data) in func.blocks.iter_enumerated() {
        for (index, instr) in data.instrs.iter().enumerate() {
            let InstrKind::Call(call) = &instr.kind else { continue };
            if !search.is_out_of_view(call) {
                continue;
            }
            let first = usize::from(matches!(call.callee, Callee::Interface { .. }));
            for (i, arg) in call.args.iter().enumerate() {
                let Operand::Local(arg) = *arg else { continue };
                for root in search.roots(arg) {
                    if !search.releases.contains_key(&root) {
                        continue;
                    }
                    loans.ended.insert((instr.span, first + i));
                    walks += 1;
                    if walks <= MAX_WALKS && search.closes_later(root, call, (block, index)) {
                        loans.lent.insert((instr.span, first + i));
                    }
                }
            }
        }
    }
    loans
}

struct Search<'s, 'a> {
    package: &'s Package<'a>,
    func: &'s Func,
    origins: Origins,
    /// Where what a local holds is closed.
    releases: FxHashMap<LocalId, Vec<(BlockId, usize)>>,
}

impl Search<'_, '_> {
    /// The variable that a local is a copy of, a part of, or a reader of.
    fn root(&self, local: LocalId) -> LocalId {
        let mut at = local;
        for _ in 0..MAX_PARTS {
            at = self.origins.source(self.func, at);
            let next = match self.origins.value(self.func, at) {
                Some(Rvalue::Load(place) | Rvalue::AddressOf(place)) => part_of(place),
                Some(_) => None,
                None => self.origins.call(self.func, at).and_then(|(call, _)| self.wrapped(call)),
            };
            let Some(next) = next else { break };
            at = next;
        }
        at
    }

    /// The variables that a local has to do with: of a literal, those that it captures and only uses.
    fn roots(&self, local: LocalId) -> Vec<LocalId> {
        let source = self.origins.source(self.func, local);
        let Some(Rvalue::MakeClosure(literal)) = self.origins.value(self.func, source) else {
            return vec![self.root(local)];
        };
        let Some(closure) = self.package.module.funcs.get(*literal) else { return Vec::new() };
        let lends = self.package.facts[*literal].lends;
        let used = closure.captures.iter().enumerate();
        let used = used.filter(|(i, _)| lends.only_uses(closure.params.len() + i));
        used.map(|(_, capture)| self.root(capture.outer)).collect()
    }

    /// What a library function puts into its result.
    fn wrapped(&self, call: &Call) -> Option<LocalId> {
        let Callee::Static(object, _) = call.callee else { return None };
        let effect = self.package.names.resource(object)?;
        match call.args.first() {
            Some(&Operand::Local(of)) if effect.args == Some(Args::IntoResult) => Some(of),
            _ => None,
        }
    }

    fn find_releases(&mut self) {
        let func = self.func;
        for (block, data) in func.blocks.iter_enumerated() {
            for (index, instr) in data.instrs.iter().enumerate() {
                let (InstrKind::Call(call) | InstrKind::Defer(call)) = &instr.kind else {
                    continue;
                };
                let mut roots: Vec<LocalId> = Vec::new();
                roots.extend(self.released(call).map(|local| self.root(local)));
                if let (InstrKind::Defer(_), Callee::Closure(inner, _)) =
                    (&instr.kind, &call.callee)
                    && let Some(literal) = self.package.module.funcs.get(*inner)
                {
                    let ended = literal.captures.iter().filter(|c| self.ends(literal, c.inner));
                    roots.extend(ended.map(|c| self.root(c.outer)));
                }
                for root in roots {
                    self.releases.entry(root).or_default().push((block, index));
                }
            }
        }
    }

    /// Whether a literal closes what it captures.
    fn ends(&self, literal: &Func, capture: LocalId) -> bool {
        let origins = Origins::new(literal);
        visit::kinds(literal).any(|kind| match kind {
            InstrKind::Call(call) | InstrKind::Defer(call) => {
                self.released(call).is_some_and(|local| {
                    let source = origins.source(literal, local);
                    let part = match origins.value(literal, source) {
                        Some(Rvalue::Load(place)) => part_of(place),
                        _ => None,
                    };
                    source == capture || part == Some(capture)
                })
            }
            _ => false,
        })
    }

    /// The local that a call closes.
    fn released(&self, call: &Call) -> Option<LocalId> {
        let (receiver, method) = match &call.callee {
            Callee::Interface { recv, method } => (recv, *method),
            Callee::Static(method, _) => (call.args.first()?, *method),
            Callee::Closure(..) | Callee::Value(_) | Callee::Builtin(_) => return None,
        };
        let &Operand::Local(receiver) = receiver else { return None };
        self.ends_receiver(method).then_some(receiver)
    }

    fn ends_receiver(&self, method: ObjectId) -> bool {
        let effect = self.package.names.resource(method);
        effect.is_some_and(|effect| effect.releases == Some(0))
            || self.package.names.is_release_word(self.package.program.object_name(method))
    }

    /// Whether nothing is known of what a call runs.
    fn is_out_of_view(&self, call: &Call) -> bool {
        match call.callee {
            Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                matches!(self.package.names.known(object), Known::Nothing)
                    && self.package.names.resource(object).is_none()
                    && !self.ends_receiver(object)
            }
            Callee::Value(_) => true,
            Callee::Closure(..) | Callee::Builtin(_) => false,
        }
    }

    /// Whether the function closes something after a call whenever nothing fails.
    fn closes_later(&self, root: LocalId, call: &Call, at: (BlockId, usize)) -> bool {
        let Some(releases) = self.releases.get(&root) else { return false };
        let mut seen = vec![false; self.func.blocks.len()];
        let mut work = vec![(at.0, at.1 + 1)];
        let mut closes = false;
        while let Some((block, first)) = work.pop() {
            if first == 0 && std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            let data = &self.func.blocks[block];
            let mut goes_on = true;
            for (index, instr) in data.instrs.iter().enumerate().skip(first) {
                let closed = releases.contains(&(block, index));
                closes |= closed;
                goes_on &= !closed;
                // Another one of an earlier turn.
                visit::defs(&instr.kind, &mut |local| goes_on &= local != root);
                if !goes_on {
                    break;
                }
            }
            if !goes_on {
                continue;
            }
            if self.decides(call, &data.term)
                || data.term == Terminator::Return && self.is_well(data)
            {
                return false;
            }
            let failing = self.failing_edge(&data.term);
            successors(&data.term, &mut |next| {
                if Some(next) != failing {
                    work.push((next, 0));
                }
            });
        }
        closes
    }

    /// Whether a block that returns may do so without an error: one that gives a value other than nil has
    /// made that for a failure.
    fn is_well(&self, block: &Block) -> bool {
        let results = &self.func.results;
        let Some(&error) = results.iter().find(|&&result| self.is_error(result)) else {
            return true;
        };
        let set = block.instrs.iter().rev().find_map(|instr| match &instr.kind {
            InstrKind::Assign(to, value) if *to == error => Some(value),
            _ => None,
        });
        matches!(set, None | Some(Rvalue::Use(Operand::Nil(_) | Operand::Zero(_))))
    }

    /// Whether a branch asks for what the call has answered, other than an error: that may be whether it
    /// keeps what it was given.
    fn decides(&self, call: &Call, term: &Terminator) -> bool {
        let Terminator::Branch { cond: Operand::Local(cond), .. } = term else { return false };
        let mut work = vec![*cond];
        for _ in 0..MAX_PARTS {
            let Some(local) = work.pop() else { return false };
            let source = self.origins.source(self.func, local);
            if call.dst.contains(&source)
                && !self.is_error(source)
                && !self.package.is_number(self.func, source)
            {
                return true;
            }
            let operands: &[&Operand] = match self.origins.value(self.func, source) {
                Some(Rvalue::Binary(_, a, b)) => &[a, b],
                Some(Rvalue::Unary(UnaryOp::Not, a)) => &[a],
                _ => &[],
            };
            work.extend(operands.iter().filter_map(|x| match x {
                Operand::Local(local) => Some(*local),
                _ => None,
            }));
        }
        true
    }

    /// Whether a local is an error, or may be one for all that is known.
    fn is_error(&self, local: LocalId) -> bool {
        self.func.locals.get(local).is_some_and(|l| {
            self.package.is_error(l.ty) || *self.package.program.kind(l.ty) == TypeKind::Unknown
        })
    }

    /// The successor that is taken when something has failed.
    fn failing_edge(&self, term: &Terminator) -> Option<BlockId> {
        let Terminator::Branch { cond: Operand::Local(cond), then, els } = term else {
            return None;
        };
        let source = self.origins.source(self.func, *cond);
        match self.origins.value(self.func, source)? {
            Rvalue::Binary(op, Operand::Local(error), Operand::Nil(_)) if self.is_error(*error) => {
                match op {
                    BinaryOp::Ne => Some(*then),
                    BinaryOp::Eq => Some(*els),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Whether a literal puts what it captures into an object: that may end it by any of its methods.
fn is_put_into_object(literal: &Func, capture: LocalId) -> bool {
    let origins = Origins::new(literal);
    let is_it = |value: &Operand| matches!(value, Operand::Local(local) if origins.source(literal, *local) == capture);
    visit::kinds(literal).any(|kind| match kind {
        InstrKind::Store(place, value) => {
            place.proj.iter().any(|p| matches!(p, Proj::Field(..))) && is_it(value)
        }
        InstrKind::Assign(_, Rvalue::Composite { elems, .. }) => {
            elems.iter().any(|(_, value)| is_it(value))
        }
        _ => false,
    })
}

/// The local that a place is a part of.
fn part_of(place: &Place) -> Option<LocalId> {
    let parts = place.proj.iter().all(|p| matches!(p, Proj::Field(..) | Proj::Deref));
    match place.base {
        PlaceBase::Local(base) if parts => Some(base),
        _ => None,
    }
}
