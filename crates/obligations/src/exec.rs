//! Runs instructions on states.

use crate::doubts::Doubts;
use crate::flow::{self, Exit};
use crate::holders::InField;
use crate::inferred::Act;
use crate::learned::Candidate;
use crate::loans::{Lent, Loans};
use crate::once::Once;
use crate::order::Notes;
use crate::package::Package;
use crate::panics;
use crate::report::{DoubleLock, Step, StepKind};
use crate::rounds;
use crate::site::Site;
use crate::slots::Slots;
use crate::state::{Detail, State};
use crate::summary::Summary;
use crate::term::{Arena, Epoch, EpochId, Part, PlaceId, Root, Term, TermId};
use crate::turns::LeftInTurns;
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, IndexVec};
use stanch_effects::Kind;
use stanch_ir::{
    BlockId, Func, FuncId, Instr, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue, Span,
};
use stanch_syntax::ast::UnaryOp;
use stanch_types::{ObjectId, TypeId, TypeKind};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The analysis of one function.
pub(crate) struct Run<'a, 'p> {
    pub(crate) package: &'a Package<'p>,
    pub(crate) summaries: &'a IndexVec<FuncId, Option<Summary>>,
    pub(crate) id: FuncId,
    pub(crate) func: &'a Func,
    pub(crate) detail: Detail,
    pub(crate) arena: Arena,
    /// Instructions run so far, once for each state.
    pub(crate) steps: usize,
    /// Instructions of the block that runs whose earlier values the state still knows.
    pub(crate) stale: BTreeSet<u32>,
    /// Whether more states came together within a block than are followed.
    pub(crate) crowded: bool,
    /// What was acquired where.
    pub(crate) sites: BTreeMap<Span, Site>,
    /// Lock operations whose lock an explicit unlock gave back on some path, with that unlock.
    pub(crate) unlocked: BTreeMap<Span, Span>,
    /// Lock operations whose lock a function that left view gives back, with that function.
    pub(crate) handed: BTreeMap<Span, Span>,
    /// Locks that go from goroutine to goroutine: one that is started here gives them back.
    pub(crate) passed_on: BTreeSet<PlaceId>,
    /// Places whose address left view.
    pub(crate) known_elsewhere: BTreeSet<PlaceId>,
    /// Lock operations of the function itself.
    pub(crate) taken: BTreeSet<Span>,
    /// Those of them that may find the lock taken and go on.
    pub(crate) tried: BTreeSet<Span>,
    /// Locks given back that a callee had left held.
    pub(crate) taken_over: BTreeSet<PlaceId>,
    /// Locks given back that were not held then, even if only for a while.
    pub(crate) given: BTreeSet<PlaceId>,
    /// Whether a value leaves view only because it is stored in a field.
    pub(crate) storing: bool,
    /// Objects and methods whose calls through interfaces are being followed: objects can hold themselves.
    pub(crate) asking: Vec<(TermId, ObjectId)>,
    /// Requests that ask for no body.
    pub(crate) bodiless: BTreeSet<TermId>,
    /// Types of new objects.
    pub(crate) types: FxHashMap<TermId, TypeId>,
    /// An object that a goroutine gets without becoming its owner.
    pub(crate) spared: Option<TermId>,
    /// Locks taken twice, by the operation and the lock.
    pub(crate) doubles: BTreeMap<(Span, PlaceId), DoubleLock>,
    /// What the ways to these rest on.
    pub(crate) double_ways: BTreeMap<(Span, PlaceId), Vec<Doubts>>,
    /// What the analysis of the whole module's locks needs to know.
    pub(crate) notes: Notes,
    /// Elements by value, with the containers they were found in.
    pub(crate) origins: FxHashMap<TermId, TermId>,
    /// The block that runs, and whether its deferred calls do.
    pub(crate) now: (BlockId, bool),
    /// The cycle of the graph that each block is in; 0 if it is in none.
    pub(crate) cycles: IndexVec<BlockId, u32>,
    /// Kinds of places that functions write, with the number of names that were known then.
    pub(crate) written: FxHashMap<FuncId, (usize, Arc<[EpochId]>)>,
    /// Objects in fields that got a goroutine which only an act ends.
    pub(crate) in_fields: Vec<InField>,
    /// Whether something is discharged because it is closed.
    pub(crate) closing: bool,
    /// Whether whatever may have to be closed is taken for something that has to be.
    pub(crate) learning: bool,
    /// What is taken so, by where it was made.
    pub(crate) candidates: BTreeMap<Span, Candidate>,
    /// Places in wait groups and semaphores.
    pub(crate) slots: Slots,
    /// Whether it asked for the summary of a method that was not run yet.
    pub(crate) early: bool,
    /// What calls borrow, once it was asked for.
    pub(crate) loans: Option<Loans>,
    /// The input that is taken for something that the function made itself.
    pub(crate) given_input: Option<usize>,
    /// Where that is declared.
    pub(crate) given_site: Option<Span>,
    /// Whether channels were open when something was received, with these.
    pub(crate) opens: FxHashMap<TermId, TermId>,
    /// Channels that tell that contexts are over, with these.
    pub(crate) done_of: FxHashMap<TermId, TermId>,
    /// Contexts that others were made from, each with where that was.
    pub(crate) children: Vec<(TermId, Span)>,
    /// What values were made from, or hold: contexts.
    pub(crate) made_from: FxHashMap<TermId, Vec<TermId>>,
    /// Whether literals that leave view are only called before the call is over that gets them, or if not
    /// (`Lent::Started`) keep at least what they only use to themselves.
    pub(crate) lending: Option<Lent>,
    /// Calls of functions out of view whose first results may have to be closed.
    pub(crate) unseen: FxHashSet<Span>,
    /// Variables that are compared with nil, where there are such calls.
    pub(crate) compared: FxHashSet<LocalId>,
    /// Channels made here.
    pub(crate) channels: FxHashSet<TermId>,
    /// New objects that callees returned, with what was made for them and is in a field.
    pub(crate) carriers: FxHashMap<TermId, Span>,
    /// Where the instruction is that runs.
    pub(crate) at: Span,
    /// Lists and tables made here that hold nothing owed so far.
    pub(crate) own_lists: FxHashSet<TermId>,
    /// Lock operations whose lock methods of an interface may have given back.
    pub(crate) shown: BTreeSet<Span>,
    /// Whether the function asks for the length of anything.
    pub(crate) asks_lengths: bool,
    /// Slices made here: as many elements as they have they keep.
    pub(crate) fixed: FxHashSet<TermId>,
    /// Structs that are values, each with places for its fields.
    pub(crate) copies: FxHashSet<TermId>,
    /// What loops do in one turn only.
    pub(crate) once: Once,
    /// Whether the function recovers from its panics, and its exits after these.
    pub(crate) recovers: bool,
    pub(crate) panics: Vec<Exit>,
    /// Locks that turns of loops left locked.
    pub(crate) left_in_turns: LeftInTurns,
    /// Whether a callee gives back locks that cannot be named.
    pub(crate) gives_unnamed: bool,
    /// Whether something is discharged because a list has it now.
    pub(crate) gathering: bool,
    /// Channels known to functions that a call was given, each with that call.
    pub(crate) tellers: BTreeSet<(LocalId, Span)>,
    /// Texts that are well formed.
    pub(crate) proper: BTreeSet<TermId>,
    /// What functions made of errors that are nil: they are believed to make nothing of nothing.
    pub(crate) wrapped: BTreeSet<TermId>,
    /// Inputs that leave view other than in a result, or in an object with a goroutine that has nothing
    /// else of this function.
    pub(crate) given_away: BTreeSet<PlaceId>,
    /// Whether what leaves view only goes where a result or such an object goes.
    pub(crate) keeping: bool,
    /// What calls put into what they returned: that goes where the result goes.
    pub(crate) held_by: FxHashMap<TermId, BTreeSet<TermId>>,
    /// Methods of new objects that went to what these hold, and may end a part of them.
    pub(crate) ended_by: FxHashMap<TermId, BTreeSet<FuncId>>,
    /// Whether the outcome that is applied hangs on what the state does not know.
    pub(crate) asked: bool,
    /// Acts of deferred calls: they come when the function is over, after whatever it starts.
    pub(crate) deferred_acts: BTreeSet<(PlaceId, Act)>,
    /// The types of what was put in interfaces, as far as there is one.
    pub(crate) boxed: FxHashMap<TermId, Option<TypeId>>,
}

impl<'a, 'p> Run<'a, 'p> {
    pub(crate) fn new(
        package: &'a Package<'p>,
        summaries: &'a IndexVec<FuncId, Option<Summary>>,
        id: FuncId,
        detail: Detail,
    ) -> Self {
        let mut run = Self {
            package,
            summaries,
            id,
            func: &package.module.funcs[id],
            detail,
            arena: Arena::default(),
            steps: 0,
            stale: BTreeSet::new(),
            crowded: false,
            sites: BTreeMap::new(),
            unlocked: BTreeMap::new(),
            handed: BTreeMap::new(),
            passed_on: BTreeSet::new(),
            known_elsewhere: BTreeSet::new(),
            taken: BTreeSet::new(),
            tried: BTreeSet::new(),
            taken_over: BTreeSet::new(),
            given: BTreeSet::new(),
            storing: false,
            asking: Vec::new(),
            bodiless: BTreeSet::new(),
            types: FxHashMap::default(),
            spared: None,
            doubles: BTreeMap::new(),
            double_ways: BTreeMap::new(),
            notes: Notes::default(),
            origins: FxHashMap::default(),
            now: (BlockId::from_raw(0), false),
            cycles: flow::cycles(&package.module.funcs[id]),
            written: FxHashMap::default(),
            in_fields: Vec::new(),
            closing: false,
            learning: false,
            candidates: BTreeMap::new(),
            slots: Slots::default(),
            early: false,
            loans: None,
            given_input: None,
            given_site: None,
            opens: FxHashMap::default(),
            done_of: FxHashMap::default(),
            children: Vec::new(),
            made_from: FxHashMap::default(),
            lending: None,
            unseen: FxHashSet::default(),
            compared: FxHashSet::default(),
            channels: FxHashSet::default(),
            carriers: FxHashMap::default(),
            at: package.module.funcs[id].name_span,
            own_lists: FxHashSet::default(),
            fixed: FxHashSet::default(),
            copies: FxHashSet::default(),
            shown: BTreeSet::new(),
            asks_lengths: rounds::asks_lengths(package, &package.module.funcs[id]),
            once: Once::new(package.program, &package.module.funcs[id]),
            recovers: panics::recovers(package, &package.module.funcs[id]),
            panics: Vec::new(),
            left_in_turns: LeftInTurns::new(),
            gives_unnamed: false,
            gathering: false,
            tellers: BTreeSet::new(),
            proper: BTreeSet::new(),
            wrapped: BTreeSet::new(),
            given_away: BTreeSet::new(),
            keeping: false,
            held_by: FxHashMap::default(),
            ended_by: FxHashMap::default(),
            asked: false,
            deferred_acts: BTreeSet::new(),
            boxed: FxHashMap::default(),
        };
        run.name_fields();
        run.name_inputs();
        run
    }

    /// Says which fields and variables this function may ask for: its own and those that what it calls
    /// may tell it about.
    fn name_fields(&mut self) {
        let package = self.package;
        let mut named: FxHashSet<ObjectId> = FxHashSet::default();
        for kind in visit::kinds(self.func) {
            visit::places(kind, &mut |place| {
                if let PlaceBase::Global(object) = place.base {
                    named.insert(object);
                }
                named.extend(place.proj.iter().filter_map(|proj| match proj {
                    Proj::Field(_, field) => Some(*field),
                    Proj::Deref | Proj::Index(_) => None,
                }));
            });
        }
        for &callee in &package.facts[self.id].callees {
            let mut name = |object| {
                named.insert(object);
            };
            if let Some(Some(summary)) = self.summaries.get(callee) {
                summary.named(&mut name);
            }
            if let Some(look) = package.facts.get(callee).and_then(|f| f.look.as_ref()) {
                look.named(&mut name);
            }
        }
        self.arena.name(named.into_iter());
    }

    /// Whether what was acquired at a place is an object with a goroutine.
    pub(crate) fn is_worker(&self, site: Span) -> bool {
        self.sites.get(&site).is_some_and(|s| s.kind == Some(Kind::Worker))
    }

    /// A step of the path in this function.
    pub(crate) fn step(&self, span: Span, kind: StepKind) -> Step {
        Step { func: self.id, span, kind }
    }

    /// Runs an instruction on the states of a block; those that do not go on are gone.
    pub(crate) fn instr(
        &mut self,
        mut states: Vec<State>,
        instr: &'a Instr,
        at: (BlockId, u32),
    ) -> Vec<State> {
        self.at = instr.span;
        match &instr.kind {
            InstrKind::Call(call) => {
                let mut after = Vec::with_capacity(states.len());
                for state in states {
                    self.begin(at);
                    after.extend(self.call(state, call, instr.span));
                }
                after
            }
            InstrKind::RunDefers => {
                let mut after = Vec::with_capacity(states.len());
                for state in states {
                    self.begin(at);
                    self.now.1 = true;
                    after.extend(self.run_defers(state));
                }
                self.now.1 = false;
                after
            }
            _ => {
                states.retain(|state| !self.is_never_served(state, &instr.kind));
                for state in &mut states {
                    self.begin(at);
                    self.straight(state, instr, at);
                }
                states
            }
        }
    }

    /// New values are those of this instruction, unless the state knows some from an earlier run.
    pub(crate) fn begin(&mut self, at: (BlockId, u32)) {
        self.now.0 = at.0;
        let free = !self.stale.contains(&at.1);
        self.arena.begin(free.then_some(at));
    }

    /// An instruction that always goes on, and in one way.
    fn straight(&mut self, state: &mut State, instr: &'a Instr, at: (BlockId, u32)) {
        match &instr.kind {
            InstrKind::DeclareVar(local) => self.declare(state, *local),
            InstrKind::Assign(local, rvalue) => {
                if let Rvalue::Composite { ty, elems } = rvalue {
                    self.note_composite(state, *ty, elems, instr.span);
                }
                if self.hold_parts(state, *local, rvalue) {
                    return;
                }
                let value = match self.is_sentinel(*local, rvalue) {
                    true => self.arena.non_nil(),
                    false => self.rvalue(state, rvalue),
                };
                let value = self.missing_element(state, *local, rvalue, value);
                self.assign(state, *local, value);
                self.bring_fields(state, *local, rvalue);
            }
            InstrKind::Store(place, operand) => {
                self.note_removal(state, &instr.kind, instr.span);
                if self.is_kept_place(place) {
                    self.note_store(state, place, operand, instr.span);
                }
                let value = self.operand(state, operand);
                self.show_channels(state, value);
                let place = self.place(state, place);
                // A table has its keys too.
                if let Some(&Part::Index(key)) = self.arena.data(place).parts.last() {
                    self.keep_key(state, key);
                    if let Root::Ptr(table) = self.arena.data(place).root {
                        self.grows(state, table);
                    }
                }
                self.store(state, place, value);
                self.store_fields(state, place, operand);
                self.replaced_body(state, place, value, instr.span);
            }
            InstrKind::Go(call) => self.go(state, call, instr.span),
            InstrKind::Defer(call) => self.defer(state, call, at, instr.span),
            InstrKind::Call(_) | InstrKind::RunDefers => {}
            InstrKind::Send { chan, value } => {
                self.note_exchange(state, chan, true, instr.span);
                self.note_feed(state, chan, instr.span);
                let sent = self.operand(state, value);
                self.escape(state, sent);
                self.send_slot(state, chan, value, instr.span);
                let chan = self.operand(state, chan);
                self.show_channels(state, chan);
                self.act_on_value(state, chan, Act::Send);
            }
            InstrKind::Recv { dst, ok, chan, .. } => {
                self.note_exchange(state, chan, false, instr.span);
                if dst.is_none() {
                    self.receive_slot(state, chan, instr.span);
                }
                self.came(state, chan);
                let received = chan;
                let chan = self.operand(state, chan);
                for local in dst.iter().chain(ok) {
                    self.assign_fresh(state, *local);
                    self.note_received(state, received, &[*local]);
                }
                self.note_open(state, received, *ok);
                // The channel of a ticker is never closed.
                if let (Some(ok), Some(_)) = (ok, self.ticker_of(chan)) {
                    let yes = self.arena.bool(true);
                    self.assign(state, *ok, yes);
                }
            }
            InstrKind::MapDelete { .. } => {
                self.note_removal(state, &instr.kind, instr.span);
                let elements = self.arena.epoch(Epoch::Elements);
                state.invalidate(&mut self.arena, &[elements]);
            }
        }
    }

    /// Whether a value of a package that is missing is returned as an error: a variable, as those that tell
    /// what has happened.
    fn is_sentinel(&self, local: LocalId, rvalue: &Rvalue) -> bool {
        matches!(rvalue, Rvalue::Use(Operand::Unknown(_)))
            && self.func.results.contains(&local)
            && self.package.is_error(self.func.locals[local].ty)
    }

    pub(crate) fn declare(&mut self, state: &mut State, local: LocalId) {
        let place = self.arena.local(local);
        let arena = &self.arena;
        state.held.retain(|h| arena.data(h.lock).root != Root::Local(local));
        state.slots.retain(|s| arena.data(s.of).root != Root::Local(local));
        let ty = self.func.locals[local].ty;
        let value = self.zero(ty);
        state.store(&self.arena, place, value);
        self.begin_fields(state, place, ty);
    }

    /// `local = value`
    pub(crate) fn assign(&mut self, state: &mut State, local: LocalId, value: TermId) {
        if let Some(site) = self.owed_for(value) {
            let name = &self.func.locals[local].name;
            if !name.is_empty()
                && &**name != "_"
                && let Some(site) = self.sites.get_mut(&site)
            {
                site.name.get_or_insert_with(|| name.to_string());
            }
        }
        let shared = self.func.captures.iter().any(|c| c.inner == local && c.by_ref);
        if shared || state.leaky.contains(&local) {
            self.escape(state, value);
        }
        if self.func.locals[local].address_taken {
            self.show_channels(state, value);
        }
        let place = self.arena.local(local);
        state.store(&self.arena, place, value);
    }

    pub(crate) fn assign_fresh(&mut self, state: &mut State, local: LocalId) {
        let value = self.arena.fresh();
        self.assign(state, local, value);
    }

    fn store(&mut self, state: &mut State, place: PlaceId, value: TermId) {
        let data = self.arena.data(place).clone();
        if let Some(Part::Field(field)) = data.parts.last() {
            if self.package.names.borrows_field(*field) && self.is_owed(state, value) {
                let lent = self.arena.non_nil();
                state.store(&self.arena, place, lent);
                return;
            }
            self.note_field(state, *field, value);
        }
        let private = match data.root {
            Root::Local(local) => {
                !state.leaky.contains(&local)
                    && !self.func.captures.iter().any(|c| c.inner == local)
            }
            Root::Ptr(pointer) => match *self.arena.get(pointer) {
                Term::New(_) => {
                    let shared = self.is_owed(state, value) && self.others_end(pointer, place);
                    !state.escaped.contains(&pointer) && !shared
                }
                Term::Owed(site) => self.is_worker(site) && state.owed.contains_key(&site),
                _ => false,
            },
            Root::Global(_) => false,
        };
        // A struct that is assigned as a whole has other locks then.
        let arena = &self.arena;
        state.held.retain(|h| {
            let lock = arena.data(h.lock);
            lock.root != data.root || !lock.parts.starts_with(&data.parts)
        });
        state.slots.retain(|s| {
            let of = arena.data(s.of);
            of.root != data.root || !of.parts.starts_with(&data.parts)
        });
        if matches!(self.arena.get(value), Term::Bool(_) | Term::Int(_)) {
            self.act(state, place, Act::Set);
        }
        if let (Root::Ptr(list), [Part::Index(_)]) = (data.root, &*data.parts)
            && self.put(state, list, value)
        {
            return;
        }
        let owed = !private && self.is_owed(state, value);
        let beside = self.filled_beside(state, place);
        if !private || matches!(data.parts.last(), Some(Part::Index(_))) {
            self.storing = matches!(data.parts.last(), Some(Part::Field(_)));
            self.escape(state, value);
            self.storing = false;
        }
        state.filled.extend(beside);
        self.fill(state, place, value, owed);
        state.store(&self.arena, place, value);
        self.bump(state, Epoch::Memory);
    }

    /// A table keeps a key of it, and what that holds.
    fn keep_key(&mut self, state: &mut State, key: TermId) {
        let mut held = vec![key];
        if matches!(self.arena.get(self.arena.unboxed(key)), Term::New(_)) {
            let object = self.arena.pointee(key);
            held.extend(self.parts(state, object));
        }
        for term in held {
            if self.is_owed(state, term) {
                self.escape(state, term);
            }
        }
    }

    /// Makes earlier answers about a kind of place void, without forgetting stored values.
    pub(crate) fn bump(&mut self, state: &mut State, epoch: Epoch) {
        let now = self.arena.fresh();
        let epoch = self.arena.epoch(epoch);
        state.epochs.insert(epoch, now);
    }

    pub(crate) fn epoch(&mut self, state: &State, epoch: Epoch) -> Option<TermId> {
        let epoch = self.arena.epoch(epoch);
        state.epochs.get(&epoch).copied()
    }

    /// The value of an operand. A struct that is copied takes what its fields hold along, out of
    /// sight.
    pub(crate) fn operand(&mut self, state: &mut State, operand: &Operand) -> TermId {
        match operand {
            Operand::Local(local) => {
                let place = self.arena.local(*local);
                if !state.owed.is_empty() {
                    self.escape_parts(state, place);
                }
                state.load(&mut self.arena, place)
            }
            Operand::Const(value, _) => self.constant(value),
            Operand::Nil(_) => self.arena.nil(),
            Operand::Zero(ty) => self.zero(*ty),
            Operand::Func(object) => self.arena.term(Term::Func(*object)),
            Operand::Unknown(_) => self.arena.fresh(),
        }
    }

    pub(crate) fn place(&mut self, state: &mut State, place: &Place) -> PlaceId {
        let mut at = match place.base {
            PlaceBase::Local(local) => self.arena.local(local),
            PlaceBase::Global(object) => self.arena.place(Root::Global(object), Box::default()),
        };
        for proj in &place.proj {
            at = match proj {
                Proj::Field(_, field) => self.arena.part(at, Part::Field(*field)),
                Proj::Deref => {
                    let pointer = state.load(&mut self.arena, at);
                    self.arena.pointee(pointer)
                }
                Proj::Index(index) => {
                    let index = self.operand(state, index);
                    let container = state.load(&mut self.arena, at);
                    let elements = self.arena.pointee(container);
                    self.arena.part(elements, Part::Index(index))
                }
            };
        }
        at
    }

    fn rvalue(&mut self, state: &mut State, rvalue: &Rvalue) -> TermId {
        match rvalue {
            Rvalue::Use(x) | Rvalue::Convert(x, _) => self.operand(state, x),
            Rvalue::Load(place) => self.load(state, place),
            Rvalue::AddressOf(place) => {
                let place = self.place(state, place);
                self.look_at(state, place);
                let address = self.arena.address(place);
                self.show_channels(state, address);
                address
            }
            Rvalue::New(ty) => {
                let number = self.arena.number();
                let object = self.arena.term(Term::New(number));
                self.types.insert(object, *ty);
                object
            }
            Rvalue::MakeChan { .. } => {
                let channel = self.arena.non_nil();
                self.channels.insert(channel);
                channel
            }
            Rvalue::MakeMap(_) => {
                let table = self.new_list();
                self.has_length(state, table, Some(0));
                table
            }
            Rvalue::MakeSlice { elems, len, .. } => {
                self.keep(state, elems.iter());
                let list = self.new_list();
                self.fixed.insert(list);
                let n = match len {
                    None => Some(elems.len()),
                    Some(len @ Operand::Const(..)) => {
                        let n = self.operand(state, len);
                        match *self.arena.get(n) {
                            Term::Int(n) => usize::try_from(n).ok(),
                            _ => None,
                        }
                    }
                    Some(_) => None,
                };
                if n.is_some() {
                    self.has_length(state, list, n);
                }
                list
            }
            Rvalue::Composite { ty, elems } => self.composite(state, *ty, elems),
            Rvalue::MakeClosure(func) => self.arena.term(Term::Closure(*func)),
            Rvalue::MethodValue { recv, method } => {
                let recv = self.operand(state, recv);
                self.arena.term(Term::Method(recv, *method))
            }
            Rvalue::Unary(UnaryOp::Not, x) => {
                let x = self.operand(state, x);
                self.arena.not(x)
            }
            Rvalue::Binary(op, a, b) => {
                let (a, b) = (self.operand(state, a), self.operand(state, b));
                match self.compares_new(state, *op, a, b) {
                    Some(known) => self.arena.bool(known),
                    None => self.arena.binary(*op, a, b),
                }
            }
            Rvalue::MakeInterface(x, _) => {
                let value = self.operand(state, x);
                self.show_channels(state, value);
                let boxed = self.arena.term(Term::Iface(value));
                self.note_boxed(boxed, x);
                boxed
            }
            Rvalue::TypeAssert { x, ty, ok } => {
                let x = self.operand(state, x);
                if self.learning && ok.is_some() {
                    self.learned_assert(state, x);
                }
                if let Some(ok) = ok {
                    let is = match self.holds_type(x, *ty) {
                        Some(known) => self.arena.bool(known),
                        None => self.arena.term(Term::Is(x, *ty)),
                    };
                    self.assign(state, *ok, is);
                }
                self.arena.term(Term::Assert(x, *ty))
            }
            Rvalue::MapLookup { map, key, ok } => {
                let (map, key) = (self.operand(state, map), self.operand(state, key));
                self.look_into(state, map);
                let (value, has) = self.element(state, map, key);
                if let Some(ok) = ok {
                    self.assign(state, *ok, has);
                }
                value
            }
            Rvalue::Len(x) => {
                let x = self.operand(state, x);
                self.look_into(state, x);
                self.length(state, x)
            }
            Rvalue::Append { slice, elems, spread } => {
                let list = self.operand(state, slice);
                if *spread {
                    self.look_into(state, list);
                    self.keep(state, elems.iter());
                    return self.computed(state, [slice].into_iter().chain(elems));
                }
                let elems: Vec<TermId> = elems.iter().map(|e| self.operand(state, e)).collect();
                elems.iter().for_each(|&elem| self.show_channels(state, elem));
                self.append(state, list, &elems)
            }
            Rvalue::Slice { x, .. } => {
                let x = self.peek(state, x);
                self.look_into(state, x);
                let value = self.arena.fresh();
                let outside = self.arena.is_outside(x);
                self.arena.note_outside(value, outside);
                value
            }
            Rvalue::Other(operands, _) => {
                self.keep(state, operands.iter());
                self.computed(state, operands.iter())
            }
            Rvalue::Unary(_, x) | Rvalue::Cap(x) => self.computed(state, [x].into_iter()),
            Rvalue::Recover => self.arena.fresh(),
        }
    }

    fn load(&mut self, state: &mut State, place: &Place) -> TermId {
        let at = self.place(state, place);
        if !state.owed.is_empty() {
            self.look_at(state, at);
            self.escape_parts(state, at);
            self.copy_whole(state, at);
        }
        let value = self.read(state, at);
        // Package-level errors are sentinels.
        if let (PlaceBase::Global(object), [], Term::Load(..)) =
            (place.base, &*place.proj, self.arena.get(value))
        {
            let program = self.package.program;
            // So is what code that is not loaded declares, where something is compared with it.
            let ty = program.object(object).ty;
            let is_error = self.package.is_error(ty)
                || object.package != self.package.module.package
                    && matches!(program.kind(ty), TypeKind::Unknown);
            if is_error && state.nilness(&self.arena, value).is_none() {
                let nil = self.arena.nil();
                let is_nil = self.arena.binary(stanch_syntax::ast::BinaryOp::Eq, value, nil);
                state.assume(&mut self.arena, is_nil, false);
            }
        }
        value
    }

    /// A copy of a struct that is owed has what that holds.
    fn copy_whole(&mut self, state: &mut State, place: PlaceId) {
        let data = self.arena.data(place);
        if let (Root::Ptr(object), []) = (data.root, &*data.parts)
            && let Term::Owed(site) = *self.arena.get(object)
        {
            self.discharge(state, site);
        }
    }

    /// Operands that live on in a container: handed on.
    fn keep<'o>(&mut self, state: &mut State, operands: impl Iterator<Item = &'o Operand>) {
        for operand in operands {
            let value = self.operand(state, operand);
            self.escape(state, value);
        }
    }

    /// A field gets a value: what was acquired is in it, unless it is closed already. Who has a method of it as a
    /// function has it too.
    pub(crate) fn note_field(&mut self, state: &State, field: ObjectId, value: TermId) {
        let object = match *self.arena.get(value) {
            Term::Method(receiver, _) => receiver,
            _ => value,
        };
        if let Term::Owed(at) = *self.arena.get(self.arena.unboxed(object))
            && !state.closed.contains(&at)
            && let Some(site) = self.sites.get_mut(&at)
            && !site.fields.contains(&field)
        {
            site.fields.push(field);
        }
    }

    fn composite(&mut self, state: &mut State, ty: TypeId, elems: &[(u32, Operand)]) -> TermId {
        let program = self.package.program;
        let fields = match program.kind(program.underlying(ty)) {
            TypeKind::Struct(fields) => Some(fields),
            _ => None,
        };
        for (index, operand) in elems {
            let value = self.operand(state, operand);
            let field = fields.and_then(|f| f.get(*index as usize)).map(|f| f.object);
            if let Some(field) = field {
                self.note_field(state, field, value);
            }
            self.storing = field.is_some();
            self.escape(state, value);
            self.storing = false;
        }
        self.arena.fresh()
    }
}
