//! Functions that a constructor is given to change what it makes (`func WithSize(n int) Option`): one from
//! out of view can set the fields that it can name, and what those in view set; it does not keep the object.

use crate::classify::{is_context, object_kind};
use crate::function::FuncBuilder;
use crate::names::{Known, Names};
use stanch_base::FxHashSet;
use stanch_ir::{
    self as ir, Callee, Func, FuncId, InstrKind, LocalId, LocalKind, Module, Operand, PlaceBase,
    Proj, Rvalue, Span, Terminator,
};
use stanch_model::{Op, Operand as Value, UnknownKind};
use stanch_types::{Builtin, ObjectId, Program, StructField, TypeId, TypeKind};

/// Copies that are looked through.
const DEPTH: u32 = 4;

/// What the functions do to structs that may be called as options of them: literals and methods that are
/// given a pointer, and what they call with it.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Fields that they set.
    fields: FxHashSet<ObjectId>,
    /// Types with which they do more than that.
    busy: FxHashSet<ObjectId>,
}

impl Options {
    pub(crate) fn of(names: &Names<'_>, module: &Module) -> Self {
        let mut todo: Vec<(FuncId, LocalId)> = Vec::new();
        for (id, func) in module.funcs.iter_enumerated() {
            if func.parent.is_some() || func.has_recv {
                let given = func.params.iter().skip(usize::from(func.has_recv));
                todo.extend(given.map(|p| (id, *p)));
            }
        }
        let mut seen: FxHashSet<(FuncId, LocalId)> = todo.iter().copied().collect();
        let mut options = Self::default();
        while let Some((id, param)) = todo.pop() {
            let func = &module.funcs[id];
            let to = names.program.pointee(func.locals[param].ty);
            let Some(ty) = to.and_then(|to| names.program.named_object(to)) else { continue };
            let selects = |t: &Terminator| matches!(t, Terminator::Select { .. });
            if func.blocks.iter().any(|b| selects(&b.term)) {
                options.busy.insert(ty);
            }
            for instr in func.blocks.iter().flat_map(|b| &b.instrs) {
                options.take_in(names, &instr.kind, (param, ty));
                let InstrKind::Call(call) = &instr.kind else { continue };
                let Callee::Static(object, _) = &call.callee else { continue };
                let Known::Body(callee) = names.known(*object) else { continue };
                let given = call.args.iter().zip(&module.funcs[callee].params);
                for (_, to) in given.filter(|(arg, _)| **arg == Operand::Local(param)) {
                    if seen.insert((callee, *to)) {
                        todo.push((callee, *to));
                    }
                }
            }
        }
        options
    }

    fn take_in(&mut self, names: &Names<'_>, kind: &InstrKind, (param, ty): (LocalId, ObjectId)) {
        let busy = match kind {
            InstrKind::Store(place, _) if place.base == PlaceBase::Local(param) => {
                if let Some(Proj::Field(_, object)) = place.proj.last() {
                    self.fields.insert(*object);
                }
                false
            }
            InstrKind::Go(_)
            | InstrKind::Defer(_)
            | InstrKind::Send { .. }
            | InstrKind::Recv { .. } => true,
            InstrKind::Call(call) => match &call.callee {
                Callee::Builtin(builtin) => *builtin == Builtin::Close,
                Callee::Static(object, _) | Callee::Interface { method: object, .. } => {
                    matches!(names.known(*object), Known::Effect(effect)
                        if crate::need::weight_of(effect.op).is_some())
                }
                Callee::Closure(..) | Callee::Value(_) => true,
            },
            _ => false,
        };
        if busy {
            self.busy.insert(ty);
        }
    }
}

impl FuncBuilder<'_, '_> {
    /// The structs that a call of a function, or of a method of a value, that this function was given may
    /// change: pointers to types of this package, where nothing else matters that it gets.
    pub(crate) fn changed_by_option(&self, call: &ir::Call) -> Option<Vec<(Operand, TypeId)>> {
        let option = match &call.callee {
            Callee::Value(value) => value,
            // Only this package can have such a method.
            Callee::Interface { recv, method } => {
                let name = self.cx.program.object_name(*method);
                let own = method.package == self.cx.package && !crate::channels::is_exported(name);
                own.then_some(recv)?
            }
            Callee::Static(..) | Callee::Closure(..) | Callee::Builtin(_) => return None,
        };
        if self.func.has_recv || !is_given(self.func, option, DEPTH) {
            return None;
        }
        let mut changed = Vec::new();
        for arg in &call.args {
            let ty = self.operand_type(arg);
            let of = self.cx.program.pointee(ty);
            // One that sets what is waited for may know how that ends.
            let fits = |ty: TypeId| {
                let set = |f: &&StructField| self.cx.options.fields.contains(&f.object);
                let fields = fields_of(self.cx.program, ty);
                !fields.is_empty() && fields.iter().filter(set).all(|f| self.is_setting(f.ty))
            };
            let own = |ty: TypeId| {
                let object = self.cx.program.named_object(ty);
                object.is_some_and(|o| {
                    o.package == self.cx.package && !self.cx.options.busy.contains(&o)
                })
            };
            match of.filter(|ty| own(*ty) && fits(*ty)) {
                Some(of) => changed.push((arg.clone(), of)),
                None if self.cx.carry.carries(ty) => return None,
                None => {}
            }
        }
        (!changed.is_empty()).then_some(changed)
    }

    /// What an option may set is unknown from here on.
    pub(crate) fn set_unknown(&mut self, changed: Vec<(Operand, TypeId)>, span: Span) {
        let program = self.cx.program;
        for (arg, ty) in changed {
            let base = self.operand(&arg, span);
            if matches!(base, Value::Const(_) | Value::Unknown) {
                continue;
            }
            for (index, field) in fields_of(program, ty).iter().enumerate() {
                let settable = crate::channels::is_exported(&field.name)
                    || self.cx.options.fields.contains(&field.object);
                if !settable || !self.is_setting(field.ty) {
                    continue;
                }
                let number = self.cx.field(&field.name, index as u32);
                let dst = self.temp();
                self.push(Op::Unknown { dst, kind: UnknownKind::Any }, span);
                self.push(Op::StoreField { base, field: number, src: dst.into() }, span);
            }
        }
    }

    /// Whether nobody waits for what a field of a type holds: a number, a function.
    fn is_setting(&self, ty: TypeId) -> bool {
        let program = self.cx.program;
        let function = matches!(program.kind(program.underlying(ty)), TypeKind::Signature(_));
        function
            || !self.cx.carry.carries(ty)
                && !is_context(program, ty)
                && object_kind(program, ty).is_none()
    }
}

fn fields_of<'a>(program: &'a Program<'a>, ty: TypeId) -> &'a [StructField] {
    match program.kind(program.underlying(ty)) {
        TypeKind::Struct(fields) => fields,
        _ => &[],
    }
}

/// Whether a value is a parameter of a function, or an element of one.
fn is_given(func: &Func, value: &Operand, depth: u32) -> bool {
    let (Operand::Local(local), Some(depth)) = (value, depth.checked_sub(1)) else { return false };
    if func.locals[*local].kind == LocalKind::Param {
        return func.params.contains(local);
    }
    let ranges = func.blocks.iter().any(|b| match &b.term {
        Terminator::RangeNext { over, value: Some(value), .. } => {
            value == local && is_given(func, over, depth)
        }
        _ => false,
    });
    ranges
        || func.blocks.iter().flat_map(|b| &b.instrs).any(|i| match &i.kind {
            InstrKind::Assign(to, Rvalue::Use(from)) => to == local && is_given(func, from, depth),
            InstrKind::Assign(to, Rvalue::Load(place)) => {
                to == local
                    && matches!(place.proj.as_slice(), [Proj::Index(_)])
                    && matches!(place.base, PlaceBase::Local(of)
                        if is_given(func, &Operand::Local(of), depth))
            }
            _ => false,
        })
}
