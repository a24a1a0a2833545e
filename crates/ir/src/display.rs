//! The text form.

use crate::data::*;
use stanch_types::{ConstValue, Program};
use std::fmt::Write;

impl Module {
    /// All functions as text.
    pub fn display(&self, program: &Program<'_>) -> String {
        let mut out = String::new();
        for func in self.funcs.iter() {
            Printer { program, module: self, func, out: &mut out }.func();
        }
        out
    }
}

struct Printer<'a> {
    program: &'a Program<'a>,
    module: &'a Module,
    func: &'a Func,
    out: &'a mut String,
}

impl Printer<'_> {
    fn func(&mut self) {
        let params = self.locals(&self.func.params);
        let results = self.locals(&self.func.results);
        let _ = write!(self.out, "func {}({params})", self.func.symbol);
        if !results.is_empty() {
            let _ = write!(self.out, " ({results})");
        }
        for capture in &self.func.captures {
            let how = if capture.by_ref { "&" } else { "" };
            let _ = write!(self.out, " [{how}{}]", self.local(capture.inner));
        }
        self.out.push('\n');
        for (id, block) in self.func.blocks.iter_enumerated() {
            let _ = writeln!(self.out, "{id:?}:");
            for instr in &block.instrs {
                let text = self.instr(&instr.kind);
                let _ = writeln!(self.out, "    {text}");
            }
            let text = self.term(&block.term);
            let _ = writeln!(self.out, "    {text}");
        }
        self.out.push('\n');
    }

    fn locals(&self, locals: &[LocalId]) -> String {
        let texts: Vec<String> = locals
            .iter()
            .map(|&l| format!("{} {}", self.local(l), self.ty(self.func.locals[l].ty)))
            .collect();
        texts.join(", ")
    }

    fn ty(&self, ty: stanch_types::TypeId) -> String {
        self.program.type_string(ty)
    }

    /// A variable's name, with its number where that is needed to tell it from another.
    fn local(&self, local: LocalId) -> String {
        let Some(info) = self.func.locals.get(local) else { return format!("{local:?}?") };
        if info.name.is_empty() || info.name.as_ref() == "_" {
            return format!("{local:?}");
        }
        let same = self.func.locals.iter().filter(|l| l.name == info.name).count();
        match same {
            1 => info.name.to_string(),
            _ => format!("{}{local:?}", info.name),
        }
    }

    fn object(&self, object: stanch_types::ObjectId) -> String {
        let object = self.program.object(object);
        object.name.to_string()
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Local(local) => self.local(*local),
            Operand::Const(value, _) => constant(value),
            Operand::Nil(_) => "nil".to_owned(),
            Operand::Zero(ty) => format!("zero({})", self.ty(*ty)),
            Operand::Func(object) => self.object(*object),
            Operand::Unknown(_) => "?".to_owned(),
        }
    }

    fn operands(&self, operands: &[Operand]) -> String {
        let texts: Vec<String> = operands.iter().map(|o| self.operand(o)).collect();
        texts.join(", ")
    }

    fn place(&self, place: &Place) -> String {
        let mut text = match place.base {
            PlaceBase::Local(local) => self.local(local),
            PlaceBase::Global(object) => format!("@{}", self.object(object)),
        };
        for proj in &place.proj {
            match proj {
                Proj::Field(_, object) => {
                    let _ = write!(text, ".{}", self.object(*object));
                }
                Proj::Deref => text.push_str(".*"),
                Proj::Index(index) => {
                    let _ = write!(text, "[{}]", self.operand(index));
                }
            }
        }
        text
    }

    fn call(&self, call: &Call) -> String {
        let mut text = String::new();
        if !call.dst.is_empty() {
            let dst: Vec<String> = call.dst.iter().map(|&d| self.local(d)).collect();
            let _ = write!(text, "{} = ", dst.join(", "));
        }
        let callee = match &call.callee {
            Callee::Static(object, _) => self.object(*object),
            Callee::Closure(func, _) => self.symbol(*func),
            Callee::Value(value) => format!("({})", self.operand(value)),
            Callee::Interface { recv, method } => {
                format!("{}.{}", self.operand(recv), self.object(*method))
            }
            Callee::Builtin(builtin) => format!("{builtin:?}").to_lowercase(),
        };
        let spread = if call.spread { "..." } else { "" };
        let _ = write!(text, "{callee}({}{spread})", self.operands(&call.args));
        text
    }

    fn symbol(&self, func: FuncId) -> String {
        self.module.funcs.get(func).map_or_else(String::new, |f| f.symbol.clone())
    }

    fn optional(&self, local: Option<LocalId>) -> String {
        local.map_or_else(|| "_".to_owned(), |l| self.local(l))
    }

    fn instr(&self, kind: &InstrKind) -> String {
        match kind {
            InstrKind::DeclareVar(local) => format!("var {}", self.local(*local)),
            InstrKind::Assign(dst, value) => {
                format!("{} = {}", self.local(*dst), self.rvalue(value))
            }
            InstrKind::Store(place, value) => {
                format!("{} = {}", self.place(place), self.operand(value))
            }
            InstrKind::Call(call) => self.call(call),
            InstrKind::Go(call) => format!("go {}", self.call(call)),
            InstrKind::Defer(call) => format!("defer {}", self.call(call)),
            InstrKind::RunDefers => "rundefers".to_owned(),
            InstrKind::Send { chan, value } => {
                format!("{} <- {}", self.operand(chan), self.operand(value))
            }
            InstrKind::Recv { dst, ok, chan, range } => {
                let range = if *range { "range " } else { "" };
                let (dst, ok) = (self.optional(*dst), self.optional(*ok));
                format!("{dst}, {ok} = <-{range}{}", self.operand(chan))
            }
            InstrKind::MapDelete { map, key } => {
                format!("delete({}, {})", self.operand(map), self.operand(key))
            }
        }
    }

    fn rvalue(&self, value: &Rvalue) -> String {
        match value {
            Rvalue::Use(x) => self.operand(x),
            Rvalue::Load(place) => format!("load {}", self.place(place)),
            Rvalue::AddressOf(place) => format!("&{}", self.place(place)),
            Rvalue::New(ty) => format!("new({})", self.ty(*ty)),
            Rvalue::MakeChan { ty, cap } => {
                let cap = cap.as_ref().map(|c| format!(", {}", self.operand(c)));
                format!("make({}{})", self.ty(*ty), cap.unwrap_or_default())
            }
            Rvalue::MakeMap(ty) => format!("make({})", self.ty(*ty)),
            Rvalue::MakeSlice { ty, elems, len } => {
                let len = len.as_ref().map(|l| format!(", {}", self.operand(l)));
                let elems = self.operands(elems);
                format!("slice({}{}){{{elems}}}", self.ty(*ty), len.unwrap_or_default())
            }
            Rvalue::Composite { ty, elems } => {
                let elems: Vec<String> =
                    elems.iter().map(|(i, v)| format!("{i}: {}", self.operand(v))).collect();
                format!("{}{{{}}}", self.ty(*ty), elems.join(", "))
            }
            Rvalue::MakeClosure(func) => format!("closure {}", self.symbol(*func)),
            Rvalue::MethodValue { recv, method } => {
                format!("method {}.{}", self.operand(recv), self.object(*method))
            }
            Rvalue::Unary(op, x) => format!("{op:?} {}", self.operand(x)),
            Rvalue::Binary(op, x, y) => format!("{} {op:?} {}", self.operand(x), self.operand(y)),
            Rvalue::Convert(x, ty) => format!("{}({})", self.ty(*ty), self.operand(x)),
            Rvalue::MakeInterface(x, ty) => {
                format!("interface {}({})", self.ty(*ty), self.operand(x))
            }
            Rvalue::TypeAssert { x, ty, ok } => {
                let ok = ok.map_or_else(String::new, |ok| format!(", {}", self.local(ok)));
                format!("{}.({}){ok}", self.operand(x), self.ty(*ty))
            }
            Rvalue::MapLookup { map, key, ok } => {
                let ok = ok.map_or_else(String::new, |ok| format!(", {}", self.local(ok)));
                format!("{}[{}]{ok}", self.operand(map), self.operand(key))
            }
            Rvalue::Len(x) => format!("len({})", self.operand(x)),
            Rvalue::Cap(x) => format!("cap({})", self.operand(x)),
            Rvalue::Slice { x, lo, hi } => {
                let bound =
                    |b: &Option<Operand>| b.as_ref().map_or(String::new(), |b| self.operand(b));
                format!("{}[{}:{}]", self.operand(x), bound(lo), bound(hi))
            }
            Rvalue::Append { slice, elems, spread } => {
                let spread = if *spread { "..." } else { "" };
                format!("append({}, {}{spread})", self.operand(slice), self.operands(elems))
            }
            Rvalue::Recover => "recover()".to_owned(),
            Rvalue::Other(xs, _) => format!("other({})", self.operands(xs)),
        }
    }

    fn term(&self, term: &Terminator) -> String {
        match term {
            Terminator::Goto(to) => format!("goto {to:?}"),
            Terminator::Branch { cond, then, els } => {
                format!("if {} {then:?} else {els:?}", self.operand(cond))
            }
            Terminator::Select { arms, default } => {
                let mut text = "select".to_owned();
                for arm in arms {
                    let op = match &arm.op {
                        SelectOp::Send { chan, value } => {
                            format!("{} <- {}", self.operand(chan), self.operand(value))
                        }
                        SelectOp::Recv { chan, dst, ok } => {
                            let (dst, ok) = (self.optional(*dst), self.optional(*ok));
                            format!("{dst}, {ok} = <-{}", self.operand(chan))
                        }
                    };
                    let _ = write!(text, " [{op} {:?}]", arm.target);
                }
                if let Some(default) = default {
                    let _ = write!(text, " [default {default:?}]");
                }
                text
            }
            Terminator::RangeNext { over, key, value, body, done, .. } => {
                let (key, value) = (self.optional(*key), self.optional(*value));
                format!("range {key}, {value} of {} {body:?} done {done:?}", self.operand(over))
            }
            Terminator::TypeSwitch { x, cases, default } => {
                let cases: Vec<String> = cases
                    .iter()
                    .map(|(ty, to)| {
                        let ty = ty.map_or_else(|| "nil".to_owned(), |ty| self.ty(ty));
                        format!("[{ty} {to:?}]")
                    })
                    .collect();
                let x = self.operand(x);
                format!("typeswitch {x} {} [default {default:?}]", cases.join(" "))
            }
            Terminator::Return => "return".to_owned(),
            Terminator::Panic(x) => format!("panic {}", self.operand(x)),
            Terminator::Unreachable => "unreachable".to_owned(),
        }
    }
}

fn constant(value: &ConstValue) -> String {
    match value {
        ConstValue::Bool(b) => b.to_string(),
        ConstValue::String(s) => format!("{:?}", String::from_utf8_lossy(s)),
        ConstValue::Int(n) => n.to_string(),
        ConstValue::Rat(r) => r.to_string(),
        ConstValue::Complex(c) => format!("({} + {}i)", c.0, c.1),
        ConstValue::Unknown => "const?".to_owned(),
    }
}
