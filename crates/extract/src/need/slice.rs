//! Spreads a need backwards: to assignments, stores, branches, arguments and results.

use super::weigh::{Weight, weight_of};
use super::{Analysis, callback};
use crate::classify::is_error;
use crate::names::{Known, Names};
use crate::shared::gives_unknown;
use stanch_effects::{Args, Effect, Gives, Op};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Operand, Place, PlaceBase,
    Proj, Rvalue, SelectOp, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{TypeId, TypeKind};

/// Blocks of a getter, and instructions of each.
const GETTER: usize = 6;

impl Analysis<'_> {
    pub(super) fn need(&mut self, id: FuncId, operand: &Operand) {
        if let Operand::Local(local) = operand {
            self.need_local(id, *local);
        }
    }

    pub(super) fn need_local(&mut self, id: FuncId, local: LocalId) {
        if std::mem::replace(&mut self.kept[id].locals[local], true) {
            return;
        }
        self.changed = true;
        let func = &self.module.funcs[id];
        let info = &func.locals[local];
        if info.address_taken {
            self.derefs.insert(info.ty);
        }
        if info.kind == LocalKind::Capture
            && let Some(parent) = func.parent
        {
            let outer = func.captures.iter().find(|c| c.inner == local).map(|c| c.outer);
            outer.into_iter().for_each(|o| self.need_local(parent, o));
        }
        if info.captured_by_ref {
            for &literal in &func.closures {
                let captures = &self.module.funcs[literal].captures;
                let inner = captures.iter().find(|c| c.outer == local && c.by_ref);
                if let Some(inner) = inner.map(|c| c.inner)
                    && self.relevant[literal]
                {
                    self.need_local(literal, inner);
                }
            }
        }
    }

    /// Spreads needs within one function until nothing changes.
    pub(super) fn slice(&mut self, id: FuncId) {
        let func = &self.module.funcs[id];
        if self.as_value[id] {
            for i in 0..self.kept[id].results.len() {
                if self.value_results.get(i) == Some(&true) {
                    self.need_result(id, i);
                }
            }
        }
        for i in 0..self.kept[id].results.len() {
            if self.kept[id].results[i] {
                self.need_local(id, func.results[i]);
            }
        }
        // A variable that became needed outside while this was not relevant yet.
        if let Some(parent) = func.parent {
            for capture in func.captures.iter().filter(|c| c.by_ref) {
                if self.kept[parent].locals[capture.outer] {
                    self.need_local(id, capture.inner);
                }
            }
        }
        let before = std::mem::replace(&mut self.changed, true);
        let mut any = false;
        while std::mem::take(&mut self.changed) {
            for block in func.blocks.ids().rev() {
                self.slice_block(id, block);
            }
            any |= self.changed;
        }
        self.changed = before | any;
    }

    fn slice_block(&mut self, id: FuncId, block: BlockId) {
        let func = &self.module.funcs[id];
        let body = &func.blocks[block];
        if let Terminator::RangeNext { key, value, .. } = &body.term
            && key.iter().chain(value).any(|l| self.kept[id].locals[*l])
            && !std::mem::replace(&mut self.kept[id].branches[block], true)
        {
            self.changed = true;
        }
        let mut alive = self.kept[id].branches[block];
        match &body.term {
            Terminator::Select { arms, .. } => {
                alive = true;
                for arm in arms {
                    match &arm.op {
                        SelectOp::Send { chan, value } => {
                            self.need(id, chan);
                            self.need(id, value);
                        }
                        SelectOp::Recv { chan, .. } => self.need(id, chan),
                    }
                }
            }
            Terminator::Panic(_) | Terminator::Unreachable => alive = true,
            Terminator::Branch { cond, .. } if alive => self.need(id, cond),
            Terminator::RangeNext { over, .. } if alive => self.need(id, over),
            Terminator::TypeSwitch { x, .. } if alive => self.need(id, x),
            _ => {}
        }
        for at in (0..body.instrs.len()).rev() {
            if self.keeps(id, block, &body.instrs[at].kind) {
                alive = true;
                if !std::mem::replace(&mut self.kept[id].instrs[block][at], true) {
                    self.changed = true;
                }
                self.operands(id, &body.instrs[at].kind);
            }
        }
        if alive {
            for i in 0..self.flows[id].controllers[block].len() {
                let by = self.flows[id].controllers[block][i];
                if !std::mem::replace(&mut self.kept[id].branches[by], true) {
                    self.changed = true;
                }
            }
        }
    }

    fn keeps(&self, id: FuncId, block: BlockId, kind: &InstrKind) -> bool {
        let kept = &self.kept[id];
        match kind {
            InstrKind::Send { .. } | InstrKind::Recv { .. } => true,
            InstrKind::DeclareVar(local) => kept.locals[*local],
            InstrKind::Assign(local, value) => {
                kept.locals[*local]
                    || matches!(value, Rvalue::Recover)
                    || matches!(value, Rvalue::Other(xs, _) if self.hands_on(id, xs))
                    || matches!(value, Rvalue::Composite { ty, elems } if self.is_array(*ty)
                         && elems.iter().any(|e| self.hands_on(id, std::slice::from_ref(&e.1))))
                    || matches!(value, Rvalue::TypeAssert { ok: Some(ok), .. }
                                     | Rvalue::MapLookup { ok: Some(ok), .. }
                                     if kept.locals[*ok])
            }
            InstrKind::Store(place, value) => self.stores(id, place, value),
            InstrKind::Go(call) | InstrKind::Defer(call) => {
                matches!(self.weight(id, call), Weight::Operation | Weight::Beside)
            }
            InstrKind::Call(call) => match self.weight(id, call) {
                Weight::Operation => true,
                Weight::Beside => {
                    !self.is_pause(call)
                        || self.flows[id].endless[block]
                        || self.module.funcs[id].symbol == "main.main"
                }
                Weight::Value => call.dst.iter().any(|d| kept.locals[*d]),
                Weight::Nothing => call.dst.iter().any(|d| kept.locals[*d]),
            },
            InstrKind::MapDelete { map, .. } => self.holds(id, map),
            // Kept with whatever is kept beside them, where they are translated.
            InstrKind::RunDefers => false,
        }
    }

    fn is_array(&self, ty: TypeId) -> bool {
        let program = self.names.program;
        matches!(program.kind(program.underlying(ty)), TypeKind::Array(..))
    }

    /// Whether a value of which nothing is known gets hold of one of these that is needed.
    fn hands_on(&self, id: FuncId, operands: &[Operand]) -> bool {
        operands.iter().any(|operand| match operand {
            Operand::Local(local) => self.kept[id].locals[*local] && self.carries(id, operand),
            _ => false,
        })
    }

    /// A sleep matters only as the turn of an endless loop, and in the main function, at whose end the
    /// process ends.
    fn is_pause(&self, call: &Call) -> bool {
        let Callee::Static(object, _) = call.callee else { return false };
        matches!(self.names.known(object), Known::Effect(e) if matches!(e.op, Op::Sleep | Op::Yield))
    }

    /// The operands of a kept instruction become needed.
    fn operands(&mut self, id: FuncId, kind: &InstrKind) {
        match kind {
            InstrKind::Send { chan, value } => {
                self.need(id, chan);
                self.need(id, value);
            }
            InstrKind::Recv { chan, .. } => self.need(id, chan),
            InstrKind::Store(place, value) => {
                self.place(id, place, false);
                self.need(id, value);
            }
            InstrKind::Go(call) | InstrKind::Defer(call) | InstrKind::Call(call) => {
                self.call(id, call);
            }
            InstrKind::Assign(dst, value) => self.value(id, *dst, value),
            InstrKind::MapDelete { map, key } => {
                self.need(id, map);
                self.need(id, key);
            }
            InstrKind::DeclareVar(_) | InstrKind::RunDefers => {}
        }
    }

    /// The operands on the way to a place, and if it is read the fields on the way.
    fn place(&mut self, id: FuncId, place: &Place, read: bool) {
        if let PlaceBase::Local(local) = place.base {
            self.need_local(id, local);
        }
        let n = place.proj.len();
        for (i, proj) in place.proj.iter().enumerate() {
            match proj {
                Proj::Field(_, object) if read || i + 1 < n => {
                    if self.fields.insert(*object) {
                        self.changed = true;
                    }
                }
                Proj::Field(..) | Proj::Deref => {}
                Proj::Index(operand) => self.need(id, operand),
            }
        }
    }

    fn value(&mut self, id: FuncId, dst: LocalId, value: &Rvalue) {
        let func = &self.module.funcs[id];
        match value {
            Rvalue::Load(place) => {
                self.place(id, place, true);
                if place.proj.last() == Some(&Proj::Deref)
                    && self.derefs.insert(func.locals[dst].ty)
                {
                    self.changed = true;
                }
            }
            Rvalue::AddressOf(place) => {
                let atomic = self.names.is_atomic_operand(id, dst)
                    || self.names.is_atomic(self.names.place_type(id, func, place));
                self.place(id, place, atomic);
            }
            Rvalue::Use(x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::Unary(_, x)
            | Rvalue::Len(x)
            | Rvalue::Cap(x)
            | Rvalue::TypeAssert { x, .. }
            | Rvalue::MethodValue { recv: x, .. } => self.need(id, x),
            Rvalue::Slice { x, lo, hi, .. } => {
                self.need(id, x);
                if [lo, hi].into_iter().flatten().all(|b| self.names.is_bound(id, b)) {
                    [lo, hi].into_iter().flatten().for_each(|b| self.need(id, b));
                }
            }
            Rvalue::MakeChan { cap, .. } => cap.iter().for_each(|c| self.need(id, c)),
            Rvalue::MakeSlice { elems, len, .. } => {
                len.iter().for_each(|l| self.need(id, l));
                self.carrying(id, elems);
            }
            Rvalue::Composite { ty, elems } => {
                for (index, value) in elems {
                    let value_ty = self.names.operand_type(func, value);
                    if self.carries(id, value) || self.field_matters(*ty, *index, value_ty) {
                        self.need(id, value);
                    }
                }
            }
            Rvalue::MakeClosure(literal) => {
                let literal_func = &self.module.funcs[*literal];
                for capture in &literal_func.captures {
                    if self.kept[*literal].locals[capture.inner] {
                        self.need_local(id, capture.outer);
                    }
                }
            }
            Rvalue::Binary(_, a, b) => {
                self.need(id, a);
                self.need(id, b);
            }
            Rvalue::MapLookup { map, key, .. } => {
                if self.holds(id, map) {
                    self.need(id, map);
                    self.need(id, key);
                }
            }
            Rvalue::Append { slice, elems, .. } => {
                self.need(id, slice);
                self.carrying(id, elems);
            }
            Rvalue::Other(xs, _) => self.carrying(id, xs),
            Rvalue::New(_) | Rvalue::MakeMap(_) | Rvalue::Recover => {}
        }
    }

    fn carrying(&mut self, id: FuncId, operands: &[Operand]) {
        for operand in operands {
            if self.carries(id, operand) {
                self.need(id, operand);
            }
        }
    }

    /// Whether the element of a composite literal is stored.
    fn field_matters(&self, ty: TypeId, index: u32, value: TypeId) -> bool {
        let program = self.names.program;
        self.tracked(value)
            || match program.kind(program.underlying(ty)) {
                TypeKind::Struct(fields) => {
                    fields.get(index as usize).is_some_and(|f| self.fields.contains(&f.object))
                }
                _ => false,
            }
    }

    fn call(&mut self, id: FuncId, call: &Call) {
        match &call.callee {
            Callee::Closure(literal, local) => {
                self.needs_constant(id, call, *literal);
                self.need_local(id, *local);
                self.arguments(id, *literal, call);
            }
            Callee::Static(object, _) => match self.names.known(*object) {
                Known::Body(callee) if self.relevant[callee] => self.arguments(id, callee, call),
                Known::Body(callee) => {
                    // What a getter gives is the same each time.
                    if call.dst.iter().any(|d| self.kept[id].locals[*d])
                        && (is_getter(self.names, callee, &self.module.funcs[callee])
                            || compares(&self.module.funcs[callee])
                            || makes_empty(&self.module.funcs[callee]))
                    {
                        self.relevant[callee] = true;
                        self.changed = true;
                    }
                }
                Known::Effect(_) if self.lets_go(id, call) => self.escaping(id, call),
                Known::Effect(effect) => {
                    self.effect_arguments(id, effect, call);
                    self.asked(id, effect, call);
                }
                Known::Inert if !gives_unknown(self.names, &self.module.funcs[id], call) => {}
                Known::Inert | Known::Nothing => self.escaping(id, call),
            },
            Callee::Value(value) => match self.may_be_ours(id, value) {
                true => {
                    self.need(id, value);
                    self.needs_constant_of_value(id, call, value);
                    self.all_arguments(id, call);
                }
                false => {
                    if self.needs_constant_of_value(id, call, value) {
                        self.need(id, value);
                        self.value_results(id, call);
                    }
                    self.escaping(id, call);
                }
            },
            Callee::Interface { recv, method } => {
                self.need(id, recv);
                match self.names.known(*method) {
                    Known::Effect(effect) => self.effect_arguments(id, effect, call),
                    Known::Body(_) | Known::Inert | Known::Nothing => self.all_arguments(id, call),
                }
            }
            Callee::Builtin(_) => call.args.iter().for_each(|a| self.need(id, a)),
        }
    }

    /// Arguments whose parameter is needed; results that are needed become so in the callee.
    fn arguments(&mut self, id: FuncId, callee: FuncId, call: &Call) {
        let function = &self.module.funcs[callee];
        for (param, arg) in function.params.iter().zip(&call.args) {
            if self.kept[callee].locals[*param] {
                self.need(id, arg);
            }
        }
        for (i, dst) in call.dst.iter().enumerate() {
            if self.kept[id].locals[*dst] {
                self.need_result(callee, i);
            }
        }
    }

    fn need_result(&mut self, callee: FuncId, i: usize) {
        if let Some(result) = self.kept[callee].results.get_mut(i)
            && !std::mem::replace(result, true)
        {
            self.changed = true;
        }
    }

    fn all_arguments(&mut self, id: FuncId, call: &Call) {
        call.args.iter().for_each(|a| self.need(id, a));
        self.value_results(id, call);
    }

    /// Results of functions that are called as values become needed.
    fn value_results(&mut self, id: FuncId, call: &Call) {
        for (i, dst) in call.dst.iter().enumerate() {
            if self.kept[id].locals[*dst] {
                if self.value_results.len() <= i {
                    self.value_results.resize(i + 1, false);
                }
                if !std::mem::replace(&mut self.value_results[i], true) {
                    self.changed = true;
                }
            }
        }
    }

    fn escaping(&mut self, id: FuncId, call: &Call) {
        for arg in &call.args {
            if self.argument_matters(id, arg, 0) {
                self.need(id, arg);
            }
        }
    }

    /// The argument that a needed result tells something of.
    fn asked(&mut self, id: FuncId, effect: &Effect, call: &Call) {
        if let Gives::NilWith(n) | Gives::AsksOf(n) = effect.gives
            && call.dst.iter().any(|d| self.kept[id].locals[*d])
            && let Some(arg) = call.args.get(n as usize)
        {
            self.need(id, arg);
            // What it is compared with.
            let func = &self.module.funcs[id];
            let errors = call
                .args
                .iter()
                .filter(|a| is_error(self.names.program, self.names.operand_type(func, a)));
            errors.for_each(|a| self.need(id, a));
        }
    }

    fn effect_arguments(&mut self, id: FuncId, effect: &Effect, call: &Call) {
        if weight_of(effect.op).is_some() {
            call.args.iter().for_each(|a| self.need(id, a));
            return;
        }
        if self.is_for_idle(id, effect, call) {
            return;
        }
        for given in &effect.callbacks {
            if let Some(arg) = callback(call, given.arg) {
                self.need(id, arg);
            }
        }
        for called in &effect.methods {
            if let Some(arg) = callback(call, called.arg) {
                self.need(id, arg);
            }
        }
        if effect.args != Args::Borrow {
            self.escaping(id, call);
        }
    }
}

/// Whether all that a function does is to say how an argument compares with a constant. What gives a constant
/// itself stands for something else, in tests and examples.
fn compares(func: &Func) -> bool {
    let fixed = |x: &Operand| matches!(x, Operand::Const(..) | Operand::Nil(_) | Operand::Zero(_));
    let mut compares = false;
    let mut simple = |kind: &InstrKind| match kind {
        InstrKind::DeclareVar(_) | InstrKind::RunDefers => true,
        InstrKind::Assign(_, Rvalue::Use(_) | Rvalue::Unary(UnaryOp::Not, _)) => true,
        InstrKind::Assign(_, Rvalue::Binary(BinaryOp::Eq | BinaryOp::Ne, a, b)) => {
            compares = true;
            fixed(a) != fixed(b)
        }
        _ => false,
    };
    let body = func.blocks.iter().flat_map(|b| &b.instrs);
    let simple = body.into_iter().all(|i| simple(&i.kind));
    func.has_body && func.blocks.len() == 1 && func.captures.is_empty() && simple && compares
}

/// Whether all that a function does is to make a struct in which nothing is yet.
fn makes_empty(func: &Func) -> bool {
    let mut makes = false;
    let mut simple = |kind: &InstrKind| match kind {
        InstrKind::DeclareVar(_) | InstrKind::RunDefers => true,
        InstrKind::Assign(_, Rvalue::New(_)) => {
            makes = true;
            true
        }
        InstrKind::Assign(_, Rvalue::Composite { elems, .. }) => elems.is_empty(),
        InstrKind::Assign(_, Rvalue::Use(_)) => true,
        InstrKind::Store(place, value) => {
            place.proj.as_slice() == [Proj::Deref] && !matches!(value, Operand::Const(..))
        }
        _ => false,
    };
    let simple = func.blocks.iter().flat_map(|b| &b.instrs).all(|i| simple(&i.kind));
    func.has_body && func.blocks.len() == 1 && func.params.is_empty() && simple && makes
}

/// Whether a function only looks at what it is given, shortly, or changes an atomic of it. One that always
/// gives the same constant is none: it stands for what may be otherwise some day.
pub(crate) fn is_getter(names: &Names<'_>, id: FuncId, func: &Func) -> bool {
    let reads = |kind: &InstrKind| match kind {
        InstrKind::Assign(_, Rvalue::Load(place) | Rvalue::AddressOf(place)) => {
            place.proj.iter().any(|p| matches!(p, Proj::Field(..)))
        }
        _ => false,
    };
    if !func.blocks.iter().flat_map(|b| &b.instrs).any(|i| reads(&i.kind)) {
        return false;
    }
    let simple = |kind: &InstrKind| match kind {
        InstrKind::DeclareVar(_) => true,
        InstrKind::Call(call) => matches!(&call.callee, Callee::Static(object, _)
            if matches!(names.known(*object), Known::Effect(e) if e.op.is_atomic())),
        InstrKind::Assign(dst, Rvalue::AddressOf(_)) => names.is_atomic_operand(id, *dst),
        InstrKind::Assign(_, value) => matches!(
            value,
            Rvalue::Use(_)
                | Rvalue::Load(_)
                | Rvalue::Unary(..)
                | Rvalue::Binary(..)
                | Rvalue::Convert(..)
                | Rvalue::Len(_)
        ),
        _ => false,
    };
    func.blocks.len() <= GETTER
        && func.blocks.iter().all(|b| {
            let plain = matches!(
                b.term,
                Terminator::Return | Terminator::Goto(_) | Terminator::Branch { .. }
            );
            plain && b.instrs.len() <= GETTER && b.instrs.iter().all(|i| simple(&i.kind))
        })
}
