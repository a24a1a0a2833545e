//! Instructions other than calls.

use crate::classify::{is_compared, is_int, matters, object_kind};
use crate::function::FuncBuilder;
use stanch_base::Idx;
use stanch_ir::{self as ir, FuncId, InstrKind, Operand as IrOperand, Rvalue, Span};
use stanch_model::{
    AllocKind, ArithOp, Bindable, Const, FnId, Op, Operand, Prim, Relation, UnknownKind,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{ConstValue, Program, TypeId, TypeKind};

impl FuncBuilder<'_, '_> {
    pub(crate) fn instr(&mut self, kind: &InstrKind, span: Span) {
        match kind {
            InstrKind::DeclareVar(local) => self.declare(*local, span),
            InstrKind::Assign(local, value) => self.assign(*local, value, span),
            InstrKind::Store(place, value) => {
                let ty = self.operand_type(value);
                let src = self.operand(value, span);
                let src = self.copied(src, ty, span);
                self.store(place, src, span);
            }
            InstrKind::Call(call) => self.call(call, span),
            InstrKind::Go(call) => self.spawn(call, span),
            InstrKind::Defer(call) => self.defer(call, span),
            InstrKind::RunDefers => self.push(Op::RunDefers, span),
            InstrKind::Send { chan, value } => {
                let args = vec![self.operand(chan, span), self.operand(value, span)];
                self.prim(Prim::Send, args, Vec::new(), span);
            }
            InstrKind::Recv { dst, ok, chan, .. } => {
                let chan = self.operand(chan, span);
                let slots = [dst, ok].map(|d| d.map(|_| self.temp()));
                self.prim(Prim::Recv, vec![chan], slots.to_vec(), span);
                for (local, slot) in [dst, ok].into_iter().zip(slots) {
                    if let (Some(local), Some(slot)) = (local, slot) {
                        self.set(*local, slot.into(), span);
                    }
                }
            }
            InstrKind::MapDelete { map, key } => {
                let value = match self
                    .cx
                    .program
                    .kind(self.cx.program.underlying(self.operand_type(map)))
                {
                    TypeKind::Map(_, value) => *value,
                    _ => return,
                };
                if matters(self.cx.program, value, 0) {
                    let args = vec![self.operand(map, span), self.operand(key, span)];
                    self.prim(Prim::MapDelete, args, Vec::new(), span);
                }
            }
        }
    }

    /// An operation that returns on this goroutine.
    pub(crate) fn prim(
        &mut self,
        prim: Prim,
        args: Vec<Operand>,
        dst: Vec<Option<stanch_model::LocalId>>,
        span: Span,
    ) {
        let callee = stanch_model::Callee::Prim(prim);
        self.push(Op::Call(stanch_model::Call { callee, args, dst }), span);
    }

    pub(crate) fn operand_type(&self, operand: &IrOperand) -> TypeId {
        match operand {
            IrOperand::Local(local) => self.ty(*local),
            IrOperand::Const(_, ty)
            | IrOperand::Nil(ty)
            | IrOperand::Zero(ty)
            | IrOperand::Unknown(ty) => *ty,
            IrOperand::Func(object) => self.cx.program.object(*object).ty,
        }
    }

    pub(crate) fn operand(&mut self, operand: &IrOperand, span: Span) -> Operand {
        match operand {
            IrOperand::Local(local) => self.get(*local, span),
            IrOperand::Const(value, _) => self.constant(value),
            IrOperand::Nil(_) => Const::Nil.into(),
            IrOperand::Zero(ty) => match object_kind(self.cx.program, *ty) {
                Some(kind) => {
                    let dst = self.temp();
                    self.push(Op::Alloc { dst, kind }, span);
                    dst.into()
                }
                None => self.cx.zero(*ty),
            },
            IrOperand::Func(object) => match self.cx.names.known(*object) {
                crate::names::Known::Body(id) => Operand::Func(FnId::from_usize(id.index())),
                _ => Operand::Unknown,
            },
            IrOperand::Unknown(_) => Operand::Unknown,
        }
    }

    fn constant(&mut self, value: &ConstValue) -> Operand {
        match value {
            ConstValue::Bool(b) => Const::Bool(*b).into(),
            ConstValue::Int(n) => match i64::try_from(n.clone()) {
                Ok(n) => Const::Int(n).into(),
                Err(_) => Operand::Unknown,
            },
            ConstValue::String(text) => Const::Sym(self.cx.sym(text)).into(),
            ConstValue::Rat(_) | ConstValue::Complex(..) | ConstValue::Unknown => Operand::Unknown,
        }
    }

    /// Assigns a local a value; an object variable that others may refer to keeps its identity.
    pub(crate) fn assign_local(&mut self, local: ir::LocalId, src: Operand, span: Span) {
        let info = &self.func.locals[local];
        let shared =
            info.captured_by_ref || info.address_taken || info.kind == ir::LocalKind::Capture;
        let object = object_kind(self.cx.program, info.ty);
        match object {
            Some(AllocKind::Struct) if !shared => {
                let dst = self.slots[local];
                self.push(Op::CopyStruct { dst, src }, span);
            }
            Some(_) if shared => {
                let slot = self.slots[local].into();
                self.escape(vec![slot, src], span);
            }
            _ => self.set(local, src, span),
        }
    }

    fn assign(&mut self, local: ir::LocalId, value: &Rvalue, span: Span) {
        let slot = self.slots[local];
        let direct = !self.cells[local];
        match value {
            Rvalue::Use(x) => {
                let ty = self.operand_type(x);
                let src = self.operand(x, span);
                match object_kind(self.cx.program, ty) {
                    Some(_) if matches!(x, IrOperand::Local(t) if self.is_fresh(*t)) => {
                        self.replace_object(local, src, span);
                    }
                    _ => self.assign_local(local, src, span),
                }
            }
            Rvalue::Load(place) => {
                let src = self.load(place, span);
                if object_kind(self.cx.program, self.ty(local)) == Some(AllocKind::Struct) && direct
                {
                    self.push(Op::CopyStruct { dst: slot, src }, span);
                } else {
                    self.set(local, src, span);
                }
            }
            Rvalue::AddressOf(place) => {
                let src = self.address(place, span);
                self.set(local, src, span);
            }
            Rvalue::New(ty) => {
                let kind = match object_kind(self.cx.program, *ty) {
                    Some(kind) => kind,
                    None => AllocKind::Cell(self.cx.zero(*ty)),
                };
                self.alloc(local, kind, span);
            }
            Rvalue::MakeChan { cap, .. } => {
                let cap = match cap {
                    Some(cap) => self.operand(cap, span),
                    None => crate::translate::integer(0),
                };
                self.alloc(local, AllocKind::Chan(cap), span);
            }
            Rvalue::MakeMap(_) => self.alloc(local, AllocKind::Map, span),
            Rvalue::MakeSlice { ty, elems, len } => self.make_slice(local, *ty, elems, len, span),
            Rvalue::Composite { ty, elems } => self.composite(local, *ty, elems, span),
            Rvalue::MakeClosure(func) => self.closure(local, *func, span),
            Rvalue::MethodValue { recv, method } => self.method_value(local, recv, *method, span),
            Rvalue::Unary(UnaryOp::Not, x) => {
                let a = self.operand(x, span);
                let dst = self.temp();
                self.push(Op::Not { dst, a }, span);
                self.set(local, dst.into(), span);
            }
            Rvalue::Binary(op, a, b) => self.binary(local, *op, a, b, span),
            Rvalue::Convert(x, _) => {
                let src = self.operand(x, span);
                self.set(local, src, span);
            }
            Rvalue::MakeInterface(x, _) => {
                let ty = self.operand_type(x);
                let src = self.operand(x, span);
                let src = self.copied(src, ty, span);
                let (dst, tag) = (self.temp(), self.cx.tag(ty));
                self.push(Op::SetTag { dst, src, tag }, span);
                self.set(local, dst.into(), span);
            }
            Rvalue::TypeAssert { x, ty, ok } => self.type_assert(local, x, *ty, *ok, span),
            Rvalue::MapLookup { map, key, ok } => self.map_lookup(local, map, key, *ok, span),
            Rvalue::Len(x) | Rvalue::Cap(x) => {
                self.length(local, x, matches!(value, Rvalue::Cap(_)), span);
            }
            Rvalue::Slice { x, .. } => {
                // Part of a sequence: its elements may be reached through both.
                let src = self.operand(x, span);
                if matters(self.cx.program, self.operand_type(x), 0) {
                    self.escape(vec![src], span);
                }
                self.unknown(local, UnknownKind::Any, span);
            }
            Rvalue::Append { slice, elems, spread } => {
                self.append(local, slice, elems, *spread, span)
            }
            Rvalue::Recover => {
                let dst = self.temp();
                self.push(Op::Recover { dst }, span);
                self.set(local, dst.into(), span);
            }
            Rvalue::Unary(..) => self.unknown(local, UnknownKind::Any, span),
            Rvalue::Other(xs, _) => {
                let values: Vec<Operand> = xs.iter().map(|x| self.operand(x, span)).collect();
                let carries = xs.iter().any(|x| matters(self.cx.program, self.operand_type(x), 0));
                if carries {
                    self.escape(values, span);
                }
                self.unknown(local, UnknownKind::Any, span);
            }
        }
    }

    /// Whether a temporary holds a value that nothing else refers to.
    fn is_fresh(&self, local: ir::LocalId) -> bool {
        self.func.locals[local].kind == ir::LocalKind::Temp
    }

    /// A fresh object becomes the value of a variable: others that refer to the variable (none yet,
    /// where this is its declaration) see the new one only if they look after this.
    fn replace_object(&mut self, local: ir::LocalId, src: Operand, span: Span) {
        let info = &self.func.locals[local];
        let first = info.kind != ir::LocalKind::Capture && self.assigned_once(local);
        if first
            || !(info.captured_by_ref || info.address_taken || info.kind == ir::LocalKind::Capture)
        {
            let dst = self.slots[local];
            self.push(Op::Assign { dst, src }, span);
        } else {
            self.assign_local(local, src, span);
        }
    }

    fn assigned_once(&self, local: ir::LocalId) -> bool {
        let blocks = self.func.blocks.iter();
        let assigns = blocks
            .flat_map(|b| &b.instrs)
            .filter(|i| matches!(&i.kind, InstrKind::Assign(to, _) if *to == local));
        assigns.count() == 1
    }

    fn alloc(&mut self, local: ir::LocalId, kind: AllocKind, span: Span) {
        let dst = self.temp();
        self.push(Op::Alloc { dst, kind }, span);
        self.set(local, dst.into(), span);
    }

    fn make_slice(
        &mut self,
        local: ir::LocalId,
        ty: TypeId,
        elems: &[IrOperand],
        len: &Option<IrOperand>,
        span: Span,
    ) {
        let elem = match self.cx.program.kind(self.cx.program.underlying(ty)) {
            TypeKind::Slice(elem) => *elem,
            _ => Program::UNKNOWN,
        };
        let length = match len {
            Some(len) => self.operand(len, span),
            None => crate::translate::integer(elems.len() as i64),
        };
        let zero = self.cx.zero(elem);
        let dst = self.temp();
        self.push(Op::Alloc { dst, kind: AllocKind::Seq(length, zero) }, span);
        if matters(self.cx.program, elem, 0) {
            for (i, value) in elems.iter().enumerate() {
                let src = self.operand(value, span);
                let src = self.copied(src, elem, span);
                let args = vec![dst.into(), crate::translate::integer(i as i64), src];
                self.prim(Prim::SeqSet, args, Vec::new(), span);
            }
        }
        self.set(local, dst.into(), span);
    }

    fn composite(
        &mut self,
        local: ir::LocalId,
        ty: TypeId,
        elems: &[(u32, IrOperand)],
        span: Span,
    ) {
        let Some(kind) = object_kind(self.cx.program, ty) else {
            return self.unknown(local, UnknownKind::Any, span);
        };
        let is_struct = kind == AllocKind::Struct;
        let dst = self.temp();
        self.push(Op::Alloc { dst, kind }, span);
        for (index, value) in elems {
            let ty = self.operand_type(value);
            let src = self.operand(value, span);
            let src = self.copied(src, ty, span);
            if is_struct {
                self.push(Op::StoreField { base: dst.into(), field: *index, src }, span);
            } else {
                let args = vec![dst.into(), crate::translate::integer(i64::from(*index)), src];
                self.prim(Prim::SeqSet, args, Vec::new(), span);
            }
        }
        let slot = self.slots[local];
        self.push(Op::Assign { dst: slot, src: dst.into() }, span);
    }

    fn closure(&mut self, local: ir::LocalId, func: FuncId, span: Span) {
        let literal = &self.cx.module.funcs[func];
        let mut env = Vec::new();
        for capture in &literal.captures {
            let object = object_kind(self.cx.program, self.ty(capture.outer)).is_some();
            env.push(match capture.by_ref || object {
                // The cell or the object itself.
                true => self.slots[capture.outer].into(),
                false => self.get(capture.outer, span),
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
        let ty = self.operand_type(a);
        let known =
            is_compared(self.cx.program, ty) && is_compared(self.cx.program, self.operand_type(b));
        let dst = self.temp();
        let relation = match op {
            BinaryOp::Eq => Some(Relation::Eq),
            BinaryOp::Ne => Some(Relation::Ne),
            BinaryOp::Lt => Some(Relation::Lt),
            BinaryOp::Le => Some(Relation::Le),
            BinaryOp::Gt => Some(Relation::Gt),
            BinaryOp::Ge => Some(Relation::Ge),
            _ => None,
        };
        let ordered =
            matches!(relation, Some(Relation::Lt | Relation::Le | Relation::Gt | Relation::Ge));
        if let Some(op) = relation {
            if !known || ordered && !is_int(self.cx.program, ty) {
                return self.unknown(local, UnknownKind::Any, span);
            }
            let (a, b) = (self.operand(a, span), self.operand(b, span));
            self.push(Op::Compare { dst, op, a, b }, span);
            return self.set(local, dst.into(), span);
        }
        let arith = match op {
            BinaryOp::Add => Some(ArithOp::Add),
            BinaryOp::Sub => Some(ArithOp::Sub),
            BinaryOp::Mul => Some(ArithOp::Mul),
            BinaryOp::Quo => Some(ArithOp::Div),
            BinaryOp::Rem => Some(ArithOp::Rem),
            _ => None,
        };
        match arith {
            Some(op) if is_int(self.cx.program, ty) => {
                let (a, b) = (self.operand(a, span), self.operand(b, span));
                self.push(Op::Arith { dst, op, a, b }, span);
                self.set(local, dst.into(), span);
            }
            _ => self.unknown(local, UnknownKind::Any, span),
        }
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
        let tags = self.tags(ty);
        let keep = self.cx.program.is_interface(ty);
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
        let value = match self.cx.program.kind(self.cx.program.underlying(self.operand_type(map))) {
            TypeKind::Map(_, value) => *value,
            _ => Program::UNKNOWN,
        };
        if !matters(self.cx.program, value, 0) {
            self.unknown(local, UnknownKind::Any, span);
            if let Some(ok) = ok {
                self.unknown(ok, UnknownKind::Any, span);
            }
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
            TypeKind::Slice(_) | TypeKind::Map(..) if !cap => Prim::SeqLen,
            _ => return self.unknown(local, UnknownKind::Size, span),
        };
        let value = self.operand(x, span);
        let dst = self.temp();
        self.prim(prim, vec![value], vec![Some(dst)], span);
        self.set(local, dst.into(), span);
    }

    fn append(
        &mut self,
        local: ir::LocalId,
        slice: &IrOperand,
        elems: &[IrOperand],
        spread: bool,
        span: Span,
    ) {
        let mut args = vec![self.operand(slice, span)];
        let carries = matters(self.cx.program, self.operand_type(slice), 0);
        for elem in elems {
            let ty = self.operand_type(elem);
            let value = self.operand(elem, span);
            args.push(self.copied(value, ty, span));
        }
        if spread {
            if carries {
                self.escape(args, span);
            }
            return self.unknown(local, UnknownKind::Any, span);
        }
        let dst = self.temp();
        self.prim(Prim::SeqAppend, args, vec![Some(dst)], span);
        self.set(local, dst.into(), span);
    }
}
