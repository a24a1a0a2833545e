//! Which functions only use what they are given: they neither keep it nor hand it on nor end it.
//!
//! Nothing here follows paths. Whatever may hold an input of a function (a copy, a part, what was made
//! around it, what its methods returned) is the input; where that is stored, returned, sent, given to a
//! goroutine or to code that may keep it, the input is kept.

use crate::calls::{Invocation, Target};
use crate::exec::Run;
use crate::names::Known;
use crate::package::Package;
use crate::parts::Only;
use crate::state::State;
use crate::summary::{Base, Path};
use crate::term::{Root, Term, TermId};
use crate::unseen::{self, is_unseen_call};
use crate::visit;
use crate::workers::Need;
use stanch_base::{FxHashSet, Idx, IndexVec};
use stanch_effects::{Args, Kind, Op};
use stanch_ir::{
    Call, Callee, Func, FuncId, Instr, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
    SelectOp, Span, Terminator,
};
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeKind};
use std::cell::OnceCell;

/// What a function does to its inputs: its parameters, then what it captures. A bit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lends {
    /// They may be kept or handed on.
    keeps: u64,
    /// What was found in them, or came from their methods, may be.
    keeps_parts: u64,
    /// A method that ends them, or a part of them, may be called.
    ends: u64,
    /// One that ends them as a whole may be.
    ends_whole: u64,
    /// They may be returned, and not kept otherwise.
    returns: u64,
    /// What was found in them may be.
    returns_parts: u64,
}

/// Inputs that a value may be or hold; those that it may be a part of, and those from whose methods it
/// came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Bits {
    whole: u64,
    part: u64,
    from: u64,
}

impl Bits {
    fn any(self) -> u64 {
        self.whole | self.part | self.from
    }

    /// As what a method of these returned.
    fn away(self) -> Self {
        Self { from: self.any(), ..Self::default() }
    }

    /// As what is found in these.
    fn within(self) -> Self {
        Self { whole: 0, part: self.whole | self.part, from: self.from }
    }

    fn with(self, other: Self) -> Self {
        Self {
            whole: self.whole | other.whole,
            part: self.part | other.part,
            from: self.from | other.from,
        }
    }
}

impl Default for Lends {
    /// Of a function that nobody looked at.
    fn default() -> Self {
        let all = u64::MAX;
        Self {
            keeps: all,
            keeps_parts: all,
            ends: all,
            ends_whole: all,
            returns: all,
            returns_parts: all,
        }
    }
}

impl Lends {
    /// Of a function that does nothing.
    const NOTHING: Self =
        Self { keeps: 0, keeps_parts: 0, ends: 0, ends_whole: 0, returns: 0, returns_parts: 0 };

    fn leaves(self) -> u64 {
        self.keeps | self.keeps_parts | self.returns | self.returns_parts
    }

    /// Whether the parameter with this number is only used, and all that is in it.
    pub(crate) fn only_uses(self, param: usize) -> bool {
        param < BITS && (self.leaves() | self.ends) >> param & 1 == 0
    }

    /// Whether the parameter with this number does not leave, whatever is done to its parts.
    pub(crate) fn leaves_whole(self, param: usize) -> bool {
        param < BITS && (self.keeps | self.returns) >> param & 1 == 0
    }

    /// Whether the parameter with this number, and what is in it, goes nowhere but to the results.
    pub(crate) fn only_returns(self, param: usize) -> bool {
        param < BITS && (self.keeps | self.keeps_parts | self.ends) >> param & 1 == 0
    }

    /// Whether the parameter with this number, or a part of it, may be ended.
    pub(crate) fn ends(self, param: usize) -> bool {
        param >= BITS || self.ends >> param & 1 == 1
    }

    /// Whether the parameter with this number may be ended as a whole.
    pub(crate) fn ends_whole(self, param: usize) -> bool {
        param >= BITS || self.ends_whole >> param & 1 == 1
    }

    /// Whether it may end any input.
    pub(crate) fn may_end_any(self) -> bool {
        self.ends != 0
    }

    /// Whether it says anything that is not said of every function.
    pub(crate) fn says_something(self, inputs: usize) -> bool {
        (0..inputs).any(|i| self.leaves_whole(i))
    }
}

/// More inputs are not told apart.
const BITS: usize = 64;
/// Copies of copies are followed so often.
const ROUNDS: usize = 8;

/// What the functions of a package do to their inputs; those of others say so already.
pub(crate) fn find(package: &Package<'_>) -> Vec<(FuncId, Lends)> {
    let mut known: IndexVec<FuncId, Lends> = package.facts.iter().map(|f| f.lends).collect();
    let mut found = Vec::new();
    for component in &package.order {
        let open =
            |id: &FuncId| package.module.funcs[*id].has_body && known[*id] == Lends::default();
        let members: Vec<FuncId> = component.iter().copied().filter(open).collect();
        // Functions that call each other do nothing, until one of them is seen to do something.
        for &id in &members {
            known[id] = Lends::NOTHING;
        }
        let mut settled = false;
        for _ in 0..ROUNDS {
            let mut changed = false;
            for &id in &members {
                let lends = scan(package, &known, id, None);
                changed |= std::mem::replace(&mut known[id], lends) != lends;
            }
            settled = !changed;
            if settled {
                break;
            }
        }
        for id in members {
            if !settled {
                known[id] = Lends::default();
            }
            found.push((id, known[id]));
        }
    }
    found
}

/// What one function does to its inputs. With `only`, an input leads to nothing but one of its fields.
pub(crate) fn scan(
    package: &Package<'_>,
    known: &IndexVec<FuncId, Lends>,
    id: FuncId,
    only: Option<Only<'_>>,
) -> Lends {
    let func = &package.module.funcs[id];
    Scan { package, known, func, only, compared: OnceCell::new(), streams: OnceCell::new() }.run()
}

struct Scan<'s, 'a> {
    package: &'s Package<'a>,
    known: &'s IndexVec<FuncId, Lends>,
    func: &'s Func,
    only: Option<Only<'s>>,
    /// The variables that are compared with nil.
    compared: OnceCell<FxHashSet<LocalId>>,
    /// The inputs that are interfaces to read from or to write to, and no more.
    streams: OnceCell<u64>,
}

/// What is known so far: the inputs that each local may hold, and those that are kept, ended, returned.
#[derive(Clone, PartialEq, Eq)]
struct Held {
    of: IndexVec<LocalId, Bits>,
    lends: Lends,
}

impl Held {
    fn keep(&mut self, bits: Bits) {
        self.lends.keeps |= bits.whole;
        self.lends.keeps_parts |= bits.part | bits.from;
    }

    fn end(&mut self, bits: Bits) {
        self.lends.ends |= bits.whole | bits.part;
        self.lends.ends_whole |= bits.whole;
    }

    fn local(&self, local: LocalId) -> Bits {
        self.of.get(local).copied().unwrap_or_default()
    }

    fn operand(&self, operand: &Operand) -> Bits {
        match operand {
            Operand::Local(local) => self.local(*local),
            _ => Bits::default(),
        }
    }

    fn all<'o>(&self, operands: impl IntoIterator<Item = &'o Operand>) -> Bits {
        operands.into_iter().fold(Bits::default(), |held, x| held.with(self.operand(x)))
    }

    fn base(&self, place: &Place) -> Bits {
        match place.base {
            PlaceBase::Local(local) => self.local(local),
            PlaceBase::Global(_) => Bits::default(),
        }
    }
}

impl Scan<'_, '_> {
    fn run(&self) -> Lends {
        let func = self.func;
        let of = func.locals.iter().map(|_| Bits::default()).collect();
        let mut held = Held { of, lends: Lends::NOTHING };
        let inputs = func.params.iter().copied().chain(func.captures.iter().map(|c| c.inner));
        for (i, local) in inputs.enumerate() {
            if held.of.get(local).is_some() {
                held.of[local].whole |= 1_u64.checked_shl(i as u32).unwrap_or(0);
            }
        }
        for _ in 0..ROUNDS {
            let before = held.clone();
            for block in func.blocks.iter() {
                for instr in &block.instrs {
                    self.instr(&mut held, instr);
                }
                self.terminator(&mut held, &block.term);
            }
            if before == held {
                return held.lends;
            }
        }
        Lends::default()
    }

    /// A local may hold these inputs from now on.
    fn flow(&self, held: &mut Held, to: LocalId, bits: Bits) {
        let Some(local) = self.func.locals.get(to).filter(|_| bits.any() != 0) else { return };
        let program = self.package.program;
        let plain = matches!(program.kind(program.underlying(local.ty)), TypeKind::Basic(_));
        if plain || self.package.is_error(local.ty) {
            return;
        }
        if self.func.results.contains(&to) {
            held.lends.returns |= bits.whole;
            held.lends.returns_parts |= bits.part | bits.from;
        }
        if self.func.captures.iter().any(|c| c.inner == to) {
            held.keep(bits);
        }
        held.of[to] = held.of[to].with(bits);
    }

    fn instr(&self, held: &mut Held, instr: &Instr) {
        match &instr.kind {
            InstrKind::Assign(to, rvalue) => self.assign(held, *to, rvalue),
            InstrKind::Store(place, value) => {
                let bits = held.operand(value);
                match place.base {
                    _ if bits.any() == 0 => {}
                    PlaceBase::Local(local) if self.is_own(place, local) => {
                        self.flow(held, local, bits);
                    }
                    _ => {
                        // What is put into the input that it comes from stays there.
                        let into = held.base(place).any();
                        held.keep(Bits {
                            whole: bits.whole & !into,
                            part: bits.part & !into,
                            from: bits.from & !into,
                        });
                    }
                }
            }
            InstrKind::Call(call) | InstrKind::Defer(call) => {
                if !self.unseen(held, call, instr.span) {
                    self.call(held, call);
                }
            }
            InstrKind::Go(call) => {
                held.keep(held.all(&call.args));
                if let Callee::Interface { recv: x, .. } | Callee::Value(x) = &call.callee {
                    held.keep(held.operand(x));
                }
                if let Callee::Closure(_, env) = call.callee {
                    held.keep(held.local(env));
                }
            }
            InstrKind::Send { value, .. } => held.keep(held.operand(value)),
            InstrKind::Recv { dst, chan, .. } => {
                let bits = held.operand(chan);
                dst.iter().for_each(|&to| self.flow(held, to, bits));
            }
            InstrKind::DeclareVar(_) | InstrKind::RunDefers | InstrKind::MapDelete { .. } => {}
        }
    }

    fn terminator(&self, held: &mut Held, term: &Terminator) {
        match term {
            Terminator::Select { arms, .. } => {
                for arm in arms {
                    match &arm.op {
                        SelectOp::Send { value, .. } => held.keep(held.operand(value)),
                        SelectOp::Recv { dst, chan, .. } => {
                            let bits = held.operand(chan);
                            dst.iter().for_each(|&to| self.flow(held, to, bits));
                        }
                    }
                }
            }
            Terminator::RangeNext { over, key, value, .. } => {
                let bits = held.operand(over);
                key.iter().chain(value).for_each(|&to| self.flow(held, to, bits));
            }
            _ => {}
        }
    }

    fn assign(&self, held: &mut Held, to: LocalId, rvalue: &Rvalue) {
        let bits = match rvalue {
            Rvalue::Use(x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::TypeAssert { x, .. }
            | Rvalue::Slice { x, .. } => held.operand(x),
            Rvalue::Load(place) | Rvalue::AddressOf(place) => {
                let field = place.proj.iter().any(|p| !matches!(p, Proj::Deref));
                let mut bits = held.base(place);
                if let Some(only) =
                    self.only.filter(|only| only.passes_by(self.package, self.func, place, to))
                {
                    bits.whole &= !(1_u64 << only.input);
                }
                if field { bits.within() } else { bits }
            }
            Rvalue::MapLookup { map, .. } => held.operand(map).within(),
            Rvalue::MakeSlice { elems, .. } => held.all(elems),
            Rvalue::Other(elems, _) => {
                let bits = held.all(elems);
                held.keep(bits);
                bits
            }
            Rvalue::Append { slice, elems, .. } => held.operand(slice).with(held.all(elems)),
            Rvalue::Composite { elems, .. } => held.all(elems.iter().map(|(_, x)| x)),
            Rvalue::MakeClosure(literal) => self.literal(held, *literal),
            Rvalue::MethodValue { recv, method } => {
                let bits = held.operand(recv);
                if self.package.names.is_release_like(self.package.program.object_name(*method)) {
                    held.end(bits);
                }
                bits
            }
            Rvalue::New(_)
            | Rvalue::MakeChan { .. }
            | Rvalue::MakeMap(_)
            | Rvalue::Unary(..)
            | Rvalue::Binary(..)
            | Rvalue::Len(_)
            | Rvalue::Cap(_)
            | Rvalue::Recover => Bits::default(),
        };
        self.flow(held, to, bits);
    }

    /// What a literal captures, and does with that.
    fn literal(&self, held: &mut Held, literal: FuncId) -> Bits {
        let mut all = Bits::default();
        let Some(closure) = self.package.module.funcs.get(literal) else { return all };
        for (i, capture) in closure.captures.iter().enumerate() {
            let bits = held.local(capture.outer);
            self.given(held, literal, closure.params.len() + i, bits, &[]);
            all = all.with(bits);
        }
        all
    }

    /// A function in view gets inputs; what it returns goes to `dst`.
    fn given(&self, held: &mut Held, callee: FuncId, input: usize, bits: Bits, dst: &[LocalId]) {
        let known = match self.only {
            Some(only) if (bits.whole & !bits.part & !bits.from) >> only.input & 1 == 1 => {
                only.of_callee(self.package, self.known, callee, input)
            }
            _ => self.known.get(callee).copied().unwrap_or_default(),
        };
        let has = |mask: u64| input >= BITS || mask >> input & 1 == 1;
        if has(known.ends_whole) {
            held.end(bits);
        } else if has(known.ends) {
            held.end(bits.within());
        }
        if has(known.keeps) {
            held.keep(bits);
        } else if has(known.keeps_parts) {
            held.keep(bits.within());
        }
        let method = self.package.module.funcs.get(callee).is_some_and(|f| f.has_recv);
        let returned = match (has(known.returns), has(known.returns_parts)) {
            (true, _) => bits,
            (_, true) if method && input == 0 => bits.away(),
            (_, true) => bits.within(),
            _ => return,
        };
        dst.iter().for_each(|&to| self.flow(held, to, returned));
    }

    /// A function of a package that is missing gets an input that has no method to close it: a reader, say. It is
    /// believed to hold that in its results at most, and these to give nothing of it away. False if that is not
    /// what is called.
    fn unseen(&self, held: &mut Held, call: &Call, at: Span) -> bool {
        let bits = held.all(&call.args);
        if bits.any() == 0 || !is_unseen_call(call) || bits.any() & !self.streams() != 0 {
            return false;
        }
        let Some((before, name)) = self.package.spelled(at) else { return false };
        let first = match call.args.first() {
            Some(&Operand::Local(first)) => self.func.locals.get(first).map(|l| &*l.name),
            _ => None,
        };
        if first == Some(before) {
            let others = held.all(call.args.iter().skip(1));
            held.keep(others);
            if self.package.names.is_release_like(name) {
                held.end(held.all(&call.args));
            }
            return true;
        }
        let plain = !before.contains('.') && self.func.locals.iter().all(|l| &*l.name != before);
        if !plain || call.dst.is_empty() || !name.starts_with(char::is_uppercase) {
            return false;
        }
        let error = call.dst.last().filter(|&&last| self.is_compared(last));
        for &to in call.dst.iter().filter(|to| Some(*to) != error) {
            self.flow(held, to, bits);
        }
        true
    }

    fn is_compared(&self, local: LocalId) -> bool {
        self.compared.get_or_init(|| unseen::compared(self.func)).contains(&local)
    }

    /// The inputs that are interfaces to read from or to write to, without a method to close them.
    fn streams(&self) -> u64 {
        *self.streams.get_or_init(|| {
            let inputs = self.func.params.iter().copied();
            let inputs = inputs.chain(self.func.captures.iter().map(|c| c.inner));
            let streams = |local: LocalId| {
                let ty = self.func.locals.get(local).map(|l| l.ty);
                ty.is_some_and(|ty| self.package.is_stream(ty))
            };
            inputs.take(BITS).enumerate().fold(0, |all, (i, local)| {
                all | u64::from(streams(local)).checked_shl(i as u32).unwrap_or(0)
            })
        })
    }

    fn call(&self, held: &mut Held, call: &Call) {
        let args = &call.args;
        match &call.callee {
            Callee::Builtin(Builtin::Close) => held.end(held.all(args)),
            Callee::Builtin(Builtin::Copy) => held.keep(held.all(args.iter().skip(1))),
            Callee::Builtin(_) => {}
            Callee::Value(value) => {
                held.keep(held.all(args));
                // A function among the inputs is called, not ended; one in a field may end what it is in.
                let input = |local: &LocalId| {
                    let captured = self.func.captures.iter().any(|c| c.inner == *local);
                    captured || self.func.params.contains(local)
                };
                if !matches!(value, Operand::Local(local) if input(local) || !self.is_bare(*local))
                {
                    held.end(held.operand(value));
                }
            }
            Callee::Closure(literal, _) => self.body(held, *literal, args, &call.dst),
            Callee::Static(object, _) => match self.package.names.known(*object) {
                Known::Body(body) => self.body(held, body, args, &call.dst),
                Known::Effect(effect)
                    if effect.op == Op::None
                        && effect.callbacks.is_empty()
                        && effect.args == Args::Borrow => {}
                Known::Effect(_) | Known::Nothing => {
                    let all: Vec<Bits> = args.iter().map(|arg| held.operand(arg)).collect();
                    self.declared(held, *object, &all, &call.dst);
                }
            },
            Callee::Interface { recv, method } => {
                let recv = std::iter::once(held.operand(recv));
                let all: Vec<Bits> = recv.chain(args.iter().map(|arg| held.operand(arg))).collect();
                self.declared(held, *method, &all, &call.dst);
            }
        }
    }

    fn body(&self, held: &mut Held, body: FuncId, args: &[Operand], dst: &[LocalId]) {
        for (i, arg) in args.iter().enumerate() {
            let bits = held.operand(arg);
            self.given(held, body, i, bits, dst);
        }
    }

    /// A function out of view, or of the tables, gets inputs.
    fn declared(&self, held: &mut Held, object: ObjectId, args: &[Bits], dst: &[LocalId]) {
        let package = self.package;
        let effect = package.names.resource(object);
        let method = is_method(package, object);
        for (i, &bits) in args.iter().enumerate().filter(|(_, bits)| bits.any() != 0) {
            match effect.and_then(|e| e.args) {
                _ if effect.is_some_and(|e| e.releases == Some(i as u32)) => held.end(bits),
                _ if effect.is_some_and(|e| e.becomes == Some(i as u32)) => {
                    dst.iter().for_each(|&to| self.flow(held, to, bits));
                }
                Some(Args::Borrow) => {}
                Some(Args::IntoResult) => dst.iter().for_each(|&to| self.flow(held, to, bits)),
                Some(_) => held.keep(bits),
                None if method && i == 0 => {
                    if package.may_end_receiver(object) || package.may_end_with_no(object) {
                        held.end(bits);
                    }
                    // What is read from a stream does not hold it.
                    if bits.any() & !self.streams() != 0 {
                        dst.iter().for_each(|&to| self.flow(held, to, bits.away()));
                    }
                }
                None if package.only_reads(object, i) => {}
                None if !method && self.returns_holder(dst) => {
                    dst.iter().for_each(|&to| self.flow(held, to, bits));
                }
                None => held.keep(bits),
            }
        }
    }

    /// Whether a local is a function that takes and returns nothing.
    fn is_bare(&self, local: LocalId) -> bool {
        let program = self.package.program;
        let Some(local) = self.func.locals.get(local) else { return true };
        match program.kind(program.underlying(local.ty)) {
            TypeKind::Signature(s) => s.params.is_empty() && s.results.is_empty(),
            _ => true,
        }
    }

    /// Whether what a call returns may hold what it was given.
    fn returns_holder(&self, dst: &[LocalId]) -> bool {
        dst.iter().filter_map(|&dst| self.func.locals.get(dst)).any(|local| {
            let program = self.package.program;
            let under = program.kind(program.underlying(local.ty));
            matches!(under, TypeKind::Pointer(_) | TypeKind::Interface(_))
                && !self.package.is_error(local.ty)
        })
    }

    /// Whether a place is within a variable of the function, or in an object that it made itself.
    fn is_own(&self, place: &Place, local: LocalId) -> bool {
        if self.func.captures.iter().any(|c| c.inner == local) {
            return false;
        }
        let derefs = place.proj.iter().filter(|p| !matches!(p, Proj::Field(..))).count();
        let outer = place.proj.first().is_none_or(|p| matches!(p, Proj::Field(..)));
        if derefs == 0 {
            return true;
        }
        let mut defs = 0;
        let mut own = 0;
        for kind in visit::kinds(self.func) {
            visit::defs(kind, &mut |l| defs += u32::from(l == local));
            own += u32::from(
                matches!(
                    kind,
                    InstrKind::Assign(l, Rvalue::New(_) | Rvalue::MakeSlice { .. } | Rvalue::MakeMap(_))
                        if *l == local
                ) || matches!(kind, InstrKind::DeclareVar(l) if *l == local),
            );
        }
        !outer && derefs == 1 && defs == own && !self.func.params.contains(&local)
    }
}

/// Whether a declared function is a method, of a type or an interface.
pub(crate) fn is_method(package: &Package<'_>, object: ObjectId) -> bool {
    matches!(
        package.program.object(object).kind,
        ObjectKind::Func { recv: Some(_), .. } | ObjectKind::Func { interface: true, .. }
    )
}

impl<'a> Run<'a, '_> {
    /// Whether a function in view gets something that has to be given back, or a variable that may hold
    /// such a thing, only to use it.
    pub(crate) fn is_loan(&self, state: &State, callee: FuncId, arg: usize, value: TermId) -> bool {
        let known = self.package.facts.get(callee).map(|f| f.lends).unwrap_or_default();
        let only_uses = known.only_uses(arg);
        known.leaves_whole(arg)
            && match *self.arena.get(self.arena.unboxed(value)) {
                Term::Wrap(_) => only_uses && self.holds_open(state, value),
                // What is done to parts of an object with a goroutine is told apart, but not which method
                // of an interface ends it.
                Term::Owed(site) => match self.sites.get(&site).and_then(|s| s.kind) {
                    Some(Kind::Worker) => !known.ends_whole(arg),
                    None | Some(Kind::Stop) => false,
                    // Who takes back references to other packages' objects is not known of this one.
                    Some(Kind::Reference) => {
                        let n_own = self.package.module.funcs.len();
                        let helper = self.sites.get(&site).and_then(|s| s.helper);
                        let own = helper.is_some_and(|helper| helper.index() < n_own);
                        only_uses && (own || callee.index() >= n_own)
                    }
                    Some(_) => only_uses,
                },
                Term::Addr(place) => {
                    let root = self.arena.data(place).root;
                    only_uses && matches!(root, Root::Local(_)) && !self.is_locked(state, root)
                }
                Term::New(_) => !self.is_locked(state, Root::Ptr(self.arena.unboxed(value))),
                _ => false,
            }
    }

    fn is_locked(&self, state: &State, root: Root) -> bool {
        state.held.iter().any(|h| self.arena.data(h.lock).root == root)
    }

    /// The same of a function of which no more than that is known. It may still set a flag.
    pub(crate) fn is_blind_loan(
        &self,
        state: &State,
        callee: FuncId,
        arg: usize,
        value: TermId,
    ) -> bool {
        let facts = &self.package.facts[callee];
        let flagged = match *self.arena.get(self.arena.unboxed(value)) {
            Term::Owed(site) => {
                self.sites.get(&site).is_some_and(|s| s.enders.iter().any(|e| e.need == Need::Set))
            }
            _ => false,
        };
        let object = self.arena.unboxed(value);
        let new =
            matches!(self.arena.get(object), Term::New(_)) && !self.carriers.contains_key(&object);
        self.is_loan(state, callee, arg, value)
            && (new || facts.lends.only_uses(arg))
            && !(flagged && facts.relevant)
    }

    /// Whether a function that this one does not wait for only uses something that has to be closed: it is
    /// still owed here.
    pub(crate) fn is_left_open(
        &self,
        state: &State,
        target: Target<'_>,
        arg: usize,
        value: TermId,
    ) -> bool {
        let Target::Body(callee) = target else { return false };
        let Term::Owed(site) = *self.arena.get(self.arena.unboxed(value)) else { return false };
        let closer = self.sites.get(&site).is_some_and(|s| s.kind == Some(Kind::Closer));
        !self.learning
            && closer
            && state.owed.contains_key(&site)
            && self.package.facts.get(callee).is_some_and(|f| f.lends.only_uses(arg))
    }

    /// Whether a path of a summary is such an argument.
    pub(crate) fn is_loan_at(
        &self,
        state: &State,
        callee: FuncId,
        path: &Path,
        value: TermId,
    ) -> bool {
        let Base::Param(i) = path.base else { return false };
        path.steps.is_empty() && self.is_loan(state, callee, i, value)
    }

    /// Of what may have to be closed, a call that only uses it gets something else instead.
    pub(crate) fn lend_candidates(&mut self, state: &State, call: &mut Invocation<'a>) {
        for i in 0..call.args.len() {
            let lent = match call.target {
                Target::Body(func) => {
                    self.package.facts.get(func).is_some_and(|f| f.lends.only_uses(i))
                }
                Target::Unknown => call.object.is_some_and(|o| self.package.only_reads(o, i)),
                Target::Effect(_) | Target::Owed(_) | Target::Input(_) => false,
            };
            // What is read to its end is known to be.
            let drained = call
                .object
                .and_then(|object| self.package.names.resource(object))
                .is_some_and(|effect| effect.drains == Some(i as u32));
            if lent && !drained && self.candidate_of(state, call.args[i]).is_some() {
                call.args[i] = self.arena.non_nil();
            }
        }
    }
}
