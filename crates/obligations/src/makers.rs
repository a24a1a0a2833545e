//! Functions that return what may have to be closed: whether they take something that its end gives
//! back, and whether it is theirs to give away.
//!
//! Nothing here follows paths. What may reach the result is followed backwards: copies, the objects it
//! is put into, what it is made around. A result that comes out of an object that was there before, or is
//! kept by one, stays that one's.

use crate::lends::is_method;
use crate::names::Known;
use crate::package::Package;
use crate::visit;
use stanch_base::FxHashSet;
use stanch_effects::Op;
use stanch_ir::{
    Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj, Rvalue,
};
use stanch_types::{ObjectId, PackageId, TypeId};
use std::collections::BTreeSet;

/// A function that returns something with a method that may close it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Maker {
    /// Its type and the function's name, as [`Duty::key`](crate::Duty::key).
    pub key: String,
    /// Whether it opens something or starts a goroutine on the way to the result.
    pub takes: bool,
    /// Whether code of which nothing is known gives it what it takes.
    pub unknown: bool,
    /// Whether the result may come out of what was there before.
    pub kept: bool,
    /// Whether what was there before gets to know the result.
    pub registered: bool,
    /// Keys of the functions whose results become part of the result.
    pub through: Vec<String>,
}

/// Helpers that may start a goroutine are followed so far.
const MAX_DEPTH: u32 = 3;

/// The makers of a package. `in_view` says of which packages the bodies are.
pub(crate) fn find(package: &Package<'_>, in_view: impl Fn(PackageId) -> bool) -> Vec<Maker> {
    let module = package.module;
    let declared = module.funcs.iter_enumerated().filter(|(_, f)| f.has_body && f.object.is_some());
    let mut makers: Vec<Maker> =
        declared.filter_map(|(id, func)| maker(package, id, func)).collect();
    makers.extend(others(package, in_view).into_iter().map(|key| Maker {
        key,
        takes: false,
        unknown: true,
        kept: false,
        registered: false,
        through: Vec::new(),
    }));
    makers
}

/// Keys of the methods called of interfaces that packages out of view declare: types out of view have them too.
fn others(package: &Package<'_>, in_view: impl Fn(PackageId) -> bool) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for func in &package.module.funcs {
        for kind in visit::kinds(func) {
            let InstrKind::Call(call) = kind else { continue };
            let Callee::Interface { method, .. } = call.callee else { continue };
            if method.package == ObjectId::UNIVERSE || in_view(method.package) {
                continue;
            }
            let types = call.dst.iter().map(|&dst| func.locals[dst].ty);
            let closable = types.filter(|&ty| package.is_closable(ty));
            keys.extend(closable.map(|ty| key(package, method, ty)));
        }
    }
    keys
}

/// What one function of the package is as a maker.
pub(crate) fn of(package: &Package<'_>, id: FuncId) -> Option<Maker> {
    let func = package.module.funcs.get(id).filter(|f| f.has_body)?;
    maker(package, id, func)
}

fn maker(package: &Package<'_>, id: FuncId, func: &Func) -> Option<Maker> {
    let closable = |&&local: &&LocalId| package.is_closable(func.locals[local].ty);
    let result = *func.results.iter().find(closable)?;
    let ty = func.locals[result].ty;
    let reach = FxHashSet::from_iter([result]);
    let mut search = Search { package, func, reach, kept: false, registered: false };
    search.run();
    let mut maker = Maker {
        key: key(package, func.object?, ty),
        takes: search.takes_over(),
        unknown: false,
        kept: search.kept,
        registered: search.registered,
        through: Vec::new(),
    };
    for kind in visit::kinds(func) {
        match kind {
            InstrKind::Go(call) => maker.takes |= search.touches(call),
            InstrKind::Call(call) => search.made_by(id, call, &mut maker),
            _ => {}
        }
    }
    maker.through.sort();
    maker.through.dedup();
    Some(maker)
}

/// What duties and makers are told apart by.
pub(crate) fn key(package: &Package<'_>, object: ObjectId, ty: TypeId) -> String {
    let program = package.program;
    let of = program.type_string(program.unalias(program.pointee(ty).unwrap_or(ty)));
    format!("{of}.{}", program.object_name(object))
}

struct Search<'s, 'a> {
    package: &'s Package<'a>,
    func: &'s Func,
    /// Locals whose values may reach the result.
    reach: FxHashSet<LocalId>,
    kept: bool,
    registered: bool,
}

impl Search<'_, '_> {
    /// Goes back until nothing is new.
    fn run(&mut self) {
        loop {
            let before = self.reach.len();
            for kind in visit::kinds(self.func) {
                self.instr(kind);
            }
            if self.reach.len() == before {
                return;
            }
        }
    }

    fn has(&self, operand: &Operand) -> bool {
        matches!(operand, Operand::Local(local) if self.reach.contains(local))
    }

    fn add(&mut self, operand: &Operand) {
        if let Operand::Local(local) = operand {
            self.reach.insert(*local);
        }
    }

    fn instr(&mut self, kind: &InstrKind) {
        match kind {
            InstrKind::Assign(to, rvalue) if self.reach.contains(to) => self.assign(rvalue),
            InstrKind::Assign(_, Rvalue::Append { elems, .. }) => {
                self.registered |= elems.iter().any(|x| self.has(x));
            }
            InstrKind::Store(place, value) => match place.base {
                PlaceBase::Local(local) if self.is_own(local) => {
                    if self.reach.contains(&local) {
                        self.add(value);
                    }
                }
                _ => self.registered |= self.has(value),
            },
            InstrKind::Call(call) if call.dst.iter().any(|dst| self.reach.contains(dst)) => {
                // The context goes with its cancel function.
                self.reach.extend(&call.dst);
                // It may be made around what the call got.
                let receiver = self.is_method(&call.callee);
                for arg in call.args.iter().skip(usize::from(receiver)) {
                    if let Operand::Local(local) = arg
                        && self.package.is_closable(self.func.locals[*local].ty)
                    {
                        self.reach.insert(*local);
                    }
                }
            }
            _ => {}
        }
    }

    fn assign(&mut self, rvalue: &Rvalue) {
        match rvalue {
            Rvalue::Use(x)
            | Rvalue::Convert(x, _)
            | Rvalue::MakeInterface(x, _)
            | Rvalue::TypeAssert { x, .. }
            | Rvalue::Slice { x, .. } => self.add(x),
            Rvalue::Load(place) => match place.base {
                PlaceBase::Local(local) if place.proj.is_empty() || self.is_own(local) => {
                    self.reach.insert(local);
                }
                _ => self.kept = true,
            },
            Rvalue::AddressOf(Place { base: PlaceBase::Local(local), .. }) => {
                self.reach.insert(*local);
            }
            Rvalue::AddressOf(_) | Rvalue::MapLookup { .. } => self.kept = true,
            Rvalue::MakeSlice { elems, .. } | Rvalue::Append { elems, .. } => {
                elems.iter().for_each(|x| self.add(x));
            }
            Rvalue::Composite { elems, .. } => elems.iter().for_each(|(_, x)| self.add(x)),
            Rvalue::MakeClosure(literal) => {
                if let Some(closure) = self.package.module.funcs.get(*literal) {
                    self.reach.extend(closure.captures.iter().map(|c| c.outer));
                }
            }
            Rvalue::MethodValue { recv, .. } => self.add(recv),
            Rvalue::New(_)
            | Rvalue::MakeChan { .. }
            | Rvalue::MakeMap(_)
            | Rvalue::Unary(..)
            | Rvalue::Binary(..)
            | Rvalue::Len(_)
            | Rvalue::Cap(_)
            | Rvalue::Other(..)
            | Rvalue::Recover => {}
        }
    }

    fn is_method(&self, callee: &Callee) -> bool {
        match callee {
            Callee::Static(object, _) => is_method(self.package, *object),
            _ => false,
        }
    }

    /// Whether the result holds something closable that the function was given.
    fn takes_over(&self) -> bool {
        let params = self.func.params.iter().skip(usize::from(self.func.has_recv));
        let given = |local: &LocalId| self.package.is_closable(self.func.locals[*local].ty);
        params.into_iter().any(|param| self.reach.contains(param) && given(param))
    }

    fn is_input(&self, local: LocalId) -> bool {
        self.func.params.contains(&local) || self.func.captures.iter().any(|c| c.inner == local)
    }

    /// Whether a variable holds what the function made itself: no input, and nothing that was found in
    /// one.
    fn is_own(&self, local: LocalId) -> bool {
        if self.is_input(local) {
            return false;
        }
        !visit::kinds(self.func).any(|kind| match kind {
            InstrKind::Assign(to, Rvalue::Load(place)) if *to == local => match place.base {
                PlaceBase::Local(from) => self.is_input(from) || !place.proj.is_empty(),
                PlaceBase::Global(_) => true,
            },
            InstrKind::Assign(to, Rvalue::AddressOf(place)) if *to == local => match place.base {
                PlaceBase::Local(from) => {
                    self.is_input(from) || place.proj.iter().any(|p| matches!(p, Proj::Deref))
                }
                PlaceBase::Global(_) => true,
            },
            InstrKind::Assign(to, Rvalue::MapLookup { .. }) => *to == local,
            InstrKind::Assign(to, Rvalue::Use(x) | Rvalue::Convert(x, _)) if *to == local => {
                matches!(x, Operand::Local(from) if self.is_input(*from))
            }
            _ => false,
        })
    }

    /// Whether a started goroutine has to do with the result.
    fn touches(&self, call: &Call) -> bool {
        let env = match &call.callee {
            Callee::Closure(literal, _) => self.captures(*literal),
            Callee::Value(x) | Callee::Interface { recv: x, .. } => self.has(x),
            Callee::Static(..) | Callee::Builtin(_) => false,
        };
        env || call.args.iter().any(|arg| self.has(arg))
    }

    fn captures(&self, literal: FuncId) -> bool {
        let closure = self.package.module.funcs.get(literal);
        closure.is_some_and(|f| f.captures.iter().any(|c| self.reach.contains(&c.outer)))
    }

    /// What a call on the way to the result takes.
    fn made_by(&self, id: FuncId, call: &Call, maker: &mut Maker) {
        let package = self.package;
        let on_the_way = call.dst.iter().any(|dst| self.reach.contains(dst));
        if let (Callee::Static(object, _) | Callee::Interface { method: object, .. }, true) =
            (&call.callee, on_the_way)
        {
            let resource = package.names.resource(*object);
            maker.takes |= resource.is_some_and(|r| r.acquires.is_some());
            if resource.is_none() && !matches!(package.names.known(*object), Known::Effect(_)) {
                let closable = |&&dst: &&LocalId| package.is_closable(self.func.locals[dst].ty);
                let keys = call.dst.iter().filter(closable);
                maker.through.extend(keys.map(|&d| key(package, *object, self.func.locals[d].ty)));
            }
        }
        // A function value, or a method of what is not loaded, may give anything.
        maker.unknown |= on_the_way && matches!(call.callee, Callee::Value(_));
        let touched = on_the_way || self.touches(call);
        if touched && let Some(body) = package.body(&call.callee) {
            maker.takes |= body != id && starts(package, body, MAX_DEPTH);
        }
        maker.takes |= touched && package.op(&call.callee) == Op::WaitGroupGo;
    }
}

/// Whether a function starts a goroutine, or calls one that does.
fn starts(package: &Package<'_>, id: FuncId, depth: u32) -> bool {
    let Some(func) = package.module.funcs.get(id) else { return false };
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Go(_) => true,
        InstrKind::Call(call) => {
            package.op(&call.callee) == Op::WaitGroupGo
                || depth > 0
                    && package.body(&call.callee).is_some_and(|b| starts(package, b, depth - 1))
        }
        _ => false,
    })
}
