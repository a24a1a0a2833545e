//! What an object owns in a field and lets go of while it may be open.
//!
//! A field owns what it holds if the package closes that somewhere. Where the field is set to nil, or an
//! entry of its map deleted, what was in it has to be closed before, or read and closed after.

mod elements;
mod full;
mod knows;
mod lived;
mod replaced;
mod turns;
mod uses;

use crate::package::{Package, successors};
use crate::report::{Dropped, Held, How};
use crate::visit;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, Place, PlaceBase, Proj,
    Rvalue, Span, Terminator,
};
use stanch_syntax::ast::{BinaryOp, UnaryOp};
use stanch_types::{Builtin, ObjectId, ObjectKind, TypeId, TypeKind};
use uses::{Content, Site, Uses, called, instrs, leads_to};

/// Callers of callers are asked so far.
const MAX_CALLERS: u32 = 4;
/// Types within types are looked at so far.
const MAX_DEPTH: u32 = 3;

/// A place that lets go of what a field holds.
struct Drop {
    func: FuncId,
    site: Site,
    field: ObjectId,
    how: How,
    /// The parameter that the object with the field is.
    owner: Option<usize>,
}

/// What the package's fields lose.
pub(crate) fn find(package: &Package<'_>) -> Vec<Dropped> {
    let contents = contents(package);
    if contents.is_empty() || !may_drop(package, &contents) {
        return Vec::new();
    }
    let uses = Uses::new(package, contents);
    let search = Search { uses: &uses, package };
    let mut found: Vec<Dropped> = Vec::new();
    let mut told: FxHashSet<(FuncId, ObjectId)> = FxHashSet::default();
    let dropped = search.drops().into_iter().filter(|drop| {
        search.owns(drop.field) && search.is_open(drop) && !search.is_listed(drop.field)
    });
    let replaced = search.replaced().into_iter().filter(|drop| {
        let heavy = search.owns(drop.field) || search.is_old_ticker(drop);
        search.is_cancel(drop.field) || heavy && !search.is_listed(drop.field)
    });
    let overwritten = search.overwritten().into_iter().filter(|drop| !search.is_listed(drop.field));
    let drops: Vec<Drop> = dropped.chain(replaced).chain(overwritten).collect();
    for drop in drops {
        if package.in_test(package.module.funcs[drop.func].span) {
            continue;
        }
        if let Some(closed) = search.closed_elsewhere(&drop)
            && told.insert((drop.func, drop.field))
        {
            found.push(search.dropped(&drop, closed));
        }
    }
    found
}

/// The fields of the package's types that may hold what has to be closed.
fn contents(package: &Package<'_>) -> FxHashMap<ObjectId, Content> {
    let program = package.program;
    let mut contents = FxHashMap::default();
    for object in program.package_objects(package.module.package) {
        let declared = program.object(object);
        let ObjectKind::TypeName { alias: false } = declared.kind else { continue };
        let TypeKind::Struct(fields) = program.kind(program.underlying(declared.ty)) else {
            continue;
        };
        for field in fields.iter().filter(|f| !f.embedded) {
            let (ty, many) = match program.kind(program.underlying(field.ty)) {
                TypeKind::Map(_, ty) | TypeKind::Slice(ty) => (*ty, true),
                _ => (field.ty, false),
            };
            if package.is_closable(ty) {
                contents.insert(field.object, Content { ty, many, cancel: false });
            } else if is_function(package, ty) {
                contents.insert(field.object, Content { ty, many, cancel: true });
            }
        }
    }
    contents
}

/// Whether a type is that of functions which may be cancel functions.
fn is_function(package: &Package<'_>, ty: TypeId) -> bool {
    let program = package.program;
    matches!(program.kind(program.underlying(ty)), TypeKind::Signature(s) if s.params.len() <= 1 && s.results.is_empty())
}

/// Whether any function sets such a field to anything, or fills or deletes an entry of a map at all.
fn may_drop(package: &Package<'_>, contents: &FxHashMap<ObjectId, Content>) -> bool {
    let many = contents.values().any(|content| content.many);
    let drops = |kind: &InstrKind| match kind {
        InstrKind::Store(Place { proj, .. }, _) => match proj.last() {
            Some(Proj::Field(_, field)) => contents.contains_key(field),
            Some(Proj::Index(_)) => many,
            _ => false,
        },
        InstrKind::MapDelete { .. } => true,
        kind => {
            called(kind).is_some_and(|call| matches!(call.callee, Callee::Builtin(Builtin::Clear)))
        }
    };
    package.module.funcs.iter().any(|func| visit::kinds(func).any(drops))
}

struct Search<'s, 'a> {
    uses: &'s Uses<'s, 'a>,
    package: &'s Package<'a>,
}

impl Search<'_, '_> {
    fn drops(&self) -> Vec<Drop> {
        let mut drops = Vec::new();
        for (id, func) in self.package.module.funcs.iter_enumerated() {
            for (block, index, kind) in instrs(func) {
                if let Some((field, how, base)) = self.dropped_by(id, kind)
                    && unexported(self.package, field)
                    && !base.is_some_and(|base| is_new(func, base))
                {
                    let owner = base.and_then(|base| owner_param(func, base));
                    drops.push(Drop { func: id, site: (block, index), field, how, owner });
                }
            }
        }
        drops
    }

    /// The field whose content an instruction lets go, and the local with the object that has it.
    fn dropped_by(&self, id: FuncId, kind: &InstrKind) -> Option<(ObjectId, How, Option<LocalId>)> {
        let local = |base: PlaceBase| match base {
            PlaceBase::Local(local) => Some(local),
            PlaceBase::Global(_) => None,
        };
        match kind {
            InstrKind::Store(place, Operand::Nil(_)) => {
                let Some(&Proj::Field(_, field)) = place.proj.last() else { return None };
                self.uses.contents.get(&field)?;
                Some((field, How::Nil, local(place.base)))
            }
            InstrKind::MapDelete { map, .. } => self.many(id, map, How::Deleted),
            kind => {
                let call = called(kind)?;
                let clears = matches!(call.callee, Callee::Builtin(Builtin::Clear));
                self.many(id, call.args.first().filter(|_| clears)?, How::Cleared)
            }
        }
    }

    /// The field whose map an operand is.
    fn many(
        &self,
        id: FuncId,
        map: &Operand,
        how: How,
    ) -> Option<(ObjectId, How, Option<LocalId>)> {
        let [uses::From::Whole(field)] = *self.uses.from(id, map) else { return None };
        let many = self.uses.contents.get(&field)?.many;
        let base = visit::kinds(&self.package.module.funcs[id]).find_map(|kind| match kind {
            InstrKind::Assign(dst, Rvalue::Load(place)) if *map == Operand::Local(*dst) => {
                match place.base {
                    PlaceBase::Local(local) => Some(local),
                    PlaceBase::Global(_) => None,
                }
            }
            _ => None,
        });
        many.then_some((field, how, base))
    }

    /// Where another function closes what the field holds.
    fn closed_elsewhere(&self, drop: &Drop) -> Option<(FuncId, Span)> {
        let module = &self.package.module;
        // Another way of the same function may end an entry that its caller names.
        let own = drop.how == How::Overwritten;
        let others = module
            .funcs
            .iter_enumerated()
            .filter(|(id, f)| (*id != drop.func || own) && !self.package.in_test(f.span));
        others.into_iter().find_map(|(id, func)| {
            let (block, index, _) =
                instrs(func).find(|(_, _, kind)| self.uses.surely_closes(id, kind, drop.field))?;
            Some((id, func.blocks[block].instrs[index].span))
        })
    }

    /// Whether the package closes what it has in a list or map of the same type, of the same owner or
    /// filled with what it is given: it may be in both.
    fn is_listed(&self, field: ObjectId) -> bool {
        let (program, module) = (self.package.program, &self.package.module);
        let Some(content) = self.uses.contents.get(&field) else { return true };
        let named = |ty: TypeId| program.named_object(program.pointee(ty).unwrap_or(ty));
        let own = named(content.ty).filter(|o| o.package == module.package);
        let closed = |list: ObjectId| {
            module.funcs.iter_enumerated().any(|(id, func)| {
                visit::kinds(func).any(|kind| self.uses.surely_closes(id, kind, list))
            })
        };
        let lists = |(other, c): (&ObjectId, &Content)| {
            c.many
                && named(c.ty) == own
                && *other != field
                && (self.same_owner(*other, field) || self.uses.is_given(*other))
                && closed(*other)
        };
        own.is_some() && !content.many && self.uses.contents.iter().any(lists)
    }

    fn same_owner(&self, a: ObjectId, b: ObjectId) -> bool {
        let program = self.package.program;
        program.package_objects(self.package.module.package).iter().any(|&object| {
            match program.kind(program.underlying(program.object(object).ty)) {
                TypeKind::Struct(fields) => {
                    let has = |field| fields.iter().any(|one| one.object == field);
                    has(a) && has(b)
                }
                _ => false,
            }
        })
    }

    fn is_cancel(&self, field: ObjectId) -> bool {
        self.uses.contents.get(&field).is_some_and(|content| content.cancel)
    }

    /// Whether what a field holds owns something that the collector does not give back.
    fn owns(&self, field: ObjectId) -> bool {
        self.uses.contents.get(&field).is_some_and(|content| self.is_heavy(content.ty, MAX_DEPTH))
    }

    fn is_heavy(&self, ty: TypeId, depth: u32) -> bool {
        let (package, program) = (self.package, self.package.program);
        let base = program.pointee(ty).unwrap_or(ty);
        let Some(object) = program.named_object(base) else { return false };
        // Since Go 1.23 the collector takes what nobody refers to.
        let path = program.package_path(object.package);
        if !package.is_closable(ty) || path == "time" || path == "context" {
            return false;
        }
        let gives_back = |word: &str| {
            let method = program.lookup(ty, package.module.package, word);
            let effect = method.and_then(|m| package.names.resource(m.object));
            effect.is_some_and(|e| e.releases == Some(0))
        };
        if package.owners.contains(&object) || package.names.release_words().any(gives_back) {
            return true;
        }
        if depth == 0 {
            return false;
        }
        match program.kind(program.underlying(base)) {
            TypeKind::Struct(fields) => fields.iter().any(|f| self.is_heavy(f.ty, depth - 1)),
            TypeKind::Interface(_) => {
                program.package_objects(package.module.package).iter().any(|&o| {
                    let declared = program.object(o);
                    matches!(declared.kind, ObjectKind::TypeName { alias: false })
                        && !program.is_interface(declared.ty)
                        && program.methods_of(o).len() > 1
                        && self.implements(declared.ty, o, base)
                        && self.is_heavy(declared.ty, depth - 1)
                })
            }
            _ => false,
        }
    }

    /// Whether a type of the package, or a pointer to it, has the methods of an interface.
    fn implements(&self, ty: TypeId, object: ObjectId, interface: TypeId) -> bool {
        let program = self.package.program;
        if program.implements(ty, interface) {
            return true;
        }
        let TypeKind::Interface(i) = program.kind(program.underlying(interface)) else {
            return false;
        };
        let methods = program.methods_of(object);
        let has = |name: &str| methods.iter().any(|&m| program.object_name(m) == name);
        !i.methods.is_empty() && i.methods.iter().all(|m| has(program.object_name(m.object)))
    }

    /// Whether what is dropped may be open, and nobody else can close it.
    fn is_open(&self, drop: &Drop) -> bool {
        let mut asked = FxHashSet::default();
        let many = self.uses.contents.get(&drop.field).is_some_and(|content| content.many);
        !self.puts(drop)
            && !self.is_used_after(drop)
            // A second container of what others have put there holds what the first one does.
            && !((!many || self.uses.is_given(drop.field))
                && self.uses.closes_sibling(drop.func, drop.field))
            && self.lasts(drop.func, drop.field, drop.site)
            && self.called_open(drop.func, drop.field, drop.owner, MAX_CALLERS, &mut asked)
    }

    /// Whether a function goes on to use what it has let go of, by a copy from before: what it does with that may
    /// be its end.
    fn is_used_after(&self, drop: &Drop) -> bool {
        let func = &self.package.module.funcs[drop.func];
        let mut after = vec![false; func.blocks.len()];
        let mut work = Vec::new();
        successors(&func.blocks[drop.site.0].term, &mut |next| work.push(next));
        while let Some(block) = work.pop() {
            if !std::mem::replace(&mut after[block.index()], true) {
                successors(&func.blocks[block].term, &mut |next| work.push(next));
            }
        }
        let is_after = |block: BlockId, index: usize| {
            after[block.index()] || block == drop.site.0 && index > drop.site.1
        };
        let mut fresh: FxHashSet<LocalId> = FxHashSet::default();
        for (block, index, kind) in instrs(func) {
            if is_after(block, index) {
                visit::defs(kind, &mut |local| {
                    fresh.insert(local);
                });
            }
        }
        let old = |x: &Operand| {
            matches!(x, Operand::Local(local) if !fresh.contains(local))
                && self.uses.is_from(drop.func, x, drop.field)
        };
        instrs(func).any(|(block, index, kind)| {
            let Some(call) = called(kind).filter(|_| is_after(block, index)) else { return false };
            let recv = match &call.callee {
                Callee::Interface { recv, .. } => old(recv),
                Callee::Builtin(_) => return false,
                _ => false,
            };
            recv || call.args.iter().any(old)
        })
    }

    /// Whether a function puts something in the field that it drops: then it may be undoing that.
    fn puts(&self, drop: &Drop) -> bool {
        let puts = |kind| self.uses.filled_by(drop.func, kind) == Some(drop.field);
        visit::kinds(&self.package.module.funcs[drop.func]).any(puts)
    }

    /// Whether a function reaches a place, and goes on to return, without closing what a field holds,
    /// which may be something, and which nobody else has.
    fn lasts(&self, id: FuncId, field: ObjectId, site: Site) -> bool {
        let func = &self.package.module.funcs[id];
        !self.uses.knows(id, field)
            && self.reaches(id, func, field, None, Some(site))
            && self.reaches(id, func, field, Some(site), None)
    }

    /// Whether control gets from one place (or the entry) to another (or a return) without closing.
    fn reaches(
        &self,
        id: FuncId,
        func: &Func,
        field: ObjectId,
        from: Option<Site>,
        to: Option<Site>,
    ) -> bool {
        let Some(entry) = func.blocks.ids().next() else { return false };
        let mut seen = vec![false; func.blocks.len()];
        let start = from.map_or((entry, 0), |(block, index)| (block, index + 1));
        let error = from.filter(|_| from == to).and_then(|site| self.error_of(func, field, site));
        let mut work = vec![start];
        while let Some((block, first)) = work.pop() {
            if first == 0 && std::mem::replace(&mut seen[block.index()], true) {
                continue;
            }
            let data = &func.blocks[block];
            let mut open = true;
            for (index, instr) in data.instrs.iter().enumerate().skip(first) {
                if to == Some((block, index)) {
                    return true;
                }
                let closes = match to {
                    Some(_) => self.uses.empties(id, &instr.kind, field),
                    None => self.uses.closes_here(id, &instr.kind, field),
                };
                let ends = match &instr.kind {
                    InstrKind::Call(call) => self.package.never_returns(call),
                    _ => false,
                };
                if closes || ends {
                    open = false;
                    break;
                }
            }
            if !open {
                continue;
            }
            if data.term == Terminator::Return && to.is_none() {
                return true;
            }
            let empty = self.empty_edge(id, func, field, &data.term);
            let failed = error.and_then(|error| turns::failing_edge(func, &data.term, error));
            successors(&data.term, &mut |next| {
                if Some(next) != empty && Some(next) != failed {
                    work.push((next, 0));
                }
            });
        }
        false
    }

    /// The successor that is taken only when the field holds nothing, or what it held was closed by the
    /// loop that ends there.
    fn empty_edge(
        &self,
        id: FuncId,
        func: &Func,
        field: ObjectId,
        term: &Terminator,
    ) -> Option<BlockId> {
        match term {
            Terminator::RangeNext { over, done, body, .. } => {
                let over = self.uses.is_from(id, over, field);
                let closes = |kind: &InstrKind| self.uses.closes(id, kind, field);
                (over && leads_to(func, *body, &closes)).then_some(*done)
            }
            Terminator::Branch { cond: Operand::Local(cond), then, els } => {
                let (cond, negated) = condition(func, *cond);
                let mut kinds = visit::kinds(func);
                let empty = kinds.find_map(|kind| self.tests(id, func, field, cond, kind))?;
                Some(if empty != negated { *then } else { *els })
            }
            _ => None,
        }
    }

    /// Whether an instruction sets a condition that tells whether the field is empty: if it does, what
    /// the condition is then.
    fn tests(
        &self,
        id: FuncId,
        func: &Func,
        field: ObjectId,
        cond: LocalId,
        kind: &InstrKind,
    ) -> Option<bool> {
        if let InstrKind::Call(call) = kind
            && call.dst.first() == Some(&cond)
        {
            return self.told_by(id, field, call);
        }
        let InstrKind::Assign(dst, rvalue) = kind else { return None };
        match rvalue {
            Rvalue::MapLookup { map, ok: Some(ok), .. } if *ok == cond => {
                self.uses.is_from(id, map, field).then_some(false)
            }
            Rvalue::Binary(op, a, b) if *dst == cond => {
                let of_field = |x: &Operand| self.uses.is_from(id, x, field);
                let nil = |x: &Operand| matches!(x, Operand::Nil(_));
                let len = |x: &Operand| {
                    let Operand::Local(x) = x else { return false };
                    visit::kinds(func).any(|kind| match kind {
                        InstrKind::Assign(dst, Rvalue::Len(of)) => dst == x && of_field(of),
                        _ => false,
                    })
                };
                let compared = of_field(a) && nil(b) || nil(a) && of_field(b);
                match op {
                    BinaryOp::Eq if compared || len(a) || len(b) => Some(true),
                    BinaryOp::Ne if compared || len(a) || len(b) => Some(false),
                    BinaryOp::Gt if len(a) => Some(false),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What a function of the package returns if the field is empty, where it only compares that with nil.
    fn told_by(&self, id: FuncId, field: ObjectId, call: &Call) -> Option<bool> {
        let body = self.package.body(&call.callee).filter(|&body| body != id)?;
        let func = self.package.module.funcs.get(body)?;
        let [result] = *func.results.as_slice() else { return None };
        let mut told = visit::kinds(func).filter_map(|kind| match kind {
            InstrKind::Assign(dst, Rvalue::Use(Operand::Local(from))) if *dst == result => {
                Some(*from)
            }
            _ => None,
        });
        let (cond, None) = (told.next()?, told.next()) else { return None };
        let (cond, negated) = condition(func, cond);
        let mut compares = visit::kinds(func).filter(|kind| matches!(kind, InstrKind::Assign(..)));
        let empty = compares.find_map(|kind| self.tests(body, func, field, cond, kind));
        empty.map(|empty| empty != negated)
    }

    /// Whether some caller calls a function while what the field holds may be open.
    fn called_open(
        &self,
        id: FuncId,
        field: ObjectId,
        owner: Option<usize>,
        depth: u32,
        asked: &mut FxHashSet<FuncId>,
    ) -> bool {
        if !asked.insert(id) {
            return false;
        }
        let module = self.package.module;
        if self.uses.valued.contains(&id) {
            // What is registered to be called may be called when all is over; a function may be anything.
            return depth < MAX_CALLERS
                && module.funcs[id].object.is_some()
                && !module.funcs[id].has_recv;
        }
        let tested = |f: FuncId| self.package.in_test(module.funcs[f].span);
        let callers = self.uses.callers[id.index()].iter();
        let mut callers = callers.filter(|c| c.func != id && !tested(c.func)).peekable();
        if callers.peek().is_none()
            && module.funcs[id].object.is_some_and(|o| {
                let name = self.package.program.object_name(o);
                name.chars().next().is_some_and(char::is_uppercase)
            })
        {
            return true;
        }
        callers.any(|caller| {
            let func = &module.funcs[caller.func];
            let base = match owner.and_then(|i| caller.args.get(i)) {
                Some(Operand::Local(local)) => Some(*local),
                _ => None,
            };
            let next = base.and_then(|base| owner_param(func, base));
            !base.is_some_and(|base| is_new(func, base) && !used_before(func, base, caller.site))
                && self.lasts(caller.func, field, caller.site)
                && (depth == 0 || self.called_open(caller.func, field, next, depth - 1, asked))
        })
    }

    fn dropped(&self, drop: &Drop, closed: (FuncId, Span)) -> Dropped {
        let func = &self.package.module.funcs[drop.func];
        let span = func.blocks[drop.site.0].instrs[drop.site.1].span;
        let name = self.package.program.object_name(drop.field).to_owned();
        let held = match drop.how {
            _ if self.is_cancel(drop.field) => Held::Cancel,
            How::Replaced if self.is_old_ticker(drop) => Held::Ticker,
            _ => Held::Closer,
        };
        let many = self.uses.contents.get(&drop.field).is_some_and(|content| content.many);
        let starts = visit::kinds(func).any(|kind| matches!(kind, InstrKind::Go(_)));
        let may_be_empty = many && drop.how == How::Nil && starts;
        Dropped { func: drop.func, span, name, how: drop.how, held, closed, may_be_empty }
    }
}

fn unexported(package: &Package<'_>, field: ObjectId) -> bool {
    package.program.object_name(field).chars().next().is_some_and(char::is_lowercase)
}

/// Whether a function calls something with a local before it reaches a place.
fn used_before(func: &Func, local: LocalId, site: Site) -> bool {
    let uses = |kind: &InstrKind| {
        called(kind).is_some_and(|call| call.args.contains(&Operand::Local(local)))
    };
    let used = instrs(func).filter(|(_, _, kind)| uses(kind));
    leads(func, used.map(|(block, index, _)| (block, index)), site)
}

/// Whether control may come from one of some places to another.
fn leads(func: &Func, from: impl Iterator<Item = Site>, to: Site) -> bool {
    let mut seen = vec![false; func.blocks.len()];
    let mut work: Vec<BlockId> = Vec::new();
    for (block, index) in from {
        if block == to.0 && index < to.1 {
            return true;
        }
        successors(&func.blocks[block].term, &mut |next| work.push(next));
    }
    while let Some(block) = work.pop() {
        if block == to.0 {
            return true;
        }
        if !std::mem::replace(&mut seen[block.index()], true) {
            successors(&func.blocks[block].term, &mut |next| work.push(next));
        }
    }
    false
}

/// What a condition is a copy of, or the negation of.
fn condition(func: &Func, cond: LocalId) -> (LocalId, bool) {
    let (mut at, mut negated) = (cond, false);
    for _ in 0..MAX_DEPTH {
        let next = visit::kinds(func).find_map(|kind| match kind {
            InstrKind::Assign(dst, Rvalue::Use(Operand::Local(from))) if *dst == at => {
                Some((*from, false))
            }
            InstrKind::Assign(dst, Rvalue::Unary(UnaryOp::Not, Operand::Local(from)))
                if *dst == at =>
            {
                Some((*from, true))
            }
            _ => None,
        });
        let Some((from, not)) = next else { break };
        (at, negated) = (from, negated != not);
    }
    (at, negated)
}

/// The parameter that a local is.
fn owner_param(func: &Func, local: LocalId) -> Option<usize> {
    func.params.iter().position(|&p| p == local)
}

/// Whether a local holds an object that the function made.
fn is_new(func: &Func, local: LocalId) -> bool {
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Assign(dst, rvalue) if *dst == local => match rvalue {
            Rvalue::New(_) | Rvalue::Composite { .. } => true,
            Rvalue::Use(Operand::Local(from)) => *from != local && made(func, *from),
            _ => false,
        },
        _ => false,
    })
}

fn made(func: &Func, local: LocalId) -> bool {
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Assign(dst, Rvalue::New(_) | Rvalue::Composite { .. }) => *dst == local,
        _ => false,
    })
}
