//! Program to text.

use super::parse::{ARITHMETIC, RELATIONS};
use super::{is_plain_name, is_slot_name, prim_name};
use crate::program::*;
use stanch_base::{FxHashMap, FxHashSet, Idx};
use std::fmt::{self, Formatter, Write};

/// Writes a program.
pub(super) fn program(f: &mut Formatter<'_>, program: &Program) -> fmt::Result {
    let names = Names::new(program);
    for global in &program.globals {
        writeln!(f, "global {} = {}", global.name, names.init(&global.init))?;
    }
    for m in &program.methods {
        writeln!(f, "method {} {} = {}", m.tag.0, m.method.0, names.function(m.function))?;
    }
    for (id, function) in program.functions.iter_enumerated() {
        names.write_function(f, id, function)?;
    }
    Ok(())
}

/// Names of functions, and of the slots of one function.
struct Names<'p> {
    program: &'p Program,
    fns: Vec<String>,
    locals: Vec<String>,
}

impl<'p> Names<'p> {
    fn new(program: &'p Program) -> Self {
        let mut count: FxHashMap<&str, u32> = FxHashMap::default();
        let fns = program.functions.iter().map(|f| {
            let n = count.entry(&f.name).or_default();
            *n += 1;
            if *n > 1 || f.name.is_empty() || f.name.contains(['"', '#']) {
                let clean: String = f.name.chars().filter(|c| !matches!(c, '"' | '#')).collect();
                format!("\"{clean}#{n}\"")
            } else if is_plain_name(&f.name) {
                f.name.to_string()
            } else {
                format!("\"{}\"", f.name)
            }
        });
        Self { program, fns: fns.collect(), locals: Vec::new() }
    }

    fn function(&self, id: FnId) -> &str {
        self.fns.get(id.index()).map_or("_", |n| n)
    }

    fn local(&self, id: LocalId) -> &str {
        self.locals.get(id.index()).map_or("_", |n| n)
    }

    fn init(&self, init: &GlobalInit) -> String {
        match init {
            GlobalInit::Const(c) => constant(*c),
            GlobalInit::Func(f) => format!("fn {}", self.function(*f)),
            GlobalInit::Unknown(kind) => unknown(*kind).to_owned(),
            GlobalInit::Object(kind) => format!("object {}", self.kind(kind)),
            GlobalInit::OpenObject(kind) => format!(
                "open {}",
                match kind {
                    OpenKind::Struct => "struct",
                    OpenKind::Chan => "chan",
                    OpenKind::Context => "context",
                    OpenKind::Background => "background",
                    OpenKind::Other => "other",
                }
            ),
        }
    }

    fn write_function(&self, f: &mut Formatter<'_>, id: FnId, function: &Function) -> fmt::Result {
        let mut taken: FxHashSet<String> = FxHashSet::default();
        let mut locals = Vec::new();
        for (n, name) in function.locals.iter().enumerate() {
            let mut shown = name.to_string();
            if !is_slot_name(&shown) || taken.contains(&shown) {
                let clean: String = name.chars().filter(|c| super::is_word(*c)).collect();
                shown = format!("{clean}_{n}");
                if !is_slot_name(&shown) || taken.contains(&shown) {
                    shown = format!("slot__{n}");
                }
            }
            taken.insert(shown.clone());
            locals.push(shown);
        }
        let names = Names { program: self.program, fns: self.fns.clone(), locals };
        let list = |from: u32, n: u32| {
            let all = (from..from.saturating_add(n)).map(|l| names.local(LocalId::from_raw(l)));
            all.collect::<Vec<_>>().join(", ")
        };
        let main = if function.main { "main " } else { "" };
        let params = list(function.n_captures, function.n_params);
        write!(f, "{main}fn {}({params})", self.function(id))?;
        if function.n_captures > 0 {
            write!(f, " captures ({})", list(0, function.n_captures))?;
        }
        if !function.results.is_empty() {
            let results = function
                .results
                .iter()
                .map(|r| format!("{}{}", if r.cell { "*" } else { "" }, names.local(r.local)));
            write!(f, " -> ({})", results.collect::<Vec<_>>().join(", "))?;
        }
        if function.blocks.is_empty() {
            return writeln!(f);
        }
        writeln!(f, " {{")?;
        for (b, block) in function.blocks.iter_enumerated() {
            writeln!(f, "{b:?}:")?;
            for instr in &block.instrs {
                writeln!(f, "  {} @{}", names.op(&instr.op), instr.site.0)?;
            }
            writeln!(f, "  {} @{}", names.term(&block.term), block.term_site.0)?;
        }
        writeln!(f, "}}")
    }

    fn operand(&self, operand: Operand) -> String {
        match operand {
            Operand::Local(l) => self.local(l).to_owned(),
            Operand::Const(c) => constant(c),
            Operand::Func(f) => format!("fn {}", self.function(f)),
            Operand::Unknown => "?".to_owned(),
        }
    }

    fn operands(&self, operands: &[Operand]) -> String {
        operands.iter().map(|o| self.operand(*o)).collect::<Vec<_>>().join(", ")
    }

    fn kind(&self, kind: &AllocKind) -> String {
        let o = |operand: &Operand| self.operand(*operand);
        match kind {
            AllocKind::Cell(v) => format!("cell {}", o(v)),
            AllocKind::Struct => "struct".to_owned(),
            AllocKind::Chan(cap) => format!("chan {}", o(cap)),
            AllocKind::Mutex => "mutex".to_owned(),
            AllocKind::RwMutex => "rwmutex".to_owned(),
            AllocKind::WaitGroup => "waitgroup".to_owned(),
            AllocKind::Cond(lock) => format!("cond {}", o(lock)),
            AllocKind::Once => "once".to_owned(),
            AllocKind::Timer => "timer".to_owned(),
            AllocKind::Ticker => "ticker".to_owned(),
            AllocKind::AfterFunc(f) => format!("afterfunc {}", o(f)),
            AllocKind::AfterContext(c, f) => format!("aftercontext {} {}", o(c), o(f)),
            AllocKind::Semaphore(n) => format!("semaphore {}", o(n)),
            AllocKind::Seq(n, v) => format!("seq {} {}", o(n), o(v)),
            AllocKind::Map => "map".to_owned(),
            AllocKind::Token => "token".to_owned(),
        }
    }

    fn call(&self, call: &Call) -> String {
        let args = self.operands(&call.args);
        let callee = match call.callee {
            Callee::Fn(f) => self.function(f).to_owned(),
            Callee::Value(v) => format!("*{}", self.operand(v)),
            Callee::Method(v, m) => format!("{}.{}", self.operand(v), m.0),
            Callee::Prim(p) => prim_name(p).to_owned(),
            Callee::Opaque => "opaque".to_owned(),
            Callee::Pure(UnknownKind::Any) => "pure".to_owned(),
            Callee::Pure(kind) => format!("pure {}", unknown(kind)),
        };
        format!("{callee}({args})")
    }

    fn dsts(&self, dsts: &[Option<LocalId>]) -> String {
        let mut text = String::new();
        for (n, dst) in dsts.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            let name = dst.map_or("_", |l| self.local(l));
            let _ = write!(text, "{comma}{name}");
        }
        if !dsts.is_empty() {
            text.push_str(" = ");
        }
        text
    }

    fn op(&self, op: &Op) -> String {
        let o = |operand: &Operand| self.operand(*operand);
        let l = |local: &LocalId| self.local(*local);
        match op {
            Op::Assign { dst, src } => format!("{} = {}", l(dst), o(src)),
            Op::Unknown { dst, kind } => format!("{} = {}", l(dst), unknown(*kind)),
            Op::Choose { dst, n } => format!("{} = choose {n}", l(dst)),
            Op::Alloc { dst, kind } => format!("{} = {}", l(dst), self.kind(kind)),
            Op::NewContext { dst, cancel, parent, kind } => {
                let kind = match kind {
                    ContextKind::Cancel => "cancel",
                    ContextKind::Deadline => "deadline",
                    ContextKind::Detached => "detached",
                };
                let cancel = cancel.map_or(String::new(), |c| format!(", {}", self.local(c)));
                format!("{}{cancel} = context {kind} {}", l(dst), o(parent))
            }
            Op::Closure { dst, callee, env } => {
                let callee = match callee {
                    Bindable::Fn(f) => self.function(*f).to_owned(),
                    Bindable::Prim(p) => prim_name(*p).to_owned(),
                    Bindable::Method(m) => format!("method {}", m.0),
                };
                format!("{} = closure {callee}({})", l(dst), self.operands(env))
            }
            Op::Compare { dst, op, a, b } => {
                let sign = RELATIONS.iter().find(|r| r.1 == *op).map_or("==", |r| r.0);
                format!("{} = {} {sign} {}", l(dst), o(a), o(b))
            }
            Op::Arith { dst, op, a, b } => {
                let sign = ARITHMETIC.iter().find(|r| r.1 == *op).map_or("+", |r| r.0);
                format!("{} = {} {sign} {}", l(dst), o(a), o(b))
            }
            Op::Not { dst, a } => format!("{} = !{}", l(dst), o(a)),
            Op::LoadCell { dst, cell } => format!("{} = *{}", l(dst), o(cell)),
            Op::StoreCell { cell, src } => format!("*{} = {}", o(cell), o(src)),
            Op::LoadField { dst, base, field, zero: Operand::Const(Const::Nil) } => {
                format!("{} = {}.{field}", l(dst), o(base))
            }
            Op::LoadField { dst, base, field, zero } => {
                format!("{} = {}.{field} zero {}", l(dst), o(base), o(zero))
            }
            Op::StoreField { base, field, src } => format!("{}.{field} = {}", o(base), o(src)),
            Op::Part { dst, base, field, kind } => {
                format!("{} = part {}.{field} {}", l(dst), o(base), self.kind(kind))
            }
            Op::CopyStruct { dst, src } => format!("{} = copy {}", l(dst), o(src)),
            Op::LoadGlobal { dst, global } => format!("{} = ${}", l(dst), self.global(*global)),
            Op::StoreGlobal { global, src } => format!("${} = {}", self.global(*global), o(src)),
            Op::SetTag { dst, src, tag } => format!("{} = tag {} {}", l(dst), tag.0, o(src)),
            Op::Assert { dst, ok, src, tags, keep } => {
                let dsts = match ok {
                    Some(ok) => format!("{}, {}", l(dst), l(ok)),
                    None => l(dst).to_owned(),
                };
                let keep = if *keep { " keep" } else { "" };
                format!("{dsts} = assert [{}] {}{keep}", tag_list(tags), o(src))
            }
            Op::Direction { dst, src, dir } => {
                let dir = match dir {
                    ChanDir::Recv => "recvonly",
                    ChanDir::Send => "sendonly",
                };
                format!("{} = {dir} {}", l(dst), o(src))
            }
            Op::Call(call) => format!("{}{}", self.dsts(&call.dst), self.call(call)),
            Op::Go(call) => format!("go {}", self.call(call)),
            Op::Defer(call) => format!("defer {}", self.call(call)),
            Op::RunDefers => "rundefers".to_owned(),
            Op::Recover { dst } => format!("{} = recover", l(dst)),
        }
    }

    fn global(&self, id: GlobalId) -> &str {
        self.program.globals.get(id).map_or("_", |g| &g.name)
    }

    fn term(&self, term: &Term) -> String {
        match term {
            Term::Goto(b) => format!("goto {b:?}"),
            Term::Branch { cond, then, els } => {
                format!("if {} {then:?} else {els:?}", self.operand(*cond))
            }
            Term::TypeSwitch { value, cases, default } => {
                let mut text = format!("typeswitch {} {{ ", self.operand(*value));
                for case in cases {
                    let nil = if case.nil { "nil " } else { "" };
                    let _ = write!(text, "[{}] {nil}{:?}; ", tag_list(&case.tags), case.target);
                }
                let _ = write!(text, "else {default:?} }}");
                text
            }
            Term::Select { arms, default } => {
                let mut text = "select {".to_owned();
                for arm in arms {
                    text.push_str("\n    ");
                    match &arm.op {
                        SelectOp::Send { chan, value } => {
                            let _ = write!(text, "send {}", self.operands(&[*chan, *value]));
                        }
                        SelectOp::Recv { chan, dst, ok, zero } => {
                            let dsts = match (dst, ok) {
                                (None, None) => String::new(),
                                (_, None) => self.dsts(&[*dst]),
                                _ => self.dsts(&[*dst, *ok]),
                            };
                            let _ = write!(text, "{dsts}recv {}", self.operand(*chan));
                            if let Some(zero) = zero {
                                let _ = write!(text, ", {}", self.operand((*zero).into()));
                            }
                        }
                    }
                    let _ = write!(text, " -> {:?} @{}", arm.target, arm.site.0);
                }
                if let Some(default) = default {
                    let _ = write!(text, "\n    default -> {default:?}");
                }
                text.push_str(if arms.is_empty() && default.is_none() { "}" } else { "\n  }" });
                text
            }
            Term::Return => "return".to_owned(),
            Term::Panic(value) => format!("panic {}", self.operand(*value)),
            Term::Goexit => "goexit".to_owned(),
            Term::Exit => "exit".to_owned(),
        }
    }
}

fn constant(c: Const) -> String {
    match c {
        Const::Nil => "nil".to_owned(),
        Const::Bool(b) => b.to_string(),
        Const::Int(n) => n.to_string(),
        Const::Sym(s) => format!("'{}", s.0),
    }
}

fn unknown(kind: UnknownKind) -> &'static str {
    match kind {
        UnknownKind::Any => "unknown",
        UnknownKind::NonNil => "nonnil",
        UnknownKind::Size => "size",
    }
}

fn tag_list(tags: &[TypeTag]) -> String {
    tags.iter().map(|t| t.0.to_string()).collect::<Vec<_>>().join(" ")
}
