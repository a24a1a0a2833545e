//! What objects and variables begin with: the zero values of their fields, what a literal says, how much is
//! in a new list. And structs that are values: a copy has in its fields what the original has then.
//!
//! A field is known only until its object leaves view, or is given to code out of view; who wrote it says so
//! by the fields that functions in view write. Only fields that this function or one that it calls may ask
//! for are looked at.

use crate::escape::Env;
use crate::exec::Run;
use crate::state::State;
use crate::term::{Part, PlaceId, Root, Term, TermId};
use stanch_ir::{FuncId, LocalId, Operand, Rvalue};
use stanch_syntax::ast::BinaryOp;
use stanch_types::{Basic, ConstValue, TypeId, TypeKind};

/// Structs within structs are followed so far.
const MAX_DEPTH: u32 = 3;
/// Where more places are known than this, no more begin.
const MAX_PLACES: usize = 400;

impl Run<'_, '_> {
    pub(crate) fn constant(&mut self, value: &ConstValue) -> TermId {
        match value {
            ConstValue::Bool(b) => self.arena.bool(*b),
            ConstValue::Int(i) => match i64::try_from(i) {
                Ok(i) => self.arena.term(Term::Int(i)),
                Err(_) => self.arena.term(Term::Text(i.to_string().into())),
            },
            ConstValue::String(s) => {
                let text = String::from_utf8_lossy(s);
                self.arena.term(Term::Text(format!("\"{text}\"").into()))
            }
            ConstValue::Rat(r) => self.arena.term(Term::Text(r.to_string().into())),
            ConstValue::Complex(..) | ConstValue::Unknown => self.arena.fresh(),
        }
    }

    /// The zero value of a type.
    pub(crate) fn zero(&mut self, ty: TypeId) -> TermId {
        let program = self.package.program;
        match program.kind(program.underlying(ty)) {
            TypeKind::Basic(Basic::Bool | Basic::UntypedBool) => self.arena.bool(false),
            TypeKind::Basic(Basic::String | Basic::UntypedString) => {
                self.arena.term(Term::Text("\"\"".into()))
            }
            TypeKind::Basic(
                Basic::Float32 | Basic::Float64 | Basic::Complex64 | Basic::Complex128,
            ) => self.arena.fresh(),
            TypeKind::Basic(Basic::UnsafePointer | Basic::UntypedNil) => self.arena.nil(),
            TypeKind::Basic(_) => self.arena.term(Term::Int(0)),
            TypeKind::Pointer(_)
            | TypeKind::Slice(_)
            | TypeKind::Map(..)
            | TypeKind::Chan(..)
            | TypeKind::Signature(_)
            | TypeKind::Interface(_) => self.arena.nil(),
            _ => self.arena.fresh(),
        }
    }

    /// The fields of a new struct are zero.
    pub(crate) fn begin_fields(&mut self, state: &mut State, place: PlaceId, ty: TypeId) {
        self.begin_within(state, place, ty, MAX_DEPTH);
    }

    fn begin_within(&mut self, state: &mut State, place: PlaceId, ty: TypeId, depth: u32) {
        let Some(depth) = depth.checked_sub(1) else { return };
        let program = self.package.program;
        let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) else { return };
        for field in fields {
            if !self.arena.is_named(field.object) || state.mem.len() > MAX_PLACES {
                continue;
            }
            let ty = program.object(field.object).ty;
            let part = self.arena.part(place, Part::Field(field.object));
            if matches!(program.kind(program.underlying(ty)), TypeKind::Struct(_)) {
                self.begin_within(state, part, ty, depth);
                continue;
            }
            let zero = self.zero(ty);
            if self.arena.is_const(zero) {
                state.mem.insert(part, zero);
                state.begun.insert(part);
            }
        }
    }

    /// What was assigned to a variable brought fields along, if it is a struct.
    pub(crate) fn bring_fields(&mut self, state: &mut State, to: LocalId, rvalue: &Rvalue) {
        let place = self.arena.local(to);
        match rvalue {
            Rvalue::New(ty) => {
                let object = state.load(&mut self.arena, place);
                let object = self.arena.pointee(object);
                self.begin_fields(state, object, *ty);
            }
            Rvalue::Composite { ty, elems } => {
                self.begin_fields(state, place, *ty);
                self.fill_fields(state, place, *ty, elems);
            }
            Rvalue::Use(Operand::Local(from)) if self.is_struct(to) => {
                let from = self.arena.local(*from);
                self.copy_fields(state, from, place);
            }
            Rvalue::Load(from) if self.is_struct(to) => {
                let from = self.place(state, from);
                self.copy_fields(state, from, place);
            }
            _ => {}
        }
    }

    fn is_struct(&self, local: LocalId) -> bool {
        let program = self.package.program;
        let ty = self.func.locals.get(local).map(|l| program.underlying(l.ty));
        ty.is_some_and(|ty| matches!(program.kind(ty), TypeKind::Struct(_)))
    }

    /// A place got what a variable holds: the fields come along.
    pub(crate) fn store_fields(&mut self, state: &mut State, to: PlaceId, value: &Operand) {
        if let Operand::Local(from) = value
            && self.is_struct(*from)
        {
            let from = self.arena.local(*from);
            self.copy_fields(state, from, to);
        }
    }

    fn fill_fields(
        &mut self,
        state: &mut State,
        place: PlaceId,
        ty: TypeId,
        elems: &[(u32, Operand)],
    ) {
        let program = self.package.program;
        let TypeKind::Struct(fields) = program.kind(program.underlying(ty)) else { return };
        for (index, operand) in elems {
            let Some(field) = fields.get(*index as usize) else { continue };
            if !self.arena.is_named(field.object) {
                continue;
            }
            let part = self.arena.part(place, Part::Field(field.object));
            state.begun.remove(&part);
            if let Operand::Local(from) = operand
                && self.is_struct(*from)
            {
                let from = self.arena.local(*from);
                self.copy_fields(state, from, part);
                continue;
            }
            let value = match operand {
                Operand::Local(_) => self.peek(state, operand),
                _ => self.operand(state, operand),
            };
            let value = if self.is_untracked(value) { value } else { self.arena.fresh() };
            state.mem.insert(part, value);
        }
    }

    /// Whether nothing else hangs on where a value is.
    fn is_untracked(&self, value: TermId) -> bool {
        self.arena.is_const(value)
            || matches!(
                self.arena.get(value),
                Term::Fresh(_)
                    | Term::NonNil(_)
                    | Term::Phi(..)
                    | Term::Binary(..)
                    | Term::Not(_)
                    | Term::Len(..)
                    | Term::Load(..)
            ) && !self.own_lists.contains(&value)
    }

    fn copy_fields(&mut self, state: &mut State, from: PlaceId, to: PlaceId) {
        let known = self.fields_of(state, from);
        for (parts, value) in known {
            let root = self.arena.data(to).root;
            let parts = self.arena.data(to).parts.iter().copied().chain(parts).collect();
            let part = self.arena.place(root, parts);
            state.mem.insert(part, value);
        }
    }

    /// What is known of the fields of a place, with the way to each.
    fn fields_of(&self, state: &State, place: PlaceId) -> Vec<(Vec<Part>, TermId)> {
        let data = self.arena.data(place);
        let within = state.mem.iter().filter_map(|(&p, &value)| {
            let d = self.arena.data(p);
            let parts = d.parts.strip_prefix(&*data.parts)?;
            let field = parts.iter().all(|part| matches!(part, Part::Field(_)));
            let known = d.root == data.root && !parts.is_empty() && field;
            (known && self.is_untracked(value)).then(|| (parts.to_vec(), value))
        });
        within.take(MAX_PLACES).collect()
    }

    /// A struct as an argument: a value that has in its fields what the variable has now.
    pub(crate) fn argument(&mut self, state: &mut State, operand: &Operand) -> TermId {
        let value = self.operand(state, operand);
        let Operand::Local(local) = operand else { return value };
        if !matches!(self.arena.get(value), Term::Fresh(_)) || !self.is_struct(*local) {
            return value;
        }
        let place = self.arena.local(*local);
        if self.fields_of(state, place).is_empty() {
            return value;
        }
        let copy = self.arena.fresh();
        let object = self.arena.pointee(copy);
        self.copy_fields(state, place, object);
        self.copies.insert(copy);
        copy
    }

    /// The field of a struct that is a value, if it has a place.
    pub(crate) fn field_of_value(
        &mut self,
        state: &State,
        value: TermId,
        field: stanch_types::ObjectId,
    ) -> Option<PlaceId> {
        if self.copies.contains(&value) {
            let object = self.arena.pointee(value);
            return Some(self.arena.part(object, Part::Field(field)));
        }
        let Term::Load(from, None) = *self.arena.get(value) else { return None };
        let same = state.load(&mut self.arena, from) == value;
        same.then(|| self.arena.part(from, Part::Field(field)))
    }

    /// An object leaves view, or code out of view gets it: what its fields began with they may not have any
    /// more.
    pub(crate) fn forget_begun(&self, state: &mut State, root: Root) {
        if state.begun.is_empty() {
            return;
        }
        let arena = &self.arena;
        let begun = &state.begun;
        state.mem.retain(|&p, _| arena.data(p).root != root || !begun.contains(&p));
        state.begun.retain(|&p| arena.data(p).root != root);
    }

    /// Code that may do anything gets values.
    pub(crate) fn forget_begun_of(&self, state: &mut State, values: &[TermId]) {
        if state.begun.is_empty() {
            return;
        }
        for &value in values {
            let value = self.arena.unboxed(value);
            match *self.arena.get(value) {
                Term::New(_) | Term::Owed(_) => self.forget_begun(state, Root::Ptr(value)),
                Term::Addr(place) => self.forget_begun(state, self.arena.data(place).root),
                Term::Method(recv, _) => self.forget_begun_of(state, &[recv]),
                _ => {}
            }
        }
    }

    /// A function in view that calls code out of view gets values, and variables that it captures.
    pub(crate) fn forget_begun_by(&self, state: &mut State, env: &Env<'_>) {
        if state.begun.is_empty() || !self.package.facts[env.callee].writes.unknown {
            return;
        }
        self.forget_begun_of(state, env.args);
        self.forget_captured(state, env.callee);
    }

    pub(crate) fn forget_captured(&self, state: &mut State, literal: FuncId) {
        let Some(literal) = self.package.module.funcs.get(literal) else { return };
        if state.begun.is_empty() || literal.parent != Some(self.id) {
            return;
        }
        for capture in &literal.captures {
            self.forget_begun(state, Root::Local(capture.outer));
            if let Some(place) = self.arena.known_local(capture.outer)
                && let Some(&value) = state.mem.get(&place)
            {
                self.forget_begun_of(state, &[value]);
            }
        }
    }

    /// A new list or table has so many elements.
    pub(crate) fn has_length(&mut self, state: &mut State, list: TermId, n: Option<usize>) {
        let length = self.length(state, list);
        let known = n.and_then(|n| i64::try_from(n).ok());
        let number = self.arena.term(Term::Int(known.unwrap_or(0)));
        match known {
            Some(_) => {
                state.facts.insert(length, number);
            }
            None => {
                let empty = self.arena.binary(BinaryOp::Eq, length, number);
                state.assume(&mut self.arena, empty, false);
            }
        }
    }

    /// How many elements a list or table has, if that is known.
    pub(crate) fn known_length(&mut self, state: &State, list: TermId) -> Option<usize> {
        if *self.arena.get(list) == Term::Nil {
            return Some(0);
        }
        let length = self.length(state, list);
        match *self.arena.get(*state.facts.get(&length)?) {
            Term::Int(n) => usize::try_from(n).ok(),
            _ => None,
        }
    }

    /// Something is put into a table.
    pub(crate) fn grows(&mut self, state: &mut State, table: TermId) {
        if !self.own_lists.contains(&table) || self.fixed.contains(&table) {
            return;
        }
        let one = (self.known_length(state, table) == Some(0)).then_some(1);
        let arena = &self.arena;
        let of_table = |t: TermId| match *arena.get(t) {
            Term::Len(of, _) => of == table,
            Term::Binary(_, x, _) => matches!(*arena.get(x), Term::Len(of, _) if of == table),
            _ => false,
        };
        state.facts.retain(|&term, _| !of_table(term));
        self.has_length(state, table, one);
    }
}
