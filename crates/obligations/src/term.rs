//! Symbolic values and memory places, hash-consed per analysed function.
//!
//! Two reads of the same unchanged place give the same term, so that a condition tested twice has the
//! same truth on one path. Sharing between threads and aliasing of different access paths are left
//! out: the analysis believes what the programmer believes.

use stanch_base::{FxHashMap, FxHashSet, Idx, newtype_index};
use stanch_ir::{BlockId, FuncId, LocalId, Span};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{ObjectId, TypeId};
use std::sync::Arc;

newtype_index! {
    /// A value of one [`Arena`].
    pub(crate) struct TermId; "t"
}
newtype_index! {
    /// A place of one [`Arena`].
    pub(crate) struct PlaceId; "p"
}
newtype_index! {
    /// A kind of place of one [`Arena`]. Objects' numbers have no stable order, these have.
    pub(crate) struct EpochId; "e"
}

/// What tells new values apart.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Number {
    /// The value that an instruction makes, so that paths which run it alike agree. Used only where
    /// the state knows no value of an earlier run.
    Site(BlockId, u32, u32),
    /// Used once.
    Count(u32),
}

/// A symbolic value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Term {
    /// Something new.
    Fresh(Number),
    /// As `Fresh`, and not nil.
    NonNil(Number),
    /// Different values met at a block: of the group of states, at this place or epoch.
    Phi(BlockId, u32, Slot),
    /// What a place holds that was not written on this path, since the epoch (`None`: entry).
    Load(PlaceId, Option<TermId>),
    Bool(bool),
    Int(i64),
    /// A string or any constant without a cheaper form, by its text.
    Text(Arc<str>),
    Nil,
    Not(TermId),
    Binary(BinaryOp, TermId, TermId),
    /// Length of a value, since the epoch of elements.
    Len(TermId, Option<TermId>),
    /// An element of a map, since the epoch of elements.
    Elem(TermId, TermId, Option<TermId>),
    /// Whether a map has a key, since the epoch of elements.
    Has(TermId, TermId, Option<TermId>),
    /// Whether an interface holds a type.
    Is(TermId, TypeId),
    /// The value of a type assertion.
    Assert(TermId, TypeId),
    /// Result of a call without effects, since the epoch of memory.
    Pure(ObjectId, u32, Box<[TermId]>, Option<TermId>),
    /// Address of a place.
    Addr(PlaceId),
    /// A new object; its pointer.
    New(Number),
    /// A non-nil interface value holding a value.
    Iface(TermId),
    /// A new object that uses another value and does not own it.
    Wrap(TermId),
    /// A declared function.
    Func(ObjectId),
    /// A literal with the current frame's variables.
    Closure(FuncId),
    /// A method with its receiver.
    Method(TermId, ObjectId),
    /// The locker of a read-write mutex's read side.
    ReadSide(PlaceId),
    /// The function that ends what was acquired at this place.
    Owed(Span),
    /// The context made at this place.
    Context(Span),
    /// The context that never ends.
    Background,
}

/// What a merged value was found in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Slot {
    /// A place's contents.
    Mem(PlaceId),
    /// An epoch.
    Epoch(EpochId),
}

/// What can be invalidated as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Epoch {
    /// A field, in all objects.
    Field(ObjectId),
    /// A package-level variable.
    Global(ObjectId),
    /// A local of this function.
    Local(LocalId),
    /// All elements of slices and maps, and pointees that are no fields.
    Elements,
    /// Anything a function without effects may read.
    Memory,
    /// Whether a range has begun: no kind of place.
    Turns(BlockId),
}

/// Where a place starts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Root {
    Local(LocalId),
    Global(ObjectId),
    /// What a pointer points to.
    Ptr(TermId),
}

/// A step inside an object.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(crate) enum Part {
    Field(ObjectId),
    Index(TermId),
}

/// A memory place.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct PlaceData {
    pub(crate) root: Root,
    pub(crate) parts: Box<[Part]>,
}

/// All terms and places of one function's analysis.
#[derive(Default)]
pub(crate) struct Arena {
    terms: Vec<Term>,
    /// For each term, the numbered terms it is made of.
    leaves: Vec<Box<[TermId]>>,
    /// For each place, the numbered terms its name is made of.
    place_leaves: Vec<Box<[TermId]>>,
    places: Vec<PlaceData>,
    term_ids: FxHashMap<Term, TermId>,
    place_ids: FxHashMap<PlaceData, PlaceId>,
    /// Places that are asked for again and again: of variables, of what terms point to, and of parts of
    /// places.
    locals: Vec<Option<PlaceId>>,
    pointees: Vec<Option<PlaceId>>,
    parts: FxHashMap<(PlaceId, Part), PlaceId>,
    epoch_ids: FxHashMap<Epoch, EpochId>,
    /// For each place, the epoch of its kind and, if it starts with a variable, that of the variable.
    place_epochs: Vec<(EpochId, Option<EpochId>)>,
    /// Fields and package-level variables that the function may ask for. Only their epochs are kept.
    named: FxHashSet<ObjectId>,
    /// Epochs of what was asked for all the same: their beginnings are not known.
    late: FxHashSet<EpochId>,
    n_fresh: u32,
    /// Variables that the caller decides.
    pub(crate) inputs: FxHashSet<LocalId>,
    /// New values, each with whether it comes from outside.
    pub(crate) outside: FxHashMap<TermId, bool>,
    /// The instruction that runs, if its numbers are free, and how many it has used.
    site: Option<(BlockId, u32)>,
    n_of_site: u32,
}

fn remember(known: &mut Vec<Option<PlaceId>>, at: usize, place: PlaceId) {
    if known.len() <= at {
        known.resize(at + 1, None);
    }
    known[at] = Some(place);
}

impl Arena {
    pub(crate) fn term(&mut self, term: Term) -> TermId {
        if let Some(&id) = self.term_ids.get(&term) {
            return id;
        }
        let id = TermId::from_usize(self.terms.len());
        self.leaves.push(self.leaves_of(id, &term));
        self.terms.push(term.clone());
        self.term_ids.insert(term, id);
        id
    }

    pub(crate) fn place(&mut self, root: Root, parts: Box<[Part]>) -> PlaceId {
        let data = PlaceData { root, parts };
        if let Some(&id) = self.place_ids.get(&data) {
            return id;
        }
        let id = PlaceId::from_usize(self.places.len());
        self.place_leaves.push(self.leaves_of_place(&data));
        let epochs = self.epochs_of_place(&data);
        self.place_epochs.push(epochs);
        self.places.push(data.clone());
        self.place_ids.insert(data, id);
        id
    }

    pub(crate) fn epoch(&mut self, epoch: Epoch) -> EpochId {
        let next = EpochId::from_usize(self.epoch_ids.len());
        *self.epoch_ids.entry(epoch).or_insert(next)
    }

    fn epochs_of_place(&mut self, data: &PlaceData) -> (EpochId, Option<EpochId>) {
        let root = match data.root {
            Root::Global(object) => Some(self.asked_for(Epoch::Global(object), object)),
            Root::Local(local) => Some(self.epoch(Epoch::Local(local))),
            Root::Ptr(_) => None,
        };
        let own = match (data.parts.last(), root) {
            (Some(&Part::Field(field)), _) => self.asked_for(Epoch::Field(field), field),
            (None, Some(root)) => root,
            (Some(Part::Index(_)), _) | (None, None) => self.epoch(Epoch::Elements),
        };
        (own, root)
    }

    fn asked_for(&mut self, epoch: Epoch, object: ObjectId) -> EpochId {
        let id = self.epoch(epoch);
        if self.named.insert(object) {
            self.late.insert(id);
        }
        id
    }

    /// Fields and package-level variables that the function may ask for.
    pub(crate) fn name(&mut self, objects: impl Iterator<Item = ObjectId>) {
        self.named.extend(objects);
    }

    /// Whether the epoch of a field or package-level variable is kept.
    pub(crate) fn is_named(&self, object: ObjectId) -> bool {
        self.named.contains(&object)
    }

    /// How many fields and variables have epochs that are kept.
    pub(crate) fn n_named(&self) -> usize {
        self.named.len()
    }

    /// The epoch of a place's kind, and that of the variable that it starts with.
    pub(crate) fn place_epochs(&self, place: PlaceId) -> (EpochId, Option<EpochId>) {
        self.place_epochs[place.index()]
    }

    /// What an epoch is of which the state says nothing.
    pub(crate) fn first_epoch(&mut self, epoch: EpochId) -> Option<TermId> {
        self.late.contains(&epoch).then(|| self.term(Term::Fresh(Number::Count(0))))
    }

    pub(crate) fn local(&mut self, local: LocalId) -> PlaceId {
        if let Some(&Some(known)) = self.locals.get(local.index()) {
            return known;
        }
        let place = self.place(Root::Local(local), Box::default());
        remember(&mut self.locals, local.index(), place);
        place
    }

    /// The place of a local, if it was ever named.
    pub(crate) fn known_local(&self, local: LocalId) -> Option<PlaceId> {
        let data = PlaceData { root: Root::Local(local), parts: Box::default() };
        self.place_ids.get(&data).copied()
    }

    /// A term, if it was ever made.
    pub(crate) fn known(&self, term: &Term) -> Option<TermId> {
        self.term_ids.get(term).copied()
    }

    /// The number of an epoch, if it was ever named.
    pub(crate) fn known_epoch(&self, epoch: Epoch) -> Option<EpochId> {
        self.epoch_ids.get(&epoch).copied()
    }

    /// The place of `part` within `place`.
    pub(crate) fn part(&mut self, place: PlaceId, part: Part) -> PlaceId {
        if let Some(&known) = self.parts.get(&(place, part)) {
            return known;
        }
        let data = self.data(place);
        let root = data.root;
        let mut parts = data.parts.to_vec();
        parts.push(part);
        let within = self.place(root, parts.into());
        self.parts.insert((place, part), within);
        within
    }

    /// What `pointer` points to; a pointer in an interface is looked through.
    pub(crate) fn pointee(&mut self, pointer: TermId) -> PlaceId {
        let pointer = self.unboxed(pointer);
        if let Some(&Some(known)) = self.pointees.get(pointer.index()) {
            return known;
        }
        let place = match *self.get(pointer) {
            Term::Addr(place) => place,
            _ => self.place(Root::Ptr(pointer), Box::default()),
        };
        remember(&mut self.pointees, pointer.index(), place);
        place
    }

    /// What `pointer` points to, if that was ever named.
    pub(crate) fn known_pointee(&self, pointer: TermId) -> Option<PlaceId> {
        let pointer = self.unboxed(pointer);
        match *self.get(pointer) {
            Term::Addr(place) => Some(place),
            _ => {
                let data = PlaceData { root: Root::Ptr(pointer), parts: Box::default() };
                self.place_ids.get(&data).copied()
            }
        }
    }

    /// The pointer to `place`.
    pub(crate) fn address(&mut self, place: PlaceId) -> TermId {
        let data = self.data(place);
        match data.root {
            Root::Ptr(pointer) if data.parts.is_empty() => pointer,
            _ => self.term(Term::Addr(place)),
        }
    }

    /// The value in an interface value, if it is known.
    pub(crate) fn unboxed(&self, mut term: TermId) -> TermId {
        while let Term::Iface(inner) = *self.get(term) {
            term = inner;
        }
        term
    }

    pub(crate) fn get(&self, term: TermId) -> &Term {
        &self.terms[term.index()]
    }

    pub(crate) fn data(&self, place: PlaceId) -> &PlaceData {
        &self.places[place.index()]
    }

    /// New values are from now on those of this instruction (`None`: of none).
    pub(crate) fn begin(&mut self, site: Option<(BlockId, u32)>) {
        self.site = site;
        self.n_of_site = 0;
    }

    /// A number that no value of the state has.
    pub(crate) fn number(&mut self) -> Number {
        match self.site {
            Some((block, instr)) => {
                self.n_of_site += 1;
                Number::Site(block, instr, self.n_of_site)
            }
            None => {
                self.n_fresh += 1;
                Number::Count(self.n_fresh)
            }
        }
    }

    /// The instruction of `block` whose new value a term is.
    pub(crate) fn site_in(&self, term: TermId, block: BlockId) -> Option<u32> {
        match *self.get(term) {
            Term::Fresh(Number::Site(b, instr, _))
            | Term::NonNil(Number::Site(b, instr, _))
            | Term::New(Number::Site(b, instr, _))
                if b == block =>
            {
                Some(instr)
            }
            _ => None,
        }
    }

    pub(crate) fn fresh(&mut self) -> TermId {
        let number = self.number();
        self.term(Term::Fresh(number))
    }

    pub(crate) fn non_nil(&mut self) -> TermId {
        let number = self.number();
        self.term(Term::NonNil(number))
    }

    pub(crate) fn bool(&mut self, value: bool) -> TermId {
        self.term(Term::Bool(value))
    }

    pub(crate) fn nil(&mut self) -> TermId {
        self.term(Term::Nil)
    }

    /// Number of terms and places: what the analysis costs in memory.
    pub(crate) fn len(&self) -> usize {
        self.terms.len() + self.places.len()
    }

    /// Whether the value is the same constant whenever it is computed.
    pub(crate) fn is_const(&self, term: TermId) -> bool {
        matches!(self.get(term), Term::Bool(_) | Term::Int(_) | Term::Text(_) | Term::Nil)
    }

    /// Whether the value cannot be nil.
    pub(crate) fn is_non_nil(&self, term: TermId) -> bool {
        matches!(
            self.get(term),
            Term::NonNil(_)
                | Term::Addr(_)
                | Term::New(_)
                | Term::Iface(_)
                | Term::Wrap(_)
                | Term::Func(_)
                | Term::Closure(_)
                | Term::Method(..)
                | Term::ReadSide(_)
                | Term::Owed(_)
                | Term::Context(_)
                | Term::Background
        )
    }

    /// `!x`
    pub(crate) fn not(&mut self, x: TermId) -> TermId {
        match *self.get(x) {
            Term::Bool(b) => self.bool(!b),
            Term::Not(inner) => inner,
            _ => self.term(Term::Not(x)),
        }
    }

    /// A binary operation in canonical form: comparisons are `==`, `<` and their negations.
    pub(crate) fn binary(&mut self, op: BinaryOp, a: TermId, b: TermId) -> TermId {
        match op {
            BinaryOp::Eq => self.equal(a, b),
            BinaryOp::Ne => {
                let equal = self.equal(a, b);
                self.not(equal)
            }
            BinaryOp::Lt => self.less(a, b),
            BinaryOp::Gt => self.less(b, a),
            BinaryOp::Ge => {
                let less = self.less(a, b);
                self.not(less)
            }
            BinaryOp::Le => {
                let less = self.less(b, a);
                self.not(less)
            }
            _ => self.arithmetic(op, a, b),
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, a: TermId, b: TermId) -> TermId {
        if let (&Term::Int(x), &Term::Int(y)) = (self.get(a), self.get(b)) {
            let value = match op {
                BinaryOp::Add => x.checked_add(y),
                BinaryOp::Sub => x.checked_sub(y),
                BinaryOp::Mul => x.checked_mul(y),
                BinaryOp::And => Some(x & y),
                BinaryOp::Or => Some(x | y),
                BinaryOp::Xor => Some(x ^ y),
                BinaryOp::AndNot => Some(x & !y),
                BinaryOp::Rem if x >= 0 && y > 0 => Some(x % y),
                BinaryOp::Quo if x >= 0 && y > 0 => Some(x / y),
                _ => None,
            };
            if let Some(value) = value {
                return self.term(Term::Int(value));
            }
        }
        // A bit that was just set, or taken away.
        if let (BinaryOp::And, &Term::Binary(before, _, set), &Term::Int(mask)) =
            (op, self.get(a), self.get(b))
            && let &Term::Int(bits) = self.get(set)
        {
            match before {
                BinaryOp::Or if bits & mask == mask => return b,
                BinaryOp::AndNot if mask & !bits == 0 => return self.term(Term::Int(0)),
                _ => {}
            }
        }
        // Terms that only grow (loop counters) are not kept apart.
        let flat = |t: &Term| !matches!(t, Term::Binary(..));
        let small = |t: &Term| match *t {
            Term::Binary(_, x, y) => flat(self.get(x)) && flat(self.get(y)),
            _ => true,
        };
        if small(self.get(a)) && small(self.get(b)) {
            self.term(Term::Binary(op, a, b))
        } else {
            let outside = self.is_outside(a) || self.is_outside(b);
            let value = self.fresh();
            self.note_outside(value, outside);
            value
        }
    }

    fn equal(&mut self, a: TermId, b: TermId) -> TermId {
        if a == b {
            return self.bool(true);
        }
        let (a, b) = if self.is_const(a) { (b, a) } else { (a, b) };
        if self.is_const(a) && self.is_const(b) {
            return self.bool(false);
        }
        match self.get(b) {
            Term::Nil if self.is_non_nil(a) => return self.bool(false),
            Term::Bool(true) => return a,
            Term::Bool(false) => return self.not(a),
            _ => {}
        }
        let (a, b) = if self.is_const(b) || a < b { (a, b) } else { (b, a) };
        self.term(Term::Binary(BinaryOp::Eq, a, b))
    }

    fn less(&mut self, a: TermId, b: TermId) -> TermId {
        match (self.get(a), self.get(b)) {
            (&Term::Int(x), &Term::Int(y)) => return self.bool(x < y),
            // A length is never below zero, and below one only if zero.
            (Term::Int(0), Term::Len(..)) => {
                let empty = self.equal(b, a);
                return self.not(empty);
            }
            (Term::Len(..), Term::Int(1)) => {
                let zero = self.term(Term::Int(0));
                return self.equal(a, zero);
            }
            (Term::Len(..), &Term::Int(n)) if n <= 0 => return self.bool(false),
            // `x < y + 1` and `x - 1 < y` say that `y < x` is false.
            (_, &Term::Binary(BinaryOp::Add, y, one)) if *self.get(one) == Term::Int(1) => {
                let more = self.less(y, a);
                return self.not(more);
            }
            (&Term::Binary(BinaryOp::Sub, x, one), _) if *self.get(one) == Term::Int(1) => {
                let more = self.less(b, x);
                return self.not(more);
            }
            _ => {}
        }
        self.term(Term::Binary(BinaryOp::Lt, a, b))
    }

    /// Whether `term` is computed from a place that `shared` holds of.
    pub(crate) fn reads_memory(&self, term: TermId, shared: &dyn Fn(PlaceId) -> bool) -> bool {
        let mut work = vec![term];
        let mut fuel = 64;
        while let Some(term) = work.pop() {
            fuel -= 1;
            if fuel == 0 {
                return true;
            }
            match *self.get(term) {
                Term::Load(place, _) if shared(place) => return true,
                Term::Elem(..) | Term::Has(..) | Term::Pure(_, _, _, Some(_)) => return true,
                Term::Pure(_, _, ref args, None) => work.extend(args.iter()),
                Term::Not(x) | Term::Is(x, _) | Term::Assert(x, _) | Term::Len(x, _) => {
                    work.push(x);
                }
                Term::Binary(_, x, y) => work.extend([x, y]),
                _ => {}
            }
        }
        false
    }

    /// The numbered terms (new values, merged values, objects) that a term is made of.
    pub(crate) fn leaves(&self, term: TermId) -> &[TermId] {
        &self.leaves[term.index()]
    }

    /// The numbered terms that a place's name is made of.
    pub(crate) fn place_leaves(&self, place: PlaceId) -> &[TermId] {
        &self.place_leaves[place.index()]
    }

    /// Whether `term` is made of one of `parts`.
    pub(crate) fn mentions(&self, term: TermId, parts: &[TermId]) -> bool {
        !parts.is_empty() && self.leaves(term).iter().any(|leaf| parts.contains(leaf))
    }

    /// Whether the name of `place` is made of one of `parts`.
    pub(crate) fn place_mentions(&self, place: PlaceId, parts: &[TermId]) -> bool {
        !parts.is_empty() && self.place_leaves(place).iter().any(|leaf| parts.contains(leaf))
    }

    fn leaves_of_place(&self, data: &PlaceData) -> Box<[TermId]> {
        let mut leaves = Vec::new();
        if let Root::Ptr(pointer) = data.root {
            leaves.extend_from_slice(self.leaves(pointer));
        }
        for part in &data.parts {
            if let Part::Index(index) = *part {
                leaves.extend_from_slice(self.leaves(index));
            }
        }
        leaves.sort();
        leaves.dedup();
        leaves.into()
    }

    fn leaves_of(&self, id: TermId, term: &Term) -> Box<[TermId]> {
        let (terms, place): (Vec<TermId>, Option<PlaceId>) = match term {
            Term::Fresh(_) | Term::NonNil(_) | Term::Phi(..) | Term::New(_) => return [id].into(),
            &Term::Load(place, epoch) => (epoch.into_iter().collect(), Some(place)),
            &Term::Addr(place) | &Term::ReadSide(place) => (Vec::new(), Some(place)),
            &Term::Not(x)
            | &Term::Is(x, _)
            | &Term::Assert(x, _)
            | &Term::Iface(x)
            | &Term::Wrap(x)
            | &Term::Method(x, _) => (vec![x], None),
            &Term::Len(x, epoch) => (epoch.into_iter().chain([x]).collect(), None),
            &Term::Binary(_, x, y) => (vec![x, y], None),
            &Term::Elem(x, y, epoch) | &Term::Has(x, y, epoch) => {
                (epoch.into_iter().chain([x, y]).collect(), None)
            }
            Term::Pure(_, _, args, epoch) => (args.iter().copied().chain(*epoch).collect(), None),
            Term::Bool(_)
            | Term::Int(_)
            | Term::Text(_)
            | Term::Nil
            | Term::Func(_)
            | Term::Closure(_)
            | Term::Owed(_)
            | Term::Context(_)
            | Term::Background => return Box::default(),
        };
        let mut leaves: Vec<TermId> = place.map_or(Vec::new(), |p| self.place_leaves(p).to_vec());
        leaves.extend(terms.iter().flat_map(|&t| self.leaves(t)));
        leaves.sort();
        leaves.dedup();
        leaves.into()
    }
}
