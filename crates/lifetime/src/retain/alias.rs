//! Which locals and fields of one function are one value: copies, cuts, addresses, conversions.

use stanch_base::{FxHashSet, IndexVec};
use stanch_ir::{Callee, Func, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue};
use stanch_types::{Builtin, ObjectId};

/// Rounds of following copies.
const ROUNDS: usize = 6;

/// A value under all its names in a function.
#[derive(Default, Debug)]
pub(crate) struct Alias {
    pub(crate) locals: FxHashSet<LocalId>,
    /// Fields and package-level variables that hold it.
    pub(crate) fields: FxHashSet<ObjectId>,
}

impl Alias {
    /// The names of the value of `operand`.
    pub(crate) fn of(func: &Func, operand: &Operand) -> Self {
        let mut alias = Self::default();
        if let Operand::Local(local) = operand {
            alias.locals.insert(*local);
        }
        alias.close(func);
        alias
    }

    /// The names of what the field holds.
    pub(crate) fn of_field(func: &Func, field: ObjectId) -> Self {
        let mut alias = Self::default();
        alias.fields.insert(field);
        alias.close(func);
        alias
    }

    fn close(&mut self, func: &Func) {
        for _ in 0..ROUNDS {
            let before = self.locals.len() + self.fields.len();
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                match &instr.kind {
                    InstrKind::Assign(to, value) => self.assign(*to, value),
                    InstrKind::Store(place, Operand::Local(value)) => self.store(place, *value),
                    _ => {}
                }
            }
            if self.locals.len() + self.fields.len() == before {
                break;
            }
        }
    }

    fn assign(&mut self, to: LocalId, value: &Rvalue) {
        let one = |x: &Operand| match x {
            Operand::Local(local) => Some(*local),
            _ => None,
        };
        match value {
            Rvalue::Use(x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::TypeAssert { x, .. }
            | Rvalue::Slice { x, .. }
            | Rvalue::Append { slice: x, .. } => {
                if let Some(x) = one(x) {
                    self.same(to, x);
                }
            }
            Rvalue::Load(place) | Rvalue::AddressOf(place) => match (end(place), place.base) {
                (Some(field), _) => {
                    if self.fields.contains(&field) {
                        self.locals.insert(to);
                    } else if self.locals.contains(&to) {
                        self.fields.insert(field);
                    }
                }
                (None, PlaceBase::Local(base)) if is_plain(place) => self.same(to, base),
                _ => {}
            },
            _ => {}
        }
    }

    fn store(&mut self, place: &Place, value: LocalId) {
        match (end(place), place.base) {
            (Some(field), _) if self.locals.contains(&value) => {
                self.fields.insert(field);
            }
            (None, PlaceBase::Local(base)) if is_plain(place) => self.same(base, value),
            _ => {}
        }
    }

    fn same(&mut self, a: LocalId, b: LocalId) {
        if self.locals.contains(&a) || self.locals.contains(&b) {
            self.locals.insert(a);
            self.locals.insert(b);
        }
    }

    pub(crate) fn has(&self, operand: &Operand) -> bool {
        matches!(operand, Operand::Local(local) if self.locals.contains(local))
    }

    /// Whether a place is an element of the value, or lies in one.
    pub(crate) fn has_element(&self, place: &Place) -> bool {
        let mut inside = match place.base {
            PlaceBase::Local(base) => self.locals.contains(&base),
            PlaceBase::Global(object) => self.fields.contains(&object),
        };
        for proj in &place.proj {
            match proj {
                Proj::Index(_) => return inside,
                Proj::Field(_, field) => inside = self.fields.contains(field),
                Proj::Deref => {}
            }
        }
        false
    }

    /// Whether the function empties elements of the value.
    pub(crate) fn is_cleared(
        &self,
        func: &Func,
        definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
        elements: &dyn Fn(&Callee) -> bool,
    ) -> bool {
        let mut results: FxHashSet<LocalId> = FxHashSet::default();
        let mut pieces: FxHashSet<LocalId> = FxHashSet::default();
        for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
            match &instr.kind {
                InstrKind::Assign(to, Rvalue::Load(place) | Rvalue::AddressOf(place))
                    if self.has_element(place) =>
                {
                    pieces.insert(*to);
                }
                InstrKind::Assign(to, Rvalue::Use(Operand::Local(x))) if pieces.contains(x) => {
                    pieces.insert(*to);
                }
                InstrKind::Call(call) => {
                    if call.args.is_empty() {
                        results.extend(&call.dst);
                    }
                    let first = call.args.first();
                    let whole = first.is_some_and(|x| self.has(x));
                    if whole && clears(&call.callee) {
                        return true;
                    }
                    if whole
                        && call.args.len() == 1
                        && call.dst.is_empty()
                        && elements(&call.callee)
                    {
                        return true;
                    }
                    // An element's own reset.
                    if call.args.len() == 1
                        && call.dst.is_empty()
                        && matches!(first, Some(Operand::Local(x)) if pieces.contains(x))
                    {
                        return true;
                    }
                }
                InstrKind::Store(place, value)
                    if self.has_element(place) && is_empty(value, definitions, &results) =>
                {
                    return true;
                }
                InstrKind::Store(place, value) => {
                    let base = matches!(place.base, PlaceBase::Local(x) if pieces.contains(&x));
                    if base && is_empty(value, definitions, &results) {
                        return true;
                    }
                }
                _ => {}
            }
        }
        false
    }
}

fn clears(callee: &Callee) -> bool {
    matches!(callee, Callee::Builtin(Builtin::Clear))
}

/// Whether a value refers to nothing.
pub(crate) fn is_empty(
    value: &Operand,
    definitions: &IndexVec<LocalId, Vec<&Rvalue>>,
    results: &FxHashSet<LocalId>,
) -> bool {
    match value {
        Operand::Nil(_) | Operand::Zero(_) | Operand::Const(..) => true,
        Operand::Local(local) => {
            results.contains(local)
                || match definitions[*local].as_slice() {
                    [Rvalue::Composite { elems, .. }] => elems.is_empty(),
                    [Rvalue::Use(x) | Rvalue::Convert(x, _)] => {
                        matches!(x, Operand::Nil(_) | Operand::Zero(_) | Operand::Const(..))
                    }
                    // `var none T`, never assigned.
                    [] => false,
                    _ => false,
                }
        }
        Operand::Func(_) | Operand::Unknown(_) => false,
    }
}

/// The field or package-level variable that a place is, not an element of it.
pub(crate) fn end(place: &Place) -> Option<ObjectId> {
    let mut found = match place.base {
        PlaceBase::Global(object) => Some(object),
        PlaceBase::Local(_) => None,
    };
    for proj in &place.proj {
        match proj {
            Proj::Field(_, field) => found = Some(*field),
            Proj::Index(_) => found = None,
            Proj::Deref => {}
        }
    }
    match place.proj.last() {
        Some(Proj::Index(_)) => None,
        _ => found,
    }
}

/// Whether a place is a local, or what it points to.
fn is_plain(place: &Place) -> bool {
    place.proj.iter().all(|p| matches!(p, Proj::Deref))
}
