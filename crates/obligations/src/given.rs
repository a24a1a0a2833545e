//! What a function is given to end: a parameter that it closes on some of its ways, which its callers do
//! not touch any more once they have passed it on.
//!
//! Such a function is run with the parameter taken for something that it has made itself.

use crate::exec::Run;
use crate::learned::Candidate;
use crate::makers;
use crate::origin::Origins;
use crate::package::{Package, successors};
use crate::report::{Duty, LostResource};
use crate::site::Site;
use crate::state::State;
use crate::term::Term;
use crate::visit;
use stanch_base::{FxHashSet, Idx};
use stanch_effects::Kind;
use stanch_ir::{
    BlockId, Call, Callee, Func, FuncId, InstrKind, LocalId, Operand, PlaceBase, Proj, Rvalue, Span,
};
use stanch_types::{ObjectId, ObjectKind, TypeId};

/// Variables that hold each other's values are followed so far.
const MAX_COPIES: usize = 6;
/// Literals within literals are looked at so far.
const MAX_DEPTH: u32 = 3;

/// An input, and a caller that hands over what it is.
pub(crate) struct Given {
    func: FuncId,
    /// The input's number: parameters, receiver first, then captured variables.
    input: usize,
    /// The caller, and the call.
    by: (FuncId, Span),
    /// Whether the function only runs as a goroutine: then nobody else can close what it was given.
    alone: bool,
}

/// The parameters that functions of the package are given to end.
pub(crate) fn find(package: &Package<'_>) -> Vec<Given> {
    let mut found = Vec::new();
    let alone = only_started(package);
    for (id, func) in package.module.funcs.iter_enumerated() {
        if !func.has_body || package.in_test(func.span) {
            continue;
        }
        if func.object.is_none() {
            found.extend(captured(package, id, func));
            continue;
        }
        let alone = alone.contains(&id);
        for param in usize::from(func.has_recv)..func.params.len() {
            if ends(package, func, func.params[param], alone)
                && let Some(by) = handed_over(package, id, param)
            {
                found.push(Given { func: id, input: param, by, alone });
            }
        }
    }
    found
}

/// The variables that a goroutine's literal gets from the function that starts it, and closes.
fn captured(package: &Package<'_>, id: FuncId, literal: &Func) -> Vec<Given> {
    let Some((parent, at)) = literal.parent.and_then(|p| Some((p, started_at(package, p, id)?)))
    else {
        return Vec::new();
    };
    let mut found = Vec::new();
    let Some(made) = made_at(package, parent, id) else { return found };
    for (i, capture) in literal.captures.iter().enumerate().filter(|(_, c)| !c.by_ref) {
        if ends(package, literal, capture.inner, true)
            && hands_over(package, parent, capture.outer, made, MAX_DEPTH) == Some(true)
        {
            let input = literal.params.len() + i;
            found.push(Given { func: id, input, by: (parent, at), alone: true });
        }
    }
    found
}

/// The functions that nobody else can name and that are started as goroutines wherever they are used.
fn only_started(package: &Package<'_>) -> FxHashSet<FuncId> {
    let (mut started, mut used) = (FxHashSet::default(), FxHashSet::default());
    let body = |object: ObjectId| package.body(&Callee::Static(object, Box::default()));
    for kind in package.module.funcs.iter().flat_map(visit::kinds) {
        match kind {
            InstrKind::Go(call) => started.extend(package.body(&call.callee)),
            InstrKind::Call(call) | InstrKind::Defer(call) => {
                used.extend(package.body(&call.callee));
            }
            InstrKind::Assign(_, Rvalue::MethodValue { method, .. }) => used.extend(body(*method)),
            _ => {}
        }
        visit::operands(kind, &mut |operand| {
            if let Operand::Func(object) = operand {
                used.extend(body(*object));
            }
        });
    }
    started.retain(|id| {
        let object = package.module.funcs.get(*id).and_then(|func| func.object);
        let name = object.map(|o| package.program.object_name(o));
        !used.contains(id) && name.is_some_and(|n| n.starts_with(|c: char| !c.is_uppercase()))
    });
    started
}

/// Where a function starts a literal as a goroutine.
fn started_at(package: &Package<'_>, parent: FuncId, literal: FuncId) -> Option<Span> {
    let instrs = package.module.funcs.get(parent)?.blocks.iter().flat_map(|block| &block.instrs);
    instrs.into_iter().find_map(|instr| match &instr.kind {
        InstrKind::Go(Call { callee: Callee::Closure(func, _), .. }) if *func == literal => {
            Some(instr.span)
        }
        _ => None,
    })
}

/// The variable that an input of a function is.
fn input(func: &Func, input: usize) -> Option<LocalId> {
    let captured = || func.captures.get(input - func.params.len()).map(|c| c.inner);
    func.params.get(input).copied().or_else(captured)
}

/// Whether a function closes an input itself, other than at its end whatever happens: by a deferred call only
/// if it runs `alone`.
fn ends(package: &Package<'_>, func: &Func, param: LocalId, alone: bool) -> bool {
    let Some(ty) = func.locals.get(param).map(|local| local.ty) else { return false };
    // What comes together with an error may be none.
    let told = func.params.iter().any(|&p| package.is_error(func.locals[p].ty));
    let response = package.names.is_response(ty) && !told;
    if !response && (!package.is_closable(ty) || is_light(package, ty)) {
        return false;
    }
    let mut names = vec![param];
    for kind in visit::kinds(func) {
        match kind {
            InstrKind::Call(call) => {
                names.extend(taken_over(package, call, &names));
                names.extend(wrapped(package, call, &names));
            }
            InstrKind::Assign(to, Rvalue::Use(x)) if named(&names, x) => names.push(*to),
            // A part of what was made around it, or the body of a response.
            InstrKind::Assign(to, Rvalue::Load(place)) => {
                let of = |local: LocalId| (response || local != param) && names.contains(&local);
                if matches!(place.base, PlaceBase::Local(local) if of(local)) {
                    names.push(*to);
                }
            }
            _ => {}
        }
    }
    let closes = |call: &Call| names.iter().any(|&local| closes(package, call, local));
    visit::kinds(func).any(|kind| match kind {
        InstrKind::Call(call) => closes(call),
        InstrKind::Defer(call) => (alone || response) && closes(call),
        _ => false,
    })
}

/// What the collector takes when it is forgotten, or what ends by itself.
fn is_light(package: &Package<'_>, ty: TypeId) -> bool {
    let program = package.program;
    let named = program.named_object(program.pointee(ty).unwrap_or(ty));
    named.is_none_or(|object| {
        matches!(program.package_path(object.package), "time" | "context" | "testing")
    })
}

/// The result that takes one of the variables over.
fn taken_over(package: &Package<'_>, call: &Call, names: &[LocalId]) -> Option<LocalId> {
    let (Callee::Static(object, _) | Callee::Interface { method: object, .. }) = call.callee else {
        return None;
    };
    let becomes = package.names.resource(object)?.becomes?;
    let taken = call.args.get(becomes as usize).is_some_and(|arg| named(names, arg));
    call.dst.first().copied().filter(|_| taken)
}

/// The result that one of the variables is put into, and nowhere else.
fn wrapped(package: &Package<'_>, call: &Call, names: &[LocalId]) -> Option<LocalId> {
    let lends = package.facts.get(package.body(&call.callee)?)?.lends;
    let mut args = call.args.iter().enumerate();
    let put =
        args.any(|(i, arg)| named(names, arg) && lends.only_returns(i) && !lends.only_uses(i));
    call.dst.first().copied().filter(|_| put)
}

fn closes(package: &Package<'_>, call: &Call, local: LocalId) -> bool {
    let program = package.program;
    let (receiver, method) = match &call.callee {
        Callee::Interface { recv, method } => (Some(recv), *method),
        Callee::Static(object, _) => {
            let kind = &program.object(*object).kind;
            let is_method = matches!(kind, ObjectKind::Func { recv: Some(_), .. });
            (call.args.first().filter(|_| is_method), *object)
        }
        _ => return false,
    };
    receiver == Some(&Operand::Local(local))
        && package.names.is_release_word(program.object_name(method))
}

/// A caller that hands over an argument, if one does and none is seen to keep it.
fn handed_over(package: &Package<'_>, callee: FuncId, param: usize) -> Option<(FuncId, Span)> {
    let mut found = None;
    for (id, func) in package.module.funcs.iter_enumerated() {
        for (block, data) in func.blocks.iter_enumerated() {
            for (index, instr) in data.instrs.iter().enumerate() {
                let (InstrKind::Call(call) | InstrKind::Go(call) | InstrKind::Defer(call)) =
                    &instr.kind
                else {
                    continue;
                };
                if package.body(&call.callee) != Some(callee) {
                    continue;
                }
                let arg = argument(call, param);
                match arg.map(|arg| hands_over(package, id, arg, (block, index), MAX_DEPTH)) {
                    Some(Some(true)) if matches!(instr.kind, InstrKind::Defer(_)) => return None,
                    Some(Some(true)) => found = found.or(Some((id, instr.span))),
                    Some(Some(false)) => return None,
                    Some(None) | None => {}
                }
            }
        }
    }
    found.filter(|(id, _)| !package.in_test(package.module.funcs[*id].span))
}

fn argument(call: &Call, param: usize) -> Option<LocalId> {
    match call.args.get(param) {
        Some(&Operand::Local(local)) => Some(local),
        _ => None,
    }
}

/// Whether a function does not touch a variable any more after a place, and what it holds was made in
/// the function; `None` if it cannot be said whose that is.
fn hands_over(
    package: &Package<'_>,
    id: FuncId,
    local: LocalId,
    at: (BlockId, usize),
    depth: u32,
) -> Option<bool> {
    let func = package.module.funcs.get(id)?;
    let mut names = bodies_of(package, func, local);
    for _ in 0..MAX_COPIES {
        let last = *names.last()?;
        if let Some(capture) = func.captures.iter().find(|c| c.inner == last) {
            let parent = func.parent.filter(|_| depth > 0)?;
            if !is_last(package, func, &names, at) {
                return Some(false);
            }
            let made = made_at(package, parent, id)?;
            return hands_over(package, parent, capture.outer, made, depth - 1);
        }
        if func.params.contains(&last) {
            return None;
        }
        let sources: Vec<&InstrKind> =
            visit::kinds(func).filter(|kind| defines(kind, last)).collect();
        let copied = sources.iter().find_map(|kind| match kind {
            InstrKind::Assign(
                _,
                Rvalue::Use(Operand::Local(from))
                | Rvalue::Convert(Operand::Local(from), _)
                | Rvalue::MakeInterface(Operand::Local(from), _),
            ) if !names.contains(from) => Some(*from),
            _ => None,
        });
        match (copied, sources.as_slice()) {
            (Some(from), [_]) => names.push(from),
            (Some(from), _) if is_temporary(func, from) => {
                // A variable that calls fill, through their results' places.
                let filled = sources.iter().all(|kind| is_filled(package, func, kind));
                return if filled { Some(is_last(package, func, &names, at)) } else { None };
            }
            (None, sources) if !sources.is_empty() => {
                let filled = sources.iter().all(|kind| is_filled(package, func, kind));
                return if filled { Some(is_last(package, func, &names, at)) } else { None };
            }
            _ => return None,
        }
    }
    None
}

/// A variable, after the bodies that are read from it if it holds a response.
fn bodies_of(package: &Package<'_>, func: &Func, local: LocalId) -> Vec<LocalId> {
    let mut names = Vec::new();
    if func.locals.get(local).is_some_and(|l| package.names.is_response(l.ty)) {
        let origins = Origins::new(func);
        let same = |of: LocalId| origins.source(func, of) == origins.source(func, local);
        names.extend(visit::kinds(func).filter_map(|kind| match kind {
            InstrKind::Assign(to, Rvalue::Load(place)) => match (place.base, place.proj.last()) {
                (PlaceBase::Local(of), Some(Proj::Field(_, field))) if same(of) => {
                    (package.program.object_name(*field) == "Body").then_some(*to)
                }
                _ => None,
            },
            _ => None,
        }));
    }
    names.push(local);
    names
}

fn is_temporary(func: &Func, local: LocalId) -> bool {
    func.locals.get(local).is_some_and(|local| local.name.is_empty())
}

fn defines(kind: &InstrKind, local: LocalId) -> bool {
    let mut defines = false;
    visit::defs(kind, &mut |l| defines |= l == local);
    defines && !matches!(kind, InstrKind::DeclareVar(_))
}

/// Whether an instruction fills a variable with what a call has made, or nothing.
fn is_filled(package: &Package<'_>, func: &Func, kind: &InstrKind) -> bool {
    match kind {
        InstrKind::Call(call) => makes(package, func, call),
        InstrKind::Assign(_, Rvalue::Use(Operand::Nil(_) | Operand::Zero(_))) => true,
        InstrKind::Assign(_, Rvalue::Use(Operand::Local(from))) => {
            let mut sources = visit::kinds(func).filter(|kind| defines(kind, *from)).peekable();
            sources.peek().is_some()
                && sources.all(|kind| match kind {
                    InstrKind::Call(call) => makes(package, func, call),
                    _ => false,
                })
        }
        _ => false,
    }
}

/// Whether a call makes what it returns: a method that cannot fail shows what its receiver has.
pub(crate) fn makes(package: &Package<'_>, func: &Func, call: &Call) -> bool {
    let fails = call
        .dst
        .iter()
        .any(|&dst| func.locals.get(dst).is_some_and(|local| package.is_error(local.ty)));
    match call.callee {
        // The standard library's pipes of a command, say, end with that.
        Callee::Static(object, _) | Callee::Interface { method: object, .. }
            if is_std(package, object) =>
        {
            package.names.resource(object).is_some_and(|effect| effect.acquires.is_some())
        }
        // What a pool or a registry knows as well is not given away.
        Callee::Static(object, _) if shares(package, func, call, object) => false,
        Callee::Static(object, _) => {
            let kind = &package.program.object(object).kind;
            fails || !matches!(kind, ObjectKind::Func { recv: Some(_), .. })
        }
        Callee::Interface { .. } | Callee::Value(_) => fails,
        Callee::Closure(..) | Callee::Builtin(_) => false,
    }
}

/// Whether something is declared by the standard library.
pub(crate) fn is_std(package: &Package<'_>, object: ObjectId) -> bool {
    let program = package.program;
    let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    if object.package == ObjectId::UNIVERSE {
        return true;
    }
    let theirs = first(program.package_path(object.package));
    let own = first(program.package_path(package.module.package));
    !theirs.contains('.') && theirs != own
}

/// Whether a function of the package returns what was there before, or what others get to know.
fn shares(package: &Package<'_>, func: &Func, call: &Call, object: ObjectId) -> bool {
    let ty = |dst: &LocalId| func.locals.get(*dst).map(|local| local.ty);
    let closable = |ty: &TypeId| package.is_closable(*ty);
    let Some(ty) = call.dst.iter().filter_map(ty).find(closable) else { return false };
    let key = makers::key(package, object, ty);
    let makers = package.body(&call.callee).and_then(|id| makers::of(package, id));
    makers.is_some_and(|maker| maker.key == key && (maker.kept || maker.registered))
}

/// Where a function makes a literal, if it does so at one place.
fn made_at(package: &Package<'_>, parent: FuncId, literal: FuncId) -> Option<(BlockId, usize)> {
    let func = package.module.funcs.get(parent)?;
    let mut made = func.blocks.iter_enumerated().flat_map(|(block, data)| {
        let instrs = data.instrs.iter().enumerate();
        instrs.filter_map(move |(index, instr)| match instr.kind {
            InstrKind::Assign(_, Rvalue::MakeClosure(inner)) if inner == literal => {
                Some((block, index))
            }
            _ => None,
        })
    });
    made.next().filter(|_| made.next().is_none())
}

/// Whether nothing reads any of the variables after a place, before they are filled anew, and no
/// deferred call or literal has them.
fn is_last(package: &Package<'_>, func: &Func, names: &[LocalId], at: (BlockId, usize)) -> bool {
    let Some(&root) = names.last() else { return false };
    let reads = |kind: &InstrKind| {
        let mut reads = false;
        visit::uses(kind, &mut |local| reads |= names.contains(&local));
        reads
    };
    let elsewhere = func.blocks.iter_enumerated().any(|(block, data)| {
        data.instrs.iter().enumerate().any(|(index, instr)| match &instr.kind {
            InstrKind::Defer(_) => reads(&instr.kind),
            InstrKind::Assign(_, Rvalue::MakeClosure(inner)) if (block, index) != at => {
                let captures = package.module.funcs.get(*inner).map(|f| &f.captures);
                captures.into_iter().flatten().any(|c| names.contains(&c.outer))
            }
            InstrKind::Store(_, value) | InstrKind::Send { value, .. } => named(names, value),
            InstrKind::Assign(
                _,
                Rvalue::Append { elems, .. } | Rvalue::MakeSlice { elems, .. },
            ) => elems.iter().any(|x| named(names, x)),
            InstrKind::Assign(_, Rvalue::Composite { elems, .. }) => {
                elems.iter().any(|(_, x)| named(names, x))
            }
            InstrKind::Call(call) if (block, index) != at => keeps(package, call, names),
            _ => false,
        })
    });
    if elsewhere {
        return false;
    }
    let mut seen = vec![false; func.blocks.len()];
    let mut work = vec![(at.0, at.1 + 1)];
    while let Some((block, first)) = work.pop() {
        if first == 0 && std::mem::replace(&mut seen[block.index()], true) {
            continue;
        }
        let data = &func.blocks[block];
        let mut filled = false;
        for instr in data.instrs.iter().skip(first) {
            if reads(&instr.kind) {
                return false;
            }
            if defines(&instr.kind, root) {
                filled = true;
                break;
            }
        }
        if !filled {
            successors(&data.term, &mut |next| work.push((next, 0)));
        }
    }
    true
}

fn named(names: &[LocalId], operand: &Operand) -> bool {
    matches!(operand, Operand::Local(local) if names.contains(local))
}

/// Whether a call may keep one of the variables' values, which is not its receiver.
fn keeps(package: &Package<'_>, call: &Call, names: &[LocalId]) -> bool {
    let (object, receiver) = match &call.callee {
        Callee::Static(object, _) => {
            let kind = &package.program.object(*object).kind;
            (Some(*object), matches!(kind, ObjectKind::Func { recv: Some(_), .. }))
        }
        Callee::Interface { method, .. } => (Some(*method), false),
        _ => (None, false),
    };
    let borrows = object
        .and_then(|o| package.names.resource(o))
        .is_some_and(|effect| effect.args == Some(stanch_effects::Args::Borrow));
    let body = package.body(&call.callee).and_then(|body| package.facts.get(body));
    let mut args = call.args.iter().enumerate().skip(usize::from(receiver));
    args.any(|(i, arg)| {
        let lent = borrows || body.is_some_and(|facts| facts.lends.leaves_whole(i));
        named(names, arg) && !lent
    })
}

impl Run<'_, '_> {
    /// The state in which the function begins.
    pub(crate) fn beginning(&mut self) -> State {
        let mut state = State::default();
        // Named results begin as variables do.
        for &result in &self.func.results {
            if !self.func.locals[result].name.is_empty() {
                self.declare(&mut state, result);
            }
        }
        let Some(local) = self.given_input.and_then(|i| input(self.func, i)) else {
            return state;
        };
        let data = &self.func.locals[local];
        let key = match self.func.object {
            Some(object) => makers::key(self.package, object, data.ty),
            None => self.func.symbol.to_string(),
        };
        let span = data.span;
        self.candidates.insert(span, Candidate::given(key));
        let kind = if self.package.names.is_response(data.ty) { Kind::Body } else { Kind::Closer };
        let site = Site { kind: Some(kind), ..Site::default() };
        self.given_site = Some(span);
        self.own(&mut state, span, site, true);
        let owed = self.arena.term(Term::Owed(span));
        self.assign(&mut state, local, owed);
        state
    }
}

/// What becomes of what functions are given to end: those that forget it on some way.
pub(crate) fn duties(
    package: &Package<'_>,
    run: &mut dyn FnMut(FuncId, usize) -> Vec<Duty>,
) -> Vec<Duty> {
    let mut seen: FxHashSet<(FuncId, usize)> = FxHashSet::default();
    let mut duties = Vec::new();
    for Given { func, input: param, by, alone } in find(package) {
        let Some(local) = input(&package.module.funcs[func], param) else { continue };
        if !seen.insert((func, param)) {
            continue;
        }
        let known = &package.module.funcs[func];
        let (span, ty) = (known.locals[local].span, known.locals[local].ty);
        let response = package.names.is_response(ty);
        let fails = known.results.iter().any(|&r| package.is_error(known.locals[r].ty));
        let lost = run(func, param).into_iter();
        let lost = lost.filter(|duty| duty.span == span && duty.closer.is_some());
        // Whether a response is kept open on other ways than failing ones may be its callers' choice.
        let counts = |lost: &LostResource| !response || lost.fails || !fails;
        duties.extend(
            lost.filter(|duty| duty.lost.as_ref().is_some_and(counts))
                .filter(|duty| alone || response || !duty.deferred)
                .map(|duty| Duty { given_by: Some(by), ..duty }),
        );
    }
    duties
}
