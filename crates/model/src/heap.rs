//! Instructions that make, read and write objects.

use crate::exec::Exec;
use crate::interp::Flow;
use crate::outcome::{Escaped, Inconclusive};
use crate::program::*;
use crate::state::*;
use crate::statics::ops;
use crate::value::{Shape, Value};

/// How deep nested structs are copied.
const COPY_DEPTH: u32 = 8;

impl Exec<'_, '_> {
    /// An instruction about objects.
    pub(crate) fn heap_op(&mut self, i: usize, op: &Op) -> Flow {
        let done = match op {
            Op::Alloc { dst, kind } => self.alloc_kind(i, kind).map(|v| self.set(i, *dst, v)),
            Op::NewContext { dst, cancel, parent, kind } => {
                self.new_context(i, *dst, *cancel, *parent, *kind)
            }
            Op::Closure { dst, callee, env } => {
                let env: Vec<Value> = env.iter().map(|o| self.eval(i, *o)).collect();
                let here = self.here(i);
                let data = Data::Closure { callee: *callee, env };
                self.alloc(i, here, 0, data).map(|v| self.set(i, *dst, v))
            }
            Op::LoadCell { dst, cell } => {
                let cell = self.eval(i, *cell);
                self.load_cell(i, cell).map(|v| self.set(i, *dst, v))
            }
            Op::StoreCell { cell, src } => {
                let (cell, src) = (self.eval(i, *cell), self.eval(i, *src));
                self.store_cell(i, cell, src)
            }
            Op::LoadField { dst, base, field, zero } => {
                let (base, zero) = (self.eval(i, *base), self.eval(i, *zero));
                self.load_field(i, base, *field, zero).map(|v| self.set(i, *dst, v))
            }
            Op::StoreField { base, field, src } => {
                let (base, src) = (self.eval(i, *base), self.eval(i, *src));
                self.store_field(i, base, *field, src)
            }
            Op::Part { dst, base, field, kind } => {
                let base = self.eval(i, *base);
                self.part(i, base, *field, kind).map(|v| self.set(i, *dst, v))
            }
            Op::CopyStruct { dst, src } => {
                let src = self.eval(i, *src);
                let here = self.here(i);
                self.copy_struct(i, src, here, COPY_DEPTH).map(|v| self.set(i, *dst, v))
            }
            _ => Some(()),
        };
        if done.is_some() { Flow::Next } else { Flow::Stay }
    }

    /// A new object of a kind; nothing if the goroutine was parked.
    pub(crate) fn alloc_kind(&mut self, i: usize, kind: &AllocKind) -> Option<Value> {
        let site = self.here(i);
        let data = self.data(i, kind)?;
        let callback = match &data {
            Data::Timer { callback, .. } if *callback != Value::NIL => Some(*callback),
            _ => None,
        };
        let object = self.alloc(i, site, 0, data)?;
        if let (Some(callback), Some(id)) = (callback, object.object_id()) {
            self.start_timer_goroutine(i, callback, id, site)?;
        }
        Some(object)
    }

    /// A goroutine that waits for a timer to run the callback.
    pub(crate) fn start_timer_goroutine(
        &mut self,
        i: usize,
        callback: Value,
        timer: u32,
        site: u32,
    ) -> Option<()> {
        let (target, _) = self.resolve_value(callback, Vec::new());
        self.spawn(i, (target, Vec::new()), site, Status::Dormant(timer)).then_some(())
    }

    fn data(&mut self, i: usize, kind: &AllocKind) -> Option<Data> {
        let timer =
            |ticker, context, callback| Data::Timer { armed: true, ticker, context, callback };
        Some(match kind {
            AllocKind::Cell(first) => Data::Cell(self.eval(i, *first)),
            AllocKind::Struct => Data::Struct(Vec::new()),
            AllocKind::Chan(cap) => {
                let cap = self.eval(i, *cap);
                Data::Chan { cap: self.capacity(i, cap), closed: false, queue: Vec::new() }
            }
            AllocKind::Mutex => Data::Mutex { locked: false },
            AllocKind::RwMutex => Data::RwMutex { readers: 0, writer: false },
            AllocKind::WaitGroup => Data::WaitGroup(0),
            AllocKind::Cond(lock) => Data::Cond(self.eval(i, *lock)),
            AllocKind::Once => Data::Once(0),
            AllocKind::Timer => timer(false, Value::NIL, Value::NIL),
            AllocKind::Ticker => timer(true, Value::NIL, Value::NIL),
            AllocKind::AfterFunc(f) => timer(false, Value::NIL, self.eval(i, *f)),
            AllocKind::AfterContext(context, f) => {
                let (context, callback) = (self.eval(i, *context), self.eval(i, *f));
                // The background context never ends.
                let armed = context.shape() != Shape::Nil;
                Data::Timer { armed, ticker: false, context, callback }
            }
            AllocKind::Semaphore(cap) => {
                let cap = self.eval(i, *cap);
                Data::Semaphore { cap: self.size(i, cap), used: 0 }
            }
            AllocKind::Seq(len, element) => {
                let (len, element) = (self.eval(i, *len), self.eval(i, *element));
                let len = self.size(i, len);
                if len > self.m.limits.elements {
                    self.park(i, Inconclusive::Elements);
                    return None;
                }
                Data::Seq(vec![element; len as usize])
            }
            AllocKind::Map => Data::Map(Vec::new()),
            AllocKind::Token => Data::Token,
        })
    }

    /// A capacity: one of which nothing is known is large enough.
    fn capacity(&mut self, i: usize, cap: Value) -> u32 {
        match self.st.fact(cap) {
            Some(fact) if !fact.size => u32::from(u16::MAX),
            _ => self.size(i, cap),
        }
    }

    fn new_context(
        &mut self,
        i: usize,
        dst: LocalId,
        cancel: Option<LocalId>,
        parent: Operand,
        kind: ContextKind,
    ) -> Option<()> {
        let here = self.here(i);
        let mut parent = self.eval(i, parent);
        if kind == ContextKind::Detached {
            parent = Value::NIL;
        } else if parent.is_unknown() {
            parent = self.materialise(i, parent, OpenKind::Context)?;
        }
        let data = Data::Context {
            parent: parent.with_tag(0),
            done: false,
            armed: kind == ContextKind::Deadline,
            never: kind == ContextKind::Detached,
        };
        let context = self.alloc(i, here, 0, data)?;
        self.set(i, dst, context);
        if let Some(cancel) = cancel {
            let data = Data::Closure { callee: Bindable::Prim(Prim::Cancel), env: vec![context] };
            let closure = self.alloc(i, here, 0, data)?;
            self.set(i, cancel, closure);
        }
        Some(())
    }

    fn load_cell(&mut self, i: usize, cell: Value) -> Option<Value> {
        let here = self.here(i);
        let (id, value, open) = match self.st.object(cell) {
            Some((id, Obj { data: Data::Cell(v), open, .. })) => (id, *v, *open),
            _ if cell.shape() == Shape::Nil => {
                self.panic(i, Value::NIL);
                return None;
            }
            _ => return Some(self.fresh(here, UnknownKind::Any)),
        };
        self.touched(id, ops::READ);
        let value = self.st.resolve(value);
        let refers = matches!(value.shape(), Shape::Ref(..) | Shape::Func(_));
        if open != 0 && !refers {
            return Some(self.fresh(here, UnknownKind::Any));
        }
        Some(value)
    }

    fn store_cell(&mut self, i: usize, cell: Value, value: Value) -> Option<()> {
        let Shape::Ref(id, _) = cell.shape() else {
            if cell.shape() == Shape::Nil {
                self.panic(i, Value::NIL);
                return None;
            }
            self.escape(value, Escaped::Up);
            return Some(());
        };
        let mut escapes = true;
        if let Some(Obj { data: Data::Cell(v), open, .. }) = self.st.heap.get_mut(id as usize) {
            *v = value;
            escapes = *open != 0;
        }
        if escapes {
            self.escape(value, Escaped::Up);
        }
        self.touched(id, ops::WRITE);
        Some(())
    }

    /// The struct a field access goes to: `Ok(None)` if it is something else.
    fn struct_of(&mut self, i: usize, base: Value) -> Option<Option<u32>> {
        let base = self.st.resolve(base);
        match base.shape() {
            Shape::Nil => {
                self.panic(i, Value::NIL);
                None
            }
            Shape::Unknown(_) => {
                let object = self.materialise(i, base, OpenKind::Struct)?;
                Some(object.object_id())
            }
            Shape::Ref(id, _) => match self.st.heap.get(id as usize) {
                Some(Obj { data: Data::Struct(_), .. }) => Some(Some(id)),
                _ => Some(None),
            },
            Shape::Bool(_) | Shape::Int(_) | Shape::Sym(_) | Shape::Func(_) => Some(None),
        }
    }

    fn field(&self, id: u32, field: u32) -> (Option<Value>, bool) {
        match self.st.heap.get(id as usize) {
            Some(Obj { data: Data::Struct(fields), open, .. }) => {
                let at = fields.binary_search_by_key(&field, |f| f.0);
                (at.ok().map(|at| fields[at].1), *open != 0)
            }
            _ => (None, true),
        }
    }

    fn set_field(&mut self, id: u32, field: u32, value: Value) {
        if let Some(Obj { data: Data::Struct(fields), .. }) = self.st.heap.get_mut(id as usize) {
            match fields.binary_search_by_key(&field, |f| f.0) {
                Ok(at) => fields[at].1 = value,
                Err(at) => fields.insert(at, (field, value)),
            }
        }
    }

    fn load_field(&mut self, i: usize, base: Value, field: u32, zero: Value) -> Option<Value> {
        let here = self.here(i);
        let Some(id) = self.struct_of(i, base)? else {
            return Some(self.fresh(here, UnknownKind::Any));
        };
        let (value, open) = self.field(id, field);
        if let Some(value) = value {
            self.touched(id, ops::field_read(self.m.statics.field(field)));
            return Some(self.st.resolve(value));
        }
        self.touched(id, ops::field_read(self.m.statics.field(field)) | ops::MAKE);
        if !open {
            return Some(zero);
        }
        let value = self.fresh(here, UnknownKind::Any);
        self.set_field(id, field, value);
        Some(value)
    }

    fn store_field(&mut self, i: usize, base: Value, field: u32, value: Value) -> Option<()> {
        let Some(id) = self.struct_of(i, base)? else {
            self.escape(value, Escaped::Up);
            return Some(());
        };
        self.set_field(id, field, value);
        if self.field(id, field).1 {
            self.escape(value, Escaped::Up);
        }
        self.touched(id, ops::field_write(self.m.statics.field(field)));
        Some(())
    }

    fn part(&mut self, i: usize, base: Value, field: u32, kind: &AllocKind) -> Option<Value> {
        let here = self.here(i);
        let Some(id) = self.struct_of(i, base)? else {
            return Some(self.fresh(here, UnknownKind::NonNil));
        };
        let (value, open) = self.field(id, field);
        let value = value.map(|v| self.st.resolve(v));
        if let Some(value) = value.filter(|v| v.object_id().is_some()) {
            self.touched(id, ops::field_read(self.m.statics.field(field)));
            return Some(value);
        }
        self.touched(id, ops::field_read(self.m.statics.field(field)) | ops::MAKE);
        let object = if open {
            let data = self.data(i, kind)?;
            self.alloc(i, NONE, OPEN, data)?
        } else {
            self.alloc_kind(i, kind)?
        };
        if let Some(o) = object.object_id().and_then(|o| self.st.heap.get_mut(o as usize)) {
            o.part = true;
        }
        self.set_field(id, field, object);
        Some(object)
    }

    fn copy_struct(&mut self, i: usize, src: Value, site: u32, depth: u32) -> Option<Value> {
        let src = self.st.resolve(src);
        let Some((id, Obj { data: Data::Struct(fields), open, .. })) = self.st.object(src) else {
            return Some(src);
        };
        let (mut fields, open) = (fields.clone(), *open);
        self.touched(id, ops::COPY);
        for (_, value) in &mut fields {
            let part = self.st.object(*value).filter(|(_, o)| o.part);
            let Some((_, part)) = part else { continue };
            if matches!(part.data, Data::Struct(_)) && depth > 0 {
                *value = self.copy_struct(i, *value, site, depth - 1)?;
            } else {
                let data = part.data.clone();
                *value = self.alloc(i, site, open, data)?;
            }
            if let Some(o) = value.object_id().and_then(|o| self.st.heap.get_mut(o as usize)) {
                o.part = true;
            }
        }
        let copy = self.alloc(i, site, open, Data::Struct(fields))?;
        Some(copy.with_tag(src.tag()))
    }
}
