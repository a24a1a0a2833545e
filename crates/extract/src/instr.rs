//! Instructions other than calls.

use crate::classify::{is_compared, is_int, object_kind};
use crate::function::FuncBuilder;
use crate::names::Known;
use crate::translate::integer;
use stanch_base::Idx;
use stanch_ir::{self as ir, FuncId, InstrKind, Operand as IrOperand, Rvalue, Span};
use stanch_model::{
    AllocKind, ArithOp, Bindable, Const, FOREIGN, FnId, LocalId, Op, Operand, Prim, Relation,
    UnknownKind,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, Program, TypeId, TypeKind};

impl FuncBuilder<'_, '_> {
    /// One kept instruction. `first`: it assigns the variable that was declared right before.
    pub(crate) fn instr(&mut self, kind: &InstrKind, span: Span, first: bool) {
        match kind {
            InstrKind::DeclareVar(local) => self.declare(*local, span),
            InstrKind::Assign(local, value) => self.assign(*local, value, span, first),
            InstrKind::Store(place, value) => {
                let src = self.copy_of(value, span);
                self.store(place, src, span);
            }
            InstrKind::Call(call) => self.call(call, span),
            InstrKind::Go(call) => self.spawn(call, span),
            InstrKind::Defer(call) => self.defer(call, span),
            InstrKind::Send { chan, value } => {
                let chan = self.operand(chan, span);
                let sent = self.copy_of(value, span);
                let sent = self.as_interface(sent, value, span);
                self.prim(Prim::Send, vec![chan, sent], Vec::new(), span);
            }
            InstrKind::Recv { dst, ok, chan, .. } => {
                let chan = self.operand(chan, span);
                let wanted = [dst, ok].map(|d| d.filter(|d| self.is_needed(*d)));
                let slots = wanted.map(|d| d.map(|_| self.temp()));
                let zero = wanted[0].and_then(|_| self.received_zero(*dst));
                let args = std::iter::once(chan).chain(zero.map(Operand::from)).collect();
                self.prim(Prim::Recv, args, slots.to_vec(), span);
                for (local, slot) in wanted.into_iter().zip(slots) {
                    if let (Some(local), Some(slot)) = (local, slot) {
                        self.set(local, slot.into(), span);
                    }
                }
            }
            InstrKind::MapDelete { map, .. } if !self.cx.carry.holds(self.operand_type(map)) => {}
            InstrKind::MapDelete { map, key } => {
                let args = vec![self.operand(map, span), self.operand(key, span)];
                self.prim(Prim::MapDelete, args, Vec::new(), span);
            }
            // A return runs what is pending.
            InstrKind::RunDefers => {}
        }
    }

    /// An operation that returns on this goroutine.
    pub(crate) fn prim(
        &mut self,
        prim: Prim,
        args: Vec<Operand>,
        dst: Vec<Option<LocalId>>,
        span: Span,
    ) {
        let callee = stanch_model::Callee::Prim(prim);
        self.push(Op::Call(stanch_model::Call { callee, args, dst }), span);
    }

    pub(crate) fn operand_type(&self, operand: &IrOperand) -> TypeId {
        self.cx.names.operand_type(self.func, operand)
    }

    /// The value of an operand; of what is not needed nil, which refers to nothing.
    pub(crate) fn operand(&mut self, operand: &IrOperand, span: Span) -> Operand {
        match operand {
            IrOperand::Local(local) if !self.is_needed(*local) => Operand::Unknown,
            IrOperand::Local(local) => self.get(*local, span),
            IrOperand::Const(value, ty) => self.constant(value, *ty),
            IrOperand::Nil(ty) if *ty == Program::UNKNOWN => Const::Nil.into(),
            IrOperand::Nil(ty) => self.cx.zero(*ty),
            IrOperand::Zero(ty) => match object_kind(self.cx.program, *ty) {
                Some(kind) => {
                    let dst = self.temp();
                    self.push_object(dst, kind, *ty, span);
                    dst.into()
                }
                None => self.cx.zero(*ty),
            },
            IrOperand::Func(object) => match self.cx.names.known(*object) {
                Known::Body(id) => Operand::Func(FnId::from_usize(id.index())),
                Known::Effect(_) | Known::Inert | Known::Nothing => Operand::Unknown,
            },
            IrOperand::Unknown(_) => Operand::Unknown,
        }
    }

    /// A value of an interface type that is kept under a wider one: it goes on having its methods.
    fn as_interface(&mut self, src: Operand, operand: &IrOperand, span: Span) -> Operand {
        let ty = self.operand_type(operand);
        if !matches!(src, Operand::Local(_)) || !self.cx.program.is_interface(ty) {
            return src;
        }
        let (dst, tag) = (self.temp(), self.cx.interface_tag(ty));
        self.push(Op::SetTag { dst, src, tag }, span);
        dst.into()
    }

    /// The value of an operand that is stored somewhere: structs are copied.
    pub(crate) fn copy_of(&mut self, operand: &IrOperand, span: Span) -> Operand {
        let value = self.operand(operand, span);
        let is_struct = matches!(operand, IrOperand::Local(l) if !self.fresh[*l])
            && object_kind(self.cx.program, self.operand_type(operand)) == Some(AllocKind::Struct);
        if !is_struct || matches!(value, Operand::Unknown) {
            return value;
        }
        let dst = self.temp();
        self.push(Op::CopyStruct { dst, src: value }, span);
        dst.into()
    }

    fn constant(&mut self, value: &ConstValue, ty: TypeId) -> Operand {
        match value {
            ConstValue::Bool(b) => Const::Bool(*b).into(),
            ConstValue::Int(n) if is_int(self.cx.program, ty) => match i64::try_from(n.clone()) {
                Ok(n) => Const::Int(n).into(),
                Err(_) => Operand::Unknown,
            },
            ConstValue::String(text) => Const::Sym(self.cx.sym(text)).into(),
            ConstValue::Int(_)
            | ConstValue::Rat(_)
            | ConstValue::Complex(..)
            | ConstValue::Unknown => Operand::Unknown,
        }
    }

    /// Assigns a variable a value that already stands for itself (structs: copied or fresh).
    pub(crate) fn assign_local(
        &mut self,
        local: ir::LocalId,
        src: Operand,
        first: bool,
        span: Span,
    ) {
        if !self.is_needed(local) {
            return;
        }
        let info = &self.func.locals[local];
        let shared =
            info.captured_by_ref || info.address_taken || info.kind == ir::LocalKind::Capture;
        if !first && shared && object_kind(self.cx.program, info.ty).is_some() {
            // Others refer to the object: it stays, its content changes.
            let to = self.slots[local].into();
            return self.overwrite(to, src, info.ty, 0, span);
        }
        self.set(local, src, span);
    }

    fn assign(&mut self, local: ir::LocalId, value: &Rvalue, span: Span, first: bool) {
        match value {
            Rvalue::Use(x) => {
                let temp = self.func.locals[local].kind == ir::LocalKind::Temp;
                let src = if temp { self.operand(x, span) } else { self.copy_of(x, span) };
                self.assign_local(local, src, first, span);
            }
            Rvalue::Load(place) => {
                let src = match self.loaded(place) {
                    Some(slot) => slot.into(),
                    None => self.load(place, span),
                };
                self.assign_local(local, src, first, span);
                self.note_load(local, place);
            }
            Rvalue::AddressOf(place) => {
                // An object, for callers who know its type, or a variable: both are out of view.
                if self.is_pointer_to_parameter(local) {
                    let value = self.load(place, span);
                    self.escape(vec![value], span);
                    return self.unknown(local, UnknownKind::NonNil, span);
                }
                let src = self.address(place, span);
                self.set(local, src, span);
            }
            Rvalue::New(ty) if self.cx.program.is_type_param(*ty) => {
                self.unknown(local, UnknownKind::NonNil, span);
            }
            Rvalue::New(ty) => {
                let kind = match object_kind(self.cx.program, *ty) {
                    Some(kind) => kind,
                    None => AllocKind::Cell(self.cx.zero(*ty)),
                };
                self.alloc(local, kind, span);
            }
            // As the channel of a clock: something comes until that is stopped.
            Rvalue::MakeChan { .. }
                if self.cx.names.is_of_signals(self.id, &IrOperand::Local(local)) =>
            {
                self.alloc(local, AllocKind::Ticker, span);
            }
            Rvalue::MakeChan { cap, .. } => {
                let cap = match cap {
                    Some(cap) if self.is_plain(cap) => {
                        let value = self.operand(cap, span);
                        self.size(value, span)
                    }
                    Some(cap) => self.operand(cap, span),
                    None => integer(0),
                };
                self.alloc(local, AllocKind::Chan(cap), span);
            }
            Rvalue::MakeMap(ty) => match self.cx.carry.holds(*ty) {
                true => self.alloc(local, AllocKind::Map, span),
                false => self.unknown(local, UnknownKind::NonNil, span),
            },
            Rvalue::MakeSlice { ty, elems, len } => self.make_slice(local, *ty, elems, len, span),
            Rvalue::Composite { ty, elems } => self.composite(local, *ty, elems, first, span),
            Rvalue::MakeClosure(func) => self.closure(local, *func, span),
            Rvalue::MethodValue { recv, method } => self.method_value(local, recv, *method, span),
            Rvalue::Unary(UnaryOp::Not, x) => {
                let a = self.operand(x, span);
                let dst = self.temp();
                self.push(Op::Not { dst, a }, span);
                self.set(local, dst.into(), span);
            }
            Rvalue::Binary(op, a, b) => self.binary(local, *op, a, b, span),
            Rvalue::Convert(x, ty) => self.convert(local, x, *ty, span),
            Rvalue::MakeInterface(x, _) => {
                let src = self.copy_of(x, span);
                let (dst, tag) = (self.temp(), self.cx.tag(self.operand_type(x)));
                self.push(Op::SetTag { dst, src, tag }, span);
                self.set(local, dst.into(), span);
            }
            Rvalue::TypeAssert { x, ty, ok } => self.type_assert(local, x, *ty, *ok, span),
            Rvalue::MapLookup { map, key, ok } => self.map_lookup(local, map, key, *ok, span),
            Rvalue::Len(x) | Rvalue::Cap(x) => {
                self.length(local, x, matches!(value, Rvalue::Cap(_)), span);
            }
            Rvalue::Slice { x, lo, hi, .. } if self.is_known_part(x, [lo, hi]) => {
                let mut args = vec![self.operand(x, span)];
                for (bound, missing) in [(lo, integer(0)), (hi, Const::Nil.into())] {
                    args.push(match bound {
                        Some(bound) => self.operand(bound, span),
                        None => missing,
                    });
                }
                let dst = self.temp();
                self.prim(Prim::SeqPart, args, vec![Some(dst)], span);
                self.set(local, dst.into(), span);
            }
            Rvalue::Slice { x, .. } => {
                // Part of a sequence: its elements may be reached through both.
                if self.cx.carry.carries(self.operand_type(x)) {
                    let src = self.operand(x, span);
                    self.escape(vec![src], span);
                }
                // A part is nil only of what is nil.
                self.unknown(local, UnknownKind::NonNil, span);
            }
            Rvalue::Append { slice, elems, spread } => {
                self.append(local, slice, elems, *spread, span);
            }
            Rvalue::Recover => {
                let dst = self.temp();
                self.push(Op::Recover { dst }, span);
                self.set(local, dst.into(), span);
            }
            Rvalue::Unary(..) => self.unknown(local, UnknownKind::NonNil, span),
            Rvalue::Other(xs, _) => {
                let carrying = xs.iter().filter(|x| self.cx.carry.carries(self.operand_type(x)));
                let carrying: Vec<&IrOperand> = carrying.collect();
                let values: Vec<Operand> =
                    carrying.into_iter().map(|x| self.operand(x, span)).collect();
                if !values.is_empty() {
                    self.escape(values, span);
                }
                self.unknown(local, UnknownKind::Any, span);
            }
        }
    }

    /// Whether a part of a slice has bounds that are known.
    fn is_known_part(&self, x: &IrOperand, bounds: [&Option<IrOperand>; 2]) -> bool {
        let program = self.cx.program;
        matches!(program.kind(program.underlying(self.operand_type(x))), TypeKind::Slice(_))
            && bounds.into_iter().flatten().all(|b| self.cx.names.is_bound(self.id, b))
    }

    /// Whether a local points to a value of which the type is a parameter.
    fn is_pointer_to_parameter(&self, local: ir::LocalId) -> bool {
        let program = self.cx.program;
        program.pointee(self.ty(local)).is_some_and(|to| program.is_type_param(to))
    }

    /// Whether an operand is a variable or a length, not the result of a call or computation.
    fn is_plain(&self, operand: &IrOperand) -> bool {
        let IrOperand::Local(local) = operand else { return false };
        if self.func.locals[*local].kind != ir::LocalKind::Temp {
            return true;
        }
        self.func.blocks.iter().flat_map(|b| &b.instrs).any(|i| {
            matches!(
                &i.kind,
                InstrKind::Assign(dst, Rvalue::Len(_) | Rvalue::Load(_) | Rvalue::Use(_))
                    if dst == local
            )
        })
    }

    fn alloc(&mut self, local: ir::LocalId, kind: AllocKind, span: Span) {
        let dst = self.temp();
        self.push(Op::Alloc { dst, kind }, span);
        self.set(local, dst.into(), span);
    }

    /// A slice whose elements do not matter is its length.
    fn make_slice(
        &mut self,
        local: ir::LocalId,
        ty: TypeId,
        elems: &[IrOperand],
        len: &Option<IrOperand>,
        span: Span,
    ) {
        let length = match len {
            Some(len) => {
                let value = self.operand(len, span);
                self.size(value, span)
            }
            None => integer(elems.len() as i64),
        };
        let elem = match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Slice(elem) => *elem,
            _ => Program::UNKNOWN,
        };
        if !self.cx.carry.carries(elem) {
            return self.set(local, length, span);
        }
        let zero = self.cx.zero(elem);
        let dst = self.temp();
        self.push(Op::Alloc { dst, kind: AllocKind::Seq(length, zero) }, span);
        for (i, value) in elems.iter().enumerate() {
            let src = self.copy_of(value, span);
            self.prim(Prim::SeqSet, vec![dst.into(), integer(i as i64), src], Vec::new(), span);
        }
        self.set(local, dst.into(), span);
    }

    fn composite(
        &mut self,
        local: ir::LocalId,
        ty: TypeId,
        elems: &[(u32, IrOperand)],
        first: bool,
        span: Span,
    ) {
        let program = self.cx.program;
        let Some(kind) = object_kind(program, ty) else {
            // An array, of whose elements nothing is known.
            let kept = elems.iter().filter(|e| self.cx.carry.carries(self.operand_type(&e.1)));
            let kept: Vec<&IrOperand> = kept.map(|e| &e.1).collect();
            let values = kept.into_iter().map(|e| self.copy_of(e, span)).collect();
            self.escape(values, span);
            return self.unknown(local, UnknownKind::NonNil, span);
        };
        let is_struct = kind == AllocKind::Struct;
        let dst = self.temp();
        self.push_object(dst, kind, ty, span);
        for (index, value) in elems {
            if matches!(value, IrOperand::Local(l) if !self.is_needed(*l)) {
                continue;
            }
            let field = self.field_number(ty, *index);
            let part = is_struct.then(|| self.field_kind(ty, *index)).flatten();
            if let Some((kind, field_ty)) = part {
                let src = self.operand(value, span);
                let to = self.temp();
                self.push(Op::Part { dst: to, base: dst.into(), field, kind }, span);
                self.overwrite(to.into(), src, field_ty, 0, span);
                continue;
            }
            let src = self.copy_of(value, span);
            if is_struct {
                self.push(Op::StoreField { base: dst.into(), field, src }, span);
            } else {
                let args = vec![dst.into(), integer(i64::from(*index)), src];
                self.prim(Prim::SeqSet, args, Vec::new(), span);
            }
            if is_struct && self.is_cond_lock(ty, *index) {
                self.cond_with(dst.into(), src, span);
            }
        }
        self.assign_local(local, dst.into(), first, span);
    }

    fn closure(&mut self, local: ir::LocalId, func: FuncId, span: Span) {
        let literal = &self.cx.module.funcs[func];
        let mut env = Vec::new();
        for capture in &literal.captures {
            let needed = self.cx.needs.kept[func].locals[capture.inner];
            let object = object_kind(self.cx.program, self.ty(capture.outer)).is_some();
            env.push(if !needed || !self.is_needed(capture.outer) {
                Const::Nil.into()
            } else if capture.by_ref || object {
                // The cell or the object itself.
                self.slots[capture.outer].into()
            } else {
                self.get(capture.outer, span)
            });
        }
        let dst = self.temp();
        let callee = Bindable::Fn(FnId::from_usize(func.index()));
        self.push(Op::Closure { dst, callee, env }, span);
        self.set(local, dst.into(), span);
    }

    fn binary(
        &mut self,
        local: ir::LocalId,
        op: BinaryOp,
        a: &IrOperand,
        b: &IrOperand,
        span: Span,
    ) {
        let program = self.cx.program;
        let ty = self.operand_type(a);
        let relation = match op {
            BinaryOp::Eq => Some(Relation::Eq),
            BinaryOp::Ne => Some(Relation::Ne),
            BinaryOp::Lt => Some(Relation::Lt),
            BinaryOp::Le => Some(Relation::Le),
            BinaryOp::Gt => Some(Relation::Gt),
            BinaryOp::Ge => Some(Relation::Ge),
            _ => None,
        };
        let arith = match op {
            BinaryOp::Add => Some(ArithOp::Add),
            BinaryOp::Sub => Some(ArithOp::Sub),
            BinaryOp::Mul => Some(ArithOp::Mul),
            BinaryOp::Quo => Some(ArithOp::Div),
            BinaryOp::Rem => Some(ArithOp::Rem),
            _ => None,
        };
        let dst = self.temp();
        if let Some(op) = relation {
            let equality = matches!(op, Relation::Eq | Relation::Ne);
            let known = is_compared(program, ty) && is_compared(program, self.operand_type(b));
            if !known || !equality && !is_int(program, ty) {
                return self.unknown(local, UnknownKind::NonNil, span);
            }
            let counts = [a, b].map(|x| matches!(x, IrOperand::Local(l) if self.counters[*l]));
            let (mut a, mut b) = (self.operand(a, span), self.operand(b, span));
            // What a counter is compared with bounds a loop. The counter itself is no size: one that
            // has left the known integers can be anything, the bound included.
            match counts {
                [true, false] if is_int(program, ty) => b = self.size(b, span),
                [false, true] if is_int(program, ty) => a = self.size(a, span),
                _ => {}
            }
            self.push(Op::Compare { dst, op, a, b }, span);
        } else if let (Some(op), true) = (arith, is_int(program, ty)) {
            let step = self.is_turn(local, a) && !matches!(b, IrOperand::Const(..));
            let (a, b) = (self.operand(a, span), self.operand(b, span));
            // By how much a loop counts is in its bound: the number of turns, the same each time.
            let b = if step { integer(1) } else { b };
            self.push(Op::Arith { dst, op, a, b }, span);
        } else {
            return self.unknown(local, UnknownKind::NonNil, span);
        }
        self.set(local, dst.into(), span);
    }

    /// Whether `to`, made from `counter`, is its next value.
    fn is_turn(&self, to: ir::LocalId, counter: &IrOperand) -> bool {
        let IrOperand::Local(counter) = counter else { return false };
        let next = |kind: &InstrKind| {
            matches!(kind, InstrKind::Assign(l, Rvalue::Use(IrOperand::Local(x)))
                     if l == counter && *x == to)
        };
        self.counters[*counter]
            && self.func.blocks.iter().flat_map(|b| &b.instrs).any(|i| next(&i.kind))
    }

    fn convert(&mut self, local: ir::LocalId, x: &IrOperand, ty: TypeId, span: Span) {
        let program = self.cx.program;
        let from = self.operand_type(x);
        let shape = |ty: TypeId| match program.kind(program.underlying(ty)) {
            TypeKind::Slice(_) => 1,
            TypeKind::Basic(_) if is_int(program, ty) => 2,
            TypeKind::Basic(_) => 3,
            _ => 4,
        };
        if shape(from) != shape(ty) {
            return self.unknown(local, UnknownKind::NonNil, span);
        }
        let src = self.copy_of(x, span);
        self.set(local, src, span);
    }

    fn type_assert(
        &mut self,
        local: ir::LocalId,
        x: &IrOperand,
        ty: TypeId,
        ok: Option<ir::LocalId>,
        span: Span,
    ) {
        let src = self.operand(x, span);
        if ty == Program::UNKNOWN {
            // A type of a package that is missing: whoever has the value may do anything with it.
            self.escape(vec![src], span);
            self.unknown(local, UnknownKind::Any, span);
            let ok = ok.filter(|ok| self.is_needed(*ok));
            return ok.into_iter().for_each(|ok| self.unknown(ok, UnknownKind::Any, span));
        }
        let tags = self.tags(ty);
        let keep = self.cx.program.is_interface(ty);
        let ok = ok.filter(|ok| self.is_needed(*ok));
        if tags.iter().all(|tag| tag.0 >= FOREIGN) && ok.is_none() {
            // A type of other packages: the assertion gives something unknown.
            return self.unknown(local, UnknownKind::Any, span);
        }
        let (dst, ok_slot) = (self.temp(), ok.map(|_| self.temp()));
        self.push(Op::Assert { dst, ok: ok_slot, src, tags, keep }, span);
        self.set(local, dst.into(), span);
        if let (Some(ok), Some(slot)) = (ok, ok_slot) {
            self.set(ok, slot.into(), span);
        }
    }

    fn map_lookup(
        &mut self,
        local: ir::LocalId,
        map: &IrOperand,
        key: &IrOperand,
        ok: Option<ir::LocalId>,
        span: Span,
    ) {
        let ok = ok.filter(|ok| self.is_needed(*ok));
        if !self.cx.carry.holds(self.operand_type(map)) {
            self.unknown(local, UnknownKind::Any, span);
            ok.into_iter().for_each(|ok| self.unknown(ok, UnknownKind::NonNil, span));
            return;
        }
        let args = vec![self.operand(map, span), self.operand(key, span)];
        let (dst, ok_slot) = (self.temp(), ok.map(|_| self.temp()));
        self.prim(Prim::MapGet, args, vec![Some(dst), ok_slot], span);
        self.set(local, dst.into(), span);
        if let (Some(ok), Some(slot)) = (ok, ok_slot) {
            self.set(ok, slot.into(), span);
        }
    }

    fn length(&mut self, local: ir::LocalId, x: &IrOperand, cap: bool, span: Span) {
        let program = self.cx.program;
        let prim = match program.kind(program.underlying(self.operand_type(x))) {
            TypeKind::Chan(..) if cap => Prim::ChanCap,
            TypeKind::Chan(..) => Prim::ChanLen,
            TypeKind::Slice(_) | TypeKind::Map(..) | TypeKind::Unknown if !cap => Prim::SeqLen,
            TypeKind::Basic(_) if !cap => return self.string_length(local, x, span),
            _ => {
                return self.unknown(local, UnknownKind::Size, span);
            }
        };
        let value = self.operand(x, span);
        let dst = self.temp();
        self.prim(prim, vec![value], vec![Some(dst)], span);
        self.set(local, dst.into(), span);
    }

    /// The length of a string: the same each time.
    fn string_length(&mut self, local: ir::LocalId, x: &IrOperand, span: Span) {
        let IrOperand::Local(of) = x else {
            return self.unknown(local, UnknownKind::Size, span);
        };
        match self.known_length(*of) {
            Some(slot) => self.set(local, slot.into(), span),
            None => {
                self.unknown(local, UnknownKind::Size, span);
                self.note_length(local, *of);
            }
        }
    }

    fn append(
        &mut self,
        local: ir::LocalId,
        slice: &IrOperand,
        elems: &[IrOperand],
        spread: bool,
        span: Span,
    ) {
        let to = self.operand(slice, span);
        if !self.cx.carry.carries(self.operand_type(slice)) {
            if spread {
                return self.unknown(local, UnknownKind::Any, span);
            }
            let a = self.size(to, span);
            let dst = self.temp();
            let b = integer(elems.len() as i64);
            self.push(Op::Arith { dst, op: ArithOp::Add, a, b }, span);
            return self.set(local, dst.into(), span);
        }
        let mut args = vec![to];
        for elem in elems {
            args.push(self.copy_of(elem, span));
        }
        if spread {
            self.escape(args, span);
            return self.unknown(local, UnknownKind::Any, span);
        }
        let dst = self.temp();
        self.prim(Prim::SeqAppend, args, vec![Some(dst)], span);
        self.set(local, dst.into(), span);
    }
}
